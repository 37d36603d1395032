package site

import (
	"net/http"
	"strconv"

	"github.com/go-chi/chi/v5"

	"winddown/internal/i18n"
	"winddown/internal/winddown"
	"winddown/web/page"
	"winddown/web/ui"
)

// Jobs shows the letters that could not be sent to whoever looks after the installation.
func (s *Site) Jobs(w http.ResponseWriter, r *http.Request) error {
	actor := actorOf(r.Context())
	jobs, total, err := s.app.DeadJobs(r.Context(), actor)
	if err != nil {
		return err
	}
	p := i18n.From(r.Context())
	v := page.JobsView{Off: !s.app.Mail(), Total: p.N("admin.jobs.total", total)}
	for _, j := range jobs {
		v.Jobs = append(v.Jobs, page.JobView{
			Kind: jobKind(p, j.Kind), When: p.DateTime(j.DiedAt.In(winddown.Zone(actor.Zone))), Attempts: p.N("admin.jobs.attempts", j.Attempts),
			Reason: j.Reason, Retry: "/admin/jobs/" + strconv.FormatInt(j.ID, 10) + "/retry",
		})
	}
	options := []layoutOption{layoutText}
	if n := s.takeNotice(w, r); len(n) == 1 && n[0] == "job_requeued" {
		options = append(options, layoutNotice(&ui.NoticeProps{Variant: ui.NoticeSuccess, Text: p.T("admin.jobs.requeued")}))
	}
	s.render(w, r, http.StatusOK, page.Jobs(s.layout(r, p.T("admin.jobs.title"), options...), v))
	return nil
}

// jobKind is what a letter is about; a kind this program does not know is shown as it is.
func jobKind(p *i18n.Printer, kind string) string {
	if key := "admin.job." + kind; p.Has(key) {
		return p.T(key)
	}
	return kind
}

// RetryJob has a letter that could not be sent tried again.
func (s *Site) RetryJob(w http.ResponseWriter, r *http.Request) error {
	job, err := addressNumber(chi.URLParam(r, "job"))
	if err != nil {
		return err
	}
	if err := s.app.RequeueJob(r.Context(), actorOf(r.Context()), int64(job)); err != nil {
		return err
	}
	s.notice(w, "job_requeued")
	return s.redirect(w, r, "/admin/jobs")
}
