// Package backup is the file that an installation is backed up in: an uncompressed tar archive
// of gzipped tables, as PostgreSQL's COPY writes them, of the files of the evidence under
// their hashes, and of a manifest that lists both. It is written and read as a stream, with
// little memory whatever its size, and checked without a database. docs/backup.md describes
// the format for people.
package backup

import (
	"encoding/hex"
	"fmt"
	"strings"
	"time"
)

// Format is the version of the archive's form. A reader refuses what it does not know.
const Format = 1

// The names in the archive.
const (
	headName     = "backup.json"
	manifestName = "manifest.jsonl"
	tablesDir    = "tables/"
	filesDir     = "files/"
)

// Head says what a backup is of; it is the archive's first entry.
type Head struct {
	Format    int        `json:"format"`
	Program   string     `json:"program"` // that wrote it, with its version
	Schema    int64      `json:"schema"`  // the last migration the database had
	Jobs      int64      `json:"jobs"`    // the same of the job queue's tables
	At        time.Time  `json:"at"`      // of the snapshot, UTC
	Tables    []Table    `json:"tables"`  // in the order of the archive
	Sequences []Sequence `json:"sequences"`
}

// Table is a table with the columns that the backup holds of it.
type Table struct {
	Name    string   `json:"name"` // with its schema: public.cases
	Columns []string `json:"columns"`
}

// Sequence is where a sequence stood.
type Sequence struct {
	Name   string `json:"name"`
	Last   int64  `json:"last"`
	Called bool   `json:"called"` // whether Last was given out already
}

// Missing is a file that the database refers to and that could not be had.
type Missing struct {
	SHA256 [32]byte
	Size   int64  // bytes, as the database has it
	Case   string // one of the cases that refer to it
	Number int    // of the evidence in that case
	Reason string // absent or altered
}

// Why a file is missing.
const (
	Absent  = "absent"
	Altered = "altered"
)

// String names the file and where it is missed.
func (m Missing) String() string {
	return fmt.Sprintf("%s (%d bytes, evidence %d of case %s) is %s", fileName(m.SHA256), m.Size, m.Number, m.Case, m.Reason)
}

// Report says what a backup holds.
type Report struct {
	Head    Head
	Tables  int
	Rows    int64 // of all tables
	Files   int64
	Bytes   int64 // of the files
	Events  int64 // whose chains hold; of Verify alone
	Missing []Missing
	Damages []Damage
}

// line is one line of the manifest: an entry of the archive, a table as a whole, or a file
// that is missing.
type line struct {
	Entry   string `json:"entry,omitempty"`
	Table   string `json:"table,omitempty"`
	Missing string `json:"missing,omitempty"`
	Rows    int64  `json:"rows,omitempty"`
	Size    int64  `json:"size"`
	SHA256  string `json:"sha256,omitempty"`
	Reason  string `json:"reason,omitempty"`
	Case    string `json:"case,omitempty"`
	Number  int    `json:"number,omitempty"`
}

func (l line) name() string { return l.Entry + l.Table + l.Missing }

// last is the manifest's last line. Its hash covers the lines above it, and they everything
// else: a backup that ends with it is whole.
type last struct {
	Whole   bool   `json:"whole"`
	Tables  int    `json:"tables"`
	Rows    int64  `json:"rows"`
	Files   int64  `json:"files"`
	Bytes   int64  `json:"bytes"`
	Missing int    `json:"missing"`
	SHA256  string `json:"sha256"`
}

func partName(table string, number int) string {
	return fmt.Sprintf("%s%s/%06d.gz", tablesDir, table, number)
}

// fileName returns files/ab/cdef… for a hash abcdef….
func fileName(sum [32]byte) string {
	h := hex.EncodeToString(sum[:])
	return filesDir + h[:2] + "/" + h[2:]
}

// fileSum is the inverse of fileName.
func fileSum(name string) (sum [32]byte, ok bool) {
	digits := strings.Replace(strings.TrimPrefix(name, filesDir), "/", "", 1)
	b, err := hex.DecodeString(digits)
	if err != nil || len(b) != len(sum) {
		return sum, false
	}
	sum = [32]byte(b)
	return sum, fileName(sum) == name
}

// blockSize is the unit of a tar archive, in bytes.
const blockSize = 512

// maxName is the longest name in a tar archive of the plain kind, in bytes.
const maxName = 100

// tarHeader is the only header an entry can have, so that a reader finds any byte of it that
// was altered: a plain file of POSIX ustar, mode 0600, dated with the snapshot.
func tarHeader(name string, size int64, at time.Time) (h [blockSize]byte) {
	copy(h[0:], name)
	copy(h[100:], "0000600\x000000000\x000000000\x00")
	copy(h[124:], fmt.Sprintf("%011o\x00", size))
	copy(h[136:], fmt.Sprintf("%011o\x00", at.Unix()))
	copy(h[148:], "        ")
	h[156] = '0'
	copy(h[257:], "ustar\x0000")
	copy(h[329:], "0000000\x000000000\x00")
	sum := 0
	for _, b := range h {
		sum += int(b)
	}
	copy(h[148:], fmt.Sprintf("%06o\x00 ", sum))
	return h
}
