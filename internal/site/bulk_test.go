package site_test

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"winddown/internal/testkit"
	"winddown/internal/winddown"
)

// What the filters found is done something to when that is chosen, and the ticked rows alone
// when it is not. Whoever has left the register meanwhile costs nothing that was typed.
func TestBulkActsOnWhatIsMeant(t *testing.T) {
	s := testkit.Start(t)
	admin, keeper := s.SignUp("Ольга Ким", "kim"), s.SignUp("Мария Иванова", "ivanova")
	admin.FoundFirm("Баланс")
	admin.JoinFirm(keeper, winddown.Accountant)
	var ids []winddown.ID
	for n, name := range []string{"ООО «Маяк»", "ООО «Маяк-2»", "ООО «Маяк-3»", "ООО «Сосна»"} {
		ids = append(ids, keeper.AddSeller(name, n+1))
	}
	ask := func(do string) url.Values {
		t.Helper()
		page := keeper.PostForm("/sellers/bulk", url.Values{"do": {do}, "case": {ids[0].String(), ids[0].String()}, "query": {"q=маяк"}}).Want(http.StatusOK)
		return page.Form("/sellers/" + do)
	}
	form := ask("remind")
	form.Set("scope", "found")
	form.Set("text", "Пришлите акт до пятницы")
	admin.Assign(admin.ID, ids[1])
	again := keeper.PostForm("/sellers/remind", form).Want(http.StatusNotFound)
	form = again.Form("/sellers/remind")
	found := slices.Sorted(strings.FieldsSeq(form.Get("found")))
	want := []string{ids[0].String(), ids[2].String()}
	slices.Sort(want)
	if form.Get("text") != "Пришлите акт до пятницы" || form.Get("scope") != "found" || !slices.Equal(found, want) || len(again.Errors()) != 1 {
		t.Errorf("the page that asks again has %v and says %v", form, again.Errors())
	}
	if again.Heading() != "Напомнить продавцам?" { // how many is said where it is chosen
		t.Errorf("where all can be chosen the heading says %q", again.Heading())
	}
	// Were those gone that had been ticked, the others are still meant.
	admin.Assign(admin.ID, ids[0])
	again = keeper.PostForm("/sellers/remind", form).Want(http.StatusNotFound)
	form = again.Form("/sellers/remind")
	if form.Get("text") != "Пришлите акт до пятницы" || !slices.Equal(form["case"], []string{ids[2].String()}) || again.Heading() != "Напомнить 1 продавцу?" {
		t.Errorf("with the ticked one gone the page has %v under %q", form, again.Heading())
	}
	admin.Assign(keeper.ID, ids[0])
	keeper.PostForm("/sellers/remind", form).WantRedirect("/sellers?q=%D0%BC%D0%B0%D1%8F%D0%BA")
	admin.Assign(keeper.ID, ids[1])

	for _, x := range []struct {
		scope string
		left  int
	}{{"picked", 3}, {"found", 1}} {
		form := ask("archive")
		form.Set("scope", x.scope)
		keeper.PostForm("/sellers/archive", form).Want(http.StatusSeeOther)
		if got := len(rows(keeper.Get("/sellers"))); got != x.left {
			t.Errorf("%s: %d sellers are left, want %d", x.scope, got, x.left)
		}
		if x.scope == "picked" { // a search in the archive says what there is outside of it
			if there := keeper.Get(keeper.Get("/sellers?archive=yes&q=2").Link("Вне архива найдено: 1")); len(rows(there)) != 1 {
				t.Errorf("the way out of the archive leads to %v", rows(there))
			}
		}
		keeper.PostForm("/sellers/unarchive", url.Values{"case": {ids[0].String()}}).Want(http.StatusSeeOther)
	}
}

// A view for somebody who has left the firm does not make a dead end of the start page.
func TestHomeOutlivesWhomItNames(t *testing.T) {
	s := testkit.Start(t)
	admin, keeper := s.SignUp("Ольга Ким", "kim"), s.SignUp("Мария Иванова", "ivanova")
	admin.FoundFirm("Баланс")
	admin.JoinFirm(keeper, winddown.Accountant)
	admin.AddSeller("ООО «Маяк»", 1)
	query := "group=ready&responsible=" + keeper.ID.String()
	if err := s.App.SaveView(t.Context(), admin.Actor(), "Марии", query, true, nil); err != nil {
		t.Fatal(err)
	}
	admin.Get("/").WantRedirect("/sellers?" + query)
	if _, err := s.App.RemoveFirmPerson(t.Context(), admin.Actor(), keeper.ID); err != nil {
		t.Fatal(err)
	}
	admin.Get("/").WantRedirect("/sellers?group=ready")
	opened := admin.Get("/sellers?group=ready").Want(http.StatusOK)
	if !strings.Contains(opened.Main(), "Ответственного из ваших фильтров в этой фирме больше нет") {
		t.Errorf("the register does not say what was left out:\n%s", opened.Main())
	}
	list := admin.Get("/sellers/views")
	if text := list.Main(); !strings.Contains(text, "Ответственного нет в этой фирме") || list.Link("Марии") != "/sellers?group=ready" {
		t.Errorf("the list of views leads to %s and says\n%s", list.Link("Марии"), text)
	}
	// Above the register it leads to the page that says so, and on to the rest of it.
	view := admin.Get(opened.Link("Марии")).Want(http.StatusOK)
	if !strings.Contains(view.Main(), "уже не в фирме") || !view.HasLink("/sellers?group=ready") {
		t.Errorf("the page of the view says\n%s", view.Main())
	}
}

// No two saved filters have one name, be it that of filters that come with the program.
func TestNamesOfViewsDiffer(t *testing.T) {
	s := testkit.Start(t)
	c := s.SignUp("Мария Иванова", "ivanova")
	c.AddSeller("ООО «Маяк»", 1)
	save := func(name string) *testkit.Page {
		return c.PostForm("/sellers/views", url.Values{"name": {name}, "query": {"group=ready"}})
	}
	save("Срочные").Want(http.StatusSeeOther)
	for _, name := range []string{"Срочные", " срочные ", "Мои", "Неделя", "Mine", "this week"} {
		page := save(name).Want(http.StatusUnprocessableEntity)
		if page.Errors()["name"] != "Так уже называются другие фильтры" || page.Form("/sellers/views").Get("query") != "group=ready" {
			t.Errorf("%q: %v, and the form has %v", name, page.Errors(), page.Form("/sellers/views"))
		}
	}
	mine := c.Get(c.Get("/sellers/views").Link("Изменить: Мои")).Want(http.StatusOK)
	form := mine.Form(mine.Path)
	form.Set("name", "Неделя")
	c.PostForm(mine.Path, form).Want(http.StatusUnprocessableEntity)
	form.Set("name", "Stuck")
	c.PostForm(mine.Path, form).Want(http.StatusUnprocessableEntity)
	form.Set("name", "Мои продавцы")
	c.PostForm(mine.Path, form).Want(http.StatusSeeOther)
	save("Мои").Want(http.StatusSeeOther)
	save("Mine").Want(http.StatusSeeOther)
}

// The addresses of what is done to many are those of forms: loaded again, after a preview, they
// lead to the list.
func TestAddressesOfBulkFormsLeadToTheList(t *testing.T) {
	s := testkit.Start(t)
	c := s.SignUp("Мария Иванова", "ivanova")
	for _, do := range []string{"bulk", "remind", "assign", "archive", "unarchive"} {
		c.Get("/sellers/" + do).WantRedirect("/sellers")
	}
	for _, none := range []string{"reminder", "un", "unbulk"} {
		c.Get("/sellers/" + none).Want(http.StatusNotFound)
	}
}

// The second page offers all that the filters found; what is sent is what it showed.
func TestAllThatWereFound(t *testing.T) {
	s := testkit.Start(t)
	book := s.SignUp("Смирнов", "smirnov")
	var ids []winddown.ID
	for i, name := range []string{"ООО «Маяк»", "ООО «Маяк 2»", "ООО «Оникс»"} {
		ids = append(ids, book.AddSeller(name, i+1))
	}
	page := book.PostForm("/sellers/bulk", url.Values{"do": {"archive"}, "case": {ids[0].String()}, "query": {"q=маяк"}}).Want(http.StatusOK)
	form := page.Form("/sellers/archive")
	if got := strings.Fields(form.Get("found")); len(got) != 2 || form.Get("scope") != "picked" {
		t.Fatalf("the page carries %v", form)
	}
	form.Set("scope", "found")
	book.PostForm("/sellers/archive", form).WantRedirect("/sellers?q=%D0%BC%D0%B0%D1%8F%D0%BA")
	if got := all(book, "/sellers"); len(got) != 1 || got[0] != ids[2].String() {
		t.Errorf("the register keeps %v", got)
	}
	if got := all(book, "/sellers?archive=yes"); len(got) != 2 {
		t.Errorf("the archive holds %v", got)
	}
	// A search says what it finds in the archive.
	if link := book.Get("/sellers?q=маяк").Want(http.StatusOK).Link("В архиве найдено: 2"); link != "/sellers?archive=yes&q=%D0%BC%D0%B0%D1%8F%D0%BA" {
		t.Errorf("the archive is at %q", link)
	}
}

// A reminder sent again says why nobody got it.
func TestRemindedTwiceSaysWhy(t *testing.T) {
	s := testkit.Start(t)
	owner, keeper := s.SignUp("Анна Петрова", "petrova"), s.SignUp("Мария Иванова", "ivanova")
	id := owner.OpenCase("ИП Петрова А. С.", 1)
	owner.Join(keeper, id, winddown.Accountant)
	form := url.Values{"case": {id.String()}, "text": {"Пришлите акт"}}
	for _, want := range []string{"1 продавцу", "Ничего не изменилось. Пропущен 1.ИП Петрова А. С. — Уже напоминали сегодня"} {
		keeper.PostForm("/sellers/remind", form).Want(http.StatusSeeOther)
		list := keeper.Get("/sellers?q=никого").Want(http.StatusOK)
		if got := list.Text(); !strings.Contains(got, want) {
			t.Errorf("the list does not say %q:\n%s", want, got)
		}
		if led := list.HasLink("/sellers/" + id.String()); led != strings.Contains(want, "Пропущен") {
			t.Errorf("a link to the seller: %v", led)
		}
	}
	// Whoever does not see the seller any more does not read its name.
	keeper.PostForm("/sellers/remind", form).Want(http.StatusSeeOther)
	owner.PostForm("/cases/"+id.String()+"/people/"+keeper.ID.String()+"/remove", nil).Want(http.StatusSeeOther)
	if got := keeper.Get("/sellers").Want(http.StatusOK); strings.Contains(got.Text(), "Петрова") || !strings.Contains(got.Text(), "Пропущен 1.") {
		t.Errorf("the list says\n%s", got.Text())
	}
}

// Whoever nobody would read for is named with the way out of it, the two at the ends of a line.
func TestReminderLeadsToWhoIsMissing(t *testing.T) {
	s := testkit.Start(t)
	keeper := s.SignUp("Мария Иванова", "ivanova")
	id := keeper.AddSeller("ООО «Маяк»", 1)
	page := keeper.PostForm("/sellers/bulk", url.Values{"do": {"remind"}, "case": {id.String()}}).Want(http.StatusOK)
	wantText(t, page, "Не отправлять")
	if text := page.Main(); !strings.Contains(text, "Некому читать") || page.Link("Пригласить: ООО «Маяк»") != "/cases/"+id.String()+"/people" || strings.Contains(text, "·") {
		t.Errorf("the page says\n%s", text)
	}
}

// Whoever sends a form about a seller he has lost meanwhile keeps what he typed. A stranger is answered alike, whether
// there is such a case or not.
func TestALostFormKeepsItsWords(t *testing.T) {
	s := testkit.Start(t)
	owner, keeper, stranger := s.SignUp("Анна Петрова", "petrova"), s.SignUp("Мария Иванова", "ivanova"), s.SignUp("Чужая", "stranger")
	id := owner.OpenCase("ИП Петрова А. С.", 1)
	owner.Join(keeper, id, winddown.Accountant)
	owner.PostForm("/cases/"+id.String()+"/people/"+keeper.ID.String()+"/remove", nil).Want(http.StatusSeeOther)
	form := url.Values{"version": {"1"}, "ticket": {"48-1131"}, "note": {"Склад в Коледине:\nвсё пусто"}, "on": {"2026-11-22"}}
	sameSite := []string{"Sec-Fetch-Site", "same-origin"}
	send := func(c *testkit.Client, id winddown.ID) string {
		t.Helper()
		return c.PostForm("/cases/"+id.String()+"/steps/zero_fbs", form, sameSite...).Want(http.StatusNotFound).Main()
	}
	kept := send(keeper, id)
	for _, want := range []string{"Ничего не сохранено", "48-1131", "Склад в Коледине:", "всё пусто"} {
		if !strings.Contains(kept, want) {
			t.Errorf("%q is lost: %s", want, kept)
		}
	}
	if strings.Contains(kept, "2026-11-22") {
		t.Errorf("what nobody typed is told: %s", kept)
	}
	without := regexp.MustCompile(`[0-9a-f-]{16,36}`) // the number of the request
	alike := without.ReplaceAllString(kept, "")
	for _, other := range []string{send(stranger, id), send(stranger, winddown.ID{1}), send(keeper, winddown.ID{1})} {
		if without.ReplaceAllString(other, "") != alike {
			t.Errorf("a stranger is told\n%s\nand not\n%s", other, kept)
		}
	}
}
