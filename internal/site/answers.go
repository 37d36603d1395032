package site

import (
	"errors"
	"net/http"

	"winddown/internal/httpkit"
	"winddown/internal/winddown"
	"winddown/web/page"
)

// AnswersForm shows the start questions with the answers given so far.
func (s *Site) AnswersForm(w http.ResponseWriter, r *http.Request) error {
	return s.answers(w, r, nil, 0, nil)
}

// ChangeAnswers answers the start questions anew.
func (s *Site) ChangeAnswers(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID(r, "case")
	if err != nil {
		return err
	}
	values, err := form(w, r)
	if err != nil {
		return err
	}
	f := &formReader{form: values}
	in := winddown.ChangeAnswers{Answers: readAnswers(values), Version: f.caseVersion()}
	if err := f.err(); err != nil {
		return s.answers(w, r, &in.Answers, 0, err)
	}
	if err := s.app.ChangeAnswers(r.Context(), actorOf(r.Context()), id, in); err != nil {
		return s.answers(w, r, &in.Answers, in.Version, err)
	}
	s.notice(w, "answers")
	return s.redirect(w, r, caseHref(id))
}

// manage loads a case for a page that only those see who manage it.
func (s *Site) manage(r *http.Request) (caseWords, error) {
	id, err := pathID(r, "case")
	if err != nil {
		return caseWords{}, err
	}
	view, err := s.app.Case(r.Context(), actorOf(r.Context()), id)
	if err != nil {
		return caseWords{}, err
	}
	return s.caseWords(r, view), view.Case.Allow(winddown.CanManage, view.Standing)
}

// caseFormVersion is the version a form of the case carries when it is drawn again: its
// own after a mistake, so that a conflict is still noticed, the present one otherwise.
func caseFormVersion(words caseWords, typed int, failed error) int {
	if failed == nil || typed == 0 || errors.Is(failed, winddown.Conflict) {
		return words.c.Version
	}
	return typed
}

func (s *Site) answers(w http.ResponseWriter, r *http.Request, typed *winddown.RawAnswers, version int, failed error) error {
	if failed != nil && !redrawable(failed) {
		return failed
	}
	words, err := s.manage(r)
	if err != nil {
		return err
	}
	v := page.AnswersFormView{
		Back: words.backToCase(), Action: words.href() + "/answers", Version: caseFormVersion(words, version, failed),
		Answers: answersView(words.c.Answers),
	}
	status, options := http.StatusOK, []layoutOption{layoutText}
	if words.c.Finished() {
		v.Closed = words.p.T("case.error.finished")
	}
	if failed != nil {
		m := formMistakes(r.Context(), failed)
		v.Errors, v.FieldErrors, v.Answers = m.items, m.fields, page.AnswersView(*typed)
		status, options = httpkit.Status(winddown.KindOf(failed)), append(options, layoutInvalid)
	}
	s.render(w, r, status, page.Answers(s.caseLayout(r, words, words.pageTitle("answers.title"), options...), v))
	return nil
}

// pageTitle is the title of a page of the case.
func (w caseWords) pageTitle(key string) string {
	return w.p.T("mark.page_title", "Step", w.p.T(key), "Seller", w.c.Seller.Name)
}

func answersView(a winddown.Answers) page.AnswersView {
	yesNo := map[bool]string{true: "yes", false: "no"}
	return page.AnswersView{FBS: yesNo[a.FBS], WBStock: yesNo[a.WBStock], Leftover: string(a.Leftover)}
}
