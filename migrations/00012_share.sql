-- +goose Up

-- Links by which somebody without an account looks at one case. files, people and comments
-- are what a link shows beside the acts and statuses. Every link has an event stream of its
-- own, of its openings: their number is event_seq. opened_at is the last one.
create table share_links (
    id            uuid primary key,
    case_id       uuid not null references cases (id),
    token_hash    bytea not null constraint share_links_token_unique unique,
    whom          text not null,
    files         boolean not null,
    people        boolean not null,
    comments      boolean not null,
    password_hash text not null default '',
    created_by    uuid not null references users (id),
    created_at    timestamptz not null,
    expires_at    timestamptz not null,
    revoked_at    timestamptz,
    opened_at     timestamptz,
    event_seq     bigint not null default 0,
    event_hash    bytea not null default decode(repeat('00', 32), 'hex'),
    constraint share_links_whom_check check (length(whom) between 1 and 100),
    constraint share_links_term_check check (expires_at > created_at and expires_at <= created_at + interval '180 days')
);
create index share_links_case_idx on share_links (case_id, created_at);

alter table events
    drop constraint events_stream_kind_check,
    add constraint events_stream_kind_check check (stream_kind in ('case', 'user', 'firm', 'system', 'share'));
