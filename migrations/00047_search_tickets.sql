-- +goose Up
-- A search finds the numbers under which acts were requested. They are folded as the program folds them; what the
-- locale of the database makes of Russian letters is not relied on.
update cases c set search_text = rtrim(c.search_text || ' ' || btrim(regexp_replace(
    translate(lower(a.tickets), 'ЁёАБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯ.,‐‑‒–—−''"«»‹›„“”‟‘’‚‛`´ʼ′″＂', 'ееабвгдежзийклмнопрстуфхцчшщъыьэюя  ------'), '\s+', ' ', 'g')))
from (select case_id, string_agg(ticket, ' ' order by position, round) as tickets from acts where ticket <> '' group by case_id) a
where a.case_id = c.id;
