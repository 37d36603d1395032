package postgres

import (
	"slices"

	"winddown/internal/winddown"
)

const deadlineColumns = `d.number, d.kind, d.what, d.from_on, d.until_on, d.basis_days, d.basis_source, d.basis_as_of, d.closed_on`

type deadlineRow struct {
	Number      int
	Kind        string
	What        string
	FromOn      winddown.Date
	UntilOn     winddown.Date
	BasisDays   int
	BasisSource string
	BasisAsOf   winddown.Date
	ClosedOn    winddown.Date
}

func (r deadlineRow) domain() winddown.Deadline {
	return winddown.Deadline{
		Number: r.Number, Kind: winddown.DueKind(r.Kind), What: r.What, From: r.FromOn, Until: r.UntilOn, ClosedOn: r.ClosedOn,
		Basis: winddown.Basis{Days: r.BasisDays, Source: r.BasisSource, AsOf: r.BasisAsOf},
	}
}

// termJSON is a case's own term as its column stores it.
type termJSON struct {
	Kind   string `json:"kind"`
	Days   []int  `json:"days"`
	Source string `json:"source"`
	AsOf   string `json:"as_of"`
}

func (t termJSON) domain() winddown.Term {
	asOf, _ := winddown.ParseDate(t.AsOf)
	return winddown.Term{Kind: winddown.DueKind(t.Kind), Days: t.Days, Source: t.Source, AsOf: asOf}
}

func termsJSON(terms []winddown.Term) []termJSON {
	list := []termJSON{}
	for _, t := range terms {
		list = append(list, termJSON{Kind: string(t.Kind), Days: t.Days, Source: t.Source, AsOf: t.AsOf.String()})
	}
	return list
}

const sqlInsertDeadline = `-- name: InsertDeadline
insert into deadlines (case_id, number, kind, what, from_on, until_on, basis_days, basis_source, basis_as_of, closed_on)
values (@case, @number, @kind, @what, @from_on, @until_on, @basis_days, @basis_source, @basis_as_of, @closed_on)`

const sqlUpdateDeadline = `-- name: UpdateDeadline
update deadlines set kind = @kind, what = @what, from_on = @from_on, until_on = @until_on,
    basis_days = @basis_days, basis_source = @basis_source, basis_as_of = @basis_as_of, closed_on = @closed_on
where case_id = @case and number = @number`

const sqlDeleteDeadline = `-- name: DeleteDeadline
delete from deadlines where case_id = @case and number = @number`

func (tx *Tx) saveDeadlines(c *winddown.Case, loaded []winddown.Deadline) {
	find := func(list []winddown.Deadline, number int) int {
		return slices.IndexFunc(list, func(d winddown.Deadline) bool { return d.Number == number })
	}
	for _, old := range loaded {
		if find(c.Deadlines, old.Number) < 0 {
			tx.writeCase(c.ID, sqlDeleteDeadline, namedArgs{"case": c.ID, "number": old.Number})
		}
	}
	for _, d := range c.Deadlines {
		switch at := find(loaded, d.Number); {
		case at < 0:
			tx.writeCase(c.ID, sqlInsertDeadline, deadlineArgs(c.ID, d))
		case loaded[at] != d:
			tx.writeCase(c.ID, sqlUpdateDeadline, deadlineArgs(c.ID, d))
		}
	}
}

func deadlineArgs(id winddown.ID, d winddown.Deadline) namedArgs {
	return namedArgs{
		"case": id, "number": d.Number, "kind": d.Kind, "what": d.What, "from_on": d.From, "until_on": d.Until,
		"basis_days": d.Basis.Days, "basis_source": d.Basis.Source, "basis_as_of": d.Basis.AsOf, "closed_on": d.ClosedOn,
	}
}
