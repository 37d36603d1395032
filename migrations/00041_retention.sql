-- +goose Up

-- A case may be erased when the installation's time of retention is over: then nobody asked for it, and
-- erase_by, and the tombstone's asked_by, are empty. What holds of a lost owner stands in the same
-- function from now on.

-- +goose StatementBegin
create or replace function cases_row_holds(c cases) returns boolean language plpgsql immutable as $$
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
        and (c.erase_asked_at is null) = (c.erase_at is null) and (c.erase_by is null or c.erase_at is not null)
        and (c.erase_at is null or c.erase_at >= c.erase_asked_at + interval '336 hours')
        and (c.rescue_asked_at is null) = (c.rescue_at is null)
        and (c.rescue_at is null or c.rescue_at >= c.rescue_asked_at + interval '168 hours');
end
$$;
-- +goose StatementEnd

alter table cases drop constraint cases_rescue_check;
alter table tombstones alter column asked_by drop not null;
