package postgres

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"winddown/internal/winddown"
)

// The statements of the register are put together at run time: each of them reads cases in the
// reader's scope only.
func TestTheRegisterStaysInItsScope(t *testing.T) {
	for _, scope := range []string{registerOwn, registerFirm} {
		all := []string{registerFiguresSQL(scope, 2), registerMovedSQL(scope), registerSQL(scope, 2, winddown.SortName, false), registerPickedSQL(scope, 1)}
		for _, narrows := range []bool{false, true} {
			for _, back := range []bool{false, true} {
				sql := registerInOrder[inOrder{scope == registerFirm, narrows, back}]
				all = append(all, sql.page)
				for _, reached := range sql.reached {
					all = append(all, reached.sql)
				}
			}
		}
		for _, sql := range all {
			flat := strings.Join(strings.Fields(sql), " ")
			flat = strings.Replace(flat, ") k join cases r on r.id = k.id", "", 1) // those that were found in the scope
			if n := strings.Count(flat, " cases "); n == 0 || strings.Count(flat, "from cases c where "+scope) != n {
				t.Errorf("not every use of cases is in the scope %q:\n%s", scope, sql)
			}
		}
	}
}

// A record has no names: its columns have to stand in the order of the fields that take them.
func TestRecordsStandInTheOrderOfTheirFields(t *testing.T) {
	for columns, row := range map[string]any{stepColumns: stepRow{}, actColumns: actRow{}, deadlineColumns: deadlineRow{}} {
		var fields []string
		for _, f := range reflect.VisibleFields(reflect.TypeOf(row)) {
			fields = append(fields, strings.ToLower(f.Name))
		}
		var named []string
		for column := range strings.SplitSeq(columns, ",") {
			_, name, _ := strings.Cut(strings.TrimSpace(column), ".")
			named = append(named, strings.ReplaceAll(name, "_", ""))
		}
		if !slices.Equal(named, fields) {
			t.Errorf("the columns are %v, the fields %v", named, fields)
		}
	}
}
