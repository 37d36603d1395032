package postgres

import (
	"time"

	"winddown/internal/winddown"
)

const sqlQuestions = `-- name: Questions
select q.number, q.step, q.body, q.asked_by, q.asked_at, q.answer, q.answered_by, q.answered_at, q.resolved_by, q.resolved_at,
       coalesce(a.name, '') as asked_name, coalesce(b.name, '') as answered_name, coalesce(r.name, '') as resolved_name
from questions q
join cases c on c.id = q.case_id
left join users a on a.id = q.asked_by
left join users b on b.id = q.answered_by
left join users r on r.id = q.resolved_by
where c.id = @case and ` + caseScope + `
order by q.number`

type questionRow struct {
	Number       int
	Step         string
	Body         string
	AskedBy      winddown.ID
	AskedAt      time.Time
	Answer       string
	AnsweredBy   winddown.ID
	AnsweredAt   *time.Time
	ResolvedBy   winddown.ID
	ResolvedAt   *time.Time
	AskedName    string
	AnsweredName string
	ResolvedName string
}

func (r questionRow) domain() winddown.Question {
	return winddown.Question{
		Number: r.Number, Step: winddown.Code(r.Step), Text: r.Body, AskedBy: r.AskedBy, AskedAt: r.AskedAt, Answer: r.Answer,
		AnsweredBy: r.AnsweredBy, AnsweredAt: timeOf(r.AnsweredAt), ResolvedBy: r.ResolvedBy, ResolvedAt: timeOf(r.ResolvedAt),
	}
}

const sqlInsertQuestion = `-- name: InsertQuestion
insert into questions (case_id, number, step, body, asked_by, asked_at, answer, answered_by, answered_at, resolved_by,
    resolved_at)
values (@case, @number, @step, @body, @asked_by, @asked_at, @answer, @answered_by, @answered_at, @resolved_by, @resolved_at)`

const sqlUpdateQuestion = `-- name: UpdateQuestion
update questions set step = @step, body = @body, asked_by = @asked_by, asked_at = @asked_at, answer = @answer, answered_by = @answered_by, answered_at = @answered_at, resolved_by = @resolved_by,
    resolved_at = @resolved_at
where case_id = @case and number = @number`

func (tx *Tx) saveQuestions(c *winddown.Case, loaded []winddown.Question) {
	was := map[int]winddown.Question{}
	for _, q := range loaded {
		was[q.Number] = q
	}
	for _, q := range c.Questions {
		switch old, known := was[q.Number]; {
		case !known:
			tx.writeCase(c.ID, sqlInsertQuestion, questionArgs(c.ID, q))
		case old != q:
			tx.writeCase(c.ID, sqlUpdateQuestion, questionArgs(c.ID, q))
		}
	}
}

func questionArgs(id winddown.ID, q winddown.Question) namedArgs {
	return namedArgs{
		"case": id, "number": q.Number, "step": q.Step, "body": q.Text, "asked_by": q.AskedBy, "asked_at": q.AskedAt,
		"answer": q.Answer, "answered_by": q.AnsweredBy, "answered_at": orNull(q.AnsweredAt), "resolved_by": q.ResolvedBy,
		"resolved_at": orNull(q.ResolvedAt),
	}
}
