-- +goose Up
-- Search by parts of words. The extension comes with PostgreSQL; some systems keep it in a
-- package of its own, and some servers let only an administrator create it.
-- +goose StatementBegin
do $$
begin
    create extension if not exists pg_trgm;
exception when others then
    raise exception 'the extension pg_trgm, by which sellers are searched, cannot be created (%). Install it for this server (on many systems the package postgresql-contrib), let an administrator run CREATE EXTENSION pg_trgm in this database, and migrate again', sqlerrm;
end
$$;
-- +goose StatementEnd

-- All dashes and quotes are alike for a search.
update cases set search_text = translate(search_text, '‐‑‒–—−‹›‟‚‛´ʼ′″＂', '------')
where search_text ~ '[‐‑‒–—−‹›‟‚‛´ʼ′″＂]';

create index cases_search_idx on cases using gin (search_text gin_trgm_ops);

-- A case leaves the register of its firm and comes back; whoever owns it sees no difference.
alter table cases add column archived_at timestamptz;
alter table cases add constraint cases_archived_check check (archived_at is null or firm_id is not null);

-- The last reminder; those before it are in the trail.
alter table cases add column reminded_at timestamptz;
alter table cases add column reminded_by uuid references users (id);
alter table cases add column reminder_step text not null default '';
alter table cases add column reminder_text text not null default '';
alter table cases add column reminder_seen boolean not null default false;
alter table cases add constraint cases_reminder_check check (length(reminder_text) <= 1000 and (reminded_at is null) = (reminder_text = ''));

-- Filters of the register under a name: a person's own. The first of them come with the
-- program (code), until the person changes anything about his views.
create table saved_views (
    id       uuid primary key,
    user_id  uuid not null references users (id),
    position integer not null,
    code     text not null default '',
    name     text not null default '',
    query    text not null,
    pinned   boolean not null,
    home     boolean not null,
    constraint saved_views_name_check check (length(name) <= 60 and (name <> '' or code <> '')),
    constraint saved_views_query_check check (length(query) <= 2000),
    constraint saved_views_position_unique unique (user_id, position)
);
create unique index saved_views_one_home on saved_views (user_id) where home;
alter table users add column views_kept boolean not null default false;
