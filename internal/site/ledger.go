package site

import (
	"errors"
	"net/http"
	"net/url"

	"winddown/internal/httpkit"
	"winddown/internal/winddown"
	"winddown/web/page"
	"winddown/web/ui"
)

// ledger loads a case with its ledger for the reader.
func (s *Site) ledger(r *http.Request) (caseWords, error) {
	id, err := pathID(r, "case")
	if err != nil {
		return caseWords{}, err
	}
	view, err := s.app.Ledger(r.Context(), actorOf(r.Context()), id)
	if err != nil {
		return caseWords{}, err
	}
	return s.caseWords(r, view), nil
}

// books loads the ledger for somebody who is about to write in it.
func (s *Site) books(r *http.Request) (caseWords, error) {
	words, err := s.ledger(r)
	if err != nil {
		return caseWords{}, err
	}
	return words, words.c.Allow(winddown.CanMark, words.view.Standing)
}

// debt loads a line of the ledger for the reader.
func (s *Site) debt(r *http.Request) (caseWords, *winddown.Debt, error) {
	words, err := s.ledger(r)
	if err != nil {
		return caseWords{}, nil, err
	}
	id, err := pathID(r, "debt")
	if err != nil {
		return caseWords{}, nil, err
	}
	d, err := words.c.Debts.Debt(id)
	return words, d, err
}

// Ledger shows the debts of a case.
func (s *Site) Ledger(w http.ResponseWriter, r *http.Request) error {
	words, err := s.ledger(r)
	if err != nil {
		return err
	}
	if words.act, err = queryAct(r); err != nil {
		return err
	}
	notice := layoutNotice(words.ledgerNotice(s.takeNotice(w, r)))
	return s.renderLedger(w, r, words, http.StatusOK, nil, nil, notice)
}

// renderLedger shows the ledger with the form as typed, or empty.
func (s *Site) renderLedger(w http.ResponseWriter, r *http.Request, words caseWords, status int, typed *debtForm, failed error, options ...layoutOption) error {
	v := ledgerView(words)
	if v.Form != nil {
		id, err := s.app.NewDebtID()
		if err != nil {
			return err
		}
		v.Form.ID = id.String()
		words.actDebt(v.Form, words.act)
	}
	if failed != nil {
		m := formMistakes(r.Context(), failed)
		v.Errors, options = m.items, append(options, layoutInvalid)
		if v.Form != nil {
			typed.fill(v.Form, m.fields)
			// After a conflict the id stands for another line; what is typed is a new one.
			if id := typed.in.ID; !id.IsZero() && !errors.Is(failed, winddown.Conflict) {
				v.Form.ID = id.String()
			}
		}
	}
	s.render(w, r, status, page.Ledger(s.caseLayout(r, words, words.pageTitle("ledger.title"), options...), v))
	return nil
}

// debtForm is a line as it was sent.
type debtForm struct {
	in      winddown.NewDebt
	version int
	f       *formReader
}

// readDebt reads a line. Mistakes of all fields are told at once, those that only the
// rules know among them.
func readDebt(f *formReader, today winddown.Date) debtForm {
	d := debtForm{f: f, in: winddown.NewDebt{
		Side: winddown.Side(f.form.Get("side")), What: f.form.Get("what"), Amount: f.money("amount"), On: f.date("on"),
		Document: f.form.Get("document"),
	}}
	if len(f.fields) > 0 {
		_, _, err := new(winddown.Ledger).AddDebts([]winddown.NewDebt{d.in}, winddown.Stamp{Today: today})
		f.also(err, "side", "what", "amount", "on", "document")
	}
	return d
}

// fill puts what was sent back into the form.
func (d *debtForm) fill(v *page.DebtFormView, fieldErrors map[string]string) {
	get := d.f.form.Get
	v.Side, v.What, v.Amount, v.On, v.Document = get("side"), get("what"), get("amount"), get("on"), get("document")
	v.FieldErrors = fieldErrors
}

// AddDebt writes a line down.
func (s *Site) AddDebt(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID(r, "case")
	if err != nil {
		return err
	}
	values, err := form(w, r)
	if err != nil {
		return err
	}
	actor := actorOf(r.Context())
	f := &formReader{form: values}
	in := readDebt(f, winddown.Today(s.app.Now(), actor.Zone))
	in.in.ID = f.id("id")
	err = f.err()
	if err == nil {
		err = s.app.AddDebts(r.Context(), actor, id, []winddown.NewDebt{in.in})
	}
	if err == nil {
		s.notice(w, "debt_added")
		return s.redirect(w, r, debtsHref(id))
	}
	if !redrawable(err) {
		return err
	}
	words, denied := s.books(r)
	if denied != nil {
		return denied
	}
	return s.renderLedger(w, r, words, httpkit.Status(winddown.KindOf(err)), &in, err)
}

// Debt shows one line of the ledger.
func (s *Site) Debt(w http.ResponseWriter, r *http.Request) error {
	words, d, err := s.debt(r)
	if err != nil {
		return err
	}
	v := debtView(words, d)
	notice := layoutNotice(words.debtNotice(s.takeNotice(w, r)))
	s.render(w, r, http.StatusOK, page.Debt(s.caseLayout(r, words, words.debtTitle(d), layoutText, notice), v))
	return nil
}

// redrawDebt shows the line again after something about it failed, with the day where one
// was typed.
func (s *Site) redrawDebt(w http.ResponseWriter, r *http.Request, typed url.Values, version int, failed error) error {
	if !redrawable(failed) {
		return failed
	}
	words, d, err := s.writableDebt(r)
	if err != nil {
		return err
	}
	v := debtView(words, d)
	m := formMistakes(r.Context(), failed)
	v.Errors = m.items
	if v.Settle != nil && typed.Has("on") {
		v.Settle.On, v.Settle.Error = typed.Get("on"), m.of("on")
		v.Settle.Version = lineVersion(v.Settle.Version, version, failed)
	} else {
		for i := range v.Errors {
			v.Errors[i].Field = ""
		}
	}
	s.render(w, r, httpkit.Status(winddown.KindOf(failed)), page.Debt(s.caseLayout(r, words, words.debtTitle(d), layoutText, layoutInvalid), v))
	return nil
}

// writableDebt loads a line for somebody who is about to change it.
func (s *Site) writableDebt(r *http.Request) (caseWords, *winddown.Debt, error) {
	words, d, err := s.debt(r)
	if err != nil {
		return caseWords{}, nil, err
	}
	return words, d, words.c.Allow(winddown.CanMark, words.view.Standing)
}

// lineVersion is the version a form of a line carries when it is drawn again: its own
// after a mistake, so that a conflict is still noticed, the present one otherwise.
func lineVersion(now, typed int, failed error) int {
	if typed == 0 || errors.Is(failed, winddown.Conflict) {
		return now
	}
	return typed
}

// EditDebtForm shows a line to be corrected.
func (s *Site) EditDebtForm(w http.ResponseWriter, r *http.Request) error {
	return s.editDebt(w, r, nil, nil)
}

// EditDebt corrects a line.
func (s *Site) EditDebt(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID(r, "case")
	if err != nil {
		return err
	}
	debt, err := pathID(r, "debt")
	if err != nil {
		return err
	}
	values, err := form(w, r)
	if err != nil {
		return err
	}
	actor := actorOf(r.Context())
	f := &formReader{form: values}
	in := readDebt(f, winddown.Today(s.app.Now(), actor.Zone))
	in.in.ID, in.version = debt, f.stepVersion()
	err = f.err()
	if err == nil {
		err = s.app.ChangeDebt(r.Context(), actor, id, winddown.ChangeDebt{NewDebt: in.in, Version: in.version})
	}
	if err != nil {
		return s.editDebt(w, r, &in, err)
	}
	s.notice(w, "debt_changed")
	return s.redirect(w, r, debtHref(id, debt))
}

func (s *Site) editDebt(w http.ResponseWriter, r *http.Request, typed *debtForm, failed error) error {
	if failed != nil && !redrawable(failed) {
		return failed
	}
	words, d, err := s.writableDebt(r)
	if err != nil {
		return err
	}
	if failed == nil {
		if err := words.unchangeable(d); err != nil {
			return err
		}
	}
	v := page.DebtEditView{Back: words.backToDebt(d), Form: words.debtFormView(d)}
	status, options := http.StatusOK, []layoutOption{layoutText}
	if failed != nil {
		m := formMistakes(r.Context(), failed)
		v.Errors = m.items
		typed.fill(&v.Form, m.fields)
		v.Form.Version = lineVersion(v.Form.Version, typed.version, failed)
		status, options = httpkit.Status(winddown.KindOf(failed)), append(options, layoutInvalid)
	}
	s.render(w, r, status, page.DebtEdit(s.caseLayout(r, words, words.p.T("ledger.edit.title"), options...), v))
	return nil
}

// SettleDebt says that a debt was paid or set off.
func (s *Site) SettleDebt(w http.ResponseWriter, r *http.Request) error {
	return s.takeDebt(w, r, "debt_settled", func(f *formReader) func(id, debt winddown.ID, version int) error {
		on := f.date("on")
		return func(id, debt winddown.ID, version int) error {
			return s.app.SettleDebt(r.Context(), actorOf(r.Context()), id, winddown.SettleDebt{ID: debt, Version: version, On: on})
		}
	})
}

// ReopenDebt takes a settlement or a write-off back.
func (s *Site) ReopenDebt(w http.ResponseWriter, r *http.Request) error {
	return s.takeDebt(w, r, "debt_reopened", func(*formReader) func(id, debt winddown.ID, version int) error {
		return func(id, debt winddown.ID, version int) error {
			return s.app.ReopenDebt(r.Context(), actorOf(r.Context()), id, winddown.ReopenDebt{ID: debt, Version: version})
		}
	})
}

// takeDebt reads a form of a line's own page, does what it is for, and leads back.
func (s *Site) takeDebt(w http.ResponseWriter, r *http.Request, notice string,
	read func(*formReader) func(id, debt winddown.ID, version int) error) error {
	id, err := pathID(r, "case")
	if err != nil {
		return err
	}
	debt, err := pathID(r, "debt")
	if err != nil {
		return err
	}
	values, err := form(w, r)
	if err != nil {
		return err
	}
	f := &formReader{form: values}
	do, version := read(f), f.stepVersion()
	err = f.err()
	if err == nil {
		err = do(id, debt, version)
	}
	if err != nil {
		return s.redrawDebt(w, r, values, version, err)
	}
	s.notice(w, notice)
	return s.redirect(w, r, debtHref(id, debt))
}

// WriteOffForm asks why a debt is given up.
func (s *Site) WriteOffForm(w http.ResponseWriter, r *http.Request) error {
	return s.askDebtReason(w, r, writeOffPage, nil, nil)
}

// WriteOff gives a debt up.
func (s *Site) WriteOff(w http.ResponseWriter, r *http.Request) error {
	return s.takeDebtReason(w, r, writeOffPage, func(id, debt winddown.ID, in reasonForm) error {
		return s.app.WriteOffDebt(r.Context(), actorOf(r.Context()), id,
			winddown.WriteOffDebt{ID: debt, Version: in.version, Reason: in.reason})
	})
}

// RemoveDebtForm asks why a line is taken out.
func (s *Site) RemoveDebtForm(w http.ResponseWriter, r *http.Request) error {
	return s.askDebtReason(w, r, removeDebtPage, nil, nil)
}

// RemoveDebt takes a line out of the ledger.
func (s *Site) RemoveDebt(w http.ResponseWriter, r *http.Request) error {
	return s.takeDebtReason(w, r, removeDebtPage, func(id, debt winddown.ID, in reasonForm) error {
		return s.app.RemoveDebt(r.Context(), actorOf(r.Context()), id,
			winddown.RemoveDebt{ID: debt, Version: in.version, Reason: in.reason})
	})
}

// takeDebtReason reads a reason, does what it is for, and leads back to the ledger.
func (s *Site) takeDebtReason(w http.ResponseWriter, r *http.Request, why debtReasonPage, do func(id, debt winddown.ID, in reasonForm) error) error {
	id, err := pathID(r, "case")
	if err != nil {
		return err
	}
	debt, err := pathID(r, "debt")
	if err != nil {
		return err
	}
	values, err := form(w, r)
	if err != nil {
		return err
	}
	f := &formReader{form: values}
	in := reasonForm{reason: values.Get("reason"), version: f.stepVersion()}
	err = f.err()
	if err == nil {
		err = do(id, debt, in)
	}
	if err != nil {
		return s.askDebtReason(w, r, why, &in, err)
	}
	s.notice(w, why.notice())
	return s.redirect(w, r, debtsHref(id))
}

func (s *Site) askDebtReason(w http.ResponseWriter, r *http.Request, why debtReasonPage, in *reasonForm, failed error) error {
	if failed != nil && !redrawable(failed) {
		return failed
	}
	words, d, err := s.writableDebt(r)
	if err != nil {
		return err
	}
	if failed == nil {
		if err := words.cannotDebt(why, d); err != nil {
			return err
		}
	}
	v := debtReasonView(words, why, d)
	status, options := http.StatusOK, []layoutOption{layoutText}
	if failed != nil {
		m := formMistakes(r.Context(), failed)
		v.Errors, v.Error, v.Reason = m.items, m.of("reason"), in.reason
		v.Version = lineVersion(v.Version, in.version, failed)
		status, options = httpkit.Status(winddown.KindOf(failed)), append(options, layoutInvalid)
	}
	s.render(w, r, status, page.Reason(s.caseLayout(r, words, v.Title, options...), v))
	return nil
}

// debtNotice is the result of what was just done on the page of a line, where files are
// taken in too.
func (w caseWords) debtNotice(parts []string) *ui.NoticeProps {
	if n := w.ledgerNotice(parts); n != nil {
		return n
	}
	st, err := w.c.Step(winddown.SettleDebts)
	if err != nil {
		return nil
	}
	return w.stepNotice(st, parts)
}

// ledgerNotice is the result of what was just done to the ledger.
func (w caseWords) ledgerNotice(parts []string) *ui.NoticeProps {
	if len(parts) != 1 {
		return nil
	}
	switch parts[0] {
	case "debt_added", "debt_changed", "debt_settled", "debt_written_off", "debt_reopened", "debt_removed", "debts_pasted":
		return &ui.NoticeProps{Variant: ui.NoticeSuccess, Text: w.p.T("ledger.notice." + parts[0])}
	}
	return nil
}
