//go:build unix

package localpg

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"winddown/internal/filelock"
	"winddown/internal/testdir"
)

const helperEnv = "LOCALPG_TEST_HELPER"

// TestMain lets the test binary be the process that dies: see startHelper.
func TestMain(m *testing.M) {
	if plan := os.Getenv(helperEnv); plan != "" {
		if err := help(plan); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	testdir.Use()
	m.Run()
	if ready != "" {
		_ = os.RemoveAll(ready)
	}
}

// ready is a folder with a cluster that was made and stopped.
var ready string

var makeReady = sync.OnceValue(func() error {
	dir, err := os.MkdirTemp("", "localpg-test-")
	if err != nil {
		return err
	}
	ready = dir
	s, err := Start(context.Background(), Options{Dir: ready, Settings: quick()})
	if err != nil {
		return err
	}
	return s.Stop(context.Background())
})

// madeBefore returns a folder of its own for a test that is not about how a cluster is made:
// it was made before, once for all of them.
func madeBefore(t *testing.T) string {
	t.Helper()
	if err := makeReady(); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if out, err := exec.CommandContext(t.Context(), "cp", "-a", ready+"/.", dir).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return dir
}

// helperPlan is what the helper process is told to start.
type helperPlan struct {
	Dir          string
	NoNamespaces bool
	Outside      []string
	Settings     map[string]string
}

// helperReady is its answer.
type helperReady struct {
	URL     string
	Adopted bool
}

// help starts a server, says where, and stops it when its standard input ends.
func help(plan string) error {
	var p helperPlan
	if err := json.Unmarshal([]byte(plan), &p); err != nil {
		return err
	}
	s, err := Start(context.Background(), Options{Dir: p.Dir, Settings: p.Settings, noNamespaces: p.NoNamespaces, outside: p.Outside})
	if err != nil {
		return err
	}
	if err := json.NewEncoder(os.Stdout).Encode(helperReady{s.URL(), s.Adopted()}); err != nil {
		return err
	}
	if _, err := io.Copy(io.Discard, os.Stdin); err != nil {
		return err
	}
	return s.Stop(context.Background())
}

type helper struct {
	helperReady
	cmd   *exec.Cmd
	stdin io.WriteCloser
}

// startHelper runs help in a process of its own, which prepare may change.
func startHelper(t *testing.T, plan helperPlan, prepare func(*exec.Cmd)) *helper {
	t.Helper()
	text, err := json.Marshal(plan)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), helperEnv+"="+string(text))
	cmd.Stderr = os.Stderr
	if prepare != nil {
		prepare(cmd)
	}
	h := &helper{cmd: cmd}
	if h.stdin, err = cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	answer, err := bufio.NewReader(stdout).ReadBytes('\n')
	if err != nil || json.Unmarshal(answer, &h.helperReady) != nil {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		t.Fatalf("the helper answers %q (%v)", answer, err)
	}
	return h
}

func (h *helper) stop(t *testing.T) {
	t.Helper()
	if err := h.stdin.Close(); err != nil {
		t.Fatal(err)
	}
	if err := h.cmd.Wait(); err != nil {
		t.Fatalf("the helper did not stop cleanly: %v", err)
	}
}

func (h *helper) kill(t *testing.T) {
	t.Helper()
	if err := h.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = h.cmd.Wait()
}

// quick makes initdb and starts fast. What a killed process wrote is safe with
// it too: only a power cut would lose it.
func quick() map[string]string { return map[string]string{"fsync": "off"} }

func start(t *testing.T, o Options) *Server {
	t.Helper()
	s, err := Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return s
}

func stop(t *testing.T, s *Server) {
	t.Helper()
	if err := s.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func startError(t *testing.T, o Options) string {
	t.Helper()
	s, err := Start(t.Context(), o)
	if err == nil {
		stop(t, s)
		t.Fatal("Start succeeded")
	}
	return err.Error()
}

func query(t *testing.T, url, sql string, args ...any) string {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	var answer string
	if err := conn.QueryRow(t.Context(), sql, args...).Scan(&answer); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return answer
}

func execute(t *testing.T, url, sql string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	if _, err := conn.Exec(t.Context(), sql); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

func wantMentions(t *testing.T, message string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(message, part) {
			t.Errorf("%q does not mention %q", message, part)
		}
	}
}

// TestLife walks one folder through stop, start, kill -9 and start, for every
// account that PostgreSQL can have on this machine.
func TestLife(t *testing.T) {
	for name, way := range ways(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := startHelper(t, way.plan, way.prepare)
			if h.Adopted {
				t.Error("there was nothing to adopt")
			}
			execute(t, h.URL, "create table kept (what text)")
			execute(t, h.URL, "insert into kept values ('one')")
			for setting, want := range map[string]string{
				"listen_addresses": "", "server_encoding": "UTF8", "timezone": "UTC", "fsync": way.fsync(), "is_superuser": "on",
			} {
				if got := query(t, h.URL, "select current_setting($1)", setting); got != want {
					t.Errorf("%s is %q, want %q", setting, got, want)
				}
			}
			checkModes(t, way)
			h.stop(t)
			if _, err := pgx.Connect(t.Context(), h.URL); err == nil {
				t.Fatal("it still answers after Stop")
			}

			h = startHelper(t, way.plan, way.prepare)
			if h.Adopted {
				t.Error("after a clean stop there is nothing to adopt")
			}
			execute(t, h.URL, "insert into kept values ('two')")
			h.kill(t)

			h = startHelper(t, way.plan, way.prepare)
			if !h.Adopted {
				t.Error("the server of the killed process was not adopted")
			}
			execute(t, h.URL, "insert into kept values ('three')")
			if got := query(t, h.URL, "select string_agg(what, ' ' order by ctid) from kept"); got != "one two three" {
				t.Errorf("kept %q", got)
			}
			h.stop(t)
			if _, err := pgx.Connect(t.Context(), h.URL); err == nil {
				t.Fatal("it still answers after Stop")
			}
			wantNoSocket(t, h.URL)
		})
	}
}

// wantNoSocket checks that Stop cleaned the temporary folder.
func wantNoSocket(t *testing.T, address string) {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	host := u.Query().Get("host")
	if !filepath.IsAbs(host) {
		t.Fatalf("no socket in %s", u.Redacted())
	}
	if _, err := os.Stat(host); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%s is still there (%v)", host, err)
	}
}

func TestSecondStartInOneFolderIsRefused(t *testing.T) {
	t.Parallel()
	o := Options{Dir: madeBefore(t), Settings: quick()}
	start(t, o)
	wantMentions(t, startError(t, o), "another winddown is already running in this folder (pid "+strconv.Itoa(os.Getpid())+")")
}

func TestFailedStartLetsTheFolderGo(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "db")
	startError(t, Options{Dir: dir, machine: func() []string { return nil }})
	start(t, Options{Dir: dir, Settings: quick()})
}

func TestDataOfAnotherMajorNamesTheWayOut(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "data"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "data", "PG_VERSION"), []byte("12\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	wantMentions(t, startError(t, Options{Dir: dir}), "PostgreSQL 12", "install", "pg_dump", "empty database", "DATABASE_URL")
}

func TestWithoutBinariesEveryWayOutIsNamed(t *testing.T) {
	t.Parallel()
	npm := t.TempDir()
	message := startError(t, Options{Dir: t.TempDir(), NPMDir: npm, machine: func() []string { return []string{"/nonexistent"} }})
	wantMentions(t, message, "PostgreSQL 15 or newer", "install PostgreSQL", `"npm ci" in `+npm, "DATABASE_URL")
}

func TestSettingThatPostgreSQLRefusesIsTold(t *testing.T) {
	t.Parallel()
	message := startError(t, Options{Dir: t.TempDir(), Settings: map[string]string{"fsync": "off", "shared_buffers": "much"}})
	wantMentions(t, message, "did not start", "shared_buffers", "postgres.log")
}

func TestVeryLongPath(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), strings.Repeat("длинная/", 30), strings.Repeat("x", 200))
	s := start(t, Options{Dir: dir, Settings: quick()})
	query(t, s.URL(), "select 'reached'")
}

func TestWithoutASocketFolderItListensOnLoopbackOnly(t *testing.T) {
	dir := madeBefore(t)
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	for _, folder := range []string{temp, "/tmp"} {
		squatted := filepath.Join(folder, socketDirName(dir))
		if err := os.WriteFile(squatted, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = os.Remove(squatted) })
	}
	s := start(t, Options{Dir: dir, Settings: quick()})
	if got := query(t, s.URL(), "show listen_addresses"); got != "127.0.0.1" {
		t.Errorf("listens on %q", got)
	}
	if got := query(t, s.URL(), "show unix_socket_directories"); got != "" {
		t.Errorf("has sockets in %q", got)
	}
	if s.at.port == socketPort {
		t.Error("the port is not a random one")
	}
}

func TestOnlyThePasswordOpens(t *testing.T) {
	t.Parallel()
	s := start(t, Options{Dir: madeBefore(t), Settings: quick()})
	u, err := url.Parse(s.URL())
	if err != nil {
		t.Fatal(err)
	}
	u.User = url.UserPassword(role, "guess")
	_, err = pgx.Connect(t.Context(), u.String())
	if err == nil || !strings.Contains(err.Error(), "password authentication failed") {
		t.Fatalf("a wrong password: %v", err)
	}
}

// After a crash the old pid may belong to anybody. PostgreSQL knows its parent to
// be no server, so it has to be another process than this one.
func TestPidFileWithAPidInUseBySomebodyElse(t *testing.T) {
	t.Parallel()
	o := Options{Dir: madeBefore(t), Settings: quick()}
	s := start(t, o)
	execute(t, s.URL(), "create table kept ()")
	pidFile := filepath.Join(o.Dir, "data", "postmaster.pid")
	text, err := os.ReadFile(pidFile)
	if err != nil {
		t.Fatal(err)
	}
	stop(t, s)
	stranger := startHelper(t, helperPlan{Dir: madeBefore(t), Settings: quick()}, nil)
	defer stranger.stop(t)
	_, rest, _ := strings.Cut(string(text), "\n")
	if err := os.WriteFile(pidFile, []byte(strconv.Itoa(stranger.cmd.Process.Pid)+"\n"+rest), 0o600); err != nil {
		t.Fatal(err)
	}
	s = start(t, o)
	if s.Adopted() {
		t.Error("it took a stranger for its server")
	}
	query(t, s.URL(), "select 'kept'::regclass::text")
}

func TestKilledPostmasterIsReplaced(t *testing.T) {
	t.Parallel()
	o := Options{Dir: madeBefore(t), Settings: quick()}
	s := start(t, o)
	execute(t, s.URL(), "create table kept ()")
	if err := s.signalForTest(); err != nil {
		t.Fatal(err)
	}
	<-s.exited
	stop(t, s)
	s = start(t, o)
	query(t, s.URL(), "select 'kept'::regclass::text")
}

func TestLostPasswordAndLostSocketAreMadeAnew(t *testing.T) {
	for name, lose := range map[string]func(dir string, s *Server) error{
		"password": func(dir string, _ *Server) error { return os.Remove(filepath.Join(dir, "password")) },
		"socket":   func(_ string, s *Server) error { return os.RemoveAll(s.at.host) },
	} {
		for _, running := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s, running %v", name, running), func(t *testing.T) {
				t.Parallel()
				o := Options{Dir: madeBefore(t), Settings: quick()}
				s := start(t, o)
				execute(t, s.URL(), "create table kept ()")
				if running {
					s.Detach()
				} else {
					stop(t, s)
				}
				if err := lose(o.Dir, s); err != nil {
					t.Fatal(err)
				}
				s = start(t, o)
				if s.Adopted() {
					t.Error("adopted a server that cannot be reached")
				}
				query(t, s.URL(), "select 'kept'::regclass::text")
			})
		}
	}
}

func TestDetachedServerIsAdoptedOrHalted(t *testing.T) {
	t.Parallel()
	o := Options{Dir: madeBefore(t), Settings: quick()}
	s := start(t, o)
	for range 2 {
		s.Detach()
	}
	// What tells a living server from a pid that somebody else has now.
	if _, err := filelock.TryExclusive(filepath.Join(o.Dir, "server.lock")); !errors.Is(err, filelock.ErrLocked) {
		t.Errorf("the server does not hold its lock: %v", err)
	}
	s = start(t, o)
	if !s.Adopted() {
		t.Error("not adopted")
	}
	s.Detach()
	for range 2 {
		if err := Halt(t.Context(), o.Dir); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := pgx.Connect(t.Context(), s.URL()); err == nil {
		t.Error("it still answers after Halt")
	}
	if err := Halt(t.Context(), filepath.Join(o.Dir, "missing")); err != nil {
		t.Errorf("Halt where there is nothing: %v", err)
	}
}

func TestHaltLeavesARunningWinddownAlone(t *testing.T) {
	t.Parallel()
	o := Options{Dir: madeBefore(t), Settings: quick()}
	s := start(t, o)
	err := Halt(t.Context(), o.Dir)
	if err == nil {
		t.Fatal("Halt stopped the server of a running winddown")
	}
	wantMentions(t, err.Error(), "already running")
	query(t, s.URL(), "select 'alive'")
}

func TestJoinLooksIntoARunningServerAndLeavesIt(t *testing.T) {
	t.Parallel()
	o := Options{Dir: madeBefore(t), Settings: quick()}
	s := start(t, o)
	joined, err := Join(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	query(t, joined.URL(), "select 'seen'")
	if err := joined.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	query(t, s.URL(), "select 'alive'")
	if err := s.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	alone, err := Join(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	query(t, alone.URL(), "select 'started'")
	if err := alone.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := pgx.Connect(t.Context(), alone.URL()); err == nil {
		t.Error("a server that Join started outlived its Stop")
	}
}

func TestStopUnderLoadLosesNothingAcknowledged(t *testing.T) {
	t.Parallel()
	o := Options{Dir: madeBefore(t)}
	s := start(t, o)
	execute(t, s.URL(), "create table ticks (n int)")
	const writers = 4
	counts := make([]int, writers)
	enough := make(chan struct{}, writers)
	var done sync.WaitGroup
	for w := range writers {
		done.Go(func() {
			conn, err := pgx.Connect(t.Context(), s.URL())
			if err != nil {
				t.Error(err)
				enough <- struct{}{}
				return
			}
			defer func() { _ = conn.Close(context.Background()) }()
			for {
				if _, err := conn.Exec(t.Context(), "insert into ticks values ($1)", w); err != nil {
					return
				}
				if counts[w]++; counts[w] == 25 {
					enough <- struct{}{}
				}
			}
		})
	}
	for range writers {
		<-enough
	}
	stop(t, s)
	done.Wait()
	s = start(t, o)
	for w, n := range counts {
		have, err := strconv.Atoi(query(t, s.URL(), "select count(*)::text from ticks where n = $1", w))
		if err != nil {
			t.Fatal(err)
		}
		// One more may have been committed without the answer getting through.
		if have < n || have > n+1 {
			t.Errorf("writer %d: %d acknowledged, %d there", w, n, have)
		}
	}
}

func TestStopThatTakesTooLongIsForced(t *testing.T) {
	t.Parallel()
	o := Options{Dir: madeBefore(t), Settings: quick()}
	s := start(t, o)
	execute(t, s.URL(), "create table kept ()")
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Stop(ended); err == nil {
		t.Error("a stop without time says nothing")
	} else {
		wantMentions(t, err.Error(), "next start repairs")
	}
	s = start(t, o)
	query(t, s.URL(), "select 'kept'::regclass::text")
}

func TestRestOfACrashedInitdbIsReplaced(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, "data.new", "base"), 0o700); err != nil {
		t.Fatal(err)
	}
	s := start(t, Options{Dir: dir, Settings: quick()})
	query(t, s.URL(), "select 'made'")
	if _, err := os.Stat(filepath.Join(dir, "data.new")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("data.new is still there (%v)", err)
	}
}

func TestForeignContentIsNotTouched(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	letter := filepath.Join(dir, "data", "letter.txt")
	if err := os.Mkdir(filepath.Dir(letter), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(letter, []byte("dear"), 0o600); err != nil {
		t.Fatal(err)
	}
	wantMentions(t, startError(t, Options{Dir: dir}), "no PostgreSQL data")
	if _, err := os.Stat(letter); err != nil {
		t.Error(err)
	}
}

func TestDataKeptOutsideThatIsGoneIsTold(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "location"), []byte("/nonexistent/winddown\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	wantMentions(t, startError(t, Options{Dir: dir}), "/nonexistent/winddown", "is gone", "empty database")
}

func TestLogIsBounded(t *testing.T) {
	t.Parallel()
	dir := madeBefore(t)
	log := filepath.Join(dir, "postgres.log")
	if err := os.WriteFile(log, make([]byte, maxLog+1), 0o600); err != nil {
		t.Fatal(err)
	}
	start(t, Options{Dir: dir, Settings: quick()})
	info, err := os.Stat(log)
	if err != nil {
		t.Fatal(err)
	}
	if info.Size() > 1<<20 {
		t.Errorf("the log has %d bytes", info.Size())
	}
}

func TestCancelledFirstStartLeavesNothingInTheWay(t *testing.T) {
	t.Parallel()
	o := Options{Dir: t.TempDir(), Settings: quick()}
	ctx, cancel := context.WithTimeout(t.Context(), 150*time.Millisecond)
	defer cancel()
	if s, err := Start(ctx, o); err == nil {
		stop(t, s)
	}
	s := start(t, o)
	query(t, s.URL(), "select 'made'")
}
