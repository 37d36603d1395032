package app_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"winddown/internal/app"
	"winddown/internal/winddown"
)

// sampleFirm is a firm with a person of each role.
type sampleFirm struct {
	id                      winddown.ID
	admin, lead, accountant winddown.Actor
}

func (w *world) firm() sampleFirm {
	w.t.Helper()
	admin := w.person("Главная")
	if w.app.Mail() {
		admin = w.confirmed(admin)
	}
	if err := w.app.FoundFirm(w.t.Context(), admin, "Учёт и порядок"); err != nil {
		w.t.Fatal(err)
	}
	admin = w.again(admin)
	return sampleFirm{
		id: admin.FirmID, admin: admin,
		lead:       w.joinFirm(admin, w.person("Старшая"), winddown.Lead),
		accountant: w.joinFirm(admin, w.person("Ким"), winddown.Accountant),
	}
}

// joinFirm takes guest into the firm of its admin and returns him as he works there.
func (w *world) joinFirm(admin, guest winddown.Actor, role winddown.Role) winddown.Actor {
	w.t.Helper()
	if w.app.Mail() {
		guest = w.confirmed(guest)
	}
	token, err := w.app.InviteToFirm(w.t.Context(), admin, role)
	if err == nil {
		err = w.app.JoinFirm(w.t.Context(), guest, token)
	}
	if err != nil {
		w.t.Fatalf("join the firm as %s: %v", role, err)
	}
	return w.again(guest)
}

// assign makes somebody responsible, or nobody when to is zero.
func (w *world) assign(actor winddown.Actor, to winddown.ID, cases ...winddown.ID) error {
	_, err := w.app.Assign(w.t.Context(), actor, cases, winddown.Responsible{ID: to, None: to.IsZero()})
	return err
}

// seen are the cases of the actor's register under a filter, in the order of their ids.
func (w *world) seen(actor winddown.Actor, who winddown.Responsible) []winddown.ID {
	w.t.Helper()
	reg, err := w.app.Register(w.t.Context(), actor, winddown.RegisterFilter{Responsible: who, Sort: winddown.SortName})
	if err != nil {
		w.t.Fatal(err)
	}
	var ids []winddown.ID
	for _, r := range reg.Rows {
		ids = append(ids, r.ID)
	}
	slices.SortFunc(ids, compareIDs)
	if reg.Matching() != len(ids) {
		w.t.Errorf("%d rows, %d counted", len(ids), reg.Matching())
	}
	return ids
}

func compareIDs(a, b winddown.ID) int { return slices.Compare(a[:], b[:]) }

func sortedIDs(ids ...winddown.ID) []winddown.ID {
	ids = slices.Clone(ids)
	slices.SortFunc(ids, compareIDs)
	return ids
}

func (w *world) responsible(id winddown.ID) winddown.ID {
	w.t.Helper()
	return winddown.ID(one[uuid.UUID](w, "select coalesce(responsible_id, '00000000-0000-0000-0000-000000000000') from cases where id = $1", uuid.UUID(id)))
}

// Who may do what in a firm: + may, - may see the firm but not do it, 0 knows nothing of it.
func TestFirmRights(t *testing.T) {
	ctx := t.Context()
	w := newWorldWith(t, app.Options{Mail: true}, nil)
	names := []string{"Firm", "Assign", "RenameFirm", "InviteToFirm", "InviteToFirmByMail", "RevokeFirmInvite", "SetFirmRole", "RemoveFirmPerson", "Remind", "Archive",
		"FirmHistory", "SetRequisites", "SetFirmChase", "SetFirmDays", "SetFirmActing",
		"FirmTexts", "DraftFirmText", "UpgradeFirm"}
	table := map[string]string{
		"admin":        "++++++++++++++++++",
		"lead":         "++------+++-------",
		"accountant":   "+-------+++-------",
		"other admin":  "00+++000000+++++++", // renames and settles his own firm and invites to it
		"without firm": "0-000000--00000000",
	}
	type firm struct {
		sampleFirm
		guest  winddown.Actor
		seller winddown.ID
		view   app.FirmView
	}
	found := func() firm {
		f := firm{sampleFirm: w.firm()}
		f.guest = w.joinFirm(f.admin, w.person("Гостья"), winddown.Accountant)
		f.seller = w.addSeller(f.accountant)
		_, err := w.app.InviteToFirm(ctx, f.admin, winddown.Lead)
		if err == nil {
			f.view, err = w.app.Firm(ctx, f.admin)
		}
		if err != nil || len(f.view.Invites) != 1 {
			t.Fatalf("%d invitations, %v", len(f.view.Invites), err)
		}
		return f
	}
	other, alone := w.firm(), w.person("Никто")
	f := found()
	for row, cells := range table {
		for i, name := range names {
			guest, id, v := f.guest, f.seller, f.view
			a := map[string]winddown.Actor{"admin": f.admin, "lead": f.lead, "accountant": f.accountant, "other admin": other.admin, "without firm": alone}[row]
			err := map[string]func() error{
				"Firm": func() error {
					v, err := w.app.Firm(ctx, a)
					if err == nil && v.Firm.ID != f.id {
						return &winddown.Error{Kind: winddown.NotFound}
					}
					return err
				},
				"Assign":       func() error { return w.assign(a, f.lead.UserID, id) },
				"RenameFirm":   func() error { return w.app.RenameFirm(ctx, a, "Баланс") },
				"InviteToFirm": func() error { _, err := w.app.InviteToFirm(ctx, a, winddown.Accountant); return err },
				"InviteToFirmByMail": func() error {
					_, err := w.app.InviteToFirmByMail(ctx, a, winddown.Accountant, "lead@example.ru")
					return err
				},
				"RevokeFirmInvite": func() error { return w.app.RevokeFirmInvite(ctx, a, v.Invites[0].ID) },
				"SetFirmRole":      func() error { return w.app.SetFirmRole(ctx, a, guest.UserID, winddown.Lead) },
				"Remind":           func() error { return w.remind(a, "Сделайте: {шаг}", id) },
				"Archive":          func() error { _, err := w.app.Archive(ctx, a, []winddown.ID{id}, true); return err },
				"RemoveFirmPerson": func() error { _, err := w.app.RemoveFirmPerson(ctx, a, guest.UserID); return err },
				"FirmHistory": func() error {
					v, err := w.app.FirmHistory(ctx, a, 0)
					if err == nil && v.Firm.ID != f.id {
						return &winddown.Error{Kind: winddown.NotFound}
					}
					return err
				},
				"SetRequisites": func() error {
					return w.app.SetRequisites(ctx, a, winddown.Requisites{LegalName: "ООО «Учёт»"})
				},
				"SetFirmChase":  func() error { return w.app.SetFirmChase(ctx, a, []int{2, 5}) },
				"SetFirmDays":   func() error { return w.app.SetFirmDays(ctx, a, []winddown.Date{w.today(a)}, nil) },
				"FirmTexts":     func() error { _, err := w.app.FirmTexts(ctx, a); return err },
				"DraftFirmText": func() error { return w.app.DraftFirmText(ctx, a, w.firmText("Всем")) },
				"UpgradeFirm":   func() error { _, err := w.app.UpgradeFirm(ctx, a, newest(0)); return err },
				"SetFirmActing": func() error { return w.app.SetFirmActing(ctx, a, true) },
			}[name]()
			got := byte('+')
			switch {
			case errors.Is(err, winddown.NotFound):
				got = '0'
			case errors.Is(err, winddown.Forbidden):
				got = '-'
			case err != nil:
				t.Errorf("%s by %s: %v", name, row, err)
			}
			if got != cells[i] {
				t.Errorf("%s by %s: %c, want %c (%v)", name, row, got, cells[i], err)
			}
			if after, err := w.app.Firm(ctx, f.admin); got != '+' || row == "other admin" {
				if err != nil || after.Firm.Name != v.Firm.Name || !reflect.DeepEqual(after.Firm.Practice, v.Firm.Practice) ||
					after.Firm.Requisites != v.Firm.Requisites || len(after.Firm.Members) != len(v.Firm.Members) || len(after.Invites) != len(v.Invites) ||
					w.responsible(id) != f.accountant.UserID {
					t.Errorf("%s by %s changed the firm, %v", name, row, err)
				}
			} else {
				f = found() // what was allowed was done
			}
		}
	}
}

// An accountant sees the cases he is responsible for, a lead and an admin all of the firm,
// others nothing; a filter narrows what each sees.
func TestWhoSeesWhichCases(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	f, other := w.firm(), w.firm()
	mine, leads, theirs := w.addSeller(f.accountant), w.addSeller(f.lead), w.addSeller(other.accountant)
	free := w.addSeller(f.lead)
	if err := w.assign(f.lead, winddown.ID{}, free); err != nil {
		t.Fatal(err)
	}
	everything := sortedIDs(mine, leads, free)
	for _, x := range []struct {
		name string
		who  winddown.Actor
		by   winddown.Responsible
		want []winddown.ID
	}{
		{"accountant", f.accountant, winddown.Responsible{}, []winddown.ID{mine}},
		{"accountant, me", f.accountant, winddown.Responsible{Me: true}, []winddown.ID{mine}},
		{"accountant, nobody", f.accountant, winddown.Responsible{None: true}, nil},
		{"accountant, the lead", f.accountant, winddown.Responsible{ID: f.lead.UserID}, nil},
		{"lead", f.lead, winddown.Responsible{}, everything},
		{"lead, me", f.lead, winddown.Responsible{Me: true}, []winddown.ID{leads}},
		{"lead, nobody", f.lead, winddown.Responsible{None: true}, []winddown.ID{free}},
		{"lead, the accountant", f.lead, winddown.Responsible{ID: f.accountant.UserID}, []winddown.ID{mine}},
		{"admin", f.admin, winddown.Responsible{}, everything},
		{"admin, me", f.admin, winddown.Responsible{Me: true}, nil},
		{"other admin", other.admin, winddown.Responsible{}, []winddown.ID{theirs}},
		{"nobody's", w.person("Никто"), winddown.Responsible{Me: true}, nil},
	} {
		if got := w.seen(x.who, x.by); !slices.Equal(got, x.want) {
			t.Errorf("%s sees %v, want %v", x.name, got, x.want)
		}
	}
	reg, err := w.app.Register(ctx, f.admin, winddown.RegisterFilter{Responsible: winddown.Responsible{None: true}, Sort: winddown.SortName})
	if err != nil || reg.Open != 3 || reg.Total != 3 || reg.Unassigned != 1 || len(reg.Members) != 3 {
		t.Errorf("the admin's figures: %+v, %v", reg, err)
	}
	for _, who := range []winddown.ID{other.lead.UserID, newID(t)} {
		_, err := w.app.Register(ctx, f.admin, winddown.RegisterFilter{Responsible: winddown.Responsible{ID: who}, Sort: winddown.SortName})
		wantKind(t, err, winddown.NotFound)
	}
	for _, id := range everything {
		for _, a := range []winddown.Actor{other.admin, other.lead, other.accountant} {
			_, err := w.app.Case(ctx, a, id)
			wantKind(t, err, winddown.NotFound)
		}
		for _, a := range []winddown.Actor{f.admin, f.lead} {
			w.view(a, id)
		}
	}
	_, err = w.app.Case(ctx, f.accountant, leads)
	wantKind(t, err, winddown.NotFound)
	v, err := w.app.Firm(ctx, f.admin)
	if err != nil || v.Unassigned != 1 || v.Firm.Members[1].Cases != 1 || v.Firm.Members[2].Cases != 1 || len(v.Trail) != 5 {
		t.Errorf("the firm's page: %+v, %v", v, err)
	}
}

// Pages of the firm's register yield every case once, there and back.
func TestTheFirmsRegisterPages(t *testing.T) {
	w := newWorld(t)
	r := w.seed(app.SeedOptions{Sellers: 120, Accountants: 1, Seed: 5})
	boss := w.again(winddown.Actor{UserID: r.Accountants[0].ID, Zone: winddown.DefaultZone, Via: winddown.ViaPages})
	lead := w.joinFirm(boss, w.person("Старшая"), winddown.Lead)
	for _, sort := range winddown.RegisterSorts() {
		seen := map[winddown.ID]bool{}
		f := winddown.RegisterFilter{Finished: true, Sort: sort}
		back := 0
		for {
			reg, err := w.app.Register(t.Context(), lead, f)
			if err != nil {
				t.Fatal(err)
			}
			for _, row := range reg.Rows {
				seen[row.ID] = true
			}
			if !reg.HasNext {
				f.Cursor = &reg.Rows[0].Cursor
				f.Cursor.Before = true
				break
			}
			f.Cursor = &reg.Rows[len(reg.Rows)-1].Cursor
		}
		for f.Cursor != nil {
			reg, err := w.app.Register(t.Context(), lead, f)
			if err != nil {
				t.Fatal(err)
			}
			back += len(reg.Rows)
			f.Cursor = nil
			if reg.HasPrevious {
				f.Cursor = &reg.Rows[0].Cursor
				f.Cursor.Before = true
			}
		}
		if len(seen) != 120 || back != 100 {
			t.Errorf("%s: %d cases forward, %d back from the last page", sort, len(seen), back)
		}
	}
}

// A person in several firms works in one at a time; what he adds is that firm's.
func TestOneFirmAtATime(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	first, second := w.firm(), w.firm()
	earlier := w.addSeller(first.lead)
	a := w.joinFirm(second.admin, first.lead, winddown.Accountant)
	if a.FirmID != second.id || a.FirmRole != winddown.Accountant || a.Firms != 2 {
		t.Fatalf("after joining he works in %+v", a)
	}
	inSecond := w.addSeller(a)
	owner := w.person("Петрова")
	invited := w.open(owner)
	w.join(owner, a, invited, winddown.Accountant)
	if got := w.seen(a, winddown.Responsible{}); !slices.Equal(got, sortedIDs(inSecond, invited)) {
		t.Errorf("in the second firm he sees %v", got)
	}
	if err := w.app.ChooseFirm(ctx, a, first.id); err != nil {
		t.Fatal(err)
	}
	a = w.again(a)
	if a.FirmID != first.id || a.FirmRole != winddown.Lead {
		t.Fatalf("after the choice he works in %+v", a)
	}
	inFirst := w.addSeller(a)
	if got := w.seen(a, winddown.Responsible{}); !slices.Equal(got, sortedIDs(earlier, inFirst)) {
		t.Errorf("in the first firm he sees %v", got)
	}
	wantKind(t, w.assign(a, a.UserID, inSecond), winddown.NotFound)
	stranger := w.firm()
	wantKind(t, w.app.ChooseFirm(ctx, a, stranger.id), winddown.NotFound)
	wantKind(t, w.app.ChooseFirm(ctx, a, newID(t)), winddown.NotFound)
	wantKey(t, w.app.FoundFirm(ctx, a, "Ещё одна"), winddown.Conflict, "firm.error.has_firm")
	all, err := w.app.Memberships(ctx, a)
	if err != nil || len(all) != 2 || all[0].ID != first.id || !all[0].Chosen || all[1].Chosen {
		t.Errorf("memberships %+v, %v", all, err)
	}
	// Out of the chosen firm he falls back to the other.
	if _, err := w.app.RemoveFirmPerson(ctx, first.admin, a.UserID); err != nil {
		t.Fatal(err)
	}
	if a = w.again(a); a.FirmID != second.id {
		t.Errorf("after leaving he works in %+v", a)
	}
}

// A removed person is signed out at once; what he was responsible for stays with the firm,
// what he invited leads nowhere.
func TestRemovedFromTheFirm(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	f := w.firm()
	second, token := w.session("Вторая", winddown.DefaultZone)
	second = w.joinFirm(f.admin, second, winddown.Admin)
	kept := []winddown.ID{w.addSeller(second), w.addSeller(second)}
	others := w.addSeller(f.accountant)
	ownerLink := w.invite(second, kept[0], winddown.Owner)
	firmLink, err := w.app.InviteToFirm(ctx, second, winddown.Admin)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.app.Actor(ctx, token); err != nil {
		t.Fatal(err)
	}
	cases, err := w.app.RemoveFirmPerson(ctx, f.admin, second.UserID)
	if err != nil || cases != 2 {
		t.Fatalf("%d cases, %v", cases, err)
	}
	_, err = w.app.Actor(ctx, token)
	wantKind(t, err, winddown.Unauthenticated)
	for _, id := range kept {
		_, err := w.app.Case(ctx, second, id)
		wantKind(t, err, winddown.NotFound)
		w.verify(id)
	}
	if got := w.seen(f.admin, winddown.Responsible{None: true}); !slices.Equal(got, sortedIDs(kept...)) {
		t.Errorf("without anybody responsible are %v, want %v", got, kept)
	}
	if w.responsible(others) != f.accountant.UserID {
		t.Error("a case of somebody else changed")
	}
	_, _, err = w.app.Accept(ctx, second, ownerLink)
	wantKind(t, err, winddown.Gone)
	wantKind(t, w.app.JoinFirm(ctx, second, firmLink), winddown.Gone)
	if n, err := w.db.VerifyStream(ctx, winddown.Stream{Kind: winddown.FirmStream, ID: f.id}); err != nil || n != 9 {
		t.Errorf("the firm's trail has %d events, %v", n, err)
	}
	_, err = w.app.RemoveFirmPerson(ctx, f.admin, second.UserID)
	wantKind(t, err, winddown.NotFound)
	_, err = w.app.RemoveFirmPerson(ctx, f.admin, f.admin.UserID)
	wantKey(t, err, winddown.Conflict, "firm.error.last_admin")
	wantKey(t, w.app.SetFirmRole(ctx, f.admin, f.admin.UserID, winddown.Lead), winddown.Conflict, "firm.error.last_admin_role")
}

// Somebody who is admin no more cannot come back as one by a link of his own.
func TestADemotedAdminsLinksLeadNowhere(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	f := w.firm()
	second := w.joinFirm(f.admin, w.person("Вторая"), winddown.Admin)
	link, err := w.app.InviteToFirm(ctx, second, winddown.Admin)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.app.SetFirmRole(ctx, f.admin, second.UserID, winddown.Accountant); err != nil {
		t.Fatal(err)
	}
	wantKind(t, w.app.JoinFirm(ctx, w.person("Подставная"), link), winddown.Gone)
	_, err = w.app.InviteToFirm(ctx, second, winddown.Lead) // the session still says admin
	wantKind(t, err, winddown.Forbidden)
}

func TestFirmInvitationsEnd(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	f := w.firm()
	link := func() string {
		token, err := w.app.InviteToFirm(ctx, f.admin, winddown.Lead)
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	used, revoked, old := link(), link(), link()
	w.clock.Advance(time.Hour)
	if err := w.app.JoinFirm(ctx, w.person("Первая"), used); err != nil {
		t.Fatal(err)
	}
	wantKey(t, w.app.JoinFirm(ctx, f.lead, old), winddown.Conflict, "firm.error.already_in")
	v, err := w.app.Firm(ctx, f.admin)
	if err != nil || len(v.Invites) != 2 {
		t.Fatalf("%d open invitations, %v", len(v.Invites), err)
	}
	for _, i := range v.Invites {
		if err := w.app.RevokeFirmInvite(ctx, f.admin, i.ID); err != nil {
			t.Fatal(err)
		}
		wantKind(t, w.app.RevokeFirmInvite(ctx, f.admin, i.ID), winddown.NotFound)
	}
	late := link()
	w.clock.Advance(winddown.InviteTerm)
	for name, token := range map[string]string{"used": used, "revoked": revoked, "expired": late} {
		_, err := w.app.FirmInviteView(ctx, winddown.Actor{}, token)
		wantKind(t, err, winddown.Gone)
		if err := w.app.JoinFirm(ctx, w.person("Вторая"), token); !errors.Is(err, winddown.Gone) {
			t.Errorf("%s: %v", name, err)
		}
		_, _, err = w.app.SignUpToFirm(ctx, token, registration("kim@example.ru"), app.Browser{})
		wantKind(t, err, winddown.Gone)
	}
	wantKind(t, w.app.JoinFirm(ctx, w.person("Третья"), "nothing"), winddown.NotFound)
}

// mailedToFirm invites by mail and returns the token of the link in the letter.
func (w *world) mailedToFirm(admin winddown.Actor, role winddown.Role, email string) string {
	w.t.Helper()
	if _, err := w.app.InviteToFirmByMail(w.t.Context(), admin, role, email); err != nil {
		w.t.Fatal(err)
	}
	v, err := w.app.Firm(w.t.Context(), admin)
	if err != nil || len(v.Invites) == 0 || v.Invites[0].Email != email {
		w.t.Fatalf("the newest invitation is not for %s: %v", email, err)
	}
	_, token, err := w.app.InviteLetter(w.t.Context(), v.Invites[0].ID)
	if err != nil {
		w.t.Fatal(err)
	}
	return token
}

// An invitation by mail has a link beside the one that is handed on; both end together.
func TestFirmInvitationsByMail(t *testing.T) {
	w := newWorldWith(t, app.Options{Mail: true}, nil)
	ctx := t.Context()
	f := w.firm()
	for _, wrong := range []string{"", "lead", "lead@example.ru, other@example.ru"} {
		_, err := w.app.InviteToFirmByMail(ctx, f.admin, winddown.Lead, wrong)
		wantKind(t, err, winddown.Invalid)
	}
	_, err := newWorld(t).app.InviteToFirmByMail(ctx, f.admin, winddown.Lead, "lead@example.ru")
	wantKind(t, err, winddown.NotFound)

	first := w.mailedToFirm(f.admin, winddown.Lead, "one@example.ru")
	v, err := w.app.Firm(ctx, f.admin)
	if err != nil {
		t.Fatal(err)
	}
	_, second, err := w.app.InviteLetter(ctx, v.Invites[0].ID) // a letter may go out twice
	if err != nil {
		t.Fatal(err)
	}
	if err := w.app.JoinFirm(ctx, w.confirmed(w.person("Первая")), first); err != nil {
		t.Fatal(err)
	}
	_, err = w.app.FirmInviteView(ctx, winddown.Actor{}, second)
	wantKind(t, err, winddown.Gone)

	taken := w.mailedToFirm(f.admin, winddown.Lead, "two@example.ru")
	if v, err = w.app.Firm(ctx, f.admin); err != nil || len(v.Invites) != 1 {
		t.Fatalf("%d open invitations, %v", len(v.Invites), err)
	}
	if err := w.app.RevokeFirmInvite(ctx, f.admin, v.Invites[0].ID); err != nil {
		t.Fatal(err)
	}
	wantKind(t, w.app.JoinFirm(ctx, w.person("Вторая"), taken), winddown.Gone)
	if _, _, err := w.app.InviteLetter(ctx, v.Invites[0].ID); !errors.Is(err, app.ErrMoot) {
		t.Errorf("an invitation that was taken back is written of: %v", err)
	}
}

// One link lets one person in, however many hurry.
func TestAFirmLinkIsUsedOnce(t *testing.T) {
	w := newWorld(t)
	f := w.firm()
	token, err := w.app.InviteToFirm(t.Context(), f.admin, winddown.Lead)
	if err != nil {
		t.Fatal(err)
	}
	var people []winddown.Actor
	for i := range 4 {
		people = append(people, w.person(fmt.Sprint("Гостья ", i)))
	}
	wantTally(t, atOnce(4, func(i int) error { return w.app.JoinFirm(context.Background(), people[i], token) }), map[string]int{"ok": 1, "gone": 3})
}

// Bulk assignment is all or nothing.
func TestAssignAllOrNothing(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	f, other := w.firm(), w.firm()
	var ids []winddown.ID
	for range 10 {
		ids = append(ids, w.addSeller(f.admin))
	}
	foreign := w.addSeller(other.admin)
	before := map[winddown.ID][]string{}
	for _, id := range append(ids, foreign) {
		before[id] = w.contents(id)
	}
	to := winddown.Responsible{ID: f.accountant.UserID}
	for _, x := range []struct {
		name  string
		who   winddown.Actor
		cases []winddown.ID
		to    winddown.Responsible
		kind  winddown.Kind
	}{
		{"a case of another firm", f.lead, append(slices.Clone(ids), foreign), to, winddown.NotFound},
		{"an unknown case", f.lead, append(slices.Clone(ids), newID(t)), to, winddown.NotFound},
		{"no case of this firm", f.lead, []winddown.ID{foreign, newID(t)}, to, winddown.NotFound},
		{"a person of another firm", f.lead, ids, winddown.Responsible{ID: other.lead.UserID}, winddown.NotFound},
		{"an accountant", f.accountant, ids, to, winddown.Forbidden},
		{"another firm's admin", other.admin, ids, winddown.Responsible{ID: other.lead.UserID}, winddown.NotFound},
	} {
		_, err := w.app.Assign(ctx, x.who, x.cases, x.to)
		if !errors.Is(err, x.kind) {
			t.Errorf("%s: %v, want %v", x.name, err, x.kind)
		}
	}
	_, err := w.app.Assign(ctx, f.lead, nil, to)
	wantField(t, err, "case", "register.error.none_chosen")
	_, err = w.app.Assign(ctx, f.lead, ids, winddown.Responsible{})
	wantField(t, err, "to", "register.error.nobody_chosen")
	for id, was := range before {
		w.wantUnchanged(id, was)
	}
	n, err := w.app.Assign(ctx, f.lead, append(slices.Clone(ids), ids[0]), to)
	if err != nil || n != 10 {
		t.Fatalf("%d changed, %v", n, err)
	}
	for _, id := range ids {
		if w.responsible(id) != f.accountant.UserID || w.verify(id) != 2 {
			t.Errorf("case %s is with %s", id, w.responsible(id))
		}
	}
	if got := w.seen(f.accountant, winddown.Responsible{}); !slices.Equal(got, sortedIDs(ids...)) {
		t.Errorf("the accountant sees %v", got)
	}
}

// Whoever is responsible no more sees the case no more, and what he invited leads nowhere.
func TestReassigned(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	f := w.firm()
	id := w.addSeller(f.accountant)
	link := w.invite(f.accountant, id, winddown.Owner)
	if err := w.assign(f.lead, f.lead.UserID, id); err != nil {
		t.Fatal(err)
	}
	_, err := w.app.Case(ctx, f.accountant, id)
	wantKind(t, err, winddown.NotFound)
	_, _, err = w.app.Accept(ctx, f.accountant, link)
	wantKind(t, err, winddown.Gone)
	link = w.invite(f.lead, id, winddown.Owner)
	_, _, err = w.app.Accept(ctx, f.admin, link)
	wantKey(t, err, winddown.Conflict, "invite.error.already_in")
}

// Assignments of the same cases in other orders, and removals meanwhile, wait for each other
// and do not fall over.
func TestAssignmentsAtOnce(t *testing.T) {
	w := newWorld(t)
	f := w.firm()
	guest := w.joinFirm(f.admin, w.person("Гостья"), winddown.Accountant)
	var ids []winddown.ID
	for range 8 {
		ids = append(ids, w.addSeller(f.admin))
	}
	back := slices.Clone(ids)
	slices.Reverse(back)
	ctx := context.Background()
	errs := atOnce(6, func(i int) error {
		switch i {
		case 0, 1:
			return w.assign(f.lead, f.lead.UserID, ids...)
		case 2, 3:
			return w.assign(f.admin, f.accountant.UserID, back...)
		case 4:
			return expectedOrNil(w.assign(f.admin, guest.UserID, ids...), winddown.NotFound) // she may be gone by then
		}
		_, err := w.app.RemoveFirmPerson(ctx, f.admin, guest.UserID)
		return err
	})
	wantTally(t, errs, map[string]int{"ok": 6})
	for _, id := range ids {
		w.verify(id)
	}
	if n := one[int](w, "select count(*) from cases where responsible_id = $1", uuid.UUID(guest.UserID)); n != 0 {
		t.Errorf("%d cases stayed with somebody who left", n)
	}
}

func expectedOrNil(err error, kind winddown.Kind) error {
	if errors.Is(err, kind) {
		return nil
	}
	return err
}

// The owner leaves the firm with his case: nobody of it sees anything from then on.
func TestTheOwnerLeavesTheFirm(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	f := w.firm()
	owner := w.person("Петрова")
	for _, unassigned := range []bool{false, true} {
		id := w.open(owner)
		w.join(owner, f.accountant, id, winddown.Accountant)
		if err := w.app.SetActing(ctx, owner, id, true); err != nil {
			t.Fatal(err)
		}
		if unassigned {
			if err := w.assign(f.admin, winddown.ID{}, id); err != nil {
				t.Fatal(err)
			}
		}
		p, err := w.app.People(ctx, owner, id)
		if err != nil || p.View.Firm != "Учёт и порядок" {
			t.Errorf("the firm is %q, %v", p.View.Firm, err)
		}
		_, err = w.app.Invite(ctx, owner, id, winddown.Accountant)
		wantKind(t, err, winddown.Conflict)
		for _, a := range []winddown.Actor{f.admin, f.lead} {
			wantKind(t, w.app.LeaveFirm(ctx, a, id), winddown.Forbidden)
		}
		if err := w.app.LeaveFirm(ctx, owner, id); err != nil {
			t.Fatal(err)
		}
		for _, a := range []winddown.Actor{f.admin, f.lead, f.accountant} {
			_, err := w.app.Case(ctx, a, id)
			wantKind(t, err, winddown.NotFound)
			if got := w.seen(a, winddown.Responsible{}); len(got) != 0 {
				t.Errorf("the firm still sees %v", got)
			}
		}
		if c := w.view(owner, id).Case; c.Acting || !c.FirmID.IsZero() || !c.HasOwner {
			t.Errorf("the case stays with %+v", c)
		}
		w.verify(id)
		wantKey(t, w.app.LeaveFirm(ctx, owner, id), winddown.Conflict, "people.error.no_firm")
		w.invite(owner, id, winddown.Accountant)
	}
}
