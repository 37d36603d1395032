package testdb_test

import (
	"context"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"winddown/internal/testdb"
)

func TestMain(m *testing.M) { testdb.Run(m) }

func connect(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

func hasSchema(t *testing.T, conn *pgx.Conn) bool {
	t.Helper()
	var there bool
	if err := conn.QueryRow(t.Context(), "select to_regclass('goose_db_version') is not null").Scan(&there); err != nil {
		t.Fatal(err)
	}
	return there
}

func TestNewDatabasesHaveTheSchemaAndShareNothing(t *testing.T) {
	a, b := connect(t, testdb.New(t)), connect(t, testdb.New(t))
	for _, conn := range []*pgx.Conn{a, b} {
		if !hasSchema(t, conn) {
			t.Fatal("no schema")
		}
		// The second would fail if they were one.
		if _, err := conn.Exec(t.Context(), "create table mine ()"); err != nil {
			t.Fatal(err)
		}
	}
}

func TestEmptyDatabaseHasNoSchema(t *testing.T) {
	if hasSchema(t, connect(t, testdb.Empty(t))) {
		t.Fatal("there is a schema")
	}
}

func TestManyAtOnce(t *testing.T) {
	for i := range 8 {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			if !hasSchema(t, connect(t, testdb.New(t))) {
				t.Fatal("no schema")
			}
		})
	}
}

func TestDatabaseIsDroppedAfterTheTestEvenWhileInUse(t *testing.T) {
	var url string
	t.Run("user", func(t *testing.T) {
		url = testdb.New(t)
		conn, err := pgx.Connect(t.Context(), url)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn })
	})
	conn, err := pgx.Connect(t.Context(), url)
	if err == nil {
		_ = conn.Close(t.Context())
		t.Fatal("the database is still there")
	}
	if !strings.Contains(err.Error(), "does not exist") {
		t.Fatal(err)
	}
}

// failing records a failure instead of failing the test it is used in.
type failing struct {
	testing.TB
	message string
}

func (f *failing) Fatalf(format string, args ...any) {
	f.message = fmt.Sprintf(format, args...)
	runtime.Goexit()
}

func TestUnreachableServerFailsTheTest(t *testing.T) {
	t.Setenv("TEST_DATABASE_URL", "postgres://nobody@127.0.0.1:1/none?sslmode=disable")
	f := &failing{TB: t}
	done := make(chan struct{})
	go func() {
		defer close(done)
		testdb.New(f)
	}()
	<-done
	if !strings.Contains(f.message, "TEST_DATABASE_URL does not answer") {
		t.Fatalf("got %q", f.message)
	}
}

func TestGivenServerIsUsedInEitherForm(t *testing.T) {
	own := testdb.Empty(t)
	cfg, err := pgx.ParseConfig(own)
	if err != nil {
		t.Fatal(err)
	}
	for name, given := range map[string]string{
		"url":      own,
		"keywords": fmt.Sprintf("host=%s port=%d user=%s password=%s dbname=%s sslmode=disable", cfg.Host, cfg.Port, cfg.User, cfg.Password, cfg.Database),
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("TEST_DATABASE_URL", given)
			if !hasSchema(t, connect(t, testdb.New(t))) {
				t.Fatal("no schema")
			}
		})
	}
}

// A package without Run would leave the server running after the last test.
func TestEveryPackageThatUsesTestdbRunsItsTestsThroughIt(t *testing.T) {
	uses, runs := map[string]bool{}, map[string]bool{}
	root := filepath.Join("..", "..")
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "node_modules" || path != root && strings.HasPrefix(d.Name(), ".") && d.Name() != "..") {
			return fs.SkipDir
		}
		if !strings.HasSuffix(path, "_test.go") {
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err != nil {
			return err
		}
		for _, i := range file.Imports {
			if i.Path.Value == `"winddown/internal/testdb"` {
				uses[filepath.Dir(path)] = true
			}
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if s, ok := n.(*ast.SelectorExpr); ok && s.Sel.Name == "Run" {
				if x, ok := s.X.(*ast.Ident); ok && x.Name == "testdb" {
					runs[filepath.Dir(path)] = true
				}
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if !uses[filepath.Join(root, "internal", "testdb")] {
		t.Fatal("not even this package was found")
	}
	for dir := range uses {
		if !runs[dir] {
			t.Errorf("%s uses testdb and needs: func TestMain(m *testing.M) { testdb.Run(m) }", dir)
		}
	}
}

func BenchmarkNew(b *testing.B) {
	for range b.N {
		testdb.New(b)
	}
}
