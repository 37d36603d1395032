package winddown

import "encoding/hex"

// ID is the identifier of a row, a UUID. The zero ID means none.
type ID [16]byte

// ParseID reads the canonical form with hyphens, as it stands in links.
// Anything else is NotFound: an address nobody was given.
func ParseID(s string) (ID, error) {
	var id ID
	if len(s) != 36 || s[8] != '-' || s[13] != '-' || s[18] != '-' || s[23] != '-' {
		return ID{}, &Error{Kind: NotFound, Key: "error.not_found"}
	}
	packed := s[0:8] + s[9:13] + s[14:18] + s[19:23] + s[24:36]
	if _, err := hex.Decode(id[:], []byte(packed)); err != nil {
		return ID{}, &Error{Kind: NotFound, Key: "error.not_found"}
	}
	if id.IsZero() || id.String() != s { // one address for one row: no upper case
		return ID{}, &Error{Kind: NotFound, Key: "error.not_found"}
	}
	return id, nil
}

// String returns the canonical form.
func (id ID) String() string {
	var text [36]byte
	hex.Encode(text[0:], id[0:4])
	hex.Encode(text[9:], id[4:6])
	hex.Encode(text[14:], id[6:8])
	hex.Encode(text[19:], id[8:10])
	hex.Encode(text[24:], id[10:16])
	text[8], text[13], text[18], text[23] = '-', '-', '-', '-'
	return string(text[:])
}

// IsZero reports whether id names nothing.
func (id ID) IsZero() bool { return id == ID{} }

// MarshalText gives JSON the canonical form, and nothing for the zero ID.
func (id ID) MarshalText() ([]byte, error) {
	if id.IsZero() {
		return nil, nil
	}
	return []byte(id.String()), nil
}

// UnmarshalText reads what MarshalText wrote.
func (id *ID) UnmarshalText(b []byte) error {
	if len(b) == 0 {
		*id = ID{}
		return nil
	}
	parsed, err := ParseID(string(b))
	if err != nil {
		return err
	}
	*id = parsed
	return nil
}
