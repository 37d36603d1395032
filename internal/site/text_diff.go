package site

import (
	"unicode"

	"winddown/web/page"
)

// diffWords compares two texts word by word: what stays, what goes and what comes, in the order
// they are read.
func diffWords(before, after string) []page.DiffRun {
	a, b := words(before), words(after)
	// common[i][j] is the length of the longest sequence of words that a[i:] and b[j:] share.
	common := make([][]int, len(a)+1)
	for i := range common {
		common[i] = make([]int, len(b)+1)
	}
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if a[i] == b[j] {
				common[i][j] = common[i+1][j+1] + 1
			} else {
				common[i][j] = max(common[i+1][j], common[i][j+1])
			}
		}
	}
	var runs []page.DiffRun
	add := func(kind page.DiffKind, text string) {
		if n := len(runs); n > 0 && runs[n-1].Kind == kind {
			runs[n-1].Text += text
			return
		}
		runs = append(runs, page.DiffRun{Kind: kind, Text: text})
	}
	i, j := 0, 0
	for i < len(a) || j < len(b) {
		switch {
		case i < len(a) && j < len(b) && a[i] == b[j]:
			add(page.DiffSame, a[i])
			i, j = i+1, j+1
		case j == len(b) || i < len(a) && common[i+1][j] >= common[i][j+1]:
			add(page.DiffGone, a[i])
			i++
		default:
			add(page.DiffNew, b[j])
			j++
		}
	}
	return runs
}

// words parts a text so that its parts make it again: words, each with the space after it.
func words(text string) []string {
	var all []string
	start, space := 0, false
	for at, r := range text {
		if space && !unicode.IsSpace(r) {
			all = append(all, text[start:at])
			start = at
		}
		space = unicode.IsSpace(r)
	}
	if start < len(text) {
		all = append(all, text[start:])
	}
	return all
}
