-- +goose Up

-- A case whose owner is lost: an operator of the installation has asked for another, and from when on
-- he may make the link for him, unless the owner objects.
alter table cases
    add column rescue_asked_at timestamptz,
    add column rescue_at timestamptz,
    add constraint cases_rescue_check check (
        num_nonnulls(rescue_asked_at, rescue_at) in (0, 2) and rescue_at >= rescue_asked_at + interval '168 hours');
create index cases_rescue_idx on cases (rescue_at) where rescue_at is not null;
