package site

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"winddown/internal/httpkit"
	"winddown/internal/live"
	"winddown/internal/winddown"
	"winddown/web/page"
	"winddown/web/ui"
)

// A stream of hints: how often it says that it is there, so that no proxy takes it for dead;
// how long one write may take; how long it lasts at most, after which the browser opens
// another one and is asked for its login session again.
const (
	liveBeat   = 20 * time.Second
	liveStall  = 10 * time.Second
	liveLasts  = time.Hour
	liveAsk    = 10 * time.Second // for a question to the database
	liveSpread = 2 * time.Second  // over which everybody at once is spread
)

// refreshHeader marks the request of a page that is shown already and asks for itself anew:
// what is said once is not for it.
const refreshHeader = "Winddown-Refresh"

// layoutLive names the stream that tells of changes of the page, and what of it the page
// shows already.
func (s *Site) layoutLive(path string, seen int64) layoutOption {
	return func(v *ui.LayoutView) {
		if s.live != nil {
			v.Live = path + "/live?" + strconv.FormatInt(seen, 10)
		}
	}
}

func (s *Site) layoutCaseLive(id winddown.ID, seq int64) layoutOption {
	return s.layoutLive(caseHref(id), seq)
}

// CaseLive is the stream of changes of a case; its events are numbered as those of the case.
func (s *Site) CaseLive(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID(r, "case")
	if err != nil {
		return err
	}
	return s.stream(w, r, winddown.Stream{Kind: winddown.CaseStream, ID: id}, func(ctx context.Context, actor winddown.Actor, seen int64) (int64, bool, error) {
		seq, err := s.app.CaseSeq(ctx, actor, id)
		// A page can be ahead of a database that was restored.
		return seq, seq != seen, err
	})
}

// RegisterLive is the stream of changes in the register. It has no numbers of its own: what a
// page has seen is told by the second it was asked for, and later by the second up to which
// its stream has told everything.
func (s *Site) RegisterLive(w http.ResponseWriter, r *http.Request) error {
	firm := actorOf(r.Context()).FirmID
	return s.stream(w, r, winddown.Stream{Kind: winddown.FirmStream, ID: firm}, func(ctx context.Context, actor winddown.Actor, seen int64) (int64, bool, error) {
		if actor.FirmID != firm {
			return 0, false, &winddown.Error{Kind: winddown.NotFound, Key: "error.not_found"}
		}
		moved, err := s.app.RegisterMoved(ctx, actor, time.Unix(seen, 0))
		return 0, moved, err
	})
}

// look asks whether the actor may still follow a topic, for the number of its newest event (0
// where there are none) and whether there is something he has not seen.
type look func(ctx context.Context, actor winddown.Actor, seen int64) (seq int64, newer bool, err error)

// stream answers with hints about a topic until the reader leaves or may no longer follow it.
func (s *Site) stream(w http.ResponseWriter, r *http.Request, topic winddown.Stream, look look) error {
	actor := actorOf(r.Context())
	if s.live == nil || r.Method == http.MethodHead {
		if err := s.allowed(r.Context(), actor, look); err != nil {
			return err
		}
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
	// First of all, so that nothing that happens from here on goes unheard.
	sub := s.live.Subscribe(actor.UserID, topic)
	out, handed := &eventWriter{}, false
	defer func() {
		if !handed { // be it that something panicked
			sub.Close()
			out.close()
		}
	}()
	left, err := s.begin(w, r, topic, out, look)
	if err != nil || left == nil {
		return err
	}
	handed = true
	sub.Go(func(ctx context.Context) {
		defer out.close()
		s.follow(ctx, actor, sub, out, left, look)
	})
	return nil
}

// begin gives out its connection, and sends the head of a stream and what is new. left is nil for a
// reader who is gone already.
func (s *Site) begin(w http.ResponseWriter, r *http.Request, topic winddown.Stream, out *eventWriter, look look) (left <-chan struct{}, err error) {
	last := r.Header.Get("Last-Event-ID")
	if last == "" {
		last = r.URL.RawQuery
	}
	seen, _ := strconv.ParseInt(last, 10, 64) // what cannot be read has seen nothing
	ctx, cancel := context.WithTimeout(r.Context(), liveAsk)
	seq, newer, err := look(ctx, actorOf(r.Context()), seen)
	cancel()
	if err != nil {
		return nil, err
	}
	var notice strings.Builder
	if err := page.Updated().Render(r.Context(), &notice); err != nil {
		return nil, err
	}
	h := w.Header()
	h.Set("Content-Type", "text/event-stream; charset=utf-8")
	h.Set("Cache-Control", "no-store, no-transform")
	h.Set("X-Accel-Buffering", "no") // nginx passes every event on at once
	conn, left, err := httpkit.Stream(w, liveStall)
	switch {
	case errors.Is(err, http.ErrNotSupported): // something in front of the handlers is at fault
		return nil, fmt.Errorf("the connection of a stream: %w", err)
	case err != nil:
		return nil, nil //nolint:nilerr // the reader is gone
	}
	out.conn = conn
	if topic.Kind != winddown.CaseStream {
		out.now = s.app.Now
	}
	out.hello(notice.String(), !newer)
	if newer {
		out.changed(seq)
	}
	out.told = seq
	return left, nil
}

// follow passes news on until the reader leaves or may no longer follow. It runs for as long as the
// stream is open, beside thousands of others: it holds nothing of the request.
func (s *Site) follow(ctx context.Context, actor winddown.Actor, sub *live.Subscription, out *eventWriter, left <-chan struct{}, look look) {
	beat := time.NewTicker(liveBeat)
	defer beat.Stop()
	end := time.Now().Add(liveLasts + rand.N(liveLasts/10))
	var ask <-chan time.Time
	for out.err == nil {
		select {
		case <-left:
			return
		case now := <-beat.C:
			if now.After(end) {
				return
			}
			out.beat()
		case <-ask:
			// Hints were lost: the right to look is asked for before anything is said.
			if ask = nil; !s.mayFollow(ctx, actor, out, look) {
				return
			}
			out.changed(0)
		case <-sub.Wake():
			news := sub.Take()
			if news.End == live.Busy {
				out.bye(string(news.End))
			}
			erased := news.Changed && news.Seq == 0 && out.now == nil // all other news of a case have a number
			if news.End != live.Open || (news.Person || erased) && !s.mayFollow(ctx, actor, out, look) {
				return
			}
			if news.Changed {
				out.changed(news.Seq)
			}
			if news.Refresh {
				ask = time.After(rand.N(liveSpread))
			}
		}
	}
}

// mayFollow asks again whether whoever opened a stream may read it, and says goodbye if not.
func (s *Site) mayFollow(ctx context.Context, actor winddown.Actor, out *eventWriter, look look) bool {
	err := s.allowed(ctx, actor, look)
	if errors.Is(err, winddown.Unauthenticated) || errors.Is(err, winddown.Forbidden) || errors.Is(err, winddown.NotFound) {
		out.bye("gone")
	}
	return err == nil
}

// allowed asks for the login session, which may have another token since a proof, and the topic anew.
func (s *Site) allowed(ctx context.Context, actor winddown.Actor, look look) error {
	ctx, cancel := context.WithTimeout(ctx, liveAsk)
	defer cancel()
	actor, err := s.app.Again(ctx, actor)
	if err == nil {
		_, _, err = look(ctx, actor, 0)
	}
	return err
}

// eventWriter writes server-sent events.
type eventWriter struct {
	conn net.Conn         // nil until there is one
	now  func() time.Time // where what is new has no number: the page shows many streams
	told int64            // the newest event that was told or shown, where events are numbered
	err  error            // of the last write: the reader is gone
}

// hello says how soon to come again when the stream breaks off, and what to show where somebody is
// typing. told says that there is nothing new.
func (e *eventWriter) hello(notice string, told bool) {
	upTo := ""
	if told {
		upTo = e.moment()
	}
	e.write(fmt.Sprintf("%sretry: %d\nevent: hello\ndata: %s\n\n", upTo, 1000+rand.IntN(2000), strings.ReplaceAll(notice, "\n", " ")))
}

// moment is the line with which the browser, when it comes again, asks for what is newer than
// now; it is empty where what is new has a number.
func (e *eventWriter) moment() string {
	if e.now == nil {
		return ""
	}
	return fmt.Sprintf("id: %d\n", e.now().Unix())
}

// changed says that there is something new, up to an event, 0 where its number is not known.
// The hints of two processes can overtake each other, and a page that was read meanwhile: an older
// event than was told or shown is not news.
func (e *eventWriter) changed(seq int64) {
	switch {
	case seq == 0 || e.now != nil:
		e.write(e.moment() + "data:\n\n")
		return
	case seq <= e.told:
		return
	}
	e.told = seq
	e.write(fmt.Sprintf("id: %d\ndata: %d\n\n", seq, seq))
}

// bye tells the page not to come again of itself.
func (e *eventWriter) bye(why string) { e.write("event: bye\ndata: " + why + "\n\n") }

// beat says that the stream is there, and that everything was told.
func (e *eventWriter) beat() { e.write(":\n" + e.moment() + "\n") }

func (e *eventWriter) write(text string) {
	if e.err != nil {
		return
	}
	_ = e.conn.SetWriteDeadline(time.Now().Add(liveStall))
	_, e.err = io.WriteString(e.conn, text)
}

func (e *eventWriter) close() {
	if e.conn != nil {
		_ = e.conn.Close()
	}
}

// isRefresh reports whether a page asks for itself anew.
func isRefresh(r *http.Request) bool { return r.Header.Get(refreshHeader) != "" }
