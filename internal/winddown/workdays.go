package winddown

import (
	"slices"
	"time"
)

// CalendarYear is the table of non-working days of one year.
type CalendarYear struct {
	Year      int
	Transfers bool   // whether the government's transfers of days off are known
	Off       []Date // days off that fall on a weekday
	Working   []Date // Saturdays and Sundays that are working days by a transfer
	Source    string // where the table comes from
	AsOf      Date   // the day it was taken from there
}

// Calendar knows the non-working days of Russia (Labour Code, art. 112).
type Calendar struct {
	years map[int]calendarYear
	own   map[Date]bool // a firm's: whether the day is worked
}

type calendarYear struct {
	table CalendarYear
	moved map[Date]bool // off and working days that the day of the week does not tell
}

// builtIn returns the tables of non-working days that come with this version.
//
// 2026 holds the statutory holidays and the transfers by the government's decree of
// 24.09.2025: 3 January to 9 January, 4 January to 31 December; 8 March and 9 May
// fall on a weekend and give 9 March and 11 May. 2027 holds the statutory holidays
// only: its transfers are not loaded.
func builtIn() []CalendarYear {
	const law, decree = "Labour Code, art. 112", "decree of 24.09.2025"
	return []CalendarYear{
		{Year: 2026, Transfers: true, Source: law + "; " + decree, Off: statutory(2026,
			Date{2026, time.January, 9}, Date{2026, time.March, 9}, Date{2026, time.May, 11}, Date{2026, time.December, 31})},
		{Year: 2027, Source: law, Off: statutory(2027)},
	}
}

// statutory returns the holidays of the Labour Code, and more days off beside them, that
// fall on a weekday of the year.
func statutory(year int, more ...Date) []Date {
	days := append([]Date{
		{year, time.February, 23}, {year, time.March, 8}, {year, time.May, 1}, {year, time.May, 9},
		{year, time.June, 12}, {year, time.November, 4},
	}, more...)
	for day := 1; day <= 8; day++ {
		days = append(days, Date{year, time.January, day})
	}
	byDate(days)
	return slices.DeleteFunc(days, Date.weekend)
}

// RussianCalendar returns the table of non-working days built into this version.
func RussianCalendar() Calendar { return NewCalendar() }

// NewCalendar returns the table built into this version with the given years in place of
// its own.
func NewCalendar(years ...CalendarYear) Calendar {
	c := Calendar{years: map[int]calendarYear{}}
	for _, y := range append(builtIn(), years...) {
		moved := map[Date]bool{}
		for _, d := range slices.Concat(y.Off, y.Working) {
			moved[d] = true
		}
		c.years[y.Year] = calendarYear{table: y, moved: moved}
	}
	return c
}

// Years returns the years of the table in their order.
func (c Calendar) Years() []CalendarYear {
	var all []CalendarYear
	for _, y := range c.years {
		all = append(all, y.table)
	}
	slices.SortFunc(all, func(a, b CalendarYear) int { return a.Year - b.Year })
	return all
}

// Year returns the table of one year, or false if there is none.
func (c Calendar) Year(year int) (CalendarYear, bool) {
	y, ok := c.years[year]
	return y.table, ok
}

// Complete reports whether the year's transfers of days off are known. Working days
// counted through an incomplete year may be a few days early.
func (c Calendar) Complete(year int) bool { return c.years[year].table.Transfers }

// IsWorkday reports whether d is a working day. A year that is not in the table has
// only its weekends off.
func (c Calendar) IsWorkday(d Date) bool {
	if worked, ok := c.own[d]; ok {
		return worked
	}
	return d.weekend() == c.years[d.Year].moved[d]
}

// Workdays returns the number of working days of a month.
func (c Calendar) Workdays(year int, month time.Month) int {
	n := 0
	for d := (Date{year, month, 1}); d.Month == month; d = d.AddDays(1) {
		if c.IsWorkday(d) {
			n++
		}
	}
	return n
}

func (d Date) weekend() bool {
	wd := d.Time().Weekday()
	return wd == time.Saturday || wd == time.Sunday
}

// AddWorkdays returns the n-th working day after d; d itself does not count.
func (c Calendar) AddWorkdays(d Date, n int) Date {
	for n > 0 {
		d = d.AddDays(1)
		if c.IsWorkday(d) {
			n--
		}
	}
	return d
}

// ChaseWorkdays are the working days after the request of the act on which the
// marketplace is reminded (the product's own cadence; no official term is known).
func ChaseWorkdays() []int { return []int{3, 7, 10} }
