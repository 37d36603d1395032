package httpkit

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"github.com/a-h/templ"
	"github.com/klauspost/compress/gzip"

	"winddown/internal/i18n"
	"winddown/internal/winddown"
)

const (
	// maxPage bounds the memory of one rendered page; real ones stay under 200 kB.
	maxPage = 4 << 20
	// maxPooled is the largest buffer worth keeping for the next page.
	maxPooled = 256 << 10
	// minGzip is the size below which compressing costs more than it saves.
	minGzip = 1 << 10
)

// Render answers with a page. The page is rendered whole before the first byte
// is sent, so that a failure is a 500 and never half a page.
//
// Pages hold private data: they are sent with Cache-Control: no-store unless the
// handler has set another Cache-Control before.
func Render(w http.ResponseWriter, r *http.Request, status int, c templ.Component) {
	page := getBuffer()
	defer putBuffer(page)
	// Each component asks the context for its language and for templ's own state: they lie on top of it
	// here, not below all that the handlers on the way have put there.
	ctx := templ.InitializeContext(i18n.With(r.Context(), i18n.From(r.Context())))
	if err := c.Render(ctx, &limitedWriter{page, maxPage}); err != nil {
		renderFailed(w, r, err)
		return
	}
	h := w.Header()
	if h.Get("Cache-Control") == "" {
		h.Set("Cache-Control", "no-store")
	}
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Add("Vary", "Accept-Encoding")
	body := page
	if page.Len() >= minGzip && acceptsGzip(r) {
		// Compressing into memory gives the length, and holds the costly writer
		// for microseconds instead of for as long as a slow phone reads: the pool
		// never grows beyond the number of processors.
		packed := getBuffer()
		defer putBuffer(packed)
		pack(packed, page.Bytes())
		h.Set("Content-Encoding", "gzip")
		body = packed
	}
	h.Set("Content-Length", strconv.Itoa(body.Len()))
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(body.Bytes()) // the reader is gone: nobody is left to tell
	}
}

// renderFailed answers for a page that could not be made. It cannot be a page itself.
func renderFailed(w http.ResponseWriter, r *http.Request, err error) {
	status, key := Status(winddown.Internal), "error.internal.text"
	if r.Context().Err() != nil {
		// Templates stop when the reader leaves or the time is up: no fault of theirs.
		status, key = Status(winddown.Unavailable), "error.unavailable.text"
		w.Header().Set("Retry-After", "5")
	}
	NoteError(r.Context(), fmt.Errorf("render: %w", err))
	text := i18n.From(r.Context()).T(key)
	if id := RequestID(r.Context()); id != "" {
		text += "\n" + i18n.From(r.Context()).T("error.request_id", "ID", id)
	}
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h.Del("Content-Length")
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = io.WriteString(w, text+"\n")
	}
}

var errPageTooLarge = errors.New("the page is larger than any page should be")

// limitedWriter refuses what would make the buffer larger than max.
type limitedWriter struct {
	b   *bytes.Buffer
	max int
}

func (l *limitedWriter) Write(p []byte) (int, error) {
	if l.b.Len()+len(p) > l.max {
		return 0, errPageTooLarge
	}
	return l.b.Write(p)
}

// A page is packed without a dictionary of its own to fill and to clear: its tables fit the
// processor's cache, where those of level 5 push out what the program and the database need. A large
// page, a full one of the register, has 8 kB to keep within: level 5 does, with
// a hundred bytes to spare, where level 4 made 8,012.
const (
	packLevel  = gzip.StatelessCompression
	largePage  = 32 << 10
	largeLevel = 5
)

// The pools keep no state between requests, only memory.
var (
	buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}
	packers = newPackers(packLevel)
	largest = newPackers(largeLevel)
)

func newPackers(level int) *sync.Pool {
	return &sync.Pool{New: func() any {
		z, _ := gzip.NewWriterLevel(nil, level) // a level there is
		return z
	}}
}

func getBuffer() *bytes.Buffer { return buffers.Get().(*bytes.Buffer) }

func putBuffer(b *bytes.Buffer) {
	if b.Cap() > maxPooled {
		return
	}
	b.Reset()
	buffers.Put(b)
}

// pack appends the gzipped bytes of plain to dst.
func pack(dst *bytes.Buffer, plain []byte) {
	pool := packers
	if len(plain) >= largePage {
		pool = largest
	}
	z := pool.Get().(*gzip.Writer)
	defer pool.Put(z)
	z.Reset(dst)
	_, _ = z.Write(plain) // a buffer takes everything
	_ = z.Close()
}

// acceptsGzip reads Accept-Encoding as RFC 9110 has it: gzip or *, unless q is zero.
func acceptsGzip(r *http.Request) bool {
	any := false
	for _, header := range r.Header.Values("Accept-Encoding") {
		for item := range strings.SplitSeq(header, ",") {
			coding, params, _ := strings.Cut(item, ";")
			coding = strings.ToLower(strings.TrimSpace(coding))
			if coding != "gzip" && coding != "*" {
				continue
			}
			wanted := true
			name, q, found := strings.Cut(strings.TrimSpace(params), "=")
			if found && strings.EqualFold(strings.TrimSpace(name), "q") {
				weight, err := strconv.ParseFloat(strings.TrimSpace(q), 64)
				wanted = err == nil && weight > 0
			}
			if coding == "gzip" {
				return wanted
			}
			any = wanted
		}
	}
	return any
}
