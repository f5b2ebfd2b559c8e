package main

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"

	"nst/imgio"
)

// longest is the side that pictures are scaled down to, in pixels.
const longest = 512

// picture is a picture of 8-bit levels, which take a quarter of the memory.
type picture struct {
	w, h int
	pix  []uint8 // (3, h, w)
}

// pictures is a folder of pictures. Every 20th is held back for validation.
type pictures struct {
	training, held []picture
}

// openPictures reads all pictures of a folder.
func openPictures(folder string) (*pictures, error) {
	paths, err := filepath.Glob(filepath.Join(folder, "*"))
	if err != nil {
		return nil, err
	}
	s := &pictures{}
	for i, path := range paths {
		p, _, err := imgio.Open(path)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		if w, h := imgio.FitLongest(p.W, p.H, longest); w < p.W {
			p = p.Resize(w, h)
		}
		out := picture{p.W, p.H, make([]uint8, len(p.Pix))}
		for j, v := range p.Pix {
			out.pix[j] = uint8(min(max(v, 0), 1)*255 + 0.5)
		}
		if i%20 == 19 {
			s.held = append(s.held, out)
		} else {
			s.training = append(s.training, out)
		}
	}
	if len(s.training) == 0 || len(s.held) == 0 {
		return nil, fmt.Errorf("%s: too few pictures", folder)
	}
	return s, nil
}

func pick(r *rand.Rand, from []picture) *picture { return &from[r.IntN(len(from))] }

// part returns w by h pixels from x, y on, scaled to the size toW, toH.
func (p *picture) part(x, y, w, h, toW, toH int) *imgio.Planar {
	out := imgio.NewPlanar(w, h)
	for i := range 3 * h {
		c, row := i/h, i%h
		for j, v := range p.pix[(c*p.h+y+row)*p.w+x:][:w] {
			out.Pix[i*w+j] = float32(v) / 255
		}
	}
	out = out.Resize(toW, toH)
	clamp(out)
	return out
}

func clamp(p *imgio.Planar) {
	for i, v := range p.Pix {
		p.Pix[i] = min(max(v, 0), 1)
	}
}

// square returns a random square part, as of the picture with a shorter side of low to high
// pixels.
func (p *picture) square(r *rand.Rand, size, low, high int) *imgio.Planar {
	short := min(p.w, p.h)
	side := min(short, short*size/(low+r.IntN(high-low+1)))
	x, y := r.IntN(p.w-side+1), r.IntN(p.h-side+1)
	out := p.part(x, y, side, side, size, size)
	if r.IntN(2) == 1 {
		mirror(out)
	}
	return out
}

// middle returns the middle of a picture, as large as possible.
func (p *picture) middle(size int) *imgio.Planar {
	side := min(p.w, p.h)
	return p.part((p.w-side)/2, (p.h-side)/2, side, side, size, size)
}

// whole returns the picture with a longest side of size pixels.
func (p *picture) whole(size int) *imgio.Planar {
	w, h := imgio.FitLongest(p.w, p.h, size)
	return p.part(0, 0, p.w, p.h, w, h)
}

// crop returns a random part of a painting, in half of the cases all of it, as of the
// painting with a longest side of 320 to 512 pixels.
func (p *picture) crop(r *rand.Rand) *imgio.Planar {
	w, h := p.w, p.h
	scale := float64(320+r.IntN(193)) / float64(max(w, h))
	if r.IntN(2) == 1 {
		w = int(float64(w) * (0.6 + 0.4*r.Float64()))
		h = int(float64(h) * (0.6 + 0.4*r.Float64()))
	}
	x, y := r.IntN(p.w-w+1), r.IntN(p.h-h+1)
	out := p.part(x, y, w, h, max(64, int(float64(w)*scale)), max(64, int(float64(h)*scale)))
	if r.IntN(2) == 1 {
		mirror(out)
	}
	return out
}

// mirror exchanges left and right.
func mirror(p *imgio.Planar) {
	for i := range 3 * p.H {
		row := p.Pix[i*p.W:][:p.W]
		for a, b := 0, p.W-1; a < b; a, b = a+1, b-1 {
			row[a], row[b] = row[b], row[a]
		}
	}
}
