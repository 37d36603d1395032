package ui

import (
	"context"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/a-h/templ"
	"golang.org/x/net/html"

	"winddown/internal/i18n"
)

func render(t *testing.T, l i18n.Locale, c templ.Component) string {
	t.Helper()
	var b strings.Builder
	if err := c.Render(i18n.With(context.Background(), i18n.For(l)), &b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// walk calls visit for every element of a rendered page or part.
func walk(t *testing.T, rendered string, visit func(*html.Node)) {
	t.Helper()
	root, err := html.Parse(strings.NewReader(rendered))
	if err != nil {
		t.Fatal(err)
	}
	for n := range root.Descendants() {
		if n.Type == html.ElementNode {
			visit(n)
		}
	}
}

func attr(n *html.Node, name string) (string, bool) {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val, true
		}
	}
	return "", false
}

func testLayout() LayoutView {
	return LayoutView{
		Title:  "Шаги — ИП Петрова — Уход с WB",
		Assets: "/static/abc",
		Nav:    []NavItem{{Label: "Шаги", Href: "/cases/1", Current: true}, {Label: "История", Href: "/cases/1/history"}},
		User:   &NavItem{Label: "А. С. Петрова", Href: "/account"},
		Path:   "/cases/1?done=1",
		Notice: &NoticeProps{Variant: NoticeSuccess, Text: "Сохранено."},
	}
}

// missingKey is how the printer shows a message that is not in the catalog.
var missingKey = regexp.MustCompile(`\[[a-z0-9_]+(\.[a-z0-9_]+)+\]`)

func TestSamplesAreCleanInEveryLocale(t *testing.T) {
	for _, l := range i18n.Locales() {
		for _, section := range Samples(testLayout().Assets) {
			for _, sample := range section.Samples {
				t.Run(string(l)+"/"+section.ID+"/"+sample.Name, func(t *testing.T) {
					checkClean(t, render(t, l, sample.Component))
				})
			}
		}
		t.Run(string(l)+"/gallery", func(t *testing.T) {
			checkClean(t, render(t, l, Gallery(testLayout(), Samples(testLayout().Assets))))
		})
	}
}

// checkClean fails on what the content security policy forbids, on messages
// without words and on references that lead nowhere.
func checkClean(t *testing.T, rendered string) {
	t.Helper()
	if key := missingKey.FindString(rendered); key != "" {
		t.Errorf("message %s has no words", key)
	}
	ids := map[string]bool{}
	walk(t, rendered, func(n *html.Node) {
		for _, a := range n.Attr {
			if a.Key == "style" || strings.HasPrefix(a.Key, "on") && a.Key != "on" {
				t.Errorf("<%s> has the attribute %s", n.Data, a.Key)
			}
			if a.Val == "" && (a.Key == "class" || a.Key == "id") {
				t.Errorf("<%s> has an empty %s", n.Data, a.Key)
			}
		}
		if id, ok := attr(n, "id"); ok {
			if ids[id] {
				t.Errorf("id %q stands twice", id)
			}
			ids[id] = true
		}
		if n.Data == "style" || n.Data == "script" && n.FirstChild != nil {
			t.Errorf("inline <%s>", n.Data)
		}
	})
	walk(t, rendered, func(n *html.Node) {
		for _, name := range []string{"for", "aria-describedby", "aria-labelledby"} {
			value, _ := attr(n, name)
			for id := range strings.FieldsSeq(value) {
				if !ids[id] {
					t.Errorf("%s=%q leads nowhere", name, id)
				}
			}
		}
	})
}

// hostile goes into every string of every props struct.
const hostile = `"><script>alert(1)</script><b style='x'>javascript:`

func TestStringsStayText(t *testing.T) {
	components := map[string]templ.Component{
		"Button":         Button(fill[ButtonProps]()),
		"ButtonLink":     ButtonLink(fill[ButtonLinkProps]()),
		"VisuallyHidden": VisuallyHidden(hostile),
		"Field":          Field(fill[FieldProps]()),
		"DateField":      DateField(fill[DateFieldProps]()),
		"Textarea":       Textarea(fill[TextareaProps]()),
		"Radios":         Radios(fill[ChoiceProps]()),
		"Checkboxes":     Checkboxes(fill[ChoiceProps]()),
		"Checkbox":       Checkbox(fill[CheckboxProps]()),
		"Select":         Select(fill[SelectProps]()),
		"Hidden":         Hidden(hostile, hostile),
		"FileField":      FileField(fill[FileFieldProps]()),
		"FileList":       FileList(fill[FileListProps]()),
		"ErrorSummary":   ErrorSummary(fill[ErrorSummaryProps]()),
		"Notice":         Notice(fill[NoticeProps]()),
		"Tag":            Tag(fill[TagProps]()),
		"StatusText":     StatusText(fill[StatusProps]()),
		"Mark":           Mark(Status(hostile)),
		"SummaryList":    SummaryList(fill[SummaryListProps]()),
		"Timeline":       Timeline(fill[TimelineProps]()),
		"Card":           Card(fill[CardProps]()),
		"Empty":          Empty(fill[EmptyProps]()),
		"BackLink":       BackLink(fill[BackLinkProps]()),
		"Pager":          Pager(fill[PagerProps]()),
		"Chip":           Chip(fill[ChipProps]()),
		"HeroPicture":    HeroPicture(hostile),
		"Layout":         Layout(fill[LayoutView]()),
	}
	for name, c := range components {
		t.Run(name, func(t *testing.T) {
			rendered := render(t, i18n.Russian, c)
			if !strings.Contains(rendered, "alert(1)") && !strings.Contains(rendered, "about:invalid") {
				t.Error("the text is not on the page at all")
			}
			walk(t, rendered, func(n *html.Node) {
				if n.Data == "script" && n.FirstChild != nil {
					t.Error("text became a script")
				}
				if _, ok := attr(n, "style"); ok {
					t.Errorf("text became an attribute of <%s>", n.Data)
				}
			})
		})
	}
}

// TestAddressesCannotRunScript holds the addresses that come from data to what templ lets through.
func TestAddressesCannotRunScript(t *testing.T) {
	const address = "javascript:alert(1)"
	for name, c := range map[string]templ.Component{
		"ButtonLink":  ButtonLink(ButtonLinkProps{Href: address}),
		"BackLink":    BackLink(BackLinkProps{Href: address}),
		"Chip":        Chip(ChipProps{Href: address}),
		"Pager":       Pager(PagerProps{PreviousHref: address, NextHref: address}),
		"SummaryList": SummaryList(SummaryListProps{Rows: []SummaryRow{{Action: &Link{Href: address}}}}),
		"Timeline":    Timeline(TimelineProps{Items: []TimelineItem{{Href: address}}}),
		"FileList":    FileList(FileListProps{Items: []FileItem{{Href: address, Actions: []Link{{Href: address}}}}}),
	} {
		if rendered := render(t, i18n.Russian, c); strings.Contains(rendered, "javascript:") {
			t.Errorf("%s: %s", name, rendered)
		}
	}
}

// fill returns a T whose every string is hostile, every slice has one element
// and every pointer leads somewhere.
func fill[T any]() T {
	var v T
	fillValue(reflect.ValueOf(&v).Elem(), 9)
	return v
}

// fillValue goes no deeper than told: a file's earlier versions are files.
func fillValue(v reflect.Value, deep int) {
	if deep == 0 {
		return
	}
	switch v.Kind() { //nolint:exhaustive // view models are made of these kinds
	case reflect.String:
		v.SetString(hostile)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fillValue(v.Index(0), deep-1)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fillValue(v.Elem(), deep-1)
	case reflect.Struct:
		for i := range v.NumField() {
			fillValue(v.Field(i), deep-1)
		}
	}
}

func TestFieldTiesHintAndErrorToTheInput(t *testing.T) {
	rendered := render(t, i18n.Russian, Field(FieldProps{Name: "inn", Label: "ИНН", Hint: "10 или 12 цифр", Error: "Проверьте ИНН", Value: "77"}))
	found := false
	walk(t, rendered, func(n *html.Node) {
		if n.Data != "input" {
			return
		}
		found = true
		for name, want := range map[string]string{"id": "inn", "name": "inn", "value": "77", "type": "text", "aria-invalid": "true", "aria-describedby": "inn-hint inn-error"} {
			if got, _ := attr(n, name); got != want {
				t.Errorf("%s = %q, want %q", name, got, want)
			}
		}
	})
	if !found {
		t.Fatal("no input")
	}
}

func TestErrorSummaryLinksToTheFirstAnswer(t *testing.T) {
	rendered := render(t, i18n.Russian, templ.Join(
		ErrorSummary(ErrorSummaryProps{Items: []ErrorItem{{Field: "done", Text: "Выберите, выполнен ли шаг"}}}),
		Radios(ChoiceProps{Name: "done", Legend: "Вы выполнили этот шаг?", Options: []Option{{Value: "yes", Label: "Да"}, {Value: "no", Label: "Нет"}}}),
	))
	var hrefs, inputs []string
	walk(t, rendered, func(n *html.Node) {
		switch n.Data {
		case "a":
			href, _ := attr(n, "href")
			hrefs = append(hrefs, href)
		case "input":
			id, _ := attr(n, "id")
			inputs = append(inputs, id)
		}
	})
	if want := []string{"#done"}; !reflect.DeepEqual(hrefs, want) {
		t.Errorf("links %q, want %q", hrefs, want)
	}
	if want := []string{"done", "done-no"}; !reflect.DeepEqual(inputs, want) {
		t.Errorf("inputs %q, want %q", inputs, want)
	}
}

func TestTextareaKeepsALeadingLineBreak(t *testing.T) {
	const value = "\nПрошу сформировать акт."
	rendered := render(t, i18n.Russian, Textarea(TextareaProps{Name: "letter", Value: value}))
	got := ""
	walk(t, rendered, func(n *html.Node) {
		if n.Data == "textarea" {
			got = n.FirstChild.Data
		}
	})
	if got != value {
		t.Errorf("the parser reads %q, want %q", got, value)
	}
}

func TestLayoutFragmentIsTheMainElementAlone(t *testing.T) {
	content := within(Layout(testLayout()), Tag(TagProps{Text: "внутри"}))
	whole := render(t, i18n.Russian, content)
	v := testLayout()
	v.Fragment = true
	fragment := render(t, i18n.Russian, within(Layout(v), Tag(TagProps{Text: "внутри"})))
	if !strings.HasPrefix(fragment, `<main id="main"`) || !strings.HasSuffix(fragment, "</main>") {
		t.Errorf("the fragment is not one main element: %s", fragment)
	}
	if !strings.Contains(whole, fragment) {
		t.Error("the fragment differs from the main element of the whole page")
	}
	for _, want := range []string{`data-title="Шаги — ИП Петрова — Уход с WB"`, "внутри", "Сохранено.", "autofocus"} {
		if !strings.Contains(fragment, want) {
			t.Errorf("the fragment lacks %q", want)
		}
	}
}

func TestLayoutSaysItsLanguageAndOffersTheOther(t *testing.T) {
	for l, other := range map[i18n.Locale]string{i18n.Russian: "en", i18n.English: "ru"} {
		var lang, next, value string
		walk(t, render(t, l, Layout(testLayout())), func(n *html.Node) {
			switch name, _ := attr(n, "name"); {
			case n.Data == "html":
				lang, _ = attr(n, "lang")
			case name == "next":
				next, _ = attr(n, "value")
			case name == "locale":
				value, _ = attr(n, "value")
			}
		})
		if lang != string(l) || value != other || next != testLayout().Path {
			t.Errorf("%s: lang %q, offers %q, next %q", l, lang, value, next)
		}
	}
}

func TestLayoutOptions(t *testing.T) {
	v := testLayout()
	plain := render(t, i18n.Russian, Layout(v))
	v.Invalid, v.NoIndex, v.Landscape, v.Width = true, true, true, PageText
	set := render(t, i18n.Russian, Layout(v))
	for _, mark := range []string{"<title>Ошибка: Шаги", `content="noindex"`, `class="page text print-wide"`} {
		if strings.Contains(plain, mark) || !strings.Contains(set, mark) {
			t.Errorf("%q must appear with the option and only then", mark)
		}
	}
}

func TestPagerOnASinglePageIsNothing(t *testing.T) {
	if got := render(t, i18n.Russian, Pager(PagerProps{})); got != "" {
		t.Errorf("rendered %q", got)
	}
}

func TestEveryVariantHasASample(t *testing.T) {
	var all strings.Builder
	for _, section := range Samples(testLayout().Assets) {
		for _, sample := range section.Samples {
			all.WriteString(render(t, i18n.Russian, sample.Component))
		}
	}
	rendered := all.String()
	for _, v := range ButtonVariants() {
		wantClass(t, rendered, class("btn", string(v)))
	}
	for _, v := range NoticeVariants() {
		wantClass(t, rendered, class("notice", string(v)))
	}
	for _, v := range TagVariants() {
		wantClass(t, rendered, class("tag", string(v)))
	}
	for _, s := range Statuses() {
		if !strings.Contains(rendered, `data-state="`+string(s)+`"`) {
			t.Errorf("no sample of the status %s", s)
		}
	}
}

func wantClass(t *testing.T, rendered, want string) {
	t.Helper()
	if !strings.Contains(rendered, `class="`+want+`"`) {
		t.Errorf("no sample of class %q", want)
	}
}

// A grave state of things is read out as a warning: nobody made a mistake.
func TestGraveNoticeIsNoMistake(t *testing.T) {
	rendered := render(t, i18n.Russian, Notice(NoticeProps{Variant: NoticeError, Title: "Вы должны WB 43 654,00 ₽"}))
	if !strings.Contains(rendered, "Внимание:") || strings.Contains(rendered, "Ошибка:") {
		t.Errorf("the notice is %s", rendered)
	}
}
