package i18n

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// entry is a message as it stands in a file: its forms by name, a message
// without plurals as the only form "".
type entry struct {
	file  string
	forms map[string]string
}

func (e entry) isPlural() bool { return e.forms[""] == "" }

// params returns the parameters of all forms together, sorted.
func (e entry) params() []string {
	var all []string
	for _, text := range e.forms {
		all = append(all, paramsOf(text)...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

var paramPattern = regexp.MustCompile(`\{\{\.([A-Za-z0-9]+)\}\}`)

func paramsOf(text string) []string {
	var names []string
	for _, m := range paramPattern.FindAllStringSubmatch(text, -1) {
		names = append(names, m[1])
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// catalog reads the files of one locale as plain JSON, apart from the code
// under test, and reports keys that stand there twice.
func catalog(t *testing.T, l Locale) map[string]entry {
	t.Helper()
	files, err := fs.Glob(catalogs, path.Join("catalog", string(l), "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%s: no catalog files (%v)", l, err)
	}
	all := make(map[string]entry)
	for _, file := range files {
		raw, err := fs.ReadFile(catalogs, file)
		if err != nil {
			t.Fatal(err)
		}
		dec := json.NewDecoder(bytes.NewReader(raw))
		if _, err := dec.Token(); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		for dec.More() {
			key, err := dec.Token()
			if err != nil {
				t.Fatalf("%s: %v", file, err)
			}
			var value any
			if err := dec.Decode(&value); err != nil {
				t.Fatalf("%s: %v: %v", file, key, err)
			}
			e := entry{file: path.Base(file), forms: make(map[string]string)}
			switch v := value.(type) {
			case string:
				e.forms[""] = v
			case map[string]any:
				for form, text := range v {
					e.forms[form], _ = text.(string)
				}
			default:
				t.Errorf("%s: %v is neither a string nor plural forms", file, key)
			}
			if before, twice := all[key.(string)]; twice {
				t.Errorf("%s: %v is already in %s", file, key, before.file)
			}
			all[key.(string)] = e
		}
	}
	return all
}

func TestCatalogsHaveTheSameKeys(t *testing.T) {
	reference := catalog(t, Russian)
	for _, l := range Locales() {
		other := catalog(t, l)
		for key, want := range reference {
			got, ok := other[key]
			switch {
			case !ok:
				t.Errorf("%s lacks %q", l, key)
			case got.file != want.file:
				t.Errorf("%s has %q in %s, not in %s", l, key, got.file, want.file)
			case got.isPlural() != want.isPlural():
				t.Errorf("%s: %q is plural in one locale only", l, key)
			case !slices.Equal(got.params(), want.params()):
				t.Errorf("%s: %q has the parameters %v, Russian has %v", l, key, got.params(), want.params())
			}
		}
		for key := range other {
			if _, ok := reference[key]; !ok {
				t.Errorf("%s has %q, Russian does not", l, key)
			}
		}
		if got, want := For(l).Keys(), slices.Sorted(maps.Keys(other)); !slices.Equal(got, want) {
			t.Errorf("%s: the printer knows %d keys, the files have %d", l, len(got), len(want))
		}
	}
}

func TestPluralForms(t *testing.T) {
	forms := map[Locale][]string{
		Russian: {"few", "many", "one", "other"},
		English: {"one", "other"},
	}
	for _, l := range Locales() {
		for key, e := range catalog(t, l) {
			if !e.isPlural() {
				continue
			}
			if got := slices.Sorted(maps.Keys(e.forms)); !slices.Equal(got, forms[l]) {
				t.Errorf("%s: %q has the forms %v, want %v", l, key, got, forms[l])
			}
			for form, text := range e.forms {
				// In English "one" is the number 1 alone and may be said without a
				// figure; in Russian it is 21 and 101 as well.
				if l == English && form == "one" {
					continue
				}
				if got := paramsOf(text); !slices.Equal(got, e.params()) {
					t.Errorf("%s: %q: the form %q has the parameters %v, the message %v", l, key, form, got, e.params())
				}
			}
		}
	}
}

// Every plural message is said for the numbers where Russian forms change.
func TestEveryPluralIsSaid(t *testing.T) {
	forms := map[Locale]map[int]string{
		Russian: {0: "many", 1: "one", 2: "few", 5: "many", 11: "many", 21: "one", 111: "many"},
		English: {0: "other", 1: "one", 2: "other", 5: "other", 11: "other", 21: "other", 111: "other"},
	}
	for _, l := range Locales() {
		p := For(l)
		for key, e := range catalog(t, l) {
			if !e.isPlural() {
				continue
			}
			for n, form := range forms[l] {
				var args []any
				want := strings.ReplaceAll(e.forms[form], "{{.N}}", fmt.Sprint(n))
				for _, name := range e.params() {
					if name != "N" {
						args = append(args, name, "«"+name+"»")
						want = strings.ReplaceAll(want, "{{."+name+"}}", "«"+name+"»")
					}
				}
				if got := p.N(key, n, args...); got != want {
					t.Errorf("%s: N(%q, %d) = %q, want %q", l, key, n, got, want)
				}
			}
		}
	}
}

var keyPattern = regexp.MustCompile(`^[a-z][a-z0-9_]*(\.[a-z0-9_]+)+$`)

func TestWording(t *testing.T) {
	for _, l := range Locales() {
		for key, e := range catalog(t, l) {
			if !keyPattern.MatchString(key) {
				t.Errorf("%s: %q is no key: area.thing.detail, lower case", l, key)
			}
			for _, text := range e.forms {
				switch {
				case text == "":
					t.Errorf("%s: %q is empty", l, key)
				case text != strings.TrimSpace(text):
					t.Errorf("%s: %q begins or ends with a space: messages are not glued together", l, key)
				case strings.Contains(text, "!"):
					t.Errorf("%s: %q has an exclamation mark", l, key)
				case strings.ContainsAny(text, "<>"):
					t.Errorf("%s: %q has markup, which pages would show as text", l, key)
				}
			}
		}
	}
}

// Every error kind that gets a page of its own has a title and a sentence.
func TestErrorPages(t *testing.T) {
	for _, kind := range []string{
		"invalid", "unauthenticated", "forbidden", "not_found", "blocked", "conflict",
		"gone", "too_large", "too_many", "unavailable", "internal",
	} {
		for _, l := range Locales() {
			for _, part := range []string{".title", ".text"} {
				if key := "error." + kind + part; !For(l).Has(key) {
					t.Errorf("%s lacks %q", l, key)
				}
			}
		}
	}
}

// Taking the deletion of a wind-down or of an account back is called keeping it, as on its button.
func TestADeletionIsTakenBackByOneWord(t *testing.T) {
	other := map[Locale][]string{Russian: {"отмен"}, English: {"take it back", "taken back", "cancel"}}
	for l, words := range other {
		said := false
		for key, e := range catalog(t, l) {
			if !strings.HasPrefix(key, "leave.") && !strings.HasPrefix(key, "erase.") && !strings.HasPrefix(key, "mail.leaving.") &&
				key != "mydata.event.account_kept" && key != "event.case_kept" && key != "pack.event.case_kept" {
				continue
			}
			said = true
			for _, form := range e.forms {
				for _, word := range words {
					if strings.Contains(strings.ToLower(form), word) {
						t.Errorf("%s: %s says %q: %s", l, key, word, form)
					}
				}
			}
		}
		if !said {
			t.Errorf("%s: no words about deleting", l)
		}
	}
}
