package backup

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path"
	"strconv"
	"strings"
	"time"
	"unicode"
)

// Sink takes what a backup holds, in its order. What it is given may turn out to be damaged
// afterwards: it is to be trusted when Read has returned without an error or a damage.
type Sink interface {
	// Table takes a table as COPY's text.
	Table(t Table, text io.Reader) error
	// File takes a file of the evidence, whose size is in bytes.
	File(sum [sha256.Size]byte, size int64, r io.Reader) error
}

// Damage is a way in which a backup is not what was written.
type Damage struct {
	Name    string // of the entry in the archive, the table or the stream of events
	Problem string // in English, to be read after the name
}

// Error is a line that is safe to print, whatever the archive holds.
func (d Damage) Error() string { return printable(d.Name) + ": " + printable(d.Problem) }

func printable(s string) string {
	const enough = 400
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return '?'
	}, s[:min(len(s), enough)])
}

// ErrNoBackup is returned for a file of another kind.
var ErrNoBackup = errors.New("the file is no backup")

// ErrFormat is returned for a backup whose form this program does not know.
var ErrFormat = errors.New("the backup has a form that this program does not know: install a newer winddown")

const (
	maxHead    = 4 << 20
	maxLine    = 64 << 10
	maxDamages = 100 // more are not looked for
)

// errStop ends the reading of an archive that cannot be read further.
var errStop = errors.New("the archive cannot be read further")

// Reader walks a backup, and writes its manifest anew to compare it with what it finds.
type Reader struct {
	in     *bufio.Reader
	to     Sink
	strict bool
	at     time.Time
	now    *entry // being read, or not yet asked for
	before string // the name of the entry before
	first  line   // of the head
	lines  *bufio.Writer
	report Report
	bad    map[string]bool // the names in the damages
}

// entry is an entry of the archive that is being read.
type entry struct {
	name string
	size int64
	body io.Reader // counts and hashes what is read from it
	sum  hash.Hash
}

// Open reads the head of a backup. It returns ErrNoBackup, ErrFormat, or a Damage.
func Open(in io.Reader) (*Reader, error) {
	r := &Reader{in: bufio.NewReaderSize(in, 256<<10), bad: map[string]bool{}}
	err := r.head()
	if errors.Is(err, errStop) {
		err = r.report.Damages[0]
	}
	return r, err
}

// Head returns what the backup says of itself. Whether that was altered shows at the end.
func (r *Reader) Head() Head { return r.report.Head }

// Read reads the rest of the backup and gives to what it holds. What is damaged stands in the
// report; with strict the first damage is returned as an error, and nothing is read after it.
// Besides it returns the errors of to.
func (r *Reader) Read(to Sink, strict bool) (_ Report, err error) {
	lines, err := os.CreateTemp("", "winddown-manifest-*")
	if err != nil {
		return Report{}, err
	}
	defer func() { err = errors.Join(err, lines.Close(), os.Remove(lines.Name())) }()
	r.to, r.strict, r.lines = to, strict, bufio.NewWriter(lines)
	err = r.read(lines)
	if errors.Is(err, errStop) {
		err = nil
	}
	if strict && len(r.report.Damages) > 0 {
		err = r.report.Damages[0] // whatever came of it
	}
	return r.report, err
}

// damage notes a damage; what it returns ends the reading if it has to end.
func (r *Reader) damage(name, problem string) error {
	if r.bad[name] {
		return nil // one fault has several consequences
	}
	r.bad[name] = true
	if part, ok := strings.CutPrefix(name, tablesDir); ok {
		r.bad[path.Dir(part)] = true
	}
	r.report.Damages = append(r.report.Damages, Damage{name, problem})
	if r.strict || len(r.report.Damages) >= maxDamages {
		return errStop
	}
	return nil
}

// end notes that the archive cannot be read further.
func (r *Reader) end(name, problem string) error {
	if err := r.damage(name, problem); err != nil {
		return err
	}
	return errStop
}

func (r *Reader) read(lines *os.File) error {
	if err := r.line(r.first); err != nil {
		return err
	}
	for _, t := range r.report.Head.Tables {
		if err := r.table(t); err != nil {
			return err
		}
	}
	for {
		e, err := r.peek()
		if err != nil {
			return err
		}
		if e == nil {
			return r.end(manifestName, "is missing, so the backup is not whole")
		}
		if e.name == manifestName {
			break
		}
		if err := r.file(e); err != nil {
			return err
		}
	}
	if err := r.manifest(lines); err != nil {
		return err
	}
	if e, err := r.peek(); err != nil || e != nil {
		if err == nil {
			err = r.end(e.name, "was added after the manifest")
		}
		return err
	}
	return nil
}

// peek returns the entry that comes next, nil at the archive's end.
func (r *Reader) peek() (*entry, error) {
	if r.now != nil {
		return r.now, nil
	}
	var block [blockSize]byte
	if err := r.block(block[:]); err != nil {
		return nil, err
	}
	if r.before != "" && block == [blockSize]byte{} {
		return nil, r.tail()
	}
	name, _, _ := strings.Cut(string(block[:maxName]), "\x00")
	size, sizeErr := strconv.ParseInt(string(block[124:135]), 8, 64)
	at, atErr := strconv.ParseInt(string(block[136:147]), 8, 64)
	if r.before == "" {
		if name != headName {
			return nil, ErrNoBackup
		}
		if atErr != nil || size > maxHead {
			return nil, r.end(headName, "its header in the archive was altered")
		}
		r.at = time.Unix(at, 0)
	}
	if sizeErr != nil || block != tarHeader(name, size, r.at) {
		return nil, r.end(name, fmt.Sprintf("its header in the archive, after %s, was altered; nothing after it can be read", r.before))
	}
	sum := sha256.New()
	r.now = &entry{name: name, size: size, sum: sum, body: io.TeeReader(io.LimitReader(r.in, size), sum)}
	return r.now, nil
}

// block reads a block, or says that there is none.
func (r *Reader) block(b []byte) error {
	_, err := io.ReadFull(r.in, b)
	switch {
	case err == nil:
		return nil
	case r.before == "" && (errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)):
		return ErrNoBackup
	case r.before == "":
		return fmt.Errorf("the backup cannot be read: %w", err)
	}
	return r.broken(r.before, err)
}

// broken says that the archive ends, or cannot be read, behind or within an entry.
func (r *Reader) broken(name string, err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return r.end(name, "the backup is cut off here")
	}
	return r.end(name, "the backup cannot be read further: "+err.Error())
}

// tail checks the end of the archive behind its first block of zeros.
func (r *Reader) tail() error {
	var block [blockSize]byte
	if err := r.block(block[:]); err != nil {
		return err
	}
	_, err := r.in.ReadByte()
	switch {
	case block != [blockSize]byte{} || err == nil:
		return r.end(r.before, "what follows it at the end of the archive was altered")
	case !errors.Is(err, io.EOF):
		return r.broken(r.before, err)
	}
	return nil
}

// done reads the rest of an entry and what pads it, and writes its line of the manifest.
func (r *Reader) done(e *entry) error {
	if err := r.skip(e); err != nil {
		return err
	}
	return r.line(line{Entry: e.name, Size: e.size, SHA256: hex.EncodeToString(e.sum.Sum(nil))})
}

func (r *Reader) skip(e *entry) error {
	r.now, r.before = nil, e.name
	if _, err := io.Copy(io.Discard, e.body); err != nil {
		return r.broken(e.name, err)
	}
	pad := make([]byte, padding(e.size))
	if _, err := io.ReadFull(r.in, pad); err != nil { // what is missing of the body is missing here
		return r.broken(e.name, err)
	}
	if !bytes.Equal(pad, make([]byte, len(pad))) {
		return r.damage(e.name, "what pads it in the archive was altered")
	}
	return nil
}

func (r *Reader) line(l line) error {
	text, err := json.Marshal(l)
	if err != nil {
		return err
	}
	_, err = r.lines.Write(append(text, '\n'))
	return err
}

func (r *Reader) head() error {
	e, err := r.peek()
	if err != nil {
		return err
	}
	if e == nil {
		return ErrNoBackup
	}
	text, err := io.ReadAll(e.body)
	if err != nil {
		return r.broken(headName, err)
	}
	if err := json.Unmarshal(text, &r.report.Head); err != nil {
		return r.end(headName, "was altered: "+err.Error())
	}
	if err := r.skip(e); err != nil {
		return err
	}
	r.first = line{Entry: headName, Size: e.size, SHA256: hex.EncodeToString(e.sum.Sum(nil))}
	h := r.report.Head
	if h.Format != Format {
		return fmt.Errorf("%w (form %d)", ErrFormat, h.Format)
	}
	if h.At.Unix() != r.at.Unix() {
		return r.end(headName, "is dated otherwise than its entry in the archive")
	}
	return nil
}

// table gives the text of a table to the sink.
func (r *Reader) table(t Table) error {
	text := &tableReader{r: r, table: t.Name, sum: sha256.New()}
	err := r.to.Table(t, text)
	if text.failed != nil && errors.Is(text.failed, errStop) {
		return errStop
	}
	// A sink that fails for damaged text need not be asked why.
	if err != nil && text.failed == nil {
		return fmt.Errorf("table %s: %w", t.Name, err)
	}
	for text.failed = nil; ; text.failed = nil {
		_, err := io.Copy(io.Discard, text)
		if err == nil {
			break
		}
		if errors.Is(err, errStop) {
			return errStop
		}
	}
	r.report.Tables++
	r.report.Rows += text.rows
	return r.line(line{Table: t.Name, Rows: text.rows, Size: text.size, SHA256: hex.EncodeToString(text.sum.Sum(nil))})
}

// tableReader is the text of a table, put together from its entries.
type tableReader struct {
	r      *Reader
	table  string
	parts  int
	part   *entry
	zip    *gzip.Reader
	failed error // a damage that was met

	rows, size int64
	sum        hash.Hash
}

// errText is what the reader of a damaged text gets.
var errText = errors.New("the text is damaged")

// Read implements io.Reader.
func (t *tableReader) Read(p []byte) (int, error) {
	if t.failed != nil {
		return 0, t.failed
	}
	for {
		if t.part == nil {
			if err := t.open(); err != nil {
				return 0, err
			}
		}
		n, err := t.zip.Read(p)
		_, _ = t.sum.Write(p[:n]) // never fails
		t.size += int64(n)
		t.rows += int64(bytes.Count(p[:n], []byte{'\n'}))
		switch {
		case errors.Is(err, io.EOF):
			err = t.close()
		case err != nil:
			err = t.fail("cannot be unpacked: " + err.Error())
		}
		if n > 0 || err != nil {
			return n, err
		}
	}
}

// open begins the next entry of the table, or says io.EOF.
func (t *tableReader) open() error {
	e, err := t.r.peek()
	if err != nil {
		t.failed = err
		return err
	}
	if e == nil || e.name != partName(t.table, t.parts+1) {
		return io.EOF
	}
	t.parts++
	t.part = e
	if t.zip == nil {
		t.zip = new(gzip.Reader)
	}
	if err := t.zip.Reset(e.body); err != nil {
		return t.fail("cannot be unpacked: " + err.Error())
	}
	t.zip.Multistream(false)
	return nil
}

func (t *tableReader) close() error {
	e := t.part
	t.part = nil
	if err := t.r.done(e); err != nil {
		t.failed = err
		return err
	}
	return nil
}

// fail notes the damage of an entry and goes behind it.
func (t *tableReader) fail(problem string) error {
	e := t.part
	t.failed = errText
	err := t.r.damage(e.name, problem)
	if err == nil {
		err = t.close()
	}
	if err != nil {
		t.failed = err
	}
	return t.failed
}

// file gives a file to the sink.
func (r *Reader) file(e *entry) error {
	sum, ok := fileSum(e.name)
	if !ok {
		if err := r.damage(e.name, "does not belong into a backup, or stands at the wrong place"); err != nil {
			return err
		}
		return r.done(e)
	}
	if err := r.to.File(sum, e.size, e.body); err != nil {
		return fmt.Errorf("%s: %w", e.name, err)
	}
	if err := r.done(e); err != nil {
		return err
	}
	r.report.Files++
	r.report.Bytes += e.size
	if [sha256.Size]byte(e.sum.Sum(nil)) != sum {
		return r.damage(e.name, "was altered")
	}
	return nil
}

// manifest compares the manifest with the lines that what was read makes.
func (r *Reader) manifest(lines *os.File) error {
	e := r.now
	kept, err := os.CreateTemp("", "winddown-manifest-*")
	if err != nil {
		return err
	}
	defer func() { _, _ = kept.Close(), os.Remove(kept.Name()) }()
	if _, err := io.Copy(kept, e.body); err != nil {
		return r.broken(manifestName, err)
	}
	if err := r.skip(e); err != nil {
		return err
	}
	if err := r.lines.Flush(); err != nil {
		return err
	}
	for _, f := range []*os.File{kept, lines} {
		if _, err := f.Seek(0, io.SeekStart); err != nil {
			return err
		}
	}
	end, err := r.lastLine(kept)
	if err != nil || end == nil {
		return err
	}
	if _, err := kept.Seek(0, io.SeekStart); err != nil {
		return err
	}
	if err := r.compare(kept, lines); err != nil {
		return err
	}
	if end.Tables != r.report.Tables || end.Rows != r.report.Rows || end.Files != r.report.Files || end.Bytes != r.report.Bytes ||
		end.Missing != len(r.report.Missing) {
		if len(r.report.Damages) == 0 {
			return r.damage(manifestName, "counts otherwise than the backup")
		}
	}
	return nil
}

// lastLine checks that a manifest ends with its last line and is what that says. It returns
// nil when there is no use in comparing the rest.
func (r *Reader) lastLine(manifest io.Reader) (*last, error) {
	in := bufio.NewReaderSize(manifest, maxLine)
	sum := sha256.New()
	for {
		text, err := in.ReadSlice('\n')
		if err != nil {
			return nil, r.damage(manifestName, "does not end with its last line, so the backup is not whole")
		}
		if !bytes.HasPrefix(text, []byte(`{"whole":`)) {
			_, _ = sum.Write(text) // never fails
			continue
		}
		var end last
		err = json.Unmarshal(text, &end)
		again, _ := json.Marshal(end)
		if err != nil || !bytes.Equal(append(again, '\n'), text) {
			return nil, r.damage(manifestName, "its last line was altered")
		}
		if _, err := in.ReadByte(); !errors.Is(err, io.EOF) {
			return nil, r.damage(manifestName, "goes on after its last line")
		}
		if end.SHA256 != hex.EncodeToString(sum.Sum(nil)) {
			return nil, r.damage(manifestName, "was altered")
		}
		return &end, nil
	}
}

// compare goes through a manifest that is what was written and the lines of what was read.
func (r *Reader) compare(manifest, lines io.Reader) error {
	want, got := bufio.NewScanner(manifest), bufio.NewScanner(lines)
	for {
		w, err := nextLine(want)
		if err != nil {
			return r.damage(manifestName, err.Error())
		}
		if w.Missing != "" {
			sum, _ := fileSum(w.Missing)
			r.report.Missing = append(r.report.Missing, Missing{SHA256: sum, Size: w.Size, Reason: w.Reason, Case: w.Case, Number: w.Number})
			continue
		}
		g, err := nextLine(got)
		switch {
		case err != nil:
			return err
		case w == g && w.name() == "":
			return nil
		case w == g:
		case w.name() == g.name():
			if r.bad[w.name()] {
				continue
			}
			if err := r.damage(w.name(), "was altered"); err != nil {
				return err
			}
		case w.name() == "":
			return r.damage(g.name(), "was added: the manifest does not list it")
		default:
			return r.damage(w.name(), fmt.Sprintf("is missing in its place, where the backup has %q; what follows was not compared", g.name()))
		}
	}
}

// nextLine returns the next line about something, the zero line at the end.
func nextLine(in *bufio.Scanner) (l line, err error) {
	if !in.Scan() {
		return line{}, in.Err()
	}
	if bytes.HasPrefix(in.Bytes(), []byte(`{"whole":`)) {
		return line{}, nil
	}
	return l, json.Unmarshal(in.Bytes(), &l)
}
