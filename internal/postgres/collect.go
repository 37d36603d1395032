package postgres

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// collect reads all rows into rows by the names of their columns, as pgx.RowToStructByName does;
// but it looks the names up once a result, and not once a row.
func collect[T any](into *[]T) func(pgx.Rows) error {
	return func(r pgx.Rows) error {
		var rows []T
		err := eachRow(r, func(row *T) bool {
			rows = append(rows, *row)
			return true
		})
		if err == nil {
			*into = rows
		}
		return err
	}
}

// eachRow reads rows as collect does and lends each to fn, until that returns false. No two rows share
// what a pointer or a slice leads to.
func eachRow[T any](r pgx.Rows, fn func(*T) bool) error {
	defer r.Close()
	var row, none T
	var targets []any
	for more := true; more && r.Next(); {
		if targets == nil {
			var err error
			if targets, err = targetsOf(&row, r.FieldDescriptions()); err != nil {
				return err
			}
		}
		if err := r.Scan(targets...); err != nil {
			return err
		}
		more = fn(&row)
		row = none
	}
	return r.Err()
}

// targetsOf are the fields of a struct in the order of the columns that have their names. A field
// without a column is an error, as is a column without a field.
func targetsOf(row any, columns []pgconn.FieldDescription) ([]any, error) {
	v := reflect.ValueOf(row).Elem()
	known, _ := orderByType.Load(v.Type())
	order, _ := known.([]place)
	if !slices.EqualFunc(order, columns, func(p place, c pgconn.FieldDescription) bool { return p.column == c.Name }) {
		var err error
		if order, err = orderOf(v.Type(), columns); err != nil {
			return nil, err
		}
		orderByType.Store(v.Type(), order)
	}
	targets := make([]any, len(order))
	for i, p := range order {
		targets[i] = v.FieldByIndex(p.path).Addr().Interface()
	}
	return targets, nil
}

// place is the field a column goes to.
type place struct {
	column string
	path   []int
}

// orderByType is the order in which the columns of a struct came last: mostly the one they always have.
var orderByType sync.Map // of reflect.Type: []place

// orderOf finds the fields of a struct that have the columns' names in small letters, those of embedded
// structs with them.
func orderOf(t reflect.Type, columns []pgconn.FieldDescription) ([]place, error) {
	fields := map[string][]int{}
	for _, f := range reflect.VisibleFields(t) {
		if !f.Anonymous {
			fields[strings.ToLower(f.Name)] = f.Index
		}
	}
	order := make([]place, len(columns))
	for i, c := range columns {
		path, ok := fields[strings.ReplaceAll(c.Name, "_", "")]
		if !ok {
			return nil, fmt.Errorf("%s has no field for the column %s", t, c.Name)
		}
		order[i] = place{c.Name, path}
	}
	if len(fields) != len(columns) {
		return nil, fmt.Errorf("%s has %d fields, the rows have %d columns", t, len(fields), len(columns))
	}
	return order, nil
}
