package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"winddown/internal/winddown"
)

const sqlUpdateEmail = `-- name: UpdateEmail
update users set email = @email, email_key = @email_key where id = @user`

// SaveEmail gives a locked person another address. One in use fails the transaction as Invalid.
func (tx *Tx) SaveEmail(user winddown.ID, email string) {
	tx.write(sqlUpdateEmail, namedArgs{"user": user, "email": email, "email_key": winddown.EmailKey(email)})
}

const sqlStartEmailChange = `-- name: StartEmailChange
insert into email_changes (user_id, id, email, email_key, expires_at) values (@user, @id, @email, @email_key, @expires)
on conflict (user_id) do update set id = excluded.id, email = excluded.email, email_key = excluded.email_key, expires_at = excluded.expires_at`

// StartEmailChange keeps the address a locked person wants to have; the links of an earlier one
// end.
func (tx *Tx) StartEmailChange(user, id winddown.ID, email string, expires time.Time) {
	tx.SpendMailTokens(user, TokenEmail)
	tx.write(sqlStartEmailChange, namedArgs{"user": user, "id": id, "email": email, "email_key": winddown.EmailKey(email), "expires": expires})
}

const sqlEndEmailChange = `-- name: EndEmailChange
delete from email_changes where user_id = @user`

// EndEmailChange ends what a locked person wanted to change his address to, and its links.
func (tx *Tx) EndEmailChange(user winddown.ID) {
	tx.SpendMailTokens(user, TokenEmail)
	tx.write(sqlEndEmailChange, namedArgs{"user": user})
}

// sqlInsertEmailToken writes a token for the change its letter is about, and for no other: whoever
// replaces or ends the change meanwhile is waited for, and what he leaves is looked at again.
const sqlInsertEmailToken = `-- name: InsertEmailToken
insert into mail_tokens (token_hash, purpose, user_id, created_at, expires_at)
select @token, 'email', e.user_id, @now, e.expires_at
from users u join email_changes e on e.user_id = u.id
where u.id = @user and e.id = @change
for update of u, e`

// InsertEmailToken writes the token of a letter that confirms a change of address; none when that
// was replaced or has ended. See InsertMailToken.
func (tx *Tx) InsertEmailToken(user, change winddown.ID, tokenHash []byte) {
	tx.silent++
	tx.batch.Queue(sqlForgetMailTokens, namedArgs{"before": tx.now.Add(-keepTokens)})
	tx.batch.Queue(sqlInsertEmailToken, namedArgs{"token": tokenHash, "user": user, "change": change, "now": tx.now})
}

// EmailChange is what a person wants to change his address to.
type EmailChange struct {
	Email     string
	ExpiresAt time.Time
	Taken     bool // somebody else has the address
}

const sqlEmailChange = `-- name: EmailChange
select c.email, c.expires_at, exists (select from users u where u.email_key = c.email_key and u.id <> c.user_id) as taken
from email_changes c where c.user_id = @user and c.id = @id`

// EmailChange returns a change for its letters; NotFound when it was ended or replaced. It is the
// program's own and takes no actor.
func (db *DB) EmailChange(ctx context.Context, user, id winddown.ID) (EmailChange, error) {
	rows, err := db.pool.Query(ctx, sqlEmailChange, namedArgs{"user": user, "id": id})
	if err != nil {
		return EmailChange{}, classify(err)
	}
	c, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[EmailChange])
	return c, classify(err)
}

const sqlPendingEmail = `-- name: PendingEmail
select email from email_changes where user_id = @user and expires_at > @now`

// PendingEmail is the address a person wants to have and has not confirmed yet; empty for none.
func (db *DB) PendingEmail(ctx context.Context, user winddown.ID, now time.Time) (string, error) {
	var email string
	err := classify(db.pool.QueryRow(ctx, sqlPendingEmail, namedArgs{"user": user, "now": now}).Scan(&email))
	if winddown.KindOf(err) == winddown.NotFound {
		err = nil
	}
	return email, err
}

const sqlNewEmail = `-- name: NewEmail
select email from email_changes where user_id = @user`

// NewEmail is the address a locked person wants to have, or NotFound.
func (tx *Tx) NewEmail(ctx context.Context, user winddown.ID) (string, error) {
	var found []struct{ Email string }
	err := tx.read(ctx, func(b *pgx.Batch) {
		b.Queue(sqlNewEmail, namedArgs{"user": user}).Query(collect(&found))
	})
	if err == nil && len(found) == 0 {
		err = &winddown.Error{Kind: winddown.NotFound, Key: "error.not_found"}
	}
	if err != nil {
		return "", err
	}
	return found[0].Email, nil
}
