package winddown_test

import (
	"slices"
	"strings"
	"testing"

	"winddown/internal/winddown"
)

// The steps, groups and gates, the same in every version.
func TestPlaybook(t *testing.T) {
	p, ok := winddown.PlaybookVersion(winddown.CurrentPlaybook)
	if !ok || p.Version != winddown.CurrentPlaybook || p.Checked.IsZero() {
		t.Fatalf("current playbook: %v, version %d, checked %q", ok, p.Version, p.Checked)
	}
	want := []struct {
		code        winddown.Code
		group       winddown.StepGroup
		gate, warn  []winddown.Code
		regressable bool
	}{
		{"zero_fbs", "stop", nil, nil, true},
		{"sell_out", "stop", nil, nil, true},
		{"return_stock", "stop", nil, nil, true},
		{"collect_returns", "stop", nil, nil, true},
		{"strip_media", "cards", nil, nil, true},
		{"request_act", "settle", []winddown.Code{"zero_fbs", "sell_out", "return_stock", "collect_returns"}, []winddown.Code{"strip_media"}, false},
		{"receive_act", "settle", []winddown.Code{"request_act"}, nil, false},
		{"sign_act", "settle", []winddown.Code{"receive_act"}, nil, false},
		{"settle_debts", "settle", []winddown.Code{"sign_act"}, nil, false},
	}
	if len(p.Steps) != len(want) {
		t.Fatalf("%d steps, want %d", len(p.Steps), len(want))
	}
	for i, w := range want {
		d := p.Steps[i]
		if d.Code != w.code || d.Group != w.group || d.Regressable != w.regressable ||
			!slices.Equal(d.Gate, w.gate) || !slices.Equal(d.Warn, w.warn) {
			t.Errorf("step %d is %+v, want %+v", i, d, w)
		}
		if got, ok := p.Step(w.code); !ok || got.Code != w.code {
			t.Errorf("Step(%s) = %+v, %v", w.code, got, ok)
		}
	}
	// Suspension walks the steps once, in order: a gate may only name earlier steps.
	for i, d := range p.Steps {
		for _, g := range slices.Concat(d.Gate, d.Warn) {
			if at := slices.IndexFunc(p.Steps, func(x winddown.StepDef) bool { return x.Code == g }); at < 0 || at >= i {
				t.Errorf("%s rests on %s, which does not come before it", d.Code, g)
			}
		}
	}
}

// The slots of every step: version 2 requires some of them. «act» slots are those of one
// act each, «early» ones take files while the step is closed.
func TestSlots(t *testing.T) {
	want := map[winddown.Code]string{
		"zero_fbs": "stock_zero required", "sell_out": "orders_done", "return_stock": "remains_zero required, return_paper",
		"collect_returns": "returns_done", "strip_media": "cards_clean", "request_act": "request act", "receive_act": "act_file required act",
		"sign_act": "signed_act required act, objections act", "settle_debts": "final_balance, debt_proof early",
	}
	seen := map[winddown.SlotCode]bool{}
	for version := 1; version <= winddown.CurrentPlaybook; version++ {
		p, _ := winddown.PlaybookVersion(version)
		for _, d := range p.Steps {
			var slots []string
			for _, s := range d.Slots {
				text := string(s.Code)
				if s.Required {
					text += " required"
				}
				if s.PerAct {
					text += " act"
				}
				if s.Early {
					text += " early"
				}
				if version == 1 && seen[s.Code] {
					t.Errorf("slot %s stands twice", s.Code)
				}
				seen[s.Code] = true
				slots = append(slots, text)
			}
			w := want[d.Code]
			if version == 1 {
				w = strings.ReplaceAll(w, " required", "")
			}
			if got := strings.Join(slots, ", "); got != w {
				t.Errorf("version %d: %s has the slots %s, want %s", version, d.Code, got, w)
			}
		}
	}
}

func TestPlaybookUnknown(t *testing.T) {
	for _, v := range []int{-1, 0, winddown.CurrentPlaybook + 1} {
		if _, ok := winddown.PlaybookVersion(v); ok {
			t.Errorf("version %d exists", v)
		}
	}
	p, _ := winddown.PlaybookVersion(1)
	if d, ok := p.Step("archive"); ok {
		t.Errorf("unknown step found: %+v", d)
	}
}
