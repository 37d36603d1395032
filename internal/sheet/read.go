package sheet

import (
	"archive/zip"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"
	"path"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// ReadXLSX reads the first visible sheet of a workbook: texts as they are, numbers in full
// whatever their format shows, dates as 2026-11-12, or 2026-11-12T15:04:05 with a time of day,
// formulas by their last value. Rows stand at their place. It returns ErrTooLarge or
// ErrMalformed.
//
// It looks at the formats itself: they say which numbers are dates, and what they show of the
// others may be rounded.
func ReadXLSX(r io.ReaderAt, size int64, l Limits) ([][]string, error) {
	archive, err := zip.NewReader(r, size)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	b := book{parts: map[string]*zip.File{}, left: l.Bytes, limits: l}
	for _, f := range archive.File {
		name := strings.ToLower(strings.TrimPrefix(strings.ReplaceAll(f.Name, `\`, "/"), "/"))
		b.parts[name] = f
	}
	rows, err := b.read()
	if err != nil && !errors.Is(err, ErrTooLarge) && !errors.Is(err, ErrMalformed) {
		err = fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	return rows, err
}

// book is an open workbook.
type book struct {
	parts    map[string]*zip.File // by name, in lower case
	left     int64                // bytes that may still be unpacked
	limits   Limits
	strings  []string // shared ones
	dates    []bool   // whether a style shows dates, by its number
	date1904 bool     // days are counted from 1904
}

func (b *book) read() ([][]string, error) {
	part, err := b.firstSheet()
	if err != nil {
		return nil, err
	}
	if err := b.readStyles(); err != nil {
		return nil, err
	}
	if err := b.readStrings(); err != nil {
		return nil, err
	}
	return b.readRows(part)
}

// each calls do for every element of a part that begins, if the book has the part.
func (b *book) each(part string, do func(d *xml.Decoder, e xml.StartElement) error) error {
	f, ok := b.parts[strings.ToLower(part)]
	if !ok {
		return nil
	}
	if f.UncompressedSize64 > uint64(b.left) { // a part that says how large it is; one that lies runs into the budget
		return ErrTooLarge
	}
	unpacked, err := f.Open()
	if err != nil {
		return err
	}
	defer func() { _ = unpacked.Close() }() // nothing was written
	d := xml.NewDecoder(&budget{r: unpacked, left: &b.left})
	for {
		t, err := d.Token()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if e, ok := t.(xml.StartElement); ok {
			if err := do(d, e); err != nil {
				return err
			}
		}
	}
}

// budget reads until what all parts together may unpack to is spent.
type budget struct {
	r    io.Reader
	left *int64
}

func (b *budget) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	if *b.left -= int64(n); *b.left < 0 {
		return 0, ErrTooLarge
	}
	return n, err
}

func attr(e xml.StartElement, name string) string {
	for _, a := range e.Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

// firstSheet returns the part that holds the first visible sheet.
func (b *book) firstSheet() (string, error) {
	var relation string
	err := b.each("xl/workbook.xml", func(_ *xml.Decoder, e xml.StartElement) error {
		switch e.Name.Local {
		case "workbookPr":
			b.date1904 = attr(e, "date1904") == "1" || attr(e, "date1904") == "true"
		case "sheet":
			if relation != "" || strings.Contains(strings.ToLower(attr(e, "state")), "hidden") {
				break
			}
			for _, a := range e.Attr {
				if a.Name.Local == "id" && a.Name.Space != "" {
					relation = a.Value
				}
			}
		}
		return nil
	})
	if err != nil {
		return "", err
	}
	var part string
	err = b.each("xl/_rels/workbook.xml.rels", func(_ *xml.Decoder, e xml.StartElement) error {
		if target := attr(e, "Target"); e.Name.Local == "Relationship" && relation != "" && attr(e, "Id") == relation {
			part = strings.TrimPrefix(path.Join("/xl", target), "/")
			if strings.HasPrefix(target, "/") {
				part = strings.TrimPrefix(target, "/")
			}
		}
		return nil
	})
	if err == nil && b.parts[strings.ToLower(part)] == nil {
		err = fmt.Errorf("%w: it has no sheet", ErrMalformed)
	}
	return part, err
}

// notShown are the parts of a format's code that are not letters of a date: quoted text,
// escaped characters, colours and languages.
var notShown = regexp.MustCompile(`"[^"]*"|\\.|_.|\*.|\[[^\]]*\]`)

// showsDate reports whether a format shows days, months or years.
func showsDate(id int, code string) bool {
	switch {
	case id >= 14 && id <= 17, id == 22, id >= 27 && id <= 31, id == 36, id >= 50 && id <= 54, id == 57, id == 58:
		return true
	}
	code = strings.ToLower(notShown.ReplaceAllLiteralString(code, ""))
	if strings.ContainsAny(code, "dy") {
		return true
	}
	return strings.Contains(code, "m") && !strings.ContainsAny(code, "hs") // else minutes
}

func (b *book) readStyles() error {
	dates := map[int]bool{} // by the number of a format
	inCells := false
	return b.each("xl/styles.xml", func(_ *xml.Decoder, e xml.StartElement) error {
		id, _ := strconv.Atoi(attr(e, "numFmtId"))
		switch e.Name.Local {
		case "numFmt":
			dates[id] = showsDate(id, attr(e, "formatCode"))
		case "cellXfs":
			inCells = true
		case "cellStyles", "dxfs":
			inCells = false
		case "xf":
			if inCells {
				b.dates = append(b.dates, dates[id] || showsDate(id, ""))
			}
		}
		return nil
	})
}

// richText is a text whose parts may be formatted apart.
type richText struct {
	Text string `xml:"t"`
	Runs []struct {
		Text string `xml:"t"`
	} `xml:"r"`
}

func (t richText) String() string {
	var s strings.Builder
	s.WriteString(t.Text)
	for _, r := range t.Runs {
		s.WriteString(r.Text)
	}
	return escaped.ReplaceAllStringFunc(s.String(), func(code string) string {
		n, _ := strconv.ParseUint(code[2:6], 16, 16)
		return string(rune(n))
	})
}

// escaped is how a workbook writes a character XML does not allow, and an underscore that
// would begin such a thing.
var escaped = regexp.MustCompile(`_x[0-9A-Fa-f]{4}_`)

func (b *book) readStrings() error {
	return b.each("xl/sharedStrings.xml", func(d *xml.Decoder, e xml.StartElement) error {
		if e.Name.Local != "si" {
			return nil
		}
		var t richText
		if err := d.DecodeElement(&t, &e); err != nil {
			return err
		}
		if b.strings = append(b.strings, t.String()); len(b.strings) > b.limits.Cells {
			return ErrTooLarge
		}
		return nil
	})
}

func (b *book) readRows(part string) ([][]string, error) {
	t := table{limits: b.limits}
	var row []string
	begun, next := false, 0 // the column of a cell that names none
	end := func() error {
		if !begun {
			return nil
		}
		err := t.put(row)
		row, next = nil, 0
		return err
	}
	err := b.each(part, func(d *xml.Decoder, e xml.StartElement) error {
		switch e.Name.Local {
		case "row":
			if err := end(); err != nil {
				return err
			}
			begun = true
			if n, err := strconv.Atoi(attr(e, "r")); err == nil {
				if n <= t.next { // rows come in order
					return fmt.Errorf("%w: row %d comes late", ErrMalformed, n)
				}
				t.next = n - 1
			}
		case "c":
			var c struct {
				Ref   string   `xml:"r,attr"`
				Type  string   `xml:"t,attr"`
				Style int      `xml:"s,attr"`
				Value string   `xml:"v"`
				Text  richText `xml:"is"`
			}
			if err := d.DecodeElement(&c, &e); err != nil {
				return err
			}
			column := next
			if c.Ref != "" {
				column = columnOf(c.Ref)
			}
			if column < next || column >= maxColumns {
				return fmt.Errorf("%w: cell %q is out of place", ErrMalformed, c.Ref)
			}
			next = column + 1
			value := c.Text.String()
			if c.Type != "inlineStr" {
				var err error
				if value, err = b.value(c.Type, c.Value, c.Style); err != nil {
					return err
				}
			}
			if value == "" {
				return nil
			}
			if t.cells+column >= b.limits.Cells {
				return ErrTooLarge
			}
			for len(row) < column {
				row = append(row, "")
			}
			row = append(row, value)
		}
		return nil
	})
	if err == nil {
		err = end()
	}
	if err != nil {
		return nil, err
	}
	return t.rows, nil
}

const maxColumns = 16384

// columnOf returns the column of a reference such as «AB12», from zero, or maxColumns.
func columnOf(ref string) int {
	n := 0
	for _, c := range ref {
		if c < 'A' || c > 'Z' {
			break
		}
		if n = n*26 + int(c-'A') + 1; n > maxColumns {
			return maxColumns
		}
	}
	if n == 0 {
		return maxColumns
	}
	return n - 1
}

// value returns a cell's value as text.
func (b *book) value(kind, v string, style int) (string, error) {
	switch kind {
	case "s":
		n, err := strconv.Atoi(strings.TrimSpace(v))
		if err != nil || n < 0 || n >= len(b.strings) {
			return "", fmt.Errorf("%w: there is no text %q", ErrMalformed, v)
		}
		return b.strings[n], nil
	case "", "n":
		return b.number(strings.TrimSpace(v), style >= 0 && style < len(b.dates) && b.dates[style]), nil
	case "d":
		return strings.TrimSuffix(v, "T00:00:00"), nil
	}
	return v, nil
}

// number writes a number with the fifteen digits a spreadsheet shows at most, so that 0.1+0.2
// is 0.3; one that is no number stays as it is.
func (b *book) number(v string, isDate bool) string {
	f, err := strconv.ParseFloat(v, 64)
	if err != nil || math.IsNaN(f) || math.Abs(f) >= 1e15 {
		return v
	}
	if isDate {
		days := f
		if b.date1904 {
			days += 1462
		}
		if days >= 1 && days < 2958466 { // up to the end of the year 9999
			whole, rest := math.Modf(days)
			at := time.Date(1899, time.December, 30+int(whole), 0, 0, int(math.Round(rest*86400)), 0, time.UTC)
			return strings.TrimSuffix(at.Format("2006-01-02T15:04:05"), "T00:00:00")
		}
	}
	f, _ = strconv.ParseFloat(strconv.FormatFloat(f, 'g', 15, 64), 64)
	return strconv.FormatFloat(f, 'f', -1, 64)
}
