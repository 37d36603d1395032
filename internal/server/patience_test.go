package server_test

import (
	"os"
	"strings"
	"testing"
)

// A proof hashes a password, so whoever gives one has at least as long as at the login.
func TestProofsArePatient(t *testing.T) {
	source, err := os.ReadFile("routes.go")
	if err != nil {
		t.Fatal(err)
	}
	proofs := 0
	for line := range strings.Lines(string(source)) {
		if !strings.Contains(line, "s.Proven(") {
			continue
		}
		if proofs++; !strings.Contains(line, "r.With(patient...)") && !strings.Contains(line, "r.With(unhurried...)") {
			t.Errorf("in a hurry: %s", strings.TrimSpace(line))
		}
	}
	if proofs < 10 {
		t.Errorf("only %d proofs were looked at", proofs)
	}
}
