package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"winddown/internal/winddown"
)

// openRescue is the condition under which an invitation in the place of a lost owner can be accepted:
// see winddown.Invite.Offer.
const openRescue = `role = 'owner' and replaces is not null and replaces <> created_by and used_at is null and revoked_at is null and expires_at > @now`

// lostColumns are all that an operator reads of somebody's case.
const lostColumns = `c.id, c.seller_name as seller, p.user_id as owner_id, u.name as owner_name, c.rescue_at, c.rescue_objected_at, c.erase_at is not null as deleted,
    exists (select from invites where case_id = c.id and ` + openRescue + `) as offered
from cases c left join case_people p on p.case_id = c.id and p.role = 'owner' left join users u on u.id = p.user_id`

const sqlLostCase = `-- name: LostCase
select ` + lostColumns + ` where c.id = @case`

const sqlRescues = `-- name: Rescues
select ` + lostColumns + ` where c.rescue_at is not null or c.rescue_objected_at > @quiet
order by c.rescue_at, c.rescue_objected_at desc, c.id limit @limit`

const sqlLockLost = `-- name: LockLost
select c.event_seq, c.event_hash from cases c where c.id = @case for no key update of c`

type lostRow struct {
	ID        winddown.ID
	Seller    string
	OwnerID   winddown.ID
	OwnerName *string
	RescueAt  *time.Time
	Deleted   bool
	Offered   bool

	RescueObjectedAt *time.Time
}

func (r lostRow) domain() winddown.LostCase {
	c := winddown.LostCase{ID: r.ID, Seller: r.Seller, OwnerID: r.OwnerID, RescueAt: timeOf(r.RescueAt), ObjectedAt: timeOf(r.RescueObjectedAt), Deleted: r.Deleted, Offered: r.Offered}
	if r.OwnerName != nil {
		c.OwnerName = *r.OwnerName
	}
	return c
}

// LostCase returns what an operator may know of a case, or NotFound.
func (db *DB) LostCase(ctx context.Context, id winddown.ID, now time.Time) (winddown.LostCase, error) {
	rows, err := db.pool.Query(ctx, sqlLostCase, namedArgs{"case": id, "now": now})
	if err != nil {
		return winddown.LostCase{}, classify(err)
	}
	r, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[lostRow])
	return r.domain(), classify(err)
}

// MaxRescues bounds the cases that are shown as waiting for another owner.
const MaxRescues = 200

// Rescues returns the cases that wait for another owner, those whose term ends first in front, and after
// them those whose owner has objected not long ago.
func (db *DB) Rescues(ctx context.Context, now time.Time) ([]winddown.LostCase, error) {
	rows, err := db.pool.Query(ctx, sqlRescues, namedArgs{"now": now, "quiet": now.Add(-winddown.RescueQuiet), "limit": MaxRescues})
	if err != nil {
		return nil, classify(err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowToStructByName[lostRow])
	var all []winddown.LostCase
	for _, r := range found {
		all = append(all, r.domain())
	}
	return all, classify(err)
}

// openOwner is the condition under which an invitation makes somebody a case's owner.
const openOwner = `case_id = @case and role = 'owner' and used_at is null and revoked_at is null and expires_at > @now`

const sqlOwnerInvites = `-- name: OwnerInvites
select id from invites where ` + openOwner + ` order by created_at, id`

// LockedLost is a case whose owner is lost, held by a transaction, with the invitations that would give it
// an owner.
type LockedLost struct {
	winddown.LostCase
	Invites []winddown.ID
}

// LockLost returns what an operator may know of a case and holds the case until the transaction ends,
// or NotFound. Of the case itself it lets nothing be written.
func (tx *Tx) LockLost(ctx context.Context, id winddown.ID) (LockedLost, error) {
	var heads []struct {
		EventSeq  int64
		EventHash []byte
	}
	var found []lostRow
	var invites []struct{ ID winddown.ID }
	err := tx.read(ctx, func(b *pgx.Batch) {
		b.Queue(sqlLockLost, namedArgs{"case": id}).Query(collect(&heads))
		b.Queue(sqlLostCase, namedArgs{"case": id, "now": tx.now}).Query(collect(&found))
		b.Queue(sqlOwnerInvites, namedArgs{"case": id, "now": tx.now}).Query(collect(&invites))
	})
	if err != nil {
		return LockedLost{}, err
	}
	if len(heads) == 0 || len(found) == 0 {
		return LockedLost{}, &winddown.Error{Kind: winddown.NotFound, Key: "error.not_found"}
	}
	tx.hold(winddown.Stream{Kind: winddown.CaseStream, ID: id}, heads[0].EventSeq, heads[0].EventHash)
	l := LockedLost{LostCase: found[0].domain()}
	for _, i := range invites {
		l.Invites = append(l.Invites, i.ID)
	}
	return l, nil
}

const sqlSaveRescue = `-- name: SaveRescue
update cases set rescue_asked_at = @asked, rescue_at = @at where id = @case`

// SaveRescue notes from when on the link for another owner of a locked case can be made; never when at
// is zero.
func (tx *Tx) SaveRescue(id winddown.ID, at time.Time) {
	args := namedArgs{"case": id, "asked": nil, "at": nil}
	if !at.IsZero() {
		args["asked"], args["at"] = tx.now, at
	}
	tx.write(sqlSaveRescue, args)
}

const sqlRevokeRescues = `-- name: RevokeRescues
update invites set revoked_at = @now
where case_id = @case and ` + openRescue

// EndRescue notes that no other owner of a locked case is looked for, and takes back the invitation of one.
func (tx *Tx) EndRescue(id winddown.ID) {
	tx.write(sqlRevokeRescues, namedArgs{"case": id, "now": tx.now})
	tx.SaveRescue(id, time.Time{})
}

const sqlSaveObjection = `-- name: SaveObjection
update cases set rescue_objected_at = @at where id = @case`

// SaveObjection notes that the owner of a locked case objects now, or that he never did.
func (tx *Tx) SaveObjection(id winddown.ID, objects bool) {
	args := namedArgs{"case": id, "at": nil}
	if objects {
		args["at"] = tx.now
	}
	tx.write(sqlSaveObjection, args)
}

const sqlRevokeOwnerInvites = `-- name: RevokeOwnerInvites
update invites set revoked_at = @now where ` + openOwner

// OfferRescue writes the invitation of another owner of a case that LockLost holds, in the place of those
// that LockedLost.Invites names.
func (tx *Tx) OfferRescue(i winddown.Invite, tokenHash []byte) {
	tx.write(sqlRevokeOwnerInvites, namedArgs{"case": i.CaseID, "now": tx.now})
	tx.write(sqlInsertInvite, inviteArgs(i, tokenHash))
}

const sqlSeatsOf = `-- name: SeatsOf
select s.case_id, s.user_id, u.confirmed_at is not null as confirmed from (
select p.case_id, p.user_id from case_people p where p.case_id = any(@cases::uuid[])
union
select c.id, c.responsible_id from cases c where c.id = any(@cases::uuid[]) and c.responsible_id is not null
union
select c.id, f.user_id from cases c join firm_people f on f.firm_id = c.firm_id and f.role in ('admin', 'lead')
where c.id = any(@cases::uuid[]) and c.responsible_id is null and not exists (select from case_people p where p.case_id = c.id)
) s join users u on u.id = s.user_id`

// Seat is somebody in a case, and whether letters have reached him.
type Seat struct {
	CaseID    winddown.ID
	UserID    winddown.ID
	Confirmed bool
}

// SeatsOf returns the owners, helpers and accountants of cases, and the admins and leads of the firm of one
// that has none of them. It is the program's own and takes no
// actor.
func (db *DB) SeatsOf(ctx context.Context, cases []winddown.ID) (map[winddown.ID][]Seat, error) {
	ids := make([][16]byte, len(cases))
	for i, id := range cases {
		ids[i] = id
	}
	rows, err := db.pool.Query(ctx, sqlSeatsOf, namedArgs{"cases": ids})
	if err != nil {
		return nil, classify(err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowToStructByName[Seat])
	people := map[winddown.ID][]Seat{}
	for _, f := range found {
		people[f.CaseID] = append(people[f.CaseID], f)
	}
	return people, classify(err)
}
