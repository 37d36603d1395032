package postgres

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"

	"winddown/internal/winddown"
)

// JobTx is a transaction in which jobs are inserted or completed. Only the job queue's
// client knows what it is.
type JobTx = pgx.Tx

// JobDriver is the job queue's way to this database. The queue's own statements stay in its
// library; it shares the pool.
func (db *DB) JobDriver() *riverpgxv5.Driver { return riverpgxv5.New(db.pool) }

// InJobTx runs fn in a transaction of the job queue.
func (db *DB) InJobTx(ctx context.Context, fn func(JobTx) error) error {
	return classify(pgx.BeginTxFunc(ctx, db.pool, db.begin(writing), fn))
}

// Followed is an event with its number in its stream.
type Followed struct {
	Seq   int64
	Event winddown.Event
}

// sqlFollower takes the reader's place, unless another process has it. Whoever had it may have moved
// it on since the statement began: then it is ahead of what the statement sees, and of nothing else.
const sqlFollower = `-- name: Follower
select tx::text as tx, stream_kind, stream_id, seq, tx > pg_snapshot_xmax(pg_current_snapshot()) as ahead
from followers where name = @name
for update skip locked`

// sqlBeginFollowing takes a place that lies ahead of all transactions back to those that still run: in a
// copy of the database in another server they count anew. It begins after the place is held.
const sqlBeginFollowing = `-- name: BeginFollowing
update followers set tx = pg_snapshot_xmin(pg_current_snapshot()), stream_kind = '', stream_id = '00000000-0000-0000-0000-000000000000', seq = 0
where name = @name and tx > pg_snapshot_xmax(pg_current_snapshot())`

// sqlFollowed reads the events behind a place, up to the oldest transaction that still runs:
// one of its events may yet come between those that are there.
const sqlFollowed = `-- name: Followed
select e.tx::text as tx, e.stream_kind, e.stream_id, e.seq, e.body
from events e
where (e.tx, e.stream_kind, e.stream_id, e.seq) > (@tx::text::xid8, @kind::text, @stream::uuid, @seq::bigint)
  and e.tx < pg_snapshot_xmin(pg_current_snapshot())
order by e.tx, e.stream_kind, e.stream_id, e.seq
limit @limit`

const sqlMoveFollower = `-- name: MoveFollower
update followers set tx = @tx::text::xid8, stream_kind = @kind, stream_id = @stream, seq = @seq where name = @name`

type followerRow struct {
	Tx         string
	StreamKind string
	StreamID   [16]byte
	Seq        int64
	Ahead      bool
}

type followedRow struct {
	Tx         string
	StreamKind winddown.StreamKind
	StreamID   winddown.ID
	Seq        int64
	Body       []byte
}

// Follow hands fn the next events of all streams, in the order of their transactions, and
// moves the reader on in the same transaction: what fn writes in it, it writes exactly once.
// It returns how many events there were: none while another process reads. It is the
// program's own reader and takes no actor.
func (db *DB) Follow(ctx context.Context, reader string, limit int, fn func(JobTx, []Followed) error) (n int, err error) {
	err = pgx.BeginTxFunc(ctx, db.pool, db.begin(writing), func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, sqlFollower, namedArgs{"name": reader})
		if err != nil {
			return err
		}
		place, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[followerRow])
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		if err != nil {
			return err
		}
		if place.Ahead {
			moved, err := tx.Exec(ctx, sqlBeginFollowing, namedArgs{"name": reader})
			if err != nil || moved.RowsAffected() > 0 {
				return err
			}
		}
		rows, err = tx.Query(ctx, sqlFollowed, namedArgs{
			"tx": place.Tx, "kind": place.StreamKind, "stream": place.StreamID, "seq": place.Seq, "limit": limit,
		})
		if err != nil {
			return err
		}
		found, err := pgx.CollectRows(rows, pgx.RowToStructByName[followedRow])
		if err != nil || len(found) == 0 {
			return err
		}
		n = len(found)
		events := make([]Followed, n)
		for i, r := range found {
			e, err := winddown.Record{Stream: winddown.Stream{Kind: r.StreamKind, ID: r.StreamID}, Seq: r.Seq, Body: r.Body}.Event()
			if err != nil {
				return err
			}
			events[i] = Followed{Seq: r.Seq, Event: e}
		}
		last := found[n-1]
		if _, err := tx.Exec(ctx, sqlMoveFollower, namedArgs{
			"name": reader, "tx": last.Tx, "kind": last.StreamKind, "stream": last.StreamID, "seq": last.Seq,
		}); err != nil {
			return err
		}
		return fn(tx, events)
	})
	return n, classify(err)
}
