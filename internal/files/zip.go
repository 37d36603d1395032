package files

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"io"
	"strings"
)

// What an archive may declare.
const (
	maxEntries  = 10_000
	maxUnpacked = 1 << 30 // bytes
)

// directory is where the central directory of an archive stands.
type directory struct {
	entries, offset, size uint64
}

// readZIP tells workbooks from other archives by the central directory alone, read in one
// pass without keeping it (archive/zip would build a list of hundreds of thousands of entries
// before it could be asked how many they are). It returns ErrBomb for archives that declare
// too much, or whose entries overlap, ErrTruncated for those that do not reach their end, and
// ErrUnknownKind for those that contradict themselves.
func readZIP(r io.ReaderAt, size int64) (Kind, error) {
	dir, err := findDirectory(r, size)
	if err != nil {
		return "", err
	}
	if dir.entries > maxEntries {
		return "", ErrBomb
	}
	in := bufio.NewReader(io.NewSectionReader(r, int64(dir.offset), int64(dir.size)))
	var header [46]byte
	field := make([]byte, 1<<16)
	var packed, unpacked uint64
	var types, workbook bool
	for range dir.entries {
		if _, err := io.ReadFull(in, header[:]); err != nil || string(header[:4]) != "PK\x01\x02" {
			return "", ErrUnknownKind
		}
		name := field[:binary.LittleEndian.Uint16(header[28:])]
		if _, err := io.ReadFull(in, name); err != nil {
			return "", ErrUnknownKind
		}
		types = types || strings.EqualFold(string(name), "[Content_Types].xml")
		workbook = workbook || strings.EqualFold(string(name), "xl/workbook.xml")
		extra := field[:binary.LittleEndian.Uint16(header[30:])]
		if _, err := io.ReadFull(in, extra); err != nil {
			return "", ErrUnknownKind
		}
		if _, err := in.Discard(int(binary.LittleEndian.Uint16(header[32:]))); err != nil {
			return "", ErrUnknownKind
		}
		from, to := entrySizes(&header, extra)
		if from > dir.offset {
			return "", ErrUnknownKind
		}
		if to > maxUnpacked {
			return "", ErrBomb
		}
		packed += from
		unpacked += to
	}
	_, end := in.ReadByte()
	switch {
	case dir.entries == 0 || end != io.EOF:
		return "", ErrUnknownKind
	case unpacked > maxUnpacked || packed > dir.offset:
		return "", ErrBomb
	case types && workbook:
		return XLSX, nil
	default:
		return ZIP, nil
	}
}

// entrySizes returns the packed and the unpacked size of an entry, which stand in the extra
// field if they are large.
func entrySizes(header *[46]byte, extra []byte) (packed, unpacked uint64) {
	const large = 1<<32 - 1
	packed = uint64(binary.LittleEndian.Uint32(header[20:]))
	unpacked = uint64(binary.LittleEndian.Uint32(header[24:]))
	for len(extra) >= 4 {
		id, n := binary.LittleEndian.Uint16(extra), int(binary.LittleEndian.Uint16(extra[2:]))
		if extra = extra[4:]; n > len(extra) {
			break
		}
		if zip64 := extra[:n]; id == 1 {
			if unpacked == large && len(zip64) >= 8 {
				unpacked, zip64 = binary.LittleEndian.Uint64(zip64), zip64[8:]
			}
			if packed == large && len(zip64) >= 8 {
				packed = binary.LittleEndian.Uint64(zip64)
			}
			break
		}
		extra = extra[n:]
	}
	return packed, unpacked
}

// withoutEnd tells an archive that was cut short from one with something after its end, which
// other programs might take for another file.
func withoutEnd(tail []byte) error {
	const recordSize = 22
	for {
		at := bytes.LastIndex(tail, []byte("PK\x05\x06"))
		if at < 0 {
			return ErrTruncated
		}
		if record := tail[at:]; len(record) >= recordSize && recordSize+int(binary.LittleEndian.Uint16(record[20:])) < len(record) {
			return ErrUnknownKind
		}
		tail = tail[:at]
	}
}

// findDirectory reads the records at the end of an archive, of the zip64 kind too. They must
// close the file, and the directory must end where they begin.
func findDirectory(r io.ReaderAt, size int64) (directory, error) {
	const recordSize, locatorSize, record64Size = 22, 20, 56
	tail := make([]byte, min(size, recordSize+1<<16-1))
	if n, err := r.ReadAt(tail, size-int64(len(tail))); n < len(tail) {
		return directory{}, cutShort(err)
	}
	at := len(tail) - recordSize
	for ; at >= 0; at-- {
		if bytes.HasPrefix(tail[at:], []byte("PK\x05\x06")) && at+recordSize+int(binary.LittleEndian.Uint16(tail[at+20:])) == len(tail) {
			break
		}
	}
	if at < 0 {
		return directory{}, withoutEnd(tail)
	}
	record := tail[at:]
	dir := directory{
		entries: uint64(binary.LittleEndian.Uint16(record[10:])),
		size:    uint64(binary.LittleEndian.Uint32(record[12:])),
		offset:  uint64(binary.LittleEndian.Uint32(record[16:])),
	}
	end := uint64(size - int64(len(record)))
	if at >= locatorSize && bytes.HasPrefix(tail[at-locatorSize:], []byte("PK\x06\x07")) {
		start := binary.LittleEndian.Uint64(tail[at-locatorSize+8:])
		if end < locatorSize+record64Size || start > end-locatorSize-record64Size {
			return directory{}, ErrUnknownKind
		}
		record := make([]byte, record64Size)
		if n, err := r.ReadAt(record, int64(start)); n < len(record) {
			return directory{}, cutShort(err)
		}
		if !bytes.HasPrefix(record, []byte("PK\x06\x06")) {
			return directory{}, ErrUnknownKind
		}
		dir = directory{
			entries: binary.LittleEndian.Uint64(record[32:]),
			size:    binary.LittleEndian.Uint64(record[40:]),
			offset:  binary.LittleEndian.Uint64(record[48:]),
		}
		end = start
	}
	if dir.offset > end || dir.size != end-dir.offset {
		return directory{}, ErrUnknownKind
	}
	return dir, nil
}
