package main

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"flag"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"winddown/internal/app"
	"winddown/internal/localpg"
	"winddown/internal/postgres"
	"winddown/internal/testdb"
	"winddown/internal/winddown"
)

var kills = flag.Int("kills", 3, "how often a process is killed amid ticks, and amid uploads")

// build returns the binary, as people run it and "make build" makes it, whose compiled packages
// it finds in the cache. It is linked once for all tests.
func build(t *testing.T) string {
	t.Helper()
	path, err := built()
	if err != nil {
		t.Fatalf("go build: %v", err)
	}
	return path
}

//nolint:gochecknoglobals // one for all tests
var (
	builtDir string // TestMain removes it
	built    = sync.OnceValues(func() (string, error) {
		var err error
		if builtDir, err = os.MkdirTemp("", "winddown-built-"); err != nil {
			return "", err
		}
		path := filepath.Join(builtDir, "winddown")
		cmd := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-ldflags=-w", "-o", path, ".")
		// The race detector, under which the tests run, needs C; with C the packages would be others.
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := cmd.CombinedOutput(); err != nil {
			return "", fmt.Errorf("%w\n%s", err, out)
		}
		return path, nil
	})
)

// process is a program that serves, in a process of its own.
type process struct {
	cmd      *exec.Cmd
	url      string
	out, log *output
	done     chan struct{}
}

func startProcess(t *testing.T, binary string, args ...string) *process {
	t.Helper()
	p := &process{out: newOutput(), log: newOutput(), done: make(chan struct{})}
	p.cmd = exec.Command(binary, append([]string{"serve", "--addr", "127.0.0.1:0", "--log-format", "json", "--concurrency", "64"}, testdb.Flags(t, args)...)...)
	p.cmd.Stdout, p.cmd.Stderr = p.out, p.log
	// What a private server left behind must not hold the pipes, and with them Wait, open.
	p.cmd.WaitDelay = time.Second
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = p.cmd.Wait()
		close(p.done)
	}()
	t.Cleanup(func() { p.kill() })
	var ok bool
	if p.url, ok = p.out.await(printedAddress, p.done); !ok {
		t.Fatalf("winddown serve did not start:\n%s", p.log)
	}
	return p
}

func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	<-p.done
}

// tick is one step marked through the pages.
type tick struct {
	client  *http.Client
	id      winddown.ID
	code    winddown.Code
	version int
	note    string
	sent    bool
	acked   bool
}

// yesterday is a day that has come in every time zone.
func yesterday() string { return time.Now().UTC().AddDate(0, 0, -1).Format(time.DateOnly) }

func (k *tick) send(ctx context.Context, site string) error {
	k.sent = true
	a, err := postForm(ctx, k.client, site+"/cases/"+k.id.String()+"/steps/"+string(k.code), url.Values{
		"done": {"yes"}, "on": {yesterday()}, "note": {k.note}, "version": {strconv.Itoa(k.version)},
		"reason_stock_zero": {"Снимка нет"}, "reason_remains_zero": {"Отчёта нет"},
	})
	switch {
	case err != nil:
		return err
	case a.status != http.StatusSeeOther:
		return fmt.Errorf("step %s of %s: status %d\n%s", k.code, k.id, a.status, a.body)
	}
	k.acked = true
	return nil
}

// storm sends all ticks from many clients at once, and calls stop as soon as so many have
// been acknowledged. It returns when every request has its answer or has failed; a
// request that is refused before stop was called fails the test.
func storm(t *testing.T, site string, ticks []*tick, after int64, stop func()) {
	t.Helper()
	const clients = 50
	var next, acked atomic.Int64
	var stopped atomic.Bool
	var once sync.Once
	var all sync.WaitGroup
	for range clients {
		all.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= len(ticks) {
					return
				}
				if err := ticks[i].send(t.Context(), site); err != nil {
					if !stopped.Load() {
						t.Error(err)
					}
					return
				}
				if acked.Add(1) == after {
					once.Do(func() {
						stopped.Store(true)
						stop()
					})
				}
			}
		})
	}
	all.Wait()
	if n := acked.Load(); n < after {
		t.Fatalf("only %d ticks were acknowledged", n)
	} else if n == int64(len(ticks)) {
		t.Errorf("all %d ticks were done before the process was stopped", n)
	}
}

// freshSteps are the steps that can be marked in any order.
func freshSteps() []winddown.Code {
	return []winddown.Code{winddown.ZeroFBS, winddown.SellOut, winddown.ReturnStock, winddown.CollectReturns, winddown.StripMedia}
}

// outcome counts ticks: those that were acknowledged, of them those that are gone; those that are
// there, and those of which a part is.
type outcome struct{ acked, lost, written, half int }

// check compares the database with what was acknowledged: every tick that was is there,
// every other one either wholly or not at all. Each case agrees with its summary and its
// trail; unless all are asked for, only those are looked at in which a tick was under way.
func check(t *testing.T, conn *pgx.Conn, databaseURL string, ticks []*tick, all bool) (n outcome) {
	t.Helper()
	db, err := postgres.Open(t.Context(), testdb.Through(t, postgres.Options{URL: databaseURL}))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	a := app.New(db, app.Options{})

	type row struct {
		ID      uuid.UUID
		Code    string
		Version int
		Note    string
		Done    bool
		Events  int
	}
	found, err := conn.Query(t.Context(), `select s.case_id as id, s.code, s.version, s.note, s.done_on is not null as done,
		(select count(*) from events e where e.stream_kind = 'case' and e.stream_id = s.case_id
			and convert_from(e.body, 'UTF8')::jsonb ->> 'step' = s.code
			and convert_from(e.body, 'UTF8')::jsonb ->> 'kind' <> 'evidence_excused') as events
		from case_steps s`)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := pgx.CollectRows(found, pgx.RowToStructByName[row])
	if err != nil {
		t.Fatal(err)
	}
	steps := map[string]row{}
	for _, r := range rows {
		steps[r.ID.String()+r.Code] = r
	}
	cases := map[winddown.ID]bool{}
	for _, k := range ticks {
		if all || k.sent && !k.acked {
			cases[k.id] = true
		}
		r := steps[k.id.String()+string(k.code)]
		whole := r.Version == k.version+1 && r.Note == k.note && r.Done
		switch {
		case k.acked && !whole:
			n.lost++
			t.Errorf("an acknowledged tick of %s in %s is lost: %+v, want version %d", k.code, k.id, r, k.version+1)
		case !whole && (r.Version != k.version || r.Note == k.note):
			n.half++
			t.Errorf("a tick of %s in %s is half written: %+v", k.code, k.id, r)
		}
		if r.Events != r.Version-1 {
			t.Errorf("%s in %s has version %d and %d events", k.code, k.id, r.Version, r.Events)
		}
		if k.acked {
			n.acked++
		}
		if whole {
			n.written++
		}
	}
	for id := range cases {
		if _, err := a.Verify(t.Context(), id); err != nil {
			t.Error(err)
		}
	}
	agree(t, conn, a, cases)
	return n
}

// agree compares the summary kept with each case with what its steps say.
func agree(t *testing.T, conn *pgx.Conn, a *app.App, cases map[winddown.ID]bool) {
	t.Helper()
	seen := 0
	for _, owner := range column(t, conn, "select distinct user_id::text from case_people where role = 'owner'") {
		id, err := winddown.ParseID(owner)
		if err != nil {
			t.Fatal(err)
		}
		actor := winddown.Actor{UserID: id, Zone: winddown.DefaultZone}
		mine, _, err := a.MyCases(t.Context(), actor)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range mine {
			if !cases[m.ID] {
				continue
			}
			seen++
			v, err := a.Case(t.Context(), actor, m.ID)
			if err != nil {
				t.Fatal(err)
			}
			want := winddown.Summarize(v.Case, a.Calendar())
			if m.Summary.Done != want.Done || m.Summary.Needed != want.Needed || m.Summary.Stage != want.Stage || m.Summary.Blocker != want.Blocker {
				t.Errorf("case %s is kept as %+v, its steps say %+v", m.ID, m.Summary, want)
			}
		}
	}
	if seen != len(cases) {
		t.Errorf("%d of %d cases were seen", seen, len(cases))
	}
}

func TestNothingAcknowledgedIsLost(t *testing.T) {
	binary := build(t)
	t.Run("killed", func(t *testing.T) { killed(t, binary) })
	t.Run("killed amid uploads", func(t *testing.T) { killedAmidUploads(t, binary) })
	t.Run("killed amid a restore", func(t *testing.T) { killedAmidARestore(t, binary) })
	t.Run("private server", func(t *testing.T) { privateServer(t, binary) })
}

// killed kills the process without warning, each time amid a thousand ticks.
func killed(t *testing.T, binary string) {
	rounds := *kills
	const (
		people = 10
		each   = 20  // cases, of five steps that can be marked: a thousand ticks
		enough = 100 // acknowledged ticks of the first round
	)
	databaseURL := testdb.New(t)
	conn := connect(t, databaseURL)
	ticks := crowd(t, databaseURL, people, each)
	acked, unsure := 0, 0
	for round := range rounds {
		p := startProcess(t, binary, "--database-url", databaseURL)
		if a := get(t, browser(t), p.url+"/readyz"); a.status != http.StatusOK {
			t.Fatalf("round %d: the program is not ready: %d", round, a.status)
		}
		versions(t, conn, ticks)
		for _, k := range ticks {
			k.note, k.sent, k.acked = fmt.Sprintf("Круг %d", round), false, false
		}
		storm(t, p.url, ticks, enough+int64(round*20), func() { _ = p.cmd.Process.Kill() })
		p.kill()
		nobodyElse(t, conn)
		n := check(t, conn, databaseURL, ticks, round == rounds-1)
		acked, unsure = acked+n.acked, unsure+n.written-n.acked
		if t.Failed() {
			t.Fatalf("round %d\n%s", round, tail(p.log.String()))
		}
	}
	t.Logf("%d acknowledged ticks are there, and %d whose answer was lost", acked, unsure)
}

// crowd makes people who are signed in, each with cases of his own, and a tick for every
// step of theirs that can be marked. It goes past the pages, which would take their time.
func crowd(t *testing.T, databaseURL string, people, each int) []*tick {
	t.Helper()
	db, err := postgres.Open(t.Context(), testdb.Through(t, postgres.Options{URL: databaseURL}))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	a := app.New(db, app.Options{})
	var ticks []*tick
	for range people {
		actor, c := member(t, db)
		for range each {
			id, err := a.OpenCase(t.Context(), actor, sampleCase())
			if err != nil {
				t.Fatal(err)
			}
			for _, code := range freshSteps() {
				ticks = append(ticks, &tick{client: c, id: id, code: code, version: 1})
			}
		}
	}
	return ticks
}

// member makes somebody who is signed in, with his browser.
func member(t *testing.T, db *postgres.DB) (winddown.Actor, *http.Client) {
	t.Helper()
	user, session := winddown.ID(uuid.Must(uuid.NewV7())), winddown.ID(uuid.Must(uuid.NewV7()))
	token := rand.Text()
	hash := sha256.Sum256([]byte(token))
	actor := winddown.Actor{UserID: user, SessionID: session, Name: "Петрова", Zone: winddown.DefaultZone, Via: winddown.ViaPages}
	err := db.InTx(t.Context(), actor, time.Now(), func(tx *postgres.Tx) ([]winddown.Event, error) {
		tx.InsertUser(winddown.User{ID: user, Email: newEmail(), Name: actor.Name, Locale: "ru", Zone: actor.Zone}, "none")
		tx.InsertSession(postgres.NewSession{ID: session, UserID: user, TokenHash: hash[:]})
		return []winddown.Event{{Stream: winddown.Stream{Kind: winddown.UserStream, ID: user}, Kind: winddown.UserRegistered}}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	c := browser(t)
	c.Jar.SetCookies(&url.URL{Scheme: "http", Host: "127.0.0.1", Path: "/"}, []*http.Cookie{{Name: "winddown_session", Value: token, Path: "/"}})
	return actor, c
}

func sampleCase() winddown.NewCase {
	return winddown.NewCase{
		Seller:  winddown.Seller{Name: "ИП Петрова", INN: "7721546864"},
		Answers: winddown.RawAnswers{FBS: "yes", WBStock: "yes", Leftover: "both"},
	}
}

// versions reads the versions the steps have now, as their forms would.
func versions(t *testing.T, conn *pgx.Conn, ticks []*tick) {
	t.Helper()
	at := map[string]int{}
	for _, line := range column(t, conn, "select concat_ws(' ', case_id, code, version) from case_steps") {
		f := strings.Fields(line)
		n, err := strconv.Atoi(f[2])
		if err != nil {
			t.Fatal(err)
		}
		at[f[0]+f[1]] = n
	}
	for _, k := range ticks {
		k.version = at[k.id.String()+string(k.code)]
	}
}

// nobodyElse waits until the server has noticed that the process is gone: what it had
// received by then, it may still finish.
func nobodyElse(t *testing.T, conn *pgx.Conn) {
	t.Helper()
	for column(t, conn, "select count(*)::text from pg_stat_activity where datname = current_database() and application_name = 'winddown'")[0] != "0" {
		continue
	}
}

func tail(s string) string { return s[max(0, len(s)-3000):] }

// privateServer stops the program with its own PostgreSQL in every way there is, each time
// under load.
func privateServer(t *testing.T, binary string) {
	t.Setenv("DATABASE_URL", "")
	dir := t.TempDir()
	npm, err := filepath.Abs("../../web")
	if err != nil {
		t.Fatal(err)
	}
	args := []string{"--data-dir", dir, "--npm-dir", npm}
	var all []*tick
	load := func(p *process, stop func()) {
		t.Helper()
		c := signUp(t, p.url, newEmail())
		var ticks []*tick
		for range 30 {
			id, err := winddown.ParseID(strings.TrimPrefix(openCase(t, c, p.url), "/cases/"))
			if err != nil {
				t.Fatal(err)
			}
			for _, code := range freshSteps() {
				ticks = append(ticks, &tick{client: c, id: id, code: code, version: 1, note: "Под нагрузкой"})
			}
		}
		all = append(all, ticks...)
		storm(t, p.url, ticks, 50, stop)
		<-p.done
	}
	wantLog := func(p *process, message string) {
		t.Helper()
		if !strings.Contains(p.log.String(), `"msg":"`+message+`"`) {
			t.Errorf("the log does not say %q:\n%s", message, tail(p.log.String()))
		}
	}

	// kill -9 of the program alone: its server lives on, and is adopted.
	p := startProcess(t, binary, args...)
	wantLog(p, "embedded PostgreSQL started")
	load(p, func() { _ = p.cmd.Process.Kill() })

	// kill -9 of both, as when the power fails: the next start recovers.
	p = startProcess(t, binary, args...)
	wantLog(p, "embedded PostgreSQL adopted")
	load(p, func() {
		_ = p.cmd.Process.Kill()
		killPostmaster(t, dir)
	})

	// Ctrl-C: what was acknowledged is there, and both end well.
	p = startProcess(t, binary, args...)
	wantLog(p, "embedded PostgreSQL started")
	load(p, func() { _ = p.cmd.Process.Signal(os.Interrupt) })
	if !p.cmd.ProcessState.Success() {
		t.Errorf("Ctrl-C: %s\n%s", p.cmd.ProcessState, tail(p.log.String()))
	}
	if _, err := os.Stat(filepath.Join(dir, "data", "postmaster.pid")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the server still runs, or did not end well: %v", err)
	}

	server, err := localpg.Start(t.Context(), localpg.Options{Dir: dir, NPMDir: npm})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := server.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	}()
	conn, err := pgx.Connect(t.Context(), server.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	n := check(t, conn, server.URL(), all, true)
	t.Logf("%d acknowledged ticks are there, and %d whose answer was lost", n.acked, n.written-n.acked)
}

// killPostmaster ends the private server of dir without warning.
func killPostmaster(t *testing.T, dir string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "data", "postmaster.pid"))
	if err != nil {
		t.Error(err)
		return
	}
	pid, err := strconv.Atoi(regexp.MustCompile(`^\d+`).FindString(string(text)))
	if err != nil {
		t.Error(err)
		return
	}
	postmaster, err := os.FindProcess(pid)
	if err == nil {
		err = postmaster.Kill()
	}
	if err != nil {
		t.Error(err)
	}
}
