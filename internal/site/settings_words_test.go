package site

import (
	"errors"
	"strings"
	"testing"

	"winddown/internal/i18n"
	"winddown/internal/winddown"
)

// Too many days come back as a sentence that names the limit.
func TestTooManyDaysAreASentence(t *testing.T) {
	today := winddown.Date{Year: 2026, Month: 11, Day: 23}
	var days []winddown.Date
	for n := range winddown.MaxFirmDays + 1 {
		days = append(days, today.AddDays(n))
	}
	_, err := new(winddown.Firm).SetDays(days, nil, today)
	var known *winddown.Error
	if !errors.As(err, &known) || len(known.Fields) != 1 {
		t.Fatal(err)
	}
	for _, locale := range i18n.Locales() {
		if got := i18n.For(locale).Message(known.Fields[0].Key, known.Fields[0].Args); !strings.Contains(got, "200. ") {
			t.Errorf("%s: %s", locale, got)
		}
	}
}
