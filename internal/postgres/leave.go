package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"winddown/internal/winddown"
)

const sqlHoldingCases = `-- name: HoldingCases
select c.id, c.seller_name as seller, c.erase_at, h.ownerless
from (
    select p.case_id, false as ownerless from case_people p where p.user_id = @user and p.role = 'owner'
    union all
    select c.id, true from firm_people f join cases c on c.firm_id = f.firm_id
    where f.user_id = @user and not exists (select from firm_people o where o.firm_id = f.firm_id and o.user_id <> @user)
      and exists (select from case_people o where o.case_id = c.id and o.user_id <> @user)
      and not exists (select from case_people o where o.case_id = c.id and o.role = 'owner')
) h join cases c on c.id = h.case_id
order by h.ownerless, c.name_key, c.id
limit @limit`

const sqlHoldingFirms = `-- name: HoldingFirms
select f.id, f.name, p.role,
       (select count(*) from firm_people o where o.firm_id = f.id) as people,
       (select count(*) from firm_people o where o.firm_id = f.id and o.role = 'admin') as admins,
       (select count(*) from cases c where c.firm_id = f.id and exists (select from case_people o where o.case_id = c.id and o.role = 'owner')) as owned,
       (select count(*) from cases c where c.firm_id = f.id and not exists (select from case_people o where o.case_id = c.id)) as alone
from firm_people p join firms f on f.id = p.firm_id
where p.user_id = @user
order by p.added_at, f.id`

const sqlHoldingHelped = `-- name: HoldingHelped
select count(*) as n from case_people where user_id = @user and role = 'helper'`

type holdingsQuery struct {
	cases []struct {
		ID        winddown.ID
		Seller    string
		EraseAt   *time.Time
		Ownerless bool
	}
	firms  []winddown.FirmHolding
	helped []struct{ N int }
}

// maxHoldings bounds the cases of which it is said that they would belong to nobody.
const maxHoldings = 200

func (q *holdingsQuery) queue(b *pgx.Batch, user winddown.ID) {
	args := namedArgs{"user": user}
	b.Queue(sqlHoldingCases, namedArgs{"user": user, "limit": maxHoldings}).Query(collect(&q.cases))
	b.Queue(sqlHoldingFirms, args).Query(collect(&q.firms))
	b.Queue(sqlHoldingHelped, args).Query(collect(&q.helped))
}

func (q *holdingsQuery) result() winddown.Holdings {
	h := winddown.Holdings{Firms: q.firms}
	for _, c := range q.cases {
		h.Cases = append(h.Cases, winddown.Holding{ID: c.ID, Seller: c.Seller, EraseAt: timeOf(c.EraseAt), Ownerless: c.Ownerless})
	}
	for _, n := range q.helped {
		h.Helped = n.N
	}
	return h
}

// Holdings returns what a person would leave behind.
func (db *DB) Holdings(ctx context.Context, user winddown.ID) (winddown.Holdings, error) {
	var q holdingsQuery
	if err := db.snapshot(ctx, func(b *pgx.Batch) { q.queue(b, user) }); err != nil {
		return winddown.Holdings{}, err
	}
	return q.result(), nil
}

// Holdings returns what a locked person would leave behind.
func (tx *Tx) Holdings(ctx context.Context, user winddown.ID) (winddown.Holdings, error) {
	var q holdingsQuery
	err := tx.read(ctx, func(b *pgx.Batch) { q.queue(b, user) })
	return q.result(), err
}

const sqlLeaving = `-- name: Leaving
select erase_asked_at, erase_at from users where id = @user and erased_at is null`

// Leaving returns when a locked person asked to be erased and from when on he is; zero for who has
// not, or is erased.
func (tx *Tx) Leaving(ctx context.Context, user winddown.ID) (asked, at time.Time, err error) {
	var found []struct{ EraseAskedAt, EraseAt *time.Time }
	err = tx.read(ctx, func(b *pgx.Batch) {
		b.Queue(sqlLeaving, namedArgs{"user": user}).Query(collect(&found))
	})
	if err != nil || len(found) == 0 {
		return time.Time{}, time.Time{}, err
	}
	return timeOf(found[0].EraseAskedAt), timeOf(found[0].EraseAt), nil
}

// LeavingAt returns from when on a person is erased, zero for never.
func (db *DB) LeavingAt(ctx context.Context, user winddown.ID) (time.Time, error) {
	var asked, at *time.Time
	err := db.pool.QueryRow(ctx, sqlLeaving, namedArgs{"user": user}).Scan(&asked, &at)
	return timeOf(at), classify(err)
}

const sqlSaveLeaving = `-- name: SaveLeaving
update users set erase_asked_at = @asked, erase_at = @at where id = @user`

// SaveLeaving notes from when on a locked person is erased; never when at is zero.
func (tx *Tx) SaveLeaving(user winddown.ID, at time.Time) {
	args := namedArgs{"user": user, "asked": nil, "at": nil}
	if !at.IsZero() {
		args["asked"], args["at"] = tx.now, at
	}
	tx.write(sqlSaveLeaving, args)
}

const sqlErasableUsers = `-- name: ErasableUsers
select id from users where erase_at <= @now and erased_at is null and (@after::uuid is null or id > @after::uuid) order by id limit @limit`

// ErasableUsers returns people whose account is to be erased now, in the order of their ids: so many of
// those after a given one, so that some who have to wait hold up nobody. It is the program's own and
// takes no actor.
func (db *DB) ErasableUsers(ctx context.Context, now time.Time, after winddown.ID, limit int) ([]winddown.ID, error) {
	return db.idsOf(ctx, sqlErasableUsers, namedArgs{"now": now, "after": after, "limit": limit})
}

// What a person leaves is locked as everywhere: firms, then cases, then he. Nobody comes to a firm or a
// case that is held, so that what is read afterwards stays as it is.
const (
	sqlLockFirmsOf = `-- name: LockFirmsOf
select f.id from firms f where f.id in (select p.firm_id from firm_people p where p.user_id = @user)
order by f.id for update of f`
	sqlLockCasesLeft = `-- name: LockCasesLeft
select c.id from cases c where c.id in (
    select p.case_id from case_people p where p.user_id = @user and p.role = 'helper'
    union select o.id from cases o where o.responsible_id = @user
    union select o.id from cases o where o.firm_id in (` + ownFirms + `))
order by c.id for update of c`
	sqlHelpedCases = `-- name: HelpedCases
select case_id as id from case_people where user_id = @user and role = 'helper' order by case_id`
	sqlSellersAlone = `-- name: SellersAlone
select c.id from cases c where c.firm_id in (` + ownFirms + `) order by c.id`
)

// ownFirms are the firms that are a person's alone.
const ownFirms = `select p.firm_id from firm_people p
    where p.user_id = @user and not exists (select from firm_people o where o.firm_id = p.firm_id and o.user_id <> @user)`

// Left is what a person leaves who is to be erased from At on; zero for who has not asked for it.
type Left struct {
	Account
	AskedAt, At time.Time
	winddown.Holdings
	Helped  []winddown.ID // cases he helps with
	Sellers []winddown.ID // cases of the firms that are his alone
}

// LockLeaving returns what a person leaves, and holds it and him until the transaction ends, or NotFound.
func (tx *Tx) LockLeaving(ctx context.Context, user winddown.ID) (Left, error) {
	var left Left
	var one userQuery
	var held holdingsQuery
	var asked []struct{ EraseAskedAt, EraseAt *time.Time }
	var helped, sellers []idRow
	args := namedArgs{"user": user}
	err := tx.read(ctx, func(b *pgx.Batch) {
		b.Queue(sqlLockFirmsOf, args)
		b.Queue(sqlLockCasesLeft, args)
		one.queue(b, user)
		b.Queue(sqlLeaving, args).Query(collect(&asked))
		held.queue(b, user)
		b.Queue(sqlHelpedCases, args).Query(collect(&helped))
		b.Queue(sqlSellersAlone, args).Query(collect(&sellers))
	})
	if err != nil {
		return left, err
	}
	if left.Account, err = one.hold(tx); err != nil {
		return left, err
	}
	left.AskedAt, left.At, left.Holdings = timeOf(asked[0].EraseAskedAt), timeOf(asked[0].EraseAt), held.result()
	for _, r := range helped {
		left.Helped = append(left.Helped, r.ID)
	}
	for _, r := range sellers {
		left.Sellers = append(left.Sellers, r.ID)
	}
	return left, nil
}

// WorkIn has the rest of the transaction done in another firm of the actor's, who leaves several at once.
func (tx *Tx) WorkIn(firm winddown.ID) { tx.actor.FirmID = firm }

func (db *DB) idsOf(ctx context.Context, sql string, args namedArgs) ([]winddown.ID, error) {
	rows, err := db.pool.Query(ctx, sql, args)
	if err != nil {
		return nil, classify(err)
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[winddown.ID])
	return ids, classify(err)
}

// What belongs to a person alone, in an order that no foreign key minds. Of his jobs the errors may
// hold what a mail server said of his address; one that runs ends by itself.
const (
	sqlEraseJobs = `-- name: EraseJobs
delete from river_job where state <> 'running' and (args ->> 'user' = @user::uuid::text
    or args ->> 'invite' in (select id::text from invites where lower(email) = @email_key and email <> '' union all select id::text from firm_invites where lower(email) = @email_key and email <> ''))`
	sqlEraseInvited = `-- name: EraseInvited
update invites set email = '' where lower(email) = @email_key or used_by = @user`
	sqlEraseFirmInvited = `-- name: EraseFirmInvited
update firm_invites set email = '' where lower(email) = @email_key or used_by = @user`
	sqlEraseSessions = `-- name: EraseSessions
delete from login_sessions where user_id = @user`
	sqlEraseTokens = `-- name: EraseTokens
delete from mail_tokens where user_id = @user`
	sqlEraseUnsubscribes = `-- name: EraseUnsubscribes
delete from unsubscribe_tokens where user_id = @user`
	sqlEraseFeeds = `-- name: EraseFeeds
delete from calendar_feeds where user_id = @user`
	sqlEraseMailSettings = `-- name: EraseMailSettings
delete from mail_settings where user_id = @user`
	sqlEraseDigests = `-- name: EraseDigests
delete from digests where user_id = @user`
	sqlEraseTold = `-- name: EraseTold
delete from digest_items where user_id = @user`
	sqlEraseViews = `-- name: EraseViews
delete from saved_views where user_id = @user`
	sqlEraseImports = `-- name: EraseImports
delete from imports where user_id = @user`
	sqlEraseEmailChange = `-- name: EraseEmailChange
delete from email_changes where user_id = @user`
	sqlEraseUser = `-- name: EraseUser
update users set email = @erased_email, email_key = @erased_email, name = @erased_name, password_hash = '', zone = 'Europe/Moscow',
    confirmed_at = null, operator = false, consent = '', consent_at = null, firm_id = null, views_kept = false,
    disabled_at = coalesce(disabled_at, @now), erased_at = @now
where id = @user`
)

// EraseUser replaces a locked person by a name and an address that are nobody's, with all that is his
// alone gone. He must belong to no case and no firm any more.
func (tx *Tx) EraseUser(u winddown.User) {
	args := namedArgs{"user": u.ID}
	mailed := namedArgs{"user": u.ID, "email_key": ""}
	if u.Confirmed { // another's, for all we know, otherwise
		mailed["email_key"] = winddown.EmailKey(u.Email)
	}
	tx.write(sqlEraseJobs, mailed)
	tx.write(sqlEraseInvited, mailed)
	tx.write(sqlEraseFirmInvited, mailed)
	for _, erase := range []string{sqlEraseSessions, sqlEraseTokens, sqlEraseUnsubscribes, sqlEraseFeeds, sqlEraseMailSettings, sqlEraseDigests,
		sqlEraseTold, sqlEraseViews, sqlEraseImports, sqlEraseEmailChange, sqlEndTOTP, sqlDropRecoveryCodes, sqlEndLoginSteps, sqlDropPasskeys, sqlDropChallenges, sqlEraseBrowsers} {
		tx.write(erase, args)
	}
	tx.write(sqlEraseUser, namedArgs{"user": u.ID, "now": tx.now,
		"erased_email": winddown.ErasedAddress(u.ID), "erased_name": winddown.ErasedName(u.Locale)})
}

const sqlInsertFarewell = `-- name: InsertFarewell
insert into farewells (user_id, email, locale, expires_at) values (@user, @email, @locale, @expires)`

// KeepForFarewell keeps for a while where the last letter to a person goes, who is erased by the same
// transaction.
func (tx *Tx) KeepForFarewell(u winddown.User, expires time.Time) {
	tx.write(sqlInsertFarewell, namedArgs{"user": u.ID, "email": u.Email, "locale": u.Locale, "expires": expires})
}

const sqlFarewell = `-- name: Farewell
select email, locale from farewells where user_id = @user`

// Farewell returns where the last letter to an erased person goes, or NotFound.
func (db *DB) Farewell(ctx context.Context, user winddown.ID) (email, locale string, err error) {
	err = db.pool.QueryRow(ctx, sqlFarewell, namedArgs{"user": user}).Scan(&email, &locale)
	return email, locale, classify(err)
}

const (
	sqlForgetFarewell = `-- name: ForgetFarewell
delete from farewells where user_id = @user`
	sqlForgetFarewells = `-- name: ForgetFarewells
with gone as (delete from farewells where expires_at <= @now)
delete from river_job j using users u where u.erased_at <= @before and j.args ->> 'user' = u.id::text and j.state <> 'running'`
)

// ForgetFarewell forgets where the last letter to a person went.
func (tx *Tx) ForgetFarewell(user winddown.ID) {
	tx.silent++
	tx.batch.Queue(sqlForgetFarewell, namedArgs{"user": user})
}

// ForgetFarewells forgets where last letters go that were not sent in their term, and what is left of
// the jobs of people who were erased before.
func (tx *Tx) ForgetFarewells(before time.Time) {
	tx.silent++
	tx.batch.Queue(sqlForgetFarewells, namedArgs{"now": tx.now, "before": before})
}

const sqlLastOfFirm = `-- name: LastOfFirm
select f.event_seq, f.event_hash from firms f
where f.id = @firm and not exists (select from cases c where c.firm_id = f.id)
    and not exists (select from firm_people p where p.firm_id = f.id and p.user_id <> @user)
for update of f`

// What belongs to a firm alone.
const (
	sqlInsertFirmTombstone = `-- name: InsertFirmTombstone
insert into firm_tombstones (firm_id, event_seq, event_hash, erased_at) values (@firm, @seq, @hash, @now)`
	sqlEraseFirmChosen = `-- name: EraseFirmChosen
update users set firm_id = null where firm_id = @firm`
	sqlEraseFirmPeople = `-- name: EraseFirmPeople
delete from firm_people where firm_id = @firm`
	sqlEraseFirmEvents = `-- name: EraseFirmEvents
delete from events where stream_kind = 'firm' and stream_id = @firm`
	sqlEraseFirmTokens = `-- name: EraseFirmTokens
delete from mail_tokens where firm_invite_id in (select id from firm_invites where firm_id = @firm)`
	sqlEraseFirmInvites = `-- name: EraseFirmInvites
delete from firm_invites where firm_id = @firm`
	sqlEraseFirmCounts = `-- name: EraseFirmCounts
delete from register_counts where firm_id = @firm`
	sqlEraseFirmImports = `-- name: EraseFirmImports
delete from imports where firm_id = @firm`
	sqlEraseFirmEdition = `-- name: EraseFirmEdition
update firms set texts = 0 where id = @firm` // published texts are deleted with their firm alone
	sqlEraseFirmTexts = `-- name: EraseFirmTexts
delete from firm_texts where firm_id = @firm`
	sqlEraseFirm = `-- name: EraseFirm
delete from firms where id = @firm`
)

// EraseFirm erases a firm of which a person is the only one and which has no case any more, with its
// trail, and leaves the end of that; NotFound for any other.
func (tx *Tx) EraseFirm(ctx context.Context, firm, user winddown.ID) error {
	var found []struct {
		EventSeq  int64
		EventHash []byte
	}
	err := tx.read(ctx, func(b *pgx.Batch) {
		b.Queue(sqlLastOfFirm, namedArgs{"firm": firm, "user": user}).Query(collect(&found))
	})
	if err != nil {
		return err
	}
	if len(found) == 0 {
		return &winddown.Error{Kind: winddown.NotFound, Key: "error.not_found"}
	}
	tx.write(sqlInsertFirmTombstone, namedArgs{"firm": firm, "seq": found[0].EventSeq, "hash": found[0].EventHash, "now": tx.now})
	for _, erase := range []string{sqlEraseFirmChosen, sqlEraseFirmPeople, sqlEraseFirmEvents, sqlEraseFirmTokens, sqlEraseFirmInvites,
		sqlEraseFirmCounts, sqlEraseFirmImports, sqlEraseFirmEdition, sqlEraseFirmTexts, sqlEraseFirm} {
		tx.write(erase, namedArgs{"firm": firm})
	}
	return nil
}
