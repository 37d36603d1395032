-- +goose Up

-- A case that its owner wants to be erased: asked for, and when it is done.
alter table cases
    add column erase_asked_at timestamptz,
    add column erase_at timestamptz,
    add column erase_by uuid references users (id),
    add constraint cases_erase_check check (
        num_nonnulls(erase_asked_at, erase_at, erase_by) in (0, 3) and erase_at >= erase_asked_at + interval '336 hours');
create index cases_erase_idx on cases (erase_at) where erase_at is not null;

-- What is left of an erased case: its id and the end of its trail, with which a pack that was
-- taken before can be compared. tx is the transaction that erased it.
create table tombstones (
    case_id    uuid primary key,
    event_seq  bigint not null,
    event_hash bytea not null,
    asked_at   timestamptz not null,
    asked_by   uuid not null references users (id),
    erased_at  timestamptz not null,
    tx         xid8 not null default pg_current_xact_id(),
    constraint tombstones_term_check check (erased_at >= asked_at + interval '336 hours')
);
create trigger tombstones_no_change before update or delete on tombstones
    for each row execute function events_append_only();
create trigger tombstones_no_truncate before truncate on tombstones
    for each statement execute function events_append_only();

-- A tombstone stands for a case that is gone whole, when the transaction that set it ends.
-- +goose StatementBegin
create function tombstone_whole() returns trigger language plpgsql as $$
begin
    if exists (select from cases where id = new.case_id)
        or exists (select from events where stream_kind = 'case' and stream_id = new.case_id) then
        raise exception 'case % is not erased', new.case_id using errcode = 'restrict_violation';
    end if;
    return null;
end
$$;
-- +goose StatementEnd
create constraint trigger tombstones_whole after insert on tombstones deferrable initially deferred
    for each row execute function tombstone_whole();

-- Events are deleted in one way only: with the whole case they tell of, by the transaction that
-- has set its tombstone with the end of its trail, when its term is over.
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
    end if;
    raise exception '% are append-only', tg_table_name using errcode = 'restrict_violation';
end
$$;
-- +goose StatementEnd
