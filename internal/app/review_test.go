package app_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"winddown/internal/winddown"
)

func TestReviews(t *testing.T) {
	inOneWorld(t, map[string]func(*testing.T, *world){
		"refused reviews change nothing": refusedReviewsChangeNothing,
		"two accept at once":             twoAcceptAtOnce,
		"a step is sent back":            aStepIsSentBack,
		"a waiver opens one gate":        aWaiverOpensOneGate,
		"questions are counted":          questionsAreCounted,
	})
}

// colleague is somebody who leads the firm of an accountant.
func (w *world) colleague(accountant winddown.Actor) winddown.Actor {
	w.t.Helper()
	lead := w.person("Алиева")
	w.exec("insert into firm_people (firm_id, user_id, role, added_at) select firm_id, $1, 'lead', $2 from firm_people where user_id = $3",
		uuid.UUID(lead.UserID), noon, uuid.UUID(accountant.UserID))
	return lead
}

// summary is what the register shows of the only case of an accountant.
func (w *world) summary(accountant winddown.Actor) winddown.Summary {
	w.t.Helper()
	reg, err := w.app.Register(w.t.Context(), w.again(accountant), winddown.RegisterFilter{Sort: winddown.SortName})
	if err != nil || len(reg.Rows) != 1 {
		w.t.Fatalf("%d rows, %v", len(reg.Rows), err)
	}
	row := reg.Rows[0]
	if want := winddown.Summarize(w.view(accountant, row.ID).Case, w.app.Calendar()); row.Summary != want {
		w.t.Errorf("the row's summary\n%+v\nthe case's\n%+v", row.Summary, want)
	}
	return row.Summary
}

func refusedReviewsChangeNothing(t *testing.T, w *world) {
	accountant := w.person("Ким")
	id := w.addSeller(accountant)
	w.mark(accountant, id, winddown.SellOut)
	ctx, a := t.Context(), w.app
	say := func(code winddown.Code, version int) winddown.Review {
		return winddown.Review{Step: code, Version: version, Reason: "Так надо"}
	}
	for _, c := range []struct {
		name string
		do   func() error
		want winddown.Kind
		key  string
	}{
		{"accept what is not done", func() error { return a.AcceptStep(ctx, accountant, id, say(winddown.ZeroFBS, 1)) }, winddown.Conflict, "review.error.not_done"},
		{"accept what has changed", func() error { return a.AcceptStep(ctx, accountant, id, say(winddown.SellOut, 1)) }, winddown.Conflict, "step.error.stale"},
		{"accept no step", func() error { return a.AcceptStep(ctx, accountant, id, say("sell", 1)) }, winddown.NotFound, "error.not_found"},
		{"send back what is not done", func() error { return a.SendBack(ctx, accountant, id, say(winddown.ZeroFBS, 1)) }, winddown.Conflict, "review.error.not_done"},
		{"send back what has changed", func() error { return a.SendBack(ctx, accountant, id, say(winddown.SellOut, 1)) }, winddown.Conflict, "step.error.stale"},
		{"send back without a reason", func() error {
			return a.SendBack(ctx, accountant, id, winddown.Review{Step: winddown.SellOut, Version: 2, Reason: " "})
		}, winddown.Invalid, "error.invalid"},
		{"waive an open gate", func() error { return a.Waive(ctx, accountant, id, say(winddown.ZeroFBS, 1)) }, winddown.Conflict, "review.error.not_waivable"},
		{"settle before the signature", func() error { return a.Waive(ctx, accountant, id, say(winddown.SettleDebts, 1)) }, winddown.Conflict, "review.error.not_waivable"},
		{"waive without a reason", func() error {
			return a.Waive(ctx, accountant, id, winddown.Review{Step: winddown.RequestAct, Version: 1})
		}, winddown.Invalid, "error.invalid"},
		{"take no waiver back", func() error { return a.Unwaive(ctx, accountant, id, say(winddown.RequestAct, 1)) }, winddown.Conflict, "review.error.no_waiver"},
		{"ask nothing", func() error { return a.Ask(ctx, accountant, id, winddown.SellOut, " \n") }, winddown.Invalid, "error.invalid"},
		{"ask too much", func() error {
			return a.Ask(ctx, accountant, id, winddown.SellOut, strings.Repeat("я", winddown.MaxNote+1))
		}, winddown.Invalid, "error.invalid"},
		{"answer no question", func() error { return a.Answer(ctx, accountant, id, 1, "Да") }, winddown.NotFound, "error.not_found"},
		{"close no question", func() error { return a.Resolve(ctx, accountant, id, 1) }, winddown.NotFound, "error.not_found"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := *w
			w.t = t
			before := w.contents(id)
			wantKey(t, c.do(), c.want, c.key)
			w.wantUnchanged(id, before)
		})
	}
}

// Two who accept at the same moment: one of them did, and the other learns of it. One who
// presses twice has accepted once.
func twoAcceptAtOnce(t *testing.T, w *world) {
	accountant := w.person("Ким")
	id := w.addSeller(accountant)
	both := []winddown.Actor{accountant, w.colleague(accountant)}
	w.mark(accountant, id, winddown.SellOut)
	events, in := w.verify(id), w.review(accountant, id, winddown.SellOut)
	errs := atOnce(2, func(i int) error { return w.app.AcceptStep(t.Context(), both[i], id, in) })
	wantTally(t, errs, map[string]int{"conflict": 1, "ok": 1})
	winner := both[slices.Index(errs, nil)]
	wantTally(t, atOnce(10, func(int) error { return w.app.AcceptStep(t.Context(), winner, id, in) }), map[string]int{"ok": 10})
	if st, _ := w.view(accountant, id).Case.Step(winddown.SellOut); !st.Accepted.Holds() || st.Accepted.By != winner.UserID {
		t.Errorf("accepted %+v", st.Accepted)
	}
	if n := w.verify(id); n != events+1 {
		t.Errorf("%d events, want one", n-events)
	}
}

// A step that is sent back is a problem of the seller's until it is confirmed again.
func aStepIsSentBack(t *testing.T, w *world) {
	owner, accountant := w.person("Петрова"), w.person("Ким")
	id := w.open(owner)
	w.join(owner, accountant, id, winddown.Accountant)
	w.mark(owner, id, goods()...)
	w.mark(owner, id, winddown.RequestAct)
	in := w.review(accountant, id, winddown.ReturnStock)
	in.Reason = "На снимке другой склад"
	if err := w.app.SendBack(t.Context(), accountant, id, in); err != nil {
		t.Fatal(err)
	}
	if s := w.summary(accountant); s.Stage != winddown.GroupProblem || s.Problem != winddown.Returned || s.Blocker != winddown.ReturnStock ||
		s.Ball != winddown.BallSeller {
		t.Errorf("summary %+v", s)
	}
	c := w.view(owner, id).Case
	if p := c.ProblemOf(winddown.ReturnStock, w.today(owner)); p == nil || p.Reason != in.Reason || p.By != accountant.UserID {
		t.Errorf("the seller sees %+v", p)
	}
	if c.Satisfied(winddown.RequestAct) {
		t.Error("the act counts as requested")
	}
	w.mark(owner, id, winddown.ReturnStock, winddown.RequestAct)
	if s := w.summary(accountant); s.Stage != winddown.GroupWaiting || s.Problem != "" {
		t.Errorf("summary %+v", s)
	}
	w.verify(id)
}

// A gate that is opened without fulfilment stays open for the steps it names only.
func aWaiverOpensOneGate(t *testing.T, w *world) {
	accountant := w.person("Ким")
	id := w.addSeller(accountant)
	w.mark(accountant, id, winddown.ZeroFBS, winddown.SellOut, winddown.ReturnStock)
	if err := w.app.Waive(t.Context(), accountant, id, w.review(accountant, id, winddown.RequestAct)); err != nil {
		t.Fatal(err)
	}
	w.mark(accountant, id, winddown.RequestAct)
	if s := w.summary(accountant); !s.Waived || s.Stage != winddown.GroupWaiting {
		t.Errorf("summary %+v", s)
	}
	if err := w.app.Regress(t.Context(), accountant, id, winddown.Regress{
		Step: winddown.SellOut, Version: w.version(accountant, id, winddown.SellOut), Reason: "Нашёлся товар",
	}); err != nil {
		t.Fatal(err)
	}
	_, err := w.app.MarkDone(t.Context(), accountant, id, w.done(accountant, id, winddown.RequestAct))
	var e *winddown.Error
	if !errors.As(err, &e) || e.Kind != winddown.Blocked || !slices.Equal(e.Blockers, []winddown.Code{winddown.SellOut}) {
		t.Errorf("error %v, want blocked by sell_out", err)
	}
	w.mark(accountant, id, winddown.SellOut, winddown.RequestAct)
	if err := w.app.Unwaive(t.Context(), accountant, id, w.review(accountant, id, winddown.RequestAct)); err != nil {
		t.Fatal(err)
	}
	if s := w.summary(accountant); s.Waived || s.Stage != winddown.GroupProblem || s.Problem != winddown.Reopened {
		t.Errorf("summary %+v", s)
	}
	w.verify(id)
}

func questionsAreCounted(t *testing.T, w *world) {
	owner, accountant := w.person("Петрова"), w.person("Ким")
	id := w.open(owner)
	w.join(owner, accountant, id, winddown.Accountant)
	ctx := t.Context()
	for _, text := range []string{"Всё продано?", "Где снимок?"} {
		if err := w.app.Ask(ctx, accountant, id, winddown.SellOut, text); err != nil {
			t.Fatal(err)
		}
	}
	before := w.contents(id)
	wantKey(t, w.app.Resolve(ctx, owner, id, 1), winddown.Conflict, "question.error.unanswered")
	w.wantUnchanged(id, before)
	if n := w.summary(accountant).Questions; n != 2 {
		t.Errorf("%d questions, want two", n)
	}
	// Two people's answers at once: one of them answered.
	wantTally(t, atOnce(2, func(i int) error {
		return w.app.Answer(ctx, []winddown.Actor{owner, accountant}[i], id, 1, "Да, всё")
	}),
		map[string]int{"conflict": 1, "ok": 1})
	wantTally(t, atOnce(5, func(int) error { return w.app.Resolve(ctx, owner, id, 1) }), map[string]int{"ok": 5})
	if n := w.summary(accountant).Questions; n != 1 {
		t.Errorf("%d questions, want one", n)
	}
	before = w.contents(id)
	wantKey(t, w.app.Answer(ctx, owner, id, 1, "Нет"), winddown.Conflict, "question.error.resolved")
	w.wantUnchanged(id, before)
	v, err := w.app.Step(ctx, owner, id, winddown.SellOut)
	if err != nil || len(v.Case.Questions) != 2 || v.Case.Questions[0].State() != winddown.QuestionResolved ||
		v.Case.Questions[1].State() != winddown.QuestionOpen || v.Names[v.Case.Questions[1].AskedBy] != "Ким" {
		t.Errorf("questions %+v, %v", v.Case.Questions, err)
	}
	w.verify(id)
}
