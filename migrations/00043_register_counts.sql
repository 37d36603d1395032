-- +goose Up

-- The register tells how many cases of each kind there are. Counting a portfolio of thousands for
-- each page takes longer than the page; the counts are kept instead. The rows of a firm, of a
-- responsible person and of a key add up: a case that comes or goes writes a row of its own, so that
-- nobody waits for a row that somebody else counts in, and now and then the rows of a firm are folded.
-- key is stage_no, + 16 archived, + 32 the act was requested, + 64 there is a problem.
create table register_counts (
    id uuid primary key default gen_random_uuid(),
    firm_id uuid not null,
    responsible_id uuid,
    key smallint not null,
    n integer not null
);
create index register_counts_idx on register_counts (firm_id, responsible_id) include (key, n);

-- +goose StatementBegin
create function register_key(c cases) returns smallint language sql immutable
return (c.stage_no + case when c.archived_at is null then 0 else 16 end + case when c.act_state = 'not_requested' then 0 else 32 end
    + case when c.problem = '' then 0 else 64 end)::smallint;

-- register_fold makes one row of those that add up; rows somebody else folds are left to him.
create function register_fold(firm uuid) returns void language sql volatile as $$
    with gone as (
        delete from register_counts where id = any (array(select id from register_counts where firm_id = firm for update skip locked))
        returning firm_id, responsible_id, key, n
    )
    insert into register_counts (firm_id, responsible_id, key, n)
    select firm_id, responsible_id, key, sum(n) from gone group by 1, 2, 3 having sum(n) <> 0
$$;

create function register_count() returns trigger language plpgsql as $$
begin
    if tg_op <> 'INSERT' and old.firm_id is not null then
        insert into register_counts (firm_id, responsible_id, key, n) values (old.firm_id, old.responsible_id, register_key(old), -1);
    end if;
    if tg_op <> 'DELETE' and new.firm_id is not null then
        insert into register_counts (firm_id, responsible_id, key, n) values (new.firm_id, new.responsible_id, register_key(new), 1);
    end if;
    if random() < 0.02 then
        perform register_fold(coalesce(old.firm_id, new.firm_id));
    end if;
    return null;
end
$$;
-- +goose StatementEnd

create trigger cases_counted after insert or delete on cases for each row execute function register_count();
create trigger cases_counted_anew after update on cases for each row
    when (old.stage_no <> new.stage_no or old.firm_id is distinct from new.firm_id or old.responsible_id is distinct from new.responsible_id
        or (old.archived_at is null) <> (new.archived_at is null) or (old.act_state = 'not_requested') <> (new.act_state = 'not_requested')
        or (old.problem = '') <> (new.problem = ''))
    execute function register_count();

insert into register_counts (firm_id, responsible_id, key, n)
select c.firm_id, c.responsible_id, register_key(c), count(*) from cases c where c.firm_id is not null group by 1, 2, 3;

-- Cases whose act is overdue have moved to another group since they were written; so have those whose
-- goods burn, which have an index already.
create index cases_firm_overdue_idx on cases (firm_id, overdue_on) where stage_no = 6;
create index cases_responsible_overdue_idx on cases (responsible_id, overdue_on) where stage_no = 6;
