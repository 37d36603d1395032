package postgres_test

import (
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"winddown/internal/i18n"
	"winddown/internal/postgres"
)

// Whatever a person takes of himself has a heading in words, whether there is a row of it or not.
func TestWhatIsMineHasWords(t *testing.T) {
	_, url := open(t)
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(t.Context()) }()
	for name, sql := range postgres.MySections() {
		_, rows, _ := strings.Cut(sql, "from (")
		plain, _, err := pgx.NamedArgs{}.RewriteQuery(t.Context(), conn, strings.TrimSuffix(rows, ") r"), nil)
		if err != nil {
			t.Fatal(err)
		}
		columns, err := conn.Prepare(t.Context(), name, plain)
		if err != nil {
			t.Fatal(name, err)
		}
		for _, l := range i18n.Locales() {
			keys := []string{"mydata.name." + name, "mydata.section." + name}
			for _, c := range columns.Fields {
				keys = append(keys, "mydata.column."+c.Name)
			}
			for _, key := range keys {
				if !i18n.For(l).Has(key) {
					t.Errorf("%s lacks %s", l, key)
				}
			}
		}
	}
}
