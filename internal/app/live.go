package app

import (
	"context"
	"time"

	"winddown/internal/winddown"
)

// CaseSeq returns the number of the last event of a case, or NotFound for who may not see it.
func (a *App) CaseSeq(ctx context.Context, actor winddown.Actor, id winddown.ID) (int64, error) {
	return a.db.CaseSeq(ctx, actor, id)
}

// commitTime is how long after its moment a change may become visible: no request lasts longer.
const commitTime = 10 * time.Second

// RegisterMoved reports whether something may have changed in the register of the actor since
// he was shown it; NotFound for somebody without a firm.
func (a *App) RegisterMoved(ctx context.Context, actor winddown.Actor, since time.Time) (bool, error) {
	if actor.FirmID.IsZero() {
		return false, &winddown.Error{Kind: winddown.NotFound, Key: "error.not_found"}
	}
	return a.db.RegisterMoved(ctx, actor, since.Add(-commitTime))
}
