package app

import (
	"context"
	"time"

	"winddown/internal/postgres"
	"winddown/internal/winddown"
)

// LostCase is what an operator knows of a case whose owner is lost.
type LostCase = winddown.LostCase

func errForbidden() error { return &winddown.Error{Kind: winddown.Forbidden, Key: "error.forbidden"} }

// LostCase returns what an operator may know of a case: NotFound, or Forbidden for everybody else.
func (a *App) LostCase(ctx context.Context, actor winddown.Actor, id winddown.ID) (LostCase, error) {
	if !actor.Operator {
		return LostCase{}, errForbidden()
	}
	return a.db.LostCase(ctx, id, a.now())
}

// Rescues returns the cases that wait for another owner; Forbidden for everybody but operators.
func (a *App) Rescues(ctx context.Context, actor winddown.Actor) ([]LostCase, error) {
	if !actor.Operator {
		return nil, errForbidden()
	}
	return a.db.Rescues(ctx, a.now())
}

// rescue runs do with a case that is locked for an operator, and the time of the transaction.
func (a *App) rescue(ctx context.Context, actor winddown.Actor, id winddown.ID, do func(*postgres.Tx, postgres.LockedLost, time.Time) ([]winddown.Event, error)) error {
	now := a.now()
	return a.db.InTx(ctx, actor, now, func(tx *postgres.Tx) ([]winddown.Event, error) {
		if !actor.Operator {
			return nil, errForbidden()
		}
		c, err := tx.LockLost(ctx, id)
		if err != nil {
			return nil, err
		}
		locked, err := tx.LockUser(ctx, actor.UserID)
		if err == nil && !locked.User.Operator {
			err = errForbidden()
		}
		if err != nil {
			return nil, err
		}
		events, err := do(tx, c, now)
		return winddown.OnStream(caseStream(id), events), err
	})
}

// AskRescue notes that a case is to have another owner because the one it has is lost, and why. Its people
// are told, and its owner may object for a while. Operators do it: Forbidden for others, NotFound,
// Conflict or Invalid as LostCase.Ask says, or Unproved.
func (a *App) AskRescue(ctx context.Context, actor winddown.Actor, id winddown.ID, reason string) error {
	return a.rescue(ctx, actor, id, func(tx *postgres.Tx, c postgres.LockedLost, now time.Time) ([]winddown.Event, error) {
		reason, err := c.Ask(reason, now)
		if err == nil {
			err = actor.Proved(now)
		}
		tx.SaveRescue(id, now.Add(winddown.RescueTerm))
		return []winddown.Event{{Kind: winddown.RescueAsked, Reason: reason}}, err
	})
}

// DropRescue takes that back, and the link if it has been made, by an operator: Forbidden, NotFound, or Conflict when it has ended.
func (a *App) DropRescue(ctx context.Context, actor winddown.Actor, id winddown.ID) error {
	return a.rescue(ctx, actor, id, func(tx *postgres.Tx, c postgres.LockedLost, _ time.Time) ([]winddown.Event, error) {
		var err error
		if c.RescueAt.IsZero() {
			err = &winddown.Error{Kind: winddown.Conflict, Key: "rescue.error.ended"}
		}
		tx.EndRescue(id)
		return []winddown.Event{{Kind: winddown.RescueStopped}}, err
	})
}

// Rescue makes the one-time link by which another becomes the owner, when the term has passed without
// an objection, and returns its token; to an address that is not empty a letter with a link of its own
// goes too. A link made before, the owner's own as well, leads nowhere from then on. Operators do it: Forbidden for others, NotFound, Conflict as LostCase.Open says, Invalid for
// an address that cannot be written to, or Unproved.
func (a *App) Rescue(ctx context.Context, actor winddown.Actor, id winddown.ID, to string) (token string, err error) {
	err = a.rescue(ctx, actor, id, func(tx *postgres.Tx, c postgres.LockedLost, now time.Time) ([]winddown.Event, error) {
		offer := winddown.Invite{CaseID: id, Role: winddown.Owner, CreatedBy: actor.UserID, Replaces: c.OwnerID, CreatedAt: now, ExpiresAt: now.Add(winddown.InviteTerm)}
		err := c.Open(now)
		if err == nil && to != "" {
			offer.Email, err = a.mailable(actor, &to)
		}
		if err == nil {
			err = actor.Proved(now)
		}
		if err == nil {
			offer.ID, err = newID()
		}
		var hash []byte
		token, hash = newToken()
		tx.OfferRescue(offer, hash)
		var events []winddown.Event
		for _, former := range c.Invites {
			events = append(events, winddown.Event{Kind: winddown.InviteRevoked, Role: winddown.Owner, Invite: former})
		}
		return append(events, winddown.Event{Kind: winddown.RescueOffered, Role: winddown.Owner, Invite: offer.ID}), err
	})
	return token, err
}

// ObjectToRescue ends the search for another owner, by the one there is, who is not lost, as long as
// nobody has accepted the link, and for a while nobody can begin another: NotFound or Forbidden.
func (a *App) ObjectToRescue(ctx context.Context, actor winddown.Actor, id winddown.ID) error {
	return a.db.InTx(ctx, actor, a.now(), func(tx *postgres.Tx) ([]winddown.Event, error) {
		view, err := tx.LockCase(ctx, id)
		if err == nil {
			err = view.Case.Allow(winddown.CanTransfer, view.Standing)
		}
		if err != nil || view.Case.RescueAt.IsZero() {
			return nil, err
		}
		return winddown.OnStream(caseStream(id), []winddown.Event{object(tx, id, false)}), nil
	})
}

// object ends the search for another owner of a locked case because there is one.
func object(tx *postgres.Tx, id winddown.ID, onBehalf bool) winddown.Event {
	tx.EndRescue(id)
	tx.SaveObjection(id, true)
	return winddown.Event{Kind: winddown.RescueStopped, OnBehalf: onBehalf}
}

// SeatsOf returns the owners, helpers and accountants of cases, for letters to them.
func (a *App) SeatsOf(ctx context.Context, cases []winddown.ID) (map[winddown.ID][]postgres.Seat, error) {
	return a.db.SeatsOf(ctx, cases)
}
