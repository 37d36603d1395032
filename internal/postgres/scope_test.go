package postgres

import (
	"strings"
	"testing"

	"winddown/internal/winddown"
)

// The statements of the register are put together at run time: each of them reads cases in the
// reader's scope only.
func TestTheRegisterStaysInItsScope(t *testing.T) {
	for _, scope := range []string{registerOwn, registerFirm} {
		for _, sql := range []string{
			registerPageSQL(scope, false), registerPageSQL(scope, true), registerFiguresSQL(scope, 2, true), registerFiguresSQL(scope, 0, false),
			registerSQL(scope, 2, winddown.SortName, false), registerPickedSQL(scope, 1),
		} {
			flat := strings.Join(strings.Fields(sql), " ")
			if n := strings.Count(flat, " cases c"); n == 0 || strings.Count(flat, "from cases c where "+scope) != n {
				t.Errorf("not every use of cases is in the scope %q:\n%s", scope, sql)
			}
		}
	}
}
