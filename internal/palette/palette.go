// Package palette reduces pictures to a few colours, as GIF needs: [MedianCut] chooses them,
// and [Nearest] finds them again.
package palette

import (
	"cmp"
	"image"
	"image/color"
	"slices"
)

// bits of each channel by which colours are counted and looked up.
const bits = 5

// bin returns the place of a colour in a table of 1<<(3*bits).
func bin(r, g, b int) int {
	return r>>(8-bits)<<(2*bits) | g>>(8-bits)<<bits | b>>(8-bits)
}

// shade is a colour that occurs, with how often.
type shade struct {
	c [3]int // mean of the pixels in the bin, 0 to 255
	n int
}

// box is a set of shades.
type box struct {
	shades []shade
	axis   int // the channel that spreads most
	spread int // over it, times the pixels: the boxes with the most are cut first
}

func newBox(s []shade) box {
	b := box{shades: s}
	lo, hi := s[0].c, s[0].c
	n := 0
	for _, x := range s {
		for i, v := range x.c {
			lo[i], hi[i] = min(lo[i], v), max(hi[i], v)
		}
		n += x.n
	}
	wide := 0
	for i := range 3 {
		if d := hi[i] - lo[i]; d > wide {
			wide, b.axis = d, i
		}
	}
	b.spread = wide * n
	return b
}

// cut splits a box at the median of its pixels along its axis.
func (b box) cut() (box, box) {
	slices.SortFunc(b.shades, func(x, y shade) int {
		return cmp.Or(x.c[b.axis]-y.c[b.axis], slices.Compare(x.c[:], y.c[:]))
	})
	total := 0
	for _, s := range b.shades {
		total += s.n
	}
	sum, at := 0, 0
	for at < len(b.shades)-1 && (at == 0 || 2*sum < total) {
		sum += b.shades[at].n
		at++
	}
	return newBox(b.shades[:at]), newBox(b.shades[at:])
}

func (b box) mean() color.Color {
	var sum [3]int
	n := 0
	for _, s := range b.shades {
		for i, v := range s.c {
			sum[i] += v * s.n
		}
		n += s.n
	}
	return color.RGBA{uint8((sum[0] + n/2) / n), uint8((sum[1] + n/2) / n), uint8((sum[2] + n/2) / n), 255}
}

// MedianCut returns at most n colours for pictures: P. Heckbert, Color image
// quantization for frame buffer display, SIGGRAPH 1982.
func MedianCut(pictures []*image.RGBA, n int) color.Palette {
	counts := make([]shade, 1<<(3*bits))
	for _, m := range pictures {
		for i := 0; i < len(m.Pix); i += 4 {
			r, g, b := int(m.Pix[i]), int(m.Pix[i+1]), int(m.Pix[i+2])
			s := &counts[bin(r, g, b)]
			s.c[0], s.c[1], s.c[2] = s.c[0]+r, s.c[1]+g, s.c[2]+b
			s.n++
		}
	}
	counts = slices.DeleteFunc(counts, func(s shade) bool { return s.n == 0 })
	for i := range counts {
		for j := range 3 {
			counts[i].c[j] /= counts[i].n
		}
	}
	boxes := []box{newBox(counts)}
	for len(boxes) < n {
		at := 0
		for i, b := range boxes {
			if b.spread > boxes[at].spread {
				at = i
			}
		}
		if boxes[at].spread == 0 {
			break // every shade has a box of its own
		}
		low, high := boxes[at].cut()
		boxes[at] = low
		boxes = append(boxes, high)
	}
	var p color.Palette
	for _, b := range boxes {
		p = append(p, b.mean())
	}
	return p
}

// Nearest finds the colours of a palette that are nearest to others, and
// remembers them.
type Nearest struct {
	palette color.Palette
	rgb     [][3]int
	known   []int16 // by bin; -1 is not looked up yet
}

// NewNearest returns a Nearest for a palette.
func NewNearest(p color.Palette) *Nearest {
	n := &Nearest{palette: p, known: make([]int16, 1<<(3*bits))}
	for i := range n.known {
		n.known[i] = -1
	}
	for _, c := range p {
		r, g, b, _ := c.RGBA()
		n.rgb = append(n.rgb, [3]int{int(r >> 8), int(g >> 8), int(b >> 8)})
	}
	return n
}

// Index returns the place in the palette of the colour nearest to one of 0 to 255 a channel.
func (n *Nearest) Index(c [3]int) int {
	at := &n.known[bin(c[0], c[1], c[2])]
	if *at < 0 {
		best := 1 << 30
		for i, p := range n.rgb {
			d := 0
			for j, v := range p {
				d += (v - c[j]) * (v - c[j])
			}
			if d < best {
				best, *at = d, int16(i)
			}
		}
	}
	return int(*at)
}

// Dither returns m in the colours of the palette. What a pixel is off by is
// handed on to those to its right and below: R. Floyd and L. Steinberg, An
// adaptive algorithm for spatial grey scale, 1976.
func (n *Nearest) Dither(m *image.RGBA) *image.Paletted {
	out := image.NewPaletted(m.Bounds(), n.palette)
	w, h := m.Bounds().Dx(), m.Bounds().Dy()
	here, below := make([][3]int, w+2), make([][3]int, w+2) // in sixteenths, one to the left
	for y := range h {
		clear(below)
		for x := range w {
			var c [3]int
			for j := range 3 {
				v := int(m.Pix[m.PixOffset(x, y)+j]) + here[x+1][j]/16
				c[j] = min(max(v, 0), 255)
			}
			i := n.Index(c)
			out.Pix[y*out.Stride+x] = uint8(i)
			for j := range 3 {
				d := c[j] - n.rgb[i][j]
				here[x+2][j] += 7 * d
				below[x][j] += 3 * d
				below[x+1][j] += 5 * d
				below[x+2][j] += d
			}
		}
		here, below = below, here
	}
	return out
}

// Ordered returns a picture in the colours of the palette. bytes are red, green and blue in
// turn. Each pixel is moved by a threshold of its place before (B. Bayer, An optimum method for
// two-level rendition of continuous-tone pictures, 1973): what does not change from one frame
// of a film to the next does not flicker.
func (n *Nearest) Ordered(bytes []byte, w, h int) *image.Paletted {
	out := image.NewPaletted(image.Rect(0, 0, w, h), n.palette)
	const spread = 16 // levels between the lowest and the highest threshold
	for y := range h {
		for x := range w {
			move := (2*threshold(x, y) - 63) * spread / 126
			i := y*w + x
			var c [3]int
			for j := range c {
				c[j] = min(max(int(bytes[3*i+j])+move, 0), 255)
				c[j] = c[j]>>(8-bits)<<(8-bits) | 1<<(7-bits) // the middle of its bin, whichever comes first
			}
			out.Pix[i] = uint8(n.Index(c))
		}
	}
	return out
}

// threshold is Bayer's for a place, 0 to 63: the bits of x xor y and of y, from the lowest on.
func threshold(x, y int) int {
	t := 0
	for bit := range 3 {
		t = t<<2 | (x>>bit^y>>bit)&1<<1 | y>>bit&1
	}
	return t
}
