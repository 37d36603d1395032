package site

import (
	"net/http"
	"slices"
	"strings"

	"winddown/internal/app"
	"winddown/internal/i18n"
	"winddown/internal/winddown"
	"winddown/web/page"
	"winddown/web/ui"
)

// People shows who is in a case and who is invited.
func (s *Site) People(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID(r, "case")
	if err != nil {
		return err
	}
	return s.people(w, r, id, "", nil)
}

// Invite makes an invitation. Its link is shown once, on the page that follows.
func (s *Site) Invite(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID(r, "case")
	if err != nil {
		return err
	}
	f, err := form(w, r)
	if err != nil {
		return err
	}
	role := winddown.Role(f.Get("role"))
	email := strings.TrimSpace(f.Get("email"))
	var token string
	if email == "" {
		token, err = s.app.Invite(r.Context(), actorOf(r.Context()), id, role)
	} else {
		token, err = s.logins.invite(w, r, actorOf(r.Context()).UserID, func() (string, error) { // nobody's mailbox is filled
			return s.app.InviteByMail(r.Context(), actorOf(r.Context()), id, role, email)
		})
	}
	switch {
	case err == nil && email != "":
		s.notice(w, "invited", id.String(), string(role), token, "mail")
		return s.redirect(w, r, peopleHref(id))
	case err == nil:
		s.notice(w, "invited", id.String(), string(role), token)
		return s.redirect(w, r, peopleHref(id))
	case retryable(err):
		return s.peopleAgain(w, r, id, role, email, err)
	}
	return err
}

// RevokeInvite takes an unused invitation back.
func (s *Site) RevokeInvite(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID(r, "case")
	if err != nil {
		return err
	}
	invite, err := pathID(r, "invite")
	if err != nil {
		return err
	}
	if err := s.app.RevokeInvite(r.Context(), actorOf(r.Context()), id, invite); err != nil {
		return err
	}
	s.notice(w, "invite_revoked")
	return s.redirect(w, r, peopleHref(id))
}

// RemoveForm asks before a person is taken out of a case.
func (s *Site) RemoveForm(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID(r, "case")
	if err != nil {
		return err
	}
	user, err := pathID(r, "user")
	if err != nil {
		return err
	}
	in, err := s.app.People(r.Context(), actorOf(r.Context()), id)
	if err != nil {
		return err
	}
	if err := in.View.Case.Allow(winddown.CanManage, in.View.Standing); err != nil {
		return err
	}
	at := slices.IndexFunc(in.People, func(one app.Person) bool { return one.ID == user && removable(in.View.Case, one) })
	if at < 0 {
		return &winddown.Error{Kind: winddown.NotFound, Key: "error.not_found"}
	}
	p := i18n.From(r.Context())
	one := in.People[at]
	v := page.RemoveView{
		Title:  p.T("people.remove.title", "Name", one.Name),
		Text:   p.T("people.remove."+string(one.Role), "Name", one.Name, "Seller", in.View.Case.Seller.Name),
		Action: removeHref(id, user), Back: peopleHref(id),
	}
	s.render(w, r, http.StatusOK, page.Remove(s.caseLayout(r, s.caseWords(r, in.View), v.Title, layoutText), v))
	return nil
}

// removable reports whether somebody may be taken out of a case: not its owner, nor the
// accountant of a case that would then belong to nobody.
func removable(c *winddown.Case, one app.Person) bool {
	return one.Role == winddown.Helper || one.Role == winddown.Accountant && c.HasOwner
}

// RemovePerson takes a person out of a case.
func (s *Site) RemovePerson(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID(r, "case")
	if err != nil {
		return err
	}
	user, err := pathID(r, "user")
	if err != nil {
		return err
	}
	if err := s.app.RemovePerson(r.Context(), actorOf(r.Context()), id, user); err != nil {
		return err
	}
	s.notice(w, "person_removed")
	return s.redirect(w, r, peopleHref(id))
}

// SetActing gives or takes the accountant's leave to mark steps for the seller.
func (s *Site) SetActing(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID(r, "case")
	if err != nil {
		return err
	}
	f, err := form(w, r)
	if err != nil {
		return err
	}
	acting := "no" // an empty box is not sent at all
	if f.Get("acting") == "yes" {
		acting = "yes"
	}
	if err := s.app.SetActing(r.Context(), actorOf(r.Context()), id, acting == "yes"); err != nil {
		return err
	}
	s.notice(w, "acting", acting)
	return s.redirect(w, r, peopleHref(id))
}

func (s *Site) people(w http.ResponseWriter, r *http.Request, id winddown.ID, role winddown.Role, failure error) error {
	return s.peopleAgain(w, r, id, role, "", failure)
}

// peopleAgain is the page with what was typed into the form of an invitation.
func (s *Site) peopleAgain(w http.ResponseWriter, r *http.Request, id winddown.ID, role winddown.Role, email string, failure error) error {
	actor := actorOf(r.Context())
	in, err := s.app.People(r.Context(), actor, id)
	if err != nil {
		return err
	}
	p := i18n.From(r.Context())
	v := peopleView(p, actor, in, role, s.app.Now())
	m := mistakesOf(r.Context(), failure)
	v.Errors, v.RoleError, v.Mail = m.items, m.of("role"), page.InviteMailView{Offered: s.app.Mail(), Value: email, Error: m.of("email")}
	status, options := formStatus(failure, layoutText)
	if failure == nil {
		text, link := s.peopleNotice(p, id, s.takeNotice(w, r))
		if text != "" {
			options = append(options, layoutNotice(&ui.NoticeProps{Variant: ui.NoticeSuccess, Text: text}))
		}
		v.Link = link
	}
	s.render(w, r, status, page.People(s.caseLayout(r, s.caseWords(r, in.View), p.T("people.title_of", "Seller", in.View.Case.Seller.Name), options...), v))
	return nil
}

// peopleNotice says what was just done to the people of a case. A fresh invitation comes
// with its link, which nobody can see again: only the token's hash is stored.
func (s *Site) peopleNotice(p *i18n.Printer, id winddown.ID, n []string) (string, *page.InviteLinkView) {
	switch {
	case (len(n) == 4 || len(n) == 5 && n[4] == "mail") && n[0] == "invited" && n[1] == id.String():
		role, again := strings.CutSuffix(n[2], "_again")
		if role != "transfer" && !slices.Contains(winddown.Roles(), winddown.Role(role)) || n[3] == "" {
			return "", nil
		}
		said := p.T("people.notice.invited")
		if len(n) == 5 {
			said = p.T("people.notice.invited_mail")
		}
		if again {
			said = p.T("people.notice.replaced", "Said", said)
		}
		return said, &page.InviteLinkView{
			Address: s.base + "/invites/" + n[3], Text: p.T("people.link." + role),
		}
	case len(n) == 1 && (n[0] == "invite_revoked" || n[0] == "person_removed" || n[0] == "left_firm"):
		return p.T("people.notice." + n[0]), nil
	case len(n) == 2 && n[0] == "acting" && (n[1] == "yes" || n[1] == "no"):
		return p.T("people.notice.acting_" + n[1]), nil
	}
	return "", nil
}
