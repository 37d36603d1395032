package app_test

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"winddown/internal/app"
	"winddown/internal/winddown"
)

// dump returns the contents of every table, as COPY writes them. Left out is what no
// two databases have in common: the numbers of transactions and the salt of a password.
func (w *world) dump() map[string]string {
	w.t.Helper()
	w.exec("select register_fold(id) from firms") // how the counts of a firm are spread over rows is left to chance
	tables := w.rows("select tablename::text from pg_tables where schemaname = 'public' and tablename <> 'goose_db_version'")
	all := map[string]string{}
	for _, table := range tables {
		columns := w.rows(`select column_name::text from information_schema.columns where table_schema = 'public' and table_name = $1
			and (table_name, column_name) not in (('events', 'tx'), ('users', 'password_hash'), ('register_counts', 'id')) order by ordinal_position`, table)
		var b bytes.Buffer
		_, err := w.sql.PgConn().CopyTo(w.t.Context(), &b,
			fmt.Sprintf("copy (select %s from %s order by 1, 2, 3) to stdout", strings.Join(columns, ", "), table))
		if err != nil {
			w.t.Fatalf("dump %s: %v", table, err)
		}
		all[table] = b.String()
	}
	if len(all) < 9 {
		w.t.Fatalf("only %d tables", len(all))
	}
	return all
}

func (w *world) seed(o app.SeedOptions) app.SeedResult {
	w.t.Helper()
	o.AsOf, o.Password = noon, password
	r, err := w.app.Seed(w.t.Context(), o)
	if err != nil {
		w.t.Fatalf("seed: %v", err)
	}
	return r
}

func TestTheSameSeedGivesTheSameData(t *testing.T) {
	o := app.SeedOptions{Sellers: 60, Accountants: 3, Seed: 7}
	first, second, other := newWorld(t), newWorld(t), newWorld(t)
	a, b := first.seed(o), second.seed(o)
	if fmt.Sprint(a) != fmt.Sprint(b) {
		t.Errorf("results differ:\n%v\n%v", a, b)
	}
	da, db := first.dump(), second.dump()
	for table := range da {
		if da[table] != db[table] {
			t.Errorf("%s differs", table)
		}
	}
	o.Seed++
	other.seed(o)
	if d := other.dump(); d["cases"] == da["cases"] {
		t.Error("another seed gives the same cases")
	}
}

func TestSampleDataKeepTheRules(t *testing.T) {
	w := newWorld(t)
	r := w.seed(app.SeedOptions{Sellers: 120, Accountants: 2, Seed: 1})
	ids := w.rows("select id::text from cases order by id")
	if len(ids) != 120 || r.Cases != 120 || r.Events != one[int](w, "select count(*) from events where stream_kind = 'case'") {
		t.Fatalf("%d cases; told %d and %d events", len(ids), r.Cases, r.Events)
	}
	groups := map[winddown.Group]int{}
	cases := 0
	for _, accountant := range r.Accountants {
		actor := w.again(winddown.Actor{UserID: accountant.ID, Name: accountant.Name, Zone: accountant.Zone, Via: winddown.ViaPages})
		reg, err := w.app.Register(t.Context(), actor, winddown.RegisterFilter{Finished: true, Sort: winddown.SortName})
		if err != nil {
			t.Fatal(err)
		}
		for g, n := range reg.Counts {
			groups[g] += n
		}
		for _, row := range allRows(t, w, actor) {
			cases++
			c := w.view(actor, row.ID).Case
			if want := winddown.Summarize(c, w.app.Calendar()); row.Summary != want {
				t.Errorf("case %s: the row's summary\n%+v\nthe case's\n%+v", row.ID, row.Summary, want)
			}
			w.verify(row.ID)
		}
	}
	if cases != 120 {
		t.Errorf("the accountants see %d cases", cases)
	}
	for _, g := range winddown.Groups() {
		if groups[g] == 0 {
			t.Errorf("no case is in the group %s", g)
		}
	}
	if n := one[int](w, "select count(*) from events where at > $1", w.clock.Now()); n != 0 {
		t.Errorf("%d events lie in the future", n)
	}
	if n := one[int](w, `select count(*) from events e join events f on (f.stream_kind, f.stream_id, f.seq) = (e.stream_kind, e.stream_id, e.seq + 1)
		where f.at < e.at`); n != 0 {
		t.Errorf("%d events are told before what came earlier", n)
	}
	for what, query := range map[string]string{
		"a seller in debt":     "select count(*) from cases where balance < 0 and finished_on is null",
		"a settled debt":       "select count(*) from debts where settled_on is not null",
		"a second round":       "select count(*) from acts where round = 2",
		"a second act":         "select count(*) from acts where position = 2",
		"an open question":     "select count(*) from cases where questions > 0",
		"an answered question": "select count(*) from questions where answer <> '' and resolved_at is null",
		"a closed question":    "select count(*) from questions where resolved_at is not null",
		"an accepted step":     "select count(*) from case_steps where accepted_at is not null",
		"a returned step":      "select count(*) from cases where problem = 'returned'",
		"a late debt":          "select count(*) from cases where problem = 'unsettled'",
		"a waiver":             "select count(*) from cases where waived",
		"a weekly report":      "select count(*) from cases where due_kind = 'report'",
		"a batch of returns":   "select count(*) from deadlines where kind = 'pick_up' and closed_on is null",
		"a written reason":     "select count(*) from evidence where kind = 'reason'",
	} {
		if one[int](w, query) == 0 {
			t.Errorf("the sample data lack %s", what)
		}
	}
	for kind, query := range map[winddown.StreamKind]string{
		winddown.UserStream: "select id::text from users", winddown.FirmStream: "select id::text from firms",
	} {
		for _, id := range w.rows(query) {
			if _, err := w.db.VerifyStream(t.Context(), winddown.Stream{Kind: kind, ID: winddown.ID(uuid.MustParse(id))}); err != nil {
				t.Error(err)
			}
		}
	}

	// The sample people can work: the first seller is in the middle of it all.
	for _, email := range []string{r.Seller.Email, r.Accountants[0].Email} {
		token, _, err := w.app.LogIn(t.Context(), email, password, app.Browser{})
		if err != nil {
			t.Fatalf("%s: %v", email, err)
		}
		if email == r.Seller.Email {
			mine, _, err := w.app.MyCases(t.Context(), w.actor(token))
			if err != nil || len(mine) != 1 || mine[0].Summary.Done == 0 || mine[0].Summary.Done == mine[0].Summary.Needed {
				t.Fatalf("the first seller's cases: %+v, %v", mine, err)
			}
			w.mark(w.actor(token), mine[0].ID, winddown.StripMedia)
			w.verify(mine[0].ID)
		}
	}
}

// allRows walks every page of an accountant's register.
func allRows(t *testing.T, w *world, actor winddown.Actor) []winddown.RegisterRow {
	t.Helper()
	var all []winddown.RegisterRow
	f := winddown.RegisterFilter{Finished: true, Sort: winddown.SortDeadline}
	for {
		reg, err := w.app.Register(t.Context(), actor, f)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, reg.Rows...)
		if !reg.HasNext {
			return all
		}
		f.Cursor = &reg.Rows[len(reg.Rows)-1].Cursor
	}
}

// The demo promises a bookkeeper with forty sellers in every state.
func TestTheDemoHasEveryGroup(t *testing.T) {
	w := newWorld(t)
	r := w.seed(app.SeedOptions{Sellers: 41, Accountants: 1, Seed: 1})
	actor := w.again(winddown.Actor{UserID: r.Accountants[0].ID, Zone: winddown.DefaultZone})
	reg, err := w.app.Register(t.Context(), actor, winddown.RegisterFilter{Finished: true, Sort: winddown.SortDeadline})
	if err != nil {
		t.Fatal(err)
	}
	if missing := slices.DeleteFunc(winddown.Groups(), func(g winddown.Group) bool { return reg.Counts[g] > 0 }); len(missing) > 0 {
		t.Errorf("no seller in the groups %v", missing)
	}
	if reg.Total != 41 {
		t.Errorf("%d sellers", reg.Total)
	}
}

func TestSeedingNeedsAnEmptyDatabase(t *testing.T) {
	w := newWorld(t)
	for _, o := range []app.SeedOptions{{Sellers: 0, Accountants: 1}, {Sellers: 1, Accountants: 0}, {Sellers: -1, Accountants: 1}} {
		if _, err := w.app.Seed(t.Context(), o); err == nil {
			t.Errorf("%+v was taken", o)
		}
	}
	w.person("Петрова")
	before := w.dump()
	_, err := w.app.Seed(t.Context(), app.SeedOptions{Sellers: 1, Accountants: 1, AsOf: noon, Password: password})
	if err == nil || !strings.Contains(err.Error(), "not empty") {
		t.Errorf("error %v", err)
	}
	if !maps.Equal(before, w.dump()) {
		t.Error("the refusal left something behind")
	}
}
