package app

import (
	"context"
	"errors"
	"time"

	"winddown/internal/postgres"
	"winddown/internal/winddown"
)

// Mail reports whether this installation sends letters.
func (a *App) Mail() bool { return a.mail }

// ErrMoot says that the reason for a letter is gone: the address was confirmed meanwhile, an
// invitation taken back, the person barred. It is no failure.
var ErrMoot = errors.New("the reason for the letter is gone")

// Letter is whom a letter goes to, and the token of the link in it.
type Letter struct {
	To     winddown.User
	Token  string        // stored nowhere but as its hash
	Invite *MailedInvite // to which the token leads, in place of a page of its own
}

// recipient returns a person who gets letters, or ErrMoot.
func (a *App) recipient(ctx context.Context, user winddown.ID) (winddown.User, error) {
	u, err := a.db.Recipient(ctx, user)
	if err == nil && u.Disabled {
		return u, ErrMoot
	}
	return u, err
}

// SecurityNotice returns whom a letter tells what was done to his account: ErrMoot while letters
// have not reached him.
func (a *App) SecurityNotice(ctx context.Context, user winddown.ID) (winddown.User, error) {
	u, err := a.recipient(ctx, user)
	if err == nil && !u.Confirmed {
		err = ErrMoot
	}
	return u, err
}

// LoginSession returns a person's login session that a letter is about. What it knew of the browser is
// gone when it has ended.
func (a *App) LoginSession(ctx context.Context, user, session winddown.ID) (winddown.LoginSession, error) {
	return a.db.Session(ctx, user, session)
}

// ConfirmLetter makes the token by which a person confirms his address, or accepts the open
// invitation he wants to and confirms it by that. It is made when the letter is, so that it
// waits in no queue. ErrMoot when there is nothing to confirm.
func (a *App) ConfirmLetter(ctx context.Context, user, invite winddown.ID) (Letter, error) {
	u, err := a.recipient(ctx, user)
	if err == nil && u.Confirmed {
		err = ErrMoot
	}
	if err != nil {
		return Letter{}, err
	}
	if !invite.IsZero() {
		m, token, err := a.inviteToken(ctx, invite, user)
		if !errors.Is(err, ErrMoot) {
			return Letter{To: u, Token: token, Invite: &m}, err
		}
	}
	return a.letterWithToken(ctx, u, postgres.TokenConfirm, winddown.ConfirmTerm)
}

// ResetLetter makes the token by which a person sets a new password. ErrMoot when he asked
// longer ago than such a link works: he will have asked again.
func (a *App) ResetLetter(ctx context.Context, user winddown.ID, asked time.Time) (Letter, error) {
	u, err := a.recipient(ctx, user)
	if err == nil && a.now().Sub(asked) > winddown.ResetTerm {
		err = ErrMoot
	}
	if err != nil {
		return Letter{}, err
	}
	return a.letterWithToken(ctx, u, postgres.TokenReset, winddown.ResetTerm)
}

func (a *App) letterWithToken(ctx context.Context, u winddown.User, purpose postgres.TokenPurpose, term time.Duration) (Letter, error) {
	token, hash := newToken()
	now := a.now()
	err := a.db.InTx(ctx, system(), now, func(tx *postgres.Tx) ([]winddown.Event, error) {
		tx.InsertMailToken(postgres.MailToken{Purpose: purpose, UserID: u.ID, ExpiresAt: now.Add(term)}, hash)
		return nil, nil
	})
	return Letter{To: u, Token: token}, err
}

// Reminded is somebody who gets a letter about a case.
type Reminded = postgres.Reminded

// Reminder is a letter in which an accountant reminds a seller.
type Reminder struct {
	postgres.Reminder
	// Unsubscribe is the token of the link that ends the letters; it is stored nowhere.
	Unsubscribe string
}

// Reminded returns whom a reminder about each of the cases reaches: its owner and helpers
// whose address is confirmed.
func (a *App) Reminded(ctx context.Context, cases []winddown.ID) ([]Reminded, error) {
	return a.db.Reminded(ctx, cases)
}

// Reminder returns what an event reminds one of a case's people of, or ErrMoot when the case's
// page no longer shows it, or he wants no such letters.
func (a *App) Reminder(ctx context.Context, id winddown.ID, seq int64, user winddown.ID) (Reminder, error) {
	read, err := a.db.Reminder(ctx, id, seq, user)
	if errors.Is(err, winddown.NotFound) || err == nil && !read.Wanted {
		err = ErrMoot
	}
	if err != nil {
		return Reminder{}, err
	}
	seen, err := a.db.Case(ctx, winddown.Actor{UserID: user}, id, postgres.TrailQuery{})
	if err != nil {
		return Reminder{}, err
	}
	if asks := seen.Case.Asks(); asks == nil || !asks.At.Equal(read.At) {
		return Reminder{}, ErrMoot
	}
	r := Reminder{Reminder: read}
	var hash []byte
	r.Unsubscribe, hash = newToken()
	return r, a.db.InTx(ctx, system(), a.now(), func(tx *postgres.Tx) ([]winddown.Event, error) {
		tx.NewUnsubscribe(user, hash)
		return nil, nil
	})
}

// MailedInvite is an open invitation of which a letter is written.
type MailedInvite = postgres.MailedInvite

// MailedInvites returns those of the invitations that go out by mail.
func (a *App) MailedInvites(ctx context.Context, ids []winddown.ID) ([]winddown.ID, error) {
	return a.db.MailedInvites(ctx, ids)
}

// InviteLetter returns an invitation for its letter with the token of the link in it, or
// ErrMoot when it was used, taken back or has expired.
func (a *App) InviteLetter(ctx context.Context, id winddown.ID) (MailedInvite, string, error) {
	return a.inviteToken(ctx, id, winddown.ID{})
}

// inviteToken makes the token of a letter with an invitation, to the address invited or to a
// person who asked for it.
func (a *App) inviteToken(ctx context.Context, id, user winddown.ID) (MailedInvite, string, error) {
	m, err := a.db.MailedInvite(ctx, id)
	if errors.Is(err, winddown.NotFound) || err == nil && (!a.now().Before(m.ExpiresAt) || m.To == "" && user.IsZero()) {
		err = ErrMoot
	}
	if err != nil {
		return m, "", err
	}
	token, hash := newToken()
	return m, token, a.db.InTx(ctx, system(), a.now(), func(tx *postgres.Tx) ([]winddown.Event, error) {
		tx.InsertInviteToken(m, user, hash)
		return nil, nil
	})
}

// system is the actor of what happens by itself.
func system() winddown.Actor { return winddown.Actor{Via: winddown.ViaSystem} }

// AskConfirmation has another letter sent by which the actor confirms his address; it leads to
// the invitation he wants to accept, if any.
func (a *App) AskConfirmation(ctx context.Context, actor winddown.Actor, invite winddown.ID) error {
	return a.db.InTx(ctx, actor, a.now(), func(tx *postgres.Tx) ([]winddown.Event, error) {
		locked, err := tx.LockUser(ctx, actor.UserID)
		if err != nil || locked.User.Confirmed {
			return nil, err
		}
		return []winddown.Event{{Stream: userStream(actor.UserID), Kind: winddown.ConfirmAsked, Invite: invite}}, nil
	})
}

// ErrConfirmedAlready is the Gone of a link that confirms an address which is confirmed.
var ErrConfirmedAlready = &winddown.Error{Kind: winddown.Gone, Key: "account.notice.confirmed_already"}

// confirms tells whether a link that confirms an address works.
func (a *App) confirms(t postgres.MailToken) error {
	err := t.Usable(a.now())
	if err != nil && t.Confirmed {
		return ErrConfirmedAlready
	}
	return err
}

// ConfirmView tells whether a link that confirms an address works: NotFound, Gone
// (ErrConfirmedAlready where there is nothing left to do), or nil.
func (a *App) ConfirmView(ctx context.Context, token string) error {
	t, err := a.db.MailToken(ctx, postgres.TokenConfirm, tokenHash(token))
	if err != nil {
		return err
	}
	return a.confirms(t)
}

// Confirm uses the link in a letter: the address is its person's. NotFound, or Gone as ConfirmView.
func (a *App) Confirm(ctx context.Context, token string) error {
	return a.db.InTx(ctx, winddown.Actor{Via: winddown.ViaPages}, a.now(), func(tx *postgres.Tx) ([]winddown.Event, error) {
		t, acc, err := tx.LockMailToken(ctx, postgres.TokenConfirm, tokenHash(token))
		if err == nil {
			err = a.confirms(t)
		}
		if err != nil {
			return nil, err
		}
		tx.SpendMailTokens(t.UserID, postgres.TokenConfirm)
		return confirmed(tx, acc.User), nil
	})
}

// confirmed notes that letters to a locked person's address reach him. The event is written
// even of one who knew: the token is spent.
func confirmed(tx *postgres.Tx, u winddown.User) []winddown.Event {
	u.Confirmed = true
	tx.SaveUser(u)
	return []winddown.Event{{Stream: userStream(u.ID), Kind: winddown.AddressConfirmed, User: u.ID}}
}

// ForgotPassword has a link to a new password sent, if there is an account with the address.
// Nothing tells whether there is one.
func (a *App) ForgotPassword(ctx context.Context, email string) error {
	if !a.mail {
		return &winddown.Error{Kind: winddown.Conflict, Key: "mail.error.none"}
	}
	acc, err := a.db.Account(ctx, email)
	if errors.Is(err, winddown.NotFound) || err == nil && acc.User.Disabled {
		return nil
	}
	if err != nil {
		return err
	}
	return a.db.InTx(ctx, winddown.Actor{Via: winddown.ViaPages}, a.now(), func(tx *postgres.Tx) ([]winddown.Event, error) {
		_, err := tx.LockUser(ctx, acc.User.ID)
		return []winddown.Event{{Stream: userStream(acc.User.ID), Kind: winddown.PasswordForgotten, User: acc.User.ID}}, err
	})
}

// ResetView tells whether a link to a new password works: NotFound, Gone, or nil.
func (a *App) ResetView(ctx context.Context, token string) error {
	t, err := a.db.MailToken(ctx, postgres.TokenReset, tokenHash(token))
	if err != nil {
		return err
	}
	return t.Usable(a.now())
}

// ResetPassword uses the link in a letter: it sets a new password and ends all login sessions
// of its person, whose address is confirmed by it. NotFound, Gone, or Invalid.
func (a *App) ResetPassword(ctx context.Context, token, password string) error {
	if err := a.ResetView(ctx, token); err != nil {
		return err
	}
	if err := checkNewPassword("password", password); err != nil {
		return err
	}
	hash, err := a.hasher.hash(ctx, password)
	if err != nil {
		return err
	}
	return a.db.InTx(ctx, winddown.Actor{Via: winddown.ViaPages}, a.now(), func(tx *postgres.Tx) ([]winddown.Event, error) {
		t, acc, err := tx.LockMailToken(ctx, postgres.TokenReset, tokenHash(token))
		if err == nil {
			err = t.Usable(a.now())
		}
		if err == nil && acc.User.Disabled {
			err = &winddown.Error{Kind: winddown.Gone, Key: "mail.error.gone"}
		}
		if err != nil {
			return nil, err
		}
		tx.SpendMailTokens(t.UserID, postgres.TokenReset)
		tx.EndEmailChange(t.UserID)
		tx.SavePassword(t.UserID, hash)
		tx.EndLoginSteps(t.UserID)
		tx.ForgetBrowsers(t.UserID, winddown.ID{})
		tx.EndSessions(t.UserID, winddown.ID{})
		events := []winddown.Event{{Stream: userStream(t.UserID), Kind: winddown.PasswordChanged, User: t.UserID}}
		if !acc.User.Confirmed {
			events = append(events, confirmed(tx, acc.User)...)
		}
		return events, nil
	})
}

// SetOperator makes a person look after the installation, or no longer, from the command
// line. NotFound for an unknown address.
func (a *App) SetOperator(ctx context.Context, email string, operator bool) error {
	acc, err := a.db.Account(ctx, email)
	if err != nil {
		return err
	}
	return a.db.InTx(ctx, command(), a.now(), func(tx *postgres.Tx) ([]winddown.Event, error) {
		locked, err := tx.LockUser(ctx, acc.User.ID)
		u := locked.User
		if err != nil || u.Operator == operator {
			return nil, err
		}
		u.Operator = operator
		tx.SaveUser(u)
		says := map[bool]string{true: "yes", false: "no"}
		return []winddown.Event{{Stream: userStream(u.ID), Kind: winddown.OperatorChanged, User: u.ID,
			Before: winddown.Changes{"operator": says[!operator]}, After: winddown.Changes{"operator": says[operator]}}}, nil
	})
}

// DeadJob is a letter that could not be sent.
type DeadJob = postgres.DeadJob

// MaxDeadJobs is how many letters that could not be sent are shown.
const MaxDeadJobs = 100

// DeadJobs returns the letters that could not be sent, the latest first, and how many there
// are; Forbidden for everybody but operators.
func (a *App) DeadJobs(ctx context.Context, actor winddown.Actor) ([]DeadJob, int, error) {
	if !actor.Operator {
		return nil, 0, &winddown.Error{Kind: winddown.Forbidden, Key: "error.forbidden"}
	}
	return a.db.DeadJobs(ctx, MaxDeadJobs)
}

// RequeueJob has a letter that could not be sent tried again: NotFound, or Forbidden for
// everybody but operators.
func (a *App) RequeueJob(ctx context.Context, actor winddown.Actor, job int64) error {
	return a.db.InTx(ctx, actor, a.now(), func(tx *postgres.Tx) ([]winddown.Event, error) {
		locked, err := tx.LockUser(ctx, actor.UserID)
		if err != nil {
			return nil, err
		}
		if !locked.User.Operator {
			return nil, &winddown.Error{Kind: winddown.Forbidden, Key: "error.forbidden"}
		}
		kind, err := tx.RequeueJob(ctx, job)
		if err != nil {
			return nil, err
		}
		return []winddown.Event{{Stream: userStream(actor.UserID), Kind: winddown.JobRequeued, After: winddown.Changes{"job": kind}}}, nil
	})
}
