-- +goose Up

-- The cases whose dates have come are counted for each page of the register, and the first of them
-- shown: with what both ask of them in the index, only those that are shown are read.
create index cases_firm_burnt_idx on cases (firm_id, burn_on)
    include (responsible_id, stage_no, zone, archived_at, act_state, problem, due_on, name_key, id)
    where burn_on < 'infinity' and stage_no not in (0, 8);
create index cases_responsible_burnt_idx on cases (responsible_id, burn_on)
    include (firm_id, stage_no, zone, archived_at, act_state, problem, due_on, name_key, id)
    where burn_on < 'infinity' and stage_no not in (0, 8);
create index cases_firm_late_idx on cases (firm_id, overdue_on)
    include (responsible_id, stage_no, burn_on, zone, archived_at, act_state, problem, due_on, name_key, id) where stage_no = 6;
create index cases_responsible_late_idx on cases (responsible_id, overdue_on)
    include (firm_id, stage_no, burn_on, zone, archived_at, act_state, problem, due_on, name_key, id) where stage_no = 6;
-- Dropped last: readers wait for as short as can be.
drop index cases_firm_burn_idx;
drop index cases_responsible_burn_idx;
drop index cases_firm_overdue_idx;
drop index cases_responsible_overdue_idx;

-- Of a case that goes from one firm to another the counts of both are folded.
-- +goose StatementBegin
create or replace function register_count() returns trigger language plpgsql as $$
begin
    if tg_op <> 'INSERT' and old.firm_id is not null then
        insert into register_counts (firm_id, responsible_id, key, n) values (old.firm_id, old.responsible_id, register_key(old), -1);
    end if;
    if tg_op <> 'DELETE' and new.firm_id is not null then
        insert into register_counts (firm_id, responsible_id, key, n) values (new.firm_id, new.responsible_id, register_key(new), 1);
    end if;
    if random() < 0.02 then
        perform register_fold(firm) from (select old.firm_id as firm union select new.firm_id) f where firm is not null order by firm;
    end if;
    return null;
end
$$;
-- +goose StatementEnd
