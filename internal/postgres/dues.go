package postgres

import (
	"context"
	"maps"
	"time"

	"github.com/jackc/pgx/v5"

	"winddown/internal/winddown"
)

const sqlForgetDues = `-- name: ForgetDues
delete from dues d
where d.case_id = @case and not (d.kind, d.number, d.act, d.on_date) in (
    select * from unnest(@kinds::text[], @numbers::int[], @acts::int[], @dates::date[]))`

const sqlNoteDues = `-- name: NoteDues
insert into dues (case_id, kind, number, act, on_date)
select @case, n.* from unnest(@kinds::text[], @numbers::int[], @acts::int[], @dates::date[]) n
on conflict do nothing`

func duesArgs(id winddown.ID, dues []winddown.Due) namedArgs {
	kinds, numbers, acts, dates := []string{}, []int{}, []int{}, []winddown.Date{}
	for _, d := range dues {
		kinds, numbers, acts, dates = append(kinds, string(d.Kind)), append(numbers, d.Number), append(acts, d.Act), append(dates, d.On)
	}
	return namedArgs{"case": id, "kinds": kinds, "numbers": numbers, "acts": acts, "dates": dates}
}

// saveDues writes what is due for a locked or new case; what stays as it was is not touched.
func (tx *Tx) saveDues(id winddown.ID, dues []winddown.Due) {
	args := duesArgs(id, dues)
	tx.writeCase(id, sqlForgetDues, args)
	tx.writeCase(id, sqlNoteDues, args)
}

// The list of deadlines has the scopes of the register.
const (
	duesCases = `
with mine as (
    select c.id, c.seller_name, c.inn, c.cabinet, c.name_key, c.responsible_id, c.zone, c.erase_at, ` + registerDay + ` as today
    from cases c`
	duesOwn = duesCases + `
    where c.responsible_id = @actor and c.firm_id = @firm and c.archived_at is null` + duesMine
	duesFirm = duesCases + `
    where c.firm_id = @firm and c.archived_at is null` + duesMine
)

const duesMine = `
), r as (
    select m.*, d.kind, d.number, d.act, d.on_date
    from mine m join dues d on d.case_id = m.id
    where (not @nobody or m.responsible_id is null) and (@person::uuid is null or m.responsible_id = @person::uuid)
)`

const duesWhere = `
where (@from::date is null or r.on_date >= @from::date) and (@to::date is null or r.on_date <= @to::date)
  and (not @due_any
    or @due_overdue and r.on_date < r.today
    or @due_7 and r.on_date between r.today and r.today + 7
    or @due_30 and r.on_date between r.today and r.today + 30)`

const duesDays = `
select r.on_date, count(*) as n from r where r.on_date between @first::date and @last::date group by r.on_date`

const duesCount = `
select count(*) filter (` + duesWhere + `) as matching, count(*) filter (where r.on_date < r.today) as late from r`

const duesPage = `
select r.id, r.seller_name, r.inn, r.cabinet, r.name_key, r.kind, r.number, r.act, r.on_date, r.today, r.zone, r.erase_at, coalesce(u.name, '') as responsible,
       case when r.number > 0 then (select w.what from deadlines w where w.case_id = r.id and w.number = r.number)
            else coalesce((select a.counterparty from acts a where a.case_id = r.id and a.position = r.act order by a.round desc limit 1), '')
       end as what
from r left join users u on u.id = r.responsible_id` + duesWhere + `
  and (@after::date is null or (r.on_date, r.name_key, r.id, r.kind, r.number, r.act)
     > (@after::date, @after_name::bytea, @after_case::uuid, @after_kind::text, @after_number::int, @after_act::int))
order by r.on_date, r.name_key, r.id, r.kind, r.number, r.act
limit @limit`

const (
	sqlDuesDays      = `-- name: DuesDays` + duesOwn + duesDays
	sqlDuesFirmDays  = `-- name: DuesFirmDays` + duesFirm + duesDays
	sqlDuesCount     = `-- name: DuesCount` + duesOwn + duesCount
	sqlDuesFirmCount = `-- name: DuesFirmCount` + duesFirm + duesCount
	sqlDuesPage      = `-- name: DuesPage` + duesOwn + duesPage
	sqlDuesFirmPage  = `-- name: DuesFirmPage` + duesFirm + duesPage
)

type dueRow struct {
	ID          winddown.ID
	SellerName  string
	INN         string
	Cabinet     string
	NameKey     []byte
	Kind        string
	Number      int
	Act         int
	OnDate      winddown.Date
	Today       winddown.Date
	Zone        string
	EraseAt     *time.Time
	Responsible string
	What        string
}

func (r dueRow) domain() winddown.DueRow {
	return winddown.DueRow{
		Due:  winddown.Due{Kind: winddown.DueKind(r.Kind), On: r.OnDate, What: r.What, Number: r.Number, Act: r.Act},
		Case: r.ID, Seller: winddown.Seller{Name: r.SellerName, INN: r.INN, Cabinet: r.Cabinet}, NameKey: r.NameKey, Responsible: r.Responsible, Today: r.Today,
		Zone: r.Zone, EraseAt: timeOf(r.EraseAt),
	}
}

// Dues returns a page of the deadlines of the cases the actor sees in the firm he works in,
// with the counts of the days from first to last, in one round trip. A filter by somebody who
// does not belong to the firm is NotFound.
func (db *DB) Dues(ctx context.Context, actor winddown.Actor, f winddown.DuesFilter, first, last winddown.Date, now time.Time) (winddown.Dues, error) {
	all := winddown.Dues{Days: map[winddown.Date]int{}}
	days, count, page := sqlDuesDays, sqlDuesCount, sqlDuesPage
	if actor.FirmRole.SeesFirm() {
		days, count, page = sqlDuesFirmDays, sqlDuesFirmCount, sqlDuesFirmPage
	}
	whose := registerScope(actor, now)
	whose["nobody"], whose["person"] = f.Responsible.None, f.Responsible.ID
	if f.Responsible.Me {
		whose["person"] = actor.UserID
	}
	filter := maps.Clone(whose)
	maps.Copy(filter, namedArgs{
		"from": f.From, "to": f.To, "due_any": len(f.Due) > 0, "due_overdue": f.Has(winddown.DueOverdue),
		"due_7": f.Has(winddown.Due7), "due_30": f.Has(winddown.Due30),
	})
	place := maps.Clone(filter)
	cursor := winddown.DuesCursor{}
	if f.After != nil {
		cursor = *f.After
	}
	maps.Copy(place, namedArgs{
		"after": cursor.On, "after_name": cursor.Name, "after_case": cursor.Case, "after_kind": cursor.Kind, "after_number": cursor.Number, "after_act": cursor.Act,
		"limit": winddown.DuesPageSize + 1,
	})
	strip := maps.Clone(whose)
	strip["first"], strip["last"] = first, last
	var rows []dueRow
	var firms []firmRow
	var people []firmPersonRow
	err := db.snapshot(ctx, func(b *pgx.Batch) {
		b.Queue(days, strip).Query(func(r pgx.Rows) error {
			var on winddown.Date
			var n int
			_, err := pgx.ForEachRow(r, []any{&on, &n}, func() error { all.Days[on] = n; return nil })
			return err
		})
		b.Queue(count, filter).QueryRow(func(r pgx.Row) error { return r.Scan(&all.Matching, &all.Late) })
		b.Queue(page, place).Query(collect(&rows))
		firm := namedArgs{"firm": actor.FirmID, "actor": actor.UserID}
		b.Queue(sqlFirm, firm).Query(collect(&firms))
		b.Queue(sqlFirmPeople, firm).Query(collect(&people))
	})
	if err != nil {
		return winddown.Dues{}, err
	}
	all.Members = members(people)
	for _, f := range firms {
		all.Practice = f.practice()
	}
	if err := knownMember(winddown.RegisterFilter{Responsible: f.Responsible}, people); err != nil {
		return winddown.Dues{}, err
	}
	if all.More = len(rows) > winddown.DuesPageSize; all.More {
		rows = rows[:winddown.DuesPageSize]
	}
	for _, r := range rows {
		all.Rows = append(all.Rows, r.domain())
	}
	return all, nil
}
