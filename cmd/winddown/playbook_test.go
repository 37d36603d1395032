package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"winddown/internal/letter"
	"winddown/internal/testdb"
	"winddown/internal/winddown"
)

func TestPlaybook(t *testing.T) {
	url := testdb.New(t)
	playbook := func(args ...string) (string, error) {
		return command(t, "", append(append([]string{"playbook"}, args...), "--database-url", url)...)
	}
	says := func(args []string, parts ...string) string {
		t.Helper()
		out, err := playbook(args...)
		if err != nil {
			t.Errorf("%v: %v", args, err)
		}
		for _, part := range parts {
			if !strings.Contains(out, part) {
				t.Errorf("%v says %q, want %q", args, out, part)
			}
		}
		return out
	}
	file := filepath.Join(t.TempDir(), "text.txt")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	set := []string{"set", "zero_fbs", "--file", file, "--source", "портал WB", "--checked", "2025-11-10"}

	book, _ := winddown.PlaybookVersion(winddown.CurrentPlaybook)
	says([]string{"list"}, "zero_fbs             ru  built in    checked "+book.Checked.String(), "settle_debts         en", "letter:termination   ru")
	builtIn := says([]string{"show", "zero_fbs"}, "# Кому нужно\n", "# На что обратить внимание\n")

	// What show prints, set reads.
	write(strings.Replace(builtIn, "# Кому нужно\n", "# Кому нужно\nНовое начало. ", 1))
	preview := says(append(slices.Clone(set), "--preview"), "--- before\nКому нужно\nТем, кто", "--- after\nКому нужно\nНовое начало. Тем, кто",
		"Источник: портал WB; текст просмотрен 10 ноября 2025. Текст давно не проверяли")
	if strings.Count(preview, "Новое начало") != 1 {
		t.Errorf("the preview is\n%s", preview)
	}
	says([]string{"history", "zero_fbs"}, "never replaced")
	says(set, "zero_fbs ru is version 1 now")
	says([]string{"list"}, "zero_fbs             ru  version 1   checked 2025-11-10  STALE  портал WB")
	says([]string{"show", "zero_fbs"}, "# Кому нужно\nНовое начало.")
	says([]string{"show", "zero_fbs", "--locale", "en"}, "# Who needs it\n")
	says([]string{"revert", "zero_fbs"}, "version 2 now, as built in")
	says([]string{"history", "zero_fbs"}, "2  ", "built in", "1  ", "checked 2025-11-10  портал WB")
	if out := says([]string{"show", "zero_fbs"}); out != builtIn {
		t.Errorf("after the return the text is\n%s", out)
	}

	write("Прошу акт.\n{Продавец}\n")
	says([]string{"set", "letter:request", "--file", file, "--source", "юрист", "--checked", "2025-11-10", "--preview"}, "--- after\nПрошу акт.")
	says([]string{"set", "letter:request", "--file", file, "--source", "юрист", "--checked", "2025-11-10"}, "letter:request ru is version 1 now")
	says([]string{"show", "letter:request"}, "Прошу акт.\n{Продавец}\n")

	for _, c := range []struct {
		text, says string
		args       []string
	}{
		{"Всем", "must stand under headings", set},
		{"# who\nВсем", "The part «prepare» is empty", set},
		{"# что\nВсем", "«что» names no part", set},
		{"{ИМЯ}", "ИМЯ", []string{"set", "letter:request", "--file", file, "--source", "a", "--checked", "2025-11-10"}},
		{builtIn, "later than today", []string{"set", "zero_fbs", "--file", file, "--source", "a", "--checked", "2199-01-01"}},
		{builtIn, "is not a date", []string{"set", "zero_fbs", "--file", file, "--source", "a", "--checked", "10.11.2025"}},
		{builtIn, `no text "letter:request" in the language en`, []string{"show", "letter:request", "--locale", "en"}},
		{builtIn, `no text "postcard"`, []string{"history", "postcard"}},
		{builtIn, "never replaced", []string{"revert", "sell_out"}},
	} {
		write(c.text)
		_, err := playbook(c.args...)
		wantSentence(t, err, c.says)
	}
}

// The domain's letters are those that can be filled in.
func TestLetterKeys(t *testing.T) {
	var kinds []string
	for _, k := range letter.Kinds() {
		kinds = append(kinds, string(k))
	}
	if got := winddown.LetterKeys(); !slices.Equal(got, kinds) {
		t.Errorf("the domain knows the letters %v, the templates are %v", got, kinds)
	}
}
