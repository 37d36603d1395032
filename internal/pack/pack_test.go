package pack

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"winddown/internal/files"
	"winddown/internal/winddown"
)

var (
	theCase = winddown.ID{1, 2, 3}
	anybody = winddown.ID{15: 7}
)

// trail is a chain of events about a case, with text that JSON has to escape.
func trail(t testing.TB, n int) ([]winddown.Record, winddown.Head) {
	t.Helper()
	at := time.Date(2026, 11, 12, 14, 30, 1, 123456789, time.FixedZone("MSK", 3*60*60))
	var head winddown.Head
	var all []winddown.Record
	for i := range n {
		e := winddown.Event{
			Stream: winddown.Stream{Kind: winddown.CaseStream, ID: theCase}, Kind: winddown.StepDone, Via: winddown.ViaPages,
			At: at.Add(time.Duration(i) * time.Minute), By: anybody, Step: winddown.SellOut,
			After: winddown.Changes{"note": fmt.Sprintf("№ %d \\ \"<b>ё</b>\" \u2028 \t\x01\x7f 😀", i)},
		}
		if i%2 == 1 {
			e.By, e.User = winddown.ID{}, anybody
		}
		r, next, err := head.Append(e)
		if err != nil {
			t.Fatal(err)
		}
		all, head = append(all, r), next
	}
	return all, head
}

type memory struct{ *bytes.Reader }

func (memory) Close() error { return nil }

func evidence(name string, data []byte) File {
	return File{Name: name, Size: int64(len(data)), SHA256: sha256.Sum256(data), Open: func() (io.ReadSeekCloser, error) {
		return memory{bytes.NewReader(data)}, nil
	}}
}

func sample(t testing.TB) Contents {
	t.Helper()
	c := Contents{Case: theCase, Parts: []Part{{"index.html", []byte("<!doctype html>\n")}, {"history.csv", []byte("a;b\r\n")}}}
	c.History, c.Head = trail(t, 4)
	var n Namer
	for i, original := range []string{"Акт сверки.pdf", "скриншот.png", "пусто.zip"} {
		c.Files = append(c.Files, evidence(n.Name(1, original, "06-request_act", "letter"), []byte(strings.Repeat("x", 2*i))))
	}
	return c
}

// small is a pack with a short guide, whose every byte can be tried.
func small(t testing.TB, c Contents) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := write(&b, c, []byte("guide\n")); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func check(t testing.TB, data []byte) Report {
	t.Helper()
	r, err := Verify(bytes.NewReader(data), int64(len(data)))
	if errors.Is(err, ErrNoZIP) {
		return Report{Differences: []Difference{{Problem: err.Error()}}}
	}
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestAPackIsWhole(t *testing.T) {
	c := sample(t)
	var b bytes.Buffer
	if err := Write(&b, c); err != nil {
		t.Fatal(err)
	}
	r := check(t, b.Bytes())
	if !r.OK() || r.Case != theCase || r.Head != c.Head || !r.At.Equal(c.History[3].At) || r.Files != 8 || r.Events != 4 || len(r.Missing) != 0 {
		t.Errorf("%+v", r)
	}
	z, err := zip.NewReader(bytes.NewReader(b.Bytes()), int64(b.Len()))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range z.File {
		names = append(names, f.Name)
	}
	if want := []string{"VERIFY.txt", "index.html", "history.csv", "history.jsonl", "evidence/06-request_act/letter/v1-Akt-sverki.pdf",
		"evidence/06-request_act/letter/v1-skrinshot.png", "evidence/06-request_act/letter/v1-pusto.zip", "SHA256SUMS", "manifest.json",
	}; !slices.Equal(names, want) {
		t.Errorf("the pack holds %q", names)
	}
	if at := z.File[0].Modified; !at.Equal(time.Date(2026, 11, 12, 11, 33, 0, 0, time.UTC)) {
		t.Errorf("entries are dated %s", at)
	}
}

func TestTheSameContentsGiveTheSameBytes(t *testing.T) {
	first := small(t, sample(t))
	again := sample(t)
	for i := range again.History { // as a database in another zone returns them
		again.History[i].At = again.History[i].At.In(time.FixedZone("", 7*60*60))
	}
	if !bytes.Equal(first, small(t, again)) {
		t.Error("two packs of the same contents differ")
	}
}

// The archive is put together here byte by byte, so that a Go release that writes ZIP
// files otherwise is found out.
func TestTheArchiveIsFixed(t *testing.T) {
	var b bytes.Buffer
	a := newArchive(&b, time.Date(2026, 11, 12, 11, 30, 1, 5, time.UTC))
	var local, directory []byte
	for _, e := range []struct{ name, data string }{{"a.txt", "hello"}, {"evidence/b", ""}} {
		if err := a.add(e.name, []byte(e.data)); err != nil {
			t.Fatal(err)
		}
		common := []byte{20, 0, 0, 0, 0, 0, 0xc0, 11<<3 | 30>>3, 11<<5&0xff | 12, 46<<1 | 11>>3}
		common = binary.LittleEndian.AppendUint32(common, crc32.ChecksumIEEE([]byte(e.data)))
		common = binary.LittleEndian.AppendUint32(common, uint32(len(e.data)))
		common = binary.LittleEndian.AppendUint32(common, uint32(len(e.data)))
		common = append(common, byte(len(e.name)), 0, 0, 0)
		directory = append(append(append(directory, "PK\x01\x02\x14\x00"...), common...), make([]byte, 10)...)
		directory = append(binary.LittleEndian.AppendUint32(directory, uint32(len(local))), e.name...)
		local = append(append(append(append(local, "PK\x03\x04"...), common...), e.name...), e.data...)
	}
	if err := a.close(); err != nil {
		t.Fatal(err)
	}
	want := append(slices.Clone(local), directory...)
	want = append(want, "PK\x05\x06\x00\x00\x00\x00\x02\x00\x02\x00"...)
	want = binary.LittleEndian.AppendUint32(want, uint32(len(directory)))
	want = append(binary.LittleEndian.AppendUint32(want, uint32(len(local))), 0, 0)
	if !bytes.Equal(b.Bytes(), want) {
		t.Errorf("got\n%s\nwant\n%s", hex.Dump(b.Bytes()), hex.Dump(want))
	}
}

func TestDOSTime(t *testing.T) {
	for in, want := range map[string][2]uint16{
		"2026-11-12T23:59:59+03:00": {46<<9 | 11<<5 | 12, 20<<11 | 59<<5 | 29},
		"1970-01-01T00:00:00Z":      {1<<5 | 1, 0},
		"9999-01-01T00:00:00Z":      {127<<9 | 12<<5 | 31, 23<<11 | 59<<5 | 29},
	} {
		at, err := time.Parse(time.RFC3339, in)
		if err != nil {
			t.Fatal(err)
		}
		if date, clock := dosTime(at); date != want[0] || clock != want[1] {
			t.Errorf("%s: %x %x, want %x", in, date, clock, want)
		}
	}
}

// The files are what VERIFY.txt says of them, read here as a stranger would.
func TestTheFilesCanBeCheckedWithoutWinddown(t *testing.T) {
	c := sample(t)
	c.Files = append(c.Files, File{Name: "evidence/x", Open: func() (io.ReadSeekCloser, error) { return nil, files.ErrMissing }})
	l := takeApart(t, small(t, c))

	var m struct {
		Format, Case string
		History      struct {
			Seq      int64
			At, Hash string
		}
		Files []struct {
			Name, SHA256 string
			Size         int
			Missing      bool
		}
	}
	if err := json.Unmarshal(l.data[manifestName], &m); err != nil {
		t.Fatal(err)
	}
	var sums string
	for i, f := range m.Files {
		data := l.data[f.Name]
		if f.Name != l.names[i] || f.Size != len(data) || f.SHA256 != fmt.Sprintf("%x", sha256.Sum256(data)) || f.Missing != (f.Name == "evidence/x.MISSING.txt") {
			t.Errorf("the manifest says %+v of %d bytes", f, len(data))
		}
		if f.Name != "SHA256SUMS" {
			sums += f.SHA256 + "  " + f.Name + "\n"
		}
	}
	if len(m.Files) != len(l.names)-1 || sums != string(l.data["SHA256SUMS"]) {
		t.Errorf("%d files, sums\n%s\nwant\n%s", len(m.Files), l.data["SHA256SUMS"], sums)
	}

	id, err := hex.DecodeString(strings.ReplaceAll(m.Case, "-", ""))
	if err != nil {
		t.Fatal(err)
	}
	previous, seq, at := make([]byte, 32), int64(0), ""
	for line := range strings.Lines(string(l.data["history.jsonl"])) {
		var e struct {
			Seq                       int64
			At, By, About, Body, Hash string
		}
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatal(err)
		}
		data := append([]byte("winddown event 1\x00case\x00"), id...)
		data = append(append(binary.BigEndian.AppendUint64(data, uint64(e.Seq)), previous...), e.Body...)
		sum := sha256.Sum256(data)
		var body struct{ At, By, User string }
		if err := json.Unmarshal([]byte(e.Body), &body); err != nil {
			t.Fatal(err)
		}
		if hex.EncodeToString(sum[:]) != e.Hash || e.Seq != seq+1 || body.At != e.At || body.By != e.By || body.User != e.About {
			t.Errorf("line %+v", e)
		}
		previous, seq, at = sum[:], e.Seq, e.At
	}
	if m.History.Seq != seq || m.History.Hash != hex.EncodeToString(previous) || m.History.At != at {
		t.Errorf("the manifest ends with %+v", m.History)
	}
}

// broken fails after its bytes.
type broken struct{ memory }

func (b broken) Read(p []byte) (int, error) {
	n, err := b.memory.Read(p)
	if errors.Is(err, io.EOF) {
		err = errors.New("disk fault")
	}
	return n, err
}

func TestEvidenceThatIsNoMoreIsTold(t *testing.T) {
	fails := func(err error) func() (io.ReadSeekCloser, error) {
		return func() (io.ReadSeekCloser, error) { return nil, err }
	}
	holds := func(s string) func() (io.ReadSeekCloser, error) {
		return func() (io.ReadSeekCloser, error) { return memory{bytes.NewReader([]byte(s))}, nil }
	}
	for name, c := range map[string]struct {
		open   func() (io.ReadSeekCloser, error)
		reason string
	}{
		"absent":        {fails(fmt.Errorf("open: %w", files.ErrMissing)), "absent"},
		"found altered": {fails(fmt.Errorf("open: %w", files.ErrAltered)), "altered"},
		"one byte":      {holds("wantee"), "altered"},
		"shorter":       {holds("wante"), "altered"},
		"longer":        {holds("wanted "), "altered"},
		"empty":         {holds(""), "altered"},
		"no rights":     {fails(os.ErrPermission), "unreadable"},
		"disk fault": {func() (io.ReadSeekCloser, error) {
			return broken{memory{bytes.NewReader([]byte("wan"))}}, nil
		}, "unreadable"},
	} {
		t.Run(name, func(t *testing.T) {
			contents := sample(t)
			lost := evidence("evidence/act.pdf", []byte("wanted"))
			lost.Open = c.open
			contents.Files = slices.Insert(contents.Files, 1, lost)
			data := small(t, contents)
			r := check(t, data)
			if !r.OK() || !slices.Equal(r.Missing, []Missing{{"evidence/act.pdf.MISSING.txt", c.reason}}) {
				t.Errorf("%+v", r)
			}
			text := string(takeApart(t, data).data["evidence/act.pdf.MISSING.txt"])
			if !strings.Contains(text, fmt.Sprintf("SHA-256: %x\n", lost.SHA256)) || !strings.Contains(text, "evidence/act.pdf\n") || bytes.Contains(data, []byte("wan")) {
				t.Errorf("in its place:\n%s", text)
			}
		})
	}
}

// fickle holds other bytes when it is read again.
type fickle struct{ memory }

func (f fickle) Seek(int64, int) (int64, error) {
	f.Reset([]byte("later!"))
	return 0, nil
}

func TestWhatEndsAPack(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(*Contents)
		says  string
	}{
		"no events": {func(c *Contents) { c.History = nil }, "without events"},
		"cancelled": {func(c *Contents) {
			c.Files[0].Open = func() (io.ReadSeekCloser, error) { return nil, fmt.Errorf("read: %w", context.Canceled) }
		}, "canceled"},
		"changes meanwhile": {func(c *Contents) {
			f := evidence("evidence/f", []byte("before"))
			f.Open = func() (io.ReadSeekCloser, error) { return fickle{memory{bytes.NewReader([]byte("before"))}}, nil }
			c.Files[0] = f
		}, "changed while"},
		"name leads out": {func(c *Contents) { c.Files[0].Name = "evidence/../../x" }, "not allowed"},
		"name twice": {func(c *Contents) {
			c.Files[0].Name = strings.ToUpper(c.Files[1].Name)
			c.Files[0].Name = "evidence" + c.Files[0].Name[8:]
		}, "twice"},
		"name of the lost":  {func(c *Contents) { c.Files[0].Name = "evidence/x.missing.txt" }, "kept for"},
		"file and folder":   {func(c *Contents) { c.Parts[0].Name = "evidence" }, "a file and a folder"},
		"file as folder":    {func(c *Contents) { c.Files[0].Name = c.Files[1].Name + lostSuffix + "/x" }, "a file and a folder"},
		"not in its folder": {func(c *Contents) { c.Files[0].Name = "x" }, "out of place"},
		"part in a folder":  {func(c *Contents) { c.Parts[0].Name = "evidence/x" }, "out of place"},
		"part is manifest":  {func(c *Contents) { c.Parts[0].Name = "Manifest.json" }, "twice"},
		"negative size":     {func(c *Contents) { c.Files[0].Size = -1 }, "size of -1"},
		"too large":         {func(c *Contents) { c.Files[0].Size, c.Files[1].Size = maxContents/2, maxContents/2+1 }, "exceed"},
		"too many": {func(c *Contents) {
			c.Files = make([]File, maxEntries)
			for i := range c.Files {
				c.Files[i].Name = fmt.Sprint("evidence/", i)
			}
		}, "more than 9999"},
		"an endless event": {func(c *Contents) { c.History[1].Body = make([]byte, maxLine) }, "event 2 is longer"},
	} {
		t.Run(name, func(t *testing.T) {
			contents := sample(t)
			c.spoil(&contents)
			var b bytes.Buffer
			if err := Write(&b, contents); err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("error %v, want one that says %q", err, c.says)
			}
		})
	}
	if err := Write(full{}, sample(t)); !errors.Is(err, errFull) {
		t.Errorf("a writer that fails: %v", err)
	}
}

var errFull = errors.New("no room")

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errFull }

// pattern is a file of any size that takes no memory.
type pattern struct {
	block    []byte
	size, at int64
}

func (p *pattern) Read(b []byte) (int, error) {
	if p.at == p.size {
		return 0, io.EOF
	}
	start := p.at % int64(len(p.block))
	n := copy(b[:min(int64(len(b)), p.size-p.at)], p.block[start:])
	p.at += int64(n)
	return n, nil
}

func (p *pattern) Seek(int64, int) (int64, error) { p.at = 0; return 0, nil }
func (p *pattern) Close() error                   { return nil }

// allocated returns how many bytes fn takes from the heap altogether, which is more than
// it ever holds.
func allocated(fn func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	fn()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

func TestALargePackTakesLittleMemory(t *testing.T) {
	const files, size = 500, 600_000
	c := sample(t)
	c.Files = nil
	for kind := range int64(5) {
		block := bytes.Repeat([]byte{byte(kind), 1, 2, 3, 5, 7, 11}, 9000)
		open := func() (io.ReadSeekCloser, error) { return &pattern{block: block, size: size - kind}, nil }
		p, _ := open()
		h := sha256.New()
		if _, err := io.Copy(h, p); err != nil {
			t.Fatal(err)
		}
		for i := range files / 5 {
			c.Files = append(c.Files, File{Name: fmt.Sprintf("evidence/%d/v1-%d.pdf", kind, i), Size: size - kind, SHA256: [32]byte(h.Sum(nil)), Open: open})
		}
	}
	var sent counter
	if got := allocated(func() {
		if err := Write(&sent, c); err != nil {
			t.Fatal(err)
		}
	}); got > 8<<20 || sent < files*(size-5) {
		t.Errorf("%d bytes took %d bytes of memory", sent, got)
	}

	c.Files = c.Files[:40]
	data := small(t, c)
	if got := allocated(func() {
		if r := check(t, data); !r.OK() {
			t.Errorf("%+v", r)
		}
	}); got > 8<<20 {
		t.Errorf("checking %d bytes took %d bytes of memory", len(data), got)
	}
}

type counter int64

func (c *counter) Write(p []byte) (int, error) { *c += counter(len(p)); return len(p), nil }
