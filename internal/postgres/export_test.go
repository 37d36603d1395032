package postgres

import (
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"winddown/internal/winddown"
)

// SearchText is what a search looks through.
func SearchText(s winddown.Seller, tickets ...string) string { return searchText(s, tickets) }

// RegisterPlan is how the server reads a page of the register.
func (db *DB) RegisterPlan(t testing.TB, actor winddown.Actor, f winddown.RegisterFilter, now time.Time) string {
	t.Helper()
	scope := registerOwn
	if actor.FirmRole.SeesFirm() {
		scope = registerFirm
	}
	args, words := registerArgs(actor, f, now)
	maps.Copy(args, shownArgs(f))
	maps.Copy(args, namedArgs{
		"group": -1, "date": "infinity", "name": []byte{}, "id": winddown.ID{},
		"limit": winddown.RegisterPageSize,
	})
	rows, err := db.pool.Query(t.Context(), "explain "+registerSQL(scope, words, f.Sort, false), args)
	if err != nil {
		t.Fatal(err)
	}
	lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(lines, "\n")
}

// MySections are the statements of what a person takes of himself, by the names of the sections.
func MySections() map[string]string {
	all := map[string]string{}
	for _, section := range mySections() {
		all[section.name] = section.sql
	}
	return all
}

// MovedPlan is how the server counts the cases whose dates have come, planned as for the register.
func (db *DB) MovedPlan(t testing.TB, actor winddown.Actor, now time.Time) (plan string) {
	t.Helper()
	args := registerScope(actor, now)
	args["earliest"], args["latest"] = winddown.EarliestToday(now), winddown.LatestToday(now)
	err := db.snapshot(t.Context(), func(b *pgx.Batch) {
		b.Queue(sqlRegisterInOrder)
		b.Queue("explain "+registerMovedSQL(registerFirm), args).Query(func(r pgx.Rows) error {
			lines, err := pgx.CollectRows(r, pgx.RowTo[string])
			plan = strings.Join(lines, "\n")
			return err
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	return plan
}
