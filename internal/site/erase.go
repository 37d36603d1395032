package site

import (
	"net/http"
	"time"

	"winddown/internal/i18n"
	"winddown/internal/winddown"
	"winddown/web/page"
	"winddown/web/ui"
)

// DeleteCaseForm says what will be erased and asks for the seller's name.
func (s *Site) DeleteCaseForm(w http.ResponseWriter, r *http.Request) error {
	return s.deleteCase(w, r, "", nil)
}

// DeleteCase has a case erased after its term.
func (s *Site) DeleteCase(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID(r, "case")
	if err != nil {
		return err
	}
	f, err := form(w, r)
	if err != nil {
		return err
	}
	typed := f.Get("seller_name")
	switch err := s.app.DeleteCase(r.Context(), actorOf(r.Context()), id, typed); {
	case err == nil:
		return s.redirect(w, r, caseHref(id))
	case redrawable(err):
		return s.deleteCase(w, r, typed, err)
	default:
		return err
	}
}

func (s *Site) deleteCase(w http.ResponseWriter, r *http.Request, typed string, failure error) error {
	id, err := pathID(r, "case")
	if err != nil {
		return err
	}
	view, err := s.app.Case(r.Context(), actorOf(r.Context()), id)
	if err == nil {
		err = view.Case.Allow(winddown.CanDelete, view.Standing)
	}
	if err != nil {
		return err
	}
	words := s.caseWords(r, view)
	m := mistakesOf(r.Context(), failure)
	v := page.EraseView{
		Back: words.backToCase(), Title: words.p.T("erase.title", "Seller", view.Case.Seller.Name), PackHref: packHref(id),
		Action: caseHref(id) + "/delete", Keep: caseHref(id), Hint: words.p.T("erase.hint", "Seller", view.Case.Seller.Name),
		Typed: typed, Error: m.of("seller_name"), Errors: m.items,
	}
	for _, effect := range []string{"all", "people", "rest", "law"} {
		v.Effects = append(v.Effects, words.p.T("erase.effect."+effect))
	}
	status, options := formStatus(failure, layoutText)
	s.render(w, r, status, page.Erase(s.caseLayout(r, words, words.pageTitle("erase.link"), options...), v))
	return nil
}

// KeepCase takes the deletion of a case back.
func (s *Site) KeepCase(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID(r, "case")
	if err != nil {
		return err
	}
	if err := s.app.KeepCase(r.Context(), actorOf(r.Context()), id); err != nil {
		return err
	}
	s.notice(w, "kept")
	return s.redirect(w, r, caseHref(id))
}

// caseLayout is the layout of a page about a case: each says when the case is to be erased.
func (s *Site) caseLayout(r *http.Request, w caseWords, title string, options ...layoutOption) ui.LayoutView {
	v := s.layout(r, title, options...)
	if w.c.Erasure != nil {
		v.Pending = append(v.Pending, w.erasing())
	}
	return v
}

// erasing says that a case is to be erased, and takes that back for who may.
func (w caseWords) erasing() ui.PendingProps {
	on := w.p.Date(w.c.Erasure.At.In(winddown.Zone(w.c.Zone)))
	keep := ui.PendingProps{Text: w.p.T("erase.pending", "Date", on), Action: w.href() + "/keep", Button: w.p.T("erase.keep")}
	switch expired := w.c.Erasure.Expired(); {
	case expired && (w.may(winddown.CanDelete) || w.may(winddown.CanReview)):
		keep.Text = w.p.T("erase.expired.pending", "Date", on)
	case expired:
		return ui.PendingProps{Text: w.p.T("erase.expired.notice", "Date", on)}
	case !w.may(winddown.CanDelete):
		return ui.PendingProps{Text: w.p.T("erase.notice", "Date", on)}
	}
	return keep
}

// erasing says in a list when a case is erased; nothing unless it was deleted.
func erasing(p *i18n.Printer, at time.Time, zone string) string {
	if at.IsZero() {
		return ""
	}
	return p.T("erase.tag", "Date", p.Date(at.In(winddown.Zone(zone))))
}
