package backup

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"winddown/internal/winddown"
)

// Verify checks a backup without a database: that it is whole, that every table and file is
// what was written, and that the chains of the events hold. What is wrong stands in the
// report. It returns ErrNoBackup, ErrFormat, and what kept it from reading.
func Verify(in io.Reader) (Report, error) {
	t := &trails{ends: map[winddown.StreamKind]*endings{}}
	r, err := Open(in)
	var damage Damage
	if errors.As(err, &damage) {
		return Report{Damages: []Damage{damage}}, nil
	}
	if err != nil {
		return Report{}, err
	}
	report, err := r.Read(t, false)
	if err != nil {
		return report, err
	}
	report.Events = t.events
	if len(report.Damages) == 0 { // else the chains break for what is damaged
		report.Damages = append(report.Damages, t.broken()...)
	}
	return report, nil
}

// trails walks the chains of the events, which stand in the order of their streams.
type trails struct {
	stream winddown.Stream
	chain  winddown.Chain
	head   winddown.Head // of stream, so far
	events int64
	bad    []Damage
	ends   map[winddown.StreamKind]*endings
}

// endings are sums over the ends of all streams of a kind, once as the events have them and
// once as their owners keep them: that they are equal says that no stream lost its end, with
// little memory however many streams there are.
type endings struct{ found, kept [sha256.Size]byte }

// add adds the end of a stream to a sum. The order does not matter, and no two are equal.
func add(sum *[sha256.Size]byte, id winddown.ID, head winddown.Head) {
	if head.Seq == 0 {
		return
	}
	h := sha256.New()
	_, _ = h.Write(id[:])
	_ = binary.Write(h, binary.BigEndian, head.Seq)
	_, _ = h.Write(head.Hash[:])
	for i, b := range h.Sum(nil) {
		sum[i] ^= b
	}
}

// owners are the tables whose rows keep the heads of streams.
func owners() map[string]winddown.StreamKind {
	return map[string]winddown.StreamKind{
		"cases": winddown.CaseStream, "users": winddown.UserStream, "firms": winddown.FirmStream,
		"share_links": winddown.ShareStream, "system_streams": winddown.SystemStream,
	}
}

func (t *trails) ending(k winddown.StreamKind) *endings {
	if t.ends[k] == nil {
		t.ends[k] = &endings{}
	}
	return t.ends[k]
}

// File implements Sink: Read itself compares a file with its hash.
func (t *trails) File([sha256.Size]byte, int64, io.Reader) error { return nil }

// Table implements Sink.
func (t *trails) Table(table Table, text io.Reader) error {
	name := table.Name[strings.LastIndexByte(table.Name, '.')+1:]
	kind, owner := owners()[name]
	if !owner && name != "events" {
		return nil
	}
	pick := columns(table, "id", "event_seq", "event_hash")
	if name == "events" {
		pick = columns(table, "stream_kind", "stream_id", "seq", "at", "by_id", "about_id", "body", "hash")
	}
	rows := bufio.NewScanner(text)
	const maxRow = 64 << 20
	rows.Buffer(nil, maxRow)
	for rows.Scan() {
		values, err := pick(rows.Bytes())
		if err == nil && owner {
			err = t.owner(kind, values)
		} else if err == nil {
			err = t.event(values)
		}
		if err != nil {
			t.bad = append(t.bad, Damage{table.Name, err.Error()})
			return nil
		}
	}
	if name == "events" {
		t.endStream()
	}
	return rows.Err()
}

func (t *trails) owner(kind winddown.StreamKind, v []string) error {
	id, err := winddown.ParseID(v[0])
	if err != nil {
		return err
	}
	head, err := parseHead(v[1], v[2])
	if err != nil {
		return err
	}
	add(&t.ending(kind).kept, id, head)
	return nil
}

func (t *trails) event(v []string) error {
	id, err := winddown.ParseID(v[1])
	if err != nil {
		return err
	}
	r := winddown.Record{Stream: winddown.Stream{Kind: winddown.StreamKind(v[0]), ID: id}}
	head, err := parseHead(v[2], v[7])
	if err != nil {
		return err
	}
	r.Seq, r.Hash = head.Seq, head.Hash
	if r.At, err = time.Parse("2006-01-02 15:04:05.999999999-07", v[3]); err != nil {
		return err
	}
	for _, p := range []struct {
		text string
		id   *winddown.ID
	}{{v[4], &r.By}, {v[5], &r.User}} {
		if p.text == null {
			continue
		}
		if *p.id, err = winddown.ParseID(p.text); err != nil {
			return err
		}
	}
	if r.Body, err = parseBytes(v[6]); err != nil {
		return err
	}
	if r.Stream != t.stream {
		t.endStream()
		t.stream, t.chain = r.Stream, winddown.Chain{}
	}
	if err := t.chain.Next(r); err != nil {
		return err
	}
	t.head = head
	t.events++
	return nil
}

func (t *trails) endStream() {
	if t.stream != (winddown.Stream{}) {
		add(&t.ending(t.stream.Kind).found, t.stream.ID, t.head)
	}
}

// broken returns what is wrong with the chains.
func (t *trails) broken() []Damage {
	if len(t.bad) > 0 {
		return t.bad
	}
	for table, kind := range owners() {
		if e := t.ends[kind]; e != nil && e.found != e.kept {
			t.bad = append(t.bad, Damage{table, fmt.Sprintf("the trails of the kind %q do not end as their owners' rows say; «winddown verify --all» names them after a restore", kind)})
		}
	}
	slices.SortFunc(t.bad, func(a, b Damage) int { return strings.Compare(a.Name, b.Name) })
	return t.bad
}

func parseHead(seq, sum string) (h winddown.Head, err error) {
	if h.Seq, err = strconv.ParseInt(seq, 10, 64); err != nil {
		return h, err
	}
	b, err := parseBytes(sum)
	if err != nil || len(b) != len(h.Hash) {
		return h, fmt.Errorf("%s is no hash", sum)
	}
	h.Hash = [sha256.Size]byte(b)
	return h, nil
}

// parseBytes reads a bytea.
func parseBytes(text string) ([]byte, error) {
	digits, ok := strings.CutPrefix(text, `\x`)
	if !ok {
		return nil, errors.New("a value that should be bytes is none")
	}
	return hex.DecodeString(digits)
}

// null is NULL in COPY's text; as a value these two characters are written with two backslashes.
const null = `\N`

// columns returns what picks the values of some columns out of a row of COPY's text.
func columns(t Table, names ...string) func(row []byte) ([]string, error) {
	at := make([]int, len(names))
	for i, name := range names {
		at[i] = slices.Index(t.Columns, name)
	}
	return func(row []byte) ([]string, error) {
		fields := bytes.Split(row, []byte{'\t'})
		values := make([]string, len(names))
		for i, n := range at {
			if n < 0 || n >= len(fields) {
				return nil, fmt.Errorf("a row has no column %s", names[i])
			}
			values[i] = unescape(string(fields[n]))
		}
		return values, nil
	}
}

// unescape undoes the backslashes of COPY's text that stand in what is picked here: hashes,
// bytes and names of kinds hold no other.
func unescape(s string) string {
	if s == null {
		return s
	}
	return strings.ReplaceAll(s, `\\`, `\`)
}
