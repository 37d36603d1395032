package app

import (
	"context"
	"errors"

	"winddown/internal/postgres"
	"winddown/internal/winddown"
)

// Transfer makes a one-time link by which another person becomes the owner of a case in the actor's
// place, and returns its token, which is stored nowhere; to an address that is not empty a letter with
// a link of its own goes too. A link made before leads nowhere from then on, and replaced says that there
// was one; nobody looks for another owner any more. NotFound, Forbidden, Conflict for a case that was deleted, Invalid for his own address and as for
// InviteByMail, or Unproved.
func (a *App) Transfer(ctx context.Context, actor winddown.Actor, id winddown.ID, to string) (token string, replaced bool, err error) {
	now := a.now()
	err = a.db.InTx(ctx, actor, now, func(tx *postgres.Tx) ([]winddown.Event, error) {
		view, _, open, err := tx.LockCasePeople(ctx, id)
		if err != nil {
			return nil, err
		}
		c := view.Case
		if err := c.Allow(winddown.CanTransfer, view.Standing); err != nil {
			return nil, err
		}
		if err := c.Transfer(); err != nil {
			return nil, err
		}
		var email string
		if to != "" {
			if email, err = a.mailable(actor, &to); err != nil {
				return nil, err
			}
			if winddown.EmailKey(email) == winddown.EmailKey(actor.Email) {
				return nil, &winddown.Error{Kind: winddown.Invalid, Key: "error.invalid",
					Fields: []winddown.FieldError{{Field: "email", Key: "transfer.error.self"}}}
			}
		}
		var events []winddown.Event
		lost := !c.RescueAt.IsZero()
		others := len(open)
		for _, i := range open {
			if i.Role == winddown.Owner {
				others--
				replaced = true
				events = append(events, revoke(tx, i, false)...)
				lost = lost && i.Offer() != "rescue" // with that he has objected
			}
		}
		if lost {
			events = append(events, object(tx, id, false))
		}
		if others >= postgres.MaxInvites {
			return nil, &winddown.Error{Kind: winddown.Conflict, Key: "invite.error.too_many"}
		}
		if err := actor.Proved(now); err != nil {
			return nil, err
		}
		offer := winddown.Invite{CaseID: id, Role: winddown.Owner, CreatedBy: actor.UserID, Email: email, Replaces: actor.UserID,
			CreatedAt: now, ExpiresAt: now.Add(winddown.InviteTerm)}
		if offer.ID, err = newID(); err != nil {
			return nil, err
		}
		var hash []byte
		token, hash = newToken()
		tx.InsertInvite(offer, hash)
		events = append(events, winddown.Event{Kind: winddown.TransferOffered, Role: winddown.Owner, Invite: offer.ID})
		return winddown.OnStream(caseStream(id), events), nil
	})
	return token, replaced, err
}

// takeOver makes the holder of an invitation the owner of its locked case in the place of the one
// there is. Whoever was invited or looks through a link by the former one's leave does not any more.
func takeOver(tx *postgres.Tx, locked postgres.LockedInvite) winddown.Event {
	c, user := locked.Case.Case, locked.Guest.User.ID
	tx.TakeOver(c.ID, user)
	tx.RevokeInvites(c.ID, locked.Invite.ID)
	tx.RevokeShares(c.ID)
	e := winddown.Event{Stream: caseStream(c.ID), Kind: winddown.CaseTransferred, Role: winddown.Owner, User: locked.Owner, Invite: locked.Invite.ID}
	if locked.Invite.Offer() == "rescue" {
		e.After = winddown.Changes{"lost": "yes"}
	}
	return e
}

// CaseLetter is whom a letter about a case goes to, and what it names.
type CaseLetter struct {
	To     winddown.User
	Seller string
	Other  string // the name of the person the case went to, or came from
}

// Warned returns whom a letter warns, which names no case, that one of his is to be erased, or to go to
// another, or went to one: he must not miss it, whether letters have reached him or not.
func (a *App) Warned(ctx context.Context, user winddown.ID) (winddown.User, error) {
	return a.recipient(ctx, user)
}

// Unconfirmed returns those of the people whom no letter has reached.
func (a *App) Unconfirmed(ctx context.Context, users []winddown.ID) ([]winddown.ID, error) {
	return a.db.Unconfirmed(ctx, users)
}

// CaseLetter returns what a letter tells somebody who is, or was, one of a case's people: ErrMoot
// while letters have not reached him, or when the case is erased.
func (a *App) CaseLetter(ctx context.Context, id, user, other winddown.ID) (CaseLetter, error) {
	var l CaseLetter
	var err error
	if l.To, err = a.SecurityNotice(ctx, user); err != nil {
		return l, err
	}
	if l.Seller, l.Other, err = a.db.CaseLetter(ctx, id, other); errors.Is(err, winddown.NotFound) {
		err = ErrMoot
	}
	return l, err
}
