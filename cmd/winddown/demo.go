package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"

	"winddown/internal/app"
	"winddown/internal/localpg"
	"winddown/internal/winddown"
)

// demoCmd serves the site with sample data. The passwords are printed, so it listens on
// this machine only, and keeps to a database of its own.
type demoCmd struct {
	edgeFlags
	Addr    string `env:"WINDDOWN_ADDR" default:"127.0.0.1:8080" help:"Loopback address to listen on."`
	DataDir string `env:"WINDDOWN_DATA_DIR" default:".winddown" help:"Folder of the private PostgreSQL; the demo keeps its own inside."`
	NPMDir  string `env:"WINDDOWN_NPM_DIR" name:"npm-dir" default:"web" help:"Folder whose node_modules may hold PostgreSQL, where the machine has none."`
}

// The demo's folder inside the data folder, its people and their common password.
const (
	demoDir      = "demo"
	demoPassword = "winddown-demo-2026"
	demoSellers  = 41 // one in the middle of it all, and the forty of the bookkeeper
	demoSeed     = 1
)

// Run serves the demo until ctx ends.
func (c demoCmd) Run(ctx context.Context, std streams) (err error) {
	if os.Getenv("DATABASE_URL") != "" {
		return errors.New("the demo uses a database of its own only: unset DATABASE_URL")
	}
	if !loopback(c.Addr) {
		return fmt.Errorf("the demo's passwords are known to everybody, so it listens on this machine only: %s is not a loopback address", c.Addr)
	}
	log := newLog(std.err, c.LogFormat)
	flags := databaseFlags{DataDir: filepath.Join(c.DataDir, demoDir), NPMDir: c.NPMDir}
	db, err := flags.open(ctx, log, localpg.Start)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.close()) }()
	store, err := filesFlags{}.openFiles(flags)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	keys, err := keyFlags{}.ownRing(flags)
	if err != nil {
		return err
	}
	a := app.New(db.DB, app.Options{Files: store, Keys: keys})
	empty, err := isEmpty(ctx, db)
	if err != nil {
		return err
	}
	if empty {
		r, err := a.Seed(ctx, app.SeedOptions{
			Sellers: demoSellers, Accountants: 1, Seed: demoSeed, AsOf: a.Now(), Password: demoPassword,
		})
		if err != nil {
			return err
		}
		if err := furnish(ctx, a, r); err != nil {
			return fmt.Errorf("the demo's files: %w", err)
		}
		if err := staff(ctx, a, r); err != nil {
			return fmt.Errorf("the demo's firm: %w", err)
		}
	}
	return serve(ctx, serving{edgeFlags: c.edgeFlags, addr: c.Addr, app: a, db: db.DB, log: log, out: std.out, welcome: fmt.Sprintf(
		"  seller:     seller@example.com\n  bookkeeper: buh@example.com (admin of a firm)\n  lead:       lead@example.com\n"+
			"  accountant: accountant@example.com\n  password:   %s (all)\n", demoPassword)})
}

func isEmpty(ctx context.Context, db *database) (bool, error) {
	used, err := db.AnyUser(ctx)
	return !used, err
}

// loopback reports whether an address can be reached from this machine only.
func loopback(addr string) bool {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return false
	}
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// seedCmd fills an empty database with sample data.
type seedCmd struct {
	databaseFlags
	Sellers     int    `default:"40" help:"Number of sellers."`
	Accountants int    `default:"1" help:"Number of accountants the sellers are dealt to."`
	Seed        uint64 `default:"1" help:"The same seed and day give the same data."`
	AsOf        string `help:"The day the data are about (YYYY-MM-DD); today if not given." placeholder:"DATE"`
	Password    string `env:"WINDDOWN_SEED_PASSWORD" help:"Password of every person; with a private PostgreSQL that of the demo if not given." placeholder:"PASSWORD"`
}

// Run loads the data and says what there is.
func (c seedCmd) Run(ctx context.Context, std streams) (err error) {
	if c.Password == "" {
		if c.DatabaseURL != "" {
			return errors.New("the people of the sample data can sign in: give their password with --password")
		}
		c.Password = demoPassword
	}
	log := newLog(std.err, "text")
	db, err := c.past().open(ctx, log, localpg.Join)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.close()) }()
	if err := db.checkSchema(ctx); err != nil {
		return err
	}
	a := app.New(db.DB, app.Options{})
	asOf := a.Now()
	if c.AsOf != "" {
		d, ok := winddown.ParseDate(c.AsOf)
		if !ok {
			return fmt.Errorf("--as-of %q is not a date like 2026-11-22", c.AsOf)
		}
		asOf = d.Time()
	}
	r, err := a.Seed(ctx, app.SeedOptions{Sellers: c.Sellers, Accountants: c.Accountants, Seed: c.Seed, AsOf: asOf, Password: c.Password})
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(std.out, "%d cases, %d events\nseller: %s\naccountants: %s … (%d)\n",
		r.Cases, r.Events, r.Seller.Email, r.Accountants[0].Email, len(r.Accountants))
	return err
}
