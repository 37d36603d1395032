package pack

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"winddown/internal/files"
	"winddown/internal/winddown"
)

// loose is a pack taken apart by somebody who wants to change it.
type loose struct {
	m     manifest
	names []string
	data  map[string][]byte
}

func takeApart(t testing.TB, pack []byte) *loose {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(pack), int64(len(pack)))
	if err != nil {
		t.Fatal(err)
	}
	l := &loose{data: map[string][]byte{}}
	for _, f := range z.File {
		in, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(in)
		if err != nil {
			t.Fatal(err)
		}
		l.names, l.data[f.Name] = append(l.names, f.Name), data
	}
	if l.m, err = decodeManifest(l.data[manifestName]); err != nil {
		t.Fatal(err)
	}
	return l
}

// seal computes the hashes of all files anew.
func (l *loose) seal() {
	for i := range l.m.Files {
		e := &l.m.Files[i]
		if e.Name == sumsName {
			l.data[sumsName] = l.m.sums()
		}
		e.Size, e.SHA256 = int64(len(l.data[e.Name])), sha256.Sum256(l.data[e.Name])
	}
	l.data[manifestName] = l.m.encode()
}

// pack puts the archive together as Write does.
func (l *loose) pack(t testing.TB) []byte {
	t.Helper()
	var b bytes.Buffer
	a := newArchive(&b, l.m.At)
	for _, name := range l.names {
		if err := a.add(name, l.data[name]); err != nil {
			t.Fatal(err)
		}
	}
	if err := a.close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// lines changes the lines of the history.
func (l *loose) lines(change func(lines []string) []string) {
	lines := strings.SplitAfter(string(l.data[historyName]), "\n")
	l.data[historyName] = []byte(strings.Join(change(lines[:len(lines)-1]), ""))
}

func (l *loose) drop(name string) {
	l.names = slices.DeleteFunc(l.names, func(n string) bool { return n == name })
}

const act = "evidence/06-request_act/letter/v1-skrinshot.png"

func TestWhatDiffersIsNamed(t *testing.T) {
	gone := "evidence/gone.pdf" + lostSuffix
	for name, c := range map[string]struct {
		spoil func(*loose)
		want  []string
	}{
		"untouched": {func(l *loose) {}, nil},
		"sealed":    {func(l *loose) { l.seal() }, nil},

		"evidence altered":      {func(l *loose) { l.data[act] = []byte("xy") }, []string{act + ": was altered"}},
		"evidence longer":       {func(l *loose) { l.data[act] = append(l.data[act], 'x') }, []string{act + ": was altered"}},
		"evidence emptied":      {func(l *loose) { l.data[act] = nil }, []string{act + ": was altered"}},
		"part altered":          {func(l *loose) { l.data["index.html"][3] ^= 1 }, []string{"index.html: was altered"}},
		"guide altered":         {func(l *loose) { l.data[guideName][3] ^= 1 }, []string{"VERIFY.txt: was altered"}},
		"evidence removed":      {func(l *loose) { l.drop(act) }, []string{act + ": is missing"}},
		"manifest removed":      {func(l *loose) { l.drop(manifestName) }, []string{"manifest.json: is missing"}},
		"history removed":       {func(l *loose) { l.drop(historyName) }, []string{"history.jsonl: is missing"}},
		"sums removed":          {func(l *loose) { l.drop(sumsName) }, []string{"SHA256SUMS: is missing"}},
		"file added":            {func(l *loose) { l.names = slices.Insert(l.names, 2, "extra.txt") }, []string{"extra.txt: was added: the manifest does not list it"}},
		"file added after":      {func(l *loose) { l.names = append(l.names, "extra.txt") }, []string{"extra.txt: was added: the manifest does not list it"}},
		"folder added":          {func(l *loose) { l.names = append(l.names, "x/") }, []string{`"x/": was added: the manifest does not list it`}},
		"file twice":            {func(l *loose) { l.names = append(l.names, act) }, []string{act + ": is in the archive twice"}},
		"file renamed":          {func(l *loose) { l.names[5], l.data["evidence/a"] = "evidence/a", l.data[act] }, []string{"evidence/a: was added: the manifest does not list it", act + ": is missing"}},
		"evidence exchanged":    {func(l *loose) { l.data[act], l.data[gone] = l.data[gone], l.data[act] }, []string{act + ": was altered", gone + ": was altered"}},
		"files in other order":  {func(l *loose) { l.names[1], l.names[2] = l.names[2], l.names[1] }, []string{"history.csv: is not in the order of the manifest"}},
		"a name for a terminal": {func(l *loose) { l.names = append(l.names, "\x1b[2J\u202e") }, []string{`"\x1b[2J\u202e": was added: the manifest does not list it`}},

		"sums altered, sealed": {func(l *loose) {
			l.seal()
			l.data[sumsName] = append(l.data[sumsName], '\n')
			e := &l.m.Files[len(l.m.Files)-1]
			e.Size, e.SHA256 = e.Size+1, sha256.Sum256(l.data[sumsName])
			l.data[manifestName] = l.m.encode()
		}, []string{"SHA256SUMS: does not list what the manifest lists"}},
		"what is lost altered, sealed": {func(l *loose) { l.m.Files[7].Lost.SHA256[0] ^= 1; l.seal() }, []string{gone + ": does not say what the manifest says"}},
		"why it is lost, sealed":       {func(l *loose) { l.m.Files[7].Lost.Reason = altered; l.seal() }, []string{gone + ": does not say what the manifest says"}},
		"unknown reason, sealed":       {func(l *loose) { l.m.Files[7].Lost.Reason = "lost"; l.seal() }, []string{"manifest.json: does not say why " + gone + " is missing"}},
		"loss denied, sealed":          {func(l *loose) { l.m.Files[7].Lost = nil; l.seal() }, []string{"manifest.json: does not say whether " + gone + " stands for a missing file"}},
		"manifest spelt otherwise": {func(l *loose) {
			l.data[manifestName] = bytes.Replace(l.data[manifestName], []byte(":"), []byte(": "), 1)
		}, []string{"manifest.json: is not spelt as it was written"}},
		"manifest of another format": {func(l *loose) {
			l.data[manifestName] = bytes.Replace(l.data[manifestName], []byte("pack 1"), []byte("pack 2"), 1)
		}, []string{`manifest.json: has the format "winddown pack 2"; this program knows "winddown pack 1"`}},
		"manifest names a bad file": {func(l *loose) { l.m.Files[5].Name = "evidence/../x"; l.seal() }, []string{`manifest.json: lists what a pack does not hold: the name "evidence/../x" is not allowed`}},
		"manifest in other order":   {func(l *loose) { l.m.Files[3], l.m.Files[4] = l.m.Files[4], l.m.Files[3]; l.seal() }, []string{`manifest.json: lists what a pack does not hold: "evidence/06-request_act/letter/v1-Akt-sverki.pdf" is out of place`}},
		"time of the head, sealed":  {func(l *loose) { l.m.At = l.m.At.Add(time.Hour); l.seal() }, []string{"manifest.json: dates the last event otherwise than the history"}},
		"size misstated, sealed":    {func(l *loose) { l.seal(); l.m.Files[5].Size++; l.data[manifestName] = l.m.encode() }, []string{act + ": was altered"}},
		"another case, sealed":      {func(l *loose) { l.m.Case[0] ^= 1; l.seal() }, []string{"history.jsonl: case 00020300-0000-0000-0000-000000000000: event 1 does not match its hash"}},

		"lines reordered": {func(l *loose) { l.lines(func(s []string) []string { s[1], s[2] = s[2], s[1]; return s }) },
			[]string{"history.jsonl: was altered", "history.jsonl: event 2 is missing (found 3)"}},
		"lines reordered, sealed": {func(l *loose) { l.lines(func(s []string) []string { s[1], s[2] = s[2], s[1]; return s }); l.seal() },
			[]string{"history.jsonl: event 2 is missing (found 3)"}},
		"lines reordered and numbered, sealed": {func(l *loose) {
			l.lines(func(s []string) []string {
				return []string{s[0], strings.Replace(s[2], `"seq":3`, `"seq":2`, 1), strings.Replace(s[1], `"seq":2`, `"seq":3`, 1), s[3]}
			})
			l.seal()
		}, []string{"history.jsonl: event 2 does not match its hash"}},
		"line removed, sealed":       {func(l *loose) { l.lines(func(s []string) []string { return slices.Delete(s, 1, 2) }); l.seal() }, []string{"history.jsonl: event 2 is missing (found 3)"}},
		"first line removed, sealed": {func(l *loose) { l.lines(func(s []string) []string { return s[1:] }); l.seal() }, []string{"history.jsonl: event 1 is missing (found 2)"}},
		"last line removed, sealed":  {func(l *loose) { l.lines(func(s []string) []string { return s[:3] }); l.seal() }, []string{"history.jsonl: event 4 is missing (the kept head is 4)"}},
		"all lines removed, sealed":  {func(l *loose) { l.data[historyName] = nil; l.seal() }, []string{"history.jsonl: event 1 is missing (the kept head is 4)"}},
		"line doubled, sealed":       {func(l *loose) { l.lines(func(s []string) []string { return slices.Insert(s, 2, s[1]) }); l.seal() }, []string{"history.jsonl: event 3 is missing (found 2)"}},
		"last line doubled, sealed":  {func(l *loose) { l.lines(func(s []string) []string { return append(s, s[3]) }); l.seal() }, []string{"history.jsonl: event 5 is missing (found 4)"}},
		"body altered, sealed": {func(l *loose) {
			l.data[historyName] = bytes.Replace(l.data[historyName], []byte("№ 2"), []byte("№ 7"), 1)
			l.seal()
		}, []string{"history.jsonl: event 3 does not match its hash"}},
		"author altered, sealed": {func(l *loose) {
			l.lines(func(s []string) []string {
				s[0] = strings.Replace(s[0], anybody.String(), winddown.ID{9}.String(), 1)
				return s
			})
			l.seal()
		}, []string{"history.jsonl: event 1 names other people"}},
		"time altered, sealed": {func(l *loose) {
			l.data[historyName] = bytes.Replace(l.data[historyName], []byte("11:31:01"), []byte("12:31:01"), 1)
			l.seal()
		}, []string{"history.jsonl: event 2 is dated"}},
		"line spelt otherwise, sealed": {func(l *loose) {
			l.data[historyName] = bytes.Replace(l.data[historyName], []byte(","), []byte(", "), 1)
			l.seal()
		}, []string{"history.jsonl: line 1 is not spelt as it was written"}},
		"other ends of lines, sealed": {func(l *loose) {
			l.data[historyName] = bytes.ReplaceAll(l.data[historyName], []byte("\n"), []byte("\r\n"))
			l.seal()
		}, []string{"history.jsonl: line 1 is not spelt as it was written"}},
		"last end of line gone, sealed": {func(l *loose) { l.data[historyName] = bytes.TrimSuffix(l.data[historyName], []byte("\n")); l.seal() }, []string{"history.jsonl: line 4 is not spelt as it was written"}},
		"no line of history, sealed":    {func(l *loose) { l.data[historyName] = []byte("null\nx\n"); l.seal() }, []string{"history.jsonl: line 1 has no hash"}},
		"a time for a terminal, sealed": {func(l *loose) {
			l.data[historyName] = bytes.Replace(l.data[historyName], []byte(":31:01"), []byte(":31:\x7f1"), 1)
			l.seal()
		}, []string{`history.jsonl: line 2 cannot be read: parsing time "2026-11-12T11:31:?1`}},
		"endless line, sealed": {func(l *loose) { l.data[historyName] = bytes.Repeat([]byte(" "), maxLine+1); l.seal() }, []string{"history.jsonl: line 1 is too long"}},
		"history rewritten, sealed": {func(l *loose) {
			records, _ := trail(t, 4)
			var head winddown.Head
			for i := range records {
				e, err := records[i].Event()
				if err != nil {
					t.Fatal(err)
				}
				e.Step = winddown.ZeroFBS
				if records[i], head, err = head.Append(e); err != nil {
					t.Fatal(err)
				}
			}
			l.data[historyName], _ = encodeHistory(records)
			l.seal()
		}, []string{"history.jsonl: the last event 4 does not match the kept hash"}},
	} {
		t.Run(name, func(t *testing.T) {
			contents := sample(t)
			lost := evidence("evidence/gone.pdf", []byte("wanted"))
			lost.Open = func() (io.ReadSeekCloser, error) { return nil, files.ErrMissing }
			contents.Files = append(contents.Files, lost)
			l := takeApart(t, small(t, contents))
			c.spoil(l)
			r := check(t, l.pack(t))
			var got []string
			for _, d := range r.Differences {
				// The stream that the chain names is that of the case.
				got = append(got, strings.Replace(d.String(), "case "+theCase.String()+": ", "", 1))
			}
			if !slices.EqualFunc(got, c.want, strings.HasPrefix) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(c.want, "\n"))
			}
		})
	}
}

// No byte of a pack can change unnoticed, and one inside a file is told with its name.
func TestEveryByteCounts(t *testing.T) {
	c := sample(t)
	c.History, c.Head = trail(t, 2)
	c.Parts, c.Files = c.Parts[:1], c.Files[1:]
	data := small(t, c)
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		t.Fatal(err)
	}
	inside := make([]string, len(data))
	for _, f := range z.File {
		start, err := f.DataOffset()
		if err != nil {
			t.Fatal(err)
		}
		for i := range int64(f.UncompressedSize64) {
			inside[start+i] = f.Name
		}
	}
	for i := range data {
		data[i] ^= 1 << (i % 8)
		r := check(t, data)
		if r.OK() || inside[i] != "" && r.Differences[0].Name != inside[i] {
			t.Errorf("byte %d in %q: %v", i, inside[i], r.Differences)
		}
		if inside[i] == manifestName && (len(r.Differences) != 1 || !strings.HasPrefix(r.Differences[0].Problem, "was altered")) {
			t.Errorf("byte %d of the manifest: %v", i, r.Differences)
		}
		data[i] ^= 1 << (i % 8)
	}
	for _, n := range []int{0, 1, 21, 22, 100, len(data) / 2, len(data) - 1} {
		if check(t, data[:n]).OK() {
			t.Errorf("a pack cut to %d bytes is found whole", n)
		}
	}
	for _, more := range [][]byte{append(slices.Clone(data), 0), append([]byte{0}, data...), append(slices.Clone(data), data...)} {
		if check(t, more).OK() {
			t.Error("a pack with something around it is found whole")
		}
	}
	if r := check(t, data); !r.OK() {
		t.Error(r.Differences)
	}

	// A checksum stands in two places; changed in both, it still belongs to other bytes.
	checksum := binary.LittleEndian.AppendUint32(nil, z.File[1].CRC32)
	if n := bytes.Count(data, checksum); n != 2 {
		t.Fatalf("the checksum stands in %d places", n)
	}
	want := []Difference{{z.File[1].Name, "does not match its checksum in the archive"}}
	if r := check(t, bytes.ReplaceAll(data, checksum, []byte("crc!"))); !slices.Equal(r.Differences, want) {
		t.Error(r.Differences)
	}
}

// A pack that somebody has packed anew is told from the one that was made, and what was
// altered on the way is named all the same.
func TestAPackPackedAnew(t *testing.T) {
	l := takeApart(t, small(t, sample(t)))
	l.data[act] = []byte("yy")
	for _, method := range []uint16{zip.Store, zip.Deflate} {
		var b bytes.Buffer
		z := zip.NewWriter(&b)
		for _, name := range l.names {
			w, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: method})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := w.Write(l.data[name]); err != nil {
				t.Fatal(err)
			}
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		want := []Difference{{guideName, "the archive near this file is not as it was written"}, {act, "was altered"}}
		if r := check(t, b.Bytes()); !slices.Equal(r.Differences, want) || r.Events != 4 {
			t.Errorf("method %d: %v", method, r.Differences)
		}
	}
}

func TestHostileArchives(t *testing.T) {
	whole := small(t, sample(t))
	end := len(whole) - 22
	start := int(binary.LittleEndian.Uint32(whole[end+16:]))
	// directory puts a directory and an end behind the entries of the whole pack.
	directory := func(records []byte, n int) []byte {
		b := append(slices.Clone(whole[:start]), records...)
		b = append(b, whole[end:]...)
		binary.LittleEndian.PutUint16(b[len(b)-14:], uint16(n))
		binary.LittleEndian.PutUint16(b[len(b)-12:], uint16(n))
		binary.LittleEndian.PutUint32(b[len(b)-10:], uint32(len(records)))
		return b
	}
	records := whole[start:end]
	// bomb is an archive whose entry unpacks to n MiB of zeros: one of them, over and over.
	bomb := func(name string, n int) []byte {
		var zeros, b bytes.Buffer
		d, err := flate.NewWriter(&zeros, flate.BestSpeed)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := d.Write(make([]byte, 1<<20)); err != nil {
			t.Fatal(err)
		}
		if err := d.Flush(); err != nil {
			t.Fatal(err)
		}
		packed := append(bytes.Repeat(zeros.Bytes(), n), 3, 0) // and an empty last block
		z := zip.NewWriter(&b)
		w, err := z.CreateRaw(&zip.FileHeader{Name: name, Method: zip.Deflate, CompressedSize64: uint64(len(packed)), UncompressedSize64: uint64(n) << 20})
		if err == nil {
			_, err = w.Write(packed)
		}
		if err == nil && name != manifestName {
			if w, err = z.Create(manifestName); err == nil {
				_, err = w.Write(takeApart(t, whole).data[manifestName])
			}
		}
		if err := errors.Join(err, z.Close()); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	// claims is the pack with a size in the directory that is not there.
	claims := func(size uint32) []byte {
		b := slices.Clone(whole)
		binary.LittleEndian.PutUint32(b[start+20:], size)
		binary.LittleEndian.PutUint32(b[start+24:], size)
		return b
	}
	// twice is the whole pack, followed by a directory that says the same of it.
	twice := append(slices.Clone(whole), whole[start:]...)
	binary.LittleEndian.PutUint32(twice[len(twice)-6:], uint32(len(whole)))
	commas := takeApart(t, whole)
	commas.data[manifestName] = []byte(`{"format":"winddown pack 1","files":[` + strings.Repeat("{},", 7*maxEntries+10) + `{}]}`)
	deep := takeApart(t, whole)
	deep.data[historyName] = bytes.Repeat([]byte("["), maxLine/2)
	deep.seal()

	for name, c := range map[string]struct {
		data []byte
		says string
	}{
		"nothing":               {nil, "no ZIP archive"},
		"zeros":                 {make([]byte, 100), "no ZIP archive"},
		"an empty archive":      {[]byte("PK\x05\x06" + strings.Repeat("\x00", 18)), "manifest.json: is missing"},
		"no directory":          {directory(nil, 9), "damaged directory"},
		"65535 entries claimed": {directory(records, 65535), "more than a pack does"},
		"10000 entries claimed": {directory(records, 10000), "damaged directory"},
		"too many entries":      {directory(bytes.Repeat(records, 9000), 81000%65536), "more than a pack does"},
		"an endless directory":  {directory(bytes.Repeat(records, 20000), 1), "more than a pack does"},
		"a second directory":    {twice, "the archive has a directory that is not as it was written"},
		"entries that overlap":  {directory(append(slices.Clone(records), bytes.Repeat(records[:46+len(guideName)], 9000)...), 9009), "twice"},
		"a manifest unpacks":    {bomb(manifestName, 70), "manifest.json: cannot be read"},
		"a file unpacks":        {bomb("index.html", 70), "more than a pack does"},
		"a size is claimed":     {claims(1 << 31), "VERIFY.txt: cannot be read"},
		"a size of ZIP64":       {claims(1<<32 - 1), "damaged directory"},
		"a list without end":    {commas.pack(t), "manifest.json: lists more than a pack holds"},
		"depth without end":     {deep.pack(t), "history.jsonl: line 1 cannot be read"},
	} {
		t.Run(name, func(t *testing.T) {
			if len(c.data) > 32<<20 { // it is the archive that shall be small
				t.Fatalf("%d bytes", len(c.data))
			}
			var r Report
			took := allocated(func() { r = check(t, c.data) })
			if !slices.ContainsFunc(r.Differences, func(d Difference) bool { return strings.Contains(d.String(), c.says) }) {
				t.Errorf("%d differences, first %v, want %q", len(r.Differences), r.Differences[:min(1, len(r.Differences))], c.says)
			}
			if took > 48<<20 {
				t.Errorf("took %d bytes of memory", took)
			}
		})
	}
}

// Many records may point at the same large bytes: they are not read for ever.
func TestOverlappingEntriesEnd(t *testing.T) {
	c := sample(t)
	c.Parts[0].Data = make([]byte, 2<<20)
	whole := small(t, c)
	end := len(whole) - 22
	start := int(binary.LittleEndian.Uint32(whole[end+16:]))
	second := start + 46 + len(guideName)
	record := whole[second : second+46+len(c.Parts[0].Name)]
	b := append(slices.Clone(whole[:end]), bytes.Repeat(record, 9000)...)
	b = append(b, whole[end:]...)
	binary.LittleEndian.PutUint16(b[len(b)-14:], 9009)
	binary.LittleEndian.PutUint16(b[len(b)-12:], 9009)
	binary.LittleEndian.PutUint32(b[len(b)-10:], uint32(len(b)-22-start))
	source := &counting{r: bytes.NewReader(b)}
	r, err := Verify(source, int64(len(b)))
	if err != nil || !slices.Contains(r.Differences, Difference{Problem: errTooMuch.Error()}) || source.n > 160<<20 {
		t.Errorf("%d bytes were read, %v, %d differences", source.n, err, len(r.Differences))
	}
}

type counting struct {
	r io.ReaderAt
	n int64
}

func (c *counting) ReadAt(p []byte, at int64) (int, error) {
	n, err := c.r.ReadAt(p, at)
	c.n += int64(n)
	return n, err
}

// faulty cannot be read from some place on.
type faulty struct {
	data *bytes.Reader
	at   int64
}

var errDisk = errors.New("disk fault")

func (f faulty) ReadAt(p []byte, at int64) (int, error) {
	if at <= f.at && f.at < at+int64(len(p)) {
		return 0, errDisk
	}
	return f.data.ReadAt(p, at)
}

// What cannot be read is no difference.
func TestAFaultIsAnError(t *testing.T) {
	data := small(t, sample(t))
	for at := 0; at < len(data); at += 97 {
		if _, err := Verify(faulty{bytes.NewReader(data), int64(at)}, int64(len(data))); !errors.Is(err, errDisk) {
			t.Errorf("a fault at byte %d: %v", at, err)
		}
	}
}

// Whatever is found whole is what Write makes of its files.
func FuzzVerify(f *testing.F) {
	whole := small(f, sample(f))
	f.Add(whole)
	f.Add(whole[:len(whole)/2])
	f.Add([]byte("PK\x05\x06" + strings.Repeat("\x00", 18)))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := Verify(bytes.NewReader(data), int64(len(data)))
		if errors.Is(err, ErrNoZIP) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range r.Differences {
			if s := d.String(); strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f || r >= 0x200e && r <= 0x202e }) {
				t.Errorf("%q is not safe to print", s)
			}
		}
		if r.OK() && !bytes.Equal(takeApart(t, data).pack(t), data) {
			t.Error("found whole, but not as Write puts it")
		}
	})
}

// A run of bytes that is overwritten, cut out or put in is noticed wherever it is.
func FuzzAlteredPack(f *testing.F) {
	var b bytes.Buffer
	if err := Write(&b, sample(f)); err != nil {
		f.Fatal(err)
	}
	whole := b.Bytes()
	for i := range 40 {
		f.Add(uint32(i*1237), uint8(i%3), []byte(fmt.Sprint(i)))
	}
	f.Fuzz(func(t *testing.T, at uint32, cut uint8, put []byte) {
		i := int(at) % len(whole)
		data := slices.Concat(whole[:i], put, whole[min(i+int(cut), len(whole)):])
		if r := check(t, data); r.OK() != bytes.Equal(data, whole) {
			t.Errorf("%d bytes at %d became %q: %v", cut, i, put, r.Differences)
		}
	})
}
