package letter

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"path"
	"strings"
	"testing"
)

func TestTXT(t *testing.T) {
	if got, want := string(TXT("Тема\n\nа")), "\xef\xbb\xbfТема\r\n\r\nа\r\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// unpack returns the parts of a Word document by their names, all of them sound XML.
func unpack(t *testing.T, file []byte) (parts map[string][]byte, first string) {
	t.Helper()
	archive, err := zip.NewReader(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		t.Fatal(err)
	}
	parts = map[string][]byte{}
	for _, f := range archive.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		raw, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		d := xml.NewDecoder(bytes.NewReader(raw))
		for err == nil {
			_, err = d.Token()
		}
		if !errors.Is(err, io.EOF) {
			t.Errorf("%s: %v", f.Name, err)
		}
		parts[f.Name] = raw
	}
	return parts, archive.File[0].Name
}

// What a reader of the format needs: a type for every part, relations that lead to parts.
func TestDOCXIsAPackage(t *testing.T) {
	file, err := DOCX("а")
	if err != nil {
		t.Fatal(err)
	}
	parts, first := unpack(t, file)
	if first != "[Content_Types].xml" {
		t.Errorf("the first part is %s", first)
	}
	var types struct {
		Defaults []struct {
			Extension string `xml:"Extension,attr"`
		} `xml:"Default"`
		Overrides []struct {
			PartName    string `xml:"PartName,attr"`
			ContentType string `xml:"ContentType,attr"`
		} `xml:"Override"`
	}
	if err := xml.Unmarshal(parts[first], &types); err != nil {
		t.Fatal(err)
	}
	if len(types.Defaults) != 2 || len(types.Overrides) != 2 {
		t.Errorf("%d default types and %d of parts", len(types.Defaults), len(types.Overrides))
	}
	for _, o := range types.Overrides {
		if parts[strings.TrimPrefix(o.PartName, "/")] == nil {
			t.Errorf("%s has a type and is no part", o.PartName)
		}
	}
	for name, folder := range map[string]string{"_rels/.rels": "", "word/_rels/document.xml.rels": "word"} {
		var relations struct {
			All []struct {
				Type   string `xml:"Type,attr"`
				Target string `xml:"Target,attr"`
			} `xml:"Relationship"`
		}
		if err := xml.Unmarshal(parts[name], &relations); err != nil || len(relations.All) != 1 {
			t.Fatalf("%s: %v, %v", name, relations, err)
		}
		if target := path.Join(folder, relations.All[0].Target); parts[target] == nil {
			t.Errorf("%s leads to %s, which is no part", name, target)
		}
	}
}

func TestDOCXHoldsTheText(t *testing.T) {
	text, _ := Fill(Default(Objections), full())
	text += "\n\n<w:p> & «кавычки» \x00\ufffe 🙂  два пробела"
	file, err := DOCX(text)
	if err != nil {
		t.Fatal(err)
	}
	again, err := DOCX(text)
	if err != nil || !bytes.Equal(file, again) {
		t.Errorf("the same text gives other bytes (%v)", err)
	}
	parts, _ := unpack(t, file)
	var document struct {
		Paragraphs []struct {
			Text string `xml:"r>t"`
		} `xml:"body>p"`
		Size struct {
			W int `xml:"http://schemas.openxmlformats.org/wordprocessingml/2006/main w,attr"`
		} `xml:"body>sectPr>pgSz"`
	}
	if err := xml.Unmarshal(parts["word/document.xml"], &document); err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, p := range document.Paragraphs {
		lines = append(lines, p.Text)
	}
	want := strings.NewReplacer("\x00", "\ufffd", "\ufffe", "\ufffd").Replace(text)
	if got := strings.Join(lines, "\n"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if document.Size.W != 11906 {
		t.Errorf("the sheet is %d wide, not A4", document.Size.W)
	}
}
