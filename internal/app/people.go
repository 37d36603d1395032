package app

import (
	"context"
	"errors"
	"slices"
	"strings"

	"winddown/internal/postgres"
	"winddown/internal/winddown"
)

// Person is somebody with a role in a case.
type Person = postgres.Person

// InviteView is an invitation as its holder sees it.
type InviteView = postgres.InviteView

// People is who is in a case, and who is invited.
type People struct {
	View    CaseView
	People  []Person
	Invites []winddown.Invite // unused ones
}

// People returns the people of a case, or NotFound.
func (a *App) People(ctx context.Context, actor winddown.Actor, id winddown.ID) (People, error) {
	view, people, invites, err := a.db.People(ctx, actor, id, a.now())
	return People{View: view, People: people, Invites: invites}, err
}

// Invite makes a one-time link to a case and returns its token, which is stored nowhere.
// NotFound, Forbidden for a role the actor may not invite, Conflict when the case has an
// accountant already or too many open invitations, or Unproved for an owner's link.
func (a *App) Invite(ctx context.Context, actor winddown.Actor, id winddown.ID, role winddown.Role) (token string, err error) {
	return a.invite(ctx, actor, id, role, nil)
}

// InviteByMail is Invite that has a letter with a link of its own sent to an address too:
// Invalid for one that cannot be written to, Conflict for an actor whose own address is not
// confirmed, so that nobody fills the mailboxes of others under a made-up name.
func (a *App) InviteByMail(ctx context.Context, actor winddown.Actor, id winddown.ID, role winddown.Role, email string) (token string, err error) {
	return a.invite(ctx, actor, id, role, &email)
}

// mailable tidies the address to which the actor has an invitation sent; nil is none.
func (a *App) mailable(actor winddown.Actor, to *string) (string, error) {
	if to == nil {
		return "", nil
	}
	email := strings.TrimSpace(*to)
	if key := winddown.EmailFault(email); a.mail && key != "" {
		return "", &winddown.Error{Kind: winddown.Invalid, Key: "error.invalid",
			Fields: []winddown.FieldError{{Field: "email", Key: key}}}
	}
	return email, a.mayMail(actor)
}

// mayMail returns nil when the actor may have invitations sent by mail, and Conflict where no
// letters are sent or his own address is not confirmed.
func (a *App) mayMail(actor winddown.Actor) error {
	switch {
	case !a.mail:
		return &winddown.Error{Kind: winddown.Conflict, Key: "people.error.no_mail"}
	case !actor.Confirmed:
		return &winddown.Error{Kind: winddown.Conflict, Key: "people.error.unconfirmed"}
	}
	return nil
}

func (a *App) invite(ctx context.Context, actor winddown.Actor, id winddown.ID, role winddown.Role, to *string) (token string, err error) {
	now := a.now()
	err = a.db.InTx(ctx, actor, now, func(tx *postgres.Tx) ([]winddown.Event, error) {
		view, _, open, err := tx.LockCasePeople(ctx, id)
		if err != nil {
			return nil, err
		}
		if err := view.Case.Allow(winddown.CanSee, view.Standing); err != nil {
			return nil, err
		}
		roles := view.Case.InviteRoles(view.Standing)
		switch {
		case len(roles) == 0:
			return nil, &winddown.Error{Kind: winddown.Forbidden, Key: "error.forbidden"}
		case !slices.Contains(roles, role):
			return nil, &winddown.Error{Kind: winddown.Invalid, Key: "error.invalid",
				Fields: []winddown.FieldError{{Field: "role", Key: "people.error.role_missing"}}}
		}
		if role == winddown.Accountant {
			if err := view.Case.FreeForAccountant(); err != nil {
				return nil, err
			}
		}
		email, err := a.mailable(actor, to)
		if err != nil {
			return nil, err
		}
		if len(open) >= postgres.MaxInvites {
			return nil, &winddown.Error{Kind: winddown.Conflict, Key: "invite.error.too_many"}
		}
		if role == winddown.Owner { // whoever has the link can have the case erased
			if err := actor.Proved(now); err != nil {
				return nil, err
			}
		}
		inviteID, err := newID()
		if err != nil {
			return nil, err
		}
		var hash []byte
		token, hash = newToken()
		tx.InsertInvite(winddown.Invite{ID: inviteID, CaseID: id, Role: role, CreatedBy: actor.UserID, Email: email,
			CreatedAt: now, ExpiresAt: now.Add(winddown.InviteTerm)}, hash)
		return []winddown.Event{{Stream: caseStream(id), Kind: winddown.PersonInvited, Role: role, Invite: inviteID,
			OnBehalf: view.Standing.OnBehalf()}}, nil
	})
	return token, err
}

// RevokeInvite takes an unused invitation back: NotFound or Forbidden.
func (a *App) RevokeInvite(ctx context.Context, actor winddown.Actor, id, invite winddown.ID) error {
	return a.db.InTx(ctx, actor, a.now(), func(tx *postgres.Tx) ([]winddown.Event, error) {
		view, _, open, err := tx.LockCasePeople(ctx, id)
		if err != nil {
			return nil, err
		}
		if err := view.Case.Allow(winddown.CanManage, view.Standing); err != nil {
			return nil, err
		}
		at := slices.IndexFunc(open, func(i winddown.Invite) bool { return i.ID == invite })
		if at < 0 {
			return nil, &winddown.Error{Kind: winddown.NotFound, Key: "error.not_found"}
		}
		return winddown.OnStream(caseStream(id), revoke(tx, open[at], view.Standing.OnBehalf())), nil
	})
}

// revoke takes back an open invitation to a locked case, and with one in the place of a lost owner the
// search for him: by taking it back the owner objects.
func revoke(tx *postgres.Tx, i winddown.Invite, onBehalf bool) []winddown.Event {
	tx.RevokeInvite(i)
	events := []winddown.Event{{Kind: winddown.InviteRevoked, Role: i.Role, Invite: i.ID, OnBehalf: onBehalf}}
	if i.Offer() == "rescue" {
		events = append(events, object(tx, i.CaseID, onBehalf))
	}
	return events
}

// RemovePerson takes a helper or the accountant out of a case: he no longer sees it from
// then on, and the invitations he made lead nowhere; with the accountant his firm goes.
// NotFound, Forbidden or Unproved.
func (a *App) RemovePerson(ctx context.Context, actor winddown.Actor, id, user winddown.ID) error {
	return a.db.InTx(ctx, actor, a.now(), func(tx *postgres.Tx) ([]winddown.Event, error) {
		view, people, _, err := tx.LockCasePeople(ctx, id)
		if err != nil {
			return nil, err
		}
		if err := view.Case.Allow(winddown.CanManage, view.Standing); err != nil {
			return nil, err
		}
		at := slices.IndexFunc(people, func(p Person) bool { return p.ID == user && p.Role != winddown.Owner })
		if at < 0 {
			return nil, &winddown.Error{Kind: winddown.NotFound, Key: "error.not_found"}
		}
		if err := actor.Proved(a.now()); err != nil {
			return nil, err
		}
		if people[at].Role == winddown.Accountant {
			return a.leaveFirm(ctx, tx, view)
		}
		return a.removeHelper(ctx, tx, view, user)
	})
}

// removeHelper takes a helper out of a locked case.
func (a *App) removeHelper(ctx context.Context, tx *postgres.Tx, view CaseView, user winddown.ID) ([]winddown.Event, error) {
	c := view.Case
	cal, err := a.calendarIn(ctx, tx)
	if err != nil {
		return nil, err
	}
	tx.RemoveHelper(c.ID, user)
	tx.RevokeInvitesBy(c.ID, user)
	events := append([]winddown.Event{{Kind: winddown.PersonRemoved, Role: winddown.Helper, User: user, OnBehalf: view.Standing.OnBehalf()}},
		c.GoesOn(winddown.Stamp{OnBehalf: view.Standing.OnBehalf()})...)
	tx.SaveCase(c, winddown.Summarize(c, cal), nil, c.Dues(cal))
	return winddown.OnStream(caseStream(c.ID), events), nil
}

// SetActing gives or takes the accountant's leave to mark steps for the seller: NotFound
// or Forbidden.
func (a *App) SetActing(ctx context.Context, actor winddown.Actor, id winddown.ID, acting bool) error {
	return a.change(ctx, actor, id, winddown.CanLetAct, func(c *winddown.Case, s winddown.Stamp) ([]winddown.Event, error) {
		return c.SetActing(acting, s)
	})
}

// InviteView returns an invitation as its holder sees it: NotFound for an unknown token,
// Gone, with what it was, for one that was used, revoked or has expired.
func (a *App) InviteView(ctx context.Context, actor winddown.Actor, token string) (InviteView, error) {
	v, err := a.db.Invite(ctx, actor, tokenHash(token))
	if err != nil {
		return InviteView{}, err
	}
	return v, v.Invite.Usable(a.now())
}

// errUnconfirmed is the Conflict for somebody who has to confirm his address first. An address
// that no letter has reached grants nothing but one's own cases.
var errUnconfirmed = &winddown.Error{Kind: winddown.Conflict, Key: "invite.error.unconfirmed"}

// unconfirmed reports whether somebody's address is still to be confirmed; where no letters are
// sent nobody could.
func (a *App) unconfirmed(u winddown.User) bool { return a.mail && !u.Confirmed }

func userOf(actor winddown.Actor) winddown.User {
	return winddown.User{ID: actor.UserID, Email: actor.Email, Confirmed: actor.Confirmed}
}

// MustConfirm reports whether the actor has to confirm his address before he accepts an
// invitation to a case. The owner of one without need not: the case becomes his own. Nor whoever
// holds a letter to his address.
func (a *App) MustConfirm(actor winddown.Actor, v InviteView) bool {
	return (v.Invite.Role != winddown.Owner || !v.Invite.Replaces.IsZero()) && a.mustConfirm(actor, v.InviteLink, v.Invite.Email)
}

// MustConfirmToJoin is MustConfirm of an invitation to a firm.
func (a *App) MustConfirmToJoin(actor winddown.Actor, v FirmInviteView) bool {
	return a.mustConfirm(actor, v.InviteLink, v.Invite.Email)
}

func (a *App) mustConfirm(actor winddown.Actor, l postgres.InviteLink, invited string) bool {
	u := userOf(actor)
	return actor.SignedIn() && a.unconfirmed(u) && !l.Reaches(u, invited)
}

// Accept uses an invitation: the actor joins its case. NotFound, Gone, or Conflict for
// somebody who is in the case already, when the place is taken, or who has to confirm his
// address first.
func (a *App) Accept(ctx context.Context, actor winddown.Actor, token string) (id winddown.ID, role winddown.Role, err error) {
	err = a.db.InTx(ctx, actor, a.now(), func(tx *postgres.Tx) ([]winddown.Event, error) {
		var events []winddown.Event
		id, role, events, err = a.accept(ctx, tx, token, actor.UserID)
		return events, err
	})
	return id, role, err
}

// InvitedMaySignUp reports whether an invitation lets its holder open an account.
func (a *App) InvitedMaySignUp() bool { return a.signup != SignupClosed }

// SignUpInvited opens an account for an invited person, signs him in and uses the
// invitation, all or nothing. Somebody who has to confirm his address first gets his account
// alone, the zero id, and a letter that leads back to the invitation. Errors as for SignUp and
// Accept; a closed door opens to an invited person unless signing up is closed altogether.
func (a *App) SignUpInvited(ctx context.Context, token string, in winddown.Registration, from Browser) (session string, id winddown.ID, role winddown.Role, err error) {
	if a.signup == SignupClosed {
		return "", id, "", errSignupClosed()
	}
	v, err := a.InviteView(ctx, winddown.Actor{}, token)
	if err != nil {
		return "", id, "", err
	}
	session, err = a.signUpWith(ctx, in, from, v.Invite.ID, func(tx *postgres.Tx, user winddown.ID) (joined []winddown.Event, err error) {
		id, role, joined, err = a.accept(ctx, tx, token, user)
		return joined, err
	})
	return session, id, role, err
}

// signUpWith opens an account, signs its person in and lets him join what he is invited to,
// unless he has to confirm his address first, all in one transaction. It returns the session's
// token.
func (a *App) signUpWith(ctx context.Context, in winddown.Registration, from Browser, invite winddown.ID,
	join func(*postgres.Tx, winddown.ID) ([]winddown.Event, error)) (session string, err error) {
	u, hash, err := a.newUser(ctx, in)
	if err != nil {
		return "", err
	}
	err = a.db.InTx(ctx, winddown.Actor{UserID: u.ID, Via: winddown.ViaPages}, a.now(), func(tx *postgres.Tx) ([]winddown.Event, error) {
		tx.InsertUser(u, hash)
		var begun []winddown.Event
		session, begun, err = a.begin(ctx, tx, u.ID, from)
		if err != nil {
			return nil, err
		}
		registered := winddown.Event{Stream: userStream(u.ID), Kind: winddown.UserRegistered, After: winddown.Changes{"consent": u.Consent}}
		joined, err := join(tx, u.ID)
		if errors.Is(err, errUnconfirmed) {
			registered.Invite, err = invite, nil
		}
		return slices.Concat([]winddown.Event{registered}, begun, joined), err
	})
	return session, err
}

func (a *App) accept(ctx context.Context, tx *postgres.Tx, token string, user winddown.ID) (winddown.ID, winddown.Role, []winddown.Event, error) {
	fail := func(err error) (winddown.ID, winddown.Role, []winddown.Event, error) {
		return winddown.ID{}, "", nil, err
	}
	locked, err := tx.LockInvite(ctx, tokenHash(token), user)
	if err != nil {
		return fail(err)
	}
	invite, c := locked.Invite, locked.Case.Case
	if err := invite.Usable(a.now()); err != nil {
		return fail(err)
	}
	takes := !invite.Replaces.IsZero()
	if err := c.Accepts(invite, locked.Owner, user, locked.Case.Standing); err != nil {
		return fail(err)
	}
	guest := locked.Guest.User
	reaches := locked.Reaches(guest, invite.Email)
	if (invite.Role != winddown.Owner || takes) && a.unconfirmed(guest) && !reaches {
		return fail(errUnconfirmed)
	}
	var events []winddown.Event
	switch invite.Role {
	case winddown.Accountant:
		if events, err = entrust(tx, c, locked.Guest); err != nil {
			return fail(err)
		}
	case winddown.Helper:
		tx.AddPerson(c.ID, user, winddown.Helper)
	case winddown.Owner:
		if takes {
			events = append(events, takeOver(tx, locked))
			break
		}
		// The invitations of the accountant end with the owner's arrival. The leave the case
		// began with stays until the owner takes it away.
		tx.AddPerson(c.ID, user, winddown.Owner)
		tx.RevokeInvites(c.ID, invite.ID)
		tx.RevokeShares(c.ID)
		c.HasOwner = true
	case winddown.Lead, winddown.Admin:
		return fail(&winddown.Error{Kind: winddown.NotFound, Key: "error.not_found"})
	}
	cal, err := a.calendarIn(ctx, tx)
	if err != nil {
		return fail(err)
	}
	tx.UseInvite(invite, user)
	events = append(events, winddown.OnStream(caseStream(c.ID), c.GoesOn(winddown.Stamp{}))...)
	tx.SaveCase(c, winddown.Summarize(c, cal), nil, c.Dues(cal))
	if !takes {
		events = append(events, winddown.Event{Stream: caseStream(c.ID), Kind: winddown.PersonJoined, Role: invite.Role,
			User: user, Invite: invite.ID})
	}
	if reaches && !guest.Confirmed { // the letter has shown it
		events = append(events, confirmed(tx, guest)...)
	}
	return c.ID, invite.Role, events, nil
}
