package imgio

import (
	"image"

	"nst/internal/memory"
)

// FromImage converts m, of any type and with any bounds, to planar RGB. 16-bit colours keep
// their precision. Grey becomes three equal planes, CMYK is converted without a profile, and
// transparency is flattened on white.
func FromImage(m image.Image) *Planar { return FromImageOver(m, [3]float32{1, 1, 1}) }

// FromImageOver is [FromImage] that flattens transparency on a colour: red, green and blue in
// [0, 1].
func FromImageOver(m image.Image, colour [3]float32) *Planar {
	size := m.Bounds().Size()
	p := NewPlanar(size.X, size.Y)
	p.from = reductionOf(m)
	read := rows(m)
	parallel(p.H, func(lo, hi int) {
		buf := make([]uint16, 4*p.W)
		for y := lo; y < hi; y++ {
			read(y, buf)
			flatten(p.row(0, y), p.row(1, y), p.row(2, y), buf, colour)
		}
	})
	return p
}

// flatten splits a row of 16-bit RGBA into planes in [0, 1], over a colour.
func flatten(r, g, b []float32, src []uint16, colour [3]float32) {
	for x := range r {
		px := src[4*x : 4*x+4]
		if px[3] == 0xffff {
			r[x] = float32(px[0]) / 0xffff
			g[x] = float32(px[1]) / 0xffff
			b[x] = float32(px[2]) / 0xffff
			continue
		}
		a := float64(px[3]) / 0xffff
		r[x] = float32(float64(px[0])/0xffff*a + float64(colour[0])*(1-a))
		g[x] = float32(float64(px[1])/0xffff*a + float64(colour[1])*(1-a))
		b[x] = float32(float64(px[2])/0xffff*a + float64(colour[2])*(1-a))
	}
}

// Separate converts m to planar RGB and its opacity, (H, W) in [0, 1]; nil if all of m is
// opaque. Colours are as they are stored, but white where nothing of them is seen.
func Separate(m image.Image) (p *Planar, alpha []float32) {
	if o, ok := m.(interface{ Opaque() bool }); ok && o.Opaque() {
		return FromImage(m), nil
	}
	size := m.Bounds().Size()
	p, alpha = NewPlanar(size.X, size.Y), make([]float32, size.X*size.Y)
	p.from = reductionOf(m)
	read := rows(m)
	parallel(p.H, func(lo, hi int) {
		buf := make([]uint16, 4*p.W)
		for y := lo; y < hi; y++ {
			read(y, buf)
			for x := range p.W {
				a := &buf[4*x+3]
				alpha[y*p.W+x] = float32(*a) / 0xffff
				if *a > 0 {
					*a = 0xffff
				}
			}
			flatten(p.row(0, y), p.row(1, y), p.row(2, y), buf, [3]float32{1, 1, 1})
		}
	})
	return p, alpha
}

// Image returns p as an opaque picture with 8 bits per channel: values are clamped to
// [0, 1] and rounded to the nearest level; NaN becomes 0.
func (p *Planar) Image() *image.NRGBA {
	m := &image.NRGBA{Pix: memory.Make[uint8](4 * p.W * p.H), Stride: 4 * p.W, Rect: image.Rect(0, 0, p.W, p.H)}
	parallel(p.H, func(lo, hi int) {
		for y := lo; y < hi; y++ {
			dst := m.Pix[y*m.Stride : y*m.Stride+4*p.W]
			r, g, b := p.row(0, y), p.row(1, y), p.row(2, y)
			for x := range r {
				px := dst[4*x : 4*x+4]
				px[0], px[1], px[2], px[3] = uint8(level(r[x], 0xff)), uint8(level(g[x], 0xff)), uint8(level(b[x], 0xff)), 0xff
			}
		}
	})
	return m
}

// Image16 is [Planar.Image] with 16 bits per channel.
func (p *Planar) Image16() *image.NRGBA64 {
	m := image.NewNRGBA64(image.Rect(0, 0, p.W, p.H))
	parallel(p.H, func(lo, hi int) {
		for y := lo; y < hi; y++ {
			dst := m.Pix[y*m.Stride : y*m.Stride+8*p.W]
			for ch := range 3 {
				for x, v := range p.row(ch, y) {
					put16(dst[8*x+2*ch:], uint16(level(v, 0xffff)))
				}
			}
			for x := range p.W {
				put16(dst[8*x+6:], 0xffff)
			}
		}
	})
	return m
}

// level returns the integer in [0, top] nearest to v*top. The product is exact in float64,
// so ties are always rounded up.
func level(v float32, top float64) uint32 {
	switch {
	case !(v > 0): // NaN too
		return 0
	case v >= 1:
		return uint32(top)
	}
	return uint32(float64(v)*top + 0.5)
}

func put16(b []byte, v uint16) {
	_ = b[1]
	b[0], b[1] = byte(v>>8), byte(v)
}
