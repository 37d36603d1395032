package worker

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"github.com/riverqueue/river"

	"winddown/internal/app"
	"winddown/internal/i18n"
	"winddown/internal/mail"
	"winddown/internal/winddown"
	webmail "winddown/web/mail"
)

// Letters somebody waits for go before those of reminders, and these before digests.
const (
	awaited = iota + 1
	reminding
	digesting
)

func mailOpts(priority int) river.InsertOpts {
	return river.InsertOpts{Queue: queue, Priority: priority}
}

// kinds is every kind of letter.
func (w *Workers) kinds(bundle *river.Workers) {
	addKind(w, bundle, w.confirmLetter)
	addKind(w, bundle, w.resetLetter)
	addNotedKind(w, bundle, w.digestLetter)
	addKind(w, bundle, w.remindLetter)
	addKind(w, bundle, w.inviteLetter)
	addKind(w, bundle, w.newEmailLetter)
	addKind(w, bundle, w.oldEmailLetter)
	addKind(w, bundle, w.leavingLetter)
	addKind(w, bundle, w.stayingLetter)
	addNotedKind(w, bundle, w.farewellLetter)
	addKind(w, bundle, w.securityLetter)
	addKind(w, bundle, w.warningLetter)
	addKind(w, bundle, w.transferLetter)
}

// confirmArgs ask for a letter by which a person confirms his address, as he accepts an
// invitation if there is one; Seq is the event that asked for it.
type confirmArgs struct {
	User   winddown.ID `json:"user"`
	Seq    int64       `json:"seq"`
	Invite winddown.ID `json:"invite,omitzero"`
}

// Kind names the job.
func (confirmArgs) Kind() string { return "confirm_address" }

// InsertOpts puts the job where it belongs.
func (confirmArgs) InsertOpts() river.InsertOpts { return mailOpts(awaited) }

func (w *Workers) confirmLetter(ctx context.Context, job *river.Job[confirmArgs]) (mail.Message, error) {
	l, err := w.App.ConfirmLetter(ctx, job.Args.User, job.Args.Invite)
	if err != nil {
		return mail.Message{}, err
	}
	p := printer(l.To.Locale)
	text, term, button := []string{p.T("mail.confirm.text", "Email", l.To.Email)}, p.T("mail.confirm.term"),
		w.link(p.T("mail.confirm.button"), "/account/confirm/"+l.Token)
	if l.Invite != nil {
		text = append(text, p.T("mail.confirm.invite", "Title", l.Invite.Title))
		term = p.T("invite.expires", "Time", p.DateTime(l.Invite.ExpiresAt.In(winddown.Zone(l.To.Zone))))
		button = w.link(p.T("mail.invite.button"), invitePath(*l.Invite)+l.Token)
	}
	return w.message(ctx, l.To.Email, w.id(job.Kind, job.Args.User, job.Args.Seq), p.T("mail.confirm.subject"), webmail.Letter{
		Lang: l.To.Locale, Title: p.T("mail.confirm.title"),
		Blocks: []webmail.Block{{Text: text, Button: button}, {Text: []string{term, p.T("mail.confirm.stranger")}}},
		Footer: []string{p.T("mail.footer.automatic", "Site", w.BaseURL)},
	})
}

// resetArgs ask for a letter with a link to a new password.
type resetArgs struct {
	User winddown.ID `json:"user"`
	Seq  int64       `json:"seq"`
	At   time.Time   `json:"at"`
}

// Kind names the job.
func (resetArgs) Kind() string { return "reset_password" }

// InsertOpts puts the job where it belongs.
func (resetArgs) InsertOpts() river.InsertOpts { return mailOpts(awaited) }

func (w *Workers) resetLetter(ctx context.Context, job *river.Job[resetArgs]) (mail.Message, error) {
	l, err := w.App.ResetLetter(ctx, job.Args.User, job.Args.At)
	if err != nil {
		return mail.Message{}, err
	}
	p := printer(l.To.Locale)
	return w.message(ctx, l.To.Email, w.id(job.Kind, job.Args.User, job.Args.Seq), p.T("mail.reset.subject"), webmail.Letter{
		Lang: l.To.Locale, Title: p.T("mail.reset.title"),
		Blocks: []webmail.Block{{
			Text:   []string{p.T("mail.reset.text", "Email", l.To.Email)},
			Button: w.link(p.T("mail.reset.button"), "/password/reset/"+l.Token),
		}, {Text: []string{p.T("mail.reset.term"), p.T("mail.reset.stranger")}}},
		Footer: []string{p.T("mail.footer.automatic", "Site", w.BaseURL)},
	})
}

// remindArgs ask for a letter in which an accountant reminds somebody of a case; Seq is the
// event of the case.
type remindArgs struct {
	Case winddown.ID `json:"case"`
	Seq  int64       `json:"seq"`
	User winddown.ID `json:"user"`
}

// Kind names the job.
func (remindArgs) Kind() string { return "remind_seller" }

// InsertOpts puts the job where it belongs.
func (remindArgs) InsertOpts() river.InsertOpts { return mailOpts(reminding) }

func (w *Workers) remindLetter(ctx context.Context, job *river.Job[remindArgs]) (mail.Message, error) {
	r, err := w.App.Reminder(ctx, job.Args.Case, job.Args.Seq, job.Args.User)
	if err != nil {
		return mail.Message{}, err
	}
	p := printer(r.To.Locale)
	path := "/cases/" + job.Args.Case.String()
	said := webmail.Block{Text: []string{p.T("mail.remind.by", "By", r.By, "Seller", r.Seller)}, Quote: r.Event.Reason}
	next := webmail.Block{Button: w.link(p.T("mail.remind.case"), path)}
	if code := string(r.Event.Step); code != "" {
		next = webmail.Block{Heading: p.T("mail.remind.next"), Text: []string{p.T("step." + code + ".name")},
			Button: w.link(p.T("mail.remind.step"), path+"/steps/"+code)}
	}
	subject := p.T("mail.remind.subject", "Seller", r.Seller)
	if code := string(r.Event.Step); code != "" {
		subject = p.T("mail.remind.subject_step", "Seller", r.Seller, "Step", p.T("step."+code+".name"))
	}
	stop := "/unsubscribe/" + r.Unsubscribe
	m, err := w.message(ctx, r.To.Email, w.id(job.Kind, job.Args.User, job.Args.Case, job.Args.Seq), subject, webmail.Letter{
		Lang: r.To.Locale, Title: subject, Blocks: []webmail.Block{said, next},
		Footer: []string{p.T("mail.remind.why", "Seller", r.Seller), p.T("mail.footer.automatic", "Site", w.BaseURL)},
		Links:  []webmail.Link{*w.link(p.T("digest.footer.settings"), "/account/mail"), *w.link(p.T("digest.footer.stop"), stop)},
	})
	m.Unsubscribe = w.BaseURL + stop
	return m, err
}

// inviteArgs ask for a letter with an invitation, to a case or to a firm.
type inviteArgs struct {
	Invite winddown.ID `json:"invite"`
}

// Kind names the job.
func (inviteArgs) Kind() string { return "invite" }

// InsertOpts puts the job where it belongs.
func (inviteArgs) InsertOpts() river.InsertOpts { return mailOpts(awaited) }

// inviteLetter is in the language of whoever invites: the other's is not known yet.
func (w *Workers) inviteLetter(ctx context.Context, job *river.Job[inviteArgs]) (mail.Message, error) {
	m, token, err := w.App.InviteLetter(ctx, job.Args.Invite)
	if err != nil {
		return mail.Message{}, err
	}
	p := printer(m.Locale)
	subject := p.T("mail.invite.subject", "Title", m.Title)
	by := "invite.by."
	if m.Firm {
		by = "firm.join.by."
	}
	return w.message(ctx, m.To, w.id(job.Kind, job.Args.Invite), subject, webmail.Letter{
		Lang: string(p.Locale()), Title: subject,
		Blocks: []webmail.Block{{
			Text:   []string{p.T(by+m.Offer, "By", m.By), p.T("mail.invite.what")},
			Button: w.link(p.T("mail.invite.button"), invitePath(m)+token),
		}, {Text: []string{p.T("invite.expires", "Time", p.DateTime(m.ExpiresAt.In(winddown.Zone(winddown.DefaultZone)))), p.T("mail.invite.stranger")}}},
		Footer: []string{p.T("mail.footer.automatic", "Site", w.BaseURL)},
	})
}

// invitePath is where the token of an invitation leads.
func invitePath(m app.MailedInvite) string {
	if m.Firm {
		return "/firm/join/"
	}
	return "/invites/"
}

// printer says things in a person's language.
func printer(locale string) *i18n.Printer {
	l, ok := i18n.Parse(locale)
	if !ok {
		l = i18n.Russian
	}
	return i18n.For(l)
}

// link leads from a letter to a page of ours.
func (w *Workers) link(text, path string) *webmail.Link {
	return &webmail.Link{Text: text, Href: w.BaseURL + path}
}

// id is the Message-ID of a letter: the same for the same kind, person and occasion, however
// often it is sent. It tells nothing of them.
func (w *Workers) id(kind string, person winddown.ID, occasion ...any) string {
	sum := sha256.New()
	_, _ = fmt.Fprintln(sum, append([]any{kind, person}, occasion...)...)
	return strings.ReplaceAll(kind, "_", "-") + "." + hex.EncodeToString(sum.Sum(nil)[:16]) + "@" + w.Mail.Domain()
}

// message draws a letter in both forms.
func (w *Workers) message(ctx context.Context, to, id, subject string, l webmail.Letter) (mail.Message, error) {
	var html strings.Builder
	if err := webmail.HTML(l).Render(ctx, &html); err != nil {
		return mail.Message{}, err
	}
	return mail.Message{To: to, Subject: subject, Text: l.Plain(), HTML: html.String(), ID: id}, nil
}
