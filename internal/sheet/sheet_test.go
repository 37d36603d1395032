package sheet_test

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/xuri/excelize/v2"

	"winddown/internal/sheet"
)

var (
	_ sheet.Writer = (*sheet.CSV)(nil)
	_ sheet.Writer = (*sheet.XLSX)(nil)
)

func limits() sheet.Limits { return sheet.Limits{Rows: 100, Cells: 1000, Bytes: 1 << 20} }

func moment() time.Time { return time.Date(2026, 11, 12, 14, 30, 15, 987, time.FixedZone("", 3*60*60)) }

// write writes the same table to any writer.
func write(t testing.TB, w sheet.Writer) {
	t.Helper()
	err := errors.Join(
		w.Sheet("Расчёты", sheet.Column{Title: "ИНН", Width: 14}, sheet.Column{Title: "За что"}, sheet.Column{Title: "Сумма"},
			sheet.Column{Title: "Дата"}, sheet.Column{Title: "Дней"}),
		w.Row(sheet.Text("0012345678"), sheet.Text(`Штраф; "большой"`), sheet.Money(-341820), sheet.Date(moment()), sheet.Int(-10)),
		w.Row(sheet.Text("=1+1"), sheet.Text("Строка\nи ещё <b>"), sheet.Money(1_000_000_000_000_000), sheet.Date(time.Time{}), sheet.Cell{}),
	)
	if err != nil {
		t.Fatal(err)
	}
}

func workbook(t testing.TB, at time.Time, sheets ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := sheet.NewXLSX(&b, at)
	if err != nil {
		t.Fatal(err)
	}
	write(t, w)
	for _, name := range sheets {
		if err := errors.Join(w.Sheet(name, sheet.Column{Title: "Колонка"}), w.Row(sheet.Text(name))); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func readXLSX(data []byte, l sheet.Limits) ([][]string, error) {
	return sheet.ReadXLSX(bytes.NewReader(data), int64(len(data)), l)
}

func equal(a, b [][]string) bool { return slices.EqualFunc(a, b, slices.Equal) }

func TestCSV(t *testing.T) {
	var b bytes.Buffer
	w := sheet.NewCSV(&b)
	write(t, w)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	want := "\ufeffИНН;За что;Сумма;Дата;Дней\r\n" +
		"0012345678;\"Штраф; \"\"большой\"\"\";-3418,20;2026-11-12;-10\r\n" +
		"'=1+1;\"Строка\r\nи ещё <b>\";10000000000000,00;;\r\n"
	if b.String() != want {
		t.Errorf("got  %q\nwant %q", b.String(), want)
	}
	if err := w.Sheet("2"); err == nil {
		t.Error("a second sheet was begun")
	}
	if err := sheet.NewCSV(io.Discard).Row(sheet.Int(1)); err == nil {
		t.Error("a row was written without a header")
	}
}

func TestNoFormulaRuns(t *testing.T) {
	texts := []string{"=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "=", "'=1", "a=1", "", "−5"}
	var b bytes.Buffer
	w := sheet.NewCSV(&b)
	if err := w.Sheet("", sheet.Column{Title: "=1"}); err != nil {
		t.Fatal(err)
	}
	for _, s := range texts {
		if err := w.Row(sheet.Text(s), sheet.Text("x")); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	rows, err := sheet.ReadCSV(&b, limits())
	if err != nil || len(rows) != len(texts)+1 || rows[0][0] != "'=1" {
		t.Fatalf("%q, %v", rows, err)
	}
	for i, s := range texts {
		got, want := rows[i+1][0], s
		if i < 8 {
			want = "'" + strings.ReplaceAll(s, "\r", "") // CRLF is the only line end
		}
		if got != want {
			t.Errorf("%q was written %q", s, got)
		}
	}

	var x bytes.Buffer
	book, err := sheet.NewXLSX(&x, moment())
	if err != nil {
		t.Fatal(err)
	}
	if err := book.Sheet("A", sheet.Column{Title: "=1"}); err != nil {
		t.Fatal(err)
	}
	for _, s := range texts {
		if err := book.Row(sheet.Text(s)); err != nil {
			t.Fatal(err)
		}
	}
	if err := book.Close(); err != nil {
		t.Fatal(err)
	}
	if content := part(t, x.Bytes(), "xl/worksheets/sheet1.xml"); strings.Contains(content, "<f>") || strings.Contains(content, "<f ") {
		t.Errorf("a formula was written: %s", content)
	}
	f := open(t, x.Bytes())
	for i, s := range texts {
		name, _ := excelize.CoordinatesToCellName(1, i+2)
		if kind, err := f.GetCellType("A", name); s != "" && (err != nil || kind != excelize.CellTypeInlineString) {
			t.Errorf("%q has the type %v, %v", s, kind, err)
		}
	}
}

func open(t testing.TB, data []byte) *excelize.File {
	t.Helper()
	f, err := excelize.OpenReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return f
}

// part returns one part of a workbook.
func part(t testing.TB, data []byte, name string) string {
	t.Helper()
	archive, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	r, err := archive.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	content, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

func TestXLSX(t *testing.T) {
	data := workbook(t, moment(), "История", "Шаги")
	f := open(t, data)
	if got := f.GetSheetList(); !slices.Equal(got, []string{"Расчёты", "История", "Шаги"}) {
		t.Errorf("sheets %q", got)
	}
	for cell, want := range map[string]string{
		"A1": "ИНН", "A2": "0012345678", "B2": `Штраф; "большой"`, "C2": "-3,418.20", "D2": "2026-11-12", "E2": "-10",
		"A3": "=1+1", "B3": "Строка\nи ещё <b>", "C3": "10,000,000,000,000.00", "D3": "", "E3": "",
	} {
		if got, err := f.GetCellValue("Расчёты", cell); err != nil || got != want {
			t.Errorf("%s shows %q, %v; want %q", cell, got, err, want)
		}
	}
	for cell, want := range map[string]string{"C2": "-3418.2", "D2": "46338", "E2": "-10"} {
		if got, _ := f.GetCellValue("Расчёты", cell, excelize.Options{RawCellValue: true}); got != want {
			t.Errorf("%s holds %q, want %q", cell, got, want)
		}
	}
	for i, filter := range []string{"A1:E3", "A1:A2", "A1:A2"} {
		name := f.GetSheetList()[i]
		if panes, err := f.GetPanes(name); err != nil || !panes.Freeze || panes.YSplit != 1 {
			t.Errorf("%s: the panes are %+v, %v", name, panes, err)
		}
		content := part(t, data, "xl/worksheets/sheet"+string(rune('1'+i))+".xml")
		if !strings.Contains(content, `<autoFilter ref="`+filter+`"/>`) {
			t.Errorf("%s has no filter of %s", name, filter)
		}
	}
	if width, _ := f.GetColWidth("Расчёты", "A"); width != 14 {
		t.Errorf("the width is %v", width)
	}
	props, err := f.GetDocProps()
	if err != nil || props.Created != "2026-11-12T11:30:15Z" || props.Modified != props.Created || props.Creator != "Winddown" {
		t.Errorf("the properties are %+v, %v", props, err)
	}
}

func TestXLSXIsDeterministic(t *testing.T) {
	names := strings.Split("абвгдежз", "")
	first := workbook(t, moment(), names...)
	for range 5 {
		if !bytes.Equal(first, workbook(t, moment().UTC(), names...)) {
			t.Fatal("the same content gives other bytes")
		}
	}
	archive, err := zip.NewReader(bytes.NewReader(first), int64(len(first)))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range archive.File {
		if !f.Modified.Equal(moment().UTC().Truncate(2 * time.Second)) { // a ZIP counts in twos
			t.Errorf("%s is of %s", f.Name, f.Modified)
		}
	}
}

func TestXLSXRefuses(t *testing.T) {
	begin := func() *sheet.XLSX {
		w, err := sheet.NewXLSX(io.Discard, moment())
		if err != nil {
			t.Fatal(err)
		}
		return w
	}
	if err := begin().Row(sheet.Int(1)); err == nil {
		t.Error("a row was written without a sheet")
	}
	if err := begin().Close(); err == nil {
		t.Error("a workbook without a sheet was written")
	}
	for _, name := range []string{"", strings.Repeat("я", 32), "a/b", "a:b", "'a", "a'"} {
		if err := begin().Sheet(name, sheet.Column{Title: "x"}); err == nil {
			t.Errorf("the sheet %q was begun", name)
		}
	}
	w := begin()
	if err := w.Sheet("Ёлка", sheet.Column{Title: "x"}); err != nil {
		t.Fatal(err)
	}
	if err := w.Row(sheet.Int(1), sheet.Int(2)); err == nil {
		t.Error("a row was written wider than its header")
	}
	if err := w.Sheet("ЁЛКА", sheet.Column{Title: "x"}); err == nil {
		t.Error("two sheets have one name")
	}
}

func TestXLSXWideAndLong(t *testing.T) {
	var b bytes.Buffer
	w, err := sheet.NewXLSX(&b, moment())
	if err != nil {
		t.Fatal(err)
	}
	var columns []sheet.Column
	var cells []sheet.Cell
	for i := range 703 {
		columns, cells = append(columns, sheet.Column{Title: "x"}), append(cells, sheet.Int(int64(i)))
	}
	cells[1] = sheet.Text(strings.Repeat("я", 32766) + "😀")
	if err := errors.Join(w.Sheet("L'été <&>", columns...), w.Row(cells...), w.Close()); err != nil {
		t.Fatal(err)
	}
	f := open(t, b.Bytes())
	name := f.GetSheetName(0)
	for cell, want := range map[string]string{"Z2": "25", "AA2": "26", "AZ2": "51", "ZZ2": "701", "AAA2": "702", "B2": strings.Repeat("я", 32766)} {
		if got, err := f.GetCellValue(name, cell); err != nil || got != want {
			t.Errorf("%s of %q shows %.20q, %v; want %.20q", cell, name, got, err, want)
		}
	}
	if names := f.GetDefinedName(); len(names) != 1 || names[0].RefersTo != "'L''été <&>'!$A$1:$AAA$2" {
		t.Errorf("the filter is named %+v", names)
	}
}

func TestReadXLSX(t *testing.T) {
	rows, err := readXLSX(workbook(t, moment(), "История"), limits())
	want := [][]string{
		{"ИНН", "За что", "Сумма", "Дата", "Дней"}, {"0012345678", `Штраф; "большой"`, "-3418.2", "2026-11-12", "-10"},
		{"=1+1", "Строка\nи ещё <b>", "10000000000000"},
	}
	if err != nil || !equal(rows, want) {
		t.Errorf("%q, %v; want %q", rows, err, want)
	}
}

func TestTextsComeBack(t *testing.T) {
	texts := []string{"_x0041_", "_x005F_", "_x005F_x0041_", "x_x0041", " spaces ", "\ttab", "two\nlines", "a\rb", "«ё» & <i>", "😀", strings.Repeat("я", 5000)}
	var b bytes.Buffer
	w, err := sheet.NewXLSX(&b, moment())
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Sheet("A", sheet.Column{Title: "x"}); err != nil {
		t.Fatal(err)
	}
	for _, s := range texts {
		if err := w.Row(sheet.Text(s)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	rows, err := readXLSX(b.Bytes(), limits())
	if err != nil || len(rows) != len(texts)+1 {
		t.Fatalf("%q, %v", rows, err)
	}
	for i, s := range texts {
		if rows[i+1][0] != s {
			t.Errorf("%q is read as %q", s, rows[i+1][0])
		}
	}
}

// foreign is a workbook as other programs write it: shared and rich texts, all kinds of
// formats, gaps, a hidden first sheet.
func foreign(t testing.TB) []byte {
	t.Helper()
	f := excelize.NewFile()
	t.Cleanup(func() { _ = f.Close() })
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	_, err := f.NewSheet("Второй")
	must(err)
	f.SetActiveSheet(1)
	must(f.SetSheetVisible("Sheet1", false))
	set := func(cell string, value any, format string) {
		t.Helper()
		must(f.SetCellValue("Второй", cell, value))
		if format != "" {
			style, err := f.NewStyle(&excelize.Style{CustomNumFmt: &format})
			must(err)
			must(f.SetCellStyle("Второй", cell, cell, style))
		}
	}
	must(f.SetCellRichText("Второй", "B2", []excelize.RichTextRun{{Text: "Штраф "}, {Text: "за габариты", Font: &excelize.Font{Bold: true}}}))
	set("D2", 0.1+0.2, "0")
	set("E2", 46338, `[$-419]d\ mmmm\ yyyy;@`)
	set("F2", 46338.5, "dd.mm.yyyy hh:mm")
	set("G2", 3418.2, `#,##0.00" руб. (day)"`)
	set("H2", 0.5, "[h]:mm:ss")
	set("I2", 46338, "mmm")
	set("J2", "a_x000D_b", "")
	set("K2", true, "")
	must(f.SetCellFormula("Второй", "L2", "=1+1"))
	set("M2", 7721546864, "")
	set("A5", -1e14+0.5, "")
	set("A9", "", "yyyy")
	var b bytes.Buffer
	must(f.Write(&b))
	return b.Bytes()
}

func TestReadXLSXOfOthers(t *testing.T) {
	rows, err := readXLSX(foreign(t), limits())
	want := [][]string{
		nil, {"", "Штраф за габариты", "", "0.3", "2026-11-12", "2026-11-12T12:00:00", "3418.2", "0.5", "2026-11-12", "a\rb", "1", "", "7721546864"},
		nil, nil, {"-99999999999999.5"},
	}
	if err != nil || !equal(rows, want) {
		t.Errorf("%q, %v; want %q", rows, err, want)
	}
}

// bare makes a workbook out of one sheet's XML, and of further parts by name.
func bare(t testing.TB, data string, parts ...[2]string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	contents := map[string]string{
		"xl/workbook.xml": `<workbook xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><workbookPr date1904="1"/>` +
			`<sheets><sheet name="A" r:id="rId1"/></sheets></workbook>`,
		"xl/_rels/workbook.xml.rels": `<Relationships><Relationship Id="rId1" Target="/XL/sheet.xml"/></Relationships>`,
		"xl/styles.xml":              `<styleSheet><cellStyleXfs><xf numFmtId="0"/></cellStyleXfs><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs></styleSheet>`,
		"xl/sheet.xml":               `<worksheet><sheetData>` + data + `</sheetData></worksheet>`,
	}
	for _, p := range parts {
		contents[p[0]] = p[1]
	}
	for name, content := range contents {
		part, err := w.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(part, content); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestReadXLSXByHand(t *testing.T) {
	for _, x := range []struct {
		name, data string
		want       [][]string
		err        error
	}{
		{"no references", `<row><c><v>1</v></c><c/><c t="inlineStr"><is><t>a</t></is></c></row><row><c t="str"><v>b</v></c></row>`, [][]string{{"1", "", "a"}, {"b"}}, nil},
		{"days from 1904", `<row r="1"><c r="A1" s="1"><v>44876</v></c><c s="1"><v>0.5</v></c></row>`, [][]string{{"2026-11-12", "1904-01-01T12:00:00"}}, nil},
		{"no number", `<row><c><v>1,5</v></c><c s="1"><v>-1e300</v></c><c s="9"><v>5</v></c><c t="e"><v>#REF!</v></c></row>`, [][]string{{"1,5", "-1e300", "5", "#REF!"}}, nil},
		{"a written date", `<row><c t="d"><v>2026-11-12T00:00:00</v></c></row>`, [][]string{{"2026-11-12"}}, nil},
		{"far blank cells", `<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576" s="1"/></row>`, [][]string{{"1"}}, nil},
		{"nothing", ``, nil, nil},
		{"a text that is not there", `<row><c t="s"><v>0</v></c></row>`, nil, sheet.ErrMalformed},
		{"a cell twice", `<row><c r="A1"><v>1</v></c><c r="A1"><v>1</v></c></row>`, nil, sheet.ErrMalformed},
		{"a row twice", `<row r="2"><c><v>1</v></c></row><row r="2"><c><v>1</v></c></row>`, nil, sheet.ErrMalformed},
		{"a column too far", `<row r="1"><c r="XFE1"><v>1</v></c></row>`, nil, sheet.ErrMalformed},
		{"no column", `<row r="1"><c r="1"><v>1</v></c></row>`, nil, sheet.ErrMalformed},
		{"unfinished", `<row>`, nil, sheet.ErrMalformed},
		{"a far row", `<row r="1048576"><c><v>1</v></c></row>`, nil, sheet.ErrTooLarge},
		{"far cells", strings.Repeat(`<row><c r="ABC1"><v>1</v></c></row>`, 2), nil, sheet.ErrTooLarge},
		{"a bomb", strings.Repeat(" ", 1<<20), nil, sheet.ErrTooLarge},
	} {
		t.Run(x.name, func(t *testing.T) {
			rows, err := readXLSX(bare(t, x.data), sheet.Limits{Rows: 100, Cells: 1000, Bytes: 1 << 14})
			if !errors.Is(err, x.err) || !equal(rows, x.want) {
				t.Errorf("%q, %v; want %q, %v", rows, err, x.want, x.err)
			}
		})
	}
	for _, data := range []string{"", "PK", "ИНН;Сумма"} {
		if _, err := readXLSX([]byte(data), limits()); !errors.Is(err, sheet.ErrMalformed) {
			t.Errorf("%q: %v", data, err)
		}
	}
	var empty bytes.Buffer
	if err := zip.NewWriter(&empty).Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := readXLSX(empty.Bytes(), limits()); !errors.Is(err, sheet.ErrMalformed) {
		t.Errorf("an empty archive: %v", err)
	}
}

// A few kilobytes may stand for terabytes: what many cells share counts in each of them, and
// a format that many styles share is looked at once.
func TestWhatIsSharedIsNoBomb(t *testing.T) {
	l := sheet.Limits{Rows: 100, Cells: 1000, Bytes: 1 << 20}
	shared := func(text string) [2]string {
		return [2]string{"xl/sharedStrings.xml", "<sst><si><t>" + text + "</t></si></sst>"}
	}
	cells := func(n int) string { return "<row>" + strings.Repeat(`<c t="s"><v>0</v></c>`, n) + "</row>" }
	text := strings.Repeat("я", 1<<14) // 32 kB
	for _, x := range []struct {
		name string
		data []byte
		err  error
	}{
		{"as much as may be", bare(t, cells(16)+cells(16), shared(text)), nil},
		{"a text too often", bare(t, cells(16)+cells(17), shared(text)), sheet.ErrTooLarge},
		{"a cell as long as may be", bare(t, cells(1), shared(strings.Repeat("x", 32_767))), nil},
		{"a cell too long", bare(t, cells(1), shared(strings.Repeat("x", 32_768))), sheet.ErrTooLarge},
		{"a format of many styles", bare(t, cells(1), shared("x"), [2]string{"xl/styles.xml", `<styleSheet><numFmts><numFmt numFmtId="164" formatCode="` +
			strings.Repeat("[", 300_000) + `"/></numFmts><cellXfs>` + strings.Repeat(`<xf numFmtId="164"/>`, 30_000) + `</cellXfs></styleSheet>`}), nil},
	} {
		if _, err := readXLSX(x.data, l); !errors.Is(err, x.err) {
			t.Errorf("%s, %d kB: %v, want %v", x.name, len(x.data)>>10, err, x.err)
		}
	}
}

// utf16Of writes text in UTF-16.
func utf16Of(text string, order binary.AppendByteOrder) string {
	var data []byte
	for _, unit := range utf16.Encode([]rune(text)) {
		data = order.AppendUint16(data, unit)
	}
	return string(data)
}

func TestReadCSV(t *testing.T) {
	for _, x := range []struct {
		name, data string
		want       [][]string
	}{
		{"semicolons", "\ufeffИНН;Сумма\r\n007;\"3 418,20\"\r\n", [][]string{{"ИНН", "Сумма"}, {"007", "3 418,20"}}},
		{"commas", "a,\"b;c;d;e\"\n1,2\n", [][]string{{"a", "b;c;d;e"}, {"1", "2"}}},
		{"tabs", "a, b, c\t1\rd\t2", [][]string{{"a, b, c", "1"}, {"d", "2"}}},
		{"UTF-16, as Excel's «Текст Юникод»", utf16Of("\ufeffШтраф\t\"3 418,20\"\r\nВыплата 😀\t5\r\n", binary.LittleEndian), [][]string{{"Штраф", "3 418,20"}, {"Выплата 😀", "5"}}},
		{"UTF-16, high byte first", utf16Of("\ufeffШтраф;500\n", binary.BigEndian), [][]string{{"Штраф", "500"}}},
		{"UTF-16 of nothing", utf16Of("\ufeff", binary.LittleEndian), nil},
		{"windows-1251", "\xd8\xf2\xf0\xe0\xf4;500\n", [][]string{{"Штраф", "500"}}},
		{"blank lines", "\n\na;b\n\n\nc;\"d\n\n\"\n\n;;\n\ne;f\n\n", [][]string{nil, nil, {"a", "b"}, nil, nil, {"c", "d\n\n"}, nil, nil, nil, {"e", "f"}}},
		{"quotation marks inside", "ООО \"Ромашка\";5\n", [][]string{{`ООО "Ромашка"`, "5"}}},
		{"rows of other lengths", "a;b;;\nc\n", [][]string{{"a", "b"}, {"c"}}},
		{"nothing", "", nil},
	} {
		t.Run(x.name, func(t *testing.T) {
			rows, err := sheet.ReadCSV(strings.NewReader(x.data), limits())
			if err != nil || !equal(rows, x.want) {
				t.Errorf("%q, %v; want %q", rows, err, x.want)
			}
		})
	}
	for data, want := range map[string]error{
		"a\x00b":                            sheet.ErrMalformed,
		utf16Of("a;b", binary.LittleEndian): sheet.ErrMalformed, // without a mark nobody knows
		utf16Of("\ufeffa;b\x00", binary.LittleEndian):                                    sheet.ErrMalformed,
		utf16Of("\ufeffa;b", binary.BigEndian) + "\x04":                                  sheet.ErrMalformed, // half a letter
		utf16Of("\ufeff"+strings.Repeat("€", int(limits().Bytes)*2/5), binary.BigEndian): sheet.ErrTooLarge,  // as UTF-8
		strings.Repeat("a\n", 101):                                                       sheet.ErrTooLarge,
		strings.Repeat("\n", 100) + "a":                                                  sheet.ErrTooLarge,
		strings.Repeat(strings.Repeat(";", 250)+"a\n", 4):                                sheet.ErrTooLarge,
		"\"" + strings.Repeat("я", int(limits().Bytes/2)+1):                              sheet.ErrTooLarge,
	} {
		if _, err := sheet.ReadCSV(strings.NewReader(data), limits()); !errors.Is(err, want) {
			t.Errorf("%.20q: %v, want %v", data, err, want)
		}
	}
	broken := errors.New("broken")
	if _, err := sheet.ReadCSV(io.MultiReader(strings.NewReader("a"), failing{broken}), limits()); !errors.Is(err, broken) {
		t.Errorf("a broken reader: %v", err)
	}
}

// A record of separators takes no more than a few times the file, however it is written; commas in
// a text are no columns.
func TestAWideCSV(t *testing.T) {
	wide := sheet.Limits{Rows: 10_000, Cells: 500_000, Bytes: 32 << 20}
	for _, data := range []string{strings.Repeat(";", 10<<20), strings.Repeat("a,", 5<<20), "a;b\n" + strings.Repeat("\"\n\";", 2<<20)} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := sheet.ReadCSV(strings.NewReader(data), wide)
		runtime.ReadMemStats(&after)
		if !errors.Is(err, sheet.ErrTooLarge) {
			t.Errorf("%.10q: %v", data, err)
		}
		if took := (after.TotalAlloc - before.TotalAlloc) >> 20; took > 120 {
			t.Errorf("%.10q: %d MB are taken for %d MB", data, took, len(data)>>20)
		}
	}
	row := "\"" + strings.Repeat(";", 30_000) + "\";1\n"
	if rows, err := sheet.ReadCSV(strings.NewReader(strings.Repeat(row, 100)), wide); err != nil || len(rows) != 100 || len(rows[99]) != 2 {
		t.Errorf("separators within quotes: %d rows, %v", len(rows), err)
	}
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error)  { return 0, f.err }
func (f failing) Write([]byte) (int, error) { return 0, f.err }

func TestWritersTellOfFailures(t *testing.T) {
	broken := errors.New("broken")
	c := sheet.NewCSV(failing{broken})
	if err := errors.Join(c.Sheet("", sheet.Column{Title: "x"}), c.Close()); !errors.Is(err, broken) {
		t.Errorf("CSV: %v", err)
	}
	x, err := sheet.NewXLSX(failing{broken}, moment())
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(x.Sheet("A", sheet.Column{Title: "x"}), x.Close()); !errors.Is(err, broken) {
		t.Errorf("XLSX: %v", err)
	}
}

// wantWithin fails unless rows keep the limits.
func wantWithin(t *testing.T, rows [][]string, err error, l sheet.Limits) {
	t.Helper()
	cells := 0
	for _, row := range rows {
		cells += len(row)
	}
	if len(rows) > l.Rows || cells > l.Cells || err != nil && rows != nil {
		t.Fatalf("%d rows with %d cells and %v", len(rows), cells, err)
	}
	if err != nil && !errors.Is(err, sheet.ErrMalformed) && !errors.Is(err, sheet.ErrTooLarge) {
		t.Fatalf("an error of no kind: %v", err)
	}
}

func FuzzReadCSV(f *testing.F) {
	for _, s := range []string{"a;b\n1;2", "\ufeff\"a\nb\",c", "\xff\xfe\"\x04;\x00\n\x00\x00\xd8", "\xd8;\"", "\"\"\"\";a\r\r\n", "a\tb"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		l := sheet.Limits{Rows: 20, Cells: 50, Bytes: 1000}
		rows, err := sheet.ReadCSV(bytes.NewReader(data), l)
		wantWithin(t, rows, err, l)
	})
}

func FuzzReadXLSX(f *testing.F) {
	f.Add(workbook(f, moment()))
	f.Add(foreign(f))
	f.Add(bare(f, `<row r="3"><c r="B3" s="1"><v>46338.5</v></c></row>`))
	f.Fuzz(func(t *testing.T, data []byte) {
		l := sheet.Limits{Rows: 20, Cells: 50, Bytes: 100_000}
		rows, err := readXLSX(data, l)
		wantWithin(t, rows, err, l)
	})
}

// The cells of a sheet, whatever stands there, never break a limit.
func FuzzReadSheet(f *testing.F) {
	for _, s := range []string{
		`<row r="3"><c r="B3" s="1"><v>46338.5</v></c></row>`, `<row><c t="inlineStr"><is><r><t>_x0000_</t></r></is></c></row>`, `<c><v>NaN</v></c>`, `<row r="-5"/>`,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, data string) {
		l := sheet.Limits{Rows: 20, Cells: 50, Bytes: 10_000}
		rows, err := readXLSX(bare(t, data), l)
		wantWithin(t, rows, err, l)
	})
}

func TestMoneyIsExact(t *testing.T) {
	var b bytes.Buffer
	w, err := sheet.NewXLSX(&b, moment())
	if err != nil {
		t.Fatal(err)
	}
	sums := map[int64]string{0: "0", 1: "0.01", 29: "0.29", 46478815: "464788.15", -1: "-0.01", 999_999_999_999_999: "9999999999999.99", math.MaxInt32: "21474836.47"}
	if err := w.Sheet("A", sheet.Column{Title: "0"}); err != nil {
		t.Fatal(err)
	}
	var want []string
	for n, s := range sums {
		if err := w.Row(sheet.Money(n)); err != nil {
			t.Fatal(err)
		}
		want = append(want, s)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	rows, err := readXLSX(b.Bytes(), limits())
	if err != nil || len(rows) != len(want)+1 {
		t.Fatalf("%q, %v", rows, err)
	}
	for i, s := range want {
		if rows[i+1][0] != s {
			t.Errorf("%s is read as %q", s, rows[i+1][0])
		}
	}
}
