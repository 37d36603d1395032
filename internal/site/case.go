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
	view, err := s.app.Case(r.Context(), actorOf(r.Context()), id)
	if err != nil {
		return err
	}
	words := s.caseWords(r, view)
	parts := s.takeNotice(w, r)
	if len(parts) > 1 && parts[0] == "done" && parts[1] == string(winddown.RequestAct) && words.mail && words.confirmed {
		letters, err := s.app.MailSettings(r.Context(), actorOf(r.Context()))
		if err != nil {
			return err
		}
		words.unchased = !letters.Settings.Tells(winddown.TellChase)
	}
	notice, changed := words.notice(parts)
	title := i18n.From(r.Context()).T("case.page_title", "Seller", view.Case.Seller.Name)
	s.render(w, r, http.StatusOK, page.Case(s.caseLayout(r, words, title, layoutNotice(notice), s.layoutCaseLive(id, view.Seq)), caseView(words, changed)))
	return nil
}
