package main

import (
	"context"
	"fmt"
	"html"
	"math/rand/v2"
	"os"
	"path/filepath"

	"nst/imgio"
)

// gap is the space between the pictures of a row, in pixels.
const gap = 12

// writePage writes index.html, a picture of each row, the pictures by themselves and the key.
func (s *settings) writePage(pairs []pair) error {
	page, key := pageHead, "row\tletter\tcolumn\n"
	for i, p := range pairs {
		row := fmt.Sprintf("row-%02d", i+1)
		files, err := s.files(p)
		if err != nil {
			return err
		}
		cells := []*imgio.Planar{}
		for _, f := range []string{p.content, p.style} {
			m, err := s.open(f)
			if err != nil {
				return err
			}
			cells = append(cells, m)
		}
		page += fmt.Sprintf("<h2>%d</h2>\n<p>", i+1)
		for j, n := range s.order(i) {
			m, err := s.open(files[n])
			if err != nil {
				return err
			}
			cells = append(cells, m)
			name := row + "-" + letter(j) + ".png"
			if err := imgio.Save(filepath.Join(s.out, name), m, imgio.Encoding{}); err != nil {
				return err
			}
			page += fmt.Sprintf("<figure><img src=\"%s\"><figcaption>%s</figcaption></figure>", html.EscapeString(name), letter(j))
			key += fmt.Sprintf("%d\t%s\t%s\n", i+1, letter(j), s.columns[n].name)
		}
		if err := imgio.Save(filepath.Join(s.out, row+".png"), inRow(cells), imgio.Encoding{}); err != nil {
			return err
		}
		for j, name := range []string{"content", "style"} {
			if err := imgio.Save(filepath.Join(s.out, row+"-"+name+".png"), cells[j], imgio.Encoding{}); err != nil {
				return err
			}
			page += fmt.Sprintf("<figure><img src=\"%s-%s.png\" class=\"small\"></figure>", row, name)
		}
		page += "</p>\n"
	}
	if err := os.WriteFile(filepath.Join(s.out, "key.tsv"), []byte(key), 0o666); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(s.out, "index.html"), []byte(page), 0o666)
}

// pageHead begins the page.
const pageHead = `<!doctype html>
<meta charset="utf-8">
<title>Looks</title>
<style>body { font-family: sans-serif; margin: 2em } figure { display: inline-block; margin: 0 12px 12px 0 } .small { height: 160px }</style>
<p>Each row shows a photograph and a painting, small, and the photograph painted in several ways, in another order in each row.
Write down the number of the row and its letters, the best picture first.</p>
`

// files returns the pictures of a pair, in the order of the columns.
func (s *settings) files(p pair) ([]string, error) {
	var files []string
	for _, c := range s.columns {
		file, _, err := s.paint(context.Background(), p, c)
		if err != nil {
			return nil, err
		}
		files = append(files, file)
	}
	return files, nil
}

// order returns the columns of a row in the order in which they are shown.
func (s *settings) order(row int) []int {
	return rand.New(rand.NewPCG(s.seed, uint64(row))).Perm(len(s.columns))
}

// letter names the place of a picture in its row.
func letter(i int) string { return string(rune('A' + i)) }

// open reads a picture and scales it to the size of the page.
func (s *settings) open(path string) (*imgio.Planar, error) {
	m, _, err := imgio.Open(path)
	if err != nil {
		return nil, err
	}
	w, h := imgio.FitLongest(m.W, m.H, s.size)
	return m.Resize(w, h), nil
}

// inRow puts pictures beside each other on white, each as high as the last one.
func inRow(cells []*imgio.Planar) *imgio.Planar {
	high, wide := cells[len(cells)-1].H, 0
	var scaled []*imgio.Planar
	for _, m := range cells {
		m = m.Resize(max(1, m.W*high/m.H), high)
		scaled = append(scaled, m)
		wide += m.W + gap
	}
	out, x := white(wide-gap, high), 0
	for _, m := range scaled {
		place(out, m, x, 0)
		x += m.W + gap
	}
	return out
}

// white returns a white picture.
func white(w, h int) *imgio.Planar {
	m := imgio.NewPlanar(w, h)
	for i := range m.Pix {
		m.Pix[i] = 1
	}
	return m
}

// place copies m into a larger picture, its upper left corner at (x, y).
func place(to, m *imgio.Planar, x, y int) {
	for c := range 3 {
		for i := range m.H {
			copy(to.Pix[(c*to.H+y+i)*to.W+x:], m.Pix[(c*m.H+i)*m.W:][:m.W])
		}
	}
}
