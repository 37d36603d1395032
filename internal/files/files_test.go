package files

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/iotest"
	"time"
)

// open returns a new store and its directory.
func open(t testing.TB) (*Store, string) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "files")
	s, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s, dir
}

// list returns the regular files below a directory.
func list(t testing.TB, dir string) []string {
	t.Helper()
	var names []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			names = append(names, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func put(t testing.TB, s *Store, b []byte) Blob {
	t.Helper()
	blob, err := s.Put(t.Context(), bytes.NewReader(b), 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	return blob
}

// read returns a stored file.
func read(t testing.TB, s *Store, sum [sha256.Size]byte) []byte {
	t.Helper()
	f, err := s.Open(sum)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	b, err := io.ReadAll(f)
	if err != nil || int64(len(b)) != f.Size {
		t.Fatalf("read %d bytes of %d: %v", len(b), f.Size, err)
	}
	return b
}

// pdfOf is a PDF of some number of bytes.
func pdfOf(size int) []byte {
	const head, end = "%PDF-1.7\n", "%%EOF"
	return append(append([]byte(head), make([]byte, size-len(head)-len(end))...), end...)
}

// endless is a PDF without an end.
type endless struct {
	begun bool
	read  int64
}

func (e *endless) Read(p []byte) (int, error) {
	clear(p)
	if !e.begun {
		e.begun = true
		copy(p, "%PDF-1.7\n")
	}
	e.read += int64(len(p))
	return len(p), nil
}

func TestWhatIsPutIsRead(t *testing.T) {
	s, dir := open(t)
	for kind, b := range samples(t) {
		// A connection yields as little as it likes at a time.
		blob, err := s.Put(t.Context(), iotest.OneByteReader(bytes.NewReader(b)), int64(len(b)))
		want := Blob{SHA256: sha256.Sum256(b), Size: int64(len(b)), Kind: kind}
		if err != nil || blob != want {
			t.Fatalf("%s: got %v, %v", kind, blob, err)
		}
		if got := read(t, s, blob.SHA256); !bytes.Equal(got, b) {
			t.Errorf("%s: other bytes came back", kind)
		}
		if err := s.Check(blob.SHA256, blob.Size); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
		info, err := os.Stat(filepath.Join(dir, fmt.Sprintf("%x/%x", blob.SHA256[:1], blob.SHA256[1:])))
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v", kind, info, err)
		}
	}
	if got := list(t, dir); len(got) != len(Kinds()) {
		t.Errorf("on the disk are %q", got)
	}
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the directory: %v, %v", info, err)
	}
	again, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = again.Close() }()
	read(t, again, sha256.Sum256(pdfFile()))
}

func TestOpenedFileCanBeSought(t *testing.T) {
	s, _ := open(t)
	f, err := s.Open(put(t, s, pdfFile()).SHA256)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	if _, err := f.Seek(5, io.SeekStart); err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 3)
	if _, err := io.ReadFull(f, b); err != nil || string(b) != "1.4" {
		t.Errorf("got %q, %v", b, err)
	}
}

func TestSizes(t *testing.T) {
	const limit = 1 << 20
	for _, test := range []struct {
		size int
		want error
	}{{0, ErrEmpty}, {limit, nil}, {limit + 1, ErrTooLarge}} {
		s, dir := open(t)
		var b []byte
		if test.size > 0 {
			b = pdfOf(test.size)
		}
		blob, err := s.Put(t.Context(), bytes.NewReader(b), limit)
		if !errors.Is(err, test.want) || err == nil && blob.Size != limit {
			t.Errorf("%d bytes: got %v, %v", test.size, blob, err)
		}
		if got := len(list(t, dir)); got != 0 && test.want != nil {
			t.Errorf("%d bytes: %d files are on the disk", test.size, got)
		}
	}
}

func TestEndlessUploadEndsEarlyInFlatMemory(t *testing.T) {
	s, dir := open(t)
	const limit = 20 << 20
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	stream := &endless{}
	if _, err := s.Put(t.Context(), stream, limit); !errors.Is(err, ErrTooLarge) {
		t.Fatalf("got %v", err)
	}
	runtime.ReadMemStats(&after)
	if stream.read > limit+1<<20 {
		t.Errorf("%d bytes were read before the end", stream.read)
	}
	if used := after.TotalAlloc - before.TotalAlloc; used > 1<<20 {
		t.Errorf("%d bytes were allocated", used)
	}
	if got := list(t, dir); len(got) != 0 {
		t.Errorf("on the disk are %q", got)
	}
}

func TestNothingIsLeftOfAFailedUpload(t *testing.T) {
	cut := errors.New("the connection is gone")
	gone, cancel := context.WithCancel(t.Context())
	half := func() io.Reader { return bytes.NewReader(pdfOf(1 << 18)) }
	for name, test := range map[string]struct {
		ctx  context.Context
		r    io.Reader
		want error
	}{
		"cut at half":    {t.Context(), io.MultiReader(half(), iotest.ErrReader(cut)), cut},
		"ended at half":  {t.Context(), io.MultiReader(half(), iotest.ErrReader(io.ErrUnexpectedEOF)), io.ErrUnexpectedEOF},
		"an EOF wrapped": {t.Context(), io.MultiReader(half(), iotest.ErrReader(fmt.Errorf("next part: %w", io.EOF))), io.EOF},
		"cancelled":      {gone, io.MultiReader(half(), readerFunc(func([]byte) (int, error) { cancel(); return 0, io.EOF }), half()), context.Canceled},
		"unknown":        {t.Context(), strings.NewReader("<svg onload=alert(1)>"), ErrUnknownKind},
		"bomb":           {t.Context(), bytes.NewReader(declaring(t, 2<<30)), ErrBomb},
	} {
		s, dir := open(t)
		if _, err := s.Put(test.ctx, test.r, 1<<20); !errors.Is(err, test.want) {
			t.Errorf("%s: got %v", name, err)
		}
		if got := list(t, dir); len(got) != 0 {
			t.Errorf("%s: on the disk are %q", name, got)
		}
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

func TestFullDiskLeavesNothing(t *testing.T) {
	for _, full := range []error{syscall.ENOSPC, syscall.EDQUOT} {
		s, dir := open(t)
		room := 100_000
		s.Through = func(w io.Writer) io.Writer {
			return writerFunc(func(p []byte) (int, error) {
				if room -= len(p); room < 0 {
					return 0, &fs.PathError{Op: "write", Path: "x", Err: full}
				}
				return w.Write(p)
			})
		}
		_, err := s.Put(t.Context(), &endless{}, 20<<20)
		if !errors.Is(err, ErrNoSpace) || !errors.Is(err, full) {
			t.Errorf("got %v", err)
		}
		if got := list(t, dir); len(got) != 0 {
			t.Errorf("on the disk are %q", got)
		}
		room = 100_000
		put(t, s, pdfFile())
	}
	// Another error of the disk is not taken for a full one.
	s, dir := open(t)
	s.Through = func(io.Writer) io.Writer {
		return writerFunc(func([]byte) (int, error) { return 0, syscall.EIO })
	}
	if _, err := s.Put(t.Context(), bytes.NewReader(pdfFile()), 1<<20); !errors.Is(err, syscall.EIO) || errors.Is(err, ErrNoSpace) {
		t.Errorf("got %v", err)
	}
	if got := list(t, dir); len(got) != 0 {
		t.Errorf("on the disk are %q", got)
	}
}

func TestIdenticalBytesAreStoredOnce(t *testing.T) {
	s, dir := open(t)
	other, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = other.Close() }()
	b := pdfOf(1 << 18)
	var all sync.WaitGroup
	for i := range 8 {
		store := s
		if i%2 == 1 {
			store = other
		}
		all.Go(func() {
			blob, err := store.Put(t.Context(), bytes.NewReader(b), 1<<20)
			if err != nil {
				t.Error(err)
				return
			}
			f, err := store.Open(blob.SHA256)
			if err != nil {
				t.Error(err)
				return
			}
			_ = f.Close()
		})
	}
	all.Wait()
	if got := list(t, dir); len(got) != 1 {
		t.Errorf("on the disk are %q", got)
	}
}

func TestPuttingAgainRefreshesAndRepairs(t *testing.T) {
	s, dir := open(t)
	sum := put(t, s, pdfFile()).SHA256
	path := list(t, dir)[0]
	old := time.Now().Add(-48 * time.Hour)
	for _, damage := range []string{"", "short", strings.Repeat("x", len(pdfFile()))} {
		if damage != "" {
			if err := os.WriteFile(path, []byte(damage), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.Chtimes(path, old, old); err != nil {
			t.Fatal(err)
		}
		put(t, s, pdfFile())
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if time.Since(info.ModTime()) > time.Hour {
			t.Errorf("after %q: the time is still %v", damage, info.ModTime())
		}
		if got := read(t, s, sum); !bytes.Equal(got, pdfFile()) {
			t.Errorf("after %q: got %q", damage, got)
		}
	}
}

func TestMissingAndAlteredFilesAreTold(t *testing.T) {
	s, dir := open(t)
	b := pdfFile()
	sum := put(t, s, b).SHA256
	path := list(t, dir)[0]
	changed := bytes.Clone(b)
	changed[len(changed)-1] ^= 1
	write := func(b []byte) func() error { return func() error { return os.WriteFile(path, b, 0o600) } }
	outside := filepath.Join(t.TempDir(), "outside")
	if err := os.WriteFile(outside, b, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name        string
		damage      func() error
		open, check error
	}{
		{"one bit", write(changed), ErrAltered, nil},
		{"shorter", write(b[:10]), ErrAltered, ErrAltered},
		{"longer", write(append(bytes.Clone(b), 0)), ErrAltered, ErrAltered},
		{"nothing left", write(nil), ErrAltered, ErrAltered},
		{"gone", func() error { return os.Remove(path) }, ErrMissing, ErrMissing},
		{"a link", func() error { return os.Symlink(outside, path) }, ErrAltered, ErrAltered},
		{"a folder", func() error { return errors.Join(os.Remove(path), os.Mkdir(path, 0o700)) }, ErrAltered, ErrAltered},
		{"its folder gone", func() error { return os.RemoveAll(filepath.Dir(path)) }, ErrMissing, ErrMissing},
	} {
		if err := test.damage(); err != nil {
			t.Fatal(err)
		}
		f, err := s.Open(sum)
		if !errors.Is(err, test.open) {
			t.Errorf("%s: Open returned %v, %v", test.name, f, err)
		}
		if err := s.Check(sum, int64(len(b))); !errors.Is(err, test.check) {
			t.Errorf("%s: Check returned %v", test.name, err)
		}
	}
}

// What was found sound is not read again for a while, unless it was touched.
func TestSoundFilesAreRemembered(t *testing.T) {
	s, dir := open(t)
	b := pdfFile()
	sum := put(t, s, b).SHA256
	path := list(t, dir)[0]
	changed := bytes.Clone(b)
	changed[len(changed)-1] ^= 1
	// damage alters the file and gives it a time of change; only that tells.
	damage := func(b []byte, ago time.Duration) {
		t.Helper()
		then := time.Now().Add(-ago).Truncate(time.Second)
		if err := errors.Join(os.WriteFile(path, b, 0o600), os.Chtimes(path, then, then)); err != nil {
			t.Fatal(err)
		}
	}
	damage(b, time.Hour)
	read(t, s, sum)
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.WriteFile(path, changed, 0o600), os.Chtimes(path, info.ModTime(), info.ModTime())); err != nil {
		t.Fatal(err)
	}
	if got := read(t, s, sum); !bytes.Equal(got, changed) {
		t.Error("the file was read again")
	}
	if s.recent.isSound(sum, info, time.Now().Add(soundFor)) {
		t.Error("it is believed for ever")
	}
	damage(changed, time.Minute)
	if _, err := s.Open(sum); !errors.Is(err, ErrAltered) {
		t.Errorf("touched: %v", err)
	}
	// One that was written a moment ago could be altered without a trace.
	damage(b, 0)
	read(t, s, sum)
	if info, err = os.Stat(path); err != nil || s.recent.isSound(sum, info, time.Now()) {
		t.Errorf("a fresh file is remembered; %v", err)
	}
}

func TestMemoryOfFilesIsBounded(t *testing.T) {
	m := map[int]int{}
	for i := range 100 {
		remember(m, 10, i, i)
		remember(m, 10, i, i)
	}
	if len(m) != 10 || m[99] != 99 {
		t.Errorf("%d are remembered: %v", len(m), m)
	}
}

func TestLinksDoNotLeadOut(t *testing.T) {
	s, dir := open(t)
	outside := t.TempDir()
	sum := sha256.Sum256(pdfFile())
	folder := filepath.Join(dir, fmt.Sprintf("%x", sum[:1]))
	if err := os.Symlink(outside, folder); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Put(t.Context(), bytes.NewReader(pdfFile()), 1<<20); err == nil {
		t.Error("a file was stored through the link")
	}
	if got := list(t, outside); len(got) != 0 {
		t.Errorf("outside are %q", got)
	}
	planted := filepath.Join(outside, fmt.Sprintf("%x", sum[1:]))
	if err := os.WriteFile(planted, pdfFile(), 0o600); err != nil {
		t.Fatal(err)
	}
	if f, err := s.Open(sum); err == nil {
		t.Errorf("a file was read through the link: %v", f)
	}
	if err := s.Check(sum, int64(len(pdfFile()))); err == nil {
		t.Error("a file was found through the link")
	}
	if _, err := s.Sweep(t.Context(), 0, time.Now().Add(time.Hour), none); err != nil {
		t.Error(err)
	}
	if got := list(t, outside); len(got) != 1 {
		t.Error("a file was removed through the link")
	}
}
