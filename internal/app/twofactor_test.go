package app_test

import (
	"context"
	"encoding/base32"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"winddown/internal/app"
	"winddown/internal/keyring"
	"winddown/internal/winddown"
)

// secretOf is what the page shows of the authenticator an actor sets up.
func (w *world) secretOf(a winddown.Actor) []byte {
	w.t.Helper()
	f, err := w.app.TwoFactor(w.t.Context(), a)
	if err != nil {
		w.t.Fatal(err)
	}
	secret, err := base32.StdEncoding.DecodeString(f.Setup)
	if err != nil || len(secret) != winddown.TOTPSecret {
		w.t.Fatalf("the secret is %q, %v", f.Setup, err)
	}
	return secret
}

// guard turns an authenticator on for an actor, and leaves its code used.
func (w *world) guard(a winddown.Actor) (secret []byte, codes []string) {
	w.t.Helper()
	a.ProvedAt = w.clock.Now()
	if err := w.app.StartTwoFactor(w.t.Context(), a); err != nil {
		w.t.Fatal(err)
	}
	secret = w.secretOf(a)
	codes, _, err := w.app.ConfirmTwoFactor(w.t.Context(), a, winddown.TOTPCode(secret, w.clock.Now()))
	if err != nil {
		w.t.Fatal(err)
	}
	return secret, codes
}

// passwordStep is the first of two steps of signing in.
func (w *world) passwordStep(email string) string {
	w.t.Helper()
	token, second, err := w.app.LogIn(w.t.Context(), email, password, app.Browser{})
	if err != nil || !second {
		w.t.Fatalf("the password alone: second %v, %v", second, err)
	}
	return token
}

func TestLoggingInInTwoSteps(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	a := w.signUp("kim@example.ru")
	secret, recovery := w.guard(a)
	code := func() winddown.SecondFactor {
		return winddown.SecondFactor{Code: winddown.TOTPCode(secret, w.clock.Now())}
	}
	step := w.passwordStep("kim@example.ru")
	if _, err := w.app.Actor(ctx, step); winddown.KindOf(err) != winddown.Unauthenticated {
		t.Fatalf("the token between the steps lets in: %v", err)
	}
	_, err := w.app.FinishLogIn(ctx, step, code(), app.Browser{})
	wantField(t, err, "code", "twofactor.error.code") // it was used to turn the authenticator on
	w.clock.Advance(winddown.TOTPPeriod)
	_, err = w.app.FinishLogIn(ctx, step, winddown.SecondFactor{}, app.Browser{})
	wantField(t, err, "code", "twofactor.error.missing")
	token, err := w.app.FinishLogIn(ctx, step, code(), app.Browser{})
	if err != nil {
		t.Fatal(err)
	}
	if got := w.actor(token); got.UserID != a.UserID {
		t.Errorf("signed in as %s", got.UserID)
	}
	_, err = w.app.FinishLogIn(ctx, step, code(), app.Browser{})
	wantKind(t, err, winddown.Unauthenticated) // a step ends with its login
	_, err = w.app.FinishLogIn(ctx, w.passwordStep("kim@example.ru"), code(), app.Browser{})
	wantField(t, err, "code", "twofactor.error.code") // and a code with it

	late := w.passwordStep("kim@example.ru")
	w.clock.Advance(winddown.LoginStepTerm)
	_, err = w.app.FinishLogIn(ctx, late, code(), app.Browser{})
	wantKind(t, err, winddown.Unauthenticated)

	// A recovery code works once, typed in any way.
	typed := winddown.SecondFactor{Recovery: " " + strings.ToUpper(strings.ReplaceAll(recovery[3], "-", " "))}
	if _, err = w.app.FinishLogIn(ctx, w.passwordStep("kim@example.ru"), typed, app.Browser{}); err != nil {
		t.Fatal(err)
	}
	_, err = w.app.FinishLogIn(ctx, w.passwordStep("kim@example.ru"), typed, app.Browser{})
	wantField(t, err, "recovery", "twofactor.error.recovery")
	if f, err := w.app.TwoFactor(ctx, a); err != nil || f.Recovery != winddown.RecoveryCodes-1 {
		t.Errorf("%d recovery codes are left, %v", f.Recovery, err)
	}
	// Each kind of code is understood where the other is asked for, and works once there too.
	swapped := winddown.SecondFactor{Code: recovery[4]}
	if _, err = w.app.FinishLogIn(ctx, w.passwordStep("kim@example.ru"), swapped, app.Browser{}); err != nil {
		t.Errorf("a recovery code in the field of the other: %v", err)
	}
	_, err = w.app.FinishLogIn(ctx, w.passwordStep("kim@example.ru"), swapped, app.Browser{})
	wantField(t, err, "code", "twofactor.error.recovery")
	swapped = winddown.SecondFactor{Recovery: code().Code}
	if _, err = w.app.FinishLogIn(ctx, w.passwordStep("kim@example.ru"), swapped, app.Browser{}); err != nil {
		t.Errorf("a code in the field of recovery codes: %v", err)
	}
	_, err = w.app.FinishLogIn(ctx, w.passwordStep("kim@example.ru"), swapped, app.Browser{})
	wantField(t, err, "recovery", "twofactor.error.code")
	// To prove who one is it is not spent.
	wantField(t, errOf(w.app.Prove(ctx, a, winddown.Proof{Password: password, Code: recovery[5]})), "code", "twofactor.error.not_recovery")
	if f, err := w.app.TwoFactor(ctx, a); err != nil || f.Recovery != winddown.RecoveryCodes-2 {
		t.Errorf("%d recovery codes are left, %v", f.Recovery, err)
	}
	// Nobody else's.
	other := w.signUp("other@example.ru")
	_, others := w.guard(other)
	_, err = w.app.FinishLogIn(ctx, w.passwordStep("kim@example.ru"), winddown.SecondFactor{Recovery: others[0]}, app.Browser{})
	wantField(t, err, "recovery", "twofactor.error.recovery")

	// Neither the secret nor a code is in the database.
	if found := w.leftovers(string(secret), base32.StdEncoding.EncodeToString(secret), recovery[0], winddown.TidyCode(recovery[0])); len(found) > 0 {
		t.Errorf("to be read in the database: %v", found)
	}
}

// A new password opens no account with a second factor, and ends the logins between the steps.
func TestAPasswordDoesNotGetRoundTheSecondFactor(t *testing.T) {
	w := newWorldWith(t, app.Options{Mail: true}, nil)
	ctx := t.Context()
	a := w.signUp("kim@example.ru")
	w.guard(a)
	step := w.passwordStep("kim@example.ru")
	l, err := w.app.ResetLetter(ctx, a.UserID, w.clock.Now())
	if err != nil {
		t.Fatal(err)
	}
	if err := w.app.ResetPassword(ctx, l.Token, password); err != nil {
		t.Fatal(err)
	}
	_, err = w.app.LoginStep(ctx, step)
	wantKind(t, err, winddown.Unauthenticated)
	w.passwordStep("kim@example.ru")
	if n := one[int](w, "select count(*) from login_sessions where user_id = $1 and ended_at is null", uuid.UUID(a.UserID)); n != 0 {
		t.Errorf("%d login sessions go on", n)
	}
	// Somebody barred meanwhile does not get in either.
	step = w.passwordStep("kim@example.ru")
	if err := w.app.DisableUser(ctx, "kim@example.ru"); err != nil {
		t.Fatal(err)
	}
	_, err = w.app.FinishLogIn(ctx, step, winddown.SecondFactor{Code: "000000"}, app.Browser{})
	wantKind(t, err, winddown.Unauthenticated)
}

// Whatever weakens the guard needs proof, and another authenticator takes over with its first code.
func TestChangingTheSecondFactor(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	a := w.signUp("kim@example.ru")
	old, _ := w.guard(a)
	stale := a
	stale.ProvedAt = w.clock.Now().Add(-time.Hour)
	wantKind(t, w.app.StartTwoFactor(ctx, stale), winddown.Unproved)
	wantKind(t, w.app.EndTwoFactor(ctx, stale), winddown.Unproved)
	_, err := w.app.RenewRecovery(ctx, stale)
	wantKind(t, err, winddown.Unproved)

	w.clock.Advance(time.Minute)
	a.ProvedAt = w.clock.Now()
	if err := w.app.StartTwoFactor(ctx, a); err != nil {
		t.Fatal(err)
	}
	fresh := w.secretOf(a)
	_, _, err = w.app.ConfirmTwoFactor(ctx, a, winddown.TOTPCode(old, w.clock.Now()))
	wantField(t, err, "code", "twofactor.error.code")
	if _, err := w.app.FinishLogIn(ctx, w.passwordStep("kim@example.ru"), winddown.SecondFactor{Code: winddown.TOTPCode(old, w.clock.Now())}, app.Browser{}); err != nil {
		t.Errorf("while another is set up the authenticator does not work: %v", err)
	}
	// Neither shown nor confirmed to whoever sits down at the open page later.
	w.clock.Advance(winddown.ProofTerm + time.Second)
	if f, err := w.app.TwoFactor(ctx, a); err != nil || f.Setup != "" {
		t.Errorf("without a proof the secret is shown: %q, %v", f.Setup, err)
	}
	_, _, err = w.app.ConfirmTwoFactor(ctx, a, winddown.TOTPCode(fresh, w.clock.Now()))
	wantKind(t, err, winddown.Unproved)
	w.clock.Advance(winddown.SetupTerm)
	a.ProvedAt = w.clock.Now()
	_, _, err = w.app.ConfirmTwoFactor(ctx, a, winddown.TOTPCode(fresh, w.clock.Now()))
	wantKind(t, err, winddown.Gone)
	fresh, _ = w.guard(a)
	w.clock.Advance(time.Minute)
	_, err = w.app.FinishLogIn(ctx, w.passwordStep("kim@example.ru"), winddown.SecondFactor{Code: winddown.TOTPCode(old, w.clock.Now())}, app.Browser{})
	wantField(t, err, "code", "twofactor.error.code")

	// Password and code prove together, the code once; neither does alone.
	wantField(t, errOf(w.app.Prove(ctx, a, winddown.Proof{Password: password})), "code", "twofactor.error.code_missing")
	proof := winddown.Proof{Password: password, Code: winddown.TOTPCode(fresh, w.clock.Now())}
	renewed, err := w.app.Prove(ctx, a, proof)
	if err != nil {
		t.Fatal(err)
	}
	wantField(t, errOf(w.app.Prove(ctx, w.actor(renewed), proof)), "code", "twofactor.error.code")
	// Whoever pressed the button twice sends the same with the token there was, and is not signed out by it.
	if twice, err := w.app.Prove(ctx, a, proof); err != nil || twice != renewed {
		t.Errorf("pressed twice: another token, or %v", err)
	}
	wantField(t, errOf(w.app.Prove(ctx, a, winddown.Proof{Password: "не тот пароль", Code: proof.Code})), "password", "account.error.password_wrong")
	ended := a
	ended.SessionID = newID(t)
	w.clock.Advance(time.Minute)
	code := winddown.TOTPCode(fresh, w.clock.Now())
	wantKind(t, errOf(w.app.Prove(ctx, ended, winddown.Proof{Password: password, Code: code})), winddown.Unauthenticated)

	a.ProvedAt = w.clock.Now()
	if err := w.app.EndTwoFactor(ctx, a); err != nil {
		t.Fatal(err)
	}
	if n := one[int](w, "select count(*) from totp_secrets") + one[int](w, "select count(*) from recovery_codes"); n != 0 {
		t.Errorf("%d rows are left", n)
	}
	if _, second, err := w.app.LogIn(ctx, "kim@example.ru", password, app.Browser{}); err != nil || second {
		t.Errorf("a second step is asked for: %v, %v", second, err)
	}
}

func TestKeysAreReplaced(t *testing.T) {
	older, newer := keyring.NewKey(), keyring.NewKey()
	ring := func(lines ...string) *keyring.Ring {
		r, err := keyring.Parse(strings.Join(lines, "\n"))
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	w := newWorldWith(t, app.Options{Keys: ring(older)}, nil)
	ctx := t.Context()
	with := func(r *keyring.Ring) *app.App { return app.New(w.db, app.Options{Keys: r, Now: w.clock.Now}) }
	check := func(r *keyring.Ring, first, old, unknown int) {
		t.Helper()
		c, err := with(r).CheckKeys(ctx)
		if err != nil || c.First != first || c.Older != old || c.Unknown != unknown {
			t.Errorf("keys %+v, %v; want %d, %d, %d", c, err, first, old, unknown)
		}
	}
	a := w.signUp("kim@example.ru")
	secret, recovery := w.guard(a)
	check(ring(newer, older), 0, 1, 0)
	if n, err := with(ring(newer, older)).ResealSecrets(ctx); n != 1 || err != nil {
		t.Fatalf("%d encrypted anew, %v", n, err)
	}
	check(ring(newer, older), 1, 0, 0)
	w.clock.Advance(time.Minute)
	step := w.passwordStep("kim@example.ru")
	if _, err := with(ring(newer)).FinishLogIn(ctx, step, winddown.SecondFactor{Code: winddown.TOTPCode(secret, w.clock.Now())}, app.Browser{}); err != nil {
		t.Errorf("with the new key alone: %v", err)
	}

	// Without the key nothing is opened, altered or lost, and recovery codes still let in.
	check(ring(older), 0, 0, 1)
	if n, err := with(ring(older)).ResealSecrets(ctx); n != 0 || err != nil {
		t.Errorf("with a wrong key %d were encrypted anew, %v", n, err)
	}
	none := app.New(w.db, app.Options{Now: w.clock.Now})
	step = w.passwordStep("kim@example.ru")
	_, err := none.FinishLogIn(ctx, step, winddown.SecondFactor{Code: "000000"}, app.Browser{})
	wantKey(t, err, winddown.Conflict, "twofactor.error.key")
	if _, err := none.FinishLogIn(ctx, step, winddown.SecondFactor{Recovery: recovery[0]}, app.Browser{}); err != nil {
		t.Errorf("a recovery code without the key: %v", err)
	}
	wantKey(t, errOf(none.Prove(ctx, a, winddown.Proof{Password: password, Code: "000000"})), winddown.Conflict, "proof.error.key")
	a.ProvedAt = w.clock.Now()
	wantKey(t, none.StartTwoFactor(ctx, a), winddown.Conflict, "twofactor.error.no_key")
	// A secret put into somebody else's row opens nothing.
	other := w.signUp("other@example.ru")
	w.exec("update totp_secrets set user_id = '" + uuid.UUID(other.UserID).String() + "'")
	_, err = with(ring(newer)).FinishLogIn(ctx, w.passwordStep("other@example.ru"), winddown.SecondFactor{Code: winddown.TOTPCode(secret, w.clock.Now())}, app.Browser{})
	wantKey(t, err, winddown.Conflict, "twofactor.error.key")
}

// Many with the same code, or the same recovery code, at the same moment: one of them gets in.
func TestACodeIsUsedOnceByManyAtOnce(t *testing.T) {
	w := newWorld(t)
	ctx := context.WithoutCancel(t.Context())
	a := w.signUp("kim@example.ru")
	secret, recovery := w.guard(a)
	race := func(what string, all ...func() error) {
		t.Helper()
		start, results := make(chan struct{}), make(chan error, len(all))
		for _, try := range all {
			go func() {
				<-start
				results <- try()
			}()
		}
		close(start)
		done := 0
		for range all {
			if <-results == nil {
				done++
			}
		}
		if done != 1 {
			t.Errorf("%s: %d succeeded with one code", what, done)
		}
	}
	code := func() string {
		w.clock.Advance(time.Minute)
		return winddown.TOTPCode(secret, w.clock.Now())
	}
	prove := func(who winddown.Actor, code string) func() error {
		return func() error { return errOf(w.app.Prove(ctx, who, winddown.Proof{Password: password, Code: code})) }
	}
	another := func() winddown.Actor {
		t.Helper()
		token, err := w.app.FinishLogIn(ctx, w.passwordStep("kim@example.ru"), winddown.SecondFactor{Code: code()}, app.Browser{})
		if err != nil {
			t.Fatal(err)
		}
		return w.actor(token)
	}
	finish := func(in winddown.SecondFactor) func() error {
		step := w.passwordStep("kim@example.ru")
		return func() error { _, err := w.app.FinishLogIn(ctx, step, in, app.Browser{}); return err }
	}
	b, d, e := another(), another(), another()
	c := code()
	race("proofs", prove(a, c), prove(b, c), prove(d, c))
	c = code()
	race("a proof and a login", prove(e, c), finish(winddown.SecondFactor{Code: c}))

	by := winddown.SecondFactor{Recovery: recovery[0]}
	race("logins by a recovery code", finish(by), finish(by), finish(by))
	// The first of them has ended the other steps: a new one must not help either.
	wantField(t, finish(by)(), "recovery", "twofactor.error.recovery")
}

// A set-up that nobody goes on with leaves nothing, whoever ends it.
func TestAbandonedSetupsGo(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	left := func() int { return one[int](w, "select count(*) from totp_secrets") }
	a := w.person("Ким")
	start := func() {
		t.Helper()
		a.ProvedAt = w.clock.Now()
		if err := w.app.StartTwoFactor(ctx, a); err != nil {
			t.Fatal(err)
		}
	}
	start()
	if _, err := w.app.ResetTwoFactor(ctx, a.Email); err != nil || left() != 0 {
		t.Errorf("%d are left by the command line, %v", left(), err)
	}
	start()
	if n, err := w.app.SweepSetups(ctx); n != 0 || err != nil {
		t.Errorf("%d swept within the term, %v", n, err)
	}
	w.clock.Advance(winddown.SetupTerm + time.Second)
	w.guard(w.person("Иванова"))
	if n, err := w.app.SweepSetups(ctx); n != 1 || err != nil || left() != 1 {
		t.Errorf("%d swept, %d left, %v", n, left(), err)
	}
}

// A sweep that nobody waits for any more goes on by itself, and its number is nobody's.
func TestASweepThatWasLeftGoesOn(t *testing.T) {
	w := newWorld(t)
	a := w.person("Ким")
	a.ProvedAt = w.clock.Now()
	if err := w.app.StartTwoFactor(t.Context(), a); err != nil {
		t.Fatal(err)
	}
	w.clock.Advance(winddown.SetupTerm + time.Second)
	ctx, leave := context.WithCancel(t.Context())
	defer leave()
	w.exec("begin")
	w.exec("select from totp_secrets for update")
	number := 0
	done := inBackground(func() (err error) { number, err = w.app.SweepSetups(ctx); return err })
	w.awaitLocks(1)
	leave()
	if err := <-done; err == nil || number != 0 {
		t.Errorf("%d swept, %v", number, err)
	}
	// Whoever waits for the row behind the sweep gets it when the sweep was given up.
	behind, err := pgx.Connect(t.Context(), w.url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = behind.Close(context.WithoutCancel(t.Context())) }()
	found := int64(0)
	done = inBackground(func() error {
		tag, err := behind.Exec(t.Context(), "select from totp_secrets for update")
		found = tag.RowsAffected()
		return err
	})
	w.awaitLocks(2)
	w.exec("commit")
	if err := <-done; err != nil || found != 0 {
		t.Errorf("the sweep was given up: %d rows, %v", found, err)
	}
}
