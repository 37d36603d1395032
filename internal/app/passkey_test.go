package app_test

import (
	"strings"
	"testing"
	"time"

	"github.com/descope/virtualwebauthn"
	"github.com/google/uuid"

	"winddown/internal/app"
	"winddown/internal/winddown"
)

// device is somebody's phone: an authenticator with one passkey.
type device struct {
	w     *world
	site  virtualwebauthn.RelyingParty
	party *app.RelyingParty
	auth  virtualwebauthn.Authenticator
	key   virtualwebauthn.Credential
}

const passkeySite = "https://winddown.example"

func (w *world) device(o virtualwebauthn.AuthenticatorOptions) *device {
	return &device{
		w: w, site: virtualwebauthn.RelyingParty{Name: "Winddown", ID: "winddown.example", Origin: passkeySite},
		party: app.NewRelyingParty(passkeySite), auth: virtualwebauthn.NewAuthenticatorWithOptions(o),
		key: newKey(),
	}
}

// newKey is a key whose public half has its full length: the library leaves zeros at the beginning of
// a coordinate out, one time in 128, and ours refuses that.
func newKey() virtualwebauthn.Credential {
	const full = 77 // bytes of a COSE key on P-256
	for {
		if c := virtualwebauthn.NewCredential(virtualwebauthn.KeyTypeEC2); len(c.Key.AttestationData()) == full {
			return c
		}
	}
}

// make is what the device says when it is asked to make its passkey.
func (d *device) make(asked []byte) []byte {
	d.w.t.Helper()
	options, err := virtualwebauthn.ParseAttestationOptions(string(asked))
	if err != nil {
		d.w.t.Fatalf("%v in %s", err, asked)
	}
	return []byte(virtualwebauthn.CreateAttestationResponse(d.site, d.auth, d.key, *options))
}

// sign is what the device says when it is asked for its passkey.
func (d *device) sign(asked []byte) []byte {
	d.w.t.Helper()
	options, err := virtualwebauthn.ParseAssertionOptions(string(asked))
	if err != nil {
		d.w.t.Fatalf("%v in %s", err, asked)
	}
	d.key.Counter++
	return []byte(virtualwebauthn.CreateAssertionResponse(d.site, d.auth, d.key, *options))
}

// loginQuestion is what whoever wants to log in is asked.
func (d *device) loginQuestion() []byte {
	d.w.t.Helper()
	asked, err := d.w.app.AskForLogin(d.w.t.Context(), d.party)
	if err != nil {
		d.w.t.Fatal(err)
	}
	return asked
}

func (d *device) logIn(answer []byte) (string, error) {
	return d.w.app.LogInByPasskey(d.w.t.Context(), d.party, answer, app.Browser{})
}

// withPasskey gives an actor a device with a passkey.
func (w *world) withPasskey(a winddown.Actor, name string) *device {
	w.t.Helper()
	a.ProvedAt = w.clock.Now()
	d := w.device(virtualwebauthn.AuthenticatorOptions{UserHandle: a.UserID[:]})
	_, asked, err := w.app.AskForNewPasskey(w.t.Context(), a, d.party, name)
	if err == nil {
		err = w.app.AddPasskey(w.t.Context(), a, d.party, name, d.make(asked))
	}
	if err != nil {
		w.t.Fatal(err)
	}
	return d
}

// A passkey lets in without password and code, each challenge once and for five minutes.
func TestLoggingInByPasskey(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	a := w.signUp("kim@example.ru")
	w.guard(a)
	d := w.withPasskey(a, " Телефон  Анны ")
	answer := d.sign(d.loginQuestion())
	token, err := d.logIn(answer)
	if err != nil {
		t.Fatal(err)
	}
	if got := w.actor(token); got.UserID != a.UserID || got.Proved(w.clock.Now()) != nil {
		t.Errorf("signed in as %s, proved at %v", got.UserID, got.ProvedAt)
	}
	_, err = d.logIn(answer)
	wantField(t, err, "passkey", "passkey.error.late") // each answer works once
	late := d.loginQuestion()
	w.clock.Advance(winddown.ChallengeTerm)
	_, err = d.logIn(d.sign(late))
	wantField(t, err, "passkey", "passkey.error.late")
	if n := one[int](w, "select count(*) from passkey_challenges"); n != 1 {
		t.Errorf("%d challenges wait", n)
	}
	list, err := w.app.Passkeys(ctx, a)
	if err != nil || len(list) != 1 || list[0].Name != "Телефон Анны" || !list[0].AddedAt.Equal(w.clock.Now().Add(-winddown.ChallengeTerm)) || list[0].UsedAt.IsZero() {
		t.Errorf("the passkeys are %+v, %v", list, err)
	}
	if n := one[int](w, "select count(*) from passkey_challenges where expires_at < $1", w.clock.Now().Add(-time.Minute)); n > 0 {
		t.Errorf("%d challenges that are over are kept", n)
	}

	// A wrong answer spends the challenge too.
	for what, bend := range map[string]func(*device){
		"another key":         func(d *device) { d.key.Key = newKey().Key },
		"another site":        func(d *device) { d.site.Origin = "https://winddown.example.evil.example" },
		"another host":        func(d *device) { d.site.ID = "evil.example" },
		"no PIN":              func(d *device) { d.auth.Options.UserNotVerified = true },
		"nobody there":        func(d *device) { d.auth.Options.UserNotPresent = true },
		"somebody else's":     func(d *device) { other := w.signUp("other@example.ru"); d.auth.Options.UserHandle = other.UserID[:] },
		"a key that can move": func(d *device) { d.auth.Options.BackupEligible = true },
	} {
		bent := *d
		bend(&bent)
		asked := d.loginQuestion()
		_, err := d.logIn(bent.sign(asked))
		if winddown.KindOf(err) != winddown.Invalid {
			t.Errorf("%s: %v", what, err)
		}
		_, err = d.logIn(d.sign(asked))
		wantField(t, err, "passkey", "passkey.error.late")
	}
	_, err = d.logIn([]byte("{"))
	wantField(t, err, "passkey", "passkey.error.answer")
	never := w.device(virtualwebauthn.AuthenticatorOptions{UserHandle: a.UserID[:]})
	_, err = d.logIn(never.sign(d.loginQuestion()))
	wantField(t, err, "passkey", "passkey.error.unknown")

	// What an open page asks of its own person opens nobody's login, and the other way round.
	asked, err := w.app.AskForPasskey(ctx, a, d.party)
	if err != nil {
		t.Fatal(err)
	}
	_, err = d.logIn(d.sign(asked))
	wantField(t, err, "passkey", "passkey.error.late")
	wantField(t, errOf(w.app.ProveByPasskey(ctx, a, d.party, d.sign(d.loginQuestion()))), "passkey", "passkey.error.late")

	if err := w.app.DisableUser(ctx, "kim@example.ru"); err != nil {
		t.Fatal(err)
	}
	_, err = d.logIn(d.sign(d.loginQuestion()))
	wantField(t, err, "passkey", "passkey.error.unknown")
}

// A passkey whose counter goes back may be a copy: it is refused, and its person told.
func TestACopiedPasskeyIsRefused(t *testing.T) {
	w := newWorld(t)
	a := w.signUp("kim@example.ru")
	d := w.withPasskey(a, "Ключ")
	copied := *d
	for range 2 {
		if _, err := d.logIn(d.sign(d.loginQuestion())); err != nil {
			t.Fatal(err)
		}
	}
	told := func() int {
		return one[int](w, "select count(*) from events where stream_id = $1 and convert_from(body, 'UTF8')::json ->> 'kind' = 'passkey_copied'", uuid.UUID(a.UserID))
	}
	_, err := d.logIn(copied.sign(d.loginQuestion()))
	wantField(t, err, "passkey", "passkey.error.copied")
	if told() != 1 {
		t.Errorf("%d events tell of it", told())
	}
	wantField(t, w.prove(a, &copied), "passkey", "passkey.error.copied") // as far as the other by now
	if told() != 2 {
		t.Errorf("%d events tell of it", told())
	}
	if _, err := d.logIn(d.sign(d.loginQuestion())); err != nil {
		t.Errorf("the one that counted on: %v", err)
	}
}

// prove shows an actor's passkey before something dangerous.
func (w *world) prove(a winddown.Actor, d *device) error {
	w.t.Helper()
	asked, err := w.app.AskForPasskey(w.t.Context(), a, d.party)
	if err != nil {
		w.t.Fatal(err)
	}
	return errOf(w.app.ProveByPasskey(w.t.Context(), a, d.party, d.sign(asked)))
}

// Passkeys are added and removed by whoever has proved who he is, and prove it themselves.
func TestKeepingPasskeys(t *testing.T) {
	w := newWorldWith(t, app.Options{Mail: true}, nil)
	ctx := t.Context()
	a := w.signUp("kim@example.ru")
	party := app.NewRelyingParty(passkeySite)
	if asked, err := w.app.AskForPasskey(ctx, a, party); err != nil || asked != nil {
		t.Errorf("somebody without a passkey is asked for %s, %v", asked, err)
	}
	stale := a
	stale.ProvedAt = w.clock.Now().Add(-time.Hour)
	_, _, err := w.app.AskForNewPasskey(ctx, stale, party, "Ключ")
	wantKind(t, err, winddown.Unproved)
	a.ProvedAt = w.clock.Now()
	for _, name := range []string{"", "  ", strings.Repeat("ы", winddown.MaxPasskeyName+1)} {
		_, _, err = w.app.AskForNewPasskey(ctx, a, party, name)
		wantKind(t, err, winddown.Invalid)
	}
	d := w.withPasskey(a, "Ключ")

	// Made for another login session, it is none of this one.
	fresh := w.device(virtualwebauthn.AuthenticatorOptions{UserHandle: a.UserID[:]})
	_, asked, err := w.app.AskForNewPasskey(ctx, a, party, "Ключ")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(asked), `"excludeCredentials":[{`) {
		t.Errorf("the device is not told which passkeys there are: %s", asked)
	}
	elsewhere := a
	elsewhereToken, _, err := w.app.LogIn(ctx, "kim@example.ru", password, app.Browser{})
	if err != nil {
		t.Fatal(err)
	}
	elsewhere.SessionID = w.actor(elsewhereToken).SessionID
	wantField(t, w.app.AddPasskey(ctx, elsewhere, party, "Ключ", fresh.make(asked)), "passkey", "passkey.error.late")
	if err := w.app.AddPasskey(ctx, a, party, "Ключ", fresh.make(asked)); err != nil {
		t.Errorf("in its own session: %v", err)
	}
	wantField(t, w.app.AddPasskey(ctx, a, party, "Ключ", fresh.make(asked)), "passkey", "passkey.error.late")
	// Without PIN or finger it would be one factor alone.
	lax := w.device(virtualwebauthn.AuthenticatorOptions{UserHandle: a.UserID[:], UserNotVerified: true})
	_, asked, err = w.app.AskForNewPasskey(ctx, a, party, "Ключ")
	if err != nil {
		t.Fatal(err)
	}
	wantField(t, w.app.AddPasskey(ctx, a, party, "Ключ", lax.make(asked)), "passkey", "passkey.error.answer")
	// One that somebody has cannot become another's.
	other := w.signUp("other@example.ru")
	other.ProvedAt = w.clock.Now()
	_, asked, err = w.app.AskForNewPasskey(ctx, other, party, "Ключ")
	if err != nil {
		t.Fatal(err)
	}
	wantKind(t, w.app.AddPasskey(ctx, other, party, "Ключ", d.make(asked)), winddown.Conflict)

	// A new password takes none of them away, and ends none of their logins to come.
	l, err := w.app.ResetLetter(ctx, a.UserID, w.clock.Now())
	if err != nil {
		t.Fatal(err)
	}
	if err := w.app.ResetPassword(ctx, l.Token, "another long password 7"); err != nil {
		t.Fatal(err)
	}
	token, err := d.logIn(d.sign(d.loginQuestion()))
	if err != nil {
		t.Fatal(err)
	}
	a = w.actor(token)
	w.clock.Advance(winddown.ProofTerm + time.Minute)
	list, err := w.app.Passkeys(ctx, a)
	if err != nil || len(list) != 2 {
		t.Fatalf("%d passkeys, %v", len(list), err)
	}
	wantKind(t, w.app.RemovePasskey(ctx, a, list[1].ID), winddown.Unproved)
	asked, err = w.app.AskForPasskey(ctx, a, d.party)
	if err != nil {
		t.Fatal(err)
	}
	if token, err = w.app.ProveByPasskey(ctx, a, d.party, d.sign(asked)); err != nil {
		t.Fatal(err)
	}
	a = w.actor(token)
	wantKind(t, w.app.RemovePasskey(ctx, other, list[0].ID), winddown.Unproved)
	other.ProvedAt = w.clock.Now()
	wantKind(t, w.app.RemovePasskey(ctx, other, list[0].ID), winddown.NotFound)
	if err := w.app.RemovePasskey(ctx, a, list[0].ID); err != nil {
		t.Fatal(err)
	}
	wantKind(t, w.app.RemovePasskey(ctx, a, list[0].ID), winddown.NotFound)
	_, err = d.logIn(d.sign(d.loginQuestion()))
	wantField(t, err, "passkey", "passkey.error.unknown")

	// In a session that has ended nothing is proved; the questions of one that has not are few, and the
	// newest are kept.
	d = w.withPasskey(a, "Ещё ключ")
	ended := a
	ended.SessionID = newID(t)
	wantKind(t, w.prove(ended, d), winddown.Unauthenticated)
	for range winddown.MaxChallenges + 3 {
		if asked, err = w.app.AskForPasskey(ctx, a, d.party); err != nil {
			t.Fatal(err)
		}
		w.clock.Advance(time.Second)
	}
	if n := one[int](w, "select count(*) from passkey_challenges where session_id = $1", uuid.UUID(a.SessionID)); n != winddown.MaxChallenges {
		t.Errorf("%d questions of one session wait", n)
	}
	if err := errOf(w.app.ProveByPasskey(ctx, a, d.party, d.sign(asked))); err != nil {
		t.Errorf("the newest question: %v", err)
	}

	// Whoever has lost everything gets in by his password alone.
	w.guard(a)
	if _, err := w.app.ResetTwoFactor(ctx, "kim@example.ru"); err != nil {
		t.Fatal(err)
	}
	if n := one[int](w, "select (select count(*) from passkeys) + (select count(*) from totp_secrets)"); n != 0 {
		t.Errorf("%d keys are left", n)
	}

	for range winddown.MaxPasskeys {
		w.withPasskey(a, "Ключ")
	}
	a.ProvedAt = w.clock.Now()
	_, _, err = w.app.AskForNewPasskey(ctx, a, party, "Ещё один")
	wantKind(t, err, winddown.Conflict)
}

// Browsers know passkeys over https and on this machine, and for names alone.
func TestWhereThereArePasskeys(t *testing.T) {
	for base, want := range map[string]bool{
		"https://winddown.example": true, "HTTPS://Winddown.Example": true, "https://winddown.example:8443": true, "http://localhost:8080": true, "http://dev.localhost": true,
		"http://winddown.example": false, "http://127.0.0.1:8080": false, "https://192.0.2.1": false, "https://[2001:db8::1]:8443": false, "http://localhost.example": false, "": false,
	} {
		if got := app.NewRelyingParty(base) != nil; got != want {
			t.Errorf("%q: %v", base, got)
		}
	}
	w := newWorld(t)
	asked, err := w.app.AskForLogin(t.Context(), app.NewRelyingParty("https://WINDDOWN.example"))
	if err != nil || !strings.Contains(string(asked), `"rpId":"winddown.example"`) {
		t.Errorf("a host in capitals is asked for as %s, %v", asked, err)
	}
	_, err = w.app.AskForLogin(t.Context(), nil)
	wantKind(t, err, winddown.Conflict)
	_, err = w.app.LogInByPasskey(t.Context(), nil, nil, app.Browser{})
	wantKind(t, err, winddown.Conflict)
}
