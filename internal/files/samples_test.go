package files

import (
	"archive/zip"
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/pem"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"io"
	"testing"
)

// What the tests make their files of.

func pdfFile() []byte {
	return []byte("%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n")
}

// corner returns an image that is red in its upper left quarter and blue elsewhere.
func corner(w, h int) image.Image {
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			c := color.RGBA{B: 255, A: 255}
			if x < w/2 && y < h/2 {
				c = color.RGBA{R: 255, A: 255}
			}
			img.SetRGBA(x, y, c)
		}
	}
	return img
}

func pngFile(t testing.TB, w, h int) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, corner(w, h)); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func jpegFile(t testing.TB, w, h int) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, corner(w, h), &jpeg.Options{Quality: 90}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// exifJPEG is a JPEG that a camera was turned for.
func exifJPEG(t testing.TB, w, h int, order binary.AppendByteOrder, orientation uint16) []byte {
	t.Helper()
	tiff := []byte("II*\x00")
	if order == binary.AppendByteOrder(binary.BigEndian) {
		tiff = []byte("MM\x00*")
	}
	tiff = order.AppendUint32(tiff, 8)
	tiff = order.AppendUint16(tiff, 2)
	for _, entry := range [][2]uint16{{0x010f, 0}, {0x0112, orientation}} {
		tiff = order.AppendUint16(tiff, entry[0])
		tiff = order.AppendUint16(tiff, 3)
		tiff = order.AppendUint32(tiff, 1)
		tiff = order.AppendUint16(tiff, entry[1])
		tiff = order.AppendUint16(tiff, 0)
	}
	segment := append([]byte("Exif\x00\x00"), tiff...)
	plain := jpegFile(t, w, h)
	out := append([]byte{}, plain[:2]...)
	out = append(out, 0xff, 0xff, 0xe1) // with a fill byte
	out = binary.BigEndian.AppendUint16(out, uint16(len(segment)+2))
	out = append(out, segment...)
	return append(out, plain[2:]...)
}

// webpFile is one pixel.
func webpFile(t testing.TB) []byte {
	t.Helper()
	b, err := base64.StdEncoding.DecodeString("UklGRhoAAABXRUJQVlA4TA0AAAAvAAAAEAcQERGIiP4HAA==")
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func mediaFile(major string, compatible ...string) []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(16+4*len(compatible)))
	b = append(b, "ftyp"+major+"\x00\x00\x00\x00"...)
	for _, c := range compatible {
		b = append(b, c...)
	}
	return append(b, "\x00\x00\x00\x08meta\x00\x00\x00\x08mdat"...)
}

func zipFile(t testing.TB, names ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, name := range names {
		f, err := w.Create(name)
		if err == nil {
			_, err = fmt.Fprintf(f, "the contents of %s", name)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func workbook(t testing.TB) []byte {
	t.Helper()
	return zipFile(t, "[Content_Types].xml", "_rels/.rels", "xl/workbook.xml")
}

// declaring is an archive whose entries say they unpack to some number of bytes each.
func declaring(t testing.TB, sizes ...uint64) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for i, size := range sizes {
		f, err := w.CreateRaw(&zip.FileHeader{Name: fmt.Sprintf("%d.bin", i), Method: zip.Deflate, CompressedSize64: 4, UncompressedSize64: size})
		if err == nil {
			_, err = io.WriteString(f, "\x4b\x4c\x04\x00")
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// signatureDER is a ContentInfo of an object identifier that ends in last, with some content.
func signatureDER(last byte) []byte {
	content := bytes.Repeat([]byte{0x04, 0x02, 0xca, 0xfe}, 100)
	content = append([]byte{0xa0, 0x82, 0x01, 0x90}, content...)
	content = append([]byte{0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, last}, content...)
	return append([]byte{0x30, 0x82, byte(len(content) >> 8), byte(len(content))}, content...)
}

// signatureBER is the same with a length that is known only at its end.
func signatureBER() []byte {
	der := signatureDER(2)
	return append(append([]byte{0x30, 0x80}, der[4:]...), 0, 0)
}

func signaturePEM(label string) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: label, Bytes: signatureDER(2)})
}

func signatureBase64() []byte {
	return []byte(base64.StdEncoding.EncodeToString(signatureDER(2)))
}

// samples returns a file of every kind.
func samples(t testing.TB) map[Kind][]byte {
	t.Helper()
	return map[Kind][]byte{
		PDF:       pdfFile(),
		PNG:       pngFile(t, 8, 8),
		JPEG:      jpegFile(t, 8, 8),
		WebP:      webpFile(t),
		HEIC:      mediaFile("heic", "mif1", "heic"),
		XLSX:      workbook(t),
		ZIP:       zipFile(t, "акт.pdf", "акт.pdf.sig"),
		Signature: signatureDER(2),
	}
}
