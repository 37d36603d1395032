package worker_test

import (
	"encoding/base32"
	"strings"
	"testing"

	"github.com/descope/virtualwebauthn"

	"winddown/internal/app"
	"winddown/internal/testkit"
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
	if _, err := o.App.ResetTwoFactor(t.Context(), anna.Email); err != nil {
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
	if _, err := o.App.ResetTwoFactor(t.Context(), anna.Email); err != nil {
		t.Fatal(err)
	}
	o.work(t)
	for i, want := range []string{"Winddown: добавлен ключ доступа", "Winddown: ключ доступа удалён"} {
		if l := o.mail.Wait(t, 2)[i].Parse(t); l.Subject != want || !strings.Contains(l.Text, anna.Email) || !strings.Contains(l.HTML, o.URL+"/account") {
			t.Errorf("letter %d: %s\n%s", i, l.Subject, l.Text)
		}
	}
}

// A login in a new browser is told of, with when, in what and from where, once.
func TestLetterAboutANewBrowser(t *testing.T) {
	o := open(t)
	anna := o.SignUp("Анна Ким", "kim")
	anna.Confirm()
	from := app.Browser{Token: "phone", Address: "203.0.113.7",
		UserAgent: "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1"}
	for range 2 {
		if _, _, err := o.App.LogIn(t.Context(), anna.Email, testkit.Password, from); err != nil {
			t.Fatal(err)
		}
	}
	o.work(t)
	l := o.mail.Wait(t, 1)[0].Parse(t)
	if err := o.App.SetPassword(t.Context(), anna.Email, "другой лист под ногой"); err != nil {
		t.Fatal(err)
	}
	if next := o.mail.Wait(t, 2)[1].Parse(t); next.Subject != "Winddown: пароль изменён" {
		t.Errorf("the next letter is called %q", next.Subject)
	}
	if l.Subject != "Winddown: вход из нового браузера" {
		t.Errorf("the letter is called %q", l.Subject)
	}
	for _, want := range []string{anna.Email, "Safari, iPhone", "203.0.113.7", "22 ноября 2026, 12:00 МСК", "задайте новый пароль, завершите чужие входы"} {
		if !strings.Contains(l.Text, want) {
			t.Errorf("the letter lacks %q:\n%s", want, l.Text)
		}
	}
}
