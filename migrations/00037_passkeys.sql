-- +goose Up

-- What logs a person in beside his password (WebAuthn): the public half of a key that his phone,
-- computer or security key holds. sign_count is what its counter last showed; 0 for ever for those
-- that do not count.
create table passkeys (
    id              uuid primary key,
    user_id         uuid not null references users (id),
    credential_id   bytea not null constraint passkeys_credential_unique unique,
    public_key      bytea not null,
    transports      text[] not null,
    sign_count      bigint not null,
    backup_eligible boolean not null,
    backed_up       boolean not null,
    name            text not null,
    added_at        timestamptz not null,
    used_at         timestamptz,
    constraint passkeys_name_length check (char_length(name) between 1 and 60)
);
create index passkeys_user_idx on passkeys (user_id);

-- What a passkey is asked to sign, each once. Whoever logs in is nobody yet.
create table passkey_challenges (
    challenge_hash bytea primary key,
    purpose        text not null constraint passkey_challenges_purpose check (purpose in ('add', 'prove', 'login')),
    user_id        uuid references users (id),
    session_id     uuid,
    expires_at     timestamptz not null,
    constraint passkey_challenges_person check ((purpose = 'login') = (user_id is null) and (user_id is null) = (session_id is null))
);
create index passkey_challenges_user_idx on passkey_challenges (user_id);
create index passkey_challenges_expires_idx on passkey_challenges (expires_at);
