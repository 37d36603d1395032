package files

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
)

// What follows tells files that were cut short from whole ones by their outermost frame.
// Whatever stands after a whole file is left alone: cameras, scanners and portals add things.

// wholePNG walks over the chunks to the last one.
func wholePNG(r io.ReaderAt, size int64) error {
	in := bufio.NewReader(io.NewSectionReader(r, 8, size-8))
	for {
		head, err := in.Peek(8)
		if err != nil {
			return cutShort(err)
		}
		if string(head[4:]) == "IEND" {
			return nil
		}
		if _, err := in.Discard(int(binary.BigEndian.Uint32(head)) + 12); err != nil {
			return cutShort(err)
		}
	}
}

// wholeJPEG walks over the segments to the first pixels and looks for the end of the image
// behind them: pixels never look like it, and a small picture inside a segment has an end of
// its own.
func wholeJPEG(r io.ReaderAt, size int64) error {
	in := bufio.NewReader(io.NewSectionReader(r, 2, size-2))
	for {
		head, err := in.Peek(4)
		if err != nil {
			return cutShort(err)
		}
		if head[0] == 0xff && head[1] == 0xda {
			break
		}
		skip := 1 // a fill byte, or something odd
		if head[0] == 0xff && head[1] != 0xff {
			skip = 2 + int(binary.BigEndian.Uint16(head[2:]))
		}
		if _, err := in.Discard(skip); err != nil {
			return cutShort(err)
		}
	}
	for {
		_, err := in.ReadSlice(0xff)
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		next, peeking := in.Peek(1)
		if err = errors.Join(err, peeking); err != nil {
			return cutShort(err)
		}
		if next[0] == 0xd9 {
			return nil
		}
	}
}

// pdfTail is how far from the end of a PDF, in bytes, its last mark may stand: four times
// what Acrobat grants, for what servers append.
const pdfTail = 4096

// wholePDF looks for the mark at the end, past blanks and zeros of any number. A document
// that was added to has the mark once per addition, and only the last one counts.
func wholePDF(r io.ReaderAt, size int64) error {
	tail := make([]byte, pdfTail)
	for end := size; end > 0; {
		at := max(0, end-pdfTail)
		part := tail[:end-at]
		if n, err := r.ReadAt(part, at); n < len(part) {
			return cutShort(err)
		}
		if bytes.Contains(part, []byte("%%EOF")) {
			return nil
		}
		filled := len(bytes.TrimRight(part, "\x00\t\n\f\r "))
		if filled == len(part) {
			break
		}
		end = at + int64(filled)
	}
	return ErrTruncated
}

// maxBoxes bounds the boxes that wholeHEIC looks at; images have a handful.
const maxBoxes = 1000

// wholeHEIC walks over the outermost boxes: the list of the images must be there, and past the
// end of the file no box may reach, but for what some cameras append in a form of its own once
// the image is complete.
func wholeHEIC(r io.ReaderAt, size int64) error {
	var head [16]byte
	var list, image bool
	at := int64(0)
	for range maxBoxes {
		switch {
		case list && (image || at == size): // pixels may stand in the list itself
			return nil
		case size-at < 8:
			return ErrTruncated
		}
		n, err := r.ReadAt(head[:], at)
		if n < 8 {
			return cutShort(err)
		}
		length := int64(binary.BigEndian.Uint32(head[:]))
		switch {
		case length == 0: // to the end of the file
			length = max(8, size-at)
		case length == 1 && n < len(head):
			return cutShort(err)
		case length == 1:
			length = int64(min(binary.BigEndian.Uint64(head[8:]), 1<<62))
		}
		if length < 8 {
			return ErrUnknownKind
		}
		if length > size-at {
			return ErrTruncated
		}
		list = list || string(head[4:8]) == "meta"
		image = image || string(head[4:8]) == "mdat"
		at += length
	}
	return ErrUnknownKind
}

// cutShort tells a file that ends too early from one that cannot be read.
func cutShort(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return ErrTruncated
	}
	return err
}
