package site

import (
	"slices"
	"strings"
	"testing"
	"time"

	"winddown/internal/letter"
	"winddown/internal/winddown"
)

// What came of the comparison stands in a letter only while the act is disagreed with.
func TestLetterDataOfAnAct(t *testing.T) {
	day := winddown.Date{Year: 2026, Month: time.November, Day: 12}
	act := winddown.Act{
		RequestedOn: day, ReceivedOn: day, ComparedOn: day,
		Ours: winddown.Balance{Known: true, Amount: 341_820}, Theirs: winddown.Balance{Known: true, Amount: -120_000},
		Difference: 461_820, Objections: "Штраф начислен дважды\n\nНет отчёта за 41-ю неделю",
	}
	w := caseWords{c: &winddown.Case{Seller: winddown.Seller{Name: "ИП Петрова"}}}
	d := letterData(w, act)
	if d.OurBalance != "3\u00a0418,20\u00a0₽ в нашу пользу" || d.WBBalance != "1\u00a0200,00\u00a0₽ в вашу пользу" || d.Difference != "4\u00a0618,20\u00a0₽" {
		t.Errorf("%q, %q, %q", d.OurBalance, d.WBBalance, d.Difference)
	}
	if want := []string{"Штраф начислен дважды", "Нет отчёта за 41-ю неделю"}; !slices.Equal(d.Objections, want) {
		t.Errorf("objections %q", d.Objections)
	}
	act.Difference = -act.Difference
	if got := letterData(w, act).Difference; got != d.Difference {
		t.Errorf("the difference the other way is %q", got)
	}
	act.Agrees = true
	if d := letterData(w, act); d.Difference != "" || d.Objections != nil {
		t.Errorf("an act that agrees has %q and %q", d.Difference, d.Objections)
	}
	d = letterData(w, winddown.Act{Ours: winddown.Balance{Known: true}})
	if d.OurBalance != "0,00\u00a0₽" || d.WBBalance != "" || d.Difference != "" {
		t.Errorf("without an act: %q, %q, %q", d.OurBalance, d.WBBalance, d.Difference)
	}
}

func TestLetterFileName(t *testing.T) {
	for name, want := range map[string]string{
		`Письмо: акт — ООО "Лён/Хлопок".`: "Письмо акт — ООО ЛёнХлопок",
		"../..\\a\x00\n?*<>|": "a",
	} {
		if got := letterFileName(name); got != want {
			t.Errorf("%q gives %q, want %q", name, got, want)
		}
	}
	if got := len([]rune(letterFileName(strings.Repeat("я", 200)))); got != 120 {
		t.Errorf("%d characters", got)
	}
	if letterHref(winddown.ID{}, letter.Request, 0) != caseHref(winddown.ID{})+"/letters/request" {
		t.Error("the letter's address names an act that nobody chose")
	}
}
