package worker

import (
	"context"
	"time"

	"github.com/riverqueue/river"

	"winddown/internal/postgres"
	"winddown/internal/winddown"
)

// reader is the name of our place in the events.
const reader = "mail"

// followAtOnce bounds the events of one transaction.
const followAtOnce = 500

// stale is the age from which on an event is not written about any more: mail was off, or
// everything stood still.
const stale = 24 * time.Hour

// follow reads the events that are new and inserts the jobs they ask for.
func (w *Workers) follow(ctx context.Context) error {
	for {
		n, err := w.DB.Follow(ctx, reader, followAtOnce, func(tx postgres.JobTx, events []postgres.Followed) error {
			jobs, err := w.jobsOf(ctx, events)
			if err != nil || len(jobs) == 0 {
				return err
			}
			_, err = w.client.InsertManyTx(ctx, tx, jobs)
			return err
		})
		if err != nil || n < followAtOnce {
			return err
		}
	}
}

// jobsOf returns the letters that events ask for.
func (w *Workers) jobsOf(_ context.Context, events []postgres.Followed) ([]river.InsertManyParams, error) {
	var jobs []river.InsertManyParams
	add := func(args river.JobArgs) { jobs = append(jobs, river.InsertManyParams{Args: args}) }
	for _, f := range events {
		e := f.Event
		if w.App.Now().Sub(e.At) > stale {
			continue
		}
		switch e.Kind {
		case winddown.UserRegistered:
			if e.Via == winddown.ViaPages {
				add(confirmArgs{User: e.Stream.ID, Seq: f.Seq})
			}
		case winddown.ConfirmAsked:
			add(confirmArgs{User: e.Stream.ID, Seq: f.Seq})
		case winddown.PasswordForgotten:
			add(resetArgs{User: e.Stream.ID, Seq: f.Seq, At: e.At})
		}
	}
	return jobs, nil
}
