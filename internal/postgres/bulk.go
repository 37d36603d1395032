package postgres

import (
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
		tx.write(sqlRemind, pgx.StrictNamedArgs{"cases": ids, "steps": steps, "texts": texts, "by": tx.actor.UserID, "now": tx.now})
	}
}

const sqlArchive = `-- name: Archive
update cases set archived_at = @at where id = any(@cases::uuid[])`

// Archive puts locked cases into the archive of their firm, or takes them out.
func (tx *Tx) Archive(cases []winddown.Picked, in bool) {
	if ids := tx.lockedIDs(cases); len(ids) > 0 {
		args := pgx.StrictNamedArgs{"cases": ids, "at": nil}
		if in {
			args["at"] = tx.now
		}
		tx.write(sqlArchive, args)
	}
}
