package ui

import (
	"strings"
	"testing"

	"golang.org/x/net/html"

	"winddown/internal/i18n"
)

func TestFileFieldTiesItsPartsToTheInput(t *testing.T) {
	rendered := render(t, i18n.Russian, FileField(FileFieldProps{ID: "act", Name: "file", Label: "Акт", Hint: "До 20 МБ", Error: "Файл пуст", Accept: ".pdf,.zip", Multiple: true}))
	found := map[string]bool{}
	walk(t, rendered, func(n *html.Node) {
		found[n.Data] = true
		switch n.Data {
		case "label":
			if id, _ := attr(n, "for"); id != "act" {
				t.Errorf("the label is for %q", id)
			}
		case "input":
			for name, want := range map[string]string{"id": "act", "name": "file", "type": "file", "accept": ".pdf,.zip", "multiple": "", "aria-invalid": "true", "aria-describedby": "act-hint act-error"} {
				if got, ok := attr(n, name); !ok || got != want {
					t.Errorf("%s = %q, want %q", name, got, want)
				}
			}
		}
	})
	if !found["label"] || !found["input"] || !found["progress"] {
		t.Errorf("parts missing: %v", found)
	}
	if !strings.Contains(rendered, "data-sending hidden") {
		t.Error("the progress shows without script")
	}
}

// What changes with every packet is no news: the live region holds sentences alone.
func TestProgressIsNoNews(t *testing.T) {
	rendered := render(t, i18n.Russian, FileField(FileFieldProps{Name: "file", Label: "Акт"}))
	regions := 0
	walk(t, rendered, func(n *html.Node) {
		if role, _ := attr(n, "role"); role == "status" {
			regions++
			if n.FirstChild != nil {
				t.Errorf("the region begins with %q", n.FirstChild.Data)
			}
		}
	})
	if regions != 1 {
		t.Errorf("%d live regions", regions)
	}
}

func TestUploadIsAMultipartSwap(t *testing.T) {
	attrs := Upload()
	for name, want := range Swap() {
		if attrs[name] != want {
			t.Errorf("%s = %v, want %v", name, attrs[name], want)
		}
	}
	if attrs["enctype"] != "multipart/form-data" || attrs["data-upload"] != true {
		t.Errorf("attributes %v", attrs)
	}
	if _, shared := Swap()["data-upload"]; shared {
		t.Error("every form became an upload")
	}
}

func TestFileListFoldsEarlierVersions(t *testing.T) {
	const hash = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
	rendered := render(t, i18n.Russian, FileList(FileListProps{Items: []FileItem{
		{Name: "акт.pdf", Href: "/new", Hash: hash, Older: []FileItem{{Name: "черновик.pdf", Href: "/old"}, {Name: "пропал.pdf"}}},
		{Name: "снимок.png", Href: "/shot", Thumb: "/shot/small"},
	}}))
	folded := map[string]bool{}
	var pictures int
	walk(t, rendered, func(n *html.Node) {
		switch n.Data {
		case "a":
			href, _ := attr(n, "href")
			for up := range n.Ancestors() {
				folded[href] = folded[href] || up.Data == "details"
			}
		case "img":
			pictures++
			for name, want := range map[string]string{"src": "/shot/small", "loading": "lazy", "alt": ""} {
				if got, ok := attr(n, name); !ok || got != want {
					t.Errorf("%s = %q, want %q", name, got, want)
				}
			}
			for _, name := range []string{"width", "height"} {
				if _, ok := attr(n, name); !ok {
					t.Errorf("the page jumps: no %s", name)
				}
			}
		}
	})
	if len(folded) != 3 || folded["/new"] || !folded["/old"] || folded["/shot"] {
		t.Errorf("links, and whether they are folded: %v", folded)
	}
	if pictures != 1 {
		t.Errorf("%d pictures", pictures)
	}
	for _, want := range []string{"2 прежние версии", "пропал.pdf", hash[:12] + "</code>"} {
		if !strings.Contains(rendered, want) {
			t.Errorf("no %q", want)
		}
	}
	if got := render(t, i18n.Russian, FileList(FileListProps{})); got != "" {
		t.Errorf("no files render as %q", got)
	}
}
