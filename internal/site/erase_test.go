package site_test

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"winddown/internal/testkit"
	"winddown/internal/winddown"
)

// A case that was deleted says so wherever it is listed, until it is erased.
func TestDeletedCaseSaysSoWhereverItIsListed(t *testing.T) {
	s := testkit.Start(t)
	anna, keeper := s.SignUp("Анна", "anna"), s.SignUp("Мария", "maria")
	id, stays := anna.OpenCase("ИП Ким", 1), anna.OpenCase("ИП Цой", 2)
	anna.Join(keeper, id, winddown.Accountant)
	anna.Join(keeper, stays, winddown.Accountant)
	anna.Mark(id, append(testkit.Goods(), winddown.RequestAct)...)
	invite, err := s.App.Invite(t.Context(), anna.Actor(), id, winddown.Helper)
	if err != nil {
		t.Fatal(err)
	}
	anna.PostForm("/cases/"+id.String()+"/delete", url.Values{"seller_name": {"ИП Ким"}}).WantRedirect("/cases/" + id.String())

	// Every page about the case says so once, with the way back for its owner.
	path := "/cases/" + id.String()
	for _, page := range strings.Fields(`/ /steps/request_act /people /acts /history /debts /deadlines /deadlines/terms /letters
		/letters/request /share /finish /answers /details /transfer /delete /firm/leave`) {
		p := anna.Get(strings.TrimSuffix(path+page, "/")).Want(http.StatusOK)
		if n := strings.Count(p.Main(), "Он будет стёрт 6 декабря"); n != 1 || !p.HasForm(path+"/keep") {
			t.Errorf("%s says %d times that the case goes", page, n)
		}
	}
	for _, page := range []string{"/sellers/" + id.String(), path + "/people"} {
		if text := keeper.Get(page).Want(http.StatusOK).Main(); strings.Count(text, "Владелец удалил этот уход. Он будет стёрт 6 декабря") != 1 {
			t.Errorf("%s tells the accountant:\n%s", page, text)
		}
	}

	const tag = "Будет стёрт 6 декабря"
	export := keeper.Get("/sellers.csv").Want(http.StatusOK).Body
	if lines := strings.Split(export, "\r\n"); !strings.HasSuffix(lines[0], ";Будет стёрт") || strings.Count(export, "2026-12-06") != 1 ||
		!slices.ContainsFunc(lines, func(l string) bool {
			return strings.HasPrefix(l, "ИП Ким;") && strings.HasSuffix(l, ";2026-12-06")
		}) {
		t.Errorf("the file says:\n%s", export)
	}
	for _, n := range keeper.Get("/deadlines").Want(http.StatusOK).WithTestID("due-" + id.String()) {
		if !strings.Contains(testkit.Text(n), tag) {
			t.Errorf("a deadline says %q", testkit.Text(n))
		}
	}
	if n := len(keeper.Get("/deadlines").WithTestID("due-" + id.String())); n == 0 {
		t.Error("nothing is due for the case, so nothing was looked at")
	}
	both := url.Values{"case": {id.String(), stays.String()}, "text": {"Пришлите акт"}, "do": {"archive"}}
	for do, want := range map[string]string{"archive": "У 1 продавца уход удалён и скоро будет стёрт.", "remind": "Уход удалён и будет стёрт: не напоминаем"} {
		both.Set("do", do)
		if text := keeper.PostForm("/sellers/bulk", both).Want(http.StatusOK).Main(); !strings.Contains(text, want) || strings.Count(text, tag) != 1 {
			t.Errorf("%s: the page says:\n%s", do, text)
		}
	}
	keeper.PostForm("/sellers/remind", both).Want(http.StatusSeeOther)
	if text := keeper.Get("/sellers").Notice(); !strings.Contains(text, "1 продавцу") {
		t.Errorf("reminded of two, one of whom goes: %q", text)
	}
	if text := s.Anybody().Get("/invites/" + invite).Want(http.StatusOK).Main(); !strings.Contains(text, "Владелец удалил этот уход. Он будет стёрт 6 декабря") {
		t.Errorf("the invitation says:\n%s", text)
	}

	anna.PostForm(path+"/keep", nil).WantRedirect(path)
	if p := anna.Get(path); p.HasForm(path+"/keep") || !strings.Contains(p.Notice(), "Уход остаётся") {
		t.Errorf("after she kept it: %q", p.Notice())
	}
}

// The list of a person's own cases says which of them is on its way to somebody else.
func TestCasesSayWhoTakesThemOver(t *testing.T) {
	s := testkit.Start(t)
	operator, anna, boris := s.SignUp("Смотров", "op"), s.SignUp("Анна", "anna"), s.SignUp("Борис", "boris")
	id := anna.OpenCase("ИП Ким", 1)
	anna.Join(boris, id, winddown.Helper)
	row := func(c *testkit.Client) string {
		t.Helper()
		return testkit.Text(c.Get("/cases").Want(http.StatusOK).ByTestID("seller-" + id.String()))
	}
	const lost, offered = "Ищут нового владельца", "Передаётся: ждём ответа"
	if text := row(anna); strings.Contains(text, lost) || strings.Contains(text, offered) {
		t.Errorf("at first the card says %q", text)
	}
	if _, _, err := s.App.Transfer(t.Context(), anna.Actor(), id, ""); err != nil {
		t.Fatal(err)
	}
	if err := s.App.AskRescue(t.Context(), operator.Actor(), id, "Не отвечает"); err != nil {
		t.Fatal(err)
	}
	if text := row(anna); !strings.Contains(text, lost) || !strings.Contains(text, offered) {
		t.Errorf("the owner's card says %q", text)
	}
	if text := row(boris); !strings.Contains(text, lost) || strings.Contains(text, offered) {
		t.Errorf("the helper's card says %q", text)
	}
	s.Clock.Advance(winddown.InviteTerm)
	if text := row(anna); strings.Contains(text, offered) {
		t.Errorf("after the link's term the card says %q", text)
	}
}
