package site

import (
	"net/http"

	"winddown/internal/winddown"
)

// DetailsForm is not written yet.
func (s *Site) DetailsForm(w http.ResponseWriter, r *http.Request) error {
	return &winddown.Error{Kind: winddown.NotFound, Key: "error.not_found"}
}

// ChangeDetails is not written yet.
func (s *Site) ChangeDetails(w http.ResponseWriter, r *http.Request) error {
	return &winddown.Error{Kind: winddown.NotFound, Key: "error.not_found"}
}
