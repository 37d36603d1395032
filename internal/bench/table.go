package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"text/tabwriter"
	"time"
)

// tableCmd measures what one person waits for and what a machine can do.
type tableCmd struct {
	options
	Firms       int           `default:"200" help:"Firms with 500 sellers each."`
	Connections int           `default:"16" help:"Connections that are kept."`
	Rounds      int           `default:"5" help:"Rounds that count, after one that warms up."`
	Lasts       time.Duration `default:"3s" help:"How long a round of one kind lasts."`
}

// The bars and the aims, as ratios to the floor in the same run where nothing else is said. They
// were set before the first line of the program was written, from what the limits and the peers
// measured; docs/performance.md tells how.
const (
	below = "≤"
	above = "≥"
)

// figure is one line of the table of bars.
type figure struct {
	name     string
	value    float64
	unit     string
	way      string // below or above
	bar, aim float64
	note     string
}

func (f figure) verdict() string {
	meets := func(limit float64) bool {
		return f.way == below && f.value <= limit || f.way == above && f.value >= limit
	}
	switch {
	case meets(f.aim):
		return "aim"
	case meets(f.bar):
		return "bar"
	}
	return "MISSED"
}

func printFigures(title string, figures []figure) {
	fmt.Printf("\n%s\n", title)
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintln(w, "figure\tmeasured\tbar\taim\treached\t")
	for _, f := range figures {
		_, _ = fmt.Fprintf(w, "%s\t%s\t%s %s\t%s %s\t%s\t%s\n", f.name, number(f.value)+f.unit, f.way, number(f.bar)+f.unit, f.way, number(f.aim)+f.unit, f.verdict(), f.note)
	}
	_ = w.Flush()
}

// number has three digits that count, and no more than two after the point.
func number(v float64) string {
	s := fmt.Sprintf("%.2f", v)
	if v >= 100 {
		return fmt.Sprintf("%.0f", v)
	}
	if v >= 10 {
		s = fmt.Sprintf("%.1f", v)
	}
	if strings.Contains(s, ".") {
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	return s
}

// kind is something people do, at the product and at the floor.
type kind struct {
	name           string
	product, floor func(conn, turn int) request
}

// kinds deals the work to connections so that no two of them wait for the same row.
func kinds(w work, connections int) []kind {
	mine := func(conn, turn int) *mark {
		each := len(w.ticks) / connections
		return w.ticks[conn*each+turn%each]
	}
	accountant := func(conn, turn int) person { return w.accountants[(conn+turn*connections)%len(w.accountants)] }
	return []kind{
		{"tick", func(c, t int) request { return mine(c, t).tick() }, func(c, t int) request { return mine(c, t).floorTick() }},
		{"checklist", func(c, t int) request { m := mine(c, t); return get("/cases/"+m.id, m.owner) },
			func(c, t int) request { m := mine(c, t); return get("/cases/"+m.id, m.owner) }},
		{"register", func(c, t int) request { return get("/sellers", accountant(c, t)) },
			func(c, t int) request { a := accountant(c, t); return get("/sellers/"+a.id, a) }},
	}
}

// measured are the rounds of one kind at one program.
type measured []round

// median takes a figure of the middle round.
func (m measured) median(of func(round) float64) float64 {
	all := make([]float64, len(m))
	for i, r := range m {
		all[i] = of(r)
	}
	slices.Sort(all)
	return all[len(all)/2]
}

// ratio is the median of what one round is to the other that was run beside it.
func ratio(a, b measured, of func(round) float64) float64 {
	all := make([]float64, len(a))
	for i := range a {
		all[i] = of(a[i]) / of(b[i])
	}
	slices.Sort(all)
	return all[len(all)/2]
}

func p50(r round) float64 { return r.at(50) }
func p90(r round) float64 { return r.at(90) }

// results are rounds by kind and program.
type results map[string]measured

// interleave runs every kind at both programs in turn, so that a machine that is busy for a
// while is so for both.
func (s *stage) interleave(ctx context.Context, kinds []kind, product, floor *program, connections, rounds int, lasts time.Duration) (results, error) {
	out := results{}
	for n := range rounds + 1 {
		for _, k := range kinds {
			one := func(p *program, next func(int, int) request) error {
				r, err := s.drive(ctx, p, connections, lasts, next)
				if err == nil && n > 0 {
					out[k.name+" "+p.name] = append(out[k.name+" "+p.name], r)
				}
				return err
			}
			runs := []func() error{
				func() error { return one(floor, k.floor) },
				func() error { return one(product, k.product) },
			}
			if n%2 == 1 {
				slices.Reverse(runs)
			}
			for _, run := range runs {
				if err := run(); err != nil {
					return nil, err
				}
			}
		}
	}
	return out, ctx.Err()
}

// Run measures and prints.
func (c tableCmd) Run(ctx context.Context) (err error) {
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
	first, err := s.firstAnswers(ctx)
	if err != nil {
		return err
	}
	product, err := s.winddown(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, product.stop()) }()
	floor, err := s.floor(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, floor.stop()) }()
	idle, err := rssOf(product.cmd.Process.Pid)
	if err != nil {
		return err
	}
	all := kinds(w, c.Connections)
	many, err := s.interleave(ctx, all, product, floor, c.Connections, c.Rounds, c.Lasts)
	if err != nil {
		return err
	}
	loaded, err := rssOf(product.cmd.Process.Pid)
	if err != nil {
		return err
	}
	loadedFloor, err := rssOf(floor.cmd.Process.Pid)
	if err != nil {
		return err
	}
	single, err := s.interleave(ctx, all, product, floor, 1, 3, c.Lasts)
	if err != nil {
		return err
	}
	bench, err := s.pgbench(ctx, c.Lasts)
	if err != nil {
		return err
	}
	trips, err := s.trips(ctx, all)
	if err != nil {
		return err
	}
	size, err := s.stripped(ctx)
	if err != nil {
		return err
	}
	printRounds(fmt.Sprintf("%d connections, medians of %d rounds of %s", c.Connections, c.Rounds, c.Lasts), all, many, trips)
	fmt.Printf("memory after it: winddown %d MiB (%d when idle), floor %d MiB\n", loaded>>20, idle>>20, loadedFloor>>20)
	printRounds("one connection", all, single, nil)
	fmt.Printf("pgbench, one connection, the floor's four statements: p50 %.2f ms\n", ms(bench))

	of := func(r results, k string) (a, b measured) { return r[k+" winddown"], r[k+" floor"] }
	rate := func(k string) float64 { a, b := of(many, k); return ratio(a, b, round.perSecond) }
	tick, tickFloor := of(many, "tick")
	one, _ := of(single, "tick")
	const kB = 1000
	figures := []figure{
		{name: "tick: processor time ÷ floor's", value: ratio(tick, tickFloor, round.cpu), way: below, bar: 1.6, aim: 0.9},
		{name: "tick: throughput ÷ floor's", value: rate("tick"), way: above, bar: 0.6, aim: 1},
		{name: "tick: p50 at one connection ÷ pgbench's", value: one.median(p50) / ms(bench), way: below, bar: 2, aim: 1.2},
		{name: "checklist: throughput ÷ floor's", value: rate("checklist"), way: above, bar: 0.4, aim: 0.6},
		{name: "register of 50: throughput ÷ floor's", value: rate("register"), way: above, bar: 0.4, aim: 0.6},
	}
	for _, p := range peers {
		figures = append(figures, figure{name: p.kind + " ÷ " + p.name, value: rate(p.kind) / p.toFloor, way: above, bar: p.bar, aim: p.aim,
			note: fmt.Sprintf("from the recorded ratio %.3f of %s to a floor", p.toFloor, p.name)})
	}
	figures = append(figures,
		figure{name: "tick: round trips to the database", value: trips["tick"], way: below, bar: 3, aim: 3},
		figure{name: "checklist: round trips", value: trips["checklist"], way: below, bar: 2, aim: 2},
		figure{name: "register: round trips", value: trips["register"], way: below, bar: 2, aim: 2},
		figure{name: "memory, idle", value: float64(idle) / (1 << 20), unit: " MiB", way: below, bar: 30, aim: 20},
		figure{name: "memory, after load", value: float64(loaded) / (1 << 20), unit: " MiB", way: below, bar: 64, aim: 40},
		figure{name: "start to first answer", value: ms(first), unit: " ms", way: below, bar: 150, aim: 60},
		figure{name: "stripped binary", value: float64(size) / 1e6, unit: " MB", way: below, bar: 40, aim: 32},
		figure{name: "checklist, compressed", value: many["checklist winddown"].median(round.bodyEach) / kB, unit: " kB", way: below, bar: 6, aim: 3},
		figure{name: "register, compressed", value: many["register winddown"].median(round.bodyEach) / kB, unit: " kB", way: below, bar: 8, aim: 5},
		figure{name: "answer to a tick", value: many["tick winddown"].median(round.bytesEach) / kB, unit: " kB", way: below, bar: 3, aim: 1.5, note: "with headers"},
	)
	printFigures("bars and aims", figures)
	return nil
}

// peer is another program, measured once beside a floor of the same kind on the same two cores.
type peer struct {
	name, kind string
	toFloor    float64
	bar, aim   float64
}

var peers = [...]peer{
	{"Vikunja", "tick", 159.0 / 2953, 10, 20}, {"Miniflux", "tick", 373.0 / 2953, 4, 8}, {"Kanboard", "tick", 64.0 / 2953, 25, 45},
	{"Vikunja", "register", 112.0 / 3197, 10, 15}, {"Miniflux", "register", 32.0 / 3197, 40, 55},
}

func printRounds(title string, kinds []kind, r results, trips map[string]float64) {
	fmt.Printf("\n%s\n", title)
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	_, _ = fmt.Fprintln(w, "kind\tprogram\treq/s\t× floor\tp50 ms\tp90 ms\tCPU µs app\tpg\tsum\t× floor\tbytes\ttrips\t")
	for _, k := range kinds {
		base := r[k.name+" floor"]
		for _, name := range []string{"floor", "winddown"} {
			m := r[k.name+" "+name]
			trip := ""
			if name == "winddown" && trips != nil {
				trip = number(trips[k.name])
			}
			_, _ = fmt.Fprintf(w, "%s\t%s\t%.0f\t%.2f\t%.2f\t%.2f\t%.0f\t%.0f\t%.0f\t%.2f\t%.0f\t%s\t\n", k.name, name,
				m.median(round.perSecond), ratio(m, base, round.perSecond), m.median(p50), m.median(p90), m.median(round.appCPU), m.median(round.pgCPU),
				m.median(round.cpu), ratio(m, base, round.cpu), m.median(round.bytesEach), trip)
		}
	}
	_ = w.Flush()
}

// firstAnswers starts the program five times on the migrated database and returns the middle of
// the times until its first answer.
func (s *stage) firstAnswers(ctx context.Context) (time.Duration, error) {
	var all []time.Duration
	for range 5 {
		p, err := s.winddown(ctx)
		if err != nil {
			return 0, err
		}
		if err := p.stop(); err != nil {
			return 0, err
		}
		all = append(all, p.took)
	}
	slices.Sort(all)
	return all[len(all)/2], nil
}

// stripped builds the program without its tables of symbols and returns its size in bytes.
func (s *stage) stripped(ctx context.Context) (int64, error) {
	path := filepath.Join(s.dir, "stripped")
	if out, err := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", path, "./cmd/winddown").CombinedOutput(); err != nil {
		return 0, fmt.Errorf("go build: %w\n%s", err, out)
	}
	info, err := os.Stat(path)
	if err != nil {
		return 0, err
	}
	return info.Size(), nil
}

// trips counts the round trips of each kind through a go-between that watches who speaks.
func (s *stage) trips(ctx context.Context, kinds []kind) (map[string]float64, error) {
	const turns = 50
	between, err := s.newBetween(ctx)
	if err != nil {
		return nil, err
	}
	defer between.close()
	p, err := s.winddown(ctx, "--database-url", between.url, "--direct-url", s.url())
	if err != nil {
		return nil, err
	}
	out := map[string]float64{}
	for _, k := range kinds {
		c, err := dial(ctx, p.addr)
		if err != nil {
			return nil, err
		}
		for turn := range turns + 10 {
			if turn == 10 { // statements are prepared by then
				atomic.StoreInt64(&between.trips, 0)
			}
			r := k.product(0, turn)
			if _, err := c.do(r); err != nil {
				return nil, err
			}
			if r.did != nil {
				r.did()
			}
		}
		out[k.name] = float64(atomic.LoadInt64(&between.trips)) / turns
		if err := c.conn.Close(); err != nil {
			return nil, err
		}
	}
	return out, p.stop()
}
