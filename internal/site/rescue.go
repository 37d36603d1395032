package site

import (
	"net/http"
	"regexp"
	"strings"
	"time"

	"winddown/internal/app"
	"winddown/internal/i18n"
	"winddown/internal/winddown"
	"winddown/web/page"
	"winddown/web/ui"
)

const rescuesHref = "/admin/cases"

func rescueHref(id winddown.ID) string { return rescuesHref + "/" + id.String() }

// Rescues shows the cases that wait for another owner, and leads an operator to the one he is asked for.
func (s *Site) Rescues(w http.ResponseWriter, r *http.Request) error {
	all, err := s.app.Rescues(r.Context(), actorOf(r.Context()))
	if err != nil {
		return err
	}
	p := i18n.From(r.Context())
	v := page.RescuesView{Action: rescuesHref, Typed: strings.TrimSpace(r.URL.Query().Get("case"))}
	status, options := http.StatusOK, []layoutOption{layoutText}
	if r.URL.Query().Has("case") {
		id, err := caseTyped(v.Typed)
		if err == nil {
			_, err = s.app.LostCase(r.Context(), actorOf(r.Context()), id)
		}
		switch {
		case err == nil:
			return s.redirect(w, r, rescueHref(id))
		case winddown.KindOf(err) != winddown.NotFound:
			return err
		}
		failure := &winddown.Error{Kind: winddown.Invalid, Key: "error.invalid", Fields: []winddown.FieldError{{Field: "case", Key: "rescue.error.unknown"}}}
		m := mistakesOf(r.Context(), failure)
		v.Error, v.Errors = m.of("case"), m.items
		status, options = formStatus(failure, layoutText)
	}
	for _, c := range all {
		line := page.RescueLine{Seller: c.Seller, Href: rescueHref(c.ID)}
		if c.RescueAt.IsZero() {
			line.State = s.objection(r, c)
			v.Objections = append(v.Objections, line)
			continue
		}
		line.State = s.rescueState(r, c)
		v.Cases = append(v.Cases, line)
	}
	s.render(w, r, status, page.Rescues(s.layout(r, p.T("rescue.title"), options...), v))
	return nil
}

// idTyped is what looks like a number of ours, wherever it stands in a text; caseAddress is that of a case's
// page or of its line in the register.
var (
	idTyped     = regexp.MustCompile(`(?i)\b` + idPattern + `\b`)
	caseAddress = regexp.MustCompile(`(?i)/(?:cases|sellers)/(` + idPattern + `)\b`)
)

const idPattern = `[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}`

// caseTyped reads the number of a case, in small or large letters, as it is copied from a text or from the
// address of one of its pages; of several the first. An address goes before the other numbers in a text, which
// may be those of requests.
func caseTyped(text string) (winddown.ID, error) {
	id := idTyped.FindString(text)
	if m := caseAddress.FindStringSubmatch(text); m != nil {
		id = m[1]
	}
	return winddown.ParseID(strings.ToLower(id))
}

// rescueState says from when on the link for another owner can be made, or that it was.
func (s *Site) rescueState(r *http.Request, c app.LostCase) string {
	key := "rescue.state.waits"
	switch {
	case c.Offered:
		key = "rescue.state.offered"
	case !s.app.Now().Before(c.RescueAt):
		key = "rescue.state.ready"
	case !s.app.Mail():
		key = "rescue.state.waits_unmailed"
	}
	p := i18n.From(r.Context())
	return p.T(key, "Time", p.DateTime(c.RescueAt.In(winddown.Zone(actorOf(r.Context()).Zone))))
}

// objection says when the owner of a case objected, and until when nobody can say again that he is lost;
// nothing when he did not.
func (s *Site) objection(r *http.Request, c app.LostCase) string {
	if c.ObjectedAt.IsZero() {
		return ""
	}
	p, zone := i18n.From(r.Context()), winddown.Zone(actorOf(r.Context()).Zone)
	at := p.DateTime(c.ObjectedAt.In(zone))
	if until := c.QuietUntil(s.app.Now()); !until.IsZero() {
		return p.T("rescue.objected.quiet", "Time", at, "Until", p.DateTime(until.In(zone)))
	}
	return p.T("rescue.objected", "Time", at)
}

// RescueForm shows an operator what he may know of a case, and how far its rescue is.
func (s *Site) RescueForm(w http.ResponseWriter, r *http.Request) error {
	return s.rescue(w, r, page.RescueView{}, nil)
}

// AskRescue notes that the owner of a case is lost.
func (s *Site) AskRescue(w http.ResponseWriter, r *http.Request) error {
	f, err := form(w, r)
	if err != nil {
		return err
	}
	reason := f.Get("reason")
	return s.rescued(w, r, page.RescueView{Reason: reason}, func(id winddown.ID) ([]string, error) {
		return []string{"rescue_asked", id.String()}, s.app.AskRescue(r.Context(), actorOf(r.Context()), id, reason)
	})
}

// DropRescue takes that back.
func (s *Site) DropRescue(w http.ResponseWriter, r *http.Request) error {
	return s.rescued(w, r, page.RescueView{}, func(id winddown.ID) ([]string, error) {
		return []string{"rescue_stopped", id.String()}, s.app.DropRescue(r.Context(), actorOf(r.Context()), id)
	})
}

// Rescue makes the link for another owner. It is shown once, on the page that follows.
func (s *Site) Rescue(w http.ResponseWriter, r *http.Request) error {
	f, err := form(w, r)
	if err != nil {
		return err
	}
	email := strings.TrimSpace(f.Get("email"))
	return s.rescued(w, r, page.RescueView{Mail: page.InviteMailView{Value: email}}, func(id winddown.ID) ([]string, error) {
		actor := actorOf(r.Context())
		offer := func() (string, error) { return s.app.Rescue(r.Context(), actor, id, email) }
		var token string
		if email == "" {
			token, err = offer()
		} else {
			token, err = s.logins.invite(w, r, actor.UserID, offer)
		}
		return []string{"rescue", id.String(), token}, err
	})
}

// rescued does something about the rescue of a case and leads back to its page, or draws that again with
// what was typed.
func (s *Site) rescued(w http.ResponseWriter, r *http.Request, typed page.RescueView, do func(winddown.ID) (notice []string, err error)) error {
	id, err := pathID(r, "case")
	if err != nil {
		return err
	}
	switch notice, err := do(id); {
	case err == nil:
		s.notice(w, notice...)
		return s.redirect(w, r, rescueHref(id))
	case retryable(err):
		return s.rescue(w, r, typed, err)
	default:
		return err
	}
}

func (s *Site) rescue(w http.ResponseWriter, r *http.Request, v page.RescueView, failure error) error {
	id, err := pathID(r, "case")
	if err != nil {
		return err
	}
	c, err := s.app.LostCase(r.Context(), actorOf(r.Context()), id)
	if err != nil {
		return err
	}
	p := i18n.From(r.Context())
	m := mistakesOf(r.Context(), failure)
	v.Title, v.Back, v.Action, v.Errors, v.ReasonError = c.Seller, rescuesHref, rescueHref(id), m.items, m.of("reason")
	v.Mail.Offered, v.Mail.Error = s.app.Mail(), m.of("email")
	v.Owner, v.Told = p.T("rescue.owner", "Name", c.OwnerName), p.T("rescue.effect.told")
	if !s.app.Mail() {
		v.Told = p.T("rescue.effect.told_unmailed")
	}
	switch {
	case c.OwnerID.IsZero():
		v.Owner, v.Refused = p.T("rescue.ownerless"), p.T("rescue.error.no_owner")
	case c.Deleted:
		v.Refused = p.T("rescue.error.deleted")
	case !c.QuietUntil(s.app.Now()).IsZero():
		v.Refused = s.objection(r, c)
	default:
		v.Objected = s.objection(r, c)
	}
	if !c.RescueAt.IsZero() {
		v.State, v.Ready = s.rescueState(r, c), c.Open(s.app.Now()) == nil
	}
	status, options := formStatus(failure, layoutText)
	said := ""
	if n := s.takeNotice(w, r); failure == nil && len(n) > 1 && n[1] == id.String() {
		switch {
		case n[0] == "rescue" && len(n) == 3 && n[2] != "":
			said = p.T("people.notice.invited")
			v.Link = &page.InviteLinkView{Address: s.base + "/invites/" + n[2], Text: p.T("people.link.transfer")}
		case n[0] == "rescue_asked":
			said = p.T("rescue.done.asked")
		case n[0] == "rescue_stopped":
			said = p.T("rescue.done.stopped")
		}
	}
	if said != "" {
		options = append(options, layoutNotice(&ui.NoticeProps{Variant: ui.NoticeSuccess, Text: said}))
	}
	s.render(w, r, status, page.Rescue(s.layout(r, p.T("rescue.title"), options...), v))
	return nil
}

// ObjectToRescue ends the search for another owner by the one there is.
func (s *Site) ObjectToRescue(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID(r, "case")
	if err != nil {
		return err
	}
	if err := s.app.ObjectToRescue(r.Context(), actorOf(r.Context()), id); err != nil {
		return err
	}
	s.notice(w, "objected")
	return s.redirect(w, r, caseHref(id))
}

// rescuing says on the pages of a case that its owner is said to be lost; nothing unless he is.
func rescuing(p *i18n.Printer, c *winddown.Case, owns bool, now time.Time) *ui.PendingProps {
	if c.RescueAt.IsZero() {
		return nil
	}
	on, state := p.Date(c.RescueAt.In(winddown.Zone(c.Zone))), "open"
	if !now.Before(c.RescueAt) {
		state = "over"
	}
	if !owns {
		return &ui.PendingProps{Text: p.T("rescue.notice."+state, "Date", on)}
	}
	return &ui.PendingProps{Text: p.T("rescue.pending."+state, "Date", on), Action: caseHref(c.ID) + "/rescue/object", Button: p.T("rescue.object")}
}
