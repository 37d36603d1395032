package pack

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"time"

	"winddown/internal/files"
	"winddown/internal/i18n"
	"winddown/internal/winddown"
)

// Source is a case at one moment, with all that a pack tells of it. The pack follows from
// it alone: neither who asks nor when changes a byte.
type Source struct {
	Case    *winddown.Case // with its evidence, questions and ledger
	Head    winddown.Head
	History []winddown.Record      // the whole trail, in order
	Names   map[winddown.ID]string // of the people the case and its trail name
	Files   Store
}

// Store holds the bytes of the evidence. Open compares the whole of a file with its hash;
// its errors are those of files.Store.
type Store interface {
	Open(sum [32]byte) (files.File, error)
}

// AsOf is the day of the last event in the case's zone: what depends on the day is told as
// it was then.
func (s Source) AsOf() winddown.Date {
	if len(s.History) == 0 {
		return s.Case.OpenedOn
	}
	return winddown.Today(s.History[len(s.History)-1].At, s.Case.Zone)
}

// Contents makes the parts that people read and lists the evidence. It reads every file
// once: the parts say which are not as they were stored. What it returns without an error is
// a pack when it is written, unless the writing fails. Both end between two files when ctx does.
func (s Source) Contents(ctx context.Context) (Contents, error) {
	if len(s.History) == 0 {
		return Contents{}, errors.New("pack: a case without events")
	}
	b := newBook(ctx, s)
	if err := ctx.Err(); err != nil {
		return Contents{}, fmt.Errorf("pack: %w", err)
	}
	c := Contents{Case: s.Case.ID, Head: s.Head, History: s.History, Files: b.files}
	add := func(name string, write func(*bytes.Buffer) error) error {
		var buf bytes.Buffer
		if err := write(&buf); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		c.Parts = append(c.Parts, Part{Name: name, Data: buf.Bytes()})
		return nil
	}
	err := add("index.html", b.writeIndex)
	tables := b.tables()
	err = errors.Join(err, add("case.xlsx", func(buf *bytes.Buffer) error { return writeXLSX(buf, b.at, tables) }))
	for _, t := range tables {
		if t.csv != "" {
			err = errors.Join(err, add(t.csv, func(buf *bytes.Buffer) error { return writeCSV(buf, t) }))
		}
	}
	if err == nil {
		err = c.check()
	}
	if err != nil {
		return Contents{}, fmt.Errorf("pack: %w", err)
	}
	return c, nil
}

// book is a case with everything about it looked up, in both languages.
type book struct {
	Source
	at     time.Time // of the last event
	today  winddown.Date
	events []winddown.Event
	files  []File
	paths  map[int]string // in the pack, by the number of the evidence
	lost   map[int]string // the reasons why bytes are not there
	ru, en words
}

func newBook(ctx context.Context, s Source) *book {
	b := &book{Source: s, at: s.History[len(s.History)-1].At.UTC(), today: s.AsOf(), paths: map[int]string{}, lost: map[int]string{}}
	for _, r := range s.History {
		e, err := r.Event()
		if err != nil { // Verify says so; the rest of the pack is no worse for it
			e = winddown.Event{}
		}
		e.At, e.By, e.User = r.At, r.By, r.User
		b.events = append(b.events, e)
	}
	b.Case = s.Case.AsFinished(b.events)
	var names Namer
	for _, e := range s.Case.Evidence {
		if e.Kind != winddown.EvidenceFile {
			continue
		}
		folders := []string{b.folder(e.Step), string(e.Slot)}
		if e.Act > 0 && len(s.Case.Acts) > 1 {
			folders = append(folders, "act-"+strconv.Itoa(e.Act))
		}
		name := names.Name(e.Version, e.Name, folders...)
		b.paths[e.Number] = name
		file := File{Name: name, Size: e.Size, SHA256: e.SHA256, Open: func() (io.ReadSeekCloser, error) { return s.open(ctx, e) }}
		if f, err := file.Open(); err != nil {
			b.lost[e.Number] = reason(err)
			file.Open = func() (io.ReadSeekCloser, error) { return nil, err } // what the index says holds
		} else {
			_ = f.Close() // it was only read
		}
		b.files = append(b.files, file)
	}
	b.ru, b.en = words{b, i18n.For(i18n.Russian)}, words{b, i18n.For(i18n.English)}
	return b
}

// open opens the bytes of a piece of evidence, known to be those that were stored.
func (s Source) open(ctx context.Context, e winddown.Evidence) (io.ReadSeekCloser, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	f, err := s.Files.Open(e.SHA256)
	if err != nil { // a File without a file is not nil
		return nil, err
	}
	if f.Size != e.Size {
		return nil, errors.Join(files.ErrAltered, f.Close())
	}
	return f, nil
}

// folder is where the evidence of a step lies, «06-request_act».
func (b *book) folder(code winddown.Code) string {
	at := slices.IndexFunc(b.Case.Steps, func(st winddown.Step) bool { return st.Code == code })
	return fmt.Sprintf("%02d-%s", at+1, code)
}

// both says something in both languages, once where they agree.
func (b *book) both(say func(words) string) string {
	ru, en := say(b.ru), say(b.en)
	if ru == en {
		return ru
	}
	return ru + " / " + en
}

// path is where a piece of evidence lies in the pack: the file, or the text in its place.
func (b *book) path(e winddown.Evidence) string {
	if b.lost[e.Number] != "" {
		return b.paths[e.Number] + lostSuffix
	}
	return b.paths[e.Number]
}
