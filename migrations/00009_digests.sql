-- +goose Up

-- What a person has chosen about his letters; no row for somebody who has chosen nothing and
-- was never due. planned_on is the last day he was due on, done_on the last one that was
-- dealt with: told, or found to have nothing to tell.
create table mail_settings (
    user_id      uuid primary key references users (id),
    hour         smallint not null default 9,
    frequency    text     not null default 'daily',
    weekday      smallint not null default 1,
    muted        text[]   not null default '{}',
    inbox_weekly boolean  not null default false,
    before_never text     not null default '',
    planned_on   date,
    planned_at   timestamptz,
    done_on      date,
    constraint mail_settings_hour_check check (hour between 0 and 23),
    constraint mail_settings_frequency_check check (frequency in ('daily', 'weekly', 'never')),
    constraint mail_settings_before_check check (before_never in ('', 'daily', 'weekly')),
    constraint mail_settings_weekday_check check (weekday between 1 and 5),
    constraint mail_settings_muted_check check (muted <@ array['problem', 'deadline', 'chase', 'question', 'received', 'inbox'])
);

-- At most one letter a day, by the person's own date.
create table digests (
    user_id uuid        not null references users (id),
    on_date date        not null,
    sent_at timestamptz not null,
    lines   integer     not null,
    primary key (user_id, on_date)
);

-- What a person was told of a case, once each.
create table digest_items (
    user_id uuid not null references users (id),
    case_id uuid not null references cases (id),
    key     text not null,
    on_date date not null,
    primary key (user_id, case_id, key)
);

-- The links under the letters that end them.
create table unsubscribe_tokens (
    token_hash bytea       primary key,
    user_id    uuid        not null references users (id),
    created_at timestamptz not null
);
create index unsubscribe_tokens_user_idx on unsubscribe_tokens (user_id, created_at);

-- Addresses of calendars, one at a time; a revoked one stays, to be answered as gone.
create table calendar_feeds (
    id         uuid        primary key,
    user_id    uuid        not null references users (id),
    token_hash bytea       not null constraint calendar_feeds_token_unique unique,
    created_at timestamptz not null,
    revoked_at timestamptz
);
create unique index calendar_feeds_one on calendar_feeds (user_id) where revoked_at is null;
