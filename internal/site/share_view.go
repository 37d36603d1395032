package site

import (
	"cmp"
	"encoding/hex"
	"strconv"
	"strings"
	"time"

	"winddown/internal/app"
	"winddown/internal/i18n"
	"winddown/internal/winddown"
	"winddown/web/page"
	"winddown/web/ui"
)

// shows names what a link shows beside what every link does.
func shows(p *i18n.Printer, names []string) string {
	var words []string
	for _, name := range names {
		if name != "" {
			words = append(words, p.T("share.shows."+name))
		}
	}
	return strings.Join(words, ", ")
}

func sharesView(w caseWords, links []winddown.ShareLink, in winddown.NewShare, m mistakes) page.SharesView {
	v := page.SharesView{
		Back: ui.BackLinkProps{Href: peopleHref(w.c.ID), Text: w.p.T("people.title")}, Errors: m.items,
		Form: page.ShareFormView{
			Action: sharesHref(w.c.ID), Whom: in.Whom, WhomMax: winddown.MaxWhom, WhomError: m.of("whom"), DaysError: m.of("days"),
			DaysHint: w.p.T("share.days.hint", "Max", winddown.MaxShareDays), PasswordError: m.of("password"),
			PasswordHint: w.p.T("share.password.hint", "Min", winddown.MinSharePassword),
		},
	}
	if in.Days > 0 {
		v.Form.Days = strconv.Itoa(in.Days)
	}
	for _, one := range []struct {
		name string
		on   bool
	}{{"files", in.Shown.Files}, {"people", in.Shown.People}, {"comments", in.Shown.Comments}} {
		v.Form.Shows = append(v.Form.Shows, ui.Option{Value: one.name, Label: w.p.T("share.switch." + one.name),
			Hint: w.p.T("share.switch." + one.name + ".hint"), Checked: one.on})
	}
	for _, l := range links {
		v.Links = append(v.Links, w.shareLink(l))
	}
	return v
}

// shareLink is a link as its maker sees it.
func (w caseWords) shareLink(l winddown.ShareLink) page.ShareLinkView {
	state := l.State(w.now)
	when := func(t time.Time) string { return w.p.DateTime(t.In(winddown.Zone(w.zone))) }
	v := page.ShareLinkView{
		TestID: "share-" + string(state), Whom: l.Whom, State: w.p.T("share.state." + string(state)), Active: state == winddown.ShareActive,
		Shows: w.p.T("share.shows.only"), Created: w.p.T("share.created", "Time", when(l.CreatedAt)),
		Openings: w.p.T("share.openings.none"), LogHref: shareHref(w.c.ID, l.ID),
	}
	if names := shows(w.p, l.Shown.Names()); names != "" {
		v.Shows = w.p.T("share.shows", "Shows", names)
	}
	if l.Protected {
		v.Protected = w.p.T("share.protected")
	}
	switch state {
	case winddown.ShareActive:
		v.Ends = w.p.T("share.expires", "Time", when(l.ExpiresAt))
		v.RevokeAction = shareHref(w.c.ID, l.ID) + "/revoke"
	case winddown.ShareExpired:
		v.Ends = w.p.T("share.expired", "Time", when(l.ExpiresAt))
	case winddown.ShareLost:
		v.Ends = w.p.T("share.lost", "Time", when(l.RevokedAt))
	case winddown.ShareEnded:
		v.Ends = w.p.T("share.revoked", "Time", when(l.RevokedAt))
	}
	if l.Openings > 0 {
		v.Openings = w.p.N("share.openings", int(l.Openings), "Time", when(l.OpenedAt))
	}
	return v
}

func shareLogView(w caseWords, log app.ShareLog, before int64) page.ShareLogView {
	v := page.ShareLogView{
		Back: ui.BackLinkProps{Href: sharesHref(w.c.ID), Text: w.p.T("share.title")}, Link: w.shareLink(log.Link),
		Lead: w.p.T("share.log.lead", "Minutes", int(winddown.SameOpening.Minutes())),
	}
	v.Link.LogHref = ""
	for _, o := range log.Openings {
		at := o.At.In(winddown.Zone(w.zone))
		v.Openings = append(v.Openings, ui.TimelineItem{Title: w.p.DateTime(at), Datetime: at.Format(time.RFC3339)})
	}
	if before > 0 {
		v.Pager.PreviousHref = shareHref(w.c.ID, log.Link.ID)
	}
	if n := len(log.Openings); n > 0 && log.More {
		v.Pager.NextHref = shareHref(w.c.ID, log.Link.ID) + "?before=" + strconv.FormatInt(log.Openings[n-1].Seq, 10)
	}
	return v
}

// sharedView is a case as a link shows it. What its switches hide was not read; here is only
// decided under which heading the rest stands.
func sharedView(w caseWords, l winddown.ShareLink, here string) page.SharedView {
	v := page.SharedView{
		Title: w.title(), INN: w.p.T("cases.inn", "INN", w.c.Seller.INN), Overall: w.overallView(),
		Lead: w.p.T("share.shared.lead", "Time", w.p.DateTime(l.ExpiresAt.In(winddown.Zone(w.zone)))), Groups: w.groups(""),
	}
	for _, act := range w.c.Acts {
		v.Acts = append(v.Acts, w.sharedAct(act))
	}
	for i, g := range v.Groups {
		for j, row := range g.Steps {
			v.Groups[i].Steps[j] = w.sharedRow(row)
		}
	}
	if w.may(winddown.CanSeeFiles) {
		v.Files = &page.SharedFilesView{}
		w.perStep(func(title string, st winddown.Step) {
			var items []ui.FileItem
			for _, e := range w.c.Evidence {
				if e.Step == st.Code && e.Kind == winddown.EvidenceFile {
					items = append(items, w.sharedFile(e, here))
				}
			}
			if len(items) > 0 {
				v.Files.Steps = append(v.Files.Steps, page.SharedStepFilesView{Title: title, Files: items})
			}
		})
	}
	if w.may(winddown.CanSeeComments) {
		v.Comments = &page.SharedCommentsView{}
		w.perStep(func(title string, st winddown.Step) {
			if items := w.sharedComments(st); len(items) > 0 {
				v.Comments.Steps = append(v.Comments.Steps, page.SharedStepCommentsView{Title: title, Items: items})
			}
		})
	}
	return v
}

func (w caseWords) perStep(do func(title string, st winddown.Step)) {
	for _, st := range w.c.Steps {
		do(stepName(w.p, st.Code), st)
	}
}

// sharedRow is a line of the checklist without links and without what was typed.
func (w caseWords) sharedRow(row page.StepRowView) page.StepRowView {
	code := winddown.Code(row.Code)
	st, err := w.c.Step(code)
	if err != nil {
		return row
	}
	status := w.status(code)
	row.Href, row.Hint, row.Tags = "", "", nil
	switch status {
	case winddown.StatusBlocked:
		row.Hint = w.first(w.c.Blockers(code))
	case winddown.NotNeeded:
		row.Hint = w.whyNotNeeded(code)
	case winddown.HasProblem:
		row.Hint = w.sharedProblem(code)
	case winddown.Done, winddown.NotStarted, winddown.InProgress:
	}
	if st.Tick != nil && !st.Tick.At.IsZero() {
		marked := w.p.T("share.marked", "Time", w.p.DateTime(st.Tick.At.In(winddown.Zone(w.zone))))
		if row.Hint != "" {
			marked = row.Hint + ". " + marked
		}
		row.Hint = marked
	}
	if a := st.Accepted; a.Holds() {
		row.Tags = append(row.Tags, ui.TagProps{Text: w.p.T("share.accepted", "Date", w.day(winddown.DateOf(a.At.In(winddown.Zone(w.zone)))),
			"Name", cmp.Or(w.view.Names[a.By], w.p.T("history.nobody")))})
	}
	if st.Waiver != nil && w.c.Needed(code) {
		row.Tags = append(row.Tags, ui.TagProps{Text: w.p.T("review.tag.waived")})
	}
	return row
}

// sharedProblem says what is wrong with a step, without the reasons that were typed.
func (w caseWords) sharedProblem(code winddown.Code) string {
	pr := w.c.ProblemOf(code, w.today)
	if pr == nil {
		return ""
	}
	switch pr.Kind {
	case winddown.Returned, winddown.Regressed:
		return w.p.T("share.problem."+string(pr.Kind), "Date", w.day(pr.On))
	case winddown.Unsettled:
		return w.p.T("share.problem.unsettled", "Date", w.day(pr.On))
	default:
		return w.problem(code)
	}
}

// sharedAct is what a link shows of one act: everything but sums.
func (w caseWords) sharedAct(act winddown.Act) page.SellerActView {
	r := &rows{}
	r.add(w.p.T("seller.act.counterparty"), act.Counterparty)
	r.add(w.p.T("seller.act.period"), w.period(act))
	r.add(w.p.T("seller.act.requested"), w.date(act.RequestedOn))
	w.requestRows(r, act)
	r.add(w.p.T("act.reminded_on"), w.date(act.RemindedOn))
	r.add(w.p.T("seller.act.received"), w.date(act.ReceivedOn))
	if !act.ComparedOn.IsZero() {
		result := "act.compare.disagrees"
		if act.Agrees {
			result = "act.compare.agrees"
		}
		r.add(w.p.T("act.compare.on"), w.date(act.ComparedOn))
		r.add(w.p.T("act.compare.result"), w.p.T(result))
	}
	r.add(w.p.T("act.disputed_on"), w.date(act.DisputedOn))
	r.add(w.p.T("seller.act.signed"), w.date(act.SignedOn))
	w.signRows(r, act)
	v := page.SellerActView{State: w.phase(act), Facts: *r}
	if len(w.c.Acts) > 1 {
		v.Title = w.actLabel(act)
	}
	return v
}

func (w caseWords) sharedFile(e winddown.Evidence, here string) ui.FileItem {
	item := ui.FileItem{
		Name: e.Name, Href: sharedFileHref(here, e.Number), Kind: strings.ToUpper(e.Type), Meta: fileSize(w.p, e.Size),
		Hash: hex.EncodeToString(e.SHA256[:]),
	}
	if w.may(winddown.CanSeePeople) {
		item.Meta += ", " + w.gave(e)
	}
	if !w.there(e) {
		item.Href = ""
		item.Tags = append(item.Tags, ui.TagProps{Text: w.p.T("evidence.gone"), Variant: ui.TagRed})
	}
	return item
}

// sharedComments are what was typed about a step: the note, reasons, objections, notes of
// files, questions with their answers.
func (w caseWords) sharedComments(st winddown.Step) []ui.TimelineItem {
	var items []ui.TimelineItem
	add := func(title, note, meta string) {
		if note != "" {
			items = append(items, ui.TimelineItem{Title: title, Note: note, Meta: meta})
		}
	}
	people := w.may(winddown.CanSeePeople)
	said := func(by winddown.ID, at time.Time) string {
		if !people || at.IsZero() {
			return ""
		}
		return cmp.Or(w.view.Names[by], w.p.T("history.nobody")) + ", " + w.p.DateTime(at.In(winddown.Zone(w.zone)))
	}
	add(w.p.T("share.comment.note"), st.Note, "")
	if st.Problem != nil {
		add(w.p.T("share.comment.problem"), st.Problem.Reason, "")
	}
	if st.Waiver != nil {
		add(w.p.T("share.comment.waiver"), st.Waiver.Reason, "")
	}
	for _, e := range w.c.Evidence {
		if e.Step != st.Code {
			continue
		}
		meta := ""
		if people {
			meta = w.gave(e)
		}
		switch {
		case e.Kind == winddown.EvidenceReason:
			add(w.p.T("share.comment.no_file", "Slot", slotName(w.p, e.Slot)), e.Note, meta)
		case w.may(winddown.CanSeeFiles):
			add(w.p.T("share.comment.file", "Name", e.Name), e.Note, meta)
		default:
		}
	}
	if st.Code == winddown.SignAct {
		for _, act := range w.c.Acts {
			add(w.p.T("act.compare.objections"), act.Objections, "")
		}
	}
	for _, q := range w.c.Questions {
		if q.Step != st.Code {
			continue
		}
		add(w.p.T("share.comment.question", "Number", q.Number), q.Text, said(q.AskedBy, q.AskedAt))
		add(w.p.T("share.comment.answer", "Number", q.Number), q.Answer, said(q.AnsweredBy, q.AnsweredAt))
	}
	return items
}
