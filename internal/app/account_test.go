package app_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"winddown/internal/app"
	"winddown/internal/winddown"
)

func registration(email string) winddown.Registration {
	return winddown.Registration{Name: "Анна Ким", Email: email, Password: password, Zone: "Asia/Omsk", Consent: true}
}

func (w *world) signUp(email string) winddown.Actor {
	w.t.Helper()
	token, err := w.app.SignUp(w.t.Context(), registration(email), app.Browser{})
	if err != nil {
		w.t.Fatalf("sign up %s: %v", email, err)
	}
	return w.actor(token)
}

// errOf leaves out what comes with an error.
func errOf[T any](_ T, err error) error { return err }

func (w *world) actor(token string) winddown.Actor {
	w.t.Helper()
	a, err := w.app.Actor(w.t.Context(), token)
	if err != nil {
		w.t.Fatalf("not signed in: %v", err)
	}
	return a
}

func TestSigningUpSignsIn(t *testing.T) {
	w := newWorld(t)
	token, err := w.app.SignUp(t.Context(), winddown.Registration{Name: "  Анна   Ким ", Email: " Kim@Example.ru ", Password: password, Consent: true},
		app.Browser{UserAgent: strings.Repeat("я", 1000) + "\x00", Address: "203.0.113.7"})
	if err != nil {
		t.Fatal(err)
	}
	a := w.actor(token)
	if a.Name != "Анна Ким" || a.Email != "Kim@Example.ru" || a.Locale != "ru" || a.Zone != winddown.DefaultZone || a.Via != winddown.ViaPages {
		t.Errorf("signed in as %+v", a)
	}
	if stored := strings.Join(w.rows("select concat_ws(' ', u, s) from users u, login_sessions s"), ""); strings.Contains(stored, password) || strings.Contains(stored, token) {
		t.Error("the password or the token is stored as it is")
	}
	for _, email := range []string{"kim@example.ru", "KIM@EXAMPLE.RU"} {
		_, err = w.app.SignUp(t.Context(), registration(email), app.Browser{})
		wantField(t, err, "email", "account.error.email_taken")
	}
	if n := one[int](w, "select count(*) from users"); n != 1 {
		t.Errorf("%d users", n)
	}
}

func TestTheSameAddressSignsUpOnceOnly(t *testing.T) {
	w := newWorld(t)
	emails := []string{"kim@example.ru", "Kim@example.ru"}
	errs := atOnce(len(emails), func(i int) error {
		_, err := w.app.SignUp(t.Context(), registration(emails[i]), app.Browser{})
		return err
	})
	wantTally(t, errs, map[string]int{"ok": 1, "invalid": 1})
	if n := one[int](w, "select count(*) from events where stream_kind = 'user'"); n != 2 {
		t.Errorf("%d events, want the winner's two", n)
	}
}

func TestWhoMaySignUp(t *testing.T) {
	for _, c := range []struct {
		mode           app.Signup
		alone, invited bool
	}{
		{app.SignupOpen, true, true}, {app.SignupInvite, false, true}, {app.SignupClosed, false, false}, {"", true, true},
	} {
		t.Run(string(c.mode), func(t *testing.T) {
			w := newWorldWith(t, app.Options{Signup: c.mode}, nil)
			if ok, err := w.app.SignupAllowed(t.Context()); err != nil || !ok {
				t.Errorf("the first person: %v, %v", ok, err)
			}
			owner := w.person("Петрова")
			if ok, err := w.app.SignupAllowed(t.Context()); err != nil || ok != c.alone {
				t.Errorf("the second person: %v, %v; want %v", ok, err, c.alone)
			}
			users := one[int](w, "select count(*) from users")
			if !c.alone {
				_, err := w.app.SignUp(t.Context(), registration("kim@example.ru"), app.Browser{})
				wantKey(t, err, winddown.Forbidden, "account.error.signup_closed")
			}
			if !c.invited {
				_, _, _, err := w.app.SignUpInvited(t.Context(), w.invite(owner, w.open(owner), winddown.Helper), registration("kim@example.ru"), app.Browser{})
				wantKey(t, err, winddown.Forbidden, "account.error.signup_closed")
			}
			if n := one[int](w, "select count(*) from users"); n != users {
				t.Errorf("%d users came in", n-users)
			}
		})
	}
}

// Where signing up is not open, it is so for all but one of those who come first.
func TestOnlyOneIsFirst(t *testing.T) {
	w := newWorldWith(t, app.Options{Signup: app.SignupInvite}, nil)
	wantTally(t, atOnce(3, func(i int) error {
		_, err := w.app.SignUp(t.Context(), registration(fmt.Sprintf("kim%d@example.ru", i)), app.Browser{})
		return err
	}), map[string]int{"ok": 1, "forbidden": 2})
	if n := one[int](w, "select count(*) from users"); n != 1 {
		t.Errorf("%d users came in", n)
	}
}

func TestEveryWrongLoginLooksTheSame(t *testing.T) {
	w := newWorld(t)
	w.signUp("kim@example.ru")
	w.signUp("gone@example.ru")
	if err := w.app.DisableUser(t.Context(), "gone@example.ru"); err != nil {
		t.Fatal(err)
	}
	events := one[int](w, "select count(*) from events")
	_, _, first := w.app.LogIn(t.Context(), "nobody@example.ru", password, app.Browser{})
	wantField(t, first, "email", "account.error.login")
	for what, err := range map[string]error{
		"wrong password": logIn(w, "kim@example.ru", password+"."),
		"no password":    logIn(w, "kim@example.ru", ""),
		"huge password":  logIn(w, "kim@example.ru", strings.Repeat("п", winddown.MaxPassword+1)),
		"disabled":       logIn(w, "gone@example.ru", password),
		"no address":     logIn(w, "", password),
	} {
		if err == nil || err.Error() != first.Error() {
			t.Errorf("%s: %v; an unknown address: %v", what, err, first)
		}
	}
	if n := one[int](w, "select count(*) from events"); n != events {
		t.Errorf("failed logins wrote %d events", n-events)
	}
	token, _, err := w.app.LogIn(t.Context(), " KIM@example.ru", password, app.Browser{UserAgent: "Телефон", Address: "203.0.113.7"})
	if err != nil {
		t.Fatal(err)
	}
	a := w.actor(token)
	sessions, err := w.app.Sessions(t.Context(), a)
	if err != nil || len(sessions) != 2 || !sessions[0].Current || sessions[0].UserAgent != "Телефон" || sessions[0].Address != "203.0.113.7" || sessions[1].Current {
		t.Errorf("sessions %+v, %v", sessions, err)
	}
}

func logIn(w *world, email, password string) error {
	_, _, err := w.app.LogIn(w.t.Context(), email, password, app.Browser{})
	return err
}

func TestLoginSessionsEnd(t *testing.T) {
	w := newWorld(t)
	signedIn := func(token string) bool {
		_, err := w.app.Actor(t.Context(), token)
		if err != nil {
			wantKind(t, err, winddown.Unauthenticated)
		}
		return err == nil
	}

	_, idle := w.session("Петрова", winddown.DefaultZone)
	w.clock.Advance(winddown.SessionIdle - time.Second)
	if !signedIn(idle) {
		t.Error("the session ended before it was idle for long")
	}
	w.clock.Advance(winddown.SessionIdle)
	if signedIn(idle) {
		t.Error("an idle session goes on")
	}

	begun := w.clock.Now()
	actor, used := w.session("Иванова", winddown.DefaultZone)
	for w.clock.Now().Sub(begun) < winddown.SessionAbsolute-20*24*time.Hour {
		w.clock.Advance(20 * 24 * time.Hour)
		if !signedIn(used) {
			t.Fatalf("a session in use ended after %s", w.clock.Now().Sub(begun))
		}
	}
	w.clock.Set(begun.Add(winddown.SessionAbsolute - time.Microsecond))
	if !signedIn(used) {
		t.Error("the session ended too early")
	}
	w.clock.Set(begun.Add(winddown.SessionAbsolute))
	if signedIn(used) {
		t.Error("a session goes on for ever")
	}
	if list, err := w.app.Sessions(t.Context(), actor); err != nil || len(list) != 0 {
		t.Errorf("sessions %v, %v", list, err)
	}

	for _, token := range []string{"", "x", strings.Repeat("A", 43)} {
		if signedIn(token) {
			t.Errorf("the token %q lets in", token)
		}
	}
}

func TestLoggingOutAndRevoking(t *testing.T) {
	w := newWorld(t)
	w.signUp("kim@example.ru")
	other := w.person("Чужая")
	var tokens []string
	var actors []winddown.Actor
	for range 2 {
		token, _, err := w.app.LogIn(t.Context(), "kim@example.ru", password, app.Browser{})
		if err != nil {
			t.Fatal(err)
		}
		tokens, actors = append(tokens, token), append(actors, w.actor(token))
	}
	wantKind(t, w.app.RevokeSession(t.Context(), other, actors[0].SessionID), winddown.NotFound)
	wantKind(t, w.app.RevokeSession(t.Context(), actors[0], other.SessionID), winddown.NotFound)
	if err := w.app.RevokeSession(t.Context(), actors[0], actors[1].SessionID); err != nil {
		t.Fatal(err)
	}
	_, err := w.app.Actor(t.Context(), tokens[1])
	wantKind(t, err, winddown.Unauthenticated)
	wantKind(t, w.app.RevokeSession(t.Context(), actors[0], actors[1].SessionID), winddown.NotFound)
	token, _, err := w.app.LogIn(t.Context(), "kim@example.ru", password, app.Browser{})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.app.RevokeOtherSessions(t.Context(), actors[0]); err != nil {
		t.Fatal(err)
	}
	_, err = w.app.Actor(t.Context(), token)
	wantKind(t, err, winddown.Unauthenticated)
	if list, err := w.app.Sessions(t.Context(), other); len(list) != 1 || err != nil {
		t.Errorf("somebody else's sessions: %d, %v", len(list), err)
	}
	w.actor(tokens[0])
	if err := w.app.LogOut(t.Context(), actors[0]); err != nil {
		t.Fatal(err)
	}
	_, err = w.app.Actor(t.Context(), tokens[0])
	wantKind(t, err, winddown.Unauthenticated)
}

func TestChangingThePasswordEndsTheOtherSessions(t *testing.T) {
	w := newWorld(t)
	w.signUp("kim@example.ru")
	token, _, err := w.app.LogIn(t.Context(), "kim@example.ru", password, app.Browser{})
	if err != nil {
		t.Fatal(err)
	}
	const next = "новый лист под ногой"
	actor := w.actor(token)
	wantField(t, errOf(w.app.ChangePassword(t.Context(), actor, password+".", next)), "password", "account.error.password_wrong")
	wantField(t, errOf(w.app.ChangePassword(t.Context(), actor, strings.Repeat("п", 300), next)), "password", "account.error.password_wrong")
	wantField(t, errOf(w.app.ChangePassword(t.Context(), actor, password, "короткий")), "new_password", "account.error.password_short")
	wantField(t, errOf(w.app.ChangePassword(t.Context(), actor, password, "qwertyuiop123")), "new_password", "account.error.password_common")
	if list, err := w.app.Sessions(t.Context(), actor); err != nil || len(list) != 2 {
		t.Errorf("refusals ended sessions: %d left, %v", len(list), err)
	}
	if err := errOf(w.app.ChangePassword(t.Context(), actor, password, next)); err != nil {
		t.Fatal(err)
	}
	if list, err := w.app.Sessions(t.Context(), actor); err != nil || len(list) != 1 || !list[0].Current {
		t.Errorf("sessions after the change: %+v, %v", list, err)
	}
	if logIn(w, "kim@example.ru", password) == nil {
		t.Error("the old password lets in")
	}
	if err := logIn(w, "kim@example.ru", next); err != nil {
		t.Errorf("the new password: %v", err)
	}

	// The command line knows no session to spare.
	if err := w.app.SetPassword(t.Context(), "KIM@example.ru", password); err != nil {
		t.Fatal(err)
	}
	_, err = w.app.Actor(t.Context(), token)
	wantKind(t, err, winddown.Unauthenticated)
	wantKind(t, w.app.SetPassword(t.Context(), "nobody@example.ru", password), winddown.NotFound)
	wantField(t, w.app.SetPassword(t.Context(), "kim@example.ru", "password1234"), "password", "account.error.password_common")
}

func TestADisabledPersonIsOutAtOnce(t *testing.T) {
	w := newWorld(t)
	token, err := w.app.SignUp(t.Context(), registration("kim@example.ru"), app.Browser{})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.app.DisableUser(t.Context(), "kim@example.ru"); err != nil {
		t.Fatal(err)
	}
	_, err = w.app.Actor(t.Context(), token)
	wantKind(t, err, winddown.Unauthenticated)
	events := one[int](w, "select count(*) from events")
	if err := w.app.DisableUser(t.Context(), "kim@example.ru"); err != nil {
		t.Errorf("again: %v", err)
	}
	if n := one[int](w, "select count(*) from events"); n != events {
		t.Error("disabling twice is told twice")
	}
	wantKind(t, w.app.DisableUser(t.Context(), "nobody@example.ru"), winddown.NotFound)
}

func TestCommonPasswordsAreRefused(t *testing.T) {
	w := newWorld(t)
	long := "correct horse battery staple" + strings.Repeat(" and so on", 30)
	for _, c := range []struct{ password, key string }{
		{"password1234", "account.error.password_common"},
		{"Password1234", "account.error.password_common"},
		{"qwertyuiop123", "account.error.password_common"},
		{"йцукенгшщзхъ", "account.error.password_common"},
		{"парольпароль", "account.error.password_common"},
		{"aaaaaaaaaaaa", "account.error.password_common"},
		{"123456789012", "account.error.password_common"},
		{"wildberries1", "account.error.password_common"},
		{"W1nddown2026", "account.error.password_common"},
		{"вайлберриз12", "account.error.password_common"},
		{"одиннадцать", "account.error.password_short"},
		{"correct horse battery staple", ""},
		{"очень длинный пароль", ""},
		{"сухой лист под ногой", ""},
		{long[:winddown.MaxPassword], ""},
		{long[:winddown.MaxPassword+1], "error.field.too_long"},
		// Only the beginning is looked at: the time for the whole grows with its length
		// faster than anybody should be able to ask for.
		{strings.Repeat("a", 48) + "correct horse battery staple", "account.error.password_common"},
	} {
		err := w.app.SetPassword(t.Context(), "nobody@example.ru", c.password)
		if c.key == "" {
			wantKind(t, err, winddown.NotFound) // the password was good, the address is not
			continue
		}
		wantField(t, err, "password", c.key)
	}
}

func TestSeenIsWrittenOnceInFiveMinutes(t *testing.T) {
	w := newWorld(t)
	_, token := w.session("Петрова", winddown.DefaultZone)
	row := func() string {
		return strings.Join(w.rows("select concat_ws(' ', xmin, seen_at) from login_sessions"), "")
	}
	at := row()
	for range 5 {
		w.clock.Advance(time.Minute)
		w.actor(token)
		if now := row(); now != at {
			t.Fatalf("%s after %s: the session's row was written", now, w.clock.Now().Sub(noon))
		}
	}
	w.clock.Advance(time.Second)
	// Many at once, each of which finds that the time has come.
	wantTally(t, atOnce(8, func(int) error {
		_, err := w.app.Actor(t.Context(), token)
		return err
	}), map[string]int{"ok": 8})
	if seen := one[time.Time](w, "select seen_at from login_sessions"); !seen.Equal(w.clock.Now()) {
		t.Errorf("seen at %s, want %s", seen, w.clock.Now())
	}
	at = row()
	w.clock.Advance(time.Minute)
	w.actor(token)
	if now := row(); now != at {
		t.Error("the session's row was written again")
	}
}

func TestChangingSettings(t *testing.T) {
	w := newWorld(t)
	actor, token := w.session("Петрова", winddown.DefaultZone)
	if err := w.app.ChangeSettings(t.Context(), actor, app.Settings{Name: " Анна  Петрова ", Locale: "en", Zone: "Asia/Omsk"}); err != nil {
		t.Fatal(err)
	}
	if a := w.actor(token); a.Name != "Анна Петрова" || a.Locale != "en" || a.Zone != "Asia/Omsk" {
		t.Errorf("settings %+v", a)
	}
	for _, c := range []struct {
		in         app.Settings
		field, key string
	}{
		{app.Settings{Name: " ", Locale: "ru", Zone: "Asia/Omsk"}, "name", "account.error.name_missing"},
		{app.Settings{Name: strings.Repeat("я", winddown.MaxPerson+1), Locale: "ru", Zone: "Asia/Omsk"}, "name", "error.field.too_long"},
		{app.Settings{Name: "Анна", Locale: "de", Zone: "Asia/Omsk"}, "locale", "error.field.unknown"},
		{app.Settings{Name: "Анна", Locale: "ru", Zone: "Local"}, "zone", "error.field.zone"},
		{app.Settings{Name: "Анна", Locale: "ru", Zone: "../etc/passwd"}, "zone", "error.field.zone"},
	} {
		wantField(t, w.app.ChangeSettings(t.Context(), actor, c.in), c.field, c.key)
	}
}

// A login in a browser in which its person has not logged in before says so: not the first one, and not
// in the same browser again, until the password changes.
func TestNewBrowsers(t *testing.T) {
	w := newWorldWith(t, app.Options{Mail: true}, nil)
	ctx := t.Context()
	desk, phone, thief := app.Browser{Token: "desk"}, app.Browser{Token: "phone"}, app.Browser{Token: "thief"}
	if _, err := w.app.SignUp(ctx, registration("kim@example.ru"), desk); err != nil {
		t.Fatal(err)
	}
	secret := password
	logIn := func(from app.Browser, want bool) winddown.Actor {
		t.Helper()
		w.clock.Advance(time.Minute)
		token, _, err := w.app.LogIn(ctx, "kim@example.ru", secret, from)
		if err != nil {
			t.Fatal(err)
		}
		a := w.actor(token)
		sessions, err := w.app.Sessions(ctx, a)
		if err != nil || sessions[0].NewBrowser != want {
			t.Errorf("a login from %q: new %v, %v", from.Token, sessions[0].NewBrowser, err)
		}
		told := one[bool](w, `select coalesce(convert_from(body, 'UTF8')::json -> 'after' ->> 'browser', '') = 'new' from events
			where stream_id = $1 and convert_from(body, 'UTF8')::json ->> 'kind' = 'user_logged_in' order by seq desc limit 1`, uuid.UUID(a.UserID))
		if told != want {
			t.Errorf("a login from %q: told %v", from.Token, told)
		}
		return a
	}
	a := logIn(desk, false)
	logIn(phone, true)
	logIn(phone, false)
	logIn(app.Browser{}, true) // one that keeps no cookies is never known
	logIn(app.Browser{}, true)

	// The same browser is another person's new one, and their rows have nothing in common.
	other := w.signUp("other@example.ru")
	if token, _, err := w.app.LogIn(ctx, "other@example.ru", password, desk); err != nil {
		t.Fatal(err)
	} else if sessions, err := w.app.Sessions(ctx, w.actor(token)); err != nil || !sessions[0].NewBrowser {
		t.Errorf("another person's login: %+v, %v", sessions, err)
	}
	if n := one[int](w, "select count(*) from known_browsers a join known_browsers b using (token_hash) where a.user_id = $1 and b.user_id = $2",
		uuid.UUID(a.UserID), uuid.UUID(other.UserID)); n != 0 {
		t.Errorf("%d rows tell that two people share a browser", n)
	}

	// Whoever knew the old password is told of when he learns the new one.
	logIn(thief, true)
	logIn(thief, false)
	if _, err := w.app.ChangePassword(ctx, a, secret, "another long password 7"); err != nil {
		t.Fatal(err)
	}
	secret = "another long password 7"
	logIn(desk, false)
	logIn(thief, true)
	l, err := w.app.ResetLetter(ctx, a.UserID, w.clock.Now())
	if err != nil {
		t.Fatal(err)
	}
	secret = "yet another long password 7"
	if err := w.app.ResetPassword(ctx, l.Token, secret); err != nil {
		t.Fatal(err)
	}
	logIn(desk, true)
	w.clock.Advance(winddown.BrowserTerm + time.Hour)
	logIn(desk, false) // its cookie has ended; known until another login forgets it
	logIn(phone, true)

	w.exec(`insert into known_browsers (user_id, token_hash, first_at, last_at)
		select $1, sha256(n::text::bytea), $2, $2 from generate_series(1, 100) n`, uuid.UUID(a.UserID), w.clock.Now())
	logIn(desk, false)
	if n := one[int](w, "select count(*) from known_browsers where user_id = $1", uuid.UUID(a.UserID)); n != winddown.MaxBrowsers {
		t.Errorf("%d browsers are kept", n)
	}
}
