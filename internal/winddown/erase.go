package winddown

import (
	"strings"
	"time"
)

// EraseTerm is how long the owner of a case may change his mind after he has deleted it.
const EraseTerm = 14 * 24 * time.Hour

// Erasure is the deletion of a case that was asked for, or that its retention brings about.
type Erasure struct {
	AskedAt time.Time
	At      time.Time // from when on the case is erased
	By      ID        // zero when nobody asked: the time of retention is over
}

// Delete notes that the case is to be erased after its term: Invalid unless the seller's name was
// typed, so that it is this case that is meant. Again it changes nothing.
func (c *Case) Delete(typed string, s Stamp) ([]Event, error) {
	if !strings.EqualFold(tidyLine(typed), c.Seller.Name) {
		return nil, &Error{Kind: Invalid, Key: "error.invalid", Fields: []FieldError{{Field: "seller_name", Key: "erase.error.name"}}}
	}
	return c.erase(s), nil
}

func (c *Case) erase(s Stamp) []Event {
	if c.Erasure != nil && !c.Erasure.Expired() {
		return nil
	}
	c.Erasure = &Erasure{AskedAt: s.At, At: s.At.Add(EraseTerm), By: s.By}
	return []Event{{Kind: CaseDeleted, OnBehalf: s.OnBehalf}}
}

// GoWith notes that the case is erased with the account of the last person who saw it, who has asked
// for that as e says, and reports whether that is new. Its trail goes with it.
func (c *Case) GoWith(e Erasure) bool {
	if c.Erasure != nil && !c.Erasure.Expired() && !c.Erasure.At.After(e.At) {
		return false
	}
	c.Erasure = &e
	return true
}

// Keep takes the deletion back.
func (c *Case) Keep(s Stamp) ([]Event, error) {
	if c.Erasure == nil {
		return nil, nil
	}
	c.Erasure = nil
	return []Event{{Kind: CaseKept, OnBehalf: s.OnBehalf}}, nil
}
