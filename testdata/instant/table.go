package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"slices"
	"strings"

	"nst/nst/instant"
)

// printHead says what the tables have.
func (s *settings) printHead() {
	fmt.Fprintf(s.to, "Losses at %d pixels by the default objective of %s. The first figure of a cell is the style loss as a\n"+
		"share of that of the photograph, the second is the content loss in millions.\n\n", s.options.Size, s.network)
}

// print prints the table of a painting. A way that painted nothing has no column, but its reason
// below the table.
func (sh *sheet) print(to io.Writer) {
	fmt.Fprintf(to, "### %s\n\n| photograph | its style loss |", sh.painting.name)
	columns := sh.columns()[1:]
	for _, w := range columns {
		fmt.Fprintf(to, " %s |", ways()[w].label)
	}
	fmt.Fprintf(to, "\n|%s\n", strings.Repeat(" --- |", len(columns)+2))
	for i, row := range sh.cells {
		fmt.Fprintf(to, "| %s | %.3g |", sh.photographs[i].name, row[0].losses.Style)
		for _, w := range columns {
			c := row[w]
			if c.file == "" {
				fmt.Fprintf(to, " %s |", c.reason)
				continue
			}
			fmt.Fprintf(to, " %s, %.2f |", percent(left(row, c)), c.losses.Content/1e6)
		}
		fmt.Fprintln(to)
	}
	fmt.Fprintln(to)
	for w, way := range ways() {
		if !slices.Contains(sh.columns(), w) {
			fmt.Fprintf(to, "- no pictures of %s: %s\n", way.label, sh.cells[0][w].reason)
		}
	}
	fmt.Fprintln(to)
}

// left returns the style loss of a cell as a share of the photograph's, which is the first of
// the row.
func left(row []cell, c cell) float64 { return c.losses.Style / row[0].losses.Style }

// figures returns the two figures of each cell of way w.
func (sh *sheet) figures(w int) (shares, contents []float64) {
	for _, row := range sh.cells {
		if c := row[w]; c.file != "" {
			shares, contents = append(shares, left(row, c)), append(contents, c.losses.Content/1e6)
		}
	}
	return shares, contents
}

// percent writes a share with two or three digits.
func percent(share float64) string {
	if share < 0.0995 {
		return fmt.Sprintf("%.1f %%", 100*share)
	}
	return fmt.Sprintf("%.0f %%", 100*share)
}

// printSummary prints the means of each way and comparisons of ways.
func printSummary(to io.Writer, all []sheet) {
	fmt.Fprintf(to, "### All pairs\n\n| way | pairs | style loss left | content loss, millions |\n| --- | --- | --- | --- |\n")
	for i, w := range ways()[1:] {
		var shares, contents []float64
		for _, sh := range all {
			s, c := sh.figures(i + 1)
			shares, contents = append(shares, s...), append(contents, c...)
		}
		if len(shares) > 0 {
			fmt.Fprintf(to, "| %s | %d | %s | %.2f |\n", w.label, len(shares), percent(geometric(shares)), geometric(contents))
		}
	}
	fmt.Fprintf(to, "\nMeans are geometric. A way is compared with another on the pairs that both painted:\n\n"+
		"| way | against | pairs | style loss, ratio | from | to | content loss, ratio | style lower | style lower, content not higher |\n"+
		"| --- | --- | --- | --- | --- | --- | --- | --- | --- |\n")
	for _, two := range [][2]string{
		{"universal", "lite"},
		{"builtin", "universal"},
		{"taught", "universal"},
		{"builtin", "lite"},
		{"taught", "lite"},
		{"universal", "slim"},
		{"builtin", "slim"},
		{"taught", "slim"},
		{"slim", "vgg19"},
	} {
		if c := compare(all, indexOf(two[0]), indexOf(two[1])); len(c.style) > 0 {
			c.print(to, two)
		}
	}
}

// printModels says how the networks were taught that painted.
func (s *settings) printModels() error {
	var lines []string
	for _, p := range s.paintings {
		m, err := instant.Load(s.model(p))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		t := m.About().Training
		took := "in an unknown time"
		if t.Seconds > 0 {
			took = fmt.Sprintf("in %.1f minutes", t.Seconds/60)
		}
		lines = append(lines, fmt.Sprintf("- %s: %d steps of %d photographs of %d pixels %s, with %s; style weight %g, seed %d\n",
			p.name, t.Steps, t.Batch, t.Size, took, t.Network, t.StyleWeight, t.Seed))
	}
	if len(lines) > 0 {
		fmt.Fprintf(s.to, "\nHow the networks of one painting were taught:\n\n%s", strings.Join(lines, ""))
	}
	return nil
}

// rows returns the cells of all pairs.
func rows(all []sheet) [][]cell {
	var rows [][]cell
	for _, sh := range all {
		rows = append(rows, sh.cells...)
	}
	return rows
}

// comparison is how a way does against another, on the pairs that both painted.
type comparison struct {
	style, content []float64 // ratios of losses
	lower          int       // pairs with a lower style loss
	better         int       // those of them with no higher content loss
}

// compare compares way a with way b, positions in the list of ways.
func compare(all []sheet, a, b int) comparison {
	var c comparison
	for _, row := range rows(all) {
		if row[a].file == "" || row[b].file == "" {
			continue
		}
		x, y := row[a].losses, row[b].losses
		c.style, c.content = append(c.style, x.Style/y.Style), append(c.content, x.Content/y.Content)
		if x.Style < y.Style {
			c.lower++
			if x.Content <= y.Content {
				c.better++
			}
		}
	}
	return c
}

func (c *comparison) print(to io.Writer, two [2]string) {
	low, high := math.Inf(1), 0.0
	for _, r := range c.style {
		low, high = min(low, r), max(high, r)
	}
	fmt.Fprintf(to, "| %s | %s | %d | %.2f | %.2f | %.2f | %.2f | %d | %d |\n", ways()[indexOf(two[0])].label, ways()[indexOf(two[1])].label,
		len(c.style), geometric(c.style), low, high, geometric(c.content), c.lower, c.better)
}

// geometric returns the geometric mean.
func geometric(x []float64) float64 {
	sum := 0.0
	for _, v := range x {
		sum += math.Log(v)
	}
	return math.Exp(sum / float64(len(x)))
}
