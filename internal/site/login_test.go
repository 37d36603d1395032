package site_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"winddown/internal/app"
	"winddown/internal/testkit"
	"winddown/internal/winddown"
)

func credentials(email, password string) url.Values {
	return url.Values{"email": {email}, "password": {password}}
}

func registration(name, email string) url.Values {
	return url.Values{"name": {name}, "email": {email}, "password": {testkit.Password}, "consent": {"yes"}}
}

func TestSigningUpAndIn(t *testing.T) {
	s := testkit.Start(t)
	c := s.Anybody()
	c.Get("/cases").WantRedirect("/login?next=%2Fcases")
	c.PostForm("/signup", registration("Анна Петрова", "Petrova@example.ru")).WantRedirect("/")
	c.Get("/").WantRedirect("/cases")
	c.Get("/login?next=/account").WantRedirect("/account")
	c.Get("/signup").WantRedirect("/")

	c.PostForm("/logout", nil).WantRedirect("/")
	if c.Cookie(s.SessionCookie()) != "" {
		t.Error("the cookie stays after logging out")
	}
	c.Get("/account").WantRedirect("/login?next=%2Faccount")

	form := credentials("petrova@EXAMPLE.ru", testkit.Password)
	form.Set("next", "/account")
	c.PostForm("/login", form).WantRedirect("/account")
	if got := c.Get("/account").Want(http.StatusOK).Main(); !strings.Contains(got, "Petrova@example.ru") {
		t.Errorf("the account does not name its address:\n%s", got)
	}
}

// Whoever sends a form after his login session has ended reads that it was not saved, once, and is
// led back to the page of the form.
func TestAFormSentAfterTheLoginSession(t *testing.T) {
	s := testkit.Start(t)
	c := s.SignUp("Анна Петрова", "petrova")
	id := c.OpenCase("ИП Петрова", 1)
	s.Clock.Advance(winddown.SessionAbsolute)
	step := stepPath(id, winddown.ZeroFBS)
	login := "/login?next=" + url.QueryEscape(step)
	c.PostForm(step, url.Values{"done": {"yes"}, "on": {"2026-11-12"}, "version": {"1"}}).WantRedirect(login)
	page := c.Get(login).Want(http.StatusOK)
	if got := page.Main(); !strings.Contains(got, "Вы вышли, и запись не сохранена. Войдите и повторите её.") {
		t.Errorf("nothing is said of the loss:\n%s", got)
	}
	if strings.Contains(c.Get(login).Main(), "не сохранена") {
		t.Error("it is said again")
	}
	form := page.Form("/login")
	form.Set("email", c.Email)
	form.Set("password", testkit.Password)
	c.PostForm("/login", form).WantRedirect(step)

	// Who only looks, or logs out, has lost nothing.
	looks, leaves := s.Anybody(), s.Anybody()
	looks.Get(step).WantRedirect(login)
	leaves.PostForm("/logout", nil).Want(http.StatusSeeOther)
	for _, c := range []*testkit.Client{looks, leaves} {
		if got := c.Get("/login").Main(); strings.Contains(got, "не сохранена") {
			t.Errorf("a loss is told of that was none:\n%s", got)
		}
	}
}

// After signing in a person is led only to pages of this site.
func TestNextIsLocal(t *testing.T) {
	s := testkit.Start(t)
	known := s.SignUp("Анна Петрова", "petrova")
	for next, want := range map[string]string{
		"":                        "/",
		"/cases/new?x=1":          "/cases/new?x=1",
		"https://example.com/":    "/",
		"//example.com/":          "/",
		`/\example.com`:           "/",
		"/%2f%2fexample.com":      "/",
		"javascript:alert(1)":     "/",
		"/login?next=/login":      "/",
		"/logout":                 "/",
		"/cases\r\nSet-Cookie: a": "/",
	} {
		form := credentials(known.Email, testkit.Password)
		form.Set("next", next)
		s.Anybody().PostForm("/login", form).WantRedirect(want)
		known.Get("/login?next=" + url.QueryEscape(next)).WantRedirect(want)
		known.PostForm("/locale", url.Values{"locale": {"ru"}, "next": {next}})
	}
	page := s.Anybody().Get("/login?next=" + url.QueryEscape("//example.com/")).Want(http.StatusOK)
	if got := page.Form("/login").Get("next"); got != "" {
		t.Errorf("the form carries %q on", got)
	}
}

// withoutID drops what differs between any two answers.
func withoutID(p *testkit.Page, email string) string {
	body := strings.ReplaceAll(p.Body, p.Header.Get("X-Request-Id"), "")
	return strings.ReplaceAll(body, email, "")
}

func TestLoginAnswersAlikeForKnownAndUnknown(t *testing.T) {
	s := testkit.Start(t)
	known := s.SignUp("Анна Петрова", "petrova")
	right := s.Anybody().PostForm("/login", credentials(known.Email, "не тот пароль")).Want(http.StatusUnprocessableEntity)
	wrong := s.Anybody().PostForm("/login", credentials("nobody@example.ru", "не тот пароль")).Want(http.StatusUnprocessableEntity)
	if a, b := withoutID(right, known.Email), withoutID(wrong, "nobody@example.ru"); a != b {
		t.Errorf("the answers differ:\n%s\n%s", a, b)
	}
	if got := right.Form("/login"); got.Get("email") != known.Email || got.Get("password") != "" {
		t.Errorf("the form is drawn again with %v", got)
	}
	if right.Errors()["email"] == "" {
		t.Error("no mistake is named")
	}

	// The eleventh attempt within the window is refused, whether the account exists or not,
	// and even with the right password; a success before it does not count.
	s.Anybody().PostForm("/login", credentials(known.Email, testkit.Password)).WantRedirect("/")
	for range 9 {
		s.Anybody().PostForm("/login", credentials(known.Email, "не тот пароль")).Want(http.StatusUnprocessableEntity)
		s.Anybody().PostForm("/login", credentials("nobody@example.ru", "не тот пароль")).Want(http.StatusUnprocessableEntity)
	}
	right = s.Anybody().PostForm("/login", credentials(known.Email, testkit.Password)).Want(http.StatusTooManyRequests)
	wrong = s.Anybody().PostForm("/login", credentials("NOBODY@example.ru", testkit.Password)).Want(http.StatusTooManyRequests)
	if a, b := withoutID(right, known.Email), withoutID(wrong, "NOBODY@example.ru"); a != b {
		t.Errorf("the refusals differ:\n%s\n%s", a, b)
	}
	if right.Header.Get("Retry-After") == "" || right.Form("/login").Get("email") != known.Email {
		t.Error("the refusal does not say when to come back, or forgets the address")
	}
}

func TestSignUpNamesWhatIsWrong(t *testing.T) {
	s := testkit.Start(t)
	known := s.SignUp("Анна Петрова", "petrova")
	for _, test := range []struct {
		change url.Values
		fields []string
	}{
		{url.Values{"name": {" "}, "email": {""}, "password": {""}}, []string{"name", "email", "password"}},
		{url.Values{"email": {"petrova"}}, []string{"email"}},
		{url.Values{"password": {"короткий"}}, []string{"password"}},
		{url.Values{"password": {"qwertyuiop123"}}, []string{"password"}},
		{url.Values{"email": {strings.ToUpper(known.Email)}}, []string{"email"}},
	} {
		form := registration("Иван Гусев", "gusev@example.ru")
		for name, values := range test.change {
			form[name] = values
		}
		page := s.Anybody().PostForm("/signup", form).Want(http.StatusUnprocessableEntity)
		mistakes := page.Errors()
		for _, field := range test.fields {
			if mistakes[field] == "" {
				t.Errorf("%v: nothing is said of %s", test.change, field)
			}
			page.ByID(field) // the summary leads there
		}
		if len(mistakes) != len(test.fields) {
			t.Errorf("%v: mistakes %v, want of %v", test.change, mistakes, test.fields)
		}
		if page.HasForm("/locale") || !strings.Contains(page.Text(), "Язык можно сменить") {
			t.Errorf("%v: a switch of the language leads away from what was typed", test.change)
		}
		if got := page.Form("/signup"); got.Get("email") != form.Get("email") || got.Get("name") != form.Get("name") || got.Get("password") != "" {
			t.Errorf("%v: the form is drawn again with %v", test.change, got)
		}
	}
	taken := s.Anybody().PostForm("/signup", registration("Иван Гусев", known.Email)).Want(http.StatusUnprocessableEntity)
	if got := taken.Errors()["email"]; got != "Этот адрес уже зарегистрирован. Войдите." {
		t.Errorf("a taken address: %q", got)
	}
	taken.Link("Войти с этим адресом")
	// Asking for taken addresses counts like guessing passwords.
	for range 8 {
		s.Anybody().PostForm("/signup", registration("Иван Гусев", known.Email)).Want(http.StatusUnprocessableEntity)
	}
	s.Anybody().PostForm("/signup", registration("Иван Гусев", known.Email)).Want(http.StatusTooManyRequests)
}

func TestPasswordFieldsHelpManagers(t *testing.T) {
	s := testkit.Start(t)
	for path, want := range map[string]map[string]string{
		"/login":  {"email": "username", "password": "current-password"},
		"/signup": {"name": "name", "email": "username", "password": "new-password"},
	} {
		page := s.Anybody().Get(path).Want(http.StatusOK)
		for field, autocomplete := range want {
			if got := testkit.Attr(page.ByID(field), "autocomplete"); got != autocomplete {
				t.Errorf("%s: %s has autocomplete %q, want %q", path, field, got, autocomplete)
			}
		}
	}
}

// Where signing up is not open, the first person may all the same, and only the first.
func TestFirstPersonMaySignUpAnywhere(t *testing.T) {
	for _, mode := range []app.Signup{app.SignupInvite, app.SignupClosed} {
		s := testkit.Start(t, testkit.WithSignup(mode))
		const signup = "Зарегистрироваться"
		if p := s.Anybody().Get("/login"); !p.HasLink("/signup") || !strings.Contains(p.Main(), signup) {
			t.Errorf("%s: the first person is not told to sign up", mode)
		}
		const lost = "попросите новую у того, кто вас пригласил"
		if strings.Contains(s.Anybody().Get("/login").Main(), lost) {
			t.Errorf("%s: the first person is told to ask for a link", mode)
		}
		s.Anybody().Get("/signup").Want(http.StatusOK)
		s.Anybody().PostForm("/signup", registration("Анна Петрова", "petrova@example.ru")).WantRedirect("/")
		closed := s.Anybody().Get("/signup").Want(http.StatusForbidden)
		if closed.Heading() != "Регистрация закрыта" {
			t.Errorf("%s: %q", mode, closed.Heading())
		}
		// Who was invited and has lost the link reads what to do, who has it at hand signs up with it.
		if p := s.Anybody().Get("/login"); strings.Contains(p.Main(), signup) || strings.Contains(p.Main(), lost) != (mode == app.SignupInvite) {
			t.Errorf("%s: the login page says\n%s", mode, p.Main())
		}
		const invitation = "/firm/join/0123"
		if p := s.Anybody().Get("/login?next=" + url.QueryEscape(invitation)); p.HasLink(invitation) != (mode == app.SignupInvite) || strings.Contains(p.Main(), lost) {
			t.Errorf("%s: the login page of an invitation says\n%s", mode, p.Main())
		}
		s.Anybody().PostForm("/signup", registration("Иван Гусев", "gusev@example.ru")).Want(http.StatusForbidden)
		s.Anybody().PostForm("/login", credentials("gusev@example.ru", testkit.Password)).Want(http.StatusUnprocessableEntity)
	}
}

// Every cookie is for this host alone and out of reach of script; on https browsers hold it to that.
func TestCookies(t *testing.T) {
	for _, https := range []bool{false, true} {
		var options []testkit.Option
		prefix := ""
		if https {
			options, prefix = append(options, testkit.WithHTTPS()), "__Host-"
		}
		s := testkit.Start(t, options...)
		left := map[string]bool{}
		look := func(p *testkit.Page) *testkit.Page {
			t.Helper()
			for _, line := range p.Header.Values("Set-Cookie") {
				c, err := http.ParseSetCookie(line)
				if err != nil {
					t.Fatal(err)
				}
				name, prefixed := strings.CutPrefix(c.Name, prefix)
				if !prefixed || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Secure != https || c.Path != "/" || c.Domain != "" {
					t.Errorf("https %t: %s", https, line)
				}
				if strings.HasPrefix(name, "winddown_share_") {
					name = "winddown_share"
				}
				left[name] = true
			}
			return p
		}
		look(s.Anybody().PostForm("/signup", registration("Мария Иванова", "ivanova@example.ru")).WantRedirect("/"))
		anna := s.SignUp("Анна Петрова", "petrova")
		look(anna.PostForm("/locale", url.Values{"locale": {"ru"}, "next": {"/account"}}).WantRedirect("/account"))
		look(anna.PostForm("/consent", url.Values{"later": {"yes"}}).Want(http.StatusSeeOther))
		look(anna.PostForm("/account/settings", url.Values{"name": {"Анна"}, "locale": {"ru"}, "zone": {"Asia/Omsk"}}).WantRedirect("/account"))
		if p := look(anna.Get("/account")); !strings.Contains(p.Notice(), "Сохранено") {
			t.Errorf("https %t: the notice is lost", https)
		}
		share := makeShare(t, anna, anna.OpenCase("ИП Петрова", 1), url.Values{"password": {testkit.Password}})
		visitor := s.Anybody()
		look(visitor.PostForm(share, url.Values{"password": {testkit.Password}}).WantRedirect(share))
		if p := visitor.Get(share).Want(http.StatusOK); !strings.Contains(p.Body, "ИП Петрова") {
			t.Errorf("https %t: the password of the link is forgotten", https)
		}
		guard(t, s, anna)
		look(s.Anybody().PostForm("/login", credentials(anna.Email, testkit.Password)).WantRedirect("/login/second"))
		look(anna.PostForm("/logout", nil).WantRedirect("/"))
		for _, name := range strings.Fields("winddown_session winddown_browser winddown_lang winddown_consent_later winddown_notice winddown_share winddown_step") {
			if !left[name] {
				t.Errorf("https %t: no cookie %s was left", https, name)
			}
		}
	}
}

func TestFormsOfOtherSitesAreRefused(t *testing.T) {
	s := testkit.Start(t)
	page := s.Anybody().PostForm("/login", credentials("a@example.ru", "b"), "Sec-Fetch-Site", "cross-site").Want(http.StatusForbidden)
	if !strings.Contains(page.Main(), "другого сайта") {
		t.Errorf("the refusal does not say why:\n%s", page.Main())
	}
}

func TestLoggingOutEmptiesTheBrowser(t *testing.T) {
	c := testkit.Start(t).SignUp("Анна Петрова", "petrova")
	for _, path := range []string{"/cases", "/sellers", "/help", "/account", "/nowhere"} {
		if !c.Get(path).HasForm("/logout") {
			t.Errorf("%s offers no way out", path)
		}
	}
	left := c.PostForm("/logout", nil)
	left.WantRedirect("/")
	if got := left.Header.Get("Clear-Site-Data"); got != `"cache", "storage"` {
		t.Errorf("Clear-Site-Data is %s", got)
	}
}
