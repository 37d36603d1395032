package httpkit

import (
	"context"
	"net/http"
	"time"
)

// Deadline ends the context of a request after d: what waits for the database then gives
// up, and the request is answered as Unavailable.
func Deadline(d time.Duration) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			ctx, cancel := context.WithTimeout(r.Context(), d)
			defer cancel()
			next.ServeHTTP(w, r.WithContext(ctx))
		})
	}
}
