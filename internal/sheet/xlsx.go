package sheet

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"
)

// What Excel takes: rows of a sheet, characters of a sheet's name and of a cell as UTF-16 counts them.
const (
	maxRows  = 1 << 20
	maxName  = 31
	maxChars = 32767
)

// The cell formats of styles.xml, by their place in cellXfs.
const (
	headStyle = 1 + iota
	wholeStyle
	moneyStyle // #,##0.00, which every language shows its own way
	dateStyle
)

const xmlHead = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>` + "\n"

// fixedParts are the parts of a workbook that do not depend on what is in it. A part not named in
// the content types is a sheet.
var fixedParts = []struct{ name, content string }{
	{"[Content_Types].xml", `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">` +
		`<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>` +
		`<Default Extension="xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/>` +
		`<Override PartName="/docProps/app.xml" ContentType="application/vnd.openxmlformats-officedocument.extended-properties+xml"/>` +
		`<Override PartName="/docProps/core.xml" ContentType="application/vnd.openxmlformats-package.core-properties+xml"/>` +
		`<Override PartName="/xl/styles.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.styles+xml"/>` +
		`<Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/></Types>`},
	{"_rels/.rels", `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">` +
		`<Relationship Id="rId1" Target="xl/workbook.xml" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"/>` +
		`<Relationship Id="rId2" Target="docProps/core.xml" Type="http://schemas.openxmlformats.org/package/2006/relationships/metadata/core-properties"/>` +
		`<Relationship Id="rId3" Target="docProps/app.xml" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/extended-properties"/></Relationships>`},
	{"docProps/app.xml", `<Properties xmlns="http://schemas.openxmlformats.org/officeDocument/2006/extended-properties"><Application>Winddown</Application></Properties>`},
	{"xl/styles.xml", `<styleSheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">` +
		`<numFmts count="1"><numFmt numFmtId="164" formatCode="yyyy\-mm\-dd"/></numFmts>` +
		`<fonts count="2"><font><sz val="11"/><name val="Calibri"/><family val="2"/></font><font><b/><sz val="11"/><name val="Calibri"/><family val="2"/></font></fonts>` +
		`<fills count="2"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill></fills>` +
		`<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>` +
		`<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>` +
		`<cellXfs count="5"><xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0"/>` +
		`<xf numFmtId="0" fontId="1" fillId="0" borderId="0" xfId="0" applyFont="1" applyAlignment="1"><alignment vertical="top" wrapText="1"/></xf>` +
		`<xf numFmtId="1" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>` +
		`<xf numFmtId="4" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/>` +
		`<xf numFmtId="164" fontId="0" fillId="0" borderId="0" xfId="0" applyNumberFormat="1"/></cellXfs>` +
		`<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>`},
}

// XLSX writes a workbook with typed cells as it comes; every sheet has a frozen header and a filter.
// The same content and time give the same bytes.
type XLSX struct {
	zip    *zip.Writer
	at     time.Time
	sheets []xlsxSheet
	part   io.Writer    // the sheet begun last; nil before the first
	row    bytes.Buffer // one row on its way to part
}

// xlsxSheet is what the workbook says of a sheet.
type xlsxSheet struct {
	name    string
	columns []string // A, B …
	rows    int      // its header among them
}

// corners are the first and the last cell of the sheet, each written with before before column and row.
func (s xlsxSheet) corners(before string) string {
	return before + "A" + before + "1:" + before + s.columns[len(s.columns)-1] + before + strconv.Itoa(s.rows)
}

// NewXLSX returns a writer; at is the time the workbook says it was made.
func NewXLSX(w io.Writer, at time.Time) (*XLSX, error) {
	x := &XLSX{zip: zip.NewWriter(w), at: at.UTC().Truncate(time.Second)}
	for _, p := range fixedParts {
		if err := x.put(p.name, p.content); err != nil {
			return nil, err
		}
	}
	made := x.at.Format(time.RFC3339)
	return x, x.put("docProps/core.xml", `<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" `+
		`xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">`+
		`<dc:creator>Winddown</dc:creator><dcterms:created xsi:type="dcterms:W3CDTF">`+made+`</dcterms:created>`+
		`<dcterms:modified xsi:type="dcterms:W3CDTF">`+made+`</dcterms:modified></cp:coreProperties>`)
}

// begin begins a part of the file; the one before has ended.
func (x *XLSX) begin(name string) (io.Writer, error) {
	at := x.at.Truncate(2 * time.Second) // a ZIP counts in twos
	w, err := x.zip.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: at})
	if err != nil {
		return nil, err
	}
	_, err = io.WriteString(w, xmlHead)
	return w, err
}

func (x *XLSX) put(name, content string) error {
	w, err := x.begin(name)
	if err != nil {
		return err
	}
	_, err = io.WriteString(w, content)
	return err
}

// Sheet begins a sheet. A name has at most 31 characters, none of them : \ / ? * [ ], does not begin
// or end with ' and is given once.
func (x *XLSX) Sheet(name string, columns ...Column) error {
	if len(columns) == 0 {
		return errors.New("a sheet has columns")
	}
	taken := slices.ContainsFunc(x.sheets, func(s xlsxSheet) bool { return strings.EqualFold(s.name, name) })
	if name == "" || taken || len(utf16.Encode([]rune(name))) > maxName || strings.ContainsAny(name, `:\/?*[]`) ||
		strings.HasPrefix(name, "'") || strings.HasSuffix(name, "'") {
		return fmt.Errorf("no sheet can have the name %q", name)
	}
	if err := x.endSheet(); err != nil {
		return err
	}
	s := xlsxSheet{name: name}
	var widths strings.Builder
	titles := make([]Cell, len(columns))
	for i, c := range columns {
		s.columns = append(s.columns, columnName(i))
		titles[i] = Text(c.Title)
		if c.Width > 0 {
			fmt.Fprintf(&widths, `<col min="%d" max="%[1]d" width="%v" customWidth="1"/>`, i+1, c.Width)
		}
	}
	x.sheets = append(x.sheets, s)
	var err error
	if x.part, err = x.begin(fmt.Sprintf("xl/worksheets/sheet%d.xml", len(x.sheets))); err != nil {
		return err
	}
	selected := ""
	if len(x.sheets) == 1 {
		selected = ` tabSelected="1"`
	}
	x.row.WriteString(`<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetViews><sheetView` + selected +
		` workbookViewId="0"><pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>`)
	if widths.Len() > 0 {
		x.row.WriteString("<cols>" + widths.String() + "</cols>")
	}
	x.row.WriteString("<sheetData>")
	return x.write(titles, headStyle)
}

// endSheet ends the sheet begun last, if any.
func (x *XLSX) endSheet() error {
	if x.part == nil {
		return nil
	}
	_, err := io.WriteString(x.part, `</sheetData><autoFilter ref="`+x.sheets[len(x.sheets)-1].corners("")+`"/></worksheet>`)
	return err
}

// Row writes one row of the sheet begun last.
func (x *XLSX) Row(cells ...Cell) error {
	if x.part == nil {
		return errNoSheet
	}
	return x.write(cells, 0)
}

// write writes a row; texts have the style textStyle.
func (x *XLSX) write(cells []Cell, textStyle int) error {
	s := &x.sheets[len(x.sheets)-1]
	if len(cells) > len(s.columns) || s.rows == maxRows {
		return fmt.Errorf("row %d with %d cells does not fit into the sheet", s.rows+1, len(cells))
	}
	s.rows++
	fmt.Fprintf(&x.row, `<row r="%d">`, s.rows)
	for i, c := range cells {
		if c.kind == text && c.text == "" {
			continue
		}
		fmt.Fprintf(&x.row, `<c r="%s%d"`, s.columns[i], s.rows)
		switch c.kind {
		case text: // an inline string: never a number, never a formula
			fmt.Fprintf(&x.row, ` s="%d" t="inlineStr"><is><t xml:space="preserve">`, textStyle)
			if err := xml.EscapeText(&x.row, []byte(literal(c.text))); err != nil {
				return err
			}
			x.row.WriteString("</t></is></c>")
		case number:
			fmt.Fprintf(&x.row, ` s="%d"><v>%d</v></c>`, wholeStyle, c.number)
		case money:
			fmt.Fprintf(&x.row, ` s="%d"><v>%s</v></c>`, moneyStyle, strconv.FormatFloat(float64(c.number)/100, 'f', -1, 64))
		case date:
			fmt.Fprintf(&x.row, ` s="%d"><v>%d</v></c>`, dateStyle, c.day.Unix()/(24*60*60)+unixEpoch)
		}
	}
	x.row.WriteString("</row>")
	_, err := x.row.WriteTo(x.part)
	return err
}

// unixEpoch is 1 January 1970 as a spreadsheet counts days.
const unixEpoch = 25569

// Close writes what all sheets have in common.
func (x *XLSX) Close() error {
	if x.part == nil {
		return errNoSheet
	}
	if err := x.endSheet(); err != nil {
		return err
	}
	var sheets, filters, links strings.Builder
	for i, s := range x.sheets {
		fmt.Fprintf(&sheets, `<sheet name="%s" sheetId="%d" r:id="rId%[2]d"/>`, attribute(s.name), i+1)
		fmt.Fprintf(&filters, `<definedName name="_xlnm._FilterDatabase" localSheetId="%d" hidden="1">%s</definedName>`,
			i, attribute("'"+strings.ReplaceAll(s.name, "'", "''")+"'!"+s.corners("$")))
		fmt.Fprintf(&links, `<Relationship Id="rId%d" Target="worksheets/sheet%[1]d.xml" `+
			`Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet"/>`, i+1)
	}
	err := x.put("xl/workbook.xml", `<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" `+
		`xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><bookViews><workbookView/></bookViews>`+
		`<sheets>`+sheets.String()+`</sheets><definedNames>`+filters.String()+`</definedNames></workbook>`)
	if err != nil {
		return err
	}
	err = x.put("xl/_rels/workbook.xml.rels", `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">`+links.String()+
		`<Relationship Id="styles" Target="styles.xml" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles"/></Relationships>`)
	if err != nil {
		return err
	}
	return x.zip.Close()
}

// columnName is what spreadsheets call the column with this index: A, B … Z, AA …
func columnName(i int) string {
	name := ""
	for i++; i > 0; i = (i - 1) / 26 {
		name = string(rune('A'+(i-1)%26)) + name
	}
	return name
}

// attribute is s as it stands in an attribute.
func attribute(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s)) // a Builder takes everything
	return b.String()
}

var beginsEscape = regexp.MustCompile(`^_x[0-9A-Fa-f]{4}_`)

// literal is a text that a spreadsheet shows as it is: what looks like one of its escapes (_x000A_)
// begins with an escaped underline, what is too long for a cell is cut.
func literal(s string) string {
	units := 0
	for i, r := range s {
		if units += max(utf16.RuneLen(r), 1); units > maxChars {
			s = s[:i]
			break
		}
	}
	if !strings.Contains(s, "_x") {
		return s
	}
	var b strings.Builder
	for i := range len(s) {
		if beginsEscape.MatchString(s[i:min(len(s), i+7)]) {
			b.WriteString("_x005F")
		}
		b.WriteByte(s[i])
	}
	return b.String()
}
