package winddown

import (
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// MaxReminder is the length of a reminder, in characters, before and after it is filled in.
const MaxReminder = 1000

// Reminder is what an accountant asks of the seller.
type Reminder struct {
	Step Code // it is about; empty for the end of the case
	Text string
	At   time.Time
	By   ID
	Seen bool // the seller put it away
}

// Asked is the step to remind the seller of on the given day: empty when only the end of the
// case is left, or nothing.
func (s Summary) Asked(today Date) Code {
	switch s.Group(today) {
	case GroupProblem:
		if s.ProblemOn(today) == Burning {
			return CollectReturns
		}
		return s.Blocker
	case GroupReady:
		return RequestAct
	case GroupOverdue, GroupWaiting:
		return ReceiveAct
	case GroupReceived:
		return SignAct
	case GroupDebt:
		return SettleDebts
	case GroupFinish, GroupEarly:
		return s.Blocker
	case GroupFinished:
	}
	return ""
}

// Skip says why a seller is not reminded; empty when he is.
type Skip string

// The reasons, in the order they are looked at.
const (
	SkipFinished Skip = "finished" // nothing is left to do
	SkipArchived Skip = "archived"
	SkipGoing    Skip = "going"  // its owner has deleted it
	SkipNobody   Skip = "nobody" // no owner and no helper: nobody would read it
	SkipToday    Skip = "today"  // one reminder a day is enough
)

// Skips returns every reason.
func Skips() []Skip { return []Skip{SkipFinished, SkipArchived, SkipGoing, SkipNobody, SkipToday} }

// Remindable says why the seller cannot be reminded now, if so. The day is that of the
// case's zone.
func (p Picked) Remindable(now time.Time) Skip {
	switch {
	case p.Summary.Stage == GroupFinished:
		return SkipFinished
	case p.Archived:
		return SkipArchived
	case p.Going():
		return SkipGoing
	case !p.Reachable:
		return SkipNobody
	case !p.RemindedAt.IsZero() && Today(p.RemindedAt, p.Zone) == Today(now, p.Zone):
		return SkipToday
	}
	return ""
}

// Remind is a reminder to many: Text with places for each seller's own, and what the places
// hold, in the language it is written in.
type Remind struct {
	Text  string
	Steps map[Code]string // what each step asks; under the empty code, what the end of the case does
}

// The places in the text of a reminder, in both languages.
var (
	stepPlaces   = []string{"{шаг}", "{step}"}
	sellerPlaces = []string{"{продавец}", "{seller}"}

	place = regexp.MustCompile(`\{[^{}\s]*\}`)
)

// Check tidies the text and returns Invalid on the field text.
func (r *Remind) Check() error {
	var v invalid
	r.Text = tidyText(r.Text)
	switch {
	case r.Text == "":
		v.add("text", "remind.error.text_missing", nil)
	case utf8.RuneCountInString(r.Text) > MaxReminder:
		v.add("text", "error.field.too_long", Args{"Max": MaxReminder})
	}
	known := slices.Concat(stepPlaces, sellerPlaces)
	for _, found := range place.FindAllString(r.Text, -1) {
		if !slices.Contains(known, strings.ToLower(found)) {
			v.add("text", "remind.error.place", Args{"Place": found})
			break
		}
	}
	return v.err()
}

// Fill is the text as the seller of a case gets it. A place that Check refuses stays as it was
// typed.
func (r Remind) Fill(p Picked, now time.Time) Reminder {
	step := p.Summary.Asked(Today(now, p.Zone))
	text := place.ReplaceAllStringFunc(r.Text, func(found string) string {
		switch name := strings.ToLower(found); {
		case slices.Contains(sellerPlaces, name):
			return p.Seller
		case slices.Contains(stepPlaces, name):
			return r.Steps[step]
		}
		return found
	})
	if runes := []rune(text); len(runes) > MaxReminder {
		text = string(runes[:MaxReminder-1]) + "…"
	}
	return Reminder{Step: step, Text: text, At: now}
}

// Reminded is a case with the reminder its seller gets.
type Reminded struct {
	Picked
	Reminder
}

// Skipped is a case whose seller is not reminded, and why.
type Skipped struct {
	ID  ID
	Why Skip
}

// Send makes the reminders of those cases whose sellers can be reminded now, with an event
// each, and names the others.
func (r Remind) Send(cases []Picked, s Stamp) ([]Reminded, []Skipped, []Event) {
	var sent []Reminded
	var skipped []Skipped
	var events []Event
	for _, c := range cases {
		if why := c.Remindable(s.At); why != "" {
			skipped = append(skipped, Skipped{ID: c.ID, Why: why})
			continue
		}
		one := Reminded{Picked: c, Reminder: r.Fill(c, s.At)}
		one.By = s.By
		sent = append(sent, one)
		events = append(events, Event{Stream: Stream{Kind: CaseStream, ID: c.ID}, Kind: SellerReminded, Step: one.Step, Reason: one.Text})
	}
	return sent, skipped, events
}

// Archive puts cases into the archive of their firm, or takes them out, and returns those
// that change, with an event each. Those that had expired go on.
func Archive(cases []Picked, in bool) ([]Picked, []Event) {
	kind := CaseUnarchived
	if in {
		kind = CaseArchived
	}
	var changed []Picked
	var events []Event
	for _, c := range cases {
		if c.Archived == in {
			continue
		}
		changed = append(changed, c)
		events = append(events, Event{Stream: Stream{Kind: CaseStream, ID: c.ID}, Kind: kind})
		events = append(events, c.goesOn()...)
	}
	return changed, events
}

// Asks is the reminder the seller still has to see: not once it was put away, or what it asks
// is done.
func (c *Case) Asks() *Reminder {
	r := c.Reminder
	if r == nil || r.Seen || c.Finished() || r.Step != "" && c.Satisfied(r.Step) {
		return nil
	}
	return r
}

// PutAway puts the reminder away: Conflict when there is none any more.
func (c *Case) PutAway(s Stamp) ([]Event, error) {
	if c.Reminder == nil {
		return nil, &Error{Kind: Conflict, Key: "remind.error.none"}
	}
	if c.Reminder.Seen {
		return nil, nil
	}
	c.Reminder.Seen = true
	return []Event{{Kind: ReminderSeen, Step: c.Reminder.Step, OnBehalf: s.OnBehalf}}, nil
}
