package winddown_test

import (
	"fmt"
	"slices"
	"testing"

	"winddown/internal/winddown"
)

// when says under which circumstances a cell of the table of rights is a yes.
type when string

const (
	no        when = "no"
	yes       when = "yes"
	acting    when = "acting"    // «ведёт за продавца», or no owner yet
	ownerless when = "ownerless" // no owner yet
)

// rights is the table of who may do what; in a case without an owner the accountant has
// the owner's rights.
func rights() map[winddown.Action]map[winddown.Role]when {
	return map[winddown.Action]map[winddown.Role]when{
		winddown.CanSee:         {"owner": yes, "helper": yes, "accountant": yes, "lead": yes, "admin": yes},
		winddown.CanMark:        {"owner": yes, "helper": yes, "accountant": acting, "lead": acting, "admin": acting},
		winddown.CanRegress:     {"owner": yes, "helper": yes, "accountant": yes, "lead": yes, "admin": yes},
		winddown.CanManage:      {"owner": yes, "helper": no, "accountant": ownerless, "lead": no, "admin": no},
		winddown.CanInviteOwner: {"owner": no, "helper": no, "accountant": ownerless, "lead": no, "admin": no},
		winddown.CanLetAct:      {"owner": yes, "helper": no, "accountant": no, "lead": no, "admin": no},
		winddown.CanReview:      {"owner": no, "helper": no, "accountant": yes, "lead": yes, "admin": yes},
		winddown.CanUpgrade:     {"owner": yes, "helper": no, "accountant": yes, "lead": yes, "admin": yes},
		winddown.CanAnswer:      {"owner": yes, "helper": yes, "accountant": yes, "lead": yes, "admin": yes},
		winddown.CanShare:       {"owner": yes, "helper": no, "accountant": ownerless, "lead": no, "admin": no},
		winddown.CanDelete:      {"owner": yes, "helper": no, "accountant": no, "lead": no, "admin": no},
		winddown.CanTransfer:    {"owner": yes, "helper": no, "accountant": no, "lead": no, "admin": no},
		winddown.CanSeeFiles:    {"owner": yes, "helper": yes, "accountant": yes, "lead": yes, "admin": yes},
		winddown.CanSeePeople:   {"owner": yes, "helper": yes, "accountant": yes, "lead": yes, "admin": yes},
		winddown.CanSeeComments: {"owner": yes, "helper": yes, "accountant": yes, "lead": yes, "admin": yes},
	}
}

func (w when) holds(hasOwner, mayAct bool) bool {
	switch w {
	case yes:
		return true
	case acting:
		return mayAct || !hasOwner
	case ownerless:
		return !hasOwner
	case no:
	}
	return false
}

// standings returns every set of roles a person can have.
func standings() map[winddown.Standing][]winddown.Role {
	all := map[winddown.Standing][]winddown.Role{}
	for n := range 1 << len(winddown.Roles()) {
		s := winddown.Standing{Owner: n&1 != 0, Helper: n&2 != 0, Accountant: n&4 != 0, Lead: n&8 != 0, Admin: n&16 != 0}
		var roles []winddown.Role
		for i, r := range []winddown.Role{"owner", "helper", "accountant", "lead", "admin"} {
			if n&(1<<i) != 0 {
				roles = append(roles, r)
			}
		}
		all[s] = roles
	}
	return all
}

func TestPolicy(t *testing.T) {
	table := rights()
	if len(table) != len(winddown.Actions()) {
		t.Errorf("%d rows for %d actions", len(table), len(winddown.Actions()))
	}
	for _, a := range winddown.Actions() {
		row, ok := table[a]
		if !ok || len(row) != len(winddown.Roles()) {
			t.Fatalf("the row of %q is missing or short: %v", a, row)
		}
		for s, roles := range standings() {
			for _, hasOwner := range []bool{true, false} {
				for _, mayAct := range []bool{true, false} {
					want := slices.ContainsFunc(roles, func(r winddown.Role) bool { return row[r].holds(hasOwner, mayAct) })
					if got := winddown.May(a, s, hasOwner, mayAct); got != want {
						t.Errorf("May(%s, %v, owner %v, acting %v) = %v", a, roles, hasOwner, mayAct, got)
					}
					testAllow(t, a, s, hasOwner, mayAct, want, len(roles) > 0)
				}
			}
		}
	}
}

// Allow: absent for whoever may not see the case, refused for whoever may only see it.
func testAllow(t *testing.T, a winddown.Action, s winddown.Standing, hasOwner, mayAct, may, visible bool) {
	t.Helper()
	c := &winddown.Case{HasOwner: hasOwner, Acting: mayAct}
	err := c.Allow(a, s)
	switch {
	case may:
		if err != nil {
			t.Errorf("Allow(%s, %+v): %v", a, s, err)
		}
	case visible:
		wantKind(t, err, winddown.Forbidden)
	default:
		wantKind(t, err, winddown.NotFound)
	}
}

// A share link shows the case and what its switches say; nothing can be done through it, whoever
// owns the case and whatever its accountant may.
func TestPolicyOfLinks(t *testing.T) {
	for n := range 8 {
		shown := winddown.Shown{Files: n&1 != 0, People: n&2 != 0, Comments: n&4 != 0}
		may := map[winddown.Action]bool{winddown.CanSee: true, winddown.CanSeeFiles: shown.Files, winddown.CanSeePeople: shown.People,
			winddown.CanSeeComments: shown.Comments}
		for _, a := range winddown.Actions() {
			for _, hasOwner := range []bool{true, false} {
				if got := winddown.May(a, winddown.Standing{Visitor: true, Shown: shown}, hasOwner, !hasOwner); got != may[a] {
					t.Errorf("a link that shows %v may %s: %v", shown.Names(), a, got)
				}
				if winddown.May(a, winddown.Standing{Shown: shown}, hasOwner, true) {
					t.Errorf("nobody may %s", a)
				}
			}
		}
	}
}

func TestUnknownAction(t *testing.T) {
	everybody := winddown.Standing{Owner: true, Helper: true, Accountant: true, Lead: true, Admin: true}
	if winddown.May("burn", everybody, false, true) {
		t.Error("an unknown action is allowed")
	}
	wantKind(t, (&winddown.Case{}).Allow("burn", everybody), winddown.Forbidden)
}

func TestStanding(t *testing.T) {
	for s, roles := range standings() {
		for _, r := range winddown.Roles() {
			if got := s.Has(r); got != slices.Contains(roles, r) {
				t.Errorf("%v has %s: %v", roles, r, got)
			}
		}
		if s.Has("stranger") {
			t.Errorf("%v has an unknown role", roles)
		}
		if s.Visible() != (len(roles) > 0) {
			t.Errorf("%v sees the case: %v", roles, s.Visible())
		}
		if s.OnBehalf() != !slices.Contains(roles, winddown.Owner) {
			t.Errorf("%v acts for the seller: %v", roles, s.OnBehalf())
		}
		books := slices.ContainsFunc(roles, func(r winddown.Role) bool { return r == "accountant" || r == "lead" || r == "admin" })
		if s.Bookkeeping() != books {
			t.Errorf("%v keeps the books: %v", roles, s.Bookkeeping())
		}
	}
}

// An owner is only ever invited to a case that has none, and only owners' rights invite.
func TestInviteRoles(t *testing.T) {
	for s, roles := range standings() {
		for _, hasOwner := range []bool{true, false} {
			var want []winddown.Role
			switch {
			case !hasOwner && s.Accountant:
				want = []winddown.Role{winddown.Owner, winddown.Helper}
			case s.Owner:
				want = []winddown.Role{winddown.Accountant, winddown.Helper}
			}
			for _, mayAct := range []bool{true, false} {
				c := &winddown.Case{HasOwner: hasOwner, Acting: mayAct}
				if got := c.InviteRoles(s); !slices.Equal(got, want) {
					t.Errorf("%v in a case with owner %v may invite %v, want %v", roles, hasOwner, got, want)
				}
			}
		}
	}
}

func TestActionAndRoleCodes(t *testing.T) {
	if got := fmt.Sprint(winddown.Roles()); got != "[owner helper accountant lead admin]" {
		t.Errorf("roles %s", got)
	}
	if got := fmt.Sprint(winddown.Actions()); got != "[see mark regress manage owner_link let_act review answer share delete transfer upgrade see_files see_people see_comments]" {
		t.Errorf("actions %s", got)
	}
}
