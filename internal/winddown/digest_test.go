package winddown_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"winddown/internal/winddown"
)

// told is what somebody heard over a while: a line per letter, with the keys that were new.
func told(c *winddown.Case, s winddown.MailSettings, who winddown.ID, st winddown.Standing, from, to string,
	happens map[string]func()) []string {
	cal := winddown.RussianCalendar()
	known := map[string]winddown.Date{}
	var last winddown.Date
	var letters []string
	for d := day(from); !d.After(day(to)); d = d.AddDays(1) {
		if f := happens[d.String()]; f != nil {
			f()
		}
		weekday := 0
		if s.Frequency == winddown.Weekly {
			weekday = s.Weekday
		}
		slot, ok := winddown.DigestSlot(cal, d, weekday)
		if !ok || !last.Before(slot) {
			continue
		}
		last = d
		var keys []string
		for _, i := range c.DigestItems(cal, s, who, st, d) {
			if !i.Told(known) {
				known[i.Key] = d
				keys = append(keys, strings.Split(i.Key, "/")[0])
			}
		}
		if len(keys) > 0 {
			letters = append(letters, d.String()+" "+strings.Join(keys, " "))
		}
	}
	return letters
}

// A year in the life of one case: its owner hears exactly this, on these days.
func TestDigestOverAYear(t *testing.T) {
	c := openCase(t, everything()) // 1 October 2026
	letters := told(c, winddown.DefaultMailSettings(), person(1), winddown.Standing{Owner: true}, "2026-10-01", "2027-10-01", map[string]func(){
		"2026-10-05": func() { batch(t, c, "2026-10-05", "2026-10-12") }, // a Monday: seven days before is today, one day before a Sunday
		"2026-10-12": func() { mark(t, c, "2026-10-12", goods()...) },
		"2026-11-12": func() { mark(t, c, "2026-11-12", winddown.RequestAct) },
		"2026-11-28": func() { mark(t, c, "2026-11-28", winddown.ReceiveAct) }, // a Saturday, before the inbox is looked into
		"2026-12-01": func() { checkInbox(t, c, "2026-12-01") },
		"2027-03-01": func() {
			mark(t, c, "2027-03-01", winddown.StripMedia, winddown.SignAct, winddown.SettleDebts)
			if _, err := c.Finish(c.Version, by(1, "2027-03-01")); err != nil {
				t.Fatal(err)
			}
		},
	})
	want := []string{
		"2026-10-05 due",   // seven days before 12 October
		"2026-10-09 due",   // three and one day before are both days off: on Friday, once
		"2026-11-02 inbox", // 31 October is a Saturday
		"2026-11-17 chase", // working day 3
		"2026-11-23 chase", // 7
		"2026-11-26 chase", // 10, and none after the act has come
		"2026-11-30 inbox",
		"2027-01-11 inbox", // 31 December and what follows are days off
		"2027-02-01 inbox", // 30 January is a Saturday; the 60 days are counted from the last look
	}
	if !slices.Equal(letters, want) {
		t.Errorf("letters:\n%s\nwant:\n%s", strings.Join(letters, "\n"), strings.Join(want, "\n"))
	}
}

func TestDigestSlot(t *testing.T) {
	cal := winddown.RussianCalendar()
	for _, c := range []struct {
		day     string
		weekday int
		want    string // empty for a day off
	}{
		{"2026-11-23", 0, "2026-11-23"},
		{"2026-11-22", 0, ""},
		{"2026-11-04", 0, ""}, // a holiday
		{"2026-11-23", 1, "2026-11-23"},
		{"2026-11-25", 1, "2026-11-23"},
		{"2026-11-22", 1, ""},
		{"2026-11-05", 3, "2026-11-05"}, // Wednesday the 4th is a holiday: the day after
		{"2026-11-03", 3, "2026-10-28"},
		{"2027-01-11", 5, "2027-01-11"}, // Fridays 1 and 8 January are off
	} {
		got, ok := winddown.DigestSlot(cal, day(c.day), c.weekday)
		if got.String() != c.want || ok != (c.want != "") {
			t.Errorf("slot of weekday %d on %s: %s, %v; want %q", c.weekday, c.day, got, ok, c.want)
		}
	}
}

// A Saturday that the calendar makes a working day is one for letters too, and a Monday that it
// gives in exchange is none.
func TestDigestSlotFollowsTheCalendar(t *testing.T) {
	saturday, monday := day("2028-11-04"), day("2028-11-06")
	cal := winddown.NewCalendar(winddown.CalendarYear{Year: 2028, Transfers: true, Off: []winddown.Date{monday}, Working: []winddown.Date{saturday}})
	for _, c := range []struct {
		day     winddown.Date
		weekday int
		want    string
	}{
		{saturday, 0, "2028-11-04"},
		{saturday, 5, "2028-11-03"},
		{monday, 0, ""},
		{monday, 1, ""},
		{monday.AddDays(1), 1, "2028-11-07"},
	} {
		got, ok := winddown.DigestSlot(cal, c.day, c.weekday)
		if got.String() != c.want || ok != (c.want != "") {
			t.Errorf("slot of weekday %d on %s: %s, %v; want %q", c.weekday, c.day, got, ok, c.want)
		}
	}
}

// Other days for the reminders of a requested act do not tell one that was told again.
func TestRemindersOfAnActWhenTheirDaysChange(t *testing.T) {
	for name, x := range map[string]struct {
		days []int // from 18 November on, the day after working day 3
		want []string
	}{
		"as they were":           {nil, []string{"2026-11-17", "2026-11-23", "2026-11-26"}},
		"one that was told":      {[]int{2, 7, 10}, []string{"2026-11-17", "2026-11-23", "2026-11-26"}},
		"a later one":            {[]int{4, 8}, []string{"2026-11-17", "2026-11-18", "2026-11-24"}},
		"fewer":                  {[]int{10}, []string{"2026-11-17", "2026-11-26"}},
		"more, none of them new": {[]int{1, 2, 3}, []string{"2026-11-17"}},
	} {
		t.Run(name, func(t *testing.T) {
			c := openCase(t, everything())
			s := winddown.DefaultMailSettings()
			s.Muted = []winddown.DigestKind{winddown.TellInbox}
			mark(t, c, "2026-11-12", goods()...)
			mark(t, c, "2026-11-12", winddown.RequestAct)
			got := told(c, s, person(2), winddown.Standing{Accountant: true}, "2026-11-12", "2026-12-31", map[string]func(){
				"2026-11-18": func() {
					if x.days == nil {
						return
					}
					in := winddown.ChangeTerm{Kind: winddown.DueChase, Days: x.days, Source: "Порядок фирмы", AsOf: day("2026-11-18"), Version: c.Version}
					if _, err := c.ChangeTerm(in, by(2, "2026-11-18")); err != nil {
						t.Fatal(err)
					}
				},
			})
			for i := range x.want {
				x.want[i] += " chase"
			}
			if !slices.Equal(got, x.want) {
				t.Errorf("letters: %v, want %v", got, x.want)
			}
		})
	}
}

// keysOn are the kinds of the lines of one day.
func keysOn(c *winddown.Case, s winddown.MailSettings, n byte, st winddown.Standing, on string) string {
	var kinds []string
	for _, i := range c.DigestItems(winddown.RussianCalendar(), s, person(n), st, day(on)) {
		kinds = append(kinds, string(i.Kind))
	}
	return strings.Join(kinds, " ")
}

// Who hears what: nobody of what he did himself, an accountant nothing of the seller's own
// chores, a lead nothing at all that is not his. Muted kinds are left out.
func TestDigestItemsByStanding(t *testing.T) {
	owner, accountant := winddown.Standing{Owner: true}, winddown.Standing{Accountant: true}
	c := openCase(t, everything())
	c.ResponsibleID, c.FirmID = person(2), winddown.ID{9}
	mark(t, c, "2026-11-02", goods()...)
	mark(t, c, "2026-11-02", winddown.RequestAct)
	if _, err := c.SendBack(winddown.Review{Step: winddown.SellOut, Version: step(t, c, winddown.SellOut).Version, Reason: "Не тот снимок"}, by(2, "2026-11-03")); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Ask(winddown.ReturnStock, "Все склады?", by(2, "2026-11-03")); err != nil {
		t.Fatal(err)
	}
	s := winddown.DefaultMailSettings()
	muted := s
	muted.Muted = []winddown.DigestKind{winddown.TellQuestion, winddown.TellInbox}
	check := func(name, got, want string) {
		t.Helper()
		if got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	// A step that was sent back closes the gate: the marketplace is not chased meanwhile.
	check("owner", keysOn(c, s, 1, owner, "2026-11-10"), "problem question inbox")
	check("owner, muted", keysOn(c, muted, 1, owner, "2026-11-10"), "problem")
	check("accountant who did it", keysOn(c, s, 2, accountant, "2026-11-10"), "")
	check("long ago", keysOn(c, s, 1, owner, "2026-11-30"), "inbox")
	c.Acting = true
	check("accountant who marks for the seller", keysOn(c, s, 2, accountant, "2026-11-10"), "inbox")
	check("another accountant who does", keysOn(c, s, 3, accountant, "2026-11-10"), "problem question inbox")
	c.Acting = false

	if _, err := c.Answer(1, "Все", by(1, "2026-11-09")); err != nil {
		t.Fatal(err)
	}
	mark(t, c, "2026-11-09", winddown.SellOut)
	regress(t, c, "2026-11-09", winddown.ReturnStock)
	check("accountant after goods came back", keysOn(c, s, 2, accountant, "2026-11-10"), "problem question")
	check("the owner said so himself", keysOn(c, s, 1, owner, "2026-11-10"), "inbox")
	mark(t, c, "2026-11-10", winddown.ReturnStock)
	mark(t, c, "2026-11-10", winddown.RequestAct)
	check("accountant, the act was asked for again", keysOn(c, s, 2, accountant, "2026-11-13"), "chase question")
	mark(t, c, "2026-11-13", winddown.ReceiveAct)
	check("accountant, the act has come", keysOn(c, s, 2, accountant, "2026-11-13"), "question received")
	check("owner, who said so", keysOn(c, s, 1, owner, "2026-11-13"), "inbox")
	c.ArchivedAt = day("2026-11-13").Time()
	check("accountant, of an archived case", keysOn(c, s, 2, accountant, "2026-11-13"), "")
	check("owner of it", keysOn(c, s, 1, owner, "2026-11-13"), "inbox")
}

// Letters are for those whose own business a case is, while it goes on.
func TestNotifies(t *testing.T) {
	cal, on := winddown.RussianCalendar(), day("2026-11-17")
	for _, row := range []struct {
		name           string
		st             winddown.Standing
		open, archived bool
	}{
		{"owner", winddown.Standing{Owner: true}, true, true},
		{"helper", winddown.Standing{Helper: true}, true, true},
		{"responsible", winddown.Standing{Accountant: true}, true, false},
		{"lead", winddown.Standing{Lead: true}, false, false},
		{"admin", winddown.Standing{Admin: true}, false, false},
		{"responsible lead", winddown.Standing{Accountant: true, Lead: true}, true, false},
		{"helping admin", winddown.Standing{Helper: true, Admin: true}, true, true},
		{"visitor", winddown.Standing{Visitor: true}, false, false},
	} {
		c := openCase(t, everything())
		mark(t, c, "2026-11-12", goods()...)
		mark(t, c, "2026-11-12", winddown.RequestAct)
		check := func(when string, want bool) {
			t.Helper()
			if got := c.Notifies(row.st); got != want {
				t.Errorf("%s, %s: told %t", row.name, when, got)
			}
			if got := len(c.DigestItems(cal, winddown.DefaultMailSettings(), person(7), row.st, on)) > 0; got != want {
				t.Errorf("%s, %s: a letter %t", row.name, when, got)
			}
		}
		check("open", row.open)
		c.ArchivedAt = day("2026-11-13").Time()
		check("archived", row.archived)
		c.ArchivedAt, c.FinishedOn = time.Time{}, day("2026-11-13")
		check("finished", false)
	}
}

// Weekly letters, a weekly inbox, and a look that starts the count anew.
func TestDigestWeekly(t *testing.T) {
	c := openCase(t, everything())
	s := winddown.DefaultMailSettings()
	s.Frequency, s.Weekday, s.InboxWeekly = winddown.Weekly, 3, true
	got := told(c, s, person(1), winddown.Standing{Owner: true}, "2026-10-01", "2026-11-12", map[string]func(){
		"2026-10-20": func() { checkInbox(t, c, "2026-10-20") },
	})
	want := []string{"2026-10-14 inbox", "2026-10-28 inbox", "2026-11-05 inbox", "2026-11-11 inbox"}
	if !slices.Equal(got, want) {
		t.Errorf("letters: %v, want %v", got, want)
	}
}

// Warnings of one deadline, for every weekday it may end on: on working days only, each once,
// none later than its day.
func TestDeadlineWarningsKeepToWorkingDays(t *testing.T) {
	cal := winddown.RussianCalendar()
	for shift := range 60 {
		until := day("2026-12-01").AddDays(shift)
		c := openCase(t, everything())
		if _, err := c.AddDeadline(winddown.AddDeadline{Kind: winddown.DueReport, From: day("2026-11-10"), Until: until}, by(1, "2026-11-10")); err != nil {
			t.Fatal(err)
		}
		s := winddown.DefaultMailSettings()
		s.Muted = []winddown.DigestKind{winddown.TellInbox}
		var want []string
		for _, n := range winddown.DigestMarks() {
			d := until.AddDays(-n)
			for !cal.IsWorkday(d) {
				d = d.AddDays(-1)
			}
			if line := fmt.Sprint(d, " due"); !slices.Contains(want, line) {
				want = append(want, line)
			}
		}
		if got := told(c, s, person(1), winddown.Standing{Owner: true}, "2026-11-10", "2027-03-01", nil); !slices.Equal(got, want) {
			t.Errorf("a report until %s: %v, want %v", until, got, want)
		}
	}
}

// A server that slept says the last warning alone.
func TestDigestAfterASleep(t *testing.T) {
	c := openCase(t, everything())
	batch(t, c, "2026-11-16", "2026-11-26")
	items := c.DigestItems(winddown.RussianCalendar(), winddown.MailSettings{Muted: []winddown.DigestKind{winddown.TellInbox}}, person(1),
		winddown.Standing{Owner: true}, day("2026-11-24"))
	if len(items) != 1 || !strings.HasSuffix(items[0].Key, "/3") {
		t.Errorf("items %+v, want the warning of three days alone", items)
	}
}

func TestMailSettingsCheck(t *testing.T) {
	good := winddown.DefaultMailSettings()
	good.Muted = []winddown.DigestKind{winddown.TellInbox, "unknown", winddown.TellProblem}
	s, err := good.Check()
	if err != nil || !slices.Equal(s.Muted, []winddown.DigestKind{winddown.TellProblem, winddown.TellInbox}) {
		t.Errorf("settings %+v, %v", s, err)
	}
	for name, spoil := range map[string]func(*winddown.MailSettings){
		"hour":      func(s *winddown.MailSettings) { s.Hour = 24 },
		"frequency": func(s *winddown.MailSettings) { s.Frequency = "hourly" },
		"weekday":   func(s *winddown.MailSettings) { s.Weekday = 6 },
	} {
		bad := winddown.DefaultMailSettings()
		spoil(&bad)
		if _, err := bad.Check(); winddown.KindOf(err) != winddown.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// The calendar keeps every reminder of a requested act until somebody has dealt with it.
func TestFeedEntries(t *testing.T) {
	cal := winddown.RussianCalendar()
	c := openCase(t, everything())
	mark(t, c, "2026-11-12", goods()...)
	mark(t, c, "2026-11-12", winddown.RequestAct)
	if _, err := c.AddDeadline(winddown.AddDeadline{Kind: winddown.DueReport, From: day("2026-11-12")}, by(1, "2026-11-12")); err != nil {
		t.Fatal(err)
	}
	ids := func(st winddown.Standing) string {
		var all []string
		for _, e := range c.FeedEntries(cal, st) {
			all = append(all, e.ID+" "+e.On.String())
		}
		return strings.Join(all, ", ")
	}
	own := "inbox 2026-10-31, due-1 2026-11-19, act-1-1-1 2026-11-17, act-1-1-2 2026-11-23, act-1-1-3 2026-11-26"
	if got := ids(winddown.Standing{Owner: true}); got != own {
		t.Errorf("the owner's calendar: %s, want %s", got, own)
	}
	if got := ids(winddown.Standing{Accountant: true}); got != strings.TrimPrefix(own, "inbox 2026-10-31, ") {
		t.Errorf("the accountant's calendar: %s", got)
	}
	mark(t, c, "2026-11-18", winddown.ReceiveAct)
	if got := ids(winddown.Standing{Accountant: true}); got != "due-1 2026-11-19" {
		t.Errorf("after the act has come: %s", got)
	}
}
