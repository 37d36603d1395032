// Package keyring encrypts what is secret and has to be read again, such as what a person's
// authenticator shares with us, under keys that the database does not hold.
//
// A ring is the lines of a file: a key each, 32 random bytes in base64. The first encrypts, all
// decrypt, so that a new key is put above the others and what they encrypted is encrypted anew
// before they go. Empty lines and those that begin with # are passed over.
package keyring

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
)

// keySize is the length of a key of AES-256, in bytes.
const keySize = 32

// ErrUnknownKey is what Open returns for something that was encrypted with a key that is not on
// the ring, and ErrDamaged for something altered, or that belongs elsewhere.
var (
	ErrUnknownKey = errors.New("it is encrypted with a key that is not here")
	ErrDamaged    = errors.New("it was altered, or belongs elsewhere")
)

// Ring is the keys of an installation. It is safe for concurrent use; nil is a ring without keys.
type Ring struct {
	held   atomic.Pointer[held]
	reread func() (*Ring, error)
}

// held is the keys a ring has at a moment, with their names in order.
type held struct {
	ids  []string
	keys map[string]cipher.AEAD
}

// Sealed is an encrypted secret, with the name of the key that opens it.
type Sealed struct {
	Key string
	Box []byte
}

// NewKey returns a key as a line of a ring.
func NewKey() string {
	key := make([]byte, keySize)
	_, _ = rand.Read(key) // never fails: crypto/rand aborts the program instead
	return base64.StdEncoding.EncodeToString(key)
}

// Parse reads a ring. Errors name lines by their number and never show a key.
func Parse(text string) (*Ring, error) {
	r := held{keys: map[string]cipher.AEAD{}}
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		key, err := base64.StdEncoding.DecodeString(line)
		if err != nil || len(key) != keySize {
			return nil, fmt.Errorf("line %d is not a key: it has to be %d bytes in base64, as «winddown keys new» makes them", i+1, keySize)
		}
		block, err := aes.NewCipher(key)
		if err != nil {
			return nil, err
		}
		aead, err := cipher.NewGCMWithRandomNonce(block)
		if err != nil {
			return nil, err
		}
		id := name(key)
		if _, twice := r.keys[id]; twice {
			return nil, fmt.Errorf("line %d is the same key as one above", i+1)
		}
		r.ids, r.keys[id] = append(r.ids, id), aead
	}
	if len(r.ids) == 0 {
		return nil, errors.New("there is no key in it")
	}
	ring := &Ring{}
	ring.held.Store(&r)
	return ring, nil
}

// Follow has a ring that is not in use yet read its keys anew when it meets a secret whose key it does not
// hold: a key may have been added, and secrets moved to it, while the process ran.
func (r *Ring) Follow(reread func() (*Ring, error)) { r.reread = reread }

// name is what a key is called where it must not be shown.
func name(key []byte) string {
	sum := sha256.Sum256(append([]byte("winddown key\x00"), key...))
	return hex.EncodeToString(sum[:8])
}

// First is the name of the key that encrypts; empty on a ring without keys.
func (r *Ring) First() string {
	if r == nil {
		return ""
	}
	return r.held.Load().ids[0]
}

// Names are those of all keys, the first one first.
func (r *Ring) Names() []string {
	if r == nil {
		return nil
	}
	return append([]string(nil), r.held.Load().ids...)
}

// Seal encrypts a secret with the first key. What opens it has to say the same of whose it is. A
// ring without keys is ErrUnknownKey.
func (r *Ring) Seal(secret []byte, of string) (Sealed, error) {
	if r == nil {
		return Sealed{}, ErrUnknownKey
	}
	now := r.held.Load()
	box := now.keys[now.ids[0]].Seal(nil, nil, secret, []byte(of)) //nolint:gosec // the cipher makes a nonce of its own
	return Sealed{Key: now.ids[0], Box: box}, nil
}

// Open decrypts a secret.
func (r *Ring) Open(s Sealed, of string) ([]byte, error) {
	key := r.key(s.Key)
	if key == nil {
		return nil, fmt.Errorf("key %s: %w", s.Key, ErrUnknownKey)
	}
	secret, err := key.Open(nil, nil, s.Box, []byte(of))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", of, ErrDamaged)
	}
	return secret, nil
}

// key is the key of a name, or nil. Keys that cannot be read anew leave the ring as it is.
func (r *Ring) key(name string) cipher.AEAD {
	if r == nil {
		return nil
	}
	if key := r.held.Load().keys[name]; key != nil || r.reread == nil {
		return key
	}
	if again, err := r.reread(); err == nil && again != nil && again.held.Load().keys[name] != nil {
		r.held.Store(again.held.Load())
	}
	return r.held.Load().keys[name]
}
