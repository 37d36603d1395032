package files

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"io"
	"time"

	"golang.org/x/image/draw"
	"golang.org/x/image/webp"
)

// How large an image may be to be decoded. Most take up to four bytes a pixel; progressive
// JPEGs and PNGs of 16 bits a channel take two to four times as much.
const (
	maxPixels      = 40_000_000
	maxHeavyPixels = 16_000_000
	maxSide        = 1<<16 - 1
)

// Thumbnail returns a stored image as a JPEG whose longer side has at most side pixels, turned
// upright. One image is decoded at a time; the others wait for their turn or the end of ctx.
// Pictures of files that were not touched since are kept for a while.
// It returns ErrNoThumbnail for other kinds of files and for images that are too large or
// cannot be decoded, and like Open ErrMissing or ErrAltered.
func (s *Store) Thumbnail(ctx context.Context, sum [sha256.Size]byte, k Kind, side int) ([]byte, error) {
	if k != PNG && k != JPEG && k != WebP {
		return nil, ErrNoThumbnail
	}
	info, err := s.stat(nameOf(sum))
	if err != nil {
		return nil, err
	}
	key := pictureKey{sum, side}
	if kept := s.recent.picture(key, info); kept != nil {
		return kept, nil
	}
	now := time.Now()
	select {
	case s.decoding <- struct{}{}:
		defer func() { <-s.decoding }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	f, err := s.Open(sum)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	small, err := thumbnail(f, k, side)
	if err == nil {
		s.recent.drew(key, info, small, now)
	}
	return small, err
}

// thumbnail decodes an image and draws it smaller, on white where it is transparent.
func thumbnail(r io.ReadSeeker, k Kind, side int) ([]byte, error) {
	var header func(io.Reader) (image.Config, error)
	var decode func(io.Reader) (image.Image, error)
	info := jpegInfo{orientation: 1}
	switch k {
	case JPEG:
		header, decode = jpeg.DecodeConfig, jpeg.Decode
		var err error
		if info, err = readJPEG(r); err != nil {
			return nil, noThumbnail(err)
		}
	case WebP:
		header, decode = webp.DecodeConfig, webp.Decode
	default:
		header, decode = png.DecodeConfig, png.Decode
	}
	if _, err := r.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	config, err := header(r)
	if err != nil {
		return nil, noThumbnail(err)
	}
	limit := maxPixels
	if info.progressive || config.ColorModel == color.NRGBA64Model || config.ColorModel == color.RGBA64Model {
		limit = maxHeavyPixels
	}
	w, h := config.Width, config.Height
	if w < 1 || h < 1 || w > maxSide || h > maxSide || w > limit/h {
		return nil, noThumbnail(fmt.Errorf("%d × %d pixels", w, h))
	}
	if _, err := r.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	full, err := decode(r)
	if err != nil {
		return nil, noThumbnail(err)
	}
	bounds := full.Bounds()
	if longer := max(w, h); longer > side {
		w, h = max(1, w*side/longer), max(1, h*side/longer)
	}
	small := image.NewRGBA(image.Rect(0, 0, w, h))
	draw.Draw(small, small.Bounds(), image.White, image.Point{}, draw.Src)
	draw.BiLinear.Scale(small, small.Bounds(), full, bounds, draw.Over, nil)
	var out bytes.Buffer
	if err := jpeg.Encode(&out, upright(small, info.orientation), &jpeg.Options{Quality: 80}); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

func noThumbnail(err error) error { return fmt.Errorf("%w: %w", ErrNoThumbnail, err) }

// upright turns an image of an EXIF orientation.
func upright(from *image.RGBA, orientation int) *image.RGBA {
	if orientation == 1 {
		return from
	}
	w, h := from.Bounds().Dx(), from.Bounds().Dy()
	size := image.Rect(0, 0, w, h)
	if orientation >= 5 {
		size = image.Rect(0, 0, h, w)
	}
	to := image.NewRGBA(size)
	for y := range size.Dy() {
		for x := range size.Dx() {
			fromX, fromY := x, y
			switch orientation {
			case 2:
				fromX = w - 1 - x
			case 3:
				fromX, fromY = w-1-x, h-1-y
			case 4:
				fromY = h - 1 - y
			case 5:
				fromX, fromY = y, x
			case 6:
				fromX, fromY = y, h-1-x
			case 7:
				fromX, fromY = w-1-y, h-1-x
			case 8:
				fromX, fromY = w-1-y, x
			}
			to.SetRGBA(x, y, from.RGBAAt(fromX, fromY))
		}
	}
	return to
}
