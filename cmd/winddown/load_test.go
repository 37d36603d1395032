//go:build ha || chaos

package main

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// patiently connects to a server that may have just become one that answers.
func patiently(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	var err error
	for begun := time.Now(); time.Since(begun) < time.Minute; <-time.After(200 * time.Millisecond) {
		var conn *pgx.Conn
		if conn, err = pgx.Connect(t.Context(), url); err == nil {
			return conn
		}
	}
	t.Fatal(err)
	return nil
}

// load sends ticks at a steady pace, each once, and notes when they were acknowledged.
type load struct {
	site  string
	rate  int // ticks a second
	mu    sync.Mutex
	acked []time.Time
	said  map[string]int // what was answered instead
	all   sync.WaitGroup
}

func newLoad(site string, rate int) *load {
	return &load{site: site, rate: rate, said: map[string]int{}}
}

func (l *load) run(ctx context.Context, ticks []*tick) {
	pace := time.NewTicker(time.Second / time.Duration(l.rate))
	defer pace.Stop()
	cases := len(ticks) / len(freshSteps())
	for i := range ticks {
		select {
		case <-ctx.Done():
			return
		case <-pace.C:
		}
		k := ticks[i%cases*len(freshSteps())+i/cases] // one case after the other
		l.all.Go(func() {
			asking, cancel := context.WithTimeout(context.Background(), 15*time.Second)
			defer cancel()
			err := k.send(asking, l.site)
			l.mu.Lock()
			defer l.mu.Unlock()
			if err == nil {
				l.acked = append(l.acked, time.Now())
				return
			}
			what, _, _ := strings.Cut(err.Error(), "\n")
			if at := strings.Index(what, "status "); at >= 0 {
				what = what[at:]
			}
			l.said[what]++
		})
	}
}

// since counts what was acknowledged after a moment.
func (l *load) since(moment time.Time) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	n := 0
	for _, at := range l.acked {
		if at.After(moment) {
			n++
		}
	}
	return n
}

// silence is the longest time in which nothing was acknowledged.
func (l *load) silence() time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	slices.SortFunc(l.acked, time.Time.Compare)
	var longest time.Duration
	for i := 1; i < len(l.acked); i++ {
		longest = max(longest, l.acked[i].Sub(l.acked[i-1]))
	}
	return longest
}

// firstSince is when the first tick after a moment was acknowledged.
func (l *load) firstSince(moment time.Time) time.Time {
	l.mu.Lock()
	defer l.mu.Unlock()
	var first time.Time
	for _, at := range l.acked {
		if at.After(moment) && (first.IsZero() || at.Before(first)) {
			first = at
		}
	}
	return first
}

// refused counts what was answered otherwise.
func (l *load) refused() (n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, times := range l.said {
		n += times
	}
	return n
}
