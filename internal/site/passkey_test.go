package site_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/descope/virtualwebauthn"
	"golang.org/x/net/html"

	"winddown/internal/testkit"
	"winddown/internal/winddown"
)

// question is what a page's button asks the browser's passkey.
func question(t *testing.T, p *testkit.Page, name string) string {
	t.Helper()
	found := p.All(func(n *html.Node) bool { return n.Data == "button" && testkit.Attr(n, "id") == name })
	if len(found) != 1 {
		t.Fatalf("%d buttons are called %s on\n%s", len(found), name, p.Main())
	}
	return testkit.Attr(found[0], "data-passkey")
}

// key is a device's passkey for a site.
type key struct {
	t    *testing.T
	site virtualwebauthn.RelyingParty
	auth virtualwebauthn.Authenticator
	key  virtualwebauthn.Credential
}

func (k *key) sign(asked string) string {
	k.t.Helper()
	options, err := virtualwebauthn.ParseAssertionOptions(asked)
	if err != nil {
		k.t.Fatalf("%v in %q", err, asked)
	}
	k.key.Counter++
	return virtualwebauthn.CreateAssertionResponse(k.site, k.auth, k.key, *options)
}

// addPasskey makes a passkey on the pages.
func addPasskey(t *testing.T, s *testkit.Site, c *testkit.Client, user winddown.ID) *key {
	t.Helper()
	k := &key{t: t, site: virtualwebauthn.RelyingParty{Name: "Winddown", ID: "localhost", Origin: s.URL},
		auth: virtualwebauthn.NewAuthenticatorWithOptions(virtualwebauthn.AuthenticatorOptions{UserHandle: user[:]})}
	for k.key = virtualwebauthn.NewCredential(virtualwebauthn.KeyTypeEC2); len(k.key.Key.AttestationData()) != 77; { // a coordinate without its zeros
		k.key = virtualwebauthn.NewCredential(virtualwebauthn.KeyTypeEC2)
	}
	p := c.PostForm("/account/passkeys/new", url.Values{"name": {"Телефон"}}).Want(http.StatusOK)
	options, err := virtualwebauthn.ParseAttestationOptions(question(t, p, "passkey"))
	if err != nil {
		t.Fatal(err)
	}
	f := p.Form("/account/passkeys")
	f.Set("passkey", virtualwebauthn.CreateAttestationResponse(k.site, k.auth, k.key, *options))
	c.PostForm("/account/passkeys", f).WantRedirect("/account/passkeys")
	return k
}

func TestPasskeysOnPages(t *testing.T) {
	s := testkit.Start(t, testkit.WithName())
	anna := s.SignUp("Анна Петрова", "petrova")
	guard(t, s, anna)
	c := anna
	// Without script the pages say what is missing, and keep what was typed.
	p := c.PostForm("/account/passkeys", url.Values{"name": {"Телефон"}, "passkey": {""}, "passkey_fault": {"script"}}).Want(http.StatusUnprocessableEntity)
	if !strings.Contains(p.Errors()["passkey"], "JavaScript") || p.Form("/account/passkeys").Get("name") != "Телефон" {
		t.Errorf("without script the page says %v", p.Errors())
	}
	c.PostForm("/account/passkeys/new", url.Values{"name": {" "}}).Want(http.StatusUnprocessableEntity)
	k := addPasskey(t, s, c, anna.Actor().UserID)
	list := c.Get("/account/passkeys").Want(http.StatusOK)
	if got := list.Notice(); !strings.Contains(got, "добавлен") {
		t.Errorf("the notice is %q", got)
	}
	if shown := testkit.Text(list.ByTestID("passkeys")); !strings.Contains(shown, "Телефон") || !strings.Contains(shown, "22 ноября 2026, 12:00 МСК") || !strings.Contains(shown, "Ещё не использовался") {
		t.Errorf("the list shows %q", shown)
	}

	// Logging in asks for nothing else, and leads on.
	phone := s.Anybody()
	p = phone.PostForm("/login/passkey", url.Values{"passkey_fault": {"unsupported"}, "next": {"/account"}}).Want(http.StatusUnprocessableEntity)
	if !strings.Contains(p.Errors()["passkey"], "не умеет") || p.Form("/login/passkey").Get("next") != "/account" {
		t.Errorf("a browser without passkeys is told %v", p.Errors())
	}
	asked := phone.PostForm("/login/passkey/options", nil).Want(http.StatusOK)
	if asked.Header.Get("Content-Type") != "application/json" || asked.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("the question comes with %v", asked.Header)
	}
	phone.PostForm("/login/passkey", url.Values{"passkey": {k.sign(asked.Body)}, "next": {"/account"}}).WantRedirect("/account")
	phone.Get("/account").Want(http.StatusOK)

	// Before something dangerous it stands in for the password.
	s.Clock.Advance(winddown.ProofTerm + time.Minute)
	has, err := s.App.Passkeys(t.Context(), anna.Actor())
	if err != nil || len(has) != 1 {
		t.Fatalf("%d passkeys, %v", len(has), err)
	}
	remove := "/account/passkeys/" + has[0].ID.String() + "/remove"
	if ask := phone.Get(remove).Want(http.StatusOK); !list.HasLink(remove) || list.HasForm(remove) || !ask.HasForm(remove) || !strings.Contains(ask.Heading(), "«Телефон»") {
		t.Errorf("to remove it takes one press, or is not asked for:\n%s", ask.Main())
	}
	// The password alone is not enough for another one: whoever knows it would get round the second step.
	p = phone.PostForm("/account/passkeys/new", url.Values{"name": {"Ноутбук"}}).Want(http.StatusForbidden)
	another := p.Form("/account/passkeys/new")
	if !another.Has("proof_code") || !another.Has("proof_password") || another.Get("name") != "Ноутбук" {
		t.Errorf("before another passkey the page asks for %v", another)
	}
	another.Set("proof_password", testkit.Password)
	if got := phone.PostForm("/account/passkeys/new", another).Want(http.StatusUnprocessableEntity).Errors(); got["proof_code"] == "" || len(got) != 1 {
		t.Errorf("by the password alone: %v", got)
	}
	// It stands in for the code of a login too; where it fails, the code is still asked for and not the password.
	desk := s.Anybody()
	desk.PostForm("/login", credentials(anna.Email, testkit.Password)).WantRedirect("/login/second")
	failed := url.Values{"passkey_fault": {"refused"}, "next": {"/account"}}
	p = desk.PostForm("/login/passkey", failed).Want(http.StatusUnprocessableEntity)
	beside := p.ByID(testkit.Attr(p.ByID("passkey"), "aria-describedby"))
	if said := p.Errors()["passkey"]; said == "" || !strings.Contains(testkit.Text(beside), said) || p.Form("/login/second").Get("next") != "/account" ||
		p.HasForm("/login") || !p.HasForm("/login/passkey") || !p.HasLink("/login/second?by=recovery&next=%2Faccount") {
		t.Errorf("after a passkey that failed on the page for a code:\n%s", p.Main())
	}
	if late := s.Anybody().PostForm("/login/passkey", failed).Want(http.StatusUnprocessableEntity); !late.HasForm("/login") {
		t.Errorf("without the first step a code is asked for:\n%s", late.Main())
	}
	second := desk.Get("/login/second?next=/account").Want(http.StatusOK).Form("/login/passkey")
	second.Set("passkey", k.sign(desk.PostForm("/login/passkey/options", nil).Want(http.StatusOK).Body))
	desk.PostForm("/login/passkey", second).WantRedirect("/account")
	if desk.Cookie("winddown_step") != "" {
		t.Error("the cookie between the steps stays")
	}
	p = phone.PostForm(remove, nil).Want(http.StatusForbidden)
	f := p.Form(remove)
	stale := k.sign(question(t, p, "proof_passkey"))
	s.Clock.Advance(winddown.ChallengeTerm)
	f.Set("proof_passkey", stale)
	f.Set("proof_passkey_fault", "")
	p = phone.PostForm(remove, f).Want(http.StatusUnprocessableEntity)
	if !strings.Contains(p.Errors()["proof_passkey"], "пяти минут") {
		t.Errorf("too late, the page says %v", p.Errors())
	}
	f = p.Form(remove)
	f.Set("proof_passkey", k.sign(question(t, p, "proof_passkey")))
	f.Set("proof_passkey_fault", "")
	phone.PostForm(remove, f).WantRedirect("/account/passkeys")
	if shown := phone.Get("/account/passkeys").Want(http.StatusOK); shown.HasTestID("passkeys") {
		t.Error("the passkey is still shown")
	}
	asked = s.Anybody().PostForm("/login/passkey/options", nil).Want(http.StatusOK)
	p = s.Anybody().PostForm("/login/passkey", url.Values{"passkey": {k.sign(asked.Body)}}).Want(http.StatusUnprocessableEntity)
	if !strings.Contains(p.Errors()["passkey"], "удалили") {
		t.Errorf("with a removed passkey the page says %v", p.Errors())
	}
}

// At a number browsers know no passkeys: the page says so, and the login offers none.
func TestPasskeysNeedAName(t *testing.T) {
	s := testkit.Start(t)
	anna := s.SignUp("Анна Петрова", "petrova")
	if p := anna.Get("/account/passkeys").Want(http.StatusOK); p.HasForm("/account/passkeys/new") || !strings.Contains(p.Main(), "только на сайтах с https") {
		t.Errorf("the page says\n%s", p.Main())
	}
	if s.Anybody().Get("/login").Want(http.StatusOK).HasForm("/login/passkey") {
		t.Error("the login offers passkeys")
	}
}

// What a passkey is to sign is written down for each who asks: whoever asks too often waits.
func TestQuestionsToPasskeysAreBounded(t *testing.T) {
	s := testkit.Start(t, testkit.WithName())
	c := s.Anybody()
	for range 300 {
		c.PostForm("/login/passkey/options", nil).Want(http.StatusOK)
	}
	c.PostForm("/login/passkey/options", nil).Want(http.StatusTooManyRequests)
}
