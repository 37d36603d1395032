// Package httpkit is what every HTTP edge needs and no domain knows: statuses,
// buffered rendering, decoding within limits, request ids, logging, recovery,
// security headers, static assets.
//
// Nothing here decides what an error looks like to a person: where a middleware
// has to answer with one, it is given an ErrorHandler.
package httpkit

import (
	"net/http"

	"winddown/internal/i18n"
	"winddown/internal/winddown"
)

// ErrorHandler answers a request with a failure. It finds the status with
// Status(winddown.KindOf(err)).
type ErrorHandler func(w http.ResponseWriter, r *http.Request, err error)

// Status returns the HTTP status of a kind of failure. This is the only place
// where the two meet.
func Status(kind winddown.Kind) int {
	switch kind {
	case winddown.Invalid:
		return http.StatusUnprocessableEntity
	case winddown.Unauthenticated:
		return http.StatusUnauthorized
	case winddown.Unproved, winddown.Forbidden:
		return http.StatusForbidden
	case winddown.NotFound:
		return http.StatusNotFound
	case winddown.Blocked, winddown.Conflict:
		return http.StatusConflict
	case winddown.Gone:
		return http.StatusGone
	case winddown.TooLarge:
		return http.StatusRequestEntityTooLarge
	case winddown.TooMany:
		return http.StatusTooManyRequests
	case winddown.Unavailable:
		return http.StatusServiceUnavailable
	case winddown.Internal:
		return http.StatusInternalServerError
	}
	return http.StatusInternalServerError
}

// StatusClientLeft is what is noted of a request whose reader left before there was an answer: no fault of
// anybody's, and read by nobody. It is nginx's number for that.
const StatusClientLeft = 499

// LocaleCookie is the cookie that keeps the language of someone not signed in.
const LocaleCookie = "winddown_lang"

// LocaleFromRequest returns the language the browser asks for: the cookie, then
// Accept-Language, then Russian. A signed-in person's own choice comes before it.
func LocaleFromRequest(r *http.Request, cookies Cookies) i18n.Locale {
	if value, ok := cookies.Get(r, LocaleCookie); ok {
		if l, ok := i18n.Parse(value); ok {
			return l
		}
	}
	return i18n.Match(r.Header.Get("Accept-Language"))
}
