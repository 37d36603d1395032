package main

import (
	"context"
	"fmt"
	"net/http"
	"time"
)

// healthcheckCmd is for container engines, whose images have no other program to ask with.
type healthcheckCmd struct {
	Addr string `env:"WINDDOWN_ADDR" default:"127.0.0.1:8080" help:"Address the server listens on."`
}

// Run asks the server on this machine whether it is ready.
func (c healthcheckCmd) Run(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+shown(c.Addr)+"/readyz", nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	if err := resp.Body.Close(); err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("the server answers %s", resp.Status)
	}
	return nil
}
