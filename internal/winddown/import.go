package winddown

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Limits of an import.
const (
	MaxImportRows    = 5000
	MaxImportColumns = 100 // further ones are not looked at
	maxTitleRows     = 20  // among the first of them the header is looked for
)

// ImportTerm is how long a table waits between its preview and its load, and what was loaded
// for its invitations.
const ImportTerm = 24 * time.Hour

// ImportField is what a column of a table of sellers may hold.
type ImportField string

// The fields, in the order of the template.
const (
	ImportName        ImportField = "seller_name"
	ImportINN         ImportField = "inn"
	ImportOGRN        ImportField = "ogrn"
	ImportCabinet     ImportField = "cabinet"
	ImportFBS         ImportField = "fbs"
	ImportStock       ImportField = "wb_stock"
	ImportLeftover    ImportField = "leftover"
	ImportResponsible ImportField = "responsible"
	ImportActOn       ImportField = "act_on"
	ImportTicket      ImportField = "ticket"
	ImportEmail       ImportField = "email" // of the seller, for his invitation; not kept with the case
)

// ImportFields returns every field.
func ImportFields() []ImportField {
	return []ImportField{ImportName, ImportINN, ImportOGRN, ImportCabinet, ImportFBS, ImportStock, ImportLeftover, ImportResponsible,
		ImportActOn, ImportTicket, ImportEmail}
}

// ImportLayout says where a table has what. Defaults answer the start questions of new
// sellers whose cells are blank.
type ImportLayout struct {
	Header   int                 `json:"header"`  // number of the row with the names of columns, from one; 0 for none
	Columns  map[ImportField]int `json:"columns"` // from zero; what is not there has no column
	Defaults RawAnswers          `json:"defaults"`
	Heading  string              `json:"heading,omitempty"` // tells the heading it was chosen for by hand from others
	Kept     bool                `json:"kept,omitempty"`    // was chosen for an earlier table
}

// ByHand is a layout that was chosen for a table, to be kept for others with its heading.
func (l ImportLayout) ByHand(rows [][]string) ImportLayout {
	if l.Header > 0 && l.Header <= len(rows) {
		l.Heading = importHeading(rows[l.Header-1])
	}
	return l
}

// For is a layout that was chosen by hand for an earlier table; false unless it suits this one,
// because it has the same heading.
func (l ImportLayout) For(rows [][]string) (ImportLayout, bool) {
	if l.Heading == "" || l.Check() != nil {
		return l, false
	}
	at := slices.IndexFunc(rows[:min(len(rows), max(maxTitleRows, l.Header))], func(row []string) bool { return importHeading(row) == l.Heading })
	l.Header, l.Kept = at+1, true
	return l, at >= 0
}

func importHeading(row []string) string {
	h := sha256.New()
	for _, cell := range row {
		_, _ = h.Write([]byte(tidyLine(cell) + "\n")) // into memory: it cannot fail
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// Check returns Invalid for a layout without what every row needs.
func (l ImportLayout) Check() error {
	var v invalid
	for _, f := range []ImportField{ImportName, ImportINN} {
		if _, ok := l.Columns[f]; !ok {
			v.add(string(f), "import.error.column_missing", nil)
		}
	}
	return v.err()
}

// importNames are the names of columns, as headingName leaves them.
func importNames() map[ImportField][]string {
	names := map[ImportField][]string{
		ImportName: {"продавец", "наименование", "название", "наименование продавца", "название продавца", "имя продавца", "клиент", "название клиента",
			"наименование клиента", "клиент ип ооо", "организация", "наименование организации", "название организации", "компания", "название компании",
			"наименование компании", "фирма", "название фирмы", "контрагент", "наименование контрагента", "название контрагента", "юрлицо", "юр лицо",
			"юридическое лицо", "наименование юрлица", "наименование юр лица", "название юрлица", "название юр лица", "фио", "фио продавца", "фио ип",
			"фио клиента", "наименование ип", "наименование ип ооо", "название ип ооо", "имя", "ип ооо", "ип или ооо", "селлер", "seller", "seller name", "name",
			"client", "client name", "company", "company name", "organization", "organisation"},
		ImportINN: {"инн", "инн продавца", "инн клиента", "инн организации", "инн компании", "инн контрагента", "инн фирмы", "инн юрлица", "инн юр лица", "инн ип",
			"инн ип ооо", "инн селлера", "inn", "tin", "tax id", "tax number", "taxpayer number", "inn taxpayer number", "seller inn"},
		ImportOGRN: {"огрн", "огрнип", "огрн ип", "огрн огрнип", "огрнип огрн", "огрн или огрнип", "огрнип или огрн", "ogrn", "ogrnip", "ogrn ogrnip", "ogrn or ogrnip",
			"ogrnip or ogrn", "ogrnip or ogrn registration number", "registration number"},
		ImportCabinet: {"кабинет", "кабинет wb", "личный кабинет", "личный кабинет wb", "лк", "лк wb", "название кабинета", "название кабинета wb", "кабинет продавца",
			"магазин", "магазин wb", "название магазина", "cabinet", "cabinet name", "name of cabinet", "store", "store name", "shop"},
		ImportFBS: {"fbs", "работа fbs", "торгует fbs", "торгуете fbs", "продает fbs", "работает fbs", "работаете fbs", "схема fbs", "товар fbs",
			"товар на своем складе", "остатки fbs", "sells fbs", "uses fbs", "works fbs", "work fbs"},
		ImportStock: {"остаток", "остаток на складе", "остаток на складе wb", "остаток wb", "остаток fbo", "остаток товара", "остаток товара на складе",
			"остаток товара на складе wb", "остаток товара wb", "товар на складе", "товар на складе wb", "товар wb", "товар fbo", "сток", "стоки",
			"fbo", "stock", "wb stock", "stock in wb warehouses", "goods in wb warehouses", "goods in wb warehouse", "stock at wb"},
		ImportLeftover: {"что с остатком", "что делать с остатком", "что делаете с остатком", "что делаем с остатком", "что делает с остатком", "куда остаток",
			"судьба остатка", "действия с остатком", "дальнейшие действия с остатком", "решение по остатку", "план по остатку",
			"что делаете с остатком распродаете вывозите или и то и другое", "leftover", "leftovers", "what about the stock", "what happens to the stock",
			"what do you do with the rest", "what do you do with the rest sell it take it back or both"},
		ImportResponsible: {"ответственный", "ответственная", "ответственное лицо", "ответственный бухгалтер", "ответственный менеджер", "ответственный сотрудник",
			"бухгалтер", "ведущий бухгалтер", "менеджер", "исполнитель", "куратор", "кто ведет", "ведет", "responsible", "responsible person", "accountant", "manager"},
		ImportActOn: {"акт запрошен", "дата запроса акта", "дата запроса акта сверки", "запрос акта", "запрос акта сверки", "акт запрошен дата", "акт сверки запрошен",
			"дата запроса", "запрошен", "когда запрошен акт", "когда запросили акт", "акт сверки дата запроса", "акт дата запроса", "акт сверки запрошен дата",
			"act requested", "act requested on", "requested on", "request date"},
		ImportTicket: {"номер обращения", "обращение", "обращения", "номер обращения в поддержку", "обращение в поддержку", "номер запроса", "номер заявки", "заявка",
			"заявки", "тикет", "тикета", "номер тикета", "акт номер обращения", "акт сверки номер обращения", "акт номер запроса", "акт сверки номер запроса", "ticket",
			"ticket number", "request number"},
		ImportEmail: {"email", "почта", "email продавца", "почта продавца", "электронная почта", "эл почта", "электронный адрес", "эл адрес", "адрес почты",
			"адрес электронной почты", "email клиента", "почта клиента", "email для связи", "почта для связи", "контактный email", "контактная почта", "имейл", "емейл",
			"мейл", "seller email", "mail"},
	}
	for f := range names {
		for i, name := range names[f] {
			names[f][i] = headingName(name)
		}
	}
	return names
}

// headingName is what a heading says: the marketplace, the ways of trading and stock by one word
// each, and without the words that change nothing.
func headingName(cell string) string {
	var said []string
	for _, word := range strings.Fields(strings.NewReplacer("e mail", "email", "е mail", "email", " да нет", "", " да или нет", "", " yes no", "", " yes or no", "").Replace(columnName(cell))) {
		switch word {
		case "вб", "wildberries", "вайлдберриз", "вайлдберис", "вайлдбериз", "валдберис":
			word = "wb"
		case "фбс":
			word = "fbs"
		case "фбо", "fbw", "фбв":
			word = "fbo"
		case "склад", "склада", "складе", "складах", "складов":
			word = "склад"
		case "остаток", "остатка", "остатку", "остатком", "остатке", "остатки", "остатков", "остаткам", "остатками", "остатках":
			word = "остаток"
		case "товар", "товара", "товары", "товаров", "товару":
			word = "товар"
		case "есть", "ли", "наличие", "на", "по", "в", "с", "у", "от", "для", "за", "шт", "штук",
			"the", "a", "is", "are", "there", "any", "in", "at", "by", "of", "do", "does", "you", "s", "pcs":
			continue
		}
		said = append(said, word)
	}
	return strings.Join(said, " ")
}

// FindLayout finds the row that names the columns, a title above it or a group of merged
// cells included, and what each holds. In a table without one the columns are told by what
// they hold, as far as that can be.
func FindLayout(rows [][]string) ImportLayout {
	var best ImportLayout
	names := importNames()
	for i := range rows[:min(len(rows), maxTitleRows)] {
		if columns := namedColumns(rows, i, names); len(columns) > len(best.Columns) {
			best = ImportLayout{Header: i + 1, Columns: columns}
		}
	}
	if _, ok := best.Columns[ImportINN]; ok || len(best.Columns) > 1 {
		return best
	}
	columns, first := guessedColumns(rows)
	return ImportLayout{Header: first, Columns: columns}
}

func importCell(rows [][]string, row, column int) string {
	if row < 0 || row >= len(rows) || column >= len(rows[row]) {
		return ""
	}
	return rows[row][column]
}

// namedColumns reads a row as a header. A name may stand in the row above when cells were
// merged downwards, or be completed by it when it heads a group.
func namedColumns(rows [][]string, row int, names map[ImportField][]string) map[ImportField]int {
	width := len(rows[row])
	if row > 0 {
		width = max(width, len(rows[row-1]))
	}
	columns, group := map[ImportField]int{}, ""
	for at := range min(width, MaxImportColumns) {
		own, above := headingName(importCell(rows, row, at)), headingName(importCell(rows, row-1, at))
		if above != "" {
			group = above
		}
		candidates := []string{own, group + " " + own}
		if own == "" {
			candidates = []string{above}
		}
		for _, f := range ImportFields() {
			if _, taken := columns[f]; taken {
				continue
			}
			if slices.ContainsFunc(candidates, func(c string) bool { return c != "" && slices.Contains(names[f], c) }) {
				columns[f] = at
				break
			}
		}
	}
	if !slices.ContainsFunc(rows[row], func(cell string) bool { return columnName(cell) != "" }) {
		return nil
	}
	return columns
}

func columnName(cell string) string {
	return strings.ReplaceAll(strings.Join(words(visible(cell)), " "), "ё", "е")
}

// guessedColumns finds the columns of taxpayer and registration numbers, and of names, and how
// many rows stand before the first number.
func guessedColumns(rows [][]string) (columns map[ImportField]int, above int) {
	columns = map[ImportField]int{}
	for i, row := range rows[:min(len(rows), maxTitleRows)] {
		for at, cell := range row[:min(len(row), MaxImportColumns)] {
			f := ImportField("")
			switch cell = tidyLine(cell); {
			case ValidINN(readINN(cell)):
				f = ImportINN
			case ValidOGRN(cell):
				f = ImportOGRN
			case strings.ContainsFunc(cell, unicode.IsLetter) && !strings.Contains(cell, "@") && yesOrNo(cell) == "":
				f = ImportName
			}
			if _, taken := columns[f]; f == "" || taken {
				continue
			}
			columns[f] = at
			if f == ImportINN {
				above = i
			}
		}
	}
	return columns, above
}

// ImportDraft is what a row says of a seller. Blank is what it does not say.
type ImportDraft struct {
	Seller      Seller
	Answers     RawAnswers
	Responsible string // address or name of a person of the firm
	ActOn       Date
	Ticket      string
	Email       string
}

// ImportRow is a row of a table as it was read. Faults name the field and what is wrong with
// its cell.
type ImportRow struct {
	Line   int // from one, as a spreadsheet counts
	Cells  []string
	Draft  ImportDraft
	Faults []FieldError
}

// ReadImport reads the rows below the header that are not blank. Invalid for a layout without
// the columns that every row needs, for no rows, and for too many.
func ReadImport(rows [][]string, l ImportLayout) ([]ImportRow, error) {
	if err := l.Check(); err != nil {
		return nil, err
	}
	var read []ImportRow
	for i := max(l.Header, 0); i < len(rows); i++ {
		if !slices.ContainsFunc(rows[i], func(cell string) bool { return tidyLine(cell) != "" }) {
			continue
		}
		read = append(read, readImportRow(i+1, rows[i], l))
	}
	var v invalid
	switch {
	case len(read) == 0:
		v.add("file", "import.error.no_rows", nil)
	case len(read) > MaxImportRows:
		v.add("file", "import.error.too_many_rows", Args{"N": len(read), "Max": MaxImportRows})
	}
	return read, v.err()
}

// ImportINNs returns the taxpayer numbers of a table, each once; without a column none.
func ImportINNs(rows [][]string, l ImportLayout) []string {
	at, ok := l.Columns[ImportINN]
	inns, seen := []string{}, map[string]bool{}
	for i := max(l.Header, 0); ok && i < len(rows); i++ {
		if inn := readINN(importCell(rows, i, at)); ValidINN(inn) && !seen[inn] {
			seen[inn] = true
			inns = append(inns, inn)
		}
	}
	return inns
}

func readImportRow(line int, cells []string, l ImportLayout) ImportRow {
	var v invalid
	get := func(f ImportField) string {
		at, ok := l.Columns[f]
		if !ok || at < 0 || at >= len(cells) {
			return ""
		}
		return typedText(tidyLine(cells[at]))
	}
	d := ImportDraft{
		Seller:      Seller{Name: get(ImportName), INN: readINN(get(ImportINN)), OGRN: get(ImportOGRN), Cabinet: get(ImportCabinet)}.tidy(),
		Responsible: get(ImportResponsible), Ticket: get(ImportTicket), Email: get(ImportEmail),
	}
	for _, f := range []ImportField{ImportINN, ImportOGRN} {
		if s := get(f); scientific(s) {
			v.add(string(f), "import.error.scientific", nil)
		}
	}
	answer := func(f ImportField) string {
		s := get(f)
		said := yesOrNo(s)
		if s != "" && said == "" {
			v.add(string(f), "import.error.yes_no", nil)
		}
		return said
	}
	d.Answers = RawAnswers{FBS: answer(ImportFBS), WBStock: answer(ImportStock)}
	if s := get(ImportLeftover); s != "" {
		if d.Answers.Leftover = readLeftover(s); d.Answers.Leftover == "" {
			v.add(string(ImportLeftover), "import.error.leftover", nil)
		} else if get(ImportStock) == "" {
			d.Answers.WBStock = "yes"
		}
	}
	if s := get(ImportActOn); s != "" {
		on, ok := pastedDate(s)
		if !ok {
			v.add(string(ImportActOn), "step.error.date", nil)
		}
		d.ActOn = on
	}
	if utf8.RuneCountInString(d.Ticket) > MaxTicket {
		v.add(string(ImportTicket), "error.field.too_long", Args{"Max": MaxTicket})
	}
	if key := EmailFault(d.Email); d.Email != "" && key != "" {
		v.add(string(ImportEmail), key, nil)
	}
	return ImportRow{Line: line, Cells: cells, Draft: d, Faults: v.fields}
}

// typedText takes off the apostrophe that keeps a spreadsheet from running a text.
func typedText(s string) string {
	if rest, ok := strings.CutPrefix(s, "'"); ok && rest != "" && strings.ContainsRune("=+-@", rune(rest[0])) {
		return rest
	}
	return s
}

// readINN gives back the zero a spreadsheet takes from the number of a region before the tenth.
func readINN(s string) string {
	s = strings.Join(strings.Fields(visible(s)), "")
	if digits(s) && (len(s) == 9 || len(s) == 11) && ValidINN("0"+s) {
		return "0" + s
	}
	return s
}

// scientific reports whether a spreadsheet has rounded a long number.
func scientific(s string) bool {
	mantissa, exponent, ok := strings.Cut(strings.ToUpper(s), "E")
	if !ok {
		mantissa, exponent, ok = strings.Cut(strings.ToUpper(s), "Е") // the Cyrillic letter
	}
	mantissa = strings.NewReplacer(",", "", ".", "").Replace(mantissa)
	return ok && digits(mantissa) && digits(strings.TrimPrefix(exponent, "+"))
}

// yesOrNo reads an answer, or nothing. A number of pieces is one too.
func yesOrNo(s string) string {
	switch s = strings.Trim(strings.ToLower(s), " .!"); s {
	case "да", "есть", "yes", "y", "true", "истина", "+", "v", "х", "x", "✓", "✔":
		return "yes"
	case "нет", "no", "n", "false", "ложь", "-", "–", "—":
		return "no"
	}
	if n, err := strconv.ParseFloat(strings.ReplaceAll(strings.Join(strings.Fields(s), ""), ",", "."), 64); err == nil && n >= 0 {
		if n == 0 {
			return "no"
		}
		return "yes"
	}
	return ""
}

func readLeftover(s string) string {
	switch columnName(s) {
	case "sell", "продать", "продаем", "распродать", "распродаем", "распродаю", "распродажа", "распродает", "sell out", "sell it", "i sell it":
		return string(Sell)
	case "return", "вернуть", "вывезти", "вывезем", "вывоз", "возврат", "забрать", "заберем", "вернет", "вывозит", "вывожу", "take back", "take it back", "i take it back":
		return string(Return)
	case "both", "и то и другое", "оба", "и то и то", "часть продать часть вернуть", "часть продать часть вывезти", "распродать и вывезти", "распродать и вернуть":
		return string(Both)
	}
	return ""
}

// ImportOutcome is what a row would do.
type ImportOutcome string

// The outcomes.
const (
	ImportNew       ImportOutcome = "new"
	ImportChanged   ImportOutcome = "changed"
	ImportUnchanged ImportOutcome = "unchanged"
	ImportFaulty    ImportOutcome = "faulty"
)

// ImportOutcomes returns every outcome.
func ImportOutcomes() []ImportOutcome {
	return []ImportOutcome{ImportNew, ImportChanged, ImportUnchanged, ImportFaulty}
}

// ImportedCase is a case of the firm as whoever imports sees it.
type ImportedCase struct {
	Case     *Case
	Standing Standing
}

// Import is whom a table is loaded by, into which firm, and what is there already. Firm is nil
// for somebody who has none yet. Reason is what the trail says of acts that were requested
// before: their steps cannot have been ticked here.
type Import struct {
	Layout   ImportLayout
	Firm     *Firm
	Role     Role // in the firm
	Existing []ImportedCase
	Stamp    Stamp
	Reason   string
}

// ImportChange is a value that a row changes.
type ImportChange struct {
	Field  ImportField
	Before string
	After  string
}

// ImportLine is a row with what it would do. Case is the case as it would be, with the events
// that lead there; nil for a faulty row.
type ImportLine struct {
	ImportRow
	Outcome ImportOutcome
	Case    *Case
	Changes []ImportChange
	Events  []Event
	// Warnings are said of a row that would be loaded and hold up nothing.
	Warnings []FieldError
	// Assign says that another person becomes responsible for an existing case.
	Assign bool
}

// Plan says what each row would do. It runs the rules on the cases it was given, which are
// changed by it. New cases get their ids from newID.
func (in Import) Plan(rows []ImportRow, newID func() (ID, error)) ([]ImportLine, error) {
	p := importPlan{Import: in, existing: map[string][]ImportedCase{}, seen: map[string]int{}, people: map[string][]ID{}, newID: newID}
	_, p.cabinets = in.Layout.Columns[ImportCabinet]
	names := sellerNames{} // as they are before the plan changes the cases
	for _, e := range in.Existing {
		key := p.key(e.Case.Seller)
		p.existing[key] = append(p.existing[key], e)
		names.add(e.Case.Seller, 0)
	}
	for _, row := range rows {
		names.add(row.Draft.Seller, row.Line)
	}
	if in.Firm != nil {
		for _, m := range in.Firm.Members {
			p.people[foldName(m.Email)] = append(p.people[foldName(m.Email)], m.UserID)
			p.people[foldName(m.Name)] = append(p.people[foldName(m.Name)], m.UserID)
		}
	}
	lines := make([]ImportLine, len(rows))
	for i, row := range rows {
		line, err := p.line(row)
		if err != nil {
			return nil, err
		}
		if line.Outcome == ImportNew || line.Outcome == ImportChanged {
			line.Warnings = names.warnings(row)
		}
		lines[i] = line
	}
	return lines, nil
}

type importPlan struct {
	Import
	existing map[string][]ImportedCase
	seen     map[string]int // the first line of a seller
	people   map[string][]ID
	cabinets bool // the table has a column of cabinets
	newID    func() (ID, error)
}

// key is what makes two sellers the same: taxpayer number and cabinet, or the number alone in
// a table without cabinets.
func (p *importPlan) key(s Seller) string {
	if !p.cabinets {
		return s.INN
	}
	return s.INN + "\x00" + foldName(s.Cabinet)
}

// sellerNames are the names under which a taxpayer number stands in a firm and in a table.
type sellerNames map[string]sellerSpellings

// sellerSpellings are the first two spellings in each place: a row differs from one of two. A table of
// thousands of rows with one number is planned in one pass for that.
type sellerSpellings struct{ firm, table []sellerName }

type sellerName struct {
	name   string
	folded string
	line   int // 0 for a seller of the firm
}

// add notes the name of a seller.
func (n sellerNames) add(s Seller, line int) {
	if !ValidINN(s.INN) {
		return
	}
	spellings := n[s.INN]
	place := &spellings.table
	if line == 0 {
		place = &spellings.firm
	}
	if len(*place) == 2 {
		return
	}
	one := sellerName{name: s.Name, folded: foldSeller(s.Name), line: line}
	if one.folded == "" || len(*place) == 1 && (*place)[0].folded == one.folded {
		return
	}
	*place = append(*place, one)
	n[s.INN] = spellings
}

// warnings says where the taxpayer number of a row stands with another name: one of the two is wrong, or the
// seller was renamed. The firm and the table are said once each.
func (n sellerNames) warnings(row ImportRow) []FieldError {
	spellings, ok := n[row.Draft.Seller.INN]
	folded := foldSeller(row.Draft.Seller.Name)
	if !ok || folded == "" {
		return nil
	}
	other := func(o sellerName) bool { return o.folded != folded }
	var all []FieldError
	if i := slices.IndexFunc(spellings.firm, other); i >= 0 {
		all = append(all, FieldError{Field: string(ImportINN), Key: "import.warning.name_firm", Args: Args{"Name": spellings.firm[i].name}})
	}
	if i := slices.IndexFunc(spellings.table, other); i >= 0 {
		o := spellings.table[i]
		all = append(all, FieldError{Field: string(ImportINN), Key: "import.warning.name_row", Args: Args{"Line": o.line, "Name": o.name}})
	}
	return all
}

// foldSeller makes spellings of one seller's name alike: letters and digits alone.
func foldSeller(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return r
		}
		return -1
	}, foldName(s))
}

func foldName(s string) string { return strings.ReplaceAll(strings.ToLower(tidyLine(s)), "ё", "е") }

func (p *importPlan) line(row ImportRow) (ImportLine, error) {
	v := invalid{fields: row.Faults}
	d := row.Draft
	key := p.key(d.Seller)
	if ValidINN(d.Seller.INN) {
		if first, ok := p.seen[key]; ok {
			v.add(string(ImportINN), "import.error.duplicate", Args{"Line": first})
		} else {
			p.seen[key] = row.Line
		}
	}
	found := p.existing[key]
	if len(found) > 1 {
		v.add(string(ImportINN), "import.error.several_cases", nil)
	}
	to := p.responsible(d.Responsible, &v)
	line := ImportLine{ImportRow: row}
	var err error
	if len(found) == 1 {
		p.change(&line, found[0], to, &v)
	} else {
		err = p.open(&line, to, &v)
	}
	if err != nil {
		return ImportLine{}, err
	}
	slices.SortStableFunc(v.fields, func(a, b FieldError) int {
		return slices.Index(ImportFields(), ImportField(a.Field)) - slices.Index(ImportFields(), ImportField(b.Field))
	})
	if line.Faults = v.fields; len(line.Faults) > 0 {
		line.Outcome, line.Case, line.Events, line.Changes, line.Assign = ImportFaulty, nil, nil, nil, false
	}
	return line, nil
}

// responsible finds a person of the firm by address or name; zero where the row names nobody.
// Whoever may not assign becomes responsible himself, whatever the table says.
func (p *importPlan) responsible(who string, v *invalid) ID {
	if who == "" || p.Firm == nil || !MayInFirm(CanAssign, p.Role) {
		return ID{}
	}
	switch found := p.people[foldName(who)]; len(found) {
	case 0:
		v.add(string(ImportResponsible), "import.error.responsible_unknown", nil)
	case 1:
		return found[0]
	default:
		v.add(string(ImportResponsible), "import.error.responsible_several", nil)
	}
	return ID{}
}

// open plans a case that is not there yet.
func (p *importPlan) open(line *ImportLine, to ID, v *invalid) error {
	d := line.Draft
	answers := d.Answers
	orDefault := func(said *string, value string, f ImportField) {
		if *said == "" && !v.has(string(f)) {
			*said = value
		}
	}
	orDefault(&answers.FBS, p.Layout.Defaults.FBS, ImportFBS)
	orDefault(&answers.WBStock, p.Layout.Defaults.WBStock, ImportStock)
	orDefault(&answers.Leftover, p.Layout.Defaults.Leftover, ImportLeftover)
	id, err := p.newID()
	if err != nil {
		return err
	}
	opening := p.Stamp
	opening.OnBehalf = false
	c, events, err := OpenCase(id, NewCase{Seller: d.Seller, Answers: answers}, opening)
	var wrong *Error
	if errors.As(err, &wrong) {
		for i, f := range wrong.Fields {
			if f.Field == string(ImportFBS) || f.Field == string(ImportStock) || f.Field == string(ImportLeftover) {
				wrong.Fields[i].Key = "import.error.answer_missing"
			}
		}
	}
	if !v.take(err, nil) || len(v.fields) > 0 {
		return nil
	}
	standing := Standing{Accountant: true, Lead: p.Role == Lead, Admin: p.Role == Admin}
	c.ResponsibleID = p.Stamp.By
	if p.Firm != nil {
		c.Entrust(p.Firm.ID, p.Stamp.By, p.Firm.Practice)
		events = append(events, c.BeginsActing()...)
	}
	if !to.IsZero() && to != p.Stamp.By {
		c.ResponsibleID, standing.Accountant = to, false
		events = append(events, Event{Kind: ResponsibleAssigned, User: to})
	}
	events = append(events, p.requested(c, d, standing, v)...)
	line.Outcome, line.Case, line.Events = ImportNew, c, events
	return nil
}

// change plans what becomes of a case that is there.
func (p *importPlan) change(line *ImportLine, found ImportedCase, to ID, v *invalid) {
	c, d := found.Case, line.Draft
	seller := c.Seller
	seller.Name = orOld(d.Seller.Name, seller.Name)
	seller.OGRN = orOld(d.Seller.OGRN, seller.OGRN)
	answers := RawAnswers{
		FBS:      orOld(d.Answers.FBS, yesNo(c.Answers.FBS)),
		WBStock:  orOld(d.Answers.WBStock, yesNo(c.Answers.WBStock)),
		Leftover: orOld(d.Answers.Leftover, string(c.Answers.Leftover)),
	}
	var wrong invalid
	seller.check(&wrong)
	parsed := answers.parse(&wrong)
	if !v.take(wrong.err(), nil) || len(v.fields) > 0 {
		return
	}
	before := p.values(c)
	var events []Event
	run := func(field ImportField, action Action, rule func(Stamp) ([]Event, error)) {
		if len(v.fields) > 0 {
			return
		}
		if err := c.Allow(action, found.Standing); err != nil {
			key := "import.error.not_yours"
			if c.HasOwner {
				key = "import.error.owners"
			}
			v.add(string(field), key, nil)
			return
		}
		s := p.Stamp
		s.OnBehalf = found.Standing.OnBehalf()
		did, err := rule(s)
		v.take(err, map[string]ImportField{"": field})
		events = append(events, did...)
	}
	if seller != c.Seller {
		run(ImportName, CanManage, func(s Stamp) ([]Event, error) {
			return c.ChangeDetails(ChangeDetails{Seller: seller, Zone: c.Zone}, s)
		})
	}
	if parsed != c.Answers {
		run(ImportStock, CanManage, func(s Stamp) ([]Event, error) { return c.ChangeAnswers(ChangeAnswers{Answers: answers}, s) })
	}
	if len(v.fields) == 0 {
		events = append(events, p.requested(c, d, found.Standing, v)...)
	}
	if !to.IsZero() && to != c.ResponsibleID {
		c.ResponsibleID, line.Assign = to, true
		events = append(events, Event{Kind: ResponsibleAssigned, User: to})
	}
	line.Outcome, line.Case, line.Events = ImportUnchanged, c, events
	if len(events) > 0 {
		line.Outcome, line.Changes = ImportChanged, changedValues(before, p.values(c))
	}
}

func orOld(value, old string) string {
	if value == "" {
		return old
	}
	return value
}

// requested notes that the act was asked for, on the day and under the number the row names.
// Steps that ought to come before are done without, with the import's reason.
func (p *importPlan) requested(c *Case, d ImportDraft, standing Standing, v *invalid) []Event {
	if d.ActOn.IsZero() && d.Ticket == "" {
		return nil
	}
	known := func(a Act) bool {
		return !a.RequestedOn.IsZero() && (d.ActOn.IsZero() || d.ActOn == a.RequestedOn) && (d.Ticket == "" || d.Ticket == a.Ticket)
	}
	a := c.Acts[0]
	switch {
	case slices.ContainsFunc(c.Acts, known):
		return nil
	case len(c.Acts) > 1:
		v.add(string(ImportActOn), "import.error.several_acts", nil)
		return nil
	case a.Phase() != PhaseNotRequested && a.Phase() != PhaseRequested:
		v.add(string(ImportActOn), "import.error.act_further", nil)
		return nil
	case a.Phase() == PhaseNotRequested && d.ActOn.IsZero():
		v.add(string(ImportTicket), "import.error.ticket_alone", nil)
		return nil
	}
	s := p.Stamp
	s.OnBehalf = standing.OnBehalf()
	st, err := c.Step(RequestAct)
	if err == nil {
		err = c.Allow(CanMark, standing)
	}
	if err != nil {
		v.add(string(ImportActOn), "import.error.act_owners", nil) // while there is no owner every role of a firm may
		return nil
	}
	var events []Event
	if c.MayWaive(RequestAct) {
		events, err = c.Waive(Review{Step: RequestAct, Version: st.Version, Reason: p.Reason}, s)
		if !v.take(err, map[string]ImportField{"": ImportActOn}) {
			return nil
		}
	}
	in := MarkDone{Step: RequestAct, Version: st.Version, On: a.RequestedOn, Note: st.Note, Act: a.Position, Channel: a.Channel,
		Ticket: orOld(d.Ticket, a.Ticket), PeriodFrom: a.PeriodFrom, PeriodTo: a.PeriodTo, Counterparty: a.Counterparty}
	if !d.ActOn.IsZero() {
		in.On = d.ActOn
	}
	did, err := c.MarkDone(in, s)
	v.take(err, map[string]ImportField{"": ImportActOn, "on": ImportActOn})
	return append(events, did...)
}

// values are what an import may change in a case.
func (p *importPlan) values(c *Case) map[ImportField]string {
	a := c.Acts[0]
	return map[ImportField]string{
		ImportName: c.Seller.Name, ImportOGRN: c.Seller.OGRN, ImportFBS: yesNo(c.Answers.FBS), ImportStock: yesNo(c.Answers.WBStock),
		ImportLeftover: string(c.Answers.Leftover), ImportActOn: a.RequestedOn.String(), ImportTicket: a.Ticket, ImportResponsible: p.nameOf(c.ResponsibleID),
	}
}

func (p *importPlan) nameOf(user ID) string {
	if p.Firm != nil {
		if m, err := p.Firm.Member(user); err == nil {
			return m.Name
		}
	}
	return ""
}

func changedValues(before, after map[ImportField]string) []ImportChange {
	var all []ImportChange
	for _, f := range ImportFields() {
		if before[f] != after[f] {
			all = append(all, ImportChange{Field: f, Before: before[f], After: after[f]})
		}
	}
	return all
}

// CountImport counts the lines of each outcome.
func CountImport(lines []ImportLine) map[ImportOutcome]int {
	n := map[ImportOutcome]int{}
	for _, l := range lines {
		n[l.Outcome]++
	}
	return n
}

// ImportDigest tells two plans apart: the same table, read in the same way by somebody with the
// same rights over the same cases, gives the same one.
func ImportDigest(lines []ImportLine) string {
	type event struct {
		Kind EventKind
		Step Code
		User ID
	}
	type short struct {
		Line        int
		Outcome     ImportOutcome
		Draft       ImportDraft
		Changes     []ImportChange
		Answers     Answers // these two of new cases
		Responsible ID
		Events      []event
	}
	h := sha256.New()
	enc := json.NewEncoder(h)
	for _, l := range lines {
		s := short{Line: l.Line, Outcome: l.Outcome, Draft: l.Draft, Changes: l.Changes}
		if l.Outcome == ImportNew {
			s.Answers, s.Responsible = l.Case.Answers, l.Case.ResponsibleID
		}
		for _, e := range l.Events {
			s.Events = append(s.Events, event{e.Kind, e.Step, e.User})
		}
		_ = enc.Encode(s) // plain values into memory: it cannot fail
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// has reports whether a field is at fault already.
func (v *invalid) has(field string) bool {
	return slices.ContainsFunc(v.fields, func(f FieldError) bool { return f.Field == field })
}

// take adds what is wrong by an error, and reports whether there was none. Fields are named
// anew as names says; "" is the field of an error that names none. A field that is at fault
// already is left alone.
func (v *invalid) take(err error, names map[string]ImportField) bool {
	if err == nil {
		return true
	}
	known := &Error{Key: "error.unreadable"}
	errors.As(err, &known)
	fields := known.Fields
	if len(fields) == 0 {
		fields = []FieldError{{Key: known.Key, Args: known.Args}}
	}
	for _, f := range fields {
		if name, ok := names[f.Field]; ok {
			f.Field = string(name)
		}
		if f.Field == "" {
			f.Field = string(ImportName)
		}
		if !v.has(f.Field) {
			v.fields = append(v.fields, f)
		}
	}
	return false
}
