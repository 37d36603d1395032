// Package live tells the people who look at a page that something on it has changed. Every
// process hears the hints of all processes on one connection and passes them on to its own
// subscribers; a page then asks for what it shows again, so that the policy is asked again too.
package live

import (
	"context"
	"fmt"
	"log/slog"
	"runtime/debug"
	"slices"
	"sync"

	"winddown/internal/postgres"
	"winddown/internal/winddown"
)

// MaxStreams is how many streams one person may have open in a process: over HTTP/1.1 a
// browser has six connections to a host, and pages need some.
const MaxStreams = 4

// End says why a subscription ended.
type End string

// The reasons.
const (
	Open     End = ""         // it did not
	Busy     End = "busy"     // the same person opened too many others
	Stopping End = "stopping" // the process ends
)

// News is what happened since the subscriber looked last.
type News struct {
	Changed bool  // the topic has something new
	Seq     int64 // the number of its newest event that was heard of, if known
	Person  bool  // something about the person changed: whether he may still look is to be asked
	Refresh bool  // hints may have been lost: anything may have changed
	End     End
}

// Hub passes hints on to subscribers. It never waits for one: what a slow one has not
// taken yet is joined into one piece of news. It is safe for concurrent use.
type Hub struct {
	log        *slog.Logger
	ctx        context.Context // ends when the hub is closed
	cancel     context.CancelFunc
	mu         sync.Mutex
	topics     map[winddown.Stream]map[*Subscription]struct{}
	people     map[winddown.ID][]*Subscription // the oldest first
	open       int
	running    int           // subscriptions for which Close, or what Go began, is still to come
	idle       chan struct{} // closed when none is; nil while nobody waits
	reconnects int
	closed     bool
}

// NewHub returns a hub without subscribers.
func NewHub(log *slog.Logger) *Hub {
	ctx, cancel := context.WithCancel(context.Background())
	return &Hub{log: log, ctx: ctx, cancel: cancel, topics: map[winddown.Stream]map[*Subscription]struct{}{}, people: map[winddown.ID][]*Subscription{}}
}

// Subscription is one open stream of a person about one topic.
type Subscription struct {
	hub   *Hub
	user  winddown.ID
	topic winddown.Stream
	wake  chan struct{}
	news  News
	gone  bool // hears nothing any more
	ended bool // nobody uses it any more
}

// Subscribe opens a stream about topic, and ends the oldest of the person's when he has too
// many. Close must follow, or Go.
func (h *Hub) Subscribe(user winddown.ID, topic winddown.Stream) *Subscription {
	s := &Subscription{hub: h, user: user, topic: topic, wake: make(chan struct{}, 1)}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.running++
	if h.closed {
		s.gone = true
		s.tell(func(n *News) { n.End = Stopping })
		return s
	}
	if mine := h.people[user]; len(mine) >= MaxStreams {
		mine[0].tell(func(n *News) { n.End = Busy })
		h.remove(mine[0])
	}
	if h.topics[topic] == nil {
		h.topics[topic] = map[*Subscription]struct{}{}
	}
	h.topics[topic][s] = struct{}{}
	h.people[user] = append(h.people[user], s)
	h.open++
	return s
}

// Wake is readable when there is news.
func (s *Subscription) Wake() <-chan struct{} { return s.wake }

// Take returns the news since it was called last.
func (s *Subscription) Take() News {
	s.hub.mu.Lock()
	defer s.hub.mu.Unlock()
	n := s.news
	s.news = News{}
	return n
}

// Go passes the news on in a goroutine of its own, and closes the subscription after that. The
// context ends when the hub is closed.
func (s *Subscription) Go(follow func(context.Context)) {
	go func() {
		defer s.Close()
		defer func() {
			if value := recover(); value != nil { // one stream's end, not the program's
				s.hub.log.Error("panic", "topic", s.topic.String(), "person", s.user.String(),
					"panic", fmt.Sprint(value), "stack", string(debug.Stack()))
			}
		}()
		follow(s.hub.ctx)
	}()
}

// Close ends the subscription; again, it does nothing.
func (s *Subscription) Close() {
	h := s.hub
	h.mu.Lock()
	defer h.mu.Unlock()
	h.remove(s)
	if s.ended {
		return
	}
	s.ended = true
	if h.running--; h.running == 0 && h.idle != nil {
		close(h.idle)
		h.idle = nil
	}
}

// tell adds to the news. The hub is locked.
func (s *Subscription) tell(add func(*News)) {
	add(&s.news)
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// remove forgets a subscription. The hub is locked.
func (h *Hub) remove(s *Subscription) {
	if s.gone {
		return
	}
	s.gone = true
	h.open--
	delete(h.topics[s.topic], s)
	if len(h.topics[s.topic]) == 0 {
		delete(h.topics, s.topic)
	}
	mine := h.people[s.user]
	if mine = slices.DeleteFunc(mine, func(o *Subscription) bool { return o == s }); len(mine) == 0 {
		delete(h.people, s.user)
	} else {
		h.people[s.user] = mine
	}
}

// Publish passes hints on.
func (h *Hub) Publish(hints []postgres.Hint) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, hint := range hints {
		for s := range h.topics[hint.Stream] {
			s.tell(func(n *News) { n.Changed, n.Seq = true, max(n.Seq, hint.Seq) })
		}
		if hint.Stream.Kind == winddown.UserStream {
			for _, s := range h.people[hint.Stream.ID] {
				s.tell(func(n *News) { n.Person = true })
			}
		}
	}
}

// Refresh tells every subscriber that anything may have changed.
func (h *Hub) Refresh() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, mine := range h.people {
		for _, s := range mine {
			s.tell(func(n *News) { n.Refresh = true })
		}
	}
}

// Close ends every subscription, and those to come at once.
func (h *Hub) Close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed = true
	h.cancel()
	for _, mine := range h.people {
		for _, s := range slices.Clone(mine) {
			s.tell(func(n *News) { n.End = Stopping })
			h.remove(s)
		}
	}
}

// Wait returns when no subscription is in use any more, be its stream only about to begin, or
// with an error when ctx ends before that. The hub is closed.
func (h *Hub) Wait(ctx context.Context) error {
	h.mu.Lock()
	running := h.running
	if running > 0 && h.idle == nil {
		h.idle = make(chan struct{})
	}
	idle := h.idle
	h.mu.Unlock()
	if running == 0 {
		return nil
	}
	select {
	case <-idle:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("streams of hints have not ended: %w", ctx.Err())
	}
}

// Streams is how many subscriptions are open.
func (h *Hub) Streams() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.open
}

// Reconnects is how often the connection that hears hints had to be made again.
func (h *Hub) Reconnects() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.reconnects
}
