package site

import (
	"net/http"

	"winddown/internal/i18n"
	"winddown/internal/winddown"
	"winddown/web/page"
	"winddown/web/ui"
)

// NewSeller shows the form by which an accountant adds a seller.
func (s *Site) NewSeller(w http.ResponseWriter, r *http.Request) error {
	return s.newSeller(w, r, winddown.NewCase{}, nil)
}

// AddSeller opens a case without an owner, whose books the actor keeps.
func (s *Site) AddSeller(w http.ResponseWriter, r *http.Request) error {
	f, err := form(w, r)
	if err != nil {
		return err
	}
	in, actor := readNewCase(f), actorOf(r.Context())
	var id winddown.ID
	if err = s.logins.takeCase(w, r, actor.UserID); err == nil {
		id, err = s.app.AddSeller(r.Context(), actor, in)
	}
	switch {
	case err == nil:
		s.notice(w, "seller_added")
		return s.redirect(w, r, sellerHref(id))
	case retryable(err):
		return s.newSeller(w, r, in, err)
	}
	return err
}

func (s *Site) newSeller(w http.ResponseWriter, r *http.Request, in winddown.NewCase, failure error) error {
	p := i18n.From(r.Context())
	v := caseFormView(r.Context(), in, failure)
	v.Action, v.ImportHref = "/sellers", importHref
	v.Back = ui.BackLinkProps{Href: "/sellers", Text: p.T("register.title")}
	v.Title, v.Lead, v.Submit = p.T("register.new.title"), p.T("register.new.lead"), p.T("register.new.submit")
	status, options := formStatus(failure, layoutText)
	s.render(w, r, status, page.NewCase(s.layout(r, v.Title, options...), v))
	return nil
}

// Seller shows a case to those who keep its books; to its owner and helpers it is the
// checklist.
func (s *Site) Seller(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID(r, "case")
	if err != nil {
		return err
	}
	in, err := s.app.People(r.Context(), actorOf(r.Context()), id)
	if err != nil {
		return err
	}
	if !in.View.Standing.Bookkeeping() {
		return &winddown.Error{Kind: winddown.NotFound, Key: "error.not_found"}
	}
	p := i18n.From(r.Context())
	words := s.caseWords(r, in.View)
	options := []layoutOption{s.layoutCaseLive(id, in.View.Seq)}
	if n := s.takeNotice(w, r); len(n) > 0 {
		switch n[0] {
		case "seller_added", "joined":
			options = append(options, layoutNotice(&ui.NoticeProps{Variant: ui.NoticeSuccess, Text: p.T("seller.notice." + n[0])}))
		}
	}
	title := p.T("seller.page_title", "Seller", in.View.Case.Seller.Name)
	s.render(w, r, http.StatusOK, page.Seller(s.caseLayout(r, words, title, options...), sellerView(words, in)))
	return nil
}
