package site_test

import (
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"winddown/internal/app"
	"winddown/internal/i18n"
	"winddown/internal/testkit"
	"winddown/internal/winddown"
	"winddown/web/static"
)

// rows are the rows of a page of the register, by the ids of their cases.
func rows(p *testkit.Page) []string {
	var ids []string
	for _, n := range p.Sellers() {
		ids = append(ids, testkit.SellerOf(n))
	}
	return ids
}

// step follows the link to the next ("next") or previous ("prev") page; false at the end.
func step(c *testkit.Client, p *testkit.Page, rel string) (*testkit.Page, bool) {
	links := p.All(func(n *html.Node) bool { return n.Data == "a" && testkit.Attr(n, "rel") == rel })
	if len(links) == 0 {
		return nil, false
	}
	return c.Get(testkit.Attr(links[0], "href")).Want(http.StatusOK), true
}

// all walks from a page to the last one and returns every row on the way.
func all(c *testkit.Client, path string) []string {
	p := c.Get(path).Want(http.StatusOK)
	ids := rows(p)
	for {
		next, ok := step(c, p, "next")
		if !ok {
			return ids
		}
		p = next
		ids = append(ids, rows(p)...)
	}
}

// sentence returns what the register says and the addresses of its two numbers.
func sentence(p *testkit.Page) (text string, links []string) {
	n := p.ByTestID("sentence")
	for a := range n.Descendants() {
		if a.Data == "a" {
			links = append(links, testkit.Attr(a, "href"))
		}
	}
	return testkit.Text(n), links
}

func TestSentence(t *testing.T) {
	type says struct{ ru, en string }
	for n, want := range map[int]says{
		1:  {"Акт запрошен у 0 из 1 продавца. Запросить сейчас пока не у кого.", "The act has been requested for 0 of 1 seller. There is nobody yet for whom it can be requested now."},
		2:  {"Акт запрошен у 0 из 2 продавцов. У 1 можно запросить уже сейчас.", "The act has been requested for 0 of 2 sellers. For 1 it can be requested right now."},
		5:  {"Акт запрошен у 2 из 5 продавцов. У 1 можно запросить уже сейчас.", "The act has been requested for 2 of 5 sellers. For 1 it can be requested right now."},
		21: {"Акт запрошен у 8 из 21 продавца. У 4 можно запросить уже сейчас.", "The act has been requested for 8 of 21 sellers. For 4 it can be requested right now."},
	} {
		s := testkit.Start(t)
		c := s.SignUp("Мария Иванова", "ivanova")
		for i := range n {
			id := c.AddSeller(fmt.Sprintf("ООО «Маяк %d»", i), i+1)
			switch i % 5 {
			case 1:
				c.Mark(id, testkit.Goods()...)
			case 3:
				c.Mark(id, append(testkit.Goods(), winddown.RequestAct)...)
			case 4:
				c.Mark(id, append(testkit.Goods(), winddown.RequestAct, winddown.ReceiveAct)...)
			}
		}
		page := c.Get("/sellers").Want(http.StatusOK)
		text, links := sentence(page)
		if text != want.ru {
			t.Errorf("%d sellers: %q, want %q", n, text, want.ru)
		}
		var numbers []int
		for _, word := range strings.FieldsFunc(text, func(r rune) bool { return r < '0' || r > '9' }) {
			number, err := strconv.Atoi(word)
			if err != nil {
				t.Fatal(err)
			}
			numbers = append(numbers, number)
		}
		got, addresses := []int{len(all(c, links[0])), len(all(c, "/sellers"))}, []string{"/sellers?act=requested&act=received&act=signed"}
		if len(numbers) > 2 {
			got, addresses = append(got, len(all(c, links[len(links)-1]))), append(addresses, "/sellers?group=ready")
		}
		if !slices.Equal(got, numbers) {
			t.Errorf("%d sellers: the links lead to %v rows, the sentence says %v", n, got, numbers)
		}
		if !slices.Equal(links, addresses) {
			t.Errorf("the numbers lead to %v", links)
		}
		c.PostForm("/locale", url.Values{"locale": {"en"}})
		if text, _ := sentence(c.Get("/sellers")); text != want.en {
			t.Errorf("%d sellers: %q, want %q", n, text, want.en)
		}
	}
}

// Who has asked everybody is told that nobody is left.
func TestSentenceOfAllRequested(t *testing.T) {
	c := testkit.Start(t).SignUp("Мария Иванова", "ivanova")
	c.Mark(c.AddSeller("ИП Петрова", 1), append(testkit.Goods(), winddown.RequestAct)...)
	if text, _ := sentence(c.Get("/sellers")); text != "Акт запрошен у 1 из 1 продавца. Больше запрашивать не у кого." {
		t.Errorf("the register says %q", text)
	}
	c.PostForm("/locale", url.Values{"locale": {"en"}})
	if text, _ := sentence(c.Get("/sellers")); text != "The act has been requested for 1 of 1 seller. There is nobody left to request it for." {
		t.Errorf("the register says %q", text)
	}
}

// The numbers count unfinished sellers outside of the archive, whatever is filtered and under
// whatever saved view; headings count the rows under them.
func TestSentenceWhateverIsFiltered(t *testing.T) {
	s := testkit.Start(t)
	c := s.SignUp("Мария Иванова", "ivanova")
	ctx := t.Context()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	steps := func(more ...winddown.Code) []winddown.Code { return append(testkit.Goods(), more...) }
	made := map[string][]winddown.ID{}
	n := 0
	for name, codes := range map[string][]winddown.Code{
		"Рано": nil, "Пора": steps(), "Ждём": steps(winddown.RequestAct), "Получен": steps(winddown.RequestAct, winddown.ReceiveAct),
		"Конец": steps(winddown.RequestAct, winddown.ReceiveAct, winddown.SignAct, winddown.SettleDebts, winddown.StripMedia),
	} {
		for i := range 4 {
			n++
			id := c.AddSeller(fmt.Sprintf("ООО «%s %d»", name, i), n)
			c.Mark(id, codes...)
			made[name] = append(made[name], id)
		}
	}
	check := func(when string, words ...string) {
		t.Helper()
		for _, query := range append([]string{
			"", "group=ready", "group=ready&group=waiting", "act=requested&act=received&act=signed", "q=пора", "finished=yes", "group=finished", "archive=yes",
			"archive=yes&group=ready", "q=нет+такого", "due=30", "responsible=me", "sort=-name",
		}, words...) {
			page := c.Get("/sellers?" + query).Want(http.StatusOK)
			text, links := sentence(page)
			want := fmt.Sprintf("Акт запрошен у %d из %d %s. Запросить сейчас пока не у кого.",
				len(all(c, links[0])), len(all(c, "/sellers")), plural(len(all(c, "/sellers")), "продавца", "продавцов"))
			if len(links) > 1 {
				want = strings.Replace(want, "Запросить сейчас пока не у кого.", fmt.Sprintf("У %d можно запросить уже сейчас.", len(all(c, links[1]))), 1)
			}
			if text != want {
				t.Errorf("%s, ?%s: %q, want %q", when, query, text, want)
			}
			for _, head := range page.WithTestID("group-") {
				group := testkit.Attr(head.Parent, "data-state")
				under := 0
				for _, row := range page.Sellers() {
					if testkit.Attr(row.Parent, "data-state") == group {
						under++
					}
				}
				if !strings.HasSuffix(testkit.Text(head), fmt.Sprintf(" · %d", under)) {
					t.Errorf("%s, ?%s: %q stands over %d rows", when, query, testkit.Text(head), under)
				}
			}
		}
	}
	says := func(want string) {
		t.Helper()
		if text, _ := sentence(c.Get("/sellers")); text != want {
			t.Errorf("%q, want %q", text, want)
		}
	}
	check("at first")
	says("Акт запрошен у 12 из 20 продавцов. У 4 можно запросить уже сейчас.")
	for _, id := range made["Конец"][:3] {
		must(s.App.Finish(ctx, c.Actor(), id, 0))
	}
	says("Акт запрошен у 9 из 17 продавцов. У 4 можно запросить уже сейчас.")
	// One of each goes into the archive, among them one that is finished and one that is not.
	put := []winddown.ID{made["Рано"][0], made["Пора"][0], made["Ждём"][0], made["Получен"][0], made["Конец"][0], made["Конец"][3]}
	_, err := s.App.Archive(ctx, c.Actor(), put, true)
	must(err)
	says("Акт запрошен у 6 из 12 продавцов. У 3 можно запросить уже сейчас.")
	check("with an archive")
	must(s.App.SaveView(ctx, c.Actor(), "Ждут", "finished=yes&group=waiting", true, nil))
	c.Get("/").WantRedirect("/sellers?finished=yes&group=waiting")
	check("under a saved view", "finished=yes&group=waiting")
	everybody := slices.Concat(made["Рано"], made["Пора"], made["Ждём"], made["Получен"], made["Конец"])
	_, err = s.App.Archive(ctx, c.Actor(), everybody, true)
	must(err)
	says("Акт запрошен у 0 из 0 продавцов. Запросить сейчас пока не у кого.")
	check("all in the archive")
}

// plural is the word after «из» and a number.
func plural(n int, one, many string) string {
	if n%10 == 1 && n%100 != 11 {
		return one
	}
	return many
}

// What an accountant has let pass, asked and found owing is marked in the lists.
func TestMarksInTheLists(t *testing.T) {
	s := testkit.Start(t)
	anna, book := s.SignUp("Петрова", "petrova"), s.SignUp("Мария Иванова", "ivanova")
	id := anna.OpenCase("ИП Петрова", 1)
	anna.Join(book, id, winddown.Accountant)
	ctx, today := t.Context(), winddown.DateOf(s.Clock.Now())
	marks := func() [2]string {
		return [2]string{testkit.Text(book.Get("/sellers").Seller(id.String())), testkit.Text(anna.Get("/cases").ByTestID("seller-" + id.String()))}
	}
	want := []string{"Разрешено без предыдущих шагов", "Вопросов: 2", "Долг 3 418,20 ₽"}
	for _, list := range marks() {
		for _, w := range want {
			if strings.Contains(list, w) {
				t.Errorf("at first a list says %q", list)
			}
		}
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(s.App.Waive(ctx, book.Actor(), id, winddown.Review{Step: winddown.RequestAct, Version: 1, Reason: "Товара нет"}))
	must(s.App.Ask(ctx, book.Actor(), id, winddown.SellOut, "Всё продано?"))
	must(s.App.Ask(ctx, book.Actor(), id, winddown.ZeroFBS, "Где снимок?"))
	must(s.App.AddDebts(ctx, anna.Actor(), id, []winddown.NewDebt{{ID: id, Side: winddown.ToWB, What: "Хранение", Amount: 341820, On: today}}))
	must(s.App.AddDeadline(ctx, anna.Actor(), id, winddown.AddDeadline{Kind: winddown.DueReport, From: today.AddDays(-4)}))
	for i, list := range marks() {
		for _, w := range append(want, []string{"25 ноября", "возражения на отчёт, 25 ноября"}[i]) {
			if !strings.Contains(list, w) {
				t.Errorf("%q lacks %q", list, w)
			}
		}
	}
	anna.Mark(id, winddown.ZeroFBS)
	must(s.App.SendBack(ctx, book.Actor(), id, winddown.Review{Step: winddown.ZeroFBS, Version: book.Version(id, winddown.ZeroFBS), Reason: "Не то"}))
	for i, list := range marks() {
		if w := []string{"Возвращён на доработку", "Бухгалтер вернул на доработку: «Обнулить остатки FBS»"}[i]; !strings.Contains(list, w) {
			t.Errorf("%q lacks %q", list, w)
		}
	}
}

func TestEmptyRegister(t *testing.T) {
	s := testkit.Start(t)
	c := s.SignUp("Мария Иванова", "ivanova")
	page := c.Get("/sellers").Want(http.StatusOK)
	if !strings.Contains(page.Main(), "Продавцов пока нет. Добавьте продавца или попросите его прислать вам приглашение.") || page.HasTestID("sentence") {
		t.Errorf("an empty register says\n%s", page.Main())
	}
	c.AddSeller("ООО «Маяк»", 1)
	page = c.Get("/sellers?q=нет+такого").Want(http.StatusOK)
	if !strings.Contains(page.Main(), "По этим фильтрам никого нет.") || !page.HasLink("/sellers") {
		t.Errorf("a filter that finds nobody says\n%s", page.Main())
	}
}

// seeded is a site with sellers in every state and the browser of their accountant.
func seeded(t testing.TB, sellers int) (*testkit.Site, *testkit.Client) {
	t.Helper()
	s := testkit.Start(t)
	result, err := s.App.Seed(t.Context(), app.SeedOptions{Sellers: sellers, Accountants: 1, Seed: 7, AsOf: s.Clock.Now(), Password: testkit.Password})
	if err != nil {
		t.Fatal(err)
	}
	return s, s.LogIn(result.Accountants[0].Email, testkit.Password)
}

func TestRegisterOf500(t *testing.T) {
	s, c := seeded(t, 500)
	every := all(c, "/sellers?finished=yes")
	if distinct := slices.Compact(slices.Sorted(slices.Values(every))); len(every) != 500 || len(distinct) != 500 {
		t.Fatalf("walking all pages yields %d rows, %d of them distinct", len(every), len(distinct))
	}
	page := c.Get("/sellers").Want(http.StatusOK)
	text, links := sentence(page)
	open := all(c, "/sellers")
	want := fmt.Sprintf("Акт запрошен у %d из %d %s. У %d можно запросить уже сейчас.",
		len(all(c, links[0])), len(open), plural(len(open), "продавца", "продавцов"), len(all(c, links[1])))
	if text != want {
		t.Errorf("%q, want %q", text, want)
	}

	// Groups come in their order, each is whole, and its heading counts all of it.
	var order []string
	counts := map[string]int{}
	p := c.Get("/sellers?finished=yes")
	headings := map[string]string{}
	for ok := true; ok; p, ok = step(c, p, "next") {
		for _, n := range p.Sellers() {
			group := testkit.Attr(n.Parent, "data-state")
			counts[group]++
			if len(order) == 0 || order[len(order)-1] != group {
				order = append(order, group)
			}
		}
		for _, n := range p.WithTestID("group-") {
			headings[strings.TrimPrefix(testkit.Attr(n, "data-testid"), "group-")] = testkit.Text(n)
		}
	}
	var known []string
	for _, g := range winddown.Groups() {
		if counts[string(g)] > 0 {
			known = append(known, string(g))
			if !strings.HasSuffix(headings[string(g)], fmt.Sprintf(" · %d", counts[string(g)])) {
				t.Errorf("the heading %q stands over %d rows", headings[string(g)], counts[string(g)])
			}
		}
	}
	if len(known) != len(winddown.Groups()) {
		t.Errorf("the sample has only the groups %v", known)
	}
	if !slices.Equal(order, known) {
		t.Errorf("the groups come as %v", order)
	}

	// The same rows on a later day: groups change without a write.
	s.Clock.Advance(20 * 24 * time.Hour)
	later := map[string]int{}
	for p, ok := c.Get("/sellers?finished=yes"), true; ok; p, ok = step(c, p, "next") {
		for _, n := range p.Sellers() {
			later[testkit.Attr(n.Parent, "data-state")]++
		}
	}
	if later["overdue"] <= counts["overdue"] || later["waiting"] >= counts["waiting"] {
		t.Errorf("twenty days later the groups are %v, before %v", later, counts)
	}
}

// For every sort, walking forward and back yields each row once, in the same order.
func TestRegisterPagesForwardAndBack(t *testing.T) {
	_, c := seeded(t, 160)
	var reference []string
	for _, sort := range winddown.RegisterSorts() {
		path := "/sellers?finished=yes&sort=" + string(sort)
		var forward []string
		p := c.Get(path).Want(http.StatusOK)
		pages := 0
		for {
			forward = append(forward, rows(p)...)
			pages++
			next, ok := step(c, p, "next")
			if !ok {
				break
			}
			p = next
		}
		back := rows(p)
		for {
			previous, ok := step(c, p, "prev")
			if !ok {
				break
			}
			p = previous
			back = append(rows(p), back...)
		}
		if pages != 4 || !slices.Equal(forward, back) {
			t.Errorf("%s: %d pages; forward %d rows, back %d", sort, pages, len(forward), len(back))
		}
		sorted := slices.Sorted(slices.Values(forward))
		if reference == nil {
			reference = slices.Compact(slices.Clone(sorted))
		}
		if len(sorted) != 160 || !slices.Equal(sorted, reference) {
			t.Errorf("%s: %d rows, not every seller once", sort, len(sorted))
		}
	}
}

func TestRegisterSorting(t *testing.T) {
	_, c := seeded(t, 60)
	p := c.Get("/sellers").Want(http.StatusOK)
	header := func(p *testkit.Page, label string) *html.Node {
		return p.One("the column "+label, func(n *html.Node) bool {
			return n.Data == "th" && testkit.Attr(n, "scope") == "col" && testkit.Text(n) == label
		})
	}
	if got := testkit.Attr(header(p, "Ближайший срок"), "aria-sort"); got != "ascending" {
		t.Errorf("at first the deadlines are sorted %q", got)
	}
	for _, want := range []string{"ascending", "descending", "ascending"} {
		p = c.Get(p.Link("Продавец")).Want(http.StatusOK)
		if got := testkit.Attr(header(p, "Продавец"), "aria-sort"); got != want {
			t.Errorf("the names are sorted %q, want %q", got, want)
		}
		if got := testkit.Attr(header(p, "Ближайший срок"), "aria-sort"); got != "" {
			t.Errorf("the deadlines are sorted %q as well", got)
		}
		if got := p.Form("/sellers").Get("sort"); got != map[string]string{"ascending": "name", "descending": "-name"}[want] {
			t.Errorf("the filters forget the order: %q", got)
		}
	}
	// Inside a group the names stand in Russian order, ё beside е.
	s := testkit.Start(t)
	c = s.SignUp("Мария Иванова", "ivanova")
	for i, name := range []string{"Яблоко", "ёлка", "Ель", "Ёрш", "ежевика"} {
		c.AddSeller(name, i+1)
	}
	var names []string
	for _, n := range c.Get("/sellers?sort=name").Sellers() {
		name, _, _ := strings.Cut(testkit.Text(n), " ")
		names = append(names, name)
	}
	if want := []string{"ежевика", "ёлка", "Ель", "Ёрш", "Яблоко"}; !slices.Equal(names, want) {
		t.Errorf("names in the order %v, want %v", names, want)
	}
}

// Filters narrow each other, values of one filter add up; the address holds them all.
func TestRegisterFilters(t *testing.T) {
	_, c := seeded(t, 160)
	count := func(query string) int { return len(all(c, "/sellers?"+query)) }
	everybody := count("finished=yes")
	acts := 0
	for _, a := range winddown.ActStates() {
		acts += count("finished=yes&act=" + string(a))
	}
	groups := 0
	for _, g := range winddown.Groups() {
		n := count("group=" + string(g))
		if n == 0 {
			t.Errorf("the sample has nobody in the group %s", g)
		}
		groups += n
	}
	if acts != everybody || groups != everybody {
		t.Errorf("%d sellers; by act %d, by group %d", everybody, acts, groups)
	}
	if a, b, both := count("act=requested"), count("act=received"), count("act=requested&act=received"); both != a+b || a == 0 || b == 0 {
		t.Errorf("values of one filter must add up: %d and %d make %d", a, b, both)
	}
	if n := count("act=not_requested&group=waiting"); n != 0 {
		t.Errorf("filters must narrow each other: %d rows", n)
	}
	if week, month := count("due=7"), count("due=30"); week == 0 || month < week {
		t.Errorf("deadlines within a week %d, within a month %d", week, month)
	}
	if late := count("due=overdue"); late == 0 || count("due=overdue&due=7") != late+count("due=7") {
		t.Errorf("late deadlines: %d", late)
	}

	p := c.Get("/sellers?q=ооо&act=requested&act=received&due=30&finished=yes&sort=-name").Want(http.StatusOK)
	form := p.Form("/sellers")
	for name, want := range map[string][]string{"q": {"ооо"}, "act": {"requested", "received"}, "due": {"30"}, "finished": {"yes"}, "sort": {"-name"}} {
		if !slices.Equal(form[name], want) {
			t.Errorf("the form holds %s=%v, want %v", name, form[name], want)
		}
	}
	for text, without := range map[string]string{
		"Поиск: ооо: убрать":     "/sellers?act=requested&act=received&due=30&finished=yes&sort=-name",
		"Акт: запрошен: убрать":  "/sellers?act=received&due=30&finished=yes&q=%D0%BE%D0%BE%D0%BE&sort=-name",
		"Срок: 30 дней: убрать":  "/sellers?act=requested&act=received&finished=yes&q=%D0%BE%D0%BE%D0%BE&sort=-name",
		"С завершёнными: убрать": "/sellers?act=requested&act=received&due=30&q=%D0%BE%D0%BE%D0%BE&sort=-name",
		"Сбросить фильтры":       "/sellers",
		"Ближайший срок":         "/sellers?act=requested&act=received&due=30&finished=yes&q=%D0%BE%D0%BE%D0%BE",
	} {
		if got := p.Link(text); got != without {
			t.Errorf("%q leads to %s, want %s", text, got, without)
		}
	}
}

func TestRegisterSearch(t *testing.T) {
	s := testkit.Start(t)
	c := s.SignUp("Мария Иванова", "ivanova")
	first := c.AddSeller("ООО «Тёплый дом»", 1)
	c.AddSeller("ИП Гусев 100%", 2)
	for query, want := range map[string]int{
		"теплый дом": 1, "ДОМ ТЁПЛЫЙ": 1, testkit.INN(1): 1, testkit.INN(1)[2:9]: 1, "%": 1, "_": 0, `\`: 0, "гусев дом": 0, "": 2,
	} {
		if got := len(all(c, "/sellers?q="+url.QueryEscape(query))); got != want {
			t.Errorf("%q finds %d, want %d", query, got, want)
		}
	}
	if !c.Get("/sellers?q=теплый").HasLink("/sellers/" + first.String()) {
		t.Error("the row does not lead to the seller")
	}
}

// What no filter knows is a person's mistake: the form comes back, with the rest of it.
func TestRegisterRefusesUnknownFilters(t *testing.T) {
	s := testkit.Start(t)
	c := s.SignUp("Мария Иванова", "ivanova")
	c.AddSeller("ООО «Маяк»", 1)
	for query, field := range map[string]string{
		"act=lost": "act", "group=all": "group", "due=8": "due", "finished=perhaps": "finished",
		"sort=inn": "", "after=x": "", "after=AAAA": "", "q=" + strings.Repeat("a", 101): "q",
	} {
		p := c.Get("/sellers?" + query + "&due=7").Want(http.StatusUnprocessableEntity)
		if p.Errors()[field] == "" {
			t.Errorf("%s: mistakes %v, want one of %q", query, p.Errors(), field)
		}
		if field != "" {
			p.ByID(field)
		}
		if field != "due" && p.Form("/sellers").Get("due") != "7" {
			t.Errorf("%s: the form forgets the other filters", query)
		}
	}
	if got := c.Get("/sellers?q=" + strings.Repeat("a", 101)).Form("/sellers").Get("q"); len(got) != 101 {
		t.Errorf("what was typed comes back as %q", got)
	}
	long := c.Get("/sellers?q=" + url.QueryEscape(strings.Repeat("щ", 1001))).Want(http.StatusUnprocessableEntity).Main()
	if !strings.Contains(long, "Слишком длинный запрос") || !strings.Contains(long, "не больше 100 знаков") || strings.Contains(long, "знаки, которые нельзя") {
		t.Errorf("of a search that is far too long it is said:\n%s", long)
	}
}

// The address of a file says of a filter nobody knows what the page says of it.
func TestFilesOfTheRegisterRefuseUnknownFilters(t *testing.T) {
	s := testkit.Start(t)
	c, stranger := s.SignUp("Мария Иванова", "ivanova"), s.SignUp("Чужой", "stranger")
	c.AddSeller("ООО «Маяк»", 1)
	for _, query := range []string{"group=zz", "act=lost", "due=8", "finished=perhaps", "archive=perhaps", "sort=inn", "responsible=zz",
		"q=" + strings.Repeat("a", 101), "responsible=" + stranger.ID.String()} {
		page := c.Get("/sellers?" + query)
		for _, file := range []string{"/sellers.csv?", "/sellers.xlsx?"} {
			got := c.Get(file + query)
			if got.Status != page.Status || got.Main() != page.Main() || !got.HasForm("/sellers") || got.Header.Get("Content-Disposition") != "" {
				t.Errorf("%s%s: %d, the page %d:\n%s", file, query, got.Status, page.Status, got.Main())
			}
		}
	}
}

// A row says what the accountant asks: the act, whom we wait for, what is in the way.
func TestRegisterRow(t *testing.T) {
	s := testkit.Start(t)
	c := s.SignUp("Мария Иванова", "ivanova")
	id := c.AddSeller("ООО «Маяк»", 1)
	cell := func(column string) string {
		p := c.Get("/sellers")
		at := slices.IndexFunc(p.All(func(n *html.Node) bool { return testkit.Attr(n, "scope") == "col" }), func(n *html.Node) bool { return testkit.Text(n) == column })
		for n := range p.Seller(id.String()).ChildNodes() {
			if at--; at < 0 {
				return testkit.Text(n)
			}
		}
		t.Fatalf("the row has no column %q", column)
		return ""
	}
	want := func(column, text string) {
		t.Helper()
		if got := cell(column); got != text {
			t.Errorf("%s: %q, want %q", column, got, text)
		}
	}
	want("Акт сверки", "Не запрошен")
	want("Ждём", "бухгалтера")
	want("Что мешает", "Обнулить остатки FBS")
	want("Ближайший срок", "22 декабря претензии на портале, через 30 дней")
	want("Ответственный", "Мария Иванова")
	want("Изменено", "22 ноября")

	c.Mark(id, winddown.ZeroFBS, winddown.SellOut, winddown.ReturnStock)
	batch(t, s, c, id, winddown.Date{Year: 2026, Month: time.November, Day: 28})
	want("Что мешает", "Забрать возвраты покупателей")
	want("Ближайший срок", "28 ноября возвраты, через 6 дней")
	s.Clock.Advance(3 * 24 * time.Hour)
	want("Что мешает", "Возвраты сгорают")
	want("Ближайший срок", "28 ноября возвраты, через 3 дня")
	s.Clock.Advance(5 * 24 * time.Hour)
	want("Ближайший срок", "28 ноября возвраты, просрочен на 2 дня")

	c.Mark(id, winddown.CollectReturns)
	want("Акт сверки", "Можно запросить")
	want("Ждём", "бухгалтера, с сегодняшнего дня")
	want("Что мешает", "")
	c.Mark(id, winddown.RequestAct) // on Monday, 30 November
	want("Акт сверки", "Запрошен 30 ноября")
	s.Clock.Advance(2 * 24 * time.Hour)
	want("Ждём", "WB, 2 дня")
	want("Ближайший срок", "3 декабря напомнить WB, через 1 день")
}

// batch writes down a batch of returns that arrived today and waits until a day.
func batch(t *testing.T, s *testkit.Site, c *testkit.Client, id winddown.ID, until winddown.Date) {
	t.Helper()
	in := winddown.AddDeadline{Kind: winddown.DuePickUp, From: winddown.Today(s.Clock.Now(), winddown.DefaultZone), Until: until}
	if err := s.App.AddDeadline(t.Context(), c.Actor(), id, in); err != nil {
		t.Fatal(err)
	}
}

// Deadlines follow the case's own zone, not the reader's or the server's.
func TestRegisterKeepsTheCasesZone(t *testing.T) {
	s := testkit.Start(t)
	c := s.SignUp("Мария Иванова", "ivanova")
	id := c.AddSeller("ООО «Маяк»", 1)
	batch(t, s, c, id, winddown.Date{Year: 2026, Month: time.November, Day: 26})
	state := func() string {
		return testkit.Attr(c.Get("/sellers").Seller(id.String()).Parent, "data-state")
	}
	s.Clock.Set(time.Date(2026, time.November, 22, 20, 59, 59, 0, time.UTC)) // 23:59:59 in Moscow
	if got := state(); got != "early" {
		t.Errorf("before midnight in Moscow: %s", got)
	}
	s.Clock.Set(time.Date(2026, time.November, 22, 21, 0, 0, 0, time.UTC))
	if got := state(); got != "problem" {
		t.Errorf("after midnight in Moscow: %s", got)
	}
}

func TestRegisterShowsOnlyOnesOwnSellers(t *testing.T) {
	s := testkit.Start(t)
	keeper, other, owner := s.SignUp("Мария Иванова", "ivanova"), s.SignUp("Иван Гусев", "gusev"), s.SignUp("Анна Петрова", "petrova")
	mine := keeper.AddSeller("ООО «Маяк»", 1)
	others := other.AddSeller("ООО «Оникс»", 2)
	owned := owner.OpenCase("ИП Петрова А. С.", 3)
	if got := rows(keeper.Get("/sellers?finished=yes")); len(got) != 1 || got[0] != mine.String() {
		t.Errorf("the register shows %v", got)
	}
	keeper.Get("/sellers/" + others.String()).Want(http.StatusNotFound)
	keeper.Get("/sellers/" + owned.String()).Want(http.StatusNotFound)
	// An owner has the checklist; the accountant's page is the accountant's.
	owner.Get("/sellers/" + owned.String()).Want(http.StatusNotFound)
	owner.Get("/sellers").Want(http.StatusOK)
	s.Anybody().Get("/sellers").WantRedirect("/login?next=%2Fsellers")
}

func TestAddSeller(t *testing.T) {
	s := testkit.Start(t)
	c := s.SignUp("Мария Иванова", "ivanova")
	if !c.Get("/sellers").HasLink("/sellers/new") {
		t.Error("the register does not lead to adding a seller")
	}
	form := c.Get("/sellers/new").Want(http.StatusOK).Form("/sellers")
	form.Set("seller_name", "ООО «Маяк»")
	form.Set("inn", "123")
	p := c.PostForm("/sellers", form).Want(http.StatusUnprocessableEntity)
	if p.Errors()["inn"] == "" || p.Errors()["fbs"] == "" || p.Form("/sellers").Get("seller_name") != "ООО «Маяк»" {
		t.Errorf("mistakes %v, form %v", p.Errors(), p.Form("/sellers"))
	}
	form.Set("inn", testkit.INN(1))
	form.Set("fbs", "no")
	form.Set("wb_stock", "no")
	added := c.PostForm("/sellers", form).Want(http.StatusSeeOther).Location()
	page := c.Get(added).Want(http.StatusOK)
	if page.Heading() != "ООО «Маяк»" || !strings.Contains(page.Notice(), "ссылку для владельца") || !strings.HasPrefix(added, "/sellers/") {
		t.Errorf("%s: %q, notice %q", added, page.Heading(), page.Notice())
	}
	if got := c.Get("/sellers"); !got.HasLink(added) {
		t.Error("the new seller is not in the register")
	}
}

// The accountant's page of a seller says first how far the act is.
func TestSellerPage(t *testing.T) {
	s := testkit.Start(t)
	owner, keeper := s.SignUp("Анна Петрова", "petrova"), s.SignUp("Мария Иванова", "ivanova")
	id := owner.OpenCase("ИП Петрова А. С.", 1)
	owner.Join(keeper, id, winddown.Accountant)
	path := "/sellers/" + id.String()
	page := keeper.Get(path).Want(http.StatusOK)
	text := page.Main()
	act, obstacles, steps := strings.Index(text, "Акт сверки"), strings.Index(text, "Что мешает"), strings.Index(text, "Остановить продажи")
	if act < 0 || obstacles < act || steps < obstacles {
		t.Errorf("act at %d, obstacles at %d, steps at %d", act, obstacles, steps)
	}
	if len(page.WithTestID("step-")) != 9 || strings.Contains(text, "Вы можете отмечать шаги") {
		t.Errorf("the page shows %d steps, and\n%s", len(page.WithTestID("step-")), text)
	}
	if got := testkit.Text(page.ByTestID("overall")); got != "Уход не завершён. Выполнено 0 шагов из 9." {
		t.Errorf("overall: %q", got)
	}
	owner.Mark(id, testkit.Goods()...)
	if text = keeper.Get(path).Main(); !strings.Contains(text, "Можно запросить") || strings.Contains(text, "Что мешает") {
		t.Errorf("with the goods gone the page says\n%s", text)
	}
	in := winddown.MarkDone{Step: winddown.RequestAct, Version: owner.Version(id, winddown.RequestAct), On: winddown.Date{Year: 2026, Month: time.November, Day: 12},
		Channel: winddown.Support, Ticket: "48-1177", Counterparty: "ООО «РВБ»"}
	if _, err := s.App.MarkDone(t.Context(), owner.Actor(), id, in); err != nil {
		t.Fatal(err)
	}
	text = keeper.Get(path).Main()
	for _, want := range []string{"Запрошен 12 ноября", "12 ноября 2026", "48-1177", "ООО «РВБ»", "WB с 12 ноября, 10 дней", "23 и 26 ноября", "ВладелецАнна Петрова"} {
		if !strings.Contains(text, want) {
			t.Errorf("the page lacks %q:\n%s", want, text)
		}
	}
	s.Clock.Advance(6 * 24 * time.Hour)
	if text = keeper.Get(path).Main(); !strings.Contains(text, "Ждём дольше 10 рабочих дней") {
		t.Errorf("after eleven working days the page says\n%s", text)
	}
	if _, err := s.App.Invite(t.Context(), keeper.Actor(), id, winddown.Helper); err == nil {
		t.Error("the accountant invites to a case with an owner")
	}
}

// Where a row is a card, the style sheet names its cells by their place: each by a word of the heading of
// its own column, in every language, with the column «Ответственный» and without it.
func TestCardsOfTheRegisterNameTheirCells(t *testing.T) {
	css, err := fs.ReadFile(static.FS, "css/winddown.css")
	if err != nil {
		t.Fatal(err)
	}
	rules := regexp.MustCompile(`\.register td:(?:nth-of-type\((\d)\)|(last)-of-type)::before \{ content: var\(--([a-z]+)\)`).FindAllStringSubmatch(string(css), -1)
	if len(rules) != 6 {
		t.Fatalf("%d cells have a name, not 6", len(rules))
	}
	admin, _, book := staff(testkit.Start(t))
	for c, columns := range map[*testkit.Client]int{admin: 7, book: 6} {
		id := c.AddSeller("ООО «Маяк»", columns)
		for _, l := range i18n.Locales() {
			words := map[string]string{}
			for _, list := range regexp.MustCompile(`\.register:lang\(`+string(l)+`\) \{([^}]*)\}`).FindAllStringSubmatch(string(css), -1) {
				for _, word := range regexp.MustCompile(`--([a-z]+): "(\p{L}[\p{L} ]+)";`).FindAllStringSubmatch(list[1], -1) {
					words[word[1]] = word[2]
				}
			}
			c.PostForm("/locale", url.Values{"locale": {string(l)}}).Want(http.StatusSeeOther)
			p := c.Get("/sellers").Want(http.StatusOK)
			headings := p.All(func(n *html.Node) bool { return testkit.Attr(n, "scope") == "col" })
			cells := 0
			for n := range p.Seller(id.String()).ChildNodes() {
				if n.Data == "td" {
					cells++
				}
			}
			if len(headings) != columns || cells != columns-1 {
				t.Fatalf("%s: %d columns and %d cells beside the name, want %d columns", l, len(headings), cells, columns)
			}
			for at := 1; at <= cells; at++ {
				name := ""
				for _, rule := range rules { // the last one counts
					if rule[1] == strconv.Itoa(at) || rule[2] != "" && at == cells {
						name = rule[3]
					}
				}
				heading := testkit.Text(headings[at])
				if word := words[name]; word == "" || !strings.Contains(strings.ToLower(heading), strings.ToLower(word)) {
					t.Errorf("%s: the cell under %q is called %q (--%s)", l, heading, word, name)
				}
			}
		}
	}
}

// A page of fifty rows stays small on the wire.
func TestRegisterIsSmall(t *testing.T) {
	_, c := seeded(t, 160)
	p := c.Get("/sellers?q=о").Want(http.StatusOK)
	if len(rows(p)) != winddown.RegisterPageSize {
		t.Fatalf("the page has %d rows", len(rows(p)))
	}
	packed := len(c.Get("/sellers?q=о", "Accept-Encoding", "gzip").Body)
	if packed > 8<<10 || packed >= len(p.Body) {
		t.Errorf("%d bytes gzipped, more than 8 KB", packed)
	}
	t.Logf("%d bytes, %d gzipped", len(p.Body), packed)
}

// Without an owner the accountant manages the case, and finds the way to it.
func TestSellerPageOfACaseWithoutAnOwner(t *testing.T) {
	s := testkit.Start(t)
	owner, keeper := s.SignUp("Анна Петрова", "petrova"), s.SignUp("Мария Иванова", "ivanova")
	id := keeper.AddSeller("ИП Петрова А. С.", 1)
	path := "/cases/" + id.String()
	for _, managed := range []bool{true, false} {
		page := keeper.Get("/sellers/" + id.String()).Want(http.StatusOK)
		for _, at := range []string{"/answers", "/details", "/finish"} {
			if page.HasLink(path+at) != managed {
				t.Errorf("without an owner %v: link to %s %v", managed, at, !managed)
			}
		}
		if managed {
			keeper.Join(owner, id, winddown.Owner)
		}
	}
}
