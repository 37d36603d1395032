package site

import (
	"net/http"
	"slices"
	"strings"

	"winddown/internal/i18n"
	"winddown/internal/winddown"
	"winddown/web/page"
	"winddown/web/ui"
)

const viewsHref = "/sellers/views"

func viewHref(id winddown.ID) string { return viewsHref + "/" + id.String() }

// Views shows the actor's saved views, with a form that saves the filters of the address.
func (s *Site) Views(w http.ResponseWriter, r *http.Request) error {
	var save *page.SaveViewView
	if q := r.URL.Query(); q.Has("save") {
		save = &page.SaveViewView{Query: q.Get("save")}
	}
	return s.views(w, r, save, nil)
}

// SaveView saves filters of the register under a name.
func (s *Site) SaveView(w http.ResponseWriter, r *http.Request) error {
	f, err := form(w, r)
	if err != nil {
		return err
	}
	save := &page.SaveViewView{Query: f.Get("query"), Name: f.Get("name"), Home: f.Get("home") != ""}
	filter := queryFilter(save.Query)
	filter.Cursor = nil
	err = s.app.SaveView(r.Context(), actorOf(r.Context()), save.Name, registerQuery(filter), save.Home, starterNames())
	switch {
	case err == nil:
		s.notice(w, "view_saved")
		return s.redirect(w, r, registerHref(filter))
	case redrawable(err):
		return s.views(w, r, save, err)
	}
	return err
}

func (s *Site) views(w http.ResponseWriter, r *http.Request, save *page.SaveViewView, failure error) error {
	p := i18n.From(r.Context())
	views, members, err := s.app.Views(r.Context(), actorOf(r.Context()))
	if err != nil {
		return err
	}
	m := mistakesOf(r.Context(), failure)
	v := page.ViewsView{Back: ui.BackLinkProps{Href: "/sellers", Text: p.T("register.title")}, Save: save, Errors: m.items}
	if save != nil {
		save.Error = m.of("name")
		save.Filters = filterWords(p, queryFilter(save.Query), members)
	}
	for _, one := range views {
		line := page.SavedView{Name: viewName(p, one), Href: viewTarget(one, members), Filters: filterWords(p, queryFilter(one.Query), members), EditHref: viewHref(one.ID)}
		if one.Home {
			line.Tags = append(line.Tags, ui.TagProps{Text: p.T("view.tag.home"), Variant: ui.TagAmber})
		}
		if viewOfNobody(one, members) {
			line.Tags = append(line.Tags, ui.TagProps{Text: p.T("view.tag.responsible_gone"), Variant: ui.TagRed})
		}
		if !one.Pinned {
			line.Tags = append(line.Tags, ui.TagProps{Text: p.T("view.tag.hidden")})
		}
		v.Views = append(v.Views, line)
	}
	status, options := formStatus(failure, layoutText)
	if n := s.takeNotice(w, r); failure == nil && len(n) == 1 && (n[0] == "view_changed" || n[0] == "view_removed") {
		options = append(options, layoutNotice(&ui.NoticeProps{Variant: ui.NoticeSuccess, Text: p.T("view.notice." + n[0])}))
	}
	s.render(w, r, status, page.Views(s.layout(r, p.T("view.title"), options...), v))
	return nil
}

// View shows one saved view to be changed.
func (s *Site) View(w http.ResponseWriter, r *http.Request) error {
	return s.view(w, r, nil, nil)
}

// ChangeView gives a saved view another name and place.
func (s *Site) ChangeView(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID(r, "view")
	if err != nil {
		return err
	}
	f, err := form(w, r)
	if err != nil {
		return err
	}
	typed := winddown.View{Name: f.Get("name"), Pinned: f.Get("pinned") != "", Home: f.Get("home") != ""}
	name := typed.Name
	if one, _, err := s.savedView(r, id); err != nil {
		return err
	} else if one.Name == "" && strings.TrimSpace(name) == viewName(i18n.From(r.Context()), one) {
		name = "" // as it came with the program, in the language of whoever reads it
	}
	err = s.app.ChangeView(r.Context(), actorOf(r.Context()), id, name, typed.Pinned, typed.Home, starterNames())
	switch {
	case err == nil:
		s.notice(w, "view_changed")
		return s.redirect(w, r, viewsHref)
	case redrawable(err):
		return s.view(w, r, &typed, err)
	}
	return err
}

// RemoveView drops a saved view.
func (s *Site) RemoveView(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID(r, "view")
	if err != nil {
		return err
	}
	if err := s.app.RemoveView(r.Context(), actorOf(r.Context()), id); err != nil {
		return err
	}
	s.notice(w, "view_removed")
	return s.redirect(w, r, viewsHref)
}

func (s *Site) savedView(r *http.Request, id winddown.ID) (winddown.View, []winddown.Member, error) {
	views, members, err := s.app.Views(r.Context(), actorOf(r.Context()))
	if err != nil {
		return winddown.View{}, nil, err
	}
	one, err := views.View(id)
	if err != nil {
		return winddown.View{}, nil, err
	}
	return *one, members, nil
}

func (s *Site) view(w http.ResponseWriter, r *http.Request, typed *winddown.View, failure error) error {
	id, err := pathID(r, "view")
	if err != nil {
		return err
	}
	one, members, err := s.savedView(r, id)
	if err != nil {
		return err
	}
	p := i18n.From(r.Context())
	m := mistakesOf(r.Context(), failure)
	v := page.ViewView{
		Back: ui.BackLinkProps{Href: viewsHref, Text: p.T("view.title")}, Title: viewName(p, one), Href: viewTarget(one, members),
		Filters: filterWords(p, queryFilter(one.Query), members), Action: viewHref(id), Name: viewName(p, one), Error: m.of("name"),
		Pinned: one.Pinned, Home: one.Home, Remove: viewHref(id) + "/remove", Errors: m.items,
	}
	if typed != nil {
		v.Name, v.Pinned, v.Home = typed.Name, typed.Pinned, typed.Home
	}
	status, options := formStatus(failure, layoutText)
	s.render(w, r, status, page.View(s.layout(r, v.Title, options...), v))
	return nil
}

func viewName(p *i18n.Printer, v winddown.View) string {
	if v.Name == "" {
		return p.T("view.starter." + v.Code)
	}
	return v.Name
}

// starterNames are the names of the views that come with the program, in every language.
func starterNames() winddown.StarterNames {
	names := winddown.StarterNames{}
	for _, v := range winddown.Starters(winddown.ID{}) {
		for _, l := range i18n.Locales() {
			names[v.Code] = append(names[v.Code], viewName(i18n.For(l), v))
		}
	}
	return names
}

// viewOfNobody reports whether a view asks for somebody who is none of the firm's people: views
// outlive both.
func viewOfNobody(v winddown.View, members []winddown.Member) bool {
	id := queryFilter(v.Query).Responsible.ID
	return !id.IsZero() && !slices.ContainsFunc(members, func(m winddown.Member) bool { return m.UserID == id })
}

// viewTarget is the register under the filters of a view, without that for somebody who is gone.
func viewTarget(v winddown.View, members []winddown.Member) string {
	f := queryFilter(v.Query)
	if viewOfNobody(v, members) {
		f.Responsible = winddown.Responsible{}
	}
	return registerHref(f)
}

// filterWords says which filters are set.
func filterWords(p *i18n.Printer, f winddown.RegisterFilter, members []winddown.Member) string {
	var words []string
	for _, c := range chips(p, f, members) {
		words = append(words, c.Text)
	}
	if len(words) == 0 {
		return p.T("view.everything")
	}
	return strings.Join(words, " · ")
}

// pinnedViews are the links above the register. That of a view for somebody who is gone leads to
// the page that says so.
func pinnedViews(p *i18n.Printer, f winddown.RegisterFilter, reg winddown.Register) []ui.NavItem {
	f.Cursor = nil
	here := registerHref(f)
	var all []ui.NavItem
	for _, v := range reg.Views {
		if !v.Pinned {
			continue
		}
		item := ui.NavItem{Label: viewName(p, v), Href: viewTarget(v, reg.Members)}
		item.Current = item.Href == here
		if viewOfNobody(v, reg.Members) {
			item.Href, item.Current = viewHref(v.ID), false
		}
		all = append(all, item)
	}
	return all
}
