package site

import (
	"net/http"

	"winddown/internal/winddown"
)

// Gallery is not written yet.
func (s *Site) Gallery(w http.ResponseWriter, r *http.Request) error {
	return &winddown.Error{Kind: winddown.NotFound, Key: "error.not_found"}
}
