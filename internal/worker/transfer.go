package worker

import (
	"context"
	"time"

	"github.com/riverqueue/river"

	"winddown/internal/i18n"
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

// handed is what such a letter tells: that a link was made, that the case was given away or, by its
// owner's being lost, went to another, or that the reader took it over.
func (a transferredArgs) handed() string {
	switch {
	case a.To.IsZero():
		return "offered"
	case a.User == a.To:
		return "taken"
	case a.Lost:
		return "rescued"
	}
	return "given"
}

func (w *Workers) transferLetter(ctx context.Context, job *river.Job[transferredArgs]) (mail.Message, error) {
	args := job.Args
	what, other, path := args.handed(), args.To, "/account"
	switch what {
	case "offered":
		path = "/cases/" + args.Case.String() + "/people"
	case "taken":
		other, path = args.From, "/cases/"+args.Case.String()
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
			{Text: []string{w.notMe(p, what)}},
		},
		Footer: []string{p.T("mail.footer.automatic", "Site", w.BaseURL)},
	})
}

// notMe says what to do about a transfer that the reader did not mean. Whoever lost his case by it needs
// the operator of the installation: the page about personal data names him where he has said no contact.
func (w *Workers) notMe(p *i18n.Printer, handed string) string {
	if handed != "given" && handed != "rescued" {
		return p.T("mail.transfer." + handed + ".stranger")
	}
	if w.Contact == "" {
		return p.T("mail.transfer."+handed+".unreachable", "Page", w.BaseURL+"/privacy")
	}
	return p.T("mail.transfer."+handed+".reach", "Contact", w.Contact)
}

// transferWarning begins what of a warningArgs that tells of a transfer.
const transferWarning = "transfer_"

// transferWarned is what a letter about a transfer tells a person whom no letter has reached: what
// happened to one of his cases, with nothing of it.
func (w *Workers) transferWarned(p *i18n.Printer, u winddown.User, handed string, at time.Time) (subject string, l webmail.Letter) {
	subject = p.T("mail.transfer." + handed + ".unconfirmed.subject")
	button := w.link(p.T("mail.security.unconfirmed.button"), "/cases")
	if handed != "offered" { // the case is there no more
		button = w.link(p.T("mail.transfer."+handed+".button"), "/account")
	}
	return subject, webmail.Letter{Blocks: []webmail.Block{
		{Text: []string{p.T("mail.transfer." + handed + ".unconfirmed.text"), p.T("mail.security.when", "Time", p.DateTime(at.In(winddown.Zone(u.Zone))))}, Button: button},
		{Text: []string{w.notMe(p, handed), p.T("mail.security.unconfirmed.why")}},
	}}
}
