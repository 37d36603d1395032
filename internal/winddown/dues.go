package winddown

import (
	"slices"
	"time"
)

// DuesPageSize is the number of rows on a page of the firm's deadlines.
const DuesPageSize = 50

// StripWeeks is how many weeks ahead are drawn above the list of deadlines.
const StripWeeks = 8

// DuesFilter is what the address of the firm's deadlines asks for.
type DuesFilter struct {
	Due         []DueFilter
	Responsible Responsible
	From, To    Date // the days asked for; zero for no bound
	After       *DuesCursor
}

// DuesCursor is a place in the list: the keys of a row, which stay a place when the row is gone.
type DuesCursor struct {
	On     Date
	Name   []byte // the sort key of the seller's name
	Case   ID
	Kind   DueKind
	Number int
	Act    int
}

// ParseDuesFilter reads the values of the form. An unknown value is Invalid, with its field.
func ParseDuesFilter(due []string, responsible, from, to string) (DuesFilter, error) {
	var v invalid
	f := DuesFilter{Due: parseSet(&v, "due", due, DueFilters())}
	var known bool
	if f.Responsible, known = parseResponsible(responsible); !known {
		v.add("responsible", "error.field.unknown", nil)
	}
	for _, one := range []struct {
		field, text string
		into        *Date
	}{{"from", from, &f.From}, {"to", to, &f.To}} {
		d, ok := ReadDate(one.text)
		if one.text != "" && !ok {
			v.add(one.field, "error.field.unknown", nil)
		}
		*one.into = d
	}
	return f, v.err()
}

// DueRow is one line of the list.
type DueRow struct {
	Due
	Case        ID
	Seller      Seller
	NameKey     []byte
	Responsible string // the accountant's name; empty for nobody
	Today       Date   // in the case's zone
	Zone        string
	EraseAt     time.Time // zero unless the case is to be erased
}

// Cursor is the place of the row.
func (r DueRow) Cursor() DuesCursor {
	return DuesCursor{On: r.On, Name: r.NameKey, Case: r.Case, Kind: r.Kind, Number: r.Number, Act: r.Act}
}

// Dues is a page of the deadlines of the cases that a person keeps the books of.
type Dues struct {
	Rows []DueRow
	More bool // whether there are rows after these
	// Matching is the number of rows the filter leaves, on all pages.
	Matching int
	// Late and Days count what is overdue and what falls on the days of the strip, whatever the
	// filter says of days.
	Late    int
	Days    map[Date]int
	Members []Member
	// Practice is that of the firm, by whose days the deadlines are dated.
	Practice Practice
}

// Monday returns the first day of a date's week.
func (d Date) Monday() Date { return d.AddDays(-(int(d.Time().Weekday()) + 6) % 7) }

// Has reports whether a filter of days is on.
func (f DuesFilter) Has(d DueFilter) bool { return slices.Contains(f.Due, d) }
