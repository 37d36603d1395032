package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"winddown/internal/winddown"
)

const firmTextColumns = `'step' as kind, t.key, t.locale, t.edition as version, t.body as parts, t.source, t.checked_on, t.changed_at as created_at`

// sqlFirmTexts reads of each text the one published last, and the one of the draft.
const sqlFirmTexts = `-- name: FirmTexts
select distinct on (t.key, t.locale, t.edition > f.texts) ` + firmTextColumns + `
from firm_texts t join firms f on f.id = t.firm_id
where f.id = @firm and ` + firmScope + `
order by t.key, t.locale, t.edition > f.texts, t.edition desc`

// sqlCaseText reads the text of a firm that a case is read with.
const sqlCaseText = `-- name: CaseText
select ` + firmTextColumns + `
from firm_texts t join cases c on c.firm_id = t.firm_id
where c.id = @case and t.key = @key and t.locale = @locale and t.edition <= c.texts and ` + caseScope + `
order by t.edition desc
limit 1`

// sqlCaseTexts reads of each text of a firm the one a case is read with, and a newer one that is
// published.
const sqlCaseTexts = `-- name: CaseTexts
select distinct on (t.key, t.locale, t.edition > c.texts) ` + firmTextColumns + `
from firm_texts t join cases c on c.firm_id = t.firm_id join firms f on f.id = t.firm_id
where c.id = @case and t.edition <= f.texts and ` + caseScope + `
order by t.key, t.locale, t.edition > c.texts, t.edition desc`

// Newer asks for the texts of the firm that a case is read with and those that are newer, and
// for the installation's.
func Newer() Part { return Part{table: "firm_texts"} }

const outdatedCases = `c.firm_id = @firm and c.stage <> 'finished' and (c.texts < (select f.texts from firms f where f.id = c.firm_id) or c.playbook < @playbook)
  and ` + caseScope

const sqlCountOutdated = `-- name: CountOutdated
select count(*) as n, coalesce(min(c.texts), 0) as texts, coalesce(min(c.playbook), 0) as playbook from cases c where ` + outdatedCases

// sqlOldestTexts reads the texts that the case furthest behind is read with.
const sqlOldestTexts = `-- name: OldestTexts
select distinct on (t.key, t.locale) ` + firmTextColumns + `
from firm_texts t join firms f on f.id = t.firm_id
where f.id = @firm and ` + firmScope + ` and t.edition <= (select min(c.texts) from cases c where ` + outdatedCases + `)
order by t.key, t.locale, t.edition desc`

const sqlOutdatedCases = `-- name: OutdatedCases
select c.id from cases c where ` + outdatedCases + `
order by c.id
limit @limit`

// FirmTextsRead is a firm with its texts, the published and the drafted ones and those the case
// furthest behind is read with, the installation's, and how many of the cases that go on could move
// to newer ones, of which Oldest has the least of both versions.
type FirmTextsRead struct {
	Firm     *winddown.Firm
	Texts    []winddown.Text
	Replaced []winddown.Text
	Outdated int
	Oldest   winddown.Upgrade
}

// FirmTexts returns the texts of the firm the actor works in, in one round trip, or NotFound.
func (db *DB) FirmTexts(ctx context.Context, actor winddown.Actor) (FirmTextsRead, error) {
	var q firmQuery
	var read FirmTextsRead
	var outdated []struct{ N, Texts, Playbook int }
	var oldest []winddown.Text
	args := namedArgs{"firm": actor.FirmID, "actor": actor.UserID}
	err := db.snapshot(ctx, func(b *pgx.Batch) {
		b.Queue(sqlFirm, args).Query(collect(&q.firms))
		b.Queue(sqlFirmPeople, args).Query(collect(&q.people))
		b.Queue(sqlFirmTexts, args).Query(collect(&read.Texts))
		b.Queue(sqlNewestTexts).Query(collect(&read.Replaced))
		behind := namedArgs{"firm": actor.FirmID, "actor": actor.UserID, "playbook": winddown.CurrentPlaybook}
		b.Queue(sqlCountOutdated, behind).Query(collect(&outdated))
		b.Queue(sqlOldestTexts, behind).Query(collect(&oldest))
	})
	if err != nil {
		return read, err
	}
	read.Texts = append(read.Texts, oldest...)
	read.Outdated, read.Oldest = outdated[0].N, winddown.Upgrade{Texts: outdated[0].Texts, Playbook: outdated[0].Playbook}
	read.Firm, err = q.result()
	return read, err
}

// OutdatedCases returns cases of the firm the actor works in that could move to newer texts or a
// newer playbook, at most limit.
func (db *DB) OutdatedCases(ctx context.Context, actor winddown.Actor, limit int) ([]winddown.ID, error) {
	rows, err := db.pool.Query(ctx, sqlOutdatedCases, namedArgs{
		"firm": actor.FirmID, "actor": actor.UserID, "playbook": winddown.CurrentPlaybook, "limit": limit,
	})
	if err != nil {
		return nil, classify(err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowToStructByName[idRow])
	var ids []winddown.ID
	for _, r := range found {
		ids = append(ids, r.ID)
	}
	return ids, classify(err)
}

// LockFirmTexts is LockFirm with the firm's texts, the published and the drafted ones.
func (tx *Tx) LockFirmTexts(ctx context.Context) (*winddown.Firm, []winddown.Text, error) {
	var q firmQuery
	var texts []winddown.Text
	err := tx.read(ctx, func(b *pgx.Batch) {
		q.lock(tx, b, tx.actor.FirmID)
		b.Queue(sqlFirmTexts, namedArgs{"firm": tx.actor.FirmID, "actor": tx.actor.UserID}).Query(collect(&texts))
	})
	if err != nil {
		return nil, nil, err
	}
	f, err := q.hold(tx)
	return f, texts, err
}

const sqlSaveFirmText = `-- name: SaveFirmText
insert into firm_texts (firm_id, key, locale, edition, body, source, checked_on, changed_at)
values (@firm, @key, @locale, @edition, @body, @source, @checked_on, @now)
on conflict (firm_id, key, locale, edition) do update set body = excluded.body, source = excluded.source,
    checked_on = excluded.checked_on, changed_at = excluded.changed_at`

// SaveFirmText writes a text of the draft of a locked firm. The database refuses one of an edition
// that is published.
func (tx *Tx) SaveFirmText(firm winddown.ID, t winddown.Text) {
	var body any // NULL says: as in the installation
	if !t.BuiltIn() {
		body = t.Parts
	}
	tx.writeFirm(firm, sqlSaveFirmText, namedArgs{
		"firm": firm, "key": t.Key, "locale": t.Locale, "edition": t.Version, "body": body, "source": t.Source,
		"checked_on": t.CheckedOn, "now": tx.now,
	})
}

const sqlDropDraft = `-- name: DropDraft
delete from firm_texts where firm_id = @firm and edition > @published`

// DropDraft removes the draft of a locked firm.
func (tx *Tx) DropDraft(f *winddown.Firm) {
	tx.writeFirm(f.ID, sqlDropDraft, namedArgs{"firm": f.ID, "published": f.Practice.Texts})
}
