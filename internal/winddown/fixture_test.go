package winddown_test

import (
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"winddown/internal/winddown"
)

// The INN and OGRN of real companies, with right check digits.
const (
	sellerINN  = "7721546864"
	sellerOGRN = "1247700471919"
)

func day(s string) winddown.Date {
	d, ok := winddown.ParseDate(s)
	if !ok {
		panic("not a date: " + s)
	}
	return d
}

func person(n byte) winddown.ID { return winddown.ID{15: n} }

// by is person n on the given day, at noon in UTC.
func by(n byte, today string) winddown.Stamp {
	d := day(today)
	return winddown.Stamp{By: person(n), At: d.Time().Add(12 * time.Hour), Today: d, OnBehalf: n > 1}
}

// everything are the answers under which all nine steps are needed.
func everything() winddown.RawAnswers {
	return winddown.RawAnswers{FBS: "yes", WBStock: "yes", Leftover: "both"}
}

func openCase(t testing.TB, answers winddown.RawAnswers) *winddown.Case {
	t.Helper()
	c, events, err := winddown.OpenCase(winddown.ID{1}, winddown.NewCase{
		Seller:  winddown.Seller{Name: "ИП Петрова А. С.", INN: sellerINN},
		Answers: answers,
	}, by(1, "2026-10-01"))
	if err != nil || len(events) != 1 {
		t.Fatalf("OpenCase: %d events, %v", len(events), err)
	}
	c.HasOwner = true
	return c
}

func step(t testing.TB, c *winddown.Case, code winddown.Code) *winddown.Step {
	t.Helper()
	st, err := c.Step(code)
	if err != nil {
		t.Fatalf("step %s: %v", code, err)
	}
	return st
}

// form is the filled form of a step with the version at hand, a date, and a reason for every
// required file that is not there.
func form(t testing.TB, c *winddown.Case, code winddown.Code, on string) winddown.MarkDone {
	t.Helper()
	a, err := c.ActFor(code, 0)
	if err != nil {
		t.Fatal(err)
	}
	return winddown.MarkDone{Step: code, Version: step(t, c, code).Version, On: day(on), Act: a.Position, Reasons: excuses(c, code, a.Position)}
}

// excuses are reasons for the required files of a step that are not there.
func excuses(c *winddown.Case, code winddown.Code, act int) map[winddown.SlotCode]string {
	reasons := map[winddown.SlotCode]string{}
	for _, slot := range c.MissingProof(code, act) {
		reasons[slot] = "скриншот не сохранился"
	}
	return reasons
}

// mark marks steps done on the given day with the version at hand. An act that is to be
// signed is compared first, and agrees.
func mark(t testing.TB, c *winddown.Case, on string, codes ...winddown.Code) {
	t.Helper()
	for _, code := range codes {
		if code == winddown.SignAct {
			compare(t, c, on)
		}
		events, err := c.MarkDone(form(t, c, code, on), by(1, on))
		if err != nil || len(events) == 0 {
			t.Fatalf("MarkDone %s: events %v, error %v", code, events, err)
		}
	}
}

// compare finds that every act nobody has compared yet agrees.
func compare(t testing.TB, c *winddown.Case, on string) {
	t.Helper()
	for _, a := range c.Acts {
		if a.Phase() != winddown.PhaseReceived {
			continue
		}
		in := winddown.CompareAct{Act: a.Position, Version: a.Version, On: day(on), Agrees: true}
		if events, err := c.CompareAct(in, by(1, on)); err != nil || len(events) != 1 {
			t.Fatalf("CompareAct: events %v, error %v", events, err)
		}
	}
}

// batch types in returns that wait at the pick-up point until the given day.
func batch(t testing.TB, c *winddown.Case, on, until string) []winddown.Event {
	t.Helper()
	in := winddown.AddDeadline{Kind: winddown.DuePickUp, What: "две коробки", From: day(on), Until: day(until)}
	events, err := c.AddDeadline(in, by(1, on))
	if err != nil || len(events) == 0 {
		t.Fatalf("AddDeadline: events %v, error %v", events, err)
	}
	return events
}

// checkInbox looks into the portal's inbox.
func checkInbox(t testing.TB, c *winddown.Case, on string) {
	t.Helper()
	if _, err := c.CheckInbox(by(1, on)); err != nil {
		t.Fatal(err)
	}
}

func regress(t testing.TB, c *winddown.Case, on string, code winddown.Code) []winddown.Event {
	t.Helper()
	in := winddown.Regress{Step: code, Version: step(t, c, code).Version, Reason: "Нашли коробку"}
	events, err := c.Regress(in, by(1, on))
	if err != nil {
		t.Fatalf("Regress %s: %v", code, err)
	}
	return events
}

func undo(t testing.TB, c *winddown.Case, on string, code winddown.Code) []winddown.Event {
	t.Helper()
	in := winddown.Undo{Step: code, Version: step(t, c, code).Version, Reason: "Ошибка"}
	events, err := c.Undo(in, by(1, on))
	if err != nil {
		t.Fatalf("Undo %s: %v", code, err)
	}
	return events
}

// goods are the steps that close the request of the act, chain those that follow it.
func goods() []winddown.Code {
	return []winddown.Code{winddown.ZeroFBS, winddown.SellOut, winddown.ReturnStock, winddown.CollectReturns}
}

func chain() []winddown.Code {
	return []winddown.Code{winddown.RequestAct, winddown.ReceiveAct, winddown.SignAct, winddown.SettleDebts}
}

func allSteps() []winddown.Code {
	return slices.Concat(goods(), []winddown.Code{winddown.StripMedia}, chain())
}

func without(codes []winddown.Code, code winddown.Code) []winddown.Code {
	return slices.DeleteFunc(slices.Clone(codes), func(c winddown.Code) bool { return c == code })
}

// clone copies everything a case holds.
func clone(c *winddown.Case) *winddown.Case {
	d := *c
	d.Acts, d.Past = slices.Clone(c.Acts), slices.Clone(c.Past)
	d.Deadlines, d.Evidence, d.Questions, d.Debts = slices.Clone(c.Deadlines), slices.Clone(c.Evidence), slices.Clone(c.Questions), slices.Clone(c.Debts)
	d.Terms = slices.Clone(c.Terms)
	for i := range d.Terms {
		d.Terms[i].Days = slices.Clone(d.Terms[i].Days)
	}
	d.Steps = slices.Clone(c.Steps)
	for i := range d.Steps {
		d.Steps[i] = cloneStep(d.Steps[i])
	}
	return &d
}

func cloneStep(st winddown.Step) winddown.Step {
	st.Tick, st.Problem, st.Waiver = pointer(st.Tick), pointer(st.Problem), pointer(st.Waiver)
	st.Accepted, st.Dropped = pointer(st.Accepted), pointer(st.Dropped)
	st.Proofs = slices.Clone(st.Proofs)
	if st.Problem != nil {
		st.Problem.Steps = slices.Clone(st.Problem.Steps)
	}
	if st.Waiver != nil {
		st.Waiver.Steps = slices.Clone(st.Waiver.Steps)
	}
	return st
}

// pointer returns a pointer to a copy.
func pointer[T any](p *T) *T {
	if p == nil {
		return nil
	}
	v := *p
	return &v
}

// difference lists the parts of two cases that differ.
func difference(before, after *winddown.Case) string {
	parts := func(c *winddown.Case) []string {
		d := *c
		d.Steps, d.Acts, d.Past, d.Deadlines, d.Evidence, d.Questions = nil, nil, nil, nil, nil, nil
		list := []string{dump(d)}
		add := func(v any) { list = append(list, dump(v)) }
		for _, st := range c.Steps {
			add(st)
		}
		for _, a := range slices.Concat(c.Acts, c.Past) {
			add(a)
		}
		add(c.Deadlines)
		add(c.Evidence)
		add(c.Questions)
		return list
	}
	var out strings.Builder
	b, a := parts(before), parts(after)
	for i := range b {
		if i >= len(a) || b[i] != a[i] {
			out.WriteString("- " + b[i] + "\n")
		}
	}
	for i := range a {
		if i >= len(b) || b[i] != a[i] {
			out.WriteString("+ " + a[i] + "\n")
		}
	}
	return out.String()
}

func dump(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(b)
}

// unchanged fails unless the case is what it was.
func unchanged(t testing.TB, before, after *winddown.Case) {
	t.Helper()
	if !equal(before, after) {
		t.Errorf("the case changed\n%s", difference(before, after))
	}
}

// equal reports whether two cases are the same; it spares the long lists reflection.
func equal(a, b *winddown.Case) bool {
	rest := func(c *winddown.Case) winddown.Case {
		d := *c
		d.Acts, d.Past, d.Deadlines, d.Evidence, d.Questions, d.Debts = nil, nil, nil, nil, nil, nil
		return d
	}
	return slices.Equal(a.Acts, b.Acts) && slices.Equal(a.Past, b.Past) && slices.Equal(a.Deadlines, b.Deadlines) &&
		slices.Equal(a.Evidence, b.Evidence) && slices.Equal(a.Questions, b.Questions) && slices.Equal(a.Debts, b.Debts) &&
		reflect.DeepEqual(rest(a), rest(b))
}

func wantKind(t testing.TB, err error, kind winddown.Kind) {
	t.Helper()
	if !errors.Is(err, kind) {
		t.Errorf("error %v, want %v", err, kind)
	}
}

// wantRefused fails unless the error has the kind and key, and nothing was done.
func wantRefused(t testing.TB, events []winddown.Event, err error, kind winddown.Kind, key string) {
	t.Helper()
	var e *winddown.Error
	if !errors.As(err, &e) || e.Kind != kind || e.Key != key {
		t.Errorf("error %v, want %v: %s", err, kind, key)
	}
	if len(events) != 0 {
		t.Errorf("events %v with an error", events)
	}
}

// wantRepeat fails unless a repetition was taken as a success without an event.
func wantRepeat(t testing.TB, events []winddown.Event, err error) {
	t.Helper()
	if err != nil || len(events) != 0 {
		t.Errorf("repeated: events %v, error %v; want neither", events, err)
	}
}

// fieldsOf returns "field: key" for every field at fault.
func fieldsOf(err error) []string {
	var e *winddown.Error
	if !errors.As(err, &e) {
		return nil
	}
	var fields []string
	for _, f := range e.Fields {
		fields = append(fields, f.Field+": "+f.Key)
	}
	return fields
}

func wantFields(t testing.TB, err error, want ...string) {
	t.Helper()
	wantKind(t, err, winddown.Invalid)
	if got := fieldsOf(err); !slices.Equal(got, want) {
		t.Errorf("fields %q, want %q", got, want)
	}
}

func wantStatuses(t testing.TB, c *winddown.Case, today string, want map[winddown.Code]winddown.Status) {
	t.Helper()
	for _, code := range allSteps() {
		w, ok := want[code]
		if !ok {
			continue
		}
		if got := c.Status(code, day(today)); got != w {
			t.Errorf("%s shows %s, want %s", code, got, w)
		}
	}
}

func kinds(events []winddown.Event) []string {
	var list []string
	for _, e := range events {
		s := string(e.Kind)
		if e.Step != "" {
			s += " " + string(e.Step)
		}
		list = append(list, s)
	}
	return list
}

func wantKinds(t testing.TB, events []winddown.Event, want ...string) {
	t.Helper()
	if got := kinds(events); !slices.Equal(got, want) {
		t.Errorf("events %q, want %q", got, want)
	}
}
