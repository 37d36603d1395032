package httpkit

import (
	"context"
	"net/http"
	"time"
)

type patientKey struct{}

// Deadline ends the context of a request after d: what waits for the database then gives
// up, and the request is answered as Unavailable.
func Deadline(d time.Duration) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			ctx, cancel := context.WithTimeout(context.WithValue(r.Context(), patientKey{}, r.Context()), d)
			defer cancel()
			next.ServeHTTP(w, r.WithContext(ctx))
		})
	}
}

// Patient gives a request d from now on, for work that takes its time, and gives up its place
// among those that do not (Limiter).
func Patient(d time.Duration) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler { return Unhurried(Deadline(d)(next)) }
}

// Unhurried takes the deadline off again, for a request that lasts as long as its bytes
// move (Parts, PacedWriter), and gives up its place. Its context still ends when the client
// leaves; what it asks of the database gets a deadline of its own from the handler.
func Unhurried(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		leavePlace(r.Context())
		patient, ok := r.Context().Value(patientKey{}).(context.Context)
		if !ok {
			next.ServeHTTP(w, r)
			return
		}
		ctx, cancel := context.WithCancel(context.WithoutCancel(r.Context()))
		defer cancel()
		defer context.AfterFunc(patient, cancel)()
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}
