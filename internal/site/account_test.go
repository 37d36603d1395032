package site_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"winddown/internal/testkit"
	"winddown/internal/winddown"
)

// logIn signs a person in with another browser.
func logIn(t *testing.T, s *testkit.Site, email, userAgent string) *testkit.Client {
	t.Helper()
	c := s.Anybody()
	c.PostForm("/login", credentials(email, testkit.Password), "User-Agent", userAgent).WantRedirect("/")
	return c
}

const (
	yandex = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 YaBrowser/25.8.0.0 Safari/537.36"
	iphone = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1"
)

func TestLoginSessions(t *testing.T) {
	s := testkit.Start(t)
	s.SignUp("Анна Петрова", "petrova")
	desk := logIn(t, s, "petrova@example.ru", yandex)
	phone := logIn(t, s, "petrova@example.ru", iphone)

	page := desk.Get("/account").Want(http.StatusOK)
	text := page.Main()
	for _, want := range []string{"Yandex Browser, Windows", "Safari, iPhone", "curl", "этот браузер", "22 ноября 2026, 12:00 МСК"} {
		if want == "curl" {
			want = "Неизвестный браузер" // the one SignUp made has no name
		}
		if !strings.Contains(text, want) {
			t.Errorf("the list of logins lacks %q:\n%s", want, text)
		}
	}
	var revoke []string
	for _, n := range page.All(func(n *html.Node) bool {
		return n.Data == "form" && strings.HasPrefix(testkit.Attr(n, "action"), "/account/sessions/")
	}) {
		if strings.Contains(testkit.Text(n), "iPhone") {
			revoke = append(revoke, testkit.Attr(n, "action"))
		}
	}
	if len(revoke) != 1 {
		t.Fatalf("buttons that end the phone's login: %v", revoke)
	}
	desk.PostForm(revoke[0], nil).WantRedirect("/account")
	if got := desk.Get("/account").Notice(); !strings.Contains(got, "Вход завершён.") {
		t.Errorf("notice %q", got)
	}
	desk.PostForm("/account/sessions/revoke", nil).WantRedirect("/account")
	if got := desk.Get("/account").Notice(); !strings.Contains(got, "Остальные входы завершены.") {
		t.Errorf("notice %q", got)
	}
	phone.Get("/account").WantRedirect("/login?next=%2Faccount")
	desk.PostForm(revoke[0], nil).Want(http.StatusNotFound)

	// After a while it takes a proof, and guesses at the door do not stand in its way.
	for range 11 {
		s.Anybody().PostForm("/login", credentials("petrova@example.ru", "не тот пароль"))
	}
	phone = s.LogIn("petrova@example.ru", testkit.Password)
	s.Clock.Advance(winddown.ProofTerm + time.Minute)
	before := desk.Cookie(s.SessionCookie())
	for _, path := range []string{"/account/sessions/revoke", "/account/sessions/" + phone.Actor().SessionID.String() + "/revoke"} {
		if p := desk.PostForm(path, nil).Want(http.StatusForbidden); p.Heading() != "Подтвердите, что это вы" {
			t.Errorf("%s: %s", path, p.Heading())
		}
	}
	desk.PostForm("/account/sessions/revoke", url.Values{"proof_password": {testkit.Password}}).WantRedirect("/account")
	phone.Get("/account").WantRedirect("/login?next=%2Faccount")
	desk.Get("/account").Want(http.StatusOK)
	thief := s.Anybody()
	thief.SetSession(before)
	// Pressed twice, or in another tab meanwhile: nobody is signed out, and nothing else is proved.
	thief.PostForm("/account/sessions/revoke", nil).Want(http.StatusForbidden)
	twice := s.Anybody()
	twice.SetSession(before)
	twice.PostForm("/account/sessions/revoke", url.Values{"proof_password": {testkit.Password}}).WantRedirect("/account")
	s.Clock.Advance(winddown.PriorTerm)
	twice.Get("/account").Want(http.StatusOK)
	desk.Get("/account").Want(http.StatusOK)
	thief.Get("/account").WantRedirect("/login?next=%2Faccount")

	// A login in the same browser takes the place of the one before, also somebody else's.
	second := s.SignUp("Мария Орлова", "orlova")
	thief.SetSession(second.Cookie(s.SessionCookie()))
	second.PostForm("/login", credentials(second.Email, testkit.Password)).WantRedirect("/")
	second.Get("/account").Want(http.StatusOK)
	thief.Get("/account").WantRedirect("/login?next=%2Faccount")

	// Nobody ends the logins of somebody else.
	other := s.SignUp("Иван Гусев", "gusev")
	other.PostForm("/account/sessions/"+desk.Actor().SessionID.String()+"/revoke", nil).Want(http.StatusNotFound)
	desk.Get("/account").Want(http.StatusOK)
}

func TestChangingThePasswordEndsOtherLogins(t *testing.T) {
	s := testkit.Start(t)
	c := s.SignUp("Анна Петрова", "petrova")
	phone := logIn(t, s, c.Email, iphone)
	change := func(current, next string) *testkit.Page {
		return c.PostForm("/account/password", url.Values{"password": {current}, "new_password": {next}})
	}
	if got := change("не тот пароль", "новый длинный пароль").Want(http.StatusUnprocessableEntity).Errors(); got["password"] == "" || len(got) != 1 {
		t.Errorf("a wrong current password: %v", got)
	}
	if got := change(testkit.Password, "короткий").Want(http.StatusUnprocessableEntity).Errors(); got["new_password"] == "" || len(got) != 1 {
		t.Errorf("a short new password: %v", got)
	}
	phone.Get("/account").Want(http.StatusOK)

	change(testkit.Password, "новый длинный пароль").WantRedirect("/account")
	if got := c.Get("/account").Want(http.StatusOK).Notice(); !strings.Contains(got, "Пароль изменён") {
		t.Errorf("notice %q", got)
	}
	phone.Get("/account").WantRedirect("/login?next=%2Faccount")
	s.Anybody().PostForm("/login", credentials(c.Email, testkit.Password)).Want(http.StatusUnprocessableEntity)
	s.Anybody().PostForm("/login", credentials(c.Email, "новый длинный пароль")).WantRedirect("/")

	for range 9 {
		change("не тот пароль", "новый длинный пароль")
	}
	change("новый длинный пароль", "ещё один длинный пароль").Want(http.StatusTooManyRequests)
}

func TestSettings(t *testing.T) {
	s := testkit.Start(t)
	c := s.SignUp("Анна Петрова", "petrova")
	form := c.Get("/account").Form("/account/settings")
	if form.Get("name") != "Анна Петрова" || form.Get("locale") != "ru" || form.Get("zone") != "Europe/Moscow" {
		t.Fatalf("the form holds %v", form)
	}
	form.Set("zone", "Asia/Vladivostok")
	form.Set("locale", "en")
	form.Set("name", "  Анна   Сергеевна ")
	c.PostForm("/account/settings", form).WantRedirect("/account")
	page := c.Get("/account").Want(http.StatusOK)
	if page.Heading() != "Account" || page.Form("/account/settings").Get("name") != "Анна Сергеевна" || !strings.Contains(page.Main(), "19:00 MSK+7") {
		t.Errorf("the settings are not in force:\n%s", page.Main())
	}
	for field, value := range map[string]string{"name": "", "locale": "fr", "zone": "Mars/Olympus"} {
		bad := url.Values{"name": {"Анна"}, "locale": {"en"}, "zone": {"Asia/Omsk"}}
		bad.Set(field, value)
		page := c.PostForm("/account/settings", bad).Want(http.StatusUnprocessableEntity)
		if page.Errors()[field] == "" || page.Form("/account/settings").Get("name") != bad.Get("name") {
			t.Errorf("%s=%s: mistakes %v, form %v", field, value, page.Errors(), page.Form("/account/settings"))
		}
	}
}

func TestLanguage(t *testing.T) {
	s := testkit.Start(t)
	stranger := s.Anybody()
	if got := stranger.Get("/login", "Accept-Language", "en-GB,en").Heading(); got != "Log in" {
		t.Errorf("the browser's language is not heard: %q", got)
	}
	stranger.PostForm("/locale", url.Values{"locale": {"ru"}, "next": {"/login"}}).WantRedirect("/login")
	if got := stranger.Get("/login", "Accept-Language", "en").Heading(); got != "Вход" {
		t.Errorf("the chosen language does not win: %q", got)
	}
	c := s.SignUp("Анна Петрова", "petrova")
	c.PostForm("/locale", url.Values{"locale": {"en"}, "next": {"/account"}}).WantRedirect("/account")
	if got := logIn(t, s, c.Email, yandex).Get("/account").Heading(); got != "Account" {
		t.Errorf("the language is not kept with the account: %q", got)
	}
	c.PostForm("/locale", url.Values{"locale": {"fr"}, "next": {"/account"}}).Want(http.StatusUnprocessableEntity)

	// An error page that answers a form shows nothing that was typed: the switch loses nothing.
	for _, who := range []*testkit.Client{stranger, c} {
		for path, status := range map[string]int{"/nowhere": http.StatusNotFound, "/help": http.StatusMethodNotAllowed} {
			if p := who.PostForm(path, nil).Want(status); !p.HasForm("/locale") {
				t.Errorf("the page %d of %s offers no other language", status, path)
			}
		}
	}
}

func TestHomeLeadsEverybodyToWhatIsTheirs(t *testing.T) {
	s := testkit.Start(t)
	home := s.Anybody().Get("/").Want(http.StatusOK)
	if len(home.All(func(n *html.Node) bool { return testkit.Attr(n, "name") == "robots" })) != 0 {
		t.Error("the start page hides from search engines")
	}
	description := home.One("meta description", func(n *html.Node) bool { return testkit.Attr(n, "name") == "description" })
	if testkit.Attr(description, "content") == "" || !home.HasLink("/signup") || !home.HasLink("/help") {
		t.Error("the start page does not describe itself or lead on")
	}
	seller, keeper := s.SignUp("Анна Петрова", "petrova"), s.SignUp("Мария Иванова", "ivanova")
	seller.Get("/").WantRedirect("/cases")
	keeper.AddSeller("ИП Петрова А. С.", 1)
	keeper.Get("/").WantRedirect("/sellers")
	keeper.OpenCase("ООО «Своё»", 2)
	keeper.Get("/").WantRedirect("/cases")
}

func TestHelp(t *testing.T) {
	s := testkit.Start(t)
	for _, language := range []string{"ru", "en"} {
		page := s.Anybody().Get("/help", "Accept-Language", language).Want(http.StatusOK)
		contents := page.All(func(n *html.Node) bool {
			return n.Data == "a" && strings.HasPrefix(testkit.Attr(n, "href"), "#") && testkit.Attr(n, "href") != "#main"
		})
		if len(contents) != 12 {
			t.Errorf("%s: %d sections in the contents, want 12", language, len(contents))
		}
		for _, link := range contents {
			section := page.ByID(strings.TrimPrefix(testkit.Attr(link, "href"), "#"))
			if section.Data != "h2" || testkit.Text(section) != testkit.Text(link) {
				t.Errorf("%s: %q leads to %q", language, testkit.Text(link), testkit.Text(section))
			}
		}
		for _, n := range page.All(func(n *html.Node) bool { return n.Data == "a" && strings.HasPrefix(testkit.Attr(n, "href"), "https:") }) {
			if testkit.Attr(n, "rel") != "noreferrer" {
				t.Errorf("%s tells where its reader comes from", testkit.Attr(n, "href"))
			}
		}
		if len(page.All(func(n *html.Node) bool { return testkit.Attr(n, "name") == "robots" })) != 0 {
			t.Errorf("%s: the help page hides from search engines", language)
		}
	}
}

// A browser is known again after logging out, by a cookie that signs nobody in.
func TestABrowserIsKnownAgain(t *testing.T) {
	s := testkit.Start(t)
	s.SignUp("Анна Петрова", "petrova")
	c := logIn(t, s, "petrova@example.ru", yandex)
	if text := c.Get("/account").Want(http.StatusOK).Main(); strings.Count(text, "новый браузер") != 1 {
		t.Errorf("the list of logins does not tell which is new:\n%s", text)
	}
	token := c.Cookie("winddown_browser")
	c.PostForm("/logout", nil).WantRedirect("/")
	c.Get("/account").WantRedirect("/login?next=%2Faccount")
	c.PostForm("/login", credentials("petrova@example.ru", testkit.Password)).WantRedirect("/")
	if text := c.Get("/account").Want(http.StatusOK).Main(); strings.Contains(text, "новый браузер") {
		t.Errorf("the same browser is new again:\n%s", text)
	}
	if again := c.Cookie("winddown_browser"); again != token || len(token) < 40 {
		t.Errorf("the browser's cookie was %q and is %q", token, again)
	}
}
