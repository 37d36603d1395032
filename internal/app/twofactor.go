package app

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"winddown/internal/keyring"
	"winddown/internal/postgres"
	"winddown/internal/winddown"
)

// TwoFactor is how a person's account is guarded beside the password.
type TwoFactor struct {
	Possible bool // the installation has keys to encrypt secrets with
	On       bool
	Since    time.Time
	Recovery int // recovery codes that were not used
	Passkeys int
	Setup    string // the secret of the authenticator being set up, in base32; empty for none, and once the proof is too old
}

// TwoFactor returns how the actor's account is guarded.
func (a *App) TwoFactor(ctx context.Context, actor winddown.Actor) (TwoFactor, error) {
	f, err := a.db.TwoFactor(ctx, actor.UserID)
	if err != nil {
		return TwoFactor{}, err
	}
	v := TwoFactor{Possible: a.keys != nil, On: f.On != nil, Recovery: len(f.Recovery), Passkeys: f.Passkeys}
	if f.On != nil {
		v.Since = f.On.CreatedAt
	}
	if secret, err := a.setup(actor.UserID, f); err == nil && actor.Proved(a.now()) == nil {
		v.Setup = base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(secret)
	}
	return v, nil
}

// setup is the secret a person sets up, or Gone.
func (a *App) setup(user winddown.ID, f postgres.TwoFactor) ([]byte, error) {
	if f.Setup == nil || a.now().Sub(f.Setup.CreatedAt) > winddown.SetupTerm {
		return nil, &winddown.Error{Kind: winddown.Gone, Key: "twofactor.error.setup_gone"}
	}
	return a.totpSecret(user, *f.Setup)
}

// totpOf is what the secret of a person's authenticator is sealed for.
func totpOf(user winddown.ID) string { return "totp of " + user.String() }

// keyMissing says that a secret cannot be opened.
const keyMissing = "twofactor.error.key"

// totpSecret opens a secret. One whose key is not there is Conflict: recovery codes need none.
func (a *App) totpSecret(user winddown.ID, t postgres.TOTP) ([]byte, error) {
	secret, err := a.keys.Open(t.Sealed(), totpOf(user))
	if err != nil {
		return nil, &winddown.Error{Kind: winddown.Conflict, Key: keyMissing, Err: err}
	}
	return secret, nil
}

// StartTwoFactor begins to set up an authenticator; one that is on stays until the new one has
// shown a code. Unproved, or Conflict where the installation has no key.
func (a *App) StartTwoFactor(ctx context.Context, actor winddown.Actor) error {
	if err := actor.Proved(a.now()); err != nil {
		return err
	}
	secret := make([]byte, winddown.TOTPSecret)
	_, _ = rand.Read(secret) // never fails: crypto/rand aborts the program instead
	sealed, err := a.keys.Seal(secret, totpOf(actor.UserID))
	if errors.Is(err, keyring.ErrUnknownKey) {
		return &winddown.Error{Kind: winddown.Conflict, Key: "twofactor.error.no_key"}
	}
	if err != nil {
		return err
	}
	return a.db.InTx(ctx, actor, a.now(), func(tx *postgres.Tx) ([]winddown.Event, error) {
		if _, err := tx.LockUser(ctx, actor.UserID); err != nil {
			return nil, err
		}
		tx.SetUpTOTP(actor.UserID, sealed)
		return nil, nil
	})
}

// DropTwoFactorSetup forgets the authenticator that the actor sets up; one that is on stays. It
// takes nothing away, so it asks for no proof and is no event.
func (a *App) DropTwoFactorSetup(ctx context.Context, actor winddown.Actor) error {
	return a.db.InTx(ctx, actor, a.now(), func(tx *postgres.Tx) ([]winddown.Event, error) {
		if _, err := tx.LockUser(ctx, actor.UserID); err != nil {
			return nil, err
		}
		tx.DropSetup(actor.UserID)
		return nil, nil
	})
}

// errCode is the answer to what was typed in a field as a second factor and is none.
func errCode(field, key string) error {
	return &winddown.Error{Kind: winddown.Invalid, Key: "error.invalid", Fields: []winddown.FieldError{{Field: field, Key: "twofactor.error." + key}}}
}

// checkCode refuses what cannot be a code of an authenticator, and says what it is instead.
func checkCode(typed string) error {
	switch len(winddown.TidyCode(typed)) {
	case 0:
		return errCode("code", "code_missing")
	case winddown.RecoveryCodeLength:
		return errCode("code", "not_recovery")
	}
	return nil
}

// ConfirmTwoFactor turns on the authenticator that is being set up, by a code it shows, and returns
// the recovery codes, which are shown this once; moved says that it took the place of another one.
// Unproved, Invalid on the field code, or Gone.
func (a *App) ConfirmTwoFactor(ctx context.Context, actor winddown.Actor, code string) (codes []string, moved bool, err error) {
	now := a.now()
	if err := actor.Proved(now); err != nil {
		return nil, false, err
	}
	if err := checkCode(code); err != nil {
		return nil, false, err
	}
	err = a.db.InTx(ctx, actor, now, func(tx *postgres.Tx) ([]winddown.Event, error) {
		_, factor, err := tx.LockTwoFactor(ctx, actor.UserID)
		if err != nil {
			return nil, err
		}
		secret, err := a.setup(actor.UserID, factor)
		if winddown.KindOf(err) == winddown.Gone && factor.On != nil {
			return nil, a.notMoved(actor.UserID, *factor.On, code)
		}
		if err != nil {
			return nil, err
		}
		step, ok := winddown.MatchTOTP(secret, code, now, factor.Setup.UsedStep)
		if !ok {
			return nil, errCode("code", "code")
		}
		tx.TurnOnTOTP(actor.UserID, step)
		codes = saveRecovery(tx, actor.UserID)
		kind := winddown.TwoFactorOn
		if moved = factor.On != nil; moved {
			kind = winddown.TwoFactorMoved
		}
		return []winddown.Event{{Stream: userStream(actor.UserID), Kind: kind}}, nil
	})
	return codes, moved, err
}

// notMoved says to whoever confirms an authenticator that is not being set up any more which of
// them counts: Gone, with AlreadyOn where it is the one whose code he sent.
func (a *App) notMoved(user winddown.ID, on postgres.TOTP, code string) error {
	secret, err := a.totpSecret(user, on)
	if err != nil {
		return err
	}
	if _, his := winddown.MatchTOTP(secret, code, a.now(), 0); his {
		return &winddown.Error{Kind: winddown.Gone, Key: AlreadyOn}
	}
	return &winddown.Error{Kind: winddown.Gone, Key: "twofactor.error.not_moved"}
}

// AlreadyOn is the key of the error of whoever confirms an authenticator twice.
const AlreadyOn = "twofactor.error.already"

// RenewRecovery gives the actor new recovery codes in place of those he had. Unproved, or Conflict
// while he has no authenticator.
func (a *App) RenewRecovery(ctx context.Context, actor winddown.Actor) (codes []string, err error) {
	if err := actor.Proved(a.now()); err != nil {
		return nil, err
	}
	err = a.db.InTx(ctx, actor, a.now(), func(tx *postgres.Tx) ([]winddown.Event, error) {
		_, factor, err := tx.LockTwoFactor(ctx, actor.UserID)
		if err == nil && factor.On == nil {
			err = &winddown.Error{Kind: winddown.Conflict, Key: "twofactor.error.off"}
		}
		if err != nil {
			return nil, err
		}
		codes = saveRecovery(tx, actor.UserID)
		return []winddown.Event{{Stream: userStream(actor.UserID), Kind: winddown.RecoveryRenewed}}, nil
	})
	return codes, err
}

// saveRecovery gives a locked person new recovery codes. They are random enough for a plain hash;
// with the person's id in it, every account is a search of its own.
func saveRecovery(tx *postgres.Tx, user winddown.ID) (codes []string) {
	var hashes [][]byte
	for range winddown.RecoveryCodes {
		code := strings.ToLower(rand.Text())
		hashes = append(hashes, recoveryHash(user, code))
		var parts []string
		const part = 4
		for p := range slices.Chunk([]byte(code), part) {
			parts = append(parts, string(p))
		}
		codes = append(codes, strings.Join(parts, "-"))
	}
	tx.SaveRecoveryCodes(user, hashes)
	return codes
}

func recoveryHash(user winddown.ID, code string) []byte {
	sum := sha256.Sum256([]byte("winddown recovery code\x00" + user.String() + "\x00" + winddown.TidyCode(code)))
	return sum[:]
}

// EndTwoFactor takes the actor's authenticator, one being set up too, and recovery codes away.
// Unproved; what is off already is no event.
func (a *App) EndTwoFactor(ctx context.Context, actor winddown.Actor) error {
	if err := actor.Proved(a.now()); err != nil {
		return err
	}
	_, err := a.endTwoFactor(ctx, actor, actor.UserID)
	return err
}

// ResetTwoFactor is EndTwoFactor from the command line, for somebody who is locked out. His passkeys
// go as well: they were on what he has lost. It reports whether there was anything to take away; NotFound
// for an unknown address.
func (a *App) ResetTwoFactor(ctx context.Context, email string) (had bool, err error) {
	acc, err := a.db.Account(ctx, email)
	if err != nil {
		return false, err
	}
	return a.endTwoFactor(ctx, command(), acc.User.ID)
}

func (a *App) endTwoFactor(ctx context.Context, actor winddown.Actor, user winddown.ID) (had bool, err error) {
	err = a.db.InTx(ctx, actor, a.now(), func(tx *postgres.Tx) ([]winddown.Event, error) {
		_, factor, err := tx.LockTwoFactor(ctx, user)
		if err != nil {
			return nil, err
		}
		var events []winddown.Event
		switch {
		case factor.On != nil:
			tx.EndTwoFactor(user)
			tx.EndLoginSteps(user)
			events = append(events, winddown.Event{Stream: userStream(user), Kind: winddown.TwoFactorOff, User: user})
		case factor.Setup != nil:
			tx.DropSetup(user)
		}
		if actor.UserID.IsZero() { // not the person himself
			_, passkeys, err := tx.LockPasskeys(ctx, user)
			if err != nil {
				return nil, err
			}
			if len(passkeys) > 0 {
				tx.DropPasskeys(user)
				events = append(events, winddown.Event{Stream: userStream(user), Kind: winddown.PasskeyRemoved, User: user, Before: winddown.Changes{"passkey": "all"}})
			}
		}
		had = len(events) > 0
		return events, nil
	})
	return had, err
}

// SweepSetups removes the secrets of authenticators that were not confirmed within SetupTerm, and
// returns how many that were.
func (a *App) SweepSetups(ctx context.Context) (int, error) {
	var removed atomic.Int64
	err := a.db.InTx(ctx, winddown.Actor{}, a.now(), func(tx *postgres.Tx) ([]winddown.Event, error) {
		tx.SweepSetups(&removed)
		return nil, nil
	})
	return int(removed.Load()), err
}

// LoginStep returns whose password was right, or Unauthenticated for a token that does not work
// any more.
func (a *App) LoginStep(ctx context.Context, token string) (winddown.ID, error) {
	return a.db.LoginStep(ctx, tokenHash(token), a.now())
}

// FinishLogIn begins the login session of somebody whose password LogIn found right, by his second
// factor. Invalid on the field code or recovery, or Unauthenticated when he has to begin anew.
func (a *App) FinishLogIn(ctx context.Context, step string, in winddown.SecondFactor, from Browser) (token string, err error) {
	hash := tokenHash(step)
	user, err := a.db.LoginStep(ctx, hash, a.now())
	if err != nil {
		return "", err
	}
	actor := winddown.Actor{UserID: user, Via: winddown.ViaPages}
	err = a.db.InTx(ctx, actor, a.now(), func(tx *postgres.Tx) ([]winddown.Event, error) {
		locked, factor, err := tx.LockTwoFactor(ctx, user)
		if err != nil {
			return nil, err
		}
		// What ends the step holds the person's row, so it is asked behind it.
		waits, err := tx.HoldsLoginStep(ctx, hash)
		if err != nil {
			return nil, err
		}
		if !waits || locked.User.Disabled || factor.On == nil {
			return nil, &winddown.Error{Kind: winddown.Unauthenticated, Key: "error.unauthenticated"}
		}
		used, err := a.useFactor(tx, user, factor, in)
		if err != nil {
			return nil, err
		}
		tx.EndLoginSteps(user)
		var begun []winddown.Event
		token, begun, err = a.begin(ctx, tx, user, from)
		return append(begun, used...), err
	})
	return token, err
}

// useFactor checks what a locked person shows, and notes it as used. What was typed is told by its
// length: whoever types one kind of code where the other is asked for is understood.
func (a *App) useFactor(tx *postgres.Tx, user winddown.ID, f postgres.TwoFactor, in winddown.SecondFactor) ([]winddown.Event, error) {
	typed, field := in.Code, "code"
	if typed == "" && in.Recovery != "" {
		typed, field = in.Recovery, "recovery"
	}
	length := len(winddown.TidyCode(typed))
	switch {
	case length == 0:
		return nil, errCode(field, "missing")
	case length == winddown.RecoveryCodeLength, field == "recovery" && length != winddown.TOTPDigits:
		hash := recoveryHash(user, typed)
		if !slices.ContainsFunc(f.Recovery, func(h []byte) bool { return slices.Equal(h, hash) }) {
			return nil, errCode(field, "recovery")
		}
		tx.UseRecoveryCode(user, hash)
		return []winddown.Event{{Stream: userStream(user), Kind: winddown.RecoveryUsed, Number: len(f.Recovery) - 1}}, nil
	}
	secret, err := a.totpSecret(user, *f.On)
	if err != nil {
		return nil, err
	}
	step, ok := winddown.MatchTOTP(secret, typed, a.now(), f.On.UsedStep)
	if !ok {
		return nil, errCode(field, "code")
	}
	tx.UseTOTP(user, step)
	return nil, nil
}
