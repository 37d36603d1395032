package server_test

import (
	"archive/zip"
	"bytes"
	"flag"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"golang.org/x/net/html"

	"winddown/internal/testkit"
	"winddown/internal/winddown"
)

// `make test-walk` walks further than `make test`.
var walkSteps = flag.Int("walk.steps", 300, "requests of the random walk over the site")

// Every seller's name in the walk has a mark of its own, and no other text has one.
var mark = regexp.MustCompile(`zq[0-9]{3}x`)

// Twenty people of three firms send whatever they like wherever they like: addresses with the
// ids of each other's cases, forms they were shown, forms they were not. No answer names a
// case that its reader may not see, whatever became of firms and assignments on the way. What
// he may see is asked of the tables here, in SQL of the test's own.
func TestARandomWalkShowsNobodyAStrangersCase(t *testing.T) {
	s := testkit.Start(t)
	w := newWalk(t, s)
	for range *walkSteps {
		w.step()
	}
	if w.pages < *walkSteps/6 || w.named < *walkSteps/20 || w.changes < *walkSteps/50 {
		t.Errorf("of %d requests %d were answered with a page, %d named a seller and %d changed something: the walk goes nowhere",
			*walkSteps, w.pages, w.named, w.changes)
	}
	t.Logf("%d requests: %d pages, %d name a seller, %d changes, %d times signed in anew", *walkSteps, w.pages, w.named, w.changes, w.logins)
}

// walk is the state of a random walk.
type walk struct {
	t       *testing.T
	site    *testkit.Site
	db      *pgx.Conn
	rng     *rand.Rand
	people  []*testkit.Client
	forms   map[*testkit.Client][]form // of the last page
	gets    []string
	posts   []string
	bodies  map[string]string // route → the form of the table of access
	cases   []winddown.ID
	own     []winddown.ID // those the one who asks may see
	pages   int
	named   int
	changes int
	logins  int
}

// form is a form that somebody was shown: where it leads, and what its fields can say.
type form struct {
	action  string
	choices map[string][]string
}

func newWalk(t *testing.T, s *testkit.Site) *walk {
	t.Helper()
	db, err := pgx.Connect(t.Context(), s.DatabaseURL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close(t.Context()) })
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	w := &walk{t: t, site: s, db: db, rng: rand.New(rand.NewPCG(seed, 1)), forms: map[*testkit.Client][]form{}, bodies: map[string]string{}}
	for _, a := range table() {
		w.bodies[a.route] = a.form
	}
	for _, route := range routes(t) {
		switch method, path, _ := strings.Cut(route, " "); {
		case strings.HasSuffix(path, "*"), path == "/logout", path == "/gallery", path == "/account/password",
			strings.HasPrefix(path, "/password/"), strings.HasPrefix(path, "/account/confirm"): // sent letters are counted, and about nobody's case
		case method == http.MethodPost:
			w.posts = append(w.posts, route)
		default:
			w.gets = append(w.gets, route)
		}
	}
	w.populate()
	return w
}

// populate makes three firms of five people and five sellers; every firm keeps six cases,
// two of them owned by sellers, who have further cases that no firm keeps.
func (w *walk) populate() {
	n := 0
	name := func() (string, int) { n++; return fmt.Sprintf("ООО «zq%03dx»", n), n }
	add := func(by *testkit.Client) winddown.ID {
		id := by.AddSeller(name())
		w.cases = append(w.cases, id)
		return id
	}
	var accountants []*testkit.Client
	for firm := range 3 {
		admin := w.site.SignUp("Главная", fmt.Sprintf("admin%d", firm))
		admin.FoundFirm(fmt.Sprintf("Фирма %d", firm))
		w.people = append(w.people, admin)
		for i := range 4 {
			member := w.site.SignUp("Коллега", fmt.Sprintf("member%d-%d", firm, i))
			role := winddown.Accountant
			if i == 0 {
				role = winddown.Lead
			} else {
				accountants = append(accountants, member)
			}
			admin.JoinFirm(member, role)
			w.people = append(w.people, member)
			add(member)
		}
	}
	// Somebody works in two firms.
	w.people[5].JoinFirm(w.people[1], winddown.Accountant)
	for i := range 5 {
		seller := w.site.SignUp("Продавец", fmt.Sprintf("seller%d", i))
		w.people = append(w.people, seller)
		kept := seller.OpenCase(name())
		own := seller.OpenCase(name())
		w.cases = append(w.cases, kept, own)
		seller.Join(accountants[i], kept, winddown.Accountant)
		seller.Mark(own, winddown.ZeroFBS)
		href := testkit.UploadHref(kept, winddown.ZeroFBS, winddown.SlotStockZero)
		seller.PostFiles(href, "", testkit.Upload{Name: fmt.Sprintf("zq%03dx.png", n-1), Content: testkit.PNG(i + 1)}).Want(http.StatusSeeOther)
	}
}

// step sends one request and reads the answer.
func (w *walk) step() {
	c := w.people[w.rng.IntN(len(w.people))]
	seen := w.visible(c)
	w.own = slices.Collect(maps.Values(seen))
	method, path, values := w.request(c)
	var p *testkit.Page
	if method == http.MethodPost {
		p = c.PostForm(path, values)
	} else {
		p = c.Get(path)
	}
	if p.Status >= http.StatusInternalServerError {
		w.t.Fatalf("%s %s %v as %s: %d", method, path, values, c.Email, p.Status)
	}
	if strings.HasPrefix(p.Location(), "/login") {
		*c = *w.site.LogIn(c.Email, testkit.Password)
		w.logins++
		return
	}
	if method == http.MethodPost && p.Status == http.StatusSeeOther {
		w.changes++
	}
	if p.Status == http.StatusOK && method == http.MethodGet {
		w.pages++
		w.forms[c] = formsOf(p)
	}
	maps.Copy(seen, w.visible(c)) // what a form has just given or taken may be named
	if strings.HasPrefix(path, "/admin/cases") {
		maps.Copy(seen, w.lost(c, path))
	}
	shown := marks(w.t, p)
	if len(shown) > 0 {
		w.named++
	}
	for _, m := range shown {
		if _, ok := seen[m]; !ok {
			w.t.Fatalf("%s %s %v as %s names %s, which is none of his cases", method, path, values, c.Email, m)
		}
	}
}

// request chooses what to send: a form of the last page, or anything to any address.
func (w *walk) request(c *testkit.Client) (method, path string, values url.Values) {
	dice := w.rng.IntN(8)
	if forms := w.forms[c]; len(forms) > 0 && dice < 2 {
		f := forms[w.rng.IntN(len(forms))]
		filled := url.Values{}
		for _, name := range slices.Sorted(maps.Keys(f.choices)) {
			choices := f.choices[name]
			value := choices[w.rng.IntN(len(choices))]
			if value == "" {
				value = w.word()
			}
			filled.Set(name, value)
		}
		if w.rng.IntN(2) == 0 {
			filled.Add("case", w.anyCase())
		}
		return http.MethodPost, f.action, filled
	}
	routes := w.posts
	if dice > 2 {
		routes = w.gets
	}
	route := routes[w.rng.IntN(len(routes))]
	method, path, _ = strings.Cut(route, " ")
	path = placeholder.ReplaceAllStringFunc(path, func(p string) string { return w.fill(strings.Trim(p, "{}")) })
	body := placeholder.ReplaceAllStringFunc(w.bodies[route], func(p string) string { return w.fill(strings.Trim(p, "{}")) })
	values, err := url.ParseQuery(body)
	if err != nil {
		w.t.Fatal(err)
	}
	if method == http.MethodPost {
		return method, path, values
	}
	query := url.Values{}
	for range w.rng.IntN(3) {
		key := []string{"q", "act", "group", "responsible", "sort", "after", "case", "finished", "due"}[w.rng.IntN(9)]
		query.Set(key, w.word())
	}
	if len(query) > 0 {
		path += "?" + query.Encode()
	}
	return method, path, nil
}

var placeholder = regexp.MustCompile(`\{[a-z]+\}`)

// anyCase is a case: mostly one that whoever asks may see.
func (w *walk) anyCase() string {
	if len(w.own) > 0 && w.rng.IntN(3) > 0 {
		return w.own[w.rng.IntN(len(w.own))].String()
	}
	return w.cases[w.rng.IntN(len(w.cases))].String()
}

func (w *walk) person() string { return w.people[w.rng.IntN(len(w.people))].ID.String() }

// fill is a value for a part of an address.
func (w *walk) fill(name string) string {
	switch name {
	case "case":
		return w.anyCase()
	case "user", "accountant":
		return w.person()
	case "code", "step":
		codes := []winddown.Code{winddown.ZeroFBS, winddown.SellOut, winddown.RequestAct, winddown.SettleDebts}
		return string(codes[w.rng.IntN(len(codes))])
	case "kind":
		return "request"
	case "term":
		return "report"
	}
	return []string{"1", "2", w.anyCase(), w.person()}[w.rng.IntN(4)]
}

// word is something to type into a field.
func (w *walk) word() string {
	return []string{"x", "1", "2026-11-20", "zq", "none", "me", "name", "-deadline", "ready", "requested", w.anyCase(), w.person()}[w.rng.IntN(12)]
}

const sqlVisible = `select c.seller_name, c.id from cases c where
	exists (select from case_people p where p.case_id = c.id and p.user_id = $1)
	or exists (select from firm_people p where p.firm_id = c.firm_id and p.user_id = $1 and (p.role <> 'accountant' or c.responsible_id = $1))`

// visible are the marks of the cases that somebody may see now, and their ids.
func (w *walk) visible(c *testkit.Client) map[string]winddown.ID { return w.marked(sqlVisible, c.ID) }

// marked are the marks of the cases that a question of the test finds, and their ids.
func (w *walk) marked(sql string, args ...any) map[string]winddown.ID {
	rows, err := w.db.Query(w.t.Context(), sql, args...)
	if err != nil {
		w.t.Fatal(err)
	}
	seen := map[string]winddown.ID{}
	var name string
	var id winddown.ID
	if _, err := pgx.ForEachRow(rows, []any{&name, &id}, func() error {
		seen[mark.FindString(name)] = id
		return nil
	}); err != nil {
		w.t.Fatal(err)
	}
	return seen
}

const sqlLost = `select c.seller_name, c.id from cases c, users u where u.id = $1 and u.operator
	and (c.rescue_at is not null or c.rescue_objected_at > $3 or position(c.id::text in $2) > 0)`

// lost are the marks of the cases whose names an operator of the installation may read at an address: the
// one that the address says, because somebody asked him for it, and those under way to another owner.
func (w *walk) lost(c *testkit.Client, path string) map[string]winddown.ID {
	return w.marked(sqlLost, c.ID, path, w.site.Clock.Now().Add(-winddown.RescueQuiet))
}

// formsOf are the forms of a page that post something, but for the way out.
func formsOf(p *testkit.Page) []form {
	var forms []form
	for _, n := range p.All(func(n *html.Node) bool { return n.Data == "form" && testkit.Attr(n, "method") == "post" }) {
		f := form{action: testkit.Attr(n, "action"), choices: map[string][]string{}}
		if f.action == "" || f.action == "/logout" || f.action == "/account/password" {
			continue
		}
		for field := range n.Descendants() {
			name := testkit.Attr(field, "name")
			if name == "" {
				continue
			}
			switch field.Data {
			case "input", "textarea", "button":
				f.choices[name] = append(f.choices[name], testkit.Attr(field, "value"))
			case "select":
				for o := range field.Descendants() {
					if o.Data == "option" {
						f.choices[name] = append(f.choices[name], testkit.Attr(o, "value"))
					}
				}
			}
		}
		forms = append(forms, f)
	}
	return forms
}

// marks are the marks in an answer, those inside of packed files too.
func marks(t *testing.T, p *testkit.Page) []string {
	t.Helper()
	found := map[string]bool{}
	for _, m := range mark.FindAllString(p.Body, -1) {
		found[m] = true
	}
	for _, values := range p.Header {
		for _, m := range mark.FindAllString(strings.Join(values, " "), -1) {
			found[m] = true
		}
	}
	if strings.HasPrefix(p.Body, "PK") {
		archive, err := zip.NewReader(bytes.NewReader([]byte(p.Body)), int64(len(p.Body)))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range archive.File {
			part, err := f.Open()
			if err != nil {
				t.Fatal(err)
			}
			content, err := io.ReadAll(part)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range mark.FindAllString(f.Name+string(content), -1) {
				found[m] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(found))
}
