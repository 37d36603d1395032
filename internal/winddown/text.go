package winddown

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// TextKind says what a text that can be replaced is.
type TextKind string

// The kinds of texts.
const (
	StepText   TextKind = "step"   // the instruction of a step; its key is the step's code
	LetterText TextKind = "letter" // the template of a letter, always Russian
)

// TextPart names a part of a text in an error, for the edge to put into words.
type TextPart string

// Parts of the texts. A step's pitfalls may be left out: then those built in are shown. They may
// be empty: then none are.
const (
	PartWho      = "who"
	PartPrepare  = "prepare"
	PartWhere    = "where"
	PartWait     = "wait"
	PartPitfalls = "pitfalls"
	PartBody     = "body"
)

// Parts returns the names of the parts of a kind, in the order they are read.
func (k TextKind) Parts() []string {
	if k == LetterText {
		return []string{PartBody}
	}
	return []string{PartWho, PartPrepare, PartWhere, PartWait, PartPitfalls}
}

// LetterKeys are the keys of the letters.
func LetterKeys() []string { return []string{"termination", "request", "reminder", "objections"} }

// The longest texts, in characters.
const (
	MaxStepPart = 2000
	MaxLetter   = 4000
)

// StaleAfterDays is how many days a text is relied on after it was compared with its source.
const StaleAfterDays = 180

// Stale reports whether a text checked on one day ought to be checked again on another.
func Stale(checked, today Date) bool { return checked.DaysUntil(today) > StaleAfterDays }

// Text is one version of a text that stands in place of the one built in.
type Text struct {
	Kind      TextKind
	Key       string
	Locale    string
	Version   int               // from 1 on; 0 for a text that was never replaced
	Parts     map[string]string // by name; none says: as built in
	Source    string
	CheckedOn Date
	CreatedAt time.Time
}

// BuiltIn reports whether the text built in counts.
func (t Text) BuiltIn() bool { return len(t.Parts) == 0 }

// CheckTextKey returns NotFound unless there is such a text.
func CheckTextKey(kind TextKind, key, locale string) error {
	known := false
	switch kind {
	case StepText:
		book, _ := PlaybookVersion(CurrentPlaybook)
		_, known = book.Step(Code(key))
		known = known && (locale == "ru" || locale == "en")
	case LetterText:
		known = slices.Contains(LetterKeys(), key) && locale == "ru"
	}
	if !known {
		return &Error{Kind: NotFound, Key: "error.not_found"}
	}
	return nil
}

// Check returns the text trimmed; NotFound if there is no such text, Invalid with the parts
// and the fields source and checked_on at fault.
func (t Text) Check(today Date) (Text, error) {
	if err := CheckTextKey(t.Kind, t.Key, t.Locale); err != nil {
		return t, err
	}
	var v invalid
	longest := MaxStepPart
	if t.Kind == LetterText {
		longest = MaxLetter
	}
	parts := map[string]string{}
	for _, name := range t.Kind.Parts() {
		text := strings.TrimSpace(strings.ReplaceAll(t.Parts[name], "\r\n", "\n"))
		switch {
		case text == "" && name == PartPitfalls:
			if _, empty := t.Parts[name]; !empty {
				continue
			}
		case text == "":
			v.add(name, "text.error.part_missing", Args{"Part": TextPart(name)})
		case utf8.RuneCountInString(text) > longest:
			v.add(name, "text.error.part_long", Args{"Part": TextPart(name), "Max": longest})
		case !utf8.ValidString(text) || strings.ContainsFunc(text, func(r rune) bool { return r < ' ' && r != '\n' && r != '\t' }):
			v.add(name, "text.error.part_signs", Args{"Part": TextPart(name)})
		}
		parts[name] = text
	}
	for _, name := range slices.Sorted(maps.Keys(t.Parts)) {
		if !slices.Contains(t.Kind.Parts(), name) {
			v.add(name, "text.error.part_unknown", Args{"Part": name})
		}
	}
	t.Parts = parts
	t.Source = checkSource(&v, t.Source)
	checkAsOf(&v, "checked_on", t.CheckedOn, today)
	return t, v.err()
}

// Replace returns this text as the version after another of the same name, and the event of
// that; no event if nothing changes.
func (t Text) Replace(before Text) (Text, []Event) {
	t.Version = before.Version + 1
	if t.reads(before) {
		return before, nil
	}
	after := t.changes()
	after["text"], after["locale"], after["version"] = string(t.Kind)+":"+t.Key, t.Locale, strconv.Itoa(t.Version)
	return t, []Event{{Kind: TextChanged, Before: before.changes(), After: after}}
}

// reads reports whether a text says the same as another.
func (t Text) reads(other Text) bool {
	return maps.Equal(t.Parts, other.Parts) && t.Source == other.Source && t.CheckedOn == other.CheckedOn
}

func (t Text) changes() Changes {
	c := Changes{"source": t.Source, "checked_on": t.CheckedOn.String()}
	for name, text := range t.Parts {
		c[name] = text
	}
	return c
}

// ParseStepText reads the parts of a step's text from a file in which each stands under a
// heading, a line that begins with #. The part a heading means is found by its name or by
// one of the words given. Invalid with the field file.
func ParseStepText(text string, words map[string]string) (map[string]string, error) {
	parts := map[string]string{}
	part := ""
	for line := range strings.Lines(strings.TrimPrefix(text, "\uFEFF")) {
		heading, ok := strings.CutPrefix(strings.TrimSpace(line), "#")
		if !ok {
			if part == "" && strings.TrimSpace(line) != "" {
				return nil, fileError("text.error.no_heading", nil)
			}
			if part != "" {
				parts[part] += line
			}
			continue
		}
		heading = strings.ToLower(strings.Trim(heading, "# \t"))
		part = heading
		if name, ok := words[heading]; ok {
			part = name
		}
		if _, twice := parts[part]; twice || !slices.Contains(StepText.Parts(), part) {
			return nil, fileError("text.error.heading", Args{"Heading": clipped(heading)})
		}
		parts[part] = ""
	}
	return parts, nil
}
