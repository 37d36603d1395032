package i18n

import (
	"fmt"
	"strings"
	"time"
)

// template is a message cut at its parameters. The catalogs need nothing but
// {{.Name}}: doing it by hand is cheaper than text/template on every row, and a
// missing argument is an error instead of "<no value>" on a page.
type template []part

type part struct {
	text  string // literal text, when param is empty
	param string
}

// parse cuts a message at its {{.Name}} parameters.
func parse(src string) (template, error) {
	var t template
	for src != "" {
		text, rest, found := strings.Cut(src, "{{")
		if text != "" {
			t = append(t, part{text: text})
		}
		if !found {
			break
		}
		inside, after, closed := strings.Cut(rest, "}}")
		name, dotted := strings.CutPrefix(inside, ".")
		if !closed || !dotted || !isName(name) {
			return nil, fmt.Errorf("a parameter is written {{.Name}}, not {{%s", rest)
		}
		t = append(t, part{param: name})
		src = after
	}
	return t, nil
}

func isName(s string) bool {
	for i, r := range s {
		letter := r >= 'A' && r <= 'Z' || i > 0 && (r >= 'a' && r <= 'z' || r >= '0' && r <= '9')
		if !letter {
			return false
		}
	}
	return s != ""
}

func (t template) hasParams() bool {
	for _, p := range t {
		if p.param != "" {
			return true
		}
	}
	return false
}

// values are a message's arguments as name, value pairs, the count of a plural one, and who formats them.
type values struct {
	printer *Printer
	counted bool
	n       int // the argument N of a counted message
	pairs   []any
}

// fill returns the message with its arguments; false when one is missing.
func (t template) fill(vs values) (string, bool) {
	var short [256]byte // as long as most sentences, so that the string is all that is allocated
	b := short[:0]
	for _, p := range t {
		if p.param == "" {
			b = append(b, p.text...)
			continue
		}
		s, ok := vs.get(p.param)
		if !ok {
			return "", false
		}
		b = append(b, s...)
	}
	return string(b), true
}

// civilDate is a day without a time, whoever declares it.
type civilDate interface {
	IsZero() bool
	Time() time.Time
}

// money is a sum of roubles, whoever declares it.
type money interface{ Kopecks() int64 }

func (vs values) get(name string) (string, bool) {
	if vs.counted && name == "N" {
		return vs.printer.Int(vs.n), true
	}
	for i := 0; i+1 < len(vs.pairs); i += 2 {
		if vs.pairs[i] != name {
			continue
		}
		switch v := vs.pairs[i+1].(type) {
		case string:
			return v, true
		case int:
			return vs.printer.Int(v), true
		case time.Time:
			return vs.printer.Date(v), true
		case civilDate:
			if v.IsZero() {
				return "", true
			}
			return vs.printer.Date(v.Time()), true
		case money:
			return vs.printer.Money(v.Kopecks()), true
		default:
			return fmt.Sprint(v), true
		}
	}
	return "", false
}
