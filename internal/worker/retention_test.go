package worker_test

import (
	"strings"
	"testing"

	"winddown/internal/app"
	"winddown/internal/winddown"
)

// The people of a case are told by letter when its time of retention is over, and its page says so with a
// button that keeps it.
func TestLetterAboutRetention(t *testing.T) {
	o := open(t)
	anna := o.SignUp("Анна Ким", "kim")
	anna.Confirm()
	id := anna.OpenCase("ИП Ким", 1)
	page := "/cases/" + id.String()
	o.rows(t, "update cases set changed_at = changed_at - interval '61 months', finished_on = opened_on, stage = 'finished' returning id::text")
	keeping := app.New(o.DB, app.Options{Now: o.Clock.Now, Retention: winddown.MinRetention})
	if n, err := keeping.ExpireCases(t.Context()); err != nil || n != 1 {
		t.Fatalf("the retention of %d cases is over, %v", n, err)
	}
	if p := anna.Get(page); !p.HasForm(page+"/keep") || !strings.Contains(p.Main(), "Срок хранения закончился") {
		t.Errorf("the page says:\n%s", p.Main())
	}
	o.work(t)
	l := o.mail.Wait(t, 1)[0].Parse(t)
	if l.Subject != "ИП Ким: уход скоро будет стёрт" || !strings.Contains(l.Text, "6 декабря 2026") || !strings.Contains(l.Text, o.URL+page) {
		t.Errorf("%s:\n%s", l.Subject, l.Text)
	}
}
