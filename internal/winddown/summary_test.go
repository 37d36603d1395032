package winddown_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"winddown/internal/winddown"
)

// stepState is all of a step that the register's groups depend on.
type stepState int

const (
	none stepState = iota
	done
	problem
	off // not needed
)

// situation is a case reduced to what the groups depend on: its steps in the playbook's
// order, the dates and the finish.
type situation struct {
	steps     [9]stepState
	requested string // the act was requested on that day, if it was
	pickUpBy  string // a batch of returns waits until then; collected with the step
	finished  bool
}

// indexes of a situation's steps
const (
	iZero = iota
	iSell
	iReturn
	iCollect
	iStrip
	iRequest
	iReceive
	iSign
	iSettle
)

// goodsGone: the first four steps are done or not needed.
func (s situation) goodsGone() bool {
	return !slices.ContainsFunc(s.steps[:iStrip], func(st stepState) bool { return st == none || st == problem })
}

// reachable leaves out what no sequence of actions leads to: a done step with an unmet
// gate, a step that is always needed and is not, a finished case with a step nobody signed.
func (s situation) reachable() bool {
	for i, st := range s.steps {
		switch {
		case st == off && i != iZero && i != iReturn:
			return false
		case s.finished && st == none:
			return false
		case i == iRequest && st == done && !s.goodsGone():
			return false
		case i > iRequest && st == done && s.steps[i-1] != done:
			return false
		}
	}
	return true
}

// build makes the case of a situation.
func (s situation) build() *winddown.Case {
	c := &winddown.Case{
		Playbook: winddown.CurrentPlaybook, Zone: winddown.DefaultZone, HasOwner: true, Version: 1, OpenedOn: day("2026-10-01"),
		Answers: winddown.Answers{FBS: s.steps[iZero] != off, WBStock: s.steps[iReturn] != off},
		Acts:    []winddown.Act{{Position: 1, Round: 1, Version: 1}},
		Steps:   make([]winddown.Step, 0, len(s.steps)),
	}
	if c.Answers.WBStock {
		c.Answers.Leftover = winddown.Both
	}
	for i, code := range allSteps() {
		st := winddown.Step{Code: code, Version: 1}
		if s.steps[i] == done || s.steps[i] == problem {
			st.Tick = &winddown.Tick{On: day(s.requested), By: person(1)}
		}
		if s.steps[i] == problem {
			kind := winddown.Regressed
			if i >= iRequest {
				kind = winddown.Reopened
			}
			st.Problem = &winddown.Problem{Kind: kind, On: day(s.requested)}
		}
		c.Steps = append(c.Steps, st)
	}
	if s.pickUpBy != "" {
		d := winddown.Deadline{Number: 1, Kind: winddown.DuePickUp, From: day(s.pickUpBy).AddDays(-7), Until: day(s.pickUpBy)}
		if s.steps[iCollect] == done {
			d.ClosedOn = d.From
		}
		c.Deadlines = []winddown.Deadline{d}
	}
	for i, at := range map[int]*winddown.Date{iRequest: &c.Acts[0].RequestedOn, iReceive: &c.Acts[0].ReceivedOn, iSign: &c.Acts[0].SignedOn} {
		if c.Steps[i].Tick != nil {
			*at = day(s.requested)
		}
	}
	if act := &c.Acts[0]; !act.SignedOn.IsZero() {
		act.ComparedOn, act.Agrees = act.SignedOn, true
	}
	if s.finished {
		c.FinishedOn = day("2026-12-31")
	}
	return c
}

// overdueFrom are the request dates of the situations, with the first day after their
// tenth working day, counted by hand on the official calendar.
func overdueFrom() map[string]string {
	return map[string]string{"2026-11-12": "2026-11-27", "2026-12-30": "2027-01-25"}
}

// burnsFrom are the pick-up dates of the situations, with the third day before.
func burnsFrom() map[string]string {
	return map[string]string{"": "9999-12-31", "2026-11-29": "2026-11-26", "2027-01-02": "2026-12-30"}
}

// matching returns the groups whose words hold on a day, in the register's order.
func (s situation) matching(on string) []winddown.Group {
	signed := func(i int) bool { return s.steps[i] == done }
	goodsGone := s.goodsGone()
	suspended := slices.Contains(s.steps[:], problem)
	burning := s.steps[iCollect] == none && on >= burnsFrom()[s.pickUpBy]
	requested, received := signed(iRequest), signed(iReceive)
	words := []struct {
		group winddown.Group
		holds bool
	}{
		{"problem", suspended || burning},
		{"ready", goodsGone && !requested},
		{"overdue", requested && !received && on >= overdueFrom()[s.requested]},
		{"received", received && !signed(iSign)},
		{"debt", signed(iSign) && !signed(iSettle)},
		{"finish", signed(iSign) && signed(iSettle)},
		{"waiting", requested && !received},
		{"early", !goodsGone},
	}
	if s.finished {
		return []winddown.Group{"finished"}
	}
	var groups []winddown.Group
	for _, w := range words {
		if w.holds {
			groups = append(groups, w.group)
		}
	}
	return groups
}

// situations calls f with every reachable one.
func situations(f func(situation)) int {
	count := 0
	combinations := 1
	for range 9 {
		combinations *= 4
	}
	for n := range combinations {
		var s situation
		for i, rest := 0, n; i < 9; i, rest = i+1, rest/4 {
			s.steps[i] = stepState(rest % 4)
		}
		for requested := range overdueFrom() {
			for pickUpBy := range burnsFrom() {
				for _, finished := range []bool{false, true} {
					s.requested, s.pickUpBy, s.finished = requested, pickUpBy, finished
					if !s.reachable() {
						continue
					}
					// A pick-up date beside a collected return is told apart once.
					if pickUpBy != "" && s.steps[iCollect] != none && s.steps[iStrip] != done {
						continue
					}
					// Without a request its date says nothing.
					if requested != "2026-11-12" && s.steps[iRequest] == none {
						continue
					}
					count++
					f(s)
				}
			}
		}
	}
	return count
}

// A summary says of the act that it is suspended where a step about it is, while the case goes on and every
// gate is met; else it says nothing.
func TestActSuspended(t *testing.T) {
	cal := winddown.RussianCalendar()
	seen, failed := map[bool]int{}, 0
	situations(func(s situation) {
		sum := winddown.Summarize(s.build(), cal)
		requested := s.steps[iRequest] == done || s.steps[iRequest] == problem
		want := !s.finished && requested && slices.Contains(s.steps[iRequest:iSettle], problem)
		if s.steps[iStrip] == problem && !slices.Contains(s.steps[:iStrip], problem) { // it is named first, and no gate
			want = false
		}
		got := sum.ActSuspended()
		if seen[got]++; got != want && failed < 10 {
			failed++
			t.Errorf("%+v: suspended %t, want %t", s, got, want)
		}
		if sum.Waived = true; sum.ActSuspended() && slices.Contains(s.steps[:iStrip], problem) {
			t.Fatalf("%+v: suspended behind a gate that was opened", s)
		}
	})
	if seen[true] == 0 || seen[false] == 0 {
		t.Errorf("seen %v", seen)
	}
}

// Every case is in exactly one group, the first one that matches, on every day.
func TestGroups(t *testing.T) {
	days := []string{"2026-11-12", "2026-11-25", "2026-11-26", "2026-11-27", "2026-12-29", "2026-12-30", "2027-01-24", "2027-01-25", "2027-06-01"}
	cal := winddown.RussianCalendar()
	seen := map[winddown.Group]int{}
	failed := 0
	n := situations(func(s situation) {
		c := s.build()
		sum := winddown.Summarize(c, cal)
		for _, on := range days {
			want := s.matching(on)
			if len(want) == 0 {
				t.Fatalf("%+v matches no group on %s", s, on)
			}
			got := sum.Group(day(on))
			seen[got]++
			if got != want[0] {
				t.Errorf("%+v on %s is in group %s, want %s", s, on, got, want[0])
				failed++
			}
			wantProblem := got == winddown.GroupProblem || s.finished && slices.Contains(s.steps[:], problem)
			if (sum.ProblemOn(day(on)) != "") != wantProblem {
				t.Errorf("%+v on %s names the problem %q", s, on, sum.ProblemOn(day(on)))
				failed++
			}
		}
		if sum.Stage == winddown.GroupOverdue {
			t.Errorf("%+v: the stage depends on the day", s)
		}
		if failed > 10 {
			t.FailNow()
		}
	})
	for _, g := range winddown.Groups() {
		if seen[g] == 0 {
			t.Errorf("no situation is in group %s", g)
		}
	}
	if len(seen) != len(winddown.Groups()) {
		t.Errorf("groups seen: %v", seen)
	}
	t.Logf("%d situations, %v", n, seen)
}

func TestGroupCodes(t *testing.T) {
	want := []winddown.Group{"problem", "ready", "overdue", "received", "debt", "finish", "waiting", "early", "finished"}
	if got := winddown.Groups(); !slices.Equal(got, want) {
		t.Errorf("Groups() = %q, want %q", got, want)
	}
}

// The same summary, read on two days, changes its group with no write.
func TestGroupChangesOverNight(t *testing.T) {
	cal := winddown.RussianCalendar()
	cases := []struct {
		name          string
		prepare       func(*winddown.Case)
		before, after string
		from, to      winddown.Group
	}{
		{"waiting turns overdue", func(c *winddown.Case) { mark(t, c, "2026-11-12", append(goods(), winddown.RequestAct)...) },
			"2026-11-26", "2026-11-27", winddown.GroupWaiting, winddown.GroupOverdue},
		{"early turns into a problem", func(c *winddown.Case) {
			batch(t, c, "2026-11-12", "2026-11-25")
		}, "2026-11-21", "2026-11-22", winddown.GroupEarly, winddown.GroupProblem},
	}
	for _, x := range cases {
		t.Run(x.name, func(t *testing.T) {
			c := openCase(t, everything())
			x.prepare(c)
			s := winddown.Summarize(c, cal)
			if got := s.Group(day(x.before)); got != x.from {
				t.Errorf("on %s in group %s, want %s", x.before, got, x.from)
			}
			if got := s.Group(day(x.after)); got != x.to {
				t.Errorf("on %s in group %s, want %s", x.after, got, x.to)
			}
		})
	}
	c := openCase(t, everything())
	cases[1].prepare(c)
	if got := winddown.Summarize(c, cal).ProblemOn(day("2026-11-22")); got != winddown.Burning {
		t.Errorf("the problem is %q", got)
	}
}

// The register's row at each turn of a case that takes the straight way.
func TestSummaryAlongTheWay(t *testing.T) {
	cal := winddown.RussianCalendar()
	c := openCase(t, everything())
	checkInbox(t, c, "2026-12-01")
	check := func(name string, want winddown.Summary) {
		t.Helper()
		if got := winddown.Summarize(c, cal); got != want {
			t.Errorf("%s:\n got %+v\nwant %+v", name, got, want)
		}
	}
	d := day
	check("opened", winddown.Summary{Act: "not_requested", Stage: "early", Blocker: winddown.ZeroFBS, Ball: "seller", Needed: 9, DueOn: d("2026-12-31"), Due: "inbox"})

	mark(t, c, "2026-11-01", winddown.ZeroFBS, winddown.SellOut)
	batch(t, c, "2026-11-02", "2026-11-20")
	check("returns wait", winddown.Summary{Act: "not_requested", Stage: "early", Blocker: winddown.ReturnStock, Ball: "seller",
		BurnOn: d("2026-11-17"), DueOn: d("2026-11-20"), Due: "pick_up", Done: 2, Needed: 9})

	mark(t, c, "2026-11-10", winddown.ReturnStock)
	mark(t, c, "2026-11-09", winddown.CollectReturns)
	check("goods gone", winddown.Summary{Act: "not_requested", Stage: "ready", Ball: "seller", BallOn: d("2026-11-10"), Done: 4, Needed: 9, DueOn: d("2026-12-31"), Due: "inbox"})

	in := winddown.MarkDone{Step: winddown.RequestAct, Version: 1, On: d("2026-11-12"), Ticket: "17"}
	if _, err := c.MarkDone(in, by(1, "2026-11-12")); err != nil {
		t.Fatal(err)
	}
	check("requested", winddown.Summary{Act: "requested", ActOn: d("2026-11-12"), Ticket: "17", Stage: "waiting", OverdueOn: d("2026-11-27"),
		DueOn: d("2026-11-17"), Due: "chase", Ball: "wb", BallOn: d("2026-11-12"), Done: 5, Needed: 9})

	mark(t, c, "2026-11-24", winddown.ReceiveAct)
	check("received", winddown.Summary{Act: "received", ActOn: d("2026-11-24"), Ticket: "17", Stage: "received", Ball: "seller", BallOn: d("2026-11-24"), Done: 6, Needed: 9, DueOn: d("2026-12-31"), Due: "inbox"})

	mark(t, c, "2026-12-01", winddown.SignAct)
	check("signed", winddown.Summary{Act: "signed", ActOn: d("2026-12-01"), Ticket: "17", Stage: "debt", Ball: "seller", BallOn: d("2026-12-01"), Done: 7, Needed: 9, DueOn: d("2026-12-31"), Due: "inbox"})

	mark(t, c, "2026-12-05", winddown.SettleDebts)
	check("settled", winddown.Summary{Act: "signed", ActOn: d("2026-12-01"), Ticket: "17", Stage: "finish", Blocker: winddown.StripMedia, Ball: "seller", BallOn: d("2026-12-05"), Done: 8, Needed: 9, DueOn: d("2026-12-31"), Due: "inbox"})

	mark(t, c, "2026-12-06", winddown.StripMedia)
	check("all done", winddown.Summary{Act: "signed", ActOn: d("2026-12-01"), Ticket: "17", Stage: "finish", Ball: "seller", BallOn: d("2026-12-05"), Done: 9, Needed: 9, DueOn: d("2026-12-31"), Due: "inbox"})

	if _, err := c.Finish(0, by(1, "2026-12-07")); err != nil {
		t.Fatal(err)
	}
	check("finished", winddown.Summary{Act: "signed", ActOn: d("2026-12-01"), Ticket: "17", Stage: "finished", Done: 9, Needed: 9})

	regress(t, c, "2026-12-20", winddown.SellOut)
	check("goods came back", winddown.Summary{Act: "signed", ActOn: d("2026-12-01"), Ticket: "17", Stage: "finished", Problem: "regressed", Done: 4, Needed: 9})
	if _, err := c.Reopen("вернулся товар", 0, by(1, "2026-12-21")); err != nil {
		t.Fatal(err)
	}
	check("reopened", winddown.Summary{Act: "signed", ActOn: d("2026-12-01"), Ticket: "17", Stage: "problem", Blocker: winddown.SellOut, Problem: "regressed",
		Ball: "seller", BallOn: d("2026-12-20"), Done: 4, Needed: 9, DueOn: d("2026-12-31"), Due: "inbox"})

	c.HasOwner = false
	if got := winddown.Summarize(c, cal).Ball; got != winddown.BallAccountant {
		t.Errorf("without an owner it is the turn of %s", got)
	}
}

// After the request was undone, its ticket is no longer the register's.
func TestSummaryWithoutRequest(t *testing.T) {
	c := openCase(t, everything())
	mark(t, c, "2026-11-12", goods()...)
	in := winddown.MarkDone{Step: winddown.RequestAct, Version: 1, On: day("2026-11-12"), Ticket: "17"}
	if _, err := c.MarkDone(in, by(1, "2026-11-12")); err != nil {
		t.Fatal(err)
	}
	undo(t, c, "2026-11-13", winddown.RequestAct)
	s := winddown.Summarize(c, winddown.RussianCalendar())
	if s.Act != winddown.NotRequested || s.Ticket != "" || !s.ActOn.IsZero() || s.Stage != winddown.GroupReady {
		t.Errorf("summary %+v", s)
	}
}

// While goods are back nobody reminds the marketplace of the act: the deadline is that of
// the returns, and none while no date is typed.
func TestSummaryDeadlineWhileGoodsAreBack(t *testing.T) {
	cal := winddown.RussianCalendar()
	due := func(c *winddown.Case) string {
		s := winddown.Summarize(c, cal)
		return strings.TrimSpace(fmt.Sprint(s.DueOn, " ", s.Due))
	}
	c := openCase(t, everything())
	checkInbox(t, c, "2026-11-12")
	mark(t, c, "2026-11-12", goods()...)
	mark(t, c, "2026-11-12", winddown.RequestAct)
	if got := due(c); got != "2026-11-17 chase" {
		t.Errorf("waiting: due %q", got)
	}
	regress := winddown.Regress{Step: winddown.CollectReturns, Version: 2, Reason: "ещё один возврат"}
	if _, err := c.Regress(regress, by(1, "2026-11-13")); err != nil {
		t.Fatal(err)
	}
	if got := due(c); got != "2026-12-12 inbox" {
		t.Errorf("goods are back: due %q, want the inbox only", got)
	}
	batch(t, c, "2026-11-13", "2026-11-20")
	if got := due(c); got != "2026-11-20 pick_up" {
		t.Errorf("a date is typed: due %q", got)
	}
	mark(t, c, "2026-11-14", winddown.CollectReturns, winddown.RequestAct)
	if got := due(c); got != "2026-11-18 chase" {
		t.Errorf("waiting again: due %q", got)
	}
}

// With several acts the least advanced counts, and among equals the one that has been
// so the longest.
func TestSeveralActs(t *testing.T) {
	states := map[winddown.ActState]winddown.Act{
		winddown.NotRequested: {},
		winddown.Requested:    {RequestedOn: day("2026-11-12")},
		winddown.Received:     {RequestedOn: day("2026-11-12"), ReceivedOn: day("2026-11-13")},
		winddown.Signed: {RequestedOn: day("2026-11-12"), ReceivedOn: day("2026-11-13"), ComparedOn: day("2026-11-13"), Agrees: true,
			SignedOn: day("2026-11-14")},
	}
	for i, a := range winddown.ActStates() {
		if got, on := states[a].State(); got != a || (on.IsZero() != (a == winddown.NotRequested)) {
			t.Errorf("state %s on %q, want %s", got, on, a)
		}
		for j, b := range winddown.ActStates() {
			c := openCase(t, everything())
			c.Acts = []winddown.Act{states[a], states[b]}
			if got, want := winddown.Summarize(c, winddown.RussianCalendar()).Act, winddown.ActStates()[min(i, j)]; got != want {
				t.Errorf("%s and %s give %s, want %s", a, b, got, want)
			}
		}
	}
	older, newer := winddown.Act{RequestedOn: day("2026-11-12")}, winddown.Act{RequestedOn: day("2026-11-13")}
	for _, acts := range [][]winddown.Act{{older, newer}, {newer, older}, {newer, states[winddown.Signed], older}} {
		c := openCase(t, everything())
		c.Acts = acts
		if got := winddown.Summarize(c, winddown.RussianCalendar()).ActOn; got != older.RequestedOn {
			t.Errorf("requested on %s, want the older %s", got, older.RequestedOn)
		}
	}
}

// A date without the ones before it does not count.
func TestActStateSkipsNothing(t *testing.T) {
	d := day("2026-11-12")
	for _, x := range []struct {
		act  winddown.Act
		want winddown.ActState
	}{
		{winddown.Act{ReceivedOn: d}, "not_requested"}, {winddown.Act{SignedOn: d}, "not_requested"}, {winddown.Act{ReceivedOn: d, SignedOn: d}, "not_requested"},
		{winddown.Act{RequestedOn: d, SignedOn: d}, "requested"}, {winddown.Act{RequestedOn: d, ReceivedOn: d, SignedOn: d}, "received"},
		{winddown.Act{RequestedOn: d, ReceivedOn: d, ComparedOn: d, SignedOn: d}, "received"},
	} {
		if got, _ := x.act.State(); got != x.want {
			t.Errorf("%+v is %s, want %s", x.act, got, x.want)
		}
	}
}
