package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// namedArgs are the arguments of a statement by name, as many as it mentions. They are
// pgx.StrictNamedArgs whose statements are read once a connection, and not each time: reading a
// long one takes longer than sending it.
type namedArgs map[string]any

// positional is a statement with numbers in the place of names.
type positional struct {
	sql   string
	names []any
}

// RewriteQuery puts the arguments in the order in which the statement numbers them.
func (a namedArgs) RewriteQuery(ctx context.Context, conn *pgx.Conn, sql string, _ []any) (string, []any, error) {
	var known map[string]positional
	if conn != nil { // there is none where a statement is only looked at
		known, _ = conn.PgConn().CustomData()["positional"].(map[string]positional)
		if known == nil {
			known = map[string]positional{}
			conn.PgConn().CustomData()["positional"] = known
		}
	}
	p, ok := known[sql]
	if !ok {
		names := pgx.StrictNamedArgs{}
		for name := range a {
			names[name] = name
		}
		var err error
		if p.sql, p.names, err = names.RewriteQuery(ctx, conn, sql, nil); err != nil {
			return "", nil, err
		}
		if known != nil {
			known[sql] = p
		}
	}
	args := make([]any, len(p.names))
	for i, name := range p.names {
		if args[i], ok = a[name.(string)]; !ok {
			return "", nil, fmt.Errorf("argument %s is missing", name)
		}
	}
	if len(a) > len(args) {
		return "", nil, fmt.Errorf("%d arguments are given, the statement takes %d", len(a), len(args))
	}
	return p.sql, args, nil
}
