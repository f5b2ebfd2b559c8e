// Package sheet makes pictures about pictures: contact sheets and their web
// page, strips, the film of a run and the curve of its loss. It knows images,
// words and numbers, and nothing of how a picture was painted.
package sheet

import (
	"fmt"
	"image"
	"image/color"

	"golang.org/x/image/draw"
	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"
)

var (
	paper = color.RGBA{255, 255, 255, 255}
	ink   = color.RGBA{34, 34, 34, 255}
	faint = color.RGBA{120, 120, 120, 255}
	void  = color.RGBA{236, 236, 236, 255} // where a picture is missing
)

// Fit scales m down, never up, so that no side is above side pixels.
func Fit(m image.Image, side int) *image.RGBA {
	w, h := m.Bounds().Dx(), m.Bounds().Dy()
	if long := max(w, h); long > side {
		w, h = max(1, (w*side+long/2)/long), max(1, (h*side+long/2)/long)
	}
	return scale(m, w, h)
}

// scale returns m at w x h pixels, on white where it is transparent.
func scale(m image.Image, w, h int) *image.RGBA {
	out := blank(w, h)
	if b := m.Bounds(); b.Dx() == w && b.Dy() == h {
		draw.Draw(out, out.Bounds(), m, b.Min, draw.Over)
	} else {
		draw.CatmullRom.Scale(out, out.Bounds(), m, b, draw.Over, nil)
	}
	return out
}

// blank returns a white picture.
func blank(w, h int) *image.RGBA {
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	draw.Draw(m, m.Bounds(), image.NewUniform(paper), image.Point{}, draw.Src)
	return m
}

// pen writes in one face and colour.
type pen struct {
	face   font.Face
	colour color.Color
}

// newPen returns a pen of px pixels; the fonts are part of the program.
func newPen(bold bool, px float64, c color.Color) (*pen, error) {
	ttf := goregular.TTF
	if bold {
		ttf = gobold.TTF
	}
	f, err := opentype.Parse(ttf)
	if err != nil {
		return nil, fmt.Errorf("sheet: font: %w", err)
	}
	face, err := opentype.NewFace(f, &opentype.FaceOptions{Size: px, DPI: 72, Hinting: font.HintingVertical})
	if err != nil {
		return nil, fmt.Errorf("sheet: font: %w", err)
	}
	return &pen{face, c}, nil
}

// width is that of a line, in pixels.
func (p *pen) width(s string) int { return font.MeasureString(p.face, s).Ceil() }

// height is that of a line, in pixels.
func (p *pen) height() int { return p.face.Metrics().Height.Ceil() }

// write puts a line with its top left corner at (x, y).
func (p *pen) write(m draw.Image, x, y int, s string) {
	d := font.Drawer{Dst: m, Src: image.NewUniform(p.colour), Face: p.face}
	d.Dot = fixed.P(x, y+p.face.Metrics().Ascent.Ceil())
	d.DrawString(s)
}

// centre puts a line in the middle of the columns from x0 to x1, shortened to
// what fits.
func (p *pen) centre(m draw.Image, x0, x1, y int, s string) {
	s = p.shorten(s, x1-x0)
	p.write(m, x0+(x1-x0-p.width(s))/2, y, s)
}

// shorten cuts the end off a line that is wider than w pixels.
func (p *pen) shorten(s string, w int) string {
	if p.width(s) <= w {
		return s
	}
	r := []rune(s)
	for len(r) > 0 && p.width(string(r)+"…") > w {
		r = r[:len(r)-1]
	}
	return string(r) + "…"
}
