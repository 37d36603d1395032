// Package letter writes the letters a seller sends to the marketplace's support himself:
// templates with the case's requisites put in, as plain text and as a Word document. The
// letters are in Russian, whatever language the pages speak. Nothing is sent from here.
package letter

import (
	"embed"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"winddown/internal/i18n"
	"winddown/internal/winddown"
)

//go:embed text/*.txt
var texts embed.FS

// Kind is what a letter is for.
type Kind string

// The kinds: the notice of termination, the request for the act, the reminder of it, the
// objections to the act that came.
const (
	Termination Kind = "termination"
	Request     Kind = "request"
	Reminder    Kind = "reminder"
	Objections  Kind = "objections"
)

// Kinds returns every kind, in the order in which they are sent.
func Kinds() []Kind { return []Kind{Termination, Request, Reminder, Objections} }

// ParseKind returns the kind with exactly this code; false when there is none.
func ParseKind(code string) (Kind, bool) {
	k := Kind(code)
	return k, slices.Contains(Kinds(), k)
}

// Default returns the template a kind has unless somebody wrote another; nothing for a
// kind that does not exist.
func Default(k Kind) string {
	raw, err := texts.ReadFile("text/" + string(k) + ".txt")
	if err != nil {
		return ""
	}
	return string(raw)
}

// Data is what the placeholders of a template stand for. What is empty is not known.
type Data struct {
	SellerName   string
	INN          string
	OGRN         string // 13 digits of a company or 15 of an entrepreneur
	Cabinet      string
	Counterparty string
	PeriodFrom   winddown.Date
	PeriodTo     winddown.Date
	Today        winddown.Date
	RequestedOn  winddown.Date
	Ticket       string
	ReceivedOn   winddown.Date
	OurBalance   string // sums as they shall read, «3 418,20 ₽»
	WBBalance    string
	Difference   string
	Objections   []string
	// Representative signs for the seller; the seller does where it has no name.
	Representative winddown.Requisites
}

// ogrnipDigits is the length of an entrepreneur's number; a company's has two less.
const ogrnipDigits = 15

// values returns the text of every placeholder by its name. The period always has one:
// without dates the act is asked for over the whole cooperation.
func (d Data) values() map[string]string {
	v := map[string]string{
		"Продавец": oneLine(d.SellerName), "ИНН": oneLine(d.INN), "ОГРН": oneLine(d.OGRN), "ОГРНИП": "",
		"Кабинет": oneLine(d.Cabinet), "Контрагент": oneLine(d.Counterparty), "Период": d.period(),
		"Дата": date(d.Today), "Дата запроса": date(d.RequestedOn), "Дата получения": date(d.ReceivedOn),
		"Номер обращения": oneLine(d.Ticket),
		"Наше сальдо":     oneLine(d.OurBalance), "Сальдо WB": oneLine(d.WBBalance), "Разница": oneLine(d.Difference),
		signature: d.signature(),
	}
	if len(v["ОГРН"]) == ogrnipDigits {
		v["ОГРН"], v["ОГРНИП"] = "", v["ОГРН"]
	}
	var numbered []string
	for i, o := range d.Objections {
		numbered = append(numbered, strconv.Itoa(i+1)+". "+oneLine(o))
	}
	v["Возражения"] = strings.Join(numbered, "\n")
	return v
}

// Placeholders returns the names that may stand in braces in a template, in the order of
// the Russian alphabet.
func Placeholders() []string {
	var names []string
	for name := range (Data{}).values() {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// signature is the name of the placeholder for who signs.
const signature = "Подпись"

// NamesSigner reports whether a template says who signs, so that a representative can.
func NamesSigner(template string) bool {
	return slices.ContainsFunc(placeholder.FindAllString(template, -1), func(p string) bool { return name(p) == signature })
}

// signature is who signs: the seller, or his representative with what the firm has settled.
func (d Data) signature() string {
	r := d.Representative
	if r.LegalName == "" {
		return oneLine(d.SellerName)
	}
	text := "представитель: " + oneLine(r.LegalName)
	for _, one := range []struct{ label, value string }{
		{", ИНН ", r.INN}, {", КПП ", r.KPP}, {"\nОснование: ", r.Authority}, {"\nАдрес: ", r.Address}, {"\nТелефон: ", r.Phone},
		{"\nПодписывает: ", r.Signer},
	} {
		if one.value != "" {
			text += one.label + oneLine(one.value)
		}
	}
	return text
}

func (d Data) period() string {
	from, to := date(d.PeriodFrom), date(d.PeriodTo)
	switch {
	case from == "" && to == "":
		return "весь период сотрудничества"
	case to == "":
		return "период с " + from + " по настоящее время"
	case from == "":
		return "период по " + to
	}
	return "период с " + from + " по " + to
}

// date writes «12 ноября 2026 года»: with the word in full, a sentence may end with it.
func date(d winddown.Date) string {
	if d.IsZero() {
		return ""
	}
	return i18n.For(i18n.Russian).Date(d.Time()) + " года"
}

// oneLine keeps a value from breaking the line it stands in. Other spaces stay: those in
// sums do not break.
func oneLine(s string) string {
	return strings.TrimSpace(strings.Join(strings.FieldsFunc(s, func(r rune) bool { return r == '\n' || r == '\r' || r == '\t' }), " "))
}

var placeholder = regexp.MustCompile(`\{[^{}\n]*\}`)

func name(placeholder string) string { return strings.TrimSpace(strings.Trim(placeholder, "{}")) }

// Fill writes a letter: every placeholder gives way to its value, a line with one that has
// no value is left out, and with it the line above that only announced it («Наши
// возражения:»). Lines end in \n; no two lines in a row are empty, the last is none.
// Placeholders that do not exist are returned, and stay as typed.
func Fill(template string, d Data) (text string, unknown []string) {
	values := d.values()
	var paragraphs []string
	for _, paragraph := range paragraphsOf(template) {
		lines := strings.Split(paragraph, "\n")
		var kept []string
		for _, line := range lines {
			missing := false
			line = placeholder.ReplaceAllStringFunc(line, func(p string) string {
				value, known := values[name(p)]
				if !known {
					if !slices.Contains(unknown, name(p)) {
						unknown = append(unknown, name(p))
					}
					return p
				}
				missing = missing || value == ""
				return value
			})
			if !missing {
				kept = append(kept, strings.TrimRight(line, " "))
			}
		}
		if len(kept) == 1 && len(lines) > 1 && strings.HasSuffix(kept[0], ":") {
			continue
		}
		if len(kept) > 0 {
			paragraphs = append(paragraphs, strings.Join(kept, "\n"))
		}
	}
	return strings.Join(paragraphs, "\n\n"), unknown
}

var emptyLines = regexp.MustCompile(`\n[ \t]*(?:\n[ \t]*)+`)

// paragraphsOf parts a text at its empty lines.
func paragraphsOf(text string) []string {
	text = strings.ReplaceAll(text, "\r\n", "\n")
	return strings.Split(emptyLines.ReplaceAllString(strings.TrimSpace(text), "\n\n"), "\n\n")
}

// MaxText bounds a letter that somebody wrote, in characters: the longest that is filled in
// has objections of 4000 and a template of as many.
const MaxText = 10_000

// CheckText returns Invalid for a letter that is empty or too long.
func CheckText(text string) error {
	mistake := winddown.FieldError{Field: "text", Key: "letter.error.empty"}
	switch {
	case utf8.RuneCountInString(text) > MaxText:
		mistake.Key, mistake.Args = "letter.error.text_too_long", winddown.Args{"Max": MaxText}
	case strings.TrimSpace(text) != "":
		return nil
	}
	return &winddown.Error{Kind: winddown.Invalid, Key: "error.invalid", Fields: []winddown.FieldError{mistake}}
}

// MaxTemplate bounds a template, in characters: what is longer does not print on one page.
const MaxTemplate = 4000

// Check returns Invalid for a template that cannot be used: an empty or too long one, an
// unknown placeholder, a brace that belongs to none.
func Check(template string) error {
	invalid := func(key string, args winddown.Args) error {
		return &winddown.Error{Kind: winddown.Invalid, Key: key, Args: args}
	}
	if strings.TrimSpace(template) == "" {
		return invalid("letter.error.empty", nil)
	}
	if utf8.RuneCountInString(template) > MaxTemplate {
		return invalid("letter.error.too_long", winddown.Args{"Max": MaxTemplate})
	}
	if _, unknown := Fill(template, Data{}); len(unknown) > 0 {
		return invalid("letter.error.placeholder", winddown.Args{
			"Name": "{" + unknown[0] + "}", "Known": "{" + strings.Join(Placeholders(), "}, {") + "}",
		})
	}
	if strings.ContainsAny(placeholder.ReplaceAllString(template, ""), "{}") {
		return invalid("letter.error.brace", winddown.Args{"Example": "{ИНН}"})
	}
	return nil
}
