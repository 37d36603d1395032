package app_test

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"winddown/internal/app"
	"winddown/internal/winddown"
)

// scene is a case in which every use case has something to do.
type scene struct {
	*world
	id     winddown.ID
	guest  winddown.ID // a helper, to be removed
	invite winddown.ID // an open invitation, to be revoked
	link   winddown.ID // a share link, to be revoked
	debt   winddown.ID // of a line that is not written down yet
	file   app.StoredFile
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
			"CaseWithLetters": func(ctx context.Context, s scene, a winddown.Actor) error {
				_, err := s.app.CaseWithLetters(ctx, a, s.id)
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
			"RemovePerson without a proof": func(ctx context.Context, s scene, a winddown.Actor) error {
				a.ProvedAt = a.ProvedAt.Add(-time.Hour)
				return expected(s.app.RemovePerson(ctx, a, s.id, s.guest), winddown.Unproved)
			},
			"LeaveFirm": func(ctx context.Context, s scene, a winddown.Actor) error { // no firm keeps it, or nobody owns it
				return expected(s.app.LeaveFirm(ctx, a, s.id), winddown.Conflict)
			},
		},
		"share": {
			"Shares": func(ctx context.Context, s scene, a winddown.Actor) error {
				_, err := s.app.Shares(ctx, a, s.id)
				return err
			},
			"ShareLog": func(ctx context.Context, s scene, a winddown.Actor) error {
				_, err := s.app.ShareLog(ctx, a, s.id, s.link, 0)
				return err
			},
			"CreateShare": func(ctx context.Context, s scene, a winddown.Actor) error {
				_, err := s.app.CreateShare(ctx, a, s.id, newShare())
				return err
			},
			"CreateShare with mistakes": func(ctx context.Context, s scene, a winddown.Actor) error {
				_, err := s.app.CreateShare(ctx, a, s.id, winddown.NewShare{})
				return expected(err, winddown.Invalid)
			},
			"RevokeShare": func(ctx context.Context, s scene, a winddown.Actor) error {
				return s.app.RevokeShare(ctx, a, s.id, s.link)
			},
		},
		"delete": {
			"DeleteCase": func(ctx context.Context, s scene, a winddown.Actor) error {
				return s.app.DeleteCase(ctx, a, s.id, "ИП  петрова А. С.")
			},
			"DeleteCase without the name": func(ctx context.Context, s scene, a winddown.Actor) error {
				return expected(s.app.DeleteCase(ctx, a, s.id, "ИП"), winddown.Invalid)
			},
			"DeleteCase without a proof": func(ctx context.Context, s scene, a winddown.Actor) error {
				a.ProvedAt = a.ProvedAt.Add(-time.Hour)
				return expected(s.app.DeleteCase(ctx, a, s.id, "ИП Петрова А. С."), winddown.Unproved)
			},
			"KeepCase": func(ctx context.Context, s scene, a winddown.Actor) error { return s.app.KeepCase(ctx, a, s.id) },
		},
		"transfer": {
			"Transfer": func(ctx context.Context, s scene, a winddown.Actor) error {
				_, _, err := s.app.Transfer(ctx, a, s.id, "")
				return err
			},
			"ObjectToRescue": func(ctx context.Context, s scene, a winddown.Actor) error { return s.app.ObjectToRescue(ctx, a, s.id) },
			"Transfer without a proof": func(ctx context.Context, s scene, a winddown.Actor) error {
				a.ProvedAt = a.ProvedAt.Add(-time.Hour)
				_, _, err := s.app.Transfer(ctx, a, s.id, "")
				return expected(err, winddown.Unproved)
			},
		},
		"upgrade": {
			"Newer": func(ctx context.Context, s scene, a winddown.Actor) error {
				_, err := s.app.Newer(ctx, a, s.id)
				return err
			},
			"UpgradeCase": func(ctx context.Context, s scene, a winddown.Actor) error { // it is there already
				return s.app.UpgradeCase(ctx, a, s.id, newest(0))
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

// proofCases are the use cases about evidence, reviews, acts, deadlines and debts, each with
// its action of the table of rights. Whoever may do them all does them in this order.
func proofCases() []proofCase {
	const zeroFBS, requestAct = 2, 1 // the versions of these steps in a scene
	today := winddown.DateOf(noon)
	review := func(code winddown.Code, version int) winddown.Review {
		return winddown.Review{Step: code, Version: version, Reason: "Так надо"}
	}
	debt := func(s scene) winddown.NewDebt {
		return winddown.NewDebt{ID: s.debt, Side: winddown.ByWB, What: "Выплата", Amount: 100, On: today}
	}
	proof := winddown.AddEvidence{Step: winddown.SellOut, Slot: winddown.SlotOrdersDone, Name: "заказы.pdf"}
	return []proofCase{
		{"see", "Acts", func(ctx context.Context, s scene, a winddown.Actor) error {
			_, err := s.app.Acts(ctx, a, s.id)
			return err
		}},
		{"see", "Deadlines", func(ctx context.Context, s scene, a winddown.Actor) error {
			_, err := s.app.Deadlines(ctx, a, s.id)
			return err
		}},
		{"see", "Ledger", func(ctx context.Context, s scene, a winddown.Actor) error {
			_, err := s.app.Ledger(ctx, a, s.id)
			return err
		}},
		{"see", "Pack", func(ctx context.Context, s scene, a winddown.Actor) error {
			_, err := s.app.Pack(ctx, a, s.id)
			return err
		}},
		{"see", "EvidenceFile", func(ctx context.Context, s scene, a winddown.Actor) error {
			_, f, err := s.app.EvidenceFile(ctx, a, s.id, 1)
			if err != nil {
				return err
			}
			return f.Close()
		}},
		{"see", "EvidenceThere", func(ctx context.Context, s scene, a winddown.Actor) error {
			_, err := s.app.EvidenceThere(ctx, a, s.id, 1)
			return err
		}},
		{"mark", "MayUpload", func(ctx context.Context, s scene, a winddown.Actor) error {
			_, err := s.app.MayUpload(ctx, a, s.id, proof)
			return err
		}},
		{"mark", "AddEvidence", func(ctx context.Context, s scene, a winddown.Actor) error {
			return s.app.AddEvidence(ctx, a, s.id, proof, []app.StoredFile{s.file})
		}},
		{"mark", "RemoveEvidence", func(ctx context.Context, s scene, a winddown.Actor) error {
			return s.app.RemoveEvidence(ctx, a, s.id, winddown.RemoveEvidence{Number: 2, Reason: "Не тот файл"})
		}},
		{"mark", "AddAct", func(ctx context.Context, s scene, a winddown.Actor) error {
			return s.app.AddAct(ctx, a, s.id, winddown.AddAct{Counterparty: "ООО «РВБ»"})
		}},
		{"mark", "RemoveAct", func(ctx context.Context, s scene, a winddown.Actor) error { return s.app.RemoveAct(ctx, a, s.id, 2, 1) }},
		{"mark", "CompareAct", func(ctx context.Context, s scene, a winddown.Actor) error {
			return expected(s.app.CompareAct(ctx, a, s.id, winddown.CompareAct{Act: 1, Version: 1, On: today, Agrees: true}), winddown.Blocked)
		}},
		{"mark", "RemindAct", func(ctx context.Context, s scene, a winddown.Actor) error {
			return expected(s.app.RemindAct(ctx, a, s.id, winddown.RemindAct{Act: 1, Version: 1, On: today}), winddown.Blocked)
		}},
		{"mark", "DisputeAct", func(ctx context.Context, s scene, a winddown.Actor) error {
			return expected(s.app.DisputeAct(ctx, a, s.id, winddown.DisputeAct{Act: 1, Version: 1, On: today}), winddown.Blocked)
		}},
		{"mark", "CountersignAct", func(ctx context.Context, s scene, a winddown.Actor) error {
			return expected(s.app.CountersignAct(ctx, a, s.id, winddown.CountersignAct{Act: 1, Version: 1, On: today}), winddown.Conflict)
		}},
		{"mark", "UndoAct", func(ctx context.Context, s scene, a winddown.Actor) error {
			return expected(s.app.UndoAct(ctx, a, s.id, winddown.UndoAct{Act: 1, Version: 1, Reason: "Ошибка"}), winddown.Conflict)
		}},
		{"mark", "AddDeadline", func(ctx context.Context, s scene, a winddown.Actor) error {
			return s.app.AddDeadline(ctx, a, s.id, winddown.AddDeadline{Kind: winddown.DuePickUp, From: today})
		}},
		{"mark", "CloseDeadline", func(ctx context.Context, s scene, a winddown.Actor) error {
			return s.app.CloseDeadline(ctx, a, s.id, 1, today)
		}},
		{"mark", "ReopenDeadline", func(ctx context.Context, s scene, a winddown.Actor) error {
			return s.app.ReopenDeadline(ctx, a, s.id, 1)
		}},
		{"mark", "RemoveDeadline", func(ctx context.Context, s scene, a winddown.Actor) error {
			return s.app.RemoveDeadline(ctx, a, s.id, 1)
		}},
		{"mark", "CheckInbox", func(ctx context.Context, s scene, a winddown.Actor) error { return s.app.CheckInbox(ctx, a, s.id) }},
		{"mark", "ChangeTerm", func(ctx context.Context, s scene, a winddown.Actor) error {
			return s.app.ChangeTerm(ctx, a, s.id, winddown.ChangeTerm{Kind: winddown.DuePickUp, Days: []int{5}, Source: "Оферта", AsOf: today})
		}},
		{"mark", "AddDebts", func(ctx context.Context, s scene, a winddown.Actor) error {
			return s.app.AddDebts(ctx, a, s.id, []winddown.NewDebt{debt(s)})
		}},
		{"mark", "PasteDebts", func(ctx context.Context, s scene, a winddown.Actor) error {
			return s.app.PasteDebts(ctx, a, s.id, s.debt, []winddown.NewDebt{debt(s)})
		}},
		{"mark", "ChangeDebt", func(ctx context.Context, s scene, a winddown.Actor) error {
			changed := debt(s)
			changed.Amount = 200
			return s.app.ChangeDebt(ctx, a, s.id, winddown.ChangeDebt{NewDebt: changed, Version: 1})
		}},
		{"mark", "SettleDebt", func(ctx context.Context, s scene, a winddown.Actor) error {
			return s.app.SettleDebt(ctx, a, s.id, winddown.SettleDebt{ID: s.debt, Version: 2, On: today})
		}},
		{"mark", "ReopenDebt", func(ctx context.Context, s scene, a winddown.Actor) error {
			return s.app.ReopenDebt(ctx, a, s.id, winddown.ReopenDebt{ID: s.debt, Version: 3})
		}},
		{"mark", "WriteOffDebt", func(ctx context.Context, s scene, a winddown.Actor) error {
			return s.app.WriteOffDebt(ctx, a, s.id, winddown.WriteOffDebt{ID: s.debt, Version: 4, Reason: "Срок прошёл"})
		}},
		{"mark", "RemoveDebt", func(ctx context.Context, s scene, a winddown.Actor) error {
			return s.app.RemoveDebt(ctx, a, s.id, winddown.RemoveDebt{ID: s.debt, Version: 5, Reason: "Ошибка"})
		}},
		{"review", "AcceptStep", func(ctx context.Context, s scene, a winddown.Actor) error {
			return s.app.AcceptStep(ctx, a, s.id, review(winddown.ZeroFBS, zeroFBS))
		}},
		{"review", "SendBack", func(ctx context.Context, s scene, a winddown.Actor) error {
			return s.app.SendBack(ctx, a, s.id, review(winddown.ZeroFBS, zeroFBS+1))
		}},
		{"review", "Waive", func(ctx context.Context, s scene, a winddown.Actor) error {
			return s.app.Waive(ctx, a, s.id, review(winddown.RequestAct, requestAct))
		}},
		{"review", "Unwaive", func(ctx context.Context, s scene, a winddown.Actor) error {
			return s.app.Unwaive(ctx, a, s.id, review(winddown.RequestAct, requestAct+1))
		}},
		{"review", "Ask", func(ctx context.Context, s scene, a winddown.Actor) error {
			return s.app.Ask(ctx, a, s.id, winddown.SellOut, "Всё продано?")
		}},
		{"answer", "Answer", func(ctx context.Context, s scene, a winddown.Actor) error {
			return s.app.Answer(ctx, a, s.id, 1, "Да")
		}},
		{"answer", "Resolve", func(ctx context.Context, s scene, a winddown.Actor) error { return s.app.Resolve(ctx, a, s.id, 1) }},
	}
}

type proofCase struct {
	action, name string
	do           func(context.Context, scene, winddown.Actor) error
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
	columns := strings.Fields("see mark regress manage share owner_link let_act review answer upgrade delete transfer")
	table := map[string]string{
		"owner":                    "+ + + + + x + - + + + +",
		"helper":                   "+ + + - - - - - + - - -",
		"accountant":               "+ - + - - - - + + + - -",
		"accountant acting":        "+ + + - - - - + + + - -",
		"accountant without owner": "+ + + + + + - + + + - -",
		"lead":                     "+ - + - - - - + + + - -",
		"lead acting":              "+ + + - - - - + + + - -",
		"admin":                    "+ - + - - - - + + + - -",
		"firm's accountant":        "0 0 0 0 0 0 0 0 0 0 0 0",
		"stranger":                 "0 0 0 0 0 0 0 0 0 0 0 0",
		"removed helper":           "0 0 0 0 0 0 0 0 0 0 0 0",
		"removed accountant":       "0 0 0 0 0 0 0 0 0 0 0 0",
		"nobody":                   "0 0 0 0 0 0 0 0 0 0 0 0",
	}
	w := newWorld(t)
	people := map[string]winddown.Actor{}
	for _, name := range []string{"owner", "helper", "accountant", "guest", "colleague", "stranger"} {
		people[name] = w.person(name)
	}
	file := w.pdf("заказы.pdf", "0")
	firm := func() uuid.UUID { // the accountant's, once there is one
		return one[uuid.UUID](w, "select firm_id from firm_people where user_id = $1", uuid.UUID(people["accountant"].UserID))
	}

	// stage opens a case in which somebody stands as the row of the table says.
	// For the use cases about proof there is some.
	stage := func(t *testing.T, row string, proof bool) (scene, winddown.Actor) {
		w := *w
		w.t = t
		s := scene{world: &w, guest: people["guest"].UserID, debt: newID(t), file: file}
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
		if proof {
			if err := w.upload(host, s.id, winddown.ZeroFBS, winddown.SlotStockZero, file); err != nil {
				t.Fatal(err)
			}
			w.exec("insert into questions (case_id, number, step, body, asked_at) values ($1, 1, 'zero_fbs', 'Снимок сегодняшний?', $2)",
				uuid.UUID(s.id), noon)
		}
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
		s.link, _ = w.share(host, s.id, newShare())

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

	actions := slices.Collect(maps.Keys(useCases()))
	for _, c := range proofCases() {
		actions = append(actions, c.action)
	}
	slices.Sort(actions)
	if got := slices.Compact(actions); !slices.Equal(got, slices.Sorted(slices.Values(columns))) {
		t.Fatalf("use cases for %v, columns %v", got, columns)
	}
	for _, row := range slices.Sorted(maps.Keys(table)) {
		cells := strings.Fields(table[row])
		t.Run(row, func(t *testing.T) {
			// Reading and refusals change nothing, so one case serves them all; what is allowed
			// gets its own, and what is about proof one for all of it.
			refused, asker := stage(t, row, true)
			before := refused.contents(refused.id)
			wantRefused := func(cell, name string, err error) {
				t.Helper()
				kinds := map[string]winddown.Kind{"-": winddown.Forbidden, "x": winddown.Invalid, "0": winddown.NotFound}
				wantKind(t, named(name, err), kinds[cell])
			}
			for i, column := range columns {
				for name, do := range useCases()[column] {
					if cells[i] != "+" {
						wantRefused(cells[i], name, do(t.Context(), refused, asker))
						continue
					}
					s, actor := refused, asker
					if column != "see" {
						s, actor = stage(t, row, false)
					}
					if err := do(t.Context(), s, actor); err != nil {
						t.Errorf("%s: %v", name, err)
					}
				}
			}
			allowed, actor := refused, asker
			if cells[0] == "+" {
				allowed, actor = stage(t, row, true)
			}
			for _, c := range proofCases() {
				if cell := cells[slices.Index(columns, c.action)]; cell != "+" {
					wantRefused(cell, c.name, c.do(t.Context(), refused, asker))
				} else if err := c.do(t.Context(), allowed, actor); err != nil {
					t.Errorf("%s: %v", c.name, err)
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
