package site_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"winddown/internal/app"
	"winddown/internal/testkit"
	"winddown/internal/winddown"
)

// link makes an invitation on the people page and returns the path of its link.
func link(t *testing.T, s *testkit.Site, c *testkit.Client, id winddown.ID, role string) string {
	t.Helper()
	people := "/cases/" + id.String() + "/people"
	c.PostForm(people, url.Values{"role": {role}}).WantRedirect(people)
	address := testkit.Attr(c.Get(people).Want(http.StatusOK).ByID("invite-link"), "value")
	path, ok := strings.CutPrefix(address, s.URL)
	if !ok || !strings.HasPrefix(path, "/invites/") {
		t.Fatalf("the link is %q", address)
	}
	return path
}

// revokeForms are the actions of the buttons that take invitations back.
func revokeForms(p *testkit.Page) []string {
	var actions []string
	for _, n := range p.All(func(n *html.Node) bool {
		return n.Data == "form" && strings.HasSuffix(testkit.Attr(n, "action"), "/revoke")
	}) {
		actions = append(actions, testkit.Attr(n, "action"))
	}
	return actions
}

func TestInvitedAccountantSignsUp(t *testing.T) {
	s := testkit.Start(t)
	owner := s.SignUp("Анна Петрова", "petrova")
	id := owner.OpenCase("ИП Петрова А. С.", 1)
	people := "/cases/" + id.String() + "/people"
	path := link(t, s, owner, id, "accountant")
	again := owner.Get(people)
	if len(again.All(func(n *html.Node) bool { return testkit.Attr(n, "id") == "invite-link" })) != 0 {
		t.Error("the link is shown a second time")
	}
	if !strings.Contains(again.Main(), "Приглашение для бухгалтера") {
		t.Errorf("the open invitation is not listed:\n%s", again.Main())
	}

	guest := s.Anybody()
	page := guest.Get(path).Want(http.StatusOK)
	for _, want := range []string{"ИП Петрова А. С.", "Анна Петрова", "бухгалтером"} {
		if !strings.Contains(page.Main(), want) {
			t.Errorf("the invitation does not say %q:\n%s", want, page.Main())
		}
	}
	if got := page.Header.Get("Referrer-Policy"); got != "strict-origin" {
		t.Errorf("Referrer-Policy %q: the token may leave with links", got)
	}
	guest.PostForm(path, registration("Мария Иванова", "ivanova")).Want(http.StatusUnprocessableEntity) // no address
	guest.PostForm(path, registration("Мария Иванова", "ivanova@example.ru")).WantRedirect("/sellers/" + id.String())
	seller := guest.Get("/sellers/" + id.String()).Want(http.StatusOK)
	if seller.Heading() != "ИП Петрова А. С." || !strings.Contains(seller.Notice(), "Приглашение принято") {
		t.Errorf("%q, notice %q", seller.Heading(), seller.Notice())
	}

	// The link works once, for anybody; it leads whoever has used it to the case.
	guest.Get(path).WantRedirect("/sellers/" + id.String())
	gone := s.SignUp("Кто-то ещё", "else").Get(path).Want(http.StatusGone)
	if gone.Heading() != "Ссылка больше не действует" {
		t.Errorf("a used link: %q", gone.Heading())
	}
	guest.PostForm(path, nil).WantRedirect(path) // pressed twice
	guest.Get(path).WantRedirect("/sellers/" + id.String())
	stranger := s.Anybody()
	stranger.PostForm(path, registration("Кто-то", "other@example.ru")).WantRedirect(path)
	if gone := stranger.Get(path).Want(http.StatusGone); gone.Heading() != "Ссылка больше не действует" {
		t.Errorf("a used link: %q", gone.Heading())
	}
	s.Anybody().Get("/invites/" + strings.Repeat("A", 43)).Want(http.StatusNotFound)
	// A case has one accountant.
	refused := owner.PostForm(people, url.Values{"role": {"accountant"}}).Want(http.StatusConflict)
	if refused.Errors()[""] == "" {
		t.Error("the refusal has no sentence")
	}
	for _, role := range []string{"owner", "chief", ""} {
		if got := owner.PostForm(people, url.Values{"role": {role}}).Want(http.StatusUnprocessableEntity).Errors(); got["role"] == "" {
			t.Errorf("role %q: mistakes %v", role, got)
		}
	}
}

func TestInvitedHelperWithAnAccount(t *testing.T) {
	s := testkit.Start(t)
	owner, helper := s.SignUp("Анна Петрова", "petrova"), s.SignUp("Иван Гусев", "gusev")
	id := owner.OpenCase("ИП Петрова А. С.", 1)
	path := link(t, s, owner, id, "helper")
	if !s.Anybody().Get(path).HasLink("/login?next=" + url.QueryEscape(path)) {
		t.Error("the invitation does not lead to signing in and back")
	}
	if login := s.Anybody().Get("/login?next=" + url.QueryEscape(path)); !login.HasLink(path) {
		t.Error("whoever signs up by way of the login loses the invitation")
	}
	for _, at := range []string{path, "/login?next=" + url.QueryEscape(path)} {
		page := s.Anybody().Get(at)
		if page.HasLink("/login") || page.HasLink("/signup") || !page.HasLink("/login?next="+url.QueryEscape(path)) || !page.HasLink(path+"#signup") {
			t.Errorf("the bar of %s loses the invitation", at)
		}
	}
	if got := helper.Get(path).Want(http.StatusOK); !strings.Contains(got.Main(), helper.Email) || got.HasLink("/signup") {
		t.Errorf("the invitation does not say who accepts it:\n%s", got.Main())
	}
	// Its own maker cannot use it, and it stays good.
	if got := owner.PostForm(path, nil).Want(http.StatusConflict); len(got.Errors()) != 0 || !strings.Contains(got.Main(), "Эту ссылку сделали вы") {
		t.Errorf("the owner's own link: %q\n%s", got.Errors(), got.Main())
	}
	helper.PostForm(path, nil).WantRedirect("/cases/" + id.String())
	if got := helper.Get("/cases/" + id.String()).Want(http.StatusOK).Notice(); !strings.Contains(got, "Приглашение принято") {
		t.Errorf("notice %q", got)
	}
	if got := helper.Get("/cases/" + id.String() + "/people").Want(http.StatusOK); got.HasForm("/cases/" + id.String() + "/people") {
		t.Error("a helper is offered to invite")
	}
	helper.PostForm("/cases/"+id.String()+"/people", url.Values{"role": {"helper"}}).Want(http.StatusNotFound)
	helper.Get(path).WantRedirect("/cases/" + id.String())
	owner.Get(path).Want(http.StatusGone)
	second := link(t, s, owner, id, "accountant")
	helper.PostForm(second, nil).Want(http.StatusConflict)
}

func TestInvitationExpiresAndIsRevoked(t *testing.T) {
	s := testkit.Start(t)
	owner, guest := s.SignUp("Анна Петрова", "petrova"), s.SignUp("Мария Иванова", "ivanova")
	id := owner.OpenCase("ИП Петрова А. С.", 1)
	people := "/cases/" + id.String() + "/people"
	path := link(t, s, owner, id, "helper")
	s.Clock.Advance(14*24*time.Hour - time.Second)
	guest.Get(path).Want(http.StatusOK)
	s.Clock.Advance(time.Second)
	guest.Get(path).Want(http.StatusGone)
	guest.PostForm(path, nil).WantRedirect(path)
	if got := revokeForms(owner.Get(people)); len(got) != 0 {
		t.Errorf("an expired invitation is listed: %v", got)
	}

	path = link(t, s, owner, id, "helper")
	revoke := revokeForms(owner.Get(people))
	if len(revoke) != 1 {
		t.Fatalf("open invitations: %v", revoke)
	}
	guest.PostForm(revoke[0], nil).Want(http.StatusNotFound)
	owner.PostForm(revoke[0], nil).WantRedirect(people)
	guest.PostForm(path, nil).WantRedirect(path)
	guest.Get(path).Want(http.StatusGone)
	owner.PostForm(revoke[0], nil).Want(http.StatusNotFound)
	guest.Get("/cases/" + id.String()).Want(http.StatusNotFound)
}

func TestRemovedPersonSeesNothingAtOnce(t *testing.T) {
	s := testkit.Start(t)
	owner, keeper, helper := s.SignUp("Анна Петрова", "petrova"), s.SignUp("Мария Иванова", "ivanova"), s.SignUp("Иван Гусев", "gusev")
	id := owner.OpenCase("ИП Петрова А. С.", 1)
	owner.Join(keeper, id, winddown.Accountant)
	owner.Join(helper, id, winddown.Helper)
	base := "/cases/" + id.String()
	for _, one := range []*testkit.Client{keeper, helper} {
		remove := base + "/people/" + one.ID.String() + "/remove"
		one.Get(remove).Want(http.StatusNotFound)
		one.PostForm(remove, nil).Want(http.StatusNotFound)
		if !owner.Get(base + "/people").HasLink(remove) {
			t.Errorf("no link removes %s", one.Name)
		}
		asked := owner.Get(remove).Want(http.StatusOK)
		if !strings.Contains(asked.Heading(), one.Name) {
			t.Errorf("asked: %q", asked.Heading())
		}
		one.Get(base).Want(http.StatusOK)
		owner.PostForm(remove, nil).WantRedirect(base + "/people")
		for _, path := range []string{base, base + "/people", base + "/history", "/sellers/" + id.String()} {
			one.Get(path).Want(http.StatusNotFound)
		}
		owner.PostForm(remove, nil).Want(http.StatusNotFound)
	}
	if got := keeper.Get("/sellers").Want(http.StatusOK); slices.Contains(rows(got), id.String()) {
		t.Error("the register still shows the case")
	}
	owner.Get(base + "/people/" + owner.ID.String() + "/remove").Want(http.StatusNotFound)
}

func TestAccountantWithoutAnOwner(t *testing.T) {
	s := testkit.Start(t)
	keeper, owner := s.SignUp("Мария Иванова", "ivanova"), s.SignUp("Анна Петрова", "petrova")
	id := keeper.AddSeller("ИП Петрова А. С.", 1)
	people := "/cases/" + id.String() + "/people"
	keeper.Get(people + "/" + keeper.ID.String() + "/remove").Want(http.StatusNotFound)
	keeper.PostForm(people+"/"+keeper.ID.String()+"/remove", nil).Want(http.StatusConflict)
	if !strings.Contains(keeper.Get("/sellers/"+id.String()).Main(), "У ухода пока нет владельца") {
		t.Error("the page does not say that the owner is missing")
	}
	path := link(t, s, keeper, id, "owner")
	owner.PostForm(path, nil).WantRedirect("/cases/" + id.String())
	// From now on the accountant invites nobody and removes nobody.
	keeper.PostForm(people, url.Values{"role": {"owner"}}).Want(http.StatusNotFound)
	if got := keeper.Get(people).Want(http.StatusOK); got.HasForm(people) {
		t.Error("the accountant is still offered to invite")
	}

	acting := people + "/acting"
	keeper.PostForm(acting, url.Values{"acting": {"yes"}}).Want(http.StatusNotFound)
	if got := owner.Get(people).Form(acting); got.Get("acting") != "" {
		t.Errorf("the accountant acts without leave: %v", got)
	}
	owner.PostForm(acting, url.Values{"acting": {"yes"}}).WantRedirect(people)
	page := owner.Get(people)
	if page.Form(acting).Get("acting") != "yes" || !strings.Contains(page.Notice(), "может отмечать") {
		t.Errorf("leave is not given: notice %q", page.Notice())
	}
	if !keeper.Case(id).Case.Acting {
		t.Error("the case does not know of the leave")
	}
	owner.PostForm(acting, url.Values{}).WantRedirect(people) // a browser sends no empty box
	if keeper.Case(id).Case.Acting {
		t.Error("leave is not taken back")
	}
}

// An invitation opens the door where signing up is by invitation only, not where it is closed.
func TestInvitationWhereSigningUpIsNotOpen(t *testing.T) {
	for mode, open := range map[app.Signup]bool{app.SignupInvite: true, app.SignupClosed: false} {
		s := testkit.Start(t, testkit.WithSignup(mode))
		owner := s.SignUp("Анна Петрова", "petrova")
		id := owner.OpenCase("ИП Петрова А. С.", 1)
		path := link(t, s, owner, id, "helper")
		page := s.Anybody().Get(path).Want(http.StatusOK)
		answer := s.Anybody().PostForm(path, registration("Иван Гусев", "gusev@example.ru"))
		if open {
			answer.WantRedirect("/cases/" + id.String())
		} else {
			answer.Want(http.StatusForbidden)
		}
		if page.HasForm(path) != open {
			t.Errorf("%s: offered to sign up: %t", mode, page.HasForm(path))
		}
	}
}

// What stands in the notice cookie comes from a browser: a link is shown only for this
// case, and only as one of ours.
func TestPlantedNotice(t *testing.T) {
	s := testkit.Start(t)
	owner := s.SignUp("Анна Петрова", "petrova")
	id, other := owner.OpenCase("ИП Петрова А. С.", 1), owner.OpenCase("ООО «Маяк»", 2)
	path := "/cases/" + id.String() + "/people"
	for _, notice := range []string{
		"invited." + other.String() + ".helper.token", "invited." + id.String() + ".chief.token",
		"invited." + id.String() + ".helper", "invited", "acting.perhaps", "nonsense",
	} {
		page := owner.Get(path, "Cookie", s.SessionCookie()+"="+owner.Cookie(s.SessionCookie())+"; winddown_notice="+notice).Want(http.StatusOK)
		if page.Notice() != "" || page.HasTestID("invite-link") {
			t.Errorf("%s is shown: %q", notice, page.Notice())
		}
	}
}

// Somebody whose address is not confirmed is told what to do in place of accepting, and comes
// back by the letter; where no letters are sent he accepts at once.
func TestAcceptingWithAnUnconfirmedAddress(t *testing.T) {
	s := testkit.Start(t, testkit.WithMail())
	anna := s.SignUp("Анна Петрова", "petrova")
	id := anna.OpenCase("ИП Петрова", 1)
	anna.FoundFirm("Учёт и порядок")
	toCase, err := s.App.Invite(t.Context(), anna.Actor(), id, winddown.Helper)
	if err != nil {
		t.Fatal(err)
	}
	toFirm, err := s.App.InviteToFirm(t.Context(), anna.Actor(), winddown.Lead)
	if err != nil {
		t.Fatal(err)
	}
	const sentence = "Чтобы принять приглашение, подтвердите адрес"
	for path, back := range map[string]string{"/invites/" + toCase: "/cases/" + id.String(), "/firm/join/" + toFirm: "/firm"} {
		guest := s.Anybody()
		email := "guest" + back[1:3] + "@example.ru"
		if p := guest.Get(path).Want(http.StatusOK); !p.HasForm(path) || strings.Contains(p.Main(), sentence) {
			t.Errorf("nobody can sign up: %s", p.Main())
		}
		guest.PostForm(path, registration("Олег Лим", email)).WantRedirect(path)
		p := guest.Get(path).Want(http.StatusOK)
		if !strings.Contains(p.Main(), sentence+" "+email) || p.HasForm(path) || !p.HasForm(path+"/confirm") || !strings.Contains(p.Notice(), "Письмо отправлено") {
			t.Errorf("%s: %s", p.Notice(), p.Main())
		}
		p = guest.PostForm(path, nil).Want(http.StatusConflict)
		if !strings.Contains(p.Main(), sentence) || p.HasForm(path) {
			t.Errorf("refused: %s", p.Main())
		}
		guest.PostForm(path+"/confirm", nil).WantRedirect(path)
		guest.PostForm("/firm", url.Values{"name": {"Баланс"}}).Want(http.StatusConflict)
		if p = guest.Get("/firm").Want(http.StatusOK); p.HasForm("/firm") || !p.HasForm("/account/confirm") {
			t.Errorf("a firm can be founded: %s", p.Main())
		}
		guest.PostForm("/account/confirm", p.Form("/account/confirm")).WantRedirect("/firm")
		if got := guest.Get("/firm").Notice(); !strings.Contains(got, "Письмо отправлено") {
			t.Errorf("notice %q", got)
		}
		v, err := s.App.InviteView(t.Context(), winddown.Actor{}, toCase)
		invite := v.Invite.ID
		if strings.HasPrefix(path, "/firm") {
			var f app.FirmInviteView
			f, err = s.App.FirmInviteView(t.Context(), winddown.Actor{}, toFirm)
			invite = f.Invite.ID
		}
		if err != nil {
			t.Fatal(err)
		}
		l, err := s.App.ConfirmLetter(t.Context(), guest.Actor().UserID, invite)
		if err != nil || l.Invite == nil {
			t.Fatalf("%+v, %v", l.Invite, err)
		}
		letter := path[:strings.LastIndex(path, "/")+1] + l.Token
		other := s.LogIn(email, testkit.Password) // on a phone
		if p := other.Get(letter).Want(http.StatusOK); !p.HasForm(letter) || strings.Contains(p.Main(), sentence) {
			t.Errorf("the letter leads to %s", p.Main())
		}
		other.PostForm(letter, nil).WantRedirect(back)
		guest.Get(back).Want(http.StatusOK)
		if !guest.Actor().Confirmed {
			t.Errorf("%s is not confirmed", email)
		}
	}
	anna.PostForm("/invites/nothing/confirm", nil).Want(http.StatusNotFound)
	s.Anybody().PostForm("/invites/"+toCase+"/confirm", nil).Want(http.StatusSeeOther)
}

// Whoever sees a case learns which firm does too, though it is called as its first person, and
// the owner alone has the way out of it.
func TestPeopleNameTheFirm(t *testing.T) {
	s := testkit.Start(t)
	owner, books, helper, lead := s.SignUp("Анна Петрова", "petrova"), s.SignUp("Ольга Иванова", "ivanova"),
		s.SignUp("Иван Гусев", "gusev"), s.SignUp("Мария Ким", "kim")
	id := owner.OpenCase("ИП Петрова А. С.", 1)
	people, leave := "/cases/"+id.String()+"/people", "/cases/"+id.String()+"/firm/leave"
	said := "Уход ведёт фирма «Ольга Иванова». Его видят ответственный бухгалтер, руководители и администраторы фирмы."
	owner.Join(books, id, winddown.Accountant)
	owner.Join(helper, id, winddown.Helper)
	if p := owner.Get(people).Want(http.StatusOK); strings.Contains(p.Main(), "Уход ведёт фирма") || p.HasLink(leave) {
		t.Errorf("a firm of the accountant alone is told of twice:\n%s", p.Main())
	}
	books.JoinFirm(lead, winddown.Lead)
	for _, one := range []*testkit.Client{owner, books, helper, lead} {
		p := one.Get(people).Want(http.StatusOK)
		if !strings.Contains(p.Main(), said) || p.HasLink(leave) != (one == owner) {
			t.Errorf("%s is offered to leave: %v, and reads\n%s", one.Name, p.HasLink(leave), p.Main())
		}
	}
	orphan := "/cases/" + books.AddSeller("ООО «Маяк»", 2).String()
	if p := books.Get(orphan + "/people").Want(http.StatusOK); !strings.Contains(p.Main(), said) || p.HasLink(orphan+"/firm/leave") {
		t.Errorf("a case without an owner cannot leave, and its page says\n%s", p.Main())
	}
	owner.PostForm(leave, nil).WantRedirect(people)
	if p := owner.Get(people).Want(http.StatusOK); strings.Contains(p.Main(), "Уход ведёт фирма") || p.HasLink(leave) {
		t.Errorf("the firm has gone:\n%s", p.Main())
	}
	lead.Get(people).Want(http.StatusNotFound)
}
