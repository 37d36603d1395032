package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"filippo.io/age"
	"github.com/jackc/pgx/v5"

	"winddown/internal/app"
	"winddown/internal/postgres"
	"winddown/internal/testdb"
	"winddown/internal/winddown"
)

var backupSellers = flag.Int("backup.sellers", 40, "how many sellers of sample data a backup is made of, beside those that are written to")

// office is a site that accountants write to.
type office struct {
	url, database, dir string
	people             []*uploader
	ticks              [][]*tick // by person
}

// openOffice serves sample data, and accountants who are signed in, each with sellers of his own.
func openOffice(t *testing.T, people, each int) *office {
	t.Helper()
	o := &office{database: testdb.New(t), dir: t.TempDir()}
	if _, err := command(t, "", "seed", "--database-url", o.database, "--sellers", fmt.Sprint(*backupSellers), "--password", secret); err != nil {
		t.Fatal(err)
	}
	db, err := postgres.Open(t.Context(), postgres.Options{URL: o.database})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	a := app.New(db, app.Options{})
	for p := range people {
		u := &uploader{files: map[string][32]byte{}}
		u.actor, u.client = member(t, db)
		var ticks []*tick
		for s := range each {
			in := sampleCase()
			in.Seller.Name = fmt.Sprintf("ИП Петрова %d-%d", p, s)
			id, err := a.AddSeller(t.Context(), u.actor, in)
			if err != nil {
				t.Fatal(err)
			}
			for _, code := range freshSteps() {
				ticks = append(ticks, &tick{client: u.client, id: id, code: code, version: 1, note: "До копии\tи \\ «кавычки»"})
			}
			u.id = id
		}
		if _, err := a.MarkDone(t.Context(), u.actor, u.id, winddown.MarkDone{
			Step: winddown.SellOut, Version: 1, On: winddown.Today(a.Now(), u.actor.Zone),
		}); err != nil {
			t.Fatal(err)
		}
		ticks = slices.DeleteFunc(ticks, func(k *tick) bool { return k.id == u.id })
		o.people, o.ticks = append(o.people, u), append(o.ticks, ticks)
	}
	o.serve(t)
	return o
}

func (o *office) serve(t *testing.T) *running {
	t.Helper()
	r := startServing(t, "serve", "--addr", "127.0.0.1:0", "--database-url", o.database, "--files-dir", o.dir)
	o.url = r.url
	return r
}

// whileWriting runs fn while everybody marks steps and uploads files, from when so many of both
// were acknowledged. It returns the ticks and the files that were acknowledged before fn began.
func (o *office) whileWriting(t *testing.T, after int, fn func()) (ticks []*tick, uploads map[[32]byte]bool) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var mu sync.Mutex
	var all sync.WaitGroup
	acked, stored := []*tick{}, map[[32]byte]bool{}
	begun, enough := false, make(chan struct{})
	note := func(add func()) {
		mu.Lock()
		defer mu.Unlock()
		if begun {
			return
		}
		add()
		if len(acked) >= after && len(stored) >= after/4 {
			begun = true
			ticks, uploads = acked, stored
			close(enough)
		}
	}
	for p, u := range o.people {
		all.Go(func() {
			for _, k := range o.ticks[p] {
				if err := k.send(ctx, o.url); err != nil {
					if ctx.Err() == nil {
						t.Error(err)
					}
					return
				}
				note(func() { acked = append(acked, k) })
			}
		})
		all.Go(func() {
			for i := 0; ctx.Err() == nil; i++ {
				data := document()
				if err := u.upload(ctx, o.url, fmt.Sprintf("file-%d.pdf", i), data); err != nil {
					if ctx.Err() == nil {
						t.Error(err)
					}
					return
				}
				note(func() { stored[sha256.Sum256(data)] = true })
			}
		})
	}
	done := make(chan struct{})
	go func() { defer close(done); all.Wait() }()
	select {
	case <-enough:
		fn()
	case <-done:
		t.Error("the writers came to their end before the backup began")
	}
	stop()
	<-done
	return ticks, uploads
}

// restored restores a backup into a new database and folder and serves it.
func restored(t *testing.T, file string) *office {
	t.Helper()
	o := &office{database: testdb.Empty(t), dir: filepath.Join(t.TempDir(), "files")}
	out, err := command(t, "", "restore", file, "--database-url", o.database, "--files-dir", o.dir)
	if err != nil || !strings.HasSuffix(out, "\nOK\n") {
		t.Fatalf("restore: %v\n%s", err, out)
	}
	out, err = command(t, "", "verify", "--all", "--database-url", o.database)
	if err != nil || !strings.HasPrefix(out, "OK: ") {
		t.Errorf("verify --all: %v\n%s", err, out)
	}
	o.serve(t)
	return o
}

// events are the hashes of all events, by their place in their streams.
func (o *office) events(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, line := range column(t, connect(t, o.database), "select concat_ws(' ', stream_kind, stream_id, seq) || '=' || encode(hash, 'hex') from events") {
		place, hash, _ := strings.Cut(line, "=")
		all[place] = hash
	}
	return all
}

// sellers are the lines of somebody's register as a table, by the number of events of each.
func (o *office) sellers(t *testing.T, u *uploader) map[string]string {
	t.Helper()
	a := get(t, u.client, o.url+"/sellers.csv")
	if a.status != http.StatusOK {
		t.Fatalf("the register as a table: %d", a.status)
	}
	lines := map[string]string{}
	for line := range strings.Lines(a.body) {
		name, _, _ := strings.Cut(line, ";")
		lines[name] = line
	}
	return lines
}

// A backup that is made while people write is the state of one moment: everything that was
// acknowledged before is in it, and nothing in part. Made when nobody writes, it is everything.
func TestBackupUnderLoad(t *testing.T) {
	const people, each, enough = 3, 60, 60
	source := openOffice(t, people, each)
	file := filepath.Join(t.TempDir(), "winddown.backup")
	ticks, uploads := source.whileWriting(t, enough, func() {
		out, err := command(t, "", "backup", file, "--database-url", source.database, "--files-dir", source.dir)
		if err != nil || !strings.HasSuffix(out, "\nOK\n") {
			t.Errorf("backup: %v\n%s", err, out)
		}
	})
	out, err := command(t, "", "verify", file)
	if err != nil || !strings.HasPrefix(out, "OK: ") {
		t.Fatalf("verify: %v\n%s", err, out)
	}
	t.Log(out)
	copied := restored(t, file)
	had, has := source.events(t), copied.events(t)
	for place, hash := range has {
		if had[place] != hash { // chains hold, so that it is the beginning of what happened
			t.Errorf("%s is another event", place)
		}
	}
	if len(has) >= len(had) {
		t.Errorf("%d events of %d were restored: nobody wrote after the snapshot", len(has), len(had))
	}
	t.Logf("%d of %d events, %d ticks and %d files of before", len(has), len(had), len(ticks), len(uploads))
	conn := connect(t, copied.database)
	for _, k := range ticks {
		if n := column(t, conn, "select note from case_steps where case_id = $1 and code = $2 and version = 2 and done_on is not null", k.id, k.code); len(n) != 1 || n[0] != k.note {
			t.Errorf("a tick of %s in %s, acknowledged before, is not there: %q", k.code, k.id, n)
		}
	}
	wantBytes(t, conn, copied.dir)
	for _, sum := range column(t, conn, "select encode(sha256, 'hex') from evidence where kind = 'file'") {
		delete(uploads, [32]byte(unhex(t, sum)))
	}
	if len(uploads) > 0 {
		t.Errorf("%d files that were acknowledged before are not there", len(uploads))
	}
	// Every case agrees with its trail, and with the source as long as no more happened to it.
	heads := map[string]string{}
	const ends = "select id || ' ' || event_seq from cases"
	for _, line := range column(t, connect(t, source.database), ends) {
		id, seq, _ := strings.Cut(line, " ")
		heads[id] = seq
	}
	same := map[string]bool{}
	for _, line := range column(t, conn, "select seller_name || '=' || id || ' ' || event_seq from cases") {
		name, end, _ := strings.Cut(line, "=")
		id, seq, _ := strings.Cut(end, " ")
		same[name] = heads[id] == seq
	}
	compared := 0
	for _, u := range source.people {
		before, after := source.sellers(t, u), copied.sellers(t, u)
		for name, line := range after {
			if same[name] {
				compared++
				if before[name] != line {
					t.Errorf("a seller to whom nothing happened since:\n%s%s", before[name], line)
				}
			}
		}
	}
	if compared == 0 || compared >= people*each {
		t.Errorf("%d sellers of %d were compared", compared, people*each)
	}
	if t.Failed() {
		return
	}
	identical(t, source)
	for range 25 {
		wantNamed(t, file)
	}
}

func unhex(t *testing.T, digits string) []byte {
	t.Helper()
	var b []byte
	if _, err := fmt.Sscanf(digits, "%x", &b); err != nil {
		t.Fatal(err)
	}
	return b
}

// identical compares a site that nobody writes to with what is restored from its backup: the
// registers as tables, every history, every file, and another backup.
func identical(t *testing.T, source *office) {
	t.Helper()
	dir := t.TempDir()
	first, second := filepath.Join(dir, "first"), filepath.Join(dir, "second")
	if out, err := command(t, "", "backup", first, "--database-url", source.database, "--files-dir", source.dir); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	copied := restored(t, first)
	for _, u := range source.people {
		for _, path := range append(column(t, connect(t, source.database), `select '/cases/' || case_id || '/files/' || number from evidence
			where case_id = $1 and kind = 'file'`, u.id), "/sellers.csv", "/cases/"+u.id.String()+"/history") {
			want, got := get(t, u.client, source.url+path), get(t, u.client, copied.url+path)
			if want.status != http.StatusOK || got != (answer{want.status, want.body, want.location, got.requestID, want.kind}) {
				t.Errorf("%s: %d and %d bytes, %d and %d", path, want.status, len(want.body), got.status, len(got.body))
			}
		}
	}
	if out, err := command(t, "", "backup", second, "--database-url", copied.database, "--files-dir", copied.dir); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	want, got := rows(t, first), rows(t, second)
	// What the pages above noted, and who looked when, is younger than the first backup.
	for _, moving := range []string{"public.events", "public.users", "public.login_sessions"} {
		delete(want, moving)
	}
	for table, lines := range want {
		if !slices.Equal(lines, got[table]) {
			t.Errorf("%s comes back otherwise: %d rows, %d before", table, len(got[table]), len(lines))
		}
	}
	if len(want) < 12 {
		t.Errorf("only %d tables with rows were compared", len(want))
	}
	// What nothing refers to, an upload that was broken off, is not in a backup.
	files := column(t, connect(t, source.database), "select distinct '/' || left(encode(sha256, 'hex'), 2) || '/' || substr(encode(sha256, 'hex'), 3) from evidence where kind = 'file' order by 1")
	if found := stored(t, copied.dir); !slices.Equal(files, found) || len(files) == 0 {
		t.Errorf("%d files, restored %d", len(files), len(found))
	}
}

// stored are the files of the evidence in a folder.
func stored(t *testing.T, dir string) (all []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && d.Name() != backupNote {
			all = append(all, strings.TrimPrefix(path, dir))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// rows are the rows of the tables that have some, in an order of their own.
func rows(t *testing.T, file string) map[string][]string {
	t.Helper()
	all := map[string][]string{}
	for _, e := range entries(t, file) {
		part, ok := strings.CutPrefix(e.name, "tables/")
		if !ok {
			continue
		}
		text, err := gzip.NewReader(strings.NewReader(e.text))
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(text)
		if err != nil {
			t.Fatal(err)
		}
		table, _, _ := strings.Cut(part, "/")
		all[table] = append(all[table], slices.Collect(strings.Lines(string(b)))...)
	}
	for _, lines := range all {
		slices.Sort(lines)
	}
	return all
}

// tables are the manifest's lines about tables.
func tables(t *testing.T, file string) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, e := range entries(t, file) {
		if e.name != "manifest.jsonl" {
			continue
		}
		for line := range strings.Lines(e.text) {
			if rest, ok := strings.CutPrefix(line, `{"table":"`); ok {
				name, _, _ := strings.Cut(rest, `"`)
				all[name] = line
			}
		}
	}
	return all
}

// entry is an entry of a backup.
type entry struct {
	name, text string
	begin, end int // in the archive, with its header
}

func entries(t *testing.T, file string) (all []entry) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for at := 0; data[at] != 0; {
		name, _, _ := strings.Cut(string(data[at:at+100]), "\x00")
		var size int
		if _, err := fmt.Sscanf(string(data[at+124:at+135]), "%o", &size); err != nil {
			t.Fatal(err)
		}
		next := at + 512 + (size+511)/512*512
		all = append(all, entry{name, string(data[at+512 : at+512+size]), at, next})
		at = next
	}
	return all
}

// wantNamed alters a random byte of a backup and puts it right again.
func wantNamed(t *testing.T, file string) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	const name = 100 // bytes, by which a backup is known as one
	all, i := entries(t, file), name+rand.IntN(len(data)-name)
	at := 0
	for at < len(all)-1 && i >= all[at].end {
		at++
	}
	damaged := filepath.Join(t.TempDir(), "damaged")
	altered := slices.Clone(data)
	altered[i] ^= 1 << rand.IntN(8)
	if err := os.WriteFile(damaged, altered, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := command(t, "", "verify", damaged)
	if err == nil || !strings.Contains(out, all[at].name) && (at == 0 || i >= all[at].begin+512 || !strings.Contains(out, all[at-1].name)) {
		t.Errorf("byte %d, in %s: %v\n%s", i, all[at].name, err, out)
	}
}

// Every table is in the backup, whoever adds one, wherever.
func TestEveryTableIsBackedUp(t *testing.T) {
	database, dir := testdb.New(t), t.TempDir()
	conn := connect(t, database)
	execSQL(t, conn, `create schema other; create table other.notes (id bigint generated always as identity, a text, b text generated always as (a || '!') stored);
		insert into other.notes (a) values ('первая'), (null)`)
	file := filepath.Join(dir, "backup")
	if out, err := command(t, "", "backup", file, "--database-url", database, "--files-dir", dir); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	found := tables(t, file)
	all := column(t, conn, `select table_schema || '.' || table_name from information_schema.tables
		where table_type = 'BASE TABLE' and table_schema not in ('pg_catalog', 'information_schema')`)
	for _, name := range all {
		if found[name] == "" {
			t.Errorf("%s is not in the backup", name)
		}
	}
	if len(found) != len(all) {
		t.Errorf("%d tables of %d", len(found), len(all))
	}
	for _, e := range entries(t, file) {
		if e.name == "backup.json" && !strings.Contains(e.text, `"columns": [
        "id",
        "a"
      ]`) {
			t.Errorf("the columns of the new table:\n%s", e.text)
		}
	}
	if !strings.Contains(found["other.notes"], `"rows":2`) {
		t.Errorf("its rows: %s", found["other.notes"])
	}
	// It does not fit into the schema of this program, which is a sentence.
	_, err := command(t, "", "restore", file, "--database-url", testdb.Empty(t), "--files-dir", filepath.Join(dir, "new"))
	wantSentence(t, err, `this schema has no table "other.notes"`)
}

// small makes a backup of a small installation with two files, and says which they are.
func small(t *testing.T) (o *office, file string, sums []string) {
	t.Helper()
	o = &office{database: testdb.New(t), dir: t.TempDir()}
	db, err := postgres.Open(t.Context(), postgres.Options{URL: o.database})
	if err != nil {
		t.Fatal(err)
	}
	u := &uploader{files: map[string][32]byte{}}
	u.actor, u.client = member(t, db)
	u.id, err = app.New(db, app.Options{}).AddSeller(t.Context(), u.actor, sampleCase())
	db.Close()
	if err != nil {
		t.Fatal(err)
	}
	o.serve(t)
	for i := range 2 {
		if err := u.upload(t.Context(), o.url, fmt.Sprintf("%d.pdf", i), document()); err != nil {
			t.Fatal(err)
		}
	}
	file = filepath.Join(t.TempDir(), "backup")
	if out, err := command(t, "", "backup", file, "--database-url", o.database, "--files-dir", o.dir); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return o, file, column(t, connect(t, o.database), "select encode(sha256, 'hex') from evidence order by sha256")
}

// wantEmpty fails unless nothing was left in the database but the schema.
func wantEmpty(t *testing.T, conn *pgx.Conn) {
	t.Helper()
	for _, table := range []string{"users", "cases", "events", "evidence", "login_sessions"} {
		if n := column(t, conn, "select count(*)::text from "+table); n[0] != "0" {
			t.Errorf("%s has %s rows", table, n[0])
		}
	}
}

func TestRestoreRefuses(t *testing.T) {
	o, file, _ := small(t)
	empty, folder := testdb.Empty(t), filepath.Join(t.TempDir(), "files")
	restore := func(file, database, dir string, more ...string) error {
		_, err := command(t, "", append([]string{"restore", file, "--database-url", database, "--files-dir", dir}, more...)...)
		return err
	}
	wantSentence(t, restore(file, o.database, folder), "the database is not empty: there are rows in public.")
	wantSentence(t, restore(file, empty, o.dir), "is restored into an empty folder")
	wantSentence(t, restore(file+"no", empty, folder), "there is no file")
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	write := func(name string, data []byte) string {
		path := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	wantSentence(t, restore(write("text", []byte("акт")), empty, folder), "is no backup")
	for _, n := range []int{len(data) - 1, len(data) / 2, len(data) / 4} {
		wantSentence(t, restore(write("cut", data[:n]), empty, folder), "the backup is damaged, and nothing was restored")
	}
	for _, e := range entries(t, file) {
		switch {
		case strings.HasPrefix(e.name, "tables/public.users"), strings.HasPrefix(e.name, "files/"), e.name == "manifest.jsonl":
			altered := slices.Clone(data)
			altered[e.begin+600] ^= 1
			wantSentence(t, restore(write("altered", altered), empty, folder), e.name)
		case e.name == "backup.json":
			newer := bytes.Replace(data, []byte(`"schema": `), []byte(`"schema":9`), 1)
			wantSentence(t, restore(write("newer", newer), empty, folder), "made by a newer winddown")
		}
	}
	conn := connect(t, empty)
	wantEmpty(t, conn)
	// Nobody looks on while it is restored.
	execSQL(t, conn, "begin")
	execSQL(t, conn, "select * from users")
	wantSentence(t, restore(file, empty, folder), "stop «winddown serve»")
	execSQL(t, conn, "rollback")
	// What the failures left is no hindrance.
	if err := restore(file, empty, folder); err != nil {
		t.Error(err)
	}
	wantSentence(t, restore(file, testdb.Empty(t), folder), "is restored into an empty folder")
}

// The rules of the database are the same after a restore, and it is written to as before.
func TestRestoredDatabaseHoldsItsRules(t *testing.T) {
	o, file, _ := small(t)
	copied := restored(t, file)
	const rules = `select c.conrelid::regclass || ' ' || c.conname || ' ' || pg_get_constraintdef(c.oid) || ' ' || c.convalidated from pg_constraint c where c.conrelid <> 0
		union all select t.tgrelid::regclass || ' ' || t.tgname || ' ' || t.tgenabled::text from pg_trigger t where not t.tgisinternal
		union all select s.schemaname || '.' || s.sequencename || ' ' || coalesce(s.last_value::text, 'none') from pg_sequences s
		union all select 'schema ' || version_id || ' ' || is_applied from goose_db_version order by 1`
	want, got := column(t, connect(t, o.database), rules), column(t, connect(t, copied.database), rules)
	if !slices.Equal(want, got) || len(want) < 100 {
		t.Errorf("%d rules, restored %d\n%s\n%s", len(want), len(got), strings.Join(want, "\n"), strings.Join(got, "\n"))
	}
	conn := connect(t, copied.database)
	if _, err := conn.Exec(t.Context(), "delete from events"); err == nil {
		t.Error("events can be deleted")
	}
	if _, err := conn.Exec(t.Context(), "insert into case_people (case_id, user_id, role, added_at) values (gen_random_uuid(), gen_random_uuid(), 'owner', now())"); err == nil {
		t.Error("a foreign key is not checked")
	}
	// Triggers have not counted the register again.
	const counts = "select concat_ws(' ', firm_id, responsible_id, key, sum(n)) from register_counts group by firm_id, responsible_id, key order by 1"
	if want, got := column(t, connect(t, o.database), counts), column(t, conn, counts); !slices.Equal(want, got) || len(want) == 0 {
		t.Errorf("the register's counts are %v, restored %v", want, got)
	}
	openCase(t, signUp(t, copied.url, newEmail()), copied.url)
}

// A row that makes no sense is not restored, and a number that the database derives is derived anew, though
// the triggers that guard what people change are not asked then.
func TestARowThatMakesNoSenseIsNotRestored(t *testing.T) {
	o, file, _ := small(t)
	conn := connect(t, o.database)
	restore := func(change string) (database string, err error) {
		t.Helper()
		execSQL(t, conn, "alter table cases disable trigger user; update cases set "+change+"; alter table cases enable trigger user")
		file += "_"
		if out, err := command(t, "", "backup", file, "--database-url", o.database, "--files-dir", o.dir); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		database = testdb.Empty(t)
		_, err = command(t, "", "restore", file, "--database-url", database, "--files-dir", filepath.Join(t.TempDir(), "files"))
		return database, err
	}
	database, err := restore("stage_no = 8")
	if err != nil {
		t.Fatal(err)
	}
	if wrong := column(t, connect(t, database), "select stage from cases where stage_no = 8"); len(wrong) > 0 {
		t.Errorf("stage_no is 8 where the stage is %v", wrong)
	}
	database, err = restore("inn = '12'")
	wantSentence(t, err, "cases_row_check")
	wantEmpty(t, connect(t, database))
}

// A follower of the events goes on where it was, with no event read twice or passed by, though
// the numbers of transactions begin anew.
func TestFollowersGoOnAfterARestore(t *testing.T) {
	o, _, _ := small(t)
	follow := func(database string) (read []string) {
		db, err := postgres.Open(t.Context(), postgres.Options{URL: database})
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		// A follower waits for the oldest transaction of the whole server, and other tests use it too.
		const shown = "select (tx < pg_snapshot_xmin(pg_current_snapshot()))::text from events order by tx desc limit 1"
		conn := connect(t, database)
		waitFor(t, "what is committed", func() bool { return slices.Equal(column(t, conn, shown), []string{"true"}) })
		if _, err := db.Follow(t.Context(), "mail", 1000, func(_ postgres.JobTx, events []postgres.Followed) error {
			for _, f := range events {
				read = append(read, fmt.Sprint(f.Event.Stream, " ", f.Seq))
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		return read
	}
	if n := len(follow(o.database)); n == 0 {
		t.Fatal("there was nothing to read")
	}
	openCase(t, signUp(t, o.url, newEmail()), o.url)
	// As if the server had seen more transactions than the new one will for years.
	conn := connect(t, o.database)
	execSQL(t, conn, "alter table events disable trigger user; update events set tx = (tx::text::bigint + 1000000000)::text::xid8; update followers set tx = (tx::text::bigint + 1000000000)::text::xid8; alter table events enable trigger user")
	file := filepath.Join(t.TempDir(), "backup")
	if out, err := command(t, "", "backup", file, "--database-url", o.database, "--files-dir", o.dir); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	execSQL(t, conn, "alter table events disable trigger user; update events set tx = (tx::text::bigint - 1000000000)::text::xid8; update followers set tx = (tx::text::bigint - 1000000000)::text::xid8; alter table events enable trigger user")
	copied := restored(t, file)
	want, got := follow(o.database), follow(copied.database)
	slices.Sort(want)
	slices.Sort(got)
	if len(want) == 0 || !slices.Equal(want, got) {
		t.Errorf("unread were %q, after the restore %q", want, got)
	}
	openCase(t, signUp(t, copied.url, newEmail()), copied.url)
	if n := len(follow(copied.database)); n != len(want) {
		t.Errorf("of the new events %d are read, want %d", n, len(want))
	}
	if n := len(follow(copied.database)); n != 0 {
		t.Errorf("%d events are read twice", n)
	}
}

// A backup without some of the files is written, flagged, and not called well.
func TestBackupWithoutSomeFiles(t *testing.T) {
	o, _, sums := small(t)
	path := func(sum string) string { return filepath.Join(o.dir, sum[:2], sum[2:]) }
	if err := os.Remove(path(sums[0])); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path(sums[1]), []byte("other"), 0o600); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "backup")
	out, err := command(t, "", "backup", file, "--database-url", o.database, "--files-dir", o.dir)
	wantSentence(t, err, "missing: 2")
	for i, reason := range []string{"is absent", "is altered"} {
		name := "files/" + sums[i][:2] + "/" + sums[i][2:]
		for _, line := range []string{out} {
			if !strings.Contains(line, name) || !strings.Contains(line, reason) {
				t.Errorf("the backup does not say that %s %s:\n%s", name, reason, line)
			}
		}
	}
	out, err = command(t, "", "verify", file)
	if err != nil || strings.Count(out, "not there when the backup was made: files/") != 2 {
		t.Errorf("verify: %v\n%s", err, out)
	}
	out, err = command(t, "", "restore", file, "--database-url", testdb.Empty(t), "--files-dir", filepath.Join(t.TempDir(), "files"))
	if err != nil || strings.Count(out, "missing since the backup was made: files/") != 2 {
		t.Errorf("restore: %v\n%s", err, out)
	}
}

func TestEncryptedBackup(t *testing.T) {
	o, _, _ := small(t)
	key, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	file, keys := filepath.Join(dir, "backup.age"), filepath.Join(dir, "key.txt")
	if err := os.WriteFile(keys, []byte("# created for a test\n"+key.String()+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := command(t, "", "backup", file, "--recipient", key.Recipient().String(), "--database-url", o.database, "--files-dir", o.dir); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	_, err = command(t, "", "verify", file)
	wantSentence(t, err, "is encrypted: give the file of its key with --identity")
	if out, err := command(t, "", "verify", file, "--identity", keys); err != nil || !strings.HasPrefix(out, "OK: ") {
		t.Errorf("%v\n%s", err, out)
	}
	if out, err := command(t, "", "restore", file, "--identity", keys, "--database-url", testdb.Empty(t), "--files-dir", filepath.Join(dir, "files")); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	_, err = command(t, "", "backup", file+"2", "--recipient", "age1nobody", "--database-url", o.database, "--files-dir", o.dir)
	wantSentence(t, err, "no recipients")
	_, err = command(t, "", "backup", file, "--database-url", o.database, "--files-dir", o.dir)
	wantSentence(t, err, "is there already; --force replaces it")
	for there, says := range map[string]string{
		filepath.Join(dir, "no", "backup"):  "there is no folder " + filepath.Join(dir, "no") + " to write backup to: make it first (mkdir -p " + filepath.Join(dir, "no") + ")",
		filepath.Join(file, "backup"):       file + " is a file, not a folder",
		filepath.Join(file, "no", "backup"): "a part of " + filepath.Join(file, "no") + " is a file, not a folder",
		dir:                                 dir + " is a folder: name a file in it",
	} {
		_, err = command(t, "", "backup", there, "--force", "--database-url", o.database, "--files-dir", o.dir)
		wantSentence(t, err, says)
	}
	// By standard output, with a passphrase.
	clear, err := command(t, secret+"\n", "backup", "-", "--passphrase", "--database-url", o.database, "--files-dir", o.dir)
	if err != nil || strings.Contains(clear, "backup.json") {
		t.Fatalf("%v", err)
	}
	if err := os.WriteFile(file, []byte(clear), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := command(t, secret+"\n", "verify", file, "--passphrase"); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	_, err = command(t, "другие слова\n", "verify", file, "--passphrase")
	wantSentence(t, err, "encrypted to other keys")
	left, err := filepath.Glob(filepath.Join(dir, ".winddown-*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// killedAmidARestore kills the program while it restores: the database stays without rows, and
// another restore into the same places goes through.
func killedAmidARestore(t *testing.T, binary string) {
	_, file, _ := small(t)
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	database, dir := testdb.Empty(t), filepath.Join(t.TempDir(), "files")
	conn := connect(t, database)
	all := entries(t, file)
	for _, n := range []int{all[1].begin + 100, len(data) / 2, all[len(all)-1].end} {
		p := startRestore(t, binary, database, dir)
		if _, err := p.in.Write(data[:n]); err != nil && !errors.Is(err, fs.ErrClosed) {
			t.Fatal(err)
		}
		// It has taken the tables, or will never see the end. A migration takes some of them, too.
		for column(t, conn, "select (count(*) > 20)::text from pg_locks l join pg_class c on c.oid = l.relation where l.mode = 'AccessExclusiveLock' and c.relkind = 'r' and c.relnamespace = 'public'::regnamespace")[0] == "false" {
			continue
		}
		_ = p.cmd.Process.Kill()
		_ = p.cmd.Wait()
		for column(t, conn, "select count(*)::text from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()")[0] != "0" {
			continue
		}
		wantEmpty(t, conn)
	}
	if out, err := command(t, "", "restore", file, "--database-url", database, "--files-dir", dir); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	wantBytes(t, conn, dir)
	if left, err := filepath.Glob(filepath.Join(dir, "*rest*")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// restoring is a program that restores what is written to it.
type restoring struct {
	cmd *exec.Cmd
	in  io.WriteCloser
}

func startRestore(t *testing.T, binary, database, dir string) restoring {
	t.Helper()
	cmd := exec.Command(binary, "restore", "-", "--database-url", database, "--files-dir", dir)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	return restoring{cmd, in}
}
