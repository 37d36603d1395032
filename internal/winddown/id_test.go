package winddown_test

import (
	"encoding/json"
	"testing"

	"winddown/internal/winddown"
)

const someID = "01934a5b-6c7d-7e8f-9012-3456789abcde"

func TestParseID(t *testing.T) {
	id, err := winddown.ParseID(someID)
	if err != nil || id.String() != someID || id[0] != 0x01 || id[15] != 0xde || id.IsZero() {
		t.Errorf("ParseID = %v, %v", id, err)
	}
	for _, s := range []string{
		"", "0", "01934A5B-6C7D-7E8F-9012-3456789ABCDE", "01934a5b6c7d7e8f90123456789abcde", "{01934a5b-6c7d-7e8f-9012-3456789abcde}",
		"01934a5b-6c7d-7e8f-9012-3456789abcdg", "01934a5b-6c7d-7e8f-9012-3456789abcd", someID + "0", " " + someID[1:],
		"01934a5b-6c7d-7e8f-90123-456789abcde", "01934a5b-6c7d-7e8f-9012_3456789abcde", "urn:uuid:" + someID, "\xff1934a5b-6c7d-7e8f-9012-3456789abcde",
	} {
		got, err := winddown.ParseID(s)
		wantKind(t, err, winddown.NotFound)
		if !got.IsZero() {
			t.Errorf("ParseID(%q) = %v", s, got)
		}
	}
}

func TestIDText(t *testing.T) {
	id, _ := winddown.ParseID(someID)
	type doc struct {
		A winddown.ID `json:"a"`
		B winddown.ID `json:"b,omitzero"`
	}
	b, err := json.Marshal(doc{A: id})
	if want := `{"a":"` + someID + `"}`; err != nil || string(b) != want {
		t.Errorf("%s, %v, want %s", b, err, want)
	}
	back := doc{B: id}
	if err := json.Unmarshal([]byte(`{"a":"`+someID+`","b":""}`), &back); err != nil || back.A != id || !back.B.IsZero() {
		t.Errorf("read %+v, %v", back, err)
	}
	if err := json.Unmarshal([]byte(`{"a":"nonsense"}`), &back); err == nil {
		t.Error("nonsense is read as an id")
	}
	if b, err := (winddown.ID{}).MarshalText(); err != nil || len(b) != 0 {
		t.Errorf("no id is written %q, %v", b, err)
	}
}

func FuzzParseID(f *testing.F) {
	for _, s := range []string{someID, "00000000-0000-0000-0000-000000000000", "", "------------------------------------", "01934A5B-6c7d-7e8f-9012-3456789abcde"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		id, err := winddown.ParseID(s)
		if err == nil && id.String() != s {
			t.Fatalf("ParseID(%q) = %s", s, id)
		}
		if err != nil && (!id.IsZero() || winddown.KindOf(err) != winddown.NotFound) {
			t.Fatalf("ParseID(%q) = %s, %v", s, id, err)
		}
	})
}
