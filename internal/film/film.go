// Package film reads and writes moving pictures: films through the ffmpeg of the machine,
// animated GIFs and folders of frames without it.
//
// Start with [Find], which looks for ffmpeg, and [Tools.Probe], which says what is in a file.
// [Tools.Decode] gives the frames, [Tools.NewParts] takes painted ones: it encodes them in
// parts, beside the file that they will make, so that a run which was interrupted goes on
// where it was. [Steady] keeps the frames of a painted film from flickering.
//
// Frames pass through pipes in the NUT container, which holds their exact times. Nothing but
// the encoded parts and one painted frame is written to disk.
package film

import (
	"fmt"
	"math"

	"nst/imgio"
)

// Ratio is a fraction.
type Ratio struct {
	Num int64 `json:"num"`
	Den int64 `json:"den"`
}

// Float returns the value, 0 if Den is 0.
func (r Ratio) Float() float64 {
	if r.Den == 0 {
		return 0
	}
	return float64(r.Num) / float64(r.Den)
}

// String returns num:den, as ffmpeg takes it.
func (r Ratio) String() string { return fmt.Sprintf("%d:%d", r.Num, r.Den) }

// Frame is a picture of a film.
type Frame struct {
	Picture *imgio.Planar
	Time    int64  // from the start of the film, in ticks of the source's time base
	Name    string // of its file without the extension, in a folder of frames
}

// Shape is what a source says of its frames.
type Shape struct {
	W, H   int
	Deep   bool  // levels have 16 bits, not 8
	Base   Ratio // seconds of a tick
	Aspect Ratio // width over height of a pixel; Num 0 is square
}

// pixels converts frames to RGB bytes and back.
type pixels struct {
	deep   bool
	levels []float32 // of a byte
}

func newPixels(deep bool) *pixels {
	p := &pixels{deep: deep, levels: make([]float32, 256)}
	for i := range p.levels {
		p.levels[i] = float32(i) / 255
	}
	return p
}

// size returns the bytes of a frame.
func (p *pixels) size(w, h int) int {
	if p.deep {
		return 6 * w * h
	}
	return 3 * w * h
}

// unpack returns the picture in bytes: red, green and blue in turn, 16 bits with the lower
// byte first.
func (p *pixels) unpack(b []byte, w, h int) *imgio.Planar {
	out := imgio.NewPlanar(w, h)
	n := w * h
	r, g, bl := out.Pix[:n], out.Pix[n:2*n], out.Pix[2*n:3*n]
	if p.deep {
		level := func(i int) float32 { return float32(uint16(b[i])|uint16(b[i+1])<<8) / 65535 }
		for i := range r {
			r[i], g[i], bl[i] = level(6*i), level(6*i+2), level(6*i+4)
		}
		return out
	}
	b = b[:3*n]
	for i := range r {
		r[i], g[i], bl[i] = p.levels[b[3*i]], p.levels[b[3*i+1]], p.levels[b[3*i+2]]
	}
	return out
}

// pack rounds a picture to bytes, as imgio.Save does. Values that are no numbers become 0.
func (p *pixels) pack(b []byte, m *imgio.Planar) {
	n := m.W * m.H
	for c := range 3 {
		for i, v := range m.Pix[c*n:][:n] {
			if !(v > 0) {
				v = 0
			}
			v = min(v, 1)
			if p.deep {
				x := uint16(float64(v)*65535 + 0.5)
				b[6*i+2*c], b[6*i+2*c+1] = byte(x), byte(x>>8)
				continue
			}
			b[3*i+c] = byte(float64(v)*255 + 0.5)
		}
	}
}

// Fit returns the size of a frame of w by h pixels whose longest side is scaled down to size,
// with even sides, which most codecs need. 0 keeps the size.
func Fit(w, h, size int) (int, int) {
	if size <= 0 || max(w, h) <= size {
		return w, h
	}
	scale := float64(size) / float64(max(w, h))
	even := func(x int) int { return max(2, 2*int(math.Round(float64(x)*scale/2))) }
	return even(w), even(h)
}
