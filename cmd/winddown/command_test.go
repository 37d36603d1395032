package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"winddown/internal/app"
	"winddown/internal/files"
	"winddown/internal/pack"
	"winddown/internal/postgres"
	"winddown/internal/testdb"
	"winddown/internal/winddown"
)

func TestHelp(t *testing.T) {
	for _, args := range [][]string{{"--help"}, {"serve", "--help"}, {"user", "add", "--help"}} {
		out, err := command(t, "", args...)
		if err != nil || !strings.Contains(out, "Usage: winddown") {
			t.Errorf("%v: %v\n%s", args, err, out)
		}
	}
	out, err := command(t, "", "--help")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range strings.Fields("serve demo migrate user seed pack verify version") {
		if !regexp.MustCompile(`\n  ` + name + `\b`).MatchString(out) {
			t.Errorf("the help does not list %s:\n%s", name, out)
		}
	}
}

func TestAMistypedCommandIsExplained(t *testing.T) {
	for _, args := range [][]string{{}, {"sevre"}, {"serve", "--adr", "x"}, {"user", "add"}, {"verify"}, {"pack", "--case", "01936b00-0000-7000-8000-000000000000"},
		{"verify", "pack.zip", "--case", "01936b00-0000-7000-8000-000000000000"},
		{"serve", "--log-format", "xml"}, {"serve", "--signup", "maybe"}, {"seed", "--sellers", "many"}} {
		out, err := command(t, "", args...)
		if !errors.Is(err, errSaid) || !strings.Contains(out, "winddown: error: ") {
			t.Errorf("%v: %v\n%s", args, err, out)
		}
	}
}

func TestVersion(t *testing.T) {
	out, err := command(t, "", "version")
	if err != nil || !regexp.MustCompile(`^winddown \S+.* go1\.\d+.*\n$`).MatchString(out) {
		t.Errorf("%q, %v", out, err)
	}
}

func TestMigrate(t *testing.T) {
	url := testdb.Empty(t)
	first, err := filepath.Glob("../../migrations/*.sql")
	if err != nil || len(first) == 0 {
		t.Fatalf("migrations: %v, %v", first, err)
	}
	var pending, applied, done []string
	for _, path := range first {
		name := filepath.Base(path)
		pending, applied, done = append(pending, "pending  "+name), append(applied, "applied  "+name), append(done, "applied "+name)
	}
	jobs, err := postgres.Migrations(t.Context(), url) // those of the job queue come with its library
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range jobs[len(first):] {
		pending, applied, done = append(pending, "pending  "+m.Name), append(applied, "applied  "+m.Name), append(done, "applied "+m.Name)
	}
	for _, c := range []struct {
		verb string
		want []string
	}{
		{"status", pending}, {"up", done}, {"status", applied}, {"up", []string{"the schema is up to date"}},
	} {
		out, err := command(t, "", "migrate", c.verb, "--database-url", url)
		if got := strings.Split(strings.TrimSpace(out), "\n"); err != nil || !slices.Equal(got, c.want) {
			t.Errorf("migrate %s: %q, %v; want %q", c.verb, got, err, c.want)
		}
	}
}

// Every command that needs the schema says in one sentence how to get it.
func TestTheWrongSchemaIsExplained(t *testing.T) {
	old := testdb.Empty(t)
	newer := testdb.New(t)
	conn := connect(t, newer)
	execSQL(t, conn, "insert into goose_db_version (version_id, is_applied) values (90000, true)")
	for _, args := range [][]string{
		{"serve", "--addr", "127.0.0.1:0"}, {"seed", "--password", secret}, {"user", "add", "kim@example.ru", "--name", "Ким"},
		{"user", "password", "kim@example.ru"}, {"user", "disable", "kim@example.ru"},
		{"verify", "--case", "01936b00-0000-7000-8000-000000000000"},
		{"pack", "--case", "01936b00-0000-7000-8000-000000000000", "--out", filepath.Join(t.TempDir(), "pack.zip"), "--files-dir", t.TempDir()},
	} {
		_, err := command(t, secret, append(args, "--database-url", old)...)
		wantSentence(t, err, "the database schema is version 0 and this program needs ")
		wantSentence(t, err, "run «winddown migrate up»")
		_, err = command(t, secret, append(args, "--database-url", newer)...)
		wantSentence(t, err, "the database schema is version 90000, newer than")
	}
}

func TestUsers(t *testing.T) {
	url := testdb.New(t)
	a := openApp(t, url)
	user := func(stdin string, args ...string) (string, error) {
		return command(t, stdin, append(append([]string{"user"}, args...), "--database-url", url)...)
	}
	lets := func(password string) bool {
		_, _, err := a.LogIn(t.Context(), "kim@example.ru", password, app.Browser{})
		if err != nil && !errors.Is(err, winddown.Invalid) {
			t.Fatal(err)
		}
		return err == nil
	}

	out, err := user(secret+"\nmore", "add", "Kim@example.ru", "--name", "Анна Ким")
	if err != nil || out != "added Kim@example.ru\n" || !lets(secret) {
		t.Fatalf("add: %q, %v", out, err)
	}
	for _, c := range []struct{ stdin, email, says string }{
		{"", "a@example.ru", "no password on standard input"},
		{"\n", "a@example.ru", "no password on standard input"},
		{"password1234", "a@example.ru", "password"},
		{"short", "a@example.ru", "12"},
		{secret, "KIM@example.ru", "already"},
		{secret, "nobody", "address"},
	} {
		_, err := user(c.stdin, "add", c.email, "--name", "Ким")
		wantSentence(t, err, c.says)
		if err != nil && strings.ContainsAny(err.Error(), "[]{}") {
			t.Errorf("%q for %s is no sentence: %v", c.stdin, c.email, err)
		}
	}

	const next = "другой лист под ногой"
	out, err = user(next+"\r\n", "password", "kim@example.ru")
	if err != nil || out != "changed; all login sessions of kim@example.ru have ended\n" || !lets(next) || lets(secret) {
		t.Errorf("password: %q, %v", out, err)
	}
	_, err = user(next, "password", "nobody@example.ru")
	wantSentence(t, err, "nobody has an account with the address nobody@example.ru")

	out, err = user("", "disable", "kim@example.ru")
	if err != nil || out != "disabled kim@example.ru\n" || lets(next) {
		t.Errorf("disable: %q, %v", out, err)
	}
	out, err = user("", "enable", "kim@example.ru")
	if err != nil || out != "kim@example.ru can log in again\n" || !lets(next) {
		t.Errorf("enable: %q, %v", out, err)
	}
	for _, verb := range []string{"disable", "enable"} {
		_, err = user("", verb, "nobody@example.ru")
		wantSentence(t, err, "nobody has an account")
	}
	for _, verb := range [][]string{{"add", "--name", "Ким"}, {"password"}} {
		_, err = user("", append(verb, "b@example.ru")...)
		wantSentence(t, err, "«winddown user "+verb[0]+" … < file»")
	}

	operator := func() string {
		return column(t, connect(t, url), "select operator::text from users where email_key = 'kim@example.ru'")[0]
	}
	if out, err = user("", "operator", "kim@example.ru"); err != nil || operator() != "true" {
		t.Errorf("operator: %q, %v", out, err)
	}
	if out, err = user("", "operator", "kim@example.ru", "--off"); err != nil || operator() != "false" {
		t.Errorf("operator --off: %q, %v", out, err)
	}

	// A password among the arguments would be seen by everybody on the machine.
	_, err = user("", "password", "kim@example.ru", "hunter2hunter2")
	if !errors.Is(err, errSaid) {
		t.Errorf("a password as an argument: %v", err)
	}
}

func TestSeedAndVerify(t *testing.T) {
	url := testdb.New(t)
	conn := connect(t, url)
	seed := []string{"seed", "--database-url", url, "--sellers", "20", "--accountants", "2", "--as-of", "2026-11-22", "--password", secret}
	out, err := command(t, "", seed...)
	if err != nil || !regexp.MustCompile(`^20 cases, \d+ events\nseller: seller@example.com\naccountants: buh@example.com … \(2\)\n$`).MatchString(out) {
		t.Fatalf("seed: %q, %v", out, err)
	}
	_, err = command(t, "", seed...)
	wantSentence(t, err, "not empty")
	_, err = command(t, "", "seed", "--database-url", url, "--password", secret, "--as-of", "22.11.2026")
	wantSentence(t, err, "is not a date")
	_, err = command(t, "", "seed", "--database-url", url)
	wantSentence(t, err, "give their password with --password")

	id := column(t, conn, "select id::text from cases order by id")[0]
	verify := func(id string) (string, error) { return command(t, "", "verify", "--database-url", url, "--case", id) }
	count := column(t, conn, "select count(*)::text from events where stream_id = $1::text::uuid", id)[0]
	if out, err = verify(id); err != nil || out != "OK: "+count+" events\n" {
		t.Errorf("verify: %q, %v", out, err)
	}
	execSQL(t, conn, "alter table events disable trigger all")
	execSQL(t, conn, "update events set body = body || '\\x20' where stream_id = $1::text::uuid and seq = 2", id)
	out, err = verify(id)
	wantSentence(t, err, "the trail is broken: case "+id+": event 2 does not match its hash")
	if out != "" {
		t.Errorf("a broken trail prints %q", out)
	}
	_, err = verify("01936b00-0000-7000-8000-000000000000")
	wantSentence(t, err, "there is no case 01936b00-0000-7000-8000-000000000000")
	_, err = verify("17")
	wantSentence(t, err, `"17" is not the id of a case`)
}

// A pack is checked where there is no database.
func TestVerifyPack(t *testing.T) {
	id := winddown.ID{1}
	event := winddown.Event{Stream: winddown.Stream{Kind: winddown.CaseStream, ID: id}, Kind: winddown.CaseOpened, Via: winddown.ViaPages,
		At: time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)}
	record, head, err := winddown.Head{}.Append(event)
	if err != nil {
		t.Fatal(err)
	}
	var made bytes.Buffer
	if err := pack.Write(&made, pack.Contents{
		Case: id, Head: head, History: []winddown.Record{record}, Parts: []pack.Part{{Name: "index.html", Data: []byte("<!doctype html>")}},
		Files: []pack.File{{Name: "evidence/act.pdf", Size: 3, Open: func() (io.ReadSeekCloser, error) { return nil, files.ErrMissing }}},
	}); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "pack.zip")
	verify := func(data []byte) (string, error) {
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		return command(t, "", "verify", path, "--database-url", "postgres://127.0.0.1:1/none")
	}

	want := fmt.Sprintf("OK: 5 files, 1 events\ncase %s, last event at 2026-11-22T12:00:00Z, hash %x\n", id, head.Hash) +
		"not there when the pack was made: evidence/act.pdf.MISSING.txt (absent)\n"
	if out, err := verify(made.Bytes()); err != nil || out != want {
		t.Errorf("%q, %v; want %q", out, err, want)
	}
	out, err := verify(bytes.Replace(made.Bytes(), []byte("<!doctype"), []byte("<!DOCTYPE"), 1))
	wantSentence(t, err, "pack.zip is not as it was made; differences: 1")
	if out != "index.html: was altered\n" {
		t.Errorf("an altered pack: %q", out)
	}
	for _, other := range []string{"", "PK", "%PDF-1.4\n%%EOF\n", strings.Repeat("text\n", 1000)} {
		if out, err = verify([]byte(other)); err == nil || !strings.HasSuffix(err.Error(), "pack.zip is neither a backup nor a handover pack") && !strings.HasSuffix(err.Error(), "pack.zip is no ZIP file, so it is no handover pack") || out != "" {
			t.Errorf("another file: %q, %v", out, err)
		}
	}
	for _, cut := range []int{10, 1000, made.Len() - 1} {
		out, err = verify(made.Bytes()[:cut])
		wantSentence(t, err, "differences: 1")
		if !strings.Contains(out, "was cut off") {
			t.Errorf("cut at %d: %q", cut, out)
		}
	}
	_, err = command(t, "", "verify", filepath.Dir(path))
	wantSentence(t, err, "is not a file")
	_, err = command(t, "", "verify", path+".zip")
	wantSentence(t, err, "there is no file "+path+".zip")
}

// A tool that is pointed at the wrong folder says so, and makes nothing there.
func TestToolsBeginNoDatabase(t *testing.T) {
	t.Setenv("DATABASE_URL", "")
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, []byte("2026-01-01"), 0o600); err != nil {
		t.Fatal(err)
	}
	const id = "01936b00-0000-7000-8000-000000000000"
	tools := [][]string{
		{"user", "add", "kim@example.ru", "--name", "Ким"}, {"user", "password", "kim@example.ru"}, {"user", "disable", "kim@example.ru"},
		{"pack", "--case", id, "--out", file + ".zip"}, {"verify", "--case", id}, {"migrate", "status"},
		{"calendar", "show", "2026"}, {"playbook", "list"},
	}
	for _, args := range tools {
		empty := t.TempDir()
		for _, dir := range []string{empty, filepath.Join(empty, "none")} {
			_, err := command(t, secret, append(args, "--data-dir", dir)...)
			if err == nil || errors.Is(err, errSaid) {
				t.Fatalf("%v: %v", args, err)
			}
			wantSentence(t, err, "there are no data of Winddown in "+dir+": name their folder with --data-dir, or a database with --database-url")
		}
		if left, err := os.ReadDir(empty); err != nil || len(left) != 0 {
			t.Errorf("%v made %v (%v)", args, left, err)
		}
	}

	// Who has only seen the demo has his data a folder deeper.
	parent := t.TempDir()
	demo := filepath.Join(parent, "demo")
	if err := os.MkdirAll(filepath.Join(demo, "data"), 0o700); err != nil {
		t.Fatal(err)
	}
	_, err := command(t, secret, "user", "disable", "kim@example.ru", "--data-dir", parent)
	wantSentence(t, err, "the demo keeps its own, which are reached with --data-dir "+demo)
}

func TestTheDemoKeepsToItself(t *testing.T) {
	t.Setenv("DATABASE_URL", "")
	for _, addr := range []string{"0.0.0.0:0", ":0", "[::]:0", "192.0.2.1:8080", "winddown.example:80", "127.0.0.1", ""} {
		_, err := command(t, "", "demo", "--addr", addr, "--data-dir", t.TempDir())
		wantSentence(t, err, "is not a loopback address")
	}
	t.Setenv("DATABASE_URL", testdb.New(t))
	dir := t.TempDir()
	_, err := command(t, "", "demo", "--addr", "127.0.0.1:0", "--data-dir", dir)
	wantSentence(t, err, "unset DATABASE_URL")
	if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
		t.Errorf("the refusal left %v, %v", left, err)
	}
}

// A database that cannot be reached is told without the password in its address.
func TestTheAddressOfTheDatabaseIsNotTold(t *testing.T) {
	const hidden = "s3cr3t-of-the-database"
	for _, url := range []string{
		"postgres://winddown:" + hidden + "@127.0.0.1:1/winddown?connect_timeout=5",
		"postgres://winddown:" + hidden + "@127.0.0.1:port/winddown",
		"postgres://winddown:" + hidden + "@127.0.0.1/winddown?sslmode=perhaps",
		"host=127.0.0.1 port=1 user=winddown password=" + hidden + " dbname=winddown",
		"host=127.0.0.1 port=x password=" + hidden,
	} {
		for _, args := range [][]string{{"serve", "--addr", "127.0.0.1:0"}, {"migrate", "up"}, {"migrate", "status"}, {"seed"}} {
			out, err := command(t, "", append(args, "--database-url", url)...)
			if err == nil {
				t.Errorf("%v: no error", args)
			} else if strings.Contains(out+err.Error(), hidden) {
				t.Errorf("%v tells the password: %v", args, err)
			}
		}
	}
}

func TestWhatServeRefuses(t *testing.T) {
	url := testdb.New(t)
	for part, args := range map[string][]string{
		"cannot listen on":                   {"--addr", "192.0.2.1:1"},
		"cannot listen for metrics on":       {"--addr", "127.0.0.1:0", "--metrics-addr", "192.0.2.1:1"},
		"must be a scheme and a host":        {"--addr", "127.0.0.1:0", "--base-url", "winddown.example"},
		"letters need an address to lead to": {"--addr", "127.0.0.1:0", "--smtp-url", "smtp://127.0.0.1:1", "--mail-from", "post@example.ru"},
		"--now is for --dev only":            {"--addr", "127.0.0.1:0", "--now", "2026-11-22T12:00:00Z"},
	} {
		_, err := command(t, "", append([]string{"serve", "--database-url", url}, args...)...)
		wantSentence(t, err, part)
	}
	for _, base := range []string{"ftp://winddown.example", "https://", "https://winddown.example/path", "https://winddown.example?x=1", "https://user:pw@winddown.example", "://"} {
		_, err := command(t, "", "serve", "--database-url", url, "--addr", "127.0.0.1:0", "--base-url", base)
		wantSentence(t, err, "--base-url")
	}
}
