-- +goose Up

-- What a person's authenticator shares with us, encrypted under a key that the database does not
-- hold (key_id is its name); one he is setting up beside the one that is on. used_step is the last
-- 30 seconds whose code was used, so that no code works twice.
create table totp_secrets (
    user_id    uuid not null references users (id),
    pending    boolean not null,
    key_id     text not null,
    secret     bytea not null,
    created_at timestamptz not null,
    used_step  bigint not null default 0,
    primary key (user_id, pending)
);
create index totp_secrets_key_idx on totp_secrets (key_id, user_id);

-- Codes that stand in for an authenticator that is lost, each once.
create table recovery_codes (
    user_id   uuid not null references users (id),
    code_hash bytea not null,
    used_at   timestamptz,
    primary key (user_id, code_hash)
);

-- Who has given the right password and still has to show something else.
create table login_steps (
    token_hash bytea primary key,
    user_id    uuid not null references users (id),
    expires_at timestamptz not null
);
create index login_steps_user_idx on login_steps (user_id);
create index login_steps_expires_idx on login_steps (expires_at);
