package postgres

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"winddown/internal/winddown"
)

// registerRows are the cases an accountant is responsible for, each with today in its own
// zone and the number of its group. The order of the branches is that of
// winddown.Summary.Group; a test compares the two.
const registerRows = `
with mine as (
    select c.*, (@now::timestamptz at time zone c.zone)::date as today
    from cases c
    where c.responsible_id = @actor
), r as (
    select mine.*, case
        when stage = 'finished' then 8
        when stage = 'problem' or burn_on <= today then 0
        when stage = 'ready' then 1
        when stage = 'waiting' and overdue_on <= today then 2
        when stage = 'received' then 3
        when stage = 'debt' then 4
        when stage = 'finish' then 5
        when stage = 'waiting' then 6
        else 7 end as grp
    from mine
)`

// registerWhere is the filter; an empty list filters nothing.
const registerWhere = `
where (@finished or r.grp <> 8)
  and (cardinality(@acts::text[]) = 0 or r.act_state = any(@acts::text[]))
  and (cardinality(@groups::int[]) = 0 or r.grp = any(@groups::int[]))
  and (cardinality(@patterns::text[]) = 0 or r.search_text like all(@patterns::text[]))
  and (not @due_any
    or @due_overdue and r.due_on < r.today
    or @due_7 and r.due_on between r.today and r.today + 7
    or @due_30 and r.due_on between r.today and r.today + 30)`

const sqlRegisterCounts = `-- name: RegisterCounts` + registerRows + `
select r.grp, count(*) as n from r` + registerWhere + `
group by r.grp`

const sqlRegisterSentence = `-- name: RegisterSentence` + registerRows + `
select count(*) filter (where r.grp <> 8 and r.act_state <> 'not_requested') as requested,
       count(*) filter (where r.grp = 1) as ready,
       count(*) filter (where r.grp <> 8) as open,
       count(*) filter (where r.grp = 8 and r.problem <> '') as returned,
       count(*) as total
from r`

const registerSelect = registerRows + `
select r.id, r.seller_name, r.inn, r.cabinet, r.zone, r.finished_on, r.name_key, r.act_state, r.act_on, r.act_ticket, r.stage,
       r.burn_on, r.overdue_on, r.due_on, r.due_kind, r.problem, r.blocker, r.ball, r.ball_on, r.steps_done,
       r.steps_needed, r.balance, r.waived, r.questions, r.grp, (r.changed_at at time zone r.zone)::date as changed_on, u.name as responsible
from r left join users u on u.id = r.responsible_id` + registerWhere

// The pages of the register, one statement per sort and direction. The first key is
// the group, then a date (for the name sorts always infinity), the name's key and the id.
const (
	registerByDate = `
  and (@group::int < 0 or r.grp > @group::int
    or r.grp = @group::int and (r.due_on, r.name_key, r.id) > (@date::date, @name, @id))
order by r.grp, r.due_on, r.name_key, r.id
limit @limit`
	registerByDateBack = `
  and (r.grp < @group::int
    or r.grp = @group::int and (r.due_on, r.name_key, r.id) < (@date::date, @name, @id))
order by r.grp desc, r.due_on desc, r.name_key desc, r.id desc
limit @limit`
	registerByDateDesc = `
  and (@group::int < 0 or r.grp > @group::int
    or r.grp = @group::int and (r.due_on, r.name_key, r.id) < (@date::date, @name, @id))
order by r.grp, r.due_on desc, r.name_key desc, r.id desc
limit @limit`
	registerByDateDescBack = `
  and (r.grp < @group::int
    or r.grp = @group::int and (r.due_on, r.name_key, r.id) > (@date::date, @name, @id))
order by r.grp desc, r.due_on, r.name_key, r.id
limit @limit`
)

// registerSQL returns the statement of a sort and direction. All parts are constants.
func registerSQL(sort winddown.RegisterSort, back bool) string {
	column, desc := strings.CutPrefix(string(sort), "-")
	tail := registerByDate
	switch {
	case desc && back:
		tail = registerByDateDescBack
	case desc:
		tail = registerByDateDesc
	case back:
		tail = registerByDateBack
	}
	switch column {
	case string(winddown.SortAct):
		tail = strings.ReplaceAll(tail, "r.due_on", "r.act_on")
	case string(winddown.SortName):
		tail = strings.ReplaceAll(tail, "r.due_on", "'infinity'::date")
	}
	return "-- name: Register" + registerSelect + tail
}

type registerRow struct {
	ID          winddown.ID
	SellerName  string
	INN         string
	Cabinet     string
	Zone        string
	FinishedOn  winddown.Date
	NameKey     []byte
	ActState    string
	ActOn       winddown.Date
	ActTicket   string
	Stage       string
	BurnOn      winddown.Date
	OverdueOn   winddown.Date
	DueOn       winddown.Date
	DueKind     string
	Problem     string
	Blocker     string
	Ball        string
	BallOn      winddown.Date
	StepsDone   int
	StepsNeeded int
	Balance     int64
	Waived      bool
	Questions   int
	Grp         int
	ChangedOn   winddown.Date
	Responsible *string
}

func (r registerRow) domain(sort winddown.RegisterSort) winddown.RegisterRow {
	row := winddown.RegisterRow{
		ID: r.ID, Seller: winddown.Seller{Name: r.SellerName, INN: r.INN, Cabinet: r.Cabinet}, Zone: r.Zone,
		Group: winddown.Groups()[r.Grp], ChangedOn: r.ChangedOn, FinishedOn: r.FinishedOn,
		Summary: winddown.Summary{
			Act: winddown.ActState(r.ActState), ActOn: r.ActOn, Ticket: r.ActTicket, Stage: winddown.Group(r.Stage),
			BurnOn: r.BurnOn, OverdueOn: r.OverdueOn, DueOn: r.DueOn, Due: winddown.DueKind(r.DueKind),
			Problem: winddown.ProblemKind(r.Problem), Blocker: winddown.Code(r.Blocker), Ball: winddown.Ball(r.Ball),
			BallOn: r.BallOn, Done: r.StepsDone, Needed: r.StepsNeeded, Balance: winddown.Money(r.Balance), Waived: r.Waived,
			Questions: r.Questions,
		},
		Cursor: winddown.Cursor{Group: r.Grp, Date: "infinity", Name: r.NameKey, ID: r.ID},
	}
	if r.Responsible != nil {
		row.Responsible = *r.Responsible
	}
	var key winddown.Date
	switch strings.TrimPrefix(string(sort), "-") {
	case string(winddown.SortDeadline):
		key = r.DueOn
	case string(winddown.SortAct):
		key = r.ActOn
	}
	if !key.IsZero() {
		row.Cursor.Date = key.String()
	}
	return row
}

// Register returns a page of the cases the actor is responsible for, with the figures
// around it, in one round trip.
func (db *DB) Register(ctx context.Context, actor winddown.Actor, f winddown.RegisterFilter, now time.Time) (winddown.Register, error) {
	reg := winddown.Register{Counts: map[winddown.Group]int{}}
	var rows []registerRow
	filter := registerArgs(actor, f, now)
	page := pgx.StrictNamedArgs{
		"group": -1, "date": "infinity", "name": []byte{}, "id": winddown.ID{}, "limit": winddown.RegisterPageSize + 1,
	}
	back := false
	if cur := f.Cursor; cur != nil {
		page["group"], page["date"], page["name"], page["id"] = cur.Group, cur.Date, cur.Name, cur.ID
		back = cur.Before
	}
	for k, v := range filter {
		page[k] = v
	}
	err := db.snapshot(ctx, func(b *pgx.Batch) {
		b.Queue(sqlRegisterSentence, pgx.StrictNamedArgs{"actor": actor.UserID, "now": now}).QueryRow(func(r pgx.Row) error {
			return r.Scan(&reg.Requested, &reg.Ready, &reg.Open, &reg.Returned, &reg.Total)
		})
		b.Queue(sqlRegisterCounts, filter).Query(func(r pgx.Rows) error {
			var grp, n int
			_, err := pgx.ForEachRow(r, []any{&grp, &n}, func() error {
				reg.Counts[winddown.Groups()[grp]] = n
				return nil
			})
			return err
		})
		b.Queue(registerSQL(f.Sort, back), page).Query(collect(&rows))
	})
	if err != nil {
		return winddown.Register{}, err
	}
	more := len(rows) > winddown.RegisterPageSize
	if more {
		rows = rows[:winddown.RegisterPageSize]
	}
	if back {
		slices.Reverse(rows)
	}
	for _, r := range rows {
		reg.Rows = append(reg.Rows, r.domain(f.Sort))
	}
	reg.HasNext, reg.HasPrevious = more, f.Cursor != nil
	if back {
		reg.HasNext, reg.HasPrevious = true, more
	}
	return reg, nil
}

func registerArgs(actor winddown.Actor, f winddown.RegisterFilter, now time.Time) pgx.StrictNamedArgs {
	acts, groups, patterns := []string{}, []int{}, []string{}
	for _, a := range f.Acts {
		acts = append(acts, string(a))
	}
	for _, g := range f.Groups {
		groups = append(groups, slices.Index(winddown.Groups(), g))
	}
	escape := strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)
	for _, word := range strings.Fields(fold(f.Query)) {
		patterns = append(patterns, "%"+escape.Replace(word)+"%")
	}
	return pgx.StrictNamedArgs{
		"actor": actor.UserID, "now": now, "finished": f.Finished, "acts": acts, "groups": groups, "patterns": patterns,
		"due_any":     len(f.Due) > 0,
		"due_overdue": slices.Contains(f.Due, winddown.DueOverdue),
		"due_7":       slices.Contains(f.Due, winddown.Due7),
		"due_30":      slices.Contains(f.Due, winddown.Due30),
	}
}
