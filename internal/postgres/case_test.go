package postgres_test

import (
	"context"
	"database/sql"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/pressly/goose/v3"

	"winddown/internal/postgres"
	"winddown/internal/testdb"
	"winddown/internal/winddown"
	"winddown/migrations"
)

func date(day int) winddown.Date { return winddown.DateOf(moment).AddDays(day) }

// Whatever a case holds comes back from the database as it was written.
func TestACaseIsReadAsItWasWritten(t *testing.T) {
	db, _ := open(t)
	me, other := insert(t, db), insert(t, db)
	actor := winddown.Actor{UserID: me.ID}
	id, firm := newUser(t).ID, newUser(t).ID
	parts := []postgres.Part{postgres.EvidenceOf(""), postgres.Questions(), postgres.Ledger()}
	write := func(fn func(tx *postgres.Tx) error) {
		t.Helper()
		err := db.InTx(t.Context(), actor, moment, func(tx *postgres.Tx) ([]winddown.Event, error) {
			return []winddown.Event{{Stream: winddown.Stream{Kind: winddown.CaseStream, ID: id}, Kind: winddown.DetailsChanged}}, fn(tx)
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	c, _, err := winddown.OpenCase(id, winddown.NewCase{
		Seller: winddown.Seller{Name: "ИП Петрова", INN: "7721546864"}, Answers: winddown.RawAnswers{FBS: "yes", WBStock: "no"},
	}, winddown.Stamp{At: moment, Today: date(-60)})
	if err != nil {
		t.Fatal(err)
	}
	write(func(tx *postgres.Tx) error {
		tx.InsertCase(c, winddown.Summarize(c, winddown.RussianCalendar()), nil)
		tx.AddPerson(id, me.ID, winddown.Owner)
		return nil
	})
	err = db.InTx(t.Context(), actor, moment, func(tx *postgres.Tx) ([]winddown.Event, error) {
		tx.InsertFirm(firm, "Ким", me.ID)
		tx.AddFirmPerson(firm, other.ID, winddown.Accountant)
		tx.SavePractice(&winddown.Firm{ID: firm, Practice: fullPractice()})
		return []winddown.Event{{Stream: winddown.Stream{Kind: winddown.FirmStream, ID: firm}, Kind: winddown.FirmFounded}}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	// What comes about in two moves is written in two: a round before the next, a question
	// before its answer, a file before it is frozen.
	for _, fill := range []func(*winddown.Case, winddown.ID, winddown.ID, winddown.ID){fillFirst, fillAll} {
		var want *winddown.Case
		write(func(tx *postgres.Tx) error {
			read, err := tx.LockCase(t.Context(), id, parts...)
			if err != nil {
				return err
			}
			want = read.Case
			fill(want, me.ID, other.ID, firm)
			tx.SaveRescue(id, want.RescueAt)
			tx.SaveCase(want, winddown.Summarize(want, winddown.RussianCalendar()), nil, nil)
			return nil
		})
		got, err := db.Case(t.Context(), actor, id, postgres.TrailQuery{}, parts...)
		if err != nil {
			t.Fatal(err)
		}
		filled := map[string]bool{}
		leaves(reflect.ValueOf(want).Elem(), "Case", filled)
		if leaves(reflect.ValueOf(got.Case).Elem(), "Case", map[string]bool{}); !reflect.DeepEqual(got.Case, want) {
			t.Errorf("read\n%+v\nwritten\n%+v", deref(got.Case), deref(want))
		}
		for name, ok := range filled {
			if !ok && reflect.ValueOf(fill).Pointer() == reflect.ValueOf(fillAll).Pointer() {
				t.Errorf("%s is nowhere filled: the test does not see whether it is written", name)
			}
		}
	}
}

// fillFirst makes the first of two moves.
func fillFirst(c *winddown.Case, me, other, _ winddown.ID) {
	c.Acts = []winddown.Act{fullAct(1, 1)}
	c.EvidenceSeq, c.QuestionSeq = 2, 2
	for n := range 2 {
		c.Evidence = append(c.Evidence, winddown.Evidence{
			Number: n + 1, Step: winddown.ReceiveAct, Slot: winddown.SlotActFile, Act: 1, Round: 2, Debt: me, Doc: 1, Version: n + 1, Kind: winddown.EvidenceFile,
			Name: "акт.pdf", Type: "pdf", Size: 5, SHA256: [32]byte{7}, Note: "Скан", By: other, At: moment, OnBehalf: true,
		})
		c.Questions = append(c.Questions, winddown.Question{Number: n + 1, Step: winddown.SellOut, Text: "Где?", AskedBy: me, AskedAt: moment})
	}
}

// fillAll gives every field of a case a value that is not the one it begins with.
func fillAll(c *winddown.Case, me, other, firm winddown.ID) {
	later := moment.Add(time.Hour)
	c.FirmID, c.ResponsibleID, c.Acting, c.Version = firm, other, true, 7
	c.Practice, c.Texts = fullPractice(), 3
	c.RescueAt = moment.AddDate(0, 0, 30)
	c.Erasure = &winddown.Erasure{AskedAt: moment, At: moment.AddDate(0, 0, 20), By: other}
	c.Seller = winddown.Seller{Name: "ООО «Маяк»", INN: "7707083893", OGRN: "1027700132195", Cabinet: "Второй"}
	c.Answers = winddown.Answers{FBS: true, WBStock: true, Leftover: winddown.Both}
	c.Zone, c.FinishedOn = "Asia/Omsk", date(0)
	c.Balance, c.Lines = -341820, 2
	c.Deadlines = []winddown.Deadline{{Number: 1, Kind: winddown.DueReport, What: "Отчёт", From: date(-9), Until: date(-2), ClosedOn: date(-3),
		Basis: winddown.Basis{Days: 7, Source: "Оферта", AsOf: date(-30)}}}
	c.InboxOn = date(-1)
	c.Reminder = &winddown.Reminder{Step: winddown.SellOut, Text: "Распродайте товар", At: moment, By: other, Seen: true}
	c.ArchivedAt = moment
	c.Terms = []winddown.Term{{Kind: winddown.DueChase, Days: []int{2, 5}, Source: "Письмо", AsOf: date(-5)}}
	c.EvidenceSeq, c.EvidenceBytes, c.QuestionSeq, c.DeadlineSeq, c.ActSeq = 3, 10, 2, 1, 3
	for i := range c.Steps {
		c.Steps[i].Version, c.Steps[i].Proofs = 3, []string{"act_file/1", "request"}
	}
	c.Steps[1] = winddown.Step{
		Code: c.Steps[1].Code, Version: 9, StartedOn: date(-20), Note: "Заметка", Proofs: []string{"orders_done"}, Questions: 1,
		Tick:     &winddown.Tick{On: date(-10), At: moment, By: me, OnBehalf: true},
		Problem:  &winddown.Problem{Kind: winddown.Returned, Reason: "Не то", Steps: []winddown.Code{winddown.ZeroFBS}, On: date(-1), At: moment, By: other},
		Accepted: &winddown.Acceptance{By: me, At: moment, DroppedAt: later},
		Dropped:  &winddown.Acceptance{By: other, At: moment, DroppedAt: later},
		Waiver:   &winddown.Waiver{Steps: []winddown.Code{winddown.ReturnStock}, Reason: "Можно", On: date(-2), At: moment, By: other},
	}
	c.Past = slices.Clone(c.Acts)
	c.Acts = []winddown.Act{fullAct(1, 2), fullAct(3, 1)}
	c.Evidence[0].Frozen = true
	c.Evidence = append(c.Evidence, winddown.Evidence{
		Number: 3, Step: winddown.SellOut, Slot: winddown.SlotOrdersDone, Doc: 3, Version: 1, Kind: winddown.EvidenceReason, Note: "Нет", By: me, At: later,
	})
	q := &c.Questions[0]
	q.Answer, q.AnsweredBy, q.AnsweredAt, q.ResolvedBy, q.ResolvedAt = "Вот", other, later, me, later
	debt := winddown.Debt{ID: me, Version: 2, Side: winddown.ToWB, What: "Хранение", Amount: 341820, On: date(-4), Document: "УПД 7",
		WrittenOff: "Давно", WrittenOffOn: date(-1), Removed: "Дважды", By: other, At: moment}
	paid := debt
	paid.ID, paid.WrittenOff, paid.WrittenOffOn, paid.SettledOn = other, "", winddown.Date{}, date(-1)
	c.Debts = winddown.Ledger{debt, paid}
}

func fullPractice() winddown.Practice {
	return winddown.Practice{Chase: []int{2, 5}, Off: []winddown.Date{date(3)}, Worked: []winddown.Date{date(4), date(5)}, Acting: true, Texts: 4}
}

func fullAct(position, round int) winddown.Act {
	return winddown.Act{
		Position: position, Round: round, Version: 5, Counterparty: fmt.Sprintf("ООО «%d»", position), PeriodFrom: date(-500), PeriodTo: date(-50),
		Channel: winddown.Documents, Ticket: "48-1131", RequestedOn: date(-40), CheckedOn: date(-38), RemindedOn: date(-39), ReceivedOn: date(-36),
		Ours: winddown.Balance{Known: true, Amount: 5}, Theirs: winddown.Balance{Known: true, Amount: -7}, ComparedOn: date(-34), Agrees: true,
		Difference: 12, Objections: "Нет\nДважды", DisputedOn: date(-30), SignedOn: date(-20), Signer: "Петрова", Authority: "Устав",
		Via: winddown.ViaPaper, CountersignedOn: date(-10),
	}
}

func deref(c *winddown.Case) winddown.Case { return *c }

// leaves notes of every field below v whether it is filled anywhere, and puts times into one
// zone.
func leaves(v reflect.Value, name string, filled map[string]bool) {
	switch v.Interface().(type) {
	case time.Time:
		v.Set(reflect.ValueOf(v.Interface().(time.Time).UTC()))
	case winddown.Date, winddown.ID, [32]byte:
	default:
		switch v.Kind() {
		case reflect.Pointer:
			if !v.IsNil() {
				leaves(v.Elem(), name, filled)
			}
		case reflect.Slice:
			for i := range v.Len() {
				leaves(v.Index(i), name, filled)
			}
		case reflect.Struct:
			for i := range v.NumField() {
				leaves(v.Field(i), name+"."+v.Type().Field(i).Name, filled)
			}
		default:
		}
	}
	filled[name] = filled[name] || !v.IsZero()
}

// migratedTo returns a database with the migrations up to one.
func migratedTo(t *testing.T, version int64) (url string, exec func(statement string, args ...any), conn *pgx.Conn) {
	t.Helper()
	url = testdb.Empty(t)
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	std, err := sql.Open("pgx", url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = std.Close() }()
	some, err := goose.NewProvider(goose.DialectPostgres, std, migrations.FS)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := some.UpTo(t.Context(), version); err != nil {
		t.Fatal(err)
	}
	return url, func(statement string, args ...any) {
		t.Helper()
		if _, err := conn.Exec(t.Context(), statement, args...); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}, conn
}

// Deadlines that did not keep the term they were counted by are given the likeliest.
func TestDeadlinesOfBeforeGetABasis(t *testing.T) {
	url, exec, conn := migratedTo(t, 4)
	id := uuid.New()
	exec(`insert into cases (id, seller_name, inn, name_key, search_text, fbs, wb_stock, leftover, playbook, zone, version, opened_on,
			created_at, changed_at, act_state, act_on, stage, burn_on, overdue_on, due_on, steps_done, steps_needed, terms)
		values ($1, 'ИП Петрова', '7721546864', '', '', false, false, '', 1, 'Europe/Moscow', 1, '2026-09-01', $2, $2, 'not_requested',
			'infinity', 'early', 'infinity', 'infinity', 'infinity', 0, 6,
			'[{"kind": "report", "days": [10], "source": "Оферта, пункт 8", "as_of": "2026-10-01"},
			  {"kind": "chase", "days": [3, 7], "source": "Письмо", "as_of": "2026-10-02"}]')`, id, moment)
	for number, d := range [][3]string{
		{"pick_up", "2026-10-01", "2026-10-08"}, {"report", "2026-10-01", "2026-10-08"}, {"report", "2026-10-01", "2026-10-11"},
		{"pick_up", "2026-10-01", "2026-10-11"}, {"report", "2026-10-01", "2026-10-04"},
	} {
		exec("insert into deadlines (case_id, number, kind, from_on, until_on) values ($1, $2, $3, $4, $5)", id, number+1, d[0], d[1], d[2])
	}
	if _, err := postgres.Migrate(t.Context(), url); err != nil {
		t.Fatal(err)
	}
	rows, err := conn.Query(t.Context(), "select concat_ws(' ', basis_days, basis_source, basis_as_of) from deadlines order by number")
	if err != nil {
		t.Fatal(err)
	}
	got, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if want := []string{"7  2025-09-22", "7  2023-04-05", "10 Оферта, пункт 8 2026-10-01", "0 ", "0 "}; err != nil || !slices.Equal(got, want) {
		t.Errorf("the bases are %q, %v; want %q", got, err, want)
	}
}

// A database of the first release is taken over: nothing that was noted of an act is lost,
// and the one date of the returns becomes a batch of its own.
func TestTheFirstReleaseIsTakenOver(t *testing.T) {
	url, exec, conn := migratedTo(t, 1)
	owner, signed, waiting := uuid.New(), uuid.New(), uuid.New()
	exec(`insert into users (id, email, email_key, name, password_hash, locale, zone, created_at)
		values ($1, 'a@example.ru', 'a@example.ru', 'Петрова', 'none', 'ru', 'Europe/Moscow', $2)`, owner, moment)
	for _, id := range []uuid.UUID{signed, waiting} {
		exec(`insert into cases (id, seller_name, inn, name_key, search_text, fbs, wb_stock, leftover, playbook, zone, version, opened_on,
				created_at, changed_at, act_state, act_on, stage, burn_on, overdue_on, due_on, steps_done, steps_needed)
			values ($1, 'ИП Петрова', '7721546864', '', '', false, false, '', 1, 'Europe/Moscow', 1, '2026-09-01', $2, $2, 'signed', '2026-10-30',
				'debt', 'infinity', 'infinity', 'infinity', 5, 6)`,
			id, moment)
		exec("insert into case_people (case_id, user_id, role, added_at) values ($1, $2, 'owner', $3)", id, owner, moment)
		for _, code := range []string{"zero_fbs", "sell_out", "return_stock", "collect_returns", "strip_media", "request_act", "receive_act", "sign_act", "settle_debts"} {
			exec("insert into case_steps (case_id, code, version) values ($1, $2, 4)", id, code)
		}
	}
	exec(`update case_steps set done_on = '2026-09-20', done_at = $2, done_by = $3, note = 'Забрано', pick_up_by = '2026-09-25'
		where case_id = $1 and code = 'collect_returns'`, signed, moment, owner)
	exec("update case_steps set pick_up_by = '2026-11-25', started_on = '2026-11-18' where case_id = $1 and code = 'collect_returns'", waiting)
	exec(`update case_steps set done_on = '2026-10-30', done_at = $2, done_by = $3 where case_id = $1 and code in ('request_act', 'receive_act', 'sign_act')`,
		signed, moment, owner)
	exec(`insert into acts (case_id, position, counterparty, channel, ticket, requested_on, received_on, signed_on)
		values ($1, 1, 'ООО «РВБ»', 'support', '48-1131', '2026-10-01', '2026-10-20', '2026-10-30')`, signed)
	exec("insert into acts (case_id, position) values ($1, 1)", waiting)

	if _, err := postgres.Migrate(t.Context(), url); err != nil {
		t.Fatal(err)
	}
	db, err := postgres.Open(t.Context(), testdb.Through(t, postgres.Options{URL: url}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	read := func(id uuid.UUID) *winddown.Case {
		t.Helper()
		v, err := db.Case(t.Context(), winddown.Actor{UserID: winddown.ID(owner)}, winddown.ID(id), postgres.TrailQuery{})
		if err != nil {
			t.Fatal(err)
		}
		return v.Case
	}
	day := func(month time.Month, day int) winddown.Date {
		return winddown.Date{Year: 2026, Month: month, Day: day}
	}
	c := read(signed)
	want := winddown.Act{Position: 1, Round: 1, Version: 1, Counterparty: "ООО «РВБ»", Channel: winddown.Support, Ticket: "48-1131",
		RequestedOn: day(10, 1), ReceivedOn: day(10, 20), ComparedOn: day(10, 30), Agrees: true, SignedOn: day(10, 30)}
	if len(c.Acts) != 1 || c.Acts[0] != want || c.Acts[0].Phase() != winddown.PhaseSigned {
		t.Errorf("acts %+v, want %+v", c.Acts, want)
	}
	usual := winddown.Basis{Days: 7, AsOf: winddown.Date{Year: 2025, Month: 9, Day: 22}} // seven days before was what every case began with
	collected := winddown.Deadline{Number: 1, Basis: usual, Kind: winddown.DuePickUp, From: day(9, 18), Until: day(9, 25), ClosedOn: day(9, 20)}
	if !slices.Equal(c.Deadlines, []winddown.Deadline{collected}) || c.DeadlineSeq != 1 || c.Playbook != 1 {
		t.Errorf("deadlines %+v after %d", c.Deadlines, c.DeadlineSeq)
	}
	if st, _ := c.Step(winddown.CollectReturns); st.Tick == nil || st.Tick.On != day(9, 20) || st.Note != "Забрано" || st.Version != 4 {
		t.Errorf("step %+v", st)
	}
	c = read(waiting)
	awaited := winddown.Deadline{Number: 1, Basis: usual, Kind: winddown.DuePickUp, From: day(11, 18), Until: day(11, 25)}
	if !slices.Equal(c.Deadlines, []winddown.Deadline{awaited}) || c.PickUpBy() != day(11, 25) || c.Acts[0].Phase() != winddown.PhaseNotRequested {
		t.Errorf("deadlines %+v, acts %+v", c.Deadlines, c.Acts)
	}
	if c.ActSeq != 1 {
		t.Errorf("the next act would take the place %d", c.ActSeq+1)
	}
	var kind, on string
	if err := conn.QueryRow(t.Context(), "select due_kind, due_on::text from cases where id = $1", waiting).Scan(&kind, &on); err != nil || kind != "inbox" || on != "2026-10-01" {
		t.Errorf("due is %s on %s, %v", kind, on, err)
	}
}
