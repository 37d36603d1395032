package backup

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"

	"filippo.io/age"
)

// Recipients are those a backup can be encrypted to, as age knows them.
type Recipients []age.Recipient

// Identities are the keys that open an encrypted backup.
type Identities []age.Identity

// ParseRecipients reads recipients (age1…), one a line.
func ParseRecipients(r io.Reader) (Recipients, error) {
	all, err := age.ParseRecipients(r)
	if err != nil {
		return nil, fmt.Errorf("these are no recipients of age: %w", err)
	}
	return all, nil
}

// ParseIdentities reads keys (AGE-SECRET-KEY-1…), one a line, as age-keygen writes them.
func ParseIdentities(r io.Reader) (Identities, error) {
	all, err := age.ParseIdentities(r)
	if err != nil {
		return nil, errors.New("this is no file of keys of age, with lines that begin with AGE-SECRET-KEY-1") // says nothing of a key
	}
	return all, nil
}

// Passphrase returns what a passphrase encrypts to, and what opens it.
func Passphrase(words string) (Recipients, Identities, error) {
	to, err := age.NewScryptRecipient(words)
	if err != nil {
		return nil, nil, err
	}
	with, err := age.NewScryptIdentity(words)
	if err != nil {
		return nil, nil, err
	}
	return Recipients{to}, Identities{with}, nil
}

// Encrypt returns what encrypts to out; it is whole when it was closed.
func Encrypt(out io.Writer, to Recipients) (io.WriteCloser, error) { return age.Encrypt(out, to...) }

// What keeps an encrypted backup closed.
var (
	ErrEncrypted = errors.New("the backup is encrypted")
	ErrWrongKey  = errors.New("the backup is encrypted to other keys")
)

// Decrypt returns a backup in the clear, whether it was encrypted or not. It returns
// ErrEncrypted without a key, ErrWrongKey with none that fits.
func Decrypt(in io.Reader, with Identities) (io.Reader, error) {
	buffered := bufio.NewReaderSize(in, 256<<10)
	const mark = "age-encryption.org/"
	if begin, _ := buffered.Peek(len(mark)); !bytes.Equal(begin, []byte(mark)) {
		return buffered, nil
	}
	if len(with) == 0 {
		return nil, ErrEncrypted
	}
	clear, err := age.Decrypt(buffered, with...)
	var none *age.NoIdentityMatchError
	if errors.As(err, &none) {
		return nil, ErrWrongKey
	}
	if err != nil {
		return nil, fmt.Errorf("the encrypted backup cannot be opened: %w", err)
	}
	return clear, nil
}
