package site

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
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
	passkeysByAddress = 300
)

// Limits of letters within letterWindow: of one kind to one address, so that nobody's mailbox is filled, and
// asked for from one client address or, for invitations, by one person, alone or to the sellers of a table.
const (
	letterWindow     = time.Hour
	lettersToAddress = 3
	lettersByClient  = 30
	invitesByPerson  = 30
	tablesByPerson   = 6

	minesByPerson = 6 // downloads of what is kept of him, within mineWindow
	mineWindow    = time.Hour

	exportsByPerson = 120 // registers and packs taken out, within exportWindow
	exportWindow    = time.Hour

	casesByPerson = 300 // opened one by one, within caseWindow
	loadsByPerson = 60  // tables of sellers loaded
	caseWindow    = time.Hour
)

// How often a calendar's address is answered within feedWindow: programs come every few hours,
// from a few devices. Addresses without a calendar are asked for from one client address at most
// feedGuesses times within attemptWindow; a provider fetches the calendars of many from one.
const (
	feedWindow  = time.Hour
	feedsAsked  = 120
	feedGuesses = 100
)

// attempts counts failed attempts to get in. An attempt is counted before it is made, so
// that many at once do not slip through, and given back unless it failed for a reason that
// tells a guesser something.
type attempts struct {
	byAccount *httprate.RateLimiter
	byAddress *httprate.RateLimiter
	signups   *httprate.RateLimiter
	passkeys  *httprate.RateLimiter

	letters, lettersFrom, invites, tables, mines *httprate.RateLimiter

	feeds, feedGuesses *httprate.RateLimiter

	exports, cases, loads *httprate.RateLimiter

	key []byte // of what the log shows of a target
}

func newAttempts() *attempts {
	limiter := func(limit int, window time.Duration) *httprate.RateLimiter {
		return httprate.NewRateLimiter(limit, window,
			httprate.WithLimitCounter(httprate.NewLocalLimitCounter(window)),
			httprate.WithResponseHeaders(httprate.ResponseHeaders{}))
	}
	key := make([]byte, sha256.Size)
	_, _ = rand.Read(key) // never fails: crypto/rand aborts the program instead
	return &attempts{
		key: key, exports: limiter(exportsByPerson, exportWindow), cases: limiter(casesByPerson, caseWindow), loads: limiter(loadsByPerson, caseWindow),
		byAccount: limiter(attemptsByAccount, attemptWindow), byAddress: limiter(attemptsByAddress, attemptWindow),
		signups: limiter(signupsByAddress, attemptWindow), passkeys: limiter(passkeysByAddress, attemptWindow),
		letters: limiter(lettersToAddress, letterWindow), lettersFrom: limiter(lettersByClient, letterWindow), invites: limiter(invitesByPerson, letterWindow),
		tables: limiter(tablesByPerson, letterWindow), mines: limiter(minesByPerson, mineWindow),
		feeds: limiter(feedsAsked, feedWindow), feedGuesses: limiter(feedGuesses, attemptWindow),
	}
}

// target is what somebody tries to get at: under it attempts are counted. It is made by the
// functions below alone, each of which begins it with a word of its own, so that whatever people
// type counts against nothing else.
type target string

// loginTarget is an account as it is known at the door, whether there is one or not.
func loginTarget(email string) target { return target("login " + winddown.EmailKey(email)) }

// proofTarget is the password, or second factor, of somebody signed in who proves who he is.
func proofTarget(user winddown.ID) target { return target("proof " + user.String()) }

// secondTarget is the second factor of a person who logs in.
func secondTarget(user winddown.ID) target { return target("second " + user.String()) }

// setupTarget is the authenticator that a person sets up: mistyping its first code must not keep
// him from logging in.
func setupTarget(user winddown.ID) target { return target("setup " + user.String()) }

// passkeyTarget is the passkeys of a person who proves who he is.
func passkeyTarget(user winddown.ID) target { return target("passkey " + user.String()) }

// keyTarget is a passkey that logs somebody in, by the id that its answer gives; whose it is, nobody
// knows yet.
func keyTarget(answer []byte) target {
	var said struct {
		ID string `json:"id"`
	}
	_ = json.Unmarshal(answer, &said) // what cannot be read is refused as such, all of it as one target
	return target("key " + said.ID)
}

// shareTarget is the password of a link.
func shareTarget(token string) target { return target("share " + token) }

// noteRefusal has the log say at what an attempt failed, and why. The target is told by a hash whose
// key this process alone has and forgets: attempts at one account are told apart from those at
// others, and nobody who reads the log learns, or can try out, whose address was typed.
func (a *attempts) noteRefusal(r *http.Request, at target, why string) {
	kind, of, _ := strings.Cut(string(at), " ")
	mac := hmac.New(sha256.New, a.key)
	_, _ = mac.Write([]byte(of))
	const shown = 8
	httpkit.Note(r.Context(), "refused", why)
	httpkit.Note(r.Context(), "target", kind+" "+hex.EncodeToString(mac.Sum(nil)[:shown]))
}

// take counts an attempt and returns TooMany when there were too many at its target or from the
// client's address. It knows nothing of whether the target exists.
func (a *attempts) take(w http.ResponseWriter, r *http.Request, at target) error {
	// The address is asked first: a client that has tried too often must not use up the
	// attempts of other people's accounts. The answer is the same for either reason.
	if a.byAddress.OnLimit(w, r, clientKey(r)) || a.byAccount.OnLimit(w, r, string(at)) {
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

// takePasskey counts that a client's address asks what a passkey is to sign: each is kept until it is
// answered, and an answer works once, so that this bounds the logins too.
func (a *attempts) takePasskey(w http.ResponseWriter, r *http.Request) error {
	if a.passkeys.OnLimit(w, r, clientKey(r)) {
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

// invite makes an invitation that a person sends by mail, TooMany when he sent too many. It is
// counted before it is made, and given back unless it was.
func (a *attempts) invite(w http.ResponseWriter, r *http.Request, by winddown.ID, send func() (token string, err error)) (string, error) {
	if a.invites.OnLimit(w, r, by.String()) {
		return "", tooMany(w, letterWindow)
	}
	token, err := send()
	if err != nil {
		err = errors.Join(err, takeBack(a.invites, by.String(), letterWindow))
	}
	return token, err
}

// takeTable counts the invitations to the sellers of a table that a person is about to send by
// mail.
func (a *attempts) takeTable(w http.ResponseWriter, r *http.Request, by winddown.ID) error {
	if a.tables.OnLimit(w, r, by.String()) {
		return tooMany(w, letterWindow)
	}
	return nil
}

// takeMine counts that a person takes along what is kept of him.
func (a *attempts) takeMine(w http.ResponseWriter, r *http.Request, person winddown.ID) error {
	if a.mines.OnLimit(w, r, person.String()) {
		return tooMany(w, mineWindow)
	}
	return nil
}

// takeExport counts that a person takes a register or a pack out: far more than anybody needs, so
// that whoever has got into an account does not carry off everything unseen.
func (a *attempts) takeExport(w http.ResponseWriter, r *http.Request, person winddown.ID) error {
	if a.exports.OnLimit(w, r, person.String()) {
		return tooMany(w, exportWindow)
	}
	return nil
}

// takeCase counts that a person opens a case, and takeLoad that he loads a table of them: far more than
// somebody types, or an office brings, so that no program fills an installation.
func (a *attempts) takeCase(w http.ResponseWriter, r *http.Request, person winddown.ID) error {
	if a.cases.OnLimit(w, r, person.String()) {
		return tooMany(w, caseWindow)
	}
	return nil
}

func (a *attempts) takeLoad(w http.ResponseWriter, r *http.Request, person winddown.ID) error {
	if a.loads.OnLimit(w, r, person.String()) {
		return tooMany(w, caseWindow)
	}
	return nil
}

// takeFeed counts that a calendar is asked for as a guess of the client's, and asks whether its
// address was answered too often. That is counted by foundFeed alone: whoever makes up addresses
// must not fill the memory with them.
func (a *attempts) takeFeed(w http.ResponseWriter, r *http.Request, token string) error {
	if a.feedGuesses.OnLimit(w, r, clientKey(r)) {
		return tooMany(w, attemptWindow)
	}
	if within, _, err := a.feeds.Status(token); err != nil || !within {
		return errors.Join(tooMany(w, feedWindow), err, takeBack(a.feedGuesses, clientKey(r), attemptWindow))
	}
	return nil
}

// foundFeed counts that there is, or was, a calendar at the address that was asked for: it was
// no guess.
func (a *attempts) foundFeed(r *http.Request, token string) error {
	err := a.feeds.Counter().Increment(token, time.Now().UTC().Truncate(feedWindow))
	return errors.Join(err, takeBack(a.feedGuesses, clientKey(r), attemptWindow))
}

func tooMany(w http.ResponseWriter, window time.Duration) error {
	w.Header().Set("Retry-After", strconv.Itoa(int(window.Seconds())))
	if window >= time.Hour {
		return &winddown.Error{Kind: winddown.TooMany, Key: "error.too_often"}
	}
	return &winddown.Error{Kind: winddown.TooMany, Key: "error.too_many"}
}

// clientKey stands for the client's address; one household has a whole /64 of IPv6.
func clientKey(r *http.Request) string { return httprate.CanonicalizeIP(httpkit.ClientIP(r.Context())) }

// giveBack takes a successful attempt out of the count.
func (a *attempts) giveBack(r *http.Request, at target) error {
	return errors.Join(takeBack(a.byAccount, string(at), attemptWindow), takeBack(a.byAddress, clientKey(r), attemptWindow))
}

// takeBack takes one out of what a limiter counts under a key.
func takeBack(l *httprate.RateLimiter, key string, window time.Duration) error {
	return l.Counter().IncrementBy(key, time.Now().UTC().Truncate(window), -1)
}
