package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"winddown/internal/winddown"
)

// sqlCaseRecords reads the whole trail of a case as it is stored, with the names of the
// people in it.
const sqlCaseRecords = `-- name: CaseRecords
select e.seq, e.at, e.by_id, e.about_id, e.body, e.hash, coalesce(b.name, '') as by_name, coalesce(a.name, '') as about_name
from events e
join cases c on c.id = e.stream_id
left join users b on b.id = e.by_id
left join users a on a.id = e.about_id
where e.stream_kind = 'case' and e.stream_id = @case and ` + caseScope + `
order by e.seq`

// sqlCaseReader finds somebody who sees a case, as caseScope has it.
const sqlCaseReader = `-- name: CaseReader
select coalesce(
    c.responsible_id,
    (select p.user_id from case_people p where p.case_id = c.id limit 1),
    (select f.user_id from firm_people f where f.firm_id = c.firm_id and f.role in ('admin', 'lead') limit 1))
from cases c
where c.id = @case`

type recordRow struct {
	Seq       int64
	At        time.Time
	ByID      winddown.ID
	AboutID   winddown.ID
	Body      []byte
	Hash      []byte
	ByName    string
	AboutName string
}

// PackRead is everything a handover pack tells of a case, as it was at one moment.
type PackRead struct {
	Case    *winddown.Case // with its evidence, questions and ledger
	Head    winddown.Head  // as kept with the case
	History []winddown.Record
	Names   map[winddown.ID]string // of the people the case and its trail name
}

// PackRead reads a case whole, in the actor's scope and in one snapshot; NotFound for a
// case out of scope. What it returns does not depend on who asks.
func (db *DB) PackRead(ctx context.Context, actor winddown.Actor, id winddown.ID) (PackRead, error) {
	var q caseQuery
	var records []recordRow
	err := db.snapshot(ctx, func(b *pgx.Batch) {
		q.queue(b, actor, id, EvidenceOf(""), Questions(), Ledger())
		q.queueNames(b, actor, id)
		b.Queue(sqlCaseRecords, namedArgs{"case": id, "actor": actor.UserID}).Query(collect(&records))
	})
	if err != nil {
		return PackRead{}, err
	}
	read, err := q.result()
	if err != nil {
		return PackRead{}, err
	}
	p := PackRead{Case: read.Case, Names: read.Names, Head: winddown.Head{Seq: q.cases[0].EventSeq}}
	copy(p.Head.Hash[:], q.cases[0].EventHash)
	for _, r := range records {
		record := winddown.Record{
			Stream: winddown.Stream{Kind: winddown.CaseStream, ID: id}, Seq: r.Seq, At: r.At, By: r.ByID, User: r.AboutID, Body: r.Body,
		}
		copy(record.Hash[:], r.Hash)
		p.History = append(p.History, record)
		p.Names[r.ByID], p.Names[r.AboutID] = r.ByName, r.AboutName
	}
	delete(p.Names, winddown.ID{})
	return p, nil
}

// CaseReader returns somebody who sees a case, so that an operator's tool, which takes no
// actor, reads what people read: the zero Actor when nobody does, NotFound for a case that
// does not exist.
func (db *DB) CaseReader(ctx context.Context, id winddown.ID) (winddown.Actor, error) {
	var actor winddown.Actor
	err := db.pool.QueryRow(ctx, sqlCaseReader, namedArgs{"case": id}).Scan(&actor.UserID)
	return actor, classify(err)
}
