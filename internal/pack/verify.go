package pack

import (
	"archive/zip"
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"slices"
	"strings"
	"time"
	"unicode"

	"winddown/internal/winddown"
)

// Report is what Verify found. What the manifest says about the case is zero when there
// is no manifest to read.
type Report struct {
	Case        winddown.ID
	Head        winddown.Head
	At          time.Time // of the last event
	Files       int       // listed in the manifest
	Events      int64     // whose chain holds
	Missing     []Missing // what was not there when the pack was made; no difference
	Differences []Difference
}

// OK reports whether the pack is as it was made.
func (r Report) OK() bool { return len(r.Differences) == 0 }

// Missing is a piece of evidence whose bytes were not there when the pack was made.
type Missing struct {
	Name   string // of the text in its place
	Reason string // absent, altered or unreadable
}

// Difference is one way in which an archive is not the pack that was made.
type Difference struct {
	Name    string // the file in the pack; empty for the archive as a whole
	Problem string // in English, to be read after the name
}

// String is a line that is safe to print, whatever the archive holds.
func (d Difference) String() string {
	if d.Name == "" {
		return "the archive " + d.Problem
	}
	return shown(d.Name) + ": " + d.Problem
}

const (
	// maxDirectory bounds what is read to find the entries, in bytes: more than 10,000 take.
	maxDirectory = 4 << 20
	maxManifest  = 8 << 20
	// moreThanFile is how much more than twice its own size an archive may unpack to, in
	// bytes. A pack is not compressed; one that somebody packed anew is still worth reading.
	moreThanFile = 64 << 20
)

// errTooMuch is more than a pack could make one read.
var errTooMuch = errors.New("holds or unpacks to more than a pack does")

// ErrNoZIP is what Verify returns for a file of another kind.
var ErrNoZIP = errors.New("the file is no ZIP archive")

// Verify checks a pack without a database: that the manifest is whole and every file as it
// lists it, that the chain of the history holds up to the manifest's head, and that every
// byte of the archive is where Write puts it. What differs is in the report; an error means
// that the archive could not be read, or that there is none (ErrNoZIP). Time and memory are
// bounded by the size, in bytes, whatever the archive says of itself.
func Verify(r io.ReaderAt, size int64) (Report, error) {
	v := verifier{source: source{r: r, size: size, left: maxDirectory}, left: 2*size + moreThanFile}
	err := v.verify()
	if errors.Is(err, ErrNoZIP) {
		return Report{}, err
	}
	if err != nil {
		v.differ("", err.Error())
	}
	return v.report, v.source.err
}

type verifier struct {
	source source
	left   int64 // bytes that may still come out of entries
	report Report
}

func (v *verifier) differ(name, problem string) {
	// Errors quote what they could not read, at any length.
	const enough = 400
	problem = strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return '?'
	}, cut(problem, enough))
	v.report.Differences = append(v.report.Differences, Difference{Name: name, Problem: problem})
}

// verify returns an error when it cannot go on.
func (v *verifier) verify() error {
	if err := v.source.checkEnd(); err != nil {
		return err
	}
	z, err := zip.NewReader(&v.source, v.source.size)
	if errors.Is(err, errTooMuch) {
		return err
	}
	if err != nil {
		return errors.New("has a damaged directory")
	}
	if len(z.File) > maxEntries {
		return errTooMuch
	}
	v.source.left = 4*v.source.size + moreThanFile

	files := make(map[string]*zip.File, len(z.File))
	for _, f := range z.File {
		if files[f.Name] != nil {
			v.differ(f.Name, "is in the archive twice")
		}
		files[f.Name] = f
	}
	if files[manifestName] == nil {
		v.differ(manifestName, "is missing")
		return nil
	}
	m, err := v.manifest(files[manifestName])
	if err != nil {
		v.differ(manifestName, err.Error())
		return nil
	}
	v.report.Case, v.report.Head, v.report.At, v.report.Files = m.Case, m.Head, m.At, len(m.Files)

	if err := v.contents(m, z.File); err != nil {
		return err
	}
	v.listed(m, z.File, files)
	if f := files[historyName]; f != nil {
		v.history(m, f)
	}
	return nil
}

// contents reads every entry, compares it with the manifest, and compares the archive with
// one written anew from what was read.
func (v *verifier) contents(m manifest, files []*zip.File) error {
	want := make(map[string]entry, len(m.Files))
	for _, e := range m.Files {
		want[e.Name] = e
	}
	same := &comparer{source: &v.source}
	anew := newArchive(same, m.At)
	buf, told := make([]byte, 64<<10), false
	for _, f := range files {
		out, err := anew.create(f.Name, int64(f.UncompressedSize64), f.CRC32)
		if err != nil {
			return err
		}
		got, err := v.unpack(f, out, buf)
		if errors.Is(err, errTooMuch) {
			return err
		}
		if err := anew.zip.Flush(); err != nil { // so that a difference belongs to this entry
			return err
		}
		e, listed := want[f.Name]
		before := len(v.report.Differences)
		switch {
		case err != nil && !errors.Is(err, zip.ErrChecksum):
			v.differ(f.Name, "cannot be read: "+err.Error())
		case !listed && f.Name != manifestName:
			v.differ(f.Name, "was added: the manifest does not list it")
		case listed && (got.size != e.Size || got.sum != e.SHA256):
			v.differ(f.Name, "was altered")
		case got.crc != f.CRC32:
			v.differ(f.Name, "does not match its checksum in the archive")
		}
		if same.differs && !told { // what follows is out of place, too
			if told = true; len(v.report.Differences) == before {
				v.differ(f.Name, "the archive near this file is not as it was written")
			}
		}
	}
	if err := anew.close(); err != nil {
		return err
	}
	if (same.differs || same.offset != v.source.size) && !told {
		v.differ("", "has a directory that is not as it was written")
	}
	return nil
}

// listed compares the names of the archive with the manifest's, and the files that follow
// from the manifest with those it lists.
func (v *verifier) listed(m manifest, archive []*zip.File, files map[string]*zip.File) {
	complete := len(archive) == len(m.Files)+1
	for _, e := range m.Files {
		if files[e.Name] == nil {
			v.differ(e.Name, "is missing")
			complete = false
		}
		if e.Name == sumsName && e.SHA256 != sha256.Sum256(m.sums()) {
			v.differ(e.Name, "does not list what the manifest lists")
		}
		if e.Lost != nil {
			v.report.Missing = append(v.report.Missing, Missing{Name: e.Name, Reason: e.Lost.Reason})
			if e.SHA256 != sha256.Sum256(e.Lost.text(strings.TrimSuffix(e.Name, lostSuffix))) {
				v.differ(e.Name, "does not say what the manifest says")
			}
		}
	}
	if !complete {
		return
	}
	for i, e := range m.Files {
		if archive[i].Name != e.Name {
			v.differ(archive[i].Name, "is not in the order of the manifest")
			return
		}
	}
}

// history walks the chain of the trail up to the manifest's head.
func (v *verifier) history(m manifest, f *zip.File) {
	in, err := f.Open()
	if err != nil {
		return // told with the contents
	}
	defer func() { _ = in.Close() }() // it was only read
	lines := bufio.NewReaderSize(in, int(min(f.UncompressedSize64, maxLine))+1)
	var chain winddown.Chain
	var last time.Time
	for {
		line, err := lines.ReadSlice('\n')
		if errors.Is(err, bufio.ErrBufferFull) {
			v.differ(historyName, fmt.Sprintf("line %d is too long", v.report.Events+1))
			return
		}
		if len(line) == 0 {
			break // the end; had it come too early, the contents told it
		}
		r, err := decodeRecord(line, m.Case)
		if err == nil && !bytes.Equal(appendRecord(nil, r), line) {
			err = errors.New("is not spelt as it was written")
		}
		if err != nil {
			v.differ(historyName, fmt.Sprintf("line %d %v", v.report.Events+1, err))
			return
		}
		if err := chain.Next(r); err != nil {
			v.differ(historyName, err.Error())
			return
		}
		v.report.Events++
		last = r.At
	}
	if err := chain.End(winddown.Stream{Kind: winddown.CaseStream, ID: m.Case}, m.Head); err != nil {
		v.differ(historyName, err.Error())
	} else if !last.Equal(m.At) {
		v.differ(manifestName, "dates the last event otherwise than the history")
	}
}

// unpacked is what came out of an entry.
type unpacked struct {
	size int64
	sum  [sha256.Size]byte
	crc  uint32
}

// unpack copies an entry to out. With zip.ErrChecksum it was read to its end all the same.
func (v *verifier) unpack(f *zip.File, out io.Writer, buf []byte) (got unpacked, err error) {
	in, err := f.Open()
	if err != nil {
		return got, err
	}
	defer func() { _ = in.Close() }() // it was only read
	sum, crc := sha256.New(), crc32.NewIEEE()
	got.size, err = io.CopyBuffer(io.MultiWriter(sum, crc, out), io.LimitReader(in, v.left+1), buf)
	if v.left -= got.size; v.left < 0 {
		return got, errTooMuch
	}
	sum.Sum(got.sum[:0])
	got.crc = crc.Sum32()
	return got, err
}

// manifest reads the manifest.
func (v *verifier) manifest(f *zip.File) (manifest, error) {
	in, err := f.Open()
	if err != nil {
		return manifest{}, err
	}
	defer func() { _ = in.Close() }() // it was only read
	data, err := io.ReadAll(io.LimitReader(in, maxManifest))
	if errors.Is(err, zip.ErrChecksum) { // others would be blamed for what it says
		return manifest{}, errors.New("was altered, so that nothing could be compared with it")
	}
	if err != nil {
		return manifest{}, fmt.Errorf("cannot be read: %w", err)
	}
	return decodeManifest(data)
}

// source is the archive as archive/zip reads it: at most left bytes.
type source struct {
	r    io.ReaderAt
	size int64
	left int64
	err  error // other than that the archive ends
}

// ReadAt reads from the archive.
func (s *source) ReadAt(p []byte, at int64) (int, error) {
	if at < 0 || at >= s.size {
		return 0, io.EOF
	}
	if s.left -= int64(len(p)); s.left < 0 {
		return 0, errTooMuch
	}
	n, err := s.r.ReadAt(p, at)
	if err != nil && !errors.Is(err, io.EOF) {
		s.err = err
	}
	return n, err
}

// checkEnd refuses what does not end as a pack does before archive/zip makes room for as
// many entries as the end announces.
func (s *source) checkEnd() error {
	var end [22]byte
	begin := make([]byte, 4)
	if _, err := s.ReadAt(begin, 0); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	zipped := string(begin) == "PK\x03\x04"
	at := s.size - int64(len(end))
	switch {
	case at < 0 && !zipped:
		return ErrNoZIP
	case at < 0:
		return errors.New("was cut off")
	case s.size > maxSize && zipped:
		return errTooMuch
	}
	if _, err := s.ReadAt(end[:], at); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	entries, length, offset := binary.LittleEndian.Uint16(end[10:]), binary.LittleEndian.Uint32(end[12:]), binary.LittleEndian.Uint32(end[16:])
	ended := bytes.HasPrefix(end[:], []byte("PK\x05\x06"))
	if !ended && !zipped {
		return ErrNoZIP
	}
	if !ended || int64(offset)+int64(length) != at {
		return errors.New("does not end as a pack does: it is no pack, was cut off, or something follows it")
	}
	if entries > maxEntries {
		return errTooMuch
	}
	return nil
}

// comparer is a writer that compares what it is given with the bytes at the same place of
// the archive. It stops at the first difference.
type comparer struct {
	source  io.ReaderAt
	offset  int64
	differs bool
	buf     []byte
}

// Write compares; it fails only when the archive cannot be read.
func (c *comparer) Write(p []byte) (int, error) {
	if c.differs {
		return len(p), nil
	}
	c.buf = slices.Grow(c.buf[:0], len(p))[:len(p)]
	n, err := c.source.ReadAt(c.buf, c.offset)
	if err != nil && !errors.Is(err, io.EOF) {
		return 0, err
	}
	c.differs = n < len(p) || !bytes.Equal(c.buf, p)
	c.offset += int64(len(p))
	return len(p), nil
}
