package postgres_test

import (
	"context"
	"fmt"
	"io/fs"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"winddown/internal/postgres"
	"winddown/internal/testdb"
	"winddown/internal/winddown"
	"winddown/migrations"
)

// names gives the cases that load wrote names and taxpayer numbers of their own.
func names(t *testing.T, url string, all ...string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	for i, name := range all {
		if _, err := conn.Exec(t.Context(), `update cases set seller_name = $1, search_text = $2 where seller_name = $3`, name,
			postgres.SearchText(winddown.Seller{Name: name, INN: fmt.Sprintf("77010000%04d", i)}), fmt.Sprintf("ООО «Маяк %d»", i)); err != nil {
			t.Fatal(err)
		}
	}
}

func early(n int) []winddown.Summary {
	return slices.Repeat([]winddown.Summary{{Act: winddown.NotRequested, Stage: winddown.GroupEarly, Needed: 9}}, n)
}

// A search finds parts of words in any order, whatever the case, the quotes, the dashes and
// ё; a slip in one letter is found where the address asks for similar names.
func TestSearch(t *testing.T) {
	db, url := open(t)
	all := early(5)
	all[4] = winddown.Summary{Act: winddown.Signed, Stage: winddown.GroupFinished, Needed: 9}
	actor := load(t, db, winddown.DefaultZone, all)
	names(t, url, "ООО «Тёплый дом»", `ИП Семёнов-Тян П. И.`, `АО "100%_лён"`, "ООО ‹Ромашка›", "ООО «Тёплый кров»")
	noon := monday().Time().Add(9 * time.Hour)
	for query, want := range map[string]string{
		"теплый дом": "ООО «Тёплый дом»", "ДОМ ТЁПЛ": "ООО «Тёплый дом»", "„тёплый“ 'дом'": "ООО «Тёплый дом»", "епл": "ООО «Тёплый дом»",
		"семенов–тян": "ИП Семёнов-Тян П. И.", "П.И. Семёнов": "ИП Семёнов-Тян П. И.", "100%": `АО "100%_лён"`, "%_лен": `АО "100%_лён"`, "ромашка»": "ООО ‹Ромашка›",
		"770100000001": "ИП Семёнов-Тян П. И.", "0003": "ООО ‹Ромашка›", "лен дом": "", "_": `АО "100%_лён"`, "тёплый кров": "",
		"ооо ооо ооо ооо ооо ооо нет": "ООО «Тёплый дом»; ООО ‹Ромашка›", // six words narrow, more do not
		"рамашка": "", "ромшка": "", "ромаашка": "", "рмоашка": "", "770100000031": "",
	} {
		rows, reg := walk(t, db, actor, winddown.RegisterFilter{Query: query, Sort: winddown.SortName}, noon)
		var got []string
		for _, r := range rows {
			got = append(got, r.Seller.Name)
		}
		slices.Sort(got)
		if strings.Join(got, "; ") != want || reg.Matching() != len(got) {
			t.Errorf("%q finds %q, %d counted; want %q", query, got, reg.Matching(), want)
		}
		if hidden := reg.HiddenFinished; (hidden == 1) != strings.Contains("тёплый кров ооо ооо ооо ооо ооо ооо нет епл", query) {
			t.Errorf("%q finds %d finished ones", query, hidden)
		}
	}
	for query, want := range map[string]int{
		"рамашка": 1, "ромшка": 1, "ромаашка": 1, "рмоашка": 1, "ромашка": 1, "рамошка": 0, "770100000013": 1, "тёплый дам": 0, "тёплый домм": 1, "лон": 0, "%%%%": 0,
	} {
		if rows, _ := walk(t, db, actor, winddown.RegisterFilter{Query: query, Similar: true, Sort: winddown.SortName}, noon); len(rows) != want {
			t.Errorf("%q is similar to %d names, want %d", query, len(rows), want)
		}
	}
}

// What a migration made of the tickets of released cases is what the program makes of them.
func TestTicketsOfReleasedCasesAreFound(t *testing.T) {
	db, url := open(t)
	actor := load(t, db, winddown.DefaultZone, early(3))
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	tickets := [][]string{{"АБВ-ЁЯ „48‟ 11.31,7", "Zq–‐‑‒—− 9", ""}, {`«»"'`}, nil}
	name := func(i int) string { return fmt.Sprintf("ООО «Маяк %d»", i) }
	for i, all := range tickets {
		for round, ticket := range all {
			if _, err := conn.Exec(t.Context(), `insert into acts (case_id, position, round, version, ticket)
				select id, 9, $2, 1, $3 from cases where seller_name = $1`, name(i), round+1, ticket); err != nil {
				t.Fatal(err)
			}
		}
	}
	sql, err := fs.ReadFile(migrations.FS, "00047_search_tickets.sql")
	if err == nil {
		_, err = conn.Exec(t.Context(), string(sql))
	}
	if err != nil {
		t.Fatal(err)
	}
	for i, all := range tickets {
		var got string
		if err := conn.QueryRow(t.Context(), "select search_text from cases where seller_name = $1", name(i)).Scan(&got); err != nil {
			t.Fatal(err)
		}
		if want := postgres.SearchText(winddown.Seller{Name: name(i), INN: "7721546864"}, all...); got != want {
			t.Errorf("%s is searched in %q, want %q", name(i), got, want)
		}
	}
	rows, _ := walk(t, db, actor, winddown.RegisterFilter{Query: "абв-ея 48 31", Sort: winddown.SortName}, monday().Time().Add(9*time.Hour))
	if len(rows) != 1 || rows[0].Seller.Name != name(0) {
		t.Errorf("found are %v", rows)
	}
}

// The pages of a search are a whole walk, for every number of words and every sort.
func TestSearchPages(t *testing.T) {
	db, _ := open(t)
	actor := load(t, db, winddown.DefaultZone, early(120))
	own := actor
	own.FirmRole = winddown.Accountant
	noon := monday().Time().Add(9 * time.Hour)
	for _, who := range []winddown.Actor{actor, own} {
		for words := range 8 {
			sort := winddown.RegisterSorts()[words%6]
			f := winddown.RegisterFilter{Query: strings.Repeat("маяк ", words), Similar: words%2 == 1, Sort: sort}
			rows, reg := walk(t, db, who, f, noon)
			seen := map[winddown.ID]bool{}
			for _, r := range rows {
				seen[r.ID] = true
			}
			if len(rows) != 120 || len(seen) != 120 || reg.Matching() != 120 {
				t.Fatalf("%d words, %s: %d rows, %d of them distinct, %d counted", words, sort, len(rows), len(seen), reg.Matching())
			}
		}
		bulk, err := db.Bulk(t.Context(), who, nil, winddown.RegisterFilter{Query: "маяк 9"}, noon)
		if err != nil || bulk.Total != 21 || len(bulk.Found) != 21 {
			t.Errorf("%d found of %d, %v", len(bulk.Found), bulk.Total, err)
		}
	}
}

// A search of a firm of ten thousand reads the index of its words, not the table.
func TestSearchUsesItsIndex(t *testing.T) {
	db, url := open(t)
	actor := load(t, db, winddown.DefaultZone, early(1))
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	exec := func(sql string, args ...any) {
		t.Helper()
		if _, err := conn.Exec(t.Context(), sql, args...); err != nil {
			t.Fatal(err)
		}
	}
	// One accountant keeps four hundred of them.
	exec(`insert into users (id, email, email_key, name, password_hash, created_at) values ('00000000-0000-0000-0000-0000000000ff', 'k@example.ru', 'k@example.ru', 'Ким', '-', now())`)
	exec("insert into firm_people (firm_id, user_id, role, added_at) values ($1, '00000000-0000-0000-0000-0000000000ff', 'accountant', now())", actor.FirmID)
	exec(`create temp table copy as select c.* from cases c, generate_series(1, 10000)`)
	exec(`update copy set id = gen_random_uuid()`)
	exec(`with numbered as (select id, row_number() over () n from copy)
		update copy c set responsible_id = case when n % 25 = 0 then '00000000-0000-0000-0000-0000000000ff' else responsible_id end,
			search_text = case when n % 1000 = 0 then 'ип семенова 7701' || n else 'ооо маяк 7702' || n end
		from numbered where numbered.id = c.id`)
	exec(`do $$ declare written text := (select string_agg(column_name, ', ') from information_schema.columns
		where table_schema = 'public' and table_name = 'cases' and is_generated = 'NEVER');
		begin execute format('insert into cases (%s) select %s from copy', written, written); end $$`)
	exec("vacuum analyze cases")
	own := actor
	own.FirmRole, own.UserID = winddown.Accountant, winddown.ID{15: 0xff}
	for name, x := range map[string]struct {
		actor   winddown.Actor
		similar bool
		want    []string
	}{
		"a firm":              {actor, false, []string{"cases_search_idx"}},
		"a firm, similar":     {actor, true, []string{"cases_search_idx"}},
		"an accountant's own": {own, false, []string{"cases_search_idx", "cases_responsible_register_idx"}},
	} {
		plan := db.RegisterPlan(t, x.actor, winddown.RegisterFilter{Query: "Семёнова", Similar: x.similar, Sort: winddown.SortDeadline}, monday().Time())
		if strings.Contains(plan, "Seq Scan on cases") || !slices.ContainsFunc(x.want, func(index string) bool { return strings.Contains(plan, index) }) {
			t.Errorf("%s:\n%s", name, plan)
		}
		t.Logf("%s:\n%s", name, plan)
	}
}

// Without the extension, and without the right to create it, the migration says what to do.
func TestAMigrationWithoutTheExtensionSaysWhatToDo(t *testing.T) {
	address := testdb.Empty(t)
	conn, err := pgx.Connect(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	// A role that may write to the schema but create nothing in the database.
	role := "plain_" + conn.Config().Database
	for _, sql := range []string{
		"create role " + role + " login password 'plain'", "grant all on schema public to " + role,
		"revoke create on database " + conn.Config().Database + " from public",
	} {
		if _, err := conn.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() {
		ctx := context.Background()
		conn, err := pgx.Connect(ctx, address)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = conn.Close(ctx) }()
		for _, sql := range []string{"reassign owned by " + role + " to current_user", "drop owned by " + role, "drop role " + role} {
			if _, err := conn.Exec(ctx, sql); err != nil {
				t.Error(err)
			}
		}
	})
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	u.User = url.UserPassword(role, "plain")
	_, err = postgres.Migrate(t.Context(), u.String())
	if err == nil || !strings.Contains(err.Error(), "the extension pg_trgm") || !strings.Contains(err.Error(), "CREATE EXTENSION pg_trgm") {
		t.Errorf("the migration says %v", err)
	}
}
