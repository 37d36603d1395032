// Bench measures a running Winddown against a server of its own that does the same work on the
// database and nothing else: the floor. It makes a private PostgreSQL with its durable defaults,
// fills it, drives both in turn over loopback and prints one table. Absolute figures move from
// machine to machine; the ratios inside one run are what counts.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
)

// options are what every measurement needs.
type options struct {
	Winddown string `default:"bin/winddown" help:"The program to measure." placeholder:"FILE"`
	NPMDir   string `name:"npm-dir" default:"web" help:"Folder whose node_modules may hold PostgreSQL, where the machine has none."`
	Dir      string `help:"Folder for the data, kept; a temporary one if not given." placeholder:"DIR"`
}

func main() {
	var cli struct {
		Table   tableCmd   `cmd:"" help:"Ticks, pages and the register against the floor, with every bar."`
		Scale   scaleCmd   `cmd:"" help:"The register with ever more cases, and of ever larger portfolios."`
		Live    liveCmd    `cmd:"" help:"Thousands of open pages while changes are written."`
		Steady  steadyCmd  `cmd:"" help:"Half of what it can do, for long: what grows?"`
		Profile profileCmd `cmd:"" help:"Where the program spends its time."`
		Login   loginCmd   `cmd:"" help:"Does the time of a refused login tell whether there is an account?"`
		Floor   floorCmd   `cmd:"" hidden:""`
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	k := kong.Parse(&cli, kong.Name("bench"), kong.BindTo(ctx, (*context.Context)(nil)))
	if err := k.Run(); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		stop()
		os.Exit(1) //nolint:gocritic // stop was called
	}
}
