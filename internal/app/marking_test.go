package app_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"winddown/internal/winddown"
)

func TestOneOfManyWhoTickAtTheSameMomentWins(t *testing.T) {
	w := newWorld(t)
	owner, helper := w.person("Петрова"), w.person("Иванова")
	id := w.open(owner)
	w.join(owner, helper, id, winddown.Helper)
	events := w.verify(id)
	in := w.done(owner, id, winddown.SellOut)

	errs := atOnce(100, func(i int) error {
		actor, mine := owner, in
		if i%2 == 1 {
			actor = helper
		}
		mine.Note = fmt.Sprintf("Заметка %d", i)
		_, err := w.app.MarkDone(t.Context(), actor, id, mine)
		return err
	})

	wantTally(t, errs, map[string]int{"ok": 1, "conflict": 99})
	for _, err := range errs {
		if err != nil {
			wantKey(t, err, winddown.Conflict, "step.error.stale")
		}
	}
	st, err := w.view(owner, id).Case.Step(winddown.SellOut)
	if err != nil {
		t.Fatal(err)
	}
	winner := slices.Index(errs, nil)
	if want := fmt.Sprintf("Заметка %d", winner); st.Version != in.Version+1 || st.Note != want || st.Tick == nil {
		t.Errorf("the step is %+v, want version %d with the note %q of whoever won", st, in.Version+1, want)
	}
	if n := w.verify(id); n != events+1 {
		t.Errorf("%d events were written, want one", n-events)
	}
}

func TestADoubleClickIsOneTick(t *testing.T) {
	w := newWorld(t)
	owner := w.person("Петрова")
	id := w.open(owner)
	events := w.verify(id)
	in := w.done(owner, id, winddown.SellOut)

	wantTally(t, atOnce(20, func(int) error {
		_, err := w.app.MarkDone(t.Context(), owner, id, in)
		return err
	}), map[string]int{"ok": 20})
	if v := w.version(owner, id, winddown.SellOut); v != in.Version+1 {
		t.Errorf("the version went from %d to %d", in.Version, v)
	}
	if n := w.verify(id); n != events+1 {
		t.Errorf("%d events were written, want one", n-events)
	}
}

func TestTicksOfDifferentStepsDoNotHinderEachOther(t *testing.T) {
	w := newWorld(t)
	owner := w.person("Петрова")
	id := w.open(owner)
	var inputs []winddown.MarkDone
	for _, code := range append(goods(), winddown.StripMedia) {
		inputs = append(inputs, w.done(owner, id, code))
	}
	wantTally(t, atOnce(len(inputs), func(i int) error {
		_, err := w.app.MarkDone(t.Context(), owner, id, inputs[i])
		return err
	}), map[string]int{"ok": len(inputs)})
	if done, _ := w.view(owner, id).Case.Count(); done != len(inputs) {
		t.Errorf("%d steps are done, want %d", done, len(inputs))
	}
	w.verify(id)
}

// Somebody taken out of a case while his tick waits for its turn has lost the right to it.
func TestARemovedHelpersWaitingTickIsNotFound(t *testing.T) {
	w := newWorld(t)
	owner, helper := w.person("Петрова"), w.person("Иванова")
	id := w.open(owner)
	w.join(owner, helper, id, winddown.Helper)
	in := w.done(helper, id, winddown.SellOut)

	var ticked chan error
	w.whileHeld("select from cases where id = $1 for update", []any{uuid.UUID(id)}, 1, func() {
		ticked = inBackground(func() error {
			_, err := w.app.MarkDone(t.Context(), helper, id, in)
			return err
		})
	}, "delete from case_people where user_id = $1", uuid.UUID(helper.UserID))
	wantKind(t, <-ticked, winddown.NotFound)
	if v := w.version(owner, id, winddown.SellOut); v != in.Version {
		t.Error("the tick was written")
	}
}

// The statements of a page see the database at one moment.
func TestAPageDoesNotMixWhatWasWithWhatIs(t *testing.T) {
	w := newWorld(t)
	owner, helper := w.person("Петрова"), w.person("Иванова")
	id := w.open(owner)
	w.join(owner, helper, id, winddown.Helper)
	if err := w.upload(owner, id, winddown.SellOut, winddown.SlotOrdersDone, w.pdf("заказы.pdf", "0")); err != nil {
		t.Fatal(err)
	}
	if _, err := w.app.Acts(t.Context(), helper, id); err != nil { // the connection knows the page's statements
		t.Fatal(err)
	}
	var read chan error
	// The page has read the case and waits for its files when the helper is taken out.
	w.whileHeld("lock table evidence", nil, 1, func() {
		read = inBackground(func() error {
			v, err := w.app.Acts(t.Context(), helper, id)
			if err == nil && len(v.Case.Evidence) == 0 {
				t.Error("half a case: none of its files")
			}
			return err
		})
	}, "delete from case_people where user_id = $1", uuid.UUID(helper.UserID))
	if err := <-read; err != nil {
		t.Errorf("the page that was being read: %v", err)
	}
	_, err := w.app.Case(t.Context(), helper, id)
	wantKind(t, err, winddown.NotFound)
}

func TestABlockedStepStaysAsItIs(t *testing.T) {
	w := newWorld(t)
	owner := w.person("Петрова")
	for i, code := range chain() {
		var gate []winddown.Code
		if i == 0 {
			gate = goods()
		} else {
			gate = chain()[i-1 : i]
		}
		t.Run(string(code), func(t *testing.T) {
			w := *w
			w.t = t
			id := w.open(owner)
			if i > 0 { // everything before the step that is missing
				w.mark(owner, id, goods()...)
				w.mark(owner, id, chain()[:i-1]...)
			}
			before := w.contents(id)
			wantBlocked := func(what string, err error) {
				t.Helper()
				var e *winddown.Error
				if !errors.As(err, &e) || e.Kind != winddown.Blocked || !slices.Equal(e.Blockers, gate) {
					t.Errorf("%s: error %v, want blocked by %v", what, err, gate)
				}
				w.wantUnchanged(id, before)
			}
			in := w.done(owner, id, code)
			_, err := w.app.MarkDone(t.Context(), owner, id, in)
			wantBlocked("MarkDone", err)
			wantBlocked("MarkPending", w.app.MarkPending(t.Context(), owner, id,
				winddown.MarkPending{Step: code, Version: in.Version, Note: "Жду"}))
		})
	}

	t.Run("one of four", func(t *testing.T) {
		w := *w
		w.t = t
		id := w.open(owner)
		w.mark(owner, id, winddown.ZeroFBS, winddown.SellOut, winddown.CollectReturns)
		before := w.contents(id)
		_, err := w.app.MarkDone(t.Context(), owner, id, w.done(owner, id, winddown.RequestAct))
		var e *winddown.Error
		if !errors.As(err, &e) || e.Kind != winddown.Blocked || !slices.Equal(e.Blockers, []winddown.Code{winddown.ReturnStock}) {
			t.Errorf("error %v, want blocked by return_stock", err)
		}
		w.wantUnchanged(id, before)
	})
}

func TestFinishingTooEarlyNamesWhatIsOpen(t *testing.T) {
	w := newWorld(t)
	owner := w.person("Петрова")
	id := w.open(owner)
	w.mark(owner, id, goods()...)
	before := w.contents(id)
	err := w.app.Finish(t.Context(), owner, id, 0)
	var e *winddown.Error
	want := append([]winddown.Code{winddown.StripMedia}, chain()...)
	if !errors.As(err, &e) || e.Kind != winddown.Blocked || !slices.Equal(e.Blockers, want) {
		t.Errorf("error %v, want blocked by %v", err, want)
	}
	w.wantUnchanged(id, before)
}

func TestMarkingSaysWhichStepsBecameAvailable(t *testing.T) {
	w := newWorld(t)
	owner := w.person("Петрова")
	id := w.open(owner)
	last := len(goods()) - 1
	w.mark(owner, id, goods()[:last]...)
	opened, err := w.app.MarkDone(t.Context(), owner, id, w.done(owner, id, goods()[last]))
	if err != nil || !slices.Equal(opened, []winddown.Code{winddown.RequestAct}) {
		t.Errorf("opened %v, %v; want request_act", opened, err)
	}
	opened, err = w.app.MarkDone(t.Context(), owner, id, w.done(owner, id, winddown.StripMedia))
	if err != nil || len(opened) != 0 {
		t.Errorf("opened %v, %v; want nothing", opened, err)
	}
}

func TestTodayIsThePersonsOwn(t *testing.T) {
	w := newWorld(t)
	// In Moscow it is 23:30 on the 22nd, in Vladivostok 06:30 on the 23rd.
	w.clock.Set(time.Date(2026, time.November, 22, 20, 30, 0, 0, time.UTC))
	date := func(day int) winddown.Date { return winddown.Date{Year: 2026, Month: time.November, Day: day} }
	for _, c := range []struct {
		zone string
		on   winddown.Date
		ok   bool
	}{
		{"Asia/Vladivostok", date(23), true},
		{"Asia/Vladivostok", date(24), false},
		{"Europe/Moscow", date(22), true},
		{"Europe/Moscow", date(23), false},
		{"Europe/Kaliningrad", date(22), true},
		{"Europe/Kaliningrad", date(23), false},
	} {
		owner := w.personIn("Петрова", c.zone)
		id := w.open(owner)
		in := w.done(owner, id, winddown.SellOut)
		in.On = c.on
		_, err := w.app.MarkDone(t.Context(), owner, id, in)
		switch {
		case c.ok && err != nil:
			t.Errorf("%s, %s: %v", c.zone, c.on, err)
		case !c.ok:
			wantField(t, err, "on", "step.error.date_future")
		}
	}
}

// The same rows read on two days stand in different groups, and nobody wrote anything.
func TestGroupsChangeWithTheDayAlone(t *testing.T) {
	w := newWorld(t)
	accountant := w.person("Ким")
	burning, waiting := w.addSeller(accountant), w.addSeller(accountant)
	today := winddown.Today(noon, winddown.DefaultZone)
	if err := w.app.AddDeadline(t.Context(), accountant, burning, winddown.AddDeadline{
		Kind: winddown.DuePickUp, From: today, Until: today.AddDays(4),
	}); err != nil {
		t.Fatal(err)
	}
	w.mark(accountant, waiting, goods()...)
	w.mark(accountant, waiting, winddown.RequestAct)

	state := func() []string {
		return w.rows("select concat_ws(' ', id, event_seq, event_hash, changed_at, stage, xmin) from cases order by id")
	}
	groups := func() map[winddown.ID]winddown.Group {
		reg, err := w.app.Register(t.Context(), w.again(accountant), winddown.RegisterFilter{Sort: winddown.SortDeadline})
		if err != nil {
			t.Fatal(err)
		}
		found := map[winddown.ID]winddown.Group{}
		for _, r := range reg.Rows {
			found[r.ID] = r.Group
			if want := r.Summary.Group(winddown.Today(w.clock.Now(), r.Zone)); r.Group != want {
				t.Errorf("SQL puts %s into %s, the rule into %s", r.ID, r.Group, want)
			}
		}
		return found
	}
	written := state()
	for _, c := range []struct {
		days             int
		burning, waiting winddown.Group
	}{
		{0, winddown.GroupEarly, winddown.GroupWaiting},
		{1, winddown.GroupProblem, winddown.GroupWaiting}, // three days before the returns are disposed of
		{14, winddown.GroupProblem, winddown.GroupWaiting},
		{15, winddown.GroupProblem, winddown.GroupOverdue}, // the eleventh working day
	} {
		w.clock.Set(noon.AddDate(0, 0, c.days))
		got := groups()
		if got[burning] != c.burning || got[waiting] != c.waiting {
			t.Errorf("after %d days: %s and %s, want %s and %s", c.days, got[burning], got[waiting], c.burning, c.waiting)
		}
	}
	if now := state(); !slices.Equal(now, written) {
		t.Errorf("reading wrote:\n%v\n%v", written, now)
	}
}
