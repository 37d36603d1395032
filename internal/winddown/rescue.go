package winddown

import "time"

// RescueTerm is how long the owner of a case may object before another is let in by an operator of the
// installation, who was told that the owner is lost.
const RescueTerm = 7 * 24 * time.Hour

// RescueQuiet is for how long after an owner's objection no operator may say again that he is lost.
const RescueQuiet = 30 * 24 * time.Hour

// LostCase is all an operator of the installation learns of a case for which somebody asks him, because
// its owner is lost: what it takes to recognise it, and how far it is.
type LostCase struct {
	ID        ID
	Seller    string
	OwnerID   ID // zero without one
	OwnerName string
	RescueAt  time.Time // from when on the link can be made; zero while nobody has asked for another owner
	// ObjectedAt is when its owner last objected, or took the link back; zero for never.
	ObjectedAt time.Time
	Deleted    bool
	Offered    bool // a link was made that nobody has accepted yet; another takes its place
}

// QuietUntil is from when on an operator may say again that the owner is lost, who has objected; zero for
// at once.
func (c LostCase) QuietUntil(now time.Time) time.Time {
	if until := c.ObjectedAt.Add(RescueQuiet); !c.ObjectedAt.IsZero() && now.Before(until) {
		return until
	}
	return time.Time{}
}

// Ask returns the tidied reason why the case is to have another owner: Invalid without one, Conflict for
// a case without an owner (its accountant invites one), one that was deleted, asked for already, or whose
// owner has objected not long ago.
func (c LostCase) Ask(reason string, now time.Time) (string, error) {
	switch {
	case c.OwnerID.IsZero():
		return "", &Error{Kind: Conflict, Key: "rescue.error.no_owner"}
	case c.Deleted:
		return "", &Error{Kind: Conflict, Key: "rescue.error.deleted"}
	case !c.RescueAt.IsZero():
		return "", &Error{Kind: Conflict, Key: "rescue.error.asked"}
	case !c.QuietUntil(now).IsZero():
		return "", &Error{Kind: Conflict, Key: "rescue.error.objected"}
	}
	return checkReason(reason)
}

// Open returns nil once the link for another owner can be made, and Conflict before the end of the
// term, when the owner has objected meanwhile, and for a case that was deleted.
func (c LostCase) Open(now time.Time) error {
	switch {
	case c.RescueAt.IsZero():
		return &Error{Kind: Conflict, Key: "rescue.error.ended"}
	case now.Before(c.RescueAt):
		return &Error{Kind: Conflict, Key: "rescue.error.early"}
	case c.Deleted:
		return &Error{Kind: Conflict, Key: "rescue.error.deleted"}
	}
	return nil
}
