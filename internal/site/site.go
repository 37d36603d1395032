// Package site is the HTML edge: it reads forms, calls use cases, turns what they return
// into view models and answers with pages. No SQL, no rule and no question of rights is
// decided here.
package site

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/a-h/templ"
	"github.com/go-chi/chi/v5"

	"winddown/internal/app"
	"winddown/internal/httpkit"
	"winddown/internal/i18n"
	"winddown/internal/live"
	"winddown/internal/winddown"
	"winddown/web/page"
	"winddown/web/ui"
)

// Options are what a deployment decides about its pages.
type Options struct {
	// Assets is the address under which the static files are served.
	Assets string
	// BaseURL is the scheme and host people reach the site at, without a slash at the
	// end; links that leave the site (invitations) begin with it.
	BaseURL string
	// Live tells pages of changes while they are looked at; nil for pages that are not told.
	Live *live.Hub
	// Operator is who answers for the personal data.
	Operator Operator
}

// Site serves the pages.
type Site struct {
	app    *app.App
	assets string
	base   string
	logins *attempts
	live   *live.Hub
	party  *app.RelyingParty // for passkeys; nil where there can be none

	cookies  httpkit.Cookies
	operator Operator
}

// New returns the pages over the use cases.
func New(a *app.App, o Options) *Site {
	return &Site{
		app: a, assets: strings.TrimSuffix(o.Assets, "/"), base: o.BaseURL,
		cookies: httpkit.Cookies{HTTPS: strings.HasPrefix(o.BaseURL, "https://")}, logins: newAttempts(), live: o.Live,
		operator: o.Operator, party: app.NewRelyingParty(o.BaseURL),
	}
}

// maxForm bounds a posted form, in bytes; the longest has one note and a few short fields.
const maxForm = 64 << 10

// Handler is a page or a form's target: what it returns is shown to the person by Fail.
type Handler func(w http.ResponseWriter, r *http.Request) error

// Handle turns a Handler into one for the router.
func (s *Site) Handle(h Handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if err := h(w, r); err != nil {
			s.Fail(w, r, err)
		}
	}
}

// Fail answers with an error page of the right status. Somebody signed in who lacks the
// right to do something learns no more than somebody to whom the thing is unknown.
func (s *Site) Fail(w http.ResponseWriter, r *http.Request, err error) {
	kind := winddown.KindOf(err)
	switch kind {
	case winddown.Forbidden, winddown.NotFound, winddown.TooMany, winddown.Unproved:
		httpkit.Note(r.Context(), "refused", kind.Error())
	default:
	}
	key := "error." + strings.ReplaceAll(kind.Error(), " ", "_")
	switch kind {
	case winddown.Unauthenticated:
		s.toLogin(w, r)
		return
	case winddown.Forbidden:
		if actorOf(r.Context()).SignedIn() {
			kind, key = winddown.NotFound, "error.not_found"
		}
	case winddown.Internal, winddown.Unavailable:
		httpkit.NoteError(r.Context(), err)
	case winddown.Unproved, winddown.TooMany, winddown.Invalid, winddown.NotFound, winddown.Blocked, winddown.Conflict, winddown.Gone, winddown.TooLarge:
	}
	if errors.Is(r.Context().Err(), context.Canceled) && errors.Is(err, context.Canceled) && (kind == winddown.Internal || kind == winddown.Unavailable) {
		w.WriteHeader(httpkit.StatusClientLeft) // what failed, failed because of that
		return
	}
	p := i18n.From(r.Context())
	v := page.ErrorView{
		Status: httpkit.Status(kind), Title: p.T(key + ".title"), Text: p.T(key + ".text"),
		RequestID: httpkit.RequestID(r.Context()), SignedIn: actorOf(r.Context()).SignedIn(),
	}
	var known *winddown.Error
	if errors.As(err, &known) && kind == known.Kind {
		switch {
		case known.Key == "import.error.replaced":
			v.Title, v.Text = p.T("import.replaced"), p.Message(known.Key, messageArgs(r.Context(), known.Args))
			v.Next = &ui.Link{Href: fmt.Sprint(importHref, "/", known.Args["Import"]), Text: p.T("import.replaced.link")}
		case known.Key == "error.too_long":
			v.Title, v.Text = p.T("error.too_long.title"), p.T("error.too_long.text", "Max", winddown.MaxQuery)
		case slices.Contains([]string{"error.unreadable", "error.too_large", "error.busy", "error.unsure", "error.too_often"}, known.Key):
			v.Title, v.Text = p.T(known.Key+".title"), p.T(known.Key+".text")
		case kind == winddown.Invalid && len(known.Fields) > 0: // no field stands on this page
			var said []string
			for _, m := range mistakesOf(r.Context(), err).items {
				said = append(said, strings.TrimSuffix(m.Text, "."))
			}
			v.Text = p.T("error.invalid.said", "Mistakes", strings.Join(said, "; "))
		case !strings.HasPrefix(known.Key, "error.") && p.Has(known.Key):
			v.Text = p.Message(known.Key, messageArgs(r.Context(), known.Args))
			if kind == winddown.Conflict && !strings.HasSuffix(known.Key, ".stale") {
				v.Title = p.T("error.refused.title") // nobody changed anything meanwhile
			}
		}
	}
	if kind == winddown.Unavailable {
		v.Again = s.again(w, r)
		if w.Header().Get("Retry-After") == "" {
			w.Header().Set("Retry-After", "5")
		}
	}
	if kind == winddown.NotFound && v.SignedIn {
		v.Typed = typedTexts(s.again(w, r))
	}
	if kind == winddown.TooMany && w.Header().Get("Retry-After") == "" {
		w.Header().Set("Retry-After", "30")
	}
	// The time for the work may be over; saying so takes none.
	r = r.WithContext(context.WithoutCancel(r.Context()))
	s.render(w, r, v.Status, s.errorPage(r, v))
}

// again returns a form that sends once more what could not be done, or nil where that is not for
// this page to offer: what another site sent, files, and passwords.
func (s *Site) again(w http.ResponseWriter, r *http.Request) *page.AgainView {
	if r.Method != http.MethodPost || r.Header.Get("Sec-Fetch-Site") != "same-origin" {
		return nil
	}
	values, err := form(w, r)
	if err != nil || len(values) == 0 || values.Has("password") || values.Has("new_password") || values.Has(proofField) {
		return nil
	}
	v := &page.AgainView{Action: r.URL.RequestURI()}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		for _, value := range values[name] {
			v.Fields = append(v.Fields, page.AgainField{Name: name, Value: value})
		}
	}
	return v
}

// typedTexts are the words of a form that leads nowhere any more, because its seller was given to somebody else, for
// example: whoever typed them can copy them. They are told back to everybody alike, so that nobody learns from
// them what is there.
func typedTexts(in *page.AgainView) []string {
	if in == nil {
		return nil
	}
	var texts []string
	for _, f := range in.Fields {
		words := strings.ContainsFunc(f.Value, func(r rune) bool { return r == ' ' || r > unicode.MaxASCII })
		if words && f.Name != "found" || f.Name == "ticket" && f.Value != "" { // what was found are ids
			texts = append(texts, f.Value)
		}
	}
	return texts
}

// CrossOrigin answers a form that another site sent.
func (s *Site) CrossOrigin(w http.ResponseWriter, r *http.Request) {
	p := i18n.From(r.Context())
	v := page.ErrorView{
		Status: http.StatusForbidden, Title: p.T("error.forbidden.title"), Text: p.T("error.forbidden.cross_origin"),
		RequestID: httpkit.RequestID(r.Context()),
	}
	s.render(w, r, v.Status, s.errorPage(r, v))
}

// NotFound answers for an address without a route, and MethodNotAllowed for one that
// takes other methods.
func (s *Site) NotFound(w http.ResponseWriter, r *http.Request) {
	s.Fail(w, r, &winddown.Error{Kind: winddown.NotFound, Key: "error.not_found"})
}

// MethodNotAllowed answers a method the address does not take. Whoever opens the address of a form, from
// the history of his browser or because he had to log in anew, is led to the page it stands on.
func (s *Site) MethodNotAllowed(w http.ResponseWriter, r *http.Request) {
	if to := pageAbove(r); r.Method == http.MethodGet && to != "" {
		_ = s.redirect(w, r, to)
		return
	}
	if rc := chi.RouteContext(r.Context()); rc != nil && rc.Routes != nil {
		for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPost} {
			get := method
			if method == http.MethodHead {
				get = http.MethodGet
			}
			if rc.Routes.Match(chi.NewRouteContext(), get, r.URL.Path) {
				w.Header().Add("Allow", method)
			}
		}
	}
	p := i18n.From(r.Context())
	v := page.ErrorView{
		Status: http.StatusMethodNotAllowed, Title: p.T("error.method.title"), Text: p.T("error.method.text"),
		RequestID: httpkit.RequestID(r.Context()), SignedIn: actorOf(r.Context()).SignedIn(),
	}
	s.render(w, r, v.Status, s.errorPage(r, v))
}

// errorPage shows nothing that was typed, so that the language can be switched on it; what can be sent
// once more would be lost.
func (s *Site) errorPage(r *http.Request, v page.ErrorView) templ.Component {
	l := s.layout(r, v.Title, layoutNarrow)
	if v.Again == nil {
		l.OneLanguage = ""
	}
	return page.Error(l, v)
}

func (s *Site) render(w http.ResponseWriter, r *http.Request, status int, c templ.Component) {
	w.Header().Add("Vary", "HX-Request")
	httpkit.Render(w, r, status, c)
}

// layoutOption adjusts what surrounds a page.
type layoutOption func(*ui.LayoutView)

func layoutNarrow(v *ui.LayoutView) { v.Width = ui.PageNarrow }

func layoutText(v *ui.LayoutView) { v.Width = ui.PageText }

func layoutLandscape(v *ui.LayoutView) { v.Landscape = true }

// layoutPublic lets search engines keep the page.
func layoutPublic(v *ui.LayoutView) { v.NoIndex = false }

// layoutInvalid marks a form redrawn with mistakes.
func layoutInvalid(v *ui.LayoutView) { v.Invalid = true }

// layoutNotice shows the result of what was just done.
func layoutNotice(n *ui.NoticeProps) layoutOption {
	return func(v *ui.LayoutView) { v.Notice = n }
}

// layout returns what surrounds a page with this title: the navigation of whoever asks,
// or the main element alone for htmx.
func (s *Site) layout(r *http.Request, title string, options ...layoutOption) ui.LayoutView {
	p := i18n.From(r.Context())
	v := ui.LayoutView{
		Fragment: r.Header.Get("HX-Request") == "true",
		Title:    title + " — " + p.T("common.brand"),
		Assets:   s.assets,
		NoIndex:  true,
		Path:     pathOf(r),
	}
	item := func(label, path string) ui.NavItem {
		return ui.NavItem{Label: label, Href: path, Current: r.URL.Path == path, Within: strings.HasPrefix(r.URL.Path, path+"/")}
	}
	if r.Method == http.MethodPost { // the switch would lead away from what was typed
		v.OneLanguage = p.T("common.language.later")
	}
	if actor := actorOf(r.Context()); actor.SignedIn() {
		v.Nav = []ui.NavItem{
			item(p.T("common.nav.cases"), "/cases"),
			item(p.T("common.nav.sellers"), "/sellers"),
		}
		if !actor.FirmID.IsZero() {
			v.Nav = append(v.Nav, item(p.T("common.nav.deadlines"), duesPath))
			firm := item(p.T("common.nav.firm"), "/firm")
			if actor.Firms > 1 {
				firm.Label = actor.FirmName
			}
			v.Nav = append(v.Nav, firm)
		}
		if !actor.EraseAt.IsZero() {
			v.Pending = append(v.Pending, ui.PendingProps{
				Text: p.T("leave.pending", "Date", p.Date(actor.EraseAt.In(winddown.Zone(actor.Zone)))), Action: "/account/keep", Button: p.T("leave.keep"),
			})
		}
		account := item(actor.Name, "/account")
		v.User = &account
	} else {
		v.Nav = []ui.NavItem{
			item(p.T("common.nav.login"), "/login"),
			item(p.T("common.nav.signup"), "/signup"),
		}
	}
	for _, o := range options {
		o(&v)
	}
	return v
}

// pathOf is the address a switch of the language leads back to. Whoever is answered on a form
// is led to the page of the same route, or to the nearest one above it that is a page: what
// the address of a form alone would show may be another page, or none.
func pathOf(r *http.Request) string {
	if r.Method == http.MethodGet {
		return httpkit.LocalPath(r.URL.RequestURI())
	}
	rc := chi.RouteContext(r.Context())
	if rc == nil || rc.Routes == nil {
		return ""
	}
	for path, pattern := r.URL.Path, rc.RoutePattern(); path != ""; path, pattern = above(path), above(pattern) {
		if rc.Routes.Find(chi.NewRouteContext(), http.MethodGet, path) == pattern {
			return httpkit.LocalPath(path)
		}
	}
	return ""
}

// pageAbove is the nearest page above an address, empty for none.
func pageAbove(r *http.Request) string {
	rc := chi.RouteContext(r.Context())
	if rc == nil || rc.Routes == nil {
		return ""
	}
	for path := above(r.URL.Path); path != ""; path = above(path) {
		if rc.Routes.Match(chi.NewRouteContext(), http.MethodGet, path) {
			return httpkit.LocalPath(path)
		}
	}
	return ""
}

// above is an address without its last part.
func above(path string) string { return path[:max(strings.LastIndexByte(path, '/'), 0)] }

// redirect answers a successful POST.
func (s *Site) redirect(w http.ResponseWriter, r *http.Request, to string) error {
	http.Redirect(w, r, to, http.StatusSeeOther) //nolint:gosec // to is a path of ours; what people may name passes nextPath
	return nil
}

// notice leaves a result for the page the redirect leads to: a code and its parameters.
func (s *Site) notice(w http.ResponseWriter, parts ...string) {
	httpkit.SetNotice(w, s.cookies, strings.Join(parts, "."))
}

// takeNotice returns the parts of the notice left for this page, or nothing.
func (s *Site) takeNotice(w http.ResponseWriter, r *http.Request) []string {
	if isRefresh(r) {
		return nil
	}
	return noticeParts(httpkit.TakeNotice(w, r, s.cookies))
}

// peekNotice is takeNotice for a page that reads what the notice speaks of first: it leaves the notice.
func (s *Site) peekNotice(r *http.Request) []string {
	if isRefresh(r) {
		return nil
	}
	return noticeParts(httpkit.PeekNotice(r, s.cookies))
}

func noticeParts(n string) []string {
	if n == "" {
		return nil
	}
	return strings.Split(n, ".")
}

// form reads a posted form.
func form(w http.ResponseWriter, r *http.Request) (url.Values, error) {
	return httpkit.DecodeForm(w, r, maxForm)
}

// pathID reads an id from the path; anything else is NotFound.
func pathID(r *http.Request, name string) (winddown.ID, error) {
	return winddown.ParseID(chi.URLParam(r, name))
}

// addressNumber reads the number of a thing as our own addresses write it; anything else is
// NotFound.
func addressNumber(text string) (int, error) {
	n, ok := plainNumber(text)
	if !ok {
		return 0, &winddown.Error{Kind: winddown.NotFound, Key: "error.not_found"}
	}
	return n, nil
}

// plainNumber reads a positive number as our own pages write it: digits that do not begin
// with zero.
func plainNumber(text string) (int, bool) {
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > math.MaxInt32 || strconv.Itoa(n) != text {
		return 0, false
	}
	return n, true
}

// mistakes are the errors of a form, by field and in order.
type mistakes struct {
	items  []ui.ErrorItem
	fields map[string]string
}

// of returns the sentence for a field, or nothing.
func (m mistakes) of(field string) string { return m.fields[field] }

// mistakesOf turns an error into what a redrawn form shows. Every kind is shown as a
// sentence; Invalid says which field.
func mistakesOf(ctx context.Context, err error) mistakes {
	m := mistakes{fields: map[string]string{}}
	var known *winddown.Error
	if !errors.As(err, &known) {
		return m
	}
	p := i18n.From(ctx)
	for _, f := range known.Fields {
		text := p.Message(f.Key, messageArgs(ctx, f.Args))
		if m.fields[f.Field] == "" {
			m.fields[f.Field] = text
			m.items = append(m.items, ui.ErrorItem{Field: f.Field, Text: text})
		}
	}
	if len(known.Fields) == 0 && known.Key != "" {
		text := known.Key
		if p.Has(text) {
			text = p.Message(text, messageArgs(ctx, known.Args))
		} else {
			text = p.T(text + ".text")
		}
		m.items = append(m.items, ui.ErrorItem{Text: text})
	}
	return m
}

// messageArgs turns the domain's values into what a catalog prints: codes of steps and of
// slots into their names.
func messageArgs(ctx context.Context, args winddown.Args) map[string]any {
	out := map[string]any{}
	for k, v := range args {
		switch v := v.(type) {
		case winddown.Code:
			out[k] = i18n.From(ctx).T("step." + string(v) + ".name")
		case winddown.TextPart:
			out[k] = i18n.From(ctx).T("card." + string(v))
		case winddown.SlotCode:
			out[k] = slotName(i18n.From(ctx), v)
		default:
			out[k] = v
		}
	}
	return out
}

// redrawable reports whether an error is shown on the form itself, with what was typed.
func redrawable(err error) bool {
	switch winddown.KindOf(err) {
	case winddown.Invalid, winddown.Conflict, winddown.Blocked:
		return true
	case winddown.Internal, winddown.Unauthenticated, winddown.Unproved, winddown.Forbidden, winddown.NotFound, winddown.Gone,
		winddown.TooLarge, winddown.TooMany, winddown.Unavailable:
	}
	return false
}
