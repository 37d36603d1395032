package site

import (
	"context"
	"encoding/hex"
	"errors"
	"io"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"winddown/internal/app"
	"winddown/internal/files"
	"winddown/internal/httpkit"
	"winddown/internal/winddown"
	"winddown/web/page"
	"winddown/web/ui"
)

// Limits of one upload. A form that does not say how long it is comes from no browser and
// may bring one file.
const (
	maxFiles      = 10
	uploadSlack   = 1 << 20
	maxUpload     = maxFiles*winddown.MaxFileSize + uploadSlack
	maxUnmeasured = winddown.MaxFileSize + uploadSlack
	maxTypedNote  = 4*winddown.MaxNote + 1<<10 // bytes
)

// askWithin bounds what an upload asks of the database before and after its bytes.
const askWithin = 10 * time.Second

// upload is a form with files, as far as it was read.
type upload struct {
	target  winddown.AddEvidence
	note    string
	stored  []app.StoredFile
	refused []error // of files, in order
}

// UploadFiles takes files in for a slot of a step. The address says for which, so that a
// refusal comes before the bytes.
func (s *Site) UploadFiles(w http.ResponseWriter, r *http.Request) error {
	id, code, err := stepPath(r)
	if err != nil {
		return err
	}
	target, err := uploadTarget(r, code)
	if err != nil {
		return err
	}
	up := &upload{target: target}
	actor := actorOf(r.Context())
	if err := within(r, func(ctx context.Context) error { return s.app.MayUpload(ctx, actor, id, target) }); err != nil {
		return s.redrawUpload(w, r, up, err)
	}
	if err := s.receive(w, r, up); err != nil {
		return uploadTooLarge(err)
	}
	if len(up.stored) > 0 {
		up.target.Note = up.note
		err := within(r, func(ctx context.Context) error { return s.app.AddEvidence(ctx, actor, id, up.target, up.stored) })
		if err != nil {
			up.stored, up.refused = nil, nil
			return s.redrawUpload(w, r, up, err)
		}
	}
	if len(up.refused) > 0 {
		return s.redrawUpload(w, r, up, nil)
	}
	s.notice(w, "uploaded", strconv.Itoa(len(up.stored)))
	if !target.Debt.IsZero() { // its form stands on the page of the line
		return s.redirect(w, r, debtHref(id, target.Debt))
	}
	return s.redirect(w, r, stepHref(id, code)+actQuery(target.Act))
}

// within gives a question to the database its time, also at the end of a long upload.
func within(r *http.Request, ask func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(r.Context(), askWithin)
	defer cancel()
	return ask(ctx)
}

// uploadTarget reads from the address what the files prove.
func uploadTarget(r *http.Request, code winddown.Code) (winddown.AddEvidence, error) {
	q := r.URL.Query()
	in := winddown.AddEvidence{Step: code, Slot: winddown.SlotCode(q.Get("slot"))}
	notFound := &winddown.Error{Kind: winddown.NotFound, Key: "error.not_found"}
	if act := q.Get("act"); act != "" {
		n, err := strconv.Atoi(act)
		if err != nil || n < 1 {
			return in, notFound
		}
		in.Act = n
	}
	if debt := q.Get("debt"); debt != "" {
		id, err := winddown.ParseID(debt)
		if err != nil {
			return in, err
		}
		in.Debt = id
	}
	return in, nil
}

// receive stores the files of a form one after another. Files that cannot be taken are
// noted and do not stop it; an error is about the form as a whole.
func (s *Site) receive(w http.ResponseWriter, r *http.Request, up *upload) error {
	limit := int64(maxUpload)
	if r.ContentLength < 0 {
		limit = maxUnmeasured
	}
	parts, err := httpkit.Parts(w, r, limit)
	if err != nil {
		return err
	}
	for {
		part, err := parts.Next()
		switch {
		case err == io.EOF: //nolint:errorlint // the end is bare
			if len(up.stored)+len(up.refused) == 0 {
				up.refuse("evidence.error.none", nil)
			}
			return nil
		case err != nil:
			return err
		case part.FileName == "" && strings.HasPrefix(part.Name, "note"):
			if up.note, err = part.Text(maxTypedNote); err != nil {
				return err
			}
			continue
		case part.FileName == "": // a file field in which nothing was chosen, or no field of ours
			continue
		case len(up.stored)+len(up.refused) == maxFiles:
			up.refuse("evidence.error.too_many_files", winddown.Args{"Max": maxFiles})
			return nil
		}
		f, err := s.app.StoreFile(r.Context(), part.FileName, part)
		var known *winddown.Error
		switch {
		case err == nil:
			up.stored = append(up.stored, f)
		case errors.As(err, &known) && (len(known.Fields) > 0 || known.Kind == winddown.Unavailable):
			up.refused = append(up.refused, err)
		default:
			return err
		}
	}
}

func (up *upload) refuse(key string, args winddown.Args) {
	up.refused = append(up.refused, &winddown.Error{Kind: winddown.Invalid, Key: "error.invalid",
		Fields: []winddown.FieldError{{Field: "file", Key: key, Args: args}}})
}

// uploadTooLarge says what an upload may be.
func uploadTooLarge(err error) error {
	if !errors.Is(err, winddown.TooLarge) {
		return err
	}
	return &winddown.Error{Kind: winddown.TooLarge, Key: "evidence.error.upload_too_large", Err: err,
		Args: winddown.Args{"Count": maxFiles, "Max": winddown.MaxFileSize >> 20}}
}

// redrawUpload shows the step's page again: with a sentence for every file that was not
// taken and the names of those that were, or with why there was no taking any.
func (s *Site) redrawUpload(w http.ResponseWriter, r *http.Request, up *upload, failed error) error {
	if failed != nil && !redrawable(failed) {
		return failed
	}
	words, st, err := s.step(r)
	if err != nil {
		return err
	}
	if err := words.c.Allow(winddown.CanMark, words.view.Standing); err != nil {
		return err
	}
	v := stepView(words, st)
	status := http.StatusUnprocessableEntity
	if failed != nil {
		status = httpkit.Status(winddown.KindOf(failed))
		up.refused = []error{failed}
	}
	field := uploadField(up.target.Slot, up.target.Act)
	form := uploadForm(&v, field)
	for _, refusal := range up.refused {
		if errors.Is(refusal, winddown.Unavailable) {
			httpkit.NoteError(r.Context(), refusal)
			status = http.StatusServiceUnavailable
		}
		for _, item := range mistakesOf(r.Context(), refusal).items {
			if item.Field = ""; form != nil {
				item.Field = field
			}
			if !slices.Contains(v.Errors, item) {
				v.Errors = append(v.Errors, item)
			}
		}
	}
	if form != nil {
		form.Open, form.Note = true, up.note
		for _, item := range v.Errors {
			form.Error = strings.TrimSpace(form.Error + " " + item.Text)
		}
	}
	if len(up.stored) > 0 {
		var names []string
		for _, f := range up.stored {
			names = append(names, words.p.T("evidence.stored.name", "Name", f.Name))
		}
		v.Alerts = append([]page.AlertView{{Props: ui.NoticeProps{
			Variant: ui.NoticeSuccess, Text: words.p.T("evidence.stored", "Files", strings.Join(names, ", ")),
		}}}, v.Alerts...)
	}
	s.renderStep(w, r, words, status, v)
	return nil
}

// uploadForm finds the form of a file field on a step's page.
func uploadForm(v *page.StepView, field string) *page.UploadView {
	if v.Evidence == nil {
		return nil
	}
	for _, slot := range v.Evidence.Slots {
		if slot.Upload != nil && slot.Upload.FieldID == field {
			return slot.Upload
		}
	}
	return nil
}

// filePath reads the case and the number of a file from the path; anything else is NotFound.
func filePath(r *http.Request) (winddown.ID, int, error) {
	id, err := pathID(r, "case")
	if err != nil {
		return id, 0, err
	}
	number, err := strconv.Atoi(chi.URLParam(r, "number"))
	if err != nil || number < 1 || number > winddown.MaxEvidence {
		return id, 0, &winddown.Error{Kind: winddown.NotFound, Key: "error.not_found"}
	}
	return id, number, nil
}

// filePolicy lets a file that is opened in the browser do nothing: no script, no form, no
// address of ours.
const filePolicy = "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; sandbox; frame-ancestors 'none'"

// File sends a file. Taking the whole of it is noted in the person's own trail; looking
// again at what the browser has kept is not.
func (s *Site) File(w http.ResponseWriter, r *http.Request) error {
	id, number, err := filePath(r)
	if err != nil {
		return err
	}
	actor := actorOf(r.Context())
	e, f, err := s.app.EvidenceFile(r.Context(), actor, id, number)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	tag := `"` + hex.EncodeToString(e.SHA256[:]) + `"`
	if takesFile(r, tag) {
		if err := s.app.NoteDownload(r.Context(), actor, id, number); err != nil {
			return err
		}
	}
	kind := files.Kind(e.Type)
	disposition := "attachment"
	if opensInBrowser(kind) && r.URL.Query().Get("download") == "" {
		disposition = "inline"
	}
	h := w.Header()
	h.Set("Content-Type", kind.MIME())
	h.Set("Content-Disposition", mime.FormatMediaType(disposition, map[string]string{"filename": e.Name}))
	h.Set("Content-Security-Policy", filePolicy)
	h.Set("Cache-Control", "private, no-cache")
	h.Set("ETag", tag)
	http.ServeContent(httpkit.PacedWriter(w), r, "", e.At, f)
	return nil
}

// takesFile reports whether a request asks for a file from its beginning.
func takesFile(r *http.Request, tag string) bool {
	from := r.Header.Get("Range")
	return r.Method == http.MethodGet && (from == "" || strings.HasPrefix(from, "bytes=0-")) &&
		!strings.Contains(r.Header.Get("If-None-Match"), tag)
}

// opensInBrowser reports whether browsers show files of a kind.
func opensInBrowser(k files.Kind) bool {
	return k == files.PDF || hasThumbnail(k)
}

func hasThumbnail(k files.Kind) bool { return k == files.PNG || k == files.JPEG || k == files.WebP }

// thumbnailSide is the longer side of a small picture, in pixels: it is shown at a third.
const thumbnailSide = 160

// Thumbnail sends a small picture of a file.
func (s *Site) Thumbnail(w http.ResponseWriter, r *http.Request) error {
	id, number, err := filePath(r)
	if err != nil {
		return err
	}
	picture, err := s.app.Thumbnail(r.Context(), actorOf(r.Context()), id, number, thumbnailSide)
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Cache-Control", "private, max-age=86400") // a version of a file never changes
	h.Set("Content-Type", files.JPEG.MIME())
	h.Set("Content-Length", strconv.Itoa(len(picture)))
	if r.Method != http.MethodHead {
		_, _ = w.Write(picture) // the reader is gone: nobody is left to tell
	}
	return nil
}

// RemoveFileForm asks why a file is taken away.
func (s *Site) RemoveFileForm(w http.ResponseWriter, r *http.Request) error {
	return s.askRemoval(w, r, "", nil)
}

// RemoveFile takes a file away; its versions stay.
func (s *Site) RemoveFile(w http.ResponseWriter, r *http.Request) error {
	id, number, err := filePath(r)
	if err != nil {
		return err
	}
	values, err := form(w, r)
	if err != nil {
		return err
	}
	actor, reason := actorOf(r.Context()), values.Get("reason")
	if err := s.app.RemoveEvidence(r.Context(), actor, id, winddown.RemoveEvidence{Number: number, Reason: reason}); err != nil {
		return s.askRemoval(w, r, reason, err)
	}
	_, e, err := s.app.Evidence(r.Context(), actor, id, number)
	if err != nil {
		return err
	}
	s.notice(w, "file_removed")
	return s.redirect(w, r, stepHref(id, e.Step))
}

// askRemoval shows the form, again with what was typed after a mistake. For a file that
// stays it answers with the reason for that.
func (s *Site) askRemoval(w http.ResponseWriter, r *http.Request, reason string, failed error) error {
	if failed != nil && winddown.KindOf(failed) != winddown.Invalid {
		return failed
	}
	id, number, err := filePath(r)
	if err != nil {
		return err
	}
	view, e, err := s.app.Evidence(r.Context(), actorOf(r.Context()), id, number)
	if err != nil {
		return err
	}
	if err := view.Case.Allow(winddown.CanMark, view.Standing); err != nil {
		return err
	}
	words := s.caseWords(r, view)
	if err := words.cannotRemove(e); err != nil {
		return err
	}
	v := removalView(words, e)
	status, options := http.StatusOK, []layoutOption{layoutText}
	if failed != nil {
		status, options = httpkit.Status(winddown.KindOf(failed)), append(options, layoutInvalid)
		m := mistakesOf(r.Context(), failed)
		v.Errors, v.Error, v.Reason = m.items, m.of("reason"), reason
	}
	s.render(w, r, status, page.Reason(s.layout(r, v.Title, options...), v))
	return nil
}
