package winddown

// Transfer returns nil while the case can be handed over, and Conflict once it was deleted: whoever
// takes it would get what is about to be erased.
func (c *Case) Transfer() error {
	if c.Erasure != nil {
		return &Error{Kind: Conflict, Key: "transfer.error.deleted"}
	}
	return nil
}

// Takes returns nil when a person with this standing may become the owner in the place of the one
// there is, by an invitation that says so: Conflict for the owner himself, for whoever keeps the
// books of the case, for the operator who has made the link because its owner is lost, when somebody
// else has become its owner meanwhile, and once it was deleted. A helper becomes its owner and is its
// helper no more.
func (c *Case) Takes(i Invite, owner, user ID, s Standing) error {
	switch {
	case s.Owner:
		return &Error{Kind: Conflict, Key: "invite.error.already_in"}
	case i.Offer() == "rescue" && i.CreatedBy == user:
		return &Error{Kind: Conflict, Key: "rescue.error.self"}
	case s.Bookkeeping():
		return &Error{Kind: Conflict, Key: "transfer.error.books"}
	case owner != i.Replaces:
		return &Error{Kind: Conflict, Key: "invite.error.has_owner"}
	}
	return c.Transfer()
}

// Accepts returns nil when a person with this standing may use the invitation, owner being the case's
// owner: else the error of Takes or Welcome.
func (c *Case) Accepts(i Invite, owner, user ID, s Standing) error {
	if i.Replaces.IsZero() {
		return c.Welcome(i.Role, s)
	}
	return c.Takes(i, owner, user, s)
}

// Offer says what an invitation to a case offers: a role in it, or the place of its owner, who hands it
// over himself («transfer») or is lost («rescue»).
func (i Invite) Offer() string {
	switch i.Replaces {
	case ID{}:
		return string(i.Role)
	case i.CreatedBy:
		return "transfer"
	}
	return "rescue"
}
