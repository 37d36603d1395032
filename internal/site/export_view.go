package site

import (
	"strings"
	"time"

	"winddown/internal/i18n"
	"winddown/internal/sheet"
	"winddown/internal/winddown"
)

// exporter writes the register as tables in the reader's language.
type exporter struct {
	p      *i18n.Printer
	actor  winddown.Actor
	filter winddown.RegisterFilter
	now    time.Time
	count  *int // of the rows written
}

func (x exporter) columns(names ...exportColumn) []sheet.Column {
	columns := make([]sheet.Column, len(names))
	for i, c := range names {
		columns[i] = sheet.Column{Title: x.p.T("export.column." + c.name), Width: c.width}
	}
	return columns
}

// exportColumn is a column by its message; width is in characters.
type exportColumn struct {
	name  string
	width float64
}

// sellers writes a line a seller.
func (x exporter) sellers(out sheet.Writer, rows []winddown.RegisterRow) error {
	*x.count = len(rows)
	err := out.Sheet(x.p.T("register.title"), x.columns(exportColumn{"seller", 36}, exportColumn{"inn", 14}, exportColumn{"cabinet", 18},
		exportColumn{"group", 30}, exportColumn{"act", 16}, exportColumn{"act_on", 12}, exportColumn{"ticket", 16}, exportColumn{"waiting", 16},
		exportColumn{"waiting_since", 12}, exportColumn{"problem", 28}, exportColumn{"obstacle", 34}, exportColumn{"due_on", 12},
		exportColumn{"due", 30}, exportColumn{"balance", 16}, exportColumn{"done", 10}, exportColumn{"needed", 10}, exportColumn{"waived", 12},
		exportColumn{"questions", 10}, exportColumn{"responsible", 26}, exportColumn{"changed", 12}, exportColumn{"finished_on", 12}, exportColumn{"erase_on", 14})...)
	for _, row := range rows {
		if err != nil {
			return err
		}
		err = out.Row(x.seller(row)...)
	}
	return err
}

func (x exporter) seller(row winddown.RegisterRow) []sheet.Cell {
	sum := row.Summary
	problem, step := obstacle(x.p, sum, winddown.Today(x.now, row.Zone))
	waiting, due, waived := "", "", ""
	if sum.Ball != "" {
		waiting = x.p.T("export.waiting." + string(sum.Ball))
	}
	if !sum.DueOn.IsZero() {
		due = x.p.T("deadline.title." + string(sum.Due))
	}
	if sum.Waived {
		waived = x.p.T("common.yes")
	}
	return []sheet.Cell{
		sheet.Text(row.Seller.Name), sheet.Text(row.Seller.INN), sheet.Text(row.Seller.Cabinet),
		sheet.Text(x.p.T("register.group." + string(row.Group))), sheet.Text(x.p.T("register.filter.act." + string(sum.Act))), dayCell(sum.ActOn),
		sheet.Text(sum.Ticket), sheet.Text(waiting), dayCell(sum.BallOn), sheet.Text(problem), sheet.Text(step), dayCell(sum.DueOn),
		sheet.Text(due), sheet.Money(sum.Balance.Kopecks()), sheet.Int(int64(sum.Done)), sheet.Int(int64(sum.Needed)), sheet.Text(waived),
		sheet.Int(int64(sum.Questions)), sheet.Text(row.Responsible), dayCell(row.ChangedOn), dayCell(row.FinishedOn), dayCell(row.EraseOn()),
	}
}

// stepsSheet begins the sheet of the steps.
func (x exporter) stepsSheet(out sheet.Writer) error {
	return out.Sheet(x.p.T("export.sheet.steps"), x.columns(exportColumn{"seller", 36}, exportColumn{"inn", 14}, exportColumn{"cabinet", 18},
		exportColumn{"step", 34}, exportColumn{"status", 20}, exportColumn{"on", 12}, exportColumn{"by", 26}, exportColumn{"hint", 60})...)
}

// steps writes a line for every step of a case.
func (x exporter) steps(out sheet.Writer, w caseWords) error {
	for _, st := range w.c.Steps {
		tick := winddown.Tick{}
		if st.Tick != nil {
			tick = *st.Tick
		}
		err := out.Row(sheet.Text(w.c.Seller.Name), sheet.Text(w.c.Seller.INN), sheet.Text(w.c.Seller.Cabinet), sheet.Text(stepName(w.p, st.Code)),
			sheet.Text(w.statusWord(w.status(st.Code))), dayCell(tick.On), sheet.Text(w.view.Names[tick.By]), sheet.Text(w.hint(st.Code)))
		if err != nil {
			return err
		}
	}
	return nil
}

// filters says what was exported, and when.
func (x exporter) filters(out sheet.Writer, members []winddown.Member) error {
	err := out.Sheet(x.p.T("export.sheet.filters"), x.columns(exportColumn{"what", 30}, exportColumn{"value", 60})...)
	row := func(key, value string) {
		if err == nil {
			err = out.Row(sheet.Text(x.p.T(key)), sheet.Text(value))
		}
	}
	row("export.made", x.p.DateTime(x.now.In(winddown.Zone(x.actor.Zone))))
	row("export.by", x.actor.Name)
	row("export.rows", x.p.Int(*x.count))
	chosen := chips(x.p, x.filter, members)
	if len(chosen) == 0 {
		row("export.filter", x.p.T("export.filter.none"))
	}
	for _, c := range chosen {
		row("export.filter", c.Text)
	}
	sort, desc := strings.CutPrefix(string(x.filter.Sort), "-")
	if desc {
		sort += "_desc"
	}
	row("export.sort", x.p.T("export.sort."+sort))
	return err
}

func dayCell(d winddown.Date) sheet.Cell {
	if d.IsZero() {
		return sheet.Cell{}
	}
	return sheet.Date(d.Time())
}
