package httpkit

import (
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"strings"
	"time"

	"winddown/internal/winddown"
)

// How slowly bytes may move: the next pace of them has to come within stall, or the
// connection ends. Phones out in the country are quicker.
const (
	stall = 20 * time.Second
	pace  = 64 << 10
	// answering is how long an answer may take after the last byte of a body.
	answering = time.Minute
)

// pacer moves the deadlines of a connection on as bytes move over it. Where there are none,
// as in tests of a handler alone, it does nothing.
type pacer struct {
	conn *http.ResponseController
	left int // bytes until the deadlines move
}

func newPacer(w http.ResponseWriter) *pacer {
	p := &pacer{conn: http.NewResponseController(w)}
	p.moved(0)
	return p
}

func (p *pacer) moved(n int) {
	if p.left -= n; p.left > 0 {
		return
	}
	p.left = pace
	now := time.Now()
	_ = p.conn.SetReadDeadline(now.Add(stall))
	_ = p.conn.SetWriteDeadline(now.Add(stall + answering))
}

// pacedBody is a body that may take as long as it keeps coming.
type pacedBody struct {
	io.ReadCloser
	pacer *pacer
}

func (b *pacedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.pacer.moved(n)
	if err == io.EOF {
		// The server now watches the connection for the client leaving: without bytes to
		// come that must not run into the deadline, which would end the request's context.
		_ = b.pacer.conn.SetReadDeadline(time.Time{})
	}
	return n, err
}

// PacedWriter returns a writer of the answer that may take as long as the client keeps
// taking bytes.
func PacedWriter(w http.ResponseWriter) http.ResponseWriter {
	return &pacedWriter{ResponseWriter: w, pacer: newPacer(w)}
}

type pacedWriter struct {
	http.ResponseWriter
	pacer *pacer
}

// Write moves the deadline on before every piece: a whole file in one call would have to be
// through within one deadline.
func (w *pacedWriter) Write(p []byte) (written int, err error) {
	for first := true; first || len(p) > 0 && err == nil; first = false {
		var n int
		n, err = w.ResponseWriter.Write(p[:min(len(p), pace)])
		w.pacer.moved(n)
		p, written = p[n:], written+n
	}
	return written, err
}

// Unwrap is for http.ResponseController.
func (w *pacedWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// PartReader reads a posted form with files, part by part as it comes in.
type PartReader struct {
	parts  *multipart.Reader
	header http.Header
}

// Part is a field of such a form; FileName is empty for one that is no file. Reading it
// yields errors of a kind: TooLarge, or Invalid for what breaks off.
type Part struct {
	Name     string
	FileName string
	part     *multipart.Part
	reader   *PartReader
}

// Parts begins to read a form with files, of at most max bytes in all: TooLarge at once for
// one that says it is longer, Invalid for what is no such form. It keeps nothing in memory
// or on the disk, and the connection may take as long as bytes come in.
func Parts(w http.ResponseWriter, r *http.Request, max int64) (*PartReader, error) {
	p := &PartReader{header: w.Header()}
	if r.ContentLength > max {
		return nil, p.failed(&http.MaxBytesError{Limit: max})
	}
	r.Body = &pacedBody{http.MaxBytesReader(w, r.Body, max), newPacer(w)}
	var err error
	if p.parts, err = r.MultipartReader(); err != nil {
		return nil, badForm(err)
	}
	return p, nil
}

// Next returns the next part and gives up what was not read of the one before. After the
// last it returns io.EOF.
func (p *PartReader) Next() (*Part, error) {
	part, err := p.parts.NextRawPart()
	switch {
	case err == io.EOF: // bare: wrapped it means that the form breaks off
		return nil, io.EOF
	case err != nil:
		return nil, p.failed(err)
	case part.FormName() == "" || !isClean(part.FormName()):
		return nil, badForm(errors.New("a part is no field of a form"))
	}
	// Browsers write three characters of a name so that they stay inside its quotes.
	name := strings.NewReplacer("%22", `"`, "%0A", " ", "%0D", " ").Replace(part.FileName())
	return &Part{Name: part.FormName(), FileName: name, part: part, reader: p}, nil
}

// failed gives an error of the body its kind. What a client still sends after a refusal is
// not waited for.
func (p *PartReader) failed(err error) error {
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		p.header.Set("Connection", "close")
		return &winddown.Error{Kind: winddown.TooLarge, Key: "error.too_large", Err: err}
	}
	return badForm(err)
}

// Read reads the part's bytes as they come in.
func (p *Part) Read(b []byte) (int, error) {
	n, err := p.part.Read(b)
	if err != nil && err != io.EOF { //nolint:errorlint // the end is bare
		err = p.reader.failed(err)
	}
	return n, err
}

// Text reads a part that is no file: Invalid for more than max bytes, or for what is not
// clean text.
func (p *Part) Text(max int64) (string, error) {
	text, err := io.ReadAll(io.LimitReader(p, max+1))
	switch {
	case err != nil:
		return "", err
	case int64(len(text)) > max || !isClean(string(text)):
		return "", badForm(errors.New("the value of a field is too long or not clean text"))
	}
	return string(text), nil
}
