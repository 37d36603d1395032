package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// request is one request as it goes over the wire.
type request struct {
	wire string
	want int // status
	did  func()
}

func get(path string, who person) request {
	return request{wire: "GET " + path + " HTTP/1.1\r\nHost: bench\r\nAccept-Encoding: gzip\r\nCookie: " + who.cookie + "\r\n\r\n", want: http.StatusOK}
}

func post(path string, who person, form url.Values) request {
	body := form.Encode()
	return request{wire: "POST " + path + " HTTP/1.1\r\nHost: bench\r\nAccept-Encoding: gzip\r\nSec-Fetch-Site: same-origin\r\nCookie: " + who.cookie +
		"\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: " + strconv.Itoa(len(body)) + "\r\n\r\n" + body, want: http.StatusSeeOther}
}

// caller is one connection that is kept.
type caller struct {
	conn net.Conn
	in   *counting
	r    *bufio.Reader
}

// counting counts the bytes that come.
type counting struct {
	io.Reader
	n int
}

func (c *counting) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.n += n
	return n, err
}

func dial(ctx context.Context, addr string) (*caller, error) {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	c := &caller{conn: conn, in: &counting{Reader: conn}}
	c.r = bufio.NewReaderSize(c.in, 32<<10)
	return c, nil
}

// do sends a request and reads the whole answer; a status that was not wanted is an error. It
// returns the length of the answer's body in bytes.
func (c *caller) do(r request) (body int64, err error) {
	if _, err := io.WriteString(c.conn, r.wire); err != nil {
		return 0, err
	}
	resp, err := http.ReadResponse(c.r, nil)
	if err != nil {
		return 0, err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != r.want {
		first, _, _ := strings.Cut(r.wire, "\r\n")
		return 0, fmt.Errorf("%s: status %d, wanted %d", first, resp.StatusCode, r.want)
	}
	return io.Copy(io.Discard, resp.Body)
}

// round is what one spell of requests showed.
type round struct {
	requests int
	lasted   time.Duration
	took     []time.Duration // sorted
	bytes    int             // with the headers
	bodies   int64           // without
	app, pg  time.Duration   // processor time
}

func (r round) perSecond() float64     { return float64(r.requests) / r.lasted.Seconds() }
func (r round) at(percent int) float64 { return ms(r.took[(len(r.took)-1)*percent/100]) }
func (r round) appCPU() float64        { return us(r.app) / float64(r.requests) }
func (r round) pgCPU() float64         { return us(r.pg) / float64(r.requests) }
func (r round) bodyEach() float64      { return float64(r.bodies) / float64(r.requests) }
func (r round) bytesEach() float64     { return float64(r.bytes) / float64(r.requests) }
func ms(d time.Duration) float64       { return float64(d) / float64(time.Millisecond) }
func us(d time.Duration) float64       { return float64(d) / float64(time.Microsecond) }
func (r round) cpu() float64           { return r.appCPU() + r.pgCPU() }

// drive sends requests over connections that are kept, each as soon as it has its answer. next makes
// the request of a connection's turn. One answer that was not wanted fails the round.
func (s *stage) drive(ctx context.Context, p *program, connections int, lasts time.Duration, next func(conn, turn int) request) (round, error) {
	callers := make([]*caller, connections)
	for i := range callers {
		c, err := dial(ctx, p.addr)
		if err != nil {
			return round{}, err
		}
		defer func() { _ = c.conn.Close() }()
		callers[i] = c
	}
	took := make([][]time.Duration, connections)
	failed := make([]error, connections)
	bodies := make([]int64, connections)
	app0, pg0, err := s.cpu(p)
	if err != nil {
		return round{}, err
	}
	var wg sync.WaitGroup
	begun := time.Now()
	for i, c := range callers {
		wg.Go(func() {
			for turn := 0; ctx.Err() == nil; turn++ {
				r := next(i, turn)
				sent := time.Now()
				if sent.Sub(begun) >= lasts {
					return
				}
				var body int64
				if body, failed[i] = c.do(r); failed[i] != nil {
					return
				}
				bodies[i] += body
				took[i] = append(took[i], time.Since(sent))
				if r.did != nil {
					r.did()
				}
			}
		})
	}
	wg.Wait()
	out := round{lasted: time.Since(begun), took: slices.Concat(took...)}
	app1, pg1, err := s.cpu(p)
	for i, c := range callers {
		out.bytes += c.in.n
		out.bodies += bodies[i]
		if failed[i] != nil {
			return out, failed[i]
		}
	}
	slices.Sort(out.took)
	out.requests, out.app, out.pg = len(out.took), app1-app0, pg1-pg0
	if out.requests == 0 && err == nil {
		err = fmt.Errorf("%s answered nothing in %s", p.name, lasts)
	}
	return out, err
}

// cpu is the processor time of a program and of the database.
func (s *stage) cpu(p *program) (app, pg time.Duration, err error) {
	if app, err = cpuOf(p.cmd.Process.Pid, false); err != nil {
		return 0, 0, err
	}
	pg, err = cpuOf(s.postmaster, true)
	return app, pg, err
}

// yesterday is a day that has come in every time zone.
func yesterday() string { return time.Now().UTC().AddDate(0, 0, -1).Format(time.DateOnly) }

// tick marks a step once more, as its form would.
func (m *mark) tick() request {
	r := post("/cases/"+m.id+"/steps/strip_media", m.owner, url.Values{
		"done": {"yes"}, "on": {yesterday()}, "note": {m.note()}, "version": {strconv.Itoa(m.version)},
	})
	r.did = func() { m.version++; m.n++ }
	return r
}

func (m *mark) floorTick() request {
	r := post("/cases/"+m.id, m.owner, url.Values{"on": {yesterday()}, "note": {m.note()}})
	r.did = func() { m.n++ }
	return r
}

func (m *mark) note() string {
	return fmt.Sprintf("Карточки пусты, проверка %d", m.n)
}
