package postgres

import (
	"context"

	"winddown/internal/winddown"
)

const sqlCaseLetter = `-- name: CaseLetter
select c.seller_name, coalesce((select u.name from users u where u.id = @other), '') from cases c where c.id = @case`

// CaseLetter returns the seller of a case and the name of a person, for a letter to somebody who is or
// was one of the case's people. It is the program's own and takes no actor.
func (db *DB) CaseLetter(ctx context.Context, id, other winddown.ID) (seller, name string, err error) {
	err = db.pool.QueryRow(ctx, sqlCaseLetter, namedArgs{"case": id, "other": other}).Scan(&seller, &name)
	return seller, name, classify(err)
}
