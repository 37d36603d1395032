package worker

import (
	"context"

	"github.com/riverqueue/river"

	"winddown/internal/app"
	"winddown/internal/mail"
	"winddown/internal/winddown"
	webmail "winddown/web/mail"
)

// leavingArgs ask for a letter that tells a person when his account is erased; Seq is the event.
type leavingArgs struct {
	User winddown.ID `json:"user"`
	Seq  int64       `json:"seq"`
}

// Kind names the job.
func (leavingArgs) Kind() string { return "account_deleted" }

// InsertOpts puts the job where it belongs.
func (leavingArgs) InsertOpts() river.InsertOpts { return mailOpts(awaited) }

func (w *Workers) leavingLetter(ctx context.Context, job *river.Job[leavingArgs]) (mail.Message, error) {
	u, at, err := w.App.AccountLetter(ctx, job.Args.User)
	if err == nil && at.IsZero() { // kept meanwhile
		err = app.ErrMoot
	}
	if err != nil {
		return mail.Message{}, err
	}
	p := printer(u.Locale)
	return w.message(ctx, u.Email, w.id(job.Kind, job.Args.User, job.Args.Seq), p.T("mail.leaving.subject"), webmail.Letter{
		Lang: u.Locale, Title: p.T("mail.leaving.title"),
		Blocks: []webmail.Block{
			{Text: []string{p.T("mail.leaving.text", "Date", p.Date(at.In(winddown.Zone(u.Zone)))), p.T("mail.leaving.stranger")},
				Button: w.link(p.T("mail.leaving.button"), "/account/delete")},
		},
		Footer: []string{p.T("mail.footer.automatic", "Site", w.BaseURL)},
	})
}

// stayingArgs ask for a letter that tells a person why his account was not erased.
type stayingArgs struct {
	User winddown.ID `json:"user"`
	Seq  int64       `json:"seq"`
}

// Kind names the job.
func (stayingArgs) Kind() string { return "account_kept" }

// InsertOpts puts the job where it belongs.
func (stayingArgs) InsertOpts() river.InsertOpts { return mailOpts(awaited) }

func (w *Workers) stayingLetter(ctx context.Context, job *river.Job[stayingArgs]) (mail.Message, error) {
	u, at, err := w.App.AccountLetter(ctx, job.Args.User)
	if err == nil && !at.IsZero() { // deleted anew meanwhile
		err = app.ErrMoot
	}
	if err != nil {
		return mail.Message{}, err
	}
	p := printer(u.Locale)
	return w.message(ctx, u.Email, w.id(job.Kind, job.Args.User, job.Args.Seq), p.T("mail.staying.subject"), webmail.Letter{
		Lang: u.Locale, Title: p.T("mail.staying.subject"),
		Blocks: []webmail.Block{{Text: []string{p.T("mail.staying.text")}, Button: w.link(p.T("mail.staying.button"), "/account/delete")}},
		Footer: []string{p.T("mail.footer.automatic", "Site", w.BaseURL)},
	})
}

// farewellArgs ask for the last letter to an erased person.
type farewellArgs struct {
	User winddown.ID `json:"user"`
}

// Kind names the job.
func (farewellArgs) Kind() string { return "account_erased" }

// InsertOpts puts the job where it belongs.
func (farewellArgs) InsertOpts() river.InsertOpts { return mailOpts(awaited) }

func (w *Workers) farewellLetter(ctx context.Context, job *river.Job[farewellArgs]) (mail.Message, outcome, error) {
	email, locale, err := w.App.Farewell(ctx, job.Args.User)
	if err != nil {
		return mail.Message{}, outcome{}, err
	}
	p := printer(locale)
	m, err := w.message(ctx, email, w.id(job.Kind, job.Args.User), p.T("mail.farewell.subject"), webmail.Letter{
		Lang: locale, Title: p.T("mail.farewell.subject"),
		Blocks: []webmail.Block{{Text: []string{p.T("mail.farewell.text"), p.T("mail.farewell.last")}}},
		Footer: []string{p.T("mail.footer.automatic", "Site", w.BaseURL)},
	})
	forget := func(ctx context.Context) error { return w.App.FarewellSent(ctx, job.Args.User) }
	return m, outcome{sent: forget, refused: forget}, err
}
