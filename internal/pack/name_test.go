package pack

import (
	"strings"
	"testing"
)

func TestNames(t *testing.T) {
	const folder = "evidence/06-request_act/letter/"
	for _, c := range []struct{ original, want string }{
		{"Акт сверки № 5 от 12.11.2026.pdf", "v1-Akt-sverki-N-5-ot-12-11-2026.pdf"},
		{"Щербаков, объём (копия).PDF", "v1-Shcherbakov-obem-kopiya.pdf"},
		{"Еж и Ёж — Юлии.png", "v1-Ezh-i-Ezh-Yulii.png"},
		{"и\u0306ога.jpg", "v1-ioga.jpg"}, // й as macOS sends it
		{"screenshot_1.png", "v1-screenshot_1.png"},
		{"", "v1-file"},
		{"文件.zip", "v1-file.zip"},
		{".htaccess", "v1-file.htaccess"},
		{".pdf", "v1-file.pdf"},
		{"no extension", "v1-no-extension"},
		{"a.b c", "v1-a-b-c"},
		{"archive.tar.gz", "v1-archive-tar.gz"},
		{"../../etc/passwd", "v1-etc-passwd"},
		{`..\..\boot.ini`, "v1-boot.ini"},
		{"/absolute.pdf", "v1-absolute.pdf"},
		{"C:evil.pdf", "v1-C-evil.pdf"},
		{"nul\x00byte.pdf", "v1-nul-byte.pdf"},
		{"line\nbreak.pdf", "v1-line-break.pdf"},
		{"gnp\u202efdp.pdf", "v1-gnpfdp.pdf"},
		{"a.pdf\u202e", "v1-a.pdf"},
		{"CON", "v1-CON"},
		{"nul.txt", "v1-nul.txt"},
		{"x. ", "v1-x"},
		{"x.missing.txt", "v1-x-missing.txt"},
		{"\xff\xfe.pdf", "v1-file.pdf"},
		{"-rf.pdf", "v1-rf.pdf"},
		{"=cmd|.xlsx", "v1-cmd.xlsx"},
	} {
		var n Namer
		if got := n.Name(1, c.original, "06-request_act", "letter"); got != folder+c.want {
			t.Errorf("%q is named %q, want %q", c.original, got, c.want)
		}
	}
}

func TestNamesAreUnlike(t *testing.T) {
	var n Namer
	for i, c := range []struct {
		version  int
		original string
		want     string
	}{
		{1, "акт.pdf", "evidence/a/v1-akt.pdf"}, {1, "акт.pdf", "evidence/a/v1-akt-2.pdf"}, {1, "AKT.PDF", "evidence/a/v1-AKT-3.pdf"},
		{2, "акт.pdf", "evidence/a/v2-akt.pdf"}, {1, "акт-2.pdf", "evidence/a/v1-akt-2-2.pdf"},
	} {
		if got := n.Name(c.version, c.original, "a"); got != c.want {
			t.Errorf("%d: %q, want %q", i, got, c.want)
		}
	}
}

func TestFolders(t *testing.T) {
	for _, c := range []struct {
		folders []string
		want    string
	}{
		{nil, "evidence/v1-x"}, {[]string{"", "..", "con", "Nul"}, "evidence/other/other/con_/Nul_/v1-x"},
		{[]string{"a/b", "Долги", strings.Repeat("x", 300)}, "evidence/a-b/Dolgi/" + strings.Repeat("x", maxFolder) + "/v1-x"},
		{[]string{"1", "2", "3", "4", "5"}, "evidence/1/2/3/4/v1-x"},
	} {
		var n Namer
		if got := n.Name(1, "x", c.folders...); got != c.want || checkName(got) != nil {
			t.Errorf("%q: %q, %v", c.folders, got, checkName(got))
		}
	}
}

func TestLongNames(t *testing.T) {
	var n Namer
	for i := range 12 {
		name := n.Name(10_000, strings.Repeat("щ", 300)+".pdf", strings.Repeat("ю", 50), strings.Repeat("я", 50))
		if len(name)+len(lostSuffix) > maxName || !strings.HasSuffix(name, ".pdf") || checkName(name) != nil {
			t.Errorf("%d: %q has %d bytes, %v", i, name, len(name), checkName(name))
		}
	}
	if name := n.Name(1, "a."+strings.Repeat("e", 300)); len(name) > maxName {
		t.Errorf("%q has %d bytes", name, len(name))
	}
}

func TestNamesThatAreRefused(t *testing.T) {
	for _, name := range []string{
		"", "/", "/a", "a/", "a//b", ".", "..", "../a", "a/../b", "a/..", "./a", ".a", "a/.b", `a\b`, "c:a", "a b", "a\x00", "a\nb", "a\tb", "\u202ea", "акт",
		"a.", "a./b", "-a", "a/-b", "con", "CON.txt", "a/nul", "aux.tar.gz", "com1", "Lpt9.x", "prn", "~", "a*", "a?", "a|b", "<a>", `"a"`, "a\xff",
		strings.Repeat("a", maxName+1), "a/b/c/d/e/f/g",
	} {
		if checkName(name) == nil {
			t.Errorf("%q is let through", name)
		}
	}
	for _, name := range []string{"VERIFY.txt", "a-b_c.d", "console", "com", "com10", "lpt", "a..b", "1", strings.Repeat("a", maxName)} {
		if err := checkName(name); err != nil {
			t.Errorf("%q: %v", name, err)
		}
	}
}

func FuzzName(f *testing.F) {
	f.Add("Акт.pdf", "letter")
	f.Add("../\x00\u202e.p\xff", "con")
	f.Fuzz(func(t *testing.T, original, folder string) {
		var n Namer
		names := []string{guideName, historyName}
		for range 3 {
			names = append(names, n.Name(1, original, folder, folder))
		}
		for _, name := range names {
			if len(name)+len(lostSuffix) > maxName {
				t.Errorf("%q is too long", name)
			}
		}
		if err := checkLayout(append(names, sumsName)); err != nil {
			t.Error(err)
		}
	})
}
