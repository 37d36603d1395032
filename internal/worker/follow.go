package worker

import (
	"context"
	"slices"
	"time"

	"github.com/riverqueue/river"

	"winddown/internal/postgres"
	"winddown/internal/winddown"
)

// reader is the name of our place in the events.
const reader = "mail"

// followAtOnce bounds the events of one transaction.
const followAtOnce = 500

// stale is the age from which on an event is not written about any more: mail was off, or
// everything stood still.
const stale = 24 * time.Hour

// follow reads the events that are new and inserts the jobs they ask for.
func (w *Workers) follow(ctx context.Context) error {
	for {
		n, err := w.DB.Follow(ctx, reader, followAtOnce, func(tx postgres.JobTx, events []postgres.Followed) error {
			jobs, err := w.jobsOf(ctx, events)
			if err != nil || len(jobs) == 0 {
				return err
			}
			_, err = w.client.InsertManyTx(ctx, tx, jobs)
			return err
		})
		if err != nil || n < followAtOnce {
			return err
		}
	}
}

// jobsOf returns the letters that events ask for.
func (w *Workers) jobsOf(ctx context.Context, events []postgres.Followed) ([]river.InsertManyParams, error) {
	var jobs []river.InsertManyParams
	add := func(args river.JobArgs) { jobs = append(jobs, river.InsertManyParams{Args: args}) }
	type reminder struct {
		id  winddown.ID
		seq int64
	}
	var reminders []reminder
	var invites, about []winddown.ID // about are cases whose people are told
	var told []securityArgs
	var handed []transferredArgs
	var handers []winddown.ID
	roles := map[winddown.ID]winddown.Role{}
	for _, f := range events {
		e := f.Event
		if w.App.Now().Sub(e.At) > stale {
			continue
		}
		switch e.Kind {
		case winddown.UserRegistered:
			if e.Via == winddown.ViaPages {
				add(confirmArgs{User: e.Stream.ID, Seq: f.Seq, Invite: e.Invite})
			}
		case winddown.ConfirmAsked:
			add(confirmArgs{User: e.Stream.ID, Seq: f.Seq, Invite: e.Invite})
		case winddown.PasswordForgotten:
			add(resetArgs{User: e.Stream.ID, Seq: f.Seq, At: e.At})
		case winddown.EmailChangeAsked:
			change, err := winddown.ParseID(e.After["change"])
			if err != nil {
				return nil, err
			}
			// The old address is told first: it is gone when the new one is confirmed.
			add(oldEmailArgs{User: e.Stream.ID, Change: change})
			add(newEmailArgs{User: e.Stream.ID, Change: change})
		case winddown.AccountDeleted:
			add(leavingArgs{User: e.Stream.ID, Seq: f.Seq})
		case winddown.AccountKept:
			if e.Via == winddown.ViaSystem { // whoever kept it himself knows
				add(stayingArgs{User: e.Stream.ID, Seq: f.Seq})
			}
		case winddown.AccountErased:
			add(farewellArgs{User: e.Stream.ID})
		case winddown.TwoFactorOn, winddown.TwoFactorMoved, winddown.TwoFactorOff, winddown.RecoveryUsed, winddown.RecoveryRenewed, winddown.PasswordChanged,
			winddown.PasskeyAdded, winddown.PasskeyRemoved, winddown.PasskeyCopied:
			add(securityArgs{User: e.Stream.ID, Seq: f.Seq, What: string(e.Kind), At: e.At})
		case winddown.UserLoggedIn:
			if e.After["browser"] != winddown.NewBrowser {
				break
			}
			session, err := winddown.ParseID(e.After["session"])
			if err != nil {
				return nil, err
			}
			add(securityArgs{User: e.Stream.ID, Seq: f.Seq, What: newBrowser, At: e.At, Session: session})
		case winddown.CaseTransferred:
			for _, user := range []winddown.ID{e.User, e.By} {
				handed = append(handed, transferredArgs{Case: e.Stream.ID, Seq: f.Seq, User: user, From: e.User, To: e.By, Lost: e.After["lost"] == "yes", At: e.At})
			}
			handers = append(handers, e.User, e.By)
		case winddown.RescueAsked, winddown.RescueStopped, winddown.RescueOffered, winddown.CaseExpired:
			about = append(about, e.Stream.ID)
			told = append(told, securityArgs{Case: e.Stream.ID, Seq: f.Seq, What: string(e.Kind), At: e.At})
			if e.Kind == winddown.RescueOffered {
				invites, roles[e.Invite] = append(invites, e.Invite), ""
			}
		case winddown.TransferOffered:
			handed = append(handed, transferredArgs{Case: e.Stream.ID, Seq: f.Seq, User: e.By, From: e.By, At: e.At})
			handers = append(handers, e.By)
			invites, roles[e.Invite] = append(invites, e.Invite), ""
		case winddown.PersonInvited, winddown.FirmInvited:
			invites, roles[e.Invite] = append(invites, e.Invite), e.Role
		case winddown.SellerReminded:
			reminders = append(reminders, reminder{e.Stream.ID, f.Seq})
		default:
		}
	}
	warned := map[warningArgs]bool{} // River refuses the same letter twice in one insert
	warn := func(key warningArgs, at time.Time, opts *river.InsertOpts) {
		key.On = at.UTC().Format(time.DateOnly)
		if !warned[key] {
			warned[key] = true
			key.At = at
			jobs = append(jobs, river.InsertManyParams{Args: key, InsertOpts: opts})
		}
	}
	if len(handed) > 0 {
		unconfirmed, err := w.App.Unconfirmed(ctx, handers)
		if err != nil {
			return nil, err
		}
		for _, args := range handed {
			if !slices.Contains(unconfirmed, args.User) {
				add(args)
				continue
			}
			warning := warningArgs{User: args.User, What: transferWarning + args.handed()}
			switch args.handed() {
			case "taken": // he knows of what he has taken over himself
				continue
			case "given", "rescued":
				warning.Case = args.Case
			}
			warn(warning, args.At, nil)
		}
	}
	if len(about) > 0 {
		seats, err := w.App.SeatsOf(ctx, about)
		if err != nil {
			return nil, err
		}
		for _, args := range told {
			var opts *river.InsertOpts
			if args.What == string(winddown.CaseExpired) { // old cases expire by the thousand: see below
				opts = &river.InsertOpts{Priority: reminding}
			}
			for _, seat := range seats[args.Case] {
				args.User = seat.UserID
				switch {
				case seat.Confirmed:
					jobs = append(jobs, river.InsertManyParams{Args: args, InsertOpts: opts})
				case args.What != string(winddown.RescueStopped): // all stays as it was
					warn(warningArgs{User: args.User, What: args.What}, args.At, opts)
				}
			}
		}
	}
	if len(invites) > 0 {
		mailed, err := w.App.MailedInvites(ctx, invites)
		if err != nil {
			return nil, err
		}
		for _, id := range mailed {
			one := river.InsertManyParams{Args: inviteArgs{Invite: id}}
			if roles[id] == winddown.Owner { // an import invites thousands of them: letters somebody waits for go first
				one.InsertOpts = &river.InsertOpts{Priority: reminding}
			}
			jobs = append(jobs, one)
		}
	}
	if len(reminders) == 0 {
		return jobs, nil
	}
	var cases []winddown.ID
	for _, r := range reminders {
		cases = append(cases, r.id)
	}
	people, err := w.App.Reminded(ctx, cases)
	if err != nil {
		return nil, err
	}
	in := map[winddown.ID][]winddown.ID{}
	for _, p := range people {
		in[p.CaseID] = append(in[p.CaseID], p.UserID)
	}
	for _, r := range reminders {
		for _, user := range in[r.id] {
			add(remindArgs{Case: r.id, Seq: r.seq, User: user})
		}
	}
	return jobs, nil
}
