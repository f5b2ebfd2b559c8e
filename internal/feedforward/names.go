package feedforward

import (
	"cmp"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxName is the most characters that the name of a style may have.
const maxName = 64

// StyleName returns the name that a style has by default, from the path of its picture: the
// file's name without its extension, in lower case, its words joined by "-". A word is made
// of letters, with their accents, and digits. Long names are cut; a path without any word
// gives "style".
//
//	paintings/Van Gogh_Starry Night.jpg    van-gogh-starry-night
func StyleName(path string) string {
	base := filepath.Base(path)
	stem := strings.ToLower(strings.TrimSuffix(base, filepath.Ext(base)))
	var name []rune
	gap := false
	for _, r := range stem {
		mark := unicode.IsMark(r)
		if !isWord(r) || mark && (gap || len(name) == 0) {
			gap = gap || !mark
			continue
		}
		if gap && len(name) > 0 {
			name = append(name, '-')
		}
		gap = false
		name = append(name, r)
	}
	if len(name) > maxName {
		name = name[:maxName]
	}
	if s := strings.TrimRight(string(name), "-"); s != "" {
		return s
	}
	return "style"
}

// isWord reports whether r is part of a word.
func isWord(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) }

// CheckStyleName returns an error if a style cannot have this name. A name has at most 64
// characters, which are letters, digits, "-" and "_", and starts with a letter or a digit. So
// it is never taken for a flag or a file.
func CheckStyleName(name string) error {
	if err := checkName(name); err != nil {
		return fmt.Errorf("feedforward: %w", err)
	}
	return nil
}

func checkName(name string) error {
	first, _ := utf8.DecodeRuneInString(name)
	switch n := utf8.RuneCountInString(name); {
	case n == 0:
		return errors.New("name is empty")
	case n > maxName:
		return fmt.Errorf("name has %d characters, want at most %d", n, maxName)
	case !isWord(first) || unicode.IsMark(first):
		return fmt.Errorf("name %q does not start with a letter or a digit", name)
	}
	if i := strings.IndexFunc(name, func(r rune) bool { return !isWord(r) && r != '-' && r != '_' }); i >= 0 {
		return fmt.Errorf(`name %q has characters other than letters, digits, "-" and "_"`, name)
	}
	return nil
}

// UnknownStyleError means that a model has no style with a name.
type UnknownStyleError struct {
	Name  string
	Known []string // the names that exist, nearest first
}

// Error names the style and at most ten styles that exist.
func (e *UnknownStyleError) Error() string {
	const most = 10
	known, more := e.Known, ""
	if len(known) > most {
		known, more = known[:most], fmt.Sprintf(" and %d more", len(known)-most)
	}
	return fmt.Sprintf("feedforward: no style %q (known: %s%s)", e.Name, strings.Join(known, ", "), more)
}

// nearest returns the known names, nearest to name first: those that contain it, then by how
// many characters must be added, removed or replaced, then as they come. Case is ignored.
func nearest(name string, known []string) []string {
	type candidate struct {
		name     string
		distance int
	}
	name = strings.ToLower(name)
	typed := []rune(name)
	typed = typed[:min(len(typed), 2*maxName)] // more says nothing about which is nearest
	all := make([]candidate, len(known))
	for i, k := range known {
		lower := strings.ToLower(k)
		all[i] = candidate{k, distance(typed, []rune(lower))}
		if strings.Contains(lower, name) {
			all[i].distance = -1
		}
	}
	slices.SortStableFunc(all, func(a, b candidate) int { return cmp.Compare(a.distance, b.distance) })
	sorted := make([]string, len(all))
	for i, c := range all {
		sorted[i] = c.name
	}
	return sorted
}

// distance returns the edit distance of Levenshtein (1966), by the usual table of which only
// one row is kept: row[j] is the distance between the first i runes of a and j of b.
func distance(a, b []rune) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i, x := range a {
		diagonal := row[0]
		row[0] = i + 1
		for j, y := range b {
			replaced := diagonal
			if x != y {
				replaced++
			}
			diagonal = row[j+1]
			row[j+1] = min(replaced, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
