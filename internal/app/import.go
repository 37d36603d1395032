package app

import (
	"context"
	"sync/atomic"

	"winddown/internal/postgres"
	"winddown/internal/winddown"
)

// StoredImport is a table of sellers between its preview and its load, and after it.
type StoredImport = postgres.StoredImport

// ImportPreview is what a stored table would do, or did. Plan is empty once it is loaded, and
// while Wrong says why the table cannot be read as it is laid out.
type ImportPreview struct {
	Import StoredImport
	Firm   *winddown.Firm // nil for somebody without one
	Plan   []winddown.ImportLine
	Digest string // of the plan
	Wrong  error
}

// KeepImport stores the rows of a table in place of the one the actor has not loaded, laid out
// as he chose for his last one if it has the same heading, and returns the id under which it can
// be looked at. Nothing else is written.
func (a *App) KeepImport(ctx context.Context, actor winddown.Actor, name string, rows [][]string) (winddown.ID, error) {
	id, err := newID()
	if err != nil {
		return winddown.ID{}, err
	}
	now := a.now()
	stored := StoredImport{ID: id, Name: name, Rows: rows, Layout: winddown.FindLayout(rows), ExpiresAt: now.Add(winddown.ImportTerm)}
	return id, a.db.InTx(ctx, actor, now, func(tx *postgres.Tx) ([]winddown.Event, error) {
		before, ok, err := tx.LastLayout(ctx)
		if err != nil {
			return nil, err
		}
		if layout, same := before.For(rows); ok && same {
			stored.Layout = layout
		}
		return nil, tx.KeepImport(stored, winddown.ImportINNs(rows, stored.Layout))
	})
}

// Import returns what a stored table of the actor would do, or did, or NotFound, which names the
// table he brought last. Reason is what the trail will say of acts that were requested before.
func (a *App) Import(ctx context.Context, actor winddown.Actor, id winddown.ID, reason string) (ImportPreview, error) {
	now := a.now()
	read, err := a.db.Import(ctx, actor, id, now)
	if err != nil {
		return ImportPreview{}, err
	}
	v := ImportPreview{Import: read.Import, Firm: read.Firm}
	if !read.Import.LoadedAt.IsZero() {
		return v, nil
	}
	v.Plan, err = planImport(actor, read, actor.Stamp(now, winddown.Standing{}), reason)
	if winddown.KindOf(err) == winddown.Invalid {
		v.Wrong, err = err, nil
	}
	v.Digest = winddown.ImportDigest(v.Plan)
	return v, err
}

// planImport reads the rows of a stored table and says what each would do; Invalid for a table
// that cannot be read as it is laid out.
func planImport(actor winddown.Actor, read postgres.ImportRead, s winddown.Stamp, reason string) ([]winddown.ImportLine, error) {
	rows, err := winddown.ReadImport(read.Import.Rows, read.Import.Layout)
	if err != nil {
		return nil, err
	}
	in := winddown.Import{Layout: read.Import.Layout, Firm: read.Firm, Existing: read.Cases, Stamp: s, Reason: reason}
	if read.Firm != nil {
		me, err := read.Firm.Member(actor.UserID)
		if err != nil {
			return nil, err
		}
		in.Role = me.Role
	}
	return in.Plan(rows, newID)
}

// MapImport says where a stored table has what: NotFound, or Conflict once it is loaded.
func (a *App) MapImport(ctx context.Context, actor winddown.Actor, id winddown.ID, l winddown.ImportLayout) error {
	return a.db.InTx(ctx, actor, a.now(), func(tx *postgres.Tx) ([]winddown.Event, error) {
		read, _, err := tx.LockImport(ctx, id)
		if err != nil {
			return nil, err
		}
		if !read.Import.LoadedAt.IsZero() {
			return nil, &winddown.Error{Kind: winddown.Conflict, Key: "import.error.loaded"}
		}
		read.Import.Layout = l.ByHand(read.Import.Rows)
		tx.MapImport(read.Import, winddown.ImportINNs(read.Import.Rows, l))
		return nil, nil
	})
}

// LoadImport does what the preview with this digest said, all or nothing: NotFound, Invalid
// for a table that cannot be read, Conflict when things have changed since the preview. Faulty
// rows are left out. A table that is loaded already stays as it is.
func (a *App) LoadImport(ctx context.Context, actor winddown.Actor, id winddown.ID, digest, reason string) error {
	now := a.now()
	return a.db.InTx(ctx, actor, now, func(tx *postgres.Tx) ([]winddown.Event, error) {
		read, me, err := tx.LockImport(ctx, id)
		if err != nil || !read.Import.LoadedAt.IsZero() {
			return nil, err
		}
		plan, err := planImport(actor, read, actor.Stamp(now, winddown.Standing{}), reason)
		if err != nil {
			return nil, err
		}
		if winddown.ImportDigest(plan) != digest || me.FirmID != (winddown.ID{}) {
			return nil, &winddown.Error{Kind: winddown.Conflict, Key: "import.error.changed"}
		}
		cal, err := a.calendarIn(ctx, tx)
		if err != nil {
			return nil, err
		}
		firm, events := actor.FirmID, []winddown.Event(nil)
		if firm.IsZero() && winddown.CountImport(plan)[winddown.ImportNew] > 0 {
			if firm, events, err = firmOf(tx, me); err != nil {
				return nil, err
			}
		}
		done, err := writeImport(ctx, tx, plan, firm, cal)
		if err != nil {
			return nil, err
		}
		read.Import.Counts = winddown.CountImport(plan)
		for _, l := range plan {
			if l.Outcome == winddown.ImportNew {
				read.Import.Added = append(read.Import.Added, AddedSeller{Case: l.Case.ID, Name: l.Case.Seller.Name, INN: l.Case.Seller.INN, Email: l.Draft.Email})
			}
		}
		tx.EndImport(read.Import, firm)
		return append(events, done...), nil
	})
}

// writeImport writes what a plan does: who is responsible first, because it ends invitations of
// whoever was.
func writeImport(ctx context.Context, tx *postgres.Tx, plan []winddown.ImportLine, firm winddown.ID, cal winddown.Calendar) ([]winddown.Event, error) {
	var events []winddown.Event
	var fresh []postgres.CaseAndSummary
	var changed []*winddown.Case
	assign := map[winddown.ID][]winddown.Picked{}
	for _, l := range plan {
		switch l.Outcome {
		case winddown.ImportNew:
			l.Case.FirmID = firm
			fresh = append(fresh, postgres.CaseAndSummary{Case: l.Case, Summary: winddown.Summarize(l.Case, cal), Dues: l.Case.Dues(cal)})
		case winddown.ImportChanged:
			changed = append(changed, l.Case)
			if l.Assign {
				assign[l.Case.ResponsibleID] = append(assign[l.Case.ResponsibleID], winddown.Picked{ID: l.Case.ID, Seller: l.Case.Seller.Name})
			}
		case winddown.ImportUnchanged, winddown.ImportFaulty:
			continue
		}
		events = append(events, winddown.OnStream(caseStream(l.Case.ID), append(l.Events, l.Case.GoesOn(winddown.Stamp{})...))...)
	}
	for user, cases := range assign {
		tx.Assign(cases, user)
	}
	for _, c := range changed {
		tx.SaveCase(c, winddown.Summarize(c, cal), nil, c.Dues(cal))
	}
	return events, tx.InsertCases(ctx, fresh)
}

// ImportedInvite is a fresh invitation of the owner of a seller that an import added. The token
// is stored nowhere.
type ImportedInvite struct {
	Seller AddedSeller
	Token  string
	Until  winddown.Date // in the actor's zone
}

// InviteImported makes a one-time link for the owner of every seller that a loaded table added
// and whom the actor may invite; addressed leaves out those without an address. It returns
// them in the order of the table: NotFound, or Conflict when there is nobody to invite.
func (a *App) InviteImported(ctx context.Context, actor winddown.Actor, id winddown.ID, addressed bool) ([]ImportedInvite, error) {
	return a.inviteOwners(ctx, actor, id, false, func(in StoredImport) ([]AddedSeller, error) {
		var all []AddedSeller
		for _, s := range in.Added {
			if s.Invitable && (s.Email != "" || !addressed) {
				all = append(all, s)
			}
		}
		if len(all) == 0 {
			return nil, &winddown.Error{Kind: winddown.Conflict, Key: "import.error.nobody_to_invite"}
		}
		return all, nil
	})
}

// AddedSeller is a case that an import opened.
type AddedSeller = postgres.AddedSeller

// How many invitations one person has mailed within a day, and how many of them to one address:
// nobody fills mailboxes, or stands before everybody else's letters.
const (
	MaxInviteLetters = postgres.MaxInviteLetters
	MaxLettersToOne  = 5
)

// ImportLetters are the sellers of a loaded table whose owners can be invited by mail now, in
// the order of the table: those who have an address, no owner, and no such letter already.
func ImportLetters(in StoredImport) []AddedSeller {
	sent := map[string]int{}
	for _, email := range in.Invited {
		sent[winddown.EmailKey(email)]++
	}
	var to []AddedSeller
	for _, s := range in.Added {
		key := winddown.EmailKey(s.Email)
		if key == "" || s.Mailed || !s.Invitable || sent[key] >= MaxLettersToOne {
			continue
		}
		if len(in.Invited)+len(to) >= MaxInviteLetters {
			break
		}
		sent[key]++
		to = append(to, s)
	}
	return to
}

// MailImported has the owners of ImportLetters invited by mail; shown is how many letters the
// actor was told of. Nothing is sent twice: once no letters are left it does nothing. NotFound,
// or Conflict when their number is another, where no letters are sent, and for an actor whose
// own address is not confirmed.
func (a *App) MailImported(ctx context.Context, actor winddown.Actor, id winddown.ID, shown int) error {
	_, err := a.inviteOwners(ctx, actor, id, true, func(in StoredImport) ([]AddedSeller, error) {
		if err := a.mayMail(actor); err != nil {
			return nil, err
		}
		if len(in.Invited) >= MaxInviteLetters {
			return nil, &winddown.Error{Kind: winddown.Conflict, Key: "import.error.letters_daily", Args: winddown.Args{"N": MaxInviteLetters}}
		}
		to := ImportLetters(in)
		if len(to) > 0 && len(to) != shown {
			return nil, &winddown.Error{Kind: winddown.Conflict, Key: "import.error.letters_changed"}
		}
		return to, nil
	})
	return err
}

// inviteOwners makes an invitation of the owner for each of the added sellers that choose
// returns, by mail or not. Unproved.
func (a *App) inviteOwners(ctx context.Context, actor winddown.Actor, id winddown.ID, mailed bool,
	choose func(StoredImport) ([]AddedSeller, error)) (made []ImportedInvite, err error) {
	now := a.now()
	if err := actor.Proved(now); err != nil {
		return nil, err
	}
	until := winddown.Today(now.Add(winddown.InviteTerm), actor.Zone)
	err = a.db.InTx(ctx, actor, now, func(tx *postgres.Tx) ([]winddown.Event, error) {
		stored, err := tx.LockAdded(ctx, id)
		if err != nil {
			return nil, err
		}
		chosen, err := choose(stored)
		if err != nil {
			return nil, err
		}
		var events []winddown.Event
		var invites []winddown.Invite
		var hashes [][]byte
		for _, s := range chosen {
			invite := winddown.Invite{CaseID: s.Case, Role: winddown.Owner}
			if mailed {
				invite.Email = s.Email
			}
			if invite.ID, err = newID(); err != nil {
				return nil, err
			}
			token, hash := newToken()
			invites, hashes = append(invites, invite), append(hashes, hash)
			made = append(made, ImportedInvite{Seller: s, Token: token, Until: until})
			events = append(events, winddown.Event{Stream: caseStream(s.Case), Kind: winddown.PersonInvited, Role: winddown.Owner, Invite: invite.ID, OnBehalf: true})
		}
		tx.InsertOwnerInvites(invites, hashes)
		return events, nil
	})
	if err != nil {
		return nil, err
	}
	return made, nil
}

// SweepImports removes tables whose term is over and returns how many that were.
func (a *App) SweepImports(ctx context.Context) (int, error) {
	var removed atomic.Int64
	err := a.db.InTx(ctx, winddown.Actor{}, a.now(), func(tx *postgres.Tx) ([]winddown.Event, error) {
		tx.SweepImports(&removed)
		return nil, nil
	})
	return int(removed.Load()), err
}
