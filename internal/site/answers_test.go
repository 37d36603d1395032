package site_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"winddown/internal/testkit"
	"winddown/internal/winddown"
)

func TestChangingTheAnswers(t *testing.T) {
	s := testkit.Start(t)
	anna := s.SignUp("Петрова", "petrova")
	id, err := s.App.OpenCase(t.Context(), anna.Actor(), winddown.NewCase{
		Seller: winddown.Seller{Name: "ИП Петрова", INN: testkit.INN(1)}, Answers: winddown.RawAnswers{FBS: "no", WBStock: "yes", Leftover: "return"},
	})
	if err != nil {
		t.Fatal(err)
	}
	anna.Mark(id, winddown.SellOut, winddown.ReturnStock, winddown.CollectReturns, winddown.RequestAct)
	path := "/cases/" + id.String() + "/answers"
	form := anna.Get(path).Want(http.StatusOK).Form(path)
	if form.Get("fbs") != "no" || form.Get("wb_stock") != "yes" || form.Get("leftover") != "return" || form.Get("version") == "" {
		t.Errorf("the form begins with %v", form)
	}
	form.Set("fbs", "yes")
	stale := url.Values{"fbs": {"yes"}, "wb_stock": {"no"}, "version": {"77"}}
	if got := anna.PostForm(path, stale).Want(http.StatusConflict); got.Form(path).Get("wb_stock") != "no" || got.Form(path).Get("version") != form.Get("version") ||
		!strings.Contains(got.Errors()[""], "Ваш текст не потерян") {
		t.Errorf("the form came back as %v with %v", got.Form(path), got.Errors())
	}
	if got := anna.PostForm(path, url.Values{"fbs": {"yes"}, "wb_stock": {"yes"}}).Want(http.StatusUnprocessableEntity).Errors(); got["leftover"] == "" {
		t.Errorf("errors %v", got)
	}
	if got := anna.PostForm(path, url.Values{"fbs": {"yes"}, "wb_stock": {"no"}, "version": {"many"}}).Want(http.StatusUnprocessableEntity).Errors(); got[""] == "" {
		t.Errorf("errors %v", got)
	}
	anna.PostForm(path, form).WantRedirect("/cases/" + id.String())
	list := anna.Get("/cases/" + id.String())
	if _, state := stepRow(list, winddown.ZeroFBS); state != "not_started" {
		t.Errorf("zero_fbs is %s", state)
	}
	if _, state := stepRow(list, winddown.RequestAct); state != "problem" {
		t.Errorf("request_act is %s", state)
	}
	if !strings.Contains(anna.Get("/cases/"+id.String()+"/history").Main(), "Работа по FBS: Нет → Да") {
		t.Error("the history does not say what was changed")
	}
	// Without a version nothing is checked; helpers and strangers find nothing here.
	anna.PostForm(path, url.Values{"fbs": {"no"}, "wb_stock": {"no"}}).Want(http.StatusSeeOther)
	helper := s.SignUp("Иванова", "ivanova")
	anna.Join(helper, id, winddown.Helper)
	helper.Get(path).Want(http.StatusNotFound)
	helper.PostForm(path, url.Values{"version": {"x"}}).Want(http.StatusNotFound)
}

func TestChangingTheDetails(t *testing.T) {
	s := testkit.Start(t)
	anna := s.SignUp("Петрова", "petrova")
	id := anna.OpenCase("ИП Петрова", 1)
	path := "/cases/" + id.String() + "/details"
	page := anna.Get(path).Want(http.StatusOK)
	form := page.Form(path)
	if form.Get("zone") != "Europe/Moscow" || form.Get("seller_name") != "ИП Петрова" || form.Get("inn") != testkit.INN(1) {
		t.Errorf("the form begins with %v", form)
	}
	for _, want := range []string{"Москва (МСК)", "Калининград (МСК-1)", "Владивосток (МСК+7)"} {
		if !strings.Contains(page.Main(), want) {
			t.Errorf("no zone %s", want)
		}
	}
	form.Set("inn", "1")
	form.Set("zone", "Mars/Olympus")
	wrong := anna.PostForm(path, form).Want(http.StatusUnprocessableEntity)
	if got := wrong.Errors(); got["inn"] == "" || got["zone"] == "" || wrong.Form(path).Get("inn") != "1" {
		t.Errorf("errors %v", got)
	}
	form.Set("inn", testkit.INN(1))
	form.Set("zone", "Asia/Omsk")
	form.Set("seller_name", "ИП Петрова А. С.")
	form.Set("cabinet", "Второй")
	anna.PostForm(path, form).WantRedirect("/cases/" + id.String())
	if got := anna.Get("/cases/" + id.String()).Heading(); got != "Уход с Wildberries: ИП Петрова А. С., кабинет Второй" {
		t.Errorf("h1 %q", got)
	}
	form.Set("seller_name", "Другое имя")
	stale := anna.PostForm(path, form).Want(http.StatusConflict).Form(path)
	if stale.Get("seller_name") != "Другое имя" || stale.Get("version") == form.Get("version") {
		t.Errorf("the form came back as %v", stale)
	}
	history := anna.Get("/cases/" + id.String() + "/history").Main()
	for _, want := range []string{"Название: ИП Петрова → ИП Петрова А. С.", "Часовой пояс: Москва (МСК) → Омск (МСК+3)", "Кабинет: Второй"} {
		if !strings.Contains(history, want) {
			t.Errorf("the history lacks %q", want)
		}
	}
}
