package main

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"winddown/internal/testdb"
)

// balancer hands requests to whichever process says that it is ready, in turn.
type balancer struct {
	http.Handler
	mu    sync.Mutex
	ready []*url.URL
	next  int
}

// newBalancer looks at the processes of sites, which may change, until the test ends.
func newBalancer(t *testing.T, sites func() []string) *balancer {
	t.Helper()
	b := &balancer{}
	b.Handler = &httputil.ReverseProxy{
		Rewrite:   func(r *httputil.ProxyRequest) { r.SetURL(b.pick()); r.Out.Host = r.In.Host },
		Transport: &http.Transport{MaxIdleConnsPerHost: 50},
	}
	ctx, stop := context.WithCancel(t.Context())
	gone := make(chan struct{})
	t.Cleanup(func() { stop(); <-gone })
	asker := &http.Client{Timeout: time.Second}
	look := func() {
		var ready []*url.URL
		for _, site := range sites() {
			r, err := http.NewRequestWithContext(ctx, http.MethodGet, site+"/readyz", nil)
			if err != nil {
				continue
			}
			resp, err := asker.Do(r)
			if err != nil {
				continue
			}
			_ = resp.Body.Close()
			if u, err := url.Parse(site); err == nil && resp.StatusCode == http.StatusOK {
				ready = append(ready, u)
			}
		}
		b.mu.Lock()
		defer b.mu.Unlock()
		b.ready = ready
	}
	look()
	go func() {
		defer close(gone)
		beat := time.NewTicker(100 * time.Millisecond)
		defer beat.Stop()
		for {
			select {
			case <-beat.C:
				look()
			case <-ctx.Done():
				return
			}
		}
	}()
	return b
}

func (b *balancer) pick() *url.URL {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.ready) == 0 {
		return &url.URL{Scheme: "http", Host: "127.0.0.1:1"}
	}
	b.next++
	return b.ready[b.next%len(b.ready)]
}

// serves reports whether requests go to a site.
func (b *balancer) serves(site string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, u := range b.ready {
		if u.String() == site {
			return true
		}
	}
	return false
}

// Two processes are replaced one after the other while people read and tick: nobody sees an
// error.
func TestRollingRestart(t *testing.T) {
	databaseURL := testdb.New(t)
	binary := build(t)
	start := func() *process {
		return startProcess(t, binary, "--database-url", databaseURL, "--files-dir", t.TempDir(), "--drain", "2s")
	}
	var mu sync.Mutex
	processes := []*process{start(), start()}
	b := newBalancer(t, func() (all []string) {
		mu.Lock()
		defer mu.Unlock()
		for _, p := range processes {
			all = append(all, p.url)
		}
		return all
	})
	front := serveFront(t, b)

	ticks := crowd(t, databaseURL, 10, 10)
	ctx, stop := context.WithCancel(t.Context())
	var load sync.WaitGroup
	var next, answered atomic.Int64
	for range 8 {
		load.Go(func() {
			for ctx.Err() == nil {
				n := next.Add(1) - 1
				k := ticks[int(n)%len(ticks)]
				if n < int64(len(ticks)) {
					k.note = fmt.Sprint(n)
					if err := k.send(t.Context(), front); err != nil {
						t.Error(err)
					}
				}
				a, err := look(t.Context(), k.client, front+"/cases/"+k.id.String())
				if err != nil || a.status != http.StatusOK {
					t.Errorf("a page: %d, %v", a.status, err)
				}
				answered.Add(2)
			}
		})
	}
	for i := range processes {
		old := processes[i]
		_ = old.cmd.Process.Signal(syscall.SIGTERM)
		<-old.done
		if !old.cmd.ProcessState.Success() {
			t.Errorf("it ended with %s\n%s", old.cmd.ProcessState, tail(old.log.String()))
		}
		fresh := start()
		mu.Lock()
		processes[i] = fresh
		mu.Unlock()
		for !b.serves(fresh.url) && !t.Failed() {
			continue
		}
	}
	stop()
	load.Wait()
	t.Logf("%d requests were answered while both processes were replaced", answered.Load())
}

func look(ctx context.Context, c *http.Client, address string) (answer, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return answer{}, err
	}
	return send(c, r)
}

// serveFront listens for what a balancer answers.
func serveFront(t *testing.T, h http.Handler) string {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return server.URL
}

// A process that was told to stop is not ready at once, ends its streams, serves on, has
// connections closed, and then ends.
func TestDraining(t *testing.T) {
	databaseURL := testdb.New(t)
	p := startProcess(t, build(t), "--database-url", databaseURL, "--files-dir", t.TempDir(), "--drain", "3s")
	k := crowd(t, databaseURL, 1, 1)[0]
	page := p.url + "/cases/" + k.id.String()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, page+"/live?0", nil)
	if err != nil {
		t.Fatal(err)
	}
	stream, err := k.client.Do(r)
	if err != nil || stream.StatusCode != http.StatusOK {
		t.Fatalf("the stream: %+v, %v", stream, err)
	}
	defer func() { _ = stream.Body.Close() }()

	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	for in := bufio.NewScanner(stream.Body); in.Scan(); { // to its end
		continue
	}
	if a := get(t, k.client, p.url+"/readyz"); a.status != http.StatusServiceUnavailable {
		t.Errorf("readyz: %d", a.status)
	}
	if err := k.send(t.Context(), p.url); err != nil {
		t.Errorf("a tick: %v", err)
	}
	resp, err := k.client.Get(page)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusOK || !resp.Close {
		t.Errorf("a page: %d, the connection closes: %t", resp.StatusCode, resp.Close)
	}
	select {
	case <-p.done:
		t.Error("it did not serve on")
	default:
	}
	<-p.done
	if !p.cmd.ProcessState.Success() || !strings.Contains(p.log.String(), "draining") {
		t.Errorf("it ended with %s\n%s", p.cmd.ProcessState, tail(p.log.String()))
	}
}
