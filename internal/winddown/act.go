package winddown

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// Channel is the way the act was asked for.
type Channel string

// The channels: the support desk, the «Документы» section, anything else.
const (
	Support   Channel = "support"
	Documents Channel = "documents"
	Other     Channel = "other"
)

// Channels returns every channel.
func Channels() []Channel { return []Channel{Support, Documents, Other} }

// SignedVia is the way the act was signed.
type SignedVia string

// The ways to sign: electronic document interchange, paper, a button of the portal.
const (
	ViaEDO    SignedVia = "edo"
	ViaPaper  SignedVia = "paper"
	ViaPortal SignedVia = "portal"
)

// SignedVias returns every way to sign.
func SignedVias() []SignedVia { return []SignedVia{ViaEDO, ViaPaper, ViaPortal} }

// Balance is a closing balance as a document states it: positive when the marketplace
// owes the seller. Known is false while nobody has said.
type Balance struct {
	Known  bool
	Amount Money
}

// Act is one round of a reconciliation act of a case. A case has one act by default, and
// one more for every further legal entity of the marketplace it dealt with; an act that
// was disputed and requested again has a further round, and the old rounds stay.
type Act struct {
	Position     int // 1 for the first act
	Round        int // 1 for the first round
	Version      int // counts every change of the act
	Counterparty string
	PeriodFrom   Date
	PeriodTo     Date
	Channel      Channel // empty when not said
	Ticket       string
	RequestedOn  Date
	// CheckedOn is the last day somebody looked for the act and said it had not come:
	// reminders up to that day are spent.
	CheckedOn  Date
	RemindedOn Date // the marketplace was last reminded
	ReceivedOn Date
	Ours       Balance // by the seller's own books
	Theirs     Balance // as the act states it
	ComparedOn Date
	Agrees     bool
	Difference Money  // ours less theirs, for an act that disagrees
	Objections string // one a line
	DisputedOn Date   // the objections were sent
	SignedOn   Date
	Signer     string // who signed for the seller
	Authority  string // on what authority
	Via        SignedVia
	// CountersignedOn is the day the marketplace's signature came.
	CountersignedOn Date
}

// Limits of what people type about an act.
const (
	MaxActs       = 10
	MaxRounds     = 20
	MaxObjections = 4000 // characters
)

// Phase is where an act stands between the letter and the countersigned paper.
type Phase string

// The phases. Disputed means that the objections are sent: a new act is awaited, or the
// objections are signed with the act (протокол разногласий) and it is signed objecting.
const (
	PhaseNotRequested           Phase = "not_requested"
	PhaseRequested              Phase = "requested"
	PhaseReceived               Phase = "received"
	PhaseAgreed                 Phase = "agreed"
	PhaseDisagreed              Phase = "disagreed"
	PhaseDisputed               Phase = "disputed"
	PhaseSigned                 Phase = "signed"
	PhaseCountersigned          Phase = "countersigned"
	PhaseSignedObjecting        Phase = "signed_objecting"
	PhaseCountersignedObjecting Phase = "countersigned_objecting"
)

// Phases returns every phase.
func Phases() []Phase {
	return []Phase{
		PhaseNotRequested, PhaseRequested, PhaseReceived, PhaseAgreed, PhaseDisagreed, PhaseDisputed, PhaseSigned, PhaseCountersigned,
		PhaseSignedObjecting, PhaseCountersignedObjecting,
	}
}

// ActAction is something done about an act.
type ActAction string

// The actions. Undo takes the last one back.
const (
	ActRequest     ActAction = "request"
	ActRemind      ActAction = "remind"
	ActReceive     ActAction = "receive"
	ActAgree       ActAction = "agree"
	ActDisagree    ActAction = "disagree"
	ActDispute     ActAction = "dispute"
	ActSign        ActAction = "sign"
	ActCountersign ActAction = "countersign"
	ActUndo        ActAction = "undo"
)

// ActActions returns every action.
func ActActions() []ActAction {
	return []ActAction{ActRequest, ActRemind, ActReceive, ActAgree, ActDisagree, ActDispute, ActSign, ActCountersign, ActUndo}
}

// NextPhase is the act's state machine: the phase an action leads to, or false for one
// that is refused. An action that leads to the phase it starts from corrects details;
// a request of a disputed act begins a new round.
func NextPhase(from Phase, a ActAction) (Phase, bool) {
	to, ok := map[Phase]map[ActAction]Phase{
		PhaseNotRequested: {ActRequest: PhaseRequested},
		PhaseRequested:    {ActRequest: PhaseRequested, ActRemind: PhaseRequested, ActReceive: PhaseReceived, ActUndo: PhaseNotRequested},
		PhaseReceived: {
			ActRequest: PhaseReceived, ActReceive: PhaseReceived, ActAgree: PhaseAgreed, ActDisagree: PhaseDisagreed, ActUndo: PhaseRequested,
		},
		PhaseAgreed: {
			ActRequest: PhaseAgreed, ActReceive: PhaseAgreed, ActAgree: PhaseAgreed, ActDisagree: PhaseDisagreed, ActSign: PhaseSigned,
			ActUndo: PhaseReceived,
		},
		PhaseDisagreed: {
			ActRequest: PhaseDisagreed, ActReceive: PhaseDisagreed, ActAgree: PhaseAgreed, ActDisagree: PhaseDisagreed,
			ActDispute: PhaseDisputed, ActUndo: PhaseReceived,
		},
		PhaseDisputed: {
			ActRequest: PhaseRequested, ActReceive: PhaseDisputed, ActAgree: PhaseAgreed, ActDispute: PhaseDisputed,
			ActSign: PhaseSignedObjecting, ActUndo: PhaseDisagreed,
		},
		PhaseSigned: {
			ActRequest: PhaseSigned, ActReceive: PhaseSigned, ActSign: PhaseSigned, ActCountersign: PhaseCountersigned, ActUndo: PhaseAgreed,
		},
		PhaseCountersigned: {
			ActRequest: PhaseCountersigned, ActReceive: PhaseCountersigned, ActSign: PhaseCountersigned,
			ActCountersign: PhaseCountersigned, ActUndo: PhaseSigned,
		},
		PhaseSignedObjecting: {
			ActRequest: PhaseSignedObjecting, ActReceive: PhaseSignedObjecting, ActSign: PhaseSignedObjecting,
			ActCountersign: PhaseCountersignedObjecting, ActUndo: PhaseDisputed,
		},
		PhaseCountersignedObjecting: {
			ActRequest: PhaseCountersignedObjecting, ActReceive: PhaseCountersignedObjecting, ActSign: PhaseCountersignedObjecting,
			ActCountersign: PhaseCountersignedObjecting, ActUndo: PhaseSignedObjecting,
		},
	}[from][a]
	return to, ok
}

// Phase returns where the act stands. A date without the ones before it does not count.
func (a Act) Phase() Phase {
	switch {
	case a.RequestedOn.IsZero():
		return PhaseNotRequested
	case a.ReceivedOn.IsZero():
		return PhaseRequested
	case a.ComparedOn.IsZero():
		return PhaseReceived
	case !a.Agrees && a.DisputedOn.IsZero():
		return PhaseDisagreed
	case !a.Agrees && a.SignedOn.IsZero():
		return PhaseDisputed
	case a.SignedOn.IsZero():
		return PhaseAgreed
	case !a.Agrees && a.CountersignedOn.IsZero():
		return PhaseSignedObjecting
	case !a.Agrees:
		return PhaseCountersignedObjecting
	case a.CountersignedOn.IsZero():
		return PhaseSigned
	}
	return PhaseCountersigned
}

// PhaseOn returns the day since which the act stands where it does; zero before the request.
func (a Act) PhaseOn() Date {
	switch a.Phase() {
	case PhaseNotRequested:
	case PhaseRequested:
		return a.RequestedOn
	case PhaseReceived:
		return a.ReceivedOn
	case PhaseAgreed, PhaseDisagreed:
		return a.ComparedOn
	case PhaseDisputed:
		return a.DisputedOn
	case PhaseSigned, PhaseSignedObjecting:
		return a.SignedOn
	case PhaseCountersigned, PhaseCountersignedObjecting:
		return a.CountersignedOn
	}
	return Date{}
}

// contradicted reports whether the two balances say something else than the comparison.
func (a Act) contradicted() bool {
	difference, known := a.Gap()
	if a.ComparedOn.IsZero() || !known {
		return false
	}
	return a.Agrees && difference != 0 || !a.Agrees && difference != a.Difference
}

// recompare brings the comparison in line with balances that were corrected: the sum of a
// difference follows them, a result they contradict is forgotten.
func (a *Act) recompare() {
	if !a.contradicted() {
		return
	}
	if gap, _ := a.Gap(); !a.Agrees && gap != 0 {
		a.Difference = gap
		return
	}
	a.forgetComparison()
}

// Gap returns the balance by the seller's own books less the one the act states, and
// whether both are known.
func (a Act) Gap() (Money, bool) {
	return a.Ours.Amount - a.Theirs.Amount, a.Ours.Known && a.Theirs.Known
}

// May reports whether an action is open to the act where it stands. The request of a
// later round cannot be taken back: rounds are never lost.
func (a Act) May(action ActAction) bool {
	from := a.Phase()
	if action == ActUndo && from == PhaseRequested && a.Round > 1 {
		return false
	}
	_, ok := NextPhase(from, action)
	return ok
}

// AgreedBalance returns the closing balance of an act that agrees with the seller's books,
// positive when the marketplace owes; not known while the act has not come so far, and for
// one that is signed objecting.
func (a Act) AgreedBalance() Balance {
	switch a.Phase() {
	case PhaseAgreed, PhaseSigned, PhaseCountersigned:
		if a.Theirs.Known {
			return a.Theirs
		}
		return a.Ours
	case PhaseNotRequested, PhaseRequested, PhaseReceived, PhaseDisagreed, PhaseDisputed, PhaseSignedObjecting,
		PhaseCountersignedObjecting:
	}
	return Balance{}
}

// ClosedOn returns the last day an act's balance is about: the end of its period, or the day
// before it was asked for where nobody said.
func (a Act) ClosedOn() Date {
	if a.PeriodTo.IsZero() && !a.RequestedOn.IsZero() {
		return a.RequestedOn.AddDays(-1)
	}
	return a.PeriodTo
}

// UnbookedActs returns the acts that say somebody owes while the ledger holds no line at
// all: debts that are only forgotten must not pass for debts that are settled.
func (c *Case) UnbookedActs() []Act {
	if c.Lines > 0 {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(c.Acts), func(a Act) bool { return a.AgreedBalance().Amount == 0 })
}

// LedgerGap compares the acts with the ledger, which must be loaded and hold a line: acts is
// what they say is owed, positive when the marketplace owes, and ledger the same by the
// lines of up to their day that were not closed by it. False when both are the same, some act
// does not say, or the acts are about different days; and when every line counted whatever its
// date comes to the same, for the balance of an act may be written down with a later day.
func (c *Case) LedgerGap() (acts, ledger Money, differ bool) {
	var closed Date
	for _, a := range c.Acts {
		b := a.AgreedBalance()
		if !b.Known {
			return 0, 0, false
		}
		if !closed.IsZero() && closed != a.ClosedOn() {
			return 0, 0, false
		}
		acts, closed = acts+b.Amount, a.ClosedOn()
	}
	ledger = c.Debts.balanceOn(closed)
	return acts, ledger, c.Lines > 0 && acts != ledger && acts != c.Debts.balanceAfter(closed)
}

// RequestedEarly returns the step before the request that was signed with the latest day,
// and that day, if the act was asked for before it: the act may lack the last operations.
func (c *Case) RequestedEarly(a Act) (Code, Date, bool) {
	if a.RequestedOn.IsZero() {
		return "", Date{}, false
	}
	var late *Step
	d, _ := c.playbook().Step(RequestAct)
	for _, code := range d.Gate {
		st, err := c.Step(code)
		if err != nil || !c.Needed(code) || st.Tick == nil || !st.Tick.On.After(a.RequestedOn) {
			continue
		}
		if late == nil || st.Tick.On.After(late.Tick.On) {
			late = st
		}
	}
	if late == nil {
		return "", Date{}, false
	}
	return late.Code, late.Tick.On, true
}

// ObjectionList returns the objections, one an item.
func (a Act) ObjectionList() []string {
	var list []string
	for line := range strings.SplitSeq(a.Objections, "\n") {
		if line = strings.TrimSpace(line); line != "" {
			list = append(list, line)
		}
	}
	return list
}

// ActState is how far an act has come, as the register words it.
type ActState string

// The states of an act, in order.
const (
	NotRequested ActState = "not_requested"
	Requested    ActState = "requested"
	Received     ActState = "received"
	Signed       ActState = "signed"
)

// ActStates returns every state, in order.
func ActStates() []ActState { return []ActState{NotRequested, Requested, Received, Signed} }

// State returns how far the act has come and since when. A disputed act counts as
// received until it is requested again.
func (a Act) State() (ActState, Date) {
	switch a.Phase() {
	case PhaseRequested:
		return Requested, a.RequestedOn
	case PhaseReceived, PhaseAgreed, PhaseDisagreed, PhaseDisputed:
		return Received, a.ReceivedOn
	case PhaseSigned, PhaseCountersigned, PhaseSignedObjecting, PhaseCountersignedObjecting:
		return Signed, a.SignedOn
	case PhaseNotRequested:
	}
	return NotRequested, Date{}
}

func (s ActState) rank() int { return slices.Index(ActStates(), s) }

// leastAdvanced returns the act of a case that holds the others up: the least advanced,
// and among equals the one that has been so the longest.
func leastAdvanced(acts []Act) Act {
	var least Act
	for i, a := range acts {
		if i == 0 {
			least = a
			continue
		}
		s, on := a.State()
		ls, lon := least.State()
		if s.rank() < ls.rank() || (s == ls && on.Before(lon)) {
			least = a
		}
	}
	return least
}

// actStep is what a step of the checklist asks of every act of the case.
type actStep struct {
	action ActAction
	state  ActState
}

// actSteps are the steps that follow from the acts.
func actSteps(code Code) (actStep, bool) {
	switch code {
	case RequestAct:
		return actStep{ActRequest, Requested}, true
	case ReceiveAct:
		return actStep{ActReceive, Received}, true
	case SignAct:
		return actStep{ActSign, Signed}, true
	case ZeroFBS, SellOut, ReturnStock, CollectReturns, StripMedia, SettleDebts:
	}
	return actStep{}, false
}

// reached reports whether every act of the case has come at least so far.
func (c *Case) reached(s ActState) bool {
	for _, a := range c.Acts {
		if state, _ := a.State(); state.rank() < s.rank() {
			return false
		}
	}
	return true
}

// anyReached reports whether some act of the case has come at least so far.
func (c *Case) anyReached(s ActState) bool {
	return slices.ContainsFunc(c.Acts, func(a Act) bool {
		state, _ := a.State()
		return state.rank() >= s.rank()
	})
}

// Act returns the current round of an act, or NotFound.
func (c *Case) Act(position int) (*Act, error) {
	for i := range c.Acts {
		if c.Acts[i].Position == position {
			return &c.Acts[i], nil
		}
	}
	return nil, &Error{Kind: NotFound, Key: "error.not_found"}
}

// ActFor returns the act that a step's form is about: the one at the given position, or,
// for position 0, the first that has not come so far yet, and else the first.
func (c *Case) ActFor(code Code, position int) (*Act, error) {
	if position != 0 {
		return c.Act(position)
	}
	if step, ok := actSteps(code); ok {
		for i := range c.Acts {
			if state, _ := c.Acts[i].State(); state.rank() < step.state.rank() {
				return &c.Acts[i], nil
			}
		}
	}
	return &c.Acts[0], nil
}

// Rounds returns the earlier rounds of an act, the first one first.
func (c *Case) Rounds(position int) []Act {
	var rounds []Act
	for _, a := range c.Past {
		if a.Position == position {
			rounds = append(rounds, a)
		}
	}
	return rounds
}

// follow brings the steps that follow from the acts in line with them: a step whose acts
// are all there is signed, one where an act is missing again loses its signature, which
// the history keeps; done steps that rest on it are suspended.
func (c *Case) follow(s Stamp) []Event {
	var events []Event
	for i := range c.Steps {
		st := &c.Steps[i]
		step, ok := actSteps(st.Code)
		if !ok {
			continue
		}
		switch there := c.reached(step.state); {
		case st.Tick == nil && there:
			on := c.latestAct(st.Code)
			st.Tick = &Tick{On: on, At: s.At, By: s.By, OnBehalf: s.OnBehalf}
			st.Version++
			events = append(events, Event{Kind: StepDone, Step: st.Code, After: Changes{"on": on.String()}, OnBehalf: s.OnBehalf})
		case st.Tick != nil && st.Problem == nil && !there: // one that is suspended waits to be confirmed
			events = append(events, st.revert(s)...)
		}
	}
	acts := slices.Clone(c.Acts)
	c.forget()
	events = append(events, c.changed(acts, s)...)
	events = append(events, c.suspend(s)...)
	return append(events, c.unsettle(s)...)
}

// revert takes a signature away that nothing stands behind any more; the history keeps it.
func (st *Step) revert(s Stamp) []Event {
	st.Version++
	if st.Tick == nil {
		return st.drop(s)
	}
	before := Changes{"on": st.Tick.On.String()}
	st.Tick, st.Problem = nil, nil
	if st.StartedOn.IsZero() {
		st.StartedOn = s.Today
	}
	return append([]Event{{Kind: StepReverted, Step: st.Code, Before: before, OnBehalf: s.OnBehalf}}, st.drop(s)...)
}

// forget takes away the dates that neither count nor stand behind a suspended signature.
// When the dates before them return, they would count again without anybody's word.
func (c *Case) forget() {
	for i := range c.Acts {
		a := &c.Acts[i]
		for _, st := range c.Steps {
			step, ok := actSteps(st.Code)
			if !ok || st.Tick != nil {
				continue
			}
			state, _ := a.State()
			if state.rank() < step.state.rank() {
				a.takeBack(st.Code)
			}
			if st.Code == SignAct && state.rank() < Received.rank() {
				a.forgetComparison()
			}
		}
	}
}

// takeBack takes the date away that a step put into the act.
func (a *Act) takeBack(code Code) {
	switch code {
	case RequestAct:
		a.RequestedOn, a.CheckedOn, a.RemindedOn = Date{}, Date{}, Date{}
	case ReceiveAct:
		a.ReceivedOn = Date{}
	case SignAct:
		a.SignedOn, a.CountersignedOn = Date{}, Date{}
	case ZeroFBS, SellOut, ReturnStock, CollectReturns, StripMedia, SettleDebts:
	}
}

// forgetComparison takes the comparison back, with the dispute that followed from it.
func (a *Act) forgetComparison() {
	a.ComparedOn, a.Agrees, a.Difference, a.Objections, a.DisputedOn = Date{}, false, 0, "", Date{}
}

// latestAct returns the day on which the last of the acts did what a step asks.
func (c *Case) latestAct(code Code) Date {
	var latest Date
	for _, a := range c.Acts {
		on := a.SignedOn
		switch code {
		case RequestAct:
			on = a.RequestedOn
		case ReceiveAct:
			on = a.ReceivedOn
		case ZeroFBS, SellOut, ReturnStock, CollectReturns, StripMedia, SignAct, SettleDebts:
		}
		if on.After(latest) {
			latest = on
		}
	}
	return latest
}

// actGate returns Blocked when an act may not take what a step is about: the step's gate
// is closed, or the act itself has not come so far.
func (c *Case) actGate(code Code, a Act) error {
	if err := c.gate(code); err != nil {
		return err
	}
	before, needed := RequestAct, NotRequested
	switch code {
	case ReceiveAct:
		needed = Requested
	case SignAct:
		before, needed = ReceiveAct, Received
	case ZeroFBS, SellOut, ReturnStock, CollectReturns, StripMedia, RequestAct, SettleDebts:
	}
	if state, _ := a.State(); state.rank() < needed.rank() {
		return &Error{Kind: Blocked, Key: "step.error.blocked", Blockers: []Code{before}}
	}
	return nil
}

// AddAct adds an act for a further legal entity of the marketplace.
type AddAct struct {
	Counterparty string
	Version      int // of the case; zero asks for no check
}

// AddAct adds an act that is not requested yet; steps that follow from the acts open
// again. It returns Invalid or Conflict.
func (c *Case) AddAct(in AddAct, s Stamp) ([]Event, error) {
	if err := c.open(); err != nil {
		return nil, err
	}
	var v invalid
	name := tidyLine(in.Counterparty)
	switch n := utf8.RuneCountInString(name); {
	case n == 0:
		v.add("counterparty", "act.error.counterparty_missing", nil)
	case n > MaxName:
		v.add("counterparty", "error.field.too_long", Args{"Max": MaxName})
	}
	if err := v.err(); err != nil {
		return nil, err
	}
	if at := slices.IndexFunc(c.Acts, func(a Act) bool { return strings.EqualFold(a.Counterparty, name) }); at >= 0 {
		if a := c.Acts[at]; a.Position == c.ActSeq && a.Version == 1 && in.Version == c.Version-1 { // the same form sent twice
			return nil, nil
		}
		v.add("counterparty", "act.error.counterparty_known", nil)
		return nil, v.err()
	}
	if in.Version != 0 && in.Version != c.Version {
		return nil, &Error{Kind: Conflict, Key: "case.error.stale"}
	}
	if len(c.Acts) >= MaxActs {
		return nil, &Error{Kind: Conflict, Key: "act.error.too_many", Args: Args{"Max": MaxActs}}
	}
	c.ActSeq++
	position := c.ActSeq
	c.Acts = append(c.Acts, Act{Position: position, Round: 1, Version: 1, Counterparty: name})
	c.Version++
	events := []Event{{Kind: ActAdded, Act: position, After: Changes{"counterparty": name}, OnBehalf: s.OnBehalf}}
	return append(events, c.follow(s)...), nil
}

// RemoveAct takes away an act that was added by mistake: not the only one, and not one that
// anything was ever noted about or filed with. It returns NotFound or Conflict. Removing it
// again changes nothing.
func (c *Case) RemoveAct(position, version int, s Stamp) ([]Event, error) {
	if err := c.open(); err != nil {
		return nil, err
	}
	a, err := c.Act(position)
	if err != nil {
		if position > 0 && position <= c.ActSeq { // the same form sent twice
			return nil, nil
		}
		return nil, err
	}
	if version != a.Version {
		return nil, staleAct(*a)
	}
	if len(c.Acts) == 1 || a.Version > 1 || a.Phase() != PhaseNotRequested || c.filed(position) {
		return nil, &Error{Kind: Conflict, Key: "act.error.not_removable"}
	}
	before := Changes{"counterparty": a.Counterparty}
	c.Acts = slices.DeleteFunc(c.Acts, func(a Act) bool { return a.Position == position })
	c.Version++
	events := []Event{{Kind: ActRemoved, Act: position, Before: before, OnBehalf: s.OnBehalf}}
	return append(events, c.follow(s)...), nil
}

// filed reports whether any slot of an act holds evidence.
func (c *Case) filed(position int) bool {
	for _, st := range c.Steps {
		for _, slot := range c.Slots(st.Code) {
			if slot.PerAct && st.Proven(slot.Code, position, 1) {
				return true
			}
		}
	}
	return false
}

// CompareAct says whether a received act agrees with the seller's own books.
type CompareAct struct {
	Act        int
	Version    int // of the act
	On         Date
	Agrees     bool
	Difference string // typed; ours less theirs
	Objections string // one a line
}

// CompareAct notes the comparison. It returns NotFound, Blocked, Conflict for a stale
// version or an act that cannot be compared now, or Invalid. The same input again changes
// nothing.
func (c *Case) CompareAct(in CompareAct, s Stamp) ([]Event, error) {
	action := ActAgree
	if !in.Agrees {
		action = ActDisagree
	}
	return c.moveAct(in.Act, in.Version, action, s, func(a *Act) (Event, error) {
		var v invalid
		checkPast(&v, "on", in.On, s.Today)
		if len(v.fields) == 0 && in.On.Before(a.ReceivedOn) {
			v.add("on", "act.error.compared_before_received", Args{"Date": a.ReceivedOn})
		}
		difference, objections := Money(0), ""
		gap, known := a.Gap()
		if in.Agrees && known && gap != 0 {
			v.add("agrees", "act.error.balances_differ", Args{"Ours": a.Ours.Amount, "Theirs": a.Theirs.Amount})
		}
		if !in.Agrees {
			objections = tidyText(in.Objections)
			mistakes := len(v.fields)
			difference = v.money("difference", in.Difference)
			switch {
			case len(v.fields) > mistakes:
			case known && gap == 0:
				v.add("agrees", "act.error.balances_equal", Args{"Ours": a.Ours.Amount})
			case known && difference != gap:
				v.add("difference", "act.error.difference_other", Args{"Difference": gap})
			case difference == 0:
				v.add("difference", "act.error.difference_zero", nil)
			}
			switch n := utf8.RuneCountInString(objections); {
			case n == 0:
				v.add("objections", "act.error.objections_missing", nil)
			case n > MaxObjections:
				v.add("objections", "error.field.too_long", Args{"Max": MaxObjections})
			}
		}
		if err := v.err(); err != nil {
			return Event{}, err
		}
		a.ComparedOn, a.Agrees, a.Difference, a.Objections = in.On, in.Agrees, difference, objections
		if in.Agrees {
			a.DisputedOn = Date{}
		}
		return Event{Kind: ActCompared, Step: SignAct}, nil
	})
}

// RemindAct says that the marketplace was reminded of a requested act.
type RemindAct struct {
	Act     int
	Version int
	On      Date
}

// RemindAct notes the reminder; those due up to that day are spent. Errors as for
// CompareAct.
func (c *Case) RemindAct(in RemindAct, s Stamp) ([]Event, error) {
	return c.moveAct(in.Act, in.Version, ActRemind, s, func(a *Act) (Event, error) {
		var v invalid
		checkPast(&v, "on", in.On, s.Today)
		if len(v.fields) == 0 && in.On.Before(a.RequestedOn) {
			v.add("on", "act.error.reminded_before_requested", Args{"Date": a.RequestedOn})
		}
		if err := v.err(); err != nil {
			return Event{}, err
		}
		a.RemindedOn = in.On
		if in.On.After(a.CheckedOn) {
			a.CheckedOn = in.On
		}
		return Event{Kind: ActReminded, Step: ReceiveAct}, nil
	})
}

// DisputeAct says that the objections were sent to the marketplace.
type DisputeAct struct {
	Act     int
	Version int
	On      Date
}

// DisputeAct notes the dispute; the act can be requested again. Errors as for CompareAct.
func (c *Case) DisputeAct(in DisputeAct, s Stamp) ([]Event, error) {
	return c.moveAct(in.Act, in.Version, ActDispute, s, func(a *Act) (Event, error) {
		var v invalid
		checkPast(&v, "on", in.On, s.Today)
		if len(v.fields) == 0 && in.On.Before(a.ComparedOn) {
			v.add("on", "act.error.disputed_before_compared", Args{"Date": a.ComparedOn})
		}
		if err := v.err(); err != nil {
			return Event{}, err
		}
		a.DisputedOn = in.On
		return Event{Kind: ActDisputed, Step: SignAct}, nil
	})
}

// CountersignAct says that the marketplace's signature has come.
type CountersignAct struct {
	Act     int
	Version int
	On      Date
}

// CountersignAct notes the marketplace's signature, which may come after the finish. Errors
// as for CompareAct.
func (c *Case) CountersignAct(in CountersignAct, s Stamp) ([]Event, error) {
	return c.moveAct(in.Act, in.Version, ActCountersign, s, func(a *Act) (Event, error) {
		var v invalid
		checkPast(&v, "on", in.On, s.Today)
		if len(v.fields) == 0 && in.On.Before(a.ReceivedOn) {
			v.add("on", "act.error.countersigned_before_received", Args{"Date": a.ReceivedOn})
		}
		if err := v.err(); err != nil {
			return Event{}, err
		}
		a.CountersignedOn = in.On
		return Event{Kind: ActCountersigned, Step: SignAct}, nil
	})
}

// UndoAct takes the last thing back that was noted about an act.
type UndoAct struct {
	Act     int
	Version int
	Reason  string
}

// UndoAct takes the act one phase back; the history keeps what was noted. Errors as for
// CompareAct, and Invalid without a reason.
func (c *Case) UndoAct(in UndoAct, s Stamp) ([]Event, error) {
	reason, err := checkReason(in.Reason)
	if err != nil {
		return nil, err
	}
	return c.moveAct(in.Act, in.Version, ActUndo, s, func(a *Act) (Event, error) {
		step := SignAct
		switch a.Phase() {
		case PhaseRequested:
			step = RequestAct
			a.takeBack(RequestAct)
		case PhaseReceived:
			step = ReceiveAct
			a.takeBack(ReceiveAct)
		case PhaseAgreed, PhaseDisagreed:
			a.forgetComparison()
		case PhaseDisputed:
			a.DisputedOn = Date{}
		case PhaseSigned, PhaseSignedObjecting:
			a.SignedOn = Date{}
		case PhaseCountersigned, PhaseCountersignedObjecting:
			a.CountersignedOn = Date{}
		case PhaseNotRequested:
		}
		return Event{Kind: ActUndone, Step: step, Reason: reason}, nil
	})
}

// MayAfterFinish reports whether an action is open to an act although the case may be
// finished: the marketplace's signature often comes last.
func (a Act) MayAfterFinish(action ActAction) bool {
	phase := a.Phase()
	return action == ActCountersign || action == ActUndo && (phase == PhaseCountersigned || phase == PhaseCountersignedObjecting)
}

// gateOf returns the step whose gate has to be open for an action. What the marketplace
// signed, or was noted by mistake, is so however the steps stand.
func gateOf(action ActAction) (Code, bool) {
	switch action {
	case ActRemind:
		return ReceiveAct, true
	case ActAgree, ActDisagree, ActDispute:
		return SignAct, true
	case ActRequest, ActReceive, ActSign: // by their steps: actGate
	case ActCountersign, ActUndo:
	}
	return "", false
}

// moveAct runs an action on an act through the state machine and brings the steps in line.
func (c *Case) moveAct(position, version int, action ActAction, s Stamp, apply func(*Act) (Event, error)) ([]Event, error) {
	a, err := c.Act(position)
	if err != nil {
		return nil, err
	}
	if !a.MayAfterFinish(action) {
		if err := c.open(); err != nil {
			return nil, err
		}
	}
	if code, gated := gateOf(action); gated {
		if err := c.gate(code); err != nil {
			return nil, err
		}
	}
	next := *a
	if !next.May(action) {
		if version != a.Version {
			return nil, staleAct(*a)
		}
		return nil, &Error{Kind: Conflict, Key: "act.error.order"}
	}
	e, err := apply(&next)
	if err != nil {
		return nil, err
	}
	if next == *a {
		return nil, nil
	}
	if version != a.Version {
		return nil, staleAct(*a)
	}
	before := *a
	e.Act, e.Round, e.Before, e.After, e.OnBehalf = position, a.Round, a.changes(), next.changes(), s.OnBehalf
	next.Version++
	*a = next
	events := []Event{e}
	if st, err := c.Step(e.Step); err == nil && action == ActUndo {
		about, _ := actSteps(e.Step)
		if st.Problem != nil && !c.reached(about.state) { // there is nothing left to be confirmed
			events = append(events, st.revert(s)...)
		}
		if next.CountersignedOn == before.CountersignedOn { // else the seller's part is as it was
			events = append(events, st.drop(s)...) // what was accepted is not what there is
		}
	}
	return append(events, c.follow(s)...), nil
}

// suspended returns those of the steps whose signature a problem suspends.
func (c *Case) suspended(codes ...Code) []Code {
	var open []Code
	for _, code := range codes {
		if st, err := c.Step(code); err == nil && st.Tick != nil && st.Problem != nil {
			open = append(open, code)
		}
	}
	return open
}

// changes is the act as the trail records it.
func (a Act) changes() Changes {
	ch := Changes{
		"counterparty": a.Counterparty, "period_from": a.PeriodFrom.String(), "period_to": a.PeriodTo.String(),
		"channel": string(a.Channel), "ticket": a.Ticket, "requested_on": a.RequestedOn.String(),
		"reminded_on": a.RemindedOn.String(),
		"received_on": a.ReceivedOn.String(), "compared_on": a.ComparedOn.String(), "objections": a.Objections,
		"disputed_on": a.DisputedOn.String(), "signed_on": a.SignedOn.String(), "signer": a.Signer, "authority": a.Authority,
		"via": string(a.Via), "countersigned_on": a.CountersignedOn.String(),
	}
	if a.Ours.Known {
		ch["ours"] = a.Ours.Amount.String()
	}
	if a.Theirs.Known {
		ch["theirs"] = a.Theirs.Amount.String()
	}
	if !a.ComparedOn.IsZero() {
		ch["agrees"] = yesNo(a.Agrees)
	}
	if a.Difference != 0 {
		ch["difference"] = a.Difference.String()
	}
	return ch
}

func staleAct(a Act) error {
	return &Error{Kind: Conflict, Key: "act.error.stale", Args: Args{"Act": a.Position}}
}

// checkPast refuses a date that is missing or has not come yet.
func checkPast(v *invalid, field string, on, today Date) {
	switch {
	case on.IsZero():
		v.add(field, "step.error.date_missing", nil)
	case on.After(today):
		v.add(field, "step.error.date_future", nil)
	}
}
