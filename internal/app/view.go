package app

import (
	"context"

	"winddown/internal/postgres"
	"winddown/internal/winddown"
)

// Start says where a person begins.
type Start = postgres.Start

// Start returns where the actor begins.
func (a *App) Start(ctx context.Context, actor winddown.Actor) (Start, error) {
	return a.db.Start(ctx, actor)
}

// Views returns the actor's saved views of the register, with the people of his firm.
func (a *App) Views(ctx context.Context, actor winddown.Actor) (winddown.Views, []winddown.Member, error) {
	return a.db.Views(ctx, actor)
}

// changeViews runs a rule on the actor's views and writes what came of it.
func (a *App) changeViews(ctx context.Context, actor winddown.Actor, rule func(*winddown.Views) ([]winddown.Event, error)) error {
	return a.db.InTx(ctx, actor, a.now(), func(tx *postgres.Tx) ([]winddown.Event, error) {
		views, err := tx.LockViews(ctx)
		if err != nil {
			return nil, err
		}
		events, err := rule(&views)
		if err != nil || len(events) == 0 {
			return nil, err
		}
		tx.SaveViews(views)
		return winddown.OnStream(userStream(actor.UserID), events), nil
	})
}

// SaveView saves a query of the register under a name: Invalid, or Conflict when there are too
// many.
func (a *App) SaveView(ctx context.Context, actor winddown.Actor, name, query string, home bool, shown winddown.StarterNames) error {
	id, err := newID()
	if err != nil {
		return err
	}
	return a.changeViews(ctx, actor, func(v *winddown.Views) ([]winddown.Event, error) { return v.Save(id, name, query, home, shown) })
}

// ChangeView gives a view another name and place: NotFound, or Invalid.
func (a *App) ChangeView(ctx context.Context, actor winddown.Actor, id winddown.ID, name string, pinned, home bool, shown winddown.StarterNames) error {
	return a.changeViews(ctx, actor, func(v *winddown.Views) ([]winddown.Event, error) { return v.Change(id, name, pinned, home, shown) })
}

// RemoveView drops a view: NotFound.
func (a *App) RemoveView(ctx context.Context, actor winddown.Actor, id winddown.ID) error {
	return a.changeViews(ctx, actor, func(v *winddown.Views) ([]winddown.Event, error) { return v.Remove(id) })
}
