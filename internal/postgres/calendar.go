package postgres

import (
	"context"
	"fmt"
	"sync/atomic"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"winddown/internal/winddown"
)

const sqlCalendarYears = `-- name: CalendarYears
select year, transfers, off_days as off, working_days as working, source, as_of from calendar_years order by year`

// sqlGeneration is the number of the system's last event: whoever keeps the calendar in
// memory reads it anew when the number differs.
const sqlGeneration = `-- name: Generation
select event_seq from system_streams`

const sqlSystemLocked = `-- name: SystemLocked
select event_seq, event_hash from system_streams where id = @stream for no key update`

// CalendarRead is the stored years of the calendar and the generation they are of.
type CalendarRead struct {
	Years      []winddown.CalendarYear
	Generation int64
}

// queue asks for the generation first: where the two are not read in one snapshot, years
// that are newer than their number are only read again, older ones would stay.
func (c *CalendarRead) queue(b *pgx.Batch) {
	queueGeneration(b, &c.Generation)
	b.Queue(sqlCalendarYears).Query(collect(&c.Years))
}

func queueGeneration(b *pgx.Batch, into *int64) {
	b.Queue(sqlGeneration).QueryRow(func(r pgx.Row) error { return r.Scan(into) })
}

// Calendar returns the stored years of the calendar, in one round trip.
func (db *DB) Calendar(ctx context.Context) (CalendarRead, error) {
	var c CalendarRead
	err := db.snapshot(ctx, c.queue)
	return c, err
}

// Generation returns the generation of the calendar that the transaction's last read found.
// It stays until the transaction ends if that read locked a case: see LockCalendar.
func (tx *Tx) Generation() int64 { return tx.generation }

// Calendar returns the stored years of the calendar.
func (tx *Tx) Calendar(ctx context.Context) (CalendarRead, error) {
	var c CalendarRead
	err := tx.read(ctx, c.queue)
	return c, err
}

// sqlLockCases waits for everybody who holds a case, and lets nobody lock one before the
// new calendar is there: whoever comes later reads the new generation, whoever came before
// is found by WaitingCases. Pages are read all the while.
const sqlLockCases = `-- name: LockCases
lock table cases in exclusive mode`

// LockCalendar holds all cases and the system's stream until the transaction ends and
// returns the stored years of the calendar. The cases come first, as where one is erased.
func (tx *Tx) LockCalendar(ctx context.Context) ([]winddown.CalendarYear, error) {
	var c CalendarRead
	err := tx.read(ctx, func(b *pgx.Batch) { b.Queue(sqlLockCases) })
	if err == nil {
		err = tx.lockSystem(ctx, c.queue)
	}
	return c.Years, err
}

// lockSystem holds the system's stream and sends the queries that depend on it.
func (tx *Tx) lockSystem(ctx context.Context, queue func(*pgx.Batch)) error {
	s := winddown.System()
	var seq int64
	var hash []byte
	err := tx.read(ctx, func(b *pgx.Batch) {
		b.Queue(sqlSystemLocked, namedArgs{"stream": s.ID}).QueryRow(func(r pgx.Row) error { return r.Scan(&seq, &hash) })
		queue(b)
	})
	if err == nil {
		tx.hold(s, seq, hash)
	}
	return err
}

const sqlSaveCalendarYear = `-- name: SaveCalendarYear
insert into calendar_years (year, transfers, off_days, working_days, source, as_of, changed_at)
values (@year, @transfers, @off, @working, @source, @as_of, @now)
on conflict (year) do update set transfers = excluded.transfers, off_days = excluded.off_days,
    working_days = excluded.working_days, source = excluded.source, as_of = excluded.as_of, changed_at = excluded.changed_at`

// SaveCalendarYear writes the table of a year in place of the one there was. The calendar
// must be locked.
func (tx *Tx) SaveCalendarYear(y winddown.CalendarYear) {
	tx.write(sqlSaveCalendarYear, namedArgs{
		"year": y.Year, "transfers": y.Transfers, "off": dates(y.Off), "working": dates(y.Working),
		"source": y.Source, "as_of": y.AsOf, "now": tx.now,
	})
}

// dates is a list the database does not take for NULL when it is empty.
func dates(days []winddown.Date) []winddown.Date {
	return append([]winddown.Date{}, days...)
}

const sqlDeleteCalendarYear = `-- name: DeleteCalendarYear
delete from calendar_years where year = @year`

// DeleteCalendarYear removes the table of a year. The calendar must be locked.
func (tx *Tx) DeleteCalendarYear(year int) {
	tx.write(sqlDeleteCalendarYear, namedArgs{"year": year})
}

const sqlWaitingCases = `-- name: WaitingCases
select c.id, coalesce(c.responsible_id, (
    select p.user_id from case_people p where p.case_id = c.id order by p.added_at, p.user_id limit 1
)) as seen_by
from cases c
where c.finished_on is null and (@after::uuid is null or c.id > @after)
  and (not @undated or c.changed_at < (select max(g.tstamp) at time zone 'UTC' from goose_db_version g where g.version_id = 14)
    and not exists (select from dues d where d.case_id = c.id and d.kind = 'chase'))
  and exists (select from acts a where a.case_id = c.id and a.requested_on is not null and a.received_on is null)
order by c.id
limit @limit`

// WaitingCase is an unfinished case that waits for an act, and somebody who sees it; a
// case that nobody sees has nobody.
type WaitingCase struct {
	ID     winddown.ID
	SeenBy winddown.ID
}

// WaitingCases returns unfinished cases that wait for an act, at most limit, in the order of
// their ids from the one after the given on; undated asks for those without a chase alone that
// were changed last before chases were kept (migration 14). It is for the
// installation's own upkeep and takes no actor.
func (db *DB) WaitingCases(ctx context.Context, after winddown.ID, undated bool, limit int) ([]WaitingCase, error) {
	rows, err := db.pool.Query(ctx, sqlWaitingCases, namedArgs{"after": after, "undated": undated, "limit": limit})
	if err != nil {
		return nil, classify(err)
	}
	cases, err := pgx.CollectRows(rows, pgx.RowToStructByName[WaitingCase])
	return cases, classify(err)
}

const sqlRedate = `-- name: Redate
update cases set overdue_on = coalesce(@overdue_on::date, 'infinity'), due_on = coalesce(@due_on::date, 'infinity'), due_kind = @due_kind
where id = @id and (overdue_on, due_on, due_kind)
    is distinct from (coalesce(@overdue_on::date, 'infinity'), coalesce(@due_on::date, 'infinity'), @due_kind)`

// Redate writes the deadlines of a case that LockCase returned, and adds to changed when
// they differ from those there were, once the transaction is committed. It needs no event:
// nobody did anything to the case, the calendar its dates are counted by has changed, and
// that is an event of its own.
func (tx *Tx) Redate(id winddown.ID, s winddown.Summary, dues []winddown.Due, changed *atomic.Int64) {
	if _, ok := tx.cases[id]; !ok {
		tx.misuse = fmt.Errorf("case %s is not locked", id)
		return
	}
	tx.silent++
	delete(tx.settled, id)
	tx.batch.Queue(sqlRedate, namedArgs{
		"id": id, "overdue_on": s.OverdueOn, "due_on": s.DueOn, "due_kind": s.Due,
	}).Exec(func(t pgconn.CommandTag) error {
		changed.Add(t.RowsAffected())
		return nil
	})
	args := duesArgs(id, dues)
	tx.batch.Queue(sqlForgetDues, args)
	tx.batch.Queue(sqlNoteDues, args)
}
