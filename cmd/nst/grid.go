package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"nst/cmd/nst/internal/sheet"
)

// listValue is a numeric flag that takes several values, separated by commas. The plain
// flag parses each.
type listValue struct {
	pflag.Value          // of the plain flag; holds one of the values
	name        string   // without dashes
	values      []string // as the plain flag formats them
	listed      *[]*listValue
}

// Type is that of the plain flag, marked as a list.
func (v *listValue) Type() string { return v.Value.Type() + ",..." }

// String returns the values as the plain flag formats them, separated by commas.
func (v *listValue) String() string {
	if len(v.values) == 0 && v.Value != nil {
		return v.Value.String()
	}
	return strings.Join(v.values, ",")
}

// Set takes one or more different values, separated by commas. The error is that of the
// plain flag for the first invalid value, or says that one is empty or appears twice.
func (v *listValue) Set(s string) error {
	var values []string
	for part := range strings.SplitSeq(s, ",") {
		part = strings.TrimSpace(part)
		if part == "" {
			return errors.New("a value of the list is empty; want numbers separated by commas, such as 1,5,20")
		}
		if err := v.Value.Set(part); err != nil {
			return err
		}
		if slices.Contains(values, v.Value.String()) {
			return fmt.Errorf("%s appears twice", v.Value)
		}
		values = append(values, v.Value.String())
	}
	v.values = values
	*v.listed = slices.DeleteFunc(*v.listed, func(l *listValue) bool { return l == v })
	if len(values) > 1 {
		*v.listed = append(*v.listed, v)
	}
	return v.Value.Set(values[0])
}

// grid is every combination of the values of some flags.
type grid []*listValue

// count returns the number of combinations.
func (g grid) count() int {
	n := 1
	for _, l := range g {
		n *= len(l.values)
	}
	return n
}

// rows returns the flags that vary from row to row: all but the first, which
// varies from column to column.
func (g grid) rows() grid { return g[1:] }

// point returns the value of every flag in combination i, as a [sheet.Grid]
// counts: row by row, the last flag fastest among the rows.
func (g grid) point(i int) []string {
	out := make([]string, len(g))
	pick := func(j int) {
		n := len(g[j].values)
		out[j] = g[j].values[i%n]
		i /= n
	}
	pick(0)
	for j := len(g) - 1; j > 0; j-- {
		pick(j)
	}
	return out
}

// set gives the flags the values of a combination.
func (g grid) set(point []string) {
	for i, l := range g {
		if err := l.Value.Set(point[i]); err != nil {
			panic(err) // it has been set before
		}
	}
}

// name returns the file name of a combination, without extension:
// content-weight-5_style-weight-100.
func (g grid) name(point []string) string {
	parts := make([]string, len(g))
	for i, l := range g {
		parts[i] = l.name + "-" + point[i]
	}
	return strings.Join(parts, "_")
}

// words returns a combination as text: content-weight 5, style-weight 100.
func (g grid) words(point []string) string {
	parts := make([]string, len(g))
	for i, l := range g {
		parts[i] = l.name + " " + point[i]
	}
	return strings.Join(parts, ", ")
}

// sheet returns the grid without its cells.
func (g grid) sheet(title string) *sheet.Grid {
	axis := func(l *listValue) sheet.Axis { return sheet.Axis{Name: l.name, Values: l.values} }
	out := &sheet.Grid{Title: title, Columns: axis(g[0])}
	for _, l := range g.rows() {
		out.Rows = append(out.Rows, axis(l))
	}
	return out
}
