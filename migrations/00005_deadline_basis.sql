-- +goose Up

-- A deadline keeps the term it was counted by: its days, its source and the day as of which
-- it was true. Zero days say that the last day was typed; an empty source is the product's own.
alter table deadlines
    add column basis_days   integer not null default 0,
    add column basis_source text    not null default '',
    add column basis_as_of  date;

-- Deadlines of before did not keep it. They were counted by the case's own term if it comes to
-- the same day, else by the seven days every case begins with, and typed if neither does.
update deadlines d
set basis_days = (t.term -> 'days' ->> 0)::integer, basis_source = t.term ->> 'source', basis_as_of = (t.term ->> 'as_of')::date
from cases c cross join lateral jsonb_array_elements(c.terms) as t (term)
where c.id = d.case_id and t.term ->> 'kind' = d.kind and d.basis_days = 0 and d.until_on = d.from_on + (t.term -> 'days' ->> 0)::integer;
update deadlines
set basis_days = 7, basis_as_of = case kind when 'pick_up' then date '2025-09-22' else date '2023-04-05' end
where basis_days = 0 and until_on = from_on + 7;

alter table deadlines
    add constraint deadlines_basis_check check (
        case when basis_days = 0 then basis_as_of is null and basis_source = ''
             else basis_as_of is not null and until_on = from_on + basis_days end),
    add constraint deadlines_source_check check (length(basis_source) <= 300);
