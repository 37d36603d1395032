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

// mark marks steps done on the given day with the version at hand.
func mark(t testing.TB, c *winddown.Case, on string, codes ...winddown.Code) {
	t.Helper()
	for _, code := range codes {
		in := winddown.MarkDone{Step: code, Version: step(t, c, code).Version, On: day(on)}
		events, err := c.MarkDone(in, by(1, on))
		if err != nil || len(events) != 1 {
			t.Fatalf("MarkDone %s: events %v, error %v", code, events, err)
		}
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
	d.Acts = slices.Clone(c.Acts)
	d.Steps = slices.Clone(c.Steps)
	for i := range d.Steps {
		d.Steps[i] = cloneStep(d.Steps[i])
	}
	return &d
}

func cloneStep(st winddown.Step) winddown.Step {
	if st.Tick != nil {
		tick := *st.Tick
		st.Tick = &tick
	}
	if st.Problem != nil {
		p := *st.Problem
		p.Steps = slices.Clone(p.Steps)
		st.Problem = &p
	}
	return st
}

// difference lists the parts of two cases that differ.
func difference(before, after *winddown.Case) string {
	parts := func(c *winddown.Case) []string {
		d := *c
		d.Steps, d.Acts = nil, nil
		list := []string{dump(d)}
		for _, st := range c.Steps {
			list = append(list, dump(st))
		}
		for _, a := range c.Acts {
			list = append(list, dump(a))
		}
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
	if !reflect.DeepEqual(before, after) {
		t.Errorf("the case changed\n%s", difference(before, after))
	}
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
