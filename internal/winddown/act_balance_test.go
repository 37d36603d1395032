package winddown_test

import (
	"testing"

	"winddown/internal/winddown"
)

func owed(kopecks winddown.Money) winddown.Balance {
	return winddown.Balance{Known: true, Amount: kopecks}
}

// receivedWith is a case whose act came with these balances.
func receivedWith(t testing.TB, ours, theirs winddown.Balance) *winddown.Case {
	t.Helper()
	c := caseWithAct(t, winddown.PhaseRequested)
	in := form(t, c, winddown.ReceiveAct, "2026-11-24")
	in.Ours, in.Theirs = ours, theirs
	if _, err := c.MarkDone(in, by(1, today)); err != nil {
		t.Fatal(err)
	}
	return c
}

// The result of a comparison and the two balances say the same.
func TestComparisonAgreesWithTheBalances(t *testing.T) {
	for _, x := range []struct {
		name         string
		ours, theirs winddown.Balance
		agrees       bool
		difference   string
		want         []string
	}{
		{"equal, agrees", owed(-500), owed(-500), true, "", nil},
		{"equal, disagrees", owed(-500), owed(-500), false, "5", []string{"agrees: act.error.balances_equal"}},
		{"differ, agrees", owed(100), owed(-500), true, "", []string{"agrees: act.error.balances_differ"}},
		{"differ, disagrees", owed(100), owed(-500), false, "6", nil},
		{"differ by another sum", owed(100), owed(-500), false, "4", []string{"difference: act.error.difference_other"}},
		{"differ, the sum of no shape", owed(100), owed(-500), false, "шесть", []string{"difference: ledger.error.amount"}},
		{"ours not known, agrees", winddown.Balance{}, owed(-500), true, "", nil},
		{"theirs not known, disagrees", owed(-500), winddown.Balance{}, false, "4", nil},
	} {
		t.Run(x.name, func(t *testing.T) {
			c := receivedWith(t, x.ours, x.theirs)
			before := clone(c)
			_, err := c.CompareAct(winddown.CompareAct{
				Act: 1, Version: c.Acts[0].Version, On: day(today), Agrees: x.agrees, Difference: x.difference, Objections: "штраф",
			}, by(1, today))
			if x.want == nil {
				if err != nil {
					t.Error(err)
				}
				return
			}
			wantFields(t, err, x.want...)
			unchanged(t, before, c)
		})
	}
}

// Balances corrected after the comparison want a new one; those of a signed act stay with
// what was signed.
func TestCorrectedBalances(t *testing.T) {
	c := receivedWith(t, owed(-500), owed(-500))
	compare(t, c, today)
	correct := func(ours, theirs winddown.Money) error {
		in := form(t, c, winddown.ReceiveAct, "2026-11-24")
		in.Ours, in.Theirs = owed(ours), owed(theirs)
		_, err := c.MarkDone(in, by(1, today))
		return err
	}
	if err := correct(-700, -700); err != nil || c.Acts[0].Phase() != winddown.PhaseAgreed {
		t.Errorf("both corrected alike: %s, %v", c.Acts[0].Phase(), err)
	}
	if err := correct(-700, -500); err != nil || c.Acts[0].Phase() != winddown.PhaseReceived || !c.Acts[0].ComparedOn.IsZero() {
		t.Errorf("one corrected: %s, %v", c.Acts[0].Phase(), err)
	}
	if err := correct(-700, -700); err != nil {
		t.Fatal(err)
	}
	mark(t, c, today, winddown.SignAct)
	before := clone(c)
	wantFields(t, correct(-700, -500), "theirs: act.error.signed_balances")
	unchanged(t, before, c)
	if err := correct(-500, -500); err != nil || c.Acts[0].Phase() != winddown.PhaseSigned {
		t.Errorf("a signed act, both corrected alike: %s, %v", c.Acts[0].Phase(), err)
	}
}

// A difference follows corrected balances, and what was typed about it stays.
func TestCorrectedBalancesOfADisputedAct(t *testing.T) {
	c := receivedWith(t, owed(100), owed(-500))
	a := &c.Acts[0]
	if _, err := c.CompareAct(winddown.CompareAct{Act: 1, Version: a.Version, On: day(today), Difference: "6", Objections: "штраф"}, by(1, today)); err != nil {
		t.Fatal(err)
	}
	if _, err := do(t, c, winddown.ActDispute, 1, today); err != nil {
		t.Fatal(err)
	}
	in := form(t, c, winddown.ReceiveAct, "2026-11-24")
	in.Ours, in.Theirs = owed(200), owed(-500)
	if _, err := c.MarkDone(in, by(1, today)); err != nil {
		t.Fatal(err)
	}
	if a.Phase() != winddown.PhaseDisputed || a.Difference != 700 || a.Objections != "штраф" {
		t.Errorf("corrected: %+v", *a)
	}
	in = form(t, c, winddown.ReceiveAct, "2026-11-24")
	in.Ours, in.Theirs = owed(-500), owed(-500)
	if _, err := c.MarkDone(in, by(1, today)); err != nil || a.Phase() != winddown.PhaseReceived {
		t.Errorf("equal now: %s, %v", a.Phase(), err)
	}
}

// Acts of before may contradict their balances; nothing but a new receipt takes that up.
func TestContradictingActOfBefore(t *testing.T) {
	c := caseWithAct(t, winddown.PhaseSigned)
	c.Acts[0].Ours, c.Acts[0].Theirs = owed(100), owed(-500)
	in := form(t, c, winddown.RequestAct, "2026-11-12")
	in.Ticket = "18"
	if _, err := c.MarkDone(in, by(1, today)); err != nil || c.Acts[0].Phase() != winddown.PhaseSigned {
		t.Errorf("another ticket leaves the act %s, %v", c.Acts[0].Phase(), err)
	}
	c = caseWithAct(t, winddown.PhaseAgreed)
	c.Acts[0].Ours, c.Acts[0].Theirs = owed(100), owed(-500)
	if _, err := c.MarkDone(form(t, c, winddown.SignAct, "2026-11-26"), by(1, today)); err != nil || c.Acts[0].Phase() != winddown.PhaseSigned {
		t.Errorf("the act is %s, %v", c.Acts[0].Phase(), err)
	}
}

// A signature whose receipt was taken back does not hold other balances off.
func TestReceivedAnewUnderASuspendedSignature(t *testing.T) {
	c := receivedWith(t, owed(-500), owed(-500))
	mark(t, c, today, winddown.SignAct)
	undo(t, c, today, winddown.ReceiveAct)
	in := form(t, c, winddown.ReceiveAct, "2026-11-24")
	in.Ours, in.Theirs = owed(100), owed(-500)
	if _, err := c.MarkDone(in, by(1, today)); err != nil || c.Acts[0].Phase() != winddown.PhaseReceived {
		t.Errorf("the act is %s, %v", c.Acts[0].Phase(), err)
	}
}

// A balance that an act gets later takes the settlement of an empty ledger back.
func TestBalanceAfterTheSettlement(t *testing.T) {
	c := receivedWith(t, winddown.Balance{}, owed(0))
	mark(t, c, today, winddown.SignAct, winddown.StripMedia, winddown.SettleDebts)
	in := form(t, c, winddown.ReceiveAct, "2026-11-24")
	in.Theirs = owed(-700)
	events, err := c.MarkDone(in, by(1, today))
	if err != nil {
		t.Fatal(err)
	}
	wantKinds(t, events, "step_corrected receive_act", "step_suspended settle_debts")
	if group := winddown.Summarize(c, winddown.RussianCalendar()).Stage; group != winddown.GroupProblem {
		t.Errorf("the case stands in %s", group)
	}
	step(t, c, winddown.SettleDebts).Problem = nil // a case of before
	if group := winddown.Summarize(c, winddown.RussianCalendar()).Stage; group != winddown.GroupDebt {
		t.Errorf("the case stands in %s", group)
	}
}

// An empty ledger is no settled one while the agreed act says that somebody owes.
func TestUnbookedAct(t *testing.T) {
	for _, x := range []struct {
		name         string
		ours, theirs winddown.Balance
		want         winddown.Money
	}{
		{"owed to the marketplace", owed(-341820), owed(-341820), -341820},
		{"owed by the marketplace", winddown.Balance{}, owed(100), 100},
		{"known by our books only", owed(-5), winddown.Balance{}, -5},
		{"zero", owed(0), owed(0), 0},
		{"not known", winddown.Balance{}, winddown.Balance{}, 0},
	} {
		t.Run(x.name, func(t *testing.T) {
			c := receivedWith(t, x.ours, x.theirs)
			if got := c.UnbookedActs(); len(got) != 0 {
				t.Errorf("not compared yet, but %d acts are not in the ledger", len(got))
			}
			mark(t, c, today, winddown.SignAct, winddown.StripMedia)
			in := form(t, c, winddown.SettleDebts, today)
			_, err := c.MarkDone(in, by(1, today))
			if x.want == 0 {
				if err != nil || len(c.UnbookedActs()) != 0 {
					t.Errorf("%d acts, %v", len(c.UnbookedActs()), err)
				}
				return
			}
			wantFields(t, err, "done: step.error.unbooked")
			if acts := c.UnbookedActs(); len(acts) != 1 || acts[0].AgreedBalance().Amount != x.want {
				t.Errorf("acts %+v", acts)
			}
			write(t, &c.Debts, fine(1))
			if _, _, err := c.Debts.SettleDebt(winddown.SettleDebt{ID: debtID(1), Version: 1, On: day(today)}, by(1, today)); err != nil {
				t.Fatal(err)
			}
			c.KeepLedger(by(1, today))
			mark(t, c, today, winddown.SettleDebts)
			// Without its only line the ledger is as empty as before.
			d, _ := c.Debts.Debt(debtID(1))
			if _, _, err := c.Debts.RemoveDebt(winddown.RemoveDebt{ID: d.ID, Version: d.Version, Reason: "ошибка"}, by(1, today)); err != nil {
				t.Fatal(err)
			}
			wantKinds(t, c.KeepLedger(by(1, today)), "step_suspended settle_debts")
			step(t, c, winddown.SettleDebts).Problem = nil
			refused, err := c.Finish(0, by(1, today))
			wantRefused(t, refused, err, winddown.Blocked, "finish.error.blocked")
		})
	}
}

// The ledger is compared with the acts as it stood when their period ended.
func TestLedgerGap(t *testing.T) {
	c := receivedWith(t, owed(-341820), owed(-341820))
	gap := func(wantActs, wantLedger winddown.Money, want bool) {
		t.Helper()
		c.KeepLedger(by(1, today))
		if acts, ledger, differ := c.LedgerGap(); differ != want || want && (acts != wantActs || ledger != wantLedger) {
			t.Errorf("acts %s, ledger %s, differ %v", acts, ledger, differ)
		}
	}
	write(t, &c.Debts, payout(2))
	gap(0, 0, false) // not compared yet
	compare(t, c, today)
	gap(-341820, 46478815, true)
	write(t, &c.Debts, fine(1))
	gap(-341820, 46136995, true)
	// What was closed before the act was asked for is not in it.
	if _, _, err := c.Debts.SettleDebt(winddown.SettleDebt{ID: debtID(2), Version: 1, On: day("2026-11-11")}, by(1, today)); err != nil {
		t.Fatal(err)
	}
	gap(0, 0, false)
	// What was paid afterwards still is.
	if _, _, err := c.Debts.SettleDebt(winddown.SettleDebt{ID: debtID(1), Version: 1, On: day("2026-11-12")}, by(1, today)); err != nil {
		t.Fatal(err)
	}
	gap(0, 0, false)
	// A balance includes the payments of its last day.
	c.Acts[0].PeriodTo = day("2026-11-12")
	gap(-341820, 0, true)
	c.Acts[0].PeriodTo = day("2026-11-11")
	gap(0, 0, false)
	// Acts of different days cannot be held against one ledger.
	second := c.Acts[0]
	second.Position, second.PeriodTo = 2, day("2026-10-31")
	c.Acts = append(c.Acts, second)
	gap(0, 0, false)
}

// What arose after the day of the act is not in its balance.
func TestLedgerGapLeavesLaterLinesOut(t *testing.T) {
	dated := func(n int, side winddown.Side, amount winddown.Money, on string) winddown.NewDebt {
		return winddown.NewDebt{ID: debtID(n), Side: side, What: "Строка", Amount: amount, On: day(on)}
	}
	act := func(on string) winddown.NewDebt { return dated(1, winddown.ByWB, 1520050, on) }
	fine := func(on string) winddown.NewDebt { return dated(2, winddown.ToWB, 341820, on) }
	for _, x := range []struct {
		name  string
		lines []winddown.NewDebt
		want  winddown.Money // what the lines come to; the balance of the act: no doubt
	}{
		{"a fine of the next day", []winddown.NewDebt{act("2026-11-11"), fine("2026-11-12")}, 1520050},
		{"a fine of the act's own day", []winddown.NewDebt{act("2026-11-11"), fine("2026-11-11")}, 1178230},
		{"the balance of the act, written down with a later day", []winddown.NewDebt{act("2026-11-12")}, 1520050},
		{"nothing but a later fine", []winddown.NewDebt{fine("2026-11-12")}, 0},
	} {
		t.Run(x.name, func(t *testing.T) {
			c := receivedWith(t, owed(1520050), owed(1520050))
			compare(t, c, today)
			write(t, &c.Debts, x.lines...)
			c.KeepLedger(by(1, today))
			acts, ledger, differ := c.LedgerGap()
			if differ != (x.want != 1520050) || differ && (acts != 1520050 || ledger != x.want) {
				t.Errorf("acts %s, ledger %s, differ %v", acts, ledger, differ)
			}
		})
	}
}

// An act can be signed with objections that were sent, and then has no agreed balance.
func TestSignObjecting(t *testing.T) {
	c := caseWithAct(t, winddown.PhaseDisagreed)
	in := form(t, c, winddown.SignAct, "2026-11-27")
	before := clone(c)
	events, err := c.MarkDone(in, by(1, today))
	wantRefused(t, events, err, winddown.Conflict, "act.error.order")
	unchanged(t, before, c)

	c = caseWithAct(t, winddown.PhaseDisputed)
	in = form(t, c, winddown.SignAct, "2026-11-25") // the objections are of the 26th
	_, err = c.MarkDone(in, by(1, today))
	wantFields(t, err, "on: step.error.signed_before_disputed")
	in.On = day("2026-11-26")
	if _, err := c.MarkDone(in, by(1, today)); err != nil {
		t.Fatal(err)
	}
	a := c.Acts[0]
	if a.Phase() != winddown.PhaseSignedObjecting || a.AgreedBalance().Known || a.DisputedOn != day("2026-11-26") || !c.Satisfied(winddown.SignAct) {
		t.Errorf("signed: %+v", a)
	}
	if state, on := a.State(); state != winddown.Signed || on != day("2026-11-26") {
		t.Errorf("state %s of %s", state, on)
	}
}

// A reminder spends those that were due up to its day.
func TestRemindAct(t *testing.T) {
	c := caseWithAct(t, winddown.PhaseRequested)
	remind := func(on string) ([]winddown.Event, error) {
		return c.RemindAct(winddown.RemindAct{Act: 1, Version: c.Acts[0].Version, On: day(on)}, by(1, today))
	}
	_, err := remind("2026-11-11")
	wantFields(t, err, "on: act.error.reminded_before_requested")
	_, err = remind("2026-12-11")
	wantFields(t, err, "on: step.error.date_future")
	events, err := remind("2026-11-17")
	if err != nil {
		t.Fatal(err)
	}
	wantKinds(t, events, "act_reminded receive_act")
	next := func() winddown.Date {
		for _, d := range c.Dues(winddown.RussianCalendar()) {
			if d.Kind == winddown.DueChase {
				return d.On
			}
		}
		return winddown.Date{}
	}
	if got := next(); c.Acts[0].RemindedOn != day("2026-11-17") || got != day("2026-11-23") {
		t.Errorf("reminded on %s, next on %s", c.Acts[0].RemindedOn, got)
	}
	events, err = remind("2026-11-17")
	wantRepeat(t, events, err)
	// A day noted late does not bring a spent reminder back.
	c.Acts[0].CheckedOn = day("2026-11-24")
	if _, err := remind("2026-11-18"); err != nil || next() != day("2026-11-26") {
		t.Errorf("next on %s, %v", next(), err)
	}
	// A request of an earlier day leaves it, one of a later day does not.
	for on, want := range map[string]string{"2026-11-11": "2026-11-18", "2026-11-19": ""} {
		request := clone(c)
		in := form(t, request, winddown.RequestAct, on)
		if _, err := request.MarkDone(in, by(1, today)); err != nil || request.Acts[0].RemindedOn.String() != want {
			t.Errorf("requested on %s: reminded on %q, %v", on, request.Acts[0].RemindedOn, err)
		}
	}
	// With the request the reminder goes.
	if _, err := do(t, c, winddown.ActUndo, 1, today); err != nil || !c.Acts[0].RemindedOn.IsZero() {
		t.Errorf("after the undo: %+v, %v", c.Acts[0], err)
	}
}

// The marketplace's signature often comes after the finish.
func TestCountersignAfterTheFinish(t *testing.T) {
	c := signedCase(t)
	mark(t, c, today, winddown.StripMedia, winddown.SettleDebts)
	if _, err := c.Finish(0, by(1, today)); err != nil {
		t.Fatal(err)
	}
	if _, err := do(t, c, winddown.ActUndo, 1, "2026-12-20"); err == nil {
		t.Error("the signature of a finished case was taken back")
	}
	events, err := do(t, c, winddown.ActCountersign, 1, "2026-12-20")
	if err != nil || !c.Finished() {
		t.Fatalf("finished %v, %v", c.Finished(), err)
	}
	wantKinds(t, events, "act_countersigned sign_act")
	events, err = do(t, c, winddown.ActUndo, 1, "2026-12-20")
	if err != nil || c.Acts[0].Phase() != winddown.PhaseSigned {
		t.Fatalf("undone: %s, %v", c.Acts[0].Phase(), err)
	}
	wantKinds(t, events, "act_undone sign_act")
}

// What the marketplace signed is not the seller's part: the acceptance of it stands.
func TestAcceptanceSurvivesTheCountersignature(t *testing.T) {
	c := signedCase(t)
	if _, err := c.Accept(review(t, c, winddown.SignAct), by(3, today)); err != nil {
		t.Fatal(err)
	}
	for _, action := range []winddown.ActAction{winddown.ActCountersign, winddown.ActUndo} {
		if _, err := do(t, c, action, 1, "2026-12-20"); err != nil || !step(t, c, winddown.SignAct).Accepted.Holds() {
			t.Errorf("after %s the acceptance holds: %v, %v", action, step(t, c, winddown.SignAct).Accepted.Holds(), err)
		}
	}
}

// A request of a day before the goods were gone may miss the last operations.
func TestRequestedEarly(t *testing.T) {
	c := caseWithAct(t, winddown.PhaseNotRequested) // goods gone on 10 November
	in := form(t, c, winddown.RequestAct, "2026-11-09")
	if _, err := c.MarkDone(in, by(1, today)); err != nil {
		t.Fatal(err)
	}
	if code, on, early := c.RequestedEarly(c.Acts[0]); !early || on != day("2026-11-10") || code != winddown.ZeroFBS {
		t.Errorf("%s on %s, %v", code, on, early)
	}
	in = form(t, c, winddown.RequestAct, "2026-11-10")
	if _, err := c.MarkDone(in, by(1, today)); err != nil {
		t.Fatal(err)
	}
	if code, _, early := c.RequestedEarly(c.Acts[0]); early {
		t.Errorf("a request of the same day comes before %s", code)
	}
}
