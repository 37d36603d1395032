// Package i18n holds every sentence the program says, in every language it
// speaks, and the printers that pick and fill them.
//
// The catalogs are JSON files under catalog, one per area and locale, embedded
// in the binary. A key is flat, lower case and dotted: area.thing.detail. A
// message is a whole sentence with parameters written {{.Name}}; a message that
// depends on a count is an object of CLDR plural forms, chosen by x/text.
// Russian is the reference: tests hold every other locale to its keys,
// parameters and plurals.
package i18n

import (
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/text/feature/plural"
	"golang.org/x/text/language"
)

//go:embed catalog/*/*.json
var catalogs embed.FS

// Locale is a language the program speaks, by its BCP 47 code.
type Locale string

// The locales. Russian is the default.
const (
	Russian Locale = "ru"
	English Locale = "en"
)

// Locales returns every locale, the default first.
func Locales() []Locale { return []Locale{Russian, English} }

// Parse returns the locale with exactly this code; false when there is none.
func Parse(code string) (Locale, bool) {
	for _, l := range Locales() {
		if string(l) == code {
			return l, true
		}
	}
	return "", false
}

// maxAcceptLanguage bounds what Match parses; browsers send well under 200 bytes.
const maxAcceptLanguage = 1000

// Match returns the locale that suits an Accept-Language header best: Russian
// when nothing suits or the header makes no sense.
func Match(acceptLanguage string) Locale {
	if acceptLanguage == "" || len(acceptLanguage) > maxAcceptLanguage {
		return Russian
	}
	// Nearly every browser names one of ours first; then nothing that follows counts, and nothing has
	// to be parsed, which takes longer than all else that is done to find out who asks.
	first, _, _ := strings.Cut(acceptLanguage, ",")
	primary, region, _ := strings.Cut(strings.TrimSpace(first), "-")
	if l, ok := Parse(primary); ok && (region == "" || isRegion(region)) {
		return l
	}
	tags, _, err := language.ParseAcceptLanguage(acceptLanguage)
	if err != nil {
		return Russian
	}
	// Without a match the matcher still picks the language with the same script.
	_, i, confidence := matcher().Match(tags...)
	if confidence == language.No {
		return Russian
	}
	return Locales()[i]
}

// isRegion reports whether s is the code of a country, in capitals as browsers write it.
func isRegion(s string) bool {
	return len(s) == 2 && 'A' <= s[0] && s[0] <= 'Z' && 'A' <= s[1] && s[1] <= 'Z'
}

var matcher = sync.OnceValue(func() language.Matcher {
	var tags []language.Tag
	for _, l := range Locales() {
		tags = append(tags, language.MustParse(string(l)))
	}
	return language.NewMatcher(tags)
})

// For returns the printer of a locale, the Russian one for a locale that does
// not exist. Printers are made once and never change; any number of goroutines
// may share one.
//
// It panics when an embedded catalog cannot be read, which no test run survives.
func For(l Locale) *Printer {
	all := printers()
	if p, ok := all[l]; ok {
		return p
	}
	return all[Russian]
}

var printers = sync.OnceValue(func() map[Locale]*Printer {
	all := make(map[Locale]*Printer)
	for _, l := range Locales() {
		p, err := load(catalogs, l)
		if err != nil {
			panic("i18n: " + err.Error())
		}
		all[l] = p
	}
	return all
})

// load reads the catalog of one locale. A key may stand in one file only.
func load(fsys fs.FS, l Locale) (*Printer, error) {
	tag, err := language.Parse(string(l))
	if err != nil {
		return nil, fmt.Errorf("locale %q: %w", l, err)
	}
	files, err := fs.Glob(fsys, path.Join("catalog", string(l), "*.json"))
	if err != nil {
		return nil, err
	}
	p := &Printer{
		locale: l,
		tag:    tag,
		plain:  make(map[string]string),
		filled: make(map[string]template),
		plural: make(map[string]*forms),
	}
	for _, name := range files {
		raw, err := fs.ReadFile(fsys, name)
		if err != nil {
			return nil, err
		}
		var messages map[string]any
		if err := json.Unmarshal(raw, &messages); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		for key, m := range messages {
			if p.Has(key) {
				return nil, fmt.Errorf("%s: %q is already in another file", name, key)
			}
			if err := p.add(key, m); err != nil {
				return nil, fmt.Errorf("%s: %q: %w", name, key, err)
			}
		}
	}
	for i := range p.days {
		month := p.T("common.month." + strconv.Itoa(i+1)) // in the case a date needs
		for j := range p.days[i] {
			p.days[i][j] = strconv.Itoa(j+1) + " " + month
		}
	}
	p.moscow = p.T("common.zone.moscow")
	return p, nil
}

// add files a message, a sentence or the forms of one, under the cheapest way to print it.
func (p *Printer) add(key string, message any) error {
	switch m := message.(type) {
	case string:
		t, err := parse(m)
		if err != nil {
			return err
		}
		if t.hasParams() {
			p.filled[key] = t
		} else {
			p.plain[key] = m
		}
		return nil
	case map[string]any:
		all := new(forms)
		for name, form := range m {
			at, known := formNames[name]
			text, isText := form.(string)
			if !known || !isText {
				return fmt.Errorf("%q is no plural form", name)
			}
			t, err := parse(text)
			if err != nil {
				return err
			}
			all[at] = t
		}
		p.plural[key] = all
		return nil
	}
	return errors.New("a message is a sentence or an object of its plural forms")
}

// formNames are the plural forms as the catalogs and CLDR spell them.
var formNames = map[string]plural.Form{
	"zero": plural.Zero, "one": plural.One, "two": plural.Two, "few": plural.Few, "many": plural.Many, "other": plural.Other,
}

type contextKey struct{}

// With returns a context that carries the printer of the person who reads the answer.
func With(ctx context.Context, p *Printer) context.Context {
	return context.WithValue(ctx, contextKey{}, p)
}

// From returns the context's printer, the Russian one when there is none.
func From(ctx context.Context) *Printer {
	if p, ok := ctx.Value(contextKey{}).(*Printer); ok && p != nil {
		return p
	}
	return For(Russian)
}

// missing is what stands on a page in place of a message that cannot be said.
func missing(key string) string {
	return "[" + strings.ToValidUTF8(key, "?") + "]"
}
