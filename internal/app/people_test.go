package app_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"

	"winddown/internal/app"
	"winddown/internal/postgres"
	"winddown/internal/winddown"
)

func TestAnInvitationIsForOne(t *testing.T) {
	for _, role := range []winddown.Role{winddown.Helper, winddown.Accountant} {
		t.Run(string(role), func(t *testing.T) {
			w := newWorld(t)
			owner := w.person("Петрова")
			id := w.open(owner)
			token := w.invite(owner, id, role)
			events := w.verify(id)
			guests := make([]winddown.Actor, 10)
			for i := range guests {
				guests[i] = w.person(fmt.Sprintf("Гость %d", i))
			}
			errs := atOnce(len(guests), func(i int) error {
				got, as, err := w.app.Accept(t.Context(), guests[i], token)
				if err == nil && (got != id || as != role) {
					return fmt.Errorf("joined %s as %s", got, as)
				}
				return err
			})
			wantTally(t, errs, map[string]int{"ok": 1, "gone": 9})
			for i, guest := range guests {
				v, err := w.app.Case(t.Context(), guest, id)
				if errs[i] != nil {
					wantKind(t, err, winddown.NotFound)
				} else if err != nil || !v.Standing.Has(role) {
					t.Errorf("the guest who won: %+v, %v", v.Standing, err)
				}
			}
			if n := w.verify(id); n != events+1 {
				t.Errorf("%d events were written, want one", n-events)
			}
		})
	}
}

func TestAnInvitationEnds(t *testing.T) {
	w := newWorld(t)
	owner, guest := w.person("Петрова"), w.person("Иванова")
	id := w.open(owner)

	late := w.invite(owner, id, winddown.Helper)
	w.clock.Advance(winddown.InviteTerm - time.Microsecond)
	if _, err := w.app.InviteView(t.Context(), winddown.Actor{}, late); err != nil {
		t.Errorf("the last moment: %v", err)
	}
	w.clock.Advance(time.Microsecond)

	revoked := w.invite(owner, id, winddown.Helper)
	p, err := w.app.People(t.Context(), owner, id)
	if err != nil || len(p.Invites) != 1 { // the late one is not shown
		t.Fatalf("%d open invitations, %v", len(p.Invites), err)
	}
	if err := w.app.RevokeInvite(t.Context(), owner, id, p.Invites[0].ID); err != nil {
		t.Fatal(err)
	}
	wantKind(t, w.app.RevokeInvite(t.Context(), owner, id, p.Invites[0].ID), winddown.NotFound)

	used := w.invite(owner, id, winddown.Helper)
	if _, _, err := w.app.Accept(t.Context(), w.person("Гусева"), used); err != nil {
		t.Fatal(err)
	}

	events := w.verify(id)
	for what, token := range map[string]string{"late": late, "revoked": revoked, "used": used} {
		_, err := w.app.InviteView(t.Context(), winddown.Actor{}, token)
		wantKind(t, named(what, err), winddown.Gone)
		_, _, err = w.app.Accept(t.Context(), guest, token)
		wantKind(t, named(what, err), winddown.Gone)
		_, _, _, err = w.app.SignUpInvited(t.Context(), token, registration("late@example.ru"), app.Browser{})
		wantKind(t, named(what, err), winddown.Gone)
	}
	_, err = w.app.InviteView(t.Context(), winddown.Actor{}, "no such token")
	wantKind(t, err, winddown.NotFound)
	_, _, err = w.app.Accept(t.Context(), guest, "no such token")
	wantKind(t, err, winddown.NotFound)
	if n := w.verify(id); n != events {
		t.Errorf("refusals wrote %d events", n-events)
	}
	_, err = w.app.Case(t.Context(), guest, id)
	wantKind(t, err, winddown.NotFound)
}

// An invitation of one case cannot be revoked through another.
func TestAnInvitationBelongsToItsCase(t *testing.T) {
	w := newWorld(t)
	owner, other := w.person("Петрова"), w.person("Орлова")
	id, foreign := w.open(owner), w.open(other)
	token := w.invite(owner, id, winddown.Helper)
	p, err := w.app.People(t.Context(), owner, id)
	if err != nil {
		t.Fatal(err)
	}
	wantKind(t, w.app.RevokeInvite(t.Context(), other, foreign, p.Invites[0].ID), winddown.NotFound)
	wantKind(t, w.app.RevokeInvite(t.Context(), other, id, p.Invites[0].ID), winddown.NotFound)
	if _, err := w.app.InviteView(t.Context(), winddown.Actor{}, token); err != nil {
		t.Errorf("the invitation: %v", err)
	}
}

func TestOpenInvitationsAreLimited(t *testing.T) {
	w := newWorld(t)
	owner := w.person("Петрова")
	id := w.open(owner)
	for range postgres.MaxInvites {
		w.invite(owner, id, winddown.Helper)
	}
	_, err := w.app.Invite(t.Context(), owner, id, winddown.Helper)
	wantKey(t, err, winddown.Conflict, "invite.error.too_many")
	w.clock.Advance(winddown.InviteTerm)
	w.invite(owner, id, winddown.Helper)
}

func TestAnAccountantGetsAFirmOfOne(t *testing.T) {
	w := newWorld(t)
	owner, accountant := w.person("Петрова"), w.person("Ким")
	var tokens []string
	for range 4 {
		tokens = append(tokens, w.invite(owner, w.open(owner), winddown.Accountant))
	}
	// Invitations and sellers of his own at the same moment: all find that he has no firm yet.
	var done []chan error
	w.whileHeld("select from users where id = $1 for update", []any{uuid.UUID(accountant.UserID)}, len(tokens)+2, func() {
		for i := range len(tokens) + 2 {
			done = append(done, inBackground(func() error {
				if i < len(tokens) {
					_, _, err := w.app.Accept(t.Context(), accountant, tokens[i])
					return err
				}
				_, err := w.app.AddSeller(t.Context(), accountant, newCase(everything()))
				return err
			}))
		}
	}, "")
	for _, c := range done {
		if err := <-c; err != nil {
			t.Error(err)
		}
	}

	if n := one[int](w, "select count(*) from firms"); n != 1 {
		t.Fatalf("%d firms were founded, want one", n)
	}
	if n := one[int](w, "select count(*) from cases c join firm_people f on f.firm_id = c.firm_id where c.responsible_id = $1 and f.user_id = $1 and f.role = 'admin'",
		uuid.UUID(accountant.UserID)); n != len(tokens)+2 {
		t.Errorf("%d cases are with the firm, want %d", n, len(tokens)+2)
	}
	reg, err := w.app.Register(t.Context(), w.again(accountant), winddown.RegisterFilter{Sort: winddown.SortDeadline})
	if err != nil || len(reg.Rows) != len(tokens)+2 || reg.Open != len(tokens)+2 {
		t.Errorf("the register has %d rows, %d open; %v", len(reg.Rows), reg.Open, err)
	}
	firm := one[uuid.UUID](w, "select id from firms")
	if n, err := w.db.VerifyStream(t.Context(), winddown.Stream{Kind: winddown.FirmStream, ID: winddown.ID(firm)}); n != 1 || err != nil {
		t.Errorf("the firm's trail has %d events, %v", n, err)
	}
}

func TestACaseHasOneAccountant(t *testing.T) {
	w := newWorld(t)
	owner, first, second := w.person("Петрова"), w.person("Ким"), w.person("Алиева")
	id := w.open(owner)
	early, spare := w.invite(owner, id, winddown.Accountant), w.invite(owner, id, winddown.Accountant)
	if _, _, err := w.app.Accept(t.Context(), first, early); err != nil {
		t.Fatal(err)
	}
	_, err := w.app.Invite(t.Context(), owner, id, winddown.Accountant)
	wantKey(t, err, winddown.Conflict, "invite.error.has_accountant")
	_, _, err = w.app.Accept(t.Context(), second, spare)
	wantKey(t, err, winddown.Conflict, "invite.error.has_accountant")
	if n := one[int](w, "select count(*) from firms"); n != 1 {
		t.Errorf("%d firms, want one: the refused accountant needs none", n)
	}
	// With the first gone, the invitation that was left serves the second.
	if err := w.app.RemovePerson(t.Context(), owner, id, first.UserID); err != nil {
		t.Fatal(err)
	}
	_, err = w.app.Case(t.Context(), first, id)
	wantKind(t, err, winddown.NotFound)
	if _, _, err := w.app.Accept(t.Context(), second, spare); err != nil {
		t.Errorf("the second accountant: %v", err)
	}
	w.verify(id)
}

func TestNobodyJoinsTwice(t *testing.T) {
	w := newWorld(t)
	owner, helper := w.person("Петрова"), w.person("Иванова")
	id := w.open(owner)
	w.join(owner, helper, id, winddown.Helper)
	token := w.invite(owner, id, winddown.Helper)
	for _, actor := range []winddown.Actor{owner, helper} {
		_, _, err := w.app.Accept(t.Context(), actor, token)
		wantKey(t, err, winddown.Conflict, "invite.error.already_in")
	}
	if _, err := w.app.InviteView(t.Context(), winddown.Actor{}, token); err != nil {
		t.Errorf("the refused tries spent the invitation: %v", err)
	}
}

func TestAnOwnersLinkHandsTheCaseOver(t *testing.T) {
	w := newWorld(t)
	accountant, owner, late := w.person("Ким"), w.person("Петрова"), w.person("Орлова")
	id := w.addSeller(accountant)
	if c := w.view(accountant, id).Case; c.HasOwner {
		t.Fatal("the case has an owner already")
	}
	token, spare := w.invite(accountant, id, winddown.Owner), w.invite(accountant, id, winddown.Owner)
	helpers := w.invite(accountant, id, winddown.Helper)
	if _, role, err := w.app.Accept(t.Context(), owner, token); err != nil || role != winddown.Owner {
		t.Fatalf("accepted as %s, %v", role, err)
	}
	// Whom the accountant invited while nobody owned the case is for the owner to invite now.
	for _, left := range []string{spare, helpers} {
		_, _, err := w.app.Accept(t.Context(), late, left)
		wantKind(t, err, winddown.Gone)
	}

	v := w.view(owner, id)
	if !v.Standing.Owner || !v.Case.HasOwner || v.Case.ResponsibleID != accountant.UserID {
		t.Errorf("standing %+v, has owner %v", v.Standing, v.Case.HasOwner)
	}
	wantKind(t, w.app.ChangeAnswers(t.Context(), accountant, id, winddown.ChangeAnswers{Answers: everything()}), winddown.Forbidden)
	_, err := w.app.Invite(t.Context(), accountant, id, winddown.Owner)
	wantKind(t, err, winddown.Forbidden)
	// Whose turn it is changes with the owner's arrival, and the summary with it.
	if ball := one[string](w, "select ball from cases where id = $1", uuid.UUID(id)); ball != string(winddown.BallSeller) {
		t.Errorf("it is the turn of %q, want the seller's", ball)
	}
	w.verify(id)
}

func TestTwoOwnersLinksAtOnce(t *testing.T) {
	w := newWorld(t)
	accountant := w.person("Ким")
	id := w.addSeller(accountant)
	tokens := []string{w.invite(accountant, id, winddown.Owner), w.invite(accountant, id, winddown.Owner)}
	guests := []winddown.Actor{w.person("Петрова"), w.person("Орлова")}
	wantTally(t, atOnce(2, func(i int) error {
		_, _, err := w.app.Accept(t.Context(), guests[i], tokens[i])
		return err
	}), map[string]int{"ok": 1, "gone": 1})
	w.verify(id)
}

// Revoking and accepting at the same moment: one of them comes first, and neither waits
// for the other for ever.
func TestRevokingRacesAccepting(t *testing.T) {
	w := newWorld(t)
	owner, guest := w.person("Петрова"), w.person("Иванова")
	for range 20 {
		id := w.open(owner)
		token := w.invite(owner, id, winddown.Helper)
		p, err := w.app.People(t.Context(), owner, id)
		if err != nil {
			t.Fatal(err)
		}
		errs := atOnce(2, func(i int) error {
			if i == 0 {
				return w.app.RevokeInvite(t.Context(), owner, id, p.Invites[0].ID)
			}
			_, _, err := w.app.Accept(t.Context(), guest, token)
			return err
		})
		switch {
		case errs[0] == nil && errors.Is(errs[1], winddown.Gone):
		case errs[1] == nil && errors.Is(errs[0], winddown.NotFound):
		default:
			t.Fatalf("revoke: %v, accept: %v", errs[0], errs[1])
		}
		w.verify(id)
	}
}

func TestTheLastHoldOfAnOwnerlessCaseStays(t *testing.T) {
	w := newWorld(t)
	accountant := w.person("Ким")
	id := w.addSeller(accountant)
	before := w.contents(id)
	wantKey(t, w.app.RemovePerson(t.Context(), accountant, id, accountant.UserID), winddown.Conflict, "invite.error.no_owner")
	w.wantUnchanged(id, before)
}

func TestAnOwnerIsNotRemoved(t *testing.T) {
	w := newWorld(t)
	owner := w.person("Петрова")
	id := w.open(owner)
	before := w.contents(id)
	for _, user := range []winddown.ID{owner.UserID, w.person("Чужая").UserID, {}} {
		wantKind(t, w.app.RemovePerson(t.Context(), owner, id, user), winddown.NotFound)
	}
	w.wantUnchanged(id, before)
}

func TestSigningUpWithAnInvitationIsAllOrNothing(t *testing.T) {
	w := newWorldWith(t, app.Options{Signup: app.SignupInvite}, nil)
	owner := w.person("Петрова")
	id := w.open(owner)
	token := w.invite(owner, id, winddown.Accountant)

	// Bad input leaves the invitation as it was.
	_, _, _, err := w.app.SignUpInvited(t.Context(), token, winddown.Registration{Name: "Ким", Email: "kim@example.ru", Password: "короткий", Consent: true}, app.Browser{})
	wantField(t, err, "password", "account.error.password_short")

	session, got, role, err := w.app.SignUpInvited(t.Context(), token, registration("kim@example.ru"), app.Browser{})
	if err != nil || got != id || role != winddown.Accountant {
		t.Fatalf("case %s as %s, %v", got, role, err)
	}
	actor, err := w.app.Actor(t.Context(), session)
	if err != nil {
		t.Fatal(err)
	}
	if v := w.view(actor, id); !v.Standing.Accountant {
		t.Errorf("standing %+v", v.Standing)
	}

	// The invitation is spent between the form and its answer: nothing of the account stays.
	spent := w.invite(owner, id, winddown.Helper)
	users, sessions := one[int](w, "select count(*) from users"), one[int](w, "select count(*) from login_sessions")
	var signedUp chan error
	w.whileHeld("select from cases where id = $1 for update", []any{uuid.UUID(id)}, 1, func() {
		signedUp = inBackground(func() error {
			_, _, _, err := w.app.SignUpInvited(t.Context(), spent, registration("late@example.ru"), app.Browser{})
			return err
		})
	}, "update invites set used_at = created_at where case_id = $1 and used_at is null", uuid.UUID(id))
	wantKind(t, <-signedUp, winddown.Gone)
	if n := one[int](w, "select count(*) from users"); n != users {
		t.Errorf("%d users were left behind", n-users)
	}
	if n := one[int](w, "select count(*) from login_sessions"); n != sessions {
		t.Errorf("%d login sessions were left behind", n-sessions)
	}
	w.verify(id)
}

// mailed invites by mail and returns the token of the link in the letter.
func (w *world) mailed(host winddown.Actor, id winddown.ID, role winddown.Role, email string) string {
	w.t.Helper()
	if _, err := w.app.InviteByMail(w.t.Context(), host, id, role, email); err != nil {
		w.t.Fatal(err)
	}
	v, err := w.app.People(w.t.Context(), host, id)
	if err != nil || len(v.Invites) == 0 || v.Invites[0].Email != email {
		w.t.Fatalf("the newest invitation is not for %s: %v", email, err)
	}
	_, token, err := w.app.InviteLetter(w.t.Context(), v.Invites[0].ID)
	if err != nil {
		w.t.Fatal(err)
	}
	return token
}

// An address that no letter has reached grants nothing but one's own cases, where letters are
// sent; elsewhere nobody could confirm one.
func TestAnUnconfirmedAddress(t *testing.T) {
	ctx := t.Context()
	for _, mail := range []bool{true, false} {
		w := newWorldWith(t, app.Options{Mail: mail}, nil)
		host, f := w.confirmed(w.person("Петрова")), w.firm()
		id := w.open(host)
		toFirm := func() string {
			token, err := w.app.InviteToFirm(ctx, f.admin, winddown.Lead)
			if err != nil {
				t.Fatal(err)
			}
			return token
		}
		accept := func(a winddown.Actor, token string) error { _, _, err := w.app.Accept(ctx, a, token); return err }
		keeps := w.person("Ким")
		kept := w.addSeller(keeps) // his own until its owner comes
		keeps = w.again(keeps)
		for name, do := range map[string]func(a winddown.Actor) error{
			"helper":         func(a winddown.Actor) error { return accept(a, w.invite(host, id, winddown.Helper)) },
			"accountant":     func(a winddown.Actor) error { return accept(a, w.invite(host, w.open(host), winddown.Accountant)) },
			"join a firm":    func(a winddown.Actor) error { return w.app.JoinFirm(ctx, a, toFirm()) },
			"found a firm":   func(a winddown.Actor) error { return w.app.FoundFirm(ctx, a, "Баланс") },
			"invite to firm": func(winddown.Actor) error { _, err := w.app.InviteToFirm(ctx, keeps, winddown.Lead); return err },
		} {
			a := w.person("Новая")
			before := w.lastTx()
			err := do(a)
			if !mail {
				if err != nil {
					t.Errorf("%s, without mail: %v", name, err)
				}
				continue
			}
			wantKey(t, err, winddown.Conflict, "invite.error.unconfirmed")
			events, _ := w.since(before)
			for _, e := range events {
				if e.Kind == winddown.PersonJoined || e.Kind == winddown.FirmJoined || e.Kind == winddown.FirmFounded {
					t.Errorf("%s left %s", name, e.Kind)
				}
			}
			if name != "invite to firm" {
				if err := do(w.confirmed(a)); err != nil {
					t.Errorf("%s, confirmed: %v", name, err)
				}
			}
		}
		if err := accept(w.person("Владелец"), w.invite(keeps, kept, winddown.Owner)); err != nil {
			t.Errorf("the owner: %v", err)
		}
		w.open(w.person("Своя"))
	}
}

// Whoever has to confirm his address first loses nothing: a letter to it leads back to the
// invitation, and accepting it there confirms the address.
func TestConfirmingByAnInvitation(t *testing.T) {
	w := newWorldWith(t, app.Options{Mail: true}, nil)
	ctx := t.Context()
	host, f := w.confirmed(w.person("Петрова")), w.firm()
	id := w.open(host)
	// letterOf makes the letter that the newest event about an account asks for.
	letterOf := func(a winddown.Actor, kind winddown.EventKind) app.Letter {
		t.Helper()
		events, _ := w.since(0)
		var invite winddown.ID
		for _, e := range events {
			if e.Kind == kind && e.Stream.ID == a.UserID {
				invite = e.Invite
			}
		}
		l, err := w.app.ConfirmLetter(ctx, a.UserID, invite)
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	link := w.invite(host, id, winddown.Helper)
	session, joined, _, err := w.app.SignUpInvited(ctx, link, registration("new@example.ru"), app.Browser{})
	if err != nil || !joined.IsZero() {
		t.Fatalf("joined %s, %v", joined, err)
	}
	a := w.actor(session)
	wantKind(t, func() error { _, err := w.app.Case(ctx, a, id); return err }(), winddown.NotFound)
	v, err := w.app.InviteView(ctx, winddown.Actor{}, link)
	if err != nil || !w.app.MustConfirm(a, v) {
		t.Fatalf("the page lets him accept: %v", err)
	}
	l := letterOf(a, winddown.UserRegistered)
	if l.Invite == nil || l.Invite.Firm || l.Token == link {
		t.Fatalf("the letter leads to %+v", l.Invite)
	}
	if v, err = w.app.InviteView(ctx, a, l.Token); err != nil || w.app.MustConfirm(a, v) {
		t.Errorf("the letter's page lets him not accept: %v", err)
	}
	_, _, err = w.app.Accept(ctx, w.person("Чужая"), l.Token) // shows nothing of her address
	wantKey(t, err, winddown.Conflict, "invite.error.unconfirmed")
	if _, role, err := w.app.Accept(ctx, a, l.Token); err != nil || role != winddown.Helper {
		t.Fatalf("%s, %v", role, err)
	}
	if !w.actor(session).Confirmed {
		t.Error("his address is not confirmed")
	}
	_, err = w.app.InviteView(ctx, winddown.Actor{}, link)
	wantKind(t, err, winddown.Gone)

	// Likewise into a firm, asked for once more by somebody who has an account.
	link, err = w.app.InviteToFirm(ctx, f.admin, winddown.Lead)
	if err != nil {
		t.Fatal(err)
	}
	session, in, err := w.app.SignUpToFirm(ctx, link, registration("lead@example.ru"), app.Browser{})
	if err != nil || in {
		t.Fatalf("joined %v, %v", in, err)
	}
	a = w.actor(session)
	fv, err := w.app.FirmInviteView(ctx, winddown.Actor{}, link)
	if err != nil || !w.app.MustConfirmToJoin(a, fv) {
		t.Fatalf("the page lets her join: %v", err)
	}
	if l = letterOf(a, winddown.UserRegistered); l.Invite == nil || !l.Invite.Firm {
		t.Fatalf("the letter leads to %+v", l.Invite)
	}
	if err := w.app.AskConfirmation(ctx, a, fv.Invite.ID); err != nil {
		t.Fatal(err)
	}
	if l = letterOf(a, winddown.ConfirmAsked); l.Invite == nil || !l.Invite.Firm {
		t.Fatalf("the second letter leads to %+v", l.Invite)
	}
	if err := w.app.JoinFirm(ctx, a, l.Token); err != nil || !w.actor(session).Confirmed {
		t.Errorf("the letter does not let her in: %v", err)
	}

	// Once the invitation is over the letter confirms the address alone.
	l, err = w.app.ConfirmLetter(ctx, w.person("Поздняя").UserID, fv.Invite.ID)
	if err != nil || l.Invite != nil || w.app.Confirm(ctx, l.Token) != nil {
		t.Errorf("the late letter: %+v, %v", l.Invite, err)
	}
}
