package site

import (
	"net/http"

	"winddown/internal/app"
	"winddown/internal/i18n"
	"winddown/internal/winddown"
	"winddown/web/page"
	"winddown/web/ui"
)

// Account shows a person's settings and login sessions.
func (s *Site) Account(w http.ResponseWriter, r *http.Request) error {
	actor := actorOf(r.Context())
	return s.account(w, r, app.Settings{Name: actor.Name, Locale: actor.Locale, Zone: actor.Zone}, nil)
}

// ChangeSettings changes the name, the language and the time zone.
func (s *Site) ChangeSettings(w http.ResponseWriter, r *http.Request) error {
	f, err := form(w, r)
	if err != nil {
		return err
	}
	in := app.Settings{Name: f.Get("name"), Locale: f.Get("locale"), Zone: f.Get("zone")}
	switch err := s.app.ChangeSettings(r.Context(), actorOf(r.Context()), in); {
	case err == nil:
		s.notice(w, "settings_saved")
		return s.redirect(w, r, "/account")
	case redrawable(err):
		return s.account(w, r, in, err)
	default:
		return err
	}
}

// ChangePassword changes the password and ends the other login sessions. Wrong guesses of
// the current one are counted like those of a proof.
func (s *Site) ChangePassword(w http.ResponseWriter, r *http.Request) error {
	f, err := form(w, r)
	if err != nil {
		return err
	}
	actor := actorOf(r.Context())
	token, err := s.attempt(w, r, proofTarget(actor.UserID), func() (string, error) {
		return s.app.ChangePassword(r.Context(), actor, f.Get("password"), f.Get("new_password"))
	}, "account.error.password_wrong")
	switch {
	case err == nil:
		s.setSession(w, token)
		s.notice(w, "password_changed")
		return s.redirect(w, r, "/account")
	case retryable(err):
		return s.account(w, r, app.Settings{Name: actor.Name, Locale: actor.Locale, Zone: actor.Zone}, err)
	}
	return err
}

// RevokeSession ends one of the person's login sessions.
func (s *Site) RevokeSession(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID(r, "session")
	if err != nil {
		return err
	}
	if err := s.app.RevokeSession(r.Context(), actorOf(r.Context()), id); err != nil {
		return err
	}
	s.notice(w, "session_revoked")
	return s.redirect(w, r, "/account")
}

// RevokeOtherSessions ends the person's login sessions in all other browsers.
func (s *Site) RevokeOtherSessions(w http.ResponseWriter, r *http.Request) error {
	if err := s.app.RevokeOtherSessions(r.Context(), actorOf(r.Context())); err != nil {
		return err
	}
	s.notice(w, "sessions_revoked")
	return s.redirect(w, r, "/account")
}

func (s *Site) account(w http.ResponseWriter, r *http.Request, in app.Settings, failure error) error {
	p := i18n.From(r.Context())
	actor := actorOf(r.Context())
	sessions, err := s.app.Sessions(r.Context(), actor)
	if err != nil {
		return err
	}
	factor, err := s.app.TwoFactor(r.Context(), actor)
	if err != nil {
		return err
	}
	m := mistakesOf(r.Context(), failure)
	v := page.AccountView{TwoFactor: factor.On, Passkeys: factor.Passkeys, Email: actor.Email, Unconfirmed: s.app.Mail() && !actor.Confirmed, Jobs: actor.Operator, Name: in.Name, Errors: m.items, FieldErrors: m.fields}
	for _, l := range i18n.Locales() {
		v.Locales = append(v.Locales, ui.Option{Value: string(l), Label: p.T("common.language." + string(l)), Lang: string(l), Checked: in.Locale == string(l)})
	}
	for _, z := range winddown.Zones() {
		v.Zones = append(v.Zones, ui.Option{Value: z, Label: zoneLabel(p, z, s.app.Now()), Checked: in.Zone == z})
	}
	for _, l := range sessions {
		v.Sessions = append(v.Sessions, sessionView(p, actor, l))
	}
	if v.Pending, err = s.pendingEmail(r); err != nil {
		return err
	}
	status, options := formStatus(failure, layoutText)
	if failure == nil {
		if n := s.takeNotice(w, r); len(n) == 1 {
			switch n[0] {
			case "settings_saved", "password_changed", "session_revoked", "sessions_revoked", "confirm_asked", "address_confirmed", "confirmed_already", "email_changed", "kept", "two_factor_off", "two_factor_already":
				options = append(options, layoutNotice(&ui.NoticeProps{Variant: ui.NoticeSuccess, Text: p.T("account.notice." + n[0])}))
			}
		}
	}
	s.render(w, r, status, page.Account(s.layout(r, p.T("account.title"), options...), v))
	return nil
}

func sessionView(p *i18n.Printer, actor winddown.Actor, l winddown.LoginSession) page.SessionView {
	v := page.SessionView{
		Device:  p.Browser(l.UserAgent),
		Current: l.Current,
		New:     l.NewBrowser,
		Since:   p.T("account.session.since", "Time", p.DateTime(l.CreatedAt.In(winddown.Zone(actor.Zone)))),
		Seen:    p.T("account.session.seen", "Time", p.DateTime(l.SeenAt.In(winddown.Zone(actor.Zone)))),
		Address: l.Address,
	}
	if !l.Current {
		v.RevokeAction = "/account/sessions/" + l.ID.String() + "/revoke"
	}
	return v
}
