package site

import (
	"cmp"
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
	case winddown.StepRegressed, winddown.StepSuspended, winddown.StepReturned:
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
	case winddown.StepDone, winddown.ActNoted:
		return w.ofAct(e, w.p.T("event.done."+string(e.Step)))
	case winddown.StepUndone, winddown.StepReverted:
		if on, ok := winddown.ParseDate(e.Before["on"]); ok {
			return w.p.T("event."+string(e.Kind), "Mark", w.mark(e.Step, on))
		}
		return w.p.T("event."+string(e.Kind), "Mark", step)
	case winddown.StepPending:
		if e.After["checked_on"] != "" {
			return w.p.T("event.act_checked")
		}
		return w.p.T("event.step_pending", "Step", step)
	case winddown.StepSuspended:
		if balance := e.After["balance"]; balance != "" {
			return w.p.T("event.step_unsettled", "Step", step, "Balance", w.value("balance", balance))
		}
		return w.p.N("event.step_suspended", len(e.Steps), "Step", step, "Steps", quoted(w.p, e.Steps))
	case winddown.GateOpened, winddown.GateClosed:
		return w.p.N("event."+string(e.Kind), len(e.Steps), "Step", step, "Steps", quoted(w.p, e.Steps))
	case winddown.AcceptanceDropped:
		return w.p.T("event.acceptance_dropped", "Step", step, "Name", cmp.Or(line.User, w.p.T("history.nobody")))
	case winddown.ActingChanged:
		return w.p.T("event.acting_changed." + e.After["acting"])
	case winddown.PersonInvited, winddown.InviteRevoked, winddown.PersonJoined, winddown.PersonRemoved:
		name := cmp.Or(line.User, w.p.T("history.nobody"))
		return w.p.T("event."+string(e.Kind), "Name", name, "Role", w.p.T("history.role."+string(e.Role)), "For", w.p.T("history.for."+string(e.Role)))
	case winddown.ResponsibleAssigned, winddown.ResponsibleCleared, winddown.CaseTransferred:
		return w.p.T("event."+string(e.Kind), "Name", cmp.Or(line.User, w.p.T("history.nobody")))
	case winddown.EvidenceAdded, winddown.EvidenceExcused, winddown.EvidenceGone:
		return w.evidenceTitle(e)
	case winddown.QuestionAsked, winddown.QuestionReplied, winddown.QuestionClosed:
		return w.p.T("event."+string(e.Kind), "Number", e.Number, "Step", step)
	case winddown.ActAdded, winddown.ActRemoved:
		return w.p.T("event."+string(e.Kind), "Name", cmp.Or(e.After["counterparty"], e.Before["counterparty"]))
	case winddown.ActRequestedAgain, winddown.ActCompared, winddown.ActDisputed, winddown.ActReminded, winddown.ActCountersigned,
		winddown.ActUndone:
		return w.ofAct(e, w.actTitle(e))
	case winddown.DeadlineAdded, winddown.DeadlineClosed, winddown.DeadlineReopened, winddown.DeadlineRemoved:
		until, _ := winddown.ParseDate(cmp.Or(e.After["until"], e.Before["until"]))
		return w.p.T("event."+string(e.Kind)+"."+cmp.Or(e.After["due"], e.Before["due"]), "Date", w.day(until))
	case winddown.ShareCreated, winddown.ShareRevoked:
		return w.p.T("event."+string(e.Kind), "Whom", cmp.Or(e.After["whom"], e.Before["whom"]))
	case winddown.TermChanged:
		return w.p.T("event.term_changed." + e.After["term"])
	case winddown.DebtAdded, winddown.DebtChanged, winddown.DebtSettled, winddown.DebtWrittenOff, winddown.DebtReopened, winddown.DebtRemoved:
		return w.p.T("event."+string(e.Kind), "What", cmp.Or(e.After["what"], e.Before["what"]))
	default:
		return w.p.T("event."+string(e.Kind), "Step", step)
	}
}

// evidenceTitle says what became of a file, or of the reason in its place.
func (w caseWords) evidenceTitle(e winddown.Event) string {
	slot, name := w.value("slot", e.After["slot"]), e.After["name"]
	switch {
	case e.Kind == winddown.EvidenceExcused:
		return w.p.T("event.evidence_excused", "Slot", slot)
	case e.Kind == winddown.EvidenceGone && name == "":
		return w.p.T("event.evidence_removed.reason", "Slot", slot)
	case e.Kind == winddown.EvidenceGone:
		return w.p.T("event.evidence_removed", "Name", name)
	case e.After["version"] != "1":
		return w.p.T("event.evidence_added.again", "Name", name)
	}
	return w.p.T("event.evidence_added", "Name", name)
}

// actTitle says what was noted about an act.
func (w caseWords) actTitle(e winddown.Event) string {
	switch e.Kind {
	case winddown.ActRequestedAgain:
		return w.p.T("event.act_requested_again", "Round", e.Round)
	case winddown.ActCompared:
		if difference := e.After["difference"]; difference != "" {
			return w.p.T("event.act_compared.disagrees", "Difference", w.value("difference", difference))
		}
		if e.After["agrees"] == "" && e.Before["agrees"] == "" { // its details were corrected
			return w.p.T("event.act_compared.corrected")
		}
		return w.p.T("event.act_compared.agrees")
	case winddown.ActUndone:
		for _, field := range []string{"countersigned_on", "signed_on", "disputed_on", "compared_on", "received_on", "requested_on"} {
			if e.Before[field] != "" {
				return w.p.T("event.act_undone." + field)
			}
		}
	default:
	}
	return w.p.T("event." + string(e.Kind))
}

// ofAct adds which act it was, where a case has several, and which request of it, where
// there was more than one.
func (w caseWords) ofAct(e winddown.Event, title string) string {
	var which []string
	switch {
	case e.Act != 0 && len(w.c.Acts) > 1:
		which = append(which, w.actName(e))
	case e.Act > 1 && len(w.c.Acts) == 0: // outside of its case there is but the number
		which = append(which, w.p.T("history.act", "Number", e.Act))
	}
	if e.Round > 1 && e.Kind != winddown.ActRequestedAgain {
		which = append(which, w.p.T("history.round", "Round", e.Round))
	}
	if len(which) == 0 {
		return title
	}
	return w.p.T("event.of_act", "Title", title, "Act", strings.Join(which, ", "))
}

// actName is the legal entity an act is with, or the act's number.
func (w caseWords) actName(e winddown.Event) string {
	name := cmp.Or(e.After["counterparty"], e.Before["counterparty"])
	if a, err := w.c.Act(e.Act); name == "" && err == nil {
		name = a.Counterparty
	}
	return cmp.Or(name, w.p.T("history.act", "Number", e.Act))
}

// trailFields are the values an event may hold, in the order they are read.
func trailFields() []string {
	return []string{
		"seller_name", "inn", "ogrn", "cabinet", "zone", "fbs", "wb_stock", "leftover",
		"on", "pick_up_by", "requested_on", "channel", "ticket", "period_from", "period_to", "counterparty", "reminded_on", "received_on", "ours", "theirs",
		"compared_on", "agrees", "difference", "objections", "disputed_on", "signed_on", "signer", "authority", "via", "countersigned_on",
		"slot", "version", "note", "evidence",
		"side", "what", "amount", "document", "settled_on", "written_off",
		"from", "until", "closed_on", "days", "source", "as_of",
		"shows", "expires_on", "password",
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
		label := func() string { return w.fieldName(e, field) }
		switch {
		case before == "" && after == "", said(e, field):
		case before == "":
			lines = append(lines, w.p.T("history.value", "Field", label(), "After", after))
		case after == "":
			lines = append(lines, w.p.T("history.cleared", "Field", label(), "Before", before))
		default:
			lines = append(lines, w.p.T("history.changed", "Field", label(), "Before", before, "After", after))
		}
	}
	if t, counted, known := winddown.BasisOf(e.After); known && e.Kind == winddown.DeadlineAdded {
		lines = append(lines, w.basis(t, counted))
	}
	if e.Kind == winddown.EvidenceAdded && e.Act != 0 && len(w.c.Acts) > 1 {
		lines = append(lines, w.p.T("history.value", "Field", w.p.T("history.field.counterparty"), "After", w.actName(e)))
	}
	return strings.Join(lines, "\n")
}

// fieldName is what a value of an event is called.
func (w caseWords) fieldName(e winddown.Event, field string) string {
	if field == "what" && e.Number != 0 { // of a deadline, not of a debt
		return w.p.T("history.field.what_due")
	}
	return w.p.T("history.field." + field)
}

// said reports whether an event's title, or another of its values, says a value already.
func said(e winddown.Event, field string) bool {
	before, after := e.Before[field], e.After[field]
	switch field {
	case "requested_on", "received_on", "signed_on": // the step's own date, unless acts differ
		return before == e.Before["on"] && after == e.After["on"]
	case "on":
		return e.Kind == winddown.StepReverted
	case "what":
		return before == "" && e.Number == 0
	case "counterparty":
		return e.Kind == winddown.ActAdded || e.Kind == winddown.ActRemoved
	case "version":
		return after == "1"
	case "agrees":
		return true
	case "difference":
		return before == ""
	case "until":
		return true
	case "from":
		return e.Kind != winddown.DeadlineAdded
	case "days", "source", "as_of": // of a deadline they are told in one sentence
		return e.Kind != winddown.TermChanged
	}
	return false
}

// value writes a stored value as people read it.
func (w caseWords) value(field, value string) string {
	if value == "" {
		return ""
	}
	switch field {
	case "on", "pick_up_by", "period_from", "period_to", "settled_on", "requested_on", "reminded_on", "received_on", "compared_on", "disputed_on",
		"signed_on", "countersigned_on", "from", "until", "closed_on", "as_of", "expires_on":
		if d, ok := winddown.ParseDate(value); ok {
			return w.date(d)
		}
	case "fbs", "wb_stock", "password":
		return w.yesNo(value)
	case "leftover":
		return w.p.T("question.leftover." + value)
	case "channel":
		return w.p.T("mark.channel." + value)
	case "via":
		return w.p.T("act.via." + value)
	case "slot":
		return w.p.T("evidence.slot." + value)
	case "evidence":
		return w.p.Int(strings.Count(value, ",") + 1)
	case "side":
		return w.p.T("ledger.side." + value)
	case "ours", "theirs":
		if m, err := winddown.ParseMoney(value); err == nil {
			return w.actBalance(winddown.Balance{Known: true, Amount: m})
		}
	case "amount", "difference", "balance":
		if m, err := winddown.ParseMoney(value); err == nil {
			return w.p.Money(m.Kopecks())
		}
	case "shows":
		return shows(w.p, strings.Split(value, ","))
	case "zone":
		return zoneLabel(w.p, value, w.now)
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
