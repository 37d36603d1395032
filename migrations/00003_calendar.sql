-- +goose Up

-- The installation's own event stream: one row that keeps its head, as the rows of people
-- and cases keep theirs. Its number is also what a running server compares to notice that
-- another process has changed the calendar.
create table system_streams (
    id         uuid primary key,
    event_seq  bigint not null default 0,
    event_hash bytea not null default decode(repeat('00', 32), 'hex'),
    constraint system_streams_one check (id = '00000000-0000-0000-0000-000000000001')
);
insert into system_streams (id) values ('00000000-0000-0000-0000-000000000001');

-- Non-working days of the years that were imported; they stand in place of those built
-- into the program. Weekends are not listed: off_days are weekdays, working_days Saturdays
-- and Sundays.
create table calendar_years (
    year         integer primary key,
    transfers    boolean not null,
    off_days     date[] not null,
    working_days date[] not null,
    source       text not null,
    as_of        date not null,
    changed_at   timestamptz not null,
    constraint calendar_years_year_check check (year between 2000 and 2199),
    constraint calendar_years_source_check check (length(source) between 1 and 300)
);
