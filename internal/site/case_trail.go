package site

import (
	"strings"
	"time"

	"winddown/internal/app"
	"winddown/internal/winddown"
	"winddown/web/ui"
)

// lastLines are the newest lines of the trail for a side column.
func (w caseWords) lastLines() []ui.TimelineItem {
	var items []ui.TimelineItem
	for _, line := range w.view.Trail {
		at := line.Event.At.In(winddown.Zone(w.zone))
		meta := w.day(winddown.DateOf(at))
		if by := w.author(line); by != "" {
			meta += ", " + by
		}
		items = append(items, ui.TimelineItem{
			Title: w.eventTitle(line), Meta: meta, Datetime: at.Format(time.RFC3339), Tone: eventTone(line.Event.Kind),
		})
	}
	if len(items) > 0 && items[0].Tone == ui.TonePlain {
		items[0].Tone = ui.ToneHot
	}
	return items
}

// lines are the lines of the trail in full; on a step's own page they lead nowhere.
func (w caseWords) lines(linked bool) []ui.TimelineItem {
	var items []ui.TimelineItem
	for _, line := range w.view.Trail {
		at := line.Event.At.In(winddown.Zone(w.zone))
		item := ui.TimelineItem{
			Title: w.eventTitle(line), Meta: w.p.DateTime(at), Datetime: at.Format(time.RFC3339),
			Note: w.eventNote(line.Event), Tone: eventTone(line.Event.Kind),
		}
		if by := w.author(line); by != "" {
			item.Meta += " · " + by
		}
		if linked && line.Event.Step != "" {
			item.Href = w.stepHref(line.Event.Step)
		}
		items = append(items, item)
	}
	return items
}

func (w caseWords) author(line app.TrailLine) string {
	if line.Event.By.IsZero() {
		return w.p.T("history.system")
	}
	return w.by(line.By, line.Event.OnBehalf)
}

func eventTone(k winddown.EventKind) ui.TimelineTone {
	switch k {
	case winddown.StepRegressed, winddown.StepSuspended:
		return ui.ToneBad
	default:
		return ui.TonePlain
	}
}

// mark names a signature by what was done and when, «Акт запрошен 12 ноября».
func (w caseWords) mark(code winddown.Code, on winddown.Date) string {
	return w.p.T("event.done."+string(code)) + " " + w.day(on)
}

// eventTitle says what happened.
func (w caseWords) eventTitle(line app.TrailLine) string {
	e := line.Event
	step := ""
	if e.Step != "" {
		step = stepName(w.p, e.Step)
	}
	switch e.Kind {
	case winddown.StepDone:
		return w.p.T("event.done." + string(e.Step))
	case winddown.StepUndone:
		if on, ok := winddown.ParseDate(e.Before["on"]); ok {
			return w.p.T("event.step_undone", "Mark", w.mark(e.Step, on))
		}
		return w.p.T("event.step_undone", "Mark", step)
	case winddown.StepPending:
		if e.After["checked_on"] != "" {
			return w.p.T("event.act_checked")
		}
		return w.p.T("event.step_pending", "Step", step)
	case winddown.StepSuspended:
		return w.p.N("event.step_suspended", len(e.Steps), "Step", step, "Steps", quoted(w.p, e.Steps))
	case winddown.ActingChanged:
		return w.p.T("event.acting_changed." + e.After["acting"])
	case winddown.PersonInvited, winddown.InviteRevoked, winddown.PersonJoined, winddown.PersonRemoved:
		name := line.User
		if name == "" {
			name = w.p.T("history.nobody")
		}
		return w.p.T("event."+string(e.Kind), "Name", name, "Role", w.p.T("history.role."+string(e.Role)))
	default:
		return w.p.T("event."+string(e.Kind), "Step", step)
	}
}

// trailFields are the values an event may hold, in the order they are read.
func trailFields() []string {
	return []string{
		"seller_name", "inn", "ogrn", "cabinet", "zone", "fbs", "wb_stock", "leftover",
		"on", "pick_up_by", "channel", "ticket", "period_from", "period_to", "counterparty", "note",
	}
}

// eventNote is what was typed: the reason, or the values with those before them.
func (w caseWords) eventNote(e winddown.Event) string {
	if e.Reason != "" {
		return e.Reason
	}
	var lines []string
	for _, field := range trailFields() {
		before, after := w.value(field, e.Before[field]), w.value(field, e.After[field])
		label := func() string { return w.p.T("history.field." + field) }
		switch {
		case before == "" && after == "":
		case before == "":
			lines = append(lines, w.p.T("history.value", "Field", label(), "After", after))
		case after == "":
			lines = append(lines, w.p.T("history.cleared", "Field", label(), "Before", before))
		default:
			lines = append(lines, w.p.T("history.changed", "Field", label(), "Before", before, "After", after))
		}
	}
	return strings.Join(lines, "\n")
}

// value writes a stored value as people read it.
func (w caseWords) value(field, value string) string {
	switch field {
	case "on", "pick_up_by", "period_from", "period_to":
		if d, ok := winddown.ParseDate(value); ok {
			return w.date(d)
		}
	case "fbs", "wb_stock":
		return w.yesNo(value)
	case "leftover":
		if value != "" {
			return w.p.T("question.leftover." + value)
		}
	case "channel":
		if value != "" {
			return w.p.T("mark.channel." + value)
		}
	case "zone":
		if value != "" {
			return zoneLabel(w.p, value, w.now)
		}
	}
	return value
}

func (w caseWords) yesNo(value string) string {
	switch value {
	case "yes":
		return w.p.T("common.yes")
	case "no":
		return w.p.T("common.no")
	}
	return value
}
