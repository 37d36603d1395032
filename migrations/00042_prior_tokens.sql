-- +goose Up

-- A proof gives a login session another token. The one before is known a little longer, so that what
-- the browser sent with it meanwhile does not sign its person out. With prior_salt the same token is
-- made of it again; without that token it tells nothing.
alter table login_sessions
    add column prior_hash bytea,
    add column prior_until timestamptz,
    add column prior_salt bytea,
    add constraint login_sessions_prior_check
        check ((prior_hash is null) = (prior_until is null) and (prior_hash is null) = (prior_salt is null));
create unique index login_sessions_prior_unique on login_sessions (prior_hash) where prior_hash is not null;
