package postgres

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"winddown/internal/winddown"
)

// StoredImport is a table of sellers between its preview and its load, and after it.
type StoredImport struct {
	ID        winddown.ID
	Name      string     // of the file
	Rows      [][]string // gone once it is loaded
	Layout    winddown.ImportLayout
	ExpiresAt time.Time
	LoadedAt  time.Time // zero until then
	Counts    map[winddown.ImportOutcome]int
	Added     []AddedSeller
	Invited   []string // where invitations of the actor were mailed to within a day, whatever the table
}

// AddedSeller is a case that an import opened. Email is where the table says its owner can be
// written to.
type AddedSeller struct {
	Case  winddown.ID `json:"case"`
	Name  string      `json:"name"`
	INN   string      `json:"inn"`
	Email string      `json:"email,omitempty"`

	// What is known of the case by now: the actor may invite its owner, who was sent an
	// invitation that is open still.
	Invitable bool `json:"-"`
	Mailed    bool `json:"-"`
}

// ImportRead is a stored table with the firm it goes into, nil for somebody without one, and
// the cases there that it may speak of.
type ImportRead struct {
	Import StoredImport
	Firm   *winddown.Firm
	Cases  []winddown.ImportedCase
}

// importScope is the condition under which an actor sees a stored table i: it is his own, and
// he works in the firm it was brought for.
const importScope = `i.user_id = @actor and i.firm_id is not distinct from @firm and i.expires_at > @now`

// sqlImport reads the table the actor asks for, or the one he brought last, which is the one that
// waits or else was loaded last: the answer to the id of a table that is gone names it.
const sqlImport = `-- name: Import
select i.id, i.name, case when i.id = @import then i.content else '[]' end as content, i.layout, i.counts, i.added, i.expires_at, i.loaded_at
from imports i
where ` + importScope + `
order by i.id = @import desc, i.loaded_at desc nulls first, i.id desc
limit 1`

const sqlLastLayout = `-- name: LastLayout
select i.layout from imports i where ` + importScope + `
order by i.loaded_at desc nulls first, i.id desc
limit 1
for update`

const sqlLockImport = `-- name: LockImport
select i.id from imports i where i.id = @import and ` + importScope + ` for update`

// importedCases are the cases of the firm with the taxpayer numbers of a stored table. «is true»
// keeps the planner from joining with the numbers: it takes them for ten and would go through
// all of them for every case, where now it asks a hash.
const importedCases = `c.firm_id = @firm
  and (c.inn in (select unnest(i.inns) from imports i where i.id = @import and ` + importScope + `)) is true
  and ` + caseScope

// Cases are locked in the order of their ids, as everywhere.
const sqlLockImportCases = `-- name: LockImportCases
select c.id from cases c where ` + importedCases + `
order by c.id
for no key update of c`

const sqlImportCases = `-- name: ImportCases` + caseSelect + `
where ` + importedCases + `
order by c.created_at, c.id`

const sqlImportSteps = `-- name: ImportSteps
with mine as materialized (select c.id from cases c where ` + importedCases + `)
select s.case_id, ` + stepColumns + `
from mine join case_steps s on s.case_id = mine.id`

const sqlImportActs = `-- name: ImportActs
with mine as materialized (select c.id from cases c where ` + importedCases + `)
select a.case_id, ` + actColumns + `
from mine join acts a on a.case_id = mine.id
order by a.case_id, a.position, a.round`

const sqlImportDeadlines = `-- name: ImportDeadlines
with mine as materialized (select c.id from cases c where ` + importedCases + `)
select d.case_id, ` + deadlineColumns + `
from mine join deadlines d on d.case_id = mine.id
order by d.case_id, d.number`

type importRow struct {
	ID        winddown.ID
	Name      string
	Content   []byte
	Layout    winddown.ImportLayout
	Counts    map[winddown.ImportOutcome]int
	Added     []AddedSeller
	ExpiresAt time.Time
	LoadedAt  *time.Time
}

// askedImport returns the table that was asked for among what sqlImport read.
func askedImport(rows []importRow, asked winddown.ID) (importRow, error) {
	if len(rows) == 0 {
		return importRow{}, &winddown.Error{Kind: winddown.NotFound, Key: "error.not_found"}
	}
	if r := rows[0]; r.ID != asked {
		return importRow{}, &winddown.Error{Kind: winddown.NotFound, Key: "import.error.replaced", Args: winddown.Args{"Import": r.ID, "File": r.Name}}
	}
	return rows[0], nil
}

func (r importRow) stored() StoredImport {
	return StoredImport{ID: r.ID, Name: r.Name, Layout: r.Layout, ExpiresAt: r.ExpiresAt, LoadedAt: timeOf(r.LoadedAt), Counts: r.Counts, Added: r.Added}
}

// importQuery collects the rows of a stored table and what is there already.
type importQuery struct {
	imports   []importRow
	firm      firmQuery
	cases     []caseRow
	steps     []exportStepRow
	acts      []exportActRow
	deadlines []exportDeadlineRow
	added     []addedRow // of a table that is only read
	invited   []string   // of such a table too
}

func importArgs(actor winddown.Actor, id winddown.ID, now time.Time) namedArgs {
	return namedArgs{"import": id, "actor": actor.UserID, "firm": actor.FirmID, "now": now}
}

func (q *importQuery) queue(b *pgx.Batch, actor winddown.Actor, id winddown.ID, now time.Time) {
	args := importArgs(actor, id, now)
	b.Queue(sqlImport, args).Query(collect(&q.imports))
	q.firm.queue(b, actor, actor.FirmID, now)
	b.Queue(sqlImportCases, args).Query(collect(&q.cases))
	b.Queue(sqlImportSteps, args).Query(collect(&q.steps))
	b.Queue(sqlImportActs, args).Query(collect(&q.acts))
	b.Queue(sqlImportDeadlines, args).Query(collect(&q.deadlines))
}

func (q *importQuery) result(actor winddown.Actor, asked winddown.ID) (ImportRead, error) {
	r, err := askedImport(q.imports, asked)
	if err != nil {
		return ImportRead{}, err
	}
	read := ImportRead{Import: r.stored()}
	read.Import.Invited = q.invited
	askedOf(read.Import.Added, q.added)
	if err := json.Unmarshal(r.Content, &read.Import.Rows); err != nil {
		return ImportRead{}, fmt.Errorf("import %s: %w", r.ID, err)
	}
	if !actor.FirmID.IsZero() {
		f, err := q.firm.result()
		if err != nil {
			return ImportRead{}, err
		}
		read.Firm = f
	}
	cases, err := casesOf(q.cases, q.steps, q.acts, q.deadlines)
	for i, c := range cases {
		read.Cases = append(read.Cases, winddown.ImportedCase{Case: c, Standing: q.cases[i].standing()})
	}
	return read, err
}

// Import returns a stored table of the actor with what is there already, in one round trip, or
// NotFound, which names the table he brought last where that is another.
func (db *DB) Import(ctx context.Context, actor winddown.Actor, id winddown.ID, now time.Time) (ImportRead, error) {
	var q importQuery
	err := db.snapshot(ctx, func(b *pgx.Batch) {
		q.queue(b, actor, id, now)
		b.Queue(sqlAddedCases, importArgs(actor, id, now)).Query(collect(&q.added))
		queueInvitedByMail(b, actor, now, &q.invited)
	})
	if err != nil {
		return ImportRead{}, err
	}
	return q.result(actor, id)
}

// LockImport is Import with the table, the firm and the cases held until the transaction ends,
// and the actor himself where he has no firm.
func (tx *Tx) LockImport(ctx context.Context, id winddown.ID) (ImportRead, Account, error) {
	var q importQuery
	var me userQuery
	args := importArgs(tx.actor, id, tx.now)
	err := tx.read(ctx, func(b *pgx.Batch) {
		b.Queue(sqlLockImport, args)
		if tx.actor.FirmID.IsZero() {
			me.queue(b, tx.actor.UserID)
		} else {
			b.Queue(sqlLockFirm, namedArgs{"firm": tx.actor.FirmID, "actor": tx.actor.UserID})
			b.Queue(sqlLockImportCases, args)
		}
		q.queue(b, tx.actor, id, tx.now)
	})
	if err != nil {
		return ImportRead{}, Account{}, err
	}
	read, err := q.result(tx.actor, id)
	if err != nil {
		return ImportRead{}, Account{}, err
	}
	for i, c := range read.Cases {
		tx.remember(c.Case)
		tx.hold(winddown.Stream{Kind: winddown.CaseStream, ID: c.Case.ID}, q.cases[i].EventSeq, q.cases[i].EventHash)
	}
	if !tx.actor.FirmID.IsZero() {
		_, err = q.firm.hold(tx)
		return read, Account{}, err
	}
	who, err := me.hold(tx)
	return read, who, err
}

// quietly queues a write that is no event: of a stored table nothing has become yet.
func (tx *Tx) quietly(sql string, args namedArgs) {
	tx.silent++
	tx.batch.Queue(sql, args)
}

const sqlKeepImport = `-- name: KeepImport
insert into imports (id, user_id, firm_id, name, content, layout, inns, created_at, expires_at)
values (@import, @actor, @firm, @name, @content, @layout, @inns, @now, @expires)
on conflict (user_id) where loaded_at is null do update set id = @import, firm_id = @firm, name = @name, content = @content,
    layout = @layout, inns = @inns, created_at = @now, expires_at = @expires`

// LastLayout returns how the table the actor brought last is laid out, held until the
// transaction ends; false where there is none.
func (tx *Tx) LastLayout(ctx context.Context) (winddown.ImportLayout, bool, error) {
	var layouts []struct{ Layout winddown.ImportLayout }
	args := namedArgs{"actor": tx.actor.UserID, "firm": tx.actor.FirmID, "now": tx.now}
	err := tx.read(ctx, func(b *pgx.Batch) { b.Queue(sqlLastLayout, args).Query(collect(&layouts)) })
	if err != nil || len(layouts) == 0 {
		return winddown.ImportLayout{}, false, err
	}
	return layouts[0].Layout, true, nil
}

// KeepImport stores a table of the actor in place of the one that waits. What he loaded stays.
func (tx *Tx) KeepImport(i StoredImport, inns []string) error {
	var content bytes.Buffer
	enc := json.NewEncoder(&content)
	enc.SetEscapeHTML(false) // «<» would take six bytes
	if err := enc.Encode(i.Rows); err != nil {
		return err
	}
	args := importArgs(tx.actor, i.ID, tx.now)
	args["name"], args["content"], args["layout"], args["inns"], args["expires"] = i.Name, content.Bytes(), i.Layout, inns, i.ExpiresAt
	tx.quietly(sqlKeepImport, args)
	return nil
}

const sqlMapImport = `-- name: MapImport
update imports i set layout = @layout, inns = @inns where i.id = @import and ` + importScope + ` and i.loaded_at is null`

// MapImport stores where a table of the actor has what.
func (tx *Tx) MapImport(i StoredImport, inns []string) {
	args := importArgs(tx.actor, i.ID, tx.now)
	args["layout"], args["inns"] = i.Layout, inns
	tx.quietly(sqlMapImport, args)
}

// maxLoadedImports is how many loaded tables of one person are kept.
const maxLoadedImports = 20

const sqlEndImport = `-- name: EndImport
with old as (
    delete from imports where id in (
        select i.id from imports i where i.user_id = @actor and i.loaded_at is not null
        order by i.loaded_at desc, i.id desc offset @others))
update imports set content = '[]', inns = '{}', firm_id = @firm, counts = @counts, added = @added, loaded_at = @now
where id = @import and user_id = @actor`

// EndImport puts what was loaded in the place of a locked table, and ends the oldest where the
// actor has loaded many.
func (tx *Tx) EndImport(i StoredImport, firm winddown.ID) {
	tx.quietly(sqlEndImport, namedArgs{
		"import": i.ID, "actor": tx.actor.UserID, "firm": firm, "counts": i.Counts, "added": i.Added, "now": tx.now,
		"others": maxLoadedImports - 1,
	})
}

const sqlSweepImports = `-- name: SweepImports
delete from imports where expires_at <= @now`

// SweepImports removes tables whose term is over and counts them. The commit may go on when nobody
// waits for it any more, and count then.
func (tx *Tx) SweepImports(removed *atomic.Int64) {
	tx.silent++
	tx.batch.Queue(sqlSweepImports, namedArgs{"now": tx.now}).Exec(func(t pgconn.CommandTag) error {
		removed.Store(t.RowsAffected())
		return nil
	})
}

// CaseAndSummary is a case about to be written.
type CaseAndSummary struct {
	Case    *winddown.Case
	Summary winddown.Summary
	Dues    []winddown.Due
}

// InsertCases writes new cases with COPY, a round trip a table.
func (tx *Tx) InsertCases(ctx context.Context, all []CaseAndSummary) error {
	if len(all) == 0 {
		return nil
	}
	var cases, steps, acts, dues [][]any
	for _, one := range all {
		c := one.Case
		cases = append(cases, seedCase(SeedCase{Case: c, CreatedAt: tx.now, ChangedAt: tx.now}, one.Summary, winddown.Head{}))
		for _, st := range c.Steps {
			steps = append(steps, values(stepArgs(c.ID, st), seedStepColumns))
		}
		for _, a := range c.Acts {
			acts = append(acts, values(actArgs(c.ID, a), seedActColumns))
		}
		for _, d := range one.Dues {
			dues = append(dues, dueColumns(c.ID, d))
		}
		tx.remember(c)
		tx.hold(winddown.Stream{Kind: winddown.CaseStream, ID: c.ID}, 0, nil)
	}
	return errors.Join(tx.copyRows(ctx, "cases", seedCaseColumns, cases), tx.copyRows(ctx, "case_steps", seedStepColumns, steps),
		tx.copyRows(ctx, "acts", seedActColumns, acts), tx.copyRows(ctx, "dues", seedDueColumns, dues))
}

// addedCases are the cases that a loaded table opened, as far as the actor sees them.
const addedCases = `c.firm_id = @firm
  and (c.id in (select (a ->> 'case')::uuid
    from imports i, jsonb_array_elements(case jsonb_typeof(i.added) when 'array' then i.added end) a
    where i.id = @import and ` + importScope + `)) is true
  and ` + caseScope

const sqlLockAddedCases = `-- name: LockAddedCases
select c.id from cases c where ` + addedCases + `
order by c.id
for no key update of c`

// sqlAddedCases counts the invitations that are open, and says whether one of the owner was
// mailed.
const sqlAddedCases = `-- name: AddedCases
select c.id, c.event_seq, c.event_hash, c.acting, n.open, n.mailed,
       ` + standingColumns + `
from cases c cross join lateral (
    select count(*) as open, coalesce(bool_or(i.role = 'owner' and i.email <> ''), false) as mailed
    from invites i
    where i.case_id = c.id and i.used_at is null and i.revoked_at is null and i.expires_at > @now) n
where ` + addedCases

type addedRow struct {
	ID        winddown.ID
	EventSeq  int64
	EventHash []byte
	Acting    bool
	Open      int
	Mailed    bool
	standingRow
}

// askedOf says of the added sellers what is known of their cases by now.
func askedOf(added []AddedSeller, rows []addedRow) {
	known := map[winddown.ID]addedRow{}
	for _, r := range rows {
		known[r.ID] = r
	}
	for i, s := range added {
		r, ok := known[s.Case]
		added[i].Invitable = ok && r.Open < MaxInvites && winddown.May(winddown.CanInviteOwner, r.standing(), r.HasOwner, r.Acting)
		added[i].Mailed = r.Mailed
	}
}

// sqlInvitedByMail are the addresses the actor had invitations sent to within a day, with those
// of every table.
const sqlInvitedByMail = `-- name: InvitedByMail
select i.email as address from invites i
where i.created_by = @actor and i.email <> '' and i.created_at > @now::timestamptz - interval '1 day'
limit @letters`

// MaxInviteLetters is how many invitations one person has sent by mail within a day.
const MaxInviteLetters = 500

func queueInvitedByMail(b *pgx.Batch, actor winddown.Actor, now time.Time, to *[]string) {
	b.Queue(sqlInvitedByMail, namedArgs{"actor": actor.UserID, "now": now, "letters": MaxInviteLetters}).Query(func(rows pgx.Rows) (err error) {
		*to, err = pgx.CollectRows(rows, pgx.RowTo[string])
		return err
	})
}

// LockAdded returns a loaded table of the actor with what is known of the cases it opened,
// all held until the transaction ends, or NotFound.
func (tx *Tx) LockAdded(ctx context.Context, id winddown.ID) (StoredImport, error) {
	var imports []importRow
	var rows []addedRow
	var invited []string
	args := importArgs(tx.actor, id, tx.now)
	err := tx.read(ctx, func(b *pgx.Batch) {
		b.Queue(sqlLockImport, args)
		b.Queue(sqlLockAddedCases, args)
		b.Queue(sqlImport, args).Query(collect(&imports))
		b.Queue(sqlAddedCases, args).Query(collect(&rows))
		queueInvitedByMail(b, tx.actor, tx.now, &invited)
	})
	if err != nil {
		return StoredImport{}, err
	}
	r, err := askedImport(imports, id)
	if err != nil {
		return StoredImport{}, err
	}
	for _, r := range rows {
		tx.hold(winddown.Stream{Kind: winddown.CaseStream, ID: r.ID}, r.EventSeq, r.EventHash)
	}
	stored := r.stored()
	stored.Invited = invited
	askedOf(stored.Added, rows)
	return stored, nil
}

const sqlInsertInvites = `-- name: InsertInvites
insert into invites (id, case_id, role, token_hash, created_by, created_at, expires_at, email)
select n.id, n.case_id, 'owner', n.token, @by, @now, @expires, n.email
from unnest(@ids::uuid[], @cases::uuid[], @tokens::bytea[], @emails::text[]) as n (id, case_id, token, email)`

// InsertOwnerInvites writes an invitation of the owner to each of the cases, which this
// transaction holds.
func (tx *Tx) InsertOwnerInvites(invites []winddown.Invite, tokenHashes [][]byte) {
	if len(invites) == 0 {
		return
	}
	var ids, cases []winddown.ID
	var emails []string
	for _, i := range invites {
		if _, ok := tx.heads[winddown.Stream{Kind: winddown.CaseStream, ID: i.CaseID}]; !ok {
			tx.misuse = fmt.Errorf("case %s is not locked", i.CaseID)
			return
		}
		ids, cases, emails = append(ids, i.ID), append(cases, i.CaseID), append(emails, i.Email)
	}
	tx.write(sqlInsertInvites, namedArgs{
		"ids": ids, "cases": cases, "tokens": tokenHashes, "emails": emails, "by": tx.actor.UserID, "now": tx.now, "expires": tx.now.Add(winddown.InviteTerm),
	})
}
