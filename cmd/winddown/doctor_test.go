package main

import (
	"strings"
	"testing"

	"winddown/internal/testdb"
	"winddown/internal/testmail"
)

func TestDoctor(t *testing.T) {
	url, server := testdb.New(t), testmail.Start(t)
	good := []string{"doctor", "--database-url", url, "--files-dir", t.TempDir(), "--base-url", "https://winddown.example",
		"--smtp-url", server.URL(), "--mail-from", "post@example.ru", "--mail", "anna@example.ru"}
	out, err := command(t, "", good...)
	if err != nil || strings.Contains(out, "PROBLEM") {
		t.Errorf("%v\n%s", err, out)
	}
	if l := server.Letters(); len(l) != 1 || l[0].To != "anna@example.ru" || l[0].Parse(t).Subject != "Winddown: test" {
		t.Errorf("letters: %+v", l)
	}
	for _, c := range []struct {
		flag, value, says string
	}{
		{"--database-url", testdb.Empty(t), "run «winddown migrate up»"},
		{"--database-url", "postgres://127.0.0.1:1/none", "check DATABASE_URL"},
		{"--files-dir", "/proc/nothing", "name another one with --files-dir"},
		{"--base-url", "http://winddown.example", "is not https"},
		{"--smtp-url", "smtp://127.0.0.1:1", "did not take the letter"},
		{"--mail-from", "", "give it with --mail-from"},
	} {
		args := append([]string(nil), good...)
		for i := range args {
			if args[i] == c.flag {
				args[i+1] = c.value
			}
		}
		out, err := command(t, "", args...)
		wantSentence(t, err, "1 of 4 checks failed")
		if !strings.Contains(out, c.says) {
			t.Errorf("%s %s says\n%s, want %q", c.flag, c.value, out, c.says)
		}
	}
}
