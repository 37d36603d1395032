package keyring_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"winddown/internal/keyring"
)

func parse(t *testing.T, lines ...string) *keyring.Ring {
	t.Helper()
	r, err := keyring.Parse(strings.Join(lines, "\n"))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestTheFirstKeyEncryptsAndAllDecrypt(t *testing.T) {
	older, newer := keyring.NewKey(), keyring.NewKey()
	before := parse(t, "# ours", older, "")
	sealed, err := before.Seal([]byte("secret"), "totp 1")
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(sealed.Box), "secret") || sealed.Key != before.First() {
		t.Errorf("sealed as %q under %s", sealed.Box, sealed.Key)
	}
	both := parse(t, newer, older)
	if got, err := both.Open(sealed, "totp 1"); err != nil || string(got) != "secret" {
		t.Errorf("an older key opens %q, %v", got, err)
	}
	if both.First() == before.First() || !slices.Contains(both.Names(), before.First()) {
		t.Errorf("keys %v, the first was %s", both.Names(), before.First())
	}
	if _, err := parse(t, newer).Open(sealed, "totp 1"); !errors.Is(err, keyring.ErrUnknownKey) {
		t.Errorf("without its key: %v", err)
	}
}

// What is sealed for one row opens for no other, and no bit of it can be changed.
func TestASecretBelongsToItsRow(t *testing.T) {
	r := parse(t, keyring.NewKey())
	sealed, err := r.Seal([]byte("secret"), "totp 1")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Open(sealed, "totp 2"); !errors.Is(err, keyring.ErrDamaged) {
		t.Errorf("in another row: %v", err)
	}
	for i := range sealed.Box {
		bent := keyring.Sealed{Key: sealed.Key, Box: slices.Clone(sealed.Box)}
		bent.Box[i] ^= 1
		if _, err := r.Open(bent, "totp 1"); !errors.Is(err, keyring.ErrDamaged) {
			t.Errorf("with byte %d altered: %v", i, err)
		}
	}
	again, err := r.Seal([]byte("secret"), "totp 1")
	if err != nil || string(again.Box) == string(sealed.Box) {
		t.Errorf("the same secret is sealed alike twice: %v", err)
	}
}

func TestAFileOfKeysIsReadStrictly(t *testing.T) {
	key := keyring.NewKey()
	for _, text := range []string{"", "# nothing", "short", key[:20], key + "\n" + key, key + key} {
		if _, err := keyring.Parse(text); err == nil {
			t.Errorf("%q is taken for a ring", text)
		} else if strings.Contains(err.Error(), key) {
			t.Errorf("the error shows a key: %v", err)
		}
	}
}

func TestARingWithoutKeys(t *testing.T) {
	var none *keyring.Ring
	if _, err := none.Seal([]byte("x"), "y"); !errors.Is(err, keyring.ErrUnknownKey) {
		t.Errorf("it seals: %v", err)
	}
	if _, err := none.Open(keyring.Sealed{Key: "k"}, "y"); !errors.Is(err, keyring.ErrUnknownKey) {
		t.Errorf("it opens: %v", err)
	}
	if none.First() != "" || none.Names() != nil {
		t.Error("it has names")
	}
}

// A ring that follows its file takes over what is in it when it meets a key it does not hold, and keeps what
// it has when that cannot be read, or holds no such key either.
func TestFollowing(t *testing.T) {
	older, newer := keyring.NewKey(), keyring.NewKey()
	ring, rotated, foreign := parse(t, older), parse(t, newer, older), parse(t, keyring.NewKey())
	file, broken, reads := ring, error(nil), 0
	ring.Follow(func() (*keyring.Ring, error) { reads++; return file, broken })
	seal := func(r *keyring.Ring) keyring.Sealed {
		t.Helper()
		sealed, err := r.Seal([]byte("secret"), "totp 1")
		if err != nil {
			t.Fatal(err)
		}
		return sealed
	}
	before, after := seal(ring), seal(rotated)
	for _, state := range []struct {
		file   *keyring.Ring
		broken error
	}{{ring, nil}, {nil, errors.New("gone")}, {nil, nil}, {foreign, nil}} {
		file, broken = state.file, state.broken
		if _, err := ring.Open(after, "totp 1"); !errors.Is(err, keyring.ErrUnknownKey) {
			t.Errorf("opened without its key: %v", err)
		}
	}
	file, broken, reads = rotated, nil, 0
	for _, sealed := range []keyring.Sealed{before, after, seal(ring)} {
		if got, err := ring.Open(sealed, "totp 1"); err != nil || string(got) != "secret" {
			t.Errorf("opened %q, %v", got, err)
		}
	}
	if reads != 1 || ring.First() != rotated.First() {
		t.Errorf("read %d times, the first key is %s, want %s", reads, ring.First(), rotated.First())
	}
}
