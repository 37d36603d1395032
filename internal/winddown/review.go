package winddown

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

func hexHash(sum [32]byte) string { return hex.EncodeToString(sum[:]) }

func yesNo(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// Acceptance is the accountant's signature under a step's evidence.
type Acceptance struct {
	By ID
	At time.Time
	// DroppedAt is when something changed afterwards; zero while the acceptance holds.
	DroppedAt time.Time
}

// Holds reports whether the acceptance stands.
func (a *Acceptance) Holds() bool { return a != nil && a.DroppedAt.IsZero() }

// Waiver lets a step be done although steps of its gate are not.
type Waiver struct {
	Steps  []Code // the steps it does without
	Reason string
	On     Date
	At     time.Time
	By     ID
}

// Review is what an accountant says about a step.
type Review struct {
	Step    Code
	Version int
	Reason  string
}

// Accept signs a done step's evidence: the current set is frozen. The case's evidence of
// the step must be loaded. It returns NotFound, or Conflict for a stale version, a step
// that is not done or a finished case. Accepting again changes nothing.
func (c *Case) Accept(in Review, s Stamp) ([]Event, error) {
	s.OnBehalf = false // said by the reviewer himself
	st, err := c.editable(in.Step)
	if err != nil {
		return nil, err
	}
	if st.Accepted.Holds() && st.Accepted.By == s.By {
		return nil, nil
	}
	if in.Version != st.Version {
		return nil, stale(st)
	}
	if !c.Satisfied(in.Step) {
		return nil, &Error{Kind: Conflict, Key: "review.error.not_done"}
	}
	if st.Accepted.Holds() {
		return nil, &Error{Kind: Conflict, Key: "review.error.already_accepted"}
	}
	var numbers []string
	current := c.CurrentEvidence(in.Step)
	for i, e := range c.Evidence {
		if slices.ContainsFunc(current, func(o Evidence) bool { return o.Number == e.Number }) {
			c.Evidence[i].Frozen = true
			numbers = append(numbers, fmt.Sprint(e.Number))
		}
	}
	if st.Accepted != nil {
		st.Dropped = st.Accepted
	}
	st.Accepted = &Acceptance{By: s.By, At: s.At}
	st.Version++
	return []Event{{Kind: StepAccepted, Step: in.Step, After: Changes{"evidence": strings.Join(numbers, ",")}, OnBehalf: s.OnBehalf}}, nil
}

// drop ends an acceptance because something it rested on changed.
func (st *Step) drop(s Stamp) []Event {
	if !st.Accepted.Holds() {
		return nil
	}
	dropped := *st.Accepted
	dropped.DroppedAt = s.At
	st.Accepted = &dropped
	return []Event{{Kind: AcceptanceDropped, Step: st.Code, User: dropped.By, OnBehalf: s.OnBehalf}}
}

// SendBack returns a done step to the seller: «Вернуть на доработку». The signature is
// suspended, done steps that rest on it too. It returns NotFound, Invalid without a
// reason, or Conflict for a stale version, a step that is not done or a finished case.
func (c *Case) SendBack(in Review, s Stamp) ([]Event, error) {
	s.OnBehalf = false // said by the reviewer himself
	st, err := c.editable(in.Step)
	if err != nil {
		return nil, err
	}
	reason, err := checkReason(in.Reason)
	if err != nil {
		return nil, err
	}
	if p := st.Problem; p != nil && p.Kind == Returned && p.By == s.By && p.Reason == reason { // the same form sent twice
		return nil, nil
	}
	if in.Version != st.Version {
		return nil, stale(st)
	}
	if st.Tick == nil || st.Problem != nil {
		return nil, &Error{Kind: Conflict, Key: "review.error.not_done"}
	}
	before := Changes{"on": st.Tick.On.String()}
	st.Problem = &Problem{Kind: Returned, Reason: reason, On: s.Today, At: s.At, By: s.By}
	st.Version++
	events := []Event{{Kind: StepReturned, Step: in.Step, Before: before, Reason: reason, OnBehalf: s.OnBehalf}}
	events = append(events, st.drop(s)...)
	return append(events, c.suspend(s)...), nil
}

// MayWaive reports whether the closed gate of a step can be opened without fulfilment.
// The debts are never settled before the act is signed, and an act that was not asked for
// or has not come is not there to go on with.
func (c *Case) MayWaive(code Code) bool {
	open := c.Blockers(code)
	if len(open) == 0 || !c.Needed(code) || c.Finished() {
		return false
	}
	return code != SettleDebts && !slices.ContainsFunc(open, func(g Code) bool { return !c.waivable(g) })
}

// waivable reports whether a gate may do without a step: of the steps about the acts only
// while their signature is there and suspended.
func (c *Case) waivable(code Code) bool {
	_, about := actSteps(code)
	return !about || len(c.suspended(code)) > 0
}

// Waive opens the gate of a step: «Разрешить без выполнения». The waiver names the steps it
// does without; one that opens later closes the gate again. It returns NotFound, Invalid
// without a reason, or Conflict for a stale version, a finished case, or a gate that is
// open or cannot be opened.
func (c *Case) Waive(in Review, s Stamp) ([]Event, error) {
	s.OnBehalf = false // said by the reviewer himself
	st, err := c.editable(in.Step)
	if err != nil {
		return nil, err
	}
	reason, err := checkReason(in.Reason)
	if err != nil {
		return nil, err
	}
	if w := st.Waiver; w != nil && w.By == s.By && strings.HasSuffix(w.Reason, reason) && in.Version == st.Version-1 { // the same form sent twice
		return nil, nil
	}
	if in.Version != st.Version {
		return nil, stale(st)
	}
	if !c.MayWaive(in.Step) {
		return nil, &Error{Kind: Conflict, Key: "review.error.not_waivable"}
	}
	open := c.Blockers(in.Step)
	steps, said := open, reason
	if st.Waiver != nil { // what was said for the steps before stays to be read
		said = st.Waiver.Reason + "\n" + reason
		named := slices.DeleteFunc(slices.Clone(st.Waiver.Steps), func(g Code) bool { return slices.Contains(open, g) })
		steps = append(named, open...)
	}
	st.Waiver = &Waiver{Steps: steps, Reason: said, On: s.Today, At: s.At, By: s.By}
	st.Version++
	return []Event{{Kind: GateOpened, Step: in.Step, Steps: open, Reason: reason, OnBehalf: s.OnBehalf}}, nil
}

// Unwaive takes a waiver back; done steps whose gate closes are suspended. It returns
// NotFound, Invalid without a reason, or Conflict.
func (c *Case) Unwaive(in Review, s Stamp) ([]Event, error) {
	s.OnBehalf = false // said by the reviewer himself
	st, err := c.editable(in.Step)
	if err != nil {
		return nil, err
	}
	reason, err := checkReason(in.Reason)
	if err != nil {
		return nil, err
	}
	if st.Waiver == nil {
		if in.Version == st.Version-1 { // the same form sent twice
			return nil, nil
		}
		return nil, &Error{Kind: Conflict, Key: "review.error.no_waiver"}
	}
	if in.Version != st.Version {
		return nil, stale(st)
	}
	steps := st.Waiver.Steps
	st.Waiver = nil
	events := []Event{{Kind: GateClosed, Step: in.Step, Steps: steps, Reason: reason, OnBehalf: s.OnBehalf}}
	events = append(events, c.suspend(s)...)
	st.Version = in.Version + 1 // once, also for a step that is suspended itself
	return events, nil
}

// waived reports whether a waiver does without a step of the gate.
func (st *Step) waived(code Code) bool {
	return st.Waiver != nil && slices.Contains(st.Waiver.Steps, code)
}

// Question is something the accountant asks about a step.
type Question struct {
	Number     int // 1 for the first of the case
	Step       Code
	Text       string
	AskedBy    ID
	AskedAt    time.Time
	Answer     string
	AnsweredBy ID
	AnsweredAt time.Time
	ResolvedBy ID
	ResolvedAt time.Time
}

// QuestionState is how far a question has come.
type QuestionState string

// The states of a question, in order.
const (
	QuestionOpen     QuestionState = "open"
	QuestionAnswered QuestionState = "answered"
	QuestionResolved QuestionState = "resolved"
)

// MaxQuestions is how many questions a case may have.
const MaxQuestions = 200

// State returns how far the question has come.
func (q Question) State() QuestionState {
	switch {
	case !q.ResolvedAt.IsZero():
		return QuestionResolved
	case q.Answer != "":
		return QuestionAnswered
	}
	return QuestionOpen
}

// Ask asks a question about a step. It returns NotFound, Invalid without a text, or
// Conflict when the case has too many questions.
func (c *Case) Ask(code Code, text string, s Stamp) ([]Event, error) {
	s.OnBehalf = false // everybody speaks for himself
	st, err := c.Step(code)
	if err != nil {
		return nil, err
	}
	text, err = checkSaid("question", text)
	if err != nil {
		return nil, err
	}
	for _, q := range c.Questions {
		if q.Step == code && q.Text == text && q.AskedBy == s.By && q.State() == QuestionOpen { // the same form sent twice
			return nil, nil
		}
	}
	if c.QuestionSeq >= MaxQuestions {
		return nil, &Error{Kind: Conflict, Key: "question.error.too_many", Args: Args{"Max": MaxQuestions}}
	}
	c.QuestionSeq++
	c.Questions = append(c.Questions, Question{Number: c.QuestionSeq, Step: code, Text: text, AskedBy: s.By, AskedAt: s.At})
	st.Questions++
	return []Event{{Kind: QuestionAsked, Step: code, Number: c.QuestionSeq, Reason: text, OnBehalf: s.OnBehalf}}, nil
}

// Answer answers a question; whoever answered it may answer anew. It returns NotFound,
// Invalid without a text, or Conflict for a question that is resolved or that somebody else
// has answered.
func (c *Case) Answer(number int, text string, s Stamp) ([]Event, error) {
	s.OnBehalf = false // everybody speaks for himself
	q, err := c.question(number)
	if err != nil {
		return nil, err
	}
	text, err = checkSaid("answer", text)
	if err != nil {
		return nil, err
	}
	if q.Answer == text && q.AnsweredBy == s.By { // the same form sent twice
		return nil, nil
	}
	switch {
	case q.State() == QuestionResolved:
		return nil, &Error{Kind: Conflict, Key: "question.error.resolved"}
	case q.State() == QuestionAnswered && q.AnsweredBy != s.By:
		return nil, &Error{Kind: Conflict, Key: "question.error.answered"}
	}
	q.Answer, q.AnsweredBy, q.AnsweredAt = text, s.By, s.At
	return []Event{{Kind: QuestionReplied, Step: q.Step, Number: number, Reason: text, OnBehalf: s.OnBehalf}}, nil
}

// Resolve closes a question that was answered; whoever asked it may close it unanswered.
// It returns NotFound, or Conflict for a question that still waits for its answer.
// Resolving again changes nothing.
func (c *Case) Resolve(number int, s Stamp) ([]Event, error) {
	s.OnBehalf = false // everybody speaks for himself
	q, err := c.question(number)
	if err != nil {
		return nil, err
	}
	switch {
	case q.State() == QuestionResolved:
		return nil, nil
	case q.State() == QuestionOpen && q.AskedBy != s.By:
		return nil, &Error{Kind: Conflict, Key: "question.error.unanswered"}
	}
	q.ResolvedBy, q.ResolvedAt = s.By, s.At
	if st, err := c.Step(q.Step); err == nil {
		st.Questions--
	}
	return []Event{{Kind: QuestionClosed, Step: q.Step, Number: number, OnBehalf: s.OnBehalf}}, nil
}

func (c *Case) question(number int) (*Question, error) {
	for i := range c.Questions {
		if c.Questions[i].Number == number {
			return &c.Questions[i], nil
		}
	}
	return nil, &Error{Kind: NotFound, Key: "error.not_found"}
}

// OpenQuestions is the number of questions of the case that are not resolved.
func (c *Case) OpenQuestions() int {
	n := 0
	for _, st := range c.Steps {
		n += st.Questions
	}
	return n
}

// Waived reports whether any gate of the case was opened without fulfilment.
func (c *Case) Waived() bool {
	return slices.ContainsFunc(c.Steps, func(st Step) bool { return st.Waiver != nil && c.Needed(st.Code) })
}

func checkSaid(field, text string) (string, error) {
	var v invalid
	text = tidyText(text)
	switch n := utf8.RuneCountInString(text); {
	case n == 0:
		v.add(field, "question.error."+field+"_missing", nil)
	case n > MaxNote:
		v.add(field, "error.field.too_long", Args{"Max": MaxNote})
	}
	return text, v.err()
}
