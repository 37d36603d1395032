package app_test

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"winddown/internal/winddown"
)

// scene is a case in which every use case has something to do.
type scene struct {
	*world
	id     winddown.ID
	guest  winddown.ID // a helper, to be removed
	invite winddown.ID // an open invitation, to be revoked
}

// useCases are what people do with a case, under the action of the table of rights that
// covers it.
func useCases() map[string]map[string]func(context.Context, scene, winddown.Actor) error {
	type do = func(context.Context, scene, winddown.Actor) error
	// The version of zero_fbs after it was marked, and of the steps nobody has touched.
	const marked, untouched = 2, 1
	answers := winddown.RawAnswers{FBS: "no", WBStock: "no"}
	return map[string]map[string]do{
		"see": {
			"Case": func(ctx context.Context, s scene, a winddown.Actor) error {
				_, err := s.app.Case(ctx, a, s.id)
				return err
			},
			"Step": func(ctx context.Context, s scene, a winddown.Actor) error {
				_, err := s.app.Step(ctx, a, s.id, winddown.SellOut)
				return err
			},
			"History": func(ctx context.Context, s scene, a winddown.Actor) error {
				_, err := s.app.History(ctx, a, s.id, 0)
				return err
			},
			"People": func(ctx context.Context, s scene, a winddown.Actor) error {
				_, err := s.app.People(ctx, a, s.id)
				return err
			},
		},
		"mark": {
			"MarkDone": func(ctx context.Context, s scene, a winddown.Actor) error {
				_, err := s.app.MarkDone(ctx, a, s.id, winddown.MarkDone{Step: winddown.SellOut, Version: untouched, On: winddown.DateOf(noon)})
				return err
			},
			"MarkPending": func(ctx context.Context, s scene, a winddown.Actor) error {
				return s.app.MarkPending(ctx, a, s.id, winddown.MarkPending{Step: winddown.SellOut, Version: untouched})
			},
			"Undo": func(ctx context.Context, s scene, a winddown.Actor) error {
				return s.app.Undo(ctx, a, s.id, winddown.Undo{Step: winddown.ZeroFBS, Version: marked, Reason: "Ошибка"})
			},
			"DeclareRest": func(ctx context.Context, s scene, a winddown.Actor) error { return s.app.DeclareRest(ctx, a, s.id) },
		},
		"regress": {
			"Regress": func(ctx context.Context, s scene, a winddown.Actor) error {
				return s.app.Regress(ctx, a, s.id, winddown.Regress{Step: winddown.ZeroFBS, Version: marked, Reason: "Появился товар"})
			},
		},
		"manage": {
			"ChangeAnswers": func(ctx context.Context, s scene, a winddown.Actor) error {
				return s.app.ChangeAnswers(ctx, a, s.id, winddown.ChangeAnswers{Answers: answers})
			},
			"ChangeDetails": func(ctx context.Context, s scene, a winddown.Actor) error {
				return s.app.ChangeDetails(ctx, a, s.id, winddown.ChangeDetails{Seller: winddown.Seller{Name: "ИП Ким", INN: sellerINN}, Zone: "Asia/Omsk"})
			},
			"Finish": func(ctx context.Context, s scene, a winddown.Actor) error {
				return expected(s.app.Finish(ctx, a, s.id, 0), winddown.Blocked)
			},
			"Reopen": func(ctx context.Context, s scene, a winddown.Actor) error {
				return expected(s.app.Reopen(ctx, a, s.id, "Рано", 0), winddown.Conflict)
			},
			"Invite": func(ctx context.Context, s scene, a winddown.Actor) error {
				_, err := s.app.Invite(ctx, a, s.id, winddown.Helper)
				return err
			},
			"RevokeInvite": func(ctx context.Context, s scene, a winddown.Actor) error {
				return s.app.RevokeInvite(ctx, a, s.id, s.invite)
			},
			"RemovePerson": func(ctx context.Context, s scene, a winddown.Actor) error {
				return s.app.RemovePerson(ctx, a, s.id, s.guest)
			},
		},
		"let_act": {
			"SetActing": func(ctx context.Context, s scene, a winddown.Actor) error {
				v, err := s.app.Case(ctx, a, s.id)
				if err != nil {
					return err
				}
				err = s.app.SetActing(ctx, a, s.id, !v.Case.Acting)
				if v.Case.ResponsibleID.IsZero() { // nobody to let
					return expected(err, winddown.Conflict)
				}
				return err
			},
		},
		"owner_link": {
			"Invite owner": func(ctx context.Context, s scene, a winddown.Actor) error {
				_, err := s.app.Invite(ctx, a, s.id, winddown.Owner)
				return err
			},
		},
	}
}

// expected turns the refusal that somebody with the right gets into nil.
func expected(err error, kind winddown.Kind) error {
	if errors.Is(err, kind) {
		return nil
	}
	if err == nil {
		return errors.New("it was not refused")
	}
	return err
}

// TestRights holds the table of rights against every use case: + may, - may see the case
// but not do it, x may do such things but has no such choice, 0 may not even know that the
// case is there.
func TestRights(t *testing.T) {
	columns := strings.Fields("see mark regress manage owner_link let_act")
	table := map[string]string{
		"owner":                    "+ + + + x +",
		"helper":                   "+ + + - - -",
		"accountant":               "+ - + - - -",
		"accountant acting":        "+ + + - - -",
		"accountant without owner": "+ + + + + -",
		"lead":                     "+ - + - - -",
		"lead acting":              "+ + + - - -",
		"admin":                    "+ - + - - -",
		"firm's accountant":        "0 0 0 0 0 0",
		"stranger":                 "0 0 0 0 0 0",
		"removed helper":           "0 0 0 0 0 0",
		"removed accountant":       "0 0 0 0 0 0",
		"nobody":                   "0 0 0 0 0 0",
	}
	w := newWorld(t)
	people := map[string]winddown.Actor{}
	for _, name := range []string{"owner", "helper", "accountant", "guest", "colleague", "stranger"} {
		people[name] = w.person(name)
	}
	firm := func() uuid.UUID { // the accountant's, once there is one
		return one[uuid.UUID](w, "select firm_id from firm_people where user_id = $1", uuid.UUID(people["accountant"].UserID))
	}

	// stage opens a case in which somebody stands as the row of the table says.
	stage := func(t *testing.T, row string) (scene, winddown.Actor) {
		w := *w
		w.t = t
		s := scene{world: &w, guest: people["guest"].UserID}
		host := people["owner"]
		answers := winddown.RawAnswers{FBS: "yes", WBStock: "yes", Leftover: "sell"}
		if row == "accountant without owner" {
			host = people["accountant"]
			id, err := w.app.AddSeller(t.Context(), host, newCase(answers))
			if err != nil {
				t.Fatal(err)
			}
			s.id = id
		} else {
			s.id = w.openWith(host, answers)
		}
		w.join(host, people["guest"], s.id, winddown.Helper)
		w.mark(host, s.id, winddown.ZeroFBS)
		if strings.Contains(row, "accountant") && row != "accountant without owner" || strings.HasPrefix(row, "lead") || row == "admin" {
			w.join(host, people["accountant"], s.id, winddown.Accountant)
		}
		if strings.HasSuffix(row, "acting") {
			if err := w.app.SetActing(t.Context(), host, s.id, true); err != nil {
				t.Fatal(err)
			}
		}
		w.invite(host, s.id, winddown.Helper)
		p, err := w.app.People(t.Context(), host, s.id)
		if err != nil || len(p.Invites) != 1 {
			t.Fatalf("people: %d invitations, %v", len(p.Invites), err)
		}
		s.invite = p.Invites[0].ID

		colleague := func(role string) winddown.Actor {
			w.exec("delete from firm_people where user_id = $1", uuid.UUID(people["colleague"].UserID))
			w.exec("insert into firm_people (firm_id, user_id, role, added_at) values ($1, $2, $3, $4)",
				firm(), uuid.UUID(people["colleague"].UserID), role, noon)
			return people["colleague"]
		}
		removed := func(name string) winddown.Actor {
			if err := w.app.RemovePerson(t.Context(), host, s.id, people[name].UserID); err != nil {
				t.Fatal(err)
			}
			return people[name]
		}
		switch row {
		case "owner", "accountant", "accountant acting", "accountant without owner", "stranger":
			return s, people[strings.Fields(row)[0]]
		case "helper":
			w.join(host, people["helper"], s.id, winddown.Helper)
			return s, people["helper"]
		case "lead", "lead acting", "admin":
			return s, colleague(strings.Fields(row)[0])
		case "firm's accountant":
			return s, colleague("accountant")
		case "removed helper":
			w.join(host, people["helper"], s.id, winddown.Helper)
			return s, removed("helper")
		case "removed accountant":
			return s, removed("accountant")
		case "nobody":
			return s, winddown.Actor{Via: winddown.ViaPages}
		}
		t.Fatalf("nobody knows how to stage %q", row)
		return scene{}, winddown.Actor{}
	}

	if got := slices.Sorted(maps.Keys(useCases())); !slices.Equal(got, slices.Sorted(slices.Values(columns))) {
		t.Fatalf("use cases for %v, columns %v", got, columns)
	}
	for _, row := range slices.Sorted(maps.Keys(table)) {
		cells := strings.Fields(table[row])
		t.Run(row, func(t *testing.T) {
			// Refusals change nothing, so one case serves them all; what is allowed gets its own.
			refused, asker := stage(t, row)
			before := refused.contents(refused.id)
			for i, column := range columns {
				for name, do := range useCases()[column] {
					switch cells[i] {
					case "+":
						s, actor := stage(t, row)
						if err := do(t.Context(), s, actor); err != nil {
							t.Errorf("%s: %v", name, err)
						}
					case "-":
						wantKind(t, named(name, do(t.Context(), refused, asker)), winddown.Forbidden)
					case "x":
						wantKind(t, named(name, do(t.Context(), refused, asker)), winddown.Invalid)
					case "0":
						wantKind(t, named(name, do(t.Context(), refused, asker)), winddown.NotFound)
					}
				}
			}
			refused.wantUnchanged(refused.id, before)
		})
	}
}

// named puts the name of what failed in front of an error.
func named(name string, err error) error {
	if err == nil {
		return errors.New(name + " was allowed")
	}
	return &winddown.Error{Kind: winddown.KindOf(err), Key: name, Err: err}
}

// Whoever opens the door may invite only those the table lets him.
func TestWhomOneMayInvite(t *testing.T) {
	w := newWorld(t)
	owner, accountant := w.person("Петрова"), w.person("Ким")
	owned, kept := w.open(owner), w.addSeller(accountant)
	for _, c := range []struct {
		who  winddown.Actor
		id   winddown.ID
		role winddown.Role
		want error
	}{
		{owner, owned, winddown.Helper, nil},
		{owner, owned, winddown.Accountant, nil},
		{owner, owned, winddown.Owner, winddown.Invalid},
		{owner, owned, winddown.Lead, winddown.Invalid},
		{owner, owned, winddown.Admin, winddown.Invalid},
		{owner, owned, "", winddown.Invalid},
		{owner, owned, "boss", winddown.Invalid},
		{accountant, kept, winddown.Owner, nil},
		{accountant, kept, winddown.Helper, nil},
		{accountant, kept, winddown.Accountant, winddown.Invalid},
	} {
		_, err := w.app.Invite(t.Context(), c.who, c.id, c.role)
		if !errors.Is(err, c.want) {
			t.Errorf("%s invites %q: error %v, want %v", c.who.Name, c.role, err, c.want)
		}
	}
}
