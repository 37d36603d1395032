package winddown_test

import (
	"errors"
	"maps"
	"strings"
	"testing"

	"winddown/internal/winddown"
)

func stepText() winddown.Text {
	return winddown.Text{
		Kind: winddown.StepText, Key: "request_act", Locale: "ru", Source: "портал WB", CheckedOn: day("2026-11-10"),
		Parts: map[string]string{"who": "Всем", "prepare": "Реквизиты", "where": "В поддержке", "wait": "До десяти дней"},
	}
}

func TestTextCheck(t *testing.T) {
	today := day("2026-11-22")
	in := stepText()
	in.Parts["who"] = " Всем,\r\nкто торговал \n"
	got, err := in.Check(today)
	if err != nil || got.Parts["who"] != "Всем,\nкто торговал" || len(got.Parts) != 4 {
		t.Errorf("%q, %v", got.Parts, err)
	}
	in.Parts["pitfalls"] = " \n"
	if got, err := in.Check(today); err != nil || len(got.Parts) != 5 || got.Parts["pitfalls"] != "" {
		t.Errorf("pitfalls that are empty, not left out: %q, %v", got.Parts, err)
	}
	letter := winddown.Text{Kind: winddown.LetterText, Key: "request", Locale: "ru", Source: "a", CheckedOn: today, Parts: map[string]string{"body": strings.Repeat("ы", 4000)}}
	if _, err := letter.Check(today); err != nil {
		t.Errorf("a letter: %v", err)
	}
	for name, c := range map[string]struct {
		change     func(*winddown.Text)
		field, key string
	}{
		"a part missing":   {func(t *winddown.Text) { delete(t.Parts, "wait") }, "wait", "text.error.part_missing"},
		"a part empty":     {func(t *winddown.Text) { t.Parts["where"] = " \n" }, "where", "text.error.part_missing"},
		"a part too long":  {func(t *winddown.Text) { t.Parts["who"] = strings.Repeat("ы", 2001) }, "who", "text.error.part_long"},
		"a part of signs":  {func(t *winddown.Text) { t.Parts["who"] = "a\x00b" }, "who", "text.error.part_signs"},
		"an unknown part":  {func(t *winddown.Text) { t.Parts["body"] = "a" }, "body", "text.error.part_unknown"},
		"no source":        {func(t *winddown.Text) { t.Source = "" }, "source", "calendar.error.source_missing"},
		"never checked":    {func(t *winddown.Text) { t.CheckedOn = winddown.Date{} }, "checked_on", "calendar.error.date_missing"},
		"checked tomorrow": {func(t *winddown.Text) { t.CheckedOn = today.AddDays(1) }, "checked_on", "calendar.error.date_future"},
	} {
		in := stepText()
		c.change(&in)
		_, err := in.Check(today)
		var e *winddown.Error
		if !errors.As(err, &e) || e.Kind != winddown.Invalid || len(e.Fields) != 1 || e.Fields[0].Field != c.field || e.Fields[0].Key != c.key {
			t.Errorf("%s: error %v, want %s: %s", name, err, c.field, c.key)
		}
	}
	for _, c := range []struct {
		kind        winddown.TextKind
		key, locale string
	}{{"step", "request", "ru"}, {"step", "request_act", "de"}, {"letter", "request_act", "ru"}, {"letter", "request", "en"}, {"page", "request", "ru"}, {"", "", ""}} {
		in := stepText()
		in.Kind, in.Key, in.Locale = c.kind, c.key, c.locale
		if _, err := in.Check(today); !errors.Is(err, winddown.NotFound) {
			t.Errorf("%v: %v", c, err)
		}
	}
}

func TestTextReplace(t *testing.T) {
	first, events := stepText().Replace(winddown.Text{})
	if first.Version != 1 || len(events) != 1 || events[0].After["text"] != "step:request_act" || events[0].After["version"] != "1" {
		t.Fatalf("version %d, %v", first.Version, events)
	}
	if again, events := stepText().Replace(first); again.Version != 1 || len(events) != 0 {
		t.Errorf("the same again is version %d, %v", again.Version, events)
	}
	without := stepText()
	without.Parts["pitfalls"] = ""
	if next, events := without.Replace(first); next.Version != 2 || len(events) != 1 {
		t.Errorf("without pitfalls it is version %d, %v", next.Version, events)
	}
	changed := stepText()
	changed.CheckedOn = day("2026-11-20")
	second, events := changed.Replace(first)
	if second.Version != 2 || len(events) != 1 || events[0].Before["checked_on"] != "2026-11-10" {
		t.Errorf("version %d, %v", second.Version, events)
	}
	back, events := winddown.Text{Kind: winddown.StepText, Key: "request_act", Locale: "ru"}.Replace(second)
	if back.Version != 3 || !back.BuiltIn() || len(events) != 1 {
		t.Errorf("back is version %d, %v", back.Version, events)
	}
}

func TestStale(t *testing.T) {
	checked := day("2026-05-26")
	for _, c := range []struct {
		days int
		want bool
	}{{0, false}, {180, false}, {181, true}, {3000, true}} {
		if got := winddown.Stale(checked, checked.AddDays(c.days)); got != c.want {
			t.Errorf("after %d days: %v", c.days, got)
		}
	}
}

func TestParseStepText(t *testing.T) {
	words := map[string]string{"кому нужно": "who"}
	got, err := winddown.ParseStepText("\uFEFF\n# Кому нужно\nВсем.\n\nИ вам.\n## PREPARE #\r\nРеквизиты\r\n#where\n#wait", words)
	want := map[string]string{"who": "Всем.\n\nИ вам.\n", "prepare": "Реквизиты\r\n", "where": "", "wait": ""}
	if err != nil || !maps.Equal(got, want) {
		t.Errorf("%q, %v", got, err)
	}
	for text, key := range map[string]string{
		"Всем":         "text.error.no_heading",
		"# Кому\nВсем": "text.error.heading",
		"# who\nВсем\n# Кому нужно\nИм": "text.error.heading",
		"# body\nПисьмо":                "text.error.heading",
	} {
		_, err := winddown.ParseStepText(text, words)
		var e *winddown.Error
		if !errors.As(err, &e) || len(e.Fields) != 1 || e.Fields[0].Key != key {
			t.Errorf("%q: error %v, want %s", text, err, key)
		}
	}
}
