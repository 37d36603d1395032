package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"winddown/internal/winddown"
)

const sqlRecipient = `-- name: Recipient
select id, email, name, locale, zone, disabled_at is not null as disabled, confirmed_at is not null as confirmed, operator, consent
from users where id = @user`

// Recipient returns the person a letter goes to, or NotFound. It is the program's own and
// takes no actor.
func (db *DB) Recipient(ctx context.Context, user winddown.ID) (winddown.User, error) {
	rows, err := db.pool.Query(ctx, sqlRecipient, namedArgs{"user": user})
	if err != nil {
		return winddown.User{}, classify(err)
	}
	u, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[winddown.User])
	return u, classify(err)
}

const sqlUnconfirmed = `-- name: Unconfirmed
select id from users where id = any(@ids::uuid[]) and confirmed_at is null`

// Unconfirmed returns those of the people whom no letter has reached. It is the program's own and
// takes no actor.
func (db *DB) Unconfirmed(ctx context.Context, users []winddown.ID) ([]winddown.ID, error) {
	ids := make([][16]byte, len(users))
	for i, id := range users {
		ids[i] = id
	}
	rows, err := db.pool.Query(ctx, sqlUnconfirmed, namedArgs{"ids": ids})
	if err != nil {
		return nil, classify(err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowTo[winddown.ID])
	return found, classify(err)
}

// TokenPurpose says what a link in a letter is for.
type TokenPurpose string

// What links in letters are for.
const (
	TokenConfirm TokenPurpose = "confirm"
	TokenReset   TokenPurpose = "reset"
	TokenEmail   TokenPurpose = "email" // confirms a new address
)

// MailToken is what a link in a letter to a person stands for.
type MailToken struct {
	Purpose   TokenPurpose
	UserID    winddown.ID
	ExpiresAt time.Time
	UsedAt    *time.Time
	Confirmed bool // letters to the person's address reach him already
}

// Usable returns nil while the link works, and Gone afterwards.
func (t MailToken) Usable(now time.Time) error {
	if t.UsedAt != nil || !now.Before(t.ExpiresAt) {
		return &winddown.Error{Kind: winddown.Gone, Key: "mail.error.gone"}
	}
	return nil
}

const sqlInsertMailToken = `-- name: InsertMailToken
insert into mail_tokens (token_hash, purpose, user_id, created_at, expires_at)
values (@token, @purpose, @user, @now, @expires)`

// sqlForgetMailTokens removes what has expired long ago, a few at a time.
const sqlForgetMailTokens = `-- name: ForgetMailTokens
delete from mail_tokens where token_hash in (
    select token_hash from mail_tokens where expires_at < @before order by expires_at limit 100)`

// keepTokens is how long a link that expired is still told apart from one nobody was given.
const keepTokens = 30 * 24 * time.Hour

// InsertMailToken writes the token of a letter about to be sent. It needs no event: what
// asked for the letter is one, and so is what the token will be used for.
func (tx *Tx) InsertMailToken(t MailToken, tokenHash []byte) {
	tx.silent++
	tx.batch.Queue(sqlForgetMailTokens, namedArgs{"before": tx.now.Add(-keepTokens)})
	tx.batch.Queue(sqlInsertMailToken, namedArgs{
		"token": tokenHash, "purpose": t.Purpose, "user": t.UserID, "now": tx.now, "expires": t.ExpiresAt,
	})
}

const sqlMailToken = `-- name: MailToken
select purpose, user_id, expires_at, used_at,
       (select u.confirmed_at is not null from users u where u.id = user_id) as confirmed
from mail_tokens where token_hash = @token and purpose = @purpose`

// MailToken finds what the link in a letter stands for, or NotFound.
func (db *DB) MailToken(ctx context.Context, purpose TokenPurpose, tokenHash []byte) (MailToken, error) {
	rows, err := db.pool.Query(ctx, sqlMailToken, namedArgs{"token": tokenHash, "purpose": purpose})
	if err != nil {
		return MailToken{}, classify(err)
	}
	t, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[MailToken])
	return t, classify(err)
}

const sqlUserByMailToken = `-- name: UserByMailToken
select ` + userColumns + `
from users where id = (select user_id from mail_tokens where token_hash = @token and purpose = @purpose) for no key update`

// LockMailToken returns what the link in a letter stands for, with its person held until the
// transaction ends, or NotFound. The person's lock is that of the token too.
func (tx *Tx) LockMailToken(ctx context.Context, purpose TokenPurpose, tokenHash []byte) (MailToken, Account, error) {
	var q userQuery
	var tokens []MailToken
	args := namedArgs{"token": tokenHash, "purpose": purpose}
	err := tx.read(ctx, func(b *pgx.Batch) {
		b.Queue(sqlUserByMailToken, args).Query(collect(&q.users))
		b.Queue(sqlMailToken, args).Query(collect(&tokens))
	})
	if err != nil {
		return MailToken{}, Account{}, err
	}
	a, err := q.hold(tx)
	if err != nil || len(tokens) == 0 {
		return MailToken{}, Account{}, err
	}
	return tokens[0], a, nil
}

const sqlSpendMailTokens = `-- name: SpendMailTokens
update mail_tokens set used_at = @now where user_id = @user and purpose = @purpose and used_at is null`

// SpendMailTokens ends all links of a purpose that a locked person was sent.
func (tx *Tx) SpendMailTokens(user winddown.ID, purpose TokenPurpose) {
	tx.write(sqlSpendMailTokens, namedArgs{"user": user, "purpose": purpose, "now": tx.now})
}

// MailedInvite is an open invitation of which a letter is written.
type MailedInvite struct {
	ID        winddown.ID
	Firm      bool   // it leads into a firm, not to a case
	To        string // empty for one that is handed on alone
	Offer     string // as of winddown.Invite
	ExpiresAt time.Time
	Title     string // the seller's name, or the firm's
	By        string
	Locale    string // of whoever invites
}

const sqlMailedInvites = `-- name: MailedInvites
select id from invites where id = any(@ids::uuid[]) and email <> ''
union all
select id from firm_invites where id = any(@ids::uuid[]) and email <> ''`

// MailedInvites returns those of the invitations that go out by mail. It is the program's own
// and takes no actor.
func (db *DB) MailedInvites(ctx context.Context, ids []winddown.ID) ([]winddown.ID, error) {
	plain := make([][16]byte, len(ids))
	for i, id := range ids {
		plain[i] = id
	}
	rows, err := db.pool.Query(ctx, sqlMailedInvites, namedArgs{"ids": plain})
	if err != nil {
		return nil, classify(err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowTo[winddown.ID])
	return found, classify(err)
}

const sqlMailedInvite = `-- name: MailedInvite
select i.id, false as firm, i.email as to, case when i.replaces is null then i.role when i.replaces = i.created_by then 'transfer' else 'rescue' end as offer, i.expires_at, c.seller_name as title, u.name as by, u.locale
from invites i join cases c on c.id = i.case_id join users u on u.id = i.created_by
where i.id = @id and i.used_at is null and i.revoked_at is null
union all
select i.id, true, i.email, i.role, i.expires_at, f.name, u.name, u.locale
from firm_invites i join firms f on f.id = i.firm_id join users u on u.id = i.created_by
where i.id = @id and i.used_at is null and i.revoked_at is null`

// MailedInvite returns an invitation for its letter; NotFound too when it was used or taken
// back. It is the program's own and takes no actor.
func (db *DB) MailedInvite(ctx context.Context, id winddown.ID) (MailedInvite, error) {
	rows, err := db.pool.Query(ctx, sqlMailedInvite, namedArgs{"id": id})
	if err != nil {
		return MailedInvite{}, classify(err)
	}
	m, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[MailedInvite])
	return m, classify(err)
}

const sqlInsertInviteToken = `-- name: InsertInviteToken
insert into mail_tokens (token_hash, purpose, invite_id, firm_invite_id, user_id, created_at, expires_at)
values (@token, 'invite', case when not @firm then @invite::uuid end, case when @firm then @invite::uuid end, @user, @now, @expires)`

// InsertInviteToken writes the token of a letter with an invitation about to be sent, to the
// address invited or to a person who asked for it: see InsertMailToken.
func (tx *Tx) InsertInviteToken(i MailedInvite, user winddown.ID, tokenHash []byte) {
	tx.silent++
	tx.batch.Queue(sqlInsertInviteToken, namedArgs{
		"token": tokenHash, "firm": i.Firm, "invite": i.ID, "user": user, "now": tx.now, "expires": i.ExpiresAt,
	})
}

// takesReminders is the condition under which reminders reach a person u by mail.
const takesReminders = `u.confirmed_at is not null and u.disabled_at is null and not exists (
    select from mail_settings s where s.user_id = u.id and (s.frequency = 'never' or 'remind' = any(s.muted)))`

// Reminded is somebody who gets a letter about a case.
type Reminded struct {
	CaseID winddown.ID
	UserID winddown.ID
}

const sqlReminded = `-- name: Reminded
select p.case_id, p.user_id
from case_people p join users u on u.id = p.user_id
where p.case_id = any(@cases::uuid[]) and ` + takesReminders + `
order by p.case_id, p.user_id`

// Reminded returns the owners and helpers of cases whom reminders reach by mail. It is the
// program's own and takes no actor.
func (db *DB) Reminded(ctx context.Context, cases []winddown.ID) ([]Reminded, error) {
	ids := make([][16]byte, len(cases))
	for i, id := range cases {
		ids[i] = id
	}
	rows, err := db.pool.Query(ctx, sqlReminded, namedArgs{"cases": ids})
	if err != nil {
		return nil, classify(err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowToStructByName[Reminded])
	return all, classify(err)
}

// Reminder is a letter in which an accountant reminds a seller.
type Reminder struct {
	To     winddown.User
	Seller string
	By     string
	At     time.Time
	Event  winddown.Event
	Wanted bool // letters of this kind reach the person
}

const sqlReminder = `-- name: Reminder
select u.id, u.email, u.name, u.locale, u.zone, u.disabled_at is not null as disabled, u.confirmed_at is not null as confirmed,
       u.operator, c.seller_name as seller, coalesce(b.name, '') as by, e.at, ` + takesReminders + ` as wanted, e.body
from cases c
join case_people p on p.case_id = c.id and p.user_id = @user
join users u on u.id = p.user_id
join events e on e.stream_kind = 'case' and e.stream_id = c.id and e.seq = @seq
left join users b on b.id = e.by_id
where c.id = @case`

// Reminder returns what an event of a case says to one of its people; NotFound for somebody
// who is no longer in it. It is the program's own and takes no actor.
func (db *DB) Reminder(ctx context.Context, id winddown.ID, seq int64, user winddown.ID) (Reminder, error) {
	var r Reminder
	record := winddown.Record{Stream: winddown.Stream{Kind: winddown.CaseStream, ID: id}, Seq: seq}
	err := db.pool.QueryRow(ctx, sqlReminder, namedArgs{"case": id, "seq": seq, "user": user}).
		Scan(&r.To.ID, &r.To.Email, &r.To.Name, &r.To.Locale, &r.To.Zone, &r.To.Disabled, &r.To.Confirmed, &r.To.Operator,
			&r.Seller, &r.By, &r.At, &r.Wanted, &record.Body)
	if err != nil {
		return r, classify(err)
	}
	r.Event, err = record.Event()
	return r, err
}

// DeadJob is a letter that could not be sent and is not tried again by itself.
type DeadJob struct {
	ID       int64
	Kind     string
	Attempts int
	DiedAt   time.Time
	Reason   string // what the mail server said last; it names nobody
}

// sqlDeadJobs shows jobs that were given up. The table is the job queue's.
const sqlDeadJobs = `-- name: DeadJobs
select id, kind, attempt::int as attempts, finalized_at as died_at, coalesce(errors[array_upper(errors, 1)] ->> 'error', '') as reason
from river_job
where state in ('discarded', 'cancelled')
order by finalized_at desc, id desc
limit @limit`

const sqlCountDeadJobs = `-- name: CountDeadJobs
select count(*) from river_job where state in ('discarded', 'cancelled')`

// DeadJobs returns the latest jobs that were given up, and how many there are. Who may see
// them is the caller's to ask: they belong to nobody.
func (db *DB) DeadJobs(ctx context.Context, limit int) (jobs []DeadJob, total int, err error) {
	err = db.snapshot(ctx, func(b *pgx.Batch) {
		b.Queue(sqlDeadJobs, namedArgs{"limit": limit}).Query(collect(&jobs))
		b.Queue(sqlCountDeadJobs).QueryRow(func(r pgx.Row) error { return r.Scan(&total) })
	})
	return jobs, total, err
}

// sqlRequeueJob does what the queue's own retry does, within our transaction.
const sqlRequeueJob = `-- name: RequeueJob
update river_job set state = 'available', scheduled_at = @now, finalized_at = null,
    max_attempts = greatest(max_attempts, attempt + 1)
where id = @job and state in ('discarded', 'cancelled')
returning kind`

// RequeueJob has a job that was given up tried once more and returns its kind, or NotFound.
// An operator must be locked.
func (tx *Tx) RequeueJob(ctx context.Context, job int64) (kind string, err error) {
	var kinds []kindRow
	tx.writes++
	err = tx.read(ctx, func(b *pgx.Batch) {
		b.Queue(sqlRequeueJob, namedArgs{"job": job, "now": tx.now}).Query(collect(&kinds))
	})
	if err != nil {
		return "", err
	}
	if len(kinds) == 0 {
		return "", &winddown.Error{Kind: winddown.NotFound, Key: "error.not_found"}
	}
	return kinds[0].Kind, nil
}

type kindRow struct{ Kind string }
