package winddown

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// monthColumns are the headings of the months in the open-data production calendar.
func monthColumns() []string {
	return []string{"январь", "февраль", "март", "апрель", "май", "июнь", "июль", "август", "сентябрь", "октябрь", "ноябрь", "декабрь"}
}

// workdaysColumn is the heading of the number of working days, which the days must add up to.
const workdaysColumn = "всего рабочих дней"

// yearDays are the days of one year as a file lists them.
type yearDays struct {
	year     int
	months   [12]string
	workdays string // as the file counts them; empty where it does not
}

// ParseCalendar reads a production calendar and returns the years from first to last that
// it holds, complete with their transfers, without source and date. Two forms are known:
// the open data's CSV, a line for each year and a column for each month with the numbers
// of the days off; and JSON, {"year": 2026, "months": [{"month": 1, "days": "1,2,3+,30*"}]}
// or a list of such years. A day with * is a shortened working day, one with + a day off
// moved from elsewhere. Invalid with the field file for whatever cannot be meant.
func ParseCalendar(text string, first, last int) ([]CalendarYear, error) {
	text = strings.TrimSpace(strings.TrimPrefix(text, "\uFEFF"))
	if !utf8.ValidString(text) {
		return nil, fileError("calendar.error.unreadable", nil)
	}
	parse := parseCalendarCSV
	if strings.HasPrefix(text, "{") || strings.HasPrefix(text, "[") {
		parse = parseCalendarJSON
	}
	listed, err := parse(text)
	if err != nil {
		return nil, err
	}
	var years []CalendarYear
	seen := map[int]bool{}
	for _, l := range listed {
		if l.year < first || l.year > last {
			continue
		}
		if seen[l.year] {
			return nil, fileError("calendar.error.year_twice", Args{"Year": strconv.Itoa(l.year)})
		}
		seen[l.year] = true
		y, err := l.table()
		if err != nil {
			return nil, err
		}
		years = append(years, y)
	}
	if len(years) == 0 {
		return nil, fileError("calendar.error.no_years", Args{"From": strconv.Itoa(first), "To": strconv.Itoa(last)})
	}
	return years, nil
}

func fileError(key string, args Args) error {
	var v invalid
	v.add("file", key, args)
	return v.err()
}

func parseCalendarCSV(text string) ([]yearDays, error) {
	head, _, _ := strings.Cut(text, "\n")
	r := csv.NewReader(strings.NewReader(text))
	r.FieldsPerRecord = -1
	if strings.Count(head, ";") > strings.Count(head, ",") {
		r.Comma = ';'
	}
	columns := map[string]int{}
	var all []yearDays
	for {
		cells, err := r.Read()
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			line := 0
			if bad, ok := errors.AsType[*csv.ParseError](err); ok {
				line = bad.Line
			}
			return nil, fileError("calendar.error.line", Args{"Line": strconv.Itoa(line)})
		}
		if len(columns) == 0 {
			for i, name := range cells {
				columns[strings.ToLower(strings.TrimSpace(name))] = i
			}
			for _, name := range monthColumns() {
				if columns[name] == 0 { // the first column is the year's
					return nil, fileError("calendar.error.unreadable", nil)
				}
			}
			continue
		}
		year, err := strconv.Atoi(strings.TrimSpace(cells[0]))
		if err != nil || year < 1900 || year > 2199 {
			line, _ := r.FieldPos(0)
			return nil, fileError("calendar.error.year_line", Args{"Line": strconv.Itoa(line), "Value": clipped(cells[0])})
		}
		y := yearDays{year: year}
		cell := func(column int) string {
			if column < len(cells) {
				return cells[column]
			}
			return ""
		}
		for i, name := range monthColumns() {
			y.months[i] = cell(columns[name])
		}
		if column, ok := columns[workdaysColumn]; ok {
			y.workdays = strings.TrimSpace(cell(column))
		}
		all = append(all, y)
	}
}

func parseCalendarJSON(text string) ([]yearDays, error) {
	type month struct {
		Month int    `json:"month"`
		Days  string `json:"days"`
	}
	type year struct {
		Year      int     `json:"year"`
		Months    []month `json:"months"`
		Statistic struct {
			Workdays json.Number `json:"workdays"`
		} `json:"statistic"`
	}
	if !strings.HasPrefix(text, "[") {
		text = "[" + text + "]"
	}
	var years []year
	if err := json.Unmarshal([]byte(text), &years); err != nil {
		return nil, fileError("calendar.error.unreadable", nil)
	}
	var all []yearDays
	for _, y := range years {
		if y.Year < 1900 || y.Year > 2199 {
			return nil, fileError("calendar.error.year", Args{"Value": strconv.Itoa(y.Year)})
		}
		l := yearDays{year: y.Year, workdays: y.Statistic.Workdays.String()}
		for _, m := range y.Months {
			if m.Month < 1 || m.Month > 12 || l.months[m.Month-1] != "" {
				return nil, fileError("calendar.error.month", Args{"Year": strconv.Itoa(y.Year), "Month": m.Month})
			}
			l.months[m.Month-1] = m.Days
		}
		all = append(all, l)
	}
	return all, nil
}

// table turns the listed days into the year's table.
func (l yearDays) table() (CalendarYear, error) {
	y := CalendarYear{Year: l.year, Transfers: true}
	off := map[Date]bool{}
	for i, days := range l.months {
		month := time.Month(i + 1)
		if strings.TrimSpace(days) == "" {
			return y, fileError("calendar.error.month_missing", Args{"Year": strconv.Itoa(l.year), "Month": int(month)})
		}
		listed := map[Date]bool{}
		for entry := range strings.SplitSeq(days, ",") {
			number, mark := strings.TrimSpace(entry), ""
			if last := len(number) - 1; last >= 0 && strings.Contains("*+", number[last:]) {
				number, mark = number[:last], number[last:]
			}
			day, err := strconv.Atoi(number)
			d := Date{l.year, month, day}
			if err != nil || day < 1 || DateOf(d.Time()) != d || listed[d] {
				return y, fileError("calendar.error.day", Args{"Year": strconv.Itoa(l.year), "Month": int(month), "Value": clipped(entry)})
			}
			listed[d] = true
			off[d] = mark != "*"
		}
	}
	workdays := 0
	for d := (Date{l.year, time.January, 1}); d.Year == l.year; d = d.AddDays(1) {
		switch {
		case off[d] && !d.weekend():
			y.Off = append(y.Off, d)
		case !off[d] && d.weekend():
			y.Working = append(y.Working, d)
		}
		if !off[d] {
			workdays++
		}
	}
	if l.workdays != "" && l.workdays != strconv.Itoa(workdays) {
		return y, fileError("calendar.error.total", Args{"Year": strconv.Itoa(l.year), "Said": clipped(l.workdays), "Days": workdays})
	}
	return y, nil
}

// clipped is the beginning of what stands in a file, for a sentence about it.
func clipped(s string) string {
	r := []rune(strings.TrimSpace(s))
	return string(r[:min(len(r), 20)])
}
