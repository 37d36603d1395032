package site

import (
	"net/http"
	"strconv"
	"time"

	"github.com/go-chi/httprate"

	"winddown/internal/httpkit"
	"winddown/internal/winddown"
)

// Limits of failed attempts within attemptWindow: for one account, whether it exists or
// not, and for one client address, behind which an office may sit.
const (
	attemptWindow     = 15 * time.Minute
	attemptsByAccount = 10
	attemptsByAddress = 100
	signupsByAddress  = 300
)

// attempts counts failed attempts to get in. An attempt is counted before it is made, so
// that many at once do not slip through, and given back unless it failed for a reason that
// tells a guesser something.
type attempts struct {
	byAccount *httprate.RateLimiter
	byAddress *httprate.RateLimiter
	signups   *httprate.RateLimiter
}

func newAttempts() *attempts {
	limiter := func(limit int) *httprate.RateLimiter {
		return httprate.NewRateLimiter(limit, attemptWindow,
			httprate.WithLimitCounter(httprate.NewLocalLimitCounter(attemptWindow)),
			httprate.WithResponseHeaders(httprate.ResponseHeaders{}))
	}
	return &attempts{byAccount: limiter(attemptsByAccount), byAddress: limiter(attemptsByAddress), signups: limiter(signupsByAddress)}
}

// take counts an attempt and returns TooMany when there were too many for the account or
// the client's address. It knows nothing of whether the account exists.
func (a *attempts) take(w http.ResponseWriter, r *http.Request, email string) error {
	// The address is asked first: a client that has tried too often must not use up the
	// attempts of other people's accounts. The answer is the same for either reason.
	if a.byAddress.OnLimit(w, r, clientKey(r)) || a.byAccount.OnLimit(w, r, winddown.EmailKey(email)) {
		return tooMany(w)
	}
	return nil
}

// takeSignup counts an account about to be opened from the client's address, whether it
// succeeds or not: each costs a password hash.
func (a *attempts) takeSignup(w http.ResponseWriter, r *http.Request) error {
	if a.signups.OnLimit(w, r, clientKey(r)) {
		return tooMany(w)
	}
	return nil
}

func tooMany(w http.ResponseWriter) error {
	w.Header().Set("Retry-After", strconv.Itoa(int(attemptWindow.Seconds())))
	return &winddown.Error{Kind: winddown.TooMany, Key: "error.too_many"}
}

// clientKey stands for the client's address; one household has a whole /64 of IPv6.
func clientKey(r *http.Request) string { return httprate.CanonicalizeIP(httpkit.ClientIP(r.Context())) }

// giveBack takes a successful attempt out of the count.
func (a *attempts) giveBack(r *http.Request, email string) error {
	window := time.Now().UTC().Truncate(attemptWindow)
	if err := a.byAccount.Counter().IncrementBy(winddown.EmailKey(email), window, -1); err != nil {
		return err
	}
	return a.byAddress.Counter().IncrementBy(clientKey(r), window, -1)
}
