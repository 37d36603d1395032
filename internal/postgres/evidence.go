package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"winddown/internal/winddown"
)

const sqlEvidence = `-- name: Evidence
select e.number, e.step, e.slot, e.act, e.round, e.debt, e.doc, e.version, e.kind, e.name, e.type, e.size, e.sha256, e.note, e.frozen,
       e.by_id, e.at, e.on_behalf, coalesce(u.name, '') as by_name
from evidence e join cases c on c.id = e.case_id left join users u on u.id = e.by_id
where c.id = @case and (@step = '' or e.step = @step) and ` + caseScope + `
order by e.number`

// sqlEvidenceFile finds one version for who may see its case.
const sqlEvidenceFile = `-- name: EvidenceFile
select e.number, e.step, e.slot, e.act, e.round, e.debt, e.doc, e.version, e.kind, e.name, e.type, e.size, e.sha256, e.note, e.frozen,
       e.by_id, e.at, e.on_behalf, '' as by_name
from evidence e join cases c on c.id = e.case_id
where c.id = @case and e.number = @number and e.kind = 'file' and ` + caseScope

type evidenceRow struct {
	Number   int
	Step     string
	Slot     string
	Act      int
	Round    int
	Debt     winddown.ID
	Doc      int
	Version  int
	Kind     string
	Name     string
	Type     string
	Size     int64
	SHA256   []byte `db:"sha256"`
	Note     string
	Frozen   bool
	ByID     winddown.ID
	At       time.Time
	OnBehalf bool
	ByName   string
}

func (r evidenceRow) domain() winddown.Evidence {
	e := winddown.Evidence{
		Number: r.Number, Step: winddown.Code(r.Step), Slot: winddown.SlotCode(r.Slot), Act: r.Act, Round: r.Round, Debt: r.Debt, Doc: r.Doc,
		Version: r.Version, Kind: winddown.EvidenceKind(r.Kind), Name: r.Name, Type: r.Type, Size: r.Size, Note: r.Note,
		Frozen: r.Frozen, By: r.ByID, At: r.At, OnBehalf: r.OnBehalf,
	}
	copy(e.SHA256[:], r.SHA256)
	return e
}

// EvidenceFile returns one file of a case in the actor's scope, or NotFound.
func (db *DB) EvidenceFile(ctx context.Context, actor winddown.Actor, id winddown.ID, number int) (winddown.Evidence, error) {
	var rows []evidenceRow
	err := db.snapshot(ctx, func(b *pgx.Batch) {
		b.Queue(sqlEvidenceFile, namedArgs{"case": id, "actor": actor.UserID, "number": number}).Query(collect(&rows))
	})
	if err != nil {
		return winddown.Evidence{}, err
	}
	if len(rows) == 0 {
		return winddown.Evidence{}, &winddown.Error{Kind: winddown.NotFound, Key: "error.not_found"}
	}
	return rows[0].domain(), nil
}

const sqlInsertEvidence = `-- name: InsertEvidence
insert into evidence (case_id, number, step, slot, act, round, debt, doc, version, kind, name, type, size, sha256, note, frozen, by_id,
    at, on_behalf)
values (@case, @number, @step, @slot, @act, @round, @debt, @doc, @version, @kind, @name, @type, @size, @sha256, @note, @frozen, @by_id,
    @at, @on_behalf)`

const sqlFreezeEvidence = `-- name: FreezeEvidence
update evidence set frozen = true where case_id = @case and number = any(@numbers)`

// saveEvidence writes new versions and what was frozen.
func (tx *Tx) saveEvidence(c *winddown.Case, loaded loadedCase) {
	was := map[int]bool{}
	for _, e := range loaded.evidence {
		was[e.Number] = e.Frozen
	}
	frozen := []int{}
	for _, e := range c.Evidence {
		switch {
		case e.Number > loaded.seq:
			tx.writeCase(c.ID, sqlInsertEvidence, evidenceArgs(c.ID, e))
		case e.Frozen && !was[e.Number]:
			frozen = append(frozen, e.Number)
		}
	}
	if len(frozen) > 0 {
		tx.writeCase(c.ID, sqlFreezeEvidence, namedArgs{"case": c.ID, "numbers": frozen})
	}
}

func evidenceArgs(id winddown.ID, e winddown.Evidence) namedArgs {
	var sum []byte
	if e.Kind == winddown.EvidenceFile {
		sum = e.SHA256[:]
	}
	return namedArgs{
		"case": id, "number": e.Number, "step": e.Step, "slot": e.Slot, "act": e.Act, "round": e.Round, "debt": e.Debt, "doc": e.Doc,
		"version": e.Version, "kind": e.Kind, "name": e.Name, "type": e.Type, "size": e.Size, "sha256": sum, "note": e.Note,
		"frozen": e.Frozen, "by_id": e.By, "at": e.At, "on_behalf": e.OnBehalf,
	}
}

const sqlKnownFiles = `-- name: KnownFiles
select distinct e.sha256 from evidence e where e.sha256 = any(@sums)`

// SweepFiles runs fn while no other process sweeps, and reports whether it did; it does not
// wait for the other. known returns those of the hashes that some evidence refers to.
func (db *DB) SweepFiles(ctx context.Context, fn func(known func(context.Context, [][32]byte) (map[[32]byte]bool, error)) error) (bool, error) {
	return db.exclusively(ctx, sweepLock, func(tx pgx.Tx) error {
		return fn(func(ctx context.Context, sums [][32]byte) (map[[32]byte]bool, error) {
			list := make([][]byte, len(sums))
			for i := range sums {
				list[i] = sums[i][:]
			}
			rows, err := tx.Query(ctx, sqlKnownFiles, namedArgs{"sums": list})
			if err != nil {
				return nil, classify(err)
			}
			found, err := pgx.CollectRows(rows, pgx.RowTo[[]byte])
			if err != nil {
				return nil, classify(err)
			}
			known := map[[32]byte]bool{}
			for _, b := range found {
				known[[32]byte(b)] = true
			}
			return known, nil
		})
	})
}
