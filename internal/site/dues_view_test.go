package site

import (
	"testing"

	"winddown/internal/i18n"
	"winddown/internal/winddown"
)

// Sellers who live by different days do not make the headings of the list take turns.
func TestDaysOfDifferentZonesShareAHeading(t *testing.T) {
	today := winddown.Date{Year: 2026, Month: 11, Day: 26}
	var all winddown.Dues
	for n := range 4 { // every other case is a day ahead of the reader, and its deadline overdue
		all.Rows = append(all.Rows, winddown.DueRow{Due: winddown.Due{Kind: winddown.DueInbox, On: today}, Case: winddown.ID{byte(n + 1)}, Today: today.AddDays(n % 2)})
	}
	all.Rows = append(all.Rows, winddown.DueRow{Due: winddown.Due{Kind: winddown.DueInbox, On: today.AddDays(7)}, Today: today})
	v := duesView(i18n.For(i18n.Russian), winddown.Actor{}, winddown.DuesFilter{}, all, winddown.Calendar{}, today)
	if len(v.Weeks) != 2 || len(v.Weeks[0].Rows) != 4 || v.Weeks[0].ID == v.Weeks[1].ID {
		t.Errorf("the list has the headings %+v", v.Weeks)
	}
}
