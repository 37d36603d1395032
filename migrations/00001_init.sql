-- +goose Up

-- People. The head (event_seq, event_hash) is the end of the person's event stream.
create table users (
    id            uuid primary key,
    email         text not null,
    email_key     text not null constraint users_email_unique unique,
    name          text not null,
    password_hash text not null,
    locale        text not null default 'ru',
    zone          text not null default 'Europe/Moscow',
    created_at    timestamptz not null,
    disabled_at   timestamptz,
    event_seq     bigint not null default 0,
    event_hash    bytea not null default decode(repeat('00', 32), 'hex'),
    constraint users_locale_check check (locale in ('ru', 'en')),
    constraint users_email_check check (length(email) between 3 and 254),
    constraint users_name_check check (length(name) between 1 and 100)
);

-- A signed-in browser. Ended ones stay: the trail refers to them.
create table login_sessions (
    id         uuid primary key,
    user_id    uuid not null references users (id),
    token_hash bytea not null constraint login_sessions_token_unique unique,
    created_at timestamptz not null,
    seen_at    timestamptz not null,
    expires_at timestamptz not null,
    ended_at   timestamptz,
    user_agent text not null default '',
    address    text not null default ''
) with (fillfactor = 85);
create index login_sessions_user_idx on login_sessions (user_id) where ended_at is null;

-- A firm of accountants; of one person until firms grow.
create table firms (
    id         uuid primary key,
    name       text not null,
    created_at timestamptz not null,
    event_seq  bigint not null default 0,
    event_hash bytea not null default decode(repeat('00', 32), 'hex')
);

create table firm_people (
    firm_id  uuid not null references firms (id),
    user_id  uuid not null references users (id),
    role     text not null,
    added_at timestamptz not null,
    primary key (firm_id, user_id),
    constraint firm_people_role_check check (role in ('admin', 'lead', 'accountant'))
);
create index firm_people_user_idx on firm_people (user_id);

-- One seller's wind-down. Columns from act_state on are its summary: derived from the
-- case's own rows by one pure function and written with every change, so that the
-- register reads nothing else. They hold dates and stored states, never anything that
-- depends on today; a date that will not come is infinity.
create table cases (
    id             uuid primary key,
    firm_id        uuid references firms (id),
    responsible_id uuid references users (id),
    seller_name    text not null,
    inn            text not null,
    ogrn           text not null default '',
    cabinet        text not null default '',
    name_key       bytea not null,
    search_text    text not null,
    fbs            boolean not null,
    wb_stock       boolean not null,
    leftover       text not null default '',
    acting         boolean not null default false,
    playbook       integer not null,
    zone           text not null default 'Europe/Moscow',
    version        integer not null,
    opened_on      date not null,
    finished_on    date,
    created_at     timestamptz not null,
    changed_at     timestamptz not null,
    event_seq      bigint not null default 0,
    event_hash     bytea not null default decode(repeat('00', 32), 'hex'),
    act_state      text not null,
    act_on         date not null,
    act_ticket     text not null default '',
    stage          text not null,
    burn_on        date not null,
    overdue_on     date not null,
    due_on         date not null,
    due_kind       text not null default '',
    problem        text not null default '',
    blocker        text not null default '',
    ball           text not null default '',
    ball_on        date,
    steps_done     smallint not null,
    steps_needed   smallint not null,
    constraint cases_inn_check check (inn ~ '^([0-9]{10}|[0-9]{12})$'),
    constraint cases_ogrn_check check (ogrn ~ '^([0-9]{13}|[0-9]{15})?$'),
    constraint cases_seller_name_check check (length(seller_name) between 1 and 200),
    constraint cases_leftover_check check (leftover in ('sell', 'return', 'both') and wb_stock or leftover = '' and not wb_stock),
    constraint cases_act_state_check check (act_state in ('not_requested', 'requested', 'received', 'signed')),
    constraint cases_stage_check check (stage in ('problem', 'ready', 'received', 'debt', 'finish', 'waiting', 'early', 'finished')),
    constraint cases_due_kind_check check (due_kind in ('', 'pick_up', 'chase')),
    constraint cases_problem_check check (problem in ('', 'regressed', 'reopened')),
    constraint cases_blocker_check check (blocker in ('', 'zero_fbs', 'sell_out', 'return_stock', 'collect_returns', 'strip_media', 'request_act', 'receive_act', 'sign_act', 'settle_debts')),
    constraint cases_ball_check check (ball in ('', 'seller', 'accountant', 'wb')),
    constraint cases_finished_check check ((finished_on is not null) = (stage = 'finished')),
    constraint cases_responsible_check check (responsible_id is null or firm_id is not null)
) with (fillfactor = 80);
create index cases_responsible_idx on cases (responsible_id) where responsible_id is not null;
create index cases_firm_idx on cases (firm_id) where firm_id is not null;

create table case_people (
    case_id  uuid not null references cases (id),
    user_id  uuid not null references users (id),
    role     text not null,
    added_at timestamptz not null,
    primary key (case_id, user_id),
    constraint case_people_role_check check (role in ('owner', 'helper'))
);
create index case_people_user_idx on case_people (user_id);
create unique index case_people_one_owner on case_people (case_id) where role = 'owner';

create table case_steps (
    case_id        uuid not null references cases (id),
    code           text not null,
    version        integer not null,
    started_on     date,
    note           text not null default '',
    pick_up_by     date,
    done_on        date,
    done_at        timestamptz,
    done_by        uuid references users (id),
    on_behalf      boolean not null default false,
    problem        text not null default '',
    problem_reason text not null default '',
    problem_steps  text[] not null default '{}',
    problem_on     date,
    problem_at     timestamptz,
    problem_by     uuid references users (id),
    primary key (case_id, code),
    constraint case_steps_code_check check (code in ('zero_fbs', 'sell_out', 'return_stock', 'collect_returns', 'strip_media', 'request_act', 'receive_act', 'sign_act', 'settle_debts')),
    constraint case_steps_note_check check (length(note) <= 2000),
    constraint case_steps_tick_check check ((done_on is null) = (done_at is null)),
    constraint case_steps_problem_check check (problem in ('', 'regressed', 'reopened') and (problem = '' or done_on is not null))
) with (fillfactor = 80);

-- The reconciliation acts of a case, one by default.
create table acts (
    case_id      uuid not null references cases (id),
    position     integer not null,
    counterparty text not null default '',
    period_from  date,
    period_to    date,
    channel      text not null default '',
    ticket       text not null default '',
    requested_on date,
    checked_on   date,
    received_on  date,
    signed_on    date,
    primary key (case_id, position),
    constraint acts_channel_check check (channel in ('', 'support', 'documents', 'other')),
    constraint acts_period_check check (period_from is null or period_to is null or period_from <= period_to)
) with (fillfactor = 85);

create table invites (
    id         uuid primary key,
    case_id    uuid not null references cases (id),
    role       text not null,
    token_hash bytea not null constraint invites_token_unique unique,
    created_by uuid not null references users (id),
    created_at timestamptz not null,
    expires_at timestamptz not null,
    used_at    timestamptz,
    used_by    uuid references users (id),
    revoked_at timestamptz,
    constraint invites_role_check check (role in ('owner', 'helper', 'accountant'))
);
create index invites_case_idx on invites (case_id);

-- The trail. hash covers the bytes of body and the hash before it; by_id and about_id
-- repeat what the body says so that names can be joined, and are checked against it.
-- tx lets a reader that follows the table stay behind transactions still running.
create table events (
    stream_kind text not null,
    stream_id   uuid not null,
    seq         bigint not null,
    at          timestamptz not null,
    by_id       uuid,
    about_id    uuid,
    body        bytea not null,
    hash        bytea not null,
    tx          xid8 not null default pg_current_xact_id(),
    primary key (stream_kind, stream_id, seq),
    constraint events_stream_kind_check check (stream_kind in ('case', 'user', 'firm', 'system')),
    constraint events_seq_check check (seq > 0)
);

-- +goose StatementBegin
create function events_append_only() returns trigger language plpgsql as $$
begin
    raise exception 'events are append-only' using errcode = 'restrict_violation';
end
$$;
-- +goose StatementEnd

create trigger events_no_change before update or delete on events
    for each row execute function events_append_only();
create trigger events_no_truncate before truncate on events
    for each statement execute function events_append_only();
