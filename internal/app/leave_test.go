package app_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	"winddown/internal/app"
	"winddown/internal/winddown"
)

// leave has a person's account deleted, with a proof that is fresh.
func (w *world) leave(a winddown.Actor) error {
	return w.app.DeleteAccount(w.t.Context(), w.provedNow(a), a.Email)
}

// provedNow is somebody who has just proved who he is.
func (w *world) provedNow(a winddown.Actor) winddown.Actor {
	a.ProvedAt = w.clock.Now()
	return a
}

func (w *world) eraseAccounts() int {
	w.t.Helper()
	n, err := w.app.EraseAccounts(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	return n
}

// A deleted account can be kept for fourteen days. Then nothing of its person is left in any table or
// file but a number, and every chain still holds.
func TestLeaving(t *testing.T) {
	w := newWorldWith(t, app.Options{Mail: true}, nil)
	ctx := t.Context()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	const name, email = "Уникумова Ева", "unikumova@example.ru"
	token, err := w.app.SignUp(ctx, winddown.Registration{Name: name, Email: email, Password: password, Locale: "ru", Consent: true},
		app.Browser{UserAgent: "Уникумова Browser", Address: "203.0.113.77"})
	must(err)
	w.confirm(w.actor(token))
	gone, boss := w.actor(token), w.confirmed(w.person("Петрова"))
	// She helps with a case, keeps the books of another, has a seller without an owner in the firm of
	// one that made, and is in a firm with others.
	helped, kept := w.open(boss), w.open(boss)
	invited := w.mailed(boss, helped, winddown.Helper, email)
	_, _, err = w.app.Accept(ctx, gone, invited)
	must(err)
	w.exec("update invites set email = 'unikumova-work@example.ru' where used_by = $1", uuid.UUID(gone.UserID)) // sent to another address of hers
	w.mark(gone, helped, winddown.ZeroFBS)
	w.join(boss, gone, kept, winddown.Accountant)
	gone = w.actor(token)
	alone := w.addSeller(gone)
	must(w.app.RenameFirm(ctx, gone, "ИП "+name))
	w.publish(gone, name)
	firm := w.firm()
	gone = w.joinFirm(firm.admin, w.actor(token), winddown.Lead)
	_, err = w.app.NewFeed(ctx, gone)
	must(err)
	must(w.app.ChangeMailSettings(ctx, gone, winddown.MailSettings{Frequency: winddown.Weekly, Weekday: 1, Hour: 9}))
	must(w.app.ChangeEmail(ctx, gone, "other-"+email))
	_, err = w.app.ResetLetter(ctx, gone.UserID, w.clock.Now())
	must(err)
	_, err = w.app.KeepImport(ctx, gone, name+".csv", sellersTable(1))
	must(err)
	w.exec("insert into digest_items (user_id, case_id, key, on_date) values ($1, $2, 'x', $3)", uuid.UUID(gone.UserID), uuid.UUID(helped), noon)
	w.exec("insert into digests (user_id, on_date, sent_at, lines) values ($1, $2::timestamptz::date, $2, 1)", uuid.UUID(gone.UserID), noon)
	w.exec(`insert into river_job (kind, args, max_attempts, state, errors, finalized_at) values
		('reset_password', $1, 1, 'discarded', array[jsonb_build_object('error', '550 no such user '||$2::text)], now())`,
		map[string]string{"user": gone.UserID.String()}, email)
	words := []string{"Уникумов", "unikumova", "203.0.113.77"}
	if found := w.leftovers(words...); len(found) < 12 {
		t.Fatalf("she is hardly there before she is erased: %q", found)
	}
	other, _, err := w.app.LogIn(ctx, email, password, app.Browser{})
	must(err)
	w.guard(gone)
	w.passwordStep(email)
	passkey := w.withPasskey(gone, name+": телефон")
	_, err = w.app.AskForPasskey(ctx, gone, passkey.party)
	must(err)

	must(w.leave(gone))
	if _, err := w.app.Actor(ctx, other); err == nil {
		t.Error("her other login session goes on")
	}
	if at := w.actor(token).EraseAt; !at.Equal(w.clock.Now().Add(winddown.LeaveTerm)) {
		t.Errorf("she is told that she is erased %s", at)
	}
	w.clock.Advance(winddown.LeaveTerm - time.Second)
	if n := w.eraseAccounts(); n != 0 {
		t.Fatal("an account was erased before its term")
	}
	must(w.app.KeepAccount(ctx, gone))
	w.clock.Advance(time.Second)
	if n := w.eraseAccounts(); n != 0 {
		t.Fatal("an account was erased that was kept")
	}
	must(w.leave(gone))
	w.clock.Advance(winddown.LeaveTerm)
	if n := w.eraseAccounts(); n != 1 {
		t.Fatalf("%d accounts were erased, want one", n)
	}
	if n := w.eraseAccounts(); n != 0 {
		t.Error("it was erased again")
	}
	// The address waits for the last letter, and for no longer than that.
	to, locale, err := w.app.Farewell(ctx, gone.UserID)
	if err != nil || to != email || locale != "ru" {
		t.Errorf("the last letter goes to %q in %q: %v", to, locale, err)
	}
	w.clock.Advance(24 * time.Hour)
	w.eraseAccounts()
	w.age()
	if _, err := w.app.SweepFiles(ctx); err != nil {
		t.Fatal(err)
	}
	if found := w.leftovers(words...); len(found) > 0 {
		t.Errorf("left behind: %q", found)
	}
	wantKind(t, w.app.RenameFirm(ctx, gone, "x"), winddown.NotFound)
	_, err = w.app.ResetLetter(ctx, gone.UserID, w.clock.Now())
	if err == nil {
		t.Error("an erased person gets a letter")
	}
	wantKind(t, w.app.ChangeMailSettings(ctx, gone, winddown.MailSettings{Frequency: winddown.Weekly, Weekday: 1, Hour: 9}), winddown.NotFound)
	if _, _, err := w.app.VerifyAll(ctx); err != nil {
		t.Errorf("the trails: %v", err)
	}
	// What she did stays, under no name; she is in nothing any more.
	view := w.view(boss, helped)
	if len(view.Trail) == 0 {
		t.Fatal("the trail is empty")
	}
	if line := view.Trail[len(view.Trail)-1]; line.User == name || line.By == name {
		t.Errorf("the trail names %+v", line)
	}
	if v := w.view(boss, helped); v.Case.Steps[0].Code != winddown.ZeroFBS || v.Case.Steps[0].Tick == nil {
		t.Error("what she marked is gone")
	}
	if v := w.view(boss, kept); !v.Case.FirmID.IsZero() {
		t.Error("the case is still with her firm")
	}
	if _, err := w.app.Tombstone(ctx, alone); err != nil {
		t.Errorf("the seller nobody else saw: %v", err)
	}
	for _, table := range []string{"case_people", "firm_people", "login_sessions", "totp_secrets", "recovery_codes", "login_steps", "passkeys", "passkey_challenges", "known_browsers"} {
		if n := one[int](w, "select count(*) from "+table+" where user_id = $1", uuid.UUID(gone.UserID)); n != 0 {
			t.Errorf("%d rows of %s are hers", n, table)
		}
	}
	_, _, err = w.app.LogIn(ctx, email, password, app.Browser{})
	wantKind(t, err, winddown.Invalid)
	if _, err := w.app.SignUp(ctx, registration(email), app.Browser{}); err != nil {
		t.Errorf("the address is not free: %v", err)
	}
}

// Whoever alone answers for a case or a firm does not go before it is settled, and what comes to him
// meanwhile keeps his account.
func TestLeavingIsBlocked(t *testing.T) {
	w := newWorldWith(t, app.Options{Mail: true}, nil)
	ctx := t.Context()
	owner := w.confirmed(w.person("Петрова"))
	id := w.open(owner)
	wantKind(t, w.leave(owner), winddown.Blocked)
	wantField(t, w.app.DeleteAccount(ctx, owner, "somebody@example.ru"), "email", "leave.error.email")
	owner.ProvedAt = w.clock.Now()
	if err := w.app.DeleteCase(ctx, owner, id, "ИП Петрова А. С."); err != nil {
		t.Fatal(err)
	}
	owner.ProvedAt = time.Time{}
	wantKind(t, w.app.DeleteAccount(ctx, owner, owner.Email), winddown.Unproved)
	if err := w.leave(owner); err != nil {
		t.Fatal(err)
	}
	firm := w.firm()
	wantKind(t, w.leave(firm.admin), winddown.Blocked)
	if err := w.leave(firm.accountant); err != nil {
		t.Errorf("one accountant of several: %v", err)
	}
	// The case is kept after all: so is the account, and its person is told.
	if err := w.app.KeepCase(ctx, owner, id); err != nil {
		t.Fatal(err)
	}
	w.clock.Advance(winddown.LeaveTerm)
	if n := w.eraseAccounts(); n != 1 { // the accountant's
		t.Errorf("%d accounts were erased, want one", n)
	}
	if u, at, err := w.app.AccountLetter(ctx, owner.UserID); err != nil || !at.IsZero() || u.Email != owner.Email {
		t.Errorf("the owner is %+v, erased %s: %v", u, at, err)
	}
	w.view(owner, id)
	// With the case gone the account goes.
	owner.ProvedAt = w.clock.Now()
	if err := w.app.DeleteCase(ctx, owner, id, "ИП Петрова А. С."); err != nil {
		t.Fatal(err)
	}
	if err := w.leave(owner); err != nil {
		t.Fatal(err)
	}
	w.clock.Advance(winddown.LeaveTerm)
	if n := w.eraseAccounts(); n != 0 {
		t.Error("an account was erased before its case")
	}
	if _, err := w.app.EraseCases(ctx); err != nil {
		t.Fatal(err)
	}
	if n := w.eraseAccounts(); n != 1 {
		t.Errorf("%d accounts were erased after the case, want one", n)
	}
	if n := one[int](w, "select count(*) from farewells"); n != 1 { // the accountant's is forgotten by now
		t.Errorf("%d last letters wait, want one", n)
	}
	if err := w.app.FarewellSent(ctx, owner.UserID); err != nil {
		t.Fatal(err)
	}
	_, _, err := w.app.Farewell(ctx, owner.UserID)
	if !errors.Is(err, app.ErrMoot) {
		t.Errorf("the address is kept after the last letter: %v", err)
	}
}

// The trail of a firm is deleted with a tombstone of the firm alone, and only when nobody is in it.
func TestEventsOfAFirmStay(t *testing.T) {
	w := newWorld(t)
	f := w.firm()
	firm := uuid.UUID(f.admin.FirmID)
	tx, err := w.sql.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(t.Context(), `insert into firm_tombstones (firm_id, event_seq, event_hash, erased_at)
		select id, event_seq, event_hash, created_at from firms where id = $1`, firm); err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(t.Context(), "delete from events where stream_kind = 'firm' and stream_id = $1", firm); err == nil {
		t.Error("the trail of a firm with people was deleted")
	}
	_ = tx.Rollback(t.Context())
	if _, err := w.sql.Exec(t.Context(), `insert into firm_tombstones (firm_id, event_seq, event_hash, erased_at)
		select id, event_seq, event_hash, created_at from firms where id = $1`, firm); err == nil {
		t.Error("a firm that stays has a tombstone")
	}
}

// A seller without an owner whom somebody helps with keeps the accountant of a firm of one.
func TestLeavingKeepsWhatOthersHelpWith(t *testing.T) {
	w := newWorld(t)
	boss, helper := w.confirmed(w.person("Петрова")), w.confirmed(w.person("Ким"))
	id := w.addSeller(boss)
	boss = w.again(boss)
	if err := w.leave(boss); err != nil {
		t.Fatalf("while nobody else sees the seller: %v", err)
	}
	w.join(boss, helper, id, winddown.Helper)
	w.clock.Advance(winddown.LeaveTerm)
	if n := w.eraseAccounts(); n != 0 {
		t.Error("the account was erased, and the case under its helper's hands")
	}
	w.view(helper, id)
	wantKind(t, w.leave(boss), winddown.Blocked)
}

// Accounts that have to wait for a case to be erased hold up none of those that come after them.
func TestWaitingAccountsHoldUpNobody(t *testing.T) {
	w := newWorld(t)
	var waits []winddown.ID
	for range 3 {
		a := w.person("Ждёт")
		id := w.open(a)
		if err := w.app.DeleteCase(t.Context(), w.provedNow(a), id, "ИП Петрова А. С."); err != nil {
			t.Fatal(err)
		}
		if err := w.leave(a); err != nil {
			t.Fatal(err)
		}
		waits = append(waits, a.UserID)
	}
	for range 3 {
		if err := w.leave(w.person("Уходит")); err != nil {
			t.Fatal(err)
		}
	}
	w.clock.Advance(winddown.LeaveTerm)
	if n, err := app.EraseAccountsBy(t.Context(), w.app, 2); err != nil || n != 3 {
		t.Errorf("%d accounts were erased, want three: %v", n, err)
	}
	if n := one[int](w, "select count(*) from users where id = any($1) and erased_at is null", uuids(waits)); n != 3 {
		t.Errorf("%d accounts wait, want three", n)
	}
}

// A colleague joins the firm of one, or a helper one of its sellers, just as its person is erased:
// whoever comes first, the other finds all of it or nothing.
func TestLeavingAgainstSomebodyWhoComes(t *testing.T) {
	ctx := t.Context()
	for name, x := range map[string]struct {
		lock string // what both wait for
		come func(w *world, boss, guest winddown.Actor, id winddown.ID) func() error
	}{
		"a colleague": {"select from firms where id = (select firm_id from cases where id = $1) for update", func(w *world, boss, guest winddown.Actor, _ winddown.ID) func() error {
			token, err := w.app.InviteToFirm(ctx, boss, winddown.Accountant)
			if err != nil {
				w.t.Fatal(err)
			}
			return func() error { return w.app.JoinFirm(ctx, guest, token) }
		}},
		"a helper": {"select from cases where id = $1 for update", func(w *world, boss, guest winddown.Actor, id winddown.ID) func() error {
			token := w.invite(boss, id, winddown.Helper)
			return func() error { _, _, err := w.app.Accept(ctx, guest, token); return err }
		}},
	} {
		for _, first := range []bool{true, false} {
			w := newWorld(t)
			boss, guest, other := w.person("Петрова"), w.person("Ким"), w.person("Сидорова")
			elsewhere := w.open(other)
			w.join(other, boss, elsewhere, winddown.Helper)
			var sellers []winddown.ID
			for range 3 {
				sellers = append(sellers, w.addSeller(w.again(boss)))
			}
			held := sellers[0]
			boss = w.again(boss)
			come := x.come(w, boss, guest, held)
			if err := w.leave(boss); err != nil {
				t.Fatal(err)
			}
			w.clock.Advance(winddown.LeaveTerm - time.Second) // the invitation is still good
			w.exec("update invites set expires_at = expires_at + interval '1 day'")
			w.exec("update firm_invites set expires_at = expires_at + interval '1 day'")
			w.clock.Advance(time.Second)
			var came, went chan error
			leave := func() error { _, err := w.app.EraseAccounts(ctx); return err }
			w.whileHeld(x.lock, []any{uuid.UUID(held)}, 2, func() {
				if first {
					came = inBackground(come)
				} else {
					went = inBackground(leave)
				}
				w.awaitLocks(1)
				if first {
					went = inBackground(leave)
				} else {
					came = inBackground(come)
				}
			}, "")
			if err := <-went; err != nil {
				t.Fatalf("%s, first %v: %v", name, first, err)
			}
			err := <-came
			left := one[int](w, "select count(*) from cases where id = any($1)", uuids(sellers))
			seats := one[int](w, "select count(*) from case_people where user_id = $1", uuid.UUID(boss.UserID))
			gone := one[bool](w, "select erased_at is not null from users where id = $1", uuid.UUID(boss.UserID))
			switch {
			case first && err == nil && !gone && left == 3 && seats == 1: // she stays, and all she has
			case !first && winddown.KindOf(err) == winddown.NotFound && gone && left == 0 && seats == 0:
			default:
				t.Errorf("%s, first %v: it came to %v; erased %v, with %d sellers and %d seats left", name, first, err, gone, left, seats)
			}
			if _, _, err := w.app.VerifyAll(ctx); err != nil {
				t.Errorf("%s: the trails: %v", name, err)
			}
		}
	}
}

func uuids(ids []winddown.ID) []uuid.UUID {
	var all []uuid.UUID
	for _, id := range ids {
		all = append(all, uuid.UUID(id))
	}
	return all
}

// Once the term is over, and the sweep may have begun, the account cannot be kept.
func TestKeepingAnAccountTooLate(t *testing.T) {
	w := newWorld(t)
	a := w.person("Ким")
	if err := w.leave(a); err != nil {
		t.Fatal(err)
	}
	w.clock.Advance(winddown.LeaveTerm)
	wantKey(t, w.app.KeepAccount(t.Context(), a), winddown.Gone, "leave.error.gone")
	if n := w.eraseAccounts(); n != 1 {
		t.Errorf("%d accounts were erased, want one", n)
	}
}
