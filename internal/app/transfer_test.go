package app_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"winddown/internal/app"
	"winddown/internal/winddown"
)

// offer makes the link by which another becomes the owner of a case.
func (w *world) offer(owner winddown.Actor, id winddown.ID) string {
	w.t.Helper()
	token, _, err := w.app.Transfer(w.t.Context(), w.provedNow(owner), id, "")
	if err != nil {
		w.t.Fatalf("hand over: %v", err)
	}
	return token
}

// Whoever accepts a case is its owner in the place of the former one, who sees it no more, and nor does
// anybody by his leave. The accountant and the helpers stay, and so does what was done.
func TestTransfer(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	owner, next, helper, accountant := w.person("Петрова"), w.person("Сидорова"), w.person("Гусева"), w.person("Ким")
	id := w.open(owner)
	w.join(owner, helper, id, winddown.Helper)
	w.join(owner, accountant, id, winddown.Accountant)
	if err := w.app.SetActing(ctx, owner, id, true); err != nil {
		t.Fatal(err)
	}
	w.mark(owner, id, winddown.ZeroFBS)
	forHelper := w.invite(owner, id, winddown.Helper)
	_, share := w.share(owner, id, newShare())
	before := w.offer(owner, id)
	token := w.offer(owner, id)
	_, _, err := w.app.Accept(ctx, next, before)
	wantKind(t, named("the link made before", err), winddown.Gone)
	if p, err := w.app.People(ctx, helper, id); err != nil || len(p.Invites) != 2 || !slices.ContainsFunc(p.Invites, func(i winddown.Invite) bool { return i.Offer() == "transfer" }) {
		t.Errorf("the helper sees the invitations %+v, %v", p.Invites, err)
	}
	w.view(owner, id) // nothing changes before the answer

	if got, role, err := w.app.Accept(ctx, next, token); err != nil || got != id || role != winddown.Owner {
		t.Fatalf("accepted %s as %q: %v", got, role, err)
	}
	v := w.view(next, id)
	if !v.Standing.Owner || v.Case.ResponsibleID != accountant.UserID || !v.Case.Acting || v.Case.Steps[0].Tick == nil {
		t.Errorf("the next owner stands as %+v, the accountant is %s, acting %t", v.Standing, v.Case.ResponsibleID, v.Case.Acting)
	}
	_, err = w.app.Case(ctx, owner, id)
	wantKind(t, named("the former owner", err), winddown.NotFound)
	wantKind(t, w.app.DeleteCase(ctx, w.provedNow(owner), id, "ИП Петрова А. С."), winddown.NotFound)
	w.view(accountant, id)
	w.view(helper, id)
	_, _, err = w.app.Accept(ctx, owner, forHelper)
	wantKind(t, named("an invitation of his", err), winddown.Gone)
	_, err = w.app.Unlock(ctx, share, "")
	wantKind(t, named("a share link of his", err), winddown.Gone)
	if line := v.Trail[0]; line.Event.Kind != winddown.CaseTransferred || line.User != "Петрова" || line.By != "Сидорова" {
		t.Errorf("the trail ends with %+v", line)
	}
	w.verify(id)
	// His account is free to go, and a helper may take the case over as well.
	if h, err := w.app.Holdings(ctx, owner); err != nil || len(h.Cases) != 0 {
		t.Errorf("the former owner still answers for %+v, %v", h.Cases, err)
	}
	if _, _, err := w.app.Accept(ctx, helper, w.offer(next, id)); err != nil {
		t.Fatal(err)
	}
	if v := w.view(helper, id); !v.Standing.Owner || v.Standing.Helper {
		t.Errorf("the helper who took the case over stands as %+v", v.Standing)
	}
	if n := one[int](w, "select count(*) from case_people where case_id = $1", uuid.UUID(id)); n != 1 {
		t.Errorf("%d people are in the case, want one", n)
	}
}

// What a transfer is refused for, at its beginning and at its end.
func TestTransferIsRefused(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	owner, next, accountant := w.person("Петрова"), w.person("Сидорова"), w.person("Ким")
	id := w.open(owner)
	w.join(owner, accountant, id, winddown.Accountant)
	token := w.offer(owner, id)
	refused := func(who winddown.Actor, kind winddown.Kind, key string) {
		t.Helper()
		before := w.contents(id)
		_, _, err := w.app.Accept(ctx, who, token)
		wantKey(t, err, kind, key)
		w.wantUnchanged(id, before)
	}
	refused(owner, winddown.Conflict, "invite.error.already_in")
	refused(accountant, winddown.Conflict, "transfer.error.books")

	del := func() error { return w.app.DeleteCase(ctx, w.provedNow(owner), id, "ИП Петрова А. С.") }
	if err := del(); err != nil {
		t.Fatal(err)
	}
	refused(next, winddown.Conflict, "transfer.error.deleted")
	_, _, err := w.app.Transfer(ctx, w.provedNow(owner), id, "")
	wantKey(t, err, winddown.Conflict, "transfer.error.deleted")
	if err := w.app.KeepCase(ctx, owner, id); err != nil {
		t.Fatal(err)
	}
	_, _, err = w.app.Transfer(ctx, w.provedNow(owner), id, "somebody@example.ru")
	wantKey(t, err, winddown.Conflict, "people.error.no_mail")

	p, err := w.app.People(ctx, owner, id)
	if err != nil || len(p.Invites) != 1 {
		t.Fatalf("%d open invitations, %v", len(p.Invites), err)
	}
	wantKind(t, w.app.RevokeInvite(ctx, accountant, id, p.Invites[0].ID), winddown.Forbidden)
	if err := w.app.RevokeInvite(ctx, owner, id, p.Invites[0].ID); err != nil {
		t.Fatal(err)
	}
	refused(next, winddown.Gone, "invite.error.gone")
	token = w.offer(owner, id)
	w.clock.Advance(winddown.InviteTerm)
	refused(next, winddown.Gone, "invite.error.gone")

	// An invitation leads nowhere once somebody else is the owner, whatever became of it.
	token = w.offer(owner, id)
	w.exec("update case_people set user_id = $2 where case_id = $1 and role = 'owner'", uuid.UUID(id), uuid.UUID(w.person("Орлова").UserID))
	refused(next, winddown.Conflict, "invite.error.has_owner")

	// A case without an owner has an owner's link instead.
	ownerless := w.addSeller(accountant)
	_, _, err = w.app.Transfer(ctx, w.provedNow(accountant), ownerless, "")
	wantKind(t, err, winddown.Forbidden)
}

// A finished case is handed over like any other, to one of those who try at once.
func TestTransferIsForOne(t *testing.T) {
	w := newWorld(t)
	owner := w.person("Петрова")
	id := w.open(owner)
	w.mark(owner, id, allSteps()...)
	if err := w.app.Finish(t.Context(), owner, id, w.view(owner, id).Case.Version); err != nil {
		t.Fatal(err)
	}
	token := w.offer(owner, id)
	guests := []winddown.Actor{w.person("Гость 1"), w.person("Гость 2"), w.person("Гость 3")}
	errs := atOnce(len(guests), func(i int) error { _, _, err := w.app.Accept(t.Context(), guests[i], token); return err })
	wantTally(t, errs, map[string]int{"ok": 1, "gone": 2})
	if n := one[int](w, "select count(*) from case_people where case_id = $1", uuid.UUID(id)); n != 1 {
		t.Errorf("%d people are in the case, want one", n)
	}
	w.verify(id)
}

// Where letters are sent, an address that none has reached takes no case over that is not its own yet.
func TestTransferAsksForAConfirmedAddress(t *testing.T) {
	w := newWorldWith(t, app.Options{Mail: true}, nil)
	owner, next := w.confirmed(w.person("Петрова")), w.person("Сидорова")
	id := w.open(owner)
	_, _, err := w.app.Transfer(t.Context(), w.provedNow(owner), id, " "+strings.ToUpper(owner.Email))
	wantField(t, err, "email", "transfer.error.self")
	token := w.offer(owner, id)
	v, err := w.app.InviteView(t.Context(), winddown.Actor{}, token)
	if err != nil || !w.app.MustConfirm(next, v) {
		t.Errorf("nothing is asked, %v", err)
	}
	_, _, err = w.app.Accept(t.Context(), next, token)
	wantKey(t, err, winddown.Conflict, "invite.error.unconfirmed")
	if _, _, err := w.app.Accept(t.Context(), w.confirmed(next), token); err != nil {
		t.Error(err)
	}
}
