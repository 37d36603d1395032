package app

import (
	"context"

	"winddown/internal/winddown"
)

// Dues returns a page of the deadlines of the cases in the actor's register; NotFound for a
// filter by somebody who is none of his firm's people.
func (a *App) Dues(ctx context.Context, actor winddown.Actor, f winddown.DuesFilter) (winddown.Dues, error) {
	now := a.now()
	first := winddown.Today(now, actor.Zone).Monday()
	return a.db.Dues(ctx, actor, f, first, first.AddDays(7*winddown.StripWeeks-1), now)
}

// FillDues writes the chases of the cases that have none yet: those from before deadlines were
// kept beside the cases.
func (a *App) FillDues(ctx context.Context) error {
	_, err := a.redateThose(ctx, true)
	return err
}
