package site

import (
	"net/http"

	"winddown/internal/winddown"
)

// LoginForm is not written yet.
func (s *Site) LoginForm(w http.ResponseWriter, r *http.Request) error {
	return &winddown.Error{Kind: winddown.NotFound, Key: "error.not_found"}
}

// LogIn is not written yet.
func (s *Site) LogIn(w http.ResponseWriter, r *http.Request) error {
	return &winddown.Error{Kind: winddown.NotFound, Key: "error.not_found"}
}

// SignUpForm is not written yet.
func (s *Site) SignUpForm(w http.ResponseWriter, r *http.Request) error {
	return &winddown.Error{Kind: winddown.NotFound, Key: "error.not_found"}
}

// SignUp is not written yet.
func (s *Site) SignUp(w http.ResponseWriter, r *http.Request) error {
	return &winddown.Error{Kind: winddown.NotFound, Key: "error.not_found"}
}

// LogOut is not written yet.
func (s *Site) LogOut(w http.ResponseWriter, r *http.Request) error {
	return &winddown.Error{Kind: winddown.NotFound, Key: "error.not_found"}
}
