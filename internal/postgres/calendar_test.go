package postgres_test

import (
	"sync/atomic"
	"testing"

	"winddown/internal/postgres"
	"winddown/internal/winddown"
)

// The one write to a case that leaves no event goes to a locked case only.
func TestRedatingACaseThatIsNotLockedIsRefused(t *testing.T) {
	db, conn := openOne(t)
	u := insert(t, db)
	var changed atomic.Int64
	err := db.InTx(t.Context(), winddown.Actor{UserID: u.ID}, moment, func(tx *postgres.Tx) ([]winddown.Event, error) {
		tx.Redate(u.ID, winddown.Summary{}, nil, &changed)
		return nil, nil
	})
	if err == nil || changed.Load() != 0 {
		t.Errorf("%d cases changed, %v", changed.Load(), err)
	}
	wantRows(t, db, conn, 1, 1)
}

// The system's stream has one head, which the calendar's lock holds, and each of its events
// makes a new generation.
func TestTheSystemsStream(t *testing.T) {
	db, _ := openOne(t)
	year, _ := winddown.RussianCalendar().Year(2027)
	for want := range int64(3) {
		read, err := db.Calendar(t.Context())
		if err != nil || read.Generation != want || want > 0 && len(read.Years) != 1 {
			t.Fatalf("%+v, %v; want generation %d", read, err, want)
		}
		if n, err := db.VerifyStream(t.Context(), winddown.System()); n != want || err != nil {
			t.Errorf("%d events, %v", n, err)
		}
		err = db.InTx(t.Context(), winddown.Actor{Via: winddown.ViaCommand}, moment, func(tx *postgres.Tx) ([]winddown.Event, error) {
			before, err := tx.LockCalendar(t.Context())
			if err != nil || len(before) != len(read.Years) || tx.Generation() != want {
				t.Errorf("locked %+v of generation %d, %v", before, tx.Generation(), err)
			}
			year.Source, year.AsOf = "a decree", winddown.DateOf(moment)
			tx.SaveCalendarYear(year)
			return []winddown.Event{{Stream: winddown.System(), Kind: winddown.CalendarImported}}, nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}
