package site

import (
	"net/http"

	"winddown/internal/winddown"
)

// NewSeller is not written yet.
func (s *Site) NewSeller(w http.ResponseWriter, r *http.Request) error {
	return &winddown.Error{Kind: winddown.NotFound, Key: "error.not_found"}
}

// AddSeller is not written yet.
func (s *Site) AddSeller(w http.ResponseWriter, r *http.Request) error {
	return &winddown.Error{Kind: winddown.NotFound, Key: "error.not_found"}
}

// Seller is not written yet.
func (s *Site) Seller(w http.ResponseWriter, r *http.Request) error {
	return &winddown.Error{Kind: winddown.NotFound, Key: "error.not_found"}
}
