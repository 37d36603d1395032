package site

import (
	"slices"
	"strings"
	"testing"
	"time"

	"winddown/internal/app"
	"winddown/internal/i18n"
	"winddown/internal/winddown"
)

func TestOverallLineCounts(t *testing.T) {
	for _, c := range []struct {
		done   int
		ru, en string
	}{
		{0, "Уход не завершён. Выполнено 0 шагов из 130.", "The wind-down is not finished. 0 steps of 130 are done."},
		{1, "Уход не завершён. Выполнен 1 шаг из 130.", "The wind-down is not finished. 1 step of 130 is done."},
		{2, "Уход не завершён. Выполнено 2 шага из 130.", "The wind-down is not finished. 2 steps of 130 are done."},
		{5, "Уход не завершён. Выполнено 5 шагов из 130.", "The wind-down is not finished. 5 steps of 130 are done."},
		{11, "Уход не завершён. Выполнено 11 шагов из 130.", "The wind-down is not finished. 11 steps of 130 are done."},
		{21, "Уход не завершён. Выполнен 21 шаг из 130.", "The wind-down is not finished. 21 steps of 130 are done."},
		{111, "Уход не завершён. Выполнено 111 шагов из 130.", "The wind-down is not finished. 111 steps of 130 are done."},
	} {
		row := app.MyCase{Zone: winddown.DefaultZone, Summary: winddown.Summary{Stage: winddown.GroupReady, Done: c.done, Needed: 130}}
		for locale, want := range map[i18n.Locale]string{i18n.Russian: c.ru, i18n.English: c.en} {
			if got := caseRowView(i18n.For(locale), row, time.Now()).Overall; got != want {
				t.Errorf("%d in %s: %q, want %q", c.done, locale, got, want)
			}
		}
	}
}

// Every event of a case's trail has words in every language, whatever it holds.
func TestEveryEventHasWords(t *testing.T) {
	elsewhere := []winddown.EventKind{
		winddown.FirmFounded, winddown.UserRegistered, winddown.UserLoggedIn, winddown.UserLoggedOut, winddown.SessionRevoked,
		winddown.PasswordChanged, winddown.SettingsChanged, winddown.UserDisabled,
	}
	c, _, err := winddown.OpenCase(winddown.ID{1}, winddown.NewCase{
		Seller:  winddown.Seller{Name: "ИП Петрова", INN: "7707083893"},
		Answers: winddown.RawAnswers{FBS: "yes", WBStock: "no"},
	}, winddown.Stamp{Today: winddown.Date{Year: 2026, Month: 11, Day: 22}})
	if err != nil {
		t.Fatal(err)
	}
	all := winddown.Changes{"seller_name": "a", "inn": "1", "ogrn": "2", "cabinet": "b", "zone": "Asia/Omsk", "fbs": "yes", "wb_stock": "no",
		"leftover": "both", "on": "2026-11-22", "pick_up_by": "2026-11-23", "channel": "documents", "ticket": "3",
		"period_from": "2020-01-01", "period_to": "2021-01-01", "counterparty": "c", "note": "d", "acting": "yes", "started_on": "2026-11-22"}
	for _, locale := range i18n.Locales() {
		w := caseWords{p: i18n.For(locale), c: c, now: time.Now(), today: winddown.Date{Year: 2026, Month: 11, Day: 22}}
		for _, kind := range winddown.EventKinds() {
			if slices.Contains(elsewhere, kind) {
				continue
			}
			for _, st := range c.Steps {
				for _, role := range winddown.Roles() {
					e := winddown.Event{Kind: kind, Step: st.Code, Steps: []winddown.Code{winddown.ZeroFBS, winddown.SellOut}, Role: role, After: all}
					title := w.eventTitle(app.TrailLine{Event: e, User: "Иванова"})
					if title == "" || strings.Contains(title, "[") {
						t.Errorf("%s: %s has the title %q", locale, kind, title)
					}
					e.Before, e.After = all, winddown.Changes{"note": "e"}
					if note := w.eventNote(e); strings.Contains(note, "[") || strings.Contains(note, "documents") {
						t.Errorf("%s: %s has the note %q", locale, kind, note)
					}
				}
			}
		}
	}
}

func TestFeminine(t *testing.T) {
	for name, want := range map[string]bool{
		"Иванова": true, "Анна Петрова": true, "Петрова А. С.": true, "Марина": true, "Достоевская": true, "Анна Сергеевна": true,
		"Иванов": false, "Пётр Шевченко": false, "Илья": false, "Никита Петров": false, "": false, "Jane": false,
	} {
		if got := feminine(name); got != want {
			t.Errorf("%q: %v", name, got)
		}
	}
}
