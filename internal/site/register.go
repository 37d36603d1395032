package site

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"winddown/internal/i18n"
	"winddown/internal/winddown"
	"winddown/web/page"
)

// Register shows the sellers whose books the actor keeps. Its address is its whole state.
func (s *Site) Register(w http.ResponseWriter, r *http.Request) error {
	p := i18n.From(r.Context())
	typed := r.URL.Query()
	f, err := readRegisterFilter(typed)
	if err != nil {
		if !errors.Is(err, winddown.Invalid) {
			return err
		}
		return s.registerFailed(w, r, f, typed.Get("q"), err)
	}
	reg, err := s.app.Register(r.Context(), actorOf(r.Context()), f)
	if err != nil {
		return err
	}
	if len(reg.Rows) == 0 && f.Cursor != nil && reg.Matching() > 0 { // the rows have moved since
		f.Cursor = nil
		return s.redirect(w, r, registerHref(f))
	}
	v := registerView(p, f, reg, s.app.Now())
	s.render(w, r, http.StatusOK, page.Register(s.layout(r, p.T("register.title"), layoutLandscape), v))
	return nil
}

// registerFailed draws the filters again when the address holds what none of them knows.
func (s *Site) registerFailed(w http.ResponseWriter, r *http.Request, f winddown.RegisterFilter, query string, failure error) error {
	p := i18n.From(r.Context())
	f.Query = query
	m := mistakesOf(r.Context(), failure)
	for i, item := range m.items {
		if item.Field == "sort" || item.Field == "after" { // no field of the form
			m.items[i].Field = ""
		}
	}
	v := page.RegisterView{Filters: filtersView(p, f, m.fields), Failed: true, Errors: m.items, ResetHref: "/sellers"}
	status, options := formStatus(failure)
	s.render(w, r, status, page.Register(s.layout(r, p.T("register.title"), options...), v))
	return nil
}

// readRegisterFilter reads the register's address. What it cannot read is Invalid; the
// filter holds the rest.
func readRegisterFilter(q url.Values) (winddown.RegisterFilter, error) {
	f, err := winddown.ParseRegisterFilter(q.Get("q"), q["act"], q["group"], q["due"], q.Get("finished"), q.Get("sort"))
	if after := q.Get("after"); err == nil && after != "" {
		cursor, ok := decodeCursor(after, f.Sort)
		if !ok {
			return f, &winddown.Error{Kind: winddown.Invalid, Key: "error.invalid",
				Fields: []winddown.FieldError{{Field: "after", Key: "register.error.after"}}}
		}
		f.Cursor = &cursor
	}
	return f, err
}

// exportHref is the address of all rows of the register under a filter as a file.
func exportHref(f winddown.RegisterFilter, format string) string {
	f.Cursor = nil
	return "/sellers." + format + strings.TrimPrefix(registerHref(f), "/sellers")
}

// registerHref is the address of the register under a filter.
func registerHref(f winddown.RegisterFilter) string {
	q := url.Values{}
	if f.Query != "" {
		q.Set("q", f.Query)
	}
	for _, a := range f.Acts {
		q.Add("act", string(a))
	}
	for _, g := range f.Groups {
		q.Add("group", string(g))
	}
	for _, d := range f.Due {
		q.Add("due", string(d))
	}
	// To ask for the finished group is to ask for finished cases.
	if f.Finished && !slices.Contains(f.Groups, winddown.GroupFinished) {
		q.Set("finished", "yes")
	}
	if f.Sort != "" && f.Sort != winddown.SortDeadline {
		q.Set("sort", string(f.Sort))
	}
	if f.Cursor != nil {
		q.Set("after", encodeCursor(*f.Cursor, f.Sort))
	}
	if len(q) == 0 {
		return "/sellers"
	}
	return "/sellers?" + q.Encode()
}
