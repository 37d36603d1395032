package site_test

import (
	"bytes"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"winddown/internal/letter"
	"winddown/internal/testkit"
	"winddown/internal/winddown"
)

func TestLetters(t *testing.T) {
	s := testkit.Start(t)
	anna, book := s.SignUp("Петрова", "petrova"), s.SignUp("Иванова", "ivanova")
	id := anna.OpenCase("ИП Петрова", 1)
	anna.Join(book, id, winddown.Accountant)
	anna.Mark(id, testkit.Goods()...)
	request := stepPath(id, winddown.RequestAct)
	form := anna.Get(request).Form(request)
	for name, value := range map[string]string{"done": "yes", "on": "2026-11-12", "ticket": "48-1177",
		"period_from": "2021-03-01", "period_to": "2026-11-01", "counterparty": "ООО «РВБ» & <Ко>"} {
		form.Set(name, value)
	}
	anna.PostForm(request, form).Want(http.StatusSeeOther)

	letters := "/cases/" + id.String() + "/letters/"
	said := map[letter.Kind][]string{
		letter.Request:     {"Кому: ООО «РВБ» & <Ко>", "за период с 1 марта 2021 года по 1 ноября 2026 года"},
		letter.Reminder:    {"Дата запроса: 12 ноября 2026 года", "Номер обращения: 48-1177"},
		letter.Objections:  {"не можем подписать его без разногласий"},
		letter.Termination: {"статьёй 1003 Гражданского кодекса"},
	}
	for _, kind := range letter.Kinds() {
		path := letters + string(kind)
		page := book.Get(path).Want(http.StatusOK)
		area := page.ByID("letter-text")
		if area.Data != "textarea" || !testkit.HasAttr(area, "readonly") || testkit.Attr(area, "lang") != "ru" {
			t.Errorf("%s: the letter is not a read-only text in Russian", kind)
		}
		text := area.FirstChild.Data
		if printed := page.One("the letter on paper", func(n *node) bool { return strings.HasPrefix(testkit.Attr(n, "class"), "letter ") }); printed.FirstChild.Data != text {
			t.Errorf("%s is another one on paper", kind)
		}
		for _, want := range append(said[kind], "Тема: ", "От: ИП Петрова", "ИНН: "+testkit.INN(1), "Дата: 22 ноября 2026 года") {
			if !strings.Contains(text, want) {
				t.Errorf("%s lacks %q:\n%s", kind, want, text)
			}
		}
		for _, want := range []string{"Сервис ничего не отправляет в Wildberries", "Скачать .docx", "Это не юридическая консультация"} {
			if !strings.Contains(page.Main(), want) {
				t.Errorf("%s: the page lacks %q", kind, want)
			}
		}
		if button := page.One("the button", func(n *node) bool { return testkit.HasAttr(n, "data-copy") }); !testkit.HasAttr(button, "hidden") {
			t.Errorf("%s: the button shows without script", kind)
		}

		txt := book.Get(page.Link("Скачать .txt")).Want(http.StatusOK)
		if txt.Body != "\ufeff"+strings.ReplaceAll(text, "\n", "\r\n")+"\r\n" || txt.Header.Get("Content-Type") != "text/plain; charset=utf-8" {
			t.Errorf("%s as a file is another one: %q", kind, txt.Body)
		}
		docx := book.Get(page.Link("Скачать .docx")).Want(http.StatusOK)
		if file, err := letter.DOCX(text); err != nil || !bytes.Equal(file, []byte(docx.Body)) {
			t.Errorf("%s as a document is another one (%v)", kind, err)
		}
		for _, file := range []*testkit.Page{txt, docx} {
			_, ending, _ := strings.Cut(file.Path, "/letter.")
			disposition, params, err := mime.ParseMediaType(file.Header.Get("Content-Disposition"))
			if err != nil || disposition != "attachment" || params["filename"] != strings.ReplaceAll(page.Heading(), ":", "")+" — ИП Петрова."+ending {
				t.Errorf("%s: %s %q (%v)", file.Path, disposition, params["filename"], err)
			}
			if file.Header.Get("Cache-Control") != "no-store" {
				t.Errorf("%s may be kept", file.Path)
			}
		}
	}
	if back := anna.Get(letters + "request"); !back.HasLink(request) {
		t.Error("the request does not lead back to its step")
	}
}

func TestLettersThatDoNotExist(t *testing.T) {
	s := testkit.Start(t)
	anna := s.SignUp("Петрова", "petrova")
	letters := "/cases/" + anna.OpenCase("ИП Петрова", 1).String() + "/letters/"
	for _, path := range []string{"", "act", "Request", "request/letter.pdf", "request?act=2", "request?act=0", "request?act=-1", "request?act=x", "request?act=", "request/letter.txt?act=2", "x/letter.docx"} {
		anna.Get(letters + path).Want(http.StatusNotFound)
	}
	page := anna.Get(letters + "reminder?act=1").Want(http.StatusOK)
	if got := page.Link("Скачать .txt"); got != letters+"reminder/letter.txt?act=1" {
		t.Errorf("the file of the first act is at %s", got)
	}
	if text := page.Main(); strings.Contains(text, "Номер обращения") || !strings.Contains(text, "за весь период сотрудничества") {
		t.Errorf("the reminder says what is not known: %s", text)
	}
}

// Letters are in Russian, whatever the reader reads.
func TestLettersAreInRussian(t *testing.T) {
	s := testkit.Start(t)
	anna := s.SignUp("Петрова", "petrova")
	path := "/cases/" + anna.OpenCase("ИП Петрова", 1).String() + "/letters/termination"
	before := anna.Get(path).ByID("letter-text").FirstChild.Data
	anna.PostForm("/locale", url.Values{"locale": {"en"}, "next": {path}}).WantRedirect(path)
	page := anna.Get(path)
	if page.Heading() != "Letter: notice of termination" || page.ByID("letter-text").FirstChild.Data != before {
		t.Errorf("%q with %q", page.Heading(), page.ByID("letter-text").FirstChild.Data)
	}
}
