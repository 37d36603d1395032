package site_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"winddown/internal/testkit"
	"winddown/internal/winddown"
)

func TestStartingAWindDown(t *testing.T) {
	s := testkit.Start(t)
	anna := s.SignUp("Петрова", "petrova")

	empty := anna.Get("/cases").Want(http.StatusOK)
	if empty.Link("Начать уход") != "/cases/new" {
		t.Error("the empty list does not lead to the form")
	}
	if empty.HasLink("/sellers") && strings.Contains(empty.Main(), "Продавцы") {
		t.Error("the list speaks of sellers to somebody who keeps nobody's books")
	}

	form := anna.Get("/cases/new").Want(http.StatusOK).Form("/cases")
	if len(form) != 4 {
		t.Errorf("the untouched form sends %v, want the four requisites and no answer", form)
	}
	form.Set("seller_name", "ИП Петрова А. С.")
	form.Set("inn", testkit.INN(1))
	form.Set("fbs", "no")
	form.Set("wb_stock", "yes")

	wrong := anna.PostForm("/cases", form).Want(http.StatusUnprocessableEntity)
	if got := wrong.Errors(); got["leftover"] != "Выберите, что делаете с остатком" || len(got) != 1 {
		t.Errorf("errors %v, want only that of the third question", got)
	}
	if again := wrong.Form("/cases"); again.Get("seller_name") != "ИП Петрова А. С." || again.Get("fbs") != "no" || again.Get("wb_stock") != "yes" {
		t.Errorf("the form forgot what was typed: %v", again)
	}
	if !strings.HasPrefix(wrong.Title(), "Ошибка: ") {
		t.Errorf("the title is %q", wrong.Title())
	}

	form.Set("wb_stock", "no")
	form.Set("leftover", "both") // does not apply, and is not looked at
	answer := anna.PostForm("/cases", form).Want(http.StatusSeeOther)
	if !strings.HasPrefix(answer.Location(), "/cases/") {
		t.Fatalf("leads to %q", answer.Location())
	}
	checklist := anna.Get(answer.Location()).Want(http.StatusOK)
	if !strings.Contains(checklist.Notice(), "Список шагов составлен") {
		t.Errorf("notice %q", checklist.Notice())
	}
	if checklist.Title() != "Шаги — ИП Петрова А. С. — Уход с WB — Winddown" {
		t.Errorf("title %q", checklist.Title())
	}
	if got := testkit.Text(checklist.ByTestID("overall")); got != "Уход не завершён. Выполнено 0 шагов из 7." {
		t.Errorf("overall %q", got)
	}
	if again := anna.Get(answer.Location()).Notice(); again != "" {
		t.Errorf("the notice came twice: %q", again)
	}

	list := anna.Get("/cases")
	row := testkit.Text(list.ByTestID("seller-" + strings.TrimPrefix(answer.Location(), "/cases/")))
	for _, want := range []string{"ИП Петрова А. С.", "ИНН " + testkit.INN(1), "Уход не завершён. Выполнено 0 шагов из 7.", "Дальше: распродайте товар"} {
		if !strings.Contains(row, want) {
			t.Errorf("the row %q lacks %q", row, want)
		}
	}
}

func TestNewCaseRefusesWrongRequisites(t *testing.T) {
	s := testkit.Start(t)
	anna := s.SignUp("Петрова", "petrova")
	form := url.Values{"seller_name": {" "}, "inn": {"7701234567"}, "ogrn": {"12"}, "cabinet": {strings.Repeat("ю", 101)}}
	page := anna.PostForm("/cases", form).Want(http.StatusUnprocessableEntity)
	errors := page.Errors()
	for _, field := range []string{"seller_name", "inn", "ogrn", "cabinet", "fbs", "wb_stock"} {
		if errors[field] == "" {
			t.Errorf("nothing is said about %s: %v", field, errors)
		}
		if len(page.All(func(n *node) bool { return testkit.Attr(n, "id") == field })) != 1 {
			t.Errorf("the summary's link to %s leads nowhere", field)
		}
	}
	if got := page.Form("/cases").Get("inn"); got != "7701234567" {
		t.Errorf("the INN typed became %q", got)
	}
	if list := anna.Get("/cases"); len(list.WithTestID("seller-")) != 0 {
		t.Error("a case was opened all the same")
	}
}

func TestCasesLeadToTheSellersOfABookkeeper(t *testing.T) {
	s := testkit.Start(t)
	book := s.SignUp("Иванова", "ivanova")
	book.AddSeller("ООО Ромашка", 1)
	page := book.Get("/cases").Want(http.StatusOK)
	if page.Link("Продавцы, учёт которых вы ведёте") != "/sellers" {
		t.Error("no link to the sellers")
	}
	if len(page.WithTestID("seller-")) != 0 {
		t.Error("a seller whose books one keeps is among one's own wind-downs")
	}
}

func TestCasesSayWhatIsAwaited(t *testing.T) {
	s := testkit.Start(t)
	anna := s.SignUp("Петрова", "petrova")
	id := anna.OpenCase("ИП Петрова", 1)
	anna.Mark(id, testkit.Goods()...)
	state := func() (string, string) {
		row := anna.Get("/cases").ByTestID("seller-" + id.String())
		return testkit.Attr(row, "data-state"), testkit.Text(row)
	}
	if group, row := state(); group != "ready" || !strings.Contains(row, "Пора запросить акт сверки") {
		t.Errorf("%s: %s", group, row)
	}
	anna.Mark(id, winddown.RequestAct)
	s.Clock.Advance(10 * 24 * 3600e9)
	if group, row := state(); group != "waiting" || !strings.Contains(row, "Ждём ответ WB с 22 ноября, 10 дней") {
		t.Errorf("%s: %s", group, row)
	}
}

// Nobody, and no program in his name, fills an installation with cases: what was typed stays, for later.
func TestOpeningCasesIsBounded(t *testing.T) {
	s := testkit.Start(t)
	anna := s.SignUp("Анна", "anna")
	typed := url.Values{"seller_name": {"ИП Ким"}}
	for n := range 300 {
		anna.PostForm([]string{"/cases", "/sellers"}[n%2], typed).Want(http.StatusUnprocessableEntity)
	}
	for _, path := range []string{"/cases", "/sellers"} {
		if p := anna.PostForm(path, typed).Want(http.StatusTooManyRequests); p.Form(path).Get("seller_name") != "ИП Ким" || p.Header.Get("Retry-After") != "3600" {
			t.Errorf("%s: %q, %v", path, p.Form(path), p.Header)
		}
	}
	load := "/sellers/import/" + anna.ID.String() + "/load"
	for range 60 {
		anna.PostForm(load, nil).Want(http.StatusNotFound)
	}
	preview := bring(t, anna, "table.csv", []byte("Продавец;ИНН;Торгует по FBS;Остаток на складах WB\nИП Ким;"+testkit.INN(1)+";да;нет\n"))
	load = preview.Path + "/load"
	p := anna.PostForm(load, preview.Form(load)).Want(http.StatusTooManyRequests)
	if !p.HasForm(load) || len(p.Errors()) == 0 || !strings.Contains(p.Main(), "ИП Ким") || p.Header.Get("Retry-After") != "3600" {
		t.Errorf("a table that waits is not shown: %v\n%s", p.Errors(), p.Main())
	}
	s.SignUp("Борис", "boris").PostForm("/cases", typed).Want(http.StatusUnprocessableEntity)
}
