package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"winddown/internal/winddown"
)

// expired is the condition under which the time of retention of a case c is over: it was finished or
// archived, and nothing has changed since, not even that it was kept.
const expired = `(c.finished_on is not null or c.archived_at is not null) and c.changed_at <= @since and coalesce(c.archived_at <= @since, true) and c.erase_at is null`

const sqlExpiredCases = `-- name: ExpiredCases
select c.id from cases c where ` + expired + ` order by c.changed_at, c.id limit @limit`

// ExpiredCases returns cases whose time of retention is over. It is the program's own and takes no actor.
func (db *DB) ExpiredCases(ctx context.Context, since time.Time) ([]winddown.ID, error) {
	return db.idsOf(ctx, sqlExpiredCases, namedArgs{"since": since, "limit": eraseAtOnce})
}

const sqlLockExpired = `-- name: LockExpired
select c.event_seq, c.event_hash from cases c where c.id = @case and ` + expired + ` for no key update of c`

const sqlExpire = `-- name: Expire
update cases set erase_asked_at = @now, erase_at = @at where id = @case`

// Expire notes that a case whose time of retention is over is erased from at on, and holds it until the
// transaction ends; NotFound when something has changed meanwhile.
func (tx *Tx) Expire(ctx context.Context, id winddown.ID, since, at time.Time) error {
	if err := tx.lockByClock(ctx, id, sqlLockExpired, namedArgs{"case": id, "since": since}); err != nil {
		return err
	}
	tx.write(sqlExpire, namedArgs{"case": id, "now": tx.now, "at": at})
	return nil
}

// lockByClock holds a case about which nobody asked, until the transaction ends; NotFound when the
// statement finds it no more.
func (tx *Tx) lockByClock(ctx context.Context, id winddown.ID, sql string, args namedArgs) error {
	var heads []struct {
		EventSeq  int64
		EventHash []byte
	}
	err := tx.read(ctx, func(b *pgx.Batch) { b.Queue(sql, args).Query(collect(&heads)) })
	if err != nil {
		return err
	}
	if len(heads) == 0 {
		return &winddown.Error{Kind: winddown.NotFound, Key: "error.not_found"}
	}
	tx.hold(winddown.Stream{Kind: winddown.CaseStream, ID: id}, heads[0].EventSeq, heads[0].EventHash)
	return nil
}

// expiring is the condition under which a case c is erased on a day though nobody has deleted it.
const expiring = `c.erase_at is not null and c.erase_by is null`

const sqlExpiringCases = `-- name: ExpiringCases
select c.id from cases c where ` + expiring + ` order by c.id limit @limit`

// ExpiringCases returns cases that are erased on a day though nobody has deleted them. It is the program's
// own and takes no actor.
func (db *DB) ExpiringCases(ctx context.Context) ([]winddown.ID, error) {
	return db.idsOf(ctx, sqlExpiringCases, namedArgs{"limit": eraseAtOnce})
}

const sqlLockExpiring = `-- name: LockExpiring
select c.event_seq, c.event_hash from cases c where c.id = @case and ` + expiring + ` for no key update of c`

const sqlStopExpiring = `-- name: StopExpiring
update cases set erase_asked_at = null, erase_at = null where id = @case`

// StopExpiring notes that a case is not erased of itself after all; NotFound when it is not, by now.
func (tx *Tx) StopExpiring(ctx context.Context, id winddown.ID) error {
	if err := tx.lockByClock(ctx, id, sqlLockExpiring, namedArgs{"case": id}); err != nil {
		return err
	}
	tx.write(sqlStopExpiring, namedArgs{"case": id})
	return nil
}
