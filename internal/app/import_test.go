package app_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"winddown/internal/app"
	"winddown/internal/testkit"
	"winddown/internal/winddown"
)

// sellersTable is a table of n sellers whose act was requested.
func sellersTable(n int) [][]string {
	rows := [][]string{{"Продавец", "ИНН", "FBS", "Остаток", "Акт запрошен"}}
	for i := range n {
		rows = append(rows, []string{fmt.Sprintf("ООО «Маяк %d»", i), testkit.INN(i), "да", "нет", "02.11.2026"})
	}
	return rows
}

// imported brings a table and returns what loads it, as its preview said.
func (w *world) imported(a winddown.Actor, rows [][]string) func() error {
	w.t.Helper()
	id, v := w.brought(a, rows)
	return func() error { return w.app.LoadImport(w.t.Context(), a, id, v.Digest, "Раньше") }
}

func (w *world) brought(a winddown.Actor, rows [][]string) (winddown.ID, app.ImportPreview) {
	w.t.Helper()
	id, err := w.app.KeepImport(w.t.Context(), a, "продавцы.csv", rows)
	if err != nil {
		w.t.Fatal(err)
	}
	v, err := w.app.Import(w.t.Context(), a, id, "Раньше")
	if err != nil || v.Wrong != nil {
		w.t.Fatal(err, v.Wrong)
	}
	return id, v
}

// A load that is broken off, by the person or with its connection, leaves nothing; afterwards
// it can be done.
func TestABrokenLoadLeavesNothing(t *testing.T) {
	w := newWorld(t)
	boss := w.firm().admin
	id, v := w.brought(boss, sellersTable(300))
	before := one[int](w, "select count(*) from cases")
	for name, stop := range map[string]func(context.CancelFunc){
		"cancelled": func(cancel context.CancelFunc) { cancel() },
		"cut off": func(context.CancelFunc) {
			w.exec("select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'")
		},
	} {
		w.exec("begin")
		w.exec("lock table events in share mode") // it waits with its cases written
		ctx, cancel := context.WithCancel(t.Context())
		done := inBackground(func() error { return w.app.LoadImport(ctx, boss, id, v.Digest, "Раньше") })
		for begun := time.Now(); one[int](w, "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'") == 0; {
			w.exec("select pg_stat_clear_snapshot()")
			if time.Since(begun) > time.Minute {
				t.Fatal("the load does not wait for the events")
			}
		}
		stop(cancel)
		if err := <-done; err == nil {
			t.Errorf("%s: no error", name)
		}
		cancel()
		w.exec("rollback")
		if n := one[int](w, "select count(*) from cases"); n != before {
			t.Errorf("%s: %d sellers, want %d", name, n, before)
		}
	}
	if err := w.app.LoadImport(t.Context(), boss, id, v.Digest, "Раньше"); err != nil {
		t.Fatal(err)
	}
	if n := one[int](w, "select count(*) from cases"); n != before+300 {
		t.Errorf("%d sellers, want %d", n, before+300)
	}
}

// Two people of a firm load the same table at the same moment: it is loaded once.
func TestOneTableLoadedTwiceAtOnce(t *testing.T) {
	w := newWorld(t)
	f := w.firm()
	first, one1 := w.brought(f.admin, sellersTable(20))
	second, two := w.brought(f.lead, sellersTable(20))
	wantTally(t, atOnce(4, func(i int) error {
		if i%2 == 0 {
			return w.app.LoadImport(t.Context(), f.admin, first, one1.Digest, "Раньше")
		}
		return w.app.LoadImport(t.Context(), f.lead, second, two.Digest, "Раньше")
	}), map[string]int{"ok": 2, "conflict": 2})
	if n := one[int](w, "select count(*) from cases where search_text like '%маяк%'"); n != 20 {
		t.Errorf("%d sellers", n)
	}
	if n, err := w.app.SweepImports(t.Context()); n != 0 || err != nil {
		t.Errorf("%d tables were swept before their term, %v", n, err)
	}
	w.clock.Advance(winddown.ImportTerm)
	if _, err := w.app.Import(t.Context(), f.lead, second, ""); winddown.KindOf(err) != winddown.NotFound {
		t.Errorf("a table after its term: %v", err)
	}
	if n, err := w.app.SweepImports(t.Context()); n != 2 || err != nil {
		t.Errorf("%d tables were swept, %v", n, err)
	}
}

// An accountant's table neither sees nor changes the sellers of a colleague, and a table is its
// person's in the firm it was brought for.
func TestScopeOfAnImport(t *testing.T) {
	w := newWorld(t)
	f := w.firm()
	if err := w.imported(f.lead, sellersTable(2))(); err != nil {
		t.Fatal(err)
	}
	id, v := w.brought(f.accountant, sellersTable(2))
	if n := winddown.CountImport(v.Plan); n[winddown.ImportNew] != 2 {
		t.Errorf("the colleague's sellers are known to the accountant: %v", n)
	}
	for _, who := range []winddown.Actor{f.lead, f.admin, w.person("Чужая")} {
		if _, err := w.app.Import(t.Context(), who, id, ""); winddown.KindOf(err) != winddown.NotFound {
			t.Errorf("%s sees the accountant's table: %v", who.Name, err)
		}
		wantKind(t, w.app.LoadImport(t.Context(), who, id, v.Digest, "Раньше"), winddown.NotFound)
	}
	elsewhere := f.accountant
	elsewhere.FirmID = winddown.ID{7}
	wantKind(t, w.app.LoadImport(t.Context(), elsewhere, id, v.Digest, "Раньше"), winddown.NotFound)
	if _, err := w.app.RemoveFirmPerson(t.Context(), f.admin, f.accountant.UserID); err != nil {
		t.Fatal(err)
	}
	wantKind(t, w.app.LoadImport(t.Context(), f.accountant, id, v.Digest, "Раньше"), winddown.NotFound)
}
