package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"

	"winddown/internal/app"
	"winddown/internal/winddown"
)

type calendarCmd struct {
	Show   calendarShowCmd   `cmd:"" help:"Show which years of non-working days are known."`
	Import calendarImportCmd `cmd:"" help:"Import the production calendar: the open data's CSV, or JSON."`
	Set    calendarSetCmd    `cmd:"" help:"Make one day a day off or a working day."`
	Forget calendarForgetCmd `cmd:"" help:"Return to a year's table that is built in."`
}

type calendarShowCmd struct {
	databaseFlags
	Year int `arg:"" optional:"" help:"Show the days of this year too."`
}

// Run lists the years, and warns of this year and the next where days are not known.
func (c calendarShowCmd) Run(ctx context.Context, std streams) error {
	return c.withApp(ctx, std, func(a *app.App) error {
		if err := a.RefreshCalendar(ctx); err != nil {
			return err
		}
		var b strings.Builder
		cal, now := a.Calendar(), a.Now()
		for _, y := range cal.Years() {
			if c.Year != 0 && y.Year != c.Year {
				continue
			}
			fmt.Fprintf(&b, "%d  %s, %s\n", y.Year, known(y.Transfers), origin(a, y))
			fmt.Fprintf(&b, "      working days %s\n", workdays(cal, y.Year))
			if c.Year != 0 {
				fmt.Fprintf(&b, "      off          %s\n      worked       %s\n", dayList(y.Off), dayList(y.Working))
			}
		}
		if _, ok := cal.Year(c.Year); c.Year != 0 && !ok {
			return fmt.Errorf("nothing is known of the year %d: only its weekends count as days off", c.Year)
		}
		for _, year := range []int{now.Year(), now.Year() + 1} {
			if _, ok := cal.Year(year); !ok {
				fmt.Fprintf(&b, "WARNING: the holidays and transfers of %d are missing: deadlines in it may move\n", year)
			} else if !cal.Complete(year) {
				fmt.Fprintf(&b, "WARNING: the transfers of days off of %d are missing: deadlines in it may move\n", year)
			}
		}
		_, err := io.WriteString(std.out, b.String())
		return err
	})
}

func known(transfers bool) string {
	if transfers {
		return "complete"
	}
	return "without transfers"
}

func origin(a *app.App, y winddown.CalendarYear) string {
	if !a.CalendarStored(y.Year) {
		return "built in: " + y.Source
	}
	return fmt.Sprintf("%s, as of %s", y.Source, y.AsOf)
}

func workdays(cal winddown.Calendar, year int) string {
	var all []string
	sum := 0
	for m := time.January; m <= time.December; m++ {
		n := cal.Workdays(year, m)
		sum += n
		all = append(all, strconv.Itoa(n))
	}
	return fmt.Sprintf("%s = %d", strings.Join(all, " "), sum)
}

func dayList(days []winddown.Date) string {
	var all []string
	for _, d := range days {
		all = append(all, d.String()[len("2006-"):])
	}
	if len(all) == 0 {
		return "—"
	}
	return strings.Join(all, " ")
}

// maxCalendarFile bounds a calendar's file, in bytes; that of all years since 1999 has 20 kB.
const maxCalendarFile = 1 << 20

type calendarImportCmd struct {
	databaseFlags
	File   string `arg:"" type:"existingfile" help:"File of the production calendar; its years count as complete."`
	Source string `required:"" help:"Where the file comes from."`
	AsOf   string `placeholder:"YYYY-MM-DD" help:"The day it was taken from there; today by default."`
	Year   int    `help:"Import this year only; by default the running year and the next one, where the file has them."`
}

// Run imports the years of a file.
func (c calendarImportCmd) Run(ctx context.Context, std streams) error {
	text, err := readText(c.File, maxCalendarFile)
	if err != nil {
		return err
	}
	return c.withApp(ctx, std, func(a *app.App) error {
		asOf, err := dayOrToday(c.AsOf, a.Now())
		if err != nil {
			return err
		}
		first, last := a.Now().Year(), a.Now().Year()+1
		if c.Year != 0 {
			first, last = c.Year, c.Year
		}
		years, err := winddown.ParseCalendar(text, first, last)
		if err != nil {
			return err
		}
		for i := range years {
			years[i].Source, years[i].AsOf = c.Source, asOf
		}
		n, err := a.ImportCalendar(ctx, years...)
		if err != nil {
			return err
		}
		for _, y := range years {
			if _, err := fmt.Fprintf(std.out, "imported %d: working days %s\n", y.Year, workdays(a.Calendar(), y.Year)); err != nil {
				return err
			}
		}
		return redated(std, n)
	})
}

type calendarSetCmd struct {
	databaseFlags
	Date     string `arg:"" help:"The day, YYYY-MM-DD."`
	As       string `arg:"" enum:"off,work" help:"off or work."`
	Source   string `required:"" help:"Where that is written."`
	AsOf     string `placeholder:"YYYY-MM-DD" help:"The day it was read there; today by default."`
	Complete bool   `help:"With this day all transfers of the year are known."`
}

// Run changes one day.
func (c calendarSetCmd) Run(ctx context.Context, std streams) error {
	day, err := civilDate(c.Date)
	if err != nil {
		return err
	}
	return c.withApp(ctx, std, func(a *app.App) error {
		asOf, err := dayOrToday(c.AsOf, a.Now())
		if err != nil {
			return err
		}
		n, err := a.SetCalendarDay(ctx, day, c.As == "off", c.Complete, c.Source, asOf)
		if err != nil {
			return err
		}
		is := "a working day"
		if c.As == "off" {
			is = "a day off"
		}
		if _, err := fmt.Fprintf(std.out, "%s is %s\n", day, is); err != nil {
			return err
		}
		return redated(std, n)
	})
}

type calendarForgetCmd struct {
	databaseFlags
	Year int `arg:"" help:"The year."`
}

// Run removes a year that was imported.
func (c calendarForgetCmd) Run(ctx context.Context, std streams) error {
	return c.withApp(ctx, std, func(a *app.App) error {
		n, err := a.ForgetCalendar(ctx, c.Year)
		if errors.Is(err, winddown.NotFound) {
			return fmt.Errorf("the year %d was not imported", c.Year)
		}
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintln(std.out, "forgot", c.Year); err != nil {
			return err
		}
		return redated(std, n)
	})
}

func redated(std streams, n int) error {
	_, err := fmt.Fprintln(std.out, "cases with other deadlines now:", n)
	return err
}

// readText reads a file of UTF-8, or else of windows-1251, in which Russian offices still save.
func readText(path string, limit int64) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer func() { _ = f.Close() }()
	raw, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return "", err
	}
	if int64(len(raw)) > limit {
		return "", fmt.Errorf("%s is larger than %d bytes", path, limit)
	}
	if utf8.Valid(raw) {
		return string(raw), nil
	}
	text, err := charmap.Windows1251.NewDecoder().Bytes(raw)
	return string(text), err
}

func civilDate(s string) (winddown.Date, error) {
	d, ok := winddown.ParseDate(s)
	if !ok {
		return d, fmt.Errorf("%q is not a date: write it as 2027-01-11", s)
	}
	return d, nil
}

func dayOrToday(s string, now time.Time) (winddown.Date, error) {
	if s == "" {
		return winddown.Today(now, winddown.DefaultZone), nil
	}
	return civilDate(s)
}
