package httpkit

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"winddown/internal/i18n"
	"winddown/internal/winddown"
)

func TestStatus(t *testing.T) {
	want := map[winddown.Kind]int{
		winddown.Internal:        500,
		winddown.Invalid:         422,
		winddown.Unauthenticated: 401,
		winddown.Unproved:        403,
		winddown.Forbidden:       403,
		winddown.NotFound:        404,
		winddown.Blocked:         409,
		winddown.Conflict:        409,
		winddown.Gone:            410,
		winddown.TooLarge:        413,
		winddown.TooMany:         429,
		winddown.Unavailable:     503,
	}
	for kind, status := range want {
		if got := Status(kind); got != status {
			t.Errorf("Status(%v) = %d, want %d", kind, got, status)
		}
	}
	// A kind that is added to the domain has a name there, and must have a row here.
	for k := range 256 {
		kind := winddown.Kind(k)
		_, listed := want[kind]
		if named := !strings.HasPrefix(kind.Error(), "kind "); named != listed {
			t.Errorf("kind %d (%v): known to the domain %v, to this table %v", k, kind, named, listed)
		}
		if !listed && Status(kind) != 500 {
			t.Errorf("Status(%v) = %d, want 500", kind, Status(kind))
		}
	}
}

func TestLocaleFromRequest(t *testing.T) {
	for _, c := range []struct {
		cookie, accept string
		want           i18n.Locale
	}{
		{"", "", i18n.Russian},
		{"", "en-US,en;q=0.9", i18n.English},
		{"ru", "en-US,en;q=0.9", i18n.Russian},
		{"en", "ru", i18n.English},
		{"xx", "en", i18n.English},
		{"../en", "ru", i18n.Russian},
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		if c.cookie != "" {
			r.AddCookie(&http.Cookie{Name: LocaleCookie, Value: c.cookie})
		}
		r.Header.Set("Accept-Language", c.accept)
		if got := LocaleFromRequest(r, Cookies{}); got != c.want {
			t.Errorf("cookie %q, Accept-Language %q: %q, want %q", c.cookie, c.accept, got, c.want)
		}
	}
}
