package site

import (
	"strings"
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

// A reminder whose day has passed is late, and says so in other words than an act whose time is over: the
// register has a group for the latter, in which the case is not yet.
func TestALateReminderIsNoOverdueAct(t *testing.T) {
	today := winddown.Date{Year: 2026, Month: 11, Day: 26}
	sum := winddown.Summary{
		Act: winddown.Requested, Stage: winddown.GroupWaiting, OverdueOn: today.AddDays(1), DueOn: today.AddDays(-5), Due: winddown.DueChase,
	}
	for locale, word := range map[i18n.Locale]string{i18n.Russian: "опаздываем на 5 дней", i18n.English: "we are 5 days late"} {
		p := i18n.For(locale)
		line := dueLine(p, winddown.DueRow{Due: winddown.Due{Kind: sum.Due, On: sum.DueOn}, Today: today}, winddown.Actor{})
		if note := dueNote(p, sum, today); line.In != word || !strings.HasSuffix(note, ", "+word) || sum.Group(today) != winddown.GroupWaiting {
			t.Errorf("%s: the list says %q, the register %q in the group %s", locale, line.In, note, sum.Group(today))
		}
		other := dueLine(p, winddown.DueRow{Due: winddown.Due{Kind: winddown.DuePickUp, On: sum.DueOn}, Today: today}, winddown.Actor{})
		if other.In == word {
			t.Errorf("%s: late returns are %q too", locale, other.In)
		}
	}
}
