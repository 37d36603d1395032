package app_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"winddown/internal/app"
	"winddown/internal/winddown"
)

// operator is somebody who looks after the installation, and has just proved who he is.
func (w *world) operator(name string) winddown.Actor {
	w.t.Helper()
	a := w.person(name)
	w.exec("update users set operator = true where id = $1", uuid.UUID(a.UserID))
	a.Operator = true
	return w.provedNow(a)
}

// When nobody objects for seven days, an operator makes a link by which another becomes the owner. He
// sees nothing of the case by it but two names.
func TestRescue(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	owner, next, accountant, operator := w.person("Петрова"), w.person("Сидорова"), w.person("Ким"), w.operator("Смотров")
	id := w.open(owner)
	w.join(owner, accountant, id, winddown.Accountant)
	const reason = "Решение № 3 о смене директора"
	before := w.offer(owner, id)
	wantField(t, w.app.AskRescue(ctx, operator, id, " "), "reason", "step.error.reason_missing")
	// By a clock that does not stand still.
	ticking := app.New(w.db, app.Options{Now: func() time.Time { w.clock.Advance(time.Millisecond); return w.clock.Now() }})
	if err := ticking.AskRescue(ctx, operator, id, reason); err != nil {
		t.Fatal(err)
	}
	wantKey(t, w.app.AskRescue(ctx, operator, id, reason), winddown.Conflict, "rescue.error.asked")
	v := w.view(accountant, id)
	if !v.Case.RescueAt.Equal(w.clock.Now().Add(winddown.RescueTerm)) || v.Trail[0].Event.Reason != reason || v.Trail[0].By != "Смотров" {
		t.Errorf("the case is given away %s, the trail ends with %+v", v.Case.RescueAt, v.Trail[0])
	}
	found, err := w.app.LostCase(ctx, operator, id)
	if want := (app.LostCase{ID: id, Seller: "ИП Петрова А. С.", OwnerID: owner.UserID, OwnerName: "Петрова", RescueAt: v.Case.RescueAt}); err != nil || found != want {
		t.Errorf("the operator sees %+v, %v; want %+v", found, err, want)
	}
	_, err = w.app.Case(ctx, operator, id)
	wantKind(t, named("the operator reads the case", err), winddown.NotFound)

	w.clock.Advance(winddown.RescueTerm - time.Second)
	_, err = w.app.Rescue(ctx, w.provedNow(operator), id, "")
	wantKey(t, err, winddown.Conflict, "rescue.error.early")
	w.clock.Advance(time.Second)
	_, err = w.app.Rescue(ctx, operator, id, "") // proved a week ago
	wantKind(t, err, winddown.Unproved)
	token, err := w.app.Rescue(ctx, w.provedNow(operator), id, "")
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = w.app.Accept(ctx, next, before)
	wantKind(t, named("the owner's own link", err), winddown.Gone)
	former := token
	if token, err = w.app.Rescue(ctx, w.provedNow(operator), id, ""); err != nil {
		t.Fatal(err)
	}
	_, _, err = w.app.Accept(ctx, next, former)
	wantKind(t, named("the link before", err), winddown.Gone)
	if seen, err := w.app.InviteView(ctx, winddown.Actor{}, token); err != nil || seen.Invite.Offer() != "rescue" || seen.By != "Смотров" {
		t.Errorf("the link offers %+v, %v", seen, err)
	}
	_, _, err = w.app.Accept(ctx, operator, token)
	wantKey(t, err, winddown.Conflict, "rescue.error.self")
	if _, _, err := w.app.Accept(ctx, next, token); err != nil {
		t.Fatal(err)
	}
	if v := w.view(next, id); !v.Standing.Owner || v.Case.ResponsibleID != accountant.UserID {
		t.Errorf("the next owner stands as %+v, the accountant is %s", v.Standing, v.Case.ResponsibleID)
	}
	_, err = w.app.Case(ctx, owner, id)
	wantKind(t, named("the former owner", err), winddown.NotFound)
	w.verify(id)
}

// The owner ends it by one click, up to the moment at which the link is used, and whoever takes the case
// over by his leave ends it too.
func TestRescueIsStopped(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	owner, helper, next, operator := w.person("Петрова"), w.person("Гусева"), w.person("Сидорова"), w.operator("Смотров")
	id := w.open(owner)
	w.join(owner, helper, id, winddown.Helper)
	ask := func() {
		t.Helper()
		w.clock.Advance(winddown.RescueQuiet)
		if err := w.app.AskRescue(ctx, w.provedNow(operator), id, "Не отвечает"); err != nil {
			t.Fatal(err)
		}
	}
	ended := func() {
		t.Helper()
		w.clock.Advance(winddown.RescueTerm)
		_, err := w.app.Rescue(ctx, w.provedNow(operator), id, "")
		wantKey(t, err, winddown.Conflict, "rescue.error.ended")
	}
	ask()
	wantKind(t, w.app.ObjectToRescue(ctx, helper, id), winddown.Forbidden)
	wantKind(t, w.app.ObjectToRescue(ctx, operator, id), winddown.NotFound)
	if err := w.app.ObjectToRescue(ctx, owner, id); err != nil {
		t.Fatal(err)
	}
	// Nobody says again at once that he is lost, and the operators read that he objected.
	objected := w.clock.Now()
	w.clock.Advance(winddown.RescueQuiet - time.Second)
	wantKey(t, w.app.AskRescue(ctx, w.provedNow(operator), id, "Не отвечает"), winddown.Conflict, "rescue.error.objected")
	if all, err := w.app.Rescues(ctx, operator); err != nil || len(all) != 1 || !all[0].ObjectedAt.Equal(objected) || !all[0].RescueAt.IsZero() {
		t.Errorf("the operators read %+v, %v", all, err)
	}
	w.clock.Advance(time.Second)
	if all, err := w.app.Rescues(ctx, operator); err != nil || len(all) != 0 {
		t.Errorf("a month later the operators read %+v, %v", all, err)
	}
	ended()
	ask()
	if err := w.app.DropRescue(ctx, operator, id); err != nil {
		t.Fatal(err)
	}
	wantKey(t, w.app.DropRescue(ctx, operator, id), winddown.Conflict, "rescue.error.ended")
	ended()
	ask()
	token := w.offer(owner, id) // he is there after all
	if c, err := w.app.LostCase(ctx, operator, id); err != nil || !c.RescueAt.IsZero() || !c.ObjectedAt.Equal(w.clock.Now()) {
		t.Errorf("when the owner hands it over the operator sees %+v, %v", c, err)
	}
	if _, _, err := w.app.Accept(ctx, next, token); err != nil {
		t.Fatal(err)
	}
	owner = next
	// What the former owner said is not said by this one.
	if err := w.app.AskRescue(ctx, w.provedNow(operator), id, "Не отвечает"); err != nil {
		t.Fatal(err)
	}
	if err := w.app.DropRescue(ctx, operator, id); err != nil {
		t.Fatal(err)
	}
	ended()
	// So it is once the link is there.
	for name, stop := range map[string]func() error{
		"he objects":       func() error { return w.app.ObjectToRescue(ctx, owner, id) },
		"the operator":     func() error { return w.app.DropRescue(ctx, operator, id) },
		"he hands it over": func() error { _, _, err := w.app.Transfer(ctx, w.provedNow(owner), id, ""); return err },
		"he revokes it": func() error {
			p, err := w.app.People(ctx, owner, id)
			at := slices.IndexFunc(p.Invites, func(i winddown.Invite) bool { return i.Offer() == "rescue" })
			if err != nil || at < 0 {
				t.Fatalf("the owner sees %+v, %v", p.Invites, err)
			}
			return w.app.RevokeInvite(ctx, owner, id, p.Invites[at].ID)
		},
	} {
		ask()
		w.clock.Advance(winddown.RescueTerm)
		token, err := w.app.Rescue(ctx, w.provedNow(operator), id, "")
		if err != nil {
			t.Fatal(err)
		}
		if c, err := w.app.LostCase(ctx, operator, id); err != nil || !c.Offered {
			t.Errorf("the operator sees %+v, %v", c, err)
		}
		if err := stop(); err != nil {
			t.Fatal(named(name, err))
		}
		_, _, err = w.app.Accept(ctx, helper, token)
		wantKind(t, named(name, err), winddown.Gone)
		if c, err := w.app.LostCase(ctx, operator, id); err != nil || c.ObjectedAt.Equal(w.clock.Now()) != (name != "the operator") {
			t.Errorf("%s: the operator sees %+v, %v", name, c, err)
		}
		ended()
		v, stopped := w.view(owner, id), 0
		for _, l := range v.Trail[:3] {
			if l.Event.Kind == winddown.RescueStopped {
				stopped++
			}
		}
		if !v.Standing.Owner || stopped != 1 {
			t.Errorf("%s: it is stopped %d times, the trail ends with %+v", name, stopped, v.Trail[0].Event)
		}
	}
	w.verify(id)
}

// Nobody but an operator, who is one at that moment, knows of it; and some cases have no owner to lose.
func TestWhoRescues(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	operator, accountant, owner := w.operator("Смотров"), w.person("Ким"), w.provedNow(w.person("Петрова"))
	id, ownerless := w.open(owner), w.addSeller(accountant)
	former := w.operator("Бывшев")
	w.exec("update users set operator = false where id = $1", uuid.UUID(former.UserID))
	for name, do := range map[string]func(winddown.Actor) error{
		"AskRescue":  func(a winddown.Actor) error { return w.app.AskRescue(ctx, a, id, "Не отвечает") },
		"DropRescue": func(a winddown.Actor) error { return w.app.DropRescue(ctx, a, id) },
		"Rescue":     func(a winddown.Actor) error { _, err := w.app.Rescue(ctx, a, id, ""); return err },
	} {
		for _, who := range []winddown.Actor{owner, former, {Via: winddown.ViaPages}} {
			wantKind(t, named(name, do(who)), winddown.Forbidden)
		}
	}
	for _, err := range []error{
		func() error { _, err := w.app.LostCase(ctx, owner, id); return err }(),
		func() error { _, err := w.app.Rescues(ctx, owner); return err }(),
	} {
		wantKind(t, err, winddown.Forbidden)
	}
	wantKind(t, w.app.AskRescue(ctx, operator, newID(t), "Не отвечает"), winddown.NotFound)
	wantKey(t, w.app.AskRescue(ctx, operator, ownerless, "Не отвечает"), winddown.Conflict, "rescue.error.no_owner")
	if err := w.app.AskRescue(ctx, operator, id, "Не отвечает"); err != nil {
		t.Fatal(err)
	}
	if all, err := w.app.Rescues(ctx, operator); err != nil || len(all) != 1 || all[0].ID != id {
		t.Errorf("the cases that wait are %+v, %v", all, err)
	}
	if err := w.app.DeleteCase(ctx, owner, id, "ИП Петрова А. С."); err != nil {
		t.Fatal(err)
	}
	w.clock.Advance(winddown.RescueTerm)
	_, err := w.app.Rescue(ctx, w.provedNow(operator), id, "")
	wantKey(t, err, winddown.Conflict, "rescue.error.deleted")
}
