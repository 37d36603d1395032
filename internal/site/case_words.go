package site

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"winddown/internal/app"
	"winddown/internal/i18n"
	"winddown/internal/winddown"
	"winddown/web/ui"
)

// caseWords puts a case into words for one reader.
type caseWords struct {
	p      *i18n.Printer
	view   app.CaseView
	c      *winddown.Case
	base   string // the address of its checklist
	cal    winddown.Calendar
	now    time.Time
	today  winddown.Date // in the case's zone, which deadlines and statuses follow
	zone   string        // the reader's
	reader winddown.ID
	act    int // position of the act that a step's page was asked for, or 0
	there  func(winddown.Evidence) bool

	mail      bool // letters are sent here
	confirmed bool // and may be sent to the reader
}

func (s *Site) caseWords(r *http.Request, v app.CaseView) caseWords {
	now, actor := s.app.Now(), actorOf(r.Context())
	return caseWords{
		p: i18n.From(r.Context()), view: v, c: v.Case, base: caseHref(v.Case.ID), cal: s.app.Calendar(), now: now,
		today: winddown.Today(now, v.Case.Zone), zone: actor.Zone, reader: actor.UserID,
		there: s.app.FileThere, mail: s.app.Mail(), confirmed: actor.Confirmed,
	}
}

func caseHref(id winddown.ID) string { return "/cases/" + id.String() }

func (w caseWords) href() string { return w.base }

func (w caseWords) stepHref(code winddown.Code) string {
	return w.href() + "/steps/" + string(code)
}

// may reports whether the reader may do something with the case.
func (w caseWords) may(a winddown.Action) bool {
	return winddown.May(a, w.view.Standing, w.c.HasOwner, w.c.Acting)
}

// readersToday is the date the reader types as today's.
func (w caseWords) readersToday() winddown.Date { return winddown.Today(w.now, w.zone) }

// day writes a date, with its year only when that is not the running one.
func (w caseWords) day(d winddown.Date) string { return dayOf(w.p, d, w.today) }

func dayOf(p *i18n.Printer, d, today winddown.Date) string {
	if d.IsZero() || d.Year == today.Year {
		return dayMonth(p, d)
	}
	return p.Date(d.Time())
}

func dayMonth(p *i18n.Printer, d winddown.Date) string {
	if d.IsZero() {
		return ""
	}
	return p.DayMonth(d.Time())
}

func (w caseWords) date(d winddown.Date) string {
	if d.IsZero() {
		return ""
	}
	return w.p.Date(d.Time())
}

func stepName(p *i18n.Printer, code winddown.Code) string {
	return p.T("step." + string(code) + ".name")
}

// quoted writes names of steps as a list, «А», «Б» и «В».
func quoted(p *i18n.Printer, codes []winddown.Code) string {
	var names []string
	for _, code := range codes {
		names = append(names, p.T("case.list.quoted", "Name", stepName(p, code)))
	}
	return listOf(p, names)
}

func listOf(p *i18n.Printer, items []string) string {
	if len(items) == 0 {
		return ""
	}
	list, last := items[0], len(items)-1
	for i, item := range items[1:] {
		if i+1 == last {
			return p.T("case.list.and", "First", list, "Last", item)
		}
		list += ", " + item
	}
	return list
}

// first writes what has to be done before a step, «Сначала: …».
func (w caseWords) first(codes []winddown.Code) string {
	steps := ""
	for i, code := range codes {
		if i > 0 {
			steps += ", "
		}
		steps += w.p.T("step." + string(code) + ".blocker")
	}
	return w.p.T("case.hint.first", "Steps", steps)
}

// by names who did something, «Иванова за ИП Петрова» when it was for the seller.
func (w caseWords) by(name string, onBehalf bool) string {
	if name != "" && onBehalf {
		return w.p.T("case.by_for", "Name", name, "Seller", w.c.Seller.Name)
	}
	return name
}

// signature is the date of a tick and who made it, «12 ноября, Петрова».
func (w caseWords) signature(t *winddown.Tick) string {
	name := w.by(w.view.Names[t.By], t.OnBehalf)
	if name == "" {
		return w.day(t.On)
	}
	return w.day(t.On) + ", " + name
}

func (w caseWords) status(code winddown.Code) winddown.Status { return w.c.Status(code, w.today) }

func (w caseWords) statusWord(s winddown.Status) string { return w.p.T("status." + string(s)) }

// awaited returns the act that has been asked for and has not come, for the longest time
// where there are several.
func (w caseWords) awaited() (winddown.Act, bool) {
	var first winddown.Act
	for _, act := range w.c.Acts {
		if act.Phase() == winddown.PhaseRequested && (first.Position == 0 || act.RequestedOn.Before(first.RequestedOn)) {
			first = act
		}
	}
	return first, first.Position != 0 && len(w.c.Blockers(winddown.ReceiveAct)) == 0 && !w.c.Finished()
}

// waiting says since when and how many days the act has been awaited.
func (w caseWords) waiting(act winddown.Act) string {
	return waitingFor(w.p, act.RequestedOn, w.today)
}

func waitingFor(p *i18n.Printer, since, today winddown.Date) string {
	days := since.DaysUntil(today)
	if days <= 0 {
		return p.T("case.waiting.today", "Date", dayOf(p, since, today))
	}
	return p.N("case.waiting", days, "Date", dayOf(p, since, today))
}

// chaseDue reports whether it is time to remind the marketplace of an act.
func (w caseWords) chaseDue(act winddown.Act) bool {
	return slices.ContainsFunc(w.c.Dues(w.cal), func(d winddown.Due) bool {
		return d.Kind == winddown.DueChase && d.Act == act.Position && !d.On.After(w.today)
	})
}

// chase says when to remind the marketplace of the act, or that it is time to.
func (w caseWords) chase(act winddown.Act) string {
	if !w.today.Before(w.c.OverdueOn(w.cal, act)) {
		days := w.c.Term(winddown.DueChase).Days
		return w.p.N("case.chase.overdue", days[len(days)-1])
	}
	due := false
	for _, d := range w.c.ChaseDates(w.cal, act) {
		switch {
		case d.After(w.today) && !due:
			return w.p.T("case.chase.next", "Date", w.day(d))
		case !d.After(w.today) && d.After(act.CheckedOn):
			due = true
		}
	}
	return w.p.T("case.chase.due")
}

// hint is the line under a step's name: what is known about it, or else what to do.
func (w caseWords) hint(code winddown.Code) string {
	st, err := w.c.Step(code)
	if err != nil {
		return ""
	}
	switch w.status(code) {
	case winddown.StatusBlocked:
		return w.first(w.c.Blockers(code))
	case winddown.NotNeeded:
		return w.whyNotNeeded(code)
	case winddown.HasProblem:
		return clip(w.problem(code))
	case winddown.Done:
		if act := w.stepAct(code); code == winddown.RequestAct && act.Phase() == winddown.PhaseDisputed {
			return w.disputedHint(act)
		}
		if ticket := w.lastRequested().Ticket; code == winddown.RequestAct && ticket != "" {
			return w.p.T("case.hint.ticket", "Ticket", ticket)
		}
		return clip(st.Note)
	case winddown.NotStarted, winddown.InProgress:
		if hint := w.actHint(code); hint != "" {
			return hint
		}
		if by := w.c.PickUpBy(); code == winddown.CollectReturns && !by.IsZero() {
			return w.p.T("case.hint.pick_up_by", "Date", w.day(by))
		}
		if st.Note != "" {
			return clip(st.Note)
		}
	}
	if code == winddown.SellOut && w.c.Answers.Leftover == winddown.Return {
		return w.p.T("step.sell_out.hint_return")
	}
	return w.p.T("step." + string(code) + ".hint")
}

// actHint is the hint of an open step about the acts; nothing where there is nothing to say
// beyond the step itself.
func (w caseWords) actHint(code winddown.Code) string {
	hint, act := "", w.stepAct(code)
	awaited, waiting := w.awaited()
	switch phase := act.Phase(); {
	case code == winddown.ReceiveAct && waiting:
		hint = w.waiting(awaited)
	case code != winddown.SignAct:
	case phase == winddown.PhaseReceived:
		hint = w.p.T("act.hint.received")
	case phase == winddown.PhaseDisagreed:
		hint = w.p.T("act.hint.disagreed", "Sum", w.p.Money(act.Difference.Abs().Kopecks()))
	case phase == winddown.PhaseDisputed:
		hint = w.disputedHint(act)
	}
	count := w.actCount(code)
	if count != "" && hint != "" {
		return w.p.T("act.hint.of_several", "Count", count, "Hint", hint)
	}
	return hint + count
}

func (w caseWords) disputedHint(act winddown.Act) string {
	return w.p.T("act.hint.disputed", "Date", w.day(act.DisputedOn))
}

// lastRequested is the act that was requested last, the later one of the same day, the first
// one where none was.
func (w caseWords) lastRequested() winddown.Act {
	last := w.c.Acts[0]
	for _, act := range w.c.Acts {
		if !act.RequestedOn.IsZero() && !act.RequestedOn.Before(last.RequestedOn) {
			last = act
		}
	}
	return last
}

// unsettled is what a suspended settlement is called: a ledger that is balanced again only
// wants the step to be confirmed.
func unsettled(balance winddown.Money) string {
	if balance == 0 {
		return "unsettled_even"
	}
	return "unsettled"
}

// maxHint is the length of a hint, in characters.
const maxHint = 140

func clip(s string) string { return clipTo(s, maxHint) }

func clipTo(s string, most int) string {
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	return string([]rune(s)[:most-1]) + "…"
}

// imperative says what to do about a step, in the words of «Дальше: …».
func (w caseWords) imperative(code winddown.Code) string {
	if pr := w.c.ProblemOf(code, w.today); pr != nil && pr.Kind == winddown.Reopened {
		return w.p.T("case.next.confirm", "Step", stepName(w.p, code))
	}
	if code == winddown.SellOut && w.c.Answers.Leftover == winddown.Return {
		return w.p.T("step.sell_out.imperative_return")
	}
	if code == winddown.SignAct {
		switch phase := w.stepAct(code).Phase(); phase {
		case winddown.PhaseReceived, winddown.PhaseDisagreed, winddown.PhaseDisputed:
			return w.p.T("act.imperative." + string(phase))
		case winddown.PhaseNotRequested, winddown.PhaseRequested, winddown.PhaseAgreed, winddown.PhaseSigned, winddown.PhaseCountersigned,
			winddown.PhaseSignedObjecting, winddown.PhaseCountersignedObjecting:
		}
	}
	return w.p.T("step." + string(code) + ".imperative")
}

// problem says what is wrong with a step.
func (w caseWords) problem(code winddown.Code) string {
	pr := w.c.ProblemOf(code, w.today)
	if pr == nil {
		return ""
	}
	switch pr.Kind {
	case winddown.Returned:
		return w.p.T("case.problem.returned", "Date", w.day(pr.On), "Reason", pr.Reason)
	case winddown.Unsettled:
		if len(w.c.UnbookedActs()) > 0 {
			return w.p.T("case.problem.unsettled", "Date", w.day(pr.On))
		}
		return w.p.T("case.problem."+unsettled(w.c.Balance), "Date", w.day(pr.On))
	case winddown.Regressed:
		if pr.Reason == "" { // returns that wait again, with no word about them
			return w.p.T("case.problem.returns", "Date", w.day(pr.On))
		}
		return w.p.T("case.problem.regressed", "Date", w.day(pr.On), "Reason", pr.Reason)
	case winddown.Burning:
		by := w.c.PickUpBy()
		if days := w.today.DaysUntil(by); days > 0 {
			return w.p.N("case.problem.burning", days, "Date", w.day(by))
		}
		if by == w.today {
			return w.p.T("case.problem.burning_today", "Date", w.day(by))
		}
		return w.p.T("case.problem.burnt", "Date", w.day(by))
	case winddown.Reopened:
		if open := w.c.Blockers(code); len(open) > 0 {
			return w.first(open)
		}
	}
	return w.p.T("case.problem.confirm")
}

// whyNotNeeded gives the answer that makes a step unnecessary.
func (w caseWords) whyNotNeeded(code winddown.Code) string {
	who := w.addressed()
	switch {
	case code == winddown.ZeroFBS:
		return w.p.T("case.not_needed.fbs." + who)
	case w.c.Answers.WBStock:
		return w.p.T("case.not_needed.sell." + who)
	}
	return w.p.T("case.not_needed.wb_stock." + who)
}

// regressedOn is the day goods appeared again after the finish.
func (w caseWords) regressedOn() winddown.Date {
	for _, st := range w.c.Steps {
		if st.Problem != nil && st.Problem.Kind == winddown.Regressed && w.c.Needed(st.Code) {
			return st.Problem.On
		}
	}
	return winddown.Date{}
}

// overall is the line that says whether the wind-down is over: its first sentence, and
// what follows it.
func (w caseWords) overall() (verdict, rest string) {
	if w.c.Finished() {
		if on := w.regressedOn(); !on.IsZero() {
			return w.p.T("case.overall.regressed", "Finished", w.day(w.c.FinishedOn), "Date", w.day(on)), ""
		}
		return w.p.T("case.overall.finished", "Date", w.date(w.c.FinishedOn)), ""
	}
	done, total := w.c.Count()
	return w.p.T("case.overall.unfinished"), w.p.N("case.overall.count", done, "Total", total)
}

// maxReminders is how many days the term of a case's reminders names at most.
const maxReminders = 5

// reminders lists the days on which to remind the marketplace of an act, from today on without
// those that are spent, at most n.
func (w caseWords) reminders(act winddown.Act, n int) string {
	var ahead []winddown.Date
	for _, d := range w.c.ChaseDates(w.cal, act) {
		if !d.Before(w.today) && d.After(act.CheckedOn) && len(ahead) < n {
			ahead = append(ahead, d)
		}
	}
	var days []string
	for i, d := range ahead {
		// «17 и 23 ноября»: the month is said once where it is the same.
		if i+1 < len(ahead) && d.Month == ahead[i+1].Month {
			days = append(days, w.p.T("case.day", "Day", d.Day))
			continue
		}
		days = append(days, w.day(d))
	}
	return listOf(w.p, days)
}

// shifting returns the year that may still move the days of the reminders, because its
// transfers of days off are not known, and whether at least its holidays are; nothing if
// the days stand.
func (w caseWords) shifting(act winddown.Act) (year string, known bool) {
	for _, d := range w.c.ChaseDates(w.cal, act) {
		if !w.cal.Complete(d.Year) {
			_, known = w.cal.Year(d.Year)
			return strconv.Itoa(d.Year), known
		}
	}
	return "", false
}

// notice is the result of what was just done, from the parts of the notice cookie, and
// the step whose row it changed. What does not make sense is no notice.
func (w caseWords) notice(parts []string) (*ui.NoticeProps, winddown.Code) {
	success := func(text string) *ui.NoticeProps {
		return &ui.NoticeProps{Variant: ui.NoticeSuccess, Text: text}
	}
	if len(parts) == 0 {
		return nil, ""
	}
	var codes []winddown.Code
	for _, part := range parts[1:] {
		if _, ok := w.c.Definition(winddown.Code(part)); !ok {
			return nil, ""
		}
		codes = append(codes, winddown.Code(part))
	}
	if len(codes) == 0 {
		switch parts[0] {
		case "case_opened", "joined", "answers", "details", "rest", "reopened", "case_upgraded", "kept", "objected":
			return success(w.p.T("case.notice." + parts[0])), ""
		}
		return nil, ""
	}
	name := stepName(w.p, codes[0])
	switch parts[0] {
	case "done":
		notice := success(w.marked(codes[0], codes[1:]))
		if codes[0] == winddown.RequestAct && w.promised() != "" && strings.HasSuffix(w.reminding(), "_muted") {
			notice.Link = ui.Link{Href: "/account/mail", Text: w.p.T("case.notice.letters")}
		}
		return notice, codes[0]
	case "pending", "undone", "regressed":
		return success(w.p.T("case.notice."+parts[0], "Step", name)), codes[0]
	}
	return nil, ""
}

// promised names the next reminders of the act that was requested last, empty when none are to come.
func (w caseWords) promised() string {
	act := w.lastRequested()
	if act.RequestedOn.IsZero() || !act.ReceivedOn.IsZero() {
		return ""
	}
	return w.reminders(act, 2)
}

// reminding is the key of what is said of the reminders of a requested act: a letter is promised only
// where one will come, and its day only to whoever gets letters every day.
func (w caseWords) reminding() string {
	muted := !w.view.Letters.Tells(winddown.TellChase)
	switch {
	case !w.mail || !w.c.Notifies(w.view.Standing):
		return "requested_unsent"
	case !w.confirmed && muted:
		return "requested_unconfirmed_muted"
	case !w.confirmed:
		return "requested_unconfirmed"
	case muted:
		return "requested_muted"
	case w.view.Letters.Frequency == winddown.Weekly:
		return "requested_weekly"
	}
	return "requested"
}

// marked says that a step was signed and what that opened.
func (w caseWords) marked(code winddown.Code, opened []winddown.Code) string {
	name := stepName(w.p, code)
	act := w.lastRequested()
	switch {
	case code == winddown.RequestAct && !act.RequestedOn.IsZero():
		if days := w.promised(); days != "" {
			return w.p.T("case.notice."+w.reminding(), "Date", w.day(act.RequestedOn), "Days", days,
				"Weekday", w.p.T("case.notice.weekday."+strconv.Itoa(w.view.Letters.Weekday)))
		}
		return w.p.T("case.notice.requested_only", "Date", w.day(act.RequestedOn))
	case !w.c.Satisfied(code) && w.actCount(code) != "":
		return w.actCount(code) + "."
	case len(opened) > 0:
		return w.p.N("case.notice.done_opened", len(opened), "Step", name, "Opened", quoted(w.p, opened))
	}
	return w.p.T("case.notice.done", "Step", name)
}
