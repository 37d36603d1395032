package httpkit

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"time"

	"winddown/internal/winddown"
)

// queueWait is how long a request may wait for its turn: with the answer it makes a tenth of a
// second in which whoever is turned away knows it.
const queueWait = 50 * time.Millisecond

// Limiter bounds how many requests are worked on at a time, so that those that are get done as
// quickly under any load. As many again may wait for a moment; the others are told at once to
// come again.
type Limiter struct {
	places, queue chan struct{}
	busy          ErrorHandler
}

// NewLimiter lets n requests be worked on at a time, any number if n is zero.
func NewLimiter(n int, busy ErrorHandler) *Limiter {
	if n == 0 {
		return &Limiter{}
	}
	return &Limiter{places: make(chan struct{}, n), queue: make(chan struct{}, n), busy: busy}
}

type placeKey struct{}

// place is that of one request, which it can leave before its end.
type place struct {
	places chan struct{}
	left   bool
}

func (p *place) leave() {
	if !p.left {
		p.left = true
		<-p.places
	}
}

// Limit answers Unavailable with Retry-After when there is no place.
func (l *Limiter) Limit(next http.Handler) http.Handler {
	if l.places == nil {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !l.take(r.Context()) {
			w.Header().Set("Retry-After", "2")
			r.Header.Del("Accept-Encoding") // packing takes as long as the whole rest of this answer
			l.busy(w, r, &winddown.Error{Kind: winddown.Unavailable, Key: "error.busy"})
			return
		}
		p := &place{places: l.places}
		defer p.leave()
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), placeKey{}, p)))
	})
}

func (l *Limiter) take(ctx context.Context) bool {
	select {
	case l.places <- struct{}{}:
		return true
	default:
	}
	select {
	case l.queue <- struct{}{}:
		defer func() { <-l.queue }()
	default:
		return false
	}
	timer := time.NewTimer(queueWait)
	defer timer.Stop()
	select {
	case l.places <- struct{}{}:
		return true
	case <-timer.C:
	case <-ctx.Done():
	}
	return false
}

// leavePlace gives up the place of a request that lasts.
func leavePlace(ctx context.Context) {
	if p, ok := ctx.Value(placeKey{}).(*place); ok {
		p.leave()
	}
}

// maxWhole is how much of a form is awaited, in bytes. Longer ones are read by their handlers,
// which know what is too long.
const maxWhole = 256 << 10

// WholeForm waits for the bytes of a form before anything else is done for it: neither a place
// nor the time for the work is spent on a slow phone.
func WholeForm(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost || !isURLEncoded(r) {
			next.ServeHTTP(w, r)
			return
		}
		head, err := io.ReadAll(io.LimitReader(r.Body, maxWhole))
		var rest io.Reader = r.Body
		if err != nil {
			rest = broken{err}
		}
		r.Body = struct {
			io.Reader
			io.Closer
		}{io.MultiReader(bytes.NewReader(head), rest), r.Body}
		next.ServeHTTP(w, r)
	})
}

// broken is the rest of a body that breaks off.
type broken struct{ err error }

func (b broken) Read([]byte) (int, error) { return 0, b.err }

// LastInChunks ends the connection after a request whose body came in chunks, as browsers send none.
// Where such a request also gives a length, a proxy in front may have read that instead: what
// follows is then not a request but a part of somebody's body (RFC 9112, 6.1).
func LastInChunks(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if len(r.TransferEncoding) > 0 {
			w.Header().Set("Connection", "close")
		}
		next.ServeHTTP(w, r)
	})
}
