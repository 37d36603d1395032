package postgres

import (
	"time"

	"winddown/internal/winddown"
)

const sqlDebts = `-- name: Debts
select d.id, d.version, d.side, d.what, d.amount, d.on_date, d.document, d.settled_on, d.written_off, d.written_off_on, d.removed,
       d.by_id, d.at, coalesce(u.name, '') as by_name
from debts d join cases c on c.id = d.case_id left join users u on u.id = d.by_id
where c.id = @case and ` + caseScope + `
order by d.line`

type debtRow struct {
	ID           winddown.ID
	Version      int
	Side         string
	What         string
	Amount       int64
	OnDate       winddown.Date
	Document     string
	SettledOn    winddown.Date
	WrittenOff   string
	WrittenOffOn winddown.Date
	Removed      string
	ByID         winddown.ID
	At           time.Time
	ByName       string
}

func (r debtRow) domain() winddown.Debt {
	return winddown.Debt{
		ID: r.ID, Version: r.Version, Side: winddown.Side(r.Side), What: r.What, Amount: winddown.Money(r.Amount), On: r.OnDate,
		Document: r.Document, SettledOn: r.SettledOn, WrittenOff: r.WrittenOff, WrittenOffOn: r.WrittenOffOn, Removed: r.Removed,
		By: r.ByID, At: r.At,
	}
}

const sqlInsertDebt = `-- name: InsertDebt
insert into debts (case_id, id, line, version, side, what, amount, on_date, document, settled_on, written_off, written_off_on,
    removed, by_id, at)
values (@case, @id, @line, @version, @side, @what, @amount, @on_date, @document, @settled_on, @written_off, @written_off_on,
    @removed, @by_id, @at)`

const sqlUpdateDebt = `-- name: UpdateDebt
update debts set line = @line, version = @version, side = @side, what = @what, amount = @amount, on_date = @on_date,
    document = @document, settled_on = @settled_on, written_off = @written_off, written_off_on = @written_off_on,
    removed = @removed, by_id = @by_id, at = @at
where case_id = @case and id = @id`

func (tx *Tx) saveDebts(c *winddown.Case, loaded winddown.Ledger) {
	was := map[winddown.ID]winddown.Debt{}
	for _, d := range loaded {
		was[d.ID] = d
	}
	for i, d := range c.Debts {
		switch old, known := was[d.ID]; {
		case !known:
			tx.writeCase(c.ID, sqlInsertDebt, debtArgs(c.ID, i+1, d))
		case old != d:
			tx.writeCase(c.ID, sqlUpdateDebt, debtArgs(c.ID, i+1, d))
		}
	}
}

func debtArgs(id winddown.ID, line int, d winddown.Debt) namedArgs {
	return namedArgs{
		"case": id, "id": d.ID, "line": line, "version": d.Version, "side": d.Side, "what": d.What, "amount": int64(d.Amount),
		"on_date": d.On, "document": d.Document, "settled_on": d.SettledOn, "written_off": d.WrittenOff,
		"written_off_on": d.WrittenOffOn, "removed": d.Removed, "by_id": d.By, "at": d.At,
	}
}
