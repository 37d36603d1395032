package postgres

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"winddown/internal/winddown"
)

// The register has two scopes, each read through an index of its own. An accountant sees the
// cases of the firm he works in that he is responsible for, a lead and an admin all of them.
// registerToday tells each case the day in its own zone.
const (
	registerToday = `
with mine as (
    select c.*, (@now::timestamptz at time zone c.zone)::date as today
    from cases c`
	registerOwn = registerToday + `
    where c.responsible_id = @actor and c.firm_id = @firm` + registerGroup
	registerFirm = registerToday + `
    where c.firm_id = @firm` + registerGroup
)

// registerGroup adds the number of a case's group. The order of the branches is that of
// winddown.Summary.Group; a test compares the two.
const registerGroup = `
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
  and (not @nobody or r.responsible_id is null)
  and (@person::uuid is null or r.responsible_id = @person::uuid)
  and (not @due_any
    or @due_overdue and r.due_on < r.today
    or @due_7 and r.due_on between r.today and r.today + 7
    or @due_30 and r.due_on between r.today and r.today + 30)`

const registerCounts = `
select r.grp, count(*) as n from r` + registerWhere + `
group by r.grp`

const (
	sqlRegisterCounts     = `-- name: RegisterCounts` + registerOwn + registerCounts
	sqlRegisterFirmCounts = `-- name: RegisterFirmCounts` + registerFirm + registerCounts
)

const registerSentence = `
select count(*) filter (where r.grp <> 8 and r.act_state <> 'not_requested') as requested,
       count(*) filter (where r.grp = 1) as ready,
       count(*) filter (where r.grp <> 8) as open,
       count(*) filter (where r.grp = 8 and r.problem <> '') as returned,
       count(*) as total,
       count(*) filter (where r.responsible_id is null) as unassigned
from r`

const (
	sqlRegisterSentence     = `-- name: RegisterSentence` + registerOwn + registerSentence
	sqlRegisterFirmSentence = `-- name: RegisterFirmSentence` + registerFirm + registerSentence
)

const registerSelect = `
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

// registerSQL returns the statement of a scope, sort and direction. All parts are constants.
func registerSQL(scope string, sort winddown.RegisterSort, back bool) string {
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
	return "-- name: Register" + scope + registerSelect + tail
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

// Register returns a page of the cases the actor sees in the firm he works in, with the
// figures around it, in one round trip. A filter by somebody who does not belong to the firm
// is NotFound.
func (db *DB) Register(ctx context.Context, actor winddown.Actor, f winddown.RegisterFilter, now time.Time) (winddown.Register, error) {
	reg := winddown.Register{Counts: map[winddown.Group]int{}}
	var rows []registerRow
	var people []firmPersonRow
	scope, counts, sentence := registerOwn, sqlRegisterCounts, sqlRegisterSentence
	if actor.FirmRole.SeesFirm() {
		scope, counts, sentence = registerFirm, sqlRegisterFirmCounts, sqlRegisterFirmSentence
	}
	whose := registerScope(actor, now)
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
		b.Queue(sentence, whose).QueryRow(func(r pgx.Row) error {
			return r.Scan(&reg.Requested, &reg.Ready, &reg.Open, &reg.Returned, &reg.Total, &reg.Unassigned)
		})
		b.Queue(counts, filter).Query(func(r pgx.Rows) error {
			var grp, n int
			_, err := pgx.ForEachRow(r, []any{&grp, &n}, func() error {
				reg.Counts[winddown.Groups()[grp]] = n
				return nil
			})
			return err
		})
		b.Queue(registerSQL(scope, f.Sort, back), page).Query(collect(&rows))
		b.Queue(sqlFirmPeople, pgx.StrictNamedArgs{"firm": actor.FirmID, "actor": actor.UserID}).Query(collect(&people))
	})
	if err != nil {
		return winddown.Register{}, err
	}
	reg.Members = members(people)
	if err := knownMember(f, people); err != nil {
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

// knownMember returns NotFound for a filter by a person who is none of the firm's people.
func knownMember(f winddown.RegisterFilter, people []firmPersonRow) error {
	if id := f.Responsible.ID; !id.IsZero() && !slices.ContainsFunc(people, func(p firmPersonRow) bool { return p.ID == id }) {
		return &winddown.Error{Kind: winddown.NotFound, Key: "error.not_found"}
	}
	return nil
}

// registerScope are the arguments of the actor's scope.
func registerScope(actor winddown.Actor, now time.Time) pgx.StrictNamedArgs {
	args := pgx.StrictNamedArgs{"firm": actor.FirmID, "now": now}
	if !actor.FirmRole.SeesFirm() {
		args["actor"] = actor.UserID
	}
	return args
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
	person := f.Responsible.ID
	if f.Responsible.Me {
		person = actor.UserID
	}
	args := registerScope(actor, now)
	maps.Copy(args, pgx.StrictNamedArgs{
		"finished": f.Finished, "acts": acts, "groups": groups, "patterns": patterns, "person": person, "nobody": f.Responsible.None,
		"due_any":     len(f.Due) > 0,
		"due_overdue": slices.Contains(f.Due, winddown.DueOverdue),
		"due_7":       slices.Contains(f.Due, winddown.Due7),
		"due_30":      slices.Contains(f.Due, winddown.Due30),
	})
	return args
}
