package live

import (
	"context"
	"math/rand/v2"
	"time"

	"winddown/internal/postgres"
)

// How long the hub waits before it listens again: the database comes back within seconds,
// or somebody is at work on it.
const (
	firstPause = 100 * time.Millisecond
	longPause  = 10 * time.Second
)

// Run hears hints until ctx ends, and tells every subscriber to refresh whenever the
// connection had to be made anew.
func (h *Hub) Run(ctx context.Context, db *postgres.DB) {
	wait := firstPause
	ever := false
	for ctx.Err() == nil {
		err := db.Listen(ctx, func() {
			if ever {
				h.mu.Lock()
				h.reconnects++
				h.mu.Unlock()
			}
			wait, ever = firstPause, true
			h.Refresh()
		}, func(hints []postgres.Hint) {
			if hints == nil {
				h.Refresh()
				return
			}
			h.Publish(hints)
		})
		if ctx.Err() != nil {
			return
		}
		h.log.Warn("changes of other processes are not heard", "error", err, "again_in", wait.String())
		select {
		case <-time.After(wait/2 + rand.N(wait/2)):
		case <-ctx.Done():
		}
		wait = min(2*wait, longPause)
	}
}
