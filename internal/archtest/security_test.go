package archtest

import (
	"fmt"
	"go/ast"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// What docs/security.md names is there: tests, files, targets of make; and what it counts is so.
func TestSecurityDocument(t *testing.T) {
	read := func(path string) string {
		text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(path)))
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	document, makefile := read("docs/security.md"), read("Makefile")

	tests := map[string]bool{}
	for _, s := range sources(t) {
		if !s.test {
			continue
		}
		for _, d := range s.syntax.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil {
				tests[f.Name.Name] = true
			}
		}
	}
	var named, files int
	for _, span := range regexp.MustCompile("`([^`\n]+)`").FindAllStringSubmatch(document, -1) {
		switch name := span[1]; {
		case testName.MatchString(name):
			if named++; !tests[name] {
				t.Errorf("there is no test %s", name)
			}
		case fileName.MatchString(name):
			files++
			if _, err := os.Stat(filepath.Join(root, filepath.FromSlash(name))); err != nil {
				t.Errorf("there is no file %s", name)
			}
		}
	}
	for _, target := range regexp.MustCompile("(?m)(?:`|^    )make ([a-z-]+)").FindAllStringSubmatch(document, -1) {
		if !strings.Contains(makefile, "\n"+target[1]+":") {
			t.Errorf("there is no target %s in the Makefile", target[1])
		}
	}
	if named < 100 || files < 20 {
		t.Errorf("only %d tests and %d files are named: they are not found", named, files)
	}

	states, ids := map[string]int{}, map[string]bool{}
	for _, row := range regexp.MustCompile(`(?m)^\| (\d+\.\d+\.\d+) \| ([12]) \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$`).FindAllStringSubmatch(document, -1) {
		id, asked, state, where := row[1], row[3], row[4], row[5]
		if ids[id] {
			t.Errorf("%s stands there twice", id)
		}
		ids[id] = true
		if n := len(strings.Fields(asked)); n > 12 {
			t.Errorf("%s says in %d words what is asked", id, n)
		}
		if state == "met" && !strings.ContainsAny(where, "`“") {
			t.Errorf("%s is met, but nothing says where", id)
		}
		states[state]++
	}
	if len(ids) != 253 { // of levels 1 and 2 in ASVS 5.0.0
		t.Errorf("%d requirements, want 253", len(ids))
	}
	counted := fmt.Sprintf("%d are met, %d do not apply, %d are left to the operator, %d are **not met**",
		states["met"], states["n/a"], states["operator"], states["**not met**"])
	if !strings.Contains(document, counted) {
		t.Errorf("the document does not say that %s", counted)
	}
}

var (
	testName = regexp.MustCompile(`^(Test|Fuzz|Benchmark)[A-Z]\w*$`)
	// A file is named by its path from the root of the project. Addresses begin with a slash.
	fileName = regexp.MustCompile(`^((cmd|docs|internal|migrations|web|\.ci)/[\w./-]+|[\w.-]+\.(md|mod|sum|yml)|\.[a-z]+ignore|Dockerfile|Makefile)$`)
)

// The program speaks HTTP to nobody but itself: no address that somebody types can be fetched.
func TestNothingAsksOtherSites(t *testing.T) {
	for _, s := range sources(t) {
		if s.test || isTestOnly(s.pkg) || s.path == "cmd/winddown/health.go" {
			continue
		}
		ast.Inspect(s.syntax, func(n ast.Node) bool {
			sel, ok := n.(*ast.SelectorExpr)
			if !ok {
				return true
			}
			if x, ok := sel.X.(*ast.Ident); !ok || x.Name != "http" {
				return true
			}
			switch sel.Sel.Name {
			case "Get", "Head", "Post", "PostForm", "Client", "DefaultClient", "NewRequest", "NewRequestWithContext", "Transport", "DefaultTransport", "RoundTripper":
				t.Errorf("%s uses http.%s", s.path, sel.Sel.Name)
			}
			return true
		})
	}
}
