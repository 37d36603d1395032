-- +goose Up

-- An account that its person wants to be erased: asked for, when, and when it was.
alter table users
    add column erase_asked_at timestamptz,
    add column erase_at timestamptz,
    add column erased_at timestamptz,
    add constraint users_erase_check check (
        (erase_asked_at is null) = (erase_at is null) and erase_at >= erase_asked_at + interval '336 hours'
        and (erased_at is null or erase_at <= erased_at and disabled_at is not null));
create index users_erase_idx on users (erase_at) where erased_at is null;

-- Where the last letter to an erased person goes: until it is sent, and for a day at most.
create table farewells (
    user_id    uuid primary key references users (id),
    email      text not null,
    locale     text not null,
    expires_at timestamptz not null
);

-- What is left of a firm of one whose person was erased: the end of its trail.
create table firm_tombstones (
    firm_id    uuid primary key,
    event_seq  bigint not null,
    event_hash bytea not null,
    erased_at  timestamptz not null,
    tx         xid8 not null default pg_current_xact_id()
);
create trigger firm_tombstones_no_change before update or delete on firm_tombstones
    for each row execute function events_append_only();
create trigger firm_tombstones_no_truncate before truncate on firm_tombstones
    for each statement execute function events_append_only();

-- +goose StatementBegin
create function firm_tombstone_whole() returns trigger language plpgsql as $$
begin
    if exists (select from firms where id = new.firm_id)
        or exists (select from events where stream_kind = 'firm' and stream_id = new.firm_id) then
        raise exception 'firm % is not erased', new.firm_id using errcode = 'restrict_violation';
    end if;
    return null;
end
$$;
-- +goose StatementEnd
create constraint trigger firm_tombstones_whole after insert on firm_tombstones deferrable initially deferred
    for each row execute function firm_tombstone_whole();

-- Events are deleted in two ways only: with the whole case they tell of, as before, and with a firm
-- to which nobody belongs and no case, by the transaction that has set its tombstone.
-- +goose StatementBegin
create or replace function events_append_only() returns trigger language plpgsql as $$
begin
    if tg_op = 'DELETE' and tg_table_name = 'events' then
        if exists (
            select from tombstones t join cases c on c.id = t.case_id
            where t.tx = pg_current_xact_id() and t.event_seq = c.event_seq and t.event_hash = c.event_hash
              and c.erase_at <= t.erased_at and c.erase_asked_at = t.asked_at
              and (old.stream_kind = 'case' and old.stream_id = c.id
                or old.stream_kind = 'share' and exists (select from share_links l where l.id = old.stream_id and l.case_id = c.id))
        ) then
            return old;
        end if;
        if old.stream_kind = 'firm' and exists (
            select from firm_tombstones t join firms f on f.id = t.firm_id
            where t.firm_id = old.stream_id and t.tx = pg_current_xact_id() and t.event_seq = f.event_seq and t.event_hash = f.event_hash
              and not exists (select from firm_people p where p.firm_id = f.id) and not exists (select from cases c where c.firm_id = f.id)
        ) then
            return old;
        end if;
    end if;
    raise exception '% are append-only', tg_table_name using errcode = 'restrict_violation';
end
$$;
-- +goose StatementEnd
