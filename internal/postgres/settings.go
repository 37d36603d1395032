package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"winddown/internal/winddown"
)

// practiceColumns and joinPractice read what the firm of a case c has settled.
const (
	practiceColumns = `coalesce(g.chase_days, '{}') as chase_days, coalesce(g.days_off, '{}') as days_off,
       coalesce(g.days_worked, '{}') as days_worked, coalesce(g.acting, false) as firm_acting, coalesce(g.texts, 0) as firm_texts`
	joinPractice = `left join firms g on g.id = c.firm_id`
)

type practiceRow struct {
	ChaseDays  []int
	DaysOff    []winddown.Date
	DaysWorked []winddown.Date
	FirmActing bool
	FirmTexts  int
}

func (r practiceRow) practice() winddown.Practice {
	return winddown.Practice{Chase: r.ChaseDays, Off: r.DaysOff, Worked: r.DaysWorked, Acting: r.FirmActing, Texts: r.FirmTexts}
}

type requisitesRow struct {
	LegalName string
	INN       string
	KPP       string
	Address   string
	Phone     string
	Signer    string
	Authority string
}

func (r requisitesRow) requisites() winddown.Requisites { return winddown.Requisites(r) }

const sqlCaseRequisites = `-- name: CaseRequisites
select g.legal_name, g.inn, g.kpp, g.address, g.phone, g.signer, g.authority
from cases c join firms g on g.id = c.firm_id
where c.id = @case and ` + caseScope

const sqlSaveRequisites = `-- name: SaveRequisites
update firms set legal_name = @legal_name, inn = @inn, kpp = @kpp, address = @address, phone = @phone, signer = @signer,
    authority = @authority
where id = @firm`

// SaveRequisites writes the requisites of a locked firm.
func (tx *Tx) SaveRequisites(f *winddown.Firm) {
	r := f.Requisites
	tx.writeFirm(f.ID, sqlSaveRequisites, namedArgs{
		"firm": f.ID, "legal_name": r.LegalName, "inn": r.INN, "kpp": r.KPP, "address": r.Address, "phone": r.Phone,
		"signer": r.Signer, "authority": r.Authority,
	})
}

const sqlSavePractice = `-- name: SavePractice
update firms set chase_days = @chase_days, days_off = @days_off, days_worked = @days_worked, acting = @acting, texts = @texts
where id = @firm`

// SavePractice writes what a locked firm has settled.
func (tx *Tx) SavePractice(f *winddown.Firm) {
	p := f.Practice
	tx.writeFirm(f.ID, sqlSavePractice, namedArgs{
		"firm": f.ID, "chase_days": append([]int{}, p.Chase...), "days_off": dates(p.Off), "days_worked": dates(p.Worked), "acting": p.Acting,
		"texts": p.Texts,
	})
}

// Cases that do not wait for an act may begin to while the lock is waited for: all that are not
// finished are locked, and those that wait are read afterwards.
const sqlLockOpenCases = `-- name: LockOpenCases
select c.id from cases c where c.firm_id = @firm and c.stage <> 'finished' and ` + caseScope + `
order by c.id
for no key update of c`

const waitingOfFirm = `c.firm_id = @firm and c.stage <> 'finished' and ` + caseScope + `
  and exists (select from acts w where w.case_id = c.id and w.requested_on is not null and w.received_on is null)`

const sqlWaitingOfFirm = `-- name: WaitingOfFirm` + caseSelect + `
where ` + waitingOfFirm

const sqlWaitingSteps = `-- name: WaitingSteps
select s.case_id, ` + stepColumns + `
from case_steps s join cases c on c.id = s.case_id
where ` + waitingOfFirm

const sqlWaitingActs = `-- name: WaitingActs
select a.case_id, ` + actColumns + `
from acts a join cases c on c.id = a.case_id
where ` + waitingOfFirm + `
order by a.position, a.round`

const sqlWaitingDeadlines = `-- name: WaitingDeadlines
select d.case_id, ` + deadlineColumns + `
from deadlines d join cases c on c.id = d.case_id
where ` + waitingOfFirm + `
order by d.number`

type stepOfCase struct {
	CaseID winddown.ID
	stepRow
}

type actOfCase struct {
	CaseID winddown.ID
	actRow
}

type deadlineOfCase struct {
	CaseID winddown.ID
	deadlineRow
}

// LockWaitingCases holds all unfinished cases of a locked firm and returns those that wait for
// an act, after what was written to the firm before.
func (tx *Tx) LockWaitingCases(ctx context.Context, firm winddown.ID) ([]*winddown.Case, error) {
	var rows []caseRow
	var steps []stepOfCase
	var acts []actOfCase
	var deadlines []deadlineOfCase
	args := namedArgs{"firm": firm, "actor": tx.actor.UserID}
	err := tx.read(ctx, func(b *pgx.Batch) {
		b.Queue(sqlLockOpenCases, args)
		b.Queue(sqlWaitingOfFirm, args).Query(collect(&rows))
		b.Queue(sqlWaitingSteps, args).Query(collect(&steps))
		b.Queue(sqlWaitingActs, args).Query(collect(&acts))
		b.Queue(sqlWaitingDeadlines, args).Query(collect(&deadlines))
	})
	if err != nil {
		return nil, err
	}
	stepsOf, actsOf, deadlinesOf := map[winddown.ID][]stepRow{}, map[winddown.ID][]actRow{}, map[winddown.ID][]deadlineRow{}
	for _, s := range steps {
		stepsOf[s.CaseID] = append(stepsOf[s.CaseID], s.stepRow)
	}
	for _, a := range acts {
		actsOf[a.CaseID] = append(actsOf[a.CaseID], a.actRow)
	}
	for _, d := range deadlines {
		deadlinesOf[d.CaseID] = append(deadlinesOf[d.CaseID], d.deadlineRow)
	}
	var all []*winddown.Case
	for _, r := range rows {
		c, err := r.domain(stepsOf[r.ID], actsOf[r.ID], deadlinesOf[r.ID])
		if err != nil {
			return nil, err
		}
		tx.hold(winddown.Stream{Kind: winddown.CaseStream, ID: c.ID}, r.EventSeq, r.EventHash)
		all = append(all, c)
	}
	return all, nil
}

const sqlRedateCases = `-- name: RedateCases
update cases c set overdue_on = coalesce(n.overdue_on, 'infinity'), due_on = coalesce(n.due_on, 'infinity'), due_kind = n.due_kind
from unnest(@ids::uuid[], @overdue_on::date[], @due_on::date[], @due_kind::text[]) as n (id, overdue_on, due_on, due_kind)
where c.id = n.id`

// Of what is due only the reminders of acts depend on what a firm settles.
const sqlForgetChases = `-- name: ForgetChases
delete from dues d where d.case_id = any(@ids::uuid[]) and d.kind = 'chase'`

const sqlNoteChases = `-- name: NoteChases
insert into dues (case_id, kind, number, act, on_date)
select n.case_id, 'chase', 0, n.act, n.on_date
from unnest(@cases::uuid[], @acts::integer[], @days::date[]) as n (case_id, act, on_date)`

// RedateCases writes the deadlines of cases that LockWaitingCases returned, counted by a calendar.
// The event is the firm's: nobody did anything to the cases.
func (tx *Tx) RedateCases(cases []*winddown.Case, cal winddown.Calendar) {
	var held []winddown.Picked
	var overdue, due []winddown.Date
	var kinds []string
	var chased []winddown.ID
	var acts []int
	var days []winddown.Date
	for _, c := range cases {
		s := winddown.Summarize(c, cal)
		for _, d := range c.Dues(cal) {
			if d.Kind == winddown.DueChase {
				chased, acts, days = append(chased, c.ID), append(acts, d.Act), append(days, d.On)
			}
		}
		held, overdue, due, kinds = append(held, winddown.Picked{ID: c.ID}), append(overdue, s.OverdueOn), append(due, s.DueOn), append(kinds, string(s.Due))
	}
	ids := tx.lockedIDs(held)
	if len(ids) == 0 {
		return
	}
	tx.write(sqlRedateCases, namedArgs{"ids": ids, "overdue_on": overdue, "due_on": due, "due_kind": kinds})
	tx.write(sqlForgetChases, namedArgs{"ids": ids})
	tx.write(sqlNoteChases, namedArgs{"cases": chased, "acts": acts, "days": days})
}
