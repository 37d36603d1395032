package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"winddown/internal/winddown"
)

const sqlActor = `-- name: Actor
with s as (
    select id, user_id, seen_at from login_sessions
    where token_hash = @token and ended_at is null and expires_at > @now and seen_at > @idle_since
), touched as (
    update login_sessions set seen_at = @now from s where login_sessions.id = s.id and login_sessions.seen_at < @touch_before
)
select s.id as session_id, u.id as user_id, u.name, u.email, u.locale, u.zone
from s join users u on u.id = s.user_id
where u.disabled_at is null`

// touchEvery bounds how often «last seen» is written, so that reading pages leaves no
// hot rows behind.
const touchEvery = 5 * time.Minute

// Actor returns the person behind a login session's token and notes that the session is
// in use. An unknown, ended or expired session is Unauthenticated.
func (db *DB) Actor(ctx context.Context, tokenHash []byte, now time.Time) (winddown.Actor, error) {
	var a winddown.Actor
	err := db.pool.QueryRow(ctx, sqlActor, pgx.StrictNamedArgs{
		"token": tokenHash, "now": now, "idle_since": now.Add(-winddown.SessionIdle), "touch_before": now.Add(-touchEvery),
	}).Scan(&a.SessionID, &a.UserID, &a.Name, &a.Email, &a.Locale, &a.Zone)
	if err != nil {
		err = classify(err)
		if winddown.KindOf(err) == winddown.NotFound {
			return winddown.Actor{}, &winddown.Error{Kind: winddown.Unauthenticated, Key: "error.unauthenticated"}
		}
		return winddown.Actor{}, err
	}
	a.Via = winddown.ViaPages
	return a, nil
}

// Account is what login needs of a person.
type Account struct {
	User         winddown.User
	PasswordHash string
}

const sqlAccount = `-- name: Account
select id, email, name, locale, zone, disabled_at is not null, password_hash from users where email_key = @email_key`

// Account finds a person by address, or NotFound.
func (db *DB) Account(ctx context.Context, email string) (Account, error) {
	var a Account
	err := db.pool.QueryRow(ctx, sqlAccount, pgx.StrictNamedArgs{"email_key": winddown.EmailKey(email)}).
		Scan(&a.User.ID, &a.User.Email, &a.User.Name, &a.User.Locale, &a.User.Zone, &a.User.Disabled, &a.PasswordHash)
	return a, classify(err)
}

const sqlPasswordHash = `-- name: PasswordHash
select password_hash from users where id = @user`

// PasswordHash returns the hash of a person's password.
func (db *DB) PasswordHash(ctx context.Context, user winddown.ID) (string, error) {
	var hash string
	err := db.pool.QueryRow(ctx, sqlPasswordHash, pgx.StrictNamedArgs{"user": user}).Scan(&hash)
	return hash, classify(err)
}

const sqlAnyUser = `-- name: AnyUser
select exists (select from users)`

// AnyUser reports whether anybody has an account.
func (db *DB) AnyUser(ctx context.Context) (bool, error) {
	var any bool
	err := db.pool.QueryRow(ctx, sqlAnyUser).Scan(&any)
	return any, classify(err)
}

const sqlSessions = `-- name: Sessions
select id, created_at, seen_at, user_agent, address, id = @current as current
from login_sessions
where user_id = @user and ended_at is null and expires_at > @now and seen_at > @idle_since
order by id = @current desc, seen_at desc, id
limit 100`

// Sessions returns a person's login sessions that still work, the current one first.
func (db *DB) Sessions(ctx context.Context, actor winddown.Actor, now time.Time) ([]winddown.LoginSession, error) {
	rows, err := db.pool.Query(ctx, sqlSessions, pgx.StrictNamedArgs{
		"user": actor.UserID, "current": actor.SessionID, "now": now, "idle_since": now.Add(-winddown.SessionIdle),
	})
	if err != nil {
		return nil, classify(err)
	}
	sessions, err := pgx.CollectRows(rows, pgx.RowToStructByName[winddown.LoginSession])
	return sessions, classify(err)
}

const sqlInsertUser = `-- name: InsertUser
insert into users (id, email, email_key, name, password_hash, locale, zone, created_at)
values (@id, @email, @email_key, @name, @password_hash, @locale, @zone, @now)`

// InsertUser writes a new person. An address in use fails the transaction as Invalid.
func (tx *Tx) InsertUser(u winddown.User, passwordHash string) {
	tx.write(sqlInsertUser, pgx.StrictNamedArgs{
		"id": u.ID, "email": u.Email, "email_key": winddown.EmailKey(u.Email), "name": u.Name,
		"password_hash": passwordHash, "locale": u.Locale, "zone": u.Zone, "now": tx.now,
	})
	tx.hold(winddown.Stream{Kind: winddown.UserStream, ID: u.ID}, 0, nil)
}

const sqlUserLocked = `-- name: UserLocked
select id, email, name, locale, zone, disabled_at is not null as disabled, event_seq, event_hash
from users where id = @user for update`

// LockUser returns a person and holds the row until the transaction ends, or NotFound.
func (tx *Tx) LockUser(ctx context.Context, id winddown.ID) (winddown.User, error) {
	var u winddown.User
	var seq int64
	var hash []byte
	err := tx.read(ctx, func(b *pgx.Batch) {
		b.Queue(sqlUserLocked, pgx.StrictNamedArgs{"user": id}).QueryRow(func(r pgx.Row) error {
			return r.Scan(&u.ID, &u.Email, &u.Name, &u.Locale, &u.Zone, &u.Disabled, &seq, &hash)
		})
	})
	if err != nil {
		return winddown.User{}, err
	}
	tx.hold(winddown.Stream{Kind: winddown.UserStream, ID: id}, seq, hash)
	return u, nil
}

const sqlUpdateUser = `-- name: UpdateUser
update users set name = @name, locale = @locale, zone = @zone, disabled_at = case when @disabled then coalesce(disabled_at, @now) end
where id = @user`

// SaveUser writes the settings of a person that LockUser returned.
func (tx *Tx) SaveUser(u winddown.User) {
	tx.write(sqlUpdateUser, pgx.StrictNamedArgs{
		"user": u.ID, "name": u.Name, "locale": u.Locale, "zone": u.Zone, "disabled": u.Disabled, "now": tx.now,
	})
}

const sqlUpdatePassword = `-- name: UpdatePassword
update users set password_hash = @hash where id = @user`

// SavePassword writes a new password hash of a person that LockUser returned.
func (tx *Tx) SavePassword(user winddown.ID, hash string) {
	tx.write(sqlUpdatePassword, pgx.StrictNamedArgs{"user": user, "hash": hash})
}

// NewSession is a login session about to begin.
type NewSession struct {
	ID        winddown.ID
	UserID    winddown.ID
	TokenHash []byte
	UserAgent string
	Address   string
}

const sqlInsertSession = `-- name: InsertSession
insert into login_sessions (id, user_id, token_hash, created_at, seen_at, expires_at, user_agent, address)
values (@id, @user, @token, @now, @now, @expires, @user_agent, @address)`

// InsertSession begins a login session.
func (tx *Tx) InsertSession(s NewSession) {
	tx.write(sqlInsertSession, pgx.StrictNamedArgs{
		"id": s.ID, "user": s.UserID, "token": s.TokenHash, "now": tx.now, "expires": tx.now.Add(winddown.SessionAbsolute),
		"user_agent": s.UserAgent, "address": s.Address,
	})
}

const sqlEndSession = `-- name: EndSession
update login_sessions set ended_at = @now where id = @session and user_id = @user and ended_at is null`

const sqlEndSessions = `-- name: EndSessions
update login_sessions set ended_at = @now where user_id = @user and id is distinct from @keep and ended_at is null`

// EndSession ends one login session of a person.
func (tx *Tx) EndSession(user, session winddown.ID) {
	tx.write(sqlEndSession, pgx.StrictNamedArgs{"user": user, "session": session, "now": tx.now})
}

// EndSessions ends all login sessions of a person but keep, which may be zero.
func (tx *Tx) EndSessions(user, keep winddown.ID) {
	tx.write(sqlEndSessions, pgx.StrictNamedArgs{"user": user, "keep": keep, "now": tx.now})
}

const sqlSessionExists = `-- name: SessionExists
select exists (select from login_sessions where id = @session and user_id = @user and ended_at is null)`

// SessionExists reports whether a person has a login session that has not ended.
func (tx *Tx) SessionExists(ctx context.Context, user, session winddown.ID) (bool, error) {
	var exists bool
	err := tx.read(ctx, func(b *pgx.Batch) {
		b.Queue(sqlSessionExists, pgx.StrictNamedArgs{"user": user, "session": session}).
			QueryRow(func(r pgx.Row) error { return r.Scan(&exists) })
	})
	return exists, err
}
