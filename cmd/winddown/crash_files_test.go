package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"

	"winddown/internal/app"
	"winddown/internal/postgres"
	"winddown/internal/testdb"
	"winddown/internal/winddown"
)

// uploader is an accountant with a case of his own, whose files he uploads and accepts.
type uploader struct {
	actor    winddown.Actor
	client   *http.Client
	id       winddown.ID
	files    map[string][32]byte // by name, those that were acknowledged
	fresh    []string            // the names of those of the last round
	accepted int                 // acceptances that were acknowledged
	sent     int                 // and sent
}

// document is a file that nobody else has.
func document() []byte {
	b := make([]byte, 64<<10)
	_, _ = rand.Read(b)
	return append(append([]byte("%PDF-1.4\n"), b...), "\n%%EOF\n"...)
}

func (u *uploader) upload(ctx context.Context, site, name string, data []byte) error {
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, err := form.CreateFormFile("file", name)
	if err == nil {
		_, err = part.Write(data)
	}
	if err := errors.Join(err, form.Close()); err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, site+"/cases/"+u.id.String()+"/steps/sell_out/files?slot=orders_done", &body)
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", form.FormDataContentType())
	a, err := send(u.client, r)
	switch {
	case err != nil:
		return err
	case a.status != http.StatusSeeOther:
		return fmt.Errorf("upload %s: status %d\n%s", name, a.status, a.body)
	}
	u.files[name] = sha256.Sum256(data)
	u.fresh = append(u.fresh, name)
	return nil
}

func (u *uploader) accept(ctx context.Context, a *app.App, site string) error {
	v, err := a.Step(ctx, u.actor, u.id, winddown.SellOut)
	if err != nil {
		return err
	}
	st, err := v.Case.Step(winddown.SellOut)
	if err != nil {
		return err
	}
	if st.Accepted.Holds() {
		return nil
	}
	u.sent++
	answer, err := postForm(ctx, u.client, site+"/cases/"+u.id.String()+"/steps/sell_out/accept", url.Values{"version": {strconv.Itoa(st.Version)}})
	switch {
	case err != nil:
		return err
	case answer.status != http.StatusSeeOther:
		return fmt.Errorf("accept: status %d\n%s", answer.status, answer.body)
	}
	u.accepted++
	return nil
}

// killedAmidUploads kills the process without warning, each time while files are uploaded and
// accepted.
func killedAmidUploads(t *testing.T, binary string) {
	rounds := *kills
	const (
		people = 6
		enough = 18 // acknowledged uploads and acceptances of the first round
	)
	databaseURL, dir := testdb.New(t), t.TempDir()
	conn := connect(t, databaseURL)
	// The pool of this test is closed before it looks who is left on the server.
	past := func(fn func(*postgres.DB, *app.App)) {
		t.Helper()
		db, err := postgres.Open(t.Context(), testdb.Through(t, postgres.Options{URL: databaseURL}))
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		fn(db, app.New(db, app.Options{}))
	}
	all := make([]*uploader, people)
	past(func(db *postgres.DB, a *app.App) {
		for i := range all {
			u := &uploader{files: map[string][32]byte{}}
			u.actor, u.client = member(t, db)
			var err error
			if u.id, err = a.AddSeller(t.Context(), u.actor, sampleCase()); err != nil {
				t.Fatal(err)
			}
			if _, err := a.MarkDone(t.Context(), u.actor, u.id, winddown.MarkDone{
				Step: winddown.SellOut, Version: 1, On: winddown.Today(a.Now(), u.actor.Zone),
			}); err != nil {
				t.Fatal(err)
			}
			all[i] = u
		}
	})
	for round := range rounds + 1 {
		p := startProcess(t, binary, "--database-url", databaseURL, "--files-dir", dir)
		for _, u := range all {
			u.wantFiles(t, conn, p.url)
		}
		if round == rounds {
			p.kill()
			break
		}
		past(func(_ *postgres.DB, a *app.App) { uploads(t, p, a, all, round, enough+int64(round)) })
		p.kill()
		nobodyElse(t, conn)
		wantBytes(t, conn, dir)
		past(func(_ *postgres.DB, a *app.App) {
			for _, u := range all {
				if _, err := a.Verify(t.Context(), u.id); err != nil {
					t.Error(err)
				}
				u.wantAcceptances(t, conn)
			}
		})
		if t.Failed() {
			t.Fatalf("round %d\n%s", round, tail(p.log.String()))
		}
	}
	files := 0
	for _, u := range all {
		files += len(u.files)
	}
	t.Logf("%d acknowledged files are there", files)
}

// uploads lets everybody upload and accept until so much was acknowledged, and kills the
// process then.
func uploads(t *testing.T, p *process, a *app.App, all []*uploader, round int, enough int64) {
	t.Helper()
	var acked atomic.Int64
	var stopped atomic.Bool
	var working sync.WaitGroup
	for _, u := range all {
		working.Go(func() {
			for i := 0; ; i++ {
				name := fmt.Sprintf("round-%d-%d.pdf", round, i)
				do := func() error { return u.upload(t.Context(), p.url, name, document()) }
				if i%3 == 2 {
					do = func() error { return u.accept(t.Context(), a, p.url) }
				}
				if err := do(); err != nil {
					if !stopped.Load() {
						t.Error(err)
					}
					return
				}
				if acked.Add(1) == enough {
					stopped.Store(true)
					_ = p.cmd.Process.Kill()
				}
			}
		})
	}
	working.Wait()
}

// wantFiles downloads what was acknowledged in the round before.
func (u *uploader) wantFiles(t *testing.T, conn *pgx.Conn, site string) {
	t.Helper()
	numbers := map[string]string{}
	for _, line := range column(t, conn, "select concat_ws(' ', name, number) from evidence where case_id = $1 and kind = 'file'", u.id) {
		name, number, _ := strings.Cut(line, " ")
		numbers[name] = number
	}
	for name := range u.files {
		if numbers[name] == "" {
			t.Errorf("%s was acknowledged and is not there", name)
		}
	}
	for _, name := range u.fresh {
		a := get(t, u.client, site+"/cases/"+u.id.String()+"/files/"+numbers[name])
		if a.status != http.StatusOK || sha256.Sum256([]byte(a.body)) != u.files[name] {
			t.Errorf("%s: status %d, %d bytes that are not those that were sent", name, a.status, len(a.body))
		}
	}
	u.fresh = nil
}

// wantAcceptances compares the acceptances with those that were acknowledged, and the files
// they name with those that are frozen.
func (u *uploader) wantAcceptances(t *testing.T, conn *pgx.Conn) {
	t.Helper()
	accepted := column(t, conn, `select convert_from(body, 'UTF8')::jsonb -> 'after' ->> 'evidence' from events
		where stream_id = $1 and convert_from(body, 'UTF8')::jsonb ->> 'kind' = 'step_accepted' order by seq`, u.id)
	if n := len(accepted); n < u.accepted || n > u.sent {
		t.Errorf("%d acceptances are there, %d were acknowledged and %d sent", n, u.accepted, u.sent)
	}
	frozen := map[string]bool{}
	for _, number := range column(t, conn, "select number::text from evidence where case_id = $1 and frozen", u.id) {
		frozen[number] = true
	}
	want := map[string]bool{}
	for _, numbers := range accepted {
		for number := range strings.SplitSeq(numbers, ",") {
			want[number] = true
		}
	}
	for number := range want {
		if !frozen[number] {
			t.Errorf("version %s was accepted and is not frozen", number)
		}
	}
	if len(frozen) != len(want) {
		t.Errorf("%d versions are frozen, %d were accepted", len(frozen), len(want))
	}
}

// wantBytes fails for evidence without its bytes.
func wantBytes(t *testing.T, conn *pgx.Conn, dir string) {
	t.Helper()
	for _, sum := range column(t, conn, "select encode(sha256, 'hex') from evidence where kind = 'file'") {
		b, err := os.ReadFile(filepath.Join(dir, sum[:2], sum[2:]))
		if err != nil {
			t.Error(err)
		} else if got := fmt.Sprintf("%x", sha256.Sum256(b)); got != sum {
			t.Errorf("the bytes of %s are those of %s", sum, got)
		}
	}
}
