package site

import (
	"slices"
	"strings"
	"testing"

	"winddown/web/page"
)

func TestDiffWords(t *testing.T) {
	for _, c := range []struct{ before, after, want string }{
		{"", "", ""},
		{"", "новое", "+новое|"},
		{"старое", "", "-старое|"},
		{"то же самое", "то же самое", "=то же самое|"},
		{"ждите семь дней", "ждите пять дней", "=ждите |-семь |+пять |=дней|"},
		{"раз два три", "раз два, три", "=раз |-два |+два, |=три|"},
		{"да да", "да", "-да |=да|"},
		{"первая\n\nвторая", "первая\n\nтретья вторая", "=первая\n\n|+третья |=вторая|"},
	} {
		var b strings.Builder
		before, after := "", ""
		for _, r := range diffWords(c.before, c.after) {
			b.WriteString(map[page.DiffKind]string{page.DiffSame: "=", page.DiffGone: "-", page.DiffNew: "+"}[r.Kind] + r.Text + "|")
			if r.Kind != page.DiffNew {
				before += r.Text
			}
			if r.Kind != page.DiffGone {
				after += r.Text
			}
		}
		if b.String() != c.want || before != c.before || after != c.after {
			t.Errorf("%q to %q: %q", c.before, c.after, b.String())
		}
	}
}

// Long texts with nothing in common are shown as a whole: comparing each word with each takes
// megabytes.
func TestDiffOfLongTexts(t *testing.T) {
	before, after := strings.Repeat("а ", 1000), strings.Repeat("б ", 1000)
	runs := diffWords("Начало "+before+"конец", "Начало "+after+"конец")
	want := []page.DiffRun{{Text: "Начало "}, {Kind: page.DiffGone, Text: before}, {Kind: page.DiffNew, Text: after}, {Text: "конец"}}
	if !slices.Equal(runs, want) {
		t.Errorf("%d runs: %.200q", len(runs), runs)
	}
}
