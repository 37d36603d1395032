package postgres

import (
	"context"
	"time"

	"winddown/internal/winddown"
)

const sqlCaseSeq = `-- name: CaseSeq
select c.event_seq from cases c where c.id = @case and ` + caseScope

// CaseSeq returns the number of the last event of a case in the actor's scope, or NotFound.
func (db *DB) CaseSeq(ctx context.Context, actor winddown.Actor, id winddown.ID) (int64, error) {
	var seq int64
	err := db.pool.QueryRow(ctx, sqlCaseSeq, namedArgs{"case": id, "actor": actor.UserID}).Scan(&seq)
	return seq, classify(err)
}

const sqlRegisterMoved = `-- name: RegisterMoved
select exists (select from cases c where c.responsible_id = @actor and c.firm_id = @firm and c.changed_at >= @since)`

const sqlRegisterFirmMoved = `-- name: RegisterFirmMoved
select exists (select from cases c where c.firm_id = @firm and c.changed_at >= @since)`

// RegisterMoved reports whether a case in the register of the actor changed since a moment.
func (db *DB) RegisterMoved(ctx context.Context, actor winddown.Actor, since time.Time) (bool, error) {
	sql, args := sqlRegisterMoved, namedArgs{"actor": actor.UserID, "firm": actor.FirmID, "since": since}
	if actor.FirmRole.SeesFirm() {
		sql = sqlRegisterFirmMoved
		delete(args, "actor")
	}
	var moved bool
	err := db.pool.QueryRow(ctx, sql, args).Scan(&moved)
	return moved, classify(err)
}
