package site

import (
	"winddown/internal/winddown"
	"winddown/web/page"
	"winddown/web/ui"
)

// watchDays is how long goods that appear again are worth looking for after the finish.
const watchDays = 90

// finishView is the last page of a case, with the version its forms carry.
func finishView(w caseWords, version int) page.FinishView {
	v := page.FinishView{
		Back: w.backToCase(), Title: w.p.T("finish.heading"), Overall: w.overallView(), Action: w.href() + "/finish",
		Version: version, Sections: append([]page.SummarySection{w.sellerSection(), w.answersSection()}, w.stepSections()...),
	}
	if w.c.Finished() {
		v.Finished = &page.FinishedView{
			Title: w.p.T("finish.done"), Text: w.p.T("finish.done.text"),
			Points: []string{
				w.p.T("finish.after.keep"),
				w.p.T("finish.after.watch", "Days", watchDays, "Date", w.date(w.c.FinishedOn.AddDays(watchDays))),
				w.p.T("finish.after.inbox"),
				w.p.T("finish.after.cabinet"),
			},
		}
		if !w.regressedOn().IsZero() {
			v.Finished.Text = w.p.T("finish.done.regressed")
		}
		v.Reopen = &page.ReopenView{Action: w.href() + "/reopen", Version: version}
		return v
	}
	for _, code := range w.c.Unfinished() {
		v.Blockers = append(v.Blockers, ui.Link{Href: w.stepHref(code), Text: stepName(w.p, code)})
	}
	return v
}

// sectionRow is a line of the last page: its value with a link to change it, or a link to
// say what is missing. A finished case is only read.
func (w caseWords) sectionRow(key, value, missing, href string) ui.SummaryRow {
	row := ui.SummaryRow{Key: key, Value: value}
	switch {
	case w.c.Finished():
		if value == "" {
			row.Value = w.p.T("finish.none")
		}
	case value == "":
		row.Missing = &ui.Link{Href: href, Text: missing}
	default:
		row.Action = &ui.Link{Href: href, Text: w.p.T("common.button.change"), Hidden: key}
	}
	return row
}

func (w caseWords) sellerSection() page.SummarySection {
	details := w.href() + "/details"
	return page.SummarySection{Title: w.p.T("details.title"), Rows: []ui.SummaryRow{
		w.sectionRow(w.p.T("requisites.name"), w.c.Seller.Name, "", details),
		w.sectionRow(w.p.T("requisites.inn"), w.c.Seller.INN, "", details),
		w.sectionRow(w.p.T("requisites.ogrn"), w.c.Seller.OGRN, w.p.T("finish.missing.ogrn"), details),
	}}
}

func (w caseWords) answersSection() page.SummarySection {
	answers, a := w.href()+"/answers", answersView(w.c.Answers)
	section := page.SummarySection{Title: w.p.T("answers.title"), Rows: []ui.SummaryRow{
		w.sectionRow(w.p.T("question.fbs"), w.yesNo(a.FBS), "", answers),
		w.sectionRow(w.p.T("question.wb_stock"), w.yesNo(a.WBStock), "", answers),
	}}
	if a.Leftover != "" {
		section.Rows = append(section.Rows,
			w.sectionRow(w.p.T("question.leftover"), w.p.T("question.leftover."+a.Leftover), "", answers))
	}
	return section
}

// stepSections are the groups of the checklist.
func (w caseWords) stepSections() []page.SummarySection {
	var sections []page.SummarySection
	group := winddown.StepGroup("")
	for _, st := range w.c.Steps {
		d, _ := w.c.Definition(st.Code)
		if d.Group != group {
			group = d.Group
			sections = append(sections, page.SummarySection{Title: w.p.T("step.group." + string(group))})
		}
		s := &sections[len(sections)-1]
		s.Rows = append(s.Rows, w.stepSummary(st))
		if st.Code == winddown.RequestAct && st.Tick != nil {
			act := w.c.Acts[0]
			s.Rows = append(s.Rows,
				w.sectionRow(w.p.T("mark.ticket"), act.Ticket, w.p.T("finish.missing.ticket"), w.stepHref(st.Code)),
				w.sectionRow(w.p.T("finish.period"), w.period(act), w.p.T("finish.missing.period"), w.stepHref(st.Code)))
		}
	}
	return sections
}

func (w caseWords) stepSummary(st winddown.Step) ui.SummaryRow {
	status := w.status(st.Code)
	row := ui.SummaryRow{Key: stepName(w.p, st.Code), Value: w.statusWord(status)}
	switch status {
	case winddown.Done:
		row = w.sectionRow(row.Key, w.date(st.Tick.On), "", w.stepHref(st.Code))
		row.Note = w.by(w.view.Names[st.Tick.By], st.Tick.OnBehalf)
	case winddown.NotNeeded:
		row.Note = w.whyNotNeeded(st.Code)
	case winddown.StatusBlocked:
		row.Note = w.first(w.c.Blockers(st.Code))
	case winddown.HasProblem:
		row.Note = clip(w.problem(st.Code))
		if !w.c.Finished() {
			row.Action = &ui.Link{Href: w.stepHref(st.Code), Text: w.p.T("case.next.open"), Hidden: row.Key}
		}
	case winddown.NotStarted, winddown.InProgress:
		row.Missing = &ui.Link{Href: w.stepHref(st.Code), Text: w.p.T("finish.missing.date"), Hidden: row.Key}
	}
	return row
}

// period is the time an act covers, as far as it is known.
func (w caseWords) period(act winddown.Act) string {
	switch {
	case act.PeriodFrom.IsZero() && act.PeriodTo.IsZero():
		return ""
	case act.PeriodTo.IsZero():
		return w.p.T("finish.period.from", "From", w.date(act.PeriodFrom))
	case act.PeriodFrom.IsZero():
		return w.p.T("finish.period.to", "To", w.date(act.PeriodTo))
	}
	return w.p.T("finish.period.both", "From", w.date(act.PeriodFrom), "To", w.date(act.PeriodTo))
}
