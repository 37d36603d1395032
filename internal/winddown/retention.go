package winddown

import (
	"fmt"
	"time"
)

// How long the record of a case may be kept at least and at most, in months, before an installation
// erases it by itself. Primary documents are kept for five years (402-ФЗ, art. 29), and the claims that
// the record protects from come up to three years after (ГК РФ, art. 196).
const (
	MinRetention = 60
	MaxRetention = 600
)

// CheckRetention returns an error unless months are none, or within the bounds.
func CheckRetention(months int) error {
	if months != 0 && (months < MinRetention || months > MaxRetention) {
		return fmt.Errorf("it is 0 for never, or from %d to %d months: primary documents are kept for five years (402-ФЗ, art. 29)", MinRetention, MaxRetention)
	}
	return nil
}

// RetainedSince is the last moment at which a case may have been changed whose time of retention is over
// now.
func RetainedSince(now time.Time, months int) time.Time { return now.AddDate(0, -months, 0) }

// Expired reports whether the case is erased because the time of retention is over, and not because
// somebody asked for it.
func (e *Erasure) Expired() bool { return e != nil && e.By.IsZero() }

// GoesOn ends the expiry of a case that a person has changed: its time of retention begins anew.
func (c *Case) GoesOn(s Stamp) []Event {
	if !c.Erasure.Expired() {
		return nil
	}
	c.Erasure = nil
	return []Event{{Kind: CaseKept, OnBehalf: s.OnBehalf}}
}

// AllowKeep returns nil when the person may take the deletion of the case back: its owner, and when
// only the time of retention is over whoever keeps its books. NotFound or Forbidden otherwise.
func (c *Case) AllowKeep(s Standing) error {
	if c.Erasure.Expired() && c.Allow(CanReview, s) == nil {
		return nil
	}
	return c.Allow(CanDelete, s)
}
