package site

import (
	"bytes"
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"

	"winddown/internal/httpkit"
	"winddown/internal/sheet"
	"winddown/internal/winddown"
	"winddown/web/page"
	"winddown/web/ui"
)

// Limits of a pasted table, in bytes: of the request (a letter of a form takes up to six),
// of the file, of the text.
const (
	maxPaste     = 4 << 20
	maxTable     = 2 << 20
	maxTableText = 512 << 10
)

// PasteForm shows the form for a table of debts.
func (s *Site) PasteForm(w http.ResponseWriter, r *http.Request) error {
	words, err := s.books(r)
	if err != nil {
		return err
	}
	if words.c.Finished() {
		return &winddown.Error{Kind: winddown.Conflict, Key: "case.error.finished"}
	}
	return s.renderPaste(w, r, words, http.StatusOK, pasteView(words, ""), nil)
}

// Paste shows how a table is read. It writes nothing: the page carries the table.
func (s *Site) Paste(w http.ResponseWriter, r *http.Request) error {
	var words caseWords
	err := within(r, func(ctx context.Context) (err error) {
		words, err = s.books(r.WithContext(ctx))
		return err
	})
	if err != nil {
		return err
	}
	text, wrong := readTable(w, r)
	if wrong != nil && !redrawable(wrong) {
		return wrong
	}
	if wrong == nil && words.c.Finished() {
		wrong = &winddown.Error{Kind: winddown.Conflict, Key: "case.error.finished"}
	}
	v := pasteView(words, text)
	if wrong != nil {
		return s.renderPaste(w, r, words, httpkit.Status(winddown.KindOf(wrong)), v, wrong)
	}
	batch, err := s.app.NewDebtID()
	if err != nil {
		return err
	}
	return s.preview(w, r, words, v, batch, words.readersToday(), nil)
}

// AddPasted writes the lines of a pasted table down, as they were shown.
func (s *Site) AddPasted(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID(r, "case")
	if err != nil {
		return err
	}
	values, err := httpkit.DecodeForm(w, r, maxPaste)
	if err != nil {
		return err
	}
	f := &formReader{form: values}
	batch, today := f.id("batch"), f.date("today")
	if today.IsZero() && len(f.fields) == 0 {
		f.add("version", "ledger.error.form")
	}
	text := values.Get("text")
	var debts []winddown.NewDebt
	if tooLong(text) {
		f.add("text", "ledger.error.paste_long")
	} else {
		debts, _ = winddown.ParseDebts(text, today)
	}
	err = f.err()
	if err == nil && len(debts) == 0 {
		err = invalidField("text", "ledger.error.paste_empty")
	}
	if err == nil {
		err = s.app.PasteDebts(r.Context(), actorOf(r.Context()), id, batch, debts)
	}
	if err == nil {
		s.notice(w, "debts_pasted")
		return s.redirect(w, r, debtsHref(id))
	}
	if !redrawable(err) {
		return err
	}
	words, denied := s.books(r)
	if denied != nil {
		return denied
	}
	if f.err() != nil || len(debts) == 0 {
		return s.renderPaste(w, r, words, httpkit.Status(winddown.KindOf(err)), pasteView(words, text), err)
	}
	if errors.Is(err, winddown.Conflict) {
		if batch, denied = s.app.NewDebtID(); denied != nil {
			return denied
		}
	}
	return s.preview(w, r, words, pasteView(words, text), batch, today, err)
}

func invalidField(field, key string) error {
	return &winddown.Error{Kind: winddown.Invalid, Key: "error.invalid", Fields: []winddown.FieldError{{Field: field, Key: key}}}
}

// renderPaste shows the form, with what is wrong.
func (s *Site) renderPaste(w http.ResponseWriter, r *http.Request, words caseWords, status int, v page.PasteView, failed error) error {
	var options []layoutOption
	if failed != nil {
		m := formMistakes(r.Context(), failed)
		v.Errors, v.Error, v.FileErr = m.items, m.of("text"), m.of("file")
		options = append(options, layoutInvalid)
	}
	s.render(w, r, status, page.Paste(s.caseLayout(r, words, words.pageTitle("ledger.paste.title"), options...), v))
	return nil
}

// preview shows the lines of a table as they will be written.
func (s *Site) preview(w http.ResponseWriter, r *http.Request, words caseWords, v page.PasteView, batch winddown.ID, today winddown.Date, failed error) error {
	debts, wrong := winddown.ParseDebts(v.Text, today)
	if len(debts) == 0 && len(wrong) == 0 {
		return s.renderPaste(w, r, words, http.StatusUnprocessableEntity, v, invalidField("text", "ledger.error.paste_empty"))
	}
	v.Preview = words.previewView(debts)
	v.Preview.Batch, v.Preview.Today, v.Preview.Text = batch.String(), today.String(), v.Text
	for _, one := range wrong {
		v.Preview.Faults = append(v.Preview.Faults, words.p.T("ledger.paste.fault", "Line", one.Line,
			"Text", words.p.Message(one.Key, messageArgs(r.Context(), one.Args))))
	}
	status, options := http.StatusOK, []layoutOption(nil)
	switch {
	case failed != nil:
		status, options = httpkit.Status(winddown.KindOf(failed)), append(options, layoutInvalid)
		v.Errors = formMistakes(r.Context(), failed).items
		for i, item := range v.Errors { // «2.amount»: the second of the lines shown
			if n, _, ok := strings.Cut(item.Field, "."); ok {
				v.Errors[i] = ui.ErrorItem{Text: words.p.T("ledger.paste.refused", "N", n, "Text", item.Text)}
			} else {
				v.Errors[i].Field = ""
			}
		}
	case len(debts) == 0:
		status = http.StatusUnprocessableEntity
	}
	s.render(w, r, status, page.Paste(s.caseLayout(r, words, words.pageTitle("ledger.paste.title"), options...), v))
	return nil
}

func pasteView(w caseWords, text string) page.PasteView {
	return page.PasteView{Back: w.backToLedger(), Action: debtsHref(w.c.ID) + "/paste", Text: text}
}

// previewView are the lines of a table as they were read.
func (w caseWords) previewView(debts []winddown.NewDebt) *page.PastePreviewView {
	v := &page.PastePreviewView{
		Title: w.p.N("ledger.paste.read", len(debts)), Caption: w.p.T("ledger.paste.caption"), Action: debtsHref(w.c.ID) + "/lines",
		Submit: w.p.N("ledger.paste.submit", len(debts)),
	}
	running, known := w.c.Balance, 0
	for _, n := range debts {
		running += signed(n.Side, n.Amount)
		row := w.debtRow(winddown.Debt{Side: n.Side, What: n.What, Amount: n.Amount, On: n.On, Document: n.Document})
		row.Running = w.p.Money(running.Kopecks())
		if w.knows(n) {
			known++
			row.State = w.p.T("ledger.paste.known")
		}
		v.Lines = append(v.Lines, row)
	}
	if known > 0 {
		v.Known = w.p.N("ledger.paste.known_lines", known)
	}
	after, _ := w.balanceOf(running, w.c.Lines+len(debts))
	v.After = w.p.T("ledger.paste.after", "Balance", after)
	return v
}

// knows reports whether the ledger has such a line already.
func (w caseWords) knows(n winddown.NewDebt) bool {
	for _, d := range w.c.Debts {
		if d.Removed == "" && d.Side == n.Side && d.What == n.What && d.Amount == n.Amount && d.On == n.On && d.Document == n.Document {
			return true
		}
	}
	return false
}

// readTable reads the text of a table, or makes it from a file. The text comes back with
// every error on a field.
func readTable(w http.ResponseWriter, r *http.Request) (string, error) {
	text, file, err := readPaste(w, r)
	if err != nil {
		return "", err
	}
	given := strings.TrimSpace(text) != ""
	switch {
	case tooLong(text):
		return text, invalidField("text", "ledger.error.paste_long")
	case given && len(file) > 0:
		return text, invalidField("file", "ledger.error.paste_both")
	case given:
		return text, nil
	case len(file) > maxTable:
		return text, invalidField("file", "ledger.error.file_large")
	case len(file) == 0:
		return text, invalidField("text", "ledger.error.paste_empty")
	}
	return tableOf(file)
}

// tooLong reports whether a table has more bytes than are taken. Browsers send two for the
// end of a line that a file ends with one.
func tooLong(text string) bool { return len(text)-strings.Count(text, "\r\n") > maxTableText }

// readPaste reads the text of the form and the bytes of its file, empty where none was
// chosen; of a file that is too large it reads one byte more than may be. It returns
// TooLarge or Invalid.
func readPaste(w http.ResponseWriter, r *http.Request) (text string, file []byte, err error) {
	if kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || kind != "multipart/form-data" {
		values, err := httpkit.DecodeForm(w, r, maxPaste)
		return values.Get("text"), nil, err
	}
	const limit = maxPaste + maxTable
	parts, err := httpkit.Parts(w, r, limit)
	for err == nil {
		var part *httpkit.Part
		if part, err = parts.Next(); err != nil {
			break
		}
		switch part.Name {
		case "text":
			text, err = part.Text(limit)
		case "file":
			file, err = io.ReadAll(io.LimitReader(part, maxTable+1))
		}
	}
	if err == io.EOF { //nolint:errorlint // the end is bare
		err = nil
	}
	return text, file, err
}

// tableOf turns a CSV or XLSX file into the text one would paste. It returns Invalid on
// the field file.
func tableOf(file []byte) (string, error) {
	rows, err := readSheet(file, sheet.Limits{Rows: 4 * winddown.MaxDebts, Cells: 40 * winddown.MaxDebts, Bytes: 4 * maxTable})
	var text strings.Builder
	for _, row := range rows {
		for i := range max(len(row), 2) { // a tab in the first line says that tabs part the cells
			if i > 0 {
				text.WriteByte('\t')
			}
			if i < len(row) {
				text.WriteString(pastedCell(row[i]))
			}
		}
		text.WriteByte('\n')
	}
	switch {
	case errors.Is(err, sheet.ErrTooLarge), err == nil && text.Len() > maxTableText:
		return "", invalidField("file", "ledger.error.file_large")
	case err != nil:
		return "", invalidField("file", "ledger.error.file_unreadable")
	case strings.TrimSpace(text.String()) == "":
		return "", invalidField("file", "ledger.error.file_empty")
	}
	return text.String(), nil
}

// readSheet reads a table of either format.
func readSheet(file []byte, l sheet.Limits) ([][]string, error) {
	if bytes.HasPrefix(file, []byte("PK\x03\x04")) {
		return sheet.ReadXLSX(bytes.NewReader(file), int64(len(file)), l)
	}
	return sheet.ReadCSV(bytes.NewReader(file), l)
}

// pastedCell is a cell as a spreadsheet puts it on the clipboard, without the line ends
// that would part it.
func pastedCell(cell string) string {
	cell = strings.Join(strings.FieldsFunc(cell, func(c rune) bool { return strings.ContainsRune("\t\r\n\x00", c) }), " ")
	if strings.HasPrefix(cell, `"`) {
		return `"` + strings.ReplaceAll(cell, `"`, `""`) + `"`
	}
	return cell
}
