package main

import (
	"context"
	"fmt"
	"html"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"nst/imgio"
)

// runStrips paints the strips of the knobs and writes strips.html, which shows them, and
// strips.tsv, which measures each picture.
func (s *settings) runStrips(ctx context.Context, pairs []pair) error {
	knobs, err := chooseKnobs(s.strips)
	if err != nil {
		return err
	}
	page, table := stripsHead, "knob\tnetwork\tpair\tvalue\tchange\tdetail\tchroma\tclipped\n"
	for _, k := range knobs {
		for _, network := range strings.Split(s.networks, ",") {
			if k.slim && network != "slim" {
				continue
			}
			name := fmt.Sprintf("strip-%s-%s.png", k.name, network)
			lines, err := s.strip(ctx, k, network, pairs, filepath.Join(s.out, name))
			if err != nil {
				return fmt.Errorf("%s, %s: %w", k.name, network, err)
			}
			table += lines
			page += fmt.Sprintf("<h2>%s, %s</h2>\n<p>%s</p>\n<img src=\"%s\">\n", k.name, network, html.EscapeString(k.columns.String()), name)
			fmt.Printf("%s\n", name)
			if err := os.WriteFile(filepath.Join(s.out, "strips.html"), []byte(page), 0o666); err != nil {
				return err
			}
			if err := os.WriteFile(filepath.Join(s.out, "strips.tsv"), []byte(table), 0o666); err != nil {
				return err
			}
		}
	}
	return nil
}

// stripsHead begins the page of strips.
const stripsHead = `<!doctype html>
<meta charset="utf-8">
<title>Strips</title>
<style>body { font-family: sans-serif; margin: 2em } img { max-width: 100% }</style>
<p>Each row shows a photograph, a painting, and the photograph painted with each value of a setting, in the order of the line above.</p>
`

// strip paints the pairs with each value of a knob, writes them to file, a row for each pair,
// and returns the measures of the pictures, a line for each.
func (s *settings) strip(ctx context.Context, k knob, network string, pairs []pair, file string) (lines string, err error) {
	var rows []*imgio.Planar
	for _, p := range pairs {
		photo, err := s.open(p.content)
		if err != nil {
			return "", err
		}
		style, err := s.open(p.style)
		if err != nil {
			return "", err
		}
		cells := []*imgio.Planar{photo, style}
		for _, c := range k.columns {
			value := c.name
			c.name, c.flags, err = s.named(c.flags, network, p)
			if err != nil {
				return "", err
			}
			path, _, err := s.paint(ctx, p, c)
			if err != nil {
				return "", fmt.Errorf("%s, %s: %w", p, c.name, err)
			}
			m, err := s.open(path)
			if err != nil {
				return "", err
			}
			cells = append(cells, m)
			lines += fmt.Sprintf("%s\t%s\t%s\t%s\t%s\n", k.name, network, p, value, measures(m, photo))
		}
		rows = append(rows, inRow(cells))
	}
	return lines, imgio.Save(file, below(rows), imgio.Encoding{})
}

// named returns the flags of a picture in a strip, and the name of its files, which says the
// network and the flags.
func (s *settings) named(flags []string, network string, p pair) (string, []string, error) {
	name := network
	full := []string{"--network", network}
	for _, f := range flags {
		name += "-" + strings.TrimPrefix(f, "--")
		if f == second {
			following, err := s.following(p.style)
			if err != nil {
				return "", nil, err
			}
			f = following
		}
		full = append(full, f)
	}
	return name, full, nil
}

// following returns the painting after one in its folder, after the last the first.
func (s *settings) following(style string) (string, error) {
	styles, err := pictures(filepath.Join(s.images, "style"))
	if err != nil {
		return "", err
	}
	return styles[(slices.Index(styles, style)+1)%len(styles)], nil
}

// measures describes a picture beside its photograph, which has the same size, in 8-bit levels:
// the mean difference, the mean difference of neighbouring pixels, the mean distance of the
// channels from their grey, and last the share of values at black or white.
func measures(m, photo *imgio.Planar) string {
	n := m.W * m.H
	var change, detail, chroma, clipped float64
	for i, v := range m.Pix {
		x, at := float64(v), i%n
		change += math.Abs(x - float64(photo.Pix[i]))
		if at%m.W > 0 {
			detail += math.Abs(x - float64(m.Pix[i-1]))
		}
		chroma += math.Abs(x - float64(m.Pix[at]+m.Pix[n+at]+m.Pix[2*n+at])/3)
		if v <= 0 || v >= 1 {
			clipped++
		}
	}
	all := float64(3 * n)
	return fmt.Sprintf("%.1f\t%.1f\t%.1f\t%.3f", change/all*255, detail/all*255, chroma/all*255, clipped/all)
}

// below puts rows of pictures below each other on white.
func below(rows []*imgio.Planar) *imgio.Planar {
	wide, high := 0, 0
	for _, r := range rows {
		wide, high = max(wide, r.W), high+r.H+gap
	}
	out, y := white(wide, high-gap), 0
	for _, r := range rows {
		place(out, r, 0, y)
		y += r.H + gap
	}
	return out
}
