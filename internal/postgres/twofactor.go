package postgres

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"winddown/internal/keyring"
	"winddown/internal/winddown"
)

// TOTP is the secret of an authenticator, one that is on or one being set up.
type TOTP struct {
	Pending   bool
	KeyID     string
	Secret    []byte
	CreatedAt time.Time
	UsedStep  int64
}

// Sealed is the secret as its key opens it.
func (t TOTP) Sealed() keyring.Sealed { return keyring.Sealed{Key: t.KeyID, Box: t.Secret} }

// TwoFactor is what a person has to show beside his password.
type TwoFactor struct {
	On, Setup *TOTP    // nil for none
	Recovery  [][]byte // hashes of the recovery codes that were not used
	Passkeys  int
}

const sqlTOTP = `-- name: TOTP
select pending, key_id, secret, created_at, used_step from totp_secrets where user_id = @user`

const sqlRecoveryCodes = `-- name: RecoveryCodes
select code_hash from recovery_codes where user_id = @user and used_at is null`

const sqlCountPasskeys = `-- name: CountPasskeys
select count(*) as passkeys from passkeys where user_id = @user`

type recoveryRow struct{ CodeHash []byte }

// twoFactorQuery collects the rows of a person's second factor.
type twoFactorQuery struct {
	totp  []TOTP
	codes []recoveryRow
	keys  []struct{ Passkeys int }
}

func (q *twoFactorQuery) queue(b *pgx.Batch, user winddown.ID) {
	b.Queue(sqlTOTP, namedArgs{"user": user}).Query(collect(&q.totp))
	b.Queue(sqlRecoveryCodes, namedArgs{"user": user}).Query(collect(&q.codes))
	b.Queue(sqlCountPasskeys, namedArgs{"user": user}).Query(collect(&q.keys))
}

func (q *twoFactorQuery) result() TwoFactor {
	var f TwoFactor
	for i := range q.totp {
		if q.totp[i].Pending {
			f.Setup = &q.totp[i]
		} else {
			f.On = &q.totp[i]
		}
	}
	for _, c := range q.codes {
		f.Recovery = append(f.Recovery, c.CodeHash)
	}
	for _, k := range q.keys {
		f.Passkeys = k.Passkeys
	}
	return f
}

// TwoFactor returns a person's second factor.
func (db *DB) TwoFactor(ctx context.Context, user winddown.ID) (TwoFactor, error) {
	var q twoFactorQuery
	batch := &pgx.Batch{}
	q.queue(batch, user)
	if err := db.pool.SendBatch(ctx, batch).Close(); err != nil {
		return TwoFactor{}, classify(err)
	}
	return q.result(), nil
}

// LockTwoFactor is LockUser with the person's second factor.
func (tx *Tx) LockTwoFactor(ctx context.Context, user winddown.ID) (Account, TwoFactor, error) {
	var q userQuery
	var f twoFactorQuery
	if err := tx.read(ctx, func(b *pgx.Batch) { q.queue(b, user); f.queue(b, user) }); err != nil {
		return Account{}, TwoFactor{}, err
	}
	acc, err := q.hold(tx)
	return acc, f.result(), err
}

const sqlSetUpTOTP = `-- name: SetUpTOTP
insert into totp_secrets (user_id, pending, key_id, secret, created_at) values (@user, true, @key, @secret, @now)
on conflict (user_id, pending) do update set key_id = excluded.key_id, secret = excluded.secret, created_at = excluded.created_at, used_step = 0`

// SetUpTOTP keeps the secret of an authenticator until its first code comes. It is no event:
// nothing has changed for the person.
func (tx *Tx) SetUpTOTP(user winddown.ID, s keyring.Sealed) {
	tx.silent++
	tx.batch.Queue(sqlSetUpTOTP, namedArgs{"user": user, "key": s.Key, "secret": s.Box, "now": tx.now})
}

const sqlDropSetup = `-- name: DropSetup
delete from totp_secrets where user_id = @user and pending`

// DropSetup forgets the authenticator that a locked person sets up. It is no event, as SetUpTOTP.
func (tx *Tx) DropSetup(user winddown.ID) {
	tx.silent++
	tx.batch.Queue(sqlDropSetup, namedArgs{"user": user})
}

const sqlSweepSetups = `-- name: SweepSetups
delete from totp_secrets where pending and created_at < @before`

// SweepSetups removes set-ups whose term is over and counts them. The commit may go on when nobody
// waits for it any more, and count then.
func (tx *Tx) SweepSetups(removed *atomic.Int64) {
	tx.silent++
	tx.batch.Queue(sqlSweepSetups, namedArgs{"before": tx.now.Add(-winddown.SetupTerm)}).Exec(func(t pgconn.CommandTag) error {
		removed.Store(t.RowsAffected())
		return nil
	})
}

const sqlDropTOTP = `-- name: DropTOTP
delete from totp_secrets where user_id = @user and not pending`

const sqlTurnOnTOTP = `-- name: TurnOnTOTP
update totp_secrets set pending = false, used_step = @step, created_at = @now where user_id = @user and pending`

// TurnOnTOTP puts the authenticator that is being set up in the place of the one before.
func (tx *Tx) TurnOnTOTP(user winddown.ID, step int64) {
	tx.write(sqlDropTOTP, namedArgs{"user": user})
	tx.write(sqlTurnOnTOTP, namedArgs{"user": user, "step": step, "now": tx.now})
}

const sqlUseTOTP = `-- name: UseTOTP
update totp_secrets set used_step = @step where user_id = @user and not pending`

// UseTOTP notes the last period whose code a locked person has used.
func (tx *Tx) UseTOTP(user winddown.ID, step int64) {
	tx.write(sqlUseTOTP, namedArgs{"user": user, "step": step})
}

const sqlEndTOTP = `-- name: EndTOTP
delete from totp_secrets where user_id = @user`

const sqlDropRecoveryCodes = `-- name: DropRecoveryCodes
delete from recovery_codes where user_id = @user`

// EndTwoFactor takes away a locked person's authenticator and recovery codes.
func (tx *Tx) EndTwoFactor(user winddown.ID) {
	tx.write(sqlEndTOTP, namedArgs{"user": user})
	tx.write(sqlDropRecoveryCodes, namedArgs{"user": user})
}

const sqlInsertRecoveryCodes = `-- name: InsertRecoveryCodes
insert into recovery_codes (user_id, code_hash) select @user, unnest(@hashes::bytea[])`

// SaveRecoveryCodes gives a locked person these codes in place of all others.
func (tx *Tx) SaveRecoveryCodes(user winddown.ID, hashes [][]byte) {
	tx.write(sqlDropRecoveryCodes, namedArgs{"user": user})
	tx.write(sqlInsertRecoveryCodes, namedArgs{"user": user, "hashes": hashes})
}

const sqlUseRecoveryCode = `-- name: UseRecoveryCode
update recovery_codes set used_at = @now where user_id = @user and code_hash = @hash`

// UseRecoveryCode notes that a locked person has used one of his codes.
func (tx *Tx) UseRecoveryCode(user winddown.ID, hash []byte) {
	tx.write(sqlUseRecoveryCode, namedArgs{"user": user, "hash": hash, "now": tx.now})
}

const sqlForgetLoginSteps = `-- name: ForgetLoginSteps
delete from login_steps where token_hash in (
    select token_hash from login_steps where expires_at < @now order by expires_at limit 100 for update skip locked)`

const sqlInsertLoginStep = `-- name: InsertLoginStep
insert into login_steps (token_hash, user_id, expires_at) values (@token, @user, @expires)`

// InsertLoginStep notes that a locked person's password was right. It is no event: he is not
// signed in.
func (tx *Tx) InsertLoginStep(user winddown.ID, tokenHash []byte) {
	tx.silent++
	tx.batch.Queue(sqlForgetLoginSteps, namedArgs{"now": tx.now})
	tx.batch.Queue(sqlInsertLoginStep, namedArgs{"token": tokenHash, "user": user, "expires": tx.now.Add(winddown.LoginStepTerm)})
}

const sqlLoginStep = `-- name: LoginStep
select user_id as id from login_steps where token_hash = @token and expires_at > @now`

// LoginStep returns whose password was right, or Unauthenticated for a token that does not work.
func (db *DB) LoginStep(ctx context.Context, tokenHash []byte, now time.Time) (user winddown.ID, err error) {
	err = classify(db.pool.QueryRow(ctx, sqlLoginStep, namedArgs{"token": tokenHash, "now": now}).Scan(&user))
	if winddown.KindOf(err) == winddown.NotFound {
		err = &winddown.Error{Kind: winddown.Unauthenticated, Key: "error.unauthenticated"}
	}
	return user, err
}

// HoldsLoginStep reports whether the token of a locked person still works.
func (tx *Tx) HoldsLoginStep(ctx context.Context, tokenHash []byte) (bool, error) {
	var found []idRow
	err := tx.read(ctx, func(b *pgx.Batch) {
		b.Queue(sqlLoginStep, namedArgs{"token": tokenHash, "now": tx.now}).Query(collect(&found))
	})
	return len(found) > 0, err
}

const sqlEndLoginSteps = `-- name: EndLoginSteps
delete from login_steps where user_id = @user`

// EndLoginSteps ends the logins of a locked person that wait for his second factor.
func (tx *Tx) EndLoginSteps(user winddown.ID) {
	tx.write(sqlEndLoginSteps, namedArgs{"user": user})
}

// SealedRow is an encrypted secret with its place, and the address of whose it is.
type SealedRow struct {
	UserID  winddown.ID
	Email   string
	Pending bool
	KeyID   string
	Secret  []byte
}

const sqlSealed = `-- name: Sealed
select t.user_id, u.email, t.pending, t.key_id, t.secret from totp_secrets t join users u on u.id = t.user_id`

// EachSealed hands over every encrypted secret, one by one. It is a tool's, without an actor.
func (db *DB) EachSealed(ctx context.Context, fn func(SealedRow)) error {
	rows, err := db.pool.Query(ctx, sqlSealed)
	if err != nil {
		return classify(err)
	}
	var r SealedRow
	_, err = pgx.ForEachRow(rows, []any{&r.UserID, &r.Email, &r.Pending, &r.KeyID, &r.Secret}, func() error {
		fn(r)
		return nil
	})
	return classify(err)
}

const sqlSealedWith = `-- name: SealedWith
select t.user_id, u.email, t.pending, t.key_id, t.secret from totp_secrets t join users u on u.id = t.user_id
where t.key_id = any(@keys) and (@user::uuid is null or (t.user_id, t.pending) > (@user::uuid, @pending::boolean))
order by t.user_id, t.pending limit @limit for update of t`

// LockSealed returns secrets encrypted with these keys that come behind another (the zero row for the first ones), a few at a time,
// and holds the installation's stream.
func (tx *Tx) LockSealed(ctx context.Context, keys []string, behind SealedRow, limit int) (found []SealedRow, err error) {
	err = tx.lockSystem(ctx, func(b *pgx.Batch) {
		b.Queue(sqlSealedWith, namedArgs{"keys": keys, "user": behind.UserID, "pending": behind.Pending, "limit": limit}).Query(collect(&found))
	})
	return found, err
}

const sqlReseal = `-- name: Reseal
update totp_secrets t set key_id = @key, secret = n.secret
from unnest(@users::uuid[], @pendings::boolean[], @secrets::bytea[]) as n (user_id, pending, secret)
where t.user_id = n.user_id and t.pending = n.pending`

// Reseal writes secrets that LockSealed returned, encrypted anew with another key.
func (tx *Tx) Reseal(key string, rows []SealedRow) {
	users, pendings, secrets := make([]winddown.ID, len(rows)), make([]bool, len(rows)), make([][]byte, len(rows))
	for i, r := range rows {
		users[i], pendings[i], secrets[i] = r.UserID, r.Pending, r.Secret
	}
	tx.write(sqlReseal, namedArgs{"key": key, "users": users, "pendings": pendings, "secrets": secrets})
}
