package testdb

import (
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"winddown/internal/postgres"
)

// Through returns the options with which the program reaches the database of o.URL: that
// address itself, or, with TEST_POOLER set, a PgBouncer in transaction mode in front of it.
// What a test does past the program keeps the address it has.
func Through(t testing.TB, o postgres.Options) postgres.Options {
	t.Helper()
	if os.Getenv("TEST_POOLER") == "" {
		return o
	}
	cfg, err := pgx.ParseConfig(o.URL)
	if err != nil {
		t.Fatalf("testdb: %v", err)
	}
	dir, err := poolers.to(cfg)
	if err != nil {
		t.Fatalf("testdb: PgBouncer: %v", err)
	}
	o.DirectURL, o.Pooler = o.URL, true
	o.URL = (&url.URL{Scheme: "postgres", Path: "/" + cfg.Database, RawQuery: url.Values{
		"host": {dir}, "port": {poolerPort}, "user": {cfg.User}, "connect_timeout": {"60"},
	}.Encode()}).String()
	return o
}

// Flags is Through for a command line: where it names a database of a test, it gets the flags
// that lead there.
func Flags(t testing.TB, args []string) []string {
	t.Helper()
	var all []string
	for i, arg := range args {
		all = append(all, arg)
		if i == 0 || args[i-1] != "--database-url" || !strings.Contains(arg, databasePrefix) {
			continue
		}
		if o := Through(t, postgres.Options{URL: arg}); o.Pooler {
			all[len(all)-1] = o.URL
			all = append(all, "--pooler", "--direct-url", o.DirectURL)
		}
	}
	return all
}

const poolerPort = "6432" // of a socket: a part of its name

// poolers are the PgBouncers of this test binary, by the server behind them. They end with it.
//
//nolint:gochecknoglobals // one for all tests
var poolers = &running{dirs: map[string]string{}}

type running struct {
	mu   sync.Mutex
	dirs map[string]string
	end  []func()
}

// to returns the folder of the socket of a PgBouncer in front of a server.
func (r *running) to(server *pgx.ConnConfig) (string, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	at := fmt.Sprintf("%s:%d", server.Host, server.Port)
	if dir, ok := r.dirs[at]; ok {
		return dir, nil
	}
	dir, err := os.MkdirTemp("/tmp", "winddown-pooler-")
	if err != nil {
		return "", err
	}
	config := filepath.Join(dir, "pgbouncer.ini")
	if err := os.WriteFile(config, fmt.Appendf(nil, `[databases]
* = host=%s port=%d user=%s password=%s
[pgbouncer]
listen_addr =
unix_socket_dir = %s
listen_port = %s
logfile = %s
auth_type = any
pool_mode = transaction
max_client_conn = 1000
default_pool_size = 20
server_idle_timeout = 2
ignore_startup_parameters =
`, server.Host, server.Port, server.User, server.Password, dir, poolerPort, filepath.Join(dir, "log")), 0o600); err != nil {
		return "", err
	}
	cmd := exec.Command("pgbouncer", "-q", config)
	if err := ordinary(cmd, server.Host, dir); err != nil {
		return "", err
	}
	if err := cmd.Start(); err != nil {
		return "", fmt.Errorf("install Debian's package pgbouncer: %w", err)
	}
	gone := make(chan struct{})
	go func() {
		_ = cmd.Wait()
		close(gone)
	}()
	r.end = append(r.end, func() {
		_ = cmd.Process.Kill()
		<-gone
		_ = os.RemoveAll(dir)
	})
	for {
		if _, err := os.Stat(filepath.Join(dir, ".s.PGSQL."+poolerPort)); err == nil {
			r.dirs[at] = dir
			return dir, nil
		}
		select {
		case <-gone:
			log, _ := os.ReadFile(filepath.Join(dir, "log"))
			return "", fmt.Errorf("it ended: %s", log)
		case <-time.After(5 * time.Millisecond):
		}
	}
}

func (r *running) stop() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, end := range r.end {
		end()
	}
}
