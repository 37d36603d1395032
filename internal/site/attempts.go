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
)

// attempts counts failed attempts to get in. An attempt is counted before it is made, so
// that many at once do not slip through, and given back when it succeeds.
type attempts struct {
	byAccount *httprate.RateLimiter
	byAddress *httprate.RateLimiter
}

func newAttempts() *attempts {
	limiter := func(limit int) *httprate.RateLimiter {
		return httprate.NewRateLimiter(limit, attemptWindow,
			httprate.WithLimitCounter(httprate.NewLocalLimitCounter(attemptWindow)),
			httprate.WithResponseHeaders(httprate.ResponseHeaders{}))
	}
	return &attempts{byAccount: limiter(attemptsByAccount), byAddress: limiter(attemptsByAddress)}
}

// take counts an attempt and returns TooMany when there were too many for the account or
// the client's address. It knows nothing of whether the account exists.
func (a *attempts) take(w http.ResponseWriter, r *http.Request, email string) error {
	// Both are asked, so that the answer says nothing about which of them was the reason.
	account := a.byAccount.OnLimit(w, r, winddown.EmailKey(email))
	address := a.byAddress.OnLimit(w, r, httpkit.ClientIP(r.Context()))
	if !account && !address {
		return nil
	}
	w.Header().Set("Retry-After", strconv.Itoa(int(attemptWindow.Seconds())))
	return &winddown.Error{Kind: winddown.TooMany, Key: "error.too_many"}
}

// giveBack takes a successful attempt out of the count.
func (a *attempts) giveBack(r *http.Request, email string) error {
	window := time.Now().UTC().Truncate(attemptWindow)
	if err := a.byAccount.Counter().IncrementBy(winddown.EmailKey(email), window, -1); err != nil {
		return err
	}
	return a.byAddress.Counter().IncrementBy(httpkit.ClientIP(r.Context()), window, -1)
}
