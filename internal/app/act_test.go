package app_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"winddown/internal/winddown"
)

func TestActs(t *testing.T) {
	inOneWorld(t, map[string]func(*testing.T, *world){
		"a disputed act has two rounds": aDisputedActHasTwoRounds,
		"two acts of one case":          twoActsOfOneCase,
		"a ticket is found":             aTicketIsFound,
		"refused acts change nothing":   refusedActsChangeNothing,
		"two compare at once":           twoCompareAtOnce,
	})
}

func money(kopecks winddown.Money) winddown.Balance {
	return winddown.Balance{Known: true, Amount: kopecks}
}

// An act that is disputed comes again; the first round is kept as it was.
func aDisputedActHasTwoRounds(t *testing.T, w *world) {
	owner := w.person("Петрова")
	id := w.open(owner)
	ctx := t.Context()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	w.mark(owner, id, goods()...)
	request := w.done(owner, id, winddown.RequestAct)
	request.Channel, request.Ticket, request.Counterparty = winddown.Documents, "48-1131", "ООО «РВБ»"
	request.PeriodFrom, request.PeriodTo = civil(2024, 1, 1), civil(2026, 11, 1)
	_, err := w.app.MarkDone(ctx, owner, id, request)
	must(err)
	receipt := w.done(owner, id, winddown.ReceiveAct)
	receipt.Ours, receipt.Theirs = money(-683640), money(-341820)
	_, err = w.app.MarkDone(ctx, owner, id, receipt)
	must(err)
	must(w.disagree(owner, id))
	must(w.app.DisputeAct(ctx, owner, id, winddown.DisputeAct{Act: 1, Version: w.act(owner, id, 1).Version, On: w.today(owner)}))
	first := w.act(owner, id, 1)
	if first.Phase() != winddown.PhaseDisputed || first.Difference != -341820 || first.Ticket != "48-1131" || first.Theirs != money(-341820) {
		t.Errorf("the first round is %+v", first)
	}

	w.clock.Advance(3 * 24 * time.Hour)
	w.mark(owner, id, winddown.RequestAct, winddown.ReceiveAct, winddown.SignAct)
	c := w.view(owner, id).Case
	if past := c.Rounds(1); !slices.Equal(past, []winddown.Act{first}) {
		t.Errorf("rounds %+v\nwant   %+v", past, first)
	}
	if now := c.Acts[0]; now.Round != 2 || now.Phase() != winddown.PhaseSigned || now.Counterparty != "ООО «РВБ»" || now.Ticket != "" {
		t.Errorf("the second round is %+v", now)
	}
	before := w.contents(id)
	wantKey(t, w.app.Undo(ctx, owner, id, winddown.Undo{Step: winddown.RequestAct, Version: w.version(owner, id, winddown.RequestAct), Reason: "Ошибка"}),
		winddown.Conflict, "act.error.round_stays")
	w.wantUnchanged(id, before)
	w.verify(id)
}

// A search of the register finds the number under which an act was requested, in every round, as long as it stands there.
func aTicketIsFound(t *testing.T, w *world) {
	accountant := w.person("Ким")
	id := w.addSeller(accountant)
	accountant = w.again(accountant)
	found := func(query string) bool {
		t.Helper()
		reg, err := w.app.Register(t.Context(), accountant, winddown.RegisterFilter{Query: query})
		if err != nil {
			t.Fatal(err)
		}
		return len(reg.Rows) == 1 && reg.Rows[0].ID == id
	}
	requested := func(ticket string) {
		t.Helper()
		request := w.done(accountant, id, winddown.RequestAct)
		request.Ticket = ticket
		if _, err := w.app.MarkDone(t.Context(), accountant, id, request); err != nil {
			t.Fatal(err)
		}
	}
	w.mark(accountant, id, goods()...)
	requested("№ 48–1131/Ё")
	if !found("48-1131/е") || !found("петрова 1131") || found("1132") {
		t.Error("the ticket of the request is not what is found")
	}
	requested("48-1132")
	if !found("1132") || found("1131") {
		t.Error("a corrected ticket is not what is found")
	}
	w.mark(accountant, id, winddown.ReceiveAct)
	if err := w.disagree(accountant, id); err != nil {
		t.Fatal(err)
	}
	if err := w.app.DisputeAct(t.Context(), accountant, id, winddown.DisputeAct{Act: 1, Version: w.act(accountant, id, 1).Version, On: w.today(accountant)}); err != nil {
		t.Fatal(err)
	}
	w.clock.Advance(3 * 24 * time.Hour)
	requested("77-0001")
	if !found("1132 0001") {
		t.Error("the tickets of two rounds are not found")
	}
}

// With two acts a step about them is done when both have come so far.
func twoActsOfOneCase(t *testing.T, w *world) {
	accountant := w.person("Ким")
	id := w.addSeller(accountant)
	w.mark(accountant, id, goods()...)
	w.mark(accountant, id, winddown.RequestAct)
	ctx := t.Context()
	if err := w.app.AddAct(ctx, accountant, id, winddown.AddAct{Counterparty: "ООО «Вайлдберриз»"}); err != nil {
		t.Fatal(err)
	}
	if s := w.summary(accountant); s.Stage != winddown.GroupReady || s.Act != winddown.NotRequested {
		t.Errorf("summary %+v", s)
	}
	w.mark(accountant, id, winddown.RequestAct)
	if s := w.summary(accountant); s.Stage != winddown.GroupWaiting {
		t.Errorf("summary %+v", s)
	}
	before := w.contents(id)
	wantKey(t, w.app.RemoveAct(ctx, accountant, id, 2, w.act(accountant, id, 2).Version), winddown.Conflict, "act.error.not_removable")
	w.wantUnchanged(id, before)
	if err := w.app.AddAct(ctx, accountant, id, winddown.AddAct{Counterparty: "ООО «Третье»"}); err != nil {
		t.Fatal(err)
	}
	if s := w.summary(accountant); s.Stage != winddown.GroupReady {
		t.Errorf("summary %+v", s)
	}
	if err := w.app.RemoveAct(ctx, accountant, id, 3, 1); err != nil {
		t.Fatal(err)
	}
	if n := one[int](w, "select count(*) from acts where case_id = $1", uuid.UUID(id)); n != 2 {
		t.Errorf("%d acts are left", n)
	}
	if s := w.summary(accountant); s.Stage != winddown.GroupWaiting {
		t.Errorf("summary %+v", s)
	}
	w.verify(id)
}

func refusedActsChangeNothing(t *testing.T, w *world) {
	owner := w.person("Петрова")
	early, received := w.open(owner), w.open(owner)
	w.mark(owner, received, goods()...)
	w.mark(owner, received, winddown.RequestAct, winddown.ReceiveAct)
	ctx, a, today := t.Context(), w.app, w.today(owner)
	version := w.act(owner, received, 1).Version
	for _, c := range []struct {
		name string
		id   winddown.ID
		do   func(id winddown.ID) error
		want winddown.Kind
		key  string
	}{
		{"compare too early", early, func(id winddown.ID) error {
			return a.CompareAct(ctx, owner, id, winddown.CompareAct{Act: 1, Version: 1, On: today, Agrees: true})
		}, winddown.Blocked, "step.error.blocked"},
		{"compare no act", received, func(id winddown.ID) error {
			return a.CompareAct(ctx, owner, id, winddown.CompareAct{Act: 2, Version: 1, On: today, Agrees: true})
		}, winddown.NotFound, "error.not_found"},
		{"compare what has changed", received, func(id winddown.ID) error {
			return a.CompareAct(ctx, owner, id, winddown.CompareAct{Act: 1, Version: version - 1, On: today, Agrees: true})
		}, winddown.Conflict, "act.error.stale"},
		{"disagree without a difference", received, func(id winddown.ID) error {
			return a.CompareAct(ctx, owner, id, winddown.CompareAct{Act: 1, Version: version, On: today, Difference: "0", Objections: "Нет"})
		}, winddown.Invalid, "error.invalid"},
		{"compare tomorrow", received, func(id winddown.ID) error {
			return a.CompareAct(ctx, owner, id, winddown.CompareAct{Act: 1, Version: version, On: today.AddDays(1), Agrees: true})
		}, winddown.Invalid, "error.invalid"},
		{"dispute what was not compared", received, func(id winddown.ID) error {
			return a.DisputeAct(ctx, owner, id, winddown.DisputeAct{Act: 1, Version: version, On: today})
		}, winddown.Conflict, "act.error.order"},
		{"countersign what was not signed", received, func(id winddown.ID) error {
			return a.CountersignAct(ctx, owner, id, winddown.CountersignAct{Act: 1, Version: version, On: today})
		}, winddown.Conflict, "act.error.order"},
		{"sign what was not compared", received, func(id winddown.ID) error {
			_, err := a.MarkDone(ctx, owner, id, w.done(owner, id, winddown.SignAct))
			return err
		}, winddown.Conflict, "act.error.order"},
		{"undo nothing", early, func(id winddown.ID) error {
			return a.UndoAct(ctx, owner, id, winddown.UndoAct{Act: 1, Version: 1, Reason: "Ошибка"})
		}, winddown.Conflict, "act.error.order"},
		{"undo without a reason", received, func(id winddown.ID) error {
			return a.UndoAct(ctx, owner, id, winddown.UndoAct{Act: 1, Version: version})
		}, winddown.Invalid, "error.invalid"},
		{"an act with nobody", early, func(id winddown.ID) error { return a.AddAct(ctx, owner, id, winddown.AddAct{Counterparty: " "}) },
			winddown.Invalid, "error.invalid"},
		{"remove the only act", early, func(id winddown.ID) error { return a.RemoveAct(ctx, owner, id, 1, 1) },
			winddown.Conflict, "act.error.not_removable"},
		{"remove no act", early, func(id winddown.ID) error { return a.RemoveAct(ctx, owner, id, 7, 1) }, winddown.NotFound, "error.not_found"},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := w.contents(c.id)
			wantKey(t, c.do(c.id), c.want, c.key)
			w.wantUnchanged(c.id, before)
		})
	}
}

// Two who compare at the same moment with different results: one of them did.
func twoCompareAtOnce(t *testing.T, w *world) {
	owner := w.person("Петрова")
	id := w.open(owner)
	w.mark(owner, id, goods()...)
	w.mark(owner, id, winddown.RequestAct, winddown.ReceiveAct)
	events, version := w.verify(id), w.act(owner, id, 1).Version
	wantTally(t, atOnce(8, func(i int) error {
		in := winddown.CompareAct{Act: 1, Version: version, On: w.today(owner), Difference: fmt.Sprint(i + 1), Objections: "Нет возврата"}
		return w.app.CompareAct(t.Context(), owner, id, in)
	}), map[string]int{"conflict": 7, "ok": 1})
	if n := w.verify(id); n != events+1 {
		t.Errorf("%d events, want one", n-events)
	}
}
