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

// commitTime is how long after its moment, which is when its transaction began, a change may
// become visible. The answer to a request is due within a minute. A large table of sellers may
// take longer to load: a register that is opened just as it is done shows it with the next change.
const commitTime = time.Minute

// RegisterMoved reports whether something may have changed in the register of the actor since
// he was shown it; NotFound for somebody without a firm.
func (a *App) RegisterMoved(ctx context.Context, actor winddown.Actor, since time.Time) (bool, error) {
	if actor.FirmID.IsZero() {
		return false, &winddown.Error{Kind: winddown.NotFound, Key: "error.not_found"}
	}
	return a.db.RegisterMoved(ctx, actor, since.Add(-commitTime))
}
