package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"text/tabwriter"
	"time"
)

// steadyCmd keeps the program half busy and looks for what grows.
type steadyCmd struct {
	options
	Firms int           `default:"20" help:"Firms with 500 sellers each."`
	Lasts time.Duration `default:"20m" help:"How long."`
	Every time.Duration `default:"1m" help:"How often its memory, goroutines and files are read."`
}

// sample is what a process holds at a moment.
type sample struct{ rss, heap, goroutines, files float64 }

// Run measures and prints.
func (c steadyCmd) Run(ctx context.Context) (err error) {
	const connections = 16
	s, err := newStage(ctx, c.options, nil)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	if err := s.grow(ctx, c.Firms); err != nil {
		return err
	}
	w, err := find(ctx, s.db, 20_000)
	if err != nil {
		return err
	}
	p, err := s.winddown(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.stop()) }()
	all := kinds(w, connections)
	mix := func(conn, turn int) request { // of ten requests seven are checklists, two registers, one a tick
		switch turn % 10 {
		case 3:
			return all[0].product(conn, turn/10)
		case 5, 8:
			return all[2].product(conn, turn)
		}
		return all[1].product(conn, turn)
	}
	full, err := s.drive(ctx, p, connections, 10*time.Second, mix)
	if err != nil {
		return err
	}
	fmt.Printf("%.0f requests a second when nobody waits; half of that from now on\n", full.perSecond())
	pause := time.Duration(float64(connections) / (full.perSecond() / 2) * float64(time.Second))
	due := [connections]time.Time{}
	paced := func(conn, turn int) request {
		if due[conn].IsZero() {
			due[conn] = time.Now()
		}
		due[conn] = due[conn].Add(pause)
		time.Sleep(time.Until(due[conn]))
		return mix(conn, turn)
	}
	out := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	_, _ = fmt.Fprintln(out, "minute\treq/s\tp50 ms\tp90 ms\tRSS MiB\theap MiB\tgoroutines\tfiles\t")
	var samples []sample
	for begun := time.Now(); time.Since(begun) < c.Lasts; {
		r, err := s.drive(ctx, p, connections, c.Every, paced)
		if err != nil {
			return err
		}
		x, err := p.sample(ctx)
		if err != nil {
			return err
		}
		samples = append(samples, x)
		_, _ = fmt.Fprintf(out, "%.0f\t%.0f\t%.2f\t%.2f\t%.0f\t%.0f\t%.0f\t%.0f\t\n", time.Since(begun).Minutes(), r.perSecond(), r.at(50), r.at(90),
			x.rss/(1<<20), x.heap/(1<<20), x.goroutines, x.files)
	}
	_ = out.Flush()
	// The first quarter warms up; from then on the last third is compared with the first.
	settled := samples[len(samples)/4:]
	third := max(1, len(settled)/3)
	grown := func(of func(sample) float64) float64 {
		return mean(settled[len(settled)-third:], of) / mean(settled[:third], of)
	}
	const bar, aim = 1.1, 1.05
	printFigures("the last third of the time ÷ the first, after warming up", []figure{
		{name: "memory", value: grown(func(x sample) float64 { return x.rss }), way: below, bar: bar, aim: aim},
		{name: "goroutines", value: grown(func(x sample) float64 { return x.goroutines }), way: below, bar: bar, aim: aim},
		{name: "files", value: grown(func(x sample) float64 { return x.files }), way: below, bar: bar, aim: aim},
	})
	return nil
}

func mean(all []sample, of func(sample) float64) (sum float64) {
	for _, x := range all {
		sum += of(x)
	}
	return sum / float64(len(all))
}

// sample reads what the program says of itself and what the system says of it.
func (p *program) sample(ctx context.Context) (x sample, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+p.metrics+"/metrics", nil)
	if err != nil {
		return x, err
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return x, err
	}
	body, err := io.ReadAll(resp.Body)
	if err := errors.Join(err, resp.Body.Close()); err != nil {
		return x, err
	}
	for name, out := range map[string]*float64{"process_resident_memory_bytes": &x.rss, "go_memstats_heap_inuse_bytes": &x.heap, "go_goroutines": &x.goroutines} {
		found := regexp.MustCompile(`(?m)^` + name + ` (\S+)$`).FindSubmatch(body)
		if found == nil {
			return x, fmt.Errorf("there is no metric %s", name)
		}
		if *out, err = strconv.ParseFloat(string(found[1]), 64); err != nil {
			return x, err
		}
	}
	files, err := filesOf(p.cmd.Process.Pid)
	x.files = float64(files)
	return x, err
}
