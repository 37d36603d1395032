package httpkit

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"winddown/internal/winddown"
)

// crowded is a limited handler in which requests stay until they are let go.
type crowded struct {
	http.Handler
	entered, goOn chan struct{}
}

func newCrowded(n int, wrap func(http.Handler) http.Handler) crowded {
	c := crowded{entered: make(chan struct{}), goOn: make(chan struct{})}
	c.Handler = NewLimiter(n, busy).Limit(wrap(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		c.entered <- struct{}{}
		<-c.goOn
	})))
	return c
}

func busy(w http.ResponseWriter, _ *http.Request, err error) {
	http.Error(w, "busy", Status(winddown.KindOf(err)))
}

func plain(next http.Handler) http.Handler { return next }

func (c crowded) ask(ctx context.Context) <-chan *httptest.ResponseRecorder {
	answered := make(chan *httptest.ResponseRecorder, 1)
	go func() {
		w := httptest.NewRecorder()
		c.ServeHTTP(w, httptest.NewRequestWithContext(ctx, http.MethodGet, "/", nil))
		answered <- w
	}()
	return answered
}

func TestLimiterTurnsAwayWhoFindsNoPlace(t *testing.T) {
	c := newCrowded(2, plain)
	first, second := c.ask(t.Context()), c.ask(t.Context())
	<-c.entered
	<-c.entered
	begun := time.Now()
	turned := <-c.ask(t.Context())
	if took := time.Since(begun); turned.Code != http.StatusServiceUnavailable || turned.Header().Get("Retry-After") == "" || took < queueWait {
		t.Errorf("without a place: %d, Retry-After %q, after %s", turned.Code, turned.Header().Get("Retry-After"), took)
	}
	// Whoever waits comes in as soon as somebody leaves.
	waiting := c.ask(t.Context())
	c.goOn <- struct{}{}
	<-c.entered
	c.goOn <- struct{}{}
	c.goOn <- struct{}{}
	for _, answered := range []<-chan *httptest.ResponseRecorder{first, second, waiting} {
		if w := <-answered; w.Code != http.StatusOK {
			t.Errorf("status %d", w.Code)
		}
	}
}

// Those beyond the queue are told at once, not after the wait.
func TestLimiterHasAShortQueue(t *testing.T) {
	c := newCrowded(1, plain)
	first := c.ask(t.Context())
	<-c.entered
	ctx, leave := context.WithCancel(t.Context())
	l := NewLimiter(1, busy)
	l.places <- struct{}{}
	queued := make(chan bool)
	go func() { queued <- l.take(ctx) }()
	for len(l.queue) == 0 {
		continue
	}
	if l.take(context.Background()) {
		t.Error("a place beyond the queue")
	}
	leave()
	if <-queued || len(l.queue) != 0 {
		t.Error("whoever left stands in the queue")
	}
	c.goOn <- struct{}{}
	<-first
}

func TestUnhurriedAndPatientRequestsLeaveTheirPlace(t *testing.T) {
	for name, wrap := range map[string]func(http.Handler) http.Handler{"unhurried": Unhurried, "patient": Patient(time.Minute)} {
		c := newCrowded(1, wrap)
		first := c.ask(t.Context())
		<-c.entered
		second := c.ask(t.Context())
		<-c.entered // both are in the only place
		c.goOn <- struct{}{}
		c.goOn <- struct{}{}
		for _, answered := range []<-chan *httptest.ResponseRecorder{first, second} {
			if w := <-answered; w.Code != http.StatusOK {
				t.Errorf("%s: %d", name, w.Code)
			}
		}
	}
}

func TestPatientHasADeadlineOfItsOwn(t *testing.T) {
	handler := Deadline(time.Second)(Patient(time.Minute)(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		until, ok := r.Context().Deadline()
		if left := time.Until(until); !ok || left < 50*time.Second || left > time.Minute {
			t.Errorf("it has %s", left)
		}
	})))
	handler.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil))
}

func TestWholeFormIsReadBeforeTheWork(t *testing.T) {
	long := strings.Repeat("x", maxWhole+1000)
	for name, c := range map[string]struct {
		body io.Reader
		want string
		err  error
	}{
		"short":      {strings.NewReader("note=abc"), "note=abc", nil},
		"long":       {strings.NewReader("note=" + long), "note=" + long, nil},
		"broken off": {io.MultiReader(strings.NewReader("note="), broken{io.ErrUnexpectedEOF}), "note=", io.ErrUnexpectedEOF},
	} {
		r := httptest.NewRequest(http.MethodPost, "/", c.body)
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		WholeForm(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			got, err := io.ReadAll(r.Body)
			if string(got) != c.want || !errors.Is(err, c.err) {
				t.Errorf("%s: %d bytes, %v", name, len(got), err)
			}
		})).ServeHTTP(httptest.NewRecorder(), r)
	}
	// The handler is not there before the form is.
	in, out := io.Pipe()
	r := httptest.NewRequest(http.MethodPost, "/", in)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	began, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		WholeForm(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { close(began) })).ServeHTTP(httptest.NewRecorder(), r)
	}()
	_, _ = out.Write([]byte("note="))
	select {
	case <-began:
		t.Error("the work begins with half a form")
	default:
	}
	_ = out.Close()
	<-done
	<-began
}

func TestWhatCameInChunksIsTheLast(t *testing.T) {
	site := httptest.NewServer(LastInChunks(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) })))
	defer site.Close()
	const second = "GET /second HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
	for request, want := range map[string]int{
		"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx" + second:                                       2,
		"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + second:                      1,
		"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + second: 1,
	} {
		conn, err := net.Dial("tcp", site.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(conn, request)
		answers, _ := io.ReadAll(conn)
		_ = conn.Close()
		if n := strings.Count(string(answers), "HTTP/1.1 200"); n != want {
			t.Errorf("%q has %d answers, want %d", request, n, want)
		}
	}
}
