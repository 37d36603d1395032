package pack

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"winddown/internal/i18n"
	"winddown/internal/winddown"
)

// words puts a case into one language.
type words struct {
	*book
	p *i18n.Printer
}

func (w words) date(d winddown.Date) string {
	if d.IsZero() {
		return ""
	}
	return w.p.Date(d.Time())
}

// moment writes an instant in the case's zone.
func (w words) moment(at time.Time) string {
	if at.IsZero() {
		return ""
	}
	return w.p.DateTime(at.In(winddown.Zone(w.Case.Zone)))
}

// who names a person who did something, «Иванова за ИП Петрова» when it was for the seller.
func (w words) who(id winddown.ID, onBehalf bool) string {
	name := w.Names[id]
	switch {
	case id.IsZero():
		return ""
	case name == "":
		return w.p.T("history.nobody")
	case onBehalf:
		return w.p.T("case.by_for", "Name", name, "Seller", w.Case.Seller.Name)
	}
	return name
}

// signed joins when and who.
func (w words) signed(when, who string) string { return joined(", ", when, who) }

// joined joins what is not empty.
func joined(by string, parts ...string) string {
	return strings.Join(slices.DeleteFunc(parts, func(s string) bool { return s == "" }), by)
}

func (w words) step(code winddown.Code) string {
	if code == "" {
		return ""
	}
	return w.p.T("step." + string(code) + ".name")
}

// steps lists steps by their names.
func (w words) steps(codes []winddown.Code) string {
	var names []string
	for _, code := range codes {
		names = append(names, w.p.T("case.list.quoted", "Name", w.step(code)))
	}
	return strings.Join(names, ", ")
}

func (w words) status(code winddown.Code) string {
	return w.p.T("status." + string(w.Case.Status(code, w.today)))
}

// problem says what suspends a signature, or which returns are about to be lost.
func (w words) problem(code winddown.Code) string {
	pr := w.Case.ProblemOf(code, w.today)
	if pr == nil {
		return ""
	}
	on := w.date(pr.On)
	switch pr.Kind {
	case winddown.Returned:
		return w.p.T("case.problem.returned", "Date", on, "Reason", pr.Reason)
	case winddown.Regressed:
		if pr.Reason == "" {
			return w.p.T("case.problem.returns", "Date", on)
		}
		return w.p.T("case.problem.regressed", "Date", on, "Reason", pr.Reason)
	case winddown.Unsettled:
		if w.Case.Balance == 0 && len(w.Case.UnbookedActs()) == 0 {
			return w.p.T("case.problem.unsettled_even", "Date", on)
		}
		return w.p.T("case.problem.unsettled", "Date", on)
	case winddown.Burning:
		return w.p.T("case.hint.pick_up_by", "Date", w.date(w.Case.PickUpBy()))
	case winddown.Reopened:
	}
	return w.p.N("pack.step.reopened", len(pr.Steps), "Steps", w.steps(pr.Steps))
}

// acceptance is the accountant's signature, with the day it was dropped.
func (w words) acceptance(a *winddown.Acceptance) string {
	switch {
	case a == nil:
		return ""
	case a.Holds():
		return w.p.T("pack.step.accepted", "At", w.moment(a.At), "By", w.who(a.By, false))
	}
	return w.p.T("pack.step.dropped", "At", w.moment(a.At), "By", w.who(a.By, false), "Dropped", w.moment(a.DroppedAt))
}

// acceptances are those of a step, the one that counts last.
func (w words) acceptances(st winddown.Step) []string {
	return slices.DeleteFunc([]string{w.acceptance(st.Dropped), w.acceptance(st.Accepted)}, func(s string) bool { return s == "" })
}

func (w words) waiver(st winddown.Step) string {
	if st.Waiver == nil {
		return ""
	}
	return w.p.T("pack.step.waived", "Steps", w.steps(st.Waiver.Steps), "At", w.moment(st.Waiver.At), "By", w.who(st.Waiver.By, false),
		"Reason", st.Waiver.Reason)
}

// phase says where an act stands and since when.
func (w words) phase(a winddown.Act) string {
	return w.p.T("act.phase."+string(a.Phase()), "Date", w.date(a.PhaseOn()))
}

func (w words) channel(a winddown.Act) string {
	if a.Channel == "" {
		return ""
	}
	return w.p.T("mark.channel." + string(a.Channel))
}

func (w words) via(a winddown.Act) string {
	if a.Via == "" {
		return ""
	}
	return w.p.T("act.via." + string(a.Via))
}

func (w words) actName(position int) string {
	return w.p.T("pack.act", "Number", position)
}

func (w words) money(m winddown.Money) string { return w.p.Money(m.Kopecks()) }

// balance says in whose favour a closing balance is.
func (w words) balance(b winddown.Balance) string {
	switch {
	case !b.Known:
		return ""
	case b.Amount > 0:
		return w.p.T("pack.balance.seller", "Sum", b.Amount.Abs())
	case b.Amount < 0:
		return w.p.T("pack.balance.wb", "Sum", b.Amount.Abs())
	}
	return w.money(0)
}

// owed says who owes what all open lines come to.
func (w words) owed(m winddown.Money) string {
	switch {
	case m > 0:
		return w.p.T("pack.ledger.by_wb", "Sum", m.Abs())
	case m < 0:
		return w.p.T("pack.ledger.to_wb", "Sum", m.Abs())
	}
	return w.p.T("pack.ledger.zero")
}

// debtState says whether a line of the ledger counts, and why it does not.
func (w words) debtState(d winddown.Debt) string {
	switch {
	case d.Removed != "":
		return w.p.T("ledger.state.removed", "Reason", d.Removed)
	case d.WrittenOff != "":
		return w.p.T("ledger.state.written_off", "Date", w.date(d.WrittenOffOn), "Reason", d.WrittenOff)
	case !d.SettledOn.IsZero():
		return w.p.T("ledger.state.settled", "Date", w.date(d.SettledOn))
	}
	return w.p.T("ledger.state.open")
}

// slot names the place of a piece of evidence.
func (w words) slot(e winddown.Evidence) string {
	name := w.p.T("evidence.slot." + string(e.Slot))
	if e.Act > 0 && len(w.Case.Acts) > 1 {
		name = joined(", ", name, w.actName(e.Act))
	}
	if d, err := w.Case.Debts.Debt(e.Debt); err == nil {
		name = joined(", ", name, w.p.T("case.list.quoted", "Name", d.What))
	}
	return name
}

// evidenceState says what became of a piece of evidence.
func (w words) evidenceState(e winddown.Evidence) string {
	switch {
	case e.Kind == winddown.EvidenceRemoved:
		return w.p.T("pack.evidence.removed")
	case w.lost[e.Number] != "":
		return w.p.T("pack.evidence.lost." + w.lost[e.Number])
	case w.later(e, winddown.EvidenceRemoved):
		return w.p.T("pack.evidence.removed")
	case w.later(e, ""):
		return w.p.T("pack.evidence.replaced")
	case w.Case.Frozen(e):
		return w.p.T("pack.evidence.accepted")
	case e.Kind == winddown.EvidenceReason:
		return w.p.T("pack.evidence.reason")
	}
	return ""
}

// later reports whether a piece of evidence has a later version, of one kind or of any.
func (w words) later(e winddown.Evidence, kind winddown.EvidenceKind) bool {
	return slices.ContainsFunc(w.Case.Evidence, func(o winddown.Evidence) bool {
		return o.Doc == e.Doc && o.Version > e.Version && (kind == "" || o.Kind == kind)
	})
}

// term says how long something takes in this case.
func (w words) term(t winddown.Term) string {
	if t.Kind != winddown.DueChase {
		return w.p.N("case.days", t.Days[0])
	}
	var days []string
	for _, n := range t.Days {
		days = append(days, strconv.Itoa(n))
	}
	return w.p.T("deadline.workdays", "Days", strings.Join(days, ", "))
}

// termSource says where a term is from: typed, for one of the case's own.
func (w words) termSource(t winddown.Term) string {
	if t.Source != "" {
		return t.Source
	}
	if t.Kind == winddown.DueChase && w.Case.ChaseOfFirm() {
		return w.p.T("pack.term.firm")
	}
	return w.p.T("deadline.source." + string(t.Kind))
}

// basis says by which term a deadline was counted, or that its last day was typed.
func (w words) basis(d winddown.Deadline) string {
	t, counted := d.Term()
	if !counted {
		return w.p.T("deadline.typed")
	}
	return w.p.T("deadline.source", "Term", w.term(t), "Source", strings.TrimRight(w.termSource(t), ". "), "Date", w.date(t.AsOf))
}

// termState tells the case's own terms, and its firm's, from those that every case begins with.
func (w words) termState(t winddown.Term) string {
	if slices.ContainsFunc(w.Case.Terms, func(own winddown.Term) bool { return own.Kind == t.Kind }) {
		return w.p.T("pack.term.own")
	}
	if t.Kind == winddown.DueChase && w.Case.ChaseOfFirm() {
		return w.p.T("pack.term.firm")
	}
	return w.p.T("pack.term.usual")
}

// event says what happened.
func (w words) event(e winddown.Event) string {
	if key := "pack.event." + string(e.Kind); w.p.Has(key) {
		return w.p.T(key)
	}
	return cmp.Or(string(e.Kind), w.p.T("pack.unreadable"))
}

// author names who did it.
func (w words) author(e winddown.Event) string {
	if e.By.IsZero() {
		return w.p.T("history.system")
	}
	return w.who(e.By, e.OnBehalf)
}

// details are all else that an event holds, a line each.
func (w words) details(e winddown.Event) []string {
	var lines []string
	if !e.User.IsZero() {
		lines = append(lines, w.who(e.User, false))
	}
	if e.Role != "" {
		lines = append(lines, w.p.T("history.role."+string(e.Role)))
	}
	if len(e.Steps) > 0 {
		lines = append(lines, w.steps(e.Steps))
	}
	if e.Act > 0 {
		line := w.actName(e.Act)
		if e.Round > 1 {
			line = joined(", ", line, w.p.T("pack.round", "Number", e.Round))
		}
		lines = append(lines, line)
	}
	if e.Number > 0 {
		lines = append(lines, w.p.T("pack.number", "Number", e.Number))
	}
	if e.Reason != "" {
		lines = append(lines, w.p.T("pack.said", "Text", e.Reason))
	}
	fields := map[string]bool{}
	e.Before, e.After = w.sourced(e.Before), w.sourced(e.After)
	for _, values := range []winddown.Changes{e.Before, e.After} {
		for field := range values {
			fields[field] = true
		}
	}
	for _, field := range slices.Sorted(maps.Keys(fields)) {
		label := w.label(field)
		switch before, after := w.value(field, e.Before[field]), w.value(field, e.After[field]); {
		case before == "":
			lines = append(lines, w.p.T("history.value", "Field", label, "After", after))
		case after == "":
			lines = append(lines, w.p.T("history.cleared", "Field", label, "Before", before))
		default:
			lines = append(lines, w.p.T("history.changed", "Field", label, "Before", before, "After", after))
		}
	}
	return lines
}

// sourced adds where the product's own term is from to what a deadline was counted by.
func (w words) sourced(values winddown.Changes) winddown.Changes {
	t, counted, _ := winddown.BasisOf(values)
	if !counted || t.Source != "" {
		return values
	}
	values = maps.Clone(values)
	values["source"] = w.termSource(t)
	return values
}

// label names a value of the trail.
func (w words) label(field string) string {
	for _, key := range []string{"pack.field." + field, "history.field." + field, "pack.column." + field} {
		if w.p.Has(key) {
			return w.p.T(key)
		}
	}
	return field
}

// value writes a value of the trail as people read it.
func (w words) value(field, value string) string {
	if value == "" {
		return ""
	}
	key := ""
	switch field {
	case "ours", "theirs":
		if m, err := winddown.ParseMoney(value); err == nil {
			return w.balance(winddown.Balance{Known: true, Amount: m})
		}
	case "amount", "balance", "difference":
		if m, err := winddown.ParseMoney(value); err == nil {
			return w.money(m)
		}
	case "shows":
		var names []string
		for name := range strings.SplitSeq(value, ",") {
			names = append(names, w.p.T("share.shows."+name))
		}
		return strings.Join(names, ", ")
	case "fbs", "wb_stock", "acting", "agrees", "password", "lost":
		return w.yesNo(value == "yes")
	case "leftover":
		key = "question.leftover." + value
	case "channel":
		key = "mark.channel." + value
	case "side":
		key = "ledger.side." + value
	case "via":
		key = "act.via." + value
	case "slot":
		key = "evidence.slot." + value
	case "due", "term":
		key = "deadline.title." + value
	case "basis":
		key = "pack.basis." + value
	case "size":
		if n, err := strconv.Atoi(value); err == nil {
			return w.p.Int(n)
		}
	}
	if key != "" && w.p.Has(key) {
		return w.p.T(key)
	}
	if d, ok := winddown.ParseDate(value); ok && dated(field) {
		return w.date(d)
	}
	return value
}

// dated reports whether a value of the trail is a date: what people type may look like one.
func dated(field string) bool {
	switch field {
	case "on", "from", "until", "as_of", "pick_up_by", "period_from", "period_to":
		return true
	}
	return strings.HasSuffix(field, "_on")
}

func (w words) yesNo(b bool) string {
	if b {
		return w.p.T("common.yes")
	}
	return w.p.T("common.no")
}
