package pack

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/hex"
	"fmt"
	"path"
	"slices"
	"strconv"

	"winddown/internal/winddown"
)

// style is the look of index.html, on a screen and on paper.
//
//go:embed index.css
var style string

// indexView is index.html: the same twice, in each language.
type indexView struct {
	Title    string
	Editions []editionView
}

type editionView struct {
	Lang     string
	Language string
	Title    string
	Lead     []string
	Facts    []factView
	Sections []sectionView
}

type sectionView struct {
	ID     string
	Title  string
	Empty  string // said where there is nothing
	Blocks []blockView
}

// blockView is a part of a section: facts, a table, or both.
type blockView struct {
	Title string
	Tag   string
	Facts []factView
	Table *tableView
	After string
}

type factView struct {
	Term   string
	Values []string // a line each
}

type tableView struct {
	Label   string
	Columns []columnView
	Rows    [][]cellView
}

type columnView struct {
	Title  string
	Number bool
}

// cellView is a cell: its text or link with quieter lines under it, or lines alone.
type cellView struct {
	Text   string
	Href   string
	Tag    string
	Lines  []string
	Code   string // a hash, set apart
	Number bool
}

func (b *book) writeIndex(buf *bytes.Buffer) error {
	v := indexView{Title: b.ru.p.T("pack.title", "Seller", b.Case.Seller.Name)}
	for _, w := range []words{b.ru, b.en} {
		v.Editions = append(v.Editions, w.edition())
	}
	return index(v).Render(context.Background(), buf)
}

func (w words) edition() editionView {
	lang := string(w.p.Locale())
	c := w.Case
	v := editionView{Lang: lang, Language: w.p.T("common.language." + lang), Title: w.p.T("case.title", "Seller", c.Seller.Name)}
	if c.Seller.Cabinet != "" {
		v.Title = w.p.T("case.title_cabinet", "Seller", c.Seller.Name, "Cabinet", c.Seller.Cabinet)
	}
	done, total := c.Count()
	if c.Finished() {
		v.Lead = append(v.Lead, w.p.T("case.overall.finished", "Date", w.date(c.FinishedOn)))
	} else {
		v.Lead = append(v.Lead, joined(" ", w.p.T("case.overall.unfinished"), w.p.N("case.overall.count", done, "Total", total)))
	}
	v.Lead = append(v.Lead, w.p.T("pack.as_of", "At", w.moment(w.at)), w.p.T("pack.verify"), w.p.T("common.footer.independent"))
	v.Facts = []factView{
		fact(w.p.T("pack.fact.case"), c.ID.String()), fact(w.p.T("pack.fact.events"), w.p.Int(int(w.Head.Seq))),
		fact(w.p.T("pack.fact.hash"), hex.EncodeToString(w.Head.Hash[:])),
	}
	v.Sections = []sectionView{
		w.section("seller", w.p.T("details.title"), blockView{Facts: w.requisites()}),
		w.section("answers", w.p.T("answers.title"), blockView{Facts: w.answers()}),
		w.section("steps", w.p.T("pack.sheet.steps"), w.stepsBlock()),
		w.section("acts", w.p.T("pack.sheet.acts"), w.actBlocks()...),
		w.section("ledger", w.p.T("pack.sheet.ledger"), w.ledgerBlocks()...),
		w.section("deadlines", w.p.T("pack.sheet.deadlines"), w.deadlineBlocks()...),
		w.section("terms", w.p.T("pack.sheet.terms"), w.termsBlock()),
		w.section("questions", w.p.T("pack.sheet.questions"), w.questionBlocks()...),
		w.section("evidence", w.p.T("pack.sheet.evidence"), w.evidenceBlocks()...),
		w.section("history", w.p.T("pack.sheet.history"), w.historyBlock()),
	}
	return v
}

func (w words) section(id, title string, blocks ...blockView) sectionView {
	v := sectionView{ID: string(w.p.Locale()) + "-" + id, Title: title, Blocks: blocks}
	if len(blocks) == 0 {
		v.Empty = w.p.T("pack.nothing")
	}
	return v
}

func fact(term string, values ...string) factView {
	return factView{Term: term, Values: slices.DeleteFunc(values, func(s string) bool { return s == "" })}
}

// facts leaves out what is not known.
func facts(all ...factView) []factView {
	return slices.DeleteFunc(all, func(f factView) bool { return len(f.Values) == 0 })
}

func (w words) requisites() []factView {
	s := w.Case.Seller
	return facts(fact(w.p.T("requisites.name"), s.Name), fact(w.p.T("requisites.inn"), s.INN), fact(w.p.T("requisites.ogrn"), s.OGRN),
		fact(w.p.T("requisites.cabinet"), s.Cabinet), fact(w.p.T("pack.fact.opened"), w.date(w.Case.OpenedOn)),
		fact(w.p.T("pack.fact.finished"), w.date(w.Case.FinishedOn)), fact(w.p.T("role.accountant"), w.who(w.Case.ResponsibleID, false)))
}

func (w words) answers() []factView {
	a := w.Case.Answers
	leftover := ""
	if a.Leftover != "" {
		leftover = w.p.T("question.leftover." + string(a.Leftover))
	}
	return facts(fact(w.p.T("question.fbs"), w.yesNo(a.FBS)), fact(w.p.T("question.wb_stock"), w.yesNo(a.WBStock)),
		fact(w.p.T("question.leftover"), leftover))
}

// table begins a table under columns named by their messages; a name that begins with # is
// of numbers.
func (w words) table(sheet string, columns ...string) *tableView {
	t := &tableView{Label: w.p.T("pack.sheet." + sheet)}
	for _, name := range columns {
		number := name[0] == '#'
		if number {
			name = name[1:]
		}
		t.Columns = append(t.Columns, columnView{Title: w.p.T("pack.column." + name), Number: number})
	}
	return t
}

func (w words) stepsBlock() blockView {
	t := w.table("steps", "number", "step", "status", "on", "details")
	for i, st := range w.Case.Steps {
		status := cellView{Text: w.status(st.Code)}
		if st.Waiver != nil {
			status.Tag = w.p.T("pack.waived")
		}
		on := cellView{}
		if st.Tick != nil {
			on.Text, on.Lines = w.date(st.Tick.On), []string{w.who(st.Tick.By, st.Tick.OnBehalf)}
		}
		details := append([]string{w.problem(st.Code), w.waiver(st)}, w.acceptances(st)...)
		if st.Note != "" {
			details = append(details, w.p.T("pack.note", "Note", st.Note))
		}
		for _, e := range w.Case.CurrentEvidence(st.Code) {
			if e.Kind == winddown.EvidenceReason {
				details = append(details, w.p.T("pack.no_file", "Slot", w.slot(e), "Reason", e.Note))
			}
		}
		if st.Questions > 0 {
			details = append(details, w.p.N("pack.open_questions", st.Questions))
		}
		t.Rows = append(t.Rows, []cellView{{Text: strconv.Itoa(i + 1)}, {Text: w.step(st.Code)}, status, on, lines(details)})
	}
	return blockView{Table: t}
}

// lines is a cell of several lines.
func lines(all []string) cellView {
	return cellView{Lines: slices.DeleteFunc(all, func(s string) bool { return s == "" })}
}

func (w words) actBlocks() []blockView {
	var blocks []blockView
	for _, a := range w.Case.Acts {
		for _, round := range append(w.Case.Rounds(a.Position), a) {
			title := joined(", ", w.actName(a.Position), round.Counterparty)
			if a.Round > 1 {
				title = joined(", ", title, w.p.T("pack.round", "Number", round.Round))
			}
			blocks = append(blocks, blockView{Title: title, Facts: w.act(round)})
		}
	}
	return blocks
}

func (w words) act(a winddown.Act) []factView {
	column := func(name string, values ...string) factView { return fact(w.p.T("pack.column."+name), values...) }
	compared, difference := "", ""
	switch {
	case a.ComparedOn.IsZero():
	case a.Agrees:
		compared = w.p.T("pack.agrees", "Date", w.date(a.ComparedOn))
	default:
		compared, difference = w.p.T("pack.disagrees", "Date", w.date(a.ComparedOn)), w.money(a.Difference)
	}
	return facts(
		column("phase", w.phase(a)), column("period_from", w.date(a.PeriodFrom)), column("period_to", w.date(a.PeriodTo)),
		column("requested_on", w.signed(w.date(a.RequestedOn), w.channel(a))), column("ticket", a.Ticket), column("reminded_on", w.date(a.RemindedOn)),
		column("received_on", w.date(a.ReceivedOn)), column("ours", w.balance(a.Ours)), column("theirs", w.balance(a.Theirs)),
		column("compared_on", compared), column("difference", difference), column("objections", a.ObjectionList()...),
		column("disputed_on", w.date(a.DisputedOn)), column("signed_on", w.date(a.SignedOn)), column("signer", a.Signer),
		column("authority", a.Authority), column("via", w.via(a)), column("countersigned_on", w.date(a.CountersignedOn)),
	)
}

func (w words) ledgerBlocks() []blockView {
	if len(w.Case.Debts) == 0 {
		return nil
	}
	t := w.table("ledger", "number", "on", "what", "#to_wb", "#by_wb", "state", "#balance")
	var balance winddown.Money
	for i, d := range w.Case.Debts.ByDate() {
		balance += counted(d)
		what := cellView{Text: d.What, Lines: []string{joined(", ", d.Document, w.who(d.By, false))}}
		toWB, byWB := cellView{Number: true}, cellView{Number: true}
		if d.Side == winddown.ToWB {
			toWB.Text = w.money(d.Amount)
		} else {
			byWB.Text = w.money(d.Amount)
		}
		t.Rows = append(t.Rows, []cellView{
			{Text: strconv.Itoa(i + 1)}, {Text: w.date(d.On)}, what, toWB, byWB, {Text: w.debtState(d)}, {Text: w.money(balance), Number: true},
		})
	}
	return []blockView{{Table: t, After: w.owed(w.Case.Balance)}}
}

func (w words) deadlineBlocks() []blockView {
	var blocks []blockView
	if len(w.Case.Deadlines) > 0 {
		t := w.table("deadlines", "number", "due", "about", "from", "until", "basis", "closed_on")
		for _, d := range w.Case.Deadlines {
			t.Rows = append(t.Rows, []cellView{
				{Text: strconv.Itoa(d.Number)}, {Text: w.p.T("deadline.title." + string(d.Kind))}, {Text: d.What}, {Text: w.date(d.From)},
				{Text: w.date(d.Until)}, {Text: w.basis(d)}, {Text: w.date(d.ClosedOn)},
			})
		}
		blocks = append(blocks, blockView{Table: t})
	}
	if !w.Case.InboxOn.IsZero() {
		blocks = append(blocks, blockView{Facts: []factView{fact(w.p.T("deadline.title.inbox"), w.p.T("pack.inbox", "Date", w.date(w.Case.InboxOn)))}})
	}
	return blocks
}

func (w words) termsBlock() blockView {
	t := w.table("terms", "due", "term", "source", "as_of", "state")
	for _, kind := range winddown.DueKinds() {
		term := w.Case.Term(kind)
		t.Rows = append(t.Rows, []cellView{
			{Text: w.p.T("deadline.title." + string(kind))}, {Text: w.term(term)}, {Text: w.termSource(term)}, {Text: w.date(term.AsOf)},
			{Text: w.termState(term)},
		})
	}
	return blockView{Table: t}
}

func (w words) questionBlocks() []blockView {
	if len(w.Case.Questions) == 0 {
		return nil
	}
	t := w.table("questions", "number", "step", "question", "answer", "state")
	for _, q := range w.Case.Questions {
		t.Rows = append(t.Rows, []cellView{
			{Text: strconv.Itoa(q.Number)}, {Text: w.step(q.Step)},
			{Text: q.Text, Lines: []string{w.signed(w.moment(q.AskedAt), w.who(q.AskedBy, false))}},
			{Text: q.Answer, Lines: []string{w.signed(w.moment(q.AnsweredAt), w.who(q.AnsweredBy, false))}},
			{Text: w.p.T("question.state." + string(q.State())), Lines: []string{w.signed(w.moment(q.ResolvedAt), w.who(q.ResolvedBy, false))}},
		})
	}
	return []blockView{{Table: t}}
}

func (w words) evidenceBlocks() []blockView {
	if len(w.Case.Evidence) == 0 {
		return nil
	}
	t := w.table("evidence", "number", "slot", "file", "sha256", "by", "state")
	for _, e := range w.Case.Evidence {
		file, sum := cellView{}, cellView{}
		if e.Kind == winddown.EvidenceFile {
			file.Text, file.Href, file.Lines = e.Name, w.path(e), []string{path.Base(w.path(e))}
			sum.Text, sum.Code = w.p.N("pack.bytes", int(e.Size)), hex.EncodeToString(e.SHA256[:])
		}
		if e.Note != "" {
			file.Lines = append(file.Lines, w.p.T("pack.said", "Text", e.Note))
		}
		t.Rows = append(t.Rows, []cellView{
			{Text: strconv.Itoa(e.Number)}, {Text: w.slot(e), Lines: []string{w.step(e.Step), w.p.T("pack.version", "Number", e.Version)}}, file, sum,
			{Text: w.who(e.By, e.OnBehalf), Lines: []string{w.moment(e.At)}}, {Text: w.evidenceState(e)},
		})
	}
	return []blockView{{Table: t, After: w.p.T("pack.evidence.missing", "Ending", lostSuffix)}}
}

func (w words) historyBlock() blockView {
	t := w.table("history", "number", "at", "event", "details")
	for i, e := range w.events {
		t.Rows = append(t.Rows, []cellView{
			{Text: fmt.Sprint(w.History[i].Seq)}, {Text: w.moment(e.At), Lines: []string{w.author(e)}},
			{Text: w.event(e), Lines: []string{w.step(e.Step)}}, lines(w.details(e)),
		})
	}
	return blockView{Table: t}
}
