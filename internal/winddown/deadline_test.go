package winddown_test

import (
	"fmt"
	"strings"
	"testing"

	"winddown/internal/winddown"
)

// dues lists what has to be done, as "date kind number or act".
func dues(c *winddown.Case) string {
	var list []string
	for _, d := range c.Dues(winddown.RussianCalendar()) {
		list = append(list, strings.TrimSuffix(fmt.Sprintf("%s %s %d", d.On, d.Kind, d.Number+d.Act), " 0"))
	}
	return strings.Join(list, ", ")
}

// The nearest deadline comes first; nothing is due after the finish.
func TestDues(t *testing.T) {
	c := openCase(t, everything()) // on 1 October
	want := func(want string) {
		t.Helper()
		if got := dues(c); got != want {
			t.Errorf("due are %s, want %s", got, want)
		}
	}
	want("2026-10-31 inbox")
	add := func(kind winddown.DueKind, from, until string) {
		t.Helper()
		in := winddown.AddDeadline{Kind: kind, What: "коробка", From: day(from)}
		if until != "" {
			in.Until = day(until)
		}
		if _, err := c.AddDeadline(in, by(1, today)); err != nil {
			t.Fatal(err)
		}
	}
	add(winddown.DuePickUp, "2026-10-28", "")
	add(winddown.DueReport, "2026-10-27", "")
	add(winddown.DuePickUp, "2026-10-20", "2026-10-30")
	want("2026-10-30 pick_up 3, 2026-10-31 inbox, 2026-11-03 report 2, 2026-11-04 pick_up 1")

	checkInbox(t, c, "2026-11-10")
	mark(t, c, "2026-11-12", goods()...) // which collects the returns
	mark(t, c, "2026-11-12", winddown.RequestAct)
	addAct(t, c, "ООО «РВБ»")
	if _, err := do(t, c, winddown.ActRequest, 2, "2026-11-16"); err != nil {
		t.Fatal(err)
	}
	want("2026-11-03 report 2, 2026-11-17 chase 1, 2026-11-19 chase 2, 2026-12-10 inbox")
	look := winddown.MarkPending{Step: winddown.ReceiveAct, Version: step(t, c, winddown.ReceiveAct).Version}
	if _, err := c.MarkPending(look, by(1, "2026-11-18")); err != nil {
		t.Fatal(err)
	}
	want("2026-11-03 report 2, 2026-11-19 chase 2, 2026-11-23 chase 1, 2026-12-10 inbox")
	if s := winddown.Summarize(c, winddown.RussianCalendar()); s.DueOn != day("2026-11-03") || s.Due != winddown.DueReport || s.OverdueOn != day("2026-11-27") {
		t.Errorf("summary %+v", s)
	}
	c.FinishedOn = day(today)
	want("")
}

// A look into the inbox counts once a day, and returns as a deadline a month later.
func TestCheckInbox(t *testing.T) {
	c := openCase(t, everything())
	events, err := c.CheckInbox(by(1, "2026-12-01"))
	if err != nil || c.InboxOn != day("2026-12-01") || dues(c) != "2026-12-31 inbox" {
		t.Fatalf("events %v, error %v, due %s", kinds(events), err, dues(c))
	}
	wantKinds(t, events, "inbox_checked")
	events, err = c.CheckInbox(by(2, "2026-12-01"))
	wantRepeat(t, events, err)
}

// What is chased when follows the case's own term, counted in working days of the calendar.
func TestTerms(t *testing.T) {
	c := caseWithAct(t, winddown.PhaseRequested) // Thursday, 12 November
	cal := winddown.RussianCalendar()
	change := func(kind winddown.DueKind, days ...int) {
		t.Helper()
		in := winddown.ChangeTerm{Kind: kind, Days: days, Source: " оферта  от 22.09.2026 ", AsOf: day("2026-09-22")}
		version := c.Version
		events, err := c.ChangeTerm(in, by(1, today))
		if err != nil {
			t.Fatal(err)
		}
		wantKinds(t, events, "term_changed")
		if got := c.Term(kind); fmt.Sprint(got.Days) != fmt.Sprint(days) || got.Source != "оферта от 22.09.2026" || c.Version != version+1 {
			t.Errorf("term %+v", got)
		}
		before := clone(c)
		events, err = c.ChangeTerm(in, by(1, today))
		wantRepeat(t, events, err)
		unchanged(t, before, c)
	}
	chased := func(cal winddown.Calendar) string {
		return fmt.Sprint(c.ChaseDates(cal, c.Acts[0]), " ", c.OverdueOn(cal, c.Acts[0]))
	}
	if got := chased(cal); got != "[2026-11-17 2026-11-23 2026-11-26] 2026-11-27" {
		t.Errorf("by default %s", got)
	}
	change(winddown.DueChase, 1, 5)
	if got := chased(cal); got != "[2026-11-13 2026-11-19] 2026-11-20" {
		t.Errorf("by the case's own term %s", got)
	}
	if got := dues(c); !strings.HasPrefix(got, "2026-10-31 inbox, 2026-11-13 chase 1") {
		t.Errorf("due are %s", got)
	}
	year, _ := cal.Year(2026)
	year.Off = append(year.Off, day("2026-11-13"), day("2026-11-16"))
	if got := chased(winddown.NewCalendar(year)); got != "[2026-11-17 2026-11-23] 2026-11-24" {
		t.Errorf("with two days off more %s", got)
	}
	// Deadlines that stand keep their dates.
	batch := winddown.AddDeadline{Kind: winddown.DueReport, From: day("2026-12-01")}
	if _, err := c.AddDeadline(batch, by(1, today)); err != nil {
		t.Fatal(err)
	}
	change(winddown.DueReport, 10)
	change(winddown.DueInbox, 14)
	change(winddown.DuePickUp, 3)
	batch.From = day("2026-12-02")
	if _, err := c.AddDeadline(batch, by(1, today)); err != nil {
		t.Fatal(err)
	}
	if d := c.Deadlines; d[0].Until != day("2026-12-08") || d[1].Until != day("2026-12-12") || len(c.Terms) != 4 {
		t.Errorf("deadlines %+v, terms %+v", d, c.Terms)
	}

	valid := winddown.ChangeTerm{Kind: winddown.DueChase, Days: []int{2, 4}, Source: "x", AsOf: day(today)}
	before := clone(c)
	for name, x := range map[string]struct {
		change func(*winddown.ChangeTerm)
		want   string
	}{
		"unknown kind": {func(in *winddown.ChangeTerm) { in.Kind = "court" }, "kind: error.field.unknown"},
		"no days":      {func(in *winddown.ChangeTerm) { in.Days = nil }, "days: deadline.error.days_chase"},
		"zero":         {func(in *winddown.ChangeTerm) { in.Days = []int{0, 1} }, "days: deadline.error.days_chase"},
		"too long":     {func(in *winddown.ChangeTerm) { in.Days = []int{1, 366} }, "days: deadline.error.days_chase"},
		"backwards":    {func(in *winddown.ChangeTerm) { in.Days = []int{4, 2} }, "days: deadline.error.days_chase"},
		"twice":        {func(in *winddown.ChangeTerm) { in.Days = []int{2, 2} }, "days: deadline.error.days_chase"},
		"six":          {func(in *winddown.ChangeTerm) { in.Days = []int{1, 2, 3, 4, 5, 6} }, "days: deadline.error.days_chase"},
		"two weeks":    {func(in *winddown.ChangeTerm) { in.Kind = winddown.DueReport }, "days: deadline.error.days"},
		"no source":    {func(in *winddown.ChangeTerm) { in.Source = " " }, "source: deadline.error.source_missing"},
		"long source":  {func(in *winddown.ChangeTerm) { in.Source = strings.Repeat("ж", 301) }, "source: error.field.too_long"},
		"no date":      {func(in *winddown.ChangeTerm) { in.AsOf = winddown.Date{} }, "as_of: step.error.date_missing"},
		"tomorrow":     {func(in *winddown.ChangeTerm) { in.AsOf = day("2026-12-11") }, "as_of: step.error.date_future"},
	} {
		in := valid
		x.change(&in)
		_, err := c.ChangeTerm(in, by(1, today))
		if got := fieldsOf(err); len(got) != 1 || got[0] != x.want {
			t.Errorf("%s: fields %q", name, got)
		}
	}
	unchanged(t, before, c)
}

// A deadline keeps the term it was counted by; the trail carries it.
func TestDeadlinesKeepTheirBasis(t *testing.T) {
	c := openCase(t, everything())
	add := func(kind winddown.DueKind, from, until string) winddown.Event {
		t.Helper()
		in := winddown.AddDeadline{Kind: kind, From: day(from)}
		if until != "" {
			in.Until = day(until)
		}
		events, err := c.AddDeadline(in, by(1, today))
		if err != nil {
			t.Fatal(err)
		}
		return events[0]
	}
	added := []winddown.Event{
		add(winddown.DueReport, "2026-12-01", ""), add(winddown.DueReport, "2026-12-02", "2026-12-09"), add(winddown.DueReport, "2026-12-02", "2026-12-10"),
	}
	change := winddown.ChangeTerm{Kind: winddown.DueReport, Days: []int{8}, Source: "Оферта, пункт 8", AsOf: day("2026-12-05")}
	if _, err := c.ChangeTerm(change, by(1, today)); err != nil {
		t.Fatal(err)
	}
	added = append(added, add(winddown.DueReport, "2026-12-03", ""), add(winddown.DuePickUp, "2026-12-03", ""))
	events, err := c.AddDeadline(winddown.AddDeadline{Kind: winddown.DueReport, From: day("2026-12-02"), Until: day("2026-12-10")}, by(1, today))
	wantRepeat(t, events, err) // typed it was, though the term comes to the same day now

	usual, own := winddown.Basis{Days: 7, AsOf: day("2023-04-05")}, winddown.Basis{Days: 8, Source: "Оферта, пункт 8", AsOf: day("2026-12-05")}
	want := []winddown.Basis{usual, usual, {}, own, {Days: 7, AsOf: day("2025-09-22")}}
	for i, d := range c.Deadlines {
		term, counted := d.Term()
		if d.Basis != want[i] || counted != (want[i] != winddown.Basis{}) || term.Days[0] != want[i].Days || term.Source != want[i].Source {
			t.Errorf("deadline %d rests on %+v, want %+v", i+1, d.Basis, want[i])
		}
		told, counted, known := winddown.BasisOf(added[i].After)
		if !known || counted != (want[i] != winddown.Basis{}) || counted && fmt.Sprint(told) != fmt.Sprint(term) {
			t.Errorf("of deadline %d the trail tells %+v, %v, %v", i+1, told, counted, known)
		}
	}
	if _, err := c.CloseDeadline(1, day(today), by(1, today)); err != nil || c.Deadlines[0].Basis != usual {
		t.Errorf("closed, a deadline rests on %+v, %v", c.Deadlines[0].Basis, err)
	}
	if _, _, known := winddown.BasisOf(winddown.Changes{"due": "report", "until": "2026-12-08"}); known {
		t.Error("of an event from before something is known")
	}
}

func TestDeadlinesRefused(t *testing.T) {
	c := openCase(t, everything())
	for name, x := range map[string]struct {
		in   winddown.AddDeadline
		want string
	}{
		"chase":    {winddown.AddDeadline{Kind: winddown.DueChase, From: day(today)}, "[kind: error.field.unknown]"},
		"inbox":    {winddown.AddDeadline{Kind: winddown.DueInbox, From: day(today)}, "[kind: error.field.unknown]"},
		"no date":  {winddown.AddDeadline{Kind: winddown.DueReport}, "[from: step.error.date_missing]"},
		"tomorrow": {winddown.AddDeadline{Kind: winddown.DueReport, From: day("2026-12-11")}, "[from: step.error.date_future]"},
		"backwards": {winddown.AddDeadline{Kind: winddown.DueReport, From: day(today), Until: day("2026-12-09")},
			"[until: deadline.error.order]"},
		"another decade": {winddown.AddDeadline{Kind: winddown.DueReport, From: day("2010-12-09")}, "[from: deadline.error.from_old]"},
		"a year and a day ago": {winddown.AddDeadline{Kind: winddown.DueReport, From: day(today).AddDays(-366), Until: day(today)},
			"[from: deadline.error.from_old until: deadline.error.until_far]"},
		"the far future": {winddown.AddDeadline{Kind: winddown.DuePickUp, From: day(today), Until: day("2050-12-10")},
			"[until: deadline.error.until_far]"},
		"a year and a day": {winddown.AddDeadline{Kind: winddown.DuePickUp, From: day(today), Until: day(today).AddDays(366)},
			"[until: deadline.error.until_far]"},
		"nothing but the end": {winddown.AddDeadline{Kind: winddown.DuePickUp, Until: day("2050-12-10")}, "[from: step.error.date_missing]"},
		"long":                {winddown.AddDeadline{Kind: winddown.DuePickUp, From: day(today), What: strings.Repeat("ж", 301)}, "[what: error.field.too_long]"},
	} {
		before := clone(c)
		_, err := c.AddDeadline(x.in, by(1, today))
		if got := fmt.Sprint(fieldsOf(err)); got != x.want {
			t.Errorf("%s: fields %s", name, got)
		}
		unchanged(t, before, c)
	}
	edge := openCase(t, everything())
	if _, err := edge.AddDeadline(winddown.AddDeadline{Kind: winddown.DueReport, From: day(today).AddDays(-365), Until: day(today)}, by(1, today)); err != nil {
		t.Errorf("a year ago to the day: %v", err)
	}
	batch(t, c, today, "2026-12-17")
	before := clone(c)
	again := winddown.AddDeadline{Kind: winddown.DuePickUp, What: "две  коробки", From: day(today), Until: day("2026-12-17")}
	events, err := c.AddDeadline(again, by(1, today))
	wantRepeat(t, events, err)
	_, err = c.CloseDeadline(1, winddown.Date{}, by(1, today))
	wantFields(t, err, "on: step.error.date_missing")
	_, err = c.CloseDeadline(1, day("2026-12-11"), by(1, today))
	wantFields(t, err, "on: step.error.date_future")
	events, err = c.ReopenDeadline(1, by(1, today))
	wantRepeat(t, events, err)
	for _, rule := range []func() ([]winddown.Event, error){
		func() ([]winddown.Event, error) { return c.CloseDeadline(2, day(today), by(1, today)) },
		func() ([]winddown.Event, error) { return c.ReopenDeadline(2, by(1, today)) },
		func() ([]winddown.Event, error) { return c.RemoveDeadline(2, by(1, today)) },
	} {
		events, err = rule()
		wantRefused(t, events, err, winddown.NotFound, "error.not_found")
	}
	unchanged(t, before, c)

	events, err = c.RemoveDeadline(1, by(1, today))
	if err != nil || len(c.Deadlines) != 0 || events[0].Before["until"] != "2026-12-17" || events[0].Number != 1 {
		t.Errorf("events %+v, error %v", events, err)
	}
	// Numbers are not used twice.
	batch(t, c, today, "2026-12-18")
	if c.Deadlines[0].Number != 2 {
		t.Errorf("numbered %d", c.Deadlines[0].Number)
	}
	c.Deadlines = append(c.Deadlines, make([]winddown.Deadline, winddown.MaxDeadlines-1)...)
	events, err = c.AddDeadline(again, by(1, today))
	wantRefused(t, events, err, winddown.Conflict, "deadline.error.too_many")

	c.FinishedOn = day(today)
	for name, rule := range map[string]func() ([]winddown.Event, error){
		"add":    func() ([]winddown.Event, error) { return c.AddDeadline(again, by(1, today)) },
		"close":  func() ([]winddown.Event, error) { return c.CloseDeadline(2, day(today), by(1, today)) },
		"reopen": func() ([]winddown.Event, error) { return c.ReopenDeadline(2, by(1, today)) },
		"remove": func() ([]winddown.Event, error) { return c.RemoveDeadline(2, by(1, today)) },
		"inbox":  func() ([]winddown.Event, error) { return c.CheckInbox(by(1, today)) },
		"term":   func() ([]winddown.Event, error) { return c.ChangeTerm(winddown.ChangeTerm{}, by(1, today)) },
	} {
		events, err := rule()
		wantRefused(t, events, err, winddown.Conflict, "case.error.finished")
		if t.Failed() {
			t.Fatal(name)
		}
	}
}
