package app_test

import (
	"testing"
	"time"

	"winddown/internal/winddown"
)

func stepText(who string) winddown.Text {
	return winddown.Text{
		Kind: winddown.StepText, Key: "sell_out", Locale: "ru", Source: "портал WB", CheckedOn: civil(2026, time.November, 10),
		Parts: map[string]string{"who": who, "prepare": "Остатки", "where": "На портале", "wait": "Неделю"},
	}
}

// The newest version counts, older ones stay, and each is in the trail.
func TestTextsAreReplacedAndReverted(t *testing.T) {
	w := newWorld(t)
	read := func() string {
		t.Helper()
		text, err := w.app.Text(t.Context(), winddown.StepText, "sell_out", "ru")
		if err != nil {
			t.Fatal(err)
		}
		return text.Parts["who"]
	}
	if got := read(); got != "" {
		t.Errorf("at first the step says %q", got)
	}
	for _, who := range []string{"Всем", "Почти всем"} {
		if _, err := w.app.SetText(t.Context(), stepText(who)); err != nil {
			t.Fatal(err)
		}
		if got := read(); got != who {
			t.Errorf("the step says %q, want %q", got, who)
		}
	}
	for _, other := range [][2]string{{"zero_fbs", "ru"}, {"sell_out", "en"}} {
		if text, err := w.app.Text(t.Context(), winddown.StepText, other[0], other[1]); err != nil || !text.BuiltIn() {
			t.Errorf("%v says %v, %v", other, text.Parts, err)
		}
	}
	if v, err := w.app.RevertText(t.Context(), winddown.StepText, "sell_out", "ru"); err != nil || v.Version != 3 || read() != "" {
		t.Errorf("reverted to version %d, %q, %v", v.Version, read(), err)
	}
	versions, err := w.app.TextVersions(t.Context(), winddown.StepText, "sell_out", "ru")
	if err != nil || len(versions) != 3 || !versions[0].BuiltIn() || versions[1].Parts["who"] != "Почти всем" || versions[2].Parts["who"] != "Всем" ||
		versions[2].Source != "портал WB" || versions[2].CheckedOn != civil(2026, time.November, 10) || !versions[2].CreatedAt.Equal(noon) {
		t.Errorf("versions %+v, %v", versions, err)
	}
	if n, err := w.db.VerifyStream(t.Context(), winddown.System()); n != 3 || err != nil {
		t.Errorf("%d events of the system, %v", n, err)
	}
	if texts, err := w.app.Texts(t.Context()); err != nil || len(texts) != 1 || texts[0].Version != 3 {
		t.Errorf("texts %+v, %v", texts, err)
	}
}

func TestLettersAreReplaced(t *testing.T) {
	w := newWorld(t)
	letter := winddown.Text{Kind: winddown.LetterText, Key: "request", Locale: "ru", Source: "юрист", CheckedOn: civil(2026, time.November, 10)}
	owner := w.person("Петрова")
	id := w.open(owner)
	body := func() string {
		t.Helper()
		v, err := w.app.Letter(t.Context(), owner, id, "request")
		if err != nil {
			t.Fatal(err)
		}
		return v.Text.Parts[winddown.PartBody]
	}
	if text := body(); text != "" {
		t.Errorf("before: %q", text)
	}
	letter.Parts = map[string]string{"body": "Прошу акт, {ИМЯ}"}
	_, err := w.app.SetText(t.Context(), letter)
	wantField(t, err, "body", "letter.error.placeholder")
	letter.Parts = map[string]string{"body": "Прошу акт. {Продавец}"}
	if _, err := w.app.SetText(t.Context(), letter); err != nil {
		t.Fatal(err)
	}
	if text := body(); text != "Прошу акт. {Продавец}" {
		t.Errorf("replaced: %q", text)
	}
	if _, err := w.app.RevertText(t.Context(), winddown.LetterText, "request", "ru"); err != nil {
		t.Fatal(err)
	}
	if text := body(); text != "" {
		t.Errorf("after the return: %q", text)
	}
	_, err = w.app.Text(t.Context(), winddown.LetterText, "postcard", "ru")
	wantKind(t, err, winddown.NotFound)
}

// Two who replace a text at once leave two versions, one after the other.
func TestTwoReplaceATextAtOnce(t *testing.T) {
	w := newWorld(t)
	errs := atOnce(2, func(i int) error {
		_, err := w.app.SetText(t.Context(), stepText([]string{"Всем", "Никому"}[i]))
		return err
	})
	wantTally(t, errs, map[string]int{"ok": 2})
	if n := one[int](w, "select count(*) from text_overrides where version in (1, 2)"); n != 2 {
		t.Errorf("%d versions", n)
	}
	if n, err := w.db.VerifyStream(t.Context(), winddown.System()); n != 2 || err != nil {
		t.Errorf("%d events, %v", n, err)
	}
}
