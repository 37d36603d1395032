package app

import "testing"

// What attackers try first is found however it is dressed up, and what they do not is let through.
func TestCommonPasswordsAreFoundInTheirDress(t *testing.T) {
	for password, want := range map[string]bool{
		"Sunshine2024":       true, // a word and a year
		"p@ssw0rd1234":       true, // other characters for letters
		"drowssap1234":       true, // backwards
		"gjz4gjz4gjz4":       true, // thrice
		"12.09.1985":         true, // a day
		"bcdefghijklm":       true, // a sequence
		"oiuytrewsx":         true, // keys side by side
		"":                   true,
		"xK7#vQ2$mN9w":       false,
		"horse stapler lamp": false,
	} {
		if got := common(password); got != want {
			t.Errorf("%q: common %t, want %t, after %.0f guesses", password, got, want, guesses(password))
		}
	}
}
