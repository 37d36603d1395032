package worker

import (
	"context"
	"time"

	"github.com/riverqueue/river"

	"winddown/internal/mail"
	"winddown/internal/winddown"
	webmail "winddown/web/mail"
)

// securityArgs ask for a letter that tells a person what was done to his account; Seq is the event.
type securityArgs struct {
	User winddown.ID `json:"user"`
	Seq  int64       `json:"seq"`
	What string      `json:"what"`
	At   time.Time   `json:"at"`
}

// Kind names the job.
func (securityArgs) Kind() string { return "security" }

// InsertOpts puts the job where it belongs.
func (securityArgs) InsertOpts() river.InsertOpts { return mailOpts(awaited) }

func (w *Workers) securityLetter(ctx context.Context, job *river.Job[securityArgs]) (mail.Message, error) {
	u, err := w.App.SecurityNotice(ctx, job.Args.User)
	if err != nil {
		return mail.Message{}, err
	}
	p := printer(u.Locale)
	subject := p.T("mail.security." + job.Args.What + ".subject")
	when := p.T("mail.security.when", "Time", p.DateTime(job.Args.At.In(winddown.Zone(u.Zone))))
	return w.message(ctx, u.Email, w.id(job.Kind, job.Args.User, job.Args.Seq), subject, webmail.Letter{
		Lang: u.Locale, Title: subject,
		Blocks: []webmail.Block{
			{Text: []string{p.T("mail.security."+job.Args.What+".text", "Email", u.Email), when}, Button: w.link(p.T("mail.security.button"), "/account")},
			{Text: []string{p.T("mail.security.stranger")}},
		},
		Footer: []string{p.T("mail.footer.automatic", "Site", w.BaseURL)},
	})
}
