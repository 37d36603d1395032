package postgres_test

import (
	"testing"

	"winddown/internal/postgres"
	"winddown/internal/testdb"
)

func TestMain(m *testing.M) { testdb.Run(m) }

// open returns the pool over a fresh database and its address.
func open(t testing.TB) (*postgres.DB, string) {
	t.Helper()
	url := testdb.New(t)
	db, err := postgres.Open(t.Context(), testdb.Through(t, postgres.Options{URL: url}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	return db, url
}
