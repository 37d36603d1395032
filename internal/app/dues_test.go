package app_test

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"winddown/internal/winddown"
)

// The list of a firm's deadlines says what the cases' own pages say, whatever happened to the
// cases, in one order over all its pages; whose it is decides the actor.
func TestTheListOfDeadlinesAgreesWithTheCases(t *testing.T) {
	w := newWorld(t)
	ctx, f := t.Context(), w.firm()
	const seed = 7
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, seed))
	var ids, mine []winddown.ID
	for n := range 24 {
		who := f.accountant
		if n%3 == 0 {
			who = f.admin
		}
		id := w.addSeller(who)
		ids = append(ids, id)
		if n%3 != 0 {
			mine = append(mine, id)
		}
		today := w.today(who)
		for range random.IntN(3) {
			in := winddown.AddDeadline{Kind: []winddown.DueKind{winddown.DuePickUp, winddown.DueReport}[random.IntN(2)],
				What: fmt.Sprint("партия ", random.IntN(99)), From: today.AddDays(-random.IntN(20))}
			if err := w.app.AddDeadline(ctx, who, id, in); err != nil {
				t.Fatal(err)
			}
		}
		if random.IntN(4) == 0 {
			_ = w.app.CloseDeadline(ctx, who, id, 1, today)
		}
		steps := append(goods(), winddown.RequestAct, winddown.ReceiveAct)
		w.mark(who, id, steps[:random.IntN(len(steps)+1)]...)
		switch random.IntN(6) {
		case 0:
			if err := w.app.CheckInbox(ctx, who, id); err != nil {
				t.Fatal(err)
			}
		case 1:
			if err := w.app.ChangeTerm(ctx, who, id, winddown.ChangeTerm{Kind: winddown.DueInbox, Days: []int{5}, Source: "так", AsOf: today}); err != nil {
				t.Fatal(err)
			}
		case 2:
			if v := w.view(who, id); v.Case.Acts[0].Phase() == winddown.PhaseRequested {
				_ = w.app.Regress(ctx, who, id, winddown.Regress{Step: winddown.SellOut, Version: w.version(who, id, winddown.SellOut), Reason: "товар"})
			}
		}
		w.clock.Advance(time.Duration(random.IntN(40)) * time.Hour)
	}
	last := w.addSeller(f.admin)
	ids = append(ids, last)
	w.mark(f.admin, last, append(goods(), winddown.RequestAct)...)
	w.exec("update cases set archived_at = now() where id = $1", ids[1])

	line := func(id winddown.ID, d winddown.Due) string {
		return fmt.Sprint(id, " ", d.Kind, " ", d.On, " ", d.What, " ", d.Number, " ", d.Act)
	}
	wanted := func(among []winddown.ID, keep func(winddown.Due) bool) []string {
		var all []string
		for _, id := range among {
			if id == ids[1] {
				continue
			}
			for _, d := range w.view(f.admin, id).Case.Dues(w.app.Calendar()) {
				if keep(d) {
					all = append(all, line(id, d))
				}
			}
		}
		slices.Sort(all)
		return all
	}
	listed := func(actor winddown.Actor, filter winddown.DuesFilter) []string {
		var all []string
		var before winddown.DueRow
		for {
			page, err := w.app.Dues(ctx, actor, filter)
			if err != nil {
				t.Fatal(err)
			}
			for _, row := range page.Rows {
				if cmp.Compare(row.On.String(), before.On.String()) < 0 {
					t.Errorf("%s stands after %s", row.On, before.On)
				}
				before = row
				all = append(all, line(row.Case, row.Due))
			}
			if len(page.Rows) > 0 && !page.More && len(all) != page.Matching {
				t.Errorf("%d rows on all pages, the list says %d", len(all), page.Matching)
			}
			if !page.More {
				slices.Sort(all)
				return all
			}
			place := page.Rows[len(page.Rows)-1].Cursor()
			filter.After = &place
		}
	}
	everything := func(winddown.Due) bool { return true }
	compare := func(what string, got, want []string) {
		t.Helper()
		if !slices.Equal(got, want) {
			t.Errorf("%s: the list has\n%s\nthe cases have\n%s", what, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
	today := w.today(f.admin)
	compare("the admin", listed(f.admin, winddown.DuesFilter{}), wanted(ids, everything))
	compare("the accountant", listed(f.accountant, winddown.DuesFilter{}), wanted(mine, everything))
	compare("the accountant's, to the admin", listed(f.admin, winddown.DuesFilter{Responsible: winddown.Responsible{ID: f.accountant.UserID}}), wanted(mine, everything))
	compare("overdue", listed(f.admin, winddown.DuesFilter{Due: []winddown.DueFilter{winddown.DueOverdue}}),
		wanted(ids, func(d winddown.Due) bool { return d.On.Before(today) }))
	compare("7 days", listed(f.admin, winddown.DuesFilter{Due: []winddown.DueFilter{winddown.Due7}}),
		wanted(ids, func(d winddown.Due) bool { n := today.DaysUntil(d.On); return n >= 0 && n <= 7 }))
	if got := listed(w.person("Чужая"), winddown.DuesFilter{}); len(got) != 0 {
		t.Errorf("a stranger sees %v", got)
	}
	for _, actor := range []winddown.Actor{f.admin, f.accountant} {
		all, err := w.app.Dues(ctx, actor, winddown.DuesFilter{})
		if err != nil {
			t.Fatal(err)
		}
		for day := today.Monday(); today.Monday().DaysUntil(day) < 7*winddown.StripWeeks; day = day.AddDays(1) {
			if n := len(listed(actor, winddown.DuesFilter{From: day, To: day})); n != all.Days[day] {
				t.Errorf("%s: %d deadlines, the strip says %d", day, n, all.Days[day])
			}
		}
		if n := len(listed(actor, winddown.DuesFilter{Due: []winddown.DueFilter{winddown.DueOverdue}})); n != all.Late {
			t.Errorf("%d are overdue, the list says %d", n, all.Late)
		}
	}

	// The place between two pages stays one when its case leaves the list, however much is due on
	// that day.
	day := today.AddDays(400)
	for n := range winddown.DuesPageSize {
		w.exec("insert into dues (case_id, kind, number, act, on_date) select id, 'chase', 0, 1000 + $1, $2 from cases where id = any($3)",
			n, day, []uuid.UUID{uuid.UUID(mine[1]), uuid.UUID(mine[2])})
	}
	busy := winddown.DuesFilter{From: day, To: day}
	page, err := w.app.Dues(ctx, f.admin, busy)
	if err != nil || !page.More {
		t.Fatalf("%d rows on the day, more: %v, %v", len(page.Rows), page.More, err)
	}
	place := page.Rows[len(page.Rows)-1].Cursor()
	w.exec("update cases set archived_at = now() where id = $1", uuid.UUID(place.Case))
	busy.After = &place
	if page, err = w.app.Dues(ctx, f.admin, busy); err != nil || len(page.Rows) != page.Matching || page.Matching != winddown.DuesPageSize {
		t.Errorf("the page after a case that is gone has %d rows of %d: %v", len(page.Rows), page.Matching, err)
	}
	w.exec("update cases set archived_at = null where id = $1", uuid.UUID(place.Case))
	w.exec("delete from dues where on_date = $1", day)

	// A calendar that changes moves the reminders; what was never kept is filled in.
	want := wanted(ids, everything)
	w.exec("delete from dues where kind = 'chase'")
	w.exec("update goose_db_version set tstamp = 'infinity' where version_id = 14")
	if err := w.app.FillDues(ctx); err != nil {
		t.Fatal(err)
	}
	compare("filled in", listed(f.admin, winddown.DuesFilter{}), want)
	for n := 1; n < 12; n++ {
		if _, err := w.app.SetCalendarDay(ctx, today.AddDays(n), true, false, "проверка", today); err != nil {
			t.Fatal(err)
		}
	}
	moved := wanted(ids, everything)
	if slices.Equal(moved, want) {
		t.Error("the calendar moved nothing")
	}
	compare("after the calendar", listed(f.admin, winddown.DuesFilter{}), moved)
}
