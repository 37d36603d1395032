package site

import (
	"bufio"
	"context"
	"mime"
	"net/http"

	"winddown/internal/httpkit"
	"winddown/internal/i18n"
	"winddown/internal/pack"
	"winddown/internal/winddown"
)

// packHref is the handover pack of a case.
func packHref(id winddown.ID) string { return caseHref(id) + "/pack.zip" }

// Pack sends the handover pack of a case while it is made. That somebody took it is noted
// in his own trail before the first byte.
func (s *Site) Pack(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID(r, "case")
	if err != nil {
		return err
	}
	actor := actorOf(r.Context())
	if err := s.logins.takeExport(w, r, actor.UserID); err != nil {
		return err
	}
	var source pack.Source
	err = within(r, func(ctx context.Context) (err error) {
		source, err = s.app.Pack(ctx, actor, id)
		return err
	})
	if err != nil {
		return err
	}
	take := r.Method != http.MethodHead
	var contents pack.Contents
	if take {
		if contents, err = source.Contents(r.Context()); err != nil {
			return err
		}
		if err := within(r, func(ctx context.Context) error { return s.app.NotePack(ctx, actor, id, source.Head.Seq) }); err != nil {
			return err
		}
	}
	name := letterFileName(i18n.From(r.Context()).T("pack.file", "Seller", source.Case.Seller.Name, "Date", source.AsOf().String())) + ".zip"
	h := w.Header()
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Type", "application/zip")
	h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": name}))
	if !take {
		return nil
	}
	const piece = 64 << 10
	out := bufio.NewWriterSize(httpkit.PacedWriter(w), piece)
	if err = pack.Write(out, contents); err == nil {
		err = out.Flush()
	}
	if err != nil {
		// The answer has begun: cut off it cannot pass for a whole pack.
		httpkit.NoteError(r.Context(), err)
		panic(http.ErrAbortHandler)
	}
	return nil
}
