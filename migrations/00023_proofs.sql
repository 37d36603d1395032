-- +goose Up
-- When the person of a login session last proved who he is: by logging in, or anew before
-- something dangerous. Those that began before it was noted have to prove it then.
alter table login_sessions add column proved_at timestamptz;
