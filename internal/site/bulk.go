package site

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"winddown/internal/app"
	"winddown/internal/i18n"
	"winddown/internal/winddown"
	"winddown/web/page"
	"winddown/web/ui"
)

// What is done to many sellers at a time, as the form spells it.
const (
	doRemind    = "remind"
	doAssign    = "assign"
	doArchive   = "archive"
	doUnarchive = "unarchive"
)

// doings are the ways, with the right each needs.
func doings() map[string]winddown.FirmAction {
	return map[string]winddown.FirmAction{
		doRemind: winddown.CanRemind, doAssign: winddown.CanAssign, doArchive: winddown.CanArchive, doUnarchive: winddown.CanArchive,
	}
}

// bulkForm is what was ticked in the register, and where, and what to do about it.
type bulkForm struct {
	do     string
	cases  []winddown.ID
	found  []winddown.ID // all the filter left when the page was drawn
	all    bool          // these are meant
	filter winddown.RegisterFilter
	to     winddown.Responsible
	text   *string
}

// meant are the sellers something is done to.
func (in bulkForm) meant() []winddown.ID {
	if in.all {
		return in.found
	}
	return in.cases
}

// Bulk asks before something is done to the sellers that are ticked, or sends them as a file.
// It changes nothing: the page carries the choice.
func (s *Site) Bulk(w http.ResponseWriter, r *http.Request) error {
	in, f, err := s.readBulk(w, r, "")
	if err != nil {
		return err
	}
	switch in.do = f.Get("do"); in.do {
	case "csv", "xlsx":
		return s.exportPicked(w, r, in)
	case doRemind, doAssign, doArchive, doUnarchive:
		return s.bulkPage(w, r, in, nil)
	}
	return &winddown.Error{Kind: winddown.Invalid, Key: "error.field.unknown"}
}

// Remind reminds the sellers, or shows what they would get.
func (s *Site) Remind(w http.ResponseWriter, r *http.Request) error {
	in, f, err := s.readBulk(w, r, doRemind)
	if err != nil {
		return err
	}
	remind := reminderOf(i18n.From(r.Context()), in)
	if f.Get("preview") != "" {
		return s.bulkPage(w, r, in, remind.Check())
	}
	meant := in.meant()
	n, skipped, err := s.app.Remind(r.Context(), actorOf(r.Context()), meant, remind)
	return s.bulkDone(w, r, in, err, "reminded", strconv.Itoa(n), strconv.Itoa(len(skipped)), encodeSkipped(skipped))
}

// Assign makes somebody responsible for the sellers, or nobody.
func (s *Site) Assign(w http.ResponseWriter, r *http.Request) error {
	in, _, err := s.readBulk(w, r, doAssign)
	if err != nil {
		return err
	}
	n, err := s.app.Assign(r.Context(), actorOf(r.Context()), in.meant(), in.to)
	return s.bulkDone(w, r, in, err, "assigned", strconv.Itoa(n), "0", "")
}

// Archive puts the sellers into the archive.
func (s *Site) Archive(w http.ResponseWriter, r *http.Request) error {
	in, _, err := s.readBulk(w, r, doArchive)
	if err != nil {
		return err
	}
	n, err := s.app.Archive(r.Context(), actorOf(r.Context()), in.meant(), true)
	return s.bulkDone(w, r, in, err, "archived", strconv.Itoa(n), "0", "")
}

// Unarchive takes the sellers out of the archive.
func (s *Site) Unarchive(w http.ResponseWriter, r *http.Request) error {
	in, _, err := s.readBulk(w, r, doUnarchive)
	if err != nil {
		return err
	}
	n, err := s.app.Archive(r.Context(), actorOf(r.Context()), in.meant(), false)
	return s.bulkDone(w, r, in, err, "unarchived", strconv.Itoa(n), "0", "")
}

// BulkAgain answers whoever loads the address of one of these forms again: what was chosen is not
// in it.
func (s *Site) BulkAgain(w http.ResponseWriter, r *http.Request) error {
	return s.redirect(w, r, "/sellers")
}

// bulkDone leads back to the list, where the same sellers are still ticked, or draws the page
// again with what is wrong.
func (s *Site) bulkDone(w http.ResponseWriter, r *http.Request, in bulkForm, err error, notice ...string) error {
	switch {
	case err == nil:
		if !in.all && len(in.cases) <= winddown.RegisterPageSize {
			notice = append(notice, encodeIDs(in.cases))
		}
		s.notice(w, notice...)
		return s.redirect(w, r, registerHref(in.filter))
	case redrawable(err), app.SomeGone(err):
		return s.bulkPage(w, r, in, err)
	}
	return err
}

// bulkPage is the second page of what is done to many: to those of them who are still there.
func (s *Site) bulkPage(w http.ResponseWriter, r *http.Request, in bulkForm, failure error) error {
	plan, err := s.app.PlanBulk(r.Context(), actorOf(r.Context()), doings()[in.do], in.cases, in.filter)
	if in.all && winddown.KindOf(err) == winddown.NotFound { // the ticked ones have gone, others that were found have not
		in.cases, in.all = in.found, false
		plan, err = s.app.PlanBulk(r.Context(), actorOf(r.Context()), doings()[in.do], in.cases, in.filter)
	}
	if err != nil && winddown.KindOf(err) == winddown.Invalid {
		return s.showRegister(w, r, in.filter, in, err)
	}
	if err != nil {
		return err
	}
	if failure == nil && len(plan.Picked) < len(in.cases) {
		failure = &winddown.Error{Kind: winddown.NotFound, Key: "register.error.gone"}
	}
	m := mistakesOf(r.Context(), failure)
	v := bulkPageView(i18n.From(r.Context()), plan, in, m, s.app.Now(), s.app.Mail())
	status, options := formStatus(failure, layoutText)
	s.render(w, r, status, page.Bulk(s.layout(r, v.Title, options...), v))
	return nil
}

// exportPicked sends the sellers that are ticked as a file.
func (s *Site) exportPicked(w http.ResponseWriter, r *http.Request, in bulkForm) error {
	if len(in.cases) == 0 {
		return s.showRegister(w, r, in.filter, in, invalidField("case", "register.error.none_chosen"))
	}
	f := winddown.RegisterFilter{Only: in.cases, Sort: in.filter.Sort}
	send := s.exportXLSX
	if in.do == "csv" {
		send = s.exportCSV
	}
	err := send(w, r, f)
	if app.SomeGone(err) {
		return s.showRegister(w, r, in.filter, in, err)
	}
	return err
}

// readBulk reads the form of the register, or of the page that asks.
func (s *Site) readBulk(w http.ResponseWriter, r *http.Request, do string) (bulkForm, url.Values, error) {
	f, err := form(w, r)
	if err != nil {
		return bulkForm{}, nil, err
	}
	in := bulkForm{do: do, all: f.Get("scope") == "found"}
	for _, list := range []struct {
		texts []string
		into  *[]winddown.ID
	}{{f["case"], &in.cases}, {strings.Fields(f.Get("found")), &in.found}} {
		seen := map[winddown.ID]bool{}
		for _, text := range list.texts {
			id, err := winddown.ParseID(text)
			if err != nil {
				return bulkForm{}, nil, err
			}
			if !seen[id] {
				seen[id] = true
				*list.into = append(*list.into, id)
			}
		}
	}
	if to := f.Get("to"); to == winddown.ResponsibleNone {
		in.to.None = true
	} else if to != "" {
		if in.to.ID, err = winddown.ParseID(to); err != nil {
			return bulkForm{}, nil, err
		}
	}
	if f.Has("text") {
		text := f.Get("text")
		in.text = &text
	}
	in.filter = queryFilter(f.Get("query"))
	return in, f, nil
}

// queryFilter reads the query of the register's address; one nobody can read leads to the
// whole list.
func queryFilter(query string) winddown.RegisterFilter {
	if q, err := url.ParseQuery(query); err == nil {
		if filter, err := readRegisterFilter(q); err == nil {
			return filter
		}
	}
	return winddown.RegisterFilter{Sort: winddown.SortDeadline}
}

// encodeIDs writes ids as a notice carries them.
func encodeIDs(ids []winddown.ID) string {
	var b []byte
	for _, id := range ids {
		b = append(b, id[:]...)
	}
	return base64.RawURLEncoding.EncodeToString(b)
}

// decodeIDs reads ids from a notice; what it cannot read is nothing.
func decodeIDs(text string) []winddown.ID {
	b, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || len(b)%16 != 0 {
		return nil
	}
	var ids []winddown.ID
	for one := range slices.Chunk(b, 16) {
		ids = append(ids, winddown.ID(one))
	}
	return ids
}

// skippedNamed is how many of the sellers who were skipped a notice names: with the rows of a page that were ticked
// it fits its cookie.
const skippedNamed = 5

// encodeSkipped writes the first of the cases as a notice carries them: a digit for the reason before each id.
func encodeSkipped(skipped []winddown.Skipped) string {
	var b strings.Builder
	for _, one := range skipped[:min(len(skipped), skippedNamed)] {
		b.WriteString(strconv.Itoa(slices.Index(winddown.Skips(), one.Why)) + encodeIDs([]winddown.ID{one.ID}))
	}
	return b.String()
}

// decodeSkipped reads the cases a notice of something done to many names; what it cannot read is nobody.
func decodeSkipped(n []string) []winddown.Skipped {
	if len(n) < 4 || n[0] != "reminded" {
		return nil
	}
	var all []winddown.Skipped
	for one := range slices.Chunk([]byte(n[3]), 1+len(encodeIDs([]winddown.ID{{}}))) {
		why, ids := int(one[0])-'0', decodeIDs(string(one[1:]))
		if why < 0 || why >= len(winddown.Skips()) || len(ids) != 1 || len(all) == skippedNamed {
			return nil
		}
		all = append(all, winddown.Skipped{ID: ids[0], Why: winddown.Skips()[why]})
	}
	return all
}

// skippedItems name the sellers of a notice whom the reader still sees, and count the rest.
func skippedItems(p *i18n.Printer, n []string, names map[winddown.ID]string) []ui.NoticeItem {
	var items []ui.NoticeItem
	for _, one := range decodeSkipped(n) {
		if name, seen := names[one.ID]; seen {
			items = append(items, ui.NoticeItem{Link: ui.Link{Href: sellerHref(one.ID), Text: name}, Text: p.T("remind.skip." + string(one.Why))})
		}
	}
	if len(items) == 0 {
		return nil
	}
	if all, err := strconv.Atoi(n[2]); err == nil && all > len(items) {
		items = append(items, ui.NoticeItem{Text: p.T("register.notice.more", "N", all-len(items))})
	}
	return items
}

// bulkNotice says what was done to how many, and how many were skipped, and returns who they were.
func bulkNotice(p *i18n.Printer, n []string) (string, []winddown.ID) {
	if len(n) < 4 || !slices.Contains([]string{"reminded", "assigned", "archived", "unarchived"}, n[0]) {
		return "", nil
	}
	changed, err := strconv.Atoi(n[1])
	skipped, err2 := strconv.Atoi(n[2])
	if err != nil || err2 != nil {
		return "", nil
	}
	text := p.T("register.notice.nothing")
	if changed > 0 {
		text = p.N("register.notice."+n[0], changed)
	}
	if skipped > 0 {
		text += " " + p.N("register.notice.skipped", skipped)
	}
	if len(n) > 4 {
		return text, decodeIDs(n[4])
	}
	return text, nil
}

// reminderOf is the reminder that was typed, or the usual one, with what each step asks.
func reminderOf(p *i18n.Printer, in bulkForm) winddown.Remind {
	out := winddown.Remind{Text: p.T("remind.usual"), Steps: map[winddown.Code]string{"": p.T("remind.finish")}}
	if in.text != nil {
		out.Text = *in.text
	}
	book, _ := winddown.PlaybookVersion(winddown.CurrentPlaybook)
	for _, d := range book.Steps {
		out.Steps[d.Code] = p.T("step." + string(d.Code) + ".imperative")
	}
	return out
}

// putAwayHref is where the seller puts a reminder away.
func putAwayHref(id winddown.ID) string { return caseHref(id) + "/reminder" }

// PutAway puts the reminder of a case away.
func (s *Site) PutAway(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID(r, "case")
	if err != nil {
		return err
	}
	if err := s.app.PutAway(r.Context(), actorOf(r.Context()), id); err != nil {
		return err
	}
	return s.redirect(w, r, caseHref(id))
}
