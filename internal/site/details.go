package site

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"winddown/internal/httpkit"
	"winddown/internal/i18n"
	"winddown/internal/winddown"
	"winddown/web/page"
	"winddown/web/ui"
)

// DetailsForm shows the seller's requisites.
func (s *Site) DetailsForm(w http.ResponseWriter, r *http.Request) error {
	return s.details(w, r, nil, nil)
}

// ChangeDetails corrects the seller's requisites.
func (s *Site) ChangeDetails(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID(r, "case")
	if err != nil {
		return err
	}
	values, err := form(w, r)
	if err != nil {
		return err
	}
	f := &formReader{form: values}
	in := winddown.ChangeDetails{Seller: readSeller(values), Zone: values.Get("zone"), Version: f.caseVersion()}
	if err := f.err(); err != nil {
		return s.details(w, r, &in, err)
	}
	if err := s.app.ChangeDetails(r.Context(), actorOf(r.Context()), id, in); err != nil {
		return s.details(w, r, &in, err)
	}
	s.notice(w, "details")
	return s.redirect(w, r, caseHref(id))
}

func (s *Site) details(w http.ResponseWriter, r *http.Request, typed *winddown.ChangeDetails, failed error) error {
	if failed != nil && !redrawable(failed) {
		return failed
	}
	words, err := s.manage(r)
	if err != nil {
		return err
	}
	if typed == nil {
		typed = &winddown.ChangeDetails{Seller: words.c.Seller, Zone: words.c.Zone}
	}
	v := page.DetailsView{
		Back: words.backToCase(), Action: words.href() + "/details", Version: caseFormVersion(words, typed.Version, failed),
		Name: typed.Seller.Name, INN: typed.Seller.INN, OGRN: typed.Seller.OGRN, Cabinet: typed.Seller.Cabinet,
		Zones: zoneOptions(words.p, typed.Zone, words.now),
	}
	status, options := http.StatusOK, []layoutOption{layoutText}
	if failed != nil {
		m := formMistakes(r.Context(), failed)
		v.Errors, v.FieldErrors = m.items, m.fields
		status, options = httpkit.Status(winddown.KindOf(failed)), append(options, layoutInvalid)
	}
	s.render(w, r, status, page.Details(s.caseLayout(r, words, words.pageTitle("details.title"), options...), v))
	return nil
}

// zoneOptions are the time zones to choose from, with the chosen one marked.
func zoneOptions(p *i18n.Printer, chosen string, now time.Time) []ui.Option {
	var options []ui.Option
	for _, zone := range winddown.Zones() {
		options = append(options, ui.Option{Value: zone, Label: zoneLabel(p, zone, now), Checked: zone == chosen})
	}
	return options
}

// zoneLabel names a time zone by its city and its distance from Moscow, «Омск (МСК+3)».
func zoneLabel(p *i18n.Printer, zone string, now time.Time) string {
	if !winddown.ValidZone(zone) {
		return zone
	}
	_, seconds := now.In(winddown.Zone(zone)).Zone()
	_, moscow := now.In(winddown.Zone(winddown.DefaultZone)).Zone()
	ahead := ""
	if hours := (seconds - moscow) / 3600; hours > 0 {
		ahead = "+" + strconv.Itoa(hours)
	} else if hours < 0 {
		ahead = strconv.Itoa(hours)
	}
	_, city, _ := strings.Cut(strings.ToLower(zone), "/")
	return p.T("zone.label", "City", p.T("zone.city."+city), "Ahead", ahead)
}
