package app

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"strings"
	"time"

	"golang.org/x/crypto/argon2"

	"winddown/internal/winddown"
)

// The cost of a password hash: OWASP's second choice for argon2id.
const (
	argonMemory  = 19 * 1024 // KiB
	argonTime    = 2
	argonThreads = 1
	argonKey     = 32
	argonSalt    = 16
)

// Hashing costs 19 MiB and tens of milliseconds, so only a few run at once; the others
// wait a little and then give up.
const (
	hashesAtOnce = 2
	hashWait     = 2 * time.Second
)

// hasher makes and checks password hashes.
type hasher struct {
	slots chan struct{}
	wait  time.Duration
	dummy string // the hash of no password, checked for unknown addresses
}

func newHasher() *hasher {
	h := &hasher{slots: make(chan struct{}, hashesAtOnce), wait: hashWait}
	h.dummy = encodeHash(make([]byte, argonSalt), make([]byte, argonKey))
	return h
}

// acquire waits for a free slot, or returns Unavailable.
func (h *hasher) acquire(ctx context.Context) error {
	timer := time.NewTimer(h.wait)
	defer timer.Stop()
	select {
	case h.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return &winddown.Error{Kind: winddown.Unavailable, Key: "error.unavailable", Err: ctx.Err()}
	case <-timer.C:
		return &winddown.Error{Kind: winddown.Unavailable, Key: "error.unavailable"}
	}
}

// hash returns the PHC string of a password.
func (h *hasher) hash(ctx context.Context, password string) (string, error) {
	if err := h.acquire(ctx); err != nil {
		return "", err
	}
	defer func() { <-h.slots }()
	salt := make([]byte, argonSalt)
	_, _ = rand.Read(salt) // never fails: crypto/rand aborts the program instead
	key := argon2.IDKey([]byte(password), salt, argonTime, argonMemory, argonThreads, argonKey)
	return encodeHash(salt, key), nil
}

// matches compares a password with a PHC string; an empty one stands for an account that
// does not exist and costs the same time.
func (h *hasher) matches(ctx context.Context, password, encoded string) (bool, error) {
	known := encoded != ""
	if !known {
		encoded = h.dummy
	}
	var memory, passes uint32
	var threads uint8
	parts := strings.Split(encoded, "$")
	if len(parts) != 6 || parts[1] != "argon2id" || parts[2] != "v=19" {
		return false, fmt.Errorf("a stored password hash has an unknown form")
	}
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &memory, &passes, &threads); err != nil {
		return false, fmt.Errorf("a stored password hash has unknown parameters: %w", err)
	}
	salt, err := base64.RawStdEncoding.DecodeString(parts[4])
	if err != nil {
		return false, fmt.Errorf("a stored password hash has a broken salt: %w", err)
	}
	want, err := base64.RawStdEncoding.DecodeString(parts[5])
	if err != nil {
		return false, fmt.Errorf("a stored password hash is broken: %w", err)
	}
	if err := h.acquire(ctx); err != nil {
		return false, err
	}
	defer func() { <-h.slots }()
	got := argon2.IDKey([]byte(password), salt, passes, memory, threads, uint32(len(want)))
	return subtle.ConstantTimeCompare(got, want) == 1 && known, nil
}

func encodeHash(salt, key []byte) string {
	return fmt.Sprintf("$argon2id$v=19$m=%d,t=%d,p=%d$%s$%s", argonMemory, argonTime, argonThreads,
		base64.RawStdEncoding.EncodeToString(salt), base64.RawStdEncoding.EncodeToString(key))
}

// checkNewPassword returns Invalid, on the given field, for a password that is too short,
// too long, or common.
func checkNewPassword(field, password string) error {
	if err := winddown.CheckPassword(field, password); err != nil {
		return err
	}
	if common(password) {
		return &winddown.Error{Kind: winddown.Invalid, Key: "error.invalid",
			Fields: []winddown.FieldError{{Field: field, Key: "account.error.password_common"}}}
	}
	return nil
}
