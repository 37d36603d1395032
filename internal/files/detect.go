package files

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"image/png"
	"io"
	"slices"
)

// detect tells what a file of size bytes is. What it is must begin with its first byte, so
// that a page with a picture at its end is no picture. Besides read errors it returns
// ErrUnknownKind, ErrTruncated and ErrBomb.
//
// It reads a file at most twice, in small pieces, and keeps nothing of it; of archives it
// reads the central directory alone.
func detect(r io.ReaderAt, size int64) (Kind, error) {
	head := make([]byte, 64)
	n, err := r.ReadAt(head, 0)
	if err != nil && err != io.EOF {
		return "", err
	}
	head = head[:min(int64(n), size)]
	at := func(offset int, magic string) bool {
		return len(head) >= offset && bytes.HasPrefix(head[offset:], []byte(magic))
	}
	switch {
	case isPDF(head):
		return kindIf(PDF, wholePDF(r, size))
	case at(0, "\x89PNG\r\n\x1a\n"):
		if len(head) >= 16 && !at(12, "IHDR") {
			return "", ErrUnknownKind
		}
		// Besides the header this reads the palette of an image that has one.
		if _, err := png.DecodeConfig(io.NewSectionReader(r, 0, size)); err != nil {
			if err = cutShort(err); errors.Is(err, ErrTruncated) {
				return "", err
			}
			return "", ErrUnknownKind
		}
		return kindIf(PNG, wholePNG(r, size))
	case at(0, "\xff\xd8\xff"):
		if _, err := readJPEG(io.NewSectionReader(r, 0, size)); err != nil {
			return "", err
		}
		return kindIf(JPEG, wholeJPEG(r, size))
	case at(0, "RIFF") && at(8, "WEBPVP8"):
		if int64(binary.LittleEndian.Uint32(head[4:])) > size-8 {
			return "", ErrTruncated
		}
		return WebP, nil
	case at(4, "ftyp"):
		if !isHEIC(head) {
			return "", ErrUnknownKind
		}
		return kindIf(HEIC, wholeHEIC(r, size))
	case at(0, "PK\x03\x04"):
		return readZIP(r, size)
	case isSignature(io.NewSectionReader(r, 0, size)):
		return Signature, nil
	default:
		return "", ErrUnknownKind
	}
}

// kindIf is a kind unless something is wrong with the file.
func kindIf(k Kind, err error) (Kind, error) {
	if err != nil {
		return "", err
	}
	return k, nil
}

const utf8Mark = "\xef\xbb\xbf"

// isPDF wants the header at the beginning, but for the blanks that some programs put before it.
func isPDF(head []byte) bool {
	text, ok := bytes.CutPrefix(bytes.TrimLeft(bytes.TrimPrefix(head, []byte(utf8Mark)), "\r\n\t "), []byte("%PDF-"))
	return ok && len(text) > 0 && text[0] >= '1' && text[0] <= '9'
}

// isHEIC finds a still HEVC image among the brands of an ISO media file.
func isHEIC(head []byte) bool {
	length := binary.BigEndian.Uint32(head)
	if length < 16 || length%4 != 0 {
		return false
	}
	brands := head[8:min(int64(length), int64(len(head)))]
	for i := 0; i+4 <= len(brands); i += 4 {
		// Between the major brand and the compatible ones stands a version number.
		if i != 4 && slices.Contains([]string{"heic", "heix", "heim", "heis"}, string(brands[i:i+4])) {
			return true
		}
	}
	return false
}

// isSignature recognises PKCS#7 signed data in DER, in PEM and as bare base64, the latter
// two to their end.
func isSignature(r *io.SectionReader) bool {
	if isSignedData(r, r.Size()) {
		return true
	}
	if _, err := r.Seek(0, io.SeekStart); err != nil {
		return false
	}
	text := bufio.NewReader(r)
	if mark, _ := text.Peek(len(utf8Mark)); string(mark) == utf8Mark {
		_, _ = text.Discard(len(utf8Mark))
	}
	if line, _ := text.Peek(len("-----BEGIN ")); string(line) == "-----BEGIN " {
		if line, err := text.ReadSlice('\n'); err != nil || !bytes.HasSuffix(bytes.TrimRight(line, "\r\n "), []byte("-----")) {
			return false
		}
	}
	return isSignedData(base64.NewDecoder(base64.StdEncoding, &armor{r: text}), -1)
}

// isSignedData reports whether DER or BER begins like a ContentInfo of signedData and is not
// shorter than it says. Its size in bytes is counted if it is given as -1.
func isSignedData(r io.Reader, size int64) bool {
	head := make([]byte, 32)
	n, _ := io.ReadFull(r, head)
	if head = head[:n]; n < 2 || head[0] != 0x30 {
		return false
	}
	length, body := int64(head[1]), head[2:]
	if head[1] == 0x80 {
		length = 0 // known at the end only
	} else if octets := int(head[1]) - 0x80; octets > 0 {
		if octets > 4 || octets > len(body) {
			return false
		}
		length = 0
		for _, b := range body[:octets] {
			length = length<<8 | int64(b)
		}
		body = body[octets:]
	}
	const signedData = "\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02\xa0"
	if !bytes.HasPrefix(body, []byte(signedData)) {
		return false
	}
	if size < 0 {
		rest, err := io.Copy(io.Discard, r)
		if err != nil {
			return false
		}
		size = int64(n) + rest
	}
	return length <= size-int64(n-len(body))
}

// armor reads the base64 of a PEM block up to its last line, without blanks.
type armor struct{ r *bufio.Reader }

func (a *armor) Read(p []byte) (int, error) {
	n := 0
	for n < len(p) {
		b, err := a.r.ReadByte()
		if err == nil && b == '-' {
			_ = a.r.UnreadByte() // to end again at the next call
			err = io.EOF
		}
		if err != nil {
			return n, err
		}
		if b != ' ' && b != '\t' {
			p[n] = b
			n++
		}
	}
	return n, nil
}
