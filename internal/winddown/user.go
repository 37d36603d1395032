package winddown

import (
	"net/mail"
	"strings"
	"time"
	"unicode/utf8"
)

// User is a person with an account.
type User struct {
	ID        ID
	Email     string
	Name      string
	Locale    string // ru, en
	Zone      string // IANA name
	Disabled  bool
	Confirmed bool   // a letter to the address has reached him
	Operator  bool   // looks after the installation
	Consent   string // the version of the page about personal data he agreed to; empty for none
}

// Actor is who asks: a signed-in person, somebody with a share link, or the system when both
// ids are zero.
type Actor struct {
	UserID    ID
	SessionID ID
	ShareID   ID // of the link through which somebody without an account looks
	Name      string
	Email     string
	Locale    string
	Zone      string
	Via       Via
	FirmID    ID        // the firm he works in now; zero for somebody without one
	FirmRole  Role      // what he is there
	FirmName  string    // how it is called
	Firms     int       // how many he belongs to
	Confirmed bool      // a letter to his address has reached him
	Operator  bool      // he looks after the installation
	Consent   string    // the version of the page about personal data he agreed to
	ProvedAt  time.Time // when he last proved in this login session who he is; zero for never
	EraseAt   time.Time // from when on his account is erased, because he has deleted it; zero for never
	Token     string    // of the login session, as the browser sent it, to renew it: never stored or shown
}

// SignedIn reports whether the actor is a person.
func (a Actor) SignedIn() bool { return !a.UserID.IsZero() }

// ProofTerm is how long after somebody proved who he is he may do what is dangerous.
const ProofTerm = 10 * time.Minute

// PriorTerm is how long the token that a login session had before a proof still stands for it, for what
// the browser sent meanwhile. It has nothing of the proof.
const PriorTerm = 30 * time.Second

// Proved returns nil while it is certain that the login session is used by its person, and
// Unproved when he proved it too long ago for something dangerous.
func (a Actor) Proved(now time.Time) error {
	if now.Sub(a.ProvedAt) <= ProofTerm {
		return nil
	}
	return &Error{Kind: Unproved, Key: "error.unproved"}
}

// Proof is that by which somebody shows that he is the person of his login session.
type Proof struct {
	Password string
	Code     string // of his authenticator, in place of the password
}

// Stamp says who does something at the instant now, with the person's own date.
func (a Actor) Stamp(now time.Time, s Standing) Stamp {
	return Stamp{By: a.UserID, At: now.UTC().Truncate(time.Microsecond), Today: Today(now, a.Zone), OnBehalf: s.OnBehalf()}
}

// LoginSession is one signed-in browser.
type LoginSession struct {
	ID         ID
	CreatedAt  time.Time
	SeenAt     time.Time
	UserAgent  string
	Address    string
	NewBrowser bool // he had logged in before, but not in this browser
	Current    bool
}

// BrowserTerm is how long a browser in which a person logged in is known, and MaxBrowsers how many
// of them are.
const (
	BrowserTerm = 400 * 24 * time.Hour // no cookie lasts longer
	MaxBrowsers = 50
)

// Login sessions end after a while without use, and at the latest after a while at all.
const (
	SessionIdle     = 30 * 24 * time.Hour
	SessionAbsolute = 180 * 24 * time.Hour
)

// Limits of an account.
const (
	MinPassword = 12  // characters
	MaxPassword = 256 // characters; more would only cost time
	MaxEmail    = 254 // bytes, RFC 5321
	MaxPerson   = 100 // characters of a name
)

// Registration is what a person signs up with.
type Registration struct {
	Name     string
	Email    string
	Password string
	Locale   string
	Zone     string
	Consent  bool // to the processing of his personal data
}

// Check tidies a registration and returns Invalid with what is wrong with it. Whether
// the password is a common one is the caller's to ask.
func (r Registration) Check() (Registration, error) {
	var v invalid
	r.Name = tidyLine(r.Name)
	r.Email = strings.TrimSpace(r.Email)
	checkPersonName(&v, r.Name)
	checkEmail(&v, r.Email)
	checkPassword(&v, "password", r.Password)
	if !r.Consent {
		v.add("consent", "account.error.consent", nil)
	}
	return r, v.err()
}

// CheckEmail returns Invalid, on the field email, for what is no address.
func CheckEmail(email string) error {
	var v invalid
	checkEmail(&v, email)
	return v.err()
}

func checkEmail(v *invalid, email string) {
	key := EmailFault(email)
	if email == "" {
		key = "account.error.email_missing"
	}
	if key != "" {
		v.add("email", key, nil)
	}
}

// CheckPersonName tidies a person's name and returns Invalid on the field name.
func CheckPersonName(name string) (string, error) {
	var v invalid
	name = tidyLine(name)
	checkPersonName(&v, name)
	return name, v.err()
}

func checkPersonName(v *invalid, name string) {
	switch n := utf8.RuneCountInString(name); {
	case n == 0:
		v.add("name", "account.error.name_missing", nil)
	case n > MaxPerson:
		v.add("name", "error.field.too_long", Args{"Max": MaxPerson})
	}
}

// CheckPassword returns Invalid, on the given form field, for a password that is too
// short or too long.
func CheckPassword(field, password string) error {
	var v invalid
	checkPassword(&v, field, password)
	return v.err()
}

func checkPassword(v *invalid, field, password string) {
	switch n := utf8.RuneCountInString(password); {
	case n < MinPassword:
		v.add(field, "account.error.password_short", Args{"Min": MinPassword})
	case n > MaxPassword:
		v.add(field, "error.field.too_long", Args{"Max": MaxPassword})
	}
}

// ValidEmail reports whether s is a bare address somebody could write to.
func ValidEmail(s string) bool { return EmailFault(s) == "" }

// EmailFault is the key of the message that says why s is no bare address somebody could write to;
// empty for one that is. Those that erased people are left with are nobody's.
func EmailFault(s string) string {
	const wrong = "account.error.email"
	if len(s) > MaxEmail || strings.ContainsAny(s, " \t\r\n<>()[]\",;") {
		return wrong
	}
	a, err := mail.ParseAddress(s)
	if err != nil || a.Address != s {
		return wrong
	}
	_, domain, ok := strings.Cut(s, "@")
	switch {
	case !ok, !strings.Contains(domain, "."), strings.HasPrefix(domain, "."), strings.HasSuffix(domain, "."):
		return wrong
	case strings.EqualFold(domain, erasedDomain):
		return "account.error.email_erased"
	}
	return ""
}

// EmailKey is the form of an address under which an account is found.
func EmailKey(s string) string { return strings.ToLower(strings.TrimSpace(s)) }

// InviteTerm is how long an invitation can be used.
const InviteTerm = 14 * 24 * time.Hour

// How long the links in letters work: one that confirms an address, and one to a new password.
const (
	ConfirmTerm = 7 * 24 * time.Hour
	ResetTerm   = time.Hour
)

// Invite is an offer to join a case.
type Invite struct {
	ID        ID
	CaseID    ID
	Role      Role // Owner, Helper or Accountant
	CreatedBy ID
	CreatedAt time.Time
	ExpiresAt time.Time
	UsedAt    time.Time // zero while unused
	RevokedAt time.Time // zero while not revoked
	Email     string    // where a letter with a link goes too; empty without one
	Replaces  ID        // the owner whose place the invited person takes; zero for any other invitation
}

// Usable returns nil while the invitation can be accepted, and Gone afterwards.
func (i Invite) Usable(now time.Time) error {
	if !i.UsedAt.IsZero() || !i.RevokedAt.IsZero() || !now.Before(i.ExpiresAt) {
		return &Error{Kind: Gone, Key: "invite.error.gone"}
	}
	return nil
}

// InviteRoles returns the roles a person may invite to a case.
func (c *Case) InviteRoles(s Standing) []Role {
	switch {
	case May(CanInviteOwner, s, c.HasOwner, c.Acting):
		return []Role{Owner, Helper}
	case May(CanManage, s, c.HasOwner, c.Acting):
		return []Role{Accountant, Helper}
	}
	return nil
}

// Welcome returns nil when a person with this standing may join the case in the role, and
// Conflict when he is in it already or the place is taken.
func (c *Case) Welcome(role Role, s Standing) error {
	conflict := func(key string) error { return &Error{Kind: Conflict, Key: key} }
	switch {
	case s.Owner || s.Helper || s.Accountant, role == Owner && s.Bookkeeping():
		return conflict("invite.error.already_in")
	case role == Owner && c.HasOwner:
		return conflict("invite.error.has_owner")
	case role == Accountant:
		return c.FreeForAccountant()
	}
	return nil
}

// FreeForAccountant returns nil while no firm keeps the books of the case, and Conflict
// otherwise.
func (c *Case) FreeForAccountant() error {
	switch {
	case !c.ResponsibleID.IsZero():
		return &Error{Kind: Conflict, Key: "invite.error.has_accountant"}
	case !c.FirmID.IsZero():
		return &Error{Kind: Conflict, Key: "invite.error.has_firm"}
	}
	return nil
}

// SetActing gives or takes the leave for the accountant to mark steps for him.
func (c *Case) SetActing(acting bool, s Stamp) ([]Event, error) {
	if c.Acting == acting {
		return nil, nil
	}
	if acting && c.FirmID.IsZero() {
		return nil, &Error{Kind: Conflict, Key: "people.error.no_accountant"}
	}
	c.Acting = acting
	c.Version++
	return []Event{{Kind: ActingChanged, Before: Changes{"acting": yesNo(!acting)}, After: Changes{"acting": yesNo(acting)},
		OnBehalf: s.OnBehalf}}, nil
}
