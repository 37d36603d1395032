package postgres

import (
	"context"
	"errors"
	"io"
	"net"

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
	if away(err) {
		return &winddown.Error{Kind: winddown.Unavailable, Key: "error.unavailable", Err: err}
	}
	var pg *pgconn.PgError
	if errors.As(err, &pg) {
		return classifyServer(pg, err)
	}
	return err
}

// unsure gives an error of a commit its kind. Where the server said no, nothing was saved; where
// its answer was lost, nobody knows: whoever asked has to look.
func unsure(err error) error {
	var pg *pgconn.PgError
	refused := errors.As(err, &pg) && pg.Severity == "ERROR"
	if err == nil || refused || pgconn.SafeToRetry(err) || pg == nil && !away(err) && !errors.Is(err, context.Canceled) {
		return classify(err)
	}
	return &winddown.Error{Kind: winddown.Unavailable, Key: "error.unsure", Err: err}
}

// away reports whether an error means that the server cannot be reached, or was lost on
// the way. Somebody who left before his answer is no reason to say so.
func away(err error) bool {
	if errors.Is(err, context.Canceled) {
		return false
	}
	var connect *pgconn.ConnectError
	var network net.Error
	return errors.As(err, &connect) || errors.As(err, &network) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, context.DeadlineExceeded) || errors.Is(err, pgconn.ErrConnClosed)
}

func classifyServer(pg *pgconn.PgError, err error) error {
	switch pg.ConstraintName {
	case "users_email_unique":
		return &winddown.Error{Kind: winddown.Invalid, Key: "error.invalid", Err: err,
			Fields: []winddown.FieldError{{Field: "email", Key: "account.error.email_taken"}}}
	case "passkeys_credential_unique":
		return &winddown.Error{Kind: winddown.Conflict, Key: "passkey.error.known", Err: err}
	case "case_people_pkey":
		return &winddown.Error{Kind: winddown.Conflict, Key: "invite.error.already_in", Err: err}
	case "firm_people_pkey":
		return &winddown.Error{Kind: winddown.Conflict, Key: "firm.error.already_in", Err: err}
	case "cases_responsible_member", "users_firm_member": // he left the firm meanwhile
		return &winddown.Error{Kind: winddown.Conflict, Key: "error.conflict", Err: err}
	case "river_job_unique_idx": // the same letter waits already
		return &winddown.Error{Kind: winddown.Conflict, Key: "admin.jobs.error.planned", Err: err}
	case "case_people_one_owner":
		return &winddown.Error{Kind: winddown.Conflict, Key: "invite.error.has_owner", Err: err}
	}
	if pg.Code == readOnly || pg.Code == "25P03" || pg.Severity == "FATAL" { // a standby; too long idle; the connection is cut
		return &winddown.Error{Kind: winddown.Unavailable, Key: "error.unavailable", Err: err}
	}
	switch pg.Code[:2] {
	case "08", "53", "55", "57": // connection, resources, locks, operator intervention
		return &winddown.Error{Kind: winddown.Unavailable, Key: "error.unavailable", Err: err}
	case "40": // serialization failure, deadlock
		return &winddown.Error{Kind: winddown.Conflict, Key: "error.conflict", Err: err}
	}
	return err
}
