package imgio

import (
	"image"
	"math"
)

// rows returns a reader of p as levels of e.Depth bits: red, green, blue and alpha.
func (e *Encoding) rows(p *Planar) func(y int, dst []uint16) {
	top := float64(int(1)<<e.Depth - 1)
	return func(y int, dst []uint16) {
		for ch := range 3 {
			for x, v := range p.row(ch, y) {
				if e.Dither {
					dst[4*x+ch] = uint16(dithered(v, x, y, ch))
				} else {
					dst[4*x+ch] = uint16(level(v, top))
				}
			}
		}
		for x := range p.W {
			dst[4*x+3] = uint16(top)
		}
		if e.Alpha != nil {
			for x, v := range e.Alpha[y*p.W : (y+1)*p.W] {
				dst[4*x+3] = uint16(level(v, top))
			}
		}
	}
}

// dithered returns the level of 8 bits below or above v, above as often as v is close to it. The
// threshold is interleaved gradient noise (Jimenez 2014), shifted for each channel: a pattern
// without low frequencies, the same in every run.
func dithered(v float32, x, y, ch int) uint32 {
	fraction := func(a float64) float64 { return a - math.Floor(a) }
	threshold := fraction(52.9829189 * fraction(0.06711056*float64(x+47*ch)+0.00583715*float64(y+17*ch)))
	switch {
	case !(v > 0):
		return 0
	case v >= 1:
		return 255
	}
	exact := math.Round(float64(v)*255*(1<<12)) / (1 << 12) // a level that went through float32 is one again
	return min(uint32(exact+threshold), 255)
}

// image returns p with 8 bits per channel.
func (e *Encoding) image(p *Planar) *image.NRGBA {
	if !e.Dither && e.Alpha == nil {
		return p.Image()
	}
	m := image.NewNRGBA(image.Rect(0, 0, p.W, p.H))
	row := (&Encoding{Depth: 8, Dither: e.Dither, Alpha: e.Alpha}).rows(p)
	parallel(p.H, func(lo, hi int) {
		buf := make([]uint16, 4*p.W)
		for y := lo; y < hi; y++ {
			row(y, buf)
			for i, v := range buf {
				m.Pix[y*m.Stride+i] = uint8(v)
			}
		}
	})
	return m
}

// image16 returns p with 16 bits per channel.
func (e *Encoding) image16(p *Planar) *image.NRGBA64 {
	if e.Alpha == nil {
		return p.Image16()
	}
	m := image.NewNRGBA64(image.Rect(0, 0, p.W, p.H))
	row := e.rows(p)
	parallel(p.H, func(lo, hi int) {
		buf := make([]uint16, 4*p.W)
		for y := lo; y < hi; y++ {
			row(y, buf)
			for i, v := range buf {
				put16(m.Pix[y*m.Stride+2*i:], v)
			}
		}
	})
	return m
}
