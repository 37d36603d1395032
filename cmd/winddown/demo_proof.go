package main

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"strings"

	"winddown/internal/app"
	"winddown/internal/winddown"
)

// furnish gives the demo's first seller what only use cases can make: files with their
// bytes, and beside them debts, a report and a question.
func furnish(ctx context.Context, a *app.App, r app.SeedResult) error {
	seller, bookkeeper := demoActor(r.Seller), demoActor(r.Accountants[0])
	cases, _, err := a.MyCases(ctx, seller)
	if err != nil {
		return err
	}
	id, today := cases[0].ID, winddown.Today(a.Now(), seller.Zone)
	for _, f := range []struct {
		step winddown.Code
		slot winddown.SlotCode
		name string
		note string
		data []byte
	}{
		{winddown.SellOut, winddown.SlotOrdersDone, "заказы.png", "Открытых заказов нет", samplePNG(8, 0)},
		{winddown.ReturnStock, winddown.SlotRemainsZero, "остатки.png", "", samplePNG(5, 2)},
		{winddown.ReturnStock, winddown.SlotReturnPaper, "накладная.pdf", "Первая партия", samplePDF("Return note 1, 40 items")},
		{winddown.ReturnStock, winddown.SlotReturnPaper, "накладная.pdf", "Со второй партией", samplePDF("Return note 1, 40 items, and 2, 12 items")},
	} {
		stored, err := a.StoreFile(ctx, f.name, bytes.NewReader(f.data), winddown.MaxFileSize)
		if err != nil {
			return err
		}
		in := winddown.AddEvidence{Step: f.step, Slot: f.slot, Note: f.note}
		if err := a.AddEvidence(ctx, seller, id, in, []app.StoredFile{stored}); err != nil {
			return err
		}
	}
	view, err := a.Case(ctx, bookkeeper, id)
	if err != nil {
		return err
	}
	done, err := view.Case.Step(winddown.SellOut)
	if err != nil {
		return err
	}
	if err := a.AcceptStep(ctx, bookkeeper, id, winddown.Review{Step: done.Code, Version: done.Version}); err != nil {
		return err
	}
	if err := a.Ask(ctx, bookkeeper, id, winddown.ReturnStock, "На снимке ещё две строки с остатком. Когда заберёте?"); err != nil {
		return err
	}
	if err := a.AddDeadline(ctx, seller, id, winddown.AddDeadline{Kind: winddown.DueReport, What: "Еженедельный отчёт о реализации", From: today.AddDays(-2)}); err != nil {
		return err
	}
	debts := []winddown.NewDebt{
		{Side: winddown.ToWB, What: "Логистика обратной доставки", Amount: 341820, On: today.AddDays(-9)},
		{Side: winddown.ByWB, What: "Выплата за последние продажи", Amount: 120000, On: today.AddDays(-2)},
	}
	for i := range debts {
		if debts[i].ID, err = a.NewDebtID(); err != nil {
			return err
		}
	}
	return a.AddDebts(ctx, seller, id, debts)
}

func demoActor(u winddown.User) winddown.Actor {
	return winddown.Actor{UserID: u.ID, Name: u.Name, Email: u.Email, Locale: u.Locale, Zone: u.Zone, Via: winddown.ViaCommand}
}

// samplePNG draws a table of so many lines, some of them marked.
func samplePNG(lines, marked int) []byte {
	img := image.NewPaletted(image.Rect(0, 0, 480, 60+40*lines), color.Palette{
		color.White, color.Gray{Y: 0xd8}, color.Gray{Y: 0x80}, color.RGBA{R: 0xb0, G: 0x20, B: 0x20, A: 0xff}})
	box := func(x, y, w, h, ink int) {
		draw.Draw(img, image.Rect(x, y, x+w, y+h), image.NewUniform(img.Palette[ink]), image.Point{}, draw.Src)
	}
	box(20, 20, 160, 18, 2)
	for i := range lines {
		y, ink := 60+40*i, 1
		if i < marked {
			ink = 3
		}
		box(20, y, 220-20*(i%3), 12, 1)
		box(400, y, 40, 12, ink)
		box(20, y+26, 440, 1, 1)
	}
	var b bytes.Buffer
	_ = png.Encode(&b, img) // never fails: the size is sound, a buffer takes everything
	return b.Bytes()
}

// samplePDF is a document of one line, in letters every viewer has.
func samplePDF(line string) []byte {
	text := fmt.Sprintf("BT /F1 18 Tf 60 760 Td (%s) Tj ET", line)
	objects := []string{
		"<</Type/Catalog/Pages 2 0 R>>", "<</Type/Pages/Kids[3 0 R]/Count 1>>",
		"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
		fmt.Sprintf("<</Length %d>>stream\n%s\nendstream", len(text), text), "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
	}
	var b, table strings.Builder
	b.WriteString("%PDF-1.4\n")
	for i, o := range objects {
		fmt.Fprintf(&table, "%010d 00000 n \n", b.Len())
		fmt.Fprintf(&b, "%d 0 obj%s endobj\n", i+1, o)
	}
	start := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n%strailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n", len(objects)+1, table.String(), len(objects)+1, start)
	return []byte(b.String())
}
