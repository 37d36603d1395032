package backup_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"filippo.io/age"

	"winddown/internal/backup"
	"winddown/internal/testdir"
	"winddown/internal/winddown"
)

func TestMain(m *testing.M) {
	testdir.Use()
	m.Run()
}

// few makes the properties that hold for every byte be tried for one in so many, from another
// one each time.
const few = 7

// installation is what a sample backup is made of.
type installation struct {
	tables  []backup.Table
	text    map[string][]string // rows of COPY's text, by table
	files   [][]byte            // in the order of their hashes
	missing []backup.Missing
}

// sample is a small installation: two people, a case with a trail, a large table, a few files.
func sample(t testing.TB) installation {
	t.Helper()
	user, other, seller := winddown.ID{15: 1}, winddown.ID{15: 2}, winddown.ID{15: 3}
	in := installation{
		tables: []backup.Table{
			{Name: "public.cases", Columns: []string{"id", "seller_name", "event_seq", "event_hash"}},
			{Name: "public.empty", Columns: []string{"id"}},
			{Name: "public.events", Columns: []string{"stream_kind", "stream_id", "seq", "at", "by_id", "about_id", "body", "hash", "tx"}},
			{Name: "public.users", Columns: []string{"event_hash", "event_seq", "id"}},
			{Name: "river.job", Columns: []string{"id", "note"}},
		},
		text: map[string][]string{},
	}
	trail := func(s winddown.Stream, kinds ...winddown.EventKind) winddown.Head {
		var head winddown.Head
		for i, kind := range kinds {
			r, next, err := head.Append(winddown.Event{Stream: s, Kind: kind, By: user, User: other, Via: winddown.ViaPages,
				At: time.Date(2026, 11, 26, 5, i, 0, 120000*i*1000, time.UTC), Reason: "Причина\tс \\ и «кавычками»"})
			if err != nil {
				t.Fatal(err)
			}
			head = next
			in.text["public.events"] = append(in.text["public.events"], fmt.Sprintf("%s\t%s\t%d\t%s\t%s\t%s\t\\\\x%x\t\\\\x%x\t%d\n",
				s.Kind, s.ID, r.Seq, r.At.Format("2006-01-02 15:04:05.999999+00"), r.By, r.User, r.Body, r.Hash, i))
		}
		return head
	}
	head := trail(winddown.Stream{Kind: winddown.CaseStream, ID: seller}, winddown.CaseOpened, winddown.StepDone, winddown.StepUndone)
	in.text["public.cases"] = []string{fmt.Sprintf("%s\tИП \\\\N\t%d\t\\\\x%x\n", seller, head.Seq, head.Hash)}
	for _, id := range []winddown.ID{user, other} {
		head := trail(winddown.Stream{Kind: winddown.UserStream, ID: id}, winddown.UserRegistered, winddown.UserLoggedIn)
		in.text["public.users"] = append(in.text["public.users"], fmt.Sprintf("\\\\x%x\t%d\t%s\n", head.Hash, head.Seq, id))
	}
	for i := range 100 {
		in.text["river.job"] = append(in.text["river.job"], fmt.Sprintf("%d\tзаметка %d\n", i, i))
	}
	for i := range 5 {
		in.files = append(in.files, bytes.Repeat([]byte{byte(i)}, i*300))
	}
	slices.SortFunc(in.files, func(a, b []byte) int {
		x, y := sha256.Sum256(a), sha256.Sum256(b)
		return bytes.Compare(x[:], y[:])
	})
	in.missing = []backup.Missing{{SHA256: [32]byte{0xff}, Size: 7, Case: seller.String(), Number: 4, Reason: backup.Absent}}
	return in
}

func (in installation) write(t testing.TB) []byte {
	t.Helper()
	var out bytes.Buffer
	head := backup.Head{Program: "winddown test", Schema: 20, Jobs: 6, At: time.Date(2026, 11, 26, 5, 0, 0, 123000, time.UTC), Tables: in.tables,
		Sequences: []backup.Sequence{{Name: "river.job_id_seq", Last: 99, Called: true}}}
	_, err := backup.Write(&out, head, func(w *backup.Writer) error {
		for _, table := range in.tables {
			if err := w.Table(func(out io.Writer) error {
				for _, row := range in.text[table.Name] {
					if _, err := io.WriteString(out, row); err != nil {
						return err
					}
				}
				return nil
			}); err != nil {
				return err
			}
		}
		for _, f := range in.files {
			if err := w.File(sha256.Sum256(f), int64(len(f)), bytes.NewReader(f)); err != nil {
				return err
			}
		}
		for _, m := range in.missing {
			if err := w.Missing(m); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func verify(t testing.TB, data []byte) backup.Report {
	t.Helper()
	r, err := backup.Verify(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// keeping takes what a backup holds.
type keeping struct {
	text  map[string]string
	files map[[32]byte]string
}

func (k keeping) Table(table backup.Table, text io.Reader) error {
	b, err := io.ReadAll(text)
	k.text[table.Name] = string(b)
	return err
}

func (k keeping) File(sum [32]byte, size int64, r io.Reader) error {
	b, err := io.ReadAll(r)
	if int64(len(b)) != size {
		return fmt.Errorf("%d bytes of %d", len(b), size)
	}
	k.files[sum] = string(b)
	return err
}

func TestWhatWasWrittenIsRead(t *testing.T) {
	in := sample(t)
	const long = 40 // rows of 300 kB: several entries of the archive
	for i := range long {
		in.text["public.empty"] = append(in.text["public.empty"], strings.Repeat(fmt.Sprint(i), 150_000)+"\n")
	}
	data := in.write(t)
	if n := bytes.Count(data, []byte("tables/public.empty/")); n < 3 {
		t.Fatalf("the large table stands in %d entries", n)
	}
	r, err := backup.Open(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	if h := r.Head(); h.Schema != 20 || h.Jobs != 6 || len(h.Tables) != len(in.tables) || h.Sequences[0].Last != 99 {
		t.Errorf("head: %+v", h)
	}
	got := keeping{map[string]string{}, map[[32]byte]string{}}
	report, err := r.Read(got, true)
	if err != nil {
		t.Fatal(err)
	}
	rows := int64(0)
	for _, table := range in.tables {
		if got.text[table.Name] != strings.Join(in.text[table.Name], "") {
			t.Errorf("%s came back otherwise", table.Name)
		}
		rows += int64(len(in.text[table.Name]))
	}
	for _, f := range in.files {
		if s, ok := got.files[sha256.Sum256(f)]; !ok || s != string(f) {
			t.Errorf("a file of %d bytes came back otherwise", len(f))
		}
	}
	if report.Rows != rows || report.Files != 5 || report.Bytes != 3000 || !slices.Equal(report.Missing, in.missing) {
		t.Errorf("report: %+v", report)
	}
	if v := verify(t, data); len(v.Damages) > 0 || v.Events != 7 || v.Rows != rows {
		t.Errorf("verify: %+v", v)
	}
}

// place is an entry of an archive.
type place struct {
	name          string
	begin, header int // where its header begins, and ends
	end           int // where the next one begins
}

// places walks an archive as tar does.
func places(t testing.TB, data []byte) (all []place) {
	t.Helper()
	for at := 0; data[at] != 0; {
		name, _, _ := strings.Cut(string(data[at:at+100]), "\x00")
		var size int
		if _, err := fmt.Sscanf(string(data[at+124:at+135]), "%o", &size); err != nil {
			t.Fatal(err)
		}
		p := place{name: name, begin: at, header: at + 512, end: at + 512 + (size+511)/512*512}
		all = append(all, p)
		at = p.end
	}
	return all
}

// Whichever byte is altered, the entry it stands in is named; in the name of the first one, it
// is no backup any more.
func TestEveryAlteredByteIsNamed(t *testing.T) {
	data := sample(t).write(t)
	all := places(t, data)
	for i := rand.IntN(few); i < len(data); i += few {
		damaged := slices.Clone(data)
		damaged[i] ^= 1 << rand.IntN(8)
		at := 0
		for at < len(all)-1 && i >= all[at].end {
			at++
		}
		r, err := backup.Verify(bytes.NewReader(damaged))
		if errors.Is(err, backup.ErrNoBackup) && i < 100 || errors.Is(err, backup.ErrFormat) && all[at].name == "backup.json" {
			continue
		}
		if err != nil {
			t.Fatalf("byte %d, in %s: %v", i, all[at].name, err)
		}
		named := slices.ContainsFunc(r.Damages, func(d backup.Damage) bool {
			return strings.Contains(d.Error(), all[at].name) || i < all[at].header && at > 0 && strings.Contains(d.Error(), all[at-1].name)
		})
		if !named {
			t.Fatalf("byte %d, in %s: %v", i, all[at].name, r.Damages)
		}
	}
}

func TestEveryCutIsFound(t *testing.T) {
	data := sample(t).write(t)
	for n := rand.IntN(few); n < len(data); n += few {
		r, err := backup.Verify(bytes.NewReader(data[:n]))
		if err == nil && len(r.Damages) == 0 || err != nil && (n >= 512 || !errors.Is(err, backup.ErrNoBackup)) {
			t.Fatalf("cut at %d of %d: %v, %v", n, len(data), r.Damages, err)
		}
	}
	if r := verify(t, append(slices.Clone(data), 0)); len(r.Damages) == 0 {
		t.Error("a byte behind the end is not found")
	}
}

// Entries that are taken out, put in, or moved are named.
func TestOtherEntriesAreNamed(t *testing.T) {
	data := sample(t).write(t)
	all := places(t, data)
	for i, p := range all[1:] {
		without := slices.Concat(data[:p.begin], data[p.end:])
		if r := verify(t, without); !names(r, p.name) {
			t.Errorf("without %s: %v", p.name, r.Damages)
		}
		twice := slices.Concat(data[:p.end], data[p.begin:])
		if r := verify(t, twice); !names(r, p.name) {
			t.Errorf("twice %s: %v", p.name, r.Damages)
		}
		if i == 0 {
			continue
		}
		before := all[i]
		swapped := slices.Concat(data[:before.begin], data[p.begin:p.end], data[before.begin:before.end], data[p.end:])
		if r := verify(t, swapped); !names(r, p.name) && !names(r, before.name) {
			t.Errorf("%s before %s: %v", p.name, before.name, r.Damages)
		}
	}
}

func names(r backup.Report, name string) bool {
	return slices.ContainsFunc(r.Damages, func(d backup.Damage) bool { return strings.Contains(d.Error(), name) })
}

// Several damages are all named.
func TestAllDamagesAreNamed(t *testing.T) {
	data := sample(t).write(t)
	var want []string
	for _, p := range places(t, data) {
		if strings.HasPrefix(p.name, "tables/public.users") || strings.HasPrefix(p.name, "files/") && p.end > p.header {
			data[p.header+20] ^= 1
			want = append(want, p.name)
		}
	}
	r := verify(t, data)
	if len(want) < 4 || len(r.Damages) != len(want) {
		t.Errorf("%d damages of %d: %v", len(r.Damages), len(want), r.Damages)
	}
	for _, name := range want {
		if !names(r, name) {
			t.Errorf("%s is not named: %v", name, r.Damages)
		}
	}
}

// What was wrong in the database already is found in the backup of it.
func TestBrokenTrailsAreNamed(t *testing.T) {
	events := "public.events"
	for name, c := range map[string]struct {
		spoil func(installation)
		says  string
	}{
		"an event of the midst is gone": {func(in installation) { in.text[events] = slices.Delete(in.text[events], 1, 2) }, "event 2 is missing"},
		"the last event is gone":        {func(in installation) { in.text[events] = slices.Delete(in.text[events], 2, 3) }, `the kind "case" do not end`},
		"a whole trail is gone":         {func(in installation) { in.text[events] = in.text[events][:5] }, `the kind "user" do not end`},
		"a head was altered": {func(in installation) {
			in.text["public.cases"][0] = strings.Replace(in.text["public.cases"][0], "\t3\t", "\t2\t", 1)
		}, `the kind "case" do not end`},
		"somebody else is named": {func(in installation) {
			in.text[events][0] = strings.Replace(in.text[events][0], winddown.ID{15: 1}.String(), winddown.ID{15: 9}.String(), 1)
		}, "names other people"},
		"a body was altered": {func(in installation) {
			body := hex.EncodeToString([]byte(`"case_opened"`))
			in.text[events][0] = strings.Replace(in.text[events][0], body, hex.EncodeToString([]byte(`"case_closed"`)), 1)
		}, "does not match its hash"},
	} {
		in := sample(t)
		c.spoil(in)
		r := verify(t, in.write(t))
		if len(r.Damages) != 1 || !strings.Contains(r.Damages[0].Error(), c.says) {
			t.Errorf("%s: %v", name, r.Damages)
		}
	}
}

func TestOtherFilesAreNoBackups(t *testing.T) {
	for name, data := range map[string][]byte{
		"nothing": nil, "text": []byte("акт сверки"), "a page": bytes.Repeat([]byte("<p>"), 1000), "zeros": make([]byte, 2048),
	} {
		if _, err := backup.Verify(bytes.NewReader(data)); !errors.Is(err, backup.ErrNoBackup) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A file that becomes another one while it is written ends the backup.
func TestAFileThatChangesIsRefused(t *testing.T) {
	head := backup.Head{At: time.Unix(1, 0)}
	for name, text := range map[string]string{"shorter": "ab", "other": "abd"} {
		_, err := backup.Write(io.Discard, head, func(w *backup.Writer) error {
			return w.File(sha256.Sum256([]byte("abc")), 3, strings.NewReader(text))
		})
		if err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestEncryption(t *testing.T) {
	data := sample(t).write(t)
	key, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	stranger, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	to, err := backup.ParseRecipients(strings.NewReader("# nobody else\n" + key.Recipient().String() + "\n"))
	if err != nil {
		t.Fatal(err)
	}
	identities := func(k *age.X25519Identity) backup.Identities {
		all, err := backup.ParseIdentities(strings.NewReader(k.String()))
		if err != nil {
			t.Fatal(err)
		}
		return all
	}
	closed := encrypt(t, data, to)
	if bytes.Contains(closed, []byte("backup.json")) {
		t.Error("it can be read")
	}
	open, err := backup.Decrypt(bytes.NewReader(closed), identities(key))
	if err != nil {
		t.Fatal(err)
	}
	if r, err := backup.Verify(open); err != nil || len(r.Damages) > 0 || r.Events != 7 {
		t.Errorf("%+v, %v", r, err)
	}
	if _, err := backup.Decrypt(bytes.NewReader(closed), nil); !errors.Is(err, backup.ErrEncrypted) {
		t.Errorf("without a key: %v", err)
	}
	if _, err := backup.Decrypt(bytes.NewReader(closed), identities(stranger)); !errors.Is(err, backup.ErrWrongKey) {
		t.Errorf("with another key: %v", err)
	}
	clear, err := backup.Decrypt(bytes.NewReader(data), nil)
	if err != nil {
		t.Fatal(err)
	}
	if r, err := backup.Verify(clear); err != nil || len(r.Damages) > 0 {
		t.Errorf("in the clear: %+v, %v", r, err)
	}
	// Cut or altered, it is never taken for whole.
	for _, n := range []int{len(closed) - 1, len(closed) / 2, 400} {
		altered := slices.Clone(closed)
		altered[n] ^= 1
		for name, bad := range map[string][]byte{"cut": closed[:n], "altered": altered} {
			open, err := backup.Decrypt(bytes.NewReader(bad), identities(key))
			if err != nil {
				continue
			}
			if r, err := backup.Verify(open); err == nil && len(r.Damages) == 0 {
				t.Errorf("%s at %d: %+v", name, n, r)
			}
		}
	}
	if _, err := backup.ParseRecipients(strings.NewReader("age1nobody")); err == nil {
		t.Error("nobody is a recipient")
	}
	if _, err := backup.ParseIdentities(strings.NewReader("AGE-SECRET-KEY-1NONE")); err == nil || strings.Contains(err.Error(), "1NONE") {
		t.Errorf("a broken key: %v", err)
	}
	words, opens, err := backup.Passphrase("сухой лист под ногой")
	if err != nil {
		t.Fatal(err)
	}
	if open, err = backup.Decrypt(bytes.NewReader(encrypt(t, data, words)), opens); err != nil {
		t.Fatal(err)
	}
	if r, err := backup.Verify(open); err != nil || len(r.Damages) > 0 {
		t.Errorf("with a passphrase: %+v, %v", r, err)
	}
}

func encrypt(t *testing.T, data []byte, to backup.Recipients) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := backup.Encrypt(&out, to)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// FuzzVerify: whatever a file holds, it is read to an end, and is either the sample or damaged.
func FuzzVerify(f *testing.F) {
	data := sample(f).write(f)
	f.Add([]byte{})
	f.Add([]byte{0, 0, 0, 200, 1})
	f.Fuzz(func(t *testing.T, edits []byte) {
		// Every five bytes say where a byte is altered and how: random files get no further
		// than the first header.
		damaged := slices.Clone(data)
		for len(edits) >= 5 {
			damaged[int(binary.BigEndian.Uint32(edits))%len(damaged)] ^= edits[4]
			edits = edits[5:]
		}
		r, err := backup.Verify(bytes.NewReader(damaged))
		if err == nil && len(r.Damages) == 0 && !bytes.Equal(damaged, data) {
			t.Errorf("another backup passes for the sample: %+v", r)
		}
	})
}
