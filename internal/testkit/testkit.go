// Package testkit runs the whole site on a real database for tests: people who are
// signed in, the cases they have, and questions to the pages they get.
package testkit

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"golang.org/x/crypto/argon2"
	"golang.org/x/net/html"

	"winddown/internal/app"
	"winddown/internal/files"
	"winddown/internal/httpkit"
	"winddown/internal/keyring"
	"winddown/internal/live"
	"winddown/internal/postgres"
	"winddown/internal/server"
	"winddown/internal/site"
	"winddown/internal/testdb"
	"winddown/internal/winddown"
	"winddown/web/static"
)

// Noon is where a test's clock stands at first: Sunday, 22 November 2026, 12:00 in Moscow.
func Noon() time.Time { return time.Date(2026, time.November, 22, 9, 0, 0, 0, time.UTC) }

// Clock is a clock that a test sets. It is safe for concurrent use.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// Now returns the time on the clock.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Set puts the clock to an instant.
func (c *Clock) Set(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = t
}

// Advance moves the clock on.
func (c *Clock) Advance(d time.Duration) { c.Set(c.Now().Add(d)) }

// Site is the running program.
type Site struct {
	App         *app.App
	DB          *postgres.DB
	DatabaseURL string
	URL         string // scheme and host
	Clock       *Clock
	FilesDir    string    // where the bytes of the evidence lie
	Hub         *live.Hub // with WithLive

	t      testing.TB
	server *httptest.Server
}

// Option adjusts the site under test.
type Option func(*config)

type config struct {
	signup app.Signup
	https  bool
	named  bool
	mail   bool
	dev    bool
	tracer pgx.QueryTracer
	log    io.Writer
	quota  int64
	disk   func(io.Writer) io.Writer
	live   bool
	beside *Site
	months int
}

// WithLive tells pages of changes while they are looked at.
func WithLive() Option { return func(c *config) { c.live = true } }

// Beside runs another process of the same site, over the same database, clock and files.
func Beside(s *Site) Option { return func(c *config) { c.beside, c.live = s, true } }

// WithSignup sets who may sign up.
func WithSignup(s app.Signup) Option { return func(c *config) { c.signup = s } }

// WithHTTPS serves the site over https.
func WithHTTPS() Option { return func(c *config) { c.https = true } }

// WithName serves the site at localhost, where browsers know passkeys, and not at a number.
func WithName() Option { return func(c *config) { c.named = true } }

// WithMail is a site that sends letters, or would if workers ran.
func WithMail() Option { return func(c *config) { c.mail = true } }

// WithDev serves the gallery of components too.
func WithDev() Option { return func(c *config) { c.dev = true } }

// WithQuota sets how many bytes of evidence a case may have.
func WithQuota(bytes int64) Option { return func(c *config) { c.quota = bytes } }

// WithRetention erases finished cases so many months after their last change.
func WithRetention(months int) Option { return func(c *config) { c.months = months } }

// WithDisk comes between the site and the files it writes.
func WithDisk(disk func(io.Writer) io.Writer) Option { return func(c *config) { c.disk = disk } }

// WithTracer watches the queries of the pool.
func WithTracer(t pgx.QueryTracer) Option { return func(c *config) { c.tracer = t } }

// WithLog writes the log of requests to w; it goes nowhere otherwise.
func WithLog(w io.Writer) Option { return func(c *config) { c.log = w } }

// Start runs the site on a fresh database until the test ends.
func Start(t testing.TB, options ...Option) *Site {
	t.Helper()
	c := config{log: io.Discard}
	for _, o := range options {
		o(&c)
	}
	clock := &Clock{now: Noon()}
	var databaseURL, dir string
	if c.beside != nil {
		databaseURL, clock, dir = c.beside.DatabaseURL, c.beside.Clock, c.beside.FilesDir
	} else {
		databaseURL, dir = testdb.New(t), t.TempDir()
	}
	db, err := postgres.Open(t.Context(), testdb.Through(t, postgres.Options{URL: databaseURL, Tracer: c.tracer, Hints: c.live}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	assets, err := assets()
	if err != nil {
		t.Fatal(err)
	}
	store, err := files.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	store.Through = c.disk
	a := app.New(db, app.Options{Signup: c.signup, Now: clock.Now, Files: store, Quota: c.quota, Mail: c.mail, Keys: keys(), Retention: c.months})

	s := &Site{App: a, FilesDir: dir, DB: db, DatabaseURL: databaseURL, Clock: clock, t: t}
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.URL = "http://" + listener.Addr().String()
	if c.https {
		s.URL = "https://" + listener.Addr().String()
	}
	if c.named {
		s.URL = strings.Replace(s.URL, "127.0.0.1", "localhost", 1)
	}
	log := slog.New(slog.NewJSONHandler(c.log, nil))
	if c.live {
		s.Hub = live.NewHub(log)
	}
	handler := server.New(server.Options{
		Site:   site.New(a, site.Options{Assets: strings.TrimSuffix(assets.URL(""), "/"), BaseURL: s.URL, Live: s.Hub}),
		Assets: assets, Log: log, HTTPS: c.https, Dev: c.dev,
		Ready: func(r *http.Request) error { return a.Ready(r.Context()) },
		// Under the race detector, with other packages beside, a page may take its time.
		Deadline: 20 * time.Second,
	})
	s.server = httptest.NewUnstartedServer(handler)
	_ = s.server.Listener.Close()
	s.server.Listener = listener
	if c.https {
		s.server.StartTLS()
	} else {
		s.server.Start()
	}
	t.Cleanup(s.server.Close)
	if c.live {
		s.hear()
	}
	// Compressing is tested in httpkit and by every browser; here it would cost more than
	// the pages do.
	s.server.Client().Transport.(*http.Transport).DisableCompression = true
	return s
}

// keys are the same for every site, so that several processes open what one has sealed.
var keys = sync.OnceValue(func() *keyring.Ring {
	ring, err := keyring.Parse(keyring.NewKey())
	if err != nil {
		panic(err)
	}
	return ring
})

// assets are the same for every site, and slow to compress.
var assets = sync.OnceValues(func() (*httpkit.Assets, error) { return httpkit.NewAssets(static.FS) })

// Password is the password of everybody that SignUp makes.
const Password = "сухой лист под ногой"

// Client is a browser without script. Redirects are not followed: a test sees them.
type Client struct {
	Name  string
	Email string
	ID    winddown.ID

	t    testing.TB
	site *Site
	http *http.Client
}

// Anybody returns a browser in which nobody is signed in.
func (s *Site) Anybody() *Client {
	s.t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		s.t.Fatal(err)
	}
	return &Client{t: s.t, site: s, http: &http.Client{
		Jar: jar, Transport: s.server.Client().Transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

func newID(t testing.TB) winddown.ID {
	t.Helper()
	id, err := uuid.NewV7()
	if err != nil {
		t.Fatal(err)
	}
	return winddown.ID(id)
}

// passwordHash is the hash of Password, made once: hashing is slow on purpose.
var passwordHash = sync.OnceValue(func() string {
	salt := []byte("the same for all")
	key := argon2.IDKey([]byte(Password), salt, 1, 64, 1, 32)
	return fmt.Sprintf("$argon2id$v=19$m=64,t=1,p=1$%s$%s", base64.RawStdEncoding.EncodeToString(salt), base64.RawStdEncoding.EncodeToString(key))
})

// SignUp opens an account, without the cost of a real password hash, and returns its
// person's browser. The address is made of the
// given word, which must be new and of Latin letters.
func (s *Site) SignUp(name, word string) *Client {
	s.t.Helper()
	c := s.Anybody()
	c.Name, c.Email = name, word+"@example.ru"
	id, session, token := newID(s.t), newID(s.t), rand.Text()
	hash := sha256.Sum256([]byte(token))
	err := s.DB.InTx(s.t.Context(), winddown.Actor{UserID: id}, s.Clock.Now(), func(tx *postgres.Tx) ([]winddown.Event, error) {
		tx.InsertUser(winddown.User{ID: id, Email: c.Email, Name: name, Locale: "ru", Zone: winddown.DefaultZone}, passwordHash())
		tx.InsertSession(postgres.NewSession{ID: session, UserID: id, TokenHash: hash[:]})
		return []winddown.Event{{Stream: winddown.Stream{Kind: winddown.UserStream, ID: id}, Kind: winddown.UserRegistered}}, nil
	})
	if err != nil {
		s.t.Fatalf("sign up %s: %v", word, err)
	}
	c.SetSession(token)
	c.ID = c.Actor().UserID
	return c
}

// LogIn returns the browser of somebody who has an account already.
func (s *Site) LogIn(email, password string) *Client {
	s.t.Helper()
	c := s.Anybody()
	token, _, err := s.App.LogIn(s.t.Context(), email, password, app.Browser{})
	if err != nil {
		s.t.Fatalf("log in %s: %v", email, err)
	}
	c.SetSession(token)
	actor := c.Actor()
	c.Name, c.Email, c.ID = actor.Name, actor.Email, actor.UserID
	return c
}

// SessionCookie is the name of the cookie that holds the session.
func (s *Site) SessionCookie() string {
	if strings.HasPrefix(s.URL, "https:") {
		return "__Host-winddown_session"
	}
	return "winddown_session"
}

func (c *Client) root() *url.URL {
	u, err := url.Parse(c.site.URL + "/")
	if err != nil {
		c.t.Fatal(err)
	}
	return u
}

// SetSession puts a session's token into the browser.
func (c *Client) SetSession(token string) {
	c.http.Jar.SetCookies(c.root(), []*http.Cookie{{Name: c.site.SessionCookie(), Value: token, Path: "/",
		Secure: c.root().Scheme == "https"}})
}

// Cookie returns the value of a cookie the browser keeps, or nothing.
func (c *Client) Cookie(name string) string {
	for _, k := range c.http.Jar.Cookies(c.root()) {
		if k.Name == name {
			return k.Value
		}
	}
	return ""
}

// Actor is the person as the use cases know him.
func (c *Client) Actor() winddown.Actor {
	c.t.Helper()
	a, err := c.site.App.Actor(c.t.Context(), c.Cookie(c.site.SessionCookie()))
	if err != nil {
		c.t.Fatalf("%s is not signed in: %v", c.Name, err)
	}
	return a
}

// Get asks for a page. Headers are name, value pairs.
func (c *Client) Get(path string, headers ...string) *Page {
	c.t.Helper()
	return c.do(http.MethodGet, path, nil, headers)
}

// PostForm sends a form.
func (c *Client) PostForm(path string, form url.Values, headers ...string) *Page {
	c.t.Helper()
	return c.do(http.MethodPost, path, strings.NewReader(form.Encode()),
		append([]string{"Content-Type", "application/x-www-form-urlencoded"}, headers...))
}

// missingMessage is what a page shows in place of a message the catalog lacks.
var missingMessage = regexp.MustCompile(`\[[a-z0-9_]+(\.[a-z0-9_]+)+\]`)

func (c *Client) do(method, path string, body io.Reader, headers []string) *Page {
	c.t.Helper()
	r, err := http.NewRequestWithContext(context.Background(), method, c.site.URL+path, body)
	if err != nil {
		c.t.Fatal(err)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	answer, err := c.http.Do(r)
	if err != nil {
		c.t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	raw, err := io.ReadAll(answer.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	p := &Page{Status: answer.StatusCode, Header: answer.Header, Body: string(raw), Path: path, t: c.t}
	if p.Root, err = html.Parse(strings.NewReader(p.Body)); err != nil {
		c.t.Fatal(err)
	}
	if key := missingMessage.FindString(p.Body); key != "" {
		c.t.Errorf("%s %s shows the missing message %s", method, path, key)
	}
	return p
}

// Page is an answer.
type Page struct {
	Status int
	Header http.Header
	Body   string
	Path   string     // what was asked for
	Root   *html.Node // the document

	t testing.TB
}

// Want fails the test unless the answer has this status, and returns the page.
func (p *Page) Want(status int) *Page {
	p.t.Helper()
	if p.Status != status {
		p.t.Fatalf("%s: status %d, want %d\n%s", p.Path, p.Status, status, p.Text())
	}
	return p
}

// WantRedirect fails the test unless the answer is a 303 to the path.
func (p *Page) WantRedirect(to string) *Page {
	p.t.Helper()
	p.Want(http.StatusSeeOther)
	if p.Location() != to {
		p.t.Fatalf("%s leads to %s, want %s", p.Path, p.Location(), to)
	}
	return p
}

// Location is where a redirect leads.
func (p *Page) Location() string { return p.Header.Get("Location") }

// All returns the elements for which match is true, in order.
func (p *Page) All(match func(*html.Node) bool) []*html.Node {
	var found []*html.Node
	for n := range p.Root.Descendants() {
		if n.Type == html.ElementNode && match(n) {
			found = append(found, n)
		}
	}
	return found
}

// One returns the only element for which match is true, and fails the test if there is
// none or more than one; what says in words what was looked for.
func (p *Page) One(what string, match func(*html.Node) bool) *html.Node {
	p.t.Helper()
	found := p.All(match)
	if len(found) != 1 {
		p.t.Fatalf("%s has %d of %s, want one\n%s", p.Path, len(found), what, p.Text())
	}
	return found[0]
}

// ByTestID returns the only element with this data-testid.
func (p *Page) ByTestID(id string) *html.Node {
	p.t.Helper()
	return p.One("data-testid="+id, func(n *html.Node) bool { return Attr(n, "data-testid") == id })
}

// HasTestID reports whether any element has this data-testid.
func (p *Page) HasTestID(id string) bool {
	return len(p.All(func(n *html.Node) bool { return Attr(n, "data-testid") == id })) > 0
}

// WithTestID returns the elements whose data-testid begins with prefix, in order.
func (p *Page) WithTestID(prefix string) []*html.Node {
	return p.All(func(n *html.Node) bool { return strings.HasPrefix(Attr(n, "data-testid"), prefix) })
}

// Sellers returns the rows of the register, in order.
func (p *Page) Sellers() []*html.Node {
	return p.All(func(n *html.Node) bool { return n.Data == "tr" && SellerOf(n) != "" })
}

// Seller returns the only row of the register that leads to this case.
func (p *Page) Seller(id string) *html.Node {
	p.t.Helper()
	return p.One("the row of "+id, func(n *html.Node) bool { return n.Data == "tr" && SellerOf(n) == id })
}

// SellerOf returns the id of the case a row of the register leads to; empty for any other row.
func SellerOf(row *html.Node) string {
	for n := range row.Descendants() {
		if id, found := strings.CutPrefix(Attr(n, "href"), "/sellers/"); found && n.Data == "a" {
			return id
		}
	}
	return ""
}

// ByID returns the only element with this id.
func (p *Page) ByID(id string) *html.Node {
	p.t.Helper()
	return p.One("id="+id, func(n *html.Node) bool { return Attr(n, "id") == id })
}

// Link returns the address of the only link with this text.
func (p *Page) Link(text string) string {
	p.t.Helper()
	return Attr(p.One("the link «"+text+"»", func(n *html.Node) bool { return n.Data == "a" && Text(n) == text }), "href")
}

// HasLink reports whether a link leads to the address.
func (p *Page) HasLink(href string) bool {
	return len(p.All(func(n *html.Node) bool { return n.Data == "a" && Attr(n, "href") == href })) > 0
}

// Form returns what a browser would send of the only form with this action, untouched.
func (p *Page) Form(action string) url.Values {
	p.t.Helper()
	form := p.One("the form to "+action, func(n *html.Node) bool { return n.Data == "form" && Attr(n, "action") == action })
	values := url.Values{}
	for n := range form.Descendants() {
		name := Attr(n, "name")
		if n.Type != html.ElementNode || name == "" {
			continue
		}
		switch n.Data {
		case "input":
			kind := Attr(n, "type")
			if (kind == "radio" || kind == "checkbox") && !HasAttr(n, "checked") {
				continue
			}
			values.Add(name, Attr(n, "value"))
		case "textarea":
			values.Add(name, strings.TrimPrefix(raw(n), "\n"))
		case "select":
			for o := range n.Descendants() {
				if o.Data == "option" && HasAttr(o, "selected") {
					values.Add(name, Attr(o, "value"))
				}
			}
		}
	}
	return values
}

// HasForm reports whether a form has the action.
func (p *Page) HasForm(action string) bool {
	return len(p.All(func(n *html.Node) bool { return n.Data == "form" && Attr(n, "action") == action })) > 0
}

// Heading is the text of the only h1.
func (p *Page) Heading() string {
	p.t.Helper()
	return Text(p.One("h1", func(n *html.Node) bool { return n.Data == "h1" }))
}

// Title is the title of the document.
func (p *Page) Title() string {
	p.t.Helper()
	return Text(p.One("title", func(n *html.Node) bool { return n.Data == "title" && n.Parent.Data == "head" }))
}

// Main is the text of the main element.
func (p *Page) Main() string {
	p.t.Helper()
	return Text(p.One("main", func(n *html.Node) bool { return n.Data == "main" }))
}

// Text is all text of the page.
func (p *Page) Text() string { return Text(p.Root) }

// Notice is the text of the notice that says what was just done, or nothing.
func (p *Page) Notice() string {
	for _, n := range p.All(func(n *html.Node) bool { return Attr(n, "role") == "status" }) {
		return Text(n)
	}
	return ""
}

// Errors returns what the summary of a form's mistakes lists: sentences by the id their
// link leads to, which is empty for a sentence without a link.
func (p *Page) Errors() map[string]string {
	errors := map[string]string{}
	for _, n := range p.All(func(n *html.Node) bool {
		return n.Data == "li" && n.Parent.Parent != nil && Attr(n.Parent.Parent, "class") == "error-summary"
	}) {
		field := ""
		for a := range n.Descendants() {
			if a.Data == "a" {
				field = strings.TrimPrefix(Attr(a, "href"), "#")
			}
		}
		errors[field] = Text(n)
	}
	return errors
}

// Attr returns the value of an attribute, or nothing.
func Attr(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

// HasAttr reports whether an element has an attribute, with or without a value.
func HasAttr(n *html.Node, name string) bool {
	for _, a := range n.Attr {
		if a.Key == name {
			return true
		}
	}
	return false
}

// Text returns the text in an element with single spaces; scripts, styles and templates
// have none.
func Text(n *html.Node) string { return strings.Join(strings.Fields(raw(n)), " ") }

func raw(n *html.Node) string {
	switch {
	case n.Type == html.TextNode:
		return n.Data
	case n.Type == html.ElementNode && (n.Data == "script" || n.Data == "style" || n.Data == "template"):
		return ""
	}
	var b strings.Builder
	for child := range n.ChildNodes() {
		b.WriteString(raw(child))
	}
	return b.String()
}
