package postgres_test

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"winddown/internal/postgres"
	"winddown/internal/winddown"
)

// monday is the day the summaries are made around.
func monday() winddown.Date { return winddown.Date{Year: 2026, Month: time.November, Day: 23} }

// summaries returns every stored stage with every position of its two dates around
// monday: none, the day before, the day itself and the day after.
func summaries() []winddown.Summary {
	positions := []winddown.Date{{}, monday().AddDays(-1), monday(), monday().AddDays(1)}
	var all []winddown.Summary
	for _, stage := range winddown.Groups() {
		if stage == winddown.GroupOverdue { // never stored
			continue
		}
		for _, burn := range positions {
			for _, overdue := range positions {
				all = append(all, winddown.Summary{
					Act: winddown.Requested, ActOn: monday().AddDays(-len(all)), Ticket: "48-1177", Stage: stage, BurnOn: burn, OverdueOn: overdue,
					DueOn: burn, Due: winddown.DuePickUp, Problem: winddown.Regressed, Blocker: winddown.SellOut,
					Ball: winddown.BallWB, BallOn: monday(), Done: 3, Needed: 9,
				})
			}
		}
	}
	return all
}

// load writes a case per summary, all with one accountant, in the zone.
func load(t *testing.T, db *postgres.DB, zone string, all []winddown.Summary) winddown.Actor {
	t.Helper()
	at := monday().Time()
	keeper := winddown.User{ID: winddown.ID{0: 1}, Email: "ivanova@example.ru", Name: "Мария Иванова", Locale: "ru", Zone: winddown.DefaultZone}
	firm := winddown.ID{0: 2}
	var cases []postgres.SeedCase
	for i, sum := range all {
		id := winddown.ID{0: 3}
		binary.BigEndian.PutUint32(id[12:], uint32(i))
		c, events, err := winddown.OpenCase(id, winddown.NewCase{
			Seller:  winddown.Seller{Name: fmt.Sprintf("ООО «Маяк %d»", i), INN: "7721546864"},
			Answers: winddown.RawAnswers{FBS: "yes", WBStock: "no"},
		}, winddown.Stamp{By: keeper.ID, At: at, Today: monday()})
		if err != nil {
			t.Fatal(err)
		}
		c.FirmID, c.ResponsibleID, c.Zone = firm, keeper.ID, zone
		if sum.Stage == winddown.GroupFinished {
			c.FinishedOn = monday()
		}
		for j := range events {
			events[j].At, events[j].By = at, keeper.ID
		}
		cases = append(cases, postgres.SeedCase{Case: c, Summary: sum, CreatedAt: at, ChangedAt: at, Events: events})
	}
	err := db.Seed(t.Context(), func(s *postgres.Seeder) error {
		if err := s.Users(t.Context(), []postgres.SeedUser{{User: keeper, PasswordHash: "-", CreatedAt: at, FirmID: firm}}); err != nil {
			return err
		}
		return s.Cases(t.Context(), cases)
	})
	if err != nil {
		t.Fatal(err)
	}
	return winddown.Actor{UserID: keeper.ID, FirmID: firm, FirmRole: winddown.Admin}
}

// walk returns every row of the register, page by page.
func walk(t *testing.T, db *postgres.DB, actor winddown.Actor, f winddown.RegisterFilter, now time.Time) ([]winddown.RegisterRow, winddown.Register) {
	t.Helper()
	var rows []winddown.RegisterRow
	for {
		reg, err := db.Register(t.Context(), actor, f, now)
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, reg.Rows...)
		if !reg.HasNext {
			return rows, reg
		}
		last := reg.Rows[len(reg.Rows)-1].Cursor
		f.Cursor = &last
	}
}

// The group that SQL derives is the one the rule derives, for every stage, position of
// the dates and day, in zones east and west of Moscow; no row is written in between.
func TestRegisterGroupIsTheRules(t *testing.T) {
	for _, zone := range []string{"Europe/Kaliningrad", "Europe/Moscow", "Asia/Kamchatka"} {
		db, _ := open(t)
		all := summaries()
		actor := load(t, db, zone, all)
		midnight := time.Date(2026, time.November, 23, 0, 0, 0, 0, winddown.Zone(zone))
		for _, now := range []time.Time{midnight.Add(-24 * time.Hour), midnight.Add(-time.Second), midnight, midnight.Add(24*time.Hour - time.Second), midnight.Add(24 * time.Hour)} {
			today := winddown.Today(now, zone)
			rows, reg := walk(t, db, actor, winddown.RegisterFilter{Finished: true, Sort: winddown.SortDeadline}, now)
			if len(rows) != len(all) {
				t.Fatalf("%s on %s: %d rows, want %d", zone, today, len(rows), len(all))
			}
			counts := map[winddown.Group]int{}
			requested := 0
			for _, row := range rows {
				want := all[binary.BigEndian.Uint32(row.ID[12:])]
				if row.Summary != want {
					t.Fatalf("%s: the summary came back as\n%+v, want\n%+v", zone, row.Summary, want)
				}
				if row.Group != want.Group(today) {
					t.Errorf("%s on %s: stage %s, burns %s, overdue %s: SQL says %s, the rule %s", zone, today, want.Stage, want.BurnOn, want.OverdueOn, row.Group, want.Group(today))
				}
				counts[want.Group(today)]++
				if want.Group(today) != winddown.GroupFinished {
					requested++
				}
			}
			for _, g := range winddown.Groups() {
				if reg.Counts[g] != counts[g] {
					t.Errorf("%s on %s: %d counted in %s, want %d", zone, today, reg.Counts[g], g, counts[g])
				}
			}
			if reg.Ready != counts[winddown.GroupReady] || reg.Requested != requested || reg.Open != requested || reg.Total != len(all) {
				t.Errorf("%s on %s: ready %d, requested %d, open %d, of %d", zone, today, reg.Ready, reg.Requested, reg.Open, reg.Total)
			}
			if !slices.IsSortedFunc(rows, func(a, b winddown.RegisterRow) int {
				return slices.Index(winddown.Groups(), a.Group) - slices.Index(winddown.Groups(), b.Group)
			}) {
				t.Errorf("%s on %s: the groups do not come in order", zone, today)
			}
		}
	}
}

// The deadline filters count days from today in the case's zone, ends included.
func TestRegisterDueFilters(t *testing.T) {
	db, _ := open(t)
	var all []winddown.Summary
	days := []int{-1, 0, 7, 8, 30, 31}
	for _, n := range days {
		all = append(all, winddown.Summary{Act: winddown.NotRequested, Stage: winddown.GroupEarly, DueOn: monday().AddDays(n), Due: winddown.DuePickUp, Needed: 9})
	}
	all = append(all, winddown.Summary{Act: winddown.NotRequested, Stage: winddown.GroupEarly, Needed: 9})
	actor := load(t, db, winddown.DefaultZone, all)
	noon := monday().Time().Add(9 * time.Hour)
	for _, test := range []struct {
		due  []winddown.DueFilter
		want []int
	}{
		{nil, []int{-1, 0, 7, 8, 30, 31, -1000}},
		{[]winddown.DueFilter{winddown.DueOverdue}, []int{-1}},
		{[]winddown.DueFilter{winddown.Due7}, []int{0, 7}},
		{[]winddown.DueFilter{winddown.Due30}, []int{0, 7, 8, 30}},
		{[]winddown.DueFilter{winddown.DueOverdue, winddown.Due7}, []int{-1, 0, 7}},
	} {
		rows, _ := walk(t, db, actor, winddown.RegisterFilter{Due: test.due, Sort: winddown.SortDeadline}, noon)
		var got []int
		for _, row := range rows {
			n := -1000 // no deadline
			if !row.Summary.DueOn.IsZero() {
				n = monday().DaysUntil(row.Summary.DueOn)
			}
			got = append(got, n)
		}
		if !slices.Equal(got, test.want) {
			t.Errorf("%v: deadlines in %v days, want %v", test.due, got, test.want)
		}
	}
}

// From any row the page before it and the page after it are the rows beside it in the order of the
// whole: by group as it is today, deadline, name and id, wherever the row was written.
func TestRegisterPagesFromAnyRow(t *testing.T) {
	db, _ := open(t)
	actor := load(t, db, "Asia/Kamchatka", summaries())
	noon := monday().Time()
	for _, f := range []winddown.RegisterFilter{
		{Finished: true},
		{},
		{Groups: []winddown.Group{winddown.GroupProblem, winddown.GroupOverdue, winddown.GroupWaiting}},
		{Due: []winddown.DueFilter{winddown.DueOverdue, winddown.Due7}},
	} {
		f.Sort = winddown.SortDeadline
		all, _ := walk(t, db, actor, f, noon)
		if !slices.IsSortedFunc(all, func(a, b winddown.RegisterRow) int {
			return cmp.Or(cmp.Compare(a.Cursor.Group, b.Cursor.Group), strings.Compare(a.Cursor.Date, b.Cursor.Date),
				bytes.Compare(a.Cursor.Name, b.Cursor.Name), bytes.Compare(a.ID[:], b.ID[:]))
		}) {
			t.Errorf("%+v: the rows do not come in order", f)
		}
		ids := func(rows []winddown.RegisterRow) (ids []winddown.ID) {
			for _, row := range rows {
				ids = append(ids, row.ID)
			}
			return ids
		}
		for i := 0; i < len(all); i += 5 {
			for _, before := range []bool{false, true} {
				here := all[i].Cursor
				here.Before = before
				want := all[i+1 : min(len(all), i+1+winddown.RegisterPageSize)]
				if before {
					want = all[max(0, i-winddown.RegisterPageSize):i]
				}
				at := f
				at.Cursor = &here
				reg, err := db.Register(t.Context(), actor, at, noon)
				if err != nil || !slices.Equal(ids(reg.Rows), ids(want)) {
					t.Fatalf("%+v: from row %d, before %t: %d rows, want %d, %v", f, i, before, len(reg.Rows), len(want), err)
				}
				next, previous := i+1+winddown.RegisterPageSize < len(all), true
				if before {
					next, previous = true, i > winddown.RegisterPageSize
				}
				if reg.HasNext != next || reg.HasPrevious != previous {
					t.Errorf("%+v: from row %d, before %t: next %t, previous %t", f, i, before, reg.HasNext, reg.HasPrevious)
				}
			}
		}
	}
}
