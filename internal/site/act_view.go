package site

import (
	"errors"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"winddown/internal/letter"
	"winddown/internal/winddown"
	"winddown/web/page"
	"winddown/web/ui"
)

// entities are the marketplace's legal entities that are known to have signed contracts
// with sellers; names of companies are the same in every language.
func entities() []page.EntityView {
	return []page.EntityView{{Code: "rvb", Name: "ООО «РВБ»"}, {Code: "wildberries", Name: "ООО «Вайлдберриз»"}}
}

// actsView is the page of the acts as they stand.
func actsView(w caseWords) page.ActsView {
	v := page.ActsView{Back: w.backToCase(), Title: w.p.T("act.title"), LettersHref: lettersHref(w.c.ID)}
	for _, act := range w.c.Acts {
		v.Acts = append(v.Acts, w.actView(act))
	}
	if w.may(winddown.CanMark) && !w.c.Finished() && len(w.c.Acts) < winddown.MaxActs {
		v.Add = &page.AddActView{Action: actsHref(w.c.ID), Version: w.c.Version, Entities: entities()}
	}
	return v
}

// actView is one act with what the reader can do about it next.
func (w caseWords) actView(act winddown.Act) page.ActView {
	phase := act.Phase()
	v := page.ActView{
		Position: act.Position, Title: w.actHeading(act), State: string(phase), Phase: w.phase(act), Notes: w.actNotes(act),
		Facts: w.actRows(act), Files: w.actFiles(act), Past: w.rounds(act.Position),
	}
	if w.c.Finished() && !act.MayAfterFinish(winddown.ActUndo) && !act.May(winddown.ActCountersign) {
		return v
	}
	hidden := ""
	if len(w.c.Acts) > 1 {
		hidden = w.actLabel(act)
	}
	link := func(label, href string) {
		v.Links = append(v.Links, ui.ButtonLinkProps{Label: label, Hidden: hidden, Href: href, Variant: ui.ButtonText})
	}
	if kind, ok := letterOf(phase); ok {
		link(letterTitle(w.p, kind), letterHref(w.c.ID, kind, w.several(act)))
	}
	if !w.may(winddown.CanMark) {
		return v
	}
	step := func(code winddown.Code) string { return w.stepHref(code) + actQuery(w.several(act)) }
	primary := func(label string, code winddown.Code) {
		if len(w.c.Blockers(code)) == 0 {
			v.Primary = &ui.ButtonLinkProps{Label: label, Hidden: hidden, Href: step(code) + "#mark"}
		}
	}
	undo := func() {
		if act.May(winddown.ActUndo) {
			link(w.p.T("act.undo.link"), actHref(w.c.ID, act.Position)+"/undo")
		}
	}
	if w.c.Finished() { // the marketplace's signature often comes last
		if act.MayAfterFinish(winddown.ActUndo) {
			undo()
		} else {
			v.Countersign = w.countersignForm(act, hidden)
		}
		return v
	}
	switch phase {
	case winddown.PhaseNotRequested:
		primary(w.p.T("act.do.request"), winddown.RequestAct)
		if len(w.c.Acts) > 1 && act.Version == 1 && len(v.Files) == 0 {
			v.Remove = &page.ActRemoveView{Action: actHref(w.c.ID, act.Position) + "/remove", Version: act.Version, Hidden: hidden}
		}
	case winddown.PhaseRequested:
		primary(w.p.T("act.do.receive"), winddown.ReceiveAct)
		if len(w.c.Blockers(winddown.ReceiveAct)) == 0 {
			link(w.p.T("act.remind.button"), step(winddown.ReceiveAct)+"#mark")
		}
		link(w.p.T("act.correct.request"), step(winddown.RequestAct))
	case winddown.PhaseReceived:
		primary(w.p.T("act.do.compare"), winddown.SignAct)
		link(w.p.T("act.correct.receive"), step(winddown.ReceiveAct))
	case winddown.PhaseAgreed:
		primary(w.p.T("act.do.sign"), winddown.SignAct)
		link(w.p.T("act.correct.receive"), step(winddown.ReceiveAct))
	case winddown.PhaseDisagreed:
		primary(w.p.T("act.do.dispute"), winddown.SignAct)
		link(w.p.T("act.correct.receive"), step(winddown.ReceiveAct))
	case winddown.PhaseDisputed:
		primary(w.p.T("act.do.again"), winddown.RequestAct)
		link(w.p.T("act.sign.objecting"), step(winddown.SignAct)+"#mark")
		link(w.p.T("act.correct.dispute"), step(winddown.SignAct))
	case winddown.PhaseSigned, winddown.PhaseSignedObjecting:
		v.Countersign = w.countersignForm(act, hidden)
		link(w.p.T("act.correct.sign"), step(winddown.SignAct))
	case winddown.PhaseCountersigned, winddown.PhaseCountersignedObjecting:
		link(w.p.T("act.correct.sign"), step(winddown.SignAct))
	}
	undo()
	return v
}

// letterOf is the letter to send where an act stands.
func letterOf(phase winddown.Phase) (letter.Kind, bool) {
	switch phase {
	case winddown.PhaseNotRequested:
		return letter.Request, true
	case winddown.PhaseRequested:
		return letter.Reminder, true
	case winddown.PhaseDisagreed, winddown.PhaseDisputed:
		return letter.Objections, true
	case winddown.PhaseReceived, winddown.PhaseAgreed, winddown.PhaseSigned, winddown.PhaseCountersigned, winddown.PhaseSignedObjecting,
		winddown.PhaseCountersignedObjecting:
	}
	return "", false
}

func (w caseWords) countersignForm(act winddown.Act, hidden string) *page.ActDateView {
	hint := ""
	if w.c.Finished() {
		hint = w.p.T("act.countersign.finished")
	}
	return &page.ActDateView{Hint: hint,
		Action: actHref(w.c.ID, act.Position) + "/countersign", Version: act.Version,
		ID: "countersigned_on-" + strconv.Itoa(act.Position), Name: "countersigned_on", Label: w.p.T("act.countersign.on"),
		Value: w.readersToday().String(), Today: w.readersToday().String(),
		Button: ui.ButtonProps{Label: w.p.T("act.countersign.button"), Hidden: hidden},
	}
}

// actsTyped puts what was sent back into the forms of the page of the acts.
func actsTyped(v *page.ActsView, in actForm, m mistakes) {
	for i := range v.Acts {
		form := v.Acts[i].Countersign
		if v.Acts[i].Position != in.position || form == nil {
			continue
		}
		if in.raw.Has("countersigned_on") {
			form.Value = in.raw.Get("countersigned_on")
		}
		form.Error = m.of("countersigned_on")
		for j := range m.items {
			if m.items[j].Field == form.Name {
				m.items[j].Field = form.ID
			}
		}
	}
	if in.position == 0 && v.Add != nil {
		v.Add.Entity, v.Add.Counterparty, v.Add.Open = in.raw.Get("entity"), in.raw.Get("counterparty"), true
		v.Add.FieldErrors = m.fields
	}
}

// several is the position of an act where there are several, for links; else 0.
func (w caseWords) several(act winddown.Act) int {
	if len(w.c.Acts) == 1 {
		return 0
	}
	return act.Position
}

// actHeading is the heading of an act on the page of the acts.
func (w caseWords) actHeading(act winddown.Act) string {
	if len(w.c.Acts) == 1 {
		return w.p.T("case.act.title")
	}
	return w.actLabel(act)
}

// actLabel tells the acts of a case apart, «Акт 2: ООО «РВБ»».
func (w caseWords) actLabel(act winddown.Act) string {
	if act.Counterparty == "" {
		return w.p.T("act.name", "Number", act.Position)
	}
	return w.p.T("act.name_of", "Number", act.Position, "Counterparty", act.Counterparty)
}

// phase says where an act stands and since when.
func (w caseWords) phase(act winddown.Act) string {
	return w.p.T("act.phase."+string(act.Phase()), "Date", w.day(act.PhaseOn()))
}

// actNotes say what is awaited of an act, or what comes next.
func (w caseWords) actNotes(act winddown.Act) []string {
	if w.c.Finished() {
		return nil
	}
	phase := act.Phase()
	switch phase {
	case winddown.PhaseNotRequested:
		if open := w.c.Blockers(winddown.RequestAct); len(open) > 0 {
			return []string{w.first(open)}
		}
	case winddown.PhaseRequested:
		if len(w.c.Blockers(winddown.ReceiveAct)) > 0 {
			return nil
		}
		return append([]string{w.waiting(act), w.chase(act)}, w.early(act)...)
	case winddown.PhaseReceived, winddown.PhaseAgreed, winddown.PhaseDisagreed, winddown.PhaseDisputed, winddown.PhaseSigned,
		winddown.PhaseCountersigned, winddown.PhaseSignedObjecting, winddown.PhaseCountersignedObjecting:
	}
	if steps := w.suspendedActSteps(); len(steps) > 0 {
		return []string{w.p.N("act.note.suspended", len(steps), "Steps", quoted(w.p, steps))}
	}
	return []string{w.p.T("act.note." + string(phase))}
}

// suspendedActSteps are the steps about the acts whose mark is suspended.
func (w caseWords) suspendedActSteps() []winddown.Code {
	var steps []winddown.Code
	for _, st := range w.c.Steps {
		if aboutAct(st.Code) && st.Tick != nil && st.Problem != nil {
			steps = append(steps, st.Code)
		}
	}
	return steps
}

// early warns that an act was asked for before a step it rests on was signed.
func (w caseWords) early(act winddown.Act) []string {
	code, on, early := w.c.RequestedEarly(act)
	if !early {
		return nil
	}
	return []string{w.p.T("act.early", "Date", w.day(act.RequestedOn), "Step", stepName(w.p, code), "StepDate", w.day(on))}
}

// rows are facts, without those that nobody has said.
type rows []ui.SummaryRow

func (r *rows) add(key, value string) {
	if value != "" {
		*r = append(*r, ui.SummaryRow{Key: key, Value: value})
	}
}

// actRows is everything known of one round of an act.
func (w caseWords) actRows(act winddown.Act) []ui.SummaryRow {
	r := &rows{}
	r.add(w.p.T("seller.act.counterparty"), act.Counterparty)
	r.add(w.p.T("seller.act.period"), w.period(act))
	r.add(w.p.T("seller.act.requested"), w.date(act.RequestedOn))
	w.requestRows(r, act)
	r.add(w.p.T("act.reminded_on"), w.date(act.RemindedOn))
	r.add(w.p.T("seller.act.received"), w.date(act.ReceivedOn))
	w.receiveRows(r, act)
	w.compareRows(r, act)
	r.add(w.p.T("seller.act.signed"), w.date(act.SignedOn))
	w.signRows(r, act)
	return *r
}

func (w caseWords) requestRows(r *rows, act winddown.Act) {
	if act.Channel != "" {
		r.add(w.p.T("seller.act.channel"), w.p.T("mark.channel."+string(act.Channel)))
	}
	r.add(w.p.T("seller.act.ticket"), act.Ticket)
}

func (w caseWords) receiveRows(r *rows, act winddown.Act) {
	r.add(w.p.T("act.ours"), w.actBalance(act.Ours))
	r.add(w.p.T("act.theirs"), w.actBalance(act.Theirs))
}

func (w caseWords) compareRows(r *rows, act winddown.Act) {
	if act.ComparedOn.IsZero() {
		return
	}
	r.add(w.p.T("act.compare.on"), w.date(act.ComparedOn))
	if act.Agrees {
		r.add(w.p.T("act.compare.result"), w.p.T("act.compare.agrees"))
	} else {
		r.add(w.p.T("act.compare.result"), w.p.T("act.compare.disagrees"))
		r.add(w.p.T("act.compare.difference"), w.actBalance(winddown.Balance{Known: true, Amount: act.Difference}))
		r.add(w.p.T("act.compare.objections"), act.Objections)
	}
	r.add(w.p.T("act.disputed_on"), w.date(act.DisputedOn))
}

func (w caseWords) signRows(r *rows, act winddown.Act) {
	r.add(w.p.T("act.signer"), act.Signer)
	r.add(w.p.T("act.authority"), act.Authority)
	if act.Via != "" {
		r.add(w.p.T("act.via"), w.p.T("act.via."+string(act.Via)))
	}
	r.add(w.p.T("act.countersigned_on"), w.date(act.CountersignedOn))
}

// actBalance says how much a balance is and in whose favour; nothing while nobody has said.
func (w caseWords) actBalance(b winddown.Balance) string {
	sum := w.p.Money(b.Amount.Abs().Kopecks())
	switch {
	case !b.Known:
		return ""
	case b.Amount > 0:
		return w.p.T("act.balance.by_wb", "Sum", sum)
	case b.Amount < 0:
		return w.p.T("act.balance.to_wb", "Sum", sum)
	}
	return sum
}

// actFiles are the files of a round of an act that are there now, as far as the evidence is
// loaded.
func (w caseWords) actFiles(act winddown.Act) []ui.Link {
	var files []ui.Link
	for _, code := range []winddown.Code{winddown.RequestAct, winddown.ReceiveAct, winddown.SignAct} {
		for _, e := range w.c.CurrentEvidence(code) {
			if e.Kind == winddown.EvidenceFile && e.Act == act.Position && e.Round == act.Round {
				files = append(files, ui.Link{Href: fileHref(w.c.ID, e.Number), Text: e.Name})
			}
		}
	}
	return files
}

// rounds are the earlier rounds of an act, the latest first.
func (w caseWords) rounds(position int) []page.RoundView {
	var rounds []page.RoundView
	for _, act := range w.c.Rounds(position) {
		round := page.RoundView{
			Title: w.p.T("act.round", "Number", act.Round, "Date", w.date(act.RequestedOn)), Facts: w.actRows(act), Files: w.actFiles(act),
		}
		rounds = append([]page.RoundView{round}, rounds...)
	}
	return rounds
}

// actSaved is what is noted with a step of the act its page is about.
func (w caseWords) actSaved(st *winddown.Step) []ui.SummaryRow {
	act, r := w.stepAct(st.Code), &rows{}
	if on := actOn(st.Code, act); !on.IsZero() {
		r.add(w.onLabel(st.Code), w.date(on))
		if st.Tick != nil {
			r.add(w.p.T("mark.by"), w.by(w.view.Names[st.Tick.By], st.Tick.OnBehalf))
		}
	}
	switch st.Code {
	case winddown.RequestAct:
		if act.Channel != "" {
			r.add(w.p.T("mark.channel"), w.p.T("mark.channel."+string(act.Channel)))
		}
		r.add(w.p.T("mark.ticket"), act.Ticket)
		r.add(w.p.T("mark.period_from"), w.date(act.PeriodFrom))
		r.add(w.p.T("mark.period_to"), w.date(act.PeriodTo))
		if !act.RequestedOn.IsZero() {
			r.add(w.p.T("mark.counterparty"), act.Counterparty)
		}
	case winddown.ReceiveAct:
		r.add(w.p.T("act.reminded_on"), w.date(act.RemindedOn))
		w.receiveRows(r, act)
	case winddown.SignAct:
		w.compareRows(r, act)
		w.signRows(r, act)
	case winddown.ZeroFBS, winddown.SellOut, winddown.ReturnStock, winddown.CollectReturns, winddown.StripMedia, winddown.SettleDebts:
	}
	return *r
}

// stepAct is the act that the page of a step is about: the one asked for, or else the
// first that the step can take further.
func (w caseWords) stepAct(code winddown.Code) winddown.Act {
	if act, err := w.c.Act(w.act); err == nil {
		return *act
	}
	for _, act := range w.c.Acts {
		phase := act.Phase()
		state, _ := act.State()
		switch {
		case code == winddown.RequestAct && (phase == winddown.PhaseNotRequested || phase == winddown.PhaseDisputed),
			code == winddown.ReceiveAct && phase == winddown.PhaseRequested,
			code == winddown.SignAct && state == winddown.Received:
			return act
		}
	}
	return w.c.Acts[0]
}

// aboutAct reports whether a step is about acts.
func aboutAct(code winddown.Code) bool {
	return code == winddown.RequestAct || code == winddown.ReceiveAct || code == winddown.SignAct
}

// takes reports whether an act stands where a step can be marked for it.
func takes(code winddown.Code, act winddown.Act) bool {
	switch code {
	case winddown.RequestAct:
		return true
	case winddown.ReceiveAct:
		return act.May(winddown.ActReceive)
	case winddown.SignAct:
		return act.May(winddown.ActSign)
	case winddown.ZeroFBS, winddown.SellOut, winddown.ReturnStock, winddown.CollectReturns, winddown.StripMedia, winddown.SettleDebts:
	}
	return false
}

// actOn is the day on which an act did what a step asks.
func actOn(code winddown.Code, act winddown.Act) winddown.Date {
	switch code {
	case winddown.RequestAct:
		return act.RequestedOn
	case winddown.ReceiveAct:
		return act.ReceivedOn
	case winddown.SignAct:
		return act.SignedOn
	case winddown.ZeroFBS, winddown.SellOut, winddown.ReturnStock, winddown.CollectReturns, winddown.StripMedia, winddown.SettleDebts:
	}
	return winddown.Date{}
}

// actCount says for how many of several acts a step is done, «2 из 3 актов запрошены».
func (w caseWords) actCount(code winddown.Code) string {
	if len(w.c.Acts) == 1 || !aboutAct(code) {
		return ""
	}
	n := 0
	for _, act := range w.c.Acts {
		if on := actOn(code, act); !on.IsZero() {
			n++
		}
	}
	return w.p.N("act.count."+string(code), n, "Total", len(w.c.Acts))
}

// stepActView is the part of a step's page that is about acts; nil for other steps. Without
// the right to mark, or on a closed step, it holds no form.
func (w caseWords) stepActView(code winddown.Code, open bool) *page.StepActView {
	if !aboutAct(code) {
		return nil
	}
	act := w.stepAct(code)
	v := &page.StepActView{Past: w.rounds(act.Position), ActsHref: actsHref(w.c.ID)}
	if len(w.c.Acts) > 1 {
		for _, one := range w.c.Acts {
			v.Lines = append(v.Lines, page.ActLineView{
				Name: w.actLabel(one), Phase: w.phase(one), Href: w.stepHref(code) + actQuery(one.Position) + "#mark", Current: one.Position == act.Position,
			})
		}
	}
	if !open || !w.may(winddown.CanMark) {
		return v
	}
	phase := act.Phase()
	switch code {
	case winddown.RequestAct:
		if phase == winddown.PhaseNotRequested || phase == winddown.PhaseDisputed {
			v.Letter = w.letterLink(w.p.T("act.letter.request"), letter.Request, act)
		}
		if phase == winddown.PhaseDisputed {
			v.About = w.p.T("act.again.about", "Date", w.day(act.DisputedOn))
		}
	case winddown.ReceiveAct:
		switch phase {
		case winddown.PhaseNotRequested:
			v.About = w.p.T("act.about.not_requested")
		case winddown.PhaseRequested:
			v.Letter, v.Remind = w.letterLink(w.p.T("act.letter.reminder"), letter.Reminder, act), w.remindForm(act)
		case winddown.PhaseReceived, winddown.PhaseAgreed, winddown.PhaseDisagreed, winddown.PhaseDisputed, winddown.PhaseSigned,
			winddown.PhaseCountersigned, winddown.PhaseSignedObjecting, winddown.PhaseCountersignedObjecting:
		}
	case winddown.SignAct:
		w.signPart(v, act)
	case winddown.ZeroFBS, winddown.SellOut, winddown.ReturnStock, winddown.CollectReturns, winddown.StripMedia, winddown.SettleDebts:
	}
	return v
}

// signPart is what comes before the signature: the comparison and, for an act that
// disagrees, the objections and the way to a new round.
func (w caseWords) signPart(v *page.StepActView, act winddown.Act) {
	phase := act.Phase()
	if act.May(winddown.ActAgree) {
		v.Compare = w.compareForm(act)
	}
	if act.May(winddown.ActDispute) {
		v.Dispute, v.Disputed = w.disputeForm(act), phase == winddown.PhaseDisputed
		v.Objected = w.letterLink(w.p.T("act.letter.objections"), letter.Objections, act)
	}
	switch phase {
	case winddown.PhaseNotRequested, winddown.PhaseRequested:
		v.About = w.p.T("act.about." + string(phase))
	case winddown.PhaseDisagreed:
		v.About = w.p.T("act.dispute.about")
	case winddown.PhaseDisputed:
		v.About = w.p.T("act.disputed.about")
		if len(w.c.Blockers(winddown.RequestAct)) == 0 {
			v.Again = &ui.ButtonLinkProps{Label: w.p.T("act.do.again"), Href: w.stepHref(winddown.RequestAct) + actQuery(w.several(act)) + "#mark"}
		}
	case winddown.PhaseSigned, winddown.PhaseSignedObjecting:
		v.About = w.p.T("act.note." + string(phase))
	case winddown.PhaseReceived, winddown.PhaseAgreed, winddown.PhaseCountersigned, winddown.PhaseCountersignedObjecting:
	}
}

func (w caseWords) letterLink(label string, kind letter.Kind, act winddown.Act) *ui.ButtonLinkProps {
	return &ui.ButtonLinkProps{Label: label, Href: letterHref(w.c.ID, kind, w.several(act)), Variant: ui.ButtonGhost}
}

func (w caseWords) compareForm(act winddown.Act) *page.CompareView {
	v := &page.CompareView{
		Action: actHref(w.c.ID, act.Position) + "/compare", Version: act.Version, On: w.readersToday().String(), Today: w.readersToday().String(),
	}
	if !act.ComparedOn.IsZero() {
		v.On, v.Agrees, v.Folded = act.ComparedOn.String(), "yes", true
		if !act.Agrees {
			v.Agrees, v.Difference, v.Objections = "no", amountText(w.p, act.Difference), act.Objections
		}
	} else if difference, known := act.Gap(); known && difference != 0 {
		v.Difference = amountText(w.p, difference)
	}
	return v
}

func (w caseWords) remindForm(act winddown.Act) *page.ActDateView {
	today, hint := w.readersToday().String(), w.p.T("act.remind.hint")
	if !act.RemindedOn.IsZero() {
		hint = w.p.T("act.remind.again")
	}
	return &page.ActDateView{
		Action: actHref(w.c.ID, act.Position) + "/remind", Version: act.Version, ID: "reminded_on", Name: "reminded_on",
		Label: w.p.T("act.remind.on"), Hint: hint, Value: today, Today: today,
		Button: ui.ButtonProps{Label: w.p.T("act.remind.button"), Variant: ui.ButtonGhost},
	}
}

func (w caseWords) disputeForm(act winddown.Act) *page.ActDateView {
	v := &page.ActDateView{
		Action: actHref(w.c.ID, act.Position) + "/dispute", Version: act.Version, ID: "disputed_on", Name: "disputed_on",
		Label: w.p.T("act.dispute.on"), Value: w.readersToday().String(), Today: w.readersToday().String(),
		Button: ui.ButtonProps{Label: w.p.T("act.dispute.button")},
	}
	if !act.DisputedOn.IsZero() {
		v.Value, v.Button = act.DisputedOn.String(), ui.ButtonProps{Label: w.p.T("common.button.save"), Variant: ui.ButtonGhost}
	}
	return v
}

// checkTyped puts what was sent back into the forms about the comparison and the
// objections, with the versions as for typed.
func checkTyped(v *page.StepActView, raw url.Values, conflict bool, m mistakes) {
	version, _ := strconv.Atoi(raw.Get("version"))
	keep := func(into *int) {
		if !conflict && version > 0 {
			*into = version
		}
	}
	if v.Compare != nil && raw.Has("compared_on") {
		v.Compare.On, v.Compare.Agrees = raw.Get("compared_on"), raw.Get("agrees")
		v.Compare.Difference, v.Compare.Objections = raw.Get("difference"), raw.Get("objections")
		v.Compare.FieldErrors, v.Compare.Open = m.fields, true
		keep(&v.Compare.Version)
	}
	if v.Remind != nil && raw.Has("reminded_on") {
		v.Remind.Value, v.Remind.Error = raw.Get("reminded_on"), m.of("reminded_on")
		keep(&v.Remind.Version)
	}
	if v.Dispute != nil && raw.Has("disputed_on") {
		v.Dispute.Value, v.Dispute.Error = raw.Get("disputed_on"), m.of("disputed_on")
		keep(&v.Dispute.Version)
	}
}

// markActForm puts what is saved of the act into the question of a step about it.
func (w caseWords) markActForm(v *page.MarkFormView, st *winddown.Step) {
	act := w.stepAct(st.Code)
	v.Position = w.several(act)
	on := actOn(st.Code, act)
	v.Ask, v.On = on.IsZero() || st.Problem != nil, w.readersToday().String()
	if !on.IsZero() && (st.Problem == nil || keepsDay(st.Problem)) {
		v.On = on.String()
	}
	switch st.Code {
	case winddown.RequestAct:
		v.Act, v.Channel, v.Ticket, v.Counterparty = true, string(act.Channel), act.Ticket, act.Counterparty
		v.PeriodFrom, v.PeriodTo = act.PeriodFrom.String(), act.PeriodTo.String()
		if act.Phase() == winddown.PhaseDisputed {
			v.Again, v.Ask, v.Ticket, v.On = true, false, "", w.readersToday().String()
		}
	case winddown.ReceiveAct:
		v.Receive, v.PendingHint = true, w.p.T("mark.no.receive_act")
		v.Ours, v.OursSide = w.typedBalance(act.Ours)
		v.Theirs, v.TheirsSide = w.typedBalance(act.Theirs)
	case winddown.SignAct:
		v.Sign, v.Signer, v.Authority, v.Via = true, act.Signer, act.Authority, string(act.Via)
		if act.Phase() == winddown.PhaseDisputed { // folded: the other way is a new request
			v.Ask = false
		}
	case winddown.ZeroFBS, winddown.SellOut, winddown.ReturnStock, winddown.CollectReturns, winddown.StripMedia, winddown.SettleDebts:
	}
}

// typedBalance is a balance as the form of receive_act holds it.
func (w caseWords) typedBalance(b winddown.Balance) (amount, side string) {
	switch {
	case !b.Known:
		return "", ""
	case b.Amount > 0:
		return amountText(w.p, b.Amount), "by_wb"
	case b.Amount < 0:
		return amountText(w.p, b.Amount.Abs()), "to_wb"
	}
	return "", "zero"
}

// balance reads an amount and in whose favour it is; neither is no balance.
func (f *formReader) balance(name string) winddown.Balance {
	text, side := strings.TrimSpace(f.form.Get(name)), f.form.Get(name+"_side")
	var amount winddown.Money
	if text != "" {
		var err error
		if amount, err = winddown.ParseMoney(text); err != nil {
			var known *winddown.Error
			if errors.As(err, &known) {
				for _, mistake := range known.Fields {
					mistake.Field = name
					f.fields = append(f.fields, mistake)
				}
			}
			return winddown.Balance{}
		}
	}
	switch {
	case text == "" && side == "":
		return winddown.Balance{}
	case amount < 0:
		f.add(name, "act.error.balance_sign")
	case side == "zero" && amount != 0:
		f.add(name+"_side", "act.error.balance_zero")
	case side == "zero", text != "" && amount == 0:
		return winddown.Balance{Known: true}
	case side != "by_wb" && side != "to_wb":
		f.add(name+"_side", "act.error.side_missing."+name)
	case text == "":
		f.add(name, "act.error.balance_missing")
	case side == "to_wb":
		return winddown.Balance{Known: true, Amount: -amount}
	default:
		return winddown.Balance{Known: true, Amount: amount}
	}
	return winddown.Balance{}
}

// cannotUndo tells why nothing noted about an act can be taken back; nil when something can.
func (w caseWords) cannotUndo(act winddown.Act) error {
	conflict := func(key string) error { return &winddown.Error{Kind: winddown.Conflict, Key: key} }
	switch {
	case w.c.Finished() && !act.MayAfterFinish(winddown.ActUndo):
		return conflict("case.error.finished")
	case act.Phase() == winddown.PhaseRequested && act.Round > 1:
		return conflict("act.error.round_stays")
	case !act.May(winddown.ActUndo):
		return conflict("act.error.nothing_to_undo")
	}
	return nil
}

// undoActView asks why the last thing noted about an act is taken back.
func undoActView(w caseWords, act winddown.Act) page.ReasonView {
	v := page.ReasonView{
		Back:   ui.BackLinkProps{Href: actsHref(w.c.ID), Text: w.p.T("act.title")},
		Title:  w.p.T("act.undo.title", "Phase", w.phase(act)),
		Action: actHref(w.c.ID, act.Position) + "/undo", Version: act.Version, Effects: w.undoActEffects(act),
		Label: w.p.T("act.undo.reason"), Hint: w.p.T("undo.reason.hint"),
		Button: ui.ButtonProps{Label: w.p.T("act.undo.button"), Variant: ui.ButtonDanger},
		Keep:   ui.ButtonLinkProps{Label: w.p.T("undo.keep"), Href: actsHref(w.c.ID), Variant: ui.ButtonGhost},
	}
	return v
}

// undoActEffects says where the act would stand and what becomes of the steps.
func (w caseWords) undoActEffects(act winddown.Act) []string {
	var effects []string
	if len(w.c.Acts) > 1 {
		effects = append(effects, w.actLabel(act))
	}
	after := *w.c
	after.Steps = slices.Clone(w.c.Steps)
	after.Acts = slices.Clone(w.c.Acts)
	_, err := after.UndoAct(winddown.UndoAct{Act: act.Position, Version: act.Version, Reason: "-"}, winddown.Stamp{Today: w.today})
	if err != nil {
		return effects
	}
	if then, err := after.Act(act.Position); err == nil {
		effects = append(effects, w.p.T("act.undo.then", "Phase", w.phase(*then)))
	}
	var opened, closed, suspended []winddown.Code
	for i, st := range w.c.Steps {
		switch {
		case st.Tick != nil && after.Steps[i].Tick == nil:
			opened = append(opened, st.Code)
		case st.Problem == nil && after.Steps[i].Problem != nil:
			suspended = append(suspended, st.Code)
		case st.Tick == nil && len(w.c.Blockers(st.Code)) == 0 && len(after.Blockers(st.Code)) > 0:
			closed = append(closed, st.Code)
		}
	}
	if len(opened) > 0 {
		effects = append(effects, w.p.N("act.undo.opens", len(opened), "Steps", quoted(w.p, opened)))
	}
	return append(effects, append(w.effectsOf(closed, suspended), w.p.T("act.undo.stays"))...)
}
