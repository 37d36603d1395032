// Package sheet writes tables as CSV and XLSX a row at a time, and reads those that people
// bring, within limits.
package sheet

import (
	"errors"
	"time"
)

// ErrMalformed says that a file is not the table it is meant to be.
var ErrMalformed = errors.New("the file is not a readable table")

// ErrTooLarge says that a table is beyond the limits.
var ErrTooLarge = errors.New("the table is too large")

var errNoSheet = errors.New("no sheet was begun")

// Limits bound what is read. All must be above zero.
type Limits struct {
	Rows  int   // blank ones between others among them
	Cells int   // of all rows, blank ones among them
	Bytes int64 // of the text of all cells; of a CSV file, or of everything an XLSX file unpacks to
}

// Writer takes a table a row at a time.
type Writer interface {
	// Sheet begins a sheet with its header.
	Sheet(name string, columns ...Column) error
	// Row writes one row of the sheet begun last.
	Row(cells ...Cell) error
	// Close ends the file; without it the file is not whole.
	Close() error
}

// Column is the head of a column.
type Column struct {
	Title string
	Width float64 // in characters, for XLSX
}

type kind uint8

const (
	text kind = iota
	number
	money
	date
)

// Cell is a value with its type. The zero Cell is blank.
type Cell struct {
	kind   kind
	text   string
	number int64
	day    time.Time
}

// Text is a cell that stays text whatever it looks like; an ИНН keeps its zeros.
func Text(s string) Cell { return Cell{text: s} }

// Int is a whole number.
func Int(n int64) Cell { return Cell{kind: number, number: n} }

// Money is a sum of roubles, given in kopecks.
func Money(kopecks int64) Cell { return Cell{kind: money, number: kopecks} }

// Date is the day of t in t's own location; blank for the zero time.
func Date(t time.Time) Cell {
	if t.IsZero() {
		return Cell{}
	}
	y, m, d := t.Date()
	return Cell{kind: date, day: time.Date(y, m, d, 0, 0, 0, 0, time.UTC)}
}
