package postgres

import (
	"encoding/binary"
	"errors"
	"fmt"
	"reflect"

	"github.com/jackc/pgx/v5/pgtype"
)

// records are rows that come as one column of another: array(select row(…) …), whose columns
// stand in the order of T's fields. A case with its steps and acts is one statement by it, and
// not four, each of which would ask anew whether its reader may see the case.
type records[T any] []T

// grow makes room for n rows and returns the slice.
func (r *records[T]) grow(n int) reflect.Value {
	*r = make(records[T], n)
	return reflect.ValueOf(*r)
}

// recordsCodec reads record[] into records: what each column is scanned with is found once a
// result, where pgx would look it up for every field of every row.
type recordsCodec struct{ pgtype.Codec }

// PlanScan implements pgtype.Codec.
func (c recordsCodec) PlanScan(m *pgtype.Map, oid uint32, format int16, target any) pgtype.ScanPlan {
	if _, ok := target.(interface{ grow(n int) reflect.Value }); ok && format == pgtype.BinaryFormatCode {
		return &recordsPlan{m: m}
	}
	return c.Codec.PlanScan(m, oid, format, target)
}

type recordsPlan struct {
	m      *pgtype.Map
	fields []pgtype.ScanPlan
}

var errRecords = errors.New("records cannot be read")

// Scan implements pgtype.ScanPlan. The layout is that of array_send and record_send: dimensions,
// a flag, the type and the length of the first dimension; of each row its length and how many
// fields it has; of each field its type, its length (-1 for NULL) and its bytes.
func (p *recordsPlan) Scan(src []byte, target any) error {
	r := recordReader{src}
	dimensions, _, _ := r.int32(), r.int32(), r.int32()
	n := 0
	if dimensions > 0 {
		n, _ = r.int32(), r.int32()
	}
	if dimensions > 1 || n < 0 || n > len(src) {
		return errRecords
	}
	rows := target.(interface{ grow(n int) reflect.Value }).grow(n)
	for i := range n {
		_, columns := r.int32(), r.int32()
		row := rows.Index(i)
		if columns != row.NumField() {
			return fmt.Errorf("%w: %d columns for %s", errRecords, columns, row.Type())
		}
		if p.fields == nil {
			p.fields = make([]pgtype.ScanPlan, columns)
		}
		for k := range columns {
			oid, length := uint32(r.int32()), r.int32()
			field := row.Field(k).Addr().Interface()
			if p.fields[k] == nil {
				p.fields[k] = p.m.PlanScan(oid, pgtype.BinaryFormatCode, field)
			}
			if err := p.fields[k].Scan(r.bytes(length), field); err != nil {
				return fmt.Errorf("%s: %w", row.Type().Field(k).Name, err)
			}
		}
	}
	if r.left == nil {
		return errRecords
	}
	return nil
}

// recordReader reads what is left; behind the end it gives zeros and keeps nothing.
type recordReader struct{ left []byte }

func (r *recordReader) int32() int {
	b := r.bytes(4)
	if b == nil {
		return 0
	}
	return int(int32(binary.BigEndian.Uint32(b)))
}

// bytes returns the next n bytes, nil for a negative n.
func (r *recordReader) bytes(n int) []byte {
	if n < 0 {
		return nil
	}
	if n > len(r.left) {
		r.left = nil
		return nil
	}
	b := r.left[:n:n]
	r.left = r.left[n:]
	return b
}
