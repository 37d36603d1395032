package winddown

import (
	"time"
	"unicode/utf8"
)

// Limits of passkeys: how many a person has, how long a name is in characters, how long what a passkey
// is asked to sign waits for its answer, and how many such questions of one login session do.
const (
	MaxPasskeys    = 20
	MaxPasskeyName = 60
	ChallengeTerm  = 5 * time.Minute
	MaxChallenges  = 10
)

// Passkey is a key of a person's phone, computer or security key that logs him in (WebAuthn).
type Passkey struct {
	ID      ID
	Name    string // as he calls it
	AddedAt time.Time
	UsedAt  time.Time // when it last logged him in or proved who he is; zero for never
}

// PasskeyPurpose is what a passkey is asked for.
type PasskeyPurpose string

// What a passkey is asked for.
const (
	PasskeyAdd   PasskeyPurpose = "add"
	PasskeyProve PasskeyPurpose = "prove"
	PasskeyLogin PasskeyPurpose = "login"
)

// CheckPasskeyName tidies what a person calls a passkey, or returns Invalid on the field name.
func CheckPasskeyName(name string) (string, error) {
	var v invalid
	name = tidyLine(name)
	switch n := utf8.RuneCountInString(name); {
	case n == 0:
		v.add("name", "passkey.error.name", nil)
	case n > MaxPasskeyName:
		v.add("name", "error.field.too_long", Args{"Max": MaxPasskeyName})
	}
	return name, v.err()
}
