package app_test

import (
	"testing"
	"time"

	"github.com/google/uuid"

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

// A case that goes on is not erased for its age, whether it is reopened or taken out of the archive.
func TestRetentionEndsWhenTheCaseGoesOn(t *testing.T) {
	w := newWorldWith(t, app.Options{Retention: winddown.MinRetention}, nil)
	ctx := t.Context()
	owner := w.person("Петрова")
	id, archived := w.open(owner), w.addSeller(w.person("Ким"))
	w.mark(owner, id, allSteps()...)
	if err := w.app.Finish(ctx, owner, id, w.view(owner, id).Case.Version); err != nil {
		t.Fatal(err)
	}
	w.exec("update cases set archived_at = changed_at where id = $1", uuid.UUID(archived))
	w.clock.Set(noon.AddDate(0, winddown.MinRetention, 0))
	if n, err := w.app.ExpireCases(ctx); err != nil || n != 2 {
		t.Fatalf("the retention of %d cases is over, want 2: %v", n, err)
	}
	if err := w.app.Reopen(ctx, owner, id, "Рано", 0); err != nil {
		t.Fatal(err)
	}
	if v := w.view(owner, id); v.Case.Erasure != nil {
		t.Error("the reopened case is still to be erased")
	}
	w.exec("update cases set archived_at = null where id = $1", uuid.UUID(archived))
	w.clock.Advance(winddown.EraseTerm)
	if n, err := w.app.EraseCases(ctx); err != nil || n != 0 {
		t.Errorf("%d cases are erased, want none: %v", n, err)
	}
}
