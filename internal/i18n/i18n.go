// Package i18n holds every sentence the program says, in every language it
// speaks, and the printers that pick and fill them.
//
// The catalogs are JSON files under catalog, one per area and locale, embedded
// in the binary. A key is flat, lower case and dotted: area.thing.detail. A
// message is a whole sentence with parameters written {{.Name}}; a message that
// depends on a count is an object of CLDR plural forms, chosen by go-i18n.
// Russian is the reference: tests hold every other locale to its keys,
// parameters and plurals.
package i18n

import (
	"context"
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"path"
	"strconv"
	"strings"
	"sync"

	goi18n "github.com/nicksnyder/go-i18n/v2/i18n"
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
		plain:  make(map[string]string),
		filled: make(map[string]template),
		plural: make(map[string]bool),
	}
	// The bundle's default language is the locale itself, so that a missing
	// message is missing and not silently borrowed from another language.
	bundle := goi18n.NewBundle(tag)
	for _, name := range files {
		raw, err := fs.ReadFile(fsys, name)
		if err != nil {
			return nil, err
		}
		messages, err := goi18n.ParseMessageBytes(raw, json.Unmarshal)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		for _, m := range messages {
			if p.Has(m.ID) {
				return nil, fmt.Errorf("%s: %q is already in another file", name, m.ID)
			}
			if err := p.add(m); err != nil {
				return nil, fmt.Errorf("%s: %q: %w", name, m.ID, err)
			}
			if !p.plural[m.ID] {
				continue // go-i18n would keep another copy of it
			}
			if err := bundle.AddMessages(tag, m); err != nil {
				return nil, fmt.Errorf("%s: %q: %w", name, m.ID, err)
			}
		}
	}
	p.plurals = goi18n.NewLocalizer(bundle, string(l))
	for i := range p.months {
		p.months[i] = p.T("common.month." + strconv.Itoa(i+1))
	}
	p.moscow = p.T("common.zone.moscow")
	return p, nil
}

// add files a message under the cheapest way to print it.
func (p *Printer) add(m *goi18n.Message) error {
	for _, form := range []string{m.Zero, m.One, m.Two, m.Few, m.Many} {
		if form != "" {
			p.plural[m.ID] = true
		}
	}
	if p.plural[m.ID] {
		for _, form := range []string{m.Zero, m.One, m.Two, m.Few, m.Many, m.Other} {
			if _, err := parse(form); err != nil {
				return err
			}
		}
		return nil
	}
	t, err := parse(m.Other)
	if err != nil {
		return err
	}
	if t.hasParams() {
		p.filled[m.ID] = t
	} else {
		p.plain[m.ID] = m.Other
	}
	return nil
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
