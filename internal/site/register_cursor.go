package site

import (
	"encoding/base64"
	"encoding/binary"
	"slices"
	"time"

	"winddown/internal/winddown"
)

// A place in the register as the address carries it: base64url of
//
//	version, sort, group, flags            a byte each
//	year (2 bytes), month, day             zero for «infinity»
//	id                                     16 bytes
//	sort key of the name                   the rest
//
// Only this program writes it, so what does not decode to the letter is refused.
const (
	cursorVersion = 1
	cursorHead    = 4 + 4 + 16
	cursorBefore  = 1 // flag: the rows before the place
)

// noDate is how the register's sort keys spell a date that will not come.
const noDate = "infinity"

func encodeCursor(c winddown.Cursor, sort winddown.RegisterSort) string {
	b := make([]byte, 0, cursorHead+len(c.Name))
	flags := byte(0)
	if c.Before {
		flags = cursorBefore
	}
	b = append(b, cursorVersion, byte(slices.Index(winddown.RegisterSorts(), sort)), byte(c.Group), flags)
	d, _ := winddown.ParseDate(c.Date)
	b = binary.BigEndian.AppendUint16(b, uint16(d.Year))
	b = append(b, byte(d.Month), byte(d.Day))
	b = append(b, c.ID[:]...)
	b = append(b, c.Name...)
	return base64.RawURLEncoding.EncodeToString(b)
}

// decodeCursor reads a place in the register sorted like this, or returns false.
func decodeCursor(text string, sort winddown.RegisterSort) (winddown.Cursor, bool) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(b) < cursorHead || len(b) > cursorHead+winddown.MaxNameKey {
		return winddown.Cursor{}, false
	}
	c := winddown.Cursor{Group: int(b[2]), Before: b[3] == cursorBefore, Date: noDate, ID: winddown.ID(b[8:24]), Name: b[cursorHead:]}
	day := winddown.Date{Year: int(binary.BigEndian.Uint16(b[4:])), Month: time.Month(b[6]), Day: int(b[7])}
	if !day.IsZero() {
		if d, ok := winddown.ParseDate(day.String()); !ok || d != day {
			return winddown.Cursor{}, false
		}
		c.Date = day.String()
	}
	known := b[0] == cursorVersion && b[3] <= cursorBefore && c.Group < len(winddown.Groups()) && !c.ID.IsZero() &&
		int(b[1]) == slices.Index(winddown.RegisterSorts(), sort)
	return c, known && encodeCursor(c, sort) == text
}
