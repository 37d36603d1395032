package worker_test

import (
	"slices"
	"strings"
	"testing"

	"winddown/internal/testmail"
	"winddown/internal/winddown"
)

// The owner is told that a link was made to hand his case over; once it is accepted both are told, and
// the person invited gets his letter. Nobody is sent to a contact that was never given.
func TestLettersAboutATransfer(t *testing.T) {
	for _, contact := range []string{"", "+7 495 000-00-00"} {
		t.Run(contact, func(t *testing.T) { lettersAboutATransfer(t, contact) })
	}
}

func lettersAboutATransfer(t *testing.T, contact string) {
	o := open(t)
	o.contact = contact
	anna, boris := o.SignUp("Анна Ким", "kim"), o.SignUp("Борис Орлов", "orlov")
	anna.Confirm()
	boris.Confirm()
	id := anna.OpenCase("ИП Ким", 1)
	token, _, err := o.App.Transfer(t.Context(), anna.Actor(), id, boris.Email)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := o.App.Accept(t.Context(), boris.Actor(), token); err != nil {
		t.Fatal(err)
	}
	o.work(t)
	var got []string
	for _, raw := range o.mail.Wait(t, 3) {
		l := raw.Parse(t)
		for word, must := range map[string]string{"уход передан": "Борис Орлов", "вы владелец": "Анна Ким"} {
			if strings.Contains(l.Subject, word) && !strings.Contains(l.Text, must) {
				t.Errorf("%s does not name %s:\n%s", l.Subject, must, l.Text)
			}
		}
		if strings.Contains(l.Subject, "уход передан") && (strings.Contains(l.Text, "сайт: +7 495 000-00-00") != (contact != "") || strings.Contains(l.Text, "на странице "+o.URL+"/privacy") != (contact == "")) {
			t.Errorf("with the contact %q:\n%s", contact, l.Text)
		}
		got = append(got, raw.To+": "+l.Subject)
	}
	slices.Sort(got)
	want := []string{anna.Email + ": ИП Ким: сделана ссылка для передачи ухода", anna.Email + ": ИП Ким: уход передан", boris.Email + ": ИП Ким: вы владелец ухода"}
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("the letters are %q, want %q", got, want)
	}
}

// Everybody in a case is told by letter that its owner is said to be lost, and what became of it.
func TestLettersAboutARescue(t *testing.T) {
	o := open(t)
	operator, anna, helper := o.SignUp("Смотров", "op"), o.SignUp("Анна Ким", "kim"), o.SignUp("Борис Орлов", "orlov")
	anna.Confirm()
	helper.Confirm()
	id := anna.OpenCase("ИП Ким", 1)
	anna.Join(helper, id, winddown.Helper)
	if err := o.App.AskRescue(t.Context(), operator.Actor(), id, "Не отвечает"); err != nil {
		t.Fatal(err)
	}
	o.work(t)
	var got []string
	for _, raw := range o.mail.Wait(t, 2) {
		l := raw.Parse(t)
		if !strings.Contains(l.Text, "29 ноября 2026") || !strings.Contains(l.Text, o.URL+"/cases/"+id.String()+"/people") || strings.Contains(l.Text, "Не отвечает") {
			t.Errorf("%s:\n%s", l.Subject, l.Text)
		}
		got = append(got, raw.To+": "+l.Subject)
	}
	slices.Sort(got)
	if want := []string{anna.Email + ": ИП Ким: с владельцем нет связи?", helper.Email + ": ИП Ким: с владельцем нет связи?"}; !slices.Equal(got, want) {
		t.Errorf("the letters are %q, want %q", got, want)
	}
}

// Whoever no letter has reached is warned too, with nothing of the case: until when while he can wait,
// at once when the link is there, and not at all when nothing happens.
func TestWarningOfARescue(t *testing.T) {
	o := open(t)
	operator, vera := o.SignUp("Смотров", "op"), o.SignUp("Вера Цой", "vera")
	id := vera.OpenCase("ООО Север", 3)
	ask := func() {
		t.Helper()
		if err := o.App.AskRescue(t.Context(), operator.Actor(), id, "Не отвечает"); err != nil {
			t.Fatal(err)
		}
	}
	ask()
	if err := o.App.DropRescue(t.Context(), operator.Actor(), id); err != nil {
		t.Fatal(err)
	}
	ask()
	o.rows(t, "update cases set rescue_asked_at = rescue_asked_at - interval '8 days', rescue_at = rescue_at - interval '8 days' returning id::text")
	if _, err := o.App.Rescue(t.Context(), operator.Actor(), id, ""); err != nil {
		t.Fatal(err)
	}
	if err := o.App.ObjectToRescue(t.Context(), vera.Actor(), id); err != nil {
		t.Fatal(err)
	}
	o.work(t)
	for i, raw := range o.mail.Wait(t, 2) {
		l := raw.Parse(t)
		must, mustNot := "Один из ваших уходов 29 ноября 2026 может", "в любой момент"
		if i == 1 {
			must, mustNot = "в любой момент. Войдите сейчас", "ноября"
		}
		if raw.To != vera.Email || !strings.Contains(l.Text, must) || strings.Contains(l.Text, mustNot) || strings.Contains(l.Subject+l.Text, "Север") || strings.Contains(l.Text, id.String()) {
			t.Errorf("letter %d to %s: %s:\n%s", i, raw.To, l.Subject, l.Text)
		}
	}
	if got := o.rows(t, "select args ->> 'what' from river_job order by id"); !slices.Equal(got, []string{"rescue_asked", "rescue_offered"}) {
		t.Errorf("the letters are about %q", got)
	}
}

// An owner whom no letter has reached is told, with nothing of the case, that a link was made to hand one of
// his over and that one went: somebody else may sit at his browser. However many links are made, that is
// one letter a day.
func TestWarningOfATransfer(t *testing.T) {
	o := open(t)
	vera, boris := o.SignUp("Вера Цой", "vera"), o.SignUp("Борис Орлов", "orlov")
	boris.Confirm()
	id := vera.OpenCase("ООО Север", 3)
	var token string
	for range 3 {
		var err error
		if token, _, err = o.App.Transfer(t.Context(), vera.Actor(), id, ""); err != nil {
			t.Fatal(err)
		}
	}
	if _, _, err := o.App.Accept(t.Context(), boris.Actor(), token); err != nil {
		t.Fatal(err)
	}
	o.contact = "post@operator.example"
	o.work(t)
	var got []string
	for _, raw := range o.mail.Wait(t, 3) {
		l := raw.Parse(t)
		got = append(got, raw.To+": "+l.Subject)
		if raw.To == boris.Email {
			continue
		}
		if strings.Contains(l.Subject+l.Text, "Север") || strings.Contains(l.Text, "Борис") || strings.Contains(l.Text, id.String()) || !strings.Contains(l.Text, "этот адрес не подтверждён") {
			t.Errorf("she who is not confirmed reads: %s:\n%s", l.Subject, l.Text)
		}
		must := []string{"сделана ссылка", "задайте новый пароль", o.URL + "/cases"}
		if strings.Contains(l.Subject, "передан") {
			must = []string{"новый владелец", "задайте новый пароль", "post@operator.example", o.URL + "/account"}
		}
		for _, words := range must {
			if !strings.Contains(l.Text, words) {
				t.Errorf("%s does not say %q:\n%s", l.Subject, words, l.Text)
			}
		}
	}
	slices.Sort(got)
	want := []string{vera.Email + ": Winddown: один из ваших уходов хотят передать", vera.Email + ": Winddown: один из ваших уходов передан", boris.Email + ": ООО Север: вы владелец ухода"}
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("the letters are %q, want %q", got, want)
	}
}

// Of every case that went an owner whom no letter has reached is told, also when others went on the same
// day and their letters have arrived: nothing takes it back. Of the links he is told once a day.
func TestWarningOfEveryTransferOfADay(t *testing.T) {
	o := open(t)
	vera, boris := o.SignUp("Вера Цой", "vera"), o.SignUp("Борис Орлов", "orlov")
	boris.Confirm()
	cases := []winddown.ID{vera.OpenCase("ООО Север", 3), vera.OpenCase("ООО Юг", 4)}
	o.work(t)
	var letters []testmail.Letter
	for i, id := range cases {
		token, _, err := o.App.Transfer(t.Context(), vera.Actor(), id, "")
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := o.App.Accept(t.Context(), boris.Actor(), token); err != nil {
			t.Fatal(err)
		}
		letters = o.mail.Wait(t, 3+2*i)
	}
	got := o.rows(t, "select args ->> 'what' from river_job where kind = 'warning' order by id")
	if want := []string{"transfer_offered", "transfer_given", "transfer_given"}; !slices.Equal(got, want) {
		t.Errorf("she is told of %q, want %q", got, want)
	}
	ids := map[string]bool{}
	for _, raw := range letters {
		if id := raw.Parse(t).Get("Message-Id"); ids[id] {
			t.Errorf("two letters are %s", id)
		} else {
			ids[id] = true
		}
	}
}

// A former owner who was said to be lost is not asked whether he handed his case over.
func TestLetterToAnOwnerWhoWasLost(t *testing.T) {
	o := open(t)
	operator, anna, boris := o.SignUp("Смотров", "op"), o.SignUp("Анна Ким", "kim"), o.SignUp("Борис Орлов", "orlov")
	anna.Confirm()
	boris.Confirm()
	id := anna.OpenCase("ИП Ким", 1)
	if err := o.App.AskRescue(t.Context(), operator.Actor(), id, "Не отвечает"); err != nil {
		t.Fatal(err)
	}
	o.rows(t, "update cases set rescue_asked_at = rescue_asked_at - interval '8 days', rescue_at = rescue_at - interval '8 days' returning id::text")
	token, err := o.App.Rescue(t.Context(), operator.Actor(), id, "")
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := o.App.Accept(t.Context(), boris.Actor(), token); err != nil {
		t.Fatal(err)
	}
	o.work(t)
	var told []string
	for _, raw := range o.mail.Wait(t, 4) {
		l := raw.Parse(t)
		if strings.Contains(l.Text, "новый пароль") {
			t.Errorf("%s is told of a new password:\n%s", raw.To, l.Text)
		}
		if strings.Contains(l.Text, "Борис Орлов") {
			if !strings.Contains(l.Text, "на странице "+o.URL+"/privacy") {
				t.Errorf("she is sent to a contact that was never given:\n%s", l.Text)
			}
			told = append(told, raw.To+": "+l.Subject)
		}
	}
	if want := []string{anna.Email + ": ИП Ким: у ухода новый владелец"}; !slices.Equal(told, want) {
		t.Errorf("the letters are %q, want %q", told, want)
	}
}
