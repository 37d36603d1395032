package winddown_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"winddown/internal/winddown"
)

// walk is a random sequence of actions on one case.
type walk struct {
	t     *testing.T
	rng   *rand.Rand
	c     *winddown.Case
	today winddown.Date
	head  winddown.Head
	chain winddown.Chain
	trace []string
	seen  map[winddown.EventKind]int
	// states are how many actions left the case in a state worth having been in.
	states map[string]int
}

// action is one thing somebody does, so that it can be repeated.
type action struct {
	name  string
	step  winddown.Code // for what takes a signature away
	stamp winddown.Stamp
	run   func() ([]winddown.Event, error)
	// once says that doing it again is refused, and not taken as a repetition.
	once bool
}

// Two thousand random actions keep what the rest of the program relies on.
func TestRandomWalks(t *testing.T) {
	seen, states := map[winddown.EventKind]int{}, map[string]int{}
	for seed := range uint64(64) {
		w := &walk{t: t, rng: rand.New(rand.NewPCG(seed, 1)), today: day("2026-11-01"), seen: seen, states: states}
		w.c = openCase(t, w.answers())
		for range 70 {
			w.today = w.today.AddDays(w.rng.IntN(4))
			w.act(w.next())
			if t.Failed() {
				t.Fatalf("walk %d:\n%s", seed, w.trace)
			}
		}
		if err := w.chain.End(w.stream(), w.head); err != nil {
			t.Fatal(err)
		}
	}
	elsewhere := []winddown.EventKind{
		winddown.CaseOpened, winddown.PersonInvited, winddown.InviteRevoked, winddown.PersonJoined, winddown.PersonRemoved, winddown.ActingChanged,
		winddown.ResponsibleAssigned, winddown.ResponsibleCleared, winddown.LeftFirm, winddown.ShareCreated, winddown.ShareRevoked,
		winddown.SellerReminded, winddown.ReminderSeen, winddown.CaseArchived, winddown.CaseUnarchived, winddown.CaseDeleted, winddown.CaseKept, winddown.TransferOffered, winddown.CaseTransferred,
		winddown.CaseExpired, winddown.RescueAsked, winddown.RescueStopped, winddown.RescueOffered,
		winddown.DebtChanged, winddown.DebtWrittenOff, winddown.DebtReopened, winddown.DebtRemoved,
	}
	kinds := winddown.EventKinds()
	for _, k := range kinds[:slices.Index(kinds, winddown.FirmFounded)] {
		if seen[k] < 3 && !slices.Contains(elsewhere, k) {
			t.Errorf("the walks saw %s only %d times", k, seen[k])
		}
	}
	for _, state := range []string{"finished", "settled", "several acts signed", "third round", "waived", "accepted", "signed in spite of a waived step"} {
		if states[state] < 3 {
			t.Errorf("the walks were only %d times in the state %q", states[state], state)
		}
	}
}

func (w *walk) stream() winddown.Stream {
	return winddown.Stream{Kind: winddown.CaseStream, ID: w.c.ID}
}

func (w *walk) chance(percent int) bool { return w.rng.IntN(100) < percent }

func pick[T any](w *walk, list []T) T { return list[w.rng.IntN(len(list))] }

// near returns a version that is mostly the right one, and never 0, which asks for no check.
func (w *walk) near(version int) int {
	if w.chance(6) {
		return max(1, version+w.rng.IntN(3)-1)
	}
	return version
}

func (w *walk) answers() winddown.RawAnswers {
	return winddown.RawAnswers{
		FBS: pick(w, []string{"yes", "no"}), WBStock: pick(w, []string{"yes", "yes", "no"}), Leftover: pick(w, []string{"sell", "return", "both"}),
	}
}

// next chooses what happens: mostly the way forward, sometimes anything.
func (w *walk) next() action {
	s := winddown.Stamp{By: person(byte(1 + w.rng.IntN(3))), At: w.today.Time(), Today: w.today, OnBehalf: w.chance(20)}
	if w.c.Finished() && w.chance(30) {
		return w.caseAction(s)
	}
	for _, st := range w.c.Steps {
		switch {
		case w.c.MayWaive(st.Code) && w.chance(10):
			return w.waive(st, s)
		case st.Waiver != nil && w.chance(5):
			return w.unwaive(st, s)
		}
	}
	switch n := w.rng.IntN(100); {
	case n < 45:
		return w.forward(s)
	case n < 50:
		return w.mark(pick(w, allSteps()), pick(w, w.c.Acts).Position, s)
	case n < 58:
		return w.actAction(pick(w, w.c.Acts), s)
	case n < 75:
		return w.stepAction(pick(w, allSteps()), s)
	case n < 81:
		return w.evidenceAction(pick(w, allSteps()), s)
	case n < 92:
		return w.bookAction(s)
	}
	return w.caseAction(s)
}

func (w *walk) waive(st winddown.Step, s winddown.Stamp) action {
	in := winddown.Review{Step: st.Code, Version: w.near(st.Version), Reason: w.reason()}
	return action{name: "waive " + string(st.Code), stamp: s, run: func() ([]winddown.Event, error) { return w.c.Waive(in, s) }}
}

func (w *walk) unwaive(st winddown.Step, s winddown.Stamp) action {
	in := winddown.Review{Step: st.Code, Version: w.near(st.Version), Reason: w.reason()}
	return action{name: "unwaive " + string(st.Code), stamp: s, run: func() ([]winddown.Event, error) { return w.c.Unwaive(in, s) }}
}

// reason is one somebody gives, or forgets to.
func (w *walk) reason() string {
	if w.chance(8) {
		return ""
	}
	return pick(w, []string{"ошибка", "вернулся товар"})
}

// forward is what brings the case nearer to its end.
func (w *walk) forward(s winddown.Stamp) action {
	code, ok := w.c.Next(w.today)
	if !ok {
		version := w.near(w.c.Version)
		return action{name: "finish", stamp: s, run: func() ([]winddown.Event, error) { return w.c.Finish(version, s) }}
	}
	if st, _ := w.c.Step(code); st.Problem == nil && slices.Contains(chain()[:3], code) {
		a := pick(w, w.c.Acts)
		switch a.Phase() {
		case winddown.PhaseReceived, winddown.PhaseDisagreed, winddown.PhaseSigned, winddown.PhaseSignedObjecting:
			return w.actAction(a, s)
		case winddown.PhaseDisputed:
			return w.mark(pick(w, []winddown.Code{winddown.RequestAct, winddown.RequestAct, winddown.SignAct}), a.Position, s)
		case winddown.PhaseNotRequested:
			return w.mark(winddown.RequestAct, a.Position, s)
		case winddown.PhaseRequested:
			return w.mark(winddown.ReceiveAct, a.Position, s)
		case winddown.PhaseAgreed:
			return w.mark(winddown.SignAct, a.Position, s)
		case winddown.PhaseCountersigned, winddown.PhaseCountersignedObjecting:
		}
	}
	return w.mark(code, pick(w, w.c.Acts).Position, s)
}

func (w *walk) mark(code winddown.Code, act int, s winddown.Stamp) action {
	st, _ := w.c.Step(code)
	in := winddown.MarkDone{
		Step: code, Version: w.near(st.Version), Act: act, On: w.today.AddDays(-w.rng.IntN(2) * w.rng.IntN(4)), Note: pick(w, []string{"", "готово"}),
		Ticket: pick(w, []string{"", "17"}), Channel: pick(w, []winddown.Channel{"", winddown.Support}), Counterparty: pick(w, []string{"", "ООО «РВБ»"}),
		Signer: pick(w, []string{"", "Петрова"}), Via: pick(w, []winddown.SignedVia{"", winddown.ViaEDO}),
		Theirs: winddown.Balance{Known: true, Amount: pick(w, []winddown.Money{0, 0, -200})},
	}
	if w.chance(50) {
		in.Ours = winddown.Balance{Known: true, Amount: pick(w, []winddown.Money{0, 0, -200})}
	}
	if a, err := w.c.Act(act); err == nil && a.Phase() != winddown.PhaseDisputed && w.chance(80) {
		// The form of a step that was signed before shows its date.
		on := map[winddown.Code]winddown.Date{winddown.RequestAct: a.RequestedOn, winddown.ReceiveAct: a.ReceivedOn, winddown.SignAct: a.SignedOn}[code]
		if !on.IsZero() {
			in.On = on
		}
	}
	if w.chance(95) {
		in.Reasons = excuses(w.c, code, act)
	}
	if w.chance(5) {
		in.On = w.today.AddDays(1)
	}
	return action{name: fmt.Sprintf("done %s of act %d", code, act), stamp: s, run: func() ([]winddown.Event, error) { return w.c.MarkDone(in, s) }}
}

// actAction is something done about an act that is no step of the checklist.
func (w *walk) actAction(a winddown.Act, s winddown.Stamp) action {
	version, on := w.near(a.Version), w.today.AddDays(-w.rng.IntN(2))
	do := func(name string, run func() ([]winddown.Event, error)) action {
		return action{name: fmt.Sprintf("%s act %d", name, a.Position), stamp: s, run: run}
	}
	n := w.rng.IntN(100)
	switch {
	case n < 15:
		in := winddown.UndoAct{Act: a.Position, Version: version, Reason: w.reason()}
		undo := do("undo", func() ([]winddown.Event, error) { return w.c.UndoAct(in, s) })
		undo.once = true
		return undo
	case a.Phase() == winddown.PhaseRequested && n < 60:
		in := winddown.RemindAct{Act: a.Position, Version: version, On: on}
		return do("remind", func() ([]winddown.Event, error) { return w.c.RemindAct(in, s) })
	case a.Phase() == winddown.PhaseSigned || a.Phase() == winddown.PhaseSignedObjecting || n < 20:
		in := winddown.CountersignAct{Act: a.Position, Version: version, On: on}
		return do("countersign", func() ([]winddown.Event, error) { return w.c.CountersignAct(in, s) })
	case a.Phase() == winddown.PhaseDisagreed && n < 80 || n < 25:
		in := winddown.DisputeAct{Act: a.Position, Version: version, On: on}
		return do("dispute", func() ([]winddown.Event, error) { return w.c.DisputeAct(in, s) })
	}
	in := winddown.CompareAct{Act: a.Position, Version: version, On: on, Agrees: n < 65, Difference: pick(w, []string{"-17,50", "-17,50", "0"}),
		Objections: "нет оплаты за октябрь"}
	if gap, known := a.Gap(); known && w.chance(90) {
		in.Agrees, in.Difference = gap == 0, gap.String()
	}
	return do(fmt.Sprintf("compare (agrees: %v)", in.Agrees), func() ([]winddown.Event, error) { return w.c.CompareAct(in, s) })
}

// stepAction is something done about a step besides marking it.
func (w *walk) stepAction(code winddown.Code, s winddown.Stamp) action {
	reason := w.reason()
	n := w.rng.IntN(100)
	if n < 20 {
		code = pick(w, allSteps()[:5])
	}
	st, _ := w.c.Step(code)
	version := w.near(st.Version)
	review := winddown.Review{Step: code, Version: version, Reason: reason}
	do := func(name string, run func() ([]winddown.Event, error)) action {
		return action{name: name + " " + string(code), stamp: s, run: run}
	}
	switch {
	case n < 20:
		in := winddown.Regress{Step: code, Version: version, Reason: reason}
		a := do("regress", func() ([]winddown.Event, error) { return w.c.Regress(in, s) })
		a.step = code
		return a
	case n < 35:
		in := winddown.Undo{Step: code, Version: version, Reason: reason}
		a := do("undo", func() ([]winddown.Event, error) { return w.c.Undo(in, s) })
		a.step = code
		return a
	case n < 45:
		return do("send back", func() ([]winddown.Event, error) { return w.c.SendBack(review, s) })
	case n < 60:
		in := winddown.MarkPending{Step: code, Version: version, Note: pick(w, []string{"", "ждём"})}
		return do("pending", func() ([]winddown.Event, error) { return w.c.MarkPending(in, s) })
	case n < 75:
		return do("accept", func() ([]winddown.Event, error) { return w.c.Accept(review, s) })
	case n < 78:
		return w.waive(*st, s)
	case n < 80:
		return w.unwaive(*st, s)
	}
	open := slices.DeleteFunc(slices.Clone(w.c.Questions), func(q winddown.Question) bool { return q.State() == winddown.QuestionResolved })
	if len(open) == 0 || n < 87 {
		return do("ask", func() ([]winddown.Event, error) { return w.c.Ask(code, "Где чек?", s) })
	}
	q := pick(w, open)
	if q.Answer == "" && n < 94 {
		return do("answer", func() ([]winddown.Event, error) { return w.c.Answer(q.Number, "Вот он", s) })
	}
	return do("resolve", func() ([]winddown.Event, error) { return w.c.Resolve(q.Number, s) })
}

func (w *walk) evidenceAction(code winddown.Code, s winddown.Stamp) action {
	if len(w.c.Evidence) > 0 && w.chance(30) {
		in := winddown.RemoveEvidence{Number: pick(w, w.c.Evidence).Number, Reason: w.reason()}
		return action{name: fmt.Sprintf("remove evidence %d", in.Number), stamp: s, run: func() ([]winddown.Event, error) { return w.c.RemoveEvidence(in, s) }}
	}
	in := winddown.AddEvidence{Step: code, Slot: pick(w, w.c.Slots(code)).Code, Act: pick(w, w.c.Acts).Position,
		Name: pick(w, []string{"акт.pdf", "чек.png"}), Type: "pdf", Size: 1 + w.rng.Int64N(1000), SHA256: [32]byte{byte(w.rng.IntN(4))}}
	return action{name: "evidence of " + string(code), stamp: s, run: func() ([]winddown.Event, error) { return w.c.AddEvidence(in, 40000, s) }}
}

// bookAction is something done about the debts and deadlines.
func (w *walk) bookAction(s winddown.Stamp) action {
	do := func(name string, run func() ([]winddown.Event, error)) action {
		return action{name: name, stamp: s, run: run}
	}
	ledger := func(name string, rule func() ([]winddown.Event, error)) action {
		return do(name, func() ([]winddown.Event, error) {
			if w.c.Finished() {
				return nil, &winddown.Error{Kind: winddown.Conflict, Key: "case.error.finished"}
			}
			events, err := rule()
			if err != nil || len(events) == 0 {
				return nil, err
			}
			return append(events, w.c.KeepLedger(s)...), nil
		})
	}
	n := w.rng.IntN(100)
	if open := w.c.Debts.Open(); len(open) > 0 && n < 35 {
		d := pick(w, open)
		return ledger("settle a debt", func() ([]winddown.Event, error) {
			_, events, err := w.c.Debts.SettleDebt(winddown.SettleDebt{ID: d.ID, Version: d.Version, On: w.today}, s)
			return events, err
		})
	}
	var number int
	if len(w.c.Deadlines) > 0 {
		number = pick(w, w.c.Deadlines).Number
	}
	switch {
	case n < 25:
		in := fine(len(w.c.Debts) + 1)
		in.On = w.today
		return ledger("debt", func() ([]winddown.Event, error) {
			_, events, err := w.c.Debts.AddDebts([]winddown.NewDebt{in}, s)
			return events, err
		})
	case n < 55 || number == 0:
		in := winddown.AddDeadline{Kind: pick(w, []winddown.DueKind{winddown.DuePickUp, winddown.DueReport}), What: "коробка", From: w.today.AddDays(-w.rng.IntN(5))}
		return do("deadline "+string(in.Kind), func() ([]winddown.Event, error) { return w.c.AddDeadline(in, s) })
	case n < 65:
		return do("close deadline", func() ([]winddown.Event, error) { return w.c.CloseDeadline(number, w.today, s) })
	case n < 78:
		return do("reopen deadline", func() ([]winddown.Event, error) { return w.c.ReopenDeadline(number, s) })
	case n < 89:
		a := do("remove deadline", func() ([]winddown.Event, error) { return w.c.RemoveDeadline(number, s) })
		a.once = true
		return a
	case n < 93:
		return do("check the inbox", func() ([]winddown.Event, error) { return w.c.CheckInbox(s) })
	}
	in := winddown.ChangeTerm{Kind: pick(w, winddown.DueKinds()), Days: []int{1 + w.rng.IntN(9)}, Source: "оферта", AsOf: w.today}
	return do("term", func() ([]winddown.Event, error) { return w.c.ChangeTerm(in, s) })
}

// caseAction is something done about the case itself.
func (w *walk) caseAction(s winddown.Stamp) action {
	do := func(name string, run func() ([]winddown.Event, error)) action {
		return action{name: name, stamp: s, run: run}
	}
	version := w.near(w.c.Version)
	switch n := w.rng.IntN(100); {
	case w.c.Finished():
		reason := w.reason()
		return do("reopen", func() ([]winddown.Event, error) { return w.c.Reopen(reason, version, s) })
	case n < 25:
		in := winddown.ChangeAnswers{Answers: w.answers(), Version: version}
		return do("answers", func() ([]winddown.Event, error) { return w.c.ChangeAnswers(in, s) })
	case n < 40:
		return do("rest", func() ([]winddown.Event, error) { return w.c.DeclareRest(s) })
	case n < 48:
		in := winddown.ChangeDetails{Seller: w.c.Seller, Zone: pick(w, []string{"Europe/Moscow", "Asia/Omsk"}), Version: version}
		return do("details", func() ([]winddown.Event, error) { return w.c.ChangeDetails(in, s) })
	case n < 72 && len(w.c.Acts) < 3:
		in := winddown.AddAct{Counterparty: fmt.Sprintf("ООО «%d»", w.rng.IntN(3)), Version: version}
		return do("add an act", func() ([]winddown.Event, error) { return w.c.AddAct(in, s) })
	case n < 92:
		last := w.c.Acts[len(w.c.Acts)-1]
		version := w.near(last.Version)
		return do("remove an act", func() ([]winddown.Event, error) { return w.c.RemoveAct(last.Position, version, s) })
	}
	return do("finish", func() ([]winddown.Event, error) { return w.c.Finish(version, s) })
}

// act does it and checks everything that must hold afterwards.
func (w *walk) act(a action) {
	before := clone(w.c)
	var closed, suspended []winddown.Code
	if a.step != "" {
		closed, suspended = w.c.Consequences(a.step)
		unchanged(w.t, before, w.c)
	}
	events, err := a.run()
	w.trace = append(w.trace, fmt.Sprintf("%s %s: %v %v\n", w.today, a.name, kinds(events), err))
	if err != nil {
		known := []error{winddown.Invalid, winddown.Blocked, winddown.Conflict, winddown.NotFound}
		if len(events) != 0 || !slices.ContainsFunc(known, func(k error) bool { return errors.Is(err, k) }) {
			w.t.Errorf("events %v, error %v", events, err)
		}
		unchanged(w.t, before, w.c)
		return
	}
	if len(events) == 0 {
		unchanged(w.t, before, w.c)
		return
	}
	w.changed(before, events, a)
	if a.step != "" {
		w.consequences(before, a.step, closed, suspended)
	}
	w.invariants()
	w.seal(events)

	after := clone(w.c)
	again, err := a.run()
	if a.once {
		err = nil
	}
	wantRepeat(w.t, again, err)
	unchanged(w.t, after, w.c)
}

// changed checks that what changed is what the events say, and that versions count it.
func (w *walk) changed(before *winddown.Case, events []winddown.Event, a action) {
	named := map[winddown.Code]int{}
	caseChanged := 0
	filed := false
	for _, e := range events {
		w.seen[e.Kind]++
		if want := a.stamp.OnBehalf && !speaks(events[0].Kind); e.OnBehalf != want {
			w.t.Errorf("%s: on behalf %v, want %v", e.Kind, e.OnBehalf, want)
		}
		switch e.Kind {
		case winddown.DetailsChanged, winddown.AnswersChanged, winddown.RestDeclared, winddown.CaseFinished, winddown.CaseReopened,
			winddown.ActAdded, winddown.ActRemoved, winddown.TermChanged:
			caseChanged++
		case winddown.EvidenceAdded, winddown.EvidenceGone:
			filed = true
		default:
		}
		named[e.Step]++
	}
	if w.c.Version != before.Version+caseChanged {
		w.t.Errorf("case version %d after %d, events %v", w.c.Version, before.Version, kinds(events))
	}
	for i, st := range w.c.Steps {
		old := before.Steps[i]
		if old.Waiver != nil && st.Waiver != nil && old.Waiver.At.Equal(st.Waiver.At) {
			old.Waiver = st.Waiver // steps that were fulfilled leave it without a word
		}
		if reflect.DeepEqual(st, old) {
			continue
		}
		cameBack := w.c.Needed(st.Code) && !before.Needed(st.Code)
		if filed {
			old.StartedOn = st.StartedOn
		}
		if named[st.Code] == 0 && !cameBack {
			w.t.Errorf("%s: no event, but\nwas %s\nis  %s", st.Code, dump(old), dump(st))
		}
		if st.Version < old.Version || !reflect.DeepEqual(counted(st), counted(old)) && st.Version == old.Version {
			w.t.Errorf("%s has version %d after %d:\nwas %s\nis  %s", st.Code, st.Version, old.Version, dump(old), dump(st))
		}
	}
	w.actsChanged(before, events)
	if n := len(before.Evidence); len(w.c.Evidence) < n {
		w.t.Errorf("%d versions of evidence after %d", len(w.c.Evidence), n)
	} else {
		for i, old := range before.Evidence {
			now := w.c.Evidence[i]
			now.Frozen = old.Frozen
			if now != old || old.Frozen && !w.c.Evidence[i].Frozen {
				w.t.Errorf("evidence %d changed\nwas %s\nis  %s", old.Number, dump(old), dump(w.c.Evidence[i]))
			}
		}
	}
	if equal(before, w.c) {
		w.t.Errorf("events %v, but nothing changed", kinds(events))
	}
}

// counted is the part of a step that its version counts.
func counted(st winddown.Step) winddown.Step {
	return winddown.Step{StartedOn: st.StartedOn, Note: st.Note, Tick: st.Tick, Problem: st.Problem, Waiver: st.Waiver}
}

// actsChanged checks that versions count every change of an act, and that no round is
// ever lost.
func (w *walk) actsChanged(before *winddown.Case, events []winddown.Event) {
	for _, a := range w.c.Acts {
		old, err := before.Act(a.Position)
		if err == nil && (a.Version < old.Version || a != *old && a.Version == old.Version) {
			w.t.Errorf("act %d changed at the same version\nwas %s\nis  %s", a.Position, dump(*old), dump(a))
		}
	}
	if len(w.c.Past) < len(before.Past) || !slices.Equal(w.c.Past[:len(before.Past)], before.Past) {
		w.t.Errorf("past rounds were\n%s\nare\n%s", dump(before.Past), dump(w.c.Past))
	}
	removed := slices.ContainsFunc(events, func(e winddown.Event) bool { return e.Kind == winddown.ActRemoved })
	for _, old := range before.Acts {
		now, err := w.c.Act(old.Position)
		switch {
		case err != nil && (!removed || old.Round > 1 || old.Phase() != winddown.PhaseNotRequested):
			w.t.Errorf("act %d is gone", old.Position)
		case err == nil && now.Round != old.Round && (now.Round != old.Round+1 || !slices.Contains(w.c.Rounds(old.Position), old)):
			w.t.Errorf("act %d went from round %d to %d, which\nwas %s\npast are %s", old.Position, old.Round, now.Round, dump(old), dump(w.c.Past))
		}
	}
}

// consequences checks that what was foretold is what happened.
func (w *walk) consequences(before *winddown.Case, code winddown.Code, closed, suspended []winddown.Code) {
	var wasClosed, wasSuspended []winddown.Code
	for _, x := range allSteps() {
		from, to := before.Status(x, w.today), w.c.Status(x, w.today)
		switch {
		case x == code || from == to:
		case (from == winddown.NotStarted || from == winddown.InProgress) && to == winddown.StatusBlocked:
			wasClosed = append(wasClosed, x)
		case from == winddown.Done && to == winddown.HasProblem:
			wasSuspended = append(wasSuspended, x)
		default:
			w.t.Errorf("%s went from %s to %s", x, from, to)
		}
	}
	if !slices.Equal(closed, wasClosed) || !slices.Equal(suspended, wasSuspended) {
		w.t.Errorf("foretold closed %v, suspended %v; happened %v, %v", closed, suspended, wasClosed, wasSuspended)
	}
}

// seal puts the events on the chain, which must hold and never carry empty or equal values.
func (w *walk) seal(events []winddown.Event) {
	for _, e := range winddown.OnStream(w.stream(), events) {
		e.At, e.Via = w.today.Time(), winddown.ViaPages
		r, head, err := w.head.Append(e)
		if err != nil {
			w.t.Fatal(err)
		}
		w.head = head
		if err := w.chain.Next(r); err != nil {
			w.t.Error(err)
		}
		back, err := r.Event()
		if err != nil || back.Kind != e.Kind || back.Step != e.Step || !slices.Equal(back.Steps, e.Steps) || back.Reason != e.Reason {
			w.t.Errorf("read back %+v, %v", back, err)
		}
		if !slices.Contains(winddown.EventKinds(), back.Kind) {
			w.t.Errorf("kind %s is not listed", back.Kind)
		}
		for k, v := range back.Before {
			if v == "" || back.After[k] == v {
				w.t.Errorf("%s keeps %s: %q → %q", back.Kind, k, v, back.After[k])
			}
		}
		for k, v := range back.After {
			if v == "" {
				w.t.Errorf("%s keeps an empty %s", back.Kind, k)
			}
		}
	}
}

// speaks reports whether somebody says this for himself, whoever he is.
func speaks(k winddown.EventKind) bool {
	return slices.Contains([]winddown.EventKind{
		winddown.StepAccepted, winddown.StepReturned, winddown.GateOpened, winddown.GateClosed,
		winddown.QuestionAsked, winddown.QuestionReplied, winddown.QuestionClosed,
	}, k)
}
