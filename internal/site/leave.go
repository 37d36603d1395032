package site

import (
	"net/http"

	"winddown/internal/i18n"
	"winddown/internal/winddown"
	"winddown/web/page"
)

// LeaveForm says what goes with a person's account and what stays, or what keeps it.
func (s *Site) LeaveForm(w http.ResponseWriter, r *http.Request) error { return s.leave(w, r, "", nil) }

// Leave has a person's account erased after its term.
func (s *Site) Leave(w http.ResponseWriter, r *http.Request) error {
	f, err := form(w, r)
	if err != nil {
		return err
	}
	typed := f.Get("email")
	switch err := s.app.DeleteAccount(r.Context(), actorOf(r.Context()), typed); {
	case err == nil:
		return s.redirect(w, r, "/account/delete")
	case redrawable(err):
		return s.leave(w, r, typed, err)
	default:
		return err
	}
}

// Stay takes the deletion of a person's account back.
func (s *Site) Stay(w http.ResponseWriter, r *http.Request) error {
	if err := s.app.KeepAccount(r.Context(), actorOf(r.Context())); err != nil {
		return err
	}
	if !actorOf(r.Context()).EraseAt.IsZero() {
		s.notice(w, "kept")
	}
	return s.redirect(w, r, "/account")
}

func (s *Site) leave(w http.ResponseWriter, r *http.Request, typed string, failure error) error {
	p, actor := i18n.From(r.Context()), actorOf(r.Context())
	held, err := s.app.Holdings(r.Context(), actor)
	if err != nil {
		return err
	}
	m := mistakesOf(r.Context(), failure)
	v := page.LeaveView{Typed: typed, Hint: p.T("leave.hint", "Email", actor.Email), Error: m.of("email"), Errors: m.items, Asked: !actor.EraseAt.IsZero()}
	for _, c := range held.Kept() {
		if c.Ownerless {
			v.Ownerless = append(v.Ownerless, page.LeaveCase{Seller: c.Seller, Href: caseHref(c.ID), People: caseHref(c.ID) + "/people"})
			continue
		}
		v.Cases = append(v.Cases, page.LeaveCase{Seller: c.Seller, Href: caseHref(c.ID), Delete: caseHref(c.ID) + "/delete", Transfer: transferHref(c.ID)})
	}
	for _, f := range held.Rudderless() {
		v.Firms = append(v.Firms, f.Name)
	}
	v.Choose = actor.Firms > 1
	for _, key := range []string{"account", "logins", "mail", "seats"} {
		v.Goes = append(v.Goes, p.T("leave.goes."+key))
	}
	if deleted := len(held.Cases) - len(held.Kept()); deleted > 0 {
		v.Goes = append(v.Goes, p.N("leave.goes.cases", deleted))
	}
	for _, f := range held.Firms {
		if !f.Own() {
			continue
		}
		v.Goes = append(v.Goes, p.T("leave.goes.firm", "Firm", f.Name))
		if f.Alone > 0 {
			v.Goes = append(v.Goes, p.N("leave.goes.alone", f.Alone))
		}
		if f.Owned > 0 {
			v.Goes = append(v.Goes, p.N("leave.goes.owned", f.Owned))
		}
	}
	for _, key := range []string{"done", "texts", "backups"} {
		v.Stays = append(v.Stays, p.T("leave.stays."+key, "Name", winddown.ErasedName(actor.Locale)))
	}
	if s.app.Mail() && actor.Confirmed {
		v.Letters = p.T("leave.letters")
	}
	status, options := formStatus(failure, layoutText)
	s.render(w, r, status, page.Leave(s.layout(r, p.T("leave.title"), options...), v))
	return nil
}
