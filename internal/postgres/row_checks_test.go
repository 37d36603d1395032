package postgres_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"winddown/internal/postgres"
	"winddown/internal/winddown"
)

// The database refuses a row that makes no sense, whatever writes it.
func TestTheDatabaseRefusesRowsThatMakeNoSense(t *testing.T) {
	db, url := open(t)
	me := insert(t, db)
	c, _, err := winddown.OpenCase(newUser(t).ID, winddown.NewCase{
		Seller: winddown.Seller{Name: "ИП Петрова", INN: "7721546864"}, Answers: winddown.RawAnswers{FBS: "yes", WBStock: "no"},
	}, winddown.Stamp{At: moment, Today: date(-60)})
	if err != nil {
		t.Fatal(err)
	}
	err = db.InTx(t.Context(), winddown.Actor{UserID: me.ID}, moment, func(tx *postgres.Tx) ([]winddown.Event, error) {
		tx.InsertCase(c, winddown.Summarize(c, winddown.RussianCalendar()), nil)
		return []winddown.Event{{Stream: winddown.Stream{Kind: winddown.CaseStream, ID: c.ID}, Kind: winddown.CaseOpened}}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(t.Context()) })
	for table, rows := range map[string][]string{
		"cases": {
			"inn = '123'", "ogrn = '1'", "seller_name = ''", "seller_name = repeat('я', 201)", "leftover = 'sell'", "wb_stock = true",
			"act_state = 'lost'", "stage = 'none'", "due_kind = 'x'", "problem = 'x'", "blocker = 'x'", "ball = 'x'",
			"finished_on = '2026-03-01'", "stage = 'finished'", "responsible_id = '" + me.ID.String() + "'", "archived_at = now()",
			"reminder_text = 'Пора'", "reminded_at = now()", "reminded_at = now(), reminder_text = repeat('я', 1001)",
			"erase_at = now()", "erase_asked_at = now(), erase_by = '" + me.ID.String() + "', erase_at = now() + interval '13 days'",
			"erase_asked_at = now()", "erase_by = '" + me.ID.String() + "'",
			"rescue_at = now()", "rescue_asked_at = now()", "rescue_asked_at = now(), rescue_at = now() + interval '6 days'",
		},
		"case_steps": {
			"code = 'x'", "note = repeat('я', 2001)", "done_on = '2026-03-01'", "done_at = now()", "problem = 'x'", "problem = 'reopened'",
			"accepted_at = now()", "accepted_by = '" + me.ID.String() + "'", "waiver_at = now()", "waiver_reason = 'x'",
		},
	} {
		for _, set := range rows {
			_, err := conn.Exec(t.Context(), "update "+table+" set "+set)
			var refused *pgconn.PgError
			if !errors.As(err, &refused) || refused.Code != "23514" || !strings.HasPrefix(refused.ConstraintName, table+"_row") {
				t.Errorf("%s: %s: %v", table, set, err)
			}
		}
	}
}
