package app

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/webauthn"

	"winddown/internal/postgres"
	"winddown/internal/winddown"
)

// RelyingParty is this site as authenticators know it: they keep a passkey for its host, and sign
// for its address alone. Nil where there can be no passkeys.
type RelyingParty struct{ web *webauthn.WebAuthn }

// NewRelyingParty returns the site at a base URL, scheme and host, or nil where browsers know no
// passkeys: without https, this machine excepted, and where the host is a number.
func NewRelyingParty(base string) *RelyingParty {
	u, err := url.Parse(base)
	if err != nil {
		return nil
	}
	host := strings.ToLower(u.Hostname()) // as browsers write it in what is signed, and the address too
	base = strings.ToLower(u.Scheme + "://" + u.Host)
	local := host == "localhost" || strings.HasSuffix(host, ".localhost")
	if _, err := netip.ParseAddr(host); err == nil || u.Scheme != "https" && !local {
		return nil
	}
	web, err := webauthn.New(&webauthn.Config{
		RPID: host, RPDisplayName: "Winddown", RPOrigins: []string{base},
		AttestationPreference: protocol.PreferNoAttestation,
		AuthenticatorSelection: protocol.AuthenticatorSelection{
			ResidentKey: protocol.ResidentKeyRequirementRequired, RequireResidentKey: protocol.ResidentKeyRequired(),
			UserVerification: protocol.VerificationRequired,
		},
		Timeouts: webauthn.TimeoutsConfig{
			Login:        webauthn.TimeoutConfig{Timeout: winddown.ChallengeTerm},
			Registration: webauthn.TimeoutConfig{Timeout: winddown.ChallengeTerm},
		},
	})
	if err != nil {
		return nil // a host that is no name of a domain
	}
	return &RelyingParty{web: web}
}

// errNoPasskeys is the answer where there can be no passkeys.
func errNoPasskeys() error {
	return &winddown.Error{Kind: winddown.Conflict, Key: "passkey.error.insecure"}
}

// errPasskey is the answer to what a passkey said, or did not.
func errPasskey(key string, err error) error {
	return &winddown.Error{Kind: winddown.Invalid, Key: "error.invalid", Err: err,
		Fields: []winddown.FieldError{{Field: "passkey", Key: "passkey.error." + key}}}
}

// keyHolder is a person as the library wants him.
type keyHolder struct {
	id       winddown.ID
	email    string
	name     string
	passkeys []postgres.Passkey
}

func (h keyHolder) WebAuthnID() []byte          { return h.id[:] }
func (h keyHolder) WebAuthnName() string        { return h.email }
func (h keyHolder) WebAuthnDisplayName() string { return h.name }

func (h keyHolder) WebAuthnCredentials() []webauthn.Credential {
	var all []webauthn.Credential
	for _, p := range h.passkeys {
		c := webauthn.Credential{
			ID: p.CredentialID, PublicKey: p.PublicKey, AttestationFormat: "none", AttestationType: "none",
			Flags:         webauthn.CredentialFlags{UserPresent: true, UserVerified: true, BackupEligible: p.BackupEligible, BackupState: p.BackedUp},
			Authenticator: webauthn.Authenticator{SignCount: p.SignCount},
		}
		for _, t := range p.Transports {
			c.Transport = append(c.Transport, protocol.AuthenticatorTransport(t))
		}
		all = append(all, c)
	}
	return all
}

// Passkeys returns the actor's passkeys, the first he added first.
func (a *App) Passkeys(ctx context.Context, actor winddown.Actor) ([]winddown.Passkey, error) {
	found, err := a.db.Passkeys(ctx, actor.UserID)
	if err != nil {
		return nil, err
	}
	var all []winddown.Passkey
	for _, p := range found {
		one := winddown.Passkey{ID: p.ID, Name: p.Name, AddedAt: p.AddedAt}
		if p.UsedAt != nil {
			one.UsedAt = *p.UsedAt
		}
		all = append(all, one)
	}
	return all, nil
}

// challengeHash is under what a challenge, as it travels, is kept.
func challengeHash(challenge string) []byte {
	sum := sha256.Sum256([]byte("winddown passkey challenge\x00" + challenge))
	return sum[:]
}

// ask keeps a challenge and returns what the browser is asked for, as the JSON of WebAuthn.
func (a *App) ask(ctx context.Context, actor winddown.Actor, purpose winddown.PasskeyPurpose, options any, s *webauthn.SessionData) ([]byte, error) {
	c := postgres.Challenge{Hash: challengeHash(s.Challenge), Purpose: purpose, User: actor.UserID, Session: actor.SessionID}
	err := a.db.InTx(ctx, actor, a.now(), func(tx *postgres.Tx) ([]winddown.Event, error) {
		tx.InsertChallenge(c)
		return nil, nil
	})
	if err != nil {
		return nil, err
	}
	return json.Marshal(options)
}

// take makes a challenge work no more, or says that it does not.
func (a *App) take(ctx context.Context, actor winddown.Actor, purpose winddown.PasskeyPurpose, challenge string) error {
	c := postgres.Challenge{Hash: challengeHash(challenge), Purpose: purpose, User: actor.UserID, Session: actor.SessionID}
	return a.db.InTx(ctx, actor, a.now(), func(tx *postgres.Tx) ([]winddown.Event, error) {
		found, err := tx.TakeChallenge(ctx, c)
		if err == nil && !found {
			err = errPasskey("late", nil)
		}
		return nil, err
	})
}

// AskForNewPasskey returns what the actor's browser is asked for to make a passkey called so. Unproved, Invalid
// on the field name, or Conflict where there can be none or no more.
func (a *App) AskForNewPasskey(ctx context.Context, actor winddown.Actor, at *RelyingParty, name string) (string, []byte, error) {
	if at == nil {
		return "", nil, errNoPasskeys()
	}
	name, err := winddown.CheckPasskeyName(name)
	if err != nil {
		return "", nil, err
	}
	if err := actor.Proved(a.now()); err != nil {
		return "", nil, err
	}
	has, err := a.db.Passkeys(ctx, actor.UserID)
	if err == nil && len(has) >= winddown.MaxPasskeys {
		err = errManyPasskeys()
	}
	if err != nil {
		return "", nil, err
	}
	who := keyHolder{id: actor.UserID, email: actor.Email, name: actor.Name, passkeys: has}
	options, session, err := at.web.BeginRegistration(who, webauthn.WithCredentialParameters(webauthn.CredentialParametersRecommendedL3()),
		webauthn.WithExclusions(webauthn.Credentials(who.WebAuthnCredentials()).CredentialDescriptors()))
	if err != nil {
		return "", nil, fmt.Errorf("ask for a passkey: %w", err)
	}
	asked, err := a.ask(ctx, actor, winddown.PasskeyAdd, options, session)
	return name, asked, err
}

func errManyPasskeys() error {
	return &winddown.Error{Kind: winddown.Conflict, Key: "passkey.error.many", Args: winddown.Args{"Max": winddown.MaxPasskeys}}
}

// AddPasskey gives the actor the passkey his browser made. Unproved, Invalid on the field name or passkey, or
// Conflict.
func (a *App) AddPasskey(ctx context.Context, actor winddown.Actor, at *RelyingParty, name string, answer []byte) error {
	if at == nil {
		return errNoPasskeys()
	}
	name, err := winddown.CheckPasskeyName(name)
	if err != nil {
		return err
	}
	if err := actor.Proved(a.now()); err != nil {
		return err
	}
	said, err := protocol.ParseCredentialCreationResponseBytes(answer)
	if err != nil {
		return errPasskey("answer", err)
	}
	challenge := said.Response.CollectedClientData.Challenge
	if err := a.take(ctx, actor, winddown.PasskeyAdd, challenge); err != nil {
		return err
	}
	made, err := at.web.CreateCredential(keyHolder{id: actor.UserID}, webauthn.SessionData{
		Challenge: challenge, RelyingPartyID: at.web.Config.RPID, UserID: actor.UserID[:],
		UserVerification: protocol.VerificationRequired, CredParams: webauthn.CredentialParametersRecommendedL3(),
	}, said)
	if err != nil {
		return errPasskey("answer", err)
	}
	id, err := newID()
	if err != nil {
		return err
	}
	p := postgres.Passkey{
		ID: id, CredentialID: made.ID, PublicKey: made.PublicKey, Transports: []string{}, SignCount: made.Authenticator.SignCount,
		BackupEligible: made.Flags.BackupEligible, BackedUp: made.Flags.BackupState, Name: name,
	}
	for _, t := range made.Transport {
		if slices.Contains(transports(), t) {
			p.Transports = append(p.Transports, string(t))
		}
	}
	return a.db.InTx(ctx, actor, a.now(), func(tx *postgres.Tx) ([]winddown.Event, error) {
		_, has, err := tx.LockPasskeys(ctx, actor.UserID)
		if err == nil && len(has) >= winddown.MaxPasskeys {
			err = errManyPasskeys()
		}
		if err != nil {
			return nil, err
		}
		tx.InsertPasskey(actor.UserID, p)
		return []winddown.Event{{Stream: userStream(actor.UserID), Kind: winddown.PasskeyAdded, After: winddown.Changes{"passkey": id.String()}}}, nil
	})
}

// transports are the ways to an authenticator that are kept as hints for the browser.
func transports() []protocol.AuthenticatorTransport {
	return []protocol.AuthenticatorTransport{protocol.USB, protocol.NFC, protocol.BLE, protocol.SmartCard, protocol.Hybrid, protocol.Internal}
}

// RemovePasskey takes one of his passkeys away from the actor. Unproved, or NotFound.
func (a *App) RemovePasskey(ctx context.Context, actor winddown.Actor, id winddown.ID) error {
	if err := actor.Proved(a.now()); err != nil {
		return err
	}
	return a.db.InTx(ctx, actor, a.now(), func(tx *postgres.Tx) ([]winddown.Event, error) {
		_, has, err := tx.LockPasskeys(ctx, actor.UserID)
		if err != nil {
			return nil, err
		}
		if !slices.ContainsFunc(has, func(p postgres.Passkey) bool { return p.ID == id }) {
			return nil, &winddown.Error{Kind: winddown.NotFound, Key: "error.not_found"}
		}
		tx.DropPasskey(actor.UserID, id)
		return []winddown.Event{{Stream: userStream(actor.UserID), Kind: winddown.PasskeyRemoved, Before: winddown.Changes{"passkey": id.String()}}}, nil
	})
}

// AskForPasskey returns what the actor's browser is asked for to prove who he is, or nothing when
// he has no passkey or there can be none.
func (a *App) AskForPasskey(ctx context.Context, actor winddown.Actor, at *RelyingParty) ([]byte, error) {
	if at == nil {
		return nil, nil
	}
	has, err := a.db.Passkeys(ctx, actor.UserID)
	if err != nil || len(has) == 0 {
		return nil, err
	}
	options, session, err := at.web.BeginLogin(keyHolder{id: actor.UserID, passkeys: has})
	if err != nil {
		return nil, fmt.Errorf("ask for a passkey: %w", err)
	}
	return a.ask(ctx, actor, winddown.PasskeyProve, options, session)
}

// AskForLogin returns what the browser of somebody not known yet is asked for to log in, or Conflict
// where there can be no passkeys.
func (a *App) AskForLogin(ctx context.Context, at *RelyingParty) ([]byte, error) {
	if at == nil {
		return nil, errNoPasskeys()
	}
	options, session, err := at.web.BeginDiscoverableLogin()
	if err != nil {
		return nil, fmt.Errorf("ask for a passkey: %w", err)
	}
	return a.ask(ctx, winddown.Actor{}, winddown.PasskeyLogin, options, session)
}

// LogInByPasskey begins a login session of whoever's passkey has signed: it is both what he has and
// what he knows or is, so that nothing else is asked. Invalid on the field passkey.
func (a *App) LogInByPasskey(ctx context.Context, at *RelyingParty, answer []byte, from Browser) (token string, err error) {
	if at == nil {
		return "", errNoPasskeys()
	}
	said, err := protocol.ParseCredentialRequestResponseBytes(answer)
	if err != nil {
		return "", errPasskey("answer", err)
	}
	if err := a.take(ctx, winddown.Actor{}, winddown.PasskeyLogin, said.Response.CollectedClientData.Challenge); err != nil {
		return "", err
	}
	user, err := a.db.PasskeyOwner(ctx, said.RawID)
	if errors.Is(err, winddown.NotFound) {
		return "", errPasskey("unknown", err)
	}
	if err != nil {
		return "", err
	}
	err = a.usePasskey(ctx, winddown.Actor{UserID: user, Via: winddown.ViaPages}, at, said, func(tx *postgres.Tx) (events []winddown.Event, err error) {
		token, events, err = a.begin(ctx, tx, user, from)
		return events, err
	})
	return token, err
}

// ProveByPasskey is Prove by one of the actor's passkeys. Invalid on the field passkey.
func (a *App) ProveByPasskey(ctx context.Context, actor winddown.Actor, at *RelyingParty, answer []byte) (token string, err error) {
	if at == nil {
		return "", errNoPasskeys()
	}
	said, err := protocol.ParseCredentialRequestResponseBytes(answer)
	if err != nil {
		return "", errPasskey("answer", err)
	}
	if err := a.take(ctx, actor, winddown.PasskeyProve, said.Response.CollectedClientData.Challenge); err != nil {
		return "", err
	}
	err = a.usePasskey(ctx, actor, at, said, func(tx *postgres.Tx) (_ []winddown.Event, err error) {
		token, err = a.renewSession(ctx, tx, actor)
		return []winddown.Event{identityProved(actor)}, err
	})
	return token, err
}

// usePasskey does something in the name of a person one of whose passkeys has signed a challenge that
// was taken, and notes how far it has counted. One that has counted less than before may have been
// copied: it is refused, and its person told.
func (a *App) usePasskey(ctx context.Context, actor winddown.Actor, at *RelyingParty, said *protocol.ParsedCredentialAssertionData,
	then func(*postgres.Tx) ([]winddown.Event, error),
) error {
	copied := false
	err := a.db.InTx(ctx, actor, a.now(), func(tx *postgres.Tx) ([]winddown.Event, error) {
		acc, has, err := tx.LockPasskeys(ctx, actor.UserID)
		if err != nil {
			return nil, err
		}
		i := slices.IndexFunc(has, func(p postgres.Passkey) bool { return slices.Equal(p.CredentialID, said.RawID) })
		if i < 0 || acc.User.Disabled {
			return nil, errPasskey("unknown", nil)
		}
		p := has[i]
		signed, err := at.web.ValidateLogin(keyHolder{id: actor.UserID, passkeys: has}, webauthn.SessionData{
			Challenge: said.Response.CollectedClientData.Challenge, RelyingPartyID: at.web.Config.RPID, UserID: actor.UserID[:],
			UserVerification: protocol.VerificationRequired,
		}, said)
		if err != nil {
			return nil, errPasskey("answer", err)
		}
		if copied = signed.Authenticator.CloneWarning; copied {
			return []winddown.Event{{Stream: userStream(actor.UserID), Kind: winddown.PasskeyCopied, After: winddown.Changes{"passkey": p.ID.String()}}}, nil
		}
		p.SignCount, p.BackedUp = signed.Authenticator.SignCount, signed.Flags.BackupState
		tx.UsePasskey(actor.UserID, p)
		return then(tx)
	})
	if err == nil && copied {
		err = errPasskey("copied", nil)
	}
	return err
}
