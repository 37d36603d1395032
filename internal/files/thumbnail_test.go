package files

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"os"
	"runtime"
	"testing"
	"time"

	"golang.org/x/image/webp"
)

// isSmall reports whether a fuzz test can afford to decode an image.
func isSmall(b []byte, k Kind) bool {
	header := png.DecodeConfig
	switch k {
	case JPEG:
		header = jpeg.DecodeConfig
	case WebP:
		header = webp.DecodeConfig
	default:
	}
	config, err := header(bytes.NewReader(b))
	return err == nil && config.Width <= 100 && config.Height <= 100
}

// decoded returns a thumbnail.
func decoded(t testing.TB, b []byte, k Kind, side int) image.Image {
	t.Helper()
	small, err := thumbnail(bytes.NewReader(b), k, side)
	if err != nil {
		t.Fatal(err)
	}
	img, err := jpeg.Decode(bytes.NewReader(small))
	if err != nil {
		t.Fatal(err)
	}
	return img
}

// isRed looks at a place, given in quarters of the sides.
func isRed(img image.Image, x, y int) bool {
	r, _, b, _ := img.At(img.Bounds().Dx()*x/4, img.Bounds().Dy()*y/4).RGBA()
	return r > b
}

func TestThumbnailFitsTheSide(t *testing.T) {
	for _, test := range []struct {
		file  []byte
		kind  Kind
		w, h  int
		blank bool
	}{
		{pngFile(t, 400, 200), PNG, 100, 50, false},
		{jpegFile(t, 200, 400), JPEG, 50, 100, false},
		{pngFile(t, 40, 20), PNG, 40, 20, false}, // never larger than it was
		{pngFile(t, 2000, 2), PNG, 100, 1, true},
		{webpFile(t), WebP, 1, 1, true},
	} {
		img := decoded(t, test.file, test.kind, 100)
		if img.Bounds() != image.Rect(0, 0, test.w, test.h) {
			t.Errorf("%s: got %v, want %d × %d", test.kind, img.Bounds(), test.w, test.h)
		}
		if !test.blank && (!isRed(img, 1, 1) || isRed(img, 3, 3)) {
			t.Errorf("%s: another picture", test.kind)
		}
	}
}

func TestThumbnailIsUpright(t *testing.T) {
	// Where the red quarter is to be seen after the turn.
	for orientation, red := range map[uint16][2]int{
		1: {1, 1}, 2: {3, 1}, 3: {3, 3}, 4: {1, 3}, 5: {1, 1}, 6: {3, 1}, 7: {3, 3}, 8: {1, 3}, 9: {1, 1},
	} {
		for _, order := range []binary.AppendByteOrder{binary.LittleEndian, binary.BigEndian} {
			img := decoded(t, exifJPEG(t, 160, 80, order, orientation), JPEG, 80)
			want := image.Rect(0, 0, 80, 40)
			if orientation >= 5 && orientation <= 8 {
				want = image.Rect(0, 0, 40, 80)
			}
			if img.Bounds() != want {
				t.Errorf("orientation %d: got %v", orientation, img.Bounds())
			}
			for _, place := range [][2]int{{1, 1}, {3, 1}, {1, 3}, {3, 3}} {
				if isRed(img, place[0], place[1]) != (place == red) {
					t.Errorf("orientation %d, %v: the place %v has another colour", orientation, order, place)
				}
			}
		}
	}
}

func TestBrokenOrientationIsIgnored(t *testing.T) {
	whole := exifJPEG(t, 8, 8, binary.BigEndian, 6)
	segment := whole[7 : 7+6+8+2+2*12]
	if got := orientation(segment); got != 6 {
		t.Fatalf("got %d of the whole segment", got)
	}
	for n := range len(segment) - 2 {
		if got := orientation(segment[:n]); got != 0 {
			t.Errorf("got %d of %d bytes", got, n)
		}
	}
	for _, start := range []uint32{1 << 16, 1<<32 - 1} {
		broken := bytes.Clone(segment)
		binary.BigEndian.PutUint32(broken[10:], start)
		if got := orientation(broken); got != 0 {
			t.Errorf("got %d of a directory at %d", got, start)
		}
	}
}

func TestTransparentImageIsDrawnOnWhite(t *testing.T) {
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewNRGBA(image.Rect(0, 0, 50, 50))); err != nil {
		t.Fatal(err)
	}
	if got := color.GrayModel.Convert(decoded(t, b.Bytes(), PNG, 10).At(5, 5)); got != (color.Gray{Y: 255}) {
		t.Errorf("got %v", got)
	}
}

// pngOf is a PNG of some size that ends where its pixels begin.
func pngOf(w, h uint32, depth, colours byte) []byte {
	chunk := []byte("IHDR")
	chunk = binary.BigEndian.AppendUint32(chunk, w)
	chunk = binary.BigEndian.AppendUint32(chunk, h)
	chunk = append(chunk, depth, colours, 0, 0, 0)
	b := append([]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\x0d"), chunk...)
	b = binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(chunk))
	return append(b, "\x00\x00\x10\x00IDAT\x78\x9c"...)
}

// progressive makes of a JPEG a progressive one of some size, of which there is only a start.
func progressive(t testing.TB, w, h uint16) []byte {
	t.Helper()
	b := jpegFile(t, 8, 8)
	frame, scan := bytes.Index(b, []byte("\xff\xc0")), bytes.Index(b, []byte("\xff\xda"))
	b[frame+1] = 0xc2
	binary.BigEndian.PutUint16(b[frame+5:], h)
	binary.BigEndian.PutUint16(b[frame+7:], w)
	b[scan+12] = 0 // the first coefficients only
	return b
}

func TestImagesTooLargeAreNotDecoded(t *testing.T) {
	for name, test := range map[string]struct {
		file []byte
		kind Kind
	}{
		"one row more than 40 megapixels": {pngOf(8000, 5001, 8, 2), PNG},
		"four billion pixels":             {pngOf(1<<16-1, 1<<16-1, 8, 2), PNG},
		"a very long column":              {pngOf(1, 30_000_000, 8, 0), PNG},
		"20 megapixels of 16 bits":        {pngOf(5000, 4000, 16, 2), PNG},
		"the same with transparency":      {pngOf(5000, 4000, 16, 6), PNG},
		"20 megapixels, progressive":      {progressive(t, 5000, 4000), JPEG},
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if _, err := thumbnail(bytes.NewReader(test.file), test.kind, 100); !errors.Is(err, ErrNoThumbnail) {
			t.Errorf("%s: got %v", name, err)
		}
		runtime.ReadMemStats(&after)
		if used := after.TotalAlloc - before.TotalAlloc; used > 1<<20 {
			t.Errorf("%s: %d bytes were allocated", name, used)
		}
	}
}

func TestStoredThumbnail(t *testing.T) {
	s, dir := open(t)
	for kind, b := range samples(t) {
		small, err := s.Thumbnail(t.Context(), put(t, s, b).SHA256, kind, 100)
		if image := kind == PNG || kind == JPEG || kind == WebP; image != (len(small) > 0) || !image && !errors.Is(err, ErrNoThumbnail) {
			t.Errorf("%s: got %d bytes, %v", kind, len(small), err)
		}
	}
	scratched := pngFile(t, 100, 100)
	scratched[60]++ // in the pixels
	torn := put(t, s, scratched)
	if _, err := s.Thumbnail(t.Context(), torn.SHA256, PNG, 100); !errors.Is(err, ErrNoThumbnail) {
		t.Errorf("of a torn image: %v", err)
	}
	whole := put(t, s, pngFile(t, 100, 100))
	s.decoding <- struct{}{} // somebody's turn
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.Thumbnail(ctx, whole.SHA256, PNG, 100); !errors.Is(err, context.Canceled) {
		t.Errorf("while another is decoded: %v", err)
	}
	<-s.decoding

	// Made once, a picture comes without waiting for a turn.
	past := time.Now().Add(-time.Hour)
	for _, name := range list(t, dir) {
		if err := os.Chtimes(name, past, past); err != nil {
			t.Fatal(err)
		}
	}
	made, err := s.Thumbnail(t.Context(), whole.SHA256, PNG, 100)
	if err != nil {
		t.Fatal(err)
	}
	s.decoding <- struct{}{}
	if kept, err := s.Thumbnail(ctx, whole.SHA256, PNG, 100); err != nil || !bytes.Equal(kept, made) {
		t.Errorf("a second time: %d bytes, %v", len(kept), err)
	}
	if _, err := s.Thumbnail(ctx, whole.SHA256, PNG, 50); !errors.Is(err, context.Canceled) {
		t.Errorf("of another size: %v", err)
	}
	<-s.decoding
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Thumbnail(t.Context(), whole.SHA256, PNG, 100); !errors.Is(err, ErrMissing) {
		t.Errorf("of a missing file: %v", err)
	}
}
