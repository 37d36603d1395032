package site_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"winddown/internal/testkit"
	"winddown/internal/winddown"
)

func finishedCase(t *testing.T, anna *testkit.Client) winddown.ID {
	t.Helper()
	id := anna.OpenCase("ИП Петрова", 1)
	anna.Mark(id, append(testkit.Goods(), winddown.StripMedia, winddown.RequestAct, winddown.ReceiveAct, winddown.SignAct, winddown.SettleDebts)...)
	finish := "/cases/" + id.String() + "/finish"
	anna.PostForm(finish, url.Values{}).WantRedirect(finish)
	return id
}

func TestFinishIsBlockedUntilAllIsDone(t *testing.T) {
	s := testkit.Start(t)
	anna := s.SignUp("Петрова", "petrova")
	id := anna.OpenCase("ИП Петрова", 1)
	anna.Mark(id, append(testkit.Goods(), winddown.RequestAct)...)
	path := "/cases/" + id.String() + "/finish"
	for name, page := range map[string]*testkit.Page{
		"GET":  anna.Get(path).Want(http.StatusOK),
		"POST": anna.PostForm(path, url.Values{"version": {"1"}}).Want(http.StatusConflict),
	} {
		if page.Heading() != "Проверьте и завершите уход" || page.HasForm(path) {
			t.Errorf("%s: %q with a form", name, page.Heading())
		}
		for _, code := range []winddown.Code{winddown.StripMedia, winddown.ReceiveAct, winddown.SignAct, winddown.SettleDebts} {
			if !page.HasLink(stepPath(id, code)) {
				t.Errorf("%s does not lead to %s", name, code)
			}
		}
		for _, want := range []string{"Указать номер обращения", "Указать период", "Указать ОГРНИП или ОГРН", "22 ноября 2026", "Изменить: Запросить акт сверки"} {
			if !strings.Contains(page.Main(), want) {
				t.Errorf("%s lacks %q", name, want)
			}
		}
	}
	anna.PostForm(path, url.Values{"version": {"x"}}).Want(http.StatusUnprocessableEntity)
	if got := testkit.Text(anna.Get("/cases/" + id.String()).ByTestID("overall")); got != "Уход не завершён. Выполнено 5 шагов из 9." {
		t.Errorf("overall %q", got)
	}
}

// The last page tells of everything that a wind-down rests on, and leads to what lacks.
func TestTheLastPageTellsAll(t *testing.T) {
	s := testkit.Start(t)
	anna, book := s.SignUp("Петрова", "petrova"), s.SignUp("Смирнов", "smirnov")
	id := anna.OpenCase("ИП Петрова", 1)
	anna.Join(book, id, winddown.Accountant)
	home := "/cases/" + id.String()
	path := home + "/finish"

	anna.PostFiles(testkit.UploadHref(id, winddown.ZeroFBS, winddown.SlotStockZero), "", testkit.Upload{Name: "a.pdf", Content: testkit.PDF(100)},
		testkit.Upload{Name: "b.pdf", Content: testkit.PDF(200)}).Want(http.StatusSeeOther)
	anna.Mark(id, winddown.ZeroFBS, winddown.SellOut)
	if err := s.App.Waive(t.Context(), book.Actor(), id, winddown.Review{Step: winddown.RequestAct, Version: book.Version(id, winddown.RequestAct), Reason: "Склад закрыт"}); err != nil {
		t.Fatal(err)
	}
	if err := s.App.Ask(t.Context(), book.Actor(), id, winddown.SellOut, "Где отчёт?"); err != nil {
		t.Fatal(err)
	}
	debt, err := s.App.NewDebtID()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.App.AddDebts(t.Context(), anna.Actor(), id, []winddown.NewDebt{{ID: debt, Side: winddown.ToWB, What: "Хранение", Amount: 341820,
		On: winddown.Date{Year: 2026, Month: time.November, Day: 20}}}); err != nil {
		t.Fatal(err)
	}
	if err := s.App.AddAct(t.Context(), anna.Actor(), id, winddown.AddAct{Counterparty: "ООО «Вайлдберриз»"}); err != nil {
		t.Fatal(err)
	}
	page := anna.Get(path).Want(http.StatusOK)
	for _, want := range []string{
		"Подтверждения2 файла Изменить: подтверждения шага «Обнулить остатки FBS»",
		"Приложить: Отчёт об остатках на складах WB = 0", "Разрешено без предыдущих шагов", "Причина: Склад закрыт",
		"Акт 2: ООО «Вайлдберриз»Не запрошен", "Вы должны WB 3 418,20 ₽", "Чтобы завершить уход, сведите расчёты к нулю",
		"Есть вопросы, которые не закрыты.",
	} {
		if !strings.Contains(strings.ReplaceAll(page.Main(), "\u00a0", " "), want) {
			t.Errorf("the page lacks %q:\n%s", want, page.Main())
		}
	}
	for _, href := range []string{home + "/debts", home + "/acts", stepPath(id, winddown.ReturnStock) + "#evidence", stepPath(id, winddown.SellOut)} {
		if !page.HasLink(href) {
			t.Errorf("the page does not lead to %s", href)
		}
	}
	if page.HasForm(path) {
		t.Error("it can be finished with a debt")
	}
}

func TestFinish(t *testing.T) {
	s := testkit.Start(t)
	s.Clock.Set(on(2027, time.March, 3))
	anna, helper := s.SignUp("Петрова", "petrova"), s.SignUp("Иванова", "ivanova")
	id := anna.OpenCase("ИП Петрова", 1)
	anna.Join(helper, id, winddown.Helper)
	anna.Mark(id, append(testkit.Goods(), winddown.StripMedia, winddown.RequestAct, winddown.ReceiveAct, winddown.SignAct, winddown.SettleDebts)...)
	path := "/cases/" + id.String() + "/finish"
	helper.Get(path).Want(http.StatusNotFound)
	helper.PostForm(path, url.Values{}).Want(http.StatusNotFound)
	if next := testkit.Text(helper.Get("/cases/" + id.String()).ByTestID("next")); !strings.Contains(next, "Завершить уход может владелец") {
		t.Errorf("the helper's next is %q", next)
	}
	page := anna.Get(path)
	if !strings.Contains(page.Main(), "Уход не завершён, пока вы не нажмёте кнопку.") {
		t.Error("the notice is missing")
	}
	form := page.Form(path)
	anna.PostForm(path, url.Values{"version": {"99"}}).Want(http.StatusConflict)
	anna.PostForm(path, form).WantRedirect(path)
	anna.PostForm(path, form).WantRedirect(path) // a double click

	done := anna.Get(path)
	for _, want := range []string{"Уход завершён", "Кабинет на Wildberries этот сервис не закрывает", "Товар снова появился", "1 июня 2027", "winddown verify",
		"Скачать пакет документов", "1 пояснение вместо файла"} {
		if !strings.Contains(done.Main(), want) {
			t.Errorf("the confirmation lacks %q", want)
		}
	}
	list := anna.Get("/cases/" + id.String())
	if got := testkit.Text(list.ByTestID("overall")); got != "Уход завершён 3 марта 2027." {
		t.Errorf("overall %q", got)
	}
	if list.HasTestID("next") {
		t.Error("a finished wind-down says what to do next")
	}
	if row := anna.Get("/cases").ByTestID("seller-" + id.String()); testkit.Attr(row, "data-state") != "finished" {
		t.Error("the list does not show that it is over")
	}
}

func TestAfterTheFinish(t *testing.T) {
	s := testkit.Start(t)
	s.Clock.Set(on(2027, time.March, 3))
	anna := s.SignUp("Петрова", "petrova")
	id := finishedCase(t, anna)
	home, step := "/cases/"+id.String(), stepPath(id, winddown.ReturnStock)
	page := anna.Get(step).Want(http.StatusOK)
	if page.HasForm(step) || page.HasLink(step+"/undo") || !page.HasLink(step+"/regress") || !strings.Contains(page.Main(), "Уход завершён 3 марта 2027.") {
		t.Error("a finished wind-down is not read-only, but for goods that come back")
	}
	anna.PostForm(step, url.Values{"done": {"yes"}, "on": {"2027-03-03"}, "version": {"2"}}).Want(http.StatusConflict)
	anna.Get(step + "/undo").Want(http.StatusConflict)
	anna.PostForm(step+"/undo", url.Values{"reason": {"Нет"}, "version": {"2"}}).Want(http.StatusConflict)
	if page := anna.Get(home + "/answers"); page.HasForm(home + "/answers") {
		t.Error("the answers of a finished wind-down can be changed")
	}
	anna.PostForm(home+"/answers", url.Values{"fbs": {"no"}, "wb_stock": {"no"}}).Want(http.StatusConflict)

	s.Clock.Set(on(2027, time.March, 20))
	anna.PostForm(step+"/regress", url.Values{"reason": {"Пришла коробка"}, "version": {"2"}}).WantRedirect(home)
	list := anna.Get(home)
	if got := testkit.Text(list.ByTestID("overall")); got != "Уход завершён 3 марта, но 20 марта товар снова появился." {
		t.Errorf("overall %q", got)
	}
	if !list.HasLink(home + "/finish#reopen") {
		t.Error("no offer to reopen")
	}
	if row := testkit.Text(anna.Get("/cases").ByTestID("seller-" + id.String())); !strings.Contains(row, "Уход завершён 3 марта, но товар снова появился.") {
		t.Errorf("the row is %q", row)
	}

	reopen := anna.Get(home + "/finish").Form(home + "/reopen")
	if got := anna.PostForm(home+"/reopen", reopen).Want(http.StatusUnprocessableEntity).Errors(); got["reason"] != "Укажите причину" {
		t.Errorf("errors %v", got)
	}
	reopen.Set("reason", "Пришла коробка")
	if got := anna.PostForm(home+"/reopen", url.Values{"reason": {"Пришла коробка"}, "version": {"99"}}).Want(http.StatusConflict).Form(home + "/reopen"); got.Get("reason") != "Пришла коробка" {
		t.Errorf("the form came back as %v", got)
	}
	anna.PostForm(home+"/reopen", reopen).WantRedirect(home)
	list = anna.Get(home)
	if got := testkit.Text(list.ByTestID("overall")); got != "Уход не завершён. Выполнено 4 шага из 9." {
		t.Errorf("overall %q", got)
	}
	if !strings.Contains(list.Notice(), "Уход открыт снова.") {
		t.Errorf("notice %q", list.Notice())
	}
	anna.PostForm(home+"/reopen", url.Values{"reason": {"Ещё раз"}}).Want(http.StatusConflict)
}
