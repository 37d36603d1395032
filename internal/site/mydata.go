package site

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"mime"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"winddown/internal/app"
	"winddown/internal/httpkit"
	"winddown/internal/i18n"
	"winddown/internal/winddown"
	"winddown/web/page"
)

// MyDataForm says what a person can take along of himself.
func (s *Site) MyDataForm(w http.ResponseWriter, r *http.Request) error {
	p := i18n.From(r.Context())
	cases, _, err := s.app.MyCases(r.Context(), actorOf(r.Context()))
	if err != nil {
		return err
	}
	v := page.MyDataView{}
	for _, c := range cases {
		if c.Role == winddown.Owner {
			v.Packs = append(v.Packs, page.MyPack{Seller: c.Seller.Name, Href: packHref(c.ID)})
		}
	}
	s.render(w, r, http.StatusOK, page.MyData(s.layout(r, p.T("mydata.title"), layoutText), v))
	return nil
}

// MyData sends a person what is kept of him, as a ZIP with a table of JSON and a page to read. A file
// that could not be made is never begun, and that he took it is noted in his trail before the first byte.
func (s *Site) MyData(w http.ResponseWriter, r *http.Request) error {
	actor, p := actorOf(r.Context()), i18n.From(r.Context())
	now := s.app.Now()
	if err := actor.Proved(now); err != nil {
		return err
	}
	if err := s.logins.takeMine(w, r, actor.UserID); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(r.Context(), exportWithin)
	defer cancel()
	var buf bytes.Buffer
	if err := s.writeMyData(ctx, &buf, actor); err != nil {
		return err
	}
	if err := s.app.NoteMyData(ctx, actor); err != nil {
		return err
	}
	name := letterFileName(p.T("mydata.file", "Date", winddown.Today(now, actor.Zone).String())) + ".zip"
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Type", "application/zip")
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": name}))
	if _, err := buf.WriteTo(httpkit.PacedWriter(w)); err != nil {
		httpkit.NoteError(r.Context(), err)
		panic(http.ErrAbortHandler) // cut off it cannot pass for a whole file
	}
	return nil
}

// writeMyData writes data.json, an object with an array for each section, and the page about it.
func (s *Site) writeMyData(ctx context.Context, to io.Writer, actor winddown.Actor) error {
	p := i18n.From(ctx)
	z := zip.NewWriter(to)
	create := func(name string) (io.Writer, error) {
		return z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: s.app.Now().In(winddown.Zone(actor.Zone))})
	}
	data, err := create("data.json")
	if err != nil {
		return err
	}
	open, rows := "{\n", 0
	var shown [][]string // the first rows of each section
	sections, err := s.app.MyData(ctx, actor, func(section string) error {
		_, err := io.WriteString(data, open+`"`+section+`": [`)
		open, rows, shown = "\n],\n", 0, append(shown, nil)
		return err
	}, func(row string) error {
		comma := ",\n"
		if rows == 0 {
			comma = "\n"
		}
		rows++
		if at := len(shown) - 1; rows <= maxShown {
			shown[at] = append(shown[at], row)
		}
		_, err := io.WriteString(data, comma+row)
		return err
	})
	if err == nil {
		_, err = io.WriteString(data, "\n]\n}\n")
	}
	if err != nil {
		return err
	}
	cases, _, err := s.app.MyCases(ctx, actor)
	if err != nil {
		return err
	}
	index, err := create("index.html")
	if err != nil {
		return err
	}
	if err := page.MyDataIndex(s.myDataIndex(p, actor, sections, shown, cases)).Render(ctx, index); err != nil {
		return err
	}
	return z.Close()
}

// maxShown is how many rows of a section the page to read shows.
const maxShown = 200

// mineWords puts what is kept of a person into words for him.
type mineWords struct {
	p     *i18n.Printer
	actor winddown.Actor
	now   time.Time
}

// row reads a row of JSON as the headings and cells of a table, in its order.
func (w mineWords) row(row string) (columns []string, cells []page.MyDataCell) {
	var names []string
	values := map[string]json.RawMessage{}
	d := json.NewDecoder(strings.NewReader(row))
	_, err := d.Token()
	for err == nil && d.More() {
		var key json.Token
		var value json.RawMessage
		if key, err = d.Token(); err == nil {
			err = d.Decode(&value)
		}
		name, _ := key.(string)
		names, values[name] = append(names, name), value
	}
	for _, name := range names {
		columns = append(columns, w.p.T("mydata.column."+name))
		if name == "event" {
			cells = append(cells, page.MyDataCell{Text: w.eventOf(values)})
			continue
		}
		var value any
		d := json.NewDecoder(bytes.NewReader(values[name]))
		d.UseNumber()
		if d.Decode(&value) != nil {
			value = nil
		}
		cells = append(cells, w.cell(name, value))
	}
	return columns, cells
}

func (w mineWords) cell(column string, value any) page.MyDataCell {
	switch v := value.(type) {
	case bool:
		if v {
			return page.MyDataCell{Text: w.p.T("common.yes")}
		}
		return page.MyDataCell{Text: w.p.T("common.no")}
	case string:
		if _, err := winddown.ParseID(v); err == nil {
			return page.MyDataCell{Text: v, Code: true}
		}
		return page.MyDataCell{Text: w.text(column, v)}
	case json.Number:
		switch column {
		case "weekday":
			return page.MyDataCell{Text: w.p.T("mail.weekday." + v.String())}
		case "hour":
			return page.MyDataCell{Text: v.String() + ":00"}
		}
		return page.MyDataCell{Text: v.String()}
	case []any:
		var all []string
		for _, one := range v {
			all = append(all, w.cell(column, one).Text)
		}
		return page.MyDataCell{Text: strings.Join(all, ", ")}
	}
	return page.MyDataCell{} // null
}

// text writes a stored text as people read it; what people typed, and codes of former times, as they are.
func (w mineWords) text(column, v string) string {
	if at, err := time.Parse(time.RFC3339Nano, v); err == nil {
		return w.p.DateTime(at.In(winddown.Zone(w.actor.Zone)))
	}
	if on, err := time.Parse(time.DateOnly, v); err == nil {
		return w.p.Date(on)
	}
	if v == "" {
		return ""
	}
	switch column {
	case "role":
		return w.p.T("role." + v)
	case "locale":
		return w.p.T("common.language." + v)
	case "zone":
		return zoneLabel(w.p, v, w.now)
	case "frequency", "before_never":
		return w.p.T("mail.frequency." + v)
	case "muted":
		return w.p.T("mail.kind." + v)
	case "to", "stream_kind":
		return w.p.T("mydata.where." + v)
	case "purpose":
		return w.p.T("mydata.purpose." + v)
	case "key": // of what he was told; the rest of it is for programs
		kind, _, _ := strings.Cut(v, "/")
		if kind == "due" {
			kind = string(winddown.TellDeadline)
		}
		if w.p.Has("mail.kind." + kind) {
			return w.p.T("mail.kind." + kind)
		}
	case "kind":
		if w.p.Has("admin.job." + v) {
			return w.p.T("admin.job." + v)
		}
	case "state":
		if w.p.Has("mydata.state." + v) {
			return w.p.T("mydata.state." + v)
		}
	case "code":
		if w.p.Has("view.starter." + v) {
			return w.p.T("view.starter." + v)
		}
	}
	return v
}

// eventOf says what happened as the page of the case's or the firm's history does.
func (w mineWords) eventOf(row map[string]json.RawMessage) string {
	var e winddown.Event
	var stream winddown.StreamKind
	if json.Unmarshal(row["event"], &e) != nil || json.Unmarshal(row["stream_kind"], &stream) != nil {
		return ""
	}
	return w.event(stream, e)
}

func (w mineWords) event(stream winddown.StreamKind, e winddown.Event) string {
	if e.At.IsZero() { // what it is is all that he may know of it
		return w.kind(e.Kind)
	}
	line := app.TrailLine{Event: e, User: w.p.T("mydata.somebody")}
	if e.User == w.actor.UserID {
		line.User = w.actor.Name
	}
	switch stream {
	case winddown.CaseStream:
		of := caseWords{p: w.p, c: &winddown.Case{}, now: w.now, today: winddown.Today(w.now, w.actor.Zone), zone: w.actor.Zone}
		text := capital(of.eventTitle(line))
		if note := of.eventNote(e); note != "" {
			text += "\n" + note
		}
		return text
	case winddown.FirmStream:
		return capital(firmEventTitle(w.p, line))
	case winddown.UserStream, winddown.SystemStream, winddown.ShareStream:
	}
	return w.deed(e)
}

// deed says what happened in a person's own history or in that of the installation.
func (w mineWords) deed(e winddown.Event) string {
	switch {
	case e.Kind == winddown.UserLoggedIn && e.After["browser"] == winddown.NewBrowser:
		return w.p.T("mydata.event.user_logged_in.new")
	case e.Kind == winddown.SessionRevoked && e.Before["session"] == "others":
		return w.p.T("mydata.event.session_revoked.others")
	case e.Kind == winddown.FileDownloaded:
		for _, what := range []string{"mine", "register", "pack", "number"} {
			if e.After[what] != "" {
				return w.p.T("mydata.event.file_downloaded." + what)
			}
		}
	}
	return w.kind(e.Kind)
}

// kind says what kind of thing happened.
func (w mineWords) kind(k winddown.EventKind) string {
	if w.p.Has("pack.event." + string(k)) {
		return w.p.T("pack.event." + string(k))
	}
	return w.p.T("mydata.event." + string(k))
}

// capital begins a sentence with a capital letter.
func capital(s string) string {
	first, size := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(first)) + s[size:]
}

// filled leaves out the columns that are empty in every line.
func filled(columns []string, lines [][]page.MyDataCell) ([]string, [][]page.MyDataCell) {
	var keptColumns []string
	kept := make([][]page.MyDataCell, len(lines))
	for i, column := range columns {
		if !slices.ContainsFunc(lines, func(line []page.MyDataCell) bool { return line[i].Text != "" }) {
			continue
		}
		keptColumns = append(keptColumns, column)
		for n, line := range lines {
			kept[n] = append(kept[n], line[i])
		}
	}
	return keptColumns, kept
}

func (s *Site) myDataIndex(p *i18n.Printer, actor winddown.Actor, sections []app.MySection, shown [][]string, cases []app.MyCase) page.MyDataIndexView {
	v := page.MyDataIndexView{
		Title: p.T("mydata.index.title", "Name", actor.Name),
		When:  p.T("mydata.index.when", "Time", p.DateTime(s.app.Now().In(winddown.Zone(actor.Zone))), "Site", s.base),
	}
	words := mineWords{p: p, actor: actor, now: s.app.Now()}
	for i, one := range sections {
		line := page.MyDataSection{Name: one.Name, Title: p.T("mydata.name." + one.Name), Text: p.T("mydata.section." + one.Name), Rows: p.N("mydata.rows", one.Rows)}
		if one.More {
			line.Rows = p.T("mydata.more", "N", p.Int(one.Rows))
		}
		for _, row := range shown[i] {
			columns, cells := words.row(row)
			line.Columns, line.Lines = columns, append(line.Lines, cells)
		}
		line.Columns, line.Lines = filled(line.Columns, line.Lines)
		if one.Rows > maxShown {
			line.Rest = p.T("mydata.first", "N", p.Int(maxShown))
		}
		v.Sections = append(v.Sections, line)
	}
	for _, c := range cases {
		if c.Role == winddown.Owner {
			v.Packs = append(v.Packs, page.MyPack{Seller: c.Seller.Name, Href: s.base + packHref(c.ID)})
		}
	}
	for _, name := range []string{"secrets", "others", "cases", "backups"} {
		v.LeftOut = append(v.LeftOut, p.T("mydata.without."+name))
	}
	return v
}
