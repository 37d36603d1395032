package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"winddown/internal/winddown"
)

// firmScope is the condition under which an actor sees a firm f.
const firmScope = `exists (select from firm_people me where me.firm_id = f.id and me.user_id = @actor)`

// MaxFirmInvites is how many unused invitations a firm may have at a time.
const MaxFirmInvites = 50

// FirmRead is a firm as one of its people sees it.
type FirmRead struct {
	Firm    *winddown.Firm
	Invites []winddown.FirmInvite // unused ones
	// Unassigned is the number of unfinished cases nobody is responsible for; those who see
	// all cases of the firm see it.
	Unassigned int
	Trail      []TrailLine // newest first
	TrailMore  bool        // whether older lines exist
}

// InviteToFirm is an invitation as the invited person sees it: whoever holds the token may
// know the firm's name and who invites.
type InviteToFirm struct {
	InviteLink
	Invite winddown.FirmInvite
	Firm   string
	By     string
	Joined bool // the reader has accepted it and is in the firm
}

// Membership is a firm a person belongs to.
type Membership struct {
	ID     winddown.ID
	Name   string
	Role   winddown.Role
	Chosen bool
}

const (
	firmColumns = `f.id, f.name, f.event_seq, f.event_hash, f.legal_name, f.inn, f.kpp, f.address, f.phone, f.signer, f.authority,
       f.chase_days, f.days_off, f.days_worked, f.acting as firm_acting, f.texts as firm_texts`
	firmPeopleColumns = `u.id, u.name, u.email, p.role, p.added_at`
)

const sqlFirm = `-- name: Firm
select ` + firmColumns + ` from firms f where f.id = @firm and ` + firmScope

const sqlFirmPeople = `-- name: FirmPeople
select ` + firmPeopleColumns + `
from firm_people p join users u on u.id = p.user_id join firms f on f.id = p.firm_id
where f.id = @firm and ` + firmScope + `
order by p.added_at, u.id`

const sqlFirmInvites = `-- name: FirmInvites
select i.firm_id, ` + inviteColumns + `
from firm_invites i join firms f on f.id = i.firm_id
where f.id = @firm and i.used_at is null and i.revoked_at is null and i.expires_at > @now and ` + firmScope + `
order by i.created_at desc, i.id
limit @limit`

const sqlFirmLoad = `-- name: FirmLoad
select c.responsible_id as id, count(*) as n
from cases c
where c.firm_id = @firm and c.stage <> 'finished' and c.archived_at is null and ` + caseScope + `
group by c.responsible_id`

const sqlFirmTrail = `-- name: FirmTrail
select e.stream_id, e.seq, e.at, e.by_id, e.about_id, e.body, coalesce(b.name, '') as by_name, coalesce(a.name, '') as about_name
from events e
join firms f on f.id = e.stream_id
left join users b on b.id = e.by_id
left join users a on a.id = e.about_id
where e.stream_kind = 'firm' and e.stream_id = @firm and ` + firmScope + `
  and (@before::bigint = 0 or e.seq < @before)
order by e.seq desc
limit @limit`

type firmRow struct {
	ID        winddown.ID
	Name      string
	EventSeq  int64
	EventHash []byte
	requisitesRow
	practiceRow
}

type firmPersonRow struct {
	ID      winddown.ID
	Name    string
	Email   string
	Role    string
	AddedAt time.Time
}

type firmInviteRow struct {
	FirmID winddown.ID
	offerRow
}

func (r firmInviteRow) domain() winddown.FirmInvite {
	return winddown.FirmInvite{
		ID: r.ID, FirmID: r.FirmID, Role: r.Role, CreatedBy: r.CreatedBy, CreatedAt: r.CreatedAt, ExpiresAt: r.ExpiresAt,
		UsedAt: timeOf(r.UsedAt), RevokedAt: timeOf(r.RevokedAt), Email: r.Email,
	}
}

type loadRow struct {
	ID winddown.ID
	N  int
}

// firmQuery collects the rows of one firm.
type firmQuery struct {
	firms   []firmRow
	people  []firmPersonRow
	invites []firmInviteRow
}

func (q *firmQuery) queue(b *pgx.Batch, actor winddown.Actor, firm winddown.ID, now time.Time) {
	args := namedArgs{"firm": firm, "actor": actor.UserID}
	b.Queue(sqlFirm, args).Query(collect(&q.firms))
	b.Queue(sqlFirmPeople, args).Query(collect(&q.people))
	b.Queue(sqlFirmInvites, namedArgs{"firm": firm, "actor": actor.UserID, "now": now, "limit": MaxFirmInvites}).
		Query(collect(&q.invites))
}

// result returns the firm with its people, or NotFound.
func (q *firmQuery) result() (*winddown.Firm, error) {
	if len(q.firms) == 0 {
		return nil, &winddown.Error{Kind: winddown.NotFound, Key: "error.not_found"}
	}
	f := q.firms[0]
	return &winddown.Firm{ID: f.ID, Name: f.Name, Members: members(q.people), Requisites: f.requisites(), Practice: f.practice()}, nil
}

func members(rows []firmPersonRow) []winddown.Member {
	var all []winddown.Member
	for _, p := range rows {
		all = append(all, winddown.Member{UserID: p.ID, Name: p.Name, Email: p.Email, Role: winddown.Role(p.Role), AddedAt: p.AddedAt})
	}
	return all
}

func (q *firmQuery) open() []winddown.FirmInvite {
	var open []winddown.FirmInvite
	for _, r := range q.invites {
		open = append(open, r.domain())
	}
	return open
}

// hold notes the head of the firm's stream and returns the firm, or NotFound.
func (q *firmQuery) hold(tx *Tx) (*winddown.Firm, error) {
	f, err := q.result()
	if err == nil {
		tx.hold(firmStream(f.ID), q.firms[0].EventSeq, q.firms[0].EventHash)
	}
	return f, err
}

func firmStream(id winddown.ID) winddown.Stream {
	return winddown.Stream{Kind: winddown.FirmStream, ID: id}
}

// Firm returns the firm the actor works in now with its people, what each is responsible for,
// its open invitations and lines of its trail, in one round trip, or NotFound.
func (db *DB) Firm(ctx context.Context, actor winddown.Actor, now time.Time, trail TrailQuery) (FirmRead, error) {
	var q firmQuery
	var load []loadRow
	var lines []trailRow
	args := namedArgs{"firm": actor.FirmID, "actor": actor.UserID}
	err := db.snapshot(ctx, func(b *pgx.Batch) {
		q.queue(b, actor, actor.FirmID, now)
		b.Queue(sqlFirmLoad, args).Query(collect(&load))
		b.Queue(sqlFirmTrail, namedArgs{"firm": actor.FirmID, "actor": actor.UserID, "before": trail.Before, "limit": trail.Limit + 1}).Query(collect(&lines))
	})
	if err != nil {
		return FirmRead{}, err
	}
	read := FirmRead{Invites: q.open()}
	if read.Firm, err = q.result(); err != nil {
		return FirmRead{}, err
	}
	for _, l := range load {
		if l.ID.IsZero() {
			read.Unassigned = l.N
		} else if m, err := read.Firm.Member(l.ID); err == nil {
			m.Cases = l.N
		}
	}
	read.Trail, read.TrailMore, err = trailLines(lines, trail.Limit)
	return read, err
}

const sqlMemberships = `-- name: Memberships
select f.id, f.name, p.role, f.id is not distinct from @firm as chosen
from firm_people p join firms f on f.id = p.firm_id
where p.user_id = @actor
order by p.added_at, f.id`

// Memberships returns the firms the actor belongs to, in the order he came to them.
func (db *DB) Memberships(ctx context.Context, actor winddown.Actor) ([]Membership, error) {
	rows, err := db.pool.Query(ctx, sqlMemberships, namedArgs{"actor": actor.UserID, "firm": actor.FirmID})
	if err != nil {
		return nil, classify(err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowToStructByName[Membership])
	return all, classify(err)
}

// firmInviteOfToken is inviteOfToken of a firm's invitations.
const firmInviteOfToken = `(
    select id from firm_invites where token_hash = @token
    union all
    select firm_invite_id from mail_tokens where token_hash = @token and purpose = 'invite' and firm_invite_id is not null)`

const sqlFirmInviteByToken = `-- name: FirmInviteByToken
select i.firm_id, ` + inviteColumns + `, ` + mailedColumns + `, f.name as firm, u.name as by,
       i.used_by is not null and i.used_by = @actor
       and exists (select from firm_people p where p.firm_id = f.id and p.user_id = @actor) as joined
from firm_invites i join firms f on f.id = i.firm_id join users u on u.id = i.created_by` + joinMailed + `
where i.id = ` + firmInviteOfToken

// FirmInvite finds an invitation to a firm by its token as the actor sees it, or NotFound.
func (db *DB) FirmInvite(ctx context.Context, actor winddown.Actor, tokenHash []byte) (InviteToFirm, error) {
	rows, err := db.pool.Query(ctx, sqlFirmInviteByToken, namedArgs{"token": tokenHash, "actor": actor.UserID})
	if err != nil {
		return InviteToFirm{}, classify(err)
	}
	r, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[struct {
		firmInviteRow
		InviteLink
		Firm   string
		By     string
		Joined bool
	}])
	return InviteToFirm{InviteLink: r.InviteLink, Invite: r.domain(), Firm: r.Firm, By: r.By, Joined: r.Joined}, classify(err)
}

// sqlLockFirm waits for the firm's row; what is known of the firm is read by the statements
// after it, as with LockCase.
const sqlLockFirm = `-- name: LockFirm
select f.id from firms f where f.id = @firm and ` + firmScope + `
for no key update of f`

func (q *firmQuery) lock(tx *Tx, b *pgx.Batch, firm winddown.ID) {
	b.Queue(sqlLockFirm, namedArgs{"firm": firm, "actor": tx.actor.UserID})
	q.queue(b, tx.actor, firm, tx.now)
}

// LockFirm returns the firm the actor works in with its people and open invitations, and
// holds its row until the transaction ends; NotFound for somebody without one.
func (tx *Tx) LockFirm(ctx context.Context) (*winddown.Firm, []winddown.FirmInvite, error) {
	var q firmQuery
	if err := tx.read(ctx, func(b *pgx.Batch) { q.lock(tx, b, tx.actor.FirmID) }); err != nil {
		return nil, nil, err
	}
	f, err := q.hold(tx)
	return f, q.open(), err
}

// The token of an invitation is the scope of what follows: its holder does not belong to the
// firm yet. The firm comes before the invitation, as in RevokeFirmInvite.
const sqlLockFirmByInvite = `-- name: LockFirmByInvite
select f.id from firms f
where f.id = (select i.firm_id from firm_invites i where i.id = ` + firmInviteOfToken + `)
for no key update of f`

const sqlFirmInviteLocked = `-- name: FirmInviteLocked
select i.firm_id, ` + inviteColumns + `, ` + mailedColumns + `
from firm_invites i` + joinMailed + `where i.id = ` + firmInviteOfToken + ` for update of i`

const sqlFirmByInvite = `-- name: FirmByInvite
select ` + firmColumns + ` from firms f
where f.id = (select i.firm_id from firm_invites i where i.id = ` + firmInviteOfToken + `)`

const sqlFirmPeopleByInvite = `-- name: FirmPeopleByInvite
select ` + firmPeopleColumns + `
from firm_people p join users u on u.id = p.user_id
where p.firm_id = (select i.firm_id from firm_invites i where i.id = ` + firmInviteOfToken + `)
order by p.added_at, u.id`

// LockedFirmInvite is an invitation, the firm it leads to and the person who holds it, all
// held until the transaction ends.
type LockedFirmInvite struct {
	InviteLink
	Invite winddown.FirmInvite
	Firm   *winddown.Firm
	Guest  Account
}

// LockFirmInvite returns the invitation behind a token for the person who accepts it, or
// NotFound.
func (tx *Tx) LockFirmInvite(ctx context.Context, tokenHash []byte, user winddown.ID) (LockedFirmInvite, error) {
	var q firmQuery
	var guest userQuery
	var invites []struct {
		firmInviteRow
		InviteLink
	}
	token := namedArgs{"token": tokenHash}
	err := tx.read(ctx, func(b *pgx.Batch) {
		b.Queue(sqlLockFirmByInvite, token)
		b.Queue(sqlFirmInviteLocked, token).Query(collect(&invites))
		b.Queue(sqlFirmByInvite, token).Query(collect(&q.firms))
		b.Queue(sqlFirmPeopleByInvite, token).Query(collect(&q.people))
		guest.queue(b, user)
	})
	if err != nil {
		return LockedFirmInvite{}, err
	}
	f, err := q.hold(tx)
	if err != nil {
		return LockedFirmInvite{}, err
	}
	l := LockedFirmInvite{InviteLink: invites[0].InviteLink, Invite: invites[0].domain(), Firm: f}
	l.Guest, err = guest.hold(tx)
	return l, err
}

const sqlMemberOf = `-- name: MemberOf
select p.firm_id as id from firm_people p where p.firm_id = @firm and p.user_id = @actor`

// LockMembership holds the actor's own row and reports whether he belongs to a firm.
func (tx *Tx) LockMembership(ctx context.Context, firm winddown.ID) (bool, error) {
	var q userQuery
	var found []idRow
	err := tx.read(ctx, func(b *pgx.Batch) {
		q.queue(b, tx.actor.UserID)
		b.Queue(sqlMemberOf, namedArgs{"firm": firm, "actor": tx.actor.UserID}).Query(collect(&found))
	})
	if err != nil {
		return false, err
	}
	_, err = q.hold(tx)
	return len(found) > 0, err
}

// pickedColumns are what is known of a case where something is done to many at a time.
const pickedColumns = `c.id, c.seller_name as seller, c.responsible_id, c.event_seq, c.event_hash, c.zone, c.stage, c.burn_on, c.overdue_on,
       c.problem, c.blocker, c.archived_at is not null as archived, c.erase_at, c.erase_at is not null and c.erase_by is null as expired, c.reminded_at,
       exists (select from case_people p where p.case_id = c.id) as reachable,
       exists (select from case_people p join users u on u.id = p.user_id where p.case_id = c.id and ` + takesReminders + `) as mailed`

// Cases of a firm are locked in the order of their ids, so that two assignments do not wait
// for each other in a circle.
const sqlLockFirmCases = `-- name: LockFirmCases
select c.id from cases c where c.firm_id = @firm and c.id = any(@cases::uuid[]) and ` + caseScope + `
order by c.id
for no key update of c`

const sqlFirmCases = `-- name: FirmCases
select ` + pickedColumns + `
from cases c where c.firm_id = @firm and c.id = any(@cases::uuid[]) and ` + caseScope + `
order by c.name_key, c.id`

const sqlLockCasesOf = `-- name: LockCasesOf
select c.id from cases c where c.firm_id = @firm and c.responsible_id = @user and ` + caseScope + `
order by c.id
for no key update of c`

const sqlCasesOf = `-- name: CasesOf
select ` + pickedColumns + `
from cases c where c.firm_id = @firm and c.responsible_id = @user and ` + caseScope + `
order by c.id`

type pickedRow struct {
	ID            winddown.ID
	Seller        string
	ResponsibleID winddown.ID
	EventSeq      int64
	EventHash     []byte
	Zone          string
	Stage         string
	BurnOn        winddown.Date
	OverdueOn     winddown.Date
	Problem       string
	Blocker       string
	Archived      bool
	EraseAt       *time.Time
	Expired       bool
	RemindedAt    *time.Time
	Reachable     bool
	Mailed        bool
}

func picked(rows []pickedRow) []winddown.Picked {
	var all []winddown.Picked
	for _, r := range rows {
		all = append(all, winddown.Picked{
			ID: r.ID, Seller: r.Seller, ResponsibleID: r.ResponsibleID, Zone: r.Zone, Archived: r.Archived, EraseAt: timeOf(r.EraseAt), Expired: r.Expired, RemindedAt: timeOf(r.RemindedAt),
			Reachable: r.Reachable, Mailed: r.Mailed,
			Summary: winddown.Summary{Stage: winddown.Group(r.Stage), BurnOn: r.BurnOn, OverdueOn: r.OverdueOn,
				Problem: winddown.ProblemKind(r.Problem), Blocker: winddown.Code(r.Blocker)},
		})
	}
	return all
}

// holdCases notes that this transaction holds cases of the firm the actor works in.
func (tx *Tx) holdCases(rows []pickedRow) []winddown.Picked {
	for _, r := range rows {
		tx.keptBy(r.ID, tx.actor.FirmID)
		tx.responsible[r.ID] = r.ResponsibleID
		tx.hold(winddown.Stream{Kind: winddown.CaseStream, ID: r.ID}, r.EventSeq, r.EventHash)
	}
	return picked(rows)
}

// LockFirmCases returns the firm the actor works in and those of the cases that he sees in it,
// all held until the transaction ends, or NotFound.
func (tx *Tx) LockFirmCases(ctx context.Context, cases []winddown.ID) (*winddown.Firm, []winddown.Picked, error) {
	var q firmQuery
	var rows []pickedRow
	args := namedArgs{"firm": tx.actor.FirmID, "cases": cases, "actor": tx.actor.UserID}
	err := tx.read(ctx, func(b *pgx.Batch) {
		q.lock(tx, b, tx.actor.FirmID)
		b.Queue(sqlLockFirmCases, args)
		b.Queue(sqlFirmCases, args).Query(collect(&rows))
	})
	if err != nil {
		return nil, nil, err
	}
	f, err := q.hold(tx)
	return f, tx.holdCases(rows), err
}

// LockFirmPerson returns the firm the actor works in and the cases a person of it is
// responsible for, all held until the transaction ends, the person included.
func (tx *Tx) LockFirmPerson(ctx context.Context, user winddown.ID) (*winddown.Firm, []winddown.Picked, error) {
	var q firmQuery
	var one userQuery
	var rows []pickedRow
	args := namedArgs{"firm": tx.actor.FirmID, "user": user, "actor": tx.actor.UserID}
	err := tx.read(ctx, func(b *pgx.Batch) {
		q.lock(tx, b, tx.actor.FirmID)
		b.Queue(sqlLockCasesOf, args)
		one.queue(b, user)
		// Once the person is held nobody entrusts him with a case; one that came while the
		// first locks were waited for is locked here.
		b.Queue(sqlLockCasesOf, args)
		b.Queue(sqlCasesOf, args).Query(collect(&rows))
	})
	if err != nil {
		return nil, nil, err
	}
	f, err := q.hold(tx)
	if err != nil {
		return nil, nil, err
	}
	if _, err := f.Member(user); err != nil {
		return nil, nil, err
	}
	_, err = one.hold(tx)
	return f, tx.holdCases(rows), err
}

// writeFirm queues a write to a firm, which this transaction must hold or have founded.
func (tx *Tx) writeFirm(firm winddown.ID, sql string, args namedArgs) {
	if _, ok := tx.heads[firmStream(firm)]; !ok {
		tx.misuse = fmt.Errorf("firm %s is not locked", firm)
		return
	}
	tx.write(sql, args)
}

const sqlInsertFirm = `-- name: InsertFirm
insert into firms (id, name, created_at) values (@id, @name, @now)`

const sqlInsertFirmPerson = `-- name: InsertFirmPerson
insert into firm_people (firm_id, user_id, role, added_at) values (@firm, @user, @role, @now)`

// InsertFirm founds a firm of one: the person is its admin.
func (tx *Tx) InsertFirm(id winddown.ID, name string, user winddown.ID) {
	tx.write(sqlInsertFirm, namedArgs{"id": id, "name": name, "now": tx.now})
	tx.hold(firmStream(id), 0, nil)
	tx.AddFirmPerson(id, user, winddown.Admin)
}

// AddFirmPerson takes a person into a locked firm. One who belongs to it already fails the
// transaction as Conflict.
func (tx *Tx) AddFirmPerson(firm, user winddown.ID, role winddown.Role) {
	tx.writeFirm(firm, sqlInsertFirmPerson, namedArgs{"firm": firm, "user": user, "role": role, "now": tx.now})
}

const sqlChooseFirm = `-- name: ChooseFirm
update users set firm_id = @firm where id = @user`

// ChooseFirm keeps the firm in which a locked person works from now on.
func (tx *Tx) ChooseFirm(user, firm winddown.ID) {
	tx.write(sqlChooseFirm, namedArgs{"user": user, "firm": firm})
}

const sqlRenameFirm = `-- name: RenameFirm
update firms set name = @name where id = @firm`

// RenameFirm writes the name of a locked firm.
func (tx *Tx) RenameFirm(f *winddown.Firm) {
	tx.writeFirm(f.ID, sqlRenameFirm, namedArgs{"firm": f.ID, "name": f.Name})
}

const sqlUpdateFirmRole = `-- name: UpdateFirmRole
update firm_people set role = @role where firm_id = @firm and user_id = @user`

// SaveFirmRole writes the role of a person of a locked firm.
func (tx *Tx) SaveFirmRole(firm, user winddown.ID, role winddown.Role) {
	tx.writeFirm(firm, sqlUpdateFirmRole, namedArgs{"firm": firm, "user": user, "role": role})
}

const sqlForgetFirm = `-- name: ForgetFirm
update users set firm_id = null where id = @user and firm_id = @firm`

const sqlDeleteFirmPerson = `-- name: DeleteFirmPerson
delete from firm_people where firm_id = @firm and user_id = @user`

// RemoveFirmPerson takes a person out of a locked firm; the cases he was responsible for must
// have been given away before.
func (tx *Tx) RemoveFirmPerson(firm, user winddown.ID) {
	args := namedArgs{"firm": firm, "user": user}
	tx.writeFirm(firm, sqlForgetFirm, args)
	tx.writeFirm(firm, sqlDeleteFirmPerson, args)
}

const sqlInsertFirmInvite = `-- name: InsertFirmInvite
insert into firm_invites (id, firm_id, role, token_hash, created_by, created_at, expires_at, email)
values (@id, @firm, @role, @token, @by, @created_at, @expires_at, @email)`

// InsertFirmInvite writes an invitation to a locked firm.
func (tx *Tx) InsertFirmInvite(i winddown.FirmInvite, tokenHash []byte) {
	tx.writeFirm(i.FirmID, sqlInsertFirmInvite, namedArgs{
		"id": i.ID, "firm": i.FirmID, "role": i.Role, "token": tokenHash, "by": i.CreatedBy, "email": i.Email,
		"created_at": i.CreatedAt, "expires_at": i.ExpiresAt,
	})
}

const sqlUseFirmInvite = `-- name: UseFirmInvite
update firm_invites set used_at = @now, used_by = @user where id = @id and firm_id = @firm`

// UseFirmInvite spends an invitation to a locked firm.
func (tx *Tx) UseFirmInvite(i winddown.FirmInvite, user winddown.ID) {
	tx.writeFirm(i.FirmID, sqlUseFirmInvite, namedArgs{"id": i.ID, "firm": i.FirmID, "user": user, "now": tx.now})
}

const sqlRevokeFirmInvite = `-- name: RevokeFirmInvite
update firm_invites set revoked_at = @now where id = @id and firm_id = @firm and used_at is null and revoked_at is null`

// RevokeFirmInvite takes an unused invitation to a locked firm back.
func (tx *Tx) RevokeFirmInvite(i winddown.FirmInvite) {
	tx.writeFirm(i.FirmID, sqlRevokeFirmInvite, namedArgs{"id": i.ID, "firm": i.FirmID, "now": tx.now})
}

const sqlRevokeFirmInvitesBy = `-- name: RevokeFirmInvitesBy
update firm_invites set revoked_at = @now
where firm_id = @firm and created_by = @by and used_at is null and revoked_at is null`

// RevokeFirmInvitesBy takes back the unused invitations a person made to a locked firm.
func (tx *Tx) RevokeFirmInvitesBy(firm, by winddown.ID) {
	tx.writeFirm(firm, sqlRevokeFirmInvitesBy, namedArgs{"firm": firm, "by": by, "now": tx.now})
}

// sqlRevokeInvitesOfResponsible comes before the assignment: it looks at who was responsible.
const sqlRevokeInvitesOfResponsible = `-- name: RevokeInvitesOfResponsible
update invites i set revoked_at = @now
from cases c
where c.id = any(@cases::uuid[]) and i.case_id = c.id and i.created_by = c.responsible_id
  and i.used_at is null and i.revoked_at is null`

// lockedIDs are the ids of cases this transaction must hold.
func (tx *Tx) lockedIDs(cases []winddown.Picked) []winddown.ID {
	var ids []winddown.ID
	for _, c := range cases {
		if _, ok := tx.heads[winddown.Stream{Kind: winddown.CaseStream, ID: c.ID}]; !ok {
			tx.misuse = fmt.Errorf("case %s is not locked", c.ID)
			return nil
		}
		delete(tx.settled, c.ID) // about to be written by another statement
		ids = append(ids, c.ID)
	}
	return ids
}

// goingOn is what a change of cases sets: when they were changed, and that they have not expired.
const goingOn = `changed_at = @now, erase_asked_at = case when erase_by is not null then erase_asked_at end,
    erase_at = case when erase_by is not null then erase_at end`

const sqlAssign = `-- name: Assign
update cases set responsible_id = @user, ` + goingOn + ` where id = any(@cases::uuid[])`

// Assign writes who is responsible for locked cases of one firm, nobody when user is zero.
// The unused invitations and the links that whoever was responsible made to them lead nowhere.
func (tx *Tx) Assign(cases []winddown.Picked, user winddown.ID) {
	ids := tx.lockedIDs(cases)
	if len(ids) == 0 {
		return
	}
	tx.write(sqlRevokeInvitesOfResponsible, namedArgs{"cases": ids, "now": tx.now})
	tx.write(sqlRevokeSharesOfResponsible, namedArgs{"cases": ids, "now": tx.now})
	tx.write(sqlAssign, namedArgs{"cases": ids, "user": user, "now": tx.now})
}
