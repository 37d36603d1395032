-- +goose Up

-- What has to be done for a case and by when: derived from the case's own rows by the function
-- that makes its summary, written with every change, so that a list over many cases reads
-- nothing else. number is that of a typed deadline, act the position of the act to be chased.
create table dues (
    case_id uuid    not null references cases (id),
    kind    text    not null,
    number  integer not null default 0,
    act     integer not null default 0,
    on_date date    not null,
    primary key (case_id, kind, number, act),
    constraint dues_kind_check check (kind in ('pick_up', 'report', 'inbox', 'chase'))
);

insert into dues (case_id, kind, number, on_date)
select d.case_id, d.kind, d.number, d.until_on
from deadlines d join cases c on c.id = d.case_id
where d.closed_on is null and c.finished_on is null;

insert into dues (case_id, kind, on_date)
select c.id, 'inbox', coalesce(c.inbox_on, c.opened_on) + coalesce((
    select (t ->> 'days')::jsonb ->> 0 from jsonb_array_elements(c.terms) t where t ->> 'kind' = 'inbox')::int, 30)
from cases c where c.finished_on is null;
-- The chases are counted by the program's calendar: it adds them at its next start.
