package files

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"
)

type sums = map[[sha256.Size]byte]bool

// none is asked of a store that nothing refers to.
func none(context.Context, [][sha256.Size]byte) (sums, error) { return nil, nil }

// age makes a file look as old as it says.
func age(t testing.TB, path string, by time.Duration) {
	t.Helper()
	then := time.Now().Add(-by)
	if err := os.Chtimes(path, then, then); err != nil {
		t.Fatal(err)
	}
}

func pathOf(dir string, sum [sha256.Size]byte) string {
	return filepath.Join(dir, filepath.FromSlash(nameOf(sum)))
}

func TestSweepRemovesWhatIsOldAndUnused(t *testing.T) {
	s, dir := open(t)
	const day = 24 * time.Hour
	used := put(t, s, pdfOf(100)).SHA256
	orphan := put(t, s, pdfOf(101)).SHA256
	fresh := put(t, s, pdfOf(102)).SHA256
	age(t, pathOf(dir, used), 2*day)
	age(t, pathOf(dir, orphan), 2*day)
	age(t, pathOf(dir, fresh), day-time.Hour)
	foreign := []string{"notes.txt", "zz/notes.txt", "ab/notes.txt", "ab/" + string(bytes.Repeat([]byte("A"), 62))}
	for _, name := range append(foreign, tempDir+"/killed", tempDir+"/being-written") {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, nil, 0o600)); err != nil {
			t.Fatal(err)
		}
		age(t, path, 2*day)
	}
	age(t, filepath.Join(dir, tempDir, "being-written"), time.Hour)

	var asked [][sha256.Size]byte
	removed, err := s.Sweep(t.Context(), day, time.Now(), func(_ context.Context, batch [][sha256.Size]byte) (sums, error) {
		asked = append(asked, batch...)
		return sums{used: true}, nil
	})
	if err != nil || removed != 2 {
		t.Errorf("removed %d, %v; want the orphan and what was left of the killed write", removed, err)
	}
	if slices.Contains(asked, fresh) {
		t.Error("a fresh file was asked about")
	}
	left := list(t, dir)
	for _, name := range append(foreign, tempDir+"/being-written", nameOf(used), nameOf(fresh)) {
		if !slices.Contains(left, filepath.Join(dir, name)) {
			t.Errorf("%s is gone", name)
		}
	}
	if len(left) != len(foreign)+3 {
		t.Errorf("left are %q", left)
	}
}

func TestSweepAsksInBatches(t *testing.T) {
	s, dir := open(t)
	for i := range sweepBatch + 1 {
		path := pathOf(dir, [sha256.Size]byte{1, byte(i), byte(i >> 8)})
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, nil, 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	var asked []int
	removed, err := s.Sweep(t.Context(), 0, time.Now().Add(time.Hour), func(_ context.Context, batch [][sha256.Size]byte) (sums, error) {
		asked = append(asked, len(batch))
		return nil, nil
	})
	if err != nil || removed != sweepBatch+1 || !slices.Equal(asked, []int{sweepBatch, 1}) {
		t.Errorf("removed %d, %v, asked about %v", removed, err, asked)
	}
}

func TestSweepRemovesNothingItCouldNotAskAbout(t *testing.T) {
	s, _ := open(t)
	sum := put(t, s, pdfFile()).SHA256
	down := errors.New("the database is down")
	removed, err := s.Sweep(t.Context(), 0, time.Now().Add(time.Hour), func(context.Context, [][sha256.Size]byte) (sums, error) {
		return nil, down
	})
	if removed != 0 || !errors.Is(err, down) {
		t.Errorf("removed %d, %v", removed, err)
	}
	read(t, s, sum)
}

func TestSweepLeavesWhatIsStoredAgainMeanwhile(t *testing.T) {
	s, dir := open(t)
	sum := put(t, s, pdfFile()).SHA256
	age(t, pathOf(dir, sum), 48*time.Hour)
	removed, err := s.Sweep(t.Context(), 24*time.Hour, time.Now(), func(context.Context, [][sha256.Size]byte) (sums, error) {
		put(t, s, pdfFile())
		return nil, nil
	})
	if removed != 0 || err != nil {
		t.Errorf("removed %d, %v", removed, err)
	}
	read(t, s, sum)
}

// Two processes share the directory: one stores what the other has just found to be unused.
func TestSweepAndPutAtOnceLoseNothing(t *testing.T) {
	s, dir := open(t)
	other, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = other.Close() }()
	for i := range 50 {
		b := pdfOf(100 + i)
		sum := put(t, s, b).SHA256
		age(t, pathOf(dir, sum), 48*time.Hour)
		var both sync.WaitGroup
		both.Go(func() {
			if _, err := s.Put(t.Context(), bytes.NewReader(b), 1<<20); err != nil {
				t.Error(err)
			}
		})
		both.Go(func() {
			if _, err := other.Sweep(t.Context(), 24*time.Hour, time.Now(), none); err != nil {
				t.Error(err)
			}
		})
		both.Wait()
		if err := s.Check(sum, int64(len(b))); err != nil {
			t.Fatal(fmt.Errorf("round %d: %w", i, err))
		}
	}
	if left := list(t, filepath.Join(dir, tempDir)); len(left) != 0 {
		t.Errorf("left behind are %q", left)
	}
}
