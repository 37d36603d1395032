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
	// Acting is the owner's leave for the accountant to mark steps: «ведёт за продавца».
	Acting   bool
	HasOwner bool
	Playbook int
	Zone     string // IANA name; deadlines and groups use it
	Version  int    // counts changes of the case itself, not of its steps
	OpenedOn Date
	// FinishedOn is the day the owner finished the case; zero while it goes on.
	FinishedOn Date
	Steps      []Step // in the playbook's order
	Acts       []Act  // at least one
}

// Step is one line of a case's checklist.
type Step struct {
	Code      Code
	Version   int  // counts every change of the step
	StartedOn Date // «В работе» since; zero when not begun
	Note      string
	PickUpBy  Date  // collect_returns: the day until which the returns wait
	Tick      *Tick // the signature, kept while a problem suspends it
	Problem   *Problem
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
	Burning   ProblemKind = "burning"   // returns are about to be disposed of
)

// Problem suspends a tick until it is confirmed again.
type Problem struct {
	Kind   ProblemKind
	Reason string // what the person typed, for Regressed
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
	yesNo := func(field, value string) bool {
		if value != "yes" && value != "no" {
			v.add(field, "case.error."+field+"_missing", nil)
		}
		return value == "yes"
	}
	a.FBS = yesNo("fbs", raw.FBS)
	a.WBStock = yesNo("wb_stock", raw.WBStock)
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
		Version: 1, OpenedOn: s.Today, Acts: []Act{{Position: 1}},
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

// Blockers returns the steps that keep a step closed, in the playbook's order.
func (c *Case) Blockers(code Code) []Code {
	d, _ := c.playbook().Step(code)
	return c.unsatisfied(d.Gate)
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
	case st.burning(today):
		return HasProblem
	case !st.StartedOn.IsZero():
		return InProgress
	}
	return NotStarted
}

// burning reports whether returns that wait to be picked up are about to be disposed of.
func (st *Step) burning(today Date) bool {
	return st.Tick == nil && !st.PickUpBy.IsZero() && !today.Before(st.PickUpBy.AddDays(-BurnDays))
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
	case st.burning(today):
		return &Problem{Kind: Burning, On: st.PickUpBy.AddDays(-BurnDays)}
	}
	return &Problem{Kind: Reopened, Steps: c.Blockers(code)}
}

// Count returns how many of the needed steps are done, and how many are needed.
// A suspended tick does not count.
func (c *Case) Count() (done, total int) { return c.count(c.playbook().Steps) }

// CountGroup is Count within one group.
func (c *Case) CountGroup(g StepGroup) (done, total int) {
	var defs []StepDef
	for _, d := range c.playbook().Steps {
		if d.Group == g {
			defs = append(defs, d)
		}
	}
	return c.count(defs)
}

func (c *Case) count(defs []StepDef) (done, total int) {
	for _, d := range defs {
		if !c.Needed(d.Code) {
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
	// PickUpBy is for collect_returns.
	PickUpBy Date
	// The rest is for request_act.
	Channel      Channel
	Ticket       string
	PeriodFrom   Date
	PeriodTo     Date
	Counterparty string
}

// MarkDone signs a step, signs it again after a problem, or corrects a signature's
// details. It returns NotFound, Conflict (stale version or a finished case), Blocked
// with the blockers, or Invalid; the case is then as it was. The same person repeating
// the same input changes nothing and yields no event.
func (c *Case) MarkDone(in MarkDone, s Stamp) ([]Event, error) {
	st, err := c.editable(in.Step)
	if err != nil {
		return nil, err
	}
	if err := c.gate(in.Step); err != nil {
		return nil, err
	}
	if err := c.checkMark(&in, s); err != nil {
		return nil, err
	}
	before := c.markChanges(st)
	again := st.Tick != nil && st.Problem == nil && st.Tick.By == s.By
	after := c.proposed(in)
	if again && same(before, after) {
		return nil, nil
	}
	if in.Version != st.Version {
		return nil, stale(st)
	}
	kind := StepDone
	if st.Tick != nil {
		kind = StepCorrected
		if st.Problem != nil {
			kind = StepConfirmed
		}
	}
	c.applyMark(st, in)
	if kind == StepCorrected && st.Tick.By == s.By {
		st.Tick.On = in.On
	} else {
		st.Tick = &Tick{On: in.On, At: s.At, By: s.By, OnBehalf: s.OnBehalf}
	}
	st.Problem = nil
	st.Version++
	events := []Event{{Kind: kind, Step: in.Step, Before: before, After: after, OnBehalf: s.OnBehalf}}
	return events, nil
}

// MarkPending is the answer «Ещё нет, вернусь позже».
type MarkPending struct {
	Step     Code
	Version  int
	Note     string
	PickUpBy Date // collect_returns
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
	if in.Step != CollectReturns {
		in.PickUpBy = Date{}
	}
	if err := v.err(); err != nil {
		return nil, err
	}
	before := Changes{"note": st.Note, "pick_up_by": st.PickUpBy.String(), "started_on": st.StartedOn.String()}
	started := st.StartedOn
	if started.IsZero() {
		started = s.Today
	}
	after := Changes{"note": in.Note, "pick_up_by": in.PickUpBy.String(), "started_on": started.String()}
	if in.Step == ReceiveAct {
		before["checked_on"] = c.Acts[0].CheckedOn.String()
		after["checked_on"] = s.Today.String()
	}
	if same(before, after) {
		return nil, nil
	}
	if in.Version != st.Version {
		return nil, stale(st)
	}
	st.Note, st.PickUpBy, st.StartedOn = in.Note, in.PickUpBy, started
	if in.Step == ReceiveAct {
		c.Acts[0].CheckedOn = s.Today
	}
	st.Version++
	return []Event{{Kind: StepPending, Step: in.Step, Before: before, After: after, OnBehalf: s.OnBehalf}}, nil
}

// Undo takes a signature back.
type Undo struct {
	Step    Code
	Version int
	Reason  string
}

// Consequences returns what taking a step's signature away, or suspending it, does to
// the steps that rest on it: closed are those that become unavailable, suspended those
// that are done and become a problem.
func (c *Case) Consequences(code Code) (closed, suspended []Code) {
	lost := map[Code]bool{code: true}
	for _, d := range c.playbook().Steps {
		wasOpen := len(c.Blockers(d.Code)) == 0
		hit := slices.ContainsFunc(d.Gate, func(g Code) bool { return lost[g] })
		if !hit || !c.Needed(d.Code) {
			continue
		}
		st, _ := c.Step(d.Code)
		switch {
		case st.Tick != nil && st.Problem == nil:
			suspended = append(suspended, d.Code)
			lost[d.Code] = true
		case st.Tick == nil && wasOpen:
			closed = append(closed, d.Code)
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
	before := c.markChanges(st)
	st.Tick, st.Problem = nil, nil
	switch in.Step {
	case RequestAct:
		c.Acts[0].RequestedOn, c.Acts[0].CheckedOn = Date{}, Date{}
	case ReceiveAct:
		c.Acts[0].ReceivedOn = Date{}
	case SignAct:
		c.Acts[0].SignedOn = Date{}
	case ZeroFBS, SellOut, ReturnStock, CollectReturns, StripMedia, SettleDebts:
	}
	st.Version++
	events := []Event{{Kind: StepUndone, Step: in.Step, Before: before, Reason: reason, OnBehalf: s.OnBehalf}}
	return append(events, c.suspend(s)...), nil
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
	if st.Problem != nil {
		if st.Problem.By == s.By && st.Problem.Reason == reason { // the same form sent twice
			return nil, nil
		}
		return nil, &Error{Kind: Conflict, Key: "step.error.already_suspended"}
	}
	if in.Version != st.Version {
		return nil, stale(st)
	}
	before := c.markChanges(st)
	st.PickUpBy = Date{} // the old date is about returns that were collected
	st.Problem = &Problem{Kind: Regressed, Reason: reason, On: s.Today, At: s.At, By: s.By}
	st.Version++
	events := []Event{{Kind: StepRegressed, Step: in.Step, Before: before, Reason: reason, OnBehalf: s.OnBehalf}}
	return append(events, c.suspend(s)...), nil
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
	for i := range c.Steps {
		st := &c.Steps[i]
		if c.Needed(st.Code) && !was[st.Code] {
			*st = Step{Code: st.Code, Version: st.Version + 1}
		}
	}
	return c.suspend(s)
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
	if version != 0 && version != c.Version {
		return nil, &Error{Kind: Conflict, Key: "case.error.stale"}
	}
	c.FinishedOn = s.Today
	c.Version++
	return []Event{{Kind: CaseFinished, After: Changes{"finished_on": s.Today.String()}, OnBehalf: s.OnBehalf}}, nil
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

// checkMark tidies the input and drops what does not belong to its step.
func (c *Case) checkMark(in *MarkDone, s Stamp) error {
	var v invalid
	in.Note = tidyText(in.Note)
	in.Ticket, in.Counterparty = tidyLine(in.Ticket), tidyLine(in.Counterparty)
	if in.Step != CollectReturns {
		in.PickUpBy = Date{}
	}
	act := c.Acts[0]
	if in.Step != RequestAct {
		in.Channel, in.Ticket, in.Counterparty = "", "", ""
		in.PeriodFrom, in.PeriodTo = Date{}, Date{}
	}
	switch {
	case in.On.IsZero():
		v.add("on", "step.error.date_missing", nil)
	case in.On.After(s.Today):
		v.add("on", "step.error.date_future", nil)
	case in.Step == RequestAct && !act.ReceivedOn.IsZero() && in.On.After(act.ReceivedOn):
		v.add("on", "step.error.requested_after_received", Args{"Date": act.ReceivedOn})
	case in.Step == RequestAct && !act.SignedOn.IsZero() && in.On.After(act.SignedOn): // its receipt was undone
		v.add("on", "step.error.requested_after_signed", Args{"Date": act.SignedOn})
	case in.Step == ReceiveAct && !act.SignedOn.IsZero() && in.On.After(act.SignedOn):
		v.add("on", "step.error.received_after_signed", Args{"Date": act.SignedOn})
	case in.Step == ReceiveAct && in.On.Before(act.RequestedOn):
		v.add("on", "step.error.received_before_requested", Args{"Date": act.RequestedOn})
	case in.Step == SignAct && in.On.Before(act.ReceivedOn):
		v.add("on", "step.error.signed_before_received", Args{"Date": act.ReceivedOn})
	}
	checkNote(&v, in.Note)
	if in.Step == RequestAct {
		if in.Channel != "" && !slices.Contains(Channels(), in.Channel) {
			v.add("channel", "step.error.channel", nil)
		}
		if utf8.RuneCountInString(in.Ticket) > MaxTicket {
			v.add("ticket", "error.field.too_long", Args{"Max": MaxTicket})
		}
		if utf8.RuneCountInString(in.Counterparty) > MaxName {
			v.add("counterparty", "error.field.too_long", Args{"Max": MaxName})
		}
		if in.PeriodFrom.After(s.Today) {
			v.add("period_from", "step.error.date_future", nil)
		}
		if in.PeriodTo.After(s.Today) {
			v.add("period_to", "step.error.date_future", nil)
		}
		if !in.PeriodFrom.IsZero() && !in.PeriodTo.IsZero() && in.PeriodTo.Before(in.PeriodFrom) {
			v.add("period_to", "step.error.period_order", nil)
		}
	}
	return v.err()
}

// markChanges is a step's signature as the trail records it.
func (c *Case) markChanges(st *Step) Changes {
	ch := Changes{"note": st.Note}
	if st.Tick != nil {
		ch["on"] = st.Tick.On.String()
	}
	switch st.Code {
	case CollectReturns:
		ch["pick_up_by"] = st.PickUpBy.String()
	case RequestAct:
		act := c.Acts[0]
		ch["channel"], ch["ticket"], ch["counterparty"] = string(act.Channel), act.Ticket, act.Counterparty
		ch["period_from"], ch["period_to"] = act.PeriodFrom.String(), act.PeriodTo.String()
	case ZeroFBS, SellOut, ReturnStock, StripMedia, ReceiveAct, SignAct, SettleDebts:
	}
	return ch
}

// proposed is the signature an input asks for, in the same form as markChanges.
func (c *Case) proposed(in MarkDone) Changes {
	ch := Changes{"note": in.Note, "on": in.On.String()}
	switch in.Step {
	case CollectReturns:
		ch["pick_up_by"] = in.PickUpBy.String()
	case RequestAct:
		ch["channel"], ch["ticket"], ch["counterparty"] = string(in.Channel), in.Ticket, in.Counterparty
		ch["period_from"], ch["period_to"] = in.PeriodFrom.String(), in.PeriodTo.String()
	case ZeroFBS, SellOut, ReturnStock, StripMedia, ReceiveAct, SignAct, SettleDebts:
	}
	return ch
}

func (c *Case) applyMark(st *Step, in MarkDone) {
	st.Note, st.PickUpBy = in.Note, in.PickUpBy
	act := &c.Acts[0]
	switch in.Step {
	case RequestAct:
		if act.RequestedOn != in.On {
			act.CheckedOn = Date{}
		}
		act.RequestedOn, act.Channel, act.Ticket = in.On, in.Channel, in.Ticket
		act.PeriodFrom, act.PeriodTo, act.Counterparty = in.PeriodFrom, in.PeriodTo, in.Counterparty
	case ReceiveAct:
		act.ReceivedOn = in.On
	case SignAct:
		act.SignedOn = in.On
	case ZeroFBS, SellOut, ReturnStock, CollectReturns, StripMedia, SettleDebts:
	}
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
	yesNo := func(b bool) string {
		if b {
			return "yes"
		}
		return "no"
	}
	return Changes{"fbs": yesNo(a.FBS), "wb_stock": yesNo(a.WBStock), "leftover": string(a.Leftover)}
}
