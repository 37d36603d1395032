package site

import (
	"net/url"
	"strings"

	"winddown/internal/winddown"
)

// formReader reads the typed values of a form and collects those that cannot be read.
type formReader struct {
	form   url.Values
	fields []winddown.FieldError
}

// date reads a date; an empty field is no date.
func (f *formReader) date(name string) winddown.Date {
	text := strings.TrimSpace(f.form.Get(name))
	if text == "" {
		return winddown.Date{}
	}
	d, ok := winddown.ReadDate(text)
	if !ok {
		f.add(name, "step.error.date")
	}
	return d
}

// stepVersion reads the version of a step, which every form of a step carries.
func (f *formReader) stepVersion() int {
	n, ok := plainNumber(f.form.Get("version"))
	if !ok {
		f.add("version", "step.error.version")
	}
	return n
}

// caseVersion reads the version of a case; a form without one asks for no check.
func (f *formReader) caseVersion() int {
	text := f.form.Get("version")
	n, ok := plainNumber(text)
	if !ok && text != "" && text != "0" {
		f.add("version", "step.error.version")
	}
	return n
}

func (f *formReader) add(field, key string) {
	f.fields = append(f.fields, winddown.FieldError{Field: field, Key: key})
}

func (f *formReader) err() error {
	if len(f.fields) == 0 {
		return nil
	}
	return &winddown.Error{Kind: winddown.Invalid, Key: "error.invalid", Fields: f.fields}
}

// markForm is the question of a step's page as it was sent.
type markForm struct {
	done    bool
	version int
	mark    winddown.MarkDone
	pending winddown.MarkPending
	raw     url.Values
}

// readMark reads the answer. What belongs to the other answer, or to another step, is
// not looked at.
func readMark(code winddown.Code, raw url.Values) (markForm, error) {
	f := &formReader{form: raw}
	m := markForm{raw: raw, done: raw.Get("done") == "yes"}
	if done := raw.Get("done"); done != "yes" && done != "no" {
		f.add("done", "step.error.done_missing")
	}
	m.version = f.stepVersion()
	note := raw.Get("note")
	m.pending = winddown.MarkPending{Step: code, Version: m.version, Note: note}
	m.mark = winddown.MarkDone{Step: code, Version: m.version, Note: note, Act: f.position(), Reasons: reasons(raw)}
	if m.done {
		m.mark.On = f.date("on")
		if code == winddown.RequestAct {
			m.mark.Channel, m.mark.Ticket = winddown.Channel(raw.Get("channel")), raw.Get("ticket")
			m.mark.Counterparty = raw.Get("counterparty")
			m.mark.PeriodFrom, m.mark.PeriodTo = f.date("period_from"), f.date("period_to")
		}
		if code == winddown.ReceiveAct {
			m.mark.Ours, m.mark.Theirs = f.balance("ours"), f.balance("theirs")
		}
		if code == winddown.SignAct {
			m.mark.Signer, m.mark.Authority, m.mark.Via = raw.Get("signer"), raw.Get("authority"), winddown.SignedVia(raw.Get("via"))
		}
	}
	return m, f.err()
}

// position reads the place of the act that a form is about; none asks for the first that
// waits.
func (f *formReader) position() int {
	text := f.form.Get("act")
	n, ok := plainNumber(text)
	if !ok && text != "" {
		f.add("act", "error.field.unknown")
	}
	return n
}

// reasons are the sentences typed in place of a file, by slot.
func reasons(raw url.Values) map[winddown.SlotCode]string {
	typed := map[winddown.SlotCode]string{}
	for name, values := range raw {
		if slot, ok := strings.CutPrefix(name, "reason_"); ok && len(values) > 0 {
			typed[winddown.SlotCode(slot)] = values[0]
		}
	}
	return typed
}
