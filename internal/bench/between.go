package main

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"sync"
	"sync/atomic"
)

// between stands between a program and the database and counts round trips: how often the
// program speaks after the database has spoken.
type between struct {
	url      string
	trips    int64
	listener net.Listener
}

func (s *stage) newBetween(ctx context.Context) (*between, error) {
	cfg := s.db.Config()
	u, err := url.Parse(s.url())
	if err != nil {
		return nil, err
	}
	b := &between{}
	if b.listener, err = new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0"); err != nil {
		return nil, err
	}
	q := u.Query()
	q.Del("host")
	q.Del("port")
	q.Set("sslmode", "disable")
	u.Host, u.RawQuery = b.listener.Addr().String(), q.Encode()
	b.url = u.String()
	network, addr := "tcp", fmt.Sprintf("%s:%d", cfg.Host, cfg.Port)
	if cfg.Host[0] == '/' {
		network, addr = "unix", fmt.Sprintf("%s/.s.PGSQL.%d", cfg.Host, cfg.Port)
	}
	go func() {
		for {
			from, err := b.listener.Accept()
			if err != nil {
				return
			}
			to, err := new(net.Dialer).DialContext(ctx, network, addr)
			if err != nil {
				_ = from.Close()
				return
			}
			var turn sync.Mutex
			spoke := false // the database was the last to speak
			go b.pass(to, from, func() {
				turn.Lock()
				defer turn.Unlock()
				if spoke {
					atomic.AddInt64(&b.trips, 1)
				}
				spoke = false
			})
			go b.pass(from, to, func() {
				turn.Lock()
				defer turn.Unlock()
				spoke = true
			})
		}
	}()
	return b, nil
}

// pass copies what one side says, and tells of each part before it is passed on.
func (b *between) pass(to, from net.Conn, heard func()) {
	defer func() { _, _ = to.Close(), from.Close() }()
	buf := make([]byte, 64<<10)
	for {
		n, err := from.Read(buf)
		if n > 0 {
			heard()
			if _, err := to.Write(buf[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

func (b *between) close() { _ = b.listener.Close() }
