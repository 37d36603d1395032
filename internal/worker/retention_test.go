package worker_test

import (
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

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
	boris := o.SignUp("Борис Орлов", "orlov") // nobody is responsible for his seller, who has no owner either
	boris.Confirm()
	alone := boris.AddSeller("ООО Заря", 2)
	o.rows(t, "update cases set changed_at = changed_at - interval '61 months', archived_at = changed_at - interval '61 months', responsible_id = null where id = '"+
		alone.String()+"' returning id::text")
	vera := o.SignUp("Вера Цой", "vera") // no letter has ever reached her: she is told, and nothing of the case
	old := func(n int) winddown.ID {
		id := vera.OpenCase("ООО Север", n)
		o.rows(t, "update cases set changed_at = changed_at - interval '61 months', finished_on = opened_on, stage = 'finished' where id = '"+id.String()+"' returning id::text")
		return id
	}
	hers := old(3)
	old(4)
	keeping := app.New(o.DB, app.Options{Now: o.Clock.Now, Retention: winddown.MinRetention})
	if n, err := keeping.ExpireCases(t.Context()); err != nil || n != 4 {
		t.Fatalf("the retention of %d cases is over, %v", n, err)
	}
	if p := anna.Get(page); !p.HasForm(page+"/keep") || !strings.Contains(p.Main(), "Срок хранения закончился") {
		t.Errorf("the page says:\n%s", p.Main())
	}
	o.work(t)
	o.work(t) // a second process changes nothing
	for _, raw := range o.mail.Wait(t, 3) {
		if raw.To == vera.Email {
			l := raw.Parse(t)
			if strings.Contains(l.Subject+l.Text, "Север") || strings.Contains(l.Text, hers.String()) || !strings.Contains(l.Text, "6 декабря 2026") || !strings.Contains(l.Text, o.URL+"/cases") {
				t.Errorf("she who is not confirmed reads: %s:\n%s", l.Subject, l.Text)
			}
			continue
		}
		subject, address := "ИП Ким: уход скоро будет стёрт", o.URL+page
		if raw.To == boris.Email {
			subject, address = "ООО Заря: уход скоро будет стёрт", o.URL+"/cases/"+alone.String()
		}
		if l := raw.Parse(t); l.Subject != subject || !strings.Contains(l.Text, "6 декабря 2026") || !strings.Contains(l.Text, address) {
			t.Errorf("%s: %s:\n%s", raw.To, l.Subject, l.Text)
		}
	}
	// They do not stand in front of letters that somebody waits for.
	if got := o.rows(t, "select priority::text from river_job where args ->> 'what' = 'case_expired'"); !slices.Equal(got, []string{"2", "2", "2"}) {
		t.Errorf("their priorities are %q", got)
	}
	// To her one letter a day is enough, whatever comes later: which case it is about it does not say.
	for i, later := range []time.Duration{time.Hour, 24 * time.Hour} {
		o.Clock.Advance(later)
		old(5 + i)
		if n, err := keeping.ExpireCases(t.Context()); err != nil || n != 1 {
			t.Fatalf("the retention of %d cases is over, %v", n, err)
		}
		register(t, o.App, "after"+strconv.Itoa(i)+"@example.ru", "ru")
		o.mail.Wait(t, 4+2*i)
		if got := o.rows(t, "select args ->> 'on' from river_job where kind = 'warning' order by id"); !slices.Equal(got, []string{"2026-11-22", "2026-11-23"}[:1+i]) {
			t.Errorf("%s later she was written to on %q", later, got)
		}
	}
}
