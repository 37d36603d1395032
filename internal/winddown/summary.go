package winddown

// Group is a heading of the register: what to do next.
type Group string

// The groups, most urgent first. A case is in exactly one; the first match wins.
const (
	GroupProblem  Group = "problem"
	GroupReady    Group = "ready"    // «Пора запросить акт»
	GroupOverdue  Group = "overdue"  // «Ждём акт и после всех напоминаний»: longer than the last working day of Practice.ChaseDays
	GroupReceived Group = "received" // «Акт получен, не подписан»
	GroupDebt     Group = "debt"     // «Подписан, есть долг»
	GroupFinish   Group = "finish"   // «Осталось завершить»
	GroupWaiting  Group = "waiting"  // «Ждём акт»
	GroupEarly    Group = "early"    // «Рано запрашивать»
	GroupFinished Group = "finished"
)

// Groups returns every group in the register's order.
func Groups() []Group {
	return []Group{
		GroupProblem, GroupReady, GroupOverdue, GroupReceived, GroupDebt,
		GroupFinish, GroupWaiting, GroupEarly, GroupFinished,
	}
}

// Ball says whose turn it is.
type Ball string

// The sides.
const (
	BallSeller     Ball = "seller"
	BallAccountant Ball = "accountant"
	BallWB         Ball = "wb"
)

// Summary is what the register shows of a case. It is kept with the case and written
// with every change. It holds dates and states that only a write can change; what
// depends on the day is derived by Group.
type Summary struct {
	Act       ActState
	ActOn     Date // since when; zero for not requested
	Ticket    string
	Stage     Group // the group before dates are looked at: never GroupOverdue
	BurnOn    Date  // from this day the case is a problem; zero for never
	OverdueOn Date  // from this day a waiting case is overdue; zero for never
	DueOn     Date  // the nearest deadline nobody has dealt with; zero for none
	Due       DueKind
	Problem   ProblemKind // of the first step with a stored problem
	Blocker   Code        // the first step that stands in the way
	Ball      Ball        // empty when finished
	BallOn    Date        // since when; zero when that says nothing
	Done      int
	Needed    int
	Balance   Money // of the ledger; negative when the seller owes
	Waived    bool  // a gate was opened without fulfilment
	Questions int   // that are not resolved
}

// Summarize derives the summary of a case.
func Summarize(c *Case, cal Calendar) Summary {
	var s Summary
	act := leastAdvanced(c.Acts)
	s.Act, s.ActOn = act.State()
	s.Ticket = act.Ticket
	if s.Act == NotRequested {
		s.Ticket = ""
	}
	s.Done, s.Needed = c.Count()
	s.Stage, s.Blocker = c.stage()

	s.Balance, s.Waived, s.Questions = c.Balance, c.Waived(), c.OpenQuestions()
	if by := c.pickUpBy(); !by.IsZero() {
		s.BurnOn = by.AddDays(-BurnDays)
	}
	if s.Stage == GroupWaiting {
		for _, a := range c.Acts {
			if on := c.OverdueOn(cal, a); a.Phase() == PhaseRequested && (s.OverdueOn.IsZero() || on.Before(s.OverdueOn)) {
				s.OverdueOn = on
			}
		}
	}
	if dues := c.Dues(cal); len(dues) > 0 {
		s.DueOn, s.Due = dues[0].On, dues[0].Kind
	}
	s.Ball, s.BallOn = c.ball(s.Stage, act)
	for _, st := range c.Steps {
		if st.Problem != nil && c.Needed(st.Code) {
			s.Problem = st.Problem.Kind
			break
		}
	}
	return s
}

// stage returns the group by what is stored, and the step that stands in the way.
func (c *Case) stage() (Group, Code) {
	if c.Finished() {
		return GroupFinished, ""
	}
	for _, st := range c.Steps {
		if st.Problem != nil && c.Needed(st.Code) {
			return GroupProblem, st.Code
		}
	}
	first := func(codes []Code) Code {
		if len(codes) == 0 {
			return ""
		}
		return codes[0]
	}
	switch {
	case !c.Satisfied(RequestAct):
		if open := c.Blockers(RequestAct); len(open) > 0 {
			return GroupEarly, open[0]
		}
		return GroupReady, ""
	case !c.Satisfied(ReceiveAct):
		return GroupWaiting, ""
	case !c.Satisfied(SignAct):
		return GroupReceived, ""
	case !c.Satisfied(SettleDebts), len(c.UnbookedActs()) > 0:
		return GroupDebt, ""
	}
	return GroupFinish, first(c.Unfinished())
}

// ball returns whose turn it is and since when. Without an owner the accountant does
// the seller's part.
func (c *Case) ball(stage Group, act Act) (Ball, Date) {
	side := BallSeller
	if !c.HasOwner {
		side = BallAccountant
	}
	switch stage {
	case GroupFinished:
		return "", Date{}
	case GroupProblem:
		for _, st := range c.Steps {
			if st.Problem != nil && c.Needed(st.Code) {
				return side, st.Problem.On
			}
		}
	case GroupReady:
		return side, c.latestTick(ZeroFBS, SellOut, ReturnStock, CollectReturns)
	case GroupWaiting, GroupOverdue:
		return BallWB, act.RequestedOn
	case GroupReceived:
		return side, act.ReceivedOn
	case GroupDebt:
		return side, act.SignedOn
	case GroupFinish:
		return side, c.latestTick(SettleDebts)
	case GroupEarly:
	}
	return side, Date{}
}

// latestTick returns the latest date among the signatures of the needed steps.
func (c *Case) latestTick(codes ...Code) Date {
	var latest Date
	for _, code := range codes {
		st, err := c.Step(code)
		if err == nil && c.Needed(code) && st.Tick != nil && st.Tick.On.After(latest) {
			latest = st.Tick.On
		}
	}
	return latest
}

// Group returns the group a summary stands in on the given day.
func (s Summary) Group(today Date) Group {
	switch {
	case s.Stage == GroupFinished:
		return GroupFinished
	case !s.BurnOn.IsZero() && !today.Before(s.BurnOn):
		return GroupProblem
	case s.Stage == GroupWaiting && !s.OverdueOn.IsZero() && !today.Before(s.OverdueOn):
		return GroupOverdue
	}
	return s.Stage
}

// ActSuspended reports whether a mark about the act is known to be suspended, so that what Act says has to
// be confirmed again. Not known is it of a finished case, and behind a gate that was opened without fulfilment.
func (s Summary) ActSuspended() bool {
	if s.Act == NotRequested || s.Stage != GroupProblem {
		return false
	}
	switch s.Blocker {
	case RequestAct, ReceiveAct, SignAct:
		return true
	case ZeroFBS, SellOut, ReturnStock, CollectReturns: // what the request rests on
		return !s.Waived
	case StripMedia, SettleDebts:
	}
	return false
}

// ProblemOn returns the problem the register names on the given day, or nothing.
func (s Summary) ProblemOn(today Date) ProblemKind {
	switch {
	case s.Stage == GroupProblem, s.Stage == GroupFinished:
		return s.Problem
	case s.Group(today) == GroupProblem:
		return Burning
	}
	return ""
}
