// Package mail sends one ready letter by SMTP. It knows nothing of what letters say.
package mail

import (
	"context"
	"errors"
	"fmt"
	"net"
	netmail "net/mail"
	"net/url"
	"strconv"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"
	"golang.org/x/net/idna"
)

// Message is a letter ready to be sent.
type Message struct {
	To      string // a bare address
	Subject string
	Text    string
	HTML    string
	// ID is the whole Message-ID between the angle brackets. The same letter sent twice has
	// the same, so that programs show it once.
	ID string
	// Unsubscribe is an https address that ends such letters with one POST (RFC 8058); empty
	// for letters a person asked for.
	Unsubscribe string
}

// Client sends through one SMTP server.
type Client struct {
	smtp *gomail.Client
	from *netmail.Address
}

// timeout bounds one exchange with the server, from the connection on.
const timeout = 30 * time.Second

// Open reads the address of a server and that of the sender. It connects to nothing. The
// errors never hold the password.
//
//	smtp://user:password@mail.example:587   STARTTLS is demanded
//	smtps://user:password@mail.example      TLS from the beginning, port 465
//	smtp://localhost:1025                   on this machine: no TLS
func Open(address, from string) (*Client, error) {
	u, err := url.Parse(address)
	if err != nil || u.Hostname() == "" || u.Scheme != "smtp" && u.Scheme != "smtps" || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" {
		return nil, errors.New("--smtp-url must be like smtp://user:password@mail.example:587 or smtps://user:password@mail.example")
	}
	sender, err := netmail.ParseAddress(from)
	if err != nil {
		return nil, fmt.Errorf("--mail-from must be an address such as \"Winddown <winddown@example.com>\": %q is none", from)
	}
	options := []gomail.Option{gomail.WithTimeout(timeout)}
	port := 587
	switch {
	case u.Scheme == "smtps":
		port = 465
		options = append(options, gomail.WithSSL())
	case loopback(u.Hostname()):
		port = 25
		options = append(options, gomail.WithTLSPolicy(gomail.NoTLS))
	default:
		options = append(options, gomail.WithTLSPolicy(gomail.TLSMandatory))
	}
	if u.Port() != "" {
		if port, err = strconv.Atoi(u.Port()); err != nil {
			return nil, errors.New("the port in --smtp-url is no number")
		}
	}
	options = append(options, gomail.WithPort(port), gomail.WithHELO(heloName(sender)))
	if u.User != nil {
		password, _ := u.User.Password()
		auth := gomail.SMTPAuthAutoDiscover
		if u.Scheme == "smtp" && loopback(u.Hostname()) {
			auth = gomail.SMTPAuthPlainNoEnc // nobody listens between the two
		}
		options = append(options, gomail.WithSMTPAuth(auth), gomail.WithUsername(u.User.Username()), gomail.WithPassword(password))
	}
	client, err := gomail.NewClient(u.Hostname(), options...)
	if err != nil {
		return nil, fmt.Errorf("--smtp-url cannot be used: %w", err)
	}
	return &Client{smtp: client, from: sender}, nil
}

// loopback reports whether a host is this machine.
func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// heloName is the name we greet a server with: the domain the letters come from.
func heloName(sender *netmail.Address) string {
	_, domain, _ := strings.Cut(sender.Address, "@")
	return domain
}

// Domain is the domain the letters come from, for their Message-IDs.
func (c *Client) Domain() string { return heloName(c.from) }

// Server is the host and port letters are handed to.
func (c *Client) Server() string { return c.smtp.ServerAddr() }

// Error is a letter that was not taken. Its text names no recipient: it is kept and shown
// to whoever looks after the installation.
type Error struct {
	// Permanent is a refusal that repeating does not change: that of the recipient's address.
	// A server that wants no letter of this sender, or of this size, may have been set up
	// wrongly, and is tried again.
	Permanent bool
	text      string
}

// Error says what the server said.
func (e *Error) Error() string { return e.text }

// Send hands a letter to the server. Its errors are *Error.
func (c *Client) Send(ctx context.Context, m Message) error {
	msg := gomail.NewMsg()
	msg.FromMailAddress(c.from)
	if err := msg.To(wireAddress(m.To)); err != nil {
		return &Error{Permanent: true, text: "the recipient's address cannot be written to"}
	}
	msg.Subject(m.Subject)
	msg.SetDate()
	msg.SetMessageIDWithValue(m.ID)
	msg.SetGenHeader(gomail.Header("Auto-Submitted"), "auto-generated")
	if m.Unsubscribe != "" {
		msg.SetGenHeader(gomail.HeaderListUnsubscribe, "<"+m.Unsubscribe+">")
		msg.SetGenHeader(gomail.HeaderListUnsubscribePost, "List-Unsubscribe=One-Click")
	}
	msg.SetBodyString(gomail.TypeTextPlain, m.Text)
	msg.AddAlternativeString(gomail.TypeTextHTML, m.HTML)
	err := c.smtp.DialAndSendWithContext(ctx, msg)
	if err == nil {
		return nil
	}
	// A letter that was taken is sent, whatever happens to the connection afterwards.
	if msg.IsDelivered() {
		return nil
	}
	var refused *gomail.SendError
	permanent := errors.As(err, &refused) && refused.Reason == gomail.ErrSMTPRcptTo && !refused.IsTemp() && refused.ErrorCode() >= 500 &&
		!strings.HasPrefix(refused.EnhancedStatusCode(), policy)
	return &Error{Permanent: permanent, text: discreet(discreet(err.Error(), m.To), wireAddress(m.To))}
}

// wireAddress is an address as every server reads it: «почта.рф» in the letters of ASCII
// (RFC 5891). One that has no such form is left to be refused.
func wireAddress(address string) string {
	at := strings.LastIndexByte(address, '@')
	domain, err := idna.Lookup.ToASCII(address[at+1:])
	if err != nil {
		return address
	}
	return address[:at+1] + domain
}

// policy begins the answers by which a server refuses to do something for the sender, such as
// to relay, whoever the recipient is (RFC 3463).
const policy = "5.7."

// discreet takes the recipient out of what a server says.
func discreet(text, to string) string {
	lower, find := strings.ToLower(text), strings.ToLower(to)
	if len(lower) != len(text) || find == "" {
		return strings.ReplaceAll(text, to, "<recipient>")
	}
	var b strings.Builder
	for {
		at := strings.Index(lower, find)
		if at < 0 {
			b.WriteString(text)
			return b.String()
		}
		b.WriteString(text[:at] + "<recipient>")
		text, lower = text[at+len(find):], lower[at+len(find):]
	}
}
