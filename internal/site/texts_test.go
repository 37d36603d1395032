package site_test

import (
	"maps"
	"net/http"
	"net/url"
	"strings"
	"testing"

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
