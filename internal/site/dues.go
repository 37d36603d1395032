package site

import (
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"winddown/internal/i18n"
	"winddown/internal/winddown"
	"winddown/web/page"
)

const duesPath = "/deadlines"

// Dues shows the deadlines of all sellers whose books the actor keeps. Its address is its
// whole state.
func (s *Site) Dues(w http.ResponseWriter, r *http.Request) error {
	p, actor := i18n.From(r.Context()), actorOf(r.Context())
	f, err := readDuesFilter(r.URL.Query())
	if err != nil {
		if !errors.Is(err, winddown.Invalid) {
			return err
		}
		m := mistakesOf(r.Context(), err)
		for i, item := range m.items {
			if item.Field != "due" { // no field of this form
				m.items[i].Field = ""
			}
		}
		v := page.DuesView{Errors: m.items, Failed: true, ResetHref: duesPath}
		status, options := formStatus(err)
		s.render(w, r, status, page.Dues(s.layout(r, p.T("dues.title"), options...), v))
		return nil
	}
	found, err := s.app.Dues(r.Context(), actor, f)
	if err != nil {
		return err
	}
	v := duesView(p, actor, f, found, found.Practice.Days(s.app.Calendar()), winddown.Today(s.app.Now(), actor.Zone))
	s.render(w, r, http.StatusOK, page.Dues(s.layout(r, p.T("dues.title")), v))
	return nil
}

func readDuesFilter(q url.Values) (winddown.DuesFilter, error) {
	f, err := winddown.ParseDuesFilter(q["due"], q.Get("responsible"), q.Get("from"), q.Get("to"))
	if after := q.Get("after"); err == nil && after != "" {
		cursor, ok := decodeDue(after)
		if !ok {
			return f, &winddown.Error{Kind: winddown.Invalid, Key: "error.invalid",
				Fields: []winddown.FieldError{{Field: "after", Key: "register.error.after"}}}
		}
		f.After = &cursor
	}
	return f, err
}

// A place in the list as the address carries it: its keys with dots between them.
func encodeDue(c winddown.DuesCursor) string {
	return strings.Join([]string{
		c.On.String(), base64.RawURLEncoding.EncodeToString(c.Name), c.Case.String(), string(c.Kind), strconv.Itoa(c.Number), strconv.Itoa(c.Act),
	}, ".")
}

func decodeDue(text string) (c winddown.DuesCursor, ok bool) {
	parts := strings.Split(text, ".")
	if len(parts) != 6 {
		return c, false
	}
	if c.On, ok = winddown.ParseDate(parts[0]); !ok {
		return c, false
	}
	var err error
	if c.Name, err = base64.RawURLEncoding.Strict().DecodeString(parts[1]); err != nil || len(c.Name) > winddown.MaxNameKey {
		return c, false
	}
	if c.Case, err = winddown.ParseID(parts[2]); err != nil {
		return c, false
	}
	c.Kind = winddown.DueKind(parts[3])
	c.Number, _ = plainNumber(parts[4])
	c.Act, _ = plainNumber(parts[5])
	return c, encodeDue(c) == text
}

// duesHref is the address of the list under a filter.
func duesHref(f winddown.DuesFilter) string {
	q := url.Values{}
	for _, d := range f.Due {
		q.Add("due", string(d))
	}
	if who := f.Responsible.String(); who != "" {
		q.Set("responsible", who)
	}
	if !f.From.IsZero() {
		q.Set("from", f.From.String())
	}
	if !f.To.IsZero() {
		q.Set("to", f.To.String())
	}
	if f.After != nil {
		q.Set("after", encodeDue(*f.After))
	}
	if len(q) == 0 {
		return duesPath
	}
	return duesPath + "?" + q.Encode()
}
