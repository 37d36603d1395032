package postgres

import (
	"fmt"
	"reflect"
	"strings"
	"sync"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// collect reads all rows into rows by the names of their columns, as pgx.RowToStructByName does;
// but it looks the names up once a result, and not once a row.
func collect[T any](into *[]T) func(pgx.Rows) error {
	return func(r pgx.Rows) error {
		defer r.Close()
		var rows []T
		var row, none T
		var targets []any
		for r.Next() {
			if targets == nil {
				var err error
				if targets, err = targetsOf(&row, r.FieldDescriptions()); err != nil {
					return err
				}
			}
			if err := r.Scan(targets...); err != nil {
				return err
			}
			rows = append(rows, row)
			row = none // no two rows share what a pointer or a slice leads to
		}
		*into = rows
		return r.Err()
	}
}

// targetsOf are the fields of a struct in the order of the columns that have their names. A field
// without a column is an error, as is a column without a field.
func targetsOf(row any, columns []pgconn.FieldDescription) ([]any, error) {
	v := reflect.ValueOf(row).Elem()
	fields := fieldsOf(v.Type())
	targets := make([]any, len(columns))
	for i, c := range columns {
		path, ok := fields[strings.ReplaceAll(c.Name, "_", "")]
		if !ok {
			return nil, fmt.Errorf("%s has no field for the column %s", v.Type(), c.Name)
		}
		targets[i] = v.FieldByIndex(path).Addr().Interface()
	}
	if len(fields) != len(columns) {
		return nil, fmt.Errorf("%s has %d fields, the rows have %d columns", v.Type(), len(fields), len(columns))
	}
	return targets, nil
}

var fieldsByType sync.Map // of reflect.Type: map[string][]int

// fieldsOf are the places of a struct's fields, those of embedded structs with them, by their
// names in small letters.
func fieldsOf(t reflect.Type) map[string][]int {
	if known, ok := fieldsByType.Load(t); ok {
		return known.(map[string][]int)
	}
	fields := map[string][]int{}
	for _, f := range reflect.VisibleFields(t) {
		if !f.Anonymous {
			fields[strings.ToLower(f.Name)] = f.Index
		}
	}
	fieldsByType.Store(t, fields)
	return fields
}
