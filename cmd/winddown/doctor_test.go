package main

import (
	"path/filepath"
	"strings"
	"testing"

	"winddown/internal/testdb"
	"winddown/internal/testmail"
)

func TestDoctor(t *testing.T) {
	url, server, dir := testdb.New(t), testmail.Start(t), t.TempDir()
	keys := filepath.Join(t.TempDir(), "keys")
	if out, err := command(t, "", "keys", "new", "--secret-key-file", keys); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	good := []string{"doctor", "--secret-key-file", keys, "--database-url", url, "--files-dir", dir, "--min-space", "1", "--backup-age", "1h", "--base-url", "https://winddown.example",
		"--smtp-url", server.URL(), "--mail-from", "post@example.ru", "--mail", "anna@example.ru"}
	out, err := command(t, "", good[:len(good)-2]...) // without a letter
	wantSentence(t, err, "1 of 10 checks failed")
	if !strings.Contains(out, "make one now with «winddown backup FILE»") {
		t.Errorf("without a backup:\n%s", out)
	}
	if out, err := command(t, "", "backup", filepath.Join(t.TempDir(), "backup"), "--database-url", url, "--files-dir", dir); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	out, err = command(t, "", good...)
	if err != nil || strings.Contains(out, "PROBLEM") {
		t.Errorf("%v\n%s", err, out)
	}
	if l := server.Letters(); len(l) != 1 || l[0].To != "anna@example.ru" || l[0].Parse(t).Subject != "Winddown: test" {
		t.Errorf("letters: %+v", l)
	}
	for _, c := range []struct {
		flag, value, says string
	}{
		{"--min-space", "100000000", "make room or move the folder"},
		{"--backup-age", "1ns", "look why «winddown backup» does not run"},
		{"--database-url", migratedNoFurther(t), "run «winddown migrate up»"},
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
		wantSentence(t, err, "of 10 checks failed")
		// In a folder that is not there a backup was not noted either.
		if want := 1 + strings.Count(c.value, "/proc/nothing"); strings.Count(out, "PROBLEM") != want {
			t.Errorf("%s %s: %d problems, want %d\n%s", c.flag, c.value, strings.Count(out, "PROBLEM"), want, out)
		}
		if !strings.Contains(out, c.says) {
			t.Errorf("%s %s says\n%s, want %q", c.flag, c.value, out, c.says)
		}
	}
}

// migratedNoFurther is a database of an older program.
func migratedNoFurther(t *testing.T) string {
	t.Helper()
	url := testdb.New(t)
	execSQL(t, connect(t, url), "delete from goose_db_version where version_id = (select max(version_id) from goose_db_version)")
	return url
}
