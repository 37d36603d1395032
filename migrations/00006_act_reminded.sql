-- +goose Up
-- The day the marketplace was last reminded of a requested act.
alter table acts add column reminded_on date;

-- The lines of a ledger that were removed are counted no more.
update cases c set lines = (select count(*) from debts d where d.case_id = c.id and d.removed = '');
