package site

import (
	"bytes"
	"context"
	"errors"
	"mime"
	"net/http"
	"time"

	"winddown/internal/app"
	"winddown/internal/httpkit"
	"winddown/internal/i18n"
	"winddown/internal/sheet"
	"winddown/internal/winddown"
)

// exportWithin bounds the making of a file; sending it takes as long as the client needs.
const exportWithin = time.Minute

const workbookType = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

// SellersCSV sends the register as its address filters it: a line a seller.
func (s *Site) SellersCSV(w http.ResponseWriter, r *http.Request) error {
	return s.exportFiltered(w, r, s.exportCSV)
}

// exportFiltered sends what the address of a file filters. What the register's page would say of that
// address, it says in place of the file.
func (s *Site) exportFiltered(w http.ResponseWriter, r *http.Request, send func(http.ResponseWriter, *http.Request, winddown.RegisterFilter) error) error {
	q := r.URL.Query()
	q.Del("after") // a file has no pages
	f, err := readRegisterFilter(q)
	if errors.Is(err, winddown.Invalid) {
		return s.registerFailed(w, r, f, q.Get("q"), err)
	}
	if err == nil {
		err = send(w, r, f)
	}
	if winddown.KindOf(err) == winddown.NotFound && !f.Responsible.ID.IsZero() {
		return s.registerOfNobody(w, r, f)
	}
	return err
}

func (s *Site) exportCSV(w http.ResponseWriter, r *http.Request, f winddown.RegisterFilter) error {
	return s.export(w, r, f, "csv", "text/csv; charset=utf-8", func(ctx context.Context, x exporter, buf *bytes.Buffer) error {
		out := sheet.NewCSV(buf)
		err := s.app.Export(ctx, x.actor, x.filter, func(rows []winddown.RegisterRow, _ []winddown.Member) error { return x.sellers(out, rows) }, nil)
		if err != nil {
			return err
		}
		return out.Close()
	})
}

// SellersXLSX sends the same as a workbook, with the steps of every seller and what was
// filtered.
func (s *Site) SellersXLSX(w http.ResponseWriter, r *http.Request) error {
	return s.exportFiltered(w, r, s.exportXLSX)
}

func (s *Site) exportXLSX(w http.ResponseWriter, r *http.Request, f winddown.RegisterFilter) error {
	return s.export(w, r, f, "xlsx", workbookType, func(ctx context.Context, x exporter, buf *bytes.Buffer) error {
		out, err := sheet.NewXLSX(buf, x.now)
		if err != nil {
			return err
		}
		var members []winddown.Member
		err = s.app.Export(ctx, x.actor, x.filter, func(rows []winddown.RegisterRow, people []winddown.Member) error {
			members = people
			if err := x.sellers(out, rows); err != nil {
				return err
			}
			return x.stepsSheet(out)
		}, func(c *winddown.Case, names map[winddown.ID]string) error {
			return x.steps(out, s.caseWords(r, app.CaseView{Case: c, Names: names}))
		})
		if err == nil {
			err = x.filters(out, members)
		}
		if err != nil {
			return err
		}
		return out.Close()
	})
}

// export makes a file of the register, notes in the actor's trail that he takes it, and
// sends it. A file that could not be made is never begun.
func (s *Site) export(w http.ResponseWriter, r *http.Request, f winddown.RegisterFilter, format, mediaType string,
	write func(context.Context, exporter, *bytes.Buffer) error) error {
	if err := s.logins.takeExport(w, r, actorOf(r.Context()).UserID); err != nil {
		return err
	}
	actor := actorOf(r.Context())
	x := exporter{p: i18n.From(r.Context()), actor: actor, filter: f, now: s.app.Now(), count: new(int)}
	ctx, cancel := context.WithTimeout(r.Context(), exportWithin)
	defer cancel()
	var buf bytes.Buffer
	if err := write(ctx, x, &buf); err != nil {
		return err
	}
	if err := s.app.NoteExport(ctx, actor, format, *x.count); err != nil {
		return err
	}
	name := letterFileName(x.p.T("export.file", "Date", winddown.Today(x.now, actor.Zone).String())) + "." + format
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Type", mediaType)
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": name}))
	if _, err := buf.WriteTo(httpkit.PacedWriter(w)); err != nil {
		httpkit.NoteError(r.Context(), err)
		panic(http.ErrAbortHandler) // cut off it cannot pass for a whole file
	}
	return nil
}
