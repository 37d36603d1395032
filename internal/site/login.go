package site

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"winddown/internal/httpkit"
	"winddown/internal/i18n"
	"winddown/internal/winddown"
	"winddown/web/page"
)

// LoginForm shows the form to sign in; somebody signed in is led on.
func (s *Site) LoginForm(w http.ResponseWriter, r *http.Request) error {
	next := nextPath(r.URL.Query().Get("next"))
	if actorOf(r.Context()).SignedIn() {
		return s.redirect(w, r, orHome(next))
	}
	return s.login(w, r, next, "", nil)
}

// LogIn begins a login session. A wrong address and a wrong password are one mistake.
func (s *Site) LogIn(w http.ResponseWriter, r *http.Request) error {
	f, err := form(w, r)
	if err != nil {
		return err
	}
	next, email := nextPath(f.Get("next")), strings.TrimSpace(f.Get("email"))
	from, second := s.browser(r), false
	token, err := s.attempt(w, r, loginTarget(email), func() (token string, err error) {
		token, second, err = s.app.LogIn(r.Context(), email, f.Get("password"), from)
		return token, err
	}, "account.error.login")
	switch {
	case err == nil && second:
		return s.toSecond(w, r, token, next)
	case err == nil:
		if err := s.signIn(w, r, token, from); err != nil {
			return err
		}
		return s.redirect(w, r, orHome(next))
	case retryable(err):
		return s.login(w, r, next, email, err)
	}
	return err
}

// attempt makes an attempt to get in that counts if it fails with one of the given message
// keys: a wrong password counts, a busy server does not.
func (s *Site) attempt(w http.ResponseWriter, r *http.Request, at target, try func() (string, error), counting ...string) (string, error) {
	if err := s.logins.take(w, r, at); err != nil {
		s.logins.noteRefusal(r, at, "too many")
		return "", err
	}
	token, err := try()
	if mentions(err, "twofactor.error.key") || mentions(err, "proof.error.key") { // he is told what to do, and whoever runs this has to know
		httpkit.NoteFault(r.Context(), err)
	}
	if i := slices.IndexFunc(counting, func(key string) bool { return mentions(err, key) }); i >= 0 {
		s.logins.noteRefusal(r, at, counting[i])
	} else {
		err = errors.Join(err, s.logins.giveBack(r, at))
	}
	return token, err
}

// mentions reports whether an error says the message, by itself or of one of its fields.
func mentions(err error, key string) bool {
	var known *winddown.Error
	if !errors.As(err, &known) {
		return false
	}
	return known.Key == key || slices.ContainsFunc(known.Fields, func(f winddown.FieldError) bool { return f.Key == key })
}

// retryable reports whether a form to get in is shown again with what was typed.
func retryable(err error) bool {
	return redrawable(err) || errors.Is(err, winddown.TooMany)
}

func (s *Site) login(w http.ResponseWriter, r *http.Request, next, email string, failure error) error {
	allowed, err := s.app.SignupAllowed(r.Context())
	if err != nil {
		return err
	}
	m := mistakesOf(r.Context(), failure)
	v := page.LoginView{Email: email, Next: next, Errors: m.items, EmailError: m.of("email"), Passkeys: s.party != nil, PasskeyError: m.of(passkeyField)}
	switch invited := s.app.InvitedMaySignUp(); {
	case invitation(next) && (allowed || invited):
		v.SignupHref = next // who was invited signs up there, or the invitation is lost
	case allowed:
		v.SignupHref = "/signup"
	default:
		v.Invited = invited
	}
	status, options := formStatus(failure, layoutNarrow)
	if invitation(next) {
		options = append(options, layoutInvited(next, s.app.InvitedMaySignUp()))
	}
	if failure == nil {
		options = append(options, s.accountNotice(w, r, "password_reset", "address_confirmed", "confirmed_already", "email_changed", "login_again", "signed_out"))
	}
	s.render(w, r, status, page.Login(s.layout(r, i18n.From(r.Context()).T("account.login.title"), options...), v))
	return nil
}

// formStatus is the status of a form and what surrounds it, drawn for the first time or
// again after a failure.
func formStatus(failure error, options ...layoutOption) (int, []layoutOption) {
	if failure == nil {
		return http.StatusOK, options
	}
	return httpkit.Status(winddown.KindOf(failure)), append(options, layoutInvalid)
}

// nextPath is the path to go to after signing in, or nothing: only one of ours, and none
// of those that lead back to signing in.
func nextPath(next string) string {
	next = httpkit.LocalPath(next)
	path, _, _ := strings.Cut(next, "?")
	switch path {
	case "/login", secondPath, "/logout", "/signup", "/locale":
		return ""
	}
	return next
}

func orHome(next string) string {
	if next == "" {
		return "/"
	}
	return next
}

// SignUpForm shows the form that opens an account.
func (s *Site) SignUpForm(w http.ResponseWriter, r *http.Request) error {
	if actorOf(r.Context()).SignedIn() {
		return s.redirect(w, r, "/")
	}
	allowed, err := s.app.SignupAllowed(r.Context())
	if err != nil {
		return err
	}
	if !allowed {
		return s.signupClosed(w, r)
	}
	return s.signUp(w, r, winddown.Registration{}, nil)
}

// SignUp opens an account and signs its person in.
func (s *Site) SignUp(w http.ResponseWriter, r *http.Request) error {
	f, err := form(w, r)
	if err != nil {
		return err
	}
	in, from := readRegistration(r, f), s.browser(r)
	token, err := s.register(w, r, in.Email, func() (string, error) { return s.app.SignUp(r.Context(), in, from) })
	switch {
	case err == nil:
		if err := s.signIn(w, r, token, from); err != nil {
			return err
		}
		return s.redirect(w, r, "/")
	case errors.Is(err, winddown.Forbidden):
		return s.signupClosed(w, r)
	case retryable(err):
		return s.signUp(w, r, in, err)
	}
	return err
}

// register makes a counted attempt to open an account. What counts against the account is
// an address that has one already, for that is what the answer gives away.
func (s *Site) register(w http.ResponseWriter, r *http.Request, email string, try func() (string, error)) (string, error) {
	if err := s.logins.takeSignup(w, r); err != nil {
		return "", err
	}
	return s.attempt(w, r, loginTarget(email), try, emailTaken)
}

const emailTaken = "account.error.email_taken"

func readRegistration(r *http.Request, f url.Values) winddown.Registration {
	return winddown.Registration{
		Name: f.Get("name"), Email: f.Get("email"), Password: f.Get("password"), Consent: f.Get("consent") == "yes",
		Locale: string(i18n.From(r.Context()).Locale()),
	}
}

// registrationView is the fields of a new account as they are drawn again.
func registrationView(p *i18n.Printer, in winddown.Registration, next string, failure error, m mistakes) page.RegistrationView {
	v := page.RegistrationView{Name: in.Name, Email: in.Email, Errors: m.fields, Consent: consentField(p, m.of("consent"))}
	v.Consent.Options[0].Checked = in.Consent
	if mentions(failure, emailTaken) {
		v.LoginHref = loginHref(next)
	}
	return v
}

func loginHref(next string) string {
	if next == "" {
		return "/login"
	}
	return "/login?next=" + url.QueryEscape(next)
}

func (s *Site) signUp(w http.ResponseWriter, r *http.Request, in winddown.Registration, failure error) error {
	m := mistakesOf(r.Context(), failure)
	v := page.SignUpView{Registration: registrationView(i18n.From(r.Context()), in, "", failure, m), Errors: m.items, LoginHref: "/login"}
	status, options := formStatus(failure, layoutNarrow)
	s.render(w, r, status, page.SignUp(s.layout(r, i18n.From(r.Context()).T("account.signup.title"), options...), v))
	return nil
}

func (s *Site) signupClosed(w http.ResponseWriter, r *http.Request) error {
	l := s.layout(r, i18n.From(r.Context()).T("account.signup_closed.title"), layoutNarrow)
	s.render(w, r, http.StatusForbidden, page.SignupClosed(l))
	return nil
}

// LogOut ends the login session of this browser.
func (s *Site) LogOut(w http.ResponseWriter, r *http.Request) error {
	if err := s.app.LogOut(r.Context(), actorOf(r.Context())); err != nil {
		return err
	}
	s.cookies.Drop(w, sessionCookie)
	w.Header().Set("Clear-Site-Data", `"cache", "storage"`) // the next person at this computer finds nothing
	return s.redirect(w, r, "/")
}
