package worker_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"winddown/internal/app"
	"winddown/internal/testkit"
	"winddown/internal/testmail"
	"winddown/internal/winddown"
)

// chased is a case whose act was asked for on the day of the clock.
func chased(c *testkit.Client, seller string, inn int) winddown.ID {
	id := c.OpenCase(seller, inn)
	c.Mark(id, winddown.ZeroFBS, winddown.SellOut, winddown.ReturnStock, winddown.CollectReturns, winddown.RequestAct)
	return id
}

// A digest goes through a real SMTP exchange: its headers, both bodies, the link that ends it.
func TestDigestArrives(t *testing.T) {
	o := open(t)
	moscow := winddown.Zone(winddown.DefaultZone)
	o.Clock.Set(time.Date(2026, time.November, 12, 12, 0, 0, 0, moscow))
	owner, accountant := o.SignUp("Анна Петрова", "petrova"), o.SignUp("Ирина Орлова", "orlova")
	id := chased(owner, "ИП Петрова", 1)
	owner.Join(accountant, id, winddown.Accountant)
	for i := range 4 {
		owner.Join(accountant, chased(owner, "ООО «Ромашка "+string(rune('А'+i))+"»", 2+i), winddown.Accountant)
	}
	o.Clock.Set(time.Date(2026, time.November, 13, 12, 0, 0, 0, moscow))
	step := owner.Version(id, winddown.SellOut)
	in := winddown.Review{Step: winddown.SellOut, Version: step, Reason: "На снимке <b>не тот</b> склад"}
	if err := o.App.SendBack(t.Context(), accountant.Actor(), id, in); err != nil {
		t.Fatal(err)
	}
	owner.Confirm()
	accountant.Confirm()
	if err := o.App.ChangeSettings(t.Context(), accountant.Actor(), app.Settings{Name: "Irina Orlova", Locale: "en", Zone: winddown.DefaultZone}); err != nil {
		t.Fatal(err)
	}
	o.Clock.Set(time.Date(2026, time.November, 17, 9, 30, 0, 0, moscow)) // working day 3
	o.work(t)
	o.work(t) // a second process changes nothing
	got := map[string]testmail.Parsed{}
	for _, l := range o.mail.Wait(t, 2) {
		got[l.To] = l.Parse(t)
	}
	p, en := got["petrova@example.ru"], got["orlova@example.ru"]
	if want := "ИП Петрова: шаг вернули на доработку и ещё у 4 продавцов"; p.Subject != want {
		t.Errorf("the owner's subject is %q, want %q", p.Subject, want)
	}
	if want := "ООО «Ромашка А»: the act is 5 days in coming, and 3 more sellers"; en.Subject != want {
		t.Errorf("the accountant's subject is %q, want %q", en.Subject, want)
	}
	for name, body := range map[string]string{"text": p.Text, "html": p.HTML} {
		for _, want := range []string{
			"На сегодня, 17 ноября", "«Распродать товар»: шаг вернули на доработку", "Напомнить Wildberries об акте сверки",
			"запрошен 12 ноября, ждём 5 дней", o.URL + "/cases/" + id.String() + "/steps/sell_out", "/letters/reminder?act=1",
			o.URL + "/account/mail", o.URL + "/unsubscribe/",
		} {
			if !strings.Contains(body, want) {
				t.Errorf("the %s lacks %q:\n%s", name, want, body)
			}
		}
	}
	if strings.Contains(p.HTML, "<b>не тот</b>") || !strings.Contains(p.Text, "На снимке <b>не тот</b> склад") {
		t.Errorf("the reason is not drawn as it was typed:\n%s", p.HTML)
	}
	if strings.Contains(en.Text, "ИП Петрова\n") { // he sent the step back himself, and the act rests meanwhile
		t.Errorf("the accountant hears of what he did:\n%s", en.Text)
	}
	stop, ok := strings.CutPrefix(strings.Trim(p.Get("List-Unsubscribe"), "<>"), o.URL)
	if !ok || p.Get("List-Unsubscribe-Post") != "List-Unsubscribe=One-Click" {
		t.Fatalf("List-Unsubscribe %q, %q", p.Get("List-Unsubscribe"), p.Get("List-Unsubscribe-Post"))
	}
	if id := p.Get("Message-Id"); !strings.HasPrefix(id, "<digest.") || id == en.Get("Message-Id") {
		t.Errorf("Message-ID %q", id)
	}
	o.Anybody().PostForm(stop, nil, "Content-Type", "application/x-www-form-urlencoded").Want(http.StatusOK)
	read, err := o.App.MailSettings(t.Context(), owner.Actor())
	if err != nil || read.Settings.Frequency != winddown.Never {
		t.Errorf("after one click letters come %s, %v", read.Settings.Frequency, err)
	}
}

// A letter that is refused for good is not planned anew all day, and has told nothing.
func TestDigestAfterARefusal(t *testing.T) {
	o := open(t)
	c := o.SignUp("Анна Петрова", "petrova")
	chased(c, "ИП Петрова", 1)
	c.Confirm()
	refused := make(chan struct{}, 1)
	o.mail.Refuse = func(string) string {
		select {
		case refused <- struct{}{}:
		default: // it is refused once, or the states below say so
		}
		return "550 5.1.1 no such user"
	}
	o.Clock.Set(time.Date(2026, time.November, 25, 6, 0, 0, 0, time.UTC))
	t.Run("work", func(t *testing.T) { // the workers end with it, and finish what they began
		o.work(t)
		<-refused
	})
	if states := o.rows(t, "select state::text from river_job where kind = 'digest'"); len(states) != 1 || states[0] != "cancelled" {
		t.Errorf("the refused letter is %v", states)
	}
	o.Clock.Advance(time.Hour)
	if planned, err := o.App.PlanDigests(t.Context()); err != nil || len(planned) != 0 {
		t.Errorf("a letter that was refused is planned again: %v, %v", planned, err)
	}
	if told := o.rows(t, "select key from digest_items"); len(told) != 0 {
		t.Errorf("a letter nobody got has told %v", told)
	}
}
