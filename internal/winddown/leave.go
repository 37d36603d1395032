package winddown

import (
	"strings"
	"time"
)

// LeaveTerm is how long a person may change his mind after he has deleted his account.
const LeaveTerm = EraseTerm

// ErasedAddress is the address an erased person is left with: nobody's, and different for everyone.
func ErasedAddress(id ID) string { return id.String() + "@" + erasedDomain }

// erasedDomain is one that no mail ever reaches (RFC 2606, section 2).
const erasedDomain = "deleted.invalid"

// ErasedName is what an erased person is called from then on, in the language he had chosen.
func ErasedName(locale string) string {
	if locale == "en" {
		return "Deleted user"
	}
	return "Удалённый пользователь"
}

// Holding is a case a person answers for: he owns it, or it is with his firm of one and has people but
// no owner.
type Holding struct {
	ID        ID
	Seller    string
	EraseAt   time.Time // zero unless he has deleted it
	Ownerless bool
}

// FirmHolding is a firm a person belongs to.
type FirmHolding struct {
	ID     ID
	Name   string
	Role   Role
	People int // he among them
	Admins int
	Owned  int // its cases that have an owner
	Alone  int // its cases that nobody but the firm sees
}

// Own reports whether the firm is the person's alone: it goes with him, and with it the sellers that
// nobody else sees.
func (f FirmHolding) Own() bool { return f.People == 1 }

// Rudderless reports whether the firm would be left without an admin.
func (f FirmHolding) Rudderless() bool { return !f.Own() && f.Role == Admin && f.Admins == 1 }

// Holdings are what a person would leave behind.
type Holdings struct {
	Cases  []Holding
	Firms  []FirmHolding
	Helped int // cases he helps with
}

// Kept are the cases that would belong to nobody: he answers for them and has not deleted them.
func (h Holdings) Kept() []Holding {
	var kept []Holding
	for _, c := range h.Cases {
		if c.EraseAt.IsZero() {
			kept = append(kept, c)
		}
	}
	return kept
}

// Rudderless are the firms that would be left without an admin.
func (h Holdings) Rudderless() []FirmHolding {
	var all []FirmHolding
	for _, f := range h.Firms {
		if f.Rudderless() {
			all = append(all, f)
		}
	}
	return all
}

// Leave returns nil for somebody who can go, and Blocked while something would be left to nobody.
func (h Holdings) Leave() error {
	if len(h.Kept()) > 0 || len(h.Rudderless()) > 0 {
		return &Error{Kind: Blocked, Key: "leave.error.held"}
	}
	return nil
}

// CheckLeaving returns Invalid unless a person typed his own address, so that he means it.
func CheckLeaving(typed, email string) error {
	if !strings.EqualFold(strings.TrimSpace(typed), email) {
		return &Error{Kind: Invalid, Key: "error.invalid", Fields: []FieldError{{Field: "email", Key: "leave.error.email"}}}
	}
	return nil
}
