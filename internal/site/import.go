package site

import (
	"bytes"
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"time"

	"winddown/internal/app"
	"winddown/internal/httpkit"
	"winddown/internal/i18n"
	"winddown/internal/sheet"
	"winddown/internal/winddown"
	"winddown/web/page"
)

// Limits of a table of sellers, in bytes: of the file, and of what it unpacks to.
const (
	maxImport         = 10 << 20
	maxImportUnpacked = 32 << 20
)

// importWithin bounds the reading of a table and its load.
const importWithin = time.Minute

const (
	importHref       = "/sellers/import"
	importTemplate   = importHref + "/template.xlsx"
	importLinesShown = 100
	importRowsNamed  = 5 // above the button; all of them stand in the table
)

// ImportForm shows the form that takes a table of sellers.
func (s *Site) ImportForm(w http.ResponseWriter, r *http.Request) error {
	return s.importForm(w, r, nil)
}

func (s *Site) importForm(w http.ResponseWriter, r *http.Request, failure error) error {
	p := i18n.From(r.Context())
	m := mistakesOf(r.Context(), failure)
	v := importFormView(p)
	v.Errors, v.Error = m.items, m.of("file")
	status, options := formStatus(failure, layoutText)
	s.render(w, r, status, page.ImportForm(s.layout(r, p.T("import.title"), options...), v))
	return nil
}

// UploadImport reads a table and leads to its preview. Nothing but the table is kept.
func (s *Site) UploadImport(w http.ResponseWriter, r *http.Request) error {
	name, rows, err := readImport(w, r)
	if err == nil {
		var id winddown.ID
		err = within(r, func(ctx context.Context) (err error) {
			id, err = s.app.KeepImport(ctx, actorOf(ctx), name, rows)
			return err
		})
		if err == nil {
			return s.redirect(w, r, importHref+"/"+id.String())
		}
	}
	if winddown.KindOf(err) == winddown.TooLarge || redrawable(err) {
		return s.importForm(w, r, err)
	}
	return err
}

// readImport reads the file of a form as a table: TooLarge or Invalid on the field file.
func readImport(w http.ResponseWriter, r *http.Request) (name string, rows [][]string, err error) {
	parts, err := httpkit.Parts(w, r, maxImport+uploadSlack)
	var file []byte
	for err == nil {
		var part *httpkit.Part
		if part, err = parts.Next(); err == nil && part.Name == "file" {
			name = part.FileName
			file, err = io.ReadAll(io.LimitReader(part, maxImport+1))
		}
	}
	large := &winddown.Error{Kind: winddown.TooLarge, Key: "error.invalid", Fields: []winddown.FieldError{
		{Field: "file", Key: "import.error.file_large", Args: winddown.Args{"Max": maxImport >> 20, "Rows": winddown.MaxImportRows}}}}
	switch {
	case errors.Is(err, winddown.TooLarge), len(file) > maxImport:
		return "", nil, large
	case err != io.EOF: //nolint:errorlint // the end is bare
		return "", nil, err
	case len(file) == 0 && name != "":
		return "", nil, invalidField("file", "import.error.file_empty")
	case len(file) == 0:
		return "", nil, invalidField("file", "import.error.file_missing")
	}
	rows, err = readSheet(file, sheet.Limits{Rows: 2 * winddown.MaxImportRows, Cells: 100 * winddown.MaxImportRows, Bytes: maxImportUnpacked})
	switch {
	case errors.Is(err, sheet.ErrTooLarge):
		return "", nil, large
	case err != nil:
		return "", nil, invalidField("file", "import.error.file_unreadable")
	case len(rows) == 0:
		return "", nil, invalidField("file", "import.error.no_rows")
	}
	return winddown.EvidenceName(name), rows, nil
}

// ImportTemplate sends an empty table with the columns, an example and hints.
func (s *Site) ImportTemplate(w http.ResponseWriter, r *http.Request) error {
	p := i18n.From(r.Context())
	var buf bytes.Buffer
	out, err := sheet.NewXLSX(&buf, s.app.Now())
	if err == nil {
		err = writeImportTemplate(p, out, actorOf(r.Context()), winddown.Today(s.app.Now(), actorOf(r.Context()).Zone))
	}
	if err != nil {
		return err
	}
	return sendWorkbook(w, r, p.T("import.template.file"), &buf)
}

// sendWorkbook sends a workbook that is whole.
func sendWorkbook(w http.ResponseWriter, r *http.Request, name string, buf *bytes.Buffer) error {
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Type", workbookType)
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": letterFileName(name) + ".xlsx"}))
	if _, err := buf.WriteTo(httpkit.PacedWriter(w)); err != nil {
		httpkit.NoteError(r.Context(), err)
		panic(http.ErrAbortHandler) // cut off it cannot pass for a whole file
	}
	return nil
}

// importPlan reads what a stored table would do.
func (s *Site) importPlan(r *http.Request) (v app.ImportPreview, err error) {
	id, err := pathID(r, "import")
	if err != nil {
		return v, err
	}
	ctx, cancel := context.WithTimeout(r.Context(), importWithin)
	defer cancel()
	return s.app.Import(ctx, actorOf(ctx), id, importReason(ctx))
}

func importReason(ctx context.Context) string { return i18n.From(ctx).T("import.reason") }

// Import shows what a table would do, or what it has done.
func (s *Site) Import(w http.ResponseWriter, r *http.Request) error {
	in, err := s.importPlan(r)
	if err != nil {
		return err
	}
	return s.showImport(w, r, in, nil)
}

// showImport draws the preview, with what is wrong, or the result.
func (s *Site) showImport(w http.ResponseWriter, r *http.Request, in app.ImportPreview, failure error) error {
	p := i18n.From(r.Context())
	status, options := formStatus(failure)
	m := mistakesOf(r.Context(), failure)
	if !in.Import.LoadedAt.IsZero() {
		v := importDoneView(p, actorOf(r.Context()), in.Import, s.app.Mail())
		v.Errors = m.items
		s.render(w, r, status, page.ImportDone(s.layout(r, p.T("import.done"), append(options, layoutText)...), v))
		return nil
	}
	show, from, err := readImportQuery(r, in)
	if err != nil {
		return err
	}
	v := s.importView(r, in, show, from)
	if failure == nil && in.Wrong != nil {
		m = mistakesOf(r.Context(), in.Wrong)
		for i := range m.items {
			if m.items[i].Field == "file" {
				m.items[i].Field = ""
			}
		}
		options = append(options, layoutInvalid)
	}
	v.Errors, v.Layout.Errors = m.items, m.fields
	for i, sel := range v.Layout.Columns {
		v.Layout.Columns[i].Error = m.of(sel.Name)
	}
	// A missing answer can be given there for all.
	v.Layout.Open = in.Wrong != nil || failure != nil && len(m.fields) > 0 || slices.ContainsFunc(in.Plan, func(l winddown.ImportLine) bool {
		return slices.ContainsFunc(l.Faults, func(f winddown.FieldError) bool { return f.Key == "import.error.answer_missing" })
	})
	s.render(w, r, status, page.Import(s.layout(r, p.T("import.preview"), options...), v))
	return nil
}

// readImportQuery reads which lines are shown: those of a tab, from a number on.
func readImportQuery(r *http.Request, in app.ImportPreview) (show importTab, from int, err error) {
	counts := countImportTabs(in.Plan)
	for _, o := range []winddown.ImportOutcome{winddown.ImportFaulty, winddown.ImportNew, winddown.ImportChanged, winddown.ImportUnchanged} {
		if tab := importTab(o); show == "" && counts[tab] > 0 {
			show = tab
		}
	}
	q := r.URL.Query()
	if q.Has("show") {
		if show = importTab(q.Get("show")); !slices.Contains(importTabs(), show) {
			return "", 0, &winddown.Error{Kind: winddown.NotFound, Key: "error.not_found"}
		}
	}
	if q.Has("from") {
		if from, err = addressNumber(q.Get("from")); err != nil || from >= max(counts[show], 1) {
			return "", 0, &winddown.Error{Kind: winddown.NotFound, Key: "error.not_found"}
		}
	}
	return show, from, nil
}

// MapImport takes which column holds what.
func (s *Site) MapImport(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID(r, "import")
	if err != nil {
		return err
	}
	in, err := s.importPlan(r)
	if err != nil {
		return err
	}
	f, err := form(w, r)
	if err != nil {
		return err
	}
	l := winddown.ImportLayout{Columns: map[winddown.ImportField]int{}, Defaults: winddown.RawAnswers{
		FBS: f.Get("default_fbs"), WBStock: f.Get("default_wb_stock"), Leftover: f.Get("default_leftover")}}
	var fields []winddown.FieldError
	header, ok := plainNumber(f.Get("header"))
	if l.Header = header; f.Get("header") != "0" && (!ok || header > len(in.Import.Rows)) {
		fields = append(fields, winddown.FieldError{Field: "header", Key: "import.error.header"})
	}
	for _, field := range winddown.ImportFields() {
		value := f.Get(string(field))
		if value == "" {
			continue
		}
		at, err := strconv.Atoi(value)
		if err != nil || at < 0 || at >= winddown.MaxImportColumns {
			fields = append(fields, winddown.FieldError{Field: string(field), Key: "error.field.unknown"})
			continue
		}
		l.Columns[field] = at
	}
	if len(fields) == 0 {
		err = s.app.MapImport(r.Context(), actorOf(r.Context()), id, l)
	} else {
		err = &winddown.Error{Kind: winddown.Invalid, Key: "error.invalid", Fields: fields}
	}
	switch {
	case err == nil:
		return s.redirect(w, r, importHref+"/"+id.String())
	case redrawable(err):
		if in.Import.LoadedAt.IsZero() {
			in.Import.Layout = l
		}
		return s.showImport(w, r, in, err)
	}
	return err
}

// LoadImport does what the preview showed.
func (s *Site) LoadImport(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID(r, "import")
	if err != nil {
		return err
	}
	f, err := form(w, r)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(r.Context(), importWithin)
	defer cancel()
	if err = s.logins.takeLoad(w, r, actorOf(ctx).UserID); err == nil {
		err = s.app.LoadImport(ctx, actorOf(ctx), id, f.Get("plan"), importReason(ctx))
	}
	switch {
	case err == nil:
		return s.redirect(w, r, importHref+"/"+id.String())
	case retryable(err):
		in, denied := s.importPlan(r)
		if denied != nil {
			return denied
		}
		return s.showImport(w, r, in, err)
	}
	return err
}

// ImportFaults sends the faulty rows as they were brought, each with what is wrong with it.
func (s *Site) ImportFaults(w http.ResponseWriter, r *http.Request) error {
	in, err := s.importPlan(r)
	if err != nil {
		return err
	}
	if winddown.CountImport(in.Plan)[winddown.ImportFaulty] == 0 {
		return &winddown.Error{Kind: winddown.NotFound, Key: "error.not_found"}
	}
	var buf bytes.Buffer
	out, err := sheet.NewXLSX(&buf, s.app.Now())
	if err == nil {
		err = writeImportFaults(r.Context(), out, in)
	}
	if err != nil {
		return err
	}
	return sendWorkbook(w, r, i18n.From(r.Context()).T("import.faults.file"), &buf)
}

// InviteImported makes links for the owners of the added sellers and sends them as a table.
func (s *Site) InviteImported(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID(r, "import")
	if err != nil {
		return err
	}
	f, err := form(w, r)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(r.Context(), importWithin)
	defer cancel()
	var made []app.ImportedInvite
	if who := f.Get("who"); who == "addressed" || who == "all" {
		made, err = s.app.InviteImported(ctx, actorOf(ctx), id, who == "addressed")
	} else {
		err = invalidField("who", "import.error.who_missing")
	}
	if err != nil && redrawable(err) {
		in, denied := s.importPlan(r)
		if denied != nil {
			return denied
		}
		return s.showImport(w, r, in, err)
	}
	if err != nil {
		return err
	}
	p := i18n.From(r.Context())
	var buf bytes.Buffer
	out, err := sheet.NewXLSX(&buf, s.app.Now())
	if err == nil {
		err = writeImportInvites(p, out, s.base, made)
	}
	if err != nil {
		return err
	}
	return sendWorkbook(w, r, p.T("import.invite.file"), &buf)
}

// ImportMail asks before the owners of the added sellers are invited by mail.
func (s *Site) ImportMail(w http.ResponseWriter, r *http.Request) error {
	in, err := s.importPlan(r)
	if err != nil {
		return err
	}
	return s.importMail(w, r, in, nil)
}

// importMail shows who gets a letter. Where nobody does, the result of the table says why.
func (s *Site) importMail(w http.ResponseWriter, r *http.Request, in app.ImportPreview, failure error) error {
	actor := actorOf(r.Context())
	letters := app.ImportLetters(in.Import)
	if !s.app.Mail() || !actor.Confirmed || len(letters) == 0 {
		if failure == nil {
			return s.redirect(w, r, importHref+"/"+in.Import.ID.String())
		}
		return s.showImport(w, r, in, failure)
	}
	from := 0
	if q := r.URL.Query(); q.Has("from") {
		var err error
		if from, err = addressNumber(q.Get("from")); err != nil || from >= len(letters) {
			return &winddown.Error{Kind: winddown.NotFound, Key: "error.not_found"}
		}
	}
	v := importMailView(i18n.From(r.Context()), in.Import, letters, from)
	v.Errors = mistakesOf(r.Context(), failure).items
	status, options := formStatus(failure, layoutText)
	s.render(w, r, status, page.ImportMail(s.layout(r, v.Title, options...), v))
	return nil
}

// MailImported has the owners of the added sellers invited by mail. The result of the table says
// to how many.
func (s *Site) MailImported(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID(r, "import")
	if err != nil {
		return err
	}
	f, err := form(w, r)
	if err != nil {
		return err
	}
	if err := actorOf(r.Context()).Proved(s.app.Now()); err != nil { // before it is counted
		return err
	}
	if err := s.logins.takeTable(w, r, actorOf(r.Context()).UserID); err != nil { // nobody's mailbox is filled
		return err
	}
	ctx, cancel := context.WithTimeout(r.Context(), importWithin)
	defer cancel()
	shown, _ := plainNumber(f.Get("letters")) // another number is that of another list
	err = s.app.MailImported(ctx, actorOf(ctx), id, shown)
	switch {
	case err == nil:
		return s.redirect(w, r, importHref+"/"+id.String())
	case redrawable(err):
		in, denied := s.importPlan(r)
		if denied != nil {
			return denied
		}
		return s.importMail(w, r, in, err)
	}
	return err
}
