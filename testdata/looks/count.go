package main

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
)

// countChoices writes how often each column was put before each other one.
func countChoices(w io.Writer, key, choices string) error {
	names, columns, err := readKey(key)
	if err != nil {
		return err
	}
	text, err := os.ReadFile(choices)
	if err != nil {
		return err
	}
	wins, rows := map[[2]string]int{}, 0
	for _, line := range strings.Split(string(text), "\n") {
		if strings.TrimSpace(line) == "" {
			continue
		}
		r, err := parseChoice(line)
		if err != nil {
			return fmt.Errorf("%s: %w", choices, err)
		}
		ranked := make([]string, len(r.letters))
		for i := range ranked {
			name, ok := names[r.number+" "+r.letters[i:i+1]]
			if !ok || strings.Count(r.letters, r.letters[i:i+1]) != 1 {
				return fmt.Errorf("%s: %q: row %s has no picture %c, or it is there twice", choices, line, r.number, r.letters[i])
			}
			ranked[i] = name
		}
		rows++
		for i, a := range ranked {
			for _, b := range ranked[i+1:] {
				wins[[2]string{a, b}]++
			}
		}
	}
	fmt.Fprintf(w, "of %d rows, the first before the second:\n", rows)
	for _, a := range columns {
		for _, b := range columns {
			if a != b {
				fmt.Fprintf(w, "%-14s %-14s %d\n", a, b, wins[[2]string{a, b}])
			}
		}
	}
	return nil
}

// readKey reads which column each picture is of, by its row and letter, and the columns.
func readKey(path string) (names map[string]string, columns []string, err error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, nil, err
	}
	names = map[string]string{}
	for i, line := range strings.Split(strings.TrimSpace(string(text)), "\n") {
		f := strings.Split(line, "\t")
		if len(f) != 3 {
			return nil, nil, fmt.Errorf("%s: line %d has %d fields, not 3", path, i+1, len(f))
		}
		if i == 0 {
			continue
		}
		names[f[0]+" "+f[1]] = f[2]
		if !slices.Contains(columns, f[2]) {
			columns = append(columns, f[2])
		}
	}
	slices.Sort(columns)
	return names, columns, nil
}

// choice is the number of a row and its letters, best first.
type choice struct {
	number  string
	letters string
}

// parseChoice reads a line such as "3 CADB".
func parseChoice(line string) (choice, error) {
	f := strings.Fields(line)
	if len(f) != 2 {
		return choice{}, fmt.Errorf("%q is not a number and letters", line)
	}
	return choice{f[0], strings.ToUpper(f[1])}, nil
}
