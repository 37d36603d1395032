package site

import (
	"strings"
	"unicode"

	"winddown/web/page"
)

// maxCompared bounds the work of a comparison, in pairs of words: longer stretches without a common
// beginning or end are shown as gone and new as a whole.
const maxCompared = 200_000

// diffWords compares two texts word by word: what stays, what goes and what comes, in the order
// they are read.
func diffWords(before, after string) []page.DiffRun {
	a, b := words(before), words(after)
	head := 0
	for head < min(len(a), len(b)) && a[head] == b[head] {
		head++
	}
	tail := 0
	for tail < min(len(a), len(b))-head && a[len(a)-1-tail] == b[len(b)-1-tail] {
		tail++
	}
	same, end := a[:head], a[len(a)-tail:]
	a, b = a[head:len(a)-tail], b[head:len(b)-tail]
	var runs []page.DiffRun
	add := func(kind page.DiffKind, text string) {
		if text == "" {
			return
		}
		if n := len(runs); n > 0 && runs[n-1].Kind == kind {
			runs[n-1].Text += text
			return
		}
		runs = append(runs, page.DiffRun{Kind: kind, Text: text})
	}
	add(page.DiffSame, strings.Join(same, ""))
	if len(a)*len(b) > maxCompared {
		add(page.DiffGone, strings.Join(a, ""))
		add(page.DiffNew, strings.Join(b, ""))
		a, b = nil, nil
	}
	// common[i*width+j] is the length of the longest sequence of words that a[i:] and b[j:] share.
	width := len(b) + 1
	common := make([]int32, (len(a)+1)*width)
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if a[i] == b[j] {
				common[i*width+j] = common[(i+1)*width+j+1] + 1
			} else {
				common[i*width+j] = max(common[(i+1)*width+j], common[i*width+j+1])
			}
		}
	}
	i, j := 0, 0
	for i < len(a) || j < len(b) {
		switch {
		case i < len(a) && j < len(b) && a[i] == b[j]:
			add(page.DiffSame, a[i])
			i, j = i+1, j+1
		case j == len(b) || i < len(a) && common[(i+1)*width+j] >= common[i*width+j+1]:
			add(page.DiffGone, a[i])
			i++
		default:
			add(page.DiffNew, b[j])
			j++
		}
	}
	add(page.DiffSame, strings.Join(end, ""))
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
