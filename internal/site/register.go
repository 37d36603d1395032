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
	"winddown/web/ui"
)

// Register shows the sellers whose books the actor keeps. Its address is its whole state.
func (s *Site) Register(w http.ResponseWriter, r *http.Request) error {
	typed := r.URL.Query()
	f, err := readRegisterFilter(typed)
	if err != nil {
		if !errors.Is(err, winddown.Invalid) {
			return err
		}
		return s.registerFailed(w, r, f, typed.Get("q"), err)
	}
	return s.showRegister(w, r, f, bulkForm{}, nil)
}

// showRegister shows the register under a filter, again after a choice of sellers that could
// not be read.
func (s *Site) showRegister(w http.ResponseWriter, r *http.Request, f winddown.RegisterFilter, chosen bulkForm, failure error) error {
	p, actor, asked := i18n.From(r.Context()), actorOf(r.Context()), s.app.Now()
	var skipped []winddown.ID
	for _, one := range decodeSkipped(s.peekNotice(r)) {
		skipped = append(skipped, one.ID)
	}
	reg, err := s.app.Register(r.Context(), actor, f, skipped...)
	if err != nil && winddown.KindOf(err) == winddown.NotFound && !f.Responsible.ID.IsZero() {
		return s.registerOfNobody(w, r, f)
	}
	if err != nil {
		return err
	}
	if len(reg.Rows) == 0 && f.Cursor != nil && reg.Matching() > 0 { // the rows have moved since
		f.Cursor = nil
		return s.redirect(w, r, registerHref(f))
	}
	m := mistakesOf(r.Context(), failure)
	status, options := formStatus(failure, layoutLandscape)
	if failure == nil && !actor.FirmID.IsZero() {
		options = append(options, s.layoutLive("/sellers", asked.Unix()))
	}
	if n := s.takeNotice(w, r); failure == nil && len(n) > 0 {
		notice := ui.NoticeProps{Variant: ui.NoticeSuccess}
		switch n[0] {
		case "view_saved":
			notice.Text = p.T("view.notice.view_saved")
		case noticeNobody:
			notice.Variant, notice.Text = ui.NoticeWarning, p.T("view.notice.responsible_gone")
		default:
			if notice.Text, chosen.cases = bulkNotice(p, n); len(n) > 1 && n[1] == "0" {
				notice.Variant = ui.NoticeInfo
			}
			notice.Items = skippedItems(p, n, reg.Called)
		}
		if notice.Text != "" {
			options = append(options, layoutNotice(&notice))
		}
	}
	v := registerView(p, actor, f, reg, chosen, m, s.app.Now())
	v.Errors = m.items
	s.render(w, r, status, page.Register(s.layout(r, p.T("register.title"), options...), v))
	return nil
}

// registerOfNobody says that the person an address names is none of the firm's people, as it
// says of every person who is not. The rest of the address can be kept.
func (s *Site) registerOfNobody(w http.ResponseWriter, r *http.Request, f winddown.RegisterFilter) error {
	p := i18n.From(r.Context())
	rest := f
	rest.Responsible, rest.Cursor = winddown.Responsible{}, nil
	v := page.RegisterView{
		Filters: filtersView(p, rest, nil, nil), Failed: true, ResetHref: registerHref(rest),
		Errors: []ui.ErrorItem{{Text: p.T("register.error.responsible_gone")}},
	}
	s.render(w, r, http.StatusNotFound, page.Register(s.layout(r, p.T("register.title"), layoutInvalid), v))
	return nil
}

// registerFailed draws the filters again when the address holds what none of them knows.
func (s *Site) registerFailed(w http.ResponseWriter, r *http.Request, f winddown.RegisterFilter, query string, failure error) error {
	p := i18n.From(r.Context())
	f.Query = query
	m := mistakesOf(r.Context(), failure)
	for i, item := range m.items {
		if item.Field == "sort" || item.Field == "after" || item.Field == "responsible" { // no field of this form
			m.items[i].Field = ""
		}
	}
	v := page.RegisterView{Filters: filtersView(p, f, nil, m.fields), Failed: true, Errors: m.items, ResetHref: "/sellers"}
	status, options := formStatus(failure)
	s.render(w, r, status, page.Register(s.layout(r, p.T("register.title"), options...), v))
	return nil
}

// readRegisterFilter reads the register's address. What it cannot read is Invalid; the
// filter holds the rest.
func readRegisterFilter(q url.Values) (winddown.RegisterFilter, error) {
	f, err := winddown.ParseRegisterFilter(winddown.RawRegisterFilter{
		Query: q.Get("q"), Acts: q["act"], Groups: q["group"], Due: q["due"], Responsible: q.Get("responsible"), Finished: q.Get("finished"),
		Archive: q.Get("archive"), Similar: q.Get("similar"), Sort: q.Get("sort"),
	})
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
	if who := f.Responsible.String(); who != "" {
		q.Set("responsible", who)
	}
	// To ask for the finished group is to ask for finished cases.
	if f.Finished && !slices.Contains(f.Groups, winddown.GroupFinished) {
		q.Set("finished", "yes")
	}
	if f.Archive {
		q.Set("archive", "yes")
	}
	if f.Similar && f.Query != "" {
		q.Set("similar", "yes")
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
