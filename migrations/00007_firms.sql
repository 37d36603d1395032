-- +goose Up
-- Firms grow from one person to many. Whoever is responsible for a case is one of its
-- firm's people.
alter table cases add constraint cases_responsible_member foreign key (firm_id, responsible_id) references firm_people (firm_id, user_id);
alter table firms add constraint firms_name_check check (length(name) between 1 and 200);

-- The firm a person works in now; without a choice it is the first he came to.
alter table users add column firm_id uuid;
alter table users add constraint users_firm_member foreign key (firm_id, id) references firm_people (firm_id, user_id);

create table firm_invites (
    id         uuid primary key,
    firm_id    uuid not null references firms (id),
    role       text not null,
    token_hash bytea not null constraint firm_invites_token_unique unique,
    created_by uuid not null references users (id),
    created_at timestamptz not null,
    expires_at timestamptz not null,
    used_at    timestamptz,
    used_by    uuid references users (id),
    revoked_at timestamptz,
    constraint firm_invites_role_check check (role in ('admin', 'lead', 'accountant'))
);
create index firm_invites_firm_idx on firm_invites (firm_id);
