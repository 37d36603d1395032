package archtest

import (
	"path/filepath"
	"testing"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/types"
)

// The compose file must load, and keep its promises: health checks, order of starting, data
// on a volume, a container that cannot write to its own root.
func TestComposeFile(t *testing.T) {
	options, err := cli.NewProjectOptions([]string{filepath.Join(root, "docker-compose.yml")},
		cli.WithName("winddown"), cli.WithEnv([]string{"POSTGRES_PASSWORD=secret"}))
	if err != nil {
		t.Fatal(err)
	}
	project, err := options.LoadProject(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	service := func(name string) types.ServiceConfig {
		s, err := project.GetService(name)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	db, app, migrate := service("db"), service("app"), service("migrate")

	if db.Image != "postgres:18" {
		t.Errorf("database image = %q", db.Image)
	}
	if db.HealthCheck == nil || app.HealthCheck == nil {
		t.Error("a service has no health check")
	}
	if len(db.Volumes) != 1 || db.Volumes[0].Target != "/var/lib/postgresql" || db.Volumes[0].Type != types.VolumeTypeVolume {
		t.Errorf("database volumes = %+v", db.Volumes)
	}
	if got := app.DependsOn["db"].Condition; got != types.ServiceConditionHealthy {
		t.Errorf("app waits for db: %q", got)
	}
	if got := app.DependsOn["migrate"].Condition; got != types.ServiceConditionCompletedSuccessfully {
		t.Errorf("app waits for migrate: %q", got)
	}
	if got := migrate.DependsOn["db"].Condition; got != types.ServiceConditionHealthy {
		t.Errorf("migrate waits for db: %q", got)
	}
	if len(app.Volumes) != 1 || app.Volumes[0].Target != "/evidence" || app.Volumes[0].Type != types.VolumeTypeVolume {
		t.Errorf("app volumes = %+v, want the evidence on one", app.Volumes)
	}
	if !app.ReadOnly {
		t.Error("app may write to its root file system")
	}
	if url := app.Environment["DATABASE_URL"]; url == nil || *url != "postgres://winddown@db:5432/winddown?sslmode=disable" {
		t.Error("app does not get the database's address")
	}
	if password := app.Environment["PGPASSWORD"]; password == nil || *password != "secret" {
		t.Error("app does not get the database's password")
	}
	for _, p := range app.Ports {
		if p.HostIP != "127.0.0.1" {
			t.Errorf("port %s is published on %q: the proxy in front is on this machine", p.Published, p.HostIP)
		}
	}
}

// Without a password the database would be open to everybody in its network.
func TestComposeFileRefusesAnEmptyPassword(t *testing.T) {
	options, err := cli.NewProjectOptions([]string{filepath.Join(root, "docker-compose.yml")}, cli.WithName("winddown"), cli.WithEnv(nil))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := options.LoadProject(t.Context()); err == nil {
		t.Error("the file loads without POSTGRES_PASSWORD")
	}
}
