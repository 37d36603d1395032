package static

import "testing"

// The hash is that of the style's bytes, as browsers count it.
func TestStylePolicy(t *testing.T) {
	const want = "default-src 'none'; style-src 'sha256-QRQPRLGyxt3RJiKpYNjpkgHcmHU2PywsfL2e8oI0LQA='"
	if got := StylePolicy("p{margin:0}"); got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
