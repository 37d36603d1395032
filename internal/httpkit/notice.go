package httpkit

import "net/http"

// NoticeCookie carries one short message code over the redirect that follows a
// successful POST.
const NoticeCookie = "winddown_notice"

const (
	noticeSeconds = 60
	maxNotice     = 1200
)

// SetNotice leaves a notice for the next page. The value is a code of letters,
// digits, "_", "." and "-", 1,200 bytes at most; anything else is dropped, for the
// cookie comes back from a browser and must not become a way to put words on a page.
func SetNotice(w http.ResponseWriter, secure bool, value string) {
	if isNotice(value) {
		http.SetCookie(w, noticeCookie(secure, value, noticeSeconds))
	}
}

// TakeNotice returns the notice left for this page, if any, and removes it.
func TakeNotice(w http.ResponseWriter, r *http.Request) string {
	c, err := r.Cookie(NoticeCookie)
	if err != nil {
		return ""
	}
	http.SetCookie(w, noticeCookie(false, "", -1))
	if !isNotice(c.Value) {
		return ""
	}
	return c.Value
}

func noticeCookie(secure bool, value string, maxAge int) *http.Cookie {
	return &http.Cookie{
		Name:     NoticeCookie,
		Value:    value,
		Path:     "/",
		MaxAge:   maxAge,
		Secure:   secure,
		HttpOnly: true,
		SameSite: http.SameSiteLaxMode,
	}
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
