package postgres

import (
	"encoding/binary"
	"maps"
	"testing"

	"winddown/internal/winddown"
)

func TestHintsFitIntoPayloadsAndComeBack(t *testing.T) {
	want := map[winddown.Stream]int64{
		{Kind: winddown.FirmStream, ID: winddown.ID{1}}: 0,
		{Kind: winddown.UserStream, ID: winddown.ID{2}}: 1 << 62,
	}
	for n := range uint64(2000) {
		id := winddown.ID{255}
		binary.BigEndian.PutUint64(id[8:], n)
		want[winddown.Stream{Kind: winddown.CaseStream, ID: id}] = 1<<62 + int64(n)
	}
	sent := maps.Clone(want)
	sent[winddown.Stream{Kind: winddown.ShareStream, ID: winddown.ID{3}}] = 1 // no page follows it
	got := map[winddown.Stream]int64{}
	for _, payload := range packHints(sent) {
		if len(payload) >= 8000 {
			t.Errorf("a payload has %d bytes; PostgreSQL takes fewer than 8000", len(payload))
		}
		hints, all := readHints(payload)
		if all {
			t.Fatal("a payload is not understood")
		}
		for _, h := range hints {
			got[h.Stream] = h.Seq
		}
	}
	if len(got) != len(want) {
		t.Fatalf("%d hints came back, want %d", len(got), len(want))
	}
	for s, seq := range want {
		if got[s] != seq {
			t.Errorf("%s came back as %d, want %d", s, got[s], seq)
		}
	}
}

// What another version sends must not be taken for nothing.
func TestForeignPayloadsStandForEverything(t *testing.T) {
	for _, payload := range []string{everything, "x", "c:1", "cAAAA:1", "z" + "AAAAAAAAAAAAAAAAAAAAAA:1", "cAAAAAAAAAAAAAAAAAAAAAA:", ":1"} {
		if _, all := readHints(payload); !all {
			t.Errorf("%q is taken for hints", payload)
		}
	}
	if hints, all := readHints("cAAAAAAAAAAAAAAAAAAAAAA:1"); all || len(hints) != 1 {
		t.Errorf("a hint is not understood: %v", hints)
	}
}

func TestTooManyHintsAreOne(t *testing.T) {
	n := &notifier{wake: make(chan struct{}, 1), waiting: map[winddown.Stream]int64{}}
	for i := range hintsKept + 2 {
		id := winddown.ID{1}
		binary.BigEndian.PutUint32(id[8:], uint32(i))
		n.add([]Hint{{Stream: winddown.Stream{Kind: winddown.CaseStream, ID: id}, Seq: 1}})
	}
	if got := n.take(); len(got) != 1 || got[0] != everything {
		t.Errorf("%d payloads are sent, want one for all", len(got))
	}
	if got := n.take(); len(got) != 0 {
		t.Errorf("%v is sent again", got)
	}
}
