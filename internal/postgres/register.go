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
const (
	registerOwn  = `c.responsible_id = @actor and c.firm_id = @firm`
	registerFirm = `c.firm_id = @firm`
)

// registerToday tells each case the day in its own zone; most are in the same, whose day is
// looked up once.
const registerToday = `case c.zone when @zone then @today::date else (@now::timestamptz at time zone c.zone)::date end as today`

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
    select c.*, ` + registerToday + `
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

// registerKey packs what the sentence and the groups ask of a case into one number: counting by
// one is faster than by five.
const registerKey = ` + case when archived_at is null then 0 else 16 end + case when act_state = 'not_requested' then 0 else 32 end
       + case when problem = '' then 0 else 64 end + case when responsible_id is null then 128 else 0 end as key`

// registerAllSQL returns the figures of a whole scope: the counts that are kept, less the cases that
// have moved to another group since they were written, plus those at their new place.
func registerAllSQL(scope string) string {
	moved := func(grp, reached string) string {
		return `
        select r.stage_no` + registerKey + `, r.stage_no, ` + grp + ` as grp
        from (select c.stage_no, c.burn_on, c.overdue_on, c.archived_at, c.act_state, c.problem, c.responsible_id, ` + registerToday + `
            from cases c where ` + scope + reached
	}
	return `-- name: RegisterAll
select key, sum(n)::int as n, sum(n)::int as matching
from (
    select c.key + case when c.responsible_id is null then 128 else 0 end as key, c.n from register_counts c where ` + scope + `
    union all
    select m.key + place.added, place.n
    from (` + moved("0", ` and c.burn_on <= @latest::date and c.burn_on < 'infinity' and c.stage_no not in (0, 8)) r
        where r.burn_on <= r.today`) + `
        union all` + moved("2", ` and c.overdue_on <= @latest::date and c.stage_no = 6) r
        where r.overdue_on <= r.today and r.burn_on > r.today`) + `
    ) m, lateral (values (0, -1), (m.grp - m.stage_no, 1)) place (added, n)
) counted
group by 1`
}

// registerFiguresSQL returns the figures of a scope that a filter narrows: how many cases there are of
// each kind, and how many of them it leaves, shown or not. The sentence tells of all, so that a search
// is no part of the scope here.
func registerFiguresSQL(scope string, words int) string {
	search := strings.ReplaceAll(registerSearch(words), "c.search_text", "r.search_text")
	return "-- name: RegisterFigures" + registerFrom(scope, 0) + `
select r.grp` + registerKey + `, count(*) as n, count(*) filter (where true` + registerWhere + search + `) as matching
from r
group by 1`
}

// registerColumns are what a page reads of a case.
const registerColumns = `c.id, c.seller_name, c.inn, c.cabinet, c.zone, c.finished_on, c.name_key, c.act_state, c.act_on, c.act_ticket, c.stage,
       c.burn_on, c.overdue_on, c.due_on, c.due_kind, c.problem, c.blocker, c.ball, c.ball_on, c.steps_done,
       c.steps_needed, c.balance, c.waived, c.questions, c.responsible_id, c.archived_at, c.erase_at, c.changed_at, c.stage_no, ` + registerToday

// registerSelect is what the page shows of the rows that were picked for it.
const registerSelect = `
select r.id, r.seller_name, r.inn, r.cabinet, r.zone, r.finished_on, r.name_key, r.act_state, r.act_on, r.act_ticket, r.stage,
       r.burn_on, r.overdue_on, r.due_on, r.due_kind, r.problem, r.blocker, r.ball, r.ball_on, r.steps_done,
       r.steps_needed, r.balance, r.waived, r.questions, r.erase_at, r.grp, r.changed_at, r.responsible_id
from picked r`

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

// registerPageSQL returns a page in the usual order, read from the index: the cases whose dates
// have not come stand there in the order of the page, and a page of them is merged with a page of
// those that have moved to another group since they were written. All parts are constants.
func registerPageSQL(scope string, back bool) string {
	place, order := ">", registerOrder
	reached := "<="
	if back {
		place, order, reached = "<", registerOrderBack, ">="
	}
	inner := strings.NewReplacer("r.grp", "c.stage_no", "r.", "c.").Replace(order)
	from := func(grp string) string {
		return `
    (select r.* from (select ` + registerColumns + `, ` + grp + ` as grp
        from cases c where ` + scope
	}
	rest := registerShown + registerWhere
	return "-- name: RegisterPage\nwith picked as (" +
		from("c.stage_no") + " and (c.stage_no, c.due_on, c.name_key, c.id) " + place + " (@group::int, @date::date, @name, @id) and c.stage_no <= @last" + inner + `
        offset 0) r` + rest + `
    and (r.stage_no in (0, 8) or r.burn_on > r.today) and (r.stage_no <> 6 or r.overdue_on > r.today)` +
		strings.Replace(order, "r.grp", "r.stage_no", 1) + `
    limit @limit)
    union all` +
		from("0") + " and c.burn_on <= @latest::date and c.burn_on < 'infinity' and c.stage_no not in (0, 8) and @group::int " + reached + ` 0
        offset 0) r` + rest + `
    and r.burn_on <= r.today and (r.grp, r.due_on, r.name_key, r.id) ` + place + ` (@group::int, @date::date, @name, @id)` + order + `
    limit @limit)
    union all` +
		from("2") + " and c.overdue_on <= @latest::date and c.stage_no = 6 and @group::int " + reached + ` 2
        offset 0) r` + rest + `
    and r.overdue_on <= r.today and r.burn_on > r.today and (r.grp, r.due_on, r.name_key, r.id) ` + place + ` (@group::int, @date::date, @name, @id)` + order + `
    limit @limit)
)` + registerSelect + order + `
limit @limit`
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
	// What a row shows beside its keys is looked up for the rows of the page alone.
	return "-- name: Register" + registerFrom(scope, words) + ", picked as (\nselect r.* from r" + registerShown + registerWhere + place + order +
		"\nlimit @limit\n)" + registerSelect + order
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

func (r registerRow) domain(sort winddown.RegisterSort, names map[winddown.ID]string) winddown.RegisterRow {
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
	whose, figuresSQL := filter, registerFiguresSQL(scope, words)
	if !f.Narrows() {
		whose, figuresSQL = registerScope(actor, now), registerAllSQL(scope)
		whose["latest"] = winddown.LatestToday(now)
	}
	page := namedArgs{
		"group": -1, "date": "infinity", "name": []byte{}, "id": winddown.ID{}, "limit": winddown.RegisterPageSize + 1,
	}
	back := false
	if cur := f.Cursor; cur != nil {
		page["group"], page["date"], page["name"], page["id"] = cur.Group, cur.Date, cur.Name, cur.ID
		back = cur.Before
	}
	maps.Copy(page, filter)
	maps.Copy(page, shownArgs(f))
	sql := registerSQL(scope, words, f.Sort, back)
	inOrder := f.Sort == winddown.SortDeadline && words == 0 && len(f.Only) == 0
	if inOrder {
		sql = registerPageSQL(scope, back)
		last := len(winddown.Groups()) - 1
		if !f.Finished && !f.Archive {
			last-- // the finished cases
		}
		page["last"], page["latest"] = last, winddown.LatestToday(now)
	}
	err := db.snapshot(ctx, func(b *pgx.Batch) {
		if inOrder {
			b.Queue(sqlRegisterInOrder)
		}
		b.Queue(figuresSQL, whose).Query(func(r pgx.Rows) error { return figures(r, f, &reg) })
		b.Queue(sql, page).Query(collect(&rows))
		b.Queue(sqlFirmPeople, namedArgs{"firm": actor.FirmID, "actor": actor.UserID}).Query(collect(&people))
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
	names := namesOf(people)
	for _, r := range rows {
		reg.Rows = append(reg.Rows, r.domain(f.Sort, names))
	}
	reg.HasNext, reg.HasPrevious = more, f.Cursor != nil
	if back {
		reg.HasNext, reg.HasPrevious = true, more
	}
	return reg, nil
}

// figures adds up what the register says beside its rows.
func figures(r pgx.Rows, f winddown.RegisterFilter, reg *winddown.Register) error {
	var key, n, matching int
	_, err := pgx.ForEachRow(r, []any{&key, &n, &matching}, func() error {
		group, archived, requested, problem, nobody := winddown.Groups()[key&15], key&16 != 0, key&32 != 0, key&64 != 0, key&128 != 0
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
