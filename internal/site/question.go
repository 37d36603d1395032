package site

import (
	"net/http"
	"strconv"

	"github.com/go-chi/chi/v5"

	"winddown/internal/winddown"
	"winddown/web/page"
)

// Ask asks a question about a step.
func (s *Site) Ask(w http.ResponseWriter, r *http.Request) error {
	id, code, err := stepPath(r)
	if err != nil {
		return err
	}
	values, err := form(w, r)
	if err != nil {
		return err
	}
	text := values.Get("question")
	if err := s.app.Ask(r.Context(), actorOf(r.Context()), id, code, text); err != nil {
		return s.stepAgain(w, r, winddown.CanReview, err, func(v *page.StepView, m *mistakes) {
			if v.Questions != nil && v.Questions.Ask != nil {
				v.Questions.Ask.Typed, v.Questions.Ask.Error, v.Questions.Ask.Open = text, m.of("question"), true
			}
		})
	}
	s.notice(w, "asked", string(code))
	return s.redirect(w, r, stepHref(id, code))
}

// Answer answers a question.
func (s *Site) Answer(w http.ResponseWriter, r *http.Request) error {
	return s.reply(w, r, "answered", func(id winddown.ID, number int, text string) error {
		return s.app.Answer(r.Context(), actorOf(r.Context()), id, number, text)
	})
}

// ResolveQuestion closes a question.
func (s *Site) ResolveQuestion(w http.ResponseWriter, r *http.Request) error {
	return s.reply(w, r, "resolved", func(id winddown.ID, number int, _ string) error {
		return s.app.Resolve(r.Context(), actorOf(r.Context()), id, number)
	})
}

// reply does something about a question, and leads back to the step that the form names.
func (s *Site) reply(w http.ResponseWriter, r *http.Request, done string, do func(id winddown.ID, number int, text string) error) error {
	id, err := pathID(r, "case")
	if err != nil {
		return err
	}
	number, err := addressNumber(chi.URLParam(r, "number"))
	if err != nil {
		return err
	}
	values, err := form(w, r)
	if err != nil {
		return err
	}
	field := answerField(number)
	text, code := values.Get(field), winddown.Code(values.Get("step"))
	book, _ := winddown.PlaybookVersion(winddown.CurrentPlaybook)
	_, known := book.Step(code)
	if err := do(id, number, text); err != nil {
		if !known || !redrawable(err) {
			return err
		}
		chi.RouteContext(r.Context()).URLParams.Add("code", string(code)) // the page to show again
		return s.stepAgain(w, r, winddown.CanAnswer, err, func(v *page.StepView, m *mistakes) {
			for i := range m.items {
				if m.items[i].Field == "answer" {
					m.items[i].Field = field
				}
			}
			if v.Questions == nil {
				return
			}
			for i := range v.Questions.Open {
				if q := &v.Questions.Open[i]; q.Number == number {
					q.Typed, q.Error = text, m.of("answer")
				}
			}
		})
	}
	if !known {
		return s.redirect(w, r, caseHref(id))
	}
	s.notice(w, done, string(code))
	return s.redirect(w, r, stepHref(id, code))
}

// answerField is the name of the field for the answer to a question: a page has several.
func answerField(number int) string { return "answer_" + strconv.Itoa(number) }
