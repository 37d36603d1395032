package postgres

import (
	"context"
	"maps"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"winddown/internal/winddown"
)

const sqlRemind = `-- name: Remind
update cases c set reminded_at = @now, reminded_by = @by, reminder_step = x.step, reminder_text = x.body, reminder_seen = false
from unnest(@cases::uuid[], @steps::text[], @texts::text[]) as x (id, step, body)
where c.id = x.id`

// Remind writes the reminders of locked cases.
func (tx *Tx) Remind(sent []winddown.Reminded) {
	var cases []winddown.Picked
	var steps, texts []string
	for _, r := range sent {
		cases, steps, texts = append(cases, r.Picked), append(steps, string(r.Step)), append(texts, r.Text)
	}
	if ids := tx.lockedIDs(cases); len(ids) > 0 {
		tx.write(sqlRemind, namedArgs{"cases": ids, "steps": steps, "texts": texts, "by": tx.actor.UserID, "now": tx.now})
	}
}

const sqlArchive = `-- name: Archive
update cases set archived_at = @at, ` + goingOn + ` where id = any(@cases::uuid[])`

// Archive puts locked cases into the archive of their firm, or takes them out.
func (tx *Tx) Archive(cases []winddown.Picked, in bool) {
	if ids := tx.lockedIDs(cases); len(ids) > 0 {
		args := namedArgs{"cases": ids, "at": nil, "now": tx.now}
		if in {
			args["at"] = tx.now
		}
		tx.write(sqlArchive, args)
	}
}

const registerPicked = `, count(*) over () as total
from r`

const registerPickedOrder = `
order by r.grp, r.name_key, r.id
limit @limit`

// registerPickedSQL returns what a filter leaves of a scope as cases to do something to. All
// parts are constants.
func registerPickedSQL(scope string, words int) string {
	return "-- name: RegisterPicked" + registerFrom(scope, words) + "\nselect " + strings.ReplaceAll(pickedColumns, "c.", "r.") + registerPicked +
		registerShown + registerWhere + registerPickedOrder
}

// Bulk is what is about to be done something to: the cases that were picked, and all that a
// filter of the register leaves, MaxPicked of them at most; Total is their number.
type Bulk struct {
	Firm   *winddown.Firm
	Picked []winddown.Picked
	Found  []winddown.Picked
	Total  int
}

// Bulk returns the firm the actor works in, those of the cases that he sees in it, and what a
// filter of his register leaves, in one round trip, or NotFound.
func (db *DB) Bulk(ctx context.Context, actor winddown.Actor, cases []winddown.ID, f winddown.RegisterFilter, now time.Time) (Bulk, error) {
	var q firmQuery
	var rows []pickedRow
	var found []struct {
		pickedRow
		Total int
	}
	scope := registerOwn
	if actor.FirmRole.SeesFirm() {
		scope = registerFirm
	}
	args, words := registerArgs(actor, f, now)
	maps.Copy(args, shownArgs(f))
	args["limit"] = winddown.MaxPicked
	err := db.snapshot(ctx, func(b *pgx.Batch) {
		q.queue(b, actor, actor.FirmID, now)
		b.Queue(sqlFirmCases, namedArgs{"firm": actor.FirmID, "cases": cases, "actor": actor.UserID}).Query(collect(&rows))
		b.Queue(registerPickedSQL(scope, words), args).Query(collect(&found))
	})
	if err != nil {
		return Bulk{}, err
	}
	firm, err := q.result()
	if err != nil {
		return Bulk{}, err
	}
	bulk := Bulk{Firm: firm, Picked: picked(rows)}
	all := make([]pickedRow, len(found))
	for i, r := range found {
		all[i], bulk.Total = r.pickedRow, r.Total
	}
	bulk.Found = picked(all)
	return bulk, nil
}
