package site

import (
	"bytes"
	"net/url"
	"slices"
	"testing"

	"winddown/internal/winddown"
)

func TestCursorRoundTrip(t *testing.T) {
	for _, sort := range winddown.RegisterSorts() {
		for group := range winddown.Groups() {
			for _, date := range []string{noDate, "2026-11-30"} {
				for _, before := range []bool{false, true} {
					want := winddown.Cursor{Group: group, Date: date, Name: []byte{0, 1, 255}, ID: winddown.ID{15: 7}, Before: before}
					text := encodeCursor(want, sort)
					got, ok := decodeCursor(text, sort)
					if !ok || got.Group != want.Group || got.Date != want.Date || !bytes.Equal(got.Name, want.Name) || got.ID != want.ID || got.Before != want.Before {
						t.Errorf("%s: %v came back as %v, %t", sort, want, got, ok)
					}
					other := winddown.RegisterSorts()[(slices.Index(winddown.RegisterSorts(), sort)+1)%len(winddown.RegisterSorts())]
					if _, ok := decodeCursor(text, other); ok {
						t.Errorf("a place in the order %s passes for one in the order %s", sort, other)
					}
				}
			}
		}
	}
}

// Whatever stands in the address is either a filter whose own address is the same state,
// or a mistake with a field.
func FuzzRegisterAddress(f *testing.F) {
	place := encodeCursor(winddown.Cursor{Group: 3, Date: "2026-11-30", Name: []byte("имя"), ID: winddown.ID{1}}, winddown.SortDeadline)
	for _, seed := range []string{
		"", "q=ооо&act=requested&group=ready&due=7&finished=yes&sort=-name", "act=x", "after=" + place, "after=" + place[:20],
		"after=" + place + "A", "sort=name&after=" + place, "after=" + place + "=", "group=finished", "finished=on&act=&act=signed&act=signed",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		q, err := url.ParseQuery(raw)
		if err != nil {
			return // refused before any handler
		}
		filter, err := readRegisterFilter(q)
		if err != nil {
			if winddown.KindOf(err) != winddown.Invalid {
				t.Fatalf("%q: %v", raw, err)
			}
			return
		}
		href := registerHref(filter)
		u, err := url.Parse(href)
		if err != nil {
			t.Fatalf("%q makes the address %q: %v", raw, href, err)
		}
		again, err := readRegisterFilter(u.Query())
		if err != nil {
			t.Fatalf("%q makes the address %q, which is refused: %v", raw, href, err)
		}
		if registerHref(again) != href {
			t.Fatalf("%q makes %q, that makes %q", raw, href, registerHref(again))
		}
	})
}

func FuzzCursor(f *testing.F) {
	f.Add(encodeCursor(winddown.Cursor{Group: 8, Date: noDate, Name: []byte("имя"), ID: winddown.ID{1}, Before: true}, winddown.SortName), byte(2))
	f.Add("", byte(0))
	f.Add("AQAAAAfqCx4BAAAAAAAAAAAAAAAAAAAA", byte(0))
	f.Fuzz(func(t *testing.T, text string, sort byte) {
		order := winddown.RegisterSorts()[int(sort)%len(winddown.RegisterSorts())]
		c, ok := decodeCursor(text, order)
		if ok && encodeCursor(c, order) != text {
			t.Fatalf("%q is read as %v, which is written %q", text, c, encodeCursor(c, order))
		}
		if ok && c.Date != noDate {
			if _, valid := winddown.ParseDate(c.Date); !valid {
				t.Fatalf("%q holds the date %q", text, c.Date)
			}
		}
	})
}
