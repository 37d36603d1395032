package main

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"winddown/internal/app"
	"winddown/internal/live"
	"winddown/internal/postgres"
	"winddown/internal/testdb"
	"winddown/internal/winddown"
)

// liveFor is how long TestManyStreams writes: «make test-live» takes a minute and 500 streams.
var liveFor = flag.Duration("live", 2*time.Second, "how long ticks are written to cases that are looked at")

const (
	ticksPerSecond = 50
	perStream      = 40 << 10 // bytes of memory, at most
	flat           = 24 << 20 // bytes a process may grow by while it only passes hints on
)

// follower is a reader of one case, in one process.
type follower struct {
	of   *followed
	last int64
	ends chan struct{}
}

// followed is a case that is written to and looked at.
type followed struct {
	tick
	shown int64 // the newest event of the page
	mu    sync.Mutex
	acked []ackedEvent
	late  []time.Duration // from the answer to the writer until a reader heard
	bad   []string
}

type ackedEvent struct {
	seq int64
	at  time.Time
}

// hear notes that a follower heard of an event, and how long after its writer had the answer.
func (f *follower) hear(seq int64, now time.Time) {
	c := f.of
	c.mu.Lock()
	defer c.mu.Unlock()
	if seq <= f.last {
		c.bad = append(c.bad, fmt.Sprintf("event %d came after %d", seq, f.last))
	}
	for _, a := range slices.Backward(c.acked) {
		if a.seq <= f.last {
			break
		}
		if a.seq <= seq {
			c.late = append(c.late, max(0, now.Sub(a.at)))
		}
	}
	f.last = seq
}

// follow opens a stream and reads it until ctx or the stream ends.
func (f *follower) follow(ctx context.Context, t *testing.T, c *http.Client, site string) {
	t.Helper()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, site+"/cases/"+f.of.id.String()+"/live?"+strconv.FormatInt(f.of.shown, 10), nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := c.Do(r)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("the stream does not open: %+v, %v", resp, err)
	}
	go func() {
		defer close(f.ends)
		defer func() { _ = resp.Body.Close() }()
		for in := bufio.NewScanner(resp.Body); in.Scan(); {
			if number, ok := strings.CutPrefix(in.Text(), "id: "); ok {
				seq, _ := strconv.ParseInt(number, 10, 64)
				f.hear(seq, time.Now())
			}
		}
	}()
}

// readings are what a process says of itself.
type readings struct{ rss, stacks, goroutines, streams int }

func readMetrics(t *testing.T, c *http.Client, addr string) readings {
	t.Helper()
	body := get(t, c, "http://"+addr+"/metrics").body
	value := func(name string) int {
		found := regexp.MustCompile(`(?m)^` + name + ` (\S+)$`).FindStringSubmatch(body)
		if found == nil {
			t.Fatalf("there is no metric %s", name)
		}
		v, err := strconv.ParseFloat(found[1], 64)
		if err != nil {
			t.Fatal(err)
		}
		return int(v)
	}
	return readings{value("process_resident_memory_bytes"), value("go_memstats_stack_inuse_bytes"), value("go_goroutines"), value("winddown_live_streams")}
}

// Two processes have streams open while ticks are written through both: every reader hears of
// each or of a later one, nothing grows, nothing stays behind, and a process that is told to
// stop does not wait for its readers.
func TestManyStreams(t *testing.T) {
	streams, cases := 100, 5
	if *liveFor >= time.Minute {
		streams, cases = 500, 25
	}
	databaseURL := testdb.New(t)
	binary := build(t)
	var sites, metrics []string
	var processes []*process
	for range 2 {
		p := startProcess(t, binary, "--database-url", databaseURL, "--metrics-addr", "127.0.0.1:0")
		addr, ok := p.log.await(`"msg":"metrics","addr":"([^"]+)"`, p.done)
		if !ok {
			t.Fatal(p.log)
		}
		processes, sites, metrics = append(processes, p), append(sites, p.url), append(metrics, addr)
	}
	all, writer, readers := audience(t, databaseURL, cases, streams/live.MaxStreams)
	c := browser(t)
	for _, site := range sites { // what a first page costs is not the streams'
		for _, one := range all {
			if a := get(t, writer, site+"/cases/"+one.id.String()); a.status != http.StatusOK {
				t.Fatalf("the checklist: %d", a.status)
			}
		}
	}
	before := []readings{readMetrics(t, c, metrics[0]), readMetrics(t, c, metrics[1])}

	ctx, leave := context.WithCancel(t.Context())
	defer leave()
	var followers [2][]*follower
	for i, reader := range readers {
		for n := range live.MaxStreams {
			f := &follower{of: all[(i*live.MaxStreams+n)%cases], ends: make(chan struct{})}
			followers[n%2] = append(followers[n%2], f)
			f.follow(ctx, t, reader, sites[n%2])
		}
	}
	open := []readings{readMetrics(t, c, metrics[0]), readMetrics(t, c, metrics[1])}
	ticks, middle := write(t, databaseURL, all, sites, func() []readings {
		return []readings{readMetrics(t, c, metrics[0]), readMetrics(t, c, metrics[1])}
	})
	after := []readings{readMetrics(t, c, metrics[0]), readMetrics(t, c, metrics[1])}
	late := wantAllHeard(t, databaseURL, all, slices.Concat(followers[0], followers[1]))

	// The readers of the first process leave, those of the second are sent away.
	for _, f := range followers[1] {
		defer func() { <-f.ends }()
	}
	stopping := time.Now()
	if err := processes[1].cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	<-processes[1].done
	stopped := time.Since(stopping)
	if stopped > 5*time.Second || processes[1].cmd.ProcessState.ExitCode() != 0 {
		t.Errorf("it took %s to stop: %s\n%s", stopped, processes[1].cmd.ProcessState, tail(processes[1].log.String()))
	}
	leave()
	var left readings
	poll := time.NewTicker(50 * time.Millisecond)
	defer poll.Stop()
	for end := time.Now().Add(20 * time.Second); ; <-poll.C {
		left = readMetrics(t, c, metrics[0])
		// The writer's connections stay.
		if left.streams == 0 && left.goroutines <= max(before[0].goroutines, after[0].goroutines-2*len(followers[0]))+10 {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("%d goroutines and %d streams are left; before there were %d", left.goroutines, left.streams, before[0].goroutines)
		}
	}

	each := func(n int) int { return (open[n].rss - before[n].rss) / len(followers[n]) }
	report := fmt.Sprintf("%d streams, %d ticks in %s; heard after p50 %s, p95 %s, at most %s; stopped in %s\n",
		streams, ticks, *liveFor, late[len(late)/2], late[len(late)*95/100], late[len(late)-1], stopped.Round(time.Millisecond))
	report += "process        streams  goroutines  RSS kB  stacks kB\n"
	row := func(name string, r readings) {
		report += fmt.Sprintf("%-14s %7d %11d %7d %10d\n", name, r.streams, r.goroutines, r.rss>>10, r.stacks>>10)
	}
	for n := range 2 {
		row(fmt.Sprintf("%d before", n+1), before[n])
		row(fmt.Sprintf("%d open", n+1), open[n])
		row(fmt.Sprintf("%d a third in", n+1), middle[n])
		row(fmt.Sprintf("%d written", n+1), after[n])
		if open[n].streams != len(followers[n]) || after[n].streams != len(followers[n]) {
			t.Errorf("process %d has %d, then %d streams open, want %d", n+1, open[n].streams, after[n].streams, len(followers[n]))
		}
		if grown := after[n].rss - middle[n].rss; grown > flat {
			t.Errorf("process %d has grown by %d kB while ticks were written", n+1, grown>>10)
		}
		if streams >= 500 && each(n) > perStream {
			t.Errorf("a stream of process %d takes %d bytes", n+1, each(n))
		}
	}
	row("1 left", left)
	t.Logf("%s%d and %d bytes of RSS a stream", report, each(0), each(1))
}

// audience makes cases whose books a writer keeps, and readers who see all of them.
func audience(t *testing.T, databaseURL string, cases, readers int) (all []*followed, writer *http.Client, clients []*http.Client) {
	t.Helper()
	db, err := postgres.Open(t.Context(), testdb.Through(t, postgres.Options{URL: databaseURL}))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	a := app.New(db, app.Options{})
	keeper, writer := member(t, db)
	conn := connect(t, databaseURL)
	for range cases {
		id, err := a.AddSeller(t.Context(), keeper, sampleCase())
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, &followed{tick: tick{client: writer, id: id, code: winddown.StripMedia, version: 1}, shown: seqOf(t, conn, id)})
	}
	for range readers {
		actor, c := member(t, db)
		execSQL(t, conn, "insert into firm_people (firm_id, user_id, role, added_at) select firm_id, $1, 'lead', added_at from firm_people where user_id = $2", actor.UserID, keeper.UserID)
		clients = append(clients, c)
	}
	return all, writer, clients
}

// write writes ticks through all sites in turn, and reads the metrics when a third of the time
// is over.
func write(t *testing.T, databaseURL string, all []*followed, sites []string, metrics func() []readings) (ticks int, middle []readings) {
	t.Helper()
	conn := connect(t, databaseURL)
	pace := time.NewTicker(time.Second / ticksPerSecond)
	defer pace.Stop()
	begun := time.Now()
	for ; time.Since(begun) < *liveFor; ticks++ {
		<-pace.C
		one := all[ticks%len(all)]
		one.note = fmt.Sprintf("Отметка %d", ticks)
		if err := one.send(t.Context(), sites[ticks/len(all)%2]); err != nil {
			t.Fatal(err)
		}
		one.version++
		at := time.Now()
		seq := seqOf(t, conn, one.id)
		one.mu.Lock()
		one.acked = append(one.acked, ackedEvent{seq, at})
		one.mu.Unlock()
		if middle == nil && time.Since(begun) > *liveFor/3 {
			middle = metrics()
		}
	}
	return ticks, middle
}

func seqOf(t *testing.T, conn *pgx.Conn, id winddown.ID) int64 {
	t.Helper()
	var seq int64
	if err := conn.QueryRow(t.Context(), "select event_seq from cases where id = $1", id).Scan(&seq); err != nil {
		t.Fatal(err)
	}
	return seq
}

// wantAllHeard waits until every follower has heard of the last event of his case, and returns
// how long after the writer's answer events were heard of, the soonest first.
func wantAllHeard(t *testing.T, databaseURL string, all []*followed, followers []*follower) []time.Duration {
	t.Helper()
	conn := connect(t, databaseURL)
	last := map[*followed]int64{}
	for _, c := range all {
		last[c] = seqOf(t, conn, c.id)
	}
	poll := time.NewTicker(20 * time.Millisecond)
	defer poll.Stop()
	for end := time.Now().Add(10 * time.Second); ; <-poll.C {
		missing := 0
		for _, f := range followers {
			f.of.mu.Lock()
			if f.last != last[f.of] {
				missing++
			}
			f.of.mu.Unlock()
		}
		if missing == 0 {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("%d of %d followers have not heard of the last event", missing, len(followers))
		}
	}
	var late []time.Duration
	for _, c := range all {
		for _, bad := range c.bad {
			t.Error(bad)
		}
		late = append(late, c.late...)
	}
	slices.Sort(late)
	if len(late) < len(followers) {
		t.Fatalf("%d hints were heard by %d followers", len(late), len(followers))
	}
	return late
}
