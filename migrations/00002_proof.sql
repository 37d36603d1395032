-- +goose Up

-- A case counts what hangs on it: numbers that stand in links are given out under its lock.
-- balance, waived and questions belong to the summary.
alter table cases
    add column evidence_seq   integer  not null default 0,
    add column evidence_bytes bigint   not null default 0,
    add column question_seq   integer  not null default 0,
    add column deadline_seq   integer  not null default 0,
    add column act_seq        integer  not null default 1,
    add column inbox_on       date,
    add column terms          jsonb    not null default '[]',
    add column balance        bigint   not null default 0,
    add column lines          integer  not null default 0,
    add column waived         boolean  not null default false,
    add column questions      smallint not null default 0,
    drop constraint cases_due_kind_check,
    drop constraint cases_problem_check,
    add constraint cases_due_kind_check check (due_kind in ('', 'pick_up', 'report', 'inbox', 'chase')),
    add constraint cases_problem_check check (problem in ('', 'regressed', 'reopened', 'returned', 'unsettled'));

-- proofs are the slots that hold evidence; accepted_* is the accountant's signature under
-- it, dropped_* the one before, waiver_* the leave to do without steps of the gate.
alter table case_steps
    add column proofs             text[]   not null default '{}',
    add column questions          smallint not null default 0,
    add column accepted_by        uuid references users (id),
    add column accepted_at        timestamptz,
    add column accepted_dropped   timestamptz,
    add column dropped_by         uuid references users (id),
    add column dropped_accepted   timestamptz,
    add column dropped_at         timestamptz,
    add column waiver_steps       text[]   not null default '{}',
    add column waiver_reason      text     not null default '',
    add column waiver_on          date,
    add column waiver_at          timestamptz,
    add column waiver_by          uuid references users (id),
    drop constraint case_steps_problem_check,
    add constraint case_steps_problem_check check (
        problem in ('', 'regressed', 'reopened', 'returned', 'unsettled') and (problem = '' or done_on is not null)),
    add constraint case_steps_accepted_check check ((accepted_by is null) = (accepted_at is null)),
    add constraint case_steps_waiver_check check ((waiver_at is null) = (waiver_reason = ''));

-- An act is asked for anew when it was disputed: its rounds stay, the highest is the
-- current one. A signed act of before was compared when it was signed.
alter table acts
    add column round            integer not null default 1,
    add column version          integer not null default 1,
    add column ours             bigint,
    add column theirs           bigint,
    add column compared_on      date,
    add column agrees           boolean not null default false,
    add column difference       bigint  not null default 0,
    add column objections       text    not null default '',
    add column disputed_on      date,
    add column signer           text    not null default '',
    add column authority        text    not null default '',
    add column via              text    not null default '',
    add column countersigned_on date,
    drop constraint acts_pkey,
    add primary key (case_id, position, round),
    add constraint acts_round_check check (position > 0 and round > 0),
    add constraint acts_via_check check (via in ('', 'edo', 'paper', 'portal')),
    add constraint acts_text_check check (length(objections) <= 4000 and length(signer) <= 200 and length(authority) <= 200);
update acts set compared_on = signed_on, agrees = true where signed_on is not null;

-- Evidence: a row per version, never changed but for the freeze. The bytes lie in the
-- directory of files under their hash; a row is written after them.
create table evidence (
    case_id   uuid not null references cases (id),
    number    integer not null,
    step      text not null,
    slot      text not null,
    act       integer not null default 0,
    round     integer not null default 0,
    debt      uuid,
    doc       integer not null,
    version   integer not null,
    kind      text not null,
    name      text not null default '',
    type      text not null default '',
    size      bigint not null default 0,
    sha256    bytea,
    note      text not null default '',
    frozen    boolean not null default false,
    by_id     uuid references users (id),
    at        timestamptz not null,
    on_behalf boolean not null default false,
    primary key (case_id, number),
    constraint evidence_version_unique unique (case_id, doc, version),
    constraint evidence_kind_check check (kind in ('file', 'reason', 'removed')),
    constraint evidence_file_check check ((kind = 'file') = (sha256 is not null) and (kind <> 'file' or size > 0 and name <> '')),
    constraint evidence_step_check check (step in ('zero_fbs', 'sell_out', 'return_stock', 'collect_returns', 'strip_media', 'request_act', 'receive_act', 'sign_act', 'settle_debts')),
    constraint evidence_note_check check (length(note) <= 2000 and length(name) <= 200)
);
create index evidence_sha256_idx on evidence (sha256) where sha256 is not null;

create table questions (
    case_id     uuid not null references cases (id),
    number      integer not null,
    step        text not null,
    body        text not null,
    asked_by    uuid references users (id),
    asked_at    timestamptz not null,
    answer      text not null default '',
    answered_by uuid references users (id),
    answered_at timestamptz,
    resolved_by uuid references users (id),
    resolved_at timestamptz,
    primary key (case_id, number),
    constraint questions_body_check check (length(body) between 1 and 2000 and length(answer) <= 2000)
);

-- Dates that are typed in: batches of returns, weekly reports.
create table deadlines (
    case_id   uuid not null references cases (id),
    number    integer not null,
    kind      text not null,
    what      text not null default '',
    from_on   date not null,
    until_on  date not null,
    closed_on date,
    primary key (case_id, number),
    constraint deadlines_kind_check check (kind in ('pick_up', 'report')),
    constraint deadlines_order_check check (from_on <= until_on),
    constraint deadlines_what_check check (length(what) <= 300)
);

-- What was one date of a step is a batch of its own.
insert into deadlines (case_id, number, kind, from_on, until_on, closed_on)
select case_id, 1, 'pick_up', pick_up_by - 7, pick_up_by, case when problem = '' then done_on end
from case_steps where code = 'collect_returns' and pick_up_by is not null;
update cases c set deadline_seq = 1 where exists (select from deadlines d where d.case_id = c.id);
alter table case_steps drop column pick_up_by;

-- The look into the portal's inbox is due for every case that goes on.
update cases set due_on = least(due_on, opened_on + 30),
    due_kind = case when due_on <= opened_on + 30 then due_kind else 'inbox' end
where finished_on is null;

-- The ledger: what the seller owes the marketplace and the other way round, in kopecks.
create table debts (
    case_id      uuid not null references cases (id),
    id           uuid not null,
    line         integer not null,
    version      integer not null,
    side         text not null,
    what         text not null,
    amount       bigint not null,
    on_date      date not null,
    document     text not null default '',
    settled_on   date,
    written_off  text not null default '',
    written_off_on date,
    removed      text not null default '',
    by_id        uuid references users (id),
    at           timestamptz not null,
    primary key (case_id, id),
    constraint debts_line_unique unique (case_id, line),
    constraint debts_side_check check (side in ('to_wb', 'by_wb')),
    constraint debts_amount_check check (amount > 0 and amount <= 1000000000000000),
    constraint debts_closed_check check (settled_on is null or written_off = ''),
    constraint debts_written_off_check check ((written_off = '') = (written_off_on is null)),
    constraint debts_text_check check (length(what) between 1 and 300 and length(document) <= 200)
);
