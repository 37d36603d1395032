package site

import (
	"net/http"
	"slices"
	"strconv"

	"github.com/go-chi/chi/v5"

	"winddown/internal/i18n"
	"winddown/internal/winddown"
	"winddown/web/page"
	"winddown/web/ui"
)

// Mail shows a person's choices about letters and the state of his calendar's address.
func (s *Site) Mail(w http.ResponseWriter, r *http.Request) error { return s.mail(w, r, nil, nil) }

// ChangeMail changes how often, when and about what a person is written to.
func (s *Site) ChangeMail(w http.ResponseWriter, r *http.Request) error {
	f, err := form(w, r)
	if err != nil {
		return err
	}
	in := winddown.MailSettings{Frequency: winddown.Frequency(f.Get("frequency")), InboxWeekly: f.Get("inbox") == "week", Hour: -1}
	if n, ok := plainNumber(f.Get("hour")); ok {
		in.Hour = n
	}
	in.Weekday, _ = plainNumber(f.Get("weekday"))
	for _, k := range winddown.DigestKinds() {
		if !slices.Contains(f["kind"], string(k)) {
			in.Muted = append(in.Muted, k)
		}
	}
	switch err := s.app.ChangeMailSettings(r.Context(), actorOf(r.Context()), in); {
	case err == nil:
		s.notice(w, "mail", "saved")
		return s.redirect(w, r, "/account/mail")
	case redrawable(err):
		return s.mail(w, r, &in, err)
	default:
		return err
	}
}

// NewFeed gives the person's calendar a new secret address, shown once on the page that follows.
func (s *Site) NewFeed(w http.ResponseWriter, r *http.Request) error {
	token, err := s.app.NewFeed(r.Context(), actorOf(r.Context()))
	if err != nil {
		return err
	}
	s.notice(w, "mail", "feed_made", token)
	return s.redirect(w, r, "/account/mail")
}

// RevokeFeed ends the address of the person's calendar.
func (s *Site) RevokeFeed(w http.ResponseWriter, r *http.Request) error {
	if err := s.app.RevokeFeed(r.Context(), actorOf(r.Context())); err != nil {
		return err
	}
	s.notice(w, "mail", "feed_revoked")
	return s.redirect(w, r, "/account/mail")
}

func (s *Site) mail(w http.ResponseWriter, r *http.Request, typed *winddown.MailSettings, failure error) error {
	p := i18n.From(r.Context())
	actor := actorOf(r.Context())
	read, err := s.app.MailSettings(r.Context(), actor)
	if err != nil {
		return err
	}
	in := read.Settings
	if typed != nil {
		in = *typed
	}
	m := mistakesOf(r.Context(), failure)
	v := page.MailView{
		Intro:    p.T("mail.intro", "Email", actor.Email),
		HourHint: p.T("mail.hour.hint", "Zone", zoneLabel(p, actor.Zone, s.app.Now())),
		Errors:   m.items, FieldErrors: m.fields,
		Inbox: []ui.Option{
			{Value: "month", Label: p.T("mail.inbox.month"), Checked: !in.InboxWeekly},
			{Value: "week", Label: p.T("mail.inbox.week"), Checked: in.InboxWeekly},
		},
	}
	switch {
	case !s.app.Mail():
		v.Silent = p.T("mail.off")
	case !actor.Confirmed:
		v.Silent = p.T("mail.unconfirmed")
	}
	for _, f := range winddown.Frequencies() {
		v.Frequencies = append(v.Frequencies, ui.Option{Value: string(f), Label: p.T("mail.frequency." + string(f)), Checked: in.Frequency == f})
	}
	for n := 1; n <= 5; n++ {
		v.Weekdays = append(v.Weekdays, ui.Option{Value: strconv.Itoa(n), Label: p.T("mail.weekday." + strconv.Itoa(n)), Checked: in.Weekday == n})
	}
	for n := range 24 {
		v.Hours = append(v.Hours, ui.Option{Value: strconv.Itoa(n), Label: strconv.Itoa(n) + ":00", Checked: in.Hour == n})
	}
	for _, k := range winddown.DigestKinds() {
		v.Kinds = append(v.Kinds, ui.Option{Value: string(k), Label: p.T("mail.kind." + string(k)), Checked: !slices.Contains(in.Muted, k)})
	}
	if !read.FeedAt.IsZero() {
		v.FeedSince = p.T("calendar_feed.since", "Time", p.DateTime(read.FeedAt.In(winddown.Zone(actor.Zone))))
	}
	status, options := formStatus(failure, layoutText)
	if failure == nil {
		if n := s.takeNotice(w, r); len(n) > 1 && n[0] == "mail" {
			switch n[1] {
			case "saved", "feed_made", "feed_revoked":
				options = append(options, layoutNotice(&ui.NoticeProps{Variant: ui.NoticeSuccess, Text: p.T("mail.notice." + n[1])}))
			}
			if n[1] == "feed_made" && len(n) == 3 {
				v.FeedLink = s.base + feedHref(n[2])
			}
		}
	}
	s.render(w, r, status, page.Mail(s.layout(r, p.T("mail.title"), options...), v))
	return nil
}

func unsubscribeHref(token string) string { return "/unsubscribe/" + token }

// UnsubscribeForm asks whoever follows the link under a letter whether letters are to end. Mail
// programs open links by themselves, so that following it alone ends nothing.
func (s *Site) UnsubscribeForm(w http.ResponseWriter, r *http.Request) error {
	token := chi.URLParam(r, "token")
	if err := s.app.Unsubscriber(r.Context(), token); err != nil {
		return err
	}
	return s.unsubscribe(w, r, "ask", unsubscribeHref(token))
}

// Unsubscribe ends the letters, for a person and for a mail provider's one-click request
// (RFC 8058) alike: whatever else the request holds is not read.
func (s *Site) Unsubscribe(w http.ResponseWriter, r *http.Request) error {
	token := chi.URLParam(r, "token")
	if err := s.app.Unsubscribe(r.Context(), token); err != nil {
		return err
	}
	return s.unsubscribe(w, r, "done", unsubscribeHref(token)+"/undo")
}

// Resubscribe takes that back.
func (s *Site) Resubscribe(w http.ResponseWriter, r *http.Request) error {
	token := chi.URLParam(r, "token")
	if err := s.app.Resubscribe(r.Context(), token); err != nil {
		return err
	}
	return s.unsubscribe(w, r, "undone", unsubscribeHref(token))
}

func (s *Site) unsubscribe(w http.ResponseWriter, r *http.Request, state, action string) error {
	p := i18n.From(r.Context())
	v := page.UnsubscribeView{
		Title: p.T("unsubscribe." + state + ".title"), Text: p.T("unsubscribe." + state + ".text"),
		Button: p.T("unsubscribe." + state + ".button"), Action: action,
	}
	s.render(w, r, http.StatusOK, page.Unsubscribe(s.layout(r, v.Title, layoutNarrow), v))
	return nil
}
