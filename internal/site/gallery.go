package site

import (
	"net/http"

	"winddown/internal/i18n"
	"winddown/web/page"
	"winddown/web/ui"
)

// Gallery shows every component in every state, in development only.
func (s *Site) Gallery(w http.ResponseWriter, r *http.Request) error {
	l := s.layout(r, i18n.From(r.Context()).T("ui.gallery.title"))
	s.render(w, r, http.StatusOK, ui.Gallery(l, append(ui.Samples(s.assets), page.Samples()...)))
	return nil
}
