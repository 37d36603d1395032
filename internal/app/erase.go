package app

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"

	"winddown/internal/postgres"
	"winddown/internal/winddown"
)

// DeleteCase has a case erased after its term: NotFound, Forbidden, Invalid unless the seller's
// name was typed, or Unproved.
func (a *App) DeleteCase(ctx context.Context, actor winddown.Actor, id winddown.ID, typed string) error {
	return a.change(ctx, actor, id, winddown.CanDelete, func(c *winddown.Case, s winddown.Stamp) ([]winddown.Event, error) {
		events, err := c.Delete(typed, s)
		if err == nil {
			err = actor.Proved(s.At)
		}
		return events, err
	})
}

// KeepCase takes the deletion of a case back: NotFound or Forbidden.
func (a *App) KeepCase(ctx context.Context, actor winddown.Actor, id winddown.ID) error {
	now := a.now()
	return a.db.InTx(ctx, actor, now, func(tx *postgres.Tx) ([]winddown.Event, error) {
		view, err := tx.LockCase(ctx, id)
		if err == nil {
			err = view.Case.AllowKeep(view.Standing)
		}
		if err != nil {
			return nil, err
		}
		c := view.Case
		events, err := c.Keep(actor.Stamp(now, view.Standing))
		if err != nil || len(events) == 0 {
			return nil, err
		}
		cal, err := a.calendarIn(ctx, tx)
		if err != nil {
			return nil, err
		}
		tx.SaveCase(c, winddown.Summarize(c, cal), nil, c.Dues(cal))
		return winddown.OnStream(caseStream(id), events), nil
	})
}

// EraseCases erases the cases whose term is over for good, each in a transaction of its own, and
// returns how many; those alone that somebody has deleted in an installation that keeps cases for ever. Their tombstones stay, and a line in the trail of whoever asked for it, or
// of the system. The bytes of their files go with the next sweep, unless another case holds them.
func (a *App) EraseCases(ctx context.Context) (erased int, err error) {
	ids, err := a.db.ErasableCases(ctx, a.now(), a.retention > 0)
	if err != nil {
		return 0, err
	}
	var failed []error // one that cannot be erased holds up no other
	for _, id := range ids {
		gone, err := a.eraseCase(ctx, id)
		if err != nil {
			failed = append(failed, fmt.Errorf("erase case %s: %w", id, err))
		} else if gone {
			erased++
		}
	}
	return erased, errors.Join(failed...)
}

// eraseCase erases a case whose term is over; it is not gone when it was kept, or erased by another
// process, meanwhile.
func (a *App) eraseCase(ctx context.Context, id winddown.ID) (gone bool, err error) {
	err = a.db.InTx(ctx, system(), a.now(), func(tx *postgres.Tx) ([]winddown.Event, error) {
		t, err := tx.EraseCase(ctx, id, a.retention > 0)
		if err != nil {
			return nil, err
		}
		return []winddown.Event{caseErased(id, t)}, nil
	})
	if errors.Is(err, winddown.NotFound) {
		return false, nil
	}
	return err == nil, err
}

// caseErased is the line in the trail of whoever had a case erased, or of the system.
func caseErased(id winddown.ID, t Tombstone) winddown.Event {
	stream := winddown.System()
	if !t.AskedBy.IsZero() {
		stream = userStream(t.AskedBy)
	}
	return winddown.Event{Stream: stream, Kind: winddown.CaseErased, User: t.AskedBy,
		After: winddown.Changes{"case": id.String(), "hash": hex.EncodeToString(t.EventHash)}}
}

// Tombstone is what is left of an erased case.
type Tombstone = postgres.Tombstone

// Tombstone returns what is left of an erased case, or NotFound. It is an operator's tool.
func (a *App) Tombstone(ctx context.Context, id winddown.ID) (Tombstone, error) {
	return a.db.Tombstone(ctx, id)
}
