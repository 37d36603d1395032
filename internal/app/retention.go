package app

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"winddown/internal/postgres"
	"winddown/internal/winddown"
)

// Retention is for how many months after its last change a finished or archived case is kept; 0 for ever.
func (a *App) Retention() int { return a.retention }

// ExpireCases has the cases whose time of retention is over erased after the term of any deletion, each in a
// transaction of its own, and returns how many. Their people are told and may keep them. In an
// installation that keeps cases for ever by now it takes back what was begun before.
func (a *App) ExpireCases(ctx context.Context) (begun int, err error) {
	if a.retention == 0 {
		return 0, a.stopExpiring(ctx)
	}
	ids, err := a.db.ExpiredCases(ctx, winddown.RetainedSince(a.now(), a.retention))
	if err != nil {
		return 0, err
	}
	var failed []error // one that cannot be noted holds up no other
	for _, id := range ids {
		now := a.now()
		err := a.db.InTx(ctx, system(), now, func(tx *postgres.Tx) ([]winddown.Event, error) {
			if err := tx.Expire(ctx, id, winddown.RetainedSince(now, a.retention), now.Add(winddown.EraseTerm)); err != nil {
				return nil, err
			}
			return []winddown.Event{{Stream: caseStream(id), Kind: winddown.CaseExpired, After: winddown.Changes{"months": strconv.Itoa(a.retention)}}}, nil
		})
		switch {
		case err == nil:
			begun++
		case !errors.Is(err, winddown.NotFound):
			failed = append(failed, fmt.Errorf("end the retention of case %s: %w", id, err))
		}
	}
	return begun, errors.Join(failed...)
}

// stopExpiring takes back that cases are erased of themselves, so that no page names a day that does not
// come.
func (a *App) stopExpiring(ctx context.Context) error {
	ids, err := a.db.ExpiringCases(ctx)
	if err != nil {
		return err
	}
	var failed []error
	for _, id := range ids {
		err := a.db.InTx(ctx, system(), a.now(), func(tx *postgres.Tx) ([]winddown.Event, error) {
			if err := tx.StopExpiring(ctx, id); err != nil {
				return nil, err
			}
			return []winddown.Event{{Stream: caseStream(id), Kind: winddown.CaseKept}}, nil
		})
		if err != nil && !errors.Is(err, winddown.NotFound) { // somebody kept or erased it meanwhile
			failed = append(failed, fmt.Errorf("keep case %s: %w", id, err))
		}
	}
	return errors.Join(failed...)
}
