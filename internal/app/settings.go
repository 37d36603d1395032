package app

import (
	"context"

	"winddown/internal/postgres"
	"winddown/internal/winddown"
)

// SetRequisites writes the requisites of the firm the actor works in: NotFound, Forbidden, or
// Invalid with the fields at fault.
func (a *App) SetRequisites(ctx context.Context, actor winddown.Actor, r winddown.Requisites) error {
	return a.changeFirm(ctx, actor, func(tx *postgres.Tx, f *winddown.Firm, _ []winddown.FirmInvite) ([]winddown.Event, error) {
		events, err := f.SetRequisites(r)
		if len(events) > 0 {
			tx.SaveRequisites(f)
		}
		return events, err
	})
}

// SetFirmActing says whether sellers added from now on begin with «ведёт за продавца». Errors
// as for SetRequisites.
func (a *App) SetFirmActing(ctx context.Context, actor winddown.Actor, acting bool) error {
	return a.changeFirm(ctx, actor, func(tx *postgres.Tx, f *winddown.Firm, _ []winddown.FirmInvite) ([]winddown.Event, error) {
		events := f.SetActing(acting)
		if len(events) > 0 {
			tx.SavePractice(f)
		}
		return events, nil
	})
}

// SetFirmChase writes the working days on which the marketplace is reminded, and dates the
// firm's cases that wait for an act anew. No days mean the default. Errors as for SetRequisites.
func (a *App) SetFirmChase(ctx context.Context, actor winddown.Actor, days []int) error {
	return a.redateFirm(ctx, actor, func(f *winddown.Firm) ([]winddown.Event, error) { return f.SetChase(days) })
}

// SetFirmDays writes the days that are off, or worked, for the firm's cases whatever the
// calendar says. Otherwise as SetFirmChase.
func (a *App) SetFirmDays(ctx context.Context, actor winddown.Actor, off, worked []winddown.Date) error {
	today := actor.Stamp(a.now(), winddown.Standing{}).Today
	return a.redateFirm(ctx, actor, func(f *winddown.Firm) ([]winddown.Event, error) { return f.SetDays(off, worked, today) })
}

// redateFirm changes what the deadlines of a firm's cases are counted by, and counts them anew
// in the same transaction.
func (a *App) redateFirm(ctx context.Context, actor winddown.Actor, rule func(*winddown.Firm) ([]winddown.Event, error)) error {
	return a.changeFirm(ctx, actor, func(tx *postgres.Tx, f *winddown.Firm, _ []winddown.FirmInvite) ([]winddown.Event, error) {
		events, err := rule(f)
		if err != nil || len(events) == 0 {
			return nil, err
		}
		tx.SavePractice(f)
		waiting, err := tx.LockWaitingCases(ctx, f.ID)
		if err != nil {
			return nil, err
		}
		cal, err := a.calendarIn(ctx, tx)
		if err != nil {
			return nil, err
		}
		tx.RedateCases(waiting, cal)
		return events, nil
	})
}

// QuitFirm takes the actor out of the firm he works in, as RemoveFirmPerson would. It returns the
// number of cases he leaves without anybody responsible.
func (a *App) QuitFirm(ctx context.Context, actor winddown.Actor) (cases int, err error) {
	return a.removeFirmPerson(ctx, actor, actor.UserID, winddown.CanSeeFirm)
}
