package archtest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// floors says on which floor each package stands. A package imports only lower floors.
// A new package needs a line here.
func floors() map[string]int {
	return map[string]int{
		"winddown/cmd/winddown":      5,
		"winddown/internal/server":   4,
		"winddown/internal/site":     3,
		"winddown/internal/worker":   3,
		"winddown/internal/app":      2,
		"winddown/internal/live":     2,
		"winddown/web/page":          2,
		"winddown/web/mail":          2,
		"winddown/internal/postgres": 1,
		"winddown/internal/localpg":  1,
		"winddown/internal/httpkit":  1,
		"winddown/internal/letter":   1,
		"winddown/internal/pack":     1,
		"winddown/internal/backup":   1,
		"winddown/web/ui":            1,
		"winddown/internal/winddown": 0,
		"winddown/internal/i18n":     0,
		"winddown/internal/filelock": 0,
		"winddown/internal/keyring":  0,
		"winddown/internal/sheet":    0,
		"winddown/internal/files":    0,
		"winddown/internal/mail":     0,
		"winddown/migrations":        0,
		"winddown/web/static":        0,
	}
}

// testOnly are packages that no program may import.
func testOnly() []string {
	return []string{"winddown/internal/archtest", "winddown/internal/bench", "winddown/internal/testdb", "winddown/internal/testdir", "winddown/internal/testkit", "winddown/internal/testmail"}
}

// source is one Go file of the project.
type source struct {
	path    string // from the root of the project
	pkg     string // import path
	test    bool
	imports []string
	syntax  *ast.File
}

// root is the root of the project, seen from this package's folder.
const root = "../.."

// sources returns every Go file, read once for all tests.
func sources(t *testing.T) []source {
	t.Helper()
	all, err := readSources()
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 50 {
		t.Fatalf("found only %d Go files: the walk is broken", len(all))
	}
	return all
}

var readSources = sync.OnceValues(func() (all []source, err error) {
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		if d.IsDir() {
			if name := d.Name(); path != root && (strings.HasPrefix(name, ".") || name == "node_modules" || name == "testdata" || name == "bin") {
				return fs.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(path, ".go") {
			return nil
		}
		f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		s := source{path: filepath.ToSlash(rel), pkg: "winddown/" + filepath.ToSlash(filepath.Dir(rel)), test: strings.HasSuffix(path, "_test.go"), syntax: f}
		for _, i := range f.Imports {
			name, err := strconv.Unquote(i.Path.Value)
			if err != nil {
				return err
			}
			s.imports = append(s.imports, name)
		}
		all = append(all, s)
		return nil
	})
	return all, err
})

func TestPackagesImportOnlyLowerFloors(t *testing.T) {
	for _, s := range sources(t) {
		if s.test || isTestOnly(s.pkg) {
			continue
		}
		floor, known := floors()[s.pkg]
		if !known {
			t.Errorf("%s: package %s stands on no floor", s.path, s.pkg)
			continue
		}
		for _, imported := range s.imports {
			if !strings.HasPrefix(imported, "winddown/") {
				continue
			}
			if isTestOnly(imported) {
				t.Errorf("%s imports %s, which is for tests only", s.path, imported)
				continue
			}
			if below, ok := floors()[imported]; !ok || below >= floor {
				t.Errorf("%s (floor %d) imports %s (floor %d)", s.path, floor, imported, below)
			}
		}
	}
}

func isTestOnly(pkg string) bool {
	for _, p := range testOnly() {
		if p == pkg {
			return true
		}
	}
	return false
}

// rule forbids imports in some packages.
type rule struct {
	why     string
	applies func(pkg string) bool
	forbids func(imported string) bool
}

func importRules() []rule {
	in := func(pkgs ...string) func(string) bool {
		return func(pkg string) bool {
			for _, p := range pkgs {
				if pkg == p {
					return true
				}
			}
			return false
		}
	}
	not := func(f func(string) bool) func(string) bool { return func(s string) bool { return !f(s) } }
	third := func(imported string) bool { return strings.Contains(strings.SplitN(imported, "/", 2)[0], ".") }
	return []rule{
		{
			why:     "the domain imports pure standard library only",
			applies: in("winddown/internal/winddown"),
			forbids: func(i string) bool {
				return third(i) || in("net/http", "database/sql", "log/slog", "log", "os", "net", "io/fs", "os/exec", "syscall")(i)
			},
		},
		{
			why:     "pages know words and nothing else of the program",
			applies: func(pkg string) bool { return strings.HasPrefix(pkg, "winddown/web/") },
			forbids: func(i string) bool {
				return strings.HasPrefix(i, "winddown/internal/") && i != "winddown/internal/i18n"
			},
		},
		{
			why:     "PostgreSQL is spoken in internal/postgres",
			applies: not(in("winddown/internal/postgres")),
			forbids: func(i string) bool {
				return strings.HasPrefix(i, "github.com/jackc/") || i == "database/sql"
			},
		},
		{
			why:     "jobs are the workers' affair; postgres brings them to the database and makes their tables",
			applies: not(in("winddown/internal/worker", "winddown/internal/postgres")),
			forbids: func(i string) bool { return strings.HasPrefix(i, "github.com/riverqueue/") },
		},
		{
			why:     "use cases and what is below them know no HTTP",
			applies: func(pkg string) bool { return floors()[pkg] <= 2 && pkg != "winddown/internal/httpkit" },
			forbids: func(i string) bool { return i == "net/http" || strings.HasPrefix(i, "github.com/go-chi/") },
		},
		{
			why:     "programs are started by the private PostgreSQL alone",
			applies: not(in("winddown/internal/localpg")),
			forbids: in("os/exec"),
		},
		{
			why:     "memory is Go's own affair, and what is read makes no code or types",
			applies: func(string) bool { return true },
			forbids: in("unsafe", "plugin", "encoding/gob"),
		},
		{
			why:     "pages reach the database through use cases",
			applies: in("winddown/internal/site"),
			forbids: func(i string) bool { return i == "winddown/internal/postgres" },
		},
	}
}

func TestImportRules(t *testing.T) {
	for _, s := range sources(t) {
		if s.test || isTestOnly(s.pkg) {
			continue
		}
		for _, r := range importRules() {
			if !r.applies(s.pkg) {
				continue
			}
			for _, i := range s.imports {
				if r.forbids(i) {
					t.Errorf("%s imports %s: %s", s.path, i, r.why)
				}
			}
		}
	}
}

func TestNoVaguePackageNames(t *testing.T) {
	for _, s := range sources(t) {
		switch s.syntax.Name.Name {
		case "util", "utils", "common", "helpers", "helper", "models", "model", "types", "misc", "base":
			t.Errorf("%s: package %s says nothing about what it holds", s.path, s.syntax.Name.Name)
		}
	}
}

func TestNoInitFunctions(t *testing.T) {
	for _, s := range sources(t) {
		for _, d := range s.syntax.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Name.Name == "init" && f.Recv == nil {
				t.Errorf("%s has an init function", s.path)
			}
		}
	}
}

func TestOnlyCommandsReadTheEnvironment(t *testing.T) {
	for _, s := range sources(t) {
		if s.test || isTestOnly(s.pkg) || strings.HasPrefix(s.pkg, "winddown/cmd/") {
			continue
		}
		ast.Inspect(s.syntax, func(n ast.Node) bool {
			if sel, ok := n.(*ast.SelectorExpr); ok {
				if x, ok := sel.X.(*ast.Ident); ok && x.Name == "os" && (sel.Sel.Name == "Getenv" || sel.Sel.Name == "LookupEnv") {
					t.Errorf("%s reads the environment", s.path)
				}
			}
			return true
		})
	}
}

func TestEveryPackageSaysWhatItIs(t *testing.T) {
	documented := map[string]bool{}
	for _, s := range sources(t) {
		if s.test {
			continue
		}
		if s.syntax.Doc != nil {
			documented[s.pkg] = true
		} else if _, seen := documented[s.pkg]; !seen {
			documented[s.pkg] = false
		}
	}
	for pkg, ok := range documented {
		if !ok {
			t.Errorf("package %s has no comment", pkg)
		}
	}
}
