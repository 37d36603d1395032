package i18n

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	templgenerator "github.com/a-h/templ/generator"
	templparser "github.com/a-h/templ/parser/v2"
)

// The catalogs and the source are held together from both ends: what the source
// says must exist, what exists must be said. There is no list of exceptions.
//
// A key may stand in the source as a literal, or be composed from a literal
// beginning: p.T("step." + code + ".name") uses every key of the shape
// step.*.name, and at least one must exist.

// A use is one place in the source that names a key or, composed, a shape of keys.
type use struct {
	where  string // file and line
	text   string // a key, or a shape with * for what is known only at run time
	method string // T, N, Message or Has, when the text is the method's argument
	field  bool   // the value of a field called Key
}

func (u use) composed() bool { return strings.Contains(u.text, "*") }

// of returns those of the keys, which map to whether they are plural, that u speaks of. An
// error's key may stand for the page made of key.title and key.text.
func (u use) of(keys map[string]bool) (found []string) {
	if !u.composed() {
		for _, key := range []string{u.text, u.text + ".title", u.text + ".text"} {
			if _, ok := keys[key]; ok {
				found = append(found, key)
			}
		}
		return found
	}
	parts := strings.Split(u.text, "*")
	for i, p := range parts {
		parts[i] = regexp.QuoteMeta(p)
	}
	shape := regexp.MustCompile("^" + strings.Join(parts, "[a-z0-9_.]+") + "$")
	for key := range keys {
		if shape.MatchString(key) {
			found = append(found, key)
		}
	}
	return found
}

// uses finds every text in a Go file that looks like a message key.
func uses(name string, source []byte) ([]use, error) {
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, name, source, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	var found []use
	seen := make(map[ast.Expr]bool)
	note := func(e ast.Expr, method string, field bool) {
		text, ok := shape(e)
		if !ok || seen[e] {
			return
		}
		// The operands of a sum are no keys of their own, but calls among them may name one.
		ast.Inspect(e, func(n ast.Node) bool {
			switch part := n.(type) {
			case *ast.BinaryExpr, *ast.ParenExpr, *ast.BasicLit:
				seen[part.(ast.Expr)] = true
				return true
			}
			return false
		})
		if method == "" && !field && !looksLikeKey(text) {
			return
		}
		at := fset.Position(e.Pos())
		found = append(found, use{fmt.Sprintf("%s:%d", name, at.Line), text, method, field})
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.ImportSpec:
			return false
		case *ast.CallExpr:
			if sel, ok := n.Fun.(*ast.SelectorExpr); ok && len(n.Args) > 0 {
				switch sel.Sel.Name {
				case "T", "N", "Message", "Has":
					if text, ok := shape(n.Args[0]); ok && strings.Contains(text, ".") {
						note(n.Args[0], sel.Sel.Name, false)
					}
				}
			}
		case *ast.KeyValueExpr:
			if id, ok := n.Key.(*ast.Ident); ok && id.Name == "Key" {
				if text, ok := shape(n.Value); ok && looksLikeKey(text) {
					note(n.Value, "", true)
				}
			}
		case ast.Expr:
			note(n, "", false)
		}
		return true
	})
	return found, nil
}

// shape returns the text of a string literal, or of a sum that begins with one,
// with * for every operand that is no literal. Sums of other things have no shape.
func shape(e ast.Expr) (string, bool) {
	switch e := e.(type) {
	case *ast.BasicLit:
		if e.Kind != token.STRING {
			return "", false
		}
		text, err := strconv.Unquote(e.Value)
		return text, err == nil && !strings.Contains(text, "*")
	case *ast.ParenExpr:
		return shape(e.X)
	case *ast.BinaryExpr:
		if e.Op != token.ADD {
			return "", false
		}
		left, ok := shape(e.X)
		if !ok {
			return "", false
		}
		right, ok := shape(e.Y)
		if !ok {
			right = "*"
		}
		return left + right, true
	}
	return "", false
}

// A composed key needs its area and a dot before what is composed.
var shapePattern = regexp.MustCompile(`^[a-z][a-z0-9_]*\.[a-z0-9_.*]*$`)

func looksLikeKey(text string) bool {
	if strings.Contains(text, "*") {
		return shapePattern.MatchString(text)
	}
	return keyPattern.MatchString(text)
}

// judge compares the uses with the catalog, whose keys map to whether they are plural.
func judge(keys map[string]bool, found []use) (problems []string) {
	areas := make(map[string]bool)
	for key := range keys {
		area, _, _ := strings.Cut(key, ".")
		areas[area] = true
	}
	used := make(map[string]bool)
	for _, u := range found {
		spokenOf := u.of(keys)
		for _, key := range spokenOf {
			used[key] = true
		}
		if plural, ok := keys[u.text]; ok {
			if u.method == "T" && plural {
				problems = append(problems, fmt.Sprintf("%s: %q is plural: say it with N", u.where, u.text))
			}
			if u.method == "N" && !plural {
				problems = append(problems, fmt.Sprintf("%s: %q is not plural: say it with T", u.where, u.text))
			}
		}
		// Outside a call or a Key field, a text is taken for a key when it has an
		// area of the catalog and three segments, as keys do: names of files and
		// the like have two.
		area, rest, _ := strings.Cut(u.text, ".")
		certain := u.method != "" || u.field || areas[area] && (area == "error" || strings.Contains(rest, "."))
		if certain && len(spokenOf) == 0 {
			problems = append(problems, fmt.Sprintf("%s: %q is in no catalog", u.where, u.text))
		}
	}
	for key := range keys {
		if !used[key] {
			problems = append(problems, fmt.Sprintf("catalog: %q is said nowhere", key))
		}
	}
	slices.Sort(problems)
	return problems
}

func TestEveryKeyIsUsedAndEveryUsedKeyExists(t *testing.T) {
	keys := make(map[string]bool)
	for key, e := range catalog(t, Russian) {
		keys[key] = e.isPlural()
	}
	var found []use
	files := 0
	root := moduleRoot(t)
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		if d.IsDir() {
			if path != root && (strings.HasPrefix(name, ".") || name == "node_modules" || name == "testdata") {
				return filepath.SkipDir
			}
			return nil
		}
		// Of a templ file its generated one is read, which is as fresh as "make" leaves it.
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		files++
		source, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		in, err := uses(rel, source)
		found = append(found, in...)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if files == 0 {
		t.Fatal("no source was read")
	}
	for _, p := range judge(keys, found) {
		t.Error(p)
	}
}

// goOf returns the Go code of a templ file.
func goOf(source []byte) ([]byte, error) {
	file, err := templparser.ParseString(string(source))
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if _, err := templgenerator.Generate(file, &b); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

func moduleRoot(t *testing.T) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		up := filepath.Dir(dir)
		if up == dir {
			t.Fatal("no go.mod above the test")
		}
		dir = up
	}
}

// The check is checked: each source is held against a catalog of four keys.
func TestUsageMechanism(t *testing.T) {
	keys := map[string]bool{
		"step.name.one":    false,
		"step.count.left":  true,
		"error.gone.title": false,
		"error.gone.text":  false,
	}
	const all = `
		_ = p.T("step.name.one")
		_ = p.N("step.count.left", 3)
		_ = &E{Key: "error.gone"}
	`
	for _, c := range []struct {
		name string
		body string
		want []string
	}{
		{"all used", all, nil},
		{"a constant counts", `const key = "step.name.one"` + strings.Replace(all, `p.T("step.name.one")`, `p.T(key)`, 1), nil},
		{"a shape counts", strings.Replace(all, `"step.name.one"`, `"step.name."+string(code)`, 1), nil},
		{"a shape with an end counts", strings.Replace(all, `"step.name.one"`, `("step."+v.Code)+".one"`, 1), nil},
		{"an assigned shape counts", strings.Replace(all, `_ = p.T("step.name.one")`, `k := "step.name."+code`, 1), nil},
		{"a call in a sum counts", strings.Replace(all, `p.T("step.name.one")`, `"\n" + p.T("step.name.one") + "x"`, 1), nil},
		{"a call in a shape counts", strings.Replace(all, `_ = p.T("step.name.one")`, `_ = "step.count." + p.T("step.name.one")`, 1), nil},
		{"unused", strings.Replace(all, `p.T("step.name.one")`, `1`, 1), []string{`catalog: "step.name.one" is said nowhere`}},
		{"a comment does not count", strings.Replace(all, `_ = p.T("step.name.one")`, `// p.T("step.name.one")`, 1), []string{`catalog: "step.name.one" is said nowhere`}},
		{"the end of a shape counts", strings.Replace(all, `"step.name.one"`, `"step."+code+".two"`, 1), []string{
			`a.go:3: "step.*.two" is in no catalog`, `catalog: "step.name.one" is said nowhere`}},
		{"an unknown beginning of a shape is not enough", strings.Replace(all, `"step.name.one"`, `code+".one"`, 1), []string{`catalog: "step.name.one" is said nowhere`}},
		{"absent in T", all + `_ = p.T("step.name.two")`, []string{`a.go:6: "step.name.two" is in no catalog`}},
		{"absent area in T", all + `_ = p.T("other.name")`, []string{`a.go:6: "other.name" is in no catalog`}},
		{"absent in N", all + `_ = p.N("step.count.right", 1)`, []string{`a.go:6: "step.count.right" is in no catalog`}},
		{"absent in Has", all + `_ = p.Has("step.two")`, []string{`a.go:6: "step.two" is in no catalog`}},
		{"absent in Key", all + `_ = E{Key: "other.name.x"}`, []string{`a.go:6: "other.name.x" is in no catalog`}},
		{"absent in a plain call", all + `v.add("inn", "step.name.three", nil)`, []string{`a.go:6: "step.name.three" is in no catalog`}},
		{"absent error", all + `v.add("inn", "error.three", nil)`, []string{`a.go:6: "error.three" is in no catalog`}},
		{"absent shape", all + `_ = "step.title."+code`, []string{`a.go:6: "step.title.*" is in no catalog`}},
		{"T of a plural", all + `_ = p.T("step.count.left")`, []string{`a.go:6: "step.count.left" is plural: say it with N`}},
		{"N of a plain one", all + `_ = p.N("step.name.one", 1)`, []string{`a.go:6: "step.name.one" is not plural: say it with T`}},
		{"a T of something else", all + `_ = x.T("Hello. World")`, []string{`a.go:6: "Hello. World" is in no catalog`}},
		{"file names are no keys", all + `_ = open("step.csv", "css/step.name.css", "www.example.org", "a"+".b.c")`, nil},
	} {
		found, err := uses("a.go", []byte("package a; func _() {\n"+c.body+"\n}"))
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if got := judge(keys, found); !slices.Equal(got, c.want) {
			t.Errorf("%s:\n got %q\nwant %q", c.name, got, c.want)
		}
	}
}

func TestUsageReadsTempl(t *testing.T) {
	source, err := goOf([]byte(`package page

templ Row(v RowView) {
	<a href={ v.URL } class="step.row.class" title={ p(ctx).T("step.row.title") }>
		{ p(ctx).T("step." + v.Code + ".name") }
		if v.Left > 0 {
			{ p(ctx).N("step.left.days", v.Left) }
		}
	</a>
}
`))
	if err != nil {
		t.Fatal(err)
	}
	found, err := uses("row.templ", source)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, u := range found {
		got = append(got, u.method+" "+u.text)
	}
	slices.Sort(got)
	want := []string{"N step.left.days", "T step.*.name", "T step.row.title"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
