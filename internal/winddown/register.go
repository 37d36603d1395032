package winddown

import (
	"time"

	"slices"
	"unicode/utf8"
)

// RegisterPageSize is the number of rows on a page of the register.
const RegisterPageSize = 50

// DueFilter narrows the register by its nearest deadline.
type DueFilter string

// The deadline filters: past, or within so many days.
const (
	DueOverdue DueFilter = "overdue"
	Due7       DueFilter = "7"
	Due30      DueFilter = "30"
)

// DueFilters returns every deadline filter.
func DueFilters() []DueFilter { return []DueFilter{DueOverdue, Due7, Due30} }

// RegisterSort orders rows inside their group.
type RegisterSort string

// The sorts; a leading minus reverses the order inside the groups.
const (
	SortDeadline     RegisterSort = "deadline"
	SortDeadlineDesc RegisterSort = "-deadline"
	SortName         RegisterSort = "name"
	SortNameDesc     RegisterSort = "-name"
	SortAct          RegisterSort = "act"
	SortActDesc      RegisterSort = "-act"
)

// RegisterSorts returns every sort, the default first.
func RegisterSorts() []RegisterSort {
	return []RegisterSort{SortDeadline, SortDeadlineDesc, SortName, SortNameDesc, SortAct, SortActDesc}
}

// Cursor is a place in the register: the keys of a row, as the sort sees them. Keys are
// never null; a row without a date has the key «infinity».
type Cursor struct {
	Group  int    // index in Groups
	Date   string // YYYY-MM-DD or infinity; empty for the name sorts
	Name   []byte // the name's sort key
	ID     ID
	Before bool // rows before this place instead of after it
}

// The filter «Ответственный» as the address spells it, beside the id of a person.
const (
	ResponsibleMe   = "me"
	ResponsibleNone = "none"
)

// Responsible narrows the register by who is responsible; its zero value does not. Me stays
// what it is in the address, so that a colleague who opens it sees his own cases.
type Responsible struct {
	Me   bool
	None bool
	ID   ID
}

// String is the filter as the address spells it; empty for its zero value.
func (r Responsible) String() string {
	switch {
	case r.Me:
		return ResponsibleMe
	case r.None:
		return ResponsibleNone
	case !r.ID.IsZero():
		return r.ID.String()
	}
	return ""
}

// parseResponsible reads the filter; ok is false for what it does not know.
func parseResponsible(s string) (r Responsible, ok bool) {
	switch s {
	case "":
		return Responsible{}, true
	case ResponsibleMe:
		return Responsible{Me: true}, true
	case ResponsibleNone:
		return Responsible{None: true}, true
	}
	id, err := ParseID(s)
	return Responsible{ID: id}, err == nil
}

// RegisterFilter is what the register's address asks for. Values of one list are
// alternatives, the lists narrow each other.
type RegisterFilter struct {
	Query  string
	Acts   []ActState
	Groups []Group
	Due    []DueFilter
	// Responsible is a person of the firm the reader works in, or nobody.
	Responsible Responsible
	Finished    bool // show finished cases too
	Archive     bool // show what was archived, finished or not, and nothing else
	Similar     bool // words of the search may differ in a letter
	// Only are the cases that were picked; the other conditions on what is shown then do not
	// count. It is no part of the address.
	Only   []ID
	Sort   RegisterSort
	Cursor *Cursor
}

// Narrows reports whether the filter asks for some cases only, besides the choice between the
// archive and what is not in it, with the finished cases or without.
func (f RegisterFilter) Narrows() bool {
	return f.Query != "" || len(f.Acts) > 0 || len(f.Groups) > 0 || len(f.Due) > 0 || f.Responsible != Responsible{}
}

// MaxQuery is the length of a search, in characters.
const MaxQuery = 100

// MaxNameKey is the length of a name's sort key, in bytes: about a hundred letters.
const MaxNameKey = 400

// RawRegisterFilter is the register's form as it was sent.
type RawRegisterFilter struct {
	Query                                   string
	Acts, Groups, Due                       []string
	Responsible, Finished, Archive, Similar string
	Sort                                    string
}

// ParseRegisterFilter reads the values of the register's form. An unknown value is
// Invalid, with the field that holds it.
func ParseRegisterFilter(in RawRegisterFilter) (RegisterFilter, error) {
	var v invalid
	query := in.Query
	f := RegisterFilter{Query: query, Sort: SortDeadline}
	if utf8.RuneCountInString(query) > MaxQuery {
		v.add("q", "error.field.too_long", Args{"Max": MaxQuery})
		f.Query = ""
	}
	f.Acts = parseSet(&v, "act", in.Acts, ActStates())
	f.Groups = parseSet(&v, "group", in.Groups, Groups())
	f.Due = parseSet(&v, "due", in.Due, DueFilters())
	var known bool
	if f.Responsible, known = parseResponsible(in.Responsible); !known {
		v.add("responsible", "error.field.unknown", nil)
	}
	for _, box := range []struct {
		name, value string
		into        *bool
	}{{"finished", in.Finished, &f.Finished}, {"archive", in.Archive, &f.Archive}, {"similar", in.Similar, &f.Similar}} {
		switch box.value {
		case "", "no":
		case "yes", "1", "on":
			*box.into = true
		default:
			v.add(box.name, "error.field.unknown", nil)
		}
	}
	if in.Sort != "" {
		f.Sort = RegisterSort(in.Sort)
		if !slices.Contains(RegisterSorts(), f.Sort) {
			v.add("sort", "error.field.unknown", nil)
			f.Sort = SortDeadline
		}
	}
	if slices.Contains(f.Groups, GroupFinished) {
		f.Finished = true
	}
	return f, v.err()
}

func parseSet[T ~string](v *invalid, field string, values []string, known []T) []T {
	var set []T
	for _, s := range values {
		x := T(s)
		switch {
		case s == "":
		case !slices.Contains(known, x):
			v.add(field, "error.field.unknown", nil)
			return nil
		case !slices.Contains(set, x):
			set = append(set, x)
		}
	}
	return set
}

// RegisterRow is one line of the register.
type RegisterRow struct {
	ID          ID
	Seller      Seller
	Summary     Summary
	Group       Group
	Zone        string
	Responsible string // the accountant's name
	ChangedOn   Date   // the day of the last change, in the case's zone
	FinishedOn  Date
	EraseAt     time.Time // zero unless its owner has deleted it, or its time of retention is over
	Cursor      Cursor
}

// EraseOn is the day on which the case is erased, in its zone; zero for never.
func (r RegisterRow) EraseOn() Date {
	if r.EraseAt.IsZero() {
		return Date{}
	}
	return Today(r.EraseAt, r.Zone)
}

// Register is a page of the register with the figures around it.
type Register struct {
	Rows []RegisterRow
	// Requested, Ready and Open are the figures of the sentence, over all unfinished
	// cases in the person's register, whatever the filter; archived ones are not in it.
	Requested, Ready, Open int
	// Returned are the finished cases where goods appeared again after the finish.
	Returned int
	// Total is the number of all cases in the person's register, finished ones included;
	// Archived that of those that left it.
	Total, Archived int
	// Unassigned is the number of those nobody is responsible for.
	Unassigned int
	// Members are the people of the firm the person works in.
	Members []Member
	// Views are the person's saved filters.
	Views Views
	// Counts are the rows per group that the filter leaves. HiddenFinished and HiddenArchived
	// are those it would leave besides, if finished or archived cases were shown; HiddenCurrent, in
	// the archive, those outside of it.
	Counts                                        map[Group]int
	HiddenFinished, HiddenArchived, HiddenCurrent int
	// Called are the names of cases that were called for, as far as the person sees them.
	Called map[ID]string
	// HasPrevious and HasNext tell whether there are rows before and after the page.
	HasPrevious, HasNext bool
}

// Matching is the number of rows the filter leaves.
func (r Register) Matching() int {
	n := 0
	for _, c := range r.Counts {
		n += c
	}
	return n
}
