package app

import (
	"context"

	"winddown/internal/postgres"
	"winddown/internal/winddown"
)

// Deadlines returns a case with the part of its trail that the timeline needs, or NotFound.
func (a *App) Deadlines(ctx context.Context, actor winddown.Actor, id winddown.ID) (CaseView, error) {
	return a.db.Case(ctx, actor, id, postgres.TrailQuery{Limit: TrailOnPage})
}

// AddDeadline types a deadline in: NotFound, Forbidden, Conflict, or Invalid.
func (a *App) AddDeadline(ctx context.Context, actor winddown.Actor, id winddown.ID, in winddown.AddDeadline) error {
	return a.change(ctx, actor, id, winddown.CanMark, func(c *winddown.Case, s winddown.Stamp) ([]winddown.Event, error) {
		return c.AddDeadline(in, s)
	})
}

// CloseDeadline says that a deadline was dealt with: NotFound, Forbidden, Conflict, or
// Invalid.
func (a *App) CloseDeadline(ctx context.Context, actor winddown.Actor, id winddown.ID, number int, on winddown.Date) error {
	return a.change(ctx, actor, id, winddown.CanMark, func(c *winddown.Case, s winddown.Stamp) ([]winddown.Event, error) {
		return c.CloseDeadline(number, on, s)
	})
}

// ReopenDeadline takes that back: NotFound, Forbidden, or Conflict.
func (a *App) ReopenDeadline(ctx context.Context, actor winddown.Actor, id winddown.ID, number int) error {
	return a.change(ctx, actor, id, winddown.CanMark, func(c *winddown.Case, s winddown.Stamp) ([]winddown.Event, error) {
		return c.ReopenDeadline(number, s)
	})
}

// RemoveDeadline takes away a deadline typed in by mistake: NotFound, Forbidden, or
// Conflict.
func (a *App) RemoveDeadline(ctx context.Context, actor winddown.Actor, id winddown.ID, number int) error {
	return a.change(ctx, actor, id, winddown.CanMark, func(c *winddown.Case, s winddown.Stamp) ([]winddown.Event, error) {
		return c.RemoveDeadline(number, s)
	})
}

// CheckInbox says that the portal's inbox holds no claims: NotFound, Forbidden, or Conflict.
func (a *App) CheckInbox(ctx context.Context, actor winddown.Actor, id winddown.ID) error {
	return a.change(ctx, actor, id, winddown.CanMark, func(c *winddown.Case, s winddown.Stamp) ([]winddown.Event, error) {
		return c.CheckInbox(s)
	})
}

// ChangeTerm gives a case a term of its own: NotFound, Forbidden, Conflict, or Invalid.
func (a *App) ChangeTerm(ctx context.Context, actor winddown.Actor, id winddown.ID, in winddown.ChangeTerm) error {
	return a.change(ctx, actor, id, winddown.CanMark, func(c *winddown.Case, s winddown.Stamp) ([]winddown.Event, error) {
		return c.ChangeTerm(in, s)
	})
}
