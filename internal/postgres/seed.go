package postgres

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"winddown/internal/winddown"
)

// SeedUser is a person of the sample data.
type SeedUser struct {
	User         winddown.User
	PasswordHash string
	CreatedAt    time.Time
	FirmID       winddown.ID // the firm of one of an accountant, or zero
}

// SeedCase is a case of the sample data with its whole trail, oldest event first; the
// events carry their time and author.
type SeedCase struct {
	Case      *winddown.Case
	Summary   winddown.Summary
	Dues      []winddown.Due
	Owner     winddown.ID // zero for none
	CreatedAt time.Time
	ChangedAt time.Time
	Events    []winddown.Event
}

// Seeder loads sample data with COPY, in one transaction.
type Seeder struct {
	tx pgx.Tx
}

// Seed runs fn with a Seeder and commits what it loaded. It is an operator's tool.
func (db *DB) Seed(ctx context.Context, fn func(*Seeder) error) error {
	return classify(pgx.BeginTxFunc(ctx, db.pool, db.begin(writing), func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, noLimits); err != nil { // a table of millions takes its time
			return err
		}
		return fn(&Seeder{tx: tx})
	}))
}

// Users loads people, and a firm of one for each who has a FirmID.
func (s *Seeder) Users(ctx context.Context, users []SeedUser) error {
	var people, firms, members, events [][]any
	for _, u := range users {
		stream := winddown.Stream{Kind: winddown.UserStream, ID: u.User.ID}
		head, rows, err := seal([]winddown.Event{{Stream: stream, Kind: winddown.UserRegistered, At: u.CreatedAt,
			By: u.User.ID, Via: winddown.ViaCommand}})
		if err != nil {
			return err
		}
		events = append(events, rows...)
		var consentAt *time.Time
		if u.User.Consent != "" {
			consentAt = &u.CreatedAt
		}
		people = append(people, []any{u.User.ID, u.User.Email, winddown.EmailKey(u.User.Email), u.User.Name, u.PasswordHash,
			u.User.Locale, u.User.Zone, u.CreatedAt, head.Seq, head.Hash[:], u.User.Consent, consentAt})
		if u.FirmID.IsZero() {
			continue
		}
		// A head of its own: the row above holds on to the bytes of the person's.
		firm, rows, err := seal([]winddown.Event{{Stream: winddown.Stream{Kind: winddown.FirmStream, ID: u.FirmID},
			Kind: winddown.FirmFounded, At: u.CreatedAt, By: u.User.ID, User: u.User.ID, Role: winddown.Admin, Via: winddown.ViaCommand}})
		if err != nil {
			return err
		}
		events = append(events, rows...)
		firms = append(firms, []any{u.FirmID, u.User.Name, u.CreatedAt, firm.Seq, firm.Hash[:]})
		members = append(members, []any{u.FirmID, u.User.ID, string(winddown.Admin), u.CreatedAt})
	}
	if err := s.copy(ctx, "users", "id email email_key name password_hash locale zone created_at event_seq event_hash consent consent_at", people); err != nil {
		return err
	}
	if err := s.copy(ctx, "firms", "id name created_at event_seq event_hash", firms); err != nil {
		return err
	}
	if err := s.copy(ctx, "firm_people", "firm_id user_id role added_at", members); err != nil {
		return err
	}
	return s.copy(ctx, "events", eventColumns, events)
}

const eventColumns = "stream_kind stream_id seq at by_id about_id body hash"

// Cases loads cases whose people are loaded already.
func (s *Seeder) Cases(ctx context.Context, cases []SeedCase) error {
	var rows, people, steps, acts, deadlines, dues, debts, evidence, questions, events [][]any
	for _, sc := range cases {
		c, sum := sc.Case, sc.Summary
		head, trail, err := seal(winddown.OnStream(winddown.Stream{Kind: winddown.CaseStream, ID: c.ID}, sc.Events))
		if err != nil {
			return err
		}
		events = append(events, trail...)
		rows = append(rows, seedCase(sc, sum, head))
		if !sc.Owner.IsZero() {
			people = append(people, []any{c.ID, sc.Owner, string(winddown.Owner), sc.CreatedAt})
		}
		for _, st := range c.Steps {
			a := stepArgs(c.ID, st)
			steps = append(steps, values(a, seedStepColumns))
		}
		for _, act := range append(slices.Clone(c.Past), c.Acts...) {
			acts = append(acts, values(actArgs(c.ID, act), seedActColumns))
		}
		for _, d := range c.Deadlines {
			deadlines = append(deadlines, values(deadlineArgs(c.ID, d), seedDeadlineColumns))
		}
		for _, d := range sc.Dues {
			dues = append(dues, dueColumns(c.ID, d))
		}
		for i, d := range c.Debts {
			debts = append(debts, values(debtArgs(c.ID, i+1, d), seedDebtColumns))
		}
		for _, e := range c.Evidence {
			evidence = append(evidence, values(evidenceArgs(c.ID, e), seedEvidenceColumns))
		}
		for _, q := range c.Questions {
			questions = append(questions, values(questionArgs(c.ID, q), seedQuestionColumns))
		}
	}
	if err := s.copy(ctx, "cases", seedCaseColumns, rows); err != nil {
		return err
	}
	if err := s.copy(ctx, "case_people", "case_id user_id role added_at", people); err != nil {
		return err
	}
	for _, t := range []struct {
		table, columns string
		rows           [][]any
	}{
		{"case_steps", seedStepColumns, steps}, {"acts", seedActColumns, acts}, {"deadlines", seedDeadlineColumns, deadlines},
		{"dues", seedDueColumns, dues},
		{"debts", seedDebtColumns, debts}, {"evidence", seedEvidenceColumns, evidence}, {"questions", seedQuestionColumns, questions},
	} {
		if err := s.copy(ctx, t.table, t.columns, t.rows); err != nil {
			return err
		}
	}
	return s.copy(ctx, "events", eventColumns, events)
}

// The columns that sample data fill, each with the value a write gives the parameter of the
// same name; case_id is that of case.
const (
	seedCaseColumns = "id firm_id responsible_id seller_name inn ogrn cabinet name_key search_text fbs wb_stock leftover acting " +
		"playbook zone version opened_on finished_on created_at changed_at event_seq event_hash act_state act_on act_ticket stage " +
		"burn_on overdue_on due_on due_kind problem blocker ball ball_on steps_done steps_needed evidence_seq evidence_bytes " +
		"question_seq deadline_seq act_seq inbox_on terms balance lines waived questions texts"
	seedStepColumns = "case_id code version started_on note done_on done_at done_by on_behalf problem problem_reason problem_steps " +
		"problem_on problem_at problem_by proofs questions accepted_by accepted_at accepted_dropped dropped_by dropped_accepted " +
		"dropped_at waiver_steps waiver_reason waiver_on waiver_at waiver_by"
	seedActColumns = "case_id position round version counterparty period_from period_to channel ticket requested_on checked_on reminded_on " +
		"received_on ours theirs compared_on agrees difference objections disputed_on signed_on signer authority via countersigned_on"
	seedDeadlineColumns = "case_id number kind what from_on until_on basis_days basis_source basis_as_of closed_on"
	seedDebtColumns     = "case_id id line version side what amount on_date document settled_on written_off written_off_on removed by_id at"
	seedQuestionColumns = "case_id number step body asked_by asked_at answer answered_by answered_at resolved_by resolved_at"
	seedEvidenceColumns = "case_id number step slot act round debt doc version kind name type size sha256 note frozen by_id at on_behalf"
)

const seedDueColumns = "case_id kind number act on_date"

func dueColumns(id winddown.ID, d winddown.Due) []any {
	return []any{id, string(d.Kind), d.Number, d.Act, d.On}
}

// seedCase is the row of a sample case.
func seedCase(sc SeedCase, sum winddown.Summary, head winddown.Head) []any {
	args := (&Tx{now: sc.ChangedAt}).caseArgs(sc.Case, sum)
	for k, v := range sellerArgs(sc.Case) {
		args[k] = v
	}
	args["opened_on"], args["created_at"], args["event_seq"], args["event_hash"] = sc.Case.OpenedOn, sc.CreatedAt, head.Seq, head.Hash[:]
	for _, column := range []string{"act_on", "burn_on", "overdue_on", "due_on"} {
		args[column] = orInfinity(args[column].(winddown.Date))
	}
	return values(args, seedCaseColumns)
}

// values picks the parameters of a write in the order of columns.
func values(args namedArgs, columns string) []any {
	var row []any
	for name := range strings.FieldsSeq(columns) {
		if name == "case_id" {
			name = "case"
		}
		row = append(row, plain(args[name]))
	}
	return row
}

// plain is a value as COPY takes it: it knows no named string types.
func plain(v any) any {
	if r := reflect.ValueOf(v); r.IsValid() && r.Kind() == reflect.String {
		return r.String()
	}
	return v
}

// seal chains the events of one new stream and returns its head and rows.
func seal(events []winddown.Event) (winddown.Head, [][]any, error) {
	var head winddown.Head
	var rows [][]any
	for _, e := range events {
		r, next, err := head.Append(e)
		if err != nil {
			return winddown.Head{}, nil, err
		}
		head = next
		rows = append(rows, []any{string(r.Stream.Kind), r.Stream.ID, r.Seq, r.At, r.By, r.User, r.Body, r.Hash[:]})
	}
	return head, rows, nil
}

func (s *Seeder) copy(ctx context.Context, table, columns string, rows [][]any) error {
	if len(rows) == 0 {
		return nil
	}
	_, err := s.tx.CopyFrom(ctx, pgx.Identifier{table}, strings.Fields(columns), pgx.CopyFromRows(rows))
	if err != nil {
		return fmt.Errorf("load %s: %w", table, err)
	}
	return nil
}
