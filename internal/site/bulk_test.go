package site_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"winddown/internal/testkit"
	"winddown/internal/winddown"
)

// The second page offers all that the filters found; what is sent is what it showed.
func TestAllThatWereFound(t *testing.T) {
	s := testkit.Start(t)
	book := s.SignUp("Смирнов", "smirnov")
	var ids []winddown.ID
	for i, name := range []string{"ООО «Маяк»", "ООО «Маяк 2»", "ООО «Оникс»"} {
		ids = append(ids, book.AddSeller(name, i+1))
	}
	page := book.PostForm("/sellers/bulk", url.Values{"do": {"archive"}, "case": {ids[0].String()}, "query": {"q=маяк"}}).Want(http.StatusOK)
	form := page.Form("/sellers/archive")
	if got := strings.Fields(form.Get("found")); len(got) != 2 || form.Get("scope") != "picked" {
		t.Fatalf("the page carries %v", form)
	}
	form.Set("scope", "found")
	book.PostForm("/sellers/archive", form).WantRedirect("/sellers?q=%D0%BC%D0%B0%D1%8F%D0%BA")
	if got := all(book, "/sellers"); len(got) != 1 || got[0] != "seller-"+ids[2].String() {
		t.Errorf("the register keeps %v", got)
	}
	if got := all(book, "/sellers?archive=yes"); len(got) != 2 {
		t.Errorf("the archive holds %v", got)
	}
	// A search says what it finds in the archive.
	if link := book.Get("/sellers?q=маяк").Want(http.StatusOK).Link("В архиве найдено: 2"); link != "/sellers?archive=yes&q=%D0%BC%D0%B0%D1%8F%D0%BA" {
		t.Errorf("the archive is at %q", link)
	}
}
