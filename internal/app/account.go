package app

import (
	"context"
	"crypto/sha256"
	"errors"
	"strings"
	"unicode/utf8"

	"winddown/internal/postgres"
	"winddown/internal/winddown"
)

// Browser is where a login comes from.
type Browser struct {
	UserAgent string
	Address   string
	Token     string // that the browser keeps, by which it is known again; empty for none
}

// NewBrowserToken returns a token for a browser that has none.
func NewBrowserToken() string {
	token, _ := newToken()
	return token
}

// browserHash is under what a browser is known as one of a person's.
func browserHash(user winddown.ID, token string) []byte {
	sum := sha256.Sum256([]byte("winddown browser\x00" + user.String() + "\x00" + token))
	return sum[:]
}

// maxUserAgent bounds what is kept of a browser's name, in bytes.
const maxUserAgent = 300

// Actor returns the person behind a session token, or Unauthenticated. It also brings a
// calendar up to date that another process has changed.
func (a *App) Actor(ctx context.Context, token string) (winddown.Actor, error) {
	actor, generation, err := a.db.Actor(ctx, tokenHash(token), a.now())
	if err != nil {
		return winddown.Actor{}, err
	}
	actor.Token = token
	return actor, a.followCalendar(ctx, generation)
}

// Again returns the actor as he is now, whatever token his login session has by now; Unauthenticated
// when it has ended.
func (a *App) Again(ctx context.Context, actor winddown.Actor) (winddown.Actor, error) {
	now, generation, err := a.db.ActorOfSession(ctx, actor.UserID, actor.SessionID, a.now())
	if err != nil {
		return winddown.Actor{}, err
	}
	return now, a.followCalendar(ctx, generation)
}

// SignupAllowed reports whether somebody without an invitation may sign up now.
func (a *App) SignupAllowed(ctx context.Context) (bool, error) {
	if a.signup == SignupOpen {
		return true, nil
	}
	any, err := a.db.AnyUser(ctx)
	return !any, err
}

// SignUp opens an account and signs its person in: it returns the session's token.
// Forbidden when signing up is not open, Invalid with the fields at fault.
func (a *App) SignUp(ctx context.Context, in winddown.Registration, from Browser) (token string, err error) {
	allowed, err := a.SignupAllowed(ctx)
	if err != nil {
		return "", err
	}
	if !allowed {
		return "", errSignupClosed()
	}
	u, hash, err := a.newUser(ctx, in)
	if err != nil {
		return "", err
	}
	err = a.db.InTx(ctx, winddown.Actor{UserID: u.ID, Via: winddown.ViaPages}, a.now(), func(tx *postgres.Tx) ([]winddown.Event, error) {
		if a.signup != SignupOpen {
			if first, err := tx.FirstUser(ctx); err != nil || !first {
				return nil, errors.Join(err, errSignupClosed())
			}
		}
		tx.InsertUser(u, hash)
		var events []winddown.Event
		token, events, err = a.begin(ctx, tx, u.ID, from)
		return append([]winddown.Event{{Stream: userStream(u.ID), Kind: winddown.UserRegistered, After: winddown.Changes{"consent": u.Consent}}}, events...), err
	})
	return token, err
}

func errSignupClosed() error {
	return &winddown.Error{Kind: winddown.Forbidden, Key: "account.error.signup_closed"}
}

// newUser checks a registration and hashes its password.
func (a *App) newUser(ctx context.Context, in winddown.Registration) (winddown.User, string, error) {
	in, err := in.Check()
	if err == nil {
		err = checkNewPassword("password", in.Password)
	}
	if err != nil {
		return winddown.User{}, "", err
	}
	if in.Locale == "" {
		in.Locale = "ru"
	}
	if !winddown.ValidZone(in.Zone) {
		in.Zone = winddown.DefaultZone
	}
	id, err := newID()
	if err != nil {
		return winddown.User{}, "", err
	}
	hash, err := a.hasher.hash(ctx, in.Password)
	return winddown.User{ID: id, Email: in.Email, Name: in.Name, Locale: in.Locale, Zone: in.Zone, Consent: a.consent}, hash, err
}

// begin starts a login session of a person whose row is locked or new. Its event says when the
// browser is one in which he has not logged in before: he is told so by a letter.
func (a *App) begin(ctx context.Context, tx *postgres.Tx, user winddown.ID, from Browser) (string, []winddown.Event, error) {
	id, err := newID()
	if err != nil {
		return "", nil, err
	}
	token, hash := newToken()
	agent := strings.ToValidUTF8(from.UserAgent, "")
	agent = strings.ReplaceAll(agent, "\x00", "")
	if len(agent) > maxUserAgent {
		agent = strings.ToValidUTF8(agent[:maxUserAgent], "")
	}
	if from.Token == "" {
		from.Token = NewBrowserToken()
	}
	s := postgres.NewSession{ID: id, UserID: user, TokenHash: hash, UserAgent: agent, Address: from.Address, Browser: browserHash(user, from.Token)}
	if s.New, err = tx.NewBrowser(ctx, user, s.Browser); err != nil {
		return "", nil, err
	}
	tx.InsertSession(s)
	tx.KeepBrowser(user, s.Browser)
	after := winddown.Changes{"session": id.String()}
	if s.New {
		after["browser"] = winddown.NewBrowser
	}
	return token, []winddown.Event{{Stream: userStream(user), Kind: winddown.UserLoggedIn, After: after}}, nil
}

func userStream(id winddown.ID) winddown.Stream {
	return winddown.Stream{Kind: winddown.UserStream, ID: id}
}

// errLogin is the answer to a wrong address and a wrong password alike.
func errLogin() error {
	return &winddown.Error{Kind: winddown.Invalid, Key: "account.error.login",
		Fields: []winddown.FieldError{{Field: "email", Key: "account.error.login"}}}
}

// LogIn checks an address and a password and begins a login session. Unknown addresses,
// wrong passwords and disabled accounts are the same Invalid, after the same work. Of somebody
// with a second factor the token is no session's, but that of FinishLogIn.
func (a *App) LogIn(ctx context.Context, email, password string, from Browser) (token string, second bool, err error) {
	acc, err := a.db.Account(ctx, email)
	if err != nil && !errors.Is(err, winddown.NotFound) {
		return "", false, err
	}
	if utf8.RuneCountInString(password) > winddown.MaxPassword {
		return "", false, errLogin()
	}
	ok, err := a.hasher.matches(ctx, password, acc.PasswordHash)
	if err != nil {
		return "", false, err
	}
	if !ok || acc.User.Disabled {
		return "", false, errLogin()
	}
	actor := winddown.Actor{UserID: acc.User.ID, Via: winddown.ViaPages}
	err = a.db.InTx(ctx, actor, a.now(), func(tx *postgres.Tx) ([]winddown.Event, error) {
		locked, factor, err := tx.LockTwoFactor(ctx, acc.User.ID)
		if err != nil {
			return nil, err
		}
		// The password may have been changed while this one was checked.
		if locked.User.Disabled || locked.PasswordHash != acc.PasswordHash {
			return nil, errLogin()
		}
		if second = factor.On != nil; second {
			var hash []byte
			token, hash = newToken()
			tx.InsertLoginStep(acc.User.ID, hash)
			return nil, nil
		}
		var events []winddown.Event
		token, events, err = a.begin(ctx, tx, acc.User.ID, from)
		return events, err
	})
	return token, second, err
}

// LogOut ends the actor's login session.
func (a *App) LogOut(ctx context.Context, actor winddown.Actor) error {
	return a.endSession(ctx, actor, actor.SessionID, winddown.UserLoggedOut)
}

// RevokeSession ends one of the actor's login sessions: Unproved, or NotFound.
func (a *App) RevokeSession(ctx context.Context, actor winddown.Actor, session winddown.ID) error {
	if err := actor.Proved(a.now()); err != nil {
		return err
	}
	return a.endSession(ctx, actor, session, winddown.SessionRevoked)
}

// RevokeOtherSessions ends all of the actor's login sessions but the one he is asking from, or is
// Unproved.
func (a *App) RevokeOtherSessions(ctx context.Context, actor winddown.Actor) error {
	if err := actor.Proved(a.now()); err != nil {
		return err
	}
	return a.db.InTx(ctx, actor, a.now(), func(tx *postgres.Tx) ([]winddown.Event, error) {
		if _, err := tx.LockUser(ctx, actor.UserID); err != nil {
			return nil, err
		}
		tx.EndSessions(actor.UserID, actor.SessionID)
		return []winddown.Event{{Stream: userStream(actor.UserID), Kind: winddown.SessionRevoked, Before: winddown.Changes{"session": "others"}}}, nil
	})
}

func (a *App) endSession(ctx context.Context, actor winddown.Actor, session winddown.ID, kind winddown.EventKind) error {
	return a.db.InTx(ctx, actor, a.now(), func(tx *postgres.Tx) ([]winddown.Event, error) {
		exists, err := tx.LockSession(ctx, actor.UserID, session)
		if err != nil {
			return nil, err
		}
		if !exists {
			return nil, &winddown.Error{Kind: winddown.NotFound, Key: "error.not_found"}
		}
		tx.EndSession(actor.UserID, session)
		return []winddown.Event{{Stream: userStream(actor.UserID), Kind: kind, Before: winddown.Changes{"session": session.String()}}}, nil
	})
}

// Sessions returns the actor's login sessions, the current one first.
func (a *App) Sessions(ctx context.Context, actor winddown.Actor) ([]winddown.LoginSession, error) {
	return a.db.Sessions(ctx, actor, a.now())
}

// ChangePassword sets a new password, ends the actor's other login sessions and returns the token
// of the one he is asking from, which is new too. Invalid when the current password is wrong or the
// new one is not acceptable.
func (a *App) ChangePassword(ctx context.Context, actor winddown.Actor, current, next string) (token string, err error) {
	if err := checkNewPassword("new_password", next); err != nil {
		return "", err
	}
	stored, err := a.checkPassword(ctx, actor.UserID, current)
	if err != nil {
		return "", err
	}
	hash, err := a.hasher.hash(ctx, next)
	if err != nil {
		return "", err
	}
	err = a.setPassword(ctx, actor, actor.UserID, stored, hash, func(tx *postgres.Tx) (err error) {
		token, err = a.renewSession(ctx, tx, actor)
		return err
	})
	return token, err
}

// errPassword is the answer to a wrong current password.
func errPassword() error {
	return &winddown.Error{Kind: winddown.Invalid, Key: "error.invalid",
		Fields: []winddown.FieldError{{Field: "password", Key: "account.error.password_wrong"}}}
}

// setPassword replaces the password hash checked, or any if checked is empty, with what else is to
// be done.
func (a *App) setPassword(ctx context.Context, actor winddown.Actor, user winddown.ID, checked, hash string, besides func(*postgres.Tx) error) error {
	return a.db.InTx(ctx, actor, a.now(), func(tx *postgres.Tx) ([]winddown.Event, error) {
		locked, err := tx.LockUser(ctx, user)
		if err != nil {
			return nil, err
		}
		if checked != "" && locked.PasswordHash != checked {
			return nil, errPassword()
		}
		tx.SavePassword(user, hash)
		tx.EndLoginSteps(user)
		tx.ForgetBrowsers(user, actor.SessionID) // whoever knew the old password may have logged in in one
		tx.SpendMailTokens(user, postgres.TokenReset)
		tx.EndEmailChange(user) // whoever asked for it may have known the password before
		tx.EndSessions(user, actor.SessionID)
		if err := besides(tx); err != nil {
			return nil, err
		}
		return []winddown.Event{{Stream: userStream(user), Kind: winddown.PasswordChanged, User: user}}, nil
	})
}

// Settings are what a person may change about himself.
type Settings struct {
	Name   string
	Locale string
	Zone   string
}

// ChangeSettings changes the actor's name, language and time zone; Invalid with the
// fields at fault.
func (a *App) ChangeSettings(ctx context.Context, actor winddown.Actor, in Settings) error {
	name, err := winddown.CheckPersonName(in.Name)
	in.Name = name
	var fields []winddown.FieldError
	var known *winddown.Error
	if errors.As(err, &known) {
		fields = known.Fields
	}
	if in.Locale != "ru" && in.Locale != "en" {
		fields = append(fields, winddown.FieldError{Field: "locale", Key: "error.field.unknown"})
	}
	if !winddown.ValidZone(in.Zone) {
		fields = append(fields, winddown.FieldError{Field: "zone", Key: "error.field.zone"})
	}
	if len(fields) > 0 {
		return &winddown.Error{Kind: winddown.Invalid, Key: "error.invalid", Fields: fields}
	}
	return a.db.InTx(ctx, actor, a.now(), func(tx *postgres.Tx) ([]winddown.Event, error) {
		locked, err := tx.LockUser(ctx, actor.UserID)
		if err != nil {
			return nil, err
		}
		u := locked.User
		if u.Name == in.Name && u.Locale == in.Locale && u.Zone == in.Zone {
			return nil, nil
		}
		e := winddown.Event{Stream: userStream(u.ID), Kind: winddown.SettingsChanged,
			Before: winddown.Changes{"locale": u.Locale, "zone": u.Zone}, After: winddown.Changes{"locale": in.Locale, "zone": in.Zone}}
		u.Name, u.Locale, u.Zone = in.Name, in.Locale, in.Zone
		tx.SaveUser(u)
		return []winddown.Event{e}, nil
	})
}

// command is the actor of the command line.
func command() winddown.Actor { return winddown.Actor{Via: winddown.ViaCommand} }

// AddUser opens an account from the command line, whatever the signing-up mode.
func (a *App) AddUser(ctx context.Context, in winddown.Registration) (winddown.User, error) {
	in.Consent = true // he is asked himself, at his first page
	u, hash, err := a.newUser(ctx, in)
	if err != nil {
		return winddown.User{}, err
	}
	u.Consent = ""
	return u, a.db.InTx(ctx, command(), a.now(), func(tx *postgres.Tx) ([]winddown.Event, error) {
		tx.InsertUser(u, hash)
		return []winddown.Event{{Stream: userStream(u.ID), Kind: winddown.UserRegistered, User: u.ID}}, nil
	})
}

// SetPassword sets a person's password from the command line and ends all his login
// sessions. NotFound for an unknown address.
func (a *App) SetPassword(ctx context.Context, email, password string) error {
	if err := checkNewPassword("password", password); err != nil {
		return err
	}
	acc, err := a.db.Account(ctx, email)
	if err != nil {
		return err
	}
	hash, err := a.hasher.hash(ctx, password)
	if err != nil {
		return err
	}
	return a.setPassword(ctx, command(), acc.User.ID, "", hash, func(*postgres.Tx) error { return nil })
}

// EnableUser takes DisableUser back; what it ended stays ended. NotFound for an unknown address.
func (a *App) EnableUser(ctx context.Context, email string) error {
	acc, err := a.db.Account(ctx, email)
	if err != nil {
		return err
	}
	return a.db.InTx(ctx, command(), a.now(), func(tx *postgres.Tx) ([]winddown.Event, error) {
		locked, err := tx.LockUser(ctx, acc.User.ID)
		u := locked.User
		if err != nil || !u.Disabled {
			return nil, err
		}
		u.Disabled = false
		tx.SaveUser(u)
		return []winddown.Event{{Stream: userStream(u.ID), Kind: winddown.UserEnabled, User: u.ID}}, nil
	})
}

// DisableUser bars a person from the command line: all his login sessions end at once.
func (a *App) DisableUser(ctx context.Context, email string) error {
	acc, err := a.db.Account(ctx, email)
	if err != nil {
		return err
	}
	return a.db.InTx(ctx, command(), a.now(), func(tx *postgres.Tx) ([]winddown.Event, error) {
		locked, err := tx.LockUser(ctx, acc.User.ID)
		u := locked.User
		if err != nil || u.Disabled {
			return nil, err
		}
		u.Disabled = true
		tx.SaveUser(u)
		tx.EndSessions(u.ID, winddown.ID{})
		return []winddown.Event{{Stream: userStream(u.ID), Kind: winddown.UserDisabled, User: u.ID}}, nil
	})
}
