package pack

import (
	"archive/zip"
	"hash/crc32"
	"io"
	"time"
)

// archive writes the entries of a pack. Every field of its headers is given here or
// follows from the contents; archive/zip adds none.
type archive struct {
	zip        *zip.Writer
	date, time uint16
}

func newArchive(w io.Writer, at time.Time) *archive {
	a := &archive{zip: zip.NewWriter(w)}
	a.date, a.time = dosTime(at)
	return a
}

// create begins an entry whose size in bytes and checksum are known. They stand in its
// header, not behind its bytes: readers of streams cannot find the end of an entry that
// is neither compressed nor announced.
func (a *archive) create(name string, size int64, crc uint32) (io.Writer, error) {
	const version20 = 20 // of MS-DOS: permissions are for whoever unpacks to choose
	return a.zip.CreateRaw(&zip.FileHeader{
		Name: name, Method: zip.Store, CreatorVersion: version20, ReaderVersion: version20,
		ModifiedDate: a.date, ModifiedTime: a.time, //nolint:staticcheck // Modified would add a field of its own
		CRC32: crc, CompressedSize64: uint64(size), UncompressedSize64: uint64(size),
	})
}

func (a *archive) add(name string, data []byte) error {
	w, err := a.create(name, int64(len(data)), crc32.ChecksumIEEE(data))
	if err != nil {
		return err
	}
	_, err = w.Write(data)
	return err
}

func (a *archive) close() error { return a.zip.Close() }

// dosTime is a time in UTC as ZIP headers hold it: even seconds between 1980 and 2107.
func dosTime(t time.Time) (date, clock uint16) {
	t = t.UTC()
	if t.Year() < 1980 {
		t = time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	if t.Year() > 2107 {
		t = time.Date(2107, 12, 31, 23, 59, 58, 0, time.UTC)
	}
	date = uint16(t.Day() | int(t.Month())<<5 | (t.Year()-1980)<<9)
	clock = uint16(t.Second()/2 | t.Minute()<<5 | t.Hour()<<11)
	return date, clock
}
