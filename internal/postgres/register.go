package postgres

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"winddown/internal/winddown"
)

// The register has two scopes, each read through an index of its own. An accountant sees the
// cases of the firm he works in that he is responsible for, a lead and an admin all of them.
// registerToday tells each case the day in its own zone; most are in the same, whose day is
// looked up once.
const (
	registerToday = `
with mine as (
    select c.*, case c.zone when @zone then @today::date else (@now::timestamptz at time zone c.zone)::date end as today
    from cases c`
	registerOwn = registerToday + `
    where c.responsible_id = @actor and c.firm_id = @firm`
	registerFirm = registerToday + `
    where c.firm_id = @firm`
)

// registerGroup adds the number of a case's group. The order of the branches is that of
// winddown.Summary.Group; a test compares the two. «offset 0» has the day and the group worked
// out once a case, and not anew wherever they are mentioned.
const registerGroup = `
    offset 0
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
    offset 0
)`

// registerShown is what is shown of what the filter leaves: the archive or what is not in it,
// with the finished cases or without; or the cases that were picked for a file, whatever they are.
const registerShown = `
where (r.id = any(@only::uuid[]) or cardinality(@only::uuid[]) = 0 and (r.archived_at is not null) = @archive
    and (@finished or @archive or r.grp <> 8))`

// registerWhere is the filter; an empty list filters nothing.
const registerWhere = `
  and (cardinality(@acts::text[]) = 0 or r.act_state = any(@acts::text[]))
  and (cardinality(@groups::int[]) = 0 or r.grp = any(@groups::int[]))
  and (not @nobody or r.responsible_id is null)
  and (@person::uuid is null or r.responsible_id = @person::uuid)
  and (not @due_any
    or @due_overdue and r.due_on < r.today
    or @due_7 and r.due_on between r.today and r.today + 7
    or @due_30 and r.due_on between r.today and r.today + 30)`

// A word of the search is a list of patterns, one of which has to match: parts of words are
// found by the trigram index. The scope has as many of these conditions as there are words.
const (
	registerWord1 = `
      and c.search_text like any (@word1::text[])`
	registerWord2 = `
      and c.search_text like any (@word2::text[])`
	registerWord3 = `
      and c.search_text like any (@word3::text[])`
	registerWord4 = `
      and c.search_text like any (@word4::text[])`
	registerWord5 = `
      and c.search_text like any (@word5::text[])`
	registerWord6 = `
      and c.search_text like any (@word6::text[])`
)

// registerFigures counts what the sentence and the groups say: all cases of the scope, and those
// the filter leaves, shown or not. A search is no part of the scope here, for the sentence tells
// of all.
const registerFigures = `
select r.grp, r.archived_at is not null as archived, r.act_state <> 'not_requested' as requested, r.problem <> '' as problem,
       r.responsible_id is null as nobody, count(*) as n, count(*) filter (where true` + registerWhere + `%s) as matching
from r
group by 1, 2, 3, 4, 5`

const registerSelect = `
select r.id, r.seller_name, r.inn, r.cabinet, r.zone, r.finished_on, r.name_key, r.act_state, r.act_on, r.act_ticket, r.stage,
       r.burn_on, r.overdue_on, r.due_on, r.due_kind, r.problem, r.blocker, r.ball, r.ball_on, r.steps_done,
       r.steps_needed, r.balance, r.waived, r.questions, r.grp, (r.changed_at at time zone r.zone)::date as changed_on, u.name as responsible
from r left join users u on u.id = r.responsible_id` + registerShown + registerWhere

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

// registerSearch returns the conditions for a search of so many words. All parts are constants.
func registerSearch(words int) string {
	return strings.Join([]string{registerWord1, registerWord2, registerWord3, registerWord4, registerWord5, registerWord6}[:words], "")
}

// registerFrom returns the cases of a scope under a search of so many words, each with its day
// and its group.
func registerFrom(scope string, words int) string {
	return scope + registerSearch(words) + registerGroup
}

// registerFiguresSQL returns the figures of a scope, with those under a search of so many words.
func registerFiguresSQL(scope string, words int) string {
	search := strings.ReplaceAll(registerSearch(words), "c.search_text", "r.search_text")
	return "-- name: RegisterFigures" + registerFrom(scope, 0) + fmt.Sprintf(registerFigures, search)
}

// registerSQL returns the statement of a scope, sort and direction under a search of so many
// words. All parts are constants.
func registerSQL(scope string, words int, sort winddown.RegisterSort, back bool) string {
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
	return "-- name: Register" + registerFrom(scope, words) + registerSelect + tail
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
	var views viewsQuery
	scope := registerOwn
	if actor.FirmRole.SeesFirm() {
		scope = registerFirm
	}
	filter, words := registerArgs(actor, f, now)
	page := pgx.StrictNamedArgs{
		"group": -1, "date": "infinity", "name": []byte{}, "id": winddown.ID{}, "limit": winddown.RegisterPageSize + 1,
	}
	back := false
	if cur := f.Cursor; cur != nil {
		page["group"], page["date"], page["name"], page["id"] = cur.Group, cur.Date, cur.Name, cur.ID
		back = cur.Before
	}
	maps.Copy(page, filter)
	maps.Copy(page, shownArgs(f))
	err := db.snapshot(ctx, func(b *pgx.Batch) {
		b.Queue(registerFiguresSQL(scope, words), filter).Query(func(r pgx.Rows) error { return figures(r, f, &reg) })
		b.Queue(registerSQL(scope, words, f.Sort, back), page).Query(collect(&rows))
		b.Queue(sqlFirmPeople, pgx.StrictNamedArgs{"firm": actor.FirmID, "actor": actor.UserID}).Query(collect(&people))
		views.queue(b, actor.UserID)
	})
	if err != nil {
		return winddown.Register{}, err
	}
	reg.Members, reg.Views = members(people), views.result(actor.UserID)
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

// figures adds up what the register says beside its rows.
func figures(r pgx.Rows, f winddown.RegisterFilter, reg *winddown.Register) error {
	var grp, n, matching int
	var archived, requested, problem, nobody bool
	_, err := pgx.ForEachRow(r, []any{&grp, &archived, &requested, &problem, &nobody, &n, &matching}, func() error {
		group := winddown.Groups()[grp]
		finished := group == winddown.GroupFinished
		switch {
		case archived && !f.Archive:
			reg.HiddenArchived += matching
		case f.Archive && !archived:
			reg.HiddenCurrent += matching
		case finished && !f.Finished && !f.Archive:
			reg.HiddenFinished += matching
		case matching > 0:
			reg.Counts[group] += matching
		}
		if archived {
			reg.Archived += n
			return nil
		}
		reg.Total += n
		if nobody {
			reg.Unassigned += n
		}
		switch {
		case finished && problem:
			reg.Returned += n
		case !finished:
			reg.Open += n
			if requested {
				reg.Requested += n
			}
			if group == winddown.GroupReady {
				reg.Ready += n
			}
		}
		return nil
	})
	return err
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

// shownArgs are the arguments of what is shown of what the filter leaves.
func shownArgs(f winddown.RegisterFilter) pgx.StrictNamedArgs {
	return pgx.StrictNamedArgs{"finished": f.Finished, "archive": f.Archive, "only": append([]winddown.ID{}, f.Only...)}
}

// registerArgs are the arguments of the filter, but for what is shown of what it leaves, and
// the number of words that are searched.
func registerArgs(actor winddown.Actor, f winddown.RegisterFilter, now time.Time) (pgx.StrictNamedArgs, int) {
	acts, groups := []string{}, []int{}
	for _, a := range f.Acts {
		acts = append(acts, string(a))
	}
	for _, g := range f.Groups {
		groups = append(groups, slices.Index(winddown.Groups(), g))
	}
	person := f.Responsible.ID
	if f.Responsible.Me {
		person = actor.UserID
	}
	args := registerScope(actor, now)
	maps.Copy(args, pgx.StrictNamedArgs{
		"zone": winddown.DefaultZone, "today": winddown.Today(now, winddown.DefaultZone), "acts": acts, "groups": groups, "person": person, "nobody": f.Responsible.None,
		"due_any":     len(f.Due) > 0,
		"due_overdue": slices.Contains(f.Due, winddown.DueOverdue),
		"due_7":       slices.Contains(f.Due, winddown.Due7),
		"due_30":      slices.Contains(f.Due, winddown.Due30),
	})
	words := searchWords(f.Query, f.Similar)
	for i, patterns := range words {
		args["word"+strconv.Itoa(i+1)] = patterns
	}
	return args, len(words)
}
