// Package testmail is an SMTP server on this machine for tests: it keeps what it is sent.
package testmail

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"net/textproto"
	"strings"
	"sync"
	"testing"
	"time"
)

// Letter is one letter the server took.
type Letter struct {
	From, To string // of the envelope
	Raw      string
}

// Server is an SMTP server that lives until its test ends.
type Server struct {
	// Refuse answers a recipient with something else than consent, if it returns an answer
	// such as «550 no such user».
	Refuse func(to string) string
	// RefuseSender answers a sender so.
	RefuseSender func(from string) string

	addr    string
	mu      sync.Mutex
	letters []Letter
	arrived chan struct{} // closed and made anew with each letter
}

// Start listens on a port of this machine.
func Start(t testing.TB) *Server {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{addr: listener.Addr().String(), arrived: make(chan struct{})}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go s.serve(conn)
		}
	}()
	return s
}

// URL is the address of the server as --smtp-url takes it.
func (s *Server) URL() string { return "smtp://" + s.addr }

// Letters returns what the server has taken so far.
func (s *Server) Letters() []Letter {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Letter(nil), s.letters...)
}

// Wait returns the letters once there are so many; it fails the test if that takes longer
// than a minute.
func (s *Server) Wait(t testing.TB, n int) []Letter {
	t.Helper()
	late := time.After(time.Minute)
	for {
		s.mu.Lock()
		letters, arrived := append([]Letter(nil), s.letters...), s.arrived
		s.mu.Unlock()
		if len(letters) >= n {
			return letters
		}
		select {
		case <-arrived:
		case <-late:
			t.Fatalf("after a minute there are %d letters, want %d", len(letters), n)
		}
	}
}

func (s *Server) serve(conn net.Conn) {
	defer func() { _ = conn.Close() }()
	_ = conn.SetDeadline(time.Now().Add(time.Minute))
	r := textproto.NewReader(bufio.NewReader(conn))
	say := func(line string) bool { _, err := io.WriteString(conn, line+"\r\n"); return err == nil }
	if !say("220 localhost ready") {
		return
	}
	var l Letter
	for {
		line, err := r.ReadLine()
		if err != nil {
			return
		}
		verb, rest, _ := strings.Cut(line, " ")
		var ok bool
		switch strings.ToUpper(verb) {
		case "EHLO":
			ok = say("250-localhost") && say("250-8BITMIME") && say("250-ENHANCEDSTATUSCODES") && say("250 SMTPUTF8")
		case "MAIL":
			l = Letter{From: address(rest)}
			ok = say(answer(s.RefuseSender, l.From))
		case "RCPT":
			l.To = address(rest)
			ok = say(answer(s.Refuse, l.To))
		case "DATA":
			if !say("354 go on") {
				return
			}
			raw, err := r.ReadDotBytes()
			if err != nil {
				return
			}
			l.Raw = string(raw)
			s.mu.Lock()
			s.letters = append(s.letters, l)
			close(s.arrived)
			s.arrived = make(chan struct{})
			s.mu.Unlock()
			ok = say("250 taken")
		case "QUIT":
			_ = say("221 bye")
			return
		default:
			ok = say("250 ok")
		}
		if !ok {
			return
		}
	}
}

// answer is consent, or what refuse says to an address.
func answer(refuse func(string) string, address string) string {
	if refuse != nil {
		if no := refuse(address); no != "" {
			return no
		}
	}
	return "250 ok"
}

// address takes the address out of «FROM:<a@b> …».
func address(s string) string {
	_, s, _ = strings.Cut(s, "<")
	s, _, _ = strings.Cut(s, ">")
	return s
}

// Parsed is a letter taken apart.
type Parsed struct {
	mail.Header
	Subject    string // decoded
	Text, HTML string
}

// Parse takes a letter apart; one that is not text beside HTML fails the test.
func (l Letter) Parse(t testing.TB) Parsed {
	t.Helper()
	m, err := mail.ReadMessage(strings.NewReader(l.Raw))
	if err != nil {
		t.Fatalf("%v\n%s", err, l.Raw)
	}
	p := Parsed{Header: m.Header}
	if p.Subject, err = new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject")); err != nil {
		t.Fatal(err)
	}
	kind, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/alternative" {
		t.Fatalf("the letter is %q, %v", kind, err)
	}
	parts := multipart.NewReader(m.Body, params["boundary"])
	for {
		part, err := parts.NextRawPart()
		if errors.Is(err, io.EOF) {
			return p
		}
		if err != nil {
			t.Fatal(err)
		}
		raw, err := io.ReadAll(part)
		if err != nil {
			t.Fatal(err)
		}
		var body io.Reader = bytes.NewReader(raw)
		switch part.Header.Get("Content-Transfer-Encoding") {
		case "quoted-printable":
			body = quotedprintable.NewReader(body)
		case "base64":
			body = base64.NewDecoder(base64.StdEncoding, body)
		}
		text, err := io.ReadAll(body)
		if err != nil {
			t.Fatal(err)
		}
		plain := strings.ReplaceAll(string(text), "\r\n", "\n")
		switch kind, params, _ := mime.ParseMediaType(part.Header.Get("Content-Type")); {
		case kind == "text/plain" && strings.EqualFold(params["charset"], "utf-8"):
			p.Text = plain
		case kind == "text/html" && strings.EqualFold(params["charset"], "utf-8"):
			p.HTML = plain
		default:
			t.Fatalf("the letter has a part of type %s", part.Header.Get("Content-Type"))
		}
	}
}
