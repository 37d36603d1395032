package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"winddown/internal/winddown"
)

// A share link has a scope of its own: the one case it leads to, while it can be opened and
// whoever made it still may come in. What its switches hide is not read at all.
const (
	sharedBy = `exists (select from share_links l join users m on m.id = l.created_by
    where l.id = @share and l.case_id = c.id and l.revoked_at is null and l.expires_at > @now and m.disabled_at is null`
	shareScope    = sharedBy + `)`
	shareFiles    = sharedBy + ` and l.files)`
	sharePeople   = sharedBy + ` and l.people)`
	shareComments = sharedBy + ` and l.comments)`
)

const shareColumns = `l.id, l.case_id, l.whom, l.files, l.people, l.comments, l.password_hash <> '' as protected, l.created_by, l.created_at,
       l.expires_at, l.revoked_at, l.lost, l.opened_at, l.event_seq as openings`

// MaxSharesShown is how many links of a case are listed. Those that can be opened come first: they
// are winddown.MaxShareLinks at most, so that however many are over, each can be revoked.
const MaxSharesShown = 100

const sqlShares = `-- name: Shares
select ` + shareColumns + `
from share_links l join cases c on c.id = l.case_id
where c.id = @case and ` + caseScope + `
order by l.revoked_at is null and l.expires_at > @now desc, l.created_at desc, l.id desc
limit @limit`

const sqlShare = `-- name: Share
select ` + shareColumns + `
from share_links l join cases c on c.id = l.case_id
where c.id = @case and l.id = @share and ` + caseScope

const sqlShareOpenings = `-- name: ShareOpenings
select e.seq, e.at
from events e join share_links l on l.id = e.stream_id join cases c on c.id = l.case_id
where e.stream_kind = 'share' and c.id = @case and l.id = @share and ` + caseScope + `
  and (@before::bigint = 0 or e.seq < @before)
order by e.seq desc
limit @limit`

type shareRow struct {
	ID        winddown.ID
	CaseID    winddown.ID
	Whom      string
	Files     bool
	People    bool
	Comments  bool
	Protected bool
	CreatedBy winddown.ID
	CreatedAt time.Time
	ExpiresAt time.Time
	RevokedAt *time.Time
	Lost      bool
	OpenedAt  *time.Time
	Openings  int64
}

func (r shareRow) domain() winddown.ShareLink {
	return winddown.ShareLink{
		ID: r.ID, CaseID: r.CaseID, Whom: r.Whom, Shown: winddown.Shown{Files: r.Files, People: r.People, Comments: r.Comments},
		Protected: r.Protected, CreatedBy: r.CreatedBy, CreatedAt: r.CreatedAt, ExpiresAt: r.ExpiresAt, RevokedAt: timeOf(r.RevokedAt),
		Lost: r.Lost, OpenedAt: timeOf(r.OpenedAt), Openings: r.Openings,
	}
}

// sharesQuery collects the rows of one case with its links.
type sharesQuery struct {
	caseQuery
	links []shareRow
}

func (q *sharesQuery) queue(b *pgx.Batch, actor winddown.Actor, id winddown.ID, now time.Time) {
	q.caseQuery.queue(b, actor, id)
	b.Queue(sqlShares, namedArgs{"case": id, "actor": actor.UserID, "now": now, "limit": MaxSharesShown}).Query(collect(&q.links))
}

func (q *sharesQuery) shares() []winddown.ShareLink {
	var all []winddown.ShareLink
	for _, r := range q.links {
		all = append(all, r.domain())
	}
	return all
}

// Shares returns a case in the actor's scope with its links, those that can be opened first, then
// the newest, or NotFound.
func (db *DB) Shares(ctx context.Context, actor winddown.Actor, id winddown.ID, now time.Time) (CaseRead, []winddown.ShareLink, error) {
	var q sharesQuery
	err := db.snapshot(ctx, func(b *pgx.Batch) {
		q.queue(b, actor, id, now)
		q.queueNames(b, actor, id)
	})
	if err != nil {
		return CaseRead{}, nil, err
	}
	read, err := q.result()
	return read, q.shares(), err
}

// ShareOpening is one line of a link's log.
type ShareOpening struct {
	Seq int64
	At  time.Time
}

// Share returns a case in the actor's scope with one of its links and a page of the link's
// log, newest first, before the opening with the given number (0 for the newest); more tells
// whether there are older ones. NotFound for a link of another case.
func (db *DB) Share(ctx context.Context, actor winddown.Actor, id, share winddown.ID, before int64, limit int) (read CaseRead, link winddown.ShareLink, log []ShareOpening, more bool, err error) {
	var q caseQuery
	var links []shareRow
	args := namedArgs{"case": id, "actor": actor.UserID, "share": share}
	err = db.snapshot(ctx, func(b *pgx.Batch) {
		q.queue(b, actor, id)
		q.queueNames(b, actor, id)
		b.Queue(sqlShare, args).Query(collect(&links))
		b.Queue(sqlShareOpenings, namedArgs{
			"case": id, "actor": actor.UserID, "share": share, "before": before, "limit": limit + 1,
		}).Query(collect(&log))
	})
	if err != nil {
		return CaseRead{}, winddown.ShareLink{}, nil, false, err
	}
	if read, err = q.result(); err != nil {
		return CaseRead{}, winddown.ShareLink{}, nil, false, err
	}
	if len(links) == 0 {
		return CaseRead{}, winddown.ShareLink{}, nil, false, &winddown.Error{Kind: winddown.NotFound, Key: "error.not_found"}
	}
	if more = len(log) > limit; more {
		log = log[:limit]
	}
	return read, links[0].domain(), log, more, nil
}

const sqlShareByToken = `-- name: ShareByToken
select ` + shareColumns + `, l.password_hash, m.disabled_at is not null as maker_disabled
from share_links l join users m on m.id = l.created_by
where l.token_hash = @token`

// TokenShare is a link as its token finds it.
type TokenShare struct {
	Link          winddown.ShareLink
	PasswordHash  string
	MakerDisabled bool
}

// ShareByToken finds a link by its token, or NotFound. What it leads to is read by SharedCase.
func (db *DB) ShareByToken(ctx context.Context, tokenHash []byte) (TokenShare, error) {
	type row struct {
		shareRow
		PasswordHash  string
		MakerDisabled bool
	}
	rows, err := db.pool.Query(ctx, sqlShareByToken, namedArgs{"token": tokenHash})
	if err != nil {
		return TokenShare{}, classify(err)
	}
	found, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[row])
	return TokenShare{Link: found.domain(), PasswordHash: found.PasswordHash, MakerDisabled: found.MakerDisabled}, classify(err)
}

// sqlSharedCase leaves out what no switch shows: the ledger, the reminder, the terms, and the
// requisites beyond the taxpayer number.
const sqlSharedCase = `-- name: SharedCase
select c.id, c.firm_id, c.responsible_id, c.seller_name, c.inn, '' as ogrn, c.cabinet, c.fbs, c.wb_stock, c.leftover,
       c.acting, c.playbook, c.zone, c.version, c.opened_on, c.finished_on, c.event_seq, c.event_hash, c.evidence_seq,
       c.evidence_bytes, c.question_seq, c.deadline_seq, c.act_seq, c.inbox_on, null::jsonb as terms, 0::bigint as balance, 0 as lines,
       null::timestamptz as archived_at, null::timestamptz as reminded_at, null::uuid as reminded_by, '' as reminder_step,
       '' as reminder_text, false as reminder_seen, null::timestamptz as erase_asked_at,
       null::timestamptz as erase_at, null::uuid as erase_by, null::timestamptz as rescue_at, c.texts, '' as act_state, '' as stage,
       '' as due_kind, '' as problem, ` + practiceColumns + `,
       exists (select from case_people p where p.case_id = c.id and p.role = 'owner') as has_owner,
       false as is_owner, false as is_helper, false as is_accountant, false as is_lead, false as is_admin
from cases c ` + joinPractice + `
where ` + shareScope

const sqlSharedSteps = `-- name: SharedSteps
select s.code, s.version, s.started_on, case when l.comments then s.note else '' end as note, s.done_on,
       case when l.people then s.done_at end as done_at, case when l.people then s.done_by end as done_by, l.people and s.on_behalf as on_behalf,
       s.problem, case when l.comments then s.problem_reason else '' end as problem_reason, s.problem_steps, s.problem_on,
       null::timestamptz as problem_at, case when l.people then s.problem_by end as problem_by, s.proofs,
       case when l.comments then s.questions else 0 end as questions,
       case when l.people then s.accepted_by end as accepted_by, case when l.people then s.accepted_at end as accepted_at, s.accepted_dropped,
       null::uuid as dropped_by, null::timestamptz as dropped_accepted, null::timestamptz as dropped_at, s.waiver_steps,
       case when l.comments then s.waiver_reason else '' end as waiver_reason, s.waiver_on, s.waiver_at,
       case when l.people then s.waiver_by end as waiver_by
from case_steps s join cases c on c.id = s.case_id join share_links l on l.id = @share
where ` + shareScope

const sqlSharedActs = `-- name: SharedActs
select a.position, a.round, a.version, a.counterparty, a.period_from, a.period_to, a.channel, a.ticket, a.requested_on, a.checked_on,
       a.reminded_on, a.received_on, null::bigint as ours, null::bigint as theirs, a.compared_on, a.agrees, 0::bigint as difference,
       case when l.comments then a.objections else '' end as objections, a.disputed_on, a.signed_on,
       case when l.people then a.signer else '' end as signer, case when l.people then a.authority else '' end as authority, a.via,
       a.countersigned_on
from acts a join cases c on c.id = a.case_id join share_links l on l.id = @share
where ` + shareScope + `
order by a.position, a.round`

const sqlSharedDeadlines = `-- name: SharedDeadlines
select d.number, d.kind, '' as what, d.from_on, d.until_on, 0 as basis_days, '' as basis_source, null::date as basis_as_of, d.closed_on
from deadlines d join cases c on c.id = d.case_id
where ` + shareScope + `
order by d.number`

const sqlSharedNames = `-- name: SharedNames
select u.id, u.name
from users u
where u.id in (
    select unnest(array[s.done_by, s.problem_by, s.accepted_by, s.waiver_by])
    from case_steps s join cases c on c.id = s.case_id where ` + sharePeople + `)`

// currentEvidence leaves of every piece of evidence its newest version.
const currentEvidence = ` not exists (select from evidence n where n.case_id = e.case_id and n.doc = e.doc and n.version > e.version)`

const sharedEvidence = `
select e.number, e.step, e.slot, e.act, e.round, e.debt, e.doc, e.version, e.kind, e.name, e.type, e.size, e.sha256,
       case when l.comments then e.note else '' end as note, e.frozen, case when l.people then e.by_id end as by_id, e.at,
       l.people and e.on_behalf as on_behalf, case when l.people then coalesce(u.name, '') else '' end as by_name
from evidence e join cases c on c.id = e.case_id join share_links l on l.id = @share left join users u on u.id = e.by_id
where`

const sqlSharedEvidence = `-- name: SharedEvidence` + sharedEvidence + currentEvidence + `
  and (e.kind = 'file' and ` + shareFiles + ` or e.kind = 'reason' and ` + shareComments + `)
order by e.number`

const sqlSharedFile = `-- name: SharedFile` + sharedEvidence + currentEvidence + `
  and e.number = @number and e.kind = 'file' and ` + shareFiles

const sqlSharedQuestions = `-- name: SharedQuestions
select q.number, q.step, q.body, case when l.people then q.asked_by end as asked_by, q.asked_at, q.answer,
       case when l.people then q.answered_by end as answered_by, q.answered_at, null::uuid as resolved_by, q.resolved_at,
       case when l.people then coalesce(a.name, '') else '' end as asked_name,
       case when l.people then coalesce(b.name, '') else '' end as answered_name, '' as resolved_name
from questions q join cases c on c.id = q.case_id join share_links l on l.id = @share
left join users a on a.id = q.asked_by
left join users b on b.id = q.answered_by
where ` + shareComments + `
order by q.number`

// SharedCase returns the case behind the link through which the actor looks, without what its
// switches hide; NotFound for a link that cannot be opened.
func (db *DB) SharedCase(ctx context.Context, actor winddown.Actor, now time.Time) (CaseRead, error) {
	var q caseQuery
	args := namedArgs{"share": actor.ShareID, "now": now}
	err := db.snapshot(ctx, func(b *pgx.Batch) {
		b.Queue(sqlSharedCase, args).Query(collect(&q.cases))
		b.Queue(sqlSharedSteps, args).Query(collect(&q.steps))
		b.Queue(sqlSharedActs, args).Query(collect(&q.acts))
		b.Queue(sqlSharedDeadlines, args).Query(collect(&q.deadlines))
		b.Queue(sqlSharedNames, args).Query(collect(&q.people))
		b.Queue(sqlSharedEvidence, args).Query(collect(&q.evidence))
		b.Queue(sqlSharedQuestions, args).Query(collect(&q.questions))
	})
	if err != nil {
		return CaseRead{}, err
	}
	read, err := q.result()
	if err != nil {
		return CaseRead{}, err
	}
	read.Standing = winddown.Standing{Visitor: true}
	return read, nil
}

// SharedFile returns one file of the case behind the link through which the actor looks, or
// NotFound.
func (db *DB) SharedFile(ctx context.Context, actor winddown.Actor, number int, now time.Time) (winddown.Evidence, error) {
	var rows []evidenceRow
	err := db.snapshot(ctx, func(b *pgx.Batch) {
		b.Queue(sqlSharedFile, namedArgs{"share": actor.ShareID, "now": now, "number": number}).Query(collect(&rows))
	})
	if err != nil {
		return winddown.Evidence{}, err
	}
	if len(rows) == 0 {
		return winddown.Evidence{}, &winddown.Error{Kind: winddown.NotFound, Key: "error.not_found"}
	}
	return rows[0].domain(), nil
}

const sqlLockShare = `-- name: LockShare
select opened_at, event_seq, event_hash from share_links where id = @share for no key update`

// LockShare holds the link through which the actor looks and returns when its last opening was
// noted, or NotFound.
func (tx *Tx) LockShare(ctx context.Context) (openedAt time.Time, err error) {
	var at *time.Time
	var seq int64
	var hash []byte
	id := tx.actor.ShareID
	err = tx.read(ctx, func(b *pgx.Batch) {
		b.Queue(sqlLockShare, namedArgs{"share": id}).QueryRow(func(r pgx.Row) error { return r.Scan(&at, &seq, &hash) })
	})
	if err != nil {
		return time.Time{}, err
	}
	tx.hold(winddown.Stream{Kind: winddown.ShareStream, ID: id}, seq, hash)
	return timeOf(at), nil
}

// LockCaseShares is LockCase with the links of the case.
func (tx *Tx) LockCaseShares(ctx context.Context, id winddown.ID) (CaseRead, []winddown.ShareLink, error) {
	var q sharesQuery
	err := tx.read(ctx, func(b *pgx.Batch) {
		b.Queue(sqlLockCase, namedArgs{"case": id, "actor": tx.actor.UserID})
		q.queue(b, tx.actor, id, tx.now)
	})
	if err != nil {
		return CaseRead{}, nil, err
	}
	read, err := tx.keep(&q.caseQuery)
	return read, q.shares(), err
}

const sqlInsertShare = `-- name: InsertShare
insert into share_links (id, case_id, token_hash, whom, files, people, comments, password_hash, created_by, created_at, expires_at)
values (@id, @case, @token, @whom, @files, @people, @comments, @password_hash, @by, @created_at, @expires_at)`

// InsertShare writes a link to a locked case.
func (tx *Tx) InsertShare(l winddown.ShareLink, tokenHash []byte, passwordHash string) {
	tx.writeCase(l.CaseID, sqlInsertShare, namedArgs{
		"id": l.ID, "case": l.CaseID, "token": tokenHash, "whom": l.Whom, "files": l.Shown.Files, "people": l.Shown.People,
		"comments": l.Shown.Comments, "password_hash": passwordHash, "by": l.CreatedBy, "created_at": l.CreatedAt, "expires_at": l.ExpiresAt,
	})
}

const sqlRevokeShare = `-- name: RevokeShare
update share_links set revoked_at = @now where id = @id and case_id = @case and revoked_at is null`

// RevokeShare ends a link to a locked case.
func (tx *Tx) RevokeShare(l winddown.ShareLink) {
	tx.writeCase(l.CaseID, sqlRevokeShare, namedArgs{"id": l.ID, "case": l.CaseID, "now": tx.now})
}

const sqlRevokeSharesBy = `-- name: RevokeSharesBy
update share_links l set revoked_at = @now, lost = true
where l.case_id = @case and l.created_by = @by and l.revoked_at is null and l.expires_at > @now
  and not exists (select from case_people p where p.case_id = l.case_id and p.user_id = l.created_by and p.role = 'owner')`

const sqlRevokeShares = `-- name: RevokeShares
update share_links set revoked_at = @now, lost = true where case_id = @case and revoked_at is null and expires_at > @now`

// RevokeShares ends all links to a locked case that can be opened: whoever made them may not any more.
func (tx *Tx) RevokeShares(id winddown.ID) {
	tx.writeCase(id, sqlRevokeShares, namedArgs{"case": id, "now": tx.now})
}

// RevokeSharesBy ends the links, as far as they can be opened, that somebody who does not own the locked case made to it.
func (tx *Tx) RevokeSharesBy(id, by winddown.ID) {
	tx.writeCase(id, sqlRevokeSharesBy, namedArgs{"case": id, "by": by, "now": tx.now})
}

// sqlRevokeSharesOfResponsible comes before the assignment: it looks at who was responsible.
const sqlRevokeSharesOfResponsible = `-- name: RevokeSharesOfResponsible
update share_links l set revoked_at = @now, lost = true
from cases c
where c.id = any(@cases::uuid[]) and l.case_id = c.id and l.created_by = c.responsible_id and l.revoked_at is null and l.expires_at > @now
  and not exists (select from case_people p where p.case_id = c.id and p.user_id = l.created_by and p.role = 'owner')`
