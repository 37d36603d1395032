package site

import (
	"winddown/internal/winddown"
	"winddown/web/ui"
)

// line gathers what a case's timeline shows: lanes for the eye, and the same as words by
// date for everybody.
type line struct {
	w     caseWords
	lanes []ui.TimelineLane
	items []ui.TimelineFact
	from  winddown.Date
	to    winddown.Date
}

// reach widens the line to a day.
func (l *line) reach(days ...winddown.Date) {
	for _, d := range days {
		if d.IsZero() {
			continue
		}
		if l.from.IsZero() || d.Before(l.from) {
			l.from = d
		}
		if d.After(l.to) {
			l.to = d
		}
	}
}

func (l *line) fact(on winddown.Date, text string, tone ui.LaneTone) {
	l.items = append(l.items, ui.TimelineFact{At: on.String(), Date: l.w.date(on), Text: text, Tone: tone})
}

// lane is one row of the line while it is put together.
type lane struct {
	l    *line
	view ui.TimelineLane
}

func (l *line) lane(label string) *lane { return &lane{l: l, view: ui.TimelineLane{Label: label}} }

// end puts the lane on the line, unless there is nothing on it.
func (n *lane) end() {
	if len(n.view.Bars)+len(n.view.Points) > 0 {
		n.l.lanes = append(n.l.lanes, n.view)
	}
}

// point is something on a day.
func (n *lane) point(on winddown.Date, text string, tone ui.LaneTone) {
	if on.IsZero() {
		return
	}
	n.l.reach(on)
	n.view.Points = append(n.view.Points, ui.TimelinePoint{At: on.Time(), Tone: tone, Label: text})
	n.l.fact(on, text, tone)
}

// bar is something that took from one day to another; the words stand at its end.
func (n *lane) bar(from, to winddown.Date, text string, tone ui.LaneTone) {
	n.l.reach(from, to)
	n.view.Bars = append(n.view.Bars, ui.TimelineBar{From: from.Time(), To: to.Time(), Tone: tone, Label: text})
	n.l.fact(to, text, tone)
}

// note says more about what was put on the line last.
func (n *lane) note(text string) { n.l.items[len(n.l.items)-1].Note = text }

// open is something that goes on since a day.
func (n *lane) open(from winddown.Date, text string, tone ui.LaneTone) {
	n.l.reach(from)
	n.view.Bars = append(n.view.Bars, ui.TimelineBar{From: from.Time(), Open: true, Tone: tone, Label: text})
	n.l.fact(from, text, tone)
}

// timelineView draws the months of a case: its steps, acts and deadlines, and today.
func timelineView(w caseWords) ui.CaseTimelineProps {
	l := &line{w: w}
	l.reach(w.today)

	whole := l.lane(w.p.T("timeline.case"))
	whole.point(w.c.OpenedOn, w.p.T("timeline.opened"), ui.LanePlain)
	whole.point(w.c.FinishedOn, w.p.T("timeline.finished"), ui.LaneDone)
	whole.end()
	for _, st := range w.c.Steps {
		l.step(st)
	}
	for _, act := range w.c.Acts {
		l.act(act)
	}
	if st, err := w.c.Step(winddown.SettleDebts); err == nil && st.Tick != nil {
		settled := l.lane(stepName(w.p, st.Code))
		settled.point(st.Tick.On, w.p.T("event.done."+string(st.Code)), ui.LaneDone)
		settled.problem(st)
		settled.end()
	}
	for _, kind := range []winddown.DueKind{winddown.DuePickUp, winddown.DueReport} {
		l.deadlines(kind)
	}
	for _, due := range w.c.Dues(w.cal) {
		if due.Kind == winddown.DueInbox {
			inbox := l.lane(w.p.T("deadline.title." + string(due.Kind)))
			inbox.point(w.c.InboxOn, w.p.T("timeline.inbox"), ui.LaneDone)
			inbox.point(due.On, w.p.T("deadline.title."+string(due.Kind)), w.dueTone(due.On))
			inbox.end()
		}
	}

	l.fact(w.today, w.p.T("timeline.today"), ui.LanePlain)
	return ui.CaseTimelineProps{
		ID: "timeline", Title: w.p.T("timeline.caption", "Seller", w.c.Seller.Name), From: l.from.Time(), To: l.to.Time(), Today: w.today.Time(),
		TodayLabel: w.p.T("timeline.today"), Months: ui.TimelineTicks(w.p, l.from.Time(), l.to.Time()), Lanes: l.lanes, Items: l.items,
	}
}

// dueTone is the tone of a deadline that nobody has dealt with.
func (w caseWords) dueTone(on winddown.Date) ui.LaneTone {
	if on.Before(w.today) {
		return ui.LaneLate
	}
	return ui.LaneDue
}

// step is a step from its beginning to its signature. Those about the act stand on the lanes
// of the acts and the debts; here they only tell that they are suspended.
func (l *line) step(st winddown.Step) {
	if !l.w.c.Needed(st.Code) {
		return
	}
	n := l.lane(stepName(l.w.p, st.Code))
	if d, _ := l.w.c.Definition(st.Code); d.Group == winddown.SettleScores {
		if st.Code != winddown.SettleDebts {
			n.problem(&st)
			n.end()
		}
		return
	}
	begun := st.StartedOn
	if begun.IsZero() {
		begun = l.w.c.OpenedOn
	}
	switch {
	case st.Tick != nil && begun.Before(st.Tick.On):
		n.bar(begun, st.Tick.On, l.w.p.T("event.done."+string(st.Code)), ui.LaneDone)
	case st.Tick != nil:
		n.point(st.Tick.On, l.w.p.T("event.done."+string(st.Code)), ui.LaneDone)
	case !st.StartedOn.IsZero():
		n.open(st.StartedOn, l.w.p.T("timeline.started", "Step", stepName(l.w.p, st.Code)), ui.LanePlain)
	}
	n.problem(&st)
	n.end()
}

// problem is the day a signature was suspended.
func (n *lane) problem(st *winddown.Step) {
	if st.Problem != nil {
		n.point(st.Problem.On, n.l.w.p.T("timeline.problem."+string(st.Problem.Kind), "Step", stepName(n.l.w.p, st.Code)), ui.LaneProblem)
	}
}

// act is one act with all its rounds, and the days to remind the marketplace of it.
func (l *line) act(act winddown.Act) {
	w := l.w
	label := w.p.T("case.act.title")
	if len(w.c.Acts) > 1 {
		label = w.p.T("timeline.act", "N", act.Position, "Counterparty", act.Counterparty)
	}
	n := l.lane(label)
	named := func(key string) string {
		if len(w.c.Acts) > 1 {
			return w.p.T("timeline.of_act", "Act", label, "Text", w.p.T(key))
		}
		return w.p.T(key)
	}
	for _, past := range w.c.Past {
		if past.Position == act.Position {
			n.round(past, named)
		}
	}
	n.round(act, named)
	for _, due := range w.c.Dues(w.cal) {
		if due.Kind == winddown.DueChase && due.Act == act.Position {
			n.point(due.On, named("deadline.title.chase"), w.dueTone(due.On))
		}
	}
	n.end()
}

// round is one round of an act, from the request to the last paper.
func (n *lane) round(act winddown.Act, named func(string) string) {
	n.point(act.RequestedOn, named("timeline.requested"), ui.LanePlain)
	switch {
	case act.RequestedOn.IsZero():
	case !act.ReceivedOn.IsZero():
		n.bar(act.RequestedOn, act.ReceivedOn, named("timeline.received"), ui.LaneDone)
	case act.Phase() == winddown.PhaseRequested && !n.l.w.c.Finished():
		n.open(act.RequestedOn, named("timeline.awaited"), ui.LaneWaiting)
	}
	n.point(act.ComparedOn, named("timeline.compared"), ui.LanePlain)
	n.point(act.DisputedOn, named("timeline.disputed"), ui.LanePlain)
	n.point(act.SignedOn, named("timeline.signed"), ui.LaneDone)
	n.point(act.CountersignedOn, named("timeline.countersigned"), ui.LaneDone)
}

// deadlines are the typed-in deadlines of a kind, from their first day.
func (l *line) deadlines(kind winddown.DueKind) {
	w := l.w
	n := l.lane(w.p.T("timeline.kind." + string(kind)))
	for _, d := range w.c.Deadlines {
		if d.Kind != kind {
			continue
		}
		text := w.p.T("deadline.title." + string(kind))
		if d.What != "" {
			text = w.p.T("deadline.about", "What", d.What, "Text", text)
		}
		switch {
		case !d.ClosedOn.IsZero():
			n.bar(d.From, d.ClosedOn, w.p.T("timeline.dealt", "Text", text), ui.LaneDone)
		case !w.c.Finished():
			n.bar(d.From, d.Until, text, w.dueTone(d.Until))
			n.note(w.basis(d.Term()))
		}
	}
	n.end()
}
