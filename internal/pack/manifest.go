package pack

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"
	"unicode/utf8"

	"winddown/internal/winddown"
)

// format is the version of everything in this package that decides about bytes.
const format = "winddown pack 1"

// manifest is manifest.json. Its JSON is canonical: encode is the only spelling, written
// without encoding/json, whose escapes have changed between versions of Go.
type manifest struct {
	Case  winddown.ID
	Head  winddown.Head
	At    time.Time // of the last event, UTC
	Files []entry   // every file before the manifest, in order
}

// entry is one file as the manifest knows it.
type entry struct {
	Name   string
	Size   int64 // bytes
	SHA256 [sha256.Size]byte
	Lost   *lost // the file is a text in place of evidence that is no more
}

func (m manifest) encode() []byte {
	b := appendString([]byte("{\n\"format\":"), format)
	b = appendString(append(b, ",\n\"case\":"...), m.Case.String())
	b = strconv.AppendInt(append(b, ",\n\"history\":{\"seq\":"...), m.Head.Seq, 10)
	b = appendString(append(b, `,"at":`...), m.At.Format(time.RFC3339Nano))
	b = appendHash(append(b, `,"hash":`...), m.Head.Hash)
	b = append(b, "},\n\"files\":["...)
	for i, e := range m.Files {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendString(append(b, "\n{\"name\":"...), e.Name)
		b = strconv.AppendInt(append(b, `,"size":`...), e.Size, 10)
		b = appendHash(append(b, `,"sha256":`...), e.SHA256)
		if e.Lost != nil {
			b = appendString(append(b, `,"missing":true,"reason":`...), e.Lost.Reason)
			b = strconv.AppendInt(append(b, `,"original_size":`...), e.Lost.Size, 10)
			b = appendHash(append(b, `,"original_sha256":`...), e.Lost.SHA256)
		}
		b = append(b, '}')
	}
	return append(b, "\n]}\n"...)
}

// decodeManifest reads what encode wrote and nothing else.
func decodeManifest(data []byte) (manifest, error) {
	var raw struct {
		Format  string
		Case    string
		History struct {
			Seq  int64
			At   time.Time
			Hash string
		}
		Files []struct {
			Name           string
			Size           int64
			SHA256         string
			Missing        bool
			Reason         string
			OriginalSize   int64  `json:"original_size"`
			OriginalSHA256 string `json:"original_sha256"`
		}
	}
	// Nothing that takes room goes without a comma; a file takes seven.
	if bytes.Count(data, []byte{','}) > 7*maxEntries+8 {
		return manifest{}, errors.New("lists more than a pack holds")
	}
	if err := json.Unmarshal(data, &raw); err != nil {
		return manifest{}, fmt.Errorf("cannot be read: %w", err)
	}
	if raw.Format != format {
		return manifest{}, fmt.Errorf("has the format %s; this program knows %q", shown(raw.Format), format)
	}
	m := manifest{Head: winddown.Head{Seq: raw.History.Seq}, At: raw.History.At.UTC()}
	id, err := winddown.ParseID(raw.Case)
	if err != nil {
		return manifest{}, fmt.Errorf("names the case %s, which is no id", shown(raw.Case))
	}
	m.Case = id
	if !parseHash(raw.History.Hash, &m.Head.Hash) {
		return manifest{}, errors.New("has no hash of the last event")
	}
	names := make([]string, 0, len(raw.Files))
	for _, f := range raw.Files {
		e := entry{Name: f.Name, Size: f.Size}
		if f.Missing {
			e.Lost = &lost{Reason: f.Reason, Size: f.OriginalSize}
			if f.Reason != absent && f.Reason != altered && f.Reason != unreadable {
				return manifest{}, fmt.Errorf("does not say why %s is missing", shown(f.Name))
			}
		}
		if !parseHash(f.SHA256, &e.SHA256) || e.Lost != nil && !parseHash(f.OriginalSHA256, &e.Lost.SHA256) {
			return manifest{}, fmt.Errorf("has no hash of %s", shown(f.Name))
		}
		if isLost(e.Name) != (e.Lost != nil) {
			return manifest{}, fmt.Errorf("does not say whether %s stands for a missing file", shown(f.Name))
		}
		m.Files, names = append(m.Files, e), append(names, e.Name)
	}
	if err := checkLayout(names); err != nil {
		return manifest{}, fmt.Errorf("lists what a pack does not hold: %w", err)
	}
	if !bytes.Equal(m.encode(), data) {
		return manifest{}, errors.New("is not spelt as it was written")
	}
	return m, nil
}

// sums is SHA256SUMS as sha256sum -c reads it, over the files listed so far.
func (m manifest) sums() []byte {
	var b []byte
	for _, e := range m.Files {
		if e.Name != sumsName {
			b = fmt.Appendf(b, "%x  %s\n", e.SHA256, e.Name)
		}
	}
	return b
}

// maxLine bounds a line of history.jsonl, in bytes.
const maxLine = 1 << 20

func encodeHistory(records []winddown.Record) ([]byte, error) {
	var b []byte
	for _, r := range records {
		start := len(b)
		b = appendRecord(b, r)
		if len(b)-start > maxLine {
			return nil, fmt.Errorf("event %d is longer than %d bytes", r.Seq, maxLine)
		}
	}
	return b, nil
}

// appendRecord appends the line of an event. The body is the string whose bytes the hash
// covers, so that nobody has to spell JSON as we do to check it.
func appendRecord(b []byte, r winddown.Record) []byte {
	b = strconv.AppendInt(append(b, `{"seq":`...), r.Seq, 10)
	b = appendString(append(b, `,"at":`...), r.At.UTC().Format(time.RFC3339Nano))
	b = appendID(append(b, `,"by":`...), r.By)
	b = appendID(append(b, `,"about":`...), r.User)
	b = appendString(append(b, `,"body":`...), string(r.Body))
	b = appendHash(append(b, `,"hash":`...), r.Hash)
	return append(b, "}\n"...)
}

// decodeRecord reads a line of the history of a case. Whether it is spelt as written is
// for the caller to compare.
func decodeRecord(line []byte, of winddown.ID) (winddown.Record, error) {
	var raw struct {
		Seq       int64
		At        time.Time
		By, About winddown.ID
		Body      string
		Hash      string
	}
	if err := json.Unmarshal(line, &raw); err != nil {
		return winddown.Record{}, fmt.Errorf("cannot be read: %w", err)
	}
	r := winddown.Record{
		Stream: winddown.Stream{Kind: winddown.CaseStream, ID: of}, Seq: raw.Seq, At: raw.At,
		By: raw.By, User: raw.About, Body: []byte(raw.Body),
	}
	if !parseHash(raw.Hash, &r.Hash) {
		return winddown.Record{}, errors.New("has no hash")
	}
	return r, nil
}

// appendString appends a JSON string: only quotes, backslashes and control characters are
// escaped, and what is no UTF-8 becomes U+FFFD.
func appendString(b []byte, s string) []byte {
	const digits = "0123456789abcdef"
	b = append(b, '"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b = append(b, '\\', byte(r))
		case r < ' ':
			b = append(b, '\\', 'u', '0', '0', digits[r>>4], digits[r&15])
		default:
			b = utf8.AppendRune(b, r)
		}
	}
	return append(b, '"')
}

func appendID(b []byte, id winddown.ID) []byte {
	if id.IsZero() {
		return append(b, `""`...)
	}
	return appendString(b, id.String())
}

func appendHash(b []byte, h [sha256.Size]byte) []byte {
	return append(hex.AppendEncode(append(b, '"'), h[:]), '"')
}

func parseHash(s string, into *[sha256.Size]byte) bool {
	if hex.DecodedLen(len(s)) != sha256.Size {
		return false
	}
	_, err := hex.Decode(into[:], []byte(s))
	return err == nil
}
