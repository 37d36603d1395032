// Package app holds the use cases: who may, in which transaction, by which rule, with
// which events. It knows neither pages nor SQL.
package app

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"winddown/internal/files"
	"winddown/internal/keyring"
	"winddown/internal/postgres"
	"winddown/internal/winddown"
)

// Signup says who may open an account.
type Signup string

// The ways to handle signing up. The first person always may.
const (
	SignupOpen   Signup = "open"
	SignupInvite Signup = "invite" // only through an invitation
	SignupClosed Signup = "closed"
)

// Options are what a deployment decides.
type Options struct {
	Signup Signup
	// Now is the clock; nil for the system's.
	Now func() time.Time
	// Files holds the bytes of the evidence.
	Files *files.Store
	// Quota is how many bytes of evidence a case may have; 0 for winddown.DefaultQuota.
	Quota int64
	// Mail says that letters can be sent: pages offer them, and addresses are to be confirmed.
	Mail bool
	// Consent is the version of the page about personal data that people agree to; empty for
	// DefaultConsent.
	Consent string
	// Retention is for how many months after its last change a finished or archived case is kept; 0 for
	// ever.
	Retention int
	// Keys encrypt what is secret and has to be read again; nil where there are none, and nobody
	// can set up an authenticator.
	Keys *keyring.Ring
}

// DefaultConsent is the version of the page about personal data as the program brings it.
const DefaultConsent = "1"

// App is the use cases over one database. It is safe for concurrent use.
type App struct {
	db        *postgres.DB
	now       func() time.Time
	calendar  atomic.Pointer[loadedCalendar]
	signup    Signup
	hasher    *hasher
	files     *files.Store
	quota     int64
	mail      bool
	consent   string
	retention int
	keys      *keyring.Ring
}

// New returns the use cases over db.
func New(db *postgres.DB, o Options) *App {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Signup == "" {
		o.Signup = SignupOpen
	}
	if o.Consent == "" {
		o.Consent = DefaultConsent
	}
	if o.Quota == 0 {
		o.Quota = winddown.DefaultQuota
	}
	a := &App{db: db, now: o.Now, signup: o.Signup, hasher: newHasher(), files: o.Files, quota: o.Quota, mail: o.Mail, consent: o.Consent, retention: o.Retention, keys: o.Keys}
	a.calendar.Store(&loadedCalendar{calendar: winddown.RussianCalendar()})
	return a
}

// Now is the instant on the app's clock.
func (a *App) Now() time.Time { return a.now() }

// Ready reports whether the database answers and has the schema this program needs. A
// newer one does: while a release is rolled out, the older processes serve on.
func (a *App) Ready(ctx context.Context) error {
	serves, err := a.db.SchemaServes(ctx)
	if err == nil && !serves {
		err = &winddown.Error{Kind: winddown.Unavailable, Key: "error.unavailable"}
	}
	return err
}

// newID returns a new row's id, ordered by time.
func newID() (winddown.ID, error) {
	id, err := uuid.NewV7()
	return winddown.ID(id), err
}

// newToken returns 256 random bits for a link or a cookie, and the hash under which they
// are stored.
func newToken() (token string, hash []byte) {
	b := make([]byte, 32)
	_, _ = rand.Read(b) // never fails: crypto/rand aborts the program instead
	token = base64.RawURLEncoding.EncodeToString(b)
	return token, tokenHash(token)
}

func tokenHash(token string) []byte {
	sum := sha256.Sum256([]byte(token))
	return sum[:]
}
