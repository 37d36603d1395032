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
	var heads []struct {
		EventSeq  int64
		EventHash []byte
	}
	err := tx.read(ctx, func(b *pgx.Batch) {
		b.Queue(sqlLockExpired, namedArgs{"case": id, "since": since}).Query(collect(&heads))
	})
	if err != nil {
		return err
	}
	if len(heads) == 0 {
		return &winddown.Error{Kind: winddown.NotFound, Key: "error.not_found"}
	}
	tx.hold(winddown.Stream{Kind: winddown.CaseStream, ID: id}, heads[0].EventSeq, heads[0].EventHash)
	tx.write(sqlExpire, namedArgs{"case": id, "now": tx.now, "at": at})
	return nil
}
