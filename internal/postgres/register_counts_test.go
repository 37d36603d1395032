package postgres_test

import (
	"maps"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"winddown/internal/winddown"
)

// The counts that are kept stay those of the cases, whoever writes beside whom, and do not become
// ever more rows.
func TestRegisterCountsAreThoseOfTheCases(t *testing.T) {
	db, url := open(t)
	actor := load(t, db, winddown.DefaultZone, summaries())
	changes := []string{
		"update cases set archived_at = case when archived_at is null then now() end where id = $1 and firm_id is not null",
		"update cases set act_state = case act_state when 'requested' then 'not_requested' else 'requested' end where id = $1",
		"update cases set problem = case problem when '' then 'regressed' else '' end where id = $1",
		"update cases set stage = case stage when 'waiting' then 'early' else 'waiting' end, finished_on = null where id = $1",
		"update cases set archived_at = null, responsible_id = case when responsible_id is null then '01000000-0000-0000-0000-000000000000'::uuid end where id = $1 and firm_id is not null",
		"update cases set archived_at = null, responsible_id = null, firm_id = case when firm_id is null then '02000000-0000-0000-0000-000000000000'::uuid end where id = $1",
	}
	var writers sync.WaitGroup
	for i := range 4 {
		writers.Go(func() {
			random := rand.New(rand.NewPCG(uint64(i), 43))
			conn, err := pgx.Connect(t.Context(), url)
			if err != nil {
				t.Error(err)
				return
			}
			defer func() { _ = conn.Close(t.Context()) }()
			if _, err := conn.Exec(t.Context(), "select setseed($1)", float64(i)/10); err != nil {
				t.Error(err)
			}
			for range 300 {
				id := winddown.ID{0: 3, 15: byte(random.IntN(100))}
				if _, err := conn.Exec(t.Context(), changes[random.IntN(len(changes))], id); err != nil {
					t.Error(err)
				}
			}
		})
	}
	writers.Wait()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(t.Context()) }()
	const differing = `select count(*) from (
		(select firm_id, responsible_id, key, sum(n) as n from register_counts group by 1, 2, 3 having sum(n) <> 0
		except select firm_id, responsible_id, register_key(c), count(*) from cases c where firm_id is not null group by 1, 2, 3)
		union all
		(select firm_id, responsible_id, register_key(c), count(*) from cases c where firm_id is not null group by 1, 2, 3
		except select firm_id, responsible_id, key, sum(n) as n from register_counts group by 1, 2, 3)) d`
	compare := func(when string) {
		t.Helper()
		var wrong int
		if err := conn.QueryRow(t.Context(), differing).Scan(&wrong); err != nil || wrong != 0 {
			t.Errorf("%s %d counts are not those of the cases, %v", when, wrong, err)
		}
	}
	compare("after the changes")
	bookkeeper := actor
	bookkeeper.FirmRole = winddown.Accountant
	for _, who := range []winddown.Actor{actor, bookkeeper} {
		var total, archived, unassigned int
		if err := conn.QueryRow(t.Context(), `select count(*) filter (where archived_at is null), count(archived_at),
				count(*) filter (where archived_at is null and responsible_id is null)
			from cases where firm_id = $1 and (responsible_id = $2 or $3)`, who.FirmID, who.UserID, who.FirmRole.SeesFirm()).Scan(&total, &archived, &unassigned); err != nil {
			t.Fatal(err)
		}
		rows, reg := walk(t, db, who, winddown.RegisterFilter{Finished: true, Sort: winddown.SortDeadline}, monday().Time())
		if reg.Total != total || reg.Archived != archived || reg.Unassigned != unassigned || len(rows) != total {
			t.Errorf("as %s: %d cases on %d lines, %d in the archive, %d nobody's; there are %d, %d and %d",
				who.FirmRole, reg.Total, len(rows), reg.Archived, reg.Unassigned, total, archived, unassigned)
		}
		counts := map[winddown.Group]int{}
		for _, row := range rows {
			counts[row.Group]++
		}
		if !maps.Equal(counts, reg.Counts) {
			t.Errorf("as %s: %v are counted, %v are shown", who.FirmRole, reg.Counts, counts)
		}
	}
	var rows, kinds int
	const size = "select count(*), count(distinct (responsible_id, key)) from register_counts"
	if err := conn.QueryRow(t.Context(), size).Scan(&rows, &kinds); err != nil || rows > 1000 {
		t.Errorf("%d rows count %d kinds after 1,200 changes, %v", rows, kinds, err)
	}
	if _, err := conn.Exec(t.Context(), "select register_fold($1)", actor.FirmID); err != nil {
		t.Fatal(err)
	}
	compare("folded")
	if err := conn.QueryRow(t.Context(), size).Scan(&rows, &kinds); err != nil || rows != kinds {
		t.Errorf("folded, %d rows count %d kinds, %v", rows, kinds, err)
	}
	// The counts of a firm that takes over another's cases are folded as its own are.
	var moved pgconn.CommandTag
	_, err = conn.Exec(t.Context(), `insert into firms select (jsonb_populate_record(f, '{"id": "03000000-0000-0000-0000-000000000000"}')).* from firms f`)
	if err == nil {
		_, err = conn.Exec(t.Context(), "select setseed(0.1)")
	}
	if err == nil {
		moved, err = conn.Exec(t.Context(), "update cases set firm_id = '03000000-0000-0000-0000-000000000000', responsible_id = null where firm_id is not null")
	}
	if err != nil {
		t.Fatal(err)
	}
	compare("after a move to another firm")
	const others = "select count(*) from register_counts where firm_id = '03000000-0000-0000-0000-000000000000'"
	if err := conn.QueryRow(t.Context(), others).Scan(&rows); err != nil || int64(rows) >= moved.RowsAffected() {
		t.Errorf("%d rows count %d cases that came from another firm, %v", rows, moved.RowsAffected(), err)
	}
	if _, err := conn.Exec(t.Context(), "delete from case_steps; delete from case_people; delete from cases where seller_name like '%1'"); err != nil {
		t.Fatal(err)
	}
	compare("after some were deleted")
}

// However many cases wait, those whose act is overdue are counted from their index alone.
func TestMovedCasesAreCountedFromTheirIndex(t *testing.T) {
	db, url := open(t)
	var all []winddown.Summary
	for i := range 600 {
		sum := winddown.Summary{Act: winddown.Requested, ActOn: monday(), Stage: winddown.GroupWaiting, Needed: 9}
		if i%100 == 0 {
			sum.OverdueOn = monday()
		}
		all = append(all, sum)
	}
	actor := load(t, db, winddown.DefaultZone, all)
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(t.Context()) }()
	if _, err := conn.Exec(t.Context(), "vacuum analyze cases"); err != nil {
		t.Fatal(err)
	}
	if plan := db.MovedPlan(t, actor, monday().Time()); !strings.Contains(plan, "Index Only Scan using cases_firm_late_idx") {
		t.Errorf("the index of the overdue does not answer alone:\n%s", plan)
	}
}
