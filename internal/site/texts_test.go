package site_test

import (
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"winddown/internal/testkit"
	"winddown/internal/winddown"
)

// An admin publishes or drops the draft he has seen, none that another changed meanwhile: that
// one he is shown first. The page of a single instruction only leads there.
func TestADraftThatChangedMeanwhile(t *testing.T) {
	s := testkit.Start(t)
	admin, colleague := s.SignUp("Главная", "admin"), s.SignUp("Вторая", "second")
	admin.FoundFirm("Учёт и порядок")
	admin.JoinFirm(colleague, winddown.Admin)
	text := url.Values{"who": {"Сначала так"}, "prepare": {"Ничего"}, "where": {"На портале"}, "wait": {"Минуту"},
		"source": {"Регламент"}, "checked_on": {"2026-11-20"}}
	draft := func(who string) {
		t.Helper()
		f := maps.Clone(text)
		f.Set("who", who)
		colleague.PostForm("/firm/texts/zero_fbs/ru", f).WantRedirect("/firm/texts/zero_fbs/ru/preview")
	}
	const changed = "Пока вы смотрели, черновик изменили."
	for _, way := range []string{"discard", "publish"} {
		action := "/firm/texts/" + way
		draft("Сначала так")
		seen := admin.Get("/firm/texts").Want(http.StatusOK).Form(action)
		draft("Потом иначе")
		p := admin.PostForm(action, seen).Want(http.StatusConflict)
		if !strings.Contains(p.Main(), changed) || !strings.Contains(p.Main(), "Потом иначе") || p.Form(action).Get("digest") == seen.Get("digest") {
			t.Errorf("%s: the other draft is answered with\n%s", way, p.Main())
		}
		admin.PostForm(action, p.Form(action)).WantRedirect("/firm/texts")
		if p := admin.PostForm(action, p.Form(action)).Want(http.StatusConflict); strings.Contains(p.Main(), changed) || !strings.Contains(p.Main(), "Черновика нет") {
			t.Errorf("%s twice: %s", way, p.Main())
		}
	}
	draft("И ещё раз")
	p := admin.Get("/firm/texts/zero_fbs/ru/preview").Want(http.StatusOK)
	if p.HasForm("/firm/texts/publish") || !p.HasLink("/firm/texts#draft") {
		t.Error("the draft is published from the page of one of its instructions")
	}
	if admin.Get("/firm/texts").ByID("draft") == nil {
		t.Error("the link leads nowhere")
	}
}

// What a firm leaves empty is not on the step's page, neither as the common text says it nor as a
// heading; what may not be empty is named as the page names it.
func TestAnEmptyPartOfAFirmsText(t *testing.T) {
	s := testkit.Start(t)
	admin := s.SignUp("Главная", "admin")
	admin.FoundFirm("Учёт и порядок")
	const path, heading = "/firm/texts/zero_fbs/ru", "На что обратить внимание"
	form := admin.Get(path).Want(http.StatusOK).Form(path)
	common := form.Get("pitfalls")
	before := admin.Get(stepPath(admin.AddSeller("ООО «Оникс»", 1), winddown.ZeroFBS)).Main()
	if common == "" || !strings.Contains(before, heading) {
		t.Fatalf("the common text has no pitfalls: %s", before)
	}
	form.Set("pitfalls", " ")
	form.Set("source", "Регламент")
	form.Set("checked_on", "2026-11-20")
	admin.PostForm(path, form).WantRedirect(path + "/preview")
	preview := admin.Get(path + "/preview").Want(http.StatusOK)
	guide := preview.One("the instruction", func(n *html.Node) bool { return testkit.Attr(n, "class") == "guide" })
	if text := testkit.Text(guide); strings.Contains(text, heading) || !strings.Contains(text, "Кому нужно") {
		t.Errorf("the preview reads\n%s", text)
	}
	if admin.Get(path).Form(path).Get("pitfalls") != "" {
		t.Error("the form has the common text again")
	}
	admin.PostForm("/firm/texts/publish", admin.Get("/firm/texts").Form("/firm/texts/publish")).WantRedirect("/firm/texts")
	page := admin.Get(stepPath(admin.AddSeller("ООО «Маяк»", 2), winddown.ZeroFBS)).Want(http.StatusOK).Main()
	if strings.Contains(page, heading) || strings.Contains(page, strings.Fields(common)[0]+" "+strings.Fields(common)[1]) || !strings.Contains(page, "Источник: Регламент") {
		t.Errorf("the step's page reads\n%s", page)
	}

	for locale, part := range map[string]string{"ru": "Часть «Кому нужно» пуста.", "en": "The part «Who needs it» is empty."} {
		admin.PostForm("/account/settings", url.Values{"name": {"Главная"}, "locale": {locale}, "zone": {"Europe/Moscow"}}).Want(http.StatusSeeOther)
		form.Set("who", "")
		form.Set("wait", strings.Repeat("ы", 2001))
		p := admin.PostForm(path, form).Want(http.StatusUnprocessableEntity)
		if got := p.Errors(); got["who"] != part || strings.Contains(fmt.Sprint(got), "«wait»") || got["wait"] == "" {
			t.Errorf("%s: the mistakes are %q", locale, got)
		}
	}
}
