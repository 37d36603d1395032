package pack

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode"
)

const (
	maxName   = 180 // bytes; Windows has 260 for the whole path
	maxFolder = 40  // bytes
	maxDepth  = 6   // folders and file
)

// Namer gives the files of evidence of one pack their names there: plain ASCII that every
// system can unpack, no two alike, not even to a system that takes upper and lower case
// for one. The zero Namer is ready for use.
type Namer struct{ taken map[string]bool }

// Name names a version of a file by what its owner called it, in folders below evidence:
// evidence/06-request_act/letter/v1-zapros.pdf. At most four folders are kept.
func (n *Namer) Name(version int, original string, folders ...string) string {
	path := evidenceFolder
	for _, f := range folders[:min(len(folders), maxDepth-2)] {
		path += folderName(f) + "/"
	}
	path += "v" + strconv.Itoa(version) + "-"

	stem, ext := original, ""
	if dot := strings.LastIndexByte(original, '.'); dot >= 0 {
		// What is no extension stays a part of the name.
		if e := strings.ToLower(plain(original[dot+1:])); e != "" && len(e) <= 8 && !strings.ContainsAny(e, "-_") {
			stem, ext = original[:dot], "."+e
		}
	}
	stem = plain(stem)
	if stem == "" {
		stem = "file"
	}
	const another = len("-10000")
	stem = cut(stem, maxName-len(path)-len(ext)-len(lostSuffix)-another)

	name := path + stem + ext
	for i := 2; n.taken[strings.ToLower(name)]; i++ {
		name = path + stem + "-" + strconv.Itoa(i) + ext
	}
	if n.taken == nil {
		n.taken = map[string]bool{}
	}
	n.taken[strings.ToLower(name)] = true
	return name
}

func folderName(s string) string {
	s = cut(plain(s), maxFolder)
	if s == "" {
		return "other"
	}
	if reserved(s) {
		return s + "_"
	}
	return s
}

func cut(s string, length int) string {
	if len(s) > length {
		return strings.TrimRight(s[:length], "-")
	}
	return s
}

// plain leaves letters, digits and underscores of ASCII, with Cyrillic in Latin letters
// and one hyphen for whatever else stands between them.
func plain(s string) string {
	var b strings.Builder
	between := false
	for _, r := range s {
		text := latin(r)
		if text == "" {
			// Marks inside a word, such as the breve of a й in two parts, part nothing.
			between = between || !unicode.In(r, unicode.Mn, unicode.Cf) && r != 'ъ' && r != 'ь' && r != 'Ъ' && r != 'Ь'
			continue
		}
		if between && b.Len() > 0 {
			b.WriteByte('-')
		}
		between = false
		b.WriteString(text)
	}
	return b.String()
}

// latin returns the letters of ASCII that stand for a rune; none when it has none.
func latin(r rune) string {
	if r == '_' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' {
		return string(r)
	}
	const lower = "абвгдеёжзийклмнопрстуфхцчшщыэюяіїєґўәғқңөұүһ№"
	letters := strings.Fields("a b v g d e e zh z i y k l m n o p r s t u f kh ts ch sh shch y e yu ya i i e g u a g k n o u u h N")
	i := 0
	for _, known := range lower {
		switch r {
		case known:
			return letters[i]
		case unicode.ToUpper(known):
			return strings.ToUpper(letters[i][:1]) + letters[i][1:]
		}
		i++
	}
	return ""
}

// reserved reports whether Windows keeps a name for a device, whatever its extension.
func reserved(name string) bool {
	stem, _, _ := strings.Cut(strings.ToUpper(name), ".")
	switch stem {
	case "CON", "PRN", "AUX", "NUL":
		return true
	}
	return len(stem) == 4 && (stem[:3] == "COM" || stem[:3] == "LPT") && stem[3] >= '0' && stem[3] <= '9'
}

// checkName refuses names that would leave the folder a pack is unpacked to, that some
// system cannot hold, or that do not look like what they are.
func checkName(name string) error {
	if len(name) > maxName {
		return errors.New("a name is too long")
	}
	parts := strings.Split(name, "/")
	if len(parts) > maxDepth {
		return fmt.Errorf("the name %q is too deep", name)
	}
	for _, p := range parts {
		foreign := func(r rune) bool { return r != '.' && r != '-' && (r > unicode.MaxASCII || latin(r) == "") }
		if p == "" || strings.ContainsFunc(p, foreign) || p[0] == '.' || p[0] == '-' || p[len(p)-1] == '.' || reserved(p) {
			return fmt.Errorf("the name %q is not allowed", name)
		}
	}
	return nil
}

// checkLayout holds the names of a pack, the manifest's own left out, to their order:
// VERIFY.txt, parts, history.jsonl, evidence, SHA256SUMS.
func checkLayout(names []string) error {
	if len(names) >= maxEntries {
		return fmt.Errorf("more than %d files", maxEntries-1)
	}
	taken, folders := map[string]bool{strings.ToLower(manifestName): true}, map[string]bool{}
	history := false
	for i, name := range names {
		if err := checkName(name); err != nil {
			return err
		}
		key := strings.ToLower(name)
		if taken[key] {
			return fmt.Errorf("the name %q is there twice", name)
		}
		taken[key] = true
		for at, c := range key {
			if c == '/' {
				folders[key[:at]] = true
			}
		}
		var right bool
		switch {
		case i == 0:
			right = name == guideName
		case i == len(names)-1:
			right = name == sumsName
		case name == historyName:
			right, history = true, true
		case history:
			right = strings.HasPrefix(name, evidenceFolder)
		default:
			right = !strings.Contains(name, "/")
		}
		if !right {
			return fmt.Errorf("%q is out of place", name)
		}
	}
	for folder := range folders {
		if taken[folder] {
			return fmt.Errorf("%q is a file and a folder", folder)
		}
	}
	if len(names) < 3 || !history {
		return fmt.Errorf("%s, %s or %s is not listed", guideName, historyName, sumsName)
	}
	return nil
}

// shown is a name as it may be printed: what comes from a foreign archive could otherwise
// steer a terminal.
func shown(name string) string {
	if checkName(name) == nil {
		return name
	}
	return strconv.QuoteToASCII(cut(name, 2*maxName))
}
