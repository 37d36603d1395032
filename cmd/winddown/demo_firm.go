package main

import (
	"context"
	"fmt"

	"winddown/internal/app"
	"winddown/internal/winddown"
)

// staff makes a small firm around the demo's bookkeeper, its admin: a lead and an accountant
// who share her sellers, some without anybody responsible, and an open invitation.
func staff(ctx context.Context, a *app.App, r app.SeedResult) error {
	boss, err := inFirm(ctx, a, demoActor(r.Accountants[0]))
	if err != nil {
		return err
	}
	if err := a.RenameFirm(ctx, boss, "Учёт и порядок"); err != nil {
		return err
	}
	reg, err := a.Register(ctx, boss, winddown.RegisterFilter{Sort: winddown.SortName})
	if err != nil {
		return err
	}
	rows := reg.Rows
	share := func(n int) (ids []winddown.ID) {
		n = min(n, len(rows))
		for _, row := range rows[:n] {
			ids = append(ids, row.ID)
		}
		rows = rows[n:]
		return ids
	}
	for _, one := range []struct {
		email, name string
		role        winddown.Role
		sellers     int
	}{
		{"lead@example.com", "Ольга Беляева", winddown.Lead, 7},
		{"accountant@example.com", "Дарья Ершова", winddown.Accountant, 12},
	} {
		u, err := a.AddUser(ctx, winddown.Registration{Name: one.name, Email: one.email, Password: demoPassword})
		if err != nil {
			return err
		}
		link, err := a.InviteToFirm(ctx, boss, one.role)
		if err != nil {
			return err
		}
		if err := a.JoinFirm(ctx, demoActor(u), link); err != nil {
			return err
		}
		if _, err := a.Assign(ctx, boss, share(one.sellers), winddown.Responsible{ID: u.ID}); err != nil {
			return err
		}
	}
	if _, err := a.Assign(ctx, boss, share(3), winddown.Responsible{None: true}); err != nil {
		return err
	}
	_, err = a.InviteToFirm(ctx, boss, winddown.Accountant)
	return err
}

// inFirm is the actor in the first of his firms.
func inFirm(ctx context.Context, a *app.App, actor winddown.Actor) (winddown.Actor, error) {
	firms, err := a.Memberships(ctx, actor)
	if err != nil {
		return actor, err
	}
	if len(firms) == 0 {
		return actor, fmt.Errorf("%s belongs to no firm", actor.Email)
	}
	actor.FirmID, actor.FirmRole, actor.FirmName, actor.Firms = firms[0].ID, firms[0].Role, firms[0].Name, len(firms)
	return actor, nil
}
