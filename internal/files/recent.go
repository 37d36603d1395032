package files

import (
	"crypto/sha256"
	"io/fs"
	"os"
	"sync"
	"time"
)

// How much is remembered of files that were found sound, and for how long.
const (
	soundFor    = time.Minute
	maxSound    = 1024
	maxPictures = 512 // of a few kilobytes each
	// settled is how old a change must be to be told from a later one by its time: clocks of
	// file systems are coarse.
	settled = 2 * time.Second
)

// recent remembers which files were found sound, and the small pictures that were made of
// them, as long as the files are not touched.
type recent struct {
	mu       sync.Mutex
	sound    map[[sha256.Size]byte]seen
	pictures map[pictureKey]picture
}

// seen is how a file looked when it was found sound.
type seen struct {
	info fs.FileInfo
	at   time.Time
}

type pictureKey struct {
	sum  [sha256.Size]byte
	side int // pixels
}

type picture struct {
	of   fs.FileInfo
	jpeg []byte
}

func newRecent() *recent {
	return &recent{sound: map[[sha256.Size]byte]seen{}, pictures: map[pictureKey]picture{}}
}

// untouched reports whether nothing was written between two looks at a file.
func untouched(a, b fs.FileInfo) bool {
	return os.SameFile(a, b) && a.Size() == b.Size() && a.ModTime().Equal(b.ModTime())
}

// isSound reports whether a file was found sound lately.
func (r *recent) isSound(sum [sha256.Size]byte, info fs.FileInfo, now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	s, ok := r.sound[sum]
	return ok && now.Sub(s.at) < soundFor && untouched(s.info, info)
}

// found remembers that a file was found sound.
func (r *recent) found(sum [sha256.Size]byte, info fs.FileInfo, now time.Time) {
	if now.Sub(info.ModTime()) < settled {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	remember(r.sound, maxSound, sum, seen{info, now})
}

// picture returns the picture that was made of a file, nil for none.
func (r *recent) picture(key pictureKey, info fs.FileInfo) []byte {
	r.mu.Lock()
	defer r.mu.Unlock()
	if p, ok := r.pictures[key]; ok && untouched(p.of, info) {
		return p.jpeg
	}
	return nil
}

// drew remembers a picture of a file.
func (r *recent) drew(key pictureKey, info fs.FileInfo, jpeg []byte, now time.Time) {
	if now.Sub(info.ModTime()) < settled {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	remember(r.pictures, maxPictures, key, picture{info, jpeg})
}

// remember adds to a map of at most limit entries; any other makes room.
func remember[K comparable, V any](m map[K]V, limit int, key K, value V) {
	if _, known := m[key]; !known && len(m) >= limit {
		for other := range m {
			delete(m, other)
			break
		}
	}
	m[key] = value
}
