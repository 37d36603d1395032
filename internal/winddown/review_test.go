package winddown_test

import (
	"slices"
	"strings"
	"testing"

	"winddown/internal/winddown"
)

// review is what person 3 says about a step, with the version at hand.
func review(t testing.TB, c *winddown.Case, code winddown.Code) winddown.Review {
	t.Helper()
	return winddown.Review{Step: code, Version: step(t, c, code).Version, Reason: " не видно\r\nдаты "}
}

func TestReviewRefused(t *testing.T) {
	c := caseWithAct(t, winddown.PhaseRequested)
	c.Answers.FBS = false
	before := clone(c)
	rules := map[string]func(winddown.Review, winddown.Stamp) ([]winddown.Event, error){
		"accept": c.Accept, "send back": c.SendBack, "waive": c.Waive, "unwaive": c.Unwaive,
	}
	open := map[string]string{"accept": "review.error.not_done", "send back": "review.error.not_done",
		"waive": "review.error.not_waivable", "unwaive": "review.error.no_waiver"}
	for name, rule := range rules {
		t.Run(name, func(t *testing.T) {
			refused := func(in winddown.Review, kind winddown.Kind, key string) {
				t.Helper()
				events, err := rule(in, by(3, today))
				wantRefused(t, events, err, kind, key)
				unchanged(t, before, c)
			}
			refused(winddown.Review{Step: "archive", Version: 1, Reason: "x"}, winddown.NotFound, "error.not_found")
			refused(review(t, c, winddown.ZeroFBS), winddown.Conflict, "step.error.not_needed")
			refused(review(t, c, winddown.StripMedia), winddown.Conflict, open[name])
			if name == "accept" {
				return
			}
			for _, reason := range []string{"", " \n", strings.Repeat("ж", 2001)} {
				in := review(t, c, winddown.SellOut)
				in.Reason = reason
				refused(in, winddown.Invalid, "error.invalid")
			}
		})
	}
	stale := review(t, c, winddown.SellOut)
	stale.Version++
	for _, rule := range []func(winddown.Review, winddown.Stamp) ([]winddown.Event, error){c.Accept, c.SendBack, c.Waive} {
		events, err := rule(stale, by(3, today))
		wantRefused(t, events, err, winddown.Conflict, "step.error.stale")
	}
	unchanged(t, before, c)
	c.FinishedOn = day(today)
	for _, rule := range rules {
		events, err := rule(review(t, c, winddown.SellOut), by(3, today))
		wantRefused(t, events, err, winddown.Conflict, "case.error.finished")
	}
}

// A step that was sent back is done again by the seller.
func TestSendBack(t *testing.T) {
	c := caseWithAct(t, winddown.PhaseSigned)
	in := review(t, c, winddown.ReceiveAct)
	events, err := c.SendBack(in, by(3, today))
	if err != nil {
		t.Fatal(err)
	}
	wantKinds(t, events, "step_returned receive_act", "step_suspended sign_act")
	p := c.ProblemOf(winddown.ReceiveAct, day(today))
	if events[0].Reason != "не видно\nдаты" || p == nil || p.Kind != winddown.Returned || p.Reason != "не видно\nдаты" || p.By != person(3) {
		t.Errorf("returned as %+v, event %+v", p, events[0])
	}
	before := clone(c)
	events, err = c.SendBack(in, by(3, today))
	wantRepeat(t, events, err)
	events, err = c.SendBack(review(t, c, winddown.ReceiveAct), by(2, today))
	wantRefused(t, events, err, winddown.Conflict, "review.error.not_done")
	events, err = c.Accept(review(t, c, winddown.ReceiveAct), by(3, today))
	wantRefused(t, events, err, winddown.Conflict, "review.error.not_done")
	unchanged(t, before, c)
	events, err = c.MarkDone(form(t, c, winddown.ReceiveAct, "2026-11-24"), by(1, today))
	if err != nil {
		t.Fatal(err)
	}
	wantKinds(t, events, "step_confirmed receive_act")
}

// Which closed gates can be opened without fulfilment: never that of the debts, and never
// in place of an act that was not asked for or has not come.
func TestMayWaive(t *testing.T) {
	closed := map[string]*winddown.Case{
		"fresh":     openCase(t, everything()),
		"requested": caseWithAct(t, winddown.PhaseRequested),
		"received":  caseWithAct(t, winddown.PhaseReceived),
		"signed":    caseWithAct(t, winddown.PhaseSigned),
	}
	for _, name := range []string{"requested", "received", "signed"} {
		regress(t, closed[name], today, winddown.SellOut)
	}
	settled := caseWithAct(t, winddown.PhaseSigned)
	mark(t, settled, today, winddown.SettleDebts)
	regress(t, settled, today, winddown.SellOut)
	closed["settled"] = settled
	closed["open"] = caseWithAct(t, winddown.PhaseSigned)
	undone := caseWithAct(t, winddown.PhaseSigned)
	undo(t, undone, today, winddown.ReceiveAct)
	closed["receipt undone"] = undone
	for name, want := range map[string][]winddown.Code{
		"fresh": {"request_act"}, "requested": {"request_act", "receive_act"}, "received": {"request_act", "receive_act", "sign_act"},
		"signed": {"request_act", "receive_act", "sign_act"}, "settled": {"request_act", "receive_act", "sign_act"}, "open": nil, "receipt undone": nil,
	} {
		c := closed[name]
		for _, code := range allSteps() {
			may := slices.Contains(want, code)
			if got := c.MayWaive(code); got != may {
				t.Errorf("%s: MayWaive(%s) = %v", name, code, got)
			}
			before := clone(c)
			events, err := clone(c).Waive(review(t, c, code), by(3, today))
			if may {
				if err != nil || len(events) != 1 {
					t.Errorf("%s: waive %s: %v, %v", name, code, kinds(events), err)
				}
				continue
			}
			wantRefused(t, events, err, winddown.Conflict, "review.error.not_waivable")
			unchanged(t, before, c)
		}
	}
}

// A waiver does without the steps it names. One that opens later closes the gate again.
func TestWaive(t *testing.T) {
	c := openCase(t, everything())
	mark(t, c, "2026-12-01", winddown.ZeroFBS, winddown.CollectReturns)
	in := review(t, c, winddown.RequestAct)
	events, err := c.Waive(in, by(3, today))
	if err != nil {
		t.Fatal(err)
	}
	wantKinds(t, events, "gate_opened request_act")
	named := []winddown.Code{winddown.SellOut, winddown.ReturnStock}
	if w := step(t, c, winddown.RequestAct).Waiver; !slices.Equal(events[0].Steps, named) || !slices.Equal(w.Steps, named) || w.Reason != "не видно\nдаты" || w.By != person(3) {
		t.Errorf("opened for %v: %+v", events[0].Steps, w)
	}
	before := clone(c)
	events, err = c.Waive(in, by(3, today))
	wantRepeat(t, events, err)
	unchanged(t, before, c)
	s := winddown.Summarize(c, winddown.RussianCalendar())
	if !c.Waived() || !s.Waived || s.Stage != winddown.GroupReady {
		t.Errorf("summary %+v", s)
	}
	mark(t, c, today, winddown.RequestAct)

	// It does without them as they were: once done, a step closes the gate when it opens again.
	mark(t, c, today, winddown.SellOut)
	wantKinds(t, regress(t, c, today, winddown.SellOut), "step_regressed sell_out", "step_suspended request_act")
	// So does another one; the waiver is given for them anew.
	wantKinds(t, regress(t, c, today, winddown.ZeroFBS), "step_regressed zero_fbs")
	again := review(t, c, winddown.RequestAct)
	again.Reason = "ждать нечего"
	events, err = c.Waive(again, by(3, today))
	if err != nil || !slices.Equal(events[0].Steps, []winddown.Code{winddown.ZeroFBS, winddown.SellOut}) || events[0].Reason != "ждать нечего" {
		t.Errorf("events %+v, error %v", events, err)
	}
	if w := step(t, c, winddown.RequestAct).Waiver; len(w.Steps) != 3 || w.Reason != "не видно\nдаты\nждать нечего" {
		t.Errorf("opened anew: %+v", w)
	}
	mark(t, c, today, winddown.RequestAct, winddown.ReceiveAct)

	// Taken back, it suspends what rests on it.
	in = review(t, c, winddown.RequestAct)
	events, err = c.Unwaive(in, by(2, today))
	if err != nil {
		t.Fatal(err)
	}
	wantKinds(t, events, "gate_closed request_act", "step_suspended request_act", "step_suspended receive_act")
	if len(events[0].Steps) != 3 || c.Waived() {
		t.Errorf("closed for %v", events[0].Steps)
	}
	before = clone(c)
	events, err = c.Unwaive(in, by(2, today))
	wantRepeat(t, events, err)
	events, err = c.Unwaive(review(t, c, winddown.RequestAct), by(2, today))
	wantRefused(t, events, err, winddown.Conflict, "review.error.no_waiver")
	unchanged(t, before, c)
}

// A waiver lets the act be compared and signed although its receipt is suspended, but not
// once the receipt was taken back.
func TestWaiveForSuspendedReceipt(t *testing.T) {
	c := caseWithAct(t, winddown.PhaseReceived)
	regress(t, c, today, winddown.SellOut)
	if _, err := c.Waive(review(t, c, winddown.SignAct), by(3, today)); err != nil {
		t.Fatal(err)
	}
	mark(t, c, today, winddown.SignAct, winddown.SettleDebts)
	wantKinds(t, undo(t, c, today, winddown.ReceiveAct), "step_undone receive_act", "step_suspended sign_act", "step_suspended settle_debts")
}

func TestQuestions(t *testing.T) {
	c := openCase(t, everything())
	long := strings.Repeat("ж", 2001)
	for text, key := range map[string]string{" \n": "question.error.question_missing", long: "error.field.too_long"} {
		_, err := c.Ask(winddown.SellOut, text, by(3, today))
		wantFields(t, err, "question: "+key)
	}
	events, err := c.Ask("archive", "x", by(3, today))
	wantRefused(t, events, err, winddown.NotFound, "error.not_found")

	events, err = c.Ask(winddown.SellOut, " Где чек? ", by(3, today))
	if err != nil {
		t.Fatal(err)
	}
	wantKinds(t, events, "question_asked sell_out")
	if q := c.Questions[0]; q.State() != winddown.QuestionOpen || q.Number != 1 || q.Text != "Где чек?" || q.AskedBy != person(3) || events[0].Number != 1 || events[0].Reason != "Где чек?" {
		t.Errorf("asked %+v, event %+v", q, events[0])
	}
	before := clone(c)
	events, err = c.Ask(winddown.SellOut, "Где чек?", by(3, today))
	wantRepeat(t, events, err)
	events, err = c.Resolve(1, by(1, today)) // only whoever asked needs no answer
	wantRefused(t, events, err, winddown.Conflict, "question.error.unanswered")
	events, err = c.Answer(2, "x", by(1, today))
	wantRefused(t, events, err, winddown.NotFound, "error.not_found")
	events, err = c.Resolve(2, by(1, today))
	wantRefused(t, events, err, winddown.NotFound, "error.not_found")
	for text, key := range map[string]string{"": "question.error.answer_missing", long: "error.field.too_long"} {
		_, err = c.Answer(1, text, by(1, today))
		wantFields(t, err, "answer: "+key)
	}
	unchanged(t, before, c)

	for _, text := range []string{"Вот он", "Нет, вот он"} {
		events, err = c.Answer(1, text, by(2, today))
		if err != nil || len(events) != 1 {
			t.Fatal(kinds(events), err)
		}
		events, err = c.Answer(1, " "+text, by(2, today))
		wantRepeat(t, events, err)
	}
	before = clone(c)
	events, err = c.Answer(1, "Это не он", by(1, today)) // nobody speaks over another
	wantRefused(t, events, err, winddown.Conflict, "question.error.answered")
	unchanged(t, before, c)
	if q := c.Questions[0]; q.State() != winddown.QuestionAnswered || q.Answer != "Нет, вот он" || q.AnsweredBy != person(2) || c.OpenQuestions() != 1 {
		t.Errorf("answered %+v, %d open", q, c.OpenQuestions())
	}
	events, err = c.Resolve(1, by(1, today))
	if err != nil {
		t.Fatal(err)
	}
	wantKinds(t, events, "question_resolved sell_out")
	if q := c.Questions[0]; q.State() != winddown.QuestionResolved || q.ResolvedBy != person(1) || c.OpenQuestions() != 0 {
		t.Errorf("resolved %+v, %d open", q, c.OpenQuestions())
	}
	before = clone(c)
	events, err = c.Resolve(1, by(3, today))
	wantRepeat(t, events, err)
	events, err = c.Answer(1, "Нет, вот он", by(2, today))
	wantRepeat(t, events, err)
	events, err = c.Answer(1, "x", by(1, today))
	wantRefused(t, events, err, winddown.Conflict, "question.error.resolved")
	unchanged(t, before, c)

	// The same words again are a new question; whoever asks may close it himself. The
	// finish does not end the talk.
	c.FinishedOn = day(today)
	if _, err := c.Ask(winddown.SellOut, "Где чек?", by(3, today)); err != nil || len(c.Questions) != 2 {
		t.Errorf("%d questions, %v", len(c.Questions), err)
	}
	if _, err := c.Resolve(2, by(3, today)); err != nil || c.OpenQuestions() != 0 {
		t.Errorf("%d open, %v", c.OpenQuestions(), err)
	}
	c.QuestionSeq = winddown.MaxQuestions
	events, err = c.Ask(winddown.SellOut, "Ещё?", by(3, today))
	wantRefused(t, events, err, winddown.Conflict, "question.error.too_many")
}
