package site

import (
	"slices"
	"testing"

	"winddown/internal/i18n"
)

// Where old cases are erased, no line says that a case stays until its owner deletes it.
func TestRetentionOnThePrivacyPage(t *testing.T) {
	for _, locale := range i18n.Locales() {
		p := i18n.For(locale)
		items := []string{p.T("privacy.long.i1"), p.T("privacy.long.i2"), p.T("privacy.long.i3")}
		got := retained(p, slices.Clone(items), 60)
		if want := []string{items[0], items[1], p.T("privacy.long.until"), p.N("privacy.long.retention", 60)}; !slices.Equal(got, want) {
			t.Errorf("%s: %q", locale, got)
		}
	}
}
