package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"winddown/internal/winddown"
)

const sqlBrowserKnown = `-- name: BrowserKnown
select exists (select from known_browsers where user_id = @user and token_hash = @browser) as known,
       exists (select from login_sessions where user_id = @user) as before`

type browserRow struct{ Known, Before bool }

// NewBrowser reports whether a person whose row is locked or new has logged in before, but never in
// this browser, or not since his browsers were forgotten.
func (tx *Tx) NewBrowser(ctx context.Context, user winddown.ID, browser []byte) (bool, error) {
	var found []browserRow
	err := tx.read(ctx, func(b *pgx.Batch) {
		b.Queue(sqlBrowserKnown, namedArgs{"user": user, "browser": browser}).Query(collect(&found))
	})
	return len(found) == 1 && found[0].Before && !found[0].Known, err
}

const sqlKeepBrowser = `-- name: KeepBrowser
insert into known_browsers (user_id, token_hash, first_at, last_at) values (@user, @browser, @now, @now)
on conflict (user_id, token_hash) do update set last_at = excluded.last_at`

const sqlForgetOldBrowsers = `-- name: ForgetOldBrowsers
delete from known_browsers where user_id = @user and (last_at < @before or token_hash in (
    select token_hash from known_browsers where user_id = @user order by last_at desc, token_hash offset @most))`

// KeepBrowser notes that a person logs in in a browser, and forgets those that he has not used for
// long, or that are too many.
func (tx *Tx) KeepBrowser(user winddown.ID, browser []byte) {
	tx.write(sqlKeepBrowser, namedArgs{"user": user, "browser": browser, "now": tx.now})
	tx.write(sqlForgetOldBrowsers, namedArgs{"user": user, "before": tx.now.Add(-winddown.BrowserTerm), "most": winddown.MaxBrowsers})
}

const sqlForgetBrowsers = `-- name: ForgetBrowsers
delete from known_browsers where user_id = @user
  and token_hash is distinct from (select browser_hash from login_sessions where id = @keep and user_id = @user)`

// ForgetBrowsers forgets in which browsers a locked person has logged in, but for that of the login
// session keep, which may be zero.
func (tx *Tx) ForgetBrowsers(user, keep winddown.ID) {
	tx.write(sqlForgetBrowsers, namedArgs{"user": user, "keep": keep})
}

const sqlEraseBrowsers = `-- name: EraseBrowsers
delete from known_browsers where user_id = @user`

const sqlSession = `-- name: Session
select id, created_at, seen_at, user_agent, address, new_browser, false as current
from login_sessions where id = @session and user_id = @user`

// Session returns a person's login session, also one that has ended, or NotFound.
func (db *DB) Session(ctx context.Context, user, session winddown.ID) (winddown.LoginSession, error) {
	rows, err := db.pool.Query(ctx, sqlSession, namedArgs{"session": session, "user": user})
	if err != nil {
		return winddown.LoginSession{}, classify(err)
	}
	found, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[winddown.LoginSession])
	return found, classify(err)
}
