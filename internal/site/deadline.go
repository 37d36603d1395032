package site

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/go-chi/chi/v5"

	"winddown/internal/httpkit"
	"winddown/internal/winddown"
	"winddown/web/page"
	"winddown/web/ui"
)

// fromStep is what a form sends along when it stands on the page of collect_returns, to
// lead back there.
const fromStep = "step"

// deadlinesBack is where a form of the deadlines leads to.
func deadlinesBack(id winddown.ID, values url.Values) string {
	if values.Get("back") == fromStep {
		return caseHref(id) + "/steps/" + string(winddown.CollectReturns)
	}
	return deadlinesHref(id)
}

// deadlines loads a case with what its deadlines need.
func (s *Site) deadlines(r *http.Request) (caseWords, error) {
	id, err := pathID(r, "case")
	if err != nil {
		return caseWords{}, err
	}
	view, err := s.app.Deadlines(r.Context(), actorOf(r.Context()), id)
	if err != nil {
		return caseWords{}, err
	}
	return s.caseWords(r, view), nil
}

// deadline loads a deadline that somebody is about to change.
func (s *Site) deadline(r *http.Request) (caseWords, winddown.Deadline, error) {
	words, err := s.deadlines(r)
	if err != nil {
		return caseWords{}, winddown.Deadline{}, err
	}
	if err := words.c.Allow(winddown.CanMark, words.view.Standing); err != nil {
		return caseWords{}, winddown.Deadline{}, err
	}
	number, err := deadlineNumber(r)
	if err != nil {
		return caseWords{}, winddown.Deadline{}, err
	}
	at := slices.IndexFunc(words.c.Deadlines, func(d winddown.Deadline) bool { return d.Number == number })
	if at < 0 {
		return caseWords{}, winddown.Deadline{}, &winddown.Error{Kind: winddown.NotFound, Key: "error.not_found"}
	}
	return words, words.c.Deadlines[at], nil
}

// deadlineNumber reads the number of a deadline from the path; anything else is NotFound.
func deadlineNumber(r *http.Request) (int, error) {
	return addressNumber(chi.URLParam(r, "deadline"))
}

// Deadlines shows the deadlines of a case.
func (s *Site) Deadlines(w http.ResponseWriter, r *http.Request) error {
	words, err := s.deadlines(r)
	if err != nil {
		return err
	}
	notice := words.deadlineNotice(s.takeNotice(w, r))
	s.render(w, r, http.StatusOK, page.Deadlines(s.caseLayout(r, words, words.pageTitle("deadline.title"), layoutText, layoutNotice(notice)), deadlinesView(words)))
	return nil
}

// AddDeadline types a deadline in.
func (s *Site) AddDeadline(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID(r, "case")
	if err != nil {
		return err
	}
	values, err := form(w, r)
	if err != nil {
		return err
	}
	f := &formReader{form: values}
	in := winddown.AddDeadline{Kind: winddown.DueKind(values.Get("kind")), What: values.Get("what"), From: f.date("from"), Until: f.date("until")}
	actor := actorOf(r.Context())
	if len(f.fields) > 0 { // the rest is told too
		_, wrong := new(winddown.Case).AddDeadline(in, winddown.Stamp{Today: winddown.Today(s.app.Now(), actor.Zone)})
		f.also(wrong, "kind", "what", "from", "until")
	}
	err = f.err()
	if err == nil {
		err = s.app.AddDeadline(r.Context(), actor, id, in)
	}
	if err != nil {
		return s.redrawDeadlines(w, r, id, values, err)
	}
	s.notice(w, "deadline_added")
	return s.redirect(w, r, deadlinesBack(id, values))
}

// redrawDeadlines shows the page a form came from, with what was typed.
func (s *Site) redrawDeadlines(w http.ResponseWriter, r *http.Request, id winddown.ID, values url.Values, failed error) error {
	if !redrawable(failed) {
		return failed
	}
	m := formMistakes(r.Context(), failed)
	status := httpkit.Status(winddown.KindOf(failed))
	if values.Get("back") == fromStep {
		view, err := s.app.Step(r.Context(), actorOf(r.Context()), id, winddown.CollectReturns)
		if err != nil {
			return err
		}
		words := s.caseWords(r, view)
		st, err := words.c.Step(winddown.CollectReturns)
		if err != nil {
			return err
		}
		if err := words.c.Allow(winddown.CanMark, view.Standing); err != nil {
			return err
		}
		v := stepView(words, st)
		v.Errors = m.items
		if v.Batches != nil && v.Batches.Form != nil {
			v.Batches.Open = values.Has("from")
			typedDeadline(v.Batches.Form, values, m.fields)
		}
		s.renderStep(w, r, words, status, v)
		return nil
	}
	words, err := s.deadlines(r)
	if err != nil {
		return err
	}
	if err := words.c.Allow(winddown.CanMark, words.view.Standing); err != nil {
		return err
	}
	v := deadlinesView(words)
	v.Errors = m.items
	if v.Form != nil {
		typedDeadline(v.Form, values, m.fields)
	}
	s.render(w, r, status, page.Deadlines(s.caseLayout(r, words, words.pageTitle("deadline.title"), layoutText, layoutInvalid), v))
	return nil
}

// typedDeadline puts what was sent back into the form, unless another form of the page sent
// it.
func typedDeadline(v *page.DeadlineFormView, values url.Values, fieldErrors map[string]string) {
	if !values.Has("from") {
		return
	}
	for i := range v.Kinds {
		v.Kinds[i].Checked = v.Kinds[i].Value == values.Get("kind")
	}
	v.What, v.From, v.Until, v.FieldErrors = values.Get("what"), values.Get("from"), values.Get("until"), fieldErrors
}

// DealForm asks when a deadline was dealt with.
func (s *Site) DealForm(w http.ResponseWriter, r *http.Request) error {
	return s.deal(w, r, r.URL.Query(), nil)
}

// Deal says that a deadline was dealt with.
func (s *Site) Deal(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID(r, "case")
	if err != nil {
		return err
	}
	number, err := deadlineNumber(r)
	if err != nil {
		return err
	}
	values, err := form(w, r)
	if err != nil {
		return err
	}
	f := &formReader{form: values}
	on := f.date("on")
	err = f.err()
	if err == nil {
		err = s.app.CloseDeadline(r.Context(), actorOf(r.Context()), id, number, on)
	}
	if err != nil {
		return s.deal(w, r, values, err)
	}
	s.notice(w, "deadline_closed")
	return s.redirect(w, r, deadlinesBack(id, values))
}

func (s *Site) deal(w http.ResponseWriter, r *http.Request, values url.Values, failed error) error {
	if failed != nil && !redrawable(failed) {
		return failed
	}
	words, d, err := s.deadline(r)
	if err != nil {
		return err
	}
	if failed == nil && words.c.Finished() {
		return &winddown.Error{Kind: winddown.Conflict, Key: "case.error.finished"}
	}
	v := dealView(words, d, values.Get("back"))
	status, options := http.StatusOK, []layoutOption{layoutText}
	if failed != nil {
		m := formMistakes(r.Context(), failed)
		v.Errors, v.Error, v.On = m.items, m.of("on"), values.Get("on")
		status, options = httpkit.Status(winddown.KindOf(failed)), append(options, layoutInvalid)
	}
	s.render(w, r, status, page.Deal(s.caseLayout(r, words, v.Title, options...), v))
	return nil
}

// ReopenDeadline takes that back.
func (s *Site) ReopenDeadline(w http.ResponseWriter, r *http.Request) error {
	return s.moveDeadline(w, r, "deadline_reopened", func(id winddown.ID, number int) error {
		return s.app.ReopenDeadline(r.Context(), actorOf(r.Context()), id, number)
	})
}

// RemoveDeadlineForm asks before a deadline is taken away.
func (s *Site) RemoveDeadlineForm(w http.ResponseWriter, r *http.Request) error {
	words, d, err := s.deadline(r)
	if err != nil {
		return err
	}
	if words.c.Finished() {
		return &winddown.Error{Kind: winddown.Conflict, Key: "case.error.finished"}
	}
	v := dropView(words, d, r.URL.Query().Get("back"))
	s.render(w, r, http.StatusOK, page.Drop(s.caseLayout(r, words, v.Title, layoutText), v))
	return nil
}

// RemoveDeadline takes away a deadline typed in by mistake.
func (s *Site) RemoveDeadline(w http.ResponseWriter, r *http.Request) error {
	return s.moveDeadline(w, r, "deadline_removed", func(id winddown.ID, number int) error {
		return s.app.RemoveDeadline(r.Context(), actorOf(r.Context()), id, number)
	})
}

// moveDeadline does something about the deadline of the path and leads back.
func (s *Site) moveDeadline(w http.ResponseWriter, r *http.Request, notice string, do func(id winddown.ID, number int) error) error {
	id, err := pathID(r, "case")
	if err != nil {
		return err
	}
	number, err := deadlineNumber(r)
	if err != nil {
		return err
	}
	values, err := form(w, r)
	if err != nil {
		return err
	}
	if err := do(id, number); err != nil {
		return s.redrawDeadlines(w, r, id, values, err)
	}
	s.notice(w, notice)
	return s.redirect(w, r, deadlinesBack(id, values))
}

// CheckInbox says that the portal's inbox holds no claims.
func (s *Site) CheckInbox(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID(r, "case")
	if err != nil {
		return err
	}
	if err := s.app.CheckInbox(r.Context(), actorOf(r.Context()), id); err != nil {
		return s.redrawDeadlines(w, r, id, url.Values{}, err)
	}
	s.notice(w, "inbox")
	return s.redirect(w, r, deadlinesHref(id))
}

// Terms shows on what the deadlines of a case rest.
func (s *Site) Terms(w http.ResponseWriter, r *http.Request) error {
	words, err := s.deadlines(r)
	if err != nil {
		return err
	}
	notice := words.deadlineNotice(s.takeNotice(w, r))
	s.render(w, r, http.StatusOK, page.Terms(s.caseLayout(r, words, words.pageTitle("deadline.terms.title"), layoutText, layoutNotice(notice)), termsView(words)))
	return nil
}

// termPath reads the kind of a term from the path; anything else is NotFound.
func termPath(r *http.Request) (winddown.DueKind, error) {
	kind := winddown.DueKind(chi.URLParam(r, "term"))
	if !slices.Contains(winddown.DueKinds(), kind) {
		return "", &winddown.Error{Kind: winddown.NotFound, Key: "error.not_found"}
	}
	return kind, nil
}

// TermForm shows a term to be changed.
func (s *Site) TermForm(w http.ResponseWriter, r *http.Request) error {
	return s.term(w, r, nil, nil)
}

// ChangeTerm gives the case a term of its own.
func (s *Site) ChangeTerm(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID(r, "case")
	if err != nil {
		return err
	}
	kind, err := termPath(r)
	if err != nil {
		return err
	}
	values, err := form(w, r)
	if err != nil {
		return err
	}
	f := &formReader{form: values}
	in := winddown.ChangeTerm{Kind: kind, Days: days(values.Get("days")), Source: values.Get("source"), AsOf: f.date("as_of"), Version: f.caseVersion()}
	actor := actorOf(r.Context())
	if len(f.fields) > 0 { // the rest is told too
		_, wrong := new(winddown.Case).ChangeTerm(in, winddown.Stamp{Today: winddown.Today(s.app.Now(), actor.Zone)})
		f.also(wrong, "days", "source", "as_of")
	}
	err = f.err()
	if err == nil {
		err = s.app.ChangeTerm(r.Context(), actor, id, in)
	}
	if err != nil {
		return s.term(w, r, f, err)
	}
	s.notice(w, "term")
	return s.redirect(w, r, deadlinesHref(id)+"/terms")
}

// days reads numbers of days parted by commas or spaces; none where that is not what was
// typed.
func days(text string) []int {
	var all []int
	for part := range strings.FieldsFuncSeq(text, func(c rune) bool { return strings.ContainsRune(", ;\u00a0", c) }) {
		n, err := strconv.Atoi(part)
		if err != nil {
			return nil
		}
		all = append(all, n)
	}
	return all
}

func (s *Site) term(w http.ResponseWriter, r *http.Request, typed *formReader, failed error) error {
	if failed != nil && !redrawable(failed) {
		return failed
	}
	words, err := s.deadlines(r)
	if err != nil {
		return err
	}
	kind, err := termPath(r)
	if err != nil {
		return err
	}
	if err := words.c.Allow(winddown.CanMark, words.view.Standing); err != nil {
		return err
	}
	if failed == nil && words.c.Finished() {
		return &winddown.Error{Kind: winddown.Conflict, Key: "case.error.finished"}
	}
	v := termView(words, kind)
	status, options := http.StatusOK, []layoutOption{layoutText}
	if failed != nil {
		m := formMistakes(r.Context(), failed)
		v.Errors, v.FieldErrors = m.items, m.fields
		v.Days, v.Source, v.AsOf = typed.form.Get("days"), typed.form.Get("source"), typed.form.Get("as_of")
		v.Version = caseFormVersion(words, typed.caseVersion(), failed)
		status, options = httpkit.Status(winddown.KindOf(failed)), append(options, layoutInvalid)
	}
	s.render(w, r, status, page.Term(s.caseLayout(r, words, v.Title, options...), v))
	return nil
}

// deadlineNotice is the result of what was just done about a deadline.
func (w caseWords) deadlineNotice(parts []string) *ui.NoticeProps {
	if len(parts) != 1 {
		return nil
	}
	switch parts[0] {
	case "deadline_added", "deadline_closed", "deadline_reopened", "deadline_removed", "inbox", "term":
		return &ui.NoticeProps{Variant: ui.NoticeSuccess, Text: w.p.T("deadline.notice." + parts[0])}
	}
	return nil
}
