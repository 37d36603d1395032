package worker_test

import (
	"strings"
	"testing"

	"winddown/internal/winddown"
)

// Whoever deletes his account is told so, and once more when he is erased; then his address is gone
// from the database too.
func TestLettersAboutLeaving(t *testing.T) {
	o := open(t)
	c := o.SignUp("Анна Петрова", "petrova")
	c.Confirm()
	o.work(t)
	if err := o.App.DeleteAccount(t.Context(), c.Actor(), "petrova@example.ru"); err != nil {
		t.Fatal(err)
	}
	first := o.mail.Wait(t, 1)[0].Parse(t)
	if first.Subject != "Winddown: учётная запись будет удалена" || !strings.Contains(first.Text, o.URL+"/account/delete") {
		t.Errorf("%s:\n%s", first.Subject, first.Text)
	}
	o.Clock.Advance(winddown.LeaveTerm)
	if n, err := o.App.EraseAccounts(t.Context()); err != nil || n != 1 {
		t.Fatalf("%d accounts were erased, %v", n, err)
	}
	last := o.mail.Wait(t, 2)[1]
	if p := last.Parse(t); last.To != "petrova@example.ru" || p.Subject != "Winddown: учётная запись удалена" {
		t.Errorf("%s to %s", p.Subject, last.To)
	}
	t.Run("work", func(t *testing.T) { // it ends with what it began: the letter is noted as sent
		o.work(t)
		c := o.SignUp("Иван Ким", "kim")
		c.Confirm()
		if err := o.App.DeleteAccount(t.Context(), c.Actor(), "kim@example.ru"); err != nil {
			t.Fatal(err)
		}
		o.mail.Wait(t, 3)
	})
	if left := o.rows(t, "select email from farewells"); len(left) != 0 {
		t.Errorf("after the last letter its address is kept: %q", left)
	}
}
