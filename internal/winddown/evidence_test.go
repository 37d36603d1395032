package winddown_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"winddown/internal/winddown"
)

const quota = 1 << 20

// upload is a file of a thousand bytes, told apart by its first one.
func upload(code winddown.Code, slot winddown.SlotCode, name string, contents byte) winddown.AddEvidence {
	return winddown.AddEvidence{Step: code, Slot: slot, Name: name, Type: "png", Size: 1000, SHA256: [32]byte{contents}}
}

// file uploads it as person 1 and returns the events.
func file(t testing.TB, c *winddown.Case, in winddown.AddEvidence, want ...string) []winddown.Event {
	t.Helper()
	events, err := c.AddEvidence(in, quota, by(1, today))
	if err != nil {
		t.Fatal(err)
	}
	wantKinds(t, events, want...)
	return events
}

// A step is done with a file, or a written reason, in every required slot.
func TestRequiredEvidence(t *testing.T) {
	required := map[winddown.Code]winddown.SlotCode{winddown.ZeroFBS: winddown.SlotStockZero, winddown.ReturnStock: winddown.SlotRemainsZero,
		winddown.ReceiveAct: winddown.SlotActFile, winddown.SignAct: winddown.SlotSignedAct}
	phases := map[winddown.Code]winddown.Phase{winddown.ReceiveAct: winddown.PhaseRequested, winddown.SignAct: winddown.PhaseAgreed, winddown.SettleDebts: winddown.PhaseSigned}
	for _, code := range allSteps() {
		t.Run(string(code), func(t *testing.T) {
			prepared := func() *winddown.Case {
				if slices.Contains(chain(), code) {
					phase, ok := phases[code]
					if !ok {
						phase = winddown.PhaseNotRequested
					}
					return caseWithAct(t, phase)
				}
				return openCase(t, everything())
			}
			c := prepared()
			slot, asked := required[code]
			in := winddown.MarkDone{Step: code, Version: step(t, c, code).Version, On: day(today)}
			if got := c.MissingProof(code, 1); asked != slices.Equal(got, []winddown.SlotCode{slot}) || !asked && len(got) > 0 {
				t.Errorf("missing %v", got)
			}
			before := clone(c)
			events, err := c.MarkDone(in, by(1, today))
			if !asked {
				if err != nil || len(events) != 1 {
					t.Errorf("events %v, error %v", kinds(events), err)
				}
				return
			}
			field := "reason_" + string(slot)
			wantFields(t, err, field+": evidence.error.missing")
			in.Reasons = map[winddown.SlotCode]string{slot: strings.Repeat("ж", 2001)}
			_, err = c.MarkDone(in, by(1, today))
			wantFields(t, err, field+": error.field.too_long")
			unchanged(t, before, c)

			in.Reasons = map[winddown.SlotCode]string{slot: " не сохранилось ", "unknown": "x"}
			events, err = c.MarkDone(in, by(2, today))
			if err != nil {
				t.Fatal(err)
			}
			wantKinds(t, events, "step_done "+string(code), "evidence_excused "+string(code))
			if e := c.Evidence[len(c.Evidence)-1]; e.Kind != winddown.EvidenceReason || e.Slot != slot || e.Note != "не сохранилось" || !e.OnBehalf || e.By != person(2) {
				t.Errorf("filed %+v", e)
			}
			before = clone(c)
			events, err = c.MarkDone(in, by(2, today))
			wantRepeat(t, events, err)
			unchanged(t, before, c)

			c = prepared()
			file(t, c, upload(code, slot, "x.png", 1), "evidence_added "+string(code))
			in.Reasons = nil
			events, err = c.MarkDone(in, by(1, today))
			if err != nil || len(events) != 1 {
				t.Errorf("with a file: events %v, error %v", kinds(events), err)
			}
		})
	}
}

// Cases of the first playbook ask for no proof.
func TestFirstPlaybookAsksForNoProof(t *testing.T) {
	c := openCase(t, everything())
	c.Playbook = 1
	for _, code := range allSteps() {
		if got := c.MissingProof(code, 1); len(got) != 0 || len(c.Slots(code)) == 0 {
			t.Errorf("%s: %v of %v is missing", code, got, c.Slots(code))
		}
	}
}

// Every act has slots of its own.
func TestEvidenceOfSeveralActs(t *testing.T) {
	c := caseWithAct(t, winddown.PhaseRequested)
	addAct(t, c, "ООО «РВБ»")
	in := upload(winddown.ReceiveAct, winddown.SlotActFile, "акт.pdf", 1)
	in.Act = 1
	file(t, c, in, "evidence_added receive_act")
	if one, two := c.MissingProof(winddown.ReceiveAct, 1), c.MissingProof(winddown.ReceiveAct, 2); len(one) != 0 || len(two) != 1 {
		t.Errorf("missing %v for the first, %v for the second act", one, two)
	}
	// The other act was not asked for yet: there is nothing to file.
	in.Act = 2
	events, err := c.AddEvidence(in, quota, by(1, today))
	wantRefused(t, events, err, winddown.Blocked, "step.error.blocked")
	if _, err := do(t, c, winddown.ActRequest, 2, today); err != nil {
		t.Fatal(err)
	}
	file(t, c, in, "evidence_added receive_act")
	if got := c.CurrentEvidence(winddown.ReceiveAct); len(got) != 2 || got[0].Act != 1 || got[1].Act != 2 || got[1].Doc == got[0].Doc {
		t.Errorf("filed %+v", got)
	}
	in.Act = 3
	events, err = c.AddEvidence(in, quota, by(1, today))
	wantRefused(t, events, err, winddown.NotFound, "error.not_found")
}

func TestEvidenceVersions(t *testing.T) {
	c := openCase(t, everything())
	const slot = winddown.SlotStockZero
	first := upload(winddown.ZeroFBS, slot, `C:\фото\остаток.png`, 1)
	first.Note, first.Debt, first.Act = " до \r\nобеда ", winddown.ID{1}, 7
	events := file(t, c, first, "evidence_added zero_fbs")
	want := winddown.Evidence{Number: 1, Step: winddown.ZeroFBS, Slot: slot, Doc: 1, Version: 1, Kind: winddown.EvidenceFile, Name: "остаток.png", Type: "png",
		Size: 1000, SHA256: [32]byte{1}, Note: "до \nобеда", By: person(1), At: by(1, today).At}
	if c.Evidence[0] != want || c.EvidenceBytes != 1000 || step(t, c, winddown.ZeroFBS).StartedOn != day(today) {
		t.Errorf("filed %+v", c.Evidence[0])
	}
	if e := events[0]; e.Number != 1 || e.After["name"] != "остаток.png" || e.After["size"] != "1000" || !strings.HasPrefix(e.After["sha256"], "0100") {
		t.Errorf("recorded %+v", e)
	}
	file(t, c, first) // the same bytes again
	first.SHA256[0] = 2
	file(t, c, first, "evidence_added zero_fbs")
	file(t, c, upload(winddown.ZeroFBS, slot, "склад.png", 2), "evidence_added zero_fbs")
	file(t, c, upload(winddown.SellOut, winddown.SlotOrdersDone, "остаток.png", 2), "evidence_added sell_out")
	var got []string
	for _, e := range c.Evidence {
		got = append(got, fmt.Sprintf("%d: %d.%d", e.Number, e.Doc, e.Version))
	}
	if fmt.Sprint(got) != "[1: 1.1 2: 1.2 3: 3.1 4: 4.1]" {
		t.Errorf("versions %v", got)
	}
	current := func() string {
		var numbers []int
		for _, e := range c.CurrentEvidence(winddown.ZeroFBS) {
			numbers = append(numbers, e.Number)
		}
		return fmt.Sprint(numbers)
	}
	if current() != "[2 3]" {
		t.Errorf("current are %s", current())
	}

	before := clone(c)
	for _, x := range []struct {
		in   winddown.RemoveEvidence
		kind winddown.Kind
		key  string
	}{
		{winddown.RemoveEvidence{Number: 9, Reason: "x"}, winddown.NotFound, "error.not_found"},
		{winddown.RemoveEvidence{Number: 1, Reason: "x"}, winddown.Conflict, "evidence.error.not_current"},
		{winddown.RemoveEvidence{Number: 2}, winddown.Invalid, "error.invalid"},
	} {
		events, err := c.RemoveEvidence(x.in, by(1, today))
		wantRefused(t, events, err, x.kind, x.key)
	}
	unchanged(t, before, c)

	in := winddown.RemoveEvidence{Number: 2, Reason: " чужой склад "}
	events, err := c.RemoveEvidence(in, by(1, today))
	if err != nil {
		t.Fatal(err)
	}
	wantKinds(t, events, "evidence_removed zero_fbs")
	if e := events[0]; e.Reason != "чужой склад" || e.Number != 5 || e.After["name"] != "остаток.png" {
		t.Errorf("recorded %+v", e)
	}
	gone := c.Evidence[4]
	if gone.Kind != winddown.EvidenceRemoved || gone.Doc != 1 || gone.Version != 3 || gone.Size != 0 || gone.SHA256 != ([32]byte{}) || current() != "[3]" {
		t.Errorf("removed as %+v, current are %s", gone, current())
	}
	before = clone(c)
	events, err = c.RemoveEvidence(in, by(1, today))
	wantRepeat(t, events, err)
	events, err = c.RemoveEvidence(in, by(2, today))
	wantRefused(t, events, err, winddown.Conflict, "evidence.error.not_current")
	events, err = c.RemoveEvidence(winddown.RemoveEvidence{Number: 5, Reason: "x"}, by(1, today))
	wantRefused(t, events, err, winddown.Conflict, "evidence.error.not_current")
	unchanged(t, before, c)

	// The last one gone, the slot is empty again; the same name begins a new piece.
	if _, err := c.RemoveEvidence(winddown.RemoveEvidence{Number: 3, Reason: "x"}, by(1, today)); err != nil {
		t.Fatal(err)
	}
	if got := c.MissingProof(winddown.ZeroFBS, 0); len(got) != 1 {
		t.Errorf("missing %v", got)
	}
	file(t, c, first, "evidence_added zero_fbs")
	if e := c.Evidence[len(c.Evidence)-1]; e.Doc != e.Number || e.Version != 1 {
		t.Errorf("filed anew as %+v", e)
	}
}

// Files of one upload that have the same name are pieces of their own, not versions.
func TestEvidenceOfOneUpload(t *testing.T) {
	c := openCase(t, everything())
	in := upload(winddown.SellOut, winddown.SlotOrdersDone, "IMG_0001.png", 1)
	file(t, c, in, "evidence_added sell_out")
	for contents := range byte(2) {
		in.First, in.SHA256[0] = 2, contents+2
		file(t, c, in, "evidence_added sell_out")
	}
	if e := c.Evidence; e[1].Doc != 1 || e[1].Version != 2 || e[2].Doc != 3 || e[2].Version != 1 {
		t.Errorf("filed %+v", e)
	}

	c = openCase(t, everything()) // nothing was filed before
	for contents := range byte(2) {
		in.First, in.SHA256[0] = 1, contents+1
		file(t, c, in, "evidence_added sell_out")
	}
	if e := c.Evidence; e[0].Doc != 1 || e[1].Doc != 2 {
		t.Errorf("filed first %+v", e)
	}
}

func TestEvidenceRefused(t *testing.T) {
	c := caseWithAct(t, winddown.PhaseSigned)
	c.EvidenceBytes = quota - 1000
	before := clone(c)
	for _, x := range []struct {
		name   string
		in     winddown.AddEvidence
		change func(*winddown.Case, *winddown.AddEvidence)
		kind   winddown.Kind
		key    string
	}{
		{name: "unknown step", in: upload("archive", winddown.SlotRequest, "x", 1), kind: winddown.NotFound, key: "error.not_found"},
		{name: "slot of another step", in: upload(winddown.SellOut, winddown.SlotRequest, "x", 1), kind: winddown.NotFound, key: "error.not_found"},
		{name: "note too long", in: upload(winddown.SellOut, winddown.SlotOrdersDone, "x", 1), kind: winddown.Invalid, key: "error.invalid",
			change: func(_ *winddown.Case, in *winddown.AddEvidence) { in.Note = strings.Repeat("ж", 2001) }},
		{name: "a byte too much", in: upload(winddown.SellOut, winddown.SlotOrdersDone, "x", 1), kind: winddown.Conflict, key: "evidence.error.quota",
			change: func(_ *winddown.Case, in *winddown.AddEvidence) { in.Size = 1001 }},
		{name: "a version too many", in: upload(winddown.SellOut, winddown.SlotOrdersDone, "x", 1), kind: winddown.Conflict, key: "evidence.error.too_many",
			change: func(c *winddown.Case, _ *winddown.AddEvidence) { c.EvidenceSeq = winddown.MaxEvidence }},
		{name: "closed step", in: upload(winddown.SettleDebts, winddown.SlotFinalBalance, "x", 1), kind: winddown.Blocked, key: "step.error.blocked",
			change: func(c *winddown.Case, _ *winddown.AddEvidence) { step(t, c, winddown.SignAct).Tick = nil }},
		{name: "not needed", in: upload(winddown.ZeroFBS, winddown.SlotStockZero, "x", 1), kind: winddown.Conflict, key: "step.error.not_needed",
			change: func(c *winddown.Case, _ *winddown.AddEvidence) { c.Answers.FBS = false }},
		{name: "finished", in: upload(winddown.SellOut, winddown.SlotOrdersDone, "x", 1), kind: winddown.Conflict, key: "case.error.finished",
			change: func(c *winddown.Case, _ *winddown.AddEvidence) { c.FinishedOn = day(today) }},
	} {
		t.Run(x.name, func(t *testing.T) {
			c, in := clone(before), x.in
			if x.change != nil {
				x.change(c, &in)
			}
			was := clone(c)
			events, err := c.AddEvidence(in, quota, by(1, today))
			wantRefused(t, events, err, x.kind, x.key)
			unchanged(t, was, c)
		})
	}
	file(t, c, upload(winddown.SellOut, winddown.SlotOrdersDone, "x", 1), "evidence_added sell_out") // the last byte

	// Papers of the ledger's lines are filed at any time, each with its line.
	c = openCase(t, everything())
	paper := upload(winddown.SettleDebts, winddown.SlotDebtProof, "чек.png", 1)
	for n := range 2 {
		paper.Debt = debtID(n + 1)
		file(t, c, paper, "evidence_added settle_debts")
	}
	if c.Evidence[0].Debt != debtID(1) || c.Evidence[1].Debt != debtID(2) || c.Evidence[1].Doc != 2 {
		t.Errorf("filed %+v", c.Evidence)
	}
}

// An acceptance freezes what it was given for, and falls with the first change.
func TestAcceptance(t *testing.T) {
	const code = winddown.CollectReturns
	accepted := func(t *testing.T) *winddown.Case {
		c := openCase(t, everything())
		file(t, c, upload(code, winddown.SlotReturnsDone, "пусто.png", 1), "evidence_added collect_returns")
		mark(t, c, "2026-12-01", goods()...)
		mark(t, c, "2026-12-01", winddown.RequestAct)
		in := winddown.Review{Step: code, Version: step(t, c, code).Version}
		events, err := c.Accept(in, by(3, "2026-12-02"))
		if err != nil {
			t.Fatal(err)
		}
		wantKinds(t, events, "step_accepted collect_returns")
		if events[0].After["evidence"] != "1" || !c.Evidence[0].Frozen || c.Evidence[1].Frozen {
			t.Errorf("accepted %+v, evidence %+v", events[0], c.Evidence)
		}
		before := clone(c)
		events, err = c.Accept(in, by(3, "2026-12-02"))
		wantRepeat(t, events, err)
		events, err = c.RemoveEvidence(winddown.RemoveEvidence{Number: 1, Reason: "x"}, by(1, today))
		wantRefused(t, events, err, winddown.Conflict, "evidence.error.frozen")
		unchanged(t, before, c)
		return c
	}
	for name, change := range map[string]func(t *testing.T, c *winddown.Case) ([]winddown.Event, error){
		"upload": func(_ *testing.T, c *winddown.Case) ([]winddown.Event, error) {
			return c.AddEvidence(upload(code, winddown.SlotReturnsDone, "пусто.png", 2), quota, by(1, today))
		},
		"undo": func(t *testing.T, c *winddown.Case) ([]winddown.Event, error) { return undo(t, c, today, code), nil },
		"regress": func(t *testing.T, c *winddown.Case) ([]winddown.Event, error) {
			return regress(t, c, today, code), nil
		},
		"a new batch": func(t *testing.T, c *winddown.Case) ([]winddown.Event, error) {
			return batch(t, c, "2026-12-09", "2026-12-16"), nil
		},
		"correction": func(t *testing.T, c *winddown.Case) ([]winddown.Event, error) {
			return c.MarkDone(form(t, c, code, "2026-11-30"), by(1, today))
		},
		"sent back": func(t *testing.T, c *winddown.Case) ([]winddown.Event, error) {
			return c.SendBack(winddown.Review{Step: code, Version: step(t, c, code).Version, Reason: "не видно даты"}, by(3, today))
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := accepted(t)
			events, err := change(t, c)
			if err != nil || !slices.Contains(kinds(events), "acceptance_dropped collect_returns") {
				t.Fatalf("events %v, error %v", kinds(events), err)
			}
			st := step(t, c, code)
			if st.Accepted.Holds() || st.Accepted.By != person(3) || !st.Accepted.DroppedAt.After(st.Accepted.At) {
				t.Errorf("acceptance %+v", st.Accepted)
			}
			if !c.Evidence[0].Frozen {
				t.Error("what was accepted thawed")
			}
			if !c.Satisfied(code) {
				mark(t, c, today, code)
			}
			again, err := c.Accept(winddown.Review{Step: code, Version: step(t, c, code).Version}, by(2, today))
			if err != nil || len(again) != 1 {
				t.Fatal(kinds(again), err)
			}
			if st := step(t, c, code); !st.Accepted.Holds() || st.Accepted.By != person(2) || st.Dropped == nil || st.Dropped.By != person(3) || st.Dropped.Holds() {
				t.Errorf("accepted again: %+v, before that %+v", st.Accepted, st.Dropped)
			}
		})
	}
}

// Nobody accepts a set of evidence that changed after he had seen it.
func TestAcceptUnseenEvidence(t *testing.T) {
	for name, change := range map[string]func(c *winddown.Case) ([]winddown.Event, error){
		"added": func(c *winddown.Case) ([]winddown.Event, error) {
			return c.AddEvidence(upload(winddown.SellOut, winddown.SlotOrdersDone, "y.png", 2), quota, by(1, today))
		},
		"removed": func(c *winddown.Case) ([]winddown.Event, error) {
			return c.RemoveEvidence(winddown.RemoveEvidence{Number: 1, Reason: "x"}, by(1, today))
		},
	} {
		c := openCase(t, everything())
		file(t, c, upload(winddown.SellOut, winddown.SlotOrdersDone, "x.png", 1), "evidence_added sell_out")
		mark(t, c, today, winddown.SellOut)
		seen := step(t, c, winddown.SellOut).Version
		if _, err := change(c); err != nil {
			t.Fatal(err)
		}
		before := clone(c)
		events, err := c.Accept(winddown.Review{Step: winddown.SellOut, Version: seen}, by(3, today))
		wantRefused(t, events, err, winddown.Conflict, "step.error.stale")
		if t.Failed() {
			t.Fatal(name)
		}
		unchanged(t, before, c)
	}
}

func TestEvidenceName(t *testing.T) {
	long := strings.Repeat("ж", 296)
	for raw, want := range map[string]string{
		"акт.pdf": "акт.pdf", "../../etc/passwd": "passwd", `..\..\boot.ini`: "boot.ini", "dir/": "file", "": "file", "   ": "file", "...": "file",
		". .. x.pdf": "x.pdf", ".htaccess": "htaccess", "a\x00b.pdf": "ab.pdf", "акт\u202egpj.exe": "актgpj.exe", "\u200f\u2066x\u2069.pdf": "x.pdf",
		"a\r\nb.pdf": "a_b.pdf", "a\tb": "a_b", "a\u2028b": "a b", `a<b>:"c|?*.txt`: "a_b___c___.txt", "a\xffb\xfe.pdf": "ab.pdf", "\xff": "file",
		"  два   пробела .pdf ": "два пробела .pdf",
		long + ".pdf":           long[:2*196] + ".pdf", long + ".длинное": long[:2*200], strings.Repeat("x", 300): strings.Repeat("x", 200),
		"." + long: long[:2*200],
	} {
		if got := winddown.EvidenceName(raw); got != want {
			t.Errorf("EvidenceName(%q) = %q, want %q", raw, got, want)
		}
	}
}

func FuzzEvidenceName(f *testing.F) {
	for _, s := range []string{"акт.pdf", "../x", `..\x`, "a\x00\u202eb", strings.Repeat("я", 300) + ".pdf", "", "...", "\xff\xfe/"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		name := winddown.EvidenceName(raw)
		if name == "" || !utf8.ValidString(name) || utf8.RuneCountInString(name) > winddown.MaxEvidenceName ||
			strings.ContainsAny(name, "/\\<>:\"|?*\x00\r\n\t\u202e\u200f") || strings.HasPrefix(name, ".") || strings.TrimSpace(name) != name {
			t.Fatalf("EvidenceName(%q) = %q", raw, name)
		}
		if again := winddown.EvidenceName(name); again != name {
			t.Fatalf("%q becomes %q", name, again)
		}
	})
}

// The only proof of a done step stays until there is another, or the mark is taken back.
func TestOnlyProofStays(t *testing.T) {
	c := openCase(t, everything())
	file(t, c, upload(winddown.ZeroFBS, winddown.SlotStockZero, "ноль.png", 1), "evidence_added zero_fbs")
	mark(t, c, today, winddown.ZeroFBS)
	remove := func(number int) ([]winddown.Event, error) {
		return c.RemoveEvidence(winddown.RemoveEvidence{Number: number, Reason: "не тот файл"}, by(1, today))
	}
	before := clone(c)
	events, err := remove(1)
	wantRefused(t, events, err, winddown.Conflict, "evidence.error.only_proof")
	unchanged(t, before, c)
	file(t, c, upload(winddown.ZeroFBS, winddown.SlotStockZero, "ещё.png", 2), "evidence_added zero_fbs")
	if _, err := remove(1); err != nil {
		t.Error(err)
	}
	events, err = remove(2)
	wantRefused(t, events, err, winddown.Conflict, "evidence.error.only_proof")
	undo(t, c, today, winddown.ZeroFBS)
	if _, err := remove(2); err != nil {
		t.Error(err)
	}
	// What nobody asked for can go.
	file(t, c, upload(winddown.SellOut, c.Slots(winddown.SellOut)[0].Code, "продажи.png", 3), "evidence_added sell_out")
	mark(t, c, today, winddown.SellOut)
	if _, err := remove(c.EvidenceSeq); err != nil {
		t.Error(err)
	}
}
