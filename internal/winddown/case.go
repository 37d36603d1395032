package winddown

import (
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Seller is who leaves the marketplace.
type Seller struct {
	Name    string
	INN     string // 10 or 12 digits
	OGRN    string // 13 or 15 digits, or empty
	Cabinet string // the cabinet's name where a seller has several
}

// Leftover is what happens to the stock in the marketplace's warehouses.
type Leftover string

// The answers to «Что делаете с остатком?».
const (
	Sell   Leftover = "sell"
	Return Leftover = "return"
	Both   Leftover = "both"
)

// Leftovers returns every answer.
func Leftovers() []Leftover { return []Leftover{Sell, Return, Both} }

// Answers are the answers to the three start questions. Leftover is empty when there is
// no stock in the marketplace's warehouses.
type Answers struct {
	FBS      bool
	WBStock  bool
	Leftover Leftover
}

// Case is one seller's wind-down.
type Case struct {
	ID            ID
	FirmID        ID // the firm whose accountant keeps the case, if any
	ResponsibleID ID // the accountant, if any
	Seller        Seller
	Answers       Answers
	// Acting is the leave for the accountant to mark steps: «ведёт за продавца». The owner gives it;
	// a firm may let the sellers it adds begin with it, and then the owner may take it back.
	Acting   bool
	HasOwner bool
	Playbook int
	Zone     string // IANA name; deadlines and groups use it
	Version  int    // counts changes of the case itself, not of its steps
	OpenedOn Date
	// FinishedOn is the day the owner finished the case; zero while it goes on.
	FinishedOn Date
	Steps      []Step // in the playbook's order
	Acts       []Act  // the current round of each, at least one
	Past       []Act  // earlier rounds, the oldest first
	// Balance is that of the open lines of the ledger, positive when the marketplace owes
	// the seller; Lines counts its lines without the removed ones.
	Balance       Money
	Lines         int
	Deadlines     []Deadline // typed in
	InboxOn       Date       // the portal's inbox was last looked into
	Terms         []Term     // of the case's own
	Reminder      *Reminder  // the last one
	ArchivedAt    time.Time  // zero while it is in the firm's register
	RescueAt      time.Time  // from when on another owner is let in; zero unless this one is said to be lost
	Erasure       *Erasure   // nil unless it is to be erased
	Practice      Practice   // of the firm that keeps the books
	Texts         int        // the edition of the firm's texts it is read with
	EvidenceSeq   int        // number of the last version of evidence
	EvidenceBytes int64      // size of all its files
	QuestionSeq   int        // number of the last question
	DeadlineSeq   int        // number of the last deadline
	ActSeq        int        // position of the last act that was added
	// These are loaded where they are asked for only.
	Evidence  []Evidence
	Questions []Question
	Debts     Ledger
}

// Step is one line of a case's checklist.
type Step struct {
	Code      Code
	Version   int  // counts every change of the step
	StartedOn Date // «В работе» since; zero when not begun
	Note      string
	Tick      *Tick // the signature, kept while a problem suspends it
	Problem   *Problem
	Proofs    []string // the slots that hold evidence
	Questions int      // that are not resolved
	Accepted  *Acceptance
	Dropped   *Acceptance // the one before, when it was dropped
	Waiver    *Waiver
}

// Tick is a signature under a step.
type Tick struct {
	On       Date
	At       time.Time
	By       ID
	OnBehalf bool // marked for the seller by somebody else
}

// ProblemKind says why a done step no longer counts.
type ProblemKind string

// The kinds of problem. Burning is derived from a date and never stored.
const (
	Regressed ProblemKind = "regressed" // goods appeared again
	Reopened  ProblemKind = "reopened"  // a step it rests on is open again
	Returned  ProblemKind = "returned"  // the accountant sent it back
	Unsettled ProblemKind = "unsettled" // the ledger is not balanced any more
	Burning   ProblemKind = "burning"   // returns are about to be disposed of
)

// Problem suspends a tick until it is confirmed again.
type Problem struct {
	Kind   ProblemKind
	Reason string // what the person typed, for Regressed and Returned
	Steps  []Code // the steps that opened again, for Reopened
	On     Date
	At     time.Time
	By     ID
}

// Stamp says who does something and when. Today is the person's own date.
type Stamp struct {
	By       ID
	At       time.Time
	Today    Date
	OnBehalf bool
}

// Limits of what people type, in characters.
const (
	MaxName    = 200
	MaxCabinet = 100
	MaxNote    = 2000
	MaxTicket  = 100
)

// BurnDays is how many days before the pick-up date returns show as a problem.
const BurnDays = 3

// WatchDays is how long after the finish goods that appear again are watched for.
const WatchDays = 90

func (s Seller) tidy() Seller {
	s.Name, s.Cabinet = tidyLine(s.Name), tidyLine(s.Cabinet)
	s.INN = strings.Join(strings.Fields(visible(s.INN)), "")
	s.OGRN = strings.Join(strings.Fields(visible(s.OGRN)), "")
	return s
}

func (s Seller) check(v *invalid) {
	switch n := utf8.RuneCountInString(s.Name); {
	case n == 0:
		v.add("seller_name", "case.error.name_missing", nil)
	case n > MaxName:
		v.add("seller_name", "error.field.too_long", Args{"Max": MaxName})
	}
	switch {
	case s.INN == "":
		v.add("inn", "case.error.inn_missing", nil)
	case !digits(s.INN) || (len(s.INN) != 10 && len(s.INN) != 12):
		v.add("inn", "case.error.inn_length", nil)
	case !ValidINN(s.INN):
		v.add("inn", "case.error.inn_checksum", nil)
	}
	switch {
	case s.OGRN == "":
	case !digits(s.OGRN) || (len(s.OGRN) != 13 && len(s.OGRN) != 15):
		v.add("ogrn", "case.error.ogrn_length", nil)
	case !ValidOGRN(s.OGRN):
		v.add("ogrn", "case.error.ogrn_checksum", nil)
	}
	if utf8.RuneCountInString(s.Cabinet) > MaxCabinet {
		v.add("cabinet", "error.field.too_long", Args{"Max": MaxCabinet})
	}
}

// RawAnswers are the start questions as a form sends them; empty means not answered.
type RawAnswers struct {
	FBS      string // yes, no
	WBStock  string // yes, no
	Leftover string // sell, return, both
}

// ParseAnswers reads the answers, or returns Invalid with a field for each question
// that still needs one. Without stock the third question is not asked.
func ParseAnswers(raw RawAnswers) (Answers, error) {
	var v invalid
	a := raw.parse(&v)
	return a, v.err()
}

func (raw RawAnswers) parse(v *invalid) Answers {
	var a Answers
	said := func(field, value string) bool {
		if value != "yes" && value != "no" {
			v.add(field, "case.error."+field+"_missing", nil)
		}
		return value == "yes"
	}
	a.FBS = said("fbs", raw.FBS)
	a.WBStock = said("wb_stock", raw.WBStock)
	if a.WBStock {
		a.Leftover = Leftover(raw.Leftover)
		if !slices.Contains(Leftovers(), a.Leftover) {
			v.add("leftover", "case.error.leftover_missing", nil)
			a.Leftover = ""
		}
	}
	return a
}

// NewCase is what opens a case.
type NewCase struct {
	Seller  Seller
	Answers RawAnswers
}

// OpenCase opens a case under the current playbook with every step not started, or
// returns Invalid.
func OpenCase(id ID, in NewCase, s Stamp) (*Case, []Event, error) {
	var v invalid
	seller := in.Seller.tidy()
	seller.check(&v)
	answers := in.Answers.parse(&v)
	if err := v.err(); err != nil {
		return nil, nil, err
	}
	c := &Case{
		ID: id, Seller: seller, Answers: answers, Playbook: CurrentPlaybook, Zone: DefaultZone,
		Version: 1, OpenedOn: s.Today, ActSeq: 1, Acts: []Act{{Position: 1, Round: 1, Version: 1}},
	}
	for _, d := range c.playbook().Steps {
		c.Steps = append(c.Steps, Step{Code: d.Code, Version: 1})
	}
	return c, []Event{{Kind: CaseOpened, After: merge(seller.changes(), answers.changes()), OnBehalf: s.OnBehalf}}, nil
}

func (c *Case) playbook() Playbook {
	p, _ := PlaybookVersion(c.Playbook)
	return p
}

// Definition returns the definition of a step in the case's version of the playbook.
func (c *Case) Definition(code Code) (StepDef, bool) { return c.playbook().Step(code) }

// InstructionsChecked is the day the case's instruction texts were last checked.
func (c *Case) InstructionsChecked() Date { return c.playbook().Checked }

// Step returns the case's step, or NotFound.
func (c *Case) Step(code Code) (*Step, error) {
	for i := range c.Steps {
		if c.Steps[i].Code == code {
			return &c.Steps[i], nil
		}
	}
	return nil, &Error{Kind: NotFound, Key: "error.not_found"}
}

// Finished reports whether the owner has finished the case.
func (c *Case) Finished() bool { return !c.FinishedOn.IsZero() }

// Needed reports whether the answers call for a step.
func (c *Case) Needed(code Code) bool {
	switch code {
	case ZeroFBS:
		return c.Answers.FBS
	case ReturnStock:
		return c.Answers.WBStock && c.Answers.Leftover != Sell
	case SellOut, CollectReturns, StripMedia, RequestAct, ReceiveAct, SignAct, SettleDebts:
		return true
	}
	return true
}

// MayDeclareRest reports whether «Остался непроданный товар» makes sense: the seller
// meant to sell everything and has not yet said otherwise.
func (c *Case) MayDeclareRest() bool {
	return c.Answers.WBStock && c.Answers.Leftover == Sell
}

// Satisfied reports whether a step meets the gates that name it: it is done and nothing
// suspends it, or the answers do not call for it.
func (c *Case) Satisfied(code Code) bool {
	if !c.Needed(code) {
		return true
	}
	st, err := c.Step(code)
	return err == nil && st.Tick != nil && st.Problem == nil
}

// Blockers returns the steps that keep a step closed, in the playbook's order: those of
// its gate that are open and that no waiver does without. With several acts a step about
// them is open as soon as one of them has come so far.
func (c *Case) Blockers(code Code) []Code {
	d, _ := c.playbook().Step(code)
	open := c.unsatisfied(d.Gate)
	if len(open) == 0 {
		return nil
	}
	if st, err := c.Step(code); err == nil {
		open = slices.DeleteFunc(open, func(g Code) bool { return st.waived(g) && c.waivable(g) })
	}
	if (code == ReceiveAct && c.anyReached(Requested) || code == SignAct && c.anyReached(Received)) && !slices.ContainsFunc(open, c.stuck) {
		return nil
	}
	return open
}

// stuck reports whether a step is suspended or closed itself, and not only waiting for
// further acts.
func (c *Case) stuck(code Code) bool {
	return len(c.suspended(code)) > 0 || len(c.Blockers(code)) > 0
}

// Warnings returns the steps that ought to come before a step but do not close it.
func (c *Case) Warnings(code Code) []Code {
	d, _ := c.playbook().Step(code)
	return c.unsatisfied(d.Warn)
}

func (c *Case) unsatisfied(codes []Code) []Code {
	var open []Code
	for _, code := range codes {
		if !c.Satisfied(code) {
			open = append(open, code)
		}
	}
	return open
}

// Status returns what a step shows on the given day.
func (c *Case) Status(code Code, today Date) Status {
	return Show(c.own(code, today), len(c.Blockers(code)) == 0)
}

func (c *Case) own(code Code, today Date) Status {
	st, err := c.Step(code)
	switch {
	case err != nil, !c.Needed(code):
		return NotNeeded
	case st.Problem != nil:
		return HasProblem
	case st.Tick != nil:
		return Done
	case code == CollectReturns && c.burning(today):
		return HasProblem
	case !st.StartedOn.IsZero():
		return InProgress
	}
	return NotStarted
}

// PickUpBy returns the earliest day until which returns wait to be picked up, or none.
func (c *Case) PickUpBy() Date { return c.pickUpBy() }

// burning reports whether returns that wait to be picked up are about to be disposed of.
func (c *Case) burning(today Date) bool {
	by := c.pickUpBy()
	return !by.IsZero() && !today.Before(by.AddDays(-BurnDays))
}

// ProblemOf returns the problem a step shows on the given day, or nil.
func (c *Case) ProblemOf(code Code, today Date) *Problem {
	if c.Status(code, today) != HasProblem {
		return nil
	}
	st, _ := c.Step(code)
	switch {
	case st.Problem != nil:
		return st.Problem
	case code == CollectReturns && st.Tick == nil && c.burning(today):
		return &Problem{Kind: Burning, On: c.pickUpBy().AddDays(-BurnDays)}
	}
	return &Problem{Kind: Reopened, Steps: c.Blockers(code)}
}

// Count returns how many of the needed steps are done, and how many are needed.
// A suspended tick does not count.
func (c *Case) Count() (done, total int) {
	return c.count(func(StepDef) bool { return true })
}

// CountGroup is Count within one group.
func (c *Case) CountGroup(g StepGroup) (done, total int) {
	return c.count(func(d StepDef) bool { return d.Group == g })
}

func (c *Case) count(in func(StepDef) bool) (done, total int) {
	for _, d := range c.playbook().Steps {
		if !in(d) || !c.Needed(d.Code) {
			continue
		}
		total++
		if c.Satisfied(d.Code) {
			done++
		}
	}
	return done, total
}

// Next returns the step to do next: a problem that can be mended first, then the first
// step that is open. False when nothing is left but to finish.
func (c *Case) Next(today Date) (Code, bool) {
	var ready []Code
	for _, st := range c.Steps {
		switch c.Status(st.Code, today) {
		case HasProblem:
			if len(c.Blockers(st.Code)) == 0 {
				return st.Code, true
			}
		case NotStarted, InProgress:
			ready = append(ready, st.Code)
		case Done, StatusBlocked, NotNeeded:
		}
	}
	if len(ready) == 0 {
		return "", false
	}
	return ready[0], true
}

// MarkDone is the answer «Да, выполнен».
type MarkDone struct {
	Step    Code
	Version int // of the step, as the form was drawn
	On      Date
	Note    string
	// Reasons say why there is no file in required slots of the step.
	Reasons map[SlotCode]string
	// Act is the position of the act that request_act, receive_act and sign_act are about;
	// 0 for the first that has not come so far.
	Act int
	// For request_act.
	Channel      Channel
	Ticket       string
	PeriodFrom   Date
	PeriodTo     Date
	Counterparty string
	// For receive_act: the closing balances, by the seller's books and by the act.
	Ours   Balance
	Theirs Balance
	// For sign_act.
	Signer    string
	Authority string
	Via       SignedVia
}

// MarkDone signs a step, signs it again after a problem, or corrects a signature's
// details. Steps about the acts take one act each time; they are signed when the last act
// has come so far. It returns NotFound, Conflict (stale version, a finished case, or an
// act that may not take this now), Blocked with the blockers, or Invalid; the case is then
// as it was. The same person repeating the same input changes nothing and yields no event.
func (c *Case) MarkDone(in MarkDone, s Stamp) ([]Event, error) {
	st, err := c.editable(in.Step)
	if err != nil {
		return nil, err
	}
	if about, ok := actSteps(in.Step); ok {
		return c.markAct(st, about, in, s)
	}
	if err := c.gate(in.Step); err != nil {
		return nil, err
	}
	if err := c.checkMark(&in, Act{}, s); err != nil {
		return nil, err
	}
	before := markChanges(st)
	after := Changes{"note": in.Note, "on": in.On.String()}
	if st.Tick != nil && st.Problem == nil && st.Tick.By == s.By && same(before, after) && len(in.Reasons) == 0 {
		return nil, nil
	}
	if in.Version != st.Version {
		return nil, stale(st)
	}
	events := c.excuse(&in, Act{}, s)
	kind := c.sign(st, in, s)
	events = append([]Event{{Kind: kind, Step: in.Step, Before: before, After: after, OnBehalf: s.OnBehalf}}, events...)
	if in.Step == CollectReturns {
		events = append(events, c.collected(in.On, s)...)
	}
	return append(events, st.drop(s)...), nil
}

// sign puts the signature under a step and returns what that was.
func (c *Case) sign(st *Step, in MarkDone, s Stamp) EventKind {
	kind := StepDone
	if st.Tick != nil {
		kind = StepCorrected
		if st.Problem != nil {
			kind = StepConfirmed
		}
	}
	st.Note = in.Note
	if kind == StepCorrected && st.Tick.By == s.By {
		st.Tick.On = in.On
	} else {
		st.Tick = &Tick{On: in.On, At: s.At, By: s.By, OnBehalf: s.OnBehalf}
	}
	st.Problem = nil
	st.Version++
	c.fulfil(st.Code)
	return kind
}

// fulfil takes a step out of the waivers that did without it: when it opens again, the
// gates close.
func (c *Case) fulfil(code Code) {
	for i := range c.Steps {
		if w := c.Steps[i].Waiver; w != nil && slices.Contains(w.Steps, code) {
			without := *w
			without.Steps = slices.DeleteFunc(slices.Clone(w.Steps), func(o Code) bool { return o == code })
			c.Steps[i].Waiver = &without
		}
	}
}

// markAct is MarkDone for a step that follows from the acts.
func (c *Case) markAct(st *Step, about actStep, in MarkDone, s Stamp) ([]Event, error) {
	a, err := c.ActFor(in.Step, in.Act)
	if err != nil {
		return nil, err
	}
	if err := c.actGate(in.Step, *a); err != nil {
		return nil, err
	}
	next := *a
	again := about.action == ActRequest && a.Phase() == PhaseDisputed
	if again {
		next = Act{Position: a.Position, Round: a.Round + 1, Version: a.Version, Counterparty: a.Counterparty}
	}
	if err := c.checkMark(&in, next, s); err != nil {
		return nil, err
	}
	next.take(in)
	if in.Step == ReceiveAct {
		next.recompare()
	}
	before, after := merge(markChanges(st), a.changes()), next.changes()
	after["note"], after["on"] = in.Note, in.On.String()
	repeated := in.Version == st.Version-1 && (st.Tick == nil || st.Problem != nil) || st.Tick != nil && st.Problem == nil && st.Tick.By == s.By
	if repeated && !again && next == *a && st.Note == in.Note && len(in.Reasons) == 0 {
		return nil, nil
	}
	if in.Version != st.Version {
		return nil, stale(st)
	}
	if !a.May(about.action) {
		return nil, &Error{Kind: Conflict, Key: "act.error.order"}
	}
	if again {
		if a.Round >= MaxRounds {
			return nil, &Error{Kind: Conflict, Key: "act.error.too_many_rounds", Args: Args{"Max": MaxRounds}}
		}
		c.Past = append(slices.Clone(c.Past), *a)
		before = Changes{}
	}
	excuses := c.excuse(&in, next, s)
	next.Version++
	*a = next
	e := Event{Step: in.Step, Act: a.Position, Round: a.Round, Before: before, After: after, OnBehalf: s.OnBehalf}
	if c.reached(about.state) {
		in.On = c.latestAct(in.Step)
		after["on"] = in.On.String()
		e.Kind = c.sign(st, in, s)
	} else {
		st.Note = in.Note
		if st.StartedOn.IsZero() {
			st.StartedOn = s.Today
		}
		st.Version++
		e.Kind = ActNoted
	}
	if again {
		e.Kind = ActRequestedAgain
	}
	events := append([]Event{e}, excuses...)
	events = append(events, st.drop(s)...)
	if again {
		events = append(events, c.renew(s)...)
	}
	return append(events, c.follow(s)...), nil
}

// renew ends the suspension of the steps after the request: a new round takes the place of
// the act they were signed for.
func (c *Case) renew(s Stamp) []Event {
	var events []Event
	for _, code := range []Code{ReceiveAct, SignAct} {
		if st, err := c.Step(code); err == nil && st.Problem != nil {
			events = append(events, st.revert(s)...)
		}
	}
	return events
}

// take puts into an act what a step's form says.
func (a *Act) take(in MarkDone) {
	switch in.Step {
	case RequestAct:
		if a.RequestedOn != in.On {
			if a.RemindedOn.Before(in.On) {
				a.RemindedOn = Date{}
			}
			a.CheckedOn = a.RemindedOn
		}
		a.RequestedOn, a.Channel, a.Ticket = in.On, in.Channel, in.Ticket
		a.PeriodFrom, a.PeriodTo = in.PeriodFrom, in.PeriodTo
		if in.Counterparty != "" { // an act keeps the name it has
			a.Counterparty = in.Counterparty
		}
	case ReceiveAct:
		a.ReceivedOn, a.Ours, a.Theirs = in.On, in.Ours, in.Theirs
	case SignAct:
		a.SignedOn, a.Signer, a.Authority, a.Via = in.On, in.Signer, in.Authority, in.Via
	case ZeroFBS, SellOut, ReturnStock, CollectReturns, StripMedia, SettleDebts:
	}
}

// MarkPending is the answer «Ещё нет, вернусь позже».
type MarkPending struct {
	Step    Code
	Version int
	Note    string
}

// MarkPending notes that a step is under way. For receive_act it also says that the act
// was looked for and has not come, which spends the reminders up to today.
// Errors as for MarkDone; Conflict too for a step that is already signed.
func (c *Case) MarkPending(in MarkPending, s Stamp) ([]Event, error) {
	st, err := c.editable(in.Step)
	if err != nil {
		return nil, err
	}
	if err := c.gate(in.Step); err != nil {
		return nil, err
	}
	if st.Tick != nil && st.Problem == nil {
		if in.Version != st.Version {
			return nil, stale(st)
		}
		return nil, &Error{Kind: Conflict, Key: "step.error.already_done"}
	}
	var v invalid
	in.Note = tidyText(in.Note)
	checkNote(&v, in.Note)
	if err := v.err(); err != nil {
		return nil, err
	}
	before := Changes{"note": st.Note, "started_on": st.StartedOn.String()}
	started := st.StartedOn
	if started.IsZero() {
		started = s.Today
	}
	after := Changes{"note": in.Note, "started_on": started.String()}
	if awaited := c.awaited(); in.Step == ReceiveAct && awaited.Position != 0 {
		before["checked_on"], after["checked_on"] = awaited.CheckedOn.String(), s.Today.String()
	}
	if same(before, after) {
		return nil, nil
	}
	if in.Version != st.Version {
		return nil, stale(st)
	}
	st.Note, st.StartedOn = in.Note, started
	if in.Step == ReceiveAct {
		for i := range c.Acts {
			if c.Acts[i].Phase() == PhaseRequested {
				c.Acts[i].CheckedOn = s.Today
				c.Acts[i].Version++
			}
		}
	}
	st.Version++
	return []Event{{Kind: StepPending, Step: in.Step, Before: before, After: after, OnBehalf: s.OnBehalf}}, nil
}

// awaited returns the act that was looked for the longest ago among those that are asked
// for and have not come.
func (c *Case) awaited() Act {
	var found Act
	for _, a := range c.Acts {
		if a.Phase() == PhaseRequested && (found.Position == 0 || a.CheckedOn.Before(found.CheckedOn)) {
			found = a
		}
	}
	return found
}

// Undo takes a signature back.
type Undo struct {
	Step    Code
	Version int
	Reason  string
}

// Consequences returns what taking a step's signature away does to the steps that rest on
// it: closed are those that become unavailable, suspended those that are done and become a
// problem. Suspending the signature does no more than that.
func (c *Case) Consequences(code Code) (closed, suspended []Code) {
	after := *c
	after.Steps, after.Acts = slices.Clone(c.Steps), slices.Clone(c.Acts)
	if st, err := after.Step(code); err == nil {
		st.Tick, st.Problem = nil, nil
	}
	for i := range after.Acts {
		after.Acts[i].takeBack(code)
	}
	after.suspend(Stamp{})
	for i, st := range c.Steps {
		switch {
		case st.Code == code || !c.Needed(st.Code):
		case st.Problem == nil && after.Steps[i].Problem != nil:
			suspended = append(suspended, st.Code)
		case st.Tick == nil && len(c.Blockers(st.Code)) == 0 && len(after.Blockers(st.Code)) > 0:
			closed = append(closed, st.Code)
		}
	}
	return closed, suspended
}

// Undo takes the signature of a step away; the history keeps it. Done steps that rest
// on it are suspended. It returns NotFound, Invalid without a reason, Conflict for a
// stale version, a finished case or a step that is not signed.
func (c *Case) Undo(in Undo, s Stamp) ([]Event, error) {
	st, err := c.editable(in.Step)
	if err != nil {
		return nil, err
	}
	reason, err := checkReason(in.Reason)
	if err != nil {
		return nil, err
	}
	if st.Tick == nil {
		if in.Version > 0 && in.Version == st.Version-1 { // the same form sent twice
			return nil, nil
		}
		return nil, &Error{Kind: Conflict, Key: "step.error.not_done"}
	}
	if in.Version != st.Version {
		return nil, stale(st)
	}
	if in.Step == RequestAct && slices.ContainsFunc(c.Acts, func(a Act) bool { return a.Round > 1 }) {
		return nil, &Error{Kind: Conflict, Key: "act.error.round_stays"}
	}
	before, acts := markChanges(st), slices.Clone(c.Acts)
	st.Tick, st.Problem = nil, nil
	for i := range c.Acts {
		c.Acts[i].takeBack(in.Step)
	}
	c.forget()
	st.Version++
	undone := Event{Kind: StepUndone, Step: in.Step, Before: before, Reason: reason, OnBehalf: s.OnBehalf}
	changed := c.changed(acts, s)
	if len(c.Acts) == 1 && len(changed) == 1 { // the only act needs no line of its own
		undone.Before, undone.After = merge(before, changed[0].Before), changed[0].After
		changed = nil
	}
	events := append([]Event{undone}, changed...)
	events = append(events, st.drop(s)...)
	return append(events, c.suspend(s)...), nil
}

// changed returns an event for every act that is not as it was before, and counts its
// version.
func (c *Case) changed(before []Act, s Stamp) []Event {
	var events []Event
	for i := range c.Acts {
		a := &c.Acts[i]
		at := slices.IndexFunc(before, func(o Act) bool { return o.Position == a.Position && o.Round == a.Round })
		if at < 0 || before[at] == *a {
			continue
		}
		a.Version = before[at].Version + 1
		events = append(events, Event{Kind: ActUndone, Act: a.Position, Round: a.Round, Before: before[at].changes(), After: a.changes(),
			OnBehalf: s.OnBehalf})
	}
	return events
}

// Regress says that a done step is no longer true.
type Regress struct {
	Step    Code
	Version int
	Reason  string
}

// Regress suspends a step's signature because goods appeared again; done steps that
// rest on it are suspended too, the others close. A finished case takes it as well: the
// watch goes on after the finish. It returns NotFound, Invalid without a reason,
// Conflict for a stale version or a step that is not signed.
func (c *Case) Regress(in Regress, s Stamp) ([]Event, error) {
	st, err := c.Step(in.Step)
	if err != nil {
		return nil, err
	}
	d, _ := c.playbook().Step(in.Step)
	if !d.Regressable {
		return nil, &Error{Kind: NotFound, Key: "error.not_found"}
	}
	reason, err := checkReason(in.Reason)
	if err != nil {
		return nil, err
	}
	if st.Tick == nil || !c.Needed(in.Step) {
		return nil, &Error{Kind: Conflict, Key: "step.error.not_done"}
	}
	if !c.Watched(s.Today) {
		return nil, &Error{Kind: Conflict, Key: "step.error.watch_over", Args: Args{"Days": WatchDays}}
	}
	if st.Problem != nil {
		if st.Problem.By == s.By && st.Problem.Reason == reason { // the same form sent twice
			return nil, nil
		}
		return nil, &Error{Kind: Conflict, Key: "step.error.already_suspended"}
	}
	if in.Version != st.Version {
		return nil, stale(st)
	}
	return c.regress(st, reason, s), nil
}

func (c *Case) regress(st *Step, reason string, s Stamp) []Event {
	before := markChanges(st)
	st.Problem = &Problem{Kind: Regressed, Reason: reason, On: s.Today, At: s.At, By: s.By}
	st.Version++
	events := []Event{{Kind: StepRegressed, Step: st.Code, Before: before, Reason: reason, OnBehalf: s.OnBehalf}}
	events = append(events, st.drop(s)...)
	return append(events, c.suspend(s)...)
}

// Watched reports whether goods that appear again still count: while the case goes on, and
// 90 days after its finish.
func (c *Case) Watched(today Date) bool {
	return !c.Finished() || !today.After(c.FinishedOn.AddDays(WatchDays))
}

// suspend marks every done step whose gate is no longer met as a problem, so that it
// satisfies no further gate until it is confirmed again.
func (c *Case) suspend(s Stamp) []Event {
	var events []Event
	for i := range c.Steps {
		st := &c.Steps[i]
		open := c.Blockers(st.Code)
		if len(open) == 0 || st.Tick == nil || st.Problem != nil || !c.Needed(st.Code) {
			continue
		}
		st.Problem = &Problem{Kind: Reopened, Steps: open, On: s.Today, At: s.At, By: s.By}
		st.Version++
		events = append(events, Event{Kind: StepSuspended, Step: st.Code, Steps: open, OnBehalf: s.OnBehalf})
		events = append(events, st.drop(s)...)
	}
	return events
}

// ChangeAnswers answers the start questions anew. Version is the case's; zero asks for
// no check.
type ChangeAnswers struct {
	Answers RawAnswers
	Version int
}

// ChangeAnswers applies new answers: a step that was not needed comes back as not
// started, and done steps that rest on it are suspended. It returns Invalid or Conflict.
func (c *Case) ChangeAnswers(in ChangeAnswers, s Stamp) ([]Event, error) {
	if err := c.open(); err != nil {
		return nil, err
	}
	answers, err := ParseAnswers(in.Answers)
	if err != nil {
		return nil, err
	}
	if answers == c.Answers {
		return nil, nil
	}
	if in.Version != 0 && in.Version != c.Version {
		return nil, &Error{Kind: Conflict, Key: "case.error.stale"}
	}
	before := c.Answers.changes()
	events := []Event{{Kind: AnswersChanged, Before: before, After: answers.changes(), OnBehalf: s.OnBehalf}}
	events = append(events, c.reneed(answers, s)...)
	c.Version++
	return events, nil
}

// reneed applies new answers: steps that come back begin anew.
func (c *Case) reneed(answers Answers, s Stamp) []Event {
	was := map[Code]bool{}
	for _, st := range c.Steps {
		was[st.Code] = c.Needed(st.Code)
	}
	c.Answers = answers
	var events []Event
	for i := range c.Steps {
		st := &c.Steps[i]
		if c.Needed(st.Code) && !was[st.Code] {
			events = append(events, st.revert(s)...)
			*st = Step{Code: st.Code, Version: st.Version, Proofs: st.Proofs, Questions: st.Questions, Accepted: st.Accepted, Dropped: st.Dropped}
		}
	}
	return append(events, c.suspend(s)...)
}

// DeclareRest says that a seller who meant to sell everything has a rest to take back: the
// answer becomes «и то и другое», and return_stock is needed. Saying it again changes
// nothing. Conflict when the answers do not allow for it.
func (c *Case) DeclareRest(s Stamp) ([]Event, error) {
	if err := c.open(); err != nil {
		return nil, err
	}
	if c.Answers.WBStock && c.Answers.Leftover == Both {
		return nil, nil
	}
	if !c.MayDeclareRest() {
		return nil, &Error{Kind: Conflict, Key: "step.error.no_rest"}
	}
	answers := c.Answers
	answers.Leftover = Both
	events := []Event{{Kind: RestDeclared, Step: SellOut, Before: c.Answers.changes(), After: answers.changes(), OnBehalf: s.OnBehalf}}
	events = append(events, c.reneed(answers, s)...)
	c.Version++
	return events, nil
}

// ChangeDetails corrects the seller's requisites and the case's time zone.
type ChangeDetails struct {
	Seller  Seller
	Zone    string
	Version int // the case's; zero asks for no check
}

// ChangeDetails returns Invalid or Conflict.
func (c *Case) ChangeDetails(in ChangeDetails, s Stamp) ([]Event, error) {
	var v invalid
	seller := in.Seller.tidy()
	seller.check(&v)
	if !ValidZone(in.Zone) {
		v.add("zone", "error.field.zone", nil)
	}
	if err := v.err(); err != nil {
		return nil, err
	}
	before := merge(c.Seller.changes(), Changes{"zone": c.Zone})
	after := merge(seller.changes(), Changes{"zone": in.Zone})
	if same(before, after) {
		return nil, nil
	}
	if in.Version != 0 && in.Version != c.Version {
		return nil, &Error{Kind: Conflict, Key: "case.error.stale"}
	}
	c.Seller, c.Zone = seller, in.Zone
	c.Version++
	return []Event{{Kind: DetailsChanged, Before: before, After: after, OnBehalf: s.OnBehalf}}, nil
}

// Unfinished returns the needed steps that are not done.
func (c *Case) Unfinished() []Code {
	var open []Code
	for _, st := range c.Steps {
		if !c.Satisfied(st.Code) {
			open = append(open, st.Code)
		}
	}
	return open
}

// Finish ends the wind-down. It returns Blocked with the steps that are not done, or
// Conflict for a stale case version (zero asks for no check). Finishing twice changes
// nothing.
func (c *Case) Finish(version int, s Stamp) ([]Event, error) {
	if c.Finished() {
		return nil, nil
	}
	if open := c.Unfinished(); len(open) > 0 {
		return nil, &Error{Kind: Blocked, Key: "finish.error.blocked", Blockers: open}
	}
	if c.Balance != 0 || len(c.UnbookedActs()) > 0 {
		return nil, &Error{Kind: Blocked, Key: "finish.error.blocked", Blockers: []Code{SettleDebts}}
	}
	if version != 0 && version != c.Version {
		return nil, &Error{Kind: Conflict, Key: "case.error.stale"}
	}
	c.FinishedOn = s.Today
	c.Version++
	// The firm may settle other days for reminders later: see AsFinished.
	after := Changes{"finished_on": s.Today.String(), "chase": listed(c.Practice.ChaseDays())}
	return []Event{{Kind: CaseFinished, After: after, OnBehalf: s.OnBehalf}}, nil
}

// Reopen takes the finish back. It returns Invalid without a reason, Conflict for a
// case that is not finished or a stale version (zero asks for no check).
func (c *Case) Reopen(reason string, version int, s Stamp) ([]Event, error) {
	reason, err := checkReason(reason)
	if err != nil {
		return nil, err
	}
	if !c.Finished() {
		if version > 0 && version == c.Version-1 { // the same form sent twice
			return nil, nil
		}
		return nil, &Error{Kind: Conflict, Key: "finish.error.not_finished"}
	}
	if version != 0 && version != c.Version {
		return nil, &Error{Kind: Conflict, Key: "case.error.stale"}
	}
	before := Changes{"finished_on": c.FinishedOn.String()}
	c.FinishedOn = Date{}
	c.Version++
	return []Event{{Kind: CaseReopened, Before: before, Reason: reason, OnBehalf: s.OnBehalf}}, nil
}

// editable returns the step when the case goes on and the step is needed.
func (c *Case) editable(code Code) (*Step, error) {
	st, err := c.Step(code)
	if err != nil {
		return nil, err
	}
	if err := c.open(); err != nil {
		return nil, err
	}
	if !c.Needed(code) {
		return nil, &Error{Kind: Conflict, Key: "step.error.not_needed"}
	}
	return st, nil
}

func (c *Case) open() error {
	if c.Finished() {
		return &Error{Kind: Conflict, Key: "case.error.finished"}
	}
	return nil
}

func (c *Case) gate(code Code) error {
	if open := c.Blockers(code); len(open) > 0 {
		return &Error{Kind: Blocked, Key: "step.error.blocked", Blockers: open}
	}
	return nil
}

// checkMark tidies the input and drops what does not belong to its step. The act is the
// one the step is about, as it was before; its zero value where the step is about none.
func (c *Case) checkMark(in *MarkDone, act Act, s Stamp) error {
	var v invalid
	in.Note = tidyText(in.Note)
	in.Ticket, in.Counterparty = tidyLine(in.Ticket), tidyLine(in.Counterparty)
	in.Signer, in.Authority = tidyLine(in.Signer), tidyLine(in.Authority)
	if in.Step != RequestAct {
		in.Channel, in.Ticket, in.Counterparty = "", "", ""
		in.PeriodFrom, in.PeriodTo = Date{}, Date{}
	}
	if in.Step != ReceiveAct {
		in.Ours, in.Theirs = Balance{}, Balance{}
	}
	if in.Step != SignAct {
		in.Signer, in.Authority, in.Via = "", "", ""
	}
	checkPast(&v, "on", in.On, s.Today)
	if len(v.fields) == 0 {
		c.checkOrder(&v, in, act)
	}
	checkNote(&v, in.Note)
	switch in.Step {
	case RequestAct:
		checkRequest(&v, in, s.Today)
		for _, other := range c.Acts {
			if in.Counterparty != "" && other.Position != act.Position && strings.EqualFold(other.Counterparty, in.Counterparty) {
				v.add("counterparty", "act.error.counterparty_known", nil)
			}
		}
	case ReceiveAct:
		state, _ := act.State()
		if act.Ours, act.Theirs = in.Ours, in.Theirs; state == Signed && act.contradicted() {
			v.add("theirs", "act.error.signed_balances", nil)
		}
	case SignAct:
		checkSigner(&v, in)
	case SettleDebts:
		switch unbooked := c.UnbookedActs(); {
		case c.Balance != 0:
			v.add("done", "step.error.balance", Args{"Balance": c.Balance})
		case len(unbooked) > 0:
			v.add("done", "step.error.unbooked", Args{"Balance": unbooked[0].AgreedBalance().Amount})
		}
	case ZeroFBS, SellOut, ReturnStock, CollectReturns, StripMedia:
	}
	c.checkProof(&v, in, act)
	return v.err()
}

// checkProof wants a reason for every required slot that is empty.
func (c *Case) checkProof(v *invalid, in *MarkDone, act Act) {
	reasons := map[SlotCode]string{}
	for _, slot := range c.missingProof(in.Step, act) {
		reason := tidyText(in.Reasons[slot])
		switch n := utf8.RuneCountInString(reason); {
		case n == 0:
			v.add("reason_"+string(slot), "evidence.error.missing", Args{"Slot": slot})
		case n > MaxNote:
			v.add("reason_"+string(slot), "error.field.too_long", Args{"Max": MaxNote})
		}
		reasons[slot] = reason
	}
	in.Reasons = reasons
}

// checkOrder refuses a date that contradicts the other dates of the act.
func (c *Case) checkOrder(v *invalid, in *MarkDone, act Act) {
	switch {
	case in.Step == RequestAct && act.Round > 1 && in.On.Before(c.disputedOn(act)):
		v.add("on", "step.error.requested_before_disputed", Args{"Date": c.disputedOn(act)})
	case in.Step == RequestAct && !act.ReceivedOn.IsZero() && in.On.After(act.ReceivedOn):
		v.add("on", "step.error.requested_after_received", Args{"Date": act.ReceivedOn})
	case in.Step == RequestAct && !act.SignedOn.IsZero() && in.On.After(act.SignedOn): // its receipt was undone
		v.add("on", "step.error.requested_after_signed", Args{"Date": act.SignedOn})
	case in.Step == ReceiveAct && !act.SignedOn.IsZero() && in.On.After(act.SignedOn):
		v.add("on", "step.error.received_after_signed", Args{"Date": act.SignedOn})
	case in.Step == ReceiveAct && !act.ReceivedOn.IsZero() && !act.ComparedOn.IsZero() && in.On.After(act.ComparedOn):
		v.add("on", "step.error.received_after_compared", Args{"Date": act.ComparedOn})
	case in.Step == ReceiveAct && in.On.Before(act.RequestedOn):
		v.add("on", "step.error.received_before_requested", Args{"Date": act.RequestedOn})
	case in.Step == SignAct && in.On.Before(act.ReceivedOn):
		v.add("on", "step.error.signed_before_received", Args{"Date": act.ReceivedOn})
	case in.Step == SignAct && in.On.Before(act.ComparedOn):
		v.add("on", "step.error.signed_before_compared", Args{"Date": act.ComparedOn})
	case in.Step == SignAct && in.On.Before(act.DisputedOn):
		v.add("on", "step.error.signed_before_disputed", Args{"Date": act.DisputedOn})
	}
}

// disputedOn returns the day on which the round before an act's was disputed.
func (c *Case) disputedOn(a Act) Date {
	on := Date{}
	for _, past := range append(c.Rounds(a.Position), c.currentRound(a)) {
		if past.Round == a.Round-1 {
			on = past.DisputedOn
		}
	}
	return on
}

func (c *Case) currentRound(a Act) Act {
	for _, now := range c.Acts {
		if now.Position == a.Position {
			return now
		}
	}
	return Act{}
}

func checkRequest(v *invalid, in *MarkDone, today Date) {
	if in.Channel != "" && !slices.Contains(Channels(), in.Channel) {
		v.add("channel", "step.error.channel", nil)
	}
	if utf8.RuneCountInString(in.Ticket) > MaxTicket {
		v.add("ticket", "error.field.too_long", Args{"Max": MaxTicket})
	}
	if utf8.RuneCountInString(in.Counterparty) > MaxName {
		v.add("counterparty", "error.field.too_long", Args{"Max": MaxName})
	}
	if in.PeriodFrom.After(today) {
		v.add("period_from", "step.error.date_future", nil)
	}
	if in.PeriodTo.After(today) {
		v.add("period_to", "step.error.date_future", nil)
	}
	if !in.PeriodFrom.IsZero() && !in.PeriodTo.IsZero() && in.PeriodTo.Before(in.PeriodFrom) {
		v.add("period_to", "step.error.period_order", nil)
	}
}

func checkSigner(v *invalid, in *MarkDone) {
	if utf8.RuneCountInString(in.Signer) > MaxName {
		v.add("signer", "error.field.too_long", Args{"Max": MaxName})
	}
	if utf8.RuneCountInString(in.Authority) > MaxName {
		v.add("authority", "error.field.too_long", Args{"Max": MaxName})
	}
	if in.Via != "" && !slices.Contains(SignedVias(), in.Via) {
		v.add("via", "error.field.unknown", nil)
	}
}

// markChanges is a step's signature as the trail records it.
func markChanges(st *Step) Changes {
	ch := Changes{"note": st.Note}
	if st.Tick != nil {
		ch["on"] = st.Tick.On.String()
	}
	return ch
}

// KeepLedger brings the case in line with its ledger, which must be loaded: debts that are
// not balanced any more suspend the step that settled them.
func (c *Case) KeepLedger(s Stamp) []Event {
	c.Balance, c.Lines = c.Debts.Balance(), 0
	for _, d := range c.Debts {
		if d.Removed == "" {
			c.Lines++
		}
	}
	if events := c.unsettle(s); len(events) > 0 {
		return events
	}
	st, err := c.Step(SettleDebts)
	if err != nil || st.Tick == nil || st.Problem != nil {
		return nil
	}
	st.Version++
	return st.drop(s)
}

// unsettle suspends the step that settled the debts when they are not settled any more, or
// an act says so while the ledger is empty.
func (c *Case) unsettle(s Stamp) []Event {
	st, err := c.Step(SettleDebts)
	if err != nil || st.Tick == nil || st.Problem != nil || c.Finished() || c.Balance == 0 && len(c.UnbookedActs()) == 0 {
		return nil
	}
	st.Problem = &Problem{Kind: Unsettled, On: s.Today, At: s.At, By: s.By}
	st.Version++
	event := Event{Kind: StepSuspended, Step: SettleDebts, After: Changes{"balance": c.Balance.String()}, OnBehalf: s.OnBehalf}
	return append([]Event{event}, st.drop(s)...)
}

// stale is the Conflict of two people at one step; the edge says who and when.
func stale(st *Step) error {
	return &Error{Kind: Conflict, Key: "step.error.stale", Args: Args{"Step": st.Code}}
}

func checkNote(v *invalid, note string) {
	if utf8.RuneCountInString(note) > MaxNote {
		v.add("note", "error.field.too_long", Args{"Max": MaxNote})
	}
}

func checkReason(reason string) (string, error) {
	var v invalid
	reason = tidyText(reason)
	switch n := utf8.RuneCountInString(reason); {
	case n == 0:
		v.add("reason", "step.error.reason_missing", nil)
	case n > MaxNote:
		v.add("reason", "error.field.too_long", Args{"Max": MaxNote})
	}
	return reason, v.err()
}

// tidyText trims a text people typed and gives it one kind of line end.
func tidyText(s string) string {
	return strings.TrimSpace(visible(strings.ReplaceAll(s, "\r\n", "\n")))
}

// tidyLine is tidyText for one line, with single spaces.
func tidyLine(s string) string { return strings.Join(strings.Fields(visible(s)), " ") }

// visible drops characters that have no shape of their own: a name made of them would be
// blank, and marks of direction turn the text around them.
func visible(s string) string {
	return strings.Map(func(r rune) rune {
		if r != '\n' && r != '\t' && unicode.In(r, unicode.Cc, unicode.Cf) {
			return -1
		}
		return r
	}, s)
}

func (s Seller) changes() Changes {
	return Changes{"seller_name": s.Name, "inn": s.INN, "ogrn": s.OGRN, "cabinet": s.Cabinet}
}

func (a Answers) changes() Changes {
	return Changes{"fbs": yesNo(a.FBS), "wb_stock": yesNo(a.WBStock), "leftover": string(a.Leftover)}
}
