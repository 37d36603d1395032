package app

import (
	"context"
	"errors"

	"winddown/internal/letter"
	"winddown/internal/postgres"
	"winddown/internal/winddown"
)

// Texts returns the newest version of every text that was ever replaced.
func (a *App) Texts(ctx context.Context) ([]winddown.Text, error) { return a.db.Texts(ctx) }

// Text returns the newest version of a text, without parts where the one built in counts;
// NotFound if there is no such text.
func (a *App) Text(ctx context.Context, kind winddown.TextKind, key, locale string) (winddown.Text, error) {
	if err := winddown.CheckTextKey(kind, key, locale); err != nil {
		return winddown.Text{}, err
	}
	return a.db.Text(ctx, kind, key, locale)
}

// TextVersions returns every version of a text, the newest first; NotFound if there is no
// such text.
func (a *App) TextVersions(ctx context.Context, kind winddown.TextKind, key, locale string) ([]winddown.Text, error) {
	if err := winddown.CheckTextKey(kind, key, locale); err != nil {
		return nil, err
	}
	return a.db.TextVersions(ctx, kind, key, locale)
}

// SetText puts a text in place of the one there is, as a new version, and returns that;
// the same text again is no new version. NotFound, or Invalid with the parts and fields at
// fault. It is an operator's tool.
func (a *App) SetText(ctx context.Context, t winddown.Text) (winddown.Text, error) {
	t, err := a.CheckText(t)
	if err != nil {
		return t, err
	}
	return a.replaceText(ctx, t)
}

// CheckText returns a text as SetText would write it, or what SetText would refuse.
func (a *App) CheckText(t winddown.Text) (winddown.Text, error) {
	t, err := t.Check(winddown.Today(a.now(), winddown.DefaultZone))
	if err == nil && t.Kind == winddown.LetterText {
		var known *winddown.Error
		if errors.As(letter.Check(t.Parts[winddown.PartBody]), &known) {
			err = &winddown.Error{Kind: winddown.Invalid, Key: "error.invalid",
				Fields: []winddown.FieldError{{Field: winddown.PartBody, Key: known.Key, Args: known.Args}}}
		}
	}
	return t, err
}

// RevertText returns to the text built in, as a new version; NotFound if there is no such
// text.
func (a *App) RevertText(ctx context.Context, kind winddown.TextKind, key, locale string) (winddown.Text, error) {
	if err := winddown.CheckTextKey(kind, key, locale); err != nil {
		return winddown.Text{}, err
	}
	return a.replaceText(ctx, winddown.Text{Kind: kind, Key: key, Locale: locale})
}

func (a *App) replaceText(ctx context.Context, t winddown.Text) (winddown.Text, error) {
	err := a.db.InTx(ctx, command(), a.now(), func(tx *postgres.Tx) ([]winddown.Event, error) {
		before, err := tx.LockText(ctx, t.Kind, t.Key, t.Locale)
		if err != nil {
			return nil, err
		}
		next, events := t.Replace(before)
		t = next
		if len(events) > 0 {
			tx.InsertText(next)
		}
		return winddown.OnStream(winddown.System(), events), nil
	})
	return t, err
}
