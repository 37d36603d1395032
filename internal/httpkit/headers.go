package httpkit

import "net/http"

// contentSecurityPolicy lets a page load our own files and nothing else: no
// inline script or style, no frame, no plugin, no other site.
const contentSecurityPolicy = "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; " +
	"connect-src 'self'; manifest-src 'self'; object-src 'none'; frame-src 'none'; worker-src 'none'; media-src 'none'; " +
	"base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

// SecurityHeaders sets the headers that hold browsers back. With https true it
// also asks them to never come back without it; on plain http that would be
// ignored at best.
func SecurityHeaders(https bool) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			h := w.Header()
			h.Set("Content-Security-Policy", contentSecurityPolicy)
			h.Set("X-Content-Type-Options", "nosniff")
			h.Set("X-Frame-Options", "DENY")
			h.Set("Referrer-Policy", "same-origin")
			h.Set("Permissions-Policy", "accelerometer=(), camera=(), geolocation=(), gyroscope=(), magnetometer=(), microphone=(), payment=(), usb=()")
			h.Set("Cross-Origin-Opener-Policy", "same-origin")
			h.Set("Cross-Origin-Resource-Policy", "same-origin")
			if https {
				h.Set("Strict-Transport-Security", "max-age=31536000")
			}
			next.ServeHTTP(w, r)
		})
	}
}

// SealAddress is for pages that whoever has their address may see: no request made from them
// tells it, no search engine keeps them, nothing of them stays in a cache. Browsers send the
// forms of such pages with "Origin: null", see HideAddress.
func SealAddress(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("X-Robots-Tag", "noindex")
		h.Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

// HideAddress is for pages with a secret in their address, such as invitations:
// no request made from them tells the address, not even to ourselves.
//
// The policy is strict-origin and not no-referrer, under which browsers send
// their forms with "Origin: null": on plain http, where no Sec-Fetch-Site comes
// along, the check against cross-site requests would then refuse our own form.
func HideAddress(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Referrer-Policy", "strict-origin")
		next.ServeHTTP(w, r)
	})
}
