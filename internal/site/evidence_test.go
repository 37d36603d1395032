package site_test

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"golang.org/x/net/html"

	"winddown/internal/testkit"
	"winddown/internal/winddown"
)

// slotOf is the text of a slot on a step's page.
func slotOf(p *testkit.Page, slot winddown.SlotCode) string {
	return testkit.Text(p.ByTestID("slot-" + string(slot)))
}

// evidenceOf is the evidence of a case's first step.
func evidenceOf(t *testing.T, s *testkit.Site, c *testkit.Client, id winddown.ID, code winddown.Code) []winddown.Evidence {
	t.Helper()
	v, err := s.App.Step(t.Context(), c.Actor(), id, code)
	if err != nil {
		t.Fatal(err)
	}
	return v.Case.Evidence
}

// stored lists what lies in the folder of files.
func stored(t *testing.T, s *testkit.Site) []string {
	t.Helper()
	var all []string
	err := filepath.WalkDir(s.FilesDir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			all = append(all, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestAStepIsProvenByAFile(t *testing.T) {
	s := testkit.Start(t)
	anna := s.SignUp("Петрова", "petrova")
	id := anna.OpenCase("ИП Петрова", 1)
	path, href := stepPath(id, winddown.ZeroFBS), testkit.UploadHref(id, winddown.ZeroFBS, winddown.SlotStockZero)
	page := anna.Get(path).Want(http.StatusOK)
	if got := slotOf(page, winddown.SlotStockZero); !strings.HasPrefix(got, "Скриншот остатков FBS = 0 (нужно для отметки)") {
		t.Errorf("the slot reads %q", got)
	}
	if !page.HasForm(href) {
		t.Fatal("the page takes no files")
	}
	// Without script the step's own form drops a file that was chosen beside it.
	if got := slotOf(page, winddown.SlotStockZero); !strings.Contains(got, "Отправляет их только кнопка «Загрузить» под этим полем") {
		t.Errorf("the field does not say which button sends the file: %s", got)
	}

	picture := testkit.PNG(1)
	anna.PostFiles(href, "Склад в Коледине", testkit.Upload{Name: "остатки.png", Content: picture}).WantRedirect(path)
	page = anna.Get(path).Want(http.StatusOK)
	if got := page.Notice(); !strings.HasSuffix(got, "Файл загружен. Это ещё не отметка о выполнении.") {
		t.Errorf("the notice reads %q", got)
	}
	sum := sha256.Sum256(picture)
	for _, want := range []string{"остатки.png", "1 КБ, Петрова, 22 ноября 2026, 12:00 МСК", hex.EncodeToString(sum[:4]), "Склад в Коледине", "Убрать"} {
		if !strings.Contains(slotOf(page, winddown.SlotStockZero), want) {
			t.Errorf("the slot lacks %q: %s", want, slotOf(page, winddown.SlotStockZero))
		}
	}
	if text, state := stepRow(anna.Get("/cases/"+id.String()), winddown.ZeroFBS); state != "in_progress" {
		t.Errorf("%s: %s", state, text)
	}
	form := page.Form(path)
	if form.Has("reason_stock_zero") {
		t.Error("a reason is asked for although there is a file")
	}
	form.Set("done", "yes")
	anna.PostForm(path, form).Want(http.StatusSeeOther)

	// The same name again is the next version of it.
	anna.PostFiles(href, "", testkit.Upload{Name: "остатки.png", Content: testkit.PNG(2)}, testkit.Upload{Name: "второй.png", Content: testkit.PNG(3)}).
		WantRedirect(path)
	page = anna.Get(path)
	if got := page.Notice(); !strings.HasSuffix(got, "Загружено 2 файла.") {
		t.Errorf("the notice reads %q", got)
	}
	for _, want := range []string{"версия 2", "1 прежняя версия", "второй.png"} {
		if !strings.Contains(slotOf(page, winddown.SlotStockZero), want) {
			t.Errorf("the slot lacks %q", want)
		}
	}
	if got := evidenceOf(t, s, anna, id, winddown.ZeroFBS); len(got) != 3 || got[1].Doc != 1 || got[1].Version != 2 || got[2].Doc != 3 {
		t.Errorf("%+v", got)
	}
}

func TestAStepIsProvenByAReason(t *testing.T) {
	s := testkit.Start(t)
	anna, maria := s.SignUp("Петрова", "petrova"), s.SignUp("Иванова", "ivanova")
	id := anna.OpenCase("ИП Петрова", 1)
	anna.Join(maria, id, winddown.Accountant)
	path := stepPath(id, winddown.ZeroFBS)
	form := anna.Get(path).Form(path)
	form.Set("done", "yes")
	const sentence = "Приложите файл «Скриншот остатков FBS = 0» или напишите, почему его нет"
	if got := anna.PostForm(path, form).Want(http.StatusUnprocessableEntity).Errors(); got["reason_stock_zero"] != sentence || len(got) != 1 {
		t.Errorf("errors %v", got)
	}
	form.Set("reason_stock_zero", "Кабинет заблокирован")
	form.Set("on", "2026-11-30")
	again := anna.PostForm(path, form).Want(http.StatusUnprocessableEntity).Form(path)
	if again.Get("reason_stock_zero") != "Кабинет заблокирован" {
		t.Errorf("the reason came back as %q", again.Get("reason_stock_zero"))
	}
	form.Set("on", "2026-11-22")
	form.Set("version", "7")
	again = anna.PostForm(path, form).Want(http.StatusConflict).Form(path)
	if again.Get("reason_stock_zero") != "Кабинет заблокирован" || again.Get("version") != "1" {
		t.Errorf("after the conflict: %v", again)
	}
	anna.PostForm(path, again).Want(http.StatusSeeOther)
	for _, c := range []*testkit.Client{anna, maria} {
		if got := slotOf(c.Get(path), winddown.SlotStockZero); !strings.Contains(got, "Вместо файла · Петрова, 22 ноября 2026, 12:00 МСККабинет заблокирован") {
			t.Errorf("%s reads %q", c.Name, got)
		}
	}
	if maria.Get(path).HasForm(testkit.UploadHref(id, winddown.ZeroFBS, winddown.SlotStockZero)) {
		t.Error("somebody who may not mark steps is offered to upload")
	}
}

func TestFilesAreRefusedByName(t *testing.T) {
	s := testkit.Start(t)
	anna := s.SignUp("Петрова", "petrova")
	id := anna.OpenCase("ИП Петрова", 1)
	href := testkit.UploadHref(id, winddown.ZeroFBS, winddown.SlotStockZero)
	const html = "<!doctype html><script>alert(1)</script>"
	for _, c := range []struct {
		name     string
		content  []byte
		sentence string
	}{
		{"пустой.png", nil, "Файл «пустой.png» пуст"},
		{"page.png", []byte(html), "Файл «page.png» не подходит"},
		{"picture.png", []byte(`<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>`), "Файл «picture.png» не подходит"},
		{"half.png", testkit.PNG(1)[:60], "Файл «half.png» обрывается и не откроется целиком: сохраните его ещё раз и загрузите снова."},
		{"half.pdf", testkit.PDF(100)[:90], "Файл «half.pdf» обрывается"},
		{"много.zip", bomb(t), "Архив «много.zip» распаковывается в слишком большие файлы"},
		{"picture.svg", testkit.PNG(1), "Содержимое файла «picture.svg» не то"},
		{"act.pdf", testkit.PNG(1), "Содержимое файла «act.pdf» не то"},
		{"run.exe", testkit.PDF(0), "Содержимое файла «run.exe» не то"},
		{"../../etc/passwd", testkit.PDF(0), "Содержимое файла «passwd» не то"},
		{"много.pdf", testkit.PDF(winddown.MaxFileSize + 1), "Файл «много.pdf» больше 20 МБ"},
	} {
		page := anna.PostFiles(href, "Не потеряйте", testkit.Upload{Name: c.name, Content: c.content}).Want(http.StatusUnprocessableEntity)
		if got := page.Errors()["file_stock_zero"]; !strings.HasPrefix(got, c.sentence) {
			t.Errorf("%s: %q, want %q", c.name, got, c.sentence)
		}
		if got := page.Form(href).Get("note_stock_zero"); got != "Не потеряйте" {
			t.Errorf("%s: the note came back as %q", c.name, got)
		}
	}
	if got := anna.PostFiles(href, "").Want(http.StatusUnprocessableEntity).Errors()["file_stock_zero"]; got != "Выберите файл" {
		t.Errorf("nothing chosen: %q", got)
	}
	anna.PostForm(href, url.Values{"file": {"x"}}).Want(http.StatusUnprocessableEntity)
	if got := evidenceOf(t, s, anna, id, winddown.ZeroFBS); len(got) != 0 {
		t.Errorf("refused files were filed: %+v", got)
	}

	// A bad file does not lose the good ones.
	page := anna.PostFiles(href, "", testkit.Upload{Name: "хороший.png", Content: testkit.PNG(1)}, testkit.Upload{Name: "плохой.png", Content: []byte(html)},
		testkit.Upload{Name: "акт.pdf", Content: testkit.PDF(0)}).Want(http.StatusUnprocessableEntity)
	if !strings.Contains(page.Main(), "Эти файлы загружены: «хороший.png», «акт.pdf»") || len(page.Errors()) != 1 {
		t.Errorf("the page reads %s", page.Main())
	}
	if got := evidenceOf(t, s, anna, id, winddown.ZeroFBS); len(got) != 2 {
		t.Errorf("%d files, want 2", len(got))
	}

	var many []testkit.Upload
	for i := range 11 {
		many = append(many, testkit.Upload{Name: fmt.Sprintf("%d.png", i), Content: testkit.PNG(i)})
	}
	page = anna.PostFiles(href, "", many...).Want(http.StatusUnprocessableEntity)
	if got := page.Errors()["file_stock_zero"]; !strings.HasPrefix(got, "За один раз можно загрузить не больше 10 файлов") {
		t.Errorf("eleven files: %q", got)
	}
	if got := evidenceOf(t, s, anna, id, winddown.ZeroFBS); len(got) != 12 {
		t.Errorf("%d files, want 12", len(got))
	}
}

func TestNamesOfFiles(t *testing.T) {
	s := testkit.Start(t)
	anna := s.SignUp("Петрова", "petrova")
	id := anna.OpenCase("ИП Петрова", 1)
	href := testkit.UploadHref(id, winddown.ZeroFBS, winddown.SlotStockZero)
	long := strings.Repeat("ы", 296) + ".png"
	for i, c := range []struct{ name, want string }{
		{`../../остатки.png`, "остатки.png"},
		{`C:\Users\anna\Рабочий стол\снимок.png`, "снимок.png"},
		{"пере\u202egnp.exe.png", "переgnp.exe.png"},
		{`акт "итог".png`, "акт _итог_.png"},
		{"две\nстроки.png", "две строки.png"},
		{long, strings.Repeat("ы", 196) + ".png"},
	} {
		anna.PostFiles(href, "", testkit.Upload{Name: c.name, Content: testkit.PNG(i)}).Want(http.StatusSeeOther)
		all := evidenceOf(t, s, anna, id, winddown.ZeroFBS)
		if got := all[len(all)-1].Name; got != c.want {
			t.Errorf("%q became %q, want %q", c.name, got, c.want)
		}
	}
	// No browser sends it: the form cannot be read.
	anna.PostFiles(href, "", testkit.Upload{Name: "a\x00.png", Content: testkit.PNG(9)}).Want(http.StatusUnprocessableEntity)
}

func TestLargestFile(t *testing.T) {
	s := testkit.Start(t)
	anna := s.SignUp("Петрова", "petrova")
	id := anna.OpenCase("ИП Петрова", 1)
	content := testkit.PDF(winddown.MaxFileSize)
	if len(content) != winddown.MaxFileSize {
		t.Fatal(len(content))
	}
	anna.PostFiles(testkit.UploadHref(id, winddown.ZeroFBS, winddown.SlotStockZero), "", testkit.Upload{Name: "большой.pdf", Content: content}).
		Want(http.StatusSeeOther)
	tail := anna.Get("/cases/"+id.String()+"/files/1", "Range", "bytes=-30").Want(http.StatusPartialContent)
	if want := fmt.Sprintf("bytes %d-%d/%d", winddown.MaxFileSize-30, winddown.MaxFileSize-1, winddown.MaxFileSize); tail.Header.Get("Content-Range") != want ||
		tail.Body != string(content[len(content)-30:]) {
		t.Errorf("%s came back, want %s", tail.Header.Get("Content-Range"), want)
	}
	if got := slotOf(anna.Get(stepPath(id, winddown.ZeroFBS)), winddown.SlotStockZero); !strings.Contains(got, "20,0 МБ") {
		t.Errorf("the slot reads %q", got)
	}
}

// endless is the beginning of a form and then a file that never ends; it counts what was
// taken of it.
type endless struct {
	head  io.Reader
	taken atomic.Int64
}

func (e *endless) Read(p []byte) (int, error) {
	if n, _ := e.head.Read(p); n > 0 {
		return n, nil
	}
	for i := range p {
		p[i] = ' '
	}
	e.taken.Add(int64(len(p)))
	return len(p), nil
}

func TestEndlessUploadIsCutOff(t *testing.T) {
	s := testkit.Start(t)
	anna := s.SignUp("Петрова", "petrova")
	id := anna.OpenCase("ИП Петрова", 1)
	href := testkit.UploadHref(id, winddown.ZeroFBS, winddown.SlotStockZero)

	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	body := &endless{head: strings.NewReader("--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.pdf\"\r\n\r\n%PDF-1.4\n")}
	status := anna.StatusOf(t, href, "multipart/form-data; boundary=x", body)
	runtime.ReadMemStats(&after)
	if status != http.StatusRequestEntityTooLarge && status != 0 {
		t.Errorf("status %d, want 413 or a cut connection", status)
	}
	if n := body.taken.Load(); n > 2*winddown.MaxFileSize {
		t.Errorf("%d bytes were taken in", n)
	}
	if grown := after.TotalAlloc - before.TotalAlloc; grown > 8<<20 {
		t.Errorf("%d bytes were allocated", grown)
	}
	if left := stored(t, s); len(left) != 0 {
		t.Errorf("on the disk: %v", left)
	}
}

func TestUploadTooLargeIsRefusedBeforeItIsRead(t *testing.T) {
	s := testkit.Start(t)
	anna := s.SignUp("Петрова", "petrova")
	id := anna.OpenCase("ИП Петрова", 1)
	answer := half(t, s, anna, testkit.UploadHref(id, winddown.ZeroFBS, winddown.SlotStockZero), 1<<30, "")
	if !strings.HasPrefix(answer, "HTTP/1.1 413 ") || !strings.Contains(answer, "Столько за один раз загрузить нельзя") {
		t.Errorf("the answer is %.200q", answer)
	}
	blocked := half(t, s, anna, testkit.UploadHref(id, winddown.ReceiveAct, winddown.SlotActFile), 1<<20, "")
	if !strings.HasPrefix(blocked, "HTTP/1.1 409 ") {
		t.Errorf("a closed step answers %.200q", blocked)
	}
}

// half sends the head of a form of size bytes and the beginning of its body, stops, and
// returns the answer.
func half(t *testing.T, s *testkit.Site, c *testkit.Client, path string, size int, body string) string {
	t.Helper()
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", strings.TrimPrefix(s.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	_ = conn.SetDeadline(time.Now().Add(15 * time.Second)) // a server that waits for the rest fails the test
	_, err = fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: %s\r\nCookie: %s=%s\r\nContent-Type: multipart/form-data; boundary=x\r\nContent-Length: %d\r\n\r\n%s",
		path, strings.TrimPrefix(s.URL, "http://"), s.SessionCookie(), c.Cookie(s.SessionCookie()), size, body)
	if err != nil {
		t.Fatal(err)
	}
	if tcp, ok := conn.(*net.TCPConn); ok && body != "" {
		_ = tcp.CloseWrite()
	}
	answer, err := io.ReadAll(conn)
	if err != nil {
		t.Fatal(err)
	}
	return string(answer)
}

func TestAConnectionCutAtHalfLeavesNothing(t *testing.T) {
	s := testkit.Start(t)
	anna := s.SignUp("Петрова", "petrova")
	id := anna.OpenCase("ИП Петрова", 1)
	body := "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.pdf\"\r\n\r\n" + string(testkit.PDF(300_000))
	half(t, s, anna, testkit.UploadHref(id, winddown.ZeroFBS, winddown.SlotStockZero), 600_000, body)
	if left := stored(t, s); len(left) != 0 {
		t.Errorf("on the disk: %v", left)
	}
	if got := evidenceOf(t, s, anna, id, winddown.ZeroFBS); len(got) != 0 {
		t.Errorf("filed: %+v", got)
	}
}

// smallDisk takes the beginning of a file alone.
type smallDisk struct {
	to   io.Writer
	left int
}

func (d *smallDisk) Write(p []byte) (int, error) {
	n, err := d.to.Write(p[:min(len(p), d.left)])
	if d.left -= n; err == nil && n < len(p) {
		err = syscall.ENOSPC
	}
	return n, err
}

// A full disk is told in a sentence; what fitted is kept, and of the rest there is neither a
// row nor a file.
func TestAFullDiskLeavesNoOrphan(t *testing.T) {
	s := testkit.Start(t, testkit.WithDisk(func(w io.Writer) io.Writer { return &smallDisk{w, 10_000} }))
	anna := s.SignUp("Петрова", "petrova")
	id := anna.OpenCase("ИП Петрова", 1)
	href := testkit.UploadHref(id, winddown.ZeroFBS, winddown.SlotStockZero)
	before := anna.Case(id)
	page := anna.PostFiles(href, "Не потеряйте", testkit.Upload{Name: "большой.pdf", Content: testkit.PDF(50_000)}).Want(http.StatusServiceUnavailable)
	if got := page.Errors()["file_stock_zero"]; !strings.HasPrefix(got, "На сервере кончилось место для файлов, и файл не сохранён.") {
		t.Errorf("the page says %v", page.Errors())
	}
	if got := page.Form(href).Get("note_stock_zero"); got != "Не потеряйте" {
		t.Errorf("the note came back as %q", got)
	}
	if got, left := evidenceOf(t, s, anna, id, winddown.ZeroFBS), stored(t, s); len(got) != 0 || len(left) != 0 {
		t.Errorf("%d rows, %v on the disk: want none", len(got), left)
	}
	if after := anna.Case(id); len(after.Trail) != len(before.Trail) {
		t.Error("the trail tells of a file that is not there")
	}
	page = anna.PostFiles(href, "", testkit.Upload{Name: "малый.pdf", Content: testkit.PDF(500)}, testkit.Upload{Name: "большой.pdf", Content: testkit.PDF(50_000)}).
		Want(http.StatusServiceUnavailable)
	if !strings.Contains(page.Main(), "Эти файлы загружены: «малый.pdf»") {
		t.Errorf("the page reads %s", page.Main())
	}
	if got, left := evidenceOf(t, s, anna, id, winddown.ZeroFBS), stored(t, s); len(got) != 1 || len(left) != 1 {
		t.Errorf("%d rows, %v on the disk: want one of each", len(got), left)
	}
}

// bomb is an archive of a few hundred bytes that says it unpacks to four GiB.
func bomb(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	w, err := z.CreateRaw(&zip.FileHeader{Name: "0.bin", Method: zip.Deflate, CompressedSize64: 4, UncompressedSize64: 4<<30 - 2})
	if err == nil {
		_, err = io.WriteString(w, "\x4b\x4c\x04\x00")
	}
	if err = errors.Join(err, z.Close()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestTheSameBytesTwiceAtOnce(t *testing.T) {
	s := testkit.Start(t)
	anna := s.SignUp("Петрова", "petrova")
	id := anna.OpenCase("ИП Петрова", 1)
	var both sync.WaitGroup
	for range 2 {
		both.Go(func() {
			anna.PostFiles(testkit.UploadHref(id, winddown.ZeroFBS, winddown.SlotStockZero), "", testkit.Upload{Name: "а.png", Content: testkit.PNG(1)}).
				Want(http.StatusSeeOther)
		})
	}
	both.Wait()
	if got, left := evidenceOf(t, s, anna, id, winddown.ZeroFBS), stored(t, s); len(got) != 1 || len(left) != 1 {
		t.Errorf("%d rows, %d files: want one of each", len(got), len(left))
	}
}

func TestTheQuotaOfACase(t *testing.T) {
	s := testkit.Start(t, testkit.WithQuota(2000))
	anna := s.SignUp("Петрова", "petrova")
	id := anna.OpenCase("ИП Петрова", 1)
	href := testkit.UploadHref(id, winddown.ZeroFBS, winddown.SlotStockZero)
	anna.PostFiles(href, "", testkit.Upload{Name: "а.pdf", Content: testkit.PDF(1500)}).Want(http.StatusSeeOther)
	page := anna.PostFiles(href, "", testkit.Upload{Name: "б.pdf", Content: testkit.PDF(600)}).Want(http.StatusConflict)
	if got := page.Errors()["file_stock_zero"]; !strings.HasPrefix(got, "Для файла «б.pdf» не хватает места") {
		t.Errorf("errors %v", page.Errors())
	}
	// What there is no room for does not reach the disk, and what announces it is not read.
	if left := stored(t, s); len(left) != 1 {
		t.Errorf("on the disk: %v", left)
	}
	answer := half(t, s, anna, href, 2<<20, "")
	if !strings.HasPrefix(answer, "HTTP/1.1 409 ") || !strings.Contains(answer, "на файлы этого ухода осталось 1 КБ") {
		t.Errorf("the answer is %.200q", answer)
	}
	anna.PostFiles(href, "", testkit.Upload{Name: "в.pdf", Content: testkit.PDF(500)}, testkit.Upload{Name: "г.pdf", Content: testkit.PDF(100)}).Want(http.StatusConflict)
	if got := evidenceOf(t, s, anna, id, winddown.ZeroFBS); len(got) != 2 {
		t.Errorf("%d files, want the one that fits beside the first", len(got))
	}
	if answer := half(t, s, anna, href, 1<<20, ""); !strings.HasPrefix(answer, "HTTP/1.1 409 ") || !strings.Contains(answer, "Для этого файла не хватает места") {
		t.Errorf("a full case answers %.200q", answer)
	}
}

func TestTheNoteOfAnUpload(t *testing.T) {
	s := testkit.Start(t)
	anna := s.SignUp("Петрова", "petrova")
	id := anna.OpenCase("ИП Петрова", 1)
	path, href := stepPath(id, winddown.ZeroFBS), testkit.UploadHref(id, winddown.ZeroFBS, winddown.SlotStockZero)
	note, file, length := "", "", ""
	for _, n := range anna.Get(path).All(func(n *html.Node) bool { return n.Data == "input" }) {
		switch testkit.Attr(n, "id") {
		case "note_stock_zero":
			note, length = file, testkit.Attr(n, "maxlength")
		case "file_stock_zero":
			file = "first"
		}
	}
	if note != "" || length != "2000" {
		t.Errorf("the note comes after the files, or takes %q characters", length)
	}
	long := strings.Repeat("я", winddown.MaxNote+1)
	wrong := anna.PostFiles(href, long, testkit.Upload{Name: "а.png", Content: testkit.PNG(1)}).Want(http.StatusUnprocessableEntity)
	if got := wrong.Errors(); got["note_stock_zero"] == "" || !strings.HasPrefix(got["file_stock_zero"], "Файлы не загружены.") || len(got) != 2 {
		t.Errorf("errors %v", got)
	}
	if wrong.Form(href).Get("note_stock_zero") != long {
		t.Error("the note is lost")
	}
	if left := stored(t, s); len(left) != 0 {
		t.Errorf("on the disk: %v", left)
	}
	const head = "--x\r\nContent-Disposition: form-data; name="
	late := head + "\"file\"; filename=\"а.png\"\r\n\r\n" + string(testkit.PNG(1)) + "\r\n" + head + "\"note\"\r\n\r\n" + long + "\r\n--x--\r\n"
	got := anna.Post(href, "multipart/form-data; boundary=x", strings.NewReader(late)).Want(http.StatusUnprocessableEntity)
	if got.Errors()["note_stock_zero"] == "" || strings.Contains(got.Main(), "Эти файлы загружены") || len(evidenceOf(t, s, anna, id, winddown.ZeroFBS)) != 0 {
		t.Errorf("a note after the files: %v", got.Errors())
	}
	// A form that cannot be read leaves the page standing.
	anna.PostFiles(href, "a\x00b", testkit.Upload{Name: "а.png", Content: testkit.PNG(1)}).Want(http.StatusUnprocessableEntity).Form(href)
}

func TestDownload(t *testing.T) {
	s := testkit.Start(t)
	anna := s.SignUp("Петрова", "petrova")
	id := anna.OpenCase("ИП Петрова", 1)
	href := testkit.UploadHref(id, winddown.ZeroFBS, winddown.SlotStockZero)
	picture, document := testkit.PNG(1), testkit.PDF(5000)
	anna.PostFiles(href, "", testkit.Upload{Name: "остатки №1.png", Content: picture}, testkit.Upload{Name: "акт.pdf", Content: document}).Want(http.StatusSeeOther)
	file := func(n int) string { return fmt.Sprintf("/cases/%s/files/%d", id, n) }

	got := anna.Get(file(1)).Want(http.StatusOK)
	sum := sha256.Sum256(picture)
	for name, want := range map[string]string{
		"Content-Type": "image/png", "X-Content-Type-Options": "nosniff", "Cache-Control": "private, no-cache",
		"Content-Disposition": "inline; filename*=utf-8''%D0%BE%D1%81%D1%82%D0%B0%D1%82%D0%BA%D0%B8%20%E2%84%961.png",
		"Etag":                `"` + hex.EncodeToString(sum[:]) + `"`, "Content-Length": fmt.Sprint(len(picture)),
	} {
		if got.Header.Get(name) != want {
			t.Errorf("%s: %q, want %q", name, got.Header.Get(name), want)
		}
	}
	if csp := got.Header.Get("Content-Security-Policy"); !strings.Contains(csp, "sandbox") || !strings.Contains(csp, "default-src 'none'") || strings.Contains(csp, "script") {
		t.Errorf("the policy is %q", csp)
	}
	if got.Body != string(picture) {
		t.Error("other bytes came back")
	}
	if d := anna.Get(file(2) + "?download=1").Header.Get("Content-Disposition"); !strings.HasPrefix(d, "attachment;") {
		t.Errorf("download: %q", d)
	}
	part := anna.Get(file(2), "Range", "bytes=10-19").Want(http.StatusPartialContent)
	if part.Body != string(document[10:20]) {
		t.Errorf("the range is %q", part.Body)
	}
	anna.Get(file(1), "If-None-Match", got.Header.Get("Etag")).Want(http.StatusNotModified)
	for _, n := range []string{"0", "3", "-1", "+1", "01", "x", "99999999999999999999"} {
		anna.Get("/cases/" + id.String() + "/files/" + n).Want(http.StatusNotFound)
		anna.Get("/cases/" + id.String() + "/files/" + n + "/remove").Want(http.StatusNotFound)
	}

	thumb := anna.Get(file(1) + "/thumb").Want(http.StatusOK)
	if thumb.Header.Get("Content-Type") != "image/jpeg" || !strings.HasPrefix(thumb.Body, "\xff\xd8") || thumb.Header.Get("Cache-Control") != "private, no-cache" {
		t.Errorf("the thumbnail is %v", thumb.Header)
	}
	anna.Get(file(2) + "/thumb").Want(http.StatusNotFound)

	tag := thumb.Header.Get("Etag")
	anna.Get(file(1)+"/thumb", "If-None-Match", tag).Want(http.StatusNotModified)
	anna.Get(file(3)+"/thumb", "If-None-Match", tag).Want(http.StatusNotFound)
}

// Taking a file is noted, however it is asked for, and only that.
func TestDownloadsAreNoted(t *testing.T) {
	s := testkit.Start(t)
	anna := s.SignUp("Петрова", "petrova")
	id := anna.OpenCase("ИП Петрова", 1)
	anna.PostFiles(testkit.UploadHref(id, winddown.ZeroFBS, winddown.SlotStockZero), "", testkit.Upload{Name: "акт.pdf", Content: testkit.PDF(100_000)}).
		Want(http.StatusSeeOther)
	file := "/cases/" + id.String() + "/files/1"
	tag := anna.Get(file).Header.Get("Etag")
	noted := anna.Downloads()
	if noted != 1 {
		t.Fatalf("%d downloads are noted, want 1", noted)
	}
	for _, c := range []struct {
		headers []string
		status  int
		noted   int
	}{
		{[]string{"Range", "bytes=0-10"}, http.StatusPartialContent, 1},
		{[]string{"Range", "bytes=1-"}, http.StatusPartialContent, 1},
		{[]string{"Range", "bytes=-99999"}, http.StatusPartialContent, 1},
		{[]string{"Range", "bytes=65536-65537,0-999"}, http.StatusPartialContent, 1},
		{[]string{"Range", "bytes=65536-", "If-Range", `"other"`}, http.StatusOK, 1},
		{[]string{"Range", "bytes=65536-"}, http.StatusPartialContent, 0},
		{[]string{"If-None-Match", tag}, http.StatusNotModified, 0},
		{[]string{"If-None-Match", "x " + tag}, http.StatusOK, 1},
	} {
		got := anna.Get(file, c.headers...).Want(c.status)
		if n := anna.Downloads(); n-noted != c.noted {
			t.Errorf("%v: %d downloads are noted, want %d", c.headers, n-noted, c.noted)
		}
		noted = anna.Downloads()
		if csp := got.Header.Get("Content-Security-Policy"); !strings.Contains(csp, "sandbox") {
			t.Errorf("%v: the policy is %q", c.headers, csp)
		}
	}
}

func TestLostAndAlteredFilesAreTold(t *testing.T) {
	s := testkit.Start(t)
	anna := s.SignUp("Петрова", "petrova")
	id := anna.OpenCase("ИП Петрова", 1)
	path, file := stepPath(id, winddown.ZeroFBS), "/cases/"+id.String()+"/files/1"
	anna.PostFiles(testkit.UploadHref(id, winddown.ZeroFBS, winddown.SlotStockZero), "", testkit.Upload{Name: "а.png", Content: testkit.PNG(1)}).Want(http.StatusSeeOther)
	name := stored(t, s)[0]
	content, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	content[20] ^= 1
	if err := os.WriteFile(name, content, 0o600); err != nil {
		t.Fatal(err)
	}
	if got := anna.Get(file).Want(http.StatusGone).Main(); !strings.Contains(got, "повреждён или подменён") {
		t.Errorf("altered: %s", got)
	}
	if err := os.Remove(name); err != nil {
		t.Fatal(err)
	}
	if got := anna.Get(file).Want(http.StatusGone).Main(); !strings.Contains(got, "Файла «а.png» нет на диске сервера") {
		t.Errorf("lost: %s", got)
	}
	page := anna.Get(path).Want(http.StatusOK)
	if !strings.Contains(slotOf(page, winddown.SlotStockZero), "Нет на диске") || page.HasLink(file) {
		t.Errorf("the slot reads %q", slotOf(page, winddown.SlotStockZero))
	}
}

func TestRemovingEvidence(t *testing.T) {
	s := testkit.Start(t)
	anna, maria := s.SignUp("Петрова", "petrova"), s.SignUp("Иванова", "ivanova")
	id := anna.OpenCase("ИП Петрова", 1)
	anna.Join(maria, id, winddown.Accountant)
	path, href := stepPath(id, winddown.ZeroFBS), testkit.UploadHref(id, winddown.ZeroFBS, winddown.SlotStockZero)
	anna.PostFiles(href, "", testkit.Upload{Name: "а.png", Content: testkit.PNG(1)}, testkit.Upload{Name: "б.png", Content: testkit.PNG(2)}).Want(http.StatusSeeOther)
	remove := func(n int) string { return fmt.Sprintf("/cases/%s/files/%d/remove", id, n) }

	page := anna.Get(remove(1)).Want(http.StatusOK)
	if page.Heading() != "Убрать «а.png»?" {
		t.Errorf("h1 %q", page.Heading())
	}
	if got := anna.PostForm(remove(1), url.Values{"reason": {" "}}).Want(http.StatusUnprocessableEntity).Errors(); got["reason"] != "Укажите причину" {
		t.Errorf("errors %v", got)
	}
	anna.PostForm(remove(1), url.Values{"reason": {"Не тот склад"}}).WantRedirect(path)
	got := slotOf(anna.Get(path), winddown.SlotStockZero)
	if !strings.Contains(got, "Убран 1 файл") || !strings.Contains(got, "Не тот склад") || !strings.Contains(got, "б.png") {
		t.Errorf("the slot reads %q", got)
	}
	anna.Get(remove(1)).Want(http.StatusConflict)

	last := anna.Get(remove(2)).Want(http.StatusOK)
	if !strings.Contains(last.Main(), "снова не хватит подтверждения") {
		t.Error("the page does not say that the step lacks its proof afterwards")
	}
	form := anna.Get(path).Form(path)
	form.Set("done", "yes")
	anna.PostForm(path, form).Want(http.StatusSeeOther)
	maria.PostForm(path+"/accept", maria.Get(path).Form(path+"/accept")).WantRedirect(path)
	frozen := anna.Get(remove(2)).Want(http.StatusConflict)
	if !strings.Contains(frozen.Main(), "Бухгалтер принял этот файл") {
		t.Errorf("frozen: %s", frozen.Main())
	}
	late := anna.PostForm(remove(2), url.Values{"reason": {"Не тот склад"}}).Want(http.StatusConflict)
	if late.Form(remove(2)).Get("reason") != "Не тот склад" || !strings.Contains(late.Errors()[""], "Бухгалтер принял этот файл") {
		t.Errorf("refused, the page says %v", late.Errors())
	}
	if got := slotOf(anna.Get(path), winddown.SlotStockZero); !strings.Contains(got, "б.png Принято") {
		t.Errorf("the slot reads %q", got)
	}
	maria.PostForm(remove(2), url.Values{"reason": {"x"}}).Want(http.StatusNotFound)
}

// What was written in place of a file is called a reason, also once it is accepted.
func TestRemovingAReason(t *testing.T) {
	s := testkit.Start(t)
	anna, maria := s.SignUp("Петрова", "petrova"), s.SignUp("Иванова", "ivanova")
	id := anna.OpenCase("ИП Петрова", 1)
	anna.Join(maria, id, winddown.Accountant)
	anna.Mark(id, winddown.ZeroFBS) // with a reason
	path, remove := stepPath(id, winddown.ZeroFBS), "/cases/"+id.String()+"/files/1/remove"
	if got := anna.Get(remove).Want(http.StatusOK).Main(); !strings.Contains(got, "Сама запись останется среди убранных") {
		t.Errorf("the page reads %s", got)
	}
	maria.PostForm(path+"/accept", maria.Get(path).Form(path+"/accept")).WantRedirect(path)
	for _, page := range []*testkit.Page{anna.Get(remove), anna.PostForm(remove, url.Values{"reason": {"Не та"}})} {
		if got := page.Want(http.StatusConflict).Main(); !strings.Contains(got, "Бухгалтер принял эту причину") || strings.Contains(got, "принял этот файл") {
			t.Errorf("the page reads %s", got)
		}
	}
	err := s.App.RemoveEvidence(t.Context(), anna.Actor(), id, winddown.RemoveEvidence{Number: 1, Reason: "Не та"})
	if !strings.Contains(fmt.Sprint(err), "evidence.error.frozen_reason") {
		t.Error(err)
	}
}

// Files of an earlier request of the act are told from those of the present one.
func TestFilesOfEarlierRounds(t *testing.T) {
	s := testkit.Start(t)
	anna := s.SignUp("Петрова", "petrova")
	id := anna.OpenCase("ИП Петрова", 1)
	anna.Mark(id, append(testkit.Goods(), winddown.RequestAct)...)
	receive, sign := stepPath(id, winddown.ReceiveAct), stepPath(id, winddown.SignAct)
	request, acts := stepPath(id, winddown.RequestAct), "/cases/"+id.String()+"/acts/1"
	href := testkit.UploadHref(id, winddown.ReceiveAct, winddown.SlotActFile)
	anna.PostFiles(href, "", testkit.Upload{Name: "первый.pdf", Content: testkit.PDF(0)}).WantRedirect(receive)
	if got := slotOf(anna.Get(receive), winddown.SlotActFile); strings.Contains(got, "запрос 1") {
		t.Errorf("the only request is numbered: %q", got)
	}
	anna.PostForm(receive, set(anna.Get(receive).Form(receive), "done", "yes")).Want(http.StatusSeeOther)
	anna.PostForm(acts+"/compare", set(anna.Get(sign).Form(acts+"/compare"), "agrees", "no", "difference", "1", "objections", "Штраф")).WantRedirect(sign)
	anna.PostForm(acts+"/dispute", anna.Get(sign).Form(acts+"/dispute")).WantRedirect(sign)
	anna.PostForm(request, anna.Get(request).Form(request)).Want(http.StatusSeeOther)
	anna.PostFiles(href, "", testkit.Upload{Name: "второй.pdf", Content: testkit.PDF(200)}).WantRedirect(receive)
	anna.PostFiles(href, "", testkit.Upload{Name: "второй.pdf", Content: testkit.PDF(400)}).WantRedirect(receive)
	got := slotOf(anna.Get(receive), winddown.SlotActFile)
	first, second := strings.Index(got, "первый.pdf запрос 1"), strings.Index(got, "второй.pdf запрос 2, версия 2")
	if first < 0 || second < 0 {
		t.Errorf("the slot reads %q", got)
	}
}

// A step about several acts has a slot for each.
func TestSlotsOfSeveralActs(t *testing.T) {
	s := testkit.Start(t)
	anna := s.SignUp("Петрова", "petrova")
	id := anna.OpenCase("ИП Петрова", 1)
	anna.Mark(id, testkit.Goods()...)
	if err := s.App.AddAct(t.Context(), anna.Actor(), id, winddown.AddAct{Counterparty: "ООО «РВБ»"}); err != nil {
		t.Fatal(err)
	}
	path, href := stepPath(id, winddown.RequestAct), testkit.UploadHref(id, winddown.RequestAct, winddown.SlotRequest)
	page := anna.Get(path).Want(http.StatusOK)
	if got := testkit.Text(page.ByTestID("slot-request_2")); !strings.HasPrefix(got, "Обращение, как оно отправлено, акт 2: ООО «РВБ»") {
		t.Errorf("the slot reads %q", got)
	}
	anna.PostFiles(href+"&act=2", "", testkit.Upload{Name: "а.png", Content: testkit.PNG(1)}).WantRedirect(path + "?act=2")
	if got := evidenceOf(t, s, anna, id, winddown.RequestAct); len(got) != 1 || got[0].Act != 2 {
		t.Errorf("%+v", got)
	}
	for _, act := range []string{"3", "0", "x", "-1", "%2B2", "02", ""} {
		anna.PostFiles(href+"&act="+act, "", testkit.Upload{Name: "а.png", Content: testkit.PNG(1)}).Want(http.StatusNotFound)
	}
	bad := anna.PostFiles(href+"&act=2", "", testkit.Upload{Name: "а.png", Content: bytes.Repeat([]byte("x"), 100)}).Want(http.StatusUnprocessableEntity)
	if bad.Errors()["file_request_2"] == "" {
		t.Errorf("errors %v", bad.Errors())
	}
}
