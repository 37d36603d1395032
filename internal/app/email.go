package app

import (
	"context"
	"errors"
	"strings"
	"time"

	"winddown/internal/postgres"
	"winddown/internal/winddown"
)

// CheckNewEmail returns Invalid, on the field email, for what is no address and for the one the actor has
// already: where he still has to confirm that, it says so.
func (a *App) CheckNewEmail(actor winddown.Actor, email string) error {
	email = strings.TrimSpace(email)
	if err := winddown.CheckEmail(email); err != nil || winddown.EmailKey(email) != winddown.EmailKey(actor.Email) {
		return err
	}
	key := "account.error.email_same"
	if a.unconfirmed(userOf(actor)) {
		key = "account.error.email_unconfirmed"
	}
	return &winddown.Error{Kind: winddown.Invalid, Key: "error.invalid", Fields: []winddown.FieldError{{Field: "email", Key: key}}}
}

// ChangeEmail gives the actor another address: after a letter has reached him there, which is
// asked for by it, or at once where no letters are sent. Whether somebody has the address is told
// only there, where nothing else could be done. Invalid as CheckNewEmail says, or Unproved.
func (a *App) ChangeEmail(ctx context.Context, actor winddown.Actor, email string) error {
	email = strings.TrimSpace(email)
	if err := a.CheckNewEmail(actor, email); err != nil {
		return err
	}
	now := a.now()
	if err := actor.Proved(now); err != nil {
		return err
	}
	change, err := newID()
	if err != nil {
		return err
	}
	return a.db.InTx(ctx, actor, now, func(tx *postgres.Tx) ([]winddown.Event, error) {
		locked, err := tx.LockUser(ctx, actor.UserID)
		if err != nil {
			return nil, err
		}
		if !a.mail {
			return changeEmail(tx, locked.User, email), nil
		}
		tx.StartEmailChange(actor.UserID, change, email, now.Add(winddown.ConfirmTerm))
		return []winddown.Event{{Stream: userStream(actor.UserID), Kind: winddown.EmailChangeAsked, After: winddown.Changes{"change": change.String()}}}, nil
	})
}

// changeEmail gives a locked person another address: the links that went to the one before end.
func changeEmail(tx *postgres.Tx, u winddown.User, email string) []winddown.Event {
	tx.SaveEmail(u.ID, email)
	tx.EndEmailChange(u.ID)
	tx.SpendMailTokens(u.ID, postgres.TokenConfirm)
	tx.SpendMailTokens(u.ID, postgres.TokenReset)
	return []winddown.Event{{Stream: userStream(u.ID), Kind: winddown.EmailChanged}}
}

// PendingEmail is the address the actor wants to have and has not confirmed yet; empty for none.
func (a *App) PendingEmail(ctx context.Context, actor winddown.Actor) (string, error) {
	return a.db.PendingEmail(ctx, actor.UserID, a.now())
}

// EndEmailChange takes back what the actor wanted to change his address to; its links end.
func (a *App) EndEmailChange(ctx context.Context, actor winddown.Actor) error {
	return a.db.InTx(ctx, actor, a.now(), func(tx *postgres.Tx) ([]winddown.Event, error) {
		if _, err := tx.LockUser(ctx, actor.UserID); err != nil {
			return nil, err
		}
		if _, err := tx.NewEmail(ctx, actor.UserID); err != nil {
			if errors.Is(err, winddown.NotFound) { // confirmed, replaced or ended already
				err = nil
			}
			return nil, err
		}
		tx.EndEmailChange(actor.UserID)
		return []winddown.Event{{Stream: userStream(actor.UserID), Kind: winddown.EmailChangeEnded}}, nil
	})
}

// EmailLetter is a letter about a change of address.
type EmailLetter struct {
	To    winddown.User // with the address the letter goes to
	Token string        // of the link that confirms the new address
	Taken bool          // somebody has it: there is no link
}

// NewEmailLetter makes the token by which a person confirms his new address. ErrMoot when the
// change was replaced or has ended.
func (a *App) NewEmailLetter(ctx context.Context, user, change winddown.ID) (EmailLetter, error) {
	u, c, err := a.emailChange(ctx, user, change)
	if err != nil {
		return EmailLetter{}, err
	}
	u.Email = c.Email
	if c.Taken {
		return EmailLetter{To: u, Taken: true}, nil
	}
	token, hash := newToken()
	err = a.db.InTx(ctx, system(), a.now(), func(tx *postgres.Tx) ([]winddown.Event, error) {
		tx.InsertEmailToken(user, change, hash)
		return nil, nil
	})
	return EmailLetter{To: u, Token: token}, err
}

// OldEmailNotice returns whom a letter tells that his address is about to be changed: ErrMoot
// when letters never reached him there, or the change has ended.
func (a *App) OldEmailNotice(ctx context.Context, user, change winddown.ID) (winddown.User, error) {
	u, _, err := a.emailChange(ctx, user, change)
	if err == nil && !u.Confirmed {
		err = ErrMoot
	}
	return u, err
}

func (a *App) emailChange(ctx context.Context, user, change winddown.ID) (winddown.User, postgres.EmailChange, error) {
	u, err := a.recipient(ctx, user)
	if err != nil {
		return u, postgres.EmailChange{}, err
	}
	c, err := a.db.EmailChange(ctx, user, change)
	if errors.Is(err, winddown.NotFound) || err == nil && !a.now().Before(c.ExpiresAt) {
		err = ErrMoot
	}
	return u, c, err
}

// NewEmailView tells whether a link that confirms a new address works for the actor: NotFound, Gone,
// or nil.
func (a *App) NewEmailView(ctx context.Context, actor winddown.Actor, token string) error {
	t, err := a.db.MailToken(ctx, postgres.TokenEmail, tokenHash(token))
	if err != nil {
		return err
	}
	return usableBy(actor, t, a.now())
}

// usableBy returns nil for a link that its own person may use. A letter that went to a mistyped
// address opens no account to whoever gets it there: the link works for its person alone.
func usableBy(actor winddown.Actor, t postgres.MailToken, now time.Time) error {
	if t.UserID != actor.UserID {
		return &winddown.Error{Kind: winddown.NotFound, Key: "error.not_found"}
	}
	return t.Usable(now)
}

// ConfirmNewEmail uses the link in a letter: the actor, whose it must be, has the address it was
// sent to from now on. NotFound, Gone, or Conflict when somebody has got the address meanwhile.
func (a *App) ConfirmNewEmail(ctx context.Context, actor winddown.Actor, token string) error {
	err := a.db.InTx(ctx, actor, a.now(), func(tx *postgres.Tx) ([]winddown.Event, error) {
		t, acc, err := tx.LockMailToken(ctx, postgres.TokenEmail, tokenHash(token))
		if err == nil {
			err = usableBy(actor, t, a.now())
		}
		if err != nil {
			return nil, err
		}
		email, err := tx.NewEmail(ctx, t.UserID)
		if err != nil {
			return nil, err
		}
		events := changeEmail(tx, acc.User, email)
		if !acc.User.Confirmed {
			events = append(events, confirmed(tx, acc.User)...)
		}
		return events, nil
	})
	if errors.Is(err, winddown.Invalid) { // the address is the only thing that can be refused
		err = &winddown.Error{Kind: winddown.Conflict, Key: "account.error.email_taken_meanwhile", Err: err}
	}
	return err
}
