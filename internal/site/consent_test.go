package site_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"os"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"winddown/internal/app"
	"winddown/internal/testkit"
	"winddown/internal/winddown"
)

// The question for a consent stands before pages, and in the way of no download.
func TestConsentKeepsNoDownload(t *testing.T) {
	s := testkit.Start(t)
	c := s.SignUp("Анна Петрова", "petrova")
	sql, err := pgx.Connect(t.Context(), s.DatabaseURL)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = sql.Close(t.Context()) }()
	if _, err := sql.Exec(t.Context(), "update users set consent = 'older', consent_at = now()"); err != nil {
		t.Fatal(err)
	}
	id := c.OpenCase("ИП Петрова", 1)
	accept := []string{"Accept", "text/html,application/xhtml+xml"}
	c.Get("/cases", accept...).WantRedirect("/consent?next=%2Fcases")
	for _, path := range []string{"/sellers.csv", "/cases/" + id.String() + "/pack.zip"} {
		c.Get(path, accept...).Want(http.StatusOK)
	}
}

// To take somebody out of a case is dangerous: its owner proves who he is.
func TestTakingOutAsksForAProof(t *testing.T) {
	s := testkit.Start(t)
	c, helper := s.SignUp("Анна Петрова", "petrova"), s.SignUp("Мария Иванова", "ivanova")
	id := c.OpenCase("ИП Петрова", 1)
	c.Join(helper, id, winddown.Helper)
	s.Clock.Advance(winddown.ProofTerm + time.Second)
	remove := "/cases/" + id.String() + "/people/" + helper.ID.String() + "/remove"
	c.PostForm(remove, nil).Want(http.StatusForbidden)
	helper.Get("/cases/" + id.String()).Want(http.StatusOK)
	c.PostForm(remove, map[string][]string{"proof_password": {testkit.Password}}).Want(http.StatusSeeOther)
	helper.Get("/cases/" + id.String()).Want(http.StatusNotFound)
}

// What people have agreed to is a version of a text: another text is another version, for which they are
// asked anew.
func TestTheTextOfThePrivacyPageHasAVersion(t *testing.T) {
	hash := sha256.New()
	for _, locale := range []string{"ru", "en"} {
		raw, err := os.ReadFile("../i18n/catalog/" + locale + "/privacy.json")
		if err != nil {
			t.Fatal(err)
		}
		var text map[string]any
		if err := json.Unmarshal(raw, &text); err != nil {
			t.Fatal(err)
		}
		sorted, err := json.Marshal(text)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = hash.Write(sorted)
	}
	texts := map[string]string{"1": "b4996f6dad6bc6b3adc53e23e8379344aafa0ee99bc14b36cf149d2d4d90eb6c"}
	if got := hex.EncodeToString(hash.Sum(nil)); got != texts[app.DefaultConsent] {
		t.Errorf("the text of /privacy is another one (%s) than that of version %s: raise app.DefaultConsent and put its hash here", got, app.DefaultConsent)
	}
}
