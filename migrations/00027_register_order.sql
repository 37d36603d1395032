-- +goose Up

-- The register is read in its own order instead of being sorted: stage_no is the number of the
-- group a case is in while none of its dates has come (winddown.Groups). What else the register
-- asks of every case of a portfolio is in the index too, so that counting reads nothing else.
-- None of it moves with an ordinary tick.
alter table cases add column stage_no smallint not null generated always as (
    case stage
        when 'problem' then 0
        when 'ready' then 1
        when 'received' then 3
        when 'debt' then 4
        when 'finish' then 5
        when 'waiting' then 6
        when 'early' then 7
        else 8
    end) stored;

create index cases_firm_register_idx on cases (firm_id, stage_no, due_on, name_key, id)
    include (responsible_id, act_state, burn_on, overdue_on, zone, archived_at, problem) where firm_id is not null;
create index cases_responsible_register_idx on cases (responsible_id, firm_id, stage_no, due_on, name_key, id)
    include (act_state, burn_on, overdue_on, zone, archived_at, problem) where responsible_id is not null;
create index cases_firm_burn_idx on cases (firm_id, burn_on) where burn_on < 'infinity';
create index cases_responsible_burn_idx on cases (responsible_id, burn_on) where burn_on < 'infinity';
drop index cases_firm_idx, cases_responsible_idx;
