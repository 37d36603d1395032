package site

import (
	"fmt"
	"net/http"

	"winddown/internal/i18n"
	"winddown/web/page"
)

// helpSections is the order of the help page: how many paragraphs, items, paragraphs after
// them and, at the end, a source each of its sections has in the catalog.
func helpSections() []page.HelpSectionView {
	paragraphs := func(n int) []string { return numbered("p", 1, n) }
	rest := func(from, to int) []string { return numbered("p", from, to) }
	items := func(n int) []string { return numbered("i", 1, n) }
	return []page.HelpSectionView{
		{ID: "leaving", Paragraphs: paragraphs(2), Items: items(6), Ordered: true, Rest: rest(3, 3), Source: true},
		{ID: "logout", Paragraphs: paragraphs(1), Items: items(2), Rest: rest(2, 2), Source: true},
		{ID: "buyer", Paragraphs: paragraphs(3), Source: true},
		{ID: "buyer_not_seller", Paragraphs: paragraphs(2), Source: true},
		{ID: "duration", Paragraphs: paragraphs(2), Items: items(6), Source: true},
		{ID: "forgotten", Paragraphs: paragraphs(3), Source: true},
		{ID: "law", Paragraphs: paragraphs(1), Items: items(5), Rest: rest(2, 2), Source: true},
		{ID: "winddown", Paragraphs: paragraphs(1), Items: items(5)},
		{ID: "accountants", Paragraphs: paragraphs(3)},
		{ID: "data", Paragraphs: paragraphs(2)},
		{ID: "access", Paragraphs: paragraphs(2)},
		{ID: "sources", Paragraphs: paragraphs(1), Items: items(6), Links: []string{
			"https://likestats.io/blog/kak-vyyti-iz-lichnogo-kabineta-vayldberriz",
			"https://d0.pravoved.ru/question/4655273",
			"https://www.klerk.ru/user/2608800/666553/",
			"https://www.klerk.ru/buh/articles/662538/",
			"https://dev.wildberries.ru",
			"https://pravo.ppt.ru/fz/289-fz-316673",
		}},
	}
}

func numbered(prefix string, from, to int) []string {
	var names []string
	for i := from; i <= to; i++ {
		names = append(names, fmt.Sprintf("%s%d", prefix, i))
	}
	return names
}

// Help answers what people ask before and while they leave.
func (s *Site) Help(w http.ResponseWriter, r *http.Request) error {
	p := i18n.From(r.Context())
	l := s.layout(r, p.T("help.title"), layoutText, layoutPublic, layoutDescription(p.T("help.meta_description")))
	s.render(w, r, http.StatusOK, page.Help(l, page.HelpView{Sections: helpSections()}))
	return nil
}
