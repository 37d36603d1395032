package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"winddown/internal/localpg"
)

// stage is a private PostgreSQL with what was put into it.
type stage struct {
	options
	dir        string
	pg         *localpg.Server
	db         *pgx.Conn
	postmaster int // process id
	firms      int
}

// patience bounds the wait for a program to start or to end.
const patience = time.Minute

// newStage starts the server, migrates and seeds one firm.
// settings are those of the database beyond its defaults.
func newStage(ctx context.Context, o options, settings map[string]string) (*stage, error) {
	s := &stage{options: o, dir: o.Dir, firms: 1}
	if err := s.begin(ctx, settings); err != nil {
		return nil, errors.Join(err, s.close())
	}
	return s, nil
}

func (s *stage) begin(ctx context.Context, settings map[string]string) (err error) {
	if s.dir == "" {
		if s.dir, err = os.MkdirTemp("", "winddown-bench-"); err != nil {
			return err
		}
	} else if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return err
	}
	if s.pg, err = localpg.Start(ctx, localpg.Options{Dir: filepath.Join(s.dir, "postgres"), NPMDir: s.NPMDir, Settings: settings}); err != nil {
		return err
	}
	if s.db, err = pgx.Connect(ctx, s.pg.URL()); err != nil {
		return err
	}
	var backend int
	if err := s.db.QueryRow(ctx, "select pg_backend_pid()").Scan(&backend); err != nil {
		return err
	}
	if s.postmaster, err = parentOf(backend); err != nil {
		return err
	}
	if err := s.run(ctx, "migrate", "up"); err != nil {
		return err
	}
	var seeded bool
	if err := s.db.QueryRow(ctx, "select exists (select from cases)").Scan(&seeded); err != nil {
		return err
	}
	if !seeded {
		// What the seed makes is older than its database, and has all that older cases lack.
		if _, err := s.db.Exec(ctx, "update goose_db_version set tstamp = '-infinity' where version_id = 14"); err != nil {
			return err
		}
		return s.run(ctx, "seed", "--sellers", fmt.Sprint(perFirm), "--accountants", "1", "--password", "winddown-bench-2026")
	}
	// In a database that is kept, everybody would be noted as seen at his first request.
	if _, err := s.db.Exec(ctx, "update login_sessions set seen_at = now()"); err != nil {
		return err
	}
	return s.db.QueryRow(ctx, "select count(*) from firms").Scan(&s.firms)
}

// grow makes as many firms as wanted, of perFirm cases each.
func (s *stage) grow(ctx context.Context, firms int) error {
	begun := time.Now()
	if firms > s.firms {
		if err := fill(ctx, s.db, s.firms, firms); err != nil {
			return err
		}
		s.firms = firms
	}
	filled := since(begun)
	if err := settle(ctx, s.db); err != nil {
		return err
	}
	var cases, events int
	if err := s.db.QueryRow(ctx, "select (select count(*) from cases), (select count(*) from events)").Scan(&cases, &events); err != nil {
		return err
	}
	fmt.Printf("%d cases of %d firms, %d events: filled in %s, vacuumed and copied for the floor %s later\n", cases, s.firms, events, filled, since(begun))
	return nil
}

// url is the database's address.
func (s *stage) url() string { return s.pg.URL() }

func (s *stage) run(ctx context.Context, args ...string) error {
	out, err := exec.CommandContext(ctx, s.Winddown, append(args, "--database-url", s.url())...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("winddown %s: %w\n%s", args[0], err, out)
	}
	return nil
}

func (s *stage) close() error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	var err error
	if s.db != nil {
		err = s.db.Close(ctx)
	}
	if s.pg != nil {
		err = errors.Join(err, s.pg.Stop(ctx))
	}
	if s.Dir == "" {
		err = errors.Join(err, os.RemoveAll(s.dir))
	}
	return err
}

// program is a server that runs.
type program struct {
	name    string
	addr    string // host and port
	metrics string // the same, of its metrics
	cmd     *exec.Cmd
	took    time.Duration // until its first 200
}

func (s *stage) winddown(ctx context.Context, args ...string) (*program, error) {
	return start(ctx, "winddown", s.Winddown, append([]string{"serve", "--addr", "127.0.0.1:0", "--database-url", s.url(),
		"--metrics-addr", "127.0.0.1:0", "--data-dir", filepath.Join(s.dir, "files"), "--log-format", "json"}, args...)...)
}

func (s *stage) floor(ctx context.Context) (*program, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	return start(ctx, "floor", self, "floor", "--database-url", s.url())
}

// start starts a server, which says where it listens, and waits until it is ready.
func start(ctx context.Context, name, path string, args ...string) (*program, error) {
	p := &program{name: name, cmd: exec.CommandContext(ctx, path, args...)}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	log, err := p.cmd.StderrPipe()
	if err != nil {
		return nil, err
	}
	p.cmd.Cancel = func() error { return p.cmd.Process.Signal(os.Interrupt) }
	p.cmd.WaitDelay = patience
	begun := time.Now()
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	metrics := make(chan string, 1)
	go watchLog(name, log, metrics)
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s does not start: %w", name, err), p.stop())
	}
	go func() { _, _ = io.Copy(io.Discard, out) }()
	u, err := url.Parse(strings.TrimSpace(line[strings.Index(line, "http://"):]))
	if err != nil {
		return nil, errors.Join(err, p.stop())
	}
	p.addr = u.Host
	for tries := 0; ; tries++ {
		resp, err := http.Get("http://" + p.addr + "/readyz") //nolint:noctx // over in a moment
		if err == nil {
			_ = resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				break
			}
		}
		if tries == 1000 {
			return nil, errors.Join(fmt.Errorf("%s does not become ready", name), p.stop())
		}
		time.Sleep(time.Millisecond)
	}
	p.took = time.Since(begun)
	if name == "winddown" {
		p.metrics = <-metrics
	}
	return p, nil
}

// watchLog finds the address of the metrics, and passes on whatever is worse than a notice.
func watchLog(name string, log io.Reader, metrics chan<- string) {
	for in := bufio.NewScanner(log); in.Scan(); {
		line := in.Text()
		if _, rest, ok := strings.Cut(line, `"msg":"metrics","addr":"`); ok {
			addr, _, _ := strings.Cut(rest, `"`)
			metrics <- addr
		}
		if strings.Contains(line, `"level":"ERROR"`) || strings.Contains(line, `"level":"WARN"`) || name == "floor" {
			fmt.Fprintf(os.Stderr, "%s: %s\n", name, line)
		}
	}
}

func (p *program) stop() error {
	if err := p.cmd.Process.Signal(os.Interrupt); err != nil {
		return err
	}
	return p.cmd.Wait()
}
