package main

import (
	"bytes"
	"errors"
	"mime/multipart"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"winddown/internal/testdb"
)

// The command writes the bytes that people download.
func TestPack(t *testing.T) {
	url, dir := testdb.New(t), t.TempDir()
	files := filepath.Join(dir, "files")
	r := startServing(t, "serve", "--addr", "127.0.0.1:0", "--database-url", url, "--files-dir", files)
	c := signUp(t, r.url, newEmail())
	path := openCase(t, c, r.url)

	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, err := form.CreateFormFile("file", "остатки.pdf")
	if err == nil {
		_, err = part.Write([]byte("%PDF-1.4\n% 0\n%%EOF\n"))
	}
	if err != nil || form.Close() != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, r.url+path+"/steps/zero_fbs/files?slot=stock_zero", &body)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", form.FormDataContentType())
	if a, err := send(c, req); err != nil || a.status != http.StatusSeeOther {
		t.Fatalf("upload: %d, %v\n%s", a.status, err, a.body)
	}
	downloaded := get(t, c, r.url+path+"/pack.zip")
	if downloaded.status != http.StatusOK {
		t.Fatalf("download: %d", downloaded.status)
	}
	r.end(t)

	id, out := strings.TrimPrefix(path, "/cases/"), filepath.Join(dir, "pack.zip")
	made := func(args ...string) (string, error) {
		return command(t, "", append([]string{"pack", "--database-url", url, "--files-dir", files, "--out", out}, args...)...)
	}
	said, err := made("--case", id)
	if err != nil || !regexp.MustCompile(`^OK: 13 files, 2 events\ncase `+id+`, last event at \S+, hash [0-9a-f]{64}\n$`).MatchString(said) {
		t.Errorf("%q, %v", said, err)
	}
	data, err := os.ReadFile(out)
	if err != nil || string(data) != downloaded.body {
		t.Errorf("%d bytes, %v; %d were downloaded", len(data), err, len(downloaded.body))
	}

	_, err = made("--case", id)
	wantSentence(t, err, "is there already; --force replaces it")
	if _, err = made("--case", id, "--force"); err != nil {
		t.Error(err)
	}
	_, err = made("--case", "01936b00-0000-7000-8000-000000000000", "--force")
	wantSentence(t, err, "there is no case 01936b00-0000-7000-8000-000000000000")
	_, err = made("--case", "17", "--force")
	wantSentence(t, err, `"17" is not the id of a case`)
	if data, err := os.ReadFile(out); err != nil || string(data) != downloaded.body {
		t.Errorf("a failure changed the file: %d bytes, %v", len(data), err)
	}
	if left, err := filepath.Glob(filepath.Join(dir, ".winddown-pack-*")); err != nil || len(left) != 0 {
		t.Errorf("left over: %v, %v", left, err)
	}

	if err := os.RemoveAll(files); err != nil {
		t.Fatal(err)
	}
	_, err = made("--case", id, "--force")
	wantSentence(t, err, "there is no folder "+files)
	if data, err := os.ReadFile(out); err != nil || string(data) != downloaded.body {
		t.Errorf("a wrong folder changed the file: %d bytes, %v", len(data), err)
	}
	if _, err := os.Stat(files); !os.IsNotExist(err) {
		t.Errorf("a wrong folder is made: %v", err)
	}

	// Files that are gone are told on the way out; the pack is written all the same.
	if err := os.Mkdir(files, 0o700); err != nil {
		t.Fatal(err)
	}
	said, err = made("--case", id, "--force")
	wantSentence(t, err, "was written without files of its evidence; missing: 1")
	if !strings.Contains(said, "not there when the pack was made: evidence/01-zero_fbs/stock_zero/v1-ostatki.pdf.MISSING.txt (absent)") {
		t.Errorf("%q", said)
	}
	if said, err = command(t, "", "verify", out); err != nil || !strings.HasPrefix(said, "OK: 13 files") {
		t.Errorf("%q, %v", said, err)
	}

	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	_, err = conn.Exec(t.Context(), "delete from case_people")
	if err = errors.Join(err, conn.Close(t.Context())); err != nil {
		t.Fatal(err)
	}
	_, err = made("--case", id, "--force")
	wantSentence(t, err, "case "+id+" is there, but nobody has access to it")
}
