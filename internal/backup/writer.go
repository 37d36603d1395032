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
	"time"
)

// partSize is how much text of a table goes into one entry of the archive, in bytes; more
// only by the rest of its last row. An entry is made in memory, for its size stands before it.
const partSize = 4 << 20

// Writer writes a backup: first every table of the head in its order, then the files.
type Writer struct {
	out      io.Writer
	at       time.Time
	manifest *bufio.Writer // of the lines so far, kept in a file
	sum      hash.Hash     // of the same
	report   Report
}

// Write writes a backup to out: its head, what fn writes, and the manifest. The manifest's
// lines wait in a temporary file until then. When it returns an error the backup is not whole.
func Write(out io.Writer, head Head, fn func(*Writer) error) (_ Report, err error) {
	lines, err := os.CreateTemp("", "winddown-manifest-*")
	if err != nil {
		return Report{}, err
	}
	defer func() { err = errors.Join(err, lines.Close(), os.Remove(lines.Name())) }()
	head.Format, head.At = Format, head.At.UTC()
	w := &Writer{out: out, at: head.At, manifest: bufio.NewWriter(lines), sum: sha256.New(), report: Report{Head: head}}
	text, err := json.MarshalIndent(head, "", "  ")
	if err != nil {
		return Report{}, err
	}
	if err := w.entry(headName, int64(len(text)), bytes.NewReader(text)); err != nil {
		return Report{}, err
	}
	if err := fn(w); err != nil {
		return Report{}, err
	}
	if w.report.Tables != len(head.Tables) {
		return Report{}, fmt.Errorf("%d tables were written of %d", w.report.Tables, len(head.Tables))
	}
	return w.report, w.close(lines)
}

// Table writes the next table of the head: fn gives its rows as COPY's text.
func (w *Writer) Table(fn func(io.Writer) error) error {
	if w.report.Tables >= len(w.report.Head.Tables) {
		return errors.New("there is no further table in the head")
	}
	t := &tableWriter{w: w, table: w.report.Head.Tables[w.report.Tables].Name, sum: sha256.New()}
	w.report.Tables++
	if err := fn(t); err != nil {
		return err
	}
	if err := t.flush(); err != nil {
		return err
	}
	w.report.Rows += t.rows
	return w.line(line{Table: t.table, Rows: t.rows, Size: t.size, SHA256: hex.EncodeToString(t.sum.Sum(nil))})
}

// File writes a file of size bytes; what r yields must have the hash sum.
func (w *Writer) File(sum [sha256.Size]byte, size int64, r io.Reader) error {
	got := sha256.New()
	if err := w.entry(fileName(sum), size, io.TeeReader(r, got)); err != nil {
		return err
	}
	if [sha256.Size]byte(got.Sum(nil)) != sum {
		return fmt.Errorf("%s changed while it was read; make the backup again", fileName(sum))
	}
	w.report.Files++
	w.report.Bytes += size
	return nil
}

// Missing notes a file that cannot be written.
func (w *Writer) Missing(m Missing) error {
	w.report.Missing = append(w.report.Missing, m)
	return w.line(line{Missing: fileName(m.SHA256), Size: m.Size, Reason: m.Reason, Case: m.Case, Number: m.Number})
}

// close writes the manifest and the archive's end.
func (w *Writer) close(lines *os.File) error {
	end, err := json.Marshal(last{
		Whole: true, Tables: w.report.Tables, Rows: w.report.Rows, Files: w.report.Files, Bytes: w.report.Bytes,
		Missing: len(w.report.Missing), SHA256: hex.EncodeToString(w.sum.Sum(nil)),
	})
	if err != nil {
		return err
	}
	if _, err := w.manifest.Write(append(end, '\n')); err != nil {
		return err
	}
	if err := w.manifest.Flush(); err != nil {
		return err
	}
	size, err := lines.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	if _, err := lines.Seek(0, io.SeekStart); err != nil {
		return err
	}
	if _, err := w.raw(manifestName, size, lines); err != nil {
		return err
	}
	_, err = w.out.Write(make([]byte, 2*blockSize))
	return err
}

// entry writes an entry of the archive and its line of the manifest.
func (w *Writer) entry(name string, size int64, r io.Reader) error {
	sum, err := w.raw(name, size, r)
	if err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return w.line(line{Entry: name, Size: size, SHA256: hex.EncodeToString(sum)})
}

// raw writes an entry of the archive and returns its hash.
func (w *Writer) raw(name string, size int64, r io.Reader) ([]byte, error) {
	if len(name) > maxName {
		return nil, fmt.Errorf("the name has more than %d bytes", maxName)
	}
	header := tarHeader(name, size, w.at)
	if _, err := w.out.Write(header[:]); err != nil {
		return nil, err
	}
	sum := sha256.New()
	n, err := io.Copy(io.MultiWriter(w.out, sum), io.LimitReader(r, size))
	if err == nil && n < size {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return nil, err
	}
	_, err = w.out.Write(make([]byte, padding(size)))
	return sum.Sum(nil), err
}

// padding is how many bytes follow an entry of a size, up to the next block.
func padding(size int64) int64 { return (blockSize - size%blockSize) % blockSize }

func (w *Writer) line(l line) error {
	text, err := json.Marshal(l)
	if err != nil {
		return err
	}
	_, err = io.MultiWriter(w.manifest, w.sum).Write(append(text, '\n'))
	return err
}

// tableWriter cuts the text of a table into entries, each gzipped for itself.
type tableWriter struct {
	w     *Writer
	table string
	parts int
	part  bytes.Buffer // of the text that was gzipped
	zip   *gzip.Writer
	text  int // bytes of text in part

	rows, size int64
	sum        hash.Hash // of the whole text
}

// Write takes text that ends with a row, or within one.
func (t *tableWriter) Write(p []byte) (int, error) {
	if t.zip == nil {
		t.part.Reset()
		t.text = 0
		zip, err := gzip.NewWriterLevel(&t.part, gzip.BestSpeed)
		if err != nil {
			return 0, err
		}
		t.zip = zip
	}
	_, _ = t.sum.Write(p) // never fails
	t.rows += int64(bytes.Count(p, []byte{'\n'}))
	t.size += int64(len(p))
	t.text += len(p)
	if _, err := t.zip.Write(p); err != nil {
		return 0, err
	}
	// In COPY's text a line end is that of a row: those of values are written as \n.
	if t.text >= partSize && bytes.HasSuffix(p, []byte{'\n'}) {
		return len(p), t.flush()
	}
	return len(p), nil
}

// flush writes the entry that was gathered, if there is one.
func (t *tableWriter) flush() error {
	if t.zip == nil {
		return nil
	}
	if err := t.zip.Close(); err != nil {
		return err
	}
	t.zip = nil
	t.parts++
	return t.w.entry(partName(t.table, t.parts), int64(t.part.Len()), &t.part)
}
