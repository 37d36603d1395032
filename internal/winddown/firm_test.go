package winddown_test

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"winddown/internal/winddown"
)

// The people of the sample firm.
var (
	boss, second, lead, book, outsider = person(1), person(2), person(3), person(4), person(9)
)

// firm has two admins, a lead and an accountant.
func firm() *winddown.Firm {
	return &winddown.Firm{ID: person(100), Name: "Учёт и порядок", Members: []winddown.Member{
		{UserID: boss, Role: winddown.Admin}, {UserID: second, Role: winddown.Admin}, {UserID: lead, Role: winddown.Lead},
		{UserID: book, Role: winddown.Accountant},
	}}
}

// The table of rights in a firm, role × action.
func TestFirmPolicy(t *testing.T) {
	table := map[winddown.FirmAction]string{
		winddown.CanSeeFirm: "admin lead accountant",
		winddown.CanAssign:  "admin lead",
		winddown.CanRemind:  "admin lead accountant",
		winddown.CanArchive: "admin lead accountant",
		winddown.CanRunFirm: "admin",
	}
	if len(table) != len(winddown.FirmActions()) {
		t.Errorf("%d rows for %d actions", len(table), len(winddown.FirmActions()))
	}
	people := map[winddown.Role]winddown.ID{"admin": boss, "lead": lead, "accountant": book}
	for _, a := range winddown.FirmActions() {
		allowed := strings.Fields(table[a])
		for _, r := range append(winddown.Roles(), "", "stranger") {
			want := slices.Contains(allowed, string(r))
			if got := winddown.MayInFirm(a, r); got != want {
				t.Errorf("MayInFirm(%s, %q) = %v", a, r, got)
			}
		}
		for r, who := range people {
			err := firm().Allow(a, who)
			if slices.Contains(allowed, string(r)) {
				if err != nil {
					t.Errorf("Allow(%s) of %s: %v", a, r, err)
				}
			} else {
				wantKind(t, err, winddown.Forbidden)
			}
		}
		wantKind(t, firm().Allow(a, outsider), winddown.NotFound)
		wantKind(t, firm().Allow(a, winddown.ID{}), winddown.NotFound)
	}
	for _, r := range winddown.Roles() {
		if winddown.MayInFirm("burn", r) {
			t.Errorf("an unknown action is allowed to %s", r)
		}
		if got, want := r.SeesFirm(), r == winddown.Lead || r == winddown.Admin; got != want {
			t.Errorf("%s sees all cases of the firm: %v", r, got)
		}
	}
}

func wantKey(t *testing.T, err error, kind winddown.Kind, key string) {
	t.Helper()
	var e *winddown.Error
	if !errors.As(err, &e) || e.Kind != kind || e.Key != key {
		t.Errorf("error %v, want %v: %s", err, kind, key)
	}
}

func wantEvents(t *testing.T, got []winddown.Event, want ...winddown.Event) {
	t.Helper()
	if len(got) != len(want) || len(want) > 0 && !reflect.DeepEqual(got, want) {
		t.Errorf("events %+v, want %+v", got, want)
	}
}

func TestFirmRename(t *testing.T) {
	f := firm()
	events, err := f.Rename("  Баланс \n плюс ")
	if err != nil || f.Name != "Баланс плюс" {
		t.Errorf("the name is %q, %v", f.Name, err)
	}
	wantEvents(t, events, winddown.Event{Kind: winddown.FirmRenamed, After: winddown.Changes{"firm_name": "Баланс плюс"}})
	if events, err := f.Rename("Баланс плюс"); err != nil || len(events) > 0 {
		t.Errorf("the same name again: %v, %v", events, err)
	}
	for name, key := range map[string]string{" ": "firm.error.name_missing", strings.Repeat("ы", 201): "error.field.too_long"} {
		_, err := f.Rename(name)
		wantFields(t, err, "name: "+key)
	}
	if _, err := f.Rename(strings.Repeat("ы", winddown.MaxFirmName)); err != nil {
		t.Error(err)
	}
}

// The last admin can be neither demoted nor removed; of two, one can.
func TestLastAdminStays(t *testing.T) {
	for _, role := range []winddown.Role{winddown.Lead, winddown.Accountant} {
		f := firm()
		events, err := f.SetRole(second, role)
		if err != nil {
			t.Fatal(err)
		}
		wantEvents(t, events, winddown.Event{Kind: winddown.FirmRoleChanged, User: second, Role: role, Before: winddown.Changes{"role": "admin"}})
		_, err = f.SetRole(boss, role)
		wantKey(t, err, winddown.Conflict, "firm.error.last_admin_role")
		_, err = f.Remove(boss)
		wantKey(t, err, winddown.Conflict, "firm.error.last_admin")
		if m, err := f.Member(boss); err != nil || m.Role != winddown.Admin {
			t.Errorf("the last admin is %+v, %v", m, err)
		}
		if _, err := f.SetRole(lead, winddown.Admin); err != nil {
			t.Fatal(err)
		}
		if _, err := f.Remove(boss); err != nil {
			t.Errorf("with another admin: %v", err)
		}
	}
}

func TestFirmRolesAndRemoval(t *testing.T) {
	f := firm()
	if events, err := f.SetRole(book, winddown.Accountant); err != nil || len(events) > 0 {
		t.Errorf("the same role again: %v, %v", events, err)
	}
	for _, role := range []winddown.Role{winddown.Owner, winddown.Helper, "", "king"} {
		_, err := f.SetRole(book, role)
		wantFields(t, err, "role: firm.error.role_missing")
	}
	_, err := f.SetRole(outsider, winddown.Lead)
	wantKind(t, err, winddown.NotFound)
	_, err = f.Remove(outsider)
	wantKind(t, err, winddown.NotFound)
	events, err := f.Remove(book)
	if err != nil {
		t.Fatal(err)
	}
	wantEvents(t, events, winddown.Event{Kind: winddown.FirmPersonRemoved, User: book, Role: winddown.Accountant})
	wantKind(t, f.Allow(winddown.CanSeeFirm, book), winddown.NotFound)
}

func TestJoinFirm(t *testing.T) {
	f := firm()
	at := time.Date(2026, 11, 12, 9, 0, 0, 0, time.UTC)
	events, err := f.Join(outsider, winddown.Lead, winddown.Stamp{At: at})
	if err != nil || !f.Members[4].AddedAt.Equal(at) {
		t.Fatalf("%+v, %v", f.Members, err)
	}
	wantEvents(t, events, winddown.Event{Kind: winddown.FirmJoined, User: outsider, Role: winddown.Lead})
	_, err = f.Join(outsider, winddown.Admin, winddown.Stamp{})
	wantKey(t, err, winddown.Conflict, "firm.error.already_in")
	for n := len(f.Members); n < winddown.MaxMembers; n++ {
		if _, err := f.Join(winddown.ID{0: 1, 14: byte(n >> 8), 15: byte(n)}, winddown.Accountant, winddown.Stamp{}); err != nil {
			t.Fatal(err)
		}
	}
	_, err = f.Join(person(77), winddown.Accountant, winddown.Stamp{})
	wantKey(t, err, winddown.Conflict, "firm.error.full")
}

// A firm's invitation ends as a case's does.
func TestFirmInviteUsable(t *testing.T) {
	now := time.Date(2026, 11, 12, 12, 0, 0, 0, time.UTC)
	fresh := winddown.FirmInvite{ExpiresAt: now.Add(winddown.InviteTerm)}
	if err := fresh.Usable(now); err != nil {
		t.Error(err)
	}
	used, revoked := fresh, fresh
	used.UsedAt, revoked.RevokedAt = now, now
	wantKind(t, used.Usable(now), winddown.Gone)
	wantKind(t, revoked.Usable(now), winddown.Gone)
	wantKind(t, fresh.Usable(fresh.ExpiresAt), winddown.Gone)
}

func TestAssign(t *testing.T) {
	cases := []winddown.Picked{{ID: person(11), ResponsibleID: book}, {ID: person(12)}, {ID: person(13), ResponsibleID: lead}}
	stream := func(n byte) winddown.Stream { return winddown.Stream{Kind: winddown.CaseStream, ID: person(n)} }
	changed, events, err := firm().Assign(cases, book)
	if err != nil {
		t.Fatal(err)
	}
	if want := []winddown.Picked{{ID: person(12), ResponsibleID: book}, {ID: person(13), ResponsibleID: book}}; !slices.Equal(changed, want) {
		t.Errorf("changed %+v, want %+v", changed, want)
	}
	wantEvents(t, events, winddown.Event{Stream: stream(12), Kind: winddown.ResponsibleAssigned, User: book},
		winddown.Event{Stream: stream(13), Kind: winddown.ResponsibleAssigned, User: book})
	changed, events, err = firm().Assign(cases, winddown.ID{})
	if err != nil || len(changed) != 2 {
		t.Fatalf("%+v, %v", changed, err)
	}
	wantEvents(t, events, winddown.Event{Stream: stream(11), Kind: winddown.ResponsibleCleared, User: book},
		winddown.Event{Stream: stream(13), Kind: winddown.ResponsibleCleared, User: lead})
	_, _, err = firm().Assign(cases, outsider)
	wantKind(t, err, winddown.NotFound)
	if cases[1].ResponsibleID != (winddown.ID{}) {
		t.Error("the caller's list was changed")
	}
}

func TestLeaveFirm(t *testing.T) {
	s := winddown.Stamp{}
	for name, x := range map[string]struct {
		c    winddown.Case
		want winddown.Event
	}{
		"with an accountant": {winddown.Case{HasOwner: true, FirmID: person(100), ResponsibleID: book, Acting: true},
			winddown.Event{Kind: winddown.PersonRemoved, Role: winddown.Accountant, User: book}},
		"nobody responsible": {winddown.Case{HasOwner: true, FirmID: person(100), Acting: true}, winddown.Event{Kind: winddown.LeftFirm}},
	} {
		events, err := x.c.LeaveFirm(s)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		wantEvents(t, events, x.want)
		if x.c.Acting || !x.c.FirmID.IsZero() || !x.c.ResponsibleID.IsZero() {
			t.Errorf("%s: the case stays with %+v", name, x.c)
		}
	}
	_, err := (&winddown.Case{FirmID: person(100)}).LeaveFirm(s)
	wantKey(t, err, winddown.Conflict, "invite.error.no_owner")
	_, err = (&winddown.Case{HasOwner: true}).LeaveFirm(s)
	wantKey(t, err, winddown.Conflict, "people.error.no_firm")
}

// Leave to mark steps is given to the firm: a case without anybody responsible keeps it.
func TestActingIsTheFirms(t *testing.T) {
	c := &winddown.Case{HasOwner: true}
	_, err := c.SetActing(true, winddown.Stamp{})
	wantKey(t, err, winddown.Conflict, "people.error.no_accountant")
	c.FirmID = person(100)
	if events, err := c.SetActing(true, winddown.Stamp{}); err != nil || len(events) != 1 || !c.Acting {
		t.Errorf("acting %v, %v, %v", c.Acting, events, err)
	}
}
