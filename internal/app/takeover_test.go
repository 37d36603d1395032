package app_test

import (
	"testing"

	"github.com/google/uuid"

	"winddown/internal/app"
	"winddown/internal/winddown"
)

// What an accountant allows himself while nobody owns the case ends with the owner's
// arrival: the leave to act is the owner's to give.
func TestAnOwnersArrivalEndsWhatTheAccountantAllowedHimself(t *testing.T) {
	w := newWorld(t)
	accountant, owner := w.person("Ким"), w.person("Петрова")
	id := w.addSeller(accountant)
	wantKind(t, w.app.SetActing(t.Context(), accountant, id, true), winddown.Forbidden)
	w.mark(accountant, id, winddown.ZeroFBS)
	w.join(accountant, owner, id, winddown.Owner)

	_, err := w.app.MarkDone(t.Context(), accountant, id, w.done(accountant, id, winddown.SellOut))
	wantKind(t, err, winddown.Forbidden)
	if err := w.app.SetActing(t.Context(), owner, id, true); err != nil {
		t.Fatal(err)
	}
	w.mark(accountant, id, winddown.SellOut)
}

// Whoever is removed cannot come back through an invitation of his own making.
func TestARemovedPersonsInvitationsLeadNowhere(t *testing.T) {
	w := newWorld(t)
	accountant, owner, friend := w.person("Ким"), w.person("Петрова"), w.person("Сидорова")
	id := w.addSeller(accountant)
	forHelper := w.invite(accountant, id, winddown.Helper)
	forOwner := w.invite(accountant, id, winddown.Owner)
	if _, _, err := w.app.Accept(t.Context(), owner, forOwner); err != nil {
		t.Fatal(err)
	}
	_, _, err := w.app.Accept(t.Context(), friend, forHelper)
	wantKind(t, err, winddown.Gone)

	if err := w.app.RemovePerson(t.Context(), owner, id, accountant.UserID); err != nil {
		t.Fatal(err)
	}
	_, _, err = w.app.Accept(t.Context(), accountant, forHelper)
	wantKind(t, err, winddown.Gone)
	_, err = w.app.Case(t.Context(), accountant, id)
	wantKind(t, err, winddown.NotFound)
	// The owner's own invitations stay.
	again := w.invite(owner, id, winddown.Helper)
	if err := w.app.RemovePerson(t.Context(), owner, id, accountant.UserID); winddown.KindOf(err) != winddown.NotFound {
		t.Errorf("removing somebody twice: %v", err)
	}
	if _, _, err := w.app.Accept(t.Context(), friend, again); err != nil {
		t.Error(err)
	}
	w.verify(id)
}

// A password that is changed while a login checks the old one opens nothing.
func TestAPasswordChangedDuringALoginRefusesIt(t *testing.T) {
	w := newWorld(t)
	const email, old = "anna@example.ru", "correct horse battery staple"
	u, err := w.app.AddUser(t.Context(), winddown.Registration{Name: "Петрова", Email: email, Password: old, Consent: true})
	if err != nil {
		t.Fatal(err)
	}
	var login chan error
	w.whileHeld("select from users where id = $1 for update", []any{uuid.UUID(u.ID)}, 1, func() {
		login = inBackground(func() error {
			_, _, err := w.app.LogIn(t.Context(), email, old, app.Browser{})
			return err
		})
	}, "update users set password_hash = 'another' where id = $1", uuid.UUID(u.ID))
	wantKey(t, <-login, winddown.Invalid, "account.error.login")
	if n := one[int](w, "select count(*) from login_sessions"); n != 0 {
		t.Errorf("%d login sessions, want none", n)
	}
}
