-- +goose Up

-- The browsers in which a person has logged in: hashes, each of the person and of a token that the
-- browser keeps in a cookie, so that rows of different people have nothing in common.
create table known_browsers (
    user_id    uuid not null references users (id),
    token_hash bytea not null,
    first_at   timestamptz not null,
    last_at    timestamptz not null,
    primary key (user_id, token_hash)
);

-- browser_hash is the row above that a login session belongs to; new_browser says that there was none
-- when it began, and that its person had logged in before.
alter table login_sessions add column browser_hash bytea;
alter table login_sessions add column new_browser boolean not null default false;
