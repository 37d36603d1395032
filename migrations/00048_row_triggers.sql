-- +goose Up

-- PostgreSQL reads the expressions of a table's checks, generated columns and trigger conditions anew
-- with every statement that writes to it, even where nothing they ask for is written: half of what a
-- tick's update of its case took. A trigger with a list of columns is not looked at by a statement that
-- writes none of them, so what holds of a case stands in one, with exactly the columns it asks for.
--
-- blocker and ball move with ordinary ticks and have a trigger of their own, with nothing but their two
-- conditions. No column changes its type: a process that still runs the program of before has
-- statements prepared that return them, and each would fail once a connection.
alter table cases
    drop constraint cases_row_check,
    alter column stage_no drop expression;
drop function cases_row_holds;

-- stage_no is the number of the group of the stage (winddown.Groups), whatever a statement says.
-- +goose StatementBegin
create function cases_row() returns trigger language plpgsql as $$
begin
    new.stage_no := case new.stage
        when 'problem' then 0
        when 'ready' then 1
        when 'received' then 3
        when 'debt' then 4
        when 'finish' then 5
        when 'waiting' then 6
        when 'early' then 7
        else 8
    end;
    if not (new.inn ~ '^([0-9]{10}|[0-9]{12})$'
        and new.ogrn ~ '^([0-9]{13}|[0-9]{15})?$'
        and length(new.seller_name) between 1 and 200
        and (new.leftover in ('sell', 'return', 'both') and new.wb_stock or new.leftover = '' and not new.wb_stock)
        and new.act_state in ('not_requested', 'requested', 'received', 'signed')
        and new.stage in ('problem', 'ready', 'received', 'debt', 'finish', 'waiting', 'early', 'finished')
        and new.due_kind in ('', 'pick_up', 'report', 'inbox', 'chase')
        and new.problem in ('', 'regressed', 'reopened', 'returned', 'unsettled')
        and (new.finished_on is not null) = (new.stage = 'finished')
        and (new.responsible_id is null or new.firm_id is not null)
        and (new.archived_at is null or new.firm_id is not null)
        and length(new.reminder_text) <= 1000 and (new.reminded_at is null) = (new.reminder_text = '')
        and (new.erase_asked_at is null) = (new.erase_at is null) and (new.erase_by is null or new.erase_at is not null)
        and (new.erase_at is null or new.erase_at >= new.erase_asked_at + interval '336 hours')
        and (new.rescue_asked_at is null) = (new.rescue_at is null)
        and (new.rescue_at is null or new.rescue_at >= new.rescue_asked_at + interval '168 hours')) then
        raise exception 'new row for relation "cases" violates check constraint "cases_row_check"'
            using errcode = 'check_violation', schema = tg_table_schema, table = 'cases', constraint = 'cases_row_check';
    end if;
    return new;
end
$$;
-- +goose StatementEnd

-- +goose StatementBegin
create function cases_turn_row() returns trigger language plpgsql as $$
begin
    if not (new.blocker in ('', 'zero_fbs', 'sell_out', 'return_stock', 'collect_returns', 'strip_media', 'request_act', 'receive_act',
            'sign_act', 'settle_debts')
        and new.ball in ('', 'seller', 'accountant', 'wb')) then
        raise exception 'new row for relation "cases" violates check constraint "cases_row_check"'
            using errcode = 'check_violation', schema = tg_table_schema, table = 'cases', constraint = 'cases_row_check';
    end if;
    return new;
end
$$;
-- +goose StatementEnd

create trigger cases_turn_row before insert or update of blocker, ball on cases for each row execute function cases_turn_row();

create trigger cases_row before insert or update of inn, ogrn, seller_name, leftover, wb_stock, act_state, stage, stage_no, due_kind,
    problem, finished_on, responsible_id, firm_id, archived_at, reminder_text, reminded_at, erase_asked_at, erase_at, erase_by,
    rescue_asked_at, rescue_at on cases for each row execute function cases_row();

drop trigger cases_counted_anew on cases;
create trigger cases_counted_anew after update of stage, firm_id, responsible_id, archived_at, act_state, problem on cases for each row
    when (old.stage_no <> new.stage_no or old.firm_id is distinct from new.firm_id or old.responsible_id is distinct from new.responsible_id
        or (old.archived_at is null) <> (new.archived_at is null) or (old.act_state = 'not_requested') <> (new.act_state = 'not_requested')
        or (old.problem = '') <> (new.problem = ''))
    execute function register_count();
