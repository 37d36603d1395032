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

// reviewed is a case with an owner and an accountant, and a step that is done.
func reviewed(t *testing.T) (s *testkit.Site, anna, maria *testkit.Client, id winddown.ID, path string) {
	t.Helper()
	s = testkit.Start(t)
	anna, maria = s.SignUp("Петрова", "petrova"), s.SignUp("Иванова", "ivanova")
	id = anna.OpenCase("ИП Петрова", 1)
	anna.Join(maria, id, winddown.Accountant)
	anna.Mark(id, winddown.ZeroFBS)
	return s, anna, maria, id, stepPath(id, winddown.ZeroFBS)
}

func TestAccepting(t *testing.T) {
	s, anna, maria, id, path := reviewed(t)
	if anna.Get(path).HasForm(path + "/accept") {
		t.Error("the owner is offered to accept his own step")
	}
	form := maria.Get(path).Form(path + "/accept")
	form.Set("version", "1")
	stale := maria.PostForm(path+"/accept", form).Want(http.StatusConflict)
	if got := stale.Errors()[""]; got != "Пока вы смотрели страницу, этот шаг изменился. Проверьте его и примите ещё раз." {
		t.Errorf("errors %v", stale.Errors())
	}
	maria.PostForm(path+"/accept", url.Values{"version": {"x"}}).Want(http.StatusUnprocessableEntity)
	maria.PostForm(path+"/accept", stale.Form(path+"/accept")).WantRedirect(path)
	page := maria.Get(path)
	if !strings.HasSuffix(page.Notice(), "Шаг «Обнулить остатки FBS» принят.") {
		t.Errorf("the notice reads %q", page.Notice())
	}
	for _, c := range []*testkit.Client{anna, maria} {
		page := c.Get(path)
		if got := testkit.Text(page.ByTestID("accepted")); got != "Принято 22 ноября 2026, Иванова" {
			t.Errorf("%s reads %q", c.Name, got)
		}
		if page.HasForm(path + "/accept") {
			t.Error("an accepted step is offered to be accepted")
		}
	}
	for address, want := range map[string]bool{"/sellers/" + id.String(): true, "/cases/" + id.String(): true} {
		if text, _ := stepRow(maria.Get(address), winddown.ZeroFBS); strings.Contains(text, "Принято") != want {
			t.Errorf("%s: %s", address, text)
		}
	}
	if text, _ := stepRow(anna.Get("/cases/"+id.String()), winddown.ZeroFBS); strings.Contains(text, "Принято") {
		t.Errorf("the owner's list says %s", text)
	}

	// A later file drops the acceptance; after the next one both are seen.
	s.Clock.Advance(48 * time.Hour)
	anna.PostFiles(testkit.UploadHref(id, winddown.ZeroFBS, winddown.SlotStockZero), "", testkit.Upload{Name: "а.png", Content: testkit.PNG(1)}).
		Want(http.StatusSeeOther)
	page = maria.Get(path)
	const dropped = "Принятие 22 ноября 2026 (Иванова) снято: появились новые файлы"
	if got := testkit.Text(page.ByTestID("dropped")); got != dropped || page.HasTestID("accepted") {
		t.Errorf("after the upload: %q", got)
	}
	maria.PostForm(path+"/accept", page.Form(path+"/accept")).WantRedirect(path)
	page = anna.Get(path)
	if testkit.Text(page.ByTestID("dropped")) != dropped || testkit.Text(page.ByTestID("accepted")) != "Принято 24 ноября 2026, Иванова" {
		t.Errorf("both signatures: %s", page.Main())
	}
	// A corrected mark drops it too, and is no new file.
	s.Clock.Advance(time.Hour)
	form = page.Form(path)
	form.Set("note", "Проверила ещё раз")
	anna.PostForm(path, form).Want(http.StatusSeeOther)
	page = anna.Get(path)
	if got := testkit.Text(page.WithTestID("dropped")[1]); got != "Принятие 24 ноября 2026 (Иванова) снято: шаг изменился" {
		t.Errorf("after the correction: %q", got)
	}
}

func TestSendingBack(t *testing.T) {
	_, anna, maria, id, path := reviewed(t)
	back := maria.Get(path).Link("Вернуть на доработку")
	form := maria.Get(back).Want(http.StatusOK).Form(back)
	if got := maria.PostForm(back, form).Want(http.StatusUnprocessableEntity).Errors(); got["reason"] != "Укажите причину" {
		t.Errorf("errors %v", got)
	}
	form.Set("reason", "На снимке не видно даты")
	form.Set("version", "1")
	again := maria.PostForm(back, form).Want(http.StatusConflict).Form(back)
	if again.Get("reason") != "На снимке не видно даты" {
		t.Error("the reason is lost after a conflict")
	}
	maria.PostForm(back, again).WantRedirect(path)
	for _, address := range []string{"/cases/" + id.String(), path} {
		if !strings.Contains(anna.Get(address).Main(), "Бухгалтер вернул шаг на доработку 22 ноября: На снимке не видно даты") {
			t.Errorf("%s does not say why", address)
		}
	}
	if text, state := stepRow(anna.Get("/cases/"+id.String()), winddown.ZeroFBS); state != "problem" || !strings.Contains(text, "Есть проблема") {
		t.Errorf("%s: %s", state, text)
	}
	maria.Get(back).Want(http.StatusConflict)
	again.Set("reason", "И не видно склада")
	late := maria.PostForm(back, again).Want(http.StatusConflict)
	if late.Form(back).Get("reason") != "И не видно склада" || !strings.HasPrefix(late.Errors()[""], "Принять или вернуть можно только выполненный шаг") {
		t.Errorf("a step that is returned already: %v", late.Errors())
	}
	anna.Mark(id, winddown.ZeroFBS)
	if _, state := stepRow(anna.Get("/cases/"+id.String()), winddown.ZeroFBS); state != "done" {
		t.Errorf("confirmed, the step is %s", state)
	}
}

func TestAllowingWithoutFulfilment(t *testing.T) {
	_, anna, maria, id, _ := reviewed(t)
	anna.Mark(id, winddown.SellOut, winddown.CollectReturns)
	path := stepPath(id, winddown.RequestAct)
	waive, unwaive := path+"/waive", path+"/unwaive"
	if anna.Get(path).HasLink(waive) {
		t.Error("the owner is offered to open a gate")
	}
	page := maria.Get(maria.Get(path).Link("Разрешить без выполнения")).Want(http.StatusOK)
	if got := page.Main(); !strings.Contains(got, "Не выполнен шаг «Вернуть товар со складов WB». Он останется невыполненным.") {
		t.Errorf("the page reads %s", got)
	}
	form := page.Form(waive)
	maria.PostForm(waive, form).Want(http.StatusUnprocessableEntity)
	form.Set("reason", "Склад закрыт")
	maria.PostForm(waive, form).WantRedirect(path)
	for _, c := range []*testkit.Client{anna, maria} {
		if got := testkit.Text(c.Get(path).ByTestID("waiver")); !strings.Contains(got, "22 ноября 2026, Иванова: без шага «Вернуть товар со складов WB»") ||
			!strings.Contains(got, "Причина: Склад закрыт") {
			t.Errorf("%s reads %q", c.Name, got)
		}
		if text, state := stepRow(c.Get("/cases/"+id.String()), winddown.RequestAct); state != "not_started" || !strings.Contains(text, "Разрешено без предыдущих шагов") {
			t.Errorf("%s: %s", state, text)
		}
	}
	if text, _ := stepRow(maria.Get("/sellers/"+id.String()), winddown.RequestAct); !strings.Contains(text, "Разрешено без предыдущих шагов") {
		t.Errorf("the seller's page says %s", text)
	}
	maria.Get(waive).Want(http.StatusConflict)
	form.Set("reason", "И остаток списан")
	late := maria.PostForm(waive, form).Want(http.StatusConflict)
	if late.Form(waive).Get("reason") != "И остаток списан" || len(late.Errors()) != 1 || strings.Contains(late.Main(), "Не выполнен") {
		t.Errorf("a gate that is open already: %v\n%s", late.Errors(), late.Main())
	}

	form = maria.Get(maria.Get(path).Link("Отозвать разрешение")).Want(http.StatusOK).Form(unwaive)
	form.Set("reason", "Склад открыт")
	maria.PostForm(unwaive, form).WantRedirect(path)
	if text, state := stepRow(anna.Get("/cases/"+id.String()), winddown.RequestAct); state != "blocked" || strings.Contains(text, "Разрешено") {
		t.Errorf("%s: %s", state, text)
	}
	maria.Get(unwaive).Want(http.StatusConflict)
	form.Set("reason", "Он закрыт")
	form.Set("version", "1")
	if late := maria.PostForm(unwaive, form).Want(http.StatusConflict); late.Form(unwaive).Get("reason") != "Он закрыт" {
		t.Error("the reason is lost where there is no waiver")
	}
	// The debts are never settled before the act is signed.
	maria.PostForm(stepPath(id, winddown.SettleDebts)+"/waive", url.Values{"version": {"1"}, "reason": {"x"}}).Want(http.StatusConflict)
}

func TestQuestions(t *testing.T) {
	_, anna, maria, id, path := reviewed(t)
	ask, answer, resolve := path+"/questions", "/cases/"+id.String()+"/questions/1/answer", "/cases/"+id.String()+"/questions/1/resolve"
	if anna.Get(path).HasForm(ask) {
		t.Error("the owner is offered to ask himself")
	}
	if got := maria.PostForm(ask, url.Values{"question": {" "}}).Want(http.StatusUnprocessableEntity).Errors(); got["question"] != "Напишите вопрос" {
		t.Errorf("errors %v", got)
	}
	maria.PostForm(ask, url.Values{"question": {"На всех складах?"}}).WantRedirect(path)
	maria.PostForm(ask, url.Values{"question": {"А в корзине?"}}).WantRedirect(path)
	for _, c := range []struct {
		who     *testkit.Client
		address string
	}{{anna, "/cases/" + id.String()}, {maria, "/sellers/" + id.String()}} {
		if text, _ := stepRow(c.who.Get(c.address), winddown.ZeroFBS); !strings.Contains(text, "Вопросов: 2") {
			t.Errorf("%s: %s", c.address, text)
		}
	}
	page := anna.Get(path)
	if got := testkit.Text(page.ByTestID("question-1")); !strings.HasPrefix(got, "Открыт Иванова, 22 ноября 2026, 12:00 МСКНа всех складах?") {
		t.Errorf("the question reads %q", got)
	}
	if page.HasForm(resolve) {
		t.Error("an unanswered question can be closed by somebody else")
	}
	form := page.Form(answer)
	bad := anna.PostForm(answer, form).Want(http.StatusUnprocessableEntity)
	if bad.Errors()["answer_1"] != "Напишите ответ" {
		t.Errorf("errors %v", bad.Errors())
	}
	form.Set("answer_1", strings.Repeat("ы", 2001))
	if long := anna.PostForm(answer, form).Want(http.StatusUnprocessableEntity).Form(answer); long.Get("answer_1") != form.Get("answer_1") {
		t.Error("the answer is lost after a mistake")
	}
	form.Set("answer_1", "Да, на всех")
	anna.PostForm(answer, form).WantRedirect(path)
	page = maria.Get(path)
	if got := testkit.Text(page.ByTestID("question-1")); !strings.HasPrefix(got, "Есть ответ") || !strings.Contains(got, "Ответ: Петрова, 22 ноября 2026, 12:00 МСКДа, на всех") {
		t.Errorf("the question reads %q", got)
	}
	if got := testkit.Text(page.ByTestID("question-1")); page.HasForm(answer) || !strings.Contains(got, "Если нет, задайте новый. Изменить ответ может только тот, кто его дал.") {
		t.Errorf("the accountant reads %q", got)
	}
	mine := anna.Get(path)
	if got := testkit.Text(mine.ByTestID("question-1")); !mine.HasForm(answer) || !mine.HasForm(resolve) ||
		!strings.Contains(got, "Закрыть вопрос можете и вы, и бухгалтер") || strings.Contains(got, "задайте") || strings.Contains(got, "Изменить ответ может") {
		t.Errorf("the seller reads %q", got)
	}
	maria.PostForm(resolve, page.Form(resolve)).WantRedirect(path)
	if got := testkit.Text(maria.Get(path).ByTestID("question-1")); !strings.Contains(got, "Если осталось неясное, задайте новый.") {
		t.Errorf("the accountant reads %q", got)
	}
	page = anna.Get(path)
	if got := testkit.Text(page.ByTestID("question-1")); !strings.Contains(got, "Новый может задать бухгалтер") || strings.Contains(got, "задайте") {
		t.Errorf("the seller reads %q", got)
	}
	if got := testkit.Text(page.ByTestID("question-1")); !strings.HasPrefix(got, "Закрыт") || page.HasForm(answer) {
		t.Errorf("the question reads %q", got)
	}
	form.Set("answer_1", "Ещё ответ")
	if got := anna.PostForm(answer, form).Want(http.StatusConflict).Errors(); !strings.HasPrefix(got[""], "Этот вопрос уже закрыт") || strings.Contains(got[""], "задайте") {
		t.Errorf("errors %v", got)
	}
	if text, _ := stepRow(anna.Get("/cases/"+id.String()), winddown.ZeroFBS); !strings.Contains(text, "Вопросов: 1") {
		t.Errorf("the row says %s", text)
	}
	for _, n := range []string{"0", "3", "x", "-1", "+2", "02"} {
		anna.PostForm("/cases/"+id.String()+"/questions/"+n+"/answer", url.Values{"answer_" + n: {"x"}}).Want(http.StatusNotFound)
	}
}
