// Package testdb gives tests real PostgreSQL databases.
//
// The server is the one TEST_DATABASE_URL names, or else a private one of this
// checkout, which does not wait for the disk: in memory where there is room (see
// testdir), else in .winddown/test. The test binaries of one "go test ./..."
// share it. Its life is ruled by file locks in .winddown/test, which the kernel
// gives up however a process ends:
//
//   - Whoever uses the server holds the lock "users", shared: a package (see
//     Run) while its tests run, and the first test that needs a database, for
//     all of its package.
//   - Under the exclusive lock "gate" that test starts the server, or finds it
//     running; its one connection makes and drops the databases of the others.
//   - At the end of a package Run tries for "users" exclusively. Whoever gets
//     it is the last one, and stops the server; one in memory goes with it.
//
// A run that was killed leaves the server behind. There is one at most, and the
// next run adopts and then stops it.
package testdb

import (
	"context"
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"winddown/internal/filelock"
	"winddown/internal/localpg"
	"winddown/internal/postgres"
	"winddown/internal/testdir"
	"winddown/migrations"
)

const (
	databasePrefix = "winddown_test_"
	templatePrefix = "winddown_template_"

	patience = time.Minute
)

// Run runs the tests of a package that uses this one, with temporary folders in
// memory, and stops the shared server when no other package is using it:
//
//	func TestMain(m *testing.M) { testdb.Run(m) }
func Run(m *testing.M) {
	testdir.Use()
	if os.Getenv("TEST_DATABASE_URL") != "" {
		m.Run()
		poolers.stop()
		return
	}
	dir, err := folder()
	var users *filelock.Lock
	if err == nil {
		users, err = filelock.Shared(filepath.Join(dir, "users"))
	}
	if err != nil {
		panic(fmt.Sprintf("testdb: %v", err))
	}
	m.Run()
	poolers.stop()
	servers.leave()
	users.Release()
	if err := haltIfLast(dir); err != nil {
		fmt.Fprintln(os.Stderr, "testdb: the test server was not stopped:", err)
	}
}

func haltIfLast(dir string) error {
	last, err := filelock.TryExclusive(filepath.Join(dir, "users"))
	if errors.Is(err, filelock.ErrLocked) {
		return nil
	}
	if err != nil {
		return err
	}
	defer last.Release()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	home, err := serverHome(dir)
	if err != nil {
		return err
	}
	if err := localpg.Halt(ctx, home); err != nil {
		return err
	}
	if _, ok := testdir.Memory(); !ok {
		return nil
	}
	return os.RemoveAll(home)
}

// serverHome returns the folder of the shared server. One in memory is found
// through a link, which leads nowhere once the machine was started anew.
func serverHome(dir string) (string, error) {
	memory, ok := testdir.Memory()
	if !ok {
		return filepath.Join(dir, "server"), nil
	}
	link := filepath.Join(dir, "memory")
	if home, err := os.Readlink(link); err == nil {
		if _, err := os.Stat(home); err == nil {
			return home, nil
		}
		if err := os.Remove(link); err != nil {
			return "", err
		}
	}
	home, err := os.MkdirTemp(memory, "winddown-test-")
	if err != nil {
		return "", err
	}
	return home, os.Symlink(home, link)
}

// New returns the URL of a fresh database with the current schema, which is
// dropped when the test ends. Without a server the test fails.
func New(t testing.TB) string {
	t.Helper()
	return create(t, true)
}

// Empty is New without the schema.
func Empty(t testing.TB) string {
	t.Helper()
	return create(t, false)
}

func create(t testing.TB, migrated bool) string {
	t.Helper()
	s, err := servers.get(os.Getenv("TEST_DATABASE_URL"))
	if err != nil {
		t.Fatalf("testdb: %v", err)
	}
	name := databasePrefix + strings.ToLower(rand.Text())
	err = s.do(func(ctx context.Context, admin *pgx.Conn) error {
		template := "template0"
		if migrated {
			var err error
			if template, err = s.template(ctx, admin); err != nil {
				return fmt.Errorf("the database with the schema cannot be made: %w", err)
			}
		}
		_, err := admin.Exec(ctx, "create database "+name+" template "+template+" encoding 'UTF8' strategy "+s.strategy)
		return err
	})
	if err != nil {
		t.Fatalf("testdb: %v", err)
	}
	t.Cleanup(func() {
		err := s.do(func(ctx context.Context, admin *pgx.Conn) error {
			// Somebody may still be connected to it.
			_, err := admin.Exec(ctx, "drop database if exists "+name+" with (force)")
			return err
		})
		if err != nil {
			t.Errorf("testdb: %s was not dropped: %v", name, err)
		}
	})
	return withDatabase(s.url, name)
}

// servers are those this test binary has used, by what TEST_DATABASE_URL said.
//
//nolint:gochecknoglobals // one for all tests
var servers = &known{byURL: map[string]*server{}}

type known struct {
	mu    sync.Mutex
	byURL map[string]*server
}

// get returns the server that somebody named, or else the one of this checkout.
func (k *known) get(given string) (*server, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if s, ok := k.byURL[given]; ok {
		return s, nil
	}
	s := &server{url: given, strategy: "wal_log"}
	if given == "" {
		var err error
		if s, err = shared(); err != nil {
			return nil, err
		}
	}
	k.byURL[given] = s
	return s, nil
}

// leave closes the connections, so that a server can be stopped.
func (k *known) leave() {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, s := range k.byURL {
		s.leave()
	}
}

// server is a server that lets us create databases.
type server struct {
	url string
	// strategy is the quicker way to clone a database: copying files forces a
	// checkpoint, which is dear only where the disk is waited for.
	strategy string

	mu    sync.Mutex
	admin *pgx.Conn // one for all tests of a package: a connection costs as much as a small test
	users *filelock.Lock
}

// do runs fn with the connection that creates databases, made when it is first needed.
func (s *server) do(fn func(context.Context, *pgx.Conn) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	// The clock starts when nobody is waited for any more.
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if s.admin == nil || s.admin.IsClosed() {
		admin, err := pgx.Connect(ctx, s.url)
		if err != nil && s.users == nil {
			return fmt.Errorf("the server of TEST_DATABASE_URL does not answer: %w", err)
		}
		if err != nil {
			return err
		}
		s.admin = admin
	}
	return fn(ctx, s.admin)
}

func (s *server) leave() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.admin != nil {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		_ = s.admin.Close(ctx)
	}
	if s.users != nil {
		s.users.Release()
	}
}

// shared returns the server of this checkout, which stays up until the tests of this package end.
func shared() (_ *server, err error) {
	dir, err := folder()
	if err != nil {
		return nil, err
	}
	users, err := filelock.Shared(filepath.Join(dir, "users"))
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			users.Release()
		}
	}()
	gate, err := filelock.Exclusive(filepath.Join(dir, "gate"))
	if err != nil {
		return nil, err
	}
	defer gate.Release()
	// The clock starts when nobody is waited for any more.
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	home, err := serverHome(dir)
	if err != nil {
		return nil, err
	}
	pg, err := localpg.Start(ctx, localpg.Options{
		Dir:    home,
		NPMDir: filepath.Join(dir, "..", "..", "web"),
		Settings: map[string]string{
			"fsync":              "off",
			"synchronous_commit": "off",
			"full_page_writes":   "off",
			"wal_level":          "minimal",
			"max_wal_senders":    "0",
			"autovacuum":         "off",
			"max_connections":    "200",
			"max_wal_size":       "256MB",
		},
	})
	if err != nil {
		return nil, err
	}
	defer pg.Detach()
	admin, err := pgx.Connect(ctx, pg.URL())
	if err != nil {
		return nil, err
	}
	if !pg.Adopted() {
		if err := sweep(ctx, admin); err != nil {
			return nil, fmt.Errorf("databases of an earlier run were not dropped: %w", err)
		}
		if err := cheapen(ctx, admin); err != nil {
			return nil, fmt.Errorf("the password of the role cannot be kept another way: %w", err)
		}
	}
	return &server{url: pg.URL(), strategy: "file_copy", admin: admin, users: users}, nil
}

// cheapen keeps the verifier of the role's password with one round instead of thousands. Who
// connects goes through them all, which under the race detector costs more than most tests do,
// and every test connects several times.
func cheapen(ctx context.Context, admin *pgx.Conn) error {
	role := admin.Config()
	const rounds = 1
	salt := []byte("the same for all")
	salted, err := pbkdf2.Key(sha256.New, role.Password, salt, rounds, sha256.Size)
	if err != nil {
		return err
	}
	key := func(name string) []byte {
		mac := hmac.New(sha256.New, salted)
		_, _ = mac.Write([]byte(name))
		return mac.Sum(nil)
	}
	stored := sha256.Sum256(key("Client Key"))
	text := base64.StdEncoding.EncodeToString
	_, err = admin.Exec(ctx, fmt.Sprintf("alter role %s password 'SCRAM-SHA-256$%d:%s$%s:%s'",
		pgx.Identifier{role.User}.Sanitize(), rounds, text(salt), text(stored[:]), text(key("Server Key"))))
	return err
}

// sweep drops what killed runs and older schemas left on a server that was just
// started and hence has no users but us.
func sweep(ctx context.Context, admin *pgx.Conn) error {
	current, err := templateName()
	if err != nil {
		return err
	}
	rows, err := admin.Query(ctx, "select datname from pg_database where starts_with(datname, $1) or starts_with(datname, $2) and datname <> $3",
		databasePrefix, templatePrefix, current)
	if err != nil {
		return err
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return err
	}
	for _, name := range names {
		if _, err := admin.Exec(ctx, "drop database "+name); err != nil {
			return err
		}
	}
	return nil
}

// template returns the name of a database with the schema to clone from, made
// by whoever needs it first.
func (s *server) template(ctx context.Context, admin *pgx.Conn) (string, error) {
	name, err := templateName()
	if err != nil {
		return "", err
	}
	const found = "select exists (select from pg_database where datname = $1)"
	var there bool
	if err := admin.QueryRow(ctx, found, name).Scan(&there); err != nil || there {
		return name, err
	}
	if _, err := admin.Exec(ctx, "select pg_advisory_lock(hashtext($1))", name); err != nil {
		return "", err
	}
	// Should this fail, the end of the connection unlocks it too.
	defer func() { _, _ = admin.Exec(ctx, "select pg_advisory_unlock(hashtext($1))", name) }()
	if err := admin.QueryRow(ctx, found, name).Scan(&there); err != nil || there {
		return name, err
	}
	// Under its name it must be complete, so it gets the name last.
	building := name + "_new"
	for _, statement := range []string{
		"drop database if exists " + building + " with (force)",
		"create database " + building + " template template0 encoding 'UTF8'",
	} {
		if _, err := admin.Exec(ctx, statement); err != nil {
			return "", err
		}
	}
	if _, err := postgres.Migrate(ctx, withDatabase(s.url, building)); err != nil {
		return "", err
	}
	// A database that somebody is connected to cannot be cloned.
	for _, statement := range []string{
		"alter database " + building + " allow_connections false",
		"alter database " + building + " rename to " + name,
	} {
		if _, err := admin.Exec(ctx, statement); err != nil {
			return "", err
		}
	}
	return name, nil
}

// templateName changes with every migration.
func templateName() (string, error) {
	sum := sha256.New()
	jobs, err := postgres.JobSchema()
	if err != nil {
		return "", err
	}
	_, _ = fmt.Fprintf(sum, "job queue %d\n", jobs)
	err = fs.WalkDir(migrations.FS, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := fs.ReadFile(migrations.FS, path)
		if err == nil {
			_, err = fmt.Fprintf(sum, "%s %d\n%s", path, len(content), content)
		}
		return err
	})
	return templatePrefix + hex.EncodeToString(sum.Sum(nil)[:8]), err
}

// withDatabase names another database of the same server, in either form of a
// connection string.
func withDatabase(conn, name string) string {
	u, err := url.Parse(conn)
	if err != nil || u.Scheme == "" {
		return conn + " dbname=" + name
	}
	u.Path = "/" + name
	return u.String()
}

// folder returns .winddown/test of the module, made if need be.
func folder() (string, error) {
	root, err := moduleRoot()
	if err != nil {
		return "", err
	}
	dir := filepath.Join(root, ".winddown", "test")
	return dir, os.MkdirAll(dir, 0o700)
}

// moduleRoot finds the folder of go.mod above the working directory, which for
// a test is the folder of its package.
func moduleRoot() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", errors.New("no go.mod above the working directory")
		}
		dir = parent
	}
}
