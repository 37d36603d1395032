package postgres

import (
	"context"
	"fmt"
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
	return classify(pgx.BeginFunc(ctx, db.pool, func(tx pgx.Tx) error { return fn(&Seeder{tx: tx}) }))
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
		people = append(people, []any{u.User.ID, u.User.Email, winddown.EmailKey(u.User.Email), u.User.Name, u.PasswordHash,
			u.User.Locale, u.User.Zone, u.CreatedAt, head.Seq, head.Hash[:]})
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
	if err := s.copy(ctx, "users", "id email email_key name password_hash locale zone created_at event_seq event_hash", people); err != nil {
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
	var rows, people, steps, acts, events [][]any
	for _, sc := range cases {
		c, sum := sc.Case, sc.Summary
		head, trail, err := seal(winddown.OnStream(winddown.Stream{Kind: winddown.CaseStream, ID: c.ID}, sc.Events))
		if err != nil {
			return err
		}
		events = append(events, trail...)
		rows = append(rows, []any{
			c.ID, c.FirmID, c.ResponsibleID, c.Seller.Name, c.Seller.INN, c.Seller.OGRN, c.Seller.Cabinet, nameKey(c.Seller),
			searchText(c.Seller), c.Answers.FBS, c.Answers.WBStock, string(c.Answers.Leftover), c.Acting,
			c.Playbook, c.Zone, c.Version, c.OpenedOn, c.FinishedOn, sc.CreatedAt, sc.ChangedAt, head.Seq, head.Hash[:],
			string(sum.Act), orInfinity(sum.ActOn), sum.Ticket, string(sum.Stage), orInfinity(sum.BurnOn),
			orInfinity(sum.OverdueOn), orInfinity(sum.DueOn), string(sum.Due), string(sum.Problem), string(sum.Blocker),
			string(sum.Ball), sum.BallOn, sum.Done, sum.Needed,
		})
		if !sc.Owner.IsZero() {
			people = append(people, []any{c.ID, sc.Owner, string(winddown.Owner), sc.CreatedAt})
		}
		for _, st := range c.Steps {
			a := stepArgs(c.ID, st)
			steps = append(steps, []any{a["case"], string(st.Code), a["version"], a["started_on"], a["note"], a["pick_up_by"],
				a["done_on"], a["done_at"], a["done_by"], a["on_behalf"], fmt.Sprint(a["problem"]), a["problem_reason"],
				a["problem_steps"], a["problem_on"], a["problem_at"], a["problem_by"]})
		}
		for _, act := range c.Acts {
			acts = append(acts, []any{c.ID, act.Position, act.Counterparty, act.PeriodFrom, act.PeriodTo, string(act.Channel),
				act.Ticket, act.RequestedOn, act.CheckedOn, act.ReceivedOn, act.SignedOn})
		}
	}
	if err := s.copy(ctx, "cases", "id firm_id responsible_id seller_name inn ogrn cabinet name_key search_text fbs wb_stock "+
		"leftover acting playbook zone version opened_on finished_on created_at changed_at event_seq event_hash "+
		"act_state act_on act_ticket stage burn_on overdue_on due_on due_kind problem blocker ball ball_on steps_done steps_needed", rows); err != nil {
		return err
	}
	if err := s.copy(ctx, "case_people", "case_id user_id role added_at", people); err != nil {
		return err
	}
	if err := s.copy(ctx, "case_steps", "case_id code version started_on note pick_up_by done_on done_at done_by on_behalf "+
		"problem problem_reason problem_steps problem_on problem_at problem_by", steps); err != nil {
		return err
	}
	if err := s.copy(ctx, "acts", "case_id position counterparty period_from period_to channel ticket requested_on "+
		"checked_on received_on signed_on", acts); err != nil {
		return err
	}
	return s.copy(ctx, "events", eventColumns, events)
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
