package worker

import (
	"context"
	"errors"

	"github.com/riverqueue/river"

	"winddown/internal/postgres"
)

// A planner returns the jobs for whoever is due by the app's clock. It is asked once a
// minute, by every process: jobs that are there already are left out by their uniqueness.
type planner func(context.Context) ([]river.InsertManyParams, error)

func (w *Workers) planners() []planner {
	return []planner{w.dueDigests}
}

// plan asks every planner; one that fails keeps neither the others nor what it had planned.
func (w *Workers) plan(ctx context.Context) error {
	var failures []error
	for _, due := range w.planners() {
		jobs, err := due(ctx)
		failures = append(failures, err)
		if len(jobs) > 0 {
			failures = append(failures, w.DB.InJobTx(ctx, func(tx postgres.JobTx) error {
				_, err := w.client.InsertManyTx(ctx, tx, jobs)
				return err
			}))
		}
	}
	return errors.Join(failures...)
}
