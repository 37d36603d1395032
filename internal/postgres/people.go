package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"winddown/internal/winddown"
)

// Person is somebody with a role in a case.
type Person struct {
	ID      winddown.ID
	Name    string
	Email   string
	Role    winddown.Role
	AddedAt *time.Time // nil for the accountant
}

const sqlPeople = `-- name: People
select u.id, u.name, u.email, p.role, p.added_at
from case_people p join users u on u.id = p.user_id join cases c on c.id = p.case_id
where c.id = @case and ` + caseScope + `
union all
select u.id, u.name, u.email, 'accountant', null
from cases c join users u on u.id = c.responsible_id
where c.id = @case and ` + caseScope

// inviteColumns are those of an invitation i, to a case or to a firm.
const inviteColumns = `i.id, i.role, i.created_by, i.created_at, i.expires_at, i.used_at, i.revoked_at, i.email`

const sqlInvites = `-- name: Invites
select i.case_id, i.replaces, ` + inviteColumns + `
from invites i join cases c on c.id = i.case_id
where c.id = @case and i.used_at is null and i.revoked_at is null and i.expires_at > @now and ` + caseScope + `
order by i.created_at desc
limit @limit`

// MaxInvites is how many unused invitations a case may have at a time.
const MaxInvites = 20

// offerRow is what invitations to a case and to a firm have in common.
type offerRow struct {
	ID        winddown.ID
	Role      winddown.Role
	CreatedBy winddown.ID
	CreatedAt time.Time
	ExpiresAt time.Time
	UsedAt    *time.Time
	RevokedAt *time.Time
	Email     string
}

type inviteRow struct {
	CaseID   winddown.ID
	Replaces winddown.ID
	offerRow
}

func (r inviteRow) domain() winddown.Invite {
	return winddown.Invite{
		ID: r.ID, CaseID: r.CaseID, Replaces: r.Replaces, Role: r.Role, CreatedBy: r.CreatedBy, CreatedAt: r.CreatedAt, ExpiresAt: r.ExpiresAt,
		UsedAt: timeOf(r.UsedAt), RevokedAt: timeOf(r.RevokedAt), Email: r.Email,
	}
}

// peopleQuery collects the rows of one case with its people and open invitations.
type peopleQuery struct {
	caseQuery
	people  []Person
	invites []inviteRow
	firms   []caseFirmRow
}

const sqlCaseFirm = `-- name: CaseFirm
select f.name, (select count(*) from firm_people p where p.firm_id = f.id) as people
from cases c join firms f on f.id = c.firm_id where c.id = @case and ` + caseScope

type caseFirmRow struct {
	Name   string
	People int
}

func (q *peopleQuery) queue(b *pgx.Batch, actor winddown.Actor, id winddown.ID, now time.Time) {
	q.caseQuery.queue(b, actor, id)
	b.Queue(sqlCaseFirm, namedArgs{"case": id, "actor": actor.UserID}).Query(collect(&q.firms))
	b.Queue(sqlPeople, namedArgs{"case": id, "actor": actor.UserID}).Query(collect(&q.people))
	b.Queue(sqlInvites, namedArgs{"case": id, "actor": actor.UserID, "now": now, "limit": MaxInvites}).Query(collect(&q.invites))
}

func (q *peopleQuery) open() []winddown.Invite {
	var open []winddown.Invite
	for _, r := range q.invites {
		open = append(open, r.domain())
	}
	return open
}

// People returns a case in the actor's scope with its people and open invitations, in one
// round trip, or NotFound.
func (db *DB) People(ctx context.Context, actor winddown.Actor, id winddown.ID, now time.Time) (CaseRead, []Person, []winddown.Invite, error) {
	var q peopleQuery
	b := &pgx.Batch{}
	q.queue(b, actor, id, now)
	q.queueNames(b, actor, id)
	if err := db.pool.SendBatch(ctx, b).Close(); err != nil {
		return CaseRead{}, nil, nil, classify(err)
	}
	read, err := q.result()
	for _, f := range q.firms {
		read.Firm, read.FirmPeople = f.Name, f.People
	}
	return read, q.people, q.open(), err
}

// inviteOfToken is the invitation whose link, handed on or mailed, holds the token.
const inviteOfToken = `(
    select id from invites where token_hash = @token
    union all
    select invite_id from mail_tokens where token_hash = @token and purpose = 'invite' and invite_id is not null)`

// mailedColumns say of the token of an invitation whether it was mailed; joinMailed finds it.
const (
	mailedColumns = `m.token_hash is not null as mailed, m.user_id as mailed_for`
	joinMailed    = ` left join mail_tokens m on m.token_hash = @token and m.purpose = 'invite' `
)

// InviteLink is what is known of the token with which an invitation was opened.
type InviteLink struct {
	Mailed    bool        // it is that of a letter, not of the link that is handed on
	MailedFor winddown.ID // the person who asked for the letter; without one it went to the address invited
}

// Reaches reports whether holding the token shows that letters reach a person.
func (l InviteLink) Reaches(u winddown.User, invited string) bool {
	if !l.MailedFor.IsZero() {
		return l.MailedFor == u.ID
	}
	return l.Mailed && winddown.EmailKey(invited) == winddown.EmailKey(u.Email)
}

const sqlInviteByToken = `-- name: InviteByToken
select i.case_id, i.replaces, ` + inviteColumns + `, ` + mailedColumns + `, c.seller_name as seller, u.name as by, c.acting,
       c.zone, c.erase_at, c.erase_by is null as expired, c.firm_id, c.responsible_id,
       (select p.user_id from case_people p where p.case_id = c.id and p.role = 'owner') as owner,
       coalesce(i.used_by = @actor, false) as accepted, ` + standingColumns + `
from invites i join cases c on c.id = i.case_id join users u on u.id = i.created_by` + joinMailed + `
where i.id = ` + inviteOfToken

// InviteView is an invitation as the invited person sees it: whoever holds the token may
// know the seller's name, who invites, whether steps are marked for him, and that the case is to be erased.
type InviteView struct {
	InviteLink
	Invite winddown.Invite
	Seller string
	By     string
	Acting bool // the firm of the seller marks steps for him already
	// EraseAt is from when on the case is erased, zero for never; Expired because its time of retention
	// is over, and not because somebody has deleted it.
	EraseAt time.Time
	Expired bool
	Zone    string // of the case
	// Refused is why the reader cannot accept it, Accepted that he has, and Standing what he is in the case.
	Refused  error
	Accepted bool
	Standing winddown.Standing
}

// Invite finds an invitation by its token as the actor sees it, or NotFound.
func (db *DB) Invite(ctx context.Context, actor winddown.Actor, tokenHash []byte) (InviteView, error) {
	rows, err := db.pool.Query(ctx, sqlInviteByToken, namedArgs{"token": tokenHash, "actor": actor.UserID})
	if err != nil {
		return InviteView{}, classify(err)
	}
	r, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[struct {
		inviteRow
		InviteLink
		Seller  string
		By      string
		Acting  bool
		Zone    string
		EraseAt *time.Time
		Expired bool
		standingRow
		FirmID        winddown.ID
		ResponsibleID winddown.ID
		Owner         winddown.ID
		Accepted      bool
	}])
	v := InviteView{InviteLink: r.InviteLink, Accepted: r.Accepted, Invite: r.domain(), Seller: r.Seller, By: r.By, Acting: r.Acting,
		Zone: r.Zone, EraseAt: timeOf(r.EraseAt), Expired: r.Expired, Standing: r.standing()}
	c := winddown.Case{FirmID: r.FirmID, ResponsibleID: r.ResponsibleID, HasOwner: r.HasOwner}
	if r.EraseAt != nil {
		c.Erasure = &winddown.Erasure{At: *r.EraseAt}
	}
	v.Refused = c.Accepts(v.Invite, r.Owner, actor.UserID, v.Standing)
	return v, classify(err)
}

// sqlLockCaseByInvite waits for the case an invitation leads to. The case comes before the
// invitation, as in RevokeInvite: the other way round the two could wait for each other.
const sqlLockCaseByInvite = `-- name: LockCaseByInvite
select c.id from cases c
where c.id = (select i.case_id from invites i where i.id = ` + inviteOfToken + `)
for no key update of c`

const sqlInviteLocked = `-- name: InviteLocked
select i.case_id, i.replaces, ` + inviteColumns + `, ` + mailedColumns + `
from invites i` + joinMailed + `where i.id = ` + inviteOfToken + ` for update of i`

// sqlCaseByInvite reads the case an invitation leads to, locked by then. Its scope is the
// invitation: the token's holder is not one of the case's people yet.
const sqlCaseByInvite = `-- name: CaseByInvite
select ` + caseColumns + `,
       ` + standingColumns + `
from cases c ` + joinPractice + `
where c.id = (select i.case_id from invites i where i.id = ` + inviteOfToken + `)`

const sqlStepsByInvite = `-- name: StepsByInvite
select ` + stepColumns + `
from case_steps s
where s.case_id = (select i.case_id from invites i where i.id = ` + inviteOfToken + `)`

const sqlActsByInvite = `-- name: ActsByInvite
select ` + actColumns + `
from acts a
where a.case_id = (select i.case_id from invites i where i.id = ` + inviteOfToken + `)
order by a.position, a.round`

const sqlDeadlinesByInvite = `-- name: DeadlinesByInvite
select ` + deadlineColumns + `
from deadlines d
where d.case_id = (select i.case_id from invites i where i.id = ` + inviteOfToken + `)
order by d.number`

// sqlShareFirmOf keeps what the guest's firm has settled as it is until the case is in it: its
// dates are counted by that. The firm comes before the case, as everywhere.
const sqlShareFirmOf = `-- name: ShareFirmOf
select f.id from firms f
where f.id = (select p.firm_id from firm_people p join users u on u.id = p.user_id where p.user_id = @user
    order by p.firm_id is not distinct from u.firm_id desc, p.added_at, p.firm_id limit 1)
for share of f`

const sqlOwnerByInvite = `-- name: OwnerByInvite
select p.user_id from case_people p
where p.role = 'owner' and p.case_id = (select i.case_id from invites i where i.id = ` + inviteOfToken + `)`

// LockedInvite is an invitation, the case it leads to and the person who holds it, all
// held until the transaction ends.
type LockedInvite struct {
	InviteLink
	Invite winddown.Invite
	Case   CaseRead // with the person's standing before he accepts
	Owner  winddown.ID
	Guest  Account
}

// LockInvite returns the invitation behind a token for the person who accepts it, or
// NotFound.
func (tx *Tx) LockInvite(ctx context.Context, tokenHash []byte, user winddown.ID) (LockedInvite, error) {
	var rows []struct {
		inviteRow
		InviteLink
	}
	var owners []struct{ UserID winddown.ID }
	var q caseQuery
	var guest userQuery
	token := namedArgs{"token": tokenHash}
	err := tx.read(ctx, func(b *pgx.Batch) {
		b.Queue(sqlShareFirmOf, namedArgs{"user": user})
		b.Queue(sqlLockCaseByInvite, token)
		b.Queue(sqlInviteLocked, token).Query(collect(&rows))
		b.Queue(sqlCaseByInvite, namedArgs{"token": tokenHash, "actor": user}).Query(collect(&q.cases))
		b.Queue(sqlOwnerByInvite, token).Query(collect(&owners))
		b.Queue(sqlStepsByInvite, token).Query(collect(&q.steps))
		b.Queue(sqlActsByInvite, token).Query(collect(&q.acts))
		b.Queue(sqlDeadlinesByInvite, token).Query(collect(&q.deadlines))
		guest.queue(b, user)
	})
	if err != nil {
		return LockedInvite{}, err
	}
	if len(rows) == 0 {
		return LockedInvite{}, &winddown.Error{Kind: winddown.NotFound, Key: "error.not_found"}
	}
	l := LockedInvite{InviteLink: rows[0].InviteLink, Invite: rows[0].domain()}
	if l.Case, err = tx.keep(&q); err != nil {
		return LockedInvite{}, err
	}
	for _, o := range owners {
		l.Owner = o.UserID
	}
	l.Guest, err = guest.hold(tx)
	return l, err
}

// LockCasePeople is LockCase with the people of the case and its open invitations.
func (tx *Tx) LockCasePeople(ctx context.Context, id winddown.ID) (CaseRead, []Person, []winddown.Invite, error) {
	var q peopleQuery
	err := tx.read(ctx, func(b *pgx.Batch) {
		b.Queue(sqlLockCase, namedArgs{"case": id, "actor": tx.actor.UserID})
		q.queue(b, tx.actor, id, tx.now)
	})
	if err != nil {
		return CaseRead{}, nil, nil, err
	}
	read, err := tx.keep(&q.caseQuery)
	return read, q.people, q.open(), err
}

const sqlInsertCasePerson = `-- name: InsertCasePerson
insert into case_people (case_id, user_id, role, added_at) values (@case, @user, @role, @now)`

// AddPerson makes a person the owner or a helper of a case that is locked or new. One who
// is in the case already, or a second owner, fails the transaction as Conflict.
func (tx *Tx) AddPerson(id, user winddown.ID, role winddown.Role) {
	tx.writeCase(id, sqlInsertCasePerson, namedArgs{"case": id, "user": user, "role": role, "now": tx.now})
}

const sqlDeleteHelper = `-- name: DeleteHelper
delete from case_people where case_id = @case and user_id = @user and role = 'helper'`

// RemoveHelper takes a helper out of a locked case.
func (tx *Tx) RemoveHelper(id, user winddown.ID) {
	tx.writeCase(id, sqlDeleteHelper, namedArgs{"case": id, "user": user})
}

const sqlDeleteOwner = `-- name: DeleteOwner
delete from case_people where case_id = @case and (role = 'owner' or user_id = @user)`

// TakeOver makes a person, who may have helped with it, the owner of a locked case in the place of the
// one there is.
func (tx *Tx) TakeOver(id, user winddown.ID) {
	tx.writeCase(id, sqlDeleteOwner, namedArgs{"case": id, "user": user})
	tx.AddPerson(id, user, winddown.Owner)
	tx.SaveRescue(id, time.Time{})
	tx.SaveObjection(id, false) // it was that of the former owner
}

const sqlInsertInvite = `-- name: InsertInvite
insert into invites (id, case_id, role, token_hash, created_by, created_at, expires_at, email, replaces)
values (@id, @case, @role, @token, @by, @created_at, @expires_at, @email, @replaces)`

// InsertInvite writes an invitation to a locked case.
func (tx *Tx) InsertInvite(i winddown.Invite, tokenHash []byte) {
	tx.writeCase(i.CaseID, sqlInsertInvite, inviteArgs(i, tokenHash))
}

func inviteArgs(i winddown.Invite, tokenHash []byte) namedArgs {
	return namedArgs{
		"id": i.ID, "case": i.CaseID, "role": i.Role, "token": tokenHash, "by": i.CreatedBy, "email": i.Email,
		"created_at": i.CreatedAt, "expires_at": i.ExpiresAt, "replaces": i.Replaces,
	}
}

const sqlUseInvite = `-- name: UseInvite
update invites set used_at = @now, used_by = @user where id = @id and case_id = @case`

// UseInvite spends an invitation of a locked case.
func (tx *Tx) UseInvite(i winddown.Invite, user winddown.ID) {
	tx.writeCase(i.CaseID, sqlUseInvite, namedArgs{"id": i.ID, "case": i.CaseID, "user": user, "now": tx.now})
}

const sqlRevokeInvite = `-- name: RevokeInvite
update invites set revoked_at = @now where id = @id and case_id = @case and used_at is null and revoked_at is null`

// RevokeInvite takes an unused invitation of a locked case back.
func (tx *Tx) RevokeInvite(i winddown.Invite) {
	tx.writeCase(i.CaseID, sqlRevokeInvite, namedArgs{"id": i.ID, "case": i.CaseID, "now": tx.now})
}

const sqlRevokeInvitesBy = `-- name: RevokeInvitesBy
update invites set revoked_at = @now
where case_id = @case and created_by = @by and used_at is null and revoked_at is null`

// RevokeInvitesBy takes back the unused invitations a person made to a locked case.
func (tx *Tx) RevokeInvitesBy(id, by winddown.ID) {
	tx.writeCase(id, sqlRevokeInvitesBy, namedArgs{"case": id, "by": by, "now": tx.now})
}

const sqlRevokeInvites = `-- name: RevokeInvites
update invites set revoked_at = @now where case_id = @case and id <> @keep and used_at is null and revoked_at is null`

// RevokeInvites takes back all unused invitations to a locked case but one.
func (tx *Tx) RevokeInvites(id, keep winddown.ID) {
	tx.writeCase(id, sqlRevokeInvites, namedArgs{"case": id, "keep": keep, "now": tx.now})
}
