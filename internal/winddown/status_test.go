package winddown_test

import (
	"reflect"
	"slices"
	"testing"

	"winddown/internal/winddown"
)

// The precedence of statuses, written out: not_needed > problem > done > blocked >
// in_progress > not_started, and a done step whose gate reopened is a problem.
func TestShow(t *testing.T) {
	type pair struct {
		own winddown.Status
		met bool
	}
	want := map[pair]winddown.Status{
		{winddown.NotNeeded, true}:      winddown.NotNeeded,
		{winddown.NotNeeded, false}:     winddown.NotNeeded,
		{winddown.HasProblem, true}:     winddown.HasProblem,
		{winddown.HasProblem, false}:    winddown.HasProblem,
		{winddown.Done, true}:           winddown.Done,
		{winddown.Done, false}:          winddown.HasProblem,
		{winddown.StatusBlocked, true}:  winddown.StatusBlocked,
		{winddown.StatusBlocked, false}: winddown.StatusBlocked,
		{winddown.InProgress, true}:     winddown.InProgress,
		{winddown.InProgress, false}:    winddown.StatusBlocked,
		{winddown.NotStarted, true}:     winddown.NotStarted,
		{winddown.NotStarted, false}:    winddown.StatusBlocked,
	}
	for _, own := range winddown.Statuses() {
		for _, met := range []bool{true, false} {
			w, ok := want[pair{own, met}]
			if !ok {
				t.Errorf("no row for (%s, gate met %v)", own, met)
			}
			if got := winddown.Show(own, met); got != w {
				t.Errorf("Show(%s, gate met %v) = %s, want %s", own, met, got, w)
			}
		}
	}
	if len(want) != 2*len(winddown.Statuses()) {
		t.Errorf("%d rows for %d statuses", len(want), len(winddown.Statuses()))
	}
}

func TestStatusCodes(t *testing.T) {
	want := []winddown.Status{"not_started", "in_progress", "done", "blocked", "problem", "not_needed"}
	if got := winddown.Statuses(); !slices.Equal(got, want) {
		t.Errorf("Statuses() = %q, want %q", got, want)
	}
}

// Goods come back with the act requested, for each of the goods steps that may come back.
func TestRegressAfterRequest(t *testing.T) {
	for _, code := range goods() {
		t.Run(string(code), func(t *testing.T) {
			c := openCase(t, everything())
			mark(t, c, "2026-11-12", goods()...)
			mark(t, c, "2026-11-12", winddown.RequestAct)
			tick, first := *step(t, c, winddown.RequestAct).Tick, *step(t, c, code).Tick

			events := regress(t, c, "2026-11-20", code)
			wantKinds(t, events, "step_regressed "+string(code), "step_suspended request_act")
			if want := []winddown.Code{code}; !slices.Equal(events[1].Steps, want) {
				t.Errorf("suspended because of %v, want %v", events[1].Steps, want)
			}
			wantStatuses(t, c, "2026-11-20", map[winddown.Code]winddown.Status{
				code: winddown.HasProblem, winddown.RequestAct: winddown.HasProblem,
				winddown.ReceiveAct: winddown.StatusBlocked, winddown.SignAct: winddown.StatusBlocked,
				winddown.SettleDebts: winddown.StatusBlocked,
			})
			if got := step(t, c, winddown.RequestAct).Tick; got == nil || *got != tick {
				t.Errorf("the signature of the request is %v, want it kept: %v", got, tick)
			}
			if got := step(t, c, code).Tick; got == nil || *got != first {
				t.Errorf("the signature of %s is %v, want it kept: %v", code, got, first)
			}
			if p := c.ProblemOf(winddown.RequestAct, day("2026-11-20")); p == nil || p.Kind != winddown.Reopened || !slices.Equal(p.Steps, []winddown.Code{code}) {
				t.Errorf("the problem of the request is %+v", p)
			}
			if p := c.ProblemOf(code, day("2026-11-20")); p == nil || p.Kind != winddown.Regressed || p.Reason != "Нашли коробку" || p.On != day("2026-11-20") {
				t.Errorf("the problem of %s is %+v", code, p)
			}
			s := winddown.Summarize(c, winddown.RussianCalendar())
			if s.Act != winddown.Requested || s.ActOn != day("2026-11-12") || s.Group(day("2026-11-20")) != winddown.GroupProblem {
				t.Errorf("the register shows %s on %s in group %s", s.Act, s.ActOn, s.Group(day("2026-11-20")))
			}

			// Confirming the request waits for its gate.
			in := winddown.MarkDone{Step: winddown.RequestAct, Version: step(t, c, winddown.RequestAct).Version, On: day("2026-11-12")}
			before := clone(c)
			refused, err := c.MarkDone(in, by(1, "2026-11-20"))
			wantRefused(t, refused, err, winddown.Blocked, "step.error.blocked")
			unchanged(t, before, c)

			// The gate is met again, but the request still satisfies no further gate.
			mark(t, c, "2026-11-21", code)
			wantStatuses(t, c, "2026-11-21", map[winddown.Code]winddown.Status{
				code: winddown.Done, winddown.RequestAct: winddown.HasProblem, winddown.ReceiveAct: winddown.StatusBlocked,
			})
			if next, ok := c.Next(day("2026-11-21")); !ok || next != winddown.RequestAct {
				t.Errorf("next is %s, want the request to be confirmed", next)
			}

			// One confirmation returns it, with its old date.
			events, err = c.MarkDone(in, by(1, "2026-11-21"))
			if err != nil {
				t.Fatal(err)
			}
			wantKinds(t, events, "step_confirmed request_act")
			wantStatuses(t, c, "2026-11-21", map[winddown.Code]winddown.Status{
				winddown.RequestAct: winddown.Done, winddown.ReceiveAct: winddown.NotStarted, winddown.SignAct: winddown.StatusBlocked,
			})
			if got := step(t, c, winddown.RequestAct).Tick; got.On != day("2026-11-12") || got.At != by(1, "2026-11-21").At {
				t.Errorf("confirmed as %+v", got)
			}
		})
	}
}

// Every done step down the chain is suspended, and each needs its own confirmation.
func TestRegressSuspendsTheChain(t *testing.T) {
	c := openCase(t, everything())
	mark(t, c, "2026-11-12", goods()...)
	mark(t, c, "2026-11-12", winddown.StripMedia, winddown.RequestAct)
	mark(t, c, "2026-11-24", winddown.ReceiveAct)
	mark(t, c, "2026-12-01", winddown.SignAct)

	events := regress(t, c, "2026-12-05", winddown.ReturnStock)
	wantKinds(t, events, "step_regressed return_stock", "step_suspended request_act", "step_suspended receive_act", "step_suspended sign_act")
	wantStatuses(t, c, "2026-12-05", map[winddown.Code]winddown.Status{
		winddown.StripMedia: winddown.Done, winddown.RequestAct: winddown.HasProblem, winddown.ReceiveAct: winddown.HasProblem,
		winddown.SignAct: winddown.HasProblem, winddown.SettleDebts: winddown.StatusBlocked,
	})
	if a := c.Acts[0]; a.RequestedOn != day("2026-11-12") || a.ReceivedOn != day("2026-11-24") || a.SignedOn != day("2026-12-01") {
		t.Errorf("the act is %+v, want its dates kept", a)
	}
	if done, total := c.Count(); done != 4 || total != 9 {
		t.Errorf("%d of %d done, want 4 of 9", done, total)
	}

	mark(t, c, "2026-12-06", winddown.ReturnStock)
	for _, s := range []struct {
		code winddown.Code
		on   string
	}{{winddown.RequestAct, "2026-11-12"}, {winddown.ReceiveAct, "2026-11-24"}, {winddown.SignAct, "2026-12-01"}} {
		if got := c.Status(s.code, day("2026-12-06")); got != winddown.HasProblem {
			t.Errorf("%s shows %s before its confirmation", s.code, got)
		}
		in := form(t, c, s.code, s.on)
		events, err := c.MarkDone(in, by(2, "2026-12-06"))
		if err != nil {
			t.Fatal(err)
		}
		wantKinds(t, events, "step_confirmed "+string(s.code))
		if got := c.Status(s.code, day("2026-12-06")); got != winddown.Done {
			t.Errorf("%s shows %s after its confirmation", s.code, got)
		}
	}
	if got := c.Status(winddown.SettleDebts, day("2026-12-06")); got != winddown.NotStarted {
		t.Errorf("settle_debts shows %s", got)
	}
}

// A case that is finished stays finished, and says what came back.
func TestRegressAfterFinish(t *testing.T) {
	c := openCase(t, everything())
	mark(t, c, "2026-11-12", allSteps()...)
	if _, err := c.Finish(c.Version, by(1, "2027-03-03")); err != nil {
		t.Fatal(err)
	}
	version := c.Version
	regress(t, c, "2027-03-20", winddown.ReturnStock)
	if c.FinishedOn != day("2027-03-03") || c.Version != version {
		t.Errorf("finished on %s at version %d, want it untouched", c.FinishedOn, c.Version)
	}
	wantStatuses(t, c, "2027-03-20", map[winddown.Code]winddown.Status{
		winddown.ReturnStock: winddown.HasProblem, winddown.RequestAct: winddown.HasProblem, winddown.SettleDebts: winddown.HasProblem,
	})
	s := winddown.Summarize(c, winddown.RussianCalendar())
	today := day("2027-03-20")
	if s.Group(today) != winddown.GroupFinished || s.ProblemOn(today) != winddown.Regressed {
		t.Errorf("the register shows group %s, problem %q", s.Group(today), s.ProblemOn(today))
	}

	// Mending it needs the case to be open again.
	before := clone(c)
	events, err := c.MarkDone(winddown.MarkDone{Step: winddown.ReturnStock, Version: step(t, c, winddown.ReturnStock).Version, On: today}, by(1, "2027-03-20"))
	wantRefused(t, events, err, winddown.Conflict, "case.error.finished")
	unchanged(t, before, c)

	events, err = c.Reopen("Товар снова появился", c.Version, by(1, "2027-03-21"))
	if err != nil {
		t.Fatal(err)
	}
	wantKinds(t, events, "case_reopened")
	if got := winddown.Summarize(c, winddown.RussianCalendar()).Group(today); got != winddown.GroupProblem {
		t.Errorf("reopened in group %s", got)
	}
	mark(t, c, "2027-03-22", winddown.ReturnStock)
}

// A step that is not needed is neither done nor counted, whatever was signed before.
func TestNotNeededHidesEverything(t *testing.T) {
	c := openCase(t, everything())
	mark(t, c, "2026-11-12", winddown.ZeroFBS)
	regress(t, c, "2026-11-13", winddown.ZeroFBS)
	if _, err := c.ChangeAnswers(winddown.ChangeAnswers{Answers: winddown.RawAnswers{FBS: "no", WBStock: "yes", Leftover: "both"}}, by(1, "2026-11-14")); err != nil {
		t.Fatal(err)
	}
	if got := c.Status(winddown.ZeroFBS, day("2026-11-14")); got != winddown.NotNeeded {
		t.Errorf("shows %s", got)
	}
	if done, total := c.Count(); done != 0 || total != 8 {
		t.Errorf("%d of %d, want 0 of 8", done, total)
	}
	if got := winddown.Summarize(c, winddown.RussianCalendar()); got.Stage != winddown.GroupEarly || got.Problem != "" {
		t.Errorf("summary %+v", got)
	}
}

// Returns about to be disposed of show as a problem from three days before the day.
func TestBurning(t *testing.T) {
	c := openCase(t, everything())
	batch(t, c, "2026-11-12", "2026-11-28")
	wantKinds(t, batch(t, c, "2026-11-12", "2026-11-25"), "deadline_added collect_returns")
	if _, err := c.MarkPending(winddown.MarkPending{Step: winddown.CollectReturns, Version: 1}, by(1, "2026-11-12")); err != nil {
		t.Fatal(err)
	}
	for _, x := range []struct {
		today string
		want  winddown.Status
	}{
		{"2026-11-12", winddown.InProgress}, {"2026-11-21", winddown.InProgress}, {"2026-11-22", winddown.HasProblem},
		{"2026-11-25", winddown.HasProblem}, {"2026-12-31", winddown.HasProblem},
	} {
		if got := c.Status(winddown.CollectReturns, day(x.today)); got != x.want {
			t.Errorf("on %s it shows %s, want %s", x.today, got, x.want)
		}
		p := c.ProblemOf(winddown.CollectReturns, day(x.today))
		want := &winddown.Problem{Kind: winddown.Burning, On: day("2026-11-22")}
		if x.want != winddown.HasProblem {
			want = nil
		}
		if !reflect.DeepEqual(p, want) {
			t.Errorf("on %s the problem is %+v, want %+v", x.today, p, want)
		}
	}
	events, err := c.CloseDeadline(2, day("2026-11-23"), by(1, "2026-11-24"))
	if err != nil {
		t.Fatal(err)
	}
	wantKinds(t, events, "deadline_closed collect_returns")
	if got, p := c.Status(winddown.CollectReturns, day("2026-11-24")), c.PickUpBy(); got != winddown.InProgress || p != day("2026-11-28") {
		t.Errorf("one batch is collected: shows %s, the other waits until %s", got, p)
	}
	events, err = c.MarkDone(form(t, c, winddown.CollectReturns, "2026-11-24"), by(1, "2026-11-24"))
	if err != nil {
		t.Fatal(err)
	}
	wantKinds(t, events, "step_done collect_returns", "deadline_closed collect_returns")
	if got := c.Status(winddown.CollectReturns, day("2026-12-31")); got != winddown.Done || !c.PickUpBy().IsZero() {
		t.Errorf("collected, but shows %s, pick up by %s", got, c.PickUpBy())
	}

	// A batch that comes afterwards is goods that appeared again, and so is one that turns
	// out not to be collected.
	mark(t, c, "2026-11-25", without(goods(), winddown.CollectReturns)...)
	mark(t, c, "2026-11-25", winddown.RequestAct)
	wantKinds(t, batch(t, c, "2026-11-26", "2026-12-03"), "deadline_added collect_returns", "step_regressed collect_returns", "step_suspended request_act")
	if p := step(t, c, winddown.CollectReturns).Problem; p == nil || p.Kind != winddown.Regressed || p.Reason != "две коробки" {
		t.Errorf("the problem is %+v", p)
	}
	mark(t, c, "2026-11-27", winddown.CollectReturns, winddown.RequestAct)
	events, err = c.ReopenDeadline(1, by(1, "2026-11-28"))
	if err != nil {
		t.Fatal(err)
	}
	wantKinds(t, events, "deadline_reopened collect_returns", "step_regressed collect_returns", "step_suspended request_act")
}
