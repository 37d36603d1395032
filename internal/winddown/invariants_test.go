package winddown_test

import (
	"slices"

	"winddown/internal/winddown"
)

// invariants checks what holds of every case, whatever was done to it.
func (w *walk) invariants() {
	w.stepInvariants()
	w.actInvariants()
	w.evidenceInvariants()
	w.summaryInvariants()
	c := w.c
	note := func(state string, is bool) {
		if is {
			w.states[state]++
		}
	}
	note("finished", c.Finished())
	note("settled", !c.Finished() && c.Satisfied(winddown.SettleDebts))
	note("several acts signed", len(c.Acts) > 1 && c.Satisfied(winddown.SignAct))
	note("third round", slices.ContainsFunc(c.Acts, func(a winddown.Act) bool { return a.Round > 2 }))
	note("waived", c.Waived())
	note("accepted", slices.ContainsFunc(c.Steps, func(st winddown.Step) bool { return st.Accepted.Holds() }))
	note("signed in spite of a waived step", slices.ContainsFunc(c.Steps, func(st winddown.Step) bool {
		return st.Waiver != nil && c.Satisfied(st.Code) && slices.ContainsFunc(st.Waiver.Steps, func(x winddown.Code) bool { return !c.Satisfied(x) })
	}))
}

func (w *walk) stepInvariants() {
	c := w.c
	for _, st := range c.Steps {
		blocked := len(c.Blockers(st.Code)) > 0
		status, p := c.Status(st.Code, w.today), c.ProblemOf(st.Code, w.today)
		if st.Problem != nil && st.Tick == nil {
			w.t.Errorf("%s has a problem without a signature", st.Code)
		}
		if st.Tick != nil && blocked && st.Problem == nil && c.Needed(st.Code) {
			w.t.Errorf("%s is signed with an unmet gate and not suspended", st.Code)
		}
		if c.Needed(st.Code) && c.Satisfied(st.Code) && status != winddown.Done {
			w.t.Errorf("%s satisfies gates but shows %s", st.Code, status)
		}
		if (status == winddown.HasProblem) != (p != nil) {
			w.t.Errorf("%s shows %s with the problem %v", st.Code, status, p)
		}
		if st.Accepted.Holds() && c.Needed(st.Code) && !c.Satisfied(st.Code) {
			w.t.Errorf("%s is accepted, but shows %s", st.Code, status)
		}
		if c.MayWaive(st.Code) && (!blocked || !slices.Contains([]winddown.Code{winddown.RequestAct, winddown.ReceiveAct, winddown.SignAct}, st.Code)) {
			w.t.Errorf("the gate of %s may be opened", st.Code)
		}
		open := 0
		for _, q := range c.Questions {
			if q.Step == st.Code && q.State() != winddown.QuestionResolved {
				open++
			}
		}
		if st.Questions != open {
			w.t.Errorf("%s counts %d questions, %d are open", st.Code, st.Questions, open)
		}
	}
	if c.Satisfied(winddown.SettleDebts) {
		if c.Balance != 0 || c.Debts.Balance() != 0 {
			w.t.Errorf("the debts are settled, and the balance is %s", c.Balance)
		}
		if !c.Satisfied(winddown.SignAct) {
			w.t.Error("the debts are settled before the act is signed")
		}
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
}

// The steps about the acts follow from the acts.
func (w *walk) actInvariants() {
	c := w.c
	for code, on := range map[winddown.Code]func(winddown.Act) winddown.Date{
		winddown.RequestAct: func(a winddown.Act) winddown.Date { return a.RequestedOn },
		winddown.ReceiveAct: func(a winddown.Act) winddown.Date { return a.ReceivedOn },
		winddown.SignAct:    func(a winddown.Act) winddown.Date { return a.SignedOn },
	} {
		st, _ := c.Step(code)
		var latest winddown.Date
		reached := true
		for _, a := range c.Acts {
			here := counts(a, code)
			reached = reached && here
			if on(a).After(latest) {
				latest = on(a)
			}
			if st.Tick == nil && !here && !on(a).IsZero() {
				w.t.Errorf("%s has no signature, but act %d keeps its date: %s", code, a.Position, dump(a))
			}
		}
		switch {
		case st.Tick == nil && reached:
			w.t.Errorf("every act has come so far, but %s is not signed", code)
		case st.Tick != nil && !reached && st.Problem == nil:
			w.t.Errorf("%s is signed, but not every act has come so far: %s", code, dump(c.Acts))
		case st.Tick != nil && reached && st.Problem == nil && st.Tick.On != latest: // a suspended signature keeps its day
			w.t.Errorf("%s is signed on %q, but the acts say %q", code, st.Tick.On, latest)
		}
	}
	for _, a := range slices.Concat(c.Past, c.Acts) {
		if !inOrder(a.RequestedOn, a.ReceivedOn, a.SignedOn, w.today) || !inOrder(a.RequestedOn, a.ComparedOn, a.DisputedOn, w.today) {
			w.t.Errorf("the act's dates are out of order on %s: %s", w.today, dump(a))
		}
		if n := len(c.Rounds(a.Position)); a.Round < 1 || a.Round > n+1 {
			w.t.Errorf("act %d has round %d and %d past ones", a.Position, a.Round, n)
		}
	}
	for i, a := range c.Past {
		if a.Phase() != winddown.PhaseDisputed {
			w.t.Errorf("round %d of act %d was left as %s", a.Round, a.Position, a.Phase())
		}
		for _, b := range slices.Concat(c.Past[i+1:], c.Acts) {
			if b.Position == a.Position && b.Round == a.Round+1 && !b.RequestedOn.IsZero() && b.RequestedOn.Before(a.DisputedOn) {
				w.t.Errorf("act %d: disputed on %s, requested again on %s", a.Position, a.DisputedOn, b.RequestedOn)
			}
		}
	}
}

// counts reports whether an act has come as far as a step asks.
func counts(a winddown.Act, code winddown.Code) bool {
	asked := map[winddown.Code]winddown.ActState{
		winddown.RequestAct: winddown.Requested, winddown.ReceiveAct: winddown.Received, winddown.SignAct: winddown.Signed}[code]
	state, _ := a.State()
	return slices.Index(winddown.ActStates(), state) >= slices.Index(winddown.ActStates(), asked)
}

// inOrder reports whether the dates that are there do not go back.
func inOrder(dates ...winddown.Date) bool {
	there := slices.DeleteFunc(dates, winddown.Date.IsZero)
	return slices.IsSortedFunc(there, func(a, b winddown.Date) int { return a.Time().Compare(b.Time()) })
}

func (w *walk) evidenceInvariants() {
	c := w.c
	var size int64
	versions := map[int]int{}
	for i, e := range c.Evidence {
		size += e.Size
		versions[e.Doc]++
		if e.Number != i+1 || e.Version != versions[e.Doc] || e.Version == 1 && e.Doc != e.Number {
			w.t.Errorf("evidence %d: %s", i, dump(e))
		}
	}
	if c.EvidenceBytes != size || c.EvidenceSeq != len(c.Evidence) {
		w.t.Errorf("%d bytes in %d versions, counted are %d in %d", size, len(c.Evidence), c.EvidenceBytes, c.EvidenceSeq)
	}
	for _, st := range c.Steps {
		current := c.CurrentEvidence(st.Code)
		for _, e := range current {
			if st.Accepted.Holds() && !e.Frozen {
				w.t.Errorf("%s is accepted, but evidence %d is not frozen", st.Code, e.Number)
			}
			if !st.Proven(e.Slot, e.Act, e.Round) {
				w.t.Errorf("%s does not know that %s of act %d is proven: %v", st.Code, e.Slot, e.Act, st.Proofs)
			}
		}
		for _, slot := range c.Slots(st.Code) {
			for act := range winddown.MaxActs {
				for round := range min(act*winddown.MaxRounds, winddown.MaxRounds) + 1 {
					if st.Proven(slot.Code, act, round) && !slices.ContainsFunc(current, func(e winddown.Evidence) bool {
						return e.Slot == slot.Code && e.Act == act && max(e.Round, 1) == max(round, 1)
					}) {
						w.t.Errorf("%s takes %s of act %d, round %d for proven, but holds nothing", st.Code, slot.Code, act, round)
					}
				}
			}
		}
	}
}

func (w *walk) summaryInvariants() {
	c := w.c
	cal := winddown.RussianCalendar()
	s := winddown.Summarize(c, cal)
	satisfied, problems := 0, false
	for _, code := range allSteps() {
		if c.Needed(code) && c.Satisfied(code) {
			satisfied++
		}
		problems = problems || c.Status(code, w.today) == winddown.HasProblem
	}
	if n, total := c.Count(); n != satisfied || n != s.Done || total != s.Needed {
		w.t.Errorf("%d of %d, but the summary says %d of %d", n, total, s.Done, s.Needed)
	}
	for _, a := range c.Acts {
		if state, _ := a.State(); slices.Index(winddown.ActStates(), state) < slices.Index(winddown.ActStates(), s.Act) {
			w.t.Errorf("act %d is %s, but the summary says %s", a.Position, state, s.Act)
		}
	}
	if group := s.Group(w.today); c.Finished() != (group == winddown.GroupFinished) || (!c.Finished() && problems != (group == winddown.GroupProblem)) {
		w.t.Errorf("group %s, finished %v, problems %v", group, c.Finished(), problems)
	}
	request, _ := c.Step(winddown.RequestAct)
	for _, open := range c.Unfinished() {
		waived := request.Waiver != nil && slices.Contains(request.Waiver.Steps, open)
		if s.Group(w.today) == winddown.GroupFinish && open != winddown.StripMedia && !waived {
			w.t.Errorf("%s is unfinished in group finish", open)
		}
	}
	dues := c.Dues(cal)
	if (len(dues) == 0) != c.Finished() || !slices.IsSortedFunc(dues, func(a, b winddown.Due) int { return a.On.Time().Compare(b.On.Time()) }) {
		w.t.Errorf("finished %v, dues %v", c.Finished(), dues)
	}
	if len(dues) > 0 && (s.DueOn != dues[0].On || s.Due != dues[0].Kind) || len(dues) == 0 && !s.DueOn.IsZero() {
		w.t.Errorf("the next deadline is %s on %s of %v", s.Due, s.DueOn, dues)
	}
	if s.Balance != c.Debts.Balance() || s.Questions != c.OpenQuestions() || s.Waived != c.Waived() {
		w.t.Errorf("summary %+v", s)
	}
}
