package app_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"winddown/internal/app"
	"winddown/internal/winddown"
)

// change is what a person wants to change his address to, as the letters about it know it.
func (w *world) change(a winddown.Actor) winddown.ID {
	w.t.Helper()
	return winddown.ID(one[uuid.UUID](w, "select id from email_changes where user_id = $1", uuid.UUID(a.UserID)))
}

// newEmail asks for another address and returns the token of the letter that confirms it.
func (w *world) newEmail(a winddown.Actor, email string) string {
	w.t.Helper()
	if err := w.app.ChangeEmail(w.t.Context(), a, email); err != nil {
		w.t.Fatal(err)
	}
	l, err := w.app.NewEmailLetter(w.t.Context(), a.UserID, w.change(a))
	if err != nil || l.To.Email != email || l.Taken {
		w.t.Fatalf("the letter to the new address: %+v, %v", l, err)
	}
	return l.Token
}

func (w *world) email(a winddown.Actor) string {
	w.t.Helper()
	return one[string](w, "select email from users where id = $1", uuid.UUID(a.UserID))
}

// A change that waits is shown to its person, who can take it back; its link leads nowhere then.
func TestEndingAChangeOfAddress(t *testing.T) {
	w := newWorldWith(t, app.Options{Mail: true}, nil)
	ctx := t.Context()
	a, other := w.provedNow(w.person("Ким")), w.person("Петрова")
	pending := func(who winddown.Actor, want string) {
		t.Helper()
		if got, err := w.app.PendingEmail(ctx, who); err != nil || got != want {
			t.Errorf("%q waits, %v; want %q", got, err, want)
		}
	}
	wantField(t, w.app.ChangeEmail(ctx, a, a.Email), "email", "account.error.email_unconfirmed")
	confirmed := a
	confirmed.Confirmed = true
	wantField(t, w.app.ChangeEmail(ctx, confirmed, a.Email), "email", "account.error.email_same")
	pending(a, "")
	token := w.newEmail(a, "new@example.ru")
	pending(a, "new@example.ru")
	pending(other, "")
	if err := w.app.EndEmailChange(ctx, other); err != nil {
		t.Fatal(err)
	}
	pending(a, "new@example.ru")
	if err := w.app.EndEmailChange(ctx, a); err != nil {
		t.Fatal(err)
	}
	pending(a, "")
	if err := w.app.ConfirmNewEmail(ctx, a, token); err == nil {
		t.Error("the link of a change that was taken back works")
	}
	w.newEmail(a, "new@example.ru")
	w.clock.Advance(winddown.ConfirmTerm)
	pending(a, "")
}

func TestProof(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	token, err := w.app.SignUp(ctx, registration("kim@example.ru"), app.Browser{})
	if err != nil {
		t.Fatal(err)
	}
	other := w.signUp("other@example.ru")
	proved := func() error { return w.actor(token).Proved(w.clock.Now()) }
	if err := proved(); err != nil {
		t.Errorf("just signed up: %v", err)
	}
	w.clock.Advance(winddown.ProofTerm)
	if err := proved(); err != nil {
		t.Errorf("at the end of the term: %v", err)
	}
	w.clock.Advance(time.Second)
	wantKind(t, proved(), winddown.Unproved)
	wantField(t, errOf(w.app.Prove(ctx, w.actor(token), winddown.Proof{Password: password + "!"})), "password", "account.error.password_wrong")
	wantKind(t, proved(), winddown.Unproved)
	renewed, err := w.app.Prove(ctx, w.actor(token), winddown.Proof{Password: password})
	if err != nil {
		t.Fatal(err)
	}
	// The token before stands for the session a little longer, for what the browser sent with it
	// meanwhile; whoever else had it has nothing of the proof, and a second one makes it last no longer.
	w.clock.Advance(winddown.PriorTerm - time.Second)
	prior := w.actor(token)
	wantKind(t, prior.Proved(w.clock.Now()), winddown.Unproved)
	again, err := w.app.Prove(ctx, prior, winddown.Proof{Password: password})
	if err != nil || again != renewed {
		t.Errorf("a button pressed twice: %v; the same token: %v", err, again == renewed)
	}
	w.clock.Advance(time.Second)
	_, err = w.app.Actor(ctx, token)
	wantKind(t, err, winddown.Unauthenticated)
	wantKind(t, errOf(w.app.Prove(ctx, prior, winddown.Proof{Password: password})), winddown.Unauthenticated)
	w.clock.Advance(-time.Second) // as long as the proof is that of this moment
	token = renewed
	if err := proved(); err != nil {
		t.Errorf("proved anew: %v", err)
	}
	// The proof is that of one login session: nobody else's, and no other browser's.
	if n := one[int](w, "select count(*) from login_sessions where proved_at = $1", w.clock.Now()); n != 1 {
		t.Errorf("%d login sessions are proved anew, want one", n)
	}
	wantKind(t, other.Proved(w.clock.Now()), winddown.Unproved)
	// Sessions from before it was noted have to prove it.
	w.exec("update login_sessions set proved_at = null")
	wantKind(t, proved(), winddown.Unproved)

	// With the session the token before ends too, and nothing is proved in it.
	last := w.actor(token)
	if err := errOf(w.app.Prove(ctx, last, winddown.Proof{Password: password})); err != nil {
		t.Fatal(err)
	}
	if err := w.app.LogOut(ctx, last); err != nil {
		t.Fatal(err)
	}
	_, err = w.app.Actor(ctx, token)
	wantKind(t, err, winddown.Unauthenticated)
	wantKind(t, errOf(w.app.Prove(ctx, last, winddown.Proof{Password: password})), winddown.Unauthenticated)
	if n := one[int](w, "select count(*) from login_sessions where ended_at is not null and num_nonnulls(prior_hash, prior_until, prior_salt) > 0"); n > 0 {
		t.Errorf("%d sessions that ended keep a token before", n)
	}
}

func TestChangeOfAddress(t *testing.T) {
	w := newWorldWith(t, app.Options{Mail: true}, nil)
	ctx := t.Context()
	a := w.confirmed(w.signUp("kim@example.ru"))
	stranger := w.signUp("taken@example.ru")

	first := w.newEmail(a, "first@example.org")
	replaced := w.change(a)
	if u, err := w.app.OldEmailNotice(ctx, a.UserID, replaced); err != nil || u.Email != "kim@example.ru" {
		t.Errorf("the old address is told: %+v, %v", u, err)
	}
	second := w.newEmail(a, "Second@Example.org")
	wantKind(t, w.app.NewEmailView(ctx, a, first), winddown.Gone)
	wantKind(t, w.app.ConfirmNewEmail(ctx, a, first), winddown.Gone)
	if _, err := w.app.NewEmailLetter(ctx, a.UserID, replaced); !errors.Is(err, app.ErrMoot) {
		t.Errorf("a letter about a change that was replaced: %v", err)
	}
	reset, err := w.app.ResetLetter(ctx, a.UserID, w.clock.Now())
	if err != nil {
		t.Fatal(err)
	}
	// Whoever else has the letter gets nothing by it.
	wantKind(t, w.app.NewEmailView(ctx, stranger, second), winddown.NotFound)
	wantKind(t, w.app.ConfirmNewEmail(ctx, stranger, second), winddown.NotFound)
	if err := w.app.ConfirmNewEmail(ctx, a, second); err != nil {
		t.Fatal(err)
	}
	if got := w.email(a); got != "Second@Example.org" {
		t.Errorf("the address is %s", got)
	}
	wantKind(t, w.app.ConfirmNewEmail(ctx, a, second), winddown.Gone)
	wantKind(t, w.app.ResetView(ctx, reset.Token), winddown.Gone) // it went to the old address
	if err := logIn(w, "second@example.org", password); err != nil {
		t.Error(err)
	}
	if err := logIn(w, "kim@example.ru", password); err == nil {
		t.Error("the old address signs in")
	}
	if n := one[int](w, "select count(*) from email_changes"); n != 0 {
		t.Errorf("%d changes are kept", n)
	}

	// Nothing tells that somebody has the address but a letter there.
	if err := w.app.ChangeEmail(ctx, a, "TAKEN@example.ru"); err != nil {
		t.Fatal(err)
	}
	if l, err := w.app.NewEmailLetter(ctx, a.UserID, w.change(a)); err != nil || !l.Taken || l.Token != "" || l.To.Email != "TAKEN@example.ru" {
		t.Errorf("the letter to an address in use: %+v, %v", l, err)
	}
	late := w.newEmail(a, "late@example.org")
	w.signUp("late@example.org")
	wantKey(t, w.app.ConfirmNewEmail(ctx, a, late), winddown.Conflict, "account.error.email_taken_meanwhile")

	// A new password ends a change, whoever asked for it; so does the term.
	stolen := w.newEmail(a, "thief@example.org")
	if err := errOf(w.app.ChangePassword(ctx, a, password, password+"!")); err != nil {
		t.Fatal(err)
	}
	wantKind(t, w.app.ConfirmNewEmail(ctx, a, stolen), winddown.Gone)
	stolen = w.newEmail(a, "thief@example.org")
	link, err := w.app.ResetLetter(ctx, a.UserID, w.clock.Now())
	if err != nil {
		t.Fatal(err)
	}
	if err := w.app.ResetPassword(ctx, link.Token, password+"?"); err != nil {
		t.Fatal(err)
	}
	wantKind(t, w.app.ConfirmNewEmail(ctx, a, stolen), winddown.Gone)
	old := w.newEmail(a, "old@example.org")
	change := w.change(a)
	w.clock.Advance(winddown.ConfirmTerm)
	wantKind(t, w.app.ConfirmNewEmail(ctx, a, old), winddown.Gone)
	if _, err := w.app.OldEmailNotice(ctx, a.UserID, change); !errors.Is(err, app.ErrMoot) {
		t.Errorf("a change that has ended is told of: %v", err)
	}
	wantKind(t, w.app.ChangeEmail(ctx, a, "far@example.org"), winddown.Unproved)
	wantField(t, w.app.ChangeEmail(ctx, a, "nowhere"), "email", "account.error.email") // the slip comes first
	if got := w.email(a); got != "Second@Example.org" {
		t.Errorf("the address is %s", got)
	}
}

// Without a mail server an address changes at once.
func TestChangeOfAddressWithoutLetters(t *testing.T) {
	w := newWorld(t)
	a := w.signUp("kim@example.ru")
	w.signUp("taken@example.ru")
	wantField(t, w.app.ChangeEmail(t.Context(), a, "Taken@example.ru"), "email", "account.error.email_taken")
	wantField(t, w.app.ChangeEmail(t.Context(), a, "kim@example.ru"), "email", "account.error.email_same")
	if err := w.app.ChangeEmail(t.Context(), a, "new@example.org"); err != nil {
		t.Fatal(err)
	}
	if got := w.email(a); got != "new@example.org" {
		t.Errorf("the address is %s", got)
	}
}

// What erased people are left with for an address is nobody's: it can be had by none, and written to by none.
func TestAddressesOfErasedPeopleAreRefused(t *testing.T) {
	w := newWorldWith(t, app.Options{Mail: true}, nil)
	ctx := t.Context()
	f := w.firm()
	other := w.provedNow(w.confirmed(w.person("Петрова")))
	id := w.open(other)
	address := strings.ToUpper(winddown.ErasedAddress(f.lead.UserID))
	for name, do := range map[string]func() error{
		"signing up": func() error { _, err := w.app.SignUp(ctx, registration(address), app.Browser{}); return err },
		"a change":   func() error { return w.app.ChangeEmail(ctx, other, address) },
		"an invitation": func() error {
			_, err := w.app.InviteByMail(ctx, other, id, winddown.Helper, address)
			return err
		},
		"one to a firm": func() error {
			_, err := w.app.InviteToFirmByMail(ctx, f.admin, winddown.Lead, address)
			return err
		},
		"a transfer": func() error { _, _, err := w.app.Transfer(ctx, other, id, address); return err },
	} {
		t.Run(name, func(t *testing.T) { wantField(t, do(), "email", "account.error.email_erased") })
	}
}
