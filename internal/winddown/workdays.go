package winddown

import "time"

// Calendar knows the non-working days of Russia (Labour Code, art. 112).
type Calendar struct {
	years map[int]calendarYear
}

type calendarYear struct {
	transfers bool // whether the government's transfers of days off are known
	off       map[monthDay]bool
}

type monthDay struct {
	month time.Month
	day   int
}

// RussianCalendar returns the table of non-working days built into this version.
//
// 2026 holds the statutory holidays and the transfers by the government's decree of
// 24.09.2025: 3 January to 9 January, 4 January to 31 December; 8 March and 9 May
// fall on a weekend and give 9 March and 11 May. 2027 holds the statutory holidays
// only: its transfers are not loaded.
func RussianCalendar() Calendar {
	statutory := func(more ...monthDay) map[monthDay]bool {
		off := map[monthDay]bool{
			{time.February, 23}: true, {time.March, 8}: true, {time.May, 1}: true,
			{time.May, 9}: true, {time.June, 12}: true, {time.November, 4}: true,
		}
		for day := 1; day <= 8; day++ {
			off[monthDay{time.January, day}] = true
		}
		for _, d := range more {
			off[d] = true
		}
		return off
	}
	return Calendar{years: map[int]calendarYear{
		2026: {transfers: true, off: statutory(
			monthDay{time.January, 9}, monthDay{time.March, 9}, monthDay{time.May, 11}, monthDay{time.December, 31})},
		2027: {transfers: false, off: statutory()},
	}}
}

// Complete reports whether the year's transfers of days off are known. Working days
// counted through an incomplete year may be a few days early.
func (c Calendar) Complete(year int) bool { return c.years[year].transfers }

// IsWorkday reports whether d is a working day. A year that is not in the table has
// only its weekends off.
func (c Calendar) IsWorkday(d Date) bool {
	if wd := d.Time().Weekday(); wd == time.Saturday || wd == time.Sunday {
		return false
	}
	return !c.years[d.Year].off[monthDay{d.Month, d.Day}]
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

// ChaseDates returns the dates on which to remind the marketplace of an act that was
// requested on the given date.
func (c Calendar) ChaseDates(requested Date) []Date {
	var dates []Date
	for _, n := range ChaseWorkdays() {
		dates = append(dates, c.AddWorkdays(requested, n))
	}
	return dates
}

// OverdueOn returns the first day on which an act requested on the given date has
// been awaited for more than ten working days.
func (c Calendar) OverdueOn(requested Date) Date { return c.AddWorkdays(requested, 11) }
