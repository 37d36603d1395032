package postgres

import (
	"context"
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
// found by the trigram index. A statement has as many of these conditions as there are words.
const (
	registerWord1 = `
  and r.search_text like any (@word1::text[])`
	registerWord2 = `
  and r.search_text like any (@word2::text[])`
	registerWord3 = `
  and r.search_text like any (@word3::text[])`
	registerWord4 = `
  and r.search_text like any (@word4::text[])`
	registerWord5 = `
  and r.search_text like any (@word5::text[])`
	registerWord6 = `
  and r.search_text like any (@word6::text[])`
)

// registerCounts counts what the filter leaves, shown or not.
const registerCounts = `
select r.grp, r.archived_at is not null as archived, count(*) as n from r where true` + registerWhere

const registerSentence = `
select count(*) filter (where r.grp <> 8 and r.act_state <> 'not_requested' and r.archived_at is null) as requested,
       count(*) filter (where r.grp = 1 and r.archived_at is null) as ready,
       count(*) filter (where r.grp <> 8 and r.archived_at is null) as open,
       count(*) filter (where r.grp = 8 and r.problem <> '' and r.archived_at is null) as returned,
       count(*) filter (where r.archived_at is null) as total,
       count(*) filter (where r.archived_at is not null) as archived,
       count(*) filter (where r.responsible_id is null and r.archived_at is null) as unassigned
from r`

const (
	sqlRegisterSentence     = `-- name: RegisterSentence` + registerOwn + registerSentence
	sqlRegisterFirmSentence = `-- name: RegisterFirmSentence` + registerFirm + registerSentence
)

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

// registerCountsSQL returns the counts of a scope under a search of so many words.
func registerCountsSQL(scope string, words int) string {
	return "-- name: RegisterCounts" + scope + registerCounts + registerSearch(words) + "\ngroup by 1, 2"
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
	return "-- name: Register" + scope + registerSelect + registerSearch(words) + tail
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
	scope, sentence := registerOwn, sqlRegisterSentence
	if actor.FirmRole.SeesFirm() {
		scope, sentence = registerFirm, sqlRegisterFirmSentence
	}
	whose := registerScope(actor, now)
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
		b.Queue(sentence, whose).QueryRow(func(r pgx.Row) error {
			return r.Scan(&reg.Requested, &reg.Ready, &reg.Open, &reg.Returned, &reg.Total, &reg.Archived, &reg.Unassigned)
		})
		b.Queue(registerCountsSQL(scope, words), filter).Query(func(r pgx.Rows) error {
			var grp, n int
			var archived bool
			_, err := pgx.ForEachRow(r, []any{&grp, &archived, &n}, func() error {
				switch group := winddown.Groups()[grp]; {
				case archived && !f.Archive:
					reg.HiddenArchived += n
				case f.Archive && !archived:
					reg.HiddenCurrent += n
				case group == winddown.GroupFinished && !f.Finished && !f.Archive:
					reg.HiddenFinished += n
				default:
					reg.Counts[group] = n
				}
				return nil
			})
			return err
		})
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
		"acts": acts, "groups": groups, "person": person, "nobody": f.Responsible.None,
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
