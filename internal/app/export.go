package app

import (
	"context"
	"strconv"

	"winddown/internal/postgres"
	"winddown/internal/winddown"
)

// Export gives all rows of the actor's register that a filter leaves to rows, with the
// people of his firm, and the case of each, with the names of those who signed its steps, to
// each, unless that is nil; all as they were at one moment. NotFound for a responsible
// person of another firm or a picked case that is not in the register, TooLarge beyond postgres.MaxExport rows.
func (a *App) Export(ctx context.Context, actor winddown.Actor, f winddown.RegisterFilter,
	rows func([]winddown.RegisterRow, []winddown.Member) error, each func(*winddown.Case, map[winddown.ID]string) error) error {
	return a.db.Export(ctx, actor, f, a.now(), func(found []winddown.RegisterRow, people []winddown.Member) error {
		switch {
		case len(found) == len(f.Only) || len(f.Only) == 0:
			return rows(found, people)
		case len(found) > 0:
			return errSomeGone
		}
		return errNotFound()
	}, each)
}

// NoteExport writes into the actor's own trail that he took so many rows of his register as
// a file of a format.
func (a *App) NoteExport(ctx context.Context, actor winddown.Actor, format string, rows int) error {
	return a.db.InTx(ctx, actor, a.now(), func(tx *postgres.Tx) ([]winddown.Event, error) {
		if _, err := tx.LockUser(ctx, actor.UserID); err != nil {
			return nil, err
		}
		return []winddown.Event{{Stream: userStream(actor.UserID), Kind: winddown.FileDownloaded,
			After: winddown.Changes{"register": format, "rows": strconv.Itoa(rows)}}}, nil
	})
}
