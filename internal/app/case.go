package app

import (
	"context"

	"winddown/internal/postgres"
	"winddown/internal/winddown"
)

func caseStream(id winddown.ID) winddown.Stream {
	return winddown.Stream{Kind: winddown.CaseStream, ID: id}
}

// CaseView is a case as one person sees it: what he is in it, and the part of its trail
// that was asked for.
type CaseView = postgres.CaseRead

// TrailLine is a line of a case's trail, with names.
type TrailLine = postgres.TrailLine

// MyCase is a line of the list of a person's own cases.
type MyCase = postgres.MyCase

// Sizes of the parts of a trail that pages show.
const (
	TrailOnCase = 4
	TrailOnStep = 20
	TrailOnPage = 50
)

// OpenCase opens a case whose owner is the actor; Invalid with the fields at fault.
func (a *App) OpenCase(ctx context.Context, actor winddown.Actor, in winddown.NewCase) (winddown.ID, error) {
	return a.openCase(ctx, actor, in, func(tx *postgres.Tx, c *winddown.Case) ([]winddown.Event, error) {
		c.HasOwner = true
		return nil, nil
	}, func(tx *postgres.Tx, c *winddown.Case) {
		tx.AddPerson(c.ID, actor.UserID, winddown.Owner)
	})
}

// AddSeller opens a case the actor keeps the books of; it has no owner until an owner's
// link is used. Invalid with the fields at fault.
func (a *App) AddSeller(ctx context.Context, actor winddown.Actor, in winddown.NewCase) (winddown.ID, error) {
	return a.openCase(ctx, actor, in, func(tx *postgres.Tx, c *winddown.Case) ([]winddown.Event, error) {
		// The lock keeps two cases added at the same moment from founding two firms.
		me, err := tx.LockUser(ctx, actor.UserID)
		if err != nil {
			return nil, err
		}
		return entrust(tx, c, me)
	}, func(*postgres.Tx, *winddown.Case) {})
}

func (a *App) openCase(ctx context.Context, actor winddown.Actor, in winddown.NewCase,
	before func(*postgres.Tx, *winddown.Case) ([]winddown.Event, error), after func(*postgres.Tx, *winddown.Case)) (winddown.ID, error) {
	id, err := newID()
	if err != nil {
		return winddown.ID{}, err
	}
	now := a.now()
	c, opened, err := winddown.OpenCase(id, in, actor.Stamp(now, winddown.Standing{Owner: true}))
	if err != nil {
		return winddown.ID{}, err
	}
	err = a.db.InTx(ctx, actor, now, func(tx *postgres.Tx) ([]winddown.Event, error) {
		events, err := before(tx, c)
		if err != nil {
			return nil, err
		}
		opened = append(opened, c.BeginsActing()...)
		cal := a.Calendar()
		tx.InsertCase(c, winddown.Summarize(c, cal), c.Dues(cal))
		after(tx, c)
		return append(events, winddown.OnStream(caseStream(c.ID), opened)...), nil
	})
	return c.ID, err
}

// entrust makes a locked person the accountant of a case that is locked or about to be
// written, and founds his firm of one if he has none.
func entrust(tx *postgres.Tx, c *winddown.Case, who postgres.Account) ([]winddown.Event, error) {
	firm, events, err := firmOf(tx, who)
	c.Entrust(firm, who.User.ID, who.Practice)
	return events, err
}

// firmOf is the firm a locked person works in; without one it founds his firm of one.
func firmOf(tx *postgres.Tx, who postgres.Account) (winddown.ID, []winddown.Event, error) {
	if !who.FirmID.IsZero() {
		return who.FirmID, nil, nil
	}
	firm, err := newID()
	if err != nil {
		return winddown.ID{}, nil, err
	}
	tx.InsertFirm(firm, who.User.Name, who.User.ID)
	return firm, []winddown.Event{{Stream: firmStream(firm), Kind: winddown.FirmFounded, User: who.User.ID, Role: winddown.Admin}}, nil
}

// MyCases returns the cases the actor owns or helps with, and whether he keeps anybody's
// books.
func (a *App) MyCases(ctx context.Context, actor winddown.Actor) ([]MyCase, bool, error) {
	return a.db.MyCases(ctx, actor, a.now())
}

// Case returns a case with the newest lines of its trail, or NotFound.
func (a *App) Case(ctx context.Context, actor winddown.Actor, id winddown.ID) (CaseView, error) {
	return a.db.Case(ctx, actor, id, postgres.TrailQuery{Limit: TrailOnCase})
}

// CaseWithLetters is Case with the actor's choices about letters.
func (a *App) CaseWithLetters(ctx context.Context, actor winddown.Actor, id winddown.ID) (CaseView, error) {
	return a.db.Case(ctx, actor, id, postgres.TrailQuery{Limit: TrailOnCase}, postgres.Letters())
}

// Step returns a case with the trail, evidence, questions and instruction of one of its
// steps, and the ledger with the step that settles it, or NotFound.
func (a *App) Step(ctx context.Context, actor winddown.Actor, id winddown.ID, code winddown.Code) (CaseView, error) {
	parts := []postgres.Part{postgres.EvidenceOf(code), postgres.Questions(), postgres.TextOf(winddown.StepText, string(code), actor.Locale)}
	if code == winddown.SettleDebts {
		parts = append(parts, postgres.Ledger())
	}
	v, err := a.db.Case(ctx, actor, id, postgres.TrailQuery{Step: code, Limit: TrailOnStep}, parts...)
	if err != nil {
		return CaseView{}, err
	}
	_, err = v.Case.Step(code)
	return v, err
}

// Letter returns a case with the template of a letter, or NotFound. Letters are written in
// Russian.
func (a *App) Letter(ctx context.Context, actor winddown.Actor, id winddown.ID, key string) (CaseView, error) {
	return a.db.Case(ctx, actor, id, postgres.TrailQuery{}, postgres.TextOf(winddown.LetterText, key, "ru"), postgres.FirmRequisites())
}

// History returns a case with a page of its trail, newest first, before the event with
// the given number (0 for the newest), or NotFound.
func (a *App) History(ctx context.Context, actor winddown.Actor, id winddown.ID, before int64) (CaseView, error) {
	return a.db.Case(ctx, actor, id, postgres.TrailQuery{Before: before, Limit: TrailOnPage})
}

// change runs a rule on a case the actor may change, and writes what came of it: one
// transaction, with the case locked and the parts the rule looks at loaded. A rule without
// events writes nothing.
func (a *App) change(ctx context.Context, actor winddown.Actor, id winddown.ID, action winddown.Action,
	rule func(*winddown.Case, winddown.Stamp) ([]winddown.Event, error), parts ...postgres.Part) error {
	now := a.now()
	return a.db.InTx(ctx, actor, now, func(tx *postgres.Tx) ([]winddown.Event, error) {
		view, err := tx.LockCase(ctx, id, parts...)
		if err != nil {
			return nil, err
		}
		if err := view.Case.Allow(action, view.Standing); err != nil {
			return nil, err
		}
		cal, err := a.calendarIn(ctx, tx)
		if err != nil {
			return nil, err
		}
		before := view.Case.Dues(cal)
		events, err := rule(view.Case, actor.Stamp(now, view.Standing))
		if err != nil || len(events) == 0 {
			return nil, err
		}
		events = append(events, view.Case.GoesOn(actor.Stamp(now, view.Standing))...)
		tx.SaveCase(view.Case, winddown.Summarize(view.Case, cal), before, view.Case.Dues(cal))
		return winddown.OnStream(caseStream(id), events), nil
	})
}

// MarkDone signs a step: NotFound, Forbidden, Blocked with the blockers, Conflict, or
// Invalid with the fields at fault. It returns the steps that became available.
func (a *App) MarkDone(ctx context.Context, actor winddown.Actor, id winddown.ID, in winddown.MarkDone) (opened []winddown.Code, err error) {
	err = a.change(ctx, actor, id, winddown.CanMark, func(c *winddown.Case, s winddown.Stamp) ([]winddown.Event, error) {
		before := closedSteps(c)
		events, err := c.MarkDone(in, s)
		for _, st := range c.Steps {
			if before[st.Code] && len(c.Blockers(st.Code)) == 0 {
				opened = append(opened, st.Code)
			}
		}
		return events, err
	})
	return opened, err
}

func closedSteps(c *winddown.Case) map[winddown.Code]bool {
	closed := map[winddown.Code]bool{}
	for _, st := range c.Steps {
		if len(c.Blockers(st.Code)) > 0 {
			closed[st.Code] = true
		}
	}
	return closed
}

// MarkPending notes that a step is under way; errors as for MarkDone.
func (a *App) MarkPending(ctx context.Context, actor winddown.Actor, id winddown.ID, in winddown.MarkPending) error {
	return a.change(ctx, actor, id, winddown.CanMark, func(c *winddown.Case, s winddown.Stamp) ([]winddown.Event, error) {
		return c.MarkPending(in, s)
	})
}

// Undo takes a step's signature back: NotFound, Forbidden, Conflict, or Invalid.
func (a *App) Undo(ctx context.Context, actor winddown.Actor, id winddown.ID, in winddown.Undo) error {
	return a.change(ctx, actor, id, winddown.CanMark, func(c *winddown.Case, s winddown.Stamp) ([]winddown.Event, error) {
		return c.Undo(in, s)
	})
}

// Regress says that a done step is no longer true: NotFound, Conflict, or Invalid.
func (a *App) Regress(ctx context.Context, actor winddown.Actor, id winddown.ID, in winddown.Regress) error {
	return a.change(ctx, actor, id, winddown.CanRegress, func(c *winddown.Case, s winddown.Stamp) ([]winddown.Event, error) {
		return c.Regress(in, s)
	})
}

// DeclareRest says that unsold stock remains to be taken back: NotFound, Forbidden, or
// Conflict.
func (a *App) DeclareRest(ctx context.Context, actor winddown.Actor, id winddown.ID) error {
	return a.change(ctx, actor, id, winddown.CanMark, func(c *winddown.Case, s winddown.Stamp) ([]winddown.Event, error) {
		return c.DeclareRest(s)
	})
}

// ChangeAnswers answers the start questions anew: NotFound, Forbidden, Conflict, or
// Invalid.
func (a *App) ChangeAnswers(ctx context.Context, actor winddown.Actor, id winddown.ID, in winddown.ChangeAnswers) error {
	return a.change(ctx, actor, id, winddown.CanManage, func(c *winddown.Case, s winddown.Stamp) ([]winddown.Event, error) {
		return c.ChangeAnswers(in, s)
	})
}

// ChangeDetails corrects the seller's requisites: NotFound, Forbidden, Conflict, or
// Invalid.
func (a *App) ChangeDetails(ctx context.Context, actor winddown.Actor, id winddown.ID, in winddown.ChangeDetails) error {
	return a.change(ctx, actor, id, winddown.CanManage, func(c *winddown.Case, s winddown.Stamp) ([]winddown.Event, error) {
		return c.ChangeDetails(in, s)
	})
}

// LastPage returns a case with its evidence and ledger, to be looked at once more before the
// end, or NotFound.
func (a *App) LastPage(ctx context.Context, actor winddown.Actor, id winddown.ID) (CaseView, error) {
	return a.db.Case(ctx, actor, id, postgres.TrailQuery{}, postgres.EvidenceOf(""), postgres.Ledger())
}

// Finish ends a wind-down: NotFound, Forbidden, Blocked with the steps that are not done,
// or Conflict.
func (a *App) Finish(ctx context.Context, actor winddown.Actor, id winddown.ID, version int) error {
	return a.change(ctx, actor, id, winddown.CanManage, func(c *winddown.Case, s winddown.Stamp) ([]winddown.Event, error) {
		return c.Finish(version, s)
	})
}

// Reopen takes a finish back: NotFound, Forbidden, Conflict, or Invalid.
func (a *App) Reopen(ctx context.Context, actor winddown.Actor, id winddown.ID, reason string, version int) error {
	return a.change(ctx, actor, id, winddown.CanManage, func(c *winddown.Case, s winddown.Stamp) ([]winddown.Event, error) {
		return c.Reopen(reason, version, s)
	})
}

// Register returns a page of the actor's register.
//
// The cases called for besides come by name alone.
func (a *App) Register(ctx context.Context, actor winddown.Actor, f winddown.RegisterFilter, called ...winddown.ID) (winddown.Register, error) {
	return a.db.Register(ctx, actor, f, a.now(), called...)
}

// Verify walks the chain of a case's trail and returns the number of its events; the error
// names the first bad link. It is an operator's tool.
func (a *App) Verify(ctx context.Context, id winddown.ID) (int64, error) {
	return a.db.VerifyStream(ctx, caseStream(id))
}
