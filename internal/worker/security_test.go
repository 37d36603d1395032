package worker_test

import (
	"encoding/base32"
	"strings"
	"testing"

	"winddown/internal/winddown"
)

// Who has turned his second factor on or off is told so, at the address that letters have reached.
func TestLettersAboutTheSecondFactor(t *testing.T) {
	o := open(t)
	anna := o.SignUp("Анна Ким", "kim")
	anna.Confirm()
	if err := o.App.StartTwoFactor(t.Context(), anna.Actor()); err != nil {
		t.Fatal(err)
	}
	shown, err := o.App.TwoFactor(t.Context(), anna.Actor())
	if err != nil {
		t.Fatal(err)
	}
	secret, err := base32.StdEncoding.DecodeString(shown.Setup)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := o.App.ConfirmTwoFactor(t.Context(), anna.Actor(), winddown.TOTPCode(secret, o.Clock.Now())); err != nil {
		t.Fatal(err)
	}
	if err := o.App.ResetTwoFactor(t.Context(), anna.Email); err != nil {
		t.Fatal(err)
	}
	o.work(t)
	for i, want := range []string{"Winddown: вход в два шага включён", "Winddown: вход в два шага выключен"} {
		l := o.mail.Wait(t, 2)[i].Parse(t)
		if l.Subject != want || !strings.Contains(l.Text, anna.Email) || !strings.Contains(l.HTML, o.URL+"/account") || strings.Contains(l.Text, shown.Setup) {
			t.Errorf("letter %d: %s\n%s", i, l.Subject, l.Text)
		}
	}
}
