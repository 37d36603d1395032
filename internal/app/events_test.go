package app_test

import (
	"context"
	"fmt"
	"io"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/descope/virtualwebauthn"
	"github.com/google/uuid"

	"winddown/internal/app"
	"winddown/internal/keyring"
	"winddown/internal/winddown"
)

// stored is an event as the database keeps it.
type stored struct {
	winddown.Event
	ByColumn, AboutColumn winddown.ID
}

// since returns the events of the transactions after the given one, in the order of
// streams and numbers, and the number of these transactions.
func (w *world) since(tx int64) (events []stored, transactions int) {
	w.t.Helper()
	rows, err := w.sql.Query(w.t.Context(), `select stream_kind, stream_id, seq, at, by_id, about_id, body, tx::text from events
		where tx::text::bigint > $1 order by stream_kind, seq`, tx)
	if err != nil {
		w.t.Fatal(err)
	}
	defer rows.Close()
	seen := map[string]bool{}
	for rows.Next() {
		var r winddown.Record
		var id uuid.UUID
		var by, about *uuid.UUID
		var kind, number string
		if err := rows.Scan(&kind, &id, &r.Seq, &r.At, &by, &about, &r.Body, &number); err != nil {
			w.t.Fatal(err)
		}
		r.Stream = winddown.Stream{Kind: winddown.StreamKind(kind), ID: winddown.ID(id)}
		e, err := r.Event()
		if err != nil {
			w.t.Fatal(err)
		}
		if !e.At.Equal(r.At) || !r.At.Equal(w.clock.Now()) {
			w.t.Errorf("%s is dated %s, column %s, on the clock it is %s", e.Kind, e.At, r.At, w.clock.Now())
		}
		s := stored{Event: e}
		if by != nil {
			s.ByColumn = winddown.ID(*by)
		}
		if about != nil {
			s.AboutColumn = winddown.ID(*about)
		}
		events = append(events, s)
		seen[number] = true
	}
	if err := rows.Err(); err != nil {
		w.t.Fatal(err)
	}
	return events, len(seen)
}

func (w *world) lastTx() int64 {
	w.t.Helper()
	return one[int64](w, "select coalesce(max(tx::text::bigint), 0) from events")
}

// TestEveryUseCaseLeavesItsEvents runs each use case that writes and compares the trail.
// A method of App that is neither here nor among those that only read fails the test.
func TestEveryUseCaseLeavesItsEvents(t *testing.T) {
	ctx := t.Context()
	type outcome struct {
		by, session winddown.ID // of every event
		via         winddown.Via
		onBehalf    bool        // of the case's events
		about       winddown.ID // of the last event, where it is about a person
	}
	pages := func(a winddown.Actor) outcome {
		return outcome{by: a.UserID, session: a.SessionID, via: winddown.ViaPages}
	}
	forSeller := func(a winddown.Actor) outcome {
		o := pages(a)
		o.onBehalf = true
		return o
	}
	about := func(o outcome, id winddown.ID) outcome { o.about = id; return o }
	must := func(t *testing.T, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	undo := func(w *world, a winddown.Actor, id winddown.ID, code winddown.Code) error {
		return w.app.Undo(ctx, a, id, winddown.Undo{Step: code, Version: w.version(a, id, code), Reason: "Ошибка"})
	}
	regress := func(w *world, a winddown.Actor, id winddown.ID, code winddown.Code) error {
		return w.app.Regress(ctx, a, id, winddown.Regress{Step: code, Version: w.version(a, id, code), Reason: "Появился товар"})
	}
	// owned is a use case of a case's owner, kept one of the accountant of a case without an
	// owner, reviewed one that he does in his own name.
	type deed func(w *world, a winddown.Actor, id winddown.ID) error
	owned := func(prepare, do deed) func(*testing.T, *world) (func() error, func() outcome) {
		return func(t *testing.T, w *world) (func() error, func() outcome) {
			a := w.person("Петрова")
			id := w.open(a)
			must(t, prepare(w, a, id))
			return func() error { return do(w, a, id) }, func() outcome { return pages(a) }
		}
	}
	kept := func(prepare, do deed) func(*testing.T, *world) (func() error, func() outcome) {
		return func(t *testing.T, w *world) (func() error, func() outcome) {
			a := w.person("Ким")
			id := w.addSeller(a)
			must(t, prepare(w, a, id))
			return func() error { return do(w, a, id) }, func() outcome { return forSeller(a) }
		}
	}
	reviewed := func(prepare, do deed) func(*testing.T, *world) (func() error, func() outcome) {
		return func(t *testing.T, w *world) (func() error, func() outcome) {
			act, who := kept(prepare, do)(t, w)
			return act, func() outcome {
				o := who()
				o.onBehalf = false
				return o
			}
		}
	}
	// rescued is what an operator does about a case whose owner is lost, once lose has said so.
	lose := func(w *world, o winddown.Actor, id winddown.ID) error {
		return w.app.AskRescue(ctx, o, id, "Не отвечает")
	}
	rescued := func(prepare, do deed) func(*testing.T, *world) (func() error, func() outcome) {
		return func(t *testing.T, w *world) (func() error, func() outcome) {
			id, o := w.open(w.person("Петрова")), w.operator("Смотров")
			must(t, prepare(w, o, id))
			return func() error { return do(w, o, id) }, func() outcome { return pages(o) }
		}
	}
	bySystem := func(prepare, do deed) func(*testing.T, *world) (func() error, func() outcome) {
		return func(t *testing.T, w *world) (func() error, func() outcome) {
			act, _ := owned(prepare, do)(t, w)
			return act, func() outcome { return outcome{via: winddown.ViaSystem} }
		}
	}
	nothing := func(*world, winddown.Actor, winddown.ID) error { return nil }
	marked := func(codes ...winddown.Code) deed {
		return func(w *world, a winddown.Actor, id winddown.ID) error { w.mark(a, id, codes...); return nil }
	}
	then := func(deeds ...deed) deed {
		return func(w *world, a winddown.Actor, id winddown.ID) error {
			for _, do := range deeds {
				if err := do(w, a, id); err != nil {
					return err
				}
			}
			return nil
		}
	}
	upload := func(w *world, a winddown.Actor, id winddown.ID) error {
		return w.upload(a, id, winddown.ZeroFBS, winddown.SlotStockZero, w.pdf("остатки.pdf", "0"))
	}
	accept := func(w *world, a winddown.Actor, id winddown.ID) error {
		return w.app.AcceptStep(ctx, a, id, w.review(a, id, winddown.ZeroFBS))
	}
	waive := func(w *world, a winddown.Actor, id winddown.ID) error {
		return w.app.Waive(ctx, a, id, w.review(a, id, winddown.RequestAct))
	}
	ask := func(w *world, a winddown.Actor, id winddown.ID) error {
		return w.app.Ask(ctx, a, id, winddown.SellOut, "Всё продано?")
	}
	answer := func(w *world, a winddown.Actor, id winddown.ID) error { return w.app.Answer(ctx, a, id, 1, "Да") }
	addAct := func(w *world, a winddown.Actor, id winddown.ID) error {
		return w.app.AddAct(ctx, a, id, winddown.AddAct{Counterparty: "ООО «РВБ»"})
	}
	dispute := func(w *world, a winddown.Actor, id winddown.ID) error {
		return w.app.DisputeAct(ctx, a, id, winddown.DisputeAct{Act: 1, Version: w.act(a, id, 1).Version, On: w.today(a)})
	}
	agree := func(w *world, a winddown.Actor, id winddown.ID) error { w.compare(a, id); return nil }
	disagree := func(w *world, a winddown.Actor, id winddown.ID) error { return w.disagree(a, id) }
	batch := func(w *world, a winddown.Actor, id winddown.ID) error {
		return w.app.AddDeadline(ctx, a, id, winddown.AddDeadline{Kind: winddown.DuePickUp, From: w.today(a)})
	}
	closeBatch := func(w *world, a winddown.Actor, id winddown.ID) error {
		return w.app.CloseDeadline(ctx, a, id, 1, w.today(a))
	}
	inbox := func(w *world, a winddown.Actor, id winddown.ID) error { return w.app.CheckInbox(ctx, a, id) }
	oweOne := func(w *world, a winddown.Actor, id winddown.ID) error { w.owe(a, id, 341820); return nil }
	table := newID(t)
	paste := func(w *world, a winddown.Actor, id winddown.ID) error {
		line := winddown.NewDebt{Side: winddown.ByWB, What: "Выплата", Amount: 100, On: w.today(a)}
		return w.app.PasteDebts(ctx, a, id, table, []winddown.NewDebt{line, line})
	}
	settle := func(w *world, a winddown.Actor, id winddown.ID) error {
		d := w.debts(a, id)[0]
		return w.app.SettleDebt(ctx, a, id, winddown.SettleDebt{ID: d.ID, Version: d.Version, On: w.today(a)})
	}
	del := func(w *world, a winddown.Actor, id winddown.ID) error {
		a.ProvedAt = w.clock.Now()
		return w.app.DeleteCase(ctx, a, id, "ИП Петрова А. С.")
	}
	keep := func(w *world, a winddown.Actor, id winddown.ID) error { return w.app.KeepCase(ctx, a, id) }
	requested := append(goods(), winddown.RequestAct)
	received := append(slices.Clone(requested), winddown.ReceiveAct)
	command := outcome{via: winddown.ViaCommand}
	noAnswers := winddown.RawAnswers{FBS: "no", WBStock: "no"}
	sellAll := winddown.RawAnswers{FBS: "yes", WBStock: "yes", Leftover: "sell"}

	rows := []struct {
		method, name string
		want         string // stream and kind, in the order of streams and numbers
		// act prepares, and returns the use case with who is to be found in its events.
		act func(t *testing.T, w *world) (func() error, func() outcome)
	}{
		{"SignUp", "", "user user_registered, user user_logged_in", func(t *testing.T, w *world) (func() error, func() outcome) {
			var token string
			return func() (err error) {
					token, err = w.app.SignUp(ctx, registration("kim@example.ru"), app.Browser{})
					return err
				}, func() outcome { // the session begins with the event, it is not where the event comes from
					o := pages(w.actor(token))
					o.session = winddown.ID{}
					return o
				}
		}},
		{"LogIn", "", "user user_logged_in", func(t *testing.T, w *world) (func() error, func() outcome) {
			a := w.signUp("kim@example.ru")
			a.SessionID = winddown.ID{}
			return func() error { return logIn(w, "kim@example.ru", password) }, func() outcome { return pages(a) }
		}},
		{"LogIn", "with a second factor to come", "", func(_ *testing.T, w *world) (func() error, func() outcome) {
			a := w.signUp("kim@example.ru")
			w.guard(a)
			return func() error { return logIn(w, "kim@example.ru", password) }, func() outcome { return pages(a) }
		}},
		{"FinishLogIn", "", "user user_logged_in, user recovery_used", func(_ *testing.T, w *world) (func() error, func() outcome) {
			a := w.signUp("kim@example.ru")
			_, codes := w.guard(a)
			step := w.passwordStep("kim@example.ru")
			a.SessionID = winddown.ID{}
			return func() error {
				_, err := w.app.FinishLogIn(ctx, step, winddown.SecondFactor{Recovery: codes[0]}, app.Browser{})
				return err
			}, func() outcome { return pages(a) }
		}},
		{"StartTwoFactor", "", "", func(_ *testing.T, w *world) (func() error, func() outcome) {
			a := w.person("Ким")
			return func() error { return w.app.StartTwoFactor(ctx, a) }, func() outcome { return pages(a) }
		}},
		{"ConfirmTwoFactor", "", "user two_factor_on", func(t *testing.T, w *world) (func() error, func() outcome) {
			a := w.person("Ким")
			must(t, w.app.StartTwoFactor(ctx, a))
			secret := w.secretOf(a)
			return func() error {
				_, _, err := w.app.ConfirmTwoFactor(ctx, a, winddown.TOTPCode(secret, w.clock.Now()))
				return err
			}, func() outcome { return pages(a) }
		}},
		{"ConfirmTwoFactor", "in place of another", "user two_factor_moved", func(t *testing.T, w *world) (func() error, func() outcome) {
			a := w.person("Ким")
			w.guard(a)
			must(t, w.app.StartTwoFactor(ctx, a))
			secret := w.secretOf(a)
			return func() error {
				_, _, err := w.app.ConfirmTwoFactor(ctx, a, winddown.TOTPCode(secret, w.clock.Now()))
				return err
			}, func() outcome { return pages(a) }
		}},
		{"DropTwoFactorSetup", "", "", func(t *testing.T, w *world) (func() error, func() outcome) {
			a := w.person("Ким")
			must(t, w.app.StartTwoFactor(ctx, a))
			return func() error { return w.app.DropTwoFactorSetup(ctx, a) }, func() outcome { return pages(a) }
		}},
		{"RenewRecovery", "", "user recovery_renewed", func(_ *testing.T, w *world) (func() error, func() outcome) {
			a := w.person("Ким")
			w.guard(a)
			return func() error { _, err := w.app.RenewRecovery(ctx, a); return err }, func() outcome { return pages(a) }
		}},
		{"EndTwoFactor", "", "user two_factor_off", func(_ *testing.T, w *world) (func() error, func() outcome) {
			a := w.person("Ким")
			w.guard(a)
			return func() error { return w.app.EndTwoFactor(ctx, a) }, func() outcome { return about(pages(a), a.UserID) }
		}},
		{"EndTwoFactor", "that is off", "", func(_ *testing.T, w *world) (func() error, func() outcome) {
			a := w.person("Ким")
			return func() error { return w.app.EndTwoFactor(ctx, a) }, func() outcome { return pages(a) }
		}},
		{"ResetTwoFactor", "", "user two_factor_off", func(_ *testing.T, w *world) (func() error, func() outcome) {
			a := w.person("Ким")
			w.guard(a)
			return func() error { return errOf(w.app.ResetTwoFactor(ctx, a.Email)) }, func() outcome { return about(command, a.UserID) }
		}},
		{"ResetTwoFactor", "that is being set up", "", func(t *testing.T, w *world) (func() error, func() outcome) {
			a := w.person("Ким")
			must(t, w.app.StartTwoFactor(ctx, a))
			return func() error { return errOf(w.app.ResetTwoFactor(ctx, a.Email)) }, func() outcome { return command }
		}},
		{"SweepSetups", "", "", func(t *testing.T, w *world) (func() error, func() outcome) {
			a := w.person("Ким")
			must(t, w.app.StartTwoFactor(ctx, a))
			w.clock.Advance(2 * winddown.SetupTerm)
			return func() error { _, err := w.app.SweepSetups(ctx); return err }, func() outcome { return pages(a) }
		}},
		{"AskForNewPasskey", "", "", func(_ *testing.T, w *world) (func() error, func() outcome) {
			a := w.person("Ким")
			return func() error {
				_, _, err := w.app.AskForNewPasskey(ctx, a, app.NewRelyingParty(passkeySite), "Ключ")
				return err
			}, func() outcome { return pages(a) }
		}},
		{"AddPasskey", "", "user passkey_added", func(t *testing.T, w *world) (func() error, func() outcome) {
			a := w.person("Ким")
			d := w.device(virtualwebauthn.AuthenticatorOptions{UserHandle: a.UserID[:]})
			_, asked, err := w.app.AskForNewPasskey(ctx, a, d.party, "Ключ")
			must(t, err)
			return func() error { return w.app.AddPasskey(ctx, a, d.party, "Ключ", d.make(asked)) }, func() outcome { return pages(a) }
		}},
		{"RemovePasskey", "", "user passkey_removed", func(t *testing.T, w *world) (func() error, func() outcome) {
			a := w.person("Ким")
			w.withPasskey(a, "Ключ")
			list, err := w.app.Passkeys(ctx, a)
			must(t, err)
			return func() error { return w.app.RemovePasskey(ctx, a, list[0].ID) }, func() outcome { return pages(a) }
		}},
		{"AskForPasskey", "", "", func(_ *testing.T, w *world) (func() error, func() outcome) {
			a := w.person("Ким")
			d := w.withPasskey(a, "Ключ")
			return func() error { _, err := w.app.AskForPasskey(ctx, a, d.party); return err }, func() outcome { return pages(a) }
		}},
		{"ProveByPasskey", "", "user identity_proved", func(_ *testing.T, w *world) (func() error, func() outcome) {
			a := w.person("Ким")
			d := w.withPasskey(a, "Ключ")
			return func() error { return w.prove(a, d) }, func() outcome { return pages(a) }
		}},
		{"ProveByPasskey", "of a copy", "user passkey_copied", func(t *testing.T, w *world) (func() error, func() outcome) {
			a := w.person("Ким")
			d := w.withPasskey(a, "Ключ")
			copied := *d
			must(t, w.prove(a, d))
			return func() error { return expected(w.prove(a, &copied), winddown.Invalid) }, func() outcome { return pages(a) }
		}},
		{"AskForLogin", "", "", func(_ *testing.T, w *world) (func() error, func() outcome) {
			d := w.withPasskey(w.person("Ким"), "Ключ")
			return func() error { _, err := w.app.AskForLogin(ctx, d.party); return err }, func() outcome { return outcome{} }
		}},
		{"LogInByPasskey", "", "user user_logged_in", func(_ *testing.T, w *world) (func() error, func() outcome) {
			a := w.person("Ким")
			d := w.withPasskey(a, "Ключ")
			a.SessionID = winddown.ID{}
			return func() error { _, err := d.logIn(d.sign(d.loginQuestion())); return err }, func() outcome { return pages(a) }
		}},
		{"ResealSecrets", "", "system secrets_resealed", func(t *testing.T, w *world) (func() error, func() outcome) {
			w.guard(w.person("Ким"))
			keys, err := keyring.Parse(keyring.NewKey() + "\n" + w.key)
			must(t, err)
			next := app.New(w.db, app.Options{Now: w.clock.Now, Keys: keys})
			return func() error { _, err := next.ResealSecrets(ctx); return err }, func() outcome { return command }
		}},
		{"LogOut", "", "user user_logged_out", func(t *testing.T, w *world) (func() error, func() outcome) {
			a := w.person("Ким")
			return func() error { return w.app.LogOut(ctx, a) }, func() outcome { return pages(a) }
		}},
		{"RevokeSession", "", "user session_revoked", func(t *testing.T, w *world) (func() error, func() outcome) {
			w.signUp("kim@example.ru")
			must(t, logIn(w, "kim@example.ru", password))
			token, _, err := w.app.LogIn(ctx, "kim@example.ru", password, app.Browser{})
			must(t, err)
			a := w.actor(token)
			list, err := w.app.Sessions(ctx, a)
			must(t, err)
			return func() error { return w.app.RevokeSession(ctx, a, list[1].ID) }, func() outcome { return pages(a) }
		}},
		{"RevokeOtherSessions", "", "user session_revoked", func(t *testing.T, w *world) (func() error, func() outcome) {
			a := w.person("Ким")
			return func() error { return w.app.RevokeOtherSessions(ctx, a) }, func() outcome { return pages(a) }
		}},
		{"ChangePassword", "", "user password_changed", func(t *testing.T, w *world) (func() error, func() outcome) {
			a := w.signUp("kim@example.ru")
			return func() error { return errOf(w.app.ChangePassword(ctx, a, password, password+"!")) },
				func() outcome { return about(pages(a), a.UserID) }
		}},
		{"GiveConsent", "", "user consent_given", func(t *testing.T, w *world) (func() error, func() outcome) {
			a := w.person("Ким")
			return func() error { return w.app.GiveConsent(ctx, a, w.app.Consent()) }, func() outcome { return pages(a) }
		}},
		{"GiveConsent", "again", "", func(t *testing.T, w *world) (func() error, func() outcome) {
			a := w.signUp("kim@example.ru")
			return func() error { return w.app.GiveConsent(ctx, a, w.app.Consent()) }, func() outcome { return pages(a) }
		}},
		{"Prove", "", "user identity_proved", func(t *testing.T, w *world) (func() error, func() outcome) {
			a := w.signUp("kim@example.ru")
			return func() error { return errOf(w.app.Prove(ctx, a, winddown.Proof{Password: password})) }, func() outcome { return pages(a) }
		}},
		{"ChangeEmail", "", "user email_change_asked", func(t *testing.T, w *world) (func() error, func() outcome) {
			a := w.person("Ким")
			return func() error { return w.app.ChangeEmail(ctx, a, "kim@example.org") }, func() outcome { return pages(a) }
		}},
		{"ConfirmNewEmail", "", "user email_changed, user address_confirmed", func(t *testing.T, w *world) (func() error, func() outcome) {
			a := w.person("Ким")
			token := w.newEmail(a, "kim@example.org")
			return func() error { return w.app.ConfirmNewEmail(ctx, a, token) }, func() outcome { return pages(a) }
		}},
		{"ChangeSettings", "", "user settings_changed", func(t *testing.T, w *world) (func() error, func() outcome) {
			a := w.person("Ким")
			return func() error {
				return w.app.ChangeSettings(ctx, a, app.Settings{Name: "Ким", Locale: "en", Zone: a.Zone})
			}, func() outcome { return pages(a) }
		}},
		{"ChangeSettings", "to what they are", "", func(t *testing.T, w *world) (func() error, func() outcome) {
			a := w.person("Ким")
			return func() error {
				return w.app.ChangeSettings(ctx, a, app.Settings{Name: "Ким", Locale: a.Locale, Zone: a.Zone})
			}, func() outcome { return pages(a) }
		}},
		{"AddUser", "", "user user_registered", func(t *testing.T, w *world) (func() error, func() outcome) {
			var u winddown.User
			return func() (err error) { u, err = w.app.AddUser(ctx, registration("kim@example.ru")); return err },
				func() outcome { return about(command, u.ID) }
		}},
		{"SetPassword", "", "user password_changed", func(t *testing.T, w *world) (func() error, func() outcome) {
			u, err := w.app.AddUser(ctx, registration("kim@example.ru"))
			must(t, err)
			return func() error { return w.app.SetPassword(ctx, "kim@example.ru", password+"!") },
				func() outcome { return about(command, u.ID) }
		}},
		{"EnableUser", "", "user user_enabled", func(t *testing.T, w *world) (func() error, func() outcome) {
			a := w.signUp("kim@example.ru")
			must(t, w.app.DisableUser(ctx, "kim@example.ru"))
			return func() error { return w.app.EnableUser(ctx, "kim@example.ru") }, func() outcome { return about(command, a.UserID) }
		}},
		{"DisableUser", "", "user user_disabled", func(t *testing.T, w *world) (func() error, func() outcome) {
			u, err := w.app.AddUser(ctx, registration("kim@example.ru"))
			must(t, err)
			return func() error { return w.app.DisableUser(ctx, "kim@example.ru") },
				func() outcome { return about(command, u.ID) }
		}},
		{"OpenCase", "", "case case_opened", func(t *testing.T, w *world) (func() error, func() outcome) {
			a := w.person("Петрова")
			return func() error { _, err := w.app.OpenCase(ctx, a, newCase(everything())); return err },
				func() outcome { return pages(a) }
		}},
		{"AddSeller", "the first", "case case_opened, firm firm_founded", func(t *testing.T, w *world) (func() error, func() outcome) {
			a := w.person("Ким")
			return func() error { _, err := w.app.AddSeller(ctx, a, newCase(everything())); return err },
				func() outcome { return about(pages(a), a.UserID) }
		}},
		{"AddSeller", "the second", "case case_opened", func(t *testing.T, w *world) (func() error, func() outcome) {
			a := w.person("Ким")
			w.addSeller(a)
			return func() error { _, err := w.app.AddSeller(ctx, a, newCase(everything())); return err },
				func() outcome { return pages(a) }
		}},
		{"KeepImport", "", "", func(t *testing.T, w *world) (func() error, func() outcome) {
			a := w.person("Ким")
			return func() error { _, err := w.app.KeepImport(ctx, a, "продавцы.csv", sellersTable(1)); return err }, func() outcome { return pages(a) }
		}},
		{"MapImport", "", "", func(t *testing.T, w *world) (func() error, func() outcome) {
			a := w.person("Ким")
			id, err := w.app.KeepImport(ctx, a, "продавцы.csv", sellersTable(1))
			must(t, err)
			return func() error { return w.app.MapImport(ctx, a, id, winddown.ImportLayout{Header: 1}) }, func() outcome { return pages(a) }
		}},
		{"LoadImport", "the first", "case case_opened, firm firm_founded", func(t *testing.T, w *world) (func() error, func() outcome) {
			a := w.person("Ким")
			table := sellersTable(1)
			table[1][4] = ""
			return w.imported(a, table), func() outcome { return about(pages(a), a.UserID) }
		}},
		{"LoadImport", "of a known seller", "case details_changed", func(t *testing.T, w *world) (func() error, func() outcome) {
			f := w.firm()
			must(t, w.imported(f.lead, sellersTable(1))())
			table := sellersTable(1)
			table[1][0] = "ООО «Другое»"
			return w.imported(f.lead, table), func() outcome { return forSeller(f.lead) }
		}},
		{"LoadImport", "to somebody else", "case responsible_assigned", func(t *testing.T, w *world) (func() error, func() outcome) {
			f := w.firm()
			must(t, w.imported(f.lead, sellersTable(1))())
			table := sellersTable(1)
			table[0], table[1] = append(table[0], "Ответственный"), append(table[1], f.accountant.Email)
			return w.imported(f.lead, table), func() outcome { return about(pages(f.lead), f.accountant.UserID) }
		}},
		{"LoadImport", "again", "", func(t *testing.T, w *world) (func() error, func() outcome) {
			a := w.person("Ким")
			must(t, w.imported(a, sellersTable(1))())
			a = w.again(a)
			return w.imported(a, sellersTable(1)), func() outcome { return pages(a) }
		}},
		{"InviteImported", "", "case person_invited", func(t *testing.T, w *world) (func() error, func() outcome) {
			a := w.person("Ким")
			w.addSeller(a)
			a = w.again(a)
			id, err := w.app.KeepImport(ctx, a, "продавцы.csv", sellersTable(1))
			must(t, err)
			v, err := w.app.Import(ctx, a, id, "Раньше")
			must(t, err)
			must(t, w.app.LoadImport(ctx, a, id, v.Digest, "Раньше"))
			return func() error { _, err := w.app.InviteImported(ctx, a, id, false); return err }, func() outcome { return forSeller(a) }
		}},
		{"MailImported", "", "case person_invited", func(t *testing.T, w *world) (func() error, func() outcome) {
			a := w.person("Ким")
			id := w.addressed(a, "seller@example.ru")
			a = w.again(a)
			a.Confirmed = true
			return func() error { return w.app.MailImported(ctx, a, id, 1) }, func() outcome { return forSeller(a) }
		}},
		{"MailImported", "again", "", func(t *testing.T, w *world) (func() error, func() outcome) {
			a := w.person("Ким")
			id := w.addressed(a, "seller@example.ru")
			a = w.again(a)
			a.Confirmed = true
			must(t, w.app.MailImported(ctx, a, id, 1))
			return func() error { return w.app.MailImported(ctx, a, id, 1) }, func() outcome { return forSeller(a) }
		}},
		{"SweepImports", "", "", func(t *testing.T, w *world) (func() error, func() outcome) {
			a := w.person("Ким")
			return func() error { _, err := w.app.SweepImports(ctx); return err }, func() outcome { return pages(a) }
		}},
		{"MarkDone", "by the owner", "case step_done", func(t *testing.T, w *world) (func() error, func() outcome) {
			a := w.person("Петрова")
			id := w.open(a)
			in := w.done(a, id, winddown.SellOut)
			return func() error { _, err := w.app.MarkDone(ctx, a, id, in); return err }, func() outcome { return pages(a) }
		}},
		{"MarkDone", "by a helper", "case step_done", func(t *testing.T, w *world) (func() error, func() outcome) {
			a, b := w.person("Петрова"), w.person("Иванова")
			id := w.open(a)
			w.join(a, b, id, winddown.Helper)
			in := w.done(a, id, winddown.SellOut)
			return func() error { _, err := w.app.MarkDone(ctx, b, id, in); return err }, func() outcome { return forSeller(b) }
		}},
		{"MarkDone", "by the accountant", "case step_done", func(t *testing.T, w *world) (func() error, func() outcome) {
			a := w.person("Ким")
			id := w.addSeller(a)
			in := w.done(a, id, winddown.SellOut)
			return func() error { _, err := w.app.MarkDone(ctx, a, id, in); return err }, func() outcome { return forSeller(a) }
		}},
		{"MarkDone", "again", "", func(t *testing.T, w *world) (func() error, func() outcome) {
			a := w.person("Петрова")
			id := w.open(a)
			in := w.done(a, id, winddown.SellOut)
			_, err := w.app.MarkDone(ctx, a, id, in)
			must(t, err)
			return func() error { _, err := w.app.MarkDone(ctx, a, id, in); return err }, func() outcome { return pages(a) }
		}},
		{"MarkDone", "a correction", "case step_corrected", func(t *testing.T, w *world) (func() error, func() outcome) {
			a := w.person("Петрова")
			id := w.open(a)
			w.mark(a, id, winddown.SellOut)
			in := w.done(a, id, winddown.SellOut)
			in.Note = "Забыл написать"
			return func() error { _, err := w.app.MarkDone(ctx, a, id, in); return err }, func() outcome { return pages(a) }
		}},
		{"MarkDone", "a confirmation", "case step_confirmed", func(t *testing.T, w *world) (func() error, func() outcome) {
			a := w.person("Петрова")
			id := w.open(a)
			w.mark(a, id, winddown.SellOut)
			must(t, regress(w, a, id, winddown.SellOut))
			in := w.done(a, id, winddown.SellOut)
			return func() error { _, err := w.app.MarkDone(ctx, a, id, in); return err }, func() outcome { return pages(a) }
		}},
		{"MarkPending", "", "case step_pending", func(t *testing.T, w *world) (func() error, func() outcome) {
			a := w.person("Петрова")
			id := w.open(a)
			return func() error {
				return w.app.MarkPending(ctx, a, id, winddown.MarkPending{Step: winddown.SellOut, Version: 1})
			}, func() outcome { return pages(a) }
		}},
		{"Undo", "", "case step_undone, case step_suspended", func(t *testing.T, w *world) (func() error, func() outcome) {
			a := w.person("Петрова")
			id := w.open(a)
			w.mark(a, id, goods()...)
			w.mark(a, id, winddown.RequestAct)
			return func() error { return undo(w, a, id, winddown.SellOut) }, func() outcome { return pages(a) }
		}},
		{"Regress", "", "case step_regressed, case step_suspended, case step_suspended", func(t *testing.T, w *world) (func() error, func() outcome) {
			a := w.person("Петрова")
			id := w.open(a)
			w.mark(a, id, goods()...)
			w.mark(a, id, winddown.RequestAct, winddown.ReceiveAct)
			return func() error { return regress(w, a, id, winddown.SellOut) }, func() outcome { return pages(a) }
		}},
		{"DeclareRest", "", "case rest_declared", func(t *testing.T, w *world) (func() error, func() outcome) {
			a := w.person("Петрова")
			id := w.openWith(a, sellAll)
			return func() error { return w.app.DeclareRest(ctx, a, id) }, func() outcome { return pages(a) }
		}},
		{"DeclareRest", "again", "", func(t *testing.T, w *world) (func() error, func() outcome) {
			a := w.person("Петрова")
			id := w.openWith(a, sellAll)
			must(t, w.app.DeclareRest(ctx, a, id))
			return func() error { return w.app.DeclareRest(ctx, a, id) }, func() outcome { return pages(a) }
		}},
		{"ChangeAnswers", "", "case answers_changed, case step_suspended", func(t *testing.T, w *world) (func() error, func() outcome) {
			a := w.person("Петрова")
			id := w.openWith(a, noAnswers)
			w.mark(a, id, winddown.SellOut, winddown.CollectReturns, winddown.RequestAct)
			return func() error {
				return w.app.ChangeAnswers(ctx, a, id, winddown.ChangeAnswers{Answers: everything()})
			}, func() outcome { return pages(a) }
		}},
		{"ChangeDetails", "", "case details_changed", func(t *testing.T, w *world) (func() error, func() outcome) {
			a := w.person("Петрова")
			id := w.open(a)
			return func() error {
				return w.app.ChangeDetails(ctx, a, id, winddown.ChangeDetails{Seller: winddown.Seller{Name: "ИП Ким", INN: sellerINN}, Zone: "Asia/Omsk"})
			}, func() outcome { return pages(a) }
		}},
		{"Finish", "", "case case_finished", func(t *testing.T, w *world) (func() error, func() outcome) {
			a := w.person("Петрова")
			id := w.open(a)
			w.mark(a, id, allSteps()...)
			return func() error { return w.app.Finish(ctx, a, id, 0) }, func() outcome { return pages(a) }
		}},
		{"Reopen", "", "case case_reopened", func(t *testing.T, w *world) (func() error, func() outcome) {
			a := w.person("Ким")
			id := w.addSeller(a)
			w.mark(a, id, allSteps()...)
			must(t, w.app.Finish(ctx, a, id, 0))
			return func() error { return w.app.Reopen(ctx, a, id, "Рано", 0) }, func() outcome { return forSeller(a) }
		}},
		{"Transfer", "", "case transfer_offered", owned(nothing, func(w *world, a winddown.Actor, id winddown.ID) error {
			_, _, err := w.app.Transfer(ctx, a, id, "")
			return err
		})},
		{"Transfer", "again", "case invite_revoked, case transfer_offered", owned(func(w *world, a winddown.Actor, id winddown.ID) error {
			w.offer(a, id)
			return nil
		}, func(w *world, a winddown.Actor, id winddown.ID) error {
			_, _, err := w.app.Transfer(ctx, a, id, "")
			return err
		})},
		{"Transfer", "while another owner is looked for", "case rescue_stopped, case transfer_offered", owned(func(w *world, _ winddown.Actor, id winddown.ID) error {
			return w.app.AskRescue(ctx, w.operator("Смотров"), id, "Не отвечает")
		}, func(w *world, a winddown.Actor, id winddown.ID) error {
			_, _, err := w.app.Transfer(ctx, a, id, "")
			return err
		})},
		{"Accept", "as the next owner", "case case_transferred", func(t *testing.T, w *world) (func() error, func() outcome) {
			a, b := w.person("Петрова"), w.confirmed(w.person("Сидорова"))
			token := w.offer(a, w.open(a))
			return func() error { _, _, err := w.app.Accept(ctx, b, token); return err },
				func() outcome { return about(pages(b), a.UserID) }
		}},
		{"AskRescue", "", "case rescue_asked", rescued(nothing, func(w *world, o winddown.Actor, id winddown.ID) error {
			return w.app.AskRescue(ctx, o, id, "Не отвечает")
		})},
		{"DropRescue", "", "case rescue_stopped", rescued(lose, func(w *world, o winddown.Actor, id winddown.ID) error { return w.app.DropRescue(ctx, o, id) })},
		{"Rescue", "", "case rescue_offered", rescued(lose, func(w *world, o winddown.Actor, id winddown.ID) error {
			w.clock.Advance(winddown.RescueTerm)
			_, err := w.app.Rescue(ctx, w.provedNow(o), id, "")
			return err
		})},
		{"Rescue", "in the place of the owner's own link", "case invite_revoked, case rescue_offered", rescued(func(w *world, o winddown.Actor, id winddown.ID) error {
			owner := winddown.Actor{UserID: one[winddown.ID](w, "select user_id from case_people where case_id = $1", uuid.UUID(id)), Via: winddown.ViaPages}
			w.offer(owner, id)
			return lose(w, o, id)
		}, func(w *world, o winddown.Actor, id winddown.ID) error {
			w.clock.Advance(winddown.RescueTerm)
			_, err := w.app.Rescue(ctx, w.provedNow(o), id, "")
			return err
		})},
		{"ObjectToRescue", "", "case rescue_stopped", owned(func(w *world, _ winddown.Actor, id winddown.ID) error {
			return lose(w, w.operator("Смотров"), id)
		},
			func(w *world, a winddown.Actor, id winddown.ID) error { return w.app.ObjectToRescue(ctx, a, id) })},
		{"ObjectToRescue", "nothing", "", owned(nothing, func(w *world, a winddown.Actor, id winddown.ID) error { return w.app.ObjectToRescue(ctx, a, id) })},
		{"Invite", "", "case person_invited", func(t *testing.T, w *world) (func() error, func() outcome) {
			a := w.person("Петрова")
			id := w.open(a)
			return func() error { _, err := w.app.Invite(ctx, a, id, winddown.Helper); return err }, func() outcome { return pages(a) }
		}},
		{"RevokeInvite", "", "case invite_revoked", func(t *testing.T, w *world) (func() error, func() outcome) {
			a := w.person("Петрова")
			id := w.open(a)
			w.invite(a, id, winddown.Helper)
			p, err := w.app.People(ctx, a, id)
			must(t, err)
			return func() error { return w.app.RevokeInvite(ctx, a, id, p.Invites[0].ID) }, func() outcome { return pages(a) }
		}},
		{"CreateShare", "", "case share_created", func(t *testing.T, w *world) (func() error, func() outcome) {
			a := w.person("Петрова")
			id := w.open(a)
			return func() error { _, err := w.app.CreateShare(ctx, a, id, newShare()); return err }, func() outcome { return pages(a) }
		}},
		{"RevokeShare", "", "case share_revoked", func(t *testing.T, w *world) (func() error, func() outcome) {
			a := w.person("Петрова")
			id := w.open(a)
			share, _ := w.share(a, id, newShare())
			return func() error { return w.app.RevokeShare(ctx, a, id, share) }, func() outcome { return pages(a) }
		}},
		{"SharedCase", "", "share share_opened", func(t *testing.T, w *world) (func() error, func() outcome) {
			a := w.person("Петрова")
			_, token := w.share(a, w.open(a), newShare())
			return func() error { _, err := w.app.SharedCase(ctx, winddown.ID{}, token, ""); return err }, func() outcome { return outcome{via: winddown.ViaShare} }
		}},
		{"SharedCase", "again within ten minutes", "", func(t *testing.T, w *world) (func() error, func() outcome) {
			a := w.person("Петрова")
			_, token := w.share(a, w.open(a), newShare())
			_, err := w.app.SharedCase(ctx, winddown.ID{}, token, "")
			must(t, err)
			w.clock.Advance(winddown.SameOpening - 2*time.Minute)
			return func() error { _, err := w.app.SharedCase(ctx, winddown.ID{}, token, ""); return err }, func() outcome { return outcome{} }
		}},
		{"SharedFile", "", "share share_opened", func(t *testing.T, w *world) (func() error, func() outcome) {
			a := w.person("Петрова")
			id := w.open(a)
			must(t, w.upload(a, id, winddown.ZeroFBS, winddown.SlotStockZero, w.pdf("a.pdf", "0")))
			in := newShare()
			in.Shown.Files = true
			_, token := w.share(a, id, in)
			return func() error {
				_, f, _, err := w.app.SharedFile(ctx, winddown.ID{}, token, "", 1)
				if err != nil {
					return err
				}
				return f.Close()
			}, func() outcome { return outcome{via: winddown.ViaShare} }
		}},
		{"Accept", "as helper", "case person_joined", func(t *testing.T, w *world) (func() error, func() outcome) {
			a, b := w.person("Петрова"), w.confirmed(w.person("Иванова"))
			token := w.invite(a, w.open(a), winddown.Helper)
			return func() error { _, _, err := w.app.Accept(ctx, b, token); return err },
				func() outcome { return about(pages(b), b.UserID) }
		}},
		{"Accept", "as accountant", "case person_joined, firm firm_founded", func(t *testing.T, w *world) (func() error, func() outcome) {
			a, b := w.person("Петрова"), w.confirmed(w.person("Ким"))
			token := w.invite(a, w.open(a), winddown.Accountant)
			return func() error { _, _, err := w.app.Accept(ctx, b, token); return err },
				func() outcome { return about(pages(b), b.UserID) }
		}},
		{"SignUpInvited", "by a link that was handed on", "user user_registered, user user_logged_in", func(t *testing.T, w *world) (func() error, func() outcome) {
			a := w.person("Петрова")
			token := w.invite(a, w.open(a), winddown.Accountant)
			var session string
			return func() (err error) {
					session, _, _, err = w.app.SignUpInvited(ctx, token, registration("kim@example.ru"), app.Browser{})
					return err
				}, func() outcome {
					o := pages(w.actor(session))
					o.session = winddown.ID{}
					return o
				}
		}},
		{"SignUpInvited", "", "case person_joined, firm firm_founded, user user_registered, user user_logged_in, user address_confirmed", func(t *testing.T, w *world) (func() error, func() outcome) {
			a := w.confirmed(w.person("Петрова"))
			token := w.mailed(a, w.open(a), winddown.Accountant, "kim@example.ru")
			var session string
			return func() (err error) {
					session, _, _, err = w.app.SignUpInvited(ctx, token, registration("kim@example.ru"), app.Browser{})
					return err
				}, func() outcome {
					o := pages(w.actor(session))
					o.session = winddown.ID{}
					return o
				}
		}},
		{"RemovePerson", "a helper", "case person_removed", func(t *testing.T, w *world) (func() error, func() outcome) {
			a, b := w.person("Петрова"), w.person("Иванова")
			id := w.open(a)
			w.join(a, b, id, winddown.Helper)
			return func() error { return w.app.RemovePerson(ctx, a, id, b.UserID) },
				func() outcome { return about(pages(a), b.UserID) }
		}},
		{"RemovePerson", "the accountant", "case person_removed", func(t *testing.T, w *world) (func() error, func() outcome) {
			a, b := w.person("Петрова"), w.person("Ким")
			id := w.open(a)
			w.join(a, b, id, winddown.Accountant)
			return func() error { return w.app.RemovePerson(ctx, a, id, b.UserID) },
				func() outcome { return about(pages(a), b.UserID) }
		}},
		{"SetActing", "", "case acting_changed", func(t *testing.T, w *world) (func() error, func() outcome) {
			a, b := w.person("Петрова"), w.person("Ким")
			id := w.open(a)
			w.join(a, b, id, winddown.Accountant)
			return func() error { return w.app.SetActing(ctx, a, id, true) }, func() outcome { return pages(a) }
		}},
		{"FoundFirm", "", "firm firm_founded", func(t *testing.T, w *world) (func() error, func() outcome) {
			a := w.confirmed(w.person("Ким"))
			return func() error { return w.app.FoundFirm(ctx, a, "Учёт") }, func() outcome { return about(pages(a), a.UserID) }
		}},
		{"ChooseFirm", "", "user settings_changed", func(t *testing.T, w *world) (func() error, func() outcome) {
			f, other := w.firm(), w.firm()
			a := w.joinFirm(other.admin, f.lead, winddown.Lead)
			return func() error { return w.app.ChooseFirm(ctx, a, f.id) }, func() outcome { return pages(a) }
		}},
		{"ChooseFirm", "the same", "", func(t *testing.T, w *world) (func() error, func() outcome) {
			f := w.firm()
			return func() error { return w.app.ChooseFirm(ctx, f.lead, f.id) }, func() outcome { return pages(f.lead) }
		}},
		{"RenameFirm", "", "firm firm_renamed", func(t *testing.T, w *world) (func() error, func() outcome) {
			f := w.firm()
			return func() error { return w.app.RenameFirm(ctx, f.admin, "Баланс") }, func() outcome { return pages(f.admin) }
		}},
		{"RenameFirm", "as it is called", "", func(t *testing.T, w *world) (func() error, func() outcome) {
			f := w.firm()
			return func() error { return w.app.RenameFirm(ctx, f.admin, f.admin.FirmName) }, func() outcome { return pages(f.admin) }
		}},
		{"InviteToFirm", "", "firm firm_invited", func(t *testing.T, w *world) (func() error, func() outcome) {
			f := w.firm()
			return func() error { _, err := w.app.InviteToFirm(ctx, f.admin, winddown.Lead); return err }, func() outcome { return pages(f.admin) }
		}},
		{"InviteToFirmByMail", "", "firm firm_invited", func(t *testing.T, w *world) (func() error, func() outcome) {
			a := w.firm().admin
			return func() error {
				_, err := w.app.InviteToFirmByMail(ctx, a, winddown.Lead, "lead@example.ru")
				return err
			}, func() outcome { return pages(a) }
		}},
		{"RevokeFirmInvite", "", "firm firm_invite_revoked", func(t *testing.T, w *world) (func() error, func() outcome) {
			f := w.firm()
			_, err := w.app.InviteToFirm(ctx, f.admin, winddown.Lead)
			must(t, err)
			v, err := w.app.Firm(ctx, f.admin)
			must(t, err)
			return func() error { return w.app.RevokeFirmInvite(ctx, f.admin, v.Invites[0].ID) }, func() outcome { return pages(f.admin) }
		}},
		{"JoinFirm", "", "firm firm_joined", func(t *testing.T, w *world) (func() error, func() outcome) {
			f, a := w.firm(), w.confirmed(w.person("Новая"))
			token, err := w.app.InviteToFirm(ctx, f.admin, winddown.Accountant)
			must(t, err)
			return func() error { return w.app.JoinFirm(ctx, a, token) }, func() outcome { return about(pages(a), a.UserID) }
		}},
		{"JoinFirm", "by a letter to one's own address", "firm firm_joined, user address_confirmed", func(t *testing.T, w *world) (func() error, func() outcome) {
			f, a := w.firm(), w.person("Новая")
			token := w.mailedToFirm(f.admin, winddown.Lead, a.Email)
			return func() error { return w.app.JoinFirm(ctx, a, token) }, func() outcome { return about(pages(a), a.UserID) }
		}},
		{"JoinFirm", "by somebody else's letter", "firm firm_joined", func(t *testing.T, w *world) (func() error, func() outcome) {
			f, a := w.firm(), w.confirmed(w.person("Новая"))
			token := w.mailedToFirm(f.admin, winddown.Lead, "lead@example.ru")
			return func() error { return w.app.JoinFirm(ctx, a, token) }, func() outcome { return about(pages(a), a.UserID) }
		}},
		{"SignUpToFirm", "", "firm firm_joined, user user_registered, user user_logged_in, user address_confirmed", func(t *testing.T, w *world) (func() error, func() outcome) {
			token := w.mailedToFirm(w.firm().admin, winddown.Accountant, "kim@example.ru")
			var session string
			return func() (err error) {
					session, _, err = w.app.SignUpToFirm(ctx, token, registration("kim@example.ru"), app.Browser{})
					return err
				}, func() outcome {
					o := pages(w.actor(session))
					o.session = winddown.ID{}
					return o
				}
		}},
		{"SetFirmRole", "", "firm firm_role_changed", func(t *testing.T, w *world) (func() error, func() outcome) {
			f := w.firm()
			return func() error { return w.app.SetFirmRole(ctx, f.admin, f.lead.UserID, winddown.Admin) },
				func() outcome { return about(pages(f.admin), f.lead.UserID) }
		}},
		{"SetFirmRole", "the same", "", func(t *testing.T, w *world) (func() error, func() outcome) {
			f := w.firm()
			return func() error { return w.app.SetFirmRole(ctx, f.admin, f.lead.UserID, winddown.Lead) }, func() outcome { return pages(f.admin) }
		}},
		{"RemoveFirmPerson", "with cases", "case responsible_cleared, case responsible_cleared, firm firm_person_removed",
			func(t *testing.T, w *world) (func() error, func() outcome) {
				f := w.firm()
				w.addSeller(f.accountant)
				w.addSeller(f.accountant)
				return func() error { _, err := w.app.RemoveFirmPerson(ctx, f.admin, f.accountant.UserID); return err },
					func() outcome { return about(pages(f.admin), f.accountant.UserID) }
			}},
		{"QuitFirm", "with a case", "case responsible_cleared, firm firm_person_removed", func(t *testing.T, w *world) (func() error, func() outcome) {
			f := w.firm()
			w.addSeller(f.accountant)
			return func() error { _, err := w.app.QuitFirm(ctx, f.accountant); return err },
				func() outcome { return about(pages(f.accountant), f.accountant.UserID) }
		}},
		{"SetRequisites", "", "firm firm_setting_changed", func(t *testing.T, w *world) (func() error, func() outcome) {
			f := w.firm()
			return func() error {
					return w.app.SetRequisites(ctx, f.admin, winddown.Requisites{LegalName: "ООО «Учёт»", INN: "7707083893"})
				},
				func() outcome { return pages(f.admin) }
		}},
		{"SetFirmActing", "", "firm firm_setting_changed", func(t *testing.T, w *world) (func() error, func() outcome) {
			f := w.firm()
			return func() error { return w.app.SetFirmActing(ctx, f.admin, true) }, func() outcome { return pages(f.admin) }
		}},
		{"SetFirmActing", "as it is", "", func(t *testing.T, w *world) (func() error, func() outcome) {
			f := w.firm()
			return func() error { return w.app.SetFirmActing(ctx, f.admin, false) }, func() outcome { return pages(f.admin) }
		}},
		{"AddSeller", "in a firm that marks for its sellers", "case case_opened, case acting_changed", func(t *testing.T, w *world) (func() error, func() outcome) {
			f := w.firm()
			must(t, w.app.SetFirmActing(ctx, f.admin, true))
			return func() error { _, err := w.app.AddSeller(ctx, f.accountant, newCase(everything())); return err },
				func() outcome { return pages(f.accountant) }
		}},
		{"SetFirmChase", "with an act that is awaited", "firm firm_setting_changed", func(t *testing.T, w *world) (func() error, func() outcome) {
			f := w.firm()
			w.mark(f.accountant, w.addSeller(f.accountant), append(goods(), winddown.RequestAct)...)
			return func() error { return w.app.SetFirmChase(ctx, f.admin, []int{2}) }, func() outcome { return pages(f.admin) }
		}},
		{"DraftFirmText", "", "firm firm_text_drafted", func(t *testing.T, w *world) (func() error, func() outcome) {
			f := w.firm()
			return func() error { return w.app.DraftFirmText(ctx, f.admin, w.firmText("Всем")) }, func() outcome { return pages(f.admin) }
		}},
		{"DraftFirmText", "as it stands", "", func(t *testing.T, w *world) (func() error, func() outcome) {
			f := w.firm()
			must(t, w.app.DraftFirmText(ctx, f.admin, w.firmText("Всем")))
			return func() error { return w.app.DraftFirmText(ctx, f.admin, w.firmText("Всем")) }, func() outcome { return pages(f.admin) }
		}},
		{"DiscardFirmTexts", "", "firm firm_texts_discarded", func(t *testing.T, w *world) (func() error, func() outcome) {
			f := w.firm()
			must(t, w.app.DraftFirmText(ctx, f.admin, w.firmText("Всем")))
			seen := w.draft(f.admin)
			return func() error { return w.app.DiscardFirmTexts(ctx, f.admin, seen) }, func() outcome { return pages(f.admin) }
		}},
		{"PublishFirmTexts", "", "firm firm_texts_published", func(t *testing.T, w *world) (func() error, func() outcome) {
			f := w.firm()
			must(t, w.app.DraftFirmText(ctx, f.admin, w.firmText("Всем")))
			seen := w.draft(f.admin)
			return func() error { return w.app.PublishFirmTexts(ctx, f.admin, seen) }, func() outcome { return pages(f.admin) }
		}},
		{"UpgradeCase", "", "case case_upgraded", func(t *testing.T, w *world) (func() error, func() outcome) {
			f := w.firm()
			id := w.addSeller(f.accountant)
			w.publish(f.admin, "Всем")
			return func() error { return w.app.UpgradeCase(ctx, f.accountant, id, newest(1)) }, func() outcome { return forSeller(f.accountant) }
		}},
		{"UpgradeCase", "that is there", "", func(t *testing.T, w *world) (func() error, func() outcome) {
			f := w.firm()
			id := w.addSeller(f.accountant)
			return func() error { return w.app.UpgradeCase(ctx, f.accountant, id, newest(0)) }, func() outcome { return forSeller(f.accountant) }
		}},
		{"UpgradeFirm", "of one case", "case case_upgraded", func(t *testing.T, w *world) (func() error, func() outcome) {
			f := w.firm()
			w.addSeller(f.accountant)
			w.publish(f.admin, "Всем")
			return func() error { _, err := w.app.UpgradeFirm(ctx, f.admin, newest(1)); return err }, func() outcome { return forSeller(f.admin) }
		}},
		{"UpgradeFirm", "of a case with an owner who marks himself", "case case_upgraded", func(t *testing.T, w *world) (func() error, func() outcome) {
			f, owner := w.firm(), w.person("Петрова")
			w.join(owner, f.accountant, w.open(owner), winddown.Accountant)
			w.publish(f.admin, "Всем")
			return func() error { _, err := w.app.UpgradeFirm(ctx, f.admin, newest(1)); return err }, func() outcome { return pages(f.admin) }
		}},
		{"SetFirmDays", "", "firm firm_setting_changed", func(t *testing.T, w *world) (func() error, func() outcome) {
			f := w.firm()
			return func() error { return w.app.SetFirmDays(ctx, f.admin, []winddown.Date{w.today(f.admin)}, nil) },
				func() outcome { return pages(f.admin) }
		}},
		{"Assign", "", "case responsible_assigned, case responsible_assigned", func(t *testing.T, w *world) (func() error, func() outcome) {
			f := w.firm()
			ids := []winddown.ID{w.addSeller(f.accountant), w.addSeller(f.admin), w.addSeller(f.lead)}
			return func() error { return w.assign(f.lead, f.lead.UserID, ids...) },
				func() outcome { return about(pages(f.lead), f.lead.UserID) }
		}},
		{"Assign", "to nobody", "case responsible_cleared", func(t *testing.T, w *world) (func() error, func() outcome) {
			f := w.firm()
			id := w.addSeller(f.accountant)
			return func() error { return w.assign(f.lead, winddown.ID{}, id) },
				func() outcome { return about(pages(f.lead), f.accountant.UserID) }
		}},
		{"Assign", "as it is", "", func(t *testing.T, w *world) (func() error, func() outcome) {
			f := w.firm()
			id := w.addSeller(f.accountant)
			return func() error { return w.assign(f.lead, f.accountant.UserID, id) }, func() outcome { return pages(f.lead) }
		}},
		{"Remind", "", "case seller_reminded", func(t *testing.T, w *world) (func() error, func() outcome) {
			f, a := w.firm(), w.person("Петрова")
			id := w.open(a)
			w.join(a, f.accountant, id, winddown.Accountant)
			unread := w.addSeller(f.accountant) // nobody would read it: skipped
			return func() error { return w.remind(f.accountant, "Сделайте: {шаг}", id, unread) },
				func() outcome { return pages(f.accountant) }
		}},
		{"Remind", "twice a day", "", func(t *testing.T, w *world) (func() error, func() outcome) {
			f, a := w.firm(), w.person("Петрова")
			id := w.open(a)
			w.join(a, f.accountant, id, winddown.Accountant)
			must(t, w.remind(f.lead, "Сделайте: {шаг}", id))
			return func() error { return w.remind(f.accountant, "Сделайте: {шаг}", id) }, func() outcome { return pages(f.accountant) }
		}},
		{"PutAway", "", "case reminder_seen", func(t *testing.T, w *world) (func() error, func() outcome) {
			f, a := w.firm(), w.person("Петрова")
			id := w.open(a)
			w.join(a, f.accountant, id, winddown.Accountant)
			must(t, w.remind(f.lead, "Сделайте: {шаг}", id))
			return func() error { return w.app.PutAway(ctx, a, id) }, func() outcome { return pages(a) }
		}},
		{"Archive", "", "case case_archived, case case_archived", func(t *testing.T, w *world) (func() error, func() outcome) {
			f := w.firm()
			ids := []winddown.ID{w.addSeller(f.accountant), w.addSeller(f.admin)}
			return func() error { _, err := w.app.Archive(ctx, f.lead, ids, true); return err }, func() outcome { return pages(f.lead) }
		}},
		{"Archive", "and back", "case case_unarchived", func(t *testing.T, w *world) (func() error, func() outcome) {
			f := w.firm()
			ids := []winddown.ID{w.addSeller(f.accountant)}
			_, err := w.app.Archive(ctx, f.lead, ids, true)
			must(t, err)
			return func() error { _, err := w.app.Archive(ctx, f.accountant, ids, false); return err }, func() outcome { return pages(f.accountant) }
		}},
		{"SaveView", "", "user settings_changed", func(t *testing.T, w *world) (func() error, func() outcome) {
			a := w.person("Ким")
			return func() error { return w.app.SaveView(ctx, a, "Срочные", "due=overdue", false, nil) }, func() outcome { return pages(a) }
		}},
		{"ChangeView", "", "user settings_changed", func(t *testing.T, w *world) (func() error, func() outcome) {
			a := w.person("Ким")
			return func() error { return w.app.ChangeView(ctx, a, winddown.Starters(a.UserID)[1].ID, "", false, true, nil) }, func() outcome { return pages(a) }
		}},
		{"ChangeView", "as it is", "", func(t *testing.T, w *world) (func() error, func() outcome) {
			a := w.person("Ким")
			return func() error { return w.app.ChangeView(ctx, a, winddown.Starters(a.UserID)[1].ID, "", true, false, nil) }, func() outcome { return pages(a) }
		}},
		{"RemoveView", "", "user settings_changed", func(t *testing.T, w *world) (func() error, func() outcome) {
			a := w.person("Ким")
			return func() error { return w.app.RemoveView(ctx, a, winddown.Starters(a.UserID)[0].ID) }, func() outcome { return pages(a) }
		}},
		{"LeaveFirm", "nobody responsible", "case left_firm", func(t *testing.T, w *world) (func() error, func() outcome) {
			f, a := w.firm(), w.person("Петрова")
			id := w.open(a)
			w.join(a, f.accountant, id, winddown.Accountant)
			must(t, w.assign(f.admin, winddown.ID{}, id))
			return func() error { return w.app.LeaveFirm(ctx, a, id) }, func() outcome { return pages(a) }
		}},
		{"LeaveFirm", "with its accountant", "case person_removed", func(t *testing.T, w *world) (func() error, func() outcome) {
			f, a := w.firm(), w.person("Петрова")
			id := w.open(a)
			w.join(a, f.accountant, id, winddown.Accountant)
			return func() error { return w.app.LeaveFirm(ctx, a, id) }, func() outcome { return about(pages(a), f.accountant.UserID) }
		}},
		{"MarkDone", "with a written reason", "case step_done, case evidence_excused", owned(nothing, marked(winddown.ZeroFBS))},
		{"AddEvidence", "", "case evidence_added", owned(nothing, upload)},
		{"AddEvidence", "the same bytes again", "", owned(upload, upload)},
		{"AddEvidence", "to an accepted step", "case evidence_added, case acceptance_dropped",
			kept(then(marked(winddown.ZeroFBS), accept), upload)},
		{"RemoveEvidence", "", "case evidence_removed", owned(upload, func(w *world, a winddown.Actor, id winddown.ID) error {
			return w.app.RemoveEvidence(ctx, a, id, winddown.RemoveEvidence{Number: 1, Reason: "Не тот файл"})
		})},
		{"AcceptStep", "", "case step_accepted", reviewed(then(upload, marked(winddown.ZeroFBS)), accept)},
		{"AcceptStep", "again", "", reviewed(then(marked(winddown.ZeroFBS), accept), accept)},
		{"SendBack", "", "case step_returned, case acceptance_dropped, case step_suspended",
			reviewed(then(marked(requested...), accept), func(w *world, a winddown.Actor, id winddown.ID) error {
				return w.app.SendBack(ctx, a, id, w.review(a, id, winddown.ZeroFBS))
			})},
		{"Waive", "", "case gate_opened", reviewed(nothing, waive)},
		{"Unwaive", "", "case gate_closed, case step_suspended",
			reviewed(then(waive, marked(winddown.RequestAct)), func(w *world, a winddown.Actor, id winddown.ID) error {
				return w.app.Unwaive(ctx, a, id, w.review(a, id, winddown.RequestAct))
			})},
		{"Ask", "", "case question_asked", reviewed(nothing, ask)},
		{"Answer", "", "case question_answered", reviewed(ask, answer)},
		{"Resolve", "", "case question_resolved", reviewed(then(ask, answer), func(w *world, a winddown.Actor, id winddown.ID) error {
			return w.app.Resolve(ctx, a, id, 1)
		})},
		{"AddAct", "", "case act_added, case step_reverted", owned(marked(requested...), addAct)},
		{"RemoveAct", "", "case act_removed, case step_done", owned(then(marked(requested...), addAct),
			func(w *world, a winddown.Actor, id winddown.ID) error { return w.app.RemoveAct(ctx, a, id, 2, 1) })},
		{"MarkDone", "one act of two", "case act_noted", owned(then(marked(goods()...), addAct), marked(winddown.RequestAct))},
		{"CompareAct", "", "case act_compared", owned(marked(received...), agree)},
		{"RemindAct", "", "case act_reminded", owned(marked(requested...),
			func(w *world, a winddown.Actor, id winddown.ID) error {
				return w.app.RemindAct(ctx, a, id, winddown.RemindAct{Act: 1, Version: w.act(a, id, 1).Version, On: w.today(a)})
			})},
		{"DisputeAct", "", "case act_disputed", owned(then(marked(received...), disagree), dispute)},
		{"MarkDone", "a disputed act", "case act_requested_again, case step_reverted",
			owned(then(marked(received...), disagree, dispute), marked(winddown.RequestAct))},
		{"CountersignAct", "", "case act_countersigned", owned(then(marked(received...), marked(winddown.SignAct)),
			func(w *world, a winddown.Actor, id winddown.ID) error {
				return w.app.CountersignAct(ctx, a, id, winddown.CountersignAct{Act: 1, Version: w.act(a, id, 1).Version, On: w.today(a)})
			})},
		{"UndoAct", "", "case act_undone, case step_reverted", owned(marked(received...),
			func(w *world, a winddown.Actor, id winddown.ID) error {
				return w.app.UndoAct(ctx, a, id, winddown.UndoAct{Act: 1, Version: w.act(a, id, 1).Version, Reason: "Ошибка"})
			})},
		{"AddDeadline", "", "case deadline_added", owned(nothing, batch)},
		{"AddDeadline", "of goods that are back", "case deadline_added, case step_regressed", owned(marked(winddown.CollectReturns), batch)},
		{"CloseDeadline", "", "case deadline_closed", owned(batch, closeBatch)},
		{"MarkDone", "the returns of a batch", "case step_done, case deadline_closed", owned(batch, marked(winddown.CollectReturns))},
		{"ReopenDeadline", "", "case deadline_reopened", owned(then(batch, closeBatch), func(w *world, a winddown.Actor, id winddown.ID) error {
			return w.app.ReopenDeadline(ctx, a, id, 1)
		})},
		{"RemoveDeadline", "", "case deadline_removed", owned(batch, func(w *world, a winddown.Actor, id winddown.ID) error {
			return w.app.RemoveDeadline(ctx, a, id, 1)
		})},
		{"CheckInbox", "", "case inbox_checked", owned(nothing, inbox)},
		{"CheckInbox", "twice a day", "", owned(inbox, inbox)},
		{"ChangeTerm", "", "case term_changed", owned(nothing, func(w *world, a winddown.Actor, id winddown.ID) error {
			return w.app.ChangeTerm(ctx, a, id, winddown.ChangeTerm{Kind: winddown.DuePickUp, Days: []int{5}, Source: "Оферта", AsOf: w.today(a)})
		})},
		{"AddDebts", "", "case debt_added", owned(nothing, oweOne)},
		{"AddDebts", "after the settlement", "case debt_added, case step_suspended", owned(marked(slices.Concat(goods(), chain())...), oweOne)},
		{"PasteDebts", "", "case debt_added, case debt_added", owned(nothing, paste)},
		{"PasteDebts", "the same table again", "", owned(paste, paste)},
		{"ChangeDebt", "", "case debt_changed", owned(oweOne, func(w *world, a winddown.Actor, id winddown.ID) error {
			d := w.debts(a, id)[0]
			return w.app.ChangeDebt(ctx, a, id, winddown.ChangeDebt{Version: d.Version,
				NewDebt: winddown.NewDebt{ID: d.ID, Side: d.Side, What: d.What, Amount: 1, On: d.On}})
		})},
		{"SettleDebt", "", "case debt_settled", owned(oweOne, settle)},
		{"WriteOffDebt", "", "case debt_written_off", owned(oweOne, func(w *world, a winddown.Actor, id winddown.ID) error {
			d := w.debts(a, id)[0]
			return w.app.WriteOffDebt(ctx, a, id, winddown.WriteOffDebt{ID: d.ID, Version: d.Version, Reason: "Срок прошёл"})
		})},
		{"ReopenDebt", "", "case debt_reopened", owned(then(oweOne, settle), func(w *world, a winddown.Actor, id winddown.ID) error {
			d := w.debts(a, id)[0]
			return w.app.ReopenDebt(ctx, a, id, winddown.ReopenDebt{ID: d.ID, Version: d.Version})
		})},
		{"RemoveDebt", "", "case debt_removed", owned(oweOne, func(w *world, a winddown.Actor, id winddown.ID) error {
			d := w.debts(a, id)[0]
			return w.app.RemoveDebt(ctx, a, id, winddown.RemoveDebt{ID: d.ID, Version: d.Version, Reason: "Ошибка"})
		})},
		{"StoreFile", "", "", owned(nothing, func(w *world, _ winddown.Actor, _ winddown.ID) error {
			_, err := w.app.StoreFile(ctx, "a.pdf", strings.NewReader("%PDF-1.4\n%%EOF\n"), winddown.MaxFileSize)
			return err
		})},
		{"SweepFiles", "", "", owned(upload, func(w *world, _ winddown.Actor, _ winddown.ID) error { _, err := w.app.SweepFiles(ctx); return err })},
		{"NoteDownload", "", "user file_downloaded", owned(upload, func(w *world, a winddown.Actor, id winddown.ID) error {
			return w.app.NoteDownload(ctx, a, id, 1)
		})},
		{"NoteExport", "", "user file_downloaded", owned(nothing, func(w *world, a winddown.Actor, _ winddown.ID) error {
			return w.app.NoteExport(ctx, a, "csv", 3)
		})},
		{"NotePack", "", "user file_downloaded", owned(nothing, func(w *world, a winddown.Actor, id winddown.ID) error {
			return w.app.NotePack(ctx, a, id, 1)
		})},
		{"ImportCalendar", "", "system calendar_imported", func(_ *testing.T, w *world) (func() error, func() outcome) {
			return func() error { _, err := w.app.ImportCalendar(ctx, year2027()); return err }, func() outcome { return command }
		}},
		{"ImportCalendar", "again", "", func(t *testing.T, w *world) (func() error, func() outcome) {
			_, err := w.app.ImportCalendar(ctx, year2027())
			must(t, err)
			return func() error { _, err := w.app.ImportCalendar(ctx, year2027()); return err }, func() outcome { return command }
		}},
		{"SetCalendarDay", "", "system calendar_imported", func(_ *testing.T, w *world) (func() error, func() outcome) {
			return func() error {
				_, err := w.app.SetCalendarDay(ctx, civil(2028, time.January, 3), true, false, "a decree", civil(2026, time.November, 1))
				return err
			}, func() outcome { return command }
		}},
		{"ForgetCalendar", "", "system calendar_forgotten", func(t *testing.T, w *world) (func() error, func() outcome) {
			_, err := w.app.ImportCalendar(ctx, year2027())
			must(t, err)
			return func() error { _, err := w.app.ForgetCalendar(ctx, 2027); return err }, func() outcome { return command }
		}},
		{"SetText", "", "system text_changed", func(_ *testing.T, w *world) (func() error, func() outcome) {
			return func() error { _, err := w.app.SetText(ctx, stepText("Всем")); return err }, func() outcome { return command }
		}},
		{"RevertText", "", "system text_changed", func(t *testing.T, w *world) (func() error, func() outcome) {
			_, err := w.app.SetText(ctx, stepText("Всем"))
			must(t, err)
			return func() error { _, err := w.app.RevertText(ctx, winddown.StepText, "sell_out", "ru"); return err },
				func() outcome { return command }
		}},
		{"ChangeMailSettings", "", "user settings_changed", func(_ *testing.T, w *world) (func() error, func() outcome) {
			a := w.person("Петрова")
			in := winddown.DefaultMailSettings()
			in.Hour = 8
			return func() error { return w.app.ChangeMailSettings(ctx, a, in) }, func() outcome { return pages(a) }
		}},
		{"ChangeMailSettings", "as they are", "", func(_ *testing.T, w *world) (func() error, func() outcome) {
			a := w.person("Петрова")
			return func() error { return w.app.ChangeMailSettings(ctx, a, winddown.DefaultMailSettings()) }, func() outcome { return pages(a) }
		}},
		{"Unsubscribe", "", "user settings_changed", func(_ *testing.T, w *world) (func() error, func() outcome) {
			a := w.person("Петрова")
			d := w.letter(a)
			return func() error { return w.app.Unsubscribe(ctx, d.Unsubscribe) },
				func() outcome { return outcome{by: a.UserID, via: winddown.ViaPages} }
		}},
		{"Resubscribe", "", "user settings_changed", func(t *testing.T, w *world) (func() error, func() outcome) {
			a := w.person("Петрова")
			d := w.letter(a)
			must(t, w.app.Unsubscribe(ctx, d.Unsubscribe))
			return func() error { return w.app.Resubscribe(ctx, d.Unsubscribe) },
				func() outcome { return outcome{by: a.UserID, via: winddown.ViaPages} }
		}},
		{"NewFeed", "", "user settings_changed", func(_ *testing.T, w *world) (func() error, func() outcome) {
			a := w.person("Петрова")
			return func() error { _, err := w.app.NewFeed(ctx, a); return err }, func() outcome { return pages(a) }
		}},
		{"RevokeFeed", "", "user settings_changed", func(t *testing.T, w *world) (func() error, func() outcome) {
			a := w.person("Петрова")
			_, err := w.app.NewFeed(ctx, a)
			must(t, err)
			return func() error { return w.app.RevokeFeed(ctx, a) }, func() outcome { return pages(a) }
		}},
		// What the installation does by itself is nobody's deed.
		{"PlanDigests", "", "", func(_ *testing.T, w *world) (func() error, func() outcome) {
			a := w.person("Петрова")
			w.open(a)
			return func() error { _, err := w.app.PlanDigests(ctx); return err }, func() outcome { return pages(a) }
		}},
		{"Digest", "", "", func(_ *testing.T, w *world) (func() error, func() outcome) {
			a := w.person("Петрова")
			return func() error { _, _, err := w.app.Digest(ctx, a.UserID, w.today(a)); return err }, func() outcome { return pages(a) }
		}},
		{"DigestSent", "", "", func(_ *testing.T, w *world) (func() error, func() outcome) {
			a := w.person("Петрова")
			d := w.letter(a)
			return func() error { return w.app.DigestSent(ctx, d) }, func() outcome { return pages(a) }
		}},
		{"InviteByMail", "", "case person_invited", func(_ *testing.T, w *world) (func() error, func() outcome) {
			a := w.person("Петрова")
			id := w.open(a)
			a.Confirmed = true
			return func() error {
				_, err := w.app.InviteByMail(ctx, a, id, winddown.Helper, "helper@example.ru")
				return err
			}, func() outcome { return pages(a) }
		}},
		{"AskConfirmation", "", "user confirm_asked", func(_ *testing.T, w *world) (func() error, func() outcome) {
			a := w.person("Ким")
			return func() error { return w.app.AskConfirmation(ctx, a, winddown.ID{}) }, func() outcome { return pages(a) }
		}},
		{"Confirm", "", "user address_confirmed", func(t *testing.T, w *world) (func() error, func() outcome) {
			a := w.person("Ким")
			l, err := w.app.ConfirmLetter(ctx, a.UserID, winddown.ID{})
			must(t, err)
			return func() error { return w.app.Confirm(ctx, l.Token) }, func() outcome { return about(outcome{via: winddown.ViaPages}, a.UserID) }
		}},
		{"ForgotPassword", "", "user password_forgotten", func(_ *testing.T, w *world) (func() error, func() outcome) {
			a := w.person("Ким")
			return func() error { return w.app.ForgotPassword(ctx, a.Email) },
				func() outcome { return about(outcome{via: winddown.ViaPages}, a.UserID) }
		}},
		{"ForgotPassword", "of nobody", "", func(_ *testing.T, w *world) (func() error, func() outcome) {
			return func() error { return w.app.ForgotPassword(ctx, "nobody@example.ru") }, func() outcome { return outcome{} }
		}},
		{"ResetPassword", "", "user password_changed, user address_confirmed", func(t *testing.T, w *world) (func() error, func() outcome) {
			a := w.person("Ким")
			l, err := w.app.ResetLetter(ctx, a.UserID, w.clock.Now())
			must(t, err)
			return func() error { return w.app.ResetPassword(ctx, l.Token, password) },
				func() outcome { return about(outcome{via: winddown.ViaPages}, a.UserID) }
		}},
		{"SetOperator", "", "user operator_changed", func(t *testing.T, w *world) (func() error, func() outcome) {
			u, err := w.app.AddUser(ctx, registration("kim@example.ru"))
			must(t, err)
			return func() error { return w.app.SetOperator(ctx, "kim@example.ru", true) },
				func() outcome { return about(command, u.ID) }
		}},
		{"RequeueJob", "", "user job_requeued", func(t *testing.T, w *world) (func() error, func() outcome) {
			a := w.person("Ким")
			must(t, w.app.SetOperator(ctx, a.Email, true))
			job := w.deadJob()
			return func() error { return w.app.RequeueJob(ctx, a, job) }, func() outcome { return pages(a) }
		}},
		{"FillDues", "", "", func(t *testing.T, w *world) (func() error, func() outcome) {
			return func() error { return w.app.FillDues(ctx) }, func() outcome { return outcome{} }
		}},
		{"DeleteCase", "", "case case_deleted", owned(nothing, del)},
		{"DeleteCase", "again", "", owned(del, del)},
		{"KeepCase", "", "case case_kept", owned(del, keep)},
		{"KeepCase", "that was not deleted", "", owned(nothing, keep)},
		{"ExpireCases", "in an installation that keeps them for ever", "", owned(nothing, func(w *world, _ winddown.Actor, _ winddown.ID) error { _, err := w.app.ExpireCases(ctx); return err })},
		{"ExpireCases", "", "case case_expired", bySystem(func(w *world, _ winddown.Actor, id winddown.ID) error {
			w.exec(`update cases set changed_at = changed_at - interval '61 months', archived_at = changed_at - interval '61 months',
				firm_id = (select id from firms limit 1) where id = $1`, uuid.UUID(id))
			return nil
		}, func(w *world, _ winddown.Actor, id winddown.ID) error {
			keeping := app.New(w.db, app.Options{Now: w.clock.Now, Retention: winddown.MinRetention})
			_, err := keeping.ExpireCases(ctx)
			return err
		})},
		{"EraseCases", "none", "", owned(del, func(w *world, _ winddown.Actor, _ winddown.ID) error { _, err := w.app.EraseCases(ctx); return err })},
		{"EraseCases", "", "user case_erased", func(t *testing.T, w *world) (func() error, func() outcome) {
			w.clock.Advance(winddown.EraseTerm)
			_, err := w.app.EraseCases(ctx) // those of the rows above
			must(t, err)
			a := w.person("Петрова")
			must(t, del(w, a, w.open(a)))
			w.clock.Advance(winddown.EraseTerm)
			return func() error { _, err := w.app.EraseCases(ctx); return err },
				func() outcome { return outcome{via: winddown.ViaSystem, about: a.UserID} }
		}},
		{"DeleteAccount", "", "user account_deleted", func(t *testing.T, w *world) (func() error, func() outcome) {
			a := w.person("Ким")
			return func() error { return w.leave(a) }, func() outcome { return pages(a) }
		}},
		{"DeleteAccount", "again", "", func(t *testing.T, w *world) (func() error, func() outcome) {
			a := w.person("Ким")
			must(t, w.leave(a))
			return func() error { return w.leave(a) }, func() outcome { return pages(a) }
		}},
		{"KeepAccount", "", "user account_kept", func(t *testing.T, w *world) (func() error, func() outcome) {
			a := w.person("Ким")
			must(t, w.leave(a))
			return func() error { return w.app.KeepAccount(ctx, a) }, func() outcome { return pages(a) }
		}},
		{"KeepAccount", "never deleted", "", func(t *testing.T, w *world) (func() error, func() outcome) {
			a := w.person("Ким")
			return func() error { return w.app.KeepAccount(ctx, a) }, func() outcome { return pages(a) }
		}},
		{"EraseAccounts", "", "user account_erased", func(t *testing.T, w *world) (func() error, func() outcome) {
			w.clock.Advance(winddown.LeaveTerm)
			w.eraseAccounts() // those of the rows above
			a := w.person("Ким")
			must(t, w.leave(a))
			w.clock.Advance(winddown.LeaveTerm)
			return func() error { _, err := w.app.EraseAccounts(ctx); return err }, func() outcome { return outcome{by: a.UserID, via: winddown.ViaSystem} }
		}},
		{"NoteMyData", "", "user file_downloaded", func(t *testing.T, w *world) (func() error, func() outcome) {
			a := w.person("Ким")
			return func() error { return w.app.NoteMyData(ctx, a) }, func() outcome { return pages(a) }
		}},
		{"EndEmailChange", "", "user email_change_ended", func(t *testing.T, w *world) (func() error, func() outcome) {
			a := w.person("Ким")
			w.newEmail(a, "new@example.ru")
			return func() error { return w.app.EndEmailChange(ctx, a) }, func() outcome { return pages(a) }
		}},
		{"EndEmailChange", "without one", "", func(t *testing.T, w *world) (func() error, func() outcome) {
			a := w.person("Ким")
			return func() error { return w.app.EndEmailChange(ctx, a) }, func() outcome { return pages(a) }
		}},
		{"FarewellSent", "", "", func(t *testing.T, w *world) (func() error, func() outcome) {
			a := w.confirmed(w.person("Ким"))
			must(t, w.leave(a))
			w.clock.Advance(winddown.LeaveTerm)
			w.eraseAccounts()
			return func() error { return w.app.FarewellSent(ctx, a.UserID) }, func() outcome { return pages(a) }
		}},
		{"SetActing", "as it is", "", func(t *testing.T, w *world) (func() error, func() outcome) {
			a := w.person("Петрова")
			id := w.open(a)
			return func() error { return w.app.SetActing(ctx, a, id, false) }, func() outcome { return pages(a) }
		}},
	}

	w := newWorldWith(t, app.Options{Mail: true}, nil)
	kinds, methods := map[winddown.EventKind]bool{}, map[string]bool{}
	for _, row := range rows {
		methods[row.method] = true
		t.Run(strings.TrimSpace(row.method+" "+row.name), func(t *testing.T) {
			w := *w
			w.t = t
			do, who := row.act(t, &w)
			// The address is the same in several rows.
			t.Cleanup(func() {
				if _, err := w.sql.Exec(context.Background(), "update users set email_key = id::text"); err != nil {
					t.Error(err)
				}
			})
			before := w.lastTx()
			w.clock.Advance(time.Minute)
			if err := do(); err != nil {
				t.Fatal(err)
			}
			events, transactions := w.since(before)
			var got []string
			for _, e := range events {
				got = append(got, fmt.Sprint(e.Stream.Kind, " ", e.Kind))
				kinds[e.Kind] = true
			}
			if strings.Join(got, ", ") != row.want {
				t.Fatalf("events %v, want %v", got, row.want)
			}
			if len(events) > 0 && transactions != 1 {
				t.Errorf("%d transactions, want one", transactions)
			}
			o := who()
			for _, e := range events {
				if e.By != o.by || e.ByColumn != o.by || e.Session != o.session || e.Via != o.via {
					t.Errorf("%s by %s (column %s) in session %s via %s; want %s, %s, %s", e.Kind, e.By, e.ByColumn, e.Session, e.Via, o.by, o.session, o.via)
				}
				if e.Stream.Kind == winddown.CaseStream && e.OnBehalf != o.onBehalf {
					t.Errorf("%s on behalf of the seller: %v, want %v", e.Kind, e.OnBehalf, o.onBehalf)
				}
				if e.User != e.AboutColumn {
					t.Errorf("%s is about %s, by its column about %s", e.Kind, e.User, e.AboutColumn)
				}
			}
			if len(events) > 0 && !o.about.IsZero() && events[len(events)-1].User != o.about {
				t.Errorf("%s is about %s, want %s", events[len(events)-1].Kind, events[len(events)-1].User, o.about)
			}
		})
	}
	for _, k := range winddown.EventKinds() {
		if !kinds[k] {
			t.Errorf("no use case leaves the event %s", k)
		}
	}
	if got := len(winddown.EventKinds()); got != len(kinds) {
		t.Errorf("%d kinds were seen, the domain lists %d", len(kinds), got)
	}

	readOnly := strings.Fields(`AccountLetter Actor Acts Again CaseLetter Warned Calendar CalendarStored CheckKeys CheckNewEmail Consent Case CaseWithLetters CaseSeq CheckText ConfirmLetter ConfirmView DeadJobs NewEmailLetter NewEmailView OldEmailNotice Deadlines Dues Evidence EvidenceFile EvidenceThere Export Farewell FileThere Feed Firm Holdings Retention LostCase Rescues SeatsOf
		FirmInviteView History Import Memberships PlanBulk Start Tombstone Views FirmHistory FirmTexts Newer
		InviteLetter InviteView InvitedMaySignUp LoginSession MailedInvites MustConfirm MustConfirmToJoin LastPage Ledger Letter LoginStep Mail MailSettings MayUpload MyCases MyData NewDebtID Now OperatorsPack Pack Passkeys PendingEmail People Ready RefreshCalendar
		Register RegisterMoved Reminded Reminder ResetLetter ResetView SecurityNotice Sessions ShareLog Shares SignupAllowed Step Unconfirmed Text TextVersions Texts Thumbnail TwoFactor Unlock Unsubscriber Verify VerifyAll Backup`)
	for m := range reflect.TypeFor[*app.App]().Methods() {
		// Seed has a test of its own: its events are those of a whole history.
		if !methods[m.Name] && !slices.Contains(readOnly, m.Name) && m.Name != "Seed" {
			t.Errorf("App.%s is neither in the table nor among those that only read", m.Name)
		}
	}
	for _, m := range append(readOnly, slices.Collect(maps.Keys(methods))...) {
		if _, ok := reflect.TypeFor[*app.App]().MethodByName(m); !ok {
			t.Errorf("App has no method %s", m)
		}
	}
}

// What only reads leaves no trace in any table.
func TestReadingWritesNothing(t *testing.T) {
	w := newWorld(t)
	owner, token := w.session("Петрова", winddown.DefaultZone)
	id := w.open(owner)
	w.mark(owner, id, goods()...)
	if err := w.upload(owner, id, winddown.SellOut, winddown.SlotOrdersDone, w.pdf("заказы.pdf", "0")); err != nil {
		t.Fatal(err)
	}
	file := one[int](w, "select max(number) from evidence")
	invite := w.invite(owner, id, winddown.Helper)
	share, shareToken := w.share(owner, id, newShare())
	f := w.firm()
	boss, kept := f.admin, w.addSeller(f.accountant)
	firmInvite, err := w.app.InviteToFirm(t.Context(), boss, winddown.Lead)
	if err != nil {
		t.Fatal(err)
	}
	letter := w.letter(owner)
	feed, err := w.app.NewFeed(t.Context(), owner)
	if err != nil {
		t.Fatal(err)
	}
	brought, err := w.app.KeepImport(t.Context(), boss, "продавцы.csv", sellersTable(3))
	if err != nil {
		t.Fatal(err)
	}
	before := w.dump()
	ctx := t.Context()
	for name, read := range map[string]func() error{
		"Actor": func() error { _, err := w.app.Actor(ctx, token); return err },
		"Again": func() error {
			a, err := w.app.Actor(ctx, token)
			if err == nil {
				_, err = w.app.Again(ctx, a)
			}
			return err
		},
		"Acts":      func() error { _, err := w.app.Acts(ctx, owner, id); return err },
		"Deadlines": func() error { _, err := w.app.Deadlines(ctx, owner, id); return err },
		"EvidenceFile": func() error {
			_, f, err := w.app.EvidenceFile(ctx, owner, id, file)
			if err != nil {
				return err
			}
			return f.Close()
		},
		"EvidenceThere": func() error { _, err := w.app.EvidenceThere(ctx, owner, id, file); return err },
		"Ledger":        func() error { _, err := w.app.Ledger(ctx, owner, id); return err },
		"MayUpload": func() error {
			_, err := w.app.MayUpload(ctx, owner, id, winddown.AddEvidence{Step: winddown.SellOut, Slot: winddown.SlotOrdersDone, Name: "b.pdf"})
			return err
		},
		"Pack": func() error { _, err := w.app.Pack(ctx, owner, id); return err },
		"Thumbnail": func() error {
			_, err := w.app.Thumbnail(ctx, owner, id, file, 160)
			return expected(err, winddown.NotFound)
		},
		"Case":            func() error { _, err := w.app.Case(ctx, owner, id); return err },
		"CaseWithLetters": func() error { _, err := w.app.CaseWithLetters(ctx, owner, id); return err },
		"History":         func() error { _, err := w.app.History(ctx, owner, id, 0); return err },
		"Shares":          func() error { _, err := w.app.Shares(ctx, owner, id); return err },
		"ShareLog":        func() error { _, err := w.app.ShareLog(ctx, owner, id, share, 0); return err },
		"Unlock":          func() error { _, err := w.app.Unlock(ctx, shareToken, ""); return err },
		"InviteView":      func() error { _, err := w.app.InviteView(ctx, winddown.Actor{}, invite); return err },
		"MyCases":         func() error { _, _, err := w.app.MyCases(ctx, owner); return err },
		"People":          func() error { _, err := w.app.People(ctx, owner, id); return err },
		"Ready":           func() error { return w.app.Ready(ctx) },
		"Calendar":        func() error { return w.app.RefreshCalendar(ctx) },
		"Feed":            func() error { _, err := w.app.Feed(ctx, feed, anew); return err },
		"MailSettings":    func() error { _, err := w.app.MailSettings(ctx, owner); return err },
		"Unsubscriber":    func() error { return w.app.Unsubscriber(ctx, letter.Unsubscribe) },
		"Firm":            func() error { _, err := w.app.Firm(ctx, boss); return err },
		"Memberships":     func() error { _, err := w.app.Memberships(ctx, boss); return err },
		"FirmInviteView":  func() error { _, err := w.app.FirmInviteView(ctx, winddown.Actor{}, firmInvite); return err },
		"Import":          func() error { _, err := w.app.Import(ctx, boss, brought, "Раньше"); return err },
		"Start":           func() error { _, err := w.app.Start(ctx, boss); return err },
		"Views":           func() error { _, _, err := w.app.Views(ctx, boss); return err },
		"PlanBulk": func() error {
			_, err := w.app.PlanBulk(ctx, boss, winddown.CanRemind, []winddown.ID{kept}, winddown.RegisterFilter{})
			return err
		},
		"Register of a firm": func() error { _, err := w.app.Register(ctx, boss, winddown.RegisterFilter{}); return err },
		"Register":           func() error { _, err := w.app.Register(ctx, owner, winddown.RegisterFilter{}); return err },
		"Sessions":           func() error { _, err := w.app.Sessions(ctx, owner); return err },
		"Signup":             func() error { _, err := w.app.SignupAllowed(ctx); return err },
		"Step":               func() error { _, err := w.app.Step(ctx, owner, id, winddown.SellOut); return err },
		"Texts":              func() error { _, err := w.app.Texts(ctx); return err },
		"Verify":             func() error { _, err := w.app.Verify(ctx, id); return err },
		"VerifyAll":          func() error { _, _, err := w.app.VerifyAll(ctx); return err },
		"Backup":             func() error { _, err := w.app.Backup(ctx, io.Discard, "winddown"); return err },
	} {
		if err := read(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if !maps.Equal(before, w.dump()) {
			t.Fatalf("%s wrote to the database", name)
		}
	}
}
