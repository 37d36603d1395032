package site

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"winddown/internal/app"
	"winddown/internal/i18n"
	"winddown/internal/sheet"
	"winddown/internal/winddown"
	"winddown/web/page"
	"winddown/web/ui"
)

func importField(p *i18n.Printer, f winddown.ImportField) string {
	return p.T("import.field." + string(f))
}

func backToSellers(p *i18n.Printer) ui.BackLinkProps {
	return ui.BackLinkProps{Href: "/sellers", Text: p.T("register.title")}
}

func importFormView(p *i18n.Printer) page.ImportFormView {
	v := page.ImportFormView{Back: backToSellers(p), Action: importHref, Template: importTemplate}
	for _, f := range winddown.ImportFields() {
		v.Fields = append(v.Fields, page.Fact{Term: importField(p, f), Value: p.T("import.hint." + string(f))})
	}
	return v
}

// importValue is a value of a field as people read it.
func importValue(p *i18n.Printer, f winddown.ImportField, value string) string {
	if value == "" {
		return p.T("import.blank")
	}
	switch f {
	case winddown.ImportFBS, winddown.ImportStock:
		return p.T("common." + value)
	case winddown.ImportLeftover:
		return p.T("question.leftover." + value)
	case winddown.ImportActOn:
		if d, ok := winddown.ParseDate(value); ok {
			return p.Date(d.Time())
		}
	case winddown.ImportName, winddown.ImportINN, winddown.ImportOGRN, winddown.ImportCabinet, winddown.ImportResponsible,
		winddown.ImportTicket, winddown.ImportEmail:
	}
	return value
}

// importWarnings says what to look at in a row that is no fault.
func importWarnings(ctx context.Context, warnings []winddown.FieldError) []string {
	var all []string
	for _, w := range warnings {
		all = append(all, i18n.From(ctx).Message(w.Key, messageArgs(ctx, w.Args)))
	}
	return all
}

// importFaults says what is wrong with the cells of a row, one a fault.
func importFaults(ctx context.Context, faults []winddown.FieldError) []string {
	p := i18n.From(ctx)
	var all []string
	for _, f := range faults {
		all = append(all, p.T("import.fault", "Column", importField(p, winddown.ImportField(f.Field)), "Text", p.Message(f.Key, messageArgs(ctx, f.Args))))
	}
	return all
}

// importLine is a row and what it would do.
func importLine(ctx context.Context, l winddown.ImportLine, in app.ImportPreview) page.ImportLineView {
	p := i18n.From(ctx)
	d := l.Draft
	v := page.ImportLineView{Line: l.Line, Name: d.Seller.Name, INN: d.Seller.INN, Cabinet: d.Seller.Cabinet}
	pair := func(f winddown.ImportField, value string) {
		if value != "" {
			v.Notes = append(v.Notes, p.T("import.value", "Column", importField(p, f), "Value", importValue(p, f, value)))
		}
	}
	switch l.Outcome {
	case winddown.ImportFaulty:
		v.Notes = importFaults(ctx, l.Faults)
	case winddown.ImportNew:
		pair(winddown.ImportOGRN, d.Seller.OGRN)
		pair(winddown.ImportFBS, yesNo(l.Case.Answers.FBS))
		pair(winddown.ImportStock, yesNo(l.Case.Answers.WBStock))
		pair(winddown.ImportLeftover, string(l.Case.Answers.Leftover))
		pair(winddown.ImportActOn, d.ActOn.String())
		pair(winddown.ImportTicket, d.Ticket)
		pair(winddown.ImportResponsible, responsibleName(in, l.Case.ResponsibleID))
		pair(winddown.ImportEmail, d.Email)
	case winddown.ImportChanged:
		v.Href = sellerHref(l.Case.ID)
		for _, c := range l.Changes {
			v.Notes = append(v.Notes, p.T("import.change", "Column", importField(p, c.Field),
				"Before", importValue(p, c.Field, c.Before), "After", importValue(p, c.Field, c.After)))
		}
	case winddown.ImportUnchanged:
		v.Href = sellerHref(l.Case.ID)
	}
	if l.Case != nil && !l.Case.ArchivedAt.IsZero() {
		v.Notes = append(v.Notes, p.T("import.archived"))
	}
	v.Notes = append(v.Notes, importWarnings(ctx, l.Warnings)...)
	return v
}

func responsibleName(in app.ImportPreview, id winddown.ID) string {
	if in.Firm == nil {
		return ""
	}
	m, err := in.Firm.Member(id)
	if err != nil {
		return ""
	}
	return m.Name
}

func yesNo(yes bool) string {
	if yes {
		return "yes"
	}
	return "no"
}

// importTab is a part of the rows of a preview: those of an outcome, or those to be looked at.
type importTab string

const importWarned importTab = "warned"

func importTabs() []importTab {
	var all []importTab
	for _, o := range winddown.ImportOutcomes() {
		all = append(all, importTab(o))
	}
	return append(all, importWarned)
}

func (t importTab) holds(l winddown.ImportLine) bool {
	if t == importWarned {
		return len(l.Warnings) > 0
	}
	return importTab(l.Outcome) == t
}

func countImportTabs(plan []winddown.ImportLine) map[importTab]int {
	counts := map[importTab]int{}
	for _, l := range plan {
		for _, t := range importTabs() {
			if t.holds(l) {
				counts[t]++
			}
		}
	}
	return counts
}

// firstImportRows says what there is to say of the first rows of a tab, whose address is given, and counts the rest.
func firstImportRows(p *i18n.Printer, plan []winddown.ImportLine, tab importTab, address string, say func(winddown.ImportLine) []string) []ui.NoticeItem {
	var rows []ui.NoticeItem
	more := 0
	for _, l := range plan {
		switch {
		case !tab.holds(l):
		case len(rows) == importRowsNamed:
			more++
		default:
			rows = append(rows, ui.NoticeItem{
				Link: ui.Link{Href: address + "#" + page.ImportRowID(l.Line), Text: p.T("import.row", "Line", strconv.Itoa(l.Line))},
				Text: strings.Join(say(l), "; "),
			})
		}
	}
	if more > 0 {
		rows = append(rows, ui.NoticeItem{Link: ui.Link{Href: address, Text: p.N("import.rows.more", more)}})
	}
	return rows
}

// importView is the preview of a table, with the lines of a tab from a number on.
func (s *Site) importView(r *http.Request, in app.ImportPreview, show importTab, from int) page.ImportView {
	ctx := r.Context()
	p, actor := i18n.From(ctx), actorOf(ctx)
	href := importHref + "/" + in.Import.ID.String()
	counts := countImportTabs(in.Plan)
	const faulty = importTab(winddown.ImportFaulty)
	v := page.ImportView{
		Back: backToSellers(p), Name: in.Import.Name, Load: href + "/load", Digest: in.Digest, FaultsHref: href + "/faults.xlsx",
		Layout: importLayoutView(p, in, href), Again: importHref, Summary: p.N("import.summary", len(in.Plan), "File", in.Import.Name),
	}
	if in.Wrong != nil {
		v.Summary = p.T("import.summary.wrong", "File", in.Import.Name)
		return v
	}
	if n := counts[importTab(winddown.ImportNew)] + counts[importTab(winddown.ImportChanged)]; n > 0 {
		v.Submit = p.N("import.load", n)
	} else if counts[faulty] == 0 {
		v.Nothing = p.T("import.nothing")
	} else {
		v.Nothing = p.T("import.nothing_good")
	}
	if _, named := in.Import.Layout.Columns[winddown.ImportResponsible]; named && !winddown.MayInFirm(winddown.CanAssign, actor.FirmRole) {
		v.Ignored = p.T("import.responsible_ignored")
	}
	if in.Import.Layout.Kept {
		v.Kept = p.T("import.kept")
	}
	address := func(t importTab, from int) string {
		q := url.Values{"show": {string(t)}}
		if from > 0 {
			q.Set("from", strconv.Itoa(from))
		}
		return href + "?" + q.Encode()
	}
	if n := counts[faulty]; n > 0 {
		v.Faulty.Text = p.N("import.faults", n)
		v.Faulty.Rows = firstImportRows(p, in.Plan, faulty, address(faulty, 0), func(l winddown.ImportLine) []string { return importFaults(ctx, l.Faults) })
	}
	if n := counts[importWarned]; n > 0 {
		v.Warned.Text = p.N("import.warned", n)
		v.Warned.Rows = firstImportRows(p, in.Plan, importWarned, address(importWarned, 0), func(l winddown.ImportLine) []string { return importWarnings(ctx, l.Warnings) })
	}
	for _, t := range importTabs() {
		if n := counts[t]; n > 0 {
			v.Tabs = append(v.Tabs, page.ImportTabView{Code: string(t), Label: p.T("import.tab."+string(t), "N", p.Int(n)), Href: address(t, 0), Current: t == show})
		}
	}
	var lines []winddown.ImportLine
	for _, l := range in.Plan {
		if show.holds(l) {
			lines = append(lines, l)
		}
	}
	to := min(from+importLinesShown, len(lines))
	for _, l := range lines[min(from, len(lines)):to] {
		v.Lines = append(v.Lines, importLine(ctx, l, in))
	}
	v.Caption = p.T("import.caption."+string(show), "From", p.Int(from+1), "To", p.Int(to), "N", p.Int(len(lines)))
	if from > 0 {
		v.Pager.PreviousHref = address(show, max(from-importLinesShown, 0))
	}
	if to < len(lines) {
		v.Pager.NextHref = address(show, to)
	}
	return v
}

// importLayoutView is the form that says which column holds what, with the names and the
// first values of the columns to choose from.
func importLayoutView(p *i18n.Printer, in app.ImportPreview, action string) page.ImportLayoutView {
	l := in.Import.Layout
	v := page.ImportLayoutView{Action: action, Header: strconv.Itoa(l.Header)}
	names := importColumns(p, in.Import)
	for _, f := range winddown.ImportFields() {
		at, chosen := l.Columns[f]
		options := []ui.Option{{Value: "", Label: p.T("import.no_column"), Checked: !chosen}}
		for i, name := range names {
			options = append(options, ui.Option{Value: strconv.Itoa(i), Label: name, Checked: chosen && at == i})
		}
		needed := f == winddown.ImportName || f == winddown.ImportINN
		v.Columns = append(v.Columns, ui.SelectProps{Name: string(f), Label: importField(p, f), Options: options, Optional: !needed})
	}
	answer := func(f winddown.ImportField, value string, values ...string) {
		options := []ui.Option{{Value: "", Label: p.T("import.no_default"), Checked: value == ""}}
		for _, o := range values {
			options = append(options, ui.Option{Value: o, Label: importValue(p, f, o), Checked: value == o})
		}
		v.Defaults = append(v.Defaults, ui.SelectProps{Name: "default_" + string(f), Label: importField(p, f), Options: options})
	}
	answer(winddown.ImportFBS, l.Defaults.FBS, "yes", "no")
	answer(winddown.ImportStock, l.Defaults.WBStock, "yes", "no")
	var leftovers []string
	for _, o := range winddown.Leftovers() {
		leftovers = append(leftovers, string(o))
	}
	answer(winddown.ImportLeftover, l.Defaults.Leftover, leftovers...)
	return v
}

// importColumns names the columns of a table: by letter and heading, or by letter and the
// first value.
func importColumns(p *i18n.Printer, in app.StoredImport) []string {
	width := 0
	for _, row := range in.Rows {
		width = max(width, len(row))
	}
	const longest = 40
	var names []string
	for at := range min(width, winddown.MaxImportColumns) {
		name := ""
		for i := max(in.Layout.Header-1, 0); i < len(in.Rows) && name == ""; i++ {
			if at < len(in.Rows[i]) {
				name = strings.Join(strings.Fields(in.Rows[i][at]), " ")
			}
		}
		if runes := []rune(name); len(runes) > longest {
			name = string(runes[:longest]) + "…"
		}
		names = append(names, p.T("import.column", "Letter", columnLetters(at), "Name", name))
	}
	return names
}

// columnLetters names a column as spreadsheets do: A, Z, AA.
func columnLetters(at int) string {
	if at >= 26 {
		return columnLetters(at/26-1) + string(rune('A'+at%26))
	}
	return string(rune('A' + at))
}

// importDoneView says what a table has done.
func importDoneView(p *i18n.Printer, actor winddown.Actor, in app.StoredImport, mail bool) page.ImportDoneView {
	v := page.ImportDoneView{Back: backToSellers(p), Name: in.Name, SellHref: "/sellers", Again: importHref}
	for _, o := range winddown.ImportOutcomes() {
		if n := in.Counts[o]; n > 0 {
			v.Results = append(v.Results, p.N("import.result."+string(o), n))
		}
	}
	if in.Counts[winddown.ImportNew]+in.Counts[winddown.ImportChanged] == 0 {
		v.Results = append([]string{p.T("import.result.nothing")}, v.Results...)
	}
	addressed, mailed := 0, 0
	for _, s := range in.Added {
		if s.Email != "" {
			addressed++
		}
		if s.Mailed {
			mailed++
		}
	}
	if len(in.Added) > 0 {
		v.Invite = &page.ImportInviteView{Action: importHref + "/" + in.ID.String() + "/invites.xlsx"}
		if addressed > 0 {
			v.Invite.Options = append(v.Invite.Options, ui.Option{Value: "addressed", Label: p.N("import.invite.addressed", addressed)})
		}
		v.Invite.Options = append(v.Invite.Options, ui.Option{Value: "all", Label: p.N("import.invite.all", len(in.Added))})
		if mailed > 0 {
			v.Invite.Mailed = p.N("import.mail.mailed", mailed)
		}
		switch letters := len(app.ImportLetters(in)); {
		case addressed > 0 && !mail:
			v.Invite.Silent = p.T("import.mail.off")
		case addressed > mailed && len(in.Invited) >= app.MaxInviteLetters:
			v.Invite.Silent = p.N("import.error.letters_daily", app.MaxInviteLetters)
		case letters > 0 && !actor.Confirmed:
			v.Invite.Silent, v.Invite.ConfirmHref = p.T("import.mail.unconfirmed"), "/account"
		case letters > 0:
			v.Invite.Mail, v.Invite.MailHref = p.N("import.mail.offer", letters), importHref+"/"+in.ID.String()+"/mail"
		}
	}
	return v
}

// importMailView shows who gets a letter, from a number on.
func importMailView(p *i18n.Printer, in app.StoredImport, letters []app.AddedSeller, from int) page.ImportMailView {
	back := importHref + "/" + in.ID.String()
	href := back + "/mail"
	v := page.ImportMailView{
		Back: ui.BackLinkProps{Href: back, Text: p.T("import.done")}, Title: p.N("import.mail.title", len(letters)), Action: href,
		Letters: strconv.Itoa(len(letters)), Submit: p.N("import.mail.submit", len(letters)),
	}
	left := -len(letters)
	for _, s := range in.Added {
		if s.Email != "" {
			left++
		}
	}
	if left > 0 {
		v.Left = p.N("import.mail.left", left, "Max", p.Int(app.MaxLettersToOne), "Daily", p.Int(app.MaxInviteLetters))
	}
	to := min(from+importLinesShown, len(letters))
	for _, s := range letters[from:to] {
		v.Lines = append(v.Lines, page.ImportLetterView{Seller: s.Name, Href: sellerHref(s.Case), INN: s.INN, Email: s.Email})
	}
	v.Caption = p.T("import.mail.caption", "From", p.Int(from+1), "To", p.Int(to), "N", p.Int(len(letters)))
	address := func(from int) string {
		if from <= 0 {
			return href
		}
		return href + "?from=" + strconv.Itoa(from)
	}
	if from > 0 {
		v.Pager.PreviousHref = address(from - importLinesShown)
	}
	if to < len(letters) {
		v.Pager.NextHref = address(to)
	}
	return v
}

// importWidth is how wide a column of a field is, in characters.
func importWidth(f winddown.ImportField) float64 {
	switch f {
	case winddown.ImportName:
		return 36
	case winddown.ImportResponsible, winddown.ImportEmail, winddown.ImportStock:
		return 26
	case winddown.ImportINN, winddown.ImportOGRN, winddown.ImportCabinet, winddown.ImportFBS, winddown.ImportLeftover, winddown.ImportActOn,
		winddown.ImportTicket:
	}
	return 18
}

// writeImportTemplate writes the columns with an example, and what each may hold.
func writeImportTemplate(p *i18n.Printer, out sheet.Writer, actor winddown.Actor, today winddown.Date) error {
	var columns []sheet.Column
	for _, f := range winddown.ImportFields() {
		columns = append(columns, sheet.Column{Title: importField(p, f), Width: importWidth(f)})
	}
	if err := out.Sheet(p.T("import.template.sheet"), columns...); err != nil {
		return err
	}
	err := out.Row(sheet.Text(p.T("import.example.name")), sheet.Text("500100732259"), sheet.Text("304500116000157"), sheet.Text(""),
		sheet.Text(p.T("common.yes")), sheet.Text(p.T("common.yes")), sheet.Text(importValue(p, winddown.ImportLeftover, string(winddown.Both))),
		sheet.Text(actor.Email), dayCell(today), sheet.Text("48-1177"), sheet.Text("seller@example.com"))
	if err != nil {
		return err
	}
	if err := out.Sheet(p.T("import.template.hints"), sheet.Column{Title: p.T("import.template.column"), Width: 30},
		sheet.Column{Title: p.T("import.template.holds"), Width: 90}); err != nil {
		return err
	}
	for _, f := range winddown.ImportFields() {
		if err := out.Row(sheet.Text(importField(p, f)), sheet.Text(p.T("import.hint."+string(f)))); err != nil {
			return err
		}
	}
	return out.Close()
}

// writeImportFaults writes the faulty rows with the columns they had, as far as those are looked
// at, and the reason.
func writeImportFaults(ctx context.Context, out sheet.Writer, in app.ImportPreview) error {
	p := i18n.From(ctx)
	width := 0
	for _, l := range in.Plan {
		if l.Outcome == winddown.ImportFaulty {
			width = max(width, len(l.Cells))
		}
	}
	var header []string
	if at := in.Import.Layout.Header; at > 0 {
		header = in.Import.Rows[at-1]
		width = max(width, len(header))
	}
	width = min(width, winddown.MaxImportColumns)
	columns := make([]sheet.Column, width, width+1)
	for i := range columns {
		columns[i] = sheet.Column{Title: columnLetters(i), Width: 18}
		if i < len(header) && header[i] != "" {
			columns[i].Title = header[i]
		}
	}
	// A heading in two rows is given back in one that is found again.
	for f, at := range in.Import.Layout.Columns {
		if at < width {
			columns[at] = sheet.Column{Title: importField(p, f), Width: importWidth(f)}
		}
	}
	columns = append(columns, sheet.Column{Title: p.T("import.reason_column"), Width: 80})
	if err := out.Sheet(p.T("import.faults.sheet"), columns...); err != nil {
		return err
	}
	for _, l := range in.Plan {
		if l.Outcome != winddown.ImportFaulty {
			continue
		}
		cells := make([]sheet.Cell, width+1)
		for i, cell := range l.Cells[:min(len(l.Cells), width)] {
			cells[i] = sheet.Text(cell)
		}
		cells[width] = sheet.Text(strings.Join(importFaults(ctx, l.Faults), "; "))
		if err := out.Row(cells...); err != nil {
			return err
		}
	}
	return out.Close()
}

// writeImportInvites writes a link a seller.
func writeImportInvites(p *i18n.Printer, out sheet.Writer, base string, made []app.ImportedInvite) error {
	err := out.Sheet(p.T("import.invite.sheet"), sheet.Column{Title: importField(p, winddown.ImportName), Width: 36},
		sheet.Column{Title: importField(p, winddown.ImportINN), Width: 14}, sheet.Column{Title: importField(p, winddown.ImportEmail), Width: 30},
		sheet.Column{Title: p.T("import.invite.link"), Width: 80}, sheet.Column{Title: p.T("import.invite.until"), Width: 14})
	for _, m := range made {
		if err == nil {
			err = out.Row(sheet.Text(m.Seller.Name), sheet.Text(m.Seller.INN), sheet.Text(m.Seller.Email),
				sheet.Text(base+"/invites/"+m.Token), dayCell(m.Until))
		}
	}
	if err == nil {
		err = out.Close()
	}
	return err
}
