package site

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strconv"

	"github.com/go-chi/chi/v5"

	"winddown/internal/app"
	"winddown/internal/httpkit"
	"winddown/internal/i18n"
	"winddown/internal/winddown"
	"winddown/web/page"
	"winddown/web/ui"
)

const (
	textsHref   = "/firm/texts"
	upgradeHref = "/firm/upgrade"
)

func textHref(code winddown.Code, locale i18n.Locale) string {
	return textsHref + "/" + string(code) + "/" + string(locale)
}

// newestBook is the newest version of the playbook.
func newestBook() winddown.Playbook {
	book, _ := winddown.PlaybookVersion(winddown.CurrentPlaybook)
	return book
}

// textInForce is an instruction as it is read with an edition of a firm's texts.
func textInForce(texts, replaced []winddown.Text, code winddown.Code, locale i18n.Locale, edition int) winddown.Text {
	builtIn := BuiltInText(i18n.For(locale), code, newestBook().Checked)
	t, ok := winddown.NewestText(texts, string(code), string(locale), edition)
	if !ok || t.BuiltIn() {
		at := slices.IndexFunc(replaced, func(r winddown.Text) bool {
			return r.Kind == winddown.StepText && r.Key == string(code) && r.Locale == string(locale)
		})
		if at < 0 || replaced[at].BuiltIn() {
			return builtIn
		}
		t = replaced[at]
	}
	return completed(t, builtIn)
}

// textDiff is what changes of an instruction, part by part; nothing where all stays.
func textDiff(p *i18n.Printer, before, after winddown.Text) []page.DiffView {
	var all []page.DiffView
	add := func(label, old, now string) {
		if old != now {
			all = append(all, page.DiffView{Label: label, Runs: diffWords(old, now)})
		}
	}
	for _, part := range winddown.StepText.Parts() {
		add(p.T("card."+part), before.Parts[part], after.Parts[part])
	}
	source := func(t winddown.Text) string {
		return p.T("card.source", "Source", t.Source, "Date", p.Date(t.CheckedOn.Time()))
	}
	add(p.T("texts.source"), source(before), source(after))
	return all
}

// textDiffs are the instructions that differ between two editions of a firm's texts, those in the
// reader's language first.
func textDiffs(p *i18n.Printer, texts, replaced []winddown.Text, from, to int) []page.TextDiffView {
	var all []page.TextDiffView
	locales := i18n.Locales()
	slices.SortStableFunc(locales, func(a, b i18n.Locale) int {
		return cmp.Compare(btoi(a != p.Locale()), btoi(b != p.Locale()))
	})
	for _, locale := range locales {
		for _, d := range newestBook().Steps {
			parts := textDiff(p, textInForce(texts, replaced, d.Code, locale, from), textInForce(texts, replaced, d.Code, locale, to))
			if len(parts) == 0 {
				continue
			}
			v := page.TextDiffView{Title: stepName(p, d.Code), Parts: parts}
			if locale != p.Locale() {
				v.Title, v.Lang = p.T("texts.in_language", "Step", v.Title, "Language", p.T("texts.language."+string(locale))), string(locale)
			}
			all = append(all, v)
		}
	}
	return all
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

// FirmTexts lists the firm's instructions, and what stands in its draft.
func (s *Site) FirmTexts(w http.ResponseWriter, r *http.Request) error {
	return s.firmTexts(w, r, nil)
}

func (s *Site) firmTexts(w http.ResponseWriter, r *http.Request, failure error) error {
	in, err := s.app.FirmTexts(r.Context(), actorOf(r.Context()))
	if err != nil {
		return err
	}
	p := i18n.From(r.Context())
	published, draft := in.Firm.Practice.Texts, in.Firm.Draft(in.Texts)
	v := page.TextsView{Errors: mistakesOf(r.Context(), failure).items, Edition: p.T("texts.edition.none")}
	if published > 0 {
		v.Edition = p.T("texts.edition", "Edition", published)
	}
	for _, locale := range i18n.Locales() {
		list := page.TextListView{Title: p.T("texts.language." + string(locale))}
		for _, d := range newestBook().Steps {
			row := page.TextRowView{Href: textHref(d.Code, locale), Name: stepName(p, d.Code)}
			row.State = p.T("texts.state.common")
			if t, ok := winddown.NewestText(in.Texts, string(d.Code), string(locale), published); ok && !t.BuiltIn() {
				row.State = p.T("texts.state.own", "Edition", t.Version, "Date", p.Date(t.CheckedOn.Time()))
			}
			if slices.ContainsFunc(draft, func(t winddown.Text) bool { return t.Key == string(d.Code) && t.Locale == string(locale) }) {
				row.Draft = p.T("texts.state.draft")
			}
			list.Rows = append(list.Rows, row)
		}
		v.Lists = append(v.Lists, list)
	}
	if len(draft) > 0 {
		v.Draft = &page.DraftView{Digest: in.Firm.DraftDigest(in.Texts), Diffs: textDiffs(p, in.Texts, in.Replaced, published, published+1)}
	}
	if in.Outdated > 0 {
		v.Outdated, v.UpgradeHref = p.N("texts.outdated", in.Outdated), upgradeHref
	}
	status, options := formStatus(failure, layoutText)
	if failure == nil {
		options = s.textNotice(p, s.takeNotice(w, r), options)
	}
	s.render(w, r, status, page.Texts(s.layout(r, p.T("texts.title"), options...), v))
	return nil
}

// textNotice says what was just done with the texts.
func (s *Site) textNotice(p *i18n.Printer, n []string, options []layoutOption) []layoutOption {
	text, variant := "", ui.NoticeSuccess
	switch {
	case len(n) == 2 && n[0] == "texts" && slices.Contains([]string{"drafted", "published", "discarded"}, n[1]):
		text = p.T("texts.notice." + n[1])
	case len(n) == 3 && n[0] == "texts" && n[1] == "moved":
		switch cases, err := strconv.Atoi(n[2]); {
		case err != nil:
		case cases == 0:
			text, variant = p.T("register.notice.nothing"), ui.NoticeInfo
		default:
			text = p.N("texts.notice.moved", cases)
		}
	}
	if text == "" {
		return options
	}
	return append(options, layoutNotice(&ui.NoticeProps{Variant: variant, Text: text}))
}

// textOf reads which instruction the address is about; anything else is NotFound.
func textOf(r *http.Request) (winddown.Code, i18n.Locale, error) {
	code, locale := chi.URLParam(r, "code"), chi.URLParam(r, "lang")
	return winddown.Code(code), i18n.Locale(locale), winddown.CheckTextKey(winddown.StepText, code, locale)
}

// FirmText is where an instruction of the firm is changed.
func (s *Site) FirmText(w http.ResponseWriter, r *http.Request) error {
	return s.firmText(w, r, nil, nil)
}

func (s *Site) firmText(w http.ResponseWriter, r *http.Request, typed *winddown.Text, failure error) error {
	code, locale, err := textOf(r)
	if err != nil {
		return err
	}
	in, err := s.app.FirmTexts(r.Context(), actorOf(r.Context()))
	if err != nil {
		return err
	}
	p := i18n.From(r.Context())
	t := textInForce(in.Texts, in.Replaced, code, locale, in.Firm.Practice.Texts+1)
	if typed != nil {
		t = *typed
	}
	m := mistakesOf(r.Context(), failure)
	own, hasOwn := winddown.NewestText(in.Texts, string(code), string(locale), in.Firm.Practice.Texts+1)
	v := page.TextView{
		Title: stepName(p, code), Language: p.T("texts.language." + string(locale)), Lang: string(locale), Action: textHref(code, locale),
		Source: t.Source, CheckedOn: t.CheckedOn.String(), Today: winddown.Today(s.app.Now(), actorOf(r.Context()).Zone).String(),
		CanRevert: hasOwn && !own.BuiltIn(), Errors: m.items, FieldErrors: m.fields,
	}
	for _, part := range winddown.StepText.Parts() {
		one := page.TextPartView{Name: part, Label: p.T("card." + part), Value: t.Parts[part]}
		if part == winddown.PartPitfalls {
			one.Optional, one.Hint = true, p.T("texts.pitfalls.hint")
		}
		v.Parts = append(v.Parts, one)
	}
	status, options := formStatus(failure, layoutText)
	s.render(w, r, status, page.Text(s.layout(r, p.T("texts.edit", "Step", v.Title), options...), v))
	return nil
}

// DraftFirmText writes an instruction into the draft and shows how it reads.
func (s *Site) DraftFirmText(w http.ResponseWriter, r *http.Request) error {
	code, locale, err := textOf(r)
	if err != nil {
		return err
	}
	values, err := httpkit.DecodeForm(w, r, maxTextForm)
	if err != nil {
		return err
	}
	f := &formReader{form: values}
	t := winddown.Text{Kind: winddown.StepText, Key: string(code), Locale: string(locale), Source: values.Get("source"), CheckedOn: f.date("checked_on"),
		Parts: map[string]string{}}
	for _, part := range winddown.StepText.Parts() {
		t.Parts[part] = values.Get(part)
	}
	if err = f.err(); err == nil {
		err = s.draftFirmText(r, t)
	}
	switch {
	case err == nil:
		s.notice(w, "texts", "drafted")
		return s.redirect(w, r, textHref(code, locale)+"/preview")
	case redrawable(err):
		return s.firmText(w, r, &t, err)
	}
	return err
}

// draftFirmText takes the common text, saved as it is, for a wish to have the common one.
func (s *Site) draftFirmText(r *http.Request, t winddown.Text) error {
	actor := actorOf(r.Context())
	in, err := s.app.FirmTexts(r.Context(), actor)
	if err != nil {
		return err
	}
	common := textInForce(nil, in.Replaced, winddown.Code(t.Key), i18n.Locale(t.Locale), 0)
	checked, err := t.Check(winddown.Today(s.app.Now(), actor.Zone))
	if err == nil && len(textDiff(i18n.From(r.Context()), common, checked)) == 0 {
		t.Parts = nil
	}
	return s.app.DraftFirmText(r.Context(), actor, t)
}

// maxTextForm bounds the form of an instruction, in bytes: five parts of two thousand letters,
// each up to six bytes in a form, and some more, so that what is too long comes back.
const maxTextForm = 256 << 10

// RevertFirmText returns an instruction of the draft to the installation's.
func (s *Site) RevertFirmText(w http.ResponseWriter, r *http.Request) error {
	code, locale, err := textOf(r)
	if err != nil {
		return err
	}
	if err := s.app.DraftFirmText(r.Context(), actorOf(r.Context()), winddown.Text{Kind: winddown.StepText, Key: string(code), Locale: string(locale)}); err != nil {
		return err
	}
	s.notice(w, "texts", "drafted")
	return s.redirect(w, r, textHref(code, locale)+"/preview")
}

// FirmTextPreview shows an instruction as it will be read, and what changes.
func (s *Site) FirmTextPreview(w http.ResponseWriter, r *http.Request) error {
	code, locale, err := textOf(r)
	if err != nil {
		return err
	}
	actor := actorOf(r.Context())
	in, err := s.app.FirmTexts(r.Context(), actor)
	if err != nil {
		return err
	}
	p := i18n.From(r.Context())
	published := in.Firm.Practice.Texts
	now, then := textInForce(in.Texts, in.Replaced, code, locale, published), textInForce(in.Texts, in.Replaced, code, locale, published+1)
	inLocale := i18n.For(locale)
	v := page.TextPreviewView{
		Title: stepName(p, code), Language: p.T("texts.language." + string(locale)), Lang: string(locale), EditHref: textHref(code, locale),
		Guide: Guide(inLocale, then, then, winddown.Today(s.app.Now(), actor.Zone)), Diff: textDiff(p, now, then),
		Draft: len(in.Firm.Draft(in.Texts)) > 0,
	}
	options := s.textNotice(p, s.takeNotice(w, r), []layoutOption{layoutText})
	s.render(w, r, http.StatusOK, page.TextPreview(s.layout(r, p.T("texts.preview", "Step", v.Title), options...), v))
	return nil
}

// PublishFirmTexts publishes the draft that was shown.
func (s *Site) PublishFirmTexts(w http.ResponseWriter, r *http.Request) error {
	return s.endDraft(w, r, s.app.PublishFirmTexts, "published")
}

// DiscardFirmTexts drops the draft that was shown.
func (s *Site) DiscardFirmTexts(w http.ResponseWriter, r *http.Request) error {
	return s.endDraft(w, r, s.app.DiscardFirmTexts, "discarded")
}

func (s *Site) endDraft(w http.ResponseWriter, r *http.Request, end func(context.Context, winddown.Actor, string) error, notice string) error {
	f, err := form(w, r)
	if err == nil {
		err = end(r.Context(), actorOf(r.Context()), f.Get("digest"))
	}
	switch {
	case err == nil:
		s.notice(w, "texts", notice)
		return s.redirect(w, r, textsHref)
	case redrawable(err):
		return s.firmTexts(w, r, err)
	}
	return err
}

// playbookChanges say what another version of the playbook makes of the steps.
func playbookChanges(p *i18n.Printer, from int) []string {
	var all []string
	before, _ := winddown.PlaybookVersion(from)
	for _, ch := range winddown.ComparePlaybooks(before, newestBook()) {
		step := stepName(p, ch.Step)
		switch {
		case ch.New:
			all = append(all, p.T("upgrade.step_new", "Step", step))
		case ch.Gone:
			all = append(all, p.T("upgrade.step_gone", "Step", step))
		case ch.Gate != nil:
			var names []string
			for _, code := range ch.Gate {
				names = append(names, stepName(p, code))
			}
			all = append(all, p.T("upgrade.step_gate", "Step", step, "Gate", listOf(p, names)))
		}
		for _, slot := range ch.Required {
			all = append(all, p.T("upgrade.step_required", "Step", step, "Slot", slotName(p, slot)))
		}
	}
	return all
}

// UpgradeForm shows what newer texts and a newer playbook change for a case.
func (s *Site) UpgradeForm(w http.ResponseWriter, r *http.Request) error {
	return s.upgrade(w, r, nil)
}

func (s *Site) upgrade(w http.ResponseWriter, r *http.Request, failure error) error {
	id, err := pathID(r, "case")
	if err != nil {
		return err
	}
	view, err := s.app.Newer(r.Context(), actorOf(r.Context()), id)
	if err != nil {
		return err
	}
	words := s.caseWords(r, view)
	c := view.Case
	v := page.UpgradeView{
		Back: words.backToCase(), Action: caseHref(id) + "/upgrade", Texts: c.Practice.Texts, Playbook: winddown.CurrentPlaybook,
		Title: words.p.T("upgrade.title.none"), Lead: words.p.T("upgrade.none"), Errors: mistakesOf(r.Context(), failure).items,
	}
	if c.Outdated() {
		v.Title, v.Lead, v.Ready = words.p.T("upgrade.title"), words.p.T("upgrade.lead"), true
		v.Diffs, v.Changes = textDiffs(words.p, view.Texts, view.Replaced, c.Texts, c.Practice.Texts), playbookChanges(words.p, c.Playbook)
	}
	status, options := formStatus(failure, layoutText)
	s.render(w, r, status, page.Upgrade(s.caseLayout(r, words, words.pageTitle("upgrade.title"), options...), v))
	return nil
}

// Upgrade moves a case to newer texts and a newer playbook.
func (s *Site) Upgrade(w http.ResponseWriter, r *http.Request) error {
	id, err := pathID(r, "case")
	if err != nil {
		return err
	}
	seen, err := readUpgrade(w, r)
	if err == nil {
		err = s.app.UpgradeCase(r.Context(), actorOf(r.Context()), id, seen)
	}
	switch {
	case err == nil:
		s.notice(w, "case_upgraded")
		return s.redirect(w, r, caseHref(id))
	case redrawable(err):
		return s.upgrade(w, r, err)
	}
	return err
}

// readUpgrade reads the versions the person has seen.
func readUpgrade(w http.ResponseWriter, r *http.Request) (winddown.Upgrade, error) {
	f, err := form(w, r)
	if err != nil {
		return winddown.Upgrade{}, err
	}
	texts, ok := plainNumber(f.Get("texts"))
	book, known := plainNumber(f.Get("playbook"))
	if !known || !ok && f.Get("texts") != "0" {
		return winddown.Upgrade{}, &winddown.Error{Kind: winddown.Conflict, Key: "upgrade.error.newer"}
	}
	return winddown.Upgrade{Texts: texts, Playbook: book}, nil
}

// FirmUpgradeForm asks before all cases of the firm that go on are moved.
func (s *Site) FirmUpgradeForm(w http.ResponseWriter, r *http.Request) error {
	return s.firmUpgrade(w, r, 0, nil)
}

// firmUpgrade says with a failure how many cases were moved before it.
func (s *Site) firmUpgrade(w http.ResponseWriter, r *http.Request, moved int, failure error) error {
	in, err := s.app.FirmTexts(r.Context(), actorOf(r.Context()))
	if err != nil {
		return err
	}
	p := i18n.From(r.Context())
	v := page.UpgradeView{
		Back: ui.BackLinkProps{Href: textsHref, Text: p.T("texts.title")}, Action: upgradeHref, Texts: in.Firm.Practice.Texts,
		Playbook: winddown.CurrentPlaybook, Title: p.T("upgrade.firm.title"), Lead: p.T("upgrade.firm.none"), Errors: mistakesOf(r.Context(), failure).items,
	}
	if in.Outdated > 0 {
		v.Ready, v.Lead = true, p.N("upgrade.firm.lead", in.Outdated)
		v.Note = p.T("upgrade.firm.oldest")
		if in.Outdated > app.MaxUpgraded {
			v.Note += " " + p.N("upgrade.firm.most", app.MaxUpgraded)
		}
		v.Diffs, v.Changes = textDiffs(p, in.Texts, in.Replaced, in.Oldest.Texts, in.Firm.Practice.Texts), playbookChanges(p, in.Oldest.Playbook)
	}
	if moved > 0 {
		v.Lead = p.N("texts.notice.moved", moved) + " " + v.Lead
	}
	status, options := formStatus(failure, layoutText)
	if failure == nil {
		options = s.textNotice(p, s.takeNotice(w, r), options)
	}
	s.render(w, r, status, page.Upgrade(s.layout(r, v.Title, options...), v))
	return nil
}

// FirmUpgrade moves them.
func (s *Site) FirmUpgrade(w http.ResponseWriter, r *http.Request) error {
	seen, err := readUpgrade(w, r)
	moved := 0
	if err == nil {
		moved, err = s.app.UpgradeFirm(r.Context(), actorOf(r.Context()), seen)
	}
	switch {
	case err == nil:
		s.notice(w, "texts", "moved", strconv.Itoa(moved))
		return s.redirect(w, r, upgradeHref)
	case redrawable(err):
		return s.firmUpgrade(w, r, moved, err)
	}
	return err
}
