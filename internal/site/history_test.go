package site_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"winddown/internal/testkit"
	"winddown/internal/winddown"
)

func TestHistoryPages(t *testing.T) {
	s := testkit.Start(t)
	anna := s.SignUp("Петрова", "petrova")
	id := anna.OpenCase("ИП Петрова", 1)
	for i := range 60 { // and the opening: 61 lines
		form := url.Values{"done": {"no"}, "version": {fmt.Sprint(i + 1)}, "note": {fmt.Sprintf("Заметка %d.", i)}}
		anna.PostForm(stepPath(id, winddown.ZeroFBS), form).Want(http.StatusSeeOther)
	}
	path := "/cases/" + id.String() + "/history"
	lines := func(p *testkit.Page) int { return len(p.All(func(n *node) bool { return n.Data == "time" })) }
	first := anna.Get(path).Want(http.StatusOK)
	if lines(first) != 50 || !strings.Contains(first.Main(), "Заметка 59.") || strings.Contains(first.Main(), "Заметка 8.") {
		t.Errorf("the first page has %d lines", lines(first))
	}
	next := first.Link("Следующая страница")
	second := anna.Get(next).Want(http.StatusOK)
	if lines(second) != 11 || !strings.Contains(second.Main(), "Уход начат") || !strings.Contains(second.Main(), "Заметка 8.") {
		t.Errorf("the second page has %d lines", lines(second))
	}
	if second.Link("Предыдущая страница") != path || len(second.All(func(n *node) bool { return testkit.Attr(n, "rel") == "next" })) != 0 {
		t.Error("the pages are not linked")
	}
	anna.Get(path + "?before=1").Want(http.StatusOK)
	for _, before := range []string{"x", "0", "-1", "1.5", "99999999999999999999"} {
		anna.Get(path + "?before=" + before).Want(http.StatusUnprocessableEntity)
	}
}

func TestHistoryNamesPeople(t *testing.T) {
	s := testkit.Start(t)
	anna, book := s.SignUp("Петрова", "petrova"), s.SignUp("Смирнов", "smirnov")
	id := anna.OpenCase("ИП Петрова", 1)
	anna.Join(book, id, winddown.Accountant)
	if err := s.App.SetActing(t.Context(), anna.Actor(), id, true); err != nil {
		t.Fatal(err)
	}
	book.Mark(id, winddown.ZeroFBS)
	if err := s.App.SetActing(t.Context(), anna.Actor(), id, false); err != nil {
		t.Fatal(err)
	}
	if err := s.App.RemovePerson(t.Context(), anna.Actor(), id, book.ID); err != nil {
		t.Fatal(err)
	}
	text := anna.Get("/cases/" + id.String() + "/history").Main()
	for _, want := range []string{
		"Уход начат", "ИНН: " + testkit.INN(1), "Остаток: И то и другое", "Создано приглашение: бухгалтер", "Открыт доступ: Смирнов, бухгалтер",
		"Бухгалтер может отмечать шаги за продавца", "Смирнов за ИП Петрова", "Бухгалтер больше не отмечает шаги за продавца",
		"Закрыт доступ: Смирнов, бухгалтер", "22 ноября 2026, 12:00 МСК · Петрова",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the history lacks %q", want)
		}
	}
	book.Get("/cases/" + id.String() + "/history").Want(http.StatusNotFound)
}
