package site_test

import (
	"bytes"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"
	"golang.org/x/text/encoding/unicode"

	"winddown/internal/sheet"
	"winddown/internal/testkit"
	"winddown/internal/winddown"
)

func debtsPath(id winddown.ID) string { return "/cases/" + id.String() + "/debts" }

// owe writes a debt to the marketplace down and returns the address of its line.
func owe(t *testing.T, s *testkit.Site, c *testkit.Client, id winddown.ID, what string, kopecks winddown.Money) string {
	t.Helper()
	line, err := s.App.NewDebtID()
	if err != nil {
		t.Fatal(err)
	}
	in := winddown.NewDebt{ID: line, Side: winddown.ToWB, What: what, Amount: kopecks, On: winddown.Today(s.Clock.Now(), winddown.DefaultZone)}
	if err := s.App.AddDebts(t.Context(), c.Actor(), id, []winddown.NewDebt{in}); err != nil {
		t.Fatal(err)
	}
	return debtsPath(id) + "/" + line.String()
}

// ledgerRows are the lines of the table, cell by cell.
func ledgerRows(p *testkit.Page) [][]string {
	var rows [][]string
	for _, tr := range p.All(func(n *html.Node) bool { return n.Data == "tr" && n.Parent.Data == "tbody" }) {
		var cells []string
		for cell := range tr.ChildNodes() {
			if cell.Type == html.ElementNode {
				cells = append(cells, strings.ReplaceAll(testkit.Text(cell), "\u00a0", " "))
			}
		}
		rows = append(rows, cells)
	}
	return rows
}

func balance(p *testkit.Page) string {
	return strings.ReplaceAll(testkit.Text(p.ByTestID("balance")), "\u00a0", " ")
}

func TestLedger(t *testing.T) {
	s := testkit.Start(t)
	anna := s.SignUp("Петрова", "petrova")
	id := anna.OpenCase("ИП Петрова", 1)
	path := debtsPath(id)
	page := anna.Get(path).Want(http.StatusOK)
	if balance(page) != "Долгов пока не записано" {
		t.Errorf("an empty ledger says %q", balance(page))
	}
	form := page.Form(path)
	if form.Get("on") != "2026-11-22" || form.Get("id") == "" || form.Has("side") {
		t.Errorf("the form begins with %v", form)
	}

	// Every mistake at once, and nothing typed is lost.
	form.Set("amount", "три рубля")
	form.Set("on", "2026-11-23")
	wrong := anna.PostForm(path, form).Want(http.StatusUnprocessableEntity)
	for field, sentence := range map[string]string{
		"side": "Выберите, кто должен", "what": "Укажите, за что этот долг", "amount": "Укажите сумму в рублях, например 3 418,20",
		"on": "Дата не может быть позже сегодняшней",
	} {
		if got := wrong.Errors()[field]; got != sentence {
			t.Errorf("%s: %q, want %q", field, got, sentence)
		}
	}
	again := wrong.Form(path)
	if again.Get("amount") != "три рубля" || again.Get("on") != "2026-11-23" || again.Get("id") != form.Get("id") {
		t.Errorf("the form came back as %v", again)
	}

	again.Set("side", "to_wb")
	again.Set("what", "Хранение за октябрь")
	again.Set("amount", "464 788,15 ₽")
	again.Set("on", "2026-11-20")
	again.Set("document", "отчёт № 251107")
	anna.PostForm(path, again).WantRedirect(path)
	anna.PostForm(path, again).WantRedirect(path) // a double click writes one line
	after := anna.Get(path)
	if !strings.Contains(after.Notice(), "Строка записана.") || balance(after) != "Вы должны WB 464 788,15 ₽" {
		t.Errorf("%q, %q", after.Notice(), balance(after))
	}
	want := []string{"Хранение за октябрь", "Мы должны WB", "464 788,15 ₽", "20 ноября 2026", "отчёт № 251107", "Не погашен", "−464 788,15 ₽"}
	if rows := ledgerRows(after); len(rows) != 1 || strings.Join(rows[0], "|") != strings.Join(want, "|") {
		t.Errorf("the table holds %q", rows)
	}

	// The same form with another sum is another line, not the old one changed.
	again.Set("amount", "1")
	conflict := anna.PostForm(path, again).Want(http.StatusConflict)
	fresh := conflict.Form(path)
	if fresh.Get("id") == again.Get("id") || fresh.Get("amount") != "1" {
		t.Errorf("after a conflict the form is %v", fresh)
	}
	fresh.Set("side", "by_wb")
	anna.PostForm(path, fresh).Want(http.StatusSeeOther)
	if got := balance(anna.Get(path)); got != "Вы должны WB 464 787,15 ₽" {
		t.Errorf("balance %q", got)
	}
	// The lines stand by date, those of a day as they were written down, and so does the balance.
	fresh = anna.Get(path).Form(path)
	for name, value := range map[string]string{"side": "to_wb", "what": "Штраф за сентябрь", "amount": "10", "on": "2026-09-30"} {
		fresh.Set(name, value)
	}
	anna.PostForm(path, fresh).WantRedirect(path)
	var order []string
	for _, row := range ledgerRows(anna.Get(path)) {
		order = append(order, row[0]+" "+row[6])
	}
	if got := strings.Join(order, ", "); got != "Штраф за сентябрь −10,00 ₽, Хранение за октябрь −464 798,15 ₽, Хранение за октябрь −464 797,15 ₽" {
		t.Errorf("the order is %s", got)
	}
	bad := anna.PostForm(path, url.Values{"id": {"nothing"}}).Want(http.StatusUnprocessableEntity)
	if got := bad.Errors()[""]; !strings.HasPrefix(got, "Страница устарела") {
		t.Errorf("a form without its id: %v", bad.Errors())
	}
}

func TestDebtLine(t *testing.T) {
	s := testkit.Start(t)
	anna := s.SignUp("Петрова", "petrova")
	id := anna.OpenCase("ИП Петрова", 1)
	path := owe(t, s, anna, id, "Штраф", 341820)
	anna.Get(debtsPath(id)).Link("Штраф")

	page := anna.Get(path).Want(http.StatusOK)
	if page.Heading() != "Штраф" || !strings.Contains(strings.ReplaceAll(page.Main(), "\u00a0", " "), "Мы должны WB: 3 418,20 ₽") {
		t.Errorf("%s: %s", page.Heading(), page.Main())
	}

	// Corrected; a stale form is told so and keeps what was typed.
	edit := anna.Get(path + "/edit").Want(http.StatusOK).Form(path + "/edit")
	if edit.Get("amount") != "3418,20" || edit.Get("side") != "to_wb" || edit.Get("version") != "1" {
		t.Errorf("the form to correct is %v", edit)
	}
	edit.Set("amount", "нет")
	edit.Set("what", "")
	if got := anna.PostForm(path+"/edit", edit).Want(http.StatusUnprocessableEntity).Errors(); len(got) != 2 {
		t.Errorf("mistakes %v", got)
	}
	edit.Set("amount", "3 418,21")
	edit.Set("what", "Штраф за отмену")
	edit.Set("on", "2026-11-20")
	anna.PostForm(path+"/edit", edit).WantRedirect(path)
	edit.Set("amount", "5")
	stale := anna.PostForm(path+"/edit", edit).Want(http.StatusConflict)
	if got := stale.Form(path + "/edit"); got.Get("amount") != "5" || got.Get("version") != "2" {
		t.Errorf("after a conflict the form is %v", got)
	}

	// Settled, the date corrected, back again.
	settle := anna.Get(path).Form(path + "/settle")
	settle.Set("on", "2026-11-23")
	if got := anna.PostForm(path+"/settle", settle).Want(http.StatusUnprocessableEntity).Errors()["on"]; got != "Дата не может быть позже сегодняшней" {
		t.Errorf("settled tomorrow: %q", got)
	}
	settle.Set("on", "2026-11-19")
	early := anna.PostForm(path+"/settle", settle).Want(http.StatusUnprocessableEntity)
	if got := early.Errors()["on"]; got != "Долг возник 20 ноября 2026: погасить его раньше нельзя. Проверьте дату погашения и дату самого долга." || early.Form(path+"/settle").Get("on") != "2026-11-19" {
		t.Errorf("settled before it arose: %q, %v", got, early.Form(path+"/settle"))
	}
	settle.Set("on", "2026-11-21")
	anna.PostForm(path+"/settle", settle).WantRedirect(path)
	done := anna.Get(path)
	if !strings.Contains(done.Main(), "Погашен 21 ноября 2026") || done.HasLink(path+"/edit") || done.HasLink(path+"/write-off") {
		t.Errorf("a settled line: %s", done.Main())
	}
	if got := balance(anna.Get(debtsPath(id))); got != "Расчёты сведены к нулю" {
		t.Errorf("balance %q", got)
	}
	anna.Get(path + "/edit").Want(http.StatusConflict)
	anna.Get(path + "/write-off").Want(http.StatusConflict)
	anna.PostForm(path+"/reopen", done.Form(path+"/reopen")).WantRedirect(path)
	if p := anna.PostForm(path+"/reopen", url.Values{"version": {"9"}}).Want(http.StatusConflict); !strings.Contains(p.Text(), "Этот долг не закрыт") ||
		p.Form(path+"/settle").Get("on") != "2026-11-22" {
		t.Errorf("an open line opened: %v, %v", p.Errors(), p.Form(path+"/settle"))
	}

	// Given up with a reason; removed with a reason, for good.
	ask := anna.Get(path + "/write-off").Want(http.StatusOK).Form(path + "/write-off")
	if got := anna.PostForm(path+"/write-off", ask).Want(http.StatusUnprocessableEntity).Errors()["reason"]; got != "Укажите причину" {
		t.Errorf("no reason: %q", got)
	}
	ask.Set("reason", "WB отменил штраф")
	anna.PostForm(path+"/write-off", ask).WantRedirect(debtsPath(id))
	if rows := ledgerRows(anna.Get(debtsPath(id))); rows[0][5] != "Списан 22 ноября 2026: WB отменил штраф" || rows[0][6] != "" {
		t.Errorf("a line given up: %q", rows)
	}
	remove := anna.Get(path + "/remove").Want(http.StatusOK).Form(path + "/remove")
	remove.Set("reason", "Записано дважды")
	anna.PostForm(path+"/remove", remove).WantRedirect(debtsPath(id))
	gone := anna.Get(debtsPath(id))
	if len(ledgerRows(gone)) != 0 || !strings.Contains(gone.Main(), "Удалена: Записано дважды") {
		t.Errorf("a removed line: %s", gone.Main())
	}
	removed := anna.Get(path).Want(http.StatusOK)
	if removed.HasForm(path+"/settle") || removed.HasLink(path+"/remove") {
		t.Error("a removed line can be changed")
	}
	for _, way := range []string{"/edit", "/write-off", "/remove"} {
		anna.Get(path + way).Want(http.StatusConflict)
	}
	anna.Get(debtsPath(id) + "/" + winddown.ID{9}.String()).Want(http.StatusNotFound)
	for _, title := range []string{"Записан долг «Штраф»", "исправлен", "погашен", "списан", "удалён из расчётов"} {
		if !strings.Contains(anna.Get("/cases/"+id.String()+"/history").Main(), title) {
			t.Errorf("the history lacks %q", title)
		}
	}
}

func TestDebtPapers(t *testing.T) {
	s := testkit.Start(t)
	anna := s.SignUp("Петрова", "petrova")
	id := anna.OpenCase("ИП Петрова", 1)
	path := owe(t, s, anna, id, "Штраф", 100)
	other := owe(t, s, anna, id, "Хранение", 100)
	upload := ""
	for _, f := range anna.Get(path).All(func(n *html.Node) bool { return n.Data == "form" && testkit.Attr(n, "enctype") != "" }) {
		upload = testkit.Attr(f, "action")
	}
	anna.PostFiles(upload, "", testkit.Upload{Name: "Платёжка.pdf", Content: testkit.PDF(100)}).WantRedirect(path)
	page := anna.Get(path)
	if page.Notice() == "" || page.Link("Платёжка.pdf") != "/cases/"+id.String()+"/files/1" {
		t.Errorf("notice %q", page.Notice())
	}
	if strings.Contains(anna.Get(other).Main(), "Платёжка") {
		t.Error("another line shows the paper")
	}

	// What is not taken is said where the form stands, and the retry leads to the same line.
	wrong := anna.PostFiles(upload, "Ноябрь", testkit.Upload{Name: "Ответ.pdf", Content: testkit.PDF(200)}, testkit.Upload{Name: "пустой.pdf"}).
		Want(http.StatusUnprocessableEntity)
	if got := wrong.Errors(); wrong.Heading() != "Штраф" || !strings.HasPrefix(got["file"], "Файл «пустой.pdf» пуст") || len(got) != 1 {
		t.Errorf("%s: errors %v", wrong.Heading(), got)
	}
	if !strings.Contains(wrong.Notice(), "Эти файлы загружены: «Ответ.pdf»") || wrong.Form(upload).Get("note") != "Ноябрь" {
		t.Errorf("notice %q, form %v", wrong.Notice(), wrong.Form(upload))
	}
	if got := anna.PostFiles(upload, strings.Repeat("я", winddown.MaxNote+1)).Want(http.StatusUnprocessableEntity).Errors(); got["note"] == "" {
		t.Errorf("a long note: %v", got)
	}
	anna.PostFiles(strings.Replace(upload, "debt=", "debt=0", 1), "").Want(http.StatusNotFound)
	remove := "/cases/" + id.String() + "/files/1/remove"
	if !anna.Get(remove).Want(http.StatusOK).HasLink(path) {
		t.Error("the way back from a removal leads elsewhere")
	}
	anna.PostForm(remove, url.Values{"reason": {"Не та"}}).WantRedirect(path)
}

func TestWhoWritesInTheLedger(t *testing.T) {
	s := testkit.Start(t)
	anna, buh := s.SignUp("Петрова", "petrova"), s.SignUp("Иванова", "ivanova")
	id := anna.OpenCase("ИП Петрова", 1)
	anna.Join(buh, id, winddown.Accountant)
	path := owe(t, s, anna, id, "Штраф", 341820)

	read := buh.Get(debtsPath(id)).Want(http.StatusOK)
	if balance(read) != "Продавец должен WB 3 418,20 ₽" || read.HasForm(debtsPath(id)) || read.HasLink(debtsPath(id)+"/paste") {
		t.Errorf("the accountant reads %q", read.Main())
	}
	line := buh.Get(path).Want(http.StatusOK)
	if line.HasForm(path+"/settle") || line.HasLink(path+"/edit") {
		t.Error("the accountant is offered to write")
	}
	if err := s.App.SetActing(t.Context(), anna.Actor(), id, true); err != nil {
		t.Fatal(err)
	}
	buh.PostForm(path+"/settle", buh.Get(path).Form(path+"/settle")).Want(http.StatusSeeOther)

	// After the end everything is read only.
	anna.Mark(id, append(testkit.Goods(), winddown.StripMedia, winddown.RequestAct, winddown.ReceiveAct, winddown.SignAct, winddown.SettleDebts)...)
	if err := s.App.Finish(t.Context(), anna.Actor(), id, anna.Case(id).Case.Version); err != nil {
		t.Fatal(err)
	}
	over := anna.Get(debtsPath(id)).Want(http.StatusOK)
	if over.HasForm(debtsPath(id)) || !strings.Contains(over.Main(), "Уход завершён.") {
		t.Errorf("a finished case: %s", over.Main())
	}
	for _, way := range []string{"/edit", "/write-off", "/remove"} {
		anna.Get(path + way).Want(http.StatusConflict)
	}
	anna.Get(debtsPath(id) + "/paste").Want(http.StatusConflict)
	late := url.Values{"id": {winddown.ID{5}.String()}, "side": {"to_wb"}, "what": {"x"}, "amount": {"1"}, "on": {"2026-11-20"}}
	if p := anna.PostForm(debtsPath(id), late).Want(http.StatusConflict); !strings.Contains(p.Text(), "Уход завершён") {
		t.Errorf("written after the end: %v", p.Errors())
	}
	anna.PostForm(debtsPath(id)+"/lines", url.Values{"batch": {winddown.ID{6}.String()}, "today": {"2026-11-22"}, "text": {"Штраф\t-5"}}).Want(http.StatusConflict)
	anna.PostForm(debtsPath(id)+"/paste", url.Values{"text": {"Штраф\t-5"}}).Want(http.StatusConflict)
}

func TestPaste(t *testing.T) {
	s := testkit.Start(t)
	anna := s.SignUp("Петрова", "petrova")
	id := anna.OpenCase("ИП Петрова", 1)
	path, lines := debtsPath(id)+"/paste", debtsPath(id)+"/lines"
	text := "За что\tСумма\tДата\tДокумент\r\nХранение\t-3 418,20\t20.11.2026\tотчёт 1\r\nВыплата\t1000\t\t\r\nОшибка\tмного\t\t\r\n\"=ВПР(1)\"\t−1\t01.12.2026\t"
	anna.Get(path).Want(http.StatusOK)
	none := anna.PostForm(path, url.Values{"text": {" \n"}}).Want(http.StatusUnprocessableEntity)
	if none.Errors()["text"] != "Вставьте строки или выберите файл" {
		t.Errorf("nothing pasted: %v", none.Errors())
	}

	preview := anna.PostForm(path, url.Values{"text": {text}}).Want(http.StatusOK)
	rows := ledgerRows(preview)
	if len(rows) != 2 || strings.Join(rows[0], "|") != "Хранение|Мы должны WB|3 418,20 ₽|20 ноября 2026|отчёт 1|Не погашен|−3 418,20 ₽" ||
		rows[1][1] != "WB должен нам" || rows[1][3] != "22 ноября 2026" {
		t.Errorf("the preview holds %q", rows)
	}
	for _, want := range []string{"Прочитано 2 строки", "Строка 4: Укажите сумму", "Строка 5: Дата не может быть позже", "После записи: Вы должны WB 2 418,20 ₽.", "Добавить 2 строки"} {
		if !strings.Contains(strings.ReplaceAll(preview.Main(), "\u00a0", " "), want) {
			t.Errorf("the preview lacks %q", want)
		}
	}
	if len(ledgerRows(anna.Get(debtsPath(id)))) != 0 {
		t.Fatal("the preview wrote something")
	}
	if got := preview.Form(path).Get("text"); got != strings.ReplaceAll(text, "\r\n", "\n") {
		t.Errorf("the typed text came back as %q", got)
	}

	confirm := preview.Form(lines)
	s.Clock.Advance(24 * time.Hour) // the preview is from yesterday, and stays what it was
	anna.PostForm(lines, confirm).WantRedirect(debtsPath(id))
	anna.PostForm(lines, confirm).WantRedirect(debtsPath(id)) // twice
	got := ledgerRows(anna.Get(debtsPath(id)))
	if len(got) != 2 || got[1][3] != "22 ноября 2026" {
		t.Errorf("the ledger holds %q", got)
	}
	twice := anna.PostForm(path, url.Values{"text": {text}}).Want(http.StatusOK)
	if !strings.Contains(twice.Main(), "1 такая строка в расчётах уже есть") {
		t.Errorf("a table pasted twice: %s", twice.Main())
	}

	for name, form := range map[string]url.Values{
		"no batch":      {"today": {"2026-11-22"}, "text": {text}},
		"no day":        {"batch": {winddown.ID{1}.String()}, "text": {text}},
		"no lines":      {"batch": {winddown.ID{1}.String()}, "today": {"2026-11-22"}, "text": {"Ошибка\tмного"}},
		"a day to come": {"batch": {winddown.ID{1}.String()}, "today": {"2027-11-22"}, "text": {"Штраф\t-1"}},
		"overflow":      {"batch": {winddown.ID{1}.String()}, "today": {"2026-11-22"}, "text": {"Штраф\t-9999999999999\nЕщё\t-9999999999999"}},
	} {
		if p := anna.PostForm(lines, form); p.Status != http.StatusUnprocessableEntity || len(p.Errors()) == 0 {
			t.Errorf("%s: %d %v", name, p.Status, p.Errors())
		}
	}
	if p := anna.PostForm(path, url.Values{"text": {"Итого\t5"}}).Want(http.StatusUnprocessableEntity); p.HasForm(lines) {
		t.Error("nothing was read, and still there is a button to add it")
	}
}

// pasteFile posts the form of a pasted table as browsers do with a file.
func pasteFile(t *testing.T, c *testkit.Client, path, text string, file []byte) *testkit.Page {
	t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	if err := form.WriteField("text", text); err != nil {
		t.Fatal(err)
	}
	part, err := form.CreateFormFile("file", "долги.xlsx")
	if err == nil {
		_, err = part.Write(file)
	}
	if err == nil {
		err = form.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return c.Post(path, form.FormDataContentType(), &body)
}

func TestPasteFiles(t *testing.T) {
	s := testkit.Start(t)
	anna := s.SignUp("Петрова", "petrova")
	id := anna.OpenCase("ИП Петрова", 1)
	path, lines := debtsPath(id)+"/paste", debtsPath(id)+"/lines"
	var workbook, table bytes.Buffer
	x, err := sheet.NewXLSX(&workbook, s.Clock.Now())
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range []sheet.Writer{x, sheet.NewCSV(&table)} {
		err := w.Sheet("Долги", sheet.Column{Title: "За что"}, sheet.Column{Title: "Сумма"}, sheet.Column{Title: "Дата"}, sheet.Column{Title: "Документ"})
		for _, row := range [][]sheet.Cell{
			{sheet.Text("\"Хранение\" за\nоктябрь"), sheet.Money(-341820), sheet.Date(time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC)), sheet.Text("1")},
			{sheet.Text("Выплата"), sheet.Money(100), {}, {}},
		} {
			if err == nil {
				err = w.Row(row...)
			}
		}
		if err == nil {
			err = w.Close()
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	unicodeText, err := unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM).NewEncoder().Bytes(table.Bytes()) // its mark is there
	if err != nil {
		t.Fatal(err)
	}
	for name, file := range map[string][]byte{"xlsx": workbook.Bytes(), "csv": table.Bytes(), "txt": unicodeText} {
		preview := pasteFile(t, anna, path, "", file).Want(http.StatusOK)
		rows := ledgerRows(preview)
		if len(rows) != 2 || rows[0][0] != `"Хранение" за октябрь` || rows[0][2] != "3 418,20 ₽" || rows[0][3] != "20 ноября 2026" || rows[1][1] != "WB должен нам" {
			t.Errorf("%s: %q", name, rows)
		}
		if name == "xlsx" {
			anna.PostForm(lines, preview.Form(lines)).Want(http.StatusSeeOther)
		}
	}
	if rows := ledgerRows(anna.Get(debtsPath(id))); len(rows) != 2 || rows[0][0] != `"Хранение" за октябрь` {
		t.Errorf("written down: %q", rows)
	}

	for name, c := range map[string]struct {
		text string
		file []byte
		want string
	}{
		"both":       {"Штраф\t-1", table.Bytes(), "Вставлены строки и выбран файл. Оставьте что-то одно."},
		"no table":   {"", append([]byte("PK\x03\x04"), 0, 1, 2), "Этот файл не читается как таблица CSV или XLSX. Откройте его в Excel и скопируйте строки сюда."},
		"zero bytes": {"", []byte("a;b\x00"), "Этот файл не читается как таблица CSV или XLSX. Откройте его в Excel и скопируйте строки сюда."},
		"blank":      {"", []byte("\n\n;;\n"), "В файле нет строк"},
		"large":      {"", bytes.Repeat([]byte("Штраф;-1\n"), 300_000), "Файл слишком большой. Оставьте в нём только нужные строки или разделите его на части."},
		"long":       {"", bytes.Repeat([]byte("Штраф;-1\n"), 3000), "Файл слишком большой. Оставьте в нём только нужные строки или разделите его на части."},
	} {
		p := pasteFile(t, anna, path, c.text, c.file)
		if p.Status != http.StatusUnprocessableEntity || p.Errors()["file"] != c.want {
			t.Errorf("%s: %d %v", name, p.Status, p.Errors())
		}
		if c.text != "" && p.Form(path).Get("text") != c.text {
			t.Errorf("%s: the typed text is lost", name)
		}
	}
	if p := anna.PostForm(path, url.Values{"text": {strings.Repeat("я", 300_000)}}).Want(http.StatusUnprocessableEntity); p.Errors()["text"] == "" {
		t.Errorf("a long text: %v", p.Errors())
	}
	long := url.Values{"batch": {winddown.ID{1}.String()}, "today": {"2026-11-22"}, "text": {"Штраф\t-1\n" + strings.Repeat("я", 300_000)}}
	if p := anna.PostForm(lines, long).Want(http.StatusUnprocessableEntity); p.Errors()["text"] != "Таблица слишком длинная. Вставьте её по частям." {
		t.Errorf("a long text, as if it had been shown: %v", p.Errors())
	}
	if answer := half(t, s, anna, path, 1<<30, ""); !strings.HasPrefix(answer, "HTTP/1.1 413 ") {
		t.Errorf("a body that is too large is not refused before it is read: %.200q", answer)
	}
	anna.Post(path, "multipart/form-data; boundary=x", strings.NewReader("--x\r\nnothing")).Want(http.StatusUnprocessableEntity)
	anna.Post(path, "multipart/form-data; boundary=x", io.LimitReader(unending{}, 64<<20)).Want(http.StatusRequestEntityTooLarge)
}

// unending is a form whose field does not end.
type unending struct{}

func (unending) Read(p []byte) (int, error) {
	head := "--x\r\nContent-Disposition: form-data; name=\"text\"\r\n\r\n"
	for i := range p {
		p[i] = 'x'
	}
	return copy(p, head) + max(0, len(p)-len(head)), nil
}

// A debt to the marketplace is told wherever the case is looked at.
func TestDebtIsTheFirstRisk(t *testing.T) {
	s := testkit.Start(t)
	anna, buh := s.SignUp("Петрова", "petrova"), s.SignUp("Иванова", "ivanova")
	id := anna.OpenCase("ИП Петрова", 1)
	anna.Join(buh, id, winddown.Accountant)
	sees := func(c *testkit.Client, path, text string) bool {
		return strings.Contains(strings.ReplaceAll(c.Get(path).Want(http.StatusOK).Main(), "\u00a0", " "), text)
	}
	checklist, seller := "/cases/"+id.String(), "/sellers/"+id.String()
	if sees(anna, checklist, "Вы должны WB") || sees(buh, "/sellers", "Долг") {
		t.Error("there is no debt yet")
	}
	path := owe(t, s, anna, id, "Штраф", 46478815)
	for _, c := range []struct {
		who  *testkit.Client
		path string
		text string
	}{
		{anna, checklist, "Вы должны WB 464 788,15 ₽"},
		{anna, checklist, "скидки до 30 %"},
		{buh, seller, "Продавец должен WB 464 788,15 ₽"},
		{buh, "/sellers", "Долг 464 788,15 ₽"},
		{anna, stepPath(id, winddown.SettleDebts), "Вы должны WB 464 788,15 ₽"},
		{anna, stepPath(id, winddown.SettleDebts), "Расчёты не сведены к нулю: осталось 464 788,15 ₽"},
	} {
		if !sees(c.who, c.path, c.text) {
			t.Errorf("%s: %s lacks %q", c.who.Name, c.path, c.text)
		}
	}
	if page := anna.Get(checklist); !page.HasLink(debtsPath(id)) || !page.HasLink("/cases/"+id.String()+"/deadlines") {
		t.Error("the checklist does not lead to the debts and deadlines")
	}

	// The step that settles the debts cannot be marked before, and is suspended after.
	anna.Mark(id, append(testkit.Goods(), winddown.RequestAct, winddown.ReceiveAct, winddown.SignAct)...)
	mark := url.Values{"done": {"yes"}, "on": {"2026-11-22"}, "version": {"1"}}
	refused := anna.PostForm(stepPath(id, winddown.SettleDebts), mark).Want(http.StatusUnprocessableEntity)
	if !strings.Contains(strings.ReplaceAll(refused.Errors()["done"], "\u00a0", " "), "осталось −464 788,15 ₽") {
		t.Errorf("mistakes %v", refused.Errors())
	}
	anna.PostForm(path+"/settle", anna.Get(path).Form(path+"/settle")).Want(http.StatusSeeOther)
	anna.PostForm(stepPath(id, winddown.SettleDebts), mark).Want(http.StatusSeeOther)
	if sees(anna, checklist, "Вы должны WB") {
		t.Error("a settled debt is still a risk")
	}
	anna.PostForm(path+"/reopen", anna.Get(path).Form(path+"/reopen")).Want(http.StatusSeeOther)
	if text, state := stepRow(anna.Get(checklist), winddown.SettleDebts); state != "problem" || !strings.Contains(text, "расчёты снова не сходятся") {
		t.Errorf("%s: %s", state, text)
	}
	if !sees(buh, "/sellers", "Расчёты не сходятся") {
		t.Error("the register does not say that the debts are not settled")
	}
}

// The balance an agreed act states is not forgotten: the pages offer it as a line, and
// neither the step nor the finish takes an empty ledger for a settled one.
func TestBalanceOfTheActInTheLedger(t *testing.T) {
	s := testkit.Start(t)
	anna := s.SignUp("Петрова", "petrova")
	id := anna.OpenCase("ИП Петрова", 1)
	anna.Mark(id, append(testkit.Goods(), winddown.StripMedia, winddown.RequestAct)...)
	list := "/cases/" + id.String()
	receive, settle, debts := list+"/steps/receive_act", list+"/steps/settle_debts", list+"/debts"
	anna.PostForm(receive, set(anna.Get(receive).Form(receive), "done", "yes", "reason_act_file", "Файл у бухгалтера", "ours", "43 654", "ours_side", "to_wb",
		"theirs", "43 654", "theirs_side", "to_wb")).WantRedirect(list)
	anna.Mark(id, winddown.SignAct)

	const sentence = "В акте сверки сальдо 43 654,00 ₽ в пользу WB, а в долгах ничего не записано"
	for _, path := range []string{list, settle, debts} {
		if page := anna.Get(path); page.Link("Записать сальдо акта") != debts+"?act=1#add" || !strings.Contains(page.Main(), sentence) {
			t.Errorf("%s does not offer the balance of the act", path)
		}
	}
	refused := anna.PostForm(settle, set(anna.Get(settle).Form(settle), "done", "yes")).Want(http.StatusUnprocessableEntity)
	if got := refused.Errors()["done"]; !strings.HasPrefix(got, "По акту сверки сальдо −43 654,00 ₽ (минус означает долг перед WB), а в долгах ничего не записано") {
		t.Errorf("errors %v", refused.Errors())
	}
	form := anna.Get(debts + "?act=1").Form(debts)
	if form.Get("side") != "to_wb" || form.Get("amount") != "43654,00" || form.Get("on") != "2026-11-21" || form.Get("what") != "Сальдо по акту сверки" {
		t.Errorf("the form begins with %v", form)
	}
	anna.Get(debts + "?act=x").Want(http.StatusNotFound)
	if form := anna.Get(debts + "?act=2").Form(debts); form.Get("amount") != "" {
		t.Errorf("another act fills in %v", form)
	}

	// A line of another sum is not what the act says.
	anna.PostForm(debts, set(form, "amount", "40 000")).WantRedirect(debts)
	const gap = "По акту сверки на 21 ноября 2026 сальдо 43 654,00 ₽ в пользу WB, а по строкам, не закрытым к этому дню, 40 000,00 ₽ в пользу WB."
	for _, path := range []string{settle, debts, list + "/finish"} {
		wantText(t, anna.Get(path), gap)
	}
	line := anna.Get(debts).Link("Сальдо по акту сверки")
	anna.PostForm(line+"/edit", set(anna.Get(line+"/edit").Form(line+"/edit"), "amount", "43 654")).WantRedirect(line)
	anna.PostForm(line+"/settle", anna.Get(line).Form(line+"/settle")).WantRedirect(line)
	if text := anna.Get(settle).Main(); strings.Contains(text, "По акту сверки на") {
		t.Error("the ledger says what the act says, and is doubted")
	}
	anna.Mark(id, winddown.SettleDebts)

	// Debts that came up and went again leave nothing but a confirmation.
	anna.PostForm(line+"/reopen", anna.Get(line).Form(line+"/reopen")).WantRedirect(line)
	wantText(t, anna.Get(settle), "расчёты снова не сходятся")
	anna.PostForm(line+"/settle", anna.Get(line).Form(line+"/settle")).WantRedirect(line)
	wantText(t, anna.Get(settle), "Расчёты снова сведены к нулю: подтвердите шаг")
	wantText(t, anna.Get("/cases"), "Проверьте расчёты и подтвердите шаг «Погасить задолженность»")
}
