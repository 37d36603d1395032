package postgres

import (
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"winddown/internal/winddown"
)

// registerKey packs what the sentence and the groups ask of a case into one number: counting by
// one is faster than by five.
const registerKey = ` + case when archived_at is null then 0 else 16 end + case when act_state = 'not_requested' then 0 else 32 end
       + case when problem = '' then 0 else 64 end + case when responsible_id is null then 128 else 0 end as key`

// groupOfKey are the bits of a key that are the number of a group.
const groupOfKey = 15

// registerCountsSQL returns the counts that are kept of a whole scope, by the group each case was
// written in.
func registerCountsSQL(scope string) string {
	return `-- name: RegisterCounts
select c.key + case when c.responsible_id is null then 128 else 0 end as key, sum(c.n)::int as n
from register_counts c where ` + scope + `
group by 1`
}

// registerMovedSQL counts the cases of a scope whose dates have come (registerReached), by the group they
// are in and their key, which has the group they were written in.
func registerMovedSQL(scope string) string {
	var moved []string
	for _, grp := range registerReached {
		moved = append(moved, `
    select `+strconv.Itoa(grp.no)+` as grp, c.stage_no`+registerKey+`
    from cases c where `+scope+grp.sql)
	}
	return "-- name: RegisterMoved\nselect grp, key, count(*) as n\nfrom (" + strings.Join(moved, "\n    union all") + "\n) m\ngroup by 1, 2"
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

// registerFigures are the numbers of cases by their key, which has their group: of all, and of those that
// the filter leaves.
type registerFigures map[int]registerFigure

type registerFigure struct{ n, matching int }

func (q registerFigures) add(key, n, matching int) {
	sum := q[key]
	q[key] = registerFigure{sum.n + n, sum.matching + matching}
}

// queue asks for the figures of a scope under the filter. Those of a whole scope are the counts that
// are kept, less the cases that have moved to another group since they were written, plus those at
// their new place.
func (q registerFigures) queue(b *pgx.Batch, scope string, words int, filter namedArgs, actor winddown.Actor, f winddown.RegisterFilter, now time.Time) {
	var key, grp, n, matching int
	if f.Narrows() {
		b.Queue(registerFiguresSQL(scope, words), filter).Query(func(r pgx.Rows) error {
			_, err := pgx.ForEachRow(r, []any{&key, &n, &matching}, func() error {
				q.add(key, n, matching)
				return nil
			})
			return err
		})
		return
	}
	whose := namedArgs{"firm": actor.FirmID}
	if !actor.FirmRole.SeesFirm() {
		whose["actor"] = actor.UserID
	}
	b.Queue(registerCountsSQL(scope), whose).Query(func(r pgx.Rows) error {
		_, err := pgx.ForEachRow(r, []any{&key, &n}, func() error {
			q.add(key, n, n)
			return nil
		})
		return err
	})
	days := registerScope(actor, now)
	days["earliest"], days["latest"] = winddown.EarliestToday(now), winddown.LatestToday(now)
	b.Queue(registerMovedSQL(scope), days).Query(func(r pgx.Rows) error {
		_, err := pgx.ForEachRow(r, []any{&grp, &key, &n}, func() error {
			q.add(key, -n, -n)
			q.add(key-key&groupOfKey+grp, n, n)
			return nil
		})
		return err
	})
}

// tell adds up what the register says beside its rows.
func (q registerFigures) tell(reg *winddown.Register, f winddown.RegisterFilter) {
	for key, sum := range q {
		group, archived, requested, problem, nobody := winddown.Groups()[key&groupOfKey], key&16 != 0, key&32 != 0, key&64 != 0, key&128 != 0
		finished := group == winddown.GroupFinished
		switch {
		case archived && !f.Archive:
			reg.HiddenArchived += sum.matching
		case f.Archive && !archived:
			reg.HiddenCurrent += sum.matching
		case finished && !f.Finished && !f.Archive:
			reg.HiddenFinished += sum.matching
		case sum.matching > 0:
			reg.Counts[group] += sum.matching
		}
		if archived {
			reg.Archived += sum.n
			continue
		}
		reg.Total += sum.n
		if nobody {
			reg.Unassigned += sum.n
		}
		switch {
		case finished && problem:
			reg.Returned += sum.n
		case !finished:
			reg.Open += sum.n
			if requested {
				reg.Requested += sum.n
			}
			if group == winddown.GroupReady {
				reg.Ready += sum.n
			}
		}
	}
}
