package site

import (
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/go-chi/chi/v5"

	"winddown/internal/i18n"
	"winddown/internal/winddown"
	"winddown/web/page"
	"winddown/web/ui"
)

// firmForm is what was typed into one of the forms of the firm's page.
type firmForm struct {
	name  *string
	role  winddown.Role
	email string // of an invitation
}

// Firm shows the firm the actor works in; somebody without one may found it here.
func (s *Site) Firm(w http.ResponseWriter, r *http.Request) error {
	return s.firm(w, r, firmForm{}, nil)
}

// FoundFirm founds a firm of one.
func (s *Site) FoundFirm(w http.ResponseWriter, r *http.Request) error {
	f, err := form(w, r)
	if err != nil {
		return err
	}
	name := f.Get("name")
	return s.firmDone(w, r, s.app.FoundFirm(r.Context(), actorOf(r.Context()), name), firmForm{name: &name}, "founded")
}

// RenameFirm gives the firm another name.
func (s *Site) RenameFirm(w http.ResponseWriter, r *http.Request) error {
	f, err := form(w, r)
	if err != nil {
		return err
	}
	name := f.Get("name")
	return s.firmDone(w, r, s.app.RenameFirm(r.Context(), actorOf(r.Context()), name), firmForm{name: &name}, "renamed")
}

// InviteToFirm makes an invitation. Its link is shown once, on the page that follows.
func (s *Site) InviteToFirm(w http.ResponseWriter, r *http.Request) error {
	f, err := form(w, r)
	if err != nil {
		return err
	}
	typed := firmForm{role: winddown.Role(f.Get("role")), email: strings.TrimSpace(f.Get("email"))}
	actor := actorOf(r.Context())
	if typed.email == "" {
		token, err := s.app.InviteToFirm(r.Context(), actor, typed.role)
		return s.firmDone(w, r, err, typed, "invited", string(typed.role), token)
	}
	token, err := s.logins.invite(w, r, actor.UserID, func() (string, error) { // nobody's mailbox is filled
		return s.app.InviteToFirmByMail(r.Context(), actor, typed.role, typed.email)
	})
	return s.firmDone(w, r, err, typed, "invited", string(typed.role), token, "mail")
}

// RevokeFirmInvite takes an unused invitation back.
func (s *Site) RevokeFirmInvite(w http.ResponseWriter, r *http.Request) error {
	invite, err := pathID(r, "invite")
	if err != nil {
		return err
	}
	if err := s.app.RevokeFirmInvite(r.Context(), actorOf(r.Context()), invite); err != nil {
		return err
	}
	s.notice(w, "firm", "invite_revoked")
	return s.redirect(w, r, "/firm")
}

// firmDone leads back to the firm with a notice, or draws its page again with what is wrong.
func (s *Site) firmDone(w http.ResponseWriter, r *http.Request, err error, typed firmForm, notice ...string) error {
	switch {
	case err == nil:
		s.notice(w, append([]string{"firm"}, notice...)...)
		return s.redirect(w, r, "/firm")
	case retryable(err):
		return s.firm(w, r, typed, err)
	}
	return err
}

func (s *Site) firm(w http.ResponseWriter, r *http.Request, typed firmForm, failure error) error {
	p := i18n.From(r.Context())
	actor := actorOf(r.Context())
	m := mistakesOf(r.Context(), failure)
	status, options := formStatus(failure, layoutText)
	var confirm *page.ConfirmFirstView
	if s.app.Mail() && !actor.Confirmed {
		confirm = s.confirmFirst(r, "firm.confirm", "/account/confirm", "/firm")
		if failure == nil {
			options = append(options, s.accountNotice(w, r, "confirm_asked"))
		}
	}
	if actor.FirmID.IsZero() {
		v := page.FirmNameView{Error: m.of("name"), Confirm: confirm}
		if typed.name != nil {
			v.Value = *typed.name
		}
		s.render(w, r, status, page.FoundFirm(s.layout(r, p.T("firm.title"), options...), v, m.items))
		return nil
	}
	in, err := s.app.Firm(r.Context(), actor)
	if err != nil {
		return err
	}
	v := firmView(p, actor, in, typed)
	v.Errors, v.FieldErrors = m.items, m.fields
	v.Confirm = confirm
	v.Mail = page.InviteMailView{Offered: s.app.Mail(), Value: typed.email, Error: m.of("email")}
	if v.Rename != nil {
		v.Rename.Error = m.of("name")
	}
	if failure == nil {
		text, link := s.firmNotice(p, s.takeNotice(w, r))
		if text != "" {
			options = append(options, layoutNotice(&ui.NoticeProps{Variant: ui.NoticeSuccess, Text: text}))
		}
		v.Link = link
	}
	s.render(w, r, status, page.Firm(s.layout(r, p.T("firm.title_of", "Firm", in.Firm.Name), options...), v))
	return nil
}

// firmNotice says what was just done in the firm. A fresh invitation comes with its link.
func (s *Site) firmNotice(p *i18n.Printer, n []string) (string, *page.InviteLinkView) {
	if len(n) < 2 || n[0] != "firm" {
		return "", nil
	}
	switch {
	case (len(n) == 4 || len(n) == 5 && n[4] == "mail") && n[1] == "invited" && n[3] != "" && slices.Contains(winddown.FirmRoles(), winddown.Role(n[2])):
		said := p.T("people.notice.invited")
		if len(n) == 5 {
			said = p.T("people.notice.invited_mail")
		}
		return said, &page.InviteLinkView{Address: s.base + "/firm/join/" + n[3], Text: p.T("firm.link." + n[2])}
	case len(n) == 2 && n[1] == "invite_revoked":
		return p.T("people.notice.invite_revoked"), nil
	case len(n) == 3 && n[1] == "removed":
		if cases, err := strconv.Atoi(n[2]); err == nil && cases > 0 {
			return p.N("firm.notice.removed_cases", cases), nil
		}
		return p.T("firm.notice.removed"), nil
	case len(n) == 2 && slices.Contains([]string{"founded", "joined", "renamed", "role_saved"}, n[1]):
		return p.T("firm.notice." + n[1]), nil
	}
	return "", nil
}

// FirmPerson is where an admin changes a person's role.
func (s *Site) FirmPerson(w http.ResponseWriter, r *http.Request) error {
	return s.firmPerson(w, r, "", nil)
}

// SetFirmRole gives a person another role.
func (s *Site) SetFirmRole(w http.ResponseWriter, r *http.Request) error {
	user, err := pathID(r, "user")
	if err != nil {
		return err
	}
	f, err := form(w, r)
	if err != nil {
		return err
	}
	role := winddown.Role(f.Get("role"))
	switch err := s.app.SetFirmRole(r.Context(), actorOf(r.Context()), user, role); {
	case err == nil:
		s.notice(w, "firm", "role_saved")
		return s.redirect(w, r, "/firm")
	case redrawable(err):
		return s.firmPerson(w, r, role, err)
	default:
		return err
	}
}

// member returns the person of the address, for those who may run the firm.
func (s *Site) member(r *http.Request) (*winddown.Member, error) {
	user, err := pathID(r, "user")
	if err != nil {
		return nil, err
	}
	actor := actorOf(r.Context())
	in, err := s.app.Firm(r.Context(), actor)
	if err != nil {
		return nil, err
	}
	if err := in.Firm.Allow(winddown.CanRunFirm, actor.UserID); err != nil {
		return nil, err
	}
	return in.Firm.Member(user)
}

func (s *Site) firmPerson(w http.ResponseWriter, r *http.Request, role winddown.Role, failure error) error {
	one, err := s.member(r)
	if err != nil {
		return err
	}
	if role == "" {
		role = one.Role
	}
	m := mistakesOf(r.Context(), failure)
	v := page.FirmPersonView{
		Name: one.Name, Email: one.Email, Roles: firmRoles(i18n.From(r.Context()), role), Action: memberHref(one.UserID) + "/role",
		RemoveHref: memberHref(one.UserID) + "/remove", Error: m.of("role"), Errors: m.items,
	}
	status, options := formStatus(failure, layoutText)
	s.render(w, r, status, page.FirmPerson(s.layout(r, one.Name, options...), v))
	return nil
}

// RemoveMemberForm asks before a person is taken out of the firm. The reader himself is led to where
// he leaves it.
func (s *Site) RemoveMemberForm(w http.ResponseWriter, r *http.Request) error {
	return s.removeMember(w, r, nil)
}

func (s *Site) removeMember(w http.ResponseWriter, r *http.Request, failure error) error {
	one, err := s.member(r)
	if err != nil {
		return err
	}
	if one.UserID == actorOf(r.Context()).UserID {
		if failure != nil {
			return s.quitFirm(w, r, failure)
		}
		return s.redirect(w, r, "/firm/leave")
	}
	p := i18n.From(r.Context())
	v := page.SureView{
		Back: ui.BackLinkProps{Href: memberHref(one.UserID), Text: one.Name}, Title: p.T("firm.remove.title", "Name", one.Name),
		Texts: []string{p.T("firm.remove.text", "Name", one.Name)}, Action: memberHref(one.UserID) + "/remove",
		Submit: p.T("firm.remove.submit"), Errors: mistakesOf(r.Context(), failure).items,
	}
	if one.Cases > 0 {
		v.Texts = append(v.Texts, p.N("firm.remove.cases", one.Cases))
	}
	status, options := formStatus(failure, layoutText)
	s.render(w, r, status, page.Sure(s.layout(r, v.Title, options...), v))
	return nil
}

// RemoveMember takes a person out of the firm.
func (s *Site) RemoveMember(w http.ResponseWriter, r *http.Request) error {
	user, err := pathID(r, "user")
	if err != nil {
		return err
	}
	cases, err := s.app.RemoveFirmPerson(r.Context(), actorOf(r.Context()), user)
	switch {
	case err == nil:
		s.notice(w, "firm", "removed", strconv.Itoa(cases))
		return s.redirect(w, r, "/firm")
	case redrawable(err):
		return s.removeMember(w, r, err)
	}
	return err
}

// ChooseFirmForm shows the firms the actor belongs to.
func (s *Site) ChooseFirmForm(w http.ResponseWriter, r *http.Request) error {
	return s.chooseFirm(w, r, nil)
}

// ChooseFirm makes one of them the one he works in.
func (s *Site) ChooseFirm(w http.ResponseWriter, r *http.Request) error {
	f, err := form(w, r)
	if err != nil {
		return err
	}
	if f.Get("firm") == "" {
		return s.chooseFirm(w, r, invalidField("firm", "firm.error.choice_missing"))
	}
	id, err := winddown.ParseID(f.Get("firm"))
	if err != nil {
		return err
	}
	if err := s.app.ChooseFirm(r.Context(), actorOf(r.Context()), id); err != nil {
		return err
	}
	return s.redirect(w, r, "/sellers")
}

func (s *Site) chooseFirm(w http.ResponseWriter, r *http.Request, failure error) error {
	p := i18n.From(r.Context())
	all, err := s.app.Memberships(r.Context(), actorOf(r.Context()))
	if err != nil {
		return err
	}
	if len(all) == 0 {
		return &winddown.Error{Kind: winddown.NotFound, Key: "error.not_found"}
	}
	m := mistakesOf(r.Context(), failure)
	v := page.ChooseFirmView{Error: m.of("firm"), Errors: m.items}
	for _, f := range all {
		v.Firms = append(v.Firms, ui.Option{Value: f.ID.String(), Label: f.Name, Hint: p.T("role." + string(f.Role)), Checked: f.Chosen})
	}
	status, options := formStatus(failure, layoutText)
	s.render(w, r, status, page.ChooseFirm(s.layout(r, p.T("firm.choose.title"), options...), v))
	return nil
}

// JoinFirmForm shows an invitation to a firm to whoever holds its link; whoever has accepted it is
// led to the firm.
func (s *Site) JoinFirmForm(w http.ResponseWriter, r *http.Request) error {
	return s.joinFirm(w, r, winddown.Registration{}, nil)
}

// JoinFirm uses an invitation: somebody signed in joins the firm, somebody else opens an
// account with it.
func (s *Site) JoinFirm(w http.ResponseWriter, r *http.Request) error {
	token := chi.URLParam(r, "token")
	var in winddown.Registration
	if actor := actorOf(r.Context()); actor.SignedIn() {
		if err := s.app.JoinFirm(r.Context(), actor, token); err != nil {
			return s.joinFailed(w, r, in, err)
		}
	} else {
		f, err := form(w, r)
		if err != nil {
			return err
		}
		in = readRegistration(r, f)
		var joined bool
		from := s.browser(r)
		session, err := s.register(w, r, in.Email, func() (session string, err error) {
			session, joined, err = s.app.SignUpToFirm(r.Context(), token, in, from)
			return session, err
		})
		if err != nil {
			return s.joinFailed(w, r, in, err)
		}
		if err := s.signIn(w, r, session, from); err != nil {
			return err
		}
		if !joined { // he has an account, and a letter that leads back here
			s.notice(w, "confirm_asked")
			return s.redirect(w, r, "/firm/join/"+token)
		}
	}
	s.notice(w, "firm", "joined")
	return s.redirect(w, r, "/firm")
}

// joinFailed is inviteFailed of an invitation to a firm.
func (s *Site) joinFailed(w http.ResponseWriter, r *http.Request, in winddown.Registration, failure error) error {
	if errors.Is(failure, winddown.Gone) {
		return s.redirect(w, r, "/firm/join/"+chi.URLParam(r, "token"))
	}
	if !retryable(failure) {
		return failure
	}
	return s.joinFirm(w, r, in, failure)
}

func (s *Site) joinFirm(w http.ResponseWriter, r *http.Request, in winddown.Registration, failure error) error {
	token := chi.URLParam(r, "token")
	actor := actorOf(r.Context())
	invite, err := s.app.FirmInviteView(r.Context(), actor, token)
	if errors.Is(err, winddown.Gone) && invite.Joined {
		if invite.Invite.FirmID != actor.FirmID { // he works in another one now
			return s.redirect(w, r, "/firm/choose")
		}
		return s.redirect(w, r, "/firm")
	}
	if err != nil {
		return err
	}
	p := i18n.From(r.Context())
	role := string(invite.Invite.Role)
	v := s.inviteView(r, "/firm/join/"+token, invite.Invite.ExpiresAt, in, failure)
	v.Title, v.By, v.May = p.T("firm.join.title", "Firm", invite.Firm), p.T("firm.join.by."+role, "By", invite.By), p.T("firm.join.may."+role)
	if s.app.MustConfirmToJoin(actor, invite) {
		v.Confirm = s.confirmFirst(r, "invite.confirm", v.Action+"/confirm", "")
	}
	return s.drawInvite(w, r, v, failure)
}

// LeaveFirmForm asks before a case is taken out of its firm.
func (s *Site) LeaveFirmForm(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID(r, "case")
	if err != nil {
		return err
	}
	in, err := s.app.People(r.Context(), actorOf(r.Context()), id)
	if err != nil {
		return err
	}
	c := in.View.Case
	if err := c.Allow(winddown.CanManage, in.View.Standing); err != nil {
		return err
	}
	if c.FirmID.IsZero() {
		return &winddown.Error{Kind: winddown.NotFound, Key: "error.not_found"}
	}
	p := i18n.From(r.Context())
	v := page.SureView{
		Back: ui.BackLinkProps{Href: peopleHref(id), Text: p.T("people.title")}, Title: p.T("people.leave.title", "Firm", in.View.Firm),
		Texts: []string{p.T("people.leave.text", "Seller", c.Seller.Name)}, Action: leaveHref(id), Submit: p.T("people.leave.submit"),
	}
	s.render(w, r, http.StatusOK, page.Sure(s.caseLayout(r, s.caseWords(r, in.View), v.Title, layoutText), v))
	return nil
}

// LeaveFirm takes a case out of its firm.
func (s *Site) LeaveFirm(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID(r, "case")
	if err != nil {
		return err
	}
	if err := s.app.LeaveFirm(r.Context(), actorOf(r.Context()), id); err != nil {
		return err
	}
	s.notice(w, "left_firm")
	return s.redirect(w, r, peopleHref(id))
}
