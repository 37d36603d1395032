package winddown_test

import (
	"testing"

	"winddown/internal/winddown"
)

// A place that nobody can fill is shown as it was typed, where a text is shown that was refused.
func TestAPlaceNobodyCanFillStays(t *testing.T) {
	p := winddown.Picked{Seller: "ИП Петрова", Zone: winddown.DefaultZone, Summary: winddown.Summary{Stage: winddown.GroupReady}}
	r := winddown.Remind{Text: "{Seller} {продавец}: {имя} {step}, {} {Шаг}.", Steps: map[winddown.Code]string{winddown.RequestAct: "запросите акт"}}
	want := "ИП Петрова ИП Петрова: {имя} запросите акт, {} запросите акт."
	if got := r.Fill(p, day("2026-11-22").Time()).Text; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
