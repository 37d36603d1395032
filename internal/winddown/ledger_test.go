package winddown_test

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"winddown/internal/winddown"
)

func debtID(n int) winddown.ID { return winddown.ID{1, byte(n >> 8), byte(n)} }

// fine is a debt to the marketplace, payout one of the marketplace.
func fine(n int) winddown.NewDebt {
	return winddown.NewDebt{ID: debtID(n), Side: winddown.ToWB, What: "Штраф", Amount: 341820, On: day("2026-11-02"), Document: "Отчёт № 15"}
}

func payout(n int) winddown.NewDebt {
	return winddown.NewDebt{ID: debtID(n), Side: winddown.ByWB, What: "Выплата", Amount: 46478815, On: day("2026-11-09")}
}

func write(t testing.TB, l *winddown.Ledger, in ...winddown.NewDebt) {
	t.Helper()
	added, events, err := l.AddDebts(in, by(1, "2026-11-12"))
	if err != nil || len(added) != len(in) || len(events) != len(in) {
		t.Fatalf("AddDebts: %d lines, %d events, %v", len(added), len(events), err)
	}
}

func debt(t testing.TB, l winddown.Ledger, n int) winddown.Debt {
	t.Helper()
	d, err := l.Debt(debtID(n))
	if err != nil {
		t.Fatal(err)
	}
	return *d
}

func TestAddDebts(t *testing.T) {
	var l winddown.Ledger
	first := fine(1)
	first.What, first.Document, first.Amount = "  Штраф \u200b за  габариты", " Отчёт\t№ 15 ", -341820
	added, events, err := l.AddDebts([]winddown.NewDebt{first, payout(2)}, by(2, "2026-11-12"))
	if err != nil || len(added) != 2 || len(l) != 2 {
		t.Fatalf("AddDebts: %+v, %v", added, err)
	}
	want := winddown.Debt{
		ID: debtID(1), Version: 1, Side: winddown.ToWB, What: "Штраф за габариты", Amount: 341820, On: day("2026-11-02"), Document: "Отчёт № 15",
		By: person(2), At: by(2, "2026-11-12").At,
	}
	if l[0] != want || added[0] != want || !l[0].Open() {
		t.Errorf("the line is %+v, want %+v", l[0], want)
	}
	wantKinds(t, events, "debt_added", "debt_added")
	changes := winddown.Changes{"side": "to_wb", "what": "Штраф за габариты", "amount": "3418.20", "on": "2026-11-02", "document": "Отчёт № 15"}
	if e := events[0]; e.Debt != debtID(1) || !e.OnBehalf || !maps.Equal(e.After, changes) || len(e.Before) != 0 {
		t.Errorf("the event is %+v", e)
	}
	if got := l.Balance(); got != 46478815-341820 {
		t.Errorf("the balance is %s", got)
	}
	if got := l[:1].Balance(); got != -341820 {
		t.Errorf("a debt to the marketplace gives the balance %s", got)
	}
	added, events, err = l.AddDebts([]winddown.NewDebt{first, payout(2)}, by(2, "2026-11-12"))
	wantRepeat(t, events, err)
	if len(added) != 0 || len(l) != 2 {
		t.Errorf("sent twice, there are %d lines", len(l))
	}
	other := payout(2)
	other.Amount++
	_, events, err = l.AddDebts([]winddown.NewDebt{other}, by(2, "2026-11-12"))
	wantRefused(t, events, err, winddown.Conflict, "ledger.error.stale")
}

func TestAddDebtsRefuses(t *testing.T) {
	for _, x := range []struct {
		name string
		edit func(*winddown.NewDebt)
		want string
	}{
		{"no side", func(n *winddown.NewDebt) { n.Side = "" }, "side: ledger.error.side_missing"},
		{"unknown side", func(n *winddown.NewDebt) { n.Side = "us" }, "side: ledger.error.side_missing"},
		{"nothing owed for", func(n *winddown.NewDebt) { n.What = " \u200b" }, "what: ledger.error.what_missing"},
		{"long", func(n *winddown.NewDebt) { n.What = strings.Repeat("я", winddown.MaxDebtWhat+1) }, "what: error.field.too_long"},
		{"long document", func(n *winddown.NewDebt) { n.Document = strings.Repeat("я", winddown.MaxDebtDocument+1) }, "document: error.field.too_long"},
		{"zero", func(n *winddown.NewDebt) { n.Amount = 0 }, "amount: ledger.error.zero"},
		{"minus", func(n *winddown.NewDebt) { n.Amount = -1 }, "amount: ledger.error.sign"},
		{"too much", func(n *winddown.NewDebt) { n.Amount = winddown.MaxMoney + 1 }, "amount: ledger.error.overflow"},
		{"too much the other way", func(n *winddown.NewDebt) { n.Side, n.Amount = winddown.ToWB, -1<<63 }, "amount: ledger.error.overflow"},
		{"no date", func(n *winddown.NewDebt) { n.On = winddown.Date{} }, "on: step.error.date_missing"},
		{"tomorrow", func(n *winddown.NewDebt) { n.On = day("2026-11-13") }, "on: step.error.date_future"},
	} {
		t.Run(x.name, func(t *testing.T) {
			var l winddown.Ledger
			bad := payout(2)
			x.edit(&bad)
			_, events, err := l.AddDebts([]winddown.NewDebt{bad}, by(1, "2026-11-12"))
			wantFields(t, err, x.want)
			_, more, err := l.AddDebts([]winddown.NewDebt{fine(1), bad, fine(3)}, by(1, "2026-11-12"))
			wantFields(t, err, "2."+x.want)
			if len(l) != 0 || len(events)+len(more) != 0 {
				t.Errorf("%d lines were written", len(l))
			}
		})
	}
	edge := payout(1)
	edge.What, edge.Document = strings.Repeat("я", winddown.MaxDebtWhat), strings.Repeat("я", winddown.MaxDebtDocument)
	edge.Amount, edge.On = winddown.MaxMoney, day("2026-11-12")
	write(t, &winddown.Ledger{}, edge)
}

func TestLedgerIsLimited(t *testing.T) {
	var l winddown.Ledger
	most := payout(1)
	most.Amount = winddown.MaxMoney - 5
	write(t, &l, most)
	six, five := payout(2), payout(3)
	six.Amount, five.Amount = 6, 5
	_, events, err := l.AddDebts([]winddown.NewDebt{six}, by(1, "2026-11-12"))
	wantFields(t, err, "amount: ledger.error.overflow")
	write(t, &l, five)
	write(t, &l, fine(4)) // the other side has room
	changed := winddown.ChangeDebt{NewDebt: five, Version: 1}
	changed.What = "Выплата за ноябрь" // the line's own amount leaves room for itself
	if _, _, err := l.ChangeDebt(changed, by(1, "2026-11-12")); err != nil {
		t.Fatal(err)
	}
	changed.Amount, changed.Version = 6, 2
	_, more, err := l.ChangeDebt(changed, by(1, "2026-11-12"))
	wantFields(t, err, "amount: ledger.error.overflow")
	changed.NewDebt, changed.Version = fine(4), 1
	changed.Side = winddown.ByWB
	_, again, err := l.ChangeDebt(changed, by(1, "2026-11-12"))
	wantFields(t, err, "amount: ledger.error.overflow")
	if len(events)+len(more)+len(again) != 0 || debt(t, l, 3).Amount != 5 || debt(t, l, 4).Side != winddown.ToWB {
		t.Errorf("the ledger is %+v", l)
	}
	if _, _, err := l.SettleDebt(winddown.SettleDebt{ID: debtID(3), Version: 2, On: day("2026-11-12")}, by(1, "2026-11-12")); err != nil {
		t.Fatal(err)
	}
	write(t, &l, winddown.NewDebt{ID: debtID(5), Side: winddown.ByWB, What: "x", Amount: 1, On: day("2026-11-12")})
	_, events, err = l.ReopenDebt(winddown.ReopenDebt{ID: debtID(3), Version: 3}, by(1, "2026-11-12"))
	wantRefused(t, events, err, winddown.Conflict, "ledger.error.overflow")

	full := slices.Repeat(winddown.Ledger{l[0]}, winddown.MaxDebts-1)
	_, events, err = full.AddDebts([]winddown.NewDebt{fine(8), fine(9)}, by(1, "2026-11-12"))
	wantRefused(t, events, err, winddown.Conflict, "ledger.error.too_many")
	write(t, &full, fine(8))
}

// A line in each of its states, and what may be done with it.
func TestDebtStates(t *testing.T) {
	today := by(1, "2026-11-12")
	type do func(l winddown.Ledger, version int) ([]winddown.Event, error)
	change := func(l winddown.Ledger, version int) ([]winddown.Event, error) {
		in := winddown.ChangeDebt{NewDebt: fine(1), Version: version}
		in.Amount, in.Document = 500, ""
		_, events, err := l.ChangeDebt(in, today)
		return events, err
	}
	settle := func(l winddown.Ledger, version int) ([]winddown.Event, error) {
		_, events, err := l.SettleDebt(winddown.SettleDebt{ID: debtID(1), Version: version, On: day("2026-11-02")}, today) // the day the debt arose
		return events, err
	}
	writeOff := func(l winddown.Ledger, version int) ([]winddown.Event, error) {
		_, events, err := l.WriteOffDebt(winddown.WriteOffDebt{ID: debtID(1), Version: version, Reason: " Срок вышел "}, today)
		return events, err
	}
	reopen := func(l winddown.Ledger, version int) ([]winddown.Event, error) {
		_, events, err := l.ReopenDebt(winddown.ReopenDebt{ID: debtID(1), Version: version}, today)
		return events, err
	}
	remove := func(l winddown.Ledger, version int) ([]winddown.Event, error) {
		_, events, err := l.RemoveDebt(winddown.RemoveDebt{ID: debtID(1), Version: version, Reason: "Дважды"}, today)
		return events, err
	}
	actions := map[string]do{"change": change, "settle": settle, "write off": writeOff, "reopen": reopen, "remove": remove}
	ok, repeat, closed, removed := "ok", "repeat", "ledger.error.closed", "ledger.error.removed"
	for _, x := range []struct {
		state string
		into  []do
		want  map[string]string
	}{
		{"open", nil, map[string]string{"change": ok, "settle": ok, "write off": ok, "reopen": "ledger.error.not_closed", "remove": ok}},
		{"settled", []do{settle}, map[string]string{"change": closed, "settle": repeat, "write off": closed, "reopen": ok, "remove": ok}},
		{"written off", []do{writeOff}, map[string]string{"change": closed, "settle": closed, "write off": repeat, "reopen": ok, "remove": ok}},
		{"removed", []do{remove}, map[string]string{"change": removed, "settle": removed, "write off": removed, "reopen": removed, "remove": repeat}},
		{"removed when settled", []do{settle, remove}, map[string]string{"change": removed, "settle": removed, "write off": removed, "reopen": removed, "remove": repeat}},
		{"reopened", []do{settle, reopen}, map[string]string{"change": ok, "settle": ok, "write off": ok, "reopen": "ledger.error.not_closed", "remove": ok}},
	} {
		for name, act := range actions {
			t.Run(name+" "+x.state, func(t *testing.T) {
				var l winddown.Ledger
				write(t, &l, fine(1), payout(2))
				version := 1
				for _, into := range x.into {
					if events, err := into(l, version); err != nil || len(events) != 1 {
						t.Fatalf("events %v, %v", events, err)
					}
					version++
				}
				before := slices.Clone(l)
				switch want := x.want[name]; want {
				case ok:
					events, err := act(l, version+1)
					wantRefused(t, events, err, winddown.Conflict, "ledger.error.stale")
					if !slices.Equal(l, before) {
						t.Errorf("a stale form left %+v", l[0])
					}
					events, err = act(l, version)
					if err != nil || len(events) != 1 || l[0].Version != version+1 || events[0].Debt != debtID(1) {
						t.Errorf("events %+v, %v; the line is %+v", events, err, l[0])
					}
					after := slices.Clone(l)
					events, err = act(l, version)
					wantRepeat(t, events, err)
					if !slices.Equal(l, after) {
						t.Errorf("repeated, the line is %+v", l[0])
					}
				case repeat:
					events, err := act(l, version-1)
					wantRepeat(t, events, err)
					if !slices.Equal(l, before) {
						t.Errorf("repeated, the line is %+v", l[0])
					}
				default:
					events, err := act(l, version)
					wantRefused(t, events, err, winddown.Conflict, want)
					if !slices.Equal(l, before) {
						t.Errorf("refused, the line is %+v", l[0])
					}
				}
				if l[1] != before[1] {
					t.Error("another line was touched")
				}
			})
		}
	}
}

func TestDebtEvents(t *testing.T) {
	var l winddown.Ledger
	write(t, &l, fine(1))
	in := winddown.ChangeDebt{NewDebt: fine(1), Version: 1}
	in.What, in.Amount, in.Document = "Штраф за габариты", 500, ""
	_, events, err := l.ChangeDebt(in, by(1, "2026-11-12"))
	if err != nil {
		t.Fatal(err)
	}
	must := func(d *winddown.Debt, more []winddown.Event, err error) {
		t.Helper()
		if err != nil || d == nil {
			t.Fatal(err)
		}
		events = append(events, more...)
	}
	must(l.SettleDebt(winddown.SettleDebt{ID: debtID(1), Version: 2, On: day("2026-11-12")}, by(1, "2026-11-12")))
	must(l.SettleDebt(winddown.SettleDebt{ID: debtID(1), Version: 3, On: day("2026-11-11")}, by(1, "2026-11-12"))) // the day corrected
	must(l.ReopenDebt(winddown.ReopenDebt{ID: debtID(1), Version: 4}, by(1, "2026-11-12")))
	must(l.WriteOffDebt(winddown.WriteOffDebt{ID: debtID(1), Version: 5, Reason: "Спор"}, by(1, "2026-11-12")))
	if d := debt(t, l, 1); d.WrittenOff != "Спор" || d.WrittenOffOn != day("2026-11-12") || !d.SettledOn.IsZero() || d.Open() {
		t.Errorf("written off, the line is %+v", d)
	}
	written := slices.Clone(l)
	if d, _, err := written.ReopenDebt(winddown.ReopenDebt{ID: debtID(1), Version: 6}, by(1, "2026-11-12")); err != nil || d.WrittenOff != "" || !d.WrittenOffOn.IsZero() || !d.Open() {
		t.Errorf("reopened, the line is %+v, %v", d, err)
	}
	must(l.RemoveDebt(winddown.RemoveDebt{ID: debtID(1), Version: 6, Reason: "Дважды"}, by(1, "2026-11-12")))
	list, _ := records(t, winddown.OnStream(caseStream(), events))
	debt := `"debt":"01000100-0000-0000-0000-000000000000"`
	for i, want := range []string{
		`"kind":"debt_changed",` + debt + `,"before":{"amount":"3418.20","document":"Отчёт № 15","what":"Штраф"},"after":{"amount":"5.00","what":"Штраф за габариты"}`,
		`"kind":"debt_settled",` + debt + `,"after":{"settled_on":"2026-11-12","what":"Штраф за габариты"}`,
		`"kind":"debt_settled",` + debt + `,"before":{"settled_on":"2026-11-12"},"after":{"settled_on":"2026-11-11","what":"Штраф за габариты"}`,
		`"kind":"debt_reopened",` + debt + `,"before":{"settled_on":"2026-11-11"},"after":{"what":"Штраф за габариты"}`,
		`"kind":"debt_written_off",` + debt + `,"after":{"what":"Штраф за габариты","written_off":"Спор"}`,
		`"kind":"debt_removed",` + debt + `,"reason":"Дважды","before":{"amount":"5.00","on":"2026-11-02","side":"to_wb","what":"Штраф за габариты","written_off":"Спор"}`,
	} {
		got := strings.Replace(string(list[i].Body), `"at":"0001-01-01T00:00:00Z","via":"",`, "", 1)
		if got != "{"+want+"}" {
			t.Errorf("event %d\n got %s\nwant {%s}", i, got, want)
		}
	}
}

func TestLinesStandByDate(t *testing.T) {
	var l winddown.Ledger
	for i, on := range []string{"2026-11-05", "2026-11-02", "2026-11-05", "2026-10-31"} {
		line := fine(i + 1)
		line.On = day(on)
		write(t, &l, line)
	}
	var order []winddown.ID
	for _, d := range l.ByDate() {
		order = append(order, d.ID)
	}
	if want := []winddown.ID{debtID(4), debtID(2), debtID(1), debtID(3)}; !slices.Equal(order, want) {
		t.Errorf("by date %v", order)
	}
	if l[0].ID != debtID(1) {
		t.Error("the ledger itself was put in another order")
	}
}

func TestDebtRulesRefuse(t *testing.T) {
	var l winddown.Ledger
	write(t, &l, fine(1))
	today := by(1, "2026-11-12")
	_, _, err := l.SettleDebt(winddown.SettleDebt{ID: debtID(1), Version: 1}, today)
	wantFields(t, err, "on: step.error.date_missing")
	_, _, err = l.SettleDebt(winddown.SettleDebt{ID: debtID(1), Version: 1, On: day("2026-11-13")}, today)
	wantFields(t, err, "on: step.error.date_future")
	early := func(l winddown.Ledger, version int, on string, arose string) {
		t.Helper()
		_, _, err := l.SettleDebt(winddown.SettleDebt{ID: debtID(1), Version: version, On: day(on)}, today)
		wantFields(t, err, "on: ledger.error.settled_early")
		var e *winddown.Error
		if !errors.As(err, &e) || e.Fields[0].Args["Date"] != day(arose) {
			t.Errorf("%v does not name %s", err, arose)
		}
	}
	early(l, 1, "2026-11-01", "2026-11-02")
	settled := slices.Clone(l)
	if _, _, err := settled.SettleDebt(winddown.SettleDebt{ID: debtID(1), Version: 1, On: day("2026-11-02")}, today); err != nil {
		t.Fatal(err)
	}
	early(settled, 2, "2026-11-01", "2026-11-02") // the day of payment corrected
	moved := slices.Clone(l)
	later := winddown.ChangeDebt{NewDebt: fine(1), Version: 1}
	later.On = day("2026-11-10")
	if _, _, err := moved.ChangeDebt(later, today); err != nil {
		t.Fatal(err)
	}
	early(moved, 2, "2026-11-09", "2026-11-10")
	_, _, err = l.WriteOffDebt(winddown.WriteOffDebt{ID: debtID(1), Version: 1, Reason: " "}, today)
	wantFields(t, err, "reason: step.error.reason_missing")
	_, _, err = l.RemoveDebt(winddown.RemoveDebt{ID: debtID(1), Version: 1, Reason: strings.Repeat("я", winddown.MaxNote+1)}, today)
	wantFields(t, err, "reason: error.field.too_long")
	_, _, err = l.ChangeDebt(winddown.ChangeDebt{NewDebt: winddown.NewDebt{ID: debtID(1)}, Version: 1}, today)
	wantFields(t, err, "side: ledger.error.side_missing", "what: ledger.error.what_missing", "amount: ledger.error.zero", "on: step.error.date_missing")
	for _, do := range []func() error{
		func() error {
			_, _, err := l.ChangeDebt(winddown.ChangeDebt{NewDebt: fine(7), Version: 1}, today)
			return err
		},
		func() error {
			_, _, err := l.SettleDebt(winddown.SettleDebt{ID: debtID(7), Version: 1, On: today.Today}, today)
			return err
		},
		func() error {
			_, _, err := l.WriteOffDebt(winddown.WriteOffDebt{ID: debtID(7), Version: 1, Reason: "x"}, today)
			return err
		},
		func() error {
			_, _, err := l.ReopenDebt(winddown.ReopenDebt{ID: debtID(7), Version: 1}, today)
			return err
		},
		func() error {
			_, _, err := l.RemoveDebt(winddown.RemoveDebt{ID: debtID(7), Version: 1, Reason: "x"}, today)
			return err
		},
	} {
		wantKind(t, do(), winddown.NotFound)
	}
}

// The balance under random edits equals a sum that is kept apart from the ledger.
func TestBalanceUnderRandomEdits(t *testing.T) {
	for seed := range uint64(40) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			rng := rand.New(rand.NewPCG(seed, 3))
			var l winddown.Ledger
			open := map[winddown.ID]int64{} // signed kopecks of the lines that count
			next := 0
			stamp := by(byte(1+rng.IntN(2)), "2026-11-12")
			line := func(id winddown.ID) winddown.NewDebt {
				n := winddown.NewDebt{ID: id, Side: winddown.Sides()[rng.IntN(2)], What: "x", On: stamp.Today.AddDays(-rng.IntN(50))}
				n.Amount = winddown.Money(rng.Int64N(int64(winddown.MaxMoney)) >> rng.IntN(50))
				if rng.IntN(4) == 0 {
					n.Amount = -n.Amount
				}
				return n
			}
			signed := func(n winddown.NewDebt) int64 {
				if n.Side == winddown.ToWB {
					return -n.Amount.Abs().Kopecks()
				}
				return n.Amount.Kopecks()
			}
			for range 300 {
				id, version := debtID(next+1), 1
				if len(l) > 0 && rng.IntN(3) > 0 {
					d := l[rng.IntN(len(l))]
					id, version = d.ID, d.Version-rng.IntN(8)/7
				}
				before := slices.Clone(l)
				var err error
				switch rng.IntN(6) {
				case 0:
					in := make([]winddown.NewDebt, 1+rng.IntN(3))
					for i := range in {
						in[i] = line(debtID(next + 1 + i))
					}
					if _, _, err = l.AddDebts(in, stamp); err == nil {
						for _, n := range in {
							open[n.ID] = signed(n)
						}
						next += len(in)
					}
				case 1:
					in := winddown.ChangeDebt{NewDebt: line(id), Version: version}
					if _, _, err = l.ChangeDebt(in, stamp); err == nil {
						open[id] = signed(in.NewDebt)
					}
				case 2:
					if _, _, err = l.SettleDebt(winddown.SettleDebt{ID: id, Version: version, On: stamp.Today}, stamp); err == nil {
						delete(open, id)
					}
				case 3:
					if _, _, err = l.WriteOffDebt(winddown.WriteOffDebt{ID: id, Version: version, Reason: "y"}, stamp); err == nil {
						delete(open, id)
					}
				case 4:
					var d *winddown.Debt
					if d, _, err = l.ReopenDebt(winddown.ReopenDebt{ID: id, Version: version}, stamp); err == nil {
						open[id] = signed(winddown.NewDebt{Side: d.Side, Amount: d.Amount})
					}
				case 5:
					if _, _, err = l.RemoveDebt(winddown.RemoveDebt{ID: id, Version: version, Reason: "z"}, stamp); err == nil {
						delete(open, id)
					}
				}
				if err != nil && !slices.Equal(l, before) {
					t.Fatalf("%v, but the ledger was changed", err)
				}
				var sum, toWB, byWB int64
				for _, n := range open {
					sum += n
					if n < 0 {
						toWB -= n
					} else {
						byWB += n
					}
				}
				if got := l.Balance().Kopecks(); got != sum {
					t.Fatalf("the balance is %d, the sum %d", got, sum)
				}
				if limit := winddown.MaxMoney.Kopecks(); toWB > limit || byWB > limit {
					t.Fatalf("the sides come to %d and %d", toWB, byWB)
				}
				if len(l.Open()) != len(open) || len(l) != next {
					t.Fatalf("%d of %d lines are open, want %d of %d", len(l.Open()), len(l), len(open), next)
				}
			}
			if next == 0 || len(open) == next {
				t.Error("the walk did nothing")
			}
		})
	}
}
