package winddown_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"winddown/internal/winddown"
)

// months2026 is the production calendar of 2026 as it is published.
func months2026() []string {
	return []string{
		"1,2,3,4,5,6,7,8,9+,10,11,17,18,24,25,31", "1,7,8,14,15,21,22,23,28", "1,7,8,9+,14,15,21,22,28,29",
		"4,5,11,12,18,19,25,26,30*", "1,2,3,8*,9,10,11+,16,17,23,24,30,31", "6,7,11*,12,13,14,20,21,27,28",
		"4,5,11,12,18,19,25,26", "1,2,8,9,15,16,22,23,29,30", "5,6,12,13,19,20,26,27",
		"3,4,10,11,17,18,24,25,31", "1,3*,4,7,8,14,15,21,22,28,29", "5,6,12,13,19,20,26,27,31+",
	}
}

const csvHead = "Год/Месяц,Январь,Февраль,Март,Апрель,Май,Июнь,Июль,Август,Сентябрь,Октябрь,Ноябрь,Декабрь,Всего рабочих дней,Всего праздничных и выходных дней\n"

func csvLine(year string, months []string, workdays string) string {
	return year + `,"` + strings.Join(months, `","`) + `",` + workdays + ",118\n"
}

func jsonYear(year int, months []string) string {
	var all []string
	for i, days := range months {
		all = append(all, fmt.Sprintf(`{"month":%d,"days":"%s"}`, i+1, days))
	}
	return fmt.Sprintf(`{"year":%d,"months":[%s],"statistic":{"workdays":247}}`, year, strings.Join(all, ","))
}

// with returns the months with one of them replaced.
func with(month int, days string) []string {
	m := months2026()
	m[month-1] = days
	return m
}

// The published table, in every form it comes in, is the one built in.
func TestParseCalendar(t *testing.T) {
	builtIn, _ := winddown.RussianCalendar().Year(2026)
	semicolons := strings.NewReplacer(`","`, `";"`, ",Я", ";Я", ",Ф", ";Ф", ",М", ";М", ",А", ";А", ",И", ";И", ",С", ";С", ",О", ";О",
		",Н", ";Н", ",Д", ";Д", ",В", ";В", `2026,`, `2026;`, `",247,118`, `";247;118`)
	for name, text := range map[string]string{
		"CSV":                 csvHead + csvLine("2026", months2026(), "247"),
		"CSV with a mark":     "\uFEFF" + csvHead + csvLine("2026", months2026(), "247"),
		"CSV with semicolons": semicolons.Replace(csvHead + csvLine("2026", months2026(), "247")),
		"CSV without totals":  "Год/Месяц,Январь,Февраль,Март,Апрель,Май,Июнь,Июль,Август,Сентябрь,Октябрь,Ноябрь,Декабрь\r\n2026,\"" + strings.Join(months2026(), `","`) + "\"\r\n",
		"a year among others": csvHead + csvLine("1999", with(2, "what nobody asks for"), "") + csvLine("2026", months2026(), "247"),
		"JSON":                jsonYear(2026, months2026()),
		"JSON list":           "[" + jsonYear(2026, months2026()) + "," + jsonYear(2031, months2026()) + "]",
	} {
		years, err := winddown.ParseCalendar(text, 2025, 2027)
		if err != nil || len(years) != 1 {
			t.Errorf("%s: %v, %v", name, years, err)
			continue
		}
		y := years[0]
		if y.Year != 2026 || !y.Transfers || !slices.Equal(y.Off, builtIn.Off) || len(y.Working) != 0 || y.DaysOff() != 118 {
			t.Errorf("%s: %+v, want the days %v", name, y, builtIn.Off)
		}
	}
}

// A Saturday that is no day off is worked, whether or not it is shortened.
func TestWorkingWeekends(t *testing.T) {
	months := with(2, "1,7,8,14,15,20+,21*,22,23,28")
	years, err := winddown.ParseCalendar(csvHead+csvLine("2026", months, "247"), 2026, 2026)
	if err != nil {
		t.Fatal(err)
	}
	cal := winddown.NewCalendar(years...)
	for d, want := range map[string]bool{"2026-02-19": true, "2026-02-20": false, "2026-02-21": true, "2026-02-22": false, "2026-02-28": false} {
		if got := cal.IsWorkday(day(d)); got != want {
			t.Errorf("IsWorkday(%s) = %v", d, got)
		}
	}
	if got := cal.AddWorkdays(day("2026-02-19"), 1); got != day("2026-02-21") {
		t.Errorf("the working day after 19 February is %s", got)
	}
	if got := cal.Workdays(2026, time.February); got != 19 {
		t.Errorf("%d working days in February, want 19", got)
	}
	if cal.IsWorkday(day("2027-01-08")) {
		t.Error("another year lost its built-in table")
	}
}

func TestParseCalendarRefusesNonsense(t *testing.T) {
	good := csvLine("2026", months2026(), "247")
	for name, c := range map[string]struct{ text, key string }{
		"nothing":              {"", "calendar.error.no_years"},
		"a web page":           {"<!doctype html><title>404</title>", "calendar.error.unreadable"},
		"another encoding":     {"\xc3\xee\xe4/\xcc\xe5\xf1\xff\xf6", "calendar.error.unreadable"},
		"no heading":           {good, "calendar.error.unreadable"},
		"a month too few":      {strings.Replace(csvHead, ",Май", "", 1) + good, "calendar.error.unreadable"},
		"an open quote":        {csvHead + `2026,"1,2`, "calendar.error.line"},
		"no year":              {csvHead + csvLine("MMXXVI", months2026(), "247"), "calendar.error.year_line"},
		"a far year":           {csvHead + csvLine("20266", months2026(), "247"), "calendar.error.year_line"},
		"another year":         {csvHead + csvLine("2020", months2026(), "247"), "calendar.error.no_years"},
		"twice":                {csvHead + good + good, "calendar.error.year_twice"},
		"an empty month":       {csvHead + csvLine("2026", with(5, " "), "247"), "calendar.error.month_missing"},
		"a short line":         {csvHead + "2026,\"1,2\"\n", "calendar.error.month_missing"},
		"day 32":               {csvHead + csvLine("2026", with(1, "1,32"), "247"), "calendar.error.day"},
		"30 February":          {csvHead + csvLine("2026", with(2, "30"), "247"), "calendar.error.day"},
		"day 0":                {csvHead + csvLine("2026", with(1, "0"), "247"), "calendar.error.day"},
		"a negative day":       {csvHead + csvLine("2026", with(1, "-1"), "247"), "calendar.error.day"},
		"a word":               {csvHead + csvLine("2026", with(1, "1,two"), "247"), "calendar.error.day"},
		"nothing in between":   {csvHead + csvLine("2026", with(1, "1,,2"), "247"), "calendar.error.day"},
		"an unknown mark":      {csvHead + csvLine("2026", with(1, "1!"), "247"), "calendar.error.day"},
		"a day twice":          {csvHead + csvLine("2026", with(1, "1,1+"), "247"), "calendar.error.day"},
		"a sum that is wrong":  {csvHead + csvLine("2026", months2026(), "248"), "calendar.error.total"},
		"JSON cut off":         {jsonYear(2026, months2026())[:300], "calendar.error.unreadable"},
		"JSON with more":       {jsonYear(2026, months2026()) + "x", "calendar.error.unreadable"},
		"JSON of another kind": {`{"year": "2026"}`, "calendar.error.unreadable"},
		"JSON without a year":  {`{"months": []}`, "calendar.error.year"},
		"month 13":             {`{"year":2026,"months":[{"month":13,"days":"1"}]}`, "calendar.error.month"},
		"a month twice":        {`{"year":2026,"months":[{"month":1,"days":"1"},{"month":1,"days":"2"}]}`, "calendar.error.month"},
		"months missing":       {`{"year":2026,"months":[{"month":1,"days":"1"}]}`, "calendar.error.month_missing"},
		"JSON's sum":           {strings.Replace(jsonYear(2026, months2026()), "247", "246", 1), "calendar.error.total"},
	} {
		_, err := winddown.ParseCalendar(c.text, 2026, 2026)
		var e *winddown.Error
		if !errors.As(err, &e) || e.Kind != winddown.Invalid || len(e.Fields) != 1 || e.Fields[0].Field != "file" || e.Fields[0].Key != c.key {
			t.Errorf("%s: error %v, want %s", name, err, c.key)
		}
	}
}

func TestCalendarYearCheck(t *testing.T) {
	good, _ := winddown.RussianCalendar().Year(2026)
	today := day("2026-11-22")
	good.Source, good.AsOf = "  a decree ", today
	if got, err := good.Check(today); err != nil || got.Source != "a decree" {
		t.Errorf("%q, %v", got.Source, err)
	}
	for name, c := range map[string]struct {
		change     func(*winddown.CalendarYear)
		field, key string
	}{
		"no source":          {func(y *winddown.CalendarYear) { y.Source = " \n" }, "source", "calendar.error.source_missing"},
		"a long source":      {func(y *winddown.CalendarYear) { y.Source = strings.Repeat("ы", 301) }, "source", "error.field.too_long"},
		"a source of lines":  {func(y *winddown.CalendarYear) { y.Source = "a\x00b" }, "source", "calendar.error.source_signs"},
		"no date":            {func(y *winddown.CalendarYear) { y.AsOf = winddown.Date{} }, "as_of", "calendar.error.date_missing"},
		"tomorrow":           {func(y *winddown.CalendarYear) { y.AsOf = today.AddDays(1) }, "as_of", "calendar.error.date_future"},
		"a weekend off":      {func(y *winddown.CalendarYear) { y.Off = []winddown.Date{day("2026-11-22")} }, "file", "calendar.error.day"},
		"a weekday worked":   {func(y *winddown.CalendarYear) { y.Working = []winddown.Date{day("2026-11-23")} }, "file", "calendar.error.day"},
		"another year's day": {func(y *winddown.CalendarYear) { y.Off = []winddown.Date{day("2025-11-24")} }, "file", "calendar.error.day"},
		"no year":            {func(y *winddown.CalendarYear) { *y = winddown.CalendarYear{Source: "a", AsOf: today} }, "file", "calendar.error.year"},
		"a year off": {func(y *winddown.CalendarYear) {
			for d := day("2026-06-01"); d.Before(day("2026-09-01")); d = d.AddDays(1) {
				*y = y.With(d, true)
			}
		}, "file", "calendar.error.days_off"},
		"every Saturday worked": {func(y *winddown.CalendarYear) {
			for d := day("2026-01-10"); d.Before(day("2026-04-20")); d = d.AddDays(7) {
				*y = y.With(d, false)
			}
		}, "file", "calendar.error.weekends"},
	} {
		y := good
		c.change(&y)
		_, err := y.Check(today)
		var e *winddown.Error
		if !errors.As(err, &e) || len(e.Fields) != 1 || e.Fields[0].Field != c.field || e.Fields[0].Key != c.key {
			t.Errorf("%s: error %v, want %s: %s", name, err, c.field, c.key)
		}
	}
}

func TestOneDayByHand(t *testing.T) {
	y, _ := winddown.RussianCalendar().Year(2027)
	changed := y.With(day("2027-02-20"), false).With(day("2027-02-22"), true)
	cal := winddown.NewCalendar(changed)
	if !cal.IsWorkday(day("2027-02-20")) || cal.IsWorkday(day("2027-02-22")) || cal.Complete(2027) {
		t.Errorf("%+v", changed)
	}
	back := changed.With(day("2027-02-20"), true).With(day("2027-02-22"), false).With(day("2027-02-22"), false)
	if len(back.Replace(y)) != 0 || len(changed.Replace(y)) != 1 {
		t.Errorf("from %v to %v and back to %v", y.Off, changed, back)
	}
	if again := changed.With(day("2027-02-22"), true); len(again.Replace(changed)) != 0 {
		t.Errorf("the same again: %v", again.Replace(changed))
	}
}

// Whatever a file holds, what is read from it is a table of the year asked for, or a mistake
// people are told of.
func FuzzParseCalendar(f *testing.F) {
	f.Add(csvHead + csvLine("2026", months2026(), "247"))
	f.Add(jsonYear(2026, months2026()))
	f.Add("Год/Месяц;Январь\n2026;1")
	f.Fuzz(func(t *testing.T, text string) {
		years, err := winddown.ParseCalendar(text, 2026, 2027)
		if err != nil {
			if !errors.Is(err, winddown.Invalid) {
				t.Errorf("error %v", err)
			}
			return
		}
		for _, y := range years {
			if y.Year != 2026 && y.Year != 2027 {
				t.Errorf("the year %d", y.Year)
			}
			for _, d := range slices.Concat(y.Off, y.Working) {
				if d.Year != y.Year || winddown.DateOf(d.Time()) != d {
					t.Errorf("the day %v", d)
				}
			}
		}
	})
}
