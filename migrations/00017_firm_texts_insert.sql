-- +goose Up

-- What is published stays as it is: nothing is added to an edition, nor moved into one, either.
-- +goose StatementBegin
create or replace function firm_texts_published() returns trigger language plpgsql as $$
begin
    if exists (
        select from firms f
        where f.id = old.firm_id and f.texts >= old.edition or f.id = new.firm_id and f.texts >= new.edition
    ) then
        raise exception 'edition % of the texts of firm % is published', coalesce(old.edition, new.edition), coalesce(old.firm_id, new.firm_id);
    end if;
    return case when tg_op = 'DELETE' then old else new end;
end
$$;
-- +goose StatementEnd
create or replace trigger firm_texts_published before insert or update or delete on firm_texts
    for each row execute function firm_texts_published();
