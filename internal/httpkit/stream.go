package httpkit

import (
	"bytes"
	"errors"
	"io"
	"mime/multipart"
	"net"
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
	// working is how long the server may be busy beside that: with an answer after the last
	// bytes of a body, and with the next pace of an answer.
	working = time.Minute
	// maxHead bounds, in bytes, what stands before the contents of a part.
	maxHead = 64 << 10
)

// pacer calls move at once and again with every pace of bytes, to set deadlines of a
// connection. Where there are none, as in tests of a handler alone, that does nothing.
type pacer struct {
	move func()
	left int // bytes until the next move
}

func newPacer(move func()) *pacer {
	p := &pacer{move: move}
	p.moved(0)
	return p
}

func (p *pacer) moved(n int) {
	if p.left -= n; p.left > 0 {
		return
	}
	p.left = pace
	p.move()
}

// pacedBody is a body that may take as long as it keeps coming.
type pacedBody struct {
	io.ReadCloser
	conn  *http.ResponseController
	pacer *pacer
	// head counts down while the head of a part is read: what comes after its end is an error.
	head    int
	heading bool
}

func newPacedBody(w http.ResponseWriter, body io.ReadCloser) *pacedBody {
	b := &pacedBody{ReadCloser: body, conn: http.NewResponseController(w)}
	b.pacer = newPacer(func() {
		now := time.Now()
		_ = b.conn.SetReadDeadline(now.Add(stall))
		// The time for the answer would run out while the body comes in.
		_ = b.conn.SetWriteDeadline(now.Add(stall + working))
	})
	return b
}

var errLongHead = errors.New("the head of a part is too long")

func (b *pacedBody) Read(p []byte) (int, error) {
	if b.heading && b.head <= 0 {
		return 0, errLongHead
	}
	n, err := b.ReadCloser.Read(p)
	b.head -= n
	b.pacer.moved(n)
	if err == io.EOF {
		// The server now watches the connection for the client leaving: without bytes to
		// come that must not run into the deadline, which would end the request's context.
		_ = b.conn.SetReadDeadline(time.Time{})
	}
	return n, err
}

// PacedWriter returns a writer of the answer that may take as long as the client keeps
// taking bytes and no pace of them takes longer than working to make. What the server reads
// from the connection meanwhile has no deadline of its own.
func PacedWriter(w http.ResponseWriter) http.ResponseWriter {
	conn := http.NewResponseController(w)
	return &pacedWriter{ResponseWriter: w, pacer: newPacer(func() {
		_ = conn.SetWriteDeadline(time.Now().Add(stall + working))
	})}
}

type pacedWriter struct {
	http.ResponseWriter
	pacer *pacer
}

// Write moves the deadline on with every piece: a whole file in one call would have to be
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
	part   *multipart.Part // the one that is read
	body   *pacedBody
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
// one that says it is longer, Invalid for what is no such form. It keeps nothing on the disk
// and in memory no more than the head of a part, which is bounded; the connection may take as
// long as bytes come in.
func Parts(w http.ResponseWriter, r *http.Request, max int64) (*PartReader, error) {
	p := &PartReader{header: w.Header()}
	if r.ContentLength > max {
		return nil, p.failed(&http.MaxBytesError{Limit: max})
	}
	p.body = newPacedBody(w, http.MaxBytesReader(w, r.Body, max))
	r.Body = p.body
	var err error
	if p.parts, err = r.MultipartReader(); err != nil {
		return nil, badForm(err)
	}
	return p, nil
}

// Next returns the next part and gives up what was not read of the one before. After the
// last it returns io.EOF.
func (p *PartReader) Next() (*Part, error) {
	if p.part != nil {
		if _, err := io.Copy(io.Discard, p.part); err != nil {
			return nil, p.failed(err)
		}
	}
	p.body.head, p.body.heading = maxHead, true
	part, err := p.parts.NextRawPart()
	p.part, p.body.heading = part, false
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
	case int64(len(text)) > max:
		return "", badForm(errTooMuch)
	case !isClean(string(text)):
		return "", badForm(errors.New("the value of a field is not clean text"))
	}
	return string(text), nil
}

// Stream sends the head of an answer that lasts, with status 200 and the headers set so far, within
// the time given, and takes the connection from the server: the handlers can return, and neither
// their stacks nor the server's buffers are kept meanwhile. Whoever gets the connection writes the
// body, each time with a deadline, and closes it; that is the end of the answer. left is closed
// when the reader has left. HTTP/2 has no such connections.
func Stream(w http.ResponseWriter, within time.Duration) (conn net.Conn, left <-chan struct{}, err error) {
	conn, _, err = http.NewResponseController(w).Hijack()
	if err != nil {
		return nil, nil, err
	}
	h := w.Header()
	h.Set("Connection", "close")
	h.Set("Date", time.Now().UTC().Format(http.TimeFormat))
	head := bytes.NewBufferString("HTTP/1.1 200 OK\r\n")
	_ = h.Write(head) // a Buffer takes everything
	head.WriteString("\r\n")
	// The server's deadlines are those of a request.
	if err = errors.Join(conn.SetReadDeadline(time.Time{}), conn.SetWriteDeadline(time.Now().Add(within))); err == nil {
		_, err = head.WriteTo(conn)
	}
	if err != nil {
		return nil, nil, errors.Join(err, conn.Close())
	}
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		_, _ = conn.Read(make([]byte, 1)) // a reader of a stream has nothing to say but that he leaves
	}()
	return conn, gone, nil
}
