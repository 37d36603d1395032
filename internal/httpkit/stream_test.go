package httpkit

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"winddown/internal/winddown"
)

// readParts reads a whole form; the names and contents of its parts, and the first error.
func readParts(w http.ResponseWriter, r *http.Request, max int64) (string, error) {
	parts, err := Parts(w, r, max)
	if err != nil {
		return "", err
	}
	var all strings.Builder
	for {
		part, err := parts.Next()
		if err == io.EOF { //nolint:errorlint // bare
			return all.String(), nil
		}
		if err != nil {
			return all.String(), err
		}
		content, err := io.ReadAll(part)
		fmt.Fprintf(&all, "[%s %s %s]", part.Name, part.FileName, content)
		if err != nil {
			return all.String(), err
		}
	}
}

func multipartRequest(body string) *http.Request {
	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
	r.Header.Set("Content-Type", "multipart/form-data; boundary=x")
	return r
}

func TestParts(t *testing.T) {
	const head = "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"акт %22№1%22.pdf\"\r\n\r\n"
	whole := "--x\r\nContent-Disposition: form-data; name=\"note\"\r\n\r\nx\r\n" + head + "bytes\r\n--x--\r\n"
	got, err := readParts(httptest.NewRecorder(), multipartRequest(whole), 1000)
	if err != nil || got != `[note  x][file акт "№1".pdf bytes]` {
		t.Errorf("%q, %v", got, err)
	}
	for name, c := range map[string]struct {
		body string
		max  int64
		kind winddown.Kind
	}{
		"too long":          {whole, 100, winddown.TooLarge},
		"breaks off":        {head + "byt", 1000, winddown.Invalid},
		"without an end":    {head + "bytes\r\n", 1000, winddown.Invalid},
		"no form":           {"a=b", 1000, winddown.Invalid},
		"a long head":       {strings.Replace(whole, "\r\n\r\nx", "\r\nX: "+strings.Repeat("x", maxHead)+"\r\n\r\nx", 1), 1 << 20, winddown.Invalid},
		"a part of no name": {"--x\r\nContent-Type: text/plain\r\n\r\nx\r\n--x--\r\n", 1000, winddown.Invalid},
		"a NUL in a head":   {strings.Replace(whole, "№", "\x00", 1), 1000, winddown.Invalid},
	} {
		for _, measured := range []bool{true, false} {
			r := multipartRequest(c.body)
			if !measured {
				r.ContentLength = -1
			}
			if _, err := readParts(httptest.NewRecorder(), r, c.max); !errors.Is(err, c.kind) {
				t.Errorf("%s, measured %v: %v, want %v", name, measured, err, c.kind)
			}
		}
	}
	r := multipartRequest(whole)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if _, err := readParts(httptest.NewRecorder(), r, 1000); !errors.Is(err, winddown.Invalid) {
		t.Errorf("an urlencoded form: %v", err)
	}
}

func TestTextOfAPart(t *testing.T) {
	for text, want := range map[string]string{"заметка": "", "": "", strings.Repeat("x", 20): "", strings.Repeat("x", 21): "error.too_large",
		"a\x00b": "error.unreadable", "\xff": "error.unreadable"} {
		parts, err := Parts(httptest.NewRecorder(), multipartRequest("--x\r\nContent-Disposition: form-data; name=\"note\"\r\n\r\n"+text+"\r\n--x--\r\n"), 1000)
		if err != nil {
			t.Fatal(err)
		}
		part, err := parts.Next()
		if err != nil {
			t.Fatal(err)
		}
		if got, err := part.Text(20); keyOf(err) != want || want == "" && got != text {
			t.Errorf("%q: %q, %v", text, got, err)
		}
	}
}

// A body that comes in and an answer that is taken outlive the server's own timeouts, which
// are over at once here.
func TestSlowConnections(t *testing.T) {
	h := Deadline(time.Nanosecond)(Unhurried(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got, err := readParts(w, r, 1<<20)
		if err == nil {
			err = r.Context().Err()
		}
		_, _ = fmt.Fprintf(PacedWriter(w), "%d %v", len(got), err)
	})))
	s := httptest.NewUnstartedServer(h)
	s.Config.ReadHeaderTimeout, s.Config.ReadTimeout, s.Config.WriteTimeout = time.Minute, time.Nanosecond, time.Nanosecond
	s.Start()
	defer s.Close()
	// More than the server has read with the head.
	body := "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\n" + strings.Repeat("x", 200_000) + "\r\n--x--\r\n"
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "multipart/form-data; boundary=x")
	answer, err := s.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(answer.Body)
	_ = answer.Body.Close()
	if err != nil || string(got) != "200009 <nil>" {
		t.Errorf("%q, %v", got, err)
	}
}

// connection notes the deadlines that are set for it.
type connection struct {
	http.ResponseWriter
	read, write int
}

func (c *connection) SetReadDeadline(time.Time) error  { c.read++; return nil }
func (c *connection) SetWriteDeadline(time.Time) error { c.write++; return nil }

// The deadlines move with the bytes, so that a connection over which none move ends.
func TestDeadlinesMoveWithTheBytes(t *testing.T) {
	c := &connection{ResponseWriter: httptest.NewRecorder()}
	w := PacedWriter(c)
	if n, err := w.Write(make([]byte, 3*pace+1)); n != 3*pace+1 || err != nil {
		t.Fatal(n, err)
	}
	if c.read != 0 {
		t.Error("an answer sets a deadline for reading")
	}
	if c.write != 4 {
		t.Errorf("the deadline moved %d times over three paces, want 4 with the first", c.write)
	}
	for range 100 {
		_, _ = w.Write([]byte("x"))
	}
	if c.write != 4 {
		t.Error("single bytes move the deadline")
	}
	if n, err := w.Write(nil); n != 0 || err != nil {
		t.Error(n, err)
	}

	c = &connection{ResponseWriter: httptest.NewRecorder()}
	body := newPacedBody(c, io.NopCloser(strings.NewReader(strings.Repeat("x", 2*pace))))
	if _, err := io.Copy(io.Discard, body); err != nil {
		t.Fatal(err)
	}
	if c.write != 3 || c.read != 4 { // the last takes it off
		t.Errorf("with a body of two paces the deadlines moved %d and %d times, want 4 for reading and 3 for the answer", c.read, c.write)
	}
}

// Unhurried keeps the end that the client's leaving sets.
func TestUnhurriedEndsWithTheClient(t *testing.T) {
	parent, leave := context.WithCancel(t.Context())
	h := Deadline(time.Nanosecond)(Unhurried(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if _, ok := r.Context().Deadline(); ok || r.Context().Err() != nil {
			t.Errorf("the deadline stays: %v", r.Context().Err())
		}
		leave()
		select {
		case <-r.Context().Done():
		case <-time.After(10 * time.Second):
			t.Error("the request goes on without its client")
		}
	})))
	h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil).WithContext(parent))
}

// A stream goes on after its handler has returned, and knows when its reader leaves.
func TestStreamOutlivesItsHandler(t *testing.T) {
	type stream struct {
		conn net.Conn
		left <-chan struct{}
	}
	streams := make(chan stream, 1)
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Is", "there\r\nX-Forged: yes")
		conn, left, err := Stream(w, time.Minute)
		if err != nil {
			t.Error(err)
		}
		streams <- stream{conn, left}
	}))
	s.Config.ReadHeaderTimeout, s.Config.ReadTimeout, s.Config.WriteTimeout = time.Minute, time.Nanosecond, time.Nanosecond
	s.Start()
	defer s.Close()
	ctx, leave := context.WithCancel(t.Context())
	defer leave()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := s.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	open := <-streams
	defer func() { _ = open.conn.Close() }()
	h := answer.Header
	if answer.StatusCode != http.StatusOK || h.Get("X-Is") != "there  X-Forged: yes" || h.Get("X-Forged") != "" || h.Get("Date") == "" || !answer.Close {
		t.Errorf("%s, %v", answer.Status, h)
	}
	_ = open.conn.SetWriteDeadline(time.Now().Add(10 * time.Second))
	if _, err := io.WriteString(open.conn, "later"); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, 5)
	if _, err := io.ReadFull(answer.Body, got); err != nil || string(got) != "later" {
		t.Errorf("%q, %v", got, err)
	}
	select {
	case <-open.left:
		t.Error("the reader is said to have left")
	default:
	}
	leave()
	select {
	case <-open.left:
	case <-time.After(10 * time.Second):
		t.Error("nobody noticed that the reader left")
	}
}
