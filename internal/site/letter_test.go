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
		area := page.ByID("text")
		if area.Data != "textarea" || testkit.HasAttr(area, "readonly") || testkit.Attr(area, "lang") != "ru" {
			t.Errorf("%s: the letter is not a text in Russian that can be changed", kind)
		}
		text := area.FirstChild.Data
		if got := onPaper(page); got != text {
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

		typed := url.Values{"text": {strings.ReplaceAll(text, "\n", "\r\n")}} // as browsers send it
		txt := book.PostForm(path+"/letter.txt", typed).Want(http.StatusOK)
		if txt.Body != "\ufeff"+strings.ReplaceAll(text, "\n", "\r\n")+"\r\n" || txt.Header.Get("Content-Type") != "text/plain; charset=utf-8" {
			t.Errorf("%s as a file is another one: %q", kind, txt.Body)
		}
		docx := book.PostForm(path+"/letter.docx", typed).Want(http.StatusOK)
		if file, err := letter.DOCX(text); err != nil || !bytes.Equal(file, []byte(docx.Body)) {
			t.Errorf("%s as a document is another one (%v)", kind, err)
		}
		for _, file := range []*testkit.Page{txt, docx} {
			_, ending, _ := strings.Cut(file.Path, "/letter.")
			disposition, params, err := mime.ParseMediaType(file.Header.Get("Content-Disposition"))
			if err != nil || disposition != "attachment" || params["filename"] != strings.ReplaceAll(page.Heading(), ":", "")+" — ИП Петрова."+ending {
				t.Errorf("%s: %s %q (%v)", file.Path, disposition, params["filename"], err)
			}
			if file.Header.Get("Cache-Control") != "no-store" || file.Header.Get("X-Content-Type-Options") != "nosniff" {
				t.Errorf("%s may be kept, or taken for another kind: %v", file.Path, file.Header)
			}
		}
	}
	if back := anna.Get(letters + "request"); !back.HasLink(request) {
		t.Error("the request does not lead back to its step")
	}
}

// onPaper is what the page of a letter prints.
func onPaper(page *testkit.Page) string {
	sheet := page.One("the letter on paper", func(n *node) bool { return strings.HasPrefix(testkit.Attr(n, "class"), "letter ") })
	if sheet.FirstChild == nil {
		return ""
	}
	return sheet.FirstChild.Data
}

// Whatever is made of a letter holds what was typed, and nothing of it is kept.
func TestLettersAreChangedBeforeTheyGo(t *testing.T) {
	s := testkit.Start(t)
	anna := s.SignUp("Петрова", "petrova")
	id := anna.OpenCase("ИП Петрова", 1)
	path := "/cases/" + id.String() + "/letters/termination"
	before := anna.Case(id)
	const mine = "Тема: моя\n\n\tПришлите <акт> & «ответ»\n"
	typed := url.Values{"text": {strings.ReplaceAll(mine, "\n", "\r\n")}}

	sheet := anna.PostForm(path+"?act=1", typed).Want(http.StatusOK)
	if onPaper(sheet) != mine || sheet.ByID("text").FirstChild.Data != mine || !strings.Contains(sheet.Main(), "Письмо готово к печати") {
		t.Errorf("the sheet holds %q", onPaper(sheet))
	}
	if !strings.Contains(sheet.Main(), "Сервис ничего не отправляет в Wildberries") {
		t.Error("the sheet's page does not say that nothing is sent")
	}
	for _, action := range []string{path + "?act=1", path + "/letter.txt?act=1", path + "/letter.docx?act=1"} {
		goes := func(n *node) bool {
			return testkit.Attr(n, "action") == action || testkit.Attr(n, "formaction") == action
		}
		if len(sheet.All(goes)) != 1 {
			t.Errorf("the text cannot be sent to %s", action)
		}
	}
	if txt := anna.PostForm(path+"/letter.txt", typed).Want(http.StatusOK); txt.Body != "\ufeff"+typed.Get("text")+"\r\n" {
		t.Errorf("the file holds %q", txt.Body)
	}
	want, err := letter.DOCX(mine)
	if docx := anna.PostForm(path+"/letter.docx", typed).Want(http.StatusOK); err != nil || docx.Body != string(want) {
		t.Errorf("the document holds another text (%v)", err)
	}
	if again := anna.Get(path); onPaper(again) == mine {
		t.Error("the text was kept")
	}
	if after := anna.Case(id); after.Case.Version != before.Case.Version || len(after.Trail) != len(before.Trail) {
		t.Error("a letter changed the case")
	}
}

func TestLettersThatCannotGo(t *testing.T) {
	s := testkit.Start(t)
	anna := s.SignUp("Петрова", "petrova")
	path := "/cases/" + anna.OpenCase("ИП Петрова", 1).String() + "/letters/request"
	long := strings.Repeat("я\r\n", letter.MaxText/2) + "я"
	for text, sentence := range map[string]string{
		"": "Напишите текст письма", " \r\n\t ": "Напишите текст письма", long: "Сократите текст: в письме может быть не больше 10 000 знаков",
		strings.Repeat("🙂", 50_000): "Сократите текст: в письме может быть не больше 10 000 знаков",
	} {
		for _, to := range []string{"", "/letter.txt", "/letter.docx"} {
			page := anna.PostForm(path+to, url.Values{"text": {text}}).Want(http.StatusUnprocessableEntity)
			if got := page.Errors()["text"]; strings.ReplaceAll(got, "\u00a0", " ") != sentence {
				t.Errorf("%s of %d bytes: %q", to, len(text), got)
			}
			if got, want := onPaper(page), strings.ReplaceAll(text, "\r\n", "\n"); got != want {
				t.Errorf("%s of %d bytes: %d came back", to, len(text), len(got))
			}
			if disposition := page.Header.Get("Content-Disposition"); disposition != "" {
				t.Errorf("%s: a mistake is sent as a file, %s", to, disposition)
			}
		}
	}
	fits := long[len("я\r\n"):] + "я"
	anna.PostForm(path+"/letter.txt", url.Values{"text": {fits}}).Want(http.StatusOK)
	s.SignUp("Чужая", "stranger").PostForm(path+"/letter.txt", url.Values{"text": {"а"}}).Want(http.StatusNotFound)
	anna.PostForm(path+"/letter.txt", url.Values{"text": {"а"}}, "Origin", "https://evil.example", "Sec-Fetch-Site", "cross-site").Want(http.StatusForbidden)
}

// Every letter is found from the checklist, from the acts and from every other letter; the
// notice of termination also from a step that comes early.
func TestLettersAreFound(t *testing.T) {
	s := testkit.Start(t)
	anna := s.SignUp("Петрова", "petrova")
	id := anna.OpenCase("ИП Петрова", 1)
	list := "/cases/" + id.String() + "/letters"
	for _, path := range []string{"/cases/" + id.String(), "/cases/" + id.String() + "/acts"} {
		if got := anna.Get(path).Link("Письма для Wildberries"); got != list {
			t.Errorf("%s leads to %s", path, got)
		}
	}
	page := anna.Get(list).Want(http.StatusOK)
	for _, kind := range letter.Kinds() {
		if !page.HasLink(list + "/" + string(kind)) {
			t.Errorf("the list lacks %s", kind)
		}
		if got := anna.Get(list + "/" + string(kind)).Link("Все письма"); got != list {
			t.Errorf("%s leads to %s", kind, got)
		}
	}
	early := stepPath(id, winddown.SellOut)
	if got := anna.Get(early).Link("Письмо: уведомление об отказе от договора"); got != list+"/termination" {
		t.Errorf("the step leads to %s", got)
	}
	anna.Mark(id, winddown.SellOut)
	if anna.Get(early).HasLink(list + "/termination") {
		t.Error("a step that is done still reminds of the notice")
	}
}

func TestLettersThatDoNotExist(t *testing.T) {
	s := testkit.Start(t)
	anna := s.SignUp("Петрова", "petrova")
	letters := "/cases/" + anna.OpenCase("ИП Петрова", 1).String() + "/letters/"
	for _, path := range []string{"/", "act", "Request", "request/letter.pdf", "request?act=2", "request?act=0", "request?act=-1", "request?act=x", "request?act="} {
		anna.Get(letters + path).Want(http.StatusNotFound)
	}
	for _, path := range []string{"x", "request?act=2", "request/letter.txt?act=2", "x/letter.docx"} {
		anna.PostForm(letters+path, url.Values{"text": {"а"}}).Want(http.StatusNotFound)
	}
	page := anna.Get(letters + "reminder?act=1").Want(http.StatusOK)
	if text := page.Main(); strings.Contains(text, "Номер обращения") || !strings.Contains(text, "за весь период сотрудничества") {
		t.Errorf("the reminder says what is not known: %s", text)
	}
}

// A firm that has settled its requisites may sign the letters of its sellers; the seller does
// unless it is chosen, and where there is no such firm there is no choice.
func TestLettersSignedByTheFirm(t *testing.T) {
	s := testkit.Start(t)
	anna, book := s.SignUp("Петрова", "petrova"), s.SignUp("Иванова", "ivanova")
	id := anna.OpenCase("ИП Петрова", 1)
	path := "/cases/" + id.String() + "/letters/request"
	const byFirm = "представитель: ООО «Учёт и порядок», ИНН 7707083893\nОснование: доверенность № 5"
	if text := onPaper(anna.Get(path + "?signer=firm").Want(http.StatusOK)); !strings.HasSuffix(text, "С уважением,\nИП Петрова") {
		t.Errorf("without a firm: %s", text)
	}
	anna.Join(book, id, winddown.Accountant)
	if strings.Contains(anna.Get(path).Main(), "Кто подписывает") {
		t.Error("a firm without requisites may sign")
	}
	book.PostForm("/firm/settings/requisites", url.Values{
		"legal_name": {"ООО «Учёт и порядок»"}, "inn": {"7707083893"}, "authority": {"доверенность № 5"},
	}).Want(http.StatusSeeOther)

	page := anna.Get(path + "?act=1")
	if choice := page.Form(path); choice.Get("signer") != "seller" || choice.Get("act") != "1" {
		t.Errorf("the choice stands at %v", choice)
	}
	if text := onPaper(page); !strings.HasSuffix(text, "С уважением,\nИП Петрова") {
		t.Errorf("nobody chose: %s", text)
	}
	for _, who := range []*testkit.Client{anna, book} {
		page = who.Get(path + "?act=1&signer=firm").Want(http.StatusOK)
		if text := page.ByID("text").FirstChild.Data; !strings.HasSuffix(text, "С уважением,\n"+byFirm) || text != onPaper(page) {
			t.Errorf("the firm signs: %s", text)
		}
	}
	for _, action := range []string{path, path + "/letter.txt", path + "/letter.docx"} {
		action += "?act=1&signer=firm"
		goes := func(n *node) bool {
			return testkit.Attr(n, "action") == action || testkit.Attr(n, "formaction") == action
		}
		if len(page.All(goes)) != 1 {
			t.Errorf("the text cannot be sent to %s", action)
		}
	}
	text := url.Values{"text": {onPaper(page)}}
	sheet := anna.PostForm(path+"?signer=firm", text).Want(http.StatusOK)
	if sheet.Form(path).Get("signer") != "firm" || !strings.HasSuffix(onPaper(sheet), byFirm) {
		t.Error("the sheet is signed by somebody else")
	}
	if txt := anna.PostForm(path+"/letter.txt?signer=firm", text); !strings.Contains(txt.Body, "Основание: доверенность № 5") {
		t.Errorf("the file: %s", txt.Body)
	}
}

// Letters are in Russian, whatever the reader reads.
func TestLettersAreInRussian(t *testing.T) {
	s := testkit.Start(t)
	anna := s.SignUp("Петрова", "petrova")
	path := "/cases/" + anna.OpenCase("ИП Петрова", 1).String() + "/letters/termination"
	before := anna.Get(path).ByID("text").FirstChild.Data
	anna.PostForm("/locale", url.Values{"locale": {"en"}, "next": {path}}).WantRedirect(path)
	page := anna.Get(path)
	if page.Heading() != "Letter: notice of termination" || page.ByID("text").FirstChild.Data != before {
		t.Errorf("%q with %q", page.Heading(), page.ByID("text").FirstChild.Data)
	}
}

// A letter about an act that stands elsewhere says so, and is about the act it suits.
func TestLettersOfSeveralActs(t *testing.T) {
	s := testkit.Start(t)
	anna := s.SignUp("Петрова", "petrova")
	id := anna.OpenCase("ИП Петрова", 1)
	list := "/cases/" + id.String()
	doubt := func(path string) string {
		t.Helper()
		return strings.Join(strings.Fields(anna.Get(path).Want(http.StatusOK).Main()), " ")
	}
	const warning = "О таком акте это письмо обычно не отправляют"
	if text := doubt(list + "/letters/objections"); !strings.Contains(text, "Акт сверки: Не запрошен. "+warning) {
		t.Errorf("objections to an act nobody asked for: %s", text)
	}
	anna.Mark(id, append(testkit.Goods(), winddown.RequestAct)...)
	if err := s.App.AddAct(t.Context(), anna.Actor(), id, winddown.AddAct{Counterparty: "ООО «РВБ»"}); err != nil {
		t.Fatal(err)
	}
	text := doubt(list + "/letters/reminder")
	if strings.Contains(text, warning) || strings.Contains(text, "РВБ") {
		t.Errorf("the reminder is not about the act that is awaited: %s", text)
	}
	if text := doubt(list + "/letters/reminder?act=2"); !strings.Contains(text, "Акт 2: ООО «РВБ»: Не запрошен. "+warning) {
		t.Errorf("a reminder of an act nobody asked for: %s", text)
	}
	if text := doubt(list + "/letters/termination"); strings.Contains(text, warning) {
		t.Error("the notice of termination is doubted")
	}
}
