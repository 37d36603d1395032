package app_test

import (
	"slices"
	"testing"

	"winddown/internal/app"
	"winddown/internal/winddown"
)

// dates are what the register and a case say of an act that is awaited: the next reminder, and
// since when it is overdue.
func (w *world) dates(actor winddown.Actor, id winddown.ID) []string {
	w.t.Helper()
	stored := w.rows("select due_on::text || ' ' || due_kind || ' ' || overdue_on::text from cases where id = $1", [16]byte(id))
	c := w.view(actor, id).Case
	s := winddown.Summarize(c, w.app.Calendar())
	if read := s.DueOn.String() + " " + string(s.Due) + " " + s.OverdueOn.String(); !slices.Equal(stored, []string{read}) {
		w.t.Errorf("the register says %v, the case %s", stored, read)
	}
	if due := w.rows("select on_date::text from dues where case_id = $1 and kind = 'chase'", [16]byte(id)); !slices.Equal(due, []string{s.DueOn.String()}) {
		w.t.Errorf("the list of deadlines says %v, the case %s", due, s.DueOn)
	}
	return stored
}

// What a firm settles is counted at once for its cases, and for nobody else's; a case with a
// term of its own keeps it. The pages and the columns of the register always agree.
func TestAFirmSettlesItsReminders(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	f, other := w.firm(), w.firm()
	awaited := append(goods(), winddown.RequestAct)
	ours, own, theirs, early := w.addSeller(f.accountant), w.addSeller(f.lead), w.addSeller(other.accountant), w.addSeller(f.accountant)
	w.mark(f.accountant, ours, awaited...)
	w.mark(f.lead, own, awaited...)
	w.mark(other.accountant, theirs, awaited...)
	today := w.today(f.admin)
	if err := w.app.ChangeTerm(ctx, f.lead, own, winddown.ChangeTerm{Kind: winddown.DueChase, Days: []int{4}, Source: "Письмо WB", AsOf: today}); err != nil {
		t.Fatal(err)
	}
	want := func(what string, dates []string, chase, overdue int) {
		t.Helper()
		cal := w.app.Calendar()
		if line := cal.AddWorkdays(today, chase).String() + " chase " + cal.AddWorkdays(today, overdue).String(); !slices.Equal(dates, []string{line}) {
			t.Errorf("%s: %v, want %s", what, dates, line)
		}
	}
	want("by default", w.dates(f.accountant, ours), 3, 11)
	before := w.rows("select to_jsonb(c)::text from cases c where id = $1", [16]byte(early))
	if err := w.app.SetFirmChase(ctx, f.admin, []int{2, 5}); err != nil {
		t.Fatal(err)
	}
	want("the firm's days", w.dates(f.accountant, ours), 2, 6)
	want("days of its own", w.dates(f.lead, own), 4, 5)
	want("another firm's", w.dates(other.accountant, theirs), 3, 11)
	if after := w.rows("select to_jsonb(c)::text from cases c where id = $1", [16]byte(early)); !slices.Equal(before, after) {
		t.Error("a case that waits for nothing changed")
	}

	// The next working day is off, so everything moves by one; a Saturday that is worked moves it back.
	next := w.app.Calendar().AddWorkdays(today, 1)
	if err := w.app.SetFirmDays(ctx, f.admin, []winddown.Date{next}, nil); err != nil {
		t.Fatal(err)
	}
	want("a day off", w.dates(f.accountant, ours), 3, 7)
	if err := w.app.SetFirmDays(ctx, f.admin, nil, nil); err != nil {
		t.Fatal(err)
	}
	want("no day off", w.dates(f.accountant, ours), 2, 6)
	_, err := w.app.ImportCalendar(ctx, mustYear(t, w, today.Year))
	if err != nil {
		t.Fatal(err)
	}
	want("after the calendar was counted anew", w.dates(f.accountant, ours), 2, 6)

	// A case that leaves the firm is counted as before, and one that comes as the firm has settled.
	w.join(f.accountant, w.person("Петрова"), ours, winddown.Owner)
	owner := w.again(w.person("Сидорова"))
	free := w.open(owner)
	w.mark(owner, free, awaited...)
	want("without a firm", w.dates(owner, free), 3, 11)
	w.join(owner, f.accountant, free, winddown.Accountant)
	want("come to the firm", w.dates(owner, free), 2, 6)
	if err := w.app.LeaveFirm(ctx, owner, free); err != nil {
		t.Fatal(err)
	}
	want("gone from the firm", w.dates(owner, free), 3, 11)
}

// mustYear is the table of a year as it stands.
func mustYear(t *testing.T, w *world, year int) winddown.CalendarYear {
	t.Helper()
	y, ok := w.app.Calendar().Year(year)
	if !ok {
		t.Fatalf("no calendar of %d", year)
	}
	y.Source, y.AsOf = "Производственный календарь", winddown.DateOf(w.clock.Now())
	return y
}

// An act that is asked for while the days are changed is counted by the new ones, whichever
// comes first; so is a case that comes to the firm.
func TestRemindersAreSettledWhileCasesChange(t *testing.T) {
	w := newWorld(t)
	f := w.firm()
	id := w.addSeller(f.accountant)
	w.mark(f.accountant, id, goods()...)
	done := w.done(f.accountant, id, winddown.RequestAct)
	errs := atOnce(2, func(i int) error {
		if i == 0 {
			return w.app.SetFirmChase(t.Context(), f.admin, []int{1})
		}
		_, err := w.app.MarkDone(t.Context(), f.accountant, id, done)
		return err
	})
	wantTally(t, errs, map[string]int{"ok": 2})
	w.dates(f.accountant, id)

	owner := w.person("Петрова")
	free := w.open(owner)
	w.mark(owner, free, append(goods(), winddown.RequestAct)...)
	token := w.invite(owner, free, winddown.Accountant)
	errs = atOnce(2, func(i int) error {
		if i == 0 {
			return w.app.SetFirmChase(t.Context(), f.admin, []int{6, 8})
		}
		_, _, err := w.app.Accept(t.Context(), f.accountant, token)
		return err
	})
	wantTally(t, errs, map[string]int{"ok": 2})
	w.dates(owner, free)
}

// A seller the firm adds begins with the leave to mark for him, keeps it when the owner comes,
// and the owner takes it away.
func TestAFirmMarksForTheSellersItAdds(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	f := w.firm()
	before := w.addSeller(f.accountant)
	if err := w.app.SetFirmActing(ctx, f.admin, true); err != nil {
		t.Fatal(err)
	}
	id := w.addSeller(f.accountant)
	acting := func(id winddown.ID) bool { return w.view(f.admin, id).Case.Acting }
	if acting(before) || !acting(id) {
		t.Errorf("before the setting %v, after it %v", acting(before), acting(id))
	}
	owner := w.person("Петрова")
	for of, want := range map[winddown.ID]bool{before: false, id: true} {
		token := w.invite(f.accountant, of, winddown.Owner)
		if v, err := w.app.InviteView(ctx, winddown.Actor{}, token); err != nil || v.Acting != want {
			t.Errorf("the invitation says %v of who marks, want %v, %v", v.Acting, want, err)
		}
		if _, _, err := w.app.Accept(ctx, owner, token); err != nil {
			t.Fatal(err)
		}
	}
	w.mark(f.accountant, id, winddown.ZeroFBS)
	if err := w.app.SetActing(ctx, owner, id, false); err != nil {
		t.Fatal(err)
	}
	_, err := w.app.MarkDone(ctx, f.accountant, id, winddown.MarkDone{Step: winddown.SellOut, Version: 1, On: w.today(owner)})
	wantKind(t, err, winddown.Forbidden)

	// A seller who invites the firm himself decides himself.
	own := w.open(owner)
	w.join(owner, f.accountant, own, winddown.Accountant)
	if acting(own) {
		t.Error("the firm marks for a seller who invited it and did not say so")
	}
}

// Somebody leaves his firm as if an admin had removed him; the last admin cannot.
func TestQuitFirm(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	f := w.firm()
	clerk, token := w.session("Уходящая", winddown.DefaultZone)
	clerk = w.joinFirm(f.admin, clerk, winddown.Accountant)
	id := w.addSeller(clerk)
	cases, err := w.app.QuitFirm(ctx, clerk)
	if err != nil || cases != 1 {
		t.Fatalf("%d cases, %v", cases, err)
	}
	_, err = w.app.Actor(ctx, token)
	wantKind(t, err, winddown.Unauthenticated)
	_, err = w.app.Case(ctx, clerk, id)
	wantKind(t, err, winddown.NotFound)
	if got := w.seen(f.admin, winddown.Responsible{None: true}); !slices.Equal(got, []winddown.ID{id}) {
		t.Errorf("without anybody responsible are %v", got)
	}
	_, err = w.app.QuitFirm(ctx, clerk)
	wantKind(t, err, winddown.NotFound)
	_, err = w.app.QuitFirm(ctx, f.admin)
	wantKey(t, err, winddown.Conflict, "firm.error.last_admin")
}

// The trail of a firm is read page by page.
func TestFirmHistory(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	f := w.firm()
	for i := range app.TrailOnPage {
		if err := w.app.SetFirmActing(ctx, f.admin, i%2 == 0); err != nil {
			t.Fatal(err)
		}
	}
	var seen []int64
	for before := int64(0); ; {
		v, err := w.app.FirmHistory(ctx, f.lead, before)
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range v.Trail {
			seen = append(seen, line.Seq)
		}
		if !v.TrailMore {
			break
		}
		before = v.Trail[len(v.Trail)-1].Seq
	}
	all := app.TrailOnPage + 5 // founded, and two people invited who joined
	if len(seen) != all || seen[0] != int64(all) || seen[all-1] != 1 || !slices.IsSortedFunc(seen, func(a, b int64) int { return int(b - a) }) {
		t.Errorf("%d lines: %v", len(seen), seen)
	}
}
