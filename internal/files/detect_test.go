package files

import (
	"archive/zip"
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
)

func kindOf(b []byte) (Kind, error) { return detect(bytes.NewReader(b), int64(len(b))) }

func TestKindIsFoundByContents(t *testing.T) {
	for kind, b := range samples(t) {
		if got, err := kindOf(b); got != kind || err != nil {
			t.Errorf("%s: got %q, %v", kind, got, err)
		}
	}
	spaced := strings.Join(slices.Collect(func(yield func(string) bool) {
		for line := range slices.Chunk(signatureBase64(), 76) {
			if !yield(string(line)) {
				return
			}
		}
	}), " \r\n")
	for name, test := range map[string]struct {
		kind Kind
		file []byte
	}{
		"PDF after a mark and a line end":    {PDF, append([]byte("\xef\xbb\xbf\r\n"), pdfFile()...)},
		"JPEG of a camera":                   {JPEG, exifJPEG(t, 8, 8, binary.BigEndian, 6)},
		"JPEG followed by a film":            {JPEG, append(jpegFile(t, 8, 8), mediaFile("isom")...)},
		"HEIC that names its kind as second": {HEIC, mediaFile("mif1", "miaf", "heic")},
		"workbook in other letters":          {XLSX, zipFile(t, "[content_types].xml", "XL/Workbook.xml")},
		"signature without a known length":   {Signature, signatureBER()},
		"signature as PEM":                   {Signature, signaturePEM("PKCS7")},
		"signature as PEM of another label":  {Signature, signaturePEM("CMS")},
		"signature as base64":                {Signature, signatureBase64()},
		"signature as base64 in lines":       {Signature, []byte("\xef\xbb\xbf" + spaced + "\r\n")},
		"ZIP with a comment":                 {ZIP, withComment(t, zipFile(t, "a"), "PK\x05\x06 of the portal")},
		"ZIP of the long form":               {ZIP, zip64(t, zipFile(t, "a", "b"))},
		"ZIP of ten thousand entries":        {ZIP, declaring(t, make([]uint64, maxEntries)...)},
		"ZIP that unpacks to 1 GiB":          {ZIP, declaring(t, 1<<29, 1<<29)},
		"document of another office program": {ZIP, zipFile(t, "[Content_Types].xml", "word/document.xml")},
	} {
		if got, err := kindOf(test.file); got != test.kind || err != nil {
			t.Errorf("%s: got %q, %v; want %s", name, got, err, test.kind)
		}
	}
}

func TestWhatOnlyLooksLikeAKindIsRefused(t *testing.T) {
	archive := zipFile(t, "a", "b")
	png := pngFile(t, 8, 8)
	badHeader := slices.Clone(png)
	badHeader[20] ^= 1 // the width, without its checksum
	noPixels := slices.Concat(png[:16], make([]byte, 4), png[20:])
	counted := slices.Clone(archive)
	counted[len(counted)-12] = 1 // two entries, said to be one
	misplaced := slices.Clone(archive)
	misplaced[len(misplaced)-6]++ // where the directory begins
	misnamed := slices.Clone(archive)
	copy(misnamed[bytes.Index(misnamed, []byte("PK\x01\x02")):], "PK\x01\x09")
	packed := slices.Clone(archive)
	binary.LittleEndian.PutUint32(packed[bytes.Index(packed, []byte("PK\x01\x02"))+20:], 1<<20)
	end := len(archive) - 22
	unlisted := slices.Concat([]byte("PK\x03\x04"), make([]byte, 26), []byte("PK\x05\x06"), make([]byte, 12), []byte{30, 0, 0, 0, 0, 0})
	for name, file := range map[string][]byte{
		"text":                               []byte("акт сверки"),
		"a page":                             []byte("<!DOCTYPE html><script>alert(1)</script>"),
		"a drawing":                          []byte(`<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>`),
		"a script":                           []byte("alert(1)//"),
		"one byte":                           {0x30},
		"a page with an archive at end":      append([]byte("<script>alert(1)</script>"), archive...),
		"a page with a PDF at its end":       append([]byte("<script>alert(1)</script>"), pdfFile()...),
		"PDF without a version":              []byte("%PDF-<script>alert(1)</script>"),
		"PNG signature and a page":           []byte("\x89PNG\r\n\x1a\n<svg onload=alert(1)>"),
		"PNG with a broken header":           badHeader,
		"PNG without pixels":                 noPixels,
		"JPEG without an image":              []byte("\xff\xd8\xff\xfe\x00\x04ab\xff\xd9\x00\x00"),
		"JPEG with pixels before its header": slices.Concat([]byte("\xff\xd8\xff\xda\x00\x02"), jpegFile(t, 8, 8)[2:]),
		"JPEG of endless comments":           slices.Concat([]byte("\xff\xd8"), bytes.Repeat([]byte("\xff\xfe\x00\x02"), maxSegments), jpegFile(t, 8, 8)[2:]),
		"JPEG of fill bytes":                 append([]byte("\xff\xd8"), bytes.Repeat([]byte{0xff}, 5000)...),
		"sound":                              []byte("RIFF\x10\x00\x00\x00WAVEfmt aaaaaaaaaaaa"),
		"film":                               mediaFile("isom", "mp42"),
		"AVIF":                               mediaFile("avif", "mif1", "miaf"),
		"version read as a brand":            []byte("\x00\x00\x00\x10ftypisomheic"),
		"GIF":                                []byte("GIF89a\x01\x00\x01\x00"),
		"old office document":                []byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"),
		"HEIC of impossible boxes":           append(mediaFile("heic")[:24], "\x00\x00\x00\x07free"...),
		"HEIC of boxes without end":          append(mediaFile("heic")[:24], bytes.Repeat([]byte("\x00\x00\x00\x08free"), maxBoxes)...),
		"ZIP with something after it":        append(slices.Clone(archive), 0),
		"ZIP with a gap before its end":      slices.Concat(archive[:end], []byte{0}, archive[end:]),
		"ZIP that lists nothing":             unlisted,
		"ZIP of nothing":                     zipFile(t),
		"ZIP with a wrong count":             counted,
		"ZIP with a misplaced list":          misplaced,
		"ZIP with a broken list":             misnamed,
		"ZIP entry larger than all":          packed,
		"a length cut short":                 {0x30, 0x84, 0},
		"enveloped data":                     signatureDER(3),
		"signature cut short":                signatureDER(2)[:300],
		"certificate":                        []byte("-----BEGIN CERTIFICATE-----\n" + base64.StdEncoding.EncodeToString([]byte("\x30\x82\x01\x00\x30\x81\xf0")) + "\n-----END CERTIFICATE-----\n"),
		"PEM cut short":                      signaturePEM("PKCS7")[:300],
		"base64 that turns into a page":      append(signatureBase64()[:400], "<script>alert(1)</script>"...),
		"a header and nothing":               []byte("-----BEGIN PKCS7-----\n"),
	} {
		if got, err := kindOf(file); !errors.Is(err, ErrUnknownKind) {
			t.Errorf("%s: got %q, %v", name, got, err)
		}
	}
}

// heicFile is an image with its list of items before its pixels.
func heicFile() []byte {
	box := func(kind, content string) string {
		return string(binary.BigEndian.AppendUint32(nil, uint32(8+len(content)))) + kind + content
	}
	long := "\x00\x00\x00\x01mdat\x00\x00\x00\x00\x00\x00\x00\x14pixe" // the length in 64 bits
	return []byte(box("ftyp", "heic\x00\x00\x00\x00mif1heic") + box("meta", strings.Repeat("i", 40)) + long)
}

// grown is a PDF that a program added to.
func grown() []byte {
	return append(pdfFile(), "2 0 obj<<>>endobj\ntrailer<</Root 1 0 R/Prev 9>>\nstartxref\n90\n%%EOF\n"...)
}

// Wherever a file is cut, it is refused as cut, or as no file of its kind where its beginning
// says too little.
func TestFilesCutShortAreTold(t *testing.T) {
	picture, photo := pngFile(t, 64, 64), jpegFile(t, 64, 64)
	thumbnailed := slices.Concat([]byte("\xff\xd8\xff\xe1\x00\x06"), []byte("\xff\xd9\xff\xd9"), photo[2:])
	for name, test := range map[string]struct {
		file []byte
		end  string // what the whole file ends with, in whose midst no cut is tried
		from int    // from here on a cut is told as one
	}{
		"PNG":                       {picture, "\x00\x00\x00\x00IEND\xae\x42\x60\x82", 8},
		"JPEG":                      {photo, "", 4},
		"JPEG with a picture in it": {thumbnailed, "", 4},
		"WebP":                      {webpFile(t), "", 15},
		"HEIC":                      {heicFile(), "", 24},
		"PDF":                       {pdfFile(), "\n", 8},
		"ZIP":                       {zipFile(t, "a", "b"), "", 4},
		"ZIP with a comment":        {withComment(t, zipFile(t, "a"), "of the portal"), "", 4},
		"ZIP of the long form":      {zip64(t, zipFile(t, "a", "b")), "", 4},
		"workbook":                  {workbook(t), "", 4},
	} {
		if kind, err := kindOf(test.file); err != nil {
			t.Errorf("%s: the whole is %q, %v", name, kind, err)
		}
		for n := test.from; n < len(test.file)-len(test.end); n++ {
			boundary := name == "HEIC" && n == len(test.file)-20 // between two boxes
			if kind, err := kindOf(test.file[:n]); !errors.Is(err, ErrTruncated) && !boundary {
				t.Fatalf("%s of %d bytes cut at %d: %q, %v", name, len(test.file), n, kind, err)
			}
		}
	}
	// The end of what was there before an addition is none of the whole.
	large := append(grown(), bytes.Repeat([]byte("x"), pdfTail)...)
	if kind, err := kindOf(large); !errors.Is(err, ErrTruncated) {
		t.Errorf("an addition without its end: %q, %v", kind, err)
	}
}

// Real files have things after their end.
func TestWhatFollowsTheEndIsNoMatter(t *testing.T) {
	padding := make([]byte, 3*pdfTail)
	for name, file := range map[string][]byte{
		"PNG and a page":        append(pngFile(t, 8, 8), "<html>"...),
		"JPEG and zeros":        append(jpegFile(t, 8, 8), padding...),
		"progressive JPEG":      slices.Concat(jpegFile(t, 8, 8)[:2], jpegFile(t, 8, 8)[2:len(jpegFile(t, 8, 8))-2], []byte("\xff\xc4\x00\x02\xff\xff\xd9")),
		"PDF and zeros":         append(pdfFile(), padding...),
		"PDF without a line":    bytes.TrimSpace(pdfFile()),
		"PDF and a page":        append(pdfFile(), strings.Repeat("<p>", 1000)...),
		"PDF with additions":    grown(),
		"HEIC and a phone's":    append(heicFile(), "SEFHe\x00\x00\x00SEFT and more"...),
		"HEIC that is open":     append(heicFile()[:len(heicFile())-20], "\x00\x00\x00\x00mdat pixels"...),
		"WebP and a line":       append(webpFile(t), '\n'),
		"JPEG of fill bytes":    slices.Concat([]byte("\xff\xd8\xff\xff\xff"), jpegFile(t, 8, 8)[2:]),
		"JPEG turned by camera": exifJPEG(t, 8, 8, binary.LittleEndian, 6),
	} {
		if kind, err := kindOf(file); err != nil {
			t.Errorf("%s: %q, %v", name, kind, err)
		}
	}
}

func TestArchivesThatUnpackToTooMuchAreRefused(t *testing.T) {
	many := make([]uint64, 16)
	for i := range many {
		many[i] = 4<<30 - 2
	}
	quoted := overlapping(t)
	for name, file := range map[string][]byte{
		"one byte more than 1 GiB":         declaring(t, 1<<30+1),
		"together more than 1 GiB":         declaring(t, 1<<29, 1<<29, 1),
		"sixteen files of four GiB":        declaring(t, many...),
		"sizes that would run over":        declaring(t, 1<<63, 1<<63, 1),
		"one entry more than ten thousand": declaring(t, make([]uint64, maxEntries+1)...),
		"entries that share their bytes":   quoted,
	} {
		if got, err := kindOf(file); !errors.Is(err, ErrBomb) {
			t.Errorf("%s: got %q, %v", name, got, err)
		}
	}
}

// withComment appends a comment to an archive.
func withComment(t testing.TB, archive []byte, comment string) []byte {
	t.Helper()
	r := slices.Clone(archive)
	binary.LittleEndian.PutUint16(r[len(r)-2:], uint16(len(comment)))
	return append(r, comment...)
}

// zip64 rewrites the end of a plain archive in the long form.
func zip64(t testing.TB, archive []byte) []byte {
	t.Helper()
	body, end := slices.Clone(archive[:len(archive)-22]), archive[len(archive)-22:]
	entries, size, offset := binary.LittleEndian.Uint16(end[10:]), binary.LittleEndian.Uint32(end[12:]), binary.LittleEndian.Uint32(end[16:])
	start := uint64(len(body))
	body = append(body, "PK\x06\x06"...)
	body = binary.LittleEndian.AppendUint64(body, 44)
	body = append(body, 45, 0, 45, 0, 0, 0, 0, 0, 0, 0, 0, 0)
	body = binary.LittleEndian.AppendUint64(body, uint64(entries))
	body = binary.LittleEndian.AppendUint64(body, uint64(entries))
	body = binary.LittleEndian.AppendUint64(body, uint64(size))
	body = binary.LittleEndian.AppendUint64(body, uint64(offset))
	body = append(body, "PK\x06\x07\x00\x00\x00\x00"...)
	body = binary.LittleEndian.AppendUint64(body, start)
	body = append(body, 1, 0, 0, 0)
	body = append(body, "PK\x05\x06\x00\x00\x00\x00"...)
	return append(body, "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x00\x00"...)
}

// overlapping is an archive of three entries that all stand for the same packed bytes.
func overlapping(t testing.TB) []byte {
	t.Helper()
	one := zipFile(t, strings.Repeat("a", 40))
	list := bytes.Index(one, []byte("PK\x01\x02"))
	entry, end := one[list:len(one)-22], slices.Clone(one[len(one)-22:])
	entry = slices.Clone(entry)
	binary.LittleEndian.PutUint32(entry[20:], uint32(list)) // as long as all that is there
	binary.LittleEndian.PutUint16(end[8:], 3)
	binary.LittleEndian.PutUint16(end[10:], 3)
	binary.LittleEndian.PutUint32(end[12:], uint32(3*len(entry)))
	return slices.Concat(one[:list], entry, entry, entry, end)
}

// counting counts what is read of a file.
type counting struct {
	io.ReaderAt
	read int
}

func (c *counting) ReadAt(p []byte, at int64) (int, error) {
	n, err := c.ReaderAt.ReadAt(p, at)
	c.read += n
	return n, err
}

func FuzzDetect(f *testing.F) {
	for _, b := range samples(f) {
		f.Add(b)
	}
	f.Add(heicFile())
	f.Add(grown())
	f.Add(signaturePEM("PKCS7"))
	f.Add(signatureBase64())
	f.Add(signatureBER())
	f.Add(exifJPEG(f, 8, 8, binary.LittleEndian, 8))
	f.Add(zip64(f, zipFile(f, "a", "b")))
	f.Add(overlapping(f))
	f.Fuzz(func(t *testing.T, b []byte) {
		r := &counting{ReaderAt: bytes.NewReader(b)}
		kind, err := detect(r, int64(len(b)))
		if limit := 4*len(b) + 1<<10; r.read > limit {
			t.Errorf("read %d bytes of %d", r.read, len(b))
		}
		switch {
		case err != nil:
			if kind != "" || !errors.Is(err, ErrUnknownKind) && !errors.Is(err, ErrTruncated) && !errors.Is(err, ErrBomb) {
				t.Errorf("got %q, %v", kind, err)
			}
		case !slices.Contains(Kinds(), kind):
			t.Errorf("got %q", kind)
		case kind == ZIP || kind == XLSX:
			// What is accepted means the same to another reader.
			if _, err := zip.NewReader(bytes.NewReader(b), int64(len(b))); err != nil {
				t.Errorf("archive/zip: %v", err)
			}
		}
		if kind == PNG || kind == JPEG || kind == WebP {
			if isSmall(b, kind) {
				if _, err := thumbnail(bytes.NewReader(b), kind, 16); err != nil && !errors.Is(err, ErrNoThumbnail) {
					t.Errorf("a thumbnail: %v", err)
				}
			}
		}
	})
}

func TestNamesMatchKinds(t *testing.T) {
	for _, test := range []struct {
		name string
		kind Kind
		want bool
	}{
		{"акт.pdf", PDF, true},
		{"АКТ.PDF", PDF, true},
		{"акт.pdf.exe", PDF, false},
		{"акт", PDF, false},
		{"pdf", PDF, false},
		{"фото.jpg", JPEG, true},
		{"фото.JPEG", JPEG, true},
		{"фото.png", JPEG, false},
		{"IMG_1.heic", HEIC, true},
		{"IMG_1.heif", HEIC, true},
		{"акт.pdf.sig", Signature, true},
		{"акт.pdf.p7s", Signature, true},
		{"акт.xlsx", XLSX, true},
		{"акт.zip", XLSX, true},
		{"акт.xlsx", ZIP, false},
		{"акт.zip", ZIP, true},
		{"снимок.webp", WebP, true},
		{"снимок.png", PNG, true},
		{"", "", false},
	} {
		if got := Matches(test.name, test.kind); got != test.want {
			t.Errorf("Matches(%q, %q) = %t", test.name, test.kind, got)
		}
	}
	for _, k := range Kinds() {
		if !Matches("x"+k.Ext(), k) || k.MIME() == Kind("").MIME() {
			t.Errorf("%s: extension %s, type %s", k, k.Ext(), k.MIME())
		}
	}
}
