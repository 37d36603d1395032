package site

import (
	"slices"
	"strconv"
	"strings"

	"winddown/internal/i18n"
	"winddown/internal/letter"
	"winddown/internal/winddown"
	"winddown/web/page"
	"winddown/web/ui"
)

func deadlinesHref(id winddown.ID) string { return caseHref(id) + "/deadlines" }

func deadlineHref(id winddown.ID, number int) string {
	return deadlinesHref(id) + "/" + strconv.Itoa(number)
}

// nearDays is how many days before its end a deadline stands out.
const nearDays = 7

// dueShort names a deadline in a few words, «возвраты, 25 ноября».
func (w caseWords) dueShort(d winddown.Due) string {
	return w.p.T("deadline.short."+string(d.Kind), "Date", w.day(d.On))
}

// nextDue is the nearest deadline for the strip of the checklist, unless the strip speaks
// of it anyway: it is about the step that comes next.
func (w caseWords) nextDue(next winddown.Code) string {
	dues := w.c.Dues(w.cal)
	if len(dues) == 0 {
		return ""
	}
	kind := dues[0].Kind
	if next == winddown.ReceiveAct && kind == winddown.DueChase || next == winddown.CollectReturns && kind == winddown.DuePickUp {
		return ""
	}
	return w.dueShort(dues[0])
}

// strip says what to do next, with the nearest deadline.
func (w caseWords) strip() *page.NextView {
	v := w.next()
	if v == nil {
		return nil
	}
	code, _ := w.c.Next(w.today)
	if v.Due = w.nextDue(code); v.Due != "" {
		v.DueHref = deadlinesHref(w.c.ID)
	}
	return v
}

// late says by how many days a deadline has passed. Of a reminder it says that the reminder is late: the
// register calls an act's time over only when the days of all reminders have passed.
func late(p *i18n.Printer, kind winddown.DueKind, days int) string {
	if kind == winddown.DueChase {
		return p.N("deadline.overdue.chase", days)
	}
	return p.N("deadline.overdue", days)
}

// far says how far a deadline is.
func (w caseWords) far(d winddown.Due) (text, state string) {
	switch days := w.today.DaysUntil(d.On); {
	case days < 0:
		return late(w.p, d.Kind, -days), "late"
	case days == 0:
		return w.p.T("deadline.today"), "near"
	case days <= nearDays:
		return w.p.N("deadline.in", days), "near"
	default:
		return w.p.N("deadline.in", days), "ahead"
	}
}

// termSource says on what a term rests and as of when.
func (w caseWords) termSource(t winddown.Term) string {
	source := t.Source
	if t.Kind == winddown.DueChase && w.c.ChaseOfFirm() {
		return w.p.T("deadline.source.firm", "Term", w.termDays(t))
	}
	if source == "" {
		source = w.p.T("deadline.source." + string(t.Kind))
	}
	return w.p.T("deadline.source", "Term", w.termDays(t), "Source", strings.TrimRight(source, ". "), "Date", w.date(t.AsOf))
}

// basis says by which term a deadline was counted, or that its last day was typed.
func (w caseWords) basis(t winddown.Term, counted bool) string {
	if !counted {
		return w.p.T("deadline.typed")
	}
	return w.termSource(t)
}

// termDays writes a term, «7 дней» or «рабочие дни 3, 7 и 10».
func (w caseWords) termDays(t winddown.Term) string {
	if t.Kind != winddown.DueChase {
		return w.p.N("case.days", t.Days[0])
	}
	var days []string
	for _, n := range t.Days {
		days = append(days, strconv.Itoa(n))
	}
	return w.p.T("deadline.workdays", "Days", listOf(w.p, days))
}

// due is a deadline that nobody has dealt with. back is sent along by what stands on the
// page of a step.
func (w caseWords) due(d winddown.Due, back string) page.DueView {
	v := page.DueView{
		TestID: "due-" + string(d.Kind), Day: w.p.T("deadline.until_day", "Date", w.date(d.On)), Title: w.p.T("deadline.title." + string(d.Kind)),
		Note: d.What, Source: w.termSource(w.c.Term(d.Kind)),
	}
	if d.Kind == winddown.DueChase { // a day, not the last one
		v.Day = w.date(d.On)
	}
	v.In, v.State = w.far(d)
	switch d.Kind {
	case winddown.DuePickUp, winddown.DueReport:
		if at := slices.IndexFunc(w.c.Deadlines, func(one winddown.Deadline) bool { return one.Number == d.Number }); at >= 0 {
			v.Day, v.Source = w.deadlineRange(w.c.Deadlines[at]), w.basis(w.c.Deadlines[at].Term())
		}
		if w.writable() {
			v.Links = append(v.Links, w.dealLinks(d.Kind, d.Number, d.What, back)...)
		}
	case winddown.DueInbox:
		v.Note = w.p.T("deadline.inbox.never")
		if !w.c.InboxOn.IsZero() {
			v.Note = w.p.T("deadline.inbox.last", "Date", w.date(w.c.InboxOn))
		}
		if w.writable() {
			v.Posts = append(v.Posts, page.PostView{Action: deadlinesHref(w.c.ID) + "/inbox", Label: w.p.T("deadline.inbox.button")})
		}
	case winddown.DueChase:
		if act, err := w.c.ActFor(winddown.ReceiveAct, d.Act); err == nil {
			v.Note = strings.TrimSpace(d.What + " " + w.waiting(*act))
		}
		v.Links = append(v.Links, ui.Link{Href: letterHref(w.c.ID, letter.Reminder, d.Act), Text: letterTitle(w.p, letter.Reminder)})
	}
	return v
}

// dealLinks lead to saying that a deadline was dealt with, and to taking it away.
func (w caseWords) dealLinks(kind winddown.DueKind, number int, what, back string) []ui.Link {
	href, query := deadlineHref(w.c.ID, number), ""
	if back != "" {
		query = "?back=" + back
	}
	return []ui.Link{
		{Href: href + "/close" + query, Text: w.p.T("deadline.deal." + string(kind)), Hidden: what},
		{Href: href + "/remove" + query, Text: w.p.T("deadline.remove.link"), Hidden: what},
	}
}

// dealt is a deadline that was dealt with.
func (w caseWords) dealt(d winddown.Deadline, back string) page.DueView {
	v := page.DueView{
		TestID: "dealt-" + strconv.Itoa(d.Number), State: "dealt", Title: w.p.T("deadline.title." + string(d.Kind)), Note: d.What,
		Day: w.p.T("deadline.dealt."+string(d.Kind), "Date", w.date(d.ClosedOn)),
	}
	if w.writable() {
		v.Posts = []page.PostView{{Action: deadlineHref(w.c.ID, d.Number) + "/reopen", Label: w.p.T("deadline.reopen"), Hidden: d.What, Back: back}}
		v.Links = w.dealLinks(d.Kind, d.Number, d.What, back)[1:]
	}
	return v
}

func deadlinesView(w caseWords) page.DeadlinesView {
	v := page.DeadlinesView{
		Back: caseOrSeller(w.c, w.view.Standing), Seller: w.c.Seller.Name, Timeline: timelineView(w), Closed: w.closedBooks(),
		TermsHref: deadlinesHref(w.c.ID) + "/terms",
	}
	for _, d := range w.c.Dues(w.cal) {
		v.Dues = append(v.Dues, w.due(d, ""))
	}
	if len(v.Dues) == 0 {
		v.None = w.p.T("deadline.none")
	}
	if act, ok := w.awaited(); ok {
		switch year, known := w.shifting(act); {
		case year != "" && known:
			v.Shifting = w.p.T("mark.reminders.shifting", "Year", year)
		case year != "":
			v.Shifting = w.p.T("mark.reminders.missing", "Year", year)
		}
	}
	for _, d := range slices.Backward(w.c.Deadlines) {
		if !d.ClosedOn.IsZero() {
			v.Dealt = append(v.Dealt, w.dealt(d, ""))
		}
	}
	if w.writable() {
		form := w.deadlineForm()
		for _, kind := range []winddown.DueKind{winddown.DuePickUp, winddown.DueReport} {
			form.Kinds = append(form.Kinds, ui.Option{Value: string(kind), Label: w.p.T("deadline.kind." + string(kind)), Hint: w.p.T("deadline.kind_hint." + string(kind))})
		}
		form.UntilHint = w.p.T("deadline.until.hint")
		v.Form = form
	}
	return v
}

func (w caseWords) deadlineForm() *page.DeadlineFormView {
	v := &page.DeadlineFormView{Action: deadlinesHref(w.c.ID), From: w.readersToday().String(), Today: w.readersToday().String()}
	v.Earliest = w.readersToday().AddDays(-winddown.MaxDeadlineAge).String()
	if st, err := w.c.Step(winddown.CollectReturns); err == nil && st.Tick != nil && st.Problem == nil {
		v.Note = w.p.T("deadline.batches.suspends", "Step", stepName(w.p, winddown.CollectReturns))
	}
	return v
}

// batches are the returns that wait, on the page of the step that collects them, nil
// elsewhere.
func (w caseWords) batches(st *winddown.Step) *page.BatchesView {
	if st.Code != winddown.CollectReturns {
		return nil
	}
	v := &page.BatchesView{Href: deadlinesHref(w.c.ID)}
	for _, d := range w.c.Dues(w.cal) {
		if d.Kind == winddown.DuePickUp {
			v.Waiting = append(v.Waiting, w.due(d, fromStep))
		}
	}
	for _, d := range slices.Backward(w.c.Deadlines) {
		if d.Kind == winddown.DuePickUp && !d.ClosedOn.IsZero() {
			v.Dealt = append(v.Dealt, w.dealt(d, fromStep))
		}
	}
	if w.writable() {
		v.Form = w.deadlineForm()
		v.Form.Kind, v.Form.Back = string(winddown.DuePickUp), fromStep
		v.Form.UntilHint = w.p.T("deadline.until.hint_term", "Term", w.termDays(w.c.Term(winddown.DuePickUp)))
	}
	return v
}

// backFrom leads back to the page a form stood on.
func (w caseWords) backFrom(back string) ui.BackLinkProps {
	if back == fromStep {
		return ui.BackLinkProps{Href: w.stepHref(winddown.CollectReturns), Text: stepName(w.p, winddown.CollectReturns)}
	}
	return ui.BackLinkProps{Href: deadlinesHref(w.c.ID), Text: w.p.T("deadline.title")}
}

// sentBack is what a form sends along: nothing but what the pages know.
func sentBack(back string) string {
	if back == fromStep {
		return back
	}
	return ""
}

// deadlineRange says from when to when a typed-in deadline runs.
func (w caseWords) deadlineRange(d winddown.Deadline) string {
	return w.p.T("deadline.range."+string(d.Kind), "From", w.date(d.From), "Until", w.date(d.Until))
}

// deadlineText says what a typed-in deadline is about, and its days.
func (w caseWords) deadlineText(d winddown.Deadline) string {
	text := w.deadlineRange(d)
	if d.What != "" {
		text = w.p.T("deadline.about", "What", d.What, "Text", text)
	}
	return text
}

func dealView(w caseWords, d winddown.Deadline, back string) page.DealView {
	kind := string(d.Kind)
	return page.DealView{
		BackLink: w.backFrom(back), Title: w.p.T("deadline.deal_title." + kind), Text: w.deadlineText(d), Action: deadlineHref(w.c.ID, d.Number) + "/close",
		Back: sentBack(back), Label: w.p.T("deadline.deal_on." + kind), On: w.readersToday().String(), From: d.From.String(),
		Today: w.readersToday().String(), Submit: w.p.T("deadline.deal." + kind),
	}
}

func dropView(w caseWords, d winddown.Deadline, back string) page.DropView {
	return page.DropView{
		BackLink: w.backFrom(back), Title: w.p.T("deadline.remove.title"), Text: w.deadlineText(d) + " " + w.p.T("deadline.remove.text"),
		Action: deadlineHref(w.c.ID, d.Number) + "/remove", Back: sentBack(back),
	}
}

func termsView(w caseWords) page.TermsView {
	v := page.TermsView{Back: w.backFrom("")}
	for _, kind := range winddown.DueKinds() {
		t := w.c.Term(kind)
		source := t.Source
		if source == "" {
			source = w.p.T("deadline.source." + string(kind))
		}
		row := ui.SummaryRow{
			Key: w.p.T("deadline.term." + string(kind)), Value: w.termDays(t),
			Note: w.p.T("deadline.term.note", "Means", w.p.T("deadline.means."+string(kind)), "Source", strings.TrimRight(source, ". "), "Date", w.date(t.AsOf)),
		}
		if kind == winddown.DueChase && w.c.ChaseOfFirm() {
			row.Note = w.p.T("deadline.term.note_firm", "Means", w.p.T("deadline.means."+string(kind)))
		}
		if w.writable() {
			row.Action = &ui.Link{Href: deadlinesHref(w.c.ID) + "/terms/" + string(kind), Text: w.p.T("common.button.change"), Hidden: row.Key}
		}
		v.Terms = append(v.Terms, row)
	}
	return v
}

func termView(w caseWords, kind winddown.DueKind) page.TermView {
	t := w.c.Term(kind)
	var list []string
	for _, n := range t.Days {
		list = append(list, strconv.Itoa(n))
	}
	v := page.TermView{
		Back:  ui.BackLinkProps{Href: deadlinesHref(w.c.ID) + "/terms", Text: w.p.T("deadline.terms.title")},
		Title: w.p.T("deadline.term." + string(kind)), Action: deadlinesHref(w.c.ID) + "/terms/" + string(kind), Version: w.c.Version,
		Days: strings.Join(list, ", "), DaysHint: w.p.T("deadline.term.days_hint"), Source: t.Source, AsOf: t.AsOf.String(), Today: w.readersToday().String(),
	}
	if kind == winddown.DueChase {
		v.DaysHint = w.p.T("deadline.term.days_hint_chase")
	}
	if v.Source == "" && (kind != winddown.DueChase || !w.c.ChaseOfFirm()) {
		v.Source = w.p.T("deadline.source." + string(kind))
	}
	return v
}
