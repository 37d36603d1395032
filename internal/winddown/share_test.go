package winddown_test

import (
	"testing"
	"time"

	"winddown/internal/winddown"
)

// What a link ended with is what came first.
func TestStateOfALink(t *testing.T) {
	expires := time.Date(2026, 11, 1, 9, 0, 0, 0, time.UTC)
	before, after := expires.Add(-time.Hour), expires.Add(19*24*time.Hour)
	for _, x := range []struct {
		name    string
		revoked time.Time
		lost    bool
		now     time.Time
		want    winddown.ShareState
	}{
		{"open", time.Time{}, false, before, winddown.ShareActive},
		{"at its term", time.Time{}, false, expires, winddown.ShareExpired},
		{"revoked", before, false, after, winddown.ShareEnded},
		{"its maker's right ended", before, true, after, winddown.ShareLost},
		{"its maker's right ended at its term", expires, true, after, winddown.ShareExpired},
		{"its maker's right ended after its term", after, true, after, winddown.ShareExpired},
	} {
		if got := (winddown.ShareLink{ExpiresAt: expires, RevokedAt: x.revoked, Lost: x.lost}).State(x.now); got != x.want {
			t.Errorf("%s: %s, want %s", x.name, got, x.want)
		}
	}
}
