package postgres_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

// constants returns the string constants of this package's source, by name.
func constants(t *testing.T) map[string]string {
	t.Helper()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	exprs := map[string]ast.Expr{}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Decls {
			g, ok := d.(*ast.GenDecl)
			if !ok || g.Tok != token.CONST {
				continue
			}
			for _, spec := range g.Specs {
				v := spec.(*ast.ValueSpec)
				for i, value := range v.Values {
					exprs[v.Names[i].Name] = value
				}
			}
		}
	}
	var value func(ast.Expr) (string, error)
	value = func(e ast.Expr) (string, error) {
		switch e := e.(type) {
		case *ast.BasicLit:
			if e.Kind != token.STRING {
				return "", fmt.Errorf("no string: %s", e.Value)
			}
			return strconv.Unquote(e.Value)
		case *ast.ParenExpr:
			return value(e.X)
		case *ast.Ident:
			return value(exprs[e.Name])
		case *ast.BinaryExpr:
			left, err := value(e.X)
			if err != nil || e.Op != token.ADD {
				return "", fmt.Errorf("no sum of strings: %w", err)
			}
			right, err := value(e.Y)
			return left + right, err
		}
		return "", fmt.Errorf("%T is no string", e)
	}
	texts := map[string]string{}
	for name, e := range exprs {
		text, err := value(e)
		switch {
		case err == nil:
			texts[name] = text
		case strings.HasPrefix(name, "sql"):
			t.Fatalf("%s: %v", name, err)
		}
	}
	return texts
}

// statements returns the constants that are whole statements.
func statements(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	for name, text := range constants(t) {
		if strings.HasPrefix(name, "sql") {
			all[name] = text
		}
	}
	if len(all) < 40 {
		t.Fatalf("only %d statements found", len(all))
	}
	return all
}

// Every statement is one the server understands on the migrated schema, and its comment
// names it as its constant does.
func TestEveryStatementPrepares(t *testing.T) {
	_, url := open(t)
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(t.Context()) })
	for name, text := range statements(t) {
		if want := "-- name: " + strings.TrimPrefix(name, "sql") + "\n"; !strings.HasPrefix(text, want) {
			t.Errorf("%s does not begin with %q", name, want)
		}
		plain, _, err := pgx.NamedArgs{}.RewriteQuery(t.Context(), conn, text, nil)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if _, err := conn.Prepare(t.Context(), name, plain); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Statements that touch cases without the actor's scope, and what holds them instead.
func unscoped() map[string]string {
	const (
		locked    = "writes to a case the transaction holds locked in the actor's scope"
		byInvite  = "the token of the invitation is the scope: its holder is not in the case yet"
		ownRows   = "only the actor's own rows of case_people, or the cases he is responsible for"
		firmRows  = "all cases of the firm in which the session says that the actor is lead or admin"
		letters   = "letters go to those who are in the case as owner or helper when they are written"
		operators = "an operator's tool, without an actor"
		erased    = "erases what its owner has deleted, when its term is over, behind LockErasable"
		lost      = "what an operator may know of a case, to recognise it: no more than the names in LostCase"
		leaving   = "what a person answers for himself, and what of him is erased with his account"
		byLink    = "the token of the link, or the id found by it, is the scope: its holder is nobody in the case"
	)
	return map[string]string{
		"sqlUpdateCase":                 locked,
		"sqlUpdateProgress":             locked,
		"sqlUpdateSeller":               locked,
		"sqlUpdateStep":                 locked,
		"sqlUpdateAct":                  locked,
		"sqlDeleteAct":                  locked,
		"sqlFreezeEvidence":             locked,
		"sqlUpdateQuestion":             locked,
		"sqlUpdateDeadline":             locked,
		"sqlDeleteDeadline":             locked,
		"sqlUpdateDebt":                 locked,
		"sqlDeadlinesByInvite":          byInvite,
		"sqlReminded":                   letters,
		"sqlMailedInvites":              letters,
		"sqlMailedInvite":               letters,
		"sqlReminder":                   letters,
		"sqlInvitedByMail":              "the actor's own letters are counted",
		"sqlKnownFiles":                 "the sweeper of files asks for hashes alone",
		"sqlAdvanceCase":                locked,
		"sqlAdvanceCases":               locked,
		"sqlDeleteHelper":               locked,
		"sqlDeleteOwner":                locked,
		"sqlExpiredCases":               "the sweeper of cases whose retention is over asks for ids alone",
		"sqlLockExpired":                "the sweeper of cases whose retention is over takes their heads alone",
		"sqlExpire":                     locked,
		"sqlExpiringCases":              "the sweeper of cases whose retention is over asks for ids alone",
		"sqlLockExpiring":               "the sweeper of cases whose retention is over takes their heads alone",
		"sqlStopExpiring":               locked,
		"sqlLostCase":                   lost,
		"sqlRescues":                    lost,
		"sqlLockLost":                   lost,
		"sqlOwnerInvites":               lost,
		"sqlSaveRescue":                 locked,
		"sqlSaveObjection":              locked,
		"sqlRevokeOwnerInvites":         locked,
		"sqlRevokeRescues":              locked,
		"sqlSeatsOf":                    "letters go to the people of a case",
		"sqlOwnerByInvite":              byInvite,
		"sqlCaseLetter":                 "a letter names the seller to somebody who is or was one of the case's people",
		"sqlRevokeInvite":               locked,
		"sqlRevokeInvitesBy":            locked,
		"sqlRevokeInvites":              locked,
		"sqlUseInvite":                  byInvite,
		"sqlInviteByToken":              byInvite,
		"sqlInviteLocked":               byInvite,
		"sqlLockCaseByInvite":           byInvite,
		"sqlCaseByInvite":               byInvite,
		"sqlStepsByInvite":              byInvite,
		"sqlActsByInvite":               byInvite,
		"sqlMyCases":                    ownRows,
		"sqlDuesDays":                   ownRows,
		"sqlDuesCount":                  ownRows,
		"sqlDuesPage":                   ownRows,
		"sqlDuesFirmDays":               firmRows,
		"sqlDuesFirmCount":              firmRows,
		"sqlDuesFirmPage":               firmRows,
		"sqlForgetDues":                 locked,
		"sqlStart":                      ownRows,
		"sqlForgetChases":               locked,
		"sqlRegisterMoved":              ownRows,
		"sqlRegisterFirmMoved":          firmRows,
		"sqlAssign":                     locked,
		"sqlRemind":                     locked,
		"sqlArchive":                    locked,
		"sqlRevokeShare":                locked,
		"sqlRevokeSharesBy":             locked,
		"sqlRevokeShares":               locked,
		"sqlRevokeSharesOfResponsible":  locked,
		"sqlShareByToken":               byLink,
		"sqlLockShare":                  byLink,
		"sqlAdvanceShare":               byLink,
		"sqlRevokeInvitesOfResponsible": locked,
		"sqlHead":                       operators,
		"sqlAllStreams":                 operators,
		"sqlLostStream":                 operators,
		"sqlBackupFiles":                operators,
		"sqlCountFiles":                 operators,
		"sqlCaseReader":                 operators,
		"sqlWaitingCases":               operators,
		"sqlRedate":                     locked,
		"sqlPlanDigests":                "the planner of letters asks who has a case at all",
		"sqlDigestCases":                ownRows,
		"sqlDigestItems":                ownRows,
		"sqlFeedCases":                  "the secret address of the calendar is the scope",
		"sqlRedateCases":                locked,
		"sqlErasableCases":              erased,
		"sqlLockErasable":               erased,
		"sqlEraseShareEvents":           erased,
		"sqlEraseInviteTokens":          erased,
		"sqlEraseInvites":               erased,
		"sqlEraseShares":                erased,
		"sqlEraseDues":                  erased,
		"sqlEraseDebts":                 erased,
		"sqlEraseDeadlines":             erased,
		"sqlEraseQuestions":             erased,
		"sqlEraseEvidence":              erased,
		"sqlEraseActs":                  erased,
		"sqlEraseSteps":                 erased,
		"sqlErasePeople":                erased,
		"sqlEraseCase":                  erased,
		"sqlHoldingCases":               leaving,
		"sqlHoldingFirms":               leaving,
		"sqlHoldingHelped":              leaving,
		"sqlHelpedCases":                leaving,
		"sqlLockCasesLeft":              leaving,
		"sqlSellersAlone":               leaving,
		"sqlLastOfFirm":                 leaving,
		"sqlEraseInvited":               leaving,
		"sqlEraseJobs":                  leaving,
		"sqlMySeats":                    ownRows,
		"sqlMyBooks":                    ownRows,
		"sqlMyInvites":                  ownRows,
		"sqlMyLinks":                    ownRows,
		"sqlMyErasures":                 ownRows,
	}
}

// caseTables matches the use of a table that holds what belongs to one case.
var caseTables = regexp.MustCompile(`(?i)\b(from|join|update|using)\s+(cases|case_people|case_steps|acts|invites|evidence|questions|deadlines|dues|debts|share_links)\b`)

// Visibility is in the SQL: whoever may not see a case gets none of its rows, whatever
// the code above forgets.
func TestEveryStatementAboutCasesCarriesTheScope(t *testing.T) {
	texts := constants(t)
	scope, shared := texts["caseScope"], texts["sharedBy"]
	joined, inHis := texts["joinStanding"], "where c.id = @case and "+texts["standingScope"]
	if !strings.Contains(scope, "@actor") || !strings.Contains(shared, "l.id = @share and l.case_id = c.id") || !strings.Contains(joined, "@actor") {
		t.Fatalf("the scopes are %q, %q and %q", scope, shared, joined)
	}
	exceptions := unscoped()
	for name, text := range statements(t) {
		bare := false
		for branch := range strings.SplitSeq(text, "union all") {
			if !caseTables.MatchString(strings.NewReplacer(scope, "", shared, "").Replace(branch)) {
				continue
			}
			// A link's scope is that of the statements about what a link shows, and of no other.
			byLink := strings.HasPrefix(name, "sqlShared") && strings.Contains(branch, shared)
			byStanding := strings.Contains(branch, joined+"\n"+inHis)
			bare = bare || !strings.Contains(branch, scope) && !byLink && !byStanding
		}
		_, excepted := exceptions[name]
		switch {
		case bare && !excepted:
			t.Errorf("%s reads or writes cases without the actor's scope", name)
		case !bare && excepted:
			t.Errorf("%s needs no exception", name)
		}
		delete(exceptions, name)
	}
	for name := range exceptions {
		t.Errorf("%s is an exception but no statement", name)
	}
	// The pages of the register are put together at run time, from this part.
	for part, where := range map[string]string{
		"registerOwn":  "c.responsible_id = @actor and c.firm_id = @firm",
		"registerFirm": "c.firm_id = @firm",
	} {
		if texts[part] != where || strings.Contains(texts["registerSelect"], "cases") {
			t.Errorf("the register does not begin with the cases of %s", part)
		}
	}
}
