package postgres

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"golang.org/x/text/collate"
	"golang.org/x/text/language"

	"winddown/internal/winddown"
)

// caseScope is the condition under which an actor sees a case c.
const caseScope = `(c.responsible_id = @actor
    or exists (select from case_people p where p.case_id = c.id and p.user_id = @actor)
    or exists (select from firm_people f where f.firm_id = c.firm_id and f.user_id = @actor and f.role in ('admin', 'lead')))`

// caseColumns, stepColumns and actColumns are read in two ways: in the actor's scope, and by
// an invitation.
const (
	caseColumns = `c.id, c.firm_id, c.responsible_id, c.seller_name, c.inn, c.ogrn, c.cabinet, c.fbs, c.wb_stock, c.leftover,
       c.acting, c.playbook, c.zone, c.version, c.opened_on, c.finished_on, c.event_seq, c.event_hash, c.evidence_seq,
       c.evidence_bytes, c.question_seq, c.deadline_seq, c.act_seq, c.inbox_on, c.terms, c.balance, c.lines, c.archived_at,
       c.reminded_at, c.reminded_by, c.reminder_step, c.reminder_text, c.reminder_seen,
       c.erase_asked_at, c.erase_at, c.erase_by, c.rescue_at, c.texts, c.act_state, c.stage, c.due_kind, c.problem, ` + practiceColumns
	stepColumns = `s.code, s.version, s.started_on, s.note, s.done_on, s.done_at, s.done_by, s.on_behalf, s.problem, s.problem_reason,
       s.problem_steps, s.problem_on, s.problem_at, s.problem_by, s.proofs, s.questions, s.accepted_by, s.accepted_at,
       s.accepted_dropped, s.dropped_by, s.dropped_accepted, s.dropped_at, s.waiver_steps, s.waiver_reason, s.waiver_on,
       s.waiver_at, s.waiver_by`
	actColumns = `a.position, a.round, a.version, a.counterparty, a.period_from, a.period_to, a.channel, a.ticket, a.requested_on,
       a.checked_on, a.reminded_on, a.received_on, a.ours, a.theirs, a.compared_on, a.agrees, a.difference, a.objections, a.disputed_on,
       a.signed_on, a.signer, a.authority, a.via, a.countersigned_on`
)

// standingColumns are what the actor is in a case c.
const standingColumns = `exists (select from case_people p where p.case_id = c.id and p.role = 'owner') as has_owner,
       exists (select from case_people p where p.case_id = c.id and p.user_id = @actor and p.role = 'owner') as is_owner,
       exists (select from case_people p where p.case_id = c.id and p.user_id = @actor and p.role = 'helper') as is_helper,
       coalesce(c.responsible_id = @actor, false) as is_accountant,
       exists (select from firm_people f where f.firm_id = c.firm_id and f.user_id = @actor and f.role = 'lead') as is_lead,
       exists (select from firm_people f where f.firm_id = c.firm_id and f.user_id = @actor and f.role = 'admin') as is_admin`

// caseSelect reads a case with what the actor is in it.
const caseSelect = `
select ` + caseColumns + `,
       ` + standingColumns + `
from cases c ` + joinPractice + `
`

// joinStanding finds what the actor is in a case c; standingScope is caseScope in its words, for a
// statement about one case, which tells its reader what he is in it anyway.
const (
	joinStanding = `cross join lateral (
    select coalesce(bool_or(p.role = 'owner'), false) as has_owner,
           coalesce(bool_or(p.role = 'owner' and p.user_id = @actor), false) as is_owner,
           coalesce(bool_or(p.role = 'helper' and p.user_id = @actor), false) as is_helper
    from case_people p where p.case_id = c.id) mine
left join firm_people f on f.firm_id = c.firm_id and f.user_id = @actor`
	standingScope = `(c.responsible_id = @actor or mine.is_owner or mine.is_helper or f.role in ('admin', 'lead'))`
)

// wholeColumns are a case with its steps, acts and deadlines, as the actor sees it.
const wholeColumns = caseColumns + `,
       mine.has_owner, mine.is_owner, mine.is_helper, coalesce(c.responsible_id = @actor, false) as is_accountant,
       coalesce(f.role = 'lead', false) as is_lead, coalesce(f.role = 'admin', false) as is_admin,
       array(select row(` + stepColumns + `) from case_steps s where s.case_id = c.id) as steps,
       array(select row(` + actColumns + `) from acts a where a.case_id = c.id order by a.position, a.round) as acts,
       array(select row(` + deadlineColumns + `) from deadlines d where d.case_id = c.id order by d.number) as deadlines`

const sqlCase = `-- name: Case
select ` + wholeColumns + `
from cases c ` + joinPractice + `
` + joinStanding + `
where c.id = @case and ` + standingScope

// casePeople are the people that a page of a case c names.
const casePeople = `array[c.responsible_id, c.reminded_by] || array(
               select unnest(array[s.done_by, s.problem_by, s.accepted_by, s.dropped_by, s.waiver_by])
               from case_steps s where s.case_id = c.id)`

// sqlCasePage is Case with the people a page names and lines of the trail.
const sqlCasePage = `-- name: CasePage
select ` + wholeColumns + `,
       array(select row(u.id, u.name) from users u
           where u.id = any (` + casePeople + `)) as people,
       array(select row(` + trailColumns + `)
           from events e
           where e.stream_kind = 'case' and e.stream_id = c.id and (@before::bigint = 0 or e.seq < @before)
             and (@step = '' or convert_from(e.body, 'UTF8')::jsonb ->> 'step' = @step)
           order by e.seq desc
           limit @limit) as trail
from cases c ` + joinPractice + `
` + joinStanding + `
where c.id = @case and ` + standingScope

// sqlLockCase waits for the case's row. What is known of the case is read by the
// statements after it: they see whoever held the row before, which a statement that both
// waits and reads would not (its snapshot is older than its wait).
const sqlLockCase = `-- name: LockCase
select c.id from cases c where c.id = @case and ` + caseScope + `
for no key update of c`

// sqlCaseNames finds them alone. Each name is looked up by itself («offset 0» keeps it so): joined, the
// planner reads all people there are.
const sqlCaseNames = `-- name: CaseNames
select p.id, u.name
from (
    select distinct unnest(` + casePeople + `) as id
    from cases c where c.id = @case and ` + caseScope + `) p
cross join lateral (select name from users where users.id = p.id offset 0) u`

type caseRow struct {
	ID            winddown.ID
	FirmID        winddown.ID
	ResponsibleID winddown.ID
	SellerName    string
	INN           string
	OGRN          string
	Cabinet       string
	FBS           bool
	WBStock       bool
	Leftover      string
	Acting        bool
	Playbook      int
	Zone          string
	Version       int
	OpenedOn      winddown.Date
	FinishedOn    winddown.Date
	EventSeq      int64
	EventHash     []byte
	EvidenceSeq   int
	EvidenceBytes int64
	QuestionSeq   int
	DeadlineSeq   int
	ActSeq        int
	InboxOn       winddown.Date
	Terms         []termJSON
	Balance       int64
	Lines         int
	ArchivedAt    *time.Time
	RemindedAt    *time.Time
	RemindedBy    winddown.ID
	ReminderStep  string
	ReminderText  string
	ReminderSeen  bool
	EraseAskedAt  *time.Time
	EraseAt       *time.Time
	EraseBy       winddown.ID
	RescueAt      *time.Time
	Texts         int
	ActState      string
	Stage         string
	DueKind       string
	Problem       string
	practiceRow
	standingRow
}

// wholeRow is a case with what wholeColumns tell of it.
type wholeRow struct {
	caseRow
	Steps     records[stepRow]
	Acts      records[actRow]
	Deadlines records[deadlineRow]
}

// pageRow is what a page of a case shows.
type pageRow struct {
	wholeRow
	People records[nameRow]
	Trail  records[trailRow]
}

type standingRow struct {
	HasOwner     bool
	IsOwner      bool
	IsHelper     bool
	IsAccountant bool
	IsLead       bool
	IsAdmin      bool
}

type stepRow struct {
	Code          string
	Version       int
	StartedOn     winddown.Date
	Note          string
	DoneOn        winddown.Date
	DoneAt        *time.Time
	DoneBy        winddown.ID
	OnBehalf      bool
	Problem       string
	ProblemReason string
	ProblemSteps  []string
	ProblemOn     winddown.Date
	ProblemAt     *time.Time
	ProblemBy     winddown.ID

	Proofs          []string
	Questions       int
	AcceptedBy      winddown.ID
	AcceptedAt      *time.Time
	AcceptedDropped *time.Time
	DroppedBy       winddown.ID
	DroppedAccepted *time.Time
	DroppedAt       *time.Time
	WaiverSteps     []string
	WaiverReason    string
	WaiverOn        winddown.Date
	WaiverAt        *time.Time
	WaiverBy        winddown.ID
}

func (r standingRow) standing() winddown.Standing {
	return winddown.Standing{Owner: r.IsOwner, Helper: r.IsHelper, Accountant: r.IsAccountant, Lead: r.IsLead, Admin: r.IsAdmin}
}

func (r caseRow) domain(steps []stepRow, acts []actRow, deadlines []deadlineRow) (*winddown.Case, error) {
	c := &winddown.Case{
		ID: r.ID, FirmID: r.FirmID, ResponsibleID: r.ResponsibleID,
		Seller:  winddown.Seller{Name: r.SellerName, INN: r.INN, OGRN: r.OGRN, Cabinet: r.Cabinet},
		Answers: winddown.Answers{FBS: r.FBS, WBStock: r.WBStock, Leftover: winddown.Leftover(r.Leftover)},
		Acting:  r.Acting, HasOwner: r.HasOwner, Playbook: r.Playbook, Zone: r.Zone,
		Version: r.Version, OpenedOn: r.OpenedOn, FinishedOn: r.FinishedOn,
		Balance: winddown.Money(r.Balance), Lines: r.Lines, InboxOn: r.InboxOn, EvidenceSeq: r.EvidenceSeq,
		EvidenceBytes: r.EvidenceBytes, QuestionSeq: r.QuestionSeq, DeadlineSeq: r.DeadlineSeq, ActSeq: r.ActSeq,
		ArchivedAt: timeOf(r.ArchivedAt), RescueAt: timeOf(r.RescueAt), Practice: r.practice(), Texts: r.Texts,
	}
	if r.RemindedAt != nil {
		c.Reminder = &winddown.Reminder{Step: winddown.Code(r.ReminderStep), Text: r.ReminderText, At: *r.RemindedAt, By: r.RemindedBy, Seen: r.ReminderSeen}
	}
	if r.EraseAt != nil {
		c.Erasure = &winddown.Erasure{AskedAt: *r.EraseAskedAt, At: *r.EraseAt, By: r.EraseBy}
	}
	book, ok := winddown.PlaybookVersion(r.Playbook)
	if !ok {
		return nil, fmt.Errorf("case %s has unknown playbook version %d", r.ID, r.Playbook)
	}
	c.Steps = make([]winddown.Step, 0, len(book.Steps))
	for _, d := range book.Steps {
		i := slices.IndexFunc(steps, func(s stepRow) bool { return s.Code == string(d.Code) })
		if i < 0 {
			return nil, fmt.Errorf("case %s has no row for step %s", r.ID, d.Code)
		}
		c.Steps = append(c.Steps, steps[i].domain())
	}
	for i, a := range acts {
		if i+1 < len(acts) && acts[i+1].Position == a.Position {
			c.Past = append(c.Past, a.domain())
			continue
		}
		c.Acts = append(c.Acts, a.domain())
	}
	for _, d := range deadlines {
		c.Deadlines = append(c.Deadlines, d.domain())
	}
	for _, t := range r.Terms {
		c.Terms = append(c.Terms, t.domain())
	}
	if len(c.Acts) == 0 {
		return nil, fmt.Errorf("case %s has no act", r.ID)
	}
	return c, nil
}

func (r stepRow) domain() winddown.Step {
	st := winddown.Step{
		Code: winddown.Code(r.Code), Version: r.Version, StartedOn: r.StartedOn, Note: r.Note, Proofs: r.Proofs, Questions: r.Questions,
	}
	if !r.DoneOn.IsZero() {
		st.Tick = &winddown.Tick{On: r.DoneOn, At: timeOf(r.DoneAt), By: r.DoneBy, OnBehalf: r.OnBehalf}
	}
	if r.Problem != "" {
		st.Problem = &winddown.Problem{Kind: winddown.ProblemKind(r.Problem), Reason: r.ProblemReason, Steps: codes(r.ProblemSteps),
			On: r.ProblemOn, At: timeOf(r.ProblemAt), By: r.ProblemBy}
	}
	if r.AcceptedAt != nil {
		st.Accepted = &winddown.Acceptance{By: r.AcceptedBy, At: *r.AcceptedAt, DroppedAt: timeOf(r.AcceptedDropped)}
	}
	if r.DroppedAt != nil {
		st.Dropped = &winddown.Acceptance{By: r.DroppedBy, At: timeOf(r.DroppedAccepted), DroppedAt: *r.DroppedAt}
	}
	if r.WaiverAt != nil {
		st.Waiver = &winddown.Waiver{Steps: codes(r.WaiverSteps), Reason: r.WaiverReason, On: r.WaiverOn, At: *r.WaiverAt, By: r.WaiverBy}
	}
	return st
}

func codes(list []string) []winddown.Code {
	var all []winddown.Code
	for _, s := range list {
		all = append(all, winddown.Code(s))
	}
	return all
}

func texts[T ~string](list []T) []string {
	all := []string{}
	for _, s := range list {
		all = append(all, string(s))
	}
	return all
}

// timeOf is a moment that may be missing.
func timeOf(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return *t
}

// orNull is a moment as a column stores it: the zero time is NULL.
func orNull(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// Part names rows of a case that are read where they are asked for only.
type Part struct {
	table  string
	step   winddown.Code
	text   winddown.TextKind
	key    string
	locale string
}

// EvidenceOf asks for the evidence of a step, or of all steps when the code is empty.
func EvidenceOf(code winddown.Code) Part { return Part{table: "evidence", step: code} }

// Questions asks for the questions of a case.
func Questions() Part { return Part{table: "questions"} }

// Ledger asks for the lines of a case's ledger.
func Ledger() Part { return Part{table: "debts"} }

// TextOf asks for a text as it was replaced last; an instruction in the edition of the firm's
// texts that the case is read with.
func TextOf(kind winddown.TextKind, key, locale string) Part {
	return Part{table: "text_overrides", text: kind, key: key, locale: locale}
}

// FirmRequisites asks for what the firm of the case has settled to sign letters with.
func FirmRequisites() Part { return Part{table: "firms"} }

// Letters asks for the actor's choices about letters.
func Letters() Part { return Part{table: "mail_settings"} }

// CaseRead is a case as one person sees it.
type CaseRead struct {
	Case      *winddown.Case
	Seq       int64 // number of the case's last event
	Standing  winddown.Standing
	Names     map[winddown.ID]string // of the people the case names
	Trail     []TrailLine            // newest first
	TrailMore bool                   // whether older lines exist
	Text      winddown.Text          // that was asked for; its zero where the one built in counts
	Texts     []winddown.Text        // of the firm, where they were asked for: those the case is read with, and newer ones
	Replaced  []winddown.Text        // the installation's, with these
	Firm      string                 // that keeps the books, where the people of the case were asked for

	FirmPeople int // how many belong to that firm

	Requisites winddown.Requisites   // of the firm, where they were asked for
	Letters    winddown.MailSettings // of the actor, where they were asked for; else those of somebody who has chosen nothing
}

// TrailQuery says which part of a case's trail to read: at most Limit lines before the
// event number Before (0 for the newest), of one step if Step is set.
type TrailQuery struct {
	Step   winddown.Code
	Before int64
	Limit  int
}

// Case returns a case in the actor's scope with the asked parts and lines of its trail, in
// one round trip. A case out of scope is NotFound, as is one that does not exist.
func (db *DB) Case(ctx context.Context, actor winddown.Actor, id winddown.ID, trail TrailQuery, parts ...Part) (CaseRead, error) {
	var q caseQuery
	var pages []pageRow
	page := namedArgs{"case": id, "actor": actor.UserID, "before": trail.Before, "step": trail.Step, "limit": trail.Limit + 1}
	err := db.snapshot(ctx, func(b *pgx.Batch) {
		b.Queue(sqlCasePage, page).Query(collect(&pages))
		q.queueParts(b, actor, id, parts...)
	})
	if err != nil {
		return CaseRead{}, err
	}
	if len(pages) > 0 {
		q.whole(pages[0].wholeRow)
		q.people = pages[0].People
	}
	read, err := q.result()
	if err != nil {
		return CaseRead{}, err
	}
	read.Trail, read.TrailMore, err = trailLines(pages[0].Trail, trail.Limit)
	return read, err
}

// loadedCase is a case as a transaction found it.
type loadedCase struct {
	steps     []winddown.Step
	acts      []winddown.Act
	deadlines []winddown.Deadline
	evidence  []winddown.Evidence
	questions []winddown.Question
	debts     winddown.Ledger
	seq       int // number of the last version of evidence
	seller    winddown.Seller
	tickets   []string // of all rounds
}

// settled is what a case's row holds beside what sqlUpdateProgress writes and the seller's requisites. Of the
// summary it is what was written last, which may be out of date, and not what would be written now.
type settled struct {
	firmID, responsibleID winddown.ID
	answers               winddown.Answers
	acting                bool
	playbook              int
	zone                  string
	finishedOn            winddown.Date
	act                   winddown.ActState
	stage                 winddown.Group
	due                   winddown.DueKind
	problem               winddown.ProblemKind
	evidenceSeq           int
	evidenceBytes         int64
	questionSeq           int
	deadlineSeq           int
	actSeq                int
	inboxOn               winddown.Date
	terms                 []winddown.Term
	balance               winddown.Money
	lines                 int
	archivedAt            time.Time
	reminder              winddown.Reminder
	erasure               winddown.Erasure
	texts                 int
}

func settledOf(c *winddown.Case, s winddown.Summary) settled {
	r := settled{
		firmID: c.FirmID, responsibleID: c.ResponsibleID, answers: c.Answers, acting: c.Acting, playbook: c.Playbook, zone: c.Zone,
		finishedOn: c.FinishedOn, act: s.Act, stage: s.Stage, due: s.Due, problem: s.Problem,
		evidenceSeq: c.EvidenceSeq, evidenceBytes: c.EvidenceBytes, questionSeq: c.QuestionSeq, deadlineSeq: c.DeadlineSeq, actSeq: c.ActSeq,
		inboxOn: c.InboxOn, terms: slices.Clone(c.Terms), balance: c.Balance, lines: c.Lines, archivedAt: c.ArchivedAt, texts: c.Texts,
	}
	for i, t := range r.terms {
		r.terms[i].Days = slices.Clone(t.Days)
	}
	if c.Reminder != nil {
		r.reminder = *c.Reminder
	}
	if c.Erasure != nil {
		r.erasure = *c.Erasure
	}
	return r
}

// LockCase returns a case in the actor's scope with the asked parts and holds its row until
// the transaction ends. A case out of scope is NotFound.
func (tx *Tx) LockCase(ctx context.Context, id winddown.ID, parts ...Part) (CaseRead, error) {
	var q caseQuery
	err := tx.read(ctx, func(b *pgx.Batch) {
		b.Queue(sqlLockCase, namedArgs{"case": id, "actor": tx.actor.UserID})
		q.queue(b, tx.actor, id, parts...)
	})
	if err != nil {
		return CaseRead{}, err
	}
	return tx.keep(&q)
}

// keep returns the case that a query found locked, and notes that this transaction holds it.
func (tx *Tx) keep(q *caseQuery) (CaseRead, error) {
	read, err := q.result()
	if err != nil {
		return CaseRead{}, err
	}
	r := q.cases[0]
	tx.remember(read.Case)
	tx.settled[r.ID] = settledOf(read.Case, winddown.Summary{
		Act: winddown.ActState(r.ActState), Stage: winddown.Group(r.Stage), Due: winddown.DueKind(r.DueKind), Problem: winddown.ProblemKind(r.Problem),
	})
	tx.hold(winddown.Stream{Kind: winddown.CaseStream, ID: r.ID}, r.EventSeq, r.EventHash)
	return read, nil
}

func (tx *Tx) remember(c *winddown.Case) {
	tx.keptBy(c.ID, c.FirmID)
	tx.responsible[c.ID] = c.ResponsibleID
	tx.cases[c.ID] = loadedCase{
		steps: slices.Clone(c.Steps), acts: slices.Clone(c.Acts), deadlines: slices.Clone(c.Deadlines), evidence: slices.Clone(c.Evidence),
		questions: slices.Clone(c.Questions), debts: slices.Clone(c.Debts), seq: c.EvidenceSeq, seller: c.Seller, tickets: tickets(c),
	}
}

// caseQuery collects the rows of one case.
type caseQuery struct {
	cases     []caseRow
	steps     []stepRow
	acts      []actRow
	deadlines []deadlineRow
	people    []nameRow
	evidence  []evidenceRow
	questions []questionRow
	debts     []debtRow
	text      winddown.Text
	firmText  []winddown.Text
	newer     []winddown.Text
	replaced  []winddown.Text

	requisites []requisitesRow
	letters    []mailSettingsRow
}

type nameRow struct {
	ID   winddown.ID
	Name string
}

func (q *caseQuery) queue(b *pgx.Batch, actor winddown.Actor, id winddown.ID, parts ...Part) {
	var rows []wholeRow
	b.Queue(sqlCase, namedArgs{"case": id, "actor": actor.UserID}).Query(func(r pgx.Rows) error {
		err := collect(&rows)(r)
		if len(rows) > 0 {
			q.whole(rows[0])
		}
		return err
	})
	q.queueParts(b, actor, id, parts...)
}

// whole takes a case that came as one row.
func (q *caseQuery) whole(r wholeRow) {
	q.cases, q.steps, q.acts, q.deadlines = []caseRow{r.caseRow}, r.Steps, r.Acts, r.Deadlines
}

func (q *caseQuery) queueParts(b *pgx.Batch, actor winddown.Actor, id winddown.ID, parts ...Part) {
	args := namedArgs{"case": id, "actor": actor.UserID}
	for _, p := range parts {
		switch p.table {
		case "evidence":
			b.Queue(sqlEvidence, namedArgs{"case": id, "actor": actor.UserID, "step": p.step}).Query(collect(&q.evidence))
		case "questions":
			b.Queue(sqlQuestions, args).Query(collect(&q.questions))
		case "debts":
			b.Queue(sqlDebts, args).Query(collect(&q.debts))
		case "text_overrides":
			queueText(b, p.text, p.key, p.locale, &q.text)
			if p.text == winddown.StepText {
				b.Queue(sqlCaseText, namedArgs{"case": id, "actor": actor.UserID, "key": p.key, "locale": p.locale}).Query(collect(&q.firmText))
			}
		case "firm_texts":
			b.Queue(sqlCaseTexts, args).Query(collect(&q.newer))
			b.Queue(sqlNewestTexts).Query(collect(&q.replaced))
		case "firms":
			b.Queue(sqlCaseRequisites, args).Query(collect(&q.requisites))
		case "mail_settings":
			b.Queue(sqlMailSettings, namedArgs{"user": actor.UserID}).Query(collect(&q.letters))
		}
	}
}

// queueNames asks for the people that a page of the case names; who changes it needs none.
func (q *caseQuery) queueNames(b *pgx.Batch, actor winddown.Actor, id winddown.ID) {
	b.Queue(sqlCaseNames, namedArgs{"case": id, "actor": actor.UserID}).Query(collect(&q.people))
}

func (q *caseQuery) result() (CaseRead, error) {
	if len(q.cases) == 0 {
		return CaseRead{}, &winddown.Error{Kind: winddown.NotFound, Key: "error.not_found"}
	}
	c, err := q.cases[0].domain(q.steps, q.acts, q.deadlines)
	if err != nil {
		return CaseRead{}, err
	}
	read := CaseRead{Case: c, Seq: q.cases[0].EventSeq, Standing: q.cases[0].standing(), Names: map[winddown.ID]string{}, Text: q.text}
	read.Texts, read.Replaced, read.Letters = q.newer, q.replaced, mailSettings(q.letters)
	if len(q.firmText) > 0 && !q.firmText[0].BuiltIn() {
		read.Text = q.firmText[0]
	}
	for _, r := range q.requisites {
		read.Requisites = r.requisites()
	}
	for _, n := range q.people {
		read.Names[n.ID] = n.Name
	}
	for _, r := range q.evidence {
		c.Evidence = append(c.Evidence, r.domain())
		read.Names[r.ByID] = r.ByName
	}
	for _, r := range q.questions {
		c.Questions = append(c.Questions, r.domain())
		read.Names[r.AskedBy], read.Names[r.AnsweredBy], read.Names[r.ResolvedBy] = r.AskedName, r.AnsweredName, r.ResolvedName
	}
	for _, r := range q.debts {
		c.Debts = append(c.Debts, r.domain())
		read.Names[r.ByID] = r.ByName
	}
	delete(read.Names, winddown.ID{})
	return read, nil
}

const sqlInsertCase = `-- name: InsertCase
insert into cases (id, firm_id, responsible_id, seller_name, inn, ogrn, cabinet, name_key, search_text, fbs, wb_stock,
    leftover, acting, playbook, zone, version, opened_on, finished_on, created_at, changed_at,
    act_state, act_on, act_ticket, stage, burn_on, overdue_on, due_on, due_kind, problem, blocker, ball, ball_on,
    steps_done, steps_needed, evidence_seq, evidence_bytes, question_seq, deadline_seq, act_seq, inbox_on, terms, balance, lines,
    waived, questions, archived_at, reminded_at, reminded_by, reminder_step, reminder_text, reminder_seen, texts,
    erase_asked_at, erase_at, erase_by)
values (@id, @firm_id, @responsible_id, @seller_name, @inn, @ogrn, @cabinet, @name_key, @search_text, @fbs, @wb_stock,
    @leftover, @acting, @playbook, @zone, @version, @opened_on, @finished_on, @changed_at, @changed_at,
    @act_state, coalesce(@act_on::date, 'infinity'), @act_ticket, @stage, coalesce(@burn_on::date, 'infinity'),
    coalesce(@overdue_on::date, 'infinity'), coalesce(@due_on::date, 'infinity'), @due_kind, @problem, @blocker, @ball,
    @ball_on, @steps_done, @steps_needed, @evidence_seq, @evidence_bytes, @question_seq, @deadline_seq, @act_seq, @inbox_on, @terms,
    @balance, @lines, @waived, @questions, @archived_at, @reminded_at, @reminded_by, @reminder_step, @reminder_text, @reminder_seen, @texts,
    @erase_asked_at, @erase_at, @erase_by)`

const sqlInsertStep = `-- name: InsertStep
insert into case_steps (case_id, code, version) values (@case, @code, @version)`

// sqlUpdateProgress writes what an ordinary tick moves, to a case this transaction holds locked in the actor's
// scope. Of the triggers of cases only the one that looks at blocker and ball runs: the others take longer than
// the rest.
const sqlUpdateProgress = `-- name: UpdateProgress
update cases set version = @version, changed_at = @changed_at, act_on = coalesce(@act_on::date, 'infinity'), act_ticket = @act_ticket,
    burn_on = coalesce(@burn_on::date, 'infinity'), overdue_on = coalesce(@overdue_on::date, 'infinity'),
    due_on = coalesce(@due_on::date, 'infinity'), blocker = @blocker, ball = @ball, ball_on = @ball_on,
    steps_done = @steps_done, steps_needed = @steps_needed, waived = @waived, questions = @questions,
    event_seq = @event_seq, event_hash = @event_hash
where id = @id`

// sqlUpdateCase writes all of that and what is settled; the seller's requisites and what is searched, which
// hardly ever change, have a statement of their own.
const sqlUpdateCase = `-- name: UpdateCase
update cases set firm_id = @firm_id, responsible_id = @responsible_id, fbs = @fbs, wb_stock = @wb_stock,
    leftover = @leftover, acting = @acting, playbook = @playbook, zone = @zone,
    version = @version, finished_on = @finished_on, changed_at = @changed_at,
    act_state = @act_state, act_on = coalesce(@act_on::date, 'infinity'), act_ticket = @act_ticket, stage = @stage,
    burn_on = coalesce(@burn_on::date, 'infinity'), overdue_on = coalesce(@overdue_on::date, 'infinity'),
    due_on = coalesce(@due_on::date, 'infinity'), due_kind = @due_kind, problem = @problem, blocker = @blocker,
    ball = @ball, ball_on = @ball_on, steps_done = @steps_done, steps_needed = @steps_needed, evidence_seq = @evidence_seq,
    evidence_bytes = @evidence_bytes, question_seq = @question_seq, deadline_seq = @deadline_seq, act_seq = @act_seq, inbox_on = @inbox_on,
    terms = @terms, balance = @balance, lines = @lines, waived = @waived, questions = @questions, archived_at = @archived_at,
    reminded_at = @reminded_at, reminded_by = @reminded_by, reminder_step = @reminder_step, reminder_text = @reminder_text,
    reminder_seen = @reminder_seen, texts = @texts, event_seq = @event_seq, event_hash = @event_hash,
    erase_asked_at = @erase_asked_at, erase_at = @erase_at, erase_by = @erase_by
where id = @id`

const sqlUpdateSeller = `-- name: UpdateSeller
update cases set seller_name = @seller_name, inn = @inn, ogrn = @ogrn, cabinet = @cabinet, name_key = @name_key,
    search_text = @search_text
where id = @id`

const sqlUpdateStep = `-- name: UpdateStep
update case_steps set version = @version, started_on = @started_on, note = @note, done_on = @done_on, done_at = @done_at,
    done_by = @done_by, on_behalf = @on_behalf, problem = @problem, problem_reason = @problem_reason,
    problem_steps = @problem_steps, problem_on = @problem_on, problem_at = @problem_at, problem_by = @problem_by,
    proofs = @proofs, questions = @questions, accepted_by = @accepted_by, accepted_at = @accepted_at,
    accepted_dropped = @accepted_dropped, dropped_by = @dropped_by, dropped_accepted = @dropped_accepted,
    dropped_at = @dropped_at, waiver_steps = @waiver_steps, waiver_reason = @waiver_reason, waiver_on = @waiver_on,
    waiver_at = @waiver_at, waiver_by = @waiver_by
where case_id = @case and code = @code`

// InsertCase writes a new case with its summary and what is due for it.
func (tx *Tx) InsertCase(c *winddown.Case, s winddown.Summary, dues []winddown.Due) {
	args := tx.caseArgs(c, s)
	for k, v := range sellerArgs(c) {
		args[k] = v
	}
	args["opened_on"] = c.OpenedOn
	tx.write(sqlInsertCase, args)
	for _, st := range c.Steps {
		tx.write(sqlInsertStep, namedArgs{"case": c.ID, "code": st.Code, "version": st.Version})
	}
	for _, a := range c.Acts {
		tx.write(sqlInsertAct, actArgs(c.ID, a))
	}
	tx.remember(c)
	tx.saveDues(c.ID, dues)
	tx.hold(winddown.Stream{Kind: winddown.CaseStream, ID: c.ID}, 0, nil)
}

// SaveCase writes a case that LockCase returned or InsertCase wrote: its row with the
// summary, and the rows around it that changed. What is due for it is written too, unless it is
// what was due before; a caller who does not know that passes nil.
func (tx *Tx) SaveCase(c *winddown.Case, s winddown.Summary, before, dues []winddown.Due) {
	loaded := tx.cases[c.ID]
	stored, known := tx.settled[c.ID]
	wanted := settledOf(c, s)
	sql, args := sqlUpdateProgress, tx.progressArgs(c, s)
	if !known || !reflect.DeepEqual(stored, wanted) {
		sql, args = sqlUpdateCase, tx.caseArgs(c, s)
	}
	head := tx.heads[winddown.Stream{Kind: winddown.CaseStream, ID: c.ID}]
	args["event_seq"], args["event_hash"] = head.Seq, head.Hash[:]
	tx.writeCase(c.ID, sql, args)
	tx.saved[c.ID], tx.settled[c.ID] = args, wanted
	if loaded.seller != c.Seller || !slices.Equal(loaded.tickets, tickets(c)) {
		tx.writeCase(c.ID, sqlUpdateSeller, sellerArgs(c))
	}
	for i, st := range c.Steps {
		if i >= len(loaded.steps) || !reflect.DeepEqual(loaded.steps[i], st) {
			tx.writeCase(c.ID, sqlUpdateStep, stepArgs(c.ID, st))
		}
	}
	tx.saveActs(c, loaded.acts)
	tx.saveEvidence(c, loaded)
	tx.saveQuestions(c, loaded.questions)
	tx.saveDeadlines(c, loaded.deadlines)
	tx.saveDebts(c, loaded.debts)
	if before == nil || !slices.Equal(before, dues) {
		tx.saveDues(c.ID, dues)
	}
	if tx.misuse == nil {
		tx.remember(c)
	}
}

// progressArgs are the arguments of sqlUpdateProgress, but for the head of the case's stream.
func (tx *Tx) progressArgs(c *winddown.Case, s winddown.Summary) namedArgs {
	return namedArgs{
		"id": c.ID, "version": c.Version, "changed_at": tx.now, "act_on": s.ActOn, "act_ticket": s.Ticket, "burn_on": s.BurnOn,
		"overdue_on": s.OverdueOn, "due_on": s.DueOn, "blocker": s.Blocker, "ball": s.Ball, "ball_on": s.BallOn,
		"steps_done": s.Done, "steps_needed": s.Needed, "waived": s.Waived, "questions": s.Questions,
	}
}

// caseArgs are those of sqlUpdateCase, too.
func (tx *Tx) caseArgs(c *winddown.Case, s winddown.Summary) namedArgs {
	r := settledOf(c, s)
	args := tx.progressArgs(c, s)
	maps.Copy(args, namedArgs{
		"firm_id": r.firmID, "responsible_id": r.responsibleID, "fbs": r.answers.FBS, "wb_stock": r.answers.WBStock,
		"leftover": r.answers.Leftover, "acting": r.acting, "playbook": r.playbook, "zone": r.zone, "finished_on": r.finishedOn,
		"act_state": r.act, "stage": r.stage, "due_kind": r.due, "problem": r.problem,
		"evidence_seq": r.evidenceSeq, "evidence_bytes": r.evidenceBytes, "question_seq": r.questionSeq, "deadline_seq": r.deadlineSeq,
		"act_seq": r.actSeq, "inbox_on": r.inboxOn, "terms": termsJSON(r.terms), "balance": int64(r.balance), "lines": r.lines,
		"archived_at": orNull(r.archivedAt), "reminded_at": orNull(r.reminder.At), "reminded_by": r.reminder.By,
		"reminder_step": r.reminder.Step, "reminder_text": r.reminder.Text, "reminder_seen": r.reminder.Seen,
		"texts": r.texts, "erase_asked_at": orNull(r.erasure.AskedAt), "erase_at": orNull(r.erasure.At), "erase_by": r.erasure.By,
	})
	return args
}

func sellerArgs(c *winddown.Case) namedArgs {
	return namedArgs{
		"id": c.ID, "seller_name": c.Seller.Name, "inn": c.Seller.INN, "ogrn": c.Seller.OGRN, "cabinet": c.Seller.Cabinet,
		"name_key": nameKey(c.Seller), "search_text": searchText(c.Seller, tickets(c)),
	}
}

func stepArgs(id winddown.ID, st winddown.Step) namedArgs {
	args := namedArgs{
		"case": id, "code": st.Code, "version": st.Version, "started_on": st.StartedOn, "note": st.Note,
		"done_on": nil, "done_at": nil, "done_by": nil, "on_behalf": false,
		"problem": "", "problem_reason": "", "problem_steps": []string{}, "problem_on": nil, "problem_at": nil, "problem_by": nil,
		"proofs": texts(st.Proofs), "questions": st.Questions,
		"accepted_by": nil, "accepted_at": nil, "accepted_dropped": nil, "dropped_by": nil, "dropped_accepted": nil, "dropped_at": nil,
		"waiver_steps": []string{}, "waiver_reason": "", "waiver_on": nil, "waiver_at": nil, "waiver_by": nil,
	}
	if t := st.Tick; t != nil {
		args["done_on"], args["done_at"], args["done_by"], args["on_behalf"] = t.On, t.At, t.By, t.OnBehalf
	}
	if p := st.Problem; p != nil {
		args["problem"], args["problem_reason"], args["problem_steps"] = p.Kind, p.Reason, texts(p.Steps)
		args["problem_on"], args["problem_at"], args["problem_by"] = p.On, p.At, p.By
	}
	if a := st.Accepted; a != nil {
		args["accepted_by"], args["accepted_at"], args["accepted_dropped"] = a.By, a.At, orNull(a.DroppedAt)
	}
	if a := st.Dropped; a != nil {
		args["dropped_by"], args["dropped_accepted"], args["dropped_at"] = a.By, a.At, a.DroppedAt
	}
	if w := st.Waiver; w != nil {
		args["waiver_steps"], args["waiver_reason"], args["waiver_on"] = texts(w.Steps), w.Reason, w.On
		args["waiver_at"], args["waiver_by"] = w.At, w.By
	}
	return args
}

// nameKey sorts sellers as a Russian reader expects, whatever the database's collation:
// letters first, case, punctuation and digits of the same text alike on every machine.
// The key is cut, because it travels in the address of the register's next page.
func nameKey(s winddown.Seller) []byte {
	var buf collate.Buffer
	c := collate.New(language.Russian, collate.IgnoreCase, collate.Numeric)
	key := c.KeyFromString(&buf, s.Name+" "+s.Cabinet)
	return append([]byte(nil), key[:min(len(key), winddown.MaxNameKey)]...)
}

// searchText is what a search looks through: name, cabinet, taxpayer number and the numbers of tickets, folded.
func searchText(s winddown.Seller, tickets []string) string {
	return fold(strings.Join(append([]string{s.Name, s.Cabinet, s.INN}, tickets...), " "))
}

// tickets are the numbers under which the acts of a case were requested, in all rounds.
func tickets(c *winddown.Case) []string {
	acts := slices.Concat(c.Past, c.Acts)
	slices.SortFunc(acts, func(a, b winddown.Act) int { return cmp.Or(a.Position-b.Position, a.Round-b.Round) })
	var all []string
	for _, a := range acts {
		if a.Ticket != "" {
			all = append(all, a.Ticket)
		}
	}
	return all
}

const sqlMyCases = `-- name: MyCases
select c.id, c.seller_name, c.inn, c.cabinet, c.zone, c.finished_on, c.stage, c.act_state, c.act_on, c.burn_on,
       c.overdue_on, c.due_on, c.due_kind, c.problem, c.blocker, c.steps_done, c.steps_needed, c.balance, c.waived, c.questions, c.erase_at, p.role, c.rescue_at,
       p.role = 'owner' and exists (select from invites i where i.case_id = c.id and i.role = 'owner' and i.replaces = i.created_by and i.used_at is null
           and i.revoked_at is null and i.expires_at > @now) as offered
from case_people p join cases c on c.id = p.case_id
where p.user_id = @actor
order by c.finished_on is not null, c.created_at desc, c.id
limit @limit`

const sqlKeepsBooks = `-- name: KeepsBooks
select exists (select from firm_people f where f.user_id = @actor)`

// MaxMyCases bounds the list of a person's own cases.
const MaxMyCases = 200

// MyCase is a line of the list of a person's own cases.
type MyCase struct {
	ID         winddown.ID
	Seller     winddown.Seller
	Zone       string
	FinishedOn winddown.Date
	Summary    winddown.Summary
	Role       winddown.Role
	EraseAt    time.Time // zero unless it is to be erased
	RescueAt   time.Time // from when on it may get another owner, because this one is said to be lost; zero for never
	Offered    bool      // the actor hands it over, and nobody has accepted yet
}

type myCaseRow struct {
	ID          winddown.ID
	SellerName  string
	INN         string
	Cabinet     string
	Zone        string
	FinishedOn  winddown.Date
	Stage       string
	ActState    string
	ActOn       winddown.Date
	BurnOn      winddown.Date
	OverdueOn   winddown.Date
	DueOn       winddown.Date
	DueKind     string
	Problem     string
	Blocker     string
	StepsDone   int
	StepsNeeded int
	Balance     int64
	Waived      bool
	Questions   int
	EraseAt     *time.Time
	Role        string
	RescueAt    *time.Time
	Offered     bool
}

// MyCases returns the cases the actor owns or helps with, unfinished ones first, and
// whether he belongs to a firm.
func (db *DB) MyCases(ctx context.Context, actor winddown.Actor, now time.Time) (cases []MyCase, keepsBooks bool, err error) {
	var rows []myCaseRow
	err = db.snapshot(ctx, func(b *pgx.Batch) {
		b.Queue(sqlMyCases, namedArgs{"actor": actor.UserID, "now": now, "limit": MaxMyCases}).Query(collect(&rows))
		b.Queue(sqlKeepsBooks, namedArgs{"actor": actor.UserID}).
			QueryRow(func(r pgx.Row) error { return r.Scan(&keepsBooks) })
	})
	if err != nil {
		return nil, false, err
	}
	for _, r := range rows {
		cases = append(cases, MyCase{
			ID: r.ID, Seller: winddown.Seller{Name: r.SellerName, INN: r.INN, Cabinet: r.Cabinet}, Zone: r.Zone,
			FinishedOn: r.FinishedOn, Role: winddown.Role(r.Role), EraseAt: timeOf(r.EraseAt), RescueAt: timeOf(r.RescueAt), Offered: r.Offered,
			Summary: winddown.Summary{
				Act: winddown.ActState(r.ActState), ActOn: r.ActOn, Stage: winddown.Group(r.Stage), BurnOn: r.BurnOn,
				OverdueOn: r.OverdueOn, DueOn: r.DueOn, Due: winddown.DueKind(r.DueKind),
				Problem: winddown.ProblemKind(r.Problem), Blocker: winddown.Code(r.Blocker),
				Done: r.StepsDone, Needed: r.StepsNeeded, Balance: winddown.Money(r.Balance), Waived: r.Waived, Questions: r.Questions,
			},
		})
	}
	return cases, keepsBooks, nil
}
