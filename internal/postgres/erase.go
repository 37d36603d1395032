package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"winddown/internal/winddown"
)

// eraseAtOnce bounds the cases that are erased one after the other.
const eraseAtOnce = 1000

// erasing is the condition under which a case is erased now. One that nobody has deleted, but whose time
// of retention was over, stays in an installation that keeps cases for ever by now.
const erasing = `erase_at <= @now and (@expired or erase_by is not null)`

const sqlErasableCases = `-- name: ErasableCases
select id from cases where ` + erasing + ` order by erase_at, id limit @limit`

// ErasableCases returns cases whose deletion's term is over; with expired also those that nobody has
// deleted. It is the program's own and takes no
// actor.
func (db *DB) ErasableCases(ctx context.Context, now time.Time, expired bool) ([]winddown.ID, error) {
	return db.idsOf(ctx, sqlErasableCases, namedArgs{"now": now, "expired": expired, "limit": eraseAtOnce})
}

// Tombstone is what is left of an erased case.
type Tombstone struct {
	EventSeq  int64
	EventHash []byte
	AskedBy   winddown.ID // zero when nobody asked: its time of retention was over
	AskedAt   time.Time
	ErasedAt  time.Time
}

const sqlTombstone = `-- name: Tombstone
select event_seq, event_hash, asked_by, asked_at, erased_at from tombstones where case_id = @case`

// Tombstone returns what is left of an erased case, or NotFound. It is an operator's tool and
// takes no actor.
func (db *DB) Tombstone(ctx context.Context, id winddown.ID) (Tombstone, error) {
	rows, err := db.pool.Query(ctx, sqlTombstone, namedArgs{"case": id})
	if err != nil {
		return Tombstone{}, classify(err)
	}
	t, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[Tombstone])
	return t, classify(err)
}

const sqlLockErasable = `-- name: LockErasable
select event_seq, event_hash, erase_by as asked_by, erase_asked_at as asked_at, @now::timestamptz as erased_at, firm_id
from cases where id = @case and ` + erasing + ` for update`

const sqlInsertTombstone = `-- name: InsertTombstone
insert into tombstones (case_id, event_seq, event_hash, asked_at, asked_by, erased_at)
values (@case, @seq, @hash, @asked_at, @asked_by, @now)`

// What belongs to a case alone, in an order that no foreign key minds.
const (
	sqlEraseShareEvents = `-- name: EraseShareEvents
delete from events where stream_kind = 'share' and stream_id in (select id from share_links where case_id = @case)`
	sqlEraseEvents = `-- name: EraseEvents
delete from events where stream_kind = 'case' and stream_id = @case`
	sqlEraseInviteTokens = `-- name: EraseInviteTokens
delete from mail_tokens where invite_id in (select id from invites where case_id = @case)`
	sqlEraseInvites = `-- name: EraseInvites
delete from invites where case_id = @case`
	sqlEraseShares = `-- name: EraseShares
delete from share_links where case_id = @case`
	sqlEraseDigestItems = `-- name: EraseDigestItems
delete from digest_items where case_id = @case`
	sqlEraseDues = `-- name: EraseDues
delete from dues where case_id = @case`
	sqlEraseDebts = `-- name: EraseDebts
delete from debts where case_id = @case`
	sqlEraseDeadlines = `-- name: EraseDeadlines
delete from deadlines where case_id = @case`
	sqlEraseQuestions = `-- name: EraseQuestions
delete from questions where case_id = @case`
	sqlEraseEvidence = `-- name: EraseEvidence
delete from evidence where case_id = @case`
	sqlEraseActs = `-- name: EraseActs
delete from acts where case_id = @case`
	sqlEraseSteps = `-- name: EraseSteps
delete from case_steps where case_id = @case`
	sqlErasePeople = `-- name: ErasePeople
delete from case_people where case_id = @case`
	sqlEraseCase = `-- name: EraseCase
delete from cases where id = @case`
)

// EraseCase erases a case whose deletion's term is over, with its trail and all that belongs to
// it, and leaves its tombstone; the person who asked for it, or the system's
// stream, is held locked. NotFound when there is
// no such case any more, its deletion was taken back, or, unless expired, nobody has deleted it.
func (tx *Tx) EraseCase(ctx context.Context, id winddown.ID, expired bool) (Tombstone, error) {
	var found []struct {
		Tombstone
		FirmID winddown.ID
	}
	err := tx.read(ctx, func(b *pgx.Batch) {
		b.Queue(sqlLockErasable, namedArgs{"case": id, "now": tx.now, "expired": expired}).Query(collect(&found))
	})
	if err != nil {
		return Tombstone{}, err
	}
	if len(found) == 0 {
		return Tombstone{}, &winddown.Error{Kind: winddown.NotFound, Key: "error.not_found"}
	}
	t := found[0].Tombstone
	tx.gone = append(tx.gone, winddown.Stream{Kind: winddown.CaseStream, ID: id})
	if firm := found[0].FirmID; !firm.IsZero() {
		tx.gone = append(tx.gone, winddown.Stream{Kind: winddown.FirmStream, ID: firm})
	}
	if t.AskedBy.IsZero() {
		err = tx.lockSystem(ctx, func(*pgx.Batch) {})
	} else {
		_, err = tx.LockUser(ctx, t.AskedBy)
	}
	if err != nil {
		return Tombstone{}, err
	}
	tx.write(sqlInsertTombstone, namedArgs{"case": id, "seq": t.EventSeq, "hash": t.EventHash,
		"asked_at": t.AskedAt, "asked_by": t.AskedBy, "now": tx.now})
	for _, erase := range []string{sqlEraseShareEvents, sqlEraseEvents, sqlEraseInviteTokens, sqlEraseInvites, sqlEraseShares, sqlEraseDigestItems,
		sqlEraseDues, sqlEraseDebts, sqlEraseDeadlines, sqlEraseQuestions, sqlEraseEvidence, sqlEraseActs, sqlEraseSteps, sqlErasePeople, sqlEraseCase} {
		tx.write(erase, namedArgs{"case": id})
	}
	return t, nil
}
