package httpkit

import (
	"context"
	"net/http"

	"github.com/go-chi/chi/v5/middleware"
	"github.com/google/uuid"
)

type requestIDKey struct{}

// WithRequestID gives every request an id of our own making (UUID v7) and tells
// it in X-Request-Id. An id that comes with the request is not believed: it
// would let a stranger write into our log.
func WithRequestID(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := uuid.Must(uuid.NewV7()).String()
		w.Header().Set("X-Request-Id", id)
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), requestIDKey{}, id)))
	})
}

// RequestID returns the id of the request, or nothing outside of one.
func RequestID(ctx context.Context) string {
	id, _ := ctx.Value(requestIDKey{}).(string)
	return id
}

// WithClientIP finds the address of whoever asks. With no trusted proxies it is
// the peer's; headers are ignored, because anyone can send them. Behind n proxies
// it is the n-th entry of X-Forwarded-For from the right, and no address at all
// when there are fewer: then nobody can pass for somebody else.
func WithClientIP(trustedProxies int) func(http.Handler) http.Handler {
	if trustedProxies <= 0 {
		return middleware.ClientIPFromRemoteAddr
	}
	return middleware.ClientIPFromXFFTrustedProxies(trustedProxies)
}

// ClientIP returns the address WithClientIP found, or nothing.
func ClientIP(ctx context.Context) string { return middleware.GetClientIP(ctx) }
