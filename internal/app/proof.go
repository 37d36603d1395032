package app

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"slices"
	"unicode/utf8"

	"winddown/internal/postgres"
	"winddown/internal/winddown"
)

// Prove notes that the actor's login session is used by its person, and returns the token it has
// from now on. Who has an authenticator shows a code of it beside the password, or what the password alone
// can do would get round the second step; recovery codes are for logging in. Invalid on the field of what
// does not fit.
func (a *App) Prove(ctx context.Context, actor winddown.Actor, p winddown.Proof) (token string, err error) {
	stored, err := a.checkPassword(ctx, actor.UserID, p.Password)
	if err != nil {
		return "", err
	}
	err = a.db.InTx(ctx, actor, a.now(), func(tx *postgres.Tx) ([]winddown.Event, error) {
		locked, factor, err := tx.LockTwoFactor(ctx, actor.UserID)
		if err == nil && locked.PasswordHash != stored { // it was changed while this one was checked
			err = errPassword()
		}
		if err == nil && factor.On != nil {
			err = a.proveByCode(ctx, tx, actor, factor, p.Code)
		}
		if err != nil {
			return nil, err
		}
		token, err = a.renewSession(ctx, tx, actor)
		return []winddown.Event{identityProved(actor)}, err
	})
	return token, err
}

// proveByCode checks and uses a code of a locked person's authenticator. Whoever presses the button twice
// sends the same code with the token that the first press has replaced, and is let pass with it.
func (a *App) proveByCode(ctx context.Context, tx *postgres.Tx, actor winddown.Actor, f postgres.TwoFactor, code string) error {
	if err := checkCode(code); err != nil {
		return err
	}
	tokens, err := tx.SessionTokens(ctx, actor.UserID, actor.SessionID)
	if err != nil {
		return err
	}
	if slices.Equal(tokenHash(actor.Token), tokens.PriorHash) {
		f.On.UsedStep--
	}
	_, err = a.useFactor(tx, actor.UserID, f, winddown.SecondFactor{Code: code})
	if known := (*winddown.Error)(nil); errors.As(err, &known) && known.Key == keyMissing { // a recovery code is for logging in
		return &winddown.Error{Kind: known.Kind, Key: "proof.error.key", Err: err}
	}
	return err
}

// renewSession gives the login session of somebody who has just proved who he is, and who is locked,
// another token: the one before, whoever may have got hold of it, has nothing of the proof, and works no
// longer after PriorTerm. Until then whoever shows it with a proof gets the same new token: an answer
// that was lost because a button was pressed twice costs no login. Unauthenticated when the session has
// ended.
func (a *App) renewSession(ctx context.Context, tx *postgres.Tx, actor winddown.Actor) (token string, err error) {
	tokens, err := tx.SessionTokens(ctx, actor.UserID, actor.SessionID)
	if err != nil {
		return "", err
	}
	now, shown := a.now(), tokenHash(actor.Token)
	switch {
	case slices.Equal(shown, tokens.TokenHash):
		until := now.Add(winddown.PriorTerm)
		tokens.PriorHash, tokens.PriorUntil, tokens.PriorSalt = shown, &until, make([]byte, sha256.Size)
		_, _ = rand.Read(tokens.PriorSalt) // never fails: crypto/rand aborts the program instead
	case !slices.Equal(shown, tokens.PriorHash) || !now.Before(*tokens.PriorUntil):
		return "", &winddown.Error{Kind: winddown.Unauthenticated, Key: "error.unauthenticated"}
	}
	mac := hmac.New(sha256.New, tokens.PriorSalt)
	_, _ = mac.Write([]byte(actor.Token))
	token = base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
	tokens.TokenHash = tokenHash(token)
	tx.ProveSession(actor.UserID, actor.SessionID, tokens)
	return token, nil
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
