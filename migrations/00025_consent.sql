-- +goose Up
-- The version of the page about personal data a person has agreed to, and when; empty for who
-- signed up before he was asked, and for whom the command line added.
alter table users
    add column consent text not null default '',
    add column consent_at timestamptz,
    add constraint users_consent_check check ((consent = '') = (consent_at is null) and length(consent) <= 40);
