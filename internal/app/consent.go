package app

import (
	"context"

	"winddown/internal/postgres"
	"winddown/internal/winddown"
)

// Consent is the version of the page about personal data that people agree to now.
func (a *App) Consent() string { return a.consent }

// GiveConsent notes that the actor agrees to a version of the page about personal data: Conflict
// when it is not the one that stands.
func (a *App) GiveConsent(ctx context.Context, actor winddown.Actor, version string) error {
	if version != a.consent {
		return &winddown.Error{Kind: winddown.Conflict, Key: "consent.error.stale"}
	}
	return a.db.InTx(ctx, actor, a.now(), func(tx *postgres.Tx) ([]winddown.Event, error) {
		locked, err := tx.LockUser(ctx, actor.UserID)
		if err != nil || locked.User.Consent == version {
			return nil, err
		}
		tx.SaveConsent(actor.UserID, version)
		return []winddown.Event{{Stream: userStream(actor.UserID), Kind: winddown.ConsentGiven,
			Before: winddown.Changes{"consent": locked.User.Consent}, After: winddown.Changes{"consent": version}}}, nil
	})
}
