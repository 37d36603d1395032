package app

import (
	"context"
	"slices"

	"winddown/internal/postgres"
	"winddown/internal/winddown"
)

// FirmView is a firm as one of its people sees it.
type FirmView = postgres.FirmRead

// FirmInviteView is an invitation to a firm as its holder sees it.
type FirmInviteView = postgres.InviteToFirm

// Membership is a firm a person belongs to.
type Membership = postgres.Membership

// TrailOnFirm is how many lines of a firm's trail its page shows.
const TrailOnFirm = 10

func firmStream(id winddown.ID) winddown.Stream {
	return winddown.Stream{Kind: winddown.FirmStream, ID: id}
}

func errNotFound() error { return &winddown.Error{Kind: winddown.NotFound, Key: "error.not_found"} }

// Firm returns the firm the actor works in now, or NotFound for somebody without one.
func (a *App) Firm(ctx context.Context, actor winddown.Actor) (FirmView, error) {
	return a.db.Firm(ctx, actor, a.now(), postgres.TrailQuery{Limit: TrailOnFirm})
}

// FirmHistory is Firm with a page of its trail, newest first, before the event with the given
// number (0 for the newest).
func (a *App) FirmHistory(ctx context.Context, actor winddown.Actor, before int64) (FirmView, error) {
	return a.db.Firm(ctx, actor, a.now(), postgres.TrailQuery{Before: before, Limit: TrailOnPage})
}

// Memberships returns the firms the actor belongs to.
func (a *App) Memberships(ctx context.Context, actor winddown.Actor) ([]Membership, error) {
	return a.db.Memberships(ctx, actor)
}

// FoundFirm founds a firm of one, whose admin is the actor: Invalid on the field name, or
// Conflict for somebody who belongs to a firm already or has to confirm his address first.
func (a *App) FoundFirm(ctx context.Context, actor winddown.Actor, name string) error {
	name, err := winddown.CheckFirmName(name)
	if err != nil {
		return err
	}
	id, err := newID()
	if err != nil {
		return err
	}
	return a.db.InTx(ctx, actor, a.now(), func(tx *postgres.Tx) ([]winddown.Event, error) {
		me, err := tx.LockUser(ctx, actor.UserID)
		if err != nil {
			return nil, err
		}
		if !me.FirmID.IsZero() {
			return nil, &winddown.Error{Kind: winddown.Conflict, Key: "firm.error.has_firm"}
		}
		if a.unconfirmed(me.User) {
			return nil, errUnconfirmed
		}
		tx.InsertFirm(id, name, actor.UserID)
		return []winddown.Event{{Stream: firmStream(id), Kind: winddown.FirmFounded, User: actor.UserID, Role: winddown.Admin,
			After: winddown.Changes{"firm_name": name}}}, nil
	})
}

// ChooseFirm makes one of the actor's firms the one he works in from now on; NotFound for a
// firm he does not belong to.
func (a *App) ChooseFirm(ctx context.Context, actor winddown.Actor, firm winddown.ID) error {
	return a.db.InTx(ctx, actor, a.now(), func(tx *postgres.Tx) ([]winddown.Event, error) {
		belongs, err := tx.LockMembership(ctx, firm)
		if err != nil {
			return nil, err
		}
		if !belongs {
			return nil, errNotFound()
		}
		if firm == actor.FirmID {
			return nil, nil
		}
		tx.ChooseFirm(actor.UserID, firm)
		return []winddown.Event{{Stream: userStream(actor.UserID), Kind: winddown.SettingsChanged,
			Before: winddown.Changes{"firm": actor.FirmID.String()}, After: winddown.Changes{"firm": firm.String()}}}, nil
	})
}

// changeFirm runs a rule on the firm the actor works in, if he may run it, and writes what
// came of it. A rule without events writes nothing.
func (a *App) changeFirm(ctx context.Context, actor winddown.Actor,
	rule func(*postgres.Tx, *winddown.Firm, []winddown.FirmInvite) ([]winddown.Event, error)) error {
	return a.db.InTx(ctx, actor, a.now(), func(tx *postgres.Tx) ([]winddown.Event, error) {
		f, open, err := tx.LockFirm(ctx)
		if err == nil {
			err = f.Allow(winddown.CanRunFirm, actor.UserID)
		}
		if err != nil {
			return nil, err
		}
		events, err := rule(tx, f, open)
		return winddown.OnStream(firmStream(f.ID), events), err
	})
}

// RenameFirm gives the firm another name: NotFound, Forbidden or Invalid.
func (a *App) RenameFirm(ctx context.Context, actor winddown.Actor, name string) error {
	return a.changeFirm(ctx, actor, func(tx *postgres.Tx, f *winddown.Firm, _ []winddown.FirmInvite) ([]winddown.Event, error) {
		events, err := f.Rename(name)
		if len(events) > 0 {
			tx.RenameFirm(f)
		}
		return events, err
	})
}

// InviteToFirm makes a one-time link to the firm and returns its token, which is stored
// nowhere: NotFound, Forbidden, Invalid for an unknown role, or Conflict when there are too
// many open invitations, and for somebody who has to confirm his address first.
func (a *App) InviteToFirm(ctx context.Context, actor winddown.Actor, role winddown.Role) (token string, err error) {
	return a.inviteToFirm(ctx, actor, role, nil)
}

// InviteToFirmByMail is to InviteToFirm what InviteByMail is to Invite.
func (a *App) InviteToFirmByMail(ctx context.Context, actor winddown.Actor, role winddown.Role, email string) (token string, err error) {
	return a.inviteToFirm(ctx, actor, role, &email)
}

func (a *App) inviteToFirm(ctx context.Context, actor winddown.Actor, role winddown.Role, to *string) (token string, err error) {
	now := a.now()
	err = a.changeFirm(ctx, actor, func(tx *postgres.Tx, f *winddown.Firm, open []winddown.FirmInvite) ([]winddown.Event, error) {
		if err := winddown.CheckFirmRole(role); err != nil {
			return nil, err
		}
		if a.unconfirmed(userOf(actor)) {
			return nil, errUnconfirmed
		}
		email, err := a.mailable(actor, to)
		if err != nil {
			return nil, err
		}
		if len(open) >= postgres.MaxFirmInvites {
			return nil, &winddown.Error{Kind: winddown.Conflict, Key: "invite.error.too_many"}
		}
		id, err := newID()
		if err != nil {
			return nil, err
		}
		var hash []byte
		token, hash = newToken()
		tx.InsertFirmInvite(winddown.FirmInvite{ID: id, FirmID: f.ID, Role: role, CreatedBy: actor.UserID, Email: email,
			CreatedAt: now, ExpiresAt: now.Add(winddown.InviteTerm)}, hash)
		return []winddown.Event{{Kind: winddown.FirmInvited, Role: role, Invite: id}}, nil
	})
	return token, err
}

// RevokeFirmInvite takes an unused invitation to the firm back: NotFound or Forbidden.
func (a *App) RevokeFirmInvite(ctx context.Context, actor winddown.Actor, invite winddown.ID) error {
	return a.changeFirm(ctx, actor, func(tx *postgres.Tx, _ *winddown.Firm, open []winddown.FirmInvite) ([]winddown.Event, error) {
		at := slices.IndexFunc(open, func(i winddown.FirmInvite) bool { return i.ID == invite })
		if at < 0 {
			return nil, errNotFound()
		}
		tx.RevokeFirmInvite(open[at])
		return []winddown.Event{{Kind: winddown.FirmInviteRevoked, Role: open[at].Role, Invite: invite}}, nil
	})
}

// SetFirmRole gives a person of the firm another role: NotFound, Forbidden, Invalid, or
// Conflict for the last admin. The unused invitations of somebody who is admin no more lead
// nowhere.
func (a *App) SetFirmRole(ctx context.Context, actor winddown.Actor, user winddown.ID, role winddown.Role) error {
	return a.changeFirm(ctx, actor, func(tx *postgres.Tx, f *winddown.Firm, _ []winddown.FirmInvite) ([]winddown.Event, error) {
		events, err := f.SetRole(user, role)
		if err != nil || len(events) == 0 {
			return nil, err
		}
		tx.SaveFirmRole(f.ID, user, role)
		if !winddown.MayInFirm(winddown.CanRunFirm, role) {
			tx.RevokeFirmInvitesBy(f.ID, user)
		}
		return events, nil
	})
}

// RemoveFirmPerson takes a person out of the firm: NotFound, Forbidden, or Conflict for the
// last admin. His login sessions end at once; the cases he was responsible for stay with the
// firm, without anybody responsible, and the unused invitations he made lead nowhere. It
// returns the number of these cases.
func (a *App) RemoveFirmPerson(ctx context.Context, actor winddown.Actor, user winddown.ID) (cases int, err error) {
	return a.removeFirmPerson(ctx, actor, user, winddown.CanRunFirm)
}

func (a *App) removeFirmPerson(ctx context.Context, actor winddown.Actor, user winddown.ID, action winddown.FirmAction) (cases int, err error) {
	err = a.db.InTx(ctx, actor, a.now(), func(tx *postgres.Tx) ([]winddown.Event, error) {
		var events []winddown.Event
		events, cases, err = takeOutOfFirm(ctx, tx, actor.UserID, user, action)
		return events, err
	})
	return cases, err
}

// takeOutOfFirm takes a person out of the firm the transaction works in, for somebody who may do action
// there, and returns for how many cases nobody is responsible any more.
func takeOutOfFirm(ctx context.Context, tx *postgres.Tx, by, user winddown.ID, action winddown.FirmAction) (events []winddown.Event, cases int, err error) {
	f, his, err := tx.LockFirmPerson(ctx, user)
	if err == nil {
		err = f.Allow(action, by)
	}
	if err != nil {
		return nil, 0, err
	}
	removed, err := f.Remove(user)
	if err != nil {
		return nil, 0, err
	}
	changed, cleared, err := f.Assign(his, winddown.ID{})
	if err != nil {
		return nil, 0, err
	}
	tx.Assign(changed, winddown.ID{})
	tx.RevokeFirmInvitesBy(f.ID, user)
	tx.RemoveFirmPerson(f.ID, user)
	tx.EndSessions(user, winddown.ID{})
	return append(winddown.OnStream(firmStream(f.ID), removed), cleared...), len(changed), nil
}

// Assign makes a person of the firm responsible for cases of it, or nobody: NotFound when one
// of the cases or the person is not of the firm the actor works in, Forbidden, or Invalid with
// the field at fault when nothing is chosen. One case out of reach leaves all as they are. It
// returns how many changed.
func (a *App) Assign(ctx context.Context, actor winddown.Actor, cases []winddown.ID, to winddown.Responsible) (changed int, err error) {
	if err := checkAssignment(actor, cases, to); err != nil {
		return 0, err
	}
	err = a.db.InTx(ctx, actor, a.now(), func(tx *postgres.Tx) ([]winddown.Event, error) {
		f, found, err := tx.LockFirmCases(ctx, cases)
		if err == nil {
			found, err = mayPick(f, actor, winddown.CanAssign, cases, found)
		}
		if err != nil {
			return nil, err
		}
		move, events, err := f.Assign(found, to.ID)
		if err != nil {
			return nil, err
		}
		changed = len(move)
		tx.Assign(move, to.ID)
		return events, nil
	})
	return changed, err
}

// checkAssignment returns Forbidden for somebody who may not assign at all, and Invalid when
// no case or nobody is chosen.
func checkAssignment(actor winddown.Actor, cases []winddown.ID, to winddown.Responsible) error {
	fields, err := checkPicked(actor, winddown.CanAssign, cases)
	if err != nil {
		return err
	}
	if to.ID.IsZero() && !to.None {
		fields = append(fields, winddown.FieldError{Field: "to", Key: "register.error.nobody_chosen"})
	}
	return invalidWith(fields)
}

// LeaveFirm takes a case out of the firm that keeps its books: nobody of it sees the case
// from then on. NotFound, Forbidden, or Conflict when no firm does.
func (a *App) LeaveFirm(ctx context.Context, actor winddown.Actor, id winddown.ID) error {
	return a.db.InTx(ctx, actor, a.now(), func(tx *postgres.Tx) ([]winddown.Event, error) {
		view, err := tx.LockCase(ctx, id)
		if err == nil {
			err = view.Case.Allow(winddown.CanManage, view.Standing)
		}
		if err != nil {
			return nil, err
		}
		return a.leaveFirm(ctx, tx, view)
	})
}

// leaveFirm takes a locked case out of its firm.
func (a *App) leaveFirm(ctx context.Context, tx *postgres.Tx, view CaseView) ([]winddown.Event, error) {
	c := view.Case
	accountant := c.ResponsibleID
	events, err := c.LeaveFirm(winddown.Stamp{OnBehalf: view.Standing.OnBehalf()})
	if err != nil {
		return nil, err
	}
	cal, err := a.calendarIn(ctx, tx)
	if err != nil {
		return nil, err
	}
	tx.RevokeInvitesBy(c.ID, accountant)
	tx.RevokeSharesBy(c.ID, accountant)
	events = append(events, c.GoesOn(winddown.Stamp{OnBehalf: view.Standing.OnBehalf()})...)
	tx.SaveCase(c, winddown.Summarize(c, cal), nil, c.Dues(cal))
	return winddown.OnStream(caseStream(c.ID), events), nil
}

// FirmInviteView returns an invitation to a firm as its holder sees it: NotFound for an
// unknown token, Gone, with what it was, for one that was used, revoked or has expired.
func (a *App) FirmInviteView(ctx context.Context, actor winddown.Actor, token string) (FirmInviteView, error) {
	v, err := a.db.FirmInvite(ctx, actor, tokenHash(token))
	if err != nil {
		return FirmInviteView{}, err
	}
	return v, v.Invite.Usable(a.now())
}

// JoinFirm uses an invitation: the actor belongs to the firm and works in it from now on.
// NotFound, Gone, or Conflict for somebody who belongs to it already or has to confirm his
// address first.
func (a *App) JoinFirm(ctx context.Context, actor winddown.Actor, token string) error {
	return a.db.InTx(ctx, actor, a.now(), func(tx *postgres.Tx) ([]winddown.Event, error) {
		return a.joinFirm(ctx, tx, token, actor.UserID)
	})
}

// SignUpToFirm opens an account for an invited person, signs him in and uses the invitation,
// all or nothing; not joined is somebody who has to confirm his address first. See
// SignUpInvited.
func (a *App) SignUpToFirm(ctx context.Context, token string, in winddown.Registration, from Browser) (session string, joined bool, err error) {
	if a.signup == SignupClosed {
		return "", false, errSignupClosed()
	}
	v, err := a.FirmInviteView(ctx, winddown.Actor{}, token)
	if err != nil {
		return "", false, err
	}
	session, err = a.signUpWith(ctx, in, from, v.Invite.ID, func(tx *postgres.Tx, user winddown.ID) ([]winddown.Event, error) {
		events, err := a.joinFirm(ctx, tx, token, user)
		joined = err == nil
		return events, err
	})
	return session, joined, err
}

func (a *App) joinFirm(ctx context.Context, tx *postgres.Tx, token string, user winddown.ID) ([]winddown.Event, error) {
	locked, err := tx.LockFirmInvite(ctx, tokenHash(token), user)
	invite, f := locked.Invite, locked.Firm
	if err == nil {
		err = invite.Usable(a.now())
	}
	if err != nil {
		return nil, err
	}
	events, err := f.Join(user, invite.Role, winddown.Stamp{At: a.now()})
	if err != nil {
		return nil, err
	}
	guest := locked.Guest.User
	reaches := locked.Reaches(guest, invite.Email)
	if a.unconfirmed(guest) && !reaches {
		return nil, errUnconfirmed
	}
	events[0].Invite = invite.ID
	tx.UseFirmInvite(invite, user)
	tx.AddFirmPerson(f.ID, user, invite.Role)
	tx.ChooseFirm(user, f.ID)
	events = winddown.OnStream(firmStream(f.ID), events)
	if reaches && !guest.Confirmed { // the letter has shown it
		events = append(events, confirmed(tx, guest)...)
	}
	return events, nil
}
