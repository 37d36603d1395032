-- +goose Up
-- The address a person wants to have from now on, until a letter has reached him there. One a
-- person: a newer one takes its place.
create table email_changes (
    user_id    uuid primary key references users (id),
    id         uuid not null,
    email      text not null,
    email_key  text not null,
    expires_at timestamptz not null,
    constraint email_changes_email_check check (length(email) between 3 and 254)
);
alter table mail_tokens drop constraint mail_tokens_purpose_check;
alter table mail_tokens add constraint mail_tokens_purpose_check check (
    purpose in ('confirm', 'reset', 'email') and num_nonnulls(user_id) = 1 and num_nonnulls(invite_id, firm_invite_id) = 0
    or purpose = 'invite' and num_nonnulls(invite_id, firm_invite_id) = 1);
