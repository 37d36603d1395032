package site

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"winddown/internal/app"
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
