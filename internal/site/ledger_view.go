package site

import (
	"slices"
	"strconv"
	"strings"

	"winddown/internal/i18n"
	"winddown/internal/winddown"
	"winddown/web/page"
	"winddown/web/ui"
)

func debtsHref(id winddown.ID) string { return caseHref(id) + "/debts" }

func debtHref(id, debt winddown.ID) string { return debtsHref(id) + "/" + debt.String() }

// ownSide reports whether the reader belongs to the seller: to him the pages say «вы».
func (w caseWords) ownSide() bool { return w.view.Standing.Owner || w.view.Standing.Helper }

// addressed is how the reader's sentences end in the catalog: you on the seller's own side,
// seller elsewhere.
func (w caseWords) addressed() string {
	if w.ownSide() {
		return "you"
	}
	return "seller"
}

// balanceOf says where a ledger stands, and its state: even, to_wb or by_wb.
func (w caseWords) balanceOf(balance winddown.Money, lines int) (text, state string) {
	who := w.addressed()
	switch {
	case lines == 0:
		return w.p.T("ledger.balance.none"), "even"
	case balance < 0:
		return w.p.T("ledger.balance.to_wb."+who, "Sum", balance.Abs()), string(winddown.ToWB)
	case balance > 0:
		return w.p.T("ledger.balance.by_wb."+who, "Sum", balance), string(winddown.ByWB)
	}
	return w.p.T("ledger.balance.even"), "even"
}

// ledgerBalance is balanceOf as the case stands.
func (w caseWords) ledgerBalance() (text, state string) { return w.balanceOf(w.c.Balance, w.c.Lines) }

// writable reports whether the reader may write in the case's ledger and deadlines.
func (w caseWords) writable() bool { return w.may(winddown.CanMark) && !w.c.Finished() }

// closedBooks says why nothing can be written; nothing where it can.
func (w caseWords) closedBooks() string {
	switch {
	case w.c.Finished():
		return w.p.T("case.error.finished")
	case !w.may(winddown.CanMark):
		return w.p.T("ledger.read_only")
	}
	return ""
}

// risk warns of a debt to the marketplace, by the ledger or by an act that is not in it; nil
// without one.
func (w caseWords) risk() *page.AlertView {
	if w.c.Finished() {
		return nil
	}
	if a := w.unbooked(); a != nil {
		if slices.ContainsFunc(w.c.UnbookedActs(), func(act winddown.Act) bool { return act.AgreedBalance().Amount < 0 }) {
			a.Props.Variant = ui.NoticeError
		}
		return a
	}
	if w.c.Balance >= 0 {
		return nil
	}
	text, _ := w.ledgerBalance()
	return &page.AlertView{
		Props: ui.NoticeProps{Variant: ui.NoticeError, Title: text, Text: w.p.T("ledger.risk")},
		Links: []ui.Link{{Href: debtsHref(w.c.ID), Text: w.p.T("ledger.title")}},
	}
}

// unbooked says that an act names a balance while the ledger is empty, and leads to writing
// it down; nil where that is not so.
func (w caseWords) unbooked() *page.AlertView {
	acts := w.c.UnbookedActs()
	if len(acts) == 0 || w.c.Finished() {
		return nil
	}
	a := &page.AlertView{Props: ui.NoticeProps{
		Variant: ui.NoticeWarning, Title: w.p.T("ledger.unbooked", "Balance", w.actBalance(acts[0].AgreedBalance())), Text: w.p.T("ledger.unbooked.text"),
	}}
	for _, act := range acts {
		link := ui.Link{Href: debtsHref(w.c.ID) + "?act=" + strconv.Itoa(act.Position) + "#add", Text: w.p.T("ledger.unbooked.link")}
		if len(w.c.Acts) > 1 {
			link.Text = w.p.T("ledger.unbooked.link_of", "Act", w.actLabel(act), "Balance", w.actBalance(act.AgreedBalance()))
		}
		if w.writable() {
			a.Links = append(a.Links, link)
		}
	}
	return a
}

// gap warns that the acts and the ledger, which must be loaded, say different things; nil
// where they do not.
func (w caseWords) gap() *page.AlertView {
	acts, ledger, differ := w.c.LedgerGap()
	if !differ || w.c.Finished() {
		return nil
	}
	balance := func(m winddown.Money) string { return w.actBalance(winddown.Balance{Known: true, Amount: m}) }
	return &page.AlertView{Props: ui.NoticeProps{
		Variant: ui.NoticeWarning, Text: w.p.T("ledger.gap", "Date", w.date(w.c.Acts[0].ClosedOn()), "Acts", balance(acts), "Ledger", balance(ledger)),
	}}
}

// ledgerAlerts are what the acts say against the ledger.
func (w caseWords) ledgerAlerts() []page.AlertView {
	var alerts []page.AlertView
	for _, a := range []*page.AlertView{w.unbooked(), w.gap()} {
		if a != nil {
			alerts = append(alerts, *a)
		}
	}
	return alerts
}

// actDebt puts the balance of an act that is not in the ledger into the form of a line.
func (w caseWords) actDebt(v *page.DebtFormView, position int) {
	for _, act := range w.c.UnbookedActs() {
		if act.Position != position {
			continue
		}
		balance := act.AgreedBalance().Amount
		v.Side = string(winddown.ByWB)
		if balance < 0 {
			v.Side = string(winddown.ToWB)
		}
		v.Amount, v.On = amountText(w.p, balance.Abs()), act.ClosedOn().String()
		v.What, v.Document = w.p.T("ledger.from_act"), clipTo(strings.TrimSpace(w.p.T("case.act.title")+" "+act.Counterparty), winddown.MaxDebtDocument)
	}
}

// books are the debts and deadlines of the case for a side column.
func (w caseWords) books() page.BooksView {
	balance, _ := w.ledgerBalance()
	v := page.BooksView{
		Facts: []page.Fact{{Term: w.p.T("ledger.running"), Value: balance}},
		Links: []ui.NavItem{
			{Label: w.p.T("ledger.title"), Href: debtsHref(w.c.ID)},
			{Label: w.p.T("deadline.title"), Href: deadlinesHref(w.c.ID)},
		},
	}
	if dues := w.c.Dues(w.cal); len(dues) > 0 {
		v.Facts = append(v.Facts, page.Fact{Term: w.p.T("deadline.next"), Value: w.dueShort(dues[0])})
	}
	return v
}

// ledgerBrief is the ledger on the page of the step that settles it, nil elsewhere.
func (w caseWords) ledgerBrief(st *winddown.Step) *page.LedgerBriefView {
	if st.Code != winddown.SettleDebts {
		return nil
	}
	v := &page.LedgerBriefView{Href: debtsHref(w.c.ID), Alerts: w.ledgerAlerts()}
	v.Balance, v.State = w.ledgerBalance()
	if w.c.Balance != 0 {
		v.Why = w.p.T("step.error.balance", "Balance", w.c.Balance.Abs())
	}
	return v
}

func ledgerView(w caseWords) page.LedgerView {
	v := page.LedgerView{Back: caseOrSeller(w.c, w.view.Standing), Closed: w.closedBooks(), Alerts: w.ledgerAlerts()}
	v.Balance, v.State = w.ledgerBalance()
	v.Caption = w.p.T("ledger.caption")
	var running winddown.Money
	for _, d := range w.c.Debts.ByDate() {
		row := w.debtRow(d)
		row.Href = debtHref(w.c.ID, d.ID)
		switch {
		case d.Removed != "":
			v.Removed = append(v.Removed, row)
			continue
		case d.Open():
			running += signed(d.Side, d.Amount)
			row.Running = w.p.Money(running.Kopecks())
		}
		v.Lines = append(v.Lines, row)
	}
	if w.writable() {
		today := w.readersToday().String()
		v.Form = &page.DebtFormView{Action: debtsHref(w.c.ID), On: today, Today: today, Submit: w.p.T("ledger.add.submit")}
		v.PasteHref = debtsHref(w.c.ID) + "/paste"
	}
	return v
}

// signed is what a line adds to the balance.
func signed(side winddown.Side, amount winddown.Money) winddown.Money {
	if side == winddown.ToWB {
		return -amount.Abs()
	}
	return amount
}

func (w caseWords) debtRow(d winddown.Debt) page.DebtRowView {
	return page.DebtRowView{
		What: d.What, Side: w.p.T("ledger.side." + string(d.Side)), Amount: w.p.Money(d.Amount.Kopecks()), On: w.date(d.On),
		Document: d.Document, State: w.debtState(d), Counts: d.Open(),
	}
}

// debtState says whether a line counts, and if not, since when and why.
func (w caseWords) debtState(d winddown.Debt) string {
	switch {
	case d.Removed != "":
		return w.p.T("ledger.state.removed", "Reason", clip(d.Removed))
	case !d.SettledOn.IsZero():
		return w.p.T("ledger.state.settled", "Date", w.date(d.SettledOn))
	case d.WrittenOff != "":
		return w.p.T("ledger.state.written_off", "Date", w.date(d.WrittenOffOn), "Reason", clip(d.WrittenOff))
	}
	return w.p.T("ledger.state.open")
}

func (w caseWords) backToLedger() ui.BackLinkProps {
	return ui.BackLinkProps{Href: debtsHref(w.c.ID), Text: w.p.T("ledger.title")}
}

func (w caseWords) backToDebt(d *winddown.Debt) ui.BackLinkProps {
	return ui.BackLinkProps{Href: debtHref(w.c.ID, d.ID), Text: clip(d.What)}
}

func (w caseWords) debtTitle(d *winddown.Debt) string {
	return w.p.T("mark.page_title", "Step", clip(d.What), "Seller", w.c.Seller.Name)
}

// debtView is the page of one line.
func debtView(w caseWords, d *winddown.Debt) page.DebtView {
	href := debtHref(w.c.ID, d.ID)
	row := w.debtRow(*d)
	v := page.DebtView{
		Back: w.backToLedger(), Title: d.What, Sum: w.p.T("ledger.sum", "Side", row.Side, "Amount", row.Amount), Closed: w.closedBooks(),
		Papers: w.papers(d.ID),
	}
	add := func(key, value string) {
		if value != "" {
			v.Facts = append(v.Facts, ui.SummaryRow{Key: w.p.T(key), Value: value})
		}
	}
	add("ledger.on", row.On)
	add("ledger.document", d.Document)
	add("ledger.state", row.State)
	add("ledger.by", w.view.Names[d.By])
	if !w.writable() || d.Removed != "" {
		return v
	}
	v.Upload = &page.UploadView{
		Action:  w.stepHref(winddown.SettleDebts) + "/files?slot=" + string(winddown.SlotDebtProof) + "&debt=" + d.ID.String(),
		FieldID: "file", NoteID: "note", NoteMax: winddown.MaxNote, Label: w.p.T("ledger.papers.file"), Accepts: w.p.T("ledger.papers.hint"),
	}
	link := func(label, to string) {
		v.Actions = append(v.Actions, ui.ButtonLinkProps{Label: label, Href: href + "/" + to, Variant: ui.ButtonGhost})
	}
	if d.WrittenOff == "" {
		v.Settle = &page.SettleFormView{
			Action: href + "/settle", Version: d.Version, On: w.readersToday().String(), Arose: d.On.String(), Today: w.readersToday().String(),
			Submit: w.p.T("ledger.settle.submit"),
		}
		if !d.SettledOn.IsZero() {
			v.Settle.On, v.Settle.Submit = d.SettledOn.String(), w.p.T("ledger.settle.correct")
		}
	}
	if d.Open() {
		link(w.p.T("ledger.edit.title"), "edit")
		link(w.p.T("ledger.write_off.button"), string(writeOffPage))
	} else {
		v.Reopen = &page.VersionedView{Action: href + "/reopen", Version: d.Version, Label: w.p.T("ledger.reopen")}
	}
	link(w.p.T("ledger.remove.button"), string(removeDebtPage))
	return v
}

// papers are the files that prove a line.
func (w caseWords) papers(debt winddown.ID) []ui.FileItem {
	var items []ui.FileItem
	for _, e := range w.c.CurrentEvidence(winddown.SettleDebts) {
		if e.Debt != debt || e.Kind != winddown.EvidenceFile {
			continue
		}
		versions := []winddown.Evidence{e}
		for _, old := range slices.Backward(w.c.Evidence) {
			if old.Doc == e.Doc && old.Number != e.Number && old.Kind == winddown.EvidenceFile {
				versions = append(versions, old)
			}
		}
		items = append(items, w.fileItem(versions))
	}
	return items
}

func (w caseWords) debtFormView(d *winddown.Debt) page.DebtFormView {
	return page.DebtFormView{
		Action: debtHref(w.c.ID, d.ID) + "/edit", Version: d.Version, Side: string(d.Side), What: d.What, Amount: amountText(w.p, d.Amount),
		On: d.On.String(), Today: w.readersToday().String(), Document: d.Document, Submit: w.p.T("common.button.save"),
	}
}

// amountText is an amount as people type it.
func amountText(p *i18n.Printer, m winddown.Money) string {
	if p.Locale() == i18n.Russian {
		return strings.ReplaceAll(m.String(), ".", ",")
	}
	return m.String()
}

// debtReasonPage is one of the two pages that ask for a reason about a line, by the end of
// its address.
type debtReasonPage string

const (
	writeOffPage   debtReasonPage = "write-off"
	removeDebtPage debtReasonPage = "remove"
)

// notice is the code of the result.
func (why debtReasonPage) notice() string {
	if why == writeOffPage {
		return "debt_written_off"
	}
	return "debt_removed"
}

// unchangeable tells why a line cannot be corrected or given up; nil when it can.
func (w caseWords) unchangeable(d *winddown.Debt) error {
	if err := w.cannotDebt(removeDebtPage, d); err != nil || d.Open() {
		return err
	}
	return &winddown.Error{Kind: winddown.Conflict, Key: "ledger.error.closed"}
}

// cannotDebt tells why there is nothing to ask about a line; nil when there is.
func (w caseWords) cannotDebt(why debtReasonPage, d *winddown.Debt) error {
	switch {
	case w.c.Finished():
		return &winddown.Error{Kind: winddown.Conflict, Key: "case.error.finished"}
	case d.Removed != "":
		return &winddown.Error{Kind: winddown.Conflict, Key: "ledger.error.removed"}
	case why == writeOffPage:
		return w.unchangeable(d)
	}
	return nil
}

func debtReasonView(w caseWords, why debtReasonPage, d *winddown.Debt) page.ReasonView {
	row := w.debtRow(*d)
	v := page.ReasonView{
		Back: w.backToDebt(d), Action: debtHref(w.c.ID, d.ID) + "/" + string(why), Version: d.Version,
		Effects: []string{w.p.T("ledger.sum", "Side", row.Side, "Amount", row.Amount)},
		Keep:    ui.ButtonLinkProps{Label: w.p.T("undo.keep"), Href: debtHref(w.c.ID, d.ID), Variant: ui.ButtonGhost},
	}
	if why == writeOffPage {
		v.Title = w.p.T("ledger.write_off.title", "What", clip(d.What))
		v.Effects = append(v.Effects, w.p.T("ledger.write_off.text"))
		v.Label, v.Hint = w.p.T("ledger.write_off.reason"), w.p.T("ledger.write_off.hint")
		v.Button = ui.ButtonProps{Label: w.p.T("ledger.write_off.button"), Variant: ui.ButtonDanger}
		return v
	}
	v.Title = w.p.T("ledger.remove.title", "What", clip(d.What))
	v.Effects = append(v.Effects, w.p.T("ledger.remove.text"))
	v.Label, v.Hint = w.p.T("ledger.remove.reason"), w.p.T("undo.reason.hint")
	v.Button = ui.ButtonProps{Label: w.p.T("ledger.remove.button"), Variant: ui.ButtonDanger}
	return v
}
