package winddown

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// What a table of one year may hold without being taken for a mistake: a year has 104 or
// 105 days of weekends and some fifteen holidays beside them.
const (
	minDaysOff         = 100
	maxDaysOff         = 150
	maxWorkingWeekends = 12
)

// MaxSource is the length of what is written about where a table or a text comes from, in
// characters.
const MaxSource = 300

// DaysOff returns the number of the year's days that are not working days.
func (y CalendarYear) DaysOff() int {
	n := len(y.Off) - len(y.Working)
	for d := (Date{y.Year, 1, 1}); d.Year == y.Year; d = d.AddDays(1) {
		if d.weekend() {
			n++
		}
	}
	return n
}

// Check returns the table with its source trimmed, or Invalid with the fields file,
// source and as_of at fault.
func (y CalendarYear) Check(today Date) (CalendarYear, error) {
	var v invalid
	year := strconv.Itoa(y.Year)
	for _, d := range y.Off {
		if d.Year != y.Year || d.weekend() {
			v.add("file", "calendar.error.day", Args{"Year": year, "Month": int(d.Month), "Value": d.String()})
		}
	}
	for _, d := range y.Working {
		if d.Year != y.Year || !d.weekend() {
			v.add("file", "calendar.error.day", Args{"Year": year, "Month": int(d.Month), "Value": d.String()})
		}
	}
	if y.Year < 2000 || y.Year > 2199 {
		v.add("file", "calendar.error.year", Args{"Value": year})
	} else if n := y.DaysOff(); n < minDaysOff || n > maxDaysOff {
		v.add("file", "calendar.error.days_off", Args{"Year": year, "Days": n, "From": minDaysOff, "To": maxDaysOff})
	}
	if n := len(y.Working); n > maxWorkingWeekends {
		v.add("file", "calendar.error.weekends", Args{"Year": year, "Days": n, "To": maxWorkingWeekends})
	}
	y.Source = checkSource(&v, y.Source)
	checkAsOf(&v, "as_of", y.AsOf, today)
	return y, v.err()
}

// checkSource trims a source and notes what is wrong with it.
func checkSource(v *invalid, source string) string {
	source = strings.TrimSpace(source)
	switch {
	case source == "":
		v.add("source", "calendar.error.source_missing", nil)
	case utf8.RuneCountInString(source) > MaxSource:
		v.add("source", "error.field.too_long", Args{"Max": MaxSource})
	case !utf8.ValidString(source) || strings.ContainsFunc(source, func(r rune) bool { return r < ' ' }):
		v.add("source", "calendar.error.source_signs", nil)
	}
	return source
}

// checkAsOf notes what is wrong with the day on which something was compared with its source.
func checkAsOf(v *invalid, field string, on, today Date) {
	switch {
	case on.IsZero():
		v.add(field, "calendar.error.date_missing", nil)
	case on.After(today):
		v.add(field, "calendar.error.date_future", nil)
	}
}

// With returns the table with one day made a day off or a working day.
func (y CalendarYear) With(d Date, off bool) CalendarYear {
	is := func(e Date) bool { return e == d }
	y.Off = slices.DeleteFunc(slices.Clone(y.Off), is)
	y.Working = slices.DeleteFunc(slices.Clone(y.Working), is)
	switch {
	case off && !d.weekend():
		y.Off = append(y.Off, d)
	case !off && d.weekend():
		y.Working = append(y.Working, d)
	}
	byDate(y.Off)
	byDate(y.Working)
	return y
}

func byDate(days []Date) {
	slices.SortFunc(days, func(a, b Date) int { return a.Time().Compare(b.Time()) })
}

// Replace returns the event of this table taking the place of another, which is zero where
// there was none; no event if they are the same.
func (y CalendarYear) Replace(before CalendarYear) []Event {
	if same(before.changes(), y.changes()) {
		return nil
	}
	after := y.changes()
	after["year"] = strconv.Itoa(y.Year)
	return []Event{{Kind: CalendarImported, Before: before.changes(), After: after}}
}

// Forget returns the event of this table giving way to the one built in.
func (y CalendarYear) Forget() []Event {
	before := y.changes()
	return []Event{{Kind: CalendarForgotten, Before: merge(before, Changes{"year": strconv.Itoa(y.Year)})}}
}

func (y CalendarYear) changes() Changes {
	c := Changes{"source": y.Source, "as_of": y.AsOf.String(), "off": dateList(y.Off), "working": dateList(y.Working)}
	if y.Transfers {
		c["transfers"] = "yes"
	}
	return c
}

func dateList(days []Date) string {
	var all []string
	for _, d := range days {
		all = append(all, d.String())
	}
	return strings.Join(all, " ")
}
