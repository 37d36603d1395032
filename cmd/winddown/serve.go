package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/pprof"
	"net/url"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"winddown/internal/app"
	"winddown/internal/httpkit"
	"winddown/internal/live"
	"winddown/internal/localpg"
	"winddown/internal/postgres"
	"winddown/internal/server"
	"winddown/internal/site"
	"winddown/internal/winddown"
	"winddown/web/static"
)

// serveCmd serves the site.
type serveCmd struct {
	databaseFlags
	filesFlags
	keyFlags
	edgeFlags
	mailFlags
	workerTiming
	Workers bool       `env:"WINDDOWN_WORKERS" default:"true" negatable:"" help:"Send letters from this process; --no-workers leaves that to «winddown work»."`
	Addr    string     `env:"WINDDOWN_ADDR" default:"127.0.0.1:8080" help:"Address to listen on."`
	BaseURL string     `env:"WINDDOWN_BASE_URL" help:"Address people reach the site at, such as https://winddown.example; https makes cookies secure." placeholder:"URL"`
	Signup  app.Signup `env:"WINDDOWN_SIGNUP" enum:"open,invite,closed" default:"open" help:"Who may sign up: anybody, invited people, nobody. The first person always may."`
	operatorFlags
	RetentionMonths int       `env:"WINDDOWN_RETENTION_MONTHS" default:"0" help:"Erase finished and archived wind-downs so many months after their last change, with 14 days' notice; from 60 on, 0 for never." placeholder:"N"`
	CaseQuota       int64     `env:"WINDDOWN_CASE_QUOTA" default:"2048" help:"Megabytes of evidence that a case may have." placeholder:"MB"`
	Now             time.Time `hidden:"" help:"With --dev: the moment the clock starts at, so that tests can be about a known day."`
}

// operatorFlags say who answers for the personal data in this installation.
type operatorFlags struct {
	OperatorName    string `env:"WINDDOWN_OPERATOR_NAME" help:"Who runs this installation and answers for the personal data in it, as /privacy names him." placeholder:"NAME"`
	OperatorAddress string `env:"WINDDOWN_OPERATOR_ADDRESS" help:"His postal address, for /privacy." placeholder:"TEXT"`
	contactFlag
	PrivacyVersion string `env:"WINDDOWN_PRIVACY_VERSION" default:"1" help:"Version of what people agree to; when it changes, everybody is asked anew." placeholder:"TEXT"`
}

// contactFlag says how the operator of the installation is reached: letters say it too.
type contactFlag struct {
	OperatorContact string `env:"WINDDOWN_OPERATOR_CONTACT" help:"Where who runs this installation is reached: an e-mail address, a telephone number. It is named on /privacy and in letters." placeholder:"TEXT"`
}

// maxPrivacyVersion bounds the name of a version, in bytes.
const maxPrivacyVersion = 40

// maxQuota is the largest quota, in megabytes.
const maxQuota = 3000

// edgeFlags are what serve and demo have in common.
type edgeFlags struct {
	LogFormat      string        `env:"WINDDOWN_LOG_FORMAT" enum:"text,json" default:"text" help:"Form of the log: text or json."`
	MetricsAddr    string        `env:"WINDDOWN_METRICS_ADDR" help:"Address of the metrics listener; without it there are none." placeholder:"ADDR"`
	Drain          time.Duration `env:"WINDDOWN_DRAIN" default:"0s" help:"How long to serve on after being told to stop, while /readyz says 503, so that a balancer in front stops sending."`
	Concurrency    int           `env:"WINDDOWN_CONCURRENCY" help:"Pages and forms worked on at a time; as many wait, others are told to come again. Twice the connections to the database if not given." placeholder:"N"`
	TrustedProxies int           `env:"WINDDOWN_TRUSTED_PROXIES" default:"0" help:"Number of proxies in front that append to X-Forwarded-For."`
	Dev            bool          `env:"WINDDOWN_DEV" help:"Serve /gallery, a page with every component in every state."`
}

// Run serves until ctx ends, then finishes what runs.
func (c serveCmd) Run(ctx context.Context, std streams) (err error) {
	if c.CaseQuota < 1 || c.CaseQuota > maxQuota {
		return fmt.Errorf("--case-quota is %d: it is from 1 to %d megabytes, so that a case fits into one handover pack", c.CaseQuota, maxQuota)
	}
	if n := len(c.PrivacyVersion); n < 1 || n > maxPrivacyVersion {
		return fmt.Errorf("--privacy-version has %d bytes: it is from 1 to %d", n, maxPrivacyVersion)
	}
	if err := winddown.CheckRetention(c.RetentionMonths); err != nil {
		return fmt.Errorf("--retention-months is %d: %w", c.RetentionMonths, err)
	}
	client, err := c.client()
	if err != nil {
		return err
	}
	// Tests serve on a port that is known only afterwards, and read their letters themselves.
	if client != nil && c.BaseURL == "" && !c.Dev {
		return errors.New("letters need an address to lead to: give the one people reach the site at with --base-url, such as https://winddown.example")
	}
	options := app.Options{Signup: c.Signup, Mail: client != nil, Consent: c.PrivacyVersion, Retention: c.RetentionMonths}
	if options.Now, err = devClock(c.Now, c.Dev); err != nil {
		return err
	}
	log := newLog(std.err, c.LogFormat)
	db, err := c.open(ctx, log, localpg.Start)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.close()) }()
	if err := db.checkSchema(ctx); err != nil {
		return err
	}
	store, err := c.openFiles(c.databaseFlags)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	options.Files, options.Quota = store, c.CaseQuota<<20
	if options.Keys, err = c.ownRing(c.databaseFlags); err != nil {
		return err
	}
	s := serving{
		edgeFlags: c.edgeFlags, addr: c.Addr, base: c.BaseURL, app: app.New(db.DB, options), db: db.DB, log: log, out: std.out,
		operator: site.Operator{Name: c.OperatorName, Address: c.OperatorAddress, Contact: c.OperatorContact},
	}
	if c.Workers && client != nil {
		s.work = func(base string) (func() error, error) {
			return startWorkers(ctx, s.app, db, client, base, c.OperatorContact, log, c.workerTiming)
		}
	}
	return serve(ctx, s)
}

// clockFrom returns a clock that goes on from a moment.
func clockFrom(moment time.Time) func() time.Time {
	begun := time.Now()
	return func() time.Time { return moment.Add(time.Since(begun)) }
}

func newLog(w io.Writer, format string) *slog.Logger {
	if format == "json" {
		return slog.New(slog.NewJSONHandler(w, nil))
	}
	return slog.New(slog.NewTextHandler(w, nil))
}

// serving is everything a running site needs.
type serving struct {
	edgeFlags
	addr, base string
	app        *app.App
	db         *postgres.DB
	log        *slog.Logger
	out        io.Writer
	operator   site.Operator
	welcome    string // printed after the address
	// work begins the work behind the pages, if this process does it; it ends after the last
	// request.
	work func(base string) (stop func() error, err error)
}

// The server's limits: a request line and headers come soon, a form within a few seconds,
// an answer is written to slow phones too.
const (
	headerTimeout = 5 * time.Second
	readTimeout   = 15 * time.Second
	writeTimeout  = 60 * time.Second
	idleTimeout   = 2 * time.Minute
	maxHeader     = 32 << 10
	drainTimeout  = 10 * time.Second
)

// perConn is how many requests are worked on for each connection to the database: while one
// waits for an answer, another's page is made.
const perConn = 2

var errDraining = errors.New("stopping")

// closing has whoever keeps a connection open make another one, to another process, when this
// one is about to stop.
func closing(next http.Handler, draining *atomic.Bool) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if draining.Load() {
			w.Header().Set("Connection", "close")
		}
		next.ServeHTTP(w, r)
	})
}

// serve listens, says where, and runs until ctx ends; then it ends the streams of hints,
// which would last, is not ready any more, serves on for as long as it was told to, stops
// accepting and gives what runs ten seconds to finish.
func serve(ctx context.Context, s serving) (err error) {
	assets, err := httpkit.NewAssets(static.FS, "css/winddown.css", "js/winddown.js", "js/passkey.js", "dist/htmx.min.js", "icons/favicon.svg")
	if err != nil {
		return err
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", s.addr)
	if err != nil {
		return fmt.Errorf("cannot listen on %s: %w", s.addr, err)
	}
	base, err := baseURL(s.base, listener.Addr().String())
	if err != nil {
		_ = listener.Close()
		return err
	}
	hub := live.NewHub(s.log)
	var draining atomic.Bool
	options := server.Options{
		Site:   site.New(s.app, site.Options{Assets: assets.URL(""), BaseURL: base, Live: hub, Operator: s.operator}),
		Assets: assets, Log: s.log, HTTPS: strings.HasPrefix(base, "https://"), TrustedProxies: s.TrustedProxies, Dev: s.Dev,
		Ready: func(r *http.Request) error {
			if draining.Load() {
				return errDraining
			}
			return s.app.Ready(r.Context())
		},
		Concurrency: s.Concurrency,
	}
	if options.Concurrency == 0 {
		options.Concurrency = perConn * s.db.MaxConns()
	}
	stopMetrics := func() {}
	if s.MetricsAddr != "" {
		m := server.NewMetrics(hub)
		options.Observe = m.Observe
		if stopMetrics, err = serveMetrics(ctx, s.MetricsAddr, m, s.log); err != nil {
			_ = listener.Close()
			return err
		}
	}
	defer stopMetrics()
	if s.work != nil {
		stop, failure := s.work(base)
		if failure != nil {
			_ = listener.Close()
			return failure
		}
		defer func() { err = errors.Join(err, stop()) }()
	}
	srv := &http.Server{
		Handler: closing(server.New(options), &draining), ReadHeaderTimeout: headerTimeout, ReadTimeout: readTimeout, WriteTimeout: writeTimeout,
		IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeader, ErrorLog: slog.NewLogLogger(s.log.Handler(), slog.LevelWarn),
	}
	failed := make(chan error, 1)
	go func() { failed <- srv.Serve(listener) }()
	defer besides(ctx, s)()
	hearing, deaf := context.WithCancel(context.WithoutCancel(ctx))
	heard := make(chan struct{})
	go func() {
		defer close(heard)
		hub.Run(hearing, s.db)
	}()
	defer func() { deaf(); <-heard }()
	_, _ = fmt.Fprintf(s.out, "Winddown: http://%s\n%s", shown(listener.Addr().String()), s.welcome)
	go debug.FreeOSMemory() // what the start alone needed
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	draining.Store(true)
	hub.Close()
	if s.Drain > 0 {
		s.log.Info("draining", "for", s.Drain.String())
		select {
		case err := <-failed:
			return err
		case <-time.After(s.Drain):
		}
	}
	s.log.Info("stopping")
	drain, cancel := context.WithTimeout(context.Background(), drainTimeout)
	defer cancel()
	if err = srv.Shutdown(drain); err != nil {
		err = errors.Join(fmt.Errorf("requests were cut off after %s: %w", drainTimeout, err), srv.Close())
	}
	return errors.Join(err, hub.Wait(drain)) // Shutdown knows nothing of streams
}

// besides begins what is done beside the answers, and returns what ends it and waits for it.
func besides(ctx context.Context, s serving) (end func()) {
	ctx, cancel := context.WithCancel(ctx)
	var running sync.WaitGroup
	running.Go(func() { sweep(ctx, s.app, s.log) })
	running.Go(func() {
		if err := s.app.FillDues(ctx); err != nil && ctx.Err() == nil {
			s.log.Error("dating the reminders of older cases failed", "error", err)
		}
	})
	return func() {
		cancel()
		running.Wait()
	}
}

// shown is a listening address as a person can open it.
func shown(addr string) string {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return addr
	}
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		host = "localhost"
	}
	return net.JoinHostPort(host, port)
}

// baseURL checks the configured address of the site, or derives it from the listener's.
func baseURL(configured, addr string) (string, error) {
	if configured == "" {
		return "http://" + shown(addr), nil
	}
	u, err := url.Parse(configured)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.User != nil {
		return "", fmt.Errorf("--base-url %q must be a scheme and a host, such as https://winddown.example", configured)
	}
	return u.Scheme + "://" + u.Host, nil
}

// serveMetrics serves the metrics on a listener of their own.
func serveMetrics(ctx context.Context, addr string, m *server.Metrics, log *slog.Logger) (stop func(), err error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("cannot listen for metrics on %s: %w", addr, err)
	}
	log.Info("metrics", "addr", listener.Addr().String())
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", m.Handler())
	mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	mux.Handle("GET /debug/pprof/allocs", pprof.Handler("allocs"))
	mux.Handle("GET /debug/pprof/heap", pprof.Handler("heap"))
	mux.Handle("GET /debug/pprof/goroutine", pprof.Handler("goroutine"))
	srv := &http.Server{Handler: mux, ReadHeaderTimeout: headerTimeout, WriteTimeout: writeTimeout}
	go func() {
		if err := srv.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			log.Error("the metrics listener ended", "error", err)
		}
	}()
	return func() { _ = srv.Close() }, nil
}
