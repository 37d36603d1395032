package app_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/google/uuid"

	"winddown/internal/winddown"
)

func TestDebts(t *testing.T) {
	inOneWorld(t, map[string]func(*testing.T, *world){
		"nothing is finished in debt":  nothingIsFinishedInDebt,
		"refused debts change nothing": refusedDebtsChangeNothing,
		"debts at the same moment":     debtsAtTheSameMoment,
	})
}

// The debts open the last step and the finish, and a later one closes them again.
func nothingIsFinishedInDebt(t *testing.T, w *world) {
	accountant := w.person("Ким")
	id := w.addSeller(accountant)
	ctx, today := t.Context(), w.today(accountant)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	w.owe(accountant, id, 46478815)
	must(w.app.AddDebts(ctx, accountant, id, []winddown.NewDebt{
		{ID: newID(t), Side: winddown.ByWB, What: "Выплата", Amount: 100, On: today}, {ID: newID(t), Side: winddown.ByWB, What: "Возврат штрафа", Amount: 1, On: today},
	}))
	if s := w.summary(accountant); s.Balance != -46478714 {
		t.Errorf("balance %s", s.Balance)
	}
	w.mark(accountant, id, goods()...)
	w.mark(accountant, id, winddown.StripMedia, winddown.RequestAct, winddown.ReceiveAct, winddown.SignAct)
	before := w.contents(id)
	_, err := w.app.MarkDone(ctx, accountant, id, w.done(accountant, id, winddown.SettleDebts))
	wantField(t, err, "done", "step.error.balance")
	w.wantUnchanged(id, before)

	lines := w.debts(accountant, id)
	must(w.app.SettleDebt(ctx, accountant, id, winddown.SettleDebt{ID: lines[0].ID, Version: 1, On: today}))
	must(w.app.WriteOffDebt(ctx, accountant, id, winddown.WriteOffDebt{ID: lines[1].ID, Version: 1, Reason: "Не платят"}))
	must(w.app.RemoveDebt(ctx, accountant, id, winddown.RemoveDebt{ID: lines[2].ID, Version: 1, Reason: "Дважды"}))
	w.mark(accountant, id, winddown.SettleDebts)
	w.owe(accountant, id, 500)
	if s := w.summary(accountant); s.Balance != -500 || s.Problem != winddown.Unsettled || s.Blocker != winddown.SettleDebts {
		t.Errorf("summary %+v", s)
	}
	wantKind(t, w.app.Finish(ctx, accountant, id, 0), winddown.Blocked)
	last := w.debts(accountant, id)[3]
	must(w.app.SettleDebt(ctx, accountant, id, winddown.SettleDebt{ID: last.ID, Version: 1, On: today}))
	w.mark(accountant, id, winddown.SettleDebts)
	must(w.app.Finish(ctx, accountant, id, 0))
	before = w.contents(id)
	wantKey(t, w.app.AddDebts(ctx, accountant, id, []winddown.NewDebt{{ID: newID(t), Side: winddown.ToWB, What: "Хранение", Amount: 1, On: today}}),
		winddown.Conflict, "case.error.finished")
	w.wantUnchanged(id, before)
	w.verify(id)
}

func refusedDebtsChangeNothing(t *testing.T, w *world) {
	owner := w.person("Петрова")
	id, other := w.open(owner), w.open(owner)
	ctx, a, today := t.Context(), w.app, w.today(owner)
	w.owe(owner, id, 100)
	w.owe(owner, other, 100)
	d, foreign := w.debts(owner, id)[0], w.debts(owner, other)[0]
	line := winddown.NewDebt{ID: newID(t), Side: winddown.ToWB, What: "Хранение", Amount: 1, On: today}
	bad := line
	bad.ID, bad.Amount = newID(t), 0
	for _, c := range []struct {
		name string
		do   func() error
		want winddown.Kind
	}{
		{"one bad line of two", func() error { return a.AddDebts(ctx, owner, id, []winddown.NewDebt{line, bad}) }, winddown.Invalid},
		{"another line under the same id", func() error {
			again := line
			again.ID = d.ID
			return a.AddDebts(ctx, owner, id, []winddown.NewDebt{again})
		}, winddown.Conflict},
		{"a line of another case", func() error {
			return a.SettleDebt(ctx, owner, id, winddown.SettleDebt{ID: foreign.ID, Version: 1, On: today})
		}, winddown.NotFound},
		{"change what has changed", func() error {
			return a.ChangeDebt(ctx, owner, id, winddown.ChangeDebt{Version: 2, NewDebt: winddown.NewDebt{
				ID: d.ID, Side: d.Side, What: d.What, Amount: 7, On: d.On}})
		}, winddown.Conflict},
		{"settle tomorrow", func() error {
			return a.SettleDebt(ctx, owner, id, winddown.SettleDebt{ID: d.ID, Version: 1, On: today.AddDays(1)})
		}, winddown.Invalid},
		{"write off without a reason", func() error { return a.WriteOffDebt(ctx, owner, id, winddown.WriteOffDebt{ID: d.ID, Version: 1}) }, winddown.Invalid},
		{"reopen what is open", func() error { return a.ReopenDebt(ctx, owner, id, winddown.ReopenDebt{ID: d.ID, Version: 1}) }, winddown.Conflict},
		{"remove without a reason", func() error { return a.RemoveDebt(ctx, owner, id, winddown.RemoveDebt{ID: d.ID, Version: 1}) }, winddown.Invalid},
		{"remove none", func() error {
			return a.RemoveDebt(ctx, owner, id, winddown.RemoveDebt{ID: newID(t), Version: 1, Reason: "Ошибка"})
		}, winddown.NotFound},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := w.contents(id)
			wantKind(t, c.do(), c.want)
			w.wantUnchanged(id, before)
		})
	}
}

// A form that is sent twice writes its lines once, and of two people at one line one comes
// first.
func debtsAtTheSameMoment(t *testing.T, w *world) {
	owner, helper := w.person("Петрова"), w.person("Иванова")
	id := w.open(owner)
	w.join(owner, helper, id, winddown.Helper)
	table, today := newID(t), w.today(owner)
	line := winddown.NewDebt{Side: winddown.ToWB, What: "Хранение", Amount: 50, On: today}
	wantTally(t, atOnce(5, func(int) error {
		return w.app.PasteDebts(t.Context(), owner, id, table, []winddown.NewDebt{line, line})
	}), map[string]int{"ok": 5})
	lines := w.debts(owner, id)
	if len(lines) != 2 || lines.Balance() != -100 {
		t.Fatalf("lines %+v", lines)
	}
	errs := atOnce(2, func(i int) error {
		if i == 0 {
			return w.app.SettleDebt(t.Context(), owner, id, winddown.SettleDebt{ID: lines[0].ID, Version: 1, On: today})
		}
		return w.app.WriteOffDebt(t.Context(), helper, id, winddown.WriteOffDebt{ID: lines[0].ID, Version: 1, Reason: "Спор"})
	})
	wantTally(t, errs, map[string]int{"conflict": 1, "ok": 1})
	if d := w.debts(owner, id)[0]; (d.SettledOn == today) != (errs[0] == nil) || (d.WrittenOff == "Спор") != (errs[1] == nil) {
		t.Errorf("%v, %+v", errors.Join(errs...), d)
	}
	if stored := w.rows("select concat_ws(' ', balance, lines) from cases where id = $1", uuid.UUID(id)); !slices.Equal(stored, []string{"-50 2"}) {
		t.Errorf("stored %v", stored)
	}
	w.verify(id)
}
