package site

import (
	"errors"
	"net/http"

	"github.com/go-chi/chi/v5"

	"winddown/internal/app"
	"winddown/internal/httpkit"
	"winddown/internal/winddown"
	"winddown/web/page"
)

// stepPath reads the case and the step from the path; anything else is NotFound.
func stepPath(r *http.Request) (winddown.ID, winddown.Code, error) {
	id, err := pathID(r, "case")
	return id, winddown.Code(chi.URLParam(r, "code")), err
}

// step loads a step for the reader.
func (s *Site) step(r *http.Request) (caseWords, *winddown.Step, error) {
	id, code, err := stepPath(r)
	if err != nil {
		return caseWords{}, nil, err
	}
	view, err := s.app.Step(r.Context(), actorOf(r.Context()), id, code)
	if err != nil {
		return caseWords{}, nil, err
	}
	words := s.caseWords(r, view)
	if words.act, err = queryAct(r); err == nil && words.act != 0 {
		_, err = view.Case.Act(words.act)
	}
	if err != nil {
		return caseWords{}, nil, err
	}
	st, err := view.Case.Step(code)
	return words, st, err
}

// Step shows a step.
func (s *Site) Step(w http.ResponseWriter, r *http.Request) error {
	words, st, err := s.step(r)
	if err != nil {
		return err
	}
	s.renderStep(w, r, words, http.StatusOK, stepView(words, st),
		layoutNotice(words.stepNotice(st, s.takeNotice(w, r))), s.layoutCaseLive(words.c.ID, words.view.Seq))
	return nil
}

func (s *Site) renderStep(w http.ResponseWriter, r *http.Request, words caseWords, status int, v page.StepView, options ...layoutOption) {
	options = append(options, layoutText)
	if len(v.Errors) > 0 {
		options = append(options, layoutInvalid)
	}
	title := words.p.T("mark.page_title", "Step", v.Name, "Seller", words.c.Seller.Name)
	s.render(w, r, status, page.Step(s.caseLayout(r, words, title, options...), v))
}

// MarkStep takes the answer to «Вы выполнили этот шаг?».
func (s *Site) MarkStep(w http.ResponseWriter, r *http.Request) error {
	id, code, err := stepPath(r)
	if err != nil {
		return err
	}
	f, err := form(w, r)
	if err != nil {
		return err
	}
	in, err := readMark(code, f)
	if err != nil {
		return s.redrawStep(w, r, in, err)
	}
	result := []string{"pending", string(code)}
	if in.done {
		var opened []winddown.Code
		opened, err = s.app.MarkDone(r.Context(), actorOf(r.Context()), id, in.mark)
		result[0] = "done"
		for _, o := range opened {
			result = append(result, string(o))
		}
	} else {
		err = s.app.MarkPending(r.Context(), actorOf(r.Context()), id, in.pending)
	}
	if err != nil {
		return s.redrawStep(w, r, in, err)
	}
	s.notice(w, result...)
	return s.redirect(w, r, caseHref(id))
}

// redrawStep shows the page again with what was typed. A step that cannot be marked at
// all says so, whatever else is wrong with the form.
func (s *Site) redrawStep(w http.ResponseWriter, r *http.Request, in markForm, failed error) error {
	if !redrawable(failed) {
		return failed
	}
	words, st, err := s.step(r)
	if err != nil {
		return err
	}
	if err := words.c.Allow(winddown.CanMark, words.view.Standing); err != nil {
		return err
	}
	words.act = in.mark.Act
	v := stepView(words, st)
	if v.Form == nil {
		if words.closed(st) == nil {
			v.Errors = formMistakes(r.Context(), failed).items
		}
		s.renderStep(w, r, words, http.StatusConflict, v)
		return nil
	}
	m := formMistakes(r.Context(), failed)
	typed(v.Form, in, errors.Is(failed, winddown.Conflict), m.fields)
	v.Errors, v.Open = m.items, true
	switch {
	case mentions(failed, "step.error.already_done"):
		// «Ещё нет» cannot be saved here; what was typed can, as a change of the signature.
		v.Form.Done, v.Form.Ask = "yes", false
	case mentions(failed, "step.error.stale"):
		v.Errors = words.conflict()
	}
	s.renderStep(w, r, words, httpkit.Status(winddown.KindOf(failed)), v)
	return nil
}

// UndoForm asks why a signature is taken back.
func (s *Site) UndoForm(w http.ResponseWriter, r *http.Request) error {
	return s.askReason(w, r, undoPage, nil, nil)
}

// Undo takes a signature back.
func (s *Site) Undo(w http.ResponseWriter, r *http.Request) error {
	return s.takeReason(w, r, undoPage, func(id winddown.ID, code winddown.Code, version int, reason string) error {
		return s.app.Undo(r.Context(), actorOf(r.Context()), id, winddown.Undo{Step: code, Version: version, Reason: reason})
	})
}

// RegressForm asks what happened when goods appeared again.
func (s *Site) RegressForm(w http.ResponseWriter, r *http.Request) error {
	return s.askReason(w, r, regressPage, nil, nil)
}

// Regress says that a done step is no longer true.
func (s *Site) Regress(w http.ResponseWriter, r *http.Request) error {
	return s.takeReason(w, r, regressPage, func(id winddown.ID, code winddown.Code, version int, reason string) error {
		return s.app.Regress(r.Context(), actorOf(r.Context()), id, winddown.Regress{Step: code, Version: version, Reason: reason})
	})
}

// takeReason reads a reason, does what it is for, and leads back to the checklist.
func (s *Site) takeReason(w http.ResponseWriter, r *http.Request, why reasonPage,
	do func(id winddown.ID, code winddown.Code, version int, reason string) error) error {
	id, code, err := stepPath(r)
	if err != nil {
		return err
	}
	values, err := form(w, r)
	if err != nil {
		return err
	}
	f := &formReader{form: values}
	version := f.stepVersion()
	in := &reasonForm{reason: values.Get("reason"), version: version}
	if err := f.err(); err != nil {
		return s.askReason(w, r, why, in, err)
	}
	if err := do(id, code, version, in.reason); err != nil {
		return s.askReason(w, r, why, in, err)
	}
	s.notice(w, why.notice(), string(code))
	return s.redirect(w, r, caseHref(id))
}

// askReason shows the form, again with what was typed after a mistake. Where there is no
// signature to speak of, it answers with the reason for that, and shows what was typed.
func (s *Site) askReason(w http.ResponseWriter, r *http.Request, why reasonPage, in *reasonForm, failed error) error {
	if failed != nil && !redrawable(failed) {
		return failed
	}
	words, st, err := s.step(r)
	if err != nil {
		return err
	}
	if err := words.c.Allow(why.right(), words.view.Standing); err != nil {
		return err
	}
	if err := words.cannot(why, st); err != nil {
		if failed == nil || !redrawable(err) {
			return err
		}
		failed = err // what was typed stays to be read
	}
	v := reasonView(words, why, st)
	status, options := http.StatusOK, []layoutOption{layoutText}
	if failed != nil {
		status, options = httpkit.Status(winddown.KindOf(failed)), append(options, layoutInvalid)
		m := formMistakes(r.Context(), failed)
		v.Errors, v.Error, v.Reason = m.items, m.of("reason"), in.reason
		v.Version = lineVersion(v.Version, in.version, failed)
		if mentions(failed, "step.error.stale") {
			v.Errors = words.conflict()
		}
	}
	s.render(w, r, status, page.Reason(s.caseLayout(r, words, v.Title, options...), v))
	return nil
}

// DeclareRest says that unsold stock remains to be taken back.
func (s *Site) DeclareRest(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID(r, "case")
	if err != nil {
		return err
	}
	if err := s.app.DeclareRest(r.Context(), actorOf(r.Context()), id); err != nil {
		return err
	}
	s.notice(w, "rest")
	return s.redirect(w, r, caseHref(id))
}

// newest is the newest line of what the page shows of the case's history.
func (w caseWords) newest() (app.TrailLine, bool) {
	if len(w.view.Trail) == 0 {
		return app.TrailLine{}, false
	}
	return w.view.Trail[0], true
}
