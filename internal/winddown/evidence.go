package winddown

import (
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// SlotCode names a place for evidence. Codes stay: rows, links and history use them.
type SlotCode string

// The slots of the playbook.
const (
	SlotStockZero    SlotCode = "stock_zero"    // zero_fbs: the FBS stock shows 0
	SlotOrdersDone   SlotCode = "orders_done"   // sell_out: nothing is under way
	SlotRemainsZero  SlotCode = "remains_zero"  // return_stock: the remains report is empty
	SlotReturnPaper  SlotCode = "return_paper"  // return_stock: receipts of what was taken back
	SlotReturnsDone  SlotCode = "returns_done"  // collect_returns: no return is under way
	SlotCardsClean   SlotCode = "cards_clean"   // strip_media: cards without photos
	SlotRequest      SlotCode = "request"       // request_act: the request as it was sent
	SlotActFile      SlotCode = "act_file"      // receive_act: the act, an act each
	SlotSignedAct    SlotCode = "signed_act"    // sign_act: the signed act, an act each
	SlotObjections   SlotCode = "objections"    // sign_act: the objections as they were sent
	SlotDebtProof    SlotCode = "debt_proof"    // settle_debts: papers of the ledger's lines
	SlotFinalBalance SlotCode = "final_balance" // settle_debts: the balance is zero
)

// Slot is a place for evidence of one kind.
type Slot struct {
	Code SlotCode
	// Required slots need a file, or a written reason why there is none, before the step
	// can be marked done.
	Required bool
	// PerAct slots belong to one act of the case each.
	PerAct bool
	// Early slots take files while the step itself is still closed.
	Early bool
}

// EvidenceKind says what a version of a piece of evidence is.
type EvidenceKind string

// The kinds: a file, a written reason in its place, the end of it.
const (
	EvidenceFile    EvidenceKind = "file"
	EvidenceReason  EvidenceKind = "reason"
	EvidenceRemoved EvidenceKind = "removed"
)

// Evidence is one version of one piece of evidence. Versions are never changed, except
// that acceptance freezes them.
type Evidence struct {
	Number  int // 1 for the first version uploaded to the case; it stands in links
	Step    Code
	Slot    SlotCode
	Act     int // the act's position, for slots of an act
	Round   int // the act's round, for slots of an act
	Debt    ID  // the line of the ledger it proves, for SlotDebtProof
	Doc     int // the piece it is a version of: the Number of its first version
	Version int // 1 for the first
	Kind    EvidenceKind
	Name    string // of the file
	Type    string // of the file's contents: pdf, png …
	Size    int64  // bytes
	SHA256  [32]byte
	Note    string // what was typed: a note, or the reason
	// Frozen versions were current when the step was accepted; they cannot be removed while
	// the acceptance holds.
	Frozen bool
	By     ID
	At     time.Time
	// OnBehalf says that it was given for the seller by somebody else.
	OnBehalf bool
}

// Limits of a case's evidence.
const (
	MaxEvidence     = 1000     // versions
	MaxEvidenceName = 200      // characters
	MaxFileSize     = 20 << 20 // bytes of one file
	DefaultQuota    = 2 << 30  // bytes of a case
)

// Slots returns the slots of a step in the case's version of the playbook.
func (c *Case) Slots(code Code) []Slot {
	d, _ := c.playbook().Step(code)
	return d.Slots
}

func (c *Case) slot(code Code, slot SlotCode) (Slot, bool) {
	for _, s := range c.Slots(code) {
		if s.Code == slot {
			return s, true
		}
	}
	return Slot{}, false
}

// proofKey is how a filled slot is noted with its step.
func proofKey(slot SlotCode, act, round int) string {
	switch {
	case act == 0:
		return string(slot)
	case round < 2:
		return string(slot) + "/" + strconv.Itoa(act)
	}
	return string(slot) + "/" + strconv.Itoa(act) + "/" + strconv.Itoa(round)
}

// Proven reports whether a slot holds a file or a reason; act and round are 0 for slots that
// belong to no act.
func (st *Step) Proven(slot SlotCode, act, round int) bool {
	return slices.Contains(st.Proofs, proofKey(slot, act, round))
}

// MissingProof returns the required slots of a step that are empty, for the current round
// of one act where the step follows from the acts.
func (c *Case) MissingProof(code Code, position int) []SlotCode {
	a, err := c.Act(position)
	if err != nil {
		a = &Act{}
	}
	return c.missingProof(code, *a)
}

func (c *Case) missingProof(code Code, a Act) []SlotCode {
	st, err := c.Step(code)
	if err != nil {
		return nil
	}
	var missing []SlotCode
	for _, s := range c.Slots(code) {
		act, round := s.place(a)
		if s.Required && !st.Proven(s.Code, act, round) {
			missing = append(missing, s.Code)
		}
	}
	return missing
}

// place returns the position and round under which a slot files evidence about an act.
func (s Slot) place(a Act) (act, round int) {
	if s.PerAct {
		return a.Position, a.Round
	}
	return 0, 0
}

// CurrentEvidence returns the newest versions of a step's evidence that were not removed,
// as far as the case's evidence is loaded.
func (c *Case) CurrentEvidence(code Code) []Evidence {
	newest := map[int]Evidence{}
	for _, e := range c.Evidence {
		if e.Step == code && e.Version > newest[e.Doc].Version {
			newest[e.Doc] = e
		}
	}
	var current []Evidence
	for _, e := range c.Evidence {
		if e.Step == code && newest[e.Doc].Number == e.Number && e.Kind != EvidenceRemoved {
			current = append(current, e)
		}
	}
	return current
}

// AddEvidence is a file whose bytes are stored already.
type AddEvidence struct {
	Step   Code
	Slot   SlotCode
	Act    int // position, for slots of an act; 0 for the first
	Debt   ID
	Name   string // as the browser sent it
	Type   string
	Size   int64
	SHA256 [32]byte
	Note   string
	// First is the number that the first file of this upload gets, 0 for a file that comes
	// alone: files of one upload that bear the same name are documents of their own.
	First int
}

// CheckNote returns Invalid on the field note when the note is too long. It can be asked as
// soon as the note is known.
func (in AddEvidence) CheckNote() error {
	var v invalid
	checkNote(&v, tidyText(in.Note))
	return v.err()
}

// AddEvidence files a document: as the next version of the current document of the same
// name in the same slot, or as a new one. An accepted step loses its acceptance. The
// case's evidence of the step must be loaded. The same bytes under the same name again
// change nothing. It returns NotFound, Blocked, Conflict for a finished case or a full
// one, or Invalid.
func (c *Case) AddEvidence(in AddEvidence, quota int64, s Stamp) ([]Event, error) {
	st, err := c.editable(in.Step)
	if err != nil {
		return nil, err
	}
	slot, ok := c.slot(in.Step, in.Slot)
	if !ok {
		return nil, &Error{Kind: NotFound, Key: "error.not_found"}
	}
	act := Act{}
	if slot.PerAct {
		a, err := c.ActFor(in.Step, in.Act)
		if err != nil {
			return nil, err
		}
		act = *a
	}
	switch {
	case slot.Early:
	case slot.PerAct:
		err = c.actGate(in.Step, act)
	default:
		err = c.gate(in.Step)
	}
	if err != nil {
		return nil, err
	}
	if err := in.CheckNote(); err != nil {
		return nil, err
	}
	note := tidyText(in.Note)
	e := Evidence{
		Step: in.Step, Slot: in.Slot, Act: act.Position, Round: act.Round, Debt: in.Debt, Kind: EvidenceFile, Name: EvidenceName(in.Name), Type: in.Type,
		Size: in.Size, SHA256: in.SHA256, Note: note,
	}
	if in.Slot != SlotDebtProof {
		e.Debt = ID{}
	}
	for _, old := range c.CurrentEvidence(in.Step) {
		if old.Slot != e.Slot || old.Act != e.Act || old.Round != e.Round || old.Debt != e.Debt || old.Kind != EvidenceFile || old.Name != e.Name {
			continue
		}
		if old.SHA256 == e.SHA256 && old.Note == e.Note {
			return nil, nil
		}
		if in.First == 0 || old.Number < in.First {
			e.Doc, e.Version = old.Doc, old.Version
		}
	}
	switch {
	case c.EvidenceSeq >= MaxEvidence:
		return nil, &Error{Kind: Conflict, Key: "evidence.error.too_many", Args: Args{"Max": MaxEvidence}}
	case c.EvidenceBytes+e.Size > quota:
		return nil, &Error{Kind: Conflict, Key: "evidence.error.quota", Args: Args{"Max": int(quota >> 20)}}
	}
	if c.Satisfied(in.Step) {
		st.Version++ // whoever is about to accept the step has not seen this file
	}
	e = c.file(e, s)
	if st.Tick == nil && st.StartedOn.IsZero() {
		st.StartedOn = s.Today
	}
	return append([]Event{e.event(EvidenceAdded)}, st.drop(s)...), nil
}

// file appends a version with the next number and notes which slots hold something.
func (c *Case) file(e Evidence, s Stamp) Evidence {
	c.EvidenceSeq++
	e.Number = c.EvidenceSeq
	if e.Doc == 0 {
		e.Doc = e.Number
	}
	e.Version++
	e.By, e.At, e.OnBehalf = s.By, s.At, s.OnBehalf
	if e.Kind == EvidenceFile {
		c.EvidenceBytes += e.Size
	}
	c.Evidence = append(c.Evidence, e)
	if st, err := c.Step(e.Step); err == nil {
		key := proofKey(e.Slot, e.Act, e.Round)
		switch has := slices.Contains(st.Proofs, key); {
		case e.Kind != EvidenceRemoved && !has:
			st.Proofs = append(slices.Clone(st.Proofs), key)
		case e.Kind == EvidenceRemoved && !slices.ContainsFunc(c.CurrentEvidence(e.Step), func(o Evidence) bool {
			return proofKey(o.Slot, o.Act, o.Round) == key
		}):
			st.Proofs = slices.DeleteFunc(slices.Clone(st.Proofs), func(p string) bool { return p == key })
		}
	}
	return e
}

// event is the trail's line about a version.
func (e Evidence) event(kind EventKind) Event {
	after := Changes{"slot": string(e.Slot), "version": strconv.Itoa(e.Version)}
	if e.Kind == EvidenceFile {
		after["name"], after["type"], after["note"] = e.Name, e.Type, e.Note
		after["size"], after["sha256"] = strconv.FormatInt(e.Size, 10), hexHash(e.SHA256)
	}
	ev := Event{Kind: kind, Step: e.Step, Act: e.Act, Round: e.Round, Debt: e.Debt, Number: e.Number, After: after, OnBehalf: e.OnBehalf}
	if e.Kind != EvidenceFile {
		ev.Reason = e.Note
	}
	return ev
}

// RemoveEvidence ends a piece of evidence.
type RemoveEvidence struct {
	Number int // of its newest version
	Reason string
}

// Frozen reports whether a version belongs to an acceptance that holds.
func (c *Case) Frozen(e Evidence) bool {
	st, err := c.Step(e.Step)
	return err == nil && e.Frozen && st.Accepted.Holds()
}

// RemoveEvidence files a version «removed» with a reason; the earlier ones stay. A step
// that is done keeps its signature, and its accountant sees what is missing. It returns
// NotFound, Invalid without a reason, or Conflict for evidence that is frozen, has a newer
// version, or belongs to a finished case.
func (c *Case) RemoveEvidence(in RemoveEvidence, s Stamp) ([]Event, error) {
	at := slices.IndexFunc(c.Evidence, func(e Evidence) bool { return e.Number == in.Number })
	if at < 0 {
		return nil, &Error{Kind: NotFound, Key: "error.not_found"}
	}
	old := c.Evidence[at]
	if err := c.open(); err != nil {
		return nil, err
	}
	reason, err := checkReason(in.Reason)
	if err != nil {
		return nil, err
	}
	for _, e := range c.Evidence {
		if e.Doc == old.Doc && e.Version > old.Version {
			if e.Kind == EvidenceRemoved && e.By == s.By && e.Note == reason { // the same form sent twice
				return nil, nil
			}
			return nil, &Error{Kind: Conflict, Key: "evidence.error.not_current"}
		}
	}
	switch {
	case c.Frozen(old) && old.Kind == EvidenceReason:
		return nil, &Error{Kind: Conflict, Key: "evidence.error.frozen_reason"}
	case c.Frozen(old):
		return nil, &Error{Kind: Conflict, Key: "evidence.error.frozen"}
	case old.Kind == EvidenceRemoved:
		return nil, &Error{Kind: Conflict, Key: "evidence.error.not_current"}
	}
	if st, err := c.Step(old.Step); err == nil && c.Satisfied(old.Step) {
		if c.onlyProof(old) {
			return nil, &Error{Kind: Conflict, Key: "evidence.error.only_proof"}
		}
		st.Version++ // whoever is about to accept the step counts on the file
	}
	gone := old
	gone.Kind, gone.Note, gone.Size, gone.SHA256, gone.Type = EvidenceRemoved, reason, 0, [32]byte{}, ""
	gone = c.file(gone, s)
	ev := gone.event(EvidenceGone)
	ev.After["name"] = old.Name
	return []Event{ev}, nil
}

// onlyProof reports whether a required slot would be empty without a piece of evidence.
func (c *Case) onlyProof(e Evidence) bool {
	at := slices.IndexFunc(c.Slots(e.Step), func(s Slot) bool { return s.Code == e.Slot && s.Required })
	if at < 0 {
		return false
	}
	for _, other := range c.CurrentEvidence(e.Step) {
		if other.Doc != e.Doc && other.Slot == e.Slot && other.Act == e.Act && other.Round == e.Round {
			return false
		}
	}
	return true
}

// excuse files written reasons for the required slots of a step that stay empty.
func (c *Case) excuse(in *MarkDone, a Act, s Stamp) []Event {
	var events []Event
	for _, slot := range c.Slots(in.Step) {
		reason := in.Reasons[slot.Code]
		act, round := slot.place(a)
		st, _ := c.Step(in.Step)
		if reason == "" || !slot.Required || st.Proven(slot.Code, act, round) {
			continue
		}
		e := c.file(Evidence{Step: in.Step, Slot: slot.Code, Act: act, Round: round, Kind: EvidenceReason, Note: reason}, s)
		events = append(events, e.event(EvidenceExcused))
	}
	return events
}

// EvidenceName makes a file's name fit to be shown and downloaded: without folders,
// without characters that cannot be seen or turn the text around, at most 200 characters
// of which the extension stays.
func EvidenceName(raw string) string {
	name := strings.ToValidUTF8(raw, "")
	if i := strings.LastIndexAny(name, `/\`); i >= 0 {
		name = name[i+1:]
	}
	name = tidyLine(strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' || strings.ContainsRune(`<>:"|?*`, r) {
			return '_'
		}
		return r
	}, name))
	name = strings.TrimLeft(name, ". ")
	if utf8.RuneCountInString(name) > MaxEvidenceName {
		ext := ""
		if i := strings.LastIndexByte(name, '.'); i > 0 && len(name)-i <= 6 {
			ext = name[i:]
		}
		name = strings.TrimSpace(string([]rune(name)[:MaxEvidenceName-utf8.RuneCountInString(ext)])) + ext
	}
	if name == "" {
		return "file"
	}
	return name
}
