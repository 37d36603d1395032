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
	ids, err := a.db.ErasableUsers(ctx, a.now())
	if err != nil {
		return 0, err
	}
	var failed []error // one that cannot be erased holds up no other
	for _, id := range ids {
		gone, err := a.eraseAccount(ctx, id)
		if err != nil {
			failed = append(failed, fmt.Errorf("erase account %s: %w", id, err))
		} else if gone {
			erased++
		}
	}
	failed = append(failed, a.db.InTx(ctx, system(), a.now(), func(tx *postgres.Tx) ([]winddown.Event, error) {
		tx.ForgetFarewells(a.now().Add(-farewellTerm))
		return nil, nil
	}))
	return erased, errors.Join(failed...)
}

// eraseAccount takes a person out of the cases he helps with and of his firms, each in a transaction
// of its own, and erases him, with a firm that was his alone, in the last one; not gone is who keeps
// his account.
func (a *App) eraseAccount(ctx context.Context, user winddown.ID) (gone bool, err error) {
	leaving := false // once his term is over he cannot keep his account any more
	err = a.db.InTx(ctx, system(), a.now(), func(tx *postgres.Tx) ([]winddown.Event, error) {
		if _, err := tx.LockUser(ctx, user); err != nil {
			return nil, err
		}
		_, at, err := tx.Leaving(ctx, user)
		leaving = !at.IsZero() && !a.now().Before(at)
		return nil, err
	})
	if errors.Is(err, winddown.NotFound) { // erased by another process meanwhile
		return false, nil
	}
	if err != nil || !leaving {
		return false, err
	}
	held, err := a.db.Holdings(ctx, user)
	if err != nil {
		return false, err
	}
	if errors.Is(held.Leave(), winddown.Blocked) {
		return false, a.db.InTx(ctx, system(), a.now(), func(tx *postgres.Tx) ([]winddown.Event, error) { return keepAccount(ctx, tx, user) })
	}
	if len(held.Cases) > 0 { // deleted, and not erased yet
		return false, nil
	}
	himself := winddown.Actor{UserID: user, Via: winddown.ViaSystem}
	helped, err := a.db.HelpedCases(ctx, user)
	if err != nil {
		return false, err
	}
	for _, id := range helped {
		if err := a.stopHelping(ctx, himself, id); err != nil {
			return false, err
		}
	}
	for _, f := range held.Firms {
		himself.FirmID = f.ID
		if !f.Own() {
			_, err = a.removeFirmPerson(ctx, himself, user, winddown.CanSeeFirm)
		} else {
			err = a.windUpFirm(ctx, himself)
		}
		if err != nil {
			return false, err
		}
	}
	err = a.db.InTx(ctx, system(), a.now(), func(tx *postgres.Tx) ([]winddown.Event, error) {
		for _, f := range held.Firms { // firms come before people
			if f.Own() {
				if err := tx.EraseFirm(ctx, f.ID, user); err != nil {
					return nil, err
				}
			}
		}
		locked, err := tx.LockUser(ctx, user)
		if err != nil {
			return nil, err
		}
		_, at, err := tx.Leaving(ctx, user)
		if err != nil {
			return nil, err
		}
		left, err := tx.Holdings(ctx, user)
		if err == nil && (at.IsZero() || a.now().Before(at) || len(left.Cases) > 0 || len(left.Firms) > 0 || left.Helped > 0) {
			err = errNotFound() // kept, or something came, just now: the next sweep sees it
		}
		if err != nil {
			return nil, err
		}
		tx.EraseUser(locked.User)
		if a.mail && locked.User.Confirmed {
			tx.KeepForFarewell(locked.User, a.now().Add(farewellTerm))
		}
		return []winddown.Event{{Stream: userStream(user), Kind: winddown.AccountErased}}, nil
	})
	if errors.Is(err, winddown.NotFound) {
		return false, nil
	}
	return err == nil, err
}

// stopHelping takes the actor out of a case he helps with.
func (a *App) stopHelping(ctx context.Context, actor winddown.Actor, id winddown.ID) error {
	err := a.db.InTx(ctx, actor, a.now(), func(tx *postgres.Tx) ([]winddown.Event, error) {
		view, err := tx.LockCase(ctx, id)
		if err != nil || !view.Standing.Helper {
			return nil, err
		}
		return a.removeHelper(ctx, tx, view, actor.UserID)
	})
	if errors.Is(err, winddown.NotFound) { // he was taken out, or the case erased, meanwhile
		return nil
	}
	return err
}

// windUpFirm takes all cases out of the firm of one the actor works in: those nobody else sees are
// erased. One without an owner that somebody helps with stays: he came just now, and the firm with it.
func (a *App) windUpFirm(ctx context.Context, actor winddown.Actor) error {
	cases, err := a.db.CasesOfFirm(ctx, actor.FirmID)
	if err != nil {
		return err
	}
	for _, id := range cases {
		alone := false
		err := a.db.InTx(ctx, actor, a.now(), func(tx *postgres.Tx) ([]winddown.Event, error) {
			view, err := tx.LockCase(ctx, id)
			if err != nil {
				return nil, err
			}
			if view.Case.HasOwner {
				return a.leaveFirm(ctx, tx, view)
			}
			held, err := tx.Holdings(ctx, actor.UserID)
			if err != nil || len(held.Kept()) > 0 {
				return nil, err
			}
			alone = true
			asked, at, err := tx.Leaving(ctx, actor.UserID)
			if err != nil || at.IsZero() {
				return nil, err
			}
			cal, err := a.calendarIn(ctx, tx)
			if err != nil {
				return nil, err
			}
			c := view.Case
			events := c.GoWith(winddown.Erasure{AskedAt: asked, At: at, By: actor.UserID})
			if len(events) > 0 {
				tx.SaveCase(c, winddown.Summarize(c, cal), nil, c.Dues(cal))
			}
			return winddown.OnStream(caseStream(id), events), nil
		})
		if err == nil && alone {
			_, err = a.eraseCase(ctx, id)
		}
		if err != nil && !errors.Is(err, winddown.NotFound) {
			return err
		}
	}
	return nil
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
