package sheet

import (
	"image"
	"image/color"
	"image/png"
	"io"
	"math"

	"golang.org/x/image/draw"
	"golang.org/x/image/font"
	"golang.org/x/image/math/fixed"
)

// dots is how many pixels a point of 1/72 inch has in a PNG: 144 an inch.
const dots = 2

// raster is a canvas of pixels.
type raster struct {
	*image.RGBA
	fonts
}

func newRaster(f fonts) *raster { return &raster{blank(chartWidth*dots, chartHeight*dots), f} }

// rule fills whole pixels, so that the line is sharp.
func (r *raster) rule(a, b point, dashed bool, c color.RGBA) {
	pixel := func(v float64) int { return int(math.Floor(v * dots)) }
	from, to := image.Pt(pixel(a.x), pixel(a.y)), image.Pt(pixel(b.x), pixel(b.y))
	const dash = 3 * dots
	for y := from.Y; y <= to.Y; y++ {
		for x := from.X; x <= to.X; x++ {
			if along := x - from.X + y - from.Y; !dashed || along/dash%2 == 0 {
				r.SetRGBA(x, y, c)
			}
		}
	}
}

// stroke covers each pixel by its distance from the line, so that pieces that lie on
// one another do not add up.
func (r *raster) stroke(line []point, width float64, c color.RGBA) {
	cover := image.NewAlpha(r.Bounds())
	half := width*dots/2 + 0.5
	for i := range line {
		a, b := line[max(0, i-1)], line[i]
		a, b = point{a.x * dots, a.y * dots}, point{b.x * dots, b.y * dots}
		box := image.Rect(
			int(min(a.x, b.x)-half), int(min(a.y, b.y)-half),
			int(max(a.x, b.x)+half)+1, int(max(a.y, b.y)+half)+1,
		).Intersect(r.Bounds())
		for y := box.Min.Y; y < box.Max.Y; y++ {
			for x := box.Min.X; x < box.Max.X; x++ {
				d := distance(point{float64(x) + 0.5, float64(y) + 0.5}, a, b)
				at := &cover.Pix[cover.PixOffset(x, y)]
				*at = max(*at, uint8(255*min(max(half-d, 0), 1)))
			}
		}
	}
	draw.DrawMask(r, r.Bounds(), image.NewUniform(c), image.Point{}, cover, image.Point{}, draw.Over)
}

// distance is that of p from the line between a and b.
func distance(p, a, b point) float64 {
	dx, dy := b.x-a.x, b.y-a.y
	t := 0.0
	if length := dx*dx + dy*dy; length > 0 {
		t = min(max(((p.x-a.x)*dx+(p.y-a.y)*dy)/length, 0), 1)
	}
	return math.Hypot(p.x-a.x-t*dx, p.y-a.y-t*dy)
}

func (r *raster) text(at point, s string, l lettering) {
	face := r.fonts[l.size]
	x, y, w := at.x*dots, at.y*dots, r.width(s, l.size)*dots
	if l.upward {
		x, y = y, x
		w = -w // what is written upward goes towards smaller y
	}
	switch l.side {
	case middle:
		x -= w / 2
	case end:
		x -= w
	}
	if !l.upward {
		drawText(r, face, l.colour, x, y, s)
		return
	}
	m := face.Metrics()
	flat := image.NewRGBA(image.Rect(0, 0, int(-w)+2, m.Ascent.Ceil()+m.Descent.Ceil()))
	drawText(flat, face, l.colour, 0, float64(m.Ascent.Ceil()), s)
	turned := image.NewRGBA(image.Rect(0, 0, flat.Rect.Dy(), flat.Rect.Dx()))
	for v := range flat.Rect.Dy() {
		for u := range flat.Rect.Dx() {
			turned.SetRGBA(v, flat.Rect.Dx()-1-u, flat.RGBAAt(u, v))
		}
	}
	corner := image.Pt(int(y)-m.Ascent.Ceil(), int(x)-flat.Rect.Dx())
	draw.Draw(r, turned.Rect.Add(corner), turned, image.Point{}, draw.Over)
}

// drawText writes a line with the left end of its baseline at (x, y).
func drawText(to draw.Image, face font.Face, c color.Color, x, y float64, s string) {
	d := font.Drawer{Dst: to, Src: image.NewUniform(c), Face: face}
	d.Dot = fixed.Point26_6{X: fixed.Int26_6(math.Round(x * 64)), Y: fixed.Int26_6(math.Round(y * 64))}
	d.DrawString(s)
}

func (r *raster) encode(w io.Writer) error { return png.Encode(w, r.RGBA) }

// textSize is one of the sizes in which a chart is written.
type textSize int

const (
	small textSize = iota
	medium
	large
)

func (s textSize) points() float64 { return [...]float64{small: 8, medium: 10, large: 12}[s] }

// fonts are the faces of the sizes, for [dots] pixels a point.
type fonts [large + 1]font.Face

func newFonts() (fonts, error) {
	var f fonts
	for s := range f {
		p, err := newPen(false, textSize(s).points()*dots, ink)
		if err != nil {
			return f, err
		}
		f[s] = p.face
	}
	return f, nil
}

// width is that of a line, in points.
func (f fonts) width(s string, size textSize) float64 {
	return float64(font.MeasureString(f[size], s)) / 64 / dots
}

// shorten cuts the end off a line that is wider than w points.
func (f fonts) shorten(s string, size textSize, w float64) string {
	return (&pen{face: f[size]}).shorten(s, int(w*dots))
}
