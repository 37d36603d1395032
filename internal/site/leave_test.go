package site_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"winddown/internal/testkit"
)

// A person deletes his account, is told so on every page, and keeps it; while a case would be left to
// nobody the page says so and has no form.
func TestDeletingAnAccount(t *testing.T) {
	s := testkit.Start(t)
	c := s.SignUp("Анна Петрова", "petrova")
	id := c.OpenCase("ИП Петрова", 1)
	asked := c.Get("/account/delete").Want(http.StatusOK)
	if !strings.Contains(asked.Body, "/cases/"+id.String()+"/delete") || strings.Contains(asked.Body, `action="/account/delete"`) {
		t.Errorf("with a case of one's own the page offers:\n%s", asked.Body)
	}
	if !asked.HasLink("/cases/" + id.String() + "/transfer") {
		t.Error("the page does not lead to where the case is handed over")
	}
	c.PostForm("/account/delete", url.Values{"email": {"petrova@example.ru"}}).Want(http.StatusConflict)
	c.PostForm("/cases/"+id.String()+"/delete", url.Values{"seller_name": {"ИП Петрова"}}).Want(http.StatusSeeOther)
	c.PostForm("/account/delete", url.Values{"email": {"x"}}).Want(http.StatusUnprocessableEntity)
	c.PostForm("/account/delete", url.Values{"email": {"petrova@example.ru"}}).Want(http.StatusSeeOther)
	for _, path := range []string{"/cases", "/account", "/account/delete"} {
		if page := c.Get(path).Want(http.StatusOK); !strings.Contains(page.Body, `action="/account/keep"`) {
			t.Errorf("%s does not say that the account is deleted", path)
		}
	}
	c.PostForm("/account/keep", nil).Want(http.StatusSeeOther)
	if page := c.Get("/cases").Want(http.StatusOK); strings.Contains(page.Body, `action="/account/keep"`) {
		t.Error("a kept account is still said to be deleted")
	}
}
