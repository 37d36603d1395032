package site

import (
	"net/http"

	"winddown/internal/httpkit"
	"winddown/internal/winddown"
	"winddown/web/page"
	"winddown/web/ui"
)

// AcceptStep signs the evidence of a done step.
func (s *Site) AcceptStep(w http.ResponseWriter, r *http.Request) error {
	id, code, err := stepPath(r)
	if err != nil {
		return err
	}
	values, err := form(w, r)
	if err != nil {
		return err
	}
	f := &formReader{form: values}
	in := winddown.Review{Step: code, Version: f.stepVersion()}
	if err = f.err(); err == nil {
		err = s.app.AcceptStep(r.Context(), actorOf(r.Context()), id, in)
	}
	if err != nil {
		return s.stepAgain(w, r, winddown.CanReview, err, nil)
	}
	s.notice(w, "accepted", string(code))
	return s.redirect(w, r, stepHref(id, code))
}

// stepAgain shows a step after a form beside the question of its page failed: put returns
// what was typed to that form and may be nil.
func (s *Site) stepAgain(w http.ResponseWriter, r *http.Request, right winddown.Action, failed error,
	put func(v *page.StepView, m *mistakes)) error {
	if !redrawable(failed) {
		return failed
	}
	words, st, err := s.step(r)
	if err != nil {
		return err
	}
	if err := words.c.Allow(right, words.view.Standing); err != nil {
		return err
	}
	v := stepView(words, st)
	m := formMistakes(r.Context(), failed)
	if put != nil {
		put(&v, &m)
	}
	v.Errors = m.items
	if mentions(failed, "step.error.stale") {
		v.Errors = []ui.ErrorItem{{Text: words.p.T("review.error.stale")}}
	}
	s.renderStep(w, r, words, httpkit.Status(winddown.KindOf(failed)), v)
	return nil
}

// ReturnForm asks what has to be mended about a done step.
func (s *Site) ReturnForm(w http.ResponseWriter, r *http.Request) error {
	return s.askReview(w, r, returnPage, nil, nil)
}

// ReturnStep sends a done step back to the seller.
func (s *Site) ReturnStep(w http.ResponseWriter, r *http.Request) error {
	return s.takeReview(w, r, returnPage)
}

// WaiveForm asks why the gate of a step can be opened without fulfilment.
func (s *Site) WaiveForm(w http.ResponseWriter, r *http.Request) error {
	return s.askReview(w, r, waivePage, nil, nil)
}

// Waive opens the gate of a step.
func (s *Site) Waive(w http.ResponseWriter, r *http.Request) error {
	return s.takeReview(w, r, waivePage)
}

// UnwaiveForm asks why a waiver is taken back.
func (s *Site) UnwaiveForm(w http.ResponseWriter, r *http.Request) error {
	return s.askReview(w, r, unwaivePage, nil, nil)
}

// Unwaive takes a waiver back.
func (s *Site) Unwaive(w http.ResponseWriter, r *http.Request) error {
	return s.takeReview(w, r, unwaivePage)
}

// takeReview reads the reason and does what it is for.
func (s *Site) takeReview(w http.ResponseWriter, r *http.Request, why reviewPage) error {
	id, code, err := stepPath(r)
	if err != nil {
		return err
	}
	values, err := form(w, r)
	if err != nil {
		return err
	}
	f := &formReader{form: values}
	in := winddown.Review{Step: code, Version: f.stepVersion(), Reason: values.Get("reason")}
	if err = f.err(); err == nil {
		do := s.app.SendBack
		switch why {
		case returnPage:
		case waivePage:
			do = s.app.Waive
		case unwaivePage:
			do = s.app.Unwaive
		}
		err = do(r.Context(), actorOf(r.Context()), id, in)
	}
	if err != nil {
		return s.askReview(w, r, why, &in, err)
	}
	s.notice(w, why.notice(), string(code))
	return s.redirect(w, r, stepHref(id, code))
}

// askReview shows the form, again with what was typed after a mistake. Where there is
// nothing to say, it answers with the reason for that, and shows what was typed.
func (s *Site) askReview(w http.ResponseWriter, r *http.Request, why reviewPage, in *winddown.Review, failed error) error {
	if failed != nil && !redrawable(failed) {
		return failed
	}
	words, st, err := s.step(r)
	if err != nil {
		return err
	}
	if err := words.c.Allow(winddown.CanReview, words.view.Standing); err != nil {
		return err
	}
	if err := words.cannotReview(why, st); err != nil {
		if failed == nil {
			return err
		}
		failed = err // what was typed stays to be read
	}
	v := reviewPageView(words, why, st)
	status, options := http.StatusOK, []layoutOption{layoutText}
	if failed != nil {
		status, options = httpkit.Status(winddown.KindOf(failed)), append(options, layoutInvalid)
		m := formMistakes(r.Context(), failed)
		v.Errors, v.Error, v.Reason = m.items, m.of("reason"), in.Reason
		v.Version = lineVersion(v.Version, in.Version, failed)
		if mentions(failed, "step.error.stale") {
			v.Errors = words.conflict()
		}
	}
	s.render(w, r, status, page.Reason(s.caseLayout(r, words, v.Title, options...), v))
	return nil
}
