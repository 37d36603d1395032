package site

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"mime"
	"net/http"
	"strings"
	"time"

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

// myDataRow reads a row of JSON as the headings and cells of a table, in its order.
func myDataRow(p *i18n.Printer, zone, row string) (columns, cells []string) {
	d := json.NewDecoder(strings.NewReader(row))
	d.UseNumber()
	_, err := d.Token()
	for err == nil && d.More() {
		var key json.Token
		var value any
		if key, err = d.Token(); err == nil {
			err = d.Decode(&value)
		}
		name, _ := key.(string)
		columns, cells = append(columns, p.T("mydata.column."+name)), append(cells, myDataCell(p, zone, name, value))
	}
	return columns, cells
}

func myDataCell(p *i18n.Printer, zone, column string, value any) string {
	switch v := value.(type) {
	case bool:
		if v {
			return p.T("common.yes")
		}
		return p.T("common.no")
	case string:
		if at, err := time.Parse(time.RFC3339Nano, v); err == nil {
			return p.DateTime(at.In(winddown.Zone(zone)))
		}
		if on, err := time.Parse(time.DateOnly, v); err == nil {
			return p.Date(on)
		}
		switch {
		case v == "":
			return ""
		case column == "role":
			return p.T("role." + v)
		case column == "frequency", column == "before_never":
			return p.T("mail.frequency." + v)
		case column == "muted":
			return p.T("mail.kind." + v)
		case column == "to", column == "stream_kind":
			return p.T("mydata.where." + v)
		}
		return v
	case json.Number:
		return v.String()
	case []any:
		var all []string
		for _, one := range v {
			all = append(all, myDataCell(p, zone, column, one))
		}
		return strings.Join(all, ", ")
	case map[string]any: // an event: the rest of it is for programs
		kind, _ := v["kind"].(string)
		return kind
	}
	return "" // null
}

func (s *Site) myDataIndex(p *i18n.Printer, actor winddown.Actor, sections []app.MySection, shown [][]string, cases []app.MyCase) page.MyDataIndexView {
	v := page.MyDataIndexView{
		Title: p.T("mydata.index.title", "Name", actor.Name),
		When:  p.T("mydata.index.when", "Time", p.DateTime(s.app.Now().In(winddown.Zone(actor.Zone))), "Site", s.base),
	}
	for i, one := range sections {
		line := page.MyDataSection{Name: one.Name, Title: p.T("mydata.name." + one.Name), Text: p.T("mydata.section." + one.Name), Rows: p.N("mydata.rows", one.Rows)}
		if one.More {
			line.Rows = p.T("mydata.more", "N", p.Int(one.Rows))
		}
		for _, row := range shown[i] {
			columns, cells := myDataRow(p, actor.Zone, row)
			line.Columns, line.Lines = columns, append(line.Lines, cells)
		}
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
