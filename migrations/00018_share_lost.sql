-- +goose Up

-- Of a link that ended: whether it ended with the right of whoever made it, and was not taken
-- back by somebody.
alter table share_links add column lost boolean not null default false;
