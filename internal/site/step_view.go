package site

import (
	"context"
	"maps"
	"strings"
	"time"

	"winddown/internal/i18n"
	"winddown/internal/letter"
	"winddown/internal/winddown"
	"winddown/web/page"
	"winddown/web/ui"
)

// formMistakes is mistakesOf for a form with hidden fields, which no link can lead to.
func formMistakes(ctx context.Context, err error) mistakes {
	m := mistakesOf(ctx, err)
	for i := range m.items {
		if m.items[i].Field == "version" || m.items[i].Field == "act" {
			m.items[i].Field = ""
		}
	}
	return m
}

// stepView is the page of a step as it stands. Its form is nil when the step cannot be
// marked, or not by the reader.
func stepView(w caseWords, st *winddown.Step) page.StepView {
	status := w.status(st.Code)
	v := page.StepView{
		Back: w.backToCase(), Name: stepName(w.p, st.Code), State: ui.Status(status), Status: w.statusWord(status),
		Note: w.stepNote(*st, status), Guide: w.guide(st.Code), Saved: w.saved(st), History: w.lines(false),
	}
	if w.view.TrailMore {
		v.AllHistory = w.href() + "/history"
	}
	closed := w.closed(st)
	if closed != nil {
		v.Alerts = append(v.Alerts, *closed)
	}
	v.Alerts = append(v.Alerts, w.alerts(st, closed == nil)...)
	if closed == nil && !w.may(winddown.CanMark) {
		v.Alerts = append(v.Alerts, page.AlertView{Props: ui.NoticeProps{Variant: ui.NoticeInfo, Text: w.p.T("mark.closed.read_only")}})
	}
	if closed == nil && w.may(winddown.CanMark) {
		v.Form = w.markForm(st)
		v.Editing, v.FormTitle = !v.Form.Ask, w.p.T("mark.correct")
		if st.Code == winddown.SellOut && w.c.MayDeclareRest() {
			v.Rest = w.href() + "/rest"
		}
	}
	v.Actions = w.stepActions(st)
	v.Evidence, v.Review, v.Questions = w.evidence(st), w.review(st), w.questions(st)
	v.Batches, v.Ledger = w.batches(st), w.ledgerBrief(st)
	if v.Acts = w.stepActView(st.Code, closed == nil); v.Acts != nil && v.Form != nil {
		if !takes(st.Code, w.stepAct(st.Code)) {
			v.Form = nil
		}
		v.Editing = v.Form != nil && !v.Form.Ask && !v.Form.Again
		if st.Code == winddown.SignAct && w.stepAct(st.Code).Phase() == winddown.PhaseDisputed {
			v.FormTitle = w.p.T("act.sign.objecting")
		}
	}
	return v
}

// stepNote stands beside the status of a step's page.
func (w caseWords) stepNote(st winddown.Step, status winddown.Status) string {
	note, count := w.statusNote(st, status), w.actCount(st.Code)
	if note != "" && count != "" {
		return note + " · " + count
	}
	return note + count
}

// closed says why a step cannot be marked by anybody; nil when it can.
func (w caseWords) closed(st *winddown.Step) *page.AlertView {
	info := func(title, text string) *page.AlertView {
		return &page.AlertView{Props: ui.NoticeProps{Variant: ui.NoticeInfo, Title: title, Text: text}}
	}
	switch {
	case w.c.Finished():
		a := info(w.p.T("case.overall.finished", "Date", w.date(w.c.FinishedOn)), w.p.T("mark.closed.finished"))
		if w.may(winddown.CanManage) {
			a.Links = []ui.Link{{Href: w.href() + "/finish#reopen", Text: w.p.T("finish.reopen.button")}}
		}
		return a
	case !w.c.Needed(st.Code):
		a := info(w.p.T("mark.closed.not_needed"), w.whyNotNeeded(st.Code))
		if w.may(winddown.CanManage) {
			a.Links = []ui.Link{{Href: w.href() + "/answers", Text: w.p.T("mark.closed.answers")}}
		}
		return a
	}
	open := w.c.Blockers(st.Code)
	if len(open) == 0 {
		return nil
	}
	a := info(w.p.T("mark.closed.blocked"), "")
	a.Lead = w.p.T("mark.closed.first")
	for _, code := range open {
		a.Links = append(a.Links, ui.Link{Href: w.stepHref(code), Text: stepName(w.p, code)})
	}
	return a
}

// alerts are the messages above the instruction: a problem, a suspended signature, steps
// that ought to come first, reminders that may move.
func (w caseWords) alerts(st *winddown.Step, open bool) []page.AlertView {
	var alerts []page.AlertView
	if pr := w.c.ProblemOf(st.Code, w.today); pr != nil && w.c.Needed(st.Code) {
		a := ui.NoticeProps{Variant: ui.NoticeError, Title: w.p.T("mark.problem.title"), Text: w.problemText(st, pr)}
		alerts = append(alerts, page.AlertView{Props: a})
	}
	if st.Tick != nil && w.status(st.Code) == winddown.HasProblem {
		alerts = append(alerts, page.AlertView{Props: ui.NoticeProps{
			Variant: ui.NoticeInfo, Text: w.p.T("mark.suspended", "Tick", w.signature(st.Tick)),
		}})
	}
	if !open {
		return alerts
	}
	if st.Code == winddown.RequestAct || st.Code == winddown.ReceiveAct {
		for _, text := range w.early(w.stepAct(st.Code)) {
			alerts = append(alerts, page.AlertView{Props: ui.NoticeProps{Variant: ui.NoticeWarning, Text: text}})
		}
	}
	if st.Code == winddown.SellOut && st.Tick == nil { // a step of every case, and an early one
		alerts = append(alerts, page.AlertView{
			Props: ui.NoticeProps{Variant: ui.NoticeInfo, Text: w.p.T("letter.termination.early")},
			Links: []ui.Link{{Href: letterHref(w.c.ID, letter.Termination, 0), Text: letterTitle(w.p, letter.Termination)}},
		})
	}
	if codes := w.c.Warnings(st.Code); len(codes) > 0 && !w.c.Satisfied(st.Code) {
		a := page.AlertView{Props: ui.NoticeProps{
			Variant: ui.NoticeWarning, Title: w.p.T("mark.warning.title"), Text: w.p.T("mark.warning.text"),
		}}
		for _, code := range codes {
			a.Links = append(a.Links, ui.Link{Href: w.stepHref(code), Text: stepName(w.p, code)})
		}
		alerts = append(alerts, a)
	}
	return append(alerts, w.reminderAlert(st.Code)...)
}

// problemText is what is wrong in full, with the reason as it was typed.
func (w caseWords) problemText(st *winddown.Step, pr *winddown.Problem) string {
	text := w.problem(st.Code)
	if pr.Kind == winddown.Reopened && len(w.c.Blockers(st.Code)) == 0 && len(pr.Steps) > 0 {
		text = w.p.N("mark.problem.reopened", len(pr.Steps), "Steps", quoted(w.p, pr.Steps))
		if st.Code == winddown.RequestAct {
			text += " " + w.p.T("mark.problem.outdated")
		}
	}
	return text
}

// reminderAlert says when the act's reminders fall, on the steps that wait for it.
func (w caseWords) reminderAlert(code winddown.Code) []page.AlertView {
	if code != winddown.RequestAct && code != winddown.ReceiveAct {
		return nil
	}
	act := w.stepAct(code)
	var sentences []string
	switch phase := act.Phase(); {
	case phase == winddown.PhaseRequested && len(w.c.Blockers(winddown.ReceiveAct)) == 0:
		if code == winddown.ReceiveAct {
			sentences = append(sentences, w.waiting(act)+".")
			if w.chaseDue(act) {
				sentences = append(sentences, w.chase(act)+".")
			}
		}
		if days := w.reminders(act, maxReminders); days != "" {
			sentences = append(sentences, w.p.T("mark.reminders", "Days", days))
		}
		if code == winddown.ReceiveAct {
			sentences = append(sentences, w.p.T("act.sends_nothing"))
		}
	case code == winddown.RequestAct && (phase == winddown.PhaseNotRequested || phase == winddown.PhaseDisputed):
		act.RequestedOn = w.today
	default:
		return nil
	}
	switch year, known := w.shifting(act); {
	case year != "" && known:
		sentences = append(sentences, w.p.T("mark.reminders.shifting", "Year", year))
	case year != "":
		sentences = append(sentences, w.p.T("mark.reminders.missing", "Year", year))
	}
	if len(sentences) == 0 {
		return nil
	}
	return []page.AlertView{{Props: ui.NoticeProps{Variant: ui.NoticeInfo, Text: strings.Join(sentences, " ")}}}
}

// guide is the instruction of a step.
func (w caseWords) guide(code winddown.Code) page.GuideView {
	return Guide(w.p, BuiltInText(w.p, code, w.c.InstructionsChecked()), w.view.Text, w.today)
}

// BuiltInText is the instruction of a step as it comes with the program, in the printer's
// language; checked is the day it was last compared with its sources.
func BuiltInText(p *i18n.Printer, code winddown.Code, checked winddown.Date) winddown.Text {
	key := "step." + string(code)
	return winddown.Text{
		Kind: winddown.StepText, Key: string(code), Locale: string(p.Locale()),
		Parts: map[string]string{
			winddown.PartWho: p.T(key + ".who"), winddown.PartPrepare: p.T(key + ".prepare"), winddown.PartWhere: p.T(key + ".where"),
			winddown.PartWait: p.T(key + ".wait"), winddown.PartPitfalls: p.T(key + ".pitfalls"),
		},
		Source: p.T(key + ".source"), CheckedOn: checked,
	}
}

// completed is a text with what it leaves out as built in.
func completed(t, builtIn winddown.Text) winddown.Text {
	all := maps.Clone(builtIn.Parts)
	maps.Copy(all, t.Parts)
	t.Parts = all
	return t
}

// Guide puts the instruction of a step into words: what replaces the text built in, part by
// part, or that text. An empty part is not there.
func Guide(p *i18n.Printer, builtIn, replaced winddown.Text, today winddown.Date) page.GuideView {
	text := builtIn
	if !replaced.BuiltIn() {
		text = completed(replaced, builtIn)
	}
	v := page.GuideView{Disclaimer: p.T("card.disclaimer")}
	for _, part := range winddown.StepText.Parts() {
		if value := text.Parts[part]; value != "" {
			v.Parts = append(v.Parts, page.Fact{Term: p.T("card." + part), Value: value})
		}
	}
	v.Source = p.T("card.source", "Source", text.Source, "Date", p.Date(text.CheckedOn.Time()))
	if winddown.Stale(text.CheckedOn, today) {
		v.Source += ". " + p.T("card.stale")
	}
	return v
}

// saved is the signature and what was noted with it.
func (w caseWords) saved(st *winddown.Step) []ui.SummaryRow {
	var rows []ui.SummaryRow
	add := func(key, value string) {
		if value != "" {
			rows = append(rows, ui.SummaryRow{Key: key, Value: value})
		}
	}
	switch {
	case aboutAct(st.Code):
		rows = w.actSaved(st)
	case st.Tick != nil:
		add(w.onLabel(st.Code), w.date(st.Tick.On))
		add(w.p.T("mark.by"), w.by(w.view.Names[st.Tick.By], st.Tick.OnBehalf))
	}
	if st.Tick == nil && !st.StartedOn.IsZero() {
		add(w.p.T("mark.started"), w.date(st.StartedOn))
	}
	add(w.p.T("mark.note"), st.Note)
	return rows
}

// onLabel says what the date of a step's signature means.
func (w caseWords) onLabel(code winddown.Code) string {
	switch code {
	case winddown.RequestAct, winddown.ReceiveAct, winddown.SignAct:
		return w.p.T("mark.on." + string(code))
	case winddown.ZeroFBS, winddown.SellOut, winddown.ReturnStock, winddown.CollectReturns, winddown.StripMedia, winddown.SettleDebts:
	}
	return w.p.T("mark.on")
}

// markForm is the question of a step's page with what is saved; a new signature is dated
// today unless somebody says otherwise.
func (w caseWords) markForm(st *winddown.Step) *page.MarkFormView {
	signed := st.Tick != nil && st.Problem == nil
	v := &page.MarkFormView{
		Action: w.stepHref(st.Code), Version: st.Version, Ask: !signed, On: w.readersToday().String(),
		OnLabel: w.onLabel(st.Code), Today: w.readersToday().String(), Note: st.Note,
	}
	// A signature that is suspended because another step opened again, or the accountant sent
	// it back, is confirmed as it was; goods that came back were dealt with on another day.
	if signed || st.Tick != nil && keepsDay(st.Problem) {
		v.On = st.Tick.On.String()
	}
	if aboutAct(st.Code) {
		w.markActForm(v, st)
	}
	v.Reasons = w.reasonFields(st.Code, w.stepAct(st.Code).Position)
	return v
}

// keepsDay reports whether a suspended signature is confirmed with the day it had.
func keepsDay(pr *winddown.Problem) bool {
	return pr.Kind == winddown.Reopened || pr.Kind == winddown.Returned
}

// typed puts what was sent back into the form. After a conflict the form carries the
// step's version of now, so that sending it again is a decision made in full knowledge;
// after a mistake it keeps its own, so that a conflict is still noticed.
func typed(v *page.MarkFormView, in markForm, conflict bool, fieldErrors map[string]string) {
	v.Done, v.Note = in.raw.Get("done"), in.raw.Get("note")
	if in.raw.Has("on") {
		v.On = in.raw.Get("on")
	}
	v.Channel, v.Ticket, v.Counterparty = in.raw.Get("channel"), in.raw.Get("ticket"), in.raw.Get("counterparty")
	v.PeriodFrom, v.PeriodTo = in.raw.Get("period_from"), in.raw.Get("period_to")
	v.Ours, v.OursSide = in.raw.Get("ours"), in.raw.Get("ours_side")
	v.Theirs, v.TheirsSide = in.raw.Get("theirs"), in.raw.Get("theirs_side")
	v.Signer, v.Authority, v.Via = in.raw.Get("signer"), in.raw.Get("authority"), in.raw.Get("via")
	v.Ask = v.Ask || v.Done != "yes"
	if !conflict && in.version > 0 {
		v.Version = in.version
	}
	v.FieldErrors = fieldErrors
	for i := range v.Reasons {
		f := &v.Reasons[i]
		f.Value, f.Error = in.raw.Get(f.Name), fieldErrors[f.Name]
	}
}

// stepActions are the ways to take a signature back that are open to the reader.
func (w caseWords) stepActions(st *winddown.Step) []ui.ButtonLinkProps {
	if st.Tick == nil || !w.c.Needed(st.Code) {
		return nil
	}
	var actions []ui.ButtonLinkProps
	if w.may(winddown.CanMark) && w.cannot(undoPage, st) == nil {
		actions = append(actions, ui.ButtonLinkProps{
			Label: w.p.T("undo.button"), Href: w.stepHref(st.Code) + "/undo", Variant: ui.ButtonGhost,
		})
	}
	if w.may(winddown.CanRegress) && w.cannot(regressPage, st) == nil {
		actions = append(actions, ui.ButtonLinkProps{
			Label: w.p.T("regress.title"), Href: w.stepHref(st.Code) + "/regress", Variant: ui.ButtonGhost,
		})
	}
	return actions
}

// conflict says who came first and that nothing typed is lost.
func (w caseWords) conflict() []ui.ErrorItem {
	line, ok := w.newest()
	if !ok {
		return []ui.ErrorItem{{Text: w.p.T("case.error.stale")}}
	}
	what := "changed"
	switch line.Event.Kind {
	case winddown.StepDone, winddown.StepConfirmed, winddown.StepCorrected, winddown.EvidenceExcused: // a reason comes with the mark
		what = "marked"
	default:
	}
	ago := w.ago(line.Event.At)
	switch name := w.author(line); {
	case line.Event.By == w.reader:
		return []ui.ErrorItem{{Text: w.p.T("step.conflict.self", "Ago", ago)}}
	case feminine(line.By):
		return []ui.ErrorItem{{Text: w.p.T("step.conflict."+what+".she", "Name", name, "Ago", ago)}}
	default:
		return []ui.ErrorItem{{Text: w.p.T("step.conflict."+what+".somebody", "Name", name, "Ago", ago)}}
	}
}

// feminine reports whether a name is surely a woman's, so that a Russian verb can agree
// with it; the other sentence has no verb that would have to.
func feminine(name string) bool {
	for word := range strings.FieldsSeq(strings.ToLower(name)) {
		for _, ending := range []string{"ова", "ева", "ёва", "ина", "ына", "ская", "цкая", "овна", "евна", "ична"} {
			if strings.HasSuffix(word, ending) {
				return true
			}
		}
	}
	return false
}

// ago says how long ago something was.
func (w caseWords) ago(at time.Time) string {
	switch d := w.now.Sub(at); {
	case d < time.Minute:
		return w.p.T("ago.now")
	case d < time.Hour:
		return w.p.N("ago.minutes", int(d/time.Minute))
	case d < 24*time.Hour:
		return w.p.N("ago.hours", int(d/time.Hour))
	}
	return w.p.DateTime(at.In(winddown.Zone(w.zone)))
}

// reasonPage is one of the two pages that ask for a reason, by the end of its address.
type reasonPage string

const (
	undoPage    reasonPage = "undo"
	regressPage reasonPage = "regress"
)

// right is what the reader must be allowed to do.
func (why reasonPage) right() winddown.Action {
	if why == regressPage {
		return winddown.CanRegress
	}
	return winddown.CanMark
}

// notice is the code of the result.
func (why reasonPage) notice() string {
	if why == regressPage {
		return "regressed"
	}
	return "undone"
}

// reasonForm is what was sent from such a page.
type reasonForm struct {
	reason  string
	version int
}

// cannot tells why there is nothing to take back; nil when there is.
func (w caseWords) cannot(why reasonPage, st *winddown.Step) error {
	conflict := func(key string) error { return &winddown.Error{Kind: winddown.Conflict, Key: key} }
	d, _ := w.c.Definition(st.Code)
	switch {
	case why == regressPage && !d.Regressable:
		return &winddown.Error{Kind: winddown.NotFound, Key: "error.not_found"}
	case why == undoPage && w.c.Finished():
		return conflict("case.error.finished")
	case why == undoPage && st.Code == winddown.RequestAct && len(w.c.Past) > 0:
		return conflict("act.error.round_stays")
	case !w.c.Needed(st.Code):
		return conflict("step.error.not_needed")
	case st.Tick == nil:
		return conflict("step.error.not_done")
	case why == regressPage && !w.c.Watched(w.readersToday()):
		return &winddown.Error{Kind: winddown.Conflict, Key: "step.error.watch_over", Args: winddown.Args{"Days": winddown.WatchDays}}
	case why == regressPage && st.Problem != nil:
		return conflict("step.error.already_suspended")
	}
	return nil
}

// reasonView is one of the two pages; a signature that was taken back meanwhile has no mark
// and no effects.
func reasonView(w caseWords, why reasonPage, st *winddown.Step) page.ReasonView {
	v := page.ReasonView{
		Back:   ui.BackLinkProps{Href: w.stepHref(st.Code), Text: stepName(w.p, st.Code)},
		Action: w.stepHref(st.Code) + "/" + string(why), Version: st.Version,
		Keep: ui.ButtonLinkProps{Label: w.p.T("undo.keep"), Href: w.stepHref(st.Code), Variant: ui.ButtonGhost},
	}
	mark := ""
	if st.Tick != nil {
		mark, v.Effects = w.mark(st.Code, st.Tick.On), w.effects(st.Code)
	}
	if why == undoPage {
		v.Title = w.p.T("undo.gone", "Step", stepName(w.p, st.Code))
		if mark != "" {
			v.Title, v.Effects = w.p.T("undo.title", "Mark", mark), append(v.Effects, w.p.T("undo.stays"))
		}
		v.Label, v.Hint = w.p.T("undo.reason"), w.p.T("undo.reason.hint")
		v.Button = ui.ButtonProps{Label: w.p.T("undo.button"), Variant: ui.ButtonDanger}
		return v
	}
	v.Title = w.p.T("regress.heading", "Step", stepName(w.p, st.Code))
	if mark != "" {
		v.Effects = append([]string{w.p.T("regress.suspends", "Mark", mark)}, v.Effects...)
	}
	v.Label, v.Hint = w.p.T("regress.reason"), w.p.T("regress.reason.hint")
	if st.Code == winddown.ZeroFBS { // the goods lie with the seller
		v.Hint = w.p.T("regress.reason.hint_fbs")
	}
	v.Button = ui.ButtonProps{Label: w.p.T("regress.title"), Variant: ui.ButtonDanger}
	return v
}

// effects says what happens to the steps that rest on one whose signature goes.
func (w caseWords) effects(code winddown.Code) []string {
	return w.effectsOf(w.c.Consequences(code))
}

func (w caseWords) effectsOf(closed, suspended []winddown.Code) []string {
	var effects []string
	if len(suspended) > 0 {
		effects = append(effects, w.p.N("undo.suspends", len(suspended), "Steps", quoted(w.p, suspended)))
	}
	if len(closed) > 0 {
		effects = append(effects, w.p.N("undo.closes", len(closed), "Steps", quoted(w.p, closed)))
	}
	return effects
}
