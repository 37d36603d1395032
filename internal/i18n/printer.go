package i18n

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"time"

	"golang.org/x/text/feature/plural"
	"golang.org/x/text/language"
)

// Printer says messages in one locale. It is immutable.
type Printer struct {
	locale Locale
	tag    language.Tag
	plain  map[string]string   // messages without parameters: most of a page
	filled map[string]template // messages with parameters
	plural map[string]*forms   // messages whose words depend on a count
	days   [12][31]string      // «12 ноября», by month and day
	moscow string              // the label of Moscow time
}

// forms are those of a plural message, nil for one it has not.
type forms [plural.Many + 1]template

// Locale returns the printer's locale.
func (p *Printer) Locale() Locale { return p.locale }

// Has reports whether the catalog knows the key.
func (p *Printer) Has(key string) bool {
	if _, ok := p.plain[key]; ok {
		return true
	}
	_, ok := p.filled[key]
	return ok || p.plural[key] != nil
}

// Keys returns every key of the catalog, sorted.
func (p *Printer) Keys() []string {
	keys := slices.Collect(maps.Keys(p.plain))
	keys = slices.AppendSeq(keys, maps.Keys(p.filled))
	keys = slices.AppendSeq(keys, maps.Keys(p.plural))
	slices.Sort(keys)
	return keys
}

// T returns the message, with args given as name, value pairs:
//
//	p.T("invite.sent", "Name", name)
//
// Whole numbers are written as by Int, times and civil dates as by Date, sums as by Money; a year or any other
// number that must not be grouped goes in as a string. A key that is missing, is
// plural, or lacks an argument comes back in brackets, which tests look for.
func (p *Printer) T(key string, args ...any) string {
	if s, ok := p.plain[key]; ok {
		return s
	}
	if t, ok := p.filled[key]; ok {
		if s, ok := t.fill(values{printer: p, pairs: args}); ok {
			return s
		}
	}
	return missing(key)
}

// N returns the plural message's form for n, with {{.N}} set to n and args as in T.
func (p *Printer) N(key string, n int, args ...any) string {
	all := p.plural[key]
	if all == nil {
		return missing(key)
	}
	count := max(n, -max(n, -math.MaxInt)) // the absolute value, which the least number has not
	form := all[plural.Cardinal.MatchPlural(p.tag, count, 0, 0, 0, 0)]
	s, ok := form.fill(values{printer: p, counted: true, n: n, pairs: args})
	if form == nil || !ok {
		return missing(key)
	}
	return s
}

// Message returns the message with arguments given as a map, which is how errors
// carry them. A plural message takes its count from the argument N, an int.
func (p *Printer) Message(key string, args map[string]any) string {
	pairs := make([]any, 0, 2*len(args))
	for name, value := range args {
		pairs = append(pairs, name, value)
	}
	if n, ok := args["N"].(int); ok && p.plural[key] != nil {
		return p.N(key, n, pairs...)
	}
	return p.T(key, pairs...)
}

// Date writes the day of t in t's own location, «12 ноября 2026»; nothing for the zero time.
func (p *Printer) Date(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return p.DayMonth(t) + " " + strconv.Itoa(t.Year())
}

// DayMonth writes the day of t without its year, «12 ноября»; nothing for the zero time.
func (p *Printer) DayMonth(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	_, month, day := t.Date()
	return p.days[month-1][day-1]
}

// moscowOffset is what Moscow's clocks have been ahead of UTC since 26 October
// 2014; the label of a zone counts from it, as Russian timetables do.
const moscowOffset = 3 * time.Hour

// DateTime writes t in t's own location with the zone as people in Russia name
// it, «12 ноября 2026, 21:30 МСК+7»; nothing for the zero time.
func (p *Printer) DateTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return p.Date(t) + ", " + t.Format("15:04") + " " + p.zone(t)
}

func (p *Printer) zone(t time.Time) string {
	_, seconds := t.Zone()
	ahead := int((time.Duration(seconds)*time.Second - moscowOffset) / time.Minute)
	if ahead == 0 {
		return p.moscow
	}
	sign := "+"
	if ahead < 0 {
		sign, ahead = "-", -ahead
	}
	if ahead%60 == 0 {
		return fmt.Sprintf("%s%s%d", p.moscow, sign, ahead/60)
	}
	return fmt.Sprintf("%s%s%d:%02d", p.moscow, sign, ahead/60, ahead%60)
}

// Int writes a whole number in groups of three, «1 240» with a no-break space or “1,240”.
func (p *Printer) Int(n int) string {
	if 0 <= n && n < 1000 {
		return strconv.Itoa(n)
	}
	digits := strconv.Itoa(n)
	sign, group := "", "\u00a0"
	if n < 0 {
		sign, digits = "−", digits[1:]
	}
	if p.locale == English {
		group = ","
	}
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + group + digits[i:]
	}
	return sign + digits
}

// Money writes a sum of kopecks in roubles, «464 788,15 ₽» with spaces that do not break, or
// “₽464,788.15”: the patterns of CLDR, with a true minus before everything.
func (p *Printer) Money(kopecks int64) string {
	sign, n := "", uint64(kopecks)
	if kopecks < 0 {
		sign, n = "−", -n
	}
	cents := strconv.Itoa(int(100 + n%100))[1:] // with a leading zero
	return sign + p.T("ledger.money", "Roubles", p.Int(int(n/100)), "Kopecks", cents)
}
