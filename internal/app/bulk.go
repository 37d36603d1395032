package app

import (
	"context"
	"slices"

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
// filter of the actor's register leaves: NotFound when one of the cases is not in his
// register, Forbidden, or Invalid on the field case when none or too many are chosen.
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
	return b, mayPick(b.Firm, actor, action, cases, b.Picked)
}

func invalidWith(fields []winddown.FieldError) error {
	if len(fields) == 0 {
		return nil
	}
	return &winddown.Error{Kind: winddown.Invalid, Key: "error.invalid", Fields: fields}
}

// mayPick returns nil when the actor may do a in the firm and every case was found in his
// register: an accountant's holds those he is responsible for.
func mayPick(f *winddown.Firm, actor winddown.Actor, a winddown.FirmAction, cases []winddown.ID, found []winddown.Picked) error {
	if err := f.Allow(a, actor.UserID); err != nil {
		return err
	}
	me, err := f.Member(actor.UserID)
	if err != nil {
		return err
	}
	for _, id := range cases {
		at := slices.IndexFunc(found, func(c winddown.Picked) bool { return c.ID == id })
		if at < 0 || !me.Role.SeesFirm() && found[at].ResponsibleID != actor.UserID {
			return errNotFound()
		}
	}
	return nil
}

// bulk does something to many cases of the firm the actor works in, in one transaction:
// NotFound when one of them is not in his register, Forbidden, or Invalid on the field case
// when none or too many are chosen.
func (a *App) bulk(ctx context.Context, actor winddown.Actor, action winddown.FirmAction, cases []winddown.ID,
	do func(*postgres.Tx, []winddown.Picked) ([]winddown.Event, error)) error {
	fields, err := checkPicked(actor, action, cases)
	if err == nil {
		err = invalidWith(fields)
	}
	if err != nil {
		return err
	}
	return a.db.InTx(ctx, actor, a.now(), func(tx *postgres.Tx) ([]winddown.Event, error) {
		f, found, err := tx.LockFirmCases(ctx, cases)
		if err == nil {
			err = mayPick(f, actor, action, cases, found)
		}
		if err != nil {
			return nil, err
		}
		return do(tx, found)
	})
}

// Remind reminds the sellers of cases, at most once a day each; errors as for bulk, and
// Invalid on the field text. It returns how many get it: the rest are skipped.
func (a *App) Remind(ctx context.Context, actor winddown.Actor, cases []winddown.ID, in winddown.Remind) (sent int, err error) {
	if err := in.Check(); err != nil {
		return 0, err
	}
	err = a.bulk(ctx, actor, winddown.CanRemind, cases, func(tx *postgres.Tx, found []winddown.Picked) ([]winddown.Event, error) {
		reminded, events := in.Send(found, actor.Stamp(a.now(), winddown.Standing{}))
		sent = len(reminded)
		tx.Remind(reminded)
		return events, nil
	})
	return sent, err
}

// Archive puts cases into the archive of the firm, or takes them out; errors as for bulk. It
// returns how many changed.
func (a *App) Archive(ctx context.Context, actor winddown.Actor, cases []winddown.ID, in bool) (changed int, err error) {
	err = a.bulk(ctx, actor, winddown.CanArchive, cases, func(tx *postgres.Tx, found []winddown.Picked) ([]winddown.Event, error) {
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
