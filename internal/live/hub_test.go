package live

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"winddown/internal/postgres"
	"winddown/internal/winddown"
)

func caseTopic(n byte) winddown.Stream {
	return winddown.Stream{Kind: winddown.CaseStream, ID: winddown.ID{n}}
}

func hint(s winddown.Stream, seq int64) []postgres.Hint {
	return []postgres.Hint{{Stream: s, Seq: seq}}
}

// next waits for news.
func next(t *testing.T, s *Subscription) News {
	t.Helper()
	select {
	case <-s.Wake():
		return s.Take()
	case <-time.After(10 * time.Second):
		t.Fatal("no news came")
		return News{}
	}
}

func silent(t *testing.T, s *Subscription) {
	t.Helper()
	if n := s.Take(); n != (News{}) {
		t.Errorf("news came: %+v", n)
	}
}

func TestSlowSubscriberHearsTheNewestAndHoldsNobodyUp(t *testing.T) {
	h := NewHub(slog.New(slog.DiscardHandler))
	slow, other := h.Subscribe(winddown.ID{1}, caseTopic(1)), h.Subscribe(winddown.ID{2}, caseTopic(1))
	elsewhere := h.Subscribe(winddown.ID{3}, caseTopic(2))
	for seq := range int64(1000) {
		h.Publish(hint(caseTopic(1), seq+1))
		if n := next(t, other); !n.Changed || n.Seq != seq+1 {
			t.Fatalf("heard %+v, want event %d", n, seq+1)
		}
	}
	if n := next(t, slow); n != (News{Changed: true, Seq: 1000}) {
		t.Errorf("the slow one heard %+v, want event 1000 alone", n)
	}
	silent(t, slow)
	silent(t, elsewhere)
}

func TestFifthStreamEndsTheOldest(t *testing.T) {
	h := NewHub(slog.New(slog.DiscardHandler))
	me := winddown.ID{1}
	var mine []*Subscription
	for n := range byte(MaxStreams) {
		mine = append(mine, h.Subscribe(me, caseTopic(n)))
	}
	other := h.Subscribe(winddown.ID{2}, caseTopic(1))
	mine = append(mine, h.Subscribe(me, caseTopic(1)))
	if n := next(t, mine[0]); n.End != Busy {
		t.Errorf("the oldest heard %+v, want its end", n)
	}
	mine[0].Close()
	for _, s := range append(mine[1:], other) {
		silent(t, s)
	}
	if h.Streams() != MaxStreams+1 {
		t.Errorf("%d streams are open, want %d", h.Streams(), MaxStreams+1)
	}
	// One that was closed makes room.
	mine[2].Close()
	h.Subscribe(me, caseTopic(1))
	silent(t, mine[1])
}

func TestEveryStreamOfAPersonHearsOfHim(t *testing.T) {
	h := NewHub(slog.New(slog.DiscardHandler))
	me := winddown.Stream{Kind: winddown.UserStream, ID: winddown.ID{1}}
	a, b := h.Subscribe(me.ID, caseTopic(1)), h.Subscribe(me.ID, caseTopic(2))
	other := h.Subscribe(winddown.ID{2}, caseTopic(1))
	h.Publish(hint(me, 0))
	for _, s := range []*Subscription{a, b} {
		if n := next(t, s); n != (News{Person: true}) {
			t.Errorf("heard %+v", n)
		}
	}
	silent(t, other)
}

func TestClosedHubEndsEveryStream(t *testing.T) {
	h := NewHub(slog.New(slog.DiscardHandler))
	before := h.Subscribe(winddown.ID{1}, caseTopic(1))
	h.Close()
	after := h.Subscribe(winddown.ID{1}, caseTopic(1))
	for _, s := range []*Subscription{before, after} {
		if n := next(t, s); n.End != Stopping {
			t.Errorf("heard %+v, want the end", n)
		}
		s.Close()
	}
	if h.Streams() != 0 {
		t.Errorf("%d streams are open", h.Streams())
	}
}

// Streams come and go while hints are published; nothing of them stays.
func TestNothingStaysOfStreamsThatEnded(t *testing.T) {
	h := NewHub(slog.New(slog.DiscardHandler))
	var wg sync.WaitGroup
	for n := range byte(20) {
		wg.Go(func() {
			for range 50 {
				s := h.Subscribe(winddown.ID{n % 3}, caseTopic(n%5))
				h.Publish(hint(caseTopic(n%5), 1))
				<-s.Wake()
				s.Take()
				s.Close()
			}
		})
		wg.Go(func() {
			for range 50 {
				h.Refresh()
				h.Publish(hint(caseTopic(n%5), 2))
			}
		})
	}
	wg.Wait()
	if len(h.topics) != 0 || len(h.people) != 0 || h.open != 0 {
		t.Errorf("%d topics, %d people and %d streams are left", len(h.topics), len(h.people), h.open)
	}
}

// A stream that goes wrong ends alone, and the hub waits for those that run.
func TestOneStreamThatPanicsEndsAlone(t *testing.T) {
	var log bytes.Buffer
	h := NewHub(slog.New(slog.NewTextHandler(&log, nil)))
	bad, good := h.Subscribe(winddown.ID{1}, caseTopic(1)), h.Subscribe(winddown.ID{2}, caseTopic(1))
	bad.Go(func(context.Context) { panic("a stream went wrong") })
	var last News
	good.Go(func(context.Context) {
		for last.End == Open {
			<-good.Wake()
			last = good.Take()
		}
	})
	h.Close()
	if err := h.Wait(t.Context()); err != nil {
		t.Error(err)
	}
	if last.End != Stopping || h.Streams() != 0 {
		t.Errorf("the other heard %+v, %d streams are open", last, h.Streams())
	}
	for _, want := range []string{"a stream went wrong", caseTopic(1).String(), winddown.ID{1}.String()} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the log does not say %q: %s", want, log.String())
		}
	}
}

// Whoever stops the program waits for a stream from its subscription on, and no longer than he likes.
func TestWaitCountsFromTheSubscription(t *testing.T) {
	h := NewHub(slog.New(slog.DiscardHandler))
	over, end := context.WithCancel(t.Context())
	end()
	sub, refused := h.Subscribe(winddown.ID{1}, caseTopic(1)), h.Subscribe(winddown.ID{2}, caseTopic(1))
	h.Close()
	late := h.Subscribe(winddown.ID{3}, caseTopic(1)) // its request came before the end
	waits := func(who string) {
		t.Helper()
		if err := h.Wait(over); !errors.Is(err, context.Canceled) {
			t.Errorf("%s is not waited for: %v", who, err)
		}
	}
	waits("a stream that is about to begin")
	goOn := make(chan struct{})
	sub.Go(func(ctx context.Context) {
		<-ctx.Done() // the hub is closed
		<-goOn
	})
	refused.Close()
	refused.Close()
	waits("a stream that runs")
	close(goOn)
	late.Close()
	soon, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := h.Wait(soon); err != nil {
		t.Error(err)
	}
	if err := h.Wait(over); err != nil {
		t.Errorf("with nobody left: %v", err)
	}
}
