package winddown

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// DigestKind says what a line of the daily letter, or a letter of its own, is about; each can
// be muted.
type DigestKind string

// The kinds of lines, the most urgent first.
const (
	TellProblem  DigestKind = "problem"  // a step was sent back, or goods are there again
	TellDeadline DigestKind = "deadline" // returns or a report: seven, three days and one day before
	TellChase    DigestKind = "chase"    // remind the marketplace of the act
	TellQuestion DigestKind = "question" // asked, or answered
	TellReceived DigestKind = "received" // the act has come
	TellInbox    DigestKind = "inbox"    // look into the portal's inbox
	TellRemind   DigestKind = "remind"   // the accountant reminds: a letter of its own, at once
)

// DigestKinds returns every kind, the most urgent first.
func DigestKinds() []DigestKind {
	return []DigestKind{TellProblem, TellDeadline, TellChase, TellQuestion, TellReceived, TellInbox, TellRemind}
}

// Frequency says how often a person gets the letter.
type Frequency string

// The frequencies; the letter comes on working days only.
const (
	Daily  Frequency = "daily"
	Weekly Frequency = "weekly"
	Never  Frequency = "never"
)

// Frequencies returns every frequency.
func Frequencies() []Frequency { return []Frequency{Daily, Weekly, Never} }

// MailSettings are a person's choices about letters; those he asks for come in any case.
type MailSettings struct {
	Hour        int // from which on the letter comes, 0 to 23, by the person's own clock
	Frequency   Frequency
	Weekday     int // of a weekly letter: 1 is Monday, 5 Friday
	Muted       []DigestKind
	InboxWeekly bool // look into the inbox every week, not by the case's term
}

// Tells reports whether letters tell the person of this kind of thing at all.
func (s MailSettings) Tells(k DigestKind) bool {
	return s.Frequency != Never && !slices.Contains(s.Muted, k)
}

// DefaultMailSettings are those of somebody who has chosen nothing.
func DefaultMailSettings() MailSettings { return MailSettings{Hour: 9, Frequency: Daily, Weekday: 1} }

// Check tidies settings and returns Invalid with the fields at fault.
func (s MailSettings) Check() (MailSettings, error) {
	var v invalid
	if s.Hour < 0 || s.Hour > 23 {
		v.add("hour", "error.field.unknown", nil)
	}
	if !slices.Contains(Frequencies(), s.Frequency) {
		v.add("frequency", "mail.error.frequency", nil)
	}
	if s.Weekday < 1 || s.Weekday > 5 {
		v.add("weekday", "error.field.unknown", nil)
	}
	var muted []DigestKind // in one order, so that equal settings look equal
	for _, k := range DigestKinds() {
		if slices.Contains(s.Muted, k) {
			muted = append(muted, k)
		}
	}
	s.Muted = muted
	return s, v.err()
}

// Changes are settings as the trail keeps them.
func (s MailSettings) Changes() Changes {
	c := Changes{"mail": string(s.Frequency), "mail_hour": fmt.Sprint(s.Hour), "mail_weekday": fmt.Sprint(s.Weekday), "mail_inbox": "month"}
	if s.InboxWeekly {
		c["mail_inbox"] = "week"
	}
	for _, k := range s.Muted {
		c["mail_"+string(k)] = "muted"
	}
	return c
}

// DigestSlot is the day on which a letter of the given weekday was last due, on or before day:
// the first working day from that weekday on; weekday 0 is every working day. It returns false
// for a day off, on which nothing is sent.
func DigestSlot(cal Calendar, day Date, weekday int) (Date, bool) {
	if !cal.IsWorkday(day) {
		return Date{}, false
	}
	if weekday == 0 {
		return day, true
	}
	since := (int(day.Time().Weekday()) - weekday + 7) % 7
	for back := since; ; back += 7 { // a week without a working day ends in the next one
		for slot := day.AddDays(-back); !slot.After(day); slot = slot.AddDays(1) {
			if cal.IsWorkday(slot) {
				return slot, true
			}
		}
	}
}

// DigestMarks are the days before a deadline on which people are warned.
func DigestMarks() []int { return []int{7, 3, 1} }

// newsDays is how long something that happened is still news, in days.
const newsDays = 14

// DigestItem is one line of the letter. Its key is told to a person once for each case.
type DigestItem struct {
	Key     string
	Kind    DigestKind
	On      Date // the last day of a deadline; the request of a chased act; the mark of an inbox; else the day it happened
	Due     DueKind
	What    string // the batch or report; the counterparty of an act
	Number  int    // of the deadline or question
	Act     int    // position of the act
	Step    Code
	Problem ProblemKind
	Text    string // the reason, the question or the answer
	Replied bool   // Text is an answer

	chase Date   // the day on which the marketplace was to be reminded
	of    string // begins the keys of every reminder of that request
}

// Told reports whether a person was told this before, given the keys of what he was told with
// the days. Days for the reminders of an act may be settled anew: one that fell due no later
// than the last that was told is not news.
func (i DigestItem) Told(known map[string]Date) bool {
	if _, ok := known[i.Key]; ok {
		return true
	}
	if i.Kind != TellChase {
		return false
	}
	for key, on := range known {
		if strings.HasPrefix(key, i.of) && !i.chase.After(on) {
			return true
		}
	}
	return false
}

// DigestItems returns what a person with this standing is to be told of the case on a day of
// his own, the most urgent first, whether he was told before or not. Nothing of a finished
// case, nothing of what he did himself. The case's questions must be loaded.
func (c *Case) DigestItems(cal Calendar, s MailSettings, user ID, st Standing, on Date) []DigestItem {
	if !c.Notifies(st) {
		return nil
	}
	cal = c.Practice.Days(cal)
	seller := May(CanMark, st, c.HasOwner, c.Acting)
	var items []DigestItem
	add := func(i DigestItem) {
		if !slices.Contains(s.Muted, i.Kind) {
			items = append(items, i)
		}
	}
	fresh := func(at time.Time) bool { return DateOf(at).DaysUntil(on) <= newsDays }
	for _, step := range c.Steps {
		p := step.Problem
		if p == nil || p.By == user || !c.Needed(step.Code) || !fresh(p.At) || p.Kind != Regressed && (p.Kind != Returned || !seller) {
			continue
		}
		add(DigestItem{Key: fmt.Sprintf("problem/%s/%d", step.Code, p.At.UnixMicro()), Kind: TellProblem, On: p.On, Step: step.Code,
			Problem: p.Kind, Text: p.Reason})
	}
	for _, d := range c.Deadlines {
		if mark := dueMark(cal, d, on); mark > 0 {
			add(DigestItem{Key: fmt.Sprintf("due/%d/%s/%d", d.Number, d.Until, mark), Kind: TellDeadline, On: d.Until, Due: d.Kind,
				What: d.What, Number: d.Number})
		}
	}
	for _, a := range c.chased() {
		n, last := 0, Date{}
		for i, day := range c.ChaseDates(cal, a) {
			if day.After(a.CheckedOn) && !day.After(on) {
				n, last = c.Term(DueChase).Days[i], day
			}
		}
		if n > 0 {
			of := fmt.Sprintf("chase/%d/%d/%s/", a.Position, a.Round, a.RequestedOn)
			add(DigestItem{Key: of + strconv.Itoa(n), Kind: TellChase, On: a.RequestedOn, Due: DueChase, What: a.Counterparty,
				Act: a.Position, chase: last, of: of})
		}
	}
	for _, q := range c.Questions {
		i := DigestItem{Key: fmt.Sprintf("question/%d/asked", q.Number), Kind: TellQuestion, Number: q.Number, Step: q.Step, Text: q.Text}
		by, at, mine := q.AskedBy, q.AskedAt, seller
		if q.Answer != "" {
			i.Key, i.Text, i.Replied = fmt.Sprintf("question/%d/%d", q.Number, q.AnsweredAt.UnixMicro()), q.Answer, true
			by, at, mine = q.AnsweredBy, q.AnsweredAt, st.Bookkeeping()
		}
		if mine && by != user && q.ResolvedAt.IsZero() && fresh(at) {
			i.On = DateOf(at)
			add(i)
		}
	}
	if step, err := c.Step(ReceiveAct); err == nil && step.Tick != nil && c.Satisfied(ReceiveAct) && !c.Satisfied(SignAct) &&
		step.Tick.By != user && fresh(step.Tick.At) {
		add(DigestItem{Key: fmt.Sprintf("received/%d", step.Tick.At.UnixMicro()), Kind: TellReceived, On: step.Tick.On, Step: ReceiveAct})
	}
	if mark := c.inboxMark(s, on); seller && !mark.IsZero() {
		add(DigestItem{Key: "inbox/" + mark.String(), Kind: TellInbox, On: mark, Due: DueInbox})
	}
	rank := func(i DigestItem) int { return slices.Index(DigestKinds(), i.Kind) }
	slices.SortStableFunc(items, func(a, b DigestItem) int {
		if d := rank(a) - rank(b); d != 0 {
			return d
		}
		return a.On.Time().Compare(b.On.Time())
	})
	return items
}

// MoreUrgent orders lines of different cases: by kind, and inside one by date.
func (i DigestItem) MoreUrgent(o DigestItem) bool {
	a, b := slices.Index(DigestKinds(), i.Kind), slices.Index(DigestKinds(), o.Kind)
	return a < b || a == b && i.On.Before(o.On)
}

// dueMark returns how many days before the end of a deadline the last warning is that came due
// by the given day, or 0. A warning that falls on a day off comes on the working day before.
func dueMark(cal Calendar, d Deadline, on Date) int {
	if !d.ClosedOn.IsZero() || d.Until.DaysUntil(on) > newsDays {
		return 0
	}
	last := 0
	for _, n := range DigestMarks() {
		day := d.Until.AddDays(-n)
		for !cal.IsWorkday(day) {
			day = day.AddDays(-1)
		}
		if !day.After(on) {
			last = n
		}
	}
	return last
}

// inboxMark returns the last day, by the given one, on which the inbox was to be looked into.
func (c *Case) inboxMark(s MailSettings, on Date) Date {
	looked, every := c.InboxOn, c.Term(DueInbox).Days[0]
	if looked.IsZero() {
		looked = c.OpenedOn
	}
	if s.InboxWeekly {
		every = min(every, 7)
	}
	times := looked.DaysUntil(on) / every
	if times < 1 {
		return Date{}
	}
	return looked.AddDays(times * every)
}

// shelved reports whether a case is in the archive for somebody: for the firm's people, not for
// the seller's.
func (c *Case) shelved(st Standing) bool { return !c.ArchivedAt.IsZero() && !st.Owner && !st.Helper }

// Notifies reports whether letters tell a person with this standing of the case at all: its people
// and whoever is responsible for it, until it is finished. A lead has it in the calendar alone.
func (c *Case) Notifies(st Standing) bool {
	return !c.Finished() && !c.shelved(st) && (st.Owner || st.Helper || st.Accountant)
}

// chased returns the acts the marketplace is reminded of: requested ones, unless receive_act
// is closed, as when goods are back.
func (c *Case) chased() []Act {
	if len(c.Blockers(ReceiveAct)) > 0 {
		return nil
	}
	var acts []Act
	for _, a := range c.Acts {
		if a.Phase() == PhaseRequested {
			acts = append(acts, a)
		}
	}
	return acts
}

// FeedEntry is a day of a person's calendar. Its id is unique in the case and stays.
type FeedEntry struct {
	ID string
	Due
}

// FeedEntries returns the days of an unfinished case that belong into the calendar of a person
// with this standing: the deadlines that are open, the reminders of requested acts that are
// still to come or not dealt with, and for who marks the steps the next look into the inbox.
func (c *Case) FeedEntries(cal Calendar, st Standing) []FeedEntry {
	if c.Finished() || c.shelved(st) {
		return nil
	}
	var entries []FeedEntry
	for _, d := range c.Dues(cal) {
		switch d.Kind {
		case DuePickUp, DueReport:
			entries = append(entries, FeedEntry{ID: fmt.Sprintf("due-%d", d.Number), Due: d})
		case DueInbox:
			if May(CanMark, st, c.HasOwner, c.Acting) {
				entries = append(entries, FeedEntry{ID: "inbox", Due: d})
			}
		case DueChase:
		}
	}
	for _, a := range c.chased() {
		for i, on := range c.ChaseDates(cal, a) {
			if on.After(a.CheckedOn) {
				entries = append(entries, FeedEntry{ID: fmt.Sprintf("act-%d-%d-%d", a.Position, a.Round, i+1),
					Due: Due{Kind: DueChase, On: on, What: a.Counterparty, Act: a.Position}})
			}
		}
	}
	return entries
}
