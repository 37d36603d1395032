-- +goose Up
-- One table a person waits; those he loaded stay beside it for their term, for their invitations.
create unique index imports_waiting_unique on imports (user_id) where loaded_at is null;
create index imports_user_idx on imports (user_id);
alter table imports drop constraint imports_user_unique;
