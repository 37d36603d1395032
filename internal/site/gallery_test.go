package site_test

import (
	"net/http"
	"testing"

	"winddown/internal/testkit"
	"winddown/internal/winddown"
)

func TestGalleryIsForDevelopment(t *testing.T) {
	dev := testkit.Start(t, testkit.WithDev())
	page := dev.Anybody().Get("/gallery").Want(http.StatusOK)
	for _, g := range []winddown.Group{winddown.GroupProblem, winddown.GroupReady, winddown.GroupOverdue, winddown.GroupFinished} {
		if !page.HasTestID("group-" + string(g)) {
			t.Errorf("no sample of the group %s", g)
		}
	}
	testkit.Start(t).Anybody().Get("/gallery").Want(http.StatusNotFound)
}
