package main

import (
	"cmp"
	"flag"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"winddown/internal/app"
	"winddown/internal/backup"
	"winddown/internal/files"
	"winddown/internal/postgres"
	"winddown/internal/testdb"
)

var (
	releaseFrom = flag.String("release.from", "", "address of a database to keep as a release")
	releaseTo   = flag.String("release.to", "", "file to keep it in, below testdata/releases")
)

// TestKeepRelease keeps a database as a release, whatever its schema: seed it with the program
// of that release, --sellers 60 and releasePassword.
func TestKeepRelease(t *testing.T) {
	from, to := *releaseFrom, *releaseTo
	if from == "" {
		from, to = testdb.New(t), filepath.Join(t.TempDir(), "backup")
	}
	db, err := postgres.Open(t.Context(), postgres.Options{URL: from})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	store, err := files.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = store.Close() }()
	if err := writeFile(to, func(out io.Writer) error {
		_, err := app.New(db, app.Options{Files: store}).Backup(t.Context(), out, "winddown, an earlier release")
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if out, err := command(t, "", "verify", to); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// releases are the schemas that were released, each as a backup of its own sample data: those
// of `winddown seed --sellers 60` by the program of then.
func releases(t *testing.T) []string {
	t.Helper()
	all, err := filepath.Glob("testdata/releases/*.backup")
	if err != nil || len(all) < 3 {
		t.Fatalf("%d releases: %v", len(all), err)
	}
	return all
}

// releasePassword is that of everybody in the releases.
const releasePassword = "dry leaf under foot 1"

// older loads the backup of a release and leaves its schema as it was.
type older struct {
	t *testing.T
	l *postgres.Loader
}

func (o older) Table(table backup.Table, text io.Reader) error {
	return o.l.Copy(o.t.Context(), postgres.TableColumns(table), text)
}

func (o older) File([32]byte, int64, io.Reader) error { return nil }

// loadRelease makes a database as a release left it.
func loadRelease(t *testing.T, file string) (database string, head backup.Head) {
	t.Helper()
	database = testdb.Empty(t)
	in, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = in.Close() }()
	r, err := backup.Open(in)
	if err != nil {
		t.Fatal(err)
	}
	head = r.Head()
	of := postgres.Snapshot{Schema: head.Schema, Jobs: head.Jobs}
	for _, q := range head.Sequences {
		of.Sequences = append(of.Sequences, postgres.SequenceValue(q))
	}
	if err := postgres.Restore(t.Context(), database, of, func(l *postgres.Loader) error {
		_, err := r.Read(older{t, l}, true)
		return err
	}); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	return database, head
}

// counts are the numbers of rows of the tables a release had.
func counts(t *testing.T, database string, head backup.Head) map[string]string {
	t.Helper()
	conn := connect(t, database)
	all := map[string]string{}
	for _, table := range head.Tables {
		if name := strings.TrimPrefix(table.Name, "public."); name != "goose_db_version" && name != "river_migration" {
			all[name] = column(t, conn, "select count(*)::text from "+name)[0]
		}
	}
	return all
}

// Of two processes that migrate a released database at the same moment one applies each
// migration; nothing is lost by it, and both then serve.
func TestUpgradeFromEveryRelease(t *testing.T) {
	binary := build(t)
	for _, file := range releases(t) {
		t.Run(filepath.Base(file), func(t *testing.T) {
			database, head := loadRelease(t, file)
			before := counts(t, database, head)
			applied := migrateTogether(t, binary, database)
			want := column(t, connect(t, database), fmt.Sprintf("select version_id::text from goose_db_version where version_id > %d and is_applied order by id", head.Schema))
			if !slices.Equal(applied, want) || len(want) == 0 && head.Schema < 20 {
				t.Errorf("applied by one of them were %v; in the database are %v", applied, want)
			}
			after := counts(t, database, head)
			for _, derived := range []string{"deadlines", "dues", "followers"} { // which migrations fill
				delete(before, derived)
				delete(after, derived)
			}
			if !maps.Equal(before, after) || before["cases"] == "0" {
				t.Errorf("rows before %v, after %v", before, after)
			}
			out, err := command(t, "", "verify", "--all", "--database-url", database)
			if err != nil || !strings.HasPrefix(out, "OK: ") {
				t.Errorf("verify: %v\n%s", err, out)
			}
			for range 2 {
				p := startProcess(t, binary, "--database-url", database, "--files-dir", t.TempDir())
				c := browser(t)
				if a := post(t, c, p.url+"/login", url.Values{"email": {"buh@example.com"}, "password": {releasePassword}}); a.status != http.StatusSeeOther {
					t.Fatalf("login: %d\n%s", a.status, a.body)
				}
				if a := get(t, c, p.url+"/sellers"); a.status != http.StatusOK || strings.Count(a.body, `scope="row"`) < 20 {
					t.Errorf("the register: %d, with %d sellers", a.status, strings.Count(a.body, `scope="row"`))
				}
				if a := get(t, c, p.url+"/sellers.csv"); a.status != http.StatusOK || strings.Count(a.body, "\n") < 40 {
					t.Errorf("the register as a table: %d, %d lines", a.status, strings.Count(a.body, "\n"))
				}
			}
		})
	}
}

// migrateTogether starts two processes that migrate, and returns what they say they applied,
// in order: the versions of our own schema.
func migrateTogether(t *testing.T, binary, database string) []string {
	t.Helper()
	var mu sync.Mutex
	var said []string
	var both sync.WaitGroup
	for range 2 {
		both.Go(func() {
			out, err := exec.CommandContext(t.Context(), binary, "migrate", "up", "--database-url", database).CombinedOutput()
			if err != nil {
				t.Errorf("migrate up: %v\n%s", err, out)
			}
			mu.Lock()
			defer mu.Unlock()
			said = append(said, strings.Split(string(out), "\n")...)
		})
	}
	both.Wait()
	var versions []string
	for _, line := range said {
		var n int
		if _, err := fmt.Sscanf(line, "applied %05d_", &n); err == nil {
			versions = append(versions, fmt.Sprint(n))
		}
	}
	slices.SortFunc(versions, func(a, b string) int { return cmp.Or(len(a)-len(b), strings.Compare(a, b)) })
	return versions
}

// A backup of an older program is restored into its own schema and brought up to date.
func TestRestoreOfEveryRelease(t *testing.T) {
	for _, file := range releases(t) {
		database := testdb.Empty(t)
		out, err := command(t, "", "restore", file, "--database-url", database, "--files-dir", filepath.Join(t.TempDir(), "files"))
		if err != nil || !strings.HasSuffix(out, "\nOK\n") {
			t.Errorf("%s: %v\n%s", file, err, out)
		}
	}
}
