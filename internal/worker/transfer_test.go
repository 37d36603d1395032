package worker_test

import (
	"slices"
	"strings"
	"testing"

	"winddown/internal/winddown"
)

// The owner is told that a link was made to hand his case over; once it is accepted both are told, and
// the person invited gets his letter.
func TestLettersAboutATransfer(t *testing.T) {
	o := open(t)
	anna, boris := o.SignUp("Анна Ким", "kim"), o.SignUp("Борис Орлов", "orlov")
	anna.Confirm()
	boris.Confirm()
	id := anna.OpenCase("ИП Ким", 1)
	token, err := o.App.Transfer(t.Context(), anna.Actor(), id, boris.Email)
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
