package app

import (
	"context"
	"strconv"

	"github.com/google/uuid"

	"winddown/internal/postgres"
	"winddown/internal/winddown"
)

// Ledger returns a case with the lines of its ledger and their papers, or NotFound.
func (a *App) Ledger(ctx context.Context, actor winddown.Actor, id winddown.ID) (CaseView, error) {
	return a.db.Case(ctx, actor, id, postgres.TrailQuery{}, postgres.Ledger(), postgres.EvidenceOf(winddown.SettleDebts))
}

// keepBooks runs a rule on a case's ledger and brings the case in line with it.
func (a *App) keepBooks(ctx context.Context, actor winddown.Actor, id winddown.ID,
	rule func(*winddown.Ledger, winddown.Stamp) ([]winddown.Event, error)) error {
	return a.change(ctx, actor, id, winddown.CanMark, func(c *winddown.Case, s winddown.Stamp) ([]winddown.Event, error) {
		if c.Finished() {
			return nil, &winddown.Error{Kind: winddown.Conflict, Key: "case.error.finished"}
		}
		events, err := rule(&c.Debts, s)
		if err != nil || len(events) == 0 {
			return nil, err
		}
		return append(events, c.KeepLedger(s)...), nil
	}, postgres.Ledger())
}

// NewDebtID returns the id of a line that is about to be written down. A form carries it,
// so that sending the form twice writes one line.
func (a *App) NewDebtID() (winddown.ID, error) { return newID() }

// AddDebts writes lines down, all or none: NotFound, Forbidden, Conflict, or Invalid.
func (a *App) AddDebts(ctx context.Context, actor winddown.Actor, id winddown.ID, in []winddown.NewDebt) error {
	return a.keepBooks(ctx, actor, id, func(l *winddown.Ledger, s winddown.Stamp) ([]winddown.Event, error) {
		_, events, err := l.AddDebts(in, s)
		return events, err
	})
}

// PasteDebts is AddDebts for the lines of one pasted table. The batch names the table: sent
// a second time, it writes nothing more.
func (a *App) PasteDebts(ctx context.Context, actor winddown.Actor, id, batch winddown.ID, in []winddown.NewDebt) error {
	for i := range in {
		in[i].ID = winddown.ID(uuid.NewSHA1(uuid.UUID(batch), []byte(strconv.Itoa(i))))
	}
	return a.AddDebts(ctx, actor, id, in)
}

// ChangeDebt corrects a line: NotFound, Forbidden, Conflict, or Invalid.
func (a *App) ChangeDebt(ctx context.Context, actor winddown.Actor, id winddown.ID, in winddown.ChangeDebt) error {
	return a.keepBooks(ctx, actor, id, func(l *winddown.Ledger, s winddown.Stamp) ([]winddown.Event, error) {
		_, events, err := l.ChangeDebt(in, s)
		return events, err
	})
}

// SettleDebt says that a debt was paid or set off; errors as for ChangeDebt.
func (a *App) SettleDebt(ctx context.Context, actor winddown.Actor, id winddown.ID, in winddown.SettleDebt) error {
	return a.keepBooks(ctx, actor, id, func(l *winddown.Ledger, s winddown.Stamp) ([]winddown.Event, error) {
		_, events, err := l.SettleDebt(in, s)
		return events, err
	})
}

// WriteOffDebt gives a debt up; errors as for ChangeDebt.
func (a *App) WriteOffDebt(ctx context.Context, actor winddown.Actor, id winddown.ID, in winddown.WriteOffDebt) error {
	return a.keepBooks(ctx, actor, id, func(l *winddown.Ledger, s winddown.Stamp) ([]winddown.Event, error) {
		_, events, err := l.WriteOffDebt(in, s)
		return events, err
	})
}

// ReopenDebt takes a settlement or a write-off back; errors as for ChangeDebt.
func (a *App) ReopenDebt(ctx context.Context, actor winddown.Actor, id winddown.ID, in winddown.ReopenDebt) error {
	return a.keepBooks(ctx, actor, id, func(l *winddown.Ledger, s winddown.Stamp) ([]winddown.Event, error) {
		_, events, err := l.ReopenDebt(in, s)
		return events, err
	})
}

// RemoveDebt takes a line out with a reason; errors as for ChangeDebt.
func (a *App) RemoveDebt(ctx context.Context, actor winddown.Actor, id winddown.ID, in winddown.RemoveDebt) error {
	return a.keepBooks(ctx, actor, id, func(l *winddown.Ledger, s winddown.Stamp) ([]winddown.Event, error) {
		_, events, err := l.RemoveDebt(in, s)
		return events, err
	})
}
