package app

import (
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/trustelem/zxcvbn/adjacency"
	"github.com/trustelem/zxcvbn/frequency"
	"github.com/trustelem/zxcvbn/match"
	"github.com/trustelem/zxcvbn/scoring"
)

// commonGuesses is how many guesses make a password common: the lists attackers begin
// with, and the usual ways to dress a listed word up, fall within it.
const commonGuesses = 1e6

// commonLength is how much of a password is looked at, in characters. Estimating takes
// time that grows faster than the length, and what is hard to guess after so many
// characters is not common.
const commonLength = 48

// common reports whether a password is among the first that are tried. One typed in
// Russian letters is looked up by its keys: «йцукен» is qwerty.
func common(password string) bool {
	typed := []rune(password)
	keys := strings.Map(latinKey, string(typed[:min(len(typed), commonLength)]))
	return ascii(keys) && guesses(keys) < commonGuesses
}

// latinKey returns the Latin character on the key of a Russian letter, and any other
// character as it is.
func latinKey(r rune) rune {
	const russian, latin = "йцукенгшщзхъфывапролджэячсмитьбюё", "qwertyuiop[]asdfghjkl;'zxcvbnm,.`"
	at := 0
	for _, x := range russian {
		if x == unicode.ToLower(r) {
			return rune(latin[at])
		}
		at++
	}
	return r
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

// guesses is how many guesses a password of ASCII characters takes: zxcvbn scores what is found in
// it. What finds it in zxcvbn itself makes dictionaries of all lists when the program starts, 10 MB
// that stay; here the lists are read through when somebody chooses a password.
func guesses(password string) float64 {
	found := slices.Concat(words(password), sequences(password), keyRuns(password), dates(password), repeats(password))
	return scoring.MostGuessableMatchSequence(password, found, false).Guesses
}

// leastMatch is the shortest part of a password worth finding, in characters: shorter ones are
// guessed as quickly one by one.
const leastMatch = 3

func found(password, pattern string, from, to int) *match.Match {
	return &match.Match{Pattern: pattern, I: from, J: to - 1, Token: password[from:to]}
}

// plainer are two ways to read what stands for a letter.
var plainer = []*strings.Replacer{
	strings.NewReplacer("4", "a", "@", "a", "8", "b", "(", "c", "{", "c", "[", "c", "<", "c", "3", "e", "6", "g", "9", "g",
		"1", "i", "!", "i", "|", "i", "0", "o", "$", "s", "5", "s", "+", "t", "7", "t", "%", "x", "2", "z"),
	strings.NewReplacer("4", "a", "@", "a", "3", "e", "1", "l", "|", "l", "7", "l", "0", "o", "$", "s", "5", "s"),
}

// siteWords are what everybody here thinks of first, also as typed with Latin keys.
var siteWords = []string{"winddown", "wildberries", "uxod", "uhod", "e[jl", "dfqk,thhbp"}

// words finds the words of this site and of zxcvbn's lists, forwards, backwards and with other characters for some
// of their letters.
func words(password string) []*match.Match {
	small := strings.ToLower(password)
	parts := map[string][]*match.Match{}
	eachPart(len(small), func(from, to int) {
		word := small[from:to]
		parts[word] = append(parts[word], found(password, "dictionary", from, to))
		back := []byte(word)
		slices.Reverse(back)
		m := found(password, "dictionary", from, to)
		m.Reversed = true
		parts[string(back)] = append(parts[string(back)], m)
		for _, r := range plainer {
			plain := r.Replace(word)
			if plain == word {
				continue
			}
			m := found(password, "dictionary", from, to)
			m.L33t, m.Sub = true, map[string]string{}
			for i := range len(word) {
				if word[i] != plain[i] {
					m.Sub[word[i:i+1]] = plain[i : i+1]
				}
			}
			parts[plain] = append(parts[plain], m)
		}
	})
	var all []*match.Match
	for _, word := range siteWords {
		for _, part := range parts[word] {
			m := *part
			m.MatchedWord, m.Rank = word, 1
			all = append(all, &m)
		}
	}
	for _, list := range frequency.FrequencyLists {
		for i, word := range list {
			for _, part := range parts[word] {
				m := *part
				m.MatchedWord, m.Rank = word, i+1
				all = append(all, &m)
			}
		}
	}
	return all
}

func eachPart(length int, do func(from, to int)) {
	for from := range length {
		for to := from + leastMatch; to <= length; to++ {
			do(from, to)
		}
	}
}

// sequences finds what goes up or down in even steps: abcd, 2468, 321.
func sequences(password string) []*match.Match {
	const widest = 5
	var all []*match.Match
	for from := 0; from+leastMatch <= len(password); {
		step := int(password[from+1]) - int(password[from])
		to := from + 2
		for to < len(password) && int(password[to])-int(password[to-1]) == step {
			to++
		}
		if to-from >= leastMatch && step != 0 && max(step, -step) <= widest {
			m := found(password, "sequence", from, to)
			m.Ascending = step > 0
			all = append(all, m)
		}
		from = to - 1
	}
	return all
}

// keyRuns finds keys that lie side by side, with or without turns.
func keyRuns(password string) []*match.Match {
	var all []*match.Match
	for _, name := range []string{"qwerty", "keypad"} {
		graph := adjacency.Graphs[name].Graph
		for from := 0; from+leastMatch <= len(password); {
			to, way, turns, shifted := from+1, -1, 0, 0
			if c := password[from]; name == "qwerty" && (c >= 'A' && c <= 'Z' || strings.IndexByte(`~!@#$%^&*()_+{}|:"<>?`, c) >= 0) {
				shifted++
			}
			for ; to < len(password); to++ {
				next := slices.IndexFunc(graph[password[to-1:to]], func(keys string) bool { return strings.IndexByte(keys, password[to]) >= 0 })
				if next < 0 {
					break
				}
				if next != way {
					turns++
				}
				way = next
				if strings.IndexByte(graph[password[to-1:to]][next], password[to]) == 1 {
					shifted++
				}
			}
			if to-from >= leastMatch {
				m := found(password, "spatial", from, to)
				m.Graph, m.Turns, m.ShiftedCount = name, turns, shifted
				all = append(all, m)
			}
			from = to
		}
	}
	return all
}

// dates finds days and years.
func dates(password string) []*match.Match {
	var all []*match.Match
	for _, layout := range []string{
		"2006", "02012006", "01022006", "20060102", "020106", "060102", "02.01.2006", "02-01-2006", "02/01/2006", "2006-01-02", "2006.01.02", "02.01.06",
	} {
		for from := 0; from+len(layout) <= len(password); from++ {
			to := from + len(layout)
			day, err := time.Parse(layout, password[from:to])
			if err != nil || day.Year() < 1900 || day.Year() >= 2100 {
				continue
			}
			m := found(password, "date", from, to)
			if m.Year = day.Year(); layout == "2006" {
				m.Pattern, m.RegexName = "regex", "recent_year"
			}
			all = append(all, m)
		}
	}
	return all
}

// repeats finds what is said twice or more in a row.
func repeats(password string) []*match.Match {
	var all []*match.Match
	for from := 0; from+2 <= len(password); {
		size, times := 0, 0
		for n := 1; from+2*n <= len(password); n++ {
			k := 1
			for from+(k+1)*n <= len(password) && password[from+k*n:from+(k+1)*n] == password[from:from+n] {
				k++
			}
			if k > 1 && k*n > size*times {
				size, times = n, k
			}
		}
		if times == 0 {
			from++
			continue
		}
		m := found(password, "repeat", from, from+size*times)
		m.BaseToken, m.RepeatCount, m.BaseGuesses = password[from:from+size], times, guesses(password[from:from+size])
		all = append(all, m)
		from += size * times
	}
	return all
}
