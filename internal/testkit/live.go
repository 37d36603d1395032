package testkit

import (
	"bufio"
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"winddown/internal/winddown"
)

// hear lets the hub run until the test ends, when its streams end before the server does. It
// returns when the hub listens.
func (s *Site) hear() {
	ctx, stop := context.WithCancel(context.Background())
	heard := make(chan struct{})
	listens := s.Hub.Subscribe(winddown.ID{}, winddown.Stream{})
	defer listens.Close()
	go func() {
		defer close(heard)
		s.Hub.Run(ctx, s.DB)
	}()
	s.t.Cleanup(func() {
		s.Hub.Close()
		patience, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		if err := s.Hub.Wait(patience); err != nil {
			s.t.Error(err)
		}
		stop()
		<-heard
	})
	select {
	case <-listens.Wake():
	case <-time.After(20 * time.Second):
		s.t.Fatal("the hub does not listen")
	}
}

// In is the person's browser with the same login session in another process of the site.
func (c *Client) In(s *Site) *Client {
	c.t.Helper()
	other := s.Anybody()
	other.Name, other.Email, other.ID = c.Name, c.Email, c.ID
	other.SetSession(c.Cookie(c.site.SessionCookie()))
	return other
}

// Event is a server-sent event; Kind is «message» where none is named.
type Event struct {
	Kind string
	ID   string
	Data string
}

// Stream is a stream of server-sent events that is open.
type Stream struct {
	Header http.Header
	Hello  Event // the first

	t      testing.TB
	events chan Event
	cancel context.CancelFunc
}

// Stream opens a stream. Headers are name, value pairs. The first event is taken.
func (c *Client) Stream(path string, headers ...string) *Stream {
	c.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, c.site.URL+path, nil)
	if err != nil {
		c.t.Fatal(err)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	answer, err := c.http.Do(r) //nolint:bodyclose // whoever reads it closes it
	if err != nil {
		c.t.Fatal(err)
	}
	if answer.StatusCode != http.StatusOK {
		c.t.Fatalf("GET %s: %d, want a stream", path, answer.StatusCode)
	}
	s := &Stream{Header: answer.Header, t: c.t, events: make(chan Event, 100), cancel: cancel}
	go func() {
		defer close(s.events)
		defer func() { _ = answer.Body.Close() }()
		event := Event{Kind: "message"}
		data := false
		for lines := bufio.NewScanner(answer.Body); lines.Scan(); {
			field, value, _ := strings.Cut(lines.Text(), ":")
			value = strings.TrimPrefix(value, " ")
			switch {
			case lines.Text() == "" && data:
				s.events <- event
				event, data = Event{Kind: "message"}, false
			case field == "event":
				event.Kind = value
			case field == "id":
				event.ID = value
			case field == "data":
				event.Data, data = value, true
			}
		}
	}()
	c.t.Cleanup(cancel)
	if s.Hello = s.Next(); s.Hello.Kind != "hello" || s.Hello.Data == "" {
		c.t.Fatalf("the stream begins with %+v", s.Hello)
	}
	return s
}

// Next waits for an event; the zero Event is the end of the stream.
func (s *Stream) Next() Event {
	s.t.Helper()
	select {
	case e := <-s.events:
		return e
	case <-time.After(20 * time.Second):
		s.t.Fatal("no event came")
		return Event{}
	}
}

// Close leaves the stream.
func (s *Stream) Close() { s.cancel() }
