package site_test

import (
	"bytes"
	"context"
	"io"
	"mime"
	"net/http"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"winddown/internal/app"
	"winddown/internal/pack"
	"winddown/internal/testkit"
	"winddown/internal/winddown"
)

func packPath(id winddown.ID) string { return "/cases/" + id.String() + "/pack.zip" }

func checkedPack(t *testing.T, p *testkit.Page) pack.Report {
	t.Helper()
	r, err := pack.Verify(strings.NewReader(p.Want(http.StatusOK).Body), int64(len(p.Body)))
	if err != nil || !r.OK() {
		t.Fatalf("the pack is not whole: %v, %v", r.Differences, err)
	}
	return r
}

func TestDownloadThePack(t *testing.T) {
	s := testkit.Start(t)
	anna, book, stranger := s.SignUp("Петрова", "petrova"), s.SignUp("Смирнов", "smirnov"), s.SignUp("Чужая", "stranger")
	id := anna.OpenCase("ИП Петрова «Лён» / 2", 1)
	anna.Join(book, id, winddown.Accountant)
	href := testkit.UploadHref(id, winddown.ZeroFBS, winddown.SlotStockZero)
	anna.PostFiles(href, "", testkit.Upload{Name: "остатки.pdf", Content: testkit.PDF(3000)}, testkit.Upload{Name: "ещё.png", Content: testkit.PNG(3)}).
		Want(http.StatusSeeOther)
	anna.Mark(id, winddown.ZeroFBS)

	for _, c := range []*testkit.Client{anna, book} {
		home := "/cases/" + id.String()
		if c == book {
			home = "/sellers/" + id.String()
		}
		if got := c.Get(home).Link("Скачать пакет документов"); got != packPath(id) {
			t.Errorf("%s finds the pack at %q", c.Name, got)
		}
	}
	before := anna.Downloads()
	page := anna.Get(packPath(id))
	if r := checkedPack(t, page); r.Case != id || len(r.Missing) != 0 || r.Events != 6 {
		t.Errorf("%+v", r)
	}
	_, params, err := mime.ParseMediaType(page.Header.Get("Content-Disposition"))
	if want := "Уход с WB 2026-11-22 — ИП Петрова «Лён»  2.zip"; err != nil || params["filename"] != want {
		t.Errorf("the file is called %q, %v; want %q", params["filename"], err, want)
	}
	if page.Header.Get("Content-Type") != "application/zip" || page.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("headers %v", page.Header)
	}
	if anna.Downloads() != before+1 {
		t.Error("the person's own trail does not say that he took the pack")
	}

	s.Clock.Advance(100 * time.Hour)
	if anna.Status(t, http.MethodHead, packPath(id), "") != http.StatusOK || anna.Downloads() != before+1 {
		t.Error("a look at the headers is noted as a download")
	}
	book.PostForm("/locale", map[string][]string{"locale": {"en"}}).Want(http.StatusSeeOther)
	if again := book.Get(packPath(id)); again.Body != page.Body {
		t.Error("the accountant gets another pack")
	}
	if p := stranger.Get(packPath(id)); p.Status != http.StatusNotFound || p.Header.Get("Content-Disposition") != "" {
		t.Errorf("a stranger gets %d", p.Status)
	}
}

func TestAPackWithoutItsFilesSaysSo(t *testing.T) {
	s := testkit.Start(t)
	anna := s.SignUp("Петрова", "petrova")
	id := anna.OpenCase("ИП Петрова", 1)
	anna.PostFiles(testkit.UploadHref(id, winddown.ZeroFBS, winddown.SlotStockZero), "", testkit.Upload{Name: "остатки.pdf", Content: testkit.PDF(3000)},
		testkit.Upload{Name: "склад.pdf", Content: testkit.PDF(4000)}).Want(http.StatusSeeOther)
	reasons := map[string]bool{}
	for i, path := range stored(t, s) {
		if i == 0 {
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
			continue
		}
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		data[20] ^= 1
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, m := range checkedPack(t, anna.Get(packPath(id))).Missing {
		reasons[m.Reason] = true
	}
	if len(reasons) != 2 || !reasons["absent"] || !reasons["altered"] {
		t.Errorf("missing %v", reasons)
	}
}

// file stores a document of many bytes and files it with the first step.
func file(t *testing.T, s *testkit.Site, c *testkit.Client, id winddown.ID, size int) {
	t.Helper()
	f, err := s.App.StoreFile(t.Context(), "большой.pdf", bytes.NewReader(testkit.PDF(size)), winddown.MaxFileSize)
	if err == nil {
		in := winddown.AddEvidence{Step: winddown.ZeroFBS, Slot: winddown.SlotStockZero}
		err = s.App.AddEvidence(t.Context(), c.Actor(), id, in, []app.StoredFile{f})
	}
	if err != nil {
		t.Fatal(err)
	}
}

// take sends a request for a pack and hands its body over as it comes.
func take(t *testing.T, s *testkit.Site, c *testkit.Client, id winddown.ID) *http.Response {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+packPath(id), nil)
	if err != nil {
		t.Fatal(err)
	}
	r.AddCookie(&http.Cookie{Name: s.SessionCookie(), Value: c.Cookie(s.SessionCookie())})
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = answer.Body.Close() })
	return answer
}

// What fails after the first byte ends the connection: a short file must not look whole.
func TestAPackThatFailsIsCutOff(t *testing.T) {
	s := testkit.Start(t)
	anna := s.SignUp("Петрова", "petrova")
	id := anna.OpenCase("ИП Петрова", 1)
	file(t, s, anna, id, winddown.MaxFileSize) // more than waits between the two ends of a connection
	path := stored(t, s)[0]
	answer := take(t, s, anna, id)
	if _, err := io.CopyN(io.Discard, answer.Body, 1<<20); err != nil {
		t.Fatal(err)
	}
	// The server is in the middle of the file, which it has checked, and waits for the reader.
	if err := os.Truncate(path, 100); err != nil {
		t.Fatal(err)
	}
	if n, err := io.Copy(io.Discard, answer.Body); err == nil {
		t.Errorf("%d bytes pass for a whole pack", n)
	}
	checkedPack(t, anna.Get(packPath(id))) // and now it is told
}

// A history that cannot be packed is a failure of ours before the first byte.
func TestAPackThatCannotBeMadeIsAnError(t *testing.T) {
	s := testkit.Start(t)
	anna := s.SignUp("Петрова", "petrova")
	id := anna.OpenCase("ИП Петрова", 1)
	conn, err := pgx.Connect(t.Context(), s.DatabaseURL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	for _, sql := range []string{"alter table events disable trigger all", "delete from events where stream_kind = 'case'"} {
		if _, err := conn.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	if p := anna.Get(packPath(id)).Want(http.StatusInternalServerError); p.Header.Get("Content-Disposition") != "" {
		t.Error("the error comes as a file")
	}
}

// The pack is sent while it is made: its files take no memory.
func TestALargePackIsStreamed(t *testing.T) {
	s := testkit.Start(t)
	anna := s.SignUp("Петрова", "petrova")
	id := anna.OpenCase("ИП Петрова", 1)
	const files, size = 3, 15 << 20
	for i := range files {
		file(t, s, anna, id, size-i)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	sent, err := io.Copy(io.Discard, take(t, s, anna, id).Body)
	runtime.ReadMemStats(&after)
	if err != nil || sent < files*(size-files) {
		t.Fatalf("%d bytes came, %v", sent, err)
	}
	// All that was ever allocated, both ends of the connection among it.
	if took := after.TotalAlloc - before.TotalAlloc; took > size {
		t.Errorf("a pack of %d bytes took %d bytes of memory", sent, took)
	}
}
