-- +goose Up

-- An invitation by which its owner hands a case over names whose place the other person takes; it
-- leads nowhere once somebody else owns the case.
alter table invites
    add column replaces uuid references users (id),
    add constraint invites_replaces_check check (replaces is null or role = 'owner');
