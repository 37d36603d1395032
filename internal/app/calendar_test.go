package app_test

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"winddown/internal/app"
	"winddown/internal/winddown"
)

func civil(year int, month time.Month, day int) winddown.Date {
	return winddown.Date{Year: year, Month: month, Day: day}
}

// year2027 is a table of 2027 with transfers: 11 to 15 January are off, Saturday the 16th
// is worked.
func year2027() winddown.CalendarYear {
	y, _ := winddown.RussianCalendar().Year(2027)
	for d := 11; d <= 15; d++ {
		y = y.With(civil(2027, time.January, d), true)
	}
	y = y.With(civil(2027, time.January, 16), false)
	y.Transfers, y.Source, y.AsOf = true, "a decree", civil(2026, time.November, 20)
	return y
}

// waiting opens a case whose act was requested on 28 December 2026 and sets the clock to
// that day.
func (w *world) waiting(owner winddown.Actor) winddown.ID {
	w.t.Helper()
	id := w.open(owner)
	w.clock.Set(time.Date(2026, time.December, 28, 9, 0, 0, 0, time.UTC))
	w.mark(owner, id, goods()...)
	w.mark(owner, id, winddown.RequestAct)
	return id
}

// overdue is the day stored with a case from which its act is overdue.
func (w *world) overdue(id winddown.ID) string {
	w.t.Helper()
	return one[string](w, "select overdue_on::text from cases where id = $1", uuid.UUID(id))
}

const (
	overdueBuiltIn  = "2027-01-21"
	overdueImported = "2027-01-27"
)

// An import dates the cases that wait for an act anew, and leaves nothing else behind in
// them; forgetting it dates them back.
func TestImportingACalendarDatesWaitingCases(t *testing.T) {
	w := newWorld(t)
	owner, accountant := w.person("Петрова"), w.person("Ким")
	waiting, early, alone := w.waiting(owner), w.open(owner), w.addSeller(accountant)
	w.mark(accountant, alone, goods()...)
	w.mark(accountant, alone, winddown.RequestAct)
	if got := w.overdue(waiting); got != overdueBuiltIn {
		t.Fatalf("overdue on %s at first", got)
	}
	untouched := w.contents(early)
	trail := w.verify(waiting)
	changedAt := one[time.Time](w, "select changed_at from cases where id = $1", uuid.UUID(waiting))
	w.clock.Advance(time.Hour)

	for _, c := range []struct {
		name    string
		change  func() (int, error)
		redated int
		want    string
		events  int64 // of the system
		whole   bool  // the year's transfers are known
	}{
		{"imported", func() (int, error) { return w.app.ImportCalendar(t.Context(), year2027()) }, 2, overdueImported, 1, true},
		{"again", func() (int, error) { return w.app.ImportCalendar(t.Context(), year2027()) }, 0, overdueImported, 1, true},
		{"a day", func() (int, error) {
			return w.app.SetCalendarDay(t.Context(), civil(2027, time.January, 18), true, false, "a later decree", civil(2026, time.December, 1))
		}, 2, "2027-01-28", 2, true},
		{"forgotten", func() (int, error) { return w.app.ForgetCalendar(t.Context(), 2027) }, 2, overdueBuiltIn, 3, false},
		{"a day of the table built in", func() (int, error) {
			return w.app.SetCalendarDay(t.Context(), civil(2027, time.January, 11), true, false, "a decree", civil(2026, time.December, 1))
		}, 2, "2027-01-22", 4, false},
		{"with it the year is complete", func() (int, error) {
			return w.app.SetCalendarDay(t.Context(), civil(2027, time.January, 11), true, true, "a decree", civil(2026, time.December, 1))
		}, 0, "2027-01-22", 5, true},
	} {
		n, err := c.change()
		if err != nil || n != c.redated {
			t.Errorf("%s: %d cases dated anew, %v; want %d", c.name, n, err, c.redated)
		}
		for _, id := range []winddown.ID{waiting, alone} {
			if got := w.overdue(id); got != c.want {
				t.Errorf("%s: overdue on %s, want %s", c.name, got, c.want)
			}
		}
		if got := w.app.Calendar().Complete(2027); got != c.whole {
			t.Errorf("%s: the year is complete: %v", c.name, got)
		}
		if n, err := w.db.VerifyStream(t.Context(), winddown.System()); n != c.events || err != nil {
			t.Errorf("%s: %d events of the system, %v; want %d", c.name, n, err, c.events)
		}
	}
	want := winddown.Summarize(w.view(owner, waiting).Case, w.app.Calendar())
	if got := one[string](w, "select due_on::text || due_kind from cases where id = $1", uuid.UUID(waiting)); got != want.DueOn.String()+string(want.Due) {
		t.Errorf("due %s, want %s %s", got, want.DueOn, want.Due)
	}
	w.wantUnchanged(early, untouched)
	if n := w.verify(waiting); n != trail {
		t.Errorf("the case's trail grew from %d to %d events", trail, n)
	}
	if got := one[time.Time](w, "select changed_at from cases where id = $1", uuid.UUID(waiting)); !got.Equal(changedAt) {
		t.Errorf("the case is said to have changed at %s", got)
	}
}

// Nothing of an import that holds a mistake stays.
func TestAnImportWithAMistakeChangesNothing(t *testing.T) {
	w := newWorld(t)
	id := w.waiting(w.person("Петрова"))
	bad := year2027()
	bad.Year = 2028
	_, err := w.app.ImportCalendar(t.Context(), year2027(), bad)
	wantKind(t, err, winddown.Invalid)
	late := year2027()
	late.AsOf = civil(2027, time.January, 1)
	_, err = w.app.ImportCalendar(t.Context(), late)
	wantField(t, err, "as_of", "calendar.error.date_future")
	_, err = w.app.SetCalendarDay(t.Context(), civil(2027, time.January, 11), true, false, "", civil(2026, time.December, 1))
	wantField(t, err, "source", "calendar.error.source_missing")
	_, err = w.app.ForgetCalendar(t.Context(), 2027)
	wantKind(t, err, winddown.NotFound)
	if n := one[int](w, "select count(*) from calendar_years"); n != 0 || w.overdue(id) != overdueBuiltIn || w.app.Calendar().Complete(2027) {
		t.Errorf("%d years are stored, the case is dated %s", n, w.overdue(id))
	}
}

// Another process notices an import with its next request, and with no more round trips
// than before from the one after it.
func TestARunningServerNoticesAnImport(t *testing.T) {
	c := &trips{}
	w := newWorldWith(t, app.Options{}, c)
	_, token := w.session("Петрова", winddown.DefaultZone)
	other := app.New(w.db, app.Options{Now: w.clock.Now})
	ask := func() int64 {
		t.Helper()
		before := c.n.Load()
		if _, err := w.app.Actor(t.Context(), token); err != nil {
			t.Fatal(err)
		}
		return c.n.Load() - before
	}
	if _, err := other.ImportCalendar(t.Context(), year2027()); err != nil {
		t.Fatal(err)
	}
	if w.app.Calendar().Complete(2027) {
		t.Fatal("it is there before anybody asks")
	}
	ask()
	if !w.app.Calendar().Complete(2027) {
		t.Error("the import was not noticed")
	}
	if n := ask(); n > 1 {
		t.Errorf("%d round trips to ask who is there, want one", n)
	}
	if _, err := other.ForgetCalendar(t.Context(), 2027); err != nil {
		t.Fatal(err)
	}
	ask()
	if w.app.Calendar().Complete(2027) || w.app.CalendarStored(2027) {
		t.Error("the end of the import was not noticed")
	}
}

// Somebody who marks a step while the calendar changes dates his case by the new one,
// whichever of the two comes first.
func TestNobodyDatesByAnOldCalendar(t *testing.T) {
	w := newWorld(t)
	owner := w.person("Петрова")
	other := app.New(w.db, app.Options{Now: w.clock.Now})

	t.Run("the import came first", func(t *testing.T) {
		w.t = t
		id := w.open(owner)
		w.clock.Set(time.Date(2026, time.December, 28, 9, 0, 0, 0, time.UTC))
		w.mark(owner, id, goods()...)
		if _, err := other.ImportCalendar(t.Context(), year2027()); err != nil {
			t.Fatal(err)
		}
		w.mark(owner, id, winddown.RequestAct) // the process has not noticed: nobody asked who is there
		if got := w.overdue(id); got != overdueImported {
			t.Errorf("overdue on %s, want %s", got, overdueImported)
		}
		if _, err := other.ForgetCalendar(t.Context(), 2027); err != nil {
			t.Fatal(err)
		}
	})

	t.Run("the request came first and was not yet committed", func(t *testing.T) {
		w.t = t
		id := w.open(owner)
		w.mark(owner, id, goods()...)
		var imported chan error
		w.whileHeld(`with held as (select id from cases where id = $1 for no key update),
				act as (update acts set requested_on = '2026-12-28' from held where case_id = held.id)
			update case_steps set done_on = '2026-12-28', done_at = '2026-12-28' from held where case_id = held.id and code = 'request_act'`,
			[]any{uuid.UUID(id)}, 1, func() {
				imported = inBackground(func() error { _, err := other.ImportCalendar(t.Context(), year2027()); return err })
			}, "")
		if err := <-imported; err != nil {
			t.Fatal(err)
		}
		if got := w.overdue(id); got != overdueImported {
			t.Errorf("overdue on %s, want %s", got, overdueImported)
		}
	})

	t.Run("all at once", func(t *testing.T) {
		w.t = t
		const n = 12
		var ids []winddown.ID
		for range n {
			id := w.open(owner)
			w.mark(owner, id, goods()...)
			ids = append(ids, id)
		}
		inputs := make([]winddown.MarkDone, n)
		for i, id := range ids {
			inputs[i] = w.done(owner, id, winddown.RequestAct)
		}
		if _, err := other.ForgetCalendar(t.Context(), 2027); err != nil {
			t.Fatal(err)
		}
		errs := atOnce(n+1, func(i int) error {
			if i == n {
				_, err := other.ImportCalendar(t.Context(), year2027())
				return err
			}
			_, err := w.app.MarkDone(t.Context(), owner, ids[i], inputs[i])
			return err
		})
		wantTally(t, errs, map[string]int{"ok": n + 1})
		for _, id := range ids {
			if got := w.overdue(id); got != overdueImported {
				t.Errorf("overdue on %s, want %s", got, overdueImported)
			}
		}
	})
}

// A new calendar waits for whoever holds a case without holding what he needs next: erasing a case holds it
// first and the system's stream then.
func TestACalendarWaitsForCasesFirst(t *testing.T) {
	w := newWorld(t)
	w.open(w.person("Петрова"))
	year, _ := winddown.RussianCalendar().Year(2027)
	year.Source, year.AsOf = "постановление", winddown.DateOf(w.clock.Now())
	var done chan error
	w.whileHeld("select id from cases for no key update", nil, 1, func() {
		done = inBackground(func() error { return errOf(w.app.ImportCalendar(t.Context(), year)) })
	}, "select event_seq from system_streams for update nowait")
	if err := <-done; err != nil {
		t.Error(err)
	}
}
