package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"winddown/internal/app"
	"winddown/internal/i18n"
	"winddown/internal/letter"
	"winddown/internal/site"
	"winddown/internal/winddown"
	"winddown/web/page"
)

type playbookCmd struct {
	List    playbookListCmd    `cmd:"" help:"List the texts with their sources and the day each was checked."`
	Show    playbookShowCmd    `cmd:"" help:"Print a text as a file for set."`
	Set     playbookSetCmd     `cmd:"" help:"Put a text in place of the one there is."`
	History playbookHistoryCmd `cmd:"" help:"List the versions of a text."`
	Revert  playbookRevertCmd  `cmd:"" help:"Return to the text that is built in."`
}

// textName is the argument that names a text.
type textName struct {
	Text   string `arg:"" help:"A step's code, request_act, or a letter, letter:request."`
	Locale string `enum:"ru,en" default:"ru" help:"Language of a step's text: ru or en."`
}

// name returns the parts of the name, or a sentence.
func (n textName) name() (winddown.TextKind, string, error) {
	kind, key := winddown.StepText, n.Text
	if name, ok := strings.CutPrefix(n.Text, string(winddown.LetterText)+":"); ok {
		kind, key = winddown.LetterText, name
	}
	if winddown.CheckTextKey(kind, key, n.Locale) != nil {
		return "", "", fmt.Errorf("there is no text %q in the language %s: see winddown playbook list", n.Text, n.Locale)
	}
	return kind, key, nil
}

// builtInText is a text as it comes with this program.
func builtInText(kind winddown.TextKind, key, locale string) winddown.Text {
	book, _ := winddown.PlaybookVersion(winddown.CurrentPlaybook)
	if kind == winddown.LetterText {
		return winddown.Text{Kind: kind, Key: key, Locale: locale, CheckedOn: book.Checked, Source: "winddown",
			Parts: map[string]string{winddown.PartBody: letter.Default(letter.Kind(key))}}
	}
	return site.BuiltInText(i18n.For(i18n.Locale(locale)), winddown.Code(key), book.Checked)
}

// inForce is a text as it is read now.
func inForce(replaced winddown.Text, kind winddown.TextKind, key, locale string) winddown.Text {
	if replaced.BuiltIn() {
		return builtInText(kind, key, locale)
	}
	return replaced
}

type playbookListCmd struct{ databaseFlags }

// Run lists the texts.
func (c playbookListCmd) Run(ctx context.Context, std streams) error {
	return c.withApp(ctx, std, func(a *app.App) error {
		texts, err := a.Texts(ctx)
		if err != nil {
			return err
		}
		replaced := map[string]winddown.Text{}
		for _, t := range texts {
			replaced[string(t.Kind)+t.Key+t.Locale] = t
		}
		var b strings.Builder
		line := func(kind winddown.TextKind, name, key, locale string) {
			r := replaced[string(kind)+key+locale]
			t := inForce(r, kind, key, locale)
			origin := "built in"
			if !r.BuiltIn() {
				origin = fmt.Sprintf("version %d", r.Version)
			}
			stale := ""
			if winddown.Stale(t.CheckedOn, winddown.Today(a.Now(), winddown.DefaultZone)) {
				stale = "  STALE"
			}
			fmt.Fprintf(&b, "%-20s %s  %-10s  checked %s%s  %s\n", name, locale, origin, t.CheckedOn, stale, t.Source)
		}
		book, _ := winddown.PlaybookVersion(winddown.CurrentPlaybook)
		for _, d := range book.Steps {
			for _, l := range i18n.Locales() {
				line(winddown.StepText, string(d.Code), string(d.Code), string(l))
			}
		}
		for _, key := range winddown.LetterKeys() {
			line(winddown.LetterText, string(winddown.LetterText)+":"+key, key, string(i18n.Russian))
		}
		_, err = io.WriteString(std.out, b.String())
		return err
	})
}

type playbookShowCmd struct {
	databaseFlags
	textName
}

// Run prints a text in the form set reads.
func (c playbookShowCmd) Run(ctx context.Context, std streams) error {
	kind, key, err := c.name()
	if err != nil {
		return err
	}
	return c.withApp(ctx, std, func(a *app.App) error {
		replaced, err := a.Text(ctx, kind, key, c.Locale)
		if err != nil {
			return err
		}
		_, err = io.WriteString(std.out, fileOf(inForce(replaced, kind, key, c.Locale)))
		return err
	})
}

// fileOf writes a text as the file that set reads.
func fileOf(t winddown.Text) string {
	if t.Kind == winddown.LetterText {
		return t.Parts[winddown.PartBody] + "\n"
	}
	var b strings.Builder
	for _, part := range t.Kind.Parts() {
		if text, ok := t.Parts[part]; ok {
			fmt.Fprintf(&b, "# %s\n%s\n\n", i18n.For(i18n.Locale(t.Locale)).T("card."+part), text)
		}
	}
	return b.String()
}

// headings are the words that stand for the parts of a step's text, in every language.
func headings() map[string]string {
	words := map[string]string{}
	for _, l := range i18n.Locales() {
		for _, part := range winddown.StepText.Parts() {
			words[strings.ToLower(i18n.For(l).T("card."+part))] = part
		}
	}
	return words
}

// maxTextFile bounds a text's file, in bytes.
const maxTextFile = 1 << 16

type playbookSetCmd struct {
	databaseFlags
	textName
	File    string `required:"" type:"existingfile" help:"File with the parts of a step's text under headings, as show prints it, or with a letter."`
	Source  string `required:"" help:"Where this is written."`
	Checked string `required:"" placeholder:"YYYY-MM-DD" help:"The day the text was compared with its source."`
	Preview bool   `help:"Print how the text reads on the page before and after, and write nothing."`
}

// Run replaces a text.
func (c playbookSetCmd) Run(ctx context.Context, std streams) error {
	kind, key, err := c.name()
	if err != nil {
		return err
	}
	checked, err := civilDate(c.Checked)
	if err != nil {
		return err
	}
	raw, err := readText(c.File, maxTextFile)
	if err != nil {
		return err
	}
	parts := map[string]string{winddown.PartBody: strings.TrimPrefix(raw, "\uFEFF")}
	return c.withApp(ctx, std, func(a *app.App) error {
		if kind == winddown.StepText {
			if parts, err = winddown.ParseStepText(raw, headings()); err != nil {
				return err
			}
		}
		t, err := a.CheckText(winddown.Text{Kind: kind, Key: key, Locale: c.Locale, Parts: parts, Source: c.Source, CheckedOn: checked})
		if err != nil {
			return err
		}
		if c.Preview {
			before, err := a.Text(ctx, kind, key, c.Locale)
			if err != nil {
				return err
			}
			today := winddown.Today(a.Now(), winddown.DefaultZone)
			_, err = fmt.Fprintf(std.out, "--- before\n%s\n--- after\n%s", asRead(before, kind, key, c.Locale, today), asRead(t, kind, key, c.Locale, today))
			return err
		}
		t, err = a.SetText(ctx, t)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(std.out, "%s %s is version %d now\n", c.Text, c.Locale, t.Version)
		return err
	})
}

// asRead is a text as it reads on its page, in words alone.
func asRead(replaced winddown.Text, kind winddown.TextKind, key, locale string, today winddown.Date) string {
	if kind == winddown.LetterText {
		return fileOf(inForce(replaced, kind, key, locale))
	}
	return guideText(site.Guide(i18n.For(i18n.Locale(locale)), builtInText(kind, key, locale), replaced, today))
}

func guideText(g page.GuideView) string {
	var b strings.Builder
	for _, part := range g.Parts {
		fmt.Fprintf(&b, "%s\n%s\n\n", part.Term, part.Value)
	}
	fmt.Fprintf(&b, "%s\n", g.Source)
	return b.String()
}

type playbookHistoryCmd struct {
	databaseFlags
	textName
}

// Run lists the versions of a text.
func (c playbookHistoryCmd) Run(ctx context.Context, std streams) error {
	kind, key, err := c.name()
	if err != nil {
		return err
	}
	return c.withApp(ctx, std, func(a *app.App) error {
		versions, err := a.TextVersions(ctx, kind, key, c.Locale)
		if err != nil {
			return err
		}
		var b strings.Builder
		for _, t := range versions {
			what := "built in"
			if !t.BuiltIn() {
				what = fmt.Sprintf("checked %s  %s", t.CheckedOn, t.Source)
			}
			fmt.Fprintf(&b, "%d  %s  %s\n", t.Version, t.CreatedAt.UTC().Format("2006-01-02 15:04"), what)
		}
		if len(versions) == 0 {
			b.WriteString("the text was never replaced\n")
		}
		_, err = io.WriteString(std.out, b.String())
		return err
	})
}

type playbookRevertCmd struct {
	databaseFlags
	textName
}

// Run returns to the built-in text.
func (c playbookRevertCmd) Run(ctx context.Context, std streams) error {
	kind, key, err := c.name()
	if err != nil {
		return err
	}
	return c.withApp(ctx, std, func(a *app.App) error {
		t, err := a.RevertText(ctx, kind, key, c.Locale)
		if err != nil {
			return err
		}
		if t.Version == 0 {
			return fmt.Errorf("the text %s was never replaced", c.Text)
		}
		_, err = fmt.Fprintf(std.out, "%s %s is version %d now, as built in\n", c.Text, c.Locale, t.Version)
		return err
	})
}
