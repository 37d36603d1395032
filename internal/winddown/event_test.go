package winddown_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"winddown/internal/winddown"
)

func caseStream() winddown.Stream {
	return winddown.Stream{Kind: winddown.CaseStream, ID: winddown.ID{1, 2, 3}}
}

// sampleEvents are the events of a small story, as the rules return them and the use
// cases complete them.
func sampleEvents() []winddown.Event {
	at := time.Date(2026, 11, 12, 14, 30, 0, 123456789, time.FixedZone("MSK", 3*60*60))
	events := []winddown.Event{
		{Kind: winddown.CaseOpened, After: winddown.Changes{"inn": sellerINN, "ogrn": ""}},
		{Kind: winddown.StepDone, Step: winddown.ZeroFBS, Before: winddown.Changes{"note": "", "on": ""}, After: winddown.Changes{"note": "", "on": "2026-11-12"}},
		{Kind: winddown.StepRegressed, Step: winddown.ZeroFBS, Reason: "снова <b>товар</b> & «коробка»", OnBehalf: true},
		{Kind: winddown.StepSuspended, Step: winddown.RequestAct, Steps: []winddown.Code{winddown.ZeroFBS}},
		{Kind: winddown.PersonInvited, Role: winddown.Helper, Invite: winddown.ID{9}, User: winddown.ID{8}},
	}
	for i := range events {
		events[i].At = at.Add(time.Duration(i) * time.Minute)
		events[i].By, events[i].Via = person(1), winddown.ViaPages
	}
	return winddown.OnStream(caseStream(), events)
}

func records(t *testing.T, events []winddown.Event) ([]winddown.Record, winddown.Head) {
	t.Helper()
	var head winddown.Head
	var list []winddown.Record
	for i, e := range events {
		r, next, err := head.Append(e)
		if err != nil {
			t.Fatal(err)
		}
		if r.Seq != int64(i+1) || next != (winddown.Head{Seq: r.Seq, Hash: r.Hash}) || r.Stream != e.Stream {
			t.Fatalf("record %d is %+v, head %+v", i, r, next)
		}
		list, head = append(list, r), next
	}
	return list, head
}

func verify(list []winddown.Record, kept winddown.Head) error {
	var c winddown.Chain
	for _, r := range list {
		if err := c.Next(r); err != nil {
			return err
		}
	}
	return c.End(caseStream(), kept)
}

// The bytes under the hash never change: old chains must verify with every later version.
func TestEventBytes(t *testing.T) {
	list, _ := records(t, sampleEvents())
	by := `"by":"00000000-0000-0000-0000-000000000001","via":"pages"`
	want := []string{
		`{"kind":"case_opened","at":"2026-11-12T11:30:00.123456Z",` + by + `,"after":{"inn":"7721546864"}}`,
		`{"kind":"step_done","at":"2026-11-12T11:31:00.123456Z",` + by + `,"step":"zero_fbs","after":{"on":"2026-11-12"}}`,
		`{"kind":"step_regressed","at":"2026-11-12T11:32:00.123456Z",` + by + `,"on_behalf":true,"step":"zero_fbs","reason":"снова \u003cb\u003eтовар\u003c/b\u003e \u0026 «коробка»"}`,
		`{"kind":"step_suspended","at":"2026-11-12T11:33:00.123456Z",` + by + `,"step":"request_act","steps":["zero_fbs"]}`,
		`{"kind":"person_invited","at":"2026-11-12T11:34:00.123456Z",` + by + `,"user":"08000000-0000-0000-0000-000000000000","role":"helper","invite":"09000000-0000-0000-0000-000000000000"}`,
	}
	var previous [32]byte
	for i, r := range list {
		if string(r.Body) != want[i] {
			t.Errorf("body %d\n got %s\nwant %s", i, r.Body, want[i])
		}
		// The hash, laid out by hand: a label, the stream, the number, the hash before, the bytes.
		text := "winddown event 1\x00case\x00" + "\x01\x02\x03" + strings.Repeat("\x00", 13) +
			strings.Repeat("\x00", 7) + string(rune(i+1)) + string(previous[:]) + want[i]
		if sum := sha256.Sum256([]byte(text)); r.Hash != sum {
			t.Errorf("hash %d is %x, want %x", i, r.Hash, sum)
		}
		previous = r.Hash
	}
	const last = "d82c09e6ccdea2ee"
	if got := fmt.Sprintf("%x", previous[:8]); got != last {
		t.Errorf("the chain ends in %s, want %s", got, last)
	}
}

// Only values that differ and are there are kept, on either side.
func TestEventKeepsOnlyDifferences(t *testing.T) {
	e := winddown.Event{
		Kind: winddown.DetailsChanged, Stream: caseStream(),
		Before: winddown.Changes{"same": "x", "gone": "x", "changed": "a", "empty": "", "filled": "", "only_before": "q"},
		After:  winddown.Changes{"same": "x", "gone": "", "changed": "b", "empty": "", "filled": "y", "only_after": "z"},
	}
	r, _, err := winddown.Head{}.Append(e)
	if err != nil {
		t.Fatal(err)
	}
	back, err := r.Event()
	if err != nil {
		t.Fatal(err)
	}
	if got, want := fmt.Sprint(back.Before), "map[changed:a gone:x only_before:q]"; got != want {
		t.Errorf("before %s, want %s", got, want)
	}
	if got, want := fmt.Sprint(back.After), "map[changed:b filled:y only_after:z]"; got != want {
		t.Errorf("after %s, want %s", got, want)
	}
	// What the rule returned is left alone.
	if len(e.Before) != 6 || len(e.After) != 6 {
		t.Errorf("the event was changed: %v → %v", e.Before, e.After)
	}
	r, _, err = winddown.Head{}.Append(winddown.Event{Kind: winddown.StepDone, Before: winddown.Changes{"a": "x"}, After: winddown.Changes{"a": "x"}})
	if err != nil || bytes.Contains(r.Body, []byte("before")) || bytes.Contains(r.Body, []byte("after")) {
		t.Errorf("body %s, %v", r.Body, err)
	}
}

func TestEventReadBack(t *testing.T) {
	events := sampleEvents()
	list, _ := records(t, events)
	for i, r := range list {
		e, err := r.Event()
		if err != nil {
			t.Fatal(err)
		}
		want := events[i]
		if e.Kind != want.Kind || e.Stream != want.Stream || e.By != want.By || e.User != want.User || e.Invite != want.Invite || e.Role != want.Role ||
			e.Via != want.Via || e.OnBehalf != want.OnBehalf || e.Step != want.Step || !slices.Equal(e.Steps, want.Steps) || e.Reason != want.Reason {
			t.Errorf("read %+v, want %+v", e, want)
		}
		if !e.At.Equal(want.At.Truncate(time.Microsecond)) || !r.At.Equal(e.At) || r.At.Location() != time.UTC {
			t.Errorf("dated %s and %s, want %s", r.At, e.At, want.At)
		}
		if r.By != want.By || r.User != want.User {
			t.Errorf("the columns name %s and %s", r.By, r.User)
		}
	}
	bad := list[0]
	bad.Body = []byte(`{"kind":`)
	if _, err := bad.Event(); err == nil || !strings.Contains(err.Error(), "event 1 of case") {
		t.Errorf("half a body: %v", err)
	}
}

// An event that cannot be written does not move the head.
func TestAppendRefused(t *testing.T) {
	head := winddown.Head{Seq: 4, Hash: [32]byte{1}}
	_, next, err := head.Append(winddown.Event{Kind: winddown.StepDone, At: time.Date(12000, 1, 1, 0, 0, 0, 0, time.UTC)})
	if err == nil || next != head {
		t.Errorf("head %+v, error %v", next, err)
	}
}

func TestChainOfUntouchedRecords(t *testing.T) {
	list, head := records(t, sampleEvents())
	if err := verify(list, head); err != nil {
		t.Error(err)
	}
	if err := verify(nil, winddown.Head{}); err != nil {
		t.Errorf("an empty stream: %v", err)
	}
}

// Every way to meddle with the table is found, and the first bad event is named.
func TestChainFindsTampering(t *testing.T) {
	type attack struct {
		name string
		do   func(list []winddown.Record, head *winddown.Head) []winddown.Record
		want string
	}
	var attacks []attack
	add := func(want, name string, do func(list []winddown.Record, head *winddown.Head) []winddown.Record) {
		attacks = append(attacks, attack{name, do, want})
	}
	reseal := func(r *winddown.Record, previous winddown.Head) {
		e, err := r.Event()
		if err != nil {
			t.Fatal(err)
		}
		e.Reason = "вписано"
		sealed, _, err := previous.Append(e)
		if err != nil {
			t.Fatal(err)
		}
		*r = sealed
	}
	for i := range sampleEvents() {
		name := func(s string) string { return fmt.Sprintf("%s %d", s, i+1) }
		event := fmt.Sprintf("event %d ", i+1)
		last := i == len(sampleEvents())-1
		add(event+"does not match its hash", name("body of"), func(list []winddown.Record, _ *winddown.Head) []winddown.Record {
			list[i].Body = bytes.Replace(list[i].Body, []byte("pages"), []byte("pagez"), 1)
			return list
		})
		add(event+"does not match its hash", name("hash of"), func(list []winddown.Record, _ *winddown.Head) []winddown.Record {
			list[i].Hash[31] ^= 1
			return list
		})
		add(event+"does not match its hash", name("stream of"), func(list []winddown.Record, _ *winddown.Head) []winddown.Record {
			list[i].Stream.ID[15] ^= 1
			return list
		})
		add(event+"does not match its hash", name("kind of stream of"), func(list []winddown.Record, _ *winddown.Head) []winddown.Record {
			list[i].Stream.Kind = winddown.UserStream
			return list
		})
		add(event+"is dated", name("date of"), func(list []winddown.Record, _ *winddown.Head) []winddown.Record {
			list[i].At = list[i].At.Add(time.Microsecond)
			return list
		})
		add(event+"names other people", name("author of"), func(list []winddown.Record, _ *winddown.Head) []winddown.Record {
			list[i].By = person(2)
			return list
		})
		add(event+"names other people", name("subject of"), func(list []winddown.Record, _ *winddown.Head) []winddown.Record {
			list[i].User = person(2)
			return list
		})
		add(event+"is missing", name("removed"), func(list []winddown.Record, _ *winddown.Head) []winddown.Record {
			return slices.Delete(list, i, i+1)
		})
		add(event+"is missing", name("everything removed from"), func(list []winddown.Record, _ *winddown.Head) []winddown.Record {
			return list[:i]
		})
		// A body sealed anew is found one event later, or by the head at the end.
		resealed := fmt.Sprintf("event %d does not match its hash", i+2)
		if last {
			resealed = event + "does not match the kept hash"
		}
		add(resealed, name("sealed anew"), func(list []winddown.Record, _ *winddown.Head) []winddown.Record {
			var previous winddown.Head
			if i > 0 {
				previous = winddown.Head{Seq: list[i-1].Seq, Hash: list[i-1].Hash}
			}
			reseal(&list[i], previous)
			return list
		})
		if !last {
			add(event+"is missing", name("swapped with the next"), func(list []winddown.Record, _ *winddown.Head) []winddown.Record {
				list[i], list[i+1] = list[i+1], list[i]
				return list
			})
			add(event+"does not match its hash", name("swapped with the next, renumbered"), func(list []winddown.Record, _ *winddown.Head) []winddown.Record {
				list[i], list[i+1] = list[i+1], list[i]
				list[i].Seq, list[i+1].Seq = list[i+1].Seq, list[i].Seq
				return list
			})
			add(event+"does not match its hash", name("removed, renumbered"), func(list []winddown.Record, _ *winddown.Head) []winddown.Record {
				list = slices.Delete(list, i, i+1)
				for k := i; k < len(list); k++ {
					list[k].Seq--
				}
				return list
			})
		}
		add(fmt.Sprintf("event %d is missing", i+2), name("twice"), func(list []winddown.Record, head *winddown.Head) []winddown.Record {
			if last {
				head.Seq++
			}
			return slices.Insert(list, i+1, list[i])
		})
	}
	add("event 5 is beyond the kept head", "head moved back", func(list []winddown.Record, head *winddown.Head) []winddown.Record {
		*head = winddown.Head{Seq: list[3].Seq, Hash: list[3].Hash}
		return list
	})
	add("event 5 does not match the kept hash", "head's hash", func(list []winddown.Record, head *winddown.Head) []winddown.Record {
		head.Hash[0] ^= 1
		return list
	})
	add("event 1 is missing", "everything", func([]winddown.Record, *winddown.Head) []winddown.Record { return nil })
	for _, x := range attacks {
		t.Run(x.name, func(t *testing.T) {
			list, head := records(t, sampleEvents())
			err := verify(x.do(list, &head), head)
			if err == nil || !strings.Contains(err.Error(), x.want) {
				t.Errorf("error %v, want %q", err, x.want)
			}
		})
	}
}

func TestEventKinds(t *testing.T) {
	seen := map[winddown.EventKind]bool{}
	for _, k := range winddown.EventKinds() {
		if k == "" || seen[k] || strings.ToLower(string(k)) != string(k) {
			t.Errorf("kind %q is empty, twice there or not lower case", k)
		}
		seen[k] = true
	}
}
