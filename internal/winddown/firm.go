package winddown

import (
	"slices"
	"time"
	"unicode/utf8"
)

// Limits of a firm.
const (
	MaxFirmName = 200 // characters
	MaxMembers  = 200 // people of one firm
	MaxPicked   = 500 // cases something is done to at a time
)

// FirmAction is something a person may do in a firm he belongs to.
type FirmAction string

// The actions in a firm.
const (
	CanSeeFirm FirmAction = "see"     // its name, its people
	CanAssign  FirmAction = "assign"  // make somebody responsible for its cases
	CanRemind  FirmAction = "remind"  // remind the sellers of the cases he sees
	CanArchive FirmAction = "archive" // put the cases he sees into the archive, and take them out
	CanRunFirm FirmAction = "run"     // its name, invitations, roles, who leaves
)

// FirmActions returns every action in a firm.
func FirmActions() []FirmAction {
	return []FirmAction{CanSeeFirm, CanAssign, CanRemind, CanArchive, CanRunFirm}
}

// FirmRoles returns the roles a person can have in a firm, the one with most rights first.
func FirmRoles() []Role { return []Role{Admin, Lead, Accountant} }

// firmRights is the table of rights in a firm, a row per action.
func firmRights(a FirmAction) []Role {
	switch a {
	case CanSeeFirm, CanRemind, CanArchive:
		return []Role{Admin, Lead, Accountant}
	case CanAssign:
		return []Role{Admin, Lead}
	case CanRunFirm:
		return []Role{Admin}
	}
	return nil
}

// MayInFirm reports whether somebody with this role in a firm may do a there; the empty role
// is somebody who does not belong to it.
func MayInFirm(a FirmAction, r Role) bool { return slices.Contains(firmRights(a), r) }

// SeesFirm reports whether the role sees all cases of its firm, not only its own.
func (r Role) SeesFirm() bool { return r == Lead || r == Admin }

// Firm is a firm of accountants with its people.
type Firm struct {
	ID      ID
	Name    string
	Members []Member
	// What its admins have settled.
	Requisites Requisites
	Practice   Practice
}

// Member is a person of a firm.
type Member struct {
	UserID  ID
	Name    string
	Email   string
	Role    Role
	AddedAt time.Time
	Cases   int // unfinished ones he is responsible for; known where they were counted
}

// Member returns a person of the firm, or NotFound.
func (f *Firm) Member(user ID) (*Member, error) {
	at := slices.IndexFunc(f.Members, func(m Member) bool { return m.UserID == user })
	if at < 0 || user.IsZero() {
		return nil, &Error{Kind: NotFound, Key: "error.not_found"}
	}
	return &f.Members[at], nil
}

// Allow returns nil when a person may do a in the firm, NotFound when he does not belong to
// it, and Forbidden otherwise.
func (f *Firm) Allow(a FirmAction, user ID) error {
	m, err := f.Member(user)
	if err != nil {
		return err
	}
	if !MayInFirm(a, m.Role) {
		return &Error{Kind: Forbidden, Key: "error.forbidden"}
	}
	return nil
}

// CheckFirmName tidies the name of a firm and returns Invalid on the field name.
func CheckFirmName(name string) (string, error) {
	var v invalid
	name = tidyLine(name)
	switch n := utf8.RuneCountInString(name); {
	case n == 0:
		v.add("name", "firm.error.name_missing", nil)
	case n > MaxFirmName:
		v.add("name", "error.field.too_long", Args{"Max": MaxFirmName})
	}
	return name, v.err()
}

// Rename gives the firm another name, or is Invalid. The name before is not told: that of a
// firm of one is a person's.
func (f *Firm) Rename(name string) ([]Event, error) {
	name, err := CheckFirmName(name)
	if err != nil || name == f.Name {
		return nil, err
	}
	f.Name = name
	return []Event{{Kind: FirmRenamed, After: Changes{"firm_name": name}}}, nil
}

// CheckFirmRole returns Invalid, on the field role, for what is no role of a firm.
func CheckFirmRole(role Role) error {
	if slices.Contains(FirmRoles(), role) {
		return nil
	}
	return &Error{Kind: Invalid, Key: "error.invalid", Fields: []FieldError{{Field: "role", Key: "firm.error.role_missing"}}}
}

// SetRole gives a person of the firm another role: NotFound, Invalid, or Conflict for the last
// admin.
func (f *Firm) SetRole(user ID, role Role) ([]Event, error) {
	m, err := f.Member(user)
	if err == nil {
		err = CheckFirmRole(role)
	}
	if err != nil || m.Role == role {
		return nil, err
	}
	if m.Role == Admin && f.admins() == 1 {
		return nil, &Error{Kind: Conflict, Key: "firm.error.last_admin_role"}
	}
	before := m.Role
	m.Role = role
	return []Event{{Kind: FirmRoleChanged, User: user, Role: role, Before: Changes{"role": string(before)}}}, nil
}

// Removable returns nil for somebody who can be taken out of the firm: NotFound, or Conflict for
// the last admin.
func (f *Firm) Removable(user ID) error {
	m, err := f.Member(user)
	if err == nil && m.Role == Admin && f.admins() == 1 {
		return &Error{Kind: Conflict, Key: "firm.error.last_admin"}
	}
	return err
}

// Remove takes a person out of the firm. Errors as for Removable.
func (f *Firm) Remove(user ID) ([]Event, error) {
	m, err := f.Member(user)
	if err == nil {
		err = f.Removable(user)
	}
	if err != nil {
		return nil, err
	}
	role := m.Role
	f.Members = slices.DeleteFunc(f.Members, func(m Member) bool { return m.UserID == user })
	return []Event{{Kind: FirmPersonRemoved, User: user, Role: role}}, nil
}

// Join takes a person in: Conflict for one who belongs to the firm, or when it is full.
func (f *Firm) Join(user ID, role Role, s Stamp) ([]Event, error) {
	if _, err := f.Member(user); err == nil {
		return nil, &Error{Kind: Conflict, Key: "firm.error.already_in"}
	}
	if len(f.Members) >= MaxMembers {
		return nil, &Error{Kind: Conflict, Key: "firm.error.full", Args: Args{"Max": MaxMembers}}
	}
	f.Members = append(f.Members, Member{UserID: user, Role: role, AddedAt: s.At})
	return []Event{{Kind: FirmJoined, User: user, Role: role}}, nil
}

// admins is the number of the firm's admins.
func (f *Firm) admins() int {
	n := 0
	for _, m := range f.Members {
		if m.Role == Admin {
			n++
		}
	}
	return n
}

// FirmInvite is an offer to join a firm.
type FirmInvite struct {
	ID        ID
	FirmID    ID
	Role      Role
	CreatedBy ID
	CreatedAt time.Time
	ExpiresAt time.Time
	UsedAt    time.Time // zero while unused
	RevokedAt time.Time // zero while not revoked
	Email     string    // where a letter with a link goes too; empty without one
}

// Usable returns nil while the invitation can be accepted, and Gone afterwards.
func (i FirmInvite) Usable(now time.Time) error {
	return Invite{ExpiresAt: i.ExpiresAt, UsedAt: i.UsedAt, RevokedAt: i.RevokedAt}.Usable(now)
}

// Picked is a case of a firm, as what is done to many at a time sees it.
type Picked struct {
	ID            ID
	Seller        string
	ResponsibleID ID
	Zone          string
	Summary       Summary // its stage, dates, problem and blocker
	Archived      bool
	EraseAt       time.Time // from when on it is erased; zero for never
	Expired       bool      // that is so because its time of retention is over, which a change begins anew
	RemindedAt    time.Time // of the last reminder; zero for none
	Reachable     bool      // it has an owner or a helper
	Mailed        bool      // one of them gets reminders by mail, where any are sent
}

// Going reports whether the case was deleted, which what is done to many does not take back.
func (c Picked) Going() bool { return !c.EraseAt.IsZero() && !c.Expired }

// goesOn is Case.GoesOn for what is done to many at a time.
func (c Picked) goesOn() []Event {
	if !c.Expired {
		return nil
	}
	return []Event{{Stream: Stream{Kind: CaseStream, ID: c.ID}, Kind: CaseKept}}
}

// Assign makes a person of the firm responsible for cases of it, or nobody when user is zero.
// It returns the cases that change, with an event each; NotFound for somebody of no account
// in this firm. Cases that had expired go on.
func (f *Firm) Assign(cases []Picked, user ID) ([]Picked, []Event, error) {
	if !user.IsZero() {
		if _, err := f.Member(user); err != nil {
			return nil, nil, err
		}
	}
	var changed []Picked
	var events []Event
	for _, c := range cases {
		if c.ResponsibleID == user {
			continue
		}
		e := Event{Stream: Stream{Kind: CaseStream, ID: c.ID}, Kind: ResponsibleAssigned, User: user}
		if user.IsZero() {
			e.Kind, e.User = ResponsibleCleared, c.ResponsibleID
		}
		c.ResponsibleID = user
		changed = append(changed, c)
		events = append(append(events, e), c.goesOn()...)
	}
	return changed, events, nil
}

// LeaveFirm takes a case out of the firm that keeps its books, with its accountant, if there
// is one: Conflict when no firm does, or when the case would belong to nobody.
func (c *Case) LeaveFirm(s Stamp) ([]Event, error) {
	switch {
	case c.FirmID.IsZero():
		return nil, &Error{Kind: Conflict, Key: "people.error.no_firm"}
	case !c.HasOwner:
		return nil, &Error{Kind: Conflict, Key: "invite.error.no_owner"}
	}
	e := Event{Kind: LeftFirm, OnBehalf: s.OnBehalf}
	if !c.ResponsibleID.IsZero() {
		e = Event{Kind: PersonRemoved, Role: Accountant, User: c.ResponsibleID, OnBehalf: s.OnBehalf}
	}
	c.FirmID, c.ResponsibleID, c.Acting, c.ArchivedAt = ID{}, ID{}, false, time.Time{}
	c.Practice, c.Texts = Practice{}, 0
	return []Event{e}, nil
}
