package site_test

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"winddown/internal/testkit"
	"winddown/internal/winddown"
)

func deadlinesPath(id winddown.ID) string { return "/cases/" + id.String() + "/deadlines" }

// dues are the open deadlines of a page: test id, state, text.
func dues(p *testkit.Page) [][3]string {
	var all [][3]string
	for _, n := range p.WithTestID("due-") {
		all = append(all, [3]string{testkit.Attr(n, "data-testid"), testkit.Attr(n, "data-state"), testkit.Text(n)})
	}
	return all
}

func TestDeadlines(t *testing.T) {
	s := testkit.Start(t)
	anna := s.SignUp("Петрова", "petrova")
	id := anna.OpenCase("ИП Петрова", 1)
	path := deadlinesPath(id)
	page := anna.Get(path).Want(http.StatusOK)
	first := dues(page)
	if len(first) != 1 || first[0][0] != "due-inbox" || first[0][1] != "ahead" ||
		!strings.Contains(first[0][2], "До 22 декабря 2026 через 30 дней") || !strings.Contains(first[0][2], "Срок: 30 дней. Источник: правило этого сервиса, на 22 ноября 2026") {
		t.Errorf("a fresh case has the deadlines %q", first)
	}

	// Mistakes lose nothing; the last day is counted by the term, or typed.
	form := page.Form(path)
	form.Set("kind", "report")
	form.Set("what", "Отчёт 1")
	form.Set("from", "2026-11-23")
	wrong := anna.PostForm(path, form).Want(http.StatusUnprocessableEntity)
	if wrong.Errors()["from"] != "Дата не может быть позже сегодняшней" || wrong.Form(path).Get("what") != "Отчёт 1" || wrong.Form(path).Get("kind") != "report" {
		t.Errorf("%v, %v", wrong.Errors(), wrong.Form(path))
	}
	form.Set("from", "2026-11-16")
	form.Set("until", "2026-11-10")
	if got := anna.PostForm(path, form).Want(http.StatusUnprocessableEntity).Errors()["until"]; got != "Последний день не может быть раньше первого" {
		t.Errorf("ends before it begins: %q", got)
	}
	form.Set("until", "")
	anna.PostForm(path, form).WantRedirect(path)
	anna.PostForm(path, form).WantRedirect(path) // a double click
	anna.PostForm(path, url.Values{"kind": {"pick_up"}, "what": {"12 штук"}, "from": {"2026-11-20"}, "until": {"2026-11-21"}}).WantRedirect(path)
	unread := anna.PostForm(path, url.Values{"from": {"вчера"}, "until": {"2026-11-30"}, "what": {strings.Repeat("я", winddown.MaxWhat+1)}})
	if got := slices.Sorted(maps.Keys(unread.Want(http.StatusUnprocessableEntity).Errors())); !slices.Equal(got, []string{"from", "kind", "what"}) {
		t.Errorf("mistakes are told of %q alone", got)
	}
	for _, bad := range []url.Values{{"kind": {"inbox"}, "from": {"2026-11-16"}}, {"from": {"вчера"}}, {}} {
		if p := anna.PostForm(path, bad); p.Status != http.StatusUnprocessableEntity || len(p.Errors()) == 0 {
			t.Errorf("%v: %d", bad, p.Status)
		}
	}
	after := anna.Get(path)
	if !strings.Contains(after.Notice(), "Срок записан.") {
		t.Errorf("notice %q", after.Notice())
	}
	var got []string
	for _, d := range dues(after) {
		got = append(got, d[0]+" "+d[1])
	}
	if strings.Join(got, ", ") != "due-pick_up late, due-report near, due-inbox ahead" {
		t.Errorf("the nearest first: %q", got)
	}
	for _, want := range []string{"12 штук", "просрочен на 1 день", "через 1 день", "Отчёт появился 16 ноября 2026, возразить можно до 23 ноября 2026.", "Последний день указан вручную.", "оферта с 05.04.2023, один источник, на 5 апреля 2023."} {
		if !strings.Contains(after.Main(), want) {
			t.Errorf("the page lacks %q", want)
		}
	}

	// Dealt with, opened again, removed.
	batch, report := path+"/2", path+"/1"
	deal := anna.Get(batch + "/close").Want(http.StatusOK).Form(batch + "/close")
	if deal.Get("on") != "2026-11-22" {
		t.Errorf("collected on %v", deal)
	}
	deal.Set("on", "2026-12-01")
	if got := anna.PostForm(batch+"/close", deal).Want(http.StatusUnprocessableEntity).Errors()["on"]; got != "Дата не может быть позже сегодняшней" {
		t.Errorf("collected tomorrow: %q", got)
	}
	deal.Set("on", "2026-11-21")
	anna.PostForm(batch+"/close", deal).WantRedirect(path)
	anna.PostForm(report+"/close", url.Values{"on": {"2026-11-22"}}).WantRedirect(path)
	dealt := anna.Get(path)
	if text := testkit.Text(dealt.ByTestID("dealt-2")); !strings.Contains(text, "Забрали 21 ноября 2026") {
		t.Errorf("a batch that was collected: %q", text)
	}
	if len(dues(dealt)) != 1 || !dealt.HasTestID("dealt-1") {
		t.Errorf("still open: %q", dues(dealt))
	}
	anna.PostForm(batch+"/reopen", url.Values{}).WantRedirect(path)
	if len(dues(anna.Get(path))) != 2 {
		t.Error("a batch opened again does not wait")
	}
	anna.Get(batch + "/remove").Want(http.StatusOK)
	anna.PostForm(batch+"/remove", url.Values{}).WantRedirect(path)
	anna.PostForm(batch+"/remove", url.Values{}).WantRedirect(path) // a double click
	for _, gone := range []string{batch, path + "/99", path + "/x", path + "/-1", path + "/+2", path + "/02"} {
		anna.Get(gone + "/close").Want(http.StatusNotFound)
		anna.PostForm(gone+"/close", url.Values{"on": {"2026-11-22"}}).Want(http.StatusNotFound)
		anna.PostForm(gone+"/reopen", url.Values{}).Want(http.StatusNotFound)
		if gone != batch {
			anna.PostForm(gone+"/remove", url.Values{}).Want(http.StatusNotFound)
		}
	}

	// «Претензий нет» moves the next look by a month.
	anna.PostForm(path+"/inbox", url.Values{}).WantRedirect(path)
	looked := anna.Get(path)
	if !strings.Contains(dues(looked)[0][2], "Последний раз проверили 22 ноября 2026") || looked.Notice() == "" {
		t.Errorf("after looking: %q", dues(looked))
	}
	s.Clock.Advance(31 * 24 * time.Hour)
	anna = s.LogIn(anna.Email, testkit.Password)
	if got := dues(anna.Get(path)); got[0][1] != "late" {
		t.Errorf("a month later: %q", got)
	}
	if next := testkit.Text(anna.Get("/cases/" + id.String()).ByTestID("next")); !strings.Contains(next, "Ближайший срок: проверить претензии на портале, 22 декабря") {
		t.Errorf("the strip says %q", next)
	}
}

func TestTerms(t *testing.T) {
	s := testkit.Start(t)
	anna, buh := s.SignUp("Петрова", "petrova"), s.SignUp("Иванова", "ivanova")
	id := anna.OpenCase("ИП Петрова", 1)
	anna.Join(buh, id, winddown.Accountant)
	list, path := deadlinesPath(id)+"/terms", deadlinesPath(id)+"/terms/report"
	page := anna.Get(list).Want(http.StatusOK)
	for _, want := range []string{"7 дней", "30 дней", "рабочие дни 3, 7 и 10", "оферта с 05.04.2023", "на 22 сентября 2025"} {
		if !strings.Contains(page.Main(), want) {
			t.Errorf("the terms lack %q", want)
		}
	}
	if theirs := buh.Get(list).Want(http.StatusOK); theirs.HasLink(path) {
		t.Error("the accountant is led to a form that is not his")
	}
	buh.Get(path).Want(http.StatusNotFound)
	buh.PostForm(path, url.Values{"days": {"x"}}).Want(http.StatusNotFound)
	anna.Get(list + "/nothing").Want(http.StatusNotFound)

	form := anna.Get(path).Want(http.StatusOK).Form(path)
	if form.Get("days") != "7" || form.Get("as_of") != "2023-04-05" {
		t.Errorf("the form begins with %v", form)
	}
	for _, c := range []struct{ field, value, sentence string }{
		{"days", "семь", "Укажите число дней, целое от 1 до 365"},
		{"days", "0", "Укажите число дней, целое от 1 до 365"},
		{"days", "3, 7", "Укажите число дней, целое от 1 до 365"},
		{"days", "366", "Укажите число дней, целое от 1 до 365"},
		{"source", " ", "Укажите, откуда этот срок"},
		{"as_of", "2026-11-23", "Дата не может быть позже сегодняшней"},
		{"as_of", "давно", "Укажите дату"},
		{"version", "-1", "Страница устарела"},
	} {
		bad := url.Values{}
		for name, values := range form {
			bad[name] = values
		}
		bad.Set(c.field, c.value)
		p := anna.PostForm(path, bad).Want(http.StatusUnprocessableEntity)
		field := c.field
		if field == "version" { // hidden: no link leads there
			field = ""
		}
		if got := p.Errors()[field]; !strings.HasPrefix(got, c.sentence) {
			t.Errorf("%s=%q: %v", c.field, c.value, p.Errors())
		}
		if c.field != "version" && p.Form(path).Get(c.field) != c.value {
			t.Errorf("%s=%q is lost", c.field, c.value)
		}
	}
	// All mistakes are told at once, those of a date that cannot be read among them; in the list
	// above the form each leads to its field.
	all := url.Values{"days": {"0"}, "source": {""}, "as_of": {"давно"}, "version": {form.Get("version")}}
	for kind, days := range map[string]string{
		"report": "Укажите число дней, целое от 1 до 365",
		"chase":  "Укажите рабочие дни по возрастанию, через запятую: не больше пяти, каждый от 1 до 365. Например: 3, 7, 10.",
	} {
		p := anna.PostForm(list+"/"+kind, all).Want(http.StatusUnprocessableEntity)
		want := map[string]string{
			"days": days, "source": "Укажите, откуда этот срок: например, пункт оферты и её дату",
			"as_of": "Укажите дату: день, месяц и год не раньше 2000",
		}
		if got := p.Errors(); !maps.Equal(got, want) {
			t.Errorf("%s: %v", kind, got)
		}
	}
	anna.PostForm("/locale", url.Values{"locale": {"en"}, "next": {path}}).WantRedirect(path)
	if got := anna.PostForm(path, all).Want(http.StatusUnprocessableEntity).Errors(); got["days"] != "Enter the number of days, a whole number from 1 to 365" ||
		got["source"] != "Say where this term comes from, for example a clause of the offer and its date" || got["as_of"] != "Enter a date: day, month and a year from 2000 on" {
		t.Errorf("in English: %v", got)
	}
	anna.PostForm("/locale", url.Values{"locale": {"ru"}, "next": {path}}).WantRedirect(path)
	form.Set("days", "10")
	form.Set("source", "Оферта, пункт 8")
	form.Set("as_of", "2026-11-01")
	anna.PostForm(path, form).WantRedirect(list)
	if page := anna.Get(list); !strings.Contains(page.Main(), "10 дней") || !strings.Contains(page.Main(), "Источник: Оферта, пункт 8, на 1 ноября 2026.") {
		t.Errorf("after the change: %s", page.Main())
	}
	form.Set("days", "11")
	if stale := anna.PostForm(path, form).Want(http.StatusConflict); stale.Form(path).Get("days") != "11" || stale.Form(path).Get("version") == form.Get("version") {
		t.Errorf("a stale form came back as %v", stale.Form(path))
	}
	anna.PostForm(deadlinesPath(id), url.Values{"kind": {"report"}, "from": {"2026-11-20"}}).Want(http.StatusSeeOther)
	if got := dues(anna.Get(deadlinesPath(id))); !strings.Contains(got[0][2], "до 30 ноября 2026") {
		t.Errorf("the new term does not count: %q", got)
	}
	// What was counted before keeps its term; what was typed says so; the trail and the timeline too.
	path, batches := deadlinesPath(id), stepPath(id, winddown.CollectReturns)
	pickUp := url.Values{"kind": {"pick_up"}, "what": {"12 штук"}, "from": {"2026-11-18"}}
	anna.PostForm(path, pickUp).Want(http.StatusSeeOther)
	pickUp.Set("what", "3 штуки")
	pickUp.Set("until", "2026-11-29")
	anna.PostForm(path, pickUp).Want(http.StatusSeeOther)
	pickUpTerm := anna.Get(list + "/pick_up").Form(list + "/pick_up")
	pickUpTerm.Set("days", "9")
	pickUpTerm.Set("source", "Письмо поддержки")
	anna.PostForm(list+"/pick_up", pickUpTerm).WantRedirect(list)
	const counted = "Срок: 7 дней. Источник: оферта в редакции от 22.09.2025 (klerk.ru) и другие статьи, на 22 сентября 2025."
	const typed = "Последний день указан вручную."
	for _, where := range []string{path, batches} {
		page := anna.Get(where)
		var said []string
		for _, d := range dues(page) {
			if d[0] == "due-pick_up" {
				said = append(said, d[2])
			}
		}
		if len(said) != 2 || !strings.Contains(said[0], counted) || !strings.Contains(said[1], typed) || strings.Contains(strings.Join(said, ""), "поддержки") {
			t.Errorf("%s: the batches say %q", where, said)
		}
	}
	timeline := facts(anna.Get(path))
	for _, want := range []string{"12 штук: Забрать возвраты " + counted, "3 штуки: Забрать возвраты " + typed, "Возразить на еженедельный отчёт Срок: 10 дней. Источник: Оферта, пункт 8,"} {
		if !strings.Contains(timeline, want) {
			t.Errorf("the timeline lacks %q:\n%s", want, timeline)
		}
	}
	trail := anna.Get("/cases/" + id.String() + "/history").Main()
	for _, want := range []string{counted, typed, "Срок: 10 дней. Источник: Оферта, пункт 8, на 1 ноября 2026."} {
		if !strings.Contains(trail, want) {
			t.Errorf("the history lacks %q", want)
		}
	}
	chase := anna.Get(list + "/chase").Form(list + "/chase")
	chase.Set("days", "2 5, 9")
	anna.PostForm(list+"/chase", chase).WantRedirect(list)
	if page := anna.Get(list); !strings.Contains(page.Main(), "рабочие дни 2, 5 и 9") {
		t.Errorf("the days of the chase: %s", page.Main())
	}
}

// Batches stand on the page of the step that collects them.
func TestBatches(t *testing.T) {
	s := testkit.Start(t)
	anna := s.SignUp("Петрова", "petrova")
	id := anna.OpenCase("ИП Петрова", 1)
	step, path := stepPath(id, winddown.CollectReturns), deadlinesPath(id)
	form := anna.Get(step).Want(http.StatusOK).Form(path)
	if form.Get("kind") != "pick_up" || form.Get("back") != "step" {
		t.Errorf("the form begins with %v", form)
	}
	form.Set("from", "2026-11-30")
	form.Set("what", "12 штук")
	wrong := anna.PostForm(path, form).Want(http.StatusUnprocessableEntity)
	if wrong.Heading() != "Забрать возвраты покупателей" || wrong.Errors()["from"] == "" || wrong.Form(path).Get("what") != "12 штук" {
		t.Errorf("%s: %v, %v", wrong.Heading(), wrong.Errors(), wrong.Form(path))
	}
	form.Set("from", "2026-11-18")
	anna.PostForm(path, form).WantRedirect(step)
	page := anna.Get(step)
	if got := dues(page); len(got) != 1 || got[0][1] != "near" || !strings.Contains(got[0][2], "Привезли 18 ноября 2026, ждёт до 25 ноября 2026.") || !strings.Contains(page.Notice(), "Срок записан.") {
		t.Errorf("%q, notice %q", got, page.Notice())
	}
	if next := testkit.Text(anna.Get("/cases/" + id.String()).ByTestID("next")); !strings.Contains(next, "Возвраты ждут до 25 ноября") || strings.Contains(next, "Ближайший срок") {
		t.Errorf("the strip says %q", next)
	}
	deal := page.Link("Забрали: 12 штук")
	anna.PostForm(path+"/1/close", anna.Get(deal).Form(path+"/1/close")).WantRedirect(step)

	// A batch that arrives when the step is done suspends it.
	anna.Mark(id, winddown.CollectReturns)
	if !strings.Contains(anna.Get(step).Main(), "отметка приостановится") {
		t.Error("nobody says what another batch does")
	}
	anna.PostForm(path, url.Values{"kind": {"pick_up"}, "from": {"2026-11-22"}, "what": {"Ещё 3"}}).Want(http.StatusSeeOther)
	if text, state := stepRow(anna.Get("/cases/"+id.String()), winddown.CollectReturns); state != "problem" || !strings.Contains(text, "Ещё 3") {
		t.Errorf("%s: %s", state, text)
	}
	anna.PostForm(path+"/2/close", url.Values{"on": {"2026-11-22"}, "back": {"//evil.example"}}).WantRedirect(path)
}

func TestDeadlinesOfAWaitingAndAFinishedCase(t *testing.T) {
	s := testkit.Start(t)
	anna := s.SignUp("Петрова", "petrova")
	id := anna.OpenCase("ИП Петрова", 1)
	path := deadlinesPath(id)
	s.Clock.Set(on(2026, time.November, 12))
	anna.Mark(id, append(testkit.Goods(), winddown.RequestAct)...)
	anna.PostForm(path, url.Values{"kind": {"report"}, "from": {"2026-11-12"}, "what": {"Отчёт 1"}}).Want(http.StatusSeeOther)
	s.Clock.Set(testkit.Noon())
	page := anna.Get(path).Want(http.StatusOK)
	chase := dues(page)[0]
	if chase[0] != "due-chase" || !strings.Contains(chase[2], "опаздываем на 5 дней17 ноября 2026") || !strings.Contains(chase[2], "Ждём ответ WB с 12 ноября, 10 дней") ||
		!page.HasLink("/cases/"+id.String()+"/letters/reminder?act=1") {
		t.Errorf("the chase: %q", chase)
	}

	// The picture says everything in words too, by date.
	all := facts(page)
	for _, want := range []string{
		"12 ноября 2026 Акт запрошен", "12 ноября 2026 Ждём акт", "17 ноября 2026 Напомнить WB об акте", "19 ноября 2026 Отчёт 1: Возразить на еженедельный отчёт",
		"12 ноября 2026 Остатки FBS обнулены", "22 ноября 2026 Уход начат", "22 ноября 2026 Сегодня", "22 декабря 2026 Проверить претензии на портале",
	} {
		if !strings.Contains(all, want) {
			t.Errorf("the timeline lacks %q:\n%s", want, all)
		}
	}
	if strings.Contains(page.Body, "style=") {
		t.Error("a style attribute, which the browser refuses")
	}

	anna.Mark(id, winddown.StripMedia, winddown.ReceiveAct, winddown.SignAct, winddown.SettleDebts)
	if err := s.App.Finish(t.Context(), anna.Actor(), id, anna.Case(id).Case.Version); err != nil {
		t.Fatal(err)
	}
	over := anna.Get(path).Want(http.StatusOK)
	if len(dues(over)) != 0 || !strings.Contains(over.Main(), "Открытых сроков нет.") || over.HasForm(path) || !strings.Contains(over.Main(), "Уход завершён") {
		t.Errorf("a finished case: %s", over.Main())
	}
	anna.Get(path + "/1/close").Want(http.StatusConflict)
	anna.Get(path + "/1/remove").Want(http.StatusConflict)
	anna.Get(path + "/terms/report").Want(http.StatusConflict)
	for way, form := range map[string]url.Values{
		"": {"kind": {"report"}, "from": {"2026-11-12"}}, "/inbox": {}, "/1/close": {"on": {"2026-11-22"}}, "/1/reopen": {}, "/1/remove": {},
		"/terms/report": {"days": {"9"}, "source": {"x"}, "as_of": {"2026-11-12"}, "version": {""}},
	} {
		if p := anna.PostForm(path+way, form); p.Status != http.StatusConflict || !strings.Contains(p.Text(), "Уход завершён") {
			t.Errorf("%s after the end: %d", way, p.Status)
		}
	}
}

// facts are the words of a page's timeline, by date.
func facts(p *testkit.Page) string {
	var all []string
	for _, n := range p.All(func(n *html.Node) bool {
		return n.Data == "li" && n.Parent.Data == "ol" && testkit.Attr(n.Parent, "id") == "timeline-facts"
	}) {
		all = append(all, testkit.Text(n))
	}
	return strings.Join(all, "\n")
}

// A step that was sent back, or rests on one that opened again, is a problem; only a day that
// has passed is late.
func TestTimelineTellsProblemsFromLateDays(t *testing.T) {
	s := testkit.Start(t)
	anna, buh := s.SignUp("Петрова", "petrova"), s.SignUp("Иванова", "ivanova")
	id := anna.OpenCase("ИП Петрова", 1)
	anna.Join(buh, id, winddown.Accountant)
	anna.Mark(id, append(testkit.Goods(), winddown.RequestAct)...)
	if st, err := anna.Case(id).Case.Step(winddown.SellOut); err != nil {
		t.Fatal(err)
	} else if err := s.App.SendBack(t.Context(), buh.Actor(), id, winddown.Review{Step: st.Code, Version: st.Version, Reason: "Нет отчёта"}); err != nil {
		t.Fatal(err)
	}
	page := anna.Get(deadlinesPath(id)).Want(http.StatusOK)
	marks := func(tone string) int {
		return len(page.All(func(n *html.Node) bool {
			return n.Data == "svg" && testkit.Attr(n, "class") == "lane "+tone && n.Parent.Data == "svg"
		}))
	}
	if marks("problem") != 2 || marks("late") != 0 {
		t.Errorf("%d problems and %d late, want two and none", marks("problem"), marks("late"))
	}
	legend := testkit.Text(page.All(func(n *html.Node) bool { return testkit.Attr(n, "class") == "legend" })[0])
	if !strings.Contains(legend, "есть проблема") || strings.Contains(legend, "просрочено") {
		t.Errorf("the legend says %q", legend)
	}
	for _, want := range []string{
		"22 ноября 2026 Бухгалтер вернул на доработку: Распродать товар", "22 ноября 2026 Отметка приостановлена: Запросить акт сверки",
	} {
		if !strings.Contains(facts(page), want) {
			t.Errorf("the words lack %q:\n%s", want, facts(page))
		}
	}

	anna.PostForm(deadlinesPath(id), url.Values{"kind": {"pick_up"}, "what": {"12 штук"}, "from": {"2026-11-10"}, "until": {"2026-11-20"}}).Want(http.StatusSeeOther)
	if page = anna.Get(deadlinesPath(id)); !strings.Contains(facts(page), "20 ноября 2026 12 штук: Забрать возвраты, просрочено") {
		t.Errorf("the words do not say what is late:\n%s", facts(page))
	}
}

// A year that was mistyped is told by the field it stands in; nothing is lost.
func TestDeadlinesOfAnotherDecade(t *testing.T) {
	s := testkit.Start(t)
	anna := s.SignUp("Петрова", "petrova")
	id := anna.OpenCase("ИП Петрова", 1)
	for _, path := range []string{deadlinesPath(id), stepPath(id, winddown.CollectReturns)} {
		form := anna.Get(path).Form(deadlinesPath(id))
		form.Set("kind", "pick_up")
		form.Set("from", "2010-11-20")
		form.Set("until", "2050-11-27")
		wrong := anna.PostForm(deadlinesPath(id), form).Want(http.StatusUnprocessableEntity)
		if got := wrong.Errors(); got["from"] != "Первый день раньше 22 ноября 2025, больше года назад. Проверьте год." ||
			got["until"] != "Последний день позже 20 ноября 2011, больше чем через год после первого. Проверьте год." {
			t.Errorf("%s: %v", path, got)
		}
		if got := wrong.Form(deadlinesPath(id)); got.Get("from") != "2010-11-20" || got.Get("until") != "2050-11-27" {
			t.Errorf("%s: the form came back as %v", path, got)
		}
	}
}

// Goods that appear again are watched for until ninety days after the end.
func TestRegressionWatch(t *testing.T) {
	s := testkit.Start(t)
	anna := s.SignUp("Петрова", "petrova")
	id := anna.OpenCase("ИП Петрова", 1)
	watched := append(testkit.Goods(), winddown.StripMedia)
	anna.Mark(id, append(watched, winddown.RequestAct, winddown.ReceiveAct, winddown.SignAct, winddown.SettleDebts)...)
	offered := func(code winddown.Code) bool {
		return anna.Get(stepPath(id, code)).HasLink(stepPath(id, code) + "/regress")
	}
	for _, code := range watched {
		if !offered(code) {
			t.Errorf("%s is not watched", code)
		}
	}
	if offered(winddown.RequestAct) {
		t.Error("the act is not goods")
	}
	if err := s.App.Finish(t.Context(), anna.Actor(), id, anna.Case(id).Case.Version); err != nil {
		t.Fatal(err)
	}
	s.Clock.Advance(90 * 24 * time.Hour)
	anna = s.LogIn(anna.Email, testkit.Password)
	if !offered(winddown.StripMedia) {
		t.Error("the watch ends too early")
	}
	path := stepPath(id, winddown.ReturnStock) + "/regress"
	form := anna.Get(path).Want(http.StatusOK).Form(path)
	form.Set("reason", "Нашли 3 штуки")
	s.Clock.Advance(24 * time.Hour)
	for _, code := range watched {
		if offered(code) {
			t.Errorf("%s is watched for ever", code)
		}
	}
	if p := anna.Get(path).Want(http.StatusConflict); !strings.Contains(p.Text(), "прошло больше 90 дней") {
		t.Errorf("too late: %s", p.Main())
	}
	anna.PostForm(path, form).Want(http.StatusConflict)
}
