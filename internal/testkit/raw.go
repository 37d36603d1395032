package testkit

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// Status sends a request with a body as it stands, claiming to be a form if it is a POST,
// and returns the status: for requests that no browser makes. An answer that has not ended after a
// minute fails the test.
func (c *Client) Status(t testing.TB, method, address, body string) int {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, method, c.site.URL+address, strings.NewReader(body))
	if err != nil {
		return http.StatusBadRequest // not even a client can send it
	}
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	answer, err := c.http.Do(r)
	if err != nil {
		t.Errorf("%s %s: %v", method, address, err)
		return http.StatusInternalServerError
	}
	defer func() { _ = answer.Body.Close() }()
	if _, err := io.Copy(io.Discard, answer.Body); err != nil {
		t.Errorf("%s %s: the answer does not end: %v", method, address, err)
	}
	return answer.StatusCode
}

// StatusOf posts a body that need not end, and returns the status; 0 when the connection
// ended without one.
func (c *Client) StatusOf(t testing.TB, address, contentType string, body io.Reader) int {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, c.site.URL+address, body)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", contentType)
	answer, err := c.http.Do(r)
	if err != nil {
		return 0
	}
	_, _ = io.Copy(io.Discard, answer.Body)
	_ = answer.Body.Close()
	return answer.StatusCode
}
