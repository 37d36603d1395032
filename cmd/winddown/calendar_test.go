package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/encoding/charmap"

	"winddown/internal/testdb"
)

// productionCalendar is the open data's file of one year whose only days off beside the
// weekends are those of January, given as the file writes them.
func productionCalendar(year int, january string) string {
	head := "Год/Месяц,Январь,Февраль,Март,Апрель,Май,Июнь,Июль,Август,Сентябрь,Октябрь,Ноябрь,Декабрь"
	line := fmt.Sprintf("\n%d,%q", year, january)
	for m := time.February; m <= time.December; m++ {
		var off []string
		for d := time.Date(year, m, 1, 0, 0, 0, 0, time.UTC); d.Month() == m; d = d.AddDate(0, 0, 1) {
			if wd := d.Weekday(); wd == time.Saturday || wd == time.Sunday {
				off = append(off, fmt.Sprint(d.Day()))
			}
		}
		line += fmt.Sprintf(",%q", strings.Join(off, ","))
	}
	return head + line + "\n"
}

func TestCalendar(t *testing.T) {
	url := testdb.New(t)
	calendar := func(args ...string) (string, error) {
		return command(t, "", append(append([]string{"calendar"}, args...), "--database-url", url)...)
	}
	year := time.Now().Year() + 1
	january := "1,2,3,4,5,6,7,8*,9,10,16,17,23,24,30,31"
	file := filepath.Join(t.TempDir(), "calendar.csv")
	write := func(text string) {
		t.Helper()
		encoded, err := charmap.Windows1251.NewEncoder().String(text)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(encoded), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	// says runs a command and fails unless its output holds the parts.
	says := func(args []string, parts ...string) string {
		t.Helper()
		out, err := calendar(args...)
		if err != nil {
			t.Errorf("%v: %v", args, err)
		}
		for _, part := range parts {
			if !strings.Contains(out, part) {
				t.Errorf("%v says %q, want %q", args, out, part)
			}
		}
		return out
	}
	warning := fmt.Sprintf("%d are missing", year)

	says([]string{"show"}, "2026  complete, built in: Labour Code", "working days 15 19 21 22 19 21 23 21 22 22 20 22 = 247", warning)
	write(productionCalendar(year, january))
	says([]string{"import", file, "--source", "data.gov.ru"}, fmt.Sprintf("imported %d: working days ", year), "cases with other deadlines now: 0")
	today := time.Now().Format("2006-01-02")
	if out := says([]string{"show"}, fmt.Sprintf("%d  complete, data.gov.ru, as of ", year)); strings.Contains(out, warning) {
		t.Errorf("an imported year is warned of:\n%s", out)
	}
	working := fmt.Sprintf("%d-01-08", year)
	says([]string{"set", working, "off", "--source", "a decree", "--as-of", today}, working+" is a day off")
	says([]string{"show", fmt.Sprint(year)}, "a decree, as of "+today)
	says([]string{"set", fmt.Sprintf("%d-01-02", year), "work", "--source", "a decree"}, "-01-02 is a working day")

	for part, args := range map[string][]string{
		"is not a date: write it as": {"set", "08.01.2027", "off", "--source", "a"},
		"Say where":                  {"set", working, "off", "--source", " "},
		"later than today":           {"set", working, "off", "--source", "a", "--as-of", fmt.Sprintf("%d-12-31", year)},
		"no year from 2099 to 2099":  {"import", file, "--source", "a", "--year", "2099"},
		"was not imported":           {"forget", "2031"},
		"nothing is known":           {"show", "2031"},
	} {
		_, err := calendar(args...)
		wantSentence(t, err, part)
	}
	write(productionCalendar(year, "1,32"))
	_, err := calendar("import", file, "--source", "a")
	wantSentence(t, err, fmt.Sprintf("Year %d, month 1: «32» is not a day", year))
	write(productionCalendar(year, "1"))
	_, err = calendar("import", file, "--source", "a")
	wantSentence(t, err, "days off")
	says([]string{"show", fmt.Sprint(year)}, "a decree")

	says([]string{"forget", fmt.Sprint(year)}, fmt.Sprintf("forgot %d", year))
	says([]string{"show"}, warning)
}
