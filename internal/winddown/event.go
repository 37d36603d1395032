package winddown

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"time"
)

// StreamKind says whose history an event belongs to.
type StreamKind string

// The kinds of streams.
const (
	CaseStream   StreamKind = "case"
	UserStream   StreamKind = "user"
	FirmStream   StreamKind = "firm"
	SystemStream StreamKind = "system"
	ShareStream  StreamKind = "share"
)

// Stream is one history: that of a case, a person, a firm, the openings of a share link, or
// that of the system.
type Stream struct {
	Kind StreamKind
	ID   ID
}

// System returns the installation's own stream; there is one.
func System() Stream { return Stream{Kind: SystemStream, ID: ID{15: 1}} }

// String names the stream as people type it.
func (s Stream) String() string { return string(s.Kind) + " " + s.ID.String() }

// EventKind says what happened.
type EventKind string

// The kinds of events, with the stream each belongs to.
const (
	CaseOpened          EventKind = "case_opened"          // case
	DetailsChanged      EventKind = "details_changed"      // case
	AnswersChanged      EventKind = "answers_changed"      // case
	RestDeclared        EventKind = "rest_declared"        // case
	StepDone            EventKind = "step_done"            // case
	StepConfirmed       EventKind = "step_confirmed"       // case: signed again after a problem
	StepCorrected       EventKind = "step_corrected"       // case: details of a signature changed
	StepPending         EventKind = "step_pending"         // case: «Ещё нет, вернусь позже»
	StepUndone          EventKind = "step_undone"          // case
	StepRegressed       EventKind = "step_regressed"       // case: «Товар снова появился»
	StepSuspended       EventKind = "step_suspended"       // case: a step it rests on opened again
	CaseFinished        EventKind = "case_finished"        // case
	CaseReopened        EventKind = "case_reopened"        // case
	PersonInvited       EventKind = "person_invited"       // case
	InviteRevoked       EventKind = "invite_revoked"       // case
	PersonJoined        EventKind = "person_joined"        // case
	PersonRemoved       EventKind = "person_removed"       // case
	TransferOffered     EventKind = "transfer_offered"     // case: its owner invites another in his place
	CaseTransferred     EventKind = "case_transferred"     // case: User was its owner, By is; After["lost"] is «yes» when he was lost
	RescueAsked         EventKind = "rescue_asked"         // case: its owner is lost, Reason says why an operator thinks so
	RescueStopped       EventKind = "rescue_stopped"       // case: the owner objected, or an operator took it back
	RescueOffered       EventKind = "rescue_offered"       // case: an operator invites another in his place
	ActingChanged       EventKind = "acting_changed"       // case: «ведёт за продавца»
	StepReverted        EventKind = "step_reverted"        // case: an act it follows from is missing again
	StepAccepted        EventKind = "step_accepted"        // case
	StepReturned        EventKind = "step_returned"        // case: «Вернуть на доработку»
	AcceptanceDropped   EventKind = "acceptance_dropped"   // case: something changed after the acceptance
	GateOpened          EventKind = "gate_opened"          // case: «Разрешить без выполнения»
	GateClosed          EventKind = "gate_closed"          // case: that taken back
	EvidenceAdded       EventKind = "evidence_added"       // case
	EvidenceExcused     EventKind = "evidence_excused"     // case: a written reason in place of a file
	EvidenceGone        EventKind = "evidence_removed"     // case
	QuestionAsked       EventKind = "question_asked"       // case
	QuestionReplied     EventKind = "question_answered"    // case
	QuestionClosed      EventKind = "question_resolved"    // case
	ActAdded            EventKind = "act_added"            // case
	ActRemoved          EventKind = "act_removed"          // case
	ActNoted            EventKind = "act_noted"            // case: one act of several came a step further
	ActRequestedAgain   EventKind = "act_requested_again"  // case: a new round
	ActCompared         EventKind = "act_compared"         // case
	ActDisputed         EventKind = "act_disputed"         // case
	ActReminded         EventKind = "act_reminded"         // case
	ActCountersigned    EventKind = "act_countersigned"    // case
	ActUndone           EventKind = "act_undone"           // case
	DeadlineAdded       EventKind = "deadline_added"       // case
	DeadlineClosed      EventKind = "deadline_closed"      // case
	DeadlineReopened    EventKind = "deadline_reopened"    // case
	DeadlineRemoved     EventKind = "deadline_removed"     // case
	InboxChecked        EventKind = "inbox_checked"        // case: «претензий нет»
	TermChanged         EventKind = "term_changed"         // case
	DebtAdded           EventKind = "debt_added"           // case
	DebtChanged         EventKind = "debt_changed"         // case
	DebtSettled         EventKind = "debt_settled"         // case
	DebtWrittenOff      EventKind = "debt_written_off"     // case
	DebtReopened        EventKind = "debt_reopened"        // case: a settlement or a write-off taken back
	DebtRemoved         EventKind = "debt_removed"         // case
	ResponsibleAssigned EventKind = "responsible_assigned" // case: somebody of the firm is responsible from now on
	ResponsibleCleared  EventKind = "responsible_cleared"  // case: nobody is any more
	LeftFirm            EventKind = "left_firm"            // case: for which nobody was responsible
	SellerReminded      EventKind = "seller_reminded"      // case: Reason is the text the seller gets, Step what it is about, if a step
	ReminderSeen        EventKind = "reminder_seen"        // case: the seller put the reminder away
	CaseArchived        EventKind = "case_archived"        // case: it left the firm's register
	CaseUnarchived      EventKind = "case_unarchived"      // case
	CaseDeleted         EventKind = "case_deleted"         // case: to be erased after its term
	CaseKept            EventKind = "case_kept"            // case: the deletion was taken back
	CaseExpired         EventKind = "case_expired"         // case: its time of retention is over, it is to be erased after the term
	CaseErased          EventKind = "case_erased"          // user who asked for it, or system: After holds the end of its trail
	ShareCreated        EventKind = "share_created"        // case: a link for somebody without an account
	ShareRevoked        EventKind = "share_revoked"        // case
	FirmFounded         EventKind = "firm_founded"         // firm
	FirmRenamed         EventKind = "firm_renamed"         // firm
	FirmInvited         EventKind = "firm_invited"         // firm
	FirmInviteRevoked   EventKind = "firm_invite_revoked"  // firm
	FirmJoined          EventKind = "firm_joined"          // firm
	FirmRoleChanged     EventKind = "firm_role_changed"    // firm
	FirmPersonRemoved   EventKind = "firm_person_removed"  // firm
	FirmSettingChanged  EventKind = "firm_setting_changed" // firm: which one stands in After
	FirmTextDrafted     EventKind = "firm_text_drafted"    // firm: an instruction
	FirmTextsDiscarded  EventKind = "firm_texts_discarded" // firm: the draft
	FirmTextsPublished  EventKind = "firm_texts_published" // firm
	CaseUpgraded        EventKind = "case_upgraded"        // case: newer texts of the firm, or a newer playbook
	UserRegistered      EventKind = "user_registered"      // user
	ConsentGiven        EventKind = "consent_given"        // user: After says to which version
	UserLoggedIn        EventKind = "user_logged_in"       // user: After says which session, and NewBrowser under browser
	UserLoggedOut       EventKind = "user_logged_out"      // user
	SessionRevoked      EventKind = "session_revoked"      // user
	IdentityProved      EventKind = "identity_proved"      // user: before something dangerous
	PasswordChanged     EventKind = "password_changed"     // user
	TwoFactorOn         EventKind = "two_factor_on"        // user: an authenticator
	TwoFactorMoved      EventKind = "two_factor_moved"     // user: another authenticator in place of the one before
	TwoFactorOff        EventKind = "two_factor_off"       // user
	RecoveryUsed        EventKind = "recovery_used"        // user: a recovery code; Number is how many are left
	RecoveryRenewed     EventKind = "recovery_renewed"     // user: new recovery codes
	PasskeyAdded        EventKind = "passkey_added"        // user: After says which
	PasskeyRemoved      EventKind = "passkey_removed"      // user: Before says which
	PasskeyCopied       EventKind = "passkey_copied"       // user: one was refused whose counter went back, After says which
	SettingsChanged     EventKind = "settings_changed"     // user
	UserDisabled        EventKind = "user_disabled"        // user
	UserEnabled         EventKind = "user_enabled"         // user: no longer barred
	ConfirmAsked        EventKind = "confirm_asked"        // user: another letter to confirm the address, please
	AddressConfirmed    EventKind = "address_confirmed"    // user
	EmailChangeAsked    EventKind = "email_change_asked"   // user: After says which change
	EmailChangeEnded    EventKind = "email_change_ended"   // user: taken back before it was confirmed
	EmailChanged        EventKind = "email_changed"        // user
	PasswordForgotten   EventKind = "password_forgotten"   // user: somebody asked for a link to a new one
	OperatorChanged     EventKind = "operator_changed"     // user
	JobRequeued         EventKind = "job_requeued"         // user: an operator has a letter tried again
	CalendarImported    EventKind = "calendar_imported"    // system: the non-working days of a year
	CalendarForgotten   EventKind = "calendar_forgotten"   // system: back to the days built in
	TextChanged         EventKind = "text_changed"         // system: an instruction or a letter
	AccountDeleted      EventKind = "account_deleted"      // user: to be erased after its term
	AccountKept         EventKind = "account_kept"         // user: the deletion is taken back; by the system when something would be left to nobody
	AccountErased       EventKind = "account_erased"       // user: a pseudonym from now on
	SecretsResealed     EventKind = "secrets_resealed"     // system: Number of them, with the key in After
	FileDownloaded      EventKind = "file_downloaded"      // user: evidence of a case, or its handover pack
	ShareOpened         EventKind = "share_opened"         // share
)

// NewBrowser says of a login that its person had logged in before, but not in that browser.
const NewBrowser = "new"

// EventKinds returns every kind.
func EventKinds() []EventKind {
	return []EventKind{
		CaseOpened, DetailsChanged, AnswersChanged, RestDeclared, StepDone, StepConfirmed, StepCorrected, StepPending,
		StepUndone, StepRegressed, StepSuspended, CaseFinished, CaseReopened, PersonInvited, InviteRevoked, PersonJoined,
		PersonRemoved, TransferOffered, CaseTransferred, RescueAsked, RescueStopped, RescueOffered, ActingChanged, StepReverted, StepAccepted, StepReturned, AcceptanceDropped, GateOpened, GateClosed,
		EvidenceAdded, EvidenceExcused, EvidenceGone, QuestionAsked, QuestionReplied, QuestionClosed, ActAdded, ActRemoved, ActNoted,
		ActRequestedAgain, ActCompared, ActDisputed, ActReminded, ActCountersigned, ActUndone, DeadlineAdded, DeadlineClosed, DeadlineReopened,
		DeadlineRemoved, InboxChecked, TermChanged, DebtAdded, DebtChanged, DebtSettled, DebtWrittenOff, DebtReopened, DebtRemoved,
		ResponsibleAssigned, ResponsibleCleared, LeftFirm, SellerReminded, ReminderSeen, CaseArchived, CaseUnarchived, CaseDeleted, CaseKept, CaseExpired, ShareCreated, ShareRevoked,
		FirmFounded, FirmRenamed, FirmInvited, FirmInviteRevoked, FirmJoined, FirmRoleChanged, FirmPersonRemoved,
		FirmSettingChanged, FirmTextDrafted, FirmTextsDiscarded, FirmTextsPublished, CaseUpgraded,
		UserRegistered, ConsentGiven, UserLoggedIn, UserLoggedOut, SessionRevoked, IdentityProved, CaseErased, AccountDeleted, AccountKept, AccountErased,
		PasswordChanged, TwoFactorOn, TwoFactorMoved, TwoFactorOff, RecoveryUsed, RecoveryRenewed, PasskeyAdded, PasskeyRemoved, PasskeyCopied, SettingsChanged, UserDisabled, UserEnabled, ConfirmAsked, AddressConfirmed, EmailChangeAsked, EmailChangeEnded, EmailChanged, PasswordForgotten, OperatorChanged, JobRequeued,
		CalendarImported, CalendarForgotten, TextChanged, SecretsResealed, FileDownloaded, ShareOpened,
	}
}

// Changes are values by field name, before or after.
type Changes map[string]string

func merge(a, b Changes) Changes {
	all := Changes{}
	for k, v := range a {
		all[k] = v
	}
	for k, v := range b {
		all[k] = v
	}
	return all
}

// same reports whether two sets of values agree; an absent value is an empty one.
func same(a, b Changes) bool {
	for k, v := range a {
		if b[k] != v {
			return false
		}
	}
	for k, v := range b {
		if a[k] != v {
			return false
		}
	}
	return true
}

// Event is one line of a trail. It holds ids, codes, dates and what people typed about
// the case, never names or addresses of people: those are looked up when it is read.
type Event struct {
	Stream   Stream    `json:"-"`
	Kind     EventKind `json:"kind"`
	At       time.Time `json:"at"`
	By       ID        `json:"by,omitzero"`      // zero: the system, or the command line
	Session  ID        `json:"session,omitzero"` // the login session it was done from
	Via      Via       `json:"via"`
	OnBehalf bool      `json:"on_behalf,omitempty"` // done for the seller by somebody else
	Step     Code      `json:"step,omitempty"`
	Steps    []Code    `json:"steps,omitempty"`
	User     ID        `json:"user,omitzero"` // the person it is about
	Role     Role      `json:"role,omitempty"`
	Invite   ID        `json:"invite,omitzero"`
	Debt     ID        `json:"debt,omitzero"`    // the line of the ledger
	Share    ID        `json:"share,omitzero"`   // the share link
	Act      int       `json:"act,omitempty"`    // position of the act
	Round    int       `json:"round,omitempty"`  // of the act
	Number   int       `json:"number,omitempty"` // of the evidence, question or deadline
	Reason   string    `json:"reason,omitempty"`
	Before   Changes   `json:"before,omitempty"` // only what differs
	After    Changes   `json:"after,omitempty"`
}

// Via is the way something was asked for.
type Via string

// The ways in.
const (
	ViaPages   Via = "pages"
	ViaCommand Via = "command"
	ViaShare   Via = "share"  // a share link, by whoever has its address
	ViaSystem  Via = "system" // by itself
)

// OnStream puts events on a stream.
func OnStream(s Stream, events []Event) []Event {
	for i := range events {
		events[i].Stream = s
	}
	return events
}

// Head is the end of a stream: the number and hash of its last event. The zero Head is
// that of an empty stream.
type Head struct {
	Seq  int64
	Hash [sha256.Size]byte
}

// Record is an event as it is stored: the hash covers the bytes of Body, so nothing is
// formatted anew when a chain is checked.
type Record struct {
	Stream Stream
	Seq    int64
	At     time.Time
	By     ID // as in Body
	User   ID // as in Body
	Body   []byte
	Hash   [sha256.Size]byte
}

// Append seals an event behind the head and returns the record and the new head.
func (h Head) Append(e Event) (Record, Head, error) {
	e.At = e.At.UTC().Truncate(time.Microsecond)
	e.Before, e.After = differing(e.Before, e.After)
	body, err := json.Marshal(e)
	if err != nil {
		return Record{}, h, fmt.Errorf("encode event %s: %w", e.Kind, err)
	}
	r := Record{Stream: e.Stream, Seq: h.Seq + 1, At: e.At, By: e.By, User: e.User, Body: body}
	r.Hash = r.sum(h.Hash)
	return r, Head{Seq: r.Seq, Hash: r.Hash}, nil
}

func (r Record) sum(previous [sha256.Size]byte) [sha256.Size]byte {
	var b bytes.Buffer
	b.WriteString("winddown event 1\x00")
	b.WriteString(string(r.Stream.Kind) + "\x00")
	b.Write(r.Stream.ID[:])
	_ = binary.Write(&b, binary.BigEndian, r.Seq)
	b.Write(previous[:])
	b.Write(r.Body)
	return sha256.Sum256(b.Bytes())
}

// Event decodes a record.
func (r Record) Event() (Event, error) {
	var e Event
	if err := json.Unmarshal(r.Body, &e); err != nil {
		return Event{}, fmt.Errorf("event %d of %s: %w", r.Seq, r.Stream, err)
	}
	e.Stream = r.Stream
	return e, nil
}

// differing drops values that are equal on both sides or empty.
func differing(before, after Changes) (Changes, Changes) {
	b, a := Changes{}, Changes{}
	for k, v := range before {
		if v != "" && after[k] != v {
			b[k] = v
		}
	}
	for k, v := range after {
		if v != "" && before[k] != v {
			a[k] = v
		}
	}
	return b, a
}

// Chain checks the records of one stream, given in order.
type Chain struct{ head Head }

// Next checks one record against those before it. The error names the first bad link.
func (c *Chain) Next(r Record) error {
	if r.Seq != c.head.Seq+1 {
		return fmt.Errorf("%s: event %d is missing (found %d)", r.Stream, c.head.Seq+1, r.Seq)
	}
	if r.sum(c.head.Hash) != r.Hash {
		return fmt.Errorf("%s: event %d does not match its hash", r.Stream, r.Seq)
	}
	e, err := r.Event()
	if err != nil {
		return err
	}
	if !e.At.Equal(r.At) {
		return fmt.Errorf("%s: event %d is dated %s in its column but %s in its body", r.Stream, r.Seq,
			r.At.UTC().Format(time.RFC3339Nano), e.At.UTC().Format(time.RFC3339Nano))
	}
	if e.By != r.By || e.User != r.User {
		return fmt.Errorf("%s: event %d names other people in its columns than in its body", r.Stream, r.Seq)
	}
	c.head = Head{Seq: r.Seq, Hash: r.Hash}
	return nil
}

// End checks that the chain reaches the head kept with the stream's owner, so that a
// removed last event is found.
func (c *Chain) End(s Stream, kept Head) error {
	if c.head.Seq > kept.Seq {
		return fmt.Errorf("%s: event %d is beyond the kept head (%d)", s, kept.Seq+1, kept.Seq)
	}
	if c.head.Seq < kept.Seq {
		return fmt.Errorf("%s: event %d is missing (the kept head is %d)", s, c.head.Seq+1, kept.Seq)
	}
	if c.head.Hash != kept.Hash {
		return fmt.Errorf("%s: the last event %d does not match the kept hash", s, kept.Seq)
	}
	return nil
}
