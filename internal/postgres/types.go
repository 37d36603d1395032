package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"winddown/internal/winddown"
)

// registerTypes teaches a connection the domain's own types: an ID is a uuid, a Date a
// date; their zero values are NULL. A date of infinity reads as no date.
func registerTypes(_ context.Context, conn *pgx.Conn) error {
	m := conn.TypeMap()
	m.TryWrapEncodePlanFuncs = append([]pgtype.TryWrapEncodePlanFunc{wrapEncode}, m.TryWrapEncodePlanFuncs...)
	m.TryWrapScanPlanFuncs = append([]pgtype.TryWrapScanPlanFunc{wrapScan}, m.TryWrapScanPlanFuncs...)
	known, _ := m.TypeForOID(pgtype.RecordArrayOID)
	m.RegisterType(&pgtype.Type{Name: known.Name, OID: known.OID, Codec: recordsCodec{known.Codec}})
	return nil
}

func wrapEncode(value any) (pgtype.WrappedEncodePlanNextSetter, any, bool) {
	switch v := value.(type) {
	case winddown.ID:
		return &encodeID{}, idValue(v), true
	case winddown.Date:
		return &encodeDate{}, dateValue(v), true
	}
	return nil, nil, false
}

func wrapScan(target any) (pgtype.WrappedScanPlanNextSetter, any, bool) {
	switch t := target.(type) {
	case *winddown.ID:
		return &scanID{}, (*idValue)(t), true
	case *winddown.Date:
		return &scanDate{}, (*dateValue)(t), true
	}
	return nil, nil, false
}

type idValue winddown.ID

// UUIDValue implements pgtype.UUIDValuer.
func (v idValue) UUIDValue() (pgtype.UUID, error) {
	return pgtype.UUID{Bytes: v, Valid: !winddown.ID(v).IsZero()}, nil
}

// ScanUUID implements pgtype.UUIDScanner.
func (v *idValue) ScanUUID(u pgtype.UUID) error {
	*v = idValue{}
	if u.Valid {
		*v = u.Bytes
	}
	return nil
}

type dateValue winddown.Date

// DateValue implements pgtype.DateValuer.
func (v dateValue) DateValue() (pgtype.Date, error) {
	d := winddown.Date(v)
	return pgtype.Date{Time: d.Time(), Valid: !d.IsZero()}, nil
}

// ScanDate implements pgtype.DateScanner.
func (v *dateValue) ScanDate(d pgtype.Date) error {
	*v = dateValue{}
	switch {
	case !d.Valid, d.InfinityModifier == pgtype.Infinity:
	case d.InfinityModifier == pgtype.NegativeInfinity:
		return fmt.Errorf("a date of -infinity has no meaning here")
	default:
		*v = dateValue(winddown.DateOf(d.Time.In(time.UTC)))
	}
	return nil
}

type encodeID struct{ next pgtype.EncodePlan }

func (p *encodeID) SetNext(next pgtype.EncodePlan) { p.next = next }

func (p *encodeID) Encode(value any, buf []byte) ([]byte, error) {
	return p.next.Encode(idValue(value.(winddown.ID)), buf)
}

type encodeDate struct{ next pgtype.EncodePlan }

func (p *encodeDate) SetNext(next pgtype.EncodePlan) { p.next = next }

func (p *encodeDate) Encode(value any, buf []byte) ([]byte, error) {
	return p.next.Encode(dateValue(value.(winddown.Date)), buf)
}

type scanID struct{ next pgtype.ScanPlan }

func (p *scanID) SetNext(next pgtype.ScanPlan) { p.next = next }

func (p *scanID) Scan(src []byte, target any) error {
	return p.next.Scan(src, (*idValue)(target.(*winddown.ID)))
}

type scanDate struct{ next pgtype.ScanPlan }

func (p *scanDate) SetNext(next pgtype.ScanPlan) { p.next = next }

func (p *scanDate) Scan(src []byte, target any) error {
	return p.next.Scan(src, (*dateValue)(target.(*winddown.Date)))
}

// orInfinity is the date as a key column stores it: a date that will not come is infinity.
func orInfinity(d winddown.Date) pgtype.Date {
	if d.IsZero() {
		return pgtype.Date{InfinityModifier: pgtype.Infinity, Valid: true}
	}
	return pgtype.Date{Time: d.Time(), Valid: true}
}
