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

// Limits of letters within letterWindow: of one kind to one address, so that nobody's mailbox is filled, and
// asked for from one client address or, for invitations, by one person, alone or to the sellers of a table.
const (
	letterWindow     = time.Hour
	lettersToAddress = 3
	lettersByClient  = 30
	invitesByPerson  = 30
	tablesByPerson   = 6
)

// How often a calendar's address is answered within feedWindow: programs come every few hours,
// from a few devices.
const (
	feedWindow = time.Hour
	feedsAsked = 120
)

// attempts counts failed attempts to get in. An attempt is counted before it is made, so
// that many at once do not slip through, and given back unless it failed for a reason that
// tells a guesser something.
type attempts struct {
	byAccount *httprate.RateLimiter
	byAddress *httprate.RateLimiter
	signups   *httprate.RateLimiter

	letters, lettersFrom, invites, tables *httprate.RateLimiter

	feeds *httprate.RateLimiter
}

func newAttempts() *attempts {
	limiter := func(limit int, window time.Duration) *httprate.RateLimiter {
		return httprate.NewRateLimiter(limit, window,
			httprate.WithLimitCounter(httprate.NewLocalLimitCounter(window)),
			httprate.WithResponseHeaders(httprate.ResponseHeaders{}))
	}
	return &attempts{
		byAccount: limiter(attemptsByAccount, attemptWindow), byAddress: limiter(attemptsByAddress, attemptWindow),
		signups: limiter(signupsByAddress, attemptWindow),
		letters: limiter(lettersToAddress, letterWindow), lettersFrom: limiter(lettersByClient, letterWindow), invites: limiter(invitesByPerson, letterWindow),
		tables: limiter(tablesByPerson, letterWindow),
		feeds:  limiter(feedsAsked, feedWindow),
	}
}

// take counts an attempt and returns TooMany when there were too many for the account or
// the client's address. It knows nothing of whether the account exists.
func (a *attempts) take(w http.ResponseWriter, r *http.Request, email string) error {
	// The address is asked first: a client that has tried too often must not use up the
	// attempts of other people's accounts. The answer is the same for either reason.
	if a.byAddress.OnLimit(w, r, clientKey(r)) || a.byAccount.OnLimit(w, r, winddown.EmailKey(email)) {
		return tooMany(w, attemptWindow)
	}
	return nil
}

// takeSignup counts an account about to be opened from the client's address, whether it
// succeeds or not: each costs a password hash.
func (a *attempts) takeSignup(w http.ResponseWriter, r *http.Request) error {
	if a.signups.OnLimit(w, r, clientKey(r)) {
		return tooMany(w, attemptWindow)
	}
	return nil
}

// takeLetter counts a letter of a kind about to be sent to an address, whether it is anybody's
// or not.
func (a *attempts) takeLetter(w http.ResponseWriter, r *http.Request, kind, email string) error {
	if a.lettersFrom.OnLimit(w, r, clientKey(r)) || a.letters.OnLimit(w, r, kind+" "+winddown.EmailKey(email)) {
		return tooMany(w, letterWindow)
	}
	return nil
}

// takeInvite counts an invitation that a person is about to send by mail.
func (a *attempts) takeInvite(w http.ResponseWriter, r *http.Request, by winddown.ID) error {
	if a.invites.OnLimit(w, r, by.String()) {
		return tooMany(w, letterWindow)
	}
	return nil
}

// takeTable counts the invitations to the sellers of a table that a person is about to send by
// mail.
func (a *attempts) takeTable(w http.ResponseWriter, r *http.Request, by winddown.ID) error {
	if a.tables.OnLimit(w, r, by.String()) {
		return tooMany(w, letterWindow)
	}
	return nil
}

// takeFeed counts that a calendar is asked for, whether there is one at the address or not.
func (a *attempts) takeFeed(w http.ResponseWriter, r *http.Request, token string) error {
	if a.feeds.OnLimit(w, r, token) {
		return tooMany(w, feedWindow)
	}
	return nil
}

func tooMany(w http.ResponseWriter, window time.Duration) error {
	w.Header().Set("Retry-After", strconv.Itoa(int(window.Seconds())))
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
