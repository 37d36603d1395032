package main

import (
	"encoding/base32"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"winddown/internal/app"
	"winddown/internal/keyring"
	"winddown/internal/testdb"
	"winddown/internal/winddown"
)

// A key is made, made again, and what the first encrypted moves to the second; doctor says each
// time what is left to do, and restoring without the key says what it is needed for.
func TestKeysOnTheCommandLine(t *testing.T) {
	url, dir := testdb.New(t), t.TempDir()
	path := filepath.Join(dir, "keys")
	keys := func(file string, args ...string) (string, error) {
		return command(t, "", append(args, "--database-url", url, "--secret-key-file", file)...)
	}
	doctor := func(file string) string {
		out, _ := keys(file, "doctor", "--files-dir", dir)
		for line := range strings.Lines(out) {
			if rest, found := strings.CutPrefix(line, "keys"); found {
				return strings.TrimSpace(rest)
			}
		}
		t.Fatalf("doctor says nothing of keys:\n%s", out)
		return ""
	}
	if _, err := keys(path, "keys", "rotate"); err == nil {
		t.Error("keys that are not there are rotated")
	}
	if out, err := keys(path, "keys", "new"); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file of keys: %v, %v", info.Mode(), err)
	}
	first, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	ring, err := keyFlags{SecretKeyFile: path}.ring(databaseFlags{})
	if err != nil {
		t.Fatal(err)
	}

	a := openAppOf(t, url, app.Options{Keys: ring})
	token, err := a.SignUp(t.Context(), winddown.Registration{Name: "Анна Ким", Email: "kim@example.ru", Password: secret, Consent: true}, app.Browser{})
	if err != nil {
		t.Fatal(err)
	}
	kim, err := a.Actor(t.Context(), token)
	if err != nil {
		t.Fatal(err)
	}
	if err := a.StartTwoFactor(t.Context(), kim); err != nil {
		t.Fatal(err)
	}
	shown, err := a.TwoFactor(t.Context(), kim)
	if err != nil {
		t.Fatal(err)
	}
	totp, err := base32.StdEncoding.DecodeString(shown.Setup)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := a.ConfirmTwoFactor(t.Context(), kim, winddown.TOTPCode(totp, time.Now())); err != nil {
		t.Fatal(err)
	}
	if says := doctor(path); !strings.Contains(says, "encrypts all that is encrypted: 1 secret") {
		t.Errorf("doctor: %s", says)
	}

	if out, err := keys(path, "keys", "new"); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if says := doctor(path); !strings.Contains(says, "winddown keys rotate") {
		t.Errorf("with an older key doctor says: %s", says)
	}
	if out, err := keys(path, "keys", "rotate"); err != nil || !strings.HasPrefix(out, "encrypted anew: 1;") {
		t.Errorf("rotate: %v\n%s", err, out)
	}
	if says := doctor(path); !strings.Contains(says, "2 here") {
		t.Errorf("doctor: %s", says)
	}

	old := filepath.Join(dir, "old")
	if err := os.WriteFile(old, first, 0o600); err != nil {
		t.Fatal(err)
	}
	if says := doctor(old); !strings.Contains(says, "PROBLEM") || !strings.Contains(says, "user two-factor-off") {
		t.Errorf("without the key doctor says: %s", says)
	}
	file, fresh := filepath.Join(dir, "backup"), testdb.Empty(t)
	if out, err := command(t, "", "backup", file, "--database-url", url, "--files-dir", t.TempDir()); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	out, err := command(t, "", "restore", file, "--database-url", fresh, "--files-dir", filepath.Join(dir, "fresh"), "--secret-key-file", old)
	if err != nil || !strings.Contains(out, "recovery codes") || !strings.HasSuffix(out, "OK\n") {
		t.Errorf("a restore without the key: %v\n%s", err, out)
	}

	if out, err := command(t, "", "user", "two-factor-off", "Kim@example.ru", "--database-url", url); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	if _, second, err := a.LogIn(t.Context(), "kim@example.ru", secret, app.Browser{}); err != nil || second {
		t.Errorf("after it was turned off a second step is asked for: %v, %v", second, err)
	}
	if out, err := command(t, "", "user", "two-factor-off", "kim@example.ru", "--database-url", url); err != nil || !strings.Contains(out, "has neither a second factor nor passkeys") {
		t.Errorf("once more: %v\n%s", err, out)
	}
	_, err = command(t, "", "user", "two-factor-off", "nobody@example.ru", "--database-url", url)
	wantSentence(t, err, "nobody has an account with the address")
}

// The file of keys keeps its owner and mode, also behind a link, and no key of another process is
// lost.
func TestTheFileOfKeysStaysWhoseItIs(t *testing.T) {
	dir := t.TempDir()
	path, link := filepath.Join(dir, "keys"), filepath.Join(dir, "link")
	first := keyring.NewKey() + "\n"
	if err := os.WriteFile(path, []byte(first), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, 0o640); err != nil { // its group reads it too, whatever the umask
		t.Fatal(err)
	}
	const nobody = 65534
	owned := os.Geteuid() == 0
	if owned {
		if err := os.Chown(path, nobody, nobody); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("keys", link); err != nil {
		t.Fatal(err)
	}
	before, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if out, err := command(t, "", "keys", "new", "--secret-key-file", link); err != nil || !strings.Contains(out, "keys: 2") {
		t.Fatalf("%v\n%s", err, out)
	}
	after, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if is, err := os.Lstat(link); err != nil || is.Mode()&os.ModeSymlink == 0 {
		t.Error("the link has become a file")
	}
	text, err := os.ReadFile(path)
	if err != nil || !strings.HasSuffix(string(text), first) || after.Mode() != before.Mode() {
		t.Errorf("mode %v, was %v; %v\n%s", after.Mode(), before.Mode(), err, text)
	}
	if user, group, _ := owner(after); owned && (user != nobody || group != nobody) {
		t.Errorf("the file belongs to %d:%d now", user, group)
	}

	// Another one is at work, or was broken off.
	if err := os.WriteFile(path+".new", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = command(t, "", "keys", "new", "--secret-key-file", path)
	wantSentence(t, err, "another «winddown keys new»")
	if now, err := os.ReadFile(path); err != nil || string(now) != string(text) {
		t.Errorf("the refusal changed the file: %v", err)
	}
}

// A key on the command line is refused with where it belongs, and not repeated.
func TestKeysDoNotBelongOnTheCommandLine(t *testing.T) {
	key := keyring.NewKey()
	for _, args := range [][]string{{"keys", "rotate", "--secret-keys", key}, {"serve", "--secret-keys=" + key}} {
		out, err := command(t, "", args...)
		wantSentence(t, err, "--secret-key-file")
		wantSentence(t, err, keysVariable)
		if err != nil && strings.Contains(out+err.Error(), key) {
			t.Errorf("%v repeats the key", args)
		}
	}
}

// One damaged secret does not keep the others with the old key; it is named.
func TestRotatingPassesWhatIsDamaged(t *testing.T) {
	url, dir := testdb.New(t), t.TempDir()
	path := filepath.Join(dir, "keys")
	keys := func(args ...string) (string, error) {
		return command(t, "", append(args, "--database-url", url, "--secret-key-file", path)...)
	}
	if out, err := keys("keys", "new"); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	ring, err := keyFlags{SecretKeyFile: path}.ring(databaseFlags{})
	if err != nil {
		t.Fatal(err)
	}
	a := openAppOf(t, url, app.Options{Keys: ring})
	for _, word := range []string{"anna", "boris", "vera"} {
		token, err := a.SignUp(t.Context(), winddown.Registration{Name: word, Email: word + "@example.ru", Password: secret, Consent: true}, app.Browser{})
		if err != nil {
			t.Fatal(err)
		}
		person, err := a.Actor(t.Context(), token)
		if err != nil {
			t.Fatal(err)
		}
		if err := a.StartTwoFactor(t.Context(), person); err != nil {
			t.Fatal(err)
		}
	}
	execSQL(t, connect(t, url), "update totp_secrets set secret = secret || '\\x00' where user_id = (select id from users where email = 'boris@example.ru')")
	if out, err := keys("keys", "new"); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, done := range []string{"2", "0"} { // again it finds nothing more to do, and says the same
		out, err := keys("keys", "rotate")
		wantSentence(t, err, "damaged")
		wantSentence(t, err, "boris@example.ru")
		wantSentence(t, err, "winddown user two-factor-off")
		if !strings.HasPrefix(out, "encrypted anew: "+done+";") || !strings.Contains(out, ": 2; ") || err != nil && strings.Contains(err.Error(), "anna@") {
			t.Errorf("%v\n%s", err, out)
		}
	}
	if out, _ := keys("doctor", "--files-dir", dir); !strings.Contains(out, "PROBLEM: damaged") {
		t.Errorf("doctor says nothing of it:\n%s", out)
	}
	// A server that knows the older key alone writes with it meanwhile.
	sql := connect(t, url)
	execSQL(t, sql, "delete from totp_secrets where user_id = (select id from users where email = 'boris@example.ru')")
	execSQL(t, sql, "create function stubborn() returns trigger language plpgsql as 'begin return old; end'")
	execSQL(t, sql, "create trigger stubborn before update on totp_secrets for each row execute function stubborn()")
	if out, err := keys("keys", "new"); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	out, err := keys("keys", "rotate")
	wantSentence(t, err, "restart every server")
	if !strings.HasSuffix(out, "with older keys: 2\n") {
		t.Errorf("%v\n%s", err, out)
	}
}

// A server that was not restarted opens what was moved to a key it has not read, and goes on with that key.
func TestARunningServerReadsTheNewKey(t *testing.T) {
	own := databaseFlags{DataDir: t.TempDir()}
	server, err := keyFlags{}.ownRing(own)
	if err != nil {
		t.Fatal(err)
	}
	rotated, err := addKey(filepath.Join(own.DataDir, keyFile))
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := rotated.Seal([]byte("secret"), "totp 1")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := server.Open(sealed, "totp 1"); err != nil || string(got) != "secret" || server.First() != rotated.First() {
		t.Errorf("opened %q, %v; the first key is %s, want %s", got, err, server.First(), rotated.First())
	}
}

// With a database of our own a key is there from the first start on, for us alone.
func TestTheFirstKeyMakesItself(t *testing.T) {
	own := databaseFlags{DataDir: t.TempDir()}
	ring, err := keyFlags{}.ownRing(own)
	if err != nil || ring == nil {
		t.Fatal(ring, err)
	}
	if info, err := os.Stat(filepath.Join(own.DataDir, keyFile)); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the key's file: %v, %v", info.Mode(), err)
	}
	again, err := keyFlags{}.ownRing(own)
	if err != nil || again.First() != ring.First() {
		t.Errorf("the second start has another key: %v", err)
	}
	others := databaseFlags{DataDir: t.TempDir(), DatabaseURL: "postgres://db/winddown"}
	if ring, err := (keyFlags{}).ownRing(others); err != nil || ring != nil {
		t.Errorf("over somebody's database a key is made: %v, %v", ring, err)
	}
	if _, err := (keyFlags{SecretKeyFile: filepath.Join(own.DataDir, "none")}).ownRing(own); err == nil {
		t.Error("a file of keys that was named and is not there is passed over")
	}
	text, err := os.ReadFile(filepath.Join(own.DataDir, keyFile))
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv(keysVariable, strings.TrimSpace(string(text)))
	given, err := keyFlags{}.ring(others)
	if err != nil || given.First() != ring.First() {
		t.Errorf("from the environment: %v", err)
	}
}
