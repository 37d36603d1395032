package site

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/piglig/go-qr"

	"winddown/internal/app"
	"winddown/internal/i18n"
	"winddown/internal/winddown"
	"winddown/web/page"
)

const twoFactorPath = "/account/two-factor"

// TwoFactor shows how the account is guarded beside the password, and the authenticator that is
// being set up.
func (s *Site) TwoFactor(w http.ResponseWriter, r *http.Request) error {
	return s.twoFactor(w, r, nil)
}

// StartTwoFactor begins to set up an authenticator.
func (s *Site) StartTwoFactor(w http.ResponseWriter, r *http.Request) error {
	if err := s.app.StartTwoFactor(r.Context(), actorOf(r.Context())); err != nil {
		return s.redrawTwoFactor(w, r, err)
	}
	return s.redirect(w, r, twoFactorPath)
}

// ConfirmTwoFactor turns the authenticator on by a code it shows. The answer itself shows the
// recovery codes: they are nowhere to be read again.
func (s *Site) ConfirmTwoFactor(w http.ResponseWriter, r *http.Request) error {
	f, err := form(w, r)
	if err != nil {
		return err
	}
	var codes []string
	moved := false
	actor := actorOf(r.Context())
	_, err = s.attempt(w, r, setupTarget(actor.UserID), func() (string, error) {
		var err error
		codes, moved, err = s.app.ConfirmTwoFactor(r.Context(), actor, f.Get("code"))
		return "", err
	}, "twofactor.error.code")
	switch {
	case err == nil && moved:
		return s.recoveryCodes(w, r, codes, "moved")
	case err == nil:
		return s.recoveryCodes(w, r, codes, "on")
	case retryable(err):
		return s.twoFactor(w, r, err)
	case mentions(err, app.AlreadyOn): // sent again because the answer was lost
		s.notice(w, "two_factor_already")
		return s.redirect(w, r, "/account")
	}
	return err
}

// DropTwoFactorSetup forgets the authenticator that is being set up.
func (s *Site) DropTwoFactorSetup(w http.ResponseWriter, r *http.Request) error {
	if err := s.app.DropTwoFactorSetup(r.Context(), actorOf(r.Context())); err != nil {
		return err
	}
	return s.redirect(w, r, twoFactorPath)
}

// sure is what whoever takes something away with one press has to have ticked.
func sure(w http.ResponseWriter, r *http.Request, field string) error {
	f, err := form(w, r)
	if err == nil && f.Get(field) == "" {
		err = &winddown.Error{Kind: winddown.Invalid, Key: "error.invalid",
			Fields: []winddown.FieldError{{Field: field, Key: "twofactor.error.sure_" + field}}}
	}
	return err
}

// RenewRecovery makes new recovery codes and shows them.
func (s *Site) RenewRecovery(w http.ResponseWriter, r *http.Request) error {
	if err := sure(w, r, "renew"); err != nil {
		return s.redrawTwoFactor(w, r, err)
	}
	codes, err := s.app.RenewRecovery(r.Context(), actorOf(r.Context()))
	if err != nil {
		return err
	}
	return s.recoveryCodes(w, r, codes, "renewed")
}

// EndTwoFactor turns the authenticator off.
func (s *Site) EndTwoFactor(w http.ResponseWriter, r *http.Request) error {
	if err := sure(w, r, "off"); err != nil {
		return s.redrawTwoFactor(w, r, err)
	}
	if err := s.app.EndTwoFactor(r.Context(), actorOf(r.Context())); err != nil {
		return err
	}
	s.notice(w, "two_factor_off")
	return s.redirect(w, r, "/account")
}

// RecoveryFile hands recovery codes back as a file: the page that shows them sends them.
func (s *Site) RecoveryFile(w http.ResponseWriter, r *http.Request) error {
	f, err := form(w, r)
	if err != nil {
		return err
	}
	codes := strings.Fields(f.Get("codes"))
	if len(codes) != winddown.RecoveryCodes || slices.ContainsFunc(codes, func(c string) bool { return len(winddown.TidyCode(c)) != winddown.RecoveryCodeLength }) {
		return &winddown.Error{Kind: winddown.NotFound, Key: "error.not_found"}
	}
	p := i18n.From(r.Context())
	text := strings.Join(append([]string{p.T("twofactor.codes.file", "Email", actorOf(r.Context()).Email), s.base, ""}, codes...), "\r\n") + "\r\n"
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Content-Disposition", `attachment; filename="winddown-recovery-codes.txt"`)
	_, err = w.Write([]byte(text)) //nolint:gosec // text/plain, and an attachment
	return err
}

// recoveryCodes shows recovery codes that were made as the authenticator was turned on or moved, or
// renewed. Only this answer holds them, so no switch of the language leads away from it.
func (s *Site) recoveryCodes(w http.ResponseWriter, r *http.Request, codes []string, why string) error {
	p := i18n.From(r.Context())
	l := s.layout(r, p.T("twofactor.codes.title"), layoutText)
	l.OneLanguage = p.T("twofactor.codes.language")
	v := page.RecoveryCodesView{Lead: p.T("twofactor.codes." + why), Codes: codes, All: strings.Join(codes, " ")}
	s.render(w, r, http.StatusOK, page.RecoveryCodes(l, v))
	return nil
}

// redrawTwoFactor shows the page again with what is wrong, if a person can mend it.
func (s *Site) redrawTwoFactor(w http.ResponseWriter, r *http.Request, err error) error {
	if redrawable(err) {
		return s.twoFactor(w, r, err)
	}
	return err
}

func (s *Site) twoFactor(w http.ResponseWriter, r *http.Request, failure error) error {
	p, actor := i18n.From(r.Context()), actorOf(r.Context())
	f, err := s.app.TwoFactor(r.Context(), actor)
	if err != nil {
		return err
	}
	m := mistakesOf(r.Context(), failure)
	v := page.TwoFactorView{Possible: f.Possible, On: f.On, Error: m.of("code"), RenewError: m.of("renew"), OffError: m.of("off"), Errors: m.items}
	if f.On {
		v.Since = p.T("twofactor.since", "Time", p.DateTime(f.Since.In(winddown.Zone(actor.Zone))))
		v.Left = p.N("twofactor.left", f.Recovery)
		v.FewLeft = f.Recovery < fewRecovery
	}
	if f.Setup != "" {
		v.Secret = grouped(f.Setup)
		v.Address = otpauth(p.T("common.brand"), actor.Email, f.Setup)
		if v.QR, err = qrView(v.Address); err != nil {
			return err
		}
	}
	status, options := formStatus(failure, layoutText)
	s.render(w, r, status, page.TwoFactor(s.layout(r, p.T("twofactor.title"), options...), v))
	return nil
}

// fewRecovery is under how many recovery codes new ones are advised.
const fewRecovery = 4

// otpauth is the address by which authenticators take over a secret.
func otpauth(issuer, account, secret string) string {
	q := url.Values{"secret": {secret}, "issuer": {issuer}, "digits": {fmt.Sprint(winddown.TOTPDigits)}, "period": {fmt.Sprint(int(winddown.TOTPPeriod.Seconds()))}}
	return "otpauth://totp/" + url.PathEscape(issuer+":"+account) + "?" + q.Encode()
}

// grouped sets a secret in groups of four, as people copy it.
func grouped(secret string) string {
	const group = 4
	var parts []string
	for p := range slices.Chunk([]byte(secret), group) {
		parts = append(parts, string(p))
	}
	return strings.Join(parts, " ")
}

// qrView draws a text as one path of squares with the quiet border of four that scanners need.
func qrView(text string) (page.QRView, error) {
	code, err := go_qr.EncodeText(text, go_qr.Medium)
	if err != nil {
		return page.QRView{}, fmt.Errorf("draw a QR code: %w", err)
	}
	const border = 4
	var path strings.Builder
	for y := range code.Size() {
		for x := range code.Size() {
			if code.Module(x, y) {
				_, _ = fmt.Fprintf(&path, "M%d %dh1v1h-1z", x+border, y+border)
			}
		}
	}
	side := fmt.Sprint(code.Size() + 2*border)
	return page.QRView{Side: side, Box: "0 0 " + side + " " + side, Path: path.String()}, nil
}

// stepCookie holds the token of whoever has given his password and still has to show his second
// factor.
const stepCookie = "winddown_step"

const secondPath = "/login/second"

// toSecond leads somebody whose password was right to the page for his second factor.
func (s *Site) toSecond(w http.ResponseWriter, r *http.Request, token, next string) error {
	s.cookies.Set(w, stepCookie, token, winddown.LoginStepTerm)
	return s.redirect(w, r, withNext(secondPath, next))
}

func withNext(path, next string) string {
	if next == "" {
		return path
	}
	return path + "?next=" + url.QueryEscape(next)
}

// SecondForm asks for the second factor of somebody whose password was right.
func (s *Site) SecondForm(w http.ResponseWriter, r *http.Request) error {
	next := nextPath(r.URL.Query().Get("next"))
	if actorOf(r.Context()).SignedIn() {
		return s.redirect(w, r, orHome(next))
	}
	step, _ := s.cookies.Get(r, stepCookie)
	user, err := s.app.LoginStep(r.Context(), step)
	switch {
	case errors.Is(err, winddown.Unauthenticated):
		return s.redirect(w, r, withNext("/login", next))
	case err != nil:
		return err
	}
	return s.second(w, r, user, next, r.URL.Query().Get("by") == "recovery", nil)
}

// secondField is the field in which the second factor is asked for.
func secondField(recovery bool) string {
	if recovery {
		return "recovery"
	}
	return "code"
}

// Second begins the login session of somebody whose second factor is right.
func (s *Site) Second(w http.ResponseWriter, r *http.Request) error {
	f, err := form(w, r)
	if err != nil {
		return err
	}
	next := nextPath(f.Get("next"))
	step, _ := s.cookies.Get(r, stepCookie)
	user, err := s.app.LoginStep(r.Context(), step)
	var token string
	from := s.browser(r)
	if err == nil {
		in := winddown.SecondFactor{Code: f.Get("code"), Recovery: f.Get("recovery")}
		token, err = s.attempt(w, r, secondTarget(user), func() (string, error) {
			return s.app.FinishLogIn(r.Context(), step, in, from)
		}, "twofactor.error.code", "twofactor.error.recovery")
	}
	switch {
	case err == nil:
		s.cookies.Drop(w, stepCookie)
		if err := s.signIn(w, r, token, from); err != nil {
			return err
		}
		return s.redirect(w, r, orHome(next))
	case errors.Is(err, winddown.Unauthenticated):
		s.notice(w, "login_again")
		return s.redirect(w, r, withNext("/login", next))
	case retryable(err):
		return s.second(w, r, user, next, f.Has("recovery"), err)
	}
	return err
}

func (s *Site) second(w http.ResponseWriter, r *http.Request, user winddown.ID, next string, recovery bool, failure error) error {
	has, err := s.app.TwoFactor(r.Context(), winddown.Actor{UserID: user})
	if err != nil {
		return err
	}
	p := i18n.From(r.Context())
	m := mistakesOf(r.Context(), failure)
	v := page.SecondView{Next: next, Recovery: recovery, Passkey: s.party != nil && has.Passkeys > 0, Error: m.of("code") + m.of("recovery"), PasskeyError: m.of(passkeyField), Errors: m.items}
	for i := range v.Errors { // the page has one of the two fields
		if field := v.Errors[i].Field; field != "" && field != passkeyField {
			v.Errors[i].Field = secondField(recovery)
		}
	}
	other := url.Values{}
	if next != "" {
		other.Set("next", next)
	}
	if !recovery {
		other.Set("by", "recovery")
	}
	v.OtherHref = secondPath
	if len(other) > 0 {
		v.OtherHref += "?" + other.Encode()
	}
	status, options := formStatus(failure, layoutNarrow)
	s.render(w, r, status, page.Second(s.layout(r, p.T("twofactor.second.title"), options...), v))
	return nil
}
