package postgres

import (
	"context"
	"maps"
	"time"

	"github.com/jackc/pgx/v5"

	"winddown/internal/winddown"
)

// MaxExport is how many rows of the register one file holds.
const MaxExport = 20_000

// exportChunk is how many cases are in memory at a time while their steps are written.
const exportChunk = 500

const sqlExportCases = `-- name: ExportCases` + caseSelect + `
where c.id = any(@cases) and ` + caseScope

const sqlExportSteps = `-- name: ExportSteps
select s.case_id, ` + stepColumns + `
from case_steps s join cases c on c.id = s.case_id
where c.id = any(@cases) and ` + caseScope

const sqlExportActs = `-- name: ExportActs
select a.case_id, ` + actColumns + `
from acts a join cases c on c.id = a.case_id
where c.id = any(@cases) and ` + caseScope + `
order by a.case_id, a.position, a.round`

const sqlExportDeadlines = `-- name: ExportDeadlines
select d.case_id, ` + deadlineColumns + `
from deadlines d join cases c on c.id = d.case_id
where c.id = any(@cases) and ` + caseScope + `
order by d.case_id, d.number`

const sqlExportNames = `-- name: ExportNames
select distinct u.id, u.name
from case_steps s join cases c on c.id = s.case_id join users u on u.id = s.done_by
where c.id = any(@cases) and ` + caseScope

type (
	exportStepRow struct {
		CaseID winddown.ID
		stepRow
	}
	exportActRow struct {
		CaseID winddown.ID
		actRow
	}
	exportDeadlineRow struct {
		CaseID winddown.ID
		deadlineRow
	}
)

// Export gives all rows of the register that a filter leaves, in its order, to rows, with
// the people of the firm, and then the case of each to each, unless that is nil, with the
// names of those who signed its steps. Everything is as it was at one moment. It returns
// NotFound for a responsible person of another firm, TooLarge beyond MaxExport rows, and the
// errors of the two functions. Of picked cases those out of the register are left out.
func (db *DB) Export(ctx context.Context, actor winddown.Actor, f winddown.RegisterFilter, now time.Time,
	rows func([]winddown.RegisterRow, []winddown.Member) error, each func(*winddown.Case, map[winddown.ID]string) error) error {
	scope := registerOwn
	if actor.FirmRole.SeesFirm() {
		scope = registerFirm
	}
	args, words := registerArgs(actor, f, now)
	maps.Copy(args, shownArgs(f))
	args["group"], args["date"], args["name"], args["id"], args["limit"] = -1, "infinity", []byte{}, winddown.ID{}, MaxExport+1
	// The functions' own errors keep their kind: they are not the database's.
	var failed error
	err := pgx.BeginTxFunc(ctx, db.pool, db.begin(oneView), func(tx pgx.Tx) error {
		var read []registerRow
		var people []firmPersonRow
		b := &pgx.Batch{}
		b.Queue(registerSQL(scope, words, f.Sort, false), args).Query(collect(&read))
		b.Queue(sqlFirmPeople, namedArgs{"firm": actor.FirmID, "actor": actor.UserID}).Query(collect(&people))
		if err := tx.SendBatch(ctx, b).Close(); err != nil {
			return err
		}
		if failed = knownMember(f, people); failed != nil {
			return failed
		}
		if len(read) > MaxExport {
			failed = &winddown.Error{Kind: winddown.TooLarge, Key: "register.error.export_too_large", Args: winddown.Args{"Max": MaxExport}}
			return failed
		}
		lines, responsible := make([]winddown.RegisterRow, len(read)), namesOf(people)
		for i, r := range read {
			lines[i] = r.domain(f.Sort, responsible)
		}
		if failed = rows(lines, members(people)); failed != nil || each == nil {
			return failed
		}
		for at := 0; at < len(lines); at += exportChunk {
			chunk, names, err := exportCases(ctx, tx, actor, lines[at:min(at+exportChunk, len(lines))])
			if err != nil {
				return err
			}
			for _, c := range chunk {
				if failed = each(c, names); failed != nil {
					return failed
				}
			}
		}
		return nil
	})
	if failed != nil {
		return failed
	}
	return classify(err)
}

// exportCases returns the cases of rows, in their order.
func exportCases(ctx context.Context, tx pgx.Tx, actor winddown.Actor, rows []winddown.RegisterRow) ([]*winddown.Case, map[winddown.ID]string, error) {
	ids := make([]winddown.ID, len(rows))
	for i, r := range rows {
		ids[i] = r.ID
	}
	var (
		cases     []caseRow
		steps     []exportStepRow
		acts      []exportActRow
		deadlines []exportDeadlineRow
		people    []nameRow
	)
	args := namedArgs{"cases": ids, "actor": actor.UserID}
	b := &pgx.Batch{}
	b.Queue(sqlExportCases, args).Query(collect(&cases))
	b.Queue(sqlExportSteps, args).Query(collect(&steps))
	b.Queue(sqlExportActs, args).Query(collect(&acts))
	b.Queue(sqlExportDeadlines, args).Query(collect(&deadlines))
	b.Queue(sqlExportNames, args).Query(collect(&people))
	if err := tx.SendBatch(ctx, b).Close(); err != nil {
		return nil, nil, err
	}
	read, err := casesOf(cases, steps, acts, deadlines)
	if err != nil {
		return nil, nil, err
	}
	found := map[winddown.ID]*winddown.Case{}
	for _, c := range read {
		found[c.ID] = c
	}
	var ordered []*winddown.Case
	for _, id := range ids {
		if c := found[id]; c != nil {
			ordered = append(ordered, c)
		}
	}
	names := map[winddown.ID]string{}
	for _, n := range people {
		names[n.ID] = n.Name
	}
	return ordered, names, nil
}

// casesOf puts cases together from their rows, in the order of cases.
func casesOf(cases []caseRow, steps []exportStepRow, acts []exportActRow, deadlines []exportDeadlineRow) ([]*winddown.Case, error) {
	stepsOf, actsOf, deadlinesOf := map[winddown.ID][]stepRow{}, map[winddown.ID][]actRow{}, map[winddown.ID][]deadlineRow{}
	for _, r := range steps {
		stepsOf[r.CaseID] = append(stepsOf[r.CaseID], r.stepRow)
	}
	for _, r := range acts {
		actsOf[r.CaseID] = append(actsOf[r.CaseID], r.actRow)
	}
	for _, r := range deadlines {
		deadlinesOf[r.CaseID] = append(deadlinesOf[r.CaseID], r.deadlineRow)
	}
	all := make([]*winddown.Case, len(cases))
	for i, r := range cases {
		var err error
		if all[i], err = r.domain(stepsOf[r.ID], actsOf[r.ID], deadlinesOf[r.ID]); err != nil {
			return nil, err
		}
	}
	return all, nil
}
