package letter

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"io"
	"strings"
)

// TXT returns a letter as a text file that Windows programs open with the right letters
// and lines: UTF-8 with a byte order mark, CRLF.
func TXT(text string) []byte {
	return []byte("\ufeff" + strings.ReplaceAll(text, "\n", "\r\n") + "\r\n")
}

// part is one file of a Word document.
type part struct{ name, content string }

// The parts that are the same in every letter: A4 with margins of 20 mm, 11 points. The
// first part has to be the list of types; the order is fixed besides.
func fixedParts() []part {
	const (
		document = "application/vnd.openxmlformats-officedocument.wordprocessingml."
		relation = "http://schemas.openxmlformats.org/officeDocument/2006/relationships/"
		packaged = "http://schemas.openxmlformats.org/package/2006/"
	)
	return []part{
		{"[Content_Types].xml", xml.Header + `<Types xmlns="` + packaged + `content-types">` +
			`<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>` +
			`<Default Extension="xml" ContentType="application/xml"/>` +
			`<Override PartName="/word/document.xml" ContentType="` + document + `document.main+xml"/>` +
			`<Override PartName="/word/styles.xml" ContentType="` + document + `styles+xml"/></Types>`},
		{"_rels/.rels", xml.Header + `<Relationships xmlns="` + packaged + `relationships">` +
			`<Relationship Id="rId1" Type="` + relation + `officeDocument" Target="word/document.xml"/></Relationships>`},
		{"word/_rels/document.xml.rels", xml.Header + `<Relationships xmlns="` + packaged + `relationships">` +
			`<Relationship Id="rId1" Type="` + relation + `styles" Target="styles.xml"/></Relationships>`},
		{"word/styles.xml", xml.Header + `<w:styles xmlns:w="` + wordNamespace + `"><w:docDefaults>` +
			`<w:rPrDefault><w:rPr><w:rFonts w:ascii="Arial" w:hAnsi="Arial" w:eastAsia="Arial" w:cs="Arial"/>` +
			`<w:sz w:val="22"/><w:szCs w:val="22"/><w:lang w:val="ru-RU"/></w:rPr></w:rPrDefault>` +
			`<w:pPrDefault><w:pPr><w:spacing w:after="0" w:line="240" w:lineRule="auto"/></w:pPr></w:pPrDefault></w:docDefaults>` +
			`<w:style w:type="paragraph" w:default="1" w:styleId="Normal"><w:name w:val="Normal"/></w:style></w:styles>`},
	}
}

const wordNamespace = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"

// DOCX returns a letter as a Word document, a paragraph per line. The same text gives the
// same bytes.
func DOCX(text string) ([]byte, error) {
	var body strings.Builder
	body.WriteString(xml.Header + `<w:document xmlns:w="` + wordNamespace + `"><w:body>`)
	for line := range strings.SplitSeq(text, "\n") {
		body.WriteString(`<w:p>`)
		if line != "" {
			body.WriteString(`<w:r><w:t xml:space="preserve">`)
			if err := xml.EscapeText(&body, []byte(line)); err != nil {
				return nil, err
			}
			body.WriteString(`</w:t></w:r>`)
		}
		body.WriteString(`</w:p>`)
	}
	body.WriteString(`<w:sectPr><w:pgSz w:w="11906" w:h="16838"/>` +
		`<w:pgMar w:top="1134" w:right="1134" w:bottom="1134" w:left="1134" w:header="709" w:footer="709" w:gutter="0"/></w:sectPr></w:body></w:document>`)

	var file bytes.Buffer
	archive := zip.NewWriter(&file)
	for _, p := range append(fixedParts(), part{"word/document.xml", body.String()}) {
		w, err := archive.Create(p.name) // without a time, which would change the bytes
		if err != nil {
			return nil, err
		}
		if _, err := io.WriteString(w, p.content); err != nil {
			return nil, err
		}
	}
	if err := archive.Close(); err != nil {
		return nil, err
	}
	return file.Bytes(), nil
}
