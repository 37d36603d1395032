package site

import (
	"net/http"

	"winddown/internal/winddown"
)

// People is not written yet.
func (s *Site) People(w http.ResponseWriter, r *http.Request) error {
	return &winddown.Error{Kind: winddown.NotFound, Key: "error.not_found"}
}

// Invite is not written yet.
func (s *Site) Invite(w http.ResponseWriter, r *http.Request) error {
	return &winddown.Error{Kind: winddown.NotFound, Key: "error.not_found"}
}

// RevokeInvite is not written yet.
func (s *Site) RevokeInvite(w http.ResponseWriter, r *http.Request) error {
	return &winddown.Error{Kind: winddown.NotFound, Key: "error.not_found"}
}

// RemoveForm is not written yet.
func (s *Site) RemoveForm(w http.ResponseWriter, r *http.Request) error {
	return &winddown.Error{Kind: winddown.NotFound, Key: "error.not_found"}
}

// RemovePerson is not written yet.
func (s *Site) RemovePerson(w http.ResponseWriter, r *http.Request) error {
	return &winddown.Error{Kind: winddown.NotFound, Key: "error.not_found"}
}

// SetActing is not written yet.
func (s *Site) SetActing(w http.ResponseWriter, r *http.Request) error {
	return &winddown.Error{Kind: winddown.NotFound, Key: "error.not_found"}
}
