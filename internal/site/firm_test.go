package site_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"winddown/internal/testkit"
	"winddown/internal/winddown"
)

// staff is a firm with a person of each role.
func staff(s *testkit.Site) (admin, lead, book *testkit.Client) {
	admin, lead, book = s.SignUp("Главная", "admin"), s.SignUp("Старшая", "lead"), s.SignUp("Ким", "book")
	admin.FoundFirm("Учёт и порядок")
	admin.JoinFirm(lead, winddown.Lead)
	admin.JoinFirm(book, winddown.Accountant)
	return admin, lead, book
}

func person(c *testkit.Client) string { return "/firm/people/" + c.ID.String() }

// What only some may do is drawn for them alone.
func TestFirmPageByRole(t *testing.T) {
	s := testkit.Start(t)
	admin, lead, book := staff(s)
	id := admin.AddSeller("ООО «Маяк»", 1)
	admin.AddSeller("ООО «Оникс»", 2)
	admin.Assign(winddown.ID{}, id)
	for c, want := range map[*testkit.Client][3]bool{admin: {true, true, true}, lead: {true, false, false}, book: {false, false, false}} {
		p := c.Get("/firm").Want(http.StatusOK)
		invites := p.HasForm("/firm/invites")
		if got := [3]bool{p.HasLink("/sellers?responsible=none"), invites, p.HasLink(person(book))}; got != want {
			t.Errorf("%s: those without anybody, inviting, changing people: %v, want %v", c.Name, got, want)
		}
		if invites != p.HasForm("/firm/name") {
			t.Errorf("%s: only an admin renames the firm", c.Name)
		}
		if asks := strings.Contains(p.Main(), "Коллег приглашает администратор фирмы: Главная."); asks == invites {
			t.Errorf("%s: told whom to ask for an invitation: %v", c.Name, asks)
		}
	}
	text := testkit.Text(admin.Get("/firm").ByTestID("member-" + admin.Email))
	if !strings.Contains(text, "это вы") || !strings.Contains(text, "Администратор") || !strings.Contains(text, "1 продавец") {
		t.Errorf("the admin's own line says %q", text)
	}
	if !strings.Contains(admin.Get("/firm").Main(), "У 1 продавца нет ответственного.") {
		t.Error("the page does not say how many have nobody")
	}
}

// Where letters are sent, an address beside the role has the invitation mailed; the page says
// to whom until it is used or taken back.
func TestInvitingToAFirmByMail(t *testing.T) {
	s := testkit.Start(t, testkit.WithMail())
	admin, _, book := staff(s)
	p := admin.PostForm("/firm/invites", url.Values{"role": {"lead"}, "email": {" lead@example "}}).Want(http.StatusUnprocessableEntity)
	if got := p.Form("/firm/invites"); got.Get("role") != "lead" || got.Get("email") != "lead@example" || p.Errors()["email"] == "" {
		t.Errorf("what was typed is drawn as %v", got)
	}
	book.PostForm("/firm/invites", url.Values{"role": {"lead"}, "email": {"x"}}).Want(http.StatusNotFound)
	admin.PostForm("/firm/invites", url.Values{"role": {"lead"}, "email": {"lead@example.com"}}).WantRedirect("/firm")
	p = admin.Get("/firm")
	if !strings.Contains(p.Notice(), "отправлено письмом") || testkit.Attr(p.ByID("invite-link"), "value") == "" {
		t.Errorf("notice %q", p.Notice())
	}
	const mailed = "Отправлено письмом: lead@example.com"
	if !strings.Contains(p.Main(), mailed) || strings.Contains(book.Get("/firm").Main(), mailed) {
		t.Errorf("the page says\n%s", p.Main())
	}
	v, err := s.App.Firm(t.Context(), admin.Actor())
	if err != nil || len(v.Invites) != 1 {
		t.Fatalf("%d invitations, %v", len(v.Invites), err)
	}
	_, token, err := s.App.InviteLetter(t.Context(), v.Invites[0].ID)
	if err != nil {
		t.Fatal(err)
	}
	guest := s.Anybody()
	if p := guest.Get("/firm/join/" + token).Want(http.StatusOK); !strings.Contains(p.Main(), "Главная приглашает вас в фирму руководителем.") {
		t.Errorf("the invitation says\n%s", p.Main())
	}
	admin.PostForm("/firm/invites/"+v.Invites[0].ID.String()+"/revoke", nil).WantRedirect("/firm")
	guest.Get("/firm/join/" + token).Want(http.StatusGone)
	if strings.Contains(admin.Get("/firm").Main(), mailed) {
		t.Error("the invitation that was taken back is still shown")
	}

	silent := testkit.Start(t)
	admin, _, _ = staff(silent)
	p = admin.Get("/firm")
	if got := p.Form("/firm/invites"); got.Has("email") || !strings.Contains(p.Main(), "мы ничего не отправляем") {
		t.Errorf("letters are offered where none are sent: %v", got)
	}
	admin.PostForm("/firm/invites", url.Values{"role": {"lead"}, "email": {"lead@example.com"}}).Want(http.StatusConflict)
}

// Invitations by mail have a limit: mistakes do not count, and what was typed beyond it stays.
func TestInvitingByMailHasALimit(t *testing.T) {
	s := testkit.Start(t, testkit.WithMail())
	admin, _, _ := staff(s)
	people := "/cases/" + admin.OpenCase("ИП Петрова", 7).String() + "/people"
	const limit = 30
	send := func(path, email, role string) *testkit.Page {
		return admin.PostForm(path, url.Values{"role": {role}, "email": {email}})
	}
	for range limit + 1 {
		send("/firm/invites", "lead@example", "lead").Want(http.StatusUnprocessableEntity)
		send(people, "helper@example", "helper").Want(http.StatusUnprocessableEntity)
		send(people, "helper@example.com", "king").Want(http.StatusUnprocessableEntity)
		admin.PostForm("/cases/"+winddown.ID{1}.String()+"/people", url.Values{"role": {"helper"}, "email": {"helper@example.com"}}).Want(http.StatusNotFound)
	}
	for range limit / 2 {
		send("/firm/invites", "lead@example.com", "lead").WantRedirect("/firm")
		send(people, "helper@example.com", "helper").WantRedirect(people)
	}
	for path, role := range map[string]string{"/firm/invites": "lead", people: "helper"} {
		p := send(path, "next@example.com", role).Want(http.StatusTooManyRequests)
		if got := p.Form(path); got.Get("role") != role || got.Get("email") != "next@example.com" || p.Errors()[""] == "" || p.Header.Get("Retry-After") == "" {
			t.Errorf("what was typed is drawn as %v, with %v", got, p.Errors())
		}
	}
	// A link without a letter is still to be had.
	admin.PostForm("/firm/invites", url.Values{"role": {"lead"}}).WantRedirect("/firm")
}

// The link is shown once, lets one person in, with an account or without, and is gone then.
func TestJoiningAFirm(t *testing.T) {
	s := testkit.Start(t)
	admin, _, _ := staff(s)
	link := func(role string) string {
		admin.PostForm("/firm/invites", url.Values{"role": {role}}).WantRedirect("/firm")
		p := admin.Get("/firm").Want(http.StatusOK)
		address := testkit.Attr(p.ByID("invite-link"), "value")
		if strings.Contains(admin.Get("/firm").Want(http.StatusOK).Body, address) {
			t.Error("the link is shown twice")
		}
		return strings.TrimPrefix(address, s.URL)
	}
	path := link("lead")
	guest := s.Anybody()
	if p := guest.Get(path).Want(http.StatusOK); !strings.Contains(p.Main(), "Главная приглашает вас в фирму руководителем.") {
		t.Errorf("the invitation says\n%s", p.Main())
	}
	p := guest.PostForm(path, url.Values{"name": {"Новая"}, "email": {"new@example.ru"}, "password": {"short"}}).Want(http.StatusUnprocessableEntity)
	if got := p.Form(path); got.Get("name") != "Новая" || got.Get("email") != "new@example.ru" || p.Errors()["password"] == "" {
		t.Errorf("what was typed comes back as %v, mistakes %v", got, p.Errors())
	}
	guest.PostForm(path, registration("Новая", "new@example.ru")).WantRedirect("/firm")
	if !strings.Contains(guest.Get("/firm").Want(http.StatusOK).Main(), "Теперь вы работаете в этой фирме.") {
		t.Error("nothing says that he joined")
	}
	// Whoever has used it is led to the firm, the choice when he works in another one now, while he is in it.
	used := path
	guest.Get(used).WantRedirect("/firm")
	{
		second := link("lead")
		other := s.SignUp("Вторая", "second")
		other.PostForm("/firm", url.Values{"name": {"Вторая"}}).Want(http.StatusSeeOther)
		own := other.Actor().FirmID
		other.PostForm(second, nil).WantRedirect("/firm")
		other.PostForm("/firm/choose", url.Values{"firm": {own.String()}}).Want(http.StatusSeeOther)
		other.Get(second).WantRedirect("/firm/choose")
		admin.PostForm(person(other)+"/remove", nil).WantRedirect("/firm")
		s.LogIn(other.Email, testkit.Password).Get(second).Want(http.StatusGone)
	}
	for _, c := range []*testkit.Client{s.Anybody(), s.SignUp("Чужая", "stranger"), admin} {
		c.Get(used).Want(http.StatusGone)
		c.PostForm(used, registration("Чужая", "later@example.ru")).WantRedirect(used) // where he reads that
	}
	guest.PostForm(used, url.Values{}).WantRedirect(used) // pressed twice
	guest.Get(used).WantRedirect("/firm")
	path = link("accountant")
	if p := guest.PostForm(path, url.Values{}).Want(http.StatusConflict); !strings.Contains(p.Main(), "Вы уже в этой фирме.") {
		t.Errorf("a second joining says\n%s", p.Main())
	}
	revoke := admin.Get("/firm").One("the form that revokes", func(n *html.Node) bool {
		return n.Data == "form" && strings.HasSuffix(testkit.Attr(n, "action"), "/revoke")
	})
	admin.PostForm(testkit.Attr(revoke, "action"), url.Values{}).WantRedirect("/firm")
	s.Anybody().Get(path).Want(http.StatusGone)
}

// Mistakes come back with what was typed.
func TestFirmFormsKeepWhatWasTyped(t *testing.T) {
	s := testkit.Start(t)
	admin, _, book := staff(s)
	long := strings.Repeat("ы", winddown.MaxFirmName+1)
	p := admin.PostForm("/firm/name", url.Values{"name": {long}}).Want(http.StatusUnprocessableEntity)
	if p.Errors()["name"] == "" || p.Form("/firm/name").Get("name") != long {
		t.Errorf("mistakes %v", p.Errors())
	}
	if p := s.SignUp("Новая", "fresh").PostForm("/firm", url.Values{"name": {long}}).Want(http.StatusUnprocessableEntity); p.Form("/firm").Get("name") != long {
		t.Error("a new firm's name is lost")
	}
	if p := admin.PostForm("/firm/invites", url.Values{}).Want(http.StatusUnprocessableEntity); p.Errors()["role"] == "" {
		t.Errorf("mistakes %v", p.Errors())
	}
	if p := admin.PostForm(person(book)+"/role", url.Values{}).Want(http.StatusUnprocessableEntity); p.Errors()["role"] == "" {
		t.Errorf("mistakes %v", p.Errors())
	}
	if p := admin.PostForm("/firm/choose", url.Values{}).Want(http.StatusUnprocessableEntity); p.Errors()["firm"] == "" {
		t.Errorf("mistakes %v", p.Errors())
	}
	p = admin.PostForm(person(admin)+"/role", url.Values{"role": {"lead"}}).Want(http.StatusConflict)
	if !strings.Contains(p.Main(), "Это последний администратор фирмы.") {
		t.Errorf("the last admin is told\n%s", p.Main())
	}
	admin.PostForm(person(admin)+"/remove", url.Values{}).Want(http.StatusConflict)
}

// Another firm's ids are unknown, wherever they are given.
func TestOtherFirmsAreUnknown(t *testing.T) {
	s := testkit.Start(t)
	admin, _, book := staff(s)
	other := s.SignUp("Соседняя", "other")
	theirs := other.AddSeller("ООО «Соседи»", 1)
	mine := admin.AddSeller("ООО «Маяк»", 2)
	firm := other.Actor().FirmID.String()
	for _, path := range []string{person(other), person(other) + "/remove", "/sellers?responsible=" + other.ID.String(), "/sellers/" + theirs.String(), "/cases/" + theirs.String()} {
		admin.Get(path).Want(http.StatusNotFound)
	}
	admin.PostForm("/firm/choose", url.Values{"firm": {firm}}).Want(http.StatusNotFound)
	admin.PostForm(person(other)+"/role", url.Values{"role": {"lead"}}).Want(http.StatusNotFound)
	for _, path := range []string{"/sellers/assign", "/sellers/remind", "/sellers/archive", "/sellers/unarchive"} {
		// Beside one's own they are as good as gone: nothing is done, what was typed is kept, and
		// the page goes on with the rest.
		both := url.Values{"case": {mine.String(), theirs.String()}, "to": {book.ID.String()}, "text": {"Привет"}}
		mixed := admin.PostForm(path, both).Want(http.StatusNotFound)
		kept := mixed.Form(path)
		if strings.Contains(mixed.Text(), "Соседи") || strings.Contains(mixed.Body, theirs.String()) || !slices.Equal(kept["case"], both["case"][:1]) ||
			!strings.Contains(mixed.Errors()[""], "Часть выбранных продавцов вы уже не видите") {
			t.Errorf("%s: the page carries %v and says\n%s", path, kept, mixed.Text())
		}
		for field, value := range map[string]string{"assign": "to", "remind": "text"} {
			if strings.HasSuffix(path, field) && kept.Get(value) != both.Get(value) {
				t.Errorf("%s: %q was typed, the page has %q", path, both.Get(value), kept.Get(value))
			}
		}
		both.Set("do", strings.TrimPrefix(path, "/sellers/"))
		admin.PostForm("/sellers/bulk", both).Want(http.StatusNotFound).Form(path)
		for _, form := range []url.Values{
			{"case": {theirs.String()}, "to": {book.ID.String()}, "text": {"Привет"}},
			{"case": {"x"}, "to": {book.ID.String()}}, {"case": {mine.String()}, "to": {"x"}},
		} {
			admin.PostForm(path, form).Want(http.StatusNotFound)
			form.Set("do", strings.TrimPrefix(path, "/sellers/"))
			admin.PostForm("/sellers/bulk", form).Want(http.StatusNotFound)
		}
	}
	admin.PostForm("/sellers/assign", url.Values{"case": {mine.String()}, "to": {other.ID.String()}}).Want(http.StatusNotFound)
	for _, format := range []string{"csv", "xlsx"} {
		mixed := admin.PostForm("/sellers/bulk", url.Values{"case": {mine.String(), theirs.String()}, "do": {format}}).Want(http.StatusNotFound)
		if kept := mixed.Form("/sellers/bulk"); !slices.Equal(kept["case"], []string{mine.String()}) || strings.Contains(mixed.Body, theirs.String()) {
			t.Errorf("%s: the register comes back with %v", format, kept)
		}
		alone := admin.PostForm("/sellers/bulk", url.Values{"case": {theirs.String()}, "do": {format}}).Want(http.StatusNotFound)
		if alone.HasForm("/sellers/bulk") {
			t.Errorf("%s: a stranger's seller alone leads to the register", format)
		}
	}
	if v := admin.Case(mine); v.Case.ResponsibleID != admin.ID {
		t.Error("a refused assignment changed a case")
	}
}

// The filter «Ответственный» is a link that goes, survives sorting and stands in the address.
func TestRegisterByResponsible(t *testing.T) {
	s := testkit.Start(t)
	admin, lead, book := staff(s)
	first, second, third := admin.AddSeller("ООО «Маяк»", 1), book.AddSeller("ООО «Оникс»", 2), book.AddSeller("ООО «Кедр»", 3)
	admin.Assign(winddown.ID{}, third)
	who := "/sellers?responsible="
	for path, want := range map[string][]winddown.ID{
		"/sellers": {first, second, third}, who + "me": {first}, who + "none": {third}, who + book.ID.String(): {second},
	} {
		var ids []string
		for _, id := range want {
			ids = append(ids, id.String())
		}
		got := rows(admin.Get(path).Want(http.StatusOK))
		if slices.Sort(got); !slices.Equal(got, slices.Sorted(slices.Values(ids))) {
			t.Errorf("%s: %v, want %v", path, got, ids)
		}
	}
	p := admin.Get(who + book.ID.String() + "&sort=name").Want(http.StatusOK)
	if p.Form("/sellers").Get("responsible") != book.ID.String() || p.Link("Ответственный: Ким: убрать") != "/sellers?sort=name" ||
		!strings.Contains(p.Link("Продавец"), "responsible="+book.ID.String()) {
		t.Errorf("the filter is not kept: %v", p.Form("/sellers"))
	}
	// A colleague who opens the same address sees the same filter over his own sellers.
	p = book.Get(who + lead.ID.String()).Want(http.StatusOK)
	if len(rows(p)) != 0 || p.Link("Ответственный: Старшая: убрать") != "/sellers" || p.Form("/sellers").Get("responsible") != lead.ID.String() {
		t.Errorf("an accountant under a lead's filter sees %v", rows(p))
	}
	if strings.Contains(book.Get("/sellers").Main(), "Ответственный") || !strings.Contains(lead.Get("/sellers").Main(), "Ответственный") {
		t.Error("the column is for leads and admins")
	}
	if p := admin.Get(who + "she").Want(http.StatusUnprocessableEntity); len(p.Errors()) != 1 {
		t.Errorf("an unknown value: %v", p.Errors())
	}
}

// Removed on a page that says what happens; the next request finds the door.
func TestRemovalFromAFirm(t *testing.T) {
	s := testkit.Start(t)
	admin, _, book := staff(s)
	book.AddSeller("ООО «Маяк»", 1)
	book.AddSeller("ООО «Оникс»", 2)
	if p := admin.Get(person(book) + "/remove").Want(http.StatusOK); !strings.Contains(p.Main(), "2 продавца останутся в фирме без ответственного.") {
		t.Errorf("the page says\n%s", p.Main())
	}
	admin.PostForm(person(book)+"/remove", url.Values{}).WantRedirect("/firm")
	if !strings.Contains(admin.Get("/firm").Main(), "2 продавца остались без ответственного.") {
		t.Error("the notice does not say how many")
	}
	book.Get("/sellers").WantRedirect("/login?next=%2Fsellers")
	again := s.LogIn(book.Email, testkit.Password)
	if p := again.Get("/sellers").Want(http.StatusOK); !p.HasLink("/firm") || len(rows(p)) != 0 {
		t.Error("a removed person still sees sellers")
	}
}

// The last admin reads why he cannot leave before he tries.
func TestLastAdminIsToldBeforehand(t *testing.T) {
	s := testkit.Start(t)
	admin, _, book := staff(s)
	why := "Вы единственный администратор фирмы"
	if p := admin.Get("/firm/leave").Want(http.StatusOK); p.HasForm("/firm/leave") || !strings.Contains(p.Main(), why) || p.Link("Выбрать человека") != "/firm" {
		t.Errorf("the last admin reads\n%s", p.Main())
	}
	if p := book.Get("/firm/leave").Want(http.StatusOK); !p.HasForm("/firm/leave") || strings.Contains(p.Main(), why) {
		t.Errorf("another reads\n%s", p.Main())
	}
	admin.PostForm("/firm/leave", nil).Want(http.StatusConflict)

	// Who is alone has nobody to choose: he invites somebody, or the firm goes with his account.
	alone := s.SignUp("Пётр Один", "alone")
	alone.PostForm("/firm", url.Values{"name": {"Один"}}).Want(http.StatusSeeOther)
	for _, p := range []*testkit.Page{alone.Get("/firm/leave").Want(http.StatusOK), alone.PostForm("/firm/leave", nil).Want(http.StatusConflict)} {
		if p.HasForm("/firm/leave") || !strings.Contains(p.Main(), "никого нет") || strings.Contains(p.Main(), "Выбрать человека") ||
			p.Link("Пригласить") != "/firm#firm-invite" || p.Link("Удалить учётную запись") != "/account/delete" {
			t.Errorf("who is alone reads\n%s", p.Main())
		}
	}
	alone.Get("/firm").ByID("firm-invite")

	// Nor is removing oneself a dead end: it is leaving.
	for _, c := range []*testkit.Client{admin, alone} {
		c.Get(person(c) + "/remove").WantRedirect("/firm/leave")
		if p := c.PostForm(person(c)+"/remove", nil).Want(http.StatusConflict); p.HasForm(person(c)+"/remove") || !p.HasLink("/firm") && !p.HasLink("/account/delete") {
			t.Errorf("who removes himself reads\n%s", p.Main())
		}
	}
	if text := alone.Get("/account/delete").Want(http.StatusOK).Main(); !strings.Contains(text, "Фирма «Один», в которой никого, кроме вас, нет") {
		t.Errorf("the page that deletes his account says\n%s", text)
	}
}
