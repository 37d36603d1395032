// Package pack makes the handover pack of a case and checks one, with no database.
//
// A pack is a ZIP archive written while it is sent: VERIFY.txt, the parts made for people,
// history.jsonl with the hash chain of the case, the evidence, SHA256SUMS, and last
// manifest.json with the size and SHA-256 of every file before it. Nothing is compressed,
// every entry carries the time of the last event, and names are plain ASCII, so that the
// same contents give the same bytes with any version of Go or of a compressor. Verify
// makes use of that: it writes the archive anew and compares every byte.
package pack

import (
	"bytes"
	"context"
	"crypto/sha256"
	_ "embed"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"strings"

	"winddown/internal/files"
	"winddown/internal/winddown"
)

// The files every pack has.
const (
	guideName    = "VERIFY.txt"
	historyName  = "history.jsonl"
	sumsName     = "SHA256SUMS"
	manifestName = "manifest.json"
)

// evidenceFolder holds the evidence; lostSuffix ends the name of the text that stands in
// place of a file that is no more.
const (
	evidenceFolder = "evidence/"
	lostSuffix     = ".MISSING.txt"
)

const (
	// maxEntries and maxSize (bytes) keep a pack clear of ZIP64, which tools read differently.
	maxEntries = 10_000
	maxSize    = 4<<30 - 1
	// maxContents bounds evidence and parts, in bytes; the rest is for everything around them.
	maxContents = 3 << 30
)

// guide tells how to check a pack with common tools.
//
//go:embed verify.txt
var guide []byte

// Contents are what a pack is made of.
type Contents struct {
	Case    winddown.ID
	Head    winddown.Head     // as kept with the case
	History []winddown.Record // the whole trail of the case, in order
	Parts   []Part            // in the order they shall stand in
	Files   []File            // in the order they shall stand in
}

// Part is a file at the top of the pack, made for people to read.
type Part struct {
	Name string // without a folder
	Data []byte
}

// File is a piece of evidence.
type File struct {
	Name   string // from a Namer
	Size   int64  // bytes
	SHA256 [sha256.Size]byte
	// Open returns the bytes; it is called once, and the result read twice. Its errors are
	// those of files.Store.Open.
	Open func() (io.ReadSeekCloser, error)
}

// Write writes a pack to w, holding no more than a buffer of each file. Evidence that is
// absent, altered or unreadable does not fail it: a text takes its place, and the manifest
// says so. The trail is written as it is stored; whether it is whole is for Verify to say.
//
// After an error what was written is no pack.
func Write(w io.Writer, c Contents) error { return write(w, c, guide) }

func write(w io.Writer, c Contents, guide []byte) error {
	if len(c.History) == 0 {
		return errors.New("pack: a case without events")
	}
	if err := c.check(); err != nil {
		return fmt.Errorf("pack: %w", err)
	}
	history, err := encodeHistory(c.History)
	if err != nil {
		return fmt.Errorf("pack: %w", err)
	}
	m := manifest{Case: c.Case, Head: c.Head, At: c.History[len(c.History)-1].At.UTC()}
	a := newArchive(w, m.At)
	add := func(name string, data []byte) error {
		m.Files = append(m.Files, entry{Name: name, Size: int64(len(data)), SHA256: sha256.Sum256(data)})
		return a.add(name, data)
	}

	if err := add(guideName, guide); err != nil {
		return err
	}
	for _, p := range c.Parts {
		if err := add(p.Name, p.Data); err != nil {
			return err
		}
	}
	if err := add(historyName, history); err != nil {
		return err
	}
	buf := make([]byte, 64<<10)
	for _, f := range c.Files {
		e, err := a.evidence(f, buf)
		if err != nil {
			return fmt.Errorf("pack: %s: %w", f.Name, err)
		}
		m.Files = append(m.Files, e)
	}
	if err := add(sumsName, m.sums()); err != nil {
		return err
	}
	if err := a.add(manifestName, m.encode()); err != nil {
		return err
	}
	return a.close()
}

// check refuses what Verify would not accept later.
func (c Contents) check() error {
	names, total := []string{guideName}, int64(0)
	for _, p := range c.Parts {
		names, total = append(names, p.Name), total+int64(len(p.Data))
	}
	names = append(names, historyName)
	for _, f := range c.Files {
		if isLost(f.Name) {
			return fmt.Errorf("%s: the ending is kept for files that are no more", f.Name)
		}
		if f.Size < 0 || f.Size > maxContents {
			return fmt.Errorf("%s: a size of %d bytes", f.Name, f.Size)
		}
		names, total = append(names, f.Name+lostSuffix), total+f.Size // the longer of its two names
	}
	if total > maxContents {
		return fmt.Errorf("the contents exceed %d bytes", int64(maxContents))
	}
	return checkLayout(append(names, sumsName))
}

// evidence writes a piece of evidence, or in its place the text that says why it is not
// there. The bytes are read twice, since the header of an entry that is not compressed
// comes first and holds their checksum.
func (a *archive) evidence(f File, buf []byte) (entry, error) {
	content, crc, err := f.examine(buf)
	if content != nil {
		defer func() { _ = content.Close() }() // it was only read
	}
	e := entry{Name: f.Name, Size: f.Size, SHA256: f.SHA256}
	if err != nil {
		if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
			return entry{}, err
		}
		text := e.lose(err)
		return e, a.add(e.Name, text)
	}
	if _, err := content.Seek(0, io.SeekStart); err != nil {
		return entry{}, err
	}
	out, err := a.create(f.Name, f.Size, crc)
	if err != nil {
		return entry{}, err
	}
	again := crc32.NewIEEE()
	n, err := io.CopyBuffer(io.MultiWriter(out, again), io.LimitReader(content, f.Size), buf)
	if err == nil && (n != f.Size || again.Sum32() != crc) {
		err = errors.New("the file changed while it was written")
	}
	return e, err
}

// examine opens a piece of evidence and reads it once, for its checksum. Bytes that are
// not those wanted are files.ErrAltered.
func (f File) examine(buf []byte) (io.ReadSeekCloser, uint32, error) {
	content, err := f.Open()
	if err != nil {
		return nil, 0, err
	}
	sum, crc := sha256.New(), crc32.NewIEEE()
	n, err := io.CopyBuffer(io.MultiWriter(sum, crc), io.LimitReader(content, f.Size+1), buf)
	if err == nil && (n != f.Size || !bytes.Equal(sum.Sum(nil), f.SHA256[:])) {
		err = files.ErrAltered
	}
	return content, crc.Sum32(), err
}

// lose turns the entry of a file into that of the text in its place, and returns the text.
func (e *entry) lose(why error) []byte {
	l := lost{Reason: reason(why), Size: e.Size, SHA256: e.SHA256}
	text := l.text(e.Name)
	*e = entry{Name: e.Name + lostSuffix, Size: int64(len(text)), SHA256: sha256.Sum256(text), Lost: &l}
	return text
}

// The reasons why a piece of evidence is not in the pack, as the manifest says them.
const (
	absent     = "absent"
	altered    = "altered"
	unreadable = "unreadable"
)

// reason finds the reason in an error of opening or reading a file.
func reason(err error) string {
	switch {
	case errors.Is(err, files.ErrAltered):
		return altered
	case errors.Is(err, files.ErrMissing):
		return absent
	}
	return unreadable
}

// lost says which bytes a text stands for, and why they are not there.
type lost struct {
	Reason string
	Size   int64
	SHA256 [sha256.Size]byte
}

// text is what stands in place of the file of that name. It is part of the format: Verify
// compares it.
func (l lost) text(name string) []byte {
	ru, en := "файл не удалось прочитать", "it could not be read"
	switch l.Reason {
	case absent:
		ru, en = "файла не оказалось на месте", "it was not in its place"
	case altered:
		ru, en = "файл оказался изменён", "it was found altered"
	}
	return fmt.Appendf(nil, `Этого файла в пакете нет: при сборке пакета %s.
Должен был быть: %s
Размер в байтах: %d
SHA-256: %x

This file is not in the pack: when the pack was made, %s.
Expected: %s
Size in bytes: %d
SHA-256: %x
`, ru, name, l.Size, l.SHA256, en, name, l.Size, l.SHA256)
}

// isLost reports whether a name is that of a text in place of a file.
func isLost(name string) bool {
	return strings.HasSuffix(strings.ToLower(name), strings.ToLower(lostSuffix))
}
