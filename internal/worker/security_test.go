package worker_test

import (
	"encoding/base32"
	"strings"
	"testing"

	"github.com/descope/virtualwebauthn"

	"winddown/internal/app"
	"winddown/internal/winddown"
)

// Who has turned his second factor on or off, or set a new password, is told so, at the address
// that letters have reached.
func TestLettersAboutWhatGuardsAnAccount(t *testing.T) {
	o := open(t)
	anna := o.SignUp("Анна Ким", "kim")
	anna.Confirm()
	var shown app.TwoFactor
	for range 2 { // the second phone takes the place of the first
		actor := anna.Actor()
		if err := o.App.StartTwoFactor(t.Context(), actor); err != nil {
			t.Fatal(err)
		}
		var err error
		if shown, err = o.App.TwoFactor(t.Context(), actor); err != nil {
			t.Fatal(err)
		}
		secret, err := base32.StdEncoding.DecodeString(shown.Setup)
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := o.App.ConfirmTwoFactor(t.Context(), actor, winddown.TOTPCode(secret, o.Clock.Now())); err != nil {
			t.Fatal(err)
		}
	}
	if err := o.App.ResetTwoFactor(t.Context(), anna.Email); err != nil {
		t.Fatal(err)
	}
	link, err := o.App.ResetLetter(t.Context(), anna.ID, o.Clock.Now())
	if err != nil {
		t.Fatal(err)
	}
	if err := o.App.ResetPassword(t.Context(), link.Token, "другой лист под ногой"); err != nil {
		t.Fatal(err)
	}
	o.work(t)
	subjects := []string{"вход в два шага включён", "вход в два шага перенесён на другое устройство", "вход в два шага выключен", "пароль изменён"}
	for i, want := range subjects {
		l := o.mail.Wait(t, len(subjects))[i].Parse(t)
		if l.Subject != "Winddown: "+want || !strings.Contains(l.Text, anna.Email) || !strings.Contains(l.HTML, o.URL+"/account") || strings.Contains(l.Text, shown.Setup) {
			t.Errorf("letter %d: %s\n%s", i, l.Subject, l.Text)
		}
	}
}

// Who gets a passkey, or loses his passkeys, is told so.
func TestLettersAboutPasskeys(t *testing.T) {
	o := open(t)
	anna := o.SignUp("Анна Ким", "kim")
	anna.Confirm()
	const base = "https://winddown.example"
	party, actor := app.NewRelyingParty(base), anna.Actor()
	_, asked, err := o.App.AskForNewPasskey(t.Context(), actor, party, "Телефон")
	if err != nil {
		t.Fatal(err)
	}
	options, err := virtualwebauthn.ParseAttestationOptions(string(asked))
	if err != nil {
		t.Fatal(err)
	}
	phone := virtualwebauthn.NewAuthenticatorWithOptions(virtualwebauthn.AuthenticatorOptions{UserHandle: actor.UserID[:]})
	answer := virtualwebauthn.CreateAttestationResponse(virtualwebauthn.RelyingParty{ID: "winddown.example", Origin: base}, phone,
		virtualwebauthn.NewCredential(virtualwebauthn.KeyTypeRSA), *options)
	if err := o.App.AddPasskey(t.Context(), actor, party, "Телефон", []byte(answer)); err != nil {
		t.Fatal(err)
	}
	if err := o.App.ResetTwoFactor(t.Context(), anna.Email); err != nil {
		t.Fatal(err)
	}
	o.work(t)
	for i, want := range []string{"Winddown: добавлен ключ доступа", "Winddown: ключ доступа удалён"} {
		if l := o.mail.Wait(t, 2)[i].Parse(t); l.Subject != want || !strings.Contains(l.Text, anna.Email) || !strings.Contains(l.HTML, o.URL+"/account") {
			t.Errorf("letter %d: %s\n%s", i, l.Subject, l.Text)
		}
	}
}
