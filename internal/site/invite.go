package site

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"winddown/internal/app"
	"winddown/internal/i18n"
	"winddown/internal/winddown"
	"winddown/web/page"
	"winddown/web/ui"
)

// InviteForm shows an invitation to whoever holds its link; whoever has accepted it is led to the case.
func (s *Site) InviteForm(w http.ResponseWriter, r *http.Request) error {
	invite, err := s.app.InviteView(r.Context(), actorOf(r.Context()), chi.URLParam(r, "token"))
	if to := standingHref(invite); errors.Is(err, winddown.Gone) && invite.Accepted && to != "" {
		return s.redirect(w, r, to)
	}
	if err != nil {
		return err
	}
	return s.invite(w, r, invite, winddown.Registration{}, nil)
}

// AcceptInvite uses an invitation: somebody signed in joins the case, somebody else opens
// an account with it.
func (s *Site) AcceptInvite(w http.ResponseWriter, r *http.Request) error {
	token := chi.URLParam(r, "token")
	var id winddown.ID
	var role winddown.Role
	var in winddown.Registration
	if actor := actorOf(r.Context()); actor.SignedIn() {
		var err error
		if id, role, err = s.app.Accept(r.Context(), actor, token); err != nil {
			return s.inviteFailed(w, r, token, in, err)
		}
	} else {
		f, err := form(w, r)
		if err != nil {
			return err
		}
		in = readRegistration(r, f)
		from := s.browser(r)
		session, err := s.register(w, r, in.Email, func() (session string, err error) {
			session, id, role, err = s.app.SignUpInvited(r.Context(), token, in, from)
			return session, err
		})
		if err != nil {
			return s.inviteFailed(w, r, token, in, err)
		}
		if err := s.signIn(w, r, session, from); err != nil {
			return err
		}
		if id.IsZero() { // he has an account, and a letter that leads back here
			s.notice(w, "confirm_asked")
			return s.redirect(w, r, "/invites/"+token)
		}
	}
	s.notice(w, "joined")
	if role == winddown.Accountant {
		return s.redirect(w, r, sellerHref(id))
	}
	return s.redirect(w, r, caseHref(id))
}

// inviteFailed draws the invitation again with the reason it could not be used. Where it cannot be used any
// more its page decides: a button pressed twice sends whoever has just joined here.
func (s *Site) inviteFailed(w http.ResponseWriter, r *http.Request, token string, in winddown.Registration, failure error) error {
	if errors.Is(failure, winddown.Gone) {
		return s.redirect(w, r, "/invites/"+token)
	}
	if !retryable(failure) {
		return failure
	}
	invite, err := s.app.InviteView(r.Context(), actorOf(r.Context()), token)
	if err != nil {
		return err
	}
	return s.invite(w, r, invite, in, failure)
}

func (s *Site) invite(w http.ResponseWriter, r *http.Request, invite app.InviteView, in winddown.Registration, failure error) error {
	p := i18n.From(r.Context())
	offer := invite.Invite.Offer()
	v := s.inviteView(r, "/invites/"+chi.URLParam(r, "token"), invite.Invite.ExpiresAt, in, failure)
	v.Title, v.By, v.May = p.T("invite.title", "Seller", invite.Seller), p.T("invite.by."+offer, "By", invite.By), p.T("invite.may."+offer)
	if invite.Invite.Role == winddown.Owner && invite.Acting {
		v.May += " " + p.T("invite.acting")
	}
	if !invite.EraseAt.IsZero() {
		key := "erase.notice"
		if invite.Expired {
			key = "erase.expired.notice"
		}
		v.Erasing = p.T(key, "Date", p.Date(invite.EraseAt.In(winddown.Zone(invite.Zone))))
	}
	if invite.Refused != nil {
		return s.refusedInvite(w, r, invite, v, failure)
	}
	if s.app.MustConfirm(actorOf(r.Context()), invite) {
		v.Confirm = s.confirmFirst(r, "invite.confirm", v.Action+"/confirm", "")
	}
	return s.drawInvite(w, r, v, failure)
}

// refusedInvite says to somebody who cannot accept an invitation what it is and who can.
func (s *Site) refusedInvite(w http.ResponseWriter, r *http.Request, invite app.InviteView, v page.InviteView, failure error) error {
	p, actor := i18n.From(r.Context()), actorOf(r.Context())
	v.By, v.May = p.T("invite.what."+invite.Invite.Offer()), ""
	var why *winddown.Error
	if !errors.As(invite.Refused, &why) {
		return invite.Refused
	}
	v.Refused, v.Errors = p.T(why.Key), nil // there is nothing to correct
	switch {
	case why.Key != "invite.error.already_in" && why.Key != "rescue.error.self":
	case invite.Invite.CreatedBy == actor.UserID:
		v.Refused = p.T("invite.refused.own")
	default:
		v.Refused += " " + p.T("invite.refused.other")
	}
	v.CaseHref = standingHref(invite)
	return s.drawInvite(w, r, v, failure)
}

// standingHref is where the reader of an invitation finds its case, empty if he is not in it.
func standingHref(invite app.InviteView) string {
	switch in := invite.Standing; {
	case in.Owner || in.Helper:
		return caseHref(invite.Invite.CaseID)
	case in.Bookkeeping():
		return sellerHref(invite.Invite.CaseID)
	}
	return ""
}

// drawInvite draws an invitation to a case or to a firm.
func (s *Site) drawInvite(w http.ResponseWriter, r *http.Request, v page.InviteView, failure error) error {
	status, options := formStatus(failure, layoutNarrow, layoutInvited(v.Action, v.Registration != nil && v.Refused == ""))
	if failure == nil {
		options = append(options, s.accountNotice(w, r, "confirm_asked"))
	}
	s.render(w, r, status, page.Invite(s.layout(r, v.Title, options...), v))
	return nil
}

// invitation reports whether a path is that of an invitation.
func invitation(path string) bool {
	return strings.HasPrefix(path, "/invites/") || strings.HasPrefix(path, "/firm/join/")
}

// layoutInvited keeps an invitation, at here, in what the bar offers to somebody who is not signed
// in: he signs up on its own page.
func layoutInvited(here string, signup bool) layoutOption {
	return func(v *ui.LayoutView) {
		for i := range v.Nav {
			switch item := &v.Nav[i]; item.Href {
			case "/login":
				item.Href = loginHref(here)
			case "/signup":
				if signup {
					item.Href = here + "#signup"
				}
			}
		}
	}
}

// confirmFirst says that the person has to confirm his address, with a button that sends the
// letter again and leads back to next, or to where action leads.
func (s *Site) confirmFirst(r *http.Request, key, action, next string) *page.ConfirmFirstView {
	return &page.ConfirmFirstView{Text: i18n.From(r.Context()).T(key, "Email", actorOf(r.Context()).Email), Action: action, Next: next}
}

// inviteView is what invitations to a case and to a firm have in common.
func (s *Site) inviteView(r *http.Request, here string, expires time.Time, in winddown.Registration, failure error) page.InviteView {
	p := i18n.From(r.Context())
	actor := actorOf(r.Context())
	m := mistakesOf(r.Context(), failure)
	v := page.InviteView{
		Action: here, Errors: m.items, LoginHref: loginHref(here), SignedIn: actor.SignedIn(),
		Expires: p.T("invite.expires", "Time", p.DateTime(expires.In(winddown.Zone(actor.Zone)))),
	}
	if actor.SignedIn() {
		v.As = p.T("invite.as", "Name", actor.Name, "Email", actor.Email)
	} else if s.app.InvitedMaySignUp() {
		registration := registrationView(p, in, here, failure, m)
		v.Registration = &registration
	}
	return v
}
