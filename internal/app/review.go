package app

import (
	"context"

	"winddown/internal/postgres"
	"winddown/internal/winddown"
)

// AcceptStep signs the evidence of a done step: NotFound, Forbidden, or Conflict.
func (a *App) AcceptStep(ctx context.Context, actor winddown.Actor, id winddown.ID, in winddown.Review) error {
	return a.change(ctx, actor, id, winddown.CanReview, func(c *winddown.Case, s winddown.Stamp) ([]winddown.Event, error) {
		return c.Accept(in, s)
	}, postgres.EvidenceOf(in.Step))
}

// SendBack returns a done step to the seller: NotFound, Forbidden, Conflict, or Invalid.
func (a *App) SendBack(ctx context.Context, actor winddown.Actor, id winddown.ID, in winddown.Review) error {
	return a.change(ctx, actor, id, winddown.CanReview, func(c *winddown.Case, s winddown.Stamp) ([]winddown.Event, error) {
		return c.SendBack(in, s)
	})
}

// Waive opens the gate of a step without fulfilment: NotFound, Forbidden, Conflict, or
// Invalid.
func (a *App) Waive(ctx context.Context, actor winddown.Actor, id winddown.ID, in winddown.Review) error {
	return a.change(ctx, actor, id, winddown.CanReview, func(c *winddown.Case, s winddown.Stamp) ([]winddown.Event, error) {
		return c.Waive(in, s)
	})
}

// Unwaive takes that back: NotFound, Forbidden, Conflict, or Invalid.
func (a *App) Unwaive(ctx context.Context, actor winddown.Actor, id winddown.ID, in winddown.Review) error {
	return a.change(ctx, actor, id, winddown.CanReview, func(c *winddown.Case, s winddown.Stamp) ([]winddown.Event, error) {
		return c.Unwaive(in, s)
	})
}

// Ask asks a question about a step: NotFound, Forbidden, Conflict, or Invalid.
func (a *App) Ask(ctx context.Context, actor winddown.Actor, id winddown.ID, code winddown.Code, text string) error {
	return a.change(ctx, actor, id, winddown.CanReview, func(c *winddown.Case, s winddown.Stamp) ([]winddown.Event, error) {
		return c.Ask(code, text, s)
	}, postgres.Questions())
}

// Answer answers a question: NotFound, Forbidden, Conflict, or Invalid.
func (a *App) Answer(ctx context.Context, actor winddown.Actor, id winddown.ID, number int, text string) error {
	return a.change(ctx, actor, id, winddown.CanAnswer, func(c *winddown.Case, s winddown.Stamp) ([]winddown.Event, error) {
		return c.Answer(number, text, s)
	}, postgres.Questions())
}

// Resolve closes a question: NotFound, Forbidden, or Conflict.
func (a *App) Resolve(ctx context.Context, actor winddown.Actor, id winddown.ID, number int) error {
	return a.change(ctx, actor, id, winddown.CanAnswer, func(c *winddown.Case, s winddown.Stamp) ([]winddown.Event, error) {
		return c.Resolve(number, s)
	}, postgres.Questions())
}
