-- +goose Up
-- When a person has shown that letters to his address reach him, and who looks after the
-- installation: its first person, until he makes others.
alter table users add column confirmed_at timestamptz;
alter table users add column operator boolean not null default false;
update users set operator = true where id = (select id from users order by created_at, id limit 1);

-- An invitation may be sent by mail too.
alter table invites add column email text not null default '';
alter table invites add constraint invites_email_check check (length(email) <= 254);
alter table firm_invites add column email text not null default '';
alter table firm_invites add constraint firm_invites_email_check check (length(email) <= 254);

-- What a link in a letter stands for. A letter may go out twice, so several tokens may
-- stand for one thing; each works once, until it expires.
create table mail_tokens (
    token_hash     bytea primary key,
    purpose        text not null,
    user_id        uuid references users (id),
    invite_id      uuid references invites (id),
    firm_invite_id uuid references firm_invites (id),
    created_at     timestamptz not null,
    expires_at     timestamptz not null,
    used_at        timestamptz,
    constraint mail_tokens_purpose_check check (
        purpose in ('confirm', 'reset') and num_nonnulls(user_id) = 1 and num_nonnulls(invite_id, firm_invite_id) = 0
        or purpose = 'invite' and num_nonnulls(invite_id, firm_invite_id) = 1 and user_id is null)
);
create index mail_tokens_user_idx on mail_tokens (user_id) where user_id is not null;
create index mail_tokens_expires_idx on mail_tokens (expires_at);

-- How far a reader of the events has come, in the order of their transactions. Whoever
-- follows begins here: what happened before there was mail is not written of.
create table followers (
    name        text primary key,
    tx          xid8 not null,
    stream_kind text not null,
    stream_id   uuid not null,
    seq         bigint not null
);
insert into followers (name, tx, stream_kind, stream_id, seq)
values ('mail', pg_current_xact_id(), '', '00000000-0000-0000-0000-000000000000', 0);
create index events_tx_idx on events (tx, stream_kind, stream_id, seq);
