package main

import (
	"bytes"
	"context"
	"net"
	"net/url"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// wire is a network between the program and a server, which a test can cut.
type wire struct {
	URL string // of the server, through the wire

	listener net.Listener
	mu       sync.Mutex
	changed  *sync.Cond
	server   string        // its address: a socket's path, or host and port
	silent   bool          // nothing comes through, and nobody is told
	delay    time.Duration // of everything, each way
	lose     bool          // the next answer to a commit is lost, and its connection
	ends     map[net.Conn]struct{}
}

// newWire leads to the server of a URL.
func newWire(t *testing.T, server string) *wire {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{listener: listener, ends: map[net.Conn]struct{}{}}
	w.changed = sync.NewCond(&w.mu)
	w.lead(t, server)
	u, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	w.URL = (&url.URL{Scheme: "postgres", User: u.User, Host: listener.Addr().String(), Path: u.Path, RawQuery: "sslmode=disable"}).String()
	go w.accept()
	t.Cleanup(func() {
		w.setSilent(false)
		_ = listener.Close()
		w.cut()
	})
	return w
}

// lead has new connections go to the server of a URL.
func (w *wire) lead(t *testing.T, server string) {
	t.Helper()
	u, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.server = u.Host; u.Host == "" {
		w.server = filepath.Join(u.Query().Get("host"), ".s.PGSQL."+u.Query().Get("port"))
	}
}

func (w *wire) setSilent(silent bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.silent = silent
	w.changed.Broadcast()
}

func (w *wire) loseNextCommit() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.lose = true
}

// cut ends every connection.
func (w *wire) cut() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for c := range w.ends {
		_ = c.Close()
	}
	clear(w.ends)
}

func (w *wire) accept() {
	for {
		client, err := w.listener.Accept()
		if err != nil {
			return
		}
		go w.join(client)
	}
}

func (w *wire) join(client net.Conn) {
	w.mu.Lock()
	for w.silent {
		w.changed.Wait()
	}
	network, address := "tcp", w.server
	if filepath.IsAbs(address) {
		network = "unix"
	}
	w.ends[client] = struct{}{}
	w.mu.Unlock()
	server, err := new(net.Dialer).DialContext(context.Background(), network, address)
	if err != nil {
		_ = client.Close()
		return
	}
	w.mu.Lock()
	w.ends[server] = struct{}{}
	w.mu.Unlock()
	go w.pass(server, client, false)
	w.pass(client, server, true)
}

// pass hands on what comes from one end, until one of them is gone.
func (w *wire) pass(to, from net.Conn, answers bool) {
	defer func() { _, _ = to.Close(), from.Close() }()
	b := make([]byte, 32<<10)
	for {
		n, err := from.Read(b)
		w.mu.Lock()
		for w.silent {
			w.changed.Wait()
		}
		lost := answers && w.lose && bytes.Contains(b[:n], []byte("COMMIT\x00"))
		if lost {
			w.lose = false
		}
		delay := w.delay
		w.mu.Unlock()
		<-time.After(delay)
		if err != nil || lost {
			return
		}
		if _, err := to.Write(b[:n]); err != nil {
			return
		}
	}
}
