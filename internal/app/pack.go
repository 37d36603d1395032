package app

import (
	"context"
	"errors"
	"strconv"

	"winddown/internal/pack"
	"winddown/internal/postgres"
	"winddown/internal/winddown"
)

// Pack returns what the handover pack of a case is made of, as the case is at this moment:
// NotFound. It is the same for everybody who sees the case.
func (a *App) Pack(ctx context.Context, actor winddown.Actor, id winddown.ID) (pack.Source, error) {
	read, err := a.db.PackRead(ctx, actor, id)
	return a.packSource(read), err
}

// ErrUnseen says that a case exists and nobody sees it.
var ErrUnseen = errors.New("nobody has access to the case")

// OperatorsPack is Pack for an operator's tool, which takes no actor: NotFound for a case that
// does not exist, or ErrUnseen.
func (a *App) OperatorsPack(ctx context.Context, id winddown.ID) (pack.Source, error) {
	reader, err := a.db.CaseReader(ctx, id)
	if err != nil {
		return pack.Source{}, err
	}
	if reader.UserID.IsZero() {
		return pack.Source{}, ErrUnseen
	}
	return a.Pack(ctx, reader, id)
}

func (a *App) packSource(read postgres.PackRead) pack.Source {
	return pack.Source{Case: read.Case, Head: read.Head, History: read.History, Names: read.Names, Files: a.files}
}

// NotePack writes into the actor's own trail that he took the pack of a case, as it is
// after the event with the given number.
func (a *App) NotePack(ctx context.Context, actor winddown.Actor, id winddown.ID, seq int64) error {
	return a.db.InTx(ctx, actor, a.now(), func(tx *postgres.Tx) ([]winddown.Event, error) {
		if _, err := tx.LockUser(ctx, actor.UserID); err != nil {
			return nil, err
		}
		return []winddown.Event{{Stream: userStream(actor.UserID), Kind: winddown.FileDownloaded,
			After: winddown.Changes{"case": id.String(), "pack": strconv.FormatInt(seq, 10)}}}, nil
	})
}
