package winddown_test

import (
	"fmt"
	"testing"
	"time"

	"winddown/internal/winddown"
)

// The number of working days of each month of 2026 in the official calendar.
func TestWorkdaysOf2026(t *testing.T) {
	cal := winddown.RussianCalendar()
	want := []int{15, 19, 21, 22, 19, 21, 23, 21, 22, 22, 20, 22}
	got, year := make([]int, 12), 0
	for d := day("2026-01-01"); d.Year == 2026; d = d.AddDays(1) {
		if cal.IsWorkday(d) {
			got[d.Month-1]++
			year++
		}
	}
	if fmt.Sprint(got) != fmt.Sprint(want) || year != 247 {
		t.Errorf("working days %v, %d in the year; want %v, 247", got, year, want)
	}
}

func TestIsWorkday(t *testing.T) {
	cal := winddown.RussianCalendar()
	for d, want := range map[string]bool{
		"2025-12-31": true,                                                                 // not in the table: weekends only
		"2026-01-01": false, "2026-01-07": false, "2026-01-08": false, "2026-01-09": false, // transferred
		"2026-01-10": false, "2026-01-12": true,
		"2026-02-20": true, "2026-02-23": false, "2026-02-24": true,
		"2026-03-06": true, "2026-03-08": false, "2026-03-09": false, "2026-03-10": true,
		"2026-04-30": true, "2026-05-01": false, "2026-05-04": true, "2026-05-08": true, "2026-05-09": false, "2026-05-11": false, "2026-05-12": true,
		"2026-06-11": true, "2026-06-12": false, "2026-06-15": true,
		"2026-11-03": true, "2026-11-04": false, "2026-11-05": true,
		"2026-12-30": true, "2026-12-31": false,
		"2027-01-01": false, "2027-01-08": false, "2027-01-11": true, "2027-02-23": false, "2027-03-08": false, "2027-11-04": false, "2027-12-31": true,
		"2028-01-03": true, "2028-01-01": false,
	} {
		if got := cal.IsWorkday(day(d)); got != want {
			t.Errorf("IsWorkday(%s) = %v", d, got)
		}
	}
}

func TestComplete(t *testing.T) {
	cal := winddown.RussianCalendar()
	for year, want := range map[int]bool{2025: false, 2026: true, 2027: false, 2028: false} {
		if got := cal.Complete(year); got != want {
			t.Errorf("Complete(%d) = %v", year, got)
		}
	}
}

// chased is when the marketplace is reminded of an act of a case without terms of its own, and
// from when on it is overdue.
func chased(cal winddown.Calendar, requested winddown.Date) (dates []winddown.Date, overdue winddown.Date) {
	c, a := &winddown.Case{}, winddown.Act{RequestedOn: requested}
	return c.ChaseDates(cal, a), c.OverdueOn(cal, a)
}

func TestChaseDates(t *testing.T) {
	cal := winddown.RussianCalendar()
	for requested, want := range map[string]string{
		"2026-11-12": "[2026-11-17 2026-11-23 2026-11-26] 2026-11-27", // Thursday
		"2026-11-14": "[2026-11-18 2026-11-24 2026-11-27] 2026-11-30", // Saturday
		"2026-10-30": "[2026-11-05 2026-11-11 2026-11-16] 2026-11-17", // 4 November is a holiday
		"2026-04-29": "[2026-05-05 2026-05-12 2026-05-15] 2026-05-18", // 1 and 11 May
		"2026-12-28": "[2027-01-11 2027-01-15 2027-01-20] 2027-01-21", // over New Year
		"2026-01-01": "[2026-01-14 2026-01-20 2026-01-23] 2026-01-26",
	} {
		dates, overdue := chased(cal, day(requested))
		got := fmt.Sprint(dates, " ", overdue)
		if got != want {
			t.Errorf("requested on %s: %s, want %s", requested, got, want)
		}
	}
}

func TestAddWorkdays(t *testing.T) {
	cal := winddown.RussianCalendar()
	for _, x := range []struct {
		from string
		n    int
		want string
	}{
		{"2026-11-12", 0, "2026-11-12"}, {"2026-11-14", 0, "2026-11-14"}, {"2026-11-14", -3, "2026-11-14"},
		{"2026-11-13", 1, "2026-11-16"}, {"2026-11-14", 1, "2026-11-16"}, {"2026-11-15", 1, "2026-11-16"}, {"2026-01-01", 247, "2026-12-30"},
	} {
		if got := cal.AddWorkdays(day(x.from), x.n); got != day(x.want) {
			t.Errorf("AddWorkdays(%s, %d) = %s, want %s", x.from, x.n, got, x.want)
		}
	}
}

// Whatever the day, the n-th working day is a working day with n-1 of them in between,
// and a day longer makes an act overdue than the last reminder.
func TestWorkdaysProperty(t *testing.T) {
	cal := winddown.RussianCalendar()
	for d := day("2026-01-01"); d.Before(day("2028-01-01")); d = d.AddDays(1) {
		dates, overdue := chased(cal, d)
		for i, n := range winddown.ChaseWorkdays() {
			between := 0
			for x := d.AddDays(1); x.Before(dates[i]); x = x.AddDays(1) {
				if cal.IsWorkday(x) {
					between++
				}
			}
			if between != n-1 || !cal.IsWorkday(dates[i]) || dates[i].Time().Weekday() == time.Sunday {
				t.Fatalf("%d working days after %s: %s, with %d in between", n, d, dates[i], between)
			}
		}
		if want := cal.AddWorkdays(dates[2], 1); overdue != want {
			t.Fatalf("requested on %s, overdue on %s, want %s", d, overdue, want)
		}
	}
}
