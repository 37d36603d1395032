// Package mail holds what letters look like: one view for all of them, as HTML that mail
// programs understand and as plain text. Strings come formatted and in the reader's language.
//
// Mail programs drop style sheets and never load scripts, so that styles stand on the
// elements here, and nowhere else in the program. There are no pictures.
package mail

import "strings"

// Letter is a letter: a title, blocks, and small print that says why it came.
type Letter struct {
	Lang   string
	Title  string
	Blocks []Block
	Footer []string
	Links  []Link // behind the small print: how to have less of this
}

// Block is a part of a letter; whatever is empty is left out.
type Block struct {
	Heading string
	Text    []string // paragraphs
	Quote   string   // what a person wrote, with its line breaks
	Items   []Item
	Button  *Link
}

// Item is a line of a list; Href leads to what it is about.
type Item struct {
	Text string
	Href string
	Note string // quieter, behind the text
}

// Link is an address with its words.
type Link struct {
	Text string
	Href string
}

// Plain is the letter as plain text, for programs and people that prefer it.
func (l Letter) Plain() string {
	var b strings.Builder
	paragraph := func(s string) {
		if s != "" {
			b.WriteString(s + "\n\n")
		}
	}
	paragraph(l.Title)
	for _, block := range l.Blocks {
		paragraph(strings.ToUpper(block.Heading))
		for _, text := range block.Text {
			paragraph(text)
		}
		if block.Quote != "" {
			paragraph("> " + strings.ReplaceAll(block.Quote, "\n", "\n> "))
		}
		for _, item := range block.Items {
			line := "- " + item.Text
			if item.Note != "" {
				line += " (" + item.Note + ")"
			}
			if item.Href != "" {
				line += "\n  " + item.Href
			}
			b.WriteString(line + "\n")
		}
		if len(block.Items) > 0 {
			b.WriteString("\n")
		}
		if block.Button != nil {
			paragraph(block.Button.Text + ":\n" + block.Button.Href)
		}
	}
	if len(l.Footer) > 0 {
		b.WriteString("--\n" + strings.Join(l.Footer, "\n") + "\n")
	}
	for _, link := range l.Links {
		b.WriteString(link.Text + ":\n" + link.Href + "\n")
	}
	return b.String()
}
