package app_test

import (
	"slices"
	"testing"
	"time"

	"winddown/internal/app"
	"winddown/internal/winddown"
)

// A finished case in which nothing changed for the time of retention is erased after fourteen days in which
// it can be kept; an unfinished one never.
func TestRetention(t *testing.T) {
	w := newWorldWith(t, app.Options{Retention: winddown.MinRetention}, nil)
	ctx := t.Context()
	owner, helper, accountant := w.person("Петрова"), w.person("Гусева"), w.person("Ким")
	id, unfinished := w.open(owner), w.open(owner)
	w.join(owner, helper, id, winddown.Helper)
	w.join(owner, accountant, id, winddown.Accountant)
	w.mark(owner, id, allSteps()...)
	if err := w.app.Finish(ctx, owner, id, w.view(owner, id).Case.Version); err != nil {
		t.Fatal(err)
	}
	sweep := func(begun, erased int) {
		t.Helper()
		if n, err := w.app.ExpireCases(ctx); err != nil || n != begun {
			t.Errorf("the retention of %d cases is over, want %d: %v", n, begun, err)
		}
		if n, err := w.app.EraseCases(ctx); err != nil || n != erased {
			t.Errorf("%d cases are erased, want %d: %v", n, erased, err)
		}
	}
	end := noon.AddDate(0, winddown.MinRetention, 0)
	w.clock.Set(end.Add(-time.Second))
	sweep(0, 0)
	w.clock.Set(end)
	sweep(1, 0)
	sweep(0, 0)
	v := w.view(helper, id)
	if !v.Case.Erasure.Expired() || v.Trail[0].Event.Kind != winddown.CaseExpired || v.Trail[0].Event.After["months"] != "60" {
		t.Errorf("the deletion is %+v, the trail ends with %+v", v.Case.Erasure, v.Trail[0].Event)
	}
	wantKind(t, w.app.KeepCase(ctx, helper, id), winddown.Forbidden)
	if err := w.app.KeepCase(ctx, accountant, id); err != nil { // whoever keeps the books is told, and may
		t.Fatal(err)
	}
	w.clock.Advance(winddown.EraseTerm)
	sweep(0, 0) // the time begins anew
	w.clock.Set(w.clock.Now().AddDate(0, winddown.MinRetention, 0))
	sweep(1, 0)
	w.clock.Advance(winddown.EraseTerm - time.Second)
	sweep(0, 0)
	w.clock.Advance(time.Second)
	sweep(0, 1)
	_, err := w.app.Case(ctx, owner, id)
	wantKind(t, err, winddown.NotFound)
	if stone, err := w.app.Tombstone(ctx, id); err != nil || !stone.AskedBy.IsZero() {
		t.Errorf("the tombstone is %+v, %v", stone, err)
	}
	w.view(owner, unfinished)
	if _, _, err := w.app.VerifyAll(ctx); err != nil {
		t.Errorf("the trails: %v", err)
	}
}

// expire has the retention of every finished or archived case end, whenever it was changed last.
func (w *world) expire(want int) {
	w.t.Helper()
	w.clock.Set(w.clock.Now().AddDate(0, winddown.MinRetention, 0))
	if n, err := w.app.ExpireCases(w.t.Context()); err != nil || n != want {
		w.t.Fatalf("the retention of %d cases is over, want %d: %v", n, want, err)
	}
}

// goesOn fails unless a case that had expired goes on, by a line in its trail, and is not erased.
func (w *world) goesOn(who winddown.Actor, id winddown.ID) {
	w.t.Helper()
	v := w.view(who, id)
	if v.Case.Erasure != nil || !slices.ContainsFunc(v.Trail, func(l app.TrailLine) bool { return l.Event.Kind == winddown.CaseKept }) {
		w.t.Errorf("the case is still to be erased: %+v; the trail ends with %+v", v.Case.Erasure, v.Trail[0].Event)
	}
	w.clock.Advance(winddown.EraseTerm)
	if n, err := w.app.EraseCases(w.t.Context()); err != nil || n != 0 {
		w.t.Errorf("%d cases are erased, want none: %v", n, err)
	}
	if n, err := w.app.ExpireCases(w.t.Context()); err != nil || n != 0 {
		w.t.Errorf("the retention of %d cases is over again: %v", n, err)
	}
	w.verify(id)
}

// Whatever a person does to a case that has expired ends that: its time begins anew, also when it is
// finished or archived again later.
func TestRetentionEndsWhenTheCaseGoesOn(t *testing.T) {
	w := newWorldWith(t, app.Options{Retention: winddown.MinRetention}, nil)
	ctx := t.Context()
	owner, accountant := w.person("Петрова"), w.person("Ким")
	finished := w.open(owner)
	w.mark(owner, finished, allSteps()...)
	finish := func() {
		t.Helper()
		if err := w.app.Finish(ctx, owner, finished, w.view(owner, finished).Case.Version); err != nil {
			t.Fatal(err)
		}
	}
	finish()
	w.expire(1)
	if err := w.app.Reopen(ctx, owner, finished, "Рано", 0); err != nil {
		t.Fatal(err)
	}
	w.goesOn(owner, finished)

	id := w.addSeller(accountant)
	accountant = w.again(accountant)
	archive := func(in bool) {
		t.Helper()
		if n, err := w.app.Archive(ctx, accountant, []winddown.ID{id}, in); err != nil || n != 1 {
			t.Fatalf("%d cases are archived or not, want 1: %v", n, err)
		}
	}
	for _, work := range []struct { // the owner last: then the accountant marks no steps any more
		name string
		do   func()
	}{
		{"taken out of the archive", func() { archive(false) }},
		{"taken out of it and put in again", func() { archive(false); archive(true) }},
		{"a step is ticked", func() { w.mark(accountant, id, winddown.ZeroFBS) }},
		{"given to another, who is the same", func() {
			for _, to := range []winddown.Responsible{{None: true}, {ID: accountant.UserID}} {
				if _, err := w.app.Assign(ctx, accountant, []winddown.ID{id}, to); err != nil {
					t.Fatal(err)
				}
			}
		}},
		{"its owner comes", func() {
			token, err := w.app.Invite(ctx, w.provedNow(accountant), id, winddown.Owner)
			if err == nil {
				_, _, err = w.app.Accept(ctx, owner, token)
			}
			if err != nil {
				t.Fatal(err)
			}
		}},
	} {
		if w.view(accountant, id).Case.ArchivedAt.IsZero() {
			archive(true)
		}
		w.expire(1)
		work.do()
		t.Log(work.name)
		w.goesOn(accountant, id)
	}
	if w.view(accountant, id).Case.ArchivedAt.IsZero() {
		archive(true)
	}
	w.expire(1)
	if err := w.app.LeaveFirm(ctx, owner, id); err != nil {
		t.Fatal(err)
	}
	w.goesOn(owner, id)
}

// An owner who deletes a case that has expired has deleted it himself. An installation that keeps cases
// for ever by now erases none that nobody has deleted.
func TestRetentionAndDeletion(t *testing.T) {
	w := newWorldWith(t, app.Options{Retention: winddown.MinRetention}, nil)
	ctx := t.Context()
	owner := w.person("Петрова")
	var cases []winddown.ID
	for range 2 {
		id := w.open(owner)
		w.mark(owner, id, allSteps()...)
		if err := w.app.Finish(ctx, owner, id, w.view(owner, id).Case.Version); err != nil {
			t.Fatal(err)
		}
		cases = append(cases, id)
	}
	w.expire(2)
	if err := w.app.DeleteCase(ctx, w.provedNow(owner), cases[0], "ИП Петрова А. С."); err != nil {
		t.Fatal(err)
	}
	if v := w.view(owner, cases[0]); v.Case.Erasure.Expired() || v.Trail[0].Event.Kind != winddown.CaseDeleted {
		t.Errorf("the deletion is %+v, the trail ends with %+v", v.Case.Erasure, v.Trail[0].Event)
	}
	w.clock.Advance(winddown.EraseTerm)
	forever := app.New(w.db, app.Options{Now: w.clock.Now, Files: w.store})
	if n, err := forever.EraseCases(ctx); err != nil || n != 1 {
		t.Errorf("%d cases are erased, want 1: %v", n, err)
	}
	if w.view(owner, cases[1]).Case.Erasure == nil {
		t.Fatal("the case that nobody has deleted is not to be erased at all")
	}
	if n, err := forever.ExpireCases(ctx); err != nil || n != 0 {
		t.Errorf("the retention of %d cases is over, want none: %v", n, err)
	}
	if v := w.view(owner, cases[1]); v.Case.Erasure != nil || v.Trail[0].Event.Kind != winddown.CaseKept {
		t.Errorf("the case is still to be erased: %+v; the trail ends with %+v", v.Case.Erasure, v.Trail[0].Event)
	}
	if _, _, err := w.app.VerifyAll(ctx); err != nil {
		t.Errorf("the trails: %v", err)
	}
}
