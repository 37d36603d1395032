package app

import (
	"context"
	"unicode/utf8"

	"winddown/internal/postgres"
	"winddown/internal/winddown"
)

// Prove notes that the actor's login session is used by its person, and returns the token it has
// from now on. Invalid on the field of what does not fit.
func (a *App) Prove(ctx context.Context, actor winddown.Actor, p winddown.Proof) (token string, err error) {
	if p.Code != "" {
		return a.proveByCode(ctx, actor, p.Code)
	}
	stored, err := a.checkPassword(ctx, actor.UserID, p.Password)
	if err != nil {
		return "", err
	}
	err = a.db.InTx(ctx, actor, a.now(), func(tx *postgres.Tx) ([]winddown.Event, error) {
		locked, err := tx.LockUser(ctx, actor.UserID)
		if err == nil && locked.PasswordHash != stored { // it was changed while this one was checked
			err = errPassword()
		}
		if err != nil {
			return nil, err
		}
		token = renewSession(tx, actor)
		return []winddown.Event{identityProved(actor)}, nil
	})
	return token, err
}

// renewSession gives the login session of somebody who has just proved who he is another token: the
// one before, whoever may have got hold of it, works no longer.
func renewSession(tx *postgres.Tx, actor winddown.Actor) (token string) {
	token, hash := newToken()
	tx.ProveSession(actor.UserID, actor.SessionID, hash)
	return token
}

func identityProved(actor winddown.Actor) winddown.Event {
	return winddown.Event{Stream: userStream(actor.UserID), Kind: winddown.IdentityProved}
}

// checkPassword returns the hash of a person's password if this is it, else Invalid on the
// field password.
func (a *App) checkPassword(ctx context.Context, user winddown.ID, password string) (hash string, err error) {
	hash, err = a.db.PasswordHash(ctx, user)
	if err != nil {
		return "", err
	}
	ok := false
	if utf8.RuneCountInString(password) <= winddown.MaxPassword {
		if ok, err = a.hasher.matches(ctx, password, hash); err != nil {
			return "", err
		}
	}
	if !ok {
		return "", errPassword()
	}
	return hash, nil
}
