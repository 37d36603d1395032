package app

import (
	"context"

	"winddown/internal/postgres"
	"winddown/internal/winddown"
)

// MySection is a part of what a person takes of himself.
type MySection = postgres.MySection

// MyData gives what is kept of the actor to each, a row of JSON at a time, section by section, all as
// it was at one moment. Unproved for somebody who proved too long ago who he is.
func (a *App) MyData(ctx context.Context, actor winddown.Actor, begin func(section string) error, each func(row string) error) ([]MySection, error) {
	if err := actor.Proved(a.now()); err != nil {
		return nil, err
	}
	return a.db.MyData(ctx, actor, begin, each)
}

// NoteMyData writes into the actor's trail that he took what is kept of him.
func (a *App) NoteMyData(ctx context.Context, actor winddown.Actor) error {
	return a.db.InTx(ctx, actor, a.now(), func(tx *postgres.Tx) ([]winddown.Event, error) {
		if _, err := tx.LockUser(ctx, actor.UserID); err != nil {
			return nil, err
		}
		return []winddown.Event{{Stream: userStream(actor.UserID), Kind: winddown.FileDownloaded, After: winddown.Changes{"mine": "zip"}}}, nil
	})
}
