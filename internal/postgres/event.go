package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"winddown/internal/winddown"
)

// TrailLine is an event with the names of the people in it, as they are called now.
type TrailLine struct {
	Seq   int64
	Event winddown.Event
	By    string // empty for the system
	User  string // whom it is about, if anybody
}

// trailColumns are a line of a trail, with the names of the people in it.
const trailColumns = `e.stream_id, e.seq, e.at, e.by_id, e.about_id, e.body,
       coalesce((select name from users where id = e.by_id), ''), coalesce((select name from users where id = e.about_id), '')`

type trailRow struct {
	StreamID  winddown.ID
	Seq       int64
	At        time.Time
	ByID      winddown.ID
	AboutID   winddown.ID
	Body      []byte
	ByName    string
	AboutName string
}

func trailLines(rows []trailRow, limit int) ([]TrailLine, bool, error) {
	more := len(rows) > limit
	if more {
		rows = rows[:limit]
	}
	var lines []TrailLine
	for _, r := range rows {
		e, err := winddown.Record{
			Stream: winddown.Stream{Kind: winddown.CaseStream, ID: r.StreamID}, Seq: r.Seq, At: r.At, Body: r.Body,
		}.Event()
		if err != nil {
			return nil, false, err
		}
		lines = append(lines, TrailLine{Seq: r.Seq, Event: e, By: r.ByName, User: r.AboutName})
	}
	return lines, more, nil
}

const sqlStream = `-- name: Stream
select e.seq, e.at, e.by_id, e.about_id, e.body, e.hash
from events e
where e.stream_kind = @kind and e.stream_id = @stream
order by e.seq`

// heads are the ends of all streams, as their owners keep them.
const heads = `(
select 'case' as kind, id, event_seq, event_hash from cases
union all
select 'user', id, event_seq, event_hash from users
union all
select 'firm', id, event_seq, event_hash from firms
union all
select 'share', id, event_seq, event_hash from share_links
union all
select 'system', id, event_seq, event_hash from system_streams)`

const sqlHead = `-- name: Head
select h.event_seq, h.event_hash from ` + heads + ` h where h.kind = @kind and h.id = @stream`

// VerifyStream walks the chain of a stream in one snapshot and returns the number of its
// events. It is an operator's tool and takes no actor. A broken chain is an error that
// names the first bad link; a stream without an owner row is NotFound.
func (db *DB) VerifyStream(ctx context.Context, s winddown.Stream) (int64, error) {
	var head winddown.Head
	var chain winddown.Chain
	err := pgx.BeginTxFunc(ctx, db.pool, db.begin(oneView), func(tx pgx.Tx) error {
		args := namedArgs{"kind": s.Kind, "stream": s.ID}
		var hash []byte
		if err := tx.QueryRow(ctx, sqlHead, args).Scan(&head.Seq, &hash); err != nil {
			return classify(err)
		}
		copy(head.Hash[:], hash)
		rows, err := tx.Query(ctx, sqlStream, args)
		if err != nil {
			return classify(err)
		}
		defer rows.Close()
		for rows.Next() {
			r := winddown.Record{Stream: s}
			if err := rows.Scan(&r.Seq, &r.At, &r.By, &r.User, &r.Body, &hash); err != nil {
				return classify(err)
			}
			copy(r.Hash[:], hash)
			if err := chain.Next(r); err != nil {
				return err
			}
		}
		return classify(rows.Err())
	})
	if err != nil {
		return 0, err
	}
	return head.Seq, chain.End(s, head)
}

const sqlAllStreams = `-- name: AllStreams
select e.stream_kind, e.stream_id, e.seq, e.at, e.by_id, e.about_id, e.body, e.hash, coalesce(h.event_seq, 0), coalesce(h.event_hash, '')
from events e
left join ` + heads + ` h on h.kind = e.stream_kind and h.id = e.stream_id
order by e.stream_kind, e.stream_id, e.seq`

const sqlLostStream = `-- name: LostStream
select h.kind, h.id
from ` + heads + ` h
where h.event_seq > 0 and not exists (select from events e where e.stream_kind = h.kind and e.stream_id = h.id)
limit 1`

// VerifyAll walks the chains of all streams in one snapshot and returns how many streams and
// events there are. A broken chain is an error that names the first bad link, as is a stream
// that has a head and no events. It is an operator's tool and takes no actor.
func (db *DB) VerifyAll(ctx context.Context) (streams, events int64, err error) {
	err = pgx.BeginTxFunc(ctx, db.pool, db.begin(oneView), func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, noLimits); err != nil {
			return classify(err)
		}
		var lost winddown.Stream
		err := tx.QueryRow(ctx, sqlLostStream).Scan(&lost.Kind, &lost.ID)
		if err == nil {
			return fmt.Errorf("%s: no event is left", lost)
		}
		if !errors.Is(err, pgx.ErrNoRows) {
			return classify(err)
		}
		rows, err := tx.Query(ctx, sqlAllStreams)
		if err != nil {
			return classify(err)
		}
		defer rows.Close()
		var at winddown.Stream
		var chain winddown.Chain
		var head winddown.Head
		for rows.Next() {
			var r winddown.Record
			var kept winddown.Head
			var hash, keptHash []byte
			if err := rows.Scan(&r.Stream.Kind, &r.Stream.ID, &r.Seq, &r.At, &r.By, &r.User, &r.Body, &hash, &kept.Seq, &keptHash); err != nil {
				return classify(err)
			}
			copy(r.Hash[:], hash)
			copy(kept.Hash[:], keptHash)
			if r.Stream != at {
				if streams > 0 {
					if err := chain.End(at, head); err != nil {
						return err
					}
				}
				at, chain, head = r.Stream, winddown.Chain{}, kept
				streams++
			}
			if err := chain.Next(r); err != nil {
				return err
			}
			events++
		}
		if err := rows.Err(); err != nil || streams == 0 {
			return classify(err)
		}
		return chain.End(at, head)
	})
	return streams, events, err
}
