package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"winddown/internal/winddown"
)

// Passkey is a passkey with what only the program sees of it.
type Passkey struct {
	ID             winddown.ID
	CredentialID   []byte
	PublicKey      []byte // a COSE key
	Transports     []string
	SignCount      uint32
	BackupEligible bool
	BackedUp       bool
	Name           string
	AddedAt        time.Time
	UsedAt         *time.Time
}

const sqlPasskeys = `-- name: Passkeys
select id, credential_id, public_key, transports, sign_count, backup_eligible, backed_up, name, added_at, used_at
from passkeys where user_id = @user
order by added_at, id`

// Passkeys returns a person's passkeys, the first he added first.
func (db *DB) Passkeys(ctx context.Context, user winddown.ID) ([]Passkey, error) {
	rows, err := db.pool.Query(ctx, sqlPasskeys, namedArgs{"user": user})
	if err != nil {
		return nil, classify(err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowToStructByName[Passkey])
	return found, classify(err)
}

// LockPasskeys is LockUser with the person's passkeys.
func (tx *Tx) LockPasskeys(ctx context.Context, user winddown.ID) (Account, []Passkey, error) {
	var q userQuery
	var found []Passkey
	err := tx.read(ctx, func(b *pgx.Batch) {
		q.queue(b, user)
		b.Queue(sqlPasskeys, namedArgs{"user": user}).Query(collect(&found))
	})
	if err != nil {
		return Account{}, nil, err
	}
	acc, err := q.hold(tx)
	return acc, found, err
}

const sqlPasskeyOwner = `-- name: PasskeyOwner
select user_id from passkeys where credential_id = @credential`

// PasskeyOwner returns whose passkey has this id of its authenticator, or NotFound.
func (db *DB) PasskeyOwner(ctx context.Context, credential []byte) (user winddown.ID, err error) {
	err = db.pool.QueryRow(ctx, sqlPasskeyOwner, namedArgs{"credential": credential}).Scan(&user)
	return user, classify(err)
}

const sqlInsertPasskey = `-- name: InsertPasskey
insert into passkeys (id, user_id, credential_id, public_key, transports, sign_count, backup_eligible, backed_up, name, added_at)
values (@id, @user, @credential, @public_key, @transports, @sign_count, @backup_eligible, @backed_up, @name, @now)`

// InsertPasskey gives a locked person a passkey. One that somebody has already is Conflict.
func (tx *Tx) InsertPasskey(user winddown.ID, p Passkey) {
	tx.write(sqlInsertPasskey, namedArgs{
		"id": p.ID, "user": user, "credential": p.CredentialID, "public_key": p.PublicKey, "transports": p.Transports,
		"sign_count": int64(p.SignCount), "backup_eligible": p.BackupEligible, "backed_up": p.BackedUp, "name": p.Name, "now": tx.now,
	})
}

const sqlUsePasskey = `-- name: UsePasskey
update passkeys set sign_count = @sign_count, backed_up = @backed_up, used_at = @now where id = @id and user_id = @user`

// UsePasskey notes that a locked person has used one of his passkeys, and what it counts now.
func (tx *Tx) UsePasskey(user winddown.ID, p Passkey) {
	tx.write(sqlUsePasskey, namedArgs{"id": p.ID, "user": user, "sign_count": int64(p.SignCount), "backed_up": p.BackedUp, "now": tx.now})
}

const sqlDropPasskey = `-- name: DropPasskey
delete from passkeys where id = @id and user_id = @user`

// DropPasskey takes one of his passkeys away from a locked person.
func (tx *Tx) DropPasskey(user, id winddown.ID) {
	tx.write(sqlDropPasskey, namedArgs{"id": id, "user": user})
}

const sqlDropPasskeys = `-- name: DropPasskeys
delete from passkeys where user_id = @user`

// DropPasskeys takes all passkeys away from a locked person.
func (tx *Tx) DropPasskeys(user winddown.ID) {
	tx.write(sqlDropPasskeys, namedArgs{"user": user})
}

const sqlDropChallenges = `-- name: DropChallenges
delete from passkey_challenges where user_id = @user`

const sqlForgetChallenges = `-- name: ForgetChallenges
delete from passkey_challenges where challenge_hash in (
    select challenge_hash from passkey_challenges where expires_at < @now order by expires_at limit 100 for update skip locked)`

// sqlCrowdOut forgets the oldest questions of a login session that is about to ask another one.
const sqlCrowdOut = `-- name: CrowdOut
delete from passkey_challenges where challenge_hash in (
    select challenge_hash from passkey_challenges where user_id = @user and session_id = @session
    order by expires_at desc, challenge_hash offset @keep for update skip locked)`

const sqlInsertChallenge = `-- name: InsertChallenge
insert into passkey_challenges (challenge_hash, purpose, user_id, session_id, expires_at)
values (@challenge, @purpose, @user, @session, @expires)`

// Challenge is what a passkey is asked to sign: of the person and the login session that ask, or of
// nobody to log in.
type Challenge struct {
	Hash    []byte
	Purpose winddown.PasskeyPurpose
	User    winddown.ID
	Session winddown.ID
}

func (c Challenge) args() namedArgs {
	a := namedArgs{"challenge": c.Hash, "purpose": c.Purpose, "user": nil, "session": nil}
	if c.Purpose != winddown.PasskeyLogin {
		a["user"], a["session"] = c.User, c.Session
	}
	return a
}

// InsertChallenge keeps a challenge until its answer comes, and forgets some that are over, and of a
// login session the oldest beyond MaxChallenges. It is no event: nothing has changed for anybody.
func (tx *Tx) InsertChallenge(c Challenge) {
	tx.silent++
	tx.batch.Queue(sqlForgetChallenges, namedArgs{"now": tx.now})
	if c.Purpose != winddown.PasskeyLogin {
		tx.batch.Queue(sqlCrowdOut, namedArgs{"user": c.User, "session": c.Session, "keep": winddown.MaxChallenges - 1})
	}
	args := c.args()
	args["expires"] = tx.now.Add(winddown.ChallengeTerm)
	tx.batch.Queue(sqlInsertChallenge, args)
}

const sqlTakeChallenge = `-- name: TakeChallenge
delete from passkey_challenges
where challenge_hash = @challenge and purpose = @purpose and expires_at > @now
  and user_id is not distinct from @user and session_id is not distinct from @session
returning true as found`

type foundRow struct{ Found bool }

// TakeChallenge takes a challenge away and reports whether it was there: whatever its answer, it
// works once. It is no event, as InsertChallenge.
func (tx *Tx) TakeChallenge(ctx context.Context, c Challenge) (bool, error) {
	tx.silent++
	args := c.args()
	args["now"] = tx.now
	var found []foundRow
	err := tx.read(ctx, func(b *pgx.Batch) { b.Queue(sqlTakeChallenge, args).Query(collect(&found)) })
	return len(found) > 0, err
}
