-- +goose Up

-- When the owner of a case last said that he is not lost: for a while nobody asks again.
alter table cases add column rescue_objected_at timestamptz;
create index cases_objected_idx on cases (rescue_objected_at) where rescue_objected_at is not null;
