-- +goose Up

-- The cases whose dates have come are counted for each page of the register: with what the count asks
-- of them in the index, the cases themselves are not read.
drop index cases_firm_burn_idx;
drop index cases_responsible_burn_idx;
drop index cases_firm_overdue_idx;
drop index cases_responsible_overdue_idx;
create index cases_firm_burn_idx on cases (firm_id, burn_on)
    include (stage_no, zone, archived_at, act_state, problem, responsible_id) where burn_on < 'infinity' and stage_no not in (0, 8);
create index cases_responsible_burn_idx on cases (responsible_id, burn_on)
    include (firm_id, stage_no, zone, archived_at, act_state, problem) where burn_on < 'infinity' and stage_no not in (0, 8);
create index cases_firm_overdue_idx on cases (firm_id, overdue_on)
    include (burn_on, zone, archived_at, act_state, problem, responsible_id) where stage_no = 6;
create index cases_responsible_overdue_idx on cases (responsible_id, overdue_on)
    include (firm_id, burn_on, zone, archived_at, act_state, problem) where stage_no = 6;
