package site_test

import (
	"net/http"
	"slices"
	"testing"

	"golang.org/x/net/html"

	"winddown/internal/i18n"
	"winddown/internal/testkit"
)

// Where old cases are erased, no line says that a case stays until its owner deletes it.
func TestRetentionOnThePrivacyPage(t *testing.T) {
	const months = 60
	keeps, erases := testkit.Start(t), testkit.Start(t, testkit.WithRetention(months))
	for _, locale := range i18n.Locales() {
		lines := func(s *testkit.Site) []string {
			var texts []string
			for _, li := range s.Anybody().Get("/privacy", "Accept-Language", string(locale)).Want(http.StatusOK).All(func(n *html.Node) bool { return n.Data == "li" }) {
				texts = append(texts, testkit.Text(li))
			}
			return texts
		}
		p := i18n.For(locale)
		want := lines(keeps)
		stays, last := slices.Index(want, p.T("privacy.long.i3")), slices.Index(want, p.T("privacy.long.i7"))
		if stays < 0 || last < 0 {
			t.Fatalf("%s: without a term the page says %q", locale, want)
		}
		want[stays] = p.T("privacy.long.until")
		want = slices.Insert(want, last+1, p.N("privacy.long.retention", months))
		if got := lines(erases); !slices.Equal(got, want) {
			t.Errorf("%s: %q, want %q", locale, got, want)
		}
	}
}
