// Package ui holds the primitives every page is made of: one props struct each,
// typed variants, no I/O. Strings arrive formatted and in the reader's language;
// the few fixed words come from the printer in the context.
//
// A form control's id is its name, so that an error summary can link to it.
// Nothing here renders a style attribute or an inline script: the content
// security policy forbids both.
package ui

import (
	"strings"

	"github.com/a-h/templ"
)

// Link is a link with an optional part that only screen readers hear, which
// tells apart links of the same text: «Изменить: дата запроса акта».
type Link struct {
	Href   string
	Text   string
	Hidden string
}

func class(names ...string) string {
	return strings.Join(strings.Fields(strings.Join(names, " ")), " ")
}

// classAttr is the class attribute of what a page has many of: templ would sort the names by a map.
func classAttr(names ...string) templ.Attributer {
	return templ.OrderedAttributes{{Key: "class", Value: class(names...)}}
}
