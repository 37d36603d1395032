package site

import (
	"net/http"

	"winddown/internal/winddown"
)

// FinishForm is not written yet.
func (s *Site) FinishForm(w http.ResponseWriter, r *http.Request) error {
	return &winddown.Error{Kind: winddown.NotFound, Key: "error.not_found"}
}

// Finish is not written yet.
func (s *Site) Finish(w http.ResponseWriter, r *http.Request) error {
	return &winddown.Error{Kind: winddown.NotFound, Key: "error.not_found"}
}

// Reopen is not written yet.
func (s *Site) Reopen(w http.ResponseWriter, r *http.Request) error {
	return &winddown.Error{Kind: winddown.NotFound, Key: "error.not_found"}
}
