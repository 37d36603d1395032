package worker

import (
	"context"
	"time"

	"github.com/riverqueue/river"

	"winddown/internal/mail"
	"winddown/internal/winddown"
	webmail "winddown/web/mail"
)

// transferredArgs ask for a letter that tells one of two people of a case that is handed over: that
// a link was made, while To is zero, or that the case was taken over. Seq is the event of the case.
type transferredArgs struct {
	Case winddown.ID `json:"case"`
	Seq  int64       `json:"seq"`
	User winddown.ID `json:"user"`
	From winddown.ID `json:"from"`
	To   winddown.ID `json:"to,omitzero"`
	Lost bool        `json:"lost,omitzero"` // From was lost, and did not hand it over
	At   time.Time   `json:"at"`
}

// Kind names the job.
func (transferredArgs) Kind() string { return "case_transferred" }

// InsertOpts puts the job where it belongs.
func (transferredArgs) InsertOpts() river.InsertOpts { return mailOpts(awaited) }

func (w *Workers) transferLetter(ctx context.Context, job *river.Job[transferredArgs]) (mail.Message, error) {
	args := job.Args
	what, other, path := "given", args.To, "/account"
	switch {
	case args.To.IsZero():
		what, path = "offered", "/cases/"+args.Case.String()+"/people"
	case args.User == args.To:
		what, other, path = "taken", args.From, "/cases/"+args.Case.String()
	case args.Lost:
		what = "rescued"
	}
	l, err := w.App.CaseLetter(ctx, args.Case, args.User, other)
	if err != nil {
		return mail.Message{}, err
	}
	p := printer(l.To.Locale)
	subject := p.T("mail.transfer."+what+".subject", "Seller", l.Seller)
	when := p.T("mail.security.when", "Time", p.DateTime(args.At.In(winddown.Zone(l.To.Zone))))
	return w.message(ctx, l.To.Email, w.id(job.Kind, args.User, args.Case, args.Seq), subject, webmail.Letter{
		Lang: l.To.Locale, Title: subject,
		Blocks: []webmail.Block{
			{Text: []string{p.T("mail.transfer."+what+".text", "Seller", l.Seller, "Name", l.Other), when}, Button: w.link(p.T("mail.transfer."+what+".button"), path)},
			{Text: []string{p.T("mail.transfer." + what + ".stranger")}},
		},
		Footer: []string{p.T("mail.footer.automatic", "Site", w.BaseURL)},
	})
}
