package app_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"winddown/internal/winddown"
)

func TestDeadlines(t *testing.T) {
	inOneWorld(t, map[string]func(*testing.T, *world){
		"the nearest deadline is told":     theNearestDeadlineIsTold,
		"refused deadlines change nothing": refusedDeadlinesChangeNothing,
	})
}

// The nearest deadline stands in the register, and whatever is dealt with leaves it.
func theNearestDeadlineIsTold(t *testing.T, w *world) {
	accountant := w.person("Ким")
	id := w.addSeller(accountant)
	ctx, today := t.Context(), w.today(accountant)
	due := func(kind winddown.DueKind, on winddown.Date) {
		t.Helper()
		if s := w.summary(accountant); s.Due != kind || s.DueOn != on {
			t.Errorf("due is %s on %s, want %s on %s", s.Due, s.DueOn, kind, on)
		}
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	due(winddown.DueInbox, today.AddDays(30))
	must(w.app.AddDeadline(ctx, accountant, id, winddown.AddDeadline{Kind: winddown.DueReport, What: "Отчёт № 7", From: today}))
	due(winddown.DueReport, today.AddDays(7))
	must(w.app.ChangeTerm(ctx, accountant, id, winddown.ChangeTerm{Kind: winddown.DuePickUp, Days: []int{4}, Source: "Письмо поддержки", AsOf: today}))
	must(w.app.AddDeadline(ctx, accountant, id, winddown.AddDeadline{Kind: winddown.DuePickUp, What: "12 штук", From: today}))
	due(winddown.DuePickUp, today.AddDays(4))
	if on := w.summary(accountant).BurnOn; on != today.AddDays(4-winddown.BurnDays) {
		t.Errorf("burning from %s", on)
	}
	// Closing twice at the same moment is closing once.
	events := w.verify(id)
	wantTally(t, atOnce(5, func(int) error { return w.app.CloseDeadline(ctx, accountant, id, 2, today) }), map[string]int{"ok": 5})
	if n := w.verify(id); n != events+1 {
		t.Errorf("%d events, want one", n-events)
	}
	due(winddown.DueReport, today.AddDays(7))
	must(w.app.ReopenDeadline(ctx, accountant, id, 2))
	due(winddown.DuePickUp, today.AddDays(4))
	must(w.app.RemoveDeadline(ctx, accountant, id, 2))
	must(w.app.RemoveDeadline(ctx, accountant, id, 1))
	w.clock.Advance(24 * time.Hour)
	must(w.app.CheckInbox(ctx, accountant, id))
	due(winddown.DueInbox, today.AddDays(31))
	// The number of a deadline is never given twice.
	must(w.app.AddDeadline(ctx, accountant, id, winddown.AddDeadline{Kind: winddown.DueReport, From: today}))
	if n := one[int](w, "select number from deadlines where case_id = $1", uuid.UUID(id)); n != 3 {
		t.Errorf("the new deadline has the number %d", n)
	}
	c := w.view(accountant, id).Case
	if term := c.Term(winddown.DuePickUp); len(term.Days) != 1 || term.Days[0] != 4 || term.Source != "Письмо поддержки" || term.AsOf != today {
		t.Errorf("term %+v", term)
	}
	w.verify(id)
}

func refusedDeadlinesChangeNothing(t *testing.T, w *world) {
	owner := w.person("Петрова")
	id := w.open(owner)
	ctx, a, today := t.Context(), w.app, w.today(owner)
	if err := a.AddDeadline(ctx, owner, id, winddown.AddDeadline{Kind: winddown.DueReport, From: today}); err != nil {
		t.Fatal(err)
	}
	add := func(in winddown.AddDeadline) func() error {
		return func() error { return a.AddDeadline(ctx, owner, id, in) }
	}
	term := func(in winddown.ChangeTerm) func() error {
		return func() error { return a.ChangeTerm(ctx, owner, id, in) }
	}
	for _, c := range []struct {
		name string
		do   func() error
		want winddown.Kind
	}{
		{"of no kind", add(winddown.AddDeadline{Kind: winddown.DueInbox, From: today}), winddown.Invalid},
		{"from tomorrow", add(winddown.AddDeadline{Kind: winddown.DueReport, From: today.AddDays(1)}), winddown.Invalid},
		{"until yesterday", add(winddown.AddDeadline{Kind: winddown.DueReport, From: today, Until: today.AddDays(-1)}), winddown.Invalid},
		{"a long name", add(winddown.AddDeadline{Kind: winddown.DueReport, From: today, What: strings.Repeat("я", winddown.MaxWhat+1)}), winddown.Invalid},
		{"close none", func() error { return a.CloseDeadline(ctx, owner, id, 2, today) }, winddown.NotFound},
		{"close tomorrow", func() error { return a.CloseDeadline(ctx, owner, id, 1, today.AddDays(1)) }, winddown.Invalid},
		{"reopen none", func() error { return a.ReopenDeadline(ctx, owner, id, 2) }, winddown.NotFound},
		{"remove none", func() error { return a.RemoveDeadline(ctx, owner, id, 2) }, winddown.NotFound},
		{"a term of no kind", term(winddown.ChangeTerm{Kind: "tax", Days: []int{1}, Source: "Оферта", AsOf: today}), winddown.Invalid},
		{"a term of no days", term(winddown.ChangeTerm{Kind: winddown.DueReport, Source: "Оферта", AsOf: today}), winddown.Invalid},
		{"a term from nowhere", term(winddown.ChangeTerm{Kind: winddown.DueReport, Days: []int{1}, AsOf: today}), winddown.Invalid},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := w.contents(id)
			wantKind(t, c.do(), c.want)
			w.wantUnchanged(id, before)
		})
	}
}
