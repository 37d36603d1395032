package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"winddown/internal/app"
	"winddown/internal/localpg"
	"winddown/internal/mail"
	"winddown/internal/worker"
)

// mailFlags say how letters are sent. The address of the server holds a password.
type mailFlags struct {
	SMTPURL  string `env:"WINDDOWN_SMTP_URL" name:"smtp-url" help:"Mail server, such as smtp://user:password@mail.example:587 or smtps://…; without it no letters are sent." placeholder:"URL"`
	MailFrom string `env:"WINDDOWN_MAIL_FROM" help:"Sender of the letters, such as \"Winddown <winddown@example.com>\"." placeholder:"ADDRESS"`
}

// client returns the way to the mail server, or nil where there is none.
func (f mailFlags) client() (*mail.Client, error) {
	if f.SMTPURL == "" {
		return nil, nil
	}
	if f.MailFrom == "" {
		return nil, errors.New("letters need a sender: give it with --mail-from")
	}
	return mail.Open(f.SMTPURL, f.MailFrom)
}

// startWorkers begins to send letters, and returns how to stop.
func startWorkers(ctx context.Context, a *app.App, db *database, client *mail.Client, base, contact string, log *slog.Logger, timing workerTiming) (stop func() error, err error) {
	w, err := worker.Start(ctx, worker.Options{App: a, DB: db.DB, Mail: client, BaseURL: base, Contact: contact, Log: log,
		Timeout: timing.JobTimeout, Rescue: timing.RescueAfter, PlanEvery: timing.PlanEvery})
	if err != nil {
		return nil, err
	}
	log.Info("sending letters", "server", client.Server())
	return w.Stop, nil
}

// workerTiming is for tests that do not wait for minutes.
type workerTiming struct {
	JobTimeout  time.Duration `hidden:"" default:"1m"`
	RescueAfter time.Duration `hidden:"" default:"2m"`
	PlanEvery   time.Duration `hidden:"" default:"1m"`
}

// workCmd sends letters in a process of its own.
type workCmd struct {
	databaseFlags
	mailFlags
	workerTiming
	BaseURL string `env:"WINDDOWN_BASE_URL" required:"" help:"Address people reach the site at, for the links in letters." placeholder:"URL"`
	contactFlag
	LogFormat string    `env:"WINDDOWN_LOG_FORMAT" enum:"text,json" default:"text" help:"Form of the log: text or json."`
	Dev       bool      `env:"WINDDOWN_DEV" hidden:""`
	Now       time.Time `hidden:""`
}

// Run works until ctx ends, then finishes the letter under way.
func (c workCmd) Run(ctx context.Context, std streams) (err error) {
	client, err := c.client()
	if err != nil {
		return err
	}
	if client == nil {
		return errors.New("without a mail server there is no work: give it with --smtp-url")
	}
	base, err := baseURL(c.BaseURL, "")
	if err != nil {
		return err
	}
	options := app.Options{Mail: true}
	if options.Now, err = devClock(c.Now, c.Dev); err != nil {
		return err
	}
	log := newLog(std.err, c.LogFormat)
	db, err := c.open(ctx, log, localpg.Join)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.close()) }()
	if err := db.checkSchema(ctx); err != nil {
		return err
	}
	stop, err := startWorkers(ctx, app.New(db.DB, options), db, client, base, c.OperatorContact, log, c.workerTiming)
	if err != nil {
		return err
	}
	_, _ = fmt.Fprintln(std.out, "Winddown: working")
	<-ctx.Done()
	log.Info("stopping")
	return stop()
}

// devClock returns the clock that tests set, or nil for the system's.
func devClock(moment time.Time, dev bool) (func() time.Time, error) {
	if moment.IsZero() {
		return nil, nil
	}
	if !dev {
		return nil, errors.New("--now is for --dev only: deadlines and login sessions follow the clock")
	}
	return clockFrom(moment), nil
}
