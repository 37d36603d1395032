-- +goose Up

-- PostgreSQL reads the checks of a table anew with every statement that writes to it: the fifteen of
-- a case and the six of its steps were half of what a tick's updates took. The same conditions in
-- one function a table are read once a connection.

-- +goose StatementBegin
create function cases_row_holds(c cases) returns boolean language plpgsql immutable as $$
begin
    return c.inn ~ '^([0-9]{10}|[0-9]{12})$'
        and c.ogrn ~ '^([0-9]{13}|[0-9]{15})?$'
        and length(c.seller_name) between 1 and 200
        and (c.leftover in ('sell', 'return', 'both') and c.wb_stock or c.leftover = '' and not c.wb_stock)
        and c.act_state in ('not_requested', 'requested', 'received', 'signed')
        and c.stage in ('problem', 'ready', 'received', 'debt', 'finish', 'waiting', 'early', 'finished')
        and c.due_kind in ('', 'pick_up', 'report', 'inbox', 'chase')
        and c.problem in ('', 'regressed', 'reopened', 'returned', 'unsettled')
        and c.blocker in ('', 'zero_fbs', 'sell_out', 'return_stock', 'collect_returns', 'strip_media', 'request_act', 'receive_act',
            'sign_act', 'settle_debts')
        and c.ball in ('', 'seller', 'accountant', 'wb')
        and (c.finished_on is not null) = (c.stage = 'finished')
        and (c.responsible_id is null or c.firm_id is not null)
        and (c.archived_at is null or c.firm_id is not null)
        and length(c.reminder_text) <= 1000 and (c.reminded_at is null) = (c.reminder_text = '')
        and num_nonnulls(c.erase_asked_at, c.erase_at, c.erase_by) in (0, 3)
        and (c.erase_at is null or c.erase_at >= c.erase_asked_at + interval '336 hours');
end
$$;

create function case_steps_row_holds(s case_steps) returns boolean language plpgsql immutable as $$
begin
    return s.code in ('zero_fbs', 'sell_out', 'return_stock', 'collect_returns', 'strip_media', 'request_act', 'receive_act',
            'sign_act', 'settle_debts')
        and length(s.note) <= 2000
        and (s.done_on is null) = (s.done_at is null)
        and s.problem in ('', 'regressed', 'reopened', 'returned', 'unsettled')
        and (s.problem = '' or s.done_on is not null)
        and (s.accepted_by is null) = (s.accepted_at is null)
        and (s.waiver_at is null) = (s.waiver_reason = '');
end
$$;
-- +goose StatementEnd

alter table cases
    drop constraint cases_inn_check,
    drop constraint cases_ogrn_check,
    drop constraint cases_seller_name_check,
    drop constraint cases_leftover_check,
    drop constraint cases_act_state_check,
    drop constraint cases_stage_check,
    drop constraint cases_due_kind_check,
    drop constraint cases_problem_check,
    drop constraint cases_blocker_check,
    drop constraint cases_ball_check,
    drop constraint cases_finished_check,
    drop constraint cases_responsible_check,
    drop constraint cases_archived_check,
    drop constraint cases_reminder_check,
    drop constraint cases_erase_check,
    add constraint cases_row_check check (cases_row_holds(cases));

alter table case_steps
    drop constraint case_steps_code_check,
    drop constraint case_steps_note_check,
    drop constraint case_steps_tick_check,
    drop constraint case_steps_problem_check,
    drop constraint case_steps_accepted_check,
    drop constraint case_steps_waiver_check,
    add constraint case_steps_row_check check (case_steps_row_holds(case_steps));
