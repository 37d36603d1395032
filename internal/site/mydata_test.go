package site_test

import (
	"archive/zip"
	"encoding/json"
	"html"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"winddown/internal/testkit"
	"winddown/internal/winddown"
	"winddown/web/static"
)

// The archive is whole: tables a program can read and a page that tells of each of them. It is given
// to whoever proves who he is, a few times an hour, and noted in his trail.
func TestMyData(t *testing.T) {
	s := testkit.Start(t)
	c := s.SignUp("Анна Петрова", "petrova")
	id := c.OpenCase("ИП Петрова", 1)
	c.PostForm("/account/mail", map[string][]string{"frequency": {"never"}, "hour": {"9"}, "weekday": {"1"}}).Want(http.StatusSeeOther)
	s.Clock.Advance(winddown.ProofTerm + time.Second)
	if asked := c.PostForm("/account/data", nil).Want(http.StatusForbidden); asked.HasForm("/locale") || !c.Get("/account/data").HasForm("/locale") {
		t.Error("on the answer to a form the switch of the language leads away from what was typed, or no page has one")
	} else if !strings.Contains(asked.Body, `name="proof_password"`) {
		t.Fatal("nobody asks for the password")
	}
	before := c.Downloads()
	got := c.PostForm("/account/data", map[string][]string{"proof_password": {testkit.Password}}).Want(http.StatusOK)
	if d := got.Header.Get("Content-Disposition"); !strings.HasPrefix(d, "attachment") || got.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("it is sent as %q", d)
	}
	if n := c.Downloads(); n != before+1 {
		t.Errorf("%d lines about it in the trail", n-before)
	}
	z, err := zip.NewReader(strings.NewReader(got.Body), int64(len(got.Body)))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range z.File {
		if !f.Modified.Equal(s.Clock.Now()) {
			t.Errorf("%s is dated %s, want %s", f.Name, f.Modified, s.Clock.Now())
		}
	}
	read := func(name string) string {
		f, err := z.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		all, err := io.ReadAll(f)
		if err != nil {
			t.Fatal(err)
		}
		return string(all)
	}
	var data map[string][]map[string]any
	if err := json.Unmarshal([]byte(read("data.json")), &data); err != nil {
		t.Fatal(err)
	}
	if len(data["profile"]) != 1 || data["profile"][0]["email"] != "petrova@example.ru" || len(data["sessions"]) != 1 || len(data["events"]) < 3 {
		t.Errorf("data.json holds %v", data)
	}
	index := read("index.html")
	_, style, _ := strings.Cut(index, "<style>")
	style, _, _ = strings.Cut(style, "</style>")
	if policy := html.EscapeString(static.StylePolicy(style)); style == "" || !strings.Contains(index, `content="`+policy+`"`) {
		t.Errorf("the page does not allow its own style by %s", policy)
	}
	for section := range data {
		if !strings.Contains(index, "<code>"+section+"</code>") {
			t.Errorf("the page does not tell of %s", section)
		}
	}
	for _, want := range []string{">Входы</h2>", "<dt>Адрес почты</dt>", "<dd>petrova@example.ru</dd>", "<dd>ИП Петрова</dd>", ">22 ноября 2026, 12:00", "<dd>Владелец</dd>",
		"<dd>Не писать</dd>", ", Вопросы и ответы, ", "<dd>Москва (МСК)</dd>", "<dd>Русский</dd>",
		// The history in the words of the case's own, whatever it is about.
		">Уход начат\nНазвание: ИП Петрова", `data-label="Что произошло">Изменены настройки</td>`, ">Вы зарегистрировались</td>", ">Вы подтвердили, что это вы</td>"} {
		if !strings.Contains(index, want) {
			t.Errorf("nobody reads %q on the page:\n%s", want, index)
		}
	}
	for _, code := range []string{"case_opened", "user_registered", "<script", "src=", "style=", "url("} {
		if strings.Contains(index, code) {
			t.Errorf("the page holds %q", code)
		}
	}
	if !strings.Contains(index, "/cases/"+id.String()+"/pack.zip") || strings.Contains(index, "[mydata") {
		t.Errorf("the page is\n%s", index)
	}
	for range 5 {
		c.PostForm("/account/data", nil).Want(http.StatusOK)
	}
	c.PostForm("/account/data", nil).Want(http.StatusTooManyRequests)
}
