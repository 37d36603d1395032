package site

import (
	"cmp"
	"strconv"
	"time"

	"winddown/internal/winddown"
	"winddown/web/page"
	"winddown/web/ui"
)

// review is what the accountant said about a step and what the reader may say; nil when
// that is nothing.
func (w caseWords) review(st *winddown.Step) *page.ReviewView {
	v := &page.ReviewView{}
	if st.Dropped != nil && !st.Dropped.Holds() {
		v.Dropped = append(v.Dropped, w.dropped(st, *st.Dropped))
	}
	switch {
	case st.Accepted.Holds():
		v.Accepted = w.p.T("review.accepted", w.acceptance(*st.Accepted)...)
	case st.Accepted != nil:
		v.Dropped = append(v.Dropped, w.dropped(st, *st.Accepted))
	}
	if st.Waiver != nil {
		v.Waiver = w.waiver(st.Waiver)
	}
	if w.may(winddown.CanReview) && !w.c.Finished() && w.c.Needed(st.Code) {
		add := func(why reviewPage, label string) {
			v.Actions = append(v.Actions, ui.ButtonLinkProps{Label: label, Href: w.stepHref(st.Code) + "/" + string(why), Variant: ui.ButtonGhost})
		}
		if w.c.Satisfied(st.Code) && !st.Accepted.Holds() {
			v.Accept = &page.AcceptView{Action: w.stepHref(st.Code) + "/accept", Version: st.Version}
		}
		if st.Tick != nil && st.Problem == nil {
			add(returnPage, w.p.T("review.return"))
		}
		if w.c.MayWaive(st.Code) {
			add(waivePage, w.p.T("review.waive"))
		}
		if st.Waiver != nil {
			add(unwaivePage, w.p.T("review.unwaive"))
		}
	}
	if len(v.Dropped) == 0 && v.Accepted == "" && v.Waiver == nil && v.Accept == nil && len(v.Actions) == 0 {
		return nil
	}
	return v
}

// acceptance are the parameters of a sentence about one: when and by whom.
func (w caseWords) acceptance(a winddown.Acceptance) []any {
	return []any{"Date", w.p.Date(a.At.In(winddown.Zone(w.zone))), "Name", cmp.Or(w.view.Names[a.By], w.p.T("history.nobody"))}
}

// dropped says that an acceptance holds no more, and why.
func (w caseWords) dropped(st *winddown.Step, a winddown.Acceptance) string {
	for _, e := range w.c.Evidence {
		// A file and the end of the acceptance that it ends are of one moment.
		if e.Step == st.Code && e.Kind == winddown.EvidenceFile && e.At.Equal(a.DroppedAt) {
			return w.p.T("review.dropped.files", w.acceptance(a)...)
		}
	}
	return w.p.T("review.dropped.changed", w.acceptance(a)...)
}

func (w caseWords) waiver(waiver *winddown.Waiver) *page.WaiverView {
	return &page.WaiverView{
		Text: w.p.N("review.waived", len(waiver.Steps), "Date", w.date(waiver.On), "Name", w.view.Names[waiver.By],
			"Steps", quoted(w.p, waiver.Steps)),
		Reason: w.p.T("review.waived.reason", "Reason", waiver.Reason),
	}
}

// tags are the marks of a step's row: a waiver and open questions for everybody, the
// acceptance for those who accept.
func (w caseWords) tags(st winddown.Step) []ui.TagProps {
	var tags []ui.TagProps
	if w.view.Standing.Bookkeeping() && st.Accepted.Holds() {
		tags = append(tags, ui.TagProps{Text: w.p.T("review.tag.accepted")})
	}
	if st.Waiver != nil && w.c.Needed(st.Code) {
		tags = append(tags, ui.TagProps{Text: w.p.T("review.tag.waived")})
	}
	if st.Questions > 0 {
		tags = append(tags, ui.TagProps{Text: w.p.T("question.count", "N", st.Questions), Variant: ui.TagAmber})
	}
	return tags
}

// reviewPage is one of the pages on which an accountant gives a reason, by the end of its
// address.
type reviewPage string

const (
	returnPage  reviewPage = "return"
	waivePage   reviewPage = "waive"
	unwaivePage reviewPage = "unwaive"
)

// notice is the code of the result.
func (why reviewPage) notice() string {
	switch why {
	case waivePage:
		return "waived"
	case unwaivePage:
		return "unwaived"
	case returnPage:
	}
	return "returned"
}

// cannotReview tells why there is nothing to say; nil when there is.
func (w caseWords) cannotReview(why reviewPage, st *winddown.Step) error {
	conflict := func(key string) error { return &winddown.Error{Kind: winddown.Conflict, Key: key} }
	switch {
	case w.c.Finished():
		return conflict("case.error.finished")
	case !w.c.Needed(st.Code):
		return conflict("step.error.not_needed")
	case why == returnPage && (st.Tick == nil || st.Problem != nil):
		return conflict("review.error.not_done")
	case why == waivePage && !w.c.MayWaive(st.Code):
		return conflict("review.error.not_waivable")
	case why == unwaivePage && st.Waiver == nil:
		return conflict("review.error.no_waiver")
	}
	return nil
}

func reviewPageView(w caseWords, why reviewPage, st *winddown.Step) page.ReasonView {
	name := stepName(w.p, st.Code)
	v := page.ReasonView{
		Back:   ui.BackLinkProps{Href: w.stepHref(st.Code), Text: name},
		Action: w.stepHref(st.Code) + "/" + string(why), Version: st.Version,
		Keep: ui.ButtonLinkProps{Label: w.p.T("review.waive.keep"), Href: w.stepHref(st.Code), Variant: ui.ButtonGhost},
	}
	switch why {
	case returnPage:
		v.Title, v.Effects = w.p.T("review.return.title", "Step", name), append([]string{w.p.T("review.return.effect")}, w.effects(st.Code)...)
		v.Label, v.Hint = w.p.T("review.return.reason"), w.p.T("review.return.hint")
		v.Button = ui.ButtonProps{Label: w.p.T("review.return"), Variant: ui.ButtonDanger}
	case waivePage:
		open := w.c.Blockers(st.Code)
		v.Title = w.p.T("review.waive.title", "Step", name)
		v.Effects = []string{w.p.T("review.waive.shown")}
		if len(open) > 0 {
			v.Effects = append([]string{w.p.N("review.waive.blockers", len(open), "Steps", quoted(w.p, open))}, v.Effects...)
		}
		v.Label, v.Hint = w.p.T("review.waive.reason"), w.p.T("review.waive.hint")
		v.Button = ui.ButtonProps{Label: w.p.T("review.waive"), Variant: ui.ButtonDanger}
	case unwaivePage:
		v.Title, v.Effects = w.p.T("review.unwaive.title", "Step", name), []string{w.p.T("review.unwaive.effect")}
		v.Label, v.Hint = w.p.T("review.unwaive.reason"), w.p.T("review.unwaive.hint")
		v.Button = ui.ButtonProps{Label: w.p.T("review.unwaive"), Variant: ui.ButtonDanger}
	}
	return v
}

// questions are what was asked about a step, and what the reader may say to it; nil when
// that is nothing.
func (w caseWords) questions(st *winddown.Step) *page.QuestionsView {
	v := &page.QuestionsView{}
	for _, q := range w.c.Questions {
		switch {
		case q.Step != st.Code:
		case q.State() == winddown.QuestionResolved:
			v.Closed = append(v.Closed, w.question(q))
		default:
			v.Open = append(v.Open, w.question(q))
		}
	}
	if w.may(winddown.CanReview) {
		v.Ask = &page.AskView{Action: w.stepHref(st.Code) + "/questions"}
	}
	if len(v.Open)+len(v.Closed) == 0 && v.Ask == nil {
		return nil
	}
	return v
}

func (w caseWords) question(q winddown.Question) page.QuestionView {
	said := func(by winddown.ID, at time.Time) string {
		when := w.p.DateTime(at.In(winddown.Zone(w.zone)))
		if name := w.view.Names[by]; name != "" {
			return name + ", " + when
		}
		return when
	}
	state := q.State()
	v := page.QuestionView{
		Number: q.Number, Step: string(q.Step), Text: q.Text, Meta: said(q.AskedBy, q.AskedAt), Answer: q.Answer,
		State: w.p.T("question.state." + string(state)), AnswerField: answerField(q.Number),
	}
	if q.Answer != "" {
		v.AnswerMeta = w.p.T("question.answered_by", "By", said(q.AnsweredBy, q.AnsweredAt))
	}
	address := w.href() + "/questions/" + strconv.Itoa(q.Number)
	mayAnswer := w.may(winddown.CanAnswer)
	switch state {
	case winddown.QuestionOpen:
		v.Tag = ui.TagAmber
	case winddown.QuestionAnswered:
		v.Tag, v.Again = ui.TagPine, true
	case winddown.QuestionResolved:
		v.ResolvedMeta = w.p.T("question.resolved_by", "By", said(q.ResolvedBy, q.ResolvedAt))
		mayAnswer = false
	}
	v.Next = w.questionNext(q)
	if mayAnswer {
		if state == winddown.QuestionOpen || q.AnsweredBy == w.reader {
			v.AnswerAction = address + "/answer"
		}
		if state == winddown.QuestionAnswered || q.AskedBy == w.reader {
			v.ResolveAction = address + "/resolve"
		}
	}
	return v
}

// questionNext says who can do what about a question that has its answer: only the
// accountant's side asks.
func (w caseWords) questionNext(q winddown.Question) string {
	who := "seller"
	if w.may(winddown.CanReview) {
		who = "accountant"
	}
	switch q.State() {
	case winddown.QuestionAnswered:
		next := w.p.T("question.next.answered." + who)
		if q.AnsweredBy != w.reader {
			next += " " + w.p.T("question.next.change")
		}
		return next
	case winddown.QuestionResolved:
		return w.p.T("question.next.resolved." + who)
	case winddown.QuestionOpen:
	}
	return ""
}

// stepNotice is the result of what was just done on a step's page, from the parts of the
// notice cookie. What does not make sense is no notice.
func (w caseWords) stepNotice(st *winddown.Step, parts []string) *ui.NoticeProps {
	if len(parts) == 0 {
		return nil
	}
	var text string
	switch parts[0] {
	case "uploaded":
		n, ok := plainNumber(parts[len(parts)-1])
		switch {
		case !ok || n > maxFiles:
			return nil
		case st.Tick != nil:
			text = w.p.N("evidence.notice.added", n)
		case n == 1:
			text = w.p.T("evidence.notice.uploaded")
		default:
			text = w.p.N("evidence.notice.uploaded_many", n)
		}
	case "file_removed":
		text = w.p.T("evidence.notice.removed")
	case "accepted", "returned", "waived", "unwaived":
		text = w.p.T("review.notice."+parts[0], "Step", stepName(w.p, st.Code))
	case "asked", "answered", "resolved":
		text = w.p.T("question.notice." + parts[0])
	default:
		if n := w.deadlineNotice(parts); n != nil {
			return n
		}
		return w.actNotice(parts)
	}
	return &ui.NoticeProps{Variant: ui.NoticeSuccess, Text: text}
}
