package postgres

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"winddown/internal/winddown"
)

// classify gives an error of the database its kind: a row that is not there is NotFound,
// a broken constraint what its name means to people, a server that is away Unavailable.
// Whatever else happens is a fault of ours.
func classify(err error) error {
	if err == nil {
		return nil
	}
	var known *winddown.Error
	if errors.As(err, &known) {
		return err
	}
	if errors.Is(err, pgx.ErrNoRows) {
		return &winddown.Error{Kind: winddown.NotFound, Key: "error.not_found", Err: err}
	}
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return classifyServer(pg, err)
	}
	var connect *pgconn.ConnectError
	if errors.As(err, &connect) || errors.Is(err, context.DeadlineExceeded) || pgconn.Timeout(err) {
		return &winddown.Error{Kind: winddown.Unavailable, Key: "error.unavailable", Err: err}
	}
	return err
}

func classifyServer(pg *pgconn.PgError, err error) error {
	switch pg.ConstraintName {
	case "users_email_unique":
		return &winddown.Error{Kind: winddown.Invalid, Key: "error.invalid", Err: err,
			Fields: []winddown.FieldError{{Field: "email", Key: "account.error.email_taken"}}}
	case "case_people_pkey":
		return &winddown.Error{Kind: winddown.Conflict, Key: "invite.error.already_in", Err: err}
	case "case_people_one_owner":
		return &winddown.Error{Kind: winddown.Conflict, Key: "invite.error.has_owner", Err: err}
	}
	switch pg.Code[:2] {
	case "08", "53", "57": // connection, resources, operator intervention
		return &winddown.Error{Kind: winddown.Unavailable, Key: "error.unavailable", Err: err}
	case "40": // serialization failure, deadlock
		return &winddown.Error{Kind: winddown.Conflict, Key: "error.conflict", Err: err}
	}
	return err
}
