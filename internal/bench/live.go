package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// liveCmd opens many pages of different people and changes what they show.
type liveCmd struct {
	options
	Streams int           `default:"5000" help:"Open pages, each of another person."`
	Changes int           `default:"50" help:"Changes a second."`
	Lasts   time.Duration `default:"60s" help:"How long changes are written."`
}

// watched is a case with an open page.
type watched struct {
	*mark
	mu      sync.Mutex
	changed time.Time // the answer to a change nobody has heard of yet
	heard   []time.Duration
}

// Run measures and prints.
func (c liveCmd) Run(ctx context.Context) (err error) {
	s, err := newStage(ctx, c.options, nil)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	if err := s.grow(ctx, 2+c.Streams/100); err != nil {
		return err
	}
	w, err := find(ctx, s.db, c.Streams)
	if err != nil {
		return err
	}
	if len(w.ticks) < c.Streams {
		return fmt.Errorf("there are cases for %d streams only", len(w.ticks))
	}
	p, err := s.winddown(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.stop()) }()
	warm := kinds(w, 16)
	if _, err := s.drive(ctx, p, 16, 2*time.Second, warm[1].product); err != nil {
		return err
	}
	pid := p.cmd.Process.Pid
	before, err := rssOf(pid)
	if err != nil {
		return err
	}
	all := make([]*watched, c.Streams)
	for i := range all {
		all[i] = &watched{mark: w.ticks[i]}
		stop, err := all[i].follow(ctx, p)
		if err != nil {
			return fmt.Errorf("stream %d: %w", i+1, err)
		}
		defer stop()
	}
	open, err := rssOf(pid)
	if err != nil {
		return err
	}
	cpu0, _, err := s.cpu(p)
	if err != nil {
		return err
	}
	changes, err := c.change(ctx, p, all)
	if err != nil {
		return err
	}
	cpu1, _, err := s.cpu(p)
	if err != nil {
		return err
	}
	after, err := rssOf(pid)
	if err != nil {
		return err
	}
	var heard []time.Duration
	for _, one := range all {
		one.mu.Lock()
		heard = append(heard, one.heard...)
		one.mu.Unlock()
	}
	slices.Sort(heard)
	fmt.Printf("%d streams, %d changes in %s, %d heard: after p50 %.0f ms, p95 %.0f ms, at most %.0f ms; processor time of the program %.0f%% of one\n",
		c.Streams, changes, c.Lasts, len(heard), ms(heard[len(heard)/2]), ms(heard[len(heard)*95/100]), ms(heard[len(heard)-1]), 100*(cpu1-cpu0).Seconds()/c.Lasts.Seconds())
	fmt.Printf("memory: %d MiB before, %d with all open, %d after the changes\n", before>>20, open>>20, after>>20)
	printFigures("bars and aims", []figure{{name: "memory of an open stream", value: float64(open-before) / float64(c.Streams) / 1000, unit: " kB", way: below, bar: 40, aim: 20}})
	if len(heard) < changes {
		return fmt.Errorf("%d changes were not heard", changes-len(heard))
	}
	return nil
}

// follow opens the page's stream and notes when it hears of a change.
func (w *watched) follow(ctx context.Context, p *program) (stop func(), err error) {
	c, err := dial(ctx, p.addr)
	if err != nil {
		return nil, err
	}
	stop = func() { _ = c.conn.Close() }
	if _, err := io.WriteString(c.conn, get("/cases/"+w.id+"/live?0", w.owner).wire); err != nil {
		return stop, err
	}
	resp, err := http.ReadResponse(c.r, nil)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("the stream is refused: %s", resp.Status)
	}
	if err != nil {
		return stop, err
	}
	go func() {
		defer func() { _ = resp.Body.Close() }()
		for in := bufio.NewScanner(resp.Body); in.Scan(); {
			if !strings.HasPrefix(in.Text(), "id: ") {
				continue
			}
			w.mu.Lock()
			if !w.changed.IsZero() {
				w.heard = append(w.heard, max(0, time.Since(w.changed)))
				w.changed = time.Time{}
			}
			w.mu.Unlock()
		}
	}()
	return stop, nil
}

// change changes one case after the other at an even pace, and waits until the last is heard of.
func (c liveCmd) change(ctx context.Context, p *program, all []*watched) (n int, err error) {
	caller, err := dial(ctx, p.addr)
	if err != nil {
		return 0, err
	}
	defer func() { _ = caller.conn.Close() }()
	pace := time.NewTicker(time.Second / time.Duration(c.Changes))
	defer pace.Stop()
	for begun := time.Now(); time.Since(begun) < c.Lasts && ctx.Err() == nil; n++ {
		<-pace.C
		one := all[n*7919%len(all)]
		one.mu.Lock()
		one.changed = time.Now()
		one.mu.Unlock()
		r := one.tick()
		if _, err := caller.do(r); err != nil {
			return n, err
		}
		r.did()
	}
	for range 100 {
		<-pace.C
	}
	return n, ctx.Err()
}
