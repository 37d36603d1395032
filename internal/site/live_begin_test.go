package site

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/go-chi/chi/v5"

	"winddown/internal/app"
	"winddown/internal/httpkit"
	"winddown/internal/live"
	"winddown/internal/winddown"
)

// A stream that goes wrong before it is under way leaves neither a subscription nor a connection.
func TestStreamThatPanicsAtItsBeginLeavesNothing(t *testing.T) {
	panics := func() { panic(http.ErrAbortHandler) } // which net/http does not log
	for name, c := range map[string]struct {
		kind winddown.StreamKind
		look look
	}{
		"while it is looked": {winddown.CaseStream, func(context.Context, winddown.Actor, int64) (int64, bool, error) {
			panics()
			return 0, false, nil
		}},
		"after its head, at the clock": {winddown.FirmStream, func(context.Context, winddown.Actor, int64) (int64, bool, error) {
			return 0, false, nil
		}},
	} {
		hub := live.NewHub(slog.New(slog.DiscardHandler))
		s := New(app.New(nil, app.Options{Now: func() time.Time { panics(); return time.Time{} }}), Options{Live: hub})
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_ = s.stream(w, r, winddown.Stream{Kind: c.kind}, c.look)
		}))
		client := server.Client()
		client.Timeout = 10 * time.Second
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL, nil)
		if err != nil {
			t.Fatal(err)
		}
		if answer, err := client.Do(r); err == nil {
			if _, err := io.Copy(io.Discard, answer.Body); err != nil {
				t.Errorf("%s: the connection stays: %v", name, err)
			}
			_ = answer.Body.Close()
		}
		// Its handler, which has lost its connection, is over soon.
		soon, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		if err := hub.Wait(soon); err != nil || hub.Streams() != 0 {
			t.Errorf("%s: %d streams are left, %v", name, hub.Streams(), err)
		}
		cancel()
		server.Close()
	}
}

// Where there is no connection to be had, as over HTTP/2, that is a fault and no empty stream.
func TestStreamWithoutAConnectionIsAFault(t *testing.T) {
	hub := live.NewHub(slog.New(slog.DiscardHandler))
	s := New(app.New(nil, app.Options{}), Options{Live: hub})
	err := s.stream(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil), winddown.Stream{Kind: winddown.CaseStream},
		func(context.Context, winddown.Actor, int64) (int64, bool, error) { return 1, true, nil })
	if err == nil || winddown.KindOf(err) != winddown.Internal || hub.Streams() != 0 {
		t.Errorf("%v, %d streams are left", err, hub.Streams())
	}
}

// A reader who leaves before his stream has begun is no fault of the server: the log says that he left, and
// no status of ours.
func TestStreamWhoseReaderLeftBeforeItBegan(t *testing.T) {
	errDiskFull := errors.New("the disk is full")
	var lines bytes.Buffer
	hub := live.NewHub(slog.New(slog.DiscardHandler))
	s := New(app.New(nil, app.Options{}), Options{Live: hub})
	for name, c := range map[string]struct {
		leaves bool
		fails  error // instead of the leaving
		status int
		level  string
	}{
		"left":            {true, nil, httpkit.StatusClientLeft, "INFO"},
		"stayed":          {false, errDiskFull, http.StatusInternalServerError, "ERROR"},
		"left and failed": {true, errDiskFull, http.StatusInternalServerError, "ERROR"},
	} {
		lines.Reset()
		ctx, leave := context.WithCancel(t.Context())
		m := chi.NewRouter()
		m.Use(httpkit.Log(slog.New(slog.NewJSONHandler(&lines, nil))))
		m.Get("/live", s.Handle(func(w http.ResponseWriter, r *http.Request) error {
			return s.stream(w, r, winddown.Stream{Kind: winddown.CaseStream}, func(ctx context.Context, _ winddown.Actor, _ int64) (int64, bool, error) {
				if c.leaves {
					leave()
				}
				return 0, false, cmp.Or(c.fails, ctx.Err())
			})
		}))
		m.ServeHTTP(httptest.NewRecorder(), httptest.NewRequestWithContext(ctx, http.MethodGet, "/live", nil))
		leave()
		var line struct {
			Level  string `json:"level"`
			Status int    `json:"status"`
			Left   bool   `json:"client_left"`
		}
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			t.Fatalf("%s: %v: %s", name, err, lines.Bytes())
		}
		if line.Status != c.status || line.Left != c.leaves || line.Level != c.level || hub.Streams() != 0 {
			t.Errorf("%s: %d streams are left, and the log says %s", name, hub.Streams(), lines.Bytes())
		}
	}
}
