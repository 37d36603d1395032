package site

import (
	"errors"
	"net/http"
	"strings"

	"github.com/go-chi/chi/v5"

	"winddown/internal/app"
	"winddown/internal/i18n"
	"winddown/internal/winddown"
	"winddown/web/page"
	"winddown/web/ui"
)

// ForgotForm shows the form that asks for a link to a new password.
func (s *Site) ForgotForm(w http.ResponseWriter, r *http.Request) error {
	return s.forgot(w, r, "", nil)
}

// Forgot has a link to a new password sent. The answer is the same whether there is an
// account or not, and letters to one address are few.
func (s *Site) Forgot(w http.ResponseWriter, r *http.Request) error {
	f, err := form(w, r)
	if err != nil {
		return err
	}
	email := strings.TrimSpace(f.Get("email"))
	switch {
	case s.app.Mail() && !winddown.ValidEmail(email):
		err = &winddown.Error{Kind: winddown.Invalid, Key: "error.invalid",
			Fields: []winddown.FieldError{{Field: "email", Key: "account.error.email"}}}
	case s.app.Mail():
		err = s.logins.takeLetter(w, r, "reset", email)
	}
	if err == nil {
		err = s.app.ForgotPassword(r.Context(), email)
	}
	switch {
	case err == nil:
		s.notice(w, "reset_asked")
		return s.redirect(w, r, "/password/forgot")
	case retryable(err):
		return s.forgot(w, r, email, err)
	}
	return err
}

func (s *Site) forgot(w http.ResponseWriter, r *http.Request, email string, failure error) error {
	m := mistakesOf(r.Context(), failure)
	v := page.ForgotView{Email: email, EmailError: m.of("email"), Errors: m.items, Off: !s.app.Mail()}
	status, options := formStatus(failure, layoutNarrow)
	if failure == nil {
		options = append(options, s.accountNotice(w, r, "reset_asked"))
	}
	s.render(w, r, status, page.Forgot(s.layout(r, i18n.From(r.Context()).T("account.forgot.title"), options...), v))
	return nil
}

// accountNotice shows the result of what was just done, if it is one of the given.
func (s *Site) accountNotice(w http.ResponseWriter, r *http.Request, codes ...string) layoutOption {
	n := s.takeNotice(w, r)
	for _, code := range codes {
		if len(n) == 1 && n[0] == code {
			variant := ui.NoticeSuccess
			if code == "signed_out" {
				variant = ui.NoticeWarning
			}
			return layoutNotice(&ui.NoticeProps{Variant: variant, Text: i18n.From(r.Context()).T("account.notice." + code)})
		}
	}
	return func(*ui.LayoutView) {}
}

// ResetForm shows the form for a new password to whoever holds its link.
func (s *Site) ResetForm(w http.ResponseWriter, r *http.Request) error {
	if err := s.app.ResetView(r.Context(), chi.URLParam(r, "token")); err != nil {
		return err
	}
	return s.reset(w, r, nil)
}

// Reset sets a new password; all login sessions have ended then, this browser's too.
func (s *Site) Reset(w http.ResponseWriter, r *http.Request) error {
	f, err := form(w, r)
	if err != nil {
		return err
	}
	err = s.app.ResetPassword(r.Context(), chi.URLParam(r, "token"), f.Get("password"))
	switch {
	case err == nil:
		s.cookies.Drop(w, sessionCookie)
		s.notice(w, "password_reset")
		return s.redirect(w, r, "/login")
	case redrawable(err):
		return s.reset(w, r, err)
	}
	return err
}

func (s *Site) reset(w http.ResponseWriter, r *http.Request, failure error) error {
	m := mistakesOf(r.Context(), failure)
	v := page.ResetView{Action: "/password/reset/" + chi.URLParam(r, "token"), Error: m.of("password"), Errors: m.items}
	status, options := formStatus(failure, layoutNarrow)
	s.render(w, r, status, page.Reset(s.layout(r, i18n.From(r.Context()).T("account.reset.title"), options...), v))
	return nil
}

// ConfirmForm asks whoever holds the link to confirm his address.
func (s *Site) ConfirmForm(w http.ResponseWriter, r *http.Request) error {
	token := chi.URLParam(r, "token")
	if err := s.app.ConfirmView(r.Context(), token); err != nil {
		return s.confirmFailed(w, r, err)
	}
	l := s.layout(r, i18n.From(r.Context()).T("account.confirm.title"), layoutNarrow)
	s.render(w, r, http.StatusOK, page.Confirm(l, "/account/confirm/"+token))
	return nil
}

// Confirm confirms an address.
func (s *Site) Confirm(w http.ResponseWriter, r *http.Request) error {
	if err := s.app.Confirm(r.Context(), chi.URLParam(r, "token")); err != nil {
		return s.confirmFailed(w, r, err)
	}
	return s.confirmed(w, r, "address_confirmed")
}

// confirmFailed leads whoever has nothing left to confirm on as after confirming.
func (s *Site) confirmFailed(w http.ResponseWriter, r *http.Request, err error) error {
	if errors.Is(err, app.ErrConfirmedAlready) {
		return s.confirmed(w, r, "confirmed_already")
	}
	return err
}

func (s *Site) confirmed(w http.ResponseWriter, r *http.Request, notice string) error {
	s.notice(w, notice)
	if actorOf(r.Context()).SignedIn() {
		return s.redirect(w, r, "/account")
	}
	return s.redirect(w, r, "/login")
}

// AskConfirmation has another letter sent that confirms the person's address.
func (s *Site) AskConfirmation(w http.ResponseWriter, r *http.Request) error {
	f, err := form(w, r)
	if err != nil {
		return err
	}
	back := "/account"
	if f.Get("next") == "/firm" {
		back = "/firm"
	}
	return s.askConfirmation(w, r, winddown.ID{}, back)
}

// ConfirmToAccept has a letter sent by which the person confirms his address as he accepts an
// invitation to a case.
func (s *Site) ConfirmToAccept(w http.ResponseWriter, r *http.Request) error {
	token := chi.URLParam(r, "token")
	v, err := s.app.InviteView(r.Context(), actorOf(r.Context()), token)
	if err != nil {
		return err
	}
	return s.askConfirmation(w, r, v.Invite.ID, "/invites/"+token)
}

// ConfirmToJoin is ConfirmToAccept of an invitation to a firm.
func (s *Site) ConfirmToJoin(w http.ResponseWriter, r *http.Request) error {
	token := chi.URLParam(r, "token")
	v, err := s.app.FirmInviteView(r.Context(), actorOf(r.Context()), token)
	if err != nil {
		return err
	}
	return s.askConfirmation(w, r, v.Invite.ID, "/firm/join/"+token)
}

// askConfirmation has a letter sent that confirms the person's address, a few times, and leads
// back.
func (s *Site) askConfirmation(w http.ResponseWriter, r *http.Request, invite winddown.ID, back string) error {
	actor := actorOf(r.Context())
	if !s.app.Mail() {
		return &winddown.Error{Kind: winddown.NotFound, Key: "error.not_found"}
	}
	if err := s.logins.takeLetter(w, r, "confirm", actor.Email); err != nil {
		return err
	}
	if err := s.app.AskConfirmation(r.Context(), actor, invite); err != nil {
		return err
	}
	s.notice(w, "confirm_asked")
	return s.redirect(w, r, back)
}
