package postgres

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode"

	"github.com/jackc/pgx/v5"
	"golang.org/x/text/collate"
	"golang.org/x/text/language"

	"winddown/internal/winddown"
)

// caseScope is the condition under which an actor sees a case c.
const caseScope = `(c.responsible_id = @actor
    or exists (select from case_people p where p.case_id = c.id and p.user_id = @actor)
    or exists (select from firm_people f where f.firm_id = c.firm_id and f.user_id = @actor and f.role in ('admin', 'lead')))`

const sqlCase = `-- name: Case
select c.id, c.firm_id, c.responsible_id, c.seller_name, c.inn, c.ogrn, c.cabinet, c.fbs, c.wb_stock, c.leftover,
       c.acting, c.playbook, c.zone, c.version, c.opened_on, c.finished_on, c.event_seq, c.event_hash,
       exists (select from case_people p where p.case_id = c.id and p.role = 'owner') as has_owner,
       exists (select from case_people p where p.case_id = c.id and p.user_id = @actor and p.role = 'owner') as is_owner,
       exists (select from case_people p where p.case_id = c.id and p.user_id = @actor and p.role = 'helper') as is_helper,
       coalesce(c.responsible_id = @actor, false) as is_accountant,
       exists (select from firm_people f where f.firm_id = c.firm_id and f.user_id = @actor and f.role = 'lead') as is_lead,
       exists (select from firm_people f where f.firm_id = c.firm_id and f.user_id = @actor and f.role = 'admin') as is_admin
from cases c
where c.id = @case and ` + caseScope

// sqlLockCase waits for the case's row. What is known of the case is read by the
// statements after it: they see whoever held the row before, which a statement that both
// waits and reads would not (its snapshot is older than its wait).
const sqlLockCase = `-- name: LockCase
select c.id from cases c where c.id = @case and ` + caseScope + `
for no key update of c`

const sqlSteps = `-- name: Steps
select s.code, s.version, s.started_on, s.note, s.pick_up_by, s.done_on, s.done_at, s.done_by, s.on_behalf,
       s.problem, s.problem_reason, s.problem_steps, s.problem_on, s.problem_at, s.problem_by
from case_steps s join cases c on c.id = s.case_id
where c.id = @case and ` + caseScope

const sqlActs = `-- name: Acts
select a.position, a.counterparty, a.period_from, a.period_to, a.channel, a.ticket, a.requested_on, a.checked_on,
       a.received_on, a.signed_on
from acts a join cases c on c.id = a.case_id
where c.id = @case and ` + caseScope + `
order by a.position`

// sqlCaseNames finds the people a case's page names.
const sqlCaseNames = `-- name: CaseNames
select u.id, u.name
from users u
where u.id in (
    select s.done_by from case_steps s join cases c on c.id = s.case_id where c.id = @case and ` + caseScope + `
    union all
    select s.problem_by from case_steps s join cases c on c.id = s.case_id where c.id = @case and ` + caseScope + `
    union all
    select c.responsible_id from cases c where c.id = @case and ` + caseScope + `)`

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
	HasOwner      bool
	IsOwner       bool
	IsHelper      bool
	IsAccountant  bool
	IsLead        bool
	IsAdmin       bool
}

type stepRow struct {
	Code          string
	Version       int
	StartedOn     winddown.Date
	Note          string
	PickUpBy      winddown.Date
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
}

type actRow struct {
	Position     int
	Counterparty string
	PeriodFrom   winddown.Date
	PeriodTo     winddown.Date
	Channel      string
	Ticket       string
	RequestedOn  winddown.Date
	CheckedOn    winddown.Date
	ReceivedOn   winddown.Date
	SignedOn     winddown.Date
}

func (r caseRow) standing() winddown.Standing {
	return winddown.Standing{Owner: r.IsOwner, Helper: r.IsHelper, Accountant: r.IsAccountant, Lead: r.IsLead, Admin: r.IsAdmin}
}

func (r caseRow) domain(steps []stepRow, acts []actRow) (*winddown.Case, error) {
	c := &winddown.Case{
		ID: r.ID, FirmID: r.FirmID, ResponsibleID: r.ResponsibleID,
		Seller:  winddown.Seller{Name: r.SellerName, INN: r.INN, OGRN: r.OGRN, Cabinet: r.Cabinet},
		Answers: winddown.Answers{FBS: r.FBS, WBStock: r.WBStock, Leftover: winddown.Leftover(r.Leftover)},
		Acting:  r.Acting, HasOwner: r.HasOwner, Playbook: r.Playbook, Zone: r.Zone,
		Version: r.Version, OpenedOn: r.OpenedOn, FinishedOn: r.FinishedOn,
	}
	book, ok := winddown.PlaybookVersion(r.Playbook)
	if !ok {
		return nil, fmt.Errorf("case %s has unknown playbook version %d", r.ID, r.Playbook)
	}
	byCode := map[string]stepRow{}
	for _, s := range steps {
		byCode[s.Code] = s
	}
	for _, d := range book.Steps {
		s, ok := byCode[string(d.Code)]
		if !ok {
			return nil, fmt.Errorf("case %s has no row for step %s", r.ID, d.Code)
		}
		c.Steps = append(c.Steps, s.domain())
	}
	for _, a := range acts {
		c.Acts = append(c.Acts, winddown.Act{
			Position: a.Position, Counterparty: a.Counterparty, PeriodFrom: a.PeriodFrom, PeriodTo: a.PeriodTo,
			Channel: winddown.Channel(a.Channel), Ticket: a.Ticket, RequestedOn: a.RequestedOn, CheckedOn: a.CheckedOn,
			ReceivedOn: a.ReceivedOn, SignedOn: a.SignedOn,
		})
	}
	if len(c.Acts) == 0 {
		return nil, fmt.Errorf("case %s has no act", r.ID)
	}
	return c, nil
}

func (r stepRow) domain() winddown.Step {
	st := winddown.Step{
		Code: winddown.Code(r.Code), Version: r.Version, StartedOn: r.StartedOn, Note: r.Note, PickUpBy: r.PickUpBy,
	}
	if !r.DoneOn.IsZero() {
		st.Tick = &winddown.Tick{On: r.DoneOn, At: *r.DoneAt, By: r.DoneBy, OnBehalf: r.OnBehalf}
	}
	if r.Problem != "" {
		p := &winddown.Problem{Kind: winddown.ProblemKind(r.Problem), Reason: r.ProblemReason, On: r.ProblemOn, By: r.ProblemBy}
		if r.ProblemAt != nil {
			p.At = *r.ProblemAt
		}
		for _, code := range r.ProblemSteps {
			p.Steps = append(p.Steps, winddown.Code(code))
		}
		st.Problem = p
	}
	return st
}

// CaseRead is a case as one person sees it.
type CaseRead struct {
	Case      *winddown.Case
	Standing  winddown.Standing
	Names     map[winddown.ID]string // of the people the case names
	Trail     []TrailLine            // newest first
	TrailMore bool                   // whether older lines exist
}

// TrailQuery says which part of a case's trail to read: at most Limit lines before the
// event number Before (0 for the newest), of one step if Step is set.
type TrailQuery struct {
	Step   winddown.Code
	Before int64
	Limit  int
}

// Case returns a case in the actor's scope with the asked part of its trail, in one round
// trip. A case out of scope is NotFound, as is one that does not exist.
func (db *DB) Case(ctx context.Context, actor winddown.Actor, id winddown.ID, trail TrailQuery) (CaseRead, error) {
	var q caseQuery
	var lines []trailRow
	err := db.snapshot(ctx, func(b *pgx.Batch) {
		q.queue(b, actor, id)
		queueTrail(b, actor, id, trail, &lines)
	})
	if err != nil {
		return CaseRead{}, err
	}
	read, err := q.result()
	if err != nil {
		return CaseRead{}, err
	}
	read.Trail, read.TrailMore, err = trailLines(lines, trail.Limit)
	return read, err
}

// loadedCase is a case as a transaction found it.
type loadedCase struct {
	steps  map[winddown.Code]int // versions
	acts   []winddown.Act
	seller winddown.Seller
}

// LockCase returns a case in the actor's scope and holds its row until the transaction
// ends. A case out of scope is NotFound.
func (tx *Tx) LockCase(ctx context.Context, id winddown.ID) (CaseRead, error) {
	var q caseQuery
	err := tx.read(ctx, func(b *pgx.Batch) {
		b.Queue(sqlLockCase, pgx.StrictNamedArgs{"case": id, "actor": tx.actor.UserID})
		q.queue(b, tx.actor, id)
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
	tx.remember(read.Case)
	tx.hold(winddown.Stream{Kind: winddown.CaseStream, ID: read.Case.ID}, q.cases[0].EventSeq, q.cases[0].EventHash)
	return read, nil
}

func (tx *Tx) remember(c *winddown.Case) {
	l := loadedCase{steps: map[winddown.Code]int{}, acts: append([]winddown.Act(nil), c.Acts...), seller: c.Seller}
	for _, st := range c.Steps {
		l.steps[st.Code] = st.Version
	}
	tx.cases[c.ID] = l
}

// caseQuery collects the rows of one case.
type caseQuery struct {
	cases  []caseRow
	steps  []stepRow
	acts   []actRow
	people []nameRow
}

type nameRow struct {
	ID   winddown.ID
	Name string
}

func (q *caseQuery) queue(b *pgx.Batch, actor winddown.Actor, id winddown.ID) {
	args := pgx.StrictNamedArgs{"case": id, "actor": actor.UserID}
	b.Queue(sqlCase, args).Query(collect(&q.cases))
	b.Queue(sqlSteps, args).Query(collect(&q.steps))
	b.Queue(sqlActs, args).Query(collect(&q.acts))
	b.Queue(sqlCaseNames, args).Query(collect(&q.people))
}

func (q *caseQuery) result() (CaseRead, error) {
	if len(q.cases) == 0 {
		return CaseRead{}, &winddown.Error{Kind: winddown.NotFound, Key: "error.not_found"}
	}
	c, err := q.cases[0].domain(q.steps, q.acts)
	return CaseRead{Case: c, Standing: q.cases[0].standing(), Names: q.names()}, err
}

func (q *caseQuery) names() map[winddown.ID]string {
	names := map[winddown.ID]string{}
	for _, n := range q.people {
		names[n.ID] = n.Name
	}
	return names
}

// collect reads all rows into rows by the names of their columns.
func collect[T any](into *[]T) func(pgx.Rows) error {
	return func(r pgx.Rows) error {
		rows, err := pgx.CollectRows(r, pgx.RowToStructByName[T])
		*into = rows
		return err
	}
}

const sqlInsertCase = `-- name: InsertCase
insert into cases (id, firm_id, responsible_id, seller_name, inn, ogrn, cabinet, name_key, search_text, fbs, wb_stock,
    leftover, acting, playbook, zone, version, opened_on, finished_on, created_at, changed_at,
    act_state, act_on, act_ticket, stage, burn_on, overdue_on, due_on, due_kind, problem, blocker, ball, ball_on,
    steps_done, steps_needed)
values (@id, @firm_id, @responsible_id, @seller_name, @inn, @ogrn, @cabinet, @name_key, @search_text, @fbs, @wb_stock,
    @leftover, @acting, @playbook, @zone, @version, @opened_on, @finished_on, @changed_at, @changed_at,
    @act_state, coalesce(@act_on::date, 'infinity'), @act_ticket, @stage, coalesce(@burn_on::date, 'infinity'),
    coalesce(@overdue_on::date, 'infinity'), coalesce(@due_on::date, 'infinity'), @due_kind, @problem, @blocker, @ball,
    @ball_on, @steps_done, @steps_needed)`

const sqlInsertStep = `-- name: InsertStep
insert into case_steps (case_id, code, version) values (@case, @code, @version)`

const sqlInsertAct = `-- name: InsertAct
insert into acts (case_id, position) values (@case, @position)`

// sqlUpdateCase writes to a case this transaction holds locked in the actor's scope; the
// seller's requisites, which hardly ever change, have a statement of their own.
const sqlUpdateCase = `-- name: UpdateCase
update cases set firm_id = @firm_id, responsible_id = @responsible_id, fbs = @fbs, wb_stock = @wb_stock,
    leftover = @leftover, acting = @acting, playbook = @playbook, zone = @zone,
    version = @version, finished_on = @finished_on, changed_at = @changed_at,
    act_state = @act_state, act_on = coalesce(@act_on::date, 'infinity'), act_ticket = @act_ticket, stage = @stage,
    burn_on = coalesce(@burn_on::date, 'infinity'), overdue_on = coalesce(@overdue_on::date, 'infinity'),
    due_on = coalesce(@due_on::date, 'infinity'), due_kind = @due_kind, problem = @problem, blocker = @blocker,
    ball = @ball, ball_on = @ball_on, steps_done = @steps_done, steps_needed = @steps_needed
where id = @id`

const sqlUpdateSeller = `-- name: UpdateSeller
update cases set seller_name = @seller_name, inn = @inn, ogrn = @ogrn, cabinet = @cabinet, name_key = @name_key,
    search_text = @search_text
where id = @id`

const sqlUpdateStep = `-- name: UpdateStep
update case_steps set version = @version, started_on = @started_on, note = @note, pick_up_by = @pick_up_by,
    done_on = @done_on, done_at = @done_at, done_by = @done_by, on_behalf = @on_behalf, problem = @problem,
    problem_reason = @problem_reason, problem_steps = @problem_steps, problem_on = @problem_on,
    problem_at = @problem_at, problem_by = @problem_by
where case_id = @case and code = @code`

const sqlUpdateAct = `-- name: UpdateAct
update acts set counterparty = @counterparty, period_from = @period_from, period_to = @period_to, channel = @channel,
    ticket = @ticket, requested_on = @requested_on, checked_on = @checked_on, received_on = @received_on,
    signed_on = @signed_on
where case_id = @case and position = @position`

// InsertCase writes a new case and its summary.
func (tx *Tx) InsertCase(c *winddown.Case, s winddown.Summary) {
	args := tx.caseArgs(c, s)
	for k, v := range sellerArgs(c) {
		args[k] = v
	}
	args["opened_on"] = c.OpenedOn
	tx.write(sqlInsertCase, args)
	for _, st := range c.Steps {
		tx.write(sqlInsertStep, pgx.StrictNamedArgs{"case": c.ID, "code": st.Code, "version": st.Version})
	}
	for _, a := range c.Acts {
		tx.write(sqlInsertAct, pgx.StrictNamedArgs{"case": c.ID, "position": a.Position})
	}
	tx.remember(c)
	tx.hold(winddown.Stream{Kind: winddown.CaseStream, ID: c.ID}, 0, nil)
}

// SaveCase writes a case that LockCase returned or InsertCase wrote: its row with the
// summary, and the steps and acts that changed.
func (tx *Tx) SaveCase(c *winddown.Case, s winddown.Summary) {
	loaded := tx.cases[c.ID]
	tx.writeCase(c.ID, sqlUpdateCase, tx.caseArgs(c, s))
	if loaded.seller != c.Seller {
		tx.writeCase(c.ID, sqlUpdateSeller, sellerArgs(c))
	}
	for _, st := range c.Steps {
		if loaded.steps[st.Code] != st.Version {
			tx.writeCase(c.ID, sqlUpdateStep, stepArgs(c.ID, st))
		}
	}
	for i, a := range c.Acts {
		if i >= len(loaded.acts) || loaded.acts[i] != a {
			tx.writeCase(c.ID, sqlUpdateAct, actArgs(c.ID, a))
		}
	}
	if tx.misuse == nil {
		tx.remember(c)
	}
}

func (tx *Tx) caseArgs(c *winddown.Case, s winddown.Summary) pgx.StrictNamedArgs {
	return pgx.StrictNamedArgs{
		"id": c.ID, "firm_id": c.FirmID, "responsible_id": c.ResponsibleID, "fbs": c.Answers.FBS, "wb_stock": c.Answers.WBStock,
		"leftover": c.Answers.Leftover, "acting": c.Acting, "playbook": c.Playbook,
		"zone": c.Zone, "version": c.Version, "finished_on": c.FinishedOn, "changed_at": tx.now,
		"act_state": s.Act, "act_on": s.ActOn, "act_ticket": s.Ticket, "stage": s.Stage, "burn_on": s.BurnOn,
		"overdue_on": s.OverdueOn, "due_on": s.DueOn, "due_kind": s.Due, "problem": s.Problem, "blocker": s.Blocker,
		"ball": s.Ball, "ball_on": s.BallOn, "steps_done": s.Done, "steps_needed": s.Needed,
	}
}

func sellerArgs(c *winddown.Case) pgx.StrictNamedArgs {
	return pgx.StrictNamedArgs{
		"id": c.ID, "seller_name": c.Seller.Name, "inn": c.Seller.INN, "ogrn": c.Seller.OGRN, "cabinet": c.Seller.Cabinet,
		"name_key": nameKey(c.Seller), "search_text": searchText(c.Seller),
	}
}

func stepArgs(id winddown.ID, st winddown.Step) pgx.StrictNamedArgs {
	args := pgx.StrictNamedArgs{
		"case": id, "code": st.Code, "version": st.Version, "started_on": st.StartedOn, "note": st.Note,
		"pick_up_by": st.PickUpBy, "done_on": nil, "done_at": nil, "done_by": nil, "on_behalf": false,
		"problem": "", "problem_reason": "", "problem_steps": []string{}, "problem_on": nil, "problem_at": nil,
		"problem_by": nil,
	}
	if t := st.Tick; t != nil {
		args["done_on"], args["done_at"], args["done_by"], args["on_behalf"] = t.On, t.At, t.By, t.OnBehalf
	}
	if p := st.Problem; p != nil {
		codes := []string{}
		for _, code := range p.Steps {
			codes = append(codes, string(code))
		}
		args["problem"], args["problem_reason"], args["problem_steps"] = p.Kind, p.Reason, codes
		args["problem_on"], args["problem_at"], args["problem_by"] = p.On, p.At, p.By
	}
	return args
}

func actArgs(id winddown.ID, a winddown.Act) pgx.StrictNamedArgs {
	return pgx.StrictNamedArgs{
		"case": id, "position": a.Position, "counterparty": a.Counterparty, "period_from": a.PeriodFrom,
		"period_to": a.PeriodTo, "channel": a.Channel, "ticket": a.Ticket, "requested_on": a.RequestedOn,
		"checked_on": a.CheckedOn, "received_on": a.ReceivedOn, "signed_on": a.SignedOn,
	}
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

// searchText is what a search looks through: name, cabinet and taxpayer number, folded.
func searchText(s winddown.Seller) string {
	return fold(s.Name + " " + s.Cabinet + " " + s.INN)
}

// fold makes spellings of one name alike: case, ё and е, quotes, full stops, runs of spaces.
func fold(s string) string {
	s = strings.Map(func(r rune) rune {
		switch r {
		case 'ё', 'Ё':
			return 'е'
		case '.', ',':
			return ' '
		case '"', '\'', '«', '»', '„', '“', '”', '‘', '’', '`':
			return -1
		}
		return unicode.ToLower(r)
	}, s)
	return strings.Join(strings.Fields(s), " ")
}

const sqlMyCases = `-- name: MyCases
select c.id, c.seller_name, c.inn, c.cabinet, c.zone, c.finished_on, c.stage, c.act_state, c.act_on, c.burn_on,
       c.overdue_on, c.due_on, c.due_kind, c.problem, c.blocker, c.steps_done, c.steps_needed, p.role
from case_people p join cases c on c.id = p.case_id
where p.user_id = @actor
order by c.finished_on is not null, c.created_at desc, c.id
limit @limit`

const sqlKeepsBooks = `-- name: KeepsBooks
select exists (select from cases c where c.responsible_id = @actor)`

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
	Role        string
}

// MyCases returns the cases the actor owns or helps with, unfinished ones first, and
// whether he is the accountant of any case.
func (db *DB) MyCases(ctx context.Context, actor winddown.Actor) (cases []MyCase, keepsBooks bool, err error) {
	var rows []myCaseRow
	err = db.snapshot(ctx, func(b *pgx.Batch) {
		b.Queue(sqlMyCases, pgx.StrictNamedArgs{"actor": actor.UserID, "limit": MaxMyCases}).Query(collect(&rows))
		b.Queue(sqlKeepsBooks, pgx.StrictNamedArgs{"actor": actor.UserID}).
			QueryRow(func(r pgx.Row) error { return r.Scan(&keepsBooks) })
	})
	if err != nil {
		return nil, false, err
	}
	for _, r := range rows {
		cases = append(cases, MyCase{
			ID: r.ID, Seller: winddown.Seller{Name: r.SellerName, INN: r.INN, Cabinet: r.Cabinet}, Zone: r.Zone,
			FinishedOn: r.FinishedOn, Role: winddown.Role(r.Role),
			Summary: winddown.Summary{
				Act: winddown.ActState(r.ActState), ActOn: r.ActOn, Stage: winddown.Group(r.Stage), BurnOn: r.BurnOn,
				OverdueOn: r.OverdueOn, DueOn: r.DueOn, Due: winddown.DueKind(r.DueKind),
				Problem: winddown.ProblemKind(r.Problem), Blocker: winddown.Code(r.Blocker),
				Done: r.StepsDone, Needed: r.StepsNeeded,
			},
		})
	}
	return cases, keepsBooks, nil
}
