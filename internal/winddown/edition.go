package winddown

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
)

// Texts of a firm come in editions: what is changed stays a draft, the edition after the last
// one published, until it is published as a whole. Text.Version is the edition.

// NewestText returns the newest of a firm's texts of a name up to an edition; false where it has
// none.
func NewestText(texts []Text, key, locale string, upTo int) (Text, bool) {
	var newest Text
	for _, t := range texts {
		if t.Key == key && t.Locale == locale && t.Version <= upTo && t.Version > newest.Version {
			newest = t
		}
	}
	return newest, newest.Version > 0
}

// DraftText changes a text in the firm's draft; one without parts returns to the installation's.
// It returns the text as it is to be kept, without an event if it stands so already. NotFound, or
// Invalid with the parts and fields at fault.
func (f *Firm) DraftText(t Text, texts []Text, today Date) (Text, []Event, error) {
	if err := CheckTextKey(StepText, t.Key, t.Locale); err != nil || t.Kind != StepText {
		return t, nil, &Error{Kind: NotFound, Key: "error.not_found"}
	}
	if t.BuiltIn() {
		t.Source, t.CheckedOn = "", Date{}
	} else {
		var err error
		if t, err = t.Check(today); err != nil {
			return t, nil, err
		}
	}
	t.Version = f.Practice.Texts + 1
	stands, _ := NewestText(texts, t.Key, t.Locale, t.Version)
	if t.reads(stands) {
		return t, nil, nil
	}
	after := t.changes()
	after["text"], after["locale"] = t.Key, t.Locale
	return t, []Event{{Kind: FirmTextDrafted, Before: stands.changes(), After: after}}, nil
}

// Draft returns the texts of the firm's draft that differ from those published.
func (f *Firm) Draft(texts []Text) []Text {
	return slices.DeleteFunc(slices.Clone(texts), func(t Text) bool {
		published, _ := NewestText(texts, t.Key, t.Locale, f.Practice.Texts)
		return t.Version <= f.Practice.Texts || t.reads(published)
	})
}

// DraftDigest tells the firm's draft from any other, on top of another edition too.
func (f *Firm) DraftDigest(texts []Text) string {
	h := sha256.New()
	enc := json.NewEncoder(h)
	draft := f.Draft(texts)
	slices.SortFunc(draft, func(a, b Text) int { return cmp.Or(cmp.Compare(a.Key, b.Key), cmp.Compare(a.Locale, b.Locale)) })
	_ = enc.Encode(f.Practice.Texts) // plain values into memory: it cannot fail
	for _, t := range draft {
		_ = enc.Encode([]any{t.Key, t.Locale, t.Parts, t.Source, t.CheckedOn})
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// seenDraft returns the firm's draft: Conflict where there is none, or where it is another than
// the one a person has seen.
func (f *Firm) seenDraft(texts []Text, digest string) ([]Text, error) {
	draft := f.Draft(texts)
	switch {
	case len(draft) == 0:
		return nil, &Error{Kind: Conflict, Key: "texts.error.no_draft"}
	case f.DraftDigest(texts) != digest:
		return nil, &Error{Kind: Conflict, Key: "texts.error.changed"}
	}
	return draft, nil
}

// PublishTexts makes the draft the firm's newest edition: cases opened from then on are read with
// it, those that run keep theirs until somebody moves them. Conflict without a draft, or with
// another than the one whose digest is given.
func (f *Firm) PublishTexts(texts []Text, digest string) ([]Event, error) {
	draft, err := f.seenDraft(texts, digest)
	if err != nil {
		return nil, err
	}
	f.Practice.Texts++
	return []Event{{Kind: FirmTextsPublished, After: Changes{"edition": strconv.Itoa(f.Practice.Texts), "texts": textNames(draft)}}}, nil
}

// DiscardTexts drops the draft. Conflict as for PublishTexts.
func (f *Firm) DiscardTexts(texts []Text, digest string) ([]Event, error) {
	draft, err := f.seenDraft(texts, digest)
	if err != nil {
		return nil, err
	}
	return []Event{{Kind: FirmTextsDiscarded, Before: Changes{"edition": strconv.Itoa(f.Practice.Texts + 1), "texts": textNames(draft)}}}, nil
}

func textNames(texts []Text) string {
	var names []string
	for _, t := range texts {
		names = append(names, t.Key+"/"+t.Locale)
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}

// Outdated reports whether the case goes on and there are newer texts of its firm, or a newer
// playbook.
func (c *Case) Outdated() bool {
	return !c.Finished() && (c.Texts < c.Practice.Texts || c.Playbook < CurrentPlaybook)
}

// Upgrade moves a case to the newest texts of its firm and the newest playbook. The two numbers
// are those the person has seen.
type Upgrade struct {
	Texts    int
	Playbook int
}

// Newest returns Conflict if the firm has newer texts, or there is a newer playbook, than the
// person has seen.
func (in Upgrade) Newest(p Practice) error {
	if in.Texts != p.Texts || in.Playbook != CurrentPlaybook {
		return &Error{Kind: Conflict, Key: "upgrade.error.newer"}
	}
	return nil
}

// Upgrade keeps every tick by the code of its step. A firm that may not mark for the seller does
// it in its own name. Conflict when newer versions came meanwhile,
// or for a finished case; a case that is there already does not change.
func (c *Case) Upgrade(in Upgrade, s Stamp) ([]Event, error) {
	if err := c.open(); err != nil {
		return nil, err
	}
	if err := in.Newest(c.Practice); err != nil {
		return nil, err
	}
	if !c.Outdated() {
		return nil, nil
	}
	s.OnBehalf = s.OnBehalf && (c.Acting || !c.HasOwner)
	versions := func() Changes { return Changes{"texts": strconv.Itoa(c.Texts), "playbook": strconv.Itoa(c.Playbook)} }
	before := versions()
	book, _ := PlaybookVersion(in.Playbook)
	c.Texts, c.Playbook = in.Texts, in.Playbook
	c.Steps = matched(c.Steps, book)
	c.Version++
	events := []Event{{Kind: CaseUpgraded, Before: before, After: versions(), OnBehalf: s.OnBehalf}}
	return append(events, c.suspend(s)...), nil
}

// matched returns the steps of a playbook, each as it stood where its code is known.
func matched(steps []Step, book Playbook) []Step {
	var all []Step
	for _, d := range book.Steps {
		st := Step{Code: d.Code, Version: 1}
		for _, old := range steps {
			if old.Code == d.Code {
				st = old
			}
		}
		all = append(all, st)
	}
	return all
}

// PlaybookChange is what another version of the playbook makes of a step.
type PlaybookChange struct {
	Step     Code
	New      bool       // the step was not there
	Gone     bool       // the step is there no more; its history stays
	Gate     []Code     // what has to come first, where that changes
	Required []SlotCode // that have to hold something before the step is done, and had not
}

// ComparePlaybooks returns what changes from one version of the playbook to another.
func ComparePlaybooks(from, to Playbook) []PlaybookChange {
	var all []PlaybookChange
	for _, d := range to.Steps {
		before, known := from.Step(d.Code)
		ch := PlaybookChange{Step: d.Code, New: !known}
		if !slices.Equal(before.Gate, d.Gate) {
			ch.Gate = d.Gate
		}
		for _, slot := range d.Slots {
			was := slices.ContainsFunc(before.Slots, func(s Slot) bool { return s.Code == slot.Code && s.Required })
			if slot.Required && !was {
				ch.Required = append(ch.Required, slot.Code)
			}
		}
		if ch.New || ch.Gate != nil || ch.Required != nil {
			all = append(all, ch)
		}
	}
	for _, d := range from.Steps {
		if _, stays := to.Step(d.Code); !stays {
			all = append(all, PlaybookChange{Step: d.Code, Gone: true})
		}
	}
	return all
}

// Loop returns steps whose gates go in a circle, the first of them at both ends, or nothing:
// none of them could ever be done.
func (p Playbook) Loop() []Code {
	const onPath, clear = 1, 2
	state := map[Code]int{}
	var path []Code
	var visit func(Code) []Code
	visit = func(code Code) []Code {
		switch state[code] {
		case clear:
			return nil
		case onPath:
			return append(slices.Clone(path[slices.Index(path, code):]), code)
		}
		state[code] = onPath
		path = append(path, code)
		d, _ := p.Step(code)
		for _, before := range d.Gate {
			if loop := visit(before); loop != nil {
				return loop
			}
		}
		state[code] = clear
		path = path[:len(path)-1]
		return nil
	}
	for _, d := range p.Steps {
		if loop := visit(d.Code); loop != nil {
			return loop
		}
	}
	return nil
}
