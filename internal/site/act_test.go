package site_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"winddown/internal/testkit"
	"winddown/internal/winddown"
)

func actsPath(id winddown.ID) string { return "/cases/" + id.String() + "/acts" }

// received brings a case of the person's to the received act.
func received(anna *testkit.Client) winddown.ID {
	id := anna.OpenCase("ИП Петрова", 1)
	anna.Mark(id, append(testkit.Goods(), winddown.RequestAct, winddown.ReceiveAct)...)
	return id
}

func wantText(t *testing.T, page *testkit.Page, wants ...string) {
	t.Helper()
	text := page.Main()
	for _, want := range wants {
		if !strings.Contains(text, want) {
			t.Errorf("%s lacks %q:\n%s", page.Path, want, text)
		}
	}
}

// set returns the form with values put in, name after name.
func set(form url.Values, pairs ...string) url.Values {
	for i := 0; i < len(pairs); i += 2 {
		form.Set(pairs[i], pairs[i+1])
	}
	return form
}

// The whole life of an act: two rounds, both sides' signatures, what every page says.
func TestLifeOfAnAct(t *testing.T) {
	s := testkit.Start(t)
	anna := s.SignUp("Петрова", "petrova")
	id := anna.OpenCase("ИП Петрова", 1)
	list, acts := "/cases/"+id.String(), actsPath(id)
	request, receive, sign := stepPath(id, winddown.RequestAct), stepPath(id, winddown.ReceiveAct), stepPath(id, winddown.SignAct)
	wantText(t, anna.Get(acts).Want(http.StatusOK), "Не запрошен", "Сначала: обнулить остатки FBS")
	if anna.Get(acts).HasLink(request + "#mark") {
		t.Error("a closed step is offered")
	}
	anna.Mark(id, append(testkit.Goods(), winddown.StripMedia)...)
	if page := anna.Get(request); page.Link("Текст обращения") != list+"/letters/request" {
		t.Error("no way to the letter")
	}

	anna.PostForm(request, set(anna.Get(request).Form(request), "done", "yes", "on", "2026-11-03", "ticket", "48-1177", "counterparty", "ООО «РВБ»",
		"period_from", "2021-03-01")).WantRedirect(list)
	page := anna.Get(receive)
	wantText(t, page, "Ждём ответ WB с 3 ноября, 19 дней. Ждём дольше 10 рабочих дней: напишите в то же обращение ещё раз.", "Сервис ничего не отправляет в Wildberries")
	if page.Link("Текст напоминания") != list+"/letters/reminder" {
		t.Error("no way to the reminder")
	}

	// The balances, and what cannot be read of them.
	form := set(page.Form(receive), "done", "yes", "on", "2026-11-10", "reason_act_file", "Файл у бухгалтера")
	for _, c := range []struct{ ours, side, field, sentence string }{
		{"много", "by_wb", "ours", "Укажите сумму в рублях, например 3 418,20"},
		{"1.234", "by_wb", "ours", "Непонятно, где здесь копейки"},
		{"100 USD", "by_wb", "ours", "Расчёты ведутся в рублях"},
		{"99999999999999999999", "to_wb", "ours", "Слишком большая сумма"},
		{"-100", "to_wb", "ours", "Уберите минус"},
		{"", "by_wb", "ours", "Укажите сумму сальдо"},
		{"100", "", "ours_side", "Выберите, в чью пользу сальдо"},
		{"100", "nobody", "ours_side", "Выберите, в чью пользу сальдо"},
		{"100", "zero", "ours_side", "выбрано «Сальдо нулевое»"},
	} {
		form.Set("ours", c.ours)
		form.Set("ours_side", c.side)
		bad := anna.PostForm(receive, form).Want(http.StatusUnprocessableEntity)
		if got := bad.Errors()[c.field]; !strings.Contains(got, c.sentence) || len(bad.Errors()) != 1 {
			t.Errorf("%q %q: %v, want %q", c.ours, c.side, bad.Errors(), c.sentence)
		}
		if again := bad.Form(receive); again.Get("ours") != c.ours || again.Get("on") != "2026-11-10" || c.side == "by_wb" && again.Get("ours_side") != c.side {
			t.Errorf("%q %q came back as %v", c.ours, c.side, again)
		}
	}
	// A reminder is noted, and spends those that were due.
	remind := acts + "/1/remind"
	page = anna.Get(receive)
	late := anna.PostForm(remind, set(page.Form(remind), "reminded_on", "2026-11-02")).Want(http.StatusUnprocessableEntity)
	if got := late.Errors()["reminded_on"]; got != "Акт запрошен 3 ноября 2026: напомнить о нём раньше нельзя" || late.Form(remind).Get("reminded_on") != "2026-11-02" {
		t.Errorf("errors %v", late.Errors())
	}
	anna.PostForm(remind, set(page.Form(remind), "reminded_on", "2026-11-20")).WantRedirect(receive)
	page = anna.Get(receive)
	if page.Notice() != "Готово: Напоминание отмечено." {
		t.Errorf("notice %q", page.Notice())
	}
	wantText(t, page, "Напомнили WB20 ноября 2026")
	stale := anna.PostForm(remind, url.Values{"version": {"2"}, "reminded_on": {"2026-11-19"}}).Want(http.StatusConflict)
	if again := stale.Form(remind); again.Get("reminded_on") != "2026-11-19" || !strings.Contains(stale.Errors()[""], "акт изменили") {
		t.Errorf("a stale reminder came back as %v with %v", again, stale.Errors())
	}

	anna.PostForm(receive, set(form, "ours", "3 418,20", "ours_side", "by_wb", "version", anna.Get(receive).Form(receive).Get("version"), "theirs", "1 200,5 ₽", "theirs_side", "to_wb")).WantRedirect(list)
	wantText(t, anna.Get(receive), "3 418,20 ₽ в нашу пользу", "1 200,50 ₽ в пользу WB")
	wantText(t, anna.Get(list+"/history"), "Сальдо по акту: 1 200,50 ₽ в пользу WB")
	if next := testkit.Text(anna.Get(list).ByTestID("next")); !strings.Contains(next, "Дальше: сверьте акт со своими данными") {
		t.Errorf("next %q", next)
	}

	// The comparison comes before the signature.
	page = anna.Get(sign).Want(http.StatusOK)
	if page.HasForm(sign) {
		t.Error("an act that is not compared can be signed")
	}
	early := anna.PostForm(sign, url.Values{"done": {"yes"}, "on": {"2026-11-20"}, "version": {"1"}, "reason_signed_act": {"нет"}}).Want(http.StatusConflict)
	if !strings.Contains(early.Errors()[""], "Сейчас с актом этого сделать нельзя") || !early.HasForm(acts+"/1/compare") {
		t.Errorf("errors %v", early.Errors())
	}
	compare := page.Form(acts + "/1/compare")
	if compare.Get("difference") != "4618,70" || compare.Get("compared_on") != "2026-11-22" || compare.Has("agrees") {
		t.Errorf("the form begins with %v", compare)
	}
	if got := anna.PostForm(acts+"/1/compare", compare).Want(http.StatusUnprocessableEntity).Errors(); got["agrees"] != "Выберите, сходится ли акт с вашими данными" {
		t.Errorf("errors %v", got)
	}
	if got := anna.PostForm(acts+"/1/compare", set(compare, "agrees", "yes")).Want(http.StatusUnprocessableEntity).Errors(); !strings.HasPrefix(got["agrees"],
		"Сальдо различаются: по вашим данным 3 418,20 ₽, по акту −1 200,50 ₽") {
		t.Errorf("errors %v", got)
	}
	bad := anna.PostForm(acts+"/1/compare", set(compare, "agrees", "no", "difference", "0", "compared_on", "2026-11-09", "objections", " ")).
		Want(http.StatusUnprocessableEntity)
	if got := bad.Errors(); got["difference"] == "" || got["objections"] == "" || got["compared_on"] != "Акт получен 10 ноября 2026: сверить его раньше нельзя" {
		t.Errorf("errors %v", got)
	}
	if again := bad.Form(acts + "/1/compare"); again.Get("agrees") != "no" || again.Get("difference") != "0" || again.Get("compared_on") != "2026-11-09" {
		t.Errorf("the form came back as %v", again)
	}
	anna.PostForm(acts+"/1/compare", set(compare, "difference", "4 618,70", "compared_on", "2026-11-12", "objections", "Нет возврата 12\nЛишний штраф")).
		WantRedirect(sign)
	page = anna.Get(sign)
	if !strings.Contains(page.Notice(), "расходится с вашими данными") || page.HasForm(sign) {
		t.Errorf("notice %q", page.Notice())
	}
	if page.Link("Текст возражений") != list+"/letters/objections" {
		t.Error("no way to the objections")
	}
	wantText(t, page, "4 618,70 ₽ в нашу пользу", "Лишний штраф")
	wantText(t, anna.Get(list), "Акт расходится с вашими данными на 4 618,70 ₽", "отправьте возражения к акту", "Сверен 12 ноября, расходится")

	// The objections, then a new round.
	dispute := page.Form(acts + "/1/dispute")
	if got := anna.PostForm(acts+"/1/dispute", set(dispute, "disputed_on", "2026-11-11")).Want(http.StatusUnprocessableEntity); got.Errors()["disputed_on"] == "" ||
		got.Form(acts+"/1/dispute").Get("disputed_on") != "2026-11-11" {
		t.Errorf("errors %v", got.Errors())
	}
	anna.PostForm(acts+"/1/dispute", set(dispute, "disputed_on", "2026-11-15")).WantRedirect(sign)
	page = anna.Get(sign)
	if page.Link("Запросить акт заново") != request+"#mark" {
		t.Error("no way to a new round")
	}
	checklist := anna.Get(list)
	wantText(t, checklist, "Возражения отправлены 15 ноября, дальше новый запрос")
	if checklist.Link("запросите акт заново") != request {
		t.Error("the strip does not lead to the request")
	}
	page = anna.Get(request)
	again := page.Form(request)
	if again.Get("done") != "yes" || again.Get("ticket") != "" || again.Get("period_from") != "2021-03-01" || again.Get("on") != "2026-11-22" {
		t.Errorf("the form of the new round begins with %v", again)
	}
	if got := anna.PostForm(request, set(again, "on", "2026-11-14")).Want(http.StatusUnprocessableEntity).Errors(); got["on"] == "" {
		t.Errorf("errors %v", got)
	}
	anna.PostForm(request, set(again, "on", "2026-11-16", "ticket", "48-2000")).WantRedirect(list)
	wantText(t, anna.Get(request), "48-2000", "Запрос 1, 3 ноября 2026: по акту отправлены возражения", "48-1177", "Лишний штраф")
	if page := anna.Get(request); page.HasLink(request + "/undo") {
		t.Error("a request of a later round can be taken back")
	}
	anna.Get(request + "/undo").Want(http.StatusConflict)
	anna.Get(acts + "/1/undo").Want(http.StatusConflict)

	// The second round agrees.
	anna.PostForm(receive, set(anna.Get(receive).Form(receive), "done", "yes", "on", "2026-11-18", "ours_side", "zero", "theirs_side", "zero",
		"reason_act_file", "Файл у бухгалтера")).WantRedirect(list)
	page = anna.Get(sign)
	if got := page.Form(acts + "/1/compare").Get("difference"); got != "" {
		t.Errorf("a difference of %q is suggested", got)
	}
	anna.PostForm(acts+"/1/compare", set(page.Form(acts+"/1/compare"), "agrees", "yes", "compared_on", "2026-11-19")).WantRedirect(sign)
	form = set(anna.Get(sign).Form(sign), "done", "yes", "on", "2026-11-20", "signer", "Петрова А. С.", "authority", "Устав", "via", "edo",
		"reason_signed_act", "Скан позже")
	if got := anna.PostForm(sign, set(form, "via", "pigeon", "signer", strings.Repeat("ы", 201))).Want(http.StatusUnprocessableEntity); got.Errors()["via"] == "" ||
		got.Errors()["signer"] == "" || got.Form(sign).Get("authority") != "Устав" {
		t.Errorf("errors %v", got.Errors())
	}
	anna.PostForm(sign, set(form, "via", "edo", "signer", "Петрова А. С.")).WantRedirect(list)
	wantText(t, anna.Get(sign), "Петрова А. С.", "Устав", "В ЭДО", "Ждём подпись WB")
	wantText(t, anna.Get(list), "Подписан 20 ноября", "Подпись WB")

	page = anna.Get(acts)
	counter := acts + "/1/countersign"
	bad = anna.PostForm(counter, set(page.Form(counter), "countersigned_on", "2026-12-31")).Want(http.StatusUnprocessableEntity)
	if got := bad.Errors(); got["countersigned_on-1"] != "Дата не может быть позже сегодняшней" || bad.Form(counter).Get("countersigned_on") != "2026-12-31" {
		t.Errorf("errors %v", got)
	}
	bad.ByID("countersigned_on-1")
	anna.PostForm(counter, set(page.Form(counter), "countersigned_on", "2026-11-21")).WantRedirect(acts)
	page = anna.Get(acts)
	if !strings.Contains(page.Notice(), "Подпись WB отмечена") {
		t.Errorf("notice %q", page.Notice())
	}
	wantText(t, page, "Подписан WB 21 ноября", "Запрос 1, 3 ноября 2026", "Сальдо по акту WB")

	// One step back, with a reason; the steps follow.
	undo := acts + "/1/undo"
	page = anna.Get(undo).Want(http.StatusOK)
	if page.Heading() != "Отменить запись «Подписан WB 21 ноября»?" {
		t.Errorf("h1 %q", page.Heading())
	}
	if got := anna.PostForm(undo, page.Form(undo)).Want(http.StatusUnprocessableEntity).Errors(); got["reason"] != "Укажите причину" {
		t.Errorf("errors %v", got)
	}
	anna.PostForm(undo, set(page.Form(undo), "reason", "Подпись не та")).WantRedirect(acts)
	page = anna.Get(undo)
	if got := testkit.Text(page.ByTestID("effects")); !strings.Contains(got, "Отметка шага «Подписать акт» снимется.") ||
		!strings.Contains(got, "Акт снова будет таким: «Сверен 19 ноября, сходится».") || !strings.Contains(got, "Шаг «Погасить задолженность» снова станет недоступен.") {
		t.Errorf("effects %q", got)
	}
	old := page.Form(undo)
	anna.PostForm(undo, set(page.Form(undo), "reason", "Подписал не тот")).WantRedirect(acts)
	if _, state := stepRow(anna.Get(list), winddown.SignAct); state != "in_progress" {
		t.Errorf("sign_act is %s", state)
	}
	conflict := anna.PostForm(undo, set(old, "reason", "Опоздал")).Want(http.StatusConflict)
	if got := conflict.Form(undo); got.Get("reason") != "Опоздал" || got.Get("version") == old.Get("version") {
		t.Errorf("the form came back as %v", got)
	}
}

// What need not be answered can be taken back once it was.
func TestOptionalAnswersOfAnAct(t *testing.T) {
	s := testkit.Start(t)
	anna := s.SignUp("Петрова", "petrova")
	id := received(anna)
	anna.Mark(id, winddown.SignAct)
	for _, c := range []struct {
		code                  winddown.Code
		field, value          string
		amount, typed, answer string
	}{
		{winddown.RequestAct, "channel", "documents", "ticket", "", "Раздел «Документы»"},
		{winddown.ReceiveAct, "ours_side", "by_wb", "ours", "100", "100,00 ₽ в нашу пользу"},
		{winddown.SignAct, "via", "edo", "signer", "", "Как подписанВ ЭДО"},
	} {
		path := stepPath(id, c.code)
		form := anna.Get(path).Form(path)
		if !form.Has(c.field) || form.Get(c.field) != "" {
			t.Errorf("%s: nothing is said as %q", c.field, form[c.field])
		}
		anna.PostForm(path, set(form, c.field, c.value, c.amount, c.typed)).Want(http.StatusSeeOther)
		said := anna.Get(path)
		saved := func(p *testkit.Page) bool {
			text, _, _ := strings.Cut(strings.ReplaceAll(p.Main(), "\u00a0", " "), "Изменить отметку")
			return strings.Contains(text, c.answer)
		}
		if form = said.Form(path); form.Get(c.field) != c.value || !saved(said) {
			t.Errorf("%s: the answer is not kept: %s", c.field, said.Main())
		}
		said.One("the way to say nothing of "+c.field, func(n *html.Node) bool {
			return testkit.Attr(n, "name") == c.field && testkit.HasAttr(n, "value") && testkit.Attr(n, "value") == ""
		})
		anna.PostForm(path, set(form, c.field, "", c.amount, "")).Want(http.StatusSeeOther)
		if p := anna.Get(path); saved(p) {
			t.Errorf("%s: the answer stays: %s", c.field, p.Main())
		}
	}
}

// Two people at one comparison: the later learns of it and loses nothing.
func TestConflictAtAnAct(t *testing.T) {
	s := testkit.Start(t)
	anna := s.SignUp("Петрова", "petrova")
	id := received(anna)
	sign, compare := stepPath(id, winddown.SignAct), actsPath(id)+"/1/compare"
	mine := set(anna.Get(sign).Form(compare), "agrees", "no", "difference", "12", "objections", "Моё")
	anna.PostForm(compare, set(anna.Get(sign).Form(compare), "agrees", "yes")).WantRedirect(sign)
	page := anna.PostForm(compare, mine).Want(http.StatusConflict)
	again := page.Form(compare)
	if !strings.Contains(page.Errors()[""], "акт изменили") || again.Get("objections") != "Моё" || again.Get("difference") != "12" || again.Get("agrees") != "no" {
		t.Errorf("%v: the form came back as %v", page.Errors(), again)
	}
	anna.PostForm(compare, again).WantRedirect(sign)
	anna.PostForm(compare, again).WantRedirect(sign) // the same again
	wantText(t, anna.Get(sign), "Моё")

	// Neither does one whose act went back to where there is nothing to compare.
	undo, mine := actsPath(id)+"/1/undo", anna.Get(sign).Form(compare)
	for _, reason := range []string{"Сверили не тот", "Получили не тот"} {
		anna.PostForm(undo, set(anna.Get(undo).Form(undo), "reason", reason)).WantRedirect(actsPath(id))
	}
	late := anna.PostForm(compare, set(mine, "difference", "13", "objections", "Моё и ещё")).Want(http.StatusConflict)
	if again := late.Form(compare); len(late.Errors()) != 1 || again.Get("objections") != "Моё и ещё" || again.Get("difference") != "13" {
		t.Errorf("%v: the form came back as %v", late.Errors(), again)
	}
	anna.PostForm(undo, set(anna.Get(undo).Form(undo), "reason", "Не запрашивали")).WantRedirect(actsPath(id))
	last := anna.PostForm(undo, url.Values{"version": {"1"}, "reason": {"И это"}}).Want(http.StatusConflict)
	if last.Form(undo).Get("reason") != "И это" || len(last.Errors()) != 1 {
		t.Errorf("nothing to take back: %v", last.Errors())
	}
}

func TestSeveralActs(t *testing.T) {
	s := testkit.Start(t)
	anna, book := s.SignUp("Петрова", "petrova"), s.SignUp("Иванова", "ivanova")
	id := anna.OpenCase("ИП Петрова", 1)
	anna.Join(book, id, winddown.Accountant)
	anna.Mark(id, append(testkit.Goods(), winddown.RequestAct)...)
	list, acts, request, receive := "/cases/"+id.String(), actsPath(id), stepPath(id, winddown.RequestAct), stepPath(id, winddown.ReceiveAct)

	page := anna.Get(acts)
	wantText(t, page, "точного дня мы не нашли", "ООО «Вайлдберриз»")
	if page.HasForm(acts + "/1/remove") {
		t.Error("the only act can be taken away")
	}
	add := page.Form(acts)
	if got := anna.PostForm(acts, add).Want(http.StatusUnprocessableEntity).Errors(); got["entity"] == "" {
		t.Errorf("errors %v", got)
	}
	bad := anna.PostForm(acts, set(page.Form(acts), "entity", "other", "counterparty", strings.Repeat("ы", 201))).Want(http.StatusUnprocessableEntity)
	if bad.Errors()["counterparty"] == "" || bad.Form(acts).Get("entity") != "other" {
		t.Errorf("errors %v", bad.Errors())
	}
	anna.PostForm(acts, set(page.Form(acts), "entity", "wildberries")).WantRedirect(acts)
	if got := anna.PostForm(acts, set(anna.Get(acts).Form(acts), "entity", "wildberries")).Want(http.StatusUnprocessableEntity).Errors(); got["entity"] == "" {
		t.Errorf("errors %v", got)
	}
	anna.PostForm(acts, set(add, "entity", "rvb")).Want(http.StatusConflict) // an older version of the case
	anna.PostForm(acts, set(anna.Get(acts).Form(acts), "entity", "other", "counterparty", "ООО «Третье»")).WantRedirect(acts)
	anna.PostForm(acts+"/3/remove", anna.Get(acts).Form(acts+"/3/remove")).WantRedirect(acts)
	anna.PostForm(acts+"/1/remove", url.Values{"version": {"2"}}).Want(http.StatusConflict)
	wantText(t, anna.Get(acts), "Акт 1", "Акт 2: ООО «Вайлдберриз»", "Акт убран")

	// The page of the step lists the acts; the one that waits is the one it is about.
	page = anna.Get(request)
	wantText(t, page, "1 из 2 актов запрошен", "Запрошен 22 ноября")
	if form := page.Form(request); form.Get("act") != "2" || form.Get("counterparty") != "ООО «Вайлдберриз»" || form.Has("done") {
		t.Errorf("the form begins with %v", form)
	}
	if form := anna.Get(request + "?act=1").Form(request); form.Get("act") != "1" || form.Get("done") != "yes" {
		t.Errorf("the form of the first act is %v", form)
	}
	if page.Link("Текст обращения") != list+"/letters/request?act=2" {
		t.Error("the letter is about another act")
	}
	for _, query := range []string{"?act=3", "?act=0", "?act=-1", "?act=x", "?act=", "?act=%2B1", "?act=01", "?act=99999999999999999999"} {
		anna.Get(request + query).Want(http.StatusNotFound)
	}
	anna.PostForm(request, set(page.Form(request), "done", "yes", "act", "7")).Want(http.StatusNotFound)
	if bad := anna.PostForm(request, set(page.Form(request), "done", "yes", "act", "x")).Want(http.StatusUnprocessableEntity); bad.Errors()[""] == "" {
		t.Errorf("errors %v", bad.Errors())
	}

	// The first act need not wait for the second.
	first := anna.Get(receive)
	if form := first.Form(receive); form.Get("act") != "1" {
		t.Errorf("the form of the receipt is about %v", form)
	}
	other := anna.Get(receive + "?act=2")
	wantText(t, other, "Этот акт ещё не запрошен")
	if other.HasForm(receive) {
		t.Error("an act nobody requested can be received")
	}
	anna.PostForm(receive, url.Values{"act": {"2"}, "done": {"yes"}, "on": {"2026-11-22"}, "version": first.Form(receive)["version"]}).Want(http.StatusConflict)
	anna.PostForm(receive, set(first.Form(receive), "done", "yes", "reason_act_file", "позже")).WantRedirect(list)
	page = anna.Get(list)
	if got := page.Notice(); !strings.HasSuffix(got, "1 из 2 актов получен.") {
		t.Errorf("notice %q", got)
	}
	wantText(t, page, "1 из 2 актов запрошен")
	anna.PostForm(request, set(anna.Get(request).Form(request), "done", "yes", "ticket", "48-2")).WantRedirect(list)
	if text, _ := stepRow(anna.Get(list), winddown.RequestAct); !strings.Contains(text, "48-2") {
		t.Errorf("the row of the request says %s", text)
	}
	wantText(t, anna.Get(receive), "1 из 2 актов получен", "Ждём ответ WB с 22 ноября")

	// The accountant reads all of it and writes nothing.
	s.Clock.Set(on(2026, time.November, 27))
	page = book.Get("/sellers/" + id.String()).Want(http.StatusOK)
	wantText(t, page, "Акт 1", "Получен 22 ноября", "Акт 2: ООО «Вайлдберриз»", "WB с 22 ноября, 5 дней")
	if page.Link("Напомнить WB") != list+"/letters/reminder?act=2" || !page.HasLink(acts) {
		t.Error("no way to the reminder")
	}
	page = book.Get(acts).Want(http.StatusOK)
	if page.HasForm(acts) || page.HasForm(acts+"/2/remove") || page.HasLink(acts+"/1/undo") {
		t.Error("the accountant may change the acts")
	}
	for _, path := range []string{acts, acts + "/1/compare", acts + "/1/dispute", acts + "/1/countersign", acts + "/1/undo", acts + "/2/remove"} {
		for _, form := range []url.Values{{}, {"version": {"1"}, "agrees": {"yes"}, "compared_on": {"2026-11-22"}, "reason": {"x"}, "counterparty": {"x"}}} {
			book.PostForm(path, form).Want(http.StatusNotFound)
		}
	}
	book.Get(acts + "/1/undo").Want(http.StatusNotFound)
}

// What no page sends: every form of the acts answers with a page of ours.
func TestActFormsThatCannotBeRead(t *testing.T) {
	s := testkit.Start(t)
	anna := s.SignUp("Петрова", "petrova")
	id := received(anna)
	acts, before := actsPath(id), len(anna.Case(id).Trail)
	for _, path := range []string{"/1/compare", "/1/dispute", "/1/countersign", "/1/undo", "/1/remove", ""} {
		for _, form := range []string{"", "version=", "version=0", "version=x", "version=-1", "version=99999999999999999999", "version=1&compared_on=x&disputed_on=x&countersigned_on=x",
			"version=99&reason=x&agrees=no&difference=%00", "version=99&counterparty=+&agrees=maybe&compared_on=2026-02-31"} {
			values, err := url.ParseQuery(form)
			if err != nil {
				t.Fatal(err)
			}
			if page := anna.PostForm(acts+path, values); page.Status != http.StatusUnprocessableEntity && page.Status != http.StatusConflict {
				t.Errorf("POST %s %q: %d", path, form, page.Status)
			}
		}
	}
	for _, path := range []string{"/0/compare", "/-1/dispute", "/x/countersign", "/2/undo", "/2/remove", "/99999999999999999999/compare", "/2/compare"} {
		anna.PostForm(acts+path, url.Values{"version": {"1"}, "agrees": {"yes"}, "compared_on": {"2026-11-22"}, "reason": {"x"}}).Want(http.StatusNotFound)
	}
	anna.Get(acts + "/2/undo").Want(http.StatusNotFound)
	if after := len(anna.Case(id).Trail); after != before {
		t.Errorf("the history grew from %d to %d", before, after)
	}
}

// A finished case shows its acts, and nothing changes but the marketplace's signature.
func TestActsOfAFinishedCase(t *testing.T) {
	s := testkit.Start(t)
	anna := s.SignUp("Петрова", "petrova")
	id := received(anna)
	anna.Mark(id, winddown.StripMedia, winddown.SignAct, winddown.SettleDebts)
	finish := "/cases/" + id.String() + "/finish"
	anna.PostForm(finish, anna.Get(finish).Form(finish)).WantRedirect(finish)
	acts := actsPath(id)
	page := anna.Get(acts).Want(http.StatusOK)
	wantText(t, page, "Подписан 22 ноября")
	if page.HasForm(acts) || page.HasLink(acts+"/1/undo") || page.HasLink("/cases/"+id.String()+"/steps/sign_act?act=1") {
		t.Error("a finished case can be changed")
	}
	if got := anna.Get(finish).Link("Отметить подпись WB"); got != acts {
		t.Errorf("the last page leads to %q", got)
	}
	counter := acts + "/1/countersign"
	anna.PostForm(counter, page.Form(counter)).WantRedirect(acts)
	wantText(t, anna.Get(acts), "Подписан WB 22 ноября")
	anna.PostForm(acts+"/1/undo", set(anna.Get(acts+"/1/undo").Form(acts+"/1/undo"), "reason", "не та подпись")).WantRedirect(acts)
	anna.PostForm(acts, url.Values{"counterparty": {"ООО «РВБ»"}}).Want(http.StatusConflict)
	anna.Get(acts + "/1/undo").Want(http.StatusConflict)
	late := anna.PostForm(acts+"/1/compare", url.Values{"version": {"4"}, "compared_on": {"2026-11-22"}, "agrees": {"no"}, "difference": {"1"}, "objections": {"Моё"}}).
		Want(http.StatusConflict)
	if late.Form(acts+"/1/compare").Get("objections") != "Моё" || !strings.HasPrefix(late.Errors()[""], "Уход завершён") {
		t.Errorf("objections after the end: %v", late.Errors())
	}
}

// Objections can be signed with the act instead of asking for another.
func TestSignWithObjections(t *testing.T) {
	s := testkit.Start(t)
	anna := s.SignUp("Петрова", "petrova")
	id := received(anna)
	acts, sign := actsPath(id), "/cases/"+id.String()+"/steps/sign_act"
	anna.PostForm(acts+"/1/compare", set(anna.Get(sign).Form(acts+"/1/compare"), "agrees", "no", "difference", "12", "objections", "Штраф")).WantRedirect(sign)
	if anna.Get(sign).HasForm(sign) {
		t.Error("an act can be signed before the objections are sent")
	}
	anna.PostForm(acts+"/1/dispute", anna.Get(sign).Form(acts+"/1/dispute")).WantRedirect(sign)
	page := anna.Get(sign)
	wantText(t, page, "Подписать с разногласиями")
	anna.PostForm(sign, set(page.Form(sign), "reason_signed_act", "Скан позже")).WantRedirect("/cases/" + id.String())
	wantText(t, anna.Get(acts), "Подписан с разногласиями 22 ноября", "Расходится")
	anna.PostForm(acts+"/1/countersign", anna.Get(acts).Form(acts+"/1/countersign")).WantRedirect(acts)
	wantText(t, anna.Get(acts), "Подписан обеими сторонами с разногласиями, WB 22 ноября")
}

// A request of a day before the last step it rests on is taken, and doubted.
func TestEarlyRequest(t *testing.T) {
	s := testkit.Start(t)
	anna := s.SignUp("Петрова", "petrova")
	id := anna.OpenCase("ИП Петрова", 1)
	anna.Mark(id, testkit.Goods()...) // today, the 22nd
	request := "/cases/" + id.String() + "/steps/request_act"
	anna.PostForm(request, set(anna.Get(request).Form(request), "done", "yes", "on", "2026-11-20")).WantRedirect("/cases/" + id.String())
	const warning = "Акт запрошен 20 ноября, а шаг «Обнулить остатки FBS» отмечен 22 ноября."
	wantText(t, anna.Get(request), warning)
	wantText(t, anna.Get(actsPath(id)), warning)
	anna.PostForm(request, set(anna.Get(request).Form(request), "on", "2026-11-22")).WantRedirect("/cases/" + id.String())
	if text := anna.Get(request).Main(); strings.Contains(text, "Последние операции могли не войти") {
		t.Error("a request of the same day is doubted")
	}
}
