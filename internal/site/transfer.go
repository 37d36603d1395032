package site

import (
	"net/http"
	"strings"

	"winddown/internal/winddown"
	"winddown/web/page"
)

func transferHref(id winddown.ID) string { return caseHref(id) + "/transfer" }

// TransferForm says what becomes of a case that is handed over, and asks to whom a letter goes.
func (s *Site) TransferForm(w http.ResponseWriter, r *http.Request) error {
	return s.transfer(w, r, "", nil)
}

// Transfer makes the link by which another person becomes the owner. It is shown once, on the page of
// the case's people.
func (s *Site) Transfer(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID(r, "case")
	if err != nil {
		return err
	}
	f, err := form(w, r)
	if err != nil {
		return err
	}
	actor, email := actorOf(r.Context()), strings.TrimSpace(f.Get("email"))
	kind := "transfer"
	offer := func() (string, error) {
		token, replaced, err := s.app.Transfer(r.Context(), actor, id, email)
		if replaced {
			kind = "transfer_again"
		}
		return token, err
	}
	var token string
	if email == "" {
		token, err = offer()
	} else {
		token, err = s.logins.invite(w, r, actor.UserID, offer) // nobody's mailbox is filled
	}
	switch {
	case err == nil && email != "":
		s.notice(w, "invited", id.String(), kind, token, "mail")
		return s.redirect(w, r, peopleHref(id))
	case err == nil:
		s.notice(w, "invited", id.String(), kind, token)
		return s.redirect(w, r, peopleHref(id))
	case retryable(err):
		return s.transfer(w, r, email, err)
	}
	return err
}

func (s *Site) transfer(w http.ResponseWriter, r *http.Request, email string, failure error) error {
	id, err := pathID(r, "case")
	if err != nil {
		return err
	}
	actor := actorOf(r.Context())
	people, err := s.app.People(r.Context(), actor, id)
	view := people.View
	if err == nil {
		err = view.Case.Allow(winddown.CanTransfer, view.Standing)
	}
	if err != nil {
		return err
	}
	words := s.caseWords(r, view)
	m := mistakesOf(r.Context(), failure)
	v := page.TransferView{
		Title: words.p.T("transfer.title", "Seller", view.Case.Seller.Name), Back: peopleHref(id), PackHref: packHref(id),
		Action: transferHref(id), Errors: m.items, Mail: page.InviteMailView{Offered: s.app.Mail(), Value: email, Error: m.of("email")},
	}
	for _, i := range people.Invites {
		if i.Role == winddown.Owner {
			v.Effects = append(v.Effects, words.p.T("transfer.effect.replaces", "Time", words.p.DateTime(i.CreatedAt.In(winddown.Zone(actor.Zone)))))
		}
	}
	for _, effect := range []string{"theirs", "yours", "stays", "links"} {
		v.Effects = append(v.Effects, words.p.T("transfer.effect."+effect))
	}
	if view.Case.Transfer() != nil {
		v.Refused = words.p.T("transfer.error.deleted")
	}
	status, options := formStatus(failure, layoutText)
	s.render(w, r, status, page.Transfer(s.caseLayout(r, words, words.pageTitle("transfer.link"), options...), v))
	return nil
}
