package site

import (
	"net/http"

	"winddown/internal/winddown"
)

// Case is not written yet.
func (s *Site) Case(w http.ResponseWriter, r *http.Request) error {
	return &winddown.Error{Kind: winddown.NotFound, Key: "error.not_found"}
}
