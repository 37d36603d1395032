package app

import (
	"context"
	"errors"
	"fmt"
	"time"

	"winddown/internal/postgres"
	"winddown/internal/winddown"
)

// Holdings returns what the actor would leave behind if he had his account erased.
func (a *App) Holdings(ctx context.Context, actor winddown.Actor) (winddown.Holdings, error) {
	return a.db.Holdings(ctx, actor.UserID)
}

// DeleteAccount has the actor's account erased after its term, and ends his other login sessions:
// Invalid on the field email unless he typed his own address, Blocked while a case or a firm would
// be left to nobody, or Unproved.
func (a *App) DeleteAccount(ctx context.Context, actor winddown.Actor, typed string) error {
	if err := winddown.CheckLeaving(typed, actor.Email); err != nil {
		return err
	}
	now := a.now()
	return a.db.InTx(ctx, actor, now, func(tx *postgres.Tx) ([]winddown.Event, error) {
		if _, err := tx.LockUser(ctx, actor.UserID); err != nil {
			return nil, err
		}
		_, at, err := tx.Leaving(ctx, actor.UserID)
		if err != nil || !at.IsZero() {
			return nil, err
		}
		held, err := tx.Holdings(ctx, actor.UserID)
		if err == nil {
			err = held.Leave()
		}
		if err == nil {
			err = actor.Proved(now)
		}
		if err != nil {
			return nil, err
		}
		tx.SaveLeaving(actor.UserID, now.Add(winddown.LeaveTerm))
		tx.EndSessions(actor.UserID, actor.SessionID)
		return []winddown.Event{{Stream: userStream(actor.UserID), Kind: winddown.AccountDeleted}}, nil
	})
}

// KeepAccount takes the deletion of the actor's account back, or is Gone when its term is over: the
// sweep may have begun, and what it has taken apart does not come back.
func (a *App) KeepAccount(ctx context.Context, actor winddown.Actor) error {
	now := a.now()
	return a.db.InTx(ctx, actor, now, func(tx *postgres.Tx) ([]winddown.Event, error) {
		if _, err := tx.LockUser(ctx, actor.UserID); err != nil {
			return nil, err
		}
		_, at, err := tx.Leaving(ctx, actor.UserID)
		if err == nil && !at.IsZero() && !now.Before(at) {
			err = &winddown.Error{Kind: winddown.Gone, Key: "leave.error.gone"}
		}
		if err != nil {
			return nil, err
		}
		return keepAccount(ctx, tx, actor.UserID)
	})
}

func keepAccount(ctx context.Context, tx *postgres.Tx, user winddown.ID) ([]winddown.Event, error) {
	if _, err := tx.LockUser(ctx, user); err != nil {
		return nil, err
	}
	_, at, err := tx.Leaving(ctx, user)
	if err != nil || at.IsZero() {
		return nil, err
	}
	tx.SaveLeaving(user, time.Time{})
	return []winddown.Event{{Stream: userStream(user), Kind: winddown.AccountKept}}, nil
}

// farewellTerm is for how long the address of an erased person is kept for the last letter to it.
const farewellTerm = 24 * time.Hour

// EraseAccounts erases the accounts whose term is over for good and returns how many. A case or a
// firm that would be left to nobody has come meanwhile: then the account is kept, and its person told.
func (a *App) EraseAccounts(ctx context.Context) (erased int, err error) {
	return a.eraseAccounts(ctx, 1000)
}

// eraseAccounts reads so many accounts at a time.
func (a *App) eraseAccounts(ctx context.Context, atOnce int) (erased int, err error) {
	var failed []error // one that cannot be erased holds up no other
	for last, more := (winddown.ID{}), true; more; {
		ids, err := a.db.ErasableUsers(ctx, a.now(), last, atOnce)
		if err != nil {
			failed = append(failed, err)
			break
		}
		for _, id := range ids {
			gone, err := a.eraseAccount(ctx, id)
			if err != nil {
				failed = append(failed, fmt.Errorf("erase account %s: %w", id, err))
			} else if gone {
				erased++
			}
			last = id
		}
		more = len(ids) == atOnce
	}
	failed = append(failed, a.db.InTx(ctx, system(), a.now(), func(tx *postgres.Tx) ([]winddown.Event, error) {
		tx.ForgetFarewells(a.now().Add(-farewellTerm))
		return nil, nil
	}))
	return erased, errors.Join(failed...)
}

// eraseAccount takes a person out of his cases and firms and erases him, with the firms that were his
// alone and the sellers nobody else sees: all of it, or nothing. Whoever joins such a firm or case at
// the same moment comes before, and the account is kept, or finds neither. Not gone is who keeps his
// account, or waits for a case to be erased.
func (a *App) eraseAccount(ctx context.Context, user winddown.ID) (gone bool, err error) {
	now := a.now()
	himself := winddown.Actor{UserID: user, Via: winddown.ViaSystem}
	err = a.db.InTx(ctx, himself, now, func(tx *postgres.Tx) ([]winddown.Event, error) {
		gone = false
		left, err := tx.LockLeaving(ctx, user)
		switch {
		case errors.Is(err, winddown.NotFound): // erased by another process, or something came just now: the next sweep sees it
			return nil, nil
		case err != nil:
			return nil, err
		case left.At.IsZero() || now.Before(left.At): // kept meanwhile
			return nil, nil
		case errors.Is(left.Leave(), winddown.Blocked):
			return keepAccount(ctx, tx, user)
		case len(left.Cases) > 0: // deleted, and not erased yet
			return nil, nil
		}
		events, err := a.leaveAll(ctx, tx, left)
		if err != nil {
			return nil, err
		}
		tx.EraseUser(left.User)
		if a.mail && left.User.Confirmed {
			tx.KeepForFarewell(left.User, now.Add(farewellTerm))
		}
		gone = true
		return append(events, winddown.Event{Stream: userStream(user), Kind: winddown.AccountErased}), nil
	})
	return gone && err == nil, err
}

// leaveAll takes a person out of his firms and cases: what is in a firm that was his alone leaves it, or
// is erased when nobody else sees it.
func (a *App) leaveAll(ctx context.Context, tx *postgres.Tx, left postgres.Left) ([]winddown.Event, error) {
	var all []winddown.Event
	user := left.User.ID
	for _, id := range left.Sellers {
		view, err := tx.LockCase(ctx, id)
		if err != nil {
			return nil, err
		}
		var events []winddown.Event
		if view.Case.HasOwner {
			events, err = a.leaveFirm(ctx, tx, view)
		} else {
			events, err = a.eraseWith(ctx, tx, view.Case, winddown.Erasure{AskedAt: left.AskedAt, At: left.At, By: user})
		}
		if err != nil {
			return nil, err
		}
		all = append(all, events...)
	}
	for _, id := range left.Helped {
		view, err := tx.LockCase(ctx, id)
		if errors.Is(err, winddown.NotFound) { // it was one of the sellers
			continue
		}
		if err != nil {
			return nil, err
		}
		events, err := a.removeHelper(ctx, tx, view, user)
		if err != nil {
			return nil, err
		}
		all = append(all, events...)
	}
	for _, f := range left.Firms {
		if f.Own() {
			if err := tx.EraseFirm(ctx, f.ID, user); err != nil {
				return nil, err
			}
			continue
		}
		tx.WorkIn(f.ID)
		events, _, err := takeOutOfFirm(ctx, tx, user, user, winddown.CanSeeFirm)
		if err != nil {
			return nil, err
		}
		all = append(all, events...)
	}
	return all, nil
}

// eraseWith erases a locked case together with the account of the last person who saw it.
func (a *App) eraseWith(ctx context.Context, tx *postgres.Tx, c *winddown.Case, e winddown.Erasure) ([]winddown.Event, error) {
	if c.GoWith(e) {
		cal, err := a.calendarIn(ctx, tx)
		if err != nil {
			return nil, err
		}
		tx.SaveCase(c, winddown.Summarize(c, cal), nil, c.Dues(cal))
	}
	t, err := tx.EraseCase(ctx, c.ID, false)
	if err != nil {
		return nil, err
	}
	return []winddown.Event{caseErased(c.ID, t)}, nil
}

// AccountLetter returns whom a letter about the deletion of his account goes to, and from when on it
// is erased; zero for never. ErrMoot when letters never reached him.
func (a *App) AccountLetter(ctx context.Context, user winddown.ID) (winddown.User, time.Time, error) {
	u, err := a.recipient(ctx, user)
	if err == nil && !u.Confirmed {
		err = ErrMoot
	}
	if err != nil {
		return u, time.Time{}, err
	}
	at, err := a.db.LeavingAt(ctx, user)
	return u, at, err
}

// Farewell returns where the last letter to an erased person goes, and in which language; ErrMoot
// when that is forgotten.
func (a *App) Farewell(ctx context.Context, user winddown.ID) (email, locale string, err error) {
	email, locale, err = a.db.Farewell(ctx, user)
	if errors.Is(err, winddown.NotFound) {
		err = ErrMoot
	}
	return email, locale, err
}

// FarewellSent forgets where the last letter to an erased person went.
func (a *App) FarewellSent(ctx context.Context, user winddown.ID) error {
	return a.db.InTx(ctx, system(), a.now(), func(tx *postgres.Tx) ([]winddown.Event, error) {
		tx.ForgetFarewell(user)
		return nil, nil
	})
}
