package httpkit

import (
	"net/http"
	"net/url"
	"strings"
	"unicode"

	"winddown/internal/winddown"
)

// maxURL bounds a whole address, path and query together.
const maxURL = 2048

// LocalPath returns next when it is a path on this very site, fit for a redirect
// after signing in; otherwise nothing. A browser reads "//host", "/\host" and
// "/<tab>/host" as another site, so none of them passes.
func LocalPath(next string) string {
	if !strings.HasPrefix(next, "/") || len(next) > maxURL || !isClean(next) {
		return ""
	}
	if strings.Contains(next, `\`) || strings.ContainsFunc(next, unicode.IsControl) {
		return ""
	}
	u, err := url.Parse(next)
	if err != nil || u.IsAbs() || u.Host != "" || u.User != nil {
		return ""
	}
	path, _, _ := strings.Cut(next, "?")
	path, _, _ = strings.Cut(path, "#")
	// Decoded as well: what stands behind the next decoder may be less careful.
	for _, p := range []string{path, u.Path} {
		if strings.Contains(p, "//") || strings.Contains(p, `\`) || strings.ContainsFunc(p, unicode.IsControl) || !isClean(p) {
			return ""
		}
	}
	return next
}

// CleanRequest refuses addresses that no link of ours has, before a handler or
// the database meets them: NotFound for a path with control characters or
// invalid UTF-8, Invalid for such a query or one that cannot be decoded. Longer
// than 2048 bytes is refused too, on the account of the part that is longer.
func CleanRequest(fail ErrorHandler) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if err := checkURL(r.URL); err != nil {
				fail(w, r, err)
				return
			}
			next.ServeHTTP(w, r)
		})
	}
}

func checkURL(u *url.URL) error {
	path, query := len(u.EscapedPath()), len(u.RawQuery)
	tooLong := path+query > maxURL
	if tooLong && path >= query || !isClean(u.Path) || strings.ContainsFunc(u.Path, unicode.IsControl) {
		return &winddown.Error{Kind: winddown.NotFound, Key: "error.not_found"}
	}
	if tooLong { // a search, most likely
		return &winddown.Error{Kind: winddown.Invalid, Key: "error.too_long"}
	}
	values, err := url.ParseQuery(u.RawQuery)
	if err != nil || checkValues(values) != nil {
		return &winddown.Error{Kind: winddown.Invalid, Key: "error.unreadable"}
	}
	return nil
}
