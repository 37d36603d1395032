package worker

import (
	"context"

	"github.com/riverqueue/river"

	"winddown/internal/mail"
	"winddown/internal/winddown"
	webmail "winddown/web/mail"
)

// newEmailArgs ask for a letter by which a person confirms the address he wants to have.
type newEmailArgs struct {
	User   winddown.ID `json:"user"`
	Change winddown.ID `json:"change"`
}

// Kind names the job.
func (newEmailArgs) Kind() string { return "new_email" }

// InsertOpts puts the job where it belongs.
func (newEmailArgs) InsertOpts() river.InsertOpts { return mailOpts(awaited) }

func (w *Workers) newEmailLetter(ctx context.Context, job *river.Job[newEmailArgs]) (mail.Message, error) {
	l, err := w.App.NewEmailLetter(ctx, job.Args.User, job.Args.Change)
	if err != nil {
		return mail.Message{}, err
	}
	p := printer(l.To.Locale)
	ask := webmail.Block{Text: []string{p.T("mail.new_email.text", "Email", l.To.Email)}}
	after := webmail.Block{Text: []string{p.T("mail.confirm.term"), p.T("mail.new_email.stranger")}}
	if l.Taken {
		after = webmail.Block{Text: []string{p.T("mail.new_email.taken"), p.T("mail.new_email.stranger")}}
	} else {
		ask.Button = w.link(p.T("mail.confirm.button"), "/account/email/confirm/"+l.Token)
	}
	return w.message(ctx, l.To.Email, w.id(job.Kind, job.Args.User, job.Args.Change), p.T("mail.new_email.subject"), webmail.Letter{
		Lang: l.To.Locale, Title: p.T("mail.new_email.title"), Blocks: []webmail.Block{ask, after},
		Footer: []string{p.T("mail.footer.automatic", "Site", w.BaseURL)},
	})
}

// oldEmailArgs ask for a letter that tells a person at his present address that it is about to
// be changed.
type oldEmailArgs struct {
	User   winddown.ID `json:"user"`
	Change winddown.ID `json:"change"`
}

// Kind names the job.
func (oldEmailArgs) Kind() string { return "old_email" }

// InsertOpts puts the job where it belongs.
func (oldEmailArgs) InsertOpts() river.InsertOpts { return mailOpts(awaited) }

func (w *Workers) oldEmailLetter(ctx context.Context, job *river.Job[oldEmailArgs]) (mail.Message, error) {
	u, err := w.App.OldEmailNotice(ctx, job.Args.User, job.Args.Change)
	if err != nil {
		return mail.Message{}, err
	}
	p := printer(u.Locale)
	return w.message(ctx, u.Email, w.id(job.Kind, job.Args.User, job.Args.Change), p.T("mail.old_email.subject"), webmail.Letter{
		Lang: u.Locale, Title: p.T("mail.old_email.title"),
		Blocks: []webmail.Block{
			{Text: []string{p.T("mail.old_email.text", "Email", u.Email), p.T("mail.old_email.stranger")},
				Button: w.link(p.T("mail.reset.button"), "/password/forgot")},
			{Text: []string{p.T("mail.old_email.late", "Page", w.BaseURL+"/privacy")}}, // whoever runs the site is named there, if he said so
		},
		Footer: []string{p.T("mail.footer.automatic", "Site", w.BaseURL)},
	})
}
