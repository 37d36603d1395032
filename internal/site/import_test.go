package site_test

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/xuri/excelize/v2"
	"golang.org/x/net/html"
	"golang.org/x/text/encoding/charmap"

	"winddown/internal/i18n"
	"winddown/internal/sheet"
	"winddown/internal/testkit"
	"winddown/internal/winddown"
)

// workbookOf is a workbook with these rows; a time.Time becomes a number that shows as a date.
func workbookOf(t *testing.T, rows [][]any, merge ...[2]string) []byte {
	t.Helper()
	f := excelize.NewFile()
	defer func() { _ = f.Close() }()
	for i, row := range rows {
		if err := f.SetSheetRow("Sheet1", fmt.Sprintf("A%d", i+1), &row); err != nil {
			t.Fatal(err)
		}
	}
	for _, m := range merge {
		if err := f.MergeCell("Sheet1", m[0], m[1]); err != nil {
			t.Fatal(err)
		}
	}
	var b bytes.Buffer
	if err := f.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// bring uploads a table and returns its preview.
func bring(t *testing.T, c *testkit.Client, name string, content []byte) *testkit.Page {
	t.Helper()
	return c.Get(c.PostFiles("/sellers/import", "", testkit.Upload{Name: name, Content: content}).Want(http.StatusSeeOther).Location()).Want(http.StatusOK)
}

// load presses «Загрузить» and returns what became of it.
func load(t *testing.T, c *testkit.Client, preview *testkit.Page) *testkit.Page {
	t.Helper()
	action := strings.SplitN(preview.Path, "?", 2)[0] + "/load"
	return c.Get(c.PostForm(action, preview.Form(action)).Want(http.StatusSeeOther).Location()).Want(http.StatusOK)
}

// tableRows returns the text of the cells of the rows on a page, without the heading.
func tableRows(p *testkit.Page) [][]string {
	var rows [][]string
	for _, tr := range p.All(func(n *html.Node) bool { return n.Data == "tr" && n.Parent.Data == "tbody" }) {
		var row []string
		for n := range tr.ChildNodes() {
			if n.Data == "td" || n.Data == "th" {
				row = append(row, testkit.Text(n))
			}
		}
		rows = append(rows, row)
	}
	return rows
}

// planted is a table of good rows with faults among them: for each line the column at fault.
func planted(good, faults int) (rows [][]any, wrong map[int]string) {
	rows = [][]any{{"Продавцы нашей фирмы"}, {"Продавец", "ИНН", "ОГРН", "Кабинет", "FBS", "Остаток", "Что с остатком", "Ответственный", "Акт запрошен", "Номер обращения"}}
	wrong = map[int]string{}
	every := (good + faults) / faults
	for i := range good + faults {
		row := []any{fmt.Sprintf("ООО «Маяк %d»", i), testkit.INN(i), "", "", "да", "нет", "", "", "", ""}
		switch i % 4 {
		case 1:
			row[5], row[6] = 12, "распродаю"
		case 2:
			row[8], row[9] = time.Date(2026, 11, 2, 0, 0, 0, 0, time.UTC), fmt.Sprint(i)
		case 3:
			row[7], row[8] = "Коллега", "03.11.2026"
		}
		if i%every == every-1 && len(wrong) < faults {
			at, value, column := 0, any(nil), ""
			switch len(wrong) % 10 {
			case 0:
				at, value, column = 0, "", "Продавец"
			case 1:
				at, value, column = 1, "7712345678", "ИНН"
			case 2:
				at, value, column = 1, "77", "ИНН"
			case 3:
				at, value, column = 2, "1027700132196", "ОГРН или ОГРНИП"
			case 4:
				at, value, column = 3, strings.Repeat("К", 101), "Кабинет"
			case 5:
				at, value, column = 4, "иногда", "Торгует по FBS"
			case 6:
				at, value, column = 5, "", "Остаток на складах WB"
				row[6] = ""
			case 7:
				at, value, column = 7, "Никто", "Ответственный"
			case 8:
				at, value, column = 8, "31.02.2026", "Акт запрошен"
			case 9:
				at, value, column = 1, testkit.INN(0), "ИНН" // the same as the first
			}
			row[at] = value
			wrong[i+3] = column
		}
		rows = append(rows, row)
	}
	return rows, wrong
}

var importRows = flag.Int("import.rows", 500, "rows of the table that is loaded, one of 25 at fault")

// A long table with planted faults: each is named, the rest is loaded.
func TestImportOfALongTable(t *testing.T) {
	faults := *importRows / 25
	good := *importRows - faults
	s := testkit.Start(t)
	boss, colleague := s.SignUp("Главная", "boss"), s.SignUp("Коллега", "colleague")
	boss.FoundFirm("Учёт и порядок")
	boss.JoinFirm(colleague, winddown.Accountant)
	rows, wrong := planted(good, faults)
	file := workbookOf(t, rows, [2]string{"A1", "J1"})
	if len(wrong) != faults {
		t.Fatalf("%d faults planted", len(wrong))
	}
	begun := time.Now()
	preview := bring(t, boss, "продавцы.xlsx", file)
	t.Logf("%d kB were read, kept and checked in %s", len(file)>>10, time.Since(begun).Round(time.Millisecond))
	if n := rowsOf(t, s, "cases"); n != 0 {
		t.Fatalf("the preview wrote %d sellers", n)
	}
	named := map[int]string{}
	for p := preview; ; {
		for _, row := range tableRows(p) {
			var line int
			_, _ = fmt.Sscan(row[0], &line)
			named[line] = row[4]
		}
		next := p.All(func(n *html.Node) bool { return testkit.Attr(n, "rel") == "next" })
		if len(next) == 0 {
			break
		}
		p = boss.Get(testkit.Attr(next[0], "href")).Want(http.StatusOK)
	}
	if len(named) != len(wrong) {
		t.Errorf("%d faulty rows are named, want %d", len(named), len(wrong))
	}
	for line, column := range wrong {
		if !strings.HasPrefix(named[line], column+": ") {
			t.Errorf("row %d: %q, want the column %s", line, named[line], column)
		}
	}
	begun = time.Now()
	done := load(t, boss, preview)
	t.Logf("%d sellers were loaded in %s", good, time.Since(begun).Round(time.Millisecond))
	wantResults(t, done, "Добавлено", good, "Не загружено", faults)
	reg, err := s.App.Register(t.Context(), boss.Actor(), winddown.RegisterFilter{Query: testkit.INN(2)})
	if err != nil || reg.Total != good || len(reg.Rows) != 1 || reg.Rows[0].Summary.Act != winddown.Requested || reg.Rows[0].Summary.Ticket != "2" {
		t.Fatalf("the register has %d sellers, found %+v, %v", reg.Total, reg.Rows, err)
	}
	if n, err := s.App.Verify(t.Context(), reg.Rows[0].ID); err != nil || n != 3 { // opened, the gate opened, requested
		t.Errorf("the trail has %d events, %v", n, err)
	}
	mine, err := s.App.Register(t.Context(), colleague.Actor(), winddown.RegisterFilter{})
	if err != nil || mine.Total < good/5 || mine.Total > good/4 {
		t.Errorf("the colleague has %d sellers, %v", mine.Total, err)
	}

	// The table comes again with other names after its first fifth. Those of the colleague are
	// not the boss's to change.
	again, _ := planted(good, faults)
	var same, changed, refused int
	for i, row := range again[2:] {
		switch {
		case wrong[i+3] != "":
		case i < *importRows/5:
			same++
			continue
		case i%4 == 3:
			refused++
		default:
			changed++
		}
		if row[0] != "" {
			row[0] = fmt.Sprint(row[0], " плюс")
		}
	}
	preview = bring(t, boss, "новые имена.xlsx", workbookOf(t, again))
	begun = time.Now()
	done = load(t, boss, preview)
	t.Logf("%d sellers were changed in %s", changed, time.Since(begun).Round(time.Millisecond))
	wantResults(t, done, "Изменено", changed, "Без изменений", same, "Не загружено", refused+faults)
}

var betweenThousands = regexp.MustCompile(`(\d) (\d)`)

// wantResults says what the page about a load has to say: words and numbers in turn.
func wantResults(t *testing.T, done *testkit.Page, want ...any) {
	t.Helper()
	text := betweenThousands.ReplaceAllString(testkit.Text(done.ByTestID("import-results")), "$1$2")
	for i := 0; i < len(want); i += 2 {
		if sentence := fmt.Sprint(want[i], " ", want[i+1], " "); strings.Count(text, sentence) != 1 {
			t.Errorf("it says %q, not %q", text, sentence)
		}
	}
	if strings.Count(text, ".") != len(want)/2 {
		t.Errorf("it says more: %q", text)
	}
}

// rowsOf counts the rows of a table of the database.
func rowsOf(t *testing.T, s *testkit.Site, table string) (n int) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), s.DatabaseURL)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(t.Context()) }()
	if err := conn.QueryRow(t.Context(), "select count(*) from "+pgx.Identifier{table}.Sanitize()).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestImportReadsWhatPeopleBring(t *testing.T) {
	s := testkit.Start(t)
	c := s.SignUp("Ким", "kim")
	cyrillic, err := charmap.Windows1251.NewEncoder().String("Наши продавцы;;;;\r\n;;;;\r\nНазвание;ИНН;FBS;Остатки;Дата запроса\r\n\"ООО \"\"Ёлка\"\"\";" + testkit.INN(1) + ";да;нет;12.11.2026\r\n")
	if err != nil {
		t.Fatal(err)
	}
	day := time.Date(2026, 11, 12, 0, 0, 0, 0, time.UTC)
	for name, x := range map[string]struct {
		file string
		want string // the seller and the day
	}{
		"windows-1251.csv": {cyrillic, `ООО "Ёлка" 2026-11-12`},
		"utf-8.csv":        {"\ufeffSeller,INN,FBS,Stock,Act requested\nElka," + testkit.INN(2) + ",no,0,2026-11-12\n", "Elka 2026-11-12"},
		"tabs.txt":         {"Клиент\tИНН\tFBS\tОстаток\tЗапрос акта\nСосна\t" + testkit.INN(3) + "\t+\t-\t46338\n", "Сосна 2026-11-12"},
		"merged.xlsx": {string(workbookOf(t, [][]any{{"Работа с уходом"}, {"Продавец", nil, "Товар", nil, "Акт сверки"}, {"Название", "ИНН", "FBS", "Остатки на складах WB", "Дата запроса"},
			{"=СУММ(1;1)", testkit.INN(4), "да", 0, day}}, [2]string{"A1", "E1"}, [2]string{"A2", "B2"}, [2]string{"C2", "D2"})), "=СУММ(1;1) 2026-11-12"},
	} {
		t.Run(name, func(t *testing.T) {
			preview := bring(t, c, name, []byte(x.file))
			id := preview.Path[strings.LastIndexByte(preview.Path, '/')+1:]
			if rows := tableRows(preview); len(rows) != 1 || !preview.HasTestID("import-new") {
				t.Fatalf("%s: %s", id, preview.Main())
			}
			load(t, c, preview)
			again := bring(t, c, name, []byte(x.file))
			if again.HasTestID("import-new") || again.HasTestID("import-changed") || !again.HasTestID("import-unchanged") || again.HasForm(again.Path+"/load") {
				t.Errorf("the second time: %s", again.Main())
			}
			name, day, _ := strings.Cut(x.want, " 2026")
			reg, err := s.App.Register(t.Context(), c.Actor(), winddown.RegisterFilter{Query: name})
			if err != nil || len(reg.Rows) != 1 || reg.Rows[0].Seller.Name != name || reg.Rows[0].Summary.ActOn.String() != "2026"+day {
				t.Errorf("found %+v, %v", reg.Rows, err)
			}
		})
	}
}

// zeros is a body of zeros that counts what is taken of it.
type zeros struct{ left, taken int64 }

func (e *zeros) Read(p []byte) (int, error) {
	if e.left <= 0 {
		return 0, io.EOF
	}
	n := min(int64(len(p)), e.left)
	clear(p[:n])
	e.left, e.taken = e.left-n, e.taken+n
	return int(n), nil
}

func TestImportRefusesWhatIsTooMuch(t *testing.T) {
	s := testkit.Start(t)
	c := s.SignUp("Ким", "kim")
	body := &zeros{left: 50 << 20}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL+"/sellers/import", body)
	if err != nil {
		t.Fatal(err)
	}
	r.ContentLength = body.left
	r.Header.Set("Content-Type", "multipart/form-data; boundary=x")
	r.Header.Set("Expect", "100-continue")
	r.AddCookie(&http.Cookie{Name: s.SessionCookie(), Value: c.Cookie(s.SessionCookie())})
	resp, err := (&http.Transport{ExpectContinueTimeout: time.Minute}).RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	said, _ := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusRequestEntityTooLarge || body.taken > 0 || !strings.Contains(string(said), "Файл слишком большой") {
		t.Errorf("50 MB: %d after %d bytes", resp.StatusCode, body.taken)
	}

	// bomb is a workbook whose sheet unpacks to 256 MiB; lying says it is a kilobyte.
	bomb := func(lying bool) []byte {
		var b bytes.Buffer
		z := zip.NewWriter(&b)
		sheet := packedSpaces(t, "<worksheet><!--", 256)
		says := uint64(256 << 20)
		if lying {
			says = 1 << 10
		}
		for name, text := range map[string]string{
			"xl/workbook.xml":            `<workbook xmlns:r="r"><sheets><sheet name="a" r:id="1"/></sheets></workbook>`,
			"xl/_rels/workbook.xml.rels": `<Relationships><Relationship Id="1" Target="sheet.xml"/></Relationships>`,
		} {
			w, err := z.Create(name)
			if err == nil {
				_, err = io.WriteString(w, text)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		w, err := z.CreateRaw(&zip.FileHeader{Name: "xl/sheet.xml", Method: zip.Deflate,
			CompressedSize64: uint64(len(sheet)), UncompressedSize64: says})
		if err == nil {
			_, err = w.Write(sheet)
		}
		if err == nil {
			err = z.Close()
		}
		if err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	for name, x := range map[string]struct {
		file   []byte
		status int
		says   string
	}{
		"bomb.xlsx":     {bomb(false), http.StatusRequestEntityTooLarge, "Файл слишком большой"},
		"big.csv":       {bytes.Repeat([]byte("a;b\n"), 3<<20), http.StatusRequestEntityTooLarge, "Файл слишком большой"},
		"old.xls":       {[]byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\x00\x00"), http.StatusUnprocessableEntity, "не читается"},
		"broken.xlsx":   {[]byte("PK\x03\x04 and no more"), http.StatusUnprocessableEntity, "не читается"},
		"nothing.csv":   {[]byte("\n\n"), http.StatusUnprocessableEntity, "нет строк"},
		"empty.csv":     {nil, http.StatusUnprocessableEntity, "Файл пуст"},
		"lying-10.xlsx": {bomb(true), http.StatusUnprocessableEntity, "не читается"},
	} {
		begun := time.Now()
		p := c.PostFiles("/sellers/import", "", testkit.Upload{Name: name, Content: x.file}).Want(x.status)
		if !strings.Contains(p.Errors()["file"], x.says) {
			t.Errorf("%s: %v, want «%s»", name, p.Errors(), x.says)
		}
		t.Logf("%s, %d kB, was refused in %s", name, len(x.file)>>10, time.Since(begun).Round(time.Millisecond))
	}
	many := bytes.NewBufferString("Продавец;ИНН\n")
	for i := range winddown.MaxImportRows + 1 {
		fmt.Fprintf(many, "ИП %d;%s\n", i, testkit.INN(i))
	}
	if p := bring(t, c, "many.csv", many.Bytes()); !strings.Contains(p.Errors()[""], "5 001 строка,") || p.HasForm(p.Path+"/load") {
		t.Errorf("too many rows: %v", p.Errors())
	}
}

// packedSpaces is a text and so many mebibytes of spaces, compressed. The first of them is
// packed, the others repeat its bytes: packing 256 of them takes its time.
func packedSpaces(t *testing.T, text string, mebibytes int) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, flate.BestSpeed)
	pack := func(text string) []byte {
		from := b.Len()
		if err == nil {
			_, err = io.WriteString(w, text)
		}
		if err == nil {
			err = w.Flush()
		}
		if err != nil {
			t.Fatal(err)
		}
		return b.Bytes()[from:]
	}
	pack(text)
	pack(strings.Repeat(" ", 1<<20))
	again := bytes.Repeat(pack(strings.Repeat(" ", 1<<20)), mebibytes-1)
	b.Write(again)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// What is not found by itself is said in a form; the rest of the way is that of F1.
func TestImportByHand(t *testing.T) {
	s := testkit.Start(t)
	c, stranger := s.SignUp("Ким", "kim"), s.SignUp("Чужая", "stranger")
	c.AddSeller("ИП Первая", 9) // with a seller she has a firm
	file := "Фирма;Номер;Письма\nИП Ким;" + testkit.INN(1) + ";kim@example.com\nИП Ким;" + testkit.INN(2) + "8;\n"
	preview := bring(t, c, "как есть.csv", []byte(file))
	path := preview.Path
	form := preview.Form(path)
	if form.Get("header") != "1" || form.Get("inn") != "1" || form.Get("email") != "" {
		t.Fatalf("what is found in a table without known names: %v", form)
	}
	form.Set("inn", "")
	preview = c.Get(c.PostForm(path, form).WantRedirect(path).Location()).Want(http.StatusOK)
	if preview.Errors()["inn"] == "" || preview.HasForm(path+"/load") {
		t.Errorf("a table without numbers: %v", preview.Errors())
	}
	form.Set("header", "9")
	if p := c.PostForm(path, form).Want(http.StatusUnprocessableEntity); p.Errors()["header"] == "" || p.Form(path).Get("header") != "9" {
		t.Errorf("a row that is not there: %v", p.Errors())
	}
	for field, value := range map[string]string{"header": "1", "seller_name": "0", "inn": "1", "email": "2", "default_fbs": "no", "default_wb_stock": "no"} {
		form.Set(field, value)
	}
	preview = c.Get(c.PostForm(path, form).WantRedirect(path).Location()).Want(http.StatusOK)
	if rows := tableRows(preview); len(rows) != 1 || rows[0][0] != "3" || !strings.HasPrefix(rows[0][4], "ИНН: ") {
		t.Fatalf("the faulty row: %v", rows)
	}
	stranger.Get(path).Want(http.StatusNotFound)
	stranger.PostForm(path+"/load", url.Values{}).Want(http.StatusNotFound)

	faults, err := sheet.ReadXLSX(bytes.NewReader([]byte(c.Get(path+"/faults.xlsx").Want(http.StatusOK).Body)), int64(len(c.Get(path+"/faults.xlsx").Body)), exportLimits)
	if err != nil || len(faults) != 2 || strings.Join(faults[0], ";") != "Продавец;ИНН;E-mail продавца;Причина" || !strings.HasPrefix(faults[1][3], "ИНН: ") {
		t.Errorf("the file of faults: %q, %v", faults, err)
	}

	// Columns that are not looked at do not come back, whatever the name of the file.
	wide := bring(t, c, "ши\xffрокий"+strings.Repeat("й", 300)+".csv", []byte("Продавец;ИНН"+strings.Repeat(";х", 500)+"\nИП Ким;1"+strings.Repeat(";х", 600)+"\n"))
	body := c.Get(wide.Path + "/faults.xlsx").Want(http.StatusOK).Body
	faults, err = sheet.ReadXLSX(strings.NewReader(body), int64(len(body)), exportLimits)
	if err != nil || len(faults) != 2 || len(faults[1]) != winddown.MaxImportColumns+1 || !strings.HasPrefix(faults[1][winddown.MaxImportColumns], "ИНН: ") {
		t.Errorf("the faults of a wide table: %.200q, %v", faults, err)
	}
	preview = bring(t, c, "как есть.csv", []byte(file))
	path = preview.Path
	preview = c.Get(c.PostForm(path, form).WantRedirect(path).Location()).Want(http.StatusOK)

	// Somebody else adds the seller between preview and load.
	known := c.AddSeller("ИП Ким", 1)
	stale := c.PostForm(path+"/load", preview.Form(path+"/load")).Want(http.StatusConflict)
	if len(stale.Errors()) == 0 || stale.HasForm(path+"/load") || !stale.HasTestID("import-unchanged") {
		t.Errorf("a preview that is no longer true: %v, %s", stale.Errors(), stale.Main())
	}
	if _, err := s.App.Archive(t.Context(), c.Actor(), []winddown.ID{known}, true); err != nil {
		t.Fatal(err)
	}
	if rows := tableRows(c.Get(path + "?show=unchanged").Want(http.StatusOK)); len(rows) != 1 || !strings.HasPrefix(rows[0][4], "В архиве") {
		t.Errorf("a seller in the archive: %v", rows)
	}
	preview = bring(t, c, "как есть.csv", []byte("Продавец;ИНН;FBS;Остаток;E-mail\nИП Ким;"+testkit.INN(3)+";да;нет;kim@example.com\n"))
	gone := c.Get(path).Want(http.StatusNotFound)
	if !strings.Contains(gone.Main(), "Незагруженный файл хранится, пока нет следующего. Ваш последний файл: «как есть.csv»") || !gone.HasLink(preview.Path) {
		t.Errorf("the table before is said to be gone as\n%s", gone.Main())
	}
	for _, action := range []string{path, path + "/load"} {
		if p := c.PostForm(action, url.Values{"plan": {"x"}}).Want(http.StatusNotFound); !p.HasLink(preview.Path) {
			t.Errorf("what %s says leads nowhere: %s", action, p.Main())
		}
	}
	if p := stranger.Get(path).Want(http.StatusNotFound); strings.Contains(p.Main(), "проверка") {
		t.Errorf("a stranger is told %s", p.Main())
	}
	path = preview.Path
	done := load(t, c, preview)
	if !done.HasForm(path + "/invites.xlsx") {
		t.Fatal("nobody can be invited")
	}
	c.PostForm(path+"/invites.xlsx", url.Values{}).Want(http.StatusUnprocessableEntity)
	links := c.PostForm(path+"/invites.xlsx", url.Values{"who": {"addressed"}}).Want(http.StatusOK)
	rows, err := sheet.ReadXLSX(strings.NewReader(links.Body), int64(len(links.Body)), exportLimits)
	if err != nil || len(rows) != 2 || rows[1][2] != "kim@example.com" {
		t.Fatalf("the links: %q, %v", rows, err)
	}
	guest := s.SignUp("Продавец", "seller")
	link := strings.TrimPrefix(rows[1][3], s.URL)
	guest.PostForm(link, url.Values{}).Want(http.StatusSeeOther)
	c.PostForm(path+"/invites.xlsx", url.Values{"who": {"all"}}).Want(http.StatusConflict)
	// Pressing the button twice, or going back to it, loads nothing a second time.
	before := rowsOf(t, s, "cases")
	c.PostForm(path+"/load", url.Values{"plan": {"x"}}).WantRedirect(path)
	if after := rowsOf(t, s, "cases"); after != before {
		t.Errorf("%d sellers became %d", before, after)
	}
}

// Whoever looks for the button meets first what is wrong, with the way to each row.
func TestFaultsStandAboveTheButton(t *testing.T) {
	s := testkit.Start(t)
	c := s.SignUp("Ким", "kim")
	table := "Продавец;ИНН;FBS;Остаток\nИП Первая;" + testkit.INN(1) + ";да;нет\n"
	for range 7 {
		table += "ИП Ким;77;да;\n"
	}
	preview := bring(t, c, "как есть.csv", []byte(table))
	notice := testkit.Text(preview.One("a warning", func(n *html.Node) bool { return testkit.Attr(n, "class") == "notice warning" }))
	for _, want := range []string{"7 строк с ошибками", "Строка 3 — ИНН: ", "; Остаток на складах WB: ", "Строка 7 — ", "И ещё 2 строки"} {
		if !strings.Contains(notice, want) {
			t.Errorf("%q is not in %q", want, notice)
		}
	}
	if strings.Contains(notice, "Строка 8") || strings.Contains(notice, "Строка 2") {
		t.Errorf("rows that belong elsewhere are in %q", notice)
	}
	href := preview.Path + "?show=faulty"
	if row := c.Get(href).Want(http.StatusOK).ByID("row-7"); !preview.HasLink(href+"#row-7") || !preview.HasLink(href) || !strings.Contains(testkit.Text(row), "ИНН: ") {
		t.Error("nothing leads to the row")
	}
	if body := preview.Body; strings.Index(body, "#row-3") > strings.Index(body, preview.Path+"/load") {
		t.Error("the button stands above what is wrong")
	}
	if one := bring(t, c, "одна.csv", []byte("Продавец;ИНН;FBS;Остаток\nИП Ким;77;да;нет\n")); strings.Contains(one.Main(), "И ещё") {
		t.Errorf("more is said to be wrong: %s", one.Main())
	}
}

// One number with two names is said above the button and in the rows, wherever those stand, and the rows are loaded.
func TestImportWarnsOfTwoNames(t *testing.T) {
	s := testkit.Start(t)
	c := s.SignUp("Ким", "kim")
	c.AddSeller("ООО «Маяк»", 1)
	table := "Продавец;ИНН;Кабинет;FBS;Остаток\n"
	for i := range 105 {
		table += fmt.Sprintf("ИП %d;%s;;да;нет\n", i, testkit.INN(i+2))
	}
	preview := bring(t, c, "как есть.csv", []byte(table+"ООО Берег;"+testkit.INN(1)+";второй;да;нет\n"))
	const said = "Проверьте ИНН и название. В вашем списке с этим ИНН: ООО «Маяк»"
	notice := testkit.Text(preview.One("a warning", func(n *html.Node) bool { return testkit.Attr(n, "class") == "notice warning" }))
	if !strings.Contains(notice, "1 строка, где с тем же ИНН") || !strings.Contains(notice, "Строка 107 — "+said) {
		t.Errorf("above the button stands %q", notice)
	}
	href := preview.Path + "?show=warned"
	if row := c.Get(href).Want(http.StatusOK).ByID("row-107"); !preview.HasLink(href+"#row-107") || !strings.Contains(testkit.Text(row), said) {
		t.Errorf("the row says %q", testkit.Text(row))
	}
	if row := c.Get(preview.Path + "?from=100&show=new").Want(http.StatusOK).ByID("row-107"); !strings.Contains(testkit.Text(row), said) {
		t.Errorf("among the others the row says %q", testkit.Text(row))
	}
	wantResults(t, load(t, c, preview), "Добавлено", 106)

	// All of them, new and changed, stand under a tab of their own; what is not loaded or there already is not among them.
	table = "Продавец;ИНН;Кабинет;FBS;Остаток\nИП 0;" + testkit.INN(2) + ";;да;нет\n"
	for i := range 6 {
		table += fmt.Sprintf("ИП Другая %d;%s;новый %d;да;нет\n", i, testkit.INN(2), i)
	}
	preview = bring(t, c, "ещё.csv", []byte(table+"ИП Опять;"+testkit.INN(2)+";новый 0;да;нет\nИП Иная;"+testkit.INN(3)+";;да;нет\n"))
	href = preview.Path + "?show=warned"
	if preview.Link("И ещё 2 строки") != href || !preview.HasLink(href+"#row-7") || preview.HasLink(href+"#row-8") ||
		testkit.Text(preview.ByTestID("import-warned")) != "С другим названием: 7" || testkit.Text(preview.ByTestID("import-faulty")) != "С ошибками: 1" ||
		testkit.Text(preview.ByTestID("import-unchanged")) != "Без изменений: 1" {
		t.Errorf("above the table stands\n%s", preview.Main())
	}
	rows := c.Get(href).Want(http.StatusOK).All(func(n *html.Node) bool { return strings.HasPrefix(testkit.Attr(n, "id"), "row-") })
	var lines []string
	for _, row := range rows {
		lines = append(lines, strings.TrimPrefix(testkit.Attr(row, "id"), "row-"))
		if !strings.Contains(testkit.Text(row), "Проверьте ИНН и название.") {
			t.Errorf("the row says %q", testkit.Text(row))
		}
	}
	if got := strings.Join(lines, " "); got != "3 4 5 6 7 8 10" {
		t.Errorf("under the tab stand the rows %s", got)
	}
}

// What was chosen by hand holds for the next file with the same heading, wherever that stands, and
// for no other.
func TestImportRemembersWhatWasChosen(t *testing.T) {
	s := testkit.Start(t)
	c, colleague := s.SignUp("Ким", "kim"), s.SignUp("Вторая", "second")
	c.FoundFirm("Учёт и порядок")
	c.JoinFirm(colleague, winddown.Lead)
	row := func(n int) string { return "\nИП Ким;" + testkit.INN(n) + ";1;kim@example.com\n" }
	const heading = "Фирма; Номер ;Склад-2;Письма"
	first := bring(t, c, "первый.csv", []byte(heading+row(1)))
	form := first.Form(first.Path)
	for field, value := range map[string]string{"header": "1", "seller_name": "0", "inn": "1", "fbs": "2", "email": "3", "default_wb_stock": "no"} {
		form.Set(field, value)
	}
	c.PostForm(first.Path, form).WantRedirect(first.Path)
	const kept = "Колонки и ответы по умолчанию такие же, как вы выбрали"
	if p := c.Get(first.Path); strings.Contains(p.Main(), kept) || !p.HasForm(first.Path+"/load") {
		t.Errorf("the file it was chosen for: %s", p.Main())
	}
	load(t, c, c.Get(first.Path))

	again := bring(t, c, "второй.csv", []byte("Продавцы на 22 ноября\nФирма;Номер;Склад-2; Письма"+row(2)))
	form.Set("header", "2")
	if got := again.Form(again.Path); got.Encode() != form.Encode() || !strings.Contains(again.Main(), kept) {
		t.Errorf("the same heading: %v, want %v\n%s", got, form, again.Main())
	}
	load(t, c, again)
	for who, table := range map[*testkit.Client]string{c: "Фирма;Номер;Склад-2;Письмо" + row(3), colleague: heading + row(3)} {
		if p := bring(t, who, "другой.csv", []byte(table)); strings.Contains(p.Main(), kept) || p.Form(p.Path).Get("email") != "" {
			t.Errorf("%s has the columns of another table: %s", who.Name, p.Main())
		}
	}
	if p := c.PostFiles("/sellers/import", "", testkit.Upload{Name: "пусто.csv"}).Want(http.StatusUnprocessableEntity); p.Errors()["file"] != "Файл пуст. Выберите другой" {
		t.Errorf("an empty file: %v", p.Errors())
	}
	if p := c.PostFiles("/sellers/import", "", testkit.Upload{}).Want(http.StatusUnprocessableEntity); p.Errors()["file"] != "Выберите файл" {
		t.Errorf("no file: %v", p.Errors())
	}
}

// Inviting the added sellers by mail is a choice of its own with a page that says to whom;
// where it cannot be done the result says why.
func TestMailToImportedSellers(t *testing.T) {
	s := testkit.Start(t, testkit.WithMail())
	c := s.SignUp("Ким", "kim")
	c.AddSeller("ИП Первая", 1)
	table := "Продавец;ИНН;FBS;Остаток;E-mail\n"
	for i := range 103 {
		table += fmt.Sprintf("ИП Ким %d;%s;да;нет;seller%d@example.com\n", i, testkit.INN(10+i), i)
	}
	table += "ИП Без адреса;" + testkit.INN(2) + ";да;нет;\n"
	preview := bring(t, c, "почта.csv", []byte(table))
	path := preview.Path
	c.Get(path + "/mail").WantRedirect(path) // nothing is loaded yet
	done := load(t, c, preview)
	if !strings.Contains(done.Main(), "сначала подтвердите свой адрес") || done.HasLink(path+"/mail") {
		t.Errorf("an unconfirmed address: %s", done.Main())
	}
	c.Get(path + "/mail").WantRedirect(path)
	c.PostForm(path+"/mail", url.Values{"letters": {"103"}}).Want(http.StatusConflict)
	c.Confirm()
	if got := c.Get(path).Link("Отправить приглашения 103 продавцам"); got != path+"/mail" {
		t.Errorf("the choice leads to %s", got)
	}
	ask := c.Get(path + "/mail").Want(http.StatusOK)
	if ask.Heading() != "Отправить приглашения 103 продавцам?" || !strings.Contains(ask.Main(), "seller99@example.com") || strings.Contains(ask.Main(), "seller100@example.com") {
		t.Errorf("the page says %s", ask.Main())
	}
	if more := c.Get(path + "/mail?from=100").Want(http.StatusOK); !strings.Contains(more.Main(), "seller102@example.com") {
		t.Errorf("the second page says %s", more.Main())
	}
	for _, from := range []string{"103", "-1", "x"} {
		c.Get(path + "/mail?from=" + from).Want(http.StatusNotFound)
	}
	stale := c.PostForm(path+"/mail", url.Values{"letters": {"5"}}).Want(http.StatusConflict)
	if stale.Form(path+"/mail").Get("letters") != "103" || len(stale.Errors()) == 0 {
		t.Errorf("another number: %v", stale.Errors())
	}
	if n := rowsOf(t, s, "invites"); n != 0 {
		t.Errorf("%d invitations before the button was pressed", n)
	}
	// Later the same asks who it is, and keeps what was chosen.
	s.Clock.Advance(winddown.ProofTerm + time.Minute)
	if asked := c.PostForm(path+"/invites.xlsx", url.Values{"who": {"all"}}).Want(http.StatusForbidden).Form(path + "/invites.xlsx"); asked.Get("who") != "all" {
		t.Errorf("the choice is lost: %v", asked)
	}
	asked := c.PostForm(path+"/mail", ask.Form(path+"/mail")).Want(http.StatusForbidden).Form(path + "/mail")
	if n := rowsOf(t, s, "invites"); n != 0 {
		t.Errorf("%d invitations without a proof", n)
	}
	asked.Set("proof_password", testkit.Password)
	c.PostForm(path+"/mail", asked).WantRedirect(path)
	for range 2 { // twice sends nothing twice
		c.PostForm(path+"/mail", ask.Form(path+"/mail")).WantRedirect(path)
	}
	if n := rowsOf(t, s, "invites"); n != 103 {
		t.Errorf("%d invitations", n)
	}
	done = c.Get(path)
	if !strings.Contains(done.Main(), "Приглашения отправлены письмом 103 продавцам.") || done.HasLink(path+"/mail") {
		t.Errorf("afterwards the result says %s", done.Main())
	}
	s.SignUp("Чужая", "stranger").Get(path + "/mail").Want(http.StatusNotFound)
	tries := 0
	for c.PostForm(path+"/mail", url.Values{"letters": {"1"}}).Status != http.StatusTooManyRequests {
		if tries++; tries > 10 {
			t.Fatal("tables are sent without a limit")
		}
	}

	silent := testkit.Start(t)
	c = silent.SignUp("Ким", "kim")
	c.AddSeller("ИП Первая", 1)
	done = load(t, c, bring(t, c, "почта.csv", []byte(table)))
	if !strings.Contains(done.Main(), "эта установка не отправляет писем") || done.HasLink(done.Path+"/mail") {
		t.Errorf("without mail the result says %s", done.Main())
	}
	c.PostForm(done.Path+"/mail", url.Values{"letters": {"103"}}).Want(http.StatusConflict)
}

// A further file leaves what was loaded as it is: its result, its links and its letters.
func TestAnotherFileLeavesWhatWasLoaded(t *testing.T) {
	s := testkit.Start(t, testkit.WithMail())
	c := s.SignUp("Ким", "kim")
	c.Confirm()
	c.AddSeller("ИП Первая", 9)
	file := func(n int) []byte {
		return []byte(fmt.Sprintf("Продавец;ИНН;FBS;Остаток;E-mail\nИП Ким %d;%s;да;нет;kim%d@example.com\n", n, testkit.INN(n), n))
	}
	first := load(t, c, bring(t, c, "первый.csv", file(1)))
	second := bring(t, c, "второй.csv", file(2)).Path
	third := bring(t, c, "третий.csv", file(3))
	if p := c.Get(second).Want(http.StatusNotFound); !p.HasLink(third.Path) {
		t.Errorf("of a file that was not loaded it says %s", p.Main())
	}
	c.PostForm(second+"/invites.xlsx", url.Values{"who": {"all"}}).Want(http.StatusNotFound)
	loaded := load(t, c, third)
	for _, done := range []*testkit.Page{first, loaded} {
		if p := c.Get(done.Path).Want(http.StatusOK); p.Main() != done.Main() {
			t.Errorf("the result has become\n%s\nfrom\n%s", p.Main(), done.Main())
		}
	}
	c.PostForm(first.Path+"/mail", c.Get(first.Path+"/mail").Want(http.StatusOK).Form(first.Path+"/mail")).WantRedirect(first.Path)
	links := c.PostForm(first.Path+"/invites.xlsx", url.Values{"who": {"addressed"}}).Want(http.StatusOK)
	rows, err := sheet.ReadXLSX(strings.NewReader(links.Body), int64(len(links.Body)), exportLimits)
	if err != nil || len(rows) != 2 || rows[1][2] != "kim1@example.com" {
		t.Errorf("the links of the first file: %q, %v", rows, err)
	}
}

// What the pages call a value heads its column, in either language.
func TestImportKnowsTheProductsOwnWords(t *testing.T) {
	for _, locale := range i18n.Locales() {
		p := i18n.For(locale)
		for f, keys := range map[winddown.ImportField][]string{
			winddown.ImportName: {"requisites.name", "export.column.seller", "register.column.seller"}, winddown.ImportINN: {"requisites.inn", "export.column.inn"},
			winddown.ImportOGRN: {"requisites.ogrn"}, winddown.ImportCabinet: {"requisites.cabinet", "export.column.cabinet"},
			winddown.ImportFBS: {"question.fbs"}, winddown.ImportStock: {"question.wb_stock"}, winddown.ImportLeftover: {"question.leftover"},
			winddown.ImportResponsible: {"export.column.responsible", "register.column.responsible", "role.accountant"},
			winddown.ImportTicket:      {"export.column.ticket", "seller.act.ticket"}, winddown.ImportActOn: {}, winddown.ImportEmail: {},
		} {
			for _, key := range append(keys, "import.field."+string(f)) {
				row := []string{p.T("import.field.seller_name"), p.T("import.field.inn"), p.T(key)}
				if f == winddown.ImportName || f == winddown.ImportINN {
					row = []string{p.T("import.field.fbs"), p.T("import.field.wb_stock"), p.T(key)}
				}
				if at, ok := winddown.FindLayout([][]string{row}).Columns[f]; !ok || at != 2 {
					t.Errorf("%s: «%s» is no column %s", locale, p.T(key), f)
				}
			}
		}
	}
}

// The template is a table that loads as it is.
func TestImportTemplate(t *testing.T) {
	s := testkit.Start(t)
	c := s.SignUp("Ким", "kim")
	c.AddSeller("ИП Первая", 1)
	for _, locale := range []string{"ru", "en"} {
		c.PostForm("/locale", url.Values{"locale": {locale}, "next": {"/"}})
		file := c.Get("/sellers/import/template.xlsx").Want(http.StatusOK)
		preview := bring(t, c, "template.xlsx", []byte(file.Body))
		if rows := tableRows(preview); len(rows) != 1 || !preview.HasTestID("import-new") {
			t.Errorf("%s: %s", locale, preview.Main())
		}
		for _, f := range winddown.ImportFields() {
			if preview.Form(preview.Path).Get(string(f)) == "" {
				t.Errorf("%s: the column of %s is not found", locale, f)
			}
		}
	}
}
