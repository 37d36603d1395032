package site_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/html"

	"winddown/internal/testkit"
	"winddown/internal/winddown"
)

// logbook keeps what is logged.
type logbook struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logbook) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logbook) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// makeShare fills the form of a new link in and returns the path of the link.
func makeShare(t *testing.T, c *testkit.Client, id winddown.ID, form url.Values) string {
	t.Helper()
	page := "/cases/" + id.String() + "/share"
	if form.Get("whom") == "" {
		form.Set("whom", "Аудитор")
	}
	if form.Get("days") == "" {
		form.Set("days", "30")
	}
	c.PostForm(page, form).WantRedirect(page)
	address := testkit.Attr(c.Get(page).Want(http.StatusOK).ByID("invite-link"), "value")
	if c.Get(page).HasTestID("invite-link") {
		t.Error("the address of a link is shown a second time")
	}
	u, err := url.Parse(address)
	if err != nil || !strings.HasPrefix(u.Path, "/share/") {
		t.Fatalf("the link is %q", address)
	}
	return u.Path
}

// A link shows exactly what its switches say: words planted in every corner of a case appear
// on its page under their switch and nowhere else, and files are served under theirs alone.
func TestALinkShowsWhatItsSwitchesSay(t *testing.T) {
	s := testkit.Start(t)
	owner, helper, accountant := s.SignUp("Метка-Владелец", "owner"), s.SignUp("Метка-Помощник", "helper"), s.SignUp("Метка-Бухгалтер", "accountant")
	id := owner.OpenCase("ИП Видимая", 1)
	owner.Join(helper, id, winddown.Helper)
	owner.Join(accountant, id, winddown.Accountant)
	ctx, app := t.Context(), s.App
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	today := winddown.Today(s.Clock.Now(), winddown.DefaultZone)
	file := func(name string) testkit.Upload { return testkit.Upload{Name: name, Content: testkit.PNG(1)} }
	zero := testkit.UploadHref(id, winddown.ZeroFBS, winddown.SlotStockZero)
	owner.PostFiles(zero, "метка-о-файле", file("метка-файл.png")).Want(http.StatusSeeOther)
	owner.PostFiles(zero, "", file("убранный.png")).Want(http.StatusSeeOther)
	must(app.RemoveEvidence(ctx, owner.Actor(), id, winddown.RemoveEvidence{Number: 2, Reason: "метка-убрано"}))
	_, err := app.MarkDone(ctx, helper.Actor(), id, winddown.MarkDone{Step: winddown.ZeroFBS, Version: owner.Version(id, winddown.ZeroFBS), On: today, Note: "метка-заметка"})
	must(err)
	must(app.AcceptStep(ctx, accountant.Actor(), id, winddown.Review{Step: winddown.ZeroFBS, Version: owner.Version(id, winddown.ZeroFBS)}))
	must(app.Ask(ctx, accountant.Actor(), id, winddown.ZeroFBS, "метка-вопрос"))
	must(app.Answer(ctx, owner.Actor(), id, 1, "метка-ответ"))
	must(app.AddDeadline(ctx, owner.Actor(), id, winddown.AddDeadline{Kind: winddown.DuePickUp, What: "метка-партия", From: today.AddDays(-6)}))
	owner.Mark(id, winddown.SellOut, winddown.ReturnStock, winddown.CollectReturns, winddown.RequestAct, winddown.ReceiveAct)
	act := owner.Case(id).Case.Acts[0]
	must(app.CompareAct(ctx, owner.Actor(), id, winddown.CompareAct{Act: 1, Version: act.Version, On: today, Difference: "-7654,21", Objections: "метка-возражение"}))
	must(app.AddDebts(ctx, owner.Actor(), id, []winddown.NewDebt{{ID: winddown.ID{3}, Side: winddown.ToWB, What: "метка-долг", Amount: 765421, On: today}}))
	must(app.SendBack(ctx, accountant.Actor(), id, winddown.Review{Step: winddown.SellOut, Version: owner.Version(id, winddown.SellOut), Reason: "метка-возврат"}))

	// What stands on the page under which switch; "" never.
	markers := map[string]string{
		"метка-файл.png": "files", "метка-о-файле": "files+comments", "убранный.png": "", "метка-убрано": "",
		"Метка-Владелец": "people+", "Метка-Помощник": "people", "Метка-Бухгалтер": "people", "Отмечено": "people", "Принято": "people",
		"метка-заметка": "comments", "метка-вопрос": "comments", "метка-ответ": "comments", "Нет снимка": "comments",
		"метка-возражение": "comments", "метка-возврат": "comments", "метка-партия": "", "метка-долг": "", "7654,21": "", "7 654,21": "",
		"ИП Видимая": "always", testkit.INN(1): "always", "Возвращён на доработку": "always", "Расходится": "always", "Акт сверки": "always",
	}
	visitor := s.Anybody()
	for n := range 8 {
		on := map[string]bool{"files": n&1 != 0, "people": n&2 != 0, "comments": n&4 != 0}
		form := url.Values{}
		for name, is := range on {
			if is {
				form.Add("shows", name)
			}
		}
		path := makeShare(t, owner, id, form)
		for _, who := range []*testkit.Client{visitor, owner, accountant} { // whoever looks sees the same
			p := who.Get(path).Want(http.StatusOK)
			for marker, under := range markers {
				want := under == "always"
				switch under {
				case "files+comments":
					want = on["files"] && on["comments"]
				case "people+": // the owner marked steps that are done
					want = on["people"]
				case "files", "people", "comments":
					want = on[under]
				}
				if got := strings.Contains(strings.ReplaceAll(p.Body, "\u00a0", " "), marker); got != want {
					t.Errorf("switches %v: %q on the page: %v, want %v", on, marker, got, want)
				}
			}
			if links := p.All(func(n *html.Node) bool {
				href := testkit.Attr(n, "href")
				return n.Data == "a" && !slices.Contains([]string{"#main", "/", "/help", "/privacy"}, href) && !strings.HasPrefix(href, path+"/files/")
			}); len(links) > 0 {
				t.Errorf("the page leads on to %s", testkit.Attr(links[0], "href"))
			}
		}
		file := visitor.Get(path + "/files/1")
		if want := map[bool]int{true: 200, false: 404}[on["files"]]; file.Status != want {
			t.Errorf("switches %v: the file answers %d, want %d", on, file.Status, want)
		}
		if at := file.Header.Get("Last-Modified"); at != "" {
			t.Errorf("switches %v: the file tells when it was attached: %s", on, at)
		}
		for _, other := range []string{"2", "3", "99", "0", "x"} { // removed, a reason, none
			visitor.Get(path + "/files/" + other).Want(http.StatusNotFound)
		}
	}

	// Nothing else opens with a link, and its file not with another case's.
	path := makeShare(t, owner, owner.OpenCase("ИП Другая", 2), url.Values{"shows": {"files", "people", "comments"}})
	visitor.Get(path + "/files/1").Want(http.StatusNotFound)
	if p := visitor.Get(path).Want(http.StatusOK); strings.Contains(p.Body, "ИП Видимая") {
		t.Error("a link shows another case")
	}
}

// A link is over at the next request after its revocation and after its term; what it says
// about itself keeps it from spreading.
func TestALinkIsOver(t *testing.T) {
	var log logbook
	s := testkit.Start(t, testkit.WithLog(&log))
	owner, visitor := s.SignUp("Петрова", "owner"), s.Anybody()
	id := owner.OpenCase("ИП Петрова", 1)
	zero := testkit.UploadHref(id, winddown.ZeroFBS, winddown.SlotStockZero)
	owner.PostFiles(zero, "", testkit.Upload{Name: "а.png", Content: testkit.PNG(1)}).Want(http.StatusSeeOther)
	page := "/cases/" + id.String() + "/share"
	form := func(days string) url.Values { return url.Values{"shows": {"files"}, "days": {days}} }
	path, short := makeShare(t, owner, id, form("30")), makeShare(t, owner, id, form("1"))

	for _, address := range []string{path, path + "/files/1"} { // that of its maker is no opening
		owner.Get(address).Want(http.StatusOK)
	}
	if p := owner.Get(page); strings.Contains(p.Text(), "Открывали") {
		t.Errorf("the owner's own look counts:\n%s", p.Text())
	}
	for _, address := range []string{path, path + "/files/1"} {
		p := visitor.Get(address).Want(http.StatusOK)
		for name, want := range map[string]string{"Referrer-Policy": "no-referrer", "Cache-Control": "no-store", "X-Robots-Tag": "noindex"} {
			if got := p.Header.Get(name); got != want {
				t.Errorf("%s says %s: %q, want %q", address, name, got, want)
			}
		}
	}
	if p := owner.Get(page); len(p.WithTestID("share-active")) != 2 || !strings.Contains(p.Text(), "Открывали 1 раз") {
		t.Errorf("the owner does not see the opening:\n%s", p.Text())
	}
	revoke := testkit.Attr(owner.Get(page).All(func(n *html.Node) bool { return strings.HasSuffix(testkit.Attr(n, "action"), "/revoke") })[1], "action")
	logHref := strings.TrimSuffix(revoke, "/revoke")
	if p := owner.Get(logHref).Want(http.StatusOK); !strings.Contains(p.Text(), "22 ноября 2026, 12:00 МСК") || strings.Contains(p.Body, "127.0.0.1") {
		t.Errorf("the log of the link:\n%s", p.Text())
	}
	owner.PostForm(revoke, nil).WantRedirect(page)
	s.Clock.Advance(24 * time.Hour)
	for _, address := range []string{path, path + "/files/1", short, short + "/files/1"} {
		p := visitor.Get(address).Want(http.StatusGone)
		if !strings.Contains(p.Text(), "Ссылка больше не действует") || strings.Contains(p.Body, "ИП Петрова") {
			t.Errorf("%s says\n%s", address, p.Text())
		}
	}
	if p := owner.Get(page); len(p.WithTestID("share-revoked")) != 1 || len(p.WithTestID("share-expired")) != 1 {
		t.Errorf("the states of the links:\n%s", p.Text())
	}
	// One that ended with its maker's right says so, and not that somebody took it back.
	book := s.SignUp("Ким", "kim")
	led := book.AddSeller("ООО «Маяк»", 2)
	makeShare(t, book, led, form("30"))
	book.Join(owner, led, winddown.Owner)
	if p := owner.Get("/cases/" + led.String() + "/share"); len(p.WithTestID("share-lost")) != 1 || !strings.Contains(p.Text(), "больше нет права открывать этот уход другим") ||
		strings.Contains(p.Main(), "Отозвана") {
		t.Errorf("the link that ended with the owner's arrival:\n%s", p.Text())
	}
	for _, address := range []string{"/share/unknown", "/share/unknown/files/1", "/share/" + strings.Repeat("A", 43)} {
		visitor.Get(address).Want(http.StatusNotFound)
	}
	visitor.PostForm("/share/unknown", url.Values{"password": {"x"}}).Want(http.StatusNotFound)

	for _, p := range []string{path, short} {
		if token := strings.TrimPrefix(p, "/share/"); len(token) < 40 || strings.Contains(log.String(), token) {
			t.Errorf("the log holds the token %q, or it is none", token)
		}
	}
	if !strings.Contains(log.String(), "/share/{token}/files/{number}") {
		t.Error("the log does not name the route")
	}
}

// A password is asked for before anything is shown, is remembered for its link alone, and
// cannot be guessed on and on.
func TestALinkWithAPassword(t *testing.T) {
	var log logbook
	s := testkit.Start(t, testkit.WithLog(&log))
	owner, visitor, guesser := s.SignUp("Петрова", "owner"), s.Anybody(), s.Anybody()
	id := owner.OpenCase("ИП Петрова", 1)
	zero := testkit.UploadHref(id, winddown.ZeroFBS, winddown.SlotStockZero)
	owner.PostFiles(zero, "", testkit.Upload{Name: "а.png", Content: testkit.PNG(1)}).Want(http.StatusSeeOther)
	const password = "зимний сад у дома"
	form := func() url.Values { return url.Values{"shows": {"files"}, "password": {password}} }
	path, other := makeShare(t, owner, id, form()), makeShare(t, owner, id, form())

	for _, p := range []*testkit.Page{visitor.Get(path).Want(http.StatusOK), owner.Get(path).Want(http.StatusOK)} {
		if strings.Contains(p.Body, "ИП Петрова") {
			t.Error("the page of the password shows the seller")
		}
	}
	visitor.Get(path + "/files/1").WantRedirect(path)
	wrong := visitor.PostForm(path, url.Values{"password": {"не тот пароль"}}).Want(http.StatusUnprocessableEntity)
	if !strings.Contains(wrong.Text(), "Пароль не подходит") || wrong.Header.Get("Set-Cookie") != "" {
		t.Errorf("a wrong password: %s\n%s", wrong.Header.Get("Set-Cookie"), wrong.Text())
	}
	// Under the page's referrer policy browsers may say nothing better than this of its form.
	right := visitor.PostForm(path, url.Values{"password": {password}}, "Origin", "null").WantRedirect(path)
	cookie := right.Header.Get("Set-Cookie")
	for _, want := range []string{"HttpOnly", "SameSite=Lax"} {
		if !strings.Contains(cookie, want) {
			t.Errorf("the cookie lacks %s", want)
		}
	}
	if p := visitor.Get(path).Want(http.StatusOK); !strings.Contains(p.Body, "ИП Петрова") {
		t.Error("the password opens nothing")
	}
	visitor.Get(path + "/files/1").Want(http.StatusOK)
	name := func(path string) string {
		sum := sha256.Sum256([]byte(strings.TrimPrefix(path, "/share/")))
		return "winddown_share_" + hex.EncodeToString(sum[:8]) + "="
	}
	key, _, _ := strings.Cut(strings.TrimPrefix(cookie, name(path)), ";")
	if p := guesser.Get(other, "Cookie", name(other)+key).Want(http.StatusOK); strings.Contains(p.Body, "ИП Петрова") {
		t.Error("the cookie of one link opens another")
	}
	if p := guesser.Get(path, "Cookie", name(path)+key).Want(http.StatusOK); !strings.Contains(p.Body, "ИП Петрова") {
		t.Error("the cookie does not open its link")
	}

	for n := range 20 {
		p := guesser.PostForm(other, url.Values{"password": {strings.Repeat("x", 300)}}) // longer than any: costs no hash
		if p.Status == http.StatusTooManyRequests {
			if n < 5 {
				t.Errorf("only %d attempts are allowed", n)
			}
			guesser.PostForm(other, url.Values{"password": {password}}).Want(http.StatusTooManyRequests)
			for _, secret := range []string{password, key, strings.TrimPrefix(path, "/share/"), strings.TrimPrefix(other, "/share/")} {
				if strings.Contains(log.String(), secret) {
					t.Error("the log holds a secret")
				}
			}
			return
		}
		p.Want(http.StatusUnprocessableEntity)
	}
	t.Error("twenty guesses of a password were taken")
}

// A form with mistakes keeps what was typed, but for the password.
func TestMistakesInANewLink(t *testing.T) {
	s := testkit.Start(t)
	owner, helper := s.SignUp("Петрова", "owner"), s.SignUp("Иванова", "helper")
	id := owner.OpenCase("ИП Петрова", 1)
	owner.Join(helper, id, winddown.Helper)
	page := "/cases/" + id.String() + "/share"
	p := owner.PostForm(page, url.Values{"whom": {"Аудит Плюс"}, "days": {"200"}, "shows": {"people", "nonsense"}, "password": {"кот"}}).Want(http.StatusUnprocessableEntity)
	if testkit.Attr(p.ByID("whom"), "value") != "Аудит Плюс" || testkit.Attr(p.ByID("days"), "value") != "200" || testkit.Attr(p.ByID("password"), "value") != "" {
		t.Error("what was typed is lost, or the password is not")
	}
	checked := p.All(func(n *html.Node) bool {
		return testkit.Attr(n, "name") == "shows" && slices.ContainsFunc(n.Attr, func(a html.Attribute) bool { return a.Key == "checked" })
	})
	if len(checked) != 1 || testkit.Attr(checked[0], "value") != "people" {
		t.Errorf("%d switches are on, want that of people", len(checked))
	}
	if !strings.Contains(p.Text(), "от 1 до 180") || !strings.Contains(p.Text(), "8") {
		t.Errorf("the page does not say what is wrong:\n%s", p.Text())
	}
	if !owner.Get("/cases/" + id.String() + "/people").HasLink(page) {
		t.Error("the page of the people does not lead to the links")
	}
	if helper.Get("/cases/" + id.String() + "/people").HasLink(page) {
		t.Error("a helper is led to the links")
	}
}

// Behind a link the language is the browser's, and its switch leads back to the page.
func TestLanguageOfALink(t *testing.T) {
	s := testkit.Start(t)
	owner := s.SignUp("Петрова", "owner")
	path := makeShare(t, owner, owner.OpenCase("ИП Петрова", 1), url.Values{})
	visitor := s.Anybody()
	if p := visitor.Get(path); !p.HasForm(path) {
		t.Error("the switch of the language does not lead back")
	}
	visitor.PostForm(path, url.Values{"locale": {"en"}}, "Origin", "null").WantRedirect(path)
	if p := visitor.Get(path); !strings.Contains(p.Text(), "You are looking through a link") {
		t.Errorf("the page is not in English:\n%s", p.Text())
	}
	visitor.PostForm(path, url.Values{"locale": {"xx"}}).Want(http.StatusUnprocessableEntity)
}
