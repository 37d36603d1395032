package winddown

// Role is what a person is in one case.
type Role string

// The roles. Accountant is the person responsible for the case; Lead and Admin are
// people of the firm the case is with.
const (
	Owner      Role = "owner"
	Helper     Role = "helper"
	Accountant Role = "accountant"
	Lead       Role = "lead"
	Admin      Role = "admin"
)

// Roles returns every role.
func Roles() []Role { return []Role{Owner, Helper, Accountant, Lead, Admin} }

// Standing is everything a person is in one case; a person may own a case and keep
// its books.
type Standing struct {
	Owner      bool
	Helper     bool
	Accountant bool
	Lead       bool
	Admin      bool
	// Visitor is somebody without a role who looks through a share link that shows Shown.
	Visitor bool
	Shown   Shown
}

// Has reports whether the standing includes the role.
func (s Standing) Has(r Role) bool {
	switch r {
	case Owner:
		return s.Owner
	case Helper:
		return s.Helper
	case Accountant:
		return s.Accountant
	case Lead:
		return s.Lead
	case Admin:
		return s.Admin
	}
	return false
}

// Visible reports whether the person may see the case at all.
func (s Standing) Visible() bool {
	return s.Owner || s.Helper || s.Bookkeeping()
}

// Bookkeeping reports whether the person sees the case as its accountant or as
// somebody of the accountant's firm.
func (s Standing) Bookkeeping() bool { return s.Accountant || s.Lead || s.Admin }
