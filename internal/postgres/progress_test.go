package postgres_test

import (
	"encoding/json"
	"errors"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"winddown/internal/postgres"
	"winddown/internal/winddown"
)

// written is a case that a test writes again and again, with the summary it shall have.
type written struct {
	t     *testing.T
	db    *postgres.DB
	conn  *pgx.Conn
	actor winddown.Actor
	other winddown.ID // an accountant of both firms
	firms [2]winddown.ID
	id    winddown.ID
	sum   winddown.Summary
	now   time.Time
}

// newWritten opens a case of a firm. A table notes whenever the whole of a case is written.
func newWritten(t *testing.T) *written {
	t.Helper()
	db, url := open(t)
	me, other := insert(t, db), insert(t, db)
	w := &written{t: t, db: db, actor: winddown.Actor{UserID: me.ID}, other: other.ID, id: newUser(t).ID, now: moment}
	for i := range w.firms {
		w.firms[i] = newUser(t).ID
		err := db.InTx(t.Context(), w.actor, moment, func(tx *postgres.Tx) ([]winddown.Event, error) {
			tx.InsertFirm(w.firms[i], "Ким", me.ID)
			tx.AddFirmPerson(w.firms[i], other.ID, winddown.Accountant)
			return []winddown.Event{{Stream: winddown.Stream{Kind: winddown.FirmStream, ID: w.firms[i]}, Kind: winddown.FirmFounded}}, nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	c, _, err := winddown.OpenCase(w.id, winddown.NewCase{
		Seller: winddown.Seller{Name: "ИП Петрова", INN: "7721546864"}, Answers: winddown.RawAnswers{FBS: "yes", WBStock: "no"},
	}, winddown.Stamp{At: moment, Today: date(-60)})
	if err != nil {
		t.Fatal(err)
	}
	c.FirmID, c.ResponsibleID, c.ArchivedAt = w.firms[0], me.ID, moment
	c.Reminder = &winddown.Reminder{Text: "Пора", At: moment, By: me.ID}
	c.Erasure = &winddown.Erasure{AskedAt: moment, At: moment.AddDate(0, 0, 20), By: me.ID}
	w.sum = winddown.Summarize(c, winddown.RussianCalendar())
	w.write(func(tx *postgres.Tx) error {
		tx.InsertCase(c, w.sum, nil)
		tx.AddPerson(w.id, me.ID, winddown.Owner)
		return nil
	})
	if w.conn, err = pgx.Connect(t.Context(), url); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.conn.Close(t.Context()) })
	w.exec(`create table whole (n integer);
		create function whole_written() returns trigger language plpgsql as $$ begin insert into whole values (1); return null; end $$;
		create trigger whole after update of zone on cases for each row execute function whole_written()`)
	return w
}

func (w *written) exec(sql string) {
	w.t.Helper()
	if _, err := w.conn.Exec(w.t.Context(), sql); err != nil {
		w.t.Fatal(err)
	}
}

func (w *written) write(fn func(tx *postgres.Tx) error) {
	w.t.Helper()
	w.now = w.now.Add(time.Hour)
	err := w.db.InTx(w.t.Context(), w.actor, w.now, func(tx *postgres.Tx) ([]winddown.Event, error) {
		return []winddown.Event{{Stream: winddown.Stream{Kind: winddown.CaseStream, ID: w.id}, Kind: winddown.DetailsChanged}}, fn(tx)
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

// save writes the case after a change, and returns the columns that differ then and how often all
// of them were written.
func (w *written) save(change func(*winddown.Case, *winddown.Summary)) (changed []string, whole int) {
	w.t.Helper()
	before, n := w.row()
	w.write(func(tx *postgres.Tx) error {
		read, err := tx.LockCase(w.t.Context(), w.id)
		if err != nil {
			return err
		}
		change(read.Case, &w.sum)
		tx.SaveCase(read.Case, w.sum, nil, nil)
		return nil
	})
	after, m := w.row()
	for name := range after {
		if string(before[name]) != string(after[name]) {
			changed = append(changed, name)
		}
	}
	slices.Sort(changed)
	return changed, m - n
}

func (w *written) row() (row map[string]json.RawMessage, whole int) {
	w.t.Helper()
	if err := w.conn.QueryRow(w.t.Context(), "select to_jsonb(c), (select count(*) from whole) from cases c").Scan(&row, &whole); err != nil {
		w.t.Fatal(err)
	}
	return row, whole
}

// set returns the columns that a statement sets.
func set(t *testing.T, name string) []string {
	t.Helper()
	var columns []string
	for _, m := range regexp.MustCompile(`(?:set|,)\s+([a-z_]+) = `).FindAllStringSubmatch(constants(t)[name], -1) {
		columns = append(columns, m[1])
	}
	if len(columns) == 0 {
		t.Fatalf("%s sets nothing", name)
	}
	return columns
}

// An ordinary tick writes what it moves alone, and leaves the rest as it was.
func TestATickWritesItsProgressAlone(t *testing.T) {
	w := newWritten(t)
	progress := set(t, "sqlUpdateProgress")
	changed, whole := w.save(func(c *winddown.Case, s *winddown.Summary) {
		c.Version++
		s.ActOn, s.Ticket, s.BurnOn, s.OverdueOn, s.DueOn = date(1), "48-1131", date(2), date(3), date(4)
		s.Blocker, s.Ball, s.BallOn = winddown.SettleDebts, winddown.BallWB, date(5)
		s.Done, s.Needed, s.Waived, s.Questions = 3, 7, true, 2
	})
	slices.Sort(progress)
	if !slices.Equal(changed, progress) || whole != 0 {
		t.Errorf("a tick wrote the whole case %d times and changed %v, not %v", whole, changed, progress)
	}
	// Twice in one transaction, the last one and the head of the trail count.
	w.write(func(tx *postgres.Tx) error {
		read, err := tx.LockCase(t.Context(), w.id)
		if err != nil {
			return err
		}
		read.Case.Zone, read.Case.Version, w.sum.Stage = "Asia/Omsk", read.Case.Version+1, winddown.GroupEarly
		tx.SaveCase(read.Case, w.sum, nil, nil)
		read.Case.Version++
		w.sum.Done = 4
		tx.SaveCase(read.Case, w.sum, nil, nil)
		return nil
	})
	var zone, stage string
	var version, done, n int
	var head bool
	if err := w.conn.QueryRow(t.Context(), `select zone, stage, version, steps_done, (select count(*) from whole),
			exists (select from events e where e.stream_id = c.id and e.seq = c.event_seq and e.hash = c.event_hash
				and not exists (select from events f where f.stream_id = c.id and f.seq > e.seq))
		from cases c`).Scan(&zone, &stage, &version, &done, &n, &head); err != nil {
		t.Fatal(err)
	}
	if zone != "Asia/Omsk" || stage != "early" || version != 4 || done != 4 || n != 1 || !head {
		t.Errorf("written twice, the case has %s, %s, version %d, %d done, was written whole %d times; its head is the last event's: %t", zone, stage, version, done, n, head)
	}
}

// Whatever of a case changes is written. A column is written by every tick, or makes the whole case be
// written, or no write of a case is about it.
func TestEachColumnOfACaseIsWritten(t *testing.T) {
	w := newWritten(t)
	type change = func(*winddown.Case, *winddown.Summary)
	// In this order: each needs what those before it have left.
	changes := []struct {
		columns string
		change  change
	}{
		{"fbs", func(c *winddown.Case, _ *winddown.Summary) { c.Answers.FBS = false }},
		{"leftover wb_stock", func(c *winddown.Case, _ *winddown.Summary) {
			c.Answers.WBStock, c.Answers.Leftover = true, winddown.Sell
		}},
		{"leftover", func(c *winddown.Case, _ *winddown.Summary) { c.Answers.Leftover = winddown.Both }},
		{"acting", func(c *winddown.Case, _ *winddown.Summary) { c.Acting = !c.Acting }},
		{"playbook", func(c *winddown.Case, _ *winddown.Summary) { c.Playbook-- }},
		{"zone", func(c *winddown.Case, _ *winddown.Summary) { c.Zone = "Asia/Omsk" }},
		{"act_state", func(_ *winddown.Case, s *winddown.Summary) { s.Act = winddown.Received }},
		{"stage stage_no", func(_ *winddown.Case, s *winddown.Summary) { s.Stage = winddown.GroupDebt }},
		{"due_kind", func(_ *winddown.Case, s *winddown.Summary) { s.Due = winddown.DueChase }},
		{"problem", func(_ *winddown.Case, s *winddown.Summary) { s.Problem = winddown.Regressed }},
		{"evidence_seq", func(c *winddown.Case, _ *winddown.Summary) { c.EvidenceSeq = 9 }},
		{"evidence_bytes", func(c *winddown.Case, _ *winddown.Summary) { c.EvidenceBytes = 9 }},
		{"question_seq", func(c *winddown.Case, _ *winddown.Summary) { c.QuestionSeq = 9 }},
		{"deadline_seq", func(c *winddown.Case, _ *winddown.Summary) { c.DeadlineSeq = 9 }},
		{"act_seq", func(c *winddown.Case, _ *winddown.Summary) { c.ActSeq = 9 }},
		{"inbox_on", func(c *winddown.Case, _ *winddown.Summary) { c.InboxOn = date(-3) }},
		{"terms", func(c *winddown.Case, _ *winddown.Summary) {
			c.Terms = []winddown.Term{{Kind: winddown.DueChase, Days: []int{2}, Source: "Письмо", AsOf: date(-5)}}
		}},
		{"terms", func(c *winddown.Case, _ *winddown.Summary) { c.Terms[0].Days[0] = 4 }},
		{"balance", func(c *winddown.Case, _ *winddown.Summary) { c.Balance = 9 }},
		{"lines", func(c *winddown.Case, _ *winddown.Summary) { c.Lines = 9 }},
		{"reminded_at", func(c *winddown.Case, _ *winddown.Summary) { c.Reminder.At = moment.Add(time.Minute) }},
		{"reminded_by", func(c *winddown.Case, _ *winddown.Summary) { c.Reminder.By = w.other }},
		{"reminder_step", func(c *winddown.Case, _ *winddown.Summary) { c.Reminder.Step = winddown.SellOut }},
		{"reminder_text", func(c *winddown.Case, _ *winddown.Summary) { c.Reminder.Text = "Давно пора" }},
		{"reminder_seen", func(c *winddown.Case, _ *winddown.Summary) { c.Reminder.Seen = true }},
		{"texts", func(c *winddown.Case, _ *winddown.Summary) { c.Texts = 9 }},
		{"erase_at", func(c *winddown.Case, _ *winddown.Summary) { c.Erasure.At = moment.AddDate(0, 0, 30) }},
		{"erase_asked_at", func(c *winddown.Case, _ *winddown.Summary) { c.Erasure.AskedAt = moment.Add(time.Minute) }},
		{"erase_by", func(c *winddown.Case, _ *winddown.Summary) { c.Erasure.By = w.other }},
		{"responsible_id", func(c *winddown.Case, _ *winddown.Summary) { c.ResponsibleID = w.other }},
		{"firm_id", func(c *winddown.Case, _ *winddown.Summary) { c.FirmID = w.firms[1] }},
		{"archived_at", func(c *winddown.Case, _ *winddown.Summary) { c.ArchivedAt = time.Time{} }},
		{"finished_on stage stage_no", func(c *winddown.Case, s *winddown.Summary) {
			c.FinishedOn, s.Stage = date(-1), winddown.GroupFinished
		}},
		{"finished_on", func(c *winddown.Case, _ *winddown.Summary) { c.FinishedOn = date(0) }},
	}
	progress := set(t, "sqlUpdateProgress")
	never := []string{"id", "opened_on", "created_at", "name_key", "search_text", "seller_name", "inn", "ogrn", "cabinet",
		"rescue_asked_at", "rescue_at", "rescue_objected_at"}
	seen := map[string]bool{"stage_no": true} // which the database sets
	for _, x := range changes {
		changed, whole := w.save(x.change)
		changed = slices.DeleteFunc(changed, func(name string) bool { return slices.Contains(progress, name) })
		if strings.Join(changed, " ") != x.columns || whole != 1 {
			t.Errorf("a change of %s was written as one of %v; the whole case was written %d times", x.columns, changed, whole)
		}
		for name := range strings.FieldsSeq(x.columns) {
			seen[name] = true
		}
	}
	row, _ := w.row()
	for name := range maps.Keys(row) {
		kinds := 0
		for _, kind := range []bool{slices.Contains(progress, name), slices.Contains(never, name), seen[name]} {
			if kind {
				kinds++
			}
		}
		if kinds != 1 {
			t.Errorf("%d of the lists have the column %s, which has to be in one", kinds, name)
		}
	}
	if all := set(t, "sqlUpdateCase"); !isSubset(progress, all) {
		t.Errorf("the whole case is %v, which leaves out some of %v", all, progress)
	}
}

func isSubset(some, all []string) bool {
	return !slices.ContainsFunc(some, func(s string) bool { return !slices.Contains(all, s) })
}

// What is stored of a summary and is not so any more is mended by the next write, whatever it is about.
func TestAStaleSummaryIsMended(t *testing.T) {
	w := newWritten(t)
	for _, stale := range []string{
		"stage = 'debt'", "act_state = 'signed'", "due_kind = 'chase'", "problem = 'regressed'", "blocker = 'settle_debts'", "ball = 'wb'",
		"ball_on = '2020-01-01'", "act_on = '2020-01-01'", "act_ticket = '48'", "burn_on = '2020-01-01'", "overdue_on = '2020-01-01'",
		"due_on = '2020-01-01'", "waived = true", "questions = 9", "steps_done = 9", "steps_needed = 10",
	} {
		before, _ := w.row()
		w.exec("update cases set " + stale)
		w.save(func(*winddown.Case, *winddown.Summary) {})
		after, _ := w.row()
		for name := range after {
			if !slices.Contains([]string{"changed_at", "event_seq", "event_hash"}, name) && string(before[name]) != string(after[name]) {
				t.Errorf("%s: after the next write %s is %s and not %s", stale, name, after[name], before[name])
			}
		}
	}
}

// A case that another statement of the same transaction has written is written whole.
func TestACaseWrittenElsewhereIsWrittenWhole(t *testing.T) {
	w := newWritten(t)
	cases := []winddown.Picked{{ID: w.id}}
	for name, write := range map[string]func(*postgres.Tx){
		"assigned": func(tx *postgres.Tx) { tx.Assign(cases, w.other) },
		"archived": func(tx *postgres.Tx) { tx.Archive(cases, false) },
		"redated": func(tx *postgres.Tx) {
			tx.Redate(w.id, winddown.Summary{DueOn: date(9), Due: winddown.DueReport}, nil, new(atomic.Int64))
		},
		"reminded": func(tx *postgres.Tx) {
			tx.Remind([]winddown.Reminded{{Picked: cases[0], Reminder: winddown.Reminder{Text: "Ещё раз"}}})
		},
	} {
		before, n := w.row()
		w.write(func(tx *postgres.Tx) error {
			read, err := tx.LockCase(t.Context(), w.id)
			if err != nil {
				return err
			}
			write(tx)
			tx.SaveCase(read.Case, w.sum, nil, nil)
			return nil
		})
		after, m := w.row()
		for column := range after {
			if !slices.Contains([]string{"changed_at", "event_seq", "event_hash"}, column) && string(before[column]) != string(after[column]) {
				t.Errorf("%s, and saved as it had been: %s is %s and not %s", name, column, after[column], before[column])
			}
		}
		if m != n+1 {
			t.Errorf("%s, and saved: written whole %d times", name, m-n)
		}
	}
}

// The triggers that say what a case has to be are looked at for exactly the columns they ask for. What moves
// with a tick is looked at by the smaller of them alone.
func TestNoTriggerLooksAtATick(t *testing.T) {
	_, url := open(t)
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(t.Context()) })
	rows, err := conn.Query(t.Context(), `select t.tgname::text, p.prosrc, array(select a.attname::text from pg_attribute a
			where a.attrelid = t.tgrelid and a.attnum = any(t.tgattr::int2[]) order by 1)
		from pg_trigger t join pg_proc p on p.oid = t.tgfoid
		where t.tgrelid = 'cases'::regclass and not t.tgisinternal and t.tgtype & 16 > 0`)
	if err != nil {
		t.Fatal(err)
	}
	progress := set(t, "sqlUpdateProgress")
	var found []string
	var name, source string
	var columns []string
	if _, err := pgx.ForEachRow(rows, []any{&name, &source, &columns}, func() error {
		found = append(found, name)
		if name != "cases_turn_row" && (len(columns) == 0 || slices.ContainsFunc(columns, func(c string) bool { return slices.Contains(progress, c) })) {
			t.Errorf("%s looks at %v, a tick writes %v", name, columns, progress)
		}
		if !strings.HasSuffix(name, "_row") {
			return nil
		}
		asked := map[string]bool{}
		for _, m := range regexp.MustCompile(`new\.([a-z_]+)`).FindAllStringSubmatch(source, -1) {
			asked[m[1]] = true
		}
		if want := slices.Sorted(maps.Keys(asked)); !slices.Equal(columns, want) {
			t.Errorf("%s looks at %v and asks for %v", name, columns, want)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if slices.Sort(found); !slices.Equal(found, []string{"cases_counted_anew", "cases_row", "cases_turn_row"}) {
		t.Errorf("updates of cases have the triggers %v", found)
	}
	var read int
	if err := conn.QueryRow(t.Context(), `select (select count(*) from pg_constraint where conrelid = 'cases'::regclass and contype = 'c')
		+ (select count(*) from pg_attribute where attrelid = 'cases'::regclass and attgenerated <> '')`).Scan(&read); err != nil || read != 0 {
		t.Errorf("%d expressions are read anew with every write, %v", read, err)
	}
}

// A new row is looked at as a changed one is, one that comes by COPY too, and has the number of its stage.
func TestNewRowsOfCasesAreLookedAt(t *testing.T) {
	w := newWritten(t)
	for bad, want := range map[string]string{
		`{}`:                  "",
		`{"stage_no": 5}`:     "", // whatever it says
		`{"stage_no": null}`:  "",
		`{"inn": "12"}`:       "cases_row_check",
		`{"stage": "none"}`:   "cases_row_check",
		`{"blocker": "none"}`: "cases_row_check",
		`{"ball": "none"}`:    "cases_row_check",
		`{"erase_by": null, "erase_at": "2020-01-01T00:00:00Z"}`: "cases_row_check",
	} {
		const made = `select array_agg(key order by key), array_agg(value order by key) from cases c,
			jsonb_each_text(to_jsonb(c) || '{"id": "03000000-0000-0000-0000-000000000000"}' || $1::jsonb)`
		var columns []string
		var values []*string
		if err := w.conn.QueryRow(t.Context(), made, bad).Scan(&columns, &values); err != nil {
			t.Fatal(err)
		}
		var inserted, copied []string
		for _, v := range values {
			if v == nil {
				inserted, copied = append(inserted, "null"), append(copied, "")
				continue
			}
			inserted = append(inserted, "'"+strings.ReplaceAll(*v, "'", "''")+"'")
			copied = append(copied, `"`+strings.ReplaceAll(*v, `"`, `""`)+`"`)
		}
		into := "cases (" + strings.Join(columns, ", ") + ")"
		for how, insert := range map[string]func(pgx.Tx) error{
			"inserted": func(tx pgx.Tx) error {
				_, err := tx.Exec(t.Context(), "insert into "+into+" values ("+strings.Join(inserted, ", ")+")")
				return err
			},
			"copied": func(tx pgx.Tx) error {
				_, err := tx.Conn().PgConn().CopyFrom(t.Context(), strings.NewReader(strings.Join(copied, ",")), "copy "+into+" from stdin (format csv)")
				return err
			},
		} {
			tx, err := w.conn.Begin(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			err = insert(tx)
			var refused *pgconn.PgError
			switch got := errors.As(err, &refused); {
			case want == "" && err == nil:
				var no int
				if err := tx.QueryRow(t.Context(), "select stage_no from cases where id = '03000000-0000-0000-0000-000000000000'").Scan(&no); err != nil || no != 7 {
					t.Errorf("%s %s: stage_no %d, %v", bad, how, no, err)
				}
			case want != "" && got && refused.Code == "23514" && refused.ConstraintName == want:
			default:
				t.Errorf("%s %s: %v, want %q", bad, how, err, want)
			}
			if err := tx.Rollback(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
	// Nobody sets the number of a stage by itself.
	w.exec("update cases set stage_no = 5")
	if row, _ := w.row(); string(row["stage_no"]) != "7" {
		t.Errorf("stage_no is %s, the stage %s", row["stage_no"], row["stage"])
	}
}
