package site

import (
	"net/http"

	"winddown/internal/httpkit"
	"winddown/internal/winddown"
	"winddown/web/page"
)

// FinishForm shows everything once more before the end, and afterwards that it is over.
func (s *Site) FinishForm(w http.ResponseWriter, r *http.Request) error {
	return s.finish(w, r, finishForm{}, nil)
}

// Finish ends a wind-down.
func (s *Site) Finish(w http.ResponseWriter, r *http.Request) error {
	return s.close(w, r, func(id winddown.ID, in finishForm) (string, error) {
		return "/finish", s.app.Finish(r.Context(), actorOf(r.Context()), id, in.version)
	})
}

// Reopen takes the finish back.
func (s *Site) Reopen(w http.ResponseWriter, r *http.Request) error {
	return s.close(w, r, func(id winddown.ID, in finishForm) (string, error) {
		err := s.app.Reopen(r.Context(), actorOf(r.Context()), id, in.reason, in.version)
		if err == nil {
			s.notice(w, "reopened")
		}
		return "", err
	})
}

// finishForm is what the two forms of the last page send.
type finishForm struct {
	reason  string
	version int
}

// close reads a form of the last page, does what it is for, and leads to the page of the
// case that do names.
func (s *Site) close(w http.ResponseWriter, r *http.Request, do func(winddown.ID, finishForm) (string, error)) error {
	id, err := pathID(r, "case")
	if err != nil {
		return err
	}
	values, err := form(w, r)
	if err != nil {
		return err
	}
	f := &formReader{form: values}
	in := finishForm{reason: values.Get("reason"), version: f.caseVersion()}
	if err := f.err(); err != nil {
		return s.finish(w, r, in, err)
	}
	to, err := do(id, in)
	if err != nil {
		return s.finish(w, r, in, err)
	}
	return s.redirect(w, r, caseHref(id)+to)
}

func (s *Site) finish(w http.ResponseWriter, r *http.Request, in finishForm, failed error) error {
	if failed != nil && !redrawable(failed) {
		return failed
	}
	id, err := pathID(r, "case")
	if err != nil {
		return err
	}
	view, err := s.app.LastPage(r.Context(), actorOf(r.Context()), id)
	if err != nil {
		return err
	}
	if err := view.Case.Allow(winddown.CanManage, view.Standing); err != nil {
		return err
	}
	words := s.caseWords(r, view)
	v := finishView(words, caseFormVersion(words, in.version, failed))
	status, options := http.StatusOK, []layoutOption{layoutText}
	if failed != nil {
		m := formMistakes(r.Context(), failed)
		v.Errors = m.items
		if v.Reopen != nil {
			v.Reopen.Reason, v.Reopen.Error = in.reason, m.of("reason")
		}
		status, options = httpkit.Status(winddown.KindOf(failed)), append(options, layoutInvalid)
	}
	s.render(w, r, status, page.Finish(s.caseLayout(r, words, words.pageTitle("finish.heading"), options...), v))
	return nil
}
