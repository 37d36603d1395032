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
	"winddown/internal/i18n"
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
	maxTypedNote  = 64 << 10 // bytes; no browser sends more than the field takes
)

// askWithin bounds what an upload asks of the database before and after its bytes, and the
// page that says what became of it.
const askWithin = 10 * time.Second

// upload is a form with files, as far as it was read.
type upload struct {
	target  winddown.AddEvidence
	badNote error // why the note, and with it the files, cannot be taken
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
	var room int64
	err = within(r, func(ctx context.Context) (err error) {
		room, err = s.app.MayUpload(ctx, actor, id, target)
		return err
	})
	if err != nil {
		return s.redrawUpload(w, r, up, err)
	}
	if err := s.receive(w, r, up, room); err != nil {
		up.stored, up.refused = nil, nil
		return s.redrawUpload(w, r, up, err)
	}
	if len(up.stored) > 0 {
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

// within gives what needs the database its time, also at the end of a long upload.
func within(r *http.Request, ask func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(r.Context(), askWithin)
	defer cancel()
	return ask(ctx)
}

// uploadTarget reads from the address what the files prove.
func uploadTarget(r *http.Request, code winddown.Code) (winddown.AddEvidence, error) {
	q := r.URL.Query()
	in := winddown.AddEvidence{Step: code, Slot: winddown.SlotCode(q.Get("slot"))}
	var err error
	if in.Act, err = queryAct(r); err == nil && q.Has("debt") {
		in.Debt, err = winddown.ParseID(q.Get("debt"))
	}
	return in, err
}

// receive stores the files of a form, as far as there is room for their bytes. Files that
// cannot be taken are noted and do not stop it; an error is about the form as a whole.
func (s *Site) receive(w http.ResponseWriter, r *http.Request, up *upload, room int64) error {
	limit := int64(maxUpload)
	if r.ContentLength < 0 {
		limit = maxUnmeasured
	}
	parts, err := httpkit.Parts(w, r, min(limit, room+uploadSlack))
	if err == nil {
		err = s.takeIn(r.Context(), parts, up, room)
	}
	switch {
	case !errors.Is(err, winddown.TooLarge):
		return err
	case room+uploadSlack < limit:
		return &winddown.Error{Kind: winddown.Conflict, Key: "evidence.error.room_left", Err: err,
			Args: winddown.Args{"Room": fileSize(i18n.From(r.Context()), room)}}
	}
	return &winddown.Error{Kind: winddown.TooLarge, Key: "evidence.error.upload_too_large", Err: err,
		Args: winddown.Args{"Count": maxFiles, "Max": winddown.MaxFileSize >> 20}}
}

// takeIn reads the parts of a form one after another. After a note that cannot be kept it
// reads on without storing anything: browsers show an answer only when they have sent all.
func (s *Site) takeIn(ctx context.Context, parts *httpkit.PartReader, up *upload, room int64) error {
	for {
		part, err := parts.Next()
		switch {
		case err == io.EOF && up.badNote != nil: //nolint:errorlint // the end is bare
			return up.badNote
		case err == io.EOF: //nolint:errorlint // the end is bare
			if len(up.stored)+len(up.refused) == 0 {
				up.refuse("evidence.error.none", nil)
			}
			return nil
		case err != nil:
			return err
		case part.FileName == "" && strings.HasPrefix(part.Name, "note"):
			if err := up.readNote(part); err != nil {
				return err
			}
			continue
		case part.FileName == "": // a file field in which nothing was chosen, or no field of ours
			continue
		case up.badNote != nil:
			continue
		case len(up.stored)+len(up.refused) == maxFiles:
			up.refuse("evidence.error.too_many_files", winddown.Args{"Max": maxFiles})
			return nil
		}
		f, err := s.app.StoreFile(ctx, part.FileName, part, room)
		var known *winddown.Error
		switch {
		case err == nil:
			up.stored = append(up.stored, f)
			room -= f.Blob.Size
		case errors.As(err, &known) && (len(known.Fields) > 0 || known.Kind == winddown.Unavailable):
			up.refused = append(up.refused, err)
		default:
			return err
		}
	}
}

// readNote reads the note of a form. It stands before the files there.
func (up *upload) readNote(part *httpkit.Part) (err error) {
	if up.target.Note, err = part.Text(maxTypedNote); err != nil {
		return err
	}
	var known *winddown.Error
	if errors.As(up.target.CheckNote(), &known) {
		known.Fields = append(known.Fields, winddown.FieldError{Field: "file", Key: "evidence.error.choose_again"})
		up.badNote = known
	}
	return nil
}

func (up *upload) refuse(key string, args winddown.Args) {
	up.refused = append(up.refused, &winddown.Error{Kind: winddown.Invalid, Key: "error.invalid",
		Fields: []winddown.FieldError{{Field: "file", Key: key, Args: args}}})
}

// redrawUpload shows the page of the form again: with a sentence for every file that was not
// taken and the names of those that were, or with why there was no taking any.
func (s *Site) redrawUpload(w http.ResponseWriter, r *http.Request, up *upload, failed error) error {
	if failed != nil {
		if !redrawable(failed) {
			return failed
		}
		up.refused = []error{failed}
	}
	return within(r, func(ctx context.Context) error {
		if up.target.Debt.IsZero() {
			return s.redrawStepUpload(w, r.WithContext(ctx), up)
		}
		return s.redrawDebtUpload(w, r.WithContext(ctx), up)
	})
}

func (s *Site) redrawStepUpload(w http.ResponseWriter, r *http.Request, up *upload) error {
	words, st, err := s.step(r)
	if err != nil {
		return err
	}
	if err := words.c.Allow(winddown.CanMark, words.view.Standing); err != nil {
		return err
	}
	v := stepView(words, st)
	status, items := up.tell(r.Context(), uploadForm(&v, uploadField(up.target.Slot, up.target.Act)))
	v.Errors = items
	if taken := up.taken(words.p); taken != nil {
		v.Alerts = append([]page.AlertView{{Props: *taken}}, v.Alerts...)
	}
	s.renderStep(w, r, words, status, v)
	return nil
}

// redrawDebtUpload shows the line of the ledger on whose page the form stands.
func (s *Site) redrawDebtUpload(w http.ResponseWriter, r *http.Request, up *upload) error {
	words, err := s.books(r)
	if err != nil {
		return err
	}
	d, err := words.c.Debts.Debt(up.target.Debt)
	if err != nil {
		return err
	}
	v := debtView(words, d)
	status, items := up.tell(r.Context(), v.Upload)
	v.Errors = items
	s.render(w, r, status, page.Debt(s.caseLayout(r, words, words.debtTitle(d), layoutText, layoutInvalid, layoutNotice(up.taken(words.p))), v))
	return nil
}

// tell puts what was refused into the form, nil where the page has none any more, and
// returns the status and the summary.
func (up *upload) tell(ctx context.Context, form *page.UploadView) (status int, items []ui.ErrorItem) {
	status = httpkit.Status(winddown.KindOf(up.refused[0]))
	for _, refusal := range up.refused {
		if errors.Is(refusal, winddown.Unavailable) {
			httpkit.NoteError(ctx, refusal)
			status = http.StatusServiceUnavailable
		}
		for _, item := range mistakesOf(ctx, refusal).items {
			note := item.Field == "note"
			switch {
			case form == nil:
				item.Field = ""
			case note:
				item.Field = form.NoteID
			default:
				item.Field = form.FieldID
			}
			if slices.Contains(items, item) {
				continue
			}
			items = append(items, item)
			switch {
			case form == nil:
			case note:
				form.NoteError = item.Text
			default:
				form.Error = strings.TrimSpace(form.Error + " " + item.Text)
			}
		}
	}
	if form != nil {
		form.Open, form.Note = true, up.target.Note
	}
	return status, items
}

// taken names the files that were taken; nil for none.
func (up *upload) taken(p *i18n.Printer) *ui.NoticeProps {
	if len(up.stored) == 0 {
		return nil
	}
	var names []string
	for _, f := range up.stored {
		names = append(names, p.T("evidence.stored.name", "Name", f.Name))
	}
	return &ui.NoticeProps{Variant: ui.NoticeSuccess, Text: p.T("evidence.stored", "Files", strings.Join(names, ", "))}
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
	number, err := addressNumber(chi.URLParam(r, "number"))
	return id, number, err
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
	if kept := r.Header.Get("If-None-Match"); kept != "" {
		e, err := s.app.EvidenceThere(r.Context(), actor, id, number)
		if err != nil {
			return err
		}
		if tag := fileTag(e); kept == tag {
			w.Header().Set("Content-Security-Policy", filePolicy) // it renews that of the kept file
			notModified(w, tag, fileCaching)
			return nil
		}
	}
	e, f, err := s.app.EvidenceFile(r.Context(), actor, id, number)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	if takesFile(r) {
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
	h.Set("Cache-Control", fileCaching)
	h.Set("ETag", fileTag(e))
	http.ServeContent(httpkit.PacedWriter(w), r, "", e.At, f)
	return nil
}

// fileCaching has browsers keep a file and ask each time whether they may show it.
const fileCaching = "private, no-cache"

// fileTag is the ETag of a file.
func fileTag(e winddown.Evidence) string { return strconv.Quote(hex.EncodeToString(e.SHA256[:])) }

// notModified answers that the browser has kept what it asks for.
func notModified(w http.ResponseWriter, tag, caching string) {
	w.Header().Set("ETag", tag)
	w.Header().Set("Cache-Control", caching)
	w.WriteHeader(http.StatusNotModified)
}

// laterPiece is from where on a piece of a file is clearly not its beginning: viewers fetch a
// long file in pieces of this size.
const laterPiece = 64 << 10

// takesFile reports whether a request asks for a file, and not for a later piece of what was
// noted with the first. A condition on the range can bring the whole file, and several
// ranges, or one from the end, most of it.
func takesFile(r *http.Request) bool {
	if r.Method != http.MethodGet {
		return false
	}
	from, _, single := strings.Cut(strings.TrimPrefix(r.Header.Get("Range"), "bytes="), "-")
	start, err := strconv.ParseInt(from, 10, 64)
	later := single && err == nil && start >= laterPiece && !strings.Contains(r.Header.Get("Range"), ",")
	return !later || r.Header.Get("If-Range") != ""
}

// opensInBrowser reports whether browsers show files of a kind.
func opensInBrowser(k files.Kind) bool {
	return k == files.PDF || hasThumbnail(k)
}

func hasThumbnail(k files.Kind) bool { return k == files.PNG || k == files.JPEG || k == files.WebP }

// thumbnailSide is the longer side of a small picture, in pixels: it is shown at a third.
const thumbnailSide = 160

// A version of a file never changes, so that at one address there is only ever one picture;
// the tag changes with how pictures are made.
const thumbnailTag = `"160"`

// Thumbnail sends a small picture of a file.
func (s *Site) Thumbnail(w http.ResponseWriter, r *http.Request) error {
	id, number, err := filePath(r)
	if err != nil {
		return err
	}
	actor := actorOf(r.Context())
	if r.Header.Get("If-None-Match") == thumbnailTag {
		if _, err := s.app.EvidenceThere(r.Context(), actor, id, number); err != nil {
			return err
		}
		notModified(w, thumbnailTag, fileCaching)
		return nil
	}
	picture, err := s.app.Thumbnail(r.Context(), actor, id, number, thumbnailSide)
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("ETag", thumbnailTag)
	h.Set("Cache-Control", fileCaching)
	h.Set("Content-Type", files.JPEG.MIME())
	h.Set("Content-Length", strconv.Itoa(len(picture)))
	if r.Method != http.MethodHead {
		_, _ = w.Write(picture) //nolint:gosec // a picture of our own making; an error says that the reader is gone
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
	return s.redirect(w, r, proofHref(id, e))
}

// askRemoval shows the form, again with what was typed after a mistake. For a file that
// stays it answers with the reason for that.
func (s *Site) askRemoval(w http.ResponseWriter, r *http.Request, reason string, failed error) error {
	if failed != nil && !redrawable(failed) {
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
		if failed == nil {
			return err
		}
		failed = err // what was typed stays to be read
	}
	v := removalView(words, e)
	status, options := http.StatusOK, []layoutOption{layoutText}
	if failed != nil {
		status, options = httpkit.Status(winddown.KindOf(failed)), append(options, layoutInvalid)
		m := mistakesOf(r.Context(), failed)
		v.Errors, v.Error, v.Reason = m.items, m.of("reason"), reason
	}
	s.render(w, r, status, page.Reason(s.caseLayout(r, words, v.Title, options...), v))
	return nil
}
