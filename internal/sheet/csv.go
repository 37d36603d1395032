package sheet

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
)

const bom = "\ufeff"

// CSV writes what Russian Excel opens with the right letters and columns: UTF-8 with a byte
// order mark, semicolons, CRLF, decimal commas, dates as 2026-11-12.
type CSV struct {
	to    io.Writer
	w     *csv.Writer
	begun bool
}

// NewCSV returns a writer of one sheet.
func NewCSV(w io.Writer) *CSV {
	c := &CSV{to: w, w: csv.NewWriter(w)}
	c.w.Comma, c.w.UseCRLF = ';', true
	return c
}

// Sheet writes the header. There is one sheet, and its name is not written.
func (c *CSV) Sheet(_ string, columns ...Column) error {
	if c.begun {
		return errors.New("a CSV file has one sheet")
	}
	c.begun = true
	if _, err := io.WriteString(c.to, bom); err != nil {
		return err
	}
	titles := make([]string, len(columns))
	for i, column := range columns {
		titles[i] = harmless(column.Title)
	}
	return c.w.Write(titles)
}

// Row writes one row.
func (c *CSV) Row(cells ...Cell) error {
	if !c.begun {
		return errNoSheet
	}
	fields := make([]string, len(cells))
	for i, cell := range cells {
		switch cell.kind {
		case text:
			fields[i] = harmless(cell.text)
		case number:
			fields[i] = strconv.FormatInt(cell.number, 10)
		case money:
			fields[i] = decimal(cell.number)
		case date:
			fields[i] = cell.day.Format(time.DateOnly)
		}
	}
	return c.w.Write(fields)
}

// Close writes what is left.
func (c *CSV) Close() error {
	c.w.Flush()
	return c.w.Error()
}

// harmless keeps a spreadsheet from running what people typed as a formula.
func harmless(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r\n", rune(s[0])) {
		return "'" + s
	}
	return s
}

func decimal(kopecks int64) string {
	sign, n := "", uint64(kopecks)
	if kopecks < 0 {
		sign, n = "-", -n
	}
	return fmt.Sprintf("%s%d,%02d", sign, n/100, n%100)
}

// ReadCSV reads a file of semicolons, commas or tabs, in UTF-8, windows-1251, or UTF-16 with a
// byte order mark, which Excel calls «Текст Юникод». Rows stand at their place, blank lines
// among them. It returns ErrTooLarge or ErrMalformed.
func ReadCSV(r io.Reader, l Limits) ([][]string, error) {
	data, err := io.ReadAll(io.LimitReader(r, l.Bytes+1))
	switch {
	case err != nil:
		return nil, err
	case int64(len(data)) > l.Bytes:
		return nil, ErrTooLarge
	}
	switch {
	case bytes.HasPrefix(data, []byte("\xff\xfe")), bytes.HasPrefix(data, []byte("\xfe\xff")):
		if len(data)%2 != 0 {
			return nil, fmt.Errorf("%w: it ends within a letter", ErrMalformed)
		}
		data, err = unicode.UTF16(unicode.LittleEndian, unicode.ExpectBOM).NewDecoder().Bytes(data)
	case !utf8.Valid(data):
		data, err = charmap.Windows1251.NewDecoder().Bytes(data)
	}
	switch {
	case err != nil:
		return nil, fmt.Errorf("%w: %w", ErrMalformed, err)
	case int64(len(data)) > l.Bytes:
		return nil, ErrTooLarge
	case bytes.IndexByte(data, 0) >= 0:
		return nil, fmt.Errorf("%w: it holds zero bytes", ErrMalformed)
	}
	data = bytes.TrimPrefix(data, []byte(bom))
	data = bytes.ReplaceAll(data, []byte("\r\n"), []byte("\n"))
	data = bytes.ReplaceAll(data, []byte("\r"), []byte("\n"))
	comma := separator(data)
	record := &rationed{r: bytes.NewReader(data), separator: byte(comma)}
	in := csv.NewReader(record)
	in.Comma, in.LazyQuotes, in.FieldsPerRecord = comma, true, -1
	t := table{limits: l}
	for read := int64(0); ; read = in.InputOffset() {
		record.seen = 0
		fields, err := in.Read()
		switch {
		case err == io.EOF:
			return t.rows, nil
		case errors.Is(err, ErrTooLarge):
			return nil, ErrTooLarge
		}
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrMalformed, err)
		}
		t.next += leadingLines(data[read:in.InputOffset()])
		if err := t.put(fields); err != nil {
			return nil, err
		}
	}
}

// maxSeparators is how many a record may have, those within quotes among them. encoding/csv takes
// 24 bytes for every field before it returns the first.
const maxSeparators = 4 * maxColumns

// rationed reads until more separators were seen than a record may have.
type rationed struct {
	r         io.Reader
	separator byte
	seen      int
}

func (r *rationed) Read(p []byte) (int, error) {
	n, err := r.r.Read(p)
	if r.seen += bytes.Count(p[:n], []byte{r.separator}); r.seen > maxSeparators {
		return 0, ErrTooLarge
	}
	return n, err
}

// leadingLines counts the blank lines before a record, which encoding/csv passes over.
func leadingLines(record []byte) int {
	return len(record) - len(bytes.TrimLeft(record, "\n"))
}

// separator returns what parts the first line outside quotes: a tab if there is one, else the
// more frequent of semicolon and comma.
func separator(data []byte) rune {
	first, _, _ := bytes.Cut(bytes.TrimLeft(data, "\n"), []byte("\n"))
	counts := map[rune]int{}
	quoted := false
	for _, c := range string(first) {
		switch {
		case c == '"':
			quoted = !quoted
		case !quoted:
			counts[c]++
		}
	}
	switch {
	case counts['\t'] > 0:
		return '\t'
	case counts[','] > counts[';']:
		return ','
	}
	return ';'
}

// maxCell is how many characters a cell of Excel holds.
const maxCell = 32_767

// table collects rows within limits. Text is counted as often as it stands there: in a workbook
// many cells may share one, which whoever goes through the rows meets in each of them.
type table struct {
	limits Limits
	rows   [][]string
	cells  int
	bytes  int64
	next   int // where the next row stands
}

// put adds a row at its place, unless all of it is blank.
func (t *table) put(cells []string) error {
	at := t.next
	t.next++
	for len(cells) > 0 && cells[len(cells)-1] == "" {
		cells = cells[:len(cells)-1]
	}
	if len(cells) == 0 {
		return nil
	}
	t.cells += len(cells)
	for _, cell := range cells {
		if t.bytes += int64(len(cell)); utf8.RuneCountInString(cell) > maxCell {
			return ErrTooLarge
		}
	}
	if at >= t.limits.Rows || t.cells > t.limits.Cells || t.bytes > t.limits.Bytes {
		return ErrTooLarge
	}
	for len(t.rows) < at {
		t.rows = append(t.rows, nil)
	}
	t.rows = append(t.rows, cells)
	return nil
}
