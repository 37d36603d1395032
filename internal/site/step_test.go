package site_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"winddown/internal/testkit"
	"winddown/internal/winddown"
)

func TestStepPage(t *testing.T) {
	s := testkit.Start(t)
	anna := s.SignUp("Петрова", "petrova")
	id := anna.OpenCase("ИП Петрова", 1)
	path := stepPath(id, winddown.ZeroFBS)
	page := anna.Get(path).Want(http.StatusOK)
	if page.Heading() != "Обнулить остатки FBS" || page.Link("К списку шагов") != "/cases/"+id.String() {
		t.Errorf("h1 %q", page.Heading())
	}
	for _, want := range []string{"Кому нужно", "Что подготовить", "Где сделать", "Сколько ждать", "Источник: статья LikeStats", "Вы выполнили этот шаг?"} {
		if !strings.Contains(page.Main(), want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	form := page.Form(path)
	if form.Get("version") != "1" || form.Get("on") != "2026-11-22" || form.Has("done") {
		t.Errorf("the form begins with %v", form)
	}
	if testkit.Attr(page.ByID("on"), "max") != "2026-11-22" {
		t.Error("the date has no maximum")
	}

	none := anna.PostForm(path, form).Want(http.StatusUnprocessableEntity)
	if got := none.Errors(); got["done"] != "Выберите, выполнен ли шаг" || len(got) != 1 {
		t.Errorf("errors %v", got)
	}
	form.Set("done", "yes")
	form.Set("note", "Проверено дважды\nна двух складах")
	form.Set("reason_stock_zero", "Кабинет закрыт")
	anna.PostForm(path, form).WantRedirect("/cases/" + id.String())

	done := anna.Get(path)
	for _, want := range []string{"Выполнено", "22 ноября, Петрова", "Проверено дважды", "Изменить отметку", "Остатки FBS обнулены"} {
		if !strings.Contains(done.Main(), want) {
			t.Errorf("the page of a done step lacks %q", want)
		}
	}
	if !done.HasLink(path+"/undo") || !done.HasLink(path+"/regress") {
		t.Error("a done step cannot be taken back")
	}
	correct := done.Form(path)
	if correct.Get("done") != "yes" || correct.Get("version") != "2" || correct.Get("on") != "2026-11-22" ||
		correct.Get("note") != "Проверено дважды\nна двух складах" {
		t.Errorf("the form to correct is %v", correct)
	}
	correct.Set("on", "2026-11-20")
	anna.PostForm(path, correct).Want(http.StatusSeeOther)
	text, state := stepRow(anna.Get("/cases/"+id.String()), winddown.ZeroFBS)
	if state != "done" || !strings.Contains(text, "20 ноября, Петрова") {
		t.Errorf("%s: %s", state, text)
	}
}

func TestTodayIsTheReadersOwn(t *testing.T) {
	s := testkit.Start(t)
	anna := s.SignUp("Петрова", "petrova")
	id := anna.OpenCase("ИП Петрова", 1)
	anna.PostForm("/account/settings", url.Values{"name": {"Петрова"}, "locale": {"ru"}, "zone": {"Asia/Vladivostok"}}).Want(http.StatusSeeOther)
	s.Clock.Set(time.Date(2026, time.November, 22, 20, 30, 0, 0, time.UTC)) // 23:30 in Moscow, the 23rd in Vladivostok
	path := stepPath(id, winddown.ZeroFBS)
	form := anna.Get(path).Form(path)
	if form.Get("on") != "2026-11-23" {
		t.Fatalf("today is %s", form.Get("on"))
	}
	form.Set("done", "yes")
	form.Set("reason_stock_zero", "Нет снимка")
	anna.PostForm(path, form).Want(http.StatusSeeOther)
	form.Set("on", "2026-11-24")
	form.Set("version", "2")
	if got := anna.PostForm(path, form).Want(http.StatusUnprocessableEntity).Errors(); got["on"] != "Дата не может быть позже сегодняшней" {
		t.Errorf("errors %v", got)
	}
}

func TestFormsThatCannotBeRead(t *testing.T) {
	s := testkit.Start(t)
	anna := s.SignUp("Петрова", "petrova")
	id := anna.OpenCase("ИП Петрова", 1)
	anna.Mark(id, testkit.Goods()...)
	good := url.Values{"done": {"yes"}, "on": {"2026-11-22"}, "version": {"1"}, "note": {"Не потеряйте меня"}}
	for _, c := range []struct {
		field, value string
		sentence     string
	}{
		{"on", "вчера", "Укажите дату"},
		{"on", "22.11.26", "Укажите дату"},
		{"on", "11/22/2026", "Укажите дату"},
		{"on", "2026-02-31", "Укажите дату"},
		{"on", "99999-01-01", "Укажите дату"},
		{"on", "", "Укажите дату"},
		{"on", "2026-11-23", "Дата не может быть позже сегодняшней"},
		{"version", "", "Страница устарела"},
		{"version", "abc", "Страница устарела"},
		{"version", "0", "Страница устарела"},
		{"version", "-1", "Страница устарела"},
		{"version", "99999999999999999999", "Страница устарела"},
		{"done", "maybe", "Выберите, выполнен ли шаг"},
		{"channel", "pigeon", "Выберите, куда вы обратились"},
		{"period_from", "давно", "Укажите дату"},
		{"ticket", strings.Repeat("9", 101), "Сократите текст"},
		{"note", strings.Repeat("ы", 2001), "Сократите текст"},
	} {
		form := url.Values{}
		for name, values := range good {
			form[name] = values
		}
		form.Set(c.field, c.value)
		page := anna.PostForm(stepPath(id, winddown.RequestAct), form).Want(http.StatusUnprocessableEntity)
		found := false
		for _, text := range page.Errors() {
			found = found || strings.Contains(text, c.sentence)
		}
		if !found {
			t.Errorf("%s=%.20q: %v, want %q", c.field, c.value, page.Errors(), c.sentence)
		}
		again := page.Form(stepPath(id, winddown.RequestAct))
		if kind := testkit.Attr(page.ByID("on"), "type"); c.field == "on" && (kind == "date") != (c.value == "" || c.value == "2026-11-23") {
			t.Errorf("on=%q stands in a field of type %s, which would not show it", c.value, kind)
		}
		switch c.field {
		case "version": // hidden: nobody typed it
			if again.Get("version") != "1" {
				t.Errorf("version=%q is carried on as %q", c.value, again.Get("version"))
			}
		case "done", "channel":
		default:
			if again.Get(c.field) != c.value {
				t.Errorf("%s=%.20q came back as %.20q", c.field, c.value, again.Get(c.field))
			}
		}
		if c.field != "note" && again.Get("note") != "Не потеряйте меня" {
			t.Errorf("%s=%.20q: the note is lost", c.field, c.value)
		}
	}
	if v := anna.Version(id, winddown.RequestAct); v != 1 {
		t.Errorf("something was saved: version %d", v)
	}
	// The day first, as people write it, is a date.
	good.Set("on", " 20.11.2026 ")
	good.Set("period_from", "01/01/2026")
	anna.PostForm(stepPath(id, winddown.RequestAct), good).Want(http.StatusSeeOther)
	if form := anna.Get(stepPath(id, winddown.RequestAct)).Form(stepPath(id, winddown.RequestAct)); form.Get("on") != "2026-11-20" || form.Get("period_from") != "2026-01-01" {
		t.Errorf("written down: %v", form)
	}
}

func TestBlockedStep(t *testing.T) {
	s := testkit.Start(t)
	anna := s.SignUp("Петрова", "petrova")
	id := anna.OpenCase("ИП Петрова", 1)
	anna.Mark(id, winddown.ZeroFBS, winddown.SellOut)
	for code, blockers := range map[winddown.Code][]winddown.Code{
		winddown.RequestAct:  {winddown.ReturnStock, winddown.CollectReturns},
		winddown.ReceiveAct:  {winddown.RequestAct},
		winddown.SignAct:     {winddown.ReceiveAct},
		winddown.SettleDebts: {winddown.SignAct},
	} {
		path := stepPath(id, code)
		before := len(anna.Get("/cases/" + id.String() + "/history").All(func(n *node) bool { return n.Data == "time" }))
		pages := map[string]*testkit.Page{"GET": anna.Get(path).Want(http.StatusOK)}
		for name, form := range map[string]url.Values{
			"done":       {"done": {"yes"}, "on": {"2026-11-22"}, "version": {"1"}},
			"pending":    {"done": {"no"}, "version": {"1"}},
			"no version": {"done": {"yes"}},
			"empty":      {},
		} {
			pages[name] = anna.PostForm(path, form).Want(http.StatusConflict)
		}
		for name, page := range pages {
			if !strings.Contains(page.Main(), "Этот шаг пока недоступен.") || !strings.Contains(page.Main(), "Сначала:") {
				t.Errorf("%s %s does not say that the step is closed", name, code)
			}
			for _, b := range blockers {
				if !page.HasLink(stepPath(id, b)) {
					t.Errorf("%s %s does not lead to %s", name, code, b)
				}
			}
			if page.HasForm(path) {
				t.Errorf("%s %s offers the form", name, code)
			}
		}
		if v := anna.Version(id, code); v != 1 {
			t.Errorf("%s is at version %d", code, v)
		}
		if after := len(anna.Get("/cases/" + id.String() + "/history").All(func(n *node) bool { return n.Data == "time" })); after != before {
			t.Errorf("%s: the history grew from %d to %d", code, before, after)
		}
	}
}

func TestConflictKeepsTheText(t *testing.T) {
	s := testkit.Start(t)
	anna, helper := s.SignUp("Петрова", "petrova"), s.SignUp("Иванова", "ivanova")
	peter := s.SignUp("Пётр Шевченко", "peter")
	id := anna.OpenCase("ИП Петрова", 1)
	anna.Join(helper, id, winddown.Helper)
	anna.Join(peter, id, winddown.Helper)
	path := stepPath(id, winddown.ZeroFBS)
	mine := anna.Get(path).Form(path)
	mine.Set("done", "yes")
	mine.Set("note", "Моя длинная заметка")
	mine.Set("on", "2026-11-21")

	helper.Mark(id, winddown.ZeroFBS)
	for wait, ago := range map[time.Duration]string{30 * time.Second: "только что", 5 * time.Minute: "5 минут назад", time.Minute: "1 минуту назад",
		2 * time.Hour: "2 часа назад", 21 * time.Hour: "21 час назад"} {
		at := testkit.Noon().Add(wait)
		s.Clock.Set(at)
		page := anna.PostForm(path, mine).Want(http.StatusConflict)
		want := "Пока вы заполняли страницу, Иванова за ИП Петрова отметила этот шаг " + ago + ". Ваш текст не потерян — проверьте и сохраните ещё раз."
		if got := page.Errors()[""]; got != want {
			t.Errorf("after %s: %q, want %q", wait, got, want)
		}
		again := page.Form(path)
		if again.Get("note") != "Моя длинная заметка" || again.Get("on") != "2026-11-21" || again.Get("version") != "2" {
			t.Errorf("the form came back as %v", again)
		}
	}
	// A mistake beside a conflict must not make the conflict pass unnoticed.
	mine.Set("on", "завтра")
	wrong := anna.PostForm(path, mine).Want(http.StatusUnprocessableEntity).Form(path)
	wrong.Set("on", "2026-11-21")
	again := anna.PostForm(path, wrong).Want(http.StatusConflict).Form(path)
	anna.PostForm(path, again).WantRedirect("/cases/" + id.String())
	if text, _ := stepRow(anna.Get("/cases/"+id.String()), winddown.ZeroFBS); !strings.Contains(text, "21 ноября, Петрова") {
		t.Errorf("the row is %q", text)
	}

	// «Ещё нет» against somebody's «да» stays «ещё нет»: the form does not turn it round.
	path = stepPath(id, winddown.SellOut)
	peter.Mark(id, winddown.SellOut)
	page := anna.PostForm(path, url.Values{"done": {"no"}, "version": {"1"}, "note": {"Ещё едут"}}).Want(http.StatusConflict)
	if got := page.Errors()[""]; !strings.Contains(got, "этот шаг отметили: Пётр Шевченко за ИП Петрова, только что") {
		t.Errorf("%q", got)
	}
	if got := page.Form(path); got.Get("done") != "no" || got.Get("note") != "Ещё едут" {
		t.Errorf("the form came back as %v", got)
	}
}

func TestReadOnlySteps(t *testing.T) {
	s := testkit.Start(t)
	anna, book := s.SignUp("Петрова", "petrova"), s.SignUp("Смирнов", "smirnov")
	id := anna.OpenCase("ИП Петрова", 1)
	anna.Join(book, id, winddown.Accountant)
	anna.Mark(id, winddown.ZeroFBS)
	path := stepPath(id, winddown.ZeroFBS)
	page := book.Get(path).Want(http.StatusOK)
	if page.HasForm(path) || page.HasLink(path+"/undo") {
		t.Error("the accountant may mark without the right to")
	}
	if !page.HasLink(path + "/regress") {
		t.Error("the accountant cannot say that goods came back")
	}
	for _, form := range []url.Values{{"done": {"yes"}, "on": {"2026-11-22"}, "version": {"2"}}, {}} {
		book.PostForm(path, form).Want(http.StatusNotFound)
	}
	book.Get(path + "/undo").Want(http.StatusNotFound)
	book.PostForm(path+"/undo", url.Values{"reason": {"нет"}, "version": {"2"}}).Want(http.StatusNotFound)
	book.PostForm("/cases/"+id.String()+"/rest", url.Values{}).Want(http.StatusNotFound)
	anna.Get(stepPath(id, "nonsense")).Want(http.StatusNotFound)
	anna.PostForm(stepPath(id, "nonsense"), url.Values{}).Want(http.StatusNotFound)
}

func TestNotNeededStep(t *testing.T) {
	s := testkit.Start(t)
	anna := s.SignUp("Петрова", "petrova")
	id, err := s.App.OpenCase(t.Context(), anna.Actor(), winddown.NewCase{
		Seller: winddown.Seller{Name: "ИП Петрова", INN: testkit.INN(1)}, Answers: winddown.RawAnswers{FBS: "no", WBStock: "yes", Leftover: "sell"},
	})
	if err != nil {
		t.Fatal(err)
	}
	path := stepPath(id, winddown.ZeroFBS)
	page := anna.Get(path).Want(http.StatusOK)
	if !strings.Contains(page.Main(), "вы не работаете по FBS") || !page.HasLink("/cases/"+id.String()+"/answers") || page.HasForm(path) {
		t.Error("the page does not say why the step is not needed")
	}
	maria := s.SignUp("Мария Иванова", "ivanova")
	other, err := s.App.AddSeller(t.Context(), maria.Actor(), winddown.NewCase{
		Seller: winddown.Seller{Name: "ИП Орлов", INN: testkit.INN(2)}, Answers: winddown.RawAnswers{FBS: "yes", WBStock: "no"},
	})
	if err != nil {
		t.Fatal(err)
	}
	if text, _ := stepRow(maria.Get("/cases/"+other.String()), winddown.ReturnStock); !strings.Contains(text, "По ответам продавца, товара на складах WB нет") {
		t.Errorf("the accountant reads %q", text)
	}
	anna.PostForm(path, url.Values{"done": {"yes"}, "on": {"2026-11-22"}, "version": {"1"}}).Want(http.StatusConflict)

	// «Остался непроданный товар» brings the return of the stock.
	if _, state := stepRow(anna.Get("/cases/"+id.String()), winddown.ReturnStock); state != "not_needed" {
		t.Fatalf("return_stock is %s", state)
	}
	rest := "/cases/" + id.String() + "/rest"
	if !anna.Get(stepPath(id, winddown.SellOut)).HasForm(rest) {
		t.Fatal("no button for what is left unsold")
	}
	anna.PostForm(rest, url.Values{}).WantRedirect("/cases/" + id.String())
	list := anna.Get("/cases/" + id.String())
	if _, state := stepRow(list, winddown.ReturnStock); state != "not_started" || !strings.Contains(list.Notice(), "Вернуть товар со складов WB") {
		t.Errorf("return_stock is %s, notice %q", state, list.Notice())
	}
	if anna.Get(stepPath(id, winddown.SellOut)).HasForm(rest) {
		t.Error("the button stays")
	}
	// A seller who takes everything back has no rest to speak of.
	anna.PostForm("/cases/"+id.String()+"/answers", url.Values{"fbs": {"yes"}, "wb_stock": {"yes"}, "leftover": {"return"}}).Want(http.StatusSeeOther)
	anna.PostForm(rest, url.Values{}).Want(http.StatusConflict)
}

func TestRequestingTheAct(t *testing.T) {
	s := testkit.Start(t)
	anna := s.SignUp("Петрова", "petrova")
	id := anna.OpenCase("ИП Петрова", 1)
	anna.Mark(id, testkit.Goods()...)
	path := stepPath(id, winddown.RequestAct)
	page := anna.Get(path).Want(http.StatusOK)
	for _, want := range []string{"Сервис ничего не отправляет в Wildberries", "Фото и видео ещё на карточках", "Дата обращения"} {
		if !strings.Contains(page.Main(), want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	form := page.Form(path)
	for name, value := range map[string]string{"done": "yes", "on": "2026-11-12", "channel": "documents", "ticket": "48-1177",
		"period_from": "2021-03-01", "period_to": "2026-11-01", "counterparty": "ООО «РВБ»", "note": "Ждём"} {
		form.Set(name, value)
	}
	anna.PostForm(path, form).Want(http.StatusSeeOther)
	saved := anna.Get(path)
	for _, want := range []string{"Раздел «Документы»", "48-1177", "1 марта 2021", "1 ноября 2026", "ООО «РВБ»", "Когда напомнить WB об акте: 23 и 26 ноября."} {
		if !strings.Contains(saved.Main(), want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if got := saved.Form(path); got.Get("channel") != "documents" || got.Get("period_from") != "2021-03-01" || got.Get("ticket") != "48-1177" {
		t.Errorf("the form to correct is %v", got)
	}
	form.Set("version", "2")
	form.Set("period_to", "2020-01-01")
	if got := anna.PostForm(path, form).Want(http.StatusUnprocessableEntity).Errors(); got["period_to"] == "" {
		t.Errorf("errors %v", got)
	}
	if strings.Contains(saved.Main(), "могут сдвинуться") {
		t.Error("the days are said to move in a year whose transfers are known")
	}
	s.Clock.Set(on(2026, time.December, 20))
	anna.PostForm(path, url.Values{"done": {"yes"}, "on": {"2026-12-20"}, "version": {"2"}}).Want(http.StatusSeeOther)
	if !strings.Contains(anna.Get(path).Main(), "могут сдвинуться") {
		t.Error("days in a year whose transfers are not known are not said to move")
	}
}

func TestDatesOfTheActFollowOneAnother(t *testing.T) {
	s := testkit.Start(t)
	anna := s.SignUp("Петрова", "petrova")
	id := anna.OpenCase("ИП Петрова", 1)
	anna.Mark(id, append(testkit.Goods(), winddown.RequestAct)...)
	path := stepPath(id, winddown.ReceiveAct)
	got := anna.PostForm(path, url.Values{"done": {"yes"}, "on": {"2026-11-01"}, "version": {"1"}}).Want(http.StatusUnprocessableEntity).Errors()
	if got["on"] != "Акт запрошен 22 ноября 2026: получить его раньше нельзя" {
		t.Errorf("errors %v", got)
	}
}

// The journey works with no more than what the pages themselves offer.
func TestWholeJourney(t *testing.T) {
	s := testkit.Start(t)
	anna := s.SignUp("Петрова", "petrova")
	id := anna.OpenCase("ИП Петрова", 1)
	for range 9 {
		list := anna.Get("/cases/" + id.String()).Want(http.StatusOK)
		path := list.Link("Открыть шаг")
		if compare := actsPath(id) + "/1/compare"; path == stepPath(id, winddown.SignAct) {
			anna.PostForm(compare, set(anna.Get(path).Form(compare), "agrees", "yes")).WantRedirect(path)
		}
		form := anna.Get(path).Form(path)
		for name := range form {
			if strings.HasPrefix(name, "reason_") {
				form.Set(name, "Нет снимка: кабинет закрыт для входа")
			}
		}
		form.Set("done", "yes")
		anna.PostForm(path, form).WantRedirect("/cases/" + id.String())
	}
	list := anna.Get("/cases/" + id.String())
	if next := testkit.Text(list.ByTestID("next")); !strings.Contains(next, "проверьте и завершите уход") {
		t.Errorf("next %q", next)
	}
	if got := testkit.Text(list.ByTestID("overall")); got != "Уход не завершён. Выполнено 9 шагов из 9." {
		t.Errorf("overall %q", got)
	}
	finish := "/cases/" + id.String() + "/finish"
	anna.PostForm(finish, anna.Get(finish).Want(http.StatusOK).Form(finish)).WantRedirect(finish)
	if got := anna.Get(finish).Heading(); got != "Уход завершён" {
		t.Errorf("h1 %q", got)
	}
}

func TestUndo(t *testing.T) {
	s := testkit.Start(t)
	anna, helper := s.SignUp("Петрова", "petrova"), s.SignUp("Иванова", "ivanova")
	id := anna.OpenCase("ИП Петрова", 1)
	anna.Join(helper, id, winddown.Helper)
	anna.Mark(id, append(testkit.Goods(), winddown.RequestAct, winddown.ReceiveAct)...)
	path := stepPath(id, winddown.RequestAct) + "/undo"
	page := anna.Get(path).Want(http.StatusOK)
	if page.Heading() != "Отменить отметку «Акт запрошен 22 ноября»?" {
		t.Errorf("h1 %q", page.Heading())
	}
	if got := testkit.Text(page.ByTestID("effects")); !strings.Contains(got, "У шага «Получить акт» появится проблема") ||
		!strings.Contains(got, "Шаг «Подписать акт» снова станет недоступен.") {
		t.Errorf("effects %q", got)
	}
	if page.Link("Оставить как есть") != stepPath(id, winddown.RequestAct) {
		t.Error("no way to leave it")
	}
	form := page.Form(path)
	if got := anna.PostForm(path, form).Want(http.StatusUnprocessableEntity).Errors(); got["reason"] != "Укажите причину" {
		t.Errorf("errors %v", got)
	}
	form.Set("reason", "Запросили не за тот период")
	helper.PostForm(stepPath(id, winddown.RequestAct), url.Values{"done": {"yes"}, "on": {"2026-11-20"}, "version": {"2"}}).Want(http.StatusSeeOther)
	conflict := anna.PostForm(path, form).Want(http.StatusConflict)
	if got := conflict.Form(path); got.Get("reason") != "Запросили не за тот период" || got.Get("version") != "3" {
		t.Errorf("the form came back as %v", got)
	}
	for _, version := range []string{"", "x", "-3", "+3", "03"} {
		broken := url.Values{"reason": {"Причина"}, "version": {version}}
		if got := anna.PostForm(path, broken).Want(http.StatusUnprocessableEntity).Form(path); got.Get("reason") != "Причина" {
			t.Errorf("version %q: the reason is lost", version)
		}
	}
	anna.PostForm(path, conflict.Form(path)).WantRedirect("/cases/" + id.String())
	list := anna.Get("/cases/" + id.String())
	if _, state := stepRow(list, winddown.RequestAct); state != "not_started" {
		t.Errorf("request_act is %s", state)
	}
	if _, state := stepRow(list, winddown.ReceiveAct); state != "problem" {
		t.Errorf("receive_act is %s", state)
	}
	anna.Get(path).Want(http.StatusConflict)

	// Somebody was faster: what was typed stays to be read.
	late := anna.PostForm(path, form).Want(http.StatusConflict)
	if got := late.Form(path).Get("reason"); got != "Запросили не за тот период" || late.Heading() != "Отменить отметку шага «Запросить акт сверки»" ||
		!strings.Contains(late.Main(), "Этот шаг не отмечен выполненным.") {
		t.Errorf("%q under %q: %s", got, late.Heading(), late.Main())
	}
	history := anna.Get("/cases/" + id.String() + "/history").Main()
	for _, want := range []string{"Отметка «Акт запрошен 20 ноября» отменена", "Запросили не за тот период", "Иванова за ИП Петрова"} {
		if !strings.Contains(history, want) {
			t.Errorf("the history lacks %q", want)
		}
	}
}

func TestRegress(t *testing.T) {
	s := testkit.Start(t)
	anna, book := s.SignUp("Петрова", "petrova"), s.SignUp("Смирнов", "smirnov")
	id := anna.OpenCase("ИП Петрова", 1)
	anna.Join(book, id, winddown.Accountant)
	s.Clock.Set(on(2026, time.November, 3))
	anna.Mark(id, append(testkit.Goods(), winddown.RequestAct)...)
	s.Clock.Set(testkit.Noon())
	step := stepPath(id, winddown.ReturnStock)
	path := step + "/regress"
	if got := anna.Get(path).Main(); !strings.Contains(got, "на складе в Коледине") {
		t.Errorf("the page reads %s", got)
	}
	if got := anna.Get(stepPath(id, winddown.ZeroFBS) + "/regress").Main(); strings.Contains(got, "Коледин") || !strings.Contains(got, "на своём складе") {
		t.Errorf("goods of FBS lie with the seller, and the page reads %s", got)
	}
	if row := book.Get("/sellers").Main(); strings.Contains(row, "риостановлен") {
		t.Errorf("the register says %s", row)
	}
	form := book.Get(path).Want(http.StatusOK).Form(path)
	if got := book.PostForm(path, form).Want(http.StatusUnprocessableEntity).Errors(); got["reason"] == "" {
		t.Errorf("errors %v", got)
	}
	form.Set("reason", "Нашли 12 штук в Коледине")
	book.PostForm(path, form).WantRedirect("/cases/" + id.String())

	again := url.Values{"reason": {"И ещё 3 штуки"}, "version": {form.Get("version")}}
	late := anna.PostForm(path, again).Want(http.StatusConflict)
	if got := late.Form(path).Get("reason"); got != "И ещё 3 штуки" || !strings.Contains(late.Main(), "Отметка этого шага уже приостановлена.") {
		t.Errorf("%q: %s", got, late.Main())
	}
	book.PostForm(stepPath(id, winddown.RequestAct)+"/regress", again).Want(http.StatusNotFound) // nothing of the kind there

	const suspended = "Приостановлено"
	if row := book.Get("/sellers").Main(); !strings.Contains(row, "Запрошен 3 ноября "+suspended) {
		t.Errorf("the register says %s", row)
	}
	list := anna.Get("/cases/" + id.String())
	if text, state := stepRow(list, winddown.ReturnStock); state != "problem" || !strings.Contains(text, "Товар снова появился 22 ноября: Нашли 12 штук в Коледине") {
		t.Errorf("return_stock is %s: %s", state, text)
	}
	if text, state := stepRow(list, winddown.RequestAct); state != "problem" || !strings.Contains(text, "Сначала: вернуть товар со складов WB") {
		t.Errorf("request_act is %s: %s", state, text)
	}
	if _, state := stepRow(list, winddown.ReceiveAct); state != "blocked" {
		t.Errorf("receive_act is %s", state)
	}
	for _, want := range []string{"Запрошен 3 ноября", "приостановлены, их нужно подтвердить ещё раз"} {
		if !strings.Contains(list.Main(), want) {
			t.Errorf("of the act the list lacks %q", want)
		}
	}
	page := anna.Get(step)
	for _, want := range []string{"Отметка от 3 ноября, Петрова приостановлена", "Нашли 12 штук в Коледине"} {
		if !strings.Contains(page.Main(), want) {
			t.Errorf("the step's page lacks %q", want)
		}
	}
	if page.HasLink(path) {
		t.Error("a suspended step can be suspended again")
	}
	anna.Get(path).Want(http.StatusConflict)
	anna.Get(stepPath(id, winddown.RequestAct) + "/regress").Want(http.StatusNotFound)
	anna.Get(stepPath(id, winddown.StripMedia) + "/regress").Want(http.StatusConflict) // not done

	// One confirmation mends it, and then the act asks for its own.
	confirm := page.Form(step)
	confirm.Set("done", "yes")
	anna.PostForm(step, confirm).Want(http.StatusSeeOther)
	if got := anna.Get(stepPath(id, winddown.RequestAct)).Main(); !strings.Contains(got, "прежний акт не годится: запросите новый") {
		t.Errorf("whoever confirms the old act reads %s", got)
	}
	list = anna.Get("/cases/" + id.String())
	if got := testkit.Text(list.ByTestID("next")); !strings.Contains(got, "подтвердите ещё раз шаг «Запросить акт сверки»") {
		t.Errorf("next %q", got)
	}
	anna.PostForm(stepPath(id, winddown.RequestAct), url.Values{"done": {"yes"}, "on": {"2026-11-03"},
		"version": {strconv.Itoa(anna.Version(id, winddown.RequestAct))}}).Want(http.StatusSeeOther)
	history := anna.Get("/cases/" + id.String() + "/history").Main()
	for _, want := range []string{"Товар возвращён со складов WB", "Товар снова появился: «Вернуть товар со складов WB»",
		"Шаг «Вернуть товар со складов WB» подтверждён ещё раз", "Смирнов за ИП Петрова"} {
		if !strings.Contains(history, want) {
			t.Errorf("the history lacks %q", want)
		}
	}
}

// A page for htmx is the main element alone, of every kind.
func TestPagesForSwapping(t *testing.T) {
	s := testkit.Start(t)
	anna := s.SignUp("Петрова", "petrova")
	id := anna.OpenCase("ИП Петрова", 1)
	path := stepPath(id, winddown.ZeroFBS)
	for name, page := range map[string]*testkit.Page{
		"checklist": anna.Get("/cases/"+id.String(), "HX-Request", "true"),
		"mistake":   anna.PostForm(path, url.Values{"version": {"1"}}, "HX-Request", "true").Want(http.StatusUnprocessableEntity),
	} {
		if body := strings.TrimSpace(page.Body); !strings.HasPrefix(body, "<main ") || !strings.HasSuffix(body, "</main>") {
			t.Errorf("%s is not the main element alone: %.60s", name, body)
		}
	}
}

func TestStepHistoryIsBounded(t *testing.T) {
	s := testkit.Start(t)
	anna := s.SignUp("Петрова", "petrova")
	id := anna.OpenCase("ИП Петрова", 1)
	path := stepPath(id, winddown.ZeroFBS)
	for i := range 22 {
		form := url.Values{"done": {"no"}, "version": {fmt.Sprint(i + 1)}, "note": {fmt.Sprintf("Заметка %d", i)}}
		anna.PostForm(path, form).Want(http.StatusSeeOther)
	}
	page := anna.Get(path)
	if n := len(page.All(func(n *node) bool { return n.Data == "time" })); n != 20 {
		t.Errorf("%d lines of history, want 20", n)
	}
	if page.Link("Вся история") != "/cases/"+id.String()+"/history" {
		t.Error("no link to the rest")
	}
}
