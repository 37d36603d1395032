package app

import (
	"context"
	"encoding/base64"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"winddown/internal/postgres"
	"winddown/internal/testdb"
	"winddown/internal/winddown"
)

func TestAHashMatchesItsPasswordOnly(t *testing.T) {
	h := newHasher()
	const password = "сухой лист под ногой"
	first, err := h.hash(t.Context(), password)
	if err != nil {
		t.Fatal(err)
	}
	second, err := h.hash(t.Context(), password)
	if err != nil {
		t.Fatal(err)
	}
	if first == second {
		t.Error("two hashes of one password are equal: there is no salt")
	}
	for _, c := range []struct {
		password, hash string
		want           bool
	}{
		{password, first, true},
		{password, second, true},
		{password + " ", first, false},
		{"", first, false},
		{password, "", false},
		{"", "", false},
	} {
		if got, err := h.matches(t.Context(), c.password, c.hash); got != c.want || err != nil {
			t.Errorf("%q against %q: %v, %v", c.password, c.hash, got, err)
		}
	}
}

// The parameters are part of what people were promised, and of every stored hash.
func TestTheParametersOfAHash(t *testing.T) {
	hash, err := newHasher().hash(t.Context(), "сухой лист под ногой")
	if err != nil {
		t.Fatal(err)
	}
	parts := strings.Split(hash, "$")
	if len(parts) != 6 || strings.Join(parts[:4], "$") != "$argon2id$v=19$m=19456,t=2,p=1" {
		t.Fatalf("the hash is %q", hash)
	}
	for part, want := range map[int]int{4: 16, 5: 32} {
		if b, err := base64.RawStdEncoding.DecodeString(parts[part]); err != nil || len(b) != want {
			t.Errorf("part %d has %d bytes, want %d; %v", part, len(b), want, err)
		}
	}
}

// A stored hash brings its own parameters, so that they can be raised later.
func TestAHashOfOtherParametersMatches(t *testing.T) {
	// Made by the reference implementation: argon2 somesalt -id -t 3 -k 256 -p 2 -l 24.
	const hash = "$argon2id$v=19$m=256,t=3,p=2$c29tZXNhbHQ$RmjTCsQYfmh47t6s8P2DxaCjDbLMFu8L"
	if ok, err := newHasher().matches(t.Context(), "password", hash); !ok || err != nil {
		t.Errorf("%v, %v", ok, err)
	}
}

func TestAMangledHashIsAnErrorNotAMismatch(t *testing.T) {
	for _, hash := range []string{
		"x", "$argon2i$v=19$m=64,t=1,p=1$c2FsdA$aGFzaA", "$argon2id$v=16$m=64,t=1,p=1$c2FsdA$aGFzaA",
		"$argon2id$v=19$m=64$c2FsdA$aGFzaA", "$argon2id$v=19$m=64,t=1,p=1$!$aGFzaA", "$argon2id$v=19$m=64,t=1,p=1$c2FsdA$!",
	} {
		if ok, err := newHasher().matches(t.Context(), "password", hash); ok || err == nil {
			t.Errorf("%s: %v, %v", hash, ok, err)
		}
	}
}

func TestTwoHashesAtOnceAndTheOthersWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHasher()
		h.slots <- struct{}{}
		if _, err := h.hash(t.Context(), "x"); err != nil {
			t.Errorf("with one at work: %v", err)
		}
		h.slots <- struct{}{}

		begun := time.Now()
		for what, work := range map[string]func() error{
			"hash":            func() error { _, err := h.hash(t.Context(), "x"); return err },
			"known account":   func() error { _, err := h.matches(t.Context(), "x", h.dummy); return err },
			"unknown account": func() error { _, err := h.matches(t.Context(), "x", ""); return err },
		} {
			if err := work(); winddown.KindOf(err) != winddown.Unavailable {
				t.Errorf("%s with two at work: error %v, want unavailable", what, err)
			}
		}
		if waited := time.Since(begun); waited != 3*2*time.Second {
			t.Errorf("three gave up after %s, want two seconds each", waited)
		}

		// A slot that becomes free in time is taken.
		go func() {
			time.Sleep(hashWait - time.Millisecond) //nolint:forbidigo // the clock of a synctest bubble takes no time
			<-h.slots
		}()
		if _, err := h.hash(t.Context(), "x"); err != nil {
			t.Errorf("with a slot free in time: %v", err)
		}
		if len(h.slots) != 1 {
			t.Errorf("%d slots are taken, want the one left", len(h.slots))
		}

		h.slots <- struct{}{}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		begun = time.Now()
		if _, err := h.hash(ctx, "x"); winddown.KindOf(err) != winddown.Unavailable || time.Since(begun) != 0 {
			t.Errorf("somebody who left: error %v after %s", err, time.Since(begun))
		}
	})
}

// Somebody without an account waits for a slot like everybody, so the time an answer
// takes does not tell who has one.
func TestAnUnknownAddressCostsAHash(t *testing.T) {
	db, err := postgres.Open(t.Context(), testdb.Through(t, postgres.Options{URL: testdb.New(t)}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	a := New(db, Options{})
	if _, err := a.SignUp(t.Context(), winddown.Registration{Name: "Ким", Email: "kim@example.ru", Password: "сухой лист под ногой", Consent: true}, Browser{}); err != nil {
		t.Fatal(err)
	}
	a.hasher.wait = time.Millisecond
	for range hashesAtOnce {
		a.hasher.slots <- struct{}{}
	}
	for _, email := range []string{"kim@example.ru", "nobody@example.ru"} {
		if _, _, err := a.LogIn(t.Context(), email, "сухой лист", Browser{}); winddown.KindOf(err) != winddown.Unavailable {
			t.Errorf("%s: error %v, want unavailable", email, err)
		}
	}
}
