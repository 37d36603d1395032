package site

import (
	"slices"
	"strings"

	"winddown/internal/winddown"
	"winddown/web/page"
	"winddown/web/ui"
)

// finishView is the last page of a case, with the version its forms carry.
func finishView(w caseWords, version int) page.FinishView {
	v := page.FinishView{
		Back: w.backToCase(), Title: w.p.T("finish.heading"), Overall: w.overallView(), Action: w.href() + "/finish",
		Version: version, Pack: packHref(w.c.ID),
		Sections: slices.Concat([]page.SummarySection{w.sellerSection(), w.answersSection()}, w.stepSections(),
			[]page.SummarySection{w.actsSection(), w.booksSection()}),
	}
	if w.c.Finished() {
		v.Finished = &page.FinishedView{
			Title: w.p.T("finish.done"), Text: w.p.T("finish.done.text"),
			Points: []string{
				w.p.T("finish.after.keep"),
				w.p.T("finish.after.watch", "Days", winddown.WatchDays, "Date", w.date(w.c.FinishedOn.AddDays(winddown.WatchDays))),
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
	switch {
	case w.c.Balance != 0:
		v.Blockers = append(v.Blockers, ui.Link{Href: debtsHref(w.c.ID), Text: w.p.T("finish.balance.settle")})
	case len(w.c.UnbookedActs()) > 0:
		v.Blockers = append(v.Blockers, ui.Link{Href: debtsHref(w.c.ID), Text: w.p.T("ledger.unbooked.link")})
	}
	for _, st := range w.c.Steps {
		if st.Questions > 0 {
			v.Questions = append(v.Questions, ui.Link{Href: w.stepHref(st.Code), Text: stepName(w.p, st.Code)})
		}
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
		s.Rows = append(s.Rows, w.waiverSummary(st)...)
		s.Rows = append(s.Rows, w.proofSummary(st)...)
	}
	return sections
}

// waiverSummary says that a step was allowed although steps before it are not done.
func (w caseWords) waiverSummary(st winddown.Step) []ui.SummaryRow {
	if st.Waiver == nil || !w.c.Needed(st.Code) {
		return nil
	}
	v := w.waiver(st.Waiver)
	row := ui.SummaryRow{Key: w.p.T("review.tag.waived"), Value: v.Text, Note: v.Reason}
	if !w.c.Finished() {
		row.Action = &ui.Link{Href: w.stepHref(st.Code), Text: w.p.T("case.next.open"), Hidden: stepName(w.p, st.Code)}
	}
	return []ui.SummaryRow{row}
}

// proofSummary counts the evidence of a step, and leads to what a required slot lacks.
func (w caseWords) proofSummary(st winddown.Step) []ui.SummaryRow {
	if !w.c.Needed(st.Code) {
		return nil
	}
	files, reasons := 0, 0
	for _, e := range w.c.CurrentEvidence(st.Code) {
		if e.Kind == winddown.EvidenceReason {
			reasons++
		} else {
			files++
		}
	}
	var said []string
	if files > 0 {
		said = append(said, w.p.N("finish.files", files))
	}
	if reasons > 0 {
		said = append(said, w.p.N("finish.reasons", reasons))
	}
	key, href := w.p.T("finish.evidence"), w.stepHref(st.Code)+"#evidence"
	var rows []ui.SummaryRow
	if len(said) > 0 {
		rows = append(rows, w.sectionRow(key, listOf(w.p, said), "", href))
		if action := rows[0].Action; action != nil {
			action.Hidden = w.p.T("finish.evidence.of", "Step", stepName(w.p, st.Code))
		}
	}
	if w.c.Finished() || len(w.c.Blockers(st.Code)) > 0 {
		return rows
	}
	for _, missing := range w.missingProof(st.Code) {
		rows = append(rows, ui.SummaryRow{Key: key, Missing: &ui.Link{Href: href, Text: w.p.T("finish.missing.evidence", "Slot", missing)}})
	}
	return rows
}

// missingProof names the required slots of a step that hold nothing; of the acts only those
// count that have come as far as the step.
func (w caseWords) missingProof(code winddown.Code) []string {
	var missing []string
	if !aboutAct(code) {
		for _, slot := range w.c.MissingProof(code, 0) {
			missing = append(missing, slotName(w.p, slot))
		}
		return missing
	}
	for _, act := range w.c.Acts {
		if actOn(code, act).IsZero() {
			continue
		}
		for _, slot := range w.c.MissingProof(code, act.Position) {
			name := slotName(w.p, slot)
			if len(w.c.Acts) > 1 {
				name += ", " + w.actLabel(act)
			}
			missing = append(missing, name)
		}
	}
	return missing
}

// actsSection are the reconciliation acts with what WB was asked and whether it signed.
func (w caseWords) actsSection() page.SummarySection {
	section := page.SummarySection{Title: w.p.T("act.title")}
	add := func(act winddown.Act, row ui.SummaryRow) {
		if len(w.c.Acts) > 1 { // links of several acts would read alike
			for _, link := range []*ui.Link{row.Missing, row.Action} {
				if link != nil && link.Hidden != w.actLabel(act) {
					link.Hidden = strings.TrimPrefix(link.Hidden+", "+w.actLabel(act), ", ")
				}
			}
		}
		section.Rows = append(section.Rows, row)
	}
	for _, act := range w.c.Acts {
		href := w.stepHref(winddown.RequestAct) + actQuery(w.several(act))
		add(act, w.sectionRow(w.actHeading(act), w.phase(act), "", actsHref(w.c.ID)))
		if act.RequestedOn.IsZero() {
			continue
		}
		add(act, w.sectionRow(w.p.T("mark.ticket"), act.Ticket, w.p.T("finish.missing.ticket"), href))
		add(act, w.sectionRow(w.p.T("finish.period"), w.period(act), w.p.T("finish.missing.period"), href))
		if state, _ := act.State(); state == winddown.Signed {
			row := w.sectionRow(w.p.T("act.countersigned_on"), w.date(act.CountersignedOn), w.p.T("act.countersign.button"), actsHref(w.c.ID))
			switch {
			case !act.CountersignedOn.IsZero():
			case w.c.Finished() && w.may(winddown.CanMark): // it may come after the finish
				row = ui.SummaryRow{Key: row.Key, Missing: &ui.Link{Href: actsHref(w.c.ID), Text: w.p.T("act.countersign.button")}}
			case w.c.Finished():
				row.Value = w.p.T("act.countersigned.awaited")
			default:
				row.Note = w.p.T("finish.countersign.optional")
			}
			add(act, row)
		}
	}
	return section
}

// sentences puts texts one after the other, each ended with a stop.
func sentences(texts ...string) string {
	var said []string
	for _, text := range texts {
		if text != "" {
			said = append(said, strings.TrimRight(text, ".")+".")
		}
	}
	return strings.Join(said, " ")
}

// booksSection is the balance of the ledger, which has to be zero.
func (w caseWords) booksSection() page.SummarySection {
	balance, _ := w.ledgerBalance()
	row := w.sectionRow(w.p.T("ledger.running"), balance, "", debtsHref(w.c.ID))
	if w.c.Balance != 0 && !w.c.Finished() {
		row = ui.SummaryRow{Key: row.Key, Missing: &ui.Link{Href: debtsHref(w.c.ID), Text: balance}, Note: w.p.T("finish.balance.needed")}
	}
	for _, a := range w.ledgerAlerts() {
		row.Note = sentences(row.Note, a.Props.Title, a.Props.Text)
	}
	return page.SummarySection{Title: w.p.T("ledger.title"), Rows: []ui.SummaryRow{row}}
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
