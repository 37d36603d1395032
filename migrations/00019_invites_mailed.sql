-- +goose Up
-- How many invitations a person has mailed within a day is asked before he mails more.
create index invites_mailed_idx on invites (created_by, created_at) where email <> '';
