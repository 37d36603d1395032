package app

import (
	"context"

	"winddown/internal/postgres"
	"winddown/internal/winddown"
)

// Acts returns a case with all its evidence, or NotFound.
func (a *App) Acts(ctx context.Context, actor winddown.Actor, id winddown.ID) (CaseView, error) {
	return a.db.Case(ctx, actor, id, postgres.TrailQuery{}, postgres.EvidenceOf(""))
}

// AddAct adds an act for a further legal entity: NotFound, Forbidden, Conflict, or Invalid.
func (a *App) AddAct(ctx context.Context, actor winddown.Actor, id winddown.ID, in winddown.AddAct) error {
	return a.change(ctx, actor, id, winddown.CanMark, func(c *winddown.Case, s winddown.Stamp) ([]winddown.Event, error) {
		return c.AddAct(in, s)
	})
}

// RemoveAct takes away an act that was added by mistake: NotFound, Forbidden, or Conflict.
func (a *App) RemoveAct(ctx context.Context, actor winddown.Actor, id winddown.ID, position, version int) error {
	return a.change(ctx, actor, id, winddown.CanMark, func(c *winddown.Case, s winddown.Stamp) ([]winddown.Event, error) {
		return c.RemoveAct(position, version, s)
	})
}

// CompareAct notes whether a received act agrees with the seller's books: NotFound,
// Forbidden, Blocked, Conflict, or Invalid.
func (a *App) CompareAct(ctx context.Context, actor winddown.Actor, id winddown.ID, in winddown.CompareAct) error {
	return a.change(ctx, actor, id, winddown.CanMark, func(c *winddown.Case, s winddown.Stamp) ([]winddown.Event, error) {
		return c.CompareAct(in, s)
	})
}

// RemindAct notes that the marketplace was reminded of an act; errors as for CompareAct.
func (a *App) RemindAct(ctx context.Context, actor winddown.Actor, id winddown.ID, in winddown.RemindAct) error {
	return a.change(ctx, actor, id, winddown.CanMark, func(c *winddown.Case, s winddown.Stamp) ([]winddown.Event, error) {
		return c.RemindAct(in, s)
	})
}

// DisputeAct notes that the objections were sent; errors as for CompareAct.
func (a *App) DisputeAct(ctx context.Context, actor winddown.Actor, id winddown.ID, in winddown.DisputeAct) error {
	return a.change(ctx, actor, id, winddown.CanMark, func(c *winddown.Case, s winddown.Stamp) ([]winddown.Event, error) {
		return c.DisputeAct(in, s)
	})
}

// CountersignAct notes the marketplace's signature; errors as for CompareAct.
func (a *App) CountersignAct(ctx context.Context, actor winddown.Actor, id winddown.ID, in winddown.CountersignAct) error {
	return a.change(ctx, actor, id, winddown.CanMark, func(c *winddown.Case, s winddown.Stamp) ([]winddown.Event, error) {
		return c.CountersignAct(in, s)
	})
}

// UndoAct takes the last thing back that was noted about an act; errors as for CompareAct.
func (a *App) UndoAct(ctx context.Context, actor winddown.Actor, id winddown.ID, in winddown.UndoAct) error {
	return a.change(ctx, actor, id, winddown.CanMark, func(c *winddown.Case, s winddown.Stamp) ([]winddown.Event, error) {
		return c.UndoAct(in, s)
	})
}
