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
	widest, narrowest = 240, 130 // of a picture
	margin            = 8
	textSize          = 14
	most              = 250_000
)

// save writes all pictures of a painting as one JPEG: a row for each photograph, a column for
// each way that painted something. The painting is above the photographs.
func (sh *sheet) save(path string) error {
	pictures, err := sh.pictures()
	if err != nil {
		return err
	}
	face, err := newFace()
	if err != nil {
		return err
	}
	var b bytes.Buffer
	for width, quality := widest, 70; ; {
		b.Reset()
		if err := jpeg.Encode(&b, sh.draw(pictures, face, width), &jpeg.Options{Quality: quality}); err != nil {
			return err
		}
		switch { // narrower pictures first, then coarser ones
		case b.Len() <= most || quality <= 40:
			return os.WriteFile(path, b.Bytes(), 0o666)
		case width > narrowest:
			width -= 10
		default:
			quality -= 5
		}
	}
}

// pictures reads the pictures of the sheet, row by row, at the width that they have at most.
// The first row has the painting only. A gap is nil.
func (sh *sheet) pictures() ([][]*imgio.Planar, error) {
	painting, _, err := imgio.Open(sh.painting.path)
	if err != nil {
		return nil, err
	}
	all := [][]*imgio.Planar{{narrow(painting, widest)}}
	for _, cells := range sh.cells {
		var row []*imgio.Planar
		for _, w := range sh.columns() {
			if cells[w].file == "" {
				row = append(row, nil)
				continue
			}
			p, _, err := imgio.Open(cells[w].file)
			if err != nil {
				return nil, err
			}
			row = append(row, narrow(p, widest))
		}
		all = append(all, row)
	}
	return all, nil
}

// narrow scales a picture to a width.
func narrow(p *imgio.Planar, width int) *imgio.Planar {
	return p.Resize(width, max(1, (p.H*width+p.W/2)/p.W))
}

// draw draws the sheet with pictures of a width.
func (sh *sheet) draw(pictures [][]*imgio.Planar, face font.Face, width int) image.Image {
	columns := sh.columns()
	left := func(column int) int { return margin + column*(width+margin) }
	height := margin
	small := make([][]*image.NRGBA, len(pictures))
	for i, row := range pictures {
		small[i] = make([]*image.NRGBA, len(row))
		for j, p := range row {
			if p != nil {
				small[i][j] = narrow(p, width).Image()
			}
		}
		height += small[i][0].Rect.Dy() + margin
	}
	m := image.NewNRGBA(image.Rect(0, 0, left(len(columns)), height))
	draw.Draw(m, m.Rect, image.White, image.Point{}, draw.Src)
	y := margin
	for i, row := range small {
		for j, p := range row {
			if p != nil {
				draw.Draw(m, p.Rect.Add(image.Pt(left(j), y)), p, image.Point{}, draw.Src)
			} else {
				write(m, face, left(j), y, sh.cells[i-1][columns[j]].reason)
			}
		}
		y += row[0].Rect.Dy() + margin
		if i == 0 {
			sh.writeHead(m, face, left, y)
		}
	}
	return m
}

// writeHead writes the name of each way above its column, which begins at bottom, and its mean
// losses.
func (sh *sheet) writeHead(m draw.Image, face font.Face, left func(column int) int, bottom int) {
	line := face.Metrics().Height.Ceil()
	for j, w := range sh.columns()[1:] {
		shares, contents := sh.figures(w)
		for i, text := range []string{
			ways()[w].label,
			"style loss left: " + percent(geometric(shares)),
			fmt.Sprintf("content loss: %.2f", geometric(contents)),
		} {
			write(m, face, left(j+1), bottom-margin/2-(3-i)*line, text)
		}
	}
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

// newFace returns the font of the labels.
func newFace() (font.Face, error) {
	f, err := opentype.Parse(goregular.TTF)
	if err != nil {
		return nil, fmt.Errorf("font: %w", err)
	}
	return opentype.NewFace(f, &opentype.FaceOptions{Size: textSize, DPI: 72, Hinting: font.HintingVertical})
}

// write puts a line with its top left corner at (x, y).
func write(m draw.Image, face font.Face, x, y int, s string) {
	d := font.Drawer{Dst: m, Src: image.NewUniform(color.Gray{40}), Face: face}
	d.Dot = fixed.P(x, y+face.Metrics().Ascent.Ceil())
	d.DrawString(s)
}
