-- +goose Up

-- What the accountant reminds of can be muted like the kinds of the daily letter.
alter table mail_settings drop constraint mail_settings_muted_check;
alter table mail_settings add constraint mail_settings_muted_check
    check (muted <@ array['problem', 'deadline', 'chase', 'question', 'received', 'inbox', 'remind']);
