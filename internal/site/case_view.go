package site

import (
	"time"

	"winddown/internal/app"
	"winddown/internal/i18n"
	"winddown/internal/winddown"
	"winddown/web/page"
	"winddown/web/ui"
)

// caseView is the checklist; the row of the changed step fades once.
func caseView(w caseWords, changed winddown.Code) page.CaseView {
	v := page.CaseView{
		Back: w.backToList(), Title: w.title(), Overall: w.overallView(), Risk: w.risk(), Asks: w.reminder(), Next: w.strip(), Groups: w.groups(changed),
		Finish: w.finishRow(), Act: w.actFacts(), ActsHref: actsHref(w.c.ID), LettersHref: lettersHref(w.c.ID),
		Books: w.books(), Last: w.lastLines(), HistoryHref: w.href() + "/history",
		PackHref: packHref(w.c.ID), Rescue: rescuing(w.p, w.c, w.may(winddown.CanTransfer), w.now),
	}
	if w.c.Outdated() && w.may(winddown.CanUpgrade) {
		v.Links = append(v.Links, ui.NavItem{Label: w.p.T("upgrade.link"), Href: w.href() + "/upgrade"})
	}
	if w.may(winddown.CanManage) {
		v.Links = append(v.Links, w.settings()...)
	}
	if w.may(winddown.CanDelete) && (w.c.Erasure == nil || w.c.Erasure.Expired()) {
		v.Links = append(v.Links, ui.NavItem{Label: w.p.T("erase.link"), Href: w.href() + "/delete"})
	}
	if w.may(winddown.CanManage) || w.may(winddown.CanInviteOwner) {
		v.Links = append(v.Links, ui.NavItem{Label: w.p.T("case.people"), Href: w.href() + "/people"})
	}
	return v
}

// settings leads to what whoever manages the case can change about it.
func (w caseWords) settings() []ui.NavItem {
	return []ui.NavItem{
		{Label: w.p.T("answers.title"), Href: w.href() + "/answers"},
		{Label: w.p.T("details.title"), Href: w.href() + "/details"},
	}
}

// backToList leads to the list the reader knows the case from.
func (w caseWords) backToList() ui.BackLinkProps {
	if s := w.view.Standing; s.Owner || s.Helper {
		return ui.BackLinkProps{Href: "/cases", Text: w.p.T("cases.title")}
	}
	return ui.BackLinkProps{Href: "/sellers", Text: w.p.T("common.nav.sellers")}
}

func (w caseWords) backToCase() ui.BackLinkProps {
	return ui.BackLinkProps{Href: w.href(), Text: w.p.T("case.back")}
}

func (w caseWords) title() string {
	if w.c.Seller.Cabinet != "" {
		return w.p.T("case.title_cabinet", "Seller", w.c.Seller.Name, "Cabinet", w.c.Seller.Cabinet)
	}
	return w.p.T("case.title", "Seller", w.c.Seller.Name)
}

func (w caseWords) overallView() page.OverallView {
	verdict, rest := w.overall()
	return page.OverallView{Verdict: verdict, Rest: rest}
}

// next is the strip that says what to do next; nothing once the case is finished.
func (w caseWords) next() *page.NextView {
	finish := w.href() + "/finish"
	if w.c.Finished() {
		if w.regressedOn().IsZero() || !w.may(winddown.CanManage) {
			return nil
		}
		return &page.NextView{Label: w.p.T("case.next.label"), Text: w.p.T("case.next.reopen"), Href: finish + "#reopen",
			Button: w.p.T("finish.reopen.button")}
	}
	code, ok := w.c.Next(w.today)
	if !ok {
		if !w.may(winddown.CanManage) {
			return &page.NextView{Text: w.p.T("case.next.owner_finishes")}
		}
		return &page.NextView{Label: w.p.T("case.next.label"), Text: w.p.T("case.next.finish"), Href: finish,
			Button: w.p.T("case.next.open_finish")}
	}
	v := &page.NextView{Label: w.p.T("case.next.label"), Text: w.imperative(code), Hint: w.hint(code),
		Href: w.stepHref(code), Button: w.p.T("case.next.open")}
	if act := w.stepAct(code); code == winddown.SignAct && act.Phase() == winddown.PhaseDisputed {
		v.Href = w.stepHref(winddown.RequestAct) + actQuery(w.several(act))
	}
	if act, ok := w.awaited(); ok {
		if code == winddown.ReceiveAct {
			v.Label, v.Text, v.Hint = "", w.waiting(act), w.chase(act)
		}
	}
	return v
}

// groups are the headings with their rows.
func (w caseWords) groups(changed winddown.Code) []page.StepGroupView {
	var groups []page.StepGroupView
	for _, st := range w.c.Steps {
		d, _ := w.c.Definition(st.Code)
		code := string(d.Group)
		if len(groups) == 0 || groups[len(groups)-1].Code != code {
			done, total := w.c.CountGroup(d.Group)
			groups = append(groups, page.StepGroupView{
				Code: code, Title: w.p.T("step.group." + code), Count: w.p.T("case.group.count", "Done", done, "Total", total),
				Steps: make([]page.StepRowView, 0, total),
			})
		}
		g := &groups[len(groups)-1]
		row := w.row(st)
		row.Changed = st.Code == changed
		g.Steps = append(g.Steps, row)
	}
	return groups
}

func (w caseWords) row(st winddown.Step) page.StepRowView {
	status := w.status(st.Code)
	row := page.StepRowView{
		Code: string(st.Code), TestID: "step-" + string(st.Code), State: ui.Status(status), Name: stepName(w.p, st.Code), Hint: w.hint(st.Code),
		Status: w.statusWord(status), Note: w.statusNote(st, status), Tags: w.tags(st),
	}
	if status != winddown.StatusBlocked {
		row.Href = w.stepHref(st.Code)
	}
	return row
}

// statusNote stands beside the status: since when, or when and by whom.
func (w caseWords) statusNote(st winddown.Step, status winddown.Status) string {
	switch status {
	case winddown.Done:
		return w.signature(st.Tick)
	case winddown.InProgress:
		return w.p.T("case.status.since", "Date", w.day(st.StartedOn))
	case winddown.HasProblem:
		if st.Tick != nil {
			return w.p.T("case.status.suspended", "Date", w.day(st.Tick.On))
		}
		return w.p.T("case.status.until", "Date", w.day(w.c.PickUpBy()))
	case winddown.NotStarted, winddown.StatusBlocked, winddown.NotNeeded:
	}
	return ""
}

// finishRow is the last page, for those who may finish.
func (w caseWords) finishRow() *page.StepRowView {
	if !w.may(winddown.CanManage) {
		return nil
	}
	row := &page.StepRowView{
		Code: "finish", TestID: "finish", Name: w.p.T("case.finish.name"), Href: w.href() + "/finish",
		State: ui.StatusNotStarted, Hint: w.p.T("case.finish.hint"),
	}
	switch open := len(w.c.Unfinished()); {
	case w.c.Finished():
		row.State, row.Status, row.Note = ui.StatusDone, w.statusWord(winddown.Done), w.day(w.c.FinishedOn)
		row.Hint = ""
	case open > 0:
		row.Hint = w.p.N("case.finish.open", open)
	default:
		row.Status = w.statusWord(winddown.NotStarted)
	}
	return row
}

// actFacts is what is known of the reconciliation acts, in short.
func (w caseWords) actFacts() []page.Fact {
	var facts []page.Fact
	add := func(term, value string) { facts = append(facts, page.Fact{Term: term, Value: value}) }
	if len(w.c.Acts) > 1 {
		for _, act := range w.c.Acts {
			add(w.actLabel(act), w.phase(act))
		}
	} else {
		add(w.p.T("case.act.state"), w.phase(w.c.Acts[0]))
	}
	suspended := len(w.suspendedActSteps()) > 0
	if suspended {
		add(w.p.T("case.act.marks"), w.p.T("case.act.suspended"))
	}
	s := winddown.Summarize(w.c, w.cal)
	if s.Act == winddown.NotRequested {
		when := w.p.T("case.act.now")
		if open := len(w.c.Blockers(winddown.RequestAct)); open > 0 {
			when = w.p.N("case.act.after", open)
		}
		add(w.p.T("case.act.can_request"), when)
	}
	if s.Ticket != "" && len(w.c.Acts) == 1 {
		add(w.p.T("mark.ticket"), s.Ticket)
	}
	if act, ok := w.awaited(); ok && !suspended {
		add(w.p.T("case.act.waiting"), w.p.N("case.days", max(0, act.RequestedOn.DaysUntil(w.today))))
		if days := w.reminders(act, 1); days != "" {
			add(w.p.T("case.act.reminder"), days)
		}
	}
	if phase := w.c.Acts[0].Phase(); len(w.c.Acts) == 1 && !suspended && (phase == winddown.PhaseSigned || phase == winddown.PhaseSignedObjecting) {
		add(w.p.T("act.countersigned"), w.p.T("act.countersigned.awaited"))
	}
	return facts
}

// caseRowView is a line of a person's own list, from the summary kept with the case.
func caseRowView(p *i18n.Printer, c app.MyCase, now time.Time) page.CaseRowView {
	today := winddown.Today(now, c.Zone)
	group := c.Summary.Group(today)
	v := page.CaseRowView{
		ID: c.ID.String(), State: string(group), Mark: ui.StatusInProgress, Href: caseHref(c.ID), Name: c.Seller.Name,
		INN: p.T("cases.inn", "INN", c.Seller.INN), Next: caseRowNext(p, c.Summary, group, today),
	}
	if c.Seller.Cabinet != "" {
		v.Name = p.T("cases.name_cabinet", "Seller", c.Seller.Name, "Cabinet", c.Seller.Cabinet)
	}
	switch {
	case group == winddown.GroupFinished && c.Summary.Problem != "":
		v.Overall = p.T("cases.overall.regressed", "Date", dayOf(p, c.FinishedOn, today))
		v.Mark = ui.StatusProblem
	case group == winddown.GroupFinished:
		v.Overall, v.Mark = p.T("case.overall.finished", "Date", p.Date(c.FinishedOn.Time())), ui.StatusDone
	default:
		v.Overall = p.T("case.overall.unfinished") + " " + p.N("case.overall.count", c.Summary.Done, "Total", c.Summary.Needed)
	}
	if group == winddown.GroupProblem {
		v.Mark = ui.StatusProblem
	}
	if c.Summary.Waived {
		v.Tags = append(v.Tags, ui.TagProps{Text: p.T("review.tag.waived")})
	}
	if text := erasing(p, c.EraseAt, c.Zone); text != "" {
		v.Tags = append(v.Tags, ui.TagProps{Text: text, Variant: ui.TagRed})
	}
	if !c.RescueAt.IsZero() {
		v.Tags = append(v.Tags, ui.TagProps{Text: p.T("rescue.tag"), Variant: ui.TagRed})
	}
	if c.Offered {
		v.Tags = append(v.Tags, ui.TagProps{Text: p.T("transfer.tag"), Variant: ui.TagAmber})
	}
	if c.Summary.Questions > 0 {
		v.Tags = append(v.Tags, ui.TagProps{Text: p.T("question.count", "N", c.Summary.Questions), Variant: ui.TagAmber})
	}
	if c.Summary.Balance < 0 && group != winddown.GroupFinished {
		v.Tags = append(v.Tags, ui.TagProps{Text: p.T("register.debt", "Sum", c.Summary.Balance.Abs()), Variant: ui.TagRed})
	}
	if due := caseRowDue(p, c.Summary, group, today); due != "" {
		v.Next = p.T("cases.next.due", "Next", v.Next, "Due", due)
	}
	return v
}

// caseRowDue names the nearest deadline when it is near, unless what is next is about it.
func caseRowDue(p *i18n.Printer, s winddown.Summary, group winddown.Group, today winddown.Date) string {
	switch {
	case s.DueOn.IsZero(), today.DaysUntil(s.DueOn) > nearDays, s.Due == winddown.DueChase, s.ProblemOn(today) == winddown.Burning,
		group == winddown.GroupFinished:
		return ""
	}
	return p.T("deadline.short."+string(s.Due), "Date", dayOf(p, s.DueOn, today))
}

// caseRowNext says what to do about a case, or what is awaited.
func caseRowNext(p *i18n.Printer, s winddown.Summary, group winddown.Group, today winddown.Date) string {
	switch group {
	case winddown.GroupProblem:
		switch s.ProblemOn(today) {
		case winddown.Burning:
			return p.T("cases.next.burning", "Date", dayOf(p, s.BurnOn.AddDays(winddown.BurnDays), today))
		case winddown.Returned:
			return p.T("cases.next.returned", "Step", stepName(p, s.Blocker))
		case winddown.Unsettled:
			return p.T("cases.next." + unsettled(s.Balance))
		default:
		}
		return p.T("cases.next.problem", "Step", stepName(p, s.Blocker))
	case winddown.GroupWaiting, winddown.GroupOverdue:
		return waitingFor(p, s.ActOn, today)
	case winddown.GroupEarly:
		return p.T("cases.next.early", "Step", p.T("step."+string(s.Blocker)+".imperative"))
	case winddown.GroupFinish:
		if s.Blocker != "" {
			return p.T("cases.next.early", "Step", p.T("step."+string(s.Blocker)+".imperative"))
		}
		return p.T("cases.next.finish")
	case winddown.GroupReady, winddown.GroupReceived, winddown.GroupDebt:
		return p.T("cases.next." + string(group))
	case winddown.GroupFinished:
	}
	return ""
}
