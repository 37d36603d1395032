package worker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"

	"winddown/internal/app"
	"winddown/internal/mail"
	"winddown/internal/postgres"
)

// Sender hands a letter to a mail server.
type Sender interface {
	Send(ctx context.Context, m mail.Message) error
	// Domain is where the letters come from.
	Domain() string
}

// Options are what the workers work with.
type Options struct {
	App     *app.App
	DB      *postgres.DB
	Mail    Sender
	BaseURL string // scheme and host, for the links in letters
	Contact string // how the operator of the installation is reached, empty when he has not said so
	Log     *slog.Logger
	// Timeout bounds one job, Rescue is how long after its beginning a job is taken from a
	// process that died; a minute and two if they are zero.
	Timeout, Rescue time.Duration
	// PlanEvery is how often it is asked who is due; a minute if it is zero.
	PlanEvery time.Duration
}

// Workers run until Stop.
type Workers struct {
	Options
	client *river.Client[postgres.JobTx]
	cancel context.CancelFunc
	loop   sync.WaitGroup
}

// The pace of the workers.
const (
	jobTimeout  = time.Minute
	rescueAfter = 2 * time.Minute
	maxAttempts = 10 // four hours and a quarter, with River's growing pauses

	pollEvery   = time.Second // for jobs, and for events
	planEvery   = time.Minute
	stopTimeout = 10 * time.Second
)

// queue is where letters wait.
const queue = "mail"

// Start begins to work. It takes no part in the end of ctx: the caller stops the workers
// when nothing needs them any more.
func Start(ctx context.Context, o Options) (*Workers, error) {
	if o.Timeout == 0 {
		o.Timeout, o.Rescue = jobTimeout, rescueAfter
	}
	if o.PlanEvery == 0 {
		o.PlanEvery = planEvery
	}
	w := &Workers{Options: o}
	bundle := river.NewWorkers()
	w.kinds(bundle)
	var err error
	w.client, err = river.NewClient(o.DB.JobDriver(), &river.Config{
		// One letter at a time: a process that is killed leaves one letter at most of which
		// nobody knows whether it was sent.
		Queues:               map[string]river.QueueConfig{queue: {MaxWorkers: 1, FetchCooldown: 5 * time.Millisecond}},
		Workers:              bundle,
		PollOnly:             true,
		FetchPollInterval:    pollEvery,
		JobTimeout:           o.Timeout,
		RescueStuckJobsAfter: o.Rescue,
		MaxAttempts:          maxAttempts,
		// Dead letters stay long enough to be seen after a holiday.
		CancelledJobRetentionPeriod: keepDead,
		DiscardedJobRetentionPeriod: keepDead,
		Logger:                      o.Log,
	})
	if err != nil {
		return nil, fmt.Errorf("workers: %w", err)
	}
	ctx, w.cancel = context.WithCancel(context.WithoutCancel(ctx))
	if err := w.client.Start(context.WithoutCancel(ctx)); err != nil {
		w.cancel()
		return nil, fmt.Errorf("workers: %w", err)
	}
	w.loop.Go(func() { w.run(ctx) })
	return w, nil
}

// keepDead is how long letters that could not be sent are kept.
const keepDead = 30 * 24 * time.Hour

// Stop takes up nothing new and waits for the letter under way, ten seconds at most.
func (w *Workers) Stop() error {
	w.cancel()
	w.loop.Wait()
	ctx, cancel := context.WithTimeout(context.Background(), stopTimeout)
	defer cancel()
	err := w.client.Stop(ctx)
	if errors.Is(err, context.DeadlineExceeded) {
		hard, cancel := context.WithTimeout(context.Background(), stopTimeout)
		defer cancel()
		err = w.client.StopAndCancel(hard)
	}
	if err != nil {
		return fmt.Errorf("workers: %w", err)
	}
	return nil
}

// run follows the events and asks the planners until ctx ends.
func (w *Workers) run(ctx context.Context) {
	follow, plan := time.NewTicker(pollEvery), time.NewTicker(w.PlanEvery)
	defer follow.Stop()
	defer plan.Stop()
	var followed, planned trouble
	planned.note(ctx, w.Log, "planning letters", w.plan(ctx))
	for {
		followed.note(ctx, w.Log, "following the events", w.follow(ctx))
		select {
		case <-ctx.Done():
			return
		case <-follow.C:
		case <-plan.C:
			planned.note(ctx, w.Log, "planning letters", w.plan(ctx))
		}
	}
}

// trouble is logged when it begins and when it ends, not every second.
type trouble struct{ last string }

func (t *trouble) note(ctx context.Context, log *slog.Logger, what string, err error) {
	switch {
	case ctx.Err() != nil:
	case err == nil && t.last != "":
		log.Info(what + " works again")
		t.last = ""
	case err != nil && err.Error() != t.last:
		log.Error(what+" failed", "error", err)
		t.last = err.Error()
	}
}

// addKind registers a kind of letter.
func addKind[T river.JobArgs](w *Workers, bundle *river.Workers, compose func(context.Context, *river.Job[T]) (mail.Message, error)) {
	addNotedKind(w, bundle, func(ctx context.Context, job *river.Job[T]) (mail.Message, outcome, error) {
		m, err := compose(ctx, job)
		return m, outcome{}, err
	})
}

// outcome is what is noted beside the job when a letter was sent, or was refused for good.
type outcome struct {
	sent, refused func(context.Context) error
}

// addNotedKind registers a kind of letter of which something else is noted too.
func addNotedKind[T river.JobArgs](w *Workers, bundle *river.Workers,
	compose func(context.Context, *river.Job[T]) (mail.Message, outcome, error)) {
	river.AddWorker(bundle, river.WorkFunc(func(ctx context.Context, job *river.Job[T]) error {
		m, note, err := compose(ctx, job)
		if errors.Is(err, app.ErrMoot) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := w.Mail.Send(ctx, m); err != nil {
			var refused *mail.Error
			if !errors.As(err, &refused) || !refused.Permanent {
				return err
			}
			if note.refused != nil {
				if err := note.refused(ctx); err != nil {
					return err
				}
			}
			return river.JobCancel(err)
		}
		// The letter is sent: whatever happens to the context now must not have it sent again.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
		defer cancel()
		if note.sent != nil {
			if err := insist(ctx, note.sent); err != nil {
				return err
			}
		}
		return insist(ctx, func(ctx context.Context) error {
			return w.DB.InJobTx(ctx, func(tx postgres.JobTx) error {
				_, err := river.JobCompleteTx[*riverpgxv5.Driver](ctx, tx, job)
				return err
			})
		})
	}))
}

// insist does something until it succeeds or ctx ends, and returns the last failure.
func insist(ctx context.Context, do func(context.Context) error) error {
	for pause := 50 * time.Millisecond; ; pause = min(2*pause, time.Second) {
		err := do(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(pause):
		}
	}
}
