package winddown

// Action is something a person may do with a case.
type Action string

// The actions. What is not in this list needs no permission beyond being signed in.
const (
	CanSee         Action = "see"        // read the case, its steps and its history
	CanMark        Action = "mark"       // mark, undo, note
	CanRegress     Action = "regress"    // «Товар снова появился»
	CanManage      Action = "manage"     // answers, requisites, finish, reopen, invite, remove
	CanInviteOwner Action = "owner_link" // invite the owner to a case that has none
	CanLetAct      Action = "let_act"    // let the accountant mark steps: «ведёт за продавца»
	CanReview      Action = "review"     // accept, send back, ask, open a gate without fulfilment
	CanAnswer      Action = "answer"     // answer a question and close it
	CanShare       Action = "share"      // make links for people without an account, and end them
	CanDelete      Action = "delete"     // have the case erased
	CanTransfer    Action = "transfer"   // hand the case over to another person
	CanUpgrade     Action = "upgrade"    // newer texts of the firm, a newer playbook

	CanSeeFiles    Action = "see_files"
	CanSeePeople   Action = "see_people"   // who marked a step, and when
	CanSeeComments Action = "see_comments" // notes, questions, reasons
)

// Actions returns every action.
func Actions() []Action {
	return []Action{CanSee, CanMark, CanRegress, CanManage, CanInviteOwner, CanLetAct, CanReview, CanAnswer, CanShare, CanDelete, CanTransfer, CanUpgrade,
		CanSeeFiles, CanSeePeople, CanSeeComments}
}

// permission is a cell of the table of rights.
type permission uint8

const (
	never permission = iota
	always
	ifActing    // with «ведёт за продавца», or while the case has no owner
	ifOwnerless // only while the case has no owner
)

// rights is the table of rights, a row per action.
func rights(a Action) map[Role]permission {
	switch a {
	case CanSee, CanSeeFiles, CanSeePeople, CanSeeComments:
		return map[Role]permission{Owner: always, Helper: always, Accountant: always, Lead: always, Admin: always}
	case CanMark:
		return map[Role]permission{Owner: always, Helper: always, Accountant: ifActing, Lead: ifActing, Admin: ifActing}
	case CanRegress:
		return map[Role]permission{Owner: always, Helper: always, Accountant: always, Lead: always, Admin: always}
	case CanManage, CanShare:
		return map[Role]permission{Owner: always, Helper: never, Accountant: ifOwnerless, Lead: never, Admin: never}
	case CanInviteOwner:
		return map[Role]permission{Owner: never, Helper: never, Accountant: ifOwnerless, Lead: never, Admin: never}
	case CanReview:
		return map[Role]permission{Owner: never, Helper: never, Accountant: always, Lead: always, Admin: always}
	case CanAnswer:
		return map[Role]permission{Owner: always, Helper: always, Accountant: always, Lead: always, Admin: always}
	case CanUpgrade:
		return map[Role]permission{Owner: always, Helper: never, Accountant: always, Lead: always, Admin: always}
	case CanLetAct, CanDelete, CanTransfer:
		return map[Role]permission{Owner: always, Helper: never, Accountant: never, Lead: never, Admin: never}
	}
	return nil
}

// shows is the row of a share link in the table of rights: it reads, and of what its switches
// are about only what they allow.
func (s Shown) shows(a Action) bool {
	switch a {
	case CanSee:
		return true
	case CanSeeFiles:
		return s.Files
	case CanSeePeople:
		return s.People
	case CanSeeComments:
		return s.Comments
	default:
		return false
	}
}

// May reports whether somebody with this standing may do a in a case that has an
// owner or not, and whose owner lets the accountant act for him or not.
func May(a Action, s Standing, hasOwner, acting bool) bool {
	if s.Visitor && s.Shown.shows(a) {
		return true
	}
	for role, p := range rights(a) {
		if !s.Has(role) {
			continue
		}
		switch p {
		case always:
			return true
		case ifActing:
			if acting || !hasOwner {
				return true
			}
		case ifOwnerless:
			if !hasOwner {
				return true
			}
		case never:
		}
	}
	return false
}

// Allow returns nil when the person may do a in the case, NotFound when he may not
// even see it, and Forbidden otherwise.
func (c *Case) Allow(a Action, s Standing) error {
	if !May(CanSee, s, c.HasOwner, c.Acting) {
		return &Error{Kind: NotFound, Key: "error.not_found"}
	}
	if !May(a, s, c.HasOwner, c.Acting) {
		return &Error{Kind: Forbidden, Key: "error.forbidden"}
	}
	return nil
}

// OnBehalf reports whether what this person does is done for the seller by somebody
// else: «Иванова за ИП Петрова».
func (s Standing) OnBehalf() bool { return !s.Owner }
