package winddown

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// PasteError is what is wrong with a line of a pasted table.
type PasteError struct {
	Line int // from one, blank lines and the header counted
	FieldError
}

// ParseDebts reads lines of a ledger out of text pasted from a spreadsheet or a CSV file:
// cells parted by tabs or semicolons, or by commas where cells are quoted or a header tells.
// See ParseDebtRows.
func ParseDebts(text string, today Date) ([]NewDebt, []PasteError) {
	text = strings.ReplaceAll(strings.TrimPrefix(text, "\ufeff"), "\r\n", "\n")
	return parseDebts(cutTable(strings.ReplaceAll(text, "\r", "\n")), today)
}

// ParseDebtRows reads lines of a ledger out of the rows of a table. The columns are what,
// amount, date and document, named by a header in any order; without a header they are told
// apart by what they hold. A negative amount is owed to the marketplace, a positive one by it;
// a line without a date gets today's. Faulty lines are left out and reported, each mistake
// with its line; the lines returned have no id.
func ParseDebtRows(rows [][]string, today Date) ([]NewDebt, []PasteError) {
	table := make([]tableRow, len(rows))
	for i, cells := range rows {
		table[i] = tableRow{line: i + 1, cells: cells}
	}
	return parseDebts(table, today)
}

// tableRow is a row and the line it begins on.
type tableRow struct {
	line  int
	cells []string
}

func parseDebts(table []tableRow, today Date) ([]NewDebt, []PasteError) {
	var debts []NewDebt
	var wrong []PasteError
	var header map[string]int
	begun := false
	for _, row := range table {
		row.cells = slices.Clone(row.cells)
		for i, cell := range row.cells {
			row.cells[i] = tidyLine(cell)
		}
		if !slices.ContainsFunc(row.cells, func(cell string) bool { return cell != "" }) {
			continue
		}
		if !begun {
			begun = true
			if header = debtHeader(row.cells); header != nil {
				if slices.ContainsFunc(row.cells, namesForeign) {
					return nil, []PasteError{{row.line, FieldError{Field: "amount", Key: "ledger.error.currency"}}}
				}
				continue
			}
		}
		if len(debts)+len(wrong) >= MaxDebts {
			return debts, append(wrong, PasteError{row.line, FieldError{Field: "what", Key: "ledger.error.too_many", Args: Args{"Max": MaxDebts}}})
		}
		var v invalid
		n := parseDebt(row.cells, header, &v, today)
		if len(v.fields) == 0 {
			n.check(&v, Stamp{Today: today})
		}
		for _, f := range v.fields {
			wrong = append(wrong, PasteError{row.line, f})
		}
		if len(v.fields) == 0 {
			debts = append(debts, n)
		}
	}
	return debts, wrong
}

// debtColumns are the names of columns, in lower case and letters only.
func debtColumns() map[string][]string {
	return map[string][]string{
		"what":     {"за что", "что", "назначение", "назначение платежа", "наименование", "описание", "содержание", "what", "what for", "description"},
		"amount":   {"сумма", "сумма руб", "сумма в рублях", "сумма в руб", "сумма р", "amount", "sum"},
		"on":       {"дата", "дата документа", "дата операции", "date"},
		"document": {"документ", "номер", "номер документа", "основание", "document"},
	}
}

// debtHeader returns the columns a header names, or nil for a row that is none.
func debtHeader(cells []string) map[string]int {
	columns := map[string]int{}
	for i, cell := range cells {
		if _, key := readMoney(cell); key == "" {
			return nil
		}
		name := strings.Join(words(cell), " ")
		for field, names := range debtColumns() {
			if _, taken := columns[field]; !taken && slices.Contains(names, name) {
				columns[field] = i
			}
		}
		if _, taken := columns["amount"]; !taken && strings.HasPrefix(name, "сумма ") && namesForeign(cell) {
			columns["amount"] = i
		}
	}
	if len(columns) == 0 {
		return nil
	}
	return columns
}

func words(s string) []string {
	return strings.FieldsFunc(strings.ToLower(s), func(r rune) bool { return !unicode.IsLetter(r) })
}

// namesForeign reports whether the name of a column speaks of another currency.
func namesForeign(cell string) bool {
	return slices.ContainsFunc(words(cell), foreign) || strings.ContainsFunc(cell, func(r rune) bool { return r != '₽' && unicode.Is(unicode.Sc, r) })
}

// parseDebt reads one row. What the header does not name is told by the content of the
// other cells.
func parseDebt(cells []string, header map[string]int, v *invalid, today Date) NewDebt {
	found := map[string]string{}
	for field, i := range header {
		if i < len(cells) {
			found[field] = cells[i]
		}
	}
	missing := func(field string) bool {
		_, named := header[field]
		return !named && found[field] == ""
	}
	if missing("amount") && !oneAmount(cells) {
		v.add("amount", "ledger.error.columns", nil)
		return NewDebt{}
	}
	for i, cell := range cells {
		named := false
		for _, column := range header {
			named = named || column == i
		}
		shape, _, _ := moneyTokens(cell)
		_, key := readMoney(cell)
		if key == "ledger.error.currency" { // in a column of its own too
			v.add("amount", key, nil)
			return NewDebt{}
		}
		switch {
		case named || cell == "" || shape == "r":
		case missing("on") && looksLikeDate(cell):
			found["on"] = cell
		case missing("amount") && slices.Contains([]string{"", "ledger.error.amount_ambiguous", "ledger.error.overflow"}, key):
			found["amount"] = cell
		case missing("what") && (header == nil || key != ""): // not the number of a row
			found["what"] = cell
		case missing("document") && header == nil:
			found["document"] = cell
		}
	}
	n := NewDebt{What: found["what"], Document: found["document"], On: today, Side: ByWB}
	if n.Amount = v.money("amount", found["amount"]); n.Amount < 0 {
		n.Side = ToWB
	}
	if on := found["on"]; on != "" {
		d, ok := pastedDate(on)
		if !ok {
			shown := []rune(on)
			v.add("on", "ledger.error.pasted_date", Args{"Text": string(shown[:min(len(shown), 30)])})
		}
		n.On = d
	}
	if slices.Contains([]string{"итого", "всего", "total"}, strings.Trim(strings.ToLower(n.What), ":. ")) {
		v.add("what", "ledger.error.total", nil)
	}
	return n
}

// oneAmount reports whether a row without a header shows where its amount is: there is one
// number at most, or the cells stand in the order what, amount, date, document.
func oneAmount(cells []string) bool {
	var at []int
	for i, cell := range cells {
		if _, key := readMoney(cell); key == "" {
			at = append(at, i)
		}
	}
	return len(at) < 2 || slices.Equal(at, []int{1, 3}) && cells[0] != ""
}

func looksLikeDate(s string) bool {
	parts := strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune("./-", r) })
	_, ok := pastedDate(s)
	return ok && !digits(s) || len(parts) == 3 && digits(parts[0]) && digits(parts[1]) && digits(parts[2])
}

// pastedDate reads a date as spreadsheets show it, or the number of days by which they keep it.
func pastedDate(s string) (Date, bool) {
	if digits(s) {
		n, err := strconv.Atoi(s)
		if err != nil || n > 200_000 {
			return Date{}, false
		}
		return ParseDate(Date{1899, time.December, 30}.AddDays(n).String())
	}
	for _, layout := range []string{"2.1.2006", "2006-1-2", "2/1/2006", "2.1.06", "2.1.2006 15:04", "2006-1-2 15:04", "2006-1-2T15:04", "2/1/2006 15:04"} {
		for _, l := range []string{layout, layout + ":05"} {
			if t, err := time.Parse(l, s); err == nil {
				return ParseDate(t.Format(time.DateOnly))
			}
		}
	}
	return Date{}, false
}

var quoted = regexp.MustCompile(`"[^"]*"`)

// cutTable cuts pasted text into rows. A cell may be quoted and then hold separators, line
// ends and doubled quotes; a quotation mark that is not closed before the next separator is text.
func cutTable(text string) []tableRow {
	unquoted := quoted.ReplaceAllLiteralString(text, `""`)
	first, _, _ := strings.Cut(strings.TrimLeft(unquoted, "\n"), "\n")
	separator := byte(';')
	switch {
	case strings.Contains(first, "\t"):
		separator = '\t'
	case strings.Contains(first, ";"):
	case strings.Contains(first, `"`), debtHeader(strings.Split(first, ",")) != nil:
		separator = ','
	}
	var table []tableRow
	row, line := tableRow{line: 1}, 1
	for text != "" {
		cell, size := quotedCell(text, separator)
		if size == 0 {
			size = strings.IndexAny(text, string(separator)+"\n")
			if size < 0 {
				size = len(text)
			}
			cell = text[:size]
		}
		row.cells = append(row.cells, cell)
		line += strings.Count(text[:size], "\n")
		if text = text[size:]; text == "" {
			break
		}
		if text[0] == '\n' {
			line++
			table, row = append(table, row), tableRow{line: line}
		}
		text = text[1:]
	}
	return append(table, row)
}

// quotedCell returns the quoted cell a text begins with and its size, or no size.
func quotedCell(text string, separator byte) (cell string, size int) {
	if text[0] != '"' {
		return "", 0
	}
	for i := 1; i < len(text); i++ {
		switch {
		case text[i] != '"':
		case i+1 < len(text) && text[i+1] == '"':
			i++
		case i+1 == len(text) || text[i+1] == separator || text[i+1] == '\n':
			return strings.ReplaceAll(text[1:i], `""`, `"`), i + 1
		default:
			return "", 0
		}
	}
	return "", 0
}
