package site_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"winddown/internal/testkit"
	"winddown/internal/winddown"
)

// An operator finds a case by the address of its page, says why its owner is lost, and a week later makes
// the link; the owner may object on the case's page.
func TestRescuePages(t *testing.T) {
	s := testkit.Start(t)
	operator, anna, boris := s.SignUp("Смотров", "op"), s.SignUp("Анна", "anna"), s.SignUp("Борис", "boris")
	id := anna.OpenCase("ИП Ким", 1)
	here, page := "/admin/cases/"+id.String(), "/cases/"+id.String()
	boris.Get("/admin/cases").Want(http.StatusNotFound)
	boris.Get(here).Want(http.StatusNotFound)
	for _, typed := range []string{"https://winddown.example" + page + "/people?x=1", page + "#steps", "#" + id.String(), "№ " + id.String(),
		strings.ToUpper(id.String()), "HTTPS://WINDDOWN.EXAMPLE" + strings.ToUpper(page), "https://winddown.example/sellers/" + id.String() + ".", "Уход («" + id.String() + "»)",
		"https://winddown.example" + page + "/debts/018f0000-0000-7000-8000-000000000000", "\n\t" + id.String() + " ",
		"Номер запроса: 018f0000-0000-7000-8000-000000000000. Не открывается https://winddown.example" + page,
		"Request 018f0000-0000-7000-8000-000000000000 at /SELLERS/" + strings.ToUpper(id.String())} {
		operator.Get("/admin/cases?case=" + url.QueryEscape(typed)).WantRedirect(here)
	}
	for _, typed := range []string{"", "x", "018f0000-0000-7000-8000-000000000000", id.String() + "0", strings.ReplaceAll(id.String(), "-", "")} {
		operator.Get("/admin/cases?case=" + typed).Want(http.StatusUnprocessableEntity)
	}
	text := operator.Get(here).Want(http.StatusOK).Main()
	if !strings.Contains(text, "ИП Ким") || !strings.Contains(text, "Анна") || strings.Contains(text, "anna@example") {
		t.Errorf("the operator sees:\n%s", text)
	}
	if !strings.Contains(text, "Писем этот сайт не отправляет") {
		t.Errorf("letters are promised where there is no mail:\n%s", text)
	}
	ask := func() {
		operator.PostForm(here, url.Values{"reason": {"Не отвечает"}}).WantRedirect(here)
		if got := operator.Get(here).Notice(); !strings.Contains(got, "Поиск нового владельца начат.") {
			t.Errorf("after it was asked for: %q", got)
		}
	}
	ask()
	operator.PostForm(here+"/stop", nil).WantRedirect(here)
	if p := operator.Get(here); !strings.Contains(p.Notice(), "Нового владельца больше не ищут") || !p.HasForm(here) || operator.Get(here).Notice() != "" {
		t.Errorf("after it was stopped: %q", p.Notice())
	}
	ask()
	if form := page + "/rescue/object"; !anna.Get(page).Want(http.StatusOK).HasForm(form) || !anna.Get(page+"/people").HasForm(form) {
		t.Fatal("the owner cannot object")
	}
	anna.PostForm(page+"/rescue/object", url.Values{}).WantRedirect(page)
	if p := anna.Get(page); p.HasForm(page+"/rescue/object") || !strings.Contains(p.Notice(), "Владельцем остаётесь вы") {
		t.Errorf("after she objected: %q", p.Notice())
	}
	for _, address := range []string{here, "/admin/cases"} {
		p := operator.Get(address).Want(http.StatusOK)
		if !strings.Contains(p.Main(), "Владелец возразил 22 ноября") || !strings.Contains(p.Main(), "можно после 22 декабря") || p.HasForm(here) {
			t.Errorf("%s says of the objection:\n%s", address, p.Main())
		}
	}
	s.Clock.Advance(winddown.RescueQuiet)
	operator, anna, boris = s.LogIn(operator.Email, testkit.Password), s.LogIn(anna.Email, testkit.Password), s.LogIn(boris.Email, testkit.Password)
	ask()
	s.Clock.Advance(winddown.RescueTerm)
	if !operator.Get(here).HasForm(here + "/link") {
		t.Fatal("no link is offered after the term")
	}
	operator.PostForm(here+"/link", url.Values{"email": {""}}).Want(http.StatusForbidden) // a week later he proves anew who he is
	operator.PostForm(here+"/link", url.Values{"proof_password": {testkit.Password}}).WantRedirect(here)
	link, err := url.Parse(testkit.Attr(operator.Get(here).ByID("invite-link"), "value"))
	if err != nil {
		t.Fatal(err)
	}
	for _, address := range []string{page, page + "/people"} {
		if p := anna.Get(address); !p.HasForm(page+"/rescue/object") || !strings.Contains(p.Main(), "возразить ещё можно") {
			t.Errorf("%s: the owner cannot object to the link:\n%s", address, p.Main())
		}
	}
	if p := operator.Get(here); !p.HasForm(here+"/stop") || !strings.Contains(p.Main(), "ещё не принята") {
		t.Errorf("the operator cannot take the link back:\n%s", p.Main())
	}
	if text := boris.Get(link.Path).Want(http.StatusOK).Main(); !strings.Contains(text, "с прежним владельцем нет связи") {
		t.Errorf("the invitation says:\n%s", text)
	}
	boris.PostForm(link.Path, url.Values{}).WantRedirect(page)
	anna.Get(page).Want(http.StatusNotFound)
	for _, words := range []string{"С владельцем нет связи: для ухода ищут нового", "Не отвечает", "Смотров", "прежний владелец: Анна"} {
		if text := boris.Get(page + "/history").Main(); !strings.Contains(text, words) {
			t.Errorf("the history does not say %q:\n%s", words, text)
		}
	}
}
