package app

import (
	"context"

	"winddown/internal/postgres"
	"winddown/internal/winddown"
)

// FirmTextsView is a firm with its texts, as its admins see them.
type FirmTextsView = postgres.FirmTextsRead

// FirmTexts returns the texts of the firm the actor works in: NotFound or Forbidden.
func (a *App) FirmTexts(ctx context.Context, actor winddown.Actor) (FirmTextsView, error) {
	v, err := a.db.FirmTexts(ctx, actor)
	if err == nil {
		err = v.Firm.Allow(winddown.CanRunFirm, actor.UserID)
	}
	return v, err
}

// DraftFirmText changes an instruction in the draft of the firm the actor works in; one without
// parts returns to the installation's. NotFound, Forbidden, or Invalid with the parts and fields
// at fault.
func (a *App) DraftFirmText(ctx context.Context, actor winddown.Actor, t winddown.Text) error {
	today := actor.Stamp(a.now(), winddown.Standing{}).Today
	return a.changeFirmTexts(ctx, actor, func(tx *postgres.Tx, f *winddown.Firm, texts []winddown.Text) ([]winddown.Event, error) {
		drafted, events, err := f.DraftText(t, texts, today)
		if len(events) > 0 {
			tx.SaveFirmText(f.ID, drafted)
		}
		return events, err
	})
}

// PublishFirmTexts makes the draft the newest edition: NotFound, Forbidden, or Conflict without
// a draft, or with another than the one whose digest the person has seen.
func (a *App) PublishFirmTexts(ctx context.Context, actor winddown.Actor, digest string) error {
	return a.changeFirmTexts(ctx, actor, func(tx *postgres.Tx, f *winddown.Firm, texts []winddown.Text) ([]winddown.Event, error) {
		events, err := f.PublishTexts(texts, digest)
		if err == nil {
			tx.SavePractice(f)
		}
		return events, err
	})
}

// DiscardFirmTexts drops the draft. Errors as for PublishFirmTexts.
func (a *App) DiscardFirmTexts(ctx context.Context, actor winddown.Actor, digest string) error {
	return a.changeFirmTexts(ctx, actor, func(tx *postgres.Tx, f *winddown.Firm, texts []winddown.Text) ([]winddown.Event, error) {
		events, err := f.DiscardTexts(texts, digest)
		if err == nil {
			tx.DropDraft(f)
		}
		return events, err
	})
}

func (a *App) changeFirmTexts(ctx context.Context, actor winddown.Actor,
	rule func(*postgres.Tx, *winddown.Firm, []winddown.Text) ([]winddown.Event, error)) error {
	return a.db.InTx(ctx, actor, a.now(), func(tx *postgres.Tx) ([]winddown.Event, error) {
		f, texts, err := tx.LockFirmTexts(ctx)
		if err == nil {
			err = f.Allow(winddown.CanRunFirm, actor.UserID)
		}
		if err != nil {
			return nil, err
		}
		events, err := rule(tx, f, texts)
		return winddown.OnStream(firmStream(f.ID), events), err
	})
}

// Newer returns a case with the texts it is read with and those it could move to: NotFound or
// Forbidden.
func (a *App) Newer(ctx context.Context, actor winddown.Actor, id winddown.ID) (CaseView, error) {
	v, err := a.db.Case(ctx, actor, id, postgres.TrailQuery{}, postgres.Newer())
	if err == nil {
		err = v.Case.Allow(winddown.CanUpgrade, v.Standing)
	}
	return v, err
}

// UpgradeCase moves a case to the newest texts of its firm and the newest playbook: NotFound,
// Forbidden, or Conflict when newer ones came since the person looked, or for a finished case.
func (a *App) UpgradeCase(ctx context.Context, actor winddown.Actor, id winddown.ID, in winddown.Upgrade) error {
	return a.change(ctx, actor, id, winddown.CanUpgrade, func(c *winddown.Case, s winddown.Stamp) ([]winddown.Event, error) {
		return c.Upgrade(in, s)
	})
}

// MaxUpgraded is how many cases are moved at a time.
const MaxUpgraded = 500

// UpgradeFirm moves the cases of the firm the actor works in that go on, at most MaxUpgraded at a
// time, each in a transaction of its own: nobody waits long for his case, and what was broken off
// is done again. It returns how many it moved, with an error too. NotFound, Forbidden, or Conflict
// when newer versions came since the person looked.
func (a *App) UpgradeFirm(ctx context.Context, actor winddown.Actor, in winddown.Upgrade) (moved int, err error) {
	v, err := a.FirmTexts(ctx, actor)
	if err == nil {
		err = in.Newest(v.Firm.Practice)
	}
	if err != nil {
		return 0, err
	}
	cases, err := a.db.OutdatedCases(ctx, actor, MaxUpgraded)
	if err != nil {
		return 0, err
	}
	for _, id := range cases {
		moves := false
		err := a.change(ctx, actor, id, winddown.CanUpgrade, func(c *winddown.Case, s winddown.Stamp) ([]winddown.Event, error) {
			if moves = c.Outdated(); !moves { // finished or moved meanwhile
				return nil, nil
			}
			return c.Upgrade(in, s)
		})
		switch {
		case err == nil && moves:
			moved++
		case err != nil && winddown.KindOf(err) != winddown.NotFound: // it left the firm meanwhile
			return moved, err
		}
	}
	return moved, nil
}
