-- +goose Up
-- What a firm settles for its cases: its requisites for letters, the working days on which the
-- marketplace is reminded (none: the default), days that are off or worked beside the calendar,
-- whether sellers it adds begin with «ведёт за продавца», and the edition of its own texts.
alter table firms
    add column legal_name text not null default '',
    add column inn text not null default '',
    add column kpp text not null default '',
    add column address text not null default '',
    add column phone text not null default '',
    add column signer text not null default '',
    add column authority text not null default '',
    add column chase_days integer[] not null default '{}',
    add column days_off date[] not null default '{}',
    add column days_worked date[] not null default '{}',
    add column acting boolean not null default false,
    add column texts integer not null default 0,
    add constraint firms_chase_days_check check (cardinality(chase_days) <= 5 and 0 < all (chase_days) and 365 >= all (chase_days)),
    add constraint firms_days_check check (cardinality(days_off) <= 200 and cardinality(days_worked) <= 200 and not days_off && days_worked),
    add constraint firms_texts_check check (texts >= 0);

-- The edition of its firm's texts a case is read with.
alter table cases add column texts integer not null default 0;

-- Instructions of a firm, in place of those of the installation. Edition n holds what the firm
-- published the n-th time; the one after firms.texts is its draft. The newest edition up to the
-- case's counts; a text without a body says: as in the installation.
create table firm_texts (
    firm_id    uuid not null references firms (id),
    key        text not null,
    locale     text not null,
    edition    integer not null,
    body       jsonb,
    source     text not null default '',
    checked_on date,
    changed_at timestamptz not null,
    primary key (firm_id, key, locale, edition),
    constraint firm_texts_locale_check check (locale in ('ru', 'en')),
    constraint firm_texts_edition_check check (edition > 0),
    constraint firm_texts_body_check check ((body is null) = (checked_on is null))
);

-- +goose StatementBegin
create function firm_texts_published() returns trigger language plpgsql as $$
begin
    if exists (select from firms f where f.id = old.firm_id and f.texts >= old.edition) then
        raise exception 'edition % of the texts of firm % is published', old.edition, old.firm_id;
    end if;
    return case when tg_op = 'DELETE' then old else new end;
end
$$;
-- +goose StatementEnd
create trigger firm_texts_published before update or delete on firm_texts
    for each row execute function firm_texts_published();
