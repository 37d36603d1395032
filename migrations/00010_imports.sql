-- +goose Up
-- A table of sellers between its preview and its load: its rows and where they have what.
-- Afterwards added keeps the new cases for their invitations. One a person, for a day.
create table imports (
    id         uuid primary key,
    user_id    uuid not null constraint imports_user_unique unique references users (id),
    firm_id    uuid references firms (id),
    name       text not null,
    content    bytea not null,
    layout     jsonb not null,
    inns       text[] not null,
    counts     jsonb,
    added      jsonb,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    loaded_at  timestamptz,
    constraint imports_name_check check (length(name) <= 255)
);
