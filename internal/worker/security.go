package worker

import (
	"context"
	"strings"
	"time"

	"github.com/riverqueue/river"

	"winddown/internal/i18n"
	"winddown/internal/mail"
	"winddown/internal/winddown"
	webmail "winddown/web/mail"
)

// newBrowser is what of a letter about a login in a browser that was new.
const newBrowser = "new_browser"

// securityArgs ask for a letter that tells a person what was done to his account, or to a case of his;
// Seq is the event.
type securityArgs struct {
	User winddown.ID `json:"user"`
	Seq  int64       `json:"seq"`
	What string      `json:"what"`
	At   time.Time   `json:"at"`
	Case winddown.ID `json:"case,omitzero"` // that it is about, with whose events Seq counts
	// Session is the login that newBrowser is about.
	Session winddown.ID `json:"session,omitzero"`
}

// Kind names the job.
func (securityArgs) Kind() string { return "security" }

// InsertOpts puts the job where it belongs.
func (securityArgs) InsertOpts() river.InsertOpts { return mailOpts(awaited) }

func (w *Workers) securityLetter(ctx context.Context, job *river.Job[securityArgs]) (mail.Message, error) {
	args := job.Args
	if !args.Case.IsZero() {
		return w.caseSecurityLetter(ctx, job.Kind, args)
	}
	u, err := w.App.SecurityNotice(ctx, args.User)
	if err != nil {
		return mail.Message{}, err
	}
	p := printer(u.Locale)
	subject := p.T("mail.security." + job.Args.What + ".subject")
	facts := []string{
		p.T("mail.security."+job.Args.What+".text", "Email", u.Email),
		p.T("mail.security.when", "Time", p.DateTime(job.Args.At.In(winddown.Zone(u.Zone)))),
	}
	if job.Args.What == newBrowser {
		login, err := w.App.LoginSession(ctx, job.Args.User, job.Args.Session)
		if err != nil {
			return mail.Message{}, err
		}
		if login.UserAgent != "" {
			facts = append(facts, p.T("mail.security.device", "Device", p.Browser(login.UserAgent)))
		}
		if login.Address != "" {
			facts = append(facts, p.T("mail.security.address", "Address", login.Address))
		}
	}
	return w.message(ctx, u.Email, w.id(job.Kind, job.Args.User, job.Args.Seq), subject, webmail.Letter{
		Lang: u.Locale, Title: subject,
		Blocks: []webmail.Block{
			{Text: facts, Button: w.link(p.T("mail.security.button"), "/account")},
			{Text: []string{p.T("mail.security.stranger")}},
		},
		Footer: []string{p.T("mail.footer.automatic", "Site", w.BaseURL)},
	})
}

// caseSecurityLetter tells one of a case's people that its owner is said to be lost, or that it is to be
// erased.
func (w *Workers) caseSecurityLetter(ctx context.Context, kind string, args securityArgs) (mail.Message, error) {
	l, err := w.App.CaseLetter(ctx, args.Case, args.User, winddown.ID{})
	if err != nil {
		return mail.Message{}, err
	}
	p := printer(l.To.Locale)
	zone, page := winddown.Zone(l.To.Zone), "/people"
	key := "mail.security." + args.What
	if args.What == string(winddown.CaseExpired) {
		page = ""
	}
	subject := p.T(key+".subject", "Seller", l.Seller)
	return w.message(ctx, l.To.Email, w.id(kind, args.User, args.Case, args.Seq), subject, webmail.Letter{
		Lang: l.To.Locale, Title: subject,
		Blocks: []webmail.Block{
			{Text: []string{p.T(key+".text", "Seller", l.Seller, "Date", p.Date(lostAt(args.What, args.At).In(zone))), p.T("mail.security.when", "Time", p.DateTime(args.At.In(zone)))},
				Button: w.link(p.T(key+".button"), "/cases/"+args.Case.String()+page)},
			{Text: []string{p.T(key + ".owner")}},
		},
		Footer: []string{p.T("mail.footer.automatic", "Site", w.BaseURL)},
	})
}

// lostAt is when a case may be erased, or may go to another, of which that was said at a time.
func lostAt(what string, at time.Time) time.Time {
	if what == string(winddown.CaseExpired) {
		return at.Add(winddown.EraseTerm)
	}
	return at.Add(winddown.RescueTerm)
}

// warningArgs ask for a letter that tells a person whom no letter has reached what securityArgs and
// transferredArgs tell the others: one a day, however many of his cases there are, because it names none.
// Of every case that has gone he is told: nothing takes that back, and none comes back to him unconfirmed.
type warningArgs struct {
	User winddown.ID `json:"user" river:"unique"`
	On   string      `json:"on" river:"unique"` // the day of At, in UTC
	What string      `json:"what" river:"unique"`
	Case winddown.ID `json:"case,omitzero" river:"unique"` // the one that has gone; else zero
	At   time.Time   `json:"at"`                           // the first of that day
}

// Kind names the job.
func (warningArgs) Kind() string { return "warning" }

// InsertOpts puts the job where it belongs: once for a person, day and thing, or for a case that has gone.
func (warningArgs) InsertOpts() river.InsertOpts {
	o := mailOpts(awaited)
	o.UniqueOpts = river.UniqueOpts{ByArgs: true}
	return o
}

// warningLetter may be read by a stranger: it says nothing of a case, not even its number.
func (w *Workers) warningLetter(ctx context.Context, job *river.Job[warningArgs]) (mail.Message, error) {
	args := job.Args
	u, err := w.App.Warned(ctx, args.User)
	if err != nil {
		return mail.Message{}, err
	}
	p := printer(u.Locale)
	subject, l := w.warned(p, u, args)
	l.Lang, l.Title, l.Footer = u.Locale, subject, []string{p.T("mail.footer.automatic", "Site", w.BaseURL)}
	return w.message(ctx, u.Email, w.id(job.Kind, args.User, args.On, args.What, args.Case), subject, l)
}

// warned is what a warning says.
func (w *Workers) warned(p *i18n.Printer, u winddown.User, args warningArgs) (subject string, l webmail.Letter) {
	if handed, ok := strings.CutPrefix(args.What, transferWarning); ok {
		return w.transferWarned(p, u, handed, args.At)
	}
	text := p.T("mail.security.unconfirmed.text", "Date", p.Date(lostAt(args.What, args.At).In(winddown.Zone(u.Zone))))
	if args.What == string(winddown.RescueOffered) { // the term is over
		text = p.T("mail.security.unconfirmed.offered")
	}
	return p.T("mail.security.unconfirmed.subject"), webmail.Letter{Blocks: []webmail.Block{
		{Text: []string{text}, Button: w.link(p.T("mail.security.unconfirmed.button"), "/cases")},
		{Text: []string{p.T("mail.security.unconfirmed.why")}},
	}}
}
