package site

import (
	"slices"
	"time"

	"winddown/internal/app"
	"winddown/internal/i18n"
	"winddown/internal/winddown"
	"winddown/web/page"
	"winddown/web/ui"
)

func peopleHref(id winddown.ID) string { return "/cases/" + id.String() + "/people" }

func removeHref(id, user winddown.ID) string {
	return peopleHref(id) + "/" + user.String() + "/remove"
}

func peopleView(p *i18n.Printer, actor winddown.Actor, in app.People, chosen winddown.Role, now time.Time) page.PeopleView {
	c, standing := in.View.Case, in.View.Standing
	manages := c.Allow(winddown.CanManage, standing) == nil
	v := page.PeopleView{
		Seller: c.Seller.Name, Back: caseOrSeller(c, standing), Rescue: rescuing(p, c, c.Allow(winddown.CanTransfer, standing) == nil, now),
		InviteAction: peopleHref(c.ID), ActingAction: peopleHref(c.ID) + "/acting",
	}
	if c.Allow(winddown.CanTransfer, standing) == nil {
		v.TransferHref = transferHref(c.ID)
	}
	if c.Allow(winddown.CanShare, standing) == nil {
		v.ShareHref = sharesHref(c.ID)
	}
	people := slices.Clone(in.People)
	slices.SortStableFunc(people, func(a, b app.Person) int { return roleRank(a.Role) - roleRank(b.Role) })
	for _, one := range people {
		row := page.PersonView{Name: one.Name, Email: one.Email, Role: p.T("role." + string(one.Role))}
		if one.ID == actor.UserID {
			row.You = p.T("people.you")
		}
		if one.AddedAt != nil {
			row.Since = p.T("people.since", "Time", p.Date(one.AddedAt.In(winddown.Zone(actor.Zone))))
		}
		if manages && removable(c, one) {
			row.RemoveHref = removeHref(c.ID, one.ID)
		}
		v.People = append(v.People, row)
	}
	if !c.HasOwner {
		v.NoOwner = p.T("people.no_owner")
	}
	for _, i := range in.Invites {
		row := openInvite(p, actor, i.Email, i.CreatedAt, i.ExpiresAt)
		row.Role = p.T("people.invite_for." + i.Offer())
		if manages {
			row.RevokeAction = "/cases/" + c.ID.String() + "/invites/" + i.ID.String() + "/revoke"
		}
		v.Invites = append(v.Invites, row)
	}
	for _, role := range c.InviteRoles(standing) {
		if role == winddown.Accountant && c.FreeForAccountant() != nil {
			continue
		}
		v.Roles = append(v.Roles, ui.Option{Value: string(role), Label: p.T("role." + string(role)),
			Hint: p.T("people.role_hint." + string(role)), Checked: role == chosen})
	}
	if len(v.Roles) == 1 {
		v.Roles[0].Checked = true
	}
	name := in.View.Names[c.ResponsibleID]
	if justHim := in.View.FirmPeople == 1 && in.View.Firm == name; !c.FirmID.IsZero() && !justHim { // he is in the list already
		v.Firm = &page.CaseFirmView{Text: p.T("people.firm.text", "Firm", in.View.Firm)}
		if name == "" {
			v.Firm.Nobody = p.T("people.firm.nobody")
		}
		if standing.Owner {
			v.Firm.LeaveHref = leaveHref(c.ID)
		}
	}
	if standing.Owner && !c.FirmID.IsZero() {
		v.Acting = &page.ActingView{Allowed: c.Acting}
	}
	return v
}

// openInvite is what unused invitations to a case and to a firm have in common.
func openInvite(p *i18n.Printer, actor winddown.Actor, email string, created, expires time.Time) page.OpenInviteView {
	zone := winddown.Zone(actor.Zone)
	v := page.OpenInviteView{
		Created: p.T("people.invite_created", "Time", p.DateTime(created.In(zone))),
		Expires: p.T("people.invite_expires", "Time", p.DateTime(expires.In(zone))),
	}
	if email != "" {
		v.Mailed = p.T("people.invite_mailed", "Email", email)
	}
	return v
}

// roleRank orders people: the owner, the accountant, the helpers.
func roleRank(r winddown.Role) int {
	return slices.Index([]winddown.Role{winddown.Owner, winddown.Accountant, winddown.Helper}, r)
}

// caseOrSeller leads back to the page from which the reader knows a case.
func caseOrSeller(c *winddown.Case, s winddown.Standing) ui.BackLinkProps {
	href := caseHref(c.ID)
	if !s.Owner && !s.Helper {
		href = sellerHref(c.ID)
	}
	return ui.BackLinkProps{Href: href, Text: c.Seller.Name}
}
