package postgres

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"winddown/internal/winddown"
)

// Tx is one transaction, sent in as few round trips as it can be: writes are queued and
// travel with the next read or with the commit, and «begin» travels with the first of
// them. Reads that lock their row return before anything is decided, so a queued write
// cannot miss its row; a write that breaks a constraint fails the whole transaction.
type Tx struct {
	conn   *pgxpool.Conn
	batch  *pgx.Batch
	begun  bool
	writes int // queued so far, sent or not
	silent int // writes beside them that are no events: see Redate
	actor  winddown.Actor
	now    time.Time
	heads  map[winddown.Stream]winddown.Head // of the rows this transaction holds locked
	cases  map[winddown.ID]loadedCase        // as they were when they were locked
	// keepers are the firms whose registers show a case, before and after.
	keepers map[winddown.ID][]winddown.Stream
	// responsible are the accountants of the cases, as they were when they were locked.
	responsible map[winddown.ID]winddown.ID
	// gone are the streams of what this transaction erases, and of whose pages it was on.
	gone     []winddown.Stream
	misuse   error // a write to a case that was not locked
	left     bool  // to a commit that nobody waits for any more
	notifier *notifier
	// saved are the queued writes of cases, so that the heads of their streams go with them.
	saved map[winddown.ID]namedArgs
	// settled is what the rows of cases hold that an ordinary tick leaves as it is. A case that is not in it is written whole.
	settled map[winddown.ID]settled

	generation int64 // of the calendar, at the last read
}

// InTx runs fn in a transaction and commits what it wrote together with the events it
// returns. Returning no events commits nothing but what is named as silent; any other write
// without an event is an error, so that no change escapes the trail. Errors come back with
// their kind, and nothing of the transaction stays. After the commit, and only then, whoever
// listens is told which streams have something new; nothing waits for that.
func (db *DB) InTx(ctx context.Context, actor winddown.Actor, now time.Time, fn func(*Tx) ([]winddown.Event, error)) error {
	acquiring, cancel := context.WithTimeout(ctx, acquireTimeout)
	defer cancel()
	conn, err := db.pool.Acquire(acquiring)
	if err != nil {
		return classify(err)
	}
	tx := &Tx{
		conn: conn, batch: &pgx.Batch{}, notifier: db.notifier, actor: actor, now: now.UTC().Truncate(time.Microsecond),
		heads: map[winddown.Stream]winddown.Head{}, cases: map[winddown.ID]loadedCase{},
		keepers: map[winddown.ID][]winddown.Stream{}, responsible: map[winddown.ID]winddown.ID{}, saved: map[winddown.ID]namedArgs{},
		settled: map[winddown.ID]settled{},
	}
	db.queueBegin(tx.batch, writing)
	returned := false
	defer func() {
		if !returned { // a panic passes through: its locks must not outlive it
			_ = tx.rollback()
		}
		if !tx.left {
			conn.Release()
		}
	}()
	events, err := fn(tx)
	returned = true
	if err == nil {
		err = tx.commit(ctx, events)
	}
	if err != nil {
		return errors.Join(classify(err), tx.rollback())
	}
	tx.committed(events)
	return nil
}

// committed tells whoever listens which streams have something new.
func (tx *Tx) committed(events []winddown.Event) {
	if tx.notifier != nil {
		tx.notifier.add(tx.hints(events))
	}
}

// read queues a query and sends everything queued so far. The calendar's generation comes
// along, read after the locks the query waits for.
func (tx *Tx) read(ctx context.Context, queue func(*pgx.Batch)) error {
	queue(tx.batch)
	tx.batch.Queue(sqlGeneration).QueryRow(func(r pgx.Row) error { return r.Scan(&tx.generation) })
	return tx.send(ctx)
}

func (tx *Tx) write(sql string, args namedArgs) {
	tx.writes++
	tx.batch.Queue(sql, args)
}

// writeCase queues a write to a case, which this transaction must have read and locked in
// the actor's scope, or written itself.
func (tx *Tx) writeCase(id winddown.ID, sql string, args namedArgs) {
	if _, ok := tx.cases[id]; !ok {
		tx.misuse = fmt.Errorf("case %s is not locked", id)
		return
	}
	tx.write(sql, args)
}

func (tx *Tx) send(ctx context.Context) error {
	batch := tx.batch
	tx.batch = &pgx.Batch{}
	tx.begun = true
	clear(tx.saved)
	return classify(tx.conn.SendBatch(ctx, batch).Close())
}

func (tx *Tx) commit(ctx context.Context, events []winddown.Event) error {
	if tx.misuse != nil {
		return tx.misuse
	}
	if len(events) == 0 {
		if tx.writes > 0 {
			return fmt.Errorf("a transaction wrote %d statements and no event", tx.writes)
		}
		if tx.silent == 0 {
			return tx.rollback()
		}
		return tx.sendCommit(ctx, nil)
	}
	if err := tx.append(ctx, events); err != nil {
		return err
	}
	return tx.sendCommit(ctx, events)
}

// sendCommit sends what is queued with the commit and waits for the answer. When ctx ends before,
// the commit goes on by itself, for as long as the server takes: to give it up would cancel it, and
// make a server that waits for its standby keep what the standby does not have, visible to
// the next request and lost with the server.
func (tx *Tx) sendCommit(ctx context.Context, events []winddown.Event) error {
	if err := ctx.Err(); err != nil {
		return classify(err)
	}
	tx.batch.Queue("commit")
	tx.begun = true
	conn, batch := tx.conn, tx.batch
	done := make(chan error, 1)
	var settled atomic.Bool // by whoever comes first: the answer, or the end of the patience
	go func() {
		err := conn.SendBatch(context.WithoutCancel(ctx), batch).Close()
		if settled.CompareAndSwap(false, true) {
			done <- err
			return
		}
		conn.Release()
		if err == nil {
			tx.committed(events)
		}
	}()
	select {
	case err := <-done:
		return unsure(err)
	case <-ctx.Done():
		if !settled.CompareAndSwap(false, true) {
			return unsure(<-done)
		}
		tx.left = true
		return unsure(ctx.Err())
	}
}

// rollback ends a transaction that was begun; it does not use the caller's context, which
// may be the reason for it.
func (tx *Tx) rollback() error {
	if tx.left || !tx.begun || tx.conn.Conn().IsClosed() || tx.conn.Conn().PgConn().TxStatus() == 'I' {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), connectTimeout)
	defer cancel()
	if _, err := tx.conn.Exec(ctx, "rollback"); err != nil {
		return fmt.Errorf("rollback: %w", err)
	}
	return nil
}

const sqlInsertEvent = `-- name: InsertEvent
insert into events (stream_kind, stream_id, seq, at, by_id, about_id, body, hash)
values (@kind, @stream, @seq, @at, @by, @about, @body, @hash)`

const sqlAdvanceCase = `-- name: AdvanceCase
update cases set event_seq = @seq, event_hash = @hash where id = @stream`

const sqlAdvanceUser = `-- name: AdvanceUser
update users set event_seq = @seq, event_hash = @hash where id = @stream`

const sqlAdvanceFirm = `-- name: AdvanceFirm
update firms set event_seq = @seq, event_hash = @hash where id = @stream`

const sqlAdvanceShare = `-- name: AdvanceShare
update share_links set event_seq = @seq, event_hash = @hash, opened_at = @now where id = @stream`

const sqlAdvanceSystem = `-- name: AdvanceSystem
update system_streams set event_seq = @seq, event_hash = @hash where id = @stream`

// sqlAdvanceCases moves the heads of many cases at once. For a few of them the planner would
// rather read the whole table.
const sqlAdvanceCases = `-- name: AdvanceCases
update cases set event_seq = n.seq, event_hash = n.hash
from unnest(@streams::uuid[], @seqs::bigint[], @hashes::bytea[]) as n (id, seq, hash)
where cases.id = n.id`

// manyEvents is from how many on the events of a transaction are written with COPY.
const manyEvents = 500

// append seals the events behind the heads of their streams and queues them. A stream
// whose head this transaction does not hold is a mistake of the caller.
func (tx *Tx) append(ctx context.Context, events []winddown.Event) error {
	moved := map[winddown.Stream]bool{}
	var order []winddown.Stream
	var many [][]any
	for _, e := range events {
		head, ok := tx.heads[e.Stream]
		if !ok {
			return fmt.Errorf("event %s: %s is not locked", e.Kind, e.Stream)
		}
		if e.By.IsZero() {
			e.By = tx.actor.UserID
		}
		e.At, e.Session, e.Via = tx.now, tx.actor.SessionID, tx.actor.Via
		record, next, err := head.Append(e)
		if err != nil {
			return err
		}
		tx.heads[e.Stream] = next
		if !moved[e.Stream] {
			moved[e.Stream] = true
			order = append(order, e.Stream)
		}
		if len(events) >= manyEvents {
			many = append(many, []any{string(record.Stream.Kind), record.Stream.ID, record.Seq, record.At, record.By, record.User, record.Body,
				bytes.Clone(record.Hash[:])})
			continue
		}
		tx.write(sqlInsertEvent, namedArgs{
			"kind": record.Stream.Kind, "stream": record.Stream.ID, "seq": record.Seq, "at": record.At,
			"by": record.By, "about": record.User, "body": record.Body, "hash": record.Hash[:],
		})
	}
	if len(many) > 0 {
		if err := tx.copyRows(ctx, "events", eventColumns, many); err != nil {
			return err
		}
	}
	var cases []winddown.ID
	var seqs []int64
	var hashes [][]byte
	for _, s := range order {
		head := tx.heads[s]
		if len(many) > 0 && s.Kind == winddown.CaseStream {
			cases, seqs, hashes = append(cases, s.ID), append(seqs, head.Seq), append(hashes, head.Hash[:])
			continue
		}
		if saved, ok := tx.saved[s.ID]; ok {
			saved["event_seq"], saved["event_hash"] = head.Seq, head.Hash[:]
			continue
		}
		args := namedArgs{"stream": s.ID, "seq": head.Seq, "hash": head.Hash[:]}
		switch s.Kind {
		case winddown.CaseStream:
			tx.write(sqlAdvanceCase, args)
		case winddown.UserStream:
			tx.write(sqlAdvanceUser, args)
		case winddown.FirmStream:
			tx.write(sqlAdvanceFirm, args)
		case winddown.SystemStream:
			tx.write(sqlAdvanceSystem, args)
		case winddown.ShareStream:
			args["now"] = tx.now
			tx.write(sqlAdvanceShare, args)
		}
	}
	if len(cases) > 0 {
		tx.write(sqlAdvanceCases, namedArgs{"streams": cases, "seqs": seqs, "hashes": hashes})
	}
	return nil
}

// copyRows writes rows of a table at once, behind everything queued so far.
func (tx *Tx) copyRows(ctx context.Context, table, columns string, rows [][]any) error {
	if err := tx.send(ctx); err != nil {
		return err
	}
	tx.writes++
	if _, err := tx.conn.CopyFrom(ctx, pgx.Identifier{table}, strings.Fields(columns), pgx.CopyFromRows(rows)); err != nil {
		return fmt.Errorf("copy %s: %w", table, classify(err))
	}
	return nil
}

// hold notes the head of a stream whose owner row is locked or new.
func (tx *Tx) hold(s winddown.Stream, seq int64, hash []byte) {
	h := winddown.Head{Seq: seq}
	copy(h.Hash[:], hash)
	tx.heads[s] = h
}
