package mail_test

import (
	"errors"
	"strings"
	"testing"

	"winddown/internal/mail"
	"winddown/internal/testmail"
)

func letter() mail.Message {
	return mail.Message{
		To: "anna@example.ru", Subject: "ИП Петрова: акт сверки ждём 10 дней", Text: "Акт не пришёл.\n.\nСтрока после точки.",
		HTML: "<p>Акт не пришёл.</p>", ID: "act.1@example.ru", Unsubscribe: "https://winddown.example/off/1",
	}
}

func TestALetterArrives(t *testing.T) {
	server := testmail.Start(t)
	c, err := mail.Open(server.URL(), "Winddown <post@example.ru>")
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Send(t.Context(), letter()); err != nil {
		t.Fatal(err)
	}
	got := server.Letters()
	if len(got) != 1 || got[0].From != "post@example.ru" || got[0].To != "anna@example.ru" {
		t.Fatalf("%+v", got)
	}
	p := got[0].Parse(t)
	for name, want := range map[string]string{
		"From": `"Winddown" <post@example.ru>`, "To": "<anna@example.ru>", "Message-Id": "<act.1@example.ru>",
		"List-Unsubscribe": "<https://winddown.example/off/1>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
		"Auto-Submitted": "auto-generated",
	} {
		if p.Get(name) != want {
			t.Errorf("%s: %q, want %q", name, p.Get(name), want)
		}
	}
	if _, err := p.Date(); err != nil {
		t.Error(err)
	}
	if p.Subject != letter().Subject || strings.TrimSpace(p.Text) != letter().Text || strings.TrimSpace(p.HTML) != letter().HTML {
		t.Errorf("%q\n%q\n%q", p.Subject, p.Text, p.HTML)
	}
	for _, line := range strings.Split(got[0].Raw, "\n") {
		if len(line) > 998 {
			t.Errorf("a line has %d bytes", len(line))
		}
	}
}

// What a server refuses for good is told apart from what may be tried again, and neither
// names the recipient.
func TestRefusals(t *testing.T) {
	server := testmail.Start(t)
	c, err := mail.Open(server.URL(), "post@example.ru")
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range []struct {
		answer            string
		sender, permanent bool
	}{
		{"550 5.1.1 <Anna@example.ru> unknown", false, true},
		{"451 4.7.1 try later", false, false},
		{"554 5.7.1 <anna@example.ru>: relay access denied", false, false},
		{"550 5.1.8 sender unknown", true, false},
	} {
		answer, permanent := one.answer, one.permanent
		say := func(string) string { return answer }
		server.Refuse, server.RefuseSender = say, nil
		if one.sender {
			server.Refuse, server.RefuseSender = nil, say
		}
		err := c.Send(t.Context(), letter())
		var refused *mail.Error
		if !errors.As(err, &refused) || refused.Permanent != permanent || !strings.Contains(err.Error(), answer[:3]) || !strings.Contains(err.Error(), answer[4:9]) {
			t.Errorf("%s: %v", answer, err)
		} else if strings.Contains(strings.ToLower(err.Error()), "anna@") {
			t.Errorf("the error names the recipient: %v", err)
		}
	}
	closed, err := mail.Open("smtp://127.0.0.1:1", "post@example.ru")
	if err != nil {
		t.Fatal(err)
	}
	var refused *mail.Error
	if err := closed.Send(t.Context(), letter()); !errors.As(err, &refused) || refused.Permanent {
		t.Errorf("no server: %v", err)
	}
}

func TestAddressesOfServers(t *testing.T) {
	for address, server := range map[string]string{
		"smtp://mail.example": "mail.example:587", "smtps://mail.example": "mail.example:465", "smtp://localhost:1025": "localhost:1025",
		"smtp://a%40b:p%2Fw@mail.example:2525": "mail.example:2525",
	} {
		c, err := mail.Open(address, "post@example.ru")
		if err != nil || c.Server() != server || c.Domain() != "example.ru" {
			t.Errorf("%s: %v", address, err)
		}
	}
	const secret = "geheim"
	for _, address := range []string{"", "mail.example", "http://mail.example", "smtp://", "smtp://a:" + secret + "@mail.example/x",
		"smtp://a:" + secret + "@mail.example:port", "smtp://a:" + secret + "@mail.example:99999"} {
		if _, err := mail.Open(address, "post@example.ru"); err == nil || strings.Contains(err.Error(), secret) {
			t.Errorf("%s: %v", address, err)
		}
	}
	if _, err := mail.Open("smtp://mail.example", "Winddown"); err == nil {
		t.Error("a sender without an address is taken")
	}
}

// Few servers take letters that are not ASCII in an address; a domain has a form that is.
func TestADomainOfAnyLetters(t *testing.T) {
	server := testmail.Start(t)
	c, err := mail.Open(server.URL(), "post@example.ru")
	if err != nil {
		t.Fatal(err)
	}
	m := letter()
	m.To = "anna@почта.рф"
	if err := c.Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	const want = "anna@xn--80a1acny.xn--p1ai"
	if got := server.Letters(); len(got) != 1 || got[0].To != want || got[0].Parse(t).Get("To") != "<"+want+">" {
		t.Errorf("%+v", got)
	}
}
