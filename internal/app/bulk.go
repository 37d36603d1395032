package app

import (
	"context"
	"errors"
	"slices"
	"time"

	"winddown/internal/postgres"
	"winddown/internal/winddown"
)

// checkPicked returns Forbidden for somebody who may not do a in any firm, and the mistakes of
// a choice of cases: none, or too many.
func checkPicked(actor winddown.Actor, a winddown.FirmAction, cases []winddown.ID) ([]winddown.FieldError, error) {
	if !winddown.MayInFirm(a, actor.FirmRole) {
		return nil, &winddown.Error{Kind: winddown.Forbidden, Key: "error.forbidden"}
	}
	switch {
	case len(cases) == 0:
		return []winddown.FieldError{{Field: "case", Key: "register.error.none_chosen"}}, nil
	case len(cases) > winddown.MaxPicked:
		return []winddown.FieldError{{Field: "case", Key: "register.error.too_many", Args: winddown.Args{"Max": winddown.MaxPicked}}}, nil
	}
	return nil, nil
}

// Bulk is what is about to be done something to.
type Bulk = postgres.Bulk

// PlanBulk returns what is about to be done something to, as the cases are now, and what a
// filter of the actor's register leaves; cases that are not in his register are left out.
// NotFound when all are, Forbidden, or Invalid on the field case when none or too many are chosen.
func (a *App) PlanBulk(ctx context.Context, actor winddown.Actor, action winddown.FirmAction, cases []winddown.ID, f winddown.RegisterFilter) (Bulk, error) {
	fields, err := checkPicked(actor, action, cases)
	if err == nil {
		err = invalidWith(fields)
	}
	if err != nil {
		return Bulk{}, err
	}
	b, err := a.db.Bulk(ctx, actor, cases, f, a.now())
	if err != nil {
		return Bulk{}, err
	}
	b.Picked, err = mayPick(b.Firm, actor, action, cases, b.Picked)
	if SomeGone(err) {
		err = nil
	}
	return b, err
}

// errSomeGone says that some of the chosen cases are in the actor's register and others are
// not, be it that they left it or were never there. Like everything out of sight it is NotFound.
var errSomeGone = &winddown.Error{Kind: winddown.NotFound, Key: "register.error.gone"}

// SomeGone reports whether err leaves cases with which the person can go on.
func SomeGone(err error) bool { return errors.Is(err, errSomeGone) }

func invalidWith(fields []winddown.FieldError) error {
	if len(fields) == 0 {
		return nil
	}
	return &winddown.Error{Kind: winddown.Invalid, Key: "error.invalid", Fields: fields}
}

// mayPick returns those of the cases that were found in the actor's register: an accountant's
// holds those he is responsible for. Forbidden when he may not do a in the firm, NotFound when
// one is not in it, with those that are.
func mayPick(f *winddown.Firm, actor winddown.Actor, a winddown.FirmAction, cases []winddown.ID, found []winddown.Picked) ([]winddown.Picked, error) {
	if err := f.Allow(a, actor.UserID); err != nil {
		return nil, err
	}
	me, err := f.Member(actor.UserID)
	if err != nil {
		return nil, err
	}
	mine := map[winddown.ID]bool{}
	var kept []winddown.Picked
	for _, c := range found {
		if me.Role.SeesFirm() || c.ResponsibleID == actor.UserID {
			mine[c.ID], kept = true, append(kept, c)
		}
	}
	switch {
	case len(kept) == 0:
		return nil, errNotFound()
	case slices.ContainsFunc(cases, func(id winddown.ID) bool { return !mine[id] }):
		return kept, errSomeGone
	}
	return kept, nil
}

// bulk does something to many cases of the firm the actor works in, in one transaction:
// NotFound when one of them is not in his register, Forbidden, or Invalid on the field case when
// none or too many are chosen.
func (a *App) bulk(ctx context.Context, actor winddown.Actor, action winddown.FirmAction, cases []winddown.ID,
	do func(tx *postgres.Tx, found []winddown.Picked, now time.Time) ([]winddown.Event, error)) error {
	fields, err := checkPicked(actor, action, cases)
	if err == nil {
		err = invalidWith(fields)
	}
	if err != nil {
		return err
	}
	now := a.now()
	return a.db.InTx(ctx, actor, now, func(tx *postgres.Tx) ([]winddown.Event, error) {
		f, found, err := tx.LockFirmCases(ctx, cases)
		if err == nil {
			found, err = mayPick(f, actor, action, cases, found)
		}
		if err != nil {
			return nil, err
		}
		return do(tx, found, now)
	})
}

// Remind reminds the sellers of cases, at most once a day each; errors as for bulk, and
// Invalid on the field text. It returns how many get it, and the rest, who are skipped.
func (a *App) Remind(ctx context.Context, actor winddown.Actor, cases []winddown.ID, in winddown.Remind) (sent int, skipped []winddown.Skipped, err error) {
	if err := in.Check(); err != nil {
		return 0, nil, err
	}
	err = a.bulk(ctx, actor, winddown.CanRemind, cases, func(tx *postgres.Tx, found []winddown.Picked, now time.Time) ([]winddown.Event, error) {
		reminded, passed, events := in.Send(found, actor.Stamp(now, winddown.Standing{}))
		sent, skipped = len(reminded), passed
		tx.Remind(reminded)
		return events, nil
	})
	return sent, skipped, err
}

// Archive puts cases into the archive of the firm, or takes them out; errors as for bulk. It
// returns how many changed.
func (a *App) Archive(ctx context.Context, actor winddown.Actor, cases []winddown.ID, in bool) (changed int, err error) {
	err = a.bulk(ctx, actor, winddown.CanArchive, cases, func(tx *postgres.Tx, found []winddown.Picked, _ time.Time) ([]winddown.Event, error) {
		moved, events := winddown.Archive(found, in)
		changed = len(moved)
		tx.Archive(moved, in)
		return events, nil
	})
	return changed, err
}

// PutAway puts away the reminder that a case's seller got: NotFound, Forbidden, or Conflict
// when there was none.
func (a *App) PutAway(ctx context.Context, actor winddown.Actor, id winddown.ID) error {
	return a.change(ctx, actor, id, winddown.CanMark, (*winddown.Case).PutAway)
}
