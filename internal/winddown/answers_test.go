package winddown_test

import (
	"fmt"
	"slices"
	"testing"

	"winddown/internal/winddown"
)

// All combinations of what a form can send for the three questions.
func TestStartQuestions(t *testing.T) {
	yesNo := []string{"yes", "no", "", "maybe"}
	leftovers := []string{"sell", "return", "both", "", "burn"}
	for _, fbs := range yesNo {
		for _, stock := range yesNo {
			for _, leftover := range leftovers {
				raw := winddown.RawAnswers{FBS: fbs, WBStock: stock, Leftover: leftover}
				t.Run(fmt.Sprintf("fbs=%s,stock=%s,leftover=%s", fbs, stock, leftover), func(t *testing.T) {
					var bad []string
					if fbs != "yes" && fbs != "no" {
						bad = append(bad, "fbs: case.error.fbs_missing")
					}
					if stock != "yes" && stock != "no" {
						bad = append(bad, "wb_stock: case.error.wb_stock_missing")
					}
					if stock == "yes" && leftover != "sell" && leftover != "return" && leftover != "both" {
						bad = append(bad, "leftover: case.error.leftover_missing")
					}
					if bad != nil {
						_, err := winddown.ParseAnswers(raw)
						wantFields(t, err, bad...)
						return
					}
					c := openCase(t, raw)
					off := map[winddown.Code]bool{}
					if fbs == "no" {
						off[winddown.ZeroFBS] = true
					}
					if stock == "no" || leftover == "sell" {
						off[winddown.ReturnStock] = true
					}
					if stock == "no" && c.Answers.Leftover != "" {
						t.Errorf("leftover %q kept though not asked", c.Answers.Leftover)
					}
					wantNeeded(t, c, off)

					mayDeclare := stock == "yes" && leftover == "sell"
					if got := c.MayDeclareRest(); got != mayDeclare {
						t.Errorf("MayDeclareRest = %v, want %v", got, mayDeclare)
					}
					before := clone(c)
					events, err := c.DeclareRest(by(1, "2026-11-12"))
					if stock == "yes" && leftover == "both" { // said already
						if err != nil || len(events) != 0 {
							t.Errorf("%d events, error %v: want neither", len(events), err)
						}
						unchanged(t, before, c)
						return
					}
					if !mayDeclare {
						wantRefused(t, events, err, winddown.Conflict, "step.error.no_rest")
						unchanged(t, before, c)
						return
					}
					if err != nil {
						t.Fatal(err)
					}
					wantKinds(t, events, "rest_declared sell_out")
					delete(off, winddown.ReturnStock)
					wantNeeded(t, c, off)
					if c.MayDeclareRest() || c.Version != before.Version+1 {
						t.Errorf("may declare again: %v, version %d", c.MayDeclareRest(), c.Version)
					}
					again := clone(c)
					events, err = c.DeclareRest(by(1, "2026-11-12"))
					wantRepeat(t, events, err)
					unchanged(t, again, c)
				})
			}
		}
	}
}

// wantNeeded checks what is shown, counted and asked for by gates.
func wantNeeded(t *testing.T, c *winddown.Case, off map[winddown.Code]bool) {
	t.Helper()
	total := 0
	var blockers []winddown.Code
	for _, code := range allSteps() {
		if got := c.Needed(code); got == off[code] {
			t.Errorf("Needed(%s) = %v", code, got)
		}
		if got := c.Status(code, day("2026-11-12")) == winddown.NotNeeded; got != off[code] {
			t.Errorf("%s shows %s", code, c.Status(code, day("2026-11-12")))
		}
		if !off[code] {
			total++
			if slices.Contains(goods(), code) {
				blockers = append(blockers, code)
			}
		}
	}
	if _, got := c.Count(); got != total {
		t.Errorf("%d steps counted, want %d", got, total)
	}
	if got := c.Blockers(winddown.RequestAct); !slices.Equal(got, blockers) {
		t.Errorf("the request waits for %v, want %v", got, blockers)
	}
}

// A step that is not needed cannot be worked on.
func TestNotNeededRefused(t *testing.T) {
	c := openCase(t, winddown.RawAnswers{FBS: "no", WBStock: "no"})
	before := clone(c)
	for _, code := range []winddown.Code{winddown.ZeroFBS, winddown.ReturnStock} {
		events, err := c.MarkDone(form(t, c, code, "2026-11-12"), by(1, "2026-11-12"))
		wantRefused(t, events, err, winddown.Conflict, "step.error.not_needed")
		events, err = c.MarkPending(winddown.MarkPending{Step: code, Version: 1}, by(1, "2026-11-12"))
		wantRefused(t, events, err, winddown.Conflict, "step.error.not_needed")
		events, err = c.Undo(winddown.Undo{Step: code, Version: 1, Reason: "x"}, by(1, "2026-11-12"))
		wantRefused(t, events, err, winddown.Conflict, "step.error.not_needed")
		events, err = c.Regress(winddown.Regress{Step: code, Version: 1, Reason: "x"}, by(1, "2026-11-12"))
		wantRefused(t, events, err, winddown.Conflict, "step.error.not_done")
		unchanged(t, before, c)
	}
}

// An answer changed later brings a step back, and the act requested in the
// meantime becomes a problem.
func TestChangedAnswerBringsStepsBack(t *testing.T) {
	no := winddown.RawAnswers{FBS: "no", WBStock: "no"}
	sell := winddown.RawAnswers{FBS: "no", WBStock: "yes", Leftover: "sell"}
	cases := []struct {
		name     string
		from, to winddown.RawAnswers
		back     []winddown.Code
		gone     []winddown.Code
	}{
		{"fbs after all", no, winddown.RawAnswers{FBS: "yes", WBStock: "no"}, []winddown.Code{winddown.ZeroFBS}, nil},
		{"stock to take back", no, winddown.RawAnswers{FBS: "no", WBStock: "yes", Leftover: "return"}, []winddown.Code{winddown.ReturnStock}, nil},
		{"stock to sell", no, sell, nil, nil},
		{"sell, then both", sell, winddown.RawAnswers{FBS: "no", WBStock: "yes", Leftover: "both"}, []winddown.Code{winddown.ReturnStock}, nil},
		{"everything", no, everything(), []winddown.Code{winddown.ZeroFBS, winddown.ReturnStock}, nil},
		{"one instead of the other", winddown.RawAnswers{FBS: "yes", WBStock: "no"}, winddown.RawAnswers{FBS: "no", WBStock: "yes", Leftover: "both"},
			[]winddown.Code{winddown.ReturnStock}, []winddown.Code{winddown.ZeroFBS}},
		{"nothing", everything(), no, nil, []winddown.Code{winddown.ZeroFBS, winddown.ReturnStock}},
	}
	for _, x := range cases {
		t.Run(x.name, func(t *testing.T) {
			c := openCase(t, x.from)
			for _, code := range goods() {
				if c.Needed(code) {
					mark(t, c, "2026-11-12", code)
				}
			}
			mark(t, c, "2026-11-12", winddown.RequestAct)
			before := clone(c)
			events, err := c.ChangeAnswers(winddown.ChangeAnswers{Answers: x.to, Version: c.Version}, by(1, "2026-11-20"))
			if err != nil {
				t.Fatal(err)
			}
			want := []string{"answers_changed"}
			request := winddown.Done
			if x.back != nil {
				want = append(want, "step_suspended request_act")
				request = winddown.HasProblem
			}
			wantKinds(t, events, want...)
			wantStatuses(t, c, "2026-11-20", map[winddown.Code]winddown.Status{winddown.RequestAct: request})
			if p := c.ProblemOf(winddown.RequestAct, day("2026-11-20")); x.back != nil &&
				(p == nil || p.Kind != winddown.Reopened || !slices.Equal(p.Steps, x.back)) {
				t.Errorf("the request's problem is %+v, want reopened by %v", p, x.back)
			}
			for _, code := range x.back {
				st := step(t, c, code)
				if st.Tick != nil || st.Problem != nil || c.Status(code, day("2026-11-20")) != winddown.NotStarted {
					t.Errorf("%s came back as %s: %+v", code, c.Status(code, day("2026-11-20")), st)
				}
				if st.Version != step(t, before, code).Version+1 {
					t.Errorf("%s has version %d after %d", code, st.Version, step(t, before, code).Version)
				}
			}
			for _, code := range x.gone {
				if got := c.Status(code, day("2026-11-20")); got != winddown.NotNeeded {
					t.Errorf("%s shows %s", code, got)
				}
			}
			if c.Version != before.Version+1 {
				t.Errorf("case version %d after %d", c.Version, before.Version)
			}
			// The way back: the returned steps done, then one confirmation.
			for _, code := range x.back {
				mark(t, c, "2026-11-21", code)
			}
			if x.back != nil {
				mark(t, c, "2026-11-21", winddown.RequestAct)
			}
			if got := c.Status(winddown.RequestAct, day("2026-11-21")); got != winddown.Done {
				t.Errorf("at last the request shows %s", got)
			}
		})
	}
}

// A signature given before the answer changed is not used again.
func TestStepComesBackNotStarted(t *testing.T) {
	c := openCase(t, everything())
	mark(t, c, "2026-11-12", winddown.ZeroFBS)
	change := func(fbs string) {
		t.Helper()
		raw := everything()
		raw.FBS = fbs
		if events, err := c.ChangeAnswers(winddown.ChangeAnswers{Answers: raw, Version: c.Version}, by(1, "2026-11-13")); err != nil || len(events) == 0 {
			t.Fatal(events, err)
		}
	}
	change("no")
	change("yes")
	if got := c.Status(winddown.ZeroFBS, day("2026-11-13")); got != winddown.NotStarted {
		t.Errorf("came back as %s", got)
	}
}

// Declaring a rest after the request suspends the request.
func TestDeclareRestAfterRequest(t *testing.T) {
	c := openCase(t, winddown.RawAnswers{FBS: "no", WBStock: "yes", Leftover: "sell"})
	mark(t, c, "2026-11-12", winddown.SellOut, winddown.CollectReturns, winddown.RequestAct)
	events, err := c.DeclareRest(by(1, "2026-11-13"))
	if err != nil {
		t.Fatal(err)
	}
	wantKinds(t, events, "rest_declared sell_out", "step_suspended request_act")
	wantStatuses(t, c, "2026-11-13", map[winddown.Code]winddown.Status{
		winddown.ReturnStock: winddown.NotStarted, winddown.RequestAct: winddown.HasProblem, winddown.SellOut: winddown.Done,
	})
}

// The rest is forgotten when the plan for the stock changes, and kept otherwise.
func TestRestFollowsAnswers(t *testing.T) {
	sell := winddown.RawAnswers{FBS: "no", WBStock: "yes", Leftover: "sell"}
	cases := []struct {
		name   string
		to     winddown.RawAnswers
		needed bool
	}{
		{"the rest was a mistake", winddown.RawAnswers{FBS: "no", WBStock: "yes", Leftover: "sell"}, false},
		{"another channel", winddown.RawAnswers{FBS: "yes", WBStock: "yes", Leftover: "both"}, true},
		{"no stock", winddown.RawAnswers{FBS: "no", WBStock: "no"}, false},
	}
	for _, x := range cases {
		t.Run(x.name, func(t *testing.T) {
			c := openCase(t, sell)
			if _, err := c.DeclareRest(by(1, "2026-11-12")); err != nil {
				t.Fatal(err)
			}
			if _, err := c.ChangeAnswers(winddown.ChangeAnswers{Answers: x.to}, by(1, "2026-11-12")); err != nil {
				t.Fatal(err)
			}
			if got := c.Needed(winddown.ReturnStock); got != x.needed {
				t.Errorf("return_stock needed: %v, want %v", got, x.needed)
			}
		})
	}
}

func TestChangeAnswersRefused(t *testing.T) {
	c := openCase(t, everything())
	other := winddown.RawAnswers{FBS: "no", WBStock: "no"}
	before := clone(c)

	events, err := c.ChangeAnswers(winddown.ChangeAnswers{Answers: other, Version: c.Version + 1}, by(1, "2026-11-12"))
	wantRefused(t, events, err, winddown.Conflict, "case.error.stale")
	events, err = c.ChangeAnswers(winddown.ChangeAnswers{Answers: winddown.RawAnswers{FBS: "yes"}, Version: c.Version}, by(1, "2026-11-12"))
	wantRefused(t, events, err, winddown.Invalid, "error.invalid")
	events, err = c.ChangeAnswers(winddown.ChangeAnswers{Answers: everything(), Version: c.Version}, by(1, "2026-11-12"))
	wantRepeat(t, events, err)
	unchanged(t, before, c)

	mark(t, c, "2026-11-12", allSteps()...)
	if _, err := c.Finish(0, by(1, "2026-11-12")); err != nil {
		t.Fatal(err)
	}
	before = clone(c)
	events, err = c.ChangeAnswers(winddown.ChangeAnswers{Answers: other}, by(1, "2026-11-12"))
	wantRefused(t, events, err, winddown.Conflict, "case.error.finished")
	events, err = c.DeclareRest(by(1, "2026-11-12"))
	wantRefused(t, events, err, winddown.Conflict, "case.error.finished")
	unchanged(t, before, c)
}

func FuzzParseAnswers(f *testing.F) {
	f.Add("yes", "yes", "sell")
	f.Add("no", "no", "")
	f.Add("Yes", "да", "\xff\x00")
	f.Fuzz(func(t *testing.T, fbs, stock, leftover string) {
		a, err := winddown.ParseAnswers(winddown.RawAnswers{FBS: fbs, WBStock: stock, Leftover: leftover})
		known := leftover == "sell" || leftover == "return" || leftover == "both"
		valid := (fbs == "yes" || fbs == "no") && (stock == "no" || stock == "yes" && known)
		if valid != (err == nil) {
			t.Fatalf("ParseAnswers(%q, %q, %q) = %v", fbs, stock, leftover, err)
		}
		if err != nil {
			if len(fieldsOf(err)) == 0 {
				t.Fatalf("no field named: %v", err)
			}
			return
		}
		want := winddown.Answers{FBS: fbs == "yes", WBStock: stock == "yes"}
		if want.WBStock {
			want.Leftover = winddown.Leftover(leftover)
		}
		if a != want {
			t.Fatalf("got %+v, want %+v", a, want)
		}
	})
}
