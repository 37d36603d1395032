package files

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"io"
)

// jpegInfo is what the segments before the pixels of a JPEG say.
type jpegInfo struct {
	progressive bool
	orientation int // 1 to 8 as in EXIF
}

// maxSegments bounds the headers that readJPEG looks at. Photographs have a few, those with
// a depth map or a thumbnail of their own some dozens.
const maxSegments = 1000

// readJPEG walks from segment to segment up to the header of the image. Besides read errors
// it returns ErrUnknownKind and ErrTruncated.
func readJPEG(r io.Reader) (jpegInfo, error) {
	info := jpegInfo{orientation: 1}
	in := bufio.NewReader(r)
	if _, err := in.Discard(len("\xff\xd8")); err != nil {
		return info, cutShort(err)
	}
	for range maxSegments {
		head, err := in.Peek(4)
		if err != nil {
			return info, cutShort(err)
		}
		marker, length := head[1], int(binary.BigEndian.Uint16(head[2:]))
		skip := 2 + length
		switch {
		case head[0] == 0xff && marker == 0xff: // a fill byte
			skip = 1
		case head[0] != 0xff || marker < 0xc0 || length < 2,
			marker >= 0xd0 && marker <= 0xda: // the image ends, or its pixels begin, before its header
			return info, ErrUnknownKind
		case marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc:
			info.progressive = marker&3 == 2
			return info, nil
		case marker == 0xe1:
			segment := make([]byte, skip)
			if _, err := io.ReadFull(in, segment); err != nil {
				return info, cutShort(err)
			}
			if o := orientation(segment[4:]); o != 0 {
				info.orientation = o
			}
			skip = 0
		}
		if _, err := in.Discard(skip); err != nil {
			return info, cutShort(err)
		}
	}
	return info, ErrUnknownKind
}

// orientation finds the orientation in an EXIF segment, or returns 0.
func orientation(segment []byte) int {
	tiff, ok := bytes.CutPrefix(segment, []byte("Exif\x00\x00"))
	if !ok || len(tiff) < 8 {
		return 0
	}
	var order binary.ByteOrder = binary.LittleEndian
	if tiff[0] == 'M' {
		order = binary.BigEndian
	}
	start := int64(order.Uint32(tiff[4:]))
	if start > int64(len(tiff))-2 {
		return 0
	}
	entries := tiff[start+2:]
	for range order.Uint16(tiff[start:]) {
		if len(entries) < 12 {
			return 0
		}
		if order.Uint16(entries) == 0x0112 {
			if o := int(order.Uint16(entries[8:])); o >= 1 && o <= 8 {
				return o
			}
			return 0
		}
		entries = entries[12:]
	}
	return 0
}
