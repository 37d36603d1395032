package site_test

import (
	"encoding/base32"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"winddown/internal/testkit"
	"winddown/internal/winddown"
)

// guard turns an authenticator on by the pages and returns its secret and the recovery codes.
func guard(t *testing.T, s *testkit.Site, c *testkit.Client) (secret []byte, codes []string) {
	t.Helper()
	c.PostForm("/account/two-factor", nil).WantRedirect("/account/two-factor")
	shown := testkit.Text(c.Get("/account/two-factor").Want(http.StatusOK).ByTestID("totp-secret"))
	secret, err := base32.StdEncoding.DecodeString(strings.ReplaceAll(shown, " ", ""))
	if err != nil {
		t.Fatalf("the page shows %q: %v", shown, err)
	}
	c.PostForm("/account/two-factor/confirm", url.Values{"code": {"12345"}}).Want(http.StatusUnprocessableEntity)
	p := c.PostForm("/account/two-factor/confirm", url.Values{"code": {winddown.TOTPCode(secret, s.Clock.Now())}}).Want(http.StatusOK)
	return secret, strings.Fields(p.Form("/account/two-factor/codes.txt").Get("codes"))
}

func TestTheSecondStepOfALogin(t *testing.T) {
	s := testkit.Start(t)
	anna := s.SignUp("Анна Петрова", "petrova")
	secret, codes := guard(t, s, anna)
	if len(codes) != winddown.RecoveryCodes {
		t.Fatalf("%d recovery codes are shown", len(codes))
	}
	file := anna.PostForm("/account/two-factor/codes.txt", url.Values{"codes": {strings.Join(codes, " ")}}).Want(http.StatusOK)
	if !strings.Contains(file.Body, codes[9]+"\r\n") || !strings.Contains(file.Header.Get("Content-Disposition"), "attachment") {
		t.Errorf("the file is %q", file.Body)
	}
	if again := anna.Get("/account/two-factor").Body; strings.Contains(again, codes[0]) || strings.Contains(again, "totp-secret") {
		t.Error("codes or secret are shown again")
	}

	s.Clock.Advance(time.Minute)
	c := s.Anybody()
	form := credentials(anna.Email, testkit.Password)
	form.Set("next", "/account")
	c.PostForm("/login", form).WantRedirect("/login/second?next=%2Faccount")
	if c.Cookie(s.SessionCookie()) != "" {
		t.Fatal("the password alone begins a login session")
	}
	c.Get("/account").WantRedirect("/login?next=%2Faccount")
	p := c.Get("/login/second?next=/account").Want(http.StatusOK)
	typed := p.Form("/login/second")
	typed.Set("code", "12345")
	p = c.PostForm("/login/second", typed).Want(http.StatusUnprocessableEntity)
	typed = p.Form("/login/second")
	typed.Set("code", winddown.TOTPCode(secret, s.Clock.Now()))
	c.PostForm("/login/second", typed).WantRedirect("/account")
	c.Get("/account").Want(http.StatusOK)
	if c.Cookie("winddown_step") != "" {
		t.Error("the cookie between the steps stays")
	}

	// The step is bound to its browser: nobody else goes on with it.
	s.Anybody().Get("/login/second").WantRedirect("/login")
	s.Anybody().PostForm("/login/second", url.Values{"code": {"000000"}}).WantRedirect("/login")

	// By a recovery code, once.
	other := s.Anybody()
	other.PostForm("/login", credentials(anna.Email, testkit.Password)).WantRedirect("/login/second")
	other.Get("/login/second?by=recovery").Want(http.StatusOK)
	other.PostForm("/login/second", url.Values{"recovery": {codes[0]}}).WantRedirect("/")
	third := s.Anybody()
	third.PostForm("/login", credentials(anna.Email, testkit.Password)).WantRedirect("/login/second")
	third.PostForm("/login/second", url.Values{"recovery": {codes[0]}}).Want(http.StatusUnprocessableEntity)
}

// Guesses are few, whatever the browser they come from, and knowing the password buys no more.
func TestGuessesOfTheSecondFactorAreFew(t *testing.T) {
	s := testkit.Start(t)
	anna := s.SignUp("Анна Петрова", "petrova")
	_, codes := guard(t, s, anna) // with one wrong code
	refused := 0
	for range 2 {
		c := s.Anybody()
		c.PostForm("/login", credentials(anna.Email, testkit.Password)).WantRedirect("/login/second")
		for range 5 {
			if c.PostForm("/login/second", url.Values{"code": {"000000"}}).Status == http.StatusTooManyRequests {
				refused++
			}
		}
	}
	if refused != 1 {
		t.Errorf("%d guesses were refused, want the eleventh", refused)
	}
	last := s.Anybody()
	last.PostForm("/login", credentials(anna.Email, testkit.Password)).WantRedirect("/login/second")
	last.PostForm("/login/second", url.Values{"recovery": {codes[0]}}).Want(http.StatusTooManyRequests)
}

// What turns the second step off asks for proof, which a code is too.
func TestTurningTheSecondStepOff(t *testing.T) {
	s := testkit.Start(t)
	anna := s.SignUp("Анна Петрова", "petrova")
	secret, _ := guard(t, s, anna)
	s.Clock.Advance(winddown.ProofTerm + time.Minute)
	for _, path := range []string{"/account/two-factor", "/account/two-factor/codes", "/account/two-factor/off"} {
		if p := anna.PostForm(path, nil).Want(http.StatusForbidden); p.Heading() != "Подтвердите, что это вы" {
			t.Errorf("%s: %s", path, p.Heading())
		}
	}
	anna.PostForm("/account/two-factor/off", url.Values{"proof_password": {""}, "proof_code": {"12345"}}).Want(http.StatusUnprocessableEntity)
	proof := url.Values{"proof_password": {""}, "proof_code": {winddown.TOTPCode(secret, s.Clock.Now())}}
	anna.PostForm("/account/two-factor/off", proof).WantRedirect("/account")
	s.LogIn(anna.Email, testkit.Password)
}

// An open page does not give the second factor away once the proof is old; what was typed goes along.
func TestConfirmingTheSecondStepAsksForProof(t *testing.T) {
	s := testkit.Start(t)
	anna := s.SignUp("Анна Петрова", "petrova")
	anna.PostForm("/account/two-factor", nil).WantRedirect("/account/two-factor")
	shown := testkit.Text(anna.Get("/account/two-factor").Want(http.StatusOK).ByTestID("totp-secret"))
	secret, err := base32.StdEncoding.DecodeString(strings.ReplaceAll(shown, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	s.Clock.Advance(winddown.ProofTerm + time.Minute)
	if p := anna.Get("/account/two-factor").Want(http.StatusOK); p.HasTestID("totp-secret") || !p.HasForm("/account/two-factor") {
		t.Error("the secret is still shown, or nothing to begin anew with")
	}
	const confirm = "/account/two-factor/confirm"
	asked := anna.PostForm(confirm, url.Values{"code": {winddown.TOTPCode(secret, s.Clock.Now())}}).Want(http.StatusForbidden).Form(confirm)
	asked.Set("proof_password", testkit.Password)
	anna.PostForm(confirm, asked).Want(http.StatusOK).ByTestID("recovery-codes")
	// Sent again after a lost answer: it is on, and that is said.
	anna.PostForm(confirm, asked).WantRedirect("/account")
	if got := anna.Get("/account").Notice(); !strings.Contains(got, "уже включён") {
		t.Errorf("sent again, the notice is %q", got)
	}
}
