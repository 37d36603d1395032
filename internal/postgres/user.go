package postgres

import (
	"bytes"
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"winddown/internal/winddown"
)

// Whom a login session belongs to, with each firm he is in, by its token; by the one it had before a proof, which has nothing of
// the proof; and by its id.
const (
	sqlActor = `-- name: Actor
select s.proved_at, ` + actorColumns + `
where s.token_hash = @token and ` + actorAlive

	sqlPriorActor = `-- name: PriorActor
select null::timestamptz as proved_at, ` + actorColumns + `
where s.prior_hash = @token and s.prior_until > @now and ` + actorAlive

	sqlActorOfSession = `-- name: ActorOfSession
select s.proved_at, ` + actorColumns + `
where s.id = @session and s.user_id = @user and ` + actorAlive
)

const actorColumns = `s.id as session_id, s.seen_at, u.id as user_id, u.name, u.email, u.locale, u.zone, u.confirmed_at is not null as confirmed, u.operator, u.consent, u.erase_at, p.firm_id, coalesce(p.role, '') as firm_role,
       coalesce(f.name, '') as firm_name, coalesce(p.firm_id = u.firm_id, false) as chosen, p.added_at, (select event_seq from system_streams) as generation
from login_sessions s join users u on u.id = s.user_id
left join (firm_people p join firms f on f.id = p.firm_id) on p.user_id = u.id`

const actorAlive = `s.ended_at is null and s.expires_at > @now and s.seen_at > @idle_since and u.disabled_at is null`

const sqlTouchSession = `-- name: TouchSession
update login_sessions set seen_at = @now where id = @session and seen_at < @before`

// touchEvery bounds how often «last seen» is written, so that reading pages leaves no
// hot rows behind.
const touchEvery = 5 * time.Minute

// Actor returns the person behind a login session's token and notes that the session is
// in use, which takes another round trip every few minutes. The firm he works in and the
// generation of the calendar come along. An unknown, ended or expired session is Unauthenticated.
//
// The token before the last proof stands for it a while, and is looked for only when no session has
// this one.
func (db *DB) Actor(ctx context.Context, tokenHash []byte, now time.Time) (a winddown.Actor, generation int64, err error) {
	a, generation, err = db.actor(ctx, sqlActor, namedArgs{"token": tokenHash}, now)
	if winddown.KindOf(err) == winddown.Unauthenticated {
		a, generation, err = db.actor(ctx, sqlPriorActor, namedArgs{"token": tokenHash}, now)
	}
	return a, generation, err
}

// ActorOfSession is Actor by the session itself, whatever token it has by now.
func (db *DB) ActorOfSession(ctx context.Context, user, session winddown.ID, now time.Time) (a winddown.Actor, generation int64, err error) {
	return db.actor(ctx, sqlActorOfSession, namedArgs{"user": user, "session": session}, now)
}

func (db *DB) actor(ctx context.Context, sql string, args namedArgs, now time.Time) (a winddown.Actor, generation int64, err error) {
	args["now"], args["idle_since"] = now, now.Add(-winddown.SessionIdle)
	rows, err := db.pool.Query(ctx, sql, args)
	if err != nil {
		return winddown.Actor{}, 0, classify(err)
	}
	var provedAt, eraseAt, addedAt *time.Time
	var seenAt time.Time
	var firm actorFirm
	var firms []actorFirm
	_, err = pgx.ForEachRow(rows, []any{
		&provedAt, &a.SessionID, &seenAt, &a.UserID, &a.Name, &a.Email, &a.Locale, &a.Zone, &a.Confirmed, &a.Operator, &a.Consent, &eraseAt,
		&firm.id, &firm.role, &firm.name, &firm.chosen, &addedAt, &generation,
	}, func() error {
		if firm.addedAt = timeOf(addedAt); !firm.id.IsZero() {
			firms = append(firms, firm)
		}
		return nil
	})
	if err != nil {
		return winddown.Actor{}, 0, classify(err)
	}
	if a.UserID.IsZero() {
		return winddown.Actor{}, 0, &winddown.Error{Kind: winddown.Unauthenticated, Key: "error.unauthenticated"}
	}
	if len(firms) > 0 {
		here := slices.MinFunc(firms, actorFirm.compare)
		a.FirmID, a.FirmRole, a.FirmName, a.Firms = here.id, here.role, here.name, len(firms)
	}
	a.Via, a.ProvedAt, a.EraseAt = winddown.ViaPages, timeOf(provedAt), timeOf(eraseAt)
	if before := now.Add(-touchEvery); seenAt.Before(before) {
		_, err = db.pool.Exec(ctx, sqlTouchSession, namedArgs{"session": a.SessionID, "now": now, "before": before})
	}
	return a, generation, classify(err)
}

// actorFirm is a firm a person is in; chosen is the one he chose to work in.
type actorFirm struct {
	id      winddown.ID
	role    winddown.Role
	name    string
	chosen  bool
	addedAt time.Time
}

// compare puts the firm somebody works in first: the one he chose, or else the one he joined first.
func (f actorFirm) compare(other actorFirm) int {
	if f.chosen != other.chosen {
		if f.chosen {
			return -1
		}
		return 1
	}
	return cmp.Or(f.addedAt.Compare(other.addedAt), bytes.Compare(f.id[:], other.id[:]))
}

// Account is a person with what only the program sees of him.
type Account struct {
	User         winddown.User
	PasswordHash string
	FirmID       winddown.ID       // the firm he works in now, or zero; known of a locked person only
	Practice     winddown.Practice // of that firm
}

const sqlAccount = `-- name: Account
select id, email, name, locale, zone, disabled_at is not null, password_hash from users where email_key = @email_key`

// Account finds a person by address, or NotFound.
func (db *DB) Account(ctx context.Context, email string) (Account, error) {
	var a Account
	err := db.pool.QueryRow(ctx, sqlAccount, namedArgs{"email_key": winddown.EmailKey(email)}).
		Scan(&a.User.ID, &a.User.Email, &a.User.Name, &a.User.Locale, &a.User.Zone, &a.User.Disabled, &a.PasswordHash)
	return a, classify(err)
}

const sqlPasswordHash = `-- name: PasswordHash
select password_hash from users where id = @user`

// PasswordHash returns the hash of a person's password.
func (db *DB) PasswordHash(ctx context.Context, user winddown.ID) (string, error) {
	var hash string
	err := db.pool.QueryRow(ctx, sqlPasswordHash, namedArgs{"user": user}).Scan(&hash)
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
select id, created_at, seen_at, user_agent, address, new_browser, id = @current as current
from login_sessions
where user_id = @user and ended_at is null and expires_at > @now and seen_at > @idle_since
order by id = @current desc, seen_at desc, id
limit 100`

// Sessions returns a person's login sessions that still work, the current one first.
func (db *DB) Sessions(ctx context.Context, actor winddown.Actor, now time.Time) ([]winddown.LoginSession, error) {
	rows, err := db.pool.Query(ctx, sqlSessions, namedArgs{
		"user": actor.UserID, "current": actor.SessionID, "now": now, "idle_since": now.Add(-winddown.SessionIdle),
	})
	if err != nil {
		return nil, classify(err)
	}
	sessions, err := pgx.CollectRows(rows, pgx.RowToStructByName[winddown.LoginSession])
	return sessions, classify(err)
}

const sqlInsertUser = `-- name: InsertUser
insert into users (id, email, email_key, name, password_hash, locale, zone, created_at, operator, consent, consent_at)
values (@id, @email, @email_key, @name, @password_hash, @locale, @zone, @now, not exists (select from users), @consent,
    case when @consent <> '' then @now::timestamptz end)`

// sqlLockFirstUser is LockSignup while nobody has an account, so that one person is the first.
const sqlLockFirstUser = `-- name: LockFirstUser
select pg_advisory_xact_lock(hashtext('winddown first user')) where not exists (select from users)`

// InsertUser writes a new person; the first looks after the installation. An address in use
// fails the transaction as Invalid.
func (tx *Tx) InsertUser(u winddown.User, passwordHash string) {
	tx.batch.Queue(sqlLockFirstUser)
	tx.write(sqlInsertUser, namedArgs{
		"id": u.ID, "email": u.Email, "email_key": winddown.EmailKey(u.Email), "name": u.Name,
		"password_hash": passwordHash, "locale": u.Locale, "zone": u.Zone, "consent": u.Consent, "now": tx.now,
	})
	tx.hold(winddown.Stream{Kind: winddown.UserStream, ID: u.ID}, 0, nil)
}

const sqlUserLocked = `-- name: UserLocked
select ` + userColumns + `
from users where id = @user and erased_at is null for no key update`

const userColumns = `id, email, name, locale, zone, disabled_at is not null as disabled, confirmed_at is not null as confirmed,
       operator, consent, password_hash, event_seq, event_hash`

const sqlFirmOf = `-- name: FirmOf
select p.firm_id as id, ` + practiceColumns + `
from firm_people p join users u on u.id = p.user_id join firms g on g.id = p.firm_id
where p.user_id = @user
order by p.firm_id is not distinct from u.firm_id desc, p.added_at, p.firm_id
limit 1`

// userQuery collects the rows of one person.
type userQuery struct {
	users []lockedUserRow
	firms []firmOfRow
}

type lockedUserRow struct {
	ID           winddown.ID
	Email        string
	Name         string
	Locale       string
	Zone         string
	Disabled     bool
	Confirmed    bool
	Operator     bool
	Consent      string
	PasswordHash string
	EventSeq     int64
	EventHash    []byte
}

type idRow struct{ ID winddown.ID }

type firmOfRow struct {
	ID winddown.ID
	practiceRow
}

func (q *userQuery) queue(b *pgx.Batch, id winddown.ID) {
	b.Queue(sqlUserLocked, namedArgs{"user": id}).Query(collect(&q.users))
	b.Queue(sqlFirmOf, namedArgs{"user": id}).Query(collect(&q.firms))
}

// hold notes the head of the person's stream and returns him, or NotFound.
func (q *userQuery) hold(tx *Tx) (Account, error) {
	if len(q.users) == 0 {
		return Account{}, &winddown.Error{Kind: winddown.NotFound, Key: "error.not_found"}
	}
	r := q.users[0]
	tx.hold(winddown.Stream{Kind: winddown.UserStream, ID: r.ID}, r.EventSeq, r.EventHash)
	a := Account{
		User:         winddown.User{ID: r.ID, Email: r.Email, Name: r.Name, Locale: r.Locale, Zone: r.Zone, Disabled: r.Disabled, Confirmed: r.Confirmed, Operator: r.Operator, Consent: r.Consent},
		PasswordHash: r.PasswordHash,
	}
	if len(q.firms) > 0 {
		a.FirmID, a.Practice = q.firms[0].ID, q.firms[0].practice()
	}
	return a, nil
}

// LockUser returns a person and holds the row until the transaction ends, or NotFound.
func (tx *Tx) LockUser(ctx context.Context, id winddown.ID) (Account, error) {
	var q userQuery
	if err := tx.read(ctx, func(b *pgx.Batch) { q.queue(b, id) }); err != nil {
		return Account{}, err
	}
	return q.hold(tx)
}

const sqlUpdateUser = `-- name: UpdateUser
update users set name = @name, locale = @locale, zone = @zone, operator = @operator,
    disabled_at = case when @disabled then coalesce(disabled_at, @now) end,
    confirmed_at = case when @confirmed then coalesce(confirmed_at, @now) end
where id = @user`

// SaveUser writes the settings of a person that LockUser returned.
func (tx *Tx) SaveUser(u winddown.User) {
	tx.write(sqlUpdateUser, namedArgs{
		"user": u.ID, "name": u.Name, "locale": u.Locale, "zone": u.Zone, "disabled": u.Disabled, "confirmed": u.Confirmed,
		"operator": u.Operator, "now": tx.now,
	})
}

const sqlUpdateConsent = `-- name: UpdateConsent
update users set consent = @consent, consent_at = @now where id = @user`

// SaveConsent notes what a locked person has agreed to.
func (tx *Tx) SaveConsent(user winddown.ID, version string) {
	tx.write(sqlUpdateConsent, namedArgs{"user": user, "consent": version, "now": tx.now})
}

const sqlUpdatePassword = `-- name: UpdatePassword
update users set password_hash = @hash where id = @user`

// SavePassword writes a new password hash of a person that LockUser returned.
func (tx *Tx) SavePassword(user winddown.ID, hash string) {
	tx.write(sqlUpdatePassword, namedArgs{"user": user, "hash": hash})
}

// NewSession is a login session about to begin.
type NewSession struct {
	ID        winddown.ID
	UserID    winddown.ID
	TokenHash []byte
	UserAgent string
	Address   string
	Browser   []byte // see KeepBrowser
	New       bool   // see NewBrowser
}

const sqlInsertSession = `-- name: InsertSession
insert into login_sessions (id, user_id, token_hash, created_at, seen_at, expires_at, user_agent, address, proved_at, browser_hash, new_browser)
values (@id, @user, @token, @now, @now, @expires, @user_agent, @address, @now, @browser, @new_browser)`

// InsertSession begins a login session, whose person has proved who he is just now.
func (tx *Tx) InsertSession(s NewSession) {
	tx.write(sqlInsertSession, namedArgs{
		"id": s.ID, "user": s.UserID, "token": s.TokenHash, "now": tx.now, "expires": tx.now.Add(winddown.SessionAbsolute),
		"user_agent": s.UserAgent, "address": s.Address, "browser": s.Browser, "new_browser": s.New,
	})
}

// SessionTokens are the hashes of a login session's token and of the one before, which stands for it
// until then. The token was made of the one before and Salt.
type SessionTokens struct {
	TokenHash  []byte
	PriorHash  []byte
	PriorUntil *time.Time
	PriorSalt  []byte
}

const sqlSessionTokens = `-- name: SessionTokens
select token_hash, prior_hash, prior_until, prior_salt from login_sessions where id = @session and user_id = @user and ended_at is null`

// SessionTokens returns the tokens of a login session of a locked person, or Unauthenticated when it
// has ended.
func (tx *Tx) SessionTokens(ctx context.Context, user, session winddown.ID) (SessionTokens, error) {
	var found []SessionTokens
	err := tx.read(ctx, func(b *pgx.Batch) {
		b.Queue(sqlSessionTokens, namedArgs{"user": user, "session": session}).Query(collect(&found))
	})
	if err == nil && len(found) == 0 {
		err = &winddown.Error{Kind: winddown.Unauthenticated, Key: "error.unauthenticated"}
	}
	if err != nil {
		return SessionTokens{}, err
	}
	return found[0], nil
}

const sqlProveSession = `-- name: ProveSession
update login_sessions set proved_at = @now, token_hash = @token, prior_hash = @prior, prior_until = @until, prior_salt = @salt
where id = @session and user_id = @user and ended_at is null`

// ProveSession notes that the person of a login session has proved who he is, and gives it other
// tokens.
func (tx *Tx) ProveSession(user, session winddown.ID, t SessionTokens) {
	tx.write(sqlProveSession, namedArgs{
		"user": user, "session": session, "token": t.TokenHash, "prior": t.PriorHash, "until": t.PriorUntil, "salt": t.PriorSalt, "now": tx.now,
	})
}

const sessionEnds = `ended_at = @now, address = '', user_agent = '', prior_hash = null, prior_until = null, prior_salt = null`

const sqlEndSession = `-- name: EndSession
update login_sessions set ` + sessionEnds + ` where id = @session and user_id = @user and ended_at is null`

const sqlEndSessions = `-- name: EndSessions
update login_sessions set ` + sessionEnds + ` where user_id = @user and id is distinct from @keep and ended_at is null`

// EndSession ends one login session of a person.
func (tx *Tx) EndSession(user, session winddown.ID) {
	tx.write(sqlEndSession, namedArgs{"user": user, "session": session, "now": tx.now})
}

// EndSessions ends all login sessions of a person but keep, which may be zero.
func (tx *Tx) EndSessions(user, keep winddown.ID) {
	tx.write(sqlEndSessions, namedArgs{"user": user, "keep": keep, "now": tx.now})
}

const sqlSessionExists = `-- name: SessionExists
select id from login_sessions where id = @session and user_id = @user and ended_at is null`

// LockSession holds a person's row and reports whether a login session of his has not
// ended yet.
func (tx *Tx) LockSession(ctx context.Context, user, session winddown.ID) (bool, error) {
	var q userQuery
	var found []idRow
	err := tx.read(ctx, func(b *pgx.Batch) {
		q.queue(b, user)
		b.Queue(sqlSessionExists, namedArgs{"user": user, "session": session}).Query(collect(&found))
	})
	if err != nil {
		return false, err
	}
	_, err = q.hold(tx)
	return len(found) > 0, err
}

// sqlLockSignup makes those who would be the first person wait for each other.
const sqlLockSignup = `-- name: LockSignup
select pg_advisory_xact_lock(hashtext('winddown first user'))`

// FirstUser reports whether nobody has an account yet; until the transaction ends nobody
// else is told so.
func (tx *Tx) FirstUser(ctx context.Context) (bool, error) {
	var used bool
	err := tx.read(ctx, func(b *pgx.Batch) {
		b.Queue(sqlLockSignup)
		b.Queue(sqlAnyUser).QueryRow(func(r pgx.Row) error { return r.Scan(&used) })
	})
	return !used, err
}
