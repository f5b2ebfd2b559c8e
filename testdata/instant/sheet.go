package main

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"os"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"

	"nst/imgio"
)

// The layout of a sheet, in pixels, and the most bytes that its file may have.
const (
	cellWidth = 220
	margin    = 8
	textSize  = 15
	most      = 250_000
)

// save writes all pictures of a painting as one JPEG: a row for each photograph, a column for
// each way that painted something, and the painting at the left.
func (sh *sheet) save(path string) error {
	m, err := sh.draw()
	if err != nil {
		return err
	}
	var b bytes.Buffer
	for quality := 90; quality >= 40; quality -= 5 {
		b.Reset()
		if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: quality}); err != nil {
			return err
		}
		if b.Len() <= most {
			break
		}
	}
	return os.WriteFile(path, b.Bytes(), 0o666)
}

// draw returns the sheet.
func (sh *sheet) draw() (image.Image, error) {
	columns := sh.columns()
	pictures := make([][]*image.NRGBA, len(sh.cells)) // nil for a gap
	height := 0
	for i, row := range sh.cells {
		pictures[i] = make([]*image.NRGBA, len(columns))
		tallest := 0
		for j, w := range columns {
			if row[w].file == "" {
				continue
			}
			p, err := thumbnail(row[w].file)
			if err != nil {
				return nil, err
			}
			pictures[i][j], tallest = p, max(tallest, p.Rect.Dy())
		}
		height += tallest + margin
	}
	painting, err := thumbnail(sh.painting.path)
	if err != nil {
		return nil, err
	}
	top := margin + textSize + margin
	height = max(height, painting.Rect.Dy()+margin)
	m := image.NewNRGBA(image.Rect(0, 0, margin+(len(columns)+1)*(cellWidth+margin), top+height))
	draw.Draw(m, m.Rect, image.White, image.Point{}, draw.Src)
	face, err := newFace()
	if err != nil {
		return nil, err
	}
	place := func(column, y int, p *image.NRGBA) {
		draw.Draw(m, p.Rect.Add(image.Pt(margin+column*(cellWidth+margin), y)), p, image.Point{}, draw.Src)
	}
	write(m, face, 0, margin, "painting")
	place(0, top, painting)
	for j, w := range columns {
		write(m, face, j+1, margin, ways()[w].label)
		y := top
		for i := range pictures {
			if p := pictures[i][j]; p != nil {
				place(j+1, y, p)
			} else {
				write(m, face, j+1, y, sh.cells[i][w].reason)
			}
			y += pictures[i][0].Rect.Dy() + margin
		}
	}
	return m, nil
}

// columns returns the ways that painted something, of which the photograph is the first.
func (sh *sheet) columns() []int {
	var columns []int
	for w := range ways() {
		for _, row := range sh.cells {
			if row[w].file != "" {
				columns = append(columns, w)
				break
			}
		}
	}
	return columns
}

// thumbnail reads a picture at the width of a cell.
func thumbnail(path string) (*image.NRGBA, error) {
	p, _, err := imgio.Open(path)
	if err != nil {
		return nil, err
	}
	return p.Resize(cellWidth, max(1, (p.H*cellWidth+p.W/2)/p.W)).Image(), nil
}

// newFace returns the font of the labels.
func newFace() (font.Face, error) {
	f, err := opentype.Parse(goregular.TTF)
	if err != nil {
		return nil, fmt.Errorf("font: %w", err)
	}
	return opentype.NewFace(f, &opentype.FaceOptions{Size: textSize, DPI: 72, Hinting: font.HintingVertical})
}

// write puts a line at the left of a column, with its top at y.
func write(m draw.Image, face font.Face, column, y int, s string) {
	d := font.Drawer{Dst: m, Src: image.NewUniform(color.Gray{40}), Face: face}
	d.Dot = fixed.P(margin+column*(cellWidth+margin), y+face.Metrics().Ascent.Ceil())
	d.DrawString(s)
}
