package site_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"

	"winddown/internal/sheet"
	"winddown/internal/testkit"
	"winddown/internal/winddown"
)

var exportLimits = sheet.Limits{Rows: 10_000, Cells: 1_000_000, Bytes: 64 << 20}

// csvRows downloads the register as CSV and returns its lines under the header.
func csvRows(t *testing.T, c *testkit.Client, address string) [][]string {
	t.Helper()
	page := c.Get(address).Want(http.StatusOK)
	if !strings.HasPrefix(page.Body, "\ufeffПродавец;ИНН;") {
		t.Fatalf("%s begins with %q", address, page.Body[:min(60, len(page.Body))])
	}
	rows, err := sheet.ReadCSV(strings.NewReader(page.Body), exportLimits)
	if err != nil {
		t.Fatalf("%s: %v", address, err)
	}
	return rows[1:]
}

// practice is an accountant with sellers in several groups, one of them with a hostile name.
func practice(t *testing.T, s *testkit.Site, sellers int) *testkit.Client {
	t.Helper()
	c := s.SignUp("Мария Иванова", "ivanova")
	for i := range sellers {
		name := fmt.Sprintf("ООО «Маяк %d»", i)
		if i == 2 {
			name = `=HYPERLINK("http://evil.example";"ООО")`
		}
		id := c.AddSeller(name, i+1)
		switch i % 5 {
		case 1:
			c.Mark(id, testkit.Goods()...)
		case 2:
			c.Mark(id, append(testkit.Goods(), winddown.RequestAct)...)
		case 3:
			c.Mark(id, append(testkit.Goods(), winddown.StripMedia, winddown.RequestAct, winddown.ReceiveAct, winddown.SignAct)...)
		}
	}
	return c
}

func TestExportCSV(t *testing.T) {
	s := testkit.Start(t)
	c := practice(t, s, 7)
	rows := csvRows(t, c, "/sellers.csv")
	if len(rows) != 7 {
		t.Fatalf("%d rows", len(rows))
	}
	for _, row := range rows {
		if strings.HasPrefix(row[0], "=") {
			t.Errorf("a formula arrived: %q", row[0])
		}
		if len(row[1]) != 10 && len(row[1]) != 12 {
			t.Errorf("ИНН %q", row[1])
		}
		if row[4] == "Запрошен" && row[5] != "2026-11-22" {
			t.Errorf("requested on %q", row[5])
		}
	}
	if at := slices.IndexFunc(rows, func(r []string) bool { return strings.HasPrefix(r[0], "'=HYPERLINK") }); at < 0 || rows[at][4] != "Запрошен" {
		t.Errorf("the hostile name is not there as text: %q", rows)
	}
	h := c.Get("/sellers.csv").Header
	if got := h.Get("Content-Disposition"); !strings.HasPrefix(got, "attachment;") || h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Cache-Control") != "no-store" {
		t.Errorf("headers %v", h)
	}
	if n := c.Downloads(); n != 2 {
		t.Errorf("the trail knows %d downloads", n)
	}
	if got := c.Get("/sellers.csv?act=perhaps").Want(http.StatusUnprocessableEntity); got.Header.Get("Content-Disposition") != "" {
		t.Error("a file was begun for an unknown filter")
	}
	c.PostForm("/locale", url.Values{"locale": {"en"}})
	if body := c.Get("/sellers.csv").Body; !strings.HasPrefix(body, "\ufeffSeller;INN;") {
		t.Errorf("in English it begins with %q", body[:40])
	}
	stranger := s.SignUp("Пётр Чужой", "chuzhoi")
	c.Get("/sellers.csv?responsible=" + stranger.ID.String()).Want(http.StatusNotFound)
	c.Get("/sellers.xlsx?responsible=" + stranger.ID.String()).Want(http.StatusNotFound)
	if rows := csvRows(t, stranger, "/sellers.csv"); len(rows) != 0 {
		t.Errorf("a stranger sees %d rows", len(rows))
	}
}

// The file has the rows of the screen, in the same order, under any filter.
func TestExportIsWhatTheScreenShows(t *testing.T) {
	s := testkit.Start(t)
	c := practice(t, s, 23)
	rng := rand.New(rand.NewPCG(4, 30))
	maybe := func(q url.Values, name string, values ...string) {
		for _, v := range values {
			if rng.IntN(3) == 0 {
				q.Add(name, v)
			}
		}
	}
	for range 30 {
		q := url.Values{}
		maybe(q, "act", "not_requested", "requested", "received", "signed")
		maybe(q, "group", "ready", "waiting", "debt", "early", "finished")
		maybe(q, "due", "overdue", "7", "30")
		maybe(q, "q", "маяк 1")
		maybe(q, "sort", "-name")
		maybe(q, "finished", "yes")
		screen := c.Get("/sellers?" + q.Encode()).Want(http.StatusOK)
		var shown []string
		for _, n := range screen.Sellers() {
			shown = append(shown, testkit.Text(n))
		}
		rows := csvRows(t, c, "/sellers.csv?"+q.Encode())
		if len(rows) != len(shown) {
			t.Errorf("%s: %d rows on the screen, %d in the file", q.Encode(), len(shown), len(rows))
			continue
		}
		for i, row := range rows {
			if !strings.HasPrefix(shown[i], strings.TrimPrefix(row[0], "'")) {
				t.Errorf("%s: row %d is %q in the file and %q on the screen", q.Encode(), i, row[0], shown[i])
			}
		}
		if len(rows) > 0 && screen.Link("Скачать CSV") == "" {
			t.Errorf("%s: no way to the file", q.Encode())
		}
	}
}

// workbook opens the bytes of an XLSX file.
func workbook(t *testing.T, data string) *excelize.File {
	t.Helper()
	f, err := excelize.OpenReader(strings.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	})
	return f
}

// lines are the rows of a sheet as they show.
func lines(t *testing.T, f *excelize.File, name string) [][]string {
	t.Helper()
	rows, err := f.GetRows(name)
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

func TestExportXLSX(t *testing.T) {
	s := testkit.Start(t)
	c := practice(t, s, 5)
	address := c.Get("/sellers?act=requested&sort=name").Link("Скачать XLSX")
	if address != "/sellers.xlsx?act=requested&sort=name" {
		t.Fatalf("the link leads to %q", address)
	}
	book := workbook(t, c.Get(address).Want(http.StatusOK).Body)
	if got := book.GetSheetList(); !slices.Equal(got, []string{"Продавцы", "Шаги", "Фильтры"}) {
		t.Fatalf("sheets %q", got)
	}
	sellers, steps, filters := lines(t, book, "Продавцы"), lines(t, book, "Шаги"), lines(t, book, "Фильтры")
	if len(sellers) != 2 || sellers[1][0] != `=HYPERLINK("http://evil.example";"ООО")` {
		t.Errorf("sellers %q", sellers)
	}
	if formula, err := book.GetCellFormula("Продавцы", "A2"); err != nil || formula != "" {
		t.Errorf("formula %q, %v", formula, err)
	}
	at, err := book.GetCellValue("Продавцы", "F2", excelize.Options{RawCellValue: true})
	if day, e := time.Parse(time.DateOnly, "2026-11-22"); err != nil || e != nil || at != fmt.Sprint(int(day.Sub(time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC)).Hours()/24)) {
		t.Errorf("the day of the act is stored as %q, %v", at, err)
	}
	if len(steps) != 10 || steps[1][3] != "Обнулить остатки FBS" || steps[1][4] != "Выполнено" || steps[1][6] != "Мария Иванова" || steps[5][4] != "Не начато" {
		t.Errorf("steps %q", steps)
	}
	var said []string
	for _, row := range filters {
		said = append(said, strings.Join(row, ": "))
	}
	for _, want := range []string{"Кто выгрузил: Мария Иванова", "Продавцов: 1", "Фильтр: Акт: запрошен", "Порядок внутри групп: Продавец, по алфавиту"} {
		if !slices.Contains(said, want) {
			t.Errorf("the filters lack %q: %q", want, said)
		}
	}
}
