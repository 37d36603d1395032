package winddown_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"winddown/internal/winddown"
)

// walk is a random sequence of actions on one case.
type walk struct {
	t     *testing.T
	rng   *rand.Rand
	c     *winddown.Case
	today winddown.Date
	head  winddown.Head
	chain winddown.Chain
	trace []string
	seen  map[winddown.EventKind]int
}

// action is one thing somebody does, so that it can be repeated.
type action struct {
	name  string
	step  winddown.Code // for undo and regress
	stamp winddown.Stamp
	run   func() ([]winddown.Event, error)
}

// Thousands of random actions keep what the rest of the program relies on.
func TestRandomWalks(t *testing.T) {
	seen := map[winddown.EventKind]int{}
	for seed := range uint64(400) {
		w := &walk{t: t, rng: rand.New(rand.NewPCG(seed, 1)), today: day("2026-11-01"), seen: seen}
		w.c = openCase(t, w.answers())
		for range 30 {
			w.today = w.today.AddDays(w.rng.IntN(4))
			w.act(w.next())
			if t.Failed() {
				t.Fatalf("walk %d:\n%s", seed, w.trace)
			}
		}
		if err := w.chain.End(w.stream(), w.head); err != nil {
			t.Fatal(err)
		}
	}
	for _, k := range []winddown.EventKind{
		winddown.DetailsChanged, winddown.AnswersChanged, winddown.RestDeclared, winddown.StepDone, winddown.StepConfirmed, winddown.StepCorrected,
		winddown.StepPending, winddown.StepUndone, winddown.StepRegressed, winddown.StepSuspended, winddown.CaseFinished, winddown.CaseReopened,
	} {
		if seen[k] < 20 {
			t.Errorf("the walks saw %s only %d times", k, seen[k])
		}
	}
}

func (w *walk) stream() winddown.Stream {
	return winddown.Stream{Kind: winddown.CaseStream, ID: w.c.ID}
}

func (w *walk) chance(percent int) bool { return w.rng.IntN(100) < percent }

func pick[T any](w *walk, list []T) T { return list[w.rng.IntN(len(list))] }

func (w *walk) answers() winddown.RawAnswers {
	return winddown.RawAnswers{
		FBS: pick(w, []string{"yes", "no"}), WBStock: pick(w, []string{"yes", "yes", "no"}), Leftover: pick(w, []string{"sell", "return", "both"}),
	}
}

// next chooses what happens: mostly the way forward, sometimes anything.
func (w *walk) next() action {
	s := winddown.Stamp{By: person(byte(1 + w.rng.IntN(3))), At: w.today.Time(), Today: w.today, OnBehalf: w.chance(20)}
	code := pick(w, allSteps())
	if next, ok := w.c.Next(w.today); ok && w.chance(60) {
		code = next
	}
	st, _ := w.c.Step(code)
	version := st.Version
	if w.chance(10) {
		version += w.rng.IntN(3) - 1
	}
	caseVersion := w.c.Version
	if w.chance(10) {
		caseVersion += w.rng.IntN(3) - 1
	}
	reason := pick(w, []string{"ошибка", "вернулся товар", ""})
	n := w.rng.IntN(100)
	if _, ok := w.c.Next(w.today); !ok && w.chance(60) {
		n = 99 // nothing left: finish
	}
	switch {
	case n < 60:
		in := winddown.MarkDone{Step: code, Version: version, On: w.today.AddDays(-w.rng.IntN(5)), Note: pick(w, []string{"", "готово"}),
			Ticket: pick(w, []string{"", "17"}), Channel: pick(w, []winddown.Channel{"", winddown.Support})}
		if w.chance(5) {
			in.On = w.today.AddDays(1)
		}
		return action{"done " + string(code), "", s, func() ([]winddown.Event, error) { return w.c.MarkDone(in, s) }}
	case n < 72:
		in := winddown.MarkPending{Step: code, Version: version, Note: pick(w, []string{"", "ждём"}), PickUpBy: w.today.AddDays(w.rng.IntN(20))}
		return action{"pending " + string(code), "", s, func() ([]winddown.Event, error) { return w.c.MarkPending(in, s) }}
	case n < 78:
		in := winddown.Undo{Step: code, Version: version, Reason: reason}
		return action{"undo " + string(code), code, s, func() ([]winddown.Event, error) { return w.c.Undo(in, s) }}
	case n < 85:
		code = pick(w, allSteps()[:5])
		st, _ = w.c.Step(code)
		in := winddown.Regress{Step: code, Version: st.Version, Reason: reason}
		return action{"regress " + string(code), code, s, func() ([]winddown.Event, error) { return w.c.Regress(in, s) }}
	case n < 89:
		in := winddown.ChangeAnswers{Answers: w.answers(), Version: caseVersion}
		return action{"answers", "", s, func() ([]winddown.Event, error) { return w.c.ChangeAnswers(in, s) }}
	case n < 91:
		return action{"rest", "", s, func() ([]winddown.Event, error) { return w.c.DeclareRest(s) }}
	case n < 93:
		in := winddown.ChangeDetails{Seller: w.c.Seller, Zone: pick(w, []string{"Europe/Moscow", "Asia/Omsk"}), Version: caseVersion}
		return action{"details", "", s, func() ([]winddown.Event, error) { return w.c.ChangeDetails(in, s) }}
	case w.c.Finished():
		return action{"reopen", "", s, func() ([]winddown.Event, error) { return w.c.Reopen(reason, caseVersion, s) }}
	}
	return action{"finish", "", s, func() ([]winddown.Event, error) { return w.c.Finish(caseVersion, s) }}
}

// act does it and checks everything that must hold afterwards.
func (w *walk) act(a action) {
	before := clone(w.c)
	closed, suspended := w.c.Consequences(a.step)
	events, err := a.run()
	w.trace = append(w.trace, fmt.Sprintf("%s %s: %v %v\n", w.today, a.name, kinds(events), err))
	if err != nil {
		if len(events) != 0 || !slices.ContainsFunc([]error{winddown.Invalid, winddown.Blocked, winddown.Conflict}, func(k error) bool { return errors.Is(err, k) }) {
			w.t.Errorf("events %v, error %v", events, err)
		}
		unchanged(w.t, before, w.c)
		return
	}
	if len(events) == 0 {
		unchanged(w.t, before, w.c)
		return
	}
	w.changed(before, events, a)
	if a.step != "" {
		w.consequences(before, a.step, closed, suspended)
	}
	w.invariants()
	w.seal(events)

	after := clone(w.c)
	again, err := a.run()
	wantRepeat(w.t, again, err)
	unchanged(w.t, after, w.c)
}

// changed checks that what changed is what the events say, and that versions count it.
func (w *walk) changed(before *winddown.Case, events []winddown.Event, a action) {
	named := map[winddown.Code]int{}
	caseChanged := false
	for _, e := range events {
		w.seen[e.Kind]++
		if e.OnBehalf != a.stamp.OnBehalf {
			w.t.Errorf("%s: on behalf %v, want %v", e.Kind, e.OnBehalf, a.stamp.OnBehalf)
		}
		switch e.Kind {
		case winddown.DetailsChanged, winddown.AnswersChanged, winddown.RestDeclared, winddown.CaseFinished, winddown.CaseReopened:
			caseChanged = true
		default:
			named[e.Step]++
		}
	}
	wantVersion := before.Version
	if caseChanged {
		wantVersion++
	}
	if w.c.Version != wantVersion {
		w.t.Errorf("case version %d after %d, events %v", w.c.Version, before.Version, kinds(events))
	}
	for i, st := range w.c.Steps {
		old := before.Steps[i]
		cameBack := w.c.Needed(st.Code) && !before.Needed(st.Code)
		touched := named[st.Code] > 0 || cameBack
		if touched != !reflect.DeepEqual(st, old) || named[st.Code] > 1 {
			w.t.Errorf("%s: named by %d events, came back %v, but\nwas %s\nis  %s", st.Code, named[st.Code], cameBack, dump(old), dump(st))
		}
		if touched && st.Version != old.Version+1 {
			w.t.Errorf("%s has version %d after %d", st.Code, st.Version, old.Version)
		}
	}
	strip := func(c *winddown.Case) winddown.Case {
		d := *c
		d.Steps, d.Acts, d.Version = nil, nil, 0
		return d
	}
	if caseChanged == reflect.DeepEqual(strip(before), strip(w.c)) {
		w.t.Errorf("events %v, but the case itself\nwas %s\nis  %s", kinds(events), dump(strip(before)), dump(strip(w.c)))
	}
}

// consequences checks that what was foretold is what happened.
func (w *walk) consequences(before *winddown.Case, code winddown.Code, closed, suspended []winddown.Code) {
	var wasClosed, wasSuspended []winddown.Code
	for _, x := range allSteps() {
		from, to := before.Status(x, w.today), w.c.Status(x, w.today)
		switch {
		case x == code || from == to:
		case (from == winddown.NotStarted || from == winddown.InProgress) && to == winddown.StatusBlocked:
			wasClosed = append(wasClosed, x)
		case from == winddown.Done && to == winddown.HasProblem:
			wasSuspended = append(wasSuspended, x)
		default:
			w.t.Errorf("%s went from %s to %s", x, from, to)
		}
	}
	if !slices.Equal(closed, wasClosed) || !slices.Equal(suspended, wasSuspended) {
		w.t.Errorf("foretold closed %v, suspended %v; happened %v, %v", closed, suspended, wasClosed, wasSuspended)
	}
}

func (w *walk) invariants() {
	c := w.c
	act := c.Acts[0]
	signature := map[winddown.Code]winddown.Date{winddown.RequestAct: act.RequestedOn, winddown.ReceiveAct: act.ReceivedOn, winddown.SignAct: act.SignedOn}
	satisfied, problems := 0, false
	for _, st := range c.Steps {
		blocked := len(c.Blockers(st.Code)) > 0
		status, p := c.Status(st.Code, w.today), c.ProblemOf(st.Code, w.today)
		if st.Problem != nil && st.Tick == nil {
			w.t.Errorf("%s has a problem without a signature", st.Code)
		}
		if st.Tick != nil && blocked && st.Problem == nil && c.Needed(st.Code) {
			w.t.Errorf("%s is signed with an unmet gate and not suspended", st.Code)
		}
		if on, ok := signature[st.Code]; ok {
			var want winddown.Date
			if st.Tick != nil {
				want = st.Tick.On
			}
			if on != want {
				w.t.Errorf("%s is signed on %q, but the act says %q", st.Code, want, on)
			}
		}
		if c.Needed(st.Code) && c.Satisfied(st.Code) {
			satisfied++
			if status != winddown.Done {
				w.t.Errorf("%s satisfies gates but shows %s", st.Code, status)
			}
		}
		problems = problems || status == winddown.HasProblem
		if (status == winddown.HasProblem) != (p != nil) {
			w.t.Errorf("%s shows %s with the problem %v", st.Code, status, p)
		}
	}
	var last winddown.Date
	for _, d := range []winddown.Date{act.RequestedOn, act.ReceivedOn, act.SignedOn} {
		if d.IsZero() {
			continue
		}
		if d.Before(last) || d.After(w.today) {
			w.t.Errorf("the act's dates are out of order on %s: %+v", w.today, act)
		}
		last = d
	}
	if c.Finished() != (c.FinishedOn != winddown.Date{}) || c.FinishedOn.After(w.today) {
		w.t.Errorf("finished on %s", c.FinishedOn)
	}

	next, more := c.Next(w.today)
	if more != (len(c.Unfinished()) > 0) {
		w.t.Errorf("next is %q, %v, but unfinished are %v", next, more, c.Unfinished())
	}
	if more && (!c.Needed(next) || len(c.Blockers(next)) > 0 || c.Satisfied(next)) {
		w.t.Errorf("next is %s, which shows %s", next, c.Status(next, w.today))
	}

	s := winddown.Summarize(c, winddown.RussianCalendar())
	state, on := act.State()
	if s.Act != state || s.ActOn != on || s.Done != satisfied {
		w.t.Errorf("summary %+v of an act %s on %s with %d steps done", s, state, on, satisfied)
	}
	if n, total := c.Count(); n != s.Done || total != s.Needed {
		w.t.Errorf("%d of %d, but the summary says %d of %d", n, total, s.Done, s.Needed)
	}
	if group := s.Group(w.today); c.Finished() != (group == winddown.GroupFinished) || (!c.Finished() && problems != (group == winddown.GroupProblem)) {
		w.t.Errorf("group %s, finished %v, problems %v", group, c.Finished(), problems)
	}
	if open := without(c.Unfinished(), winddown.StripMedia); s.Group(w.today) == winddown.GroupFinish && len(open) > 0 {
		w.t.Errorf("unfinished %v in group finish", open)
	}
}

// seal puts the events on the chain, which must hold and never carry empty or equal values.
func (w *walk) seal(events []winddown.Event) {
	for _, e := range winddown.OnStream(w.stream(), events) {
		e.At, e.Via = w.today.Time(), winddown.ViaPages
		r, head, err := w.head.Append(e)
		if err != nil {
			w.t.Fatal(err)
		}
		w.head = head
		if err := w.chain.Next(r); err != nil {
			w.t.Error(err)
		}
		back, err := r.Event()
		if err != nil || back.Kind != e.Kind || back.Step != e.Step || !slices.Equal(back.Steps, e.Steps) || back.Reason != e.Reason {
			w.t.Errorf("read back %+v, %v", back, err)
		}
		if !slices.Contains(winddown.EventKinds(), back.Kind) {
			w.t.Errorf("kind %s is not listed", back.Kind)
		}
		for k, v := range back.Before {
			if v == "" || back.After[k] == v {
				w.t.Errorf("%s keeps %s: %q → %q", back.Kind, k, v, back.After[k])
			}
		}
		for k, v := range back.After {
			if v == "" {
				w.t.Errorf("%s keeps an empty %s", back.Kind, k)
			}
		}
	}
}
