package winddown

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// DueKind says what a deadline is about.
type DueKind string

// The kinds of deadlines.
const (
	DuePickUp DueKind = "pick_up" // returns wait at the pick-up point until then
	DueReport DueKind = "report"  // a weekly report can be objected to until then
	DueInbox  DueKind = "inbox"   // look into the portal's inbox: «претензий нет»
	DueChase  DueKind = "chase"   // remind the marketplace of the act
)

// DueKinds returns every kind.
func DueKinds() []DueKind { return []DueKind{DuePickUp, DueReport, DueInbox, DueChase} }

// Term is how long something takes: calendar days, or for the chase the working days on
// which the marketplace is reminded. Source and AsOf say where that is from; a case may
// have terms of its own, because the marketplace changes them.
type Term struct {
	Kind   DueKind
	Days   []int
	Source string // typed; empty for the product's own, whose source is in the catalogs, and for a firm's
	AsOf   Date
}

// DefaultTerms returns the terms a case begins with.
//
//   - pick_up: seven calendar days at the pick-up point (several sources, as of
//     22.09.2025); afterwards the goods may be destroyed or sent back for a fee.
//   - report: seven calendar days to object to a weekly report (offer since 05.04.2023,
//     one source); whether the current offer keeps it is not known.
//   - inbox: the product's own: once in thirty days, because claims lie there unread.
//   - chase: the product's own: working days 3, 7 and 10.
//
// Deadlines refer to the source of a default term by its kind. When such a source changes, a
// migration writes the old one into the deadlines that rest on it.
func DefaultTerms() []Term {
	return []Term{
		{Kind: DuePickUp, Days: []int{7}, AsOf: Date{2025, 9, 22}},
		{Kind: DueReport, Days: []int{7}, AsOf: Date{2023, 4, 5}},
		{Kind: DueInbox, Days: []int{30}, AsOf: Date{2026, 11, 22}},
		{Kind: DueChase, Days: ChaseWorkdays(), AsOf: Date{2026, 11, 22}},
	}
}

// Term returns the case's term of a kind: its own, its firm's, or the default one.
func (c *Case) Term(kind DueKind) Term {
	for _, t := range c.Terms {
		if t.Kind == kind {
			return t
		}
	}
	if kind == DueChase && len(c.Practice.Chase) > 0 {
		return Term{Kind: DueChase, Days: c.Practice.Chase}
	}
	for _, t := range DefaultTerms() {
		if t.Kind == kind {
			return t
		}
	}
	return Term{}
}

// ChaseOfFirm reports whether the marketplace is reminded as the case's firm has settled.
func (c *Case) ChaseOfFirm() bool {
	return len(c.Practice.Chase) > 0 && !slices.ContainsFunc(c.Terms, func(t Term) bool { return t.Kind == DueChase })
}

// AsFinished returns a finished case with the days of reminders its firm had settled when it was
// finished, as its trail says, whatever the firm settles afterwards; a case that goes on as it is.
func (c *Case) AsFinished(trail []Event) *Case {
	if !c.Finished() {
		return c
	}
	then := *c
	for _, e := range trail {
		noted, ok := e.After["chase"]
		if e.Kind != CaseFinished || !ok { // before it was noted: as it is now
			continue
		}
		then.Practice.Chase = nil
		if noted == listed(ChaseWorkdays()) {
			continue
		}
		for text := range strings.SplitSeq(noted, ", ") {
			if n, err := strconv.Atoi(text); err == nil {
				then.Practice.Chase = append(then.Practice.Chase, n)
			}
		}
	}
	return &then
}

// Deadline is a date typed in: a batch of returns at the pick-up point, or a weekly report.
type Deadline struct {
	Number   int // 1 for the first of the case
	Kind     DueKind
	What     string
	From     Date // the day the batch arrived, or the report was posted
	Until    Date // the last day
	Basis    Basis
	ClosedOn Date // collected, or dealt with; zero while open
}

// Basis is the term a deadline was counted by, as it was then; a term that changes later
// leaves it alone. The zero Basis says that the last day was typed and is not the term's.
type Basis struct {
	Days   int    // calendar days
	Source string // as in Term
	AsOf   Date
}

// Term returns the term a deadline was counted by, or false where its last day was typed.
func (d Deadline) Term() (Term, bool) {
	return Term{Kind: d.Kind, Days: []int{d.Basis.Days}, Source: d.Basis.Source, AsOf: d.Basis.AsOf}, d.Basis != Basis{}
}

// Limits of a case's deadlines. A first day further back than MaxDeadlineAge, or a last day
// further from it than MaxTermDays, is a mistyped year.
const (
	MaxDeadlines   = 500
	MaxWhat        = 300 // characters
	MaxDeadlineAge = 365 // days
	MaxTermDays    = 365
	maxSource      = 300 // characters
)

// AddDeadline types a deadline in. Until is counted by the term when it is left out; a typed
// one that is the term's counts as such.
type AddDeadline struct {
	Kind  DueKind
	What  string
	From  Date
	Until Date
}

// AddDeadline returns Invalid, or Conflict for a finished case or one with too many
// deadlines. The same open deadline again changes nothing.
func (c *Case) AddDeadline(in AddDeadline, s Stamp) ([]Event, error) {
	if err := c.open(); err != nil {
		return nil, err
	}
	d := Deadline{Kind: in.Kind, What: tidyLine(in.What), From: in.From, Until: in.Until}
	var v invalid
	if d.Kind != DuePickUp && d.Kind != DueReport {
		v.add("kind", "error.field.unknown", nil)
	}
	checkPast(&v, "from", d.From, s.Today)
	if earliest := s.Today.AddDays(-MaxDeadlineAge); !d.From.IsZero() && d.From.Before(earliest) {
		v.add("from", "deadline.error.from_old", Args{"Date": earliest})
	}
	switch {
	case d.Until.IsZero() || d.From.IsZero():
	case d.Until.Before(d.From):
		v.add("until", "deadline.error.order", nil)
	case d.Until.After(d.From.AddDays(MaxTermDays)):
		v.add("until", "deadline.error.until_far", Args{"Date": d.From.AddDays(MaxTermDays)})
	}
	if utf8.RuneCountInString(d.What) > MaxWhat {
		v.add("what", "error.field.too_long", Args{"Max": MaxWhat})
	}
	if err := v.err(); err != nil {
		return nil, err
	}
	t := c.Term(d.Kind)
	counted := d.From.AddDays(t.Days[0])
	if d.Until.IsZero() {
		d.Until = counted
	}
	for _, old := range c.Deadlines {
		old.Number, old.Basis = 0, Basis{}
		if old == d {
			return nil, nil
		}
	}
	if len(c.Deadlines) >= MaxDeadlines {
		return nil, &Error{Kind: Conflict, Key: "deadline.error.too_many", Args: Args{"Max": MaxDeadlines}}
	}
	if d.Until == counted {
		d.Basis = Basis{Days: t.Days[0], Source: t.Source, AsOf: t.AsOf}
	}
	c.DeadlineSeq++
	d.Number = c.DeadlineSeq
	c.Deadlines = append(c.Deadlines, d)
	events := []Event{d.event(DeadlineAdded, nil, d.changes(), s)}
	return append(events, c.waiting(d, s)...), nil
}

// waiting suspends collect_returns, if it is done, for a batch that is open: returns that
// wait again are goods that appeared again.
func (c *Case) waiting(d Deadline, s Stamp) []Event {
	st, err := c.Step(CollectReturns)
	if err != nil || d.Kind != DuePickUp || !d.ClosedOn.IsZero() || st.Tick == nil || st.Problem != nil {
		return nil
	}
	return c.regress(st, d.What, s)
}

// CloseDeadline says that a batch was collected or a report dealt with. It returns
// NotFound, Invalid, or Conflict for a finished case or one that was closed on another day.
func (c *Case) CloseDeadline(number int, on Date, s Stamp) ([]Event, error) {
	return c.moveDeadline(number, DeadlineClosed, s, func(d *Deadline) error {
		var v invalid
		checkPast(&v, "on", on, s.Today)
		if len(v.fields) == 0 && on.Before(d.From) {
			v.add("on", "deadline.error.closed_early", Args{"Date": d.From})
		}
		if err := v.err(); err != nil {
			return err
		}
		if !d.ClosedOn.IsZero() && d.ClosedOn != on {
			return &Error{Kind: Conflict, Key: "deadline.error.closed", Args: Args{"Date": d.ClosedOn}}
		}
		d.ClosedOn = on
		return nil
	})
}

// ReopenDeadline takes that back. Errors as for CloseDeadline.
func (c *Case) ReopenDeadline(number int, s Stamp) ([]Event, error) {
	return c.moveDeadline(number, DeadlineReopened, s, func(d *Deadline) error {
		d.ClosedOn = Date{}
		return nil
	})
}

func (c *Case) moveDeadline(number int, kind EventKind, s Stamp, apply func(*Deadline) error) ([]Event, error) {
	if err := c.open(); err != nil {
		return nil, err
	}
	for i, d := range c.Deadlines {
		if d.Number != number {
			continue
		}
		if err := apply(&d); err != nil {
			return nil, err
		}
		if d == c.Deadlines[i] {
			return nil, nil
		}
		before := Changes{"closed_on": c.Deadlines[i].ClosedOn.String()} // the rest stays in After, so that the trail names the deadline
		c.Deadlines[i] = d
		return append([]Event{d.event(kind, before, d.changes(), s)}, c.waiting(d, s)...), nil
	}
	return nil, &Error{Kind: NotFound, Key: "error.not_found"}
}

// RemoveDeadline takes away a deadline that was typed in by mistake; the history keeps it.
func (c *Case) RemoveDeadline(number int, s Stamp) ([]Event, error) {
	if err := c.open(); err != nil {
		return nil, err
	}
	at := slices.IndexFunc(c.Deadlines, func(d Deadline) bool { return d.Number == number })
	if at < 0 && number > 0 && number <= c.DeadlineSeq { // the same form sent twice
		return nil, nil
	}
	if at < 0 {
		return nil, &Error{Kind: NotFound, Key: "error.not_found"}
	}
	d := c.Deadlines[at]
	c.Deadlines = slices.Delete(slices.Clone(c.Deadlines), at, at+1)
	return []Event{d.event(DeadlineRemoved, d.changes(), nil, s)}, nil
}

// CheckInbox says that the portal's inbox was looked into and holds no claims.
func (c *Case) CheckInbox(s Stamp) ([]Event, error) {
	if err := c.open(); err != nil {
		return nil, err
	}
	if c.InboxOn == s.Today {
		return nil, nil
	}
	before := Changes{"inbox_on": c.InboxOn.String()}
	c.InboxOn = s.Today
	return []Event{{Kind: InboxChecked, Before: before, After: Changes{"inbox_on": s.Today.String()}, OnBehalf: s.OnBehalf}}, nil
}

// ChangeTerm gives a case a term of its own.
type ChangeTerm struct {
	Kind    DueKind
	Days    []int
	Source  string
	AsOf    Date
	Version int // the case's; zero asks for no check
}

// ChangeTerm counts by the new term from then on: the reminders and the look into the inbox at
// once, batches and reports when they are typed in; those that stand keep their dates and the
// term these were counted by. It returns Invalid, or Conflict for a finished case or a stale
// version.
func (c *Case) ChangeTerm(in ChangeTerm, s Stamp) ([]Event, error) {
	if err := c.open(); err != nil {
		return nil, err
	}
	t := Term{Kind: in.Kind, Days: in.Days, Source: tidyLine(in.Source), AsOf: in.AsOf}
	var v invalid
	if !slices.Contains(DueKinds(), t.Kind) {
		v.add("kind", "error.field.unknown", nil)
		return nil, v.err()
	}
	switch {
	case t.Kind == DueChase && !validChase(t.Days):
		v.add("days", "deadline.error.days_chase", Args{"Max": MaxTermDays})
	case t.Kind != DueChase && (len(t.Days) != 1 || !validChase(t.Days)):
		v.add("days", "deadline.error.days", Args{"Max": MaxTermDays})
	}
	switch n := utf8.RuneCountInString(t.Source); {
	case n == 0:
		v.add("source", "deadline.error.source_missing", nil)
	case n > maxSource:
		v.add("source", "error.field.too_long", Args{"Max": maxSource})
	}
	checkPast(&v, "as_of", t.AsOf, s.Today)
	if err := v.err(); err != nil {
		return nil, err
	}
	before, after := c.Term(t.Kind).changes(), t.changes()
	if same(before, after) {
		return nil, nil
	}
	if in.Version != 0 && in.Version != c.Version {
		return nil, &Error{Kind: Conflict, Key: "case.error.stale"}
	}
	c.Terms = append(slices.DeleteFunc(slices.Clone(c.Terms), func(o Term) bool { return o.Kind == t.Kind }), t)
	c.Version++
	after["term"] = string(t.Kind)
	return []Event{{Kind: TermChanged, Before: before, After: after, OnBehalf: s.OnBehalf}}, nil
}

func (t Term) changes() Changes {
	return Changes{"days": listed(t.Days), "source": t.Source, "as_of": t.AsOf.String()}
}

// changes says on what the last day rests as "basis": typed, or term with the term.
func (d Deadline) changes() Changes {
	all := Changes{"due": string(d.Kind), "what": d.What, "from": d.From.String(), "until": d.Until.String(), "closed_on": d.ClosedOn.String()}
	t, counted := d.Term()
	if !counted {
		return merge(all, Changes{"basis": "typed"})
	}
	return merge(all, merge(t.changes(), Changes{"basis": "term"}))
}

// BasisOf returns the term by which a deadline of the trail was counted. Counted is false where
// its last day was typed; known is false for events from before this was kept.
func BasisOf(deadline Changes) (t Term, counted, known bool) {
	t = Term{Kind: DueKind(deadline["due"]), Source: deadline["source"]}
	days, err := strconv.Atoi(deadline["days"])
	t.Days = []int{days}
	t.AsOf, counted = ParseDate(deadline["as_of"])
	counted = counted && err == nil && deadline["basis"] == "term"
	return t, counted, counted || deadline["basis"] == "typed"
}

func (d Deadline) event(kind EventKind, before, after Changes, s Stamp) Event {
	e := Event{Kind: kind, Number: d.Number, Before: before, After: after, OnBehalf: s.OnBehalf}
	if d.Kind == DuePickUp {
		e.Step = CollectReturns
	}
	return e
}

// Due is a deadline nobody has dealt with.
type Due struct {
	Kind   DueKind
	On     Date
	What   string
	Number int // of the typed-in deadline, if it is one
	Act    int // position of the act, for a chase
}

// Dues returns what has to be done and by when, the nearest first. A finished case has
// none. While receive_act is closed, as when goods are back, the chase of the act rests.
func (c *Case) Dues(cal Calendar) []Due {
	if c.Finished() {
		return nil
	}
	var dues []Due
	for _, d := range c.Deadlines {
		if d.ClosedOn.IsZero() {
			dues = append(dues, Due{Kind: d.Kind, On: d.Until, What: d.What, Number: d.Number})
		}
	}
	looked := c.InboxOn
	if looked.IsZero() {
		looked = c.OpenedOn
	}
	dues = append(dues, Due{Kind: DueInbox, On: looked.AddDays(c.Term(DueInbox).Days[0])})
	for _, a := range c.chased() {
		for _, on := range c.ChaseDates(cal, a) {
			if on.After(a.CheckedOn) {
				dues = append(dues, Due{Kind: DueChase, On: on, What: a.Counterparty, Act: a.Position})
				break
			}
		}
	}
	slices.SortStableFunc(dues, func(a, b Due) int { return a.On.Time().Compare(b.On.Time()) })
	return dues
}

// ChaseDates returns the days on which to remind the marketplace of a requested act.
func (c *Case) ChaseDates(cal Calendar, a Act) []Date {
	cal = c.Practice.Days(cal)
	var dates []Date
	for _, n := range c.Term(DueChase).Days {
		dates = append(dates, cal.AddWorkdays(a.RequestedOn, n))
	}
	return dates
}

// OverdueOn returns the first day on which a requested act has been awaited for longer
// than the last reminder.
func (c *Case) OverdueOn(cal Calendar, a Act) Date {
	days := c.Term(DueChase).Days
	return c.Practice.Days(cal).AddWorkdays(a.RequestedOn, days[len(days)-1]+1)
}

// pickUpBy returns the earliest day until which an uncollected batch waits.
func (c *Case) pickUpBy() Date {
	var earliest Date
	if c.Finished() {
		return earliest
	}
	for _, d := range c.Deadlines {
		if d.Kind == DuePickUp && d.ClosedOn.IsZero() && (earliest.IsZero() || d.Until.Before(earliest)) {
			earliest = d.Until
		}
	}
	return earliest
}

// collected closes the batches that still wait when the step that collects them is done.
func (c *Case) collected(on Date, s Stamp) []Event {
	var events []Event
	for _, d := range c.Deadlines {
		if d.Kind == DuePickUp && d.ClosedOn.IsZero() {
			on := on
			if on.Before(d.From) {
				on = d.From
			}
			closed, _ := c.CloseDeadline(d.Number, on, s)
			events = append(events, closed...)
		}
	}
	return events
}
