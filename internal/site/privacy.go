package site

import (
	"net/http"
	"net/url"
	"path"
	"strings"
	"time"

	"winddown/internal/i18n"
	"winddown/internal/winddown"
	"winddown/web/page"
	"winddown/web/ui"
)

// Operator is who runs this installation and answers for the personal data in it, as he has
// named himself; empty where he has not.
type Operator struct {
	Name    string
	Address string
	Contact string
}

// Privacy says what is kept of people, why, where, for how long, and how it is got or deleted.
func (s *Site) Privacy(w http.ResponseWriter, r *http.Request) error {
	p, months := i18n.From(r.Context()), s.app.Retention()
	v := page.PrivacyView{
		Version: p.T("privacy.version", "Version", s.app.Consent()),
		Named:   s.operator.Name != "",
		Name:    s.operator.Name, Address: s.operator.Address, Contact: s.operator.Contact,
	}
	for _, section := range []struct {
		name  string
		items int
	}{{"kept", 9}, {"why", 4}, {"where", 4}, {"long", 7}, {"rights", 5}, {"cookies", 4}} {
		one := page.PrivacySection{Title: p.T("privacy." + section.name + ".title")}
		for _, name := range numbered("i", 1, section.items) {
			key := "privacy." + section.name + "." + name
			if months > 0 && key == "privacy.long.i3" { // a case does not stay until its owner deletes it
				key = "privacy.long.until"
			}
			one.Items = append(one.Items, p.T(key))
		}
		if months > 0 && section.name == "long" {
			one.Items = append(one.Items, p.N("privacy.long.retention", months))
		}
		v.Sections = append(v.Sections, one)
	}
	l := s.layout(r, p.T("privacy.title"), layoutText, layoutPublic, layoutDescription(p.T("privacy.lead")))
	s.render(w, r, http.StatusOK, page.Privacy(l, v))
	return nil
}

// laterCookie remembers that somebody wants to be asked for his consent another time.
const (
	laterCookie = "winddown_consent_later"
	later       = 24 * time.Hour
)

// Consented leads who has not agreed to the page about personal data as it stands to the question
// for it, once: he may put it off for a day, and everything works meanwhile. Only whole pages lead
// there, so that no form and no part of a page is lost.
func (s *Site) Consented(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, later := s.cookies.Get(r, laterCookie)
		ask := actorOf(r.Context()).Consent != s.app.Consent() && !later && r.Method == http.MethodGet &&
			r.Header.Get("HX-Request") == "" && strings.Contains(r.Header.Get("Accept"), "text/html") &&
			r.URL.Path != consentPath && !strings.HasPrefix(r.URL.Path, "/account") && !isFile(r.URL.Path)
		if ask {
			http.Redirect(w, r, consentPath+"?next="+url.QueryEscape(pathOf(r)), http.StatusSeeOther)
			return
		}
		next.ServeHTTP(w, r)
	})
}

const consentPath = "/consent"

// isFile reports whether an address leads to a file and not to a page: whoever clicked on it waits for
// a download.
func isFile(address string) bool {
	return path.Ext(address) != "" || strings.Contains(address, "/files/")
}

// ConsentForm asks for the consent to the page about personal data.
func (s *Site) ConsentForm(w http.ResponseWriter, r *http.Request) error {
	return s.consent(w, r, nextPath(r.URL.Query().Get("next")), nil)
}

// GiveConsent notes the consent, or that the question is put off, and leads back.
func (s *Site) GiveConsent(w http.ResponseWriter, r *http.Request) error {
	f, err := form(w, r)
	if err != nil {
		return err
	}
	next := nextPath(f.Get("next"))
	switch {
	case f.Get("later") != "":
		s.cookies.Set(w, laterCookie, "yes", later)
	case f.Get("consent") == "":
		err = &winddown.Error{Kind: winddown.Invalid, Key: "error.invalid",
			Fields: []winddown.FieldError{{Field: "consent", Key: "account.error.consent"}}}
	default:
		err = s.app.GiveConsent(r.Context(), actorOf(r.Context()), f.Get("version"))
	}
	switch {
	case err == nil:
		return s.redirect(w, r, orHome(next))
	case redrawable(err):
		return s.consent(w, r, next, err)
	}
	return err
}

func (s *Site) consent(w http.ResponseWriter, r *http.Request, next string, failure error) error {
	p := i18n.From(r.Context())
	m := mistakesOf(r.Context(), failure)
	v := page.ConsentView{Next: next, Version: s.app.Consent(), Changed: actorOf(r.Context()).Consent != "",
		Consent: consentField(p, m.of("consent")), Errors: m.items}
	status, options := formStatus(failure, layoutNarrow)
	s.render(w, r, status, page.Consent(s.layout(r, p.T("consent.title"), options...), v))
	return nil
}

// consentField is the box nobody has ticked beforehand.
func consentField(p *i18n.Printer, failure string) ui.ChoiceProps {
	return ui.ChoiceProps{Name: "consent", Legend: p.T("consent.legend"), Error: failure,
		Options: []ui.Option{{Value: "yes", Label: p.T("consent.label")}}}
}
