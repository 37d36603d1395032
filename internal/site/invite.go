package site

import (
	"net/http"

	"winddown/internal/winddown"
)

// InviteForm is not written yet.
func (s *Site) InviteForm(w http.ResponseWriter, r *http.Request) error {
	return &winddown.Error{Kind: winddown.NotFound, Key: "error.not_found"}
}

// AcceptInvite is not written yet.
func (s *Site) AcceptInvite(w http.ResponseWriter, r *http.Request) error {
	return &winddown.Error{Kind: winddown.NotFound, Key: "error.not_found"}
}
