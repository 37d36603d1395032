package site

import (
	"net/http"

	"winddown/internal/i18n"
	"winddown/internal/winddown"
	"winddown/web/page"
)

// Case shows the checklist of a wind-down.
func (s *Site) Case(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID(r, "case")
	if err != nil {
		return err
	}
	read := s.app.Case
	if parts := s.peekNotice(r); len(parts) > 1 && parts[0] == "done" && parts[1] == string(winddown.RequestAct) {
		read = s.app.CaseWithLetters // the notice says when they remind of the act
	}
	view, err := read(r.Context(), actorOf(r.Context()), id)
	if err != nil {
		return err
	}
	words := s.caseWords(r, view)
	notice, changed := words.notice(s.takeNotice(w, r))
	title := i18n.From(r.Context()).T("case.page_title", "Seller", view.Case.Seller.Name)
	s.render(w, r, http.StatusOK, page.Case(s.caseLayout(r, words, title, layoutNotice(notice), s.layoutCaseLive(id, view.Seq)), caseView(words, changed)))
	return nil
}
