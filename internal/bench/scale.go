package main

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"html"
	"io"
	"net/http"
	"regexp"
	"time"
)

// scaleCmd reads the same page while there are ever more cases around it.
type scaleCmd struct {
	options
	Firms []int         `default:"2,200,2000" help:"How many firms with 500 sellers each there are, step by step."`
	Large int           `default:"20" help:"How many firms become one, for an accountant with a large portfolio."`
	Lasts time.Duration `default:"4s" help:"How long a page is read."`
}

// deepPages is how many pages of 50 come before the one that is called deep.
const deepPages = 8

// Run measures and prints.
func (c scaleCmd) Run(ctx context.Context) (err error) {
	if len(c.Firms) < 2 || c.Firms[0] < 2 {
		return errors.New("--firms takes at least two numbers, the first of them at least 2")
	}
	s, err := newStage(ctx, c.options, nil)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	var first, deep []float64
	for _, firms := range c.Firms {
		if err := s.grow(ctx, firms); err != nil {
			return err
		}
		near, far, err := s.pages(ctx, c.Lasts, func(w work) []person { return w.accountants[:min(8, len(w.accountants))] })
		if err != nil {
			return err
		}
		first, deep = append(first, near), append(deep, far)
		fmt.Printf("%d cases: first page p50 %.2f ms, page %d %.2f ms\n", firms*perFirm, near, deepPages+1, far)
	}
	var large, small string
	if err := s.db.QueryRow(ctx, `select min(user_id::text), max(user_id::text) from firm_people`).Scan(&large, &small); err != nil {
		return err
	}
	if _, err := s.db.Exec(ctx, `update cases set firm_id = p.firm_id, responsible_id = p.user_id from firm_people p
		where p.user_id = $1 and cases.firm_id in (select firm_id from firm_people where user_id <> $2 order by user_id limit $3)`, large, small, c.Large); err != nil {
		return err
	}
	if _, err := s.db.Exec(ctx, "vacuum (analyze) cases"); err != nil {
		return err
	}
	few, _, err := s.pages(ctx, c.Lasts, func(work) []person { return []person{signedIn(small)} })
	if err != nil {
		return err
	}
	many, manyDeep, err := s.pages(ctx, c.Lasts, func(work) []person { return []person{signedIn(large)} })
	if err != nil {
		return err
	}
	fmt.Printf("%d sellers of one accountant: first page p50 %.2f ms, page %d %.2f ms; %d sellers: %.2f ms\n", c.Large*perFirm, many, deepPages+1, manyDeep, perFirm, few)
	last := len(first) - 1
	growth := fmt.Sprintf("at %d cases ÷ at %d", c.Firms[last]*perFirm, c.Firms[0]*perFirm)
	printFigures("bars and aims", []figure{
		{name: "register, first page, " + growth, value: first[last] / first[0], way: below, bar: 1.5, aim: 1.3},
		{name: "register, deep page, " + growth, value: deep[last] / deep[0], way: below, bar: 1.6, aim: 1.3},
		{name: fmt.Sprintf("register of %d sellers ÷ of %d", c.Large*perFirm, perFirm), value: many / few, way: below, bar: 1.5, aim: 1.2},
	})
	return nil
}

// pages returns the p50 of the register's first page and of a deep one, in milliseconds, at one
// connection.
func (s *stage) pages(ctx context.Context, lasts time.Duration, who func(work) []person) (first, deep float64, err error) {
	w, err := find(ctx, s.db, 1)
	if err != nil {
		return 0, 0, err
	}
	p, err := s.winddown(ctx)
	if err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, p.stop()) }()
	people := who(w)
	var far []request
	for _, a := range people {
		path, err := deepPage(ctx, p, a)
		if err != nil {
			return 0, 0, err
		}
		far = append(far, get(path, a))
	}
	for _, x := range []struct {
		out  *float64
		next func(_, turn int) request
	}{
		{&first, func(_, turn int) request { return get("/sellers", people[turn%len(people)]) }},
		{&deep, func(_, turn int) request { return far[turn%len(far)] }},
	} {
		if _, err := s.drive(ctx, p, 1, lasts/2, x.next); err != nil { // warms up
			return 0, 0, err
		}
		r, err := s.drive(ctx, p, 1, lasts, x.next)
		if err != nil {
			return 0, 0, err
		}
		*x.out = r.at(50)
	}
	return first, deep, nil
}

// nextPage finds the link to the next page of the register.
var nextPage = regexp.MustCompile(`href="([^"]+)"[^>]*rel="next"|rel="next"[^>]*href="([^"]+)"`)

// deepPage walks to a deep page and returns its address.
func deepPage(ctx context.Context, p *program, who person) (string, error) {
	c, err := dial(ctx, p.addr)
	if err != nil {
		return "", err
	}
	defer func() { _ = c.conn.Close() }()
	path := "/sellers"
	for range deepPages {
		if _, err := io.WriteString(c.conn, get(path, who).wire); err != nil {
			return "", err
		}
		resp, err := http.ReadResponse(c.r, nil)
		if err != nil {
			return "", err
		}
		plain, err := gzip.NewReader(resp.Body)
		if err != nil {
			return "", fmt.Errorf("%s: status %d: %w", path, resp.StatusCode, err)
		}
		body, err := io.ReadAll(plain)
		if err := errors.Join(err, resp.Body.Close()); err != nil {
			return "", err
		}
		found := nextPage.FindSubmatch(body)
		if found == nil {
			return "", fmt.Errorf("%s has no next page", path)
		}
		path = html.UnescapeString(string(found[1]) + string(found[2]))
	}
	return path, nil
}
