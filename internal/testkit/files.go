package testkit

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"strings"

	"winddown/internal/winddown"
)

// Upload is a file as a browser sends it.
type Upload struct {
	Name    string
	Content []byte
}

// PNG is a picture that is another one for every n.
func PNG(n int) []byte {
	picture := image.NewGray(image.Rect(0, 0, 8, 8))
	picture.SetGray(n%8, n/8%8, color.Gray{Y: uint8(1 + n%255)})
	var b bytes.Buffer
	_ = png.Encode(&b, picture) // a buffer takes everything
	return b.Bytes()
}

// PDF is a document of at least size bytes.
func PDF(size int) []byte {
	const head, tail = "%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\n", "\ntrailer<</Root 1 0 R>>\n%%EOF\n"
	return []byte(head + strings.Repeat(" ", max(0, size-len(head)-len(tail))) + tail)
}

// Multipart writes a form with a note and files, as browsers do, and returns its type.
func Multipart(w io.Writer, note string, files ...Upload) (contentType string, err error) {
	form := multipart.NewWriter(w)
	if err := form.WriteField("note", note); err != nil {
		return "", err
	}
	quote := strings.NewReplacer(`"`, "%22", "\r", "%0D", "\n", "%0A")
	for _, f := range files {
		part, err := form.CreatePart(textproto.MIMEHeader{
			"Content-Disposition": {fmt.Sprintf(`form-data; name="file"; filename="%s"`, quote.Replace(f.Name))},
			"Content-Type":        {"application/octet-stream"},
		})
		if err == nil {
			_, err = part.Write(f.Content)
		}
		if err != nil {
			return "", err
		}
	}
	return form.FormDataContentType(), form.Close()
}

// PostFiles sends a form with files.
func (c *Client) PostFiles(path, note string, files ...Upload) *Page {
	c.t.Helper()
	var body bytes.Buffer
	contentType, err := Multipart(&body, note, files...)
	if err != nil {
		c.t.Fatal(err)
	}
	return c.Post(path, contentType, &body)
}

// Post sends a body of any type.
func (c *Client) Post(path, contentType string, body io.Reader, headers ...string) *Page {
	c.t.Helper()
	return c.do(http.MethodPost, path, body, append([]string{"Content-Type", contentType}, headers...))
}

// UploadHref is where files for a slot of a step are sent.
func UploadHref(id winddown.ID, code winddown.Code, slot winddown.SlotCode) string {
	return "/cases/" + id.String() + "/steps/" + string(code) + "/files?slot=" + string(slot)
}
