package pack

import (
	"bytes"
	"encoding/hex"
	"errors"
	"strings"
	"time"

	"winddown/internal/sheet"
	"winddown/internal/winddown"
)

// table is a sheet of the workbook, and a CSV file where it has a name.
type table struct {
	csv     string
	title   string
	columns []sheet.Column
	rows    [][]sheet.Cell
}

// write gives the table to a writer of sheets.
func (t table) write(w sheet.Writer) error {
	if err := w.Sheet(t.title, t.columns...); err != nil {
		return err
	}
	for _, row := range t.rows {
		if err := w.Row(row...); err != nil {
			return err
		}
	}
	return nil
}

func writeCSV(buf *bytes.Buffer, t table) error {
	w := sheet.NewCSV(buf)
	return errors.Join(t.write(w), w.Close())
}

func writeXLSX(buf *bytes.Buffer, at time.Time, tables []table) error {
	w, err := sheet.NewXLSX(buf, at)
	if err != nil {
		return err
	}
	for _, t := range tables {
		err = errors.Join(err, t.write(w))
	}
	return errors.Join(err, w.Close())
}

// newTable begins a table. Sheets and columns are named in both languages; a slash is not
// for names of sheets.
func (b *book) newTable(csv, name string, columns ...sheet.Column) table {
	title := strings.ReplaceAll(b.both(func(w words) string { return w.p.T("pack.sheet." + name) }), "/", "·")
	return table{csv: csv, title: title, columns: columns}
}

// column is named by its message; width is in characters.
func (b *book) column(name string, width float64) sheet.Column {
	return sheet.Column{Title: b.both(func(w words) string { return w.p.T("pack.column." + name) }), Width: width}
}

// said is a text in both languages.
func (b *book) said(say func(words) string) sheet.Cell { return sheet.Text(b.both(say)) }

func day(d winddown.Date) sheet.Cell {
	if d.IsZero() {
		return sheet.Cell{}
	}
	return sheet.Date(d.Time())
}

// moment is an instant with the offset of the case's zone.
func (b *book) moment(at time.Time) sheet.Cell {
	if at.IsZero() {
		return sheet.Cell{}
	}
	return sheet.Text(at.In(winddown.Zone(b.Case.Zone)).Format(time.RFC3339))
}

func known(balance winddown.Balance) sheet.Cell {
	if !balance.Known {
		return sheet.Cell{}
	}
	return sheet.Money(balance.Amount.Kopecks())
}

// count is a number that is worth saying.
func count(n int) sheet.Cell {
	if n == 0 {
		return sheet.Cell{}
	}
	return sheet.Int(int64(n))
}

func (b *book) tables() []table {
	return []table{
		b.stepsTable(), b.actsTable(), b.ledgerTable(), b.deadlinesTable(), b.termsTable(), b.questionsTable(), b.evidenceTable(),
		b.historyTable(),
	}
}

func (b *book) stepsTable() table {
	t := b.newTable("steps.csv", "steps", b.column("number", 6), b.column("code", 16), b.column("step", 40), b.column("status", 26),
		b.column("on", 12), b.column("by", 30), b.column("at", 27), b.column("note", 40), b.column("problem", 40),
		b.column("accepted", 40), b.column("waived", 40), b.column("open_questions", 12))
	for i, st := range b.Case.Steps {
		tick := winddown.Tick{}
		if st.Tick != nil {
			tick = *st.Tick
		}
		t.rows = append(t.rows, []sheet.Cell{
			sheet.Int(int64(i + 1)), sheet.Text(string(st.Code)),
			b.said(func(w words) string { return w.step(st.Code) }), b.said(func(w words) string { return w.status(st.Code) }),
			day(tick.On), b.said(func(w words) string { return w.who(tick.By, tick.OnBehalf) }), b.moment(tick.At), sheet.Text(st.Note),
			b.said(func(w words) string { return w.problem(st.Code) }),
			b.said(func(w words) string { return joined("\n", w.acceptances(st)...) }),
			b.said(func(w words) string { return w.waiver(st) }), count(st.Questions),
		})
	}
	return t
}

func (b *book) actsTable() table {
	t := b.newTable("acts.csv", "acts", b.column("act", 8), b.column("round", 8), b.column("counterparty", 24), b.column("phase", 30),
		b.column("period_from", 12), b.column("period_to", 12), b.column("requested_on", 12), b.column("channel", 20),
		b.column("ticket", 16), b.column("reminded_on", 12), b.column("received_on", 12), b.column("ours", 16), b.column("theirs", 16), b.column("compared_on", 12),
		b.column("agrees", 12), b.column("difference", 16), b.column("objections", 40), b.column("disputed_on", 12),
		b.column("signed_on", 12), b.column("signer", 24), b.column("authority", 24), b.column("via", 20), b.column("countersigned_on", 12))
	for _, a := range b.Case.Acts {
		for _, a := range append(b.Case.Rounds(a.Position), a) {
			agrees, difference := sheet.Cell{}, sheet.Cell{}
			if !a.ComparedOn.IsZero() {
				agrees = b.said(func(w words) string { return w.yesNo(a.Agrees) })
				if !a.Agrees {
					difference = sheet.Money(a.Difference.Kopecks())
				}
			}
			t.rows = append(t.rows, []sheet.Cell{
				sheet.Int(int64(a.Position)), sheet.Int(int64(a.Round)), sheet.Text(a.Counterparty),
				b.said(func(w words) string { return w.phase(a) }), day(a.PeriodFrom), day(a.PeriodTo), day(a.RequestedOn),
				b.said(func(w words) string { return w.channel(a) }), sheet.Text(a.Ticket), day(a.RemindedOn), day(a.ReceivedOn), known(a.Ours), known(a.Theirs),
				day(a.ComparedOn), agrees, difference, sheet.Text(a.Objections), day(a.DisputedOn), day(a.SignedOn), sheet.Text(a.Signer),
				sheet.Text(a.Authority), b.said(func(w words) string { return w.via(a) }), day(a.CountersignedOn),
			})
		}
	}
	return t
}

func (b *book) ledgerTable() table {
	t := b.newTable("ledger.csv", "ledger", b.column("number", 6), b.column("on", 12), b.column("what", 40), b.column("document", 24),
		b.column("to_wb", 16), b.column("by_wb", 16), b.column("state", 30), b.column("balance", 16), b.column("by", 30), b.column("at", 27))
	var balance winddown.Money
	for i, d := range b.Case.Debts.ByDate() {
		balance += counted(d)
		toWB, byWB := sheet.Cell{}, sheet.Cell{}
		if d.Side == winddown.ToWB {
			toWB = sheet.Money(d.Amount.Kopecks())
		} else {
			byWB = sheet.Money(d.Amount.Kopecks())
		}
		t.rows = append(t.rows, []sheet.Cell{
			sheet.Int(int64(i + 1)), day(d.On), sheet.Text(d.What), sheet.Text(d.Document), toWB, byWB,
			b.said(func(w words) string { return w.debtState(d) }), sheet.Money(balance.Kopecks()),
			b.said(func(w words) string { return w.who(d.By, false) }), b.moment(d.At),
		})
	}
	return t
}

// counted is what a line adds to the balance: nothing once it is closed or removed.
func counted(d winddown.Debt) winddown.Money {
	if !d.Open() {
		return 0
	}
	return d.Owed()
}

// deadlinesTable ends with the look into the inbox, which has no number.
func (b *book) deadlinesTable() table {
	t := b.newTable("deadlines.csv", "deadlines", b.column("number", 6), b.column("due", 36), b.column("about", 40), b.column("from", 12),
		b.column("until", 12), b.column("basis", 60), b.column("closed_on", 12))
	for _, d := range b.Case.Deadlines {
		t.rows = append(t.rows, []sheet.Cell{
			sheet.Int(int64(d.Number)), b.said(func(w words) string { return w.p.T("deadline.title." + string(d.Kind)) }), sheet.Text(d.What),
			day(d.From), day(d.Until), b.said(func(w words) string { return w.basis(d) }), day(d.ClosedOn),
		})
	}
	if on := b.Case.InboxOn; !on.IsZero() {
		t.rows = append(t.rows, []sheet.Cell{
			{}, b.said(func(w words) string { return w.p.T("deadline.title.inbox") }),
			b.said(func(w words) string { return w.p.T("pack.inbox", "Date", w.date(on)) }), {}, {}, {}, day(on),
		})
	}
	return t
}

func (b *book) termsTable() table {
	t := b.newTable("terms.csv", "terms", b.column("due", 36), b.column("term", 30), b.column("source", 50), b.column("as_of", 12),
		b.column("state", 30))
	for _, kind := range winddown.DueKinds() {
		term := b.Case.Term(kind)
		t.rows = append(t.rows, []sheet.Cell{
			b.said(func(w words) string { return w.p.T("deadline.title." + string(kind)) }), b.said(func(w words) string { return w.term(term) }),
			b.said(func(w words) string { return w.termSource(term) }), day(term.AsOf), b.said(func(w words) string { return w.termState(term) }),
		})
	}
	return t
}

func (b *book) questionsTable() table {
	t := b.newTable("questions.csv", "questions", b.column("number", 6), b.column("step", 40), b.column("question", 60),
		b.column("asked_by", 30), b.column("asked_at", 27), b.column("answer", 60), b.column("answered_by", 30), b.column("answered_at", 27),
		b.column("state", 24), b.column("resolved_by", 30), b.column("resolved_at", 27))
	who := func(id winddown.ID) sheet.Cell { return b.said(func(w words) string { return w.who(id, false) }) }
	for _, q := range b.Case.Questions {
		t.rows = append(t.rows, []sheet.Cell{
			sheet.Int(int64(q.Number)), b.said(func(w words) string { return w.step(q.Step) }), sheet.Text(q.Text),
			who(q.AskedBy), b.moment(q.AskedAt), sheet.Text(q.Answer), who(q.AnsweredBy), b.moment(q.AnsweredAt),
			b.said(func(w words) string { return w.p.T("question.state." + string(q.State())) }), who(q.ResolvedBy), b.moment(q.ResolvedAt),
		})
	}
	return t
}

func (b *book) evidenceTable() table {
	t := b.newTable("", "evidence", b.column("number", 6), b.column("step", 40), b.column("slot", 40), b.column("version", 8),
		b.column("file", 40), b.column("path", 50), b.column("size", 12), b.column("sha256", 68), b.column("note", 40),
		b.column("state", 24), b.column("by", 30), b.column("at", 27))
	for _, e := range b.Case.Evidence {
		name, size, sum := sheet.Cell{}, sheet.Cell{}, sheet.Cell{}
		if e.Kind == winddown.EvidenceFile {
			name, size, sum = sheet.Text(e.Name), sheet.Int(e.Size), sheet.Text(hex.EncodeToString(e.SHA256[:]))
		}
		t.rows = append(t.rows, []sheet.Cell{
			sheet.Int(int64(e.Number)), b.said(func(w words) string { return w.step(e.Step) }), b.said(func(w words) string { return w.slot(e) }),
			sheet.Int(int64(e.Version)), name, sheet.Text(b.path(e)), size, sum, sheet.Text(e.Note),
			b.said(func(w words) string { return w.evidenceState(e) }), b.said(func(w words) string { return w.who(e.By, e.OnBehalf) }), b.moment(e.At),
		})
	}
	return t
}

// historyTable has the details in a column a language: they hold long texts that people
// typed, which said twice would not fit into a cell.
func (b *book) historyTable() table {
	details := func(w words) sheet.Column { return sheet.Column{Title: w.p.T("pack.column.details"), Width: 60} }
	t := b.newTable("history.csv", "history", b.column("number", 6), b.column("at", 27), b.column("by", 30), b.column("event", 44),
		b.column("step", 40), details(b.ru), details(b.en), b.column("hash", 68))
	for i, e := range b.events {
		t.rows = append(t.rows, []sheet.Cell{
			sheet.Int(b.History[i].Seq), b.moment(e.At), b.said(func(w words) string { return w.author(e) }),
			b.said(func(w words) string { return w.event(e) }), b.said(func(w words) string { return w.step(e.Step) }),
			sheet.Text(joined("\n", b.ru.details(e)...)), sheet.Text(joined("\n", b.en.details(e)...)), sheet.Text(hex.EncodeToString(b.History[i].Hash[:])),
		})
	}
	return t
}
