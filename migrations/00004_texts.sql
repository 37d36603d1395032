-- +goose Up

-- Instruction texts and letters that stand in place of those built into the program. The
-- newest version counts; one without a body says: as built in.
create table text_overrides (
    kind       text not null,
    key        text not null,
    locale     text not null,
    version    integer not null,
    body       jsonb,
    source     text not null default '',
    checked_on date,
    created_at timestamptz not null,
    primary key (kind, key, locale, version),
    constraint text_overrides_kind_check check (kind in ('step', 'letter')),
    constraint text_overrides_locale_check check (locale in ('ru', 'en')),
    constraint text_overrides_version_check check (version > 0),
    constraint text_overrides_body_check check ((body is null) = (checked_on is null))
);
