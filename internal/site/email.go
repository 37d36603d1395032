package site

import (
	"net/http"
	"strings"

	"github.com/go-chi/chi/v5"

	"winddown/internal/i18n"
	"winddown/web/page"
)

// EmailForm shows the form for another address.
func (s *Site) EmailForm(w http.ResponseWriter, r *http.Request) error {
	return s.email(w, r, "", nil)
}

// ChangeEmail has a letter sent to the address that is to be the person's, or gives it to him at
// once where no letters are sent.
func (s *Site) ChangeEmail(w http.ResponseWriter, r *http.Request) error {
	f, err := form(w, r)
	if err != nil {
		return err
	}
	email, actor := strings.TrimSpace(f.Get("email")), actorOf(r.Context())
	change := func() error { return s.app.ChangeEmail(r.Context(), actor, email) }
	if s.app.Mail() {
		// Counted last: neither a slip nor the way to the password costs a letter.
		if err = s.app.CheckNewEmail(actor, email); err == nil {
			err = actor.Proved(s.app.Now())
		}
		if err == nil {
			err = s.logins.takeLetter(w, r, "email", email)
		}
		if err == nil {
			err = change()
		}
	} else {
		_, err = s.attempt(w, r, loginTarget(actor.Email), func() (string, error) { return "", change() }, emailTaken)
	}
	switch {
	case err == nil && s.app.Mail():
		s.notice(w, "email_asked")
		return s.redirect(w, r, "/account/email")
	case err == nil:
		s.notice(w, "email_changed")
		return s.redirect(w, r, "/account")
	case retryable(err):
		return s.email(w, r, email, err)
	}
	return err
}

// EndEmailChange takes back what a person wanted to change his address to.
func (s *Site) EndEmailChange(w http.ResponseWriter, r *http.Request) error {
	if err := s.app.EndEmailChange(r.Context(), actorOf(r.Context())); err != nil {
		return err
	}
	return s.redirect(w, r, "/account/email")
}

// pendingEmail says to which address a person's is about to be changed; empty for none.
func (s *Site) pendingEmail(r *http.Request) (string, error) {
	email, err := s.app.PendingEmail(r.Context(), actorOf(r.Context()))
	if email == "" {
		return "", err
	}
	return i18n.From(r.Context()).T("account.email.pending", "Email", email), err
}

func (s *Site) email(w http.ResponseWriter, r *http.Request, email string, failure error) error {
	p := i18n.From(r.Context())
	m := mistakesOf(r.Context(), failure)
	v := page.EmailView{Now: p.T("account.signed_in_as", "Email", actorOf(r.Context()).Email), Email: email, Error: m.of("email"), Errors: m.items, Letter: s.app.Mail()}
	if s.app.Mail() && !actorOf(r.Context()).Confirmed {
		v.Confirm = s.confirmFirst(r, "account.email.unconfirmed", "/account/confirm", "")
	}
	var err error
	if v.Pending, err = s.pendingEmail(r); err != nil {
		return err
	}
	status, options := formStatus(failure, layoutNarrow)
	if failure == nil {
		options = append(options, s.accountNotice(w, r, "email_asked"))
	}
	s.render(w, r, status, page.Email(s.layout(r, p.T("account.email.title"), options...), v))
	return nil
}

// NewEmailForm asks whoever holds the link to confirm his new address.
func (s *Site) NewEmailForm(w http.ResponseWriter, r *http.Request) error {
	token := chi.URLParam(r, "token")
	if err := s.app.NewEmailView(r.Context(), actorOf(r.Context()), token); err != nil {
		return err
	}
	l := s.layout(r, i18n.From(r.Context()).T("account.confirm.title"), layoutNarrow)
	s.render(w, r, http.StatusOK, page.Confirm(l, "/account/email/confirm/"+token))
	return nil
}

// ConfirmNewEmail gives a person the address he wanted.
func (s *Site) ConfirmNewEmail(w http.ResponseWriter, r *http.Request) error {
	if err := s.app.ConfirmNewEmail(r.Context(), actorOf(r.Context()), chi.URLParam(r, "token")); err != nil {
		return err
	}
	s.notice(w, "email_changed")
	return s.redirect(w, r, "/account")
}
