package app_test

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"
)

// leftovers looks for words in every column of every table, bytes as the text they hold, and in
// every stored file, and returns where they are: «table.column: word».
func (w *world) leftovers(words ...string) []string {
	w.t.Helper()
	ctx := w.t.Context()
	columns, err := w.sql.Query(ctx, `select c.relname, a.attname, a.atttypid = 'bytea'::regtype
		from pg_attribute a join pg_class c on c.oid = a.attrelid join pg_namespace n on n.oid = c.relnamespace
		where c.relkind in ('r', 'p') and n.nspname = 'public' and a.attnum > 0 and not a.attisdropped order by 1, a.attnum`)
	if err != nil {
		w.t.Fatal(err)
	}
	type column struct {
		Table, Name string
		Bytes       bool
	}
	all, err := pgx.CollectRows(columns, pgx.RowToStructByPos[column])
	if err != nil {
		w.t.Fatal(err)
	}
	if len(all) < 200 {
		w.t.Fatalf("only %d columns are looked at", len(all))
	}
	var found []string
	for _, c := range all {
		table, name := pgx.Identifier{c.Table}.Sanitize(), pgx.Identifier{c.Name}.Sanitize()
		text := name + "::text"
		if c.Bytes { // position() of bytes in bytes: what is no text is searched too
			text = name
		}
		for _, word := range words {
			if !c.Bytes && (!utf8.ValidString(word) || strings.ContainsRune(word, 0)) {
				continue // no text holds it
			}
			var there bool
			pattern := any(strings.ToLower(word))
			ask := fmt.Sprintf("select exists (select from %s where position($1 in lower(%s)) > 0)", table, text)
			if c.Bytes {
				pattern, ask = []byte(word), fmt.Sprintf("select exists (select from %s where position($1::bytea in %s) > 0)", table, text)
			}
			if err := w.sql.QueryRow(ctx, ask, pattern).Scan(&there); err != nil {
				w.t.Fatalf("%s.%s: %v", c.Table, c.Name, err)
			}
			if there {
				found = append(found, fmt.Sprintf("%s.%s: %s", c.Table, c.Name, word))
			}
		}
	}
	err = filepath.WalkDir(w.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		content, err := os.ReadFile(path)
		for _, word := range words {
			if strings.Contains(string(content), word) {
				found = append(found, "files: "+word)
			}
		}
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
	slices.Sort(found)
	return slices.Compact(found)
}
