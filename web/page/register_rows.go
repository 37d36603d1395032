package page

import (
	"context"
	"io"
	"strconv"

	"github.com/a-h/templ"

	"winddown/web/ui"
)

// sellerGroups draws the groups with their rows. A page has fifty rows with six hundred values: as
// components they took four times as long.
func sellerGroups(columns int, groups []SellerGroupView, pick bool) templ.Component {
	return templ.ComponentFunc(func(_ context.Context, w io.Writer) error {
		m := make(ui.Markup, 0, 2<<10)
		for _, g := range groups {
			m.HTML(`<tbody data-state="`)
			m.Text(g.Code)
			m.HTML(`"><tr data-testid="group-`)
			m.Text(g.Code)
			m.HTML(`"><th colspan="`)
			m.Text(strconv.Itoa(columns))
			m.HTML(`" scope="rowgroup">`)
			m.Text(g.Heading)
			m.HTML(`</th></tr>`)
			for _, r := range g.Rows {
				appendSellerRow(&m, r, pick)
				if _, err := w.Write(m); err != nil {
					return err
				}
				m = m[:0]
			}
			m.HTML(`</tbody>`)
		}
		_, err := w.Write(m)
		return err
	})
}

func appendSellerRow(m *ui.Markup, r SellerRowView, pick bool) {
	m.HTML(`<tr><th scope="row">`)
	if pick { // the name labels the box: said once, and of no weight
		m.HTML(`<label><input type="checkbox" name="case" value="`)
		m.Text(r.ID)
		m.HTML(`"`)
		if r.Picked {
			m.HTML(` checked`)
		}
		if r.PickID != "" {
			m.HTML(` id="`)
			m.Text(r.PickID)
			m.HTML(`"`)
		}
		m.HTML(`> `)
	}
	m.HTML(`<a href="/sellers/`)
	m.Text(r.ID)
	m.HTML(`">`)
	m.Text(r.Name)
	m.HTML(`</a>`)
	if pick {
		m.HTML(`</label>`)
	}
	m.HTML(` <small>`)
	m.Text(r.INN)
	if r.Cabinet != "" {
		m.HTML(`</small> <small>`)
		m.Text(r.Cabinet)
	}
	m.HTML(`</small></th>`)
	for _, c := range r.Cells {
		m.HTML(`<td>`)
		m.Text(c.Text)
		for _, tag := range c.Tags {
			m.HTML(` `)
			m.Tag(tag)
		}
		if c.Note != "" {
			m.HTML(` <small>`)
			m.Text(c.Note)
			m.HTML(`</small>`)
		}
		m.HTML(`</td>`)
	}
	m.HTML(`</tr>`)
}
