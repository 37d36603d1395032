package winddown_test

import (
	"strings"
	"testing"
	"time"

	"winddown/internal/winddown"
)

func TestValidEmail(t *testing.T) {
	long := strings.Repeat("a", 60) + "@" + strings.Repeat(strings.Repeat("b", 62)+".", 3)
	for s, want := range map[string]bool{
		"anna@example.org": true, "a.b+tag@mail.example.org": true, "ANNA@Example.org": true, "анна@почта.рф": true, "a@b.c": true, "o'neil@example.org": true,
		long + "de": true, long + strings.Repeat("d", 6): false,
		"x@deleted.invalid": false, "x@Deleted.INVALID": false, "x@notdeleted.invalid": true, "": false, "anna": false, "anna@": false, "@example.org": false, "anna@localhost": false, "anna@.org": false, "anna@example.org.": false,
		"anna@@example.org": false, "anna@example..org": false, "a..b@example.org": false, ".a@example.org": false,
		"Anna <anna@example.org>": false, "<anna@example.org>": false, "anna@example.org, b@example.org": false, "anna@example.org;b@example.org": false,
		" anna@example.org": false, "anna@example.org\n": false, "anna@exa mple.org": false, "\"a b\"@example.org": false, "anna@example.org (Anna)": false,
		"anna@example.org\x00": false, "an\x00na@example.org": false, "anna\xff@example.org": false, "anna@[127.0.0.1]": false, "anna@[IPv6:::1.2.3.4]": false,
	} {
		if got := winddown.ValidEmail(s); got != want {
			t.Errorf("ValidEmail(%q) = %v", s, got)
		}
	}
}

func FuzzValidEmail(f *testing.F) {
	for _, s := range []string{"anna@example.org", "анна@почта.рф", "", "a@b.c\r\nBcc: x@y.z", "\"@\"@b.c", "a@[1.2.3.4]"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if !winddown.ValidEmail(s) {
			return
		}
		// What a mail header could not hold must never pass.
		if len(s) > 254 || strings.Count(s, "@") != 1 || strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r == 0x7f || r == '�' }) {
			t.Fatalf("accepted %q", s)
		}
	})
}

func TestEmailKey(t *testing.T) {
	for s, want := range map[string]string{" Anna@Example.ORG ": "anna@example.org", "АННА@почта.рф": "анна@почта.рф"} {
		if got := winddown.EmailKey(s); got != want {
			t.Errorf("EmailKey(%q) = %q, want %q", s, got, want)
		}
	}
}

func TestCheckPassword(t *testing.T) {
	for password, want := range map[string]string{
		"":                       "account.error.password_short",
		strings.Repeat("a", 11):  "account.error.password_short",
		strings.Repeat("a", 12):  "",
		strings.Repeat("ж", 11):  "account.error.password_short",
		strings.Repeat("ж", 12):  "",
		strings.Repeat(" ", 12):  "",
		strings.Repeat("ж", 256): "",
		strings.Repeat("a", 257): "error.field.too_long",
	} {
		err := winddown.CheckPassword("new_password", password)
		if want == "" {
			if err != nil {
				t.Errorf("%q refused: %v", password, err)
			}
			continue
		}
		wantFields(t, err, "new_password: "+want)
	}
}

func TestRegistrationCheck(t *testing.T) {
	valid := winddown.Registration{Name: "Анна Петрова", Email: "anna@example.org", Password: "двенадцать букв", Locale: "ru", Zone: "Europe/Moscow", Consent: true}
	cases := []struct {
		name   string
		change func(*winddown.Registration)
		want   []string
	}{
		{"valid", func(*winddown.Registration) {}, nil},
		{"nothing", func(r *winddown.Registration) { *r = winddown.Registration{} },
			[]string{"name: account.error.name_missing", "email: account.error.email_missing", "password: account.error.password_short", "consent: account.error.consent"}},
		{"no consent", func(r *winddown.Registration) { r.Consent = false }, []string{"consent: account.error.consent"}},
		{"white name", func(r *winddown.Registration) { r.Name = " \t " }, []string{"name: account.error.name_missing"}},
		{"longest name", func(r *winddown.Registration) { r.Name = strings.Repeat("ж", 100) }, nil},
		{"name too long", func(r *winddown.Registration) { r.Name = strings.Repeat("ж", 101) }, []string{"name: error.field.too_long"}},
		{"white email", func(r *winddown.Registration) { r.Email = "  " }, []string{"email: account.error.email_missing"}},
		{"no email", func(r *winddown.Registration) { r.Email = "anna" }, []string{"email: account.error.email"}},
		{"short password", func(r *winddown.Registration) { r.Password = "12345678901" }, []string{"password: account.error.password_short"}},
		{"long password", func(r *winddown.Registration) { r.Password = strings.Repeat("x", 257) }, []string{"password: error.field.too_long"}},
	}
	for _, x := range cases {
		t.Run(x.name, func(t *testing.T) {
			r := valid
			x.change(&r)
			_, err := r.Check()
			if x.want == nil {
				if err != nil {
					t.Errorf("refused: %v", err)
				}
				return
			}
			wantFields(t, err, x.want...)
		})
	}
	// The password is taken as typed, everything else is tidied.
	r := valid
	r.Name, r.Email, r.Password = "  Анна\u00a0  Петрова ", " Anna@example.org\n", "  spaces count "
	got, err := r.Check()
	if err != nil || got.Name != "Анна Петрова" || got.Email != "Anna@example.org" || got.Password != "  spaces count " || got.Locale != "ru" || got.Zone != "Europe/Moscow" {
		t.Errorf("tidied into %+v, %v", got, err)
	}
}

// A stamp carries the person's own date and a time the database can hold.
func TestStamp(t *testing.T) {
	now := time.Date(2026, 11, 12, 23, 30, 0, 123456789, time.FixedZone("MSK", 3*60*60))
	a := winddown.Actor{UserID: person(3), Zone: "Asia/Vladivostok"}
	got := a.Stamp(now, winddown.Standing{Accountant: true})
	want := winddown.Stamp{By: person(3), At: time.Date(2026, 11, 12, 20, 30, 0, 123456000, time.UTC), Today: day("2026-11-13"), OnBehalf: true}
	if got != want {
		t.Errorf("stamp %+v, want %+v", got, want)
	}
	a.Zone = "Europe/Moscow"
	if got := a.Stamp(now, winddown.Standing{Owner: true, Accountant: true}); got.Today != day("2026-11-12") || got.OnBehalf {
		t.Errorf("stamp %+v", got)
	}
	if !a.SignedIn() || (winddown.Actor{}).SignedIn() {
		t.Error("signed in is not told by the user id")
	}
}

func TestInviteUsable(t *testing.T) {
	now := time.Date(2026, 11, 12, 12, 0, 0, 0, time.UTC)
	fresh := winddown.Invite{CreatedAt: now, ExpiresAt: now.Add(winddown.InviteTerm)}
	if winddown.InviteTerm != 14*24*time.Hour {
		t.Errorf("invitations last %s", winddown.InviteTerm)
	}
	cases := []struct {
		name   string
		change func(*winddown.Invite)
		at     time.Time
		usable bool
	}{
		{"fresh", func(*winddown.Invite) {}, now, true},
		{"last moment", func(*winddown.Invite) {}, fresh.ExpiresAt.Add(-time.Nanosecond), true},
		{"expired", func(*winddown.Invite) {}, fresh.ExpiresAt, false},
		{"used", func(i *winddown.Invite) { i.UsedAt = now }, now, false},
		{"revoked", func(i *winddown.Invite) { i.RevokedAt = now }, now, false},
	}
	for _, x := range cases {
		i := fresh
		x.change(&i)
		err := i.Usable(x.at)
		if x.usable && err != nil {
			t.Errorf("%s: %v", x.name, err)
		}
		if !x.usable {
			wantKind(t, err, winddown.Gone)
		}
	}
}

// Who may accept which invitation, for every standing, owner and accountant.
func TestWelcome(t *testing.T) {
	for s, roles := range standings() {
		for _, role := range []winddown.Role{winddown.Owner, winddown.Helper, winddown.Accountant} {
			for _, hasOwner := range []bool{true, false} {
				for _, taken := range []string{"", "by a firm", "by an accountant"} {
					c := &winddown.Case{HasOwner: hasOwner}
					if taken != "" {
						c.FirmID = person(8)
					}
					if taken == "by an accountant" {
						c.ResponsibleID = person(9)
					}
					// Nobody can take the place of the seller whose books he keeps.
					in := s.Owner || s.Helper || s.Accountant || role == winddown.Owner && (s.Lead || s.Admin)
					full := role == winddown.Owner && hasOwner || role == winddown.Accountant && taken != ""
					err := c.Welcome(role, s)
					if in || full {
						wantKind(t, err, winddown.Conflict)
					} else if err != nil {
						t.Errorf("%v as %s, owner %v, taken %q: %v", roles, role, hasOwner, taken, err)
					}
				}
			}
		}
	}
}
