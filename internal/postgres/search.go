package postgres

import (
	"slices"
	"strings"
	"unicode"
)

const (
	maxWords   = 6  // of a search; the rest narrows nothing
	minSimilar = 4  // letters of a word in which one may be wrong
	maxSimilar = 20 // and how many at most: each letter is four patterns
)

// searchWords returns the patterns of each word of a search, one of which has to match a part
// of what is searched. With similar one letter of a word may be wrong, too many, missing, or
// stand on the wrong side of its neighbour.
func searchWords(query string, similar bool) [][]string {
	var all [][]string
	for _, word := range strings.Fields(fold(query)) {
		if len(all) == maxWords {
			break
		}
		letters := []rune(word)
		patterns := []string{pattern(letters)}
		if similar && len(letters) >= minSimilar && len(letters) <= maxSimilar {
			for i := range letters {
				patterns = append(patterns,
					pattern(letters[:i])+"_"+pattern(letters[i+1:]),
					pattern(slices.Concat(letters[:i], letters[i+1:])))
				if i > 0 {
					swapped := slices.Clone(letters)
					swapped[i-1], swapped[i] = swapped[i], swapped[i-1]
					patterns = append(patterns, pattern(letters[:i])+"_"+pattern(letters[i:]), pattern(swapped))
				}
			}
		}
		for i, p := range patterns {
			patterns[i] = "%" + p + "%"
		}
		all = append(all, patterns)
	}
	return all
}

// pattern is a text as LIKE reads it.
func pattern(text []rune) string {
	return strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(string(text))
}

// fold makes spellings of one name alike: case, ё and е, quotes of all kinds, full stops,
// dashes, runs of spaces.
func fold(s string) string {
	s = strings.Map(func(r rune) rune {
		switch r {
		case 'ё', 'Ё':
			return 'е'
		case '.', ',':
			return ' '
		case '‐', '‑', '‒', '–', '—', '−':
			return '-'
		case '"', '\'', '«', '»', '‹', '›', '„', '“', '”', '‟', '‘', '’', '‚', '‛', '`', '´', 'ʼ', '′', '″', '＂':
			return -1
		}
		return unicode.ToLower(r)
	}, s)
	return strings.Join(strings.Fields(s), " ")
}
