package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"winddown/internal/winddown"
)

const sqlNewestText = `-- name: NewestText
select kind, key, locale, version, body as parts, source, checked_on, created_at
from text_overrides
where kind = @kind and key = @key and locale = @locale
order by version desc
limit 1`

const sqlNewestTexts = `-- name: NewestTexts
select distinct on (kind, key, locale) kind, key, locale, version, body as parts, source, checked_on, created_at
from text_overrides
order by kind, key, locale, version desc`

const sqlTextVersions = `-- name: TextVersions
select kind, key, locale, version, body as parts, source, checked_on, created_at
from text_overrides
where kind = @kind and key = @key and locale = @locale
order by version desc`

const sqlInsertText = `-- name: InsertText
insert into text_overrides (kind, key, locale, version, body, source, checked_on, created_at)
values (@kind, @key, @locale, @version, @body, @source, @checked_on, @now)`

// queueText asks for the newest version of a text; into keeps its zero where it was never
// replaced.
func queueText(b *pgx.Batch, kind winddown.TextKind, key, locale string, into *winddown.Text) {
	b.Queue(sqlNewestText, namedArgs{"kind": kind, "key": key, "locale": locale}).Query(func(r pgx.Rows) error {
		rows, err := pgx.CollectRows(r, pgx.RowToStructByName[winddown.Text])
		if len(rows) > 0 {
			*into = rows[0]
		}
		return err
	})
}

// Text returns the newest version of a text; its zero where it was never replaced.
func (db *DB) Text(ctx context.Context, kind winddown.TextKind, key, locale string) (winddown.Text, error) {
	var t winddown.Text
	b := &pgx.Batch{}
	queueText(b, kind, key, locale, &t)
	return t, classify(db.pool.SendBatch(ctx, b).Close())
}

// Texts returns the newest version of every text that was ever replaced.
func (db *DB) Texts(ctx context.Context) ([]winddown.Text, error) {
	rows, err := db.pool.Query(ctx, sqlNewestTexts)
	if err != nil {
		return nil, classify(err)
	}
	texts, err := pgx.CollectRows(rows, pgx.RowToStructByName[winddown.Text])
	return texts, classify(err)
}

// TextVersions returns every version of a text, the newest first.
func (db *DB) TextVersions(ctx context.Context, kind winddown.TextKind, key, locale string) ([]winddown.Text, error) {
	rows, err := db.pool.Query(ctx, sqlTextVersions, namedArgs{"kind": kind, "key": key, "locale": locale})
	if err != nil {
		return nil, classify(err)
	}
	texts, err := pgx.CollectRows(rows, pgx.RowToStructByName[winddown.Text])
	return texts, classify(err)
}

// LockText holds the system's stream until the transaction ends and returns the newest
// version of a text; its zero where it was never replaced.
func (tx *Tx) LockText(ctx context.Context, kind winddown.TextKind, key, locale string) (winddown.Text, error) {
	var t winddown.Text
	err := tx.lockSystem(ctx, func(b *pgx.Batch) { queueText(b, kind, key, locale, &t) })
	return t, err
}

// InsertText writes a new version of a text. The text must be locked.
func (tx *Tx) InsertText(t winddown.Text) {
	var body any // NULL says: as built in
	if !t.BuiltIn() {
		body = t.Parts
	}
	tx.write(sqlInsertText, namedArgs{
		"kind": t.Kind, "key": t.Key, "locale": t.Locale, "version": t.Version, "body": body, "source": t.Source,
		"checked_on": t.CheckedOn, "now": tx.now,
	})
}
