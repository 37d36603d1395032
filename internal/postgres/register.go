package postgres

import (
	"bytes"
	"cmp"
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
const (
	registerOwn  = `c.responsible_id = @actor and c.firm_id = @firm`
	registerFirm = `c.firm_id = @firm`
)

// registerDay is the day in a case's own zone; most are in the same, whose day is looked up once.
const registerDay = `case c.zone when @zone then @today::date else (@now::timestamptz at time zone c.zone)::date end`

// registerGroup is the number of a case's group: that of its stage, unless one of its dates has
// come. It says what winddown.Summary.Group says; a test compares the two.
const registerGroup = `case
        when stage_no in (0, 8) then stage_no
        when burn_on <= today then 0
        when stage_no = 6 and overdue_on <= today then 2
        else stage_no end`

// registerFrom returns the cases of a scope under a search of so many words, each with its day
// and its group. «offset 0» has them worked out once a case, and not anew wherever they are
// mentioned.
func registerFrom(scope string, words int) string {
	return `
with mine as (
    select c.*, ` + registerDay + ` as today
    from cases c
    where ` + scope + registerSearch(words) + `
    offset 0
), r as (
    select mine.*, ` + registerGroup + ` as grp
    from mine
    offset 0
)`
}

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

// The cases of a scope that are in another group than the one they were written in, because one of
// their dates has come: their goods burn, or their act is overdue. Few are; each kind has an index. What has
// come or is still to come in every zone is not asked for its own.
const (
	registerBurning = ` and c.burn_on <= @latest::date and c.burn_on < 'infinity' and c.stage_no not in (0, 8)
    and (c.burn_on <= @earliest::date or c.burn_on <= ` + registerDay + `)`
	registerOverdue = ` and c.overdue_on <= @latest::date and c.stage_no = 6
    and (c.overdue_on <= @earliest::date or c.overdue_on <= ` + registerDay + `) and (c.burn_on > @latest::date or c.burn_on > ` + registerDay + `)`
)

// registerReached are the groups those cases are in.
var registerReached = []reachedGroup{{0, registerBurning}, {2, registerOverdue}}

// reachedGroup is the number of a group and the condition of those whose date has brought them there, or
// their statement.
type reachedGroup struct {
	no  int
	sql string
}

// registerColumns are what the page shows of a case.
const registerColumns = `c.id, c.seller_name, c.inn, c.cabinet, c.zone, c.finished_on, c.name_key, c.act_state, c.act_on, c.act_ticket, c.stage,
       c.burn_on, c.overdue_on, c.due_on, c.due_kind, c.problem, c.blocker, c.ball, c.ball_on, c.steps_done,
       c.steps_needed, c.balance, c.waived, c.questions, c.erase_at, c.changed_at, c.responsible_id`

// The pages of the register, one statement per sort and direction. The first key is
// the group, then a date (for the name sorts always infinity), the name's key and the id.
const (
	registerAfter = `
  and (@group::int < 0 or r.grp > @group::int
    or r.grp = @group::int and (r.due_on, r.name_key, r.id) > (@date::date, @name, @id))`
	registerBefore = `
  and (r.grp < @group::int
    or r.grp = @group::int and (r.due_on, r.name_key, r.id) < (@date::date, @name, @id))`
	registerAfterDesc = `
  and (@group::int < 0 or r.grp > @group::int
    or r.grp = @group::int and (r.due_on, r.name_key, r.id) < (@date::date, @name, @id))`
	registerBeforeDesc = `
  and (r.grp < @group::int
    or r.grp = @group::int and (r.due_on, r.name_key, r.id) > (@date::date, @name, @id))`

	registerOrder = `
order by r.grp, r.due_on, r.name_key, r.id`
	registerOrderBack = `
order by r.grp desc, r.due_on desc, r.name_key desc, r.id desc`
	registerOrderDesc = `
order by r.grp, r.due_on desc, r.name_key desc, r.id desc`
	registerOrderDescBack = `
order by r.grp desc, r.due_on, r.name_key, r.id`
)

// registerSearch returns the conditions for a search of so many words. All parts are constants.
func registerSearch(words int) string {
	return strings.Join([]string{registerWord1, registerWord2, registerWord3, registerWord4, registerWord5, registerWord6}[:words], "")
}

// sqlRegisterInOrder has the index read in its order, which ends with the page. The planner takes
// the filter for stricter than it is, and would read a portfolio whole and sort it; nor is there
// anything to plan anew for each reader.
const sqlRegisterInOrder = `-- name: RegisterInOrder
select set_config('enable_bitmapscan', 'off', true), set_config('enable_seqscan', 'off', true),
       set_config('plan_cache_mode', 'force_generic_plan', true)`

// registerPageSQL returns a page of the cases none of whose dates have come, in the usual order: that
// of the index. All parts are constants.
func registerPageSQL(scope string, narrows, back bool) string {
	place, order := " > ", registerOrder
	if back {
		place, order = " < ", registerOrderBack
	}
	return "-- name: RegisterPage\nselect " + registerColumns + `, c.stage_no as grp
from cases c where ` + scope + `
  and (c.stage_no, c.due_on, c.name_key, c.id)` + place + `(@group::int, @date::date, @name, @id) and c.stage_no <= @last
  and (c.stage_no in (0, 8) or c.burn_on > @latest::date or c.burn_on > ` + registerDay + `)
  and (c.stage_no <> 6 or c.overdue_on > @latest::date or c.overdue_on > ` + registerDay + ")" +
		registerLeft("c.stage_no", narrows) + ofCases("c.stage_no", order) + `
limit @limit`
}

// registerReachedSQL returns a page of the cases that are in a group because their date has come, in
// the order of the page: which they are is read from the index alone. All parts are constants.
func registerReachedSQL(scope string, reached reachedGroup, narrows, back bool) string {
	place, order, group := " > ", "order by c.due_on, c.name_key, c.id", strconv.Itoa(reached.no)
	if back {
		place, order = " < ", "order by c.due_on desc, c.name_key desc, c.id desc"
	}
	return "-- name: RegisterReached\nselect " + strings.ReplaceAll(registerColumns, "c.", "r.") + ", " + group + ` as grp
from (select c.id, c.due_on, c.name_key
    from cases c where ` + scope + reached.sql + `
      and (` + group + `, c.due_on, c.name_key, c.id)` + place + `(@group::int, @date::date, @name, @id)` +
		registerLeft(group, narrows) + `
    ` + order + `
    limit @limit
) k join cases r on r.id = k.id
` + strings.ReplaceAll(order, "c.", "k.")
}

// registerLeft is what the filter leaves of cases in a group: the archive or what is not in it.
func registerLeft(group string, narrows bool) string {
	left := `
  and (c.archived_at is not null) = @archive`
	if narrows {
		left += ofCases(group, registerWhere)
	}
	return left
}

// ofCases says of cases themselves what is said of rows that have a day and a group.
func ofCases(group, sql string) string {
	return strings.NewReplacer("r.today", registerDay, "r.grp", group, "r.", "c.").Replace(sql)
}

// registerSQL returns the statement of a scope, sort and direction under a search of so many
// words. All parts are constants.
func registerSQL(scope string, words int, sort winddown.RegisterSort, back bool) string {
	column, desc := strings.CutPrefix(string(sort), "-")
	place, order := registerAfter, registerOrder
	switch {
	case desc && back:
		place, order = registerBeforeDesc, registerOrderDescBack
	case desc:
		place, order = registerAfterDesc, registerOrderDesc
	case back:
		place, order = registerBefore, registerOrderBack
	}
	switch column {
	case string(winddown.SortAct):
		place, order = strings.ReplaceAll(place, "r.due_on", "r.act_on"), strings.ReplaceAll(order, "r.due_on", "r.act_on")
	case string(winddown.SortName):
		place, order = strings.ReplaceAll(place, "r.due_on", "'infinity'::date"), strings.ReplaceAll(order, "r.due_on", "'infinity'::date")
	}
	return "-- name: Register" + registerFrom(scope, words) + "\nselect " + strings.ReplaceAll(registerColumns, "c.", "r.") + ", r.grp\nfrom r" +
		registerShown + registerWhere + place + order + "\nlimit @limit"
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
	EraseAt     *time.Time
	Grp         int
	ChangedAt   time.Time

	ResponsibleID winddown.ID
}

func (r *registerRow) domain(sort winddown.RegisterSort, names map[winddown.ID]string) winddown.RegisterRow {
	row := winddown.RegisterRow{
		ID: r.ID, Seller: winddown.Seller{Name: r.SellerName, INN: r.INN, Cabinet: r.Cabinet}, Zone: r.Zone,
		Group: winddown.Groups()[r.Grp], ChangedOn: winddown.Today(r.ChangedAt, r.Zone), EraseAt: timeOf(r.EraseAt), FinishedOn: r.FinishedOn,
		Summary: winddown.Summary{
			Act: winddown.ActState(r.ActState), ActOn: r.ActOn, Ticket: r.ActTicket, Stage: winddown.Group(r.Stage),
			BurnOn: r.BurnOn, OverdueOn: r.OverdueOn, DueOn: r.DueOn, Due: winddown.DueKind(r.DueKind),
			Problem: winddown.ProblemKind(r.Problem), Blocker: winddown.Code(r.Blocker), Ball: winddown.Ball(r.Ball),
			BallOn: r.BallOn, Done: r.StepsDone, Needed: r.StepsNeeded, Balance: winddown.Money(r.Balance), Waived: r.Waived,
			Questions: r.Questions,
		},
		Cursor: winddown.Cursor{Group: r.Grp, Date: "infinity", Name: r.NameKey, ID: r.ID}, Responsible: names[r.ResponsibleID],
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

const sqlCalled = `-- name: Called
select c.id, c.seller_name from cases c where c.id = any(@called::uuid[]) and ` + caseScope

type calledRow struct {
	ID         winddown.ID
	SellerName string
}

// Register returns a page of the cases the actor sees in the firm he works in, with the
// figures around it, in one round trip. A filter by somebody who does not belong to the firm
// is NotFound. Called are cases whose names are wanted, whatever the filter.
func (db *DB) Register(ctx context.Context, actor winddown.Actor, f winddown.RegisterFilter, now time.Time, called ...winddown.ID) (winddown.Register, error) {
	reg := winddown.Register{Counts: map[winddown.Group]int{}}
	rows := registerRows{back: f.Cursor != nil && f.Cursor.Before}
	var people []firmPersonRow
	var views viewsQuery
	var names []calledRow
	scope := registerOwn
	if actor.FirmRole.SeesFirm() {
		scope = registerFirm
	}
	filter, words := registerArgs(actor, f, now)
	place := namedArgs{
		"group": -1, "date": "infinity", "name": []byte{}, "id": winddown.ID{}, "limit": winddown.RegisterPageSize + 1,
	}
	if cur := f.Cursor; cur != nil {
		place["group"], place["date"], place["name"], place["id"] = cur.Group, cur.Date, cur.Name, cur.ID
	}
	inOrder := f.Sort == winddown.SortDeadline && words == 0 && len(f.Only) == 0
	figures := registerFigures{}
	err := db.snapshot(ctx, func(b *pgx.Batch) {
		if inOrder {
			queueInOrder(b, actor, f, now, filter, place, &rows)
		} else {
			args := maps.Clone(filter)
			maps.Copy(args, place)
			maps.Copy(args, shownArgs(f))
			b.Queue(registerSQL(scope, words, f.Sort, rows.back), args).Query(rows.read)
		}
		figures.queue(b, scope, words, filter, actor, f, now)
		b.Queue(sqlFirmPeople, namedArgs{"firm": actor.FirmID, "actor": actor.UserID}).Query(collect(&people))
		views.queue(b, actor.UserID)
		if len(called) > 0 {
			b.Queue(sqlCalled, namedArgs{"called": called, "actor": actor.UserID}).Query(collect(&names))
		}
	})
	if err != nil {
		return winddown.Register{}, err
	}
	if len(names) > 0 {
		reg.Called = map[winddown.ID]string{}
	}
	for _, r := range names {
		reg.Called[r.ID] = r.SellerName
	}
	figures.tell(&reg, f)
	reg.Members, reg.Views = members(people), views.result(actor.UserID)
	if err := knownMember(f, people); err != nil {
		return winddown.Register{}, err
	}
	shown, more := rows.page()
	responsible := namesOf(people)
	reg.Rows = make([]winddown.RegisterRow, len(shown))
	for i, row := range shown {
		reg.Rows[i] = row.domain(f.Sort, responsible)
	}
	reg.HasNext, reg.HasPrevious = more, f.Cursor != nil
	if rows.back {
		reg.HasNext, reg.HasPrevious = true, more
	}
	return reg, nil
}

// queueInOrder reads a page in the usual order: of the cases whose dates have not come, which stand in
// the index in that order, and of those that have moved to another group since they were written. The
// first rows of both together are the page.
func queueInOrder(b *pgx.Batch, actor winddown.Actor, f winddown.RegisterFilter, now time.Time, filter, place namedArgs, rows *registerRows) {
	sql := registerInOrder[inOrder{actor.FirmRole.SeesFirm(), f.Narrows(), rows.back}]
	args := registerScope(actor, now)
	if f.Narrows() {
		args = maps.Clone(filter)
	}
	maps.Copy(args, place)
	args["archive"], args["latest"] = f.Archive, winddown.LatestToday(now)
	reached := maps.Clone(args)
	reached["earliest"] = winddown.EarliestToday(now)
	args["last"] = len(winddown.Groups()) - 1
	if !f.Finished && !f.Archive {
		args["last"] = len(winddown.Groups()) - 2 // without the finished ones
	}
	b.Queue(sqlRegisterInOrder)
	groups := slices.Clone(sql.reached)
	if rows.back {
		slices.Reverse(groups)
	}
	for _, g := range groups {
		if f.Cursor == nil || rows.back && f.Cursor.Group >= g.no || !rows.back && f.Cursor.Group <= g.no {
			b.Queue(g.sql, reached).Query(rows.readMoved)
		}
	}
	b.Queue(sql.page, args).Query(rows.read)
}

// registerRows are the rows of a page and one more, from the place on and, when back, before it.
type registerRows struct {
	back  bool
	moved []*registerRow // those that have moved to another group and are not among the rows yet, in the order of the page
	rows  []*registerRow
}

// readMoved reads cases that have moved to another group, which come before the others' are read.
func (q *registerRows) readMoved(r pgx.Rows) error {
	return eachRow(r, func(row *registerRow) bool {
		kept := *row
		q.moved = append(q.moved, &kept)
		return true
	})
}

// read merges those that have moved with the rows, of which no more are read than are shown.
func (q *registerRows) read(r pgx.Rows) error {
	const enough = winddown.RegisterPageSize + 1
	q.rows = make([]*registerRow, 0, enough)
	err := eachRow(r, func(row *registerRow) bool {
		for len(q.moved) > 0 && len(q.rows) < enough && q.back == (q.moved[0].compare(row) > 0) {
			q.rows, q.moved = append(q.rows, q.moved[0]), q.moved[1:]
		}
		if len(q.rows) < enough {
			kept := *row
			q.rows = append(q.rows, &kept)
		}
		return len(q.rows) < enough
	})
	q.rows = append(q.rows, q.moved[:min(len(q.moved), enough-len(q.rows))]...)
	return err
}

// page are the rows that are shown, from the first to the last, and whether there are more beyond.
func (q *registerRows) page() (shown []*registerRow, more bool) {
	shown, more = q.rows, len(q.rows) > winddown.RegisterPageSize
	if more {
		shown = shown[:winddown.RegisterPageSize]
	}
	if q.back {
		slices.Reverse(shown)
	}
	return shown, more
}

// inOrder is what the statements of a page in the usual order depend on.
type inOrder struct{ firm, narrows, back bool }

type inOrderSQL struct {
	page    string
	reached []reachedGroup // with the statement of each
}

// registerInOrder are those statements, put together once and not anew for each reader.
var registerInOrder = func() map[inOrder]inOrderSQL {
	all := map[inOrder]inOrderSQL{}
	for _, narrows := range []bool{false, true} {
		for _, back := range []bool{false, true} {
			for firm, scope := range map[bool]string{false: registerOwn, true: registerFirm} {
				sql := inOrderSQL{page: registerPageSQL(scope, narrows, back)}
				for _, grp := range registerReached {
					sql.reached = append(sql.reached, reachedGroup{grp.no, registerReachedSQL(scope, grp, narrows, back)})
				}
				all[inOrder{firm, narrows, back}] = sql
			}
		}
	}
	return all
}()

// compare tells which of two rows comes first in the usual order.
func (r *registerRow) compare(other *registerRow) int {
	return cmp.Or(cmp.Compare(r.Grp, other.Grp), compareDates(r.DueOn, other.DueOn), bytes.Compare(r.NameKey, other.NameKey), bytes.Compare(r.ID[:], other.ID[:]))
}

// compareDates puts a date that is not set after all others, as the database does with infinity.
func compareDates(a, b winddown.Date) int {
	switch {
	case a == b:
		return 0
	case a.IsZero() || !b.IsZero() && b.Before(a):
		return 1
	}
	return -1
}

// namesOf are the names of a firm's people: whoever is responsible for a case is one of them.
func namesOf(people []firmPersonRow) map[winddown.ID]string {
	names := make(map[winddown.ID]string, len(people))
	for _, p := range people {
		names[p.ID] = p.Name
	}
	return names
}

// knownMember returns NotFound for a filter by a person who is none of the firm's people.
func knownMember(f winddown.RegisterFilter, people []firmPersonRow) error {
	if id := f.Responsible.ID; !id.IsZero() && !slices.ContainsFunc(people, func(p firmPersonRow) bool { return p.ID == id }) {
		return &winddown.Error{Kind: winddown.NotFound, Key: "error.not_found"}
	}
	return nil
}

// registerScope are the arguments of the actor's scope and of the day.
func registerScope(actor winddown.Actor, now time.Time) namedArgs {
	args := namedArgs{"firm": actor.FirmID, "now": now, "zone": winddown.DefaultZone, "today": winddown.Today(now, winddown.DefaultZone)}
	if !actor.FirmRole.SeesFirm() {
		args["actor"] = actor.UserID
	}
	return args
}

// shownArgs are the arguments of what is shown of what the filter leaves.
func shownArgs(f winddown.RegisterFilter) namedArgs {
	return namedArgs{"finished": f.Finished, "archive": f.Archive, "only": append([]winddown.ID{}, f.Only...)}
}

// registerArgs are the arguments of the filter, but for what is shown of what it leaves, and
// the number of words that are searched.
func registerArgs(actor winddown.Actor, f winddown.RegisterFilter, now time.Time) (namedArgs, int) {
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
	maps.Copy(args, namedArgs{
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
