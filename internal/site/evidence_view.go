package site

import (
	"encoding/hex"
	"slices"
	"strconv"
	"strings"

	"winddown/internal/files"
	"winddown/internal/i18n"
	"winddown/internal/winddown"
	"winddown/web/page"
	"winddown/web/ui"
)

func stepHref(id winddown.ID, code winddown.Code) string {
	return caseHref(id) + "/steps/" + string(code)
}

func fileHref(id winddown.ID, number int) string {
	return caseHref(id) + "/files/" + strconv.Itoa(number)
}

func slotName(p *i18n.Printer, slot winddown.SlotCode) string {
	return p.T("evidence.slot." + string(slot))
}

// proofHref is the page a version was given on and is shown on.
func proofHref(id winddown.ID, e winddown.Evidence) string {
	if e.Debt.IsZero() {
		return stepHref(id, e.Step)
	}
	return debtHref(id, e.Debt)
}

// slotKey names a slot of one act on a page; act is 0 for slots of none.
func slotKey(slot winddown.SlotCode, act int) string {
	if act == 0 {
		return string(slot)
	}
	return string(slot) + "_" + strconv.Itoa(act)
}

// uploadField is the id of a slot's file field.
func uploadField(slot winddown.SlotCode, act int) string { return "file_" + slotKey(slot, act) }

// evidence is what proves a step, slot by slot; nil where a step has none.
func (w caseWords) evidence(st *winddown.Step) *page.EvidenceView {
	v := &page.EvidenceView{}
	for _, slot := range w.c.Slots(st.Code) {
		positions := []int{0}
		if slot.PerAct {
			positions = nil
			for _, act := range w.c.Acts {
				positions = append(positions, act.Position)
			}
		}
		for _, position := range positions {
			v.Slots = append(v.Slots, w.slot(st, slot, position))
		}
	}
	if len(v.Slots) == 0 {
		return nil
	}
	if slices.ContainsFunc(v.Slots, func(s page.SlotView) bool { return s.Upload != nil }) && st.Tick == nil {
		v.Lead = w.p.T("evidence.lead")
	}
	return v
}

// slot is one place for evidence, for one act where it belongs to one.
func (w caseWords) slot(st *winddown.Step, slot winddown.Slot, position int) page.SlotView {
	key := string(slot.Code)
	v := page.SlotView{Name: slotName(w.p, slot.Code), Hint: w.p.T("evidence.slot." + key + ".hint")}
	act := 0 // in addresses and ids; the only act needs none
	if slot.PerAct && len(w.c.Acts) > 1 {
		act = position
		v.Name = w.p.T("evidence.of_act", "Slot", v.Name, "Act", w.slotActName(position))
	}
	v.Code = slotKey(slot.Code, act)
	if slot.Required {
		v.Required = w.p.T("evidence.required")
	}
	docs := map[int][]winddown.Evidence{}
	var order []int
	for _, e := range w.c.Evidence {
		if e.Step != st.Code || e.Slot != slot.Code || e.Act != position {
			continue
		}
		if len(docs[e.Doc]) == 0 {
			order = append(order, e.Doc)
		}
		docs[e.Doc] = append(docs[e.Doc], e)
	}
	for _, doc := range order {
		versions := docs[doc]
		slices.SortFunc(versions, func(a, b winddown.Evidence) int { return b.Version - a.Version })
		switch newest := versions[0]; newest.Kind {
		case winddown.EvidenceReason:
			r := page.WrittenReasonView{Text: newest.Note, Meta: w.ofRound(newest, w.gave(newest))}
			if w.mayRemove(newest) {
				r.RemoveHref = fileHref(w.c.ID, newest.Number) + "/remove"
			}
			v.Reasons = append(v.Reasons, r)
		case winddown.EvidenceRemoved:
			v.Removed = append(v.Removed, w.removedItem(versions))
		case winddown.EvidenceFile:
			v.Files = append(v.Files, w.fileItem(versions))
		}
	}
	if w.mayUpload(st, slot, position) {
		target := "?slot=" + key
		if act != 0 {
			target += "&act=" + strconv.Itoa(act)
		}
		v.Upload = &page.UploadView{
			Action: w.stepHref(st.Code) + "/files" + target, FieldID: uploadField(slot.Code, act), NoteID: "note_" + v.Code,
			NoteMax: winddown.MaxNote, Label: w.p.T("evidence.files"),
			Accepts: w.p.T("evidence.accepts", "Max", winddown.MaxFileSize>>20, "Count", maxFiles),
			Open:    slot.Required && len(v.Files)+len(v.Reasons) == 0,
		}
	}
	return v
}

// slotActName tells one act of several from the others.
func (w caseWords) slotActName(position int) string {
	if act, err := w.c.Act(position); err == nil && act.Counterparty != "" {
		return w.p.T("evidence.act_with", "Number", position, "Counterparty", act.Counterparty)
	}
	return w.p.T("evidence.act", "Number", position)
}

// mayUpload reports whether the page offers to add to a slot; the use case decides again.
func (w caseWords) mayUpload(st *winddown.Step, slot winddown.Slot, position int) bool {
	if !w.may(winddown.CanMark) || w.c.Finished() || !w.c.Needed(st.Code) {
		return false
	}
	if slot.Early {
		return true
	}
	if len(w.c.Blockers(st.Code)) > 0 {
		return false
	}
	if !slot.PerAct {
		return true
	}
	act, err := w.c.Act(position)
	if err != nil {
		return false
	}
	state, _ := act.State()
	switch st.Code {
	case winddown.ReceiveAct:
		return state != winddown.NotRequested
	case winddown.SignAct:
		return state == winddown.Received || state == winddown.Signed
	default:
		return true
	}
}

// mayRemove reports whether the reader may take a version away.
func (w caseWords) mayRemove(e winddown.Evidence) bool {
	return w.may(winddown.CanMark) && w.cannotRemove(e) == nil
}

// cannotRemove tells why a version stays; nil when it need not.
func (w caseWords) cannotRemove(e winddown.Evidence) error {
	conflict := func(key string) error { return &winddown.Error{Kind: winddown.Conflict, Key: key} }
	newer := func(o winddown.Evidence) bool { return o.Doc == e.Doc && o.Version > e.Version }
	switch {
	case w.c.Finished():
		return conflict("case.error.finished")
	case e.Kind == winddown.EvidenceRemoved || slices.ContainsFunc(w.c.Evidence, newer):
		return conflict("evidence.error.not_current")
	case w.c.Frozen(e):
		if e.Kind == winddown.EvidenceReason {
			return conflict("evidence.error.frozen_reason")
		}
		return conflict("evidence.error.frozen")
	}
	return nil
}

// ofRound says before text which request of an act a version belongs to, where there was
// more than one.
func (w caseWords) ofRound(e winddown.Evidence, text string) string {
	act, err := w.c.Act(e.Act)
	if err != nil || act.Round < 2 {
		return text
	}
	round := w.p.T("evidence.round", "Number", e.Round)
	if text == "" {
		return round
	}
	return round + ", " + text
}

// gave says who gave a version and when.
func (w caseWords) gave(e winddown.Evidence) string {
	when := w.p.DateTime(e.At.In(winddown.Zone(w.zone)))
	if by := w.by(w.view.Names[e.By], e.OnBehalf); by != "" {
		return by + ", " + when
	}
	return when
}

// fileItem is a file with its earlier versions, of which the first is the newest.
func (w caseWords) fileItem(versions []winddown.Evidence) ui.FileItem {
	e := versions[0]
	item := ui.FileItem{
		Name: e.Name, Href: fileHref(w.c.ID, e.Number), Kind: strings.ToUpper(e.Type), Meta: fileSize(w.p, e.Size) + ", " + w.gave(e),
		Hash: hex.EncodeToString(e.SHA256[:]), Note: e.Note,
	}
	if hasThumbnail(files.Kind(e.Type)) {
		item.Thumb = item.Href + "/thumb"
	}
	version := ""
	if e.Version > 1 {
		version = w.p.T("evidence.version", "Version", e.Version)
	}
	item.Version = w.ofRound(e, version)
	if w.c.Frozen(e) {
		item.Tags = append(item.Tags, ui.TagProps{Text: w.p.T("evidence.accepted")})
	}
	if opensInBrowser(files.Kind(e.Type)) {
		item.Actions = append(item.Actions, ui.Link{Href: item.Href + "?download=1", Text: w.p.T("evidence.download"), Hidden: e.Name})
	}
	if !w.there(e) {
		item.Href, item.Thumb, item.Actions = "", "", nil
		item.Tags = append(item.Tags, ui.TagProps{Text: w.p.T("evidence.gone"), Variant: ui.TagRed})
	}
	if w.mayRemove(e) {
		item.Actions = append(item.Actions, ui.Link{Href: fileHref(w.c.ID, e.Number) + "/remove", Text: w.p.T("evidence.remove"), Hidden: e.Name})
	}
	for i := range versions[1:] {
		item.Older = append(item.Older, w.fileItem(versions[i+1:i+2]))
	}
	return item
}

// removedItem is a file or a reason that was taken away, with what it was.
func (w caseWords) removedItem(versions []winddown.Evidence) ui.FileItem {
	e := versions[0]
	item := ui.FileItem{
		Name: e.Name, Kind: "–", Version: w.ofRound(e, ""), Meta: w.p.T("evidence.removed.meta", "When", w.gave(e)), Note: e.Note,
	}
	for i, old := range versions[1:] {
		if old.Kind == winddown.EvidenceReason {
			item.Name = w.p.T("evidence.instead")
			item.Older = append(item.Older, ui.FileItem{Name: w.p.T("evidence.instead"), Kind: "–", Meta: w.gave(old), Note: old.Note})
			continue
		}
		item.Older = append(item.Older, w.fileItem(versions[i+1:i+2]))
	}
	return item
}

// fileSize writes a number of bytes as people say it.
func fileSize(p *i18n.Printer, bytes int64) string {
	const kb, mb = 1 << 10, 1 << 20
	if bytes < mb {
		return p.T("evidence.size.kb", "N", int((bytes+kb-1)/kb))
	}
	tenths := int((bytes*10 + mb/2) / mb)
	return p.T("evidence.size.mb", "Whole", tenths/10, "Tenth", tenths%10)
}

// reasonFields ask why the required slots of a step hold nothing; act is the position of
// the act that the form is about.
func (w caseWords) reasonFields(code winddown.Code, act int) []page.ReasonFieldView {
	var fields []page.ReasonFieldView
	for _, slot := range w.c.MissingProof(code, act) {
		fields = append(fields, page.ReasonFieldView{
			Name: "reason_" + string(slot), Label: w.p.T("evidence.reason", "Slot", slotName(w.p, slot)),
		})
	}
	return fields
}

// removalView is the page that asks why a version is taken away.
func removalView(w caseWords, e winddown.Evidence) page.ReasonView {
	back := ui.BackLinkProps{Href: proofHref(w.c.ID, e), Text: stepName(w.p, e.Step)}
	if d, err := w.c.Debts.Debt(e.Debt); err == nil {
		back = w.backToDebt(d)
	}
	v := page.ReasonView{
		Back:  back,
		Title: w.p.T("evidence.remove.title", "Name", e.Name), Effects: []string{w.p.T("evidence.remove.stays")},
		Action: fileHref(w.c.ID, e.Number) + "/remove", Label: w.p.T("evidence.remove.reason"), Hint: w.p.T("evidence.remove.hint"),
		Button: ui.ButtonProps{Label: w.p.T("evidence.remove"), Variant: ui.ButtonDanger},
		Keep:   ui.ButtonLinkProps{Label: w.p.T("evidence.remove.keep"), Href: back.Href, Variant: ui.ButtonGhost},
	}
	if e.Kind == winddown.EvidenceReason {
		v.Title, v.Effects = w.p.T("evidence.remove.title_reason"), []string{w.p.T("evidence.remove.stays_reason")}
	}
	last := func(o winddown.Evidence) bool { return o.Slot == e.Slot && o.Act == e.Act && o.Number != e.Number }
	for _, slot := range w.c.Slots(e.Step) {
		if slot.Code == e.Slot && slot.Required && !slices.ContainsFunc(w.c.CurrentEvidence(e.Step), last) {
			v.Effects = append(v.Effects, w.p.T("evidence.remove.unproven", "Step", stepName(w.p, e.Step), "Slot", slotName(w.p, e.Slot)))
		}
	}
	return v
}
