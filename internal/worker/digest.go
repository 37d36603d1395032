package worker

import (
	"context"
	"errors"
	"strconv"

	"github.com/riverqueue/river"

	"winddown/internal/app"
	"winddown/internal/i18n"
	"winddown/internal/mail"
	"winddown/internal/winddown"
	webmail "winddown/web/mail"
)

// digestArgs ask for a person's letter of a day of his.
type digestArgs struct {
	User winddown.ID `json:"user"`
	On   string      `json:"on"`
}

// Kind names the job.
func (digestArgs) Kind() string { return "digest" }

// InsertOpts puts the job where it belongs: once for a person and day.
func (digestArgs) InsertOpts() river.InsertOpts {
	o := mailOpts(digesting)
	o.UniqueOpts = river.UniqueOpts{ByArgs: true}
	return o
}

// dueDigests are the daily letters whose hour has come.
func (w *Workers) dueDigests(ctx context.Context) ([]river.InsertManyParams, error) {
	planned, err := w.App.PlanDigests(ctx)
	var jobs []river.InsertManyParams
	for _, d := range planned {
		jobs = append(jobs, river.InsertManyParams{Args: digestArgs{User: d.UserID, On: d.On.String()}})
	}
	return jobs, err
}

// digestLetter writes a daily letter; what it told is noted once it is sent. One that is
// refused for good is noted as dealt with, so that it is not planned anew all day.
func (w *Workers) digestLetter(ctx context.Context, job *river.Job[digestArgs]) (mail.Message, outcome, error) {
	on, ok := winddown.ParseDate(job.Args.On)
	if !ok {
		return mail.Message{}, outcome{}, errors.New("a digest without a day")
	}
	d, ok, err := w.App.Digest(ctx, job.Args.User, on)
	if err != nil {
		return mail.Message{}, outcome{}, err
	}
	if !ok {
		return mail.Message{}, outcome{}, app.ErrMoot
	}
	p := printer(d.User.Locale)
	stop := "/unsubscribe/" + d.Unsubscribe
	l := webmail.Letter{
		Lang: d.User.Locale, Title: p.T("digest.title", "Date", p.DayMonth(on.Time())),
		Footer: []string{p.T("digest.footer.why")},
		Links:  []webmail.Link{*w.link(p.T("digest.footer.settings"), "/account/mail"), *w.link(p.T("digest.footer.stop"), stop)},
	}
	for _, c := range d.Cases {
		b := webmail.Block{Heading: c.Case.Seller.Name}
		for _, i := range c.Items {
			b.Items = append(b.Items, w.digestLine(p, c.Case.ID, i, on))
		}
		l.Blocks = append(l.Blocks, b)
	}
	last := webmail.Block{Button: w.link(p.T("digest.open"), "/")}
	if d.More > 0 {
		last.Text = []string{p.N("digest.more", d.More)}
	}
	l.Blocks = append(l.Blocks, last)
	m, err := w.message(ctx, d.User.Email, w.id(job.Kind, job.Args.User, job.Args.On), digestSubject(p, d, on), l)
	m.Unsubscribe = w.BaseURL + stop
	return m, outcome{
		sent:    func(ctx context.Context) error { return w.App.DigestSent(ctx, d) },
		refused: func(ctx context.Context) error { return w.App.DigestSent(ctx, app.Digest{User: d.User, On: on}) },
	}, err
}

// digestSubject begins with the seller the most urgent line is about.
func digestSubject(p *i18n.Printer, d app.Digest, on winddown.Date) string {
	first := d.Cases[0]
	item := first.Items[0]
	var what string
	if item.Kind == winddown.TellChase {
		what = p.N("digest.waiting", item.On.DaysUntil(on))
	} else {
		what = p.T("digest.what."+digestWord(item), "Date", p.DayMonth(item.On.Time()))
	}
	if others := len(d.Cases) - 1; others > 0 {
		return p.N("digest.subject_more", others, "Seller", first.Case.Seller.Name, "What", what)
	}
	return p.T("digest.subject", "Seller", first.Case.Seller.Name, "What", what)
}

// digestWord is the end of the keys of the words for a line.
func digestWord(i winddown.DigestItem) string {
	switch i.Kind {
	case winddown.TellProblem:
		return string(i.Problem)
	case winddown.TellDeadline:
		return string(i.Due)
	case winddown.TellQuestion:
		if i.Replied {
			return "answered"
		}
		return "asked"
	case winddown.TellChase, winddown.TellReceived, winddown.TellInbox, winddown.TellRemind:
	}
	return string(i.Kind)
}

// maxQuoted is how much of what a person wrote a line shows, in characters.
const maxQuoted = 300

func (w *Workers) digestLine(p *i18n.Printer, id winddown.ID, i winddown.DigestItem, on winddown.Date) webmail.Item {
	base := w.BaseURL + "/cases/" + id.String()
	line := webmail.Item{Note: i.Text, Href: base + "/deadlines"}
	if quoted := []rune(i.Text); len(quoted) > maxQuoted {
		line.Note = string(quoted[:maxQuoted-1]) + "…"
	}
	date, step := p.DayMonth(i.On.Time()), ""
	if i.Step != "" {
		step = p.T("step." + string(i.Step) + ".name")
		line.Href = base + "/steps/" + string(i.Step)
	}
	line.Text = p.T("digest.line."+digestWord(i), "Date", date, "Step", step)
	switch i.Kind {
	case winddown.TellDeadline:
		switch left := on.DaysUntil(i.On); {
		case left > 0:
			line.Note = p.N("deadline.in", left)
		case left == 0:
			line.Note = p.T("deadline.today")
		default:
			line.Note = p.N("deadline.overdue", -left)
		}
		if i.What != "" {
			line.Note = i.What + ", " + line.Note
		}
	case winddown.TellChase:
		line.Href = base + "/letters/reminder?act=" + strconv.Itoa(i.Act)
		line.Note = p.N("digest.asked_on", i.On.DaysUntil(on), "Date", date)
	case winddown.TellReceived:
		line.Href = base + "/acts"
	case winddown.TellProblem, winddown.TellQuestion, winddown.TellInbox, winddown.TellRemind:
	}
	return line
}
