-- +goose Up
-- A letter by which somebody confirms his address may lead to the invitation he wants to accept.
alter table mail_tokens drop constraint mail_tokens_purpose_check;
alter table mail_tokens add constraint mail_tokens_purpose_check check (
    purpose in ('confirm', 'reset') and num_nonnulls(user_id) = 1 and num_nonnulls(invite_id, firm_invite_id) = 0
    or purpose = 'invite' and num_nonnulls(invite_id, firm_invite_id) = 1);
