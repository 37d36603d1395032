package main

import (
	"context"
	"flag"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"winddown/internal/testdb"
)

var shedFor = flag.Duration("shed", 0, "how long the load of TestTwiceTheCapacity lasts, with nothing that slows the database down; three seconds with a slow one if not given")

// asked is one request and what became of it.
type asked struct {
	took   time.Duration
	status int
	again  string // Retry-After
}

func ask(c *http.Client, address string) asked {
	begun := time.Now()
	r, err := http.NewRequestWithContext(context.Background(), http.MethodGet, address, nil)
	if err != nil {
		return asked{}
	}
	resp, err := c.Do(r)
	if err != nil {
		return asked{took: time.Since(begun)}
	}
	defer func() { _ = resp.Body.Close() }()
	return asked{time.Since(begun), resp.StatusCode, resp.Header.Get("Retry-After")}
}

// p90 is the time within which nine of ten were answered with a status.
func p90(all []asked, status int) (d time.Duration, n int) {
	var took []time.Duration
	for _, a := range all {
		if a.status == status {
			took = append(took, a.took)
		}
	}
	if len(took) == 0 {
		return 0, 0
	}
	slices.Sort(took)
	return took[len(took)*9/10], len(took)
}

// full asks with so many at a time, for so long.
func full(c *http.Client, address string, clients int, d time.Duration) (all []asked) {
	var mu sync.Mutex
	var asking sync.WaitGroup
	until := time.Now().Add(d)
	for range clients {
		asking.Go(func() {
			for time.Now().Before(until) {
				a := ask(c, address)
				mu.Lock()
				all = append(all, a)
				mu.Unlock()
			}
		})
	}
	asking.Wait()
	return all
}

// steady asks so often a second, for so long, whatever becomes of it.
func steady(c *http.Client, address string, rate float64, d time.Duration) (all []asked) {
	var mu sync.Mutex
	var asking sync.WaitGroup
	pace := time.NewTicker(time.Millisecond)
	defer pace.Stop()
	begun := time.Now()
	for sent := 0; time.Since(begun) < d; <-pace.C {
		for due := int(rate * time.Since(begun).Seconds()); sent < due; sent++ {
			asking.Go(func() {
				a := ask(c, address)
				mu.Lock()
				defer mu.Unlock()
				all = append(all, a)
			})
		}
	}
	asking.Wait()
	return all
}

// At twice the capacity those who are served wait at most three times as long as at capacity, and
// the others know at once that they are not. How long that is, only a machine without other tests
// can tell (make bench-shed); that everybody is answered, and as many as before are served, any.
func TestTwiceTheCapacity(t *testing.T) {
	databaseURL := testdb.New(t)
	k := crowd(t, databaseURL, 1, 1)[0]
	places, d, args := 16, *shedFor, []string{"--concurrency", "16", "--database-url", databaseURL}
	if d == 0 {
		// A database far away: what is waited for is then not the processor, which tests share.
		wire := newWire(t, databaseURL)
		wire.mu.Lock()
		wire.delay = 15 * time.Millisecond
		wire.mu.Unlock()
		places, d, args = 4, 3*time.Second, []string{"--concurrency", "4", "--max-conns", "4", "--database-url", wire.URL}
	}
	p := startProcess(t, build(t), append(args, "--files-dir", t.TempDir())...)
	k.client.Transport.(*http.Transport).MaxIdleConnsPerHost = 1000
	page := p.url + "/cases/" + k.id.String()
	full(k.client, page, places, d/3) // statements are prepared, connections made

	atCapacity := full(k.client, page, places, d)
	normal, served := p90(atCapacity, http.StatusOK)
	if served != len(atCapacity) {
		t.Errorf("at capacity %d of %d were served", served, len(atCapacity))
	}
	capacity := float64(served) / d.Seconds()
	twice := steady(k.client, page, 2*capacity, d)
	waited, accepted := p90(twice, http.StatusOK)
	knew, refused := p90(twice, http.StatusServiceUnavailable)
	t.Logf("capacity %.0f a second, nine of ten within %s; at %.0f a second %d served within %s (%.1f times), %d refused within %s",
		capacity, normal, float64(len(twice))/d.Seconds(), accepted, waited, waited.Seconds()/normal.Seconds(), refused, knew)
	if accepted+refused != len(twice) || refused == 0 || accepted < served/2 {
		t.Errorf("of %d requests %d were served and %d refused", len(twice), accepted, refused)
	}
	if *shedFor > 0 && waited > 3*normal {
		t.Errorf("those who are served wait %s, at capacity %s", waited, normal)
	}
	if *shedFor > 0 && knew > 100*time.Millisecond {
		t.Errorf("those who are refused know it after %s", knew)
	}
	for _, a := range twice {
		if a.status == http.StatusServiceUnavailable && a.again == "" {
			t.Fatal("no Retry-After")
		}
	}
}
