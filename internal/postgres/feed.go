package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"winddown/internal/winddown"
)

const sqlRevokeFeed = `-- name: RevokeFeed
update calendar_feeds set revoked_at = @now where user_id = @user and revoked_at is null`

const sqlInsertFeed = `-- name: InsertFeed
insert into calendar_feeds (id, user_id, token_hash, created_at) values (@id, @user, @token, @now)`

// RevokeFeed ends the address of a person's calendar; the transaction holds him.
func (tx *Tx) RevokeFeed(user winddown.ID) {
	tx.write(sqlRevokeFeed, namedArgs{"user": user, "now": tx.now})
}

// InsertFeed gives a person whom the transaction holds a new address of his calendar in place
// of the one before.
func (tx *Tx) InsertFeed(id, user winddown.ID, tokenHash []byte) {
	tx.RevokeFeed(user)
	tx.write(sqlInsertFeed, namedArgs{"id": id, "user": user, "token": tokenHash, "now": tx.now})
}

const sqlFeed = `-- name: Feed
select u.id, u.locale, u.zone, f.revoked_at, u.disabled_at is not null as disabled
from calendar_feeds f join users u on u.id = f.user_id
where f.token_hash = @token`

type feedUserRow struct {
	ID        winddown.ID
	Locale    string
	Zone      string
	RevokedAt *time.Time
	Disabled  bool
}

// The cases of a calendar are all that its owner sees, as in his register and his list.
const feedCases = `
join (select f.user_id as actor from calendar_feeds f where f.token_hash = @token and f.revoked_at is null) t on true
where c.finished_on is null and (c.responsible_id = t.actor
    or exists (select from case_people p where p.case_id = c.id and p.user_id = t.actor)
    or exists (select from firm_people f where f.firm_id = c.firm_id and f.user_id = t.actor and f.role in ('admin', 'lead')))`

// The version moves with every event of these cases and of the firms that keep their books:
// beside the non-working days nothing else is in a calendar.
const sqlFeedCases = `-- name: FeedCases
with seen as materialized (
    select c.id, c.due_on, c.event_seq, coalesce(k.event_seq, 0) as firm_seq
    from cases c left join firms k on k.id = c.firm_id` + feedCases + `)
select (select md5(coalesce(string_agg(id || ' ' || event_seq || ' ' || firm_seq, ',' order by id), '')) from seen) as version,
       array(select id from seen order by due_on, id limit @limit) as cases`

// FeedRead is what a person's calendar is made of.
type FeedRead struct {
	Actor      winddown.Actor
	Version    string // of the cases
	Generation int64  // of the non-working days
	Cases      []SeenCase
}

// Feed returns the person behind the address of a calendar and, unless known says that whoever
// asks has them as they are, the unfinished cases he sees, those with the nearest deadlines
// first. It takes two round trips, or one: NotFound for an unknown token, Gone for a revoked one.
func (db *DB) Feed(ctx context.Context, tokenHash []byte, known func(FeedRead) bool) (FeedRead, error) {
	var read FeedRead
	var people []feedUserRow
	var ids []winddown.ID
	err := db.snapshot(ctx, func(b *pgx.Batch) {
		queueGeneration(b, &read.Generation)
		b.Queue(sqlFeed, namedArgs{"token": tokenHash}).Query(collect(&people))
		b.Queue(sqlFeedCases, namedArgs{"token": tokenHash, "limit": MaxDigestCases}).QueryRow(func(r pgx.Row) error {
			return r.Scan(&read.Version, &ids)
		})
	})
	switch {
	case err != nil:
		return FeedRead{}, err
	case len(people) == 0:
		return FeedRead{}, &winddown.Error{Kind: winddown.NotFound, Key: "error.not_found"}
	case people[0].RevokedAt != nil, people[0].Disabled:
		return FeedRead{}, &winddown.Error{Kind: winddown.Gone, Key: "calendar_feed.error.gone"}
	}
	read.Actor = winddown.Actor{UserID: people[0].ID, Locale: people[0].Locale, Zone: people[0].Zone, Via: winddown.ViaPages}
	if known(read) {
		return read, nil
	}
	read.Cases, err = db.seenCases(ctx, read.Actor, ids)
	return read, err
}
