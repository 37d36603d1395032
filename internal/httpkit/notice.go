package httpkit

import (
	"net/http"
	"time"
)

// noticeCookie carries one short message code over the redirect that follows a
// successful POST.
const noticeCookie = "winddown_notice"

const (
	noticeTerm = time.Minute
	maxNotice  = 1200
)

// SetNotice leaves a notice for the next page. The value is a code of letters,
// digits, "_", "." and "-", 1,200 bytes at most; anything else is dropped, for the
// cookie comes back from a browser and must not become a way to put words on a page.
func SetNotice(w http.ResponseWriter, cookies Cookies, value string) {
	if isNotice(value) {
		cookies.Set(w, noticeCookie, value, noticeTerm)
	}
}

// TakeNotice returns the notice left for this page, if any, and removes it.
func TakeNotice(w http.ResponseWriter, r *http.Request, cookies Cookies) string {
	if _, left := cookies.Get(r, noticeCookie); left {
		cookies.Drop(w, noticeCookie)
	}
	return PeekNotice(r, cookies)
}

// PeekNotice returns the notice left for this page, if any, and leaves it.
func PeekNotice(r *http.Request, cookies Cookies) string {
	if value, left := cookies.Get(r, noticeCookie); left && isNotice(value) {
		return value
	}
	return ""
}

func isNotice(s string) bool {
	for _, c := range []byte(s) {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '_', c == '.', c == '-':
		default:
			return false
		}
	}
	return s != "" && len(s) <= maxNotice
}
