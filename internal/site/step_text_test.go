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

// What replaces an instruction is read on the step's page, and once nobody has checked it
// for long the page says so.
func TestAnInstructionIsReplaced(t *testing.T) {
	s := testkit.Start(t)
	anna := s.SignUp("Петрова", "petrova")
	id := anna.OpenCase("ИП Петрова", 1)
	path := stepPath(id, winddown.ZeroFBS)
	builtIn := anna.Get(path).Main()
	if strings.Contains(builtIn, "давно не проверяли") {
		t.Error("a text that was checked today is told to be stale")
	}
	_, err := s.App.SetText(t.Context(), winddown.Text{
		Kind: winddown.StepText, Key: "zero_fbs", Locale: "ru", Source: "портал <WB>", CheckedOn: winddown.Date{Year: 2026, Month: time.November, Day: 10},
		Parts: map[string]string{"who": "Всем без склада", "prepare": "Ничего", "where": "На портале", "wait": "Минуту"},
	})
	if err != nil {
		t.Fatal(err)
	}
	page := anna.Get(path).Main()
	for _, want := range []string{"Всем без склада", "На портале", "Источник: портал <WB>; текст просмотрен 10 ноября 2026", "На что обратить внимание", "по нескольким источникам"} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	if strings.Contains(page, "статья LikeStats") || strings.Contains(page, "давно не проверяли") {
		t.Error("the page still has the text built in, or tells the new one to be stale")
	}
	if strings.Contains(anna.Get(stepPath(id, winddown.SellOut)).Main(), "Всем без склада") {
		t.Error("another step has the text")
	}
	anna.PostForm("/account/settings", url.Values{"name": {"Петрова"}, "locale": {"en"}, "zone": {"Europe/Moscow"}}).Want(http.StatusSeeOther)
	if english := anna.Get(path).Main(); strings.Contains(english, "Всем без склада") || !strings.Contains(english, "Who needs it") {
		t.Error("the English page has the Russian text")
	}
	anna.PostForm("/account/settings", url.Values{"name": {"Петрова"}, "locale": {"ru"}, "zone": {"Europe/Moscow"}}).Want(http.StatusSeeOther)
	for day := time.Date(2026, time.December, 10, 9, 0, 0, 0, time.UTC); day.Before(time.Date(2027, time.May, 11, 0, 0, 0, 0, time.UTC)); day = day.AddDate(0, 0, 20) {
		s.Clock.Set(day) // a session ends after thirty idle days
		anna.Get(path).Want(http.StatusOK)
	}
	s.Clock.Set(time.Date(2027, time.May, 10, 9, 0, 0, 0, time.UTC))
	if !strings.Contains(anna.Get(path).Main(), "Текст давно не проверяли") {
		t.Error("after half a year nobody is told to check the text")
	}
}
