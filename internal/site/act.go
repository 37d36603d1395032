package site

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/go-chi/chi/v5"

	"winddown/internal/httpkit"
	"winddown/internal/winddown"
	"winddown/web/page"
	"winddown/web/ui"
)

func actsHref(id winddown.ID) string { return caseHref(id) + "/acts" }

func actHref(id winddown.ID, position int) string {
	return actsHref(id) + "/" + strconv.Itoa(position)
}

// actPath reads the case and the act's position from the path; anything else is NotFound.
func actPath(r *http.Request) (winddown.ID, int, error) {
	id, err := pathID(r, "case")
	if err != nil {
		return id, 0, err
	}
	position, err := addressNumber(chi.URLParam(r, "act"))
	return id, position, err
}

// queryAct is the act that a query asks for, 0 when it does not say.
func queryAct(r *http.Request) (int, error) {
	if q := r.URL.Query(); q.Has("act") {
		return addressNumber(q.Get("act"))
	}
	return 0, nil
}

// Acts shows the acts of a case.
func (s *Site) Acts(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID(r, "case")
	if err != nil {
		return err
	}
	return s.acts(w, r, id, actForm{}, nil)
}

// actForm is what a form of the page of the acts sent: about the act at a position, or
// about a further one.
type actForm struct {
	position int
	raw      url.Values
}

// acts shows the page, again with what was typed after a mistake.
func (s *Site) acts(w http.ResponseWriter, r *http.Request, id winddown.ID, in actForm, failed error) error {
	if failed != nil && !redrawable(failed) {
		return failed
	}
	view, err := s.app.Acts(r.Context(), actorOf(r.Context()), id)
	if err != nil {
		return err
	}
	words := s.caseWords(r, view)
	status, options := http.StatusOK, []layoutOption{layoutText}
	v := actsView(words)
	if failed != nil {
		if err := words.c.Allow(winddown.CanMark, view.Standing); err != nil {
			return err
		}
		m := formMistakes(r.Context(), failed)
		actsTyped(&v, in, m)
		v.Errors = m.items
		status, options = httpkit.Status(winddown.KindOf(failed)), append(options, layoutInvalid)
	} else {
		options = append(options, layoutNotice(words.actNotice(s.takeNotice(w, r))))
	}
	s.render(w, r, status, page.Acts(s.caseLayout(r, words, words.pageTitle("act.title"), options...), v))
	return nil
}

// AddAct adds an act for a further legal entity of the marketplace.
func (s *Site) AddAct(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID(r, "case")
	if err != nil {
		return err
	}
	values, err := form(w, r)
	if err != nil {
		return err
	}
	f := &formReader{form: values}
	in := winddown.AddAct{Counterparty: values.Get("counterparty"), Version: f.caseVersion()}
	field := "entity"
	if values.Get("entity") == "other" {
		field = "counterparty"
	}
	for _, e := range entities() {
		if e.Code == values.Get("entity") {
			in.Counterparty = e.Name
		}
	}
	if err = f.err(); err == nil {
		err = s.app.AddAct(r.Context(), actorOf(r.Context()), id, in)
	}
	if err != nil {
		return s.acts(w, r, id, actForm{raw: values}, under(err, "counterparty", field))
	}
	s.notice(w, "act", "added")
	return s.redirect(w, r, actsHref(id))
}

// RemoveAct takes away an act that was added by mistake.
func (s *Site) RemoveAct(w http.ResponseWriter, r *http.Request) error {
	return s.changeAct(w, r, "removed", func(id winddown.ID, position int, f *formReader) error {
		version := f.stepVersion()
		if err := f.err(); err != nil {
			return err
		}
		return s.app.RemoveAct(r.Context(), actorOf(r.Context()), id, position, version)
	})
}

// CountersignAct notes the marketplace's signature.
func (s *Site) CountersignAct(w http.ResponseWriter, r *http.Request) error {
	return s.changeAct(w, r, "countersigned", func(id winddown.ID, position int, f *formReader) error {
		in := winddown.CountersignAct{Act: position, Version: f.stepVersion(), On: f.date("countersigned_on")}
		if err := f.err(); err != nil {
			return err
		}
		return under(s.app.CountersignAct(r.Context(), actorOf(r.Context()), id, in), "on", "countersigned_on")
	})
}

// changeAct does what a form of the page of the acts is for, and leads back to the page.
func (s *Site) changeAct(w http.ResponseWriter, r *http.Request, done string, do func(winddown.ID, int, *formReader) error) error {
	id, position, err := actPath(r)
	if err != nil {
		return err
	}
	values, err := form(w, r)
	if err != nil {
		return err
	}
	if err := do(id, position, &formReader{form: values}); err != nil {
		return s.acts(w, r, id, actForm{position: position, raw: values}, err)
	}
	s.notice(w, "act", done)
	return s.redirect(w, r, actsHref(id))
}

// CompareAct takes the answer to «Сходится ли акт с вашими данными?».
func (s *Site) CompareAct(w http.ResponseWriter, r *http.Request) error {
	return s.checkAct(w, r, winddown.SignAct, func(id winddown.ID, position int, f *formReader) (string, error) {
		in := winddown.CompareAct{
			Act: position, Version: f.stepVersion(), On: f.date("compared_on"), Agrees: f.form.Get("agrees") == "yes",
			Difference: f.form.Get("difference"), Objections: f.form.Get("objections"),
		}
		done := "agrees"
		if !in.Agrees {
			done = "disagrees"
			if f.form.Get("agrees") != "no" {
				f.add("agrees", "act.error.agrees_missing")
			}
		}
		if err := f.err(); err != nil {
			return "", err
		}
		return done, under(s.app.CompareAct(r.Context(), actorOf(r.Context()), id, in), "on", "compared_on")
	})
}

// RemindAct notes that the marketplace was reminded.
func (s *Site) RemindAct(w http.ResponseWriter, r *http.Request) error {
	return s.checkAct(w, r, winddown.ReceiveAct, func(id winddown.ID, position int, f *formReader) (string, error) {
		in := winddown.RemindAct{Act: position, Version: f.stepVersion(), On: f.date("reminded_on")}
		if err := f.err(); err != nil {
			return "", err
		}
		return "reminded", under(s.app.RemindAct(r.Context(), actorOf(r.Context()), id, in), "on", "reminded_on")
	})
}

// DisputeAct notes that the objections were sent.
func (s *Site) DisputeAct(w http.ResponseWriter, r *http.Request) error {
	return s.checkAct(w, r, winddown.SignAct, func(id winddown.ID, position int, f *formReader) (string, error) {
		in := winddown.DisputeAct{Act: position, Version: f.stepVersion(), On: f.date("disputed_on")}
		if err := f.err(); err != nil {
			return "", err
		}
		return "disputed", under(s.app.DisputeAct(r.Context(), actorOf(r.Context()), id, in), "on", "disputed_on")
	})
}

// checkAct does what a form about an act on the page of a step is for, and leads back to
// that page.
func (s *Site) checkAct(w http.ResponseWriter, r *http.Request, code winddown.Code, do func(winddown.ID, int, *formReader) (string, error)) error {
	id, position, err := actPath(r)
	if err != nil {
		return err
	}
	values, err := form(w, r)
	if err != nil {
		return err
	}
	done, err := do(id, position, &formReader{form: values})
	if err != nil {
		return s.redrawAct(w, r, id, code, position, values, err)
	}
	s.notice(w, "act", done)
	to := stepHref(id, code)
	if position > 1 {
		to += actQuery(position)
	}
	return s.redirect(w, r, to)
}

// redrawAct shows the page of a step again with what was typed about its act beside the
// question of the step.
func (s *Site) redrawAct(w http.ResponseWriter, r *http.Request, id winddown.ID, code winddown.Code, position int, raw url.Values, failed error) error {
	if !redrawable(failed) {
		return failed
	}
	view, err := s.app.Step(r.Context(), actorOf(r.Context()), id, code)
	if err != nil {
		return err
	}
	if err := view.Case.Allow(winddown.CanMark, view.Standing); err != nil {
		return err
	}
	if _, err := view.Case.Act(position); err != nil {
		return err
	}
	words := s.caseWords(r, view)
	words.act = position
	st, err := view.Case.Step(code)
	if err != nil {
		return err
	}
	act := words.stepAct(code)
	v := stepView(words, st)
	m := formMistakes(r.Context(), failed)
	switch { // what was typed stays to be read
	case v.Acts.Compare == nil && raw.Has("compared_on"):
		v.Acts.Compare = words.compareForm(act)
	case v.Acts.Dispute == nil && raw.Has("disputed_on"):
		v.Acts.Dispute = words.disputeForm(act)
	case v.Acts.Remind == nil && raw.Has("reminded_on"):
		v.Acts.Remind = words.remindForm(act)
	}
	checkTyped(v.Acts, raw, errors.Is(failed, winddown.Conflict), m)
	v.Errors = m.items
	s.renderStep(w, r, words, httpkit.Status(winddown.KindOf(failed)), v)
	return nil
}

// UndoActForm asks why the last thing noted about an act is taken back.
func (s *Site) UndoActForm(w http.ResponseWriter, r *http.Request) error {
	id, position, err := actPath(r)
	if err != nil {
		return err
	}
	return s.askUndoAct(w, r, id, position, nil, nil)
}

// UndoAct takes the last thing noted about an act back.
func (s *Site) UndoAct(w http.ResponseWriter, r *http.Request) error {
	id, position, err := actPath(r)
	if err != nil {
		return err
	}
	values, err := form(w, r)
	if err != nil {
		return err
	}
	f := &formReader{form: values}
	in := &reasonForm{reason: values.Get("reason"), version: f.stepVersion()}
	if err = f.err(); err == nil {
		err = s.app.UndoAct(r.Context(), actorOf(r.Context()), id, winddown.UndoAct{Act: position, Version: in.version, Reason: in.reason})
	}
	if err != nil {
		return s.askUndoAct(w, r, id, position, in, err)
	}
	s.notice(w, "act", "undone")
	return s.redirect(w, r, actsHref(id))
}

func (s *Site) askUndoAct(w http.ResponseWriter, r *http.Request, id winddown.ID, position int, in *reasonForm, failed error) error {
	if failed != nil && !redrawable(failed) {
		return failed
	}
	view, err := s.app.Acts(r.Context(), actorOf(r.Context()), id)
	if err != nil {
		return err
	}
	if err := view.Case.Allow(winddown.CanMark, view.Standing); err != nil {
		return err
	}
	act, err := view.Case.Act(position)
	if err != nil {
		return err
	}
	words := s.caseWords(r, view)
	if err := words.cannotUndo(*act); err != nil {
		if failed == nil {
			return err
		}
		failed = err // what was typed stays to be read
	}
	v := undoActView(words, *act)
	status, options := http.StatusOK, []layoutOption{layoutText}
	if failed != nil {
		status, options = httpkit.Status(winddown.KindOf(failed)), append(options, layoutInvalid)
		m := formMistakes(r.Context(), failed)
		v.Errors, v.Error, v.Reason = m.items, m.of("reason"), in.reason
		if !errors.Is(failed, winddown.Conflict) && in.version > 0 {
			v.Version = in.version
		}
	}
	s.render(w, r, status, page.Reason(s.caseLayout(r, words, v.Title, options...), v))
	return nil
}

// under names the field of a mistake anew: a page with several dates has a name for each.
func under(err error, field, name string) error {
	var known *winddown.Error
	if field == name || !errors.As(err, &known) {
		return err
	}
	renamed := *known
	renamed.Fields = slices.Clone(known.Fields)
	for i := range renamed.Fields {
		if renamed.Fields[i].Field == field {
			renamed.Fields[i].Field = name
		}
	}
	return &renamed
}

// actNotice is the result of what was just done about an act; what does not make sense is
// no notice.
func (w caseWords) actNotice(parts []string) *ui.NoticeProps {
	if len(parts) != 2 || parts[0] != "act" {
		return nil
	}
	switch parts[1] {
	case "added", "removed", "agrees", "disagrees", "disputed", "reminded", "countersigned", "undone":
		return &ui.NoticeProps{Variant: ui.NoticeSuccess, Text: w.p.T("act.notice." + parts[1])}
	}
	return nil
}
