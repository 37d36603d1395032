package winddown_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"winddown/internal/winddown"
)

// transitions is the whole table: a row for each phase, a column for each action, and the
// phase it leads to. A dash is a refusal.
const transitions = `
phase                    request                  remind     receive                  agree   disagree   dispute   sign                     countersign              undo
not_requested            requested                -          -                        -       -          -         -                        -                        -
requested                requested                requested  received                 -       -          -         -                        -                        not_requested
received                 received                 -          received                 agreed  disagreed  -         -                        -                        requested
agreed                   agreed                   -          agreed                   agreed  disagreed  -         signed                   -                        received
disagreed                disagreed                -          disagreed                agreed  disagreed  disputed  -                        -                        received
disputed                 requested                -          disputed                 agreed  -          disputed  signed_objecting         -                        disagreed
signed                   signed                   -          signed                   -       -          -         signed                   countersigned            agreed
countersigned            countersigned            -          countersigned            -       -          -         countersigned            countersigned            signed
signed_objecting         signed_objecting         -          signed_objecting         -       -          -         signed_objecting         countersigned_objecting  disputed
countersigned_objecting  countersigned_objecting  -          countersigned_objecting  -       -          -         countersigned_objecting  countersigned_objecting  signed_objecting
`

func TestActPhases(t *testing.T) {
	lines := strings.Split(strings.TrimSpace(transitions), "\n")
	actions := strings.Fields(lines[0])[1:]
	if len(lines) != 11 || len(actions) != 9 || len(winddown.Phases()) != 10 || len(winddown.ActActions()) != 9 {
		t.Fatalf("the table has %d rows and %d columns", len(lines)-1, len(actions))
	}
	for i, line := range lines[1:] {
		cells := strings.Fields(line)
		from := winddown.Phase(cells[0])
		if from != winddown.Phases()[i] {
			t.Errorf("phase %d is %q, want %q", i, winddown.Phases()[i], from)
		}
		for j, cell := range cells[1:] {
			action := winddown.ActAction(actions[j])
			if action != winddown.ActActions()[j] {
				t.Errorf("action %d is %q, want %q", j, winddown.ActActions()[j], action)
			}
			want := winddown.Phase(strings.TrimPrefix(cell, "-"))
			if got, ok := winddown.NextPhase(from, action); got != want || ok != (want != "") {
				t.Errorf("%s an act that is %s: %q, %v, want %q", action, from, got, ok, want)
			}
			t.Run(fmt.Sprintf("%s %s", from, action), func(t *testing.T) { testTransition(t, from, action, want) })
		}
	}
}

// testTransition does it to the act of a case.
func testTransition(t *testing.T, from winddown.Phase, action winddown.ActAction, want winddown.Phase) {
	c := caseWithAct(t, from)
	if got := c.Acts[0].Phase(); got != from {
		t.Fatalf("the act is %s, want %s", got, from)
	}
	if got := c.Acts[0].May(action); got != (want != "") {
		t.Errorf("May(%s) = %v", action, got)
	}
	before := clone(c)
	events, err := do(t, c, action, 1, "2026-12-05")
	if want == "" {
		if len(events) != 0 || !errors.Is(err, winddown.Conflict) && !errors.Is(err, winddown.Blocked) {
			t.Errorf("events %v, error %v", kinds(events), err)
		}
		unchanged(t, before, c)
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	if got := c.Acts[0].Phase(); got != want {
		t.Errorf("the act is %s, want %s", got, want)
	}
	if len(events) == 0 != equal(before, c) {
		t.Errorf("events %v, but\n%s", kinds(events), difference(before, c))
	}
}

// caseWithAct is a case whose act is in a phase: requested on 12, received on 24, compared
// on 25 and signed on 26 November.
func caseWithAct(t testing.TB, phase winddown.Phase) *winddown.Case {
	t.Helper()
	c := openCase(t, everything())
	mark(t, c, "2026-11-10", goods()...)
	agreed := []winddown.ActAction{winddown.ActRequest, winddown.ActReceive, winddown.ActAgree, winddown.ActSign, winddown.ActCountersign}
	disagreed := []winddown.ActAction{winddown.ActRequest, winddown.ActReceive, winddown.ActDisagree, winddown.ActDispute, winddown.ActSign, winddown.ActCountersign}
	way := map[winddown.Phase][]winddown.ActAction{
		winddown.PhaseNotRequested: nil, winddown.PhaseRequested: agreed[:1], winddown.PhaseReceived: agreed[:2], winddown.PhaseAgreed: agreed[:3],
		winddown.PhaseSigned: agreed[:4], winddown.PhaseCountersigned: agreed[:5], winddown.PhaseDisagreed: disagreed[:3], winddown.PhaseDisputed: disagreed[:4],
		winddown.PhaseSignedObjecting: disagreed[:5], winddown.PhaseCountersignedObjecting: disagreed[:6],
	}[phase]
	for i, action := range way {
		if _, err := do(t, c, action, 1, []string{"2026-11-12", "2026-11-24", "2026-11-25", "2026-11-26", "2026-11-30", "2026-12-01"}[i]); err != nil {
			t.Fatalf("%s: %v", action, err)
		}
	}
	return c
}

// do does something about an act, the details being those of the day. What corrects an
// earlier date repeats it.
func do(t testing.TB, c *winddown.Case, action winddown.ActAction, act int, on string) ([]winddown.Event, error) {
	t.Helper()
	a, err := c.Act(act)
	if err != nil {
		t.Fatal(err)
	}
	markAct := func(code winddown.Code, known winddown.Date) ([]winddown.Event, error) {
		in := form(t, c, code, on)
		in.Act, in.Reasons = act, excuses(c, code, act)
		if !known.IsZero() && a.Phase() != winddown.PhaseDisputed {
			in.On = known
		}
		return c.MarkDone(in, by(1, on))
	}
	switch action {
	case winddown.ActRequest:
		return markAct(winddown.RequestAct, a.RequestedOn)
	case winddown.ActReceive:
		known := a.ReceivedOn
		if a.Phase() == winddown.PhaseDisputed {
			on = known.String()
		}
		return markAct(winddown.ReceiveAct, known)
	case winddown.ActRemind:
		return c.RemindAct(winddown.RemindAct{Act: act, Version: a.Version, On: day(on)}, by(1, on))
	case winddown.ActAgree:
		return c.CompareAct(winddown.CompareAct{Act: act, Version: a.Version, On: day(on), Agrees: true}, by(1, on))
	case winddown.ActDisagree:
		return c.CompareAct(winddown.CompareAct{Act: act, Version: a.Version, On: day(on), Difference: "-3 418,20", Objections: "Штраф\n\nне наш"}, by(1, on))
	case winddown.ActDispute:
		return c.DisputeAct(winddown.DisputeAct{Act: act, Version: a.Version, On: day(on)}, by(1, on))
	case winddown.ActSign:
		return markAct(winddown.SignAct, a.SignedOn)
	case winddown.ActCountersign:
		return c.CountersignAct(winddown.CountersignAct{Act: act, Version: a.Version, On: day(on)}, by(1, on))
	case winddown.ActUndo:
		return c.UndoAct(winddown.UndoAct{Act: act, Version: a.Version, Reason: "не тот акт"}, by(1, on))
	}
	t.Fatalf("unknown action %s", action)
	return nil, nil
}

func TestCompareAct(t *testing.T) {
	long := strings.Repeat("ж", 4001)
	valid := winddown.CompareAct{Act: 1, On: day("2026-11-25"), Difference: " (3 418,20) ", Objections: " Штраф\r\nне наш "}
	for _, x := range []struct {
		name   string
		change func(*winddown.CompareAct)
		want   []string
	}{
		{"no date", func(in *winddown.CompareAct) { in.On = winddown.Date{} }, []string{"on: step.error.date_missing"}},
		{"tomorrow", func(in *winddown.CompareAct) { in.On = day("2026-12-11") }, []string{"on: step.error.date_future"}},
		{"before the receipt", func(in *winddown.CompareAct) { in.On = day("2026-11-23") }, []string{"on: act.error.compared_before_received"}},
		{"agrees before the receipt", func(in *winddown.CompareAct) { in.Agrees, in.On = true, day("2026-11-23") }, []string{"on: act.error.compared_before_received"}},
		{"no difference", func(in *winddown.CompareAct) { in.Difference = "" }, []string{"difference: ledger.error.amount_missing"}},
		{"difference of zero", func(in *winddown.CompareAct) { in.Difference = "0,00" }, []string{"difference: act.error.difference_zero"}},
		{"difference in words", func(in *winddown.CompareAct) { in.Difference = "много" }, []string{"difference: ledger.error.amount"}},
		{"no objections", func(in *winddown.CompareAct) { in.Objections = " \n" }, []string{"objections: act.error.objections_missing"}},
		{"objections too long", func(in *winddown.CompareAct) { in.Objections = long }, []string{"objections: error.field.too_long"}},
		{"all at once", func(in *winddown.CompareAct) { in.On, in.Difference, in.Objections = winddown.Date{}, "", "" },
			[]string{"on: step.error.date_missing", "difference: ledger.error.amount_missing", "objections: act.error.objections_missing"}},
	} {
		t.Run(x.name, func(t *testing.T) {
			c := caseWithAct(t, winddown.PhaseReceived)
			in := valid
			in.Version = c.Acts[0].Version
			x.change(&in)
			before := clone(c)
			_, err := c.CompareAct(in, by(1, today))
			wantFields(t, err, x.want...)
			unchanged(t, before, c)
		})
	}
	c := caseWithAct(t, winddown.PhaseReceived)
	in := valid
	in.Version = c.Acts[0].Version
	events, err := c.CompareAct(in, by(1, today))
	if err != nil {
		t.Fatal(err)
	}
	a := c.Acts[0]
	if a.Agrees || a.ComparedOn != day("2026-11-25") || a.Difference != -341820 || a.Objections != "Штраф\nне наш" ||
		!slices.Equal(a.ObjectionList(), []string{"Штраф", "не наш"}) || a.Version != in.Version+1 {
		t.Errorf("compared: %+v", a)
	}
	if e := events[0]; e.Kind != winddown.ActCompared || e.Act != 1 || e.Round != 1 || e.Before["compared_on"] != "" || e.After["difference"] != "-3418.20" || e.After["agrees"] != "no" {
		t.Errorf("recorded %+v", e)
	}
	before := clone(c)
	events, err = c.CompareAct(in, by(1, today))
	wantRepeat(t, events, err)
	in.Difference = "1"
	events, err = c.CompareAct(in, by(1, today))
	wantRefused(t, events, err, winddown.Conflict, "act.error.stale")
	in.Act = 7
	events, err = c.CompareAct(in, by(1, today))
	wantRefused(t, events, err, winddown.NotFound, "error.not_found")
	events, err = c.DisputeAct(winddown.DisputeAct{Act: 1, Version: a.Version, On: day("2026-11-24")}, by(1, today))
	wantFields(t, err, "on: act.error.disputed_before_compared")
	_, err = c.UndoAct(winddown.UndoAct{Act: 1, Version: a.Version}, by(1, today))
	wantFields(t, err, "reason: step.error.reason_missing")
	if events != nil {
		t.Errorf("events %v", events)
	}
	unchanged(t, before, c)
}

// A receipt cannot be corrected to a day after the comparison.
func TestReceiptBeforeComparison(t *testing.T) {
	c := caseWithAct(t, winddown.PhaseAgreed)
	in := form(t, c, winddown.ReceiveAct, "2026-11-26")
	before := clone(c)
	_, err := c.MarkDone(in, by(1, today))
	wantFields(t, err, "on: step.error.received_after_compared")
	unchanged(t, before, c)
	in.On = day("2026-11-25")
	if _, err := c.MarkDone(in, by(1, today)); err != nil {
		t.Error(err)
	}
	// Once the receipt is taken back, the comparison is gone with it.
	undo(t, c, today, winddown.ReceiveAct)
	mark(t, c, today, winddown.ReceiveAct)
	if got := c.Acts[0].Phase(); got != winddown.PhaseReceived {
		t.Errorf("the act is %s", got)
	}
}

// What is taken out of the act is recorded, like what is put in.
func TestClearedBalanceIsRecorded(t *testing.T) {
	c := caseWithAct(t, winddown.PhaseRequested)
	in := form(t, c, winddown.ReceiveAct, "2026-11-24")
	in.Ours, in.Theirs = winddown.Balance{Known: true, Amount: 100}, winddown.Balance{Known: true}
	if _, err := c.MarkDone(in, by(1, today)); err != nil {
		t.Fatal(err)
	}
	if a := c.Acts[0]; a.Ours != in.Ours || a.Theirs != in.Theirs {
		t.Errorf("received %+v", a)
	}
	in = form(t, c, winddown.ReceiveAct, "2026-11-24")
	events, err := c.MarkDone(in, by(1, today))
	if err != nil || len(events) != 1 || events[0].Before["ours"] != "1.00" || events[0].Before["theirs"] != "0.00" {
		t.Fatalf("events %+v, error %v", events, err)
	}
	if v, ok := events[0].After["ours"]; ok {
		t.Errorf("our balance is recorded as %q", v)
	}
}

// Signing wants a comparison, and keeps who signed on what authority.
func TestSignAct(t *testing.T) {
	c := caseWithAct(t, winddown.PhaseReceived)
	in := form(t, c, winddown.SignAct, "2026-11-26")
	before := clone(c)
	events, err := c.MarkDone(in, by(1, today))
	wantRefused(t, events, err, winddown.Conflict, "act.error.order")
	unchanged(t, before, c)

	c = caseWithAct(t, winddown.PhaseAgreed)
	in = form(t, c, winddown.SignAct, "2026-11-26")
	in.Signer, in.Authority, in.Via = strings.Repeat("ж", 201), strings.Repeat("ж", 201), "pigeon"
	_, err = c.MarkDone(in, by(1, today))
	wantFields(t, err, "signer: error.field.too_long", "authority: error.field.too_long", "via: error.field.unknown")
	in.Signer, in.Authority, in.Via = " Петрова  А. С. ", "доверенность № 3", winddown.ViaPaper
	if _, err := c.MarkDone(in, by(1, today)); err != nil {
		t.Fatal(err)
	}
	if a := c.Acts[0]; a.Signer != "Петрова А. С." || a.Authority != "доверенность № 3" || a.Via != winddown.ViaPaper || a.SignedOn != day("2026-11-26") {
		t.Errorf("signed %+v", a)
	}
	if _, err := do(t, c, winddown.ActCountersign, 1, "2026-12-01"); err != nil || c.Acts[0].CountersignedOn != day("2026-12-01") {
		t.Errorf("countersigned on %s, %v", c.Acts[0].CountersignedOn, err)
	}
	// Taken back one by one: the step loses its signature with the date.
	events, err = do(t, c, winddown.ActUndo, 1, today)
	if err != nil || c.Acts[0].Phase() != winddown.PhaseSigned || step(t, c, winddown.SignAct).Tick == nil {
		t.Errorf("events %v, error %v", kinds(events), err)
	}
	mark(t, c, today, winddown.SettleDebts)
	if _, err := do(t, c, winddown.ActUndo, 1, today); err != nil {
		t.Fatal(err)
	}
	wantStatuses(t, c, today, map[winddown.Code]winddown.Status{winddown.SignAct: winddown.InProgress, winddown.SettleDebts: winddown.HasProblem})
}

// A disputed act is requested again: a new round, and the old one stays as it was.
func TestRounds(t *testing.T) {
	c := caseWithAct(t, winddown.PhaseDisputed)
	c.Acts[0].Counterparty = "ООО «РВБ»"
	first := c.Acts[0]
	in := form(t, c, winddown.RequestAct, "2026-11-25")
	in.Ticket = "18"
	before := clone(c)
	_, err := c.MarkDone(in, by(1, today))
	wantFields(t, err, "on: step.error.requested_before_disputed")
	unchanged(t, before, c)

	in.On = day("2026-11-26")
	events, err := c.MarkDone(in, by(1, today))
	if err != nil {
		t.Fatal(err)
	}
	wantKinds(t, events, "act_requested_again request_act", "step_reverted receive_act")
	if events[0].Round != 2 || events[0].After["ticket"] != "18" {
		t.Errorf("recorded %+v", events[0])
	}
	if a := c.Acts[0]; a.Round != 2 || a.Phase() != winddown.PhaseRequested || a.Version != first.Version+1 || a.Objections != "" || a.Ticket != "18" {
		t.Errorf("the new round is %+v", a)
	}
	if got := c.Rounds(1); !slices.Equal(got, []winddown.Act{first}) {
		t.Errorf("past rounds %+v, want %+v", got, first)
	}
	wantStatuses(t, c, today, map[winddown.Code]winddown.Status{
		winddown.RequestAct: winddown.Done, winddown.ReceiveAct: winddown.InProgress, winddown.SignAct: winddown.StatusBlocked})
	before = clone(c)
	events, err = c.MarkDone(in, by(1, today))
	wantRepeat(t, events, err)

	// The new request is there to stay.
	events, err = do(t, c, winddown.ActUndo, 1, today)
	wantRefused(t, events, err, winddown.Conflict, "act.error.order")
	events, err = c.Undo(winddown.Undo{Step: winddown.RequestAct, Version: step(t, c, winddown.RequestAct).Version, Reason: "x"}, by(1, today))
	wantRefused(t, events, err, winddown.Conflict, "act.error.round_stays")
	unchanged(t, before, c)
	events, err = c.RemoveAct(1, c.Acts[0].Version, by(1, today))
	wantRefused(t, events, err, winddown.Conflict, "act.error.not_removable")
	// Its date cannot be corrected to one before the dispute either.
	correction := form(t, c, winddown.RequestAct, "2026-11-25")
	_, err = c.MarkDone(correction, by(1, today))
	wantFields(t, err, "on: step.error.requested_before_disputed")

	for round := 3; round <= winddown.MaxRounds+1; round++ {
		for _, action := range []winddown.ActAction{winddown.ActReceive, winddown.ActDisagree, winddown.ActDispute, winddown.ActRequest} {
			before = clone(c)
			events, err = do(t, c, action, 1, today)
			if round > winddown.MaxRounds && action == winddown.ActRequest {
				wantRefused(t, events, err, winddown.Conflict, "act.error.too_many_rounds")
				unchanged(t, before, c)
			} else if err != nil {
				t.Fatal(round, action, err)
			}
		}
	}
	if len(c.Past) != winddown.MaxRounds-1 {
		t.Errorf("%d past rounds", len(c.Past))
	}
}

func addAct(t testing.TB, c *winddown.Case, name string) []winddown.Event {
	t.Helper()
	events, err := c.AddAct(winddown.AddAct{Counterparty: name, Version: c.Version}, by(1, today))
	if err != nil {
		t.Fatal(err)
	}
	return events
}

// With several acts each is taken on its own way; a step is signed when the last one has
// come so far.
func TestSeveralActsOnTheirWay(t *testing.T) {
	c := caseWithAct(t, winddown.PhaseSigned)
	wantKinds(t, addAct(t, c, "ООО «РВБ»"), "act_added", "step_reverted request_act", "step_reverted receive_act", "step_reverted sign_act")
	wantStatuses(t, c, today, map[winddown.Code]winddown.Status{
		winddown.RequestAct: winddown.InProgress, winddown.ReceiveAct: winddown.InProgress, winddown.SignAct: winddown.InProgress, winddown.SettleDebts: winddown.StatusBlocked})
	if a, err := c.ActFor(winddown.RequestAct, 0); err != nil || a.Position != 2 {
		t.Errorf("the next to be requested is %+v, %v", a, err)
	}
	// The new act cannot take what it has not come to, though the steps are open.
	for _, code := range []winddown.Code{winddown.ReceiveAct, winddown.SignAct} {
		before := clone(c)
		events, err := c.MarkDone(form(t, c, code, today), by(1, today))
		wantRefused(t, events, err, winddown.Blocked, "step.error.blocked")
		unchanged(t, before, c)
	}
	for _, x := range []struct {
		action winddown.ActAction
		want   string
	}{
		{winddown.ActRequest, "step_done request_act"}, {winddown.ActReceive, "step_done receive_act"}, {winddown.ActAgree, ""}, {winddown.ActSign, "step_done sign_act"},
	} {
		events, err := do(t, c, x.action, 2, today)
		if err != nil || x.want != "" && kinds(events)[0] != x.want {
			t.Errorf("%s: events %v, error %v", x.action, kinds(events), err)
		}
	}
	if got := step(t, c, winddown.SignAct).Tick.On; got != day(today) {
		t.Errorf("signed on %s, want the day of the last act", got)
	}

	// A correction of the first act leaves the day of the last.
	in := form(t, c, winddown.RequestAct, "2026-11-12")
	in.Act, in.Ticket = 1, "17"
	events, err := c.MarkDone(in, by(1, today))
	if err != nil || len(events) != 1 || events[0].Before["on"] != today || events[0].After["on"] != today || events[0].After["ticket"] != "17" {
		t.Errorf("events %+v, error %v", events, err)
	}

	// Two acts more: the request of one of them is only noted.
	addAct(t, c, "ООО «ВБ»")
	addAct(t, c, "ООО «Третье»")
	in = form(t, c, winddown.RequestAct, today)
	if in.Act != 3 {
		t.Errorf("the next to be requested is act %d", in.Act)
	}
	events, err = c.MarkDone(in, by(1, today))
	if err != nil {
		t.Fatal(err)
	}
	wantKinds(t, events, "act_noted request_act")
	if got := winddown.Summarize(c, winddown.RussianCalendar()); got.Act != winddown.NotRequested || got.Stage != winddown.GroupReady {
		t.Errorf("summary %+v", got)
	}
	// Without the act that was added by mistake the request is complete.
	last, _ := c.Act(4)
	events, err = c.RemoveAct(4, last.Version, by(2, today))
	if err != nil {
		t.Fatal(err)
	}
	wantKinds(t, events, "act_removed", "step_done request_act")
	if got := step(t, c, winddown.RequestAct).Tick; got.On != day(today) || got.By != person(2) {
		t.Errorf("signed as %+v", got)
	}
}

// Goods come back while one act is signed and the other awaited: nothing goes on.
func TestGoodsComeBackBetweenActs(t *testing.T) {
	for _, requested := range []bool{true, false} {
		c := caseWithAct(t, winddown.PhaseAgreed)
		addAct(t, c, "ООО «РВБ»")
		if requested {
			if _, err := do(t, c, winddown.ActRequest, 2, today); err != nil {
				t.Fatal(err)
			}
		}
		closed, suspended := c.Consequences(winddown.SellOut)
		regress(t, c, today, winddown.SellOut)
		wantStatuses(t, c, today, map[winddown.Code]winddown.Status{winddown.ReceiveAct: winddown.StatusBlocked, winddown.SignAct: winddown.StatusBlocked})
		want := []winddown.Code{winddown.RequestAct, winddown.ReceiveAct, winddown.SignAct}
		if requested {
			want = want[1:]
		}
		if !slices.Equal(closed, want) || slices.Contains(suspended, winddown.RequestAct) != requested {
			t.Errorf("foretold closed %v, suspended %v", closed, suspended)
		}
		before := clone(c)
		events, err := do(t, c, winddown.ActSign, 1, today)
		wantRefused(t, events, err, winddown.Blocked, "step.error.blocked")
		events, err = do(t, c, winddown.ActDisagree, 1, today)
		wantRefused(t, events, err, winddown.Blocked, "step.error.blocked")
		unchanged(t, before, c)
		for _, d := range c.Dues(winddown.RussianCalendar()) {
			if d.Kind == winddown.DueChase {
				t.Errorf("the act is chased while goods are back: %+v", d)
			}
		}
	}
}

func TestAddAndRemoveActRefused(t *testing.T) {
	c := caseWithAct(t, winddown.PhaseRequested)
	addAct(t, c, " ООО  «РВБ» ")
	if got := c.Acts[1]; got != (winddown.Act{Position: 2, Round: 1, Version: 1, Counterparty: "ООО «РВБ»"}) {
		t.Errorf("added %+v", got)
	}
	before := clone(c)
	for name, field := range map[string]string{" ": "counterparty: act.error.counterparty_missing", strings.Repeat("ж", 201): "counterparty: error.field.too_long",
		"ооо «рвб»": "counterparty: act.error.counterparty_known"} {
		_, err := c.AddAct(winddown.AddAct{Counterparty: name}, by(1, today))
		wantFields(t, err, field)
	}
	events, err := c.AddAct(winddown.AddAct{Counterparty: "ООО", Version: c.Version + 1}, by(1, today))
	wantRefused(t, events, err, winddown.Conflict, "case.error.stale")
	events, err = c.RemoveAct(1, c.Acts[0].Version, by(1, today))
	wantRefused(t, events, err, winddown.Conflict, "act.error.not_removable")
	events, err = c.RemoveAct(2, 7, by(1, today))
	wantRefused(t, events, err, winddown.Conflict, "act.error.stale")
	events, err = c.RemoveAct(3, 1, by(1, today))
	wantRefused(t, events, err, winddown.NotFound, "error.not_found")
	unchanged(t, before, c)

	in := winddown.AddAct{Counterparty: "ООО «Лишнее»", Version: c.Version}
	for n := range 2 {
		events, err := c.AddAct(in, by(1, today))
		if err != nil || (len(events) > 0) != (n == 0) {
			t.Errorf("added %d times: events %v, error %v", n+1, kinds(events), err)
		}
	}
	for n := range 2 {
		events, err := c.RemoveAct(3, 1, by(1, today))
		if err != nil || (len(events) > 0) != (n == 0) {
			t.Errorf("removed %d times: events %v, error %v", n+1, kinds(events), err)
		}
	}
	// Nor is an act removed that something was filed with; positions are not used twice.
	addAct(t, c, "ООО «ВБ»")
	paper := upload(winddown.RequestAct, winddown.SlotRequest, "письмо.pdf", 1)
	paper.Act = 4
	file(t, c, paper, "evidence_added request_act")
	events, err = c.RemoveAct(4, 1, by(1, today))
	wantRefused(t, events, err, winddown.Conflict, "act.error.not_removable")

	for len(c.Acts) < winddown.MaxActs {
		addAct(t, c, fmt.Sprintf("ООО «%d»", len(c.Acts)))
	}
	events, err = c.AddAct(winddown.AddAct{Counterparty: "ещё одно"}, by(1, today))
	wantRefused(t, events, err, winddown.Conflict, "act.error.too_many")

	only := openCase(t, everything())
	events, err = only.RemoveAct(1, 1, by(1, today))
	wantRefused(t, events, err, winddown.Conflict, "act.error.not_removable")
}
