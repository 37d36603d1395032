package site

import (
	"net/http"
	"slices"
	"time"

	"winddown/internal/app"
	"winddown/internal/httpkit"
	"winddown/internal/i18n"
	"winddown/internal/winddown"
	"winddown/web/page"
	"winddown/web/ui"
)

// Home is the start page for strangers; somebody signed in is led to what is his.
func (s *Site) Home(w http.ResponseWriter, r *http.Request) error {
	if actor := actorOf(r.Context()); actor.SignedIn() {
		w.Header().Set("Cache-Control", "no-store") // the next one at this computer is led elsewhere
		start, err := s.app.Start(r.Context(), actor)
		if err != nil {
			return err
		}
		switch {
		case start.KeepsBooks && start.Home != nil:
			target, gone := homeTarget(*start.Home, start.Colleagues)
			if gone {
				s.notice(w, noticeNobody)
			}
			return s.redirect(w, r, target)
		case start.KeepsBooks && !start.HasCases:
			return s.redirect(w, r, "/sellers")
		}
		return s.redirect(w, r, "/cases")
	}
	p := i18n.From(r.Context())
	l := s.layout(r, p.T("home.title"), layoutPublic, layoutDescription(p.T("home.meta_description")))
	s.render(w, r, http.StatusOK, page.Home(l))
	return nil
}

// noticeNobody tells the register that a filter for somebody who is gone was left out.
const noticeNobody = "responsible_gone"

// homeTarget is the register under the filters of the view a person made his home, without
// that for somebody who is none of his firm's people, which gone reports: views outlive both.
func homeTarget(query string, colleagues []winddown.ID) (target string, gone bool) {
	f := queryFilter(query)
	if id := f.Responsible.ID; !id.IsZero() && !slices.Contains(colleagues, id) {
		f.Responsible, gone = winddown.Responsible{}, true
	}
	return registerHref(f), gone
}

// layoutDescription is what search engines show of a page.
func layoutDescription(text string) layoutOption {
	return func(v *ui.LayoutView) { v.Description = text }
}

// SetLocale keeps the chosen language, with the account of somebody signed in and in the
// browser, and leads back.
func (s *Site) SetLocale(w http.ResponseWriter, r *http.Request) error {
	f, err := form(w, r)
	if err != nil {
		return err
	}
	l, err := s.setLocale(w, f.Get("locale"))
	if err != nil {
		return err
	}
	if actor := actorOf(r.Context()); actor.SignedIn() {
		in := app.Settings{Name: actor.Name, Locale: string(l), Zone: actor.Zone}
		if err := s.app.ChangeSettings(r.Context(), actor, in); err != nil {
			return err
		}
	}
	return s.redirect(w, r, orHome(httpkit.LocalPath(f.Get("next"))))
}

// setLocale has the browser remember a language; Invalid for one there is not.
func (s *Site) setLocale(w http.ResponseWriter, locale string) (i18n.Locale, error) {
	l, ok := i18n.Parse(locale)
	if !ok {
		return l, &winddown.Error{Kind: winddown.Invalid, Key: "error.field.unknown"}
	}
	s.rememberLocale(w, l)
	return l, nil
}

func (s *Site) rememberLocale(w http.ResponseWriter, l i18n.Locale) {
	const year = 365 * 24 * time.Hour
	s.cookies.Set(w, httpkit.LocaleCookie, string(l), year)
}
