package ui

import (
	"html"
	"strings"
)

// Markup is HTML put together without a component, where a page has so many values that drawing
// each by itself costs more than finding them: the rows of the register.
type Markup []byte

// static is HTML that stands in the program: a constant becomes one by itself, and a string that
// somebody wrote does not compile.
type static string

// HTML appends what stands in the program.
func (m *Markup) HTML(s static) { *m = append(*m, s...) }

// Text appends a value, escaped for text and for a quoted attribute.
func (m *Markup) Text(s string) {
	if strings.ContainsAny(s, `<>&'"`) { // few do, and to look is quicker than to escape
		s = html.EscapeString(s)
	}
	*m = append(*m, s...)
}

// Tag appends what the component Tag draws.
func (m *Markup) Tag(p TagProps) {
	switch p.Variant {
	case TagSky:
		m.HTML(`<span class="tag sky">`)
	case TagPine:
		m.HTML(`<span class="tag pine">`)
	case TagAmber:
		m.HTML(`<span class="tag amber">`)
	case TagRed:
		m.HTML(`<span class="tag red">`)
	default:
		m.HTML(`<span class="tag">`)
	}
	m.Text(p.Text)
	m.HTML(`</span>`)
}
