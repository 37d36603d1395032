package main

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"winddown/internal/localpg"
	"winddown/internal/postgres"
	"winddown/internal/winddown"
)

const (
	// promised is how soon somebody knows that the database is slow or gone; a tenth more is for
	// a machine that has other tests to run.
	promised = 2 * time.Second * 11 / 10
	// comesBack is how soon all is well again once the database is.
	comesBack = 20 * time.Second
)

// outage is a program whose database is about to fail.
type outage struct {
	*running
	server *localpg.Server
	dir    string
	wire   *wire
	c      *http.Client
	path   string // of a case
}

func newOutage(t *testing.T) *outage {
	t.Helper()
	o := &outage{dir: t.TempDir()}
	o.startServer(t)
	t.Cleanup(func() { _ = o.server.Stop(context.Background()) })
	if _, err := postgres.Migrate(t.Context(), o.server.URL()); err != nil {
		t.Fatal(err)
	}
	o.wire = newWire(t, o.server.URL())
	o.running = startServing(t, "serve", "--addr", "127.0.0.1:0", "--database-url", o.wire.URL, "--max-conns", "4", "--files-dir", t.TempDir())
	o.c = signUp(t, o.url, newEmail())
	o.path = openCase(t, o.c, o.url)
	return o
}

func (o *outage) startServer(t *testing.T) {
	t.Helper()
	npm, err := filepath.Abs("../../web")
	if err != nil {
		t.Fatal(err)
	}
	if o.server, err = localpg.Start(t.Context(), localpg.Options{Dir: o.dir, NPMDir: npm, Settings: map[string]string{
		"fsync": "off", "max_connections": "20", "superuser_reserved_connections": "3",
	}}); err != nil {
		t.Fatal(err)
	}
}

// processes are those of the server, the postmaster last: who is signalled first must not be
// seen to fail by it.
func (o *outage) processes(t *testing.T) []int {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(o.dir, "data", "postmaster.pid"))
	if err != nil {
		t.Fatal(err)
	}
	postmaster, err := strconv.Atoi(regexp.MustCompile(`^\d+`).FindString(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	children, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", postmaster, postmaster))
	if err != nil {
		t.Fatal(err)
	}
	var all []int
	for child := range strings.FieldsSeq(string(children)) {
		pid, err := strconv.Atoi(child)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, pid)
	}
	return append(all, postmaster)
}

// signal is for all of the server's processes. One that ended meanwhile is past caring.
func (o *outage) signal(t *testing.T, s syscall.Signal) {
	t.Helper()
	all := o.processes(t)
	if s == syscall.SIGSTOP { // it would start new ones
		_ = syscall.Kill(all[len(all)-1], s)
	}
	for _, pid := range all {
		_ = syscall.Kill(pid, s)
	}
}

// down looks at what people meet while the database is away: a sentence in their language and
// soon, and the next one too, also from a process that is alive and not ready.
func (o *outage) down(t *testing.T) {
	t.Helper()
	ask := func(language, path, says string) {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, o.url+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Accept-Language", language)
		begun := time.Now()
		resp, err := o.c.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = resp.Body.Close() }()
		body := make([]byte, 64<<10)
		n := 0
		for n < len(body) {
			k, err := resp.Body.Read(body[n:])
			if n += k; err != nil {
				break
			}
		}
		took := time.Since(begun)
		if resp.StatusCode != http.StatusServiceUnavailable || !strings.Contains(string(body[:n]), says) || took > promised {
			t.Errorf("%s: %d after %s\n%s", path, resp.StatusCode, took, body[:n])
		}
		if path != "/readyz" && resp.Header.Get("Retry-After") == "" {
			t.Errorf("%s: no Retry-After", path)
		}
	}
	ask("ru", o.path, "Сервис временно недоступен")
	ask("", "/readyz", "not ready")
	ask("en", o.path, "temporarily unavailable")
	if a := get(t, o.c, o.url+"/healthz"); a.status != http.StatusOK {
		t.Errorf("healthz: %d", a.status)
	}
}

// up waits until the program is well again, and marks a step.
func (o *outage) up(t *testing.T) {
	t.Helper()
	for begun := time.Now(); ; {
		ready, page := get(t, o.c, o.url+"/readyz"), get(t, o.c, o.url+o.path)
		if ready.status == http.StatusOK && page.status == http.StatusOK {
			return
		}
		if time.Since(begun) > comesBack {
			t.Fatalf("after %s readyz says %d and the page %d\n%s", comesBack, ready.status, page.status, tail(o.log.String()))
		}
	}
}

func TestDatabaseSlowOrGone(t *testing.T) {
	o := newOutage(t)
	t.Run("frozen", func(t *testing.T) {
		o.signal(t, syscall.SIGSTOP)
		defer o.signal(t, syscall.SIGCONT)
		o.down(t)
	})
	o.up(t)
	t.Run("killed", func(t *testing.T) {
		o.signal(t, syscall.SIGKILL)
		_ = o.server.Stop(t.Context()) // it says that it is gone
		o.down(t)
		o.startServer(t)
		o.wire.lead(t, o.server.URL())
	})
	o.up(t)
	t.Run("cut off", func(t *testing.T) {
		o.wire.setSilent(true)
		defer o.wire.setSilent(false)
		o.down(t)
	})
	o.up(t)
	t.Run("a lock", func(t *testing.T) {
		conn, err := pgx.Connect(t.Context(), o.server.URL())
		if err != nil {
			t.Fatal(err)
		}
		execSQL(t, conn, "begin")
		execSQL(t, conn, "lock table users, goose_db_version")
		defer func() { _ = conn.Close(context.Background()) }()
		o.down(t)
	})
	o.up(t)
	t.Run("no connection left", func(t *testing.T) {
		admin, err := pgx.Connect(t.Context(), o.server.URL())
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = admin.Close(context.Background()) }()
		for more := true; more; { // whoever is told to end takes a moment
			execSQL(t, admin, "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'winddown'")
			more = column(t, admin, "select count(*)::text from pg_stat_activity where application_name = 'winddown'")[0] != "0"
			for {
				conn, err := pgx.Connect(t.Context(), o.server.URL())
				if err != nil {
					break
				}
				more = true
				defer func() { _ = conn.Close(context.Background()) }()
			}
		}
		o.down(t)
	})
	o.up(t)
	t.Run("the answer to a commit is lost", o.lostAnswer)
	o.up(t)
	t.Run("a standby that does not confirm", o.unconfirmed)
}

// tick marks the first step with a note, as a browser does.
func (o *outage) tick(t *testing.T, version int, note string) answer {
	t.Helper()
	form := url.Values{"done": {"yes"}, "on": {yesterday()}, "version": {strconv.Itoa(version)}, "note": {note},
		"reason_stock_zero": {"Снимка нет"}, "reason_remains_zero": {"Отчёта нет"}}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, o.url+o.path+"/steps/"+string(winddown.ZeroFBS), strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	a, err := send(o.c, r)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// step is what the database says of the first step.
func (o *outage) step(t *testing.T) string {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), o.server.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	return column(t, conn, "select concat(version, ' ', note) from case_steps where code = 'zero_fbs'")[0]
}

const unsure = "Неизвестно, сохранилось ли изменение"

// unconfirmed: a commit waits for a standby that is away. Nobody is told that it is saved, and
// nobody sees it, before it is; given up, it would be on this server alone, for all to see.
func (o *outage) unconfirmed(t *testing.T) {
	set := func(standby string) {
		t.Helper()
		conn, err := pgx.Connect(t.Context(), o.server.URL())
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = conn.Close(context.Background()) }()
		execSQL(t, conn, "alter system set synchronous_standby_names = '"+standby+"'")
		execSQL(t, conn, "select pg_reload_conf()")
		for column(t, conn, "show synchronous_standby_names")[0] != standby {
			continue
		}
	}
	before := o.step(t)
	set("away")
	defer set("")
	begun := time.Now()
	a := o.tick(t, 2, "Ждёт")
	if took := time.Since(begun); a.status != http.StatusServiceUnavailable || !strings.Contains(a.body, unsure) || took > promised {
		t.Errorf("the first: %d after %s\n%s", a.status, took, a.body)
	}
	if now := o.step(t); now != before {
		t.Errorf("what no standby has is seen: %q, before %q", now, before)
	}
	if a := o.tick(t, 2, "Ждёт"); a.status != http.StatusServiceUnavailable {
		t.Errorf("the same again: %d\n%s", a.status, a.body)
	}
	set("")
	o.up(t)
	if a := o.tick(t, 2, "Ждёт"); a.status != http.StatusSeeOther {
		t.Errorf("with the standby back: %d\n%s", a.status, a.body)
	}
	if now := o.step(t); now != "3 Ждёт" {
		t.Errorf("the step is %q", now)
	}
}

// lostAnswer: the tick is saved, nobody can know, and sending it again is answered as success.
func (o *outage) lostAnswer(t *testing.T) {
	const note = "Обнулено <утром>"
	o.wire.loseNextCommit()
	a := o.tick(t, 1, note)
	if a.status != http.StatusServiceUnavailable || !strings.Contains(a.body, unsure) {
		t.Errorf("the first: %d\n%s", a.status, a.body)
	}
	if !strings.Contains(a.body, "Обнулено &lt;утром&gt;") || !strings.Contains(a.body, `name="version"`) {
		t.Errorf("what was typed cannot be sent again:\n%s", a.body)
	}
	if a := o.tick(t, 1, note); a.status != http.StatusSeeOther {
		t.Errorf("the same again: %d\n%s", a.status, a.body)
	}
	if now := o.step(t); now != "2 "+note {
		t.Errorf("the step is %q", now)
	}
}
